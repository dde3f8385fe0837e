// SPDX-License-Identifier: GPL-2.0
/*
 * connect(), and the end of every handshake: RFC 9293, sections 3.5 and 3.10.7.
 * What a listener does before that is in probe/request.c and probe/accept.c.
 */
#include <net/mptcp.h>
#include <net/tcp.h>
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "probe/adopt.h"
#include "probe/probe.h"
#include "probe/segment.h"
#include "store/clock.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/step.h"
#include "table/who.h"

/* The socket failed or was disconnected, and tries again; or this is its first time. */
static u16 next_generation(struct tcphs_section *s)
{
	u16 generation;

	if (!s->conn)
		return 0;
	generation = s->conn->id.generation + 1;
	/* Its TIME_WAIT bucket, if it has left one, has its own end to come. */
	if (!(s->conn->id.flags & TCPHS_F_BUCKET))
		tcphs_conn_remove(s);
	return generation;
}

/*
 * tcp_connect(): the SYN is about to be sent; ports and ISN are chosen. With TCP_REPAIR
 * none is sent, and the connection that was taken out somewhere goes on at the numbers
 * that its owner says. Process context, socket locked.
 */
static void on_connect(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	struct tcphs_pen pen;
	u16 generation;

	s = tcphs_conn_enter(tcphs_cookie_make(sk));
	generation = next_generation(s);
	conn = tcphs_conn_add(s, tcphs_net(sock_net(sk)), sk,
			      tp->repair ? TCPHS_STATE_CLOSE : TCPHS_STATE_SYN_SENT, true);
	tcphs_who_from_sock(&conn->id, sk);
	tcphs_who_owner(&conn->id, conn->tn, conn->share);
	conn->id.generation = generation;
	if (unlikely(tp->repair)) {
		/* tcphs_open_established() follows at once. */
		conn->id.flags |= TCPHS_F_RESTORED;
		tcphs_conn_leave(s);
		return;
	}
	conn->id.role = TCPHS_ROLE_ACTIVE;
	conn->id.isn = tp->write_seq;
	conn->id.flags |= TCPHS_F_ISN;

	ev = tcphs_pen_step(s, &pen, TCPHS_EV_SYN_SENT, TCPHS_STATE_SYN_SENT);
	ev->old_state = TCPHS_STATE_CLOSE;
	/* It carries data, or asks for the cookie to do so next time. */
	if (tp->fastopen_req)
		ev->reason = TCPHS_REASON_FASTOPEN;
	ev->seq = conn->id.isn;
	ev->flags |= TCPHS_F_SEQ;
	tcphs_pen_done(s, &pen, TCPHS_EV_SYN_SENT);
	tcphs_conn_leave(s);
}

/**
 * tcphs_open_simultaneous() - SYN met SYN: RFC 9293, figure 7
 * @sk: going from SYN_SENT to SYN_RECV
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_open_simultaneous(const struct sock *sk)
{
	struct tcphs_section *s;

	s = tcphs_adopt_enter(sk, TCPHS_STATE_SYN_SENT);
	s->conn->id.role = TCPHS_ROLE_SIMULTANEOUS;
	tcphs_step(s, TCPHS_EV_SYN_RECEIVED, TCPHS_STATE_SYN_RECV);
	tcphs_step_done(s);
	tcphs_conn_move(s, TCPHS_STATE_SYN_RECV);
	tcphs_conn_leave(s);
}

static void put_agreed(struct tcphs_event *ev, const struct tcphs_conn *conn,
		       const struct tcp_sock *tp)
{
	ev->agreed.window = tp->snd_wnd;
	ev->agreed.mss = min_t(u32, tp->mss_cache, U16_MAX);
	ev->agreed.snd_wscale = tp->rx_opt.snd_wscale;
	ev->agreed.rcv_wscale = tp->rx_opt.rcv_wscale;
	ev->agreed.retransmits = min_t(u32, tp->total_retrans, U16_MAX);
	ev->agreed.options = (tp->rx_opt.sack_ok ? TCPHS_OPT_SACK : 0) |
			     (tp->rx_opt.tstamp_ok ? TCPHS_OPT_TIMESTAMPS : 0) |
			     (tp->rx_opt.wscale_ok ? TCPHS_OPT_WSCALE : 0) |
			     (tcphs_ecn_ok(tp) ? TCPHS_OPT_ECN : 0) |
			     (conn->marks & TCPHS_C_FASTOPEN ? TCPHS_OPT_FASTOPEN : 0) |
			     (conn->marks & TCPHS_C_COOKIE ? TCPHS_OPT_SYNCOOKIE : 0);
	if (conn->marks & TCPHS_C_FASTOPEN)
		ev->agreed.syn_data = conn->data;
	else
		ev->agreed.ack_data = conn->data;
	ev->flags |= TCPHS_F_AGREED;
}

/*
 * A connection of whose first steps there is no record, but this step says a lot: its ISN, from
 * what was confirmed since. The kernel counts a SYN of ours in it, not a SYN+ACK.
 */
static struct tcphs_conn *beginning_missed(struct tcphs_section *s, const struct sock *sk,
					   u8 old_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_conn *conn;

	if (old_state == TCP_SYN_SENT)
		tcphs_proof_deaf("tcp_connect", s->cookie, s->now);
	else if (old_state == TCP_SYN_RECV && sk_is_mptcp(sk))
		tcphs_proof_deaf("mptcp_finish_join", s->cookie, s->now);
	else if (old_state == TCP_SYN_RECV && !sk->sk_reuseport)
		tcphs_proof_deaf("tcp_make_synack", s->cookie, s->now);
	conn = tcphs_adopt(s, sk, old_state);
	if (tp->repair) {
		conn->id.role = TCPHS_ROLE_UNKNOWN;
		conn->id.flags |= TCPHS_F_RESTORED;
		return conn;
	}
	conn->id.isn = tp->snd_una - (u32)tp->bytes_acked - tcphs_sk_is_child(sk);
	conn->id.flags |= TCPHS_F_ISN;
	return conn;
}

/* TCP_REPAIR: no segment was sent, and what came before is not known here. */
static void restored(struct tcphs_section *s)
{
	tcphs_step(s, TCPHS_EV_ESTABLISHED, TCPHS_STATE_ESTABLISHED)->old_state =
		TCPHS_STATE_CLOSE;
	tcphs_step_done(s);
	tcphs_conn_move(s, TCPHS_STATE_ESTABLISHED);
}

/* A child that came by no accept queue. A later subflow of MPTCP needs none. */
static void queueing_missed(const struct tcphs_conn *conn, const struct sock *sk)
{
	if (!sk_is_mptcp(sk))
		tcphs_proof_deaf(conn->marks & TCPHS_C_COOKIE ? "inet_csk_reqsk_queue_add" :
				 "inet_csk_complete_hashdance", tcphs_cookie(sk), conn->born);
}

/**
 * tcphs_open_established() - the handshake is complete
 * @sk: going to ESTABLISHED
 * @old_state: SYN_SENT, or SYN_RECV on the passive side and after a
 *	simultaneous open
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_open_established(const struct sock *sk, u8 old_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	struct tcphs_pen pen;
	unsigned int type = TCPHS_EV_ESTABLISHED;
	bool passive;
	u32 early;

	s = tcphs_conn_enter_untimed(tcphs_cookie_make(sk));
	s->now = likely(!tp->repair) ? tcphs_segment_time(tp) : tcphs_now();
	conn = s->conn;
	if (unlikely(!tcphs_conn_of_socket(s)))
		conn = beginning_missed(s, sk, old_state);
	if (unlikely(conn->id.flags & TCPHS_F_RESTORED)) {
		restored(s);
		tcphs_conn_leave(s);
		return;
	}
	passive = conn->id.role == TCPHS_ROLE_PASSIVE;
	if (unlikely(passive && !(conn->marks & TCPHS_C_CHILD) &&
		     !(conn->id.flags & TCPHS_F_ADOPTED)))
		queueing_missed(conn, sk);
	if (!(conn->id.flags & TCPHS_F_PEER_ISN)) {
		conn->id.peer_isn = tp->rcv_nxt - 1;
		conn->id.flags |= TCPHS_F_PEER_ISN;
	}

	if (likely(conn->marks & TCPHS_C_OWED)) {
		conn->marks &= ~TCPHS_C_OWED;
		type = TCPHS_INSTANT_QUEUED;
	}
	ev = tcphs_pen_step(s, &pen, type, TCPHS_STATE_ESTABLISHED);
	ev->old_state = old_state;
	if (type == TCPHS_INSTANT_QUEUED) {
		pen.slot->before.queue = conn->queue;
		memset(&conn->life, 0, sizeof(conn->life));
		conn->mark = s->now;
	}
	if (!passive)
		conn->data = 0;
	/* What the SYN+ACK confirmed beyond the SYN were data (RFC 7413). */
	if (!passive && tp->syn_data && tp->snd_una != conn->id.isn + 1) {
		conn->marks |= TCPHS_C_FASTOPEN;
		conn->data = tp->snd_una - conn->id.isn - 1;
	}
	/* The third ACK comes behind what Fast Open took with the SYN. */
	early = conn->marks & TCPHS_C_FASTOPEN ? conn->data : 0;
	if (passive)
		tcphs_step_numbers(ev, conn->id.peer_isn + 1 + early, conn->id.isn + 1);
	else if (conn->id.flags & TCPHS_F_ISN)
		tcphs_step_numbers(ev, conn->id.isn + 1 + early, conn->id.peer_isn + 1);
	if (!(conn->id.flags & TCPHS_F_ADOPTED) && !(conn->marks & TCPHS_C_COOKIE)) {
		u64 took = tcphs_elapsed(conn->born, s->now);

		ev->duration = took;
		ev->flags |= TCPHS_F_DURATION;
		conn->life.handshake_us = max_t(u64, 1, min_t(u64, div_u64(took, 1000),
								    U32_MAX));
		tcphs_hist_count(s, passive ? TCPHS_HIST_HANDSHAKE_PASSIVE :
					       TCPHS_HIST_HANDSHAKE_ACTIVE, took);
	}
	put_agreed(ev, conn, tp);
	conn->life.handshake_retransmits = ev->agreed.retransmits;
	tcphs_pen_done(s, &pen, type);
	tcphs_conn_move_of(s, pen.stats, TCPHS_STATE_ESTABLISHED);
	tcphs_conn_leave(s);
}

/* connect() itself gives up: only when it has come through is its socket connecting. */
static bool in_connect(const struct sock *sk)
{
	return !in_serving_softirq() && !READ_ONCE(sk->sk_err) && sk->sk_socket &&
	       sk->sk_socket->state == SS_UNCONNECTED;
}

/* What a process does that ends it. */
static u8 given_up(const struct sock *sk)
{
	/* tcp_disconnect() alone, or from __tcp_close(), or the latter alone */
	if (sk->sk_shutdown != SHUTDOWN_MASK)
		return TCPHS_REASON_DISCONNECT;
	return sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime ? TCPHS_REASON_LINGER :
								  TCPHS_REASON_CLOSED_BY_USER;
}

/* Was the last SYN of it, or what came as an answer, dropped by this machine's own firewall? */
static bool is_blocked(const struct tcphs_conn *conn, const struct sock *sk)
{
	return conn->data && conn->data == tcp_sk(sk)->total_retrans + 1;
}

/*
 * sk_err is set before the state changes (tcp_reset(), tcp_write_err(), ...). An ICMP
 * error comes first: of one that met the socket in use the kernel knows no more when
 * SO_ERROR was asked, and the process that got it has closed the socket.
 */
static u8 connect_failure(const struct tcphs_conn *conn, const struct sock *sk)
{
	int err = READ_ONCE(sk->sk_err);

	if (conn->marks & TCPHS_C_RST_RECEIVED)
		return TCPHS_REASON_REFUSED;
	if (err == ECONNABORTED)
		return TCPHS_REASON_KILLED;
	if (conn->icmp_type && err != ETIMEDOUT)
		return tcphs_icmp_reason(conn);
	switch (err) {
	case 0:
		return is_blocked(conn, sk) ? TCPHS_REASON_NOT_PERMITTED : given_up(sk);
	case ETIMEDOUT:
		return is_blocked(conn, sk) ? TCPHS_REASON_NOT_PERMITTED : TCPHS_REASON_TIMEOUT;
	case ECONNREFUSED:
		return TCPHS_REASON_REFUSED;
	default:
		return tcphs_error_reason(conn, err);
	}
}

/* connect() set SYN_SENT and found no local port: no SYN was ever sent. */
static u8 port_failure(const struct sock *sk)
{
	/* Looking for one, it would have set none. */
	if (!inet_sk(sk)->inet_sport)
		return TCPHS_REASON_NO_PORT;
	/* With the port there may have come a rule that leads nowhere. */
	return sk->sk_userlocks & SOCK_BINDPORT_LOCK ? TCPHS_REASON_ADDRESS_IN_USE :
						       TCPHS_REASON_NO_ROUTE;
}

/* Who has the 4-tuple? It was not changed since, or the kernel had given it away. */
static bool is_bucket_in_the_way(const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct net *net = sock_net(sk);
	bool bucket = false;
	struct sock *other;

	/* The last reference may be ours, and to free it is more than PREEMPT_RT allows. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())
		return false;
	/* From 7.x on a tracepoint is no RCU reader. */
	rcu_read_lock();
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		other = tcphs_lookup_v6(net, &sk->sk_v6_daddr, inet->inet_dport,
					&sk->sk_v6_rcv_saddr, ntohs(inet->inet_sport),
					sk->sk_bound_dev_if, 0);
	else
#endif
		other = tcphs_lookup_v4(net, inet->inet_daddr, inet->inet_dport,
					inet->inet_rcv_saddr, ntohs(inet->inet_sport),
					sk->sk_bound_dev_if);
	if (other) {
		bucket = other->sk_state == TCP_TIME_WAIT;
		sock_gen_put(other);
	}
	rcu_read_unlock();
	return bucket;
}

/* TCP Fast Open has put its SYN off, and there never was one: it came no further than CLOSE. */
static void put_off(struct tcphs_section *s, const struct sock *sk)
{
	u8 reason = READ_ONCE(sk->sk_err) == ECONNABORTED ? TCPHS_REASON_KILLED : given_up(sk);

	tcphs_unsent(s, sk, NULL, TCPHS_STATE_CLOSE, reason, 0);
}

/**
 * tcphs_open_failed() - connect() came to nothing
 * @sk: going from SYN_SENT to CLOSE
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_open_failed(const struct sock *sk)
{
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	bool now = in_connect(sk);
	u32 flags = now && inet_sk(sk)->inet_sport && is_bucket_in_the_way(sk) ? TCPHS_F_BUCKET : 0;

	s = tcphs_conn_enter(tcphs_cookie_make(sk));
	conn = tcphs_conn_of_socket(s) ? s->conn : NULL;
	if (now && (!conn || conn->state != TCPHS_STATE_SYN_SENT)) {
		tcphs_unsent(s, sk, NULL, TCPHS_STATE_SYN_SENT, port_failure(sk), flags);
		goto out;
	}
	if ((!conn || conn->state != TCPHS_STATE_SYN_SENT) && tcphs_connect_is_put_off(sk) &&
	    !in_serving_softirq()) {
		put_off(s, sk);
		goto out;
	}
	if (!conn) {
		if (READ_ONCE(sk->sk_err) && sk->sk_err != ECONNABORTED)
			tcphs_proof_deaf("tcp_connect", s->cookie, s->now);
		conn = tcphs_adopt(s, sk, TCPHS_STATE_SYN_SENT);
	}
	ev = tcphs_step(s, TCPHS_EV_CONNECT_FAILED, TCPHS_STATE_CLOSE);
	/* tcp_connect() says why to nobody but its caller. */
	ev->reason = now ? TCPHS_REASON_OTHER : connect_failure(conn, sk);
	tcphs_icmp_put(ev, conn);
	tcphs_step_since(s, ev, conn->born);
	tcphs_failure_count(conn->tn, ev->reason);
	tcphs_step_done(s);
	tcphs_conn_move(s, TCPHS_STATE_CLOSE);
out:
	if (now)
		tcphs_unsent_told(s);
	tcphs_conn_leave(s);
}

struct tcphs_hook tcphs_hooks_open[] = {
	TCPHS_ENTRY("tcp_connect", on_connect, true, "connections this machine opens"),
	{ }
};

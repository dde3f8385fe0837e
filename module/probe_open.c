// SPDX-License-Identifier: GPL-2.0
/*
 * connect(), and the end of every handshake: RFC 9293, sections 3.5 and 3.10.7.
 * What a listener does before that is in probe_request.c and probe_accept.c.
 */
#include <net/mptcp.h>
#include <net/tcp.h>
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "cookie.h"
#include "internal.h"
#include "section.h"

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
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	u16 generation;

	tcphs_conn_enter(&s, tcphs_cookie_make(sk));
	generation = next_generation(&s);
	conn = tcphs_conn_add(&s, tcphs_net(sock_net(sk)), sk,
			      tp->repair ? TCPHS_STATE_CLOSE : TCPHS_STATE_SYN_SENT, true);
	tcphs_who_from_sock(&conn->id, sk);
	tcphs_who_owner(&conn->id);
	conn->id.generation = generation;
	if (unlikely(tp->repair)) {
		/* tcphs_open_established() follows at once. */
		conn->id.flags |= TCPHS_F_RESTORED;
		tcphs_conn_leave(&s);
		return;
	}
	conn->id.role = TCPHS_ROLE_ACTIVE;
	conn->id.isn = tp->write_seq;
	conn->id.flags |= TCPHS_F_ISN;

	ev = tcphs_step(&s, TCPHS_EV_SYN_SENT, TCPHS_STATE_SYN_SENT);
	ev->old_state = TCPHS_STATE_CLOSE;
	/* It carries data, or asks for the cookie to do so next time. */
	if (tp->fastopen_req)
		ev->reason = TCPHS_REASON_FASTOPEN;
	ev->seq = conn->id.isn;
	ev->flags |= TCPHS_F_SEQ;
	tcphs_step_done(&s);
	tcphs_conn_leave(&s);
}

/**
 * tcphs_open_simultaneous() - SYN met SYN: RFC 9293, figure 8
 * @sk: going from SYN_SENT to SYN_RECV
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_open_simultaneous(const struct sock *sk)
{
	struct tcphs_section s;

	tcphs_conn_enter(&s, tcphs_cookie_make(sk));
	if (!s.conn)
		tcphs_adopt(&s, sk, TCPHS_STATE_SYN_SENT);
	s.conn->id.role = TCPHS_ROLE_SIMULTANEOUS;
	tcphs_step(&s, TCPHS_EV_SYN_RECEIVED, TCPHS_STATE_SYN_RECV);
	tcphs_step_done(&s);
	tcphs_conn_move(&s, TCPHS_STATE_SYN_RECV);
	tcphs_conn_leave(&s);
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
 * A connection whose first steps nobody told, but this step says a lot: its ISN, from
 * what was confirmed since. The kernel counts a SYN of ours in it, not a SYN+ACK.
 */
static struct tcphs_conn *beginning_missed(struct tcphs_section *s, const struct sock *sk,
					   u8 old_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_conn *conn;

	if (old_state == TCP_SYN_SENT)
		tcphs_deaf_proved("tcp_connect", s->cookie, s->now);
	else if (old_state == TCP_SYN_RECV && sk_is_mptcp(sk))
		tcphs_deaf_proved("mptcp_finish_join", s->cookie, s->now);
	else if (old_state == TCP_SYN_RECV && !sk->sk_reuseport)
		tcphs_deaf_proved("tcp_make_synack", s->cookie, s->now);
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
		tcphs_deaf_proved(conn->marks & TCPHS_C_COOKIE ? "inet_csk_reqsk_queue_add" :
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
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	bool passive;

	tcphs_conn_enter(&s, tcphs_cookie_make(sk));
	conn = s.conn;
	if (unlikely(!conn))
		conn = beginning_missed(&s, sk, old_state);
	if (unlikely(conn->id.flags & TCPHS_F_RESTORED)) {
		restored(&s);
		tcphs_conn_leave(&s);
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

	ev = tcphs_step(&s, TCPHS_EV_ESTABLISHED, TCPHS_STATE_ESTABLISHED);
	ev->old_state = old_state;
	if (passive)
		tcphs_step_numbers(ev, conn->id.peer_isn + 1, conn->id.isn + 1);
	else if (conn->id.flags & TCPHS_F_ISN)
		tcphs_step_numbers(ev, conn->id.isn + 1, conn->id.peer_isn + 1);
	if (!(conn->id.flags & TCPHS_F_ADOPTED) && !(conn->marks & TCPHS_C_COOKIE)) {
		u64 took = tcphs_elapsed(conn->born, s.now);

		ev->duration = took;
		ev->flags |= TCPHS_F_DURATION;
		conn->life.handshake_us = max_t(u64, 1, min_t(u64, div_u64(took, 1000),
								    U32_MAX));
		tcphs_hist_count(&s, passive ? TCPHS_HIST_HANDSHAKE_PASSIVE :
					       TCPHS_HIST_HANDSHAKE_ACTIVE, took);
	}
	/* What the SYN+ACK confirmed beyond the SYN were data (RFC 7413). */
	if (!passive && tp->syn_data && tp->snd_una != conn->id.isn + 1) {
		conn->marks |= TCPHS_C_FASTOPEN;
		conn->data = tp->snd_una - conn->id.isn - 1;
	}
	put_agreed(ev, conn, tp);
	tcphs_step_done(&s);
	tcphs_conn_move(&s, TCPHS_STATE_ESTABLISHED);
	tcphs_conn_leave(&s);
}

/* sk_err is set before the state changes (tcp_reset(), tcp_write_err(), ...). */
static u8 connect_failure(const struct sock *sk)
{
	switch (READ_ONCE(sk->sk_err)) {
	case ECONNREFUSED:
		return TCPHS_REASON_REFUSED;
	case ETIMEDOUT:
		return TCPHS_REASON_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EPROTO:
	case ENOPROTOOPT:
		return TCPHS_REASON_UNREACHABLE;
	case ECONNABORTED:
		return TCPHS_REASON_KILLED;
	case 0:
		/* tcp_disconnect() alone, or from __tcp_close(), or the latter alone */
		if (sk->sk_shutdown != SHUTDOWN_MASK)
			return TCPHS_REASON_DISCONNECT;
		return sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime ?
		       TCPHS_REASON_LINGER : TCPHS_REASON_CLOSED_BY_USER;
	default:
		return TCPHS_REASON_OTHER;
	}
}

/* connect() set SYN_SENT and found no local port: no SYN was ever sent. */
static void no_port(struct tcphs_section *s, const struct sock *sk)
{
	struct tcphs_net *tn = tcphs_net(sock_net(sk));
	struct tcphs_who id = { .conn = s->cookie, .role = TCPHS_ROLE_ACTIVE };
	struct tcphs_event *ev;

	tcphs_who_from_sock(&id, sk);
	tcphs_who_owner(&id);
	ev = tcphs_event_begin(tn, &id, s->now, TCPHS_EV_CONNECT_FAILED);
	ev->old_state = TCPHS_STATE_SYN_SENT;
	ev->new_state = TCPHS_STATE_CLOSE;
	ev->reason = TCPHS_REASON_NO_PORT;
	tcphs_failure_count(tn, ev->reason);
	tcphs_event_commit(tn);
	if (id.owner)
		tcphs_owner_put(id.owner);
}

/**
 * tcphs_open_failed() - connect() came to nothing
 * @sk: going from SYN_SENT to CLOSE
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_open_failed(const struct sock *sk)
{
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;

	tcphs_conn_enter(&s, tcphs_cookie_make(sk));
	if (!s.conn && !in_serving_softirq() && !READ_ONCE(sk->sk_err) &&
	    sk->sk_shutdown != SHUTDOWN_MASK) {
		no_port(&s, sk);
		tcphs_conn_leave(&s);
		return;
	}
	conn = s.conn;
	if (!conn) {
		/* tcp_abort() also ends what is put off by TCP Fast Open. */
		if (READ_ONCE(sk->sk_err) && sk->sk_err != ECONNABORTED)
			tcphs_deaf_proved("tcp_connect", s.cookie, s.now);
		conn = tcphs_adopt(&s, sk, TCPHS_STATE_SYN_SENT);
	}
	ev = tcphs_step(&s, TCPHS_EV_CONNECT_FAILED, TCPHS_STATE_CLOSE);
	ev->reason = connect_failure(sk);
	tcphs_step_since(&s, ev, conn->born);
	tcphs_failure_count(conn->tn, ev->reason);
	tcphs_step_done(&s);
	tcphs_conn_move(&s, TCPHS_STATE_CLOSE);
	tcphs_conn_leave(&s);
}

struct tcphs_hook tcphs_hooks_open[] = {
	TCPHS_ENTRY("tcp_connect", on_connect, true, "connections this machine opens"),
	{ }
};

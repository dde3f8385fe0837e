// SPDX-License-Identifier: GPL-2.0
/*
 * From SYN to accept(): RFC 9293, sections 3.5 and 3.10.7.
 *
 * All arguments that are read here stand in the same place from 5.10 on.
 */
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include "compat/ftrace.h"
#include "cookie.h"
#include "internal.h"
#include "section.h"

static void count_failure(struct tcphs_net *tn, u8 reason)
{
	this_cpu_ptr(tn->stats)->failures[reason]++;
}

/*
 * tcp_connect(): the SYN is about to be sent; ports and ISN are chosen.
 * Process context, socket locked.
 */
static void on_connect(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	u16 generation = 0;

	/* A restored socket (TCP_REPAIR) sends no SYN. */
	if (tp->repair)
		return;

	tcphs_conn_enter(&s, tcphs_cookie_make(sk));
	if (s.conn) {
		/* The socket failed or was disconnected, and tries again. */
		generation = s.conn->id.generation + 1;
		tcphs_conn_remove(&s);
	}
	conn = tcphs_conn_add(&s, tcphs_net(sock_net(sk)), TCPHS_STATE_SYN_SENT, true);
	tcphs_ident_from_sock(&conn->id, &conn->flags, sk);
	tcphs_ident_owner(&conn->id, &conn->flags);
	conn->id.role = TCPHS_ROLE_ACTIVE;
	conn->id.generation = generation;
	conn->id.isn = tp->write_seq;
	conn->flags |= TCPHS_F_ISN;

	ev = tcphs_step(&s, TCPHS_EV_SYN_SENT, TCPHS_STATE_SYN_SENT);
	ev->old_state = TCPHS_STATE_CLOSE;
	ev->seq = conn->id.isn;
	ev->flags |= TCPHS_F_SEQ;
	tcphs_step_done(&s);
	tcphs_conn_leave(&s);
}

static void ident_request(struct tcphs_conn *conn, const struct request_sock *req)
{
	tcphs_ident_from_req(&conn->id, &conn->flags, req);
	conn->id.role = TCPHS_ROLE_PASSIVE;
	conn->id.isn = tcp_rsk(req)->snt_isn;
	conn->id.peer_isn = tcp_rsk(req)->rcv_isn;
	conn->flags |= TCPHS_F_ISN | TCPHS_F_PEER_ISN;
}

/* Adds the queues of @sk to @ev and raises the marks of @conn's listener. */
static void put_queues(struct tcphs_event *ev, const struct tcphs_conn *conn,
		       const struct sock *sk, u32 syn_queue, u32 accept_queue)
{
	tcphs_event_queue(ev, sk, tcphs_cookie(sk), syn_queue, accept_queue);
	if (conn->listener)
		tcphs_listener_depth(conn->listener, syn_queue, accept_queue);
}

/*
 * inet_csk_reqsk_queue_hash_add(): a SYN becomes a request in the SYN queue.
 * Softirq; the listener is not locked, the request is nobody else's yet.
 */
static void on_request(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	struct request_sock *req = tcphs_argument(regs, 1);
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;

	tcphs_conn_enter(&s, tcphs_cookie_make(req_to_sk(req)));
	if (!s.conn) {
		conn = tcphs_conn_add(&s, tcphs_net(sock_net(sk)), TCPHS_STATE_SYN_RECV, true);
		ident_request(conn, req);
		conn->listener = tcphs_listener_get(tcphs_listener_find(sk));

		ev = tcphs_step(&s, TCPHS_EV_SYN_RECEIVED, TCPHS_STATE_SYN_RECV);
		ev->old_state = TCPHS_STATE_LISTEN;
		ev->seq = conn->id.peer_isn;
		ev->flags |= TCPHS_F_SEQ;
		put_queues(ev, conn, sk, inet_csk_reqsk_queue_len(sk) + 1,
			   READ_ONCE(sk->sk_ack_backlog));
		tcphs_step_done(&s);
	}
	tcphs_conn_leave(&s);
}

static void drop_syn(struct sock *sk, struct sk_buff *skb, u8 reason)
{
	struct tcphs_net *tn = tcphs_net(sock_net(sk));
	struct tcphs_ident id = { .role = TCPHS_ROLE_PASSIVE };
	struct tcphs_listener *listener;
	struct tcphs_event *ev;
	unsigned long irqflags;
	u16 flags = 0;

	tcphs_ident_from_skb(&id, &flags, skb);
	id.netns = tn->inum;
	id.peer_isn = TCP_SKB_CB(skb)->seq;
	flags |= TCPHS_F_PEER_ISN | TCPHS_F_SEQ;

	local_irq_save(irqflags);
	listener = tcphs_listener_find(sk);
	if (listener && reason == TCPHS_REASON_ACCEPT_QUEUE_FULL)
		atomic64_inc(&listener->overflows);
	count_failure(tn, reason);
	ev = tcphs_event_begin(tn, &id, flags, tcphs_now(), TCPHS_EV_SYN_DROPPED);
	ev->old_state = TCPHS_STATE_LISTEN;
	ev->new_state = TCPHS_STATE_LISTEN;
	ev->reason = reason;
	ev->seq = id.peer_isn;
	tcphs_event_queue(ev, sk, tcphs_cookie(sk), inet_csk_reqsk_queue_len(sk),
			  READ_ONCE(sk->sk_ack_backlog));
	tcphs_event_commit(tn);
	local_irq_restore(irqflags);
}

/*
 * tcp_conn_request(): a SYN reached a listener. The kernel calls nothing when
 * it drops one, so its own two tests are repeated, in its order and with its
 * own inlines. Softirq, RCU, listener not locked.
 */
static void on_syn(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 2);
	struct sk_buff *skb = tcphs_argument(regs, 3);
	bool accept_full = sk_acceptq_is_full(sk);
	bool syn_full = inet_csk_reqsk_queue_is_full(sk);

	if (likely(!accept_full && !syn_full))
		return;
	if (syn_full && !READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_syncookies))
		drop_syn(sk, skb, TCPHS_REASON_SYN_QUEUE_FULL);
	else if (accept_full)
		drop_syn(sk, skb, TCPHS_REASON_ACCEPT_QUEUE_FULL);
}

static void overflow(struct sock *sk, struct request_sock *req, struct sk_buff *skb)
{
	struct tcphs_net *tn = tcphs_net(sock_net(sk));
	struct tcphs_listener *listener;
	struct tcphs_section s;
	struct tcphs_event *ev;

	tcphs_conn_enter(&s, tcphs_cookie(req_to_sk(req)));
	/* The request of a SYN cookie was never in the queue, nor in the table. */
	if (!s.conn || !s.cookie) {
		tcphs_conn_add(&s, tn, TCPHS_STATE_SYN_RECV, false);
		ident_request(s.conn, req);
	}
	listener = tcphs_listener_find(sk);
	if (listener)
		atomic64_inc(&listener->overflows);
	count_failure(tn, TCPHS_REASON_ACCEPT_QUEUE_FULL);
	ev = tcphs_step(&s, TCPHS_EV_ACCEPT_OVERFLOW, TCPHS_STATE_SYN_RECV);
	ev->reason = TCPHS_REASON_ACCEPT_QUEUE_FULL;
	tcphs_step_numbers(ev, TCP_SKB_CB(skb)->seq, TCP_SKB_CB(skb)->ack_seq);
	put_queues(ev, s.conn, sk, inet_csk_reqsk_queue_len(sk), READ_ONCE(sk->sk_ack_backlog));
	tcphs_step_done(&s);
	if (!s.cookie)
		tcphs_conn_remove(&s);
	tcphs_conn_leave(&s);
}

/*
 * tcp_v4_syn_recv_sock(): a third ACK asks for its socket, and the kernel's
 * first test is for room in the accept queue. Softirq, listener not locked.
 */
static void on_third_ack(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);

	if (unlikely(sk_acceptq_is_full(sk)))
		overflow(sk, tcphs_argument(regs, 2), tcphs_argument(regs, 1));
}

/* tcp_v6_syn_recv_sock(): hands IPv4 on to the function above. */
static void on_third_ack_v6(struct tcphs_regs *regs)
{
	struct sk_buff *skb = tcphs_argument(regs, 1);

	if (skb->protocol != htons(ETH_P_IP))
		on_third_ack(regs);
}

/* The child of @req enters the accept queue of @sk. */
static void accept_queued(struct tcphs_section *s, struct sock *sk,
			  const struct request_sock *req, u32 syn_queue)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev;

	ev = tcphs_step(s, TCPHS_EV_ACCEPT_QUEUED, TCPHS_STATE_SYN_RECV);
	if (!(conn->marks & TCPHS_C_COOKIE))
		tcphs_step_since(s, ev, conn->born);
	tcphs_step_numbers(ev, conn->id.peer_isn + 1, conn->id.isn + 1);
	put_queues(ev, conn, sk, syn_queue, READ_ONCE(sk->sk_ack_backlog) + 1);
	tcphs_step_done(s);
	conn->marks |= TCPHS_C_QUEUED;
	conn->mark = s->now;
}

/*
 * inet_csk_complete_hashdance(): the third ACK made a child, which goes to the
 * accept queue. Softirq, child locked, request owned if own_req says so.
 */
static void on_child(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	struct request_sock *req = tcphs_argument(regs, 2);
	bool own_req = (unsigned long)tcphs_argument(regs, 3) & 0xff;
	struct tcphs_section s;
	u32 syn_queue;

	/* Another CPU made a child of the same request; this one will be undone. */
	if (!own_req || sk->sk_protocol != IPPROTO_TCP)
		return;

	tcphs_conn_enter(&s, tcphs_cookie_make(req_to_sk(req)));
	if (!s.conn) {
		tcphs_conn_add(&s, tcphs_net(sock_net(sk)), TCPHS_STATE_SYN_RECV, false);
		s.conn->flags |= TCPHS_F_ADOPTED;
		ident_request(s.conn, req);
	}
	if (!s.conn->listener)
		s.conn->listener = tcphs_listener_get(tcphs_listener_find(sk));
	syn_queue = inet_csk_reqsk_queue_len(sk);
	accept_queued(&s, sk, req, syn_queue ? syn_queue - 1 : 0);
	tcphs_conn_leave(&s);
}

/*
 * inet_csk_reqsk_queue_add(): a child without a request in the SYN queue (SYN
 * cookie, TCP Fast Open) goes to the accept queue. 5.10 comes by here for every
 * child, which on_child() has then seen. Softirq, child locked.
 */
static void on_queue_add(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	struct request_sock *req = tcphs_argument(regs, 1);
	struct sock *child = tcphs_argument(regs, 2);
	struct tcphs_section s;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;

	tcphs_conn_enter(&s, tcphs_cookie_make(child));
	if (!s.conn) {
		tcphs_conn_add(&s, tcphs_net(sock_net(sk)), TCPHS_STATE_SYN_RECV, true);
		ident_request(s.conn, req);
		s.conn->marks |= TCPHS_C_COOKIE;
		s.conn->listener = tcphs_listener_get(tcphs_listener_find(sk));
		accept_queued(&s, sk, req, inet_csk_reqsk_queue_len(sk));
	}
	tcphs_conn_leave(&s);
}

/* Why a request left the SYN queue without becoming a connection. */
static u8 request_end(const struct request_sock *req, u8 *reason)
{
	const struct sock *listener = req->rsk_listener;

	if (listener && inet_sk_state_load(listener) != TCP_LISTEN) {
		*reason = TCPHS_REASON_LISTENER_CLOSED;
		return TCPHS_EV_REQUEST_RESET;
	}
	/* Its timer ran out, rather than being taken down. */
	if (time_after_eq(jiffies, req->rsk_timer.expires)) {
		*reason = TCPHS_REASON_TIMEOUT;
		return TCPHS_EV_REQUEST_EXPIRED;
	}
	*reason = TCPHS_REASON_RESET_RECEIVED;
	return TCPHS_EV_REQUEST_RESET;
}

/*
 * tcp_v4_reqsk_destructor(), tcp_v6_reqsk_destructor(): a request ends, once for
 * every request there is. Softirq or process; nobody else holds it.
 */
static void on_request_end(struct tcphs_regs *regs)
{
	struct request_sock *req = tcphs_argument(regs, 0);
	u64 cookie = tcphs_cookie(req_to_sk(req));
	struct tcphs_section s;
	struct tcphs_event *ev;
	u8 type, reason;

	/* It had its child, or was only a vessel for a SYN cookie. */
	if (likely(req->sk) || !cookie)
		return;

	tcphs_conn_enter(&s, cookie);
	if (s.conn && s.conn->state == TCPHS_STATE_SYN_RECV &&
	    !(s.conn->marks & TCPHS_C_QUEUED)) {
		type = request_end(req, &reason);
		ev = tcphs_step(&s, type, TCPHS_STATE_CLOSE);
		ev->reason = reason;
		tcphs_step_since(&s, ev, s.conn->born);
		count_failure(s.conn->tn, reason);
		tcphs_step_done(&s);
		tcphs_conn_remove(&s);
	}
	tcphs_conn_leave(&s);
}

/*
 * security_sock_graft(): accept() took a connection. Process context, the new
 * socket locked. Protocols of every kind pass here.
 */
static void on_accept(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	struct tcphs_listener *listener;
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;

	if ((sk->sk_family != AF_INET && sk->sk_family != AF_INET6) ||
	    sk->sk_protocol != IPPROTO_TCP || !sk_fullsock(sk))
		return;

	tcphs_conn_enter(&s, tcphs_cookie_make(sk));
	conn = s.conn ?: tcphs_adopt(&s, sk, sk->sk_state);
	listener = conn->listener;
	tcphs_ident_owner(&conn->id, &conn->flags);

	ev = tcphs_step(&s, TCPHS_EV_ACCEPTED, conn->state);
	if (listener && !READ_ONCE(listener->gone))
		tcphs_event_queue(ev, listener->sk, listener->id.conn,
				  inet_csk_reqsk_queue_len(listener->sk),
				  READ_ONCE(listener->sk->sk_ack_backlog));
	if (conn->marks & TCPHS_C_QUEUED) {
		u64 waited = s.now - conn->mark;

		ev->duration = waited;
		ev->flags |= TCPHS_F_DURATION;
		tcphs_hist_count(&s, TCPHS_HIST_ACCEPT_WAIT, waited);
		if (listener)
			tcphs_listener_waited(listener, waited);
		conn->marks &= ~TCPHS_C_QUEUED;
	}
	tcphs_step_done(&s);
	if (listener) {
		conn->listener = NULL;
		tcphs_listener_put(listener);
	}
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

static void put_agreed(struct tcphs_event *ev, const struct tcp_sock *tp)
{
	ev->agreed.window = tp->snd_wnd;
	ev->agreed.mss = min_t(u32, tp->mss_cache, U16_MAX);
	ev->agreed.snd_wscale = tp->rx_opt.snd_wscale;
	ev->agreed.rcv_wscale = tp->rx_opt.rcv_wscale;
	ev->agreed.retransmits = min_t(u32, tp->total_retrans, U16_MAX);
	ev->agreed.options = (tp->rx_opt.sack_ok ? TCPHS_OPT_SACK : 0) |
			     (tp->rx_opt.tstamp_ok ? TCPHS_OPT_TIMESTAMPS : 0) |
			     (tp->rx_opt.wscale_ok ? TCPHS_OPT_WSCALE : 0) |
			     (tp->ecn_flags & TCP_ECN_OK ? TCPHS_OPT_ECN : 0);
	ev->flags |= TCPHS_F_AGREED;
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
	if (unlikely(!conn)) {
		/* Unknown so far, but this step says a lot. */
		conn = tcphs_adopt(&s, sk, old_state);
		conn->id.role = old_state == TCP_SYN_SENT ? TCPHS_ROLE_ACTIVE :
							    TCPHS_ROLE_PASSIVE;
		conn->id.isn = tp->snd_una - 1;
		conn->flags |= TCPHS_F_ISN;
	}
	passive = conn->id.role == TCPHS_ROLE_PASSIVE;
	if (!(conn->flags & TCPHS_F_PEER_ISN)) {
		conn->id.peer_isn = tp->rcv_nxt - 1;
		conn->flags |= TCPHS_F_PEER_ISN;
	}

	ev = tcphs_step(&s, TCPHS_EV_ESTABLISHED, TCPHS_STATE_ESTABLISHED);
	ev->old_state = old_state;
	if (passive)
		tcphs_step_numbers(ev, conn->id.peer_isn + 1, conn->id.isn + 1);
	else if (conn->flags & TCPHS_F_ISN)
		tcphs_step_numbers(ev, conn->id.isn + 1, conn->id.peer_isn + 1);
	if (!(conn->flags & TCPHS_F_ADOPTED) && !(conn->marks & TCPHS_C_COOKIE)) {
		u64 took = s.now - conn->born;

		ev->duration = took;
		ev->flags |= TCPHS_F_DURATION;
		conn->life.handshake_us = max_t(u64, 1, min_t(u64, div_u64(took, 1000),
								    U32_MAX));
		tcphs_hist_count(&s, passive ? TCPHS_HIST_HANDSHAKE_PASSIVE :
					       TCPHS_HIST_HANDSHAKE_ACTIVE, took);
	}
	put_agreed(ev, tp);
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
		/* close(), or connect() itself that backs out. */
		return sk->sk_shutdown == SHUTDOWN_MASK ? TCPHS_REASON_CLOSED_BY_USER :
							  TCPHS_REASON_OTHER;
	default:
		return TCPHS_REASON_OTHER;
	}
}

/* connect() set SYN_SENT and found no local port: no SYN was ever sent. */
static void no_port(struct tcphs_section *s, const struct sock *sk)
{
	struct tcphs_net *tn = tcphs_net(sock_net(sk));
	struct tcphs_ident id = { .conn = s->cookie, .role = TCPHS_ROLE_ACTIVE };
	struct tcphs_event *ev;
	u16 flags = 0;

	tcphs_ident_from_sock(&id, &flags, sk);
	tcphs_ident_owner(&id, &flags);
	ev = tcphs_event_begin(tn, &id, flags, s->now, TCPHS_EV_CONNECT_FAILED);
	ev->old_state = TCPHS_STATE_SYN_SENT;
	ev->new_state = TCPHS_STATE_CLOSE;
	ev->reason = TCPHS_REASON_NO_PORT;
	count_failure(tn, ev->reason);
	tcphs_event_commit(tn);
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
	conn = s.conn ?: tcphs_adopt(&s, sk, TCPHS_STATE_SYN_SENT);
	ev = tcphs_step(&s, TCPHS_EV_CONNECT_FAILED, TCPHS_STATE_CLOSE);
	ev->reason = connect_failure(sk);
	tcphs_step_since(&s, ev, conn->born);
	count_failure(conn->tn, ev->reason);
	tcphs_step_done(&s);
	tcphs_conn_move(&s, TCPHS_STATE_CLOSE);
	tcphs_conn_leave(&s);
}

struct tcphs_hook tcphs_hooks_open[] = {
	TCPHS_ENTRY("tcp_connect", on_connect, true, "connections this machine opens"),
	TCPHS_ENTRY("inet_csk_reqsk_queue_hash_add", on_request, true,
		    "requests entering the SYN queue"),
	TCPHS_ENTRY("inet_csk_complete_hashdance", on_child, true,
		    "connections entering the accept queue"),
	TCPHS_ENTRY("tcp_v4_reqsk_destructor", on_request_end, true, "requests that fail, IPv4"),
	TCPHS_ENTRY("tcp_v6_reqsk_destructor", on_request_end, false, "requests that fail, IPv6"),
	TCPHS_ENTRY("security_sock_graft", on_accept, true,
		    "accept(), its wait and the owner of accepted connections"),
	TCPHS_ENTRY("inet_csk_reqsk_queue_add", on_queue_add, false,
		    "accept queue entry of SYN cookies and TCP Fast Open"),
	TCPHS_ENTRY("tcp_conn_request", on_syn, false, "SYNs dropped because a queue is full"),
	TCPHS_ENTRY("tcp_v4_syn_recv_sock", on_third_ack, false, "accept queue overflows, IPv4"),
	TCPHS_ENTRY("tcp_v6_syn_recv_sock", on_third_ack_v6, false,
		    "accept queue overflows, IPv6"),
	{ }
};

// SPDX-License-Identifier: GPL-2.0
/*
 * The accept queue: from the third ACK, or the SYN of TCP Fast Open (RFC 7413),
 * to accept().
 *
 * All arguments that are read here stand in the same place from 5.10 on.
 */
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "compat/softirq.h"
#include "probe/adopt.h"
#include "probe/drop.h"
#include "probe/probe.h"
#include "store/clock.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/listener.h"
#include "table/pairs.h"
#include "table/step.h"
#include "table/who.h"

/*
 * The third ACK that asks for a child on this CPU. RFC 9293 allows data on it. Where softirqs
 * interleave it may be another's when the child is there, and is not noted.
 */
struct third_ack {
	const struct request_sock *req;
	u32 bytes;
};

static DEFINE_PER_CPU(struct third_ack, third_ack);

/**
 * tcphs_accept_third_ack() - a segment for a request may get it its child
 * @sk: the listener
 * @skb: the segment
 * @req: the request
 *
 * If it does, tcp_v4_syn_recv_sock() or tcp_v6_syn_recv_sock() is called next, whose first
 * test is for room in the accept queue.
 *
 * Context: softirq, outside of a section; @sk not locked.
 */
void tcphs_accept_third_ack(const struct sock *sk, const struct sk_buff *skb,
			    struct request_sock *req)
{
	tcphs_drop_settle();
	if (!TCPHS_SOFTIRQS_INTERLEAVE) {
		this_cpu_write(third_ack.req, req);
		this_cpu_write(third_ack.bytes, TCP_SKB_CB(skb)->end_seq -
						TCP_SKB_CB(skb)->seq - tcp_hdr(skb)->fin);
	}
	if (unlikely(tcphs_drop_possible(sk)))
		tcphs_drop_try_ack(sk, skb, req);
}

static void accept_queued(struct tcphs_section *s, struct sock *sk, u32 syn_queue)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev;

	ev = tcphs_step(s, TCPHS_EV_ACCEPT_QUEUED, TCPHS_STATE_SYN_RECV);
	if (unlikely(conn->marks & TCPHS_C_COOKIE))
		ev->reason = TCPHS_REASON_SYNCOOKIE;
	else
		tcphs_step_since(s, ev, conn->born);
	if (unlikely(conn->marks & TCPHS_C_FASTOPEN)) {
		ev->reason = TCPHS_REASON_FASTOPEN;
		ev->seq = conn->id.peer_isn;
		ev->flags |= TCPHS_F_SEQ;
	} else {
		tcphs_step_numbers(ev, conn->id.peer_isn + 1, conn->id.isn + 1);
	}
	tcphs_listener_queues(ev, conn->listener, sk, syn_queue, READ_ONCE(sk->sk_ack_backlog) + 1);
	tcphs_step_done(s);
	/* A RST for the request was not taken (PAWS). */
	conn->marks &= ~TCPHS_C_RST_RECEIVED;
	conn->marks |= TCPHS_C_QUEUED | TCPHS_C_CHILD;
	conn->mark = s->now;
}

/*
 * As nearly always. What comes next, in this softirq and with the child locked, is that it
 * is established, and both are recorded at once; else what comes next records it first
 * (tcphs_conn_lane()).
 */
static void owe_queued(struct tcphs_conn *conn, struct sock *sk, u32 syn_queue)
{
	tcphs_listener_count(&conn->queue, conn->listener, sk, syn_queue,
			     READ_ONCE(sk->sk_ack_backlog) + 1);
	/* As above. */
	conn->marks &= ~TCPHS_C_RST_RECEIVED;
	conn->marks |= TCPHS_C_QUEUED | TCPHS_C_CHILD | TCPHS_C_OWED;
}

static void queued_oddly(struct tcphs_section *s, struct sock *sk, struct request_sock *req,
			 u32 syn_queue)
{
	s->now = tcphs_now();
	if (!s->conn) {
		/* Where requests move from one listener to another, that may be what was missed. */
		if (!sk->sk_reuseport)
			tcphs_proof_deaf("tcp_make_synack", s->cookie, s->now);
		tcphs_conn_add(s, tcphs_net(sock_net(sk)), sk, TCPHS_STATE_SYN_RECV, false);
		s->conn->id.flags |= TCPHS_F_ADOPTED;
		tcphs_who_handshake(&s->conn->id, req);
	}
	if (unlikely(sk != req->rsk_listener))
		tcphs_move_by_ack(s, sk);
	else if (!s->conn->listener)
		tcphs_conn_set_listener(s, sk);
	accept_queued(s, sk, syn_queue);
}

/*
 * inet_csk_complete_hashdance(): the third ACK made a child, which goes to the
 * accept queue. Softirq, child locked, request owned if own_req says so.
 */
static void on_child(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	const struct sock *child = tcphs_argument(regs, 1);
	struct request_sock *req = tcphs_argument(regs, 2);
	bool own_req = (unsigned long)tcphs_argument(regs, 3) & 0xff;
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	u32 syn_queue;

	/* Another CPU made a child of the same request; this one will be undone. */
	if (!own_req || sk->sk_protocol != IPPROTO_TCP)
		return;

	/* It has the cookie of its request, if that had one. */
	s = tcphs_conn_enter_untimed(tcphs_cookie_make(child));
	conn = s->conn;
	syn_queue = inet_csk_reqsk_queue_len(sk);
	syn_queue -= !!syn_queue;
	if (likely(conn && sk == req->rsk_listener && conn->listener &&
		   !(conn->id.flags & TCPHS_F_ADOPTED)))
		owe_queued(conn, sk, syn_queue);
	else
		queued_oddly(s, sk, req, syn_queue);
	if (!TCPHS_SOFTIRQS_INTERLEAVE && likely(__this_cpu_read(third_ack.req) == req))
		s->conn->data = __this_cpu_read(third_ack.bytes);
	tcphs_conn_leave(s);
}

/*
 * Data on the SYN were put into the child's receive queue. The request stays until
 * the third ACK; its cookie, which is not the child's, says that it is no stranger
 * (see unborn_end()).
 */
static void fastopen_born(struct tcphs_section *s, struct sock *sk,
			  struct request_sock *req, const struct sock *child)
{
	struct tcphs_conn *conn;
	struct tcphs_event *ev;

	conn = tcphs_conn_add(s, tcphs_net(sock_net(sk)), sk, TCPHS_STATE_SYN_RECV, true);
	tcphs_who_handshake(&conn->id, req);
	tcphs_cookie_make(req_to_sk(req));
	conn->marks |= TCPHS_C_FASTOPEN;
	conn->data = tcp_sk(child)->rcv_nxt - conn->id.peer_isn - 1;
	conn->listener = tcphs_listener_get(tcphs_listener_find(sk));

	ev = tcphs_step(s, TCPHS_EV_SYN_RECEIVED, TCPHS_STATE_SYN_RECV);
	ev->old_state = TCPHS_STATE_LISTEN;
	ev->reason = TCPHS_REASON_FASTOPEN;
	ev->seq = conn->id.peer_isn;
	ev->flags |= TCPHS_F_SEQ;
	tcphs_listener_queues(ev, conn->listener, sk, inet_csk_reqsk_queue_len(sk), READ_ONCE(sk->sk_ack_backlog));
	tcphs_step_done(s);
}

/* Its cookie was valid, but on_cookie() did not say so, or found no room. */
static void cookie_unknown(struct tcphs_section *s, struct sock *sk, struct request_sock *req)
{
	tcphs_proof_deaf("tcp_get_cookie_sock", s->cookie, s->now);
	tcphs_conn_add(s, tcphs_net(sock_net(sk)), sk, TCPHS_STATE_SYN_RECV, false);
	tcphs_who_handshake(&s->conn->id, req);
	s->conn->marks |= TCPHS_C_COOKIE;
}

/*
 * inet_csk_reqsk_queue_add(): a child without a request in the SYN queue (SYN
 * cookie, TCP Fast Open) goes to the accept queue. 5.10 comes by here for every
 * child; that of a request which knows when its SYN+ACK went is on_child()'s.
 * Softirq, child locked.
 */
static void on_queue_add(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	struct request_sock *req = tcphs_argument(regs, 1);
	struct sock *child = tcphs_argument(regs, 2);
	bool fastopen = tcp_rsk(req)->tfo_listener;
	struct tcphs_section *s;

	if (sk->sk_protocol != IPPROTO_TCP || (!fastopen && tcp_rsk(req)->snt_synack))
		return;

	s = tcphs_conn_enter(tcphs_cookie_make(child));
	if (!s->conn && fastopen)
		fastopen_born(s, sk, req, child);
	else if (!s->conn)
		cookie_unknown(s, sk, req);
	if (!(s->conn->marks & TCPHS_C_CHILD))
		accept_queued(s, sk, inet_csk_reqsk_queue_len(sk));
	tcphs_conn_leave(s);
}

/*
 * security_sock_graft(): accept() took a connection. Of MPTCP it has a socket of its
 * own, which stands for the connection of its first subflow. Process context, the new
 * socket locked. Protocols of every kind pass here.
 */
static void on_accept(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	struct tcphs_listener *listener;
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	struct tcphs_pen pen;
	u64 cookie;

	if ((sk->sk_family != AF_INET && sk->sk_family != AF_INET6) || !sk_fullsock(sk))
		return;
	if (likely(sk->sk_protocol == IPPROTO_TCP))
		cookie = tcphs_cookie_make(sk);
	else if (sk->sk_protocol == IPPROTO_MPTCP)
		cookie = tcphs_pairs_take(sk);
	else
		return;

	s = tcphs_conn_enter(cookie);
	conn = s->conn;
	if (unlikely(sk->sk_protocol != IPPROTO_TCP)) {
		/* Nobody knows, or it has left the table for lack of room. */
		if (!conn)
			goto out;
	} else if (unlikely(!conn)) {
		conn = tcphs_adopt(s, sk, sk->sk_state);
	} else if (unlikely(conn->state == TCPHS_STATE_SYN_RECV && sk->sk_state != TCP_SYN_RECV)) {
		tcphs_proof_deaf("inet_sock_set_state", cookie, conn->born);
	}
	listener = conn->listener;
	tcphs_who_owner(&conn->id, conn->tn, conn->share);

	ev = tcphs_pen_step(s, &pen, TCPHS_EV_ACCEPTED, conn->state);
	if (listener && !READ_ONCE(listener->gone))
		tcphs_listener_put_depths(ev, listener->sk);
	if (conn->marks & TCPHS_C_QUEUED) {
		u64 waited = tcphs_elapsed(conn->mark, s->now);
		unsigned int index = tcphs_hist_count(s, TCPHS_HIST_ACCEPT_WAIT, waited);

		ev->duration = waited;
		ev->flags |= TCPHS_F_DURATION;
		if (listener)
			tcphs_listener_waited(listener, waited, index, s->now);
		conn->marks &= ~TCPHS_C_QUEUED;
	}
	tcphs_pen_done(s, &pen, TCPHS_EV_ACCEPTED);
	if (listener) {
		if (conn->id.owner)
			tcphs_listener_accepted(listener, conn->id.owner);
		tcphs_conn_set_listener(s, NULL);
	}
out:
	tcphs_conn_leave(s);
}

struct tcphs_hook tcphs_hooks_accept[] = {
	TCPHS_ENTRY("inet_csk_complete_hashdance", on_child, true,
		    "connections entering the accept queue"),
	TCPHS_ENTRY("security_sock_graft", on_accept, true,
		    "accept(), its wait and the owner of accepted connections"),
	TCPHS_ENTRY("inet_csk_reqsk_queue_add", on_queue_add, false,
		    "accept queue entry of SYN cookies and TCP Fast Open"),
	{ }
};

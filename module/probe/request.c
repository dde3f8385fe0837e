// SPDX-License-Identifier: GPL-2.0
/*
 * The SYN queue: a request from its SYN to its end, the SYNs that are dropped,
 * and the SYN cookies that stand in for requests. RFC 9293, section 3.10.7.2;
 * RFC 4987.
 *
 * All arguments that are read here stand in the same place from 5.10 on.
 */
#include <net/inet_connection_sock.h>
#include <net/mptcp.h>
#include <net/tcp.h>
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "probe/drop.h"
#include "probe/probe.h"
#include "store/clock.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/listener.h"
#include "table/share.h"
#include "table/step.h"
#include "table/who.h"

/* A listener that has no record yet, unless it is on its way out: unhashed first. */
static void listen_missed(const struct sock *sk, u64 now)
{
	/* Pairs with the lock under which tcphs_listener_close() took it away. */
	smp_rmb();
	if (!sk_unhashed(sk))
		tcphs_proof_deaf(tcphs_hash_function(sk), tcphs_cookie(sk), now);
}

/*
 * inet_csk_reqsk_queue_hash_add(): a SYN is to become a request in the SYN queue.
 * Whether it does shows only later: where the same SYN came on two CPUs at once, the
 * second finds the request of the first, and its own is freed. That it got so far
 * shows by its socket cookie. Softirq; listener not locked, nobody else has the request.
 */
static void on_request(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	struct request_sock *req = tcphs_argument(regs, 1);

	if (sk->sk_protocol == IPPROTO_TCP)
		tcphs_cookie_make(req_to_sk(req));
}

/* A request is in the SYN queue of @sk. The section is its, and without an entry. */
static void request_queued(struct tcphs_section *s, const struct sock *sk,
			   struct request_sock *req)
{
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	struct tcphs_pen pen;

	conn = tcphs_conn_add(s, tcphs_net(sock_net(sk)), sk, TCPHS_STATE_SYN_RECV, true);
	tcphs_who_handshake(&conn->id, req);
	conn->listener = tcphs_listener_get(tcphs_listener_find(sk));
	if (unlikely(!conn->listener))
		listen_missed(sk, s->now);

	ev = tcphs_pen_step(s, &pen, TCPHS_EV_SYN_RECEIVED, TCPHS_STATE_SYN_RECV);
	ev->old_state = TCPHS_STATE_LISTEN;
	ev->seq = conn->id.peer_isn;
	ev->flags |= TCPHS_F_SEQ;
	/* Another CPU that is quick may come before it is counted. */
	tcphs_listener_queues(ev, conn->listener, sk, max(inet_csk_reqsk_queue_len(sk), 1),
			      READ_ONCE(sk->sk_ack_backlog));
	tcphs_pen_done(s, &pen, TCPHS_EV_SYN_RECEIVED);
}

/* The first SYN+ACK of a request: it is in the SYN queue, and can't leave it before. */
static void first_synack(const struct sock *sk, struct request_sock *req)
{
	struct tcphs_section *s;

	if (unlikely(!tcphs_cookie(req_to_sk(req))))
		tcphs_proof_deaf("inet_csk_reqsk_queue_hash_add", 0, tcphs_now());
	s = tcphs_conn_enter(tcphs_cookie_make(req_to_sk(req)));
	if (likely(!s->conn))
		request_queued(s, sk, req);
	tcphs_conn_leave(s);
}

/*
 * tcp_conn_request(): a SYN reached a listener. Softirq, RCU, listener not
 * locked.
 */
static void on_syn(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 2);

	tcphs_drop_settle();
	if (unlikely(tcphs_drop_possible(sk)))
		tcphs_drop_try_syn(sk, tcphs_argument(regs, 3));
}

/*
 * A SYN+ACK that carries a SYN cookie. Its request is thrown away at once; that it
 * has a socket cookie says that it was sent.
 */
static void cookie_sent(const struct sock *sk, struct request_sock *req)
{
	struct tcphs_net *tn = tcphs_net(sock_net(sk));
	struct tcphs_listener *listener;
	struct tcphs_who id = { };
	struct tcphs_event *ev;
	unsigned long irqflags;

	tcphs_cookie_make(req_to_sk(req));
	tcphs_who_handshake(&id, req);
	local_irq_save(irqflags);
	listener = tcphs_listener_find(sk);
	if (listener)
		atomic64_inc(&listener->cookies_sent);
	ev = tcphs_event_begin(tn, &id, tcphs_share_lane(tcphs_share_of(tn, sk), id.local_port),
			       tcphs_now(), TCPHS_EV_SYNCOOKIE_SENT);
	ev->old_state = TCPHS_STATE_LISTEN;
	ev->new_state = TCPHS_STATE_LISTEN;
	tcphs_step_numbers(ev, id.isn, id.peer_isn + 1);
	tcphs_listener_put_depths(ev, sk);
	tcphs_event_commit(tn);
	local_irq_restore(irqflags);
}

/*
 * tcp_make_synack(): the SYN+ACK of a listener, or of a child by Fast Open. One that
 * is sent again is recorded by probe/resend.c. Softirq; the listener is not locked, and may
 * be closing.
 */
static void on_synack(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	struct request_sock *req = tcphs_argument(regs, 2);
	int type = (unsigned long)tcphs_argument(regs, 4);

	if (unlikely(type == TCP_SYNACK_COOKIE)) {
		tcphs_drop_answered();
		cookie_sent(sk, req);
	} else if (likely(!tcp_rsk(req)->snt_synack && !tcp_rsk(req)->tfo_listener)) {
		tcphs_drop_answered();
		first_synack(sk, req);
	}
}

/*
 * tcp_get_cookie_sock(): the cookie on a third ACK is valid. The request made of
 * it gets the cookie that the child will take over. Softirq, listener not locked.
 */
static void __maybe_unused on_cookie(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	const struct sk_buff *skb = tcphs_argument(regs, 1);
	struct request_sock *req = tcphs_argument(regs, 2);
	struct tcphs_section *s;

	s = tcphs_conn_enter(tcphs_cookie_make(req_to_sk(req)));
	if (!s->conn) {
		tcphs_conn_add(s, tcphs_net(sock_net(sk)), sk, TCPHS_STATE_SYN_RECV, true);
		tcphs_who_handshake(&s->conn->id, req);
		s->conn->marks |= TCPHS_C_COOKIE;
		s->conn->listener = tcphs_listener_get(tcphs_listener_find(sk));
		if (s->conn->listener)
			atomic64_inc(&s->conn->listener->cookies_valid);
		s->conn->data = TCP_SKB_CB(skb)->end_seq - TCP_SKB_CB(skb)->seq -
			       tcp_hdr(skb)->fin;
	}
	tcphs_conn_leave(s);
	tcphs_accept_third_ack(sk, skb, req);
}

static void syn_again(struct tcphs_section *s, const struct sk_buff *skb)
{
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_SYN_DUPLICATE, TCPHS_STATE_SYN_RECV);

	ev->seq = TCP_SKB_CB(skb)->seq;
	ev->flags |= TCPHS_F_SEQ;
	tcphs_step_since(s, ev, s->conn->born);
	tcphs_step_done(s);
}

static void ack_deferred(struct tcphs_section *s, const struct sk_buff *skb)
{
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_ACK_DEFERRED, TCPHS_STATE_SYN_RECV);

	tcphs_step_numbers(ev, TCP_SKB_CB(skb)->seq, TCP_SKB_CB(skb)->ack_seq);
	tcphs_step_since(s, ev, s->conn->born);
	tcphs_step_done(s);
	/* One is usual, and any number may come. */
	if (s->conn->marks & TCPHS_C_DEFERRED)
		tcphs_step_keep(s);
	s->conn->marks |= TCPHS_C_DEFERRED;
}

/* As tcp_check_req() decides: a bare third ACK waits for data. */
static bool is_deferred(const struct sock *sk, struct request_sock *req,
			const struct sk_buff *skb, const struct tcphdr *th)
{
	return req->num_timeout < READ_ONCE(inet_csk(sk)->icsk_accept_queue.rskq_defer_accept) &&
	       th->ack && TCP_SKB_CB(skb)->end_seq == tcp_rsk(req)->rcv_isn + 1 &&
	       TCP_SKB_CB(skb)->ack_seq == tcp_rsk(req)->snt_isn + 1;
}

/* Every kernel takes the RST with the next number, some any that is in the window. */
static void rst(struct tcphs_conn *conn, struct request_sock *req, const struct sk_buff *skb)
{
	conn->hint = TCPHS_REASON_RESET_RECEIVED;
	if (TCP_SKB_CB(skb)->seq == tcp_rsk(req)->rcv_nxt)
		conn->marks |= TCPHS_C_RST_RECEIVED;
}

static noinline void request_segment(const struct sock *sk, const struct sk_buff *skb,
				     struct request_sock *req, bool deferred)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct tcphs_section *s;

	s = tcphs_conn_enter(tcphs_cookie_make(req_to_sk(req)));
	/* Another CPU has put it into the queue and is about to answer. */
	if (unlikely(!s->conn && !tcp_rsk(req)->snt_synack))
		request_queued(s, sk, req);
	/* Another CPU may have made its child meanwhile; then this changes nothing. */
	if (!s->conn || s->conn->marks & TCPHS_C_CHILD)
		goto out;
	if (deferred)
		ack_deferred(s, skb);
	else if (th->rst)
		rst(s->conn, req, skb);
	else if (TCP_SKB_CB(skb)->seq != tcp_rsk(req)->rcv_isn)
		s->conn->hint = TCPHS_REASON_BAD_SEGMENT;
	else if (!th->ack)
		syn_again(s, skb);
out:
	tcphs_conn_leave(s);
}

/*
 * tcp_check_req(): a segment for a request in the SYN queue. The most frequent
 * one, a third ACK, is recorded when it has its child. For Fast Open @sk is the child.
 * Softirq, listener not locked.
 */
static void on_request_segment(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	const struct sk_buff *skb = tcphs_argument(regs, 1);
	struct request_sock *req = tcphs_argument(regs, 2);
	const struct tcphdr *th = tcp_hdr(skb);

	if (sk->sk_state != TCP_LISTEN)
		return;
	if (unlikely(th->syn || th->rst))
		request_segment(sk, skb, req, false);
	else if (unlikely(is_deferred(sk, req, skb, th)))
		request_segment(sk, skb, req, true);
	else
		tcphs_accept_third_ack(sk, skb, req);
}

/*
 * tcp_req_err(): an ICMP error for a request, which ends it if it is a hard one
 * and quotes its SYN+ACK. Softirq, nothing locked.
 */
static void on_request_error(struct tcphs_regs *regs)
{
	struct request_sock *req = inet_reqsk(tcphs_argument(regs, 0));
	u32 seq = (unsigned long)tcphs_argument(regs, 1);
	bool abort = (unsigned long)tcphs_argument(regs, 2) & 0xff;
	struct tcphs_section *s;

	if (!abort || seq != tcp_rsk(req)->snt_isn)
		return;
	s = tcphs_conn_enter_untimed(tcphs_cookie(req_to_sk(req)));
	if (s->conn)
		s->conn->hint = s->conn->icmp_type ? tcphs_icmp_reason(s->conn) :
						   TCPHS_REASON_UNREACHABLE;
	tcphs_conn_leave(s);
}

/* Why a request left the SYN queue without becoming a connection. */
static u8 request_end(const struct tcphs_conn *conn, struct request_sock *req, u8 *reason)
{
	const struct sock *listener = req->rsk_listener;

	/* Its timer may be overdue, and its listener about to go. */
	if (conn->marks & TCPHS_C_RST_RECEIVED) {
		*reason = TCPHS_REASON_RESET_RECEIVED;
		return TCPHS_EV_REQUEST_RESET;
	}
	if (listener && inet_sk_state_load(listener) != TCP_LISTEN) {
		*reason = TCPHS_REASON_LISTENER_CLOSED;
		return TCPHS_EV_REQUEST_RESET;
	}
	/* Its timer ran out, rather than being taken down. */
	if (listener && time_after_eq(jiffies, req->rsk_timer.expires)) {
		*reason = TCPHS_REASON_TIMEOUT;
		return TCPHS_EV_REQUEST_EXPIRED;
	}
	/* tcp_check_req() or tcp_req_err() had a cause, or MPTCP; else it was tcp_abort(). */
	*reason = conn->hint ?: rsk_drop_req(req) ? TCPHS_REASON_BAD_SEGMENT :
						    TCPHS_REASON_KILLED;
	return TCPHS_EV_REQUEST_RESET;
}

/*
 * Does a request end because something else goes on for it? A copy at another listener,
 * or the child of a subflow of MPTCP that joined, which nobody has to accept; where
 * that was refused, the end of the child came before (tcphs_mptcp_refused()).
 */
static bool lives_on(struct tcphs_section *s, const struct request_sock *req)
{
	if (likely(!(s->conn->marks & TCPHS_C_JOINED)))
		return tcphs_move_done(s, req);
	s->conn->marks |= TCPHS_C_CHILD;
	tcphs_conn_set_listener(s, NULL);
	return true;
}

/*
 * The same SYN came on two CPUs at once, and the other one's is the request that counts.
 * Nothing answers, and nothing says which connection it is.
 */
static void syn_twice(struct request_sock *req)
{
	struct tcphs_net *tn = tcphs_net(sock_net(req->rsk_listener));
	struct tcphs_who id = { };
	struct tcphs_event *ev;
	unsigned long irqflags;

	tcphs_who_from_req(&id, req);
	id.role = TCPHS_ROLE_PASSIVE;
	id.peer_isn = tcp_rsk(req)->rcv_isn;
	id.flags |= TCPHS_F_PEER_ISN;
	local_irq_save(irqflags);
	ev = tcphs_event_begin(tn, &id,
			       tcphs_share_lane(tcphs_share_of(tn, req->rsk_listener), id.local_port),
			       tcphs_now(), TCPHS_EV_SYN_DUPLICATE);
	ev->old_state = TCPHS_STATE_LISTEN;
	ev->new_state = TCPHS_STATE_LISTEN;
	ev->seq = id.peer_isn;
	ev->flags |= TCPHS_F_SEQ;
	tcphs_event_commit(tn);
	local_irq_restore(irqflags);
}

/*
 * A request that never came into the SYN queue and sent no cookie: its SYN was
 * dropped. The kernel's rule is repeated as in tcp_conn_request(); the other
 * causes are no route back, a security module, no memory.
 */
static void unborn_end(struct request_sock *req)
{
	const struct sock *sk = req->rsk_listener;
	struct tcphs_who id = { };
	const struct net *net;
	u8 reason = TCPHS_REASON_OTHER;
	int limit;

	/* Without a listener it carried a cookie, and nobody knows whose it was. */
	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return;
	net = sock_net(sk);
	limit = READ_ONCE(net->ipv4.sysctl_max_syn_backlog);
	if (!READ_ONCE(net->ipv4.sysctl_tcp_syncookies) &&
	    limit - inet_csk_reqsk_queue_len(sk) < limit >> 2)
		reason = TCPHS_REASON_SYN_BACKLOG;
	tcphs_who_from_req(&id, req);
	id.peer_isn = tcp_rsk(req)->rcv_isn;
	tcphs_drop_syn(sk, &id, reason);
}

static noinline void childless_end(struct request_sock *req)
{
	u64 cookie = tcphs_cookie(req_to_sk(req));
	struct tcphs_section *s;
	struct tcphs_event *ev;
	u8 type, reason;
	bool twice;

	tcphs_drop_settle();
	if (!cookie) {
		unborn_end(req);
		return;
	}

	s = tcphs_conn_enter(cookie);
	/* It was to go to the SYN queue, and nothing answered it. */
	twice = !s->conn && req->rsk_listener && !tcp_rsk(req)->snt_synack;
	if (s->conn && s->conn->state == TCPHS_STATE_SYN_RECV &&
	    !(s->conn->marks & TCPHS_C_CHILD) && !lives_on(s, req)) {
		type = request_end(s->conn, req, &reason);
		ev = tcphs_step(s, type, TCPHS_STATE_CLOSE);
		ev->reason = reason;
		tcphs_icmp_put(ev, s->conn);
		tcphs_step_since(s, ev, s->conn->born);
		tcphs_failure_count(s->conn->tn, reason);
		tcphs_step_done(s);
		tcphs_conn_remove(s);
	}
	tcphs_conn_leave(s);
	if (unlikely(twice))
		syn_twice(req);
}

/*
 * tcp_v4_reqsk_destructor(), tcp_v6_reqsk_destructor(): a request ends, once for
 * every request there is. Softirq or process; nobody else holds it.
 */
static void on_request_end(struct tcphs_regs *regs)
{
	struct request_sock *req = tcphs_argument(regs, 0);

	if (unlikely(!req->sk))
		childless_end(req);
}

struct tcphs_hook tcphs_hooks_request[] = {
	TCPHS_ENTRY("inet_csk_reqsk_queue_hash_add", on_request, true,
		    "SYNs that were dropped, told from requests"),
	TCPHS_ENTRY("tcp_v4_reqsk_destructor", on_request_end, true, "requests that fail, IPv4"),
	TCPHS_ENTRY_IPV6("tcp_v6_reqsk_destructor", on_request_end, false,
			 "requests that fail, IPv6")
	TCPHS_ENTRY("tcp_conn_request", on_syn, false, TCPHS_SHOWS_SYN,
		    .refused = TCPHS_SOFTIRQS_INTERLEAVE,
		    .with = "inet_csk_reqsk_queue_hash_add"),
	TCPHS_ENTRY("tcp_make_synack", on_synack, true, "requests in the SYN queue, SYN cookies sent",
		    .with = "inet_csk_reqsk_queue_hash_add"),
	TCPHS_ENTRY_SYN_COOKIES("tcp_get_cookie_sock", on_cookie, false,
				"SYN cookies that come back")
	TCPHS_ENTRY("tcp_check_req", on_request_segment, false,
		    "why requests end, repeated SYNs, deferred ACKs" TCPHS_SHOWS_THIRD_ACK,
		    .with = "inet_csk_complete_hashdance"),
	TCPHS_ENTRY("tcp_req_err", on_request_error, false, "requests that ICMP errors end"),
	{ }
};

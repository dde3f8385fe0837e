// SPDX-License-Identifier: GPL-2.0
/*
 * Segments of the handshake and the close that are sent again: RFC 9293,
 * section 3.8.1. Data are not the subject of tcphs.
 */
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include "attach/hook.h"
#include "compat/trace.h"
#include "probe/probe.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/step.h"

/* The record of a resend; the caller adds its numbers and is done. */
static struct tcphs_event *resent(struct tcphs_section *s, u8 type, u32 number, u64 since)
{
	struct tcphs_event *ev = tcphs_step(s, type, s->conn->state);

	ev->resend.number = number;
	ev->flags |= TCPHS_F_RESEND;
	tcphs_step_since(s, ev, since);
	return ev;
}

static u32 count_resend(struct tcphs_conn *conn)
{
	if (conn->resends < U8_MAX)
		conn->resends++;
	return conn->resends;
}

static void syn_resent(struct tcphs_section *s)
{
	struct tcphs_conn *conn = s->conn;
	bool answers = conn->state == TCPHS_STATE_SYN_RECV;
	struct tcphs_event *ev;

	/* In SYN_RECEIVED a socket of connect() repeats its SYN+ACK. */
	ev = resent(s, answers ? TCPHS_EV_SYNACK_RETRANSMIT : TCPHS_EV_SYN_RETRANSMIT,
		    count_resend(conn), conn->born);
	if (conn->id.flags & TCPHS_F_ISN) {
		ev->seq = conn->id.isn;
		ev->flags |= TCPHS_F_SEQ;
	}
	tcphs_step_done(s);
}

static void fin_resent(struct tcphs_section *s, const struct sock *sk, const struct sk_buff *skb)
{
	struct tcphs_event *ev = resent(s, TCPHS_EV_FIN_RETRANSMIT, count_resend(s->conn),
					s->conn->mark);

	tcphs_step_numbers(ev, TCP_SKB_CB(skb)->end_seq - 1, tcp_sk(sk)->rcv_nxt);
	tcphs_step_done(s);
}

/*
 * Of a socket, after the segment was handed on; its state is not yet another.
 * Softirq or process, socket locked.
 */
static void on_retransmit(TCPHS_RETRANSMIT_ARGS)
{
	u32 flags = TCP_SKB_CB(skb)->tcp_flags;
	struct tcphs_section *s;

	tcphs_hook_hit(data);
	if (likely(!(flags & (TCPHDR_SYN | TCPHDR_FIN))) || TCPHS_RETRANSMIT_FAILED)
		return;
	s = tcphs_conn_enter(tcphs_cookie(sk));
	if (tcphs_conn_of_socket(s)) {
		if (flags & TCPHDR_SYN)
			syn_resent(s);
		else
			fin_resent(s, sk, skb);
	}
	tcphs_conn_leave(s);
}

/*
 * Of a request, by its timer or for a repeated SYN; the count goes up after it.
 * With Fast Open @sk is the child, and it is the child's story.
 * Softirq; neither listener nor request locked.
 */
static void on_retransmit_synack(void *data, const struct sock *sk, const struct request_sock *req)
{
	u64 cookie = tcphs_cookie(sk->sk_state == TCP_LISTEN ?
				  req_to_sk((struct request_sock *)req) : sk);
	struct tcphs_section *s;
	struct tcphs_event *ev;

	tcphs_hook_hit(data);
	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	s = tcphs_conn_enter(cookie);
	if (s->conn) {
		/* A RST for the request was not taken (PAWS), for it is there. */
		if (!(s->conn->marks & TCPHS_C_CHILD))
			s->conn->marks &= ~TCPHS_C_RST_RECEIVED;
		ev = resent(s, TCPHS_EV_SYNACK_RETRANSMIT, req->num_retrans + 1, s->conn->born);
		tcphs_step_numbers(ev, tcp_rsk(req)->snt_isn, tcp_rsk(req)->rcv_isn + 1);
		tcphs_step_done(s);
	}
	tcphs_conn_leave(s);
}

static void __always_unused prototypes(void)
{
	check_trace_callback_type_tcp_retransmit_skb(on_retransmit);
	check_trace_callback_type_tcp_retransmit_synack(on_retransmit_synack);
}

struct tcphs_hook tcphs_hooks_resend[] = {
	TCPHS_TRACEPOINT(tcp_retransmit_skb, on_retransmit, false, "SYNs and FINs sent again"),
	TCPHS_TRACEPOINT(tcp_retransmit_synack, on_retransmit_synack, false,
			 "SYN+ACKs sent again"),
	{ }
};

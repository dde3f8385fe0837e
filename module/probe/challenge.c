// SPDX-License-Identifier: GPL-2.0
/*
 * SYNs for connections that are there: RFC 9293, section 3.10.7.4, and RFC 5961,
 * section 4. A machine that was restarted, or whose ports come round too fast, dials
 * from a port of which this end still has the old connection. The kernel answers by an
 * ACK, or not at all when it has sent one not long ago; the answer makes the peer
 * reset what is old, if it gets through.
 *
 * What is hooked is called for such segments alone, and for those out of window.
 */
#include <linux/percpu.h>
#include <linux/sched.h>
#include <net/tcp.h>
#include "attach/hook.h"
#include "compat/challenge.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "probe/probe.h"
#include "store/clock.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/step.h"

/* A SYN and no SYN+ACK, which comes again when its ACK was lost. */
static bool is_syn(const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	return th->syn && !th->ack && !th->rst;
}

/* Will the kernel answer? As __tcp_oow_rate_limited() decides. */
static u8 answer(const struct net *net, u32 last)
{
	s32 elapsed = (s32)(tcp_jiffies32 - last);

	return last && elapsed >= 0 &&
	       elapsed < READ_ONCE(net->ipv4.sysctl_tcp_invalid_ratelimit) ?
	       TCPHS_REASON_RATE_LIMITED : TCPHS_REASON_CHALLENGE_ACK;
}

/* It may come late, or twice. The ISN is not known if the connection is adopted. */
static bool is_own_syn(const struct tcphs_conn *conn, u32 seq)
{
	return conn->id.flags & TCPHS_F_PEER_ISN && seq == conn->id.peer_isn;
}

/**
 * tcphs_challenge_record() - a SYN met a connection that is there
 * @s: section with its entry, timed
 * @skb: the SYN
 * @reason: enum tcphs_reason: what answered it; NONE: what is recorded next
 *
 * Context: inside a section.
 */
void tcphs_challenge_record(struct tcphs_section *s, const struct sk_buff *skb, u8 reason)
{
	u32 seq = TCP_SKB_CB(skb)->seq;
	bool own = is_own_syn(s->conn, seq);
	struct tcphs_event *ev;

	/* A simultaneous open that is not over: which SYN is the peer's is not known yet. */
	if (s->conn->state == TCPHS_STATE_SYN_RECV && !(s->conn->id.flags & TCPHS_F_PEER_ISN))
		return;
	ev = tcphs_step(s, own ? TCPHS_EV_SYN_DUPLICATE : TCPHS_EV_SYN_UNEXPECTED,
			s->conn->state);
	ev->reason = reason;
	ev->seq = seq;
	ev->flags |= TCPHS_F_SEQ;
	if (own)
		tcphs_step_since(s, ev, s->conn->born);
	tcphs_step_done(s);
}

/*
 * What tcp_send_challenge_ack() is called for is left for the next hook alone. Nobody
 * comes between in a softirq; a process that works off its backlog may be interrupted
 * by one, which has a place of its own, or leave its CPU there and then: such a SYN is
 * not recorded.
 */
struct challenge {
	const struct task_struct *task;	/* NULL: nothing */
	const struct sock *sk;		/* good as long as the table has it */
	u64 cookie;
	u32 segs_out;			/* before the answer */
};

static DEFINE_PER_CPU(struct challenge, challenges[2]);

static struct challenge *here(void)
{
	return this_cpu_ptr(&challenges[!!in_serving_softirq()]);
}

/*
 * tcp_send_challenge_ack(): a RST or a SYN is to be answered, if not too many were of
 * late. Softirq or process, socket locked.
 */
static void __maybe_unused on_challenge(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	unsigned long irqflags;

	local_irq_save(irqflags);
	*here() = (struct challenge){
		.task = current, .sk = sk, .cookie = tcphs_cookie_make(sk),
		.segs_out = tcp_sk(sk)->segs_out,
	};
	local_irq_restore(irqflags);
}

/* Is the entry that of the socket which got @skb? Then the socket is there, too. */
static bool is_receiver(const struct tcphs_conn *conn, const struct sk_buff *skb)
{
	return conn && !(conn->id.flags & TCPHS_F_BUCKET) &&
	       conn->id.local_port == ntohs(tcp_hdr(skb)->dest) &&
	       conn->id.peer_port == ntohs(tcp_hdr(skb)->source);
}

/**
 * tcphs_challenge_dropped() - a SYN that was challenged is dropped, or looks like it
 * @skb: the segment
 *
 * Context: any but NMI.
 */
void tcphs_challenge_dropped(const struct sk_buff *skb)
{
	struct challenge challenge;
	unsigned long irqflags;
	struct tcphs_section *s;
	u8 answered;

	if (!is_syn(skb))
		return;
	local_irq_save(irqflags);
	challenge = *here();
	here()->task = NULL;
	local_irq_restore(irqflags);
	if (challenge.task != current)
		return;
	s = tcphs_conn_enter(challenge.cookie);
	if (is_receiver(s->conn, skb)) {
		answered = tcp_sk(challenge.sk)->segs_out == challenge.segs_out ?
			   TCPHS_REASON_RATE_LIMITED : TCPHS_REASON_CHALLENGE_ACK;
		tcphs_challenge_record(s, skb, answered);
	}
	tcphs_conn_leave(s);
}

static void syn_for_socket(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section *s;

	s = tcphs_conn_enter(tcphs_cookie_make(sk));
	if (tcphs_conn_of_socket(s))
		tcphs_challenge_record(s, skb, answer(sock_net(sk), tp->last_oow_ack_time));
	tcphs_conn_leave(s);
}

/*
 * tcp_validate_incoming(): a segment that is not on the fast path. Softirq or process,
 * socket locked.
 */
static void __maybe_unused on_segment(struct tcphs_regs *regs)
{
	const struct sk_buff *skb = tcphs_argument(regs, 1);

	if (unlikely(is_syn(skb)))
		syn_for_socket(tcphs_argument(regs, 0), skb);
}

/* The bucket stays. */
static void syn_for_bucket(const struct inet_timewait_sock *tw, const struct sk_buff *skb,
			   u8 reason)
{
	struct tcphs_section *s;

	s = tcphs_time_wait_enter_untimed(tw);
	if (s->conn && s->conn->id.flags & TCPHS_F_BUCKET) {
		s->now = tcphs_now();
		s->conn->hint = TCPHS_REASON_NONE;
		tcphs_challenge_record(s, skb, reason);
	}
	tcphs_conn_leave(s);
}

/*
 * tcp_v4_send_ack(), tcp_v6_send_response(): a bucket or a request answers @skb, or, of
 * the latter, a RST does. So TIME_WAIT answers a SYN that is too old, and one for which
 * nobody listens any more. Softirq; a bucket or request is held, if there is one.
 */
static void on_bucket_ack(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	const struct sk_buff *skb = tcphs_argument(regs, 1);
	const struct tcp_timewait_sock *tcptw;

	if (likely(!is_syn(skb)) || !sk || sk->sk_state != TCP_TIME_WAIT)
		return;
	tcptw = tcp_twsk(sk);
	/* In the window of FIN_WAIT2 it is a RST; see reset_segment(). */
	if (READ_ONCE(tcptw->tw_sk.tw_substate) == TCP_FIN_WAIT2 &&
	    !before(TCP_SKB_CB(skb)->seq, READ_ONCE(tcptw->tw_rcv_nxt)))
		return;
	syn_for_bucket(&tcptw->tw_sk, skb, TCPHS_REASON_CHALLENGE_ACK);
}

static void syn_unanswered(const struct tcp_timewait_sock *tcptw, const struct sk_buff *skb)
{
	u32 last = READ_ONCE(tcptw->tw_last_oow_ack_time);

	if (answer(twsk_net(&tcptw->tw_sk), last) == TCPHS_REASON_RATE_LIMITED)
		syn_for_bucket(&tcptw->tw_sk, skb, TCPHS_REASON_RATE_LIMITED);
}

/* The SYN that made the request is recorded when tcp_check_req() gets it. */
static void syn_for_request(const struct tcp_request_sock *treq, const struct sk_buff *skb)
{
	struct request_sock *req = (struct request_sock *)treq;
	struct tcphs_section *s;

	if (TCP_SKB_CB(skb)->seq == treq->rcv_isn)
		return;
	s = tcphs_conn_enter(tcphs_cookie(req_to_sk(req)));
	if (s->conn) {
		s->conn->hint = TCPHS_REASON_NONE;
		tcphs_challenge_record(s, skb, answer(read_pnet(&treq->req.ireq_net),
						      READ_ONCE(treq->last_oow_ack_time)));
	}
	tcphs_conn_leave(s);
}

/*
 * tcp_oow_rate_limited(): a segment out of window is to be answered by an ACK, if none
 * was sent of late. Whose it is, is known by what the ACK would be counted as. Softirq
 * or process; a socket is locked, a bucket or request is held.
 */
static void on_out_of_window(struct tcphs_regs *regs)
{
	const struct sk_buff *skb = tcphs_argument(regs, 1);
	int mib = (unsigned long)tcphs_argument(regs, 2);
	u32 *last = tcphs_argument(regs, 3);

	if (likely(!is_syn(skb)))
		return;
	if (mib == LINUX_MIB_TCPACKSKIPPEDTIMEWAIT || mib == LINUX_MIB_TCPACKSKIPPEDFINWAIT2)
		syn_unanswered(container_of(last, struct tcp_timewait_sock, tw_last_oow_ack_time),
			       skb);
	else if (mib == LINUX_MIB_TCPACKSKIPPEDSYNRECV)
		syn_for_request(container_of(last, struct tcp_request_sock, last_oow_ack_time),
				skb);
	else if (mib == LINUX_MIB_TCPACKSKIPPEDPAWS && !TCPHS_SEGMENTS_SEEN)
		syn_for_socket((struct sock *)container_of(last, struct tcp_sock,
							   last_oow_ack_time), skb);
}

struct tcphs_hook tcphs_hooks_challenge[] = {
	TCPHS_ENTRY_CHALLENGE(on_challenge)
	TCPHS_ENTRY_SEGMENT(on_segment)
	TCPHS_ENTRY("tcp_oow_rate_limited", on_out_of_window, false,
		    "SYNs for connections that are there, not answered"),
	TCPHS_ENTRY("tcp_v4_send_ack", on_bucket_ack, false, "SYNs that TIME_WAIT refuses, IPv4"),
	TCPHS_ENTRY_IPV6("tcp_v6_send_response", on_bucket_ack, false,
			 "SYNs that TIME_WAIT refuses, IPv6")
	{ }
};

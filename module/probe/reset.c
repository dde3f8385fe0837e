// SPDX-License-Identifier: GPL-2.0
/* RSTs, sent and received, and why: RFC 9293, sections 3.5.2, 3.5.3 and 3.10.7. */
#include <linux/types.h>
#include <net/sock_reuseport.h>
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/reset.h"
#include "compat/sock.h"
#include "probe/adopt.h"
#include "probe/drop.h"
#include "probe/probe.h"
#include "store/clock.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/share.h"
#include "table/step.h"
#include "table/who.h"

/* The numbers of the RST that answers @skb: RFC 9293, section 3.5.2. */
static void put_reset_numbers(struct tcphs_event *ev, const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	if (th->ack) {
		ev->seq = ntohl(th->ack_seq);
		ev->flags |= TCPHS_F_SEQ;
	} else {
		tcphs_step_numbers(ev, 0, TCP_SKB_CB(skb)->end_seq);
	}
}

/* Data for a socket that nobody will read any more is answered by RST. */
static void data_after_close(struct tcphs_section *s, const struct sk_buff *skb)
{
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_RST_SENT, TCPHS_STATE_CLOSE);

	ev->reason = TCPHS_REASON_DATA_AFTER_CLOSE;
	put_reset_numbers(ev, skb);
	tcphs_step_since(s, ev, s->conn->since);
	tcphs_step_done(s);
	s->conn->marks |= TCPHS_C_RST_SENT;
	s->conn->hint = TCPHS_REASON_DATA_AFTER_CLOSE;
}

/* A RST in these states ends what the handshake began. */
static bool is_synchronised(u8 state)
{
	return state == TCPHS_STATE_ESTABLISHED || state == TCPHS_STATE_FIN_WAIT1 ||
	       state == TCPHS_STATE_FIN_WAIT2 || state == TCPHS_STATE_CLOSE_WAIT ||
	       state == TCPHS_STATE_CLOSING || state == TCPHS_STATE_LAST_ACK;
}

/*
 * tcp_reset(): a RST is valid, or (tcp_rcv_state_process()) the socket breaks the
 * connection itself; its RST then follows from tcp_v4_send_reset(). Softirq or
 * process, socket locked; its state is still the old one.
 */
static void on_reset(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	const struct sk_buff *skb = tcphs_reset_segment(regs);
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	s = tcphs_adopt_enter(sk, sk->sk_state);
	conn = s->conn;
	if (skb && !tcp_hdr(skb)->rst) {
		data_after_close(s, skb);
		goto out;
	}
	conn->marks |= TCPHS_C_RST_RECEIVED;
	ev = tcphs_step(s, TCPHS_EV_RST_RECEIVED, TCPHS_STATE_CLOSE);
	if (skb && tcp_hdr(skb)->ack) {
		tcphs_step_numbers(ev, TCP_SKB_CB(skb)->seq, TCP_SKB_CB(skb)->ack_seq);
	} else if (skb) {
		ev->seq = TCP_SKB_CB(skb)->seq;
		ev->flags |= TCPHS_F_SEQ;
	}
	tcphs_step_since(s, ev, conn->since);
	if (is_synchronised(ev->old_state))
		tcphs_idle_put(ev, conn, sk, skb);
	tcphs_step_done(s);
out:
	tcphs_conn_leave(s);
}

/*
 * Timers run in softirq. The one that sends again may have met an orphan while close() was
 * not done with it, and is made up for then (tcp_release_cb()); it has taken its timer off.
 * tcp_abort() finds one for whatever is under way, or nothing to send.
 */
static bool is_timer(const struct sock *sk)
{
	return in_serving_softirq() || (sock_flag(sk, SOCK_DEAD) && tcphs_end_is_sending(sk) &&
					!READ_ONCE(inet_csk(sk)->icsk_pending));
}

/*
 * Why a timer resets: an orphan in FIN_WAIT2 waited long enough, keepalive or the
 * user timeout is over, for which nothing may be under way or queued; or that is so, and
 * there are too many orphans (tcp_out_of_resources()).
 */
static u8 timer_reset_reason(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DEAD) && tcphs_end_is_sending(sk) ? TCPHS_REASON_NO_MEMORY :
							    TCPHS_REASON_TIMEOUT;
}

/*
 * Why tcp_send_active_reset() was called, as far as it shows: timers come in
 * softirq; __tcp_close(), tcp_disconnect(), inet_csk_listen_stop() and
 * tcp_check_oom() have set CLOSE before.
 */
static u8 active_reset_reason(const struct tcphs_conn *conn, const struct sock *sk)
{
	if (sk->sk_state != TCP_CLOSE) {
		if (is_timer(sk))
			return timer_reset_reason(sk);
		/* MPTCP resets its subflows like that, too (mptcp_do_fastclose()). */
		return sk_is_mptcp(sk) ? TCPHS_REASON_NONE : TCPHS_REASON_KILLED;
	}
	if (conn->marks & TCPHS_C_QUEUED)
		return TCPHS_REASON_LISTENER_CLOSED;
	if (sock_flag(sk, SOCK_DEAD))
		return conn->old_state == TCPHS_STATE_FIN_WAIT2 && tcp_sk(sk)->linger2 < 0 ?
		       TCPHS_REASON_LINGER : TCPHS_REASON_NO_MEMORY;
	return conn->hint;
}

/*
 * tcp_send_active_reset(): this end breaks the connection. Process or softirq,
 * socket locked.
 */
static void on_active_reset(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	u8 old_state, reason;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	s = tcphs_adopt_enter(sk, sk->sk_state);
	conn = s->conn;
	old_state = conn->marks & TCPHS_C_OPEN_END ? conn->old_state : conn->state;
	ev = tcphs_step(s, TCPHS_EV_RST_SENT, TCPHS_STATE_CLOSE);
	ev->old_state = old_state;
	reason = active_reset_reason(conn, sk);
	ev->reason = reason;
	tcphs_step_numbers(ev, tp->snd_nxt, tp->rcv_nxt);
	tcphs_step_since(s, ev, conn->marks & TCPHS_C_OPEN_END ? conn->mark : conn->since);
	if (is_synchronised(old_state))
		tcphs_idle_put(ev, conn, sk, NULL);
	tcphs_step_done(s);
	conn->marks |= TCPHS_C_RST_SENT;
	conn->hint = reason;
	if (conn->marks & TCPHS_C_OPEN_END)
		tcphs_end_record(s, old_state, reason);
	tcphs_conn_leave(s);
}

/* Why a listener answers @skb by RST. */
static u8 listener_reset_reason(const struct sock *sk, const struct sk_buff *skb)
{
	const struct net *net = sock_net(sk);
	const struct tcphdr *th = tcp_hdr(skb);

	if (!th->ack || th->syn)
		return TCPHS_REASON_BAD_SEGMENT;
	if (sk_acceptq_is_full(sk) && READ_ONCE(net->ipv4.sysctl_tcp_abort_on_overflow))
		return TCPHS_REASON_ACCEPT_QUEUE_FULL;
	/* cookie_v4_check() tried the ACK only if a cookie was sent not long ago. */
	return READ_ONCE(net->ipv4.sysctl_tcp_syncookies) && !tcphs_no_cookie_lately(sk) ?
	       TCPHS_REASON_BAD_COOKIE : TCPHS_REASON_BAD_SEGMENT;
}

/* A segment that no connection of ours wants is answered by RST. */
static void reset_stranger(const struct sock *sk, const struct sk_buff *skb)
{
	/* skb->dev is no longer set when a listener gets its segment (tcp_v4_rcv()). */
	struct net *net = sk ? sock_net(sk) : dev_net(skb_dst(skb)->dev);
	struct tcphs_net *tn = tcphs_net(net);
	u8 state = sk ? TCPHS_STATE_LISTEN : TCPHS_STATE_CLOSE;
	struct tcphs_who id = { };
	struct tcphs_event *ev;
	unsigned long irqflags;
	unsigned int lane;

	tcphs_who_from_skb(&id, skb);
	local_irq_save(irqflags);
	/* Ports that are closed are the strangers' choice, and there are many. */
	lane = sk || tn->share ? tcphs_share_lane(tcphs_share_of(tn, sk), id.local_port) :
				 TCPHS_LANE_STRANGERS;
	ev = tcphs_event_begin(tn, &id, lane, tcphs_now(), TCPHS_EV_RST_SENT);
	ev->old_state = state;
	ev->new_state = state;
	ev->reason = sk ? listener_reset_reason(sk, skb) : TCPHS_REASON_NO_SOCKET;
	if (ev->reason == TCPHS_REASON_BAD_COOKIE)
		tcphs_failure_count(tn, TCPHS_REASON_BAD_COOKIE);
	put_reset_numbers(ev, skb);
	tcphs_event_commit(tn);
	local_irq_restore(irqflags);
}

/*
 * In SYN_SENT: an ACK of what this connection did not send, as the peer sends it that
 * has an older one from these ports (tcp_rcv_synsent_state_process()).
 */
static bool is_old_ack(const struct sock *sk, const struct sk_buff *skb)
{
	u32 ack = TCP_SKB_CB(skb)->ack_seq;

	return sk->sk_state == TCP_SYN_SENT && tcp_hdr(skb)->ack &&
	       (!after(ack, tcp_sk(sk)->snd_una) || after(ack, tcp_sk(sk)->snd_nxt));
}

static u8 segment_reset_reason(const struct sock *sk, const struct sk_buff *skb)
{
	return is_old_ack(sk, skb) ? TCPHS_REASON_OLD_ACK : TCPHS_REASON_BAD_SEGMENT;
}

/* A SYN in the window of FIN_WAIT2 ends it; TIME_WAIT gives way or stays. */
static bool is_syn_for_bucket(const struct tcphs_conn *conn, const struct sk_buff *skb)
{
	return conn->id.flags & TCPHS_F_BUCKET && tcp_hdr(skb)->syn && !tcp_hdr(skb)->ack;
}

static struct tcphs_section *enter_receiver(const struct sock *sk)
{
	struct tcphs_section *s;

	if (sk->sk_state != TCP_TIME_WAIT) {
		s = tcphs_conn_enter(tcphs_cookie(sk));
		tcphs_conn_drop_older(s);
		return s;
	}
	return tcphs_time_wait_enter(inet_twsk(sk));
}

/* A segment that does not fit its connection is answered by RST. */
static void reset_segment(const struct sock *sk, const struct sk_buff *skb)
{
	bool late, gone, hidden = tcphs_reset_was_hidden(sk);
	struct tcphs_section *s = enter_receiver(sk);
	struct tcphs_event *ev;

	gone = hidden && !s->conn;
	if (gone)
		tcphs_adopt(s, sk, TCPHS_STATE_CLOSE);
	late = s->conn && s->conn->hint == TCPHS_REASON_DATA_AFTER_CLOSE;
	/* Of a socket data_after_close() has recorded it, of a bucket nobody. */
	if (s->conn && (!late || s->conn->id.flags & TCPHS_F_BUCKET)) {
		if (is_syn_for_bucket(s->conn, skb))
			tcphs_challenge_record(s, skb, TCPHS_REASON_NONE);
		ev = tcphs_step(s, TCPHS_EV_RST_SENT, s->conn->state);
		ev->reason = late || hidden ? TCPHS_REASON_DATA_AFTER_CLOSE :
					      segment_reset_reason(sk, skb);
		put_reset_numbers(ev, skb);
		tcphs_step_done(s);
		s->conn->marks |= TCPHS_C_RST_SENT;
	}
	if (gone)
		tcphs_conn_remove(s);
	tcphs_conn_leave(s);
}

static void passive_reset(const struct sock *sk, const struct sk_buff *skb)
{
	/* It may be the answer to a third ACK that was dropped. */
	tcphs_drop_settle();
	if (!sk || sk->sk_state == TCP_LISTEN)
		reset_stranger(sk, skb);
	else
		reset_segment(sk, skb);
}

/*
 * tcp_send_reset: a RST is about to answer @skb. @sk may be NULL, a listener, a
 * TIME_WAIT bucket, or any socket; without @skb it is that of on_active_reset(). Softirq
 * or, from the backlog, process.
 */
static void __maybe_unused on_reset_sent(TCPHS_SEND_RESET_ARGS)
{
	tcphs_hook_hit(data);
	if (skb)
		passive_reset(sk, skb);
}

/* tcp_v4_send_reset(), tcp_v6_send_reset(): the same, if they come to it. */
static void __maybe_unused on_reset_v4(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	struct sk_buff *skb = tcphs_argument(regs, 1);

	if (tcp_hdr(skb)->rst || (!sk && skb_rtable(skb)->rt_type != RTN_LOCAL) ||
	    tcphs_reset_withheld(sk, skb, false))
		return;
	passive_reset(sk, skb);
}

static void __maybe_unused on_reset_v6(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	struct sk_buff *skb = tcphs_argument(regs, 1);

	if (tcp_hdr(skb)->rst || (!sk && !ipv6_unicast_destination(skb)) ||
	    tcphs_reset_withheld(sk, skb, true))
		return;
	passive_reset(sk, skb);
}

static void __always_unused prototypes(void)
{
	check_trace_callback_type_tcp_send_reset(on_reset_sent);
}

struct tcphs_hook tcphs_hooks_reset[] = {
	TCPHS_ENTRY("tcp_reset", on_reset, false, "RSTs received"),
	TCPHS_ENTRY("tcp_send_active_reset", on_active_reset, false, "RSTs that break connections"),
	TCPHS_TRACEPOINT_RESET(on_reset_sent)
	TCPHS_ENTRY_RESET_V4(on_reset_v4)
	TCPHS_ENTRY_RESET_V6(on_reset_v6)
	{ }
};

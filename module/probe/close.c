// SPDX-License-Identifier: GPL-2.0
/*
 * From the first FIN or RST to the end of TIME_WAIT: RFC 9293, sections 3.6 and
 * 3.10.7.4.
 *
 * FINs are told by the state changes they cause, so a FIN costs no hook of its
 * own. Linux changes state when it queues the FIN, before it is on the wire.
 */
#include <linux/types.h>
#include <net/mptcp.h>
#include <net/sock_reuseport.h>
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/reset.h"
#include "compat/sock.h"
#include "probe/drop.h"
#include "probe/probe.h"
#include "store/clock.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/netns.h"
#include "table/step.h"
#include "table/who.h"

/* Opens a section; a connection that is not in the table is adopted. */
static struct tcphs_conn *enter(struct tcphs_section *s, const struct sock *sk, u8 state)
{
	tcphs_conn_enter(s, tcphs_cookie_make(sk));
	return s->conn ?: tcphs_adopt(s, sk, state);
}

/* Bytes that this end has sent or wants to send. */
static u64 sent_total(const struct tcp_sock *tp)
{
	return tp->bytes_acked + (tp->write_seq - tp->snd_una);
}

/* Resends apart. */
static u32 segments_sent(const struct tcp_sock *tp)
{
	return tp->segs_out - tp->total_retrans;
}

/*
 * Our FIN may have had to wait for the peer's window, or for data before it, and the
 * ACK of the peer's did not: then it was not the only segment since.
 */
static void count_segments(struct tcphs_conn *conn, const struct tcp_sock *tp)
{
	if (conn->life.segments == 3 && (s32)(segments_sent(tp) - conn->data) > 1)
		conn->life.segments = 4;
}

/*
 * The second FIN, of number @seq, ends the half-close. Numbers are exact and wrap;
 * @total does not, but SYN and FIN may be counted in it.
 */
static void put_half(struct tcphs_event *ev, const struct tcphs_conn *conn, u32 seq, u64 total)
{
	u64 bytes = total - conn->half_total;

	/* Adopted after the first FIN, nobody knows where it was. */
	if (!(conn->marks & TCPHS_C_HALF))
		return;
	ev->half.bytes = bytes + (s32)(seq - conn->half_seq - (u32)bytes);
	ev->flags |= TCPHS_F_HALF;
}

/* The first FIN of a connection ends a time without payload. */
static void put_idle(struct tcphs_event *ev, const struct sock *sk)
{
	u32 now = tcp_jiffies32;

	ev->idle.sent = (u64)(now - tcp_sk(sk)->lsndtime) * TICK_NSEC;
	ev->idle.received = (u64)(now - inet_csk(sk)->icsk_ack.lrcvtime) * TICK_NSEC;
	ev->flags |= TCPHS_F_IDLE;
}

/**
 * tcphs_close_fin_sent() - this end has nothing more to send
 * @sk: going to FIN_WAIT1 or LAST_ACK
 * @old_state: enum tcphs_state
 * @new_state: enum tcphs_state
 *
 * Context: process or softirq, @sk locked.
 */
void tcphs_close_fin_sent(const struct sock *sk, u8 old_state, u8 new_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section s;
	struct tcphs_conn *conn = enter(&s, sk, old_state);
	struct tcphs_event *ev;

	conn->mark = s.now;
	conn->resends = 0;
	ev = tcphs_step(&s, TCPHS_EV_FIN_SENT, new_state);
	tcphs_step_numbers(ev, tp->write_seq, tp->rcv_nxt);
	tcphs_step_since(&s, ev, conn->since);
	if (new_state == TCPHS_STATE_LAST_ACK) {
		put_half(ev, conn, tp->write_seq, sent_total(tp));
		/* Has the peer's FIN had its ACK before (__tcp_select_window())? */
		conn->life.segments = tp->rcv_wup == tp->rcv_nxt ? 4 : 3;
		conn->data = segments_sent(tp);
		conn->life.closer = TCPHS_CLOSER_PEER;
	} else {
		put_idle(ev, sk);
		conn->half_seq = tp->rcv_nxt;
		conn->half_total = tp->bytes_received;
		conn->marks |= TCPHS_C_HALF;
		conn->life.closer = TCPHS_CLOSER_LOCAL;
	}
	conn->marks |= TCPHS_C_FIN_SENT;
	tcphs_step_done(&s);
	tcphs_conn_move(&s, new_state);
	/* Whoever closes it must have got it. MPTCP hands out a socket of its own. */
	if (unlikely(conn->marks & TCPHS_C_QUEUED && !sk_is_mptcp(sk)))
		tcphs_proof_deaf("security_sock_graft", s.cookie, conn->born);
	tcphs_conn_leave(&s);
}

/* @first: the socket, if its FIN is the first; a bucket never gets that */
static void fin_received(struct tcphs_section *s, u32 seq, u32 ack, u8 new_state,
			 const struct sock *first)
{
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_FIN_RECEIVED, new_state);

	tcphs_step_numbers(ev, seq, ack);
	tcphs_step_since(s, ev, s->conn->since);
	if (s->conn->state == TCPHS_STATE_FIN_WAIT2)
		put_half(ev, s->conn, seq, s->conn->life.bytes_received);
	else if (first)
		put_idle(ev, first);
	tcphs_step_done(s);
	s->conn->marks |= TCPHS_C_FIN_RECEIVED;
}

/**
 * tcphs_close_fin_received() - the peer has nothing more to send
 * @sk: going to CLOSE_WAIT or CLOSING
 * @old_state: enum tcphs_state
 * @new_state: enum tcphs_state
 *
 * Context: softirq or process, @sk locked; the FIN is counted in rcv_nxt.
 */
void tcphs_close_fin_received(const struct sock *sk, u8 old_state, u8 new_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section s;
	struct tcphs_conn *conn = enter(&s, sk, old_state);

	if (new_state == TCPHS_STATE_CLOSING) {
		conn->life.closer = TCPHS_CLOSER_BOTH;
		conn->life.segments = 4;
	} else {
		conn->life.closer = TCPHS_CLOSER_PEER;
		conn->half_seq = tp->write_seq;
		conn->half_total = sent_total(tp);
		conn->marks |= TCPHS_C_HALF;
	}
	fin_received(&s, tp->rcv_nxt - 1, tp->snd_una, new_state,
		     new_state == TCPHS_STATE_CLOSING ? NULL : sk);
	tcphs_conn_move(&s, new_state);
	tcphs_conn_leave(&s);
}

static void fin_acked(struct tcphs_section *s, const struct tcp_sock *tp, u8 new_state)
{
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_FIN_ACKED, new_state);

	tcphs_step_numbers(ev, tp->rcv_nxt, tp->snd_una);
	if (s->conn->marks & TCPHS_C_FIN_SENT)
		tcphs_step_since(s, ev, s->conn->mark);
	tcphs_step_done(s);
	s->conn->marks |= TCPHS_C_FIN_ACKED;
	/* Names the segment: the kernel reads its clock once for each. */
	s->conn->mark = tp->tcp_clock_cache;
}

/**
 * tcphs_close_fin_acked() - the peer confirmed our FIN
 * @sk: going to FIN_WAIT2
 * @old_state: enum tcphs_state
 * @new_state: enum tcphs_state
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_close_fin_acked(const struct sock *sk, u8 old_state, u8 new_state)
{
	struct tcphs_section s;

	enter(&s, sk, old_state);
	fin_acked(&s, tcp_sk(sk), new_state);
	tcphs_conn_move(&s, new_state);
	tcphs_conn_leave(&s);
}

/* What leads from CLOSING or FIN_WAIT2 to the end of the socket. */
static void last_segment(struct tcphs_section *s, const struct tcp_sock *tp, u8 new_state)
{
	struct tcphs_conn *conn = s->conn;

	if (conn->state == TCPHS_STATE_CLOSING) {
		fin_acked(s, tp, new_state);
		return;
	}
	if (conn->marks & TCPHS_C_FIN_ACKED && !(conn->id.flags & TCPHS_F_ADOPTED))
		conn->life.segments = conn->mark == tp->tcp_clock_cache ? 3 : 4;
	conn->life.bytes_received = tp->bytes_received;
	fin_received(s, tp->rcv_nxt - 1, tp->snd_una, new_state, NULL);
}

/*
 * What the socket can tell of its life. The kernel counts a SYN of ours and
 * each FIN as a byte; here only payload counts.
 */
static void remember_life(struct tcphs_conn *conn, const struct tcp_sock *tp)
{
	struct tcphs_life *life = &conn->life;
	u64 sent = tp->bytes_acked, received = tp->bytes_received;
	bool fin_acked = conn->marks & TCPHS_C_FIN_SENT && tp->snd_una == tp->write_seq;
	bool syn_acked = conn->id.role != TCPHS_ROLE_PASSIVE && sent &&
			 !(conn->id.flags & TCPHS_F_RESTORED);

	life->bytes_sent = sent - min_t(u64, sent, syn_acked + fin_acked);
	life->bytes_received = received -
		min_t(u64, received, !!(conn->marks & TCPHS_C_FIN_RECEIVED));
	life->retransmits = min_t(u32, tp->total_retrans, U16_MAX);
	conn->marks |= TCPHS_C_LIFE;
}

static void tell_closed(struct tcphs_section *s, u8 old_state, u8 reason)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_CLOSED, TCPHS_STATE_CLOSE);

	ev->old_state = old_state;
	ev->reason = reason;
	tcphs_icmp_put(ev, conn);
	if (conn->state == TCPHS_STATE_TIME_WAIT) {
		ev->new_state = TCPHS_STATE_TIME_WAIT;
		ev->flags |= TCPHS_F_TIME_WAIT_AHEAD;
	}
	/* An adopted bucket does not remember what its socket did. */
	if (conn->marks & TCPHS_C_LIFE) {
		ev->life = conn->life;
		ev->flags |= TCPHS_F_LIFE;
	}
	tcphs_step_since(s, ev, conn->born);
	tcphs_step_done(s);
	conn->marks &= ~TCPHS_C_OPEN_END;
}

/*
 * Timers run in softirq. That of an orphan may have met it while close() was not done with
 * it, and is made up for then (tcp_release_cb()).
 */
static bool is_timer(const struct sock *sk)
{
	return in_serving_softirq() || (sock_flag(sk, SOCK_DEAD) && sock_owned_by_user(sk));
}

/* As tcp_keepalive_timer() asks. */
static bool is_sending(const struct sock *sk)
{
	return tcp_sk(sk)->packets_out || !tcp_write_queue_empty(sk);
}

/* How a socket that closed without a farewell came to it; NONE: not yet known. */
static u8 abrupt_end(const struct tcphs_conn *conn, const struct sock *sk)
{
	if (conn->marks & TCPHS_C_RST_RECEIVED)
		return TCPHS_REASON_RESET_RECEIVED;
	if (conn->hint == TCPHS_REASON_DATA_AFTER_CLOSE)
		return conn->hint;
	switch (READ_ONCE(sk->sk_err)) {
	case 0:
		if (conn->marks & TCPHS_C_RST_SENT)
			return conn->hint;
		/* Too many orphans, and a RST is thought to be of no use (tcp_write_timeout()). */
		return sock_flag(sk, SOCK_DEAD) && in_serving_softirq() && is_sending(sk) &&
		       check_net(sock_net(sk)) ? TCPHS_REASON_NO_MEMORY : TCPHS_REASON_NONE;
	case ETIMEDOUT:
		return TCPHS_REASON_TIMEOUT;
	case ECONNABORTED:
		return TCPHS_REASON_KILLED;
	default:
		return tcphs_error_reason(conn, READ_ONCE(sk->sk_err));
	}
}

/*
 * tcp_time_wait(): a bucket is to take the socket's place. If none can be had, the
 * socket goes to CLOSE all the same. Softirq or process, socket locked.
 */
static void on_bucket_due(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	struct tcphs_section s;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	tcphs_conn_enter_untimed(&s, tcphs_cookie_make(sk));
	if (unlikely(!s.conn)) {
		s.now = tcphs_now();
		tcphs_adopt(&s, sk, sk->sk_state);
	}
	s.conn->marks |= TCPHS_C_BUCKET_DUE;
	tcphs_conn_leave(&s);
}

/*
 * What a process does that ends its socket without a farewell, as it shows when the
 * state changes: __tcp_close() finds TCP_REPAIR, data, or SO_LINGER at 0, or it was
 * tcp_disconnect() alone. The receive queue is empty by now, but its place is known.
 */
static u8 process_end(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (tp->repair)
		return TCPHS_REASON_TAKEN_OUT;
	if (sk->sk_shutdown != SHUTDOWN_MASK)
		return TCPHS_REASON_DISCONNECT;
	/* The peer's FIN is no data, but has a number. */
	if (tp->rcv_nxt - tp->copied_seq > sock_flag(sk, SOCK_DONE))
		return TCPHS_REASON_UNREAD_DATA;
	if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime)
		return TCPHS_REASON_LINGER;
	if (!check_net(sock_net(sk)))
		return TCPHS_REASON_NETNS_EXIT;
	/* Too many orphans: __tcp_close() sends its RST next, a timer that met it may send none. */
	return sock_flag(sk, SOCK_DEAD) && is_sending(sk) ? TCPHS_REASON_NO_MEMORY :
							    TCPHS_REASON_NONE;
}

/*
 * tcp_disconnect() of a socket that has said everything, its FIN too, sends no RST, nor
 * of one that is taken out to be restored elsewhere.
 */
static bool ends_quietly(u8 old_state, u8 hint, const struct tcp_sock *tp)
{
	if (hint == TCPHS_REASON_TAKEN_OUT)
		return true;
	return (hint == TCPHS_REASON_DISCONNECT || hint == TCPHS_REASON_LINGER) &&
	       (old_state == TCPHS_STATE_CLOSING || old_state == TCPHS_STATE_LAST_ACK) &&
	       tp->snd_nxt == tp->write_seq;
}

/* Entries of sockets that a process still holds wait for tcp_destroy_sock. */
static void to_close(struct tcphs_section *s, const struct sock *sk)
{
	if (sock_flag(sk, SOCK_DEAD) && !(s->conn->marks & TCPHS_C_OPEN_END))
		tcphs_conn_remove(s);
	else
		tcphs_conn_move(s, TCPHS_STATE_CLOSE);
}

/*
 * A child that never reached the accept queue: no memory, no route, or another
 * CPU made one of the same request first (tcp_check_req(): own_req). The entry,
 * if there is one, is the request's, or by now that of the child that came first, which
 * has the same cookie. inet_ehash_nolisten() closes the second with its port still
 * bound; tcp_set_state() takes a child's port away before.
 */
static bool stillborn(const struct sock *sk)
{
	struct tcphs_section s;
	bool still;

	tcphs_conn_enter_untimed(&s, tcphs_cookie(sk));
	still = !s.conn || s.conn->state != TCPHS_STATE_SYN_RECV ||
		(s.conn->id.role == TCPHS_ROLE_PASSIVE &&
		 (!(s.conn->marks & TCPHS_C_CHILD) || inet_csk(sk)->icsk_bind_hash));
	/* MPTCP has refused it. */
	if (still && s.conn && !inet_csk(sk)->icsk_bind_hash)
		s.conn->marks &= ~TCPHS_C_JOINED;
	tcphs_conn_leave(&s);
	return still;
}

/**
 * tcphs_close_closed() - the socket is in CLOSE, whatever it was in before
 * @sk: going to CLOSE, from neither LISTEN nor SYN_SENT
 * @old_state: enum tcphs_state
 *
 * An abortive close (SO_LINGER 0, unread data, disconnect()) changes the state
 * first and sends its RST after that (tcp_close(), tcp_disconnect()); so that
 * the record of the end is the last one, it waits for the RST.
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_close_closed(const struct sock *sk, u8 old_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section s;
	struct tcphs_conn *conn;
	u8 reason;

	if (old_state == TCPHS_STATE_SYN_RECV && stillborn(sk))
		return;
	tcphs_conn_enter_untimed(&s, tcphs_cookie_make(sk));
	/* The bucket that took its place goes on with the story. */
	if (s.conn && (s.conn->id.flags & TCPHS_F_BUCKET || s.conn->state == TCPHS_STATE_CLOSE))
		goto out;
	s.now = tcphs_now();
	conn = s.conn ?: tcphs_adopt(&s, sk, old_state);

	if (old_state == TCPHS_STATE_LAST_ACK && tp->snd_una == tp->write_seq) {
		fin_acked(&s, tp, TCPHS_STATE_CLOSE);
		count_segments(conn, tp);
		remember_life(conn, tp);
		tell_closed(&s, old_state, TCPHS_REASON_NONE);
	} else if (conn->marks & TCPHS_C_BUCKET_DUE) {
		if (old_state == TCPHS_STATE_CLOSING || sock_flag(sk, SOCK_DONE))
			last_segment(&s, tp, TCPHS_STATE_CLOSE);
		remember_life(conn, tp);
		tell_closed(&s, old_state, TCPHS_REASON_TIME_WAIT_FULL);
	} else {
		remember_life(conn, tp);
		conn->old_state = old_state;
		reason = abrupt_end(conn, sk);
		if (reason == TCPHS_REASON_NONE) {
			conn->hint = process_end(sk);
			if (ends_quietly(old_state, conn->hint, tp))
				reason = conn->hint;
		}
		if (reason == TCPHS_REASON_NONE) {
			conn->marks |= TCPHS_C_OPEN_END;
			/* For how long it was in the state that the RST ends. */
			conn->mark = conn->since;
		} else {
			tell_closed(&s, old_state, reason);
		}
	}
	to_close(&s, sk);
out:
	tcphs_conn_leave(&s);
}

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

/*
 * tcp_reset(): a RST is valid, or (tcp_rcv_state_process()) the socket breaks the
 * connection itself; its RST then follows from tcp_v4_send_reset(). Softirq or
 * process, socket locked; its state is still the old one.
 */
static void on_reset(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	const struct sk_buff *skb = tcphs_reset_segment(regs);
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	conn = enter(&s, sk, sk->sk_state);
	if (skb && !tcp_hdr(skb)->rst) {
		data_after_close(&s, skb);
		goto out;
	}
	conn->marks |= TCPHS_C_RST_RECEIVED;
	ev = tcphs_step(&s, TCPHS_EV_RST_RECEIVED, TCPHS_STATE_CLOSE);
	if (skb && tcp_hdr(skb)->ack) {
		tcphs_step_numbers(ev, TCP_SKB_CB(skb)->seq, TCP_SKB_CB(skb)->ack_seq);
	} else if (skb) {
		ev->seq = TCP_SKB_CB(skb)->seq;
		ev->flags |= TCPHS_F_SEQ;
	}
	tcphs_step_since(&s, ev, conn->since);
	tcphs_step_done(&s);
out:
	tcphs_conn_leave(&s);
}

/*
 * Why a timer resets: an orphan in FIN_WAIT2 waited long enough, keepalive or the
 * user timeout is over, for which nothing may be under way or queued; or that is so, and
 * there are too many orphans (tcp_out_of_resources()).
 */
static u8 timer_reset_reason(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DEAD) && is_sending(sk) ? TCPHS_REASON_NO_MEMORY :
							    TCPHS_REASON_TIMEOUT;
}

/*
 * Why tcp_send_active_reset() was called, as far as it shows: timers come in
 * softirq; __tcp_close(), tcp_disconnect(), inet_csk_listen_stop() and
 * tcp_check_oom() have set CLOSE before.
 */
static u8 active_reset_reason(const struct tcphs_conn *conn, const struct sock *sk)
{
	if (sk->sk_state != TCP_CLOSE)
		return is_timer(sk) ? timer_reset_reason(sk) : TCPHS_REASON_KILLED;
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
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	u8 old_state, reason;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	conn = enter(&s, sk, sk->sk_state);
	old_state = conn->marks & TCPHS_C_OPEN_END ? conn->old_state : conn->state;
	ev = tcphs_step(&s, TCPHS_EV_RST_SENT, TCPHS_STATE_CLOSE);
	ev->old_state = old_state;
	reason = active_reset_reason(conn, sk);
	ev->reason = reason;
	tcphs_step_numbers(ev, tp->snd_nxt, tp->rcv_nxt);
	tcphs_step_since(&s, ev, conn->marks & TCPHS_C_OPEN_END ? conn->mark : conn->since);
	tcphs_step_done(&s);
	conn->marks |= TCPHS_C_RST_SENT;
	conn->hint = reason;
	if (conn->marks & TCPHS_C_OPEN_END)
		tell_closed(&s, old_state, reason);
	tcphs_conn_leave(&s);
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

	tcphs_who_from_skb(&id, skb);
	id.netns = tn->inum;
	local_irq_save(irqflags);
	ev = tcphs_event_begin(tn, &id, tcphs_now(), TCPHS_EV_RST_SENT);
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

/* A segment that does not fit its connection is answered by RST. */
static void reset_segment(const struct sock *sk, const struct sk_buff *skb)
{
	bool late, gone, hidden = tcphs_reset_was_hidden(sk);
	struct tcphs_section s;
	struct tcphs_event *ev;

	tcphs_conn_enter(&s, tcphs_cookie(sk));
	gone = hidden && !s.conn;
	if (gone)
		tcphs_adopt(&s, sk, TCPHS_STATE_CLOSE);
	late = s.conn && s.conn->hint == TCPHS_REASON_DATA_AFTER_CLOSE;
	/* A socket has told it in data_after_close(), a bucket has not. */
	if (s.conn && (!late || s.conn->id.flags & TCPHS_F_BUCKET)) {
		if (is_syn_for_bucket(s.conn, skb))
			tcphs_challenge_tell(&s, skb, TCPHS_REASON_NONE);
		ev = tcphs_step(&s, TCPHS_EV_RST_SENT, s.conn->state);
		ev->reason = late || hidden ? TCPHS_REASON_DATA_AFTER_CLOSE :
					      segment_reset_reason(sk, skb);
		put_reset_numbers(ev, skb);
		tcphs_step_done(&s);
		s.conn->marks |= TCPHS_C_RST_SENT;
	}
	if (gone)
		tcphs_conn_remove(&s);
	tcphs_conn_leave(&s);
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

/**
 * tcphs_close_enter_bucket() - begin a section on a bucket
 * @s: the section, untimed
 * @tw: the bucket
 *
 * Its socket, or a connection that this has made since, has the same cookie; without
 * an entry of its own it gets that one.
 *
 * Context: any but NMI, outside of a section; until tcphs_conn_leave().
 */
void tcphs_close_enter_bucket(struct tcphs_section *s, const struct inet_timewait_sock *tw)
{
	struct tcphs_conn *conn;

	tcphs_conn_enter_untimed(s, atomic64_read(&tw->tw_cookie));
	conn = s->conn;
	hlist_for_each_entry_from(conn, node) {
		if (conn->id.conn == s->cookie && conn->id.flags & TCPHS_F_BUCKET &&
		    conn->id.local_port == ntohs(tw->tw_sport) &&
		    conn->id.peer_port == ntohs(tw->tw_dport)) {
			s->conn = conn;
			break;
		}
	}
}

/* The last ACK is on its way: 2MSL begin, and the socket's life is told. */
static void time_wait(struct tcphs_section *s, u32 seq, u32 ack)
{
	u8 old_state = s->conn->state;
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_TIME_WAIT, TCPHS_STATE_TIME_WAIT);

	tcphs_step_numbers(ev, seq, ack);
	tcphs_step_since(s, ev, s->conn->since);
	tcphs_step_done(s);
	tcphs_conn_move(s, TCPHS_STATE_TIME_WAIT);
	tell_closed(s, old_state, TCPHS_REASON_NONE);
}

/*
 * inet_twsk_hashdance(), inet_twsk_hashdance_schedule(): a bucket takes the
 * socket's place, in TIME_WAIT or, when nobody holds the socket any more,
 * already in FIN_WAIT2 (tcp_time_wait()). Softirq or process, socket locked.
 * The bucket has no reference yet: its fields may be read, it may not be kept.
 */
static void on_bucket(struct tcphs_regs *regs)
{
	const struct inet_timewait_sock *tw = tcphs_argument(regs, 0);
	const struct sock *sk = tcphs_argument(regs, 1);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section s;
	struct tcphs_conn *conn;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	conn = enter(&s, sk, sk->sk_state);
	if (tw->tw_substate == TCP_TIME_WAIT) {
		last_segment(&s, tp, TCPHS_STATE_TIME_WAIT);
		remember_life(conn, tp);
		time_wait(&s, tp->snd_nxt, tp->rcv_nxt);
	} else {
		remember_life(conn, tp);
	}
	conn->id.flags |= TCPHS_F_BUCKET;
	tcphs_conn_leave(&s);
}

/* A FIN that the kernel is going to accept for a bucket in FIN_WAIT2. */
static bool is_awaited_fin(const struct tcp_timewait_sock *tcptw, const struct sk_buff *skb,
			   const struct tcphdr *th)
{
	return th->fin && th->ack && !th->rst && !th->syn &&
	       TCP_SKB_CB(skb)->end_seq == READ_ONCE(tcptw->tw_rcv_nxt) + 1;
}

static void bucket_segment(struct tcphs_section *s, const struct tcp_timewait_sock *tcptw,
			   const struct sk_buff *skb, const struct tcphdr *th)
{
	u32 seq = TCP_SKB_CB(skb)->end_seq - 1, ack = ntohl(th->ack_seq);
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev;

	if (conn->state == TCPHS_STATE_FIN_WAIT2 && is_awaited_fin(tcptw, skb, th)) {
		conn->life.segments = 4;
		fin_received(s, seq, ack, TCPHS_STATE_TIME_WAIT, NULL);
		time_wait(s, READ_ONCE(tcptw->tw_snd_nxt), seq + 1);
	} else if (th->rst) {
		/* If the kernel takes it the bucket goes next. */
		conn->hint = TCPHS_REASON_RESET_RECEIVED;
		conn->data = TCP_SKB_CB(skb)->seq;
	} else if (conn->state == TCPHS_STATE_FIN_WAIT2) {
		conn->hint = th->syn ? TCPHS_REASON_BAD_SEGMENT : TCPHS_REASON_DATA_AFTER_CLOSE;
	} else if (th->syn && !th->ack) {
		conn->hint = TCPHS_REASON_REUSED_BY_SYN;
	} else if (th->fin) {
		ev = tcphs_step(s, TCPHS_EV_TIME_WAIT_FIN, TCPHS_STATE_TIME_WAIT);
		tcphs_step_numbers(ev, seq, ack);
		tcphs_step_since(s, ev, conn->since);
		tcphs_step_done(s);
	}
}

/*
 * tcp_timewait_state_process(): a segment arrived for a bucket. Softirq, the
 * bucket held, nothing locked.
 */
static void on_bucket_segment(struct tcphs_regs *regs)
{
	struct inet_timewait_sock *tw = tcphs_argument(regs, 0);
	const struct sk_buff *skb = tcphs_argument(regs, 1);
	const struct tcphdr *th = tcphs_argument(regs, 2);
	struct tcphs_section s;

	if (TCP_SKB_CB(skb)->end_seq == TCP_SKB_CB(skb)->seq && !th->rst)
		return;
	tcphs_close_enter_bucket(&s, tw);
	s.now = tcphs_now();
	if (s.conn && s.conn->id.flags & TCPHS_F_BUCKET)
		bucket_segment(&s, tcp_twsk((struct sock *)tw), skb, th);
	tcphs_conn_leave(&s);
}

/*
 * tcp_twsk_unique(): connect() asks for the addresses of a bucket. If it gets
 * them the bucket goes next, by the same task; what the kernel asks (tcp_tw_reuse,
 * timestamps, time, loopback) need not be repeated. Process context, the hash bucket locked.
 */
static void on_bucket_wanted(struct tcphs_regs *regs)
{
	const struct inet_timewait_sock *tw = tcphs_argument(regs, 1);
	struct tcphs_section s;

	tcphs_close_enter_bucket(&s, tw);
	if (s.conn && s.conn->id.flags & TCPHS_F_BUCKET) {
		s.conn->hint = TCPHS_REASON_REUSED_BY_CONNECT;
		s.conn->data = task_pid_nr(current);
	}
	tcphs_conn_leave(&s);
}

/*
 * inet_twsk_deschedule_put(): a bucket goes before its timer. Softirq or process,
 * the bucket held.
 */
static void on_bucket_dismissed(struct tcphs_regs *regs)
{
	const struct inet_timewait_sock *tw = tcphs_argument(regs, 0);
	struct tcphs_section s;

	tcphs_close_enter_bucket(&s, tw);
	if (s.conn && s.conn->id.flags & TCPHS_F_BUCKET)
		s.conn->marks |= TCPHS_C_DISMISSED;
	tcphs_conn_leave(&s);
}

/*
 * Why a bucket goes. That its time has come is not enough for its timer to be the
 * reason: the kernel's timers run up to an eighth late, that of a minute two seconds
 * (HZ=250), and until then a SYN, a RST or connect() still meets the bucket.
 */
static u8 bucket_end(const struct tcphs_conn *conn, const struct inet_timewait_sock *tw)
{
	if (!(conn->marks & TCPHS_C_DISMISSED) && time_after_eq(jiffies, tw->tw_timer.expires))
		return TCPHS_REASON_EXPIRED;
	if (!check_net(twsk_net(tw)))
		return TCPHS_REASON_NETNS_EXIT;
	/* Who asked and did not get it left that behind. */
	if (conn->hint != TCPHS_REASON_NONE &&
	    (conn->hint != TCPHS_REASON_REUSED_BY_CONNECT ||
	     (!in_serving_softirq() && conn->data == task_pid_nr(current))))
		return conn->hint;
	/* tcp_abort() */
	return TCPHS_REASON_KILLED;
}

/*
 * inet_twsk_kill(): a bucket leaves, once for each. Softirq or process, bottom
 * halves off, nothing locked.
 */
static void on_bucket_end(struct tcphs_regs *regs)
{
	const struct inet_timewait_sock *tw = tcphs_argument(regs, 0);
	struct tcphs_section s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	u8 reason;

	tcphs_close_enter_bucket(&s, tw);
	s.now = tcphs_now();
	conn = s.conn;
	if (unlikely(!conn || !(conn->id.flags & TCPHS_F_BUCKET))) {
		if (check_net(twsk_net(tw)))
			tcphs_proof_deaf(TCPHS_HASHDANCE, s.cookie, conn ? conn->born : s.now);
		tcphs_adopt_missed(&s, tw);
		goto out;
	}
	reason = bucket_end(conn, tw);
	if (reason == TCPHS_REASON_RESET_RECEIVED) {
		ev = tcphs_step(&s, TCPHS_EV_RST_RECEIVED, TCPHS_STATE_CLOSE);
		ev->seq = conn->data;
		ev->flags |= TCPHS_F_SEQ;
		tcphs_step_since(&s, ev, conn->since);
		tcphs_step_done(&s);
	}
	if (conn->state == TCPHS_STATE_TIME_WAIT) {
		ev = tcphs_step(&s, TCPHS_EV_TIME_WAIT_END, TCPHS_STATE_CLOSE);
		ev->reason = reason;
		tcphs_step_since(&s, ev, conn->since);
		if (ev->flags & TCPHS_F_DURATION)
			tcphs_hist_count(&s, TCPHS_HIST_TIME_WAIT, ev->duration);
		tcphs_step_done(&s);
	} else {
		/* FIN_WAIT2 waited in vain: no TIME_WAIT, and this is the end. */
		tell_closed(&s, conn->state, reason == TCPHS_REASON_EXPIRED ?
					     TCPHS_REASON_TIMEOUT : reason);
	}
	tcphs_conn_remove(&s);
out:
	tcphs_conn_leave(&s);
}

/**
 * tcphs_close_last_words() - what a TIME_WAIT bucket leaves behind when its namespace goes
 * @s: section of any connection that is about to be forgotten
 *
 * At unload the namespace lives on, and nothing ends but our knowledge.
 *
 * Context: inside a section, process.
 */
void tcphs_close_last_words(struct tcphs_section *s)
{
	struct tcphs_event *ev;

	if (!(s->conn->id.flags & TCPHS_F_BUCKET) || check_net(s->conn->tn->net))
		return;
	ev = tcphs_step(s, TCPHS_EV_TIME_WAIT_END, TCPHS_STATE_CLOSE);
	ev->reason = TCPHS_REASON_NETNS_EXIT;
	ev->duration = tcphs_elapsed(s->conn->since, s->now);
	ev->flags |= TCPHS_F_DURATION;
	tcphs_step_done(s);
}

/*
 * tcp_rcv_state_process() confirms the FIN of a socket that no process holds, finds
 * data beyond it, or TCP_LINGER2 below 0, and ends the socket; tcp_v4_do_rcv() answers
 * by RST when the socket is gone already, so it is told here. Its number is the
 * ACK that came.
 */
static void reset_after_end(struct tcphs_section *s, const struct sock *sk)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_RST_SENT, TCPHS_STATE_CLOSE);

	conn->hint = tcp_sk(sk)->linger2 < 0 ? TCPHS_REASON_LINGER : TCPHS_REASON_DATA_AFTER_CLOSE;
	ev->old_state = conn->old_state;
	ev->reason = conn->hint;
	ev->seq = tcp_sk(sk)->snd_una;
	ev->flags |= TCPHS_F_SEQ;
	tcphs_step_since(s, ev, conn->mark);
	tcphs_step_done(s);
}

/* Once for every full socket, failed children of a handshake too. */
static void on_destroy(void *data, struct sock *sk)
{
	u64 cookie = tcphs_cookie(sk);
	struct tcphs_section s;

	tcphs_hook_hit(data);
	if (sk->sk_protocol != IPPROTO_TCP || !cookie || !tcphs_conn_maybe(cookie))
		return;
	tcphs_conn_enter_untimed(&s, cookie);
	if (s.conn && s.conn->state == TCPHS_STATE_CLOSE && !(s.conn->marks & TCPHS_C_TOMB)) {
		s.now = tcphs_now();
		if (s.conn->marks & TCPHS_C_OPEN_END) {
			if (s.conn->old_state == TCPHS_STATE_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD) &&
			    check_net(sock_net(sk)) && s.conn->hint == TCPHS_REASON_NONE)
				reset_after_end(&s, sk);
			tell_closed(&s, s.conn->old_state, s.conn->hint);
		}
		tcphs_conn_remove(&s);
	}
	tcphs_conn_leave(&s);
}

static void __always_unused prototypes(void)
{
	check_trace_callback_type_tcp_destroy_sock(on_destroy);
	check_trace_callback_type_tcp_send_reset(on_reset_sent);
}

struct tcphs_hook tcphs_hooks_close[] = {
	TCPHS_TRACEPOINT(tcp_destroy_sock, on_destroy, true, "the end of sockets in CLOSE"),
	TCPHS_ENTRY("tcp_reset", on_reset, false, "RSTs received"),
	TCPHS_ENTRY("tcp_send_active_reset", on_active_reset, false, "RSTs that break connections"),
	TCPHS_TRACEPOINT_RESET(on_reset_sent)
	TCPHS_ENTRY_RESET_V4(on_reset_v4)
	TCPHS_ENTRY_RESET_V6(on_reset_v6)
	TCPHS_ENTRY("tcp_time_wait", on_bucket_due, true, "sockets that should get a TIME_WAIT",
		    .with = TCPHS_HASHDANCE),
	TCPHS_ENTRY(TCPHS_HASHDANCE, on_bucket, true, "TIME_WAIT"),
	TCPHS_ENTRY("tcp_timewait_state_process", on_bucket_segment, true,
		    "FINs that find their socket gone"),
	TCPHS_ENTRY("tcp_twsk_unique", on_bucket_wanted, false, "TIME_WAIT reused by connect()"),
	TCPHS_ENTRY("inet_twsk_deschedule_put", on_bucket_dismissed, false,
		    "TIME_WAIT ended by others when its time was up"),
	TCPHS_ENTRY("inet_twsk_kill", on_bucket_end, true, "the end of TIME_WAIT"),
	{ }
};

// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a connection: how it came to CLOSE, and what its life was. An end by RST is
 * recorded when the RST is (reset.c), that of a socket whose bucket goes on by time_wait.c.
 */
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include "attach/hook.h"
#include "probe/adopt.h"
#include "probe/probe.h"
#include "probe/segment.h"
#include "store/clock.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/step.h"

/*
 * Cookie of a socket of which nothing is left to record: its bucket goes on, or all of it is.
 * Its change to CLOSE, if that is still to come, and its end follow at once and on this CPU
 * (tcp_time_wait(), tcp_done()), and need not look for an entry.
 */
static DEFINE_PER_CPU(u64, settled);

/**
 * tcphs_end_settled() - nothing is left to record of a socket
 * @sk: it goes to CLOSE next
 * @cookie: its cookie
 *
 * Not while a process holds it and works off its backlog: before it goes on the process
 * may leave this CPU, and the socket may connect again.
 *
 * Context: inside a section, @sk locked.
 */
void tcphs_end_settled(const struct sock *sk, u64 cookie)
{
	if (likely(sock_flag(sk, SOCK_DEAD) || in_serving_softirq()))
		__this_cpu_write(settled, cookie);
}

/**
 * tcphs_end_remember() - what the socket knows of its life
 * @conn: its entry
 * @tp: the socket
 *
 * The kernel counts a SYN of ours and each FIN as a byte; here only payload counts.
 * Once for a socket.
 *
 * Context: inside a section, the socket locked.
 */
void tcphs_end_remember(struct tcphs_conn *conn, const struct tcp_sock *tp)
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
	/* Before the first FIN there were as many as begin_closing() has left there. */
	life->closing_retransmits = conn->marks & (TCPHS_C_FIN_SENT | TCPHS_C_FIN_RECEIVED) ?
				    life->retransmits - life->closing_retransmits : 0;
	life->srtt_us = tp->srtt_us >> 3;
	/* At first the kernel has the greatest number there. */
	life->min_rtt_us = life->srtt_us ? tcp_min_rtt(tp) : 0;
	conn->marks |= TCPHS_C_LIFE;
}

/**
 * tcphs_end_record() - the record of the end
 * @s: section with an entry
 * @old_state: enum tcphs_state that it was in
 * @reason: enum tcphs_reason
 *
 * Context: inside a section.
 */
void tcphs_end_record(struct tcphs_section *s, u8 old_state, u8 reason)
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

/**
 * tcphs_end_is_sending() - is anything under way or queued
 * @sk: the socket
 *
 * As tcp_keepalive_timer() asks.
 *
 * Context: any, @sk locked.
 */
bool tcphs_end_is_sending(const struct sock *sk)
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
		return sock_flag(sk, SOCK_DEAD) && in_serving_softirq() && tcphs_end_is_sending(sk) &&
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
	return sock_flag(sk, SOCK_DEAD) && tcphs_end_is_sending(sk) ? TCPHS_REASON_NO_MEMORY :
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
static noinline bool stillborn(const struct sock *sk)
{
	struct tcphs_section *s;
	bool still;

	s = tcphs_conn_enter_untimed(tcphs_cookie(sk));
	still = !s->conn || s->conn->state != TCPHS_STATE_SYN_RECV ||
		(s->conn->id.role == TCPHS_ROLE_PASSIVE &&
		 (!(s->conn->marks & TCPHS_C_CHILD) || inet_csk(sk)->icsk_bind_hash));
	/* MPTCP has refused it. */
	if (still && s->conn && !inet_csk(sk)->icsk_bind_hash)
		s->conn->marks &= ~TCPHS_C_JOINED;
	tcphs_conn_leave(s);
	return still;
}

static noinline void closed(const struct sock *sk, u8 old_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	bool farewell;
	u8 reason;

	s = tcphs_conn_enter_untimed(tcphs_cookie_make(sk));
	tcphs_conn_drop_older(s);
	/* The bucket that took its place goes on with the story. */
	if (s->conn && (s->conn->id.flags & TCPHS_F_BUCKET || s->conn->state == TCPHS_STATE_CLOSE))
		goto out;
	if (unlikely(!s->conn) && tcphs_time_wait_taken(sk, old_state))
		goto out;
	farewell = old_state == TCPHS_STATE_LAST_ACK && tp->snd_una == tp->write_seq;
	s->now = farewell ? tcphs_segment_time(tp) : tcphs_now();
	conn = s->conn ?: tcphs_adopt(s, sk, old_state);
	tcphs_step_owed(s);

	if (likely(farewell)) {
		tcphs_fin_last_ack(s, tp);
	} else if (tcphs_time_wait_refused(conn, sk, old_state)) {
		if (old_state == TCPHS_STATE_CLOSING || sock_flag(sk, SOCK_DONE))
			tcphs_fin_last_segment(s, tp, TCPHS_STATE_CLOSE);
		tcphs_end_remember(conn, tp);
		tcphs_end_record(s, old_state, TCPHS_REASON_TIME_WAIT_FULL);
	} else {
		tcphs_end_remember(conn, tp);
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
			tcphs_end_record(s, old_state, reason);
		}
	}
	to_close(s, sk);
	if (farewell && !s->conn)
		tcphs_end_settled(sk, s->cookie);
out:
	tcphs_conn_leave(s);
}

/**
 * tcphs_end_closed() - the socket is in CLOSE, whatever it was in before
 * @sk: going to CLOSE, from neither LISTEN nor SYN_SENT
 * @old_state: enum tcphs_state
 *
 * An abortive close (SO_LINGER 0, unread data, disconnect()) changes the state
 * first and sends its RST after that (tcp_close(), tcp_disconnect()); so that
 * the record of the end is the last one, it waits for the RST.
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_end_closed(const struct sock *sk, u8 old_state)
{
	if (unlikely(old_state == TCPHS_STATE_SYN_RECV) && stillborn(sk))
		return;
	if (tcphs_cookie(sk) != this_cpu_read(settled))
		closed(sk, old_state);
	else if (!sock_flag(sk, SOCK_DEAD))
		this_cpu_write(settled, 0);
}

/*
 * tcp_rcv_state_process() confirms the FIN of a socket that no process holds, finds
 * data beyond it, or TCP_LINGER2 below 0, and ends the socket; tcp_v4_do_rcv() answers
 * by RST when the socket is gone already, so it is recorded here. Its number is the
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

static noinline void destroyed(const struct sock *sk, u64 cookie)
{
	struct tcphs_section *s = tcphs_conn_enter_untimed(cookie);

	if (s->conn && s->conn->state == TCPHS_STATE_CLOSE && !(s->conn->marks & TCPHS_C_TOMB)) {
		s->now = tcphs_now();
		if (s->conn->marks & TCPHS_C_OPEN_END) {
			if (s->conn->old_state == TCPHS_STATE_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD) &&
			    check_net(sock_net(sk)) && s->conn->hint == TCPHS_REASON_NONE)
				reset_after_end(s, sk);
			tcphs_end_record(s, s->conn->old_state, s->conn->hint);
		}
		tcphs_conn_remove(s);
	}
	tcphs_conn_leave(s);
}

/* Once for every full socket, failed children of a handshake too. */
static void on_destroy(void *data, struct sock *sk)
{
	u64 cookie = tcphs_cookie(sk);

	tcphs_hook_hit(data);
	if (sk->sk_protocol != IPPROTO_TCP || !cookie)
		return;
	if (likely(cookie == this_cpu_read(settled)))
		this_cpu_write(settled, 0);
	else if (tcphs_conn_maybe(cookie))
		destroyed(sk, cookie);
}

static void __always_unused prototypes(void)
{
	check_trace_callback_type_tcp_destroy_sock(on_destroy);
}

struct tcphs_hook tcphs_hooks_end[] = {
	TCPHS_TRACEPOINT(tcp_destroy_sock, on_destroy, true, "the end of sockets in CLOSE"),
	{ }
};

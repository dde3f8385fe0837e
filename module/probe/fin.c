// SPDX-License-Identifier: GPL-2.0
/*
 * FINs, sent and received, and the ACKs of ours: RFC 9293, section 3.6.
 *
 * They are recorded at the state changes they cause, so a FIN costs no hook of its
 * own. Linux changes state when it queues the FIN, before it is on the wire.
 */
#include <net/mptcp.h>
#include <net/tcp.h>
#include "probe/adopt.h"
#include "probe/probe.h"
#include "probe/segment.h"
#include "table/conn.h"
#include "table/step.h"

/* Of a count that may be wrong by far less than numbers wrap after, only so much is kept. */
#define HALF_SHIFT 16

/* What was sent again until now was not for the close: see tcphs_end_remember(). */
static void begin_closing(struct tcphs_conn *conn, const struct tcp_sock *tp)
{
	conn->life.closing_retransmits = min_t(u32, tp->total_retrans, U16_MAX);
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

/* The first FIN: where the other half stands, by number and counted from the beginning. */
static void begin_half(struct tcphs_conn *conn, u32 seq, u64 total)
{
	conn->half_seq = seq;
	conn->half_total = total >> HALF_SHIFT;
	conn->marks |= TCPHS_C_HALF;
}

/*
 * The second FIN, of number @seq, ends the half-close. Numbers are exact and wrap;
 * @total does not, but SYN and FIN may be counted in it.
 */
static u64 half_bytes(const struct tcphs_conn *conn, u32 seq, u64 total)
{
	u64 bytes = total - ((u64)conn->half_total << HALF_SHIFT);

	return bytes + (s32)(seq - conn->half_seq - (u32)bytes);
}

static void put_half(struct tcphs_event *ev, const struct tcphs_conn *conn, u32 seq, u64 total)
{
	/* Adopted after the first FIN, nobody knows where it was. */
	if (!(conn->marks & TCPHS_C_HALF))
		return;
	ev->half.bytes = half_bytes(conn, seq, total);
	ev->flags |= TCPHS_F_HALF;
}

/**
 * tcphs_fin_sent() - this end has nothing more to send
 * @sk: going to FIN_WAIT1 or LAST_ACK
 * @old_state: enum tcphs_state
 * @new_state: enum tcphs_state
 *
 * Context: process or softirq, @sk locked.
 */
void tcphs_fin_sent(const struct sock *sk, u8 old_state, u8 new_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section *s = tcphs_adopt_enter(sk, old_state);
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev;
	struct tcphs_pen pen;

	conn->mark = s->now;
	conn->resends = 0;
	ev = tcphs_pen_step(s, &pen, TCPHS_EV_FIN_SENT, new_state);
	tcphs_step_numbers(ev, tp->write_seq, tp->rcv_nxt);
	tcphs_step_since(s, ev, conn->since);
	if (new_state == TCPHS_STATE_LAST_ACK) {
		put_half(ev, conn, tp->write_seq, sent_total(tp));
		/* Has the peer's FIN had its ACK before (__tcp_select_window())? */
		conn->life.segments = tp->rcv_wup == tp->rcv_nxt ? 4 : 3;
		conn->data = segments_sent(tp);
		conn->life.closer = TCPHS_CLOSER_PEER;
	} else {
		tcphs_idle_put(ev, conn, sk, NULL);
		begin_half(conn, tp->rcv_nxt, tp->bytes_received);
		begin_closing(conn, tp);
		conn->life.closer = TCPHS_CLOSER_LOCAL;
	}
	conn->marks |= TCPHS_C_FIN_SENT;
	tcphs_pen_done(s, &pen, TCPHS_EV_FIN_SENT);
	tcphs_conn_move_of(s, pen.stats, new_state);
	/* Whoever closes it must have got it. MPTCP hands out a socket of its own. */
	if (unlikely(conn->marks & TCPHS_C_QUEUED && !sk_is_mptcp(sk)))
		tcphs_proof_deaf("security_sock_graft", s->cookie, conn->born);
	tcphs_conn_leave(s);
}

/**
 * tcphs_fin_record_received() - the record of a FIN that has come
 * @s: section with an entry
 * @seq: its number
 * @ack: what it confirms
 * @new_state: enum tcphs_state
 * @first: the socket, if its FIN is the first; a bucket never gets that
 *
 * Context: inside a section.
 */
void tcphs_fin_record_received(struct tcphs_section *s, u32 seq, u32 ack, u8 new_state,
			       const struct sock *first)
{
	struct tcphs_pen pen;
	struct tcphs_event *ev = tcphs_pen_step(s, &pen, TCPHS_EV_FIN_RECEIVED, new_state);

	tcphs_step_numbers(ev, seq, ack);
	tcphs_step_since(s, ev, s->conn->since);
	if (s->conn->state == TCPHS_STATE_FIN_WAIT2)
		put_half(ev, s->conn, seq, s->conn->life.bytes_received);
	else if (first)
		tcphs_idle_put(ev, s->conn, first, NULL);
	tcphs_pen_done(s, &pen, TCPHS_EV_FIN_RECEIVED);
	s->conn->marks |= TCPHS_C_FIN_RECEIVED;
}

/**
 * tcphs_fin_received() - the peer has nothing more to send
 * @sk: going to CLOSE_WAIT or CLOSING
 * @old_state: enum tcphs_state
 * @new_state: enum tcphs_state
 *
 * Context: softirq or process, @sk locked; the FIN is counted in rcv_nxt.
 */
void tcphs_fin_received(const struct sock *sk, u8 old_state, u8 new_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section *s;
	struct tcphs_conn *conn;

	if (likely(old_state != TCPHS_STATE_SYN_RECV)) {
		s = tcphs_segment_enter(sk, old_state);
	} else {
		s = tcphs_adopt_enter(sk, old_state);
		tcphs_step_owed(s);
	}
	conn = s->conn;
	if (new_state == TCPHS_STATE_CLOSING) {
		conn->life.closer = TCPHS_CLOSER_BOTH;
		conn->life.segments = 4;
	} else {
		conn->life.closer = TCPHS_CLOSER_PEER;
		begin_half(conn, tp->write_seq, sent_total(tp));
		begin_closing(conn, tp);
	}
	tcphs_fin_record_received(s, tp->rcv_nxt - 1, tp->snd_una, new_state,
				  new_state == TCPHS_STATE_CLOSING ? NULL : sk);
	tcphs_conn_move(s, new_state);
	tcphs_conn_leave(s);
}

static __always_inline void put_acked(struct tcphs_section *s, struct tcphs_event *ev,
				      const struct tcp_sock *tp)
{
	struct tcphs_conn *conn = s->conn;

	tcphs_step_numbers(ev, tp->rcv_nxt, tp->snd_una);
	if (conn->marks & TCPHS_C_FIN_SENT)
		tcphs_step_since(s, ev, conn->mark);
	conn->marks |= TCPHS_C_FIN_ACKED;
	/* Names the segment: the kernel reads its clock once for each. */
	conn->mark = tp->tcp_clock_cache;
}

static void fin_acked(struct tcphs_section *s, const struct tcp_sock *tp, u8 new_state)
{
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_FIN_ACKED, new_state);

	put_acked(s, ev, tp);
	tcphs_step_done(s);
}

/**
 * tcphs_fin_acked() - the peer confirmed our FIN
 * @sk: going to FIN_WAIT2
 * @old_state: enum tcphs_state
 * @new_state: enum tcphs_state
 *
 * Context: softirq or process, @sk locked.
 */
void tcphs_fin_acked(const struct sock *sk, u8 old_state, u8 new_state)
{
	struct tcphs_section *s = tcphs_segment_enter(sk, old_state);
	struct tcphs_pen pen;

	put_acked(s, tcphs_pen_step(s, &pen, TCPHS_EV_FIN_ACKED, new_state), tcp_sk(sk));
	tcphs_pen_done(s, &pen, TCPHS_EV_FIN_ACKED);
	tcphs_conn_move_of(s, pen.stats, new_state);
	tcphs_conn_leave(s);
}

/**
 * tcphs_fin_last_segment() - what leads from CLOSING or FIN_WAIT2 to the end of the socket
 * @s: section with an entry
 * @tp: the socket
 * @new_state: enum tcphs_state
 *
 * Context: inside a section, the socket locked.
 */
void tcphs_fin_last_segment(struct tcphs_section *s, const struct tcp_sock *tp, u8 new_state)
{
	struct tcphs_conn *conn = s->conn;

	if (conn->state == TCPHS_STATE_CLOSING) {
		fin_acked(s, tp, new_state);
		return;
	}
	if (conn->marks & TCPHS_C_FIN_ACKED && !(conn->id.flags & TCPHS_F_ADOPTED))
		conn->life.segments = conn->mark == tp->tcp_clock_cache ? 3 : 4;
	conn->life.bytes_received = tp->bytes_received;
	tcphs_fin_record_received(s, tp->rcv_nxt - 1, tp->snd_una, new_state, NULL);
}

/* What is recorded with the end: @seq and @ack of what came, and the end itself. */
static __always_inline void put_end(struct tcphs_section *s, struct tcphs_event *ev,
				    u32 seq, u32 ack)
{
	struct tcphs_conn *conn = s->conn;

	ev->seq = seq;
	ev->ack = ack;
	ev->duration = tcphs_elapsed(conn->born, s->now);
	ev->life = conn->life;
	ev->flags |= TCPHS_F_DURATION | TCPHS_F_LIFE;
}

/**
 * tcphs_fin_last_ack() - what leads from LAST_ACK to the end of the socket, and the end
 * @s: section with an entry
 * @tp: the socket
 *
 * Context: inside a section, the socket locked.
 */
void tcphs_fin_last_ack(struct tcphs_section *s, const struct tcp_sock *tp)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev;
	struct tcphs_pen pen;

	if (unlikely(conn->id.flags & TCPHS_F_ADOPTED || !(conn->marks & TCPHS_C_FIN_SENT) ||
		     conn->state != TCPHS_STATE_LAST_ACK)) {
		fin_acked(s, tp, TCPHS_STATE_CLOSE);
		count_segments(conn, tp);
		tcphs_end_remember(conn, tp);
		tcphs_end_record(s, TCPHS_STATE_LAST_ACK, TCPHS_REASON_NONE);
		return;
	}
	count_segments(conn, tp);
	tcphs_end_remember(conn, tp);
	ev = tcphs_pen_step(s, &pen, TCPHS_INSTANT_LAST_ACK, TCPHS_STATE_CLOSE);
	pen.slot->before.duration = tcphs_elapsed(conn->mark, s->now);
	put_end(s, ev, tp->rcv_nxt, tp->snd_una);
	tcphs_pen_done(s, &pen, TCPHS_INSTANT_LAST_ACK);
}

/**
 * tcphs_fin_time_wait() - the peer's FIN leads from FIN_WAIT2 to TIME_WAIT, and the socket ends
 * @s: section with an entry
 * @tp: the socket
 *
 * Context: inside a section, the socket locked.
 * Return: false, this connection is an odd one, and nothing was recorded.
 */
bool tcphs_fin_time_wait(struct tcphs_section *s, const struct tcp_sock *tp)
{
	const u32 usual = TCPHS_C_HALF | TCPHS_C_FIN_ACKED;
	struct tcphs_conn *conn = s->conn;
	u32 seq = tp->rcv_nxt - 1;
	struct tcphs_event *ev;
	struct tcphs_pen pen;

	if (unlikely(conn->id.flags & TCPHS_F_ADOPTED || (conn->marks & usual) != usual ||
		     conn->state != TCPHS_STATE_FIN_WAIT2))
		return false;
	conn->life.segments = conn->mark == tp->tcp_clock_cache ? 3 : 4;
	conn->marks |= TCPHS_C_FIN_RECEIVED;
	tcphs_end_remember(conn, tp);
	ev = tcphs_pen_step(s, &pen, TCPHS_INSTANT_TIME_WAIT, TCPHS_STATE_TIME_WAIT);
	pen.slot->before.duration = tcphs_elapsed(conn->since, s->now);
	pen.slot->before.bytes = half_bytes(conn, seq, tp->bytes_received);
	put_end(s, ev, seq, tp->snd_una);
	ev->flags |= TCPHS_F_TIME_WAIT_AHEAD;
	tcphs_pen_done(s, &pen, TCPHS_INSTANT_TIME_WAIT);
	tcphs_conn_move_of(s, pen.stats, TCPHS_STATE_TIME_WAIT);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end of a connection as rows: its data in one, then FINs, RSTs and TIME-WAIT.
 */
#include "picture_draft.h"

static bool is_taken_out(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_CLOSED && ev->reason == TCPHS_REASON_TAKEN_OUT;
}

/*
 * Payload of one side's whole life, from its own closing record or the other's. Where one end
 * was put back, the other's is of before, too.
 */
static bool bytes_of(const struct draft *d, unsigned int side, uint64_t *bytes)
{
	const struct tcphs_event *own = d->closed[side], *other = d->closed[!side];

	if (d->p->end[!side].put_back && !d->p->end[side].put_back)
		own = NULL;
	if (own)
		*bytes = own->life.bytes_sent;
	else if (other)
		*bytes = other->life.bytes_received;
	return own || other;
}

/*
 * Has nothing come of what this side sent? Of data that nobody confirmed no record has the
 * number: that there were some is seen by segments that it sent again between handshake and
 * close, or by its FIN, which stands behind them.
 */
static bool sent_in_vain(const struct draft *d, unsigned int side)
{
	const struct tcphs_event *own = d->closed[side], *ev;
	const struct tcphs_end *end = &d->p->end[side];
	const struct tcphs_life *life;
	size_t i;

	if (!own || own->life.bytes_sent || own->flags & TCPHS_F_ADOPTED)
		return false;
	life = &own->life;
	if (life->retransmits > life->handshake_retransmits + life->closing_retransmits)
		return true;
	for (i = 0; i < d->nr; i++) {
		ev = d->ev[i];
		if (ev->type == TCPHS_EV_FIN_SENT && tcphs_picture_side(d->p, ev) == side)
			return ev->flags & TCPHS_F_SEQ && end->flags & TCPHS_F_ISN &&
			       ev->seq != end->id.isn + 1;
	}
	return false;
}

/* Of which side were the bytes of the half-close? */
static unsigned int half_side(const struct draft *d)
{
	unsigned int side = tcphs_picture_side(d->p, d->half);

	return d->half->type == TCPHS_EV_FIN_SENT ? side : !side;
}

/* The data phase ends where the close begins. */
static void begin_close(struct draft *d, const struct tcphs_event *ev)
{
	struct tcphs_picture *p = d->p;
	struct tcphs_data *data;
	unsigned int side;

	if (p->closing)
		return;
	p->closing = true;
	if (!p->established && !(ev->flags & TCPHS_F_ADOPTED))
		return;
	data = &draft_row(p, 0)->data;
	data->here = true;
	if (p->established)
		data->duration = ev->time - p->established;
	if (is_taken_out(ev)) {
		side = tcphs_picture_side(p, ev);
		data->known[TCPHS_LEFT] = true;
		data->known[TCPHS_RIGHT] = true;
		data->bytes[side] = ev->life.bytes_sent;
		data->bytes[!side] = ev->life.bytes_received;
		return;
	}
	for (side = 0; side < (p->self ? 1 : 2); side++) {
		data->known[side] = bytes_of(d, side, &data->bytes[side]);
		data->in_vain[side] = sent_in_vain(d, side);
	}
	p->bytes_missing = !data->known[TCPHS_LEFT];
	if (d->half && data->bytes[half_side(d)] >= d->half->half.bytes)
		data->bytes[half_side(d)] -= d->half->half.bytes;
}

/* Between the FINs only one side could send. */
static void half_close(struct draft *d, const struct tcphs_event *ev)
{
	struct tcphs_data *data;

	if (ev != d->half || !ev->half.bytes)
		return;
	data = &draft_row(d->p, 0)->data;
	data->here = true;
	data->duration = ev->flags & TCPHS_F_DURATION ? ev->duration : 0;
	data->known[half_side(d)] = true;
	data->bytes[half_side(d)] = ev->half.bytes;
}

/* ---- the close -------------------------------------------------------------- */

/*
 * Were ACK and FIN of the passive side one segment? It knows for sure; the
 * active side goes by the clock.
 */
static bool merged(const struct draft *d, unsigned int active)
{
	const struct tcphs_event *closed = d->closed[!active] ? d->closed[!active] :
								d->closed[active];

	return closed && closed->life.segments == 3;
}

static void on_fin_sent(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row;

	begin_close(d, ev);
	half_close(d, ev);
	row = draft_row(d->p, ev->time);
	draft_arrow(d, row, TCPHS_KIND_FIN, false);
	draft_enter(d->p, row, side, ev->new_state);
	d->p->end[side].fin_sent = true;
	d->p->end[side].has_fin_seq = ev->flags & TCPHS_F_SEQ;
	d->p->end[side].fin_seq = ev->seq;
}

static void on_fin_again(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	(void)side;
	draft_arrow_apart(d, ev->time, TCPHS_KIND_FIN, false);
}

/* The FIN that comes next is the same segment as this ACK of ours: its arrow leads to both. */
static bool draw_next_fin(struct draft *d, struct tcphs_row *row, unsigned int side)
{
	size_t at, here = d->at;
	const struct tcphs_event *next = draft_next(d, side, &at);

	if (!next || next->type != TCPHS_EV_FIN_RECEIVED || !merged(d, side))
		return false;
	d->at = at;
	draft_arrow(d, row, TCPHS_KIND_FIN, true);
	d->at = here;
	d->fin_drawn[side] = true;
	draft_guess(d->p, row, !side, TCPHS_STATE_LAST_ACK);
	return true;
}

static void on_fin_acked(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);

	d->p->end[side].fin_acked = true;
	draft_enter(d->p, row, side, ev->new_state);
	if (ev->old_state == TCPHS_STATE_FIN_WAIT1 && draw_next_fin(d, row, side))
		return;
	draft_arrow(d, row, TCPHS_KIND_FIN_ACK, true);
	draft_guess(d->p, row, !side, d->p->end[!side].fin_sent ? TCPHS_STATE_TIME_WAIT :
								   TCPHS_STATE_CLOSE_WAIT);
}

static bool in_four_segments(const struct draft *d, unsigned int side)
{
	return d->closed[side] && d->closed[side]->life.segments == 4;
}

/*
 * Our ACK of the FIN that just came. In CLOSE-WAIT it waits for data or our FIN to
 * go with, so it is drawn only if the other end, or how the close went, shows it.
 * Else ours has been sent, and nothing comes behind a FIN: that is its number, whatever
 * of what lies before it is confirmed (RFC 9293, 3.6, simultaneous close).
 */
static void confirm_fin(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	const struct tcphs_flight *f = draft_flight(d, TCPHS_KIND_FIN_ACK, false);
	const struct tcphs_end *end = &d->p->end[side];
	bool arrived = f && f->mate != TCPHS_NO_MATE;
	bool late = ev->new_state == TCPHS_STATE_CLOSE_WAIT;
	struct tcphs_arrow *a;

	if (late && (merged(d, !side) || !(arrived || in_four_segments(d, side))))
		return;
	a = draft_arrow_apart(d, late ? 0 : ev->time, TCPHS_KIND_FIN_ACK, false);
	if (!a)
		return;
	if (arrived)
		ev = d->ev[d->flight[f->mate].event];
	if (arrived)
		draft_numbers(a, ev->flags & TCPHS_F_SEQ, ev->seq, ev->flags & TCPHS_F_ACK,
			      ev->ack);
	else
		draft_numbers(a, !late && end->has_fin_seq, end->fin_seq + 1,
			      ev->flags & TCPHS_F_SEQ, ev->seq + 1);
}

static void on_fin_received(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_end *end = &d->p->end[side];
	const struct tcphs_event *next;
	struct tcphs_row *row;

	begin_close(d, ev);
	half_close(d, ev);
	d->p->end[!side].fin_sent = true;
	/* What is left to show is the state, which the ACK shows that comes next. */
	next = d->fin_drawn[side] ? draft_next(d, side, NULL) : NULL;
	if (next && next->type == TCPHS_EV_TIME_WAIT && next->time == ev->time)
		return;
	row = draft_row(d->p, ev->time);
	if (!d->fin_drawn[side])
		draft_arrow(d, row, TCPHS_KIND_FIN, true);
	draft_enter(d->p, row, side, ev->new_state);
	draft_guess(d->p, row, !side, end->fin_acked ? TCPHS_STATE_LAST_ACK :
						       TCPHS_STATE_FIN_WAIT1);
	confirm_fin(d, ev, side);
}

static void on_time_wait(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);

	draft_arrow(d, row, TCPHS_KIND_FIN_ACK, false);
	draft_enter(d->p, row, side, ev->new_state);
}

static void on_time_wait_fin(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	struct tcphs_arrow *a = draft_arrow(d, row, TCPHS_KIND_FIN, true);

	/* How often the peer sent it in all it alone knows: here it came again. */
	if (a && !a->resend)
		a->resend = 1;
	draft_note(row, side, "the FIN came again, TIME-WAIT confirms it again");
}

static void on_time_wait_end(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	char text[TCPHS_DURATION_LEN];

	draft_enter(d->p, row, side, ev->new_state);
	if (ev->flags & TCPHS_F_DURATION)
		draft_note(row, side, "TIME-WAIT took %s", draft_time(d->p, ev->duration, text));
	draft_reason(row, side, ev);
}

/* It answers a segment that the handshake does not want, and the handshake goes on. */
static void on_rst_in_between(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_arrow *a = draft_arrow_apart(d, ev->time, TCPHS_KIND_CHALLENGE, true);
	struct tcphs_row *row;

	/* A RST has the number that the ACK confirms. */
	if (a)
		draft_numbers(a, false, 0, ev->flags & TCPHS_F_SEQ, ev->seq);
	row = draft_row(d->p, ev->time);
	draft_arrow(d, row, TCPHS_KIND_RST, false);
	draft_reason(row, side, ev);
}

/*
 * The same where the connection comes in: by a listener, for which the request waits, or by a
 * socket that stays in SYN-RECV. If it was this handshake that is refused, its end is on record.
 */
static bool answers_stray(const struct draft *d, const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_RST_SENT && !d->p->established &&
	       !(ev->flags & TCPHS_F_ADOPTED) &&
	       (ev->new_state == TCPHS_STATE_LISTEN || ev->new_state == TCPHS_STATE_SYN_RECV);
}

static void on_rst(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	bool sent = ev->type == TCPHS_EV_RST_SENT;
	struct tcphs_row *row;

	if (ev->new_state == TCPHS_STATE_SYN_SENT) {
		on_rst_in_between(d, ev, side);
		return;
	}
	if (answers_stray(d, ev)) {
		row = draft_row(d->p, ev->time);
		draft_arrow(d, row, TCPHS_KIND_RST, false);
		draft_reason(row, side, ev);
		return;
	}
	begin_close(d, ev);
	row = draft_row(d->p, ev->time);
	draft_arrow(d, row, TCPHS_KIND_RST, !sent);
	if (ev->id.conn && ev->new_state == TCPHS_STATE_CLOSE)
		draft_enter(d->p, row, side, ev->new_state);
	if (!sent)
		draft_guess(d->p, row, !side, TCPHS_STATE_CLOSE);
	draft_reason(row, side, ev);
	d->p->end[side].resets++;
}

static void on_closed(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_data data = { .known = { true, true } };
	char text[TCPHS_LABEL_LEN];
	struct tcphs_row *row;

	begin_close(d, ev);
	row = draft_row(d->p, ev->time);
	draft_enter(d->p, row, side, ev->new_state);
	/* A RST has said why. */
	if (!d->p->end[side].resets)
		draft_reason(row, side, ev);
	if (ev->flags & TCPHS_F_DURATION && !(ev->flags & TCPHS_F_ADOPTED))
		draft_note(row, side, "lived %s", draft_time(d->p, ev->duration, text));
	if (ev->flags & TCPHS_F_LIFE && ev->life.retransmits)
		draft_note(row, side, "%u sent again", ev->life.retransmits);
	if (d->p->bytes_missing && ev->flags & TCPHS_F_LIFE) {
		data.bytes[side] = ev->life.bytes_sent;
		data.bytes[!side] = ev->life.bytes_received;
		data.in_vain[side] = sent_in_vain(d, side);
		tcphs_data_label(text, d->p, &data, d->p->utf8);
		draft_note(row, side, "%s", text);
		d->p->bytes_missing = false;
	}
}

static const draft_step steps[TCPHS_EV_MAX + 1] = {
	[TCPHS_EV_FIN_SENT]		= on_fin_sent,
	[TCPHS_EV_FIN_RECEIVED]		= on_fin_received,
	[TCPHS_EV_FIN_ACKED]		= on_fin_acked,
	[TCPHS_EV_FIN_RETRANSMIT]	= on_fin_again,
	[TCPHS_EV_RST_SENT]		= on_rst,
	[TCPHS_EV_RST_RECEIVED]		= on_rst,
	[TCPHS_EV_TIME_WAIT]		= on_time_wait,
	[TCPHS_EV_TIME_WAIT_FIN]	= on_time_wait_fin,
	[TCPHS_EV_TIME_WAIT_END]	= on_time_wait_end,
	[TCPHS_EV_CLOSED]		= on_closed,
};

bool draft_close(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	if (ev->type > TCPHS_EV_MAX || !steps[ev->type])
		return false;
	steps[ev->type](d, ev, side);
	return true;
}

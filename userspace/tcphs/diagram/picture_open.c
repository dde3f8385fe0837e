/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The steps of a handshake as rows: SYN to ESTABLISHED and accept(), or to failure.
 */
#include "picture_draft.h"

/* One above the limit is what the kernel calls full, and takes. */
static void note_length(struct tcphs_row *row, unsigned int side, const char *name,
			unsigned int length, unsigned int limit)
{
	if (length > limit)
		draft_note(row, side, "%s queue full", name);
	else
		draft_note(row, side, "%s queue %u/%u", name, length, limit);
}

static void note_queue(struct tcphs_row *row, unsigned int side, const struct tcphs_event *ev,
		       bool accept)
{
	const struct tcphs_queue *q = &ev->queue;

	if (!(ev->flags & TCPHS_F_QUEUE))
		return;
	if (accept)
		note_length(row, side, "accept", q->accept_queue, q->accept_limit);
	else
		note_length(row, side, "SYN", q->syn_queue, q->syn_limit);
}

/* Which queue it was, and how full. */
static void note_dropped(struct tcphs_row *row, unsigned int side, const struct tcphs_event *ev)
{
	const struct tcphs_queue *q = &ev->queue;
	bool accept = ev->reason == TCPHS_REASON_ACCEPT_QUEUE_FULL;

	draft_note(row, side, "dropped: %s", tcphs_reason_words(ev->reason));
	if (!(ev->flags & TCPHS_F_QUEUE))
		return;
	if (accept || ev->reason == TCPHS_REASON_SYN_QUEUE_FULL)
		draft_note(row, side, "holds %u", accept ? q->accept_queue : q->syn_queue);
	else
		note_queue(row, side, ev, false);
}

static void on_syn_sent(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);

	draft_arrow(d, row, TCPHS_KIND_SYN, false);
	draft_enter(d->p, row, side, ev->new_state);
	draft_reason(row, side, ev);
}

/*
 * A SYN has its sender's ISN, and the SYN+ACK that answers it both. The record may
 * not have them: of a SYN that met ours, or of what Fast Open took with it.
 */
static void number_syns(struct draft *d, const struct tcphs_event *ev, unsigned int side,
			struct tcphs_arrow *syn)
{
	const struct tcphs_end *us = &d->p->end[side], *peer = &d->p->end[!side];
	struct tcphs_arrow *a;

	if (syn)
		draft_numbers(syn, peer->flags & TCPHS_F_ISN, peer->id.isn, false, 0);
	a = draft_arrow_apart(d, ev->time, TCPHS_KIND_SYNACK, false);
	if (a)
		draft_numbers(a, us->flags & TCPHS_F_ISN, us->id.isn,
			      peer->flags & TCPHS_F_ISN && ev->reason != TCPHS_REASON_FASTOPEN,
			      peer->id.isn + 1);
}

static void on_syn_received(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	struct tcphs_arrow *a = draft_arrow(d, row, TCPHS_KIND_SYN, true);

	draft_enter(d->p, row, side, ev->new_state);
	draft_guess(d->p, row, !side, TCPHS_STATE_SYN_SENT);
	draft_reason(row, side, ev);
	note_queue(row, side, ev, false);
	if (ev->type == TCPHS_EV_SYNCOOKIE_SENT)
		draft_note(row, side, "answered by a SYN cookie");
	number_syns(d, ev, side, a);
}

static void on_syn_again(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	struct tcphs_arrow *a = draft_arrow(d, row, TCPHS_KIND_SYN, true);

	draft_guess(d->p, row, !side, TCPHS_STATE_SYN_SENT);
	if (ev->type == TCPHS_EV_SYN_DUPLICATE) {
		draft_note(row, side, "the same SYN again");
		draft_reason(row, side, ev);
		return;
	}
	if (a)
		a->lost = true;
	note_dropped(row, side, ev);
}

static void on_syn_unexpected(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	struct tcphs_arrow *a;

	draft_arrow(d, row, TCPHS_KIND_OTHER_SYN, true);
	draft_note(row, side, "the SYN of another connection");
	draft_reason(row, side, ev);
	a = draft_arrow_apart(d, ev->time, TCPHS_KIND_CHALLENGE, false);
	if (a)
		draft_numbers(a, false, 0, false, 0);
}

static void on_synack_again(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	(void)side;
	draft_arrow_apart(d, ev->time, TCPHS_KIND_SYNACK, false);
}

static void note_established(struct tcphs_picture *p, struct tcphs_row *row, unsigned int side,
			     const struct tcphs_event *ev)
{
	char text[TCPHS_DURATION_LEN];

	draft_enter(p, row, side, ev->new_state);
	p->established = ev->time;
	if (ev->flags & TCPHS_F_DURATION)
		draft_note(row, side, "handshake %s", draft_time(p, ev->duration, text));
}

/* The third ACK leads into the queue and to ESTABLISHED in one go. */
static void on_accept_queued(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	const struct tcphs_event *next = draft_next(d, side, NULL);
	struct tcphs_row *row = draft_row(d->p, ev->time);
	struct tcphs_arrow *a = draft_arrow(d, row, TCPHS_KIND_ACK, true);

	if (ev->reason == TCPHS_REASON_FASTOPEN) {
		note_queue(row, side, ev, true);
		return;
	}
	d->p->end[side].acked = true;
	draft_guess(d->p, row, !side, TCPHS_STATE_ESTABLISHED);
	if (ev->reason == TCPHS_REASON_SYNCOOKIE)
		draft_note(row, side, "the cookie is valid");
	note_queue(row, side, ev, true);
	if (!next || next->type != TCPHS_EV_ESTABLISHED)
		return;
	if (a && next->flags & TCPHS_F_AGREED)
		a->len = next->agreed.ack_data;
	note_established(d->p, row, side, next);
	d->spent[side] = true;
}

static void on_ack_unwanted(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	struct tcphs_arrow *a = draft_arrow(d, row, TCPHS_KIND_ACK, true);

	if (a)
		a->lost = true;
	draft_guess(d->p, row, !side, TCPHS_STATE_ESTABLISHED);
	if (ev->type == TCPHS_EV_ACK_DEFERRED)
		draft_note(row, side, "TCP_DEFER_ACCEPT awaits data");
	else
		note_dropped(row, side, ev);
}

static void on_established_passive(struct draft *d, const struct tcphs_event *ev,
				   unsigned int side)
{
	uint32_t taken = ev->flags & TCPHS_F_AGREED ? ev->agreed.syn_data : 0;
	struct tcphs_row *row = draft_row(d->p, ev->time);

	draft_arrow(d, row, TCPHS_KIND_ACK, true);
	draft_guess(d->p, row, !side, TCPHS_STATE_ESTABLISHED);
	note_established(d->p, row, side, ev);
	if (taken)
		draft_note(row, side, "%u B came with the SYN", taken);
}

static void on_established(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	uint32_t taken = ev->flags & TCPHS_F_AGREED ? ev->agreed.syn_data : 0;
	bool isns = ev->flags & TCPHS_F_ISN && ev->flags & TCPHS_F_PEER_ISN;
	struct tcphs_arrow *a;
	struct tcphs_row *row;

	if (ev->flags & TCPHS_F_RESTORED) {
		/* What it was taken out of was drawn to its end. */
		d->p->end[side].put_back = true;
		d->p->closing = false;
		row = draft_row(d->p, ev->time);
		note_established(d->p, row, side, ev);
		draft_note(row, side, "restored with TCP_REPAIR: no handshake");
		return;
	}
	if (ev->id.role == TCPHS_ROLE_PASSIVE) {
		on_established_passive(d, ev, side);
		return;
	}
	row = draft_row(d->p, ev->time);
	a = draft_arrow(d, row, TCPHS_KIND_SYNACK, true);
	/* The numbers of the record are the third ACK's. */
	if (a)
		draft_numbers(a, isns, ev->id.peer_isn, isns, ev->id.isn + 1 + taken);
	draft_guess(d->p, row, !side, TCPHS_STATE_SYN_RECV);
	note_established(d->p, row, side, ev);
	if (taken)
		draft_note(row, side, "%u B went with the SYN", taken);
	draft_arrow_apart(d, ev->time, TCPHS_KIND_ACK, false);
}

static void on_accepted(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	char text[TCPHS_OWNER_LEN] = "";

	if (ev->flags & TCPHS_F_OWNER)
		tcphs_fmt_owner(text, ev->id.comm, sizeof(ev->id.comm), ev->id.pid);
	draft_note(row, side, "accept()%s%s", *text ? " by " : "", text);
	if (ev->flags & TCPHS_F_DURATION)
		draft_note(row, side, "waited %s", draft_time(d->p, ev->duration, text));
}

static void on_migrated(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);

	draft_note(row, side, "listener closed, moved to another");
	note_queue(row, side, ev, ev->new_state != TCPHS_STATE_SYN_RECV);
}

/*
 * Who gave up, after how long. ICMP or an ACK of an older connection may have come, and
 * are drawn then; a SYN+ACK would have led elsewhere.
 */
static void note_given_up(const struct draft *d, struct tcphs_row *row, unsigned int side,
			  const struct tcphs_event *ev)
{
	const struct tcphs_end *end = &d->p->end[side];
	char text[TCPHS_OWNER_LEN] = "";

	if (end->flags & TCPHS_F_OWNER)
		tcphs_fmt_owner(text, end->id.comm, sizeof(end->id.comm), end->id.pid);
	draft_note(row, side, "%s%sgave up", text, *text ? " " : "");
	if (ev->flags & TCPHS_F_DURATION)
		draft_more(row, " after %s", draft_time(d->p, ev->duration, text));
	draft_more(row, ": no SYN+ACK");
}

/* What failed before it was a connection. */
static void on_failed(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	const char *what = "request ended";
	char text[TCPHS_DURATION_LEN];

	if (draft_arrow(d, row, TCPHS_KIND_RST, true))
		draft_guess(d->p, row, !side, TCPHS_STATE_CLOSE);
	draft_enter(d->p, row, side, ev->new_state);
	if (ev->type == TCPHS_EV_CONNECT_FAILED && ev->old_state == TCPHS_STATE_SYN_SENT &&
	    ev->reason == TCPHS_REASON_CLOSED_BY_USER) {
		note_given_up(d, row, side, ev);
		return;
	}
	if (ev->type == TCPHS_EV_CONNECT_FAILED)
		what = "connect() failed";
	else if (ev->type == TCPHS_EV_REQUEST_EXPIRED)
		what = "request expired";
	if (ev->flags & TCPHS_F_DURATION)
		draft_note(row, side, "%s in %s", what, draft_time(d->p, ev->duration, text));
	else
		draft_note(row, side, "%s", what);
	if (ev->type != TCPHS_EV_REQUEST_EXPIRED)
		draft_reason(row, side, ev);
}

/* From the other end, or from a router or firewall on the way: that is not known. */
static void on_icmp(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	struct tcphs_row *row = draft_row(d->p, ev->time);
	struct tcphs_arrow *a = draft_arrow(d, row, TCPHS_KIND_ICMP, true);

	if (!a)
		return;
	a->unseen = true;
	a->icmp_type = ev->icmp_type;
	a->icmp_code = ev->icmp_code;
	a->has_seq = false;
	/* It answers what this end sent; the other end is where it was. */
	row->side = side;
}

static const draft_step steps[TCPHS_EV_MAX + 1] = {
	[TCPHS_EV_SYN_SENT]		= on_syn_sent,
	[TCPHS_EV_SYN_RETRANSMIT]	= on_syn_sent,
	[TCPHS_EV_SYN_RECEIVED]		= on_syn_received,
	[TCPHS_EV_SYN_DROPPED]		= on_syn_again,
	[TCPHS_EV_SYNCOOKIE_SENT]	= on_syn_received,
	[TCPHS_EV_SYNACK_RETRANSMIT]	= on_synack_again,
	[TCPHS_EV_REQUEST_EXPIRED]	= on_failed,
	[TCPHS_EV_REQUEST_RESET]	= on_failed,
	[TCPHS_EV_ESTABLISHED]		= on_established,
	[TCPHS_EV_ACCEPT_QUEUED]	= on_accept_queued,
	[TCPHS_EV_ACCEPT_OVERFLOW]	= on_ack_unwanted,
	[TCPHS_EV_ACCEPTED]		= on_accepted,
	[TCPHS_EV_CONNECT_FAILED]	= on_failed,
	[TCPHS_EV_SYN_DUPLICATE]	= on_syn_again,
	[TCPHS_EV_ICMP_RECEIVED]	= on_icmp,
	[TCPHS_EV_ACK_DEFERRED]		= on_ack_unwanted,
	[TCPHS_EV_MIGRATED]		= on_migrated,
	[TCPHS_EV_SYN_UNEXPECTED]	= on_syn_unexpected,
};

bool draft_open(struct draft *d, const struct tcphs_event *ev, unsigned int side)
{
	if (ev->type > TCPHS_EV_MAX || !steps[ev->type])
		return false;
	steps[ev->type](d, ev, side);
	return true;
}

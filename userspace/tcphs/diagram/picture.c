/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The steps of a connection as the rows of its drawing.
 *
 * Each event becomes a row or two: what it says of the state of its side, the
 * segment it speaks of, a note. What no event says is read from the segments: the
 * states of a side that is not on this machine, the SYN+ACK after a SYN.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "picture_draft.h"

void tcphs_picture_init(struct tcphs_picture *p, bool utf8)
{
	*p = (struct tcphs_picture){ .utf8 = utf8 };
}

void tcphs_picture_free(struct tcphs_picture *p)
{
	free(p->row);
	p->row = NULL;
	p->nr = 0;
	p->cap = 0;
}

struct tcphs_row *draft_row(struct tcphs_picture *p, uint64_t time)
{
	static struct tcphs_row lost;
	struct tcphs_row *bigger;

	if (p->nr == p->cap) {
		bigger = realloc(p->row, (p->cap * 2 + 32) * sizeof(*bigger));
		if (!bigger) {
			p->err = -ENOMEM;
			return &lost;
		}
		p->row = bigger;
		p->cap = p->cap * 2 + 32;
	}
	p->row[p->nr] = (struct tcphs_row){ .time = time };
	return &p->row[p->nr++];
}

static void append(struct tcphs_row *row, const char *fmt, va_list ap)
{
	size_t len = strlen(row->note);

	vsnprintf(row->note + len, sizeof(row->note) - len, fmt, ap);
}

void draft_more(struct tcphs_row *row, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(row, fmt, ap);
	va_end(ap);
}

void draft_note(struct tcphs_row *row, unsigned int side, const char *fmt, ...)
{
	va_list ap;

	row->side = side;
	if (*row->note)
		draft_more(row, ", ");
	va_start(ap, fmt);
	append(row, fmt, ap);
	va_end(ap);
}

const char *draft_time(const struct tcphs_picture *p, uint64_t ns, char *text)
{
	tcphs_fmt_duration(text, ns, p->utf8);
	return text;
}

void draft_enter(struct tcphs_picture *p, struct tcphs_row *row, unsigned int side,
		 unsigned int state)
{
	if (state == TCPHS_STATE_UNSPEC || p->end[side].state == state)
		return;
	p->end[side].state = state;
	row->state[side] = state;
	row->guessed[side] = false;
}

void draft_guess(struct tcphs_picture *p, struct tcphs_row *row, unsigned int side,
		 unsigned int state)
{
	if (p->end[side].seen || p->self)
		return;
	draft_enter(p, row, side, state);
	row->guessed[side] = row->state[side] != TCPHS_STATE_UNSPEC;
}

/* ---- segments --------------------------------------------------------------- */

struct tcphs_flight *draft_flight(const struct draft *d, unsigned int kind, bool arrives)
{
	size_t i;

	for (i = 0; i < d->flights; i++)
		if (d->flight[i].event == d->at && d->flight[i].kind == kind &&
		    d->flight[i].arrives == arrives)
			return &d->flight[i];
	return NULL;
}

static unsigned int flags_of(unsigned int kind, const struct tcphs_event *ev)
{
	switch (kind) {
	case TCPHS_KIND_SYN:
	case TCPHS_KIND_OTHER_SYN:
		return TCPHS_SYN;
	case TCPHS_KIND_SYNACK:
		return TCPHS_SYN | TCPHS_ACK;
	case TCPHS_KIND_FIN:
		return TCPHS_FIN | TCPHS_ACK;
	case TCPHS_KIND_ICMP:
		return TCPHS_ICMP;
	case TCPHS_KIND_RST:
		return TCPHS_RST | (ev->flags & TCPHS_F_ACK ? TCPHS_ACK : 0);
	default:
		return TCPHS_ACK;
	}
}

void draft_numbers(struct tcphs_arrow *a, bool has_seq, uint32_t seq, bool has_ack,
		   uint32_t ack)
{
	a->has_seq = has_seq;
	a->seq = has_seq ? seq : 0;
	a->has_ack = has_ack;
	a->ack = has_ack ? ack : 0;
}

/* 0: it is sent for the first time, or that is not known. */
static uint32_t resend_of(const struct tcphs_event *ev)
{
	return ev->flags & TCPHS_F_RESEND ? ev->resend.number : 0;
}

/* Did its sender record a departure between the implied one of @f and its arrival? */
static bool overtaken(const struct tcphs_flight *f, const struct tcphs_flight *arrival)
{
	const struct tcphs_flight *other;

	for (other = f + 1; other < arrival; other++)
		if (!other->arrives && !other->implied && other->from == f->from)
			return true;
	return false;
}

/*
 * Has it a row where it departs and another where it arrives? Where the record of
 * the departure is the later one there is but one; likewise where the departure is
 * implied, unless that would draw it behind what was sent after it.
 */
static bool in_two_rows(const struct tcphs_picture *p, const struct tcphs_flight *leaves,
			const struct tcphs_flight *arrives)
{
	/* What comes back to where it left has always two. */
	if (p->self)
		return leaves < arrives;
	return leaves < arrives && (!leaves->implied || overtaken(leaves, arrives));
}

/* A departure without arrival: if that comes in a later call, it finds this. */
static void remember(struct tcphs_picture *p, const struct tcphs_flight *f)
{
	p->open[p->opens++ % TCPHS_OPEN_MAX] = (struct tcphs_open){
		.kind = f->kind, .from = f->from, .has_key = f->has_key, .key = f->key,
	};
}

static bool left_before(struct tcphs_picture *p, const struct tcphs_flight *f)
{
	struct tcphs_open *open;
	unsigned int i;

	for (i = 0; i < p->opens && i < TCPHS_OPEN_MAX; i++) {
		open = &p->open[i];
		if (open->kind != f->kind || open->from != f->from || !open->has_key ||
		    !f->has_key || open->key != f->key)
			continue;
		open->has_key = false;
		return true;
	}
	return false;
}

/*
 * One row has it all: that of the arrival, or of the departure if no arrival is
 * recorded. NULL: there is nothing to draw here.
 */
struct tcphs_arrow *draft_arrow(struct draft *d, struct tcphs_row *row, unsigned int kind,
				bool arrives)
{
	struct tcphs_flight *f = draft_flight(d, kind, arrives), *mate;
	const struct tcphs_event *ev = d->ev[d->at];
	struct tcphs_arrow *a = &row->arrow;

	if (!f)
		return NULL;
	mate = f->mate == TCPHS_NO_MATE ? NULL : &d->flight[f->mate];
	*a = (struct tcphs_arrow){ .from = f->from };
	if (!mate && arrives && left_before(d->p, f)) {
		a->part = TCPHS_ARRIVES;
	} else if (!mate) {
		a->unseen = !arrives || !d->p->end[f->from].seen;
		a->part = arrives && d->p->self ? TCPHS_ARRIVES : TCPHS_WHOLE;
		a->lost = f->lost;
		if (!arrives)
			remember(d->p, f);
	} else if (in_two_rows(d->p, arrives ? mate : f, arrives ? f : mate)) {
		a->part = arrives ? TCPHS_ARRIVES : TCPHS_DEPARTS;
		if (!arrives)
			f->number = ++d->p->flights;
		a->flight = arrives ? mate->number : f->number;
	} else if (!arrives) {
		return NULL;
	}
	a->flags = flags_of(kind, ev);
	draft_numbers(a, ev->flags & TCPHS_F_SEQ, ev->seq, ev->flags & TCPHS_F_ACK, ev->ack);
	a->another = tcphs_event_of_another(ev);
	a->resend = resend_of(arrives && mate ? d->ev[mate->event] : ev);
	if (a->resend && !arrives)
		draft_note(row, a->from, "resend %u", a->resend);
	return a;
}

/* A row of its own, if there is something to draw in it. */
struct tcphs_arrow *draft_arrow_apart(struct draft *d, uint64_t time, unsigned int kind,
				      bool arrives)
{
	struct tcphs_row *row = draft_row(d->p, time);
	struct tcphs_arrow *a = draft_arrow(d, row, kind, arrives);

	if (!a && !d->p->err)
		d->p->nr--;
	return a;
}

void draft_reason(struct tcphs_row *row, unsigned int side, const struct tcphs_event *ev)
{
	if (ev->reason != TCPHS_REASON_NONE)
		draft_note(row, side, "%s", tcphs_reason_words(ev->reason));
}

const struct tcphs_event *draft_next(const struct draft *d, unsigned int side, size_t *at)
{
	size_t i;

	for (i = d->at + 1; i < d->nr; i++) {
		if (tcphs_picture_side(d->p, d->ev[i]) != side || !d->ev[i]->id.conn)
			continue;
		if (at)
			*at = i;
		return d->ev[i];
	}
	return NULL;
}

/* ---- the whole -------------------------------------------------------------- */

static void mirror(struct tcphs_ident *to, const struct tcphs_ident *id)
{
	memcpy(to->local, id->peer, sizeof(to->local));
	memcpy(to->peer, id->local, sizeof(to->peer));
	to->local_port = id->peer_port;
	to->peer_port = id->local_port;
	to->family = id->family;
	to->netns = id->netns;
}

/* Both ends are one socket: it connected to its own address and port. */
static bool is_self(const struct tcphs_ident *id)
{
	return id->local_port == id->peer_port && !memcmp(id->local, id->peer, sizeof(id->local));
}

static bool opened_by_peer(const struct tcphs_event *ev)
{
	return ev->id.role == TCPHS_ROLE_PASSIVE || !ev->id.conn;
}

/* What is learnt of either side, before anything is drawn. */
static void meet(struct tcphs_picture *p, const struct tcphs_event *ev)
{
	unsigned int side = tcphs_picture_side(p, ev);
	struct tcphs_end *end = &p->end[side], *other = &p->end[!side];
	uint32_t known = ev->flags & (TCPHS_F_ISN | TCPHS_F_OWNER), isn;

	end->seen = true;
	if (ev->id.conn) {
		end->socket = true;
		if (ev->ifindex)
			end->ifindex = ev->ifindex;
		/* Once the owner is known it stays. */
		isn = end->id.isn;
		if (known & TCPHS_F_OWNER || !(end->flags & TCPHS_F_OWNER))
			end->id = ev->id;
		/* What was put back does not say it. */
		if (end->flags & ~known & TCPHS_F_ISN)
			end->id.isn = isn;
		end->flags |= known;
	} else if (!end->socket) {
		end->id = ev->id;
		end->flags = known;
		end->listening |= ev->old_state == TCPHS_STATE_LISTEN;
	}
	if (ev->flags & TCPHS_F_QUEUE)
		end->listener.conn = ev->queue.listener;
	if (ev->flags & TCPHS_F_PEER_ISN && !(other->flags & TCPHS_F_ISN)) {
		other->id.isn = ev->id.peer_isn;
		other->flags |= TCPHS_F_ISN;
	}
}

static bool is_birth(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_SYN_SENT || ev->type == TCPHS_EV_SYN_RECEIVED ||
	       ev->type == TCPHS_EV_CONNECT_FAILED || ev->reason == TCPHS_REASON_SYNCOOKIE ||
	       (ev->type == TCPHS_EV_ESTABLISHED && ev->flags & TCPHS_F_RESTORED) ||
	       !ev->id.conn;
}

/* The states both begin in, and what of the beginning is missing. */
static void first_row(struct draft *d)
{
	const struct tcphs_event *first = d->ev[0];
	struct tcphs_picture *p = d->p;
	struct tcphs_row *row;
	unsigned int side;
	size_t i;

	p->begun = true;
	p->start = first->time;
	row = draft_row(p, first->time);
	for (side = 0; side < 2; side++)
		for (i = 0; i < d->nr; i++)
			if (tcphs_picture_side(p, d->ev[i]) == side &&
			    p->end[side].state == TCPHS_STATE_UNSPEC)
				draft_enter(p, row, side, d->ev[i]->old_state);
	if (first->flags & TCPHS_F_UNTRACKED)
		draft_note(row, TCPHS_MIDDLE, "no room in the module's table, little is known");
	else if (first->flags & TCPHS_F_ADOPTED)
		draft_note(row, TCPHS_MIDDLE, "older than the module, not seen from its beginning");
	else if (!is_birth(first))
		draft_note(row, TCPHS_MIDDLE, "its beginning is not on record any more");
}

static void look_ahead(struct draft *d)
{
	const struct tcphs_event *ev;
	size_t i;

	for (i = 0; i < d->nr; i++) {
		ev = d->ev[i];
		meet(d->p, ev);
		if (ev->flags & TCPHS_F_LIFE)
			d->closed[tcphs_picture_side(d->p, ev)] = ev;
		if (ev->flags & TCPHS_F_HALF && !d->half)
			d->half = ev;
	}
}

static void one_step(struct draft *d)
{
	const struct tcphs_event *ev = d->ev[d->at];
	unsigned int side = tcphs_picture_side(d->p, ev);
	size_t first = d->p->nr, i;

	d->p->last = ev->time;
	if (d->spent[side] && ev->id.conn) {
		d->spent[side] = false;
		return;
	}
	if (!draft_open(d, ev, side))
		draft_close(d, ev, side);
	for (i = first; i < d->p->nr; i++)
		d->p->row[i].tone = tcphs_event_tone(ev->type);
}

/* Rows with nothing in them: what they would have shown is in another. */
static void drop_empty(struct tcphs_picture *p, size_t from)
{
	size_t i, to = from;

	for (i = from; i < p->nr; i++)
		if (p->row[i].arrow.flags || p->row[i].data.here || *p->row[i].note ||
		    p->row[i].state[0] || p->row[i].state[1])
			p->row[to++] = p->row[i];
	p->nr = to;
}

/**
 * tcphs_picture_add - draw what happened
 * @p: the picture
 * @ev: events of one connection, as recorded at either end
 * @nr: how many
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_picture_add(struct tcphs_picture *p, const struct tcphs_event *const *ev, size_t nr)
{
	struct draft d = { .p = p, .ev = ev, .nr = nr };
	size_t first = p->nr;

	if (!nr)
		return 0;
	d.flight = calloc(nr * TCPHS_FLIGHTS_MAX, sizeof(*d.flight));
	if (!d.flight)
		return -ENOMEM;
	if (!p->begun) {
		unsigned int side = opened_by_peer(ev[0]) ? TCPHS_RIGHT : TCPHS_LEFT;

		p->self = is_self(&ev[0]->id) && ev[0]->id.conn;
		if (p->self)
			side = TCPHS_LEFT;
		p->end[side].id = ev[0]->id;
		mirror(&p->end[!side].id, &ev[0]->id);
	}
	look_ahead(&d);
	d.flights = tcphs_flights(p, ev, nr, d.flight);
	if (!p->begun)
		first_row(&d);
	for (d.at = 0; d.at < nr; d.at++)
		one_step(&d);
	drop_empty(p, first);
	free(d.flight);
	return p->err;
}

/**
 * tcphs_picture_gap - steps that are not drawn
 * @p: the picture
 * @steps: how many
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_picture_gap(struct tcphs_picture *p, uint32_t steps)
{
	draft_note(draft_row(p, 0), TCPHS_MIDDLE, "%u step%s left out", steps, tcphs_plural(steps));
	return p->err;
}

/**
 * tcphs_picture_listener - who has a listener that took or dropped its segments
 * @p: the picture, with its events
 * @id: cookie and owner of any listener
 * @flags: TCPHS_F_OWNER, if the owner is known
 */
void tcphs_picture_listener(struct tcphs_picture *p, const struct tcphs_ident *id, uint32_t flags)
{
	unsigned int side;

	for (side = 0; side < 2; side++) {
		if (!id->conn || p->end[side].listener.conn != id->conn)
			continue;
		p->end[side].listener = *id;
		p->end[side].listener_flags = flags;
	}
}

/**
 * tcphs_picture_end - it is drawn as it is now
 * @p: the picture
 * @now: CLOCK_MONOTONIC, ns
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_picture_end(struct tcphs_picture *p, uint64_t now)
{
	char name[TCPHS_NAME_LEN], text[TCPHS_DURATION_LEN];
	struct tcphs_row *row;
	unsigned int side;
	uint64_t since;
	size_t i;

	if (p->begun && p->established && !p->closing) {
		row = draft_row(p, now);
		row->data = (struct tcphs_data){ .here = true, .open = true,
						 .duration = now - p->established };
		return p->err;
	}
	for (side = 0; side < 2; side++) {
		if (!p->end[side].socket || p->end[side].state == TCPHS_STATE_CLOSE)
			continue;
		since = 0;
		for (i = 0; i < p->nr; i++)
			if (p->row[i].state[side] && p->row[i].time)
				since = p->row[i].time;
		row = draft_row(p, now);
		draft_note(row, side, "%s for %s now", tcphs_state_name(p->end[side].state, name),
			   draft_time(p, now - since, text));
	}
	return p->err;
}

/**
 * tcphs_picture_cut - its machine was booted, and how it ended nobody saw
 * @p: the picture
 * @id: an end that is on that machine
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_picture_cut(struct tcphs_picture *p, const struct tcphs_ident *id)
{
	const struct tcphs_end *end = p->end;
	unsigned int side = TCPHS_MIDDLE, i;
	bool closed = true;

	/* Two machines: which one of them? */
	if (end[TCPHS_LEFT].socket && end[TCPHS_RIGHT].socket &&
	    end[TCPHS_LEFT].id.netns != end[TCPHS_RIGHT].id.netns)
		side = end[TCPHS_LEFT].id.netns == id->netns ? TCPHS_LEFT : TCPHS_RIGHT;
	for (i = 0; i < 2; i++)
		if (end[i].socket && (side == TCPHS_MIDDLE || side == i))
			closed &= end[i].state == TCPHS_STATE_TIME_WAIT ||
				  end[i].state == TCPHS_STATE_CLOSE;
	draft_note(draft_row(p, 0), side, "%s is not on record: the machine was booted",
		   closed ? "the end of TIME-WAIT" : "its end");
	return p->err;
}

/**
 * tcphs_picture_waits - what one side of an open connection has sent in vain
 * @p: the picture, after tcphs_picture_end()
 * @side: TCPHS_LEFT or TCPHS_RIGHT
 * @bytes: that were sent again, or wait behind such, and are not confirmed
 * @since: they were sent first, ns ago, about
 */
void tcphs_picture_waits(struct tcphs_picture *p, unsigned int side, uint64_t bytes, uint64_t since)
{
	char text[TCPHS_BYTES_LEN], time[TCPHS_DURATION_LEN];
	struct tcphs_row *row = tcphs_picture_open(p);

	if (!row)
		return;
	tcphs_fmt_bytes(text, bytes);
	draft_note(row, side, "%s not confirmed for about %s", text, draft_time(p, since, time));
	row->data.waits[side] = bytes;
	row->data.waits_ns[side] = since;
}

/**
 * tcphs_picture_open - the row that says that the connection is open
 * @p: the picture
 *
 * Return: NULL: it is not, or its close is under way.
 */
struct tcphs_row *tcphs_picture_open(struct tcphs_picture *p)
{
	struct tcphs_row *row = p->nr ? &p->row[p->nr - 1] : NULL;

	return row && row->data.here && row->data.open ? row : NULL;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where somebody listens. The sockets of one address and port are one place, whether there
 * are several at once or one after the other, and its counters go on.
 */
#include <stdlib.h>
#include <string.h>

#include "collect.h"

/* A server that is started anew finds its place again. */
#define KEEP_NS 300000000000ull

/* Those that are known before a collection may be gone after it. */
void places_begin(struct metrics *m)
{
	m->old_places = m->places;
	m->places = (struct tally)TALLY_INIT(struct place, at);
	m->old_ears = m->ears;
	m->ears = (struct tally)TALLY_INIT(struct ear, conn);
}

static void take_served(struct served *to, const struct tcphs_listener *l)
{
	static const struct steps steps = { WAIT_FIRST, WAIT_LAST, WAIT_STEP };

	*to = (struct served){
		.accepted = l->accepted, .overflows = l->overflows, .drops = l->drops,
		.discards = l->discards, .cookies_sent = l->cookies_sent,
		.cookies_valid = l->cookies_valid, .wait_us = steps_sum_us(l->wait.bucket),
	};
	steps_make(&steps, l->wait.bucket, to->wait);
}

/* What this socket did since the last collection goes to its place. */
static void take_ear(struct metrics *m, struct place *p, const struct tcphs_listener *l)
{
	const struct ear *old = tally_find(&m->old_ears, &l->conn);
	struct ear *ear = tally_get(&m->ears, &l->conn);
	struct served more;

	if (!ear) {
		m->no_memory = true;
		return;
	}
	take_served(&ear->served, l);
	more = ear->served;
	if (old)
		counts_grown(&more, &ear->served, &old->served, sizeof(more));
	counts_add(&p->more, &more, sizeof(more));
}

static void raise(uint64_t *to, uint64_t value)
{
	if (value > *to)
		*to = value;
}

static void take_queues(struct metrics *m, struct place *p, const struct tcphs_listener *l)
{
	const struct queued *q = m->queued.nr ? tally_find(&m->queued, &l->conn) : NULL;
	uint64_t oldest = q ? q->oldest : 0;
	uint64_t room = (uint64_t)l->accept_limit + 1;

	p->sockets++;
	p->syn += l->syn_queue;
	p->syn_limit += l->syn_limit;
	raise(&p->syn_high, l->syn_max);
	p->queue += l->accept_queue;
	p->queue_limit += l->accept_limit;
	raise(&p->queue_high, l->accept_max);
	/* The kernel lets one more in than the limit says. */
	if (!p->room || l->accept_queue * p->room > p->fill * room) {
		p->fill = l->accept_queue;
		p->room = room;
	}
	if (!l->accept_queue)
		return;
	raise(&p->oldest, oldest);
	raise(&p->stalled, l->has_idle && l->idle < oldest ? l->idle : oldest);
}

static uint64_t realtime(const struct metrics *m)
{
	return m->now + (uint64_t)m->clock;
}

/* The namespace of that number; 0: there is none. */
static uint64_t space_since(const struct metrics *m, uint32_t netns)
{
	const struct space *s = m->spaces.nr ? tally_find(&m->spaces, &netns) : NULL;

	return s ? s->since : 0;
}

/* The place of a socket; @l says more of it. */
static struct place *place_of(struct metrics *m, const struct tcphs_listener *l)
{
	struct spot at = { .port = l->port, .family = l->family, .netns = l->netns,
			   .ifindex = l->ifindex };
	struct place *p;
	const struct place *old;
	uint64_t since;

	memcpy(at.address, l->address, sizeof(at.address));
	p = tally_get(&m->places, &at);
	if (!p)
		return NULL;
	if (!p->sockets) {
		p->of = space_since(m, l->netns);
		old = tally_find(&m->old_places, &at);
		if (old && old->named && old->of == p->of) {
			p->named = true;
			p->created = old->created;
			p->served = old->served;
		}
	}
	since = l->has_age && l->age < m->now ? realtime(m) - l->age : m->loaded;
	/* Of the oldest of its sockets. */
	if (!p->named && (!p->created || since < p->created))
		p->created = since;
	return p;
}

/**
 * places_take - a socket that listens
 * @metrics: gets it
 * @l: what it says
 *
 * Return: 0: the next one.
 */
int places_take(void *metrics, const struct tcphs_listener *l)
{
	struct metrics *m = metrics;
	struct place *p = place_of(m, l);

	if (!p) {
		m->no_memory = true;
		return 0;
	}
	take_queues(m, p, l);
	take_ear(m, p, l);
	memcpy(p->device, l->device, sizeof(p->device));
	if (l->owner.known)
		memcpy(p->comm, l->owner.comm, sizeof(p->comm));
	spaces_person(m, l->netns, &l->owner);
	return 0;
}

/* A device of the same name took the place of that one: their labels are the same. */
static bool is_replaced(const struct metrics *m, const struct place *old)
{
	const struct place *p;
	size_t i;

	if (!old->at.ifindex || !*old->device)
		return false;
	tally_each(&m->places, p, i)
		if (p->at.ifindex && p->at.port == old->at.port && p->at.netns == old->at.netns &&
		    p->at.family == old->at.family && !strcmp(p->device, old->device) &&
		    !memcmp(p->at.address, old->at.address, sizeof(p->at.address)))
			return true;
	return false;
}

/* Named ones that nobody listens at any more. */
static void keep_left(struct metrics *m)
{
	const struct place *old;
	struct place *p;
	size_t i;

	tally_each(&m->old_places, old, i) {
		if (!old->named || tally_find(&m->places, &old->at) ||
		    !spaces_of(m, old->at.netns) || is_replaced(m, old) ||
		    old->of != space_since(m, old->at.netns) ||
		    (old->left && m->now - old->left > KEEP_NS))
			continue;
		p = tally_get(&m->places, &old->at);
		if (!p) {
			m->no_memory = true;
			return;
		}
		p->named = true;
		p->of = old->of;
		p->created = old->created;
		p->left = old->left ? old->left : m->now;
		p->served = old->served;
		memcpy(p->device, old->device, sizeof(p->device));
		memcpy(p->comm, old->comm, sizeof(p->comm));
	}
}

/* First those where something goes wrong, then those with the most to do. */
static int by_need(const void *a, const void *b)
{
	const struct place *x = *(struct place *const *)a, *y = *(struct place *const *)b;
	uint64_t wrong_x = x->more.overflows + x->more.drops;
	uint64_t wrong_y = y->more.overflows + y->more.drops;

	if (wrong_x != wrong_y)
		return wrong_x > wrong_y ? -1 : 1;
	if (x->more.accepted != y->more.accepted)
		return x->more.accepted > y->more.accepted ? -1 : 1;
	return memcmp(&x->at, &y->at, sizeof(x->at));
}

static void give_names(struct metrics *m)
{
	struct place **without = calloc(m->places.nr + 1, sizeof(*without)), *p;
	size_t i, nr = 0, named = 0;

	if (!without) {
		m->no_memory = true;
		return;
	}
	tally_each(&m->places, p, i) {
		if (p->named)
			named++;
		else if (spaces_of(m, p->at.netns))
			without[nr++] = p;
	}
	/* When there are more than can have one, those that need it most. */
	if (nr && named + nr > m->limit)
		qsort(without, nr, sizeof(*without), by_need);
	for (i = 0; i < nr && named < m->limit; i++, named++) {
		p = without[i];
		p->named = true;
		/* What it did before is counted among the others' already. */
		if (m->old_ears.nr && m->other_places.created)
			p->created = realtime(m);
	}
	free(without);
}

static void add_other(struct metrics *m, const struct place *p)
{
	struct place *sum = &m->other_places;

	sum->sockets += p->sockets;
	sum->syn += p->syn;
	sum->syn_limit += p->syn_limit;
	sum->queue += p->queue;
	sum->queue_limit += p->queue_limit;
	raise(&sum->syn_high, p->syn_high);
	raise(&sum->queue_high, p->queue_high);
	if (!sum->room || p->fill * sum->room > sum->fill * p->room) {
		sum->fill = p->fill;
		sum->room = p->room;
	}
	raise(&sum->oldest, p->oldest);
	raise(&sum->stalled, p->stalled);
	counts_add(&sum->served, &p->more, sizeof(p->more));
	m->unnamed_places++;
}

/**
 * places_end - all have been taken
 * @m: where
 */
void places_end(struct metrics *m)
{
	struct place *p, fresh = { .created = m->other_places.created,
				   .served = m->other_places.served };
	size_t i;

	keep_left(m);
	give_names(m);
	m->other_places = fresh;
	m->unnamed_places = 0;
	tally_each(&m->places, p, i) {
		if (p->named)
			counts_add(&p->served, &p->more, sizeof(p->more));
		else
			add_other(m, p);
	}
	if (m->unnamed_places && !m->other_places.created)
		m->other_places.created = m->loaded;
}

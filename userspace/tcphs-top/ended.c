// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "ended.h"

/* So many may be open at a time; of more, those go that had no event for longest. */
#define OPEN_MAX	(1u << 18)

static void make_place(struct ended *e)
{
	uint64_t limit;
	uint32_t i;

	if (open_lives_count(&e->open) < OPEN_MAX ||
	    open_lives_quiet_since(&e->open, OPEN_MAX / 8, &limit))
		return;
	for (i = 0; i < e->open.nr; i++)
		if (e->open.v[i].used && e->open.v[i].life.last <= limit)
			open_lives_remove(&e->open, i);
}

static void put(struct ended *e, const struct tcphs_conn_life *life)
{
	if (!e->v)
		e->v = calloc(ENDED_LIVES, sizeof(*e->v));
	if (!e->v)
		return;
	e->v[(e->first + e->nr) % ENDED_LIVES] = *life;
	if (e->nr < ENDED_LIVES)
		e->nr++;
	else
		e->first = (e->first + 1) % ENDED_LIVES;
	e->seen++;
}

/**
 * ended_add - something happened
 * @e: the lives
 * @ev: what, in time order
 * @wanted: does it fit the filter? A life does, of which one event does
 */
void ended_add(struct ended *e, const struct tcphs_event *ev, bool wanted)
{
	uint32_t i = ev->id.conn ? open_lives_find(&e->open, &ev->id) : HASH_NONE;
	struct open_life *o;

	if (i != HASH_NONE) {
		tcphs_conn_life_add(&e->open.v[i].life, ev);
	} else {
		if (!tcphs_event_is_alive(ev))
			return;
		make_place(e);
		i = open_lives_add(&e->open, ev);
		if (i == HASH_NONE)
			return;
	}
	o = &e->open.v[i];
	o->wanted = o->wanted || wanted;
	if (o->life.end == TCPHS_EV_UNSPEC)
		return;
	if (o->wanted)
		put(e, &o->life);
	open_lives_remove(&e->open, i);
}

/**
 * ended_boot - the machine was booted
 * @e: the lives; those that were open have ended, nobody knows how
 */
void ended_boot(struct ended *e)
{
	uint32_t i;

	for (i = 0; i < e->open.nr; i++)
		if (e->open.v[i].used && e->open.v[i].wanted)
			put(e, &e->open.v[i].life);
	open_lives_free(&e->open);
}

/**
 * ended_at - one of them
 * @e: the lives
 * @i: less than @e->nr, 0: that which ended first
 */
const struct tcphs_conn_life *ended_at(const struct ended *e, size_t i)
{
	return &e->v[(e->first + i) % ENDED_LIVES];
}

/**
 * life_failed - did it end badly? As tcphs lives has it
 * @life: one that has ended
 */
bool life_failed(const struct tcphs_conn_life *life)
{
	const struct tcphs_event end = { .type = life->end, .reason = life->reason };

	return tcphs_event_failed(&end);
}

/**
 * ended_free - gives the memory back
 * @e: the lives, none then
 */
void ended_free(struct ended *e)
{
	open_lives_free(&e->open);
	free(e->v);
	*e = (struct ended){ .nr = 0 };
}

// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "tail.h"

/**
 * tail_add - one more; the oldest makes room
 * @t: the events
 * @ev: the event
 */
void tail_add(struct tail *t, const struct tcphs_event *ev)
{
	if (!t->v)
		t->v = calloc(TAIL_EVENTS, sizeof(*t->v));
	if (!t->v)
		return;
	t->v[(t->first + t->nr) % TAIL_EVENTS] = *ev;
	if (t->nr < TAIL_EVENTS)
		t->nr++;
	else
		t->first = (t->first + 1) % TAIL_EVENTS;
	t->seen++;
}

/**
 * tail_at - one of them
 * @t: the events
 * @i: less than @t->nr, 0: the oldest
 */
const struct tcphs_event *tail_at(const struct tail *t, size_t i)
{
	return &t->v[(t->first + i) % TAIL_EVENTS];
}

/**
 * tail_number - which one it is of all that were seen, from 1
 * @t: the events
 * @i: as for tail_at()
 */
uint64_t tail_number(const struct tail *t, size_t i)
{
	return t->seen - t->nr + i + 1;
}

/**
 * tail_free - gives the memory back
 * @t: the events, none then
 */
void tail_free(struct tail *t)
{
	free(t->v);
	*t = (struct tail){ 0 };
}

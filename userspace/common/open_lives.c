/* SPDX-License-Identifier: GPL-2.0 */
/* Lives in an array with a hash table beside it; what ends leaves its place to another. */
#include <errno.h>
#include <stdlib.h>

#include "open_lives.h"

static uint64_t hash_of(const struct open_lives *l, const struct tcphs_ident *id)
{
	return hash_mix(hash_mix(id->conn, l->hash.seed),
			(uint64_t)id->netns << 16 | id->generation);
}

static uint32_t find_node(const struct open_lives *l, const struct tcphs_ident *id)
{
	uint64_t hash = hash_of(l, id);
	uint32_t i;

	for (i = hash_next(&l->hash, hash, HASH_NONE); i != HASH_NONE;
	     i = hash_next(&l->hash, hash, i))
		if (tcphs_same_connection(&l->v[l->hash.node[i].value].life.id, id))
			return i;
	return HASH_NONE;
}

/**
 * open_lives_find - the life of a connection
 * @l: the collection
 * @id: who
 *
 * Return: its number, or HASH_NONE.
 */
uint32_t open_lives_find(const struct open_lives *l, const struct tcphs_ident *id)
{
	uint32_t node = find_node(l, id);

	return node == HASH_NONE ? HASH_NONE : l->hash.node[node].value;
}

/**
 * open_lives_add - a life that is new
 * @l: the collection
 * @ev: its first event that there is
 *
 * Return: its number, or HASH_NONE without memory.
 */
uint32_t open_lives_add(struct open_lives *l, const struct tcphs_event *ev)
{
	uint32_t i;

	if (hash_reserve(&l->hash, 1) ||
	    (!l->nr_free && array_grow(&l->v, l->nr + 1, &l->cap, sizeof(*l->v))))
		return HASH_NONE;
	i = l->nr_free ? l->free[--l->nr_free] : l->nr++;
	l->v[i] = (struct open_life){ .used = true, .entered = ev->time };
	tcphs_conn_life_begin(&l->v[i].life, ev);
	hash_add(&l->hash, hash_of(l, &ev->id), i);
	return i;
}

/**
 * open_lives_event - it goes on
 * @l: the collection
 * @i: its number
 * @ev: its next event
 */
void open_lives_event(struct open_lives *l, uint32_t i, const struct tcphs_event *ev)
{
	struct open_life *o = &l->v[i];
	uint8_t state = o->life.state;

	tcphs_conn_life_add(&o->life, ev);
	if (o->life.state != state)
		o->entered = ev->time;
}

/**
 * open_lives_remove - it has ended
 * @l: the collection
 * @i: its number
 */
void open_lives_remove(struct open_lives *l, uint32_t i)
{
	hash_remove(&l->hash, find_node(l, &l->v[i].life.id));
	l->v[i].used = false;
	/* Without memory its place is lost, and no more. */
	if (!array_grow(&l->free, l->nr_free + 1, &l->free_cap, sizeof(*l->free)))
		l->free[l->nr_free++] = i;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/**
 * open_lives_quiet_since - when the least active ones had their latest event
 * @l: the collection
 * @nr: so many of them, fewer than there are
 * @ns: gets the time, CLOCK_MONOTONIC, at or before which they had it
 */
int open_lives_quiet_since(const struct open_lives *l, uint32_t nr, uint64_t *ns)
{
	uint64_t *last = calloc(l->nr + 1, sizeof(*last));
	uint32_t i, n = 0;

	if (!last)
		return -ENOMEM;
	for (i = 0; i < l->nr; i++)
		if (l->v[i].used)
			last[n++] = l->v[i].life.last;
	qsort(last, n, sizeof(*last), by_number);
	*ns = last[nr];
	free(last);
	return 0;
}

/**
 * open_lives_free - give the memory back
 * @l: the collection, empty then
 */
void open_lives_free(struct open_lives *l)
{
	free(l->v);
	free(l->free);
	hash_free(&l->hash);
	*l = (struct open_lives){ .nr = 0 };
}

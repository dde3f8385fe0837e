/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which events are of one connection.
 *
 * Events meet by their pair of addresses and ports, in either direction. Within a
 * pair a life is what has one socket cookie and generation; what has no socket (a
 * dropped SYN, a SYN cookie, the RST of a closed port) goes by the ISN of the SYN.
 */
#include <errno.h>
#include <stdlib.h>

#include "lives.h"

#define NONE UINT32_MAX

/* Addresses and ports, in either direction. */
struct tcphs_pair {
	uint32_t first, last;	/* events */
	uint32_t life;		/* the first */
	uint32_t next;		/* in the bucket */
};

static bool same_end(const uint8_t *a, uint16_t a_port, const uint8_t *b, uint16_t b_port)
{
	return a_port == b_port && !memcmp(a, b, 16);
}

static bool same_direction(const struct tcphs_ident *a, const struct tcphs_ident *b)
{
	return a->family == b->family &&
	       same_end(a->local, a->local_port, b->local, b->local_port) &&
	       same_end(a->peer, a->peer_port, b->peer, b->peer_port);
}

static bool mirrored(const struct tcphs_ident *a, const struct tcphs_ident *b)
{
	return a->family == b->family &&
	       same_end(a->local, a->local_port, b->peer, b->peer_port) &&
	       same_end(a->peer, a->peer_port, b->local, b->local_port);
}

/* The same for both directions. */
static uint32_t hash_of(const struct tcphs_ident *id)
{
	uint64_t sum = (uint64_t)id->local_port * id->peer_port +
		       ((uint64_t)(id->local_port ^ id->peer_port) << 32);
	uint64_t part[4];
	int i;

	memcpy(part, id->local, 16);
	memcpy(part + 2, id->peer, 16);
	for (i = 0; i < 4; i++)
		sum += part[i] * 0x9e3779b97f4a7c15ull;
	return (uint32_t)((sum ^ sum >> 29) * 0x9e3779b97f4a7c15ull >> 32);
}

/*
 * Room for one more than @nr. @array is where the pointer to the array is kept; an
 * array whose pointer was moved and whose @cap was not is only larger than known.
 */
static int grow(void *array, uint32_t nr, uint32_t cap, size_t size)
{
	void *p;

	if (nr < cap)
		return 0;
	memcpy(&p, array, sizeof(p));
	p = realloc(p, (cap ? cap * 2 : 64) * size);
	if (!p)
		return -ENOMEM;
	memcpy(array, &p, sizeof(p));
	return 0;
}

static uint32_t grown(uint32_t nr, uint32_t cap)
{
	return nr < cap ? cap : cap ? cap * 2 : 64;
}

static int make_room(struct tcphs_lives *l)
{
	if (grow(&l->ev, l->nr, l->cap, sizeof(*l->ev)) ||
	    grow(&l->life_of, l->nr, l->cap, sizeof(*l->life_of)) ||
	    grow(&l->later, l->nr, l->cap, sizeof(*l->later)) ||
	    grow(&l->life, l->lives, l->lives_cap, sizeof(*l->life)) ||
	    grow(&l->pair, l->pairs, l->pairs_cap, sizeof(*l->pair)))
		return -ENOMEM;
	l->cap = grown(l->nr, l->cap);
	l->lives_cap = grown(l->lives, l->lives_cap);
	l->pairs_cap = grown(l->pairs, l->pairs_cap);
	return 0;
}

/* Twice as many buckets as pairs; pairs find their new places by an event of theirs. */
static int make_buckets(struct tcphs_lives *l)
{
	uint32_t buckets = l->buckets ? l->buckets * 4 : 1024, i, *at, *bucket;

	if (l->pairs * 2 < l->buckets)
		return 0;
	bucket = malloc(buckets * sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	memset(bucket, 0xff, buckets * sizeof(*bucket));
	for (i = 0; i < l->pairs; i++) {
		at = &bucket[hash_of(&l->ev[l->pair[i].first].id) & (buckets - 1)];
		l->pair[i].next = *at;
		*at = i;
	}
	free(l->bucket);
	l->bucket = bucket;
	l->buckets = buckets;
	return 0;
}

static struct tcphs_pair *find_pair(const struct tcphs_lives *l, const struct tcphs_ident *id)
{
	const struct tcphs_ident *other;
	uint32_t i;

	if (!l->buckets)
		return NULL;
	for (i = l->bucket[hash_of(id) & (l->buckets - 1)]; i != NONE; i = l->pair[i].next) {
		other = &l->ev[l->pair[i].first].id;
		if (same_direction(id, other) || mirrored(id, other))
			return &l->pair[i];
	}
	return NULL;
}

static struct tcphs_pair *add_pair(struct tcphs_lives *l, const struct tcphs_ident *id)
{
	uint32_t *at = &l->bucket[hash_of(id) & (l->buckets - 1)];
	struct tcphs_pair *pair = &l->pair[l->pairs];

	*pair = (struct tcphs_pair){ .first = l->nr, .last = NONE, .life = NONE, .next = *at };
	*at = l->pairs++;
	return pair;
}

/* Without a socket: are both of the same SYN? Any other segment is by itself. */
static bool same_stranger(const struct tcphs_lifeline *life, const struct tcphs_event *ev)
{
	return life->flags & ev->flags & TCPHS_F_PEER_ISN && life->id.peer_isn == ev->id.peer_isn &&
	       same_direction(&life->id, &ev->id);
}

static uint32_t find_life(const struct tcphs_lives *l, const struct tcphs_pair *pair,
			  const struct tcphs_event *ev)
{
	const struct tcphs_lifeline *life;
	uint32_t i;

	for (i = pair->life; i != NONE; i = life->next) {
		life = &l->life[i];
		if (life->id.conn == ev->id.conn && life->id.netns == ev->id.netns &&
		    (ev->id.conn ? life->id.generation == ev->id.generation :
				   same_stranger(life, ev)))
			return i;
	}
	return NONE;
}

static uint32_t add_life(struct tcphs_lives *l, struct tcphs_pair *pair,
			 const struct tcphs_event *ev)
{
	l->life[l->lives] = (struct tcphs_lifeline){ .begin = ev->time, .next = pair->life };
	pair->life = l->lives;
	return l->lives++;
}

/**
 * tcphs_lives_add - one more event
 * @l: the collection
 * @ev: the event, not older than the last
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_lives_add(struct tcphs_lives *l, const struct tcphs_event *ev)
{
	struct tcphs_pair *pair;
	struct tcphs_lifeline *life;
	uint32_t i;

	if (ev->type == TCPHS_EV_LISTEN || ev->type == TCPHS_EV_UNLISTEN)
		return 0;
	if (make_room(l) || make_buckets(l))
		return -ENOMEM;
	l->ev[l->nr] = *ev;
	l->later[l->nr] = NONE;

	pair = find_pair(l, &ev->id);
	if (!pair)
		pair = add_pair(l, &ev->id);
	if (pair->last != NONE)
		l->later[pair->last] = l->nr;
	pair->last = l->nr;

	i = find_life(l, pair, ev);
	if (i == NONE)
		i = add_life(l, pair, ev);
	life = &l->life[i];
	life->id = ev->id;
	life->flags |= ev->flags & (TCPHS_F_ISN | TCPHS_F_PEER_ISN);
	life->end = ev->time;
	l->life_of[l->nr++] = i;
	return 0;
}

/**
 * tcphs_lives_clear - forget all, keep the memory
 * @l: the collection
 */
void tcphs_lives_clear(struct tcphs_lives *l)
{
	l->nr = 0;
	l->lives = 0;
	l->pairs = 0;
	if (l->buckets)
		memset(l->bucket, 0xff, l->buckets * sizeof(*l->bucket));
}

/**
 * tcphs_lives_free - give the memory back
 * @l: the collection, empty then
 */
void tcphs_lives_free(struct tcphs_lives *l)
{
	free(l->ev);
	free(l->life_of);
	free(l->later);
	free(l->life);
	free(l->pair);
	free(l->bucket);
	*l = (struct tcphs_lives){ 0 };
}

bool tcphs_lives_same_pair(const struct tcphs_lives *l, uint32_t life,
			   const struct tcphs_event *ev)
{
	const struct tcphs_ident *id = &l->life[life].id;

	return same_direction(id, &ev->id) || mirrored(id, &ev->id);
}

/* @isn of one end where its flag says it is known, and what the other calls it. */
static int agree(bool known, uint32_t isn, bool other_known, uint32_t other)
{
	if (!known || !other_known)
		return 0;
	return isn == other ? 1 : -1;
}

static bool other_end(const struct tcphs_lifeline *a, const struct tcphs_lifeline *b)
{
	int there = agree(a->flags & TCPHS_F_ISN, a->id.isn,
			  b->flags & TCPHS_F_PEER_ISN, b->id.peer_isn);
	int back = agree(a->flags & TCPHS_F_PEER_ISN, a->id.peer_isn,
			 b->flags & TCPHS_F_ISN, b->id.isn);

	if (!mirrored(&a->id, &b->id) || there < 0 || back < 0)
		return false;
	/* Older than the module, both: that time had but one with these addresses. */
	return there > 0 || back > 0 ||
	       (!((a->flags | b->flags) & (TCPHS_F_ISN | TCPHS_F_PEER_ISN)) &&
		a->id.netns == b->id.netns);
}

/* A segment that met no socket: is it one of @a, or did it answer one? */
static bool segment_of(const struct tcphs_lifeline *a, const struct tcphs_lifeline *stranger)
{
	bool opened = stranger->flags & TCPHS_F_PEER_ISN;
	bool mirror = mirrored(&a->id, &stranger->id);

	if (!mirror && a->id.netns != stranger->id.netns)
		return false;
	if (opened && mirror)
		return a->flags & TCPHS_F_ISN && stranger->id.peer_isn == a->id.isn;
	if (opened)
		return a->flags & TCPHS_F_PEER_ISN && stranger->id.peer_isn == a->id.peer_isn;
	return stranger->begin >= a->begin && stranger->end <= a->end;
}

bool tcphs_lives_belong(const struct tcphs_lives *l, uint32_t a, uint32_t b)
{
	const struct tcphs_lifeline *x = &l->life[a], *y = &l->life[b];

	if (a == b)
		return true;
	if (!x->id.conn)
		return false;
	return y->id.conn ? other_end(x, y) : segment_of(x, y);
}

uint32_t tcphs_lives_lead(const struct tcphs_lives *l, uint32_t life)
{
	const struct tcphs_pair *pair = find_pair(l, &l->life[life].id);
	uint32_t i, lead = life;

	for (i = pair->life; i != NONE; i = l->life[i].next)
		if (l->life[i].id.conn && tcphs_lives_belong(l, i, life) &&
		    (!l->life[lead].id.conn || i < lead))
			lead = i;
	return lead;
}

uint32_t tcphs_lives_next(const struct tcphs_lives *l, uint32_t life, uint32_t i)
{
	if (i == NONE)
		i = find_pair(l, &l->life[life].id)->first;
	else
		i = l->later[i];
	while (i != NONE && !tcphs_lives_belong(l, life, l->life_of[i]))
		i = l->later[i];
	return i;
}

/* Is this the last that one end has to tell? */
static bool is_end(const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_CONNECT_FAILED:
	case TCPHS_EV_REQUEST_EXPIRED:
	case TCPHS_EV_REQUEST_RESET:
	case TCPHS_EV_TIME_WAIT_END:
		return true;
	case TCPHS_EV_CLOSED:
		return !(ev->flags & TCPHS_F_TIME_WAIT_AHEAD);
	}
	return false;
}

bool tcphs_lives_over(const struct tcphs_lives *l, uint32_t life)
{
	uint32_t i = NONE, open = 0, seen = 0;

	/* Each end begins once and ends once; what has no socket does neither. */
	while ((i = tcphs_lives_next(l, life, i)) != NONE) {
		if (!l->ev[i].id.conn)
			continue;
		if (!(seen & 1u << (l->life_of[i] != life))) {
			seen |= 1u << (l->life_of[i] != life);
			open++;
		}
		open -= is_end(&l->ev[i]);
	}
	return !open && seen;
}

/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "pairs.h"

/* So many that share an ISN are looked at. */
#define WALK_MAX	64

struct pair {
	uint32_t boot[2];
	struct host_pair result;
	struct clock_bounds *bounds;
	uint32_t nr, cap;
};

static uint64_t hash_isn(const struct pairs *s, uint32_t isn)
{
	return hash_mix(s->by_isn.seed, isn);
}

static bool meets(const struct end *a, const struct end *b)
{
	if (a->boot == b->boot && a->id.netns == b->id.netns && a->id.conn == b->id.conn)
		return false;
	if (a->id.conn && b->id.conn)
		return tcphs_other_end(&a->id, a->flags, &b->id, b->flags);
	return tcphs_mirrored(&a->id, &b->id) || tcphs_share_an_end(&a->id, &b->id);
}

/* Each end by the ISN that the other has sent, which it knows as its peer's. */
static int index_isns(struct pairs *s)
{
	uint32_t i;

	for (i = 0; i < s->ends->nr_ends; i++) {
		if (!(s->ends->end[i].flags & TCPHS_F_PEER_ISN))
			continue;
		if (hash_reserve(&s->by_isn, 1))
			return -ENOMEM;
		hash_add(&s->by_isn, hash_isn(s, s->ends->end[i].id.peer_isn), i);
	}
	return 0;
}

/* The same addresses are more than two numbers that agree, for a recording may be there twice. */
static void propose(struct pairs *s, uint32_t i, uint32_t other)
{
	struct end *e = &s->ends->end[i];
	uint8_t likeness = 1 + tcphs_mirrored(&e->id, &s->ends->end[other].id);

	if (e->other == other || likeness < e->likeness)
		return;
	e->doubtful = likeness == e->likeness;
	e->likeness = likeness;
	e->other = other;
}

static void meet(struct pairs *s, uint32_t i)
{
	struct end *e = &s->ends->end[i], *o;
	uint64_t hash = hash_isn(s, e->id.isn);
	unsigned int walk = WALK_MAX;
	uint32_t n, other;

	if (!e->id.conn || !(e->flags & TCPHS_F_ISN) || !s->by_isn.buckets)
		return;
	for (n = hash_next(&s->by_isn, hash, NONE); n != NONE && walk--;
	     n = hash_next(&s->by_isn, hash, n)) {
		other = s->by_isn.node[n].value;
		o = &s->ends->end[other];
		if (o->id.peer_isn != e->id.isn || !meets(e, o))
			continue;
		if (!o->id.conn) {
			e->met = true;
			continue;
		}
		propose(s, i, other);
		propose(s, other, i);
	}
}

/* What two of them call theirs, or which may be one of two, is nobody's. */
static void part(struct pairs *s)
{
	struct end *e, *o;
	uint32_t i;

	for (i = 0; i < s->ends->nr_ends; i++) {
		e = &s->ends->end[i];
		o = e->other != NONE ? &s->ends->end[e->other] : NULL;
		if (o && (e->doubtful || o->doubtful || o->other != i))
			e->parted = true;
	}
	for (i = 0; i < s->ends->nr_ends; i++)
		if (s->ends->end[i].parted)
			s->ends->end[i].other = NONE;
}

static struct pair *pair_of(struct pairs *s, uint32_t a, uint32_t b)
{
	uint32_t low = a < b ? a : b, high = a < b ? b : a, i;
	struct pair *p;

	for (i = 0; i < s->nr_pairs; i++)
		if (s->pair[i].boot[0] == low && s->pair[i].boot[1] == high)
			return &s->pair[i];
	if (array_grow(&s->pair, s->nr_pairs + 1, &s->pairs_cap, sizeof(*p))) {
		s->no_memory = true;
		return NULL;
	}
	p = &s->pair[s->nr_pairs++];
	*p = (struct pair){ .boot = { low, high }, .result.host = { s->boots->boot[low].host,
								 s->boots->boot[high].host } };
	return p;
}

/* @sent by the first of a pair, @came to the second: the second's clock is at most so far ahead. */
static void there(struct clock_bounds *b, int64_t sent, int64_t came)
{
	if (sent && came)
		clocks_bound_high(b, came - sent);
}

/* And back: at least so far. */
static void back(struct clock_bounds *b, int64_t sent, int64_t came)
{
	if (sent && came)
		clocks_bound_low(b, sent - came);
}

static void add_bounds(struct pairs *s, struct pair *p, const struct clock_bounds *b)
{
	if (b->low == INT64_MIN && b->high == INT64_MAX)
		return;
	if (array_grow(&p->bounds, p->nr + 1, &p->cap, sizeof(*b)))
		s->no_memory = true;
	else
		p->bounds[p->nr++] = *b;
}

/*
 * What is recorded of sending is never later than the segment left, what is recorded of its
 * coming never earlier than it came; that goes for the ones used here, and not for RSTs.
 */
static void bound_handshake(struct pairs *s, struct pair *p, const struct end *x,
			    const struct end *y)
{
	struct clock_bounds b = { .low = INT64_MIN, .high = INT64_MAX };

	if (x->id.role == TCPHS_ROLE_ACTIVE && y->id.role == TCPHS_ROLE_PASSIVE) {
		there(&b, x->at[AT_SYN], y->at[AT_SYN]);
		back(&b, y->at[AT_SYN], x->at[AT_ESTABLISHED]);
		there(&b, x->at[AT_ESTABLISHED], y->at[AT_ESTABLISHED]);
	} else if (x->id.role == TCPHS_ROLE_PASSIVE && y->id.role == TCPHS_ROLE_ACTIVE) {
		back(&b, y->at[AT_SYN], x->at[AT_SYN]);
		there(&b, x->at[AT_SYN], y->at[AT_ESTABLISHED]);
		back(&b, y->at[AT_ESTABLISHED], x->at[AT_ESTABLISHED]);
	}
	b.at = y->at[AT_SYN] ? y->at[AT_SYN] : y->at[AT_ESTABLISHED];
	add_bounds(s, p, &b);
}

/* A FIN's ACK is sent when it has come. */
static void bound_close(struct pairs *s, struct pair *p, const struct end *x, const struct end *y)
{
	struct clock_bounds b = { .low = INT64_MIN, .high = INT64_MAX };

	there(&b, x->at[AT_FIN_SENT], y->at[AT_FIN_CAME]);
	back(&b, y->at[AT_FIN_CAME], x->at[AT_FIN_ACKED]);
	back(&b, y->at[AT_FIN_SENT], x->at[AT_FIN_CAME]);
	there(&b, x->at[AT_FIN_CAME], y->at[AT_FIN_ACKED]);
	b.at = y->at[AT_FIN_CAME] ? y->at[AT_FIN_CAME] : y->at[AT_FIN_SENT];
	add_bounds(s, p, &b);
}

static void add_segments(struct host_pair *t, unsigned int way, const struct end *from,
			 const struct end *to)
{
	t->syn[way].sent += from->syn_sent;
	t->syn[way].came += to->syn_came;
	t->fin[way].sent += from->fin_sent;
	t->fin[way].came += to->fin_came;
	t->rst[way].sent += from->rst_sent;
	t->rst[way].came += to->rst_came;
}

/* Both ends, once. */
static void join(struct pairs *s, const struct end *e)
{
	const struct end *o = &s->ends->end[e->other], *x = e->boot < o->boot ? e : o, *y = x == e ? o : e;
	struct pair *p;

	if (s->boots->boot[e->boot].host == s->boots->boot[o->boot].host || o < e)
		return;
	p = pair_of(s, e->boot, o->boot);
	if (!p)
		return;
	p->result.both++;
	add_segments(&p->result, 0, x, y);
	add_segments(&p->result, 1, y, x);
	/* Two numbers of 32 bits do not agree by chance. */
	if (x->flags & y->flags & TCPHS_F_ISN && x->flags & y->flags & TCPHS_F_PEER_ISN) {
		bound_handshake(s, p, x, y);
		bound_close(s, p, x, y);
	}
}

/*
 * Whose clock is taken as it is, and those of who has to do with it are compared with it. Another
 * boot than a machine's first is no such one: its clock may have been behind.
 */
static bool take_as_it_is(struct boots *s)
{
	uint32_t i;

	for (i = 0; i < s->nr_boots; i++) {
		if (s->boot[i].reached || s->boot[i].follows)
			continue;
		s->boot[i].reached = true;
		return true;
	}
	return false;
}

/* From the first on, over those that are known best. */
static void find_ways(struct pairs *s)
{
	struct boot *boot = s->boots->boot;
	uint32_t i, best;
	const struct pair *p;
	int64_t error, least;
	unsigned int far;

	if (s->boots->nr_boots)
		boot[0].reached = true;
	do {
		best = NONE;
		least = INT64_MAX;
		for (i = 0; i < s->nr_pairs; i++) {
			p = &s->pair[i];
			error = clocks_error(&p->result.clock);
			if (!p->result.clock.nr ||
			    boot[p->boot[0]].reached == boot[p->boot[1]].reached)
				continue;
			if (error < 0)
				error = INT64_MAX - 1;
			if (error < least) {
				least = error;
				best = i;
			}
		}
		if (best == NONE)
			continue;
		far = boot[s->pair[best].boot[0]].reached;
		boot[s->pair[best].boot[far]].reached = true;
		boot[s->pair[best].boot[far]].way = best;
	} while (best != NONE || take_as_it_is(s->boots));
}

/**
 * pairs_common_time - the time by the clock of the first boot
 * @s: what pairs_compare() has compared
 * @boot: whose clock @time is by
 * @time: time of day, ns
 *
 * Return: that time; of a boot whose clock was behind, as if it had begun when the one before it
 * ended.
 */
int64_t pairs_common_time(const struct pairs *s, uint32_t boot, int64_t time)
{
	const int64_t shift = s->boots->boot[boot].shift;
	const struct pair *p;
	int64_t offset;

	while (s->boots->boot[boot].way != NONE) {
		p = &s->pair[s->boots->boot[boot].way];
		offset = clocks_offset(&p->result.clock, time);
		if (p->boot[1] == boot) {
			time -= offset;
			boot = p->boot[0];
		} else {
			time += clocks_offset(&p->result.clock, time + offset);
			boot = p->boot[1];
		}
	}
	return (int64_t)((uint64_t)time + (uint64_t)shift);
}

/* Times must not go back where a machine was booted and its clock was behind then. */
static int line_up(struct pairs *s)
{
	struct boot *b;
	uint32_t i;

	for (i = 0; i < s->boots->nr_boots; i++) {
		b = &s->boots->boot[i];
		b->begin = pairs_common_time(s, i, b->first);
		b->end = pairs_common_time(s, i, b->last);
	}
	return boots_line_up(s->boots);
}

/* By the clock of the first boot. Of what is not on record nobody knows that it did not happen. */
static bool is_on_record(const struct pairs *s, uint32_t boot, int64_t time)
{
	const struct boot *b = &s->boots->boot[boot];
	const struct gap *g;
	int64_t from, to;

	if (time < pairs_common_time(s, boot, b->first) ||
	    time > pairs_common_time(s, boot, b->last))
		return false;
	for (g = b->gap; g < b->gap + b->nr_gaps; g++) {
		from = g->from > b->first ? g->from : b->first;
		to = g->to < b->last ? g->to : b->last;
		if (from <= to && pairs_common_time(s, boot, from) <= time &&
		    pairs_common_time(s, boot, to) >= time)
			return false;
	}
	return true;
}

/**
 * pairs_boot_at - whose address is that?
 * @s: what pairs_compare() has compared
 * @family: of the address
 * @address: of 16 bytes
 * @time: by the clock of the first boot
 *
 * Return: the boot that recorded then; NONE: nobody's, or of several machines.
 */
uint32_t pairs_boot_at(const struct pairs *s, uint8_t family, const uint8_t *address, int64_t time)
{
	uint32_t i, found = NONE;

	for (i = 0; i < s->boots->nr_boots; i++) {
		if (!host_ends_have_address(s->ends, i, family, address))
			continue;
		if (found != NONE && s->boots->boot[found].host != s->boots->boot[i].host)
			return NONE;
		if (is_on_record(s, i, time))
			found = i;
	}
	return found;
}

static void note_alone(struct pairs *s, const struct end *e)
{
	uint32_t boot;
	struct pair *p;
	unsigned int way;

	if (!e->id.conn || e->other != NONE || e->parted || e->met || e->id.role != TCPHS_ROLE_ACTIVE ||
	    !(e->flags & TCPHS_F_ISN) || !e->at[AT_SYN])
		return;
	boot = pairs_boot_at(s, e->id.family, e->id.peer, pairs_common_time(s, e->boot, e->at[AT_SYN]));
	if (boot == NONE || s->boots->boot[boot].host == s->boots->boot[e->boot].host)
		return;
	p = pair_of(s, e->boot, boot);
	if (!p)
		return;
	way = p->boot[1] == e->boot;
	p->result.alone[way]++;
	p->result.example[way] = e->id;
	p->result.syn[way].sent += e->syn_sent;
}

/* A RST came that the other end, all of whose records of then there are, did not send. */
static void note_foreign(struct pairs *s, const struct end *e)
{
	const struct end *o = e->other != NONE ? &s->ends->end[e->other] : NULL;
	const struct boot *b = o ? &s->boots->boot[o->boot] : NULL;
	struct pair *p;
	unsigned int way;

	if (!o || !e->rst_came || o->rst_sent || b->lost || b->host == s->boots->boot[e->boot].host)
		return;
	if (!is_on_record(s, o->boot, pairs_common_time(s, e->boot, e->at[AT_RST_CAME])))
		return;
	p = pair_of(s, e->boot, o->boot);
	if (!p)
		return;
	way = p->boot[0] == e->boot;
	p->result.foreign[way]++;
	p->result.reset[way] = e->id;
}

static int tell_pairs(struct pairs *s)
{
	uint32_t i;

	s->result = calloc(s->nr_pairs + 1, sizeof(*s->result));
	if (!s->result)
		return -ENOMEM;
	for (i = 0; i < s->nr_pairs; i++) {
		s->result[i] = s->pair[i].result;
		s->result[i].moments = s->pair[i].nr;
	}
	s->nr_results = s->nr_pairs;
	return 0;
}

/**
 * pairs_compare - find the other end of each, and what the clocks differ by
 * @s: with its boots and ends set, else zero
 *
 * Return: 0, or -ENOMEM.
 */
int pairs_compare(struct pairs *s)
{
	uint32_t i;

	if (index_isns(s))
		return -ENOMEM;
	for (i = 0; i < s->ends->nr_ends; i++)
		meet(s, i);
	part(s);
	for (i = 0; i < s->ends->nr_ends; i++)
		if (s->ends->end[i].other != NONE)
			join(s, &s->ends->end[i]);
	for (i = 0; i < s->nr_pairs; i++) {
		if (clocks_estimate(&s->pair[i].result.clock, s->pair[i].bounds, s->pair[i].nr))
			return -ENOMEM;
		free(s->pair[i].bounds);
		s->pair[i].bounds = NULL;
	}
	find_ways(s);
	if (line_up(s))
		return -ENOMEM;
	for (i = 0; i < s->ends->nr_ends; i++) {
		note_alone(s, &s->ends->end[i]);
		note_foreign(s, &s->ends->end[i]);
	}
	return s->no_memory ? -ENOMEM : tell_pairs(s);
}

/**
 * pairs_free - the end of it
 * @s: all pairs
 */
void pairs_free(struct pairs *s)
{
	uint32_t i;

	for (i = 0; i < s->nr_pairs; i++) {
		free(s->pair[i].bounds);
		free(s->pair[i].result.clock.era);
	}
	hash_free(&s->by_isn);
	free(s->result);
	free(s->pair);
}

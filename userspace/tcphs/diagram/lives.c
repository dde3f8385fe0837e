/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which events are of one connection.
 *
 * What has a socket goes by its cookie, its generation and its pair of addresses; where all that
 * comes again after an end, it is another life that begins.
 * What has none (a dropped SYN, a SYN cookie, the RST of a closed port) is of the
 * connection whose ISN it bears or answers, else of the latest one between the same
 * addresses; where there is none, all that has the same pair and the same ISN, or
 * none, is one life.
 *
 * Two lives are the ends of one connection when their ISNs agree crosswise. Their
 * addresses do too, unless NAT on this machine stands between them. One that TCP_REPAIR put
 * back has no handshake to know ISNs from, and goes on with those of the connection it was: of
 * the life that was taken out, or of its other end that is there.
 *
 * One hash table finds all of that; a life has up to six nodes in it.
 */
#include <errno.h>
#include <stdlib.h>

#include "conn_life.h"
#include "lives.h"

#define NONE HASH_NONE

/* So many lives that share an ISN are looked at: strangers may repeat one. */
#define WALK_MAX	64

/* What comes for nobody so long after a connection ended is not of it, ns. */
#define AFTER_END	60000000000ull

/* What a node is found by. */
enum lives_kind {
	BY_SOCKET,	/* cookie, generation, namespace, pair */
	BY_STRANGER,	/* directed pair, namespace, ISN of the SYN or none */
	BY_PAIR,	/* one for each pair: its latest life with a socket */
	BY_ISN,		/* pair and one ISN */
	BY_NO_ISN,	/* pair, where no ISN was known when the life began */
	BY_NAT,		/* one ISN */
};

/* ---- addresses -------------------------------------------------------------- */

static bool same_pair(const struct tcphs_ident *a, const struct tcphs_ident *b)
{
	return tcphs_same_ends(a, b) || tcphs_mirrored(a, b);
}

/* ---- hashes ----------------------------------------------------------------- */

static uint64_t hash_end(const struct tcphs_lives *l, const uint8_t *address, uint16_t port)
{
	uint64_t part[2];

	memcpy(part, address, sizeof(part));
	return hash_mix(hash_mix(l->hash.seed ^ part[0], part[1]), l->hash.seed + port);
}

/* The same for both directions. */
static uint64_t hash_pair(const struct tcphs_lives *l, const struct tcphs_ident *id)
{
	return hash_mix(hash_end(l, id->local, id->local_port) + hash_end(l, id->peer, id->peer_port),
		   l->hash.seed);
}

static uint64_t hash_number(const struct tcphs_lives *l, enum lives_kind kind, uint64_t more,
			    uint64_t number)
{
	return hash_mix(more ^ l->hash.seed, hash_mix(number, l->hash.seed ^ kind));
}

static uint64_t hash_key(const struct tcphs_lives *l, const struct tcphs_event *ev)
{
	const struct tcphs_ident *id = &ev->id;
	uint64_t isn = ev->flags & TCPHS_F_PEER_ISN ? 1ull << 32 | id->peer_isn : 0;

	if (id->conn)
		return hash_number(l, BY_SOCKET, hash_pair(l, id),
				   hash_mix(id->conn, l->hash.seed + id->generation));
	return hash_number(l, BY_STRANGER,
			   hash_mix(hash_end(l, id->local, id->local_port), hash_pair(l, id)), isn);
}

/* ---- nodes ------------------------------------------------------------------ */

/* What one event can make: a life and its nodes. */
#define NODES_MAX	6

static int make_room(struct tcphs_lives *l)
{
	l->hash.work = &l->work;
	return array_grow(&l->life, l->lives + 1, &l->lives_cap, sizeof(*l->life)) ||
	       hash_reserve(&l->hash, NODES_MAX) ? -ENOMEM : 0;
}

/* Makes a life findable by what of it has become known. */
static void add_numbers(struct tcphs_lives *l, uint32_t i, uint32_t news)
{
	const struct tcphs_ident *id = &l->life[i].id;
	const uint32_t isn[2] = { id->isn, id->peer_isn };
	const uint32_t flag[2] = { TCPHS_F_ISN, TCPHS_F_PEER_ISN };
	unsigned int k;

	for (k = 0; k < 2; k++) {
		if (!(news & flag[k]))
			continue;
		hash_add(&l->hash, hash_number(l, BY_ISN, hash_pair(l, id), isn[k]), i);
		if (id->conn)
			hash_add(&l->hash, hash_number(l, BY_NAT, 0, isn[k]), i);
	}
}

/* ---- whose an event is ------------------------------------------------------ */

static bool other_end(const struct tcphs_lifeline *a, const struct tcphs_lifeline *b)
{
	return tcphs_other_end(&a->id, a->flags, &b->id, b->flags);
}

/* Of the boot that goes on? */
static bool goes_on_now(const struct tcphs_lives *l, const struct tcphs_lifeline *life)
{
	return life->boot == l->boot;
}

/* Is @isn, of a SYN that @id saw come in without a socket, one of @a's connection? */
static bool opens(const struct tcphs_lifeline *a, const struct tcphs_ident *id, uint32_t isn)
{
	if (tcphs_mirrored(&a->id, id))
		return a->flags & TCPHS_F_ISN && isn == a->id.isn;
	if (tcphs_same_ends(&a->id, id))
		return a->id.netns == id->netns && a->flags & TCPHS_F_PEER_ISN &&
		       isn == a->id.peer_isn;
	return a->flags & TCPHS_F_ISN && isn == a->id.isn && tcphs_share_an_end(&a->id, id);
}

/* The ISN of the SYN that a segment without a socket was, or that it answers. */
static bool syn_of(const struct tcphs_event *ev, uint32_t *isn)
{
	if (ev->flags & TCPHS_F_PEER_ISN) {
		*isn = ev->id.peer_isn;
		return true;
	}
	/* RFC 9293: the RST that answers what has no ACK has SEQ 0, and confirms it. */
	if (ev->type == TCPHS_EV_RST_SENT && ev->flags & TCPHS_F_SEQ && !ev->seq &&
	    ev->flags & TCPHS_F_ACK) {
		*isn = ev->ack - 1;
		return true;
	}
	return false;
}

static uint32_t opened_by(struct tcphs_lives *l, const struct tcphs_event *ev, uint32_t isn)
{
	const uint64_t hash[2] = { hash_number(l, BY_ISN, hash_pair(l, &ev->id), isn),
				   hash_number(l, BY_NAT, 0, isn) };
	unsigned int k, walk;
	uint32_t i;

	for (k = 0; k < 2; k++)
		for (i = hash_next(&l->hash, hash[k], NONE), walk = 0; i != NONE && walk < WALK_MAX;
		     i = hash_next(&l->hash, hash[k], i), walk++)
			if (l->life[l->hash.node[i].value].id.conn &&
			    goes_on_now(l, &l->life[l->hash.node[i].value]) &&
			    opens(&l->life[l->hash.node[i].value], &ev->id, isn))
				return l->hash.node[i].value;
	return NONE;
}

static uint32_t pair_node(struct tcphs_lives *l, const struct tcphs_ident *id)
{
	return hash_next(&l->hash, hash_number(l, BY_PAIR, hash_pair(l, id), 0), NONE);
}

/* The latest connection between these addresses, unless it ended long ago. */
static uint32_t latest_of(struct tcphs_lives *l, const struct tcphs_event *ev)
{
	uint32_t node = pair_node(l, &ev->id), i = node == NONE ? NONE : l->hash.node[node].value;
	const struct tcphs_lifeline *life;

	if (i == NONE)
		return NONE;
	life = &l->life[i];
	if (!goes_on_now(l, life) || !same_pair(&life->id, &ev->id) ||
	    (!tcphs_mirrored(&life->id, &ev->id) && life->id.netns != ev->id.netns) ||
	    (life->over && ev->time > life->end + AFTER_END))
		return NONE;
	return i;
}

/* A segment that met no socket: the connection it is of, or NONE. */
static uint32_t owner_of(struct tcphs_lives *l, const struct tcphs_event *ev)
{
	uint32_t isn;

	return syn_of(ev, &isn) ? opened_by(l, ev, isn) : latest_of(l, ev);
}

static bool same_life(const struct tcphs_lifeline *life, const struct tcphs_event *ev)
{
	const struct tcphs_ident *a = &life->id, *b = &ev->id;

	if (a->conn)
		return tcphs_same_connection(a, b);
	if (b->conn || a->netns != b->netns || !tcphs_same_ends(a, b))
		return false;
	return !((life->flags ^ ev->flags) & TCPHS_F_PEER_ISN) &&
	       (!(life->flags & TCPHS_F_PEER_ISN) || a->peer_isn == b->peer_isn);
}

/* The latest that has begun. The second time there are those, too, that begin later. */
static uint32_t find_life(struct tcphs_lives *l, const struct tcphs_event *ev)
{
	uint64_t hash = hash_key(l, ev);
	uint32_t i;

	for (i = hash_next(&l->hash, hash, NONE); i != NONE; i = hash_next(&l->hash, hash, i))
		if (goes_on_now(l, &l->life[l->hash.node[i].value]) &&
		    l->life[l->hash.node[i].value].from <= l->came &&
		    same_life(&l->life[l->hash.node[i].value], ev))
			return l->hash.node[i].value;
	return NONE;
}

/* From now on what has no socket is of this one. */
static void is_latest(struct tcphs_lives *l, uint32_t life)
{
	uint32_t node = pair_node(l, &l->life[life].id), *latest;

	if (node == NONE) {
		hash_add(&l->hash, hash_number(l, BY_PAIR, hash_pair(l, &l->life[life].id), 0), life);
		return;
	}
	latest = &l->hash.node[node].value;
	if (*latest == NONE || l->life[life].boot > l->life[*latest].boot ||
	    l->life[life].begin >= l->life[*latest].begin)
		*latest = life;
}

static uint32_t add_life(struct tcphs_lives *l, const struct tcphs_event *ev)
{
	uint32_t i = l->lives++;

	l->life[i] = (struct tcphs_lifeline){ .id = ev->id, .begin = ev->time, .boot = l->boot,
					      .clock = l->clock, .shift = l->shift, .from = l->came,
					      .first = NONE, .half = NONE, .last = NONE };
	hash_add(&l->hash, hash_key(l, ev), i);
	if (ev->id.conn && !(ev->flags & (TCPHS_F_ISN | TCPHS_F_PEER_ISN)))
		hash_add(&l->hash, hash_number(l, BY_NO_ISN, hash_pair(l, &ev->id), 0), i);
	return i;
}

/*
 * A life that begins in the middle, with numbers that began elsewhere: those of the latest one
 * between these addresses, if that waits for it.
 */
static void goes_on(struct tcphs_lives *l, uint32_t i, const struct tcphs_event *ev)
{
	uint32_t before = latest_of(l, ev), flags;
	struct tcphs_lifeline *life = &l->life[i];
	const struct tcphs_lifeline *b;

	if (before == NONE)
		return;
	b = &l->life[before];
	flags = b->flags & (TCPHS_F_ISN | TCPHS_F_PEER_ISN);
	/* All of it, or nothing: half of it would be no more than what is known now. */
	if (flags != (TCPHS_F_ISN | TCPHS_F_PEER_ISN))
		return;
	if (tcphs_mirrored(&b->id, &ev->id)) {
		if (b->over)
			return;
		life->id.isn = b->id.peer_isn;
		life->id.peer_isn = b->id.isn;
	} else {
		if (!b->taken_out)
			return;
		life->id.isn = b->id.isn;
		life->id.peer_isn = b->id.peer_isn;
	}
	life->flags |= flags;
	add_numbers(l, i, flags);
}

/* Is this the last record that one end has? */
static bool is_end(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_TIME_WAIT_END ||
	       (tcphs_event_ends_life(ev) && !(ev->flags & TCPHS_F_TIME_WAIT_AHEAD));
}

/* What an event of its own says of a life. */
static void learn(struct tcphs_lives *l, uint32_t i, const struct tcphs_event *ev)
{
	struct tcphs_lifeline *life = &l->life[i];
	uint32_t news = tcphs_ident_learn(&life->id, &life->flags, ev);

	life->end = ev->time;
	life->over |= ev->id.conn && is_end(ev);
	life->closed |= ev->id.conn && tcphs_event_ends_life(ev);
	life->taken_out |= ev->type == TCPHS_EV_CLOSED && ev->reason == TCPHS_REASON_TAKEN_OUT;
	if (ev->flags & TCPHS_F_QUEUE)
		life->listener = ev->queue.listener;
	if (news)
		add_numbers(l, i, news);
}

/**
 * tcphs_lives_see - whose event is this?
 * @l: the collection
 * @ev: the event, not older than the last
 * @err: gets 0, or -ENOMEM
 *
 * Return: its life, a new one if it has none; TCPHS_NO_LIFE for an event of a listener.
 */
uint32_t tcphs_lives_see(struct tcphs_lives *l, const struct tcphs_event *ev, int *err)
{
	uint32_t i = NONE;

	*err = 0;
	if (tcphs_event_of_listener(ev))
		return NONE;
	*err = make_room(l);
	if (*err)
		return NONE;
	l->came++;
	if (!ev->id.conn)
		i = owner_of(l, ev);
	if (i != NONE)
		return i;
	i = find_life(l, ev);
	if (i != NONE && l->life[i].closed && tcphs_event_begins_life(ev))
		i = NONE;
	if (i == NONE) {
		i = add_life(l, ev);
		if (ev->type == TCPHS_EV_ESTABLISHED && ev->flags & TCPHS_F_RESTORED)
			goes_on(l, i, ev);
	}
	learn(l, i, ev);
	if (ev->id.conn)
		is_latest(l, i);
	return i;
}

/**
 * tcphs_lives_boot - the machine was booted
 * @l: the collection, of one machine
 */
void tcphs_lives_boot(struct tcphs_lives *l)
{
	uint32_t i;

	for (i = 0; i < l->lives; i++)
		l->life[i].cut |= l->life[i].boot == l->boot;
	l->boot++;
}

/**
 * tcphs_lives_restart - the same events come a second time
 * @l: the collection
 */
void tcphs_lives_restart(struct tcphs_lives *l)
{
	uint32_t i, node;

	l->boot = 0;
	l->came = 0;
	for (i = 0; i < l->lives; i++) {
		node = l->life[i].id.conn ? pair_node(l, &l->life[i].id) : NONE;
		if (node != NONE)
			l->hash.node[node].value = NONE;
	}
}

/**
 * tcphs_lives_find - whose event is this, the second time?
 * @l: the collection
 * @ev: the event, in its order
 *
 * Return: its life; TCPHS_NO_LIFE: none that is known (any more).
 */
uint32_t tcphs_lives_find(struct tcphs_lives *l, const struct tcphs_event *ev)
{
	uint32_t i;

	if (tcphs_event_of_listener(ev) || !l->hash.buckets)
		return NONE;
	l->came++;
	i = ev->id.conn ? NONE : owner_of(l, ev);
	if (i != NONE)
		return i;
	i = find_life(l, ev);
	if (i != NONE && ev->id.conn)
		is_latest(l, i);
	return i;
}

/* The oldest of the last ones makes room, and gives its place. */
static uint32_t reuse(struct tcphs_lives *l, struct tcphs_lifeline *life)
{
	uint32_t i = l->kept[life->half].later;

	l->kept[life->half].later = l->kept[i].later;
	life->kept--;
	life->left_out++;
	return i;
}

/**
 * tcphs_lives_keep - keep an event
 * @l: the collection
 * @i: the life it is of
 * @ev: the event
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_lives_keep(struct tcphs_lives *l, uint32_t i, const struct tcphs_event *ev)
{
	struct tcphs_lifeline *life = &l->life[i];
	uint32_t at;

	if (life->kept == 2 * TCPHS_LIFE_STEPS) {
		at = reuse(l, life);
	} else {
		if (array_grow(&l->kept, l->nr + 1, &l->cap, sizeof(*l->kept)))
			return -ENOMEM;
		at = l->nr++;
	}
	l->kept[at] = (struct tcphs_kept){ .ev = *ev, .order = ++l->order, .later = NONE };
	if (life->last == NONE)
		life->first = at;
	else
		l->kept[life->last].later = at;
	life->last = at;
	if (++life->kept == TCPHS_LIFE_STEPS)
		life->half = at;
	return 0;
}

/**
 * tcphs_lives_add - one more event, to be kept
 * @l: the collection
 * @ev: the event, not older than the last; those of listeners are left out
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_lives_add(struct tcphs_lives *l, const struct tcphs_event *ev)
{
	int err;
	uint32_t i = tcphs_lives_see(l, ev, &err);

	return i == NONE ? err : tcphs_lives_keep(l, i, ev);
}

/**
 * tcphs_lives_clear - forget all, keep the memory
 * @l: the collection
 */
void tcphs_lives_clear(struct tcphs_lives *l)
{
	l->nr = 0;
	l->lives = 0;
	l->came = 0;
	hash_clear(&l->hash);
}

/**
 * tcphs_lives_free - give the memory back
 * @l: the collection, empty then
 */
void tcphs_lives_free(struct tcphs_lives *l)
{
	free(l->kept);
	free(l->life);
	hash_free(&l->hash);
	*l = (struct tcphs_lives){ 0 };
}

/* ---- pictures --------------------------------------------------------------- */

bool tcphs_lives_belong(const struct tcphs_lives *l, uint32_t a, uint32_t b)
{
	const struct tcphs_lifeline *x = &l->life[a], *y = &l->life[b];

	if (a == b)
		return true;
	if (!x->id.conn || x->boot != y->boot)
		return false;
	if (y->id.conn)
		return other_end(x, y);
	return y->flags & TCPHS_F_PEER_ISN && opens(x, &y->id, y->id.peer_isn);
}

struct members {
	uint32_t *member;
	size_t nr;
};

static void add_member(struct members *m, uint32_t life)
{
	size_t i;

	for (i = 0; i < m->nr; i++)
		if (m->member[i] == life)
			return;
	if (m->nr < TCPHS_MEMBERS_MAX)
		m->member[m->nr++] = life;
}

/* Those that a hash leads to and that belong to @life, or it to them. */
static void add_related(struct tcphs_lives *l, struct members *m, uint32_t life, uint64_t hash)
{
	unsigned int walk = WALK_MAX;
	uint32_t i, other;

	for (i = hash_next(&l->hash, hash, NONE); i != NONE && walk--; i = hash_next(&l->hash, hash, i)) {
		other = l->hash.node[i].value;
		if (tcphs_lives_belong(l, life, other) ||
		    (!l->life[life].id.conn && tcphs_lives_belong(l, other, life)))
			add_member(m, other);
	}
}

static void add_relations(struct tcphs_lives *l, struct members *m, uint32_t life)
{
	const struct tcphs_lifeline *x = &l->life[life];
	const uint32_t isn[2] = { x->id.isn, x->id.peer_isn };
	const uint32_t flag[2] = { TCPHS_F_ISN, TCPHS_F_PEER_ISN };
	uint64_t pair = hash_pair(l, &x->id);
	unsigned int k;

	for (k = 0; k < 2; k++) {
		if (!(x->flags & flag[k]))
			continue;
		add_related(l, m, life, hash_number(l, BY_ISN, pair, isn[k]));
		add_related(l, m, life, hash_number(l, BY_NAT, 0, isn[k]));
	}
	if (!(x->flags & (TCPHS_F_ISN | TCPHS_F_PEER_ISN)))
		add_related(l, m, life, hash_number(l, BY_NO_ISN, pair, 0));
}

/**
 * tcphs_lives_members - the lives of one picture
 * @l: the collection
 * @life: that leads it
 * @member: gets them, @life first
 *
 * Return: how many.
 */
size_t tcphs_lives_members(struct tcphs_lives *l, uint32_t life,
			   uint32_t member[TCPHS_MEMBERS_MAX])
{
	struct members m = { .member = member };
	size_t i, ends;

	add_member(&m, life);
	add_relations(l, &m, life);
	/* The other end has segments of its own that met no socket. */
	for (i = 1, ends = m.nr; i < ends; i++)
		if (l->life[life].id.conn && l->life[member[i]].id.conn)
			add_relations(l, &m, member[i]);
	return m.nr;
}

/**
 * tcphs_lives_lead - who leads the picture of a life?
 * @l: the collection
 * @life: any life
 *
 * Return: of it and its other end the one that began first.
 */
uint32_t tcphs_lives_lead(struct tcphs_lives *l, uint32_t life)
{
	uint32_t member[TCPHS_MEMBERS_MAX], lead = life;
	const struct tcphs_lifeline *a, *b;
	size_t i, nr;

	nr = tcphs_lives_members(l, life, member);
	for (i = 1; i < nr; i++) {
		a = &l->life[member[i]];
		b = &l->life[lead];
		if (a->id.conn && (!b->id.conn || a->begin < b->begin ||
				   (a->begin == b->begin && member[i] < lead)))
			lead = member[i];
	}
	return lead;
}

bool tcphs_lives_concern(struct tcphs_lives *l, uint32_t life, const struct tcphs_event *ev)
{
	uint32_t member[TCPHS_MEMBERS_MAX], isn = 0;
	struct tcphs_lifeline other = { .id = ev->id, .flags = ev->flags };
	bool syn = !ev->id.conn && syn_of(ev, &isn);
	const struct tcphs_lifeline *m;
	size_t i, nr;

	nr = tcphs_lives_members(l, life, member);
	for (i = 0; i < nr; i++) {
		m = &l->life[member[i]];
		if (!goes_on_now(l, m))
			continue;
		if (same_pair(&m->id, &ev->id) || (ev->id.conn && other_end(m, &other)) ||
		    (syn && opens(m, &ev->id, isn)))
			return true;
	}
	return false;
}

static int by_order(const void *a, const void *b)
{
	const struct tcphs_kept *x = *(const struct tcphs_kept *const *)a;
	const struct tcphs_kept *y = *(const struct tcphs_kept *const *)b;

	return x->order < y->order ? -1 : x->order > y->order;
}

/**
 * tcphs_lives_events - what there is to draw
 * @l: the collection
 * @life: that leads the picture
 * @after: only those after this one, by their @order
 * @nr: gets how many
 *
 * Return: them in their order, for free(); NULL without memory.
 */
const struct tcphs_kept **tcphs_lives_events(struct tcphs_lives *l, uint32_t life, uint64_t after,
					     size_t *nr)
{
	uint32_t member[TCPHS_MEMBERS_MAX], i;
	size_t members = tcphs_lives_members(l, life, member), k, all = 1;
	const struct tcphs_kept **found;

	*nr = 0;
	for (k = 0; k < members; k++)
		all += l->life[member[k]].kept;
	found = calloc(all, sizeof(*found));
	if (!found)
		return NULL;
	for (k = 0; k < members; k++)
		for (i = l->life[member[k]].first; i != NONE; i = l->kept[i].later)
			if (l->kept[i].order > after)
				found[(*nr)++] = &l->kept[i];
	qsort(found, *nr, sizeof(*found), by_order);
	return found;
}

bool tcphs_lives_over(struct tcphs_lives *l, uint32_t life)
{
	uint32_t member[TCPHS_MEMBERS_MAX];
	size_t nr = tcphs_lives_members(l, life, member), i;
	bool socket = false;

	for (i = 0; i < nr; i++) {
		if (!l->life[member[i]].id.conn)
			continue;
		socket = true;
		if (!l->life[member[i]].over && !l->life[member[i]].cut)
			return false;
	}
	return socket;
}

/**
 * tcphs_lives_cut - was the machine booted before its end?
 * @l: the collection
 * @life: that leads the picture
 *
 * Return: a life with a socket of that machine; TCPHS_NO_LIFE: it ended before, or goes on.
 */
uint32_t tcphs_lives_cut(struct tcphs_lives *l, uint32_t life)
{
	uint32_t member[TCPHS_MEMBERS_MAX];
	size_t nr = tcphs_lives_members(l, life, member), i;
	const struct tcphs_lifeline *m;

	for (i = 0; i < nr; i++) {
		m = &l->life[member[i]];
		if (m->id.conn && m->cut && !m->over)
			return member[i];
	}
	return NONE;
}

/* ---- choice ----------------------------------------------------------------- */

struct choice {
	uint64_t begin;
	uint32_t life;
	bool socket;
};

/* Connections, and what began last. */
static int by_worth(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->socket != y->socket)
		return x->socket ? -1 : 1;
	if (x->begin != y->begin)
		return x->begin > y->begin ? -1 : 1;
	return x->life > y->life ? -1 : x->life < y->life;
}

static int by_begin(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->life < y->life ? -1 : x->life > y->life;
}

/* All of them, the most worth first; the array is for free(). */
static struct choice *choices(struct tcphs_lives *l, uint32_t *nr)
{
	struct choice *all = calloc(l->lives + 1, sizeof(*all));
	bool *leads = calloc(l->lives + 1, sizeof(*leads));
	uint32_t i, lead;

	*nr = 0;
	for (i = 0; all && leads && i < l->lives; i++) {
		if (!l->life[i].wanted)
			continue;
		lead = tcphs_lives_lead(l, i);
		if (leads[lead])
			continue;
		leads[lead] = true;
		all[(*nr)++] = (struct choice){ l->life[lead].begin, lead,
						l->life[lead].id.conn };
	}
	if (!leads) {
		free(all);
		all = NULL;
	}
	free(leads);
	if (all)
		qsort(all, *nr, sizeof(*all), by_worth);
	return all;
}

int64_t tcphs_lives_choose(struct tcphs_lives *l, uint32_t max, uint32_t *chosen, uint32_t *total)
{
	struct choice *all;
	uint32_t nr, i;

	all = choices(l, &nr);
	if (!all)
		return -ENOMEM;
	if (total)
		*total = nr;
	if (nr > max)
		nr = max;
	qsort(all, nr, sizeof(*all), by_begin);
	for (i = 0; i < nr; i++)
		chosen[i] = all[i].life;
	free(all);
	return nr;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Those that end later are kept. */
static int find_limit(const struct tcphs_lives *l, uint32_t keep, uint64_t *limit)
{
	uint64_t *end = calloc(l->lives + 1, sizeof(*end));
	uint32_t i;

	if (!end)
		return -ENOMEM;
	for (i = 0; i < l->lives; i++)
		end[i] = l->life[i].end;
	qsort(end, l->lives, sizeof(*end), by_time);
	*limit = end[l->lives - keep - 1];
	free(end);
	return 0;
}

static void keep_those(struct tcphs_lives *l, const bool *stays, uint64_t limit)
{
	uint32_t i, kept = 0, flags;

	for (i = 0; i < l->lives; i++)
		if (stays[i] || l->life[i].end > limit)
			l->life[kept++] = l->life[i];
	l->lives = kept;
	hash_clear(&l->hash);
	for (i = 0; i < l->lives; i++) {
		struct tcphs_event ev = { .id = l->life[i].id, .flags = l->life[i].flags };

		flags = l->life[i].flags;
		hash_add(&l->hash, hash_key(l, &ev), i);
		add_numbers(l, i, flags);
		if (!ev.id.conn)
			continue;
		if (!(flags & (TCPHS_F_ISN | TCPHS_F_PEER_ISN)))
			hash_add(&l->hash, hash_number(l, BY_NO_ISN, hash_pair(l, &ev.id), 0), i);
		is_latest(l, i);
	}
}

int64_t tcphs_lives_forget(struct tcphs_lives *l, uint32_t keep, uint32_t max)
{
	uint32_t member[TCPHS_MEMBERS_MAX], nr = 0, i;
	bool *stays = calloc(l->lives + 1, sizeof(*stays));
	struct choice *all = stays ? choices(l, &nr) : NULL;
	int64_t lost = 0;
	uint64_t limit = 0;
	size_t k, members;
	int err = -ENOMEM;

	if (keep >= l->lives)
		err = 0;
	else if (all)
		err = find_limit(l, keep, &limit);
	for (i = 0; !err && limit && i < nr; i++) {
		if (i >= max) {
			lost += l->life[all[i].life].end <= limit;
			continue;
		}
		members = tcphs_lives_members(l, all[i].life, member);
		for (k = 0; k < members; k++)
			stays[member[k]] = true;
	}
	if (!err && limit)
		keep_those(l, stays, limit);
	free(all);
	free(stays);
	return err ? err : lost;
}

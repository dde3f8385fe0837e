/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of connections one by one: their ports, CLOSE_WAIT, the accept queue. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collect.h"
#include "doctor/thresholds.h"
#include "text.h"

#define NSEC_PER_SEC	1000000000ull

/* Destinations, of which those that take few ports are forgotten first. */
#define ROUTES_MOST	16384
/* Addresses of ours, each with 8 KiB for its ports; beyond that only their number is exported. */
#define BITMAPS_MOST	256
#define SOURCES_MOST	16384
#define HOLDERS_MOST	16384

/* A TIME_WAIT that is older than that may be taken over, where tcp_tw_reuse allows it. */
#define REUSE_NS	NSEC_PER_SEC

#define AGE_FIRST	"60s"
const uint64_t ages_s[AGES] = { 60, STUCK_NS / NSEC_PER_SEC, 600, 3600 };

static void free_bitmaps(struct metrics *m)
{
	struct source *s;
	size_t i;

	tally_each(&m->sources, s, i)
		free(s->used);
	m->sources.nr = 0;
}

/**
 * ports_begin - connections come
 * @m: where
 */
void ports_begin(struct metrics *m)
{
	ports_free(m);
	m->sources = (struct tally)TALLY_INIT(struct source, at);
	m->routes = (struct tally)TALLY_INIT(struct route, key, .limit = ROUTES_MOST);
	m->holders = (struct tally)TALLY_INIT(struct holder, key);
	m->queued = (struct tally)TALLY_INIT(struct queued, conn);
}

/**
 * ports_free - give the memory back
 * @m: where
 */
void ports_free(struct metrics *m)
{
	free_bitmaps(m);
	tally_free(&m->sources);
	tally_free(&m->routes);
	tally_free(&m->holders);
	tally_free(&m->queued);
}

static int take_queued(void *metrics, const struct tcphs_conn_info *c)
{
	struct metrics *m = metrics;
	struct queued *q = tally_get(&m->queued, &c->listener);

	if (!q)
		m->no_memory = true;
	else if (c->waiting > q->oldest)
		q->oldest = c->waiting;
	return 0;
}

/* As the label says it: two that look the same there would be one label set exported twice. */
static void take_comm(char *comm, const struct tcphs_owner *owner)
{
	size_t len = owner->known ? strnlen(owner->comm, TCPHS_COMM_LEN) : 0;

	memset(comm, 0, TCPHS_COMM_LEN);
	if (!len)
		*comm = '?';
	memcpy(comm, owner->comm, len);
	labels_plain(comm, len);
}

static void take_close_wait(struct metrics *m, const struct tcphs_conn_info *c)
{
	struct holder key = { .key = { .netns = c->netns } }, *h;
	unsigned int i;

	if (c->state != TCPHS_STATE_CLOSE_WAIT || c->age < ages_s[0] * NSEC_PER_SEC)
		return;
	if (c->role == TCPHS_ROLE_ACTIVE || c->role == TCPHS_ROLE_SIMULTANEOUS)
		key.key.role = TCPHS_ROLE_ACTIVE;
	else if (c->role == TCPHS_ROLE_PASSIVE)
		key.key.role = TCPHS_ROLE_PASSIVE;
	take_comm(key.key.comm, &c->owner);
	if (m->holders.nr >= HOLDERS_MOST && !tally_find(&m->holders, &key.key))
		take_comm(key.key.comm, &(struct tcphs_owner){ 0 });
	h = tally_get(&m->holders, &key.key);
	if (!h) {
		m->no_memory = true;
		return;
	}
	for (i = 0; i < AGES; i++)
		h->older[i] += c->age >= ages_s[i] * NSEC_PER_SEC;
}

static bool is_loopback(uint8_t family, const uint8_t *address)
{
	static const uint8_t one[16] = { [15] = 1 };

	return family == AF_INET ? address[0] == 127 : !memcmp(address, one, sizeof(one));
}

/* May connect() take its port over? Without timestamps it may not; that is not known here. */
static bool is_reusable(const struct space *s, const struct tcphs_conn_info *c)
{
	if (c->state != TCPHS_STATE_TIME_WAIT || c->age < REUSE_NS)
		return false;
	return s->tw_reuse == 1 || (s->tw_reuse == 2 && (is_loopback(c->family, c->local) ||
							 is_loopback(c->family, c->peer)));
}

static struct source *source_of(struct metrics *m, const struct spot *from)
{
	struct source *s = m->sources.nr ? tally_find(&m->sources, from) : NULL;

	if (s || m->sources.nr >= SOURCES_MOST)
		return s;
	s = tally_get(&m->sources, from);
	if (s && m->sources.nr <= BITMAPS_MOST && m->sources.nr <= m->limit)
		s->used = calloc(1, 65536 / 8);
	return s;
}

static void take_port(struct metrics *m, const struct tcphs_conn_info *c)
{
	const struct space *space = tally_find(&m->spaces, &c->netns);
	uint8_t bit = (uint8_t)(1u << c->local_port % 8);
	struct route key = { .key.from = { .family = c->family, .netns = c->netns },
			     .key.to = { .port = c->peer_port, .family = c->family,
					 .netns = c->netns } };
	struct route *route;
	struct source *s;

	/* Servers' connections all have the server's port. */
	if (!space || c->role == TCPHS_ROLE_PASSIVE || c->local_port < space->port_low ||
	    c->local_port > space->port_high || c->state == TCPHS_STATE_CLOSE)
		return;
	memcpy(key.key.from.address, c->local, sizeof(c->local));
	memcpy(key.key.to.address, c->peer, sizeof(c->peer));
	s = source_of(m, &key.key.from);
	if (!s || !s->used)
		return;
	s->ports += !(s->used[c->local_port / 8] & bit);
	s->used[c->local_port / 8] |= bit;
	if (is_reusable(space, c))
		return;
	route = tally_get(&m->routes, &key.key);
	if (route)
		route->ports++;
	else
		m->no_memory = true;
}

/**
 * ports_take - a connection
 * @metrics: gets it
 * @c: what it says
 *
 * Return: 0: the next one.
 */
int ports_take(void *metrics, const struct tcphs_conn_info *c)
{
	struct metrics *m = metrics;

	take_port(m, c);
	take_close_wait(m, c);
	spaces_person(m, c->netns, &c->owner);
	return 0;
}

/* Names of literals, which are names. */
static void want(struct tcphs_filter *f, enum tcphs_filter_key key, const char *words)
{
	struct tcphs_error err;

	if (tcphs_filter_parse(f, key, words, &err))
		abort();
}

/**
 * ports_ask - connections, as far as they matter
 * @m: gets them
 * @s: of the module
 * @all_netns: of every network namespace
 * @err: why not
 *
 * A server has a hundred thousand, and only few of them are asked for: those that wait for
 * accept(), and those that it should have closed.
 *
 * Return: 0, or -1 with @err set.
 */
int ports_ask(struct metrics *m, struct tcphs_session *s, bool all_netns, struct tcphs_error *err)
{
	struct tcphs_filter called = { 0 }, served = { 0 };

	want(&called, TCPHS_FILTER_ROLE, "active,simultaneous,unknown");
	want(&served, TCPHS_FILTER_ROLE, "passive");
	want(&served, TCPHS_FILTER_STATE, "close-wait");
	want(&served, TCPHS_FILTER_OLDER_THAN, AGE_FIRST);
	if (tcphs_each_connection(s, all_netns, &called, ports_take, m, err) ||
	    tcphs_each_connection(s, all_netns, &served, ports_take, m, err) ||
	    tcphs_each_waiting(s, all_netns, take_queued, m, err))
		return -1;
	return 0;
}

/**
 * ports_end - all have been taken
 * @m: where
 */
void ports_end(struct metrics *m)
{
	const struct route *route;
	struct source *s;
	size_t i;

	tally_each(&m->routes, route, i) {
		s = tally_find(&m->sources, &route->key.from);
		if (s && route->ports > s->worst)
			s->worst = route->ports;
	}
	m->unnamed_sources = 0;
	tally_each(&m->sources, s, i)
		m->unnamed_sources += !s->used;
	m->unnamed_holders = m->holders.nr > m->limit ? m->holders.nr - m->limit : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the user wants to see: a struct tcphs_filter says yes or no.
 *
 * The kernel gets what it can judge of it (dumps.c) so that little is copied when
 * little is asked for; it is judged here again, all of it, so that a recording
 * is filtered like the live kernel.
 */
#include <stdlib.h>

#include <errno.h>

#include "cgroups.h"

/**
 * tcphs_filter_new - a filter that lets everything through
 *
 * Return: for tcphs_filter_free(), or NULL without memory.
 */
struct tcphs_filter *tcphs_filter_new(void)
{
	return calloc(1, sizeof(struct tcphs_filter));
}

/**
 * tcphs_filter_free - the end of a filter
 * @filter: the filter, or NULL
 */
void tcphs_filter_free(struct tcphs_filter *filter)
{
	free(filter);
}

static bool port_in(const struct tcphs_ports *ports, uint16_t port)
{
	unsigned int i;

	for (i = 0; i < ports->nr; i++)
		if (port >= ports->v[i].first && port <= ports->v[i].last)
			return true;
	return false;
}

static bool number_in(const struct tcphs_numbers *numbers, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < numbers->nr; i++)
		if (numbers->v[i] == value)
			return true;
	return false;
}

static bool bit_in(uint64_t mask, unsigned int bit)
{
	return bit < 64 && mask >> bit & 1;
}

/* A number of a device says something in its own namespace alone. */
static bool at_home(const struct tcphs_filter *f, uint32_t netns)
{
	return !f->home || f->home == netns;
}

/* Who a connection is, in whatever struct it stands. */
struct ends {
	const uint8_t *local, *peer;
	uint16_t local_port, peer_port;
	uint8_t family;
	uint32_t ifindex, netns;
};

static bool scope_passes(const struct tcphs_filter *f, size_t i, const struct ends *e)
{
	return !f->scope[i] || (f->scope[i] == e->ifindex &&
				(!f->scope_named[i] || at_home(f, e->netns)));
}

static bool address_in(const struct tcphs_filter *f, const struct ends *e, const uint8_t *address)
{
	const struct tcphs_prefix *p;
	unsigned int bytes, bits;

	for (p = f->address; p < f->address + f->nr_addresses; p++) {
		bytes = p->length / 8;
		bits = p->length % 8;
		if (p->family == e->family && !memcmp(p->address, address, bytes) &&
		    (!bits || !((p->address[bytes] ^ address[bytes]) >> (8 - bits))) &&
		    scope_passes(f, (size_t)(p - f->address), e))
			return true;
	}
	return false;
}

static bool comm_in(const struct tcphs_filter *f, const void *comm, const void *thread)
{
	unsigned int i;

	for (i = 0; i < f->nr_comms; i++)
		if (!strncmp(f->comm[i], comm, TCPHS_COMM_LEN) ||
		    !strncmp(f->comm[i], thread, TCPHS_COMM_LEN))
			return true;
	return false;
}

/* A name that is "" is none. */
static bool device_in(const struct tcphs_filter *f, const char *device)
{
	unsigned int i;

	for (i = 0; i < f->nr_devices; i++)
		if (*device && !strcmp(f->device[i], device))
			return true;
	return false;
}

/* Events and connections know a device by its number. */
static bool ifindex_passes(const struct tcphs_filter *f, uint32_t ifindex, uint32_t netns)
{
	return !tcphs_filter_has(f, TCPHS_FILTER_DEVICE) ||
	       (ifindex && (number_in(&f->number, ifindex) ||
			    (at_home(f, netns) && number_in(&f->ifindex, ifindex))));
}

static bool ends_pass(const struct tcphs_filter *f, const struct ends *e)
{
	if (tcphs_filter_has(f, TCPHS_FILTER_PORT) && !port_in(&f->port, e->local_port) &&
	    !port_in(&f->port, e->peer_port))
		return false;
	if (tcphs_filter_has(f, TCPHS_FILTER_LOCAL_PORT) && !port_in(&f->local_port, e->local_port))
		return false;
	if (tcphs_filter_has(f, TCPHS_FILTER_PEER_PORT) && !port_in(&f->peer_port, e->peer_port))
		return false;
	return !tcphs_filter_has(f, TCPHS_FILTER_ADDRESS) ||
	       address_in(f, e, e->local) || address_in(f, e, e->peer);
}

static bool names_pass(const struct tcphs_filter *f, bool known, uint32_t pid, const void *comm,
		       const void *thread)
{
	if (tcphs_filter_has(f, TCPHS_FILTER_PID) && !(known && number_in(&f->pid, pid)))
		return false;
	return !tcphs_filter_has(f, TCPHS_FILTER_COMM) || (known && comm_in(f, comm, thread));
}

/* As it is, or without its suffix. */
static bool unit_in(const struct tcphs_filter *f, const char *unit)
{
	unsigned int i;
	size_t len;

	for (i = 0; i < f->nr_units; i++) {
		len = strlen(f->unit[i]);
		if (!strncmp(f->unit[i], unit, len) && (!unit[len] || !strcmp(unit + len, ".service") ||
							!strcmp(unit + len, ".scope")))
			return *unit;
	}
	return false;
}

/* So few digits say nothing: a name of LXC may be as short. */
#define DIGITS_MIN	4

static bool container_in(const struct tcphs_filter *f, const struct tcphs_cgroup_names *names)
{
	unsigned int i;
	size_t len;

	for (i = 0; i < f->nr_containers; i++) {
		len = strlen(f->container[i]);
		if (!strcmp(f->container[i], names->container) ||
		    !strcmp(f->container[i], names->pod) ||
		    (len >= DIGITS_MIN && strlen(names->container) == 64 &&
		     !strncmp(f->container[i], names->container, len)))
			return true;
	}
	return false;
}

static bool names_fit(const void *arg, const struct tcphs_cgroup *cgroup)
{
	const struct tcphs_filter *f = arg;

	return (!tcphs_filter_has(f, TCPHS_FILTER_UNIT) || unit_in(f, cgroup->names.unit)) &&
	       (!tcphs_filter_has(f, TCPHS_FILTER_CONTAINER) || container_in(f, &cgroup->names));
}

static bool cgroup_passes(const struct tcphs_filter *f, bool known, uint64_t id)
{
	const struct tcphs_cgroup *cgroup;

	if (!tcphs_filter_has(f, TCPHS_FILTER_UNIT) && !tcphs_filter_has(f, TCPHS_FILTER_CONTAINER))
		return true;
	cgroup = known && f->cgroups ? tcphs_cgroups_find(f->cgroups, id) : NULL;
	return cgroup && names_fit(f, cgroup);
}

/**
 * tcphs_filter_knows_cgroup - is there any that is called what it asks for?
 * @f: the filter, after tcphs_filter_cgroups()
 */
bool tcphs_filter_knows_cgroup(const struct tcphs_filter *f)
{
	return f->cgroups && tcphs_cgroups_any(f->cgroups, names_fit, f);
}

/**
 * tcphs_filter_cgroups - who knows the names that it asks for
 * @f: the filter
 * @c: which; must stay
 */
void tcphs_filter_cgroups(struct tcphs_filter *f, struct tcphs_cgroups *c)
{
	f->cgroups = c;
}

static bool owner_passes(const struct tcphs_filter *f, const struct tcphs_owner *owner)
{
	return names_pass(f, owner->known, owner->pid, owner->comm, owner->thread) &&
	       cgroup_passes(f, owner->known, owner->cgroup);
}

static bool netns_passes(const struct tcphs_filter *f, uint32_t netns)
{
	return !tcphs_filter_has(f, TCPHS_FILTER_NETNS) || number_in(&f->netns, netns);
}

static bool age_passes(const struct tcphs_filter *f, bool known, uint64_t age)
{
	return !tcphs_filter_has(f, TCPHS_FILTER_OLDER_THAN) || (known && age >= f->older_than);
}

static bool conn_passes(const struct tcphs_filter *f, uint64_t conn)
{
	unsigned int i;

	for (i = 0; i < f->nr_conns; i++)
		if (f->conn[i] == conn)
			return true;
	return !tcphs_filter_has(f, TCPHS_FILTER_CONN);
}

/* As tcphs_filter_clock() found them. */
static bool time_passes(const struct tcphs_filter *f, uint64_t time)
{
	return !(tcphs_filter_has(f, TCPHS_FILTER_SINCE) && time < f->since_ns) &&
	       !(tcphs_filter_has(f, TCPHS_FILTER_UNTIL) && time > f->until_ns);
}

static bool step_passes(const struct tcphs_filter *f, const struct tcphs_event *ev)
{
	if (tcphs_filter_has(f, TCPHS_FILTER_EVENT) && !bit_in(f->events, ev->type))
		return false;
	if (tcphs_filter_has(f, TCPHS_FILTER_STATE) && !bit_in(f->states, ev->old_state) &&
	    !bit_in(f->states, ev->new_state))
		return false;
	if (tcphs_filter_has(f, TCPHS_FILTER_FAILED) && !tcphs_event_failed(ev))
		return false;
	return !tcphs_filter_has(f, TCPHS_FILTER_ROLE) || bit_in(f->roles, ev->id.role);
}

static bool either_is(const struct tcphs_filter *f, int kind)
{
	return (tcphs_filter_has(f, TCPHS_FILTER_SINCE) && (int)f->since.kind == kind) ||
	       (tcphs_filter_has(f, TCPHS_FILTER_UNTIL) && (int)f->until.kind == kind);
}

/**
 * tcphs_filter_time_of_day - is one of its times one of every day?
 * @f: the filter
 */
bool tcphs_filter_time_of_day(const struct tcphs_filter *f)
{
	return either_is(f, TCPHS_WHEN_TIME_OF_DAY);
}

/**
 * tcphs_filter_age - is one of its times so long ago?
 * @f: the filter
 */
bool tcphs_filter_age(const struct tcphs_filter *f)
{
	return either_is(f, TCPHS_WHEN_AGE);
}

/* Nothing is older than the clock. */
static uint64_t monotonic(int64_t realtime, int64_t offset)
{
	return realtime > offset ? (uint64_t)realtime - (uint64_t)offset : 0;
}

/**
 * tcphs_filter_times - which moments its times are
 * @f: the filter
 * @now: see tcphs_when_resolve()
 * @span: likewise
 * @since: gets what --since means, CLOCK_REALTIME in ns
 * @until: and --until: without a recording's span the first such time of day after @since,
 *	or that of today, which may be one to come
 */
void tcphs_filter_times(const struct tcphs_filter *f, int64_t now, const struct tcphs_span *span,
			int64_t *since, int64_t *until)
{
	bool begins = tcphs_filter_has(f, TCPHS_FILTER_SINCE);
	struct tcphs_span rest;

	*since = tcphs_when_resolve(&f->since, now, span);
	/* From 22:00 until 02:00 goes over midnight. */
	if (span && begins && *since > span->begin) {
		rest = (struct tcphs_span){ *since, span->end };
		span = &rest;
	}
	*until = tcphs_when_resolve(&f->until, now, span);
	if (span || f->until.kind != TCPHS_WHEN_TIME_OF_DAY)
		return;
	/* What is later than now is not meant to be yesterday's. */
	*until = begins ? tcphs_when_after(*since, f->until.ns) : tcphs_when_today(now, f->until.ns);
}

/**
 * tcphs_filter_clock - what its times are in those of events
 * @f: the filter
 * @offset: CLOCK_REALTIME - CLOCK_MONOTONIC of the events, ns
 * @now: see tcphs_when_resolve()
 * @span: likewise
 * @err: what is wrong
 */
int tcphs_filter_clock(struct tcphs_filter *f, int64_t offset, int64_t now,
		       const struct tcphs_span *span, struct tcphs_error *err)
{
	int64_t since, until;

	tcphs_filter_times(f, now, span, &since, &until);
	f->since_ns = monotonic(since, offset);
	f->until_ns = monotonic(until, offset);
	if (!tcphs_filter_has(f, TCPHS_FILTER_SINCE) || !tcphs_filter_has(f, TCPHS_FILTER_UNTIL) ||
	    since <= until)
		return 0;
	tcphs_error_set(err, TCPHS_ERR_USAGE, "--until is a time before --since");
	return -EINVAL;
}

/**
 * tcphs_filter_names_device - does it name a device of this machine?
 * @f: the filter
 *
 * What was recorded has numbers of devices, of the machine on which it was.
 */
bool tcphs_filter_names_device(const struct tcphs_filter *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_addresses; i++)
		if (f->scope_named[i])
			return true;
	return f->nr_devices;
}

static bool event_passes(const struct tcphs_filter *f, const struct tcphs_event *ev)
{
	const struct ends ends = { ev->id.local, ev->id.peer, ev->id.local_port, ev->id.peer_port,
				   ev->id.family, ev->ifindex, ev->id.netns };

	return step_passes(f, ev) && time_passes(f, ev->time) && ends_pass(f, &ends) &&
	       netns_passes(f, ev->id.netns) &&
	       names_pass(f, ev->flags & TCPHS_F_OWNER, ev->id.pid, ev->id.comm, ev->id.thread) &&
	       cgroup_passes(f, ev->flags & TCPHS_F_OWNER, ev->id.cgroup) &&
	       ifindex_passes(f, ev->ifindex, ev->id.netns) && conn_passes(f, ev->id.conn) &&
	       age_passes(f, ev->flags & TCPHS_F_DURATION, ev->duration);
}

/**
 * tcphs_filter_event - is this one wanted?
 * @f: the filter
 * @ev: the event
 */
bool tcphs_filter_event(const struct tcphs_filter *f, const struct tcphs_event *ev)
{
	return !f->keys || event_passes(f, ev);
}

/**
 * tcphs_filter_conn - is this one wanted?
 * @f: the filter; of its keys TCPHS_FILTERS_CONNECTION count
 * @c: the connection
 */
bool tcphs_filter_conn(const struct tcphs_filter *f, const struct tcphs_conn_info *c)
{
	const struct ends ends = { c->local, c->peer, c->local_port, c->peer_port, c->family,
				   c->ifindex, c->netns };

	if (tcphs_filter_has(f, TCPHS_FILTER_STATE) && !bit_in(f->states, c->state))
		return false;
	if (tcphs_filter_has(f, TCPHS_FILTER_ROLE) && !bit_in(f->roles, c->role))
		return false;
	return ends_pass(f, &ends) && netns_passes(f, c->netns) && conn_passes(f, c->conn) &&
	       owner_passes(f, &c->owner) && ifindex_passes(f, c->ifindex, c->netns) &&
	       age_passes(f, true, c->age);
}

/**
 * tcphs_filter_listener - is this one wanted?
 * @f: the filter; of its keys TCPHS_FILTERS_LISTENER count
 * @l: the listener
 */
bool tcphs_filter_listener(const struct tcphs_filter *f, const struct tcphs_listener *l)
{
	/* Its one address and port are both its ends. */
	const struct ends ends = { l->address, l->address, l->port, l->port, l->family,
				   l->ifindex, l->netns };

	return ends_pass(f, &ends) && netns_passes(f, l->netns) && conn_passes(f, l->conn) &&
	       (owner_passes(f, &l->owner) || owner_passes(f, &l->listens)) &&
	       (!tcphs_filter_has(f, TCPHS_FILTER_DEVICE) || device_in(f, l->device) ||
		device_in(f, l->l3mdev) || (l->ifindex && number_in(&f->number, l->ifindex))) &&
	       age_passes(f, l->has_age, l->age);
}

/* What a failure looks like; closed: only with a reason. */
#define FAILURES								\
	(1ull << TCPHS_EV_SYN_DROPPED | 1ull << TCPHS_EV_REQUEST_EXPIRED |	\
	 1ull << TCPHS_EV_REQUEST_RESET | 1ull << TCPHS_EV_ACCEPT_OVERFLOW |	\
	 1ull << TCPHS_EV_CONNECT_FAILED | 1ull << TCPHS_EV_RST_SENT |		\
	 1ull << TCPHS_EV_RST_RECEIVED | 1ull << TCPHS_EV_ICMP_RECEIVED)

/**
 * tcphs_event_failed - is it a failure?
 * @ev: the event
 */
bool tcphs_event_failed(const struct tcphs_event *ev)
{
	if (ev->type == TCPHS_EV_CLOSED)
		/* A TIME_WAIT left out ends a close that went well. */
		return ev->reason != TCPHS_REASON_NONE &&
		       ev->reason != TCPHS_REASON_TIME_WAIT_FULL;
	return bit_in(FAILURES, ev->type);
}

/**
 * tcphs_filter_event_types - which types can pass at all
 * @f: the filter
 *
 * Return: a mask of 1 << enum tcphs_event_type; all ones when any can.
 */
uint64_t tcphs_filter_event_types(const struct tcphs_filter *f)
{
	uint64_t mask = UINT64_MAX;

	if (tcphs_filter_has(f, TCPHS_FILTER_EVENT))
		mask &= f->events;
	if (tcphs_filter_has(f, TCPHS_FILTER_FAILED))
		mask &= FAILURES | 1ull << TCPHS_EV_CLOSED;
	return mask;
}

/* ---- is it the same as another one? ---------------------------------------------------- */

/* FNV-1a, and all bits of it mixed: sums of these are to be told apart. */
static uint64_t hash_word(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *p = data, *end = p + size;

	hash = (hash + 1) * 0x9e3779b97f4a7c15;
	for (; p < end; p++)
		hash = (hash ^ *p) * 0x100000001b3;
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
	return hash ^ hash >> 31;
}

/* In no order: a list is the same however it is written. */
static uint64_t hash_list(unsigned int what, const void *list, unsigned int nr, size_t size)
{
	const uint8_t *word = list;
	uint64_t hash = 0;

	for (; nr; nr--, word += size)
		hash += hash_word(what, word, size);
	return hash;
}

/* The same of strings, each in so much room. */
static uint64_t hash_names(unsigned int what, const void *list, unsigned int nr, size_t size)
{
	const char *name = list;
	uint64_t hash = 0;

	for (; nr; nr--, name += size)
		hash += hash_word(what, name, strlen(name));
	return hash;
}

static uint64_t hash_addresses(const struct tcphs_filter *f)
{
	uint64_t hash = 0, one;
	unsigned int i;

	for (i = 0; i < f->nr_addresses; i++) {
		one = hash_word(TCPHS_FILTER_ADDRESS, &f->address[i], sizeof(f->address[i]));
		one = hash_word(one, &f->scope[i], sizeof(f->scope[i]));
		hash += hash_word(one, &f->scope_named[i], sizeof(f->scope_named[i]));
	}
	return hash;
}

static uint64_t hash_when(enum tcphs_filter_key key, const struct tcphs_when *when)
{
	const int64_t both[] = { when->kind, when->ns };

	return hash_word(key, both, sizeof(both));
}

static uint64_t hash_ports(enum tcphs_filter_key key, const struct tcphs_ports *ports)
{
	return hash_list(key, ports->v, ports->nr, sizeof(ports->v[0]));
}

static uint64_t hash_numbers(unsigned int what, const struct tcphs_numbers *numbers)
{
	return hash_list(what, numbers->v, numbers->nr, sizeof(numbers->v[0]));
}

/**
 * tcphs_filter_hash - which filter it is, for who comes later
 * @f: the filter
 *
 * Times count as they are written, not as tcphs_filter_clock() found them.
 *
 * Return: 0: it lets everything through. Never TCPHS_FILTER_UNSAID. Two that are written
 * differently (a port twice, a range as a list) may differ though they let the same through.
 */
uint32_t tcphs_filter_hash(const struct tcphs_filter *f)
{
	const uint64_t masks[] = { f->keys, f->states, f->roles, f->events, f->older_than };
	uint64_t hash;
	uint32_t half;

	if (!f->keys)
		return 0;
	hash = hash_word(TCPHS_FILTER_KEYS, masks, sizeof(masks)) +
	       hash_ports(TCPHS_FILTER_PORT, &f->port) +
	       hash_ports(TCPHS_FILTER_LOCAL_PORT, &f->local_port) +
	       hash_ports(TCPHS_FILTER_PEER_PORT, &f->peer_port) +
	       hash_addresses(f) +
	       hash_when(TCPHS_FILTER_SINCE, &f->since) +
	       hash_when(TCPHS_FILTER_UNTIL, &f->until) +
	       hash_numbers(TCPHS_FILTER_PID, &f->pid) +
	       hash_numbers(TCPHS_FILTER_NETNS, &f->netns) +
	       hash_list(TCPHS_FILTER_CONN, f->conn, f->nr_conns, sizeof(f->conn[0])) +
	       hash_names(TCPHS_FILTER_UNIT, f->unit, f->nr_units, sizeof(f->unit[0])) +
	       hash_names(TCPHS_FILTER_CONTAINER, f->container, f->nr_containers,
			  sizeof(f->container[0])) +
	       hash_names(TCPHS_FILTER_COMM, f->comm, f->nr_comms, sizeof(f->comm[0])) +
	       hash_names(TCPHS_FILTER_DEVICE, f->device, f->nr_devices, sizeof(f->device[0])) +
	       /* Whose the names of devices are, and which they are there now. */
	       hash_word(TCPHS_FILTER_KEYS + 1, &f->home, sizeof(f->home)) +
	       hash_numbers(TCPHS_FILTER_KEYS + 2, &f->ifindex) +
	       hash_numbers(TCPHS_FILTER_KEYS + 3, &f->number);
	half = (uint32_t)(hash ^ hash >> 32);
	return half > TCPHS_FILTER_UNSAID ? half : TCPHS_FILTER_UNSAID + 1;
}

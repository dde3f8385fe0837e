/* SPDX-License-Identifier: GPL-2.0 */
/* What was added up, family by family. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collect.h"

#define NSEC_PER_SEC 1000000000ull

/* 16 us to 137 s, an octave each. */
static const struct steps octaves = { 4, 27, 1 };
static const struct steps waits = { WAIT_FIRST, WAIT_LAST, WAIT_STEP };

/* ---- namespaces ------------------------------------------------------------------- */

static const char other[] = "other";

static void space_labels(const struct metrics *m, struct labels *l, const struct space *s)
{
	labels_clear(l);
	if (s == &m->other_spaces) {
		labels_add(l, "netns", other);
		labels_add(l, "container", other);
		return;
	}
	labels_u64(l, "netns", s->netns);
	labels_add(l, "container", s->name);
}

static uint64_t began(const struct metrics *m, const struct space *s)
{
	return s == &m->other_spaces ? m->began : s->born;
}

/* Those with label sets of their own, then the others; NULL: that was the last. */
static const struct space *next_space(const struct metrics *m, size_t *i)
{
	const struct space *s;

	while (*i < m->spaces.nr) {
		s = tally_at(&m->spaces, (*i)++);
		if (s->named)
			return s;
	}
	/* There once were some, and what they counted stays. */
	return (*i)++ == m->spaces.nr && m->other_spaces.counts.recorded + m->unnamed_spaces ?
	       &m->other_spaces : NULL;
}

#define each_space(m, s, i)	for (i = 0; (s = next_space(m, &i));)

/* A value of each. */
static void write_spaces(const struct metrics *m, struct text *t, enum family_id id,
			 uint64_t (*value)(const struct metrics *m, const struct space *s))
{
	const struct space *s;
	struct labels l;
	size_t i;

	text_family(t, id);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		if (families[id].type == COUNTER)
			text_counter(t, &l, value(m, s), began(m, s));
		else
			text_u64(t, &l, value(m, s));
	}
}

static uint64_t recorded(const struct metrics *m, const struct space *s)
{
	(void)m;
	return s->counts.recorded;
}

static uint64_t table_used(const struct metrics *m, const struct space *s)
{
	(void)m;
	return s->table_used;
}

static void write_start(const struct metrics *m, struct text *t)
{
	const struct space *s;
	struct labels l;
	size_t i;

	text_family(t, F_NETNS_START);
	each_space(m, s, i) {
		if (s == &m->other_spaces)
			continue;
		space_labels(m, &l, s);
		text_seconds(t, &l, s->born);
	}
}

/* Limits do not add up. */
static void write_limits(const struct metrics *m, struct text *t)
{
	const struct space *s;
	struct labels l;
	size_t i;

	text_family(t, F_TIME_WAIT_LIMIT);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		if (s != &m->other_spaces)
			text_u64(t, &l, s->tw_limit);
	}
	text_family(t, F_PORTS);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		if (s != &m->other_spaces)
			text_u64(t, &l, s->ports);
	}
}

static void write_states(const struct metrics *m, struct text *t)
{
	char buf[TCPHS_NAME_LEN];
	struct labels l, with;
	const struct space *s;
	unsigned int state;
	size_t i;

	text_family(t, F_CONNECTIONS);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		for (state = 1; state <= TCPHS_STATE_MAX; state++) {
			with = l;
			labels_add(&with, "state", tcphs_state_key(state, buf));
			text_u64(t, &with, s->state[state]);
		}
	}
}

static void write_events(const struct metrics *m, struct text *t)
{
	char buf[TCPHS_NAME_LEN];
	struct labels l, with;
	const struct space *s;
	unsigned int type;
	size_t i;

	text_family(t, F_EVENTS);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		for (type = 1; type <= TCPHS_EV_MAX; type++) {
			with = l;
			labels_add(&with, "event", tcphs_event_name(type, buf));
			text_counter(t, &with, s->counts.event[type], began(m, s));
		}
	}
	text_family(t, F_UNTRACKED);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		for (type = 1; type <= TCPHS_REFUSED_MAX; type++) {
			with = l;
			labels_add(&with, "cause", tcphs_refused_name(type, buf));
			text_counter(t, &with, s->counts.refused[type], began(m, s));
		}
	}
}

static void write_histogram(const struct metrics *m, struct text *t, const struct space *s,
			    const struct labels *l, unsigned int hist)
{
	const uint64_t *bucket = s->counts.bucket[hist];
	uint64_t n[STEPS(4, 27, 1) + 1];

	steps_make(&octaves, bucket, n);
	text_histogram(t, l, &octaves, n, steps_sum_us(bucket), began(m, s));
}

static void write_histograms(const struct metrics *m, struct text *t)
{
	struct labels l, with;
	const struct space *s;
	size_t i;

	text_family(t, F_HANDSHAKE);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		with = l;
		labels_add(&with, "role", "active");
		write_histogram(m, t, s, &with, TCPHS_HIST_HANDSHAKE_ACTIVE);
		with = l;
		labels_add(&with, "role", "passive");
		write_histogram(m, t, s, &with, TCPHS_HIST_HANDSHAKE_PASSIVE);
	}
	text_family(t, F_ACCEPT_WAIT);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		write_histogram(m, t, s, &l, TCPHS_HIST_ACCEPT_WAIT);
	}
	text_family(t, F_TIME_WAIT);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		write_histogram(m, t, s, &l, TCPHS_HIST_TIME_WAIT);
	}
}

/* ---- causes ------------------------------------------------------------------------- */

/* Which steps make a metric, in what words. */
struct caused {
	unsigned int first, last;
	const char *label;		/* NULL: no label for the step */
	const char *words[3];
};

/*
 * Whether one that has never come is exported: what is compared with 5 minutes ago has to have
 * been there. Connects may fail in these ways, and alerts have these.
 */
static bool is_awaited(unsigned int event, unsigned int role, unsigned int reason)
{
	static const uint64_t connects =
		1ull << TCPHS_REASON_REFUSED | 1ull << TCPHS_REASON_TIMEOUT |
		1ull << TCPHS_REASON_UNREACHABLE | 1ull << TCPHS_REASON_NO_PORT |
		1ull << TCPHS_REASON_CLOSED_BY_USER | 1ull << TCPHS_REASON_OTHER |
		1ull << TCPHS_REASON_ICMP_REFUSED | 1ull << TCPHS_REASON_ICMP_PROHIBITED |
		1ull << TCPHS_REASON_NO_ROUTE | 1ull << TCPHS_REASON_NO_ADDRESS |
		1ull << TCPHS_REASON_NOT_PERMITTED | 1ull << TCPHS_REASON_ADDRESS_IN_USE;

	switch (event) {
	case CAUSE_CONNECT_FAILED:
		return role == TCPHS_ROLE_ACTIVE && connects >> reason & 1;
	case CAUSE_REQUEST_RESET:
	case CAUSE_RST_SENT:
		return role == TCPHS_ROLE_PASSIVE && reason == TCPHS_REASON_LISTENER_CLOSED;
	case CAUSE_CLOSED:
		return role && reason == TCPHS_REASON_TIMEOUT;
	case CAUSE_SYN_DROPPED:
		return role && (reason == TCPHS_REASON_ACCEPT_QUEUE_FULL ||
				reason == TCPHS_REASON_SYN_QUEUE_FULL ||
				reason == TCPHS_REASON_SYN_BACKLOG);
	case CAUSE_ACCEPT_OVERFLOW:
		return role && reason == TCPHS_REASON_ACCEPT_QUEUE_FULL;
	default:
		return false;
	}
}

static void write_cause(const struct metrics *m, struct text *t, const struct space *s,
			const struct labels *l, const struct caused *c, const char *reason_label)
{
	unsigned int role, reason, i;
	uint64_t n[CAUSE_EVENTS];
	bool awaited[CAUSE_EVENTS];
	char buf[TCPHS_NAME_LEN];
	struct labels with;

	for (role = 0; role < CAUSE_ROLES; role++)
		for (reason = 0; reason <= TCPHS_REASON_MAX; reason++) {
			memset(n, 0, sizeof(n));
			memset(awaited, 0, sizeof(awaited));
			for (i = c->first; i <= c->last; i++) {
				n[c->label ? i : c->first] += s->counts.cause[i][role][reason];
				awaited[c->label ? i : c->first] |= is_awaited(i, role, reason);
			}
			for (i = c->first; i <= c->last; i++) {
				if (!n[i] && !awaited[i])
					continue;
				with = *l;
				if (c->label)
					labels_add(&with, c->label, c->words[i - c->first]);
				labels_add(&with, "role", tcphs_role_name(role, buf));
				labels_add(&with, reason_label, tcphs_reason_name(reason, buf));
				text_counter(t, &with, n[i], began(m, s));
			}
		}
}

static void write_drops(const struct metrics *m, struct text *t, const struct space *s,
			const struct labels *l)
{
	static const struct {
		unsigned int event;
		const char *segment;
	} drops[] = { { CAUSE_SYN_DROPPED, "syn" }, { CAUSE_ACCEPT_OVERFLOW, "ack" } };
	unsigned int i, role, reason;
	char buf[TCPHS_NAME_LEN];
	struct labels with;
	uint64_t n;

	for (i = 0; i < 2; i++)
		for (reason = 0; reason <= TCPHS_REASON_MAX; reason++) {
			for (n = 0, role = 0; role < CAUSE_ROLES; role++)
				n += s->counts.cause[drops[i].event][role][reason];
			if (!n && !is_awaited(drops[i].event, TCPHS_ROLE_PASSIVE, reason))
				continue;
			with = *l;
			labels_add(&with, "segment", drops[i].segment);
			labels_add(&with, "cause", tcphs_reason_name(reason, buf));
			text_counter(t, &with, n, began(m, s));
		}
}

static void write_causes(const struct metrics *m, struct text *t)
{
	static const struct caused failures = { CAUSE_CONNECT_FAILED, CAUSE_REQUEST_RESET, NULL,
						{ NULL } };
	static const struct caused resets = { CAUSE_RST_RECEIVED, CAUSE_RST_SENT, "direction",
					      { "received", "sent" } };
	static const struct caused broken = { CAUSE_CLOSED, CAUSE_CLOSED, NULL, { NULL } };
	const struct space *s;
	struct labels l;
	size_t i;

	text_family(t, F_FAILURES);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		write_cause(m, t, s, &l, &failures, "error_type");
	}
	text_family(t, F_DROPS);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		write_drops(m, t, s, &l);
	}
	text_family(t, F_RESETS);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		write_cause(m, t, s, &l, &resets, "cause");
	}
	text_family(t, F_BROKEN);
	each_space(m, s, i) {
		space_labels(m, &l, s);
		write_cause(m, t, s, &l, &broken, "cause");
	}
}

/* ---- ports and CLOSE_WAIT ------------------------------------------------------------- */

static void spot_space(const struct metrics *m, struct labels *l, uint32_t netns)
{
	const struct space *s = spaces_of(m, netns);

	space_labels(m, l, s ? s : &m->other_spaces);
}

static void spot_address(struct labels *l, const struct spot *at)
{
	char address[TCPHS_ADDRESS_LEN];

	tcphs_fmt_address(address, (uint8_t)at->family, at->address);
	labels_add(l, "address", address);
}

static void write_sources(const struct metrics *m, struct text *t, enum family_id id)
{
	const struct source *s;
	struct labels l;
	size_t i;

	text_family(t, id);
	tally_each(&m->sources, s, i) {
		/* Ports of several addresses do not add up. */
		if (!s->used || !spaces_of(m, s->at.netns))
			continue;
		spot_space(m, &l, s->at.netns);
		spot_address(&l, &s->at);
		text_u64(t, &l, id == F_PORTS_USED ? s->ports : s->worst);
	}
}

static void write_ages(struct text *t, const struct labels *l, const struct holder *h)
{
	struct labels with;
	unsigned int i;

	for (i = 0; i < AGES; i++) {
		with = *l;
		labels_u64(&with, "older_than", ages_s[i]);
		text_u64(t, &with, h->older[i]);
	}
}

static void write_close_wait(const struct metrics *m, struct text *t)
{
	struct holder rest = { 0 };
	const struct holder *h;
	char comm[TCPHS_COMM_LEN + 1], buf[TCPHS_NAME_LEN];
	struct labels l;
	size_t i;

	text_family(t, F_CLOSE_WAIT);
	tally_each(&m->holders, h, i) {
		if (i >= m->limit || !spaces_of(m, h->key.netns)) {
			counts_add(rest.older, h->older, sizeof(rest.older));
			continue;
		}
		spot_space(m, &l, h->key.netns);
		snprintf(comm, sizeof(comm), "%.*s", TCPHS_COMM_LEN, h->key.comm);
		labels_add(&l, "comm", comm);
		labels_add(&l, "role", tcphs_role_name(h->key.role, buf));
		write_ages(t, &l, h);
	}
	if (!rest.older[0])
		return;
	space_labels(m, &l, &m->other_spaces);
	labels_add(&l, "comm", other);
	write_ages(t, &l, &rest);
}

/* ---- listeners ------------------------------------------------------------------------ */

/*
 * Two that look the same would be one label set twice, and then Prometheus takes nothing of the
 * page; what devices in a namespace of his own are called every user says himself. A colon is in
 * no name of one.
 */
static void device_label(struct labels *l, const struct place *p)
{
	char number[TCPHS_U64_LEN + 1] = ":", plain[sizeof(p->device)];

	memcpy(plain, p->device, sizeof(plain));
	labels_plain(plain, strlen(plain));
	if (*plain && !strcmp(plain, p->device)) {
		labels_add(l, "device", plain);
		return;
	}
	/* Without its name it is still another place. */
	tcphs_fmt_u64(number + 1, p->at.ifindex);
	labels_add(l, "device", number);
}

static void place_labels(const struct metrics *m, struct labels *l, const struct place *p)
{
	if (p == &m->other_places) {
		space_labels(m, l, &m->other_spaces);
		labels_add(l, "address", other);
		labels_add(l, "port", other);
		return;
	}
	spot_space(m, l, p->at.netns);
	spot_address(l, &p->at);
	labels_u64(l, "port", p->at.port);
	if (p->at.ifindex)
		device_label(l, p);
}

static const struct place *next_place(const struct metrics *m, size_t *i)
{
	const struct place *p;

	while (*i < m->places.nr) {
		p = tally_at(&m->places, (*i)++);
		if (p->named)
			return p;
	}
	return (*i)++ == m->places.nr && m->other_places.created ? &m->other_places : NULL;
}

#define each_place(m, p, i)	for (i = 0; (p = next_place(m, &i));)

struct place_value {
	enum family_id id;
	size_t at;		/* of struct place */
};

static const struct place_value place_values[] = {
	{ F_L_SOCKETS, offsetof(struct place, sockets) },
	{ F_L_SYN, offsetof(struct place, syn) },
	{ F_L_SYN_LIMIT, offsetof(struct place, syn_limit) },
	{ F_L_SYN_HIGH, offsetof(struct place, syn_high) },
	{ F_L_QUEUE, offsetof(struct place, queue) },
	{ F_L_QUEUE_LIMIT, offsetof(struct place, queue_limit) },
	{ F_L_QUEUE_HIGH, offsetof(struct place, queue_high) },
	{ F_L_OLDEST, offsetof(struct place, oldest) },
	{ F_L_STALLED, offsetof(struct place, stalled) },
	{ F_L_ACCEPTED, offsetof(struct place, served.accepted) },
	{ F_L_OVERFLOWS, offsetof(struct place, served.overflows) },
	{ F_L_DROPS, offsetof(struct place, served.drops) },
	{ F_L_DISCARDS, offsetof(struct place, served.discards) },
	{ F_L_COOKIES_SENT, offsetof(struct place, served.cookies_sent) },
	{ F_L_COOKIES_VALID, offsetof(struct place, served.cookies_valid) },
};

static void write_place_value(const struct metrics *m, struct text *t,
			      const struct place_value *v)
{
	const struct family *f = &families[v->id];
	const struct place *p;
	struct labels l;
	uint64_t value;
	size_t i;

	text_family(t, v->id);
	each_place(m, p, i) {
		place_labels(m, &l, p);
		memcpy(&value, (const char *)p + v->at, sizeof(value));
		if (f->type == COUNTER)
			text_counter(t, &l, value, p->created);
		else if (f->unit)
			text_seconds(t, &l, value);
		else
			text_u64(t, &l, value);
	}
}

static void write_listeners(const struct metrics *m, struct text *t)
{
	const struct place *p;
	struct labels l;
	size_t i, v;

	text_family(t, F_L_INFO);
	each_place(m, p, i) {
		if (p == &m->other_places)
			continue;
		place_labels(m, &l, p);
		labels_add(&l, "comm", *p->comm ? p->comm : "?");
		text_u64(t, &l, 1);
	}
	for (v = 0; v < sizeof(place_values) / sizeof(place_values[0]); v++)
		write_place_value(m, t, &place_values[v]);
	text_family(t, F_L_FILL);
	each_place(m, p, i) {
		place_labels(m, &l, p);
		text_ratio(t, &l, p->fill, p->room);
	}
	text_family(t, F_L_WAIT);
	each_place(m, p, i) {
		place_labels(m, &l, p);
		text_histogram(t, &l, &waits, p->served.wait, p->served.wait_us, p->created);
	}
}

/* ---- the module and the machine ---------------------------------------------------------- */

/* Some functions have two hooks, one for what they are given and one for what they return. */
static bool is_same_hook(const struct tcphs_hook *a, const struct tcphs_hook *b)
{
	return a->kind == b->kind && !strcmp(a->name, b->name);
}

/* All of a name as one, at its first; false: it was written before. */
static bool add_hooks(const struct tcphs_status *st, const struct tcphs_hook *h,
		      struct tcphs_hook *sum)
{
	const struct tcphs_hook *o;

	for (o = st->hook; o < h; o++)
		if (is_same_hook(o, h))
			return false;
	*sum = *h;
	for (o = h + 1; o < st->hook + st->nhooks; o++) {
		if (!is_same_hook(o, h))
			continue;
		sum->active &= o->active;
		sum->hits += o->hits;
		sum->missed += o->missed;
	}
	return true;
}

static void write_hooks(const struct metrics *m, struct text *t)
{
	static const enum family_id ids[] = { F_HOOK_ACTIVE, F_HOOK_HITS, F_HOOK_MISSED };
	const struct tcphs_status *st = &m->status;
	const struct tcphs_hook *h;
	char kind[TCPHS_NAME_LEN];
	struct tcphs_hook sum;
	struct labels l;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		text_family(t, ids[i]);
		for (h = st->hook; h < st->hook + st->nhooks; h++) {
			if (!add_hooks(st, h, &sum))
				continue;
			labels_clear(&l);
			labels_add(&l, "hook", sum.name);
			labels_add(&l, "kind", tcphs_hook_kind_name(sum.kind, kind));
			if (ids[i] == F_HOOK_ACTIVE)
				text_u64(t, &l, sum.active);
			else if (ids[i] == F_HOOK_MISSED)
				text_counter(t, &l, sum.missed, m->loaded);
			else if (sum.has_hits)
				text_counter(t, &l, sum.hits, m->loaded);
		}
	}
}

static void one_label(struct labels *l, const char *name, const char *value)
{
	labels_clear(l);
	labels_add(l, name, value);
}

static void write_stores(const struct metrics *m, struct text *t)
{
	const struct tcphs_status *st = &m->status;
	struct labels ring, kept;

	one_label(&ring, "store", "ring");
	one_label(&kept, "store", "kept");
	text_family(t, F_RING_LIMIT);
	text_u64(t, &ring, (uint64_t)st->ring_records * st->ring_cpus);
	text_u64(t, &kept, (uint64_t)st->kept_records * st->ring_cpus);
	/* How busy the others are is reported in the initial namespace only. */
	text_family(t, F_RING_OVERWRITTEN);
	if (st->has_overwritten) {
		text_counter(t, &ring, st->overwritten, m->loaded);
		text_counter(t, &kept, st->kept_overwritten, m->loaded);
	}
	text_family(t, F_RING_REACH);
	if (st->has_overwritten) {
		text_seconds(t, &ring, st->ring_reach);
		text_seconds(t, &kept, st->kept_reach);
	}
	text_family(t, F_KEPT_RECORDS);
	if (st->has_overwritten)
		text_counter(t, NULL, st->kept, m->loaded);
	text_family(t, F_TABLE_LIMIT);
	text_u64(t, NULL, st->table_limit);
}

static void write_module(const struct metrics *m, struct text *t)
{
	const struct tcphs_status *st = &m->status;
	char abi[32];
	struct labels l;

	one_label(&l, "version", st->version);
	snprintf(abi, sizeof(abi), "%u.%u", st->abi_major, st->abi_minor);
	labels_add(&l, "abi", abi);
	text_family(t, F_MODULE);
	text_u64(t, &l, 1);
	text_family(t, F_MODULE_START);
	text_seconds(t, NULL, m->loaded);
	write_hooks(m, t);
	write_stores(m, t);
}

static void write_machine(const struct metrics *m, struct text *t)
{
	const struct settings *s = &m->settings;

	text_family(t, F_ORPHANS);
	if (s->sockstat_known)
		text_u64(t, NULL, s->orphans);
	text_family(t, F_ORPHANS_LIMIT);
	if (s->known[SETTING_MAX_ORPHANS])
		text_u64(t, NULL, s->value[SETTING_MAX_ORPHANS]);
	text_family(t, F_MEMORY);
	if (s->sockstat_known)
		text_u64(t, NULL, s->memory);
	text_family(t, F_MEMORY_PRESSURE);
	if (s->memory_known)
		text_u64(t, NULL, s->memory_pressure);
}

/* How many label sets there may be, and how many things have none. */
static void write_bounds(const struct metrics *m, struct text *t)
{
	struct labels l;

	text_family(t, F_SETS_LIMIT);
	text_u64(t, NULL, m->limit);
	text_family(t, F_SETS_SUMMED);
	one_label(&l, "of", "listeners");
	text_u64(t, &l, m->unnamed_places);
	one_label(&l, "of", "namespaces");
	text_u64(t, &l, m->unnamed_spaces);
	one_label(&l, "of", "addresses");
	text_u64(t, &l, m->unnamed_sources);
	one_label(&l, "of", "processes");
	text_u64(t, &l, m->unnamed_holders);
}

static uint64_t ns_of(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * NSEC_PER_SEC + (uint64_t)tv->tv_usec * 1000;
}

static void write_cost(const struct metrics *m, struct text *t)
{
	struct rusage usage = { 0 };

	text_family(t, F_SCRAPE);
	text_seconds(t, NULL, m->took);
	getrusage(RUSAGE_SELF, &usage);
	text_family(t, F_CPU);
	text_counter_seconds(t, NULL, ns_of(&usage.ru_utime) + ns_of(&usage.ru_stime), 0);
}

/**
 * metrics_write - all that was collected, but the end of the text
 * @m: after metrics_collect()
 * @format: of the text
 * @out: gets it
 */
void metrics_write(struct metrics *m, enum metrics_format format, struct tcphs_buf *out)
{
	struct text t = { .out = out, .format = format };
	struct labels l;

	text_family(&t, F_UP);
	text_u64(&t, NULL, m->up);
	text_family(&t, F_BUILD);
	one_label(&l, "version", TCPHS_VERSION);
	text_u64(&t, &l, 1);
	write_cost(m, &t);
	if (!m->up)
		return;
	write_module(m, &t);
	write_machine(m, &t);
	write_start(m, &t);
	write_spaces(m, &t, F_RECORDS, recorded);
	write_events(m, &t);
	write_spaces(m, &t, F_TABLE_ENTRIES, table_used);
	write_states(m, &t);
	write_limits(m, &t);
	write_histograms(m, &t);
	write_causes(m, &t);
	write_sources(m, &t, F_PORTS_USED);
	write_sources(m, &t, F_PORTS_WORST);
	write_close_wait(m, &t);
	write_listeners(m, &t);
	write_bounds(m, &t);
}

/* ---- of an exporter ------------------------------------------------------------------- */

/* Pages that it has in memory. */
static uint64_t resident(void)
{
	unsigned long long pages = 0;
	char text[128];

	if (settings_read_text("/proc/self/statm", text, sizeof(text)))
		sscanf(text, "%*u %llu", &pages);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/**
 * metrics_write_exporter - what an exporter counts of itself
 * @x: the counts
 * @format: of the text
 * @out: gets it
 */
void metrics_write_exporter(const struct metrics_exporter *x, enum metrics_format format,
			    struct tcphs_buf *out)
{
	struct text t = { .out = out, .format = format };

	text_family(&t, F_X_COLLECTIONS);
	text_counter(&t, NULL, x->collections, x->started);
	text_family(&t, F_X_ERRORS);
	text_counter(&t, NULL, x->errors, x->started);
	text_family(&t, F_X_REQUESTS);
	text_counter(&t, NULL, x->requests, x->started);
	text_family(&t, F_X_REFUSED);
	text_counter(&t, NULL, x->refused, x->started);
	text_family(&t, F_X_RESIDENT);
	text_u64(&t, NULL, resident());
	text_family(&t, F_X_START);
	text_seconds(&t, NULL, x->started);
}

/**
 * metrics_end - the end of the text
 * @format: of the text
 * @out: gets it
 */
void metrics_end(enum metrics_format format, struct tcphs_buf *out)
{
	if (format == METRICS_OPENMETRICS)
		tcphs_buf_str(out, "# EOF\n");
}

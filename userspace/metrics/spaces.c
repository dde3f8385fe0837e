/* SPDX-License-Identifier: GPL-2.0 */
/* Network namespaces: what the module counts of each. */
#include <string.h>

#include "collect.h"

static const uint8_t cause_events[CAUSE_EVENTS] = {
	[CAUSE_ACCEPT_OVERFLOW] = TCPHS_EV_ACCEPT_OVERFLOW,
	[CAUSE_CLOSED] = TCPHS_EV_CLOSED,
	[CAUSE_CONNECT_FAILED] = TCPHS_EV_CONNECT_FAILED,
	[CAUSE_REQUEST_EXPIRED] = TCPHS_EV_REQUEST_EXPIRED,
	[CAUSE_REQUEST_RESET] = TCPHS_EV_REQUEST_RESET,
	[CAUSE_RST_RECEIVED] = TCPHS_EV_RST_RECEIVED,
	[CAUSE_RST_SENT] = TCPHS_EV_RST_SENT,
	[CAUSE_SYN_DROPPED] = TCPHS_EV_SYN_DROPPED,
};

/* Namespaces that are known before a collection may be gone after it. */
void spaces_begin(struct metrics *m)
{
	m->old_spaces = m->spaces;
	m->spaces = (struct tally)TALLY_INIT(struct space, netns);
}

static void take_causes(struct counts *to, const struct tcphs_status *st)
{
	const struct tcphs_cause *c;
	unsigned int i;

	for (c = st->cause; c < st->cause + st->ncauses; c++) {
		if (c->role >= CAUSE_ROLES || c->reason > TCPHS_REASON_MAX)
			continue;
		for (i = 0; i < CAUSE_EVENTS; i++)
			if (cause_events[i] == c->event)
				to->cause[i][c->role][c->reason] += c->value;
	}
}

static void take_counts(struct counts *to, const struct tcphs_status *st)
{
	unsigned int i;

	to->recorded = st->recorded;
	memcpy(to->event, st->event, sizeof(to->event));
	memcpy(to->refused, st->refused, sizeof(to->refused));
	for (i = 0; i <= TCPHS_HIST_MAX; i++)
		memcpy(to->bucket[i], st->hist[i].bucket, sizeof(to->bucket[i]));
	take_causes(to, st);
}

/**
 * spaces_take - a namespace
 * @metrics: gets it
 * @st: what it says
 *
 * Return: 0: the next one.
 */
int spaces_take(void *metrics, const struct tcphs_status *st)
{
	struct metrics *m = metrics;
	struct space *s = tally_get(&m->spaces, &st->netns);
	const struct space *old;

	if (!s) {
		m->no_memory = true;
		return 0;
	}
	old = tally_find(&m->old_spaces, &st->netns);
	s->since = st->born;
	s->born = st->born + (uint64_t)m->clock;
	if (old && old->since == s->since) {
		s->named = old->named;
		/* The clock may be set, and stands while the machine sleeps; it began when it began. */
		s->born = old->born;
		s->pid = old->pid;
		s->cgroup = old->cgroup;
		memcpy(s->comm, old->comm, sizeof(s->comm));
		memcpy(s->name, old->name, sizeof(s->name));
	}
	memcpy(s->state, st->state, sizeof(s->state));
	s->table_used = st->table_used;
	s->tw_limit = st->tw_limit;
	s->ports = st->ports;
	s->port_low = st->port_low;
	s->port_high = st->port_high;
	s->tw_reuse = st->tw_reuse;
	take_counts(&s->counts, st);
	return 0;
}

/**
 * spaces_person - somebody lives in a namespace
 * @m: where
 * @netns: the namespace
 * @owner: of a socket of it
 */
void spaces_person(struct metrics *m, uint32_t netns, const struct tcphs_owner *owner)
{
	struct space *s;

	if (!owner->known || !owner->pid)
		return;
	s = tally_find(&m->spaces, &netns);
	if (!s)
		return;
	s->pid = owner->pid;
	memcpy(s->comm, owner->comm, sizeof(s->comm));
	if (owner->cgroup)
		s->cgroup = owner->cgroup;
}

/* Those with names keep them; others get one while there are some left. */
static void give_names(struct metrics *m)
{
	struct space *s;
	uint64_t named = 0;
	size_t i;

	tally_each(&m->spaces, s, i)
		named += s->named;
	tally_each(&m->spaces, s, i) {
		if (s->named || (named >= m->limit && s->netns != m->status.netns))
			continue;
		s->named = true;
		named++;
	}
}

static void add_other(struct metrics *m, const struct space *s)
{
	const struct space *old = tally_find(&m->old_spaces, &s->netns);
	struct space *sum = &m->other_spaces;
	struct counts more = s->counts;

	if (old && old->since == s->since)
		counts_grown(&more, &s->counts, &old->counts, sizeof(more));
	counts_add(&sum->counts, &more, sizeof(more));
	counts_add(sum->state, s->state, sizeof(sum->state));
	sum->table_used += s->table_used;
	m->unnamed_spaces++;
}

/**
 * spaces_end - all have been taken
 * @m: where
 */
void spaces_end(struct metrics *m)
{
	const struct space *s;
	size_t i;

	give_names(m);
	container_names(&m->spaces, m->status.netns, m->cgroups);
	memset(m->other_spaces.state, 0, sizeof(m->other_spaces.state));
	m->other_spaces.table_used = 0;
	m->unnamed_spaces = 0;
	tally_each(&m->spaces, s, i)
		if (!s->named)
			add_other(m, s);
}

/**
 * spaces_of - a namespace that has label sets of its own
 * @m: where
 * @netns: its number
 */
const struct space *spaces_of(const struct metrics *m, uint32_t netns)
{
	const struct space *s = m->spaces.nr ? tally_find(&m->spaces, &netns) : NULL;

	return s && s->named ? s : NULL;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* One collection: the module is asked, and what it says added to what was known. */
#include <stdlib.h>
#include <string.h>

#include "collect.h"

#define NSEC_PER_SEC 1000000000ull

/**
 * counts_add - add up
 * @sum: of uint64_t
 * @part: as many
 * @size: of each, bytes
 */
void counts_add(void *sum, const void *part, size_t size)
{
	const uint64_t *from = part;
	uint64_t *to = sum;
	size_t i;

	for (i = 0; i < size / sizeof(*to); i++)
		to[i] += from[i];
}

/**
 * counts_grown - what came
 * @part: of uint64_t, gets it
 * @now: as many
 * @before: as many, of the same thing
 * @size: of each, bytes
 */
void counts_grown(void *part, const void *now, const void *before, size_t size)
{
	const uint64_t *a = now, *b = before;
	uint64_t *to = part;
	size_t i;

	for (i = 0; i < size / sizeof(*to); i++)
		to[i] = a[i] > b[i] ? a[i] - b[i] : 0;
}

/**
 * metrics_new - nothing is known yet
 * @limit: so many of each kind get label sets of their own
 */
struct metrics *metrics_new(unsigned int limit)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->limit = limit;
	m->spaces = m->old_spaces = (struct tally)TALLY_INIT(struct space, netns);
	m->places = m->old_places = (struct tally)TALLY_INIT(struct place, at);
	m->ears = m->old_ears = (struct tally)TALLY_INIT(struct ear, conn);
	return m;
}

/* The module was loaded anew: its counters begin anew. */
static void forget(struct metrics *m)
{
	tally_free(&m->spaces);
	tally_free(&m->places);
	tally_free(&m->ears);
	memset(&m->other_spaces, 0, sizeof(m->other_spaces));
	memset(&m->other_places, 0, sizeof(m->other_places));
	m->began = 0;
	m->loaded = 0;
}

static void free_old(struct metrics *m)
{
	tally_free(&m->old_spaces);
	tally_free(&m->old_places);
	tally_free(&m->old_ears);
}

/**
 * metrics_free - give the memory back
 * @m: from metrics_new(), or NULL
 */
void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	forget(m);
	free_old(m);
	ports_free(m);
	free(m);
}

/* A whole second: the same each time, though asking takes a moment. */
static uint64_t load_time(const struct metrics *m)
{
	uint64_t born = m->now + (uint64_t)m->clock - m->status.uptime;

	return (born + NSEC_PER_SEC / 2) / NSEC_PER_SEC * NSEC_PER_SEC;
}

static int ask(struct metrics *m, struct tcphs_session *s, bool all_netns, struct tcphs_error *err)
{
	/* Who is not in the initial namespace sees his own. */
	bool all = all_netns && m->status.has_overwritten;

	spaces_begin(m);
	places_begin(m);
	ports_begin(m);
	if (tcphs_each_status(s, all, spaces_take, m, err) ||
	    ports_ask(m, s, all, err) ||
	    tcphs_each_listener(s, all, places_take, m, err))
		return -1;
	spaces_end(m);
	places_end(m);
	ports_end(m);
	return 0;
}

/* What was known before is known still. */
static void take_back(struct metrics *m)
{
	struct tally t;

	t = m->spaces, m->spaces = m->old_spaces, m->old_spaces = t;
	t = m->places, m->places = m->old_places, m->old_places = t;
	t = m->ears, m->ears = m->old_ears, m->old_ears = t;
}

static int collect(struct metrics *m, struct tcphs_session *s, bool all_netns,
		   struct tcphs_error *err)
{
	uint64_t load = m->status.load;
	int ret;

	if (tcphs_get_status(s, &m->status, err))
		return -1;
	if (m->status.load != load)
		forget(m);
	m->clock = tcphs_session_clock(s);
	m->now = tcphs_session_now(s);
	if (!m->loaded)
		m->loaded = load_time(m);
	if (!m->began)
		m->began = m->now + (uint64_t)m->clock;
	m->no_memory = false;
	/* It asks by a session of its own, when there is a name to ask for. */
	m->cgroups = tcphs_cgroups_new();
	if (m->cgroups)
		tcphs_cgroups_live(m->cgroups, all_netns && m->status.has_overwritten);
	ret = ask(m, s, all_netns, err);
	tcphs_cgroups_free(m->cgroups);
	m->cgroups = NULL;
	if (!ret && m->no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		ret = -1;
	}
	if (ret)
		take_back(m);
	free_old(m);
	return ret;
}

/**
 * metrics_collect - ask the module
 * @m: gets it
 * @all_netns: of every network namespace, where that is allowed
 * @err: why not
 *
 * Nothing is kept open: the module can be unloaded, and namespaces can go.
 *
 * Return: 0, or -1 with @err set; then only that is exported.
 */
int metrics_collect(struct metrics *m, bool all_netns, struct tcphs_error *err)
{
	struct tcphs_session *s;
	uint64_t began = tcphs_now();

	s = tcphs_open(err);
	m->up = s && !collect(m, s, all_netns, err);
	tcphs_close(s);
	if (m->up)
		settings_read(&m->settings);
	m->took = tcphs_now() - began;
	return m->up ? 0 : -1;
}

/**
 * metrics_module - the version of the module that answered last
 * @m: after metrics_collect()
 */
const char *metrics_module(const struct metrics *m)
{
	return m->status.version;
}

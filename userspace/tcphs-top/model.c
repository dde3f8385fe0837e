// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots and what lies between them.
 *
 * The first snapshot has nothing to be compared with, so its rates are averages
 * since the module was loaded; so are those of the first one after a reload,
 * which is recognised by an uptime that went back.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

#define NSEC	1e9

/* A counter that went back was started anew: nothing is known of it. */
static uint64_t grown(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : 0;
}

static double per_second(uint64_t now, uint64_t before, double seconds)
{
	return seconds > 0 ? (double)grown(now, before) / seconds : 0;
}

static void quantiles(struct top_quantiles *q, const struct tcphs_histogram *now,
		      const struct tcphs_histogram *before)
{
	struct tcphs_histogram diff = { .max_ns = now->max_ns };
	int i;

	for (i = 0; i < TCPHS_HIST_BUCKETS; i++) {
		diff.bucket[i] = grown(now->bucket[i], before ? before->bucket[i] : 0);
		diff.count += diff.bucket[i];
	}
	q->fresh = diff.count != 0;
	if (!q->fresh)
		return;
	q->known = true;
	q->p50 = tcphs_hist_quantile(&diff, 500);
	q->p99 = tcphs_hist_quantile(&diff, 990);
}

/**
 * model_init - nothing is known yet
 * @m: the model
 */
void model_init(struct top_model *m)
{
	memset(m, 0, sizeof(*m));
}

static void listeners_free(struct top_listeners *l)
{
	tcphs_listener_list_free(&l->list);
	free(l->row);
}

/**
 * model_free - gives the memory back
 * @m: the model
 */
void model_free(struct top_model *m)
{
	listeners_free(&m->listeners);
	listeners_free(&m->listeners_before);
	tcphs_conn_list_free(&m->conns);
	free(m->order);
	memset(m, 0, sizeof(*m));
}

static void status_rates(struct top_model *m, const struct tcphs_status *before, double seconds)
{
	static const struct tcphs_status zero;
	const struct tcphs_status *then = before ? before : &zero;
	const struct tcphs_status *now = &m->now;
	int i;

	for (i = 0; i <= TCPHS_STATE_MAX; i++)
		m->state_rate[i] = before && seconds > 0 ?
			((double)now->state[i] - (double)before->state[i]) / seconds : 0;
	for (i = 0; i <= TCPHS_EV_MAX; i++)
		m->event_rate[i] = per_second(now->event[i], then->event[i], seconds);
	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		m->failure_rate[i] = per_second(now->failure[i], then->failure[i], seconds);
	m->untracked_rate = per_second(now->untracked, then->untracked, seconds);
	for (i = 0; i <= TCPHS_REFUSED_MAX; i++)
		m->refused_rate[i] = per_second(now->refused[i], then->refused[i], seconds);
	for (i = 0; i < 2; i++) {
		m->handshake_rate[i] = per_second(now->hist[i].count, then->hist[i].count,
						  seconds);
		quantiles(&m->handshake[i], &now->hist[i], before ? &before->hist[i] : NULL);
	}
}

/* The module that answered is another one than before. */
static void forget(struct top_model *m)
{
	m->valid = false;
	m->conns_valid = false;
	m->listeners.valid = false;
	m->listeners_before.valid = false;
	m->arranged.compare = NULL;
	m->kept = 0;
	memset(m->handshake, 0, sizeof(m->handshake));
}

static int refresh_status(struct top_model *m, struct top_source *src, uint64_t now,
			  struct tcphs_error *err)
{
	struct tcphs_status *before;
	int ret;

	before = malloc(sizeof(*before));
	if (!before) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -ENOMEM;
	}
	*before = m->now;
	ret = src->status(src, &m->now, err);
	if (ret)
		goto out;
	if (m->valid && m->now.uptime < before->uptime)
		forget(m);
	series_add(&m->series, &m->now, now);
	m->since_load = !m->valid;
	m->seconds = m->valid ? (double)grown(now, m->at) / NSEC : (double)m->now.uptime / NSEC;
	status_rates(m, m->valid ? before : NULL, m->seconds);
	m->at = now;
	m->valid = true;
out:
	free(before);
	return ret;
}

static int by_cookie(const void *a, const void *b)
{
	const struct tcphs_listener *x = a, *y = b;

	return x->conn < y->conn ? -1 : x->conn > y->conn;
}

static const struct top_listener *same_listener(const struct top_listeners *l,
						const struct tcphs_listener *is)
{
	const struct tcphs_listener *found;

	if (!l->valid || !l->list.nr)
		return NULL;
	found = bsearch(is, l->list.v, l->list.nr, sizeof(*is), by_cookie);
	/* listen() again on the same socket starts its counters anew */
	if (!found || found->accepted > is->accepted || found->drops > is->drops)
		return NULL;
	return &l->row[found - l->list.v];
}

static void listener_rates(struct top_listener *row, const struct tcphs_listener *is,
			   const struct top_listener *before, double seconds)
{
	const struct tcphs_listener *then = before ? before->is : NULL;

	*row = (struct top_listener){ .is = is };
	if (before)
		row->wait = before->wait;
	row->accepts = per_second(is->accepted, then ? then->accepted : 0, seconds);
	row->overflows = per_second(is->overflows, then ? then->overflows : 0, seconds);
	row->drops = per_second(is->drops, then ? then->drops : 0, seconds);
	quantiles(&row->wait, &is->wait, then ? &then->wait : NULL);
}

/* What the counters of a listener that nothing is known of are divided by. */
static double listener_seconds(const struct top_model *m, const struct tcphs_listener *is)
{
	uint64_t ns = m->now.uptime;

	if (is->has_age && is->age < ns)
		ns = is->age;
	return (double)ns / NSEC;
}

static int fit_rows(struct top_listeners *l)
{
	struct top_listener *bigger;

	if (l->list.nr <= l->cap)
		return 0;
	bigger = reallocarray(l->row, l->list.nr, sizeof(*l->row));
	if (!bigger)
		return -ENOMEM;
	l->row = bigger;
	l->cap = l->list.nr;
	return 0;
}

static int refresh_listeners(struct top_model *m, struct top_source *src, bool all_netns,
			     uint64_t now, struct tcphs_error *err)
{
	struct top_listeners spare = m->listeners_before;
	struct top_listeners *l = &m->listeners;
	const struct top_listener *before;
	const struct tcphs_listener *is;
	double seconds;
	size_t i;
	int ret;

	m->listeners_before = m->listeners;
	m->listeners = spare;
	l->valid = false;
	ret = src->listeners(src, all_netns, &l->list, err);
	if (ret)
		return ret;
	if (fit_rows(l)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -ENOMEM;
	}
	if (l->list.nr)
		qsort(l->list.v, l->list.nr, sizeof(*l->list.v), by_cookie);
	for (i = 0; i < l->list.nr; i++) {
		is = &l->list.v[i];
		before = same_listener(&m->listeners_before, is);
		seconds = before ? (double)grown(now, m->listeners_before.at) / NSEC :
				   listener_seconds(m, is);
		listener_rates(&l->row[i], is, before, seconds);
	}
	l->at = now;
	l->valid = true;
	return 0;
}

static int refresh_table(struct top_model *m, struct top_source *src, enum top_screen screen,
			 bool all_netns, uint64_t now, struct tcphs_error *err)
{
	int ret;

	m->arranged.compare = NULL;
	m->kept = 0;
	m->conns_valid = false;
	if (screen == TOP_LISTENERS)
		return refresh_listeners(m, src, all_netns, now, err);
	ret = src->connections(src, all_netns, &m->conns, err);
	m->conns_valid = !ret;
	return ret;
}

/* Closes after an error, so that the next snapshot begins anew. */
static void lost(struct top_model *m, struct top_source *src, uint64_t now,
		 const struct tcphs_error *err)
{
	src->close(src);
	forget(m);
	m->why = *err;
	if (!m->gone_at)
		m->gone_at = now ? now : 1;
}

/**
 * model_refresh - takes a snapshot
 * @m: the model
 * @src: where from; closed when it fails, so that the next call begins anew
 * @screen: only its table is fetched
 * @all_netns: of every network namespace
 * @now: CLOCK_MONOTONIC, ns
 *
 * Returns 0, or else the model is empty and says why.
 */
int model_refresh(struct top_model *m, struct top_source *src, enum top_screen screen,
		  bool all_netns, uint64_t now)
{
	struct tcphs_error err = { 0 };
	int ret = src->open(src, &err);

	if (!ret)
		ret = refresh_status(m, src, now, &err);
	if (!ret)
		ret = refresh_table(m, src, screen, all_netns, now, &err);
	if (!ret)
		m->gone_at = 0;
	else
		lost(m, src, now, &err);
	return ret;
}

/**
 * model_pulse - one more second of what happened
 * @m: the model
 * @src: where from; closed when it fails
 * @now: CLOCK_MONOTONIC, ns
 *
 * All else stays as the last refresh left it. It finds out within a second that the module is
 * gone, however long the delay is. Returns as model_refresh().
 */
int model_pulse(struct top_model *m, struct top_source *src, uint64_t now)
{
	struct tcphs_error err = { 0 };
	int ret;

	if (!m->valid)
		return 0;
	ret = src->status(src, &m->pulse, &err);
	if (ret)
		lost(m, src, now, &err);
	else
		series_add(&m->series, &m->pulse, now);
	return ret;
}

/**
 * model_switch - fetches the table of another screen, and nothing else
 * @m: the model
 * @src: where from
 * @screen: which
 * @all_netns: of every network namespace
 * @now: CLOCK_MONOTONIC, ns
 *
 * What the header shows stays, for rates over the time between two keys would
 * be noise. Returns as model_refresh().
 */
int model_switch(struct top_model *m, struct top_source *src, enum top_screen screen,
		 bool all_netns, uint64_t now)
{
	struct tcphs_error err = { 0 };
	int ret;

	if (!m->valid)
		return model_refresh(m, src, screen, all_netns, now);
	ret = refresh_table(m, src, screen, all_netns, now, &err);
	if (ret)
		lost(m, src, now, &err);
	return ret;
}

/**
 * model_total - rows of a screen
 * @m: the model
 * @screen: which
 */
size_t model_total(const struct top_model *m, enum top_screen screen)
{
	if (screen == TOP_LISTENERS)
		return m->listeners.valid ? m->listeners.list.nr : 0;
	return m->conns_valid ? m->conns.nr : 0;
}

static const void *row_at(const struct top_model *m, enum top_screen screen, uint32_t n)
{
	if (screen == TOP_LISTENERS)
		return &m->listeners.row[n];
	return &m->conns.v[n];
}

/**
 * model_row - a row, after model_arrange() for the same screen
 * @m: the model
 * @screen: which
 * @i: its place
 *
 * Returns a struct top_listener or a struct tcphs_conn_info, or NULL.
 */
const void *model_row(const struct top_model *m, enum top_screen screen, size_t i)
{
	return i < m->kept ? row_at(m, screen, m->order[i]) : NULL;
}

struct sorting {
	const struct top_model *m;
	enum top_screen screen;
	top_compare_fn compare;
	int sign;
};

/* Equals stay where they are from one refresh to the next. */
static int compare_cookies(const struct top_model *m, enum top_screen screen,
			   uint32_t x, uint32_t y)
{
	uint64_t a, b;

	if (screen == TOP_LISTENERS)
		return 0;	/* the list is sorted by them */
	a = m->conns.v[x].conn;
	b = m->conns.v[y].conn;
	return (a > b) - (a < b);
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const uint32_t *x = a, *y = b;
	const struct sorting *s = arg;
	int order = s->compare(row_at(s->m, s->screen, *x), row_at(s->m, s->screen, *y));

	if (order)
		return order * s->sign;
	order = compare_cookies(s->m, s->screen, *x, *y);
	return order ? order : (*x > *y) - (*x < *y);
}

/* Lets the row at @i of a heap sink below those that come later in order. */
static void sink(uint32_t *heap, size_t nr, size_t i, struct sorting *s)
{
	uint32_t row = heap[i];
	size_t child;

	for (; (child = 2 * i + 1) < nr; i = child) {
		if (child + 1 < nr && compare_rows(&heap[child], &heap[child + 1], s) < 0)
			child++;
		if (compare_rows(&row, &heap[child], s) >= 0)
			break;
		heap[i] = heap[child];
	}
	heap[i] = row;
}

/*
 * The first @keep of @nr, in order. They are a heap with the last of them on top: of the
 * others most are compared with that one and with no other.
 */
static void sort_first(uint32_t *v, size_t nr, size_t keep, struct sorting *s)
{
	size_t i;

	if (keep < nr) {
		for (i = keep / 2; i--;)
			sink(v, keep, i, s);
		for (i = keep; i < nr; i++) {
			if (compare_rows(&v[i], &v[0], s) >= 0)
				continue;
			v[0] = v[i];
			sink(v, keep, 0, s);
		}
	}
	qsort_r(v, keep, sizeof(*v), compare_rows, s);
}

static bool is_arranged(const struct top_model *m, const struct sorting *s)
{
	return m->arranged.compare == s->compare && m->arranged.screen == s->screen &&
	       m->arranged.invert == (s->sign < 0);
}

/**
 * model_arrange - puts the rows of a screen in order
 * @m: the model
 * @screen: which
 * @compare: the order
 * @invert: the other way round
 * @keep: rows that are needed, from the first one; 0: all
 */
int model_arrange(struct top_model *m, enum top_screen screen, top_compare_fn compare,
		  bool invert, size_t keep)
{
	struct sorting s = { m, screen, compare, invert ? -1 : 1 };
	size_t nr = model_total(m, screen);
	uint32_t *bigger;
	size_t i;

	if (nr > UINT32_MAX)
		nr = UINT32_MAX;
	if (!keep || keep > nr)
		keep = nr;
	if (is_arranged(m, &s) && m->kept >= keep)
		return 0;
	m->kept = 0;
	if (nr > m->order_cap) {
		bigger = reallocarray(m->order, nr, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		m->order = bigger;
		m->order_cap = nr;
	}
	for (i = 0; i < nr; i++)
		m->order[i] = (uint32_t)i;
	if (nr)
		sort_first(m->order, nr, keep, &s);
	m->kept = keep;
	m->arranged.screen = screen;
	m->arranged.compare = compare;
	m->arranged.invert = invert;
	return 0;
}

__attribute__((format(printf, 5, 6)))
static size_t alert(struct top_alert *out, size_t nr, size_t max, bool bad, const char *fmt, ...)
{
	va_list ap;

	if (nr >= max)
		return nr;
	out[nr].bad = bad;
	va_start(ap, fmt);
	vsnprintf(out[nr].text, sizeof(out[nr].text), fmt, ap);
	va_end(ap);
	return nr + 1;
}

/*
 * While connections are refused an entry, and no longer: what is over is in tcphs status.
 * Those concerned are marked "untracked" in tcphs events.
 */
static size_t alert_table(const struct top_model *m, struct top_alert *out, size_t nr, size_t max)
{
	const struct tcphs_status *st = &m->now;
	unsigned int percent = st->table_limit ?
		(unsigned int)(100ull * st->table_used / st->table_limit) : 0;
	unsigned int i;

	if (percent >= 90)
		nr = alert(out, nr, max, true, "tcphs: table %u %% full (%u of %u)",
			   percent, st->table_used, st->table_limit);
	/* On average since the load says nothing about now. */
	for (i = 1; i <= TCPHS_REFUSED_MAX && !m->since_load; i++)
		if (m->refused_rate[i] > 0)
			nr = alert(out, nr, max, true, "tcphs: %.1f connections/s not followed: %s",
				   m->refused_rate[i], tcphs_refused_help(i));
	return nr;
}

/**
 * model_alerts - what is wrong with tcphs itself
 * @m: the model
 * @out: gets it
 * @max: room in @out
 *
 * Returns how many; 0 is the normal case.
 */
size_t model_alerts(const struct top_model *m, struct top_alert *out, size_t max)
{
	size_t nr = 0;
	unsigned int i;

	if (!m->valid)
		return 0;
	nr = alert_table(m, out, nr, max);
	for (i = 0; i < m->now.nhooks && i < TCPHS_HOOKS_MAX; i++) {
		const struct tcphs_hook *hook = &m->now.hook[i];

		if (hook->unusable)
			nr = alert(out, nr, max, true, "tcphs: %s is called with other arguments; not seen: %s",
				   hook->name, hook->shows[0] ? hook->shows : "some steps");
		else if (!hook->active)
			nr = alert(out, nr, max, true, "tcphs: no hook in %s; not seen: %s", hook->name,
				   hook->shows[0] ? hook->shows : "some steps");
		else if (hook->missed)
			nr = alert(out, nr, max, true, "tcphs: hook in %s is deaf; not all seen: %s",
				   hook->name, hook->shows[0] ? hook->shows : "some steps");
	}
	return nr;
}

/**
 * model_failures - causes that are active now, the busiest first
 * @m: the model
 * @reason: TCPHS_REASON_MAX + 1 bytes, get enum tcphs_reason
 *
 * Returns how many there are.
 */
size_t model_failures(const struct top_model *m, uint8_t *reason)
{
	size_t nr = 0, at;
	unsigned int i;

	for (i = 0; i <= TCPHS_REASON_MAX; i++) {
		if (!(m->failure_rate[i] > 0))
			continue;
		for (at = nr; at && m->failure_rate[reason[at - 1]] < m->failure_rate[i]; at--)
			reason[at] = reason[at - 1];
		reason[at] = (uint8_t)i;
		nr++;
	}
	return nr;
}

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
#include "text.h"

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
	peers_init(&m->peers);
	m->style.utf8 = true;
}

static void listeners_free(struct top_listeners *l)
{
	tcphs_listener_list_free(&l->list);
	free(l->row);
	free(l->pass);
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
	tail_free(&m->tail);
	peers_free(&m->peers);
	ended_free(&m->ended);
	tally_free(&m->tree.groups);
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
	uint32_t *more;

	if (l->list.nr <= l->cap)
		return 0;
	bigger = reallocarray(l->row, l->list.nr, sizeof(*l->row));
	if (!bigger)
		return -ENOMEM;
	l->row = bigger;
	more = reallocarray(l->pass, l->list.nr, sizeof(*l->pass));
	if (!more)
		return -ENOMEM;
	l->pass = more;
	l->cap = l->list.nr;
	return 0;
}

static void pass_listeners(struct top_listeners *l, const struct tcphs_filter *filter)
{
	uint32_t i;

	l->passed = 0;
	for (i = 0; i < l->list.nr; i++)
		if (tcphs_filter_listener(filter, &l->list.v[i]))
			l->pass[l->passed++] = i;
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
	pass_listeners(l, &m->filter);
	l->at = now;
	l->valid = true;
	return 0;
}

/* ---- what is made of events ------------------------------------------------------- */

/* What chooses some steps of a connection would make the sums of its peer wrong. */
#define PEER_FILTERS	(TCPHS_FILTERS_END | TCPHS_FILTERS_LIFE)

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct top_model *m = arg;
	bool wanted = tcphs_filter_event(&m->filter, ev);
	uint32_t keys = m->filter.keys;

	if (wanted)
		tail_add(&m->tail, ev);
	ended_add(&m->ended, ev, wanted);
	m->filter.keys &= PEER_FILTERS;
	if (tcphs_filter_event(&m->filter, ev))
		peers_add(&m->peers, ev);
	m->filter.keys = keys;
}

/* Of before the ring's time: what went wrong, and nothing to count by. */
static void on_kept(void *arg, const struct tcphs_event *ev)
{
	struct top_model *m = arg;
	bool wanted = tcphs_filter_event(&m->filter, ev);

	if (wanted)
		tail_add(&m->tail, ev);
	ended_add(&m->ended, ev, wanted);
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct top_model *m = arg;

	(void)cpu;
	m->tail.lost += count;
}

/* Those were overwritten before anyone looked. */
static void on_overwritten(void *arg, uint64_t count, uint64_t until)
{
	(void)arg;
	(void)count;
	(void)until;
}

/* What was read; a new feed begins with the oldest. */
static void forget_events(struct top_model *m, struct top_source *src)
{
	if (m->feed)
		src->feed_free(src, m->feed);
	m->feed = NULL;
	m->feed_void = false;
	m->events_at = 0;
	tail_free(&m->tail);
	peers_free(&m->peers);
	ended_free(&m->ended);
}

static int refresh_events(struct top_model *m, struct top_source *src, bool all_netns,
			  uint64_t now, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = {
		.record = on_event, .kept = on_kept, .lost = on_lost,
		.overwritten = on_overwritten,
	};
	int ret;

	if (m->feed_void || m->feed_all != all_netns)
		forget_events(m, src);
	m->feed_all = all_netns;
	if (!m->feed)
		m->feed = src->feed(src, all_netns, err);
	if (!m->feed)
		return -ENOMEM;
	while ((ret = src->next(src, m->feed, &ops, m, err)) > 0)
		ended_boot(&m->ended);
	m->style.clock = src->clock(src, &m->style.now);
	/* Over the time between two keys rates would be noise. */
	if (!ret && grown(now, m->events_at) > (uint64_t)NSEC / 20) {
		peers_rates(&m->peers, (double)grown(now, m->events_at) / NSEC);
		m->events_at = now;
	}
	return ret;
}

/* Instead of the table, which is not seen. */
static int refresh_page(struct top_model *m, struct top_source *src, bool all_netns, uint64_t now,
			struct tcphs_error *err)
{
	int ret = 0;

	m->arranged.compare = NULL;
	m->kept = 0;
	examine_stop(&m->examine, src);
	m->page.utf8 = m->style.utf8;
	if (m->page.what == PAGE_LISTENER)
		ret = refresh_listeners(m, src, all_netns, now, err);
	if (!ret)
		ret = page_refresh(&m->page, src, all_netns, &m->listeners.list, now, err);
	m->style.clock = src->clock(src, &m->style.now);
	return ret;
}

static int refresh_conns(struct top_model *m, struct top_source *src, bool all_netns,
			 struct tcphs_error *err)
{
	/* Where all of them are few there is nothing to choose. */
	bool many = m->entries > m->conns_most;
	int ret, i;

	src->most = many ? m->conns_most : 0;
	src->cut = false;
	m->conns_all = all_netns ? m->entries : 0;
	for (i = 0; i <= TCPHS_STATE_MAX && !all_netns; i++)
		m->conns_all += i == TCPHS_STATE_LISTEN ? 0 : m->now.state[i];
	ret = src->connections(src, all_netns, &m->filter, &m->conns, err);
	m->conns_cut = src->cut;
	m->conns_valid = !ret;
	return ret;
}

static int refresh_table(struct top_model *m, struct top_source *src, enum top_screen screen,
			 bool all_netns, uint64_t now, struct tcphs_error *err)
{
	m->style.cgroups = src->cgroups;
	tcphs_filter_cgroups(&m->filter, src->cgroups);
	m->entries = all_netns && src->entries ? src->entries(src, &m->now) : m->now.table_used;
	if (m->page.what)
		return refresh_page(m, src, all_netns, now, err);
	page_stop(&m->page, src);
	m->arranged.compare = NULL;
	m->kept = 0;
	m->conns_valid = false;
	if (screen == TOP_DOCTOR)
		return examine_refresh(&m->examine, src, all_netns, &m->filter, now, err);
	examine_stop(&m->examine, src);
	if (screen == TOP_LISTENERS)
		return refresh_listeners(m, src, all_netns, now, err);
	if (screen != TOP_CONNECTIONS)
		return refresh_events(m, src, all_netns, now, err);
	return refresh_conns(m, src, all_netns, err);
}

/* A recording that went back: what comes was read already. */
static void follow_turn(struct top_model *m, struct top_source *src)
{
	if (!src->play || m->turn == src->play->turn)
		return;
	m->turn = src->play->turn;
	forget_events(m, src);
	examine_forget(&m->examine, src);
	page_stop(&m->page, src);
	forget(m);
}

/* A listener that has the cookie of one of before is another. */
static void follow_boots(struct top_model *m, struct top_source *src)
{
	if (!src->play || m->boots == src->play->boots)
		return;
	m->boots = src->play->boots;
	m->listeners.valid = false;
}

/* Closes after an error, so that the next snapshot begins anew. */
static void lost(struct top_model *m, struct top_source *src, uint64_t now,
		 const struct tcphs_error *err)
{
	forget_events(m, src);
	examine_forget(&m->examine, src);
	page_stop(&m->page, src);
	src->close(src);
	m->style.cgroups = NULL;
	tcphs_filter_cgroups(&m->filter, NULL);
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

	follow_turn(m, src);
	follow_boots(m, src);
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
 * model_end - lets go of what belongs to the source
 * @m: the model
 * @src: the source, before it is closed
 */
void model_end(struct top_model *m, struct top_source *src)
{
	forget_events(m, src);
	examine_forget(&m->examine, src);
	page_stop(&m->page, src);
}

/**
 * model_listener - a listener, as it was when listeners were last asked for
 * @m: the model
 * @conn: its number
 *
 * Return: NULL: there is none.
 */
const struct top_listener *model_listener(const struct top_model *m, uint64_t conn)
{
	const struct tcphs_listener key = { .conn = conn };
	const struct tcphs_listener *found = NULL;

	if (m->listeners.valid && m->listeners.list.nr)
		found = bsearch(&key, m->listeners.list.v, m->listeners.list.nr, sizeof(key),
				by_cookie);
	return found ? &m->listeners.row[found - m->listeners.list.v] : NULL;
}

/**
 * model_due - when the table is to be fetched, should the next refresh be later
 * @m: the model
 * @screen: which
 *
 * Return: CLOCK_MONOTONIC, ns; UINT64_MAX: there is no hurry.
 */
uint64_t model_due(const struct top_model *m, enum top_screen screen)
{
	return m->valid && screen == TOP_DOCTOR ? examine_due(&m->examine) : UINT64_MAX;
}

/**
 * model_filter - what is wanted from now on
 * @m: the model; its tables are as they were before until model_switch()
 * @filter: which; a copy is kept
 */
void model_filter(struct top_model *m, const struct tcphs_filter *filter)
{
	m->filter = *filter;
	m->feed_void = true;
	m->examine.stale = true;
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

	follow_turn(m, src);
	follow_boots(m, src);
	if (!m->valid)
		return model_refresh(m, src, screen, all_netns, now);
	ret = refresh_table(m, src, screen, all_netns, now, &err);
	if (ret)
		lost(m, src, now, &err);
	return ret;
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
		(unsigned int)(100ull * m->entries / st->table_limit) : 0;
	unsigned int i;

	if (percent >= 90)
		nr = alert(out, nr, max, true, "tcphs: table %u %% full (%u of %u)",
			   percent, m->entries, st->table_limit);
	/* On average since the load says nothing about now. */
	for (i = 1; i <= TCPHS_REFUSED_MAX && !m->since_load; i++)
		if (m->refused_rate[i] > 0)
			nr = alert(out, nr, max, true, "tcphs: %.1f connections/s not followed: %s",
				   m->refused_rate[i], tcphs_refused_help(i));
	return nr;
}

/* What nobody can see was not fetched. */
static size_t alert_part(const struct top_model *m, struct top_alert *out, size_t nr, size_t max)
{
	char all[TEXT_LEN] = "those";

	if (!m->conns_valid || !m->conns_cut)
		return nr;
	if (!m->filter.keys)
		text_count(all, m->conns_all);
	return alert(out, nr, max, false, "%zu of %.16s connections shown, brief states first; \\ filters",
		     m->conns.nr, all);
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
	nr = alert_part(m, out, nr, max);
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
	return series_busiest(m->failure_rate, reason);
}

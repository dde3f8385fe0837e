// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "examine.h"
#include "play.h"

/* What chooses some steps of a connection would hide the evidence; as for tcphs doctor. */
#define FILTERS		(LOOK_FILTERS | TCPHS_FILTER_BIT(NETNS))

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct examine *x = arg;

	if (ev->time < x->first || !tcphs_filter_event(&x->early, ev) ||
	    !look_concerns(&x->look, ev))
		return;
	/* A recording of several namespaces is judged as one: its places know where they are. */
	if (x->look.session || x->look.patients->netns)
		look_event(&x->look, ev);
	else
		evidence_event(&x->look.patients->evidence, ev);
}

/* Of before the ring's time: nothing of it is of this look. */
static void on_kept(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	(void)ev;
}

/* Nobody knows of which namespace they were. */
static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct examine *x = arg;
	size_t i;

	(void)cpu;
	for (i = 0; i < x->look.nr_patients; i++)
		evidence_lost(&x->look.patients[i].evidence, count);
}

static void booted(struct examine *x)
{
	size_t i;

	belonging_boot(&x->look.belonging, x->look.belonging.boot + 1);
	for (i = 0; i < x->look.nr_patients; i++)
		evidence_boot(&x->look.patients[i].evidence);
}

static const struct tcphs_events_ops ops = {
	.record = on_event, .kept = on_kept, .lost = on_lost,
};

static int read_news(struct examine *x, struct top_source *src, struct tcphs_error *err)
{
	int ret;

	while ((ret = src->next(src, x->feed, &ops, x, err)) > 0)
		booted(x);
	return ret;
}

/* ---- what it means ------------------------------------------------------------------ */

static int add(struct examine *x, const struct patient *p, const struct finding *f)
{
	const struct finding_place place = {
		.reads = &x->read, .nr = !!x->read,
		.netns = p->session ? netns_path(p->netns) : NULL,
	};
	struct top_finding *more;
	struct finding_words *w;

	if (x->nr == x->cap) {
		more = reallocarray(x->v, x->cap ? 2 * x->cap : 8, sizeof(*more));
		if (!more)
			return -ENOMEM;
		x->v = more;
		x->cap = x->cap ? 2 * x->cap : 8;
	}
	more = &x->v[x->nr++];
	*more = (struct top_finding){ .is = *f, .netns = p->netns };
	more->nr_words = finding_words(f, &p->evidence, more->words);
	for (w = more->words; w < more->words + more->nr_words; w++)
		if (!strcmp(w->label, FINDING_NEXT))
			finding_command(w->text, sizeof(w->text), f->command, &place);
	return 0;
}

static int judge_one(struct examine *x, const struct patient *p)
{
	struct report report;
	int ret = report_make(&report, &p->evidence);
	size_t i;

	for (i = 0; !ret && i < report.nr; i++)
		ret = add(x, p, &report.v[i]);
	report_free(&report);
	x->records += p->evidence.records;
	x->shut += x->look.session && !p->session;
	x->lost = p->evidence.lost;
	return p->evidence.no_memory ? -ENOMEM : ret;
}

static int judge(struct examine *x, uint64_t now)
{
	size_t i;
	int ret = x->look.no_memory ? -ENOMEM : 0;

	x->nr = 0;
	x->records = 0;
	x->shut = 0;
	for (i = 0; !ret && i < x->look.nr_patients; i++)
		if (look_wants(&x->look, &x->look.patients[i]))
			ret = judge_one(x, &x->look.patients[i]);
	x->judged = true;
	x->ended = now;
	x->took = now - x->since;
	return ret;
}

/* ---- one after the other ------------------------------------------------------------ */

static int begin(struct examine *x, struct top_source *src, uint64_t now, struct tcphs_error *err)
{
	x->since = now;
	return src->look_before(src, &x->look, x->all, err);
}

static int start(struct examine *x, struct top_source *src, bool all, uint64_t now,
		 struct tcphs_error *err)
{
	x->all = all;
	x->read = src->play ? src->play->name : NULL;
	if (look_init(&x->look, NULL, &x->filter, STUCK_NS)) {
		look_free(&x->look);
		return -ENOMEM;
	}
	x->feed = src->feed(src, all, err);
	if (!x->feed) {
		look_free(&x->look);
		return -ENOMEM;
	}
	if (!src->look_before)
		return look_add(&x->look, 0) ? 0 : -ENOMEM;
	src->clock(src, &x->first);
	return begin(x, src, now, err);
}

static int end(struct examine *x, struct top_source *src, uint64_t now, struct tcphs_error *err)
{
	int ret = src->look_after(src, &x->look, err);

	if (!ret)
		ret = judge(x, now);
	look_dismiss(&x->look);
	return ret ? ret : begin(x, src, now, err);
}

/* A recording: all that it has up to now is judged, as tcphs doctor --read judges it. */
static int judge_events(struct examine *x, uint64_t now)
{
	x->since = x->look.patients->evidence.began;
	return judge(x, now);
}

/**
 * examine_refresh - goes on looking
 * @x: the looks; all zero: none yet
 * @src: where from
 * @all: every network namespace
 * @filter: whose connections count
 * @now: CLOCK_MONOTONIC, ns
 * @err: why not
 *
 * Return: 0, or a negative errno.
 */
int examine_refresh(struct examine *x, struct top_source *src, bool all,
		    const struct tcphs_filter *filter, uint64_t now, struct tcphs_error *err)
{
	int ret = 0;

	if (x->stale || (x->feed && x->all != all))
		examine_forget(x, src);
	/* Whoever comes back after an hour is not to take what was found then for what is so now. */
	if (!x->feed && x->judged && now - x->ended > EXAMINE_LOOK)
		examine_forget(x, src);
	x->filter = *filter;
	x->filter.keys &= FILTERS;
	x->early = x->filter;
	x->early.keys &= ~OWNER_FILTERS;
	if (!x->feed)
		ret = start(x, src, all, now, err);
	if (!ret)
		ret = read_news(x, src, err);
	if (!ret && !src->look_before)
		ret = judge_events(x, now);
	else if (!ret && now >= x->since + EXAMINE_LOOK)
		ret = end(x, src, now, err);
	if (ret == -ENOMEM && !err->code)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return ret;
}

/**
 * examine_stop - nobody looks any more; what was found stays, for whoever comes back at once
 * @x: the looks
 * @src: where from
 */
void examine_stop(struct examine *x, struct top_source *src)
{
	if (!x->feed)
		return;
	src->feed_free(src, x->feed);
	look_free(&x->look);
	x->feed = NULL;
}

/**
 * examine_forget - nothing was found yet
 * @x: the looks
 * @src: where from
 */
void examine_forget(struct examine *x, struct top_source *src)
{
	examine_stop(x, src);
	free(x->v);
	*x = (struct examine){ .judged = false };
}

/**
 * examine_due - when the first look is over, however long a refresh takes to come
 * @x: the looks
 *
 * Return: by the clock of examine_refresh(), ns; UINT64_MAX: there was one, or none is under way.
 */
uint64_t examine_due(const struct examine *x)
{
	return x->feed && !x->judged ? x->since + EXAMINE_LOOK : UINT64_MAX;
}

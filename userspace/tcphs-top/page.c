// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "page.h"

#define SECOND	1000000000ull

/**
 * page_open - something is to be shown in place of the table
 * @p: the page; it is filled by page_refresh()
 * @what: it shall be, PAGE_NONE: nothing any more
 * @conn: of which connection or listener
 */
void page_open(struct page *p, enum page_what what, uint64_t conn)
{
	p->what = what;
	p->conn = conn;
	p->stale = true;
}

/**
 * page_stop - what is on the page is forgotten; what it is of is not
 * @p: the page
 * @src: where it is from
 */
void page_stop(struct page *p, struct top_source *src)
{
	if (p->feed)
		src->feed_free(src, p->feed);
	page_drawing_free(&p->drawing);
	*p = (struct page){ .what = p->what, .conn = p->conn, .utf8 = p->utf8 };
}

/* ---- a listener -------------------------------------------------------------------- */

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct page *p = arg;
	struct page_listener *l = &p->listener;
	unsigned int i;

	if (ev->reason != TCPHS_REASON_ACCEPT_QUEUE_FULL || !(ev->flags & TCPHS_F_QUEUE) ||
	    ev->queue.listener != p->conn ||
	    (ev->type != TCPHS_EV_SYN_DROPPED && ev->type != TCPHS_EV_ACCEPT_OVERFLOW))
		return;
	l->overflows++;
	if (l->nr_overflow < PAGE_OVERFLOWS)
		l->nr_overflow++;
	for (i = l->nr_overflow - 1; i; i--)
		l->overflow[i] = l->overflow[i - 1];
	l->overflow[0] = *ev;
}

static const struct tcphs_events_ops listener_ops = { .record = on_event };

/* Who has its cookie now is another. */
static void listener_boot(struct page *p)
{
	p->listener = (struct page_listener){ .nr_depth = 0 };
}

static void add_depth(struct page_listener *l, const struct tcphs_listener *is, uint64_t now)
{
	struct page_depth *d = &l->depth[l->newest];

	if (!l->nr_depth || d->second != now / SECOND) {
		l->newest = l->nr_depth ? (l->newest + 1) % PAGE_SPAN : 0;
		l->nr_depth += l->nr_depth < PAGE_SPAN;
		d = &l->depth[l->newest];
		*d = (struct page_depth){ .second = now / SECOND };
	}
	if (is->syn_queue > d->syn)
		d->syn = is->syn_queue;
	if (is->accept_queue > d->accept)
		d->accept = is->accept_queue;
}

/**
 * page_depths - how deep a queue was, of each stretch of time the most
 * @l: the listener
 * @syn: the SYN queue; else the accept queue
 * @seconds: of a stretch; stretches stay what they are while time goes on
 * @v: gets them, the latest last; -1: nobody looked
 * @nr: how many
 *
 * Return: the most of all.
 */
double page_depths(const struct page_listener *l, bool syn, unsigned int seconds, double *v,
		   size_t nr)
{
	const struct page_depth *d;
	double value, most = 0;
	uint64_t last, age;
	unsigned int n;
	size_t i;

	for (i = 0; i < nr; i++)
		v[i] = -1;
	if (!l->nr_depth)
		return 0;
	last = l->depth[l->newest].second / seconds;
	for (n = 0; n < l->nr_depth; n++) {
		d = &l->depth[(l->newest + PAGE_SPAN - n) % PAGE_SPAN];
		age = last - d->second / seconds;
		if (age >= nr)
			break;
		value = syn ? d->syn : d->accept;
		if (value > v[nr - 1 - age])
			v[nr - 1 - age] = value;
		if (value > most)
			most = value;
	}
	return most;
}

/* ---- both ----------------------------------------------------------------------------- */

static int read_news(struct page *p, struct top_source *src, struct tcphs_error *err)
{
	bool drawing = p->what == PAGE_DRAWING;
	int ret;

	while ((ret = src->next(src, p->feed, drawing ? &page_drawing_ops : &listener_ops, p,
				err)) > 0) {
		if (drawing)
			page_drawing_boot(&p->drawing);
		else
			listener_boot(p);
	}
	return ret;
}

/**
 * page_refresh - what is new of it
 * @p: the page, which is open
 * @src: where from
 * @all: events of every network namespace
 * @list: in PAGE_LISTENER: the listeners
 * @now: CLOCK_MONOTONIC, ns
 * @err: why not
 *
 * Return: 0, or a negative errno.
 */
int page_refresh(struct page *p, struct top_source *src, bool all,
		 const struct tcphs_listener_list *list, uint64_t now, struct tcphs_error *err)
{
	int ret;
	size_t i;

	if (p->stale || p->all != all)
		page_stop(p, src);
	p->all = all;
	if (!p->feed)
		p->feed = src->feed(src, all, err);
	if (!p->feed)
		return -ENOMEM;
	ret = read_news(p, src, err);
	if (!ret && p->what == PAGE_DRAWING)
		ret = page_drawing_update(p, src);
	for (i = 0; !ret && p->what == PAGE_LISTENER && i < list->nr; i++)
		if (list->v[i].conn == p->conn)
			add_depth(&p->listener, &list->v[i], now);
	if (ret == -ENOMEM && !err->code)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/* The live source: generic netlink, by way of the library. */
#include <errno.h>
#include <stdlib.h>

#include "doctor/look.h"
#include "entries.h"
#include "hash.h"
#include "source.h"

struct top_feed {
	struct tcphs_events *events;
};

static int live_open(struct top_source *src, struct tcphs_error *err)
{
	if (!src->ctx)
		src->ctx = tcphs_open(err);
	if (!src->cgroups)
		src->cgroups = tcphs_cgroups_new();
	/* Of all namespaces or, who may not, of ours. */
	if (src->cgroups)
		tcphs_cgroups_live(src->cgroups, true);
	return src->ctx ? 0 : -ENODEV;
}

static int live_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	return tcphs_get_status(src->ctx, st, err);
}

static uint32_t live_entries(struct top_source *src, const struct tcphs_status *st)
{
	return entries_of_all(src->ctx, st);
}

static int live_listeners(struct top_source *src, bool all_netns,
			  struct tcphs_listener_list *list, struct tcphs_error *err)
{
	return tcphs_get_listeners(src->ctx, all_netns, list, err);
}

/* A list of so many at the most. */
struct some {
	struct tcphs_conn_list *list;
	size_t most;
	bool cut;
};

static int one_more(void *arg, const struct tcphs_conn_info *c)
{
	struct some *some = arg;
	struct tcphs_conn_list *list = some->list;
	uint32_t cap = (uint32_t)list->cap;

	some->cut = list->nr == some->most;
	if (some->cut)
		return -ECANCELED;
	if (array_grow(&list->v, (uint32_t)list->nr + 1, &cap, sizeof(*list->v)))
		return -ENOMEM;
	list->cap = cap;
	list->v[list->nr++] = *c;
	return 0;
}

#define LONG	(1u << TCPHS_STATE_ESTABLISHED | 1u << TCPHS_STATE_TIME_WAIT)
#define ALL	((2u << TCPHS_STATE_MAX) - 2)	/* that have a name */

/* The states in which most connections of a machine are come last. */
static int live_some(struct top_source *src, bool all_netns, const struct tcphs_filter *filter,
		     struct some *some, struct tcphs_error *err)
{
	uint32_t asked = tcphs_filter_has(filter, TCPHS_FILTER_STATE) ? filter->states : ALL;
	const uint32_t states[] = { asked & ~LONG, asked & LONG };
	struct tcphs_filter part = *filter;
	int ret = 0, i;

	part.keys |= TCPHS_FILTER_BIT(STATE);
	for (i = 0; i < 2 && !ret; i++) {
		part.states = states[i];
		if (part.states)
			ret = tcphs_each_connection(src->ctx, all_netns, &part, one_more, some, err);
	}
	return some->cut ? 0 : ret;
}

static int live_connections(struct top_source *src, bool all_netns,
			    const struct tcphs_filter *filter, struct tcphs_conn_list *list,
			    struct tcphs_error *err)
{
	struct some some = { .list = list, .most = src->most };
	int ret;

	if (!src->most)
		return tcphs_get_connections(src->ctx, all_netns, filter, list, err);
	list->nr = 0;
	ret = live_some(src, all_netns, filter, &some, err);
	src->cut = some.cut;
	return ret;
}

/* What is kept of before the ring's time comes, too. */
static struct top_feed *live_feed(struct top_source *src, bool all_netns, struct tcphs_error *err)
{
	struct top_feed *feed = calloc(1, sizeof(*feed));

	(void)src;
	if (feed)
		feed->events = tcphs_events_new(all_netns, TCPHS_KEPT_TOO, NULL);
	if (feed && feed->events)
		return feed;
	free(feed);
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return NULL;
}

static int live_next(struct top_source *src, struct top_feed *feed,
		     const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	int ret = tcphs_events_pull(src->ctx, feed->events, err);

	if (!ret)
		tcphs_events_emit(feed->events, ops, arg);
	return ret;
}

static void live_feed_free(struct top_source *src, struct top_feed *feed)
{
	(void)src;
	tcphs_events_free(feed->events);
	free(feed);
}

static int64_t live_clock(struct top_source *src, uint64_t *now)
{
	*now = tcphs_session_now(src->ctx);
	return tcphs_session_clock(src->ctx);
}

static int live_look_before(struct top_source *src, struct look *l, bool all_netns,
			    struct tcphs_error *err)
{
	l->session = src->ctx;
	if (look_admit(l, all_netns, err) || look_before(l, tcphs_session_now(src->ctx), err))
		return -EIO;
	return 0;
}

static int live_look_after(struct top_source *src, struct look *l, struct tcphs_error *err)
{
	return look_after(l, tcphs_session_now(src->ctx), err) ? -EIO : 0;
}

static void live_close(struct top_source *src)
{
	tcphs_close(src->ctx);
	src->ctx = NULL;
	tcphs_cgroups_free(src->cgroups);
	src->cgroups = NULL;
}

/**
 * source_live - reads the module
 * @src: gets the functions
 */
void source_live(struct top_source *src)
{
	*src = (struct top_source){
		.open = live_open,
		.status = live_status,
		.entries = live_entries,
		.listeners = live_listeners,
		.connections = live_connections,
		.feed = live_feed,
		.next = live_next,
		.feed_free = live_feed_free,
		.clock = live_clock,
		.look_before = live_look_before,
		.look_after = live_look_after,
		.close = live_close,
	};
}

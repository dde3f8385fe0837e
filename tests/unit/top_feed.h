/* SPDX-License-Identifier: GPL-2.0 */
/* A source of tcphs-top that tells events out of an array, to each feed from the first on. */
#ifndef TOP_FEED_H
#define TOP_FEED_H

#include <stdlib.h>

#include "../../userspace/tcphs-top/source.h"

/* What it tells next, and the feeds that are there; @open_error: there is no module. */
static struct {
	struct tcphs_event ev[20000];
	size_t nr;
	uint64_t lost, now;
	int feeds, made, closed, open_error;
} fed;

struct top_feed {
	size_t told;
};

static inline int t_open(struct top_source *src, struct tcphs_error *err)
{
	(void)src;
	if (fed.open_error)
		tcphs_error_set(err, TCPHS_ERR_NOT_LOADED, "not loaded");
	return fed.open_error;
}

static inline void t_close(struct top_source *src)
{
	(void)src;
	fed.closed++;
}

static inline struct top_feed *t_feed(struct top_source *src, bool all, struct tcphs_error *err)
{
	(void)src;
	(void)all;
	(void)err;
	fed.feeds++;
	fed.made++;
	return calloc(1, sizeof(struct top_feed));
}

static inline int t_next(struct top_source *src, struct top_feed *feed,
			 const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	(void)src;
	(void)err;
	for (; feed->told < fed.nr; feed->told++)
		ops->record(arg, &fed.ev[feed->told]);
	if (fed.lost)
		ops->lost(arg, 0, fed.lost);
	fed.lost = 0;
	return 0;
}

static inline void t_feed_free(struct top_source *src, struct top_feed *feed)
{
	(void)src;
	fed.feeds--;
	free(feed);
}

static inline int64_t t_clock(struct top_source *src, uint64_t *now)
{
	(void)src;
	*now = fed.now;
	return 0;
}

#endif /* TOP_FEED_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Where the numbers come from: the module, or a test that makes them up. */
#ifndef TOP_SOURCE_H
#define TOP_SOURCE_H

#include "internal.h"

struct top_feed;
struct look;
struct play;

/**
 * struct top_source - a supplier of snapshots
 * @open: finds the module; a source that is open already says 0
 * @status: counters of this network namespace
 * @entries: that the table has of all of them; NULL: nobody knows more than @status says
 * @listeners: overwrites the list
 * @connections: overwrites the list with those that the filter lets through; of more than @most
 *	some, those in states that should be brief first
 * @feed: events, from the oldest that there is on; NULL with @err set
 * @next: all of them that are new, in time order; 1: those up to where the machine was booted,
 *	which whoever asks heeds before it asks again
 * @feed_free: the end of it; before @close
 * @clock: CLOCK_REALTIME - CLOCK_MONOTONIC of events, ns; @now: that CLOCK_MONOTONIC
 * @look_before: namespaces become patients, and the look at them begins; NULL: there is nothing
 *	beside events
 * @look_after: it ends
 * @close: after it only @open may be called
 * @most: connections that are wanted at most, 0: all
 * @cut: so there are more than were listed
 * @cgroups: what cgroups are called; NULL: nobody knows
 * @ctx: private to the source
 * @play: the recording that is played, NULL: it is live
 *
 * All return 0 or a negative errno and leave the words for it in @err.
 */
struct top_source {
	int (*open)(struct top_source *src, struct tcphs_error *err);
	int (*status)(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err);
	uint32_t (*entries)(struct top_source *src, const struct tcphs_status *st);
	int (*listeners)(struct top_source *src, bool all_netns,
			 struct tcphs_listener_list *list, struct tcphs_error *err);
	int (*connections)(struct top_source *src, bool all_netns,
			   const struct tcphs_filter *filter, struct tcphs_conn_list *list,
			   struct tcphs_error *err);
	struct top_feed *(*feed)(struct top_source *src, bool all_netns, struct tcphs_error *err);
	int (*next)(struct top_source *src, struct top_feed *feed,
		    const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err);
	void (*feed_free)(struct top_source *src, struct top_feed *feed);
	int64_t (*clock)(struct top_source *src, uint64_t *now);
	int (*look_before)(struct top_source *src, struct look *l, bool all_netns,
			   struct tcphs_error *err);
	int (*look_after)(struct top_source *src, struct look *l, struct tcphs_error *err);
	void (*close)(struct top_source *src);
	size_t most;
	bool cut;
	struct tcphs_cgroups *cgroups;
	void *ctx;
	struct play *play;
};

void source_live(struct top_source *src);

#endif /* TOP_SOURCE_H */

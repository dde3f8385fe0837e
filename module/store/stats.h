/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of a namespace, a CPU each, and histograms. */
#ifndef _TCPHS_STATS_H
#define _TCPHS_STATS_H

#include <linux/atomic.h>
#include <linux/log2.h>
#include <linux/types.h>
#include <linux/tcphs.h>
#include "store/instant.h"

struct tcphs_net;

struct tcphs_histogram {
	u64 count;
	u64 max;
	u64 bucket[TCPHS_HIST_BUCKETS];
};

/* Written with interrupts off by the CPU it belongs to. */
struct tcphs_stats {
	u64 recorded;			/* numbers this namespace's records */
	u64 refused[TCPHS_REFUSED_MAX + 1];	/* entries */
	unsigned long buckets_refused;	/* by the kernel, as far as that was looked at */
	s64 states[TCPHS_STATE_MAX + 1];	/* may be negative: summed over CPUs */
	u64 events[TCPHS_INSTANT_MAX + 1];	/* of steps that share a slot together */
	u64 failures[TCPHS_REASON_MAX + 1];
};

/* What comes to a bad end is counted by its reason: tcphs_cause_events says which steps. */
#define TCPHS_CAUSE_EVENTS	8
#define TCPHS_CAUSE_ROLES	(TCPHS_ROLE_PASSIVE + 1)

/*
 * Histograms of a namespace, and causes. They are large, so in all but the initial one CPUs
 * share a few of them.
 */
struct tcphs_durations {
	atomic64_t cause[TCPHS_CAUSE_EVENTS][TCPHS_CAUSE_ROLES][TCPHS_REASON_MAX + 1];
	struct {
		atomic64_t max;
		atomic64_t bucket[TCPHS_HIST_BUCKETS];
	} hist[TCPHS_HIST_MAX + 1];
};

/* What all CPUs have counted. */
struct tcphs_sum {
	struct tcphs_stats all;
	u64 untracked;			/* the sum of all.refused */
	struct tcphs_histogram hist[TCPHS_HIST_MAX + 1];
	u64 cause[TCPHS_CAUSE_EVENTS][TCPHS_CAUSE_ROLES][TCPHS_REASON_MAX + 1];
};

extern const u8 tcphs_cause_events[TCPHS_CAUSE_EVENTS];

void tcphs_cause_count(struct tcphs_net *tn, const struct tcphs_event *ev);
u64 tcphs_hist_quantile(const struct tcphs_histogram *hist, unsigned int percent);
int tcphs_stats_init(struct tcphs_net *tn);
void tcphs_stats_exit(struct tcphs_net *tn);
bool tcphs_stats_any(const struct tcphs_net *tn, bool listeners);
void tcphs_stats_sum(const struct tcphs_net *tn, struct tcphs_sum *sum);

/**
 * tcphs_hist_index() - the bucket of a duration
 * @ns: nanoseconds
 *
 * Context: any.
 * Return: index as TCPHS_HIST_BUCKETS in the uapi header defines it.
 */
static inline unsigned int tcphs_hist_index(u64 ns)
{
	u64 v = ns >> 10;
	unsigned int e;

	if (!v)
		return 0;
	e = ilog2(v);
	if (e >= (TCPHS_HIST_BUCKETS - 1) / 4)
		return TCPHS_HIST_BUCKETS - 1;
	return 1 + 4 * e + ((v << 2 >> e) & 3);
}

#endif /* _TCPHS_STATS_H */

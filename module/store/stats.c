// SPDX-License-Identifier: GPL-2.0
/* Counters of a namespace and their histograms. */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include "store/kept.h"
#include "store/net.h"
#include "store/stats.h"

/* Where a network namespace has its struct tcphs_net; netns.c asks for it. */
unsigned int tcphs_net_id;

/* The first value, in ns, that belongs to the bucket after @index. */
static u64 bucket_end(unsigned int index)
{
	unsigned int e = (index - 1) / 4;

	if (!index)
		return 1024;
	/* Below 4 * 1024 ns not every quarter holds a whole 1024 ns. */
	return ((((u64)(5 + (index - 1) % 4) << e) + 3) >> 2) << 10;
}

/**
 * tcphs_hist_quantile() - a quantile from a histogram
 * @hist: to read
 * @percent: 0 to 100
 *
 * Context: any.
 * Return: nanoseconds, the upper end of the bucket that the quantile is in but
 * never more than the largest value seen; 0 for an empty histogram. At most
 * 25 % above the true value.
 */
u64 tcphs_hist_quantile(const struct tcphs_histogram *hist, unsigned int percent)
{
	u64 rank = div_u64(hist->count * percent + 99, 100);
	unsigned int i;
	u64 seen = 0;

	if (!hist->count)
		return 0;
	for (i = 0; i < TCPHS_HIST_BUCKETS - 1; i++) {
		seen += hist->bucket[i];
		if (seen >= rank && seen)
			return min(bucket_end(i), hist->max);
	}
	return hist->max;
}

const u8 tcphs_cause_events[TCPHS_CAUSE_EVENTS] = {
	TCPHS_EV_ACCEPT_OVERFLOW, TCPHS_EV_CLOSED, TCPHS_EV_CONNECT_FAILED,
	TCPHS_EV_REQUEST_EXPIRED, TCPHS_EV_REQUEST_RESET, TCPHS_EV_RST_RECEIVED,
	TCPHS_EV_RST_SENT, TCPHS_EV_SYN_DROPPED,
};

/* The server's end or the client's; of some segments nobody knows. */
static unsigned int side_of(u8 role)
{
	switch (role) {
	case TCPHS_ROLE_ACTIVE:
	case TCPHS_ROLE_SIMULTANEOUS:
		return TCPHS_ROLE_ACTIVE;
	case TCPHS_ROLE_PASSIVE:
	case TCPHS_ROLE_LISTENER:
		return TCPHS_ROLE_PASSIVE;
	default:
		return TCPHS_ROLE_UNKNOWN;
	}
}

/**
 * tcphs_cause_count() - count a step of what went wrong by its reason
 * @tn: its namespace
 * @ev: the step, complete
 *
 * A step of another kind, or with a reason that is usual, is not counted.
 *
 * Context: interrupts off. Off the way of all that goes well.
 */
void tcphs_cause_count(struct tcphs_net *tn, const struct tcphs_event *ev)
{
	struct tcphs_durations *d = &tn->durations[smp_processor_id() & tn->durations_mask];
	unsigned int i;

	if (!tcphs_notable(ev))
		return;
	for (i = 0; i < TCPHS_CAUSE_EVENTS; i++)
		if (tcphs_cause_events[i] == ev->type)
			atomic64_inc(&d->cause[i][side_of(ev->id.role)][ev->reason]);
}

static void causes_add(struct tcphs_sum *sum, const struct tcphs_durations *durations)
{
	unsigned int i, role, reason;

	for (i = 0; i < TCPHS_CAUSE_EVENTS; i++)
		for (role = 0; role < TCPHS_CAUSE_ROLES; role++)
			for (reason = 0; reason <= TCPHS_REASON_MAX; reason++)
				sum->cause[i][role][reason] +=
					atomic64_read(&durations->cause[i][role][reason]);
}

static void durations_add(struct tcphs_sum *sum, const struct tcphs_durations *durations)
{
	struct tcphs_histogram *hist;
	unsigned int i, j;
	u64 n;

	causes_add(sum, durations);

	for (i = 0; i <= TCPHS_HIST_MAX; i++) {
		hist = &sum->hist[i];
		hist->max = max_t(u64, hist->max, atomic64_read(&durations->hist[i].max));
		for (j = 0; j < TCPHS_HIST_BUCKETS; j++) {
			n = atomic64_read(&durations->hist[i].bucket[j]);
			hist->bucket[j] += n;
			hist->count += n;
		}
	}
}

/**
 * tcphs_stats_any() - does a namespace have entries
 * @tn: that no hook and no walk adds to any more
 * @listeners: in the listener table, else in the connection table
 *
 * Context: any.
 */
bool tcphs_stats_any(const struct tcphs_net *tn, bool listeners)
{
	unsigned int i;
	s64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i <= TCPHS_STATE_MAX; i++)
			if ((i == TCPHS_STATE_LISTEN) == listeners)
				sum += READ_ONCE(per_cpu_ptr(tn->stats, cpu)->states[i]);
	return sum;
}

/**
 * tcphs_stats_sum() - what all CPUs counted
 * @tn: namespace
 * @sum: the result; overwritten
 *
 * Costs the same however many connections there are.
 *
 * Context: any. Counters go on while they are read: each is right, a sum of
 * several may be off by the steps under way.
 */
void tcphs_stats_sum(const struct tcphs_net *tn, struct tcphs_sum *sum)
{
	struct tcphs_stats *all = &sum->all;
	unsigned int i;
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct tcphs_stats *st = per_cpu_ptr(tn->stats, cpu);

		all->recorded += READ_ONCE(st->recorded);
		for (i = 0; i <= TCPHS_REFUSED_MAX; i++)
			all->refused[i] += READ_ONCE(st->refused[i]);
		for (i = 0; i <= TCPHS_STATE_MAX; i++)
			all->states[i] += READ_ONCE(st->states[i]);
		for (i = 0; i <= TCPHS_INSTANT_MAX; i++)
			all->events[i] += READ_ONCE(st->events[i]);
		for (i = 0; i <= TCPHS_REASON_MAX; i++)
			all->failures[i] += READ_ONCE(st->failures[i]);
	}
	tcphs_instant_count(all->events);
	for (i = 0; i <= TCPHS_STATE_MAX; i++)
		all->states[i] = max_t(s64, all->states[i], 0);
	for (i = 0; i <= TCPHS_REFUSED_MAX; i++)
		sum->untracked += all->refused[i];
	for (i = 0; i <= tn->durations_mask; i++)
		durations_add(sum, &tn->durations[i]);
}

/* So many CPUs share the histograms of a namespace that is not the initial one. */
#define DURATIONS 4U

/**
 * tcphs_stats_init() - counters for a namespace
 * @tn: the namespace; its net is known
 *
 * They are on the account of whoever makes the namespace.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_stats_init(struct tcphs_net *tn)
{
	unsigned int nr = roundup_pow_of_two(nr_cpu_ids);

	if (!net_eq(tn->net, &init_net))
		nr = min(nr, DURATIONS);
	tn->stats = alloc_percpu_gfp(struct tcphs_stats, GFP_KERNEL_ACCOUNT);
	if (!tn->stats)
		return -ENOMEM;
	tn->durations_mask = nr - 1;
	tn->durations = kvcalloc(nr, sizeof(*tn->durations), GFP_KERNEL_ACCOUNT);
	if (tn->durations)
		return 0;
	free_percpu(tn->stats);
	return -ENOMEM;
}

/**
 * tcphs_stats_exit() - free them
 * @tn: the namespace, which nobody looks at any more
 *
 * Context: process, may sleep.
 */
void tcphs_stats_exit(struct tcphs_net *tn)
{
	kvfree(tn->durations);
	free_percpu(tn->stats);
}

// SPDX-License-Identifier: GPL-2.0
/* Counters of a namespace and their histograms. */
#include <linux/log2.h>
#include <linux/math64.h>
#include "internal.h"

/**
 * tcphs_hist_index() - the bucket of a duration
 * @ns: nanoseconds
 *
 * Context: any.
 * Return: index as TCPHS_HIST_BUCKETS in the uapi header defines it.
 */
unsigned int tcphs_hist_index(u64 ns)
{
	u64 v = ns >> 10;
	unsigned int e;

	if (!v)
		return 0;
	e = ilog2(v);
	if (e >= (TCPHS_HIST_BUCKETS - 1) / 4)
		return TCPHS_HIST_BUCKETS - 1;
	return 1 + 4 * e + (e >= 2 ? (v >> (e - 2)) & 3 : (v << (2 - e)) & 3);
}

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

static void hist_add(struct tcphs_histogram *sum, const struct tcphs_histogram *hist)
{
	unsigned int i;

	sum->count += READ_ONCE(hist->count);
	sum->max = max(sum->max, READ_ONCE(hist->max));
	for (i = 0; i < TCPHS_HIST_BUCKETS; i++)
		sum->bucket[i] += READ_ONCE(hist->bucket[i]);
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
void tcphs_stats_sum(const struct tcphs_net *tn, struct tcphs_stats *sum)
{
	unsigned int i;
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct tcphs_stats *st = per_cpu_ptr(tn->stats, cpu);

		sum->recorded += READ_ONCE(st->recorded);
		sum->untracked += READ_ONCE(st->untracked);
		for (i = 0; i <= TCPHS_STATE_MAX; i++)
			sum->states[i] += READ_ONCE(st->states[i]);
		for (i = 0; i <= TCPHS_EV_MAX; i++)
			sum->events[i] += READ_ONCE(st->events[i]);
		for (i = 0; i <= TCPHS_REASON_MAX; i++)
			sum->failures[i] += READ_ONCE(st->failures[i]);
		for (i = 0; i <= TCPHS_HIST_MAX; i++)
			hist_add(&sum->hist[i], &st->hist[i]);
	}
	for (i = 0; i <= TCPHS_STATE_MAX; i++)
		sum->states[i] = max_t(s64, sum->states[i], 0);
}

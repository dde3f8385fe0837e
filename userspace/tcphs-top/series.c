// SPDX-License-Identifier: GPL-2.0
#include "series.h"

#define SECOND	1000000000ull
#define SAMPLES	(SERIES_SPAN + 1)

/**
 * series_forget - another time begins, or another module
 * @s: the series
 */
void series_forget(struct series *s)
{
	s->nr = s->head = 0;
}

static void fill(struct series_sample *to, const struct tcphs_status *st, uint64_t second)
{
	unsigned int i;

	to->second = second;
	memcpy(to->failure, st->failure, sizeof(st->failure));
	to->count[SERIES_HANDSHAKES] = st->hist[TCPHS_HIST_HANDSHAKE_ACTIVE].count +
				       st->hist[TCPHS_HIST_HANDSHAKE_PASSIVE].count;
	to->count[SERIES_OVERFLOWS] = st->failure[TCPHS_REASON_ACCEPT_QUEUE_FULL];
	to->count[SERIES_FAILURES] = 0;
	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		to->count[SERIES_FAILURES] += st->failure[i];
}

/**
 * series_add - a snapshot
 * @s: the series
 * @st: the snapshot
 * @now: when it was taken, CLOCK_MONOTONIC, ns
 *
 * One of another load of the module, or of an earlier time, begins a new series.
 */
void series_add(struct series *s, const struct tcphs_status *st, uint64_t now)
{
	uint64_t second = now / SECOND;
	bool same;

	if (s->nr && (s->load != st->load || second < s->newest.second))
		series_forget(s);
	same = s->nr && second == s->newest.second;
	s->load = st->load;
	fill(&s->newest, st, second);
	if (same)
		return;
	s->sample[s->head] = s->newest;
	s->head = (s->head + 1) % SAMPLES;
	if (s->nr < SAMPLES)
		s->nr++;
}

/* The newest that is as old as the span, or the oldest there is. */
static const struct series_sample *base(const struct series *s)
{
	const struct series_sample *at;
	unsigned int back;

	for (back = 1; back <= s->nr; back++) {
		at = &s->sample[(s->head + SAMPLES - back) % SAMPLES];
		if (s->newest.second - at->second >= SERIES_SPAN)
			break;
	}
	return at;
}

/**
 * series_busiest - causes in order
 * @of: TCPHS_REASON_MAX + 1 numbers, by reason: how many, or how fast
 * @reason: as many bytes, get enum tcphs_reason, the most frequent first
 *
 * Return: of how many causes there are any.
 */
size_t series_busiest(const double *of, uint8_t *reason)
{
	size_t nr = 0, at;
	unsigned int i;

	for (i = 0; i <= TCPHS_REASON_MAX; i++) {
		if (!(of[i] > 0))
			continue;
		for (at = nr++; at && of[reason[at - 1]] < of[i]; at--)
			reason[at] = reason[at - 1];
		reason[at] = (uint8_t)i;
	}
	return nr;
}

/**
 * series_failures - what failed in the last minutes, by cause
 * @s: the series
 * @count: TCPHS_REASON_MAX + 1 numbers, by reason, get how often
 *
 * Return: in how many seconds that was: SERIES_SPAN, less when the series is younger, more when
 * nobody looked for longer.
 */
unsigned int series_failures(const struct series *s, double *count)
{
	const struct series_sample *from = s->nr ? base(s) : &s->newest;
	unsigned int i;

	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		count[i] = (double)(s->newest.failure[i] - from->failure[i]);
	return (unsigned int)(s->newest.second - from->second);
}

static const struct series_sample *back(const struct series *s, unsigned int n)
{
	return &s->sample[(s->head + SAMPLES - n) % SAMPLES];
}

/* A counter that is less than it was says nothing. */
static double per_second(const struct series_sample *from, const struct series_sample *to,
			 enum series_what what)
{
	if (to->count[what] < from->count[what])
		return 0;
	return (double)(to->count[what] - from->count[what]) / (double)(to->second - from->second);
}

/**
 * series_read - how much happened a second, of each stretch of time the most
 * @s: the series
 * @what: of what
 * @seconds: of a stretch; stretches stay what they are while time goes on
 * @v: gets them, the latest last; -1: of that time nothing is known
 * @nr: how many
 *
 * A second is known when the look is there that ends it. What lies between two looks that are
 * seconds apart is divided among these.
 *
 * Return: the most of all.
 */
double series_read(const struct series *s, enum series_what what, unsigned int seconds, double *v,
		   size_t nr)
{
	const struct series_sample *from, *to;
	uint64_t t, last, age;
	double rate, most = 0;
	unsigned int n;
	size_t i;

	for (i = 0; i < nr; i++)
		v[i] = -1;
	if (s->nr < 2)
		return 0;
	last = (back(s, 1)->second - 1) / seconds;
	for (n = 1; n < s->nr; n++) {
		from = back(s, n + 1);
		to = back(s, n);
		rate = per_second(from, to, what);
		for (t = to->second; t-- > from->second;) {
			age = last - t / seconds;
			if (age >= nr)
				return most;
			if (rate > v[nr - 1 - age])
				v[nr - 1 - age] = rate;
			if (rate > most)
				most = rate;
		}
	}
	return most;
}

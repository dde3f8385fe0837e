// SPDX-License-Identifier: GPL-2.0
#include "series.h"

#define SECOND	1000000000ull

static void count(struct series_counts *c, const struct tcphs_status *st)
{
	unsigned int i;

	*c = (struct series_counts){ 0 };
	c->v[SERIES_HANDSHAKES] = st->hist[TCPHS_HIST_HANDSHAKE_ACTIVE].count +
				  st->hist[TCPHS_HIST_HANDSHAKE_PASSIVE].count;
	c->v[SERIES_OVERFLOWS] = st->event[TCPHS_EV_ACCEPT_OVERFLOW] +
				 st->event[TCPHS_EV_SYN_DROPPED];
	for (i = 0; i <= TCPHS_REASON_MAX; i++) {
		c->failure[i] = st->failure[i];
		c->v[SERIES_FAILED] += st->failure[i];
	}
}

static double grown(uint64_t now, uint64_t before)
{
	return now > before ? (double)(now - before) : 0;
}

/**
 * series_forget - another time begins, or another module
 * @s: the seconds
 */
void series_forget(struct series *s)
{
	memset(s, 0, sizeof(*s));
}

static void clear(struct series *s, uint64_t second)
{
	unsigned int i;

	for (i = 0; i < SERIES; i++)
		s->v[i][second % SERIES_SECONDS] = 0;
	memset(s->failure[second % SERIES_FAILURES], 0, sizeof(s->failure[0]));
}

static void put(struct series *s, uint64_t second, const struct series_counts *now, double part)
{
	unsigned int i;

	for (i = 0; i < SERIES; i++)
		s->v[i][second % SERIES_SECONDS] += (float)(grown(now->v[i], s->last.v[i]) * part);
	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		s->failure[second % SERIES_FAILURES][i] +=
			(float)(grown(now->failure[i], s->last.failure[i]) * part);
}

/**
 * series_add - a snapshot
 * @s: the seconds
 * @st: the snapshot
 * @now: when it was taken, CLOCK_MONOTONIC, ns
 *
 * What lies between two that are seconds apart is divided among these.
 */
void series_add(struct series *s, const struct tcphs_status *st, uint64_t now)
{
	uint64_t second = now / SECOND, from, i;
	struct series_counts counts;

	count(&counts, st);
	if (s->known && (s->load != st->load || second < s->second))
		series_forget(s);
	if (!s->known) {
		s->known = true;
		s->load = st->load;
		s->first = s->second = second;
	} else {
		from = second > s->second ? s->second + 1 : second;
		if (second - from >= SERIES_SECONDS)
			from = second - SERIES_SECONDS + 1;
		for (i = s->second + 1 > from ? s->second + 1 : from; i <= second; i++)
			clear(s, i);
		for (i = from; i <= second; i++)
			put(s, i, &counts, 1.0 / (double)(second - from + 1));
		s->second = second;
	}
	s->last = counts;
}

/**
 * series_length - of how many seconds something is known
 * @s: the seconds
 * @most: and no more than that
 */
unsigned int series_length(const struct series *s, unsigned int most)
{
	uint64_t nr = s->known ? s->second - s->first : 0;

	if (most > SERIES_SECONDS)
		most = SERIES_SECONDS;
	return nr < most ? (unsigned int)nr : most;
}

/**
 * series_read - the last of them, a second, each the mean of several
 * @s: the seconds
 * @what: of which
 * @seconds: of each value
 * @v: gets them, the oldest first; -1: of that time nothing is known
 * @nr: how many
 */
void series_read(const struct series *s, enum series_what what, unsigned int seconds, double *v,
		 size_t nr)
{
	uint64_t back, second;
	unsigned int k, known;
	size_t i;

	for (i = 0; i < nr; i++) {
		v[i] = 0;
		known = 0;
		for (k = 0; k < seconds; k++) {
			back = (uint64_t)(nr - 1 - i) * seconds + k;
			second = s->second - back;
			if (!s->known || back >= SERIES_SECONDS || second <= s->first ||
			    back >= s->second)
				continue;
			v[i] += (double)s->v[what][second % SERIES_SECONDS];
			known++;
		}
		v[i] = known ? v[i] / known : -1;
	}
}

/**
 * series_failures - what failed in the last minutes, by cause
 * @s: the seconds
 * @reason: TCPHS_REASON_MAX + 1 bytes, get enum tcphs_reason, the most frequent first
 * @count: as many, get how often
 * @seconds: gets of how many seconds that is
 *
 * Return: how many causes there are.
 */
size_t series_failures(const struct series *s, uint8_t *reason, double *count,
		       unsigned int *seconds)
{
	size_t nr = 0, at;
	unsigned int i, k;
	double sum;

	*seconds = series_length(s, SERIES_FAILURES);
	for (i = 0; i <= TCPHS_REASON_MAX; i++) {
		for (sum = 0, k = 0; k < *seconds; k++)
			sum += (double)s->failure[(s->second - k) % SERIES_FAILURES][i];
		if (sum < 0.01)
			continue;
		for (at = nr++; at && count[at - 1] < sum; at--) {
			reason[at] = reason[at - 1];
			count[at] = count[at - 1];
		}
		reason[at] = (uint8_t)i;
		count[at] = sum;
	}
	return nr;
}

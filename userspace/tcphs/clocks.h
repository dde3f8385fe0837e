/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How far the clock of one machine is ahead of another's, by segments that one sent and the
 * other got: none arrives before it was sent. Each gives a bound, those of both directions two,
 * and where all of them fit one number that is taken. Clocks that run at different speeds
 * need several: each holds as long as it fits.
 */
#ifndef TCPHS_CLOCKS_H
#define TCPHS_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

/* ns: what segments of one moment say of the clock of one machine less the clock of the other. */
struct clock_bounds {
	int64_t at;		/* when, by the one */
	int64_t low;		/* INT64_MIN: not bounded */
	int64_t high;		/* INT64_MAX: likewise */
};

struct clock_era {
	int64_t from;		/* by the one; the first is of all that is before, too */
	int64_t low, high;	/* of all bounds in it */
	int64_t offset;		/* what is taken */
	int64_t error;		/* at most so far from what is true; -1: not known, only one bound is */
};

/* All zero: nothing is known, and 0 is taken. */
struct clock_offset {
	struct clock_era *era;	/* for free() */
	uint32_t nr;
	uint64_t moments;	/* of which there were bounds */
	uint64_t senseless;	/* of these: which contradict themselves, and were left out */
};

int clocks_estimate(struct clock_offset *o, struct clock_bounds *b, uint32_t nr);
int64_t clocks_offset(const struct clock_offset *o, int64_t at);
/* The largest of all eras; -1: of one it is not known, or there is none. */
int64_t clocks_error(const struct clock_offset *o);

/* The same time by two clocks, of a bound that is there. */
static inline void clocks_bound_low(struct clock_bounds *b, int64_t low)
{
	if (low > b->low)
		b->low = low;
}

static inline void clocks_bound_high(struct clock_bounds *b, int64_t high)
{
	if (high < b->high)
		b->high = high;
}

#endif /* TCPHS_CLOCKS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* The fewest numbers that fit all bounds in the order of time: each is kept as long as it fits. */
#include <errno.h>
#include <stdlib.h>

#include "clocks.h"
#include "hash.h"

static int by_time(const void *a, const void *b)
{
	const struct clock_bounds *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static bool has_both(int64_t low, int64_t high)
{
	return low != INT64_MIN && high != INT64_MAX;
}

/* Half the way between two that may be far apart. */
static int64_t middle(int64_t low, int64_t high)
{
	return low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
}

static void settle(struct clock_era *e)
{
	e->error = -1;
	if (has_both(e->low, e->high)) {
		e->offset = middle(e->low, e->high);
		e->error = e->high - e->offset;
	} else {
		e->offset = e->low != INT64_MIN ? e->low : e->high;
	}
}

/*
 * With one era the clocks are taken to run at one speed. Where they evidently do not, what
 * fits all bounds of an era need not be true at any moment of it: how far off it is, those
 * of each moment say.
 */
static void widen(struct clock_era *e, const struct clock_bounds *b)
{
	if (e->error < 0 || !has_both(b->low, b->high))
		return;
	if (b->high - e->offset > e->error)
		e->error = b->high - e->offset;
	if (e->offset - b->low > e->error)
		e->error = e->offset - b->low;
}

static struct clock_era *era_of(const struct clock_offset *o, int64_t at)
{
	uint32_t low = 0, high = o->nr, mid;

	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (o->era[mid].from <= at)
			low = mid;
		else
			high = mid;
	}
	return &o->era[low];
}

/* One more moment, the latest. */
static int take(struct clock_offset *o, uint32_t *cap, const struct clock_bounds *b)
{
	struct clock_era *e = o->nr ? &o->era[o->nr - 1] : NULL;

	if (e && b->low <= e->high && b->high >= e->low) {
		e->low = b->low > e->low ? b->low : e->low;
		e->high = b->high < e->high ? b->high : e->high;
		return 0;
	}
	if (array_grow(&o->era, o->nr + 1, cap, sizeof(*o->era)))
		return -ENOMEM;
	o->era[o->nr++] = (struct clock_era){ .from = b->at, .low = b->low, .high = b->high };
	return 0;
}

/**
 * clocks_estimate - how far one clock is ahead of the other
 * @o: gets it
 * @b: what segments say; is put in order
 * @nr: how many
 *
 * Return: 0 or -ENOMEM.
 */
int clocks_estimate(struct clock_offset *o, struct clock_bounds *b, uint32_t nr)
{
	uint32_t i, cap = 0;

	*o = (struct clock_offset){ .moments = nr };
	if (nr)
		qsort(b, nr, sizeof(*b), by_time);
	for (i = 0; i < nr; i++) {
		if (b[i].low > b[i].high)
			o->senseless++;
		else if (take(o, &cap, &b[i]))
			return -ENOMEM;
	}
	for (i = 0; i < o->nr; i++)
		settle(&o->era[i]);
	for (i = 0; o->nr > 1 && i < nr; i++)
		if (b[i].low <= b[i].high)
			widen(era_of(o, b[i].at), &b[i]);
	return 0;
}

/**
 * clocks_offset - of a moment
 * @o: of clocks_estimate()
 * @at: when, by the one clock
 *
 * Return: ns that it is ahead of the other.
 */
int64_t clocks_offset(const struct clock_offset *o, int64_t at)
{
	return o->nr ? era_of(o, at)->offset : 0;
}

/**
 * clocks_error - how far that may be off
 * @o: of clocks_estimate()
 */
int64_t clocks_error(const struct clock_offset *o)
{
	int64_t error = o->nr ? 0 : -1;
	uint32_t i;

	for (i = 0; i < o->nr; i++) {
		if (o->era[i].error < 0)
			return -1;
		if (o->era[i].error > error)
			error = o->era[i].error;
	}
	return error;
}

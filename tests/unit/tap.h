/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test Anything Protocol for host tests: plan first, one line a check.
 *
 * plan() the number of checks, then ok() that often, then return tap_done().
 */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>
#include <string.h>

static struct {
	int planned;
	int run;
	int failed;
} tap;

static inline void plan(int n)
{
	tap.planned = n;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", n);
}

static inline int tap_ok(int good, const char *name, const char *file, int line)
{
	tap.run++;
	tap.failed += !good;
	printf("%s %d - %s\n", good ? "ok" : "not ok", tap.run, name);
	if (!good)
		printf("# %s:%d\n", file, line);
	return good;
}

static inline int tap_same(const char *got, const char *want, const char *name, const char *file,
			   int line)
{
	if (tap_ok(!strcmp(got, want), name, file, line))
		return 1;
	printf("#  got: %s\n# want: %s\n", got, want);
	return 0;
}

static inline int tap_equal(unsigned long long got, unsigned long long want, const char *name,
			    const char *file, int line)
{
	if (tap_ok(got == want, name, file, line))
		return 1;
	printf("#  got: %llu\n# want: %llu\n", got, want);
	return 0;
}

#define ok(good, name)		tap_ok(!!(good), name, __FILE__, __LINE__)
#define same(got, want, name)	tap_same(got, want, name, __FILE__, __LINE__)
#define equal(got, want, name)	tap_equal(got, want, name, __FILE__, __LINE__)

static inline int tap_done(void)
{
	if (tap.run != tap.planned)
		printf("# planned %d, ran %d\n", tap.planned, tap.run);
	return tap.failed || tap.run != tap.planned;
}

#endif /* TAP_H */

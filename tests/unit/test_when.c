/* SPDX-License-Identifier: GPL-2.0 */
/* Moments as people write them, in a zone with summer time. */
#include <stdlib.h>
#include <time.h>

#include "tap.h"
#include "internal.h"

#define SEC	1000000000ll
/* 2026-11-28 10:00:00 in Berlin, which is 09:00 in Greenwich. */
#define NOW	(1795856400ll * SEC)

/* 2026-10-25 02:00 in Berlin, in summer; an hour later it is that again, in winter. */
#define FOLD	(1792886400ll * SEC)
#define MINUTE	(60 * SEC)

/* @begin: of a recording of eight hours; 0: live */
static int64_t resolved(const char *arg, int64_t begin)
{
	struct tcphs_span span = { begin, begin + 8 * 3600 * SEC };
	struct tcphs_when when;

	return tcphs_when_parse(arg, &when) ? -1 : tcphs_when_resolve(&when, NOW, begin ? &span : NULL);
}

static void test_ages(void)
{
	equal(resolved("90s", 0), NOW - 90 * SEC, "90 seconds ago");
	equal(resolved("90", 0), NOW - 90 * SEC, "without a unit it is seconds");
	equal(resolved("1.5h", 0), NOW - 5400 * SEC, "an hour and a half");
	equal(resolved("40000d", 0), 0, "nothing is older than the epoch");
}

static void test_times_of_day(void)
{
	equal(resolved("09:59", 0), NOW - 60 * SEC, "today, a minute ago");
	equal(resolved("09:59:59.5", 0), NOW - SEC / 2, "half a second ago");
	equal(resolved("10:00", 0), NOW, "just now");
	equal(resolved("10:01", 0), NOW + 60 * SEC - 86400 * SEC, "later than now: yesterday");
	/* A recording of that morning, 03:12:30. */
	equal(resolved("03:12", NOW - 24450 * SEC), NOW - 24480 * SEC,
	      "of a recording: a little before its beginning");
	equal(resolved("03:30", NOW - 24450 * SEC), NOW - 23400 * SEC, "after its beginning");
	equal(resolved("00:05", NOW - 36600 * SEC), NOW - 35700 * SEC,
	      "after midnight, of one that began before");
	equal(resolved("01:00", NOW - 24450 * SEC), NOW - 32400 * SEC,
	      "hours before its beginning: that night");
	equal(resolved("18:00", NOW - 24450 * SEC), NOW + 28800 * SEC,
	      "hours after its end: that day");
	equal(resolved("23:00", NOW - 24450 * SEC), NOW - 39600 * SEC,
	      "neither in it: the evening before is nearer");
}

static int64_t resolved_at(const char *arg, int64_t now, const struct tcphs_span *span)
{
	struct tcphs_when when;

	return tcphs_when_parse(arg, &when) ? -1 : tcphs_when_resolve(&when, now, span);
}

/* In each order: what was asked before changes nothing. */
static void test_hour_that_comes_twice(void)
{
	const struct tcphs_span both = { FOLD - MINUTE, FOLD + 240 * MINUTE };
	const struct tcphs_span second = { FOLD + 60 * MINUTE, FOLD + 240 * MINUTE };
	const struct tcphs_span later = { FOLD + 100 * MINUTE, FOLD + 240 * MINUTE };

	equal(resolved_at("02:10", FOLD + 600 * MINUTE, NULL), FOLD + 70 * MINUTE, "later that day: the second");
	equal(resolved_at("02:10", FOLD + 15 * MINUTE, NULL), FOLD + 10 * MINUTE, "in the first: the first");
	equal(resolved_at("02:10", FOLD + 75 * MINUTE, NULL), FOLD + 70 * MINUTE, "in the second: the second");
	equal(resolved_at("02:30", FOLD + 75 * MINUTE, NULL), FOLD + 30 * MINUTE,
	      "in the second, of what is to come once more: the first");
	equal(resolved_at("02:30", FOLD + 15 * MINUTE, NULL), FOLD + 30 * MINUTE - 86400 * SEC,
	      "in the first, of what is to come: the day before");
	equal(resolved_at("2026-10-25 02:10", FOLD, NULL), FOLD + 10 * MINUTE, "of a date: the first");
	equal(resolved_at("2026-10-25 02:10+01:00", FOLD, NULL), FOLD + 70 * MINUTE, "with a zone: the second");
	equal(resolved_at("02:10", NOW, &both), FOLD + 10 * MINUTE, "of a recording of both: the first");
	equal(resolved_at("02:10", NOW, &second), FOLD + 70 * MINUTE, "of the second: the second");
	equal(resolved_at("02:10", NOW, &later), FOLD + 70 * MINUTE, "after both: the one that is nearer");
}

/* 2026-03-29 02:00 to 03:00 */
static void test_hour_that_is_skipped(void)
{
	const int64_t gap = 1774746000ll * SEC;

	equal(resolved_at("02:30", gap + 60 * MINUTE, NULL), gap + 30 * MINUTE, "later that day: half past three");
	equal(resolved_at("03:10", gap + 60 * MINUTE, NULL), gap + 10 * MINUTE, "after the gap");
	equal(resolved_at("01:50", gap + 60 * MINUTE, NULL), gap - 10 * MINUTE, "before it");
}

static int64_t until(const char *since, const char *until_, int64_t now)
{
	struct tcphs_filter filter = { 0 };
	struct tcphs_error err = { 0 };

	if (since && tcphs_filter_parse(&filter, TCPHS_FILTER_SINCE, since, &err))
		return -1;
	if (tcphs_filter_parse(&filter, TCPHS_FILTER_UNTIL, until_, &err))
		return -1;
	return tcphs_filter_clock(&filter, 0, now, NULL, &err) ? -1 : (int64_t)filter.until_ns;
}

static void test_until(void)
{
	const int64_t now = FOLD + 100 * MINUTE;

	equal(until("02:10", "02:30", now), FOLD + 90 * MINUTE, "--until after --since, both in the second");
	equal(until("02:30", "02:10", FOLD + 75 * MINUTE), FOLD + 70 * MINUTE,
	      "--since in the first, --until in the second");
	equal(until("01:30", "02:10", now), FOLD + 10 * MINUTE, "--since before both: the first");
	equal(until(NULL, "02:10", now), FOLD + 70 * MINUTE, "without --since, the last before now");
	equal(until("23:00", "01:00", now), FOLD - 60 * MINUTE, "over midnight");
}

static void test_dates(void)
{
	equal(resolved("2262-04-12", 0) > 0, 1, "as late as nanoseconds count");
	equal(resolved("2262-04-13", 0), -1, "and no later");
	equal(resolved("2026-11-28 03:12", 0), NOW - 24480 * SEC, "a date and a time");
	equal(resolved("2026-11-28T03:12:07", 0), NOW - 24473 * SEC, "with seconds, as in ISO 8601");
	equal(resolved("2026-11-28", 0), NOW - 36000 * SEC, "a date is its midnight");
	equal(resolved("2026-11-28T09:00:00.250000000Z", 0), NOW + SEC / 4, "as JSON has it");
	equal(resolved("2026-11-28T12:30:00+03:30", 0), NOW, "with a zone");
	equal(resolved("2026-07-01 12:00", 0), 1782900000ll * SEC, "in summer time");
	equal(resolved("2026-11-28T00:05Z", NOW - 3600 * SEC), NOW - 32100 * SEC,
	      "a recording changes nothing about it");
}

static void test_wrong_ones(void)
{
	static const char *const wrong[] = {
		"", "0312", "1530", "25:00", "03:60", "-5m", "5x", "03:12pm", "2026-13-01", "2026-11-28T03:12+",
		"2026-11-28 03:12 Zulu", "yesterday", "03:12:30.", "99999999999999999999d", " 03:12",
		"2026-02-29", "2026-11-31 03:12", "2026-11-28T03:12+25:00",
	};
	struct tcphs_when when;
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(name, sizeof(name), "'%s' is no time", wrong[i]);
		ok(tcphs_when_parse(wrong[i], &when), name);
	}
}

int main(void)
{
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	plan(59);
	test_ages();
	test_times_of_day();
	test_hour_that_comes_twice();
	test_hour_that_is_skipped();
	test_until();
	test_dates();
	test_wrong_ones();
	return tap_done();
}

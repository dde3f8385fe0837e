/* SPDX-License-Identifier: GPL-2.0 */
/* Moments as people write them, in a zone with summer time. */
#include <stdlib.h>
#include <time.h>

#include "tap.h"
#include "tcphs.h"

#define SEC	1000000000ll
/* 2026-11-28 10:00:00 in Berlin, which is 09:00 in Greenwich. */
#define NOW	(1795856400ll * SEC)

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
	plan(41);
	test_ages();
	test_times_of_day();
	test_dates();
	test_wrong_ones();
	return tap_done();
}

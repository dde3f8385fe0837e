/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments as people write them: so long ago, a time of day, a date. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ll
#define HOUR		(3600 * NSEC_PER_SEC)
#define DAY		(24 * 60 * 60)

/* ".123456789" or nothing, as JSON has it. */
static const char *parse_fraction(const char *p, int64_t *ns)
{
	int64_t scale = NSEC_PER_SEC / 10;

	if (*p != '.' || p[1] < '0' || p[1] > '9')
		return p;
	for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
		*ns += (*p - '0') * scale;
	return p;
}

/* "Z", "+01:00", "+0100": minutes east of Greenwich. NULL: none of them. */
static const char *parse_zone(const char *p, long *minutes)
{
	struct tm tm = { .tm_gmtoff = 0 };

	if (*p == 'Z') {
		*minutes = 0;
		return p + 1;
	}
	if (*p != '+' && *p != '-')
		return NULL;
	p = strptime(p, "%z", &tm);
	*minutes = tm.tm_gmtoff / 60;
	return labs(*minutes) < 24 * 60 ? p : NULL;
}

/* The first of the forms that fits a beginning of @arg; what follows it, or NULL. */
static const char *parse_forms(const char *const *forms, const char *arg, struct tm *tm)
{
	const char *end;

	for (; *forms; forms++) {
		*tm = (struct tm){ .tm_isdst = 0 };
		end = strptime(arg, *forms, tm);
		if (end)
			return end;
	}
	return NULL;
}

/* strptime() takes any day up to the 31st. */
static bool in_calendar(const struct tm *tm)
{
	struct tm day = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday };

	timegm(&day);
	return day.tm_mon == tm->tm_mon;
}

/* Nanoseconds of so many bits count up to the year 2262. */
static bool in_range(time_t t)
{
	return t > -INT64_MAX / NSEC_PER_SEC && t < INT64_MAX / NSEC_PER_SEC - 1;
}

/* How far clocks are ahead of Greenwich at that time, s */
static long zone_at(time_t t)
{
	struct tm tm;

	return in_range(t) && localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

/*
 * When clocks show @tm. Those that are set back show an hour twice: @last says which is meant.
 * What they skip when they are set forward is as much later. Asked the same, mktime() answers
 * by what it was asked before.
 */
static time_t local_time(struct tm *tm, bool last)
{
	time_t shown = timegm(tm);
	time_t old = shown - zone_at(shown - DAY), new = shown - zone_at(shown + DAY);
	bool by_old = old + zone_at(old) == shown, by_new = new + zone_at(new) == shown;

	return by_new && (last || !by_old) ? new : old;
}

static int parse_date(const char *arg, struct tcphs_when *when)
{
	static const char *const forms[] = {
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
		"%Y-%m-%d", NULL
	};
	int64_t ns = 0;
	const char *p;
	struct tm tm;
	long zone;
	time_t t;

	p = parse_forms(forms, arg, &tm);
	if (!p || !in_calendar(&tm))
		return -EINVAL;
	p = parse_fraction(p, &ns);
	if (!*p) {
		t = local_time(&tm, false);
	} else {
		p = parse_zone(p, &zone);
		if (!p || *p)
			return -EINVAL;
		t = timegm(&tm) - zone * 60;
	}
	if (!in_range(t))
		return -EINVAL;
	ns += t * NSEC_PER_SEC;
	*when = (struct tcphs_when){ .kind = TCPHS_WHEN_MOMENT, .ns = ns };
	return 0;
}

static int parse_time_of_day(const char *arg, struct tcphs_when *when)
{
	static const char *const forms[] = { "%H:%M:%S", "%H:%M", NULL };
	int64_t ns = 0;
	const char *p;
	struct tm tm;

	p = parse_forms(forms, arg, &tm);
	if (!p || *parse_fraction(p, &ns))
		return -EINVAL;
	ns += ((tm.tm_hour * 60 + tm.tm_min) * 60 + tm.tm_sec) * NSEC_PER_SEC;
	*when = (struct tcphs_when){ .kind = TCPHS_WHEN_TIME_OF_DAY, .ns = ns };
	return 0;
}

/**
 * tcphs_when_parse - words -> a moment
 * @arg: an age as of tcphs_duration_parse(), a time of day, or a date with or without one
 * @when: the moment, to be resolved
 *
 * Return: 0 or -EINVAL, see TCPHS_WHEN_ALLOWED.
 */
int tcphs_when_parse(const char *arg, struct tcphs_when *when)
{
	uint64_t ns;

	/* A time of day without its colon, or seconds? */
	if (strspn(arg, "0123456789") == 4 && !arg[4])
		return -EINVAL;
	if (!tcphs_duration_parse(arg, &ns) && ns < INT64_MAX) {
		*when = (struct tcphs_when){ .kind = TCPHS_WHEN_AGE, .ns = (int64_t)ns };
		return 0;
	}
	/* strptime() would skip blanks. */
	if (*arg < '0' || *arg > '9')
		return -EINVAL;
	return parse_time_of_day(arg, when) && parse_date(arg, when) ? -EINVAL : 0;
}

/*
 * A time of day, in ns since midnight as clocks show it, so many days after the local day of a
 * moment; on a day that has it twice the @last one or the first.
 */
static int64_t on_day(int64_t moment, int days, int64_t time_of_day, bool last)
{
	time_t t = moment / NSEC_PER_SEC;
	struct tm tm;

	localtime_r(&t, &tm);
	tm.tm_mday += days;
	tm.tm_hour = (int)(time_of_day / HOUR);
	tm.tm_min = (int)(time_of_day / (60 * NSEC_PER_SEC) % 60);
	tm.tm_sec = (int)(time_of_day / NSEC_PER_SEC % 60);
	t = local_time(&tm, last);
	/* In a recording that a stranger wrote the clock may be at its end. */
	return in_range(t) ? t * NSEC_PER_SEC + time_of_day % NSEC_PER_SEC : moment;
}

/* The first one in it; when there is none, the one that is nearest to it. */
static int64_t in_span(int64_t time_of_day, const struct tcphs_span *span)
{
	int64_t before, after = on_day(span->begin, -1, time_of_day, true);
	int i = 0;

	do {
		before = after;
		after = on_day(span->begin, i / 2, time_of_day, i % 2);
	} while (after < span->begin && ++i < 3);
	return after <= span->end || (uint64_t)after - (uint64_t)span->end <=
				     (uint64_t)span->begin - (uint64_t)before ? after : before;
}

/**
 * tcphs_when_today - a time of day, today
 * @now: CLOCK_REALTIME in ns
 * @time_of_day: ns since midnight, as clocks show it
 *
 * Return: CLOCK_REALTIME in ns, the last one before now if there is one
 */
int64_t tcphs_when_today(int64_t now, int64_t time_of_day)
{
	int64_t last = on_day(now, 0, time_of_day, true);

	return last > now ? on_day(now, 0, time_of_day, false) : last;
}

/**
 * tcphs_when_after - the first such time of day
 * @moment: CLOCK_REALTIME in ns
 * @time_of_day: ns since midnight, as clocks show it
 *
 * Return: CLOCK_REALTIME in ns, not before @moment
 */
int64_t tcphs_when_after(int64_t moment, int64_t time_of_day)
{
	int64_t first = on_day(moment, 0, time_of_day, false);

	if (first < moment)
		first = on_day(moment, 0, time_of_day, true);
	return first < moment ? on_day(moment, 1, time_of_day, false) : first;
}

/**
 * tcphs_when_resolve - which moment that is
 * @when: of tcphs_when_parse()
 * @now: CLOCK_REALTIME in ns; an age counts from there, and a time of day is the last one before
 * @span: of a recording: a time of day is the first one in it, or else the one nearest to it;
 *	NULL: none
 *
 * Return: CLOCK_REALTIME in ns
 */
int64_t tcphs_when_resolve(const struct tcphs_when *when, int64_t now,
			   const struct tcphs_span *span)
{
	int64_t moment;

	switch (when->kind) {
	case TCPHS_WHEN_AGE:
		return now > when->ns ? now - when->ns : 0;
	case TCPHS_WHEN_TIME_OF_DAY:
		if (span)
			return in_span(when->ns, span);
		moment = tcphs_when_today(now, when->ns);
		return moment > now ? on_day(now, -1, when->ns, true) : moment;
	case TCPHS_WHEN_MOMENT:
		break;
	}
	return when->ns;
}

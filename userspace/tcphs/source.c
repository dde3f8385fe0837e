/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events out of the kernel (what the rings hold, and then what comes; or those of a
 * command while it runs) or out of a recording.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "hash.h"
#include "hosts.h"
#include "reboots.h"
#include "scope.h"
#include "site.h"
#include "source.h"

#define NSEC_PER_SEC 1000000000ll
/* Of a directory, what lives did so long before and after a time is read, too. */
#define LIFE_MARGIN (600 * NSEC_PER_SEC)
/* When a command has ended its connections are still being closed, so long at most. */
#define CLOSING_TIME (1 * NSEC_PER_SEC)

/* For whoever is told of boots the clock goes on. */
struct boots_read {
	void (*tell)(void *arg);	/* NULL: nobody asks, and times are as they are */
	void *arg;
	struct reboots seen;
	uint64_t shift;			/* added to the times of this one */
	uint64_t last;			/* the latest time so far, with that */
};

/* What is shown of a command after it has ended. */
struct emitted {
	struct tcphs_event ev;
	uint64_t lost;		/* so many were lost here, and @ev.cpu says where; 0: it is an event */
};

struct source {
	struct cli *cli;
	struct tcphs_filter filter;
	struct tcphs_clock clock;
	int64_t now;		/* when it was opened, CLOCK_REALTIME */

	/* the kernel */
	struct tcphs_session *session;
	struct tcphs_events *events;
	bool fetched;		/* source_keep_last() has pulled already */

	/* a command; NULL: there is none */
	struct command *command;
	struct scope *scope;
	struct tcphs_host host;	/* this one */
	struct emitted *emitted;	/* once it has ended, unless it is followed */
	uint32_t nr_emitted, emitted_cap;
	bool has_ended;

	/* a recording, or several; both NULL: it's the kernel */
	struct tcphs_recording *recording;
	struct hosts *hosts;
	int file;
	const char *name;	/* of it, for messages */
	size_t skip;		/* events that are not among the last */
	struct tcphs_span span;	/* its time, if --since or --until is a time of day */
	bool has_span;
	struct boots_read boots;
};

static enum tcphs_kept_mode kept_mode(const struct cli *cli)
{
	bool time = tcphs_filter_has(&cli->filter, TCPHS_FILTER_SINCE) ||
		    tcphs_filter_has(&cli->filter, TCPHS_FILTER_UNTIL);

	if (cli->command || cli->verb->keeps == KEEPS_NOT || (cli->verb->keeps == KEEPS_OF_A_TIME && !time))
		return TCPHS_KEPT_NOT;
	return cli->kept ? TCPHS_KEPT_ONLY : TCPHS_KEPT_TOO;
}

/* Before it runs: everything about it is to be heard. */
static int open_command(struct source *s, struct tcphs_error *err)
{
	s->command = command_new(s->cli->command, err);
	if (!s->command)
		return -1;
	s->scope = scope_new(s->command);
	if (s->scope)
		return 0;
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return -1;
}

static int open_kernel(struct source *s, struct tcphs_error *err)
{
	/* Of a command's events each may say whose a connection is. */
	const struct tcphs_filter *filter = s->cli->command ? NULL : &s->filter;

	s->events = tcphs_events_new(s->cli->all_netns, kept_mode(s->cli), filter);
	if (!s->events) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	s->session = cli_session(err);
	if (!s->session)
		return -1;
	s->clock.offset = tcphs_session_clock(s->session);
	tcphs_host_here(&s->host);
	return s->cli->command ? open_command(s, err) : 0;
}

static int64_t now_of(const struct source *s)
{
	struct timespec ts;

	if (s->session)
		return s->clock.offset + (int64_t)tcphs_session_now(s->session);
	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static bool interrupted(void *arg)
{
	(void)arg;
	return tcphs_stop_asked();
}

/* Somebody may have meant them to be read. */
static void say_others(const struct source *s)
{
	char name[256], more[48] = "";
	size_t nr = tcphs_recording_others(s->recording, name);

	if (!nr)
		return;
	if (nr > 1)
		snprintf(more, sizeof(more), " and %zu other%s", nr - 1, tcphs_plural(nr - 1));
	cli_say("tcphs: %s: %s%s %s not of tcphs record and left out", s->name, name, more,
		nr > 1 ? "are" : "is");
}

static int open_recording(struct source *s, struct tcphs_error *err)
{
	const char *name = s->cli->read;

	if (!strcmp(name, "-")) {
		name = "standard input";
		s->file = STDIN_FILENO;
	} else {
		s->file = open(name, O_RDONLY | O_CLOEXEC);
	}
	if (s->file < 0) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot open %.256s: %s", name,
				strerror(errno));
		return -1;
	}
	s->name = name;
	s->recording = tcphs_recording_open(s->file, name, interrupted, NULL, err);
	if (!s->recording)
		return -1;
	say_others(s);
	s->clock.offset = tcphs_recording_info(s->recording)->clock_offset;
	if (tcphs_recording_info(s->recording)->all_netns)
		s->cli->all_netns = true;
	return 0;
}

/* "3.000041 s", exact to what is known of it. */
static void put_offset(char *p, int64_t ns)
{
	uint64_t abs = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	sprintf(p, "%llu.%06llu s", (unsigned long long)(abs / NSEC_PER_SEC),
		(unsigned long long)(abs % NSEC_PER_SEC / 1000));
}

/* Which of two clocks is ahead, and how well that is known. */
static void say_clock(const struct source *s, const struct host_pair *pair)
{
	const struct clock_offset *clock = &pair->clock;
	int64_t offset = clock->nr ? clock->era[0].offset : 0, error = clocks_error(clock);
	char by[40], within[TCPHS_DURATION_LEN] = "not known", more[96] = "";
	bool behind = offset < 0;

	if (error >= 0)
		tcphs_fmt_duration(within, (uint64_t)error, s->cli->utf8);
	if (clock->nr > 1)
		snprintf(more, sizeof(more), ", and drifts: %u times it was another by more than that",
			 clock->nr - 1);
	put_offset(by, offset);
	cli_say("tcphs: the clock of %s is %s ahead of that of %s by %llu handshake%s and close%s they share, error %s%s",
		hosts_name(s->hosts, pair->host[!behind]), by,
		hosts_name(s->hosts, pair->host[behind]), (unsigned long long)pair->moments,
		pair->moments == 1 ? "" : "s", pair->moments == 1 ? "" : "s", within, more);
}

static void say_clocks(const struct source *s)
{
	const struct host_pair *pair;
	unsigned int nr, i, known = 0;

	pair = hosts_pairs(s->hosts, &nr);
	for (i = 0; i < nr; i++) {
		if (!pair[i].clock.nr)
			continue;
		known++;
		say_clock(s, &pair[i]);
	}
	if (known + 1 < hosts_count(s->hosts))
		cli_say("tcphs: %s of these machines share no connection of which both ends are on record: their clocks are taken as they are",
			known ? "some" : "the recordings");
	if (hosts_full(s->hosts))
		cli_say("tcphs: there are more connections than can be compared; choose a time with --since and --until when recording, or fewer files");
}

static int open_hosts(struct source *s, struct tcphs_error *err)
{
	s->hosts = hosts_open(s->cli->reads, s->cli->nr_reads, s->cli->cgroups, err);
	if (!s->hosts)
		return -1;
	s->name = s->cli->read;
	s->clock.offset = 0;
	s->cli->several = hosts_count(s->hosts) > 1;
	if (s->cli->several || hosts_all_netns(s->hosts))
		s->cli->all_netns = true;
	s->has_span = hosts_span(s->hosts, &s->span);
	if (s->cli->several)
		say_clocks(s);
	return 0;
}

struct ends {
	const struct source *s;
	struct tcphs_span span;
	bool any;
};

static void on_end(void *arg, const struct tcphs_event *ev)
{
	struct ends *ends = arg;
	int64_t time = real_time(ends->s->clock.offset, ev->time);

	if (!ends->any)
		ends->span.begin = time;
	ends->span.end = time;
	ends->any = true;
}

/* When a recording begins and ends: times of day are of those days. */
static int span_of(struct source *s, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_end };
	struct ends ends = { .s = s };
	int more;

	do {
		more = tcphs_recording_read(s->recording, &ops, &ends, err);
		s->clock.offset = tcphs_recording_info(s->recording)->clock_offset;
	} while (more > 0 && !tcphs_stop_asked());
	s->span = ends.span;
	s->has_span = ends.any;
	/* What is wrong with it will be said when it is read. */
	memset(err, 0, sizeof(*err));
	if (tcphs_recording_rewind(s->recording, err))
		return -1;
	s->clock.offset = tcphs_recording_info(s->recording)->clock_offset;
	return 0;
}

static void on_nothing(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	(void)ev;
}

static void on_name(void *arg, uint64_t id, const char *path)
{
	const struct source *s = arg;

	if (s->cli->cgroups)
		tcphs_cgroups_add(s->cli->cgroups, id, path);
}

/**
 * source_read_names - what cgroups were ever called, whatever time is asked for
 * @s: the source, whose events have been read: they can't be read again
 *
 * A directory names them where they have events.
 */
void source_read_names(struct source *s)
{
	static const struct tcphs_events_ops ops = { .record = on_nothing, .cgroup = on_name };
	struct tcphs_error err = { 0 };

	if (!s->recording || !tcphs_recording_is_directory(s->recording))
		return;
	tcphs_recording_window(s->recording, INT64_MIN, INT64_MAX);
	if (tcphs_recording_rewind(s->recording, &err))
		return;
	while (tcphs_recording_read(s->recording, &ops, s, &err) > 0 && !tcphs_stop_asked())
		;
}

/* What chooses lives is not for single events, unless it fits all of one or none. */
static void take_filter(struct source *s)
{
	s->filter = s->cli->filter;
	if (s->cli->verb->lives || s->cli->verb->early)
		s->filter.keys &= s->cli->verb->early;
}

/* What --since and --until mean by the clock of the events that come next. */
static int resolve_times(struct source *s, struct tcphs_error *err)
{
	struct tcphs_filter *f = &s->cli->filter;
	int failed = tcphs_filter_clock(f, s->clock.offset, s->now,
					s->has_span ? &s->span : NULL, err);

	take_filter(s);
	return failed;
}

/* The clock was set, or the machine slept: then they mean something else from there on. */
static void set_clock(struct source *s, int64_t offset)
{
	if (offset == s->clock.offset)
		return;
	s->clock.offset = offset;
	/* Which of the two comes first was found right before. */
	resolve_times(s, NULL);
}

/* After each piece; who is told of boots has the clock of before until the next event. */
static void follow_clock(struct source *s)
{
	if (!s->hosts && !s->boots.tell)
		set_clock(s, tcphs_recording_info(s->recording)->clock_offset);
}

/* Of a time from @since on, what is not remembered. Kept is not always longer than the ring. */
static void say_what_is_gone(const struct source *s, const struct tcphs_status *st, uint64_t since,
			     uint64_t now)
{
	bool only = s->cli->kept;
	uint64_t reach = only ? st->kept_reach : st->ring_reach;
	char from[CLI_MOMENT_LEN], kept[CLI_MOMENT_LEN];

	if (since >= now - reach)
		return;
	cli_moment(from, s->clock.offset + (int64_t)(now - reach));
	cli_moment(kept, s->clock.offset + (int64_t)(now - st->kept_reach));
	if (!(only ? st->kept_overwritten : st->overwritten))
		cli_say("tcphs: nothing is known of before %s, when the module was loaded", from);
	else if (only)
		cli_say("tcphs: all that went wrong is kept since %s; of before that some of it", from);
	else if (st->kept_reach > reach)
		cli_say("tcphs: the ring has everything since %s; of before that only what went wrong is kept, since %s",
			from, kept);
	else
		cli_say("tcphs: the ring has everything since %s; of before that only some of what went wrong is kept",
			from);
}

/**
 * source_since - what must be remembered for an empty answer to say something
 * @s: of the kernel, with --since or --until
 *
 * Return: CLOCK_MONOTONIC. Without a beginning all is asked that is remembered, and nothing is
 * when the end is gone.
 */
uint64_t source_since(const struct source *s)
{
	const struct tcphs_filter *f = &s->cli->filter;

	return tcphs_filter_has(f, TCPHS_FILTER_SINCE) ? f->since_ns : f->until_ns;
}

/* An empty answer about a time that is not remembered says nothing: so say that. */
static int say_reach(struct source *s, struct tcphs_error *err)
{
	uint64_t now = tcphs_session_now(s->session), since = source_since(s);
	struct tcphs_status *st;
	int ret;

	st = malloc(sizeof(*st));
	if (!st) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	ret = tcphs_get_status(s->session, st, err);
	if (!ret && st->has_overwritten)
		say_what_is_gone(s, st, since, now);
	free(st);
	return ret;
}

/* Nothing but that is read: a directory may hold days. */
static void set_window(struct source *s)
{
	const struct tcphs_filter *f = &s->cli->filter;
	const struct tcphs_span *span = s->has_span ? &s->span : NULL;
	int64_t margin = s->cli->verb->lives ? LIFE_MARGIN : 0;
	int64_t since = INT64_MIN, until = INT64_MAX, from, to;

	tcphs_filter_times(f, s->now, span, &from, &to);
	if (tcphs_filter_has(f, TCPHS_FILTER_SINCE))
		since = from > INT64_MIN + margin ? from - margin : INT64_MIN;
	if (tcphs_filter_has(f, TCPHS_FILTER_UNTIL))
		until = to < INT64_MAX - margin ? to + margin : INT64_MAX;
	tcphs_recording_window(s->recording, since, until);
}

/* One that goes on is asked as the kernel is. */
static bool is_over(const struct source *s)
{
	return s->hosts || (s->recording && !tcphs_recording_is_directory(s->recording));
}

/* Of what goes on: a time of which nothing can be known yet. */
static int refuse_future(const struct source *s, struct tcphs_error *err)
{
	const struct tcphs_filter *f = &s->cli->filter;
	char moment[CLI_MOMENT_LEN];
	int64_t since, until;

	tcphs_filter_times(f, s->now, NULL, &since, &until);
	if (tcphs_filter_has(f, TCPHS_FILTER_SINCE) && since > s->now) {
		cli_moment(moment, since);
		tcphs_error_set(err, TCPHS_ERR_USAGE, "--since is a time to come, %s", moment);
		return -1;
	}
	if (tcphs_filter_has(f, TCPHS_FILTER_UNTIL) && until > s->now) {
		cli_moment(moment, until);
		tcphs_error_set(err, TCPHS_ERR_USAGE,
				"--until is a time to come, %s; another day's needs its date, and without --until it is all up to now",
				moment);
		return -1;
	}
	return 0;
}

static int open_any(struct source *s, struct tcphs_error *err)
{
	if (s->cli->nr_reads > 1)
		return open_hosts(s, err);
	return s->cli->read ? open_recording(s, err) : open_kernel(s, err);
}

static int set_times(struct source *s, struct tcphs_error *err)
{
	const struct tcphs_filter *f = &s->cli->filter;

	if (is_over(s) && tcphs_filter_age(f)) {
		tcphs_error_set(err, TCPHS_ERR_USAGE,
				"a recording is not of now: give a time of day or a date for --since and --until");
		return -1;
	}
	if (is_over(s) && !s->hosts && tcphs_filter_time_of_day(f)) {
		if (!tcphs_recording_seekable(s->recording)) {
			tcphs_error_set(err, TCPHS_ERR_USAGE,
					"out of a pipe a recording is read once: give --since and --until with a date, 2026-11-28 03:12");
			return -1;
		}
		if (span_of(s, err))
			return -1;
	}
	s->now = now_of(s);
	if ((!is_over(s) && refuse_future(s, err)) || resolve_times(s, err))
		return -1;
	if (s->recording)
		set_window(s);
	if (!s->session)
		return 0;
	return tcphs_filter_has(f, TCPHS_FILTER_SINCE) || tcphs_filter_has(f, TCPHS_FILTER_UNTIL) ?
	       say_reach(s, err) : 0;
}

/**
 * source_open - where the events of a verb come from
 * @cli: what the user asked for
 * @err: why not
 *
 * Return: for source_close(), or NULL.
 */
struct source *source_open(struct cli *cli, struct tcphs_error *err)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return NULL;
	}
	s->cli = cli;
	event_json_cgroups(cli_cgroups(cli));
	take_filter(s);
	s->file = -1;
	if (open_any(s, err) || set_times(s, err)) {
		source_close(s);
		return NULL;
	}
	return s;
}

/**
 * source_close - the end of it
 * @s: the source, or NULL
 */
void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->file > STDIN_FILENO)
		close(s->file);
	tcphs_recording_close(s->recording);
	hosts_close(s->hosts);
	scope_free(s->scope);
	command_free(s->command);
	free(s->emitted);
	tcphs_events_free(s->events);
	tcphs_close(s->session);
	free(s);
}

/**
 * source_session - to ask the module for more than events
 * @s: the source
 *
 * Return: the session, or NULL for a recording.
 */
struct tcphs_session *source_session(const struct source *s)
{
	return s->session;
}

/**
 * source_goes_on - does it show, of times without events, that nothing happened?
 * @s: the source
 *
 * Return: of a recording, whether it says of which times it knows nothing.
 */
bool source_goes_on(const struct source *s)
{
	return !is_over(s);
}

/**
 * source_clock - the time of day of these events
 * @s: the source
 */
const struct tcphs_clock *source_clock(const struct source *s)
{
	return &s->clock;
}

/**
 * source_host - whose events these are
 * @s: the source, of one machine
 *
 * Return: of a recording, what was read so far says.
 */
const struct tcphs_host *source_host(const struct source *s)
{
	return s->recording ? &tcphs_recording_info(s->recording)->host : &s->host;
}

/**
 * source_hosts - the machines whose recordings are read
 * @s: the source
 *
 * Return: NULL when there are not several.
 */
const struct hosts *source_hosts(const struct source *s)
{
	return s->cli->several ? s->hosts : NULL;
}

/**
 * source_fits - does a filter let an event through?
 * @filter: the filter
 * @ev: an event of a source
 */
bool source_fits(const struct tcphs_filter *filter, const struct tcphs_event *ev)
{
	struct tcphs_event recorded;

	if (!site_host(ev->id.netns))
		return tcphs_filter_event(filter, ev);
	recorded = *ev;
	recorded.id.netns = site_inode(ev->id.netns);
	return tcphs_filter_event(filter, &recorded);
}

/* ---- boots ---------------------------------------------------------------------- */

/*
 * Times of day stay true. Where the clock was behind when the machine came up, its time goes on
 * at once.
 */
static void begin_boot(struct source *s, uint64_t time)
{
	const struct tcphs_recording_info *info = tcphs_recording_info(s->recording);
	struct boots_read *b = &s->boots;

	/* The clock is still that of before. */
	b->tell(b->arg);
	b->shift = (uint64_t)info->clock_offset - (uint64_t)s->clock.offset;
	if ((int64_t)(time + b->shift) < (int64_t)b->last)
		b->shift = b->last - time;
}

/* The time of an event that comes now, for whoever asks for boots. */
static uint64_t time_of(struct source *s, uint64_t time)
{
	const struct tcphs_recording_info *info;
	struct boots_read *b = &s->boots;

	if (!b->tell)
		return time;
	if (s->hosts) {
		/* Their times go on already. */
		if (hosts_booted(s->hosts))
			b->tell(b->arg);
		return time;
	}
	info = tcphs_recording_info(s->recording);
	if (reboots_event(&b->seen, info, time))
		begin_boot(s, time);
	set_clock(s, (int64_t)((uint64_t)info->clock_offset - b->shift));
	time += b->shift;
	if (time > b->last)
		b->last = time;
	return time;
}

static uint64_t cgroup_of(const struct source *s, uint64_t id)
{
	if (!s->recording || !s->boots.tell)
		return id;
	return reboots_cgroup(&s->boots.seen, tcphs_recording_info(s->recording), id);
}

/**
 * source_on_boot - times go on when the machine is booted, and nothing else does
 * @s: the source; nothing was read of it yet
 * @booted: called before the first event of each boot but the first, with the clock of before.
 *	Of several machines hosts_current() says which one
 * @arg: what with
 *
 * Without this, times are of each boot as they are.
 */
void source_on_boot(struct source *s, void (*booted)(void *arg), void *arg)
{
	s->boots.tell = booted;
	s->boots.arg = arg;
}

/**
 * source_shift - what was added to the time of the last event
 * @s: the source
 *
 * Return: ns; without it, it is the CLOCK_MONOTONIC of its boot.
 */
uint64_t source_shift(const struct source *s)
{
	return s->boots.shift;
}

/* ---- reading -------------------------------------------------------------------- */

/* One reading of a recording. */
struct reading {
	struct source *s;
	struct tcphs_cgroups *cgroups;
	const struct tcphs_filter *filter;
	const struct tcphs_events_ops *ops;
	void *arg;
	size_t skip;		/* so many events still, and the losses before them */
	uint64_t lost;		/* right before the next event, where --since asks if that counts */
	uint32_t lost_cpu;
};

static void tell_loss(struct reading *reading)
{
	if (reading->lost && !reading->skip && reading->ops->lost)
		reading->ops->lost(reading->arg, reading->lost_cpu, reading->lost);
	reading->lost = 0;
}

static void on_recorded(void *data, const struct tcphs_event *recorded)
{
	struct reading *reading = data;
	const struct tcphs_event *ev = recorded;
	uint64_t time = time_of(reading->s, recorded->time);
	struct tcphs_event rebased;

	if (reading->s->boots.seen.nr) {
		rebased = *recorded;
		rebased.time = time;
		rebased.id.cgroup = cgroup_of(reading->s, recorded->id.cgroup);
		ev = &rebased;
	}
	/* Live ones are judged so by the library: see queue_append() in events.c. */
	if (tcphs_filter_has(reading->filter, TCPHS_FILTER_SINCE) &&
	    ev->time < reading->filter->since_ns)
		reading->lost = 0;
	tell_loss(reading);
	if (!source_fits(reading->filter, ev))
		return;
	if (reading->skip)
		reading->skip--;
	else
		reading->ops->record(reading->arg, ev);
}

static void on_recorded_loss(void *data, uint32_t cpu, uint64_t count)
{
	struct reading *reading = data;

	tell_loss(reading);
	reading->lost = count;
	reading->lost_cpu = cpu;
	if (!tcphs_filter_has(reading->filter, TCPHS_FILTER_SINCE))
		tell_loss(reading);
}

static void on_recorded_older(void *data, uint32_t cpu, uint64_t count, uint64_t time)
{
	struct reading *reading = data;

	tell_loss(reading);
	time = time_of(reading->s, time);
	if (!reading->skip && !(tcphs_filter_has(reading->filter, TCPHS_FILTER_SINCE) &&
				time < reading->filter->since_ns))
		tcphs_tell_older(reading->ops, reading->arg, cpu, count, time);
}

static void on_recorded_cgroup(void *data, uint64_t id, const char *path)
{
	const struct reading *reading = data;

	if (reading->cgroups)
		tcphs_cgroups_add(reading->cgroups, cgroup_of(reading->s, id), path);
}

static void on_missing(void *data, const struct tcphs_missing *missing)
{
	struct reading *reading = data;

	tell_loss(reading);
	if (!reading->skip && reading->ops->missing)
		reading->ops->missing(reading->arg, missing);
}

/* Columns are measured by so many events: to read all of a recording twice takes long. */
#define LOOK_EVENTS 4096

/* What is whole of a recording; that some of it is not, is reported, and no error. */
static int play(struct source *s, const struct tcphs_events_ops *ops, bool (*idle)(void *arg),
		void *arg, struct tcphs_error *err)
{
	static const struct tcphs_events_ops sieve = {
		.record = on_recorded, .lost = on_recorded_loss, .missing = on_missing,
		.older = on_recorded_older, .cgroup = on_recorded_cgroup,
	};
	struct reading reading = { .s = s, .cgroups = s->cli->cgroups, .filter = &s->filter, .ops = ops,
				   .arg = arg, .skip = s->skip };
	unsigned int rounds = 0;
	int more;

	do {
		more = s->hosts ? hosts_read(s->hosts, &sieve, &reading, err) :
				  tcphs_recording_read(s->recording, &sieve, &reading, err);
		follow_clock(s);
		/* Of several it is one event each time. */
		if (idle && !(s->hosts && more > 0 && ++rounds % LOOK_EVENTS) && !idle(arg))
			return 0;
	} while (more > 0 && !tcphs_stop_asked());
	tell_loss(&reading);
	if (more >= 0)
		return 0;
	/* A file of a directory that cannot be opened does not hide the others. */
	if (err->code != TCPHS_ERR_DAMAGED &&
	    !(s->recording && tcphs_recording_is_directory(s->recording)))
		return -1;
	if (!s->cli->damaged)
		s->cli->damaged = cli_fail(err);
	memset(err, 0, sizeof(*err));
	return 0;
}

struct look {
	void (*look)(void *arg, const struct tcphs_event *ev);
	void *arg;
	size_t seen;
};

static void on_look(void *data, const struct tcphs_event *ev)
{
	struct look *look = data;

	look->seen++;
	if (look->look)
		look->look(look->arg, ev);
}

static int start_again(struct source *s, struct tcphs_error *err)
{
	if (s->recording && !tcphs_recording_seekable(s->recording)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"%.128s: cannot be read twice, which --last needs", s->name);
		return -1;
	}
	return source_rewind(s, err);
}

static bool look_on(void *data)
{
	const struct look *look = data;

	return look->seen < LOOK_EVENTS;
}

/* Of a directory no more than it takes to find as many as are wanted. */
static int count_last(struct source *s, size_t keep, struct look *count, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_look };
	size_t frames = 4;
	bool more;

	do {
		more = s->recording && tcphs_recording_near_end(s->recording, frames);
		count->seen = 0;
		if (play(s, &ops, NULL, count, err))
			return -1;
		frames *= 4;
	} while (more && count->seen < keep && !tcphs_stop_asked());
	return 0;
}

/*
 * A recording may be larger than the memory: to know which are the last it is read twice,
 * and else once, with a look at the beginning. One that comes out of a pipe is read
 * once, and nobody looks ahead.
 */
static int keep_last_recorded(struct source *s, size_t keep, struct look *look,
			      struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_look };
	struct look count = { 0 };

	if (keep != SIZE_MAX) {
		if (count_last(s, keep, &count, err) || start_again(s, err))
			return -1;
		if (tcphs_stop_asked()) {
			tcphs_error_set(err, TCPHS_ERR_FAILED,
					"ended before the last events were found");
			return -1;
		}
		s->skip = !keep ? SIZE_MAX : count.seen > keep ? count.seen - keep : 0;
	}
	if (!look->look ||
	    (keep == SIZE_MAX && s->recording && !tcphs_recording_seekable(s->recording)))
		return 0;
	if (play(s, &ops, look_on, look, err))
		return -1;
	return start_again(s, err);
}

/* ---- a command ----------------------------------------------------------------- */

/* One run of a command. */
struct run {
	struct source *s;
	struct tcphs_follow how;
	const struct tcphs_events_ops *ops;
	bool (*idle)(void *arg);
	void *arg;
	bool known;		/* every process in the events that are being emitted */
	bool closing;		/* it has ended, and its connections did not yet */
};

static void on_scoped(void *data, const struct tcphs_event *ev)
{
	struct run *run = data;

	/* These events are pulled: of what happened in them every fork is heard of. */
	if (!run->known)
		command_follow(run->s->command);
	run->known = true;
	if (scope_concerns(run->s->scope, ev) && tcphs_filter_event(&run->s->filter, ev))
		run->ops->record(run->arg, ev);
}

static void on_scoped_loss(void *data, uint32_t cpu, uint64_t count)
{
	const struct run *run = data;

	if (run->ops->lost)
		run->ops->lost(run->arg, cpu, count);
}

static bool after_round(void *data)
{
	struct run *run = data;

	/* Also when there is no event: forks are heard of before there are too many. */
	command_follow(run->s->command);
	run->known = false;
	if (run->closing && scope_is_over(run->s->scope))
		run->how.until = tcphs_now();
	return !run->idle || run->idle(run->arg);
}

/* Its connections are closed by the kernel when it has ended; so they are waited for. */
static bool is_interrupted(void *data)
{
	struct run *run = data;

	if (command_runs(run->s->command))
		return false;
	if (!run->closing) {
		run->closing = true;
		run->how.until = tcphs_now() + CLOSING_TIME;
		run->how.wake = -1;
		/* From here on Ctrl-C is ours. */
		cli_catch_signals();
	}
	return tcphs_stop_asked();
}

static void end_command(struct source *s)
{
	s->has_ended = true;
	s->cli->status = command_status(s->command);
	if (command_missed(s->command) || scope_no_memory(s->scope))
		cli_say("tcphs: not every process of the command could be followed; connections may be missing");
}

/* Runs it, and calls @ops for what concerns it, as it happens. */
static int run_command(struct source *s, const struct tcphs_events_ops *ops,
		       bool (*idle)(void *arg), void *arg, struct tcphs_error *err)
{
	static const struct tcphs_events_ops scoped = {
		.record = on_scoped, .lost = on_scoped_loss,
	};
	struct run run = { .s = s, .ops = ops, .idle = idle, .arg = arg };
	int failed;

	run.how = (struct tcphs_follow){
		.ops = &scoped, .round = after_round, .interrupted = is_interrupted, .arg = &run,
		.clock = &s->clock, .output = -1,
	};
	/* What was before it is not its. */
	if (tcphs_events_pull(s->session, s->events, err))
		return -1;
	tcphs_events_keep_last(s->events, 0);
	tcphs_stop_on(SIGTERM);
	tcphs_stop_on(SIGHUP);
	failed = command_start(s->command, err);
	if (!failed) {
		run.how.wake = command_wake_fd(s->command);
		failed = tcphs_follow(s->session, s->events, &run.how, err) ? -1 : 0;
		command_wait(s->command);
	}
	end_command(s);
	return failed;
}

static void keep_emitted(struct source *s, const struct emitted *emitted)
{
	if (array_grow(&s->emitted, s->nr_emitted + 1, &s->emitted_cap, sizeof(*s->emitted)))
		s->nr_emitted = UINT32_MAX;
	else
		s->emitted[s->nr_emitted++] = *emitted;
}

static void on_emitted(void *data, const struct tcphs_event *ev)
{
	struct source *s = data;

	if (s->nr_emitted != UINT32_MAX)
		keep_emitted(s, &(struct emitted){ .ev = *ev });
}

static void on_emitted_loss(void *data, uint32_t cpu, uint64_t count)
{
	struct source *s = data;

	if (s->nr_emitted != UINT32_MAX)
		keep_emitted(s, &(struct emitted){ .ev.cpu = (uint16_t)cpu, .lost = count });
}

/* Its output comes first, and then what is shown of it. */
static int hear_command(struct source *s, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_emitted, .lost = on_emitted_loss };

	if (s->has_ended)
		return 0;
	if (run_command(s, &ops, NULL, s, err))
		return -1;
	if (s->nr_emitted != UINT32_MAX)
		return 0;
	s->nr_emitted = 0;
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory for the events of the command");
	return -1;
}

static void tell_command(const struct source *s, const struct tcphs_events_ops *ops, void *arg)
{
	const struct emitted *t;
	size_t skip = s->skip;

	for (t = s->emitted; t < s->emitted + s->nr_emitted; t++) {
		if (!t->lost && skip)
			skip--;
		else if (!t->lost)
			ops->record(arg, &t->ev);
		else if (!skip && ops->lost)
			ops->lost(arg, t->ev.cpu, t->lost);
	}
}

static int keep_last_of_command(struct source *s, size_t keep, struct look *look,
				struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_look };
	struct look count = { 0 };

	if (hear_command(s, err))
		return -1;
	tell_command(s, &ops, &count);
	s->skip = keep < count.seen ? count.seen - keep : 0;
	tell_command(s, &ops, look);
	return 0;
}

/* ---- what verbs ask for -------------------------------------------------------- */

/**
 * source_keep_last - begin with the last events of those there are
 * @s: the source
 * @keep: how many; SIZE_MAX: all
 * @look: sees each, in no order, but for a recording that is read from a pipe; may be
 *	NULL
 * @arg: its first argument
 * @err: why not
 */
int source_keep_last(struct source *s, size_t keep,
		     void (*look)(void *arg, const struct tcphs_event *ev), void *arg,
		     struct tcphs_error *err)
{
	if (keep == SIZE_MAX && !look)
		return 0;
	if (s->recording || s->hosts)
		return keep_last_recorded(s, keep, &(struct look){ look, arg, 0 }, err);
	if (s->command)
		return keep_last_of_command(s, keep, &(struct look){ look, arg, 0 }, err);
	if (tcphs_events_pull(s->session, s->events, err))
		return -1;
	s->fetched = true;
	tcphs_events_keep_last(s->events, keep);
	if (look)
		tcphs_events_visit(s->events, look, arg);
	return 0;
}

/**
 * source_rewinds - can all of it be read again?
 * @s: the source
 */
bool source_rewinds(const struct source *s)
{
	return s->command || s->hosts ||
	       (s->recording && tcphs_recording_seekable(s->recording));
}

/**
 * source_rewind - back to the first event
 * @s: a source that source_rewinds()
 * @err: why not
 */
int source_rewind(struct source *s, struct tcphs_error *err)
{
	if (s->command)
		return 0;
	if (s->hosts) {
		hosts_rewind(s->hosts);
		return 0;
	}
	if (tcphs_recording_rewind(s->recording, err))
		return -1;
	s->boots = (struct boots_read){ .tell = s->boots.tell, .arg = s->boots.arg };
	set_clock(s, tcphs_recording_info(s->recording)->clock_offset);
	return 0;
}

/**
 * source_drain - everything there is now
 * @s: the source
 * @ops: gets it, in time order
 * @arg: what with
 * @err: why not
 */
int source_drain(struct source *s, const struct tcphs_events_ops *ops, void *arg,
		 struct tcphs_error *err)
{
	if (s->recording || s->hosts)
		return play(s, ops, NULL, arg, err);
	if (s->command) {
		if (hear_command(s, err))
			return -1;
		tell_command(s, ops, arg);
		return 0;
	}
	if (!s->fetched && tcphs_events_pull(s->session, s->events, err))
		return -1;
	s->fetched = false;
	tcphs_events_emit_all(s->events, ops, arg);
	return 0;
}

/**
 * source_follow - what is there, then what comes
 * @s: the source
 * @until: when to end, CLOCK_MONOTONIC in ns; 0: only when the user says so
 * @ops: gets it, in time order
 * @idle: called after each round, may be NULL; false ends
 * @arg: what with
 * @err: why not
 */
int source_follow(struct source *s, uint64_t until, const struct tcphs_events_ops *ops,
		  bool (*idle)(void *arg), void *arg, struct tcphs_error *err)
{
	const struct tcphs_follow how = {
		.ops = ops, .round = idle, .interrupted = interrupted, .arg = arg,
		.until = until, .clock = &s->clock,
		.output = s->cli->to_file ? -1 : STDOUT_FILENO,
	};

	if (s->recording || s->hosts)
		return play(s, ops, idle, arg, err);
	if (s->command)
		return run_command(s, ops, idle, arg, err);
	cli_catch_signals();
	s->fetched = false;
	return tcphs_follow(s->session, s->events, &how, err) ? -1 : 0;
}

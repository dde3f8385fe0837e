/* SPDX-License-Identifier: GPL-2.0 */
/* Events out of the kernel: what the rings hold, and then what comes. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "source.h"

#define NSEC_PER_MSEC	1000000ull

/*
 * The doorbell may be lost, and a module that is unloaded does not ring; so
 * look at least that often.
 */
#define IDLE_MSEC	1000

struct source {
	struct tcphs_session *session;
	struct tcphs_events *events;
	struct tcphs_clock clock;
	bool fetched;		/* source_keep_last() has pulled already */
	int signals;		/* fd; -1: not following */
};

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

	if (s) {
		s->signals = -1;
		s->events = tcphs_events_new(cli->all_netns);
	}
	if (!s || !s->events) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "tcphs: no memory");
		source_close(s);
		return NULL;
	}
	s->session = tcphs_open(err);
	if (!s->session) {
		source_close(s);
		return NULL;
	}
	tcphs_clock_init(&s->clock);
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
	if (s->signals >= 0)
		close(s->signals);
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
 * source_clock - the time of day of these events
 * @s: the source
 */
const struct tcphs_clock *source_clock(const struct source *s)
{
	return &s->clock;
}

/**
 * source_keep_last - begin with the last events of those there are
 * @s: the source
 * @keep: how many; SIZE_MAX: all
 * @look: sees each, in no order; may be NULL
 * @arg: its first argument
 * @err: why not
 */
int source_keep_last(struct source *s, size_t keep,
		     void (*look)(void *arg, const struct tcphs_event *ev), void *arg,
		     struct tcphs_error *err)
{
	if (tcphs_events_pull(s->session, s->events, err))
		return -1;
	s->fetched = true;
	tcphs_events_keep_last(s->events, keep);
	if (look)
		tcphs_events_visit(s->events, look, arg);
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
	if (!s->fetched && tcphs_events_pull(s->session, s->events, err))
		return -1;
	s->fetched = false;
	tcphs_events_emit_all(s->events, ops, arg);
	return 0;
}

/* Ctrl-C shall end the loop between two lines, not somewhere within one. */
static int catch_signals(struct source *s, struct tcphs_error *err)
{
	sigset_t set;

	if (s->signals >= 0)
		return 0;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (s->signals >= 0)
		return 0;
	tcphs_error_set(err, TCPHS_ERR_FAILED, "tcphs: no signalfd: %s", strerror(errno));
	return -1;
}

static int poll_msec(const struct source *s, uint64_t until)
{
	uint64_t msec = tcphs_events_held(s->events) ? TCPHS_BELL_MSEC : IDLE_MSEC;
	uint64_t now = tcphs_now(), left;

	if (until) {
		left = until > now ? (until - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0;
		if (left < msec)
			msec = left;
	}
	return (int)msec;
}

/* True when there may be something to pull, false when it is time to end. */
static bool wait_for_more(const struct source *s, uint64_t until)
{
	struct pollfd fds[] = {
		{ .fd = tcphs_bell_fd(s->session), .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO },	/* POLLERR: nobody reads any more */
	};

	if (poll(fds, 3, poll_msec(s, until)) < 0)
		return errno == EINTR;
	if (fds[0].revents)
		tcphs_bell_drain(s->session);
	return !fds[1].revents && !(fds[2].revents & (POLLERR | POLLNVAL));
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
	int ret = 0;

	/* The bell first: what happens after the pull must ring it. */
	if (catch_signals(s, err) || tcphs_bell_open(s->session, err))
		return -1;
	do {
		ret = tcphs_events_pull(s->session, s->events, err);
		if (ret)
			break;
		tcphs_events_emit(s->events, ops, arg);
		if (idle && !idle(arg))
			return 0;
	} while ((!until || tcphs_now() < until) && wait_for_more(s, until));
	s->fetched = false;
	tcphs_events_emit_all(s->events, ops, arg);
	return ret ? -1 : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events as they happen: pull, emit, wait for the doorbell, and again.
 *
 * The doorbell may be lost, and a module that is unloaded does not ring; so there is a
 * look at least once a second. What is emitted then is final in time order, but for the
 * newest, which another CPU's may precede: see events.c.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "internal.h"

#define NSEC_PER_MSEC	1000000ull
#define IDLE_MSEC	1000

struct follower {
	struct tcphs_session *session;
	struct tcphs_events *events;
	const struct tcphs_follow *how;
	int clock_set;		/* timer that fires when the clock is set; -1: none */
};

/*
 * A timer that never goes off: reading it fails when the clock was set or the machine
 * slept, which CLOCK_MONOTONIC knows nothing of. Without it the time of day of the
 * beginning stays.
 */
static void watch_clock(struct follower *f)
{
	static const struct itimerspec never = { .it_value.tv_sec = 1ll << 33 };

	if (f->clock_set < 0)
		f->clock_set = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (f->clock_set < 0)
		return;
	timerfd_settime(f->clock_set, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static int follow_clock(struct follower *f, struct tcphs_error *err)
{
	struct tcphs_status *st;
	uint64_t times;
	int ret;

	if (f->clock_set < 0 || read(f->clock_set, &times, sizeof(times)) >= 0 ||
	    errno != ECANCELED)
		return 0;
	watch_clock(f);
	st = malloc(sizeof(*st));
	if (!st) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -ENOMEM;
	}
	ret = tcphs_get_status(f->session, st, err);
	free(st);
	f->how->clock->offset = tcphs_session_clock(f->session);
	return ret;
}

static int poll_msec(const struct follower *f)
{
	uint64_t msec = tcphs_events_held(f->events) ? TCPHS_BELL_MSEC : IDLE_MSEC;
	uint64_t now = tcphs_now(), until = f->how->until, left;

	if (until) {
		left = until > now ? (until - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0;
		if (left < msec)
			msec = left;
	}
	return (int)msec;
}

static bool interrupted(const struct follower *f)
{
	return f->how->interrupted && f->how->interrupted(f->how->arg);
}

/* True when there may be something to pull, false when it is time to end. */
static bool wait_for_more(const struct follower *f)
{
	struct pollfd fds[] = {
		{ .fd = tcphs_bell_fd(f->session), .events = POLLIN },
		/* Nobody reads any more: of a pipe POLLERR, of a socket or terminal POLLHUP */
		{ .fd = f->how->output },
		{ .fd = f->clock_set, .events = POLLIN },
		{ .fd = f->how->wake > 0 ? f->how->wake : -1, .events = POLLIN },
	};

	if (poll(fds, 4, poll_msec(f)) < 0)
		return errno == EINTR && !interrupted(f);
	if (fds[0].revents)
		tcphs_bell_drain(f->session);
	return !interrupted(f) && !(fds[1].revents & (POLLERR | POLLHUP | POLLNVAL));
}

/* False with 0 in @ret: @how->round() ended it, and nothing more is wanted. */
static bool follow_rounds(struct follower *f, int *ret, struct tcphs_error *err)
{
	const struct tcphs_follow *how = f->how;

	do {
		*ret = tcphs_events_pull(f->session, f->events, err);
		if (!*ret)
			*ret = follow_clock(f, err);
		if (*ret)
			break;
		tcphs_events_emit(f->events, how->ops, how->arg);
		if (how->round && !how->round(how->arg))
			return false;
	} while ((!how->until || tcphs_now() < how->until) && wait_for_more(f));
	return true;
}

/**
 * tcphs_follow - what is there, then what comes
 * @s: the session
 * @evs: where to begin
 * @how: what for, and until when
 * @err: why not
 *
 * Return: 0, or a negative errno after the events that came before the error.
 */
int tcphs_follow(struct tcphs_session *s, struct tcphs_events *evs,
		 const struct tcphs_follow *how, struct tcphs_error *err)
{
	struct follower f = { .session = s, .events = evs, .how = how, .clock_set = -1 };
	int ret;

	/* The bell first: what happens after the pull must ring it. */
	ret = tcphs_bell_open(s, err);
	if (ret)
		return ret;
	if (how->clock)
		watch_clock(&f);
	if (follow_rounds(&f, &ret, err)) {
		/* What happened before the end for which the bell did not ring yet. */
		if (!ret)
			ret = tcphs_events_pull(s, evs, err);
		tcphs_events_emit_all(evs, how->ops, how->arg);
	}
	if (f.clock_set >= 0)
		close(f.clock_set);
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end that a user asks for with a signal, and writing that such an end can
 * interrupt.
 *
 * The handler only notes what came: a program ends between two lines, and a
 * recording with its end. But a signal that comes right before a system call that
 * blocks interrupts nothing. So a timer goes off again and again from the first one
 * on, and interrupts whatever blocks by then. When half a minute passes in which
 * nothing was written, not even an error message, the signal does what it does by
 * default.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "output.h"

#define TICK_USEC	100000
#define TICKS_MAX	300	/* 30 s */
#define WAIT_TICKS	5	/* whom a writer waits for at the end, that long */

static volatile sig_atomic_t asked;	/* the signal, 0: none yet */
static volatile sig_atomic_t ticks;	/* since then, or since something was written */

static void on_tick(int sig)
{
	(void)sig;
	if (++ticks < TICKS_MAX)
		return;
	signal(asked, SIG_DFL);
	raise(asked);
}

static void on_stop(int sig)
{
	static const struct itimerval tick = { { 0, TICK_USEC }, { 0, TICK_USEC } };

	if (asked)
		return;
	asked = sig;
	setitimer(ITIMER_REAL, &tick, NULL);
}

/**
 * tcphs_stop_on - from now on this signal asks for an end
 * @sig: its number; where it is ignored already (nohup(1), a job in the background)
 *	it stays ignored
 */
void tcphs_stop_on(int sig)
{
	struct sigaction old, sa = { .sa_handler = on_tick };

	/* Without SA_RESTART: what blocks is to be interrupted. */
	sigaction(SIGALRM, &sa, NULL);
	if (sigaction(sig, NULL, &old) || old.sa_handler == SIG_IGN)
		return;
	sa.sa_handler = on_stop;
	sigaction(sig, &sa, NULL);
}

/**
 * tcphs_stop_asked - was an end asked for?
 *
 * Return: the signal that did, or 0.
 */
int tcphs_stop_asked(void)
{
	return asked;
}

/* A descriptor that takes nothing just now: has it room, before patience is over? */
static bool wait_for_room(int fd)
{
	struct pollfd out = { .fd = fd, .events = POLLOUT };

	while (!asked || ticks < WAIT_TICKS)
		/* What is wrong with it the next write reports. */
		if (poll(&out, 1, -1) > 0)
			return true;
	return false;
}

/**
 * tcphs_write_all - write, however long it takes, unless an end is asked for
 * @fd: where to; may be non-blocking
 * @data: what
 * @len: how much
 * @done: gets how much was written
 *
 * Once an end is asked for, whoever reads the other end gets the rest as long as he
 * takes some of it every half second.
 *
 * Return: 0 or a negative errno; -EINTR when it was ended.
 */
int tcphs_write_all(int fd, const void *data, size_t len, size_t *done)
{
	const char *p = data;
	ssize_t n;

	for (*done = 0; *done < len;) {
		n = write(fd, p + *done, len - *done);
		if (n >= 0) {
			*done += (size_t)n;
			ticks = 0;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (!wait_for_room(fd))
				return -EINTR;
		} else if (errno != EINTR) {
			return -errno;
		} else if (asked && ticks >= WAIT_TICKS) {
			return -EINTR;
		}
	}
	return 0;
}

/**
 * tcphs_write_to - tcphs_write_all() for who has a pointer
 * @fd: of an int, where to
 * @data: what
 * @len: how much
 * @done: gets how much was written
 *
 * Return: 0 or a negative errno; -EINTR when it was ended.
 */
int tcphs_write_to(void *fd, const void *data, size_t len, size_t *done)
{
	return tcphs_write_all(*(const int *)fd, data, len, done);
}

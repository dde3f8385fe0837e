/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions, and their doorbell: a second socket, which belongs to the multicast group. When
 * it overruns, a wake-up is lost and nothing else, which is why its errors are not errors.
 */
#include <stdlib.h>
#include <time.h>

#include "talk.h"

#define NSEC_PER_SEC	1000000000ll

static int take_family(void *arg, const void *msg, size_t len)
{
	return tcphs_decode_family(msg, len, arg);
}

static int find_family(struct tcphs_session *s, struct tcphs_error *err)
{
	char buf[256];
	struct nlmsghdr *nlh;
	int ret;

	nlh = tcphs_put_request(s, buf, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, TCPHS_FAMILY_NAME);
	ret = tcphs_talk(s, nlh, take_family, &s->family, err);
	/* Whatever words the kernel has for it: without a family no module. */
	return ret == -ENOENT ? tcphs_fail_not_loaded(err) : ret;
}

static int check_versions(struct tcphs_session *s, struct tcphs_error *err)
{
	struct tcphs_status *st;
	int ret;

	if (s->family.version != TCPHS_GENL_VERSION) {
		tcphs_error_set(err, TCPHS_ERR_VERSION,
				"the module speaks protocol %u, this tool (%s) %u; reinstall both from one version",
				s->family.version, TCPHS_VERSION, TCPHS_GENL_VERSION);
		return tcphs_fail(err, -EPROTO);
	}
	st = malloc(sizeof(*st));
	if (!st)
		return tcphs_fail_errno(err, "no memory", -ENOMEM);
	ret = tcphs_get_status(s, st, err);
	s->load = st->load;
	memcpy(s->module, st->version, sizeof(s->module));
	if (!ret && st->abi_major != TCPHS_ABI_MAJOR) {
		tcphs_error_set(err, TCPHS_ERR_VERSION,
				"the module is %s (ABI %u.%u), this tool %s (ABI %u.%u); reinstall both from one version",
				st->version, st->abi_major, st->abi_minor,
				TCPHS_VERSION, TCPHS_ABI_MAJOR, TCPHS_ABI_MINOR);
		ret = tcphs_fail(err, -EPROTO);
	}
	free(st);
	return ret;
}

/**
 * tcphs_open - start a session with the module
 * @err: why not
 *
 * Return: the session, for tcphs_close(), or NULL.
 */
struct tcphs_session *tcphs_open(struct tcphs_error *err)
{
	struct tcphs_session *s = calloc(1, sizeof(*s));
	struct tcphs_clock own;

	if (!s) {
		tcphs_fail_errno(err, "no memory", -ENOMEM);
		return NULL;
	}
	tcphs_open_records(s);
	s->seq = (uint32_t)time(NULL);
	tcphs_clock_init(&own);
	s->clock = own.offset;
	s->data = tcphs_open_socket(err);
	if (!s->data || find_family(s, err) || check_versions(s, err)) {
		tcphs_close(s);
		return NULL;
	}
	return s;
}

/**
 * tcphs_close - end a session
 * @s: the session, or NULL
 */
void tcphs_close(struct tcphs_session *s)
{
	if (!s)
		return;
	if (s->bell)
		mnl_socket_close(s->bell);
	if (s->data)
		mnl_socket_close(s->data);
	tcphs_close_records(s);
	free(s);
}

/**
 * tcphs_session_extack - why the kernel refused the last request
 * @s: the session
 *
 * Return: its own words, good until the next request; "": it did not refuse, or has none.
 */
const char *tcphs_session_extack(const struct tcphs_session *s)
{
	return s->extack;
}

/**
 * tcphs_session_module - which module it is
 * @s: the session
 *
 * Return: its version as of tcphs_open(), good until tcphs_close().
 */
const char *tcphs_session_module(const struct tcphs_session *s)
{
	return s->module;
}

static int take_status(void *arg, const void *msg, size_t len)
{
	return tcphs_decode_status(msg, len, arg);
}

/*
 * CLOCK_REALTIME is the same in every time namespace, CLOCK_MONOTONIC is not. What they
 * are apart by here is read from two clocks one after the other: less than a
 * second is no namespace's doing.
 */
static void set_clock(struct tcphs_session *s, int64_t clock)
{
	struct tcphs_clock own;

	tcphs_clock_init(&own);
	s->clock = clock;
	s->shift = own.offset - clock;
	if (s->shift > -NSEC_PER_SEC && s->shift < NSEC_PER_SEC)
		s->shift = 0;
}

/**
 * tcphs_get_status - how the module and this network namespace are
 * @s: the session
 * @st: the answer
 * @err: why not
 */
int tcphs_get_status(struct tcphs_session *s, struct tcphs_status *st, struct tcphs_error *err)
{
	char buf[256];
	int ret;

	memset(st, 0, sizeof(*st));
	ret = tcphs_talk(s, tcphs_put_get(s, buf, TCPHS_CMD_STATUS_GET), take_status, st, err);
	if (!ret && st->has_clock)
		set_clock(s, st->clock);
	return ret;
}

/**
 * tcphs_session_clock - what makes the times of events times of day
 * @s: the session
 *
 * Return: CLOCK_REALTIME - CLOCK_MONOTONIC as of the last status, ns.
 */
int64_t tcphs_session_clock(const struct tcphs_session *s)
{
	return s->clock;
}

/**
 * tcphs_session_now - the clock of the events
 * @s: the session
 *
 * Return: CLOCK_MONOTONIC of the initial time namespace, ns.
 */
uint64_t tcphs_session_now(const struct tcphs_session *s)
{
	return tcphs_now() + (uint64_t)s->shift;
}

/**
 * tcphs_bell_open - subscribe to the doorbell
 * @s: the session
 * @err: why not
 */
int tcphs_bell_open(struct tcphs_session *s, struct tcphs_error *err)
{
	int group = (int)s->family.group, ret = 0;

	if (s->bell)
		return 0;
	if (!group) {
		tcphs_error_set(err, TCPHS_ERR_VERSION,
				"the module has no multicast group \"%s\"; reinstall module and tools from one version",
				TCPHS_MCGRP_EVENTS);
		return tcphs_fail(err, -EPROTO);
	}
	s->bell = tcphs_open_socket(err);
	if (!s->bell)
		return -EIO;
	if (mnl_socket_setsockopt(s->bell, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
		ret = -errno;
		mnl_socket_close(s->bell);
		s->bell = NULL;
		if (ret == -EPERM)
			return tcphs_fail_permission(err, ret, "");
		return tcphs_fail_errno(err, "cannot subscribe to new events", ret);
	}
	return 0;
}

/**
 * tcphs_bell_fd - what to poll() for POLLIN
 * @s: the session, with an open bell
 */
int tcphs_bell_fd(const struct tcphs_session *s)
{
	return s->bell ? mnl_socket_get_fd(s->bell) : -1;
}

/**
 * tcphs_bell_drain - take every ring of the bell
 * @s: the session, with an open bell
 */
void tcphs_bell_drain(struct tcphs_session *s)
{
	char buf[512];
	ssize_t n;

	do {
		n = recv(tcphs_bell_fd(s), buf, sizeof(buf), MSG_DONTWAIT);
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)));
}

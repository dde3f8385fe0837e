/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions: generic netlink over libmnl.
 *
 * Two sockets. The data socket carries requests and answers, and since the
 * kernel sends only what was asked for, it cannot overrun. The bell socket
 * belongs to the multicast group; when it overruns, a wake-up is lost and
 * nothing else, which is why its errors are not errors.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ll
#define RECV_SIZE	(64 * 1024)
/* Ten attributes and their headers. */
#define FILTER_SIZE	(TCPHS_FILTER_LIST * (3 * 2 + 4 + sizeof(struct tcphs_prefix)) + 128)

struct tcphs_session {
	struct mnl_socket *data;
	struct mnl_socket *bell;
	struct tcphs_family family;
	uint32_t seq;
	uint64_t load;		/* TCPHS_A_STATUS_LOAD, 0: not known */
	int64_t clock;		/* CLOCK_REALTIME - CLOCK_MONOTONIC of the kernel, ns */
	char extack[sizeof(((struct tcphs_ack *)NULL)->text)];	/* of the last request */
	int64_t shift;		/* of its CLOCK_MONOTONIC from that of this process */
	char recv[RECV_SIZE] __attribute__((aligned(8)));
};

typedef int (*answer_fn)(void *arg, const void *msg, size_t len);

/* Beside the words that are there already. */
static int fail(struct tcphs_error *err, int error)
{
	if (err)
		err->error = error;
	return error;
}

static int fail_errno(struct tcphs_error *err, const char *what, int error)
{
	tcphs_error_set(err, TCPHS_ERR_FAILED, "%s: %s", what, strerror(-error));
	return fail(err, error);
}

static int fail_not_loaded(struct tcphs_error *err)
{
	tcphs_error_set(err, TCPHS_ERR_NOT_LOADED,
			"the kernel module is not loaded; load it with: modprobe tcphs");
	return fail(err, -ENOENT);
}

static int fail_permission(struct tcphs_error *err, int error, const char *extack)
{
	tcphs_error_set(err, TCPHS_ERR_PERMISSION, "not permitted: %s",
			*extack ? extack :
			"run as root, or with CAP_NET_ADMIN in this network namespace");
	return fail(err, error);
}

/* What the kernel refused, in words that help. */
static int fail_ack(struct tcphs_error *err, const struct tcphs_ack *ack)
{
	switch (ack->error) {
	case -EPERM:
	case -EACCES:
		return fail_permission(err, ack->error, ack->text);
	case -ENOENT:
		if (!*ack->text)
			return fail_not_loaded(err);
		break;
	case -EPROTONOSUPPORT:
		/* It is being unloaded (netlink_dump_start()). */
		return fail_not_loaded(err);
	case -EOPNOTSUPP:
		if (!*ack->text) {
			tcphs_error_set(err, TCPHS_ERR_VERSION,
					"the module does not know this request; reinstall module and tools from one version");
			return fail(err, ack->error);
		}
		break;
	}
	return fail_errno(err, *ack->text ? ack->text : "the module refused", ack->error);
}

static struct nlmsghdr *put_request(struct tcphs_session *s, void *buf, uint16_t type,
				    uint16_t flags, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++s->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static struct nlmsghdr *put_get(struct tcphs_session *s, void *buf, uint8_t cmd)
{
	return put_request(s, buf, s->family.id, NLM_F_ACK, cmd, TCPHS_GENL_VERSION);
}

static struct nlmsghdr *put_dump(struct tcphs_session *s, void *buf, uint8_t cmd)
{
	return put_request(s, buf, s->family.id, NLM_F_DUMP, cmd, TCPHS_GENL_VERSION);
}

/* One datagram of an answer: 1: more follows, 0: that was all, or an error. */
static int take(struct tcphs_session *s, size_t n, answer_fn fn, void *arg, int *answer,
		struct tcphs_error *err)
{
	const struct nlmsghdr *nlh = (const void *)s->recv;
	int left = (int)n;
	struct tcphs_ack ack;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		/* The rest of an answer that was given up. */
		if (nlh->nlmsg_seq != s->seq)
			continue;

		if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
			if (tcphs_decode_ack(nlh, (size_t)left, &ack))
				return fail_errno(err, "a malformed answer of the kernel",
						  -EBADMSG);
			if (ack.error)
				strcpy(s->extack, ack.text);
			return ack.error ? fail_ack(err, &ack) : 0;
		}
		if (nlh->nlmsg_type < NLMSG_MIN_TYPE || *answer)
			continue;
		*answer = fn(arg, nlh, (size_t)left);
	}
	return 1;
}

/* Sends @nlh and hands every message of the answer to @fn, until that fails. */
static int talk(struct tcphs_session *s, const struct nlmsghdr *nlh, answer_fn fn, void *arg,
		struct tcphs_error *err)
{
	int answer = 0, more = 1;
	ssize_t n;

	s->extack[0] = '\0';
	if (mnl_socket_sendto(s->data, nlh, nlh->nlmsg_len) < 0)
		return fail_errno(err, "cannot send to the kernel", -errno);

	while (more > 0) {
		n = mnl_socket_recvfrom(s->data, s->recv, sizeof(s->recv));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(err, "cannot receive from the kernel",
					  n ? -errno : -EPIPE);
		more = take(s, (size_t)n, fn, arg, &answer, err);
	}
	if (more < 0)
		return more;
	if (answer)
		return fail_errno(err, answer == -EBADMSG ?
				  "an answer of the module does not fit this tool" :
				  "cannot keep the answer", answer);
	return 0;
}

static struct mnl_socket *open_socket(struct tcphs_error *err)
{
	struct mnl_socket *sock;
	int on = 1;

	sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock) {
		fail_errno(err, "cannot open a netlink socket", -errno);
		return NULL;
	}
	/* Kernels without these only say less about an error. */
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		fail_errno(err, "cannot bind a netlink socket", -errno);
		mnl_socket_close(sock);
		return NULL;
	}
	return sock;
}

static int take_family(void *arg, const void *msg, size_t len)
{
	return tcphs_decode_family(msg, len, arg);
}

static int find_family(struct tcphs_session *s, struct tcphs_error *err)
{
	char buf[256];
	struct nlmsghdr *nlh;
	int ret;

	nlh = put_request(s, buf, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, TCPHS_FAMILY_NAME);
	ret = talk(s, nlh, take_family, &s->family, err);
	/* Whatever words the kernel has for it: without a family no module. */
	return ret == -ENOENT ? fail_not_loaded(err) : ret;
}

static int check_versions(struct tcphs_session *s, struct tcphs_error *err)
{
	struct tcphs_status *st;
	int ret;

	if (s->family.version != TCPHS_GENL_VERSION) {
		tcphs_error_set(err, TCPHS_ERR_VERSION,
				"the module speaks protocol %u, this tool (%s) %u; reinstall both from one version",
				s->family.version, TCPHS_VERSION, TCPHS_GENL_VERSION);
		return fail(err, -EPROTO);
	}
	st = malloc(sizeof(*st));
	if (!st)
		return fail_errno(err, "no memory", -ENOMEM);
	ret = tcphs_get_status(s, st, err);
	s->load = st->load;
	if (!ret && st->abi_major != TCPHS_ABI_MAJOR) {
		tcphs_error_set(err, TCPHS_ERR_VERSION,
				"the module is %s (ABI %u.%u), this tool %s (ABI %u.%u); reinstall both from one version",
				st->version, st->abi_major, st->abi_minor,
				TCPHS_VERSION, TCPHS_ABI_MAJOR, TCPHS_ABI_MINOR);
		ret = fail(err, -EPROTO);
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
		fail_errno(err, "no memory", -ENOMEM);
		return NULL;
	}
	s->seq = (uint32_t)time(NULL);
	tcphs_clock_init(&own);
	s->clock = own.offset;
	s->data = open_socket(err);
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
	ret = talk(s, put_get(s, buf, TCPHS_CMD_STATUS_GET), take_status, st, err);
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

/* Room for one more element, or NULL; the caller increments @nr. */
static void *list_grow(void **v, size_t nr, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 64;
	void *bigger;

	if (nr == *cap) {
		bigger = reallocarray(*v, want, size);
		if (!bigger)
			return NULL;
		*v = bigger;
		*cap = want;
	}
	return (char *)*v + nr * size;
}

static int take_listener(void *arg, const void *msg, size_t len)
{
	struct tcphs_listener_list *list = arg;
	struct tcphs_listener *row;
	void *v = list->v;
	int err;

	row = list_grow(&v, list->nr, &list->cap, sizeof(*row));
	list->v = v;
	if (!row)
		return -ENOMEM;
	err = tcphs_decode_listener(msg, len, row);
	if (!err)
		list->nr++;
	return err;
}

struct conns_arg {
	struct tcphs_conn_list *list;
	const struct tcphs_filter *filter;
};

static int take_conn(void *data, const void *msg, size_t len)
{
	const struct conns_arg *arg = data;
	struct tcphs_conn_list *list = arg->list;
	struct tcphs_conn_info *row;
	void *v = list->v;
	int err;

	row = list_grow(&v, list->nr, &list->cap, sizeof(*row));
	list->v = v;
	if (!row)
		return -ENOMEM;
	err = tcphs_decode_conn(msg, len, row);
	if (!err && (!arg->filter || tcphs_filter_conn(arg->filter, row)))
		list->nr++;
	return err;
}

/**
 * tcphs_get_listeners - every listening socket
 * @s: the session
 * @all_netns: of all network namespaces
 * @list: the answer; zeroed before the first call
 * @err: why not
 */
int tcphs_get_listeners(struct tcphs_session *s, bool all_netns,
			struct tcphs_listener_list *list, struct tcphs_error *err)
{
	struct nlmsghdr *nlh;
	char buf[256];

	list->nr = 0;
	nlh = put_dump(s, buf, TCPHS_CMD_LISTENER_GET);
	if (all_netns)
		mnl_attr_put(nlh, TCPHS_A_LISTENER_ALL_NETNS, 0, NULL);
	return talk(s, nlh, take_listener, list, err);
}

/* The kernel takes a list without ranges. One that is too long only this side judges. */
static void put_ports(struct nlmsghdr *nlh, uint16_t type, const struct tcphs_filter *f,
		      enum tcphs_filter_key key, const struct tcphs_ports *ports)
{
	uint16_t list[TCPHS_FILTER_LIST];
	unsigned int i, port, nr = 0;

	if (!tcphs_filter_has(f, key))
		return;
	for (i = 0; i < ports->nr; i++) {
		for (port = ports->v[i].first; port <= ports->v[i].last; port++) {
			if (nr == TCPHS_FILTER_LIST)
				return;
			list[nr++] = (uint16_t)port;
		}
	}
	mnl_attr_put(nlh, type, nr * sizeof(list[0]), list);
}

static void put_step(struct nlmsghdr *nlh, const struct tcphs_filter *f)
{
	uint64_t types = tcphs_filter_event_types(f);

	if (tcphs_filter_has(f, TCPHS_FILTER_STATE))
		mnl_attr_put_u32(nlh, TCPHS_A_FILTER_STATES, f->states);
	/* No type at all is no mask; then this side stops every event. */
	if (types && ~types)
		mnl_attr_put_u64(nlh, TCPHS_A_FILTER_EVENTS, types);
}

/* What the kernel can judge by itself. It fits into FILTER_SIZE. */
static void put_filter(struct nlmsghdr *nlh, uint16_t type, const struct tcphs_filter *f)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	put_ports(nlh, TCPHS_A_FILTER_PORTS, f, TCPHS_FILTER_PORT, &f->port);
	put_ports(nlh, TCPHS_A_FILTER_LOCAL_PORTS, f, TCPHS_FILTER_LOCAL_PORT, &f->local_port);
	put_ports(nlh, TCPHS_A_FILTER_PEER_PORTS, f, TCPHS_FILTER_PEER_PORT, &f->peer_port);
	if (tcphs_filter_has(f, TCPHS_FILTER_ADDRESS))
		mnl_attr_put(nlh, TCPHS_A_FILTER_ADDRESSES,
			     f->nr_addresses * sizeof(f->address[0]), f->address);
	if (tcphs_filter_has(f, TCPHS_FILTER_PID))
		mnl_attr_put(nlh, TCPHS_A_FILTER_PIDS, f->pid.nr * sizeof(f->pid.v[0]), f->pid.v);
	if (tcphs_filter_has(f, TCPHS_FILTER_ROLE))
		mnl_attr_put_u32(nlh, TCPHS_A_FILTER_ROLES, f->roles);
	if (tcphs_filter_has(f, TCPHS_FILTER_OLDER_THAN))
		mnl_attr_put_u64(nlh, TCPHS_A_FILTER_OLDER_THAN, f->older_than);
	if (type == TCPHS_A_EVENT_FILTER)
		put_step(nlh, f);
	if (mnl_nlmsg_get_payload_tail(nlh) == mnl_attr_get_payload(nest))
		mnl_attr_nest_cancel(nlh, nest);
	else
		mnl_attr_nest_end(nlh, nest);
}

/**
 * tcphs_get_connections - every connection that a filter lets through
 * @s: the session
 * @all_netns: of all network namespaces
 * @filter: NULL: all
 * @list: the answer; zeroed before the first call
 * @err: why not
 */
int tcphs_get_connections(struct tcphs_session *s, bool all_netns,
			  const struct tcphs_filter *filter, struct tcphs_conn_list *list,
			  struct tcphs_error *err)
{
	struct conns_arg arg = { list, filter };
	char buf[256 + FILTER_SIZE];
	struct nlmsghdr *nlh;

	list->nr = 0;
	nlh = put_dump(s, buf, TCPHS_CMD_CONN_GET);
	if (all_netns)
		mnl_attr_put(nlh, TCPHS_A_CONN_ALL_NETNS, 0, NULL);
	if (filter && tcphs_filter_has(filter, TCPHS_FILTER_STATE))
		mnl_attr_put_u32(nlh, TCPHS_A_CONN_STATES, filter->states);
	if (filter)
		put_filter(nlh, TCPHS_A_CONN_FILTER, filter);
	return talk(s, nlh, take_conn, &arg, err);
}

/**
 * tcphs_listener_list_free - give the memory back; the list is empty again
 * @list: the list
 */
void tcphs_listener_list_free(struct tcphs_listener_list *list)
{
	free(list->v);
	memset(list, 0, sizeof(*list));
}

/**
 * tcphs_conn_list_free - give the memory back; the list is empty again
 * @list: the list
 */
void tcphs_conn_list_free(struct tcphs_conn_list *list)
{
	free(list->v);
	memset(list, 0, sizeof(*list));
}

static void put_cursors(struct nlmsghdr *nlh, const struct tcphs_events *evs)
{
	struct nlattr *nest;
	uint64_t next;
	uint32_t cpu;
	size_t i;

	for (i = 0; i < tcphs_events_cpus(evs); i++) {
		tcphs_events_cursor(evs, i, &cpu, &next);
		nest = mnl_attr_nest_start(nlh, TCPHS_A_EVENT_CURSOR);
		mnl_attr_put_u32(nlh, TCPHS_A_CURSOR_CPU, cpu);
		mnl_attr_put_u64(nlh, TCPHS_A_CURSOR_NEXT, next);
		mnl_attr_nest_end(nlh, nest);
	}
}

static int take_batch(void *arg, const void *msg, size_t len)
{
	struct tcphs_batch batch;
	int err;

	err = tcphs_decode_batch(msg, len, &batch);
	return err ? err : tcphs_events_add(arg, &batch);
}

/**
 * tcphs_events_pull - fetch every record that is new
 * @s: the session
 * @evs: the cursors, and the queues that get the records
 * @err: why not
 */
int tcphs_events_pull(struct tcphs_session *s, struct tcphs_events *evs, struct tcphs_error *err)
{
	/* A cursor takes 4 + 8 + 12 bytes. */
	void *buf = calloc(1, 256 + FILTER_SIZE + tcphs_events_cpus(evs) * 24);
	const struct tcphs_filter *filter = tcphs_events_filter(evs);
	struct nlmsghdr *nlh;
	int ret;

	if (!buf)
		return fail_errno(err, "no memory", -ENOMEM);
	nlh = put_dump(s, buf, TCPHS_CMD_EVENT_GET);
	if (tcphs_events_all_netns(evs))
		mnl_attr_put(nlh, TCPHS_A_EVENT_ALL_NETNS, 0, NULL);
	if (filter)
		put_filter(nlh, TCPHS_A_EVENT_FILTER, filter);
	put_cursors(nlh, evs);
	/* Numbers begin anew when the module is loaded anew. */
	if (s->load && tcphs_events_cpus(evs))
		mnl_attr_put_u64(nlh, TCPHS_A_EVENT_LOAD, s->load);

	tcphs_events_begin(evs, tcphs_session_now(s));
	ret = talk(s, nlh, take_batch, evs, err);
	if (ret == -ERANGE || ret == -ESTALE) {
		tcphs_error_set(err, TCPHS_ERR_RELOADED,
				"the module was loaded anew in the meantime; start again");
		fail(err, ret);
	}
	free(buf);
	return ret;
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
		return fail(err, -EPROTO);
	}
	s->bell = open_socket(err);
	if (!s->bell)
		return -EIO;
	if (mnl_socket_setsockopt(s->bell, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
		ret = -errno;
		mnl_socket_close(s->bell);
		s->bell = NULL;
		if (ret == -EPERM)
			return fail_permission(err, ret, "");
		return fail_errno(err, "cannot subscribe to new events", ret);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listeners and connections: all that the module has of a kind, and what of a filter it can
 * judge by itself.
 */
#include <stdlib.h>

#include "talk.h"

/* A list that is being filled. */
struct rows {
	void *v;
	size_t nr, cap;
	size_t size;		/* of a row */
	int (*decode)(const void *msg, size_t len, void *row);
	const struct tcphs_filter *filter;	/* of connections; NULL: all */
};

/* Room for one more row, or NULL; the caller increments @nr. */
static void *next_row(struct rows *rows)
{
	size_t want = rows->cap ? rows->cap * 2 : 64;
	void *bigger;

	if (rows->nr == rows->cap) {
		bigger = reallocarray(rows->v, want, rows->size);
		if (!bigger)
			return NULL;
		rows->v = bigger;
		rows->cap = want;
	}
	return (char *)rows->v + rows->nr * rows->size;
}

static int take_row(void *arg, const void *msg, size_t len)
{
	struct rows *rows = arg;
	void *row = next_row(rows);
	int err;

	if (!row)
		return -ENOMEM;
	err = rows->decode(msg, len, row);
	if (!err && (!rows->filter || tcphs_filter_conn(rows->filter, row)))
		rows->nr++;
	return err;
}

static int decode_listener(const void *msg, size_t len, void *row)
{
	return tcphs_decode_listener(msg, len, row);
}

static int decode_conn(const void *msg, size_t len, void *row)
{
	return tcphs_decode_conn(msg, len, row);
}

/* Those that are not kept: a place for one, and what is called with it. */
struct each {
	union {
		struct tcphs_status status;
		struct tcphs_listener listener;
		struct tcphs_conn_info conn;
	};
	const struct tcphs_filter *filter;
	bool waits;		/* connections that wait for accept() */
	union {
		int (*status)(void *arg, const struct tcphs_status *st);
		int (*listener)(void *arg, const struct tcphs_listener *l);
		int (*conn)(void *arg, const struct tcphs_conn_info *c);
	} fn;
	void *arg;
};

static int each_status(void *arg, const void *msg, size_t len)
{
	struct each *each = arg;
	int err = tcphs_decode_status(msg, len, &each->status);

	return err ? err : each->fn.status(each->arg, &each->status);
}

static int each_listener(void *arg, const void *msg, size_t len)
{
	struct each *each = arg;
	int err = tcphs_decode_listener(msg, len, &each->listener);

	return err ? err : each->fn.listener(each->arg, &each->listener);
}

static int each_conn(void *arg, const void *msg, size_t len)
{
	struct each *each = arg;
	int err = tcphs_decode_conn(msg, len, &each->conn);

	if (err || (each->filter && !tcphs_filter_conn(each->filter, &each->conn)) ||
	    (each->waits && !each->conn.listener))
		return err;
	return each->fn.conn(each->arg, &each->conn);
}

/* @each is this function's to free; it is NULL without memory. */
static int talk_each(struct tcphs_session *s, const struct nlmsghdr *nlh, answer_fn fn,
		     struct each *each, struct tcphs_error *err)
{
	int ret;

	if (!each)
		return tcphs_fail_errno(err, "no memory", -ENOMEM);
	ret = tcphs_talk(s, nlh, fn, each, err);
	free(each);
	return ret;
}

/**
 * tcphs_each_status - the status of each network namespace
 * @s: the session
 * @all_netns: of all of them; else of the caller's alone
 * @fn: is called for each
 * @arg: its first argument
 * @err: why not
 */
int tcphs_each_status(struct tcphs_session *s, bool all_netns,
		      int (*fn)(void *arg, const struct tcphs_status *st), void *arg,
		      struct tcphs_error *err)
{
	struct each *each = calloc(1, sizeof(*each));
	struct nlmsghdr *nlh;
	char buf[256];

	if (each)
		*each = (struct each){ .fn.status = fn, .arg = arg };
	nlh = tcphs_put_dump(s, buf, TCPHS_CMD_STATUS_GET);
	if (all_netns)
		mnl_attr_put(nlh, TCPHS_A_STATUS_ALL_NETNS, 0, NULL);
	return talk_each(s, nlh, each_status, each, err);
}

static struct nlmsghdr *put_listeners(struct tcphs_session *s, void *buf, bool all_netns)
{
	struct nlmsghdr *nlh = tcphs_put_dump(s, buf, TCPHS_CMD_LISTENER_GET);

	if (all_netns)
		mnl_attr_put(nlh, TCPHS_A_LISTENER_ALL_NETNS, 0, NULL);
	return nlh;
}

/**
 * tcphs_each_listener - every listening socket, one by one
 * @s: the session
 * @all_netns: of all network namespaces
 * @fn: is called for each
 * @arg: its first argument
 * @err: why not
 */
int tcphs_each_listener(struct tcphs_session *s, bool all_netns,
			int (*fn)(void *arg, const struct tcphs_listener *l), void *arg,
			struct tcphs_error *err)
{
	struct each *each = calloc(1, sizeof(*each));
	char buf[256];

	if (each)
		*each = (struct each){ .fn.listener = fn, .arg = arg };
	return talk_each(s, put_listeners(s, buf, all_netns), each_listener, each, err);
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
	struct rows rows = { .v = list->v, .cap = list->cap, .size = sizeof(*list->v),
			     .decode = decode_listener };
	char buf[256];
	int ret;

	ret = tcphs_talk(s, put_listeners(s, buf, all_netns), take_row, &rows, err);
	*list = (struct tcphs_listener_list){ rows.v, rows.nr, rows.cap };
	return ret;
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

/**
 * tcphs_put_filter - what the kernel can judge by itself
 * @nlh: the request, with FILTER_SIZE bytes of room
 * @type: of the attribute
 * @f: what to keep
 */
void tcphs_put_filter(struct nlmsghdr *nlh, uint16_t type, const struct tcphs_filter *f)
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

static struct nlmsghdr *put_conns(struct tcphs_session *s, void *buf, bool all_netns,
				  const struct tcphs_filter *filter)
{
	struct nlmsghdr *nlh = tcphs_put_dump(s, buf, TCPHS_CMD_CONN_GET);

	if (all_netns)
		mnl_attr_put(nlh, TCPHS_A_CONN_ALL_NETNS, 0, NULL);
	if (filter && tcphs_filter_has(filter, TCPHS_FILTER_STATE))
		mnl_attr_put_u32(nlh, TCPHS_A_CONN_STATES, filter->states);
	if (filter)
		tcphs_put_filter(nlh, TCPHS_A_CONN_FILTER, filter);
	return nlh;
}

/**
 * tcphs_each_connection - every connection that a filter lets through, one by one
 * @s: the session
 * @all_netns: of all network namespaces
 * @filter: NULL: all
 * @fn: is called for each
 * @arg: its first argument
 * @err: why not
 */
int tcphs_each_connection(struct tcphs_session *s, bool all_netns,
			  const struct tcphs_filter *filter,
			  int (*fn)(void *arg, const struct tcphs_conn_info *c), void *arg,
			  struct tcphs_error *err)
{
	struct each *each = calloc(1, sizeof(*each));
	char buf[256 + FILTER_SIZE];

	if (each)
		*each = (struct each){ .filter = filter, .fn.conn = fn, .arg = arg };
	return talk_each(s, put_conns(s, buf, all_netns, filter), each_conn, each, err);
}

/**
 * tcphs_each_waiting - every connection that is in an accept queue, one by one
 * @s: the session
 * @all_netns: of all network namespaces
 * @fn: is called for each
 * @arg: its first argument
 * @err: why not
 */
int tcphs_each_waiting(struct tcphs_session *s, bool all_netns,
		       int (*fn)(void *arg, const struct tcphs_conn_info *c), void *arg,
		       struct tcphs_error *err)
{
	struct each *each = calloc(1, sizeof(*each));
	struct nlmsghdr *nlh;
	char buf[256];

	if (each)
		*each = (struct each){ .waits = true, .fn.conn = fn, .arg = arg };
	nlh = put_conns(s, buf, all_netns, NULL);
	mnl_attr_put_u64(nlh, TCPHS_A_CONN_WAITING, 0);
	return talk_each(s, nlh, each_conn, each, err);
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
	struct rows rows = { .v = list->v, .cap = list->cap, .size = sizeof(*list->v),
			     .decode = decode_conn, .filter = filter };
	char buf[256 + FILTER_SIZE];
	int ret;

	ret = tcphs_talk(s, put_conns(s, buf, all_netns, filter), take_row, &rows, err);
	*list = (struct tcphs_conn_list){ rows.v, rows.nr, rows.cap };
	return ret;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the module says of itself, of listeners and of connections -> checked structs.
 *
 * No socket, no allocation, no length that is taken on trust; see attr.h.
 */
#include <linux/genetlink.h>
#include <sys/socket.h>

#include "attr.h"
#include "internal.h"

/* ---- the family ------------------------------------------------------------- */

struct group {
	char name[32];
	uint32_t id;
};

static int decode_group(const struct attr *a, uint32_t *events)
{
	static const struct attr_known known[] = {
		[CTRL_ATTR_MCAST_GRP_NAME]	= TO_STRING(group, name),
		[CTRL_ATTR_MCAST_GRP_ID]	= TO(group, id),
	};
	static const struct attr_table table = ATTR_TABLE(known);
	struct group group = { .id = 0 };
	int err;

	err = tcphs_decode_nest(&table, a, &group);
	if (!err && !strcmp(group.name, TCPHS_MCGRP_EVENTS))
		*events = group.id;
	return err;
}

/* They are numbered, whatever their types are. */
static int decode_groups(const struct attr *groups, void *to, size_t size)
{
	struct attr_walk w;
	struct attr a;
	int err;

	(void)size;
	tcphs_walk_nest(&w, groups);
	while ((err = tcphs_walk_next(&w, &a)) > 0) {
		err = decode_group(&a, to);
		if (err)
			return err;
	}
	return err;
}

/**
 * tcphs_decode_family - the controller's answer about our family
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the family
 */
int tcphs_decode_family(const void *msg, size_t len, struct tcphs_family *out)
{
	static const struct attr_known known[] = {
		[CTRL_ATTR_FAMILY_ID]		= TO(tcphs_family, id),
		[CTRL_ATTR_VERSION]		= TO(tcphs_family, version),
		[CTRL_ATTR_MCAST_GROUPS]	= TO_NEST(tcphs_family, group, decode_groups),
	};
	static const struct attr_table table = ATTR_TABLE(known);
	int err;

	err = tcphs_decode_message(&table, msg, len, out, sizeof(*out));
	if (err)
		return err;
	return out->id ? 0 : -EBADMSG;
}

/* ---- the status ------------------------------------------------------------- */

static int decode_hook(const struct attr *a, void *to, size_t size)
{
	static const struct attr_known known[] = {
		[TCPHS_A_HOOK_NAME]	= TO_STRING(tcphs_hook, name),
		[TCPHS_A_HOOK_KIND]	= TO(tcphs_hook, kind),
		[TCPHS_A_HOOK_REQUIRED]	= TO_FLAG(tcphs_hook, required),
		[TCPHS_A_HOOK_ACTIVE]	= TO_FLAG(tcphs_hook, active),
		[TCPHS_A_HOOK_UNUSABLE]	= TO_FLAG(tcphs_hook, unusable),
		[TCPHS_A_HOOK_SHOWS]	= TO_STRING(tcphs_hook, shows),
		[TCPHS_A_HOOK_HITS]	= TO_TOLD(tcphs_hook, hits, has_hits),
		[TCPHS_A_HOOK_MISSED]	= TO(tcphs_hook, missed),
	};
	static const struct attr_table table = ATTR_TABLE(known);
	struct tcphs_hook hook = { .name = "" };
	struct tcphs_status *out = to;
	int err;

	(void)size;
	err = tcphs_decode_nest(&table, a, &hook);
	if (!err && out->nhooks < TCPHS_HOOKS_MAX)
		out->hook[out->nhooks++] = hook;
	return err;
}

struct count {
	uint64_t value;
	uint8_t id;
};

/* One counter of an array; an id beyond it is of a newer module and skipped. */
static int decode_count(const struct attr *a, void *to, size_t size)
{
	static const struct attr_known known[] = {
		[TCPHS_A_COUNT_ID]	= TO(count, id),
		[TCPHS_A_COUNT_VALUE]	= TO(count, value),
	};
	static const struct attr_table table = ATTR_TABLE(known);
	struct count count = { .id = 0 };
	uint64_t *counts = to;
	int err;

	err = tcphs_decode_nest(&table, a, &count);
	if (!err && count.id < size / sizeof(*counts))
		counts[count.id] = count.value;
	return err;
}

/* One more of a list; beyond its end they are of a newer module and skipped. */
static int decode_cause(const struct attr *a, void *to, size_t size)
{
	static const struct attr_known known[] = {
		[TCPHS_A_CAUSE_EVENT]	= TO(tcphs_cause, event),
		[TCPHS_A_CAUSE_ROLE]	= TO(tcphs_cause, role),
		[TCPHS_A_CAUSE_REASON]	= TO(tcphs_cause, reason),
		[TCPHS_A_CAUSE_VALUE]	= TO(tcphs_cause, value),
	};
	static const struct attr_table table = ATTR_TABLE(known);
	struct tcphs_cause cause = { .value = 0 };
	struct tcphs_status *out = to;
	int err;

	(void)size;
	err = tcphs_decode_nest(&table, a, &cause);
	if (!err && out->ncauses < TCPHS_CAUSES_MAX)
		out->cause[out->ncauses++] = cause;
	return err;
}

struct numbered_hist {
	struct tcphs_histogram hist;
	uint8_t id;
};

static int read_hist(const struct attr *a, struct numbered_hist *out)
{
	static const struct attr_known known[] = {
		[TCPHS_A_HIST_ID]	= TO(numbered_hist, id),
		[TCPHS_A_HIST_COUNT]	= TO(numbered_hist, hist.count),
		[TCPHS_A_HIST_MAX_NS]	= TO(numbered_hist, hist.max_ns),
		[TCPHS_A_HIST_BUCKETS]	= TO(numbered_hist, hist.bucket),
	};
	static const struct attr_table table = ATTR_TABLE(known);

	memset(out, 0, sizeof(*out));
	return tcphs_decode_nest(&table, a, out);
}

/* One of an array, as with counters. */
static int decode_hist(const struct attr *a, void *to, size_t size)
{
	struct tcphs_histogram *hists = to;
	struct numbered_hist read;
	int err;

	err = read_hist(a, &read);
	if (!err && read.id < size / sizeof(*hists))
		hists[read.id] = read.hist;
	return err;
}

/* The only one there is; its number says nothing. */
static int decode_wait(const struct attr *a, void *to, size_t size)
{
	struct numbered_hist read;
	int err;

	err = read_hist(a, &read);
	if (!err)
		memcpy(to, &read.hist, size);
	return err;
}

/**
 * tcphs_decode_status - the answer to TCPHS_CMD_STATUS_GET
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the status; what the module did not say is zero
 */
int tcphs_decode_status(const void *msg, size_t len, struct tcphs_status *out)
{
	static const struct attr_known known[] = {
		[TCPHS_A_STATUS_VERSION]	= TO_STRING(tcphs_status, version),
		[TCPHS_A_STATUS_ABI_MAJOR]	= TO(tcphs_status, abi_major),
		[TCPHS_A_STATUS_ABI_MINOR]	= TO(tcphs_status, abi_minor),
		[TCPHS_A_STATUS_UPTIME]		= TO(tcphs_status, uptime),
		[TCPHS_A_STATUS_NETNS]		= TO(tcphs_status, netns),
		[TCPHS_A_STATUS_RING_RECORDS]	= TO(tcphs_status, ring_records),
		[TCPHS_A_STATUS_RING_CPUS]	= TO(tcphs_status, ring_cpus),
		[TCPHS_A_STATUS_RECORDED]	= TO(tcphs_status, recorded),
		[TCPHS_A_STATUS_RING_REACH]	= TO(tcphs_status, ring_reach),
		[TCPHS_A_STATUS_KEPT_RECORDS]	= TO(tcphs_status, kept_records),
		[TCPHS_A_STATUS_KEPT]		= TO(tcphs_status, kept),
		[TCPHS_A_STATUS_KEPT_OVERWRITTEN] = TO(tcphs_status, kept_overwritten),
		[TCPHS_A_STATUS_KEPT_REACH]	= TO(tcphs_status, kept_reach),
		[TCPHS_A_STATUS_OVERWRITTEN] = TO_TOLD(tcphs_status, overwritten, has_overwritten),
		[TCPHS_A_STATUS_TABLE_USED]	= TO(tcphs_status, table_used),
		[TCPHS_A_STATUS_TABLE_LIMIT]	= TO(tcphs_status, table_limit),
		[TCPHS_A_STATUS_UNTRACKED]	= TO(tcphs_status, untracked),
		[TCPHS_A_STATUS_LOAD]		= TO(tcphs_status, load),
		[TCPHS_A_STATUS_CLOCK]		= TO_TOLD(tcphs_status, clock, has_clock),
		[TCPHS_A_STATUS_TW_LIMIT]	= TO(tcphs_status, tw_limit),
		[TCPHS_A_STATUS_HOOK]		= TO_ALL(tcphs_status, decode_hook),
		[TCPHS_A_STATUS_STATE]		= TO_NEST(tcphs_status, state, decode_count),
		[TCPHS_A_STATUS_EVENT]		= TO_NEST(tcphs_status, event, decode_count),
		[TCPHS_A_STATUS_FAILURE]	= TO_NEST(tcphs_status, failure, decode_count),
		[TCPHS_A_STATUS_REFUSED]	= TO_NEST(tcphs_status, refused, decode_count),
		[TCPHS_A_STATUS_HIST]		= TO_NEST(tcphs_status, hist, decode_hist),
		[TCPHS_A_STATUS_BORN]		= TO(tcphs_status, born),
		[TCPHS_A_STATUS_CAUSE]		= TO_ALL(tcphs_status, decode_cause),
		[TCPHS_A_STATUS_PORT_LOW]	= TO(tcphs_status, port_low),
		[TCPHS_A_STATUS_PORT_HIGH]	= TO(tcphs_status, port_high),
		[TCPHS_A_STATUS_PORTS]		= TO(tcphs_status, ports),
		[TCPHS_A_STATUS_TW_REUSE]	= TO(tcphs_status, tw_reuse),
		[TCPHS_A_STATUS_CGROUPS]	= TO(tcphs_status, cgroups),
		[TCPHS_A_STATUS_CGROUPS_LOST]	= TO(tcphs_status, cgroups_lost),
	};
	static const struct attr_table table = ATTR_TABLE(known);
	int err;

	err = tcphs_decode_message(&table, msg, len, out, sizeof(*out));
	if (err)
		return err;
	return out->abi_major ? 0 : -EBADMSG;
}

/* ---- listeners and connections ---------------------------------------------- */

static bool known_family(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

/**
 * tcphs_decode_listener - one message of the answer to TCPHS_CMD_LISTENER_GET
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the listener
 */
int tcphs_decode_listener(const void *msg, size_t len, struct tcphs_listener *out)
{
	static const struct attr_known known[] = {
		[TCPHS_A_LISTENER_CONN]		= TO(tcphs_listener, conn),
		[TCPHS_A_LISTENER_NETNS]	= TO(tcphs_listener, netns),
		[TCPHS_A_LISTENER_FAMILY]	= TO(tcphs_listener, family),
		[TCPHS_A_LISTENER_ADDRESS]	= TO(tcphs_listener, address),
		[TCPHS_A_LISTENER_PORT]		= TO(tcphs_listener, port),
		[TCPHS_A_LISTENER_AGE]		= TO_TOLD(tcphs_listener, age, has_age),
		[TCPHS_A_LISTENER_PID] = TO_TOLD(tcphs_listener, listens.pid, listens.known),
		[TCPHS_A_LISTENER_COMM]		= TO_STRING(tcphs_listener, listens.comm),
		[TCPHS_A_LISTENER_THREAD]	= TO_STRING(tcphs_listener, listens.thread),
		[TCPHS_A_LISTENER_ACCEPT_PID]	= TO_TOLD(tcphs_listener, owner.pid, owner.known),
		[TCPHS_A_LISTENER_ACCEPT_COMM]	= TO_STRING(tcphs_listener, owner.comm),
		[TCPHS_A_LISTENER_ACCEPT_THREAD] = TO_STRING(tcphs_listener, owner.thread),
		[TCPHS_A_LISTENER_CGROUP]	= TO(tcphs_listener, listens.cgroup),
		[TCPHS_A_LISTENER_ACCEPT_CGROUP] = TO(tcphs_listener, owner.cgroup),
		[TCPHS_A_LISTENER_IFINDEX]	= TO(tcphs_listener, ifindex),
		[TCPHS_A_LISTENER_DEVICE]	= TO_STRING(tcphs_listener, device),
		[TCPHS_A_LISTENER_L3MDEV]	= TO_STRING(tcphs_listener, l3mdev),
		[TCPHS_A_LISTENER_SYN_QUEUE]	= TO(tcphs_listener, syn_queue),
		[TCPHS_A_LISTENER_SYN_MAX]	= TO(tcphs_listener, syn_max),
		[TCPHS_A_LISTENER_SYN_LIMIT]	= TO(tcphs_listener, syn_limit),
		[TCPHS_A_LISTENER_ACCEPT_QUEUE]	= TO(tcphs_listener, accept_queue),
		[TCPHS_A_LISTENER_ACCEPT_MAX]	= TO(tcphs_listener, accept_max),
		[TCPHS_A_LISTENER_ACCEPT_LIMIT]	= TO(tcphs_listener, accept_limit),
		[TCPHS_A_LISTENER_ACCEPTED]	= TO(tcphs_listener, accepted),
		[TCPHS_A_LISTENER_OVERFLOWS]	= TO(tcphs_listener, overflows),
		[TCPHS_A_LISTENER_DROPS]	= TO(tcphs_listener, drops),
		[TCPHS_A_LISTENER_DISCARDS]	= TO(tcphs_listener, discards),
		[TCPHS_A_LISTENER_LAST_ACCEPT]	= TO_TOLD(tcphs_listener, idle, has_idle),
		[TCPHS_A_LISTENER_WAIT]		= TO_NEST(tcphs_listener, wait, decode_wait),
		[TCPHS_A_LISTENER_COOKIES_SENT]	= TO(tcphs_listener, cookies_sent),
		[TCPHS_A_LISTENER_COOKIES_VALID] = TO(tcphs_listener, cookies_valid),
		[TCPHS_A_LISTENER_GROUP]	= TO(tcphs_listener, group),
	};
	static const struct attr_table table = ATTR_TABLE(known);
	int err;

	err = tcphs_decode_message(&table, msg, len, out, sizeof(*out));
	if (err)
		return err;
	if (!out->owner.known)
		out->owner = out->listens;
	return known_family(out->family) ? 0 : -EBADMSG;
}

/**
 * tcphs_decode_conn - one message of the answer to TCPHS_CMD_CONN_GET
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the connection
 */
int tcphs_decode_conn(const void *msg, size_t len, struct tcphs_conn_info *out)
{
	static const struct attr_known known[] = {
		[TCPHS_A_CONN_CONN]		= TO(tcphs_conn_info, conn),
		[TCPHS_A_CONN_GENERATION]	= TO(tcphs_conn_info, generation),
		[TCPHS_A_CONN_NETNS]		= TO(tcphs_conn_info, netns),
		[TCPHS_A_CONN_FAMILY]		= TO(tcphs_conn_info, family),
		[TCPHS_A_CONN_MAPPED]		= TO_FLAG(tcphs_conn_info, mapped),
		[TCPHS_A_CONN_ADOPTED]		= TO_FLAG(tcphs_conn_info, adopted),
		[TCPHS_A_CONN_ROLE]		= TO(tcphs_conn_info, role),
		[TCPHS_A_CONN_STATE]		= TO(tcphs_conn_info, state),
		[TCPHS_A_CONN_LOCAL]		= TO(tcphs_conn_info, local),
		[TCPHS_A_CONN_LOCAL_PORT]	= TO(tcphs_conn_info, local_port),
		[TCPHS_A_CONN_PEER]		= TO(tcphs_conn_info, peer),
		[TCPHS_A_CONN_PEER_PORT]	= TO(tcphs_conn_info, peer_port),
		[TCPHS_A_CONN_AGE]		= TO(tcphs_conn_info, age),
		[TCPHS_A_CONN_LIFE]		= TO(tcphs_conn_info, life),
		[TCPHS_A_CONN_HANDSHAKE] = TO_TOLD(tcphs_conn_info, handshake, has_handshake),
		[TCPHS_A_CONN_ISN]		= TO_TOLD(tcphs_conn_info, isn, has_isn),
		[TCPHS_A_CONN_PEER_ISN]		= TO_TOLD(tcphs_conn_info, peer_isn, has_peer_isn),
		[TCPHS_A_CONN_PID]		= TO_TOLD(tcphs_conn_info, owner.pid, owner.known),
		[TCPHS_A_CONN_COMM]		= TO_STRING(tcphs_conn_info, owner.comm),
		[TCPHS_A_CONN_THREAD]		= TO_STRING(tcphs_conn_info, owner.thread),
		[TCPHS_A_CONN_CGROUP]		= TO(tcphs_conn_info, owner.cgroup),
		[TCPHS_A_CONN_IFINDEX]		= TO(tcphs_conn_info, ifindex),
		[TCPHS_A_CONN_RESTORED]		= TO_FLAG(tcphs_conn_info, restored),
		[TCPHS_A_CONN_WAITING]		= TO(tcphs_conn_info, waiting),
		[TCPHS_A_CONN_LISTENER]		= TO(tcphs_conn_info, listener),
	};
	static const struct attr_table table = ATTR_TABLE(known);
	int err;

	err = tcphs_decode_message(&table, msg, len, out, sizeof(*out));
	if (err)
		return err;
	return known_family(out->family) ? 0 : -EBADMSG;
}

/**
 * tcphs_decode_cgroup - the name of a cgroup
 * @msg: the message
 * @len: bytes that may be read
 * @out: the name
 */
int tcphs_decode_cgroup(const void *msg, size_t len, struct tcphs_cgroup_name *out)
{
	static const struct attr_known known[] = {
		[TCPHS_A_CGROUP_ID]	= TO(tcphs_cgroup_name, id),
		[TCPHS_A_CGROUP_PATH]	= TO_STRING(tcphs_cgroup_name, path),
		[TCPHS_A_CGROUP_NUMBER]	= TO(tcphs_cgroup_name, number),
	};
	static const struct attr_table table = ATTR_TABLE(known);

	return tcphs_decode_message(&table, msg, len, out, sizeof(*out));
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes of a netlink message -> checked structs.
 *
 * No socket, no allocation, no length that is taken on trust: whatever the
 * bytes are, nothing outside [msg, msg + len) is read. Unknown attributes are
 * skipped, since a newer module may append some; a known one of the wrong
 * length makes the whole message -EBADMSG.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "tcphs_lib.h"

#define ALIGN4(n) (((n) + 3u) & ~(size_t)3u)

struct walk {
	const uint8_t *p;
	const uint8_t *end;
};

struct attr {
	unsigned int type;
	size_t len;
	const uint8_t *data;
};

/* 1: @a is the next attribute; 0: the end; -EBADMSG: what follows is none. */
static inline int walk_next(struct walk *w, struct attr *a)
{
	size_t left = (size_t)(w->end - w->p);
	struct nlattr nla;

	if (left < sizeof(nla))
		return left ? -EBADMSG : 0;
	memcpy(&nla, w->p, sizeof(nla));
	if (nla.nla_len < sizeof(nla) || nla.nla_len > left)
		return -EBADMSG;

	a->type = nla.nla_type & NLA_TYPE_MASK;
	a->len = nla.nla_len - sizeof(nla);
	a->data = w->p + sizeof(nla);
	/* The padding of the last one may be cut off. */
	w->p += ALIGN4(nla.nla_len) < left ? ALIGN4(nla.nla_len) : left;
	return 1;
}

static void walk_nest(struct walk *w, const struct attr *a)
{
	w->p = a->data;
	w->end = a->data + a->len;
}

/* The bytes after the netlink header and @extra more. */
static int walk_message(struct walk *w, const void *msg, size_t len, size_t extra)
{
	struct nlmsghdr nlh;

	if (len < sizeof(nlh))
		return -EBADMSG;
	memcpy(&nlh, msg, sizeof(nlh));
	if (nlh.nlmsg_len > len || nlh.nlmsg_len < sizeof(nlh) + extra)
		return -EBADMSG;
	w->p = (const uint8_t *)msg + sizeof(nlh) + extra;
	w->end = (const uint8_t *)msg + nlh.nlmsg_len;
	return 0;
}

static int walk_genl(struct walk *w, const void *msg, size_t len)
{
	return walk_message(w, msg, len, GENL_HDRLEN);
}

/* A number, or any other thing whose length is known beforehand. */
static int get_fixed(const struct attr *a, void *out, size_t size)
{
	if (a->len != size)
		return -EBADMSG;
	memcpy(out, a->data, size);
	return 0;
}

static int get_flag(const struct attr *a, bool *out)
{
	*out = true;
	return a->len ? -EBADMSG : 0;
}

/* Ends at the first NUL, at the end of the attribute or where @size is full. */
static int get_string(const struct attr *a, char *out, size_t size)
{
	size_t n = strnlen((const char *)a->data, a->len);

	if (n >= size)
		n = size - 1;
	memcpy(out, a->data, n);
	out[n] = '\0';
	return 0;
}

static int get_pid(const struct attr *a, struct tcphs_owner *out)
{
	out->known = true;
	return get_fixed(a, &out->pid, sizeof(out->pid));
}

/* Each attribute of a generic netlink message, one after the other. */
static int decode_message(const void *msg, size_t len,
			  int (*decode)(const struct attr *a, void *to), void *to)
{
	struct walk w;
	struct attr a;
	int err;

	err = walk_genl(&w, msg, len);
	if (err)
		return err;
	while ((err = walk_next(&w, &a)) > 0) {
		err = decode(&a, to);
		if (err)
			return err;
	}
	return err;
}

static int decode_group(const struct attr *groups, struct tcphs_family *out)
{
	struct attr a, b;
	struct walk w, v;
	char name[32];
	uint32_t id;
	int err;

	walk_nest(&w, groups);
	while ((err = walk_next(&w, &a)) > 0) {
		id = 0;
		name[0] = '\0';
		walk_nest(&v, &a);
		while ((err = walk_next(&v, &b)) > 0) {
			err = 0;
			if (b.type == CTRL_ATTR_MCAST_GRP_NAME)
				err = get_string(&b, name, sizeof(name));
			else if (b.type == CTRL_ATTR_MCAST_GRP_ID)
				err = get_fixed(&b, &id, sizeof(id));
			if (err)
				return err;
		}
		if (err)
			return err;
		if (!strcmp(name, TCPHS_MCGRP_EVENTS))
			out->group = id;
	}
	return err;
}

static int decode_family_attr(const struct attr *a, void *to)
{
	struct tcphs_family *out = to;

	switch (a->type) {
	case CTRL_ATTR_FAMILY_ID:
		return get_fixed(a, &out->id, sizeof(out->id));
	case CTRL_ATTR_VERSION:
		return get_fixed(a, &out->version, sizeof(out->version));
	case CTRL_ATTR_MCAST_GROUPS:
		return decode_group(a, out);
	}
	return 0;
}

/**
 * tcphs_decode_family - the controller's answer about our family
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the family
 */
int tcphs_decode_family(const void *msg, size_t len, struct tcphs_family *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = decode_message(msg, len, decode_family_attr, out);
	if (err)
		return err;
	return out->id ? 0 : -EBADMSG;
}

static int decode_hook(const struct attr *nest, struct tcphs_status *out)
{
	struct tcphs_hook hook = { .name = "" };
	struct walk w;
	struct attr a;
	int err;

	walk_nest(&w, nest);
	while ((err = walk_next(&w, &a)) > 0) {
		err = 0;
		switch (a.type) {
		case TCPHS_A_HOOK_NAME:
			err = get_string(&a, hook.name, sizeof(hook.name));
			break;
		case TCPHS_A_HOOK_SHOWS:
			err = get_string(&a, hook.shows, sizeof(hook.shows));
			break;
		case TCPHS_A_HOOK_KIND:
			err = get_fixed(&a, &hook.kind, sizeof(hook.kind));
			break;
		case TCPHS_A_HOOK_REQUIRED:
			err = get_flag(&a, &hook.required);
			break;
		case TCPHS_A_HOOK_ACTIVE:
			err = get_flag(&a, &hook.active);
			break;
		case TCPHS_A_HOOK_HITS:
			err = get_fixed(&a, &hook.hits, sizeof(hook.hits));
			hook.has_hits = true;
			break;
		case TCPHS_A_HOOK_MISSED:
			err = get_fixed(&a, &hook.missed, sizeof(hook.missed));
			break;
		}
		if (err)
			return err;
	}
	if (err)
		return err;
	if (out->nhooks < TCPHS_HOOKS_MAX)
		out->hook[out->nhooks++] = hook;
	return 0;
}

/* One counter into @table; an id beyond it is of a newer module and skipped. */
static int decode_count(const struct attr *nest, uint64_t *table, size_t nr)
{
	uint64_t value = 0;
	uint8_t id = 0;
	struct walk w;
	struct attr a;
	int err;

	walk_nest(&w, nest);
	while ((err = walk_next(&w, &a)) > 0) {
		err = 0;
		if (a.type == TCPHS_A_COUNT_ID)
			err = get_fixed(&a, &id, sizeof(id));
		else if (a.type == TCPHS_A_COUNT_VALUE)
			err = get_fixed(&a, &value, sizeof(value));
		if (err)
			return err;
	}
	if (!err && id < nr)
		table[id] = value;
	return err;
}

static int decode_hist(const struct attr *nest, struct tcphs_histogram *out, uint8_t *id)
{
	struct walk w;
	struct attr a;
	int err;

	memset(out, 0, sizeof(*out));
	walk_nest(&w, nest);
	while ((err = walk_next(&w, &a)) > 0) {
		err = 0;
		switch (a.type) {
		case TCPHS_A_HIST_ID:
			err = get_fixed(&a, id, sizeof(*id));
			break;
		case TCPHS_A_HIST_COUNT:
			err = get_fixed(&a, &out->count, sizeof(out->count));
			break;
		case TCPHS_A_HIST_MAX_NS:
			err = get_fixed(&a, &out->max_ns, sizeof(out->max_ns));
			break;
		case TCPHS_A_HIST_BUCKETS:
			err = get_fixed(&a, out->bucket, sizeof(out->bucket));
			break;
		}
		if (err)
			return err;
	}
	return err;
}

static int decode_status_hist(const struct attr *nest, struct tcphs_status *out)
{
	struct tcphs_histogram hist;
	uint8_t id = 0;
	int err;

	err = decode_hist(nest, &hist, &id);
	if (!err && id <= TCPHS_HIST_MAX)
		out->hist[id] = hist;
	return err;
}

static int decode_status_attr(const struct attr *a, void *to)
{
	struct tcphs_status *out = to;

	switch (a->type) {
	case TCPHS_A_STATUS_VERSION:
		return get_string(a, out->version, sizeof(out->version));
	case TCPHS_A_STATUS_ABI_MAJOR:
		return get_fixed(a, &out->abi_major, sizeof(out->abi_major));
	case TCPHS_A_STATUS_ABI_MINOR:
		return get_fixed(a, &out->abi_minor, sizeof(out->abi_minor));
	case TCPHS_A_STATUS_UPTIME:
		return get_fixed(a, &out->uptime, sizeof(out->uptime));
	case TCPHS_A_STATUS_NETNS:
		return get_fixed(a, &out->netns, sizeof(out->netns));
	case TCPHS_A_STATUS_RING_RECORDS:
		return get_fixed(a, &out->ring_records, sizeof(out->ring_records));
	case TCPHS_A_STATUS_RING_CPUS:
		return get_fixed(a, &out->ring_cpus, sizeof(out->ring_cpus));
	case TCPHS_A_STATUS_RECORDED:
		return get_fixed(a, &out->recorded, sizeof(out->recorded));
	case TCPHS_A_STATUS_OVERWRITTEN:
		out->has_overwritten = true;
		return get_fixed(a, &out->overwritten, sizeof(out->overwritten));
	case TCPHS_A_STATUS_TABLE_USED:
		return get_fixed(a, &out->table_used, sizeof(out->table_used));
	case TCPHS_A_STATUS_TABLE_LIMIT:
		return get_fixed(a, &out->table_limit, sizeof(out->table_limit));
	case TCPHS_A_STATUS_UNTRACKED:
		return get_fixed(a, &out->untracked, sizeof(out->untracked));
	case TCPHS_A_STATUS_LOAD:
		return get_fixed(a, &out->load, sizeof(out->load));
	case TCPHS_A_STATUS_CLOCK:
		out->has_clock = true;
		return get_fixed(a, &out->clock, sizeof(out->clock));
	case TCPHS_A_STATUS_TW_LIMIT:
		return get_fixed(a, &out->tw_limit, sizeof(out->tw_limit));
	case TCPHS_A_STATUS_HOOK:
		return decode_hook(a, out);
	case TCPHS_A_STATUS_STATE:
		return decode_count(a, out->state, TCPHS_STATE_MAX + 1);
	case TCPHS_A_STATUS_EVENT:
		return decode_count(a, out->event, TCPHS_EV_MAX + 1);
	case TCPHS_A_STATUS_FAILURE:
		return decode_count(a, out->failure, TCPHS_REASON_MAX + 1);
	case TCPHS_A_STATUS_REFUSED:
		return decode_count(a, out->refused, TCPHS_REFUSED_MAX + 1);
	case TCPHS_A_STATUS_HIST:
		return decode_status_hist(a, out);
	}
	return 0;
}

/**
 * tcphs_decode_status - the answer to TCPHS_CMD_STATUS_GET
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the status; what the module did not say is zero
 */
int tcphs_decode_status(const void *msg, size_t len, struct tcphs_status *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = decode_message(msg, len, decode_status_attr, out);
	if (err)
		return err;
	return out->abi_major ? 0 : -EBADMSG;
}

static bool known_family(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static int decode_listener_attr(const struct attr *a, void *to)
{
	struct tcphs_listener *out = to;
	uint8_t ignored;

	switch (a->type) {
	case TCPHS_A_LISTENER_CONN:
		return get_fixed(a, &out->conn, sizeof(out->conn));
	case TCPHS_A_LISTENER_NETNS:
		return get_fixed(a, &out->netns, sizeof(out->netns));
	case TCPHS_A_LISTENER_FAMILY:
		return get_fixed(a, &out->family, sizeof(out->family));
	case TCPHS_A_LISTENER_ADDRESS:
		return get_fixed(a, out->address, sizeof(out->address));
	case TCPHS_A_LISTENER_PORT:
		return get_fixed(a, &out->port, sizeof(out->port));
	case TCPHS_A_LISTENER_AGE:
		out->has_age = true;
		return get_fixed(a, &out->age, sizeof(out->age));
	case TCPHS_A_LISTENER_PID:
		return get_pid(a, &out->listens);
	case TCPHS_A_LISTENER_COMM:
		return get_string(a, out->listens.comm, sizeof(out->listens.comm));
	case TCPHS_A_LISTENER_THREAD:
		return get_string(a, out->listens.thread, sizeof(out->listens.thread));
	case TCPHS_A_LISTENER_ACCEPT_PID:
		return get_pid(a, &out->owner);
	case TCPHS_A_LISTENER_ACCEPT_COMM:
		return get_string(a, out->owner.comm, sizeof(out->owner.comm));
	case TCPHS_A_LISTENER_ACCEPT_THREAD:
		return get_string(a, out->owner.thread, sizeof(out->owner.thread));
	case TCPHS_A_LISTENER_IFINDEX:
		return get_fixed(a, &out->ifindex, sizeof(out->ifindex));
	case TCPHS_A_LISTENER_DEVICE:
		return get_string(a, out->device, sizeof(out->device));
	case TCPHS_A_LISTENER_L3MDEV:
		return get_string(a, out->l3mdev, sizeof(out->l3mdev));
	case TCPHS_A_LISTENER_SYN_QUEUE:
		return get_fixed(a, &out->syn_queue, sizeof(out->syn_queue));
	case TCPHS_A_LISTENER_SYN_MAX:
		return get_fixed(a, &out->syn_max, sizeof(out->syn_max));
	case TCPHS_A_LISTENER_SYN_LIMIT:
		return get_fixed(a, &out->syn_limit, sizeof(out->syn_limit));
	case TCPHS_A_LISTENER_ACCEPT_QUEUE:
		return get_fixed(a, &out->accept_queue, sizeof(out->accept_queue));
	case TCPHS_A_LISTENER_ACCEPT_MAX:
		return get_fixed(a, &out->accept_max, sizeof(out->accept_max));
	case TCPHS_A_LISTENER_ACCEPT_LIMIT:
		return get_fixed(a, &out->accept_limit, sizeof(out->accept_limit));
	case TCPHS_A_LISTENER_ACCEPTED:
		return get_fixed(a, &out->accepted, sizeof(out->accepted));
	case TCPHS_A_LISTENER_OVERFLOWS:
		return get_fixed(a, &out->overflows, sizeof(out->overflows));
	case TCPHS_A_LISTENER_DROPS:
		return get_fixed(a, &out->drops, sizeof(out->drops));
	case TCPHS_A_LISTENER_DISCARDS:
		return get_fixed(a, &out->discards, sizeof(out->discards));
	case TCPHS_A_LISTENER_LAST_ACCEPT:
		out->has_idle = true;
		return get_fixed(a, &out->idle, sizeof(out->idle));
	case TCPHS_A_LISTENER_WAIT:
		return decode_hist(a, &out->wait, &ignored);
	case TCPHS_A_LISTENER_COOKIES_SENT:
		return get_fixed(a, &out->cookies_sent, sizeof(out->cookies_sent));
	case TCPHS_A_LISTENER_COOKIES_VALID:
		return get_fixed(a, &out->cookies_valid, sizeof(out->cookies_valid));
	case TCPHS_A_LISTENER_GROUP:
		return get_fixed(a, &out->group, sizeof(out->group));
	}
	return 0;
}

/**
 * tcphs_decode_listener - one message of the answer to TCPHS_CMD_LISTENER_GET
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the listener
 */
int tcphs_decode_listener(const void *msg, size_t len, struct tcphs_listener *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = decode_message(msg, len, decode_listener_attr, out);
	if (err)
		return err;
	if (!out->owner.known)
		out->owner = out->listens;
	return known_family(out->family) ? 0 : -EBADMSG;
}

static int decode_conn_attr(const struct attr *a, void *to)
{
	struct tcphs_conn_info *out = to;

	switch (a->type) {
	case TCPHS_A_CONN_CONN:
		return get_fixed(a, &out->conn, sizeof(out->conn));
	case TCPHS_A_CONN_GENERATION:
		return get_fixed(a, &out->generation, sizeof(out->generation));
	case TCPHS_A_CONN_NETNS:
		return get_fixed(a, &out->netns, sizeof(out->netns));
	case TCPHS_A_CONN_FAMILY:
		return get_fixed(a, &out->family, sizeof(out->family));
	case TCPHS_A_CONN_MAPPED:
		return get_flag(a, &out->mapped);
	case TCPHS_A_CONN_ADOPTED:
		return get_flag(a, &out->adopted);
	case TCPHS_A_CONN_ROLE:
		return get_fixed(a, &out->role, sizeof(out->role));
	case TCPHS_A_CONN_STATE:
		return get_fixed(a, &out->state, sizeof(out->state));
	case TCPHS_A_CONN_LOCAL:
		return get_fixed(a, out->local, sizeof(out->local));
	case TCPHS_A_CONN_LOCAL_PORT:
		return get_fixed(a, &out->local_port, sizeof(out->local_port));
	case TCPHS_A_CONN_PEER:
		return get_fixed(a, out->peer, sizeof(out->peer));
	case TCPHS_A_CONN_PEER_PORT:
		return get_fixed(a, &out->peer_port, sizeof(out->peer_port));
	case TCPHS_A_CONN_AGE:
		return get_fixed(a, &out->age, sizeof(out->age));
	case TCPHS_A_CONN_LIFE:
		return get_fixed(a, &out->life, sizeof(out->life));
	case TCPHS_A_CONN_HANDSHAKE:
		out->has_handshake = true;
		return get_fixed(a, &out->handshake, sizeof(out->handshake));
	case TCPHS_A_CONN_ISN:
		out->has_isn = true;
		return get_fixed(a, &out->isn, sizeof(out->isn));
	case TCPHS_A_CONN_PEER_ISN:
		out->has_peer_isn = true;
		return get_fixed(a, &out->peer_isn, sizeof(out->peer_isn));
	case TCPHS_A_CONN_PID:
		return get_pid(a, &out->owner);
	case TCPHS_A_CONN_COMM:
		return get_string(a, out->owner.comm, sizeof(out->owner.comm));
	case TCPHS_A_CONN_THREAD:
		return get_string(a, out->owner.thread, sizeof(out->owner.thread));
	case TCPHS_A_CONN_IFINDEX:
		return get_fixed(a, &out->ifindex, sizeof(out->ifindex));
	case TCPHS_A_CONN_RESTORED:
		return get_flag(a, &out->restored);
	case TCPHS_A_CONN_WAITING:
		return get_fixed(a, &out->waiting, sizeof(out->waiting));
	case TCPHS_A_CONN_LISTENER:
		return get_fixed(a, &out->listener, sizeof(out->listener));
	}
	return 0;
}

/**
 * tcphs_decode_conn - one message of the answer to TCPHS_CMD_CONN_GET
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the connection
 */
int tcphs_decode_conn(const void *msg, size_t len, struct tcphs_conn_info *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = decode_message(msg, len, decode_conn_attr, out);
	if (err)
		return err;
	return known_family(out->family) ? 0 : -EBADMSG;
}

#define RECORD_LEN (sizeof(struct nlattr) + sizeof(struct tcphs_event))

_Static_assert(ALIGN4(RECORD_LEN) == RECORD_LEN, "records follow each other without padding");

/*
 * Is a whole record next? Nearly all of a dump is a run of them, so they have a
 * way of their own; whatever is no such record walk_next() looks at.
 */
static inline bool at_record(const struct walk *w)
{
	static const struct nlattr record = {
		.nla_len = RECORD_LEN,
		.nla_type = TCPHS_A_EVENT_RECORD,
	};

	return (size_t)(w->end - w->p) >= RECORD_LEN && !memcmp(w->p, &record, sizeof(record));
}

static inline uint32_t skip_records(struct walk *w)
{
	uint32_t nr = 0;

	for (; at_record(w); w->p += RECORD_LEN)
		nr++;
	return nr;
}

static inline char *copy_records(struct walk *w, char *to, size_t stride)
{
	for (; at_record(w); w->p += RECORD_LEN, to += stride)
		memcpy(to, w->p + sizeof(struct nlattr), sizeof(struct tcphs_event));
	return to;
}

/**
 * tcphs_decode_batch - one message of the answer to TCPHS_CMD_EVENT_GET
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: what it says; points into @msg
 */
int tcphs_decode_batch(const void *msg, size_t len, struct tcphs_batch *out)
{
	bool has_cpu = false, has_next = false;
	struct walk w;
	struct attr a;
	int err;

	memset(out, 0, sizeof(*out));
	err = walk_genl(&w, msg, len);
	if (err)
		return err;
	out->attrs = w.p;
	out->attrs_len = (size_t)(w.end - w.p);

	for (;;) {
		out->nr += skip_records(&w);
		err = walk_next(&w, &a);
		if (err <= 0)
			break;
		err = 0;
		switch (a.type) {
		case TCPHS_A_EVENT_RECORD:
			err = a.len == sizeof(struct tcphs_event) ? 0 : -EBADMSG;
			out->nr++;
			break;
		case TCPHS_A_EVENT_CPU:
			err = get_fixed(&a, &out->cpu, sizeof(out->cpu));
			has_cpu = true;
			break;
		case TCPHS_A_EVENT_LOST:
			err = get_fixed(&a, &out->lost, sizeof(out->lost));
			break;
		case TCPHS_A_EVENT_NEXT:
			err = get_fixed(&a, &out->next, sizeof(out->next));
			has_next = true;
			break;
		}
		if (err)
			return err;
	}
	if (err)
		return err;
	return has_cpu && has_next ? 0 : -EBADMSG;
}

/**
 * tcphs_batch_copy - the records of a batch
 * @batch: from tcphs_decode_batch(), whose message is still there
 * @out: room for @batch->nr elements that begin with a struct tcphs_event
 * @stride: size of one
 *
 * In the message they stand on four-byte boundaries only, hence the copy.
 */
void tcphs_batch_copy(const struct tcphs_batch *batch, void *out, size_t stride)
{
	struct walk w = {
		.p = batch->attrs,
		.end = (const uint8_t *)batch->attrs + batch->attrs_len,
	};
	char *to = out;
	struct attr a;

	for (;;) {
		to = copy_records(&w, to, stride);
		if (walk_next(&w, &a) <= 0)
			break;
		if (a.type != TCPHS_A_EVENT_RECORD)
			continue;
		memcpy(to, a.data, sizeof(struct tcphs_event));
		to += stride;
	}
}

static void decode_extack(struct walk *w, struct tcphs_ack *out)
{
	struct attr a;

	/* A cut extack is no reason to hide the error it belongs to. */
	while (walk_next(w, &a) > 0)
		if (a.type == NLMSGERR_ATTR_MSG)
			get_string(&a, out->text, sizeof(out->text));
}

/**
 * tcphs_decode_ack - NLMSG_ERROR or NLMSG_DONE
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the error, 0 for none, and the kernel's words about it
 */
int tcphs_decode_ack(const void *msg, size_t len, struct tcphs_ack *out)
{
	struct nlmsghdr nlh, request;
	int32_t error = 0;
	struct walk w;
	size_t skip;

	memset(out, 0, sizeof(*out));
	if (walk_message(&w, msg, len, 0))
		return -EBADMSG;
	memcpy(&nlh, msg, sizeof(nlh));

	/* An NLMSG_DONE without a number is the plain end of a dump. */
	if ((size_t)(w.end - w.p) < sizeof(error))
		return nlh.nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, w.p, sizeof(error));
	if (error > 0)
		return nlh.nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	out->error = error;
	w.p += sizeof(error);
	if (!(nlh.nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;

	if (nlh.nlmsg_type == NLMSG_ERROR) {
		if ((size_t)(w.end - w.p) < sizeof(request))
			return 0;
		memcpy(&request, w.p, sizeof(request));
		skip = sizeof(request);
		if (!(nlh.nlmsg_flags & NLM_F_CAPPED))
			skip = ALIGN4((size_t)request.nlmsg_len);
		if (skip > (size_t)(w.end - w.p))
			return 0;
		w.p += skip;
	}
	decode_extack(&w, out);
	return 0;
}

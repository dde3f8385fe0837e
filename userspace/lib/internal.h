/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library's own files share, and the tools, which are of the same version, use
 * beyond tcphs.h. Nothing of it is seen outside.
 *
 *	session.c	sessions, and their doorbell
 *	talk.c		requests and answers
 *	dumps.c		listeners, connections: all of a kind
 *	pull.c		events that are new
 *	follow.c	live events, as long as one likes
 *	attr.c		netlink attributes into structs, by tables
 *	decode.c decode_events.c	bytes of a message -> checked structs (pure, trusts nothing)
 *	events.c	cursors, and the merge of all CPUs in time order (pure)
 *	filter.c	what the user wants to see of them (pure)
 *	filter_parse.c	words -> filters
 *	recorder.c recording.c	events in a file; recording.h has what belongs to them
 *	crc32.c		its checksums
 *	names.c		enum <-> text
 *	names_help.c	what they mean
 *	words.c		words that users type
 *	error.c		errors
 *	fmt.c		addresses, durations, times, quantiles -> text
 */
#ifndef TCPHS_INTERNAL_H
#define TCPHS_INTERNAL_H

#include <string.h>

#include "tcphs.h"

/* ---- errors (error.c) ---------------------------------------------------- */

void tcphs_error_set(struct tcphs_error *err, enum tcphs_err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* CLOCK_REALTIME of a CLOCK_MONOTONIC; of what a stranger wrote, any number. */
static inline int64_t real_time(int64_t clock, uint64_t time)
{
	return (int64_t)((uint64_t)clock + time);
}

/* ---- messages (decode.c, decode_events.c) -------------------------------- */

struct tcphs_family {
	uint16_t id;
	uint32_t version;
	uint32_t group;		/* of TCPHS_MCGRP_EVENTS; 0: none */
};

/**
 * struct tcphs_batch - one message or block of events, checked but not copied
 * @cpu: whose ring
 * @nr: records in it
 * @lost: records of this CPU that were lost right before the first one
 * @next: the cursor to continue from
 * @kept: they are of the kept store, in no order
 * @records: of a block, one after another; NULL: they are among the attributes
 * @attrs: the attributes, for tcphs_batch_copy()
 * @attrs_len: bytes of them
 */
struct tcphs_batch {
	uint32_t cpu;
	uint32_t nr;
	uint64_t lost;
	uint64_t next;
	bool kept;
	const void *records;
	const void *attrs;
	size_t attrs_len;
};

/*
 * @msg points at a struct nlmsghdr, @len is how many bytes may be read. All
 * return 0, or -EBADMSG for a message that breaks the contract.
 */
int tcphs_decode_family(const void *msg, size_t len, struct tcphs_family *out);
int tcphs_decode_status(const void *msg, size_t len, struct tcphs_status *out);
int tcphs_decode_listener(const void *msg, size_t len, struct tcphs_listener *out);
int tcphs_decode_conn(const void *msg, size_t len, struct tcphs_conn_info *out);

#define TCPHS_CGROUP_PATH_LEN	4096

struct tcphs_cgroup_name {
	uint64_t id, number;
	char path[TCPHS_CGROUP_PATH_LEN];
};

int tcphs_decode_cgroup(const void *msg, size_t len, struct tcphs_cgroup_name *out);
int tcphs_decode_batch(const void *msg, size_t len, struct tcphs_batch *out);
size_t tcphs_decode_block(const void *data, size_t len, struct tcphs_batch *out);
void tcphs_batch_copy(const struct tcphs_batch *batch, void *out, size_t stride);

/* The end of an answer: NLMSG_ERROR or NLMSG_DONE; @text is the extack message or "". */
struct tcphs_ack {
	int error;		/* 0 or a negative errno */
	char text[160];
};

int tcphs_decode_ack(const void *msg, size_t len, struct tcphs_ack *out);

/* ---- filters (filter.c) -------------------------------------------------- */

#define TCPHS_FILTER_BIT(key)	(1u << TCPHS_FILTER_##key)

/* Those that mean something to an event, a connection, a listener. */
#define TCPHS_FILTERS_EVENT		((1u << TCPHS_FILTER_KEYS) - 1)
#define TCPHS_FILTERS_CONNECTION	(TCPHS_FILTERS_EVENT & \
	~(TCPHS_FILTER_BIT(EVENT) | TCPHS_FILTER_BIT(FAILED) | \
	  TCPHS_FILTER_BIT(SINCE) | TCPHS_FILTER_BIT(UNTIL)))
#define TCPHS_FILTERS_LISTENER		(TCPHS_FILTERS_CONNECTION & \
	~(TCPHS_FILTER_BIT(PEER_PORT) | TCPHS_FILTER_BIT(STATE) | TCPHS_FILTER_BIT(ROLE)))
/* Those that say the same of every event of one end of a connection. */
#define TCPHS_FILTERS_END		(TCPHS_FILTER_BIT(PORT) | TCPHS_FILTER_BIT(LOCAL_PORT) | \
	TCPHS_FILTER_BIT(PEER_PORT) | TCPHS_FILTER_BIT(NETNS) | TCPHS_FILTER_BIT(CONN))
/* Those that say the same of every event of one connection, whichever end recorded it. */
#define TCPHS_FILTERS_LIFE		(TCPHS_FILTER_BIT(PORT) | TCPHS_FILTER_BIT(ADDRESS))

struct tcphs_ports {
	unsigned int nr;
	struct {
		uint16_t first, last;
	} v[TCPHS_FILTER_LIST];
};

struct tcphs_numbers {
	unsigned int nr;
	uint32_t v[TCPHS_FILTER_LIST];
};

/* Zeroed, it lets everything through. Keys must all match, of a list one word. */
struct tcphs_filter {
	uint32_t keys;			/* 1 << enum tcphs_filter_key: those that count */
	struct tcphs_ports port, local_port, peer_port;
	unsigned int nr_addresses;
	struct tcphs_prefix address[TCPHS_FILTER_LIST];
	uint32_t scope[TCPHS_FILTER_LIST];	/* device of each, 0: any */
	bool scope_named[TCPHS_FILTER_LIST];	/* it is a device of @home */
	uint32_t states;		/* 1 << enum tcphs_state */
	uint32_t roles;			/* 1 << enum tcphs_role */
	uint64_t events;		/* 1 << enum tcphs_event_type */
	uint64_t older_than;		/* ns */
	struct tcphs_when since, until;
	uint64_t since_ns, until_ns;	/* the same, CLOCK_MONOTONIC */
	struct tcphs_numbers pid, netns;
	unsigned int nr_conns;
	uint64_t conn[TCPHS_FILTER_LIST];
	struct tcphs_cgroups *cgroups;	/* who knows their names; NULL: nobody */
	unsigned int nr_units, nr_containers;
	char unit[TCPHS_FILTER_LIST][TCPHS_UNIT_LEN];
	char container[TCPHS_FILTER_LIST][TCPHS_CONTAINER_LEN];
	unsigned int nr_comms;
	char comm[TCPHS_FILTER_LIST][TCPHS_COMM_LEN];	/* terminated */
	uint32_t home;			/* our namespace, whose devices have names; 0: not known */
	struct tcphs_numbers ifindex;	/* of those devices that are there now */
	struct tcphs_numbers number;	/* of devices of any namespace */
	unsigned int nr_devices;
	char device[TCPHS_FILTER_LIST][TCPHS_DEVICE_LEN];	/* terminated */
};

/* Does anybody bear the unit or container that is asked for? */
bool tcphs_filter_knows_cgroup(const struct tcphs_filter *f);

static inline bool tcphs_filter_has(const struct tcphs_filter *filter, enum tcphs_filter_key key)
{
	return filter->keys >> key & 1;
}

/* Event types that can pass, for the kernel: a mask of 1 << type, all ones: any. */
uint64_t tcphs_filter_event_types(const struct tcphs_filter *filter);

/* What tcphs_filter_hash() was not asked for: some filter, of an older recorder's directory. */
#define TCPHS_FILTER_UNSAID	1

uint32_t tcphs_filter_hash(const struct tcphs_filter *f);

/* ---- events (events.c): the steps of a pull ------------------------------ */

bool tcphs_events_all_netns(const struct tcphs_events *evs);
const struct tcphs_filter *tcphs_events_filter(const struct tcphs_events *evs);
void tcphs_events_begin(struct tcphs_events *evs, uint64_t now);
int tcphs_events_add(struct tcphs_events *evs, const struct tcphs_batch *batch);
uint64_t *tcphs_events_reading(struct tcphs_events *evs);
size_t tcphs_events_cpus(const struct tcphs_events *evs);
bool tcphs_events_cursor(const struct tcphs_events *evs, size_t i, uint32_t *cpu, uint64_t *next);
enum tcphs_kept_mode tcphs_events_kept(const struct tcphs_events *evs);
void tcphs_events_end(struct tcphs_events *evs, bool whole);

/*
 * Where a reader of a CPU's ring can go on. There may be a second one of a CPU: with a filter, with
 * TCPHS_RESUME_TOLD in @cpu, the last record that was emitted; without one, with
 * TCPHS_RESUME_OLDER, how many of those from the cursor on were not there any more at the very
 * first look.
 */
struct tcphs_resume {
	uint64_t next;		/* a cursor; of the record, its time; of what is older, the count */
	uint32_t cpu;
	uint32_t passed;	/* records and losses behind it; the end of its number */
};

#define TCPHS_RESUME_TOLD (1u << 31)
#define TCPHS_RESUME_OLDER (1u << 30)

struct tcphs_resume tcphs_resume_emitted(const struct tcphs_event *ev);
int tcphs_events_resume(struct tcphs_events *evs, const struct tcphs_resume *from);
void tcphs_events_count(struct tcphs_events *evs);
size_t tcphs_events_settled(const struct tcphs_events *evs, struct tcphs_resume *to, size_t max);
uint64_t tcphs_events_horizon(const struct tcphs_events *evs);
void tcphs_tell_older(const struct tcphs_events_ops *ops, void *arg, uint32_t cpu,
		      uint64_t count, uint64_t time);

/* ---- times (when.c, filter.c) -------------------------------------------- */

int64_t tcphs_when_today(int64_t now, int64_t time_of_day);
int64_t tcphs_when_after(int64_t moment, int64_t time_of_day);
void tcphs_filter_times(const struct tcphs_filter *f, int64_t now, const struct tcphs_span *span,
			int64_t *since, int64_t *until);

/* What follows a word that counts: "1 file", "2 files". */
static inline const char *tcphs_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- checksums (crc32.c) ------------------------------------------------- */

uint32_t tcphs_crc32(uint32_t crc, const void *data, size_t len);

/* ---- words (words.c) ----------------------------------------------------- */

bool tcphs_same_word(const char *name, const char *word, size_t len);

struct tcphs_near {
	const char *word;	/* what is no name */
	size_t len;
	const char *name;	/* the nearest so far, NULL: none is near */
	unsigned int distance;
};

void tcphs_near_try(struct tcphs_near *near, const char *name);

#endif /* TCPHS_INTERNAL_H */

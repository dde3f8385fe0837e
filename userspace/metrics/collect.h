/* SPDX-License-Identifier: GPL-2.0 */
/* What is remembered from one collection to the next, and what the parts of one share. */
#ifndef TCPHS_METRICS_COLLECT_H
#define TCPHS_METRICS_COLLECT_H

#include "settings.h"
#include "tally.h"
#include "metrics.h"
#include "text.h"

/* What comes to a bad end. Handshakes that fail stand together, and RSTs do. */
enum cause {
	CAUSE_ACCEPT_OVERFLOW, CAUSE_CLOSED, CAUSE_CONNECT_FAILED, CAUSE_REQUEST_EXPIRED,
	CAUSE_REQUEST_RESET, CAUSE_RST_RECEIVED, CAUSE_RST_SENT, CAUSE_SYN_DROPPED, CAUSE_EVENTS
};

#define CAUSE_ROLES	(TCPHS_ROLE_PASSIVE + 1)

#define SPACE_NAME	64

/* All of them are uint64_t, and added up as an array. */
struct counts {
	uint64_t recorded;
	uint64_t event[TCPHS_EV_MAX + 1];
	uint64_t refused[TCPHS_REFUSED_MAX + 1];
	uint64_t cause[CAUSE_EVENTS][CAUSE_ROLES][TCPHS_REASON_MAX + 1];
	uint64_t bucket[TCPHS_HIST_MAX + 1][TCPHS_HIST_BUCKETS];
};

/* A network namespace. */
struct space {
	uint32_t netns;			/* key */
	bool named;			/* it has label sets of its own */
	uint32_t pid;			/* of a process in it, perhaps of before; 0: not known */
	char comm[TCPHS_COMM_LEN + 1];	/* its name */
	uint64_t cgroup;		/* of a process in it; 0: not known */
	char name[SPACE_NAME];		/* container, or of ip-netns(8); "": neither */
	uint64_t since;			/* its counters began, CLOCK_MONOTONIC, ns: known again by it */
	uint64_t born;			/* the same as CLOCK_REALTIME when it was seen first, ns */
	uint64_t state[TCPHS_STATE_MAX + 1];
	uint64_t table_used, tw_limit;
	uint32_t ports, port_low, port_high;
	uint8_t tw_reuse;
	struct counts counts;
};

struct spot {
	uint8_t address[16];
	uint16_t port;
	uint16_t family;
	uint32_t netns;
	uint32_t ifindex;
};

#define WAIT_FIRST	8	/* 262 us */
#define WAIT_LAST	26	/* 69 s; one of them is 1.07 s */
#define WAIT_STEP	3
#define WAIT_STEPS	STEPS(WAIT_FIRST, WAIT_LAST, WAIT_STEP)

/* All of them are uint64_t, and added up as an array. */
struct served {
	uint64_t accepted, overflows, drops, discards, cookies_sent, cookies_valid;
	uint64_t wait[WAIT_STEPS + 1], wait_us;
};

/* Where somebody listens: one socket or several. */
struct place {
	struct spot at;			/* key */
	bool named;
	uint64_t of;			/* @since of its namespace: another may have the number later */
	uint64_t created;		/* CLOCK_REALTIME, ns */
	uint64_t left;			/* CLOCK_MONOTONIC, ns: nobody listens since; 0: somebody does */
	char device[TCPHS_DEVICE_LEN + 1];
	char comm[TCPHS_COMM_LEN + 1];
	uint64_t sockets, syn, syn_limit, syn_high, queue, queue_limit, queue_high;
	uint64_t fill, room;		/* of the fullest socket */
	uint64_t oldest, stalled;	/* ns */
	struct served served;		/* since it has label sets of its own */
	struct served more;		/* since the last collection */
};

/* A socket that listens. */
struct ear {
	uint64_t conn;			/* key */
	struct served served;
};

/* A local address that connections go out from. */
struct source {
	struct spot at;			/* key; port 0 */
	uint64_t ports;			/* different ones */
	uint64_t worst;			/* those to one destination */
	uint8_t *used;			/* a bit each; NULL: not counted, there are too many */
};

struct route {
	struct {
		struct spot from;	/* port 0 */
		struct spot to;
	} key;
	uint64_t ports;
};

/* Thresholds of how long connections are in CLOSE_WAIT. */
#define AGES 4
extern const uint64_t ages_s[AGES];

/* Who has connections in CLOSE_WAIT. */
struct holder {
	struct {
		uint32_t netns;
		uint32_t role;		/* enum tcphs_role: active, passive, or unknown */
		char comm[TCPHS_COMM_LEN];	/* as its label */
	} key;
	uint64_t older[AGES];
};

/* Who waits longest at a socket. */
struct queued {
	uint64_t conn;			/* key: of the listener */
	uint64_t oldest;		/* ns */
};

struct metrics {
	unsigned int limit;
	bool up;
	uint64_t took;			/* ns */
	int64_t clock;			/* CLOCK_REALTIME - CLOCK_MONOTONIC of the module, ns */
	uint64_t now;			/* CLOCK_MONOTONIC of the module, ns */
	uint64_t began;			/* CLOCK_REALTIME, ns: the first collection of this load */
	uint64_t loaded;		/* CLOCK_REALTIME, ns */
	struct tcphs_status status;	/* of our own namespace: what is of the module */
	struct settings settings;	/* of the machine */

	struct tally spaces, old_spaces;
	struct space other_spaces;	/* all that are not named */
	uint64_t unnamed_spaces;

	struct tally places, old_places;
	struct place other_places;
	uint64_t unnamed_places;
	struct tally ears, old_ears;

	struct tally sources, routes, holders, queued;	/* of this collection */
	uint64_t unnamed_sources, unnamed_holders;
	struct tcphs_cgroups *cgroups;	/* of this collection: what they are called; or NULL */
	bool no_memory;
};

void counts_add(void *sum, const void *part, size_t size);		/* of uint64_t */
void counts_grown(void *part, const void *now, const void *before, size_t size);

/* What is below sets m->no_memory where it finds no memory. */

/* spaces.c */
void spaces_begin(struct metrics *m);
int spaces_take(void *metrics, const struct tcphs_status *st);
void spaces_person(struct metrics *m, uint32_t netns, const struct tcphs_owner *owner);
void spaces_end(struct metrics *m);
const struct space *spaces_of(const struct metrics *m, uint32_t netns);	/* NULL: none */

/* places.c */
void places_begin(struct metrics *m);
int places_take(void *metrics, const struct tcphs_listener *l);
void places_end(struct metrics *m);

/* ports.c */
void ports_begin(struct metrics *m);
void ports_free(struct metrics *m);
int ports_take(void *metrics, const struct tcphs_conn_info *c);
int ports_ask(struct metrics *m, struct tcphs_session *s, bool all_netns, struct tcphs_error *err);
void ports_end(struct metrics *m);

/* container.c */
void container_names(struct tally *spaces, uint32_t home, struct tcphs_cgroups *cgroups);

#endif /* TCPHS_METRICS_COLLECT_H */

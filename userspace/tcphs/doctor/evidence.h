/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was seen while the doctor looked, added up by where it happened: events,
 * and what the tables of the module held before and after. Nothing is judged here.
 *
 *	evidence.c		begin, end, and which part an event belongs to
 *	evidence_queue.c	listeners: servers and their sockets
 *	evidence_connect.c	destinations of connect(), and the ports that it takes
 *	evidence_dial.c		who connects, and which failures cost nothing
 *	evidence_close.c	states that should have ended
 *	evidence_data.c		data that a peer does not confirm
 *	evidence_ends.c		resets, closes, and what comes for connections that are gone
 *	evidence_kept.c		what went wrong in a time of which nothing else is remembered
 *
 * What grows with the number of peers is bounded: see tally_others().
 */
#ifndef TCPHS_DOCTOR_EVIDENCE_H
#define TCPHS_DOCTOR_EVIDENCE_H

#include "addresses.h"
#include "counters.h"
#include "settings.h"
#include "tally.h"
#include "thresholds.h"
#include "internal.h"
#include "unacked.h"

/* Keys have no holes; what is not used is zero. */
struct place {
	uint8_t address[16];
	uint16_t port;
	uint16_t family;	/* AF_INET or AF_INET6 */
	uint32_t netns;		/* inode */
	uint32_t ifindex;	/* of a listener that is bound to a device */
};

struct owner {
	bool known;
	uint32_t pid;
	char comm[TCPHS_COMM_LEN + 1];
	uint64_t cgroup;		/* as in struct tcphs_ident */
};

enum reset_phase { PHASE_HANDSHAKE, PHASE_OPEN, NR_PHASES };
enum reset_side { SIDE_US, SIDE_PEER, NR_SIDES };

struct resets {
	uint32_t count[NR_PHASES][NR_SIDES][TCPHS_REASON_MAX + 1];
};

/*
 * A listening socket. What is counted while it is in the tables comes from there, before
 * and after, and is right where records were lost, too.
 */
struct queue {
	struct {
		uint64_t conn;		/* its cookie */
		uint64_t boot;		/* cookies come again after a boot */
	} key;
	struct place at;
	struct owner owner;
	bool before, now;		/* in the tables then */
	uint64_t accepted;
	uint64_t emptied;		/* accept() took the last one */
	uint64_t overflows;		/* SYNs and third ACKs met a full accept queue */
	struct tcphs_histogram wait;	/* for accept() */
	uint32_t waiting_before, waiting;	/* in the accept queue; the last that was seen */
	uint32_t limit;			/* of both queues */
	uint64_t stalled;		/* since then some wait and none was accepted, by events */
	uint64_t cut_short;		/* for so long, ns, until the listener closed */
	bool booted;			/* or until the machine was booted */
	uint64_t oldest;		/* the longest wait of those who wait at the end, ns */
	uint64_t long_waits;		/* of those, LONG_NS or longer */
	uint64_t idle;			/* nothing was accepted for so long at the end, ns */
	bool idle_known;		/* false: nothing since the module came */
	uint64_t files, files_most;	/* open ones of the owner, and its limit; 0: not known */
	struct {
		uint64_t accepted, overflows, drops, discards, cookies_sent, cookies_valid;
		struct tcphs_histogram wait;
	} first;			/* what the table held before */
};

/* Where a server listens: one socket, or several that share address and port. */
struct server {
	struct place at;
	struct owner owner;
	bool listening;
	bool passive;			/* connections of a listener were seen */
	char device[TCPHS_DEVICE_LEN + 1];	/* that it is bound to; "": none, or not known */
	uint32_t sockets;		/* at the end */
	uint32_t limit;			/* of both queues, of the last one seen */
	uint64_t syns;			/* requests made */
	uint64_t queued;		/* connections that entered an accept queue */
	uint64_t accepted;
	uint64_t established;
	uint64_t slow;			/* of these, with a SYN+ACK sent again */
	uint64_t resent;		/* requests with a SYN+ACK sent again */
	uint64_t syns_again;		/* SYNs of requests that were there already */
	uint64_t expired;		/* requests that were given up */
	uint64_t reset;			/* requests that the peer reset */
	uint64_t cut;			/* requests that went with their listener */
	uint64_t cut_waiting;		/* connections that waited for accept(), likewise */
	struct owner cutter;		/* whose socket closed with some in its accept queue */
	uint64_t aborted;		/* third ACKs answered by RST, for there was no room */
	uint64_t deferred;		/* third ACKs that TCP_DEFER_ACCEPT put aside */
	uint64_t overflows;		/* SYNs and third ACKs met a full accept queue */
	uint64_t acks_dropped;		/* of these, third ACKs */
	uint64_t answered;		/* requests whose third ACK met one, and that remain */
	uint64_t syns_dropped;		/* by the rules of the SYN queue */
	uint64_t by_backlog;		/* of these, by tcp_max_syn_backlog */
	uint64_t cookies_sent, cookies_valid;
	uint64_t ended;
	uint64_t closed_first;		/* by us, TIME_WAIT ahead */
	uint64_t time_wait;		/* at the end, of its connections */
	struct resets resets;
	/* The kernel's own counts, which know what happened in lost records too. */
	struct {
		uint64_t accepted, overflows, drops, discards, cookies_sent, cookies_valid;
	} counted;
};

/* Where connect() goes. */
struct destination {
	struct place at;
	struct owner owner;		/* who connected last */
	uint32_t boot;			/* in that boot */
	uint64_t connects;		/* begun in this time */
	uint64_t older;			/* begun before, and still to be decided then */
	uint64_t established;
	uint64_t plain;			/* of these, without timestamps */
	uint64_t resent;		/* connects whose SYN was sent again */
	uint64_t late;			/* of these, established or failed */
	uint64_t old_acked;		/* connects that met an older connection of the peer */
	uint64_t old_failed;		/* of these, failed */
	uint64_t old_cost;		/* of these, the longest until it came to something, ns */
	uint64_t failed[TCPHS_REASON_MAX + 1];	/* without @fell_back */
	uint64_t patience;		/* of those that were given up, the longest, ns */
	uint64_t outrun;		/* given up when another connect had come through */
	struct place outrun_by;		/* where that went */
	uint64_t fell_back;		/* failed, and the other family's address took over */
	uint64_t waiting;		/* at the end, for WAITING_NS or longer */
	uint64_t longest;		/* of these, ns */
	struct place led_to;		/* where NAT of this machine leads them, and nobody is */
	bool vacant;			/* it is here, and it was that port's RST */
};

/* A SYN without an answer was sent again by then. */
#define WAITING_NS 3000000000ull

/* All connections from one address of ours to one destination need a port each. */
struct route {
	struct {
		struct place from;	/* port 0 */
		struct place to;
	} key;
	struct owner owner;
	uint64_t ports;			/* in use */
	uint64_t time_wait;		/* of these, in TIME_WAIT */
	uint64_t reusable;		/* of these, connect() may take them over */
	uint64_t no_port;		/* connects that found none */
};

/* An address of ours: connections from it, to wherever, and the ports that they have. */
struct source {
	struct place at;		/* port 0 */
	struct owner owner;
	uint64_t connections;
	uint64_t ports;			/* distinct ones, of those that connect() chooses from */
	uint8_t used[65536 / 8];
};

/* Addresses of which the ports are counted. */
#define SOURCES_MOST 256

/* Who holds sockets in CLOSE_WAIT; a server's that is not known is identified by its port. */
struct holder {
	struct {
		uint32_t pid;
		uint32_t netns;
		uint16_t port;
		uint16_t pad;
		struct place upstream;	/* of connections that we opened; else zero */
	} key;
	struct owner owner;
	struct place local;		/* of the oldest */
	uint64_t before, now;
	uint64_t stuck_before, stuck;	/* for longer than stuck_ns */
	uint64_t oldest;		/* ns */
};

/* Connections to one peer that do not come to their end. */
struct straggler {
	struct {
		uint8_t address[16];
		uint16_t family;
		uint16_t state;
		uint32_t netns;
	} key;
	struct owner owner;		/* of the oldest */
	uint64_t now;
	uint64_t stuck_before, stuck;
	uint64_t oldest;		/* ns */
};

/* A port of ours that nothing listens on. */
struct shut {
	struct place at;
	uint64_t resets;		/* for SYNs of others */
	uint64_t from_here;		/* for those of this machine */
	struct place peer;		/* the last that came */
};

/* An address that asks for ports of ours that nothing listens on. */
struct knocker {
	struct {
		uint8_t address[16];
		uint32_t family;
		uint32_t netns;
	} key;
	uint64_t resets;		/* for its SYNs */
	uint64_t ports;			/* distinct ones */
	struct place local;		/* of the last */
	uint8_t used[65536 / 8];
};

/* Addresses of which the ports are counted; the more resets, the surer they stay. */
#define KNOCKERS_MOST 256

/* A peer that does not confirm what open connections send to it. */
struct silent {
	struct place peer;		/* port 0 */
	struct place local;		/* of the one that waits longest */
	uint16_t port;			/* of the peer, of that one */
	uint64_t connections;
	uint64_t bytes;
	uint64_t longest;		/* ns */
};

/* A lost segment or two take less. */
#define SILENT_NS 3000000000ull

struct evidence {
	uint64_t stuck_ns;
	bool live;			/* tables and settings were there to look at */
	bool owned;			/* only what somebody owns that was asked for is here */
	uint64_t found;			/* listeners and connections in the tables */
	bool no_memory;			/* something could not be added */
	uint64_t began, ended;		/* CLOCK_MONOTONIC, ns */
	uint32_t boots;			/* so often the machine was booted since it began */
	uint64_t records, lost;
	uint64_t overwritten;		/* older ones that nobody could read any more */
	uint32_t holes;			/* times of which a recording has nothing */
	uint64_t missing;		/* ns of these together */
	uint64_t connects_ended;	/* connections of either role that ended */
	uint64_t time_wait_full;	/* sockets that got no TIME_WAIT */
	uint64_t half_closed_full;	/* of these, the peer had not closed yet */
	uint64_t out_of_memory;		/* connections ended for too many orphans or memory */
	unsigned int other_netns;	/* namespaces that were not looked at */
	struct settings settings;	/* of now */
	struct counters counters;	/* before and now */
	struct tcphs_status before, after;	/* of a look; of what has been, its hooks of now */
	struct tally servers, queues, destinations, routes, sources;
	struct tally holders, stragglers, shut, knockers;
	struct tally diallers, fallbacks;	/* evidence_dial.h */
	struct place nobody, asked;		/* of the last RST for a SYN: whence, whither */
	struct ends *ends;			/* evidence_ends.h */
	bool data_known;
	uint64_t open;			/* connections, and of these the next */
	uint64_t unconfirmed;		/* for SILENT_NS or longer */
	struct tally silent;
	struct tally addresses;		/* struct address: of this machine */
	struct tally overflowed;	/* requests whose third ACK met a full queue */
	int64_t clock;			/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	int64_t set;			/* by so much more than when it began */
	uint64_t kept_records;		/* that only what is kept still has */
	uint64_t kept_from, kept_to;	/* times of the first and the last, ns */
	struct tally mishaps;		/* evidence_kept.h */
};

/* What the tables hold at one moment. */
struct tables {
	struct tcphs_status status;
	struct tcphs_listener_list listeners;
	struct tcphs_conn_list connections;
};

void evidence_init(struct evidence *e, uint64_t stuck_ns);
void evidence_free(struct evidence *e);

/*
 * From the kernel: tables before, events, tables after; counters and addresses are read by
 * the caller. From a recording: events. Before, connections in CLOSE_WAIT are enough.
 */
void evidence_before(struct evidence *e, const struct tables *t);
void evidence_event(struct evidence *e, const struct tcphs_event *ev);
void evidence_kept(struct evidence *e, const struct tcphs_event *ev);
void evidence_lost(struct evidence *e, uint64_t count);
/* The machine was booted; times go on. */
void evidence_boot(struct evidence *e);
void evidence_after(struct evidence *e, const struct tables *t, const struct settings *settings);

/* Of a time of which there are no tables: what the module sees at all. */
void evidence_hooks(struct evidence *e, const struct tcphs_status *now);
/* Does a hook of the module see what it is for? Of a recording nobody knows: true. */
bool evidence_sees(const struct evidence *e, const char *hook);
#define HOOK_OF_REQUESTS "tcp_check_req"	/* SYNs that come again, RSTs, ACKs that are put aside */

void evidence_unacked(struct evidence *e, const struct unacked *u, uint32_t netns);

/* Time of day. */
int64_t evidence_real(const struct evidence *e, uint64_t time);

bool place_is_loopback(const struct place *at);
/* Is it an address of this machine? Of a recording: did anything of it happen here? */
bool evidence_is_here(const struct evidence *e, const struct place *at);
/* Who listens for what is sent to @at: on this address, or on all. NULL: nobody known. */
const struct server *evidence_server(const struct evidence *e, const struct place *at);

/*
 * Sums over reasons, without those that rules of their own report: a full accept queue, a
 * listener that closed.
 */
uint64_t resets_sum(const struct resets *r, enum reset_phase phase, enum reset_side side);
unsigned int resets_most(const struct resets *r, enum reset_phase phase, enum reset_side side);

#endif /* TCPHS_DOCTOR_EVIDENCE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of how connections end, and of what comes for those that are gone. */
#ifndef TCPHS_DOCTOR_EVIDENCE_ENDS_H
#define TCPHS_DOCTOR_EVIDENCE_ENDS_H

#include "evidence.h"

/* Who sends, if they are few. */
#define FEW 3

/* Resets that look like health checks: from few addresses, each after the same request. */
struct checks {
	uint64_t count;
	uint64_t least, most;		/* bytes of the request */
	struct place from[FEW];		/* port 0 */
	uint32_t nr;			/* of them */
	bool many;			/* and others */
};

/* Resets of connections on which nothing was under way any more. */
struct partings {
	uint64_t count;
	uint64_t least, most;		/* ns without data before them */
	uint64_t unread;		/* the client had not read all */
	struct owner owner;		/* who sent the last, if it is here */
	struct checks like;		/* of those that a client made */
};

/* Connections that the client closed when it had waited for an answer. */
struct unserved {
	uint64_t count;
	uint64_t longest;		/* ns since it sent its last data */
	struct owner owner;		/* whose that was, if it is here */
};

/* What a SYN met that came for a connection of before. */
enum met { MET_OPEN, MET_CLOSING, MET_TIME_WAIT, NR_MET };

/* The connections of one listener, or those to one destination. */
struct endings {
	struct {
		struct place at;
		uint32_t passive;	/* 1: a listener, 0: a destination */
	} key;
	struct owner owner;
	struct owner breaker;		/* who sent the last of @resets, if it was here */
	uint64_t ended;
	uint64_t first_fins;		/* in open connections, of either end */
	/*
	 * Of these, the client's: with a request that the listener's process had accepted and
	 * not read; to a destination, when nothing at all had come from there.
	 */
	struct unserved unserved;
	uint64_t fins;			/* of ours */
	uint64_t fins_lost;		/* sent again, and acknowledged then */
	uint64_t died;			/* by a time-out, before either end had closed */
	uint64_t probed;		/* of these, keepalive gave up */
	struct resets resets;		/* but for those reported for the other end, here too */
	struct partings partings[NR_SIDES];	/* by whose RST; not in @resets */
	uint64_t after_fin;		/* RSTs of the peer after its own FIN */
	uint64_t races[NR_SIDES];	/* a request met the close of this side for idleness */
	uint64_t idle_least, idle_most;	/* of these, ns without a byte before the close */
	uint64_t follow_ups;		/* segments for connections that we had reset */
	struct checks knocks;		/* handshakes that the peer reset */
	struct checks lives;		/* connections that the client reset otherwise */
	uint64_t met[NR_MET];		/* connects whose SYN met an older connection */
	uint64_t met_syns;		/* SYNs that did, those sent again too */
	uint64_t limited;		/* of these, without an answer: rate limit */
	uint64_t time_waits;		/* began */
	uint64_t assassinated;		/* ended by a RST */
	uint64_t reused;		/* gave way to a new connection */
};

/* Segments from one address for connections that this machine does not know. */
struct stray {
	struct {
		uint8_t address[16];
		uint32_t family;
		uint32_t netns;
	} key;
	uint64_t connections;
	uint64_t segments;
	struct place local, peer;	/* of the last */
};

/* Who was where lately, in a table of fixed size: the new push out the old. */
struct gone {
	struct {			/* without holes */
		uint8_t local[16], peer[16];
		uint16_t local_port, peer_port;
		uint32_t netns;
	} who;
	uint8_t why;			/* enum tcphs_reason of the end */
	bool reset;			/* by us */
	bool stray;			/* it was never known */
	bool parted;			/* the other end, here too, ended it: struct partings */
	bool used;
};

/* What to remember of a connection for a while, in such a table too. */
struct lately {
	uint64_t conn;
	uint64_t idle;			/* ns without data when the first FIN came; 0: none */
	bool by_us;			/* whose FIN that was */
	bool parted;			/* see struct partings */
	bool no_check;			/* its RST is not that of a health check */
	bool done;			/* the client closed, and waited for nothing */
	bool fin_again;			/* our FIN was sent again */
	bool old_ack;			/* our SYN met an older connection */
	bool met;			/* a SYN met this one */
	uint32_t syn;			/* its number */
};

#define GONE_MOST	(1u << 17)
#define LATELY_MOST	(1u << 15)

struct ends {
	struct tally endings;
	struct tally strays;
	uint64_t ended;			/* connections */
	uint64_t stray_segments, stray_connections, follow_ups;
	uint64_t assassinated, time_waits;
	uint64_t seed;			/* of the places in both */
	struct gone *gone;
	struct lately *lately;
};

/* Who closes so late after the last byte closes for idleness. */
#define IDLE_NS		1000000000ull
/* Who closes so late after its own last word has waited for an answer. */
#define ANSWER_NS	100000000ull
/* Who closes so soon after its own last word does not wait for an answer to that. */
#define MOMENT_NS	10000000ull

#endif /* TCPHS_DOCTOR_EVIDENCE_ENDS_H */

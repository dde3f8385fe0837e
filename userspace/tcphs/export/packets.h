/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records as packets, in a pcapng file.
 *
 *	segments.c	which segments a record shows
 *	packets.c	each segment once, although both of its ends may have recorded it
 *	comment.c	what is known of it, in words
 *	headers.c	its IP and TCP headers
 *	pcapng.c	the blocks of the file
 */
#ifndef TCPHS_PACKETS_H
#define TCPHS_PACKETS_H

#include "netns.h"
#include "output.h"
#include "segments.h"

/* What recorded a segment: where it left, where it came, and established, which adds to that. */
#define ACCOUNTS_MAX 4

struct account {
	struct tcphs_event ev;
	bool came;
};

/* A segment that is not written yet: the record of its arrival may be still to come. */
struct packet {
	int64_t time;		/* CLOCK_REALTIME, ns: of the first record */
	struct segment seg;
	bool dropped;		/* it was another one */
	bool window_known, sack;
	uint16_t window;
	uint8_t wscale;		/* WSCALE_UNKNOWN: the option is not known */
	unsigned int nr_accounts;
	struct account account[ACCOUNTS_MAX];
	uint64_t lost;		/* records, right before it */
};

/* Its direction and its place: where it left, if that is recorded. */
static inline const struct account *packet_place(const struct packet *packet)
{
	unsigned int i;

	for (i = 0; i < packet->nr_accounts; i++)
		if (!packet->account[i].came)
			return &packet->account[i];
	return &packet->account[0];
}

struct packets_counts {
	uint64_t packets;	/* that were written */
	uint64_t numberless;	/* segments of which no SEQ is recorded */
	uint64_t lost;		/* records */
};

struct packets;

/* NULL without memory */
struct packets *packets_new(struct tcphs_buf *out, netns_namer *namer);
void packets_free(struct packets *p);

/* Records in time order; @clock: CLOCK_REALTIME - CLOCK_MONOTONIC of them. */
void packets_event(struct packets *p, const struct tcphs_event *ev, int64_t clock);
void packets_lost(struct packets *p, uint64_t count);

/* Writes those that no record up to @now (CLOCK_REALTIME) can add to; 0, or -ENOMEM. */
int packets_settle(struct packets *p, int64_t now);
int packets_end(struct packets *p);			/* and all that are left */

const struct packets_counts *packets_counts(const struct packets *p);

/* comment.c */
#define COMMENT_LEN 1024
void comment_put(char text[COMMENT_LEN], const struct packet *packet);

#endif /* TCPHS_PACKETS_H */

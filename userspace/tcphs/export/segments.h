/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which TCP segments a record shows, with the numbers that it has.
 *
 * Documentation/export.md has the table, event by event. Nothing is made up: a segment whose
 * SEQ no record has is none.
 */
#ifndef TCPHS_SEGMENTS_H
#define TCPHS_SEGMENTS_H

#include <netinet/tcp.h>

#include "internal.h"

struct segment {
	uint8_t flags;		/* TH_SYN and so on, as in the header */
	bool came;		/* to the end that recorded it; else it left from there */
	bool known_ack;		/* @ack is; with TH_ACK and without: another record may have it */
	bool again;		/* another record of this end has it, if it is there */
	bool resend;
	uint32_t seq, ack;
};

/* At most so many an event. */
#define SEGMENTS_MAX 2

/*
 * Fills @seg, and says how many. @numberless: gets 1 more for each that there was but whose
 * SEQ is not recorded.
 */
unsigned int segments_of(const struct tcphs_event *ev, struct segment seg[SEGMENTS_MAX],
			 uint64_t *numberless);

#endif /* TCPHS_SEGMENTS_H */

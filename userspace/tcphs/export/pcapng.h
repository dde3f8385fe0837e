/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files in the format pcapng (draft-ietf-opsawg-pcapng): the blocks that are needed here, in
 * the byte order of this machine, as it allows.
 */
#ifndef TCPHS_PCAPNG_H
#define TCPHS_PCAPNG_H

#include "output.h"

/* The section that all else is in; @comment is for people. */
void pcapng_section(struct tcphs_buf *out, const char *application, const char *comment);

/* The next interface, from 0: packets that begin with their IP header, times in nanoseconds. */
void pcapng_interface(struct tcphs_buf *out, const char *name, const char *description);

struct pcapng_packet {
	uint32_t interface;
	uint64_t time;		/* ns since 1970 */
	bool outbound;		/* it left from there; else it came in */
	const void *data;	/* all of it */
	uint32_t len;
	const char *comment;
};

void pcapng_packet(struct tcphs_buf *out, const struct pcapng_packet *packet);

#endif /* TCPHS_PCAPNG_H */

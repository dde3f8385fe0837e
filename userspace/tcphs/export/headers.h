/* SPDX-License-Identifier: GPL-2.0 */
/* The IP and TCP headers of a segment without data. */
#ifndef TCPHS_HEADERS_H
#define TCPHS_HEADERS_H

#include "internal.h"

#define WSCALE_UNKNOWN 255

struct header {
	uint8_t family;			/* AF_INET or AF_INET6 */
	uint8_t flags;			/* TH_SYN and so on */
	uint8_t wscale;			/* the option; WSCALE_UNKNOWN: not there */
	bool sack;			/* the option that permits it */
	uint16_t source_port, destination_port;
	uint16_t window;
	uint32_t seq, ack;
	const uint8_t *source, *destination;
};

#define HEADER_MAX (40 + 20 + 8)

uint32_t header_put(const struct header *h, uint8_t packet[HEADER_MAX]);

#endif /* TCPHS_HEADERS_H */

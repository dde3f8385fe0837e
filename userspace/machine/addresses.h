/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of this machine. */
#ifndef TCPHS_MACHINE_ADDRESSES_H
#define TCPHS_MACHINE_ADDRESSES_H

#include "tally.h"

/* Keys have no holes. */
struct address {
	uint8_t address[16];
	uint32_t family;	/* AF_INET or AF_INET6 */
	uint32_t netns;		/* inode of the namespace that it is of */
};

/* Adds those of the interfaces of the namespace that we run in; @netns is its inode. */
void addresses_read(struct tally *addresses, uint32_t netns);

#endif /* TCPHS_MACHINE_ADDRESSES_H */

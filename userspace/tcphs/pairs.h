/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pairs: the boots of two machines that have connections with each other, what the two ends of
 * these say of how far their clocks are apart, and what one has sent and the other got.
 */
#ifndef TCPHS_PAIRS_H
#define TCPHS_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "boots.h"
#include "host_ends.h"
#include "host_pair.h"

struct pair;

struct pairs {
	struct boots *boots;		/* whose way to the first one's clock is set here */
	struct host_ends *ends;		/* whose other end is set here */
	struct hash by_isn;
	struct pair *pair;
	uint32_t nr_pairs, pairs_cap;
	struct host_pair *result;
	uint32_t nr_results;
	bool no_memory;
};

int pairs_compare(struct pairs *s);
int64_t pairs_common_time(const struct pairs *s, uint32_t boot, int64_t time);
uint32_t pairs_boot_at(const struct pairs *s, uint8_t family, const uint8_t *address, int64_t time);
void pairs_free(struct pairs *s);

#endif /* TCPHS_PAIRS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Who is at the other end: what its connections came to, added up. */
#ifndef TOP_PEERS_H
#define TOP_PEERS_H

#include "internal.h"
#include "tally.h"

#define TOP_PEERS_MOST	2000

/**
 * struct top_peer - an address
 * @key: which, and in which namespace
 * @opened: connections that it opened and that were established
 * @connected: the same, opened from here
 * @failed: handshakes that came to nothing, whoever began them
 * @resets: RSTs that it sent
 * @resets_here: and that it got
 * @resent: SYNs and SYN+ACKs sent again
 * @steps: events
 * @begun: connections that were begun, by either end
 * @begun_before: the same at the refresh before
 * @rate: a second
 * @last: the latest event, CLOCK_MONOTONIC, ns
 * @failed_at: the latest failure, 0: none
 * @reason: of that
 * @handshake: how long they took
 */
struct top_peer {
	struct {
		uint8_t address[16];
		uint32_t family;
		uint32_t netns;
	} key;
	uint64_t opened, connected;
	uint64_t failed;
	uint64_t resets, resets_here;
	uint64_t resent;
	uint64_t steps;
	uint64_t begun, begun_before;
	double rate;
	uint64_t last;
	uint64_t failed_at;
	uint8_t reason;
	struct tcphs_histogram handshake;
};

struct peers {
	struct tally tally;
	bool rated;		/* there was a refresh before */
};

void peers_init(struct peers *p);
void peers_add(struct peers *p, const struct tcphs_event *ev);
void peers_rates(struct peers *p, double seconds);
const struct top_peer *peers_at(const struct peers *p, size_t i);
size_t peers_count(const struct peers *p);
void peers_free(struct peers *p);

#endif /* TOP_PEERS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Open connections whose data the peer does not confirm, as ss(8) could show them. */
#ifndef TCPHS_MACHINE_UNACKED_H
#define TCPHS_MACHINE_UNACKED_H

#include <stdbool.h>
#include <stdint.h>

struct tcphs_ident;

/* One whose data were sent again, twice or more, and not confirmed yet. */
struct unacked {
	uint64_t conn;			/* the socket's cookie */
	uint8_t local[16], peer[16];
	uint16_t local_port, peer_port;
	uint8_t family;
	uint32_t ifindex;		/* of the device that it is bound to; 0: to none */
	uint32_t bytes;			/* not confirmed, sent or not */
	uint64_t since;			/* they were sent first, ns ago, about */
};

/**
 * struct unacked_ops - what is looked at, and who gets it
 * @wants: is asked of each open connection, by all but @since
 * @each: gets each whose data are not confirmed
 */
struct unacked_ops {
	bool (*wants)(void *arg, const struct unacked *u);
	void (*each)(void *arg, const struct unacked *u);
};

/*
 * Of the namespace that we run in, where no time-out is longer than @rto_max_ms, however many
 * there are; the number of open connections that are wanted goes to @open.
 */
int unacked_read(uint64_t rto_max_ms, const struct unacked_ops *ops, void *arg, uint64_t *open);

/*
 * Of one connection, which has to be of the namespace that we run in. False: nothing of it was
 * sent in vain, or that can't be asked.
 */
bool unacked_of(const struct tcphs_ident *id, uint32_t ifindex, uint64_t rto_max_ms,
		struct unacked *u);

/* For tests: how long ago the data were sent first, by the backoff of what followed, ns. */
uint64_t unacked_since(uint32_t rto_us, unsigned int backoff, uint32_t last_sent_ms,
		       uint64_t rto_max_ms);

#endif /* TCPHS_MACHINE_UNACKED_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ends of connections, as the records of them show, and which addresses each boot has.
 */
#ifndef TCPHS_HOST_ENDS_H
#define TCPHS_HOST_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "conn_life.h"
#include "hash.h"

/* Moments of an end, by which clocks are compared. */
enum { AT_SYN, AT_ESTABLISHED, AT_FIN_SENT, AT_FIN_CAME, AT_FIN_ACKED, AT_RST_CAME, NR_AT };

/* An end of a connection; or, without a cookie, SYNs that met no socket. */
struct end {
	struct tcphs_ident id;		/* its namespace as it was recorded */
	uint32_t flags;			/* TCPHS_F_ISN, TCPHS_F_PEER_ISN */
	uint32_t boot;
	uint32_t other;			/* NONE: not on record */
	uint8_t likeness;		/* how sure that is */
	bool doubtful;			/* another is as much like it */
	bool parted;			/* there is one, but it is not known which */
	bool met;			/* its SYN is, where nothing had a socket for it */
	bool closed;			/* what begins now is another connection of the socket */
	int64_t began;			/* its first record that was read */
	int64_t at[NR_AT];		/* the first; 0: none */
	uint16_t syn_sent, syn_came, fin_sent, fin_came, rst_sent, rst_came;
};

/* All zero: there is none. */
struct host_ends {
	struct end *end;
	uint32_t nr_ends, ends_cap;
	struct hash by_id, by_ends;
	struct address *address;
	uint32_t nr_addresses, addresses_cap;
	struct hash by_address;
	bool full;			/* there were more connections than these */
	bool no_memory;
};

void host_ends_learn(struct host_ends *s, uint32_t boot, const struct tcphs_event *recorded,
		     int64_t time);
struct end *host_ends_find(const struct host_ends *s, uint32_t boot, const struct tcphs_ident *id);
bool host_ends_have_address(const struct host_ends *s, uint32_t boot, uint8_t family,
			     const uint8_t *address);
void host_ends_free(struct host_ends *s);

#endif /* TCPHS_HOST_ENDS_H */

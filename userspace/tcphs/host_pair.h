/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What two machines have to do with each other, where both have recorded.
 */
#ifndef TCPHS_HOST_PAIR_H
#define TCPHS_HOST_PAIR_H

#include "clocks.h"
#include "conn_life.h"

/* What segments of a kind one host sent another, and how many of them came. */
struct host_segments {
	uint64_t sent, came;
};

/* Of two hosts; [0]: from the first to the second, [1]: back. */
struct host_pair {
	unsigned int host[2];
	struct clock_offset clock;	/* the second's less the first's */
	uint64_t both;			/* connections that have both ends on record */
	uint64_t moments;		/* that bounded the clocks, one or two a connection */
	uint64_t alone[2];		/* connections to the other, of which that has nothing */
	struct tcphs_ident example[2];	/* the latest of these */
	uint64_t foreign[2];		/* connections with a RST that came and was not sent */
	struct tcphs_ident reset[2];	/* the latest of these, at the end to which it came */
	struct host_segments syn[2], fin[2], rst[2];
};

#endif /* TCPHS_HOST_PAIR_H */

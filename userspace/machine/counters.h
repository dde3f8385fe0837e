/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel counts in a network namespace: /proc/net/snmp and netstat, as nstat(8). */
#ifndef TCPHS_MACHINE_COUNTERS_H
#define TCPHS_MACHINE_COUNTERS_H

#include "tally.h"

#define COUNTER_NAME	48	/* with its terminator; longer names are left out */

struct counter {
	char name[COUNTER_NAME];	/* TcpExtListenDrops; padded with zeros */
	uint64_t before, now;
};

struct counters {
	struct tally all;
	bool before, now;		/* was it read? */
};

void counters_init(struct counters *c);
void counters_free(struct counters *c);
void counters_read(struct counters *c, bool now);

/* For tests. */
void counters_parse(struct counters *c, char *text, bool now);

/* How much it grew in between. What is not known, or was reset, did not. */
uint64_t counters_grown(const struct counters *c, const char *name);
bool counters_known(const struct counters *c);

#endif /* TCPHS_MACHINE_COUNTERS_H */

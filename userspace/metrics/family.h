/* SPDX-License-Identifier: GPL-2.0 */
/* Every metric there is. Documentation/metrics.md has the same, and a test compares. */
#ifndef TCPHS_METRICS_FAMILY_H
#define TCPHS_METRICS_FAMILY_H

enum family_type { GAUGE, COUNTER, HISTOGRAM };

enum family_id {
	/* the module */
	F_UP, F_BUILD, F_MODULE, F_MODULE_START, F_HOOK_ACTIVE, F_HOOK_HITS, F_HOOK_MISSED,
	F_RING_LIMIT, F_RING_OVERWRITTEN, F_RING_REACH, F_KEPT_RECORDS, F_TABLE_LIMIT,
	/* the machine */
	F_ORPHANS, F_ORPHANS_LIMIT, F_MEMORY, F_MEMORY_PRESSURE,
	/* a network namespace */
	F_NETNS_START, F_RECORDS, F_EVENTS, F_TABLE_ENTRIES, F_UNTRACKED, F_CONNECTIONS,
	F_TIME_WAIT_LIMIT, F_HANDSHAKE, F_ACCEPT_WAIT, F_TIME_WAIT, F_FAILURES, F_DROPS,
	F_RESETS, F_BROKEN, F_PORTS, F_PORTS_USED, F_PORTS_WORST, F_CLOSE_WAIT,
	/* a listener */
	F_L_INFO, F_L_SOCKETS, F_L_SYN, F_L_SYN_LIMIT, F_L_SYN_HIGH, F_L_QUEUE, F_L_QUEUE_LIMIT,
	F_L_QUEUE_HIGH, F_L_FILL, F_L_OLDEST, F_L_STALLED, F_L_ACCEPTED, F_L_OVERFLOWS, F_L_DROPS,
	F_L_DISCARDS, F_L_COOKIES_SENT, F_L_COOKIES_VALID, F_L_WAIT,
	/* itself */
	F_SETS_LIMIT, F_SETS_SUMMED, F_SCRAPE, F_CPU,
	/* the exporter alone */
	F_X_COLLECTIONS, F_X_ERRORS, F_X_REQUESTS, F_X_REFUSED, F_X_RESIDENT, F_X_START,

	NR_FAMILIES
};

struct family {
	const char *name;	/* without _total */
	enum family_type type;
	const char *unit;	/* the end of its name; NULL: none */
	const char *help;
};

extern const struct family families[NR_FAMILIES];

#endif /* TCPHS_METRICS_FAMILY_H */

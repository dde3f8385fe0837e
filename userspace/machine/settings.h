/* SPDX-License-Identifier: GPL-2.0 */
/* What this network namespace is set to, and what its kernel counts beside tcphs. */
#ifndef TCPHS_MACHINE_SETTINGS_H
#define TCPHS_MACHINE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting {
	SETTING_SOMAXCONN,
	SETTING_SYNCOOKIES,
	SETTING_MAX_SYN_BACKLOG,
	SETTING_MAX_TW_BUCKETS,
	SETTING_TW_REUSE,
	SETTING_TW_REUSE_DELAY,		/* ms; 6.13 on */
	SETTING_TIMESTAMPS,
	SETTING_FIN_TIMEOUT,
	SETTING_ABORT_ON_OVERFLOW,
	SETTING_MIGRATE_REQ,		/* 5.14 on */
	SETTING_ORPHAN_RETRIES,
	SETTING_SYN_RETRIES,
	SETTING_RETRIES2,
	SETTING_RTO_MAX,		/* ms; 6.15 on */
	SETTING_KEEPALIVE_TIME,		/* s */
	SETTING_RFC1337,
	SETTING_MAX_ORPHANS,	/* the initial network namespace alone has it */
	NR_SETTINGS
};

struct settings {
	bool known[NR_SETTINGS];
	uint64_t value[NR_SETTINGS];
	bool ports_known;
	unsigned int port_low, port_high;	/* ip_local_port_range */
	uint8_t reserved[65536 / 8];		/* ip_local_reserved_ports */
	bool sockstat_known;
	uint64_t orphans;			/* of all namespaces, as sockstat says */
	uint64_t time_wait;			/* buckets of this one, in FIN_WAIT2 too */
	uint64_t memory;			/* pages that TCP has in queues, all namespaces */
	bool ring_known;
	uint64_t ring_mib;			/* the module's parameter */
	bool memory_known;
	uint64_t memory_low, memory_pressure, memory_most;	/* tcp_mem, pages */
};

/* TCP_RTO_MIN: how long a time-out for a resend is at least, unless a route says otherwise. */
#define RTO_MIN_MS 200ull

/* And at most, ms. */
uint64_t settings_rto_max(const struct settings *s);

const char *setting_name(enum setting s);	/* net.core.somaxconn */

/* What cannot be read stays unknown. */
void settings_read(struct settings *s);

/* A whole file as text, at most @size - 1 bytes of it. */
bool settings_read_text(const char *path, char *text, size_t size);

/* The parts of it, for tests. */
bool settings_parse_memory(struct settings *s, const char *text);
bool settings_parse_range(struct settings *s, const char *text);
bool settings_parse_reserved(struct settings *s, const char *text);
bool settings_parse_sockstat(struct settings *s, const char *text);

/* May connect() choose this port? */
bool settings_is_ephemeral(const struct settings *s, unsigned int port);
unsigned int settings_ephemeral(const struct settings *s);	/* how many */

#endif /* TCPHS_MACHINE_SETTINGS_H */

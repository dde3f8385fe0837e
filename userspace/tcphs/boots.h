/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Machines, and the boots of each that are on record. A machine is told from others by the
 * number of its boot; that of another boot with the same name, in the same directory, is the
 * same machine.
 *
 * Times: of each boot CLOCK_MONOTONIC and what made time of day of it when it was first
 * heard of. So a clock that is set later moves nothing; what a suspended machine slept
 * through is a difference like any other, see clocks.h. The boots of a machine are one behind
 * the other: where its clock was behind when it came up, its time goes on at once.
 */
#ifndef TCPHS_BOOTS_H
#define TCPHS_BOOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"
#include "recording.h"

/* No boot, end, pair. */
#define NONE HASH_NONE

struct host {
	const char *name;
	uint32_t told;			/* the boot of its last event that was told; NONE: none */
	int64_t last;			/* when that was, if there is one */
};

struct boot {
	struct tcphs_host id;		/* not known: of a recording that does not say it */
	uint32_t host;
	unsigned int feeds;		/* recordings that have some of it */
	int64_t base;			/* CLOCK_REALTIME - CLOCK_MONOTONIC when it was first heard of */
	int64_t first, last;		/* of its events, by its own clock */
	int64_t begin, end;		/* the same by the first host's clock, without @shift */
	int64_t shift;			/* added to that, so that it begins after the one before it */
	bool follows;			/* there was one before it */
	uint64_t lost;
	/* Times of which not all is on record, by its own clock. */
	struct gap { int64_t from, to; } *gap;
	uint32_t nr_gaps, gaps_cap;
	uint32_t way;			/* the pair that leads to the first host's clock; NONE: none */
	bool reached;
	/* What came at the time @now, where several recordings may have the same. */
	uint64_t now;
	struct same { uint64_t number; uint32_t netns; uint16_t cpu; } *same;
	uint32_t nr_same, same_cap;
};

/* All zero: there is none. */
struct boots {
	struct host *host;
	uint32_t nr_hosts, hosts_cap;
	struct boot *boot;
	uint32_t nr_boots, boots_cap;
	/* In a recording the one comes right behind the other, of the same host. */
	struct boot_step { uint32_t before, after; } *step;
	uint32_t nr_steps, steps_cap;
	bool no_memory;
};

uint32_t boots_find(struct boots *s, uint32_t latest, const struct tcphs_recording_info *info,
		    const char *file);
void boots_follow(struct boots *s, uint32_t before, uint32_t after);
void boots_gap(struct boots *s, uint32_t boot, int64_t from, int64_t to);
int boots_line_up(struct boots *s);
void boots_free(struct boots *s);

/* Time of day by the clock of its own. */
static inline int64_t boot_time(const struct boot *b, uint64_t time)
{
	return real_time(b->base, time);
}

#endif /* TCPHS_BOOTS_H */

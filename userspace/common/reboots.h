/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The boots of one machine, as its recording has one behind the other. With each its
 * CLOCK_MONOTONIC, cookies, process IDs and numbers of cgroups begin anew.
 */
#ifndef TCPHS_REBOOTS_H
#define TCPHS_REBOOTS_H

#include "internal.h"

/**
 * struct reboots - how far a recording was read; all zero: nothing was
 * @begun: there was an event
 * @nr: boots before this one
 * @host: this one; not known: the recording does not say it
 * @offset: what makes time of day of its times
 * @last: the latest of these
 */
struct reboots {
	bool begun;
	uint32_t nr;
	struct tcphs_host host;
	int64_t offset;
	uint64_t last;
};

/* Is what is read now of another boot, as far as the recording says whose it is? */
bool reboots_ahead(const struct reboots *b, const struct tcphs_recording_info *info);

/* The next event: is it the first of another boot? */
bool reboots_event(struct reboots *b, const struct tcphs_recording_info *info, uint64_t time);

/*
 * The number of a cgroup that no other boot of the recording has: in an event, after
 * reboots_event(), or with its name, which comes before the events. SITE_CGROUP_ID() is what
 * the machine had.
 */
uint64_t reboots_cgroup(const struct reboots *b, const struct tcphs_recording_info *info,
			uint64_t id);

#endif /* TCPHS_REBOOTS_H */

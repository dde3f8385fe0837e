/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cgroups.c, which knows names, and cgroups_live.c, which asks for them, share. */
#ifndef TCPHS_CGROUPS_H
#define TCPHS_CGROUPS_H

#include "internal.h"

#define BUCKETS	1024	/* a fourth of the names that the module has at most */

struct entry;

struct tcphs_cgroups {
	bool (*ask)(struct tcphs_cgroups *c);	/* for those that came since; NULL: nobody is asked */
	void (*stop)(struct tcphs_cgroups *c);
	bool all_netns;
	struct tcphs_session *session;	/* its own: others may be in the middle of an answer */
	uint64_t last;			/* TCPHS_A_CGROUP_NUMBER that is known */
	struct entry *bucket[BUCKETS];
};

bool tcphs_cgroups_any(struct tcphs_cgroups *c,
		       bool (*fits)(const void *arg, const struct tcphs_cgroup *cgroup),
		       const void *arg);

#endif /* TCPHS_CGROUPS_H */

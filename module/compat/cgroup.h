/* SPDX-License-Identifier: GPL-2.0 */
/* linux/cgroup.h, also of a kernel without: there nobody is in any. */
#ifndef _TCPHS_COMPAT_CGROUP_H
#define _TCPHS_COMPAT_CGROUP_H

#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/nsproxy.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "compat/compat.h"

#ifdef CONFIG_CGROUPS
/*
 * Of the current task in the default hierarchy, also where that is not mounted: then it is its
 * root. Context: process, interrupts off, which keeps it.
 */
static inline struct cgroup *tcphs_cgroup_current(void)
{
	return rcu_dereference_sched(current->cgroups)->dfl_cgrp;
}

static inline u64 tcphs_cgroup_id(struct cgroup *cgroup)
{
	return cgroup_id(cgroup);
}

static inline bool tcphs_cgroup_tryget(struct cgroup *cgroup)
{
	return cgroup_tryget(cgroup);
}

static inline void tcphs_cgroup_put(struct cgroup *cgroup)
{
	cgroup_put(cgroup);
}

/* From the root of the hierarchy. Context: process. Returns if it fits, PATH_MAX bytes. */
static inline bool tcphs_cgroup_path(struct cgroup *cgroup, char *path)
{
	int len = cgroup_path(cgroup, path, PATH_MAX);

	/* What doesn't has its own length, or a negative error since 6.8. */
	return len > 0 && len < PATH_MAX;
}

/* The root that the current task sees. Context: process. */
static inline bool tcphs_cgroup_root(char *path)
{
	return tcphs_cgroup_path(current->nsproxy->cgroup_ns->root_cset->dfl_cgrp, path);
}

/* Is it still there? Context: process, in the initial cgroup namespace; may sleep. */
static inline bool tcphs_cgroup_exists(const char *path, u64 id)
{
	struct cgroup *cgroup = cgroup_get_from_path(path);
	bool same;

	if (IS_ERR(cgroup))
		return false;
	same = cgroup_id(cgroup) == id;
	cgroup_put(cgroup);
	return same;
}
#else
static inline struct cgroup *tcphs_cgroup_current(void)
{
	return NULL;
}

static inline u64 tcphs_cgroup_id(struct cgroup *cgroup)
{
	return 0;
}

static inline bool tcphs_cgroup_tryget(struct cgroup *cgroup)
{
	return false;
}

static inline void tcphs_cgroup_put(struct cgroup *cgroup) { }

static inline bool tcphs_cgroup_path(struct cgroup *cgroup, char *path)
{
	return false;
}

static inline bool tcphs_cgroup_root(char *path)
{
	return false;
}

static inline bool tcphs_cgroup_exists(const char *path, u64 id)
{
	return false;
}
#endif

#endif /* _TCPHS_COMPAT_CGROUP_H */

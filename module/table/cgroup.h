/* SPDX-License-Identifier: GPL-2.0 */
/* Names of the cgroups that have connections. */
#ifndef _TCPHS_CGROUP_H
#define _TCPHS_CGROUP_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct cgroup;
struct tcphs_net;

#define TCPHS_CGROUPS	4096U	/* at the most */

/* One cgroup in one network namespace. */
struct tcphs_cgroup {
	struct hlist_node node;		/* RCU, by id */
	u64 id;
	u64 netns;			/* struct tcphs_net.number */
	u64 number;			/* in the order of their names, from 1; 0: none yet */
	u16 share;			/* whose it is: share.c */
	char *path;			/* from the root of the hierarchy */
	struct cgroup *cgroup;		/* held until it has its name */
	struct llist_node waiting;	/* for its name */
	struct list_head entry;		/* of all names, the oldest first */
	struct list_head turn;		/* of the same, who is looked at next if it can go */
	struct rcu_head rcu;
};

int tcphs_cgroup_init(void);
void tcphs_cgroup_exit(void);
bool tcphs_cgroup_note(struct cgroup *cgroup, const struct tcphs_net *tn, u16 share);
int tcphs_cgroup_each(const struct tcphs_net *tn, u64 after,
		      int (*fn)(const struct tcphs_cgroup *name, void *arg), void *arg);
unsigned int tcphs_cgroup_count(u64 *lost);

#endif /* _TCPHS_CGROUP_H */

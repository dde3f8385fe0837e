/* SPDX-License-Identifier: GPL-2.0 */
/* The names of who connected, accepted or listened. */
#ifndef _TCPHS_OWNER_H
#define _TCPHS_OWNER_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/tcphs.h>

struct tcphs_owner {
	refcount_t refs;
	u32 pid;		/* thread group, in the initial PID namespace */
	u8 comm[TCPHS_COMM_LEN];	/* the process's */
	u8 thread[TCPHS_COMM_LEN];	/* the thread's, if it is another; else zero */
	u64 cgroup;		/* number in the default hierarchy, 0: there are none */
	struct rcu_head rcu;
};

struct tcphs_net;

int tcphs_owner_init(void);
void tcphs_owner_exit(void);
struct tcphs_owner *tcphs_owner_now(const struct tcphs_net *tn, u16 share);
struct tcphs_owner *tcphs_owner_get(struct tcphs_owner *owner);
void tcphs_owner_put(struct tcphs_owner *owner);

#endif /* _TCPHS_OWNER_H */

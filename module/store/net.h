/* SPDX-License-Identifier: GPL-2.0 */
/* What is kept of a network namespace: its counters, its doorbell, whose it is. */
#ifndef _TCPHS_NET_H
#define _TCPHS_NET_H

#include <linux/types.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "store/bell.h"

struct tcphs_durations;
struct tcphs_stats;

struct tcphs_net {
	struct net *net;
	u32 inum;
	u64 number;			/* of those that there were, from 1 */
	u64 born;			/* older records of this inode are not ours */
	u16 share;			/* whose its sockets are; 0: each its user's */
	bool leaving;			/* its end has come, and it has entries */
	struct tcphs_stats __percpu *stats;
	struct tcphs_durations *durations;	/* mask + 1 of them */
	unsigned int durations_mask;
	struct tcphs_bell bell;
};

extern unsigned int tcphs_net_id;

static inline struct tcphs_net *tcphs_net(const struct net *net)
{
	return net_generic(net, tcphs_net_id);
}

#endif /* _TCPHS_NET_H */

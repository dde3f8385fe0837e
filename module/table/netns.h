/* SPDX-License-Identifier: GPL-2.0 */
/* The network namespaces, from birth to end. */
#ifndef _TCPHS_NETNS_H
#define _TCPHS_NETNS_H

#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "store/net.h"

extern unsigned int tcphs_net_id;

struct tcphs_section;

/* Who comes before its entries go; process context. */
struct tcphs_netns_end {
	void (*namespace)(const struct tcphs_net *tn);
	void (*conn)(struct tcphs_section *s);	/* each of its entries, in its section */
};

int tcphs_netns_init(const struct tcphs_netns_end *at_end);
void tcphs_netns_exit(void);

static inline struct tcphs_net *tcphs_net(const struct net *net)
{
	return net_generic(net, tcphs_net_id);
}

#endif /* _TCPHS_NETNS_H */

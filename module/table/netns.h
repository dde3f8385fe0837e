/* SPDX-License-Identifier: GPL-2.0 */
/* The network namespaces, from birth to end. */
#ifndef _TCPHS_NETNS_H
#define _TCPHS_NETNS_H

struct tcphs_net;
struct tcphs_section;

/* What is to be done before its entries go. Process context. */
struct tcphs_netns_end {
	void (*namespace)(const struct tcphs_net *tn);
	void (*conn)(struct tcphs_section *s);	/* each of its entries, in its section */
};

int tcphs_netns_init(const struct tcphs_netns_end *at_end);
void tcphs_netns_exit(void);

#endif /* _TCPHS_NETNS_H */

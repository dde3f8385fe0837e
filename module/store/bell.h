/* SPDX-License-Identifier: GPL-2.0 */
/* The doorbell of a view. */
#ifndef _TCPHS_BELL_H
#define _TCPHS_BELL_H

#include <linux/irq_work.h>
#include <linux/workqueue.h>

struct net;

struct tcphs_bell {
	int armed;			/* a reader waits: the next record rings */
	struct net *net;		/* whose multicast group it rings in */
	struct irq_work pull;
	struct delayed_work ring;
};

extern struct tcphs_bell tcphs_bell_all;

void tcphs_bell_init(struct tcphs_bell *bell, struct net *net);
void tcphs_bell_exit(struct tcphs_bell *bell);
void tcphs_bell_pull(struct tcphs_bell *bell);
void tcphs_bell_answer(int (*fn)(struct net *net));

#endif /* _TCPHS_BELL_H */

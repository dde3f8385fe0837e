/* SPDX-License-Identifier: GPL-2.0 */
/* Who holds how much of the tables. */
#ifndef _TCPHS_SHARE_H
#define _TCPHS_SHARE_H

#include <linux/types.h>

struct net;
struct sock;
struct tcphs_net;

#define TCPHS_SHARES	1024U
#define TCPHS_SHARE_ROOT 0U

int tcphs_share_init(void);
void tcphs_share_exit(void);
unsigned int tcphs_share_lane(u16 share, u16 port);
u16 tcphs_share_of_net(const struct net *net);
u16 tcphs_share_of(const struct tcphs_net *tn, const struct sock *sk);
void tcphs_share_count(u16 share, int by);
unsigned int tcphs_share_held(u16 share);

/* Is so much of a table in use that only who holds little may have more? */
static inline bool tcphs_share_scarce(unsigned int used, unsigned int limit)
{
	return used >= limit - limit / 8;
}

/* What of a scarce table is left for who holds so little. */
static inline bool tcphs_share_modest(u16 share, unsigned int held, unsigned int used,
				      unsigned int limit)
{
	return held < limit / 32 + 1 &&
	       (used < limit - limit / 16 || share == TCPHS_SHARE_ROOT);
}

#endif /* _TCPHS_SHARE_H */

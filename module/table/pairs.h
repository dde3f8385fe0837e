/* SPDX-License-Identifier: GPL-2.0 */
/* Which connections MPTCP's sockets stand for. */
#ifndef _TCPHS_PAIRS_H
#define _TCPHS_PAIRS_H

#include <linux/types.h>

struct sock;

#if IS_ENABLED(CONFIG_MPTCP)
int tcphs_pairs_init(void);
void tcphs_pairs_exit(void);
bool tcphs_pairs_add(u64 socket, u64 conn);
u64 tcphs_pairs_take(const struct sock *sk);
void tcphs_pairs_forget(u64 conn);
#else
static inline u64 tcphs_pairs_take(const struct sock *sk)
{
	return 0;
}

static inline void tcphs_pairs_forget(u64 conn)
{
}
#endif

#endif /* _TCPHS_PAIRS_H */

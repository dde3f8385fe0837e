/* SPDX-License-Identifier: GPL-2.0 */
/* Hooks that are attached and do not fire. */
#ifndef _TCPHS_DEAF_H
#define _TCPHS_DEAF_H

#include <linux/types.h>

struct tcphs_hook;

int tcphs_deaf_init(void);
void tcphs_deaf_exit(void);
void tcphs_deaf_watch(u64 now);
void tcphs_deaf_proved(const char *name, u64 since);
u64 tcphs_deaf_hits(const struct tcphs_hook *hook);
u64 tcphs_deaf_missed(const struct tcphs_hook *hook);

#endif /* _TCPHS_DEAF_H */

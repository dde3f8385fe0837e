/* SPDX-License-Identifier: GPL-2.0 */
/* All hooks, and the ways to attach them. */
#ifndef _TCPHS_ATTACH_H
#define _TCPHS_ATTACH_H

#include <linux/types.h>

int tcphs_attach_init(void);
void tcphs_attach_exit(void);
bool tcphs_attach_is_complete(void);
void tcphs_attach_count(unsigned int *active, unsigned int *missing, unsigned int *deaf);

/* For attach.c alone; the third way is in returns.h. */
int tcphs_entries_init(void);
void tcphs_entries_exit(void);
int tcphs_tracepoints_init(void);
void tcphs_tracepoints_exit(void);

#endif /* _TCPHS_ATTACH_H */

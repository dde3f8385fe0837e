/* SPDX-License-Identifier: GPL-2.0 */
/* What a hook on the result of a function is made of; see returns.c. */
#ifndef _TCPHS_RETURNS_H
#define _TCPHS_RETURNS_H

#include <linux/types.h>
#include "compat/kretprobe.h"

struct tcphs_hook;

#define TCPHS_RETURNS_MAX 8

/* What a function was called with. */
struct tcphs_call {
	unsigned long argument[3];
};

struct tcphs_return {
	/* Preemption is off. */
	void (*handler)(const struct tcphs_call *call, int result);
	struct tcphs_hook *hook;
	struct kretprobe probe;
};

#define TCPHS_RETURN(func, ret, need, what) \
	{ .name = func, .kind = TCPHS_HOOK_KPROBE, .required = need, .handler = ret, \
	  .shows = what }

int tcphs_returns_init(void);
void tcphs_returns_exit(void);
u64 tcphs_returns_missed(const struct tcphs_hook *hook);

#endif /* _TCPHS_RETURNS_H */

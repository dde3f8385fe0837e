/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What goes wrong on purpose, for tests: parameters that only a module built with
 * TCPHS_TEST=y has (tests/vm/build does so). Others have none of it.
 */
#ifndef _TCPHS_FAULT_H
#define _TCPHS_FAULT_H

#include <linux/types.h>

struct tcphs_hook;

#ifdef TCPHS_TEST
void tcphs_fault_records(unsigned int *ring, unsigned int *kept);
int tcphs_fault_check(unsigned int steps);
bool tcphs_fault_step(unsigned int step);
void tcphs_fault_ran(unsigned int step, const char *way);
bool tcphs_fault_deaf(const struct tcphs_hook *hook);
bool tcphs_fault_missing(const struct tcphs_hook *hook);
unsigned int tcphs_fault_shift(const struct tcphs_hook *hook);
#else
static inline void tcphs_fault_records(unsigned int *ring, unsigned int *kept)
{
}

static inline int tcphs_fault_check(unsigned int steps)
{
	return 0;
}

static inline bool tcphs_fault_step(unsigned int step)
{
	return false;
}

static inline void tcphs_fault_ran(unsigned int step, const char *way)
{
}

static inline bool tcphs_fault_deaf(const struct tcphs_hook *hook)
{
	return false;
}

static inline bool tcphs_fault_missing(const struct tcphs_hook *hook)
{
	return false;
}

static inline unsigned int tcphs_fault_shift(const struct tcphs_hook *hook)
{
	return 0;
}
#endif

#endif /* _TCPHS_FAULT_H */

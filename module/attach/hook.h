/* SPDX-License-Identifier: GPL-2.0 */
/* A hook: a row of the table, and the table. */
#ifndef _TCPHS_HOOK_H
#define _TCPHS_HOOK_H

#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/tcphs.h>

struct tracepoint;

struct tcphs_hook {
	const char *name;
	u8 kind;			/* enum tcphs_hook_kind */
	bool required;
	bool refused;			/* what it would do can't be done right on this kernel */
	bool active;			/* READ_ONCE: who reads is there before it and after */
	bool unusable;			/* its arguments are not what they should be; so, too */
	const char *shows;		/* what is lost without it */
	const char *with;		/* a hook that fires only after this one, or NULL */
	void *handler;
	unsigned long __percpu *hits;
	atomic_long_t missed;		/* proved not to have fired */
	const char *takes;		/* see compat/arguments.h */
	atomic_t good;			/* first hits whose arguments were what they should be */
	union {
		struct tracepoint *tracepoint;
		unsigned long place;	/* from which ftrace calls; before, where it is or 0 */
	};
};

#define TCPHS_TRACEPOINT(tp, fn, need, what) \
	{ .name = #tp, .kind = TCPHS_HOOK_TRACEPOINT, .required = need, .handler = fn, \
	  .shows = what }
#define TCPHS_ENTRY(func, fn, need, what, ...) \
	{ .name = func, .kind = TCPHS_HOOK_FTRACE, .required = need, .handler = fn, \
	  .shows = what, __VA_ARGS__ }

/* First of all in the handler of a tracepoint; entries.c and returns.c do it themselves. */
static inline void tcphs_hook_hit(void *data)
{
	const struct tcphs_hook *hook = data;

	this_cpu_inc(*hook->hits);
}

/* Is it attached, and does its handler get what it wants? */
static inline bool tcphs_hook_works(const struct tcphs_hook *hook)
{
	return READ_ONCE(hook->active) && !READ_ONCE(hook->unusable);
}

bool tcphs_hook_fits(struct tcphs_hook *hook, const unsigned long argument[], bool *for_good);
void tcphs_hook_give(struct tcphs_hook *const lists[]);
struct tcphs_hook *tcphs_hook_next(unsigned int *table, unsigned int *row);
int tcphs_hook_missing(const struct tcphs_hook *hook, int err);

#endif /* _TCPHS_HOOK_H */

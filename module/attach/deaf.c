// SPDX-License-Identifier: GPL-2.0
/*
 * Deaf hooks are attached and do not fire, for a compiler has inlined the
 * function or made a copy of it, or something has switched ftrace off. Nobody
 * calls to say so, but the rest of a connection's life does: one that is
 * established and was never begun has a beginning that was missed. Such proofs are
 * looked for where there is an odd case to handle anyway, so the usual one pays nothing
 * (probe/proof.c).
 *
 * A proof holds only for what began when all hooks were live.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include "attach/deaf.h"
#include "attach/hook.h"
#include "attach/returns.h"

static unsigned long __percpu *hits;
/* Proofs count from here on, ns. */
static u64 live = U64_MAX;

static struct tcphs_hook *find(const char *name)
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;

	while ((hook = tcphs_hook_next(&table, &row)))
		if (!strcmp(hook->name, name))
			return hook;
	return NULL;
}

/**
 * tcphs_deaf_proved() - a step shows that a hook should have fired and did not
 * @name: of the hook
 * @since: when the connection began, ns; or now, if that is not known
 *
 * Context: any.
 */
void tcphs_deaf_proved(const char *name, u64 since)
{
	struct tcphs_hook *hook = find(name);

	if (hook && since >= READ_ONCE(live))
		atomic_long_inc(&hook->missed);
}

/**
 * tcphs_deaf_hits() - how often a hook has fired, on all CPUs
 * @hook: which
 *
 * Context: any.
 */
u64 tcphs_deaf_hits(const struct tcphs_hook *hook)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(hook->hits, cpu));
	return sum;
}

/**
 * tcphs_deaf_missed() - how often a hook is known not to have fired
 * @hook: which
 *
 * Context: any.
 * Return: at least so often; 0 is no proof of the contrary.
 */
u64 tcphs_deaf_missed(const struct tcphs_hook *hook)
{
	u64 missed = atomic_long_read(&hook->missed), with;

	/* Why it sees nothing is known then. */
	if (READ_ONCE(hook->unusable))
		return 0;
	if (hook->kind == TCPHS_HOOK_KPROBE)
		return missed + tcphs_returns_missed(hook);
	if (missed || !READ_ONCE(hook->active) || !hook->with || tcphs_deaf_hits(hook))
		return missed;
	/* When the hooks came, each CPU may have been between the two. */
	with = tcphs_deaf_hits(find(hook->with));
	return with - min_t(u64, with, num_possible_cpus());
}

/**
 * tcphs_deaf_watch() - from now on proofs count
 * @now: ns
 *
 * Context: process; the hooks are live and what is older was adopted.
 */
void tcphs_deaf_watch(u64 now)
{
	WRITE_ONCE(live, now);
}

/**
 * tcphs_deaf_init() - counters for all hooks
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int tcphs_deaf_init(void)
{
	unsigned int table = 0, row = 0, n = 0;
	struct tcphs_hook *hook;

	while (tcphs_hook_next(&table, &row))
		n++;
	hits = __alloc_percpu(n * sizeof(*hits), __alignof__(*hits));
	if (!hits)
		return -ENOMEM;
	table = 0;
	row = 0;
	n = 0;
	while ((hook = tcphs_hook_next(&table, &row)))
		hook->hits = &hits[n++];
	return 0;
}

/**
 * tcphs_deaf_exit() - free them
 *
 * Context: process; no hook is attached and no reader left.
 */
void tcphs_deaf_exit(void)
{
	free_percpu(hits);
}

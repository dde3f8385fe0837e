// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/*
 * Attaches and detaches what the files of probe/ list. Knows names and pointers,
 * not TCP.
 *
 * Tracepoints are looked up by name, because the kernel exports few of TCP's;
 * the probe files check the prototypes when they are compiled. Functions are
 * the business of entries.c.
 */
#include <linux/tracepoint.h>
#include "attach/fault.h"
#include "internal.h"

static struct tcphs_hook *const tables[] = {
	tcphs_hooks_listen,
	tcphs_hooks_close,
	tcphs_hooks_challenge,
	tcphs_hooks_request,
	tcphs_hooks_accept,
	tcphs_hooks_move,
#if IS_ENABLED(CONFIG_MPTCP)
	tcphs_hooks_mptcp,
#endif
	tcphs_hooks_open,
	tcphs_hooks_resend,
	tcphs_hooks_icmp,
	tcphs_hooks_unsent,
	tcphs_hooks_state,
};

struct lookup {
	const char *name;
	struct tracepoint *found;
};

static void match(struct tracepoint *tp, void *data)
{
	struct lookup *lookup = data;

	if (!strcmp(tp->name, lookup->name))
		lookup->found = tp;
}

static int attach_tracepoint(struct tcphs_hook *hook)
{
	struct lookup lookup = { .name = hook->name };
	int err;

	for_each_kernel_tracepoint(match, &lookup);
	if (!lookup.found || tcphs_fault_missing(hook))
		return -ENOENT;
	if (!tcphs_fault_deaf(hook)) {
		err = tracepoint_probe_register(lookup.found, hook->handler, hook);
		if (err)
			return err;
		hook->tracepoint = lookup.found;
	}
	WRITE_ONCE(hook->active, true);
	return 0;
}

static int attach_tracepoints(void)
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;
	int err;

	while ((hook = tcphs_hook_next(&table, &row))) {
		if (hook->kind != TCPHS_HOOK_TRACEPOINT)
			continue;
		err = attach_tracepoint(hook);
		if (err)
			err = tcphs_hook_missing(hook, err);
		if (err)
			return err;
	}
	return 0;
}

static void detach_tracepoints(void)
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;

	while ((hook = tcphs_hook_next(&table, &row))) {
		if (hook->kind != TCPHS_HOOK_TRACEPOINT || !hook->active)
			continue;
		WRITE_ONCE(hook->active, false);
		if (hook->tracepoint)
			tracepoint_probe_unregister(hook->tracepoint, hook->handler, hook);
	}
	tracepoint_synchronize_unregister();
}

/**
 * tcphs_hook_missing() - say that a hook could not be attached
 * @hook: which
 * @err: why
 *
 * Context: process.
 * Return: 0 if tcphs can do without it, @err if not or if it is -ENOMEM.
 */
int tcphs_hook_missing(const struct tcphs_hook *hook, int err)
{
	/* That says nothing about the kernel, and the next load may do better. */
	if (err == -ENOMEM)
		return err;
	if (!hook->required) {
		pr_warn("cannot hook %s (error %d): not shown: %s\n", hook->name, err,
			hook->shows);
		return 0;
	}
	pr_err("cannot hook %s (error %d), which shows %s; this kernel is not supported\n",
	       hook->name, err, hook->shows);
	return err;
}

/**
 * tcphs_hook_next() - walk all hooks
 * @table: 0 at first; where the walk is
 * @row: 0 at first; where the walk is
 *
 * Context: any, between init and exit.
 * Return: a hook, NULL after the last.
 */
struct tcphs_hook *tcphs_hook_next(unsigned int *table, unsigned int *row)
{
	for (; *table < ARRAY_SIZE(tables); ++*table, *row = 0)
		if (tables[*table][*row].name)
			return &tables[*table][(*row)++];
	return NULL;
}

/**
 * tcphs_hooks_count() - how many there are
 * @active: attached
 * @missing: not attached, all of them optional
 * @deaf: attached, and known to have missed something
 *
 * Context: any.
 */
void tcphs_hooks_count(unsigned int *active, unsigned int *missing, unsigned int *deaf)
{
	unsigned int table = 0, row = 0;
	const struct tcphs_hook *hook;

	*active = 0;
	*missing = 0;
	*deaf = 0;
	while ((hook = tcphs_hook_next(&table, &row))) {
		++*(READ_ONCE(hook->active) ? active : missing);
		*deaf += !!tcphs_deaf_missed(hook);
	}
}

/**
 * tcphs_hooks_exit() - detach all hooks
 *
 * When it returns no handler runs and none will.
 *
 * Context: process, may sleep.
 */
void tcphs_hooks_exit(void)
{
	detach_tracepoints();
	tcphs_returns_exit();
	tcphs_entries_exit();
	/* Handlers are RCU readers, of listeners and of the adopting flag. */
	synchronize_rcu();
}

/**
 * tcphs_hooks_init() - attach all hooks
 *
 * State changes come last: with them, whatever moves is known or adopted.
 *
 * Context: process, may sleep.
 * Return: 0, or the error of a required hook, with none attached.
 */
int tcphs_hooks_init(void)
{
	int err;

	err = tcphs_entries_init();
	if (err == -EBUSY || err == -ENODEV)
		pr_err("is kernel.ftrace_enabled 0? Set it to 1 and load again\n");
	if (err)
		return err;
	err = tcphs_returns_init();
	if (!err)
		err = attach_tracepoints();
	if (err)
		tcphs_hooks_exit();
	return err;
}

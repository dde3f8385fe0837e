// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/*
 * Attaches and detaches what the probe_*.c files list. Knows names and pointers,
 * not TCP.
 *
 * Tracepoints are looked up by name, because the kernel exports few of TCP's;
 * the probe files check the prototypes when they are compiled. Each function has
 * its ftrace_ops, so that each gets a trampoline that calls its handler alone.
 */
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include "compat/ftrace.h"
#include "internal.h"

static struct tcphs_hook *const tables[] = {
	tcphs_hooks_listen,
	tcphs_hooks_close,
	tcphs_hooks_open,
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
	if (!lookup.found)
		return -ENOENT;
	err = tracepoint_probe_register(lookup.found, hook->handler, NULL);
	if (!err)
		hook->handle = lookup.found;
	return err;
}

static int attach_entry(struct tcphs_hook *hook)
{
	struct ftrace_ops *ops = kzalloc(sizeof(*ops), GFP_KERNEL);
	char name[64];
	int err;

	if (!ops)
		return -ENOMEM;
	ops->func = hook->handler;
	ops->flags = TCPHS_FTRACE_FLAGS;
	/* ftrace_set_filter() wants a buffer it may write to. */
	strscpy(name, hook->name, sizeof(name));
	err = ftrace_set_filter(ops, name, strlen(name), 1);
	if (!err)
		err = register_ftrace_function(ops);
	if (err) {
		/* 5.10 does not export ftrace_free_filter(); this frees all of it. */
		ftrace_set_filter(ops, NULL, 0, 1);
		kfree(ops);
		return err;
	}
	hook->handle = ops;
	return 0;
}

static int attach(struct tcphs_hook *hook)
{
	int err = hook->kind == TCPHS_HOOK_TRACEPOINT ? attach_tracepoint(hook) :
							attach_entry(hook);

	hook->active = !err;
	if (!err)
		return 0;
	if (hook->required) {
		pr_err("cannot hook %s (error %d), which shows %s; this kernel is not supported\n",
		       hook->name, err, hook->shows);
		if (err == -EBUSY || err == -ENODEV)
			pr_err("is kernel.ftrace_enabled 0? Set it to 1 and load again\n");
		return err;
	}
	pr_warn("cannot hook %s (error %d): not shown: %s\n", hook->name, err, hook->shows);
	return 0;
}

static void detach(struct tcphs_hook *hook)
{
	if (!hook->active)
		return;
	hook->active = false;
	if (hook->kind == TCPHS_HOOK_TRACEPOINT) {
		tracepoint_probe_unregister(hook->handle, hook->handler, NULL);
		return;
	}
	/* Returns when nobody is in the handler or its trampoline. */
	unregister_ftrace_function(hook->handle);
	ftrace_set_filter(hook->handle, NULL, 0, 1);
	kfree(hook->handle);
}

/**
 * tcphs_hook_next() - walk all hooks
 * @table: 0 at first; where the walk is
 * @row: 0 at first; where the walk is
 *
 * Context: any, between init and exit.
 * Return: a hook, NULL after the last.
 */
const struct tcphs_hook *tcphs_hook_next(unsigned int *table, unsigned int *row)
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
 *
 * Context: any.
 */
void tcphs_hooks_count(unsigned int *active, unsigned int *missing)
{
	unsigned int table = 0, row = 0;
	const struct tcphs_hook *hook;

	*active = 0;
	*missing = 0;
	while ((hook = tcphs_hook_next(&table, &row)))
		++*(hook->active ? active : missing);
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
	unsigned int table = 0, row = 0;
	const struct tcphs_hook *hook;

	while ((hook = tcphs_hook_next(&table, &row)))
		detach((struct tcphs_hook *)hook);
	tracepoint_synchronize_unregister();
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
	unsigned int table = 0, row = 0;
	const struct tcphs_hook *hook;
	int err;

	while ((hook = tcphs_hook_next(&table, &row))) {
		err = attach((struct tcphs_hook *)hook);
		if (err) {
			tcphs_hooks_exit();
			return err;
		}
	}
	return 0;
}

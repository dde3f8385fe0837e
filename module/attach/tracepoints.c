// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks on tracepoints. They are looked up by name, because the kernel exports few of
 * TCP's; the files of probe/ check the prototypes when they are compiled.
 */
#include <linux/string.h>
#include <linux/tracepoint.h>
#include "attach/attach.h"
#include "attach/fault.h"
#include "attach/hook.h"

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

static int attach(struct tcphs_hook *hook)
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

/**
 * tcphs_tracepoints_exit() - detach from all
 *
 * When it returns no handler of a tracepoint runs and none will.
 *
 * Context: process, may sleep.
 */
void tcphs_tracepoints_exit(void)
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
 * tcphs_tracepoints_init() - attach to all tracepoints of the hook table
 *
 * Context: process, may sleep.
 * Return: 0, or the error of a required one, with those before it attached.
 */
int tcphs_tracepoints_init(void)
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;
	int err;

	while ((hook = tcphs_hook_next(&table, &row))) {
		if (hook->kind != TCPHS_HOOK_TRACEPOINT)
			continue;
		err = attach(hook);
		if (err)
			err = tcphs_hook_missing(hook, err);
		if (err)
			return err;
	}
	return 0;
}

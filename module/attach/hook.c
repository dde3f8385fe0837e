// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/* The rows of the hook table: who lists them is above, who attaches them beside this file. */
#include <linux/errno.h>
#include <linux/printk.h>
#include "attach/fault.h"
#include "attach/hook.h"
#include "compat/arguments.h"

/* So many first hits are looked at. */
#define FIRST_HITS 16

static struct tcphs_hook *const *tables;

/**
 * tcphs_hook_give() - which hooks there are
 * @lists: of rows, NULL behind the last; each ends with a row without a name
 *
 * Context: process, before anything else here.
 */
void tcphs_hook_give(struct tcphs_hook *const lists[])
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;

	tables = lists;
	while ((hook = tcphs_hook_next(&table, &row))) {
		if (hook->kind != TCPHS_HOOK_TRACEPOINT) {
			hook->takes = tcphs_arguments_of(hook->name);
			if (!hook->takes)
				pr_warn("compat/arguments.c knows nothing of %s\n", hook->name);
		}
	}
}

/**
 * tcphs_hook_next() - walk all hooks
 * @table: 0 at first; where the walk is
 * @row: 0 at first; where the walk is
 *
 * Context: any, once they are given.
 * Return: a hook, NULL after the last.
 */
struct tcphs_hook *tcphs_hook_next(unsigned int *table, unsigned int *row)
{
	for (; tables[*table]; ++*table, *row = 0)
		if (tables[*table][*row].name)
			return &tables[*table][(*row)++];
	return NULL;
}

/**
 * tcphs_hook_fits() - are these arguments of a call what its handler takes them for
 * @hook: at one of its first hits
 * @argument: TCPHS_ARGUMENTS of them
 * @for_good: set to true when enough calls have been looked at, else left alone
 *
 * A kernel may have moved an argument where no compiler sees it. Not the handler reads
 * what is none of its own then: the hook is unusable from now on, and status says so.
 *
 * Context: any that a hooked function is called in.
 * Return: false, its handler must not run, now and ever.
 */
bool tcphs_hook_fits(struct tcphs_hook *hook, const unsigned long argument[], bool *for_good)
{
	if (READ_ONCE(hook->unusable))
		return false;
	if (!tcphs_arguments_fit(hook->takes, argument + tcphs_fault_shift(hook))) {
		WRITE_ONCE(hook->unusable, true);
		return false;
	}
	if (atomic_inc_return(&hook->good) >= FIRST_HITS)
		*for_good = true;
	return true;
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

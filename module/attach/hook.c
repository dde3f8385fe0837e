// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/* The rows of the hook table: who lists them is above, who attaches them beside this file. */
#include <linux/errno.h>
#include <linux/printk.h>
#include "attach/hook.h"

static struct tcphs_hook *const *tables;

/**
 * tcphs_hook_give() - which hooks there are
 * @lists: of rows, NULL behind the last; each ends with a row without a name
 *
 * Context: process, before anything else here.
 */
void tcphs_hook_give(struct tcphs_hook *const lists[])
{
	tables = lists;
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

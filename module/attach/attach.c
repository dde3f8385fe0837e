// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/*
 * Attaches and detaches all hooks. Knows names and pointers, not TCP. There are three ways
 * to do it: entries.c, returns.c and tracepoints.c.
 */
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include "attach/attach.h"
#include "attach/deaf.h"
#include "attach/hook.h"
#include "attach/returns.h"

/**
 * tcphs_attach_count() - how many there are
 * @active: attached
 * @missing: not attached, all of them optional; or unusable
 * @deaf: attached, and known not to have fired when it should have
 *
 * Context: any.
 */
void tcphs_attach_count(unsigned int *active, unsigned int *missing, unsigned int *deaf)
{
	unsigned int table = 0, row = 0;
	const struct tcphs_hook *hook;

	*active = 0;
	*missing = 0;
	*deaf = 0;
	while ((hook = tcphs_hook_next(&table, &row))) {
		++*(tcphs_hook_works(hook) ? active : missing);
		*deaf += !!tcphs_deaf_missed(hook);
	}
}

static bool all_attached;

/**
 * tcphs_attach_is_complete() - is every hook attached
 *
 * While they come one after the other something may begin that a hook sees and end before
 * the next would: what is known of it then stays for ever.
 *
 * Context: any.
 */
bool tcphs_attach_is_complete(void)
{
	return READ_ONCE(all_attached);
}

/**
 * tcphs_attach_exit() - detach all hooks
 *
 * When it returns no handler runs and none will.
 *
 * Context: process, may sleep.
 */
void tcphs_attach_exit(void)
{
	WRITE_ONCE(all_attached, false);
	tcphs_tracepoints_exit();
	tcphs_returns_exit();
	tcphs_entries_exit();
	/* Handlers are RCU readers, of listeners and of the adopting flag. */
	synchronize_rcu();
}

/**
 * tcphs_attach_init() - attach all hooks
 *
 * Tracepoints, and so state changes, come last: with them, whatever moves is known or adopted.
 *
 * Context: process, may sleep.
 * Return: 0, or the error of a required hook, with none attached.
 */
int tcphs_attach_init(void)
{
	int err;

	err = tcphs_entries_init();
	if (err == -EBUSY || err == -ENODEV)
		pr_err("is kernel.ftrace_enabled 0? Set it to 1 and load again\n");
	if (err)
		return err;
	err = tcphs_returns_init();
	if (!err)
		err = tcphs_tracepoints_init();
	if (err)
		tcphs_attach_exit();
	else
		WRITE_ONCE(all_attached, true);
	return err;
}

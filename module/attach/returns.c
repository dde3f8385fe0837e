// SPDX-License-Identifier: GPL-2.0
/*
 * What functions return, through kretprobes: for an error that a process gets from
 * its system call, and that is kept nowhere. Ten times as dear as an entry, and each
 * call under way takes one of a fixed number of instances, so only for functions that
 * do not wait for anything. Calls that find no instance are counted as missed.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include "attach/fault.h"
#include "attach/hook.h"
#include "attach/returns.h"
#include "compat/arguments.h"

static struct tcphs_hook *next_return(unsigned int *table, unsigned int *row)
{
	struct tcphs_hook *hook;

	do
		hook = tcphs_hook_next(table, row);
	while (hook && hook->kind != TCPHS_HOOK_KPROBE);
	return hook;
}

static int on_call(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct tcphs_call *call = (struct tcphs_call *)ri->data;

	call->argument[0] = regs_get_kernel_argument(regs, 0);
	call->argument[1] = regs_get_kernel_argument(regs, 1);
	call->argument[2] = regs_get_kernel_argument(regs, 2);
	return 0;
}

/* Instead of that at the first hits. Return: not 0, what it returns is not to be seen. */
static int on_first_call(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *probe = tcphs_kretprobe(ri);
	unsigned long argument[TCPHS_ARGUMENTS + 1];
	struct tcphs_return *ret;
	bool for_good = false;
	unsigned int i;

	if (unlikely(!probe))
		return 1;
	ret = container_of(probe, struct tcphs_return, probe);
	for (i = 0; i < ARRAY_SIZE(argument); i++)
		argument[i] = regs_get_kernel_argument(regs, i);
	if (!tcphs_hook_fits(ret->hook, argument, &for_good))
		return 1;
	if (for_good)
		WRITE_ONCE(probe->entry_handler, on_call);
	return on_call(ri, regs);
}

static int on_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *probe = tcphs_kretprobe(ri);
	struct tcphs_return *ret;

	if (unlikely(!probe))
		return 0;
	ret = container_of(probe, struct tcphs_return, probe);
	this_cpu_inc(*ret->hook->hits);
	ret->handler((const struct tcphs_call *)ri->data, regs_return_value(regs));
	return 0;
}

static int attach(struct tcphs_hook *hook)
{
	struct tcphs_return *ret = hook->handler;

	ret->hook = hook;
	ret->probe = (struct kretprobe){
		/* entries.c may know it already; not both are allowed. */
		.kp.addr = (kprobe_opcode_t *)hook->place,
		.kp.symbol_name = hook->place ? NULL : hook->name,
		.entry_handler = on_first_call,
		.handler = on_return,
		.data_size = sizeof(struct tcphs_call),
		/* As many as may be preempted inside at once. */
		.maxactive = max(64U, 4 * num_possible_cpus()),
	};
	if (tcphs_fault_missing(hook))
		return -ENOENT;
	return tcphs_fault_deaf(hook) ? 0 : register_kretprobe(&ret->probe);
}

/**
 * tcphs_returns_missed() - calls whose result was not seen
 * @hook: of TCPHS_HOOK_KPROBE
 *
 * Context: any.
 */
u64 tcphs_returns_missed(const struct tcphs_hook *hook)
{
	const struct tcphs_return *ret = hook->handler;

	return READ_ONCE(ret->probe.nmissed) + READ_ONCE(ret->probe.kp.nmissed);
}

/**
 * tcphs_returns_exit() - detach from all
 *
 * When it returns no handler of a return runs and none will.
 *
 * Context: process, may sleep.
 */
void tcphs_returns_exit(void)
{
	struct kretprobe *attached[TCPHS_RETURNS_MAX];
	unsigned int table = 0, row = 0, n = 0;
	struct tcphs_hook *hook;

	while ((hook = next_return(&table, &row))) {
		if (hook->active && !tcphs_fault_deaf(hook))
			attached[n++] = &((struct tcphs_return *)hook->handler)->probe;
		WRITE_ONCE(hook->active, false);
	}
	/* One grace period for all. */
	if (n)
		unregister_kretprobes(attached, n);
}

/**
 * tcphs_returns_init() - attach to all functions of the hook table whose result counts
 *
 * Context: process, may sleep.
 * Return: 0, or the error of a required one, with none attached.
 */
int tcphs_returns_init(void)
{
	unsigned int table = 0, row = 0, n = 0;
	struct tcphs_hook *hook;
	int err;

	while ((hook = next_return(&table, &row))) {
		err = WARN_ON(n++ == TCPHS_RETURNS_MAX) ? -E2BIG : attach(hook);
		WRITE_ONCE(hook->active, !err);
		if (err)
			err = tcphs_hook_missing(hook, err);
		if (err) {
			tcphs_returns_exit();
			return err;
		}
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/*
 * Hooks at the entry of functions: finds their addresses, attaches to all of
 * them at once and hands each call to its handler.
 *
 * All functions share one ftrace_ops, because taking one away waits for an
 * RCU-tasks grace period under ftrace's lock: one for each function would make
 * an unload take seconds. The one callback finds the handler by the place it is called from.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "attach/attach.h"
#include "attach/fault.h"
#include "attach/hook.h"
#include "compat/arguments.h"
#include "compat/ftrace.h"
#include "compat/symbols.h"

/* Handlers by place: a multiplicative hash without collisions, made at load. */
#define SLOT_BITS 7

static struct slot {
	unsigned long place;		/* 0 until its first hits have been looked at */
	tcphs_entry_fn *handler;
	unsigned long __percpu *hits;
	struct tcphs_hook *hook;
} slots[1 << SLOT_BITS];
static u32 multiplier;

/* Instructions that are patched are aligned to 4, or in functions that are. */
static inline struct slot *slot_of(unsigned long place)
{
	return &slots[((u32)(place >> 2) * multiplier) >> (32 - SLOT_BITS)];
}

/*
 * No place that is known, or one of which the first hits are looked at: those who are
 * called from a place that is known pay nothing for that.
 */
static noinline void first_hit(struct slot *slot, unsigned long ip, struct tcphs_regs *regs)
{
	unsigned long argument[TCPHS_ARGUMENTS + 1];
	struct tcphs_hook *hook = slot->hook;
	bool for_good = false;
	unsigned int i;

	if (!hook || hook->place != ip)
		return;
	for (i = 0; i < ARRAY_SIZE(argument); i++)
		argument[i] = (unsigned long)tcphs_argument(regs, i);
	if (!tcphs_hook_fits(hook, argument, &for_good))
		return;
	if (for_good)
		WRITE_ONCE(slot->place, ip);
	this_cpu_inc(*slot->hits);
	slot->handler(regs);
}

/* In whatever context the function is called in; its handler knows. */
static void on_entry(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
		     struct tcphs_regs *regs)
{
	struct slot *slot = slot_of(ip);

	if (unlikely(READ_ONCE(slot->place) != ip)) {
		first_hit(slot, ip, regs);
		return;
	}
	this_cpu_inc(*slot->hits);
	slot->handler(regs);
}

static struct ftrace_ops ops = {
	.func = on_entry,
	.flags = TCPHS_FTRACE_FLAGS,
};
static bool registered;

static struct tcphs_hook *next_entry(unsigned int *table, unsigned int *row)
{
	struct tcphs_hook *hook;

	do
		hook = tcphs_hook_next(table, row);
	while (hook && hook->kind != TCPHS_HOOK_FTRACE);
	return hook;
}

/* Return: false, two functions would share a slot. */
static bool fill_slots(void)
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;
	struct slot *slot;

	memset(slots, 0, sizeof(slots));
	while ((hook = next_entry(&table, &row))) {
		if (!hook->active || tcphs_fault_deaf(hook))
			continue;
		slot = slot_of(hook->place);
		if (slot->hook)
			return false;
		slot->hook = hook;
		slot->handler = hook->handler;
		slot->hits = hook->hits;
	}
	return true;
}

static int make_slots(void)
{
	unsigned int tries;

	/* Any odd number may do; of 100 about one does for 32 functions. */
	multiplier = 0x9e3779b1;
	for (tries = 0; tries < 100000; tries++, multiplier += 0x3c6ef372)
		if (fill_slots())
			return 0;
	return -EEXIST;
}

/* A hook that on_entry() would not find by its place would be active and silent. */
static int check_slots(void)
{
	unsigned int table = 0, row = 0;
	const struct slot *slot;
	struct tcphs_hook *hook;
	int err = 0;

	while (!err && (hook = next_entry(&table, &row))) {
		if (!hook->active || tcphs_fault_deaf(hook))
			continue;
		slot = slot_of(hook->place);
		if (slot->hook == hook && slot->hits == hook->hits)
			continue;
		WRITE_ONCE(hook->active, false);
		err = tcphs_hook_missing(hook, -ENXIO);
	}
	return err;
}

#ifdef TCPHS_TEST
/*
 * Never armed, a kprobe is found all the same by a CPU that steps on a breakpoint
 * here. That is ftrace's, left from patching this function: no real CPU sees it
 * longer than it stands, but one that QEMU emulates may. A kprobe of ftrace has no
 * instruction of its own to go on with, so go back to where the breakpoint was, as
 * the kernel does where there is no kprobe. In int3, on a CPU that runs the function.
 */
static int step_back(struct kprobe *kp, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)kp->addr);
	return 1;
}
#else
#define step_back NULL
#endif

/* Inside of an instruction: a kprobe there is refused, but only if there is the symbol. */
#define INSIDE 1

/* The kernel gives an address to nobody but a kprobe. */
static int find(struct tcphs_hook *hook, struct kprobe *kp)
{
	if (hook->refused)
		return -EOPNOTSUPP;
	/* One that was refused has an address, and with both it is refused again. */
	memset(kp, 0, sizeof(*kp));
	if (hook->place)
		kp->addr = (kprobe_opcode_t *)hook->place;
	else
		kp->symbol_name = hook->name;
	kp->offset = tcphs_fault_missing(hook) ? INSIDE : 0;
	kp->flags = KPROBE_FLAG_DISABLED;
	kp->pre_handler = step_back;
	return register_kprobe(kp);
}

static bool exists(const char *symbol)
{
	struct kprobe kp = {
		.symbol_name = symbol,
		.offset = INSIDE,
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err = register_kprobe(&kp);

	if (!err)
		unregister_kprobe(&kp);
	return err != -ENOENT;
}

/*
 * Compilers make copies of a function, with arguments that are known or not needed left
 * out, and call those. Of a link-time optimizer's (.llvm.) the kernel itself leaves
 * the suffix out when it looks for a symbol.
 */
static const char *const copies[] = { ".isra.0", ".constprop.0", ".part.0" };

static void warn_of_copy(const struct tcphs_hook *hook, const char *copy)
{
	pr_warn("there is %s%s as well as %s: calls of that are not seen\n", hook->name, copy,
		hook->name);
}

static void look_for_copies(const struct tcphs_hook *hook)
{
	char symbol[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(copies); i++) {
		snprintf(symbol, sizeof(symbol), "%s%s", hook->name, copies[i]);
		if (exists(symbol))
			warn_of_copy(hook, copies[i]);
	}
}

/* Is it one that is hooked, or a copy? Of several with one name the kernel finds the first. */
static void see_function(const char *name, unsigned long address)
{
	unsigned int table = 0, row = 0, i;
	struct tcphs_hook *hook;
	const char *rest;

	while ((hook = tcphs_hook_next(&table, &row))) {
		/* All but a few of the names begin otherwise. */
		if (*name != *hook->name || hook->kind == TCPHS_HOOK_TRACEPOINT ||
		    !str_has_prefix(name, hook->name))
			continue;
		rest = name + strlen(hook->name);
		if (!*rest && (!hook->place || address < hook->place))
			hook->place = address;
		for (i = 0; hook->kind == TCPHS_HOOK_FTRACE && i < ARRAY_SIZE(copies); i++)
			if (!strcmp(rest, copies[i]))
				warn_of_copy(hook, copies[i]);
	}
}

/* Finds all functions of the kernel itself at once, from one of them on. */
static void find_at_once(void)
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;
	struct kprobe kp;
	int err = -ENOENT;

	while (err && (hook = next_entry(&table, &row)))
		err = find(hook, &kp);
	if (err)
		return;
	tcphs_each_function((unsigned long)kp.addr, see_function);
	unregister_kprobe(&kp);
}

/* Adds each function that there is to the filter of ops. */
static int find_all(struct kprobe *kp, struct kprobe **found)
{
	unsigned int table = 0, row = 0, n = 0;
	struct tcphs_hook *hook;
	int err = 0;

	if (TCPHS_LOOKUP_IS_DEAR)
		find_at_once();
	while (!err && (hook = next_entry(&table, &row))) {
		err = find(hook, &kp[n]);
		if (!err) {
			err = tcphs_trace_function(&ops, &kp[n], &hook->place);
			found[n] = &kp[n];
			n++;
		}
		WRITE_ONCE(hook->active, !err);
		if (!TCPHS_LOOKUP_IS_DEAR)
			look_for_copies(hook);
		if (err)
			err = tcphs_hook_missing(hook, err);
	}
	/* One grace period for all. */
	unregister_kprobes(found, n);
	return err;
}

static int find_entries(void)
{
	unsigned int table = 0, row = 0, n = 0;
	struct kprobe **found, *kp;
	int err = -ENOMEM;

	while (next_entry(&table, &row))
		n++;
	kp = kcalloc(n, sizeof(*kp), GFP_KERNEL);
	found = kcalloc(n, sizeof(*found), GFP_KERNEL);
	if (kp && found)
		err = find_all(kp, found);
	kfree(found);
	kfree(kp);
	return err;
}

/**
 * tcphs_entries_exit() - detach from all functions
 *
 * When it returns no handler of an entry runs and none will.
 *
 * Context: process, may sleep.
 */
void tcphs_entries_exit(void)
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;

	if (registered)
		unregister_ftrace_function(&ops);
	registered = false;
	/* 5.10 does not export ftrace_free_filter(); this frees all of it. */
	ftrace_set_filter(&ops, NULL, 0, 1);
	while ((hook = next_entry(&table, &row)))
		WRITE_ONCE(hook->active, false);
}

/**
 * tcphs_entries_init() - attach to all functions of the hook table
 *
 * Context: process, may sleep.
 * Return: 0, or an error with none attached.
 */
int tcphs_entries_init(void)
{
	int err;

	err = find_entries();
	if (!err)
		err = make_slots();
	if (!err)
		err = check_slots();
	if (!err)
		err = register_ftrace_function(&ops);
	if (err) {
		tcphs_entries_exit();
		return err;
	}
	registered = true;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Function entries through ftrace, and the arguments of the function.
 *
 * 5.10  callbacks get struct pt_regs and need FTRACE_OPS_FL_SAVE_REGS;
 *	 recursion protection is on unless FTRACE_OPS_FL_RECURSION_SAFE
 * 5.11  callbacks get struct ftrace_regs; recursion protection is opt-in
 *	 (FTRACE_OPS_FL_RECURSION), so a callback is called straight from its
 *	 trampoline, without preemption or RCU being taken care of
 * 6.2   ftrace_regs_get_argument(); until then x86 with
 *	 DYNAMIC_FTRACE_WITH_ARGS fills the argument registers all the same
 *
 * No handler of tcphs calls a function that tcphs hooks, but one: who has looked a socket
 * up may put the last reference to a request, whose destructor is hooked. It does so
 * outside of any section, and that handler looks up none: it ends there, so none needs
 * the protection.
 */
#ifndef _TCPHS_COMPAT_FTRACE_H
#define _TCPHS_COMPAT_FTRACE_H

#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include "compat.h"

#if !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && !defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#error "tcphs needs CONFIG_DYNAMIC_FTRACE_WITH_ARGS or CONFIG_DYNAMIC_FTRACE_WITH_REGS"
#endif

#ifndef CONFIG_KPROBES
#error "tcphs needs CONFIG_KPROBES, to find functions by name"
#endif

#ifdef TCPHS_HAVE_FTRACE_REGS
#define tcphs_regs ftrace_regs
#else
#define tcphs_regs pt_regs
#endif

#ifdef TCPHS_HAVE_FTRACE_RECURSION_SAFE
#define TCPHS_FTRACE_DIRECT FTRACE_OPS_FL_RECURSION_SAFE
#else
#define TCPHS_FTRACE_DIRECT 0
#endif

#if defined(TCPHS_HAVE_FTRACE_REGS_ARGUMENT) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
#define TCPHS_FTRACE_FLAGS (FTRACE_OPS_FL_PERMANENT | TCPHS_FTRACE_DIRECT)
#define tcphs_argument(regs, n) ((void *)ftrace_regs_get_argument(regs, n))
#elif defined(TCPHS_HAVE_FTRACE_REGS) && defined(CONFIG_X86) && \
	defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
#define TCPHS_FTRACE_FLAGS (FTRACE_OPS_FL_PERMANENT | TCPHS_FTRACE_DIRECT)
#define tcphs_argument(fregs, n) ((void *)regs_get_kernel_argument(&(fregs)->regs, n))
#elif defined(TCPHS_HAVE_FTRACE_REGS)
#define TCPHS_FTRACE_FLAGS \
	(FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_SAVE_REGS | TCPHS_FTRACE_DIRECT)
#define tcphs_argument(fregs, n) \
	((void *)regs_get_kernel_argument(ftrace_get_regs(fregs), n))
#else
#define TCPHS_FTRACE_FLAGS \
	(FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_SAVE_REGS | TCPHS_FTRACE_DIRECT)
#define tcphs_argument(regs, n) ((void *)regs_get_kernel_argument(regs, n))
#endif

/*
 * Is every callback called with preemption off? Without a trampoline or a call of its own ftrace
 * goes through a list of all that trace anything, and that is so there. x86 has trampolines, arm64
 * CALL_OPS from 6.3 on, but not with kCFI. On PREEMPT_RT no memory can be had then, nor freed.
 */
#if IS_ENABLED(CONFIG_PREEMPT_RT) && defined(CONFIG_ARM64) && \
	!defined(CONFIG_DYNAMIC_FTRACE_WITH_CALL_OPS)
#define TCPHS_FTRACE_IS_ATOMIC true
#else
#define TCPHS_FTRACE_IS_ATOMIC false
#endif

/**
 * tcphs_trace_function() - add a function to those that are traced
 * @ops: for which; it is not registered
 * @kp: a registered kprobe, disabled, at the function's entry
 * @place: set to the address in the function that ftrace calls from, and calls back with
 *
 * Compilers leave room for the call where the architecture wants it: at the beginning, behind
 * a landing pad for indirect jumps (x86, ENDBR: 4 bytes), or behind one and an instruction
 * that saves the return address (arm64: 4 or 8 bytes). A kprobe that is one of ftrace's is
 * just there. Where there are none (arm64) ftrace is asked: of any address but the function's
 * own, which in newer kernels stands for all of it, it takes none but the right one. So that
 * this is not in the next function, what is hooked must be longer than 8 bytes: it is.
 *
 * Context: process, may sleep.
 * Return: 0, or an error if the function is not traced that way.
 */
static inline int tcphs_trace_function(struct ftrace_ops *ops, const struct kprobe *kp,
				       unsigned long *place)
{
	int err = -ENXIO;

#ifdef CONFIG_KPROBES_ON_FTRACE
	*place = (unsigned long)kp->addr;
	if (kp->flags & KPROBE_FLAG_FTRACE)
		err = ftrace_set_filter_ip(ops, *place, 0, 0);
#else
	unsigned int offset;

	for (offset = 4; err && err != -ENOMEM && offset <= 8; offset += 4) {
		*place = (unsigned long)kp->addr + offset;
		err = ftrace_set_filter_ip(ops, *place, 0, 0);
	}
#endif
	return err;
}

/* The segment that made the kernel call tcp_reset(); 5.10 does not say. */
static inline const struct sk_buff *tcphs_reset_segment(struct tcphs_regs *regs)
{
#ifdef TCPHS_HAVE_TCP_RESET_SKB
	return tcphs_argument(regs, 1);
#else
	return NULL;
#endif
}

/* What the files of probe/ do at the entry of a function. */
typedef void tcphs_entry_fn(struct tcphs_regs *regs);

#endif /* _TCPHS_COMPAT_FTRACE_H */

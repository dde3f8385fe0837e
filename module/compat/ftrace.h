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

#include <linux/ftrace.h>
#include <linux/ptrace.h>
#include "compat.h"

#if !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && !defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#error "tcphs needs CONFIG_DYNAMIC_FTRACE_WITH_ARGS or CONFIG_DYNAMIC_FTRACE_WITH_REGS"
#endif

#if !defined(CONFIG_KPROBES) || !defined(CONFIG_KPROBES_ON_FTRACE)
#error "tcphs needs CONFIG_KPROBES_ON_FTRACE, to find functions by name"
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

#if defined(TCPHS_HAVE_FTRACE_REGS_ARGUMENT)
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

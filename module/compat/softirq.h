/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Softirqs of one CPU.
 *
 * 6.18  on PREEMPT_RT local_bh_disable() takes no lock any more, unless
 *	 PREEMPT_RT_NEEDS_BH_LOCK: a softirq may be preempted by another of its CPU
 */
#ifndef _TCPHS_COMPAT_SOFTIRQ_H
#define _TCPHS_COMPAT_SOFTIRQ_H

#include "compat.h"

#if IS_ENABLED(CONFIG_PREEMPT_RT) && !IS_ENABLED(CONFIG_PREEMPT_RT_NEEDS_BH_LOCK) && \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define TCPHS_SOFTIRQS_INTERLEAVE true
#define TCPHS_SHOWS_SYN \
	"SYNs and third ACKs dropped because a queue is full, data on the third ACK; " \
	"softirqs of a CPU interleave here"
#define TCPHS_SHOWS_THIRD_ACK ""
#else
#define TCPHS_SOFTIRQS_INTERLEAVE false
#define TCPHS_SHOWS_SYN "SYNs dropped because a queue is full"
#define TCPHS_SHOWS_THIRD_ACK ", accept queue overflows, data on the third ACK"
#endif

#endif /* _TCPHS_COMPAT_SOFTIRQ_H */

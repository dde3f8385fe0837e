/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's list of its functions, where a name is dear to look up.
 *
 * 6.1   by an index (6.2, and in 6.1's later releases)
 * 5.10  every lookup unpacks all names up to the one that is asked for, and all of them where
 *	 there is none: 26 million instructions each time, and tcphs asks for some 170 names.
 *	 An address is found in the sorted list instead, so to go over all functions once costs
 *	 as much as a few lookups.
 */
#ifndef _TCPHS_COMPAT_SYMBOLS_H
#define _TCPHS_COMPAT_SYMBOLS_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define TCPHS_LOOKUP_IS_DEAR true
void tcphs_each_function(unsigned long from,
			 void (*see)(const char *name, unsigned long address));
#else
#define TCPHS_LOOKUP_IS_DEAR false
static inline void tcphs_each_function(unsigned long from,
				       void (*see)(const char *name, unsigned long address))
{
}
#endif

#endif /* _TCPHS_COMPAT_SYMBOLS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fence: kernels that tcphs speaks to. What differs between them is hidden
 * in the headers beside this one, each named after the kernel header it wraps.
 * They ask for features (TCPHS_HAVE_*, found by module/Kbuild in the kernel's
 * headers) and test a version only where nothing can be found.
 */
#ifndef _TCPHS_COMPAT_H
#define _TCPHS_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "tcphs needs Linux 5.10 or later"
#endif

#if !IS_ENABLED(CONFIG_INET)
#error "tcphs needs a kernel with CONFIG_INET"
#endif

#ifndef CONFIG_64BIT
#error "tcphs needs a 64-bit kernel: it reads counters of 64 bits while others write them"
#endif

#ifndef CONFIG_SECURITY_NETWORK
#error "tcphs needs CONFIG_SECURITY_NETWORK: it sees accept() in security_sock_graft()"
#endif

/*
 * A header that has moved looks to module/Kbuild like one of an older kernel, and what is
 * then left out is missed by nobody. So these must be found from the version on that
 * is known to have them, and before it where a kernel has lost them.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#ifndef TCPHS_HAVE_FTRACE_RECURSION_SAFE
#error "module/Kbuild finds no FTRACE_OPS_FL_RECURSION_SAFE"
#endif
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#ifndef TCPHS_HAVE_FTRACE_REGS
#error "module/Kbuild finds no struct ftrace_regs"
#endif
#ifndef TCPHS_HAVE_TCP_RESET_SKB
#error "module/Kbuild does not find that tcp_reset() gets the segment"
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)
#ifndef TCPHS_HAVE_LHASH2_ICSK
#error "module/Kbuild finds no inet_lhash2_for_each_icsk()"
#endif
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#ifndef TCPHS_HAVE_FTRACE_REGS_ARGUMENT
#error "module/Kbuild finds no ftrace_regs_get_argument()"
#endif
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#ifndef TCPHS_HAVE_DUMPIT_GENL_INFO
#error "module/Kbuild finds no genl_info in genl_dumpit_info"
#endif
#ifndef TCPHS_HAVE_MCAST_CAP_NET_ADMIN
#error "module/Kbuild finds no GENL_MCAST_CAP_NET_ADMIN"
#endif
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#ifndef TCPHS_HAVE_HASHDANCE_SCHEDULE
#error "module/Kbuild finds no inet_twsk_hashdance_schedule()"
#endif
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#ifndef TCPHS_HAVE_RETRANSMIT_ERR
#error "module/Kbuild does not find that tcp_retransmit_skb tells of errors"
#endif
#ifndef TCPHS_HAVE_SK_DROPS_READ
#error "module/Kbuild finds no sk_drops_read()"
#endif
#ifndef TCPHS_HAVE_ECN_MODE_ANY
#error "module/Kbuild finds no tcp_ecn_mode_any()"
#endif
#ifndef TCPHS_HAVE_DFL_WQ
#error "module/Kbuild finds no system_dfl_wq"
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#ifndef TCPHS_HAVE_INET6_HASH
#error "module/Kbuild finds no inet6_hash()"
#endif
#endif

#endif /* _TCPHS_COMPAT_H */

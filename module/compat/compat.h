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

#endif /* _TCPHS_COMPAT_H */

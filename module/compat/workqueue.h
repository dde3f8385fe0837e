/* SPDX-License-Identifier: GPL-2.0 */
/* What differs in <linux/workqueue.h>. */
#ifndef _TCPHS_COMPAT_WORKQUEUE_H
#define _TCPHS_COMPAT_WORKQUEUE_H

#include <linux/workqueue.h>

/* The same queue: the old name is still there and complains when it is used. */
#ifdef TCPHS_HAVE_DFL_WQ
#define tcphs_unbound_wq system_dfl_wq
#else
#define tcphs_unbound_wq system_unbound_wq
#endif

#endif /* _TCPHS_COMPAT_WORKQUEUE_H */

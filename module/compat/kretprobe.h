/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What functions return, through kretprobes.
 *
 * 5.11  get_kretprobe(); until then an instance names its kretprobe itself
 */
#ifndef _TCPHS_COMPAT_KRETPROBE_H
#define _TCPHS_COMPAT_KRETPROBE_H

#include <linux/kprobes.h>
#include "compat.h"

/* NULL: it is being taken away. */
static inline struct kretprobe *tcphs_kretprobe(struct kretprobe_instance *ri)
{
#ifdef TCPHS_HAVE_GET_KRETPROBE
	return get_kretprobe(ri);
#else
	return READ_ONCE(ri->rp);
#endif
}

#endif /* _TCPHS_COMPAT_KRETPROBE_H */

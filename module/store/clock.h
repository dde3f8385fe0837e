/* SPDX-License-Identifier: GPL-2.0 */
/* The time of all records. */
#ifndef _TCPHS_CLOCK_H
#define _TCPHS_CLOCK_H

#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

static inline u64 tcphs_now(void)
{
	return ktime_get_mono_fast_ns();
}

/*
 * From @since to @now, ns. While the clock is set right, the one that may be read in any
 * context steps back between CPUs: what then looks like less than nothing was nothing.
 */
static inline u64 tcphs_elapsed(u64 since, u64 now)
{
	return now > since ? now - since : 0;
}

#endif /* _TCPHS_CLOCK_H */

// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/*
 * Requests that nobody sent, for tests: more at once than a machine under test can be sent.
 * Only in a module built with TCPHS_TEST=y.
 *
 * A number written to the parameter adds so many entries within a tenth of a second, a
 * hundredth of them at a time, as a softirq does that finds them in a device's queue. 0
 * removes those that the last number added.
 */
#include <linux/bits.h>
#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include "store/clock.h"
#include "store/net.h"
#include "table/conn.h"

#define SLICES	100U

/* The kernel gives no such cookies away. */
#define NOBODYS	BIT_ULL(62)

static unsigned int added;

static void add(u64 cookie)
{
	struct tcphs_section *s;

	s = tcphs_conn_enter(cookie);
	if (!s->conn)
		tcphs_conn_add(s, tcphs_net(&init_net), NULL, TCPHS_STATE_SYN_RECV, true);
	tcphs_conn_leave(s);
}

static void add_all(unsigned int count)
{
	u64 begin = tcphs_now(), due, us;
	unsigned int i, slice;

	for (slice = 0; slice < SLICES; slice++) {
		local_bh_disable();
		for (i = slice; i < count; i += SLICES)
			add(NOBODYS + i);
		local_bh_enable();
		due = begin + (slice + 1) * (100 * NSEC_PER_MSEC / SLICES);
		us = div_u64(tcphs_elapsed(tcphs_now(), due), NSEC_PER_USEC);
		if (us)
			usleep_range(us, us + 1);
		else
			cond_resched();
	}
	pr_info("%u entries asked for within %llu us\n", count,
		div_u64(tcphs_elapsed(begin, tcphs_now()), NSEC_PER_USEC));
}

static void remove_all(unsigned int count)
{
	struct tcphs_section *s;
	unsigned int i;

	for (i = 0; i < count; i++) {
		s = tcphs_conn_enter(NOBODYS + i);
		if (s->conn)
			tcphs_conn_remove(s);
		tcphs_conn_leave(s);
		cond_resched();
	}
}

static int set_burst(const char *value, const struct kernel_param *kp)
{
	unsigned int count;
	int err = kstrtouint(value, 0, &count);

	if (err)
		return err;
	if (!tcphs_table.buckets)
		return -ENODEV;
	remove_all(added);
	add_all(count);
	added = count;
	return 0;
}

static const struct kernel_param_ops burst_ops = {
	.set = set_burst,
};
module_param_cb(burst, &burst_ops, NULL, 0200);
MODULE_PARM_DESC(burst, "adds so many entries within 100 ms");

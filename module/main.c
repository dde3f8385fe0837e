// SPDX-License-Identifier: GPL-2.0
/* Load, unload and parameters; the order is all there is here. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/random.h>
#include "attach/attach.h"
#include "attach/deaf.h"
#include "attach/fault.h"
#include "attach/hook.h"
#include "compat/compat.h"
#include "probe/adopt.h"
#include "probe/drop.h"
#include "probe/probe.h"
#include "reader/reader.h"
#include "store/clock.h"
#include "store/ring.h"
#include "table/conn.h"
#include "table/listener.h"
#include "table/netns.h"
#include "table/owner.h"
#include "table/pairs.h"
#include "table/share.h"

#define RING_MIN	64U
#define RING_MAX	(1U << 20)
#define TABLE_MIN	64U
#define TABLE_MAX	(1U << 22)
#define TABLE_DEFAULT	(1U << 18)

module_param_named(ring_records, tcphs_ring_records, uint, 0444);
MODULE_PARM_DESC(ring_records, "records kept a CPU, a power of two, 64 to 1048576 (default 8192)");

/* 0: a connection for each 16 KiB of memory, at most TABLE_DEFAULT. */
module_param_named(table_size, tcphs_table_size, uint, 0444);
MODULE_PARM_DESC(table_size, "connections followed at the most, 64 to 4194304 (default: by memory)");

static int start_netns(void)
{
	static const struct tcphs_netns_end end = {
		.namespace = tcphs_drop_forget_netns,
		.conn = tcphs_time_wait_last_words,
	};

	return tcphs_netns_init(&end);
}

/*
 * In the order of loading; unloading and a load that fails go back through them. Readers
 * come last: hooks are what may be refused, and a dump of which half has been read holds
 * the module, but not one that is still being loaded.
 */
static const struct step {
	const char *name;
	int (*init)(void);
	void (*exit)(void);
} steps[] = {
	{ "counters of hooks", tcphs_deaf_init, tcphs_deaf_exit },
	{ "rings", tcphs_ring_init, tcphs_ring_exit },
	{ "owners", tcphs_owner_init, tcphs_owner_exit },
	{ "shares", tcphs_share_init, tcphs_share_exit },
	{ "listeners", tcphs_listener_init, tcphs_listener_exit },
#if IS_ENABLED(CONFIG_MPTCP)
	{ "MPTCP", tcphs_pairs_init, tcphs_pairs_exit },
#endif
	{ "connections", tcphs_conn_init, tcphs_conn_exit },
	{ "drops", tcphs_drop_init, tcphs_drop_exit },
	{ "namespaces", start_netns, tcphs_netns_exit },
	{ "hooks", tcphs_attach_init, tcphs_attach_exit },
	{ "/proc/tcphs", tcphs_procfs_init, tcphs_procfs_exit },
	{ "/proc/tcphs_events", tcphs_procfs_events_init, tcphs_procfs_events_exit },
	{ "netlink", tcphs_netlink_init, tcphs_netlink_exit },
};

static int __init check_parameters(void)
{
	if (tcphs_ring_records < RING_MIN || tcphs_ring_records > RING_MAX ||
	    !is_power_of_2(tcphs_ring_records)) {
		pr_err("ring_records=%u refused: a power of two from %u to %u is needed\n",
		       tcphs_ring_records, RING_MIN, RING_MAX);
		return -EINVAL;
	}
	if (!tcphs_table_size)
		tcphs_table_size = clamp_t(u64, ((u64)totalram_pages() << PAGE_SHIFT) / 16384,
					   4096, TABLE_DEFAULT);
	if (tcphs_table_size < TABLE_MIN || tcphs_table_size > TABLE_MAX) {
		pr_err("table_size=%u refused: %u to %u is needed\n",
		       tcphs_table_size, TABLE_MIN, TABLE_MAX);
		return -EINVAL;
	}
	return tcphs_fault_check(ARRAY_SIZE(steps));
}

/* Back through the steps from @n - 1 to the first. */
static void undo(unsigned int n)
{
	while (n--) {
		steps[n].exit();
		tcphs_fault_ran(n + 1, "exit");
	}
}

static int __init run_steps(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		err = tcphs_fault_step(i + 1) ? -ECANCELED : steps[i].init();
		if (err) {
			pr_err("not loaded: %s: error %d\n", steps[i].name, err);
			undo(i);
			return err;
		}
		tcphs_fault_ran(i + 1, "init");
	}
	return 0;
}

static int __init tcphs_init(void)
{
	unsigned int active, missing, deaf;
	int err;

	tcphs_hook_give(tcphs_probes);
	err = check_parameters();
	if (err)
		return err;
	tcphs_loaded = tcphs_now();
	tcphs_load_id = get_random_u64();

	err = run_steps();
	if (err)
		return err;
	tcphs_adopt_all();
	tcphs_deaf_watch(tcphs_now());

	tcphs_attach_count(&active, &missing, &deaf);
	pr_info("%s loaded: %u hooks, %u missing, %u records a CPU, %u connections at the most\n",
		TCPHS_VERSION, active, missing, tcphs_ring_records, tcphs_table_size);
	return 0;
}

static void __exit tcphs_exit(void)
{
	undo(ARRAY_SIZE(steps));
}

module_init(tcphs_init);
module_exit(tcphs_exit);

MODULE_DESCRIPTION("The life of TCP connections: handshakes, queues, closes, TIME_WAIT");
MODULE_AUTHOR("The tcphs authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(TCPHS_VERSION);

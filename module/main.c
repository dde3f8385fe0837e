// SPDX-License-Identifier: GPL-2.0
/* Load, unload and parameters; the order is all there is here. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/random.h>
#include "attach/attach.h"
#include "attach/deaf.h"
#include "attach/fault.h"
#include "attach/hook.h"
#include "compat/compat.h"
#include "compat/ftrace.h"
#include "probe/adopt.h"
#include "probe/drop.h"
#include "probe/probe.h"
#include "reader/reader.h"
#include "store/clock.h"
#include "store/ring.h"
#include "table/cgroup.h"
#include "table/conn.h"
#include "table/listener.h"
#include "table/netns.h"
#include "table/owner.h"
#include "table/pairs.h"
#include "table/share.h"

#define RECORDS_MIN	64U	/* a CPU */
#define MIB_MAX		(1U << 20)
#define STORE_MIB_LEAST	4U
#define TABLE_MIN	64U
#define TABLE_LEAST	4096U	/* by itself */
#define TABLE_MAX	(1U << 26)

/* 0: a 1024th of the memory, at least STORE_MIB_LEAST. */
static unsigned int ring_mib;
module_param(ring_mib, uint, 0444);
MODULE_PARM_DESC(ring_mib, "MiB for the newest records of every kind (default: a 1024th of the memory)");

/* 0: half as much. */
static unsigned int kept_mib;
module_param(kept_mib, uint, 0444);
MODULE_PARM_DESC(kept_mib, "MiB for the records of what went wrong (default: a 2048th of the memory)");

/*
 * 0: a connection for each 16 KiB of memory, of which the kernel takes a quarter for a
 * socket without data, and a program its part. For TIME_WAITs, which take less, the kernel's
 * own limit is one for each 256 KiB. A full table takes an 85th of the memory.
 */
module_param_named(table_size, tcphs_table_size, uint, 0444);
MODULE_PARM_DESC(table_size, "connections followed at the most (default: one for each 16 KiB of memory)");

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
	{ "cgroups", tcphs_cgroup_init, tcphs_cgroup_exit },
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
	{ "/proc/tcphs_records", tcphs_procfs_records_init, tcphs_procfs_records_exit },
	{ "netlink", tcphs_netlink_init, tcphs_netlink_exit },
};

/* The memory is for all CPUs that are there; one that comes later brings its own. */
static int __init size_store(const char *name, unsigned int store, unsigned int *mib,
			     unsigned int shift)
{
	u64 memory = (u64)totalram_pages() << PAGE_SHIFT, most = TCPHS_RING_BYTES_MAX, bytes;

	if (!*mib)
		*mib = max_t(u64, memory >> shift >> 20, STORE_MIB_LEAST);
	bytes = (u64)*mib << 20;
	most = min(most * num_present_cpus(), memory / 2);
	if (*mib > MIB_MAX || bytes > most) {
		pr_err("%s=%u refused: 1 to %llu is needed\n", name, *mib, most >> 20);
		return -EINVAL;
	}
	tcphs_store_records[store] = max_t(u64, div_u64(bytes, num_present_cpus() * TCPHS_SLOT_SIZE),
					   RECORDS_MIN);
	return 0;
}

/* What half of the memory holds is the most, as of records. */
static int __init size_table(void)
{
	u64 memory = (u64)totalram_pages() << PAGE_SHIFT;
	u64 most = min_t(u64, memory / 2 / sizeof(struct tcphs_conn), TABLE_MAX);

	if (!tcphs_table_size)
		tcphs_table_size = clamp_t(u64, memory >> 14, TABLE_LEAST, TABLE_MAX);
	if (tcphs_table_size >= TABLE_MIN && tcphs_table_size <= most)
		return 0;
	pr_err("table_size=%u refused: %u to %llu is needed\n", tcphs_table_size, TABLE_MIN, most);
	return -EINVAL;
}

/* Both stores are allocated at once, and vmalloc() does not fail before somebody was killed. */
static int __init find_memory(void)
{
	u64 available = max(si_mem_available(), 0L), most = available / 4 * 3 << PAGE_SHIFT, bytes;

	bytes = (u64)tcphs_store_records[TCPHS_STORE_RING] + tcphs_store_records[TCPHS_STORE_KEPT];
	bytes *= num_online_cpus() * TCPHS_SLOT_SIZE;
	if (bytes <= most)
		return 0;
	pr_err("ring_mib=%u and kept_mib=%u refused: %llu MiB are available, and a quarter is for others\n",
	       ring_mib, kept_mib, available >> (20 - PAGE_SHIFT));
	return -ENOMEM;
}

static int __init check_parameters(void)
{
	int err;

	err = size_store("ring_mib", TCPHS_STORE_RING, &ring_mib, 10) ?:
	      size_store("kept_mib", TCPHS_STORE_KEPT, &kept_mib, 11) ?:
	      size_table();
	if (err)
		return err;
	tcphs_fault_records(&tcphs_store_records[TCPHS_STORE_RING],
			    &tcphs_store_records[TCPHS_STORE_KEPT]);
	return find_memory() ?: tcphs_fault_check(ARRAY_SIZE(steps));
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
	pr_info("%s loaded: %u hooks, %u missing, %u+%u records a CPU, %u connections at the most\n",
		TCPHS_VERSION, active, missing, tcphs_store_records[TCPHS_STORE_RING],
		tcphs_store_records[TCPHS_STORE_KEPT], tcphs_table_size);
	if (TCPHS_FTRACE_IS_ATOMIC)
		pr_notice("PREEMPT_RT without DYNAMIC_FTRACE_WITH_CALL_OPS: new listeners get no entry, ICMP errors are left out\n");
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

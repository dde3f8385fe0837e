// SPDX-License-Identifier: GPL-2.0
/* Load, unload and parameters; the order is all there is here. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "compat/compat.h"
#include "internal.h"

#define RING_MIN	64U
#define RING_MAX	(1U << 20)
#define TABLE_MIN	64U
#define TABLE_MAX	(1U << 22)
#define TABLE_DEFAULT	(1U << 18)

unsigned int tcphs_ring_records = 8192;
module_param_named(ring_records, tcphs_ring_records, uint, 0444);
MODULE_PARM_DESC(ring_records, "records kept a CPU, a power of two, 64 to 1048576 (default 8192)");

/* 0: a connection for each 16 KiB of memory, at most TABLE_DEFAULT. */
unsigned int tcphs_table_size;
module_param_named(table_size, tcphs_table_size, uint, 0444);
MODULE_PARM_DESC(table_size, "connections followed at the most, 64 to 4194304 (default: by memory)");

u64 tcphs_loaded;

static int check_parameters(void)
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
	return 0;
}

static int __init tcphs_init(void)
{
	unsigned int active, missing, deaf;
	int err;

	err = check_parameters();
	if (err)
		return err;
	tcphs_loaded = tcphs_now();

	err = tcphs_deaf_init();
	if (err)
		return err;
	err = tcphs_ring_init();
	if (err)
		goto err_deaf;
	err = tcphs_listener_init();
	if (err)
		goto err_ring;
	err = tcphs_conn_init();
	if (err)
		goto err_listener;
	err = tcphs_netns_init();
	if (err)
		goto err_conn;
	err = tcphs_netlink_init();
	if (err)
		goto err_netns;
	err = tcphs_procfs_init();
	if (err)
		goto err_netlink;
	err = tcphs_procfs_events_init();
	if (err)
		goto err_procfs;
	tcphs_adopting = true;
	err = tcphs_hooks_init();
	if (err)
		goto err_procfs_events;
	tcphs_adopt_all();
	tcphs_deaf_watch();

	tcphs_hooks_count(&active, &missing, &deaf);
	pr_info("%s loaded: %u hooks, %u missing, %u records a CPU, %u connections at the most\n",
		TCPHS_VERSION, active, missing, tcphs_ring_records, tcphs_table_size);
	return 0;

err_procfs_events:
	tcphs_procfs_events_exit();
err_procfs:
	tcphs_procfs_exit();
err_netlink:
	tcphs_netlink_exit();
err_netns:
	tcphs_netns_exit();
err_conn:
	tcphs_conn_exit();
err_listener:
	tcphs_listener_exit();
err_ring:
	tcphs_ring_exit();
err_deaf:
	tcphs_deaf_exit();
	return err;
}

static void __exit tcphs_exit(void)
{
	tcphs_hooks_exit();
	tcphs_procfs_events_exit();
	tcphs_procfs_exit();
	tcphs_netlink_exit();
	tcphs_netns_exit();
	tcphs_conn_exit();
	tcphs_listener_exit();
	tcphs_ring_exit();
	tcphs_deaf_exit();
}

module_init(tcphs_init);
module_exit(tcphs_exit);

MODULE_DESCRIPTION("The life of TCP connections: handshakes, queues, closes, TIME_WAIT");
MODULE_AUTHOR("The tcphs authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(TCPHS_VERSION);

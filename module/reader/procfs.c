// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/tcphs: the summary of the network namespace of whoever opened it, for
 * eyes and for awk: every line begins with what it is about. No ISN, no owner:
 * anyone may read it. Documentation/ABI/procfs-tcphs describes each line.
 */
#include <linux/atomic.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include "attach/attach.h"
#include "attach/deaf.h"
#include "attach/hook.h"
#include "compat/sock.h"
#include "reader/names.h"
#include "reader/reader.h"
#include "store/clock.h"
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/listener.h"

/* Changes when a line changes its meaning; what is appended changes nothing. */
#define FORMAT 2

struct view {
	struct net *net;
	struct tcphs_sum sum;
	struct tcphs_listener_view listener;
	unsigned long last;		/* number of the last listener */
};

/* Always microseconds: a program reads them too. */
static void put_time(struct seq_file *m, const char *label, u64 ns)
{
	seq_printf(m, " %s %7llu us", label, div_u64(ns, 1000));
}

static void put_quantiles(struct seq_file *m, const struct tcphs_histogram *hist)
{
	put_time(m, " p50", tcphs_hist_quantile(hist, 50));
	put_time(m, " p90", tcphs_hist_quantile(hist, 90));
	put_time(m, " p99", tcphs_hist_quantile(hist, 99));
	put_time(m, " max", hist->max);
}

static void show_module(struct seq_file *m, const struct view *view)
{
	unsigned int active, missing, deaf, table = 0, row = 0;
	const struct tcphs_hook *hook;
	struct tcphs_totals ring, kept;
	u64 missed;

	seq_printf(m, "tcphs         %s  abi %u.%u  netns %u  uptime %llu s  format %u\n",
		   TCPHS_VERSION, TCPHS_ABI_MAJOR, TCPHS_ABI_MINOR, view->net->ns.inum,
		   div_u64(tcphs_elapsed(tcphs_loaded, tcphs_now()), NSEC_PER_SEC), FORMAT);
	tcphs_attach_count(&active, &missing, &deaf);
	seq_printf(m, "hooks         active %u  missing %u  deaf %u\n", active, missing, deaf);
	while ((hook = tcphs_hook_next(&table, &row))) {
		missed = tcphs_deaf_missed(hook);
		if (READ_ONCE(hook->unusable))
			seq_printf(m, "hook-unusable %s  not shown: %s\n", hook->name, hook->shows);
		else if (!READ_ONCE(hook->active))
			seq_printf(m, "hook-missing  %s  not shown: %s\n", hook->name, hook->shows);
		else if (missed)
			seq_printf(m, "hook-deaf     %s  missed %llu  not shown: %s\n", hook->name,
				   missed, hook->shows);
	}
	tcphs_ring_totals(TCPHS_STORE_RING, &ring);
	seq_printf(m, "ring          records %llu  keeps %u a CPU  cpus %u", view->sum.all.recorded,
		   tcphs_store_records[TCPHS_STORE_RING], ring.cpus);
	/* How busy the others are is theirs to know. */
	if (net_eq(view->net, &init_net))
		seq_printf(m, "  overwritten %llu  reach %llu s", ring.overwritten,
			   div_u64(tcphs_ring_reach(&ring), NSEC_PER_SEC));
	tcphs_ring_totals(TCPHS_STORE_KEPT, &kept);
	seq_printf(m, "\nkept          keeps %u a CPU", tcphs_store_records[TCPHS_STORE_KEPT]);
	if (net_eq(view->net, &init_net))
		seq_printf(m, "  records %llu  overwritten %llu  reach %llu s", kept.written,
			   kept.overwritten, div_u64(tcphs_ring_reach(&kept), NSEC_PER_SEC));
	seq_printf(m, "\ntable         connections %u  limit %u  untracked %llu\n",
		   tcphs_conn_count(&view->sum), tcphs_table_size, view->sum.untracked);
}

static void show_states(struct seq_file *m, const struct view *view)
{
	unsigned int i;

	for (i = TCPHS_STATE_ESTABLISHED; i <= TCPHS_STATE_MAX; i++) {
		seq_printf(m, "state         %-12s %8lld", tcphs_state_names[i],
			   view->sum.all.states[i]);
		if (i == TCPHS_STATE_TIME_WAIT)
			seq_printf(m, "  limit %d",
				   READ_ONCE(view->net->ipv4.tcp_death_row.sysctl_max_tw_buckets));
		seq_putc(m, '\n');
	}
}

static void show_counts(struct seq_file *m, const struct view *view)
{
	static const char *const hists[] = {
		[TCPHS_HIST_HANDSHAKE_ACTIVE] = "handshake     active      ",
		[TCPHS_HIST_HANDSHAKE_PASSIVE] = "handshake     passive     ",
		[TCPHS_HIST_ACCEPT_WAIT] = "wait          accept      ",
		[TCPHS_HIST_TIME_WAIT] = "wait          time-wait   ",
	};
	unsigned int i;

	for (i = 0; i <= TCPHS_HIST_MAX; i++) {
		seq_printf(m, "%s %8llu", hists[i], view->sum.hist[i].count);
		put_quantiles(m, &view->sum.hist[i]);
		seq_putc(m, '\n');
	}
	/* All of them: for a program one that is not there yet would be a special case. */
	for (i = 1; i <= TCPHS_EV_MAX; i++)
		seq_printf(m, "event         %-18s %8llu\n", tcphs_event_names[i],
			   view->sum.all.events[i]);
	for (i = 1; i <= TCPHS_REFUSED_MAX; i++)
		seq_printf(m, "refused       %-18s %8llu\n", tcphs_refused_names[i],
			   view->sum.all.refused[i]);
	for (i = 1; i <= TCPHS_REASON_MAX; i++)
		seq_printf(m, "failure       %-18s %8llu\n", tcphs_reason_names[i],
			   view->sum.all.failures[i]);
}

static void show_listener(struct seq_file *m, const struct tcphs_listener *l,
			  struct tcphs_listener_view *view)
{
	tcphs_listener_look(l, view);
	if (l->id.family == AF_INET6)
		seq_printf(m, "listener      [%pI6c]:%u", l->id.local, l->id.local_port);
	else
		seq_printf(m, "listener      %pI4:%u", l->id.local, l->id.local_port);
	seq_printf(m, "  syn-queue %u max %u limit %u  accept-queue %u max %u limit %u",
		   view->syn_queue, READ_ONCE(l->syn_max), view->syn_limit,
		   view->accept_queue, READ_ONCE(l->accept_max), view->accept_limit);
	seq_printf(m, "  overflows %lld  drops %lld  cookies sent %lld valid %lld  accepted %llu",
		   atomic64_read(&l->overflows), atomic64_read(&l->drops),
		   atomic64_read(&l->cookies_sent), atomic64_read(&l->cookies_valid),
		   view->wait.count);
	put_quantiles(m, &view->wait);
	seq_putc(m, '\n');
}

static struct tcphs_listener *next_listener(const struct view *view, struct tcphs_listener *l)
{
	l = tcphs_listener_next(l, tcphs_net(view->net));
	return l && l->number <= view->last ? l : NULL;
}

/* Position 0 is the summary, that of a listener is its number. */
static void *start(struct seq_file *m, loff_t *pos) __acquires(RCU)
{
	struct view *view = m->private;
	struct tcphs_listener *l = NULL;

	rcu_read_lock();
	if (!*pos) {
		view->last = tcphs_listener_last();
		return SEQ_START_TOKEN;
	}
	do {
		l = next_listener(view, l);
	} while (l && l->number < *pos);
	return l;
}

static void *next(struct seq_file *m, void *v, loff_t *pos)
{
	struct tcphs_listener *l = next_listener(m->private, v == SEQ_START_TOKEN ? NULL : v);

	*pos = l ? l->number : *pos + 1;
	return l;
}

static void stop(struct seq_file *m, void *v) __releases(RCU)
{
	rcu_read_unlock();
}

static int show(struct seq_file *m, void *v)
{
	struct view *view = m->private;

	if (v != SEQ_START_TOKEN) {
		show_listener(m, v, &view->listener);
		return 0;
	}
	tcphs_stats_sum(tcphs_net(view->net), &view->sum);
	show_module(m, view);
	show_states(m, view);
	show_counts(m, view);
	return 0;
}

static const struct seq_operations seq_ops = {
	.start = start,
	.next = next,
	.stop = stop,
	.show = show,
};

/**
 * tcphs_procfs_open() - begin a file whose reader needs much memory
 * @file: the file
 * @seq_ops: of it
 * @size: of what seq_file's private points to, which begins with a struct net *
 *
 * Context: process, may sleep.
 * Return: that memory, zeroed but for the opener's network namespace; NULL: there is none.
 */
void *tcphs_procfs_open(struct file *file, const struct seq_operations *seq_ops, size_t size)
{
	struct net **net = kvzalloc(size, GFP_KERNEL_ACCOUNT);

	if (!net)
		return NULL;
	if (seq_open(file, seq_ops)) {
		kvfree(net);
		return NULL;
	}
	*net = get_net(current->nsproxy->net_ns);
	((struct seq_file *)file->private_data)->private = net;
	return net;
}

/**
 * tcphs_procfs_release() - end it
 * @inode: of the file
 * @file: of tcphs_procfs_open()
 *
 * Context: process, may sleep.
 * Return: 0.
 */
int tcphs_procfs_release(struct inode *inode, struct file *file)
{
	struct net **net = ((struct seq_file *)file->private_data)->private;

	put_net(*net);
	kvfree(net);
	return seq_release(inode, file);
}

static int open(struct inode *inode, struct file *file)
{
	return tcphs_procfs_open(file, &seq_ops, sizeof(struct view)) ? 0 : -ENOMEM;
}

static const struct proc_ops proc_ops = {
	.proc_open = open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = tcphs_procfs_release,
};

/**
 * tcphs_procfs_init() - create /proc/tcphs
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int tcphs_procfs_init(void)
{
	return proc_create("tcphs", 0444, NULL, &proc_ops) ? 0 : -ENOMEM;
}

/**
 * tcphs_procfs_exit() - remove it; waits for readers inside
 *
 * Context: process, may sleep.
 */
void tcphs_procfs_exit(void)
{
	remove_proc_entry("tcphs", NULL);
}

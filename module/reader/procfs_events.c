// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/tcphs_events: the ring and what is kept, as text, oldest first. For rescue
 * systems with nothing but cat; root only, and only the opener's own network
 * namespace. One pass: what is written after the file was opened is not in it.
 *
 * In one namespace the records that a CPU wrote are numbered in the order of their time, and
 * a copy in the kept store has the number of the original. So for each CPU the two are
 * merged by number, and what is in both is shown once; across CPUs time decides. The
 * kept store is in no order: an index of it is made and sorted when the reading begins.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include "reader/names.h"
#include "reader/reader.h"
#include "store/net.h"
#include "store/ring.h"

/* A record of the kept store. */
struct place {
	u64 number;
	const struct tcphs_slot *slot;
	u64 mark;		/* another one: overwritten since */
	unsigned int step;	/* of those that share the slot */
};

/* One CPU's reading: the oldest of its records, of each store, that was not shown yet. */
struct lane {
	struct tcphs_cursor cursor;
	struct tcphs_walk walk;
	struct tcphs_event ev, kept;
	bool whole;		/* ev is one, not the end of the ring */
	bool has_kept;		/* and so is kept */
	u64 reported;	/* lost records that were shown as such, or out of the other store */
	struct place *places;	/* of what is kept of this CPU, in order of number */
	size_t left;		/* of these */
};

struct view {
	struct net *net;
	struct lane *now;	/* whose record is shown */
	loff_t pos;
	struct place *places;	/* of all CPUs */
	struct tcphs_walk walk;	/* of the kept store */
	unsigned int count;
	struct lane lanes[];
};

static u64 hole(const struct lane *lane)
{
	return lane->cursor.lost - lane->reported;
}

/* A record, or a hole before the end. */
static bool has_more(const struct lane *lane)
{
	return lane->has_kept || lane->whole || hole(lane);
}

/* Is the next one out of the kept store? */
static bool is_kept(const struct lane *lane)
{
	return lane->has_kept && (!lane->whole || lane->kept.number < lane->ev.number);
}

static u64 time_of(const struct lane *lane)
{
	return is_kept(lane) ? lane->kept.time : lane->ev.time;
}

static struct lane *oldest(struct view *view)
{
	struct lane *best = NULL;
	unsigned int i;

	for (i = 0; i < view->count; i++) {
		struct lane *lane = &view->lanes[i];

		if (has_more(lane) && (!best || time_of(lane) < time_of(best)))
			best = lane;
	}
	return best;
}

static void advance_kept(struct lane *lane)
{
	const struct place *place;

	lane->has_kept = false;
	while (lane->left && !lane->has_kept) {
		place = lane->places++;
		lane->left--;
		lane->has_kept = tcphs_ring_again(place->slot, place->mark, place->step,
						  &lane->kept);
	}
}

/* What the ring still has is not shown twice. Kept, it may say that the life began before. */
static void drop_twin(struct lane *lane)
{
	if (lane->whole && lane->has_kept && lane->kept.number == lane->ev.number) {
		lane->ev.flags |= lane->kept.flags & TCPHS_F_GAP;
		advance_kept(lane);
	}
}

static void advance_ring(struct lane *lane)
{
	lane->whole = tcphs_ring_read(&lane->cursor, &lane->walk, &lane->ev);
	drop_twin(lane);
}

/* Of the record that is shown: is it one that the ring has lost? Then it is lost no longer. */
static bool fills_hole(const struct lane *lane)
{
	return hole(lane) && lane->kept.number >= lane->cursor.next - lane->whole - hole(lane);
}

static void advance(struct lane *lane)
{
	if (is_kept(lane)) {
		lane->reported += fills_hole(lane);
		advance_kept(lane);
		drop_twin(lane);
	} else {
		lane->reported = lane->cursor.lost;
		advance_ring(lane);
	}
}

static int by_number(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Calls back for each record of the kept store, whichever CPU's it has come into. */
static void each_kept(struct view *view, void (*fn)(struct view *view, struct lane *lane))
{
	struct tcphs_event *ev = &view->lanes[0].kept;
	unsigned int i;

	for (i = 0; i < view->count; i++) {
		if (!view->lanes[i].cursor.kept_end)
			continue;
		tcphs_ring_kept_start(i, &view->walk, view->lanes[i].cursor.kept_end);
		while (tcphs_ring_kept_read(tcphs_net(view->net), &view->walk, ev))
			fn(view, &view->lanes[ev->cpu]);
		cond_resched();
	}
}

static void count(struct view *view, struct lane *lane)
{
	lane->left++;
}

static void note(struct view *view, struct lane *lane)
{
	lane->places[lane->left++] = (struct place){ .number = view->lanes[0].kept.number,
						     .slot = view->walk.slot,
						     .mark = view->walk.mark,
						     .step = view->walk.step };
}

/* The index: its part for each CPU is as large as was counted, and not all may be there still. */
static int index_kept(struct view *view)
{
	struct place *place;
	struct lane *lane;
	size_t nr = 0;

	each_kept(view, count);
	for (lane = view->lanes; lane < view->lanes + view->count; lane++)
		nr += lane->left;
	if (!nr)
		return 0;
	place = kvmalloc_array(nr, sizeof(*place), GFP_KERNEL_ACCOUNT);
	if (!place)
		return -ENOMEM;
	view->places = place;
	for (lane = view->lanes; lane < view->lanes + view->count; lane++) {
		lane->places = place;
		place += lane->left;
		lane->left = 0;
	}
	each_kept(view, note);
	for (lane = view->lanes; lane < view->lanes + view->count; lane++) {
		sort(lane->places, lane->left, sizeof(*place), by_number, NULL);
		cond_resched();
	}
	return 0;
}

static void forget(struct view *view)
{
	kvfree(view->places);
	view->places = NULL;
}

/* What the kept store has is fixed first: see tcphs_ring_kept_end(). */
static int rewind(struct view *view)
{
	unsigned int i;
	int err;

	forget(view);
	for (i = 0; i < view->count; i++) {
		memset(&view->lanes[i], 0, sizeof(view->lanes[i]));
		view->lanes[i].cursor.kept_end = tcphs_ring_kept_end(i);
	}
	for (i = 0; i < view->count; i++) {
		struct lane *lane = &view->lanes[i];

		lane->cursor.tn = tcphs_net(view->net);
		lane->cursor.cpu = i;
		if (!tcphs_ring_seek(&lane->cursor, &lane->walk))
			tcphs_ring_start(&lane->cursor, &lane->walk);
	}
	err = index_kept(view);
	if (err)
		return err;
	for (i = 0; i < view->count; i++) {
		advance_kept(&view->lanes[i]);
		if (view->lanes[i].cursor.sought)
			advance_ring(&view->lanes[i]);
	}
	view->pos = 0;
	view->now = oldest(view);
	return 0;
}

static void *start(struct seq_file *m, loff_t *pos)
{
	struct view *view = m->private;
	int err = *pos ? 0 : rewind(view);

	if (err)
		return ERR_PTR(err);
	/* seq_file shows a record again that did not fit; it never goes elsewhere. */
	return *pos == view->pos ? view->now : NULL;
}

static void *next(struct seq_file *m, void *v, loff_t *pos)
{
	struct view *view = m->private;

	view->pos = ++*pos;
	advance(view->now);
	view->now = oldest(view);
	return view->now;
}

static void stop(struct seq_file *m, void *v)
{
}

static const char *name(const char *const *names, unsigned int max, unsigned int i)
{
	return i <= max && names[i] ? names[i] : "?";
}

static void put_end(struct seq_file *m, u8 family, const u8 *address, u16 port)
{
	if (family == AF_INET6)
		seq_printf(m, " [%pI6c]:%u", address, port);
	else
		seq_printf(m, " %pI4:%u", address, port);
}

static void put_numbers(struct seq_file *m, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_SEQ)
		seq_printf(m, " seq=%u", ev->seq);
	if (ev->flags & TCPHS_F_ACK)
		seq_printf(m, " ack=%u", ev->ack);
	if (ev->flags & TCPHS_F_ISN)
		seq_printf(m, " isn=%u", ev->id.isn);
	if (ev->flags & TCPHS_F_PEER_ISN)
		seq_printf(m, " peer_isn=%u", ev->id.peer_isn);
	if (ev->flags & TCPHS_F_DURATION)
		seq_printf(m, " duration_ns=%llu", ev->duration);
	if (ev->reason != TCPHS_REASON_NONE)
		seq_printf(m, " reason=%s",
			   name(tcphs_reason_names, TCPHS_REASON_MAX, ev->reason));
	if (ev->flags & TCPHS_F_ICMP)
		seq_printf(m, " icmp_type=%u icmp_code=%u", ev->icmp_type, ev->icmp_code);
	if (ev->flags & TCPHS_F_RESTORED)
		seq_puts(m, " restored");
	if (ev->flags & TCPHS_F_GAP)
		seq_puts(m, " earlier_lost");
	if (ev->ifindex)
		seq_printf(m, " ifindex=%u", ev->ifindex);
}

/* Anyone may name a process like a command to the terminal of whoever reads this. */
static void put_name(struct seq_file *m, const char *key, const u8 *name)
{
	unsigned int i;
	u8 c;

	seq_printf(m, " %s=", key);
	for (i = 0; i < TCPHS_COMM_LEN && (c = name[i]); i++) {
		if (c > ' ' && c <= '~' && c != '\\')
			seq_putc(m, c);
		else
			seq_printf(m, "\\%03o", c);
	}
}

static void put_owner(struct seq_file *m, const struct tcphs_event *ev)
{
	seq_printf(m, " pid=%u", ev->id.pid);
	put_name(m, "comm", ev->id.comm);
	if (ev->id.thread[0])
		put_name(m, "thread", ev->id.thread);
	if (ev->id.cgroup)
		seq_printf(m, " cgroup=%llu", ev->id.cgroup);
}

static void put_life(struct seq_file *m, const struct tcphs_life *life)
{
	seq_printf(m, " sent=%llu received=%llu retransmits=%u handshake_us=%u",
		   life->bytes_sent, life->bytes_received, life->retransmits,
		   life->handshake_us);
	seq_printf(m, " handshake_retransmits=%u closing_retransmits=%u srtt_us=%u min_rtt_us=%u",
		   life->handshake_retransmits, life->closing_retransmits, life->srtt_us,
		   life->min_rtt_us);
}

static void put_detail(struct seq_file *m, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_QUEUE)
		seq_printf(m, " listener=%llx syn_queue=%u/%u accept_queue=%u/%u",
			   ev->queue.listener, ev->queue.syn_queue, ev->queue.syn_limit,
			   ev->queue.accept_queue, ev->queue.accept_limit);
	if (ev->flags & TCPHS_F_AGREED)
		seq_printf(m, " window=%u mss=%u retransmits=%u syn_data=%u ack_data=%u",
			   ev->agreed.window, ev->agreed.mss, ev->agreed.retransmits,
			   ev->agreed.syn_data, ev->agreed.ack_data);
	if (ev->flags & TCPHS_F_LIFE)
		put_life(m, &ev->life);
	if (ev->flags & TCPHS_F_RESEND)
		seq_printf(m, " resend=%u", ev->resend.number);
	if (ev->flags & TCPHS_F_HALF)
		seq_printf(m, " half_close_bytes=%llu", ev->half.bytes);
	if (ev->flags & TCPHS_F_IDLE)
		seq_printf(m, " idle_sent_ns=%llu idle_received_ns=%llu unacked=%u unread=%u",
			   ev->idle.sent, ev->idle.received, ev->idle.unacked,
			   ev->idle.unread);
}

static void show_event(struct seq_file *m, const struct tcphs_event *ev)
{
	u32 ns;
	u64 s = div_u64_rem(ev->time, NSEC_PER_SEC, &ns);

	seq_printf(m, "%llu.%09u cpu=%u conn=%llx.%u %s", s, ns, ev->cpu, ev->id.conn,
		   ev->id.generation, name(tcphs_event_names, TCPHS_EV_MAX, ev->type));
	seq_printf(m, " %s>%s", name(tcphs_state_names, TCPHS_STATE_MAX, ev->old_state),
		   name(tcphs_state_names, TCPHS_STATE_MAX, ev->new_state));
	put_end(m, ev->id.family, ev->id.local, ev->id.local_port);
	put_end(m, ev->id.family, ev->id.peer, ev->id.peer_port);
	seq_printf(m, " role=%s", name(tcphs_role_names, TCPHS_ROLE_MAX, ev->id.role));
	put_numbers(m, ev);
	if (ev->flags & TCPHS_F_OWNER)
		put_owner(m, ev);
	put_detail(m, ev);
	seq_putc(m, '\n');
}

static int show(struct seq_file *m, void *v)
{
	const struct lane *lane = v;

	if (is_kept(lane)) {
		show_event(m, &lane->kept);
		return 0;
	}
	/* The hole before it; again if seq_file shows it again. */
	if (hole(lane))
		seq_printf(m, "lost cpu=%u records=%llu\n", lane->cursor.cpu, hole(lane));
	if (lane->whole)
		show_event(m, &lane->ev);
	return 0;
}

static const struct seq_operations seq_ops = {
	.start = start,
	.next = next,
	.stop = stop,
	.show = show,
};

static int open(struct inode *inode, struct file *file)
{
	struct net *net = current->nsproxy->net_ns;
	struct view *view;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	/* A lane a CPU: of some machines that is megabytes. */
	view = tcphs_procfs_open(file, &seq_ops, struct_size(view, lanes, nr_cpu_ids));
	if (!view)
		return -ENOMEM;
	view->count = nr_cpu_ids;
	return 0;
}

static int release(struct inode *inode, struct file *file)
{
	forget(((struct seq_file *)file->private_data)->private);
	return tcphs_procfs_release(inode, file);
}

static const struct proc_ops proc_ops = {
	.proc_open = open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = release,
};

/**
 * tcphs_procfs_events_init() - create /proc/tcphs_events
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int tcphs_procfs_events_init(void)
{
	return proc_create("tcphs_events", 0400, NULL, &proc_ops) ? 0 : -ENOMEM;
}

/**
 * tcphs_procfs_events_exit() - remove it; waits for readers inside
 *
 * Context: process, may sleep.
 */
void tcphs_procfs_events_exit(void)
{
	remove_proc_entry("tcphs_events", NULL);
}

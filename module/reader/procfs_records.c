// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/tcphs_records: records as they are, for readers that take many. Netlink clears a
 * message, copies a record into it and out to the reader, who copies it out of there; here
 * it goes from the ring to the reader. Not at once, though: what is overwritten while it is
 * copied may be another namespace's, and is thrown away before anybody sees it.
 *
 * Who may open it may ask, as by netlink. The namespace of the opener stays that of the file.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>
#include "reader/reader.h"
#include "reader/reading.h"

/* To try: open() judges by the capability, which services have that are not root's. */
#define ANYBODY	0666

/* An opened file. */
struct records {
	struct net *net;
	struct mutex lock;		/* of what follows */
	struct tcphs_reading *reading;	/* NULL: not begun */
	bool ended;			/* and the reader knows */
};

#define PUT_WORD(i)	unsafe_put_user(word[i], &place[i], fault)
#define PUT_WORDS(i)	do { PUT_WORD(i); PUT_WORD((i) + 1); PUT_WORD((i) + 2); } while (0)

/* Word by word, without a loop: to start a string instruction takes longer than that. */
static bool put_event(void __user *to, const struct tcphs_event *ev)
{
	const u64 *word = (const u64 *)ev;
	u64 __user *place = to;

	BUILD_BUG_ON(sizeof(*ev) != 24 * sizeof(u64));
	if (!user_access_begin(place, sizeof(*ev)))
		return false;
	PUT_WORDS(0);
	PUT_WORDS(3);
	PUT_WORDS(6);
	PUT_WORDS(9);
	PUT_WORDS(12);
	PUT_WORDS(15);
	PUT_WORDS(18);
	PUT_WORDS(21);
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

/* One CPU and one store. A hole lies before the first record of a block, never inside. */
static ssize_t put_block(struct tcphs_reading *r, struct tcphs_cursor *cursor, char __user *to,
			 size_t room)
{
	struct tcphs_block block = { .cpu = cursor->cpu, .kept = r->kept };
	size_t size = sizeof(block);
	u64 go_on;

	go_on = tcphs_reading_begin(r, cursor, &block.lost);
	while (r->pending && !cursor->lost && room - size >= sizeof(r->ev)) {
		if (!put_event(to + size, &r->ev))
			return -EFAULT;
		size += sizeof(r->ev);
		block.nr++;
		go_on = tcphs_reading_fetch(r, cursor);
	}
	block.next = tcphs_reading_reported(r, cursor, go_on);
	return copy_to_user(to, &block, sizeof(block)) ? -EFAULT : size;
}

static ssize_t put_blocks(struct tcphs_reading *r, char __user *to, size_t room)
{
	const size_t least = sizeof(struct tcphs_block) + sizeof(struct tcphs_event);
	struct tcphs_cursor *cursor;
	size_t done = 0;
	ssize_t size;

	while (room - done >= least && (cursor = tcphs_reading_turn(r))) {
		size = put_block(r, cursor, to + done, room - done);
		if (size < 0)
			return size;
		done += size;
	}
	return done;
}

/* @head: the request, @len bytes. */
static int begin(struct records *records, const struct nlattr *head, int len)
{
	struct nlattr **attrs = kcalloc(TCPHS_A_EVENT_MAX + 1, sizeof(*attrs), GFP_KERNEL);
	struct tcphs_reading *r;
	int err;

	if (!attrs)
		return -ENOMEM;
	err = nla_parse(attrs, TCPHS_A_EVENT_MAX, head, len, tcphs_nl_event_policy, NULL);
	if (!err) {
		r = tcphs_reading_new(records->net, attrs, head, len, NULL);
		err = PTR_ERR_OR_ZERO(r);
	}
	kfree(attrs);
	if (err)
		return err;
	tcphs_reading_free(records->reading);
	records->reading = r;
	records->ended = false;
	return 0;
}

static ssize_t read_on(struct records *records, char __user *to, size_t room)
{
	ssize_t size = records->reading ? 0 : begin(records, NULL, 0);

	if (size)
		return size;
	if (records->ended)
		tcphs_reading_again(records->reading);
	size = put_blocks(records->reading, to, room);
	records->ended = !size;
	/* Nobody knows what of it has arrived. */
	if (size < 0) {
		tcphs_reading_free(records->reading);
		records->reading = NULL;
	}
	return size;
}

static ssize_t read(struct file *file, char __user *to, size_t room, loff_t *pos)
{
	struct records *records = file->private_data;
	ssize_t size;

	if (room < sizeof(struct tcphs_block) + sizeof(struct tcphs_event))
		return -EINVAL;
	if (mutex_lock_interruptible(&records->lock))
		return -ERESTARTSYS;
	size = read_on(records, to, room);
	mutex_unlock(&records->lock);
	return size;
}

static ssize_t write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct records *records = file->private_data;
	struct nlattr *head;
	int err;

	/* A cursor a CPU, and the rest. */
	if (len > PAGE_SIZE + nr_cpu_ids * 32)
		return -EMSGSIZE;
	head = vmemdup_user(from, len);
	if (IS_ERR(head))
		return PTR_ERR(head);
	err = mutex_lock_interruptible(&records->lock) ? -ERESTARTSYS : 0;
	if (!err) {
		err = begin(records, head, len);
		mutex_unlock(&records->lock);
	}
	kvfree(head);
	return err ?: len;
}

static int open(struct inode *inode, struct file *file)
{
	struct net *net = current->nsproxy->net_ns;
	struct records *records;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	records = kzalloc(sizeof(*records), GFP_KERNEL_ACCOUNT);
	if (!records)
		return -ENOMEM;
	mutex_init(&records->lock);
	records->net = get_net(net);
	file->private_data = records;
	return nonseekable_open(inode, file);
}

static int release(struct inode *inode, struct file *file)
{
	struct records *records = file->private_data;

	tcphs_reading_free(records->reading);
	put_net(records->net);
	kfree(records);
	return 0;
}

static const struct proc_ops proc_ops = {
	.proc_open = open,
	.proc_read = read,
	.proc_write = write,
	.proc_release = release,
};

/**
 * tcphs_procfs_records_init() - create /proc/tcphs_records
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int tcphs_procfs_records_init(void)
{
	return proc_create("tcphs_records", ANYBODY, NULL, &proc_ops) ? 0 : -ENOMEM;
}

/**
 * tcphs_procfs_records_exit() - remove it; waits for readers inside
 *
 * Context: process, may sleep.
 */
void tcphs_procfs_records_exit(void)
{
	remove_proc_entry("tcphs_records", NULL);
}

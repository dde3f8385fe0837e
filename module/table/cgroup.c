// SPDX-License-Identifier: GPL-2.0
/*
 * Names of the cgroups that have connections or listeners, kept when they are gone: a record
 * has a number, and what that was a unit or a container is asked for later.
 *
 * The first that connects, accepts or listens in a cgroup notes it, and holds it. A worker asks
 * for its path and lets go: that takes a lock that a hook may not take, and memory. Names never
 * change in the default hierarchy.
 *
 * They are kept for each network namespace, so that who may see one namespace alone sees no
 * names of another. When there are too many, one of whoever has most of them goes, and first
 * one whose cgroup is gone.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "compat/cgroup.h"
#include "compat/workqueue.h"
#include "store/net.h"
#include "table/cgroup.h"
#include "table/pool.h"
#include "table/share.h"

#define BUCKET_BITS	10
#define BYTES_MAX	(1U << 20)	/* of all paths */
#define LOOKED_AT	64U		/* before one goes whose cgroup is there */
#define READY		64U		/* that have no name yet */

static struct hlist_head buckets[1 << BUCKET_BITS];
static DEFINE_RAW_SPINLOCK(lock);	/* of changes to the buckets */
static struct tcphs_pool pool;
static LLIST_HEAD(waiting);
static struct irq_work kick;
static struct work_struct worker;
static atomic64_t lost;

static DEFINE_MUTEX(naming);		/* of what follows */
static LIST_HEAD(named);
static LIST_HEAD(turns);
static unsigned int nr_named;
static size_t bytes;			/* of their paths */
static u64 last_number;
static u16 held[TCPHS_SHARES];		/* so many of them */
static char text[PATH_MAX];

static struct hlist_head *bucket_of(u64 id)
{
	return &buckets[hash_64(id, BUCKET_BITS)];
}

static bool is_noted(u64 id, u64 netns)
{
	const struct tcphs_cgroup *name;

	hlist_for_each_entry_rcu(name, bucket_of(id), node, irqs_disabled())
		if (name->id == id && name->netns == netns)
			return true;
	return false;
}

/* Returns false when another CPU was quicker. */
static bool add(struct tcphs_cgroup *name)
{
	bool first;

	raw_spin_lock(&lock);
	first = !is_noted(name->id, name->netns);
	if (first)
		hlist_add_head_rcu(&name->node, bucket_of(name->id));
	raw_spin_unlock(&lock);
	return first;
}

/**
 * tcphs_cgroup_note() - a cgroup has a connection
 * @cgroup: of the current task, or NULL
 * @tn: in this namespace
 * @share: on whose account
 *
 * Context: process, interrupts off; under any raw lock.
 * Return: false when there is no memory at hand: to be tried again.
 */
bool tcphs_cgroup_note(struct cgroup *cgroup, const struct tcphs_net *tn, u16 share)
{
	struct tcphs_cgroup *name;
	u64 id;

	if (!cgroup)
		return true;
	id = tcphs_cgroup_id(cgroup);
	if (likely(is_noted(id, tn->number)))
		return true;
	name = tcphs_pool_get(&pool);
	if (!name || !tcphs_cgroup_tryget(cgroup)) {
		atomic64_inc(&lost);
		if (name)
			tcphs_pool_put(&pool, name);
		return false;
	}
	name->id = id;
	name->netns = tn->number;
	name->number = 0;
	name->share = share;
	name->path = NULL;
	name->cgroup = cgroup;
	if (!add(name)) {
		tcphs_cgroup_put(cgroup);
		tcphs_pool_put(&pool, name);
	} else if (llist_add(&name->waiting, &waiting)) {
		irq_work_queue(&kick);
	}
	return true;
}

static void free_rcu(struct rcu_head *head)
{
	unsigned long flags;

	local_irq_save(flags);
	tcphs_pool_put(&pool, container_of(head, struct tcphs_cgroup, rcu));
	local_irq_restore(flags);
}

static void drop(struct tcphs_cgroup *name)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	hlist_del_rcu(&name->node);
	raw_spin_unlock_irqrestore(&lock, flags);
	if (name->number) {
		list_del(&name->entry);
		list_del(&name->turn);
		held[name->share]--;
		nr_named--;
		bytes -= strlen(name->path) + 1;
		kfree(name->path);
	}
	call_rcu(&name->rcu, free_rcu);
}

static void give_name(struct tcphs_cgroup *name)
{
	if (tcphs_cgroup_path(name->cgroup, text))
		name->path = kstrdup(text, GFP_KERNEL);
	tcphs_cgroup_put(name->cgroup);
	name->cgroup = NULL;
	if (!name->path) {
		atomic64_inc(&lost);
		drop(name);
		return;
	}
	name->number = ++last_number;
	list_add_tail(&name->entry, &named);
	list_add_tail(&name->turn, &turns);
	held[name->share]++;
	nr_named++;
	bytes += strlen(name->path) + 1;
}

static void name_waiting(void)
{
	struct llist_node *all = llist_reverse_order(llist_del_all(&waiting));
	struct tcphs_cgroup *name, *next;

	llist_for_each_entry_safe(name, next, all, waiting)
		give_name(name);
}

static u16 largest_share(void)
{
	u16 share, largest = 0;

	for (share = 1; share < TCPHS_SHARES; share++)
		if (held[share] > held[largest])
			largest = share;
	return largest;
}

/* The first of a share whose cgroup is gone; where some are looked at in vain, the youngest. */
static struct tcphs_cgroup *who_goes(u16 share)
{
	struct tcphs_cgroup *name, *next;
	unsigned int looked_at = 0;

	list_for_each_entry_safe(name, next, &turns, turn) {
		if (name->share != share)
			continue;
		if (!tcphs_cgroup_exists(name->path, name->id))
			return name;
		list_move_tail(&name->turn, &turns);
		if (++looked_at == LOOKED_AT)
			break;
	}
	list_for_each_entry_reverse(name, &named, entry)
		if (name->share == share)
			return name;
	return NULL;
}

static void make_room(void)
{
	struct tcphs_cgroup *name;

	while (nr_named > TCPHS_CGROUPS || bytes > BYTES_MAX) {
		name = who_goes(largest_share());
		if (!name)
			break;
		drop(name);
		atomic64_inc(&lost);
		cond_resched();
	}
}

static void work(struct work_struct *ws)
{
	mutex_lock(&naming);
	name_waiting();
	make_room();
	mutex_unlock(&naming);
}

static void start_worker(struct irq_work *iw)
{
	queue_work(tcphs_unbound_wq, &worker);
}

/**
 * tcphs_cgroup_each() - the names that are known
 * @tn: in this namespace, NULL: in all of them
 * @after: those behind this number
 * @fn: gets each, in the order of their numbers; non-zero stops
 * @arg: for fn
 *
 * Context: process, may sleep.
 * Return: 0, or what @fn returned.
 */
int tcphs_cgroup_each(const struct tcphs_net *tn, u64 after,
		      int (*fn)(const struct tcphs_cgroup *name, void *arg), void *arg)
{
	const struct tcphs_cgroup *name;
	int err = 0;

	mutex_lock(&naming);
	/* Whoever has seen a record may ask for what was noted before it. */
	name_waiting();
	list_for_each_entry(name, &named, entry) {
		if (name->number <= after || (tn && name->netns != tn->number))
			continue;
		err = fn(name, arg);
		if (err)
			break;
	}
	mutex_unlock(&naming);
	return err;
}

/**
 * tcphs_cgroup_count() - how many names are known
 * @to_lost: gets how often one was not, or had to go
 *
 * Context: any.
 * Return: that number.
 */
unsigned int tcphs_cgroup_count(u64 *to_lost)
{
	*to_lost = atomic64_read(&lost);
	return READ_ONCE(nr_named);
}

/**
 * tcphs_cgroup_init() - no name is known
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_cgroup_init(void)
{
	init_irq_work(&kick, start_worker);
	INIT_WORK(&worker, work);
	return tcphs_pool_init(&pool, "tcphs_cgroup", sizeof(struct tcphs_cgroup), READY,
			       TCPHS_CGROUPS + 4 * READY);
}

/**
 * tcphs_cgroup_exit() - forget all
 *
 * Context: process, may sleep; no hook and no reader is there.
 */
void tcphs_cgroup_exit(void)
{
	struct tcphs_cgroup *name, *next;

	irq_work_sync(&kick);
	cancel_work_sync(&worker);
	mutex_lock(&naming);
	name_waiting();
	list_for_each_entry_safe(name, next, &named, entry)
		drop(name);
	mutex_unlock(&naming);
	/* free_rcu() of the last. */
	rcu_barrier();
	tcphs_pool_exit(&pool);
}

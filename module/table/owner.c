// SPDX-License-Identifier: GPL-2.0
/*
 * The names of who connected, accepted or listened: of the process and, where it
 * has another one, of its thread; and its cgroup. Kept once for many connections, counted.
 *
 * Each CPU remembers whom it has seen last, so that a server's thousandth accept()
 * finds its names by a few comparisons and shares no cache line with other CPUs.
 * Names change: they are compared, and a changed one is somebody new.
 */
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/hash.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include "compat/cgroup.h"
#include "store/net.h"
#include "table/cgroup.h"
#include "table/conn.h"
#include "table/listener.h"
#include "table/owner.h"
#include "table/pool.h"

#define SEEN_BITS 4

/* A process's name, and that of its thread. */
struct names {
	u8 comm[TCPHS_COMM_LEN];
	u8 thread[TCPHS_COMM_LEN];
};

struct seen {
	struct tcphs_owner *owner;	/* counted */
	struct names read;		/* as they lie there, and what is behind their ends */
	u64 netns;			/* in which its cgroup was noted, 0: in none */
};

/* By thread. */
static DEFINE_PER_CPU(struct seen, seen[1 << SEEN_BITS]);
static struct tcphs_pool pool;

static __always_inline bool are_current(const struct names *names)
{
	/* They may change meanwhile, and are then somebody new the next time. */
	return data_race(!memcmp(names->comm, current->group_leader->comm, TCPHS_COMM_LEN) &&
			 !memcmp(names->thread, current->comm, TCPHS_COMM_LEN));
}

static void read_current(struct names *names)
{
	BUILD_BUG_ON(sizeof(current->comm) != TCPHS_COMM_LEN);
	/* As above. */
	data_race(memcpy(names->comm, current->group_leader->comm, TCPHS_COMM_LEN));
	/* As above. */
	data_race(memcpy(names->thread, current->comm, TCPHS_COMM_LEN));
}

/*
 * To be recorded: the thread's only if it is another. Behind a short name lies what is left
 * of a longer one (before Linux 5.17).
 */
static void tidy(struct names *to, const struct names *from)
{
	strscpy_pad((char *)to->comm, (const char *)from->comm, TCPHS_COMM_LEN);
	strscpy_pad((char *)to->thread, (const char *)from->thread, TCPHS_COMM_LEN);
	if (!memcmp(to->comm, to->thread, TCPHS_COMM_LEN))
		memset(to->thread, 0, TCPHS_COMM_LEN);
}

static bool is(const struct tcphs_owner *owner, u32 pid, u64 cgroup, const struct names *names)
{
	return owner->pid == pid && owner->cgroup == cgroup &&
	       !memcmp(owner->comm, names->comm, TCPHS_COMM_LEN) &&
	       !memcmp(owner->thread, names->thread, TCPHS_COMM_LEN);
}

/* Somebody new for a place among those that this CPU has seen. */
static struct tcphs_owner *look_again(struct seen *place, u32 pid, u64 cgroup)
{
	struct tcphs_owner *owner = place->owner;
	struct names read, names;

	read_current(&read);
	tidy(&names, &read);
	if (owner && is(owner, pid, cgroup, &names)) {
		place->read = read;
		return tcphs_owner_get(owner);
	}

	owner = tcphs_pool_get(&pool);
	if (!owner)
		return NULL;
	/* One for the caller and one for this CPU's memory. */
	refcount_set(&owner->refs, 2);
	owner->pid = pid;
	owner->cgroup = cgroup;
	memcpy(owner->comm, names.comm, TCPHS_COMM_LEN);
	memcpy(owner->thread, names.thread, TCPHS_COMM_LEN);
	if (place->owner)
		tcphs_owner_put(place->owner);
	place->owner = owner;
	place->read = read;
	return owner;
}

/* Somebody new, or the same in a namespace where this CPU has not seen him. */
static noinline struct tcphs_owner *look_around(struct seen *place, u32 pid, struct cgroup *cgroup,
						const struct tcphs_net *tn, u16 share)
{
	place->netns = tcphs_cgroup_note(cgroup, tn, share) ? tn->number : 0;
	return look_again(place, pid, tcphs_cgroup_id(cgroup));
}

/**
 * tcphs_owner_now() - the current task
 * @tn: namespace of its connection or listener
 * @share: whose that is
 *
 * Context: process, interrupts off; under any raw lock.
 * Return: a reference to be put, or NULL when there is no memory at hand.
 */
struct tcphs_owner *tcphs_owner_now(const struct tcphs_net *tn, u16 share)
{
	struct seen *place = this_cpu_ptr(&seen[hash_32(task_pid_nr(current), SEEN_BITS)]);
	struct cgroup *cgroup = tcphs_cgroup_current();
	u32 pid = task_tgid_nr(current);

	if (likely(place->owner && place->owner->pid == pid && place->netns == tn->number &&
		   place->owner->cgroup == tcphs_cgroup_id(cgroup) && are_current(&place->read)))
		return tcphs_owner_get(place->owner);
	return look_around(place, pid, cgroup, tn, share);
}

/**
 * tcphs_owner_get() - another reference
 * @owner: held
 *
 * Context: any.
 * Return: @owner.
 */
struct tcphs_owner *tcphs_owner_get(struct tcphs_owner *owner)
{
	refcount_inc(&owner->refs);
	return owner;
}

static void free_rcu(struct rcu_head *head)
{
	unsigned long flags;

	local_irq_save(flags);
	tcphs_pool_put(&pool, container_of(head, struct tcphs_owner, rcu));
	local_irq_restore(flags);
}

/**
 * tcphs_owner_put() - let go
 * @owner: of tcphs_owner_now() or tcphs_owner_get()
 *
 * Who found it under RCU (a listener's acceptor) may still read it.
 *
 * Context: any, also under a raw lock.
 */
void tcphs_owner_put(struct tcphs_owner *owner)
{
	if (refcount_dec_and_test(&owner->refs))
		call_rcu(&owner->rcu, free_rcu);
}

/**
 * tcphs_owner_init() - nobody was seen
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_owner_init(void)
{
	/* At worst each connection has one of its own, and each CPU remembers some. */
	return tcphs_pool_init(&pool, "tcphs_owner", sizeof(struct tcphs_owner), 64,
			       tcphs_table_size + TCPHS_LISTENERS +
			       (num_possible_cpus() << SEEN_BITS));
}

/**
 * tcphs_owner_exit() - forget all
 *
 * Context: process, may sleep; no hook is active, no connection and no listener left.
 */
void tcphs_owner_exit(void)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < ARRAY_SIZE(seen); i++)
			if (per_cpu(seen[i], cpu).owner)
				tcphs_owner_put(per_cpu(seen[i], cpu).owner);
	/* free_rcu() of the last. */
	rcu_barrier();
	tcphs_pool_exit(&pool);
}

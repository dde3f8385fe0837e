// SPDX-License-Identifier: GPL-2.0
/*
 * The listener table: for each listening socket its high-water marks, overflows
 * and how long connections waited for accept().
 *
 * Present depths and limits are not kept but read from the socket. That is safe
 * under RCU: an entry leaves the table at LISTEN -> CLOSE, and a socket that was
 * listening is freed only a grace period after that (SOCK_RCU_FREE).
 *
 * An entry outlives its place in the table as long as requests and queued
 * children refer to it.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/sock_reuseport.h>
#include "compat/sock.h"
#include "store/clock.h"
#include "store/net.h"
#include "store/stats.h"
#include "table/cookie.h"
#include "table/listener.h"
#include "table/owner.h"
#include "table/refused.h"
#include "table/share.h"
#include "table/who.h"

#define BUCKETS		4096U
/* As in conn.c: cookies can be chosen, and a bucket is walked with interrupts off. */
#define LONGEST		64U

static struct hlist_head buckets[BUCKETS];
static LIST_HEAD(all);
static unsigned long opened;		/* the number of the last one */
static unsigned int number_of;		/* listeners there are */
static u32 held[TCPHS_SHARES];		/* of them, by share.c */
static DEFINE_RAW_SPINLOCK(lock);	/* writers of the above */
static struct kmem_cache *cache;
static LIST_HEAD(reserved);		/* entries for adopted ones; whoever adopts is alone */

static inline struct hlist_head *bucket_of(u64 cookie)
{
	return &buckets[cookie & (BUCKETS - 1)];
}

/**
 * tcphs_listener_lookup() - the entry of a listening socket
 * @cookie: of the socket
 *
 * Context: any, inside an RCU read-side section or with interrupts off; the
 * result is good until that ends.
 * Return: NULL when it is not in the table.
 */
struct tcphs_listener *tcphs_listener_lookup(u64 cookie)
{
	struct tcphs_listener *listener;

	hlist_for_each_entry_rcu(listener, bucket_of(cookie), node,
				 rcu_read_lock_any_held() || irqs_disabled())
		if (listener->id.conn == cookie)
			return listener;
	return NULL;
}

/**
 * tcphs_listener_find() - the same of a socket that there is
 * @sk: the socket
 *
 * Context: as tcphs_listener_lookup().
 * Return: NULL when it is not in the table.
 */
struct tcphs_listener *tcphs_listener_find(const struct sock *sk)
{
	return tcphs_listener_lookup(tcphs_cookie(sk));
}

/**
 * tcphs_listener_get() - hold an entry
 * @listener: as tcphs_listener_find() gave it, NULL too
 *
 * Return: the entry, or NULL when it is already on its way out.
 */
struct tcphs_listener *tcphs_listener_get(struct tcphs_listener *listener)
{
	return listener && refcount_inc_not_zero(&listener->refs) ? listener : NULL;
}

/**
 * tcphs_listener_next() - walk over the table, the oldest first
 * @listener: the one before, NULL: there is none
 * @tn: the namespace; NULL: all of them
 *
 * Who walks in several RCU read-side sections goes on behind the number of the
 * last one, whether that is still there or not: no listener that is there all
 * the time is left out or met twice.
 *
 * Context: the RCU read-side section that found @listener.
 * Return: NULL at the end.
 */
struct tcphs_listener *tcphs_listener_next(const struct tcphs_listener *listener,
					   const struct tcphs_net *tn)
{
	const struct list_head *entry = listener ? &listener->entry : &all;
	struct tcphs_listener *l;

	while ((entry = rcu_dereference(list_next_rcu(entry))) != &all) {
		l = list_entry(entry, struct tcphs_listener, entry);
		if (!tn || l->tn == tn)
			return l;
	}
	return NULL;
}

/**
 * tcphs_listener_last() - where a walk that begins now ends
 *
 * Else whoever goes on opening listeners would keep it from its end.
 *
 * Context: any.
 * Return: the number of the youngest listener.
 */
unsigned long tcphs_listener_last(void)
{
	return READ_ONCE(opened);
}

static void free_rcu(struct rcu_head *head)
{
	struct tcphs_listener *l = container_of(head, struct tcphs_listener, rcu);
	struct tcphs_owner *acceptor = rcu_dereference_protected(l->acceptor, true);

	if (l->id.owner)
		tcphs_owner_put(l->id.owner);
	if (acceptor)
		tcphs_owner_put(acceptor);
	kmem_cache_free(cache, l);
}

/**
 * tcphs_listener_put() - let go of an entry
 * @listener: of tcphs_listener_get()
 *
 * Context: any, also under a raw lock.
 */
void tcphs_listener_put(struct tcphs_listener *listener)
{
	if (refcount_dec_and_test(&listener->refs))
		call_rcu(&listener->rcu, free_rcu);
}

static void raise_mark(u32 *mark, u32 value)
{
	u32 old = READ_ONCE(*mark);

	while (unlikely(value > old)) {
		u32 seen = cmpxchg(mark, old, value);

		if (seen == old)
			return;
		old = seen;
	}
}

/**
 * tcphs_listener_marks() - raise high-water marks
 * @listener: whose
 * @queue: how deep its queues are
 *
 * Context: any.
 */
void tcphs_listener_marks(struct tcphs_listener *listener, const struct tcphs_queue *queue)
{
	raise_mark(&listener->syn_max, queue->syn_queue);
	raise_mark(&listener->accept_max, queue->accept_queue);
}

/**
 * tcphs_listener_depths() - a listener's queues as they are
 * @queue: the result
 * @listener: listening socket
 *
 * Context: any, @listener held or under RCU.
 */
void tcphs_listener_depths(struct tcphs_queue *queue, const struct sock *listener)
{
	queue->listener = tcphs_cookie(listener);
	queue->syn_queue = inet_csk_reqsk_queue_len(listener);
	queue->accept_queue = READ_ONCE(listener->sk_ack_backlog);
	queue->syn_limit = READ_ONCE(listener->sk_max_ack_backlog);
	queue->accept_limit = queue->syn_limit;
}

/**
 * tcphs_listener_put_depths() - add a listener's queues, as they are, to a record
 * @ev: of tcphs_event_begin()
 * @listener: listening socket
 *
 * Context: as tcphs_listener_depths().
 */
void tcphs_listener_put_depths(struct tcphs_event *ev, const struct sock *listener)
{
	tcphs_listener_depths(&ev->queue, listener);
	ev->flags |= TCPHS_F_QUEUE;
}

/**
 * tcphs_listener_count() - a listener's queues, and their high-water marks
 * @queue: the result
 * @listener: whose marks go up, or NULL
 * @sk: the listening socket
 * @syn_queue: requests in it, this one included
 * @accept_queue: connections in it, this one included
 *
 * Context: any.
 */
void tcphs_listener_count(struct tcphs_queue *queue, struct tcphs_listener *listener,
			  const struct sock *sk, u32 syn_queue, u32 accept_queue)
{
	tcphs_listener_depths(queue, sk);
	queue->syn_queue = syn_queue;
	queue->accept_queue = accept_queue;
	if (listener)
		tcphs_listener_marks(listener, queue);
}

/**
 * tcphs_listener_queues() - add a listener's queues to a record
 * @ev: of tcphs_event_begin()
 * @listener: whose high-water marks go up, or NULL
 * @sk: the listening socket
 * @syn_queue: requests in it, this one included
 * @accept_queue: connections in it, this one included
 *
 * Context: any.
 */
void tcphs_listener_queues(struct tcphs_event *ev, struct tcphs_listener *listener,
			   const struct sock *sk, u32 syn_queue, u32 accept_queue)
{
	tcphs_listener_count(&ev->queue, listener, sk, syn_queue, accept_queue);
	ev->flags |= TCPHS_F_QUEUE;
}

/**
 * tcphs_listener_waited() - a connection left the accept queue by accept()
 * @listener: whose
 * @ns: how long it had waited
 * @index: of tcphs_hist_index()
 * @now: the time
 *
 * Context: any.
 */
void tcphs_listener_waited(struct tcphs_listener *listener, u64 ns, unsigned int index, u64 now)
{
	atomic64_set(&listener->last_accept, now);
	atomic64_inc(&listener->wait[index]);
	/* A race may keep the smaller of two maxima for a moment; good enough. */
	if (ns > atomic64_read(&listener->wait_max))
		atomic64_set(&listener->wait_max, ns);
}

/**
 * tcphs_listener_look() - what a reader sees
 * @listener: found in the table
 * @view: the result
 *
 * Context: inside the RCU read-side section that found it.
 */
void tcphs_listener_look(const struct tcphs_listener *listener, struct tcphs_listener_view *view)
{
	const struct sock *sk = listener->sk;
	const struct sock_reuseport *group;
	unsigned int i;

	view->syn_queue = inet_csk_reqsk_queue_len(sk);
	view->syn_limit = READ_ONCE(sk->sk_max_ack_backlog);
	view->accept_queue = READ_ONCE(sk->sk_ack_backlog);
	view->accept_limit = view->syn_limit;
	view->discards = tcphs_sk_drops(sk) - listener->discards_before;
	group = rcu_dereference(sk->sk_reuseport_cb);
	view->group = group ? READ_ONCE(group->num_socks) : 0;
	view->wait.count = 0;
	view->wait.max = atomic64_read(&listener->wait_max);
	for (i = 0; i < TCPHS_HIST_BUCKETS; i++) {
		view->wait.bucket[i] = atomic64_read(&listener->wait[i]);
		view->wait.count += view->wait.bucket[i];
	}
}

static void fill(struct tcphs_listener *l, struct sock *sk, bool adopted, u64 now)
{
	refcount_set(&l->refs, 1);
	l->tn = tcphs_net(sock_net(sk));
	l->share = tcphs_share_of(l->tn, sk);
	l->sk = sk;
	l->born = now;
	l->discards_before = adopted ? 0 : tcphs_sk_drops(sk);
	l->backlog = READ_ONCE(sk->sk_max_ack_backlog);
	tcphs_who_from_sock(&l->id, sk);
	l->id.conn = tcphs_cookie(sk);
	l->id.role = TCPHS_ROLE_LISTENER;
	if (adopted)
		l->id.flags |= TCPHS_F_ADOPTED;
	else
		tcphs_who_owner(&l->id, l->tn, l->share);
}

/*
 * An entry, zeroed, not counted.
 *
 * listen() is a system call, but this is an ftrace callback: it may have been called with
 * preemption off, when somebody else traces the function as well, and at a voluntary
 * sleep RCU-tasks would take its trampoline for left. So memory is asked for without
 * waiting, which PREEMPT_RT allows only where it can be preempted. It is on the account of
 * who listens, but for one whose account is full of what could be given back.
 */
static struct tcphs_listener *obtain(bool adopted)
{
	gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN | __GFP_ZERO;
	struct tcphs_listener *l;

	if (adopted) {
		l = list_first_entry_or_null(&reserved, struct tcphs_listener, entry);
		if (l)
			list_del(&l->entry);
		return l;
	}
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())
		return NULL;
	return kmem_cache_alloc(cache, gfp | __GFP_ACCOUNT) ?: kmem_cache_alloc(cache, gfp);
}

/* Under the lock: why there is no entry for a new listener. */
static u8 refusal(u64 cookie, u16 share)
{
	unsigned int length = 0;
	const struct hlist_node *node;

	for (node = bucket_of(cookie)->first; node; node = node->next)
		if (++length >= LONGEST)
			return TCPHS_REFUSED_BUCKET;
	if (number_of >= TCPHS_LISTENERS)
		return TCPHS_REFUSED_FULL;
	if (tcphs_share_scarce(number_of, TCPHS_LISTENERS) &&
	    !tcphs_share_modest(share, held[share], number_of, TCPHS_LISTENERS))
		return TCPHS_REFUSED_SHARE;
	return TCPHS_REFUSED_UNSPEC;
}

/* Under the lock. */
static void enter(struct tcphs_listener *l, struct sock *sk,
		  void (*record)(const struct tcphs_listener *l, u64 now))
{
	u64 now = tcphs_now();

	fill(l, sk, !record, now);
	number_of++;
	held[l->share]++;
	l->number = opened + 1;
	WRITE_ONCE(opened, l->number);
	hlist_add_head_rcu(&l->node, bucket_of(l->id.conn));
	list_add_tail_rcu(&l->entry, &all);
	this_cpu_ptr(l->tn->stats)->states[TCPHS_STATE_LISTEN]++;
	if (record)
		record(l, now);
}

/**
 * tcphs_listener_open() - a socket listens
 * @sk: the socket; its port is known
 * @record: records that it does, under the lock of the table; NULL: it is adopted, for it listened
 *	before the module was there
 *
 * Once for a socket: a second call while it listens does nothing.
 *
 * Context: process, @sk locked or in its hash bucket with the bucket's lock held.
 */
void tcphs_listener_open(struct sock *sk,
			 void (*record)(const struct tcphs_listener *l, u64 now))
{
	struct tcphs_net *tn = tcphs_net(sock_net(sk));
	u64 cookie = tcphs_cookie_make(sk);
	struct tcphs_listener *l = obtain(!record);
	unsigned long flags;
	u8 refused;

	local_irq_save(flags);
	raw_spin_lock(&lock);
	if (tcphs_listener_find(sk))
		goto out;
	refused = l ? refusal(cookie, tcphs_share_of(tn, sk)) : TCPHS_REFUSED_MEMORY;
	if (unlikely(refused)) {
		this_cpu_ptr(tn->stats)->refused[refused]++;
		tcphs_refused_add(cookie);
		goto out;
	}
	/*
	 * The kernel does the same in a moment; or it finds no memory for its SO_REUSEPORT group,
	 * and the socket may be freed while a reader still looks at it.
	 */
	if (record)
		sock_set_flag(sk, SOCK_RCU_FREE);
	enter(l, sk, record);
	l = NULL;
out:
	raw_spin_unlock(&lock);
	local_irq_restore(flags);
	if (likely(!l))
		return;
	if (record)
		kmem_cache_free(cache, l);
	else
		list_add(&l->entry, &reserved);
}

/**
 * tcphs_listener_reserve() - have entries at hand, to be taken while nobody can wait
 * @count: how many; fewer where memory ends
 *
 * Context: process, may sleep; by whoever adopts.
 */
void tcphs_listener_reserve(unsigned int count)
{
	struct tcphs_listener *l;

	list_for_each_entry(l, &reserved, entry)
		if (!count--)
			return;
	while (count-- && (l = kmem_cache_zalloc(cache, GFP_KERNEL | __GFP_NOWARN))) {
		list_add(&l->entry, &reserved);
		cond_resched();
	}
}

/**
 * tcphs_listener_unreserve() - give back what nobody took
 *
 * Context: process; by whoever adopted.
 */
void tcphs_listener_unreserve(void)
{
	struct tcphs_listener *l, *next;

	list_for_each_entry_safe(l, next, &reserved, entry) {
		list_del(&l->entry);
		kmem_cache_free(cache, l);
	}
}

/* Under the lock. */
static void unlink_listener(struct tcphs_listener *l)
{
	WRITE_ONCE(l->gone, true);
	hlist_del_rcu(&l->node);
	list_del_rcu(&l->entry);
	number_of--;
	held[l->share]--;
	this_cpu_ptr(l->tn->stats)->states[TCPHS_STATE_LISTEN]--;
	tcphs_listener_put(l);
}

/**
 * tcphs_listener_close() - a socket listens no more
 * @sk: the socket, not yet freed
 * @record: records that it does not, under the lock of the table
 *
 * Context: process, @sk locked.
 */
void tcphs_listener_close(struct sock *sk,
			  void (*record)(const struct tcphs_listener *l, u64 now))
{
	struct tcphs_listener *l;
	unsigned long flags;

	local_irq_save(flags);
	raw_spin_lock(&lock);
	l = tcphs_listener_find(sk);
	if (l) {
		record(l, tcphs_now());
		unlink_listener(l);
	}
	raw_spin_unlock(&lock);
	local_irq_restore(flags);
}

/**
 * tcphs_listener_backlog() - listen() is called, perhaps again
 * @sk: the socket, held
 * @backlog: the limit of its queues from now on
 * @record: records that it is another, under the lock of the table
 *
 * Nothing unless it listens already, with another limit.
 *
 * Context: process.
 */
void tcphs_listener_backlog(struct sock *sk, int backlog,
			    void (*record)(const struct tcphs_listener *l, u64 now))
{
	struct tcphs_listener *l;
	unsigned long flags;

	local_irq_save(flags);
	raw_spin_lock(&lock);
	l = tcphs_listener_find(sk);
	if (l && l->backlog != (u32)backlog) {
		l->backlog = backlog;
		record(l, tcphs_now());
	}
	raw_spin_unlock(&lock);
	local_irq_restore(flags);
}

/**
 * tcphs_listener_accepted() - remember who accepts, if it is not who listened
 * @listener: whose connection was accepted
 * @owner: by whom, held
 *
 * Context: process, interrupts off.
 */
void tcphs_listener_accepted(struct tcphs_listener *listener, struct tcphs_owner *owner)
{
	struct tcphs_owner *before = rcu_dereference_check(listener->acceptor, irqs_disabled());
	const struct tcphs_owner *listens = listener->id.owner;
	bool itself = listens && owner->pid == listens->pid && owner->cgroup == listens->cgroup;

	if (likely(before == owner || (itself && !before)))
		return;
	/* Another CPU's memory of the same one, or another thread of it. */
	if (before && before->pid == owner->pid && before->cgroup == owner->cgroup &&
	    !memcmp(before->comm, owner->comm, TCPHS_COMM_LEN))
		return;
	before = xchg((__force struct tcphs_owner **)&listener->acceptor,
		      itself ? NULL : tcphs_owner_get(owner));
	if (before)
		tcphs_owner_put(before);
}

/**
 * tcphs_listener_forget_leaving() - drop every entry of namespaces that are marked as leaving
 *
 * Context: process, may sleep.
 */
void tcphs_listener_forget_leaving(void)
{
	struct hlist_node *next;
	struct tcphs_listener *l;
	unsigned long flags;
	unsigned int i;

	/* A bucket at a time: there may be thousands, and interrupts are off. */
	for (i = 0; i < BUCKETS; i++) {
		if (hlist_empty(&buckets[i]))
			continue;
		raw_spin_lock_irqsave(&lock, flags);
		hlist_for_each_entry_safe(l, next, &buckets[i], node)
			if (l->tn->leaving)
				unlink_listener(l);
		raw_spin_unlock_irqrestore(&lock, flags);
		cond_resched();
	}
}

/**
 * tcphs_listener_init() - an empty table
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_listener_init(void)
{
	cache = kmem_cache_create("tcphs_listener", sizeof(struct tcphs_listener), 0,
				  SLAB_HWCACHE_ALIGN, NULL);
	return cache ? 0 : -ENOMEM;
}

/**
 * tcphs_listener_exit() - free the table
 *
 * Context: process, may sleep; every namespace and connection was forgotten.
 */
void tcphs_listener_exit(void)
{
	/* free_rcu() of the last entries. */
	rcu_barrier();
	kmem_cache_destroy(cache);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The connection table: one entry for a connection's whole life, through
 * request, socket and TIME_WAIT bucket.
 *
 * The key is the socket cookie. It is handed out in sequence, so its low bits
 * spread evenly over the buckets with no hashing at all, and the kernel copies
 * it from request to socket to bucket. The objects' addresses would not do:
 * their memory is reused at once (SLAB_TYPESAFE_BY_RCU).
 *
 * An entry belongs to whoever holds its bucket's lock. Locks are shared by
 * buckets that lie LOCKS apart.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include "internal.h"

#define LOCKS 1024U

struct lock {
	raw_spinlock_t lock;
} ____cacheline_aligned_in_smp;

static struct hlist_head *buckets;
static unsigned int bucket_mask;
static struct lock locks[LOCKS];
static struct tcphs_pool pool;
static DEFINE_PER_CPU(struct tcphs_conn, scratch);

static inline raw_spinlock_t *lock_of(u64 cookie)
{
	return &locks[cookie & (LOCKS - 1)].lock;
}

static inline struct tcphs_stats *stats_of(const struct tcphs_conn *conn)
{
	return this_cpu_ptr(conn->tn->stats);
}

/**
 * tcphs_conn_enter() - begin a section on one connection
 * @s: the section; @s->conn is its entry or NULL
 * @cookie: of its socket
 *
 * Context: any but NMI. Interrupts are off and the bucket's lock is held until
 * tcphs_conn_leave(); sections do not nest.
 */
void tcphs_conn_enter(struct tcphs_section *s, u64 cookie)
{
	struct tcphs_conn *conn;

	s->cookie = cookie;
	s->conn = NULL;
	local_irq_save(s->irqflags);
	s->now = tcphs_now();
	raw_spin_lock(lock_of(cookie));
	hlist_for_each_entry(conn, &buckets[cookie & bucket_mask], node) {
		if (conn->id.conn == cookie) {
			s->conn = conn;
			break;
		}
	}
}

/**
 * tcphs_conn_maybe() - can there be an entry at all
 * @cookie: of a socket
 *
 * Context: any. A hint, for handlers that mostly find nothing.
 */
bool tcphs_conn_maybe(u64 cookie)
{
	return !hlist_empty(&buckets[cookie & bucket_mask]);
}

/**
 * tcphs_conn_leave() - end the section
 * @s: of tcphs_conn_enter(); a scratch entry ends with it
 */
void tcphs_conn_leave(struct tcphs_section *s)
{
	if (unlikely(s->conn && s->conn->marks & TCPHS_C_SCRATCH))
		tcphs_conn_remove(s);
	raw_spin_unlock(lock_of(s->cookie));
	local_irq_restore(s->irqflags);
}

/**
 * tcphs_conn_add() - a new entry
 * @s: section without an entry; gets the new one
 * @tn: its namespace
 * @state: enum tcphs_state it starts in
 * @birth: this is the first step of a connection, which counts as untracked if
 *	there is no room
 *
 * Context: inside a section.
 * Return: the entry, zeroed but for what is named here. Where the table is full
 * it is a scratch entry, good for the records of this section and no longer.
 */
struct tcphs_conn *tcphs_conn_add(struct tcphs_section *s, struct tcphs_net *tn,
				  u8 state, bool birth)
{
	struct tcphs_conn *conn = tcphs_pool_get(&pool);
	struct tcphs_stats *st = this_cpu_ptr(tn->stats);
	bool full = !conn;

	if (unlikely(full))
		conn = this_cpu_ptr(&scratch);
	memset(conn, 0, sizeof(*conn));
	conn->tn = tn;
	conn->id.conn = s->cookie;
	conn->born = s->now;
	conn->since = s->now;
	conn->state = state;
	s->conn = conn;
	if (unlikely(full)) {
		conn->marks = TCPHS_C_SCRATCH;
		conn->flags = TCPHS_F_UNTRACKED;
		st->untracked += birth;
		return conn;
	}
	hlist_add_head(&conn->node, &buckets[s->cookie & bucket_mask]);
	st->states[state]++;
	return conn;
}

/**
 * tcphs_conn_remove() - the connection is over: free its entry
 * @s: section with an entry; left without
 *
 * Context: inside a section.
 */
void tcphs_conn_remove(struct tcphs_section *s)
{
	struct tcphs_conn *conn = s->conn;

	s->conn = NULL;
	if (conn->listener)
		tcphs_listener_put(conn->listener);
	if (conn->marks & TCPHS_C_SCRATCH)
		return;
	stats_of(conn)->states[conn->state]--;
	hlist_del(&conn->node);
	tcphs_pool_put(&pool, conn);
}

/**
 * tcphs_conn_move() - to another state
 * @s: section with an entry
 * @state: enum tcphs_state
 *
 * Context: inside a section.
 */
void tcphs_conn_move(struct tcphs_section *s, u8 state)
{
	struct tcphs_conn *conn = s->conn;

	if (!(conn->marks & TCPHS_C_SCRATCH)) {
		struct tcphs_stats *st = stats_of(conn);

		st->states[conn->state]--;
		st->states[state]++;
	}
	conn->state = state;
	conn->since = s->now;
}

/* Opens a section on a whole bucket and calls fn for each of its entries. */
static void each_entry(void (*fn)(struct tcphs_section *s, void *arg), void *arg)
{
	struct hlist_node *next;
	struct tcphs_section s;
	unsigned int i;

	for (i = 0; i <= bucket_mask; i++) {
		if (hlist_empty(&buckets[i]))
			continue;
		tcphs_conn_enter(&s, i);
		hlist_for_each_entry_safe(s.conn, next, &buckets[i], node)
			fn(&s, arg);
		tcphs_conn_leave(&s);
		cond_resched();
	}
}

struct forget_arg {
	const struct tcphs_net *tn;
	void (*last_words)(struct tcphs_section *s);
};

static void forget_one(struct tcphs_section *s, void *arg)
{
	const struct forget_arg *forget = arg;

	if (s->conn->tn != forget->tn)
		return;
	if (forget->last_words)
		forget->last_words(s);
	tcphs_conn_remove(s);
}

/**
 * tcphs_conn_forget_netns() - drop every entry of a namespace
 * @tn: the namespace
 * @last_words: called for each entry before it goes, inside its section, or NULL
 *
 * Context: process, may sleep.
 */
void tcphs_conn_forget_netns(const struct tcphs_net *tn,
			     void (*last_words)(struct tcphs_section *s))
{
	struct forget_arg arg = { .tn = tn, .last_words = last_words };

	each_entry(forget_one, &arg);
}

static void sweep_one(struct tcphs_section *s, void *arg)
{
	if (s->conn->marks & TCPHS_C_TOMB)
		tcphs_conn_remove(s);
}

/**
 * tcphs_conn_sweep_tombs() - drop what left before it could be adopted
 *
 * Context: process, may sleep.
 */
void tcphs_conn_sweep_tombs(void)
{
	each_entry(sweep_one, NULL);
}

/**
 * tcphs_conn_walk_bucket() - look at every entry of a bucket
 * @bucket: number, from 0
 * @fn: looks at one entry; non-zero stops
 * @arg: for fn
 *
 * Context: process, may sleep; fn runs under a raw lock with interrupts off.
 * Return: 0, what fn returned (negative), or 1 when there is no such bucket.
 */
int tcphs_conn_walk_bucket(unsigned long bucket,
			   int (*fn)(const struct tcphs_conn *conn, void *arg), void *arg)
{
	struct tcphs_conn *conn;
	unsigned long flags;
	int err = 0;

	if (bucket > bucket_mask)
		return 1;
	if (hlist_empty(&buckets[bucket]))
		return 0;
	cond_resched();
	raw_spin_lock_irqsave(lock_of(bucket), flags);
	hlist_for_each_entry(conn, &buckets[bucket], node) {
		err = fn(conn, arg);
		if (err)
			break;
	}
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	return err;
}

/**
 * tcphs_conn_count() - entries of a namespace, listeners aside
 * @sum: of its counters
 *
 * Context: any.
 */
unsigned int tcphs_conn_count(const struct tcphs_stats *sum)
{
	unsigned int i, count = 0;

	for (i = 0; i <= TCPHS_STATE_MAX; i++)
		if (i != TCPHS_STATE_LISTEN)
			count += sum->states[i];
	return count;
}

/**
 * tcphs_conn_init() - an empty table of tcphs_table_size entries
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_conn_init(void)
{
	unsigned int i, size = roundup_pow_of_two(max(tcphs_table_size / 2, LOCKS));
	int err;

	BUILD_BUG_ON(sizeof(struct tcphs_conn) > 192);

	buckets = kvcalloc(size, sizeof(*buckets), GFP_KERNEL);
	if (!buckets)
		return -ENOMEM;
	bucket_mask = size - 1;
	for (i = 0; i < LOCKS; i++)
		raw_spin_lock_init(&locks[i].lock);
	err = tcphs_pool_init(&pool, "tcphs_conn", sizeof(struct tcphs_conn),
			      min(tcphs_table_size, 1024U), tcphs_table_size);
	if (err)
		kvfree(buckets);
	return err;
}

/**
 * tcphs_conn_exit() - free the table
 *
 * Context: process, may sleep; every namespace was forgotten.
 */
void tcphs_conn_exit(void)
{
	tcphs_pool_exit(&pool);
	kvfree(buckets);
}

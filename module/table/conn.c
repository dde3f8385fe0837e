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
 * An entry belongs to whoever holds its bucket's lock. The kernel gives cookies to CPUs
 * in batches of 4,096, so buckets that share a cache line are mostly one CPU's.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "store/net.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/listener.h"
#include "table/owner.h"
#include "table/pairs.h"
#include "table/pool.h"
#include "table/refused.h"
#include "table/share.h"

/* How many entries there may be; main.c sets it. */
unsigned int tcphs_table_size;
struct tcphs_table tcphs_table;
DEFINE_PER_CPU(struct tcphs_section, tcphs_section);
static struct tcphs_pool pool;
static DEFINE_PER_CPU(struct tcphs_conn, scratch);

/*
 * An entry is looked for with interrupts off, and cookies can be chosen: who makes sockets
 * until theirs suit puts them all into one bucket. By chance none has ten.
 */
#define LONGEST		64U

#define BUCKETS_LEAST	1024U

/*
 * Entries that lie ready, a 32nd of the table: in a burst they are taken faster than the
 * worker is woken, and how fast goes with the size of the machine. 6 MiB at the most.
 */
#define RESERVE_MIN	1024U
#define RESERVE_MAX	32768U

/* Why there is no entry for a new connection, TCPHS_REFUSED_UNSPEC: there may be one. */
static u8 refusal(const struct tcphs_conn *conn, u16 share)
{
	unsigned int length = 0;

	for (; conn; conn = conn->next)
		if (++length >= LONGEST)
			return TCPHS_REFUSED_BUCKET;
	if (unlikely(tcphs_pool_is_scarce(&pool)) &&
	    !tcphs_share_modest(share, tcphs_share_held(share), tcphs_pool_used(&pool), pool.limit))
		return TCPHS_REFUSED_SHARE;
	return TCPHS_REFUSED_UNSPEC;
}

/* Good for the records of this section, and no longer. */
static struct tcphs_conn *scratch_entry(struct tcphs_section *s)
{
	struct tcphs_conn *conn;

	/* What is there of the cookie is a bucket's, and what comes of the socket is not. */
	for (conn = tcphs_conn_of_cookie(s->bucket->first, s->cookie); conn;
	     conn = tcphs_conn_of_cookie(conn->next, s->cookie))
		conn->marks |= TCPHS_C_AGAIN;
	conn = this_cpu_ptr(&scratch);
	tcphs_refused_add(s->cookie);
	s->scratch = true;
	memset(conn, 0, sizeof(*conn));
	conn->marks = TCPHS_C_SCRATCH;
	conn->id.flags = TCPHS_F_UNTRACKED;
	return conn;
}

/**
 * tcphs_conn_add() - a new entry
 * @s: section without an entry; gets the new one
 * @tn: its namespace
 * @sk: whose user it is, a socket or its listener; NULL: nobody knows
 * @state: enum tcphs_state it starts in
 * @birth: this is the first step of a connection, which counts as untracked if
 *	it gets no entry
 *
 * Context: inside a section.
 * Return: the entry, zeroed but for what is named here. Where it is refused it is a
 * scratch entry, good for the records of this section and no longer.
 */
struct tcphs_conn *tcphs_conn_add(struct tcphs_section *s, struct tcphs_net *tn,
				  const struct sock *sk, u8 state, bool birth)
{
	struct tcphs_conn **first = &s->bucket->first;
	struct tcphs_stats *st = this_cpu_ptr(tn->stats);
	struct tcphs_conn *conn = NULL;
	u16 share = tcphs_share_of(tn, sk);
	u8 refused = refusal(*first, share);

	if (likely(!refused)) {
		conn = tcphs_pool_get(&pool);
		if (unlikely(!conn))
			refused = tcphs_pool_is_full(&pool) ? TCPHS_REFUSED_FULL :
							      TCPHS_REFUSED_MEMORY;
	}
	if (unlikely(refused)) {
		conn = scratch_entry(s);
		st->refused[refused] += birth;
	} else {
		memset(conn, 0, sizeof(*conn));
		conn->serial = *first ? (*first)->serial + 1 : 1;
		tcphs_share_count(share, 1);
		conn->next = *first;
		WRITE_ONCE(*first, conn);
		st->states[state]++;
	}
	conn->tn = tn;
	conn->share = share;
	conn->id.conn = s->cookie;
	conn->born = s->now;
	conn->since = s->now;
	conn->state = state;
	s->conn = conn;
	return conn;
}

/**
 * tcphs_conn_erase() - a scratch entry ends with its section
 * @s: the section, which may be left without it already
 *
 * For tcphs_conn_leave().
 *
 * Context: inside a section.
 */
void tcphs_conn_erase(struct tcphs_section *s)
{
	s->scratch = false;
	if (s->conn && s->conn->marks & TCPHS_C_SCRATCH)
		tcphs_conn_remove(s);
}

/**
 * tcphs_conn_reserve() - have entries at hand, to be taken while nobody can wait
 * @count: how many
 *
 * Context: process, may sleep.
 */
void tcphs_conn_reserve(unsigned int count)
{
	tcphs_pool_fill(&pool, count);
}

/**
 * tcphs_conn_remove() - the connection is over: free its entry
 * @s: section with an entry; left without
 *
 * Context: inside a section.
 */
void tcphs_conn_remove(struct tcphs_section *s)
{
	struct tcphs_conn *conn = s->conn, **place;

	s->conn = NULL;
	if (conn->listener)
		tcphs_listener_put(conn->listener);
	if (conn->id.owner)
		tcphs_owner_put(conn->id.owner);
	if (unlikely(conn->marks & TCPHS_C_QUEUED))
		tcphs_pairs_forget(conn->id.conn);
	if (conn->marks & TCPHS_C_SCRATCH) {
		s->scratch = false;
		return;
	}
	this_cpu_ptr(conn->tn->stats)->states[conn->state]--;
	tcphs_share_count(conn->share, -1);
	place = &s->bucket->first;
	while (*place != conn)
		place = &(*place)->next;
	WRITE_ONCE(*place, conn->next);
	tcphs_pool_put(&pool, conn);
}

/**
 * tcphs_conn_set_listener() - in whose queues the connection is
 * @s: section with an entry
 * @sk: the listening socket, or NULL: in none any more
 *
 * Context: inside a section.
 */
void tcphs_conn_set_listener(struct tcphs_section *s, const struct sock *sk)
{
	struct tcphs_listener *before = s->conn->listener;

	s->conn->listener = sk ? tcphs_listener_get(tcphs_listener_find(sk)) : NULL;
	if (before)
		tcphs_listener_put(before);
}

/* Opens a section on a whole bucket and calls fn for each of its entries. */
static void each_entry(void (*fn)(struct tcphs_section *s, void *arg), void *arg)
{
	struct tcphs_conn *next;
	struct tcphs_section *s;
	unsigned int i;

	for (i = 0; i <= tcphs_table.mask; i++) {
		cond_resched();
		if (!tcphs_conn_maybe(i))
			continue;
		s = tcphs_conn_enter(i);
		for (next = s->bucket->first; (s->conn = next);) {
			next = next->next;
			fn(s, arg);
		}
		tcphs_conn_leave(s);
	}
}

static void forget_one(struct tcphs_section *s, void *arg)
{
	void (*last_words)(struct tcphs_section *s) = arg;

	if (!s->conn->tn->leaving)
		return;
	last_words(s);
	tcphs_conn_remove(s);
}

/**
 * tcphs_conn_forget_leaving() - drop every entry of namespaces that are marked as leaving
 * @last_words: called for each entry before it goes, inside its section
 *
 * Context: process, may sleep.
 */
void tcphs_conn_forget_leaving(void (*last_words)(struct tcphs_section *s))
{
	each_entry(forget_one, last_words);
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
 * tcphs_conn_walk_bucket() - look at the entries of a bucket, the youngest first
 * @bucket: number, from 0
 * @below: those of a smaller serial only; 0: all. Who goes on below the last one meets
 *	none twice, and each that is there all the time
 * @fn: looks at one entry; non-zero stops
 * @arg: for fn
 *
 * Context: process, may sleep; fn runs under a raw lock with interrupts off.
 * Return: 0, what fn returned (negative), or 1 when there is no such bucket.
 */
int tcphs_conn_walk_bucket(unsigned long bucket, u32 below,
			   int (*fn)(const struct tcphs_conn *conn, void *arg), void *arg)
{
	struct tcphs_bucket *b = tcphs_conn_bucket(bucket);
	const struct tcphs_conn *conn;
	unsigned long flags;
	int err = 0;

	if (bucket > tcphs_table.mask)
		return 1;
	cond_resched();
	if (!tcphs_conn_maybe(bucket))
		return 0;
	raw_spin_lock_irqsave(&b->lock, flags);
	for (conn = b->first; conn; conn = conn->next) {
		if (below && conn->serial >= below)
			continue;
		err = fn(conn, arg);
		if (err)
			break;
	}
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return err;
}

/**
 * tcphs_conn_count() - entries of a namespace, listeners aside
 * @sum: of its counters
 *
 * Context: any.
 */
unsigned int tcphs_conn_count(const struct tcphs_sum *sum)
{
	unsigned int i, count = 0;

	for (i = 0; i <= TCPHS_STATE_MAX; i++)
		if (i != TCPHS_STATE_LISTEN)
			count += sum->all.states[i];
	return count;
}

/**
 * tcphs_conn_init() - an empty table of tcphs_table_size entries
 *
 * One bucket for one or two entries of a full table. An entry that is found costs a cache
 * line for each that lies before it, and a bucket 8 bytes: 24 times less than an entry.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_conn_init(void)
{
	unsigned int i, size = roundup_pow_of_two(max(tcphs_table_size / 2, BUCKETS_LEAST));
	unsigned int reserve = clamp(tcphs_table_size / 32, RESERVE_MIN, RESERVE_MAX);
	int err;

	BUILD_BUG_ON(sizeof(struct tcphs_conn) > 192);

	tcphs_table.buckets = kvcalloc(size, sizeof(*tcphs_table.buckets), GFP_KERNEL);
	if (!tcphs_table.buckets)
		return -ENOMEM;
	tcphs_table.mask = size - 1;
	for (i = 0; i < size; i++)
		raw_spin_lock_init(&tcphs_table.buckets[i].lock);
	err = tcphs_pool_init(&pool, "tcphs_conn", sizeof(struct tcphs_conn),
			      reserve, tcphs_table_size);
	if (err)
		kvfree(tcphs_table.buckets);
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
	kvfree(tcphs_table.buckets);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Multipath TCP (RFC 8684): which connections its sockets stand for. accept() hands out a
 * socket of MPTCP's own; the pair of that and of its first subflow is kept from when both
 * are made until accept(), or until the subflow has ended.
 */
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include "table/cookie.h"
#include "table/pairs.h"
#include "table/pool.h"

#define BUCKETS		256U
#define RESERVE		256U
#define WAITING		65536U

/* A connection that waits for accept(), found from both sides. Names are socket cookies. */
struct pair {
	struct hlist_node by_socket;
	struct hlist_node by_conn;
	u64 socket;		/* MPTCP's */
	u64 conn;		/* its first subflow's */
};

static struct hlist_head sockets[BUCKETS], conns[BUCKETS];
static DEFINE_RAW_SPINLOCK(lock);	/* protects them */
static struct tcphs_pool pool;

static inline struct hlist_head *bucket_of(struct hlist_head *table, u64 cookie)
{
	return &table[cookie & (BUCKETS - 1)];
}

/* Under the lock. */
static void drop(struct pair *pair)
{
	hlist_del(&pair->by_socket);
	hlist_del(&pair->by_conn);
	tcphs_pool_put(&pool, pair);
}

/**
 * tcphs_pairs_take() - which connection does accept() hand out
 * @sk: MPTCP's socket
 *
 * Context: process.
 * Return: socket cookie of its first subflow, once; 0 if that is not known.
 */
u64 tcphs_pairs_take(const struct sock *sk)
{
	u64 cookie = tcphs_cookie(sk), conn = 0;
	unsigned long flags;
	struct pair *pair;

	raw_spin_lock_irqsave(&lock, flags);
	hlist_for_each_entry(pair, bucket_of(sockets, cookie), by_socket) {
		if (pair->socket == cookie) {
			conn = pair->conn;
			drop(pair);
			break;
		}
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	return conn;
}

/**
 * tcphs_pairs_forget() - a connection ends that nobody has accepted
 * @conn: its socket cookie; of MPTCP or not
 *
 * Context: interrupts off, also under a raw lock.
 */
void tcphs_pairs_forget(u64 conn)
{
	struct pair *pair;

	if (likely(hlist_empty(bucket_of(conns, conn))))
		return;
	raw_spin_lock(&lock);
	hlist_for_each_entry(pair, bucket_of(conns, conn), by_conn) {
		if (pair->conn == conn) {
			drop(pair);
			break;
		}
	}
	raw_spin_unlock(&lock);
}

/**
 * tcphs_pairs_add() - a connection of MPTCP is to wait for accept()
 * @socket: socket cookie of MPTCP's socket
 * @conn: socket cookie of its first subflow
 *
 * Context: any.
 * Return: false, there was no memory at hand.
 */
bool tcphs_pairs_add(u64 socket, u64 conn)
{
	struct pair *pair;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	pair = tcphs_pool_get(&pool);
	if (likely(pair)) {
		pair->socket = socket;
		pair->conn = conn;
		hlist_add_head(&pair->by_socket, bucket_of(sockets, socket));
		hlist_add_head(&pair->by_conn, bucket_of(conns, conn));
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	return pair;
}

/**
 * tcphs_pairs_init() - no connection of MPTCP waits for accept()
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_pairs_init(void)
{
	return tcphs_pool_init(&pool, "tcphs_mptcp", sizeof(struct pair), RESERVE, WAITING);
}

/**
 * tcphs_pairs_exit() - the reverse
 *
 * Context: process, may sleep; no hook is active and every namespace forgotten.
 */
void tcphs_pairs_exit(void)
{
	struct hlist_node *next;
	struct pair *pair;
	unsigned int i;

	/* Those that the hook of the accept queue did not get: it was missing, or did not fire. */
	local_irq_disable();
	for (i = 0; i < BUCKETS; i++)
		hlist_for_each_entry_safe(pair, next, &sockets[i], by_socket)
			drop(pair);
	local_irq_enable();
	tcphs_pool_exit(&pool);
}

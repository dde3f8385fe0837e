// SPDX-License-Identifier: GPL-2.0
/*
 * Multipath TCP (RFC 8684): subflows are TCP connections, and two things are not.
 *
 * accept() hands out a socket of MPTCP's own. Which connection it stands for is told
 * when it is made, together with the child of the first subflow, and kept until accept().
 *
 * A subflow that joins goes through no accept queue: its request ends while its child
 * lives on.
 */
#include <net/tcp.h>
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "internal.h"
#include "table/cookie.h"
#include "table/step.h"

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
 * tcphs_mptcp_accepted() - which connection does accept() hand out
 * @sk: MPTCP's socket
 *
 * Context: process.
 * Return: socket cookie of its first subflow, once; 0 if that is not known.
 */
u64 tcphs_mptcp_accepted(const struct sock *sk)
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
 * tcphs_mptcp_forget() - a connection ends that nobody has accepted
 * @conn: its socket cookie; of MPTCP or not
 *
 * Context: interrupts off, also under a raw lock.
 */
void tcphs_mptcp_forget(u64 conn)
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

static bool remember(u64 socket, u64 conn)
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

/*
 * mptcp_pm_new_connection(): a connection has its first subflow; on the server's side that
 * is a child on its way to the accept queue. Softirq, child locked.
 */
static void __maybe_unused on_connection(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	const struct sock *child = tcphs_argument(regs, 1);
	int server = (unsigned long)tcphs_argument(regs, 2);

	if (server && !remember(tcphs_cookie_make(sk), tcphs_cookie_make(child)))
		this_cpu_inc(tcphs_net(sock_net(child))->stats->refused[TCPHS_REFUSED_MEMORY]);
}

/*
 * mptcp_finish_join(): MPTCP is about to take a subflow in. Of the server's, the child has
 * proved that it may join; it may still be refused, and is closed then before its request
 * ends. Softirq, child locked.
 */
static void on_join(struct tcphs_regs *regs)
{
	const struct sock *child = tcphs_argument(regs, 0);
	struct tcphs_section s;

	if (child->sk_state != TCP_SYN_RECV)
		return;
	tcphs_conn_enter_untimed(&s, tcphs_cookie(child));
	if (s.conn && s.conn->state == TCPHS_STATE_SYN_RECV &&
	    s.conn->id.role == TCPHS_ROLE_PASSIVE)
		s.conn->marks |= TCPHS_C_JOINED;
	tcphs_conn_leave(&s);
}

/**
 * tcphs_mptcp_init() - nobody waits for accept()
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_mptcp_init(void)
{
	return tcphs_pool_init(&pool, "tcphs_mptcp", sizeof(struct pair), RESERVE, WAITING);
}

/**
 * tcphs_mptcp_exit() - the reverse
 *
 * Context: process, may sleep; no hook is active and every namespace forgotten.
 */
void tcphs_mptcp_exit(void)
{
	struct hlist_node *next;
	struct pair *pair;
	unsigned int i;

	/* Those of which the accept queue was not told: its hook was missing, or deaf. */
	local_irq_disable();
	for (i = 0; i < BUCKETS; i++)
		hlist_for_each_entry_safe(pair, next, &sockets[i], by_socket)
			drop(pair);
	local_irq_enable();
	tcphs_pool_exit(&pool);
}

struct tcphs_hook tcphs_hooks_mptcp[] = {
	TCPHS_ENTRY_NEW_MPTCP(on_connection, false, "accept() of MPTCP")
	TCPHS_ENTRY("mptcp_finish_join", on_join, false, "subflows of MPTCP that join, one life each"),
	{ }
};

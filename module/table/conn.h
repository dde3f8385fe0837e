/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table, and the section, inline, because every step pays for it.
 *
 * The section. Every handler runs its work with interrupts off and the lock of
 * the connection's bucket held. That one step makes the entry, this CPU's ring
 * and this CPU's counters its own, in process context and in softirq, and also
 * on PREEMPT_RT, where softirqs are preemptible: the locks are raw, and
 * nothing inside allocates, sleeps or formats.
 */
#ifndef _TCPHS_CONN_H
#define _TCPHS_CONN_H

#include <linux/irqflags.h>
#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/tcphs.h>
#include "store/clock.h"
#include "store/net.h"
#include "store/stats.h"
#include "table/who.h"

struct request_sock;
struct sock;
struct tcphs_listener;

/* struct tcphs_conn.marks */
#define TCPHS_C_QUEUED		BIT(0)	/* in its listener's accept queue */
#define TCPHS_C_FIN_SENT	BIT(1)
#define TCPHS_C_FIN_RECEIVED	BIT(2)
#define TCPHS_C_FIN_ACKED	BIT(3)
#define TCPHS_C_RST_SENT	BIT(4)
#define TCPHS_C_RST_RECEIVED	BIT(5)
#define TCPHS_C_OPEN_END	BIT(6)	/* in CLOSE, its closed record still owed */
#define TCPHS_C_SCRATCH		BIT(7)	/* not in the table: there was no room */
#define TCPHS_C_TOMB		BIT(8)	/* left before it could be adopted */
#define TCPHS_C_COOKIE		BIT(9)	/* first seen at its third ACK: SYN cookie */
#define TCPHS_C_LIFE		BIT(10)	/* life is complete */
#define TCPHS_C_FASTOPEN	BIT(11)	/* a child since its SYN: TCP Fast Open */
#define TCPHS_C_CHILD		BIT(12)	/* was put into the accept queue */
#define TCPHS_C_HALF		BIT(13)	/* half_seq is known */
#define TCPHS_C_DISMISSED	BIT(14)	/* a bucket that goes, and not by its timer */
#define TCPHS_C_JOINED		BIT(15)	/* a subflow that MPTCP takes in; its request goes next */
#define TCPHS_C_TOLD		BIT(16)	/* a connect() that is about to fail, which is recorded */
#define TCPHS_C_KEPT		BIT(17)	/* its records are in the kept store too */
#define TCPHS_C_DEFERRED	BIT(18)	/* TCP_DEFER_ACCEPT has ignored an ACK of it */
#define TCPHS_C_AGAIN		BIT(19)	/* a bucket whose socket connected again, without room */
#define TCPHS_C_LANE		27	/* four bits: in which lane it writes, 0: not asked yet */
#define TCPHS_C_OWED		BIT(31)	/* accept-queued is to be recorded before anything else */

struct tcphs_conn {
	struct tcphs_conn *next;	/* of its bucket */
	struct tcphs_net *tn;
	struct tcphs_listener *listener;	/* counted reference, or NULL */
	struct tcphs_who id;
	u64 last;		/* link to its last record, 0: there is none: ring.h */
	u64 born;		/* first step, ns */
	u64 since;		/* entered this state, ns */
	union {
		u64 mark;	/* ns: entered the accept queue, sent FIN, its ACK came, left a state */
		const struct request_sock *original;	/* of a request that moves, not to touch */
	};
	union {
		struct tcphs_life life;	/* complete once the socket is gone */
		struct tcphs_queue queue __packed __aligned(4);	/* with TCPHS_C_OWED */
	};
	u32 marks;		/* TCPHS_C_* */
	u8 state;		/* enum tcphs_state */
	u8 old_state;		/* state that CLOSE followed */
	u8 hint;		/* enum tcphs_reason of an end that may follow */
	u8 resends;		/* of the SYN, SYN+ACK or FIN in this state */
	u16 share;		/* whose it is: share.c */
	u8 icmp_type;		/* of the last ICMP error, 0: there was none */
	u8 icmp_code;
	u32 data;		/* bytes that came in the handshake; in SYN-SENT: the SYN that the
				 * own firewall dropped, from 1; of a bucket: seq of its RST, or
				 * the task that wants it; in LAST_ACK: segments sent before,
				 * resends apart
				 */
	union {
		u32 half_seq;	/* where the other half stood at the first FIN */
		u32 copies_failed;	/* of a request that moves: tcphs_copies_failed() before */
	};
	u32 half_total;		/* the same as half_seq, counted from the beginning, in 64 KiB */
	u32 serial;		/* grows towards the head of its bucket */
};

/* Beside its lock: whoever takes the one wants the other next. */
struct tcphs_bucket {
	struct tcphs_conn *first;	/* a list, the youngest first */
	raw_spinlock_t lock;
};

/* A handler's stay in the table: of a CPU there is one at a time. */
struct tcphs_section {
	unsigned long irqflags;
	struct tcphs_bucket *bucket;
	u64 cookie;
	u64 now;
	struct tcphs_conn *conn;	/* NULL: not in the table */
	bool scratch;			/* @conn, if there is one, is not in the table */
};

struct tcphs_table {
	struct tcphs_bucket *buckets;
	unsigned int mask;
};

extern struct tcphs_table tcphs_table;
DECLARE_PER_CPU(struct tcphs_section, tcphs_section);
extern unsigned int tcphs_table_size;

int tcphs_conn_init(void);
void tcphs_conn_exit(void);
struct tcphs_conn *tcphs_conn_add(struct tcphs_section *s, struct tcphs_net *tn,
				  const struct sock *sk, u8 state, bool birth);
void tcphs_conn_reserve(unsigned int count);
void tcphs_conn_remove(struct tcphs_section *s);
void tcphs_conn_erase(struct tcphs_section *s);
void tcphs_conn_set_listener(struct tcphs_section *s, const struct sock *sk);
void tcphs_conn_forget_leaving(void (*last_words)(struct tcphs_section *s));
void tcphs_conn_sweep_tombs(void);
unsigned int tcphs_conn_count(const struct tcphs_sum *sum);

int tcphs_conn_walk_bucket(unsigned long bucket, u32 below,
			   int (*fn)(const struct tcphs_conn *conn, void *arg), void *arg);

static inline struct tcphs_bucket *tcphs_conn_bucket(u64 cookie)
{
	return &tcphs_table.buckets[cookie & tcphs_table.mask];
}

/*
 * With interrupts off nobody who holds it is preempted, so there is no preemption to switch
 * off as well, and nothing to call. Where locks are checked, this one is.
 */
#define TCPHS_LOCKS_CHECKED \
	(IS_ENABLED(CONFIG_DEBUG_SPINLOCK) || IS_ENABLED(CONFIG_DEBUG_LOCK_ALLOC))

static __always_inline void tcphs_bucket_lock(struct tcphs_bucket *bucket)
{
	if (!TCPHS_LOCKS_CHECKED) {
		arch_spin_lock(&bucket->lock.raw_lock);
		return;
	}
	raw_spin_lock(&bucket->lock);
	/* Sparse can't follow a lock that the caller keeps. */
	__release(&bucket->lock);
}

static __always_inline void tcphs_bucket_unlock(struct tcphs_bucket *bucket)
{
	if (!TCPHS_LOCKS_CHECKED) {
		arch_spin_unlock(&bucket->lock.raw_lock);
		return;
	}
	__acquire(&bucket->lock);
	raw_spin_unlock(&bucket->lock);
}

/**
 * tcphs_conn_of_cookie() - an entry of a socket
 * @conn: where in its bucket to begin, or NULL
 * @cookie: of the socket
 *
 * Context: inside a section.
 * Return: the first from there on, or NULL; the youngest comes first.
 */
static __always_inline struct tcphs_conn *tcphs_conn_of_cookie(struct tcphs_conn *conn, u64 cookie)
{
	while (conn && conn->id.conn != cookie)
		conn = conn->next;
	return conn;
}

/**
 * tcphs_conn_enter_untimed() - begin a section on one connection
 * @cookie: of its socket
 *
 * Context: any but NMI. Interrupts are off and the bucket's lock is held until
 * tcphs_conn_leave(); sections do not nest.
 * Return: the section; its conn is the entry or NULL, its now is for the caller to
 * set before it adds, moves or records anything (tcphs_conn_enter() does).
 */
static __always_inline struct tcphs_section *tcphs_conn_enter_untimed(u64 cookie)
{
	struct tcphs_bucket *bucket = tcphs_conn_bucket(cookie);
	struct tcphs_section *s;
	unsigned long irqflags;

	local_irq_save(irqflags);
	s = this_cpu_ptr(&tcphs_section);
	s->irqflags = irqflags;
	s->bucket = bucket;
	s->cookie = cookie;
	tcphs_bucket_lock(bucket);
	s->conn = tcphs_conn_of_cookie(bucket->first, cookie);
	return s;
}

/* tcphs_conn_enter_untimed(), and the time of the step. */
static __always_inline struct tcphs_section *tcphs_conn_enter(u64 cookie)
{
	struct tcphs_section *s = tcphs_conn_enter_untimed(cookie);

	s->now = tcphs_now();
	return s;
}

/**
 * tcphs_conn_leave() - end the section
 * @s: of tcphs_conn_enter(); a scratch entry ends with it
 */
static __always_inline void tcphs_conn_leave(struct tcphs_section *s)
{
	struct tcphs_bucket *bucket = s->bucket;
	unsigned long irqflags = s->irqflags;

	if (unlikely(s->scratch))
		tcphs_conn_erase(s);
	tcphs_bucket_unlock(bucket);
	local_irq_restore(irqflags);
}

/**
 * tcphs_conn_of_socket() - is the entry that was found a full socket's
 * @s: the section of one
 *
 * A socket that connects again may have left a bucket, whose entry has the same cookie. Its own
 * comes first, but there may have been no room for it.
 *
 * Context: inside a section.
 */
static __always_inline bool tcphs_conn_of_socket(const struct tcphs_section *s)
{
	return s->conn && !(s->conn->id.flags & TCPHS_F_BUCKET);
}

/* The same, where a bucket may be the full socket's own, for it is about to take its place. */
static __always_inline void tcphs_conn_drop_older(struct tcphs_section *s)
{
	if (unlikely(s->conn && s->conn->marks & TCPHS_C_AGAIN))
		s->conn = NULL;
}

/**
 * tcphs_conn_maybe() - can there be an entry at all
 * @cookie: of a socket
 *
 * Context: any. A hint, for handlers that mostly find nothing.
 */
static inline bool tcphs_conn_maybe(u64 cookie)
{
	return READ_ONCE(tcphs_conn_bucket(cookie)->first);
}

/* tcphs_conn_move(), with this CPU's counters of its namespace at hand. */
static __always_inline void tcphs_conn_move_of(struct tcphs_section *s, struct tcphs_stats *stats,
					       u8 state)
{
	struct tcphs_conn *conn = s->conn;

	if (likely(!s->scratch)) {
		stats->states[conn->state]--;
		stats->states[state]++;
	}
	conn->state = state;
	conn->since = s->now;
}

/**
 * tcphs_conn_move() - to another state
 * @s: section with an entry
 * @state: enum tcphs_state
 *
 * Context: inside a section.
 */
static __always_inline void tcphs_conn_move(struct tcphs_section *s, u8 state)
{
	tcphs_conn_move_of(s, this_cpu_ptr(s->conn->tn->stats), state);
}

#endif /* _TCPHS_CONN_H */

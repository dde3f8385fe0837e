/* SPDX-License-Identifier: GPL-2.0 */
/* drop.c for the files of probe/ that see segments arrive, requests end and RSTs go. */
#ifndef _TCPHS_DROP_H
#define _TCPHS_DROP_H

#include <linux/interrupt.h>
#include <net/inet_connection_sock.h>
#include "compat/softirq.h"
#include "store/net.h"
#include "table/who.h"

/* A CPU's counts that say what became of a segment, of one namespace. */
struct tcphs_drops {
	unsigned long accept_full;	/* ListenOverflows */
	unsigned long syn_full;		/* TCPReqQFullDrop */
};

/* A CPU's segment that may be dropped. */
struct tcphs_trial {
	raw_spinlock_t lock;
	struct tasklet_struct end;
	unsigned int cpu;
	struct tcphs_net *tn;		/* NULL: there is none */
	struct tcphs_drops before;
	struct tcphs_queue queue;	/* when it came */
	struct tcphs_who id;		/* .conn: of the request; 0: it is a SYN */
	u32 seq;
	u32 ack;
};

DECLARE_PER_CPU(struct tcphs_trial, tcphs_trial);

int tcphs_drop_init(void);
void tcphs_drop_exit(void);
void tcphs_drop_forget_netns(const struct tcphs_net *tn);
void tcphs_drop_settle_now(void);
void tcphs_drop_acquit(void);
void tcphs_drop_try_syn(const struct sock *sk, const struct sk_buff *skb);
void tcphs_drop_try_ack(const struct sock *sk, const struct sk_buff *skb,
			struct request_sock *req);
void tcphs_drop_syn(const struct sock *sk, struct tcphs_who *id, u8 reason);

/**
 * tcphs_drop_settle() - the verdict on what is on trial on this CPU, if anything is
 *
 * First of all wherever the counts may change next, and where what follows a drop
 * is recorded. A process that lets softirqs in may have interrupted one of PREEMPT_RT
 * before its verdict, and has nothing to settle.
 *
 * Context: any, outside of a section.
 */
static inline void tcphs_drop_settle(void)
{
	if (!TCPHS_SOFTIRQS_INTERLEAVE && unlikely(this_cpu_read(tcphs_trial.tn)) &&
	    softirq_count())
		tcphs_drop_settle_now();
}

/**
 * tcphs_drop_answered() - the SYN that came last on this CPU is answered
 *
 * It may have asked in vain for a child by Fast Open, which the kernel counts as it counts
 * the ones that it drops.
 *
 * Context: softirq, outside of a section; the first SYN+ACK of a request, or a cookie.
 */
static inline void tcphs_drop_answered(void)
{
	if (!TCPHS_SOFTIRQS_INTERLEAVE && unlikely(this_cpu_read(tcphs_trial.tn)))
		tcphs_drop_acquit();
}

/**
 * tcphs_drop_possible() - may one of the queues be full when the kernel looks?
 * @sk: the listener
 *
 * Not unless it is half full now: other CPUs would have to fill that much meanwhile. And
 * where a CPU may count for somebody else between here and the verdict, there is no trial.
 *
 * Context: softirq, before sk_acceptq_is_full() and inet_csk_reqsk_queue_is_full().
 */
static inline bool tcphs_drop_possible(const struct sock *sk)
{
	u32 half = READ_ONCE(sk->sk_max_ack_backlog) / 2;

	return !TCPHS_SOFTIRQS_INTERLEAVE &&
	       (READ_ONCE(sk->sk_ack_backlog) >= half ||
		(u32)inet_csk_reqsk_queue_len(sk) >= half);
}

#endif /* _TCPHS_DROP_H */

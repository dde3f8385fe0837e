// SPDX-License-Identifier: GPL-2.0
/*
 * What a full queue makes a listener drop: SYNs, and third ACKs that find no
 * room in the accept queue.
 *
 * The kernel calls nothing when it drops one, and its test can't be repeated
 * beforehand: another CPU may change the queue in between. But it counts what it
 * drops, each CPU for itself. So a segment for a listener whose queue may be full
 * is put on trial when it arrives, with those counts as they stand, and the
 * verdict is read from them before the same CPU counts anything else: when the
 * next such segment arrives, or else when this CPU's round of softirqs ends.
 *
 * That relies on softirqs of a CPU not to interleave, which is so also on
 * PREEMPT_RT as long as local_bh_disable() takes its lock. Where it does not, nobody
 * is tried, and the hook that would only do that is refused (compat/softirq.h).
 */
#include <linux/interrupt.h>
#include <linux/percpu.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include "compat/sock.h"
#include "probe/drop.h"
#include "store/clock.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/listener.h"
#include "table/share.h"
#include "table/step.h"
#include "table/who.h"

DEFINE_PER_CPU(struct tcphs_trial, tcphs_trial);

static void read_counts(struct tcphs_drops *drops, const struct net *net, unsigned int cpu)
{
	const struct linux_mib *mib = per_cpu_ptr(net->mib.net_statistics, cpu);

	drops->accept_full = READ_ONCE(mib->mibs[LINUX_MIB_LISTENOVERFLOWS]);
	drops->syn_full = READ_ONCE(mib->mibs[LINUX_MIB_TCPREQQFULLDROP]);
}

/*
 * Interrupts are off; the record is the caller's to complete and commit. @conn: the
 * connection's entry, in its section, or NULL.
 */
static struct tcphs_event *begin_drop(struct tcphs_net *tn, const struct tcphs_who *id,
				      struct tcphs_conn *conn, const struct tcphs_queue *queue,
				      u8 type, u8 reason)
{
	u64 now = tcphs_now();
	unsigned int lane;
	struct tcphs_listener *listener;
	struct tcphs_event *ev;

	listener = tcphs_listener_lookup(queue->listener);
	if (listener) {
		atomic64_inc(&listener->drops);
		if (reason == TCPHS_REASON_ACCEPT_QUEUE_FULL) {
			atomic64_inc(&listener->overflows);
			tcphs_listener_marks(listener, queue);
		}
	}
	tcphs_failure_count(tn, reason);
	lane = tcphs_share_lane(listener ? listener->share : tn->share, id->local_port);
	ev = conn ? tcphs_conn_event(conn, now, type, conn->state) :
		    tcphs_event_begin(tn, id, lane, now, type);
	ev->flags |= TCPHS_F_QUEUE;
	ev->reason = reason;
	ev->queue = *queue;
	return ev;
}

static void record_syn(struct tcphs_net *tn, const struct tcphs_who *id,
		       const struct tcphs_queue *queue, u8 reason)
{
	struct tcphs_event *ev;

	ev = begin_drop(tn, id, NULL, queue, TCPHS_EV_SYN_DROPPED, reason);
	ev->flags |= TCPHS_F_PEER_ISN | TCPHS_F_SEQ;
	ev->old_state = TCPHS_STATE_LISTEN;
	ev->new_state = TCPHS_STATE_LISTEN;
	ev->seq = id->peer_isn;
	tcphs_event_commit(tn);
}

static void record_ack(const struct tcphs_trial *t)
{
	const struct tcphs_who *id = &t->id;
	u8 state = TCPHS_STATE_SYN_RECV;
	struct tcphs_section *s;
	struct tcphs_event *ev;

	s = tcphs_conn_enter_untimed(id->conn);
	if (s->conn) {
		id = &s->conn->id;
		state = s->conn->state;
	}
	/*
	 * A request stays, unless it is to be reset; one made of a cookie goes. Another CPU
	 * may have made its child of another segment, and that lives.
	 */
	if (s->conn && !(s->conn->marks & TCPHS_C_CHILD) &&
	    (s->conn->marks & TCPHS_C_COOKIE ||
	     READ_ONCE(t->tn->net->ipv4.sysctl_tcp_abort_on_overflow)))
		s->conn->hint = TCPHS_REASON_ACCEPT_QUEUE_FULL;
	ev = begin_drop(t->tn, id, s->conn, &t->queue, TCPHS_EV_ACCEPT_OVERFLOW,
			TCPHS_REASON_ACCEPT_QUEUE_FULL);
	if (!s->conn)
		ev->flags |= TCPHS_F_UNTRACKED;
	ev->old_state = state;
	ev->new_state = state;
	tcphs_step_numbers(ev, t->seq, t->ack);
	if (s->conn)
		tcphs_step_done(s);
	else
		tcphs_event_commit(t->tn);
	tcphs_conn_leave(s);
}

static void verdict(struct tcphs_trial *t)
{
	struct tcphs_queue *queue = &t->queue;
	struct tcphs_drops now;

	read_counts(&now, t->tn->net, t->cpu);
	if (now.accept_full != t->before.accept_full) {
		/* Another CPU may have filled it after we had looked. */
		queue->accept_queue = max(queue->accept_queue, queue->accept_limit + 1);
		if (t->id.conn)
			record_ack(t);
		else
			record_syn(t->tn, &t->id, queue, TCPHS_REASON_ACCEPT_QUEUE_FULL);
	} else if (now.syn_full != t->before.syn_full) {
		queue->syn_queue = max(queue->syn_queue, tcphs_syn_queue_full(queue->syn_limit));
		record_syn(t->tn, &t->id, queue, TCPHS_REASON_SYN_QUEUE_FULL);
	}
}

/* @tn: only what belongs to this namespace, NULL: to any */
static void settle(struct tcphs_trial *t, const struct tcphs_net *tn)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	if (t->tn && (!tn || t->tn == tn)) {
		verdict(t);
		t->tn = NULL;
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

/* Its CPU may have gone offline and left it to another. */
static void on_end(struct tasklet_struct *end)
{
	settle(container_of(end, struct tcphs_trial, end), NULL);
}

/**
 * tcphs_drop_settle_now() - the verdict on what is on trial on this CPU
 *
 * For tcphs_drop_settle(), which asks first whether there is anything.
 *
 * Context: softirq or with softirqs disabled, outside of a section.
 */
void tcphs_drop_settle_now(void)
{
	settle(this_cpu_ptr(&tcphs_trial), NULL);
}

/**
 * tcphs_drop_acquit() - what is on trial on this CPU was not dropped
 *
 * For tcphs_drop_answered(), which asks first whether there is anything.
 *
 * Context: softirq, outside of a section.
 */
void tcphs_drop_acquit(void)
{
	struct tcphs_trial *t = this_cpu_ptr(&tcphs_trial);
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	t->tn = NULL;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

/**
 * tcphs_drop_forget_netns() - the verdict on all that is on trial of a namespace
 * @tn: the namespace
 *
 * Context: process; none of its segments is under way any more.
 */
void tcphs_drop_forget_netns(const struct tcphs_net *tn)
{
	int cpu;

	for_each_possible_cpu(cpu)
		settle(per_cpu_ptr(&tcphs_trial, cpu), tn);
}

static void try(const struct sock *sk, const struct sk_buff *skb, const struct tcphs_who *id)
{
	struct net *net = sock_net(sk);
	unsigned long irqflags;
	struct tcphs_trial *t;

	local_irq_save(irqflags);
	t = this_cpu_ptr(&tcphs_trial);
	raw_spin_lock(&t->lock);
	t->tn = tcphs_net(net);
	t->id = *id;
	t->id.role = TCPHS_ROLE_PASSIVE;
	t->seq = TCP_SKB_CB(skb)->seq;
	t->ack = TCP_SKB_CB(skb)->ack_seq;
	tcphs_listener_depths(&t->queue, sk);
	read_counts(&t->before, net, t->cpu);
	raw_spin_unlock(&t->lock);
	tasklet_schedule(&t->end);
	local_irq_restore(irqflags);
}

/**
 * tcphs_drop_try_syn() - a SYN may find a full queue
 * @sk: the listener
 * @skb: the SYN
 *
 * Context: softirq, at the entry of tcp_conn_request(); settled.
 */
void tcphs_drop_try_syn(const struct sock *sk, const struct sk_buff *skb)
{
	struct tcphs_who id = { .peer_isn = TCP_SKB_CB(skb)->seq };

	tcphs_who_from_skb(&id, skb);
	try(sk, skb, &id);
}

/**
 * tcphs_drop_try_ack() - a third ACK may find a full accept queue
 * @sk: the listener
 * @skb: the ACK
 * @req: the request that it asks a socket for
 *
 * Context: softirq, before tcp_v4_syn_recv_sock(); settled.
 */
void tcphs_drop_try_ack(const struct sock *sk, const struct sk_buff *skb,
			struct request_sock *req)
{
	struct tcphs_who id = { .conn = tcphs_cookie_make(req_to_sk(req)) };

	tcphs_who_handshake(&id, req);
	try(sk, skb, &id);
}

/**
 * tcphs_drop_syn() - a SYN was dropped, and that is known
 * @sk: the listener
 * @id: its addresses and ISN, and the TCPHS_F_* that go with them
 * @reason: enum tcphs_reason
 *
 * Context: softirq or process.
 */
void tcphs_drop_syn(const struct sock *sk, struct tcphs_who *id, u8 reason)
{
	struct tcphs_net *tn = tcphs_net(sock_net(sk));
	struct tcphs_queue queue;
	unsigned long irqflags;

	id->role = TCPHS_ROLE_PASSIVE;
	local_irq_save(irqflags);
	tcphs_listener_depths(&queue, sk);
	record_syn(tn, id, &queue, reason);
	local_irq_restore(irqflags);
}

/**
 * tcphs_drop_init() - nothing is on trial
 *
 * Context: process.
 * Return: 0.
 */
int tcphs_drop_init(void)
{
	struct tcphs_trial *t;
	int cpu;

	for_each_possible_cpu(cpu) {
		t = per_cpu_ptr(&tcphs_trial, cpu);
		raw_spin_lock_init(&t->lock);
		tasklet_setup(&t->end, on_end);
		t->cpu = cpu;
	}
	return 0;
}

/**
 * tcphs_drop_exit() - the reverse
 *
 * Context: process, may sleep; no hook is active and every namespace forgotten.
 */
void tcphs_drop_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(&tcphs_trial, cpu)->end);
}

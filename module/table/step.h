/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every step tells, inline, because every step pays for it: a record in this CPU's
 * ring, and what is counted with it. A compiler that finds it too long for that is not
 * asked.
 */
#ifndef _TCPHS_STEP_H
#define _TCPHS_STEP_H

#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/tcphs.h>
#include "store/bell.h"
#include "store/clock.h"
#include "store/kept.h"
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/owner.h"
#include "table/share.h"
#include "table/who.h"

/**
 * tcphs_event_begin() - start a record in this CPU's ring
 * @tn: namespace it belongs to
 * @id: who, and the TCPHS_F_* that go with it
 * @lane: of tcphs_share_lane(), or TCPHS_LANE_STRANGERS
 * @before: link to the record before it of its life, or 0
 * @now: ns
 * @type: enum tcphs_event_type
 *
 * Context: interrupts off until tcphs_event_commit().
 * Return: the record, complete but for what the step knows; every byte is set.
 */
static inline struct tcphs_event *tcphs_event_begin(struct tcphs_net *tn,
						     const struct tcphs_who *id, unsigned int lane,
						     u64 before, u64 now, u8 type)
{
	struct tcphs_ring *ring = __this_cpu_read(tcphs_stores.ring[TCPHS_STORE_RING]);
	struct tcphs_stats *st = this_cpu_ptr(tn->stats);
	struct tcphs_slot *slot = tcphs_ring_begin(ring, lane);
	struct tcphs_event *ev = &slot->ev;

	WRITE_ONCE(slot->before, before);

	st->events[type]++;
	ev->number = st->recorded + 1;
	ev->time = now;
	ev->duration = 0;
	ev->type = type;
	ev->old_state = 0;
	ev->new_state = 0;
	ev->reason = TCPHS_REASON_NONE;
	ev->seq = 0;
	ev->ack = 0;
	ev->flags = id->flags;
	ev->cpu = smp_processor_id();
	ev->icmp_type = 0;
	ev->icmp_code = 0;
	ev->ifindex = id->ifindex;
	memcpy(&ev->id, id, offsetof(struct tcphs_who, owner));
	if (id->owner) {
		memcpy(ev->id.comm, id->owner->comm, TCPHS_COMM_LEN);
		memcpy(ev->id.thread, id->owner->thread, TCPHS_COMM_LEN);
	} else {
		memset(ev->id.comm, 0, TCPHS_COMM_LEN);
		memset(ev->id.thread, 0, TCPHS_COMM_LEN);
	}
	memset(&ev->queue, 0, sizeof(ev->queue));
	return ev;
}

/* Publishes a record, and rings for readers that wait. */
static __always_inline struct tcphs_ring *tcphs_event_publish(struct tcphs_net *tn)
{
	struct tcphs_ring *ring = __this_cpu_read(tcphs_stores.ring[TCPHS_STORE_RING]);
	struct tcphs_stats *st = this_cpu_ptr(tn->stats);

	tcphs_ring_commit(ring);
	/* Whoever sees the count finds the record in the ring, or overwritten. */
	smp_store_release(&st->recorded, st->recorded + 1);
	if (unlikely(READ_ONCE(tn->bell.armed)))
		tcphs_bell_pull(&tn->bell);
	if (unlikely(READ_ONCE(tcphs_bell_all.armed)))
		tcphs_bell_pull(&tcphs_bell_all);
	return ring;
}

/**
 * tcphs_event_commit() - publish a record of what has no entry
 * @tn: as given to tcphs_event_begin()
 *
 * Context: as tcphs_event_begin(), on the same CPU.
 */
static __always_inline void tcphs_event_commit(struct tcphs_net *tn)
{
	struct tcphs_ring *ring = tcphs_event_publish(tn);

	if (!tcphs_notable(&ring->writing->ev))
		return;
	tcphs_cause_count(tn, &ring->writing->ev);
	tcphs_kept_step(ring);
}

/* By its service: what a stranger may choose says nothing of whose a connection is. */
static __always_inline unsigned int tcphs_lane_of(struct tcphs_conn *conn)
{
	BUILD_BUG_ON(TCPHS_LANES > 1U << (32 - TCPHS_C_LANE));
	if (unlikely(!(conn->marks >> TCPHS_C_LANE)))
		conn->marks |= tcphs_share_lane(conn->share, conn->id.role == TCPHS_ROLE_PASSIVE ?
						conn->id.local_port : conn->id.peer_port) <<
			       TCPHS_C_LANE;
	return conn->marks >> TCPHS_C_LANE;
}

/* The next record of a connection; the caller completes and commits it as its step. */
static __always_inline struct tcphs_event *tcphs_conn_event(struct tcphs_conn *conn, u64 now,
							     u8 type)
{
	struct tcphs_ring *ring = __this_cpu_read(tcphs_stores.ring[TCPHS_STORE_RING]);
	struct tcphs_event *ev;

	ev = tcphs_event_begin(conn->tn, &conn->id, tcphs_lane_of(conn), conn->last, now, type);
	conn->last = tcphs_ring_link(ring, ring->writing, ring->head + 1);
	return ev;
}

/* The record of a step of s->conn; the caller completes and commits it. */
static __always_inline struct tcphs_event *tcphs_step(struct tcphs_section *s, u8 type, u8 new_state)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev;

	ev = tcphs_conn_event(conn, s->now, type);
	ev->old_state = conn->state;
	ev->new_state = new_state;
	return ev;
}

static __always_inline void tcphs_step_done(struct tcphs_section *s)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_ring *ring = tcphs_event_publish(conn->tn);

	if (likely(!(conn->marks & TCPHS_C_KEPT) && !tcphs_notable(&ring->writing->ev)))
		return;
	tcphs_cause_count(conn->tn, &ring->writing->ev);
	if (conn->marks & TCPHS_C_KEPT)
		tcphs_kept_step(ring);
	else
		tcphs_kept_life(ring);
	conn->marks |= TCPHS_C_KEPT;
}

/* Counts a duration of @s->conn's namespace. */
static inline void tcphs_hist_count(struct tcphs_section *s, unsigned int hist, u64 ns)
{
	struct tcphs_net *tn = s->conn->tn;
	struct tcphs_durations *d = &tn->durations[smp_processor_id() & tn->durations_mask];
	s64 max;

	atomic64_inc(&d->hist[hist].bucket[tcphs_hist_index(ns)]);
	max = atomic64_read(&d->hist[hist].max);
	while (unlikely(ns > (u64)max) && !atomic64_try_cmpxchg(&d->hist[hist].max, &max, ns))
		;
}

/* Completes @ev with the time since @from, unless that is only when we came. */
static inline void tcphs_step_since(struct tcphs_section *s, struct tcphs_event *ev, u64 from)
{
	if (s->conn->id.flags & TCPHS_F_ADOPTED && from <= s->conn->born)
		return;
	ev->duration = tcphs_elapsed(from, s->now);
	ev->flags |= TCPHS_F_DURATION;
}

static inline void tcphs_step_numbers(struct tcphs_event *ev, u32 seq, u32 ack)
{
	ev->seq = seq;
	ev->ack = ack;
	ev->flags |= TCPHS_F_SEQ | TCPHS_F_ACK;
}

static inline void tcphs_failure_count(struct tcphs_net *tn, u8 reason)
{
	this_cpu_ptr(tn->stats)->failures[reason]++;
}

#endif /* _TCPHS_STEP_H */

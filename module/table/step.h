/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every step tells: a record in this CPU's ring, and what is counted with it. How a
 * record begins is long and the same for all (step.c); the rest is inline, because every
 * step pays for it.
 */
#ifndef _TCPHS_STEP_H
#define _TCPHS_STEP_H

#include <linux/percpu.h>
#include <linux/tcphs.h>
#include "store/bell.h"
#include "store/clock.h"
#include "store/kept.h"
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/who.h"

struct tcphs_event *tcphs_event_begin(struct tcphs_net *tn, const struct tcphs_who *id,
				      unsigned int lane, u64 now, unsigned int type);
struct tcphs_event *tcphs_conn_event(struct tcphs_conn *conn, u64 now, unsigned int type,
				     unsigned int new_state);

/* Publishes a record of so many steps, and rings for readers that wait. */
static __always_inline struct tcphs_ring *tcphs_event_publish(struct tcphs_net *tn,
							      unsigned int steps)
{
	struct tcphs_ring *ring = __this_cpu_read(tcphs_stores.ring[TCPHS_STORE_RING]);
	struct tcphs_stats *st = this_cpu_ptr(tn->stats);

	tcphs_ring_commit(ring, steps);
	/* Whoever sees the count finds the record in the ring, or overwritten. */
	smp_store_release(&st->recorded, st->recorded + steps);
	if (unlikely(READ_ONCE(tn->bell.armed) | READ_ONCE(tcphs_bell_all.armed))) {
		tcphs_bell_pull(&tn->bell);
		tcphs_bell_pull(&tcphs_bell_all);
	}
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
	struct tcphs_ring *ring = tcphs_event_publish(tn, 1);

	if (!tcphs_notable(&ring->writing->ev))
		return;
	tcphs_cause_count(tn, &ring->writing->ev);
	tcphs_kept_step(ring);
}

/* The record of a step of s->conn; the caller completes and commits it. */
static __always_inline struct tcphs_event *tcphs_step(struct tcphs_section *s, u8 type, u8 new_state)
{
	return tcphs_conn_event(s->conn, s->now, type, new_state);
}

static __always_inline void tcphs_step_done(struct tcphs_section *s)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_ring *ring = tcphs_event_publish(conn->tn, 1);

	if (likely(!(conn->marks & TCPHS_C_KEPT) && !tcphs_notable(&ring->writing->ev)))
		return;
	tcphs_cause_count(conn->tn, &ring->writing->ev);
	if (conn->marks & TCPHS_C_KEPT)
		tcphs_kept_step(ring);
	else
		tcphs_kept_life(ring);
	conn->marks |= TCPHS_C_KEPT;
}

/* The record of steps of one instant; the caller completes and commits it. */
static __always_inline struct tcphs_slot *tcphs_steps(struct tcphs_section *s,
						      enum tcphs_instant type, u8 new_state)
{
	return container_of(tcphs_conn_event(s->conn, s->now, type, new_state),
			    struct tcphs_slot, ev);
}

/* None of them is notable. */
static __always_inline void tcphs_steps_done(struct tcphs_section *s, enum tcphs_instant type)
{
	struct tcphs_conn *conn = s->conn;
	struct tcphs_ring *ring = tcphs_event_publish(conn->tn, tcphs_instant_steps(type));

	conn->last = tcphs_ring_link(ring, ring->writing, ring->head);
	if (unlikely(conn->marks & TCPHS_C_KEPT))
		tcphs_kept_step(ring);
}

/* Counts a duration of @s->conn's namespace. Returns its bucket. */
static inline unsigned int tcphs_hist_count(struct tcphs_section *s, unsigned int hist, u64 ns)
{
	struct tcphs_net *tn = s->conn->tn;
	struct tcphs_durations *d = &tn->durations[smp_processor_id() & tn->durations_mask];
	unsigned int index = tcphs_hist_index(ns);
	s64 max;

	atomic64_inc(&d->hist[hist].bucket[index]);
	max = atomic64_read(&d->hist[hist].max);
	while (unlikely(ns > (u64)max) && !atomic64_try_cmpxchg(&d->hist[hist].max, &max, ns))
		;
	return index;
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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every step leaves: a record in this CPU's ring, and what is counted with it.
 *
 * How a record begins is long and the same for all, so most steps call for it (tcphs_step()).
 * Those that each connection takes when all goes well have it inline (tcphs_pen): what is
 * found for its beginning is at hand for its end, and so is what can't happen to such a step.
 */
#ifndef _TCPHS_STEP_H
#define _TCPHS_STEP_H

#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/tcphs.h>
#include "store/bell.h"
#include "store/clock.h"
#include "store/kept.h"
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/owner.h"
#include "table/who.h"

struct tcphs_event *tcphs_event_begin(struct tcphs_net *tn, const struct tcphs_who *id,
				      unsigned int lane, u64 now, unsigned int type);
struct tcphs_event *tcphs_conn_event(struct tcphs_conn *conn, u64 now, unsigned int type,
				     unsigned int new_state);

unsigned int tcphs_conn_lane(struct tcphs_conn *conn, u64 now);

/* What a record is written with, and where to. */
struct tcphs_pen {
	struct tcphs_ring *ring;
	struct tcphs_stats *stats;	/* this CPU's of the namespace */
	struct tcphs_slot *slot;
};

static __always_inline struct tcphs_ring *tcphs_this_ring(void)
{
	return __this_cpu_read(tcphs_stores.ring[TCPHS_STORE_RING]);
}

/* A record of @id, complete but for what the step knows, and the link; every byte is set. */
static __always_inline void tcphs_pen_begin(struct tcphs_pen *pen, const struct tcphs_net *tn,
					    unsigned int lane, const struct tcphs_who *id, u64 now,
					    unsigned int type)
{
	struct tcphs_slot *slot = tcphs_ring_begin(pen->ring, lane);
	const struct tcphs_owner *owner = id->owner;
	struct tcphs_event *ev = &slot->ev;

	pen->slot = slot;
	pen->stats->events[type]++;
	ev->number = pen->stats->recorded + 1;
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
	ev->id.netns = tn->inum;
	if (owner) {
		ev->id.pid = owner->pid;
		ev->id.cgroup = owner->cgroup;
		memcpy(ev->id.comm, owner->comm, TCPHS_COMM_LEN);
		memcpy(ev->id.thread, owner->thread, TCPHS_COMM_LEN);
	} else {
		ev->id.pid = 0;
		ev->id.cgroup = 0;
		memset(ev->id.comm, 0, TCPHS_COMM_LEN);
		memset(ev->id.thread, 0, TCPHS_COMM_LEN);
	}
	memset(ev->detail, 0, sizeof(ev->detail));
}

/* tcphs_conn_event(), inline. */
static __always_inline struct tcphs_event *tcphs_conn_begin(struct tcphs_pen *pen,
							    struct tcphs_conn *conn, u64 now,
							    unsigned int type, unsigned int new_state)
{
	unsigned int lane = conn->marks >> TCPHS_C_LANE;

	pen->ring = tcphs_this_ring();
	pen->stats = this_cpu_ptr(conn->tn->stats);
	/* None yet, or something is owed (TCPHS_C_OWED). */
	if (unlikely(lane - 1 >= TCPHS_LANES - 1 || tcphs_ring_is_full(pen->ring, lane)))
		lane = tcphs_conn_lane(conn, now);
	tcphs_pen_begin(pen, conn->tn, lane, &conn->id, now, type);
	pen->slot->ev.old_state = conn->state;
	pen->slot->ev.new_state = new_state;
	WRITE_ONCE(pen->slot->link, conn->last);
	conn->last = tcphs_ring_link(pen->ring, pen->slot,
				     pen->ring->head + tcphs_instant_steps(type));
	return &pen->slot->ev;
}

/* Publishes a record of so many steps, and rings for readers that wait. */
static __always_inline void tcphs_pen_publish(const struct tcphs_pen *pen, struct tcphs_net *tn,
					      unsigned int steps)
{
	tcphs_ring_commit(pen->ring, pen->slot, steps);
	/* Whoever sees the count finds the record in the ring, or overwritten. */
	smp_store_release(&pen->stats->recorded, pen->stats->recorded + steps);
	if (unlikely(READ_ONCE(tn->bell.armed) | READ_ONCE(tcphs_bell_all.armed))) {
		tcphs_bell_pull(&tn->bell);
		tcphs_bell_pull(&tcphs_bell_all);
	}
}

/* The same, of the record that is being written. */
static __always_inline struct tcphs_ring *tcphs_event_publish(struct tcphs_net *tn)
{
	struct tcphs_pen pen = { tcphs_this_ring(), this_cpu_ptr(tn->stats) };

	pen.slot = pen.ring->writing;
	tcphs_pen_publish(&pen, tn, 1);
	return pen.ring;
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

/* The record of a step of s->conn; the caller completes and commits it. */
static __always_inline struct tcphs_event *tcphs_step(struct tcphs_section *s, u8 type, u8 new_state)
{
	return tcphs_conn_event(s->conn, s->now, type, new_state);
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

/* After tcphs_step_done(): from this step on the life of @s->conn is kept, whatever it was. */
static inline void tcphs_step_keep(struct tcphs_section *s)
{
	if (s->conn->marks & TCPHS_C_KEPT)
		return;
	tcphs_kept_life(tcphs_this_ring());
	s->conn->marks |= TCPHS_C_KEPT;
}

/* tcphs_step(), inline; @type may also be a tcphs_instant. With @pen it is completed and ended. */
static __always_inline struct tcphs_event *tcphs_pen_step(struct tcphs_section *s,
							  struct tcphs_pen *pen, unsigned int type,
							  u8 new_state)
{
	return tcphs_conn_begin(pen, s->conn, s->now, type, new_state);
}

/* The end of a step of that @type, which is not notable. */
static __always_inline void tcphs_pen_done(struct tcphs_section *s, const struct tcphs_pen *pen,
					   unsigned int type)
{
	struct tcphs_conn *conn = s->conn;

	tcphs_pen_publish(pen, conn->tn, tcphs_instant_steps(type));
	if (unlikely(conn->marks & TCPHS_C_KEPT))
		tcphs_kept_step(pen->ring);
}

/* Before the life of @s->conn is written to, where it may be in SYN_RECV. */
static __always_inline void tcphs_step_owed(struct tcphs_section *s)
{
	if (unlikely(s->conn->marks & TCPHS_C_OWED))
		tcphs_conn_lane(s->conn, s->now);
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

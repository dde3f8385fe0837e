// SPDX-License-Identifier: GPL-2.0
/*
 * How a record begins. Every step comes by here, so the usual way calls nothing and keeps
 * all it needs in registers; what is rare is done apart, and then it begins again.
 */
#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/owner.h"
#include "table/share.h"
#include "table/step.h"
#include "table/who.h"

static __always_inline struct tcphs_ring *this_ring(void)
{
	return __this_cpu_read(tcphs_stores.ring[TCPHS_STORE_RING]);
}

/* A record of @id, complete but for what the step knows; every byte is set. */
static __always_inline struct tcphs_slot *begin(struct tcphs_ring *ring, unsigned int lane,
						struct tcphs_net *tn, const struct tcphs_who *id,
						u64 now, unsigned int type)
{
	struct tcphs_stats *st = this_cpu_ptr(tn->stats);
	struct tcphs_slot *slot = tcphs_ring_begin(ring, lane);
	const struct tcphs_owner *owner = id->owner;
	struct tcphs_event *ev = &slot->ev;

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
	if (owner) {
		memcpy(ev->id.comm, owner->comm, TCPHS_COMM_LEN);
		memcpy(ev->id.thread, owner->thread, TCPHS_COMM_LEN);
	} else {
		memset(ev->id.comm, 0, TCPHS_COMM_LEN);
		memset(ev->id.thread, 0, TCPHS_COMM_LEN);
	}
	memset(&ev->queue, 0, sizeof(ev->queue));
	return slot;
}

/**
 * tcphs_event_begin() - start a record of what has no entry, in this CPU's ring
 * @tn: namespace it belongs to
 * @id: who, and the TCPHS_F_* that go with it
 * @lane: of tcphs_share_lane(), or TCPHS_LANE_STRANGERS
 * @now: ns
 * @type: enum tcphs_event_type
 *
 * Context: interrupts off until tcphs_event_commit().
 * Return: the record, complete but for what the step knows; every byte is set.
 */
struct tcphs_event *tcphs_event_begin(struct tcphs_net *tn, const struct tcphs_who *id,
				      unsigned int lane, u64 now, unsigned int type)
{
	struct tcphs_ring *ring = this_ring();
	struct tcphs_slot *slot;

	if (unlikely(tcphs_ring_is_full(ring, lane)))
		tcphs_ring_extend(ring, lane);
	slot = begin(ring, lane, tn, id, now, type);
	WRITE_ONCE(slot->link, 0);
	return &slot->ev;
}

/* By its service: what a stranger may choose says nothing of whose a connection is. */
static void choose_lane(struct tcphs_conn *conn)
{
	BUILD_BUG_ON(TCPHS_LANES > 1U << (32 - TCPHS_C_LANE));
	conn->marks |= tcphs_share_lane(conn->share, conn->id.role == TCPHS_ROLE_PASSIVE ?
					conn->id.local_port : conn->id.peer_port) << TCPHS_C_LANE;
}

/* The first record of a connection, or the first of a segment. */
static noinline struct tcphs_event *conn_event_apart(struct tcphs_conn *conn, u64 now,
						     unsigned int type, unsigned int new_state)
{
	struct tcphs_ring *ring = this_ring();

	if (!(conn->marks >> TCPHS_C_LANE))
		choose_lane(conn);
	if (tcphs_ring_is_full(ring, conn->marks >> TCPHS_C_LANE))
		tcphs_ring_extend(ring, conn->marks >> TCPHS_C_LANE);
	return tcphs_conn_event(conn, now, type, new_state);
}

/**
 * tcphs_conn_event() - start the next record of a connection, in this CPU's ring
 * @conn: its entry, with the state before the step
 * @now: ns
 * @type: enum tcphs_event_type, or tcphs_instant of steps that are committed together
 * @new_state: enum tcphs_state after the step
 *
 * Context: interrupts off until it is committed as a step of its section, or by
 * tcphs_event_commit().
 * Return: as tcphs_event_begin().
 */
struct tcphs_event *tcphs_conn_event(struct tcphs_conn *conn, u64 now, unsigned int type,
				     unsigned int new_state)
{
	unsigned int lane = conn->marks >> TCPHS_C_LANE;
	struct tcphs_ring *ring = this_ring();
	struct tcphs_slot *slot;

	if (unlikely(!lane || tcphs_ring_is_full(ring, lane)))
		return conn_event_apart(conn, now, type, new_state);
	slot = begin(ring, lane, conn->tn, &conn->id, now, type);
	slot->ev.old_state = conn->state;
	slot->ev.new_state = new_state;
	WRITE_ONCE(slot->link, conn->last);
	conn->last = tcphs_ring_link(ring, slot, ring->head + 1);
	return &slot->ev;
}

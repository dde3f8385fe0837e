// SPDX-License-Identifier: GPL-2.0
/* How a record begins, where that is not inline, and what is rare of it where it is. */
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
	struct tcphs_pen pen = { tcphs_this_ring(), this_cpu_ptr(tn->stats) };

	if (unlikely(tcphs_ring_is_full(pen.ring, lane)))
		tcphs_ring_extend(pen.ring, lane);
	tcphs_pen_begin(&pen, tn, lane, id, now, type);
	WRITE_ONCE(pen.slot->link, 0);
	return &pen.slot->ev;
}

/* By its service: what a stranger may choose says nothing of whose a connection is. */
static void choose_lane(struct tcphs_conn *conn)
{
	BUILD_BUG_ON(TCPHS_LANES > 1U << (31 - TCPHS_C_LANE));
	conn->marks |= tcphs_share_lane(conn->share, conn->id.role == TCPHS_ROLE_PASSIVE ?
					conn->id.local_port : conn->id.peer_port) << TCPHS_C_LANE;
}

/* Something else than established follows. */
static void record_queued(struct tcphs_conn *conn, u64 now)
{
	struct tcphs_event *ev;
	struct tcphs_ring *ring;

	conn->marks &= ~TCPHS_C_OWED;
	ev = tcphs_conn_event(conn, now, TCPHS_EV_ACCEPT_QUEUED, TCPHS_STATE_SYN_RECV);
	tcphs_step_numbers(ev, conn->id.peer_isn + 1, conn->id.isn + 1);
	ev->duration = tcphs_elapsed(conn->born, now);
	ev->queue = conn->queue;
	ev->flags |= TCPHS_F_DURATION | TCPHS_F_QUEUE;
	memset(&conn->life, 0, sizeof(conn->life));
	conn->mark = now;
	ring = tcphs_event_publish(conn->tn);
	if (conn->marks & TCPHS_C_KEPT)
		tcphs_kept_step(ring);
}

/**
 * tcphs_conn_lane() - in which lane a connection writes, with room for a record in it
 * @conn: its entry
 * @now: ns
 *
 * For tcphs_conn_begin(): this is its first record, or the first of a segment, or something
 * has to be recorded before.
 *
 * Context: interrupts off.
 */
unsigned int tcphs_conn_lane(struct tcphs_conn *conn, u64 now)
{
	struct tcphs_ring *ring = tcphs_this_ring();

	if (conn->marks & TCPHS_C_OWED)
		record_queued(conn, now);
	if (!(conn->marks >> TCPHS_C_LANE))
		choose_lane(conn);
	if (tcphs_ring_is_full(ring, conn->marks >> TCPHS_C_LANE))
		tcphs_ring_extend(ring, conn->marks >> TCPHS_C_LANE);
	return conn->marks >> TCPHS_C_LANE;
}

/**
 * tcphs_conn_event() - start the next record of a connection, in this CPU's ring
 * @conn: its entry, with the state before the step
 * @now: ns
 * @type: enum tcphs_event_type
 * @new_state: enum tcphs_state after the step
 *
 * Context: interrupts off until it is committed as a step of its section, or by
 * tcphs_event_commit().
 * Return: as tcphs_event_begin().
 */
struct tcphs_event *tcphs_conn_event(struct tcphs_conn *conn, u64 now, unsigned int type,
				     unsigned int new_state)
{
	struct tcphs_pen pen;

	return tcphs_conn_begin(&pen, conn, now, type, new_state);
}

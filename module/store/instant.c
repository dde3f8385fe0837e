// SPDX-License-Identifier: GPL-2.0
/* The steps of one instant, each a record, out of the slot that they share. */
#include <linux/kernel.h>
#include <linux/string.h>
#include "store/instant.h"

static const u8 steps[][TCPHS_INSTANT_STEPS] = {
	[TCPHS_INSTANT_LAST_ACK - TCPHS_EV_MAX - 1] = { TCPHS_EV_FIN_ACKED, TCPHS_EV_CLOSED },
	[TCPHS_INSTANT_TIME_WAIT - TCPHS_EV_MAX - 1] = { TCPHS_EV_FIN_RECEIVED, TCPHS_EV_TIME_WAIT,
							 TCPHS_EV_CLOSED },
	[TCPHS_INSTANT_QUEUED - TCPHS_EV_MAX - 1] = { TCPHS_EV_ACCEPT_QUEUED, TCPHS_EV_ESTABLISHED },
};

static void put_queued(const union tcphs_before *before, struct tcphs_event *ev)
{
	ev->new_state = TCPHS_STATE_SYN_RECV;
	ev->flags &= ~TCPHS_F_AGREED;
	ev->flags |= TCPHS_F_QUEUE;
	ev->queue = before->queue;
}

/* What leads to the end. */
static void put_closing(const union tcphs_before *before, struct tcphs_event *ev)
{
	ev->duration = before->duration;
	ev->flags &= ~(TCPHS_F_LIFE | TCPHS_F_TIME_WAIT_AHEAD);
	ev->flags |= TCPHS_F_SEQ | TCPHS_F_ACK;
	memset(ev->detail, 0, sizeof(ev->detail));
	if (ev->type == TCPHS_EV_FIN_RECEIVED) {
		ev->half.bytes = before->bytes;
		ev->flags |= TCPHS_F_HALF;
	} else if (ev->type == TCPHS_EV_TIME_WAIT) {
		/* The last ACK: from where the FIN had confirmed on, and it confirms that. */
		swap(ev->seq, ev->ack);
		ev->ack++;
	}
}

/**
 * tcphs_instant_step() - one of the steps that share a slot
 * @last: the slot's record, of enum tcphs_instant
 * @before: what it has beside that
 * @step: which, from 0, below tcphs_instant_steps()
 * @ev: gets its record; may be @last
 *
 * Context: any.
 */
void tcphs_instant_step(const struct tcphs_event *last, const union tcphs_before *before,
			unsigned int step, struct tcphs_event *ev)
{
	unsigned int type = last->type;

	if (ev != last)
		*ev = *last;
	ev->type = steps[type - TCPHS_EV_MAX - 1][step];
	ev->number += step;
	if (step)
		ev->flags &= ~TCPHS_F_GAP;
	switch (ev->type) {
	case TCPHS_EV_ESTABLISHED:
		break;
	case TCPHS_EV_ACCEPT_QUEUED:
		put_queued(before, ev);
		break;
	case TCPHS_EV_CLOSED:
		ev->seq = 0;
		ev->ack = 0;
		break;
	default:
		put_closing(before, ev);
	}
}

/**
 * tcphs_instant_count() - to each step what was counted of the instants
 * @events: by type, of enum tcphs_event_type and then of enum tcphs_instant
 *
 * Context: any.
 */
void tcphs_instant_count(u64 *events)
{
	unsigned int type, step;

	for (type = TCPHS_EV_MAX + 1; type <= TCPHS_INSTANT_MAX; type++)
		for (step = 0; step < tcphs_instant_steps(type); step++)
			events[steps[type - TCPHS_EV_MAX - 1][step]] += events[type];
}

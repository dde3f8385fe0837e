// SPDX-License-Identifier: GPL-2.0
/* The steps of one instant, each a record, out of the slot that they share. */
#include <linux/kernel.h>
#include <linux/string.h>
#include "store/instant.h"

static const u8 steps[][TCPHS_INSTANT_STEPS] = {
	[TCPHS_INSTANT_LAST_ACK - TCPHS_EV_MAX - 1] = { TCPHS_EV_FIN_ACKED, TCPHS_EV_CLOSED },
	[TCPHS_INSTANT_TIME_WAIT - TCPHS_EV_MAX - 1] = { TCPHS_EV_FIN_RECEIVED, TCPHS_EV_TIME_WAIT,
							 TCPHS_EV_CLOSED },
};

/* Of a step that is not the last. Of those that there are, none is notable. */
static void earlier(const struct tcphs_before *before, struct tcphs_event *ev)
{
	ev->duration = before->duration;
	ev->flags &= ~(TCPHS_F_LIFE | TCPHS_F_TIME_WAIT_AHEAD);
	ev->flags |= TCPHS_F_SEQ | TCPHS_F_ACK | TCPHS_F_DURATION;
	memset(&ev->queue, 0, sizeof(ev->queue));
	switch (ev->type) {
	case TCPHS_EV_FIN_RECEIVED:
		ev->half.bytes = before->bytes;
		ev->flags |= TCPHS_F_HALF;
		break;
	case TCPHS_EV_TIME_WAIT:
		/* The last ACK: of what the FIN had confirmed, it goes on, and confirms that. */
		swap(ev->seq, ev->ack);
		ev->ack++;
		break;
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
void tcphs_instant_step(const struct tcphs_event *last, const struct tcphs_before *before,
			unsigned int step, struct tcphs_event *ev)
{
	unsigned int type = last->type;

	if (ev != last)
		*ev = *last;
	ev->type = steps[type - TCPHS_EV_MAX - 1][step];
	ev->number += step;
	if (step)
		ev->flags &= ~TCPHS_F_GAP;
	if (step + 1 < tcphs_instant_steps(type)) {
		earlier(before, ev);
		return;
	}
	ev->seq = 0;
	ev->ack = 0;
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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Steps of one connection that happen at one instant, one after the other, share a slot of
 * a store. To all who read they are records of their own, each with its number and place:
 * instant.c says how they are made of what the slot has.
 */
#ifndef _TCPHS_INSTANT_H
#define _TCPHS_INSTANT_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <linux/tcphs.h>

/* Instead of an event's type, in a slot alone. The record is that of the last step. */
enum tcphs_instant {
	TCPHS_INSTANT_LAST_ACK = TCPHS_EV_MAX + 1,	/* fin-acked, closed */
	TCPHS_INSTANT_TIME_WAIT,			/* fin-received, time-wait, closed */
	TCPHS_INSTANT_QUEUED,				/* accept-queued, established */

	__TCPHS_INSTANT_MAX
};
#define TCPHS_INSTANT_MAX	(__TCPHS_INSTANT_MAX - 1)
#define TCPHS_INSTANT_STEPS	3U	/* at most */

/*
 * What steps have that are not the last, beside the last one's record: @seq and @ack of that
 * are theirs. Written for these types alone.
 */
union tcphs_before {
	struct tcphs_queue queue;	/* of accept-queued; its duration is the handshake's, too */
	struct {			/* of the others */
		u64 duration;		/* ns */
		u64 bytes;		/* of fin-received: struct tcphs_half */
	};
};

/* How many steps a slot's record is. @type: of it */
static __always_inline unsigned int tcphs_instant_steps(unsigned int type)
{
	BUILD_BUG_ON(TCPHS_INSTANT_MAX >= 64);
	return type <= TCPHS_EV_MAX ? 1 : type == TCPHS_INSTANT_TIME_WAIT ? 3 : 2;
}

void tcphs_instant_step(const struct tcphs_event *last, const union tcphs_before *before,
			unsigned int step, struct tcphs_event *ev);
void tcphs_instant_count(u64 *events);

#endif /* _TCPHS_INSTANT_H */

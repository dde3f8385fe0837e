/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which lives are kept: the one place that says what is notable. Inline, for every
 * record is asked.
 */
#ifndef _TCPHS_KEPT_H
#define _TCPHS_KEPT_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/tcphs.h>
#include "store/ring.h"

/* Something went wrong, whatever its reason. Listeners are few, and say when a service came. */
#define TCPHS_NOTABLE_EVENTS	(BIT_ULL(TCPHS_EV_SYN_RETRANSMIT) |	\
				 BIT_ULL(TCPHS_EV_SYN_DROPPED) |	\
				 BIT_ULL(TCPHS_EV_SYNCOOKIE_SENT) |	\
				 BIT_ULL(TCPHS_EV_SYNACK_RETRANSMIT) |	\
				 BIT_ULL(TCPHS_EV_REQUEST_EXPIRED) |	\
				 BIT_ULL(TCPHS_EV_REQUEST_RESET) |	\
				 BIT_ULL(TCPHS_EV_ACCEPT_OVERFLOW) |	\
				 BIT_ULL(TCPHS_EV_CONNECT_FAILED) |	\
				 BIT_ULL(TCPHS_EV_FIN_RETRANSMIT) |	\
				 BIT_ULL(TCPHS_EV_RST_SENT) |		\
				 BIT_ULL(TCPHS_EV_RST_RECEIVED) |	\
				 BIT_ULL(TCPHS_EV_TIME_WAIT_FIN) |	\
				 BIT_ULL(TCPHS_EV_SYN_DUPLICATE) |	\
				 BIT_ULL(TCPHS_EV_SYN_UNEXPECTED) |	\
				 BIT_ULL(TCPHS_EV_MIGRATED) |		\
				 BIT_ULL(TCPHS_EV_ICMP_RECEIVED) |	\
				 BIT_ULL(TCPHS_EV_LISTEN) |		\
				 BIT_ULL(TCPHS_EV_UNLISTEN) |		\
				 BIT_ULL(TCPHS_EV_BACKLOG_CHANGED))

/* Reasons that stand in records of good lives too. */
#define TCPHS_USUAL_REASONS	(BIT_ULL(TCPHS_REASON_EXPIRED) |		\
				 BIT_ULL(TCPHS_REASON_REUSED_BY_SYN) |		\
				 BIT_ULL(TCPHS_REASON_REUSED_BY_CONNECT) |	\
				 BIT_ULL(TCPHS_REASON_NETNS_EXIT) |		\
				 BIT_ULL(TCPHS_REASON_FASTOPEN) |		\
				 BIT_ULL(TCPHS_REASON_TAKEN_OUT))

/**
 * tcphs_notable() - does a step make its life one that is kept
 * @ev: the step, complete
 *
 * Context: any.
 */
static __always_inline bool tcphs_notable(const struct tcphs_event *ev)
{
	BUILD_BUG_ON(TCPHS_EV_MAX >= 64 || TCPHS_REASON_MAX >= 64);
	if (unlikely(TCPHS_NOTABLE_EVENTS >> ev->type & 1))
		return true;
	/* As nearly always, and quicker to see than in the mask. */
	return ev->reason != TCPHS_REASON_NONE && !(TCPHS_USUAL_REASONS >> ev->reason & 1);
}

void tcphs_kept_life(const struct tcphs_ring *from);
void tcphs_kept_step(const struct tcphs_ring *from);

#endif /* _TCPHS_KEPT_H */

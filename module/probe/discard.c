// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that the kernel throws away and says why, handed to whom they concern. One of
 * millions does, so one function asks for all: a tracepoint with two calls a list of them.
 */
#include <trace/events/skb.h>
#include "attach/hook.h"
#include "compat/trace.h"
#include "probe/probe.h"

/* A segment of any protocol. Any context but NMI. */
static void __maybe_unused on_discard(TCPHS_DROP_ARGS)
{
	tcphs_hook_hit(data);
	if (unlikely(TCPHS_IS_INVALID_SYN))
		tcphs_challenge_dropped(skb);
	else if (unlikely(TCPHS_IS_BLOCKED))
		tcphs_unsent_blocked(skb);
}

static void __always_unused prototypes(void)
{
	check_trace_callback_type_kfree_skb(on_discard);
}

struct tcphs_hook tcphs_hooks_discard[] = {
	TCPHS_TRACEPOINT_DISCARD(on_discard)
	{ }
};

// SPDX-License-Identifier: GPL-2.0
/* The hook table: what all files of this folder want to see. */
#include "attach/hook.h"
#include "probe/probe.h"

struct tcphs_hook *const tcphs_probes[] = {
	tcphs_hooks_listen,
	tcphs_hooks_end,
	tcphs_hooks_reset,
	tcphs_hooks_time_wait,
	tcphs_hooks_challenge,
	tcphs_hooks_discard,
	tcphs_hooks_request,
	tcphs_hooks_accept,
	tcphs_hooks_move,
#if IS_ENABLED(CONFIG_MPTCP)
	tcphs_hooks_mptcp,
#endif
	tcphs_hooks_open,
	tcphs_hooks_resend,
	tcphs_hooks_icmp,
	tcphs_hooks_unsent,
	/* Of the tracepoints the last: with it, whatever moves is known or adopted. */
	tcphs_hooks_state,
	NULL
};

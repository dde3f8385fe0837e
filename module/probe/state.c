// SPDX-License-Identifier: GPL-2.0
/*
 * The state changes of full sockets, handed to whom they concern. The
 * tracepoint fires before the new state is stored. Requests and TIME_WAIT
 * buckets have no state changes; see request.c and time_wait.c.
 */
#include <net/sock.h>
#include <net/tcp_states.h>
#include <trace/events/sock.h>
#include "attach/hook.h"
#include "probe/probe.h"

static void on_state(void *data, const struct sock *sk, const int old, const int new)
{
	tcphs_hook_hit(data);
	/* close() after shutdown() sets the state that it has (tcp_close_state()). */
	if (sk->sk_protocol != IPPROTO_TCP || old == new)
		return;

	switch (new) {
	case TCP_ESTABLISHED:
		tcphs_open_established(sk, old);
		break;
	case TCP_SYN_RECV:
		/* From LISTEN it is a child being cloned, its cookie not yet set. */
		if (old == TCP_SYN_SENT)
			tcphs_open_simultaneous(sk);
		break;
	case TCP_FIN_WAIT1:
	case TCP_LAST_ACK:
		tcphs_fin_sent(sk, old, new);
		break;
	case TCP_CLOSE_WAIT:
	case TCP_CLOSING:
		tcphs_fin_received(sk, old, new);
		break;
	case TCP_FIN_WAIT2:
		tcphs_fin_acked(sk, old, new);
		break;
	case TCP_CLOSE:
		if (old == TCP_LISTEN)
			tcphs_listen_closed(sk);
		else if (old == TCP_SYN_SENT)
			tcphs_open_failed(sk);
		else
			tcphs_end_closed(sk, old);
		break;
	}
}

static void __always_unused prototypes(void)
{
	check_trace_callback_type_inet_sock_set_state(on_state);
}

struct tcphs_hook tcphs_hooks_state[] = {
	TCPHS_TRACEPOINT(inet_sock_set_state, on_state, true, "every state change"),
	{ }
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Multipath TCP (RFC 8684): subflows are TCP connections, and two things are not.
 *
 * accept() hands out a socket of MPTCP's own. Which connection it stands for is recorded
 * when it is made, together with the child of the first subflow (table/pairs.c).
 *
 * A subflow that joins goes through no accept queue: its request ends while its child
 * lives on.
 */
#include <linux/percpu.h>
#include <net/tcp.h>
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "probe/probe.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/pairs.h"

/*
 * mptcp_pm_new_connection(): a connection has its first subflow; on the server's side that
 * is a child on its way to the accept queue. Softirq, child locked.
 */
static void __maybe_unused on_connection(struct tcphs_regs *regs)
{
	const struct sock *sk = tcphs_argument(regs, 0);
	const struct sock *child = tcphs_argument(regs, 1);
	int server = (unsigned long)tcphs_argument(regs, 2);

	if (server && !tcphs_pairs_add(tcphs_cookie_make(sk), tcphs_cookie_make(child)))
		this_cpu_inc(tcphs_net(sock_net(child))->stats->refused[TCPHS_REFUSED_MEMORY]);
}

/*
 * mptcp_finish_join(): MPTCP is about to take a subflow in. Of the server's, the child has
 * proved that it may join; it may still be refused, and is closed then before its request
 * ends. Softirq, child locked.
 */
static void on_join(struct tcphs_regs *regs)
{
	const struct sock *child = tcphs_argument(regs, 0);
	struct tcphs_section *s;

	if (child->sk_state != TCP_SYN_RECV)
		return;
	s = tcphs_conn_enter_untimed(tcphs_cookie(child));
	if (s->conn && s->conn->state == TCPHS_STATE_SYN_RECV &&
	    s->conn->id.role == TCPHS_ROLE_PASSIVE)
		s->conn->marks |= TCPHS_C_JOINED;
	tcphs_conn_leave(s);
}

struct tcphs_hook tcphs_hooks_mptcp[] = {
	TCPHS_ENTRY_NEW_MPTCP(on_connection, false, "accept() of MPTCP")
	TCPHS_ENTRY("mptcp_finish_join", on_join, false, "subflows of MPTCP that join, one life each"),
	{ }
};

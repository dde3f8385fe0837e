// SPDX-License-Identifier: GPL-2.0
/*
 * listen() that has succeeded. The state change to LISTEN comes too early, with
 * no port yet and bind conflicts still ahead (inet_csk_listen_start()), so the
 * entry into the listening hash table is watched instead. The end of a listener
 * is a state change; see probe/state.c.
 */
#include <linux/net.h>
#include <net/tcp.h>
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "internal.h"

/* Process context, socket locked. Also called for sockets that connect. */
static void on_hash(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);

	if (sk->sk_state == TCP_LISTEN && sk->sk_protocol == IPPROTO_TCP)
		tcphs_listener_open(sk, false);
}

/* inet_listen(): of a socket that listens already, only its backlog changes. Process. */
static void on_listen(struct tcphs_regs *regs)
{
	const struct socket *sock = tcphs_argument(regs, 0);
	struct sock *sk = sock->sk;

	if (sk->sk_protocol == IPPROTO_TCP && READ_ONCE(sk->sk_state) == TCP_LISTEN)
		tcphs_listener_backlog(sk, (unsigned long)tcphs_argument(regs, 1));
}

struct tcphs_hook tcphs_hooks_listen[] = {
	TCPHS_ENTRY("inet_hash", on_hash, true, "listening sockets"),
	TCPHS_ENTRY("inet_listen", on_listen, false, "listen() again, with another backlog"),
	TCPHS_ENTRY_INET6_HASH(on_hash)
	{ }
};

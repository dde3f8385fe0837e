// SPDX-License-Identifier: GPL-2.0
/*
 * listen() that has succeeded. The state change to LISTEN comes too early, with
 * no port yet and bind conflicts still ahead (inet_csk_listen_start()), so the
 * entry into the listening hash table is watched instead. The end of a listener
 * is a state change; see probe/state.c.
 */
#include <linux/net.h>
#include <net/tcp.h>
#include "attach/attach.h"
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "probe/probe.h"
#include "store/clock.h"
#include "table/listener.h"
#include "table/share.h"
#include "table/step.h"

static void record(const struct tcphs_listener *l, u8 type, u64 now)
{
	unsigned int lane = tcphs_share_lane(l->share, l->id.local_port);
	struct tcphs_event *ev = tcphs_event_begin(l->tn, &l->id, lane, now, type);

	ev->old_state = type == TCPHS_EV_LISTEN ? TCPHS_STATE_CLOSE : TCPHS_STATE_LISTEN;
	ev->new_state = type == TCPHS_EV_UNLISTEN ? TCPHS_STATE_CLOSE : TCPHS_STATE_LISTEN;
	tcphs_listener_put_depths(ev, l->sk);
	ev->queue.syn_limit = l->backlog;
	ev->queue.accept_limit = l->backlog;
	if (type == TCPHS_EV_UNLISTEN && !(l->id.flags & TCPHS_F_ADOPTED)) {
		ev->duration = tcphs_elapsed(l->born, now);
		ev->flags |= TCPHS_F_DURATION;
	}
	tcphs_event_commit(l->tn);
}

static void record_listen(const struct tcphs_listener *l, u64 now)
{
	record(l, TCPHS_EV_LISTEN, now);
}

static void record_backlog(const struct tcphs_listener *l, u64 now)
{
	record(l, TCPHS_EV_BACKLOG_CHANGED, now);
}

static void record_unlisten(const struct tcphs_listener *l, u64 now)
{
	record(l, TCPHS_EV_UNLISTEN, now);
}

/*
 * Process context, socket locked. Also called for sockets that connect. One that listens
 * before its end would be seen could be freed without a word, and its entry be read all
 * the same: it is adopted, if it is still there.
 */
static void on_hash(struct tcphs_regs *regs)
{
	struct sock *sk = tcphs_argument(regs, 0);

	if (tcphs_attach_is_complete() && sk->sk_state == TCP_LISTEN && sk->sk_protocol == IPPROTO_TCP)
		tcphs_listener_open(sk, record_listen);
}

/* Of a socket that listens already, listen() only changes the backlog. Process. */
static void listen_again(struct sock *sk, int backlog)
{
	if (sk->sk_protocol == IPPROTO_TCP && READ_ONCE(sk->sk_state) == TCP_LISTEN)
		tcphs_listener_backlog(sk, backlog, record_backlog);
}

/* inet_listen(): the socket is not locked yet. */
static void on_listen(struct tcphs_regs *regs)
{
	const struct socket *sock = tcphs_argument(regs, 0);

	listen_again(sock->sk, (unsigned long)tcphs_argument(regs, 1));
}

/*
 * __inet_listen_sk(): the same, of the first subflow of a listener of MPTCP; or, where that has
 * been recorded already and changes nothing, of any. Socket locked.
 */
static void __maybe_unused on_listen_sk(struct tcphs_regs *regs)
{
	listen_again(tcphs_argument(regs, 0), (unsigned long)tcphs_argument(regs, 1));
}

/**
 * tcphs_listen_closed() - a socket listens no more
 * @sk: going from LISTEN to CLOSE
 *
 * Context: process, @sk locked.
 */
void tcphs_listen_closed(const struct sock *sk)
{
	tcphs_listener_close((struct sock *)sk, record_unlisten);
}

struct tcphs_hook tcphs_hooks_listen[] = {
	TCPHS_ENTRY("inet_hash", on_hash, true, "listening sockets"),
	TCPHS_ENTRY("inet_listen", on_listen, false, "listen() again, with another backlog"),
	TCPHS_ENTRY_LISTEN_SK(on_listen_sk, false, "listen() of MPTCP again, with another backlog")
	TCPHS_ENTRY_INET6_HASH(on_hash)
	{ }
};

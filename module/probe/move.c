// SPDX-License-Identifier: GPL-2.0
/*
 * Requests and children that move: their listener closes, and another of its SO_REUSEPORT
 * group takes them over, where net.ipv4.tcp_migrate_req or a BPF program of the group
 * says so. The kernel copies the request, cookie and all, and frees the original.
 *
 * A request in the SYN queue moves by its timer, or with its third ACK, which then makes
 * its child at the other listener; a child in the accept queue at once.
 */
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "probe/probe.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/listener.h"
#include "table/step.h"

static void record_moved(struct tcphs_section *s, const struct sock *to, u32 syn_queue,
			 u32 accept_queue)
{
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_MIGRATED, s->conn->state);

	tcphs_listener_queues(ev, s->conn->listener, to, syn_queue, accept_queue);
	tcphs_step_done(s);
}

/**
 * tcphs_move_by_ack() - a third ACK makes its child at another listener
 * @s: section of the connection
 * @to: that listener
 *
 * Context: inside a section, softirq.
 */
void tcphs_move_by_ack(struct tcphs_section *s, const struct sock *to)
{
	tcphs_conn_set_listener(s, to);
	record_moved(s, to, inet_csk_reqsk_queue_len(to), READ_ONCE(to->sk_ack_backlog));
}

/**
 * tcphs_move_done() - is the request that ends one that has moved?
 * @s: section of the connection, in SYN_RECV and without a child
 * @req: the request: the original, or a copy that came to nothing, which goes first
 *
 * Context: inside a section; the original on the CPU, and in the softirq, of the move.
 * Return: whether the connection goes on, with the copy or, for a moment, the original.
 */
bool tcphs_move_done(struct tcphs_section *s, const struct request_sock *req)
{
	struct tcphs_conn *conn = s->conn;
	const struct request_sock *original = conn->original;
	const struct sock *to;

	conn->original = NULL;
	if (likely(!original))
		return false;
	if (original != req)
		return true;
	/* There was no memory for a copy. */
	if (conn->copies_failed != tcphs_copies_failed(conn->tn->net))
		return false;
	if (conn->listener && !READ_ONCE(conn->listener->gone)) {
		to = conn->listener->sk;
		record_moved(s, to, inet_csk_reqsk_queue_len(to), READ_ONCE(to->sk_ack_backlog));
	}
	return true;
}

/*
 * inet_reqsk_clone(): a request, or the child that one has become, is to move to another
 * listener. A child does, for all that can be in its way is memory, or that this listener
 * closes as well, and then it is reset. A request may have no resend left, or its third
 * ACK may come on another CPU: whether it has moved shows when the original goes. (If the
 * third ACK is here, the child was recorded just now.)
 * Softirq, or with softirqs disabled the process that closes the listener; child locked.
 */
static void __maybe_unused on_move(struct tcphs_regs *regs)
{
	struct request_sock *req = tcphs_argument(regs, 0);
	const struct sock *to = tcphs_argument(regs, 1);
	struct tcphs_section *s;
	struct tcphs_conn *conn;

	if (to->sk_protocol != IPPROTO_TCP)
		return;
	s = tcphs_conn_enter(tcphs_cookie(req->sk ?: req_to_sk(req)));
	conn = s->conn;
	if (!conn)
		goto out;
	if (conn->marks & TCPHS_C_QUEUED && req->sk) {
		tcphs_conn_set_listener(s, to);
		record_moved(s, to, inet_csk_reqsk_queue_len(to),
			     READ_ONCE(to->sk_ack_backlog) + 1);
	} else if (!(conn->marks & TCPHS_C_CHILD)) {
		tcphs_conn_set_listener(s, to);
		conn->original = req;
		conn->copies_failed = tcphs_copies_failed(conn->tn->net);
	}
out:
	tcphs_conn_leave(s);
}

struct tcphs_hook tcphs_hooks_move[] = {
	TCPHS_ENTRY_CLONE(on_move, false, "requests that move to another listener")
	{ }
};

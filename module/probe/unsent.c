// SPDX-License-Identifier: GPL-2.0
/*
 * Connects that come to nothing on this machine: connect() that fails before there is
 * a SYN, and SYNs, or what answers them, that its own firewall drops.
 *
 * The kernel leaves nothing behind but what connect() returns. A security module that
 * refuses it (security_socket_connect()) does so before TCP is asked, and is not seen.
 */
#include <linux/atomic.h>
#include <linux/inetdevice.h>
#include <linux/kernel.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include <net/transp_v6.h>
#include "attach/hook.h"
#include "attach/returns.h"
#include "compat/sock.h"
#include "probe/probe.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/step.h"
#include "table/who.h"

/*
 * Sockets without an entry of which a failure is recorded that connect() has not returned yet. Of
 * two that share a place one is recorded twice.
 */
static atomic64_t told[64];

static atomic64_t *told_of(u64 cookie)
{
	return &told[cookie % ARRAY_SIZE(told)];
}

/**
 * tcphs_unsent_told() - connect() is about to fail, and that is recorded
 * @s: section of the socket
 *
 * Context: process, inside a section.
 */
void tcphs_unsent_told(struct tcphs_section *s)
{
	if (likely(tcphs_conn_of_socket(s) && !s->scratch))
		s->conn->marks |= TCPHS_C_TOLD;
	else
		atomic64_set(told_of(s->cookie), s->cookie);
}

/* Is it? And who asks has been told. */
static bool was_told(struct tcphs_section *s)
{
	s64 cookie = s->cookie;

	if (s->conn && s->conn->marks & TCPHS_C_TOLD) {
		s->conn->marks &= ~TCPHS_C_TOLD;
		return true;
	}
	return atomic64_read(told_of(cookie)) == cookie &&
	       atomic64_try_cmpxchg(told_of(cookie), &cookie, 0);
}

/**
 * tcphs_unsent() - connect() fails, and no SYN was sent
 * @s: section of the socket; gets an entry in CLOSE, which ends with the socket and
 *	counts how often it has tried
 * @sk: the socket
 * @peer: where to, or NULL: as the socket has it
 * @old_state: TCPHS_STATE_CLOSE, or TCPHS_STATE_SYN_SENT if it came that far
 * @reason: enum tcphs_reason
 * @flags: TCPHS_F_* to add to the record
 *
 * Context: process, inside a section, @sk locked.
 */
void tcphs_unsent(struct tcphs_section *s, const struct sock *sk, const struct sockaddr *peer,
		  u8 old_state, u8 reason, u32 flags)
{
	u16 generation = 0;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;

	if (s->conn) {
		generation = s->conn->id.generation + 1;
		if (!(s->conn->id.flags & TCPHS_F_BUCKET))
			tcphs_conn_remove(s);
	}
	conn = tcphs_conn_add(s, tcphs_net(sock_net(sk)), sk, TCPHS_STATE_CLOSE, true);
	tcphs_who_from_sock(&conn->id, sk);
	if (peer)
		tcphs_who_peer(&conn->id, peer);
	tcphs_who_owner(&conn->id, conn->tn, conn->share);
	conn->id.role = TCPHS_ROLE_ACTIVE;
	conn->id.generation = generation;

	ev = tcphs_step(s, TCPHS_EV_CONNECT_FAILED, TCPHS_STATE_CLOSE);
	ev->old_state = old_state;
	ev->reason = reason;
	ev->flags |= flags;
	tcphs_failure_count(conn->tn, reason);
	tcphs_step_done(s);
}

/* It was bound to an address that is gone: the kernel has no errno of its own for that. */
static bool source_is_gone(const struct sock *sk)
{
	__be32 saddr = inet_sk(sk)->inet_saddr;

	return saddr && saddr != LOOPBACK4_IPV6 && !__ip_dev_find(sock_net(sk), saddr, false);
}

static u8 reason_of(const struct sock *sk, int err)
{
	switch (err) {
	/* A route that is a black hole, too, and a link-local address without a device. */
	case -EINVAL:
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -ENODEV:
		return source_is_gone(sk) ? TCPHS_REASON_NO_ADDRESS : TCPHS_REASON_NO_ROUTE;
	case -EADDRNOTAVAIL:
		return TCPHS_REASON_NO_ADDRESS;
	case -EACCES:
	case -EPERM:
		return TCPHS_REASON_NOT_PERMITTED;
	case -ENOMEM:
	case -ENOBUFS:
		return TCPHS_REASON_NO_MEMORY;
	}
	return TCPHS_REASON_OTHER;
}

/*
 * No address to speak of, or of another family: that is no attempt. There may be none at
 * all (sendto() with MSG_FASTOPEN), and what is behind its end is nobody's.
 */
static bool is_address(const struct sockaddr *peer, int len, int family)
{
	int least = family == AF_INET ? sizeof(struct sockaddr_in) : SIN6_LEN_RFC2133;

	return peer && len >= least && peer->sa_family == family;
}

/*
 * tcp_v4_connect(), tcp_v6_connect(); and tcp_v4_pre_connect(), tcp_v6_pre_connect(),
 * which ask the BPF programs of the cgroup and are called only where there are any. What
 * fails after SYN_SENT was set has been recorded by tcphs_open_failed(). A socket of IPv6
 * comes twice to an IPv4 address, inside first. Process context, socket locked.
 */
static void connect_returns(const struct tcphs_call *call, int err, int family)
{
	struct sock *sk = (struct sock *)call->argument[0];
	const struct sockaddr *peer = (const struct sockaddr *)call->argument[1];
	bool inside = sk->sk_family != family;
	struct tcphs_section *s;
	u8 reason;

	if (err == -EAFNOSUPPORT || sk->sk_protocol != IPPROTO_TCP ||
	    !is_address(peer, (int)call->argument[2], family))
		return;
	reason = reason_of(sk, err);
	s = tcphs_conn_enter(tcphs_cookie_make(sk));
	if (!was_told(s))
		tcphs_unsent(s, sk, peer, TCPHS_STATE_CLOSE, reason, 0);
	if (inside)
		tcphs_unsent_told(s);
	tcphs_conn_leave(s);
}

static void on_connect_v4(const struct tcphs_call *call, int err)
{
	if (unlikely(err))
		connect_returns(call, err, AF_INET);
}

static void on_connect_v6(const struct tcphs_call *call, int err)
{
	if (unlikely(err))
		connect_returns(call, err, AF_INET6);
}

/**
 * tcphs_unsent_blocked() - netfilter, or a BPF program of the cgroup, drops a segment
 * @skb: of any protocol
 *
 * What a socket in SYN_SENT sends, or is sent, is remembered: by its number among the
 * SYNs, for the next one may get through.
 *
 * Context: any but NMI.
 */
void tcphs_unsent_blocked(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;
	struct tcphs_section *s;

	if (!sk || READ_ONCE(sk->sk_state) != TCP_SYN_SENT || sk->sk_protocol != IPPROTO_TCP)
		return;
	s = tcphs_conn_enter_untimed(tcphs_cookie(sk));
	if (s->conn && s->conn->state == TCPHS_STATE_SYN_SENT)
		s->conn->data = READ_ONCE(tcp_sk(sk)->total_retrans) + 1;
	tcphs_conn_leave(s);
}

static struct tcphs_return connect_v4 = { .handler = on_connect_v4 };
static struct tcphs_return connect_v6 = { .handler = on_connect_v6 };
static struct tcphs_return permit_v4 = { .handler = on_connect_v4 };
static struct tcphs_return permit_v6 = { .handler = on_connect_v6 };

struct tcphs_hook tcphs_hooks_unsent[] = {
	TCPHS_RETURN("tcp_v4_connect", &connect_v4, false,
		     "connects that fail before their SYN, IPv4"),
	TCPHS_RETURN("tcp_v6_connect", &connect_v6, false,
		     "connects that fail before their SYN, IPv6"),
	TCPHS_RETURN("tcp_v4_pre_connect", &permit_v4, false,
		     "connects that BPF forbids, IPv4"),
	TCPHS_RETURN("tcp_v6_pre_connect", &permit_v6, false,
		     "connects that BPF forbids, IPv6"),
	{ }
};

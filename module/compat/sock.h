/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets, their hash tables and the TIME_WAIT bookkeeping.
 *
 * 5.10  the SYN queue is full above its limit, in older stable releases at it
 * 5.11  tcp_reset() gets the segment
 * 5.14  requests move to another listener of their group
 * 5.19  listeners are in lhash2 by sk_nulls_node, not by icsk_listen_portaddr_node
 * 6.1   a namespace may have an ehash of its own; tcp_death_row.hashinfo names
 *	 the right one on every kernel, tcp_hashinfo does not
 * 6.6   flags of struct inet_sock are bits of inet_flags
 *	 MPTCP calls __inet_listen_sk() instead of inet_listen()
 * 6.12  inet_twsk_hashdance_schedule() takes the place of inet_twsk_hashdance()
 * 6.17  sockets are looked up without naming the table
 * 6.18  sk_drops is read by sk_drops_read()
 *	 ECN comes in two modes, and tcp_ecn_mode_any() says so
 * 7.x   inet_hash() is for IPv6 too
 */
#ifndef _TCPHS_COMPAT_SOCK_H
#define _TCPHS_COMPAT_SOCK_H

#include <linux/ipv6.h>
#include <net/inet6_hashtables.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/tcp.h>
#include "compat.h"

#ifdef TCPHS_HAVE_HASHDANCE_SCHEDULE
#define TCPHS_HASHDANCE "inet_twsk_hashdance_schedule"
#else
#define TCPHS_HASHDANCE "inet_twsk_hashdance"
#endif

/* Rows of the hook table for functions that only a kernel with IPv6, or SYN cookies, has. */
#if IS_ENABLED(CONFIG_IPV6)
#define TCPHS_ENTRY_IPV6(...) TCPHS_ENTRY(__VA_ARGS__),
#else
#define TCPHS_ENTRY_IPV6(...)
#endif

/* 5.12  mptcp_pm_new_connection() gets the subflow, too, as its events came */
#ifdef TCPHS_HAVE_MPTCP_EVENTS
#define TCPHS_ENTRY_NEW_MPTCP(...) TCPHS_ENTRY("mptcp_pm_new_connection", __VA_ARGS__),
#else
#define TCPHS_ENTRY_NEW_MPTCP(...)
#endif

/* Where inet_listen() has it inline, MPTCP alone calls it. */
#if defined(TCPHS_HAVE_LISTEN_SK) && IS_ENABLED(CONFIG_MPTCP)
#define TCPHS_ENTRY_LISTEN_SK(...) TCPHS_ENTRY("__inet_listen_sk", __VA_ARGS__),
#else
#define TCPHS_ENTRY_LISTEN_SK(...)
#endif

#ifdef CONFIG_SYN_COOKIES
#define TCPHS_ENTRY_SYN_COOKIES(...) TCPHS_ENTRY(__VA_ARGS__),
#else
#define TCPHS_ENTRY_SYN_COOKIES(...)
#endif

/* What puts a listening socket into its table, and the row of the hook table for IPv6. */
#if defined(TCPHS_HAVE_INET6_HASH) && IS_ENABLED(CONFIG_IPV6)
#define TCPHS_INET6_HASH
#define TCPHS_ENTRY_INET6_HASH(...) \
	TCPHS_ENTRY("inet6_hash", __VA_ARGS__, false, "listening sockets, IPv6"),
#else
#define TCPHS_ENTRY_INET6_HASH(...)
#endif

static inline const char *tcphs_hash_function(const struct sock *sk)
{
#ifdef TCPHS_INET6_HASH
	if (sk->sk_family == AF_INET6)
		return "inet6_hash";
#endif
	return "inet_hash";
}

/* What copies a request for another listener, and its row of the hook table. */
#ifdef TCPHS_HAVE_MIGRATION
#define TCPHS_ENTRY_CLONE(...)	TCPHS_ENTRY("inet_reqsk_clone", __VA_ARGS__),
#else
#define TCPHS_ENTRY_CLONE(...)
#endif

/* How often this CPU failed to move a request. Softirqs disabled. */
static inline u32 tcphs_copies_failed(const struct net *net)
{
#ifdef TCPHS_HAVE_MIGRATION
	return this_cpu_read(net->mib.net_statistics->mibs[LINUX_MIB_TCPMIGRATEREQFAILURE]);
#else
	return 0;
#endif
}

/* How many sockets a CPU has ended for which there was no TIME_WAIT bucket. */
static inline unsigned long tcphs_buckets_refused(const struct net *net, unsigned int cpu)
{
	return READ_ONCE(per_cpu_ptr(net->mib.net_statistics, cpu)->
			 mibs[LINUX_MIB_TCPTIMEWAITOVERFLOW]);
}

static inline struct inet_hashinfo *tcphs_hashinfo(struct net *net)
{
	return net->ipv4.tcp_death_row.hashinfo;
}

/* Requests and buckets too; the caller gets a reference, for sock_gen_put(). */
static inline struct sock *tcphs_lookup_v4(struct net *net, __be32 peer, __be16 peer_port,
					   __be32 local, u16 local_port, int dif)
{
#ifdef TCPHS_HAVE_LOOKUP_HASHINFO
	return __inet_lookup_established(net, tcphs_hashinfo(net), peer, peer_port, local,
					 local_port, dif, 0);
#else
	return __inet_lookup_established(net, peer, peer_port, local, local_port, dif, 0);
#endif
}

#if IS_ENABLED(CONFIG_IPV6)
static inline struct sock *tcphs_lookup_v6(struct net *net, const struct in6_addr *peer,
					   __be16 peer_port, const struct in6_addr *local,
					   u16 local_port, int dif, int sdif)
{
#ifdef TCPHS_HAVE_LOOKUP_HASHINFO
	return __inet6_lookup_established(net, tcphs_hashinfo(net), peer, peer_port, local,
					  local_port, dif, sdif);
#else
	return __inet6_lookup_established(net, peer, peer_port, local, local_port, dif, sdif);
#endif
}
#endif

/* Calls @fn for each socket in a bucket of lhash2, whose lock is held. */
static inline void tcphs_each_listener(struct inet_listen_hashbucket *bucket,
				       void (*fn)(struct sock *sk))
{
#ifdef TCPHS_HAVE_LHASH2_ICSK
	struct inet_connection_sock *icsk;

	hlist_for_each_entry(icsk, &bucket->head, icsk_listen_portaddr_node)
		fn(&icsk->icsk_inet.sk);
#else
	struct hlist_nulls_node *node;
	struct sock *sk;

	sk_nulls_for_each(sk, node, &bucket->nulls_head)
		fn(sk);
#endif
}

/*
 * Has tcp_reset() ended the socket for a segment that is no RST, with
 * tcphs_reset_segment() unable to say so? Then a RST of ours follows.
 */
static inline bool tcphs_reset_was_hidden(const struct sock *sk)
{
#ifdef TCPHS_HAVE_TCP_RESET_SKB
	return false;
#else
	return sk_fullsock(sk) && sk->sk_state == TCP_CLOSE && READ_ONCE(sk->sk_err);
#endif
}

/* No SYN cookie was sent not long ago. */
static inline bool tcphs_no_cookie_lately(const struct sock *sk)
{
#ifdef CONFIG_SYN_COOKIES
	return tcp_synq_no_recent_overflow(sk);
#else
	return true;
#endif
}

static inline bool tcphs_ecn_ok(const struct tcp_sock *tp)
{
#ifdef TCPHS_HAVE_ECN_MODE_ANY
	return tcp_ecn_mode_any(tp);
#else
	return tp->ecn_flags & TCP_ECN_OK;
#endif
}

/* The shortest SYN queue that inet_csk_reqsk_queue_is_full() calls full. */
static inline u32 tcphs_syn_queue_full(u32 limit)
{
#ifdef TCPHS_HAVE_SYN_QUEUE_FULL_AT_LIMIT
	return limit;
#else
	return limit + 1;
#endif
}

static inline u32 tcphs_sk_drops(const struct sock *sk)
{
#ifdef TCPHS_HAVE_SK_DROPS_READ
	return sk_drops_read(sk);
#else
	return atomic_read(&sk->sk_drops);
#endif
}

/* TCP_FASTOPEN_CONNECT: connect() has returned, and the SYN is to go with the first data. */
static inline bool tcphs_connect_is_put_off(const struct sock *sk)
{
#ifdef TCPHS_HAVE_INET_FLAGS_DEFER
	return inet_test_bit(DEFER_CONNECT, sk);
#else
	return inet_sk(sk)->defer_connect;
#endif
}

/*
 * A child of a listener remembers the interface that its third ACK came by
 * (tcp_v4_syn_recv_sock(), tcp_v6_syn_recv_sock()) in a field that is otherwise
 * for multicast, and which no socket option sets on a stream socket.
 */
static inline bool tcphs_sk_is_child(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return inet6_sk(sk)->mcast_oif;
#endif
	return inet_sk(sk)->mc_index;
}

#endif /* _TCPHS_COMPAT_SOCK_H */

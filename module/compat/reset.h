/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a RST is seen that answers a segment.
 *
 * 6.10  the tracepoint tcp_send_reset fires for each, whatever the segment met, and
 *	 after the checks of RFC 2385 and RFC 5925. Until then there are the entries of
 *	 tcp_v4_send_reset() and tcp_v6_send_reset(), and what makes them return without
 *	 a word is repeated; that of RFC 2385 up to 6.6, where it can be asked for alone
 */
#ifndef _TCPHS_COMPAT_RESET_H
#define _TCPHS_COMPAT_RESET_H

#include <net/inet6_hashtables.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/tcp.h>
#include "compat.h"
#include "sock.h"

#ifdef TCPHS_HAVE_SEND_RESET_REASON

#define TCPHS_SEND_RESET_ARGS \
	void *data, const struct sock *sk, const struct sk_buff *skb, \
	const enum sk_rst_reason reason

/* The rows of the hook table: one of these two kinds is not there. */
#define TCPHS_TRACEPOINT_RESET(fn) \
	TCPHS_TRACEPOINT(tcp_send_reset, fn, false, "RSTs that answer a segment"),
#define TCPHS_ENTRY_RESET_V4(...)
#define TCPHS_ENTRY_RESET_V6(...)

#else

#define TCPHS_SEND_RESET_ARGS void *data, const struct sock *sk, const struct sk_buff *skb

#define TCPHS_TRACEPOINT_RESET(...)
#define TCPHS_ENTRY_RESET_V4(fn) \
	TCPHS_ENTRY("tcp_v4_send_reset", fn, false, "RSTs that answer a segment, IPv4"),
#define TCPHS_ENTRY_RESET_V6(fn) \
	TCPHS_ENTRY_IPV6("tcp_v6_send_reset", fn, false, "RSTs that answer a segment, IPv6")

#endif

#if defined(CONFIG_TCP_MD5SIG) && defined(TCPHS_HAVE_PARSE_MD5SIG)

/*
 * A signed segment that meets no socket is answered only if a listener here that has
 * its source port has the key it was signed with, for the answer has to be signed, too.
 */
static inline const struct sock *tcphs_key_holder(struct net *net, struct sk_buff *skb, bool v6,
						  int *l3index)
{
	const struct tcphdr *th = tcp_hdr(skb);
	int dif, sdif;

#if IS_ENABLED(CONFIG_IPV6)
	if (v6) {
		dif = tcp_v6_iif_l3_slave(skb);
		sdif = tcp_v6_sdif(skb);
		*l3index = sdif ? dif : 0;
		return inet6_lookup_listener(net, tcphs_hashinfo(net), NULL, 0,
					     &ipv6_hdr(skb)->saddr, th->source,
					     &ipv6_hdr(skb)->daddr, ntohs(th->source), dif, sdif);
	}
#endif
	dif = inet_iif(skb);
	sdif = tcp_v4_sdif(skb);
	*l3index = sdif ? dif : 0;
	return __inet_lookup_listener(net, tcphs_hashinfo(net), NULL, 0, ip_hdr(skb)->saddr,
				      th->source, ip_hdr(skb)->daddr, ntohs(th->source), dif, sdif);
}

static inline bool tcphs_is_signed_by(const struct sock *sk, const struct sk_buff *skb, bool v6,
				      int l3index, const u8 *hash)
{
	const union tcp_md5_addr *from = v6 ? (union tcp_md5_addr *)&ipv6_hdr(skb)->saddr :
					      (union tcp_md5_addr *)&ip_hdr(skb)->saddr;
	struct tcp_md5sig_key *key;
	char expected[16];
	int err;

	key = tcp_md5_do_lookup(sk, l3index, from, v6 ? AF_INET6 : AF_INET);
	if (!key)
		return false;
	if (v6)
		err = tcp_sk(sk)->af_specific->calc_md5_hash(expected, key, NULL, skb);
	else
		err = tcp_v4_md5_hash_skb(expected, key, NULL, skb);
	return !err && !memcmp(hash, expected, sizeof(expected));
}

/* Is the RST that is to answer @skb kept back? @sk as tcp_v4_send_reset() gets it. */
static inline bool tcphs_reset_withheld(const struct sock *sk, struct sk_buff *skb, bool v6)
{
	struct net *net = sk ? sock_net(sk) : dev_net(skb_dst(skb)->dev);
	const struct sock *holder;
	const u8 *hash;
	bool withheld;
	int l3index;

	if (sk && sk_fullsock(sk))
		return false;
	hash = tcp_parse_md5sig_option(tcp_hdr(skb));
	if (likely(!hash))
		return false;
	rcu_read_lock();
	holder = tcphs_key_holder(net, skb, v6, &l3index);
	withheld = !holder || !tcphs_is_signed_by(holder, skb, v6, l3index, hash);
	rcu_read_unlock();
	return withheld;
}

#else

static inline bool tcphs_reset_withheld(const struct sock *sk, struct sk_buff *skb, bool v6)
{
	return false;
}

#endif

#endif /* _TCPHS_COMPAT_RESET_H */

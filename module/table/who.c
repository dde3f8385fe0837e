// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel objects -> who a connection is. The only file that reads addresses out of
 * sockets.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include "table/owner.h"
#include "table/who.h"

static inline void put_v4(u8 to[16], __be32 address)
{
	memcpy(to, &address, sizeof(address));
}

static void set_v4(struct tcphs_who *id, __be32 local, __be32 peer)
{
	id->family = AF_INET;
	put_v4(id->local, local);
	put_v4(id->peer, peer);
}

/* An IPv4 conversation on an IPv6 socket is recorded as what is on the wire. */
static void set_v6(struct tcphs_who *id, const struct in6_addr *local,
		   const struct in6_addr *peer)
{
	if (ipv6_addr_v4mapped(peer)) {
		set_v4(id, local->s6_addr32[3], peer->s6_addr32[3]);
		id->flags |= TCPHS_F_MAPPED;
		return;
	}
	id->family = AF_INET6;
	memcpy(id->local, local, sizeof(id->local));
	memcpy(id->peer, peer, sizeof(id->peer));
}

static void set_ports(struct tcphs_who *id, __be16 local, __be16 peer)
{
	id->local_port = ntohs(local);
	id->peer_port = ntohs(peer);
}

/**
 * tcphs_who_from_sock() - addresses and ports of a full socket
 * @id: the result; other members are left alone; flags are added to
 * @sk: the socket
 *
 * Context: any, @sk held.
 */
void tcphs_who_from_sock(struct tcphs_who *id, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		set_v6(id, &sk->sk_v6_rcv_saddr, &sk->sk_v6_daddr);
	else
#endif
		set_v4(id, inet->inet_rcv_saddr, inet->inet_daddr);
	set_ports(id, inet->inet_sport, inet->inet_dport);
	id->ifindex = READ_ONCE(sk->sk_bound_dev_if);
}

/**
 * tcphs_who_from_req() - the same of a request in the SYN queue
 * @id: the result
 * @req: the request
 *
 * Context: any, @req held.
 */
void tcphs_who_from_req(struct tcphs_who *id, const struct request_sock *req)
{
	const struct inet_request_sock *ireq = inet_rsk(req);

#if IS_ENABLED(CONFIG_IPV6)
	if (ireq->ireq_family == AF_INET6) {
		set_v6(id, &ireq->ir_v6_loc_addr, &ireq->ir_v6_rmt_addr);
	} else
#endif
	{
		set_v4(id, ireq->ir_loc_addr, ireq->ir_rmt_addr);
		if (req->rsk_listener && req->rsk_listener->sk_family == AF_INET6)
			id->flags |= TCPHS_F_MAPPED;
	}
	id->local_port = ireq->ir_num;
	id->peer_port = ntohs(ireq->ir_rmt_port);
	id->ifindex = ireq->ir_iif;
}

/**
 * tcphs_who_handshake() - all that a request says of its connection
 * @id: gets addresses, role and both ISNs
 * @req: the request, its SYN+ACK made
 *
 * Context: any, @req held.
 */
void tcphs_who_handshake(struct tcphs_who *id, const struct request_sock *req)
{
	tcphs_who_from_req(id, req);
	id->role = TCPHS_ROLE_PASSIVE;
	id->isn = tcp_rsk(req)->snt_isn;
	id->peer_isn = tcp_rsk(req)->rcv_isn;
	id->flags |= TCPHS_F_ISN | TCPHS_F_PEER_ISN;
}

/**
 * tcphs_who_from_tw() - the same of a TIME_WAIT bucket
 * @id: the result
 * @tw: the bucket
 *
 * Context: any, @tw held or not yet unhashed.
 */
void tcphs_who_from_tw(struct tcphs_who *id, const struct inet_timewait_sock *tw)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (tw->tw_family == AF_INET6)
		set_v6(id, &tw->tw_v6_rcv_saddr, &tw->tw_v6_daddr);
	else
#endif
		set_v4(id, tw->tw_rcv_saddr, tw->tw_daddr);
	set_ports(id, tw->tw_sport, tw->tw_dport);
	id->ifindex = tw->tw_bound_dev_if;
}

/**
 * tcphs_who_from_skb() - the same of a segment that belongs to no socket
 * @id: the result, seen from this machine: local is where it was sent to
 * @skb: received segment, headers set
 *
 * Context: softirq.
 */
void tcphs_who_from_skb(struct tcphs_who *id, const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	if (skb->protocol == htons(ETH_P_IPV6))
		set_v6(id, &ipv6_hdr(skb)->daddr, &ipv6_hdr(skb)->saddr);
	else
		set_v4(id, ip_hdr(skb)->daddr, ip_hdr(skb)->saddr);
	set_ports(id, th->dest, th->source);
}

/**
 * tcphs_who_owner() - the current task owns it
 * @id: gets it
 * @tn: the namespace that @id is of
 * @share: whose its entry is
 *
 * Context: process, interrupts off, in a step that the owner itself takes: connect,
 * accept, listen. Never softirq, where current is whoever was interrupted.
 */
void tcphs_who_owner(struct tcphs_who *id, const struct tcphs_net *tn, u16 share)
{
	struct tcphs_owner *owner = tcphs_owner_now(tn, share), *before = id->owner;

	if (!owner)
		return;
	id->owner = owner;
	id->flags |= TCPHS_F_OWNER;
	if (before)
		tcphs_owner_put(before);
}

/* The local address of an IPv6 socket that turns to IPv4: mapped, or none yet. */
static void local_to_v4(struct tcphs_who *id)
{
	struct in6_addr local;

	memcpy(&local, id->local, sizeof(local));
	memset(id->local, 0, sizeof(id->local));
	if (ipv6_addr_v4mapped(&local))
		put_v4(id->local, local.s6_addr32[3]);
}

/**
 * tcphs_who_peer() - where connect() wants to go
 * @id: gets the peer, and the family that it has
 * @peer: AF_INET or AF_INET6, complete but perhaps for its scope, which the socket has
 *
 * Context: any.
 */
void tcphs_who_peer(struct tcphs_who *id, const struct sockaddr *peer)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)peer;
	const struct sockaddr_in *in = (const struct sockaddr_in *)peer;

	bool mapped = peer->sa_family == AF_INET6 && ipv6_addr_v4mapped(&in6->sin6_addr);

	if (mapped && id->family == AF_INET6)
		local_to_v4(id);
	if (mapped)
		id->flags |= TCPHS_F_MAPPED;
	id->family = mapped ? AF_INET : peer->sa_family;
	id->peer_port = ntohs(in->sin_port);
	memset(id->peer, 0, sizeof(id->peer));
	if (id->family == AF_INET6)
		memcpy(id->peer, &in6->sin6_addr, sizeof(id->peer));
	else
		put_v4(id->peer, mapped ? in6->sin6_addr.s6_addr32[3] : in->sin_addr.s_addr);
}

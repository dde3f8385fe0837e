/* SPDX-License-Identifier: GPL-2.0 */
/* Who a connection is, and how kernel objects say it. */
#ifndef _TCPHS_WHO_H
#define _TCPHS_WHO_H

#include <linux/types.h>
#include <linux/tcphs.h>

struct inet_timewait_sock;
struct request_sock;
struct sk_buff;
struct sock;
struct sockaddr;
struct tcphs_net;
struct tcphs_owner;

/*
 * Who a connection is. What comes before @owner lies as in struct tcphs_ident
 * (abi_check.c), and is copied into each record as it is.
 */
struct tcphs_who {
	u64 conn;
	u8 local[16];
	u8 peer[16];
	u16 local_port;
	u16 peer_port;
	u32 isn;
	u32 peer_isn;
	u8 role;
	u8 family;
	u16 generation;
	struct tcphs_owner *owner;	/* counted reference, or NULL */
	u32 flags;			/* TCPHS_F_* that every record of it carries */
	u32 ifindex;			/* bound to, or scope of a link-local address */
};

void tcphs_who_from_sock(struct tcphs_who *id, const struct sock *sk);
void tcphs_who_from_req(struct tcphs_who *id, const struct request_sock *req);
void tcphs_who_handshake(struct tcphs_who *id, const struct request_sock *req);
void tcphs_who_from_tw(struct tcphs_who *id, const struct inet_timewait_sock *tw);
void tcphs_who_from_skb(struct tcphs_who *id, const struct sk_buff *skb);
void tcphs_who_owner(struct tcphs_who *id, const struct tcphs_net *tn, u16 share);
void tcphs_who_peer(struct tcphs_who *id, const struct sockaddr *peer);

#endif /* _TCPHS_WHO_H */

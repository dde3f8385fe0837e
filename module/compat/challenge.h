/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a SYN is seen that reaches a connection which is there.
 *
 * 5.17  kfree_skb says why a segment is dropped: TCP_INVALID_SYN is dropped by
 *	 tcp_validate_incoming() alone, after tcp_send_challenge_ack(), which no longer
 *	 gets the segment. Until then there is nothing to go by but
 *	 tcp_validate_incoming(), which every segment passes that is not on the fast path
 * 6.11  kfree_skb names the socket, constant from 7.x on
 * 6.12  a SYN that PAWS rejects is challenged like any other; 6.1 still answers it as
 *	 what is out of window (tcp_oow_rate_limited())
 */
#ifndef _TCPHS_COMPAT_CHALLENGE_H
#define _TCPHS_COMPAT_CHALLENGE_H

#include <linux/skbuff.h>
#include <net/sock.h>
#include "compat.h"

#ifdef TCPHS_HAVE_INVALID_SYN

#define TCPHS_SEGMENTS_SEEN false
#define TCPHS_IS_INVALID_SYN (reason == SKB_DROP_REASON_TCP_INVALID_SYN)
#if defined(TCPHS_HAVE_KFREE_SKB_CONST_SK)
#define TCPHS_KFREE_SKB_ARGS void *data, struct sk_buff *skb, void *location, \
	enum skb_drop_reason reason, const struct sock *rx_sk
#elif defined(TCPHS_HAVE_KFREE_SKB_SK)
#define TCPHS_KFREE_SKB_ARGS void *data, struct sk_buff *skb, void *location, \
	enum skb_drop_reason reason, struct sock *rx_sk
#else
#define TCPHS_KFREE_SKB_ARGS void *data, struct sk_buff *skb, void *location, \
	enum skb_drop_reason reason
#endif

/* The rows of the hook table. */
#define TCPHS_HOOKS_SYN_UNEXPECTED(challenge, dropped, segment) \
	TCPHS_ENTRY("tcp_send_challenge_ack", challenge, false, \
		    "SYNs for connections that are there"), \
	TCPHS_TRACEPOINT(kfree_skb, dropped, false, "SYNs for connections that are there")

#else

#define TCPHS_SEGMENTS_SEEN true
#define TCPHS_IS_INVALID_SYN false
#define TCPHS_KFREE_SKB_ARGS void *data, struct sk_buff *skb, void *location

#define TCPHS_HOOKS_SYN_UNEXPECTED(challenge, dropped, segment) \
	TCPHS_ENTRY("tcp_validate_incoming", segment, false, \
		    "SYNs for connections that are there")

#endif

#endif /* _TCPHS_COMPAT_CHALLENGE_H */

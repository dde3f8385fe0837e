/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arguments of tracepoints.
 *
 * 5.17  kfree_skb says why (of BPF programs from 5.19 on)
 * 6.11  and for which socket a received segment was; const from 7.x on
 * 6.17  tcp_retransmit_skb fires for attempts that failed, too, and says so
 */
#ifndef _TCPHS_COMPAT_TRACE_H
#define _TCPHS_COMPAT_TRACE_H

#include <linux/skbuff.h>
#include <net/sock.h>

#ifdef TCPHS_HAVE_RETRANSMIT_ERR
#define TCPHS_RETRANSMIT_ARGS \
	void *data, const struct sock *sk, const struct sk_buff *skb, int err
#define TCPHS_RETRANSMIT_FAILED (err != 0)
#else
#define TCPHS_RETRANSMIT_ARGS void *data, const struct sock *sk, const struct sk_buff *skb
#define TCPHS_RETRANSMIT_FAILED false
#endif

#if defined(TCPHS_HAVE_DROP_CONST_RX_SK)
#define TCPHS_DROP_ARGS void *data, struct sk_buff *skb, void *location, \
	enum skb_drop_reason reason, const struct sock *rx_sk
#elif defined(TCPHS_HAVE_DROP_RX_SK)
#define TCPHS_DROP_ARGS void *data, struct sk_buff *skb, void *location, \
	enum skb_drop_reason reason, struct sock *rx_sk
#elif defined(TCPHS_HAVE_DROP_SAYS_WHY)
#define TCPHS_DROP_ARGS void *data, struct sk_buff *skb, void *location, \
	enum skb_drop_reason reason
#else
#define TCPHS_DROP_ARGS void *data, struct sk_buff *skb, void *location
#endif

#ifdef TCPHS_HAVE_INVALID_SYN
#define TCPHS_IS_INVALID_SYN (reason == SKB_DROP_REASON_TCP_INVALID_SYN)
#define TCPHS_TRACEPOINT_DISCARD(fn) \
	TCPHS_TRACEPOINT(kfree_skb, fn, false, \
			 "SYNs for connections that are there, SYNs that the own firewall drops"),
#else
#define TCPHS_IS_INVALID_SYN false
#define TCPHS_TRACEPOINT_DISCARD(...)
#endif

#ifdef TCPHS_HAVE_DROP_BY_CGROUP
#define TCPHS_IS_BLOCKED (reason == SKB_DROP_REASON_NETFILTER_DROP || \
			  reason == SKB_DROP_REASON_BPF_CGROUP_EGRESS)
#else
#define TCPHS_IS_BLOCKED false
#endif

#endif /* _TCPHS_COMPAT_TRACE_H */

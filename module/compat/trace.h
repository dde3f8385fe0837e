/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arguments of tracepoints.
 *
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

#endif /* _TCPHS_COMPAT_TRACE_H */

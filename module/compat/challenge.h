/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a SYN is seen that reaches a connection which is there.
 *
 * 5.17  kfree_skb says why a segment is dropped: TCP_INVALID_SYN is dropped by
 *	 tcp_validate_incoming() alone, after tcp_send_challenge_ack(), which no longer
 *	 gets the segment. Until then there is nothing to go by but
 *	 tcp_validate_incoming(), which every segment passes that is not on the fast path
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

/* The rows of the hook table: one of these two is not there. */
#define TCPHS_ENTRY_CHALLENGE(fn) \
	TCPHS_ENTRY("tcp_send_challenge_ack", fn, false, "SYNs for connections that are there"),
#define TCPHS_ENTRY_SEGMENT(...)

#else

#define TCPHS_SEGMENTS_SEEN true

#define TCPHS_ENTRY_CHALLENGE(...)
#define TCPHS_ENTRY_SEGMENT(fn) \
	TCPHS_ENTRY("tcp_validate_incoming", fn, false, "SYNs for connections that are there"),

#endif

#endif /* _TCPHS_COMPAT_CHALLENGE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Steps that a segment has caused, and the segment alone. */
#ifndef _TCPHS_SEGMENT_H
#define _TCPHS_SEGMENT_H

#include <linux/minmax.h>
#include <net/tcp.h>
#include "probe/adopt.h"
#include "store/ring.h"

/**
 * tcphs_segment_time() - when the segment came that is being handled
 * @tp: its socket
 *
 * When it begins with a segment, from its backlog too, the kernel reads the same clock as
 * we do (tcp_mstamp_refresh() in tcp_rcv_established() and tcp_rcv_state_process()). So
 * this is good for the states that only they change, and not for a child of Fast Open, whose
 * FIN has come with its SYN.
 *
 * Context: inside a section.
 * Return: ns, no earlier than this CPU's last record.
 */
static __always_inline u64 tcphs_segment_time(const struct tcp_sock *tp)
{
	return max(tp->tcp_clock_cache, tcphs_ring_last());
}

/**
 * tcphs_segment_enter() - as tcphs_adopt_enter(), at the time of the segment
 * @sk: full socket, whose state the segment is about to change
 * @state: enum tcphs_state it is in, if it is not in the table and adopted
 *
 * Context: any but NMI, @sk locked; until tcphs_conn_leave().
 * Return: the section, with an entry.
 */
static __always_inline struct tcphs_section *tcphs_segment_enter(const struct sock *sk, u8 state)
{
	struct tcphs_section *s = tcphs_conn_enter_untimed(tcphs_cookie_make(sk));

	s->now = tcphs_segment_time(tcp_sk(sk));
	if (unlikely(!tcphs_conn_of_socket(s)))
		tcphs_adopt(s, sk, state);
	return s;
}

#endif /* _TCPHS_SEGMENT_H */

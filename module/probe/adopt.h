/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets that were there before the module. */
#ifndef _TCPHS_ADOPT_H
#define _TCPHS_ADOPT_H

#include "table/conn.h"
#include "table/cookie.h"

struct inet_timewait_sock;
struct sock;

void tcphs_adopt_all(void);
struct tcphs_conn *tcphs_adopt(struct tcphs_section *s, const struct sock *sk, u8 state);
void tcphs_adopt_missed(struct tcphs_section *s, const struct inet_timewait_sock *tw);

/**
 * tcphs_adopt_enter() - begin a section on a connection that is there
 * @sk: full socket
 * @state: enum tcphs_state it is in, if it is not in the table and adopted
 *
 * Context: any but NMI, @sk locked; until tcphs_conn_leave().
 * Return: the section, with an entry.
 */
static __always_inline struct tcphs_section *tcphs_adopt_enter(const struct sock *sk, u8 state)
{
	struct tcphs_section *s = tcphs_conn_enter(tcphs_cookie_make(sk));

	if (unlikely(!tcphs_conn_of_socket(s)))
		tcphs_adopt(s, sk, state);
	return s;
}

#endif /* _TCPHS_ADOPT_H */

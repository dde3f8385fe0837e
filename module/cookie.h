/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket cookie: the name of a connection. Request, socket and TIME_WAIT
 * bucket keep it in the same field, and the kernel copies it from one to the
 * next.
 */
#ifndef _TCPHS_COOKIE_H
#define _TCPHS_COOKIE_H

#include <linux/sock_diag.h>
#include <net/sock.h>

/* Of anything that begins with struct sock_common; 0 when it has none yet. */
static inline u64 tcphs_cookie(const struct sock *sk)
{
	return atomic64_read(&sk->sk_cookie);
}

/* The same, made if there is none. Any context. */
static inline u64 tcphs_cookie_make(const struct sock *sk)
{
	u32 halves[2];

	if (unlikely(!tcphs_cookie(sk)))
		sock_diag_save_cookie((struct sock *)sk, halves);
	return tcphs_cookie(sk);
}

#endif /* _TCPHS_COOKIE_H */

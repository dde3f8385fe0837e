/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket cookie: the name of a connection. Request, socket and TIME_WAIT
 * bucket keep it in the same field, and the kernel copies it from one to the
 * next.
 */
#ifndef _TCPHS_COOKIE_H
#define _TCPHS_COOKIE_H

#include <net/sock.h>

/* Of anything that begins with struct sock_common; 0 when it has none yet. */
static inline u64 tcphs_cookie(const struct sock *sk)
{
	return atomic64_read(&sk->sk_cookie);
}

u64 tcphs_cookie_new(const struct sock *sk);

/* The same, made if there is none. Any context. */
static __always_inline u64 tcphs_cookie_make(const struct sock *sk)
{
	u64 cookie = tcphs_cookie(sk);

	return likely(cookie) ? cookie : tcphs_cookie_new(sk);
}

#endif /* _TCPHS_COOKIE_H */

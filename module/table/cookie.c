// SPDX-License-Identifier: GPL-2.0
/* Where cookie.h has to ask the kernel for a new one. */
#include <linux/sock_diag.h>
#include "table/cookie.h"

/**
 * tcphs_cookie_new() - give a socket its cookie
 * @sk: request, socket or bucket that has none yet
 *
 * For tcphs_cookie_make(), where it is seldom needed.
 *
 * Context: any.
 * Return: the cookie; another CPU may have been quicker.
 */
u64 tcphs_cookie_new(const struct sock *sk)
{
	u32 halves[2];

	sock_diag_save_cookie((struct sock *)sk, halves);
	return tcphs_cookie(sk);
}

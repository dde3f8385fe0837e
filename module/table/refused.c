// SPDX-License-Identifier: GPL-2.0
/*
 * Who was refused an entry: to have none says nothing of them. The kernel hands cookies
 * out to CPUs by the batch, and within one in sequence; so of each batch, or of several
 * that share a place, the highest one is enough to know all.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include "table/refused.h"

#define BATCH		4096U	/* COOKIE_LOCAL_BATCH */
static atomic64_t refused[256];

static atomic64_t *refused_of(u64 cookie)
{
	return &refused[cookie / BATCH % ARRAY_SIZE(refused)];
}

/**
 * tcphs_refused_add() - a socket got no entry, of connection or listener
 * @cookie: of the socket
 *
 * Context: any.
 */
void tcphs_refused_add(u64 cookie)
{
	s64 old = atomic64_read(refused_of(cookie));

	while ((u64)old < cookie && !atomic64_try_cmpxchg(refused_of(cookie), &old, cookie))
		;
}

/**
 * tcphs_refused_maybe() - may a socket have been refused an entry
 * @cookie: of the socket, 0: it has none and so was never seen
 *
 * Context: any.
 * Return: false for whoever was not there yet when one of its CPU was last refused.
 */
bool tcphs_refused_maybe(u64 cookie)
{
	return cookie && (u64)atomic64_read(refused_of(cookie)) >= cookie;
}

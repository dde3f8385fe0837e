// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds how much of the tables, so that one who fills them leaves room for others.
 *
 * Whose an entry is: of sockets in the initial network namespace, their user's; in a
 * namespace that a user made as root of a user namespace, that user's, whatever
 * users they have in it; in one that root made, a container's, the namespace's.
 * These are told apart by a hash, with a secret so that nobody can choose with whom
 * to share; the initial namespace's root shares with nobody.
 *
 * As long as a table is not nearly full everybody may have what is asked for. The last
 * eighth of it is for those who hold little, and half of that for root alone.
 *
 * Connections are counted by each CPU for itself: a connection pays for an increment, and
 * only in the last eighth somebody adds up.
 */
#include <linux/jhash.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/user_namespace.h>
#include <net/sock.h>
#include "store/net.h"
#include "store/ring.h"
#include "table/share.h"

static u32 __percpu *held;		/* connections; of all CPUs together no less than 0 */
static u32 secret;

static u16 share_of(u32 what, u32 who)
{
	return 1 + jhash_2words(what, who, secret) % (TCPHS_SHARES - 1);
}

/**
 * tcphs_share_of_net() - whose are the sockets of a network namespace
 * @net: not the initial one
 *
 * Context: process.
 * Return: a number from 1 to TCPHS_SHARES - 1.
 */
u16 tcphs_share_of_net(const struct net *net)
{
	const struct user_namespace *ns = net->user_ns;

	if (ns == &init_user_ns)
		return share_of(1, net->ns.inum);
	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	return share_of(0, __kuid_val(ns->owner));
}

/**
 * tcphs_share_of() - whose is a socket
 * @tn: its namespace
 * @sk: the socket; NULL: that is not known any more
 *
 * Context: any.
 * Return: a number below TCPHS_SHARES.
 */
u16 tcphs_share_of(const struct tcphs_net *tn, const struct sock *sk)
{
	u32 uid;

	if (tn->share)
		return tn->share;
	uid = sk ? __kuid_val(READ_ONCE(sk->sk_uid)) : (u32)-1;
	return uid ? share_of(0, uid) : TCPHS_SHARE_ROOT;
}

/**
 * tcphs_share_lane() - in which lane of a store somebody writes
 * @share: whose the record is
 * @port: the service's, ours or the peer's
 *
 * The initial namespace's root runs most services of a machine: those are told apart, in
 * lanes that nobody else writes in. What has neither socket nor listener goes to
 * TCPHS_LANE_STRANGERS.
 *
 * Context: any.
 * Return: a number from 1 to TCPHS_LANES - 1
 */
unsigned int tcphs_share_lane(u16 share, u16 port)
{
	const unsigned int half = TCPHS_LANES / 2;

	if (share != TCPHS_SHARE_ROOT)
		return half + share * half / TCPHS_SHARES;
	return 1 + ((u16)((port ^ secret) * 40503U) * (half - 1) >> 16);
}

/**
 * tcphs_share_count() - connections come or go
 * @share: whose
 * @by: 1 or -1
 *
 * Context: interrupts off.
 */
void tcphs_share_count(u16 share, int by)
{
	u32 *mine = this_cpu_ptr(held);

	WRITE_ONCE(mine[share], mine[share] + by);
}

/**
 * tcphs_share_held() - how many connections there are
 * @share: whose
 *
 * Context: any.
 */
unsigned int tcphs_share_held(u16 share)
{
	u32 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(held, cpu)[share]);
	return max_t(s32, sum, 0);
}

/**
 * tcphs_share_init() - nobody holds anything
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int tcphs_share_init(void)
{
	secret = get_random_u32();
	held = __alloc_percpu(TCPHS_SHARES * sizeof(*held), __alignof__(*held));
	return held ? 0 : -ENOMEM;
}

/**
 * tcphs_share_exit() - the reverse
 *
 * Context: process, may sleep; the tables are empty and no hook is active.
 */
void tcphs_share_exit(void)
{
	free_percpu(held);
}

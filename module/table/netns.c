// SPDX-License-Identifier: GPL-2.0
/* What tcphs keeps for each network namespace, from its birth to its end. */
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include "compat/sock.h"
#include "store/bell.h"
#include "store/clock.h"
#include "store/net.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/listener.h"
#include "table/netns.h"
#include "table/share.h"

static const struct tcphs_netns_end *end;
static atomic64_t number;

static int __net_init enter(struct net *net)
{
	struct tcphs_net *tn = tcphs_net(net);
	int cpu, err;

	tn->net = net;
	tn->inum = net->ns.inum;
	tn->number = atomic64_inc_return(&number);
	err = tcphs_stats_init(tn);
	if (err)
		return err;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(tn->stats, cpu)->buckets_refused = tcphs_buckets_refused(net, cpu);
	tn->share = net_eq(net, &init_net) ? 0 : tcphs_share_of_net(net);
	tn->leaving = false;
	tn->born = tcphs_now();
	tcphs_bell_init(&tn->bell, net);
	return 0;
}

/*
 * Runs when namespaces die and, for all of them, at unload. Sockets hold
 * their namespace, so only TIME_WAIT buckets can outlive this: tcp's own exit
 * comes later and finds them untracked. New entries can't appear: no process
 * and no device is left in a dying namespace, adoption skips it, and at
 * unload no hook is. The tables are walked once for all that go, and only if one of them
 * has something there.
 */
static void __net_exit leave_all(struct list_head *nets)
{
	bool conns = false, listeners = false, has_conns, has_listeners;
	struct tcphs_net *tn;
	struct net *net;

	list_for_each_entry(net, nets, exit_list) {
		tn = tcphs_net(net);
		end->namespace(tn);
		has_conns = tcphs_stats_any(tn, false);
		has_listeners = tcphs_stats_any(tn, true);
		tn->leaving = has_conns || has_listeners;
		conns |= has_conns;
		listeners |= has_listeners;
	}
	if (conns)
		tcphs_conn_forget_leaving(end->conn);
	if (listeners)
		tcphs_listener_forget_leaving();
	list_for_each_entry(net, nets, exit_list)
		tcphs_bell_exit(&tcphs_net(net)->bell);
	/* Readers of /proc and the hooks' last look at the counters. */
	synchronize_rcu();
	list_for_each_entry(net, nets, exit_list)
		tcphs_stats_exit(tcphs_net(net));
}

static struct pernet_operations ops = {
	.init = enter,
	.exit_batch = leave_all,
	.id = &tcphs_net_id,
	.size = sizeof(struct tcphs_net),
};

/**
 * tcphs_netns_init() - start to follow namespaces, those there are and those to come
 * @at_end: what is to be done when they end
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error.
 */
int tcphs_netns_init(const struct tcphs_netns_end *at_end)
{
	end = at_end;
	tcphs_bell_init(&tcphs_bell_all, &init_net);
	return register_pernet_subsys(&ops);
}

/**
 * tcphs_netns_exit() - the reverse; drops every connection and listener
 *
 * Context: process, may sleep; no hook is active.
 */
void tcphs_netns_exit(void)
{
	unregister_pernet_subsys(&ops);
	tcphs_bell_exit(&tcphs_bell_all);
}

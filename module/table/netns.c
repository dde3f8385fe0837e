// SPDX-License-Identifier: GPL-2.0
/* What tcphs keeps for each network namespace, from its birth to its end. */
#include "internal.h"
#include "table/step.h"

unsigned int tcphs_net_id;

static int __net_init enter(struct net *net)
{
	struct tcphs_net *tn = tcphs_net(net);

	int err;

	tn->net = net;
	tn->inum = net->ns.inum;
	err = tcphs_stats_init(tn);
	if (err)
		return err;
	tn->share = net_eq(net, &init_net) ? 0 : tcphs_share_of_net(net);
	tn->leaving = false;
	tn->born = tcphs_now();
	tcphs_bell_init(&tn->bell, net);
	return 0;
}

/*
 * What a TIME_WAIT bucket leaves behind when its namespace goes. At unload the namespace
 * lives on, and nothing ends but our knowledge.
 */
static void last_words(struct tcphs_section *s)
{
	struct tcphs_event *ev;

	if (!(s->conn->id.flags & TCPHS_F_BUCKET) || check_net(s->conn->tn->net))
		return;
	ev = tcphs_step(s, TCPHS_EV_TIME_WAIT_END, TCPHS_STATE_CLOSE);
	ev->reason = TCPHS_REASON_NETNS_EXIT;
	ev->duration = tcphs_elapsed(s->conn->since, s->now);
	ev->flags |= TCPHS_F_DURATION;
	tcphs_step_done(s);
}

/*
 * Runs when namespaces die and, for all of them, at unload. Sockets hold
 * their namespace, so only TIME_WAIT buckets can outlive this: tcp's own exit
 * comes later and finds them untracked. New entries can't appear: no process
 * and no device is left in a dying namespace, adoption passes over it, and at
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
		tcphs_drop_forget_netns(tn);
		has_conns = tcphs_stats_any(tn, false);
		has_listeners = tcphs_stats_any(tn, true);
		tn->leaving = has_conns || has_listeners;
		conns |= has_conns;
		listeners |= has_listeners;
	}
	if (conns)
		tcphs_conn_forget_leaving(last_words);
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
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error.
 */
int tcphs_netns_init(void)
{
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

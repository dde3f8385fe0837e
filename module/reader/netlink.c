// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: its table, its policies and the status command.
 * The dumps are in dump.c. Documentation/netlink/specs/tcphs.yaml says
 * the same in the kernel's own language.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include "attach/deaf.h"
#include "attach/hook.h"
#include "compat/genetlink.h"
#include "compat/sock.h"
#include "reader/filter.h"
#include "reader/reader.h"
#include "store/bell.h"
#include "store/clock.h"
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"
#include "table/cgroup.h"
#include "table/conn.h"

static const struct nla_policy status_policy[TCPHS_A_STATUS_MAX + 1] = {
	[TCPHS_A_STATUS_ALL_NETNS] = { .type = NLA_FLAG },
};

static const struct nla_policy listener_policy[TCPHS_A_LISTENER_MAX + 1] = {
	[TCPHS_A_LISTENER_ALL_NETNS] = { .type = NLA_FLAG },
};

static const struct nla_policy cgroup_policy[TCPHS_A_CGROUP_MAX + 1] = {
	[TCPHS_A_CGROUP_ALL_NETNS] = { .type = NLA_FLAG },
	[TCPHS_A_CGROUP_AFTER] = { .type = NLA_U64 },
};

static const struct nla_policy conn_policy[TCPHS_A_CONN_MAX + 1] = {
	[TCPHS_A_CONN_ALL_NETNS] = { .type = NLA_FLAG },
	[TCPHS_A_CONN_STATES] = { .type = NLA_U32 },
	[TCPHS_A_CONN_FILTER] = NLA_POLICY_NESTED(tcphs_filter_policy),
	[TCPHS_A_CONN_WAITING] = { .type = NLA_U64 },
};

const struct nla_policy tcphs_nl_cursor_policy[TCPHS_A_CURSOR_MAX + 1] = {
	[TCPHS_A_CURSOR_CPU] = { .type = NLA_U32 },
	[TCPHS_A_CURSOR_NEXT] = { .type = NLA_U64 },
};

const struct nla_policy tcphs_nl_event_policy[TCPHS_A_EVENT_MAX + 1] = {
	[TCPHS_A_EVENT_ALL_NETNS] = { .type = NLA_FLAG },
	[TCPHS_A_EVENT_CURSOR] = NLA_POLICY_NESTED(tcphs_nl_cursor_policy),
	[TCPHS_A_EVENT_FILTER] = NLA_POLICY_NESTED(tcphs_filter_policy),
	[TCPHS_A_EVENT_LOAD] = { .type = NLA_U64 },
	[TCPHS_A_EVENT_KEPT] = NLA_POLICY_MAX(NLA_U8, TCPHS_KEPT_MODE_MAX),
};

static int put_count(struct sk_buff *skb, int attr, u8 id, u64 value)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || nla_put_u8(skb, TCPHS_A_COUNT_ID, id) ||
	    nla_put_u64_64bit(skb, TCPHS_A_COUNT_VALUE, value, TCPHS_A_COUNT_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * tcphs_nl_put_hist() - a histogram as a nest
 * @skb: message
 * @attr: of the nest
 * @id: enum tcphs_hist
 * @hist: to put
 *
 * Return: 0 or -EMSGSIZE; the caller cancels the message.
 */
int tcphs_nl_put_hist(struct sk_buff *skb, int attr, u8 id, const struct tcphs_histogram *hist)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || nla_put_u8(skb, TCPHS_A_HIST_ID, id) ||
	    nla_put_u64_64bit(skb, TCPHS_A_HIST_COUNT, hist->count, TCPHS_A_HIST_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_HIST_MAX_NS, hist->max, TCPHS_A_HIST_PAD) ||
	    nla_put_64bit(skb, TCPHS_A_HIST_BUCKETS, sizeof(hist->bucket), hist->bucket,
			  TCPHS_A_HIST_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_hook(struct sk_buff *skb, const struct tcphs_hook *hook, bool initial)
{
	struct nlattr *nest = nla_nest_start(skb, TCPHS_A_STATUS_HOOK);
	u64 missed = tcphs_deaf_missed(hook);

	if (!nest || nla_put_string(skb, TCPHS_A_HOOK_NAME, hook->name) ||
	    nla_put_u8(skb, TCPHS_A_HOOK_KIND, hook->kind) ||
	    (hook->required && nla_put_flag(skb, TCPHS_A_HOOK_REQUIRED)) ||
	    (tcphs_hook_works(hook) && nla_put_flag(skb, TCPHS_A_HOOK_ACTIVE)) ||
	    (READ_ONCE(hook->unusable) && nla_put_flag(skb, TCPHS_A_HOOK_UNUSABLE)) ||
	    nla_put_string(skb, TCPHS_A_HOOK_SHOWS, hook->shows) ||
	    (initial && nla_put_u64_64bit(skb, TCPHS_A_HOOK_HITS, tcphs_deaf_hits(hook),
					  TCPHS_A_HOOK_PAD)) ||
	    (missed && nla_put_u64_64bit(skb, TCPHS_A_HOOK_MISSED, missed, TCPHS_A_HOOK_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_cause(struct sk_buff *skb, u8 event, u8 role, u8 reason, u64 value)
{
	struct nlattr *nest = nla_nest_start(skb, TCPHS_A_STATUS_CAUSE);

	if (!nest || nla_put_u8(skb, TCPHS_A_CAUSE_EVENT, event) ||
	    nla_put_u8(skb, TCPHS_A_CAUSE_ROLE, role) ||
	    nla_put_u8(skb, TCPHS_A_CAUSE_REASON, reason) ||
	    nla_put_u64_64bit(skb, TCPHS_A_CAUSE_VALUE, value, TCPHS_A_CAUSE_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_causes(struct sk_buff *skb, const struct tcphs_sum *sum)
{
	unsigned int i, role, reason;
	int err = 0;

	for (i = 0; i < TCPHS_CAUSE_EVENTS; i++)
		for (role = 0; role < TCPHS_CAUSE_ROLES; role++)
			for (reason = 0; reason <= TCPHS_REASON_MAX && !err; reason++)
				if (sum->cause[i][role][reason])
					err = put_cause(skb, tcphs_cause_events[i], role, reason,
							sum->cause[i][role][reason]);
	return err;
}

/* The ports that connect() chooses from. */
static int put_ports(struct sk_buff *skb, struct net *net)
{
	int low, high, port;
	u32 nr = 0;

	inet_get_local_port_range(net, &low, &high);
	for (port = low; port <= high; port++)
		nr += !inet_is_local_reserved_port(net, port);
	return nla_put_u16(skb, TCPHS_A_STATUS_PORT_LOW, low) ?:
	       nla_put_u16(skb, TCPHS_A_STATUS_PORT_HIGH, high) ?:
	       nla_put_u32(skb, TCPHS_A_STATUS_PORTS, nr);
}

static int put_counts(struct sk_buff *skb, const struct tcphs_sum *sum)
{
	unsigned int i;
	int err = 0;

	for (i = 1; i <= TCPHS_STATE_MAX && !err; i++)
		err = put_count(skb, TCPHS_A_STATUS_STATE, i, sum->all.states[i]);
	for (i = 1; i <= TCPHS_EV_MAX && !err; i++)
		err = put_count(skb, TCPHS_A_STATUS_EVENT, i, sum->all.events[i]);
	for (i = 1; i <= TCPHS_REASON_MAX && !err; i++)
		if (sum->all.failures[i])
			err = put_count(skb, TCPHS_A_STATUS_FAILURE, i, sum->all.failures[i]);
	for (i = 1; i <= TCPHS_REFUSED_MAX && !err; i++)
		if (sum->all.refused[i])
			err = put_count(skb, TCPHS_A_STATUS_REFUSED, i, sum->all.refused[i]);
	for (i = 0; i <= TCPHS_HIST_MAX && !err; i++)
		err = tcphs_nl_put_hist(skb, TCPHS_A_STATUS_HIST, i, &sum->hist[i]);
	return err ?: put_causes(skb, sum);
}

static int put_stores(struct sk_buff *skb, const struct tcphs_totals *ring)
{
	struct tcphs_totals kept;

	tcphs_ring_totals(TCPHS_STORE_KEPT, &kept);
	return nla_put_u64_64bit(skb, TCPHS_A_STATUS_OVERWRITTEN, ring->overwritten,
				 TCPHS_A_STATUS_PAD) ?:
	       nla_put_u64_64bit(skb, TCPHS_A_STATUS_RING_REACH, tcphs_ring_reach(ring),
				 TCPHS_A_STATUS_PAD) ?:
	       nla_put_u64_64bit(skb, TCPHS_A_STATUS_KEPT, kept.written, TCPHS_A_STATUS_PAD) ?:
	       nla_put_u64_64bit(skb, TCPHS_A_STATUS_KEPT_OVERWRITTEN, kept.overwritten,
				 TCPHS_A_STATUS_PAD) ?:
	       nla_put_u64_64bit(skb, TCPHS_A_STATUS_KEPT_REACH, tcphs_ring_reach(&kept),
				 TCPHS_A_STATUS_PAD);
}

static int put_cgroups(struct sk_buff *skb)
{
	unsigned int known;
	u64 lost;

	known = tcphs_cgroup_count(&lost);
	return nla_put_u32(skb, TCPHS_A_STATUS_CGROUPS, known) ?:
	       nla_put_u64_64bit(skb, TCPHS_A_STATUS_CGROUPS_LOST, lost, TCPHS_A_STATUS_PAD);
}

static int put_module(struct sk_buff *skb, const struct tcphs_net *tn)
{
	bool initial = net_eq(tn->net, &init_net);
	struct tcphs_totals ring;

	tcphs_ring_totals(TCPHS_STORE_RING, &ring);
	if (nla_put_string(skb, TCPHS_A_STATUS_VERSION, TCPHS_VERSION) ||
	    nla_put_u16(skb, TCPHS_A_STATUS_ABI_MAJOR, TCPHS_ABI_MAJOR) ||
	    nla_put_u16(skb, TCPHS_A_STATUS_ABI_MINOR, TCPHS_ABI_MINOR) ||
	    nla_put_u64_64bit(skb, TCPHS_A_STATUS_UPTIME, tcphs_elapsed(tcphs_loaded, tcphs_now()),
			      TCPHS_A_STATUS_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_STATUS_LOAD, tcphs_load_id, TCPHS_A_STATUS_PAD) ||
	    /* Exact, and so the same each time as long as nobody sets the clock. */
	    nla_put_s64(skb, TCPHS_A_STATUS_CLOCK, ktime_mono_to_real(0), TCPHS_A_STATUS_PAD) ||
	    nla_put_u32(skb, TCPHS_A_STATUS_NETNS, tn->inum) ||
	    nla_put_u32(skb, TCPHS_A_STATUS_RING_RECORDS, tcphs_store_records[TCPHS_STORE_RING]) ||
	    nla_put_u32(skb, TCPHS_A_STATUS_KEPT_RECORDS, tcphs_store_records[TCPHS_STORE_KEPT]) ||
	    nla_put_u32(skb, TCPHS_A_STATUS_RING_CPUS, ring.cpus) ||
	    nla_put_u32(skb, TCPHS_A_STATUS_TABLE_LIMIT, tcphs_table_size) ||
	    nla_put_u32(skb, TCPHS_A_STATUS_TW_LIMIT,
			READ_ONCE(tn->net->ipv4.tcp_death_row.sysctl_max_tw_buckets)))
		return -EMSGSIZE;
	/* How busy the others are is theirs to know. */
	if (initial && (put_stores(skb, &ring) || put_cgroups(skb)))
		return -EMSGSIZE;
	return 0;
}

static int put_hooks(struct sk_buff *skb, const struct tcphs_net *tn)
{
	unsigned int table = 0, row = 0;
	const struct tcphs_hook *hook;
	int err = 0;

	while (!err && (hook = tcphs_hook_next(&table, &row)))
		err = put_hook(skb, hook, net_eq(tn->net, &init_net));
	return err;
}

/**
 * tcphs_nl_fill_status() - all of a status but the hooks
 * @skb: message
 * @tn: the namespace that it is about
 * @sum: memory for its counters
 *
 * Context: any; what reads @tn keeps it.
 * Return: 0 or -EMSGSIZE; the caller cancels the message.
 */
int tcphs_nl_fill_status(struct sk_buff *skb, const struct tcphs_net *tn, struct tcphs_sum *sum)
{
	tcphs_stats_sum(tn, sum);
	if (put_module(skb, tn) || put_counts(skb, sum) || put_ports(skb, tn->net) ||
	    nla_put_u64_64bit(skb, TCPHS_A_STATUS_BORN, tn->born, TCPHS_A_STATUS_PAD) ||
	    nla_put_u8(skb, TCPHS_A_STATUS_TW_REUSE,
		       READ_ONCE(tn->net->ipv4.sysctl_tcp_tw_reuse)) ||
	    nla_put_u64_64bit(skb, TCPHS_A_STATUS_RECORDED, sum->all.recorded,
			      TCPHS_A_STATUS_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_STATUS_UNTRACKED, sum->untracked,
			      TCPHS_A_STATUS_PAD) ||
	    nla_put_u32(skb, TCPHS_A_STATUS_TABLE_USED, tcphs_conn_count(sum)))
		return -EMSGSIZE;
	return 0;
}

/**
 * tcphs_nl_check_flags() - refuse nlmsg flags that mean nothing here
 * @nlh: request
 * @extack: says which
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int tcphs_nl_check_flags(const struct nlmsghdr *nlh, struct netlink_ext_ack *extack)
{
	if (!(nlh->nlmsg_flags & ~(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO | NLM_F_DUMP)))
		return 0;
	NL_SET_ERR_MSG(extack, "unknown nlmsg flag");
	return -EOPNOTSUPP;
}

/* Process context. */
static int status_get(struct sk_buff *request, struct genl_info *info)
{
	struct tcphs_net *tn = tcphs_net(genl_info_net(info));
	struct tcphs_sum *sum;
	struct sk_buff *skb;
	void *header;
	int err;

	err = tcphs_nl_check_flags(info->nlhdr, info->extack);
	if (err)
		return err;
	if (info->attrs[TCPHS_A_STATUS_ALL_NETNS]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[TCPHS_A_STATUS_ALL_NETNS],
				    "a status is of one namespace; ask for a dump");
		return -EINVAL;
	}
	sum = kmalloc(sizeof(*sum), GFP_KERNEL);
	skb = genlmsg_new(TCPHS_STATUS_SIZE, GFP_KERNEL);
	err = -ENOMEM;
	if (!sum || !skb)
		goto out;
	header = genlmsg_put_reply(skb, info, &tcphs_genl_family, 0, TCPHS_CMD_STATUS_GET);
	err = -EMSGSIZE;
	if (!header)
		goto out;
	if (tcphs_nl_fill_status(skb, tn, sum) || put_hooks(skb, tn))
		goto out;
	genlmsg_end(skb, header);
	kfree(sum);
	return genlmsg_reply(skb, info);
out:
	nlmsg_free(skb);
	kfree(sum);
	return err;
}

static const struct genl_ops ops[] = {
	{
		.cmd = TCPHS_CMD_STATUS_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = status_policy,
		.maxattr = TCPHS_A_STATUS_MAX,
		.doit = status_get,
		.start = tcphs_dump_status_start,
		.dumpit = tcphs_dump_status,
		.done = tcphs_dump_done,
	},
	{
		.cmd = TCPHS_CMD_LISTENER_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = listener_policy,
		.maxattr = TCPHS_A_LISTENER_MAX,
		.start = tcphs_dump_listeners_start,
		.dumpit = tcphs_dump_listeners,
		.done = tcphs_dump_done,
	},
	{
		.cmd = TCPHS_CMD_CONN_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = conn_policy,
		.maxattr = TCPHS_A_CONN_MAX,
		.start = tcphs_dump_conns_start,
		.dumpit = tcphs_dump_conns,
		.done = tcphs_dump_done,
	},
	{
		.cmd = TCPHS_CMD_EVENT_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = tcphs_nl_event_policy,
		.maxattr = TCPHS_A_EVENT_MAX,
		.start = tcphs_dump_events_start,
		.dumpit = tcphs_dump_events,
		.done = tcphs_dump_done,
	},
	{
		.cmd = TCPHS_CMD_CGROUP_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = cgroup_policy,
		.maxattr = TCPHS_A_CGROUP_MAX,
		.start = tcphs_dump_cgroups_start,
		.dumpit = tcphs_dump_cgroups,
		.done = tcphs_dump_done,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = TCPHS_MCGRP_EVENTS, TCPHS_MCGRP_ADMIN },
};

struct genl_family tcphs_genl_family __ro_after_init = {
	.name = TCPHS_FAMILY_NAME,
	.version = TCPHS_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/* The doorbell rings. */
static int ring(struct net *net)
{
	struct sk_buff *skb;
	void *header;

	if (!genl_has_listeners(&tcphs_genl_family, net, 0))
		return 0;
	skb = genlmsg_new(0, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	header = genlmsg_put(skb, 0, 0, &tcphs_genl_family, 0, TCPHS_CMD_EVENT_NTF);
	if (!header) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&tcphs_genl_family, net, skb, 0, 0, GFP_KERNEL);
	return 0;
}

/**
 * tcphs_netlink_init() - offer the family
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error.
 */
int tcphs_netlink_init(void)
{
	int err;

	tcphs_bell_answer(ring);
	err = genl_register_family(&tcphs_genl_family);
	if (err)
		tcphs_bell_answer(NULL);
	return err;
}

/**
 * tcphs_netlink_exit() - withdraw it; no request runs when it returns
 *
 * Context: process, may sleep.
 */
void tcphs_netlink_exit(void)
{
	/* The number of its group may soon be another family's. */
	tcphs_bell_answer(NULL);
	genl_unregister_family(&tcphs_genl_family);
}

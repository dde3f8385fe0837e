// SPDX-License-Identifier: GPL-2.0
/*
 * The dumps: listeners, connections, events. Each starts by checking the whole
 * request, so that a refused one has sent nothing.
 */
#include <linux/limits.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/sock.h>
#include "compat/cgroup.h"
#include "compat/genetlink.h"
#include "reader/filter.h"
#include "reader/reader.h"
#include "reader/reading.h"
#include "store/clock.h"
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"
#include "table/cgroup.h"
#include "table/conn.h"
#include "table/listener.h"
#include "table/owner.h"
#include "table/who.h"

/* What a dump remembers between its messages; that of events is a struct tcphs_reading. */
struct dump {
	struct tcphs_net *tn;		/* NULL: every namespace */
	u32 states;			/* connections: mask of 1 << state */
	struct tcphs_filter filter;	/* connections */
	unsigned long place;		/* status, listeners: number; connections: bucket */
	unsigned long last;		/* listeners: number of the last one */
	u32 below;			/* connections: serial of the last one of that bucket */
};

static struct dump *dump_of(struct netlink_callback *cb)
{
	return (struct dump *)cb->args[0];
}

static struct tcphs_reading *reading_of(struct netlink_callback *cb)
{
	return (struct tcphs_reading *)cb->args[0];
}

/* Common to all but events: flags, permission, memory. */
static int start(struct netlink_callback *cb, int all_netns)
{
	struct tcphs_net *tn;
	struct dump *dump;
	int err;

	err = tcphs_nl_check_flags(cb->nlh, cb->extack) ?:
	      tcphs_reading_view(sock_net(cb->skb->sk), tcphs_dump_attrs(cb)[all_netns], &tn,
				 cb->extack);
	if (err)
		return err;
	dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	dump->tn = tn;
	cb->args[0] = (long)dump;
	return 0;
}

/* A start that failed has no done. */
static int give_up(struct netlink_callback *cb, int err)
{
	kvfree((void *)cb->args[0]);
	cb->args[0] = 0;
	return err;
}

/**
 * tcphs_dump_done() - end of a dump, also one that the reader abandoned
 * @cb: the dump
 *
 * Context: process.
 * Return: 0.
 */
int tcphs_dump_done(struct netlink_callback *cb)
{
	return give_up(cb, 0);
}

static void *put_header(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &tcphs_genl_family, NLM_F_MULTI, cmd);
}

/* comm is bytes without a promise of a terminator; an attribute string has one. */
static int put_comm(struct sk_buff *skb, int attr, const u8 *comm)
{
	char text[TCPHS_COMM_LEN + 1] = { };

	memcpy(text, comm, TCPHS_COMM_LEN);
	return nla_put_string(skb, attr, text);
}

/* The attributes of one. */
struct owner_attrs {
	int pid, comm, thread, cgroup, pad;
};

static int put_owner(struct sk_buff *skb, const struct tcphs_owner *owner,
		     const struct owner_attrs *attrs)
{
	if (!owner)
		return 0;
	if (nla_put_u32(skb, attrs->pid, owner->pid) ||
	    put_comm(skb, attrs->comm, owner->comm) ||
	    (owner->thread[0] && put_comm(skb, attrs->thread, owner->thread)) ||
	    (owner->cgroup && nla_put_u64_64bit(skb, attrs->cgroup, owner->cgroup, attrs->pad)))
		return -EMSGSIZE;
	return 0;
}

/* Under RCU, in a namespace that is there. */
static int put_bound_device(struct sk_buff *skb, struct net *net, u32 ifindex)
{
	struct net_device *dev, *master = NULL;

	if (!ifindex)
		return 0;
	if (nla_put_u32(skb, TCPHS_A_LISTENER_IFINDEX, ifindex))
		return -EMSGSIZE;
	dev = dev_get_by_index_rcu(net, ifindex);
	if (!dev)
		return 0;
	if (nla_put_string(skb, TCPHS_A_LISTENER_DEVICE, dev->name))
		return -EMSGSIZE;
	if (netif_is_l3_slave(dev))
		master = netdev_master_upper_dev_get_rcu(dev);
	return master ? nla_put_string(skb, TCPHS_A_LISTENER_L3MDEV, master->name) : 0;
}

/**
 * tcphs_dump_status_start() - begin TCPHS_CMD_STATUS_GET of several namespaces
 * @cb: the dump
 *
 * Context: process.
 * Return: 0 or a negative error, with an extack message.
 */
int tcphs_dump_status_start(struct netlink_callback *cb)
{
	/* One is larger than what a message may hold at least. */
	cb->min_dump_alloc = TCPHS_STATUS_SIZE;
	return start(cb, TCPHS_A_STATUS_ALL_NETNS);
}

/* The one with the next number; new ones come anywhere in the list. Under RCU. */
static struct tcphs_net *next_net(const struct dump *dump)
{
	struct tcphs_net *tn, *next = NULL;
	struct net *net;

	if (dump->tn)
		return dump->tn->number > dump->place ? dump->tn : NULL;
	for_each_net_rcu(net) {
		tn = tcphs_net(net);
		if (tn->number > dump->place && (!next || tn->number < next->number))
			next = tn;
	}
	return next;
}

static int put_status(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct tcphs_net *tn, struct tcphs_sum *sum)
{
	void *header = put_header(skb, cb, TCPHS_CMD_STATUS_GET);

	if (!header)
		return -EMSGSIZE;
	if (tcphs_nl_fill_status(skb, tn, sum)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/**
 * tcphs_dump_status() - the next message of TCPHS_CMD_STATUS_GET
 * @skb: message
 * @cb: the dump
 *
 * Context: process.
 * Return: bytes in @skb, 0 at the end, or a negative error.
 */
int tcphs_dump_status(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);
	struct tcphs_net *tn;
	struct tcphs_sum *sum;
	int err = 0;

	sum = kmalloc(sizeof(*sum), GFP_KERNEL);
	if (!sum)
		return -ENOMEM;
	rcu_read_lock();
	while (!err && (tn = next_net(dump))) {
		err = put_status(skb, cb, tn, sum);
		if (!err)
			dump->place = tn->number;
	}
	rcu_read_unlock();
	kfree(sum);
	return skb->len ?: err;
}

/**
 * tcphs_dump_listeners_start() - begin TCPHS_CMD_LISTENER_GET
 * @cb: the dump
 *
 * Context: process.
 * Return: 0 or a negative error, with an extack message.
 */
int tcphs_dump_listeners_start(struct netlink_callback *cb)
{
	int err = start(cb, TCPHS_A_LISTENER_ALL_NETNS);

	if (!err)
		dump_of(cb)->last = tcphs_listener_last();
	return err;
}

static int put_listener_queues(struct sk_buff *skb, const struct tcphs_listener *l,
			       const struct tcphs_listener_view *view)
{
	u64 last = atomic64_read(&l->last_accept), now = tcphs_now();

	if (nla_put_u32(skb, TCPHS_A_LISTENER_SYN_QUEUE, view->syn_queue) ||
	    nla_put_u32(skb, TCPHS_A_LISTENER_SYN_MAX, READ_ONCE(l->syn_max)) ||
	    nla_put_u32(skb, TCPHS_A_LISTENER_SYN_LIMIT, view->syn_limit) ||
	    nla_put_u32(skb, TCPHS_A_LISTENER_ACCEPT_QUEUE, view->accept_queue) ||
	    nla_put_u32(skb, TCPHS_A_LISTENER_ACCEPT_MAX, READ_ONCE(l->accept_max)) ||
	    nla_put_u32(skb, TCPHS_A_LISTENER_ACCEPT_LIMIT, view->accept_limit) ||
	    nla_put_u64_64bit(skb, TCPHS_A_LISTENER_ACCEPTED, view->wait.count,
			      TCPHS_A_LISTENER_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_LISTENER_OVERFLOWS, atomic64_read(&l->overflows),
			      TCPHS_A_LISTENER_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_LISTENER_DROPS, atomic64_read(&l->drops),
			      TCPHS_A_LISTENER_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_LISTENER_DISCARDS, view->discards,
			      TCPHS_A_LISTENER_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_LISTENER_COOKIES_SENT,
			      atomic64_read(&l->cookies_sent), TCPHS_A_LISTENER_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_LISTENER_COOKIES_VALID,
			      atomic64_read(&l->cookies_valid), TCPHS_A_LISTENER_PAD) ||
	    (last && nla_put_u64_64bit(skb, TCPHS_A_LISTENER_LAST_ACCEPT, max(now, last) - last,
				       TCPHS_A_LISTENER_PAD)) ||
	    (view->group && nla_put_u32(skb, TCPHS_A_LISTENER_GROUP, view->group)))
		return -EMSGSIZE;
	return tcphs_nl_put_hist(skb, TCPHS_A_LISTENER_WAIT, TCPHS_HIST_ACCEPT_WAIT, &view->wait);
}

static int put_listener(struct sk_buff *skb, struct netlink_callback *cb,
			const struct tcphs_listener *l, struct tcphs_listener_view *view)
{
	static const struct owner_attrs listens = {
		TCPHS_A_LISTENER_PID, TCPHS_A_LISTENER_COMM, TCPHS_A_LISTENER_THREAD,
		TCPHS_A_LISTENER_CGROUP, TCPHS_A_LISTENER_PAD
	}, accepts = {
		TCPHS_A_LISTENER_ACCEPT_PID, TCPHS_A_LISTENER_ACCEPT_COMM,
		TCPHS_A_LISTENER_ACCEPT_THREAD, TCPHS_A_LISTENER_ACCEPT_CGROUP,
		TCPHS_A_LISTENER_PAD
	};
	void *header = put_header(skb, cb, TCPHS_CMD_LISTENER_GET);

	if (!header)
		return -EMSGSIZE;
	tcphs_listener_look(l, view);
	if (nla_put_u64_64bit(skb, TCPHS_A_LISTENER_CONN, l->id.conn, TCPHS_A_LISTENER_PAD) ||
	    nla_put_u32(skb, TCPHS_A_LISTENER_NETNS, l->tn->inum) ||
	    nla_put_u8(skb, TCPHS_A_LISTENER_FAMILY, l->id.family) ||
	    nla_put(skb, TCPHS_A_LISTENER_ADDRESS, sizeof(l->id.local), l->id.local) ||
	    nla_put_u16(skb, TCPHS_A_LISTENER_PORT, l->id.local_port) ||
	    (!(l->id.flags & TCPHS_F_ADOPTED) &&
	     nla_put_u64_64bit(skb, TCPHS_A_LISTENER_AGE, tcphs_elapsed(l->born, tcphs_now()),
			       TCPHS_A_LISTENER_PAD)) ||
	    put_owner(skb, l->id.owner, &listens) ||
	    put_owner(skb, rcu_dereference(l->acceptor), &accepts) ||
	    put_bound_device(skb, l->tn->net, l->id.ifindex) ||
	    put_listener_queues(skb, l, view)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/**
 * tcphs_dump_listeners() - the next message of TCPHS_CMD_LISTENER_GET
 * @skb: message
 * @cb: the dump
 *
 * Context: process.
 * Return: bytes in @skb, 0 at the end, or a negative error.
 */
int tcphs_dump_listeners(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tcphs_listener *l = NULL;
	struct tcphs_listener_view *view;
	struct dump *dump = dump_of(cb);
	int err = 0;

	view = kmalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return -ENOMEM;
	rcu_read_lock();
	while (!err && (l = tcphs_listener_next(l, dump->tn)) && l->number <= dump->last) {
		/* Earlier messages held it. */
		if (l->number <= dump->place)
			continue;
		err = put_listener(skb, cb, l, view);
		if (!err)
			dump->place = l->number;
	}
	rcu_read_unlock();
	kfree(view);
	return skb->len ?: err;
}

/**
 * tcphs_dump_conns_start() - begin TCPHS_CMD_CONN_GET
 * @cb: the dump
 *
 * Context: process.
 * Return: 0 or a negative error, with an extack message.
 */
int tcphs_dump_conns_start(struct netlink_callback *cb)
{
	u32 known = GENMASK(TCPHS_STATE_MAX, TCPHS_STATE_ESTABLISHED);
	struct nlattr **attrs = tcphs_dump_attrs(cb), *states = attrs[TCPHS_A_CONN_STATES];
	int err;

	if (states && (!nla_get_u32(states) || nla_get_u32(states) & ~known)) {
		NL_SET_ERR_MSG_ATTR(cb->extack, states, "a mask of 1 << state is needed");
		return -EINVAL;
	}
	err = start(cb, TCPHS_A_CONN_ALL_NETNS);
	if (err)
		return err;
	err = tcphs_filter_parse(&dump_of(cb)->filter, attrs[TCPHS_A_CONN_FILTER],
				 false, cb->extack);
	return err ? give_up(cb, err) : 0;
}

static int put_conn_ident(struct sk_buff *skb, const struct tcphs_conn *conn)
{
	static const struct owner_attrs owner = {
		TCPHS_A_CONN_PID, TCPHS_A_CONN_COMM, TCPHS_A_CONN_THREAD, TCPHS_A_CONN_CGROUP,
		TCPHS_A_CONN_PAD
	};
	const struct tcphs_who *id = &conn->id;

	if (nla_put_u64_64bit(skb, TCPHS_A_CONN_CONN, id->conn, TCPHS_A_CONN_PAD) ||
	    nla_put_u16(skb, TCPHS_A_CONN_GENERATION, id->generation) ||
	    nla_put_u32(skb, TCPHS_A_CONN_NETNS, conn->tn->inum) ||
	    nla_put_u8(skb, TCPHS_A_CONN_FAMILY, id->family) ||
	    nla_put_u8(skb, TCPHS_A_CONN_ROLE, id->role) ||
	    nla_put(skb, TCPHS_A_CONN_LOCAL, sizeof(id->local), id->local) ||
	    nla_put_u16(skb, TCPHS_A_CONN_LOCAL_PORT, id->local_port) ||
	    nla_put(skb, TCPHS_A_CONN_PEER, sizeof(id->peer), id->peer) ||
	    nla_put_u16(skb, TCPHS_A_CONN_PEER_PORT, id->peer_port))
		return -EMSGSIZE;
	if ((conn->id.flags & TCPHS_F_ISN && nla_put_u32(skb, TCPHS_A_CONN_ISN, id->isn)) ||
	    (conn->id.flags & TCPHS_F_PEER_ISN &&
	     nla_put_u32(skb, TCPHS_A_CONN_PEER_ISN, id->peer_isn)) ||
	    put_owner(skb, id->owner, &owner) ||
	    (id->ifindex && nla_put_u32(skb, TCPHS_A_CONN_IFINDEX, id->ifindex)) ||
	    (id->flags & TCPHS_F_RESTORED && nla_put_flag(skb, TCPHS_A_CONN_RESTORED)) ||
	    (conn->id.flags & TCPHS_F_MAPPED && nla_put_flag(skb, TCPHS_A_CONN_MAPPED)) ||
	    (conn->id.flags & TCPHS_F_ADOPTED && nla_put_flag(skb, TCPHS_A_CONN_ADOPTED)))
		return -EMSGSIZE;
	return 0;
}

/* Whose accept() it waits for, and how long it has. Its listener is held until then. */
static bool is_queued(const struct tcphs_conn *conn)
{
	return (conn->marks & (TCPHS_C_QUEUED | TCPHS_C_OWED)) == TCPHS_C_QUEUED && conn->listener;
}

static int put_conn_waiting(struct sk_buff *skb, const struct tcphs_conn *conn, u64 now)
{
	if (!is_queued(conn))
		return 0;
	if (nla_put_u64_64bit(skb, TCPHS_A_CONN_WAITING, tcphs_elapsed(conn->mark, now),
			      TCPHS_A_CONN_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_CONN_LISTENER, conn->listener->id.conn,
			      TCPHS_A_CONN_PAD))
		return -EMSGSIZE;
	return 0;
}

struct conns_arg {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct dump *dump;
	u64 now;
	bool waits;			/* wanted is what waits for accept() alone, */
	u64 waiting;			/* and has for so long, ns */
};

static bool is_wanted(const struct tcphs_conn *conn, const struct conns_arg *arg)
{
	const struct dump *dump = arg->dump;

	if ((dump->tn && conn->tn != dump->tn) || !(dump->states & BIT(conn->state)) ||
	    conn->marks & TCPHS_C_TOMB)
		return false;
	if (arg->waits && !(is_queued(conn) && tcphs_elapsed(conn->mark, arg->now) >= arg->waiting))
		return false;
	return tcphs_filter_conn(&dump->filter, conn, arg->now);
}

/* Under the bucket's raw lock: memory of the message only. */
static int put_conn(const struct tcphs_conn *conn, void *data)
{
	struct conns_arg *arg = data;
	struct sk_buff *skb = arg->skb;
	void *header;

	if (!is_wanted(conn, arg))
		return 0;
	header = put_header(skb, arg->cb, TCPHS_CMD_CONN_GET);
	if (!header)
		return -EMSGSIZE;
	if (put_conn_ident(skb, conn) || put_conn_waiting(skb, conn, arg->now) ||
	    nla_put_u8(skb, TCPHS_A_CONN_STATE, conn->state) ||
	    nla_put_u64_64bit(skb, TCPHS_A_CONN_AGE, tcphs_elapsed(conn->since, arg->now),
			      TCPHS_A_CONN_PAD) ||
	    nla_put_u64_64bit(skb, TCPHS_A_CONN_LIFE, tcphs_elapsed(conn->born, arg->now),
			      TCPHS_A_CONN_PAD) ||
	    (!(conn->marks & TCPHS_C_OWED) && conn->life.handshake_us &&
	     nla_put_u64_64bit(skb, TCPHS_A_CONN_HANDSHAKE,
			       (u64)conn->life.handshake_us * NSEC_PER_USEC,
			       TCPHS_A_CONN_PAD))) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	arg->dump->below = conn->serial;
	return 0;
}

/**
 * tcphs_dump_conns() - the next message of TCPHS_CMD_CONN_GET
 * @skb: message
 * @cb: the dump
 *
 * Context: process.
 * Return: bytes in @skb, 0 at the end, or a negative error.
 */
int tcphs_dump_conns(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);
	struct nlattr **attrs = tcphs_dump_attrs(cb), *states = attrs[TCPHS_A_CONN_STATES],
		      *waiting = attrs[TCPHS_A_CONN_WAITING];
	struct conns_arg arg = { .skb = skb, .cb = cb, .dump = dump, .now = tcphs_now() };
	int err;

	arg.waits = waiting;
	arg.waiting = waiting ? nla_get_u64(waiting) : 0;
	dump->states = states ? nla_get_u32(states) : ~0U;
	do {
		err = tcphs_conn_walk_bucket(dump->place, dump->below, put_conn, &arg);
		if (!err) {
			dump->place++;
			dump->below = 0;
		}
	} while (!err);
	return skb->len ?: min(err, 0);
}

/* Names of cgroups: where they begin for the caller, and how far it has come. */
struct names {
	struct tcphs_net *tn;		/* NULL: every namespace */
	u64 place;			/* number of the last one */
	size_t root_len;
	char root[PATH_MAX];		/* of the caller's cgroup namespace; "": of all */
};

/**
 * tcphs_dump_cgroups_start() - begin TCPHS_CMD_CGROUP_GET
 * @cb: the dump
 *
 * Context: process.
 * Return: 0 or a negative error, with an extack message.
 */
int tcphs_dump_cgroups_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = tcphs_dump_attrs(cb), *after = attrs[TCPHS_A_CGROUP_AFTER];
	struct tcphs_net *tn;
	struct names *names;
	int err;

	err = tcphs_nl_check_flags(cb->nlh, cb->extack) ?:
	      tcphs_reading_view(sock_net(cb->skb->sk), attrs[TCPHS_A_CGROUP_ALL_NETNS], &tn,
				 cb->extack);
	if (err)
		return err;
	names = kvzalloc(sizeof(*names), GFP_KERNEL_ACCOUNT);
	if (!names)
		return -ENOMEM;
	names->tn = tn;
	names->place = after ? nla_get_u64(after) : 0;
	cb->args[0] = (long)names;
	/* A path may be as long as a message is at least. */
	cb->min_dump_alloc = 2 * PATH_MAX;
	if (tcphs_cgroup_root(names->root))
		names->root_len = strlen(names->root);
	/* So deep that no path below it was kept; and those beside it are not the caller's. */
	else
		names->place = U64_MAX;
	if (names->root_len == 1)
		names->root_len = 0;
	return 0;
}

/* From that root, or NULL: it does not have it. */
static const char *path_from(const struct names *names, const char *path)
{
	if (!names->root_len)
		return path;
	if (strncmp(path, names->root, names->root_len))
		return NULL;
	path += names->root_len;
	return *path == '/' ? path : *path ? NULL : "/";
}

struct names_arg {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct names *names;
};

static int put_name(const struct tcphs_cgroup *name, void *data)
{
	struct names_arg *arg = data;
	const char *path = path_from(arg->names, name->path);
	struct sk_buff *skb = arg->skb;
	void *header;

	if (!path)
		return 0;
	header = put_header(skb, arg->cb, TCPHS_CMD_CGROUP_GET);
	if (!header)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, TCPHS_A_CGROUP_ID, name->id, TCPHS_A_CGROUP_PAD) ||
	    nla_put_string(skb, TCPHS_A_CGROUP_PATH, path) ||
	    nla_put_u64_64bit(skb, TCPHS_A_CGROUP_NUMBER, name->number, TCPHS_A_CGROUP_PAD)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	arg->names->place = name->number;
	return 0;
}

/**
 * tcphs_dump_cgroups() - the next message of TCPHS_CMD_CGROUP_GET
 * @skb: message
 * @cb: the dump
 *
 * Context: process.
 * Return: bytes in @skb, 0 at the end, or a negative error.
 */
int tcphs_dump_cgroups(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct names_arg arg = { .skb = skb, .cb = cb, .names = (struct names *)cb->args[0] };
	int err = tcphs_cgroup_each(arg.names->tn, arg.names->place, put_name, &arg);

	return skb->len ?: err;
}

/**
 * tcphs_dump_events_start() - begin TCPHS_CMD_EVENT_GET
 * @cb: the dump
 *
 * Context: process.
 * Return: 0 or a negative error, with an extack message.
 */
int tcphs_dump_events_start(struct netlink_callback *cb)
{
	struct tcphs_reading *reading;
	int err = tcphs_nl_check_flags(cb->nlh, cb->extack);

	if (err)
		return err;
	reading = tcphs_reading_new(sock_net(cb->skb->sk), tcphs_dump_attrs(cb),
				    nlmsg_attrdata(cb->nlh, GENL_HDRLEN),
				    nlmsg_attrlen(cb->nlh, GENL_HDRLEN), cb->extack);
	if (IS_ERR(reading))
		return PTR_ERR(reading);
	cb->args[0] = (long)reading;
	return 0;
}

/*
 * One message of one CPU and one store. A hole lies before the first record of a message,
 * never inside.
 */
static int put_events(struct sk_buff *skb, struct netlink_callback *cb,
		      struct tcphs_cursor *cursor)
{
	int record = nla_total_size(sizeof(struct tcphs_event));
	int tail = nla_total_size_64bit(sizeof(u64));
	struct tcphs_reading *r = reading_of(cb);
	u64 go_on, lost;
	void *header;

	if (skb_tailroom(skb) < NLMSG_HDRLEN + GENL_HDRLEN + record + 4 * tail)
		return -EMSGSIZE;
	header = put_header(skb, cb, TCPHS_CMD_EVENT_GET);
	if (!header)
		return -EMSGSIZE;
	go_on = tcphs_reading_begin(r, cursor, &lost);
	if (nla_put_u32(skb, TCPHS_A_EVENT_CPU, cursor->cpu) ||
	    (r->kept && nla_put_u8(skb, TCPHS_A_EVENT_KEPT, TCPHS_KEPT_TOO)) ||
	    nla_put_u64_64bit(skb, TCPHS_A_EVENT_LOST, lost, TCPHS_A_EVENT_PAD))
		goto cancel;
	while (r->pending && !cursor->lost && skb_tailroom(skb) >= record + tail) {
		if (nla_put(skb, TCPHS_A_EVENT_RECORD, sizeof(r->ev), &r->ev))
			goto cancel;
		go_on = tcphs_reading_fetch(r, cursor);
	}
	if (nla_put_u64_64bit(skb, TCPHS_A_EVENT_NEXT, tcphs_reading_reported(r, cursor, go_on),
			      TCPHS_A_EVENT_PAD))
		goto cancel;
	genlmsg_end(skb, header);
	return 0;
cancel:
	genlmsg_cancel(skb, header);
	return -EMSGSIZE;
}

/**
 * tcphs_dump_events() - the next message of TCPHS_CMD_EVENT_GET
 * @skb: message
 * @cb: the dump
 *
 * Context: process.
 * Return: bytes in @skb, 0 at the end, or a negative error.
 */
int tcphs_dump_events(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tcphs_reading *r = reading_of(cb);
	struct tcphs_cursor *cursor;
	int err;

	while ((cursor = tcphs_reading_turn(r))) {
		err = put_events(skb, cb, cursor);
		if (err)
			return skb->len ?: err;
	}
	return skb->len;
}

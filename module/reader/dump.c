// SPDX-License-Identifier: GPL-2.0
/*
 * The dumps: listeners, connections, events. Each starts by checking the whole
 * request, so that a refused one has sent nothing.
 */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "compat/genetlink.h"
#include "reader/filter.h"
#include "reader/reader.h"
#include "store/bell.h"
#include "store/clock.h"
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/listener.h"
#include "table/owner.h"
#include "table/who.h"

/* What a dump remembers between its messages. */
struct dump {
	struct tcphs_net *tn;		/* NULL: every namespace */
	u32 states;			/* connections: mask of 1 << state */
	struct tcphs_filter filter;	/* connections, events */
	unsigned long place;		/* status, listeners: number; connections: bucket; events: CPU */
	unsigned long last;		/* listeners: number of the last one */
	u32 below;			/* connections: serial of the last one of that bucket */
	bool pending;			/* events: ev was read and not yet sent */
	bool told;			/* events: this CPU was named */
	bool kept;			/* events: the kept store is read */
	u8 mode;			/* events: enum tcphs_kept_mode */
	struct tcphs_walk walk;		/* events: of the CPU that is read */
	u64 go_on;			/* events: the cursor before ev was read */
	struct tcphs_event ev;
	struct tcphs_cursor cursors[];	/* events: one a CPU */
};

static struct dump *dump_of(struct netlink_callback *cb)
{
	return (struct dump *)cb->args[0];
}

/* Common to all: flags, permission, memory. */
static int start(struct netlink_callback *cb, int all_netns, unsigned int cursors)
{
	struct net *net = sock_net(cb->skb->sk);
	bool all = tcphs_dump_attrs(cb)[all_netns];
	struct dump *dump;
	int err;

	err = tcphs_nl_check_flags(cb->nlh, cb->extack);
	if (err)
		return err;
	if (all && !net_eq(net, &init_net)) {
		NL_SET_ERR_MSG(cb->extack,
			       "only the initial network namespace may see all namespaces");
		return -EPERM;
	}
	dump = kvzalloc(struct_size(dump, cursors, cursors), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	dump->tn = all ? NULL : tcphs_net(net);
	cb->args[0] = (long)dump;
	return 0;
}

/* A start that failed has no done. */
static int give_up(struct netlink_callback *cb, int err)
{
	kvfree(dump_of(cb));
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

/* @pid, @comm, @thread: the attributes. */
static int put_owner(struct sk_buff *skb, const struct tcphs_owner *owner, int pid, int comm,
		     int thread)
{
	if (!owner)
		return 0;
	return nla_put_u32(skb, pid, owner->pid) ?: put_comm(skb, comm, owner->comm) ?:
	       owner->thread[0] ? put_comm(skb, thread, owner->thread) : 0;
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
	return start(cb, TCPHS_A_STATUS_ALL_NETNS, 0);
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
	int err = start(cb, TCPHS_A_LISTENER_ALL_NETNS, 0);

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
	void *header = put_header(skb, cb, TCPHS_CMD_LISTENER_GET);

	if (!header)
		return -EMSGSIZE;
	tcphs_listener_look(l, view);
	if (nla_put_u64_64bit(skb, TCPHS_A_LISTENER_CONN, l->id.conn, TCPHS_A_LISTENER_PAD) ||
	    nla_put_u32(skb, TCPHS_A_LISTENER_NETNS, l->id.netns) ||
	    nla_put_u8(skb, TCPHS_A_LISTENER_FAMILY, l->id.family) ||
	    nla_put(skb, TCPHS_A_LISTENER_ADDRESS, sizeof(l->id.local), l->id.local) ||
	    nla_put_u16(skb, TCPHS_A_LISTENER_PORT, l->id.local_port) ||
	    (!(l->id.flags & TCPHS_F_ADOPTED) &&
	     nla_put_u64_64bit(skb, TCPHS_A_LISTENER_AGE, tcphs_elapsed(l->born, tcphs_now()),
			       TCPHS_A_LISTENER_PAD)) ||
	    put_owner(skb, l->id.owner, TCPHS_A_LISTENER_PID, TCPHS_A_LISTENER_COMM,
		      TCPHS_A_LISTENER_THREAD) ||
	    put_owner(skb, rcu_dereference(l->acceptor), TCPHS_A_LISTENER_ACCEPT_PID,
		      TCPHS_A_LISTENER_ACCEPT_COMM, TCPHS_A_LISTENER_ACCEPT_THREAD) ||
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
	err = start(cb, TCPHS_A_CONN_ALL_NETNS, 0);
	if (err)
		return err;
	err = tcphs_filter_parse(&dump_of(cb)->filter, attrs[TCPHS_A_CONN_FILTER],
				 false, cb->extack);
	return err ? give_up(cb, err) : 0;
}

static int put_conn_ident(struct sk_buff *skb, const struct tcphs_conn *conn)
{
	const struct tcphs_who *id = &conn->id;

	if (nla_put_u64_64bit(skb, TCPHS_A_CONN_CONN, id->conn, TCPHS_A_CONN_PAD) ||
	    nla_put_u16(skb, TCPHS_A_CONN_GENERATION, id->generation) ||
	    nla_put_u32(skb, TCPHS_A_CONN_NETNS, id->netns) ||
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
	    put_owner(skb, id->owner, TCPHS_A_CONN_PID, TCPHS_A_CONN_COMM,
		      TCPHS_A_CONN_THREAD) ||
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
	return conn->marks & TCPHS_C_QUEUED && conn->listener;
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
	    (conn->life.handshake_us &&
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

/* Reads one TCPHS_A_EVENT_CURSOR into the dump. */
static int take_cursor(struct dump *dump, struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TCPHS_A_CURSOR_MAX + 1];
	u32 cpu;
	int err;

	err = nla_parse_nested(tb, TCPHS_A_CURSOR_MAX, attr, tcphs_nl_cursor_policy, extack);
	if (err)
		return err;
	if (!tb[TCPHS_A_CURSOR_CPU] || !tb[TCPHS_A_CURSOR_NEXT]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a cursor needs a CPU and a next number");
		return -EINVAL;
	}
	cpu = nla_get_u32(tb[TCPHS_A_CURSOR_CPU]);
	if (!tcphs_ring_exists(cpu)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[TCPHS_A_CURSOR_CPU], "no ring of that CPU");
		return -ENODEV;
	}
	if (dump->cursors[cpu].given) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "two cursors for one CPU");
		return -EINVAL;
	}
	dump->cursors[cpu].given = true;
	dump->cursors[cpu].next = nla_get_u64(tb[TCPHS_A_CURSOR_NEXT]);
	return 0;
}

/* What the kept store has is fixed first: see tcphs_ring_kept_end(). */
static void end_kept(struct dump *dump)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		dump->cursors[cpu].kept_end = tcphs_ring_kept_end(cpu);
}

/* Stands every cursor in its ring. */
static int seek_all(struct dump *dump, struct netlink_ext_ack *extack)
{
	unsigned int cpu;
	int err;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct tcphs_cursor *cursor = &dump->cursors[cpu];

		cursor->tn = dump->tn;
		cursor->cpu = cpu;
		err = tcphs_ring_seek(cursor, &dump->walk);
		if (err == -ERANGE)
			NL_SET_ERR_MSG(extack, "a cursor lies ahead of its ring; start without it");
		if (err && err != -ENODEV)
			return err;
		cond_resched();
	}
	return 0;
}

/* To the next CPU that has rings, and behind the last one to the kept store. */
static bool next_cpu(struct dump *dump)
{
	for (;; dump->place++) {
		if (dump->place >= nr_cpu_ids) {
			if (dump->kept || !dump->mode)
				return false;
			dump->kept = true;
			dump->place = 0;
		}
		/* One that has come up since waits for the next dump. */
		if (dump->cursors[dump->place].sought)
			return true;
	}
}

/* This CPU's turn. */
static void start_cpu(struct dump *dump)
{
	struct tcphs_cursor *cursor;

	dump->told = false;
	if (!next_cpu(dump))
		return;
	cursor = &dump->cursors[dump->place];
	if (dump->kept)
		tcphs_ring_kept_start(dump->place, &dump->walk, cursor->kept_end);
	else
		tcphs_ring_start(cursor, &dump->walk);
}

/**
 * tcphs_dump_events_start() - begin TCPHS_CMD_EVENT_GET
 * @cb: the dump
 *
 * The doorbell is armed before the ends of the rings are fixed: what this dump
 * does not hold will ring.
 *
 * Context: process.
 * Return: 0 or a negative error, with an extack message.
 */
int tcphs_dump_events_start(struct netlink_callback *cb)
{
	struct tcphs_bell *bell;
	struct nlattr *attr;
	struct dump *dump;
	int err, rem;

	err = start(cb, TCPHS_A_EVENT_ALL_NETNS, nr_cpu_ids);
	if (err)
		return err;
	dump = dump_of(cb);
	err = tcphs_filter_parse(&dump->filter, tcphs_dump_attrs(cb)[TCPHS_A_EVENT_FILTER],
				 true, cb->extack);
	if (err)
		return give_up(cb, err);
	attr = tcphs_dump_attrs(cb)[TCPHS_A_EVENT_KEPT];
	dump->mode = attr ? nla_get_u8(attr) : TCPHS_KEPT_NOT;
	attr = tcphs_dump_attrs(cb)[TCPHS_A_EVENT_LOAD];
	if (attr && nla_get_u64(attr) != tcphs_load_id) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attr,
				    "the cursors are of an earlier load of tcphs; start without them");
		return give_up(cb, -ESTALE);
	}
	nlmsg_for_each_attr(attr, cb->nlh, GENL_HDRLEN, rem) {
		if (nla_type(attr) != TCPHS_A_EVENT_CURSOR)
			continue;
		err = take_cursor(dump, attr, cb->extack);
		if (!err && dump->mode) {
			NL_SET_ERR_MSG_ATTR(cb->extack, attr,
					    "what was kept is read from the beginning: without cursors");
			err = -EINVAL;
		}
		if (err)
			return give_up(cb, err);
	}
	bell = dump->tn ? &dump->tn->bell : &tcphs_bell_all;
	WRITE_ONCE(bell->armed, 1);
	/* Not paired on the hot path: what slips by costs a second, see bell.c. */
	smp_mb();
	if (dump->mode)
		end_kept(dump);
	err = seek_all(dump, cb->extack);
	if (err)
		return give_up(cb, err);
	dump->kept = dump->mode == TCPHS_KEPT_ONLY;
	start_cpu(dump);
	return 0;
}

/*
 * Fetches what passes the filter; returns where to go on if that isn't sent: behind the
 * records that were passed over, but not behind a loss, which no message has told yet.
 */
static u64 fetch(struct dump *dump, struct tcphs_cursor *cursor, struct tcphs_event *ev)
{
	u64 go_on = cursor->next;

	while ((dump->pending = dump->kept ?
			       tcphs_ring_kept_read(dump->tn, &dump->walk, ev) :
			       tcphs_ring_read(cursor, &dump->walk, ev)) &&
	       !tcphs_filter_event(&dump->filter, ev)) {
		if (!cursor->lost)
			go_on = cursor->next;
		cond_resched();
	}
	return go_on;
}

/*
 * Puts dump->ev into the message, and what follows it as long as there is room. That is
 * copied but once, from the ring into its place. A hole lies before the first record of a
 * message, never inside.
 */
static u64 put_records(struct sk_buff *skb, struct dump *dump, struct tcphs_cursor *cursor,
		       int room)
{
	struct nlattr *attr = __nla_reserve(skb, TCPHS_A_EVENT_RECORD, sizeof(dump->ev));
	const int record = nla_total_size(sizeof(dump->ev));
	u64 go_on = 0;
	int left, put;

	memcpy(nla_data(attr), &dump->ev, sizeof(dump->ev));
	left = skb_tailroom(skb) - room;
	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) || left < 0)
		return fetch(dump, cursor, &dump->ev);
	for (put = 0; put <= left; put += record) {
		attr = (struct nlattr *)(skb_tail_pointer(skb) + put);
		attr->nla_type = TCPHS_A_EVENT_RECORD;
		attr->nla_len = nla_attr_size(sizeof(dump->ev));
		go_on = fetch(dump, cursor, nla_data(attr));
		if (unlikely(!dump->pending || cursor->lost))
			break;
	}
	skb_put(skb, put);
	if (put > left)
		return fetch(dump, cursor, &dump->ev);
	memcpy(&dump->ev, nla_data(attr), sizeof(dump->ev));
	return go_on;
}

/* One message of one CPU and one store. */
static int put_events(struct sk_buff *skb, struct netlink_callback *cb,
		      struct tcphs_cursor *cursor)
{
	int record = nla_total_size(sizeof(struct tcphs_event));
	int tail = nla_total_size_64bit(sizeof(u64));
	struct dump *dump = dump_of(cb);
	u64 go_on;
	void *header;

	if (skb_tailroom(skb) < NLMSG_HDRLEN + GENL_HDRLEN + record + 4 * tail)
		return -EMSGSIZE;
	header = put_header(skb, cb, TCPHS_CMD_EVENT_GET);
	if (!header)
		return -EMSGSIZE;
	if (dump->pending)
		go_on = dump->go_on;
	else
		go_on = fetch(dump, cursor, &dump->ev);
	if (nla_put_u32(skb, TCPHS_A_EVENT_CPU, cursor->cpu) ||
	    (dump->kept && nla_put_u8(skb, TCPHS_A_EVENT_KEPT, TCPHS_KEPT_TOO)) ||
	    nla_put_u64_64bit(skb, TCPHS_A_EVENT_LOST, cursor->lost, TCPHS_A_EVENT_PAD))
		goto cancel;
	cursor->lost = 0;
	while (dump->pending && !cursor->lost && skb_tailroom(skb) >= record + tail)
		go_on = put_records(skb, dump, cursor, record + tail);
	dump->go_on = go_on;
	/* Not behind a loss before the end, of which the next message tells. */
	if (nla_put_u64_64bit(skb, TCPHS_A_EVENT_NEXT,
			      dump->pending ? go_on : cursor->next - cursor->lost,
			      TCPHS_A_EVENT_PAD))
		goto cancel;
	genlmsg_end(skb, header);
	dump->told = true;
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
	struct dump *dump = dump_of(cb);
	struct tcphs_cursor *cursor;
	int err;

	for (; next_cpu(dump); dump->place++, start_cpu(dump)) {
		cursor = &dump->cursors[dump->place];
		while (!dump->told || dump->pending || cursor->lost) {
			err = put_events(skb, cb, cursor);
			if (err)
				return skb->len ?: err;
		}
	}
	return skb->len;
}

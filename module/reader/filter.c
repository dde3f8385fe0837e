// SPDX-License-Identifier: GPL-2.0
/*
 * What a reader wants to see, judged before it is copied: its request becomes a
 * struct tcphs_filter, and that says yes or no to records and entries. Takes no
 * lock and allocates nothing, since entries are judged under their bucket's lock.
 */
#include <linux/bits.h>
#include <linux/string.h>
#include "reader/filter.h"
#include "store/clock.h"
#include "table/conn.h"
#include "table/owner.h"

#define LIST(element) { .type = NLA_BINARY, .len = TCPHS_FILTER_LIST * sizeof(element) }

const struct nla_policy tcphs_filter_policy[TCPHS_A_FILTER_MAX + 1] = {
	[TCPHS_A_FILTER_PORTS] = LIST(u16),
	[TCPHS_A_FILTER_LOCAL_PORTS] = LIST(u16),
	[TCPHS_A_FILTER_PEER_PORTS] = LIST(u16),
	[TCPHS_A_FILTER_ADDRESSES] = LIST(struct tcphs_prefix),
	[TCPHS_A_FILTER_PIDS] = LIST(u32),
	[TCPHS_A_FILTER_ROLES] = { .type = NLA_U32 },
	[TCPHS_A_FILTER_OLDER_THAN] = { .type = NLA_U64 },
	[TCPHS_A_FILTER_STATES] = { .type = NLA_U32 },
	[TCPHS_A_FILTER_EVENTS] = { .type = NLA_U64 },
};

/* The policy has seen to it that @to is large enough. */
static int take_list(void *to, u8 *nr, size_t size, struct nlattr *attr,
		     struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	if (!nla_len(attr) || nla_len(attr) % size) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a list of 1 to 16 whole elements is needed");
		return -EINVAL;
	}
	memcpy(to, nla_data(attr), nla_len(attr));
	*nr = nla_len(attr) / size;
	return 0;
}

static int check_mask(u64 mask, u64 known, struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (mask && !(mask & ~known))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "a mask of known bits is needed");
	return -EINVAL;
}

static bool is_prefix(const struct tcphs_prefix *prefix)
{
	unsigned int i, bits = prefix->family == AF_INET ? 32 : 128;

	if ((prefix->family != AF_INET && prefix->family != AF_INET6) ||
	    prefix->length > bits || prefix->pad)
		return false;
	for (i = prefix->length; i < 128; i++)
		if (prefix->address[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

static int take_addresses(struct tcphs_filter *f, struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	int err = take_list(f->addresses, &f->nr_addresses, sizeof(f->addresses[0]), attr, extack);
	unsigned int i;

	for (i = 0; !err && i < f->nr_addresses; i++) {
		if (is_prefix(&f->addresses[i]))
			continue;
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a prefix needs a family, a length and zeros after it");
		err = -EINVAL;
	}
	return err;
}

static int take_masks(struct tcphs_filter *f, struct nlattr **tb, struct netlink_ext_ack *extack)
{
	struct nlattr *roles = tb[TCPHS_A_FILTER_ROLES], *states = tb[TCPHS_A_FILTER_STATES],
		      *events = tb[TCPHS_A_FILTER_EVENTS];
	int err = 0;

	if (roles) {
		f->roles = nla_get_u32(roles);
		err = check_mask(f->roles, GENMASK(TCPHS_ROLE_MAX, 0), roles, extack);
	}
	if (states && !err) {
		f->states = nla_get_u32(states);
		err = check_mask(f->states, GENMASK(TCPHS_STATE_MAX, 1), states, extack);
	}
	if (events && !err) {
		f->events = nla_get_u64(events);
		err = check_mask(f->events, GENMASK_ULL(TCPHS_EV_MAX, 1), events, extack);
	}
	return err;
}

/**
 * tcphs_filter_parse() - take a reader's wishes
 * @f: zeroed; gets them
 * @nest: of TCPHS_A_FILTER_*, or NULL for none
 * @events: it is for events, not for connections
 * @extack: says what is wrong
 *
 * Context: process.
 * Return: 0 or -EINVAL.
 */
int tcphs_filter_parse(struct tcphs_filter *f, struct nlattr *nest, bool events,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TCPHS_A_FILTER_MAX + 1];
	int err;

	if (!nest)
		return 0;
	f->any = true;
	err = nla_parse_nested(tb, TCPHS_A_FILTER_MAX, nest, tcphs_filter_policy, extack);
	if (err)
		return err;
	if (!events && (tb[TCPHS_A_FILTER_STATES] || tb[TCPHS_A_FILTER_EVENTS])) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "states (see TCPHS_A_CONN_STATES) and events are of events only");
		return -EINVAL;
	}
	if (tb[TCPHS_A_FILTER_OLDER_THAN])
		f->older_than = nla_get_u64(tb[TCPHS_A_FILTER_OLDER_THAN]);
	err = take_list(f->ports, &f->nr_ports, sizeof(f->ports[0]),
			tb[TCPHS_A_FILTER_PORTS], extack);
	if (!err)
		err = take_list(f->local_ports, &f->nr_local_ports, sizeof(f->local_ports[0]),
				tb[TCPHS_A_FILTER_LOCAL_PORTS], extack);
	if (!err)
		err = take_list(f->peer_ports, &f->nr_peer_ports, sizeof(f->peer_ports[0]),
				tb[TCPHS_A_FILTER_PEER_PORTS], extack);
	if (!err)
		err = take_list(f->pids, &f->nr_pids, sizeof(f->pids[0]),
				tb[TCPHS_A_FILTER_PIDS], extack);
	if (!err)
		err = take_addresses(f, tb[TCPHS_A_FILTER_ADDRESSES], extack);
	return err ?: take_masks(f, tb, extack);
}

static bool port_in(const u16 *ports, u8 nr, u16 port)
{
	while (nr--)
		if (ports[nr] == port)
			return true;
	return false;
}

static bool pid_in(const struct tcphs_filter *f, u32 pid)
{
	u8 nr = f->nr_pids;

	while (nr--)
		if (f->pids[nr] == pid)
			return true;
	return false;
}

static bool address_in(const struct tcphs_filter *f, u8 family, const u8 *address)
{
	const struct tcphs_prefix *p;
	unsigned int bytes, bits;

	for (p = f->addresses; p < f->addresses + f->nr_addresses; p++) {
		bytes = p->length / 8;
		bits = p->length % 8;
		if (p->family == family && !memcmp(p->address, address, bytes) &&
		    (!bits || !((p->address[bytes] ^ address[bytes]) >> (8 - bits))))
			return true;
	}
	return false;
}

/* Of who has no owner. */
#define NO_PID	U32_MAX

/* What is looked at of @id comes before that which an entry has elsewhere. */
static bool ident_passes(const struct tcphs_filter *f, const struct tcphs_ident *id, u32 pid)
{
	if (f->roles && !(f->roles & BIT(id->role)))
		return false;
	if (f->nr_ports && !port_in(f->ports, f->nr_ports, id->local_port) &&
	    !port_in(f->ports, f->nr_ports, id->peer_port))
		return false;
	if (f->nr_local_ports && !port_in(f->local_ports, f->nr_local_ports, id->local_port))
		return false;
	if (f->nr_peer_ports && !port_in(f->peer_ports, f->nr_peer_ports, id->peer_port))
		return false;
	if (f->nr_pids && !(pid != NO_PID && pid_in(f, pid)))
		return false;
	return !f->nr_addresses || address_in(f, id->family, id->local) ||
	       address_in(f, id->family, id->peer);
}

/**
 * tcphs_filter_judge() - does the reader want this record?
 * @f: the filter, which asks for something
 * @ev: the record
 *
 * Context: any.
 */
bool tcphs_filter_judge(const struct tcphs_filter *f, const struct tcphs_event *ev)
{
	if (f->events && !(f->events & BIT_ULL(ev->type)))
		return false;
	if (f->states && !(f->states & (BIT(ev->old_state) | BIT(ev->new_state))))
		return false;
	if (f->older_than &&
	    !(ev->flags & TCPHS_F_DURATION && ev->duration >= f->older_than))
		return false;
	return ident_passes(f, &ev->id, ev->flags & TCPHS_F_OWNER ? ev->id.pid : NO_PID);
}

/**
 * tcphs_filter_conn() - does the reader want this connection?
 * @f: the filter
 * @conn: the entry
 * @now: CLOCK_MONOTONIC, ns
 *
 * Context: any; the lock of the entry's bucket is held.
 */
bool tcphs_filter_conn(const struct tcphs_filter *f, const struct tcphs_conn *conn, u64 now)
{
	if (tcphs_elapsed(conn->since, now) < f->older_than)
		return false;
	return ident_passes(f, (const struct tcphs_ident *)&conn->id,
			    conn->id.owner ? conn->id.owner->pid : NO_PID);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* What a reader wants to see. */
#ifndef _TCPHS_FILTER_H
#define _TCPHS_FILTER_H

#include <linux/types.h>
#include <net/netlink.h>
#include <linux/tcphs.h>

struct tcphs_conn;

/* Zeroed, it lets everything through. */
struct tcphs_filter {
	bool any;			/* something is asked for */
	u64 events;			/* mask of 1 << type, 0: any */
	u64 older_than;			/* ns */
	u32 states;			/* mask of 1 << state, 0: any */
	u32 roles;			/* mask of 1 << role, 0: any */
	u8 nr_ports;
	u8 nr_local_ports;
	u8 nr_peer_ports;
	u8 nr_pids;
	u8 nr_addresses;
	u16 ports[TCPHS_FILTER_LIST];
	u16 local_ports[TCPHS_FILTER_LIST];
	u16 peer_ports[TCPHS_FILTER_LIST];
	u32 pids[TCPHS_FILTER_LIST];
	struct tcphs_prefix addresses[TCPHS_FILTER_LIST];
};

extern const struct nla_policy tcphs_filter_policy[TCPHS_A_FILTER_MAX + 1];

int tcphs_filter_parse(struct tcphs_filter *f, struct nlattr *nest, bool events,
		       struct netlink_ext_ack *extack);
bool tcphs_filter_judge(const struct tcphs_filter *f, const struct tcphs_event *ev);
bool tcphs_filter_conn(const struct tcphs_filter *f, const struct tcphs_conn *conn, u64 now);

/**
 * tcphs_filter_event() - does the reader want this record?
 * @f: the filter
 * @ev: the record
 *
 * Context: any.
 */
static inline bool tcphs_filter_event(const struct tcphs_filter *f, const struct tcphs_event *ev)
{
	return !f->any || tcphs_filter_judge(f, ev);
}

#endif /* _TCPHS_FILTER_H */

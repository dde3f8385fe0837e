/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink.
 *
 * 6.1   permissions on multicast groups (backported to some 5.10)
 * 6.7   the attributes of a dump move from genl_dumpit_info to its genl_info
 */
#ifndef _TCPHS_COMPAT_GENETLINK_H
#define _TCPHS_COMPAT_GENETLINK_H

#include <net/genetlink.h>
#include "compat.h"

#ifdef TCPHS_HAVE_MCAST_CAP_NET_ADMIN
#define TCPHS_MCGRP_ADMIN .flags = GENL_MCAST_CAP_NET_ADMIN,
#else
#define TCPHS_MCGRP_ADMIN
#endif

static inline struct nlattr **tcphs_dump_attrs(struct netlink_callback *cb)
{
#ifdef TCPHS_HAVE_DUMPIT_GENL_INFO
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif /* _TCPHS_COMPAT_GENETLINK_H */

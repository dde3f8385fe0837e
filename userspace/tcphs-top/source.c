// SPDX-License-Identifier: GPL-2.0
/* The live source: generic netlink, by way of the library. */
#include <errno.h>

#include "source.h"

static int live_open(struct top_source *src, struct tcphs_error *err)
{
	if (!src->ctx)
		src->ctx = tcphs_open(err);
	return src->ctx ? 0 : -ENODEV;
}

static int live_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	return tcphs_get_status(src->ctx, st, err);
}

static int live_listeners(struct top_source *src, bool all_netns,
			  struct tcphs_listener_list *list, struct tcphs_error *err)
{
	return tcphs_get_listeners(src->ctx, all_netns, list, err);
}

static int live_connections(struct top_source *src, bool all_netns,
			    const struct tcphs_filter *filter, struct tcphs_conn_list *list,
			    struct tcphs_error *err)
{
	return tcphs_get_connections(src->ctx, all_netns, filter, list, err);
}

static void live_close(struct top_source *src)
{
	tcphs_close(src->ctx);
	src->ctx = NULL;
}

/**
 * source_live - reads the module
 * @src: gets the functions
 */
void source_live(struct top_source *src)
{
	*src = (struct top_source){
		.open = live_open,
		.status = live_status,
		.listeners = live_listeners,
		.connections = live_connections,
		.close = live_close,
	};
}

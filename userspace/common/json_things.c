/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections, listeners and the status as JSON: each kind of thing is the same object,
 * whichever tool writes it. tcphs(8) documents the fields.
 */
#include <sys/socket.h>

#include "netns.h"
#include "output.h"

/**
 * tcphs_json_histogram - a histogram as its quantiles
 * @j: the writer
 * @key: its name
 * @h: the histogram
 */
void tcphs_json_histogram(struct tcphs_json *j, const char *key, const struct tcphs_histogram *h)
{
	tcphs_json_open(j, key, '{');
	tcphs_json_u64(j, "count", h->count);
	tcphs_json_u64(j, "p50_ns", tcphs_hist_quantile(h, 500));
	tcphs_json_u64(j, "p90_ns", tcphs_hist_quantile(h, 900));
	tcphs_json_u64(j, "p99_ns", tcphs_hist_quantile(h, 990));
	tcphs_json_u64(j, "max_ns", h->max_ns);
	tcphs_json_close(j, '}');
}

/**
 * tcphs_json_cgroup - what an owner's cgroup is called, into an object that is open
 * @j: the writer
 * @cgroups: who knows; NULL: nobody
 * @id: of the owner, or 0
 */
void tcphs_json_cgroup(struct tcphs_json *j, struct tcphs_cgroups *cgroups, uint64_t id)
{
	const struct tcphs_cgroup *c = cgroups ? tcphs_cgroups_find(cgroups, id) : NULL;

	if (!c)
		return;
	tcphs_json_bytes(j, "cgroup", c->path, strlen(c->path));
	if (*c->names.unit)
		tcphs_json_str(j, "unit", c->names.unit);
	if (*c->names.container)
		tcphs_json_str(j, "container", c->names.container);
	if (*c->names.pod)
		tcphs_json_str(j, "pod", c->names.pod);
}

/**
 * tcphs_json_netns - a network namespace, into an object that is open
 * @j: the writer
 * @inode: its number; its name, if names are to be shown, comes with it
 */
void tcphs_json_netns(struct tcphs_json *j, uint32_t inode)
{
	const char *name = netns_shown(inode);

	tcphs_json_u64(j, "netns", inode);
	if (name)
		tcphs_json_bytes(j, "netns_name", name, strlen(name));
}

/**
 * tcphs_json_conn - the fields of a connection, into an object that is open
 * @j: the writer
 * @c: the connection
 */
void tcphs_json_conn(struct tcphs_json *j, const struct tcphs_conn_info *c)
{
	char buf[TCPHS_NAME_LEN];

	tcphs_json_hex(j, "conn", c->conn);
	tcphs_json_u64(j, "generation", c->generation);
	tcphs_json_str(j, "state", tcphs_state_key(c->state, buf));
	tcphs_json_u64(j, "age_ns", c->age);
	tcphs_json_u64(j, "life_ns", c->life);
	tcphs_json_address(j, "local", c->family, c->local);
	tcphs_json_u64(j, "local_port", c->local_port);
	tcphs_json_address(j, "peer", c->family, c->peer);
	tcphs_json_u64(j, "peer_port", c->peer_port);
	tcphs_json_str(j, "family", c->family == AF_INET6 ? "ipv6" : "ipv4");
	tcphs_json_netns(j, c->netns);
	tcphs_json_str(j, "role", tcphs_role_name(c->role, buf));
	if (c->has_handshake)
		tcphs_json_u64(j, "handshake_ns", c->handshake);
	if (c->has_isn)
		tcphs_json_u64(j, "isn", c->isn);
	if (c->has_peer_isn)
		tcphs_json_u64(j, "peer_isn", c->peer_isn);
	if (c->ifindex)
		tcphs_json_u64(j, "ifindex", c->ifindex);
	tcphs_json_owner(j, "", &c->owner);
	if (c->mapped)
		tcphs_json_bool(j, "mapped", true);
	if (c->adopted)
		tcphs_json_bool(j, "adopted", true);
	if (c->listener) {
		tcphs_json_u64(j, "waiting_ns", c->waiting);
		tcphs_json_hex(j, "listener", c->listener);
	}
}

/**
 * tcphs_json_listener - the fields of a listener, into an object that is open
 * @j: the writer
 * @l: the listener
 */
void tcphs_json_listener(struct tcphs_json *j, const struct tcphs_listener *l)
{
	tcphs_json_address(j, "address", l->family, l->address);
	tcphs_json_u64(j, "port", l->port);
	tcphs_json_netns(j, l->netns);
	tcphs_json_hex(j, "conn", l->conn);
	tcphs_json_str(j, "family", l->family == AF_INET6 ? "ipv6" : "ipv4");
	if (l->ifindex)
		tcphs_json_u64(j, "ifindex", l->ifindex);
	if (*l->device)
		tcphs_json_str(j, "device", l->device);
	if (*l->l3mdev)
		tcphs_json_str(j, "l3mdev", l->l3mdev);
	tcphs_json_owner(j, "", &l->owner);
	if (l->listens.known && l->listens.pid != l->owner.pid)
		tcphs_json_owner(j, "listen_", &l->listens);
	if (l->has_age)
		tcphs_json_u64(j, "age_ns", l->age);
	tcphs_json_u64(j, "syn_queue", l->syn_queue);
	tcphs_json_u64(j, "syn_queue_max", l->syn_max);
	tcphs_json_u64(j, "syn_queue_limit", l->syn_limit);
	tcphs_json_u64(j, "accept_queue", l->accept_queue);
	tcphs_json_u64(j, "accept_queue_max", l->accept_max);
	tcphs_json_u64(j, "accept_queue_limit", l->accept_limit);
	tcphs_json_u64(j, "accepted", l->accepted);
	tcphs_json_u64(j, "accept_overflows", l->overflows);
	tcphs_json_u64(j, "syn_drops", l->drops);
	tcphs_json_u64(j, "discards", l->discards);
	if (l->has_idle)
		tcphs_json_u64(j, "last_accept_ns", l->idle);
	tcphs_json_u64(j, "cookies_sent", l->cookies_sent);
	tcphs_json_u64(j, "cookies_valid", l->cookies_valid);
	if (l->group)
		tcphs_json_u64(j, "reuseport_group", l->group);
	tcphs_json_histogram(j, "accept_wait", &l->wait);
}

static void hooks_json(struct tcphs_json *j, const struct tcphs_status *st)
{
	char buf[TCPHS_NAME_LEN];
	const struct tcphs_hook *h;

	tcphs_json_open(j, "hooks", '[');
	for (h = st->hook; h < st->hook + st->nhooks; h++) {
		tcphs_json_open(j, NULL, '{');
		tcphs_json_str(j, "name", h->name);
		tcphs_json_str(j, "kind", tcphs_hook_kind_name(h->kind, buf));
		tcphs_json_bool(j, "required", h->required);
		tcphs_json_bool(j, "active", h->active);
		tcphs_json_bool(j, "unusable", h->unusable);
		if (h->has_hits)
			tcphs_json_u64(j, "hits", h->hits);
		tcphs_json_u64(j, "missed", h->missed);
		tcphs_json_str(j, "shows", h->shows);
		tcphs_json_close(j, '}');
	}
	tcphs_json_close(j, ']');
}

static void counts_json(struct tcphs_json *j, const char *key, const uint64_t *count, size_t nr,
			const char *(*name)(unsigned int, char *))
{
	char buf[TCPHS_NAME_LEN];
	size_t i;

	tcphs_json_open(j, key, '{');
	for (i = 1; i < nr; i++)
		tcphs_json_u64(j, name((unsigned int)i, buf), count[i]);
	tcphs_json_close(j, '}');
}

static void causes_json(struct tcphs_json *j, const struct tcphs_status *st)
{
	char buf[TCPHS_NAME_LEN];
	const struct tcphs_cause *c;

	tcphs_json_open(j, "causes", '[');
	for (c = st->cause; c < st->cause + st->ncauses; c++) {
		tcphs_json_open(j, NULL, '{');
		tcphs_json_str(j, "event", tcphs_event_name(c->event, buf));
		tcphs_json_str(j, "role", tcphs_role_name(c->role, buf));
		tcphs_json_str(j, "reason", tcphs_reason_name(c->reason, buf));
		tcphs_json_u64(j, "count", c->value);
		tcphs_json_close(j, '}');
	}
	tcphs_json_close(j, ']');
}

static void module_json(struct tcphs_json *j, const struct tcphs_status *st)
{
	tcphs_json_str(j, "version", st->version);
	tcphs_json_u64(j, "abi_major", st->abi_major);
	tcphs_json_u64(j, "abi_minor", st->abi_minor);
	tcphs_json_u64(j, "uptime_ns", st->uptime);
	tcphs_json_u64(j, "netns", st->netns);
	hooks_json(j, st);
	tcphs_json_open(j, "ring", '{');
	tcphs_json_u64(j, "records_per_cpu", st->ring_records);
	tcphs_json_u64(j, "cpus", st->ring_cpus);
	tcphs_json_u64(j, "recorded", st->recorded);
	if (st->has_overwritten) {
		tcphs_json_u64(j, "overwritten", st->overwritten);
		tcphs_json_u64(j, "reach_ns", st->ring_reach);
	}
	tcphs_json_close(j, '}');
	tcphs_json_open(j, "kept", '{');
	tcphs_json_u64(j, "records_per_cpu", st->kept_records);
	if (st->has_overwritten) {
		tcphs_json_u64(j, "recorded", st->kept);
		tcphs_json_u64(j, "overwritten", st->kept_overwritten);
		tcphs_json_u64(j, "reach_ns", st->kept_reach);
	}
	tcphs_json_close(j, '}');
	tcphs_json_open(j, "table", '{');
	tcphs_json_u64(j, "used", st->table_used);
	tcphs_json_u64(j, "limit", st->table_limit);
	tcphs_json_u64(j, "untracked", st->untracked);
	counts_json(j, "refused", st->refused, TCPHS_REFUSED_MAX + 1, tcphs_refused_name);
	tcphs_json_close(j, '}');
	if (st->has_overwritten) {
		tcphs_json_open(j, "cgroups", '{');
		tcphs_json_u64(j, "known", st->cgroups);
		tcphs_json_u64(j, "lost", st->cgroups_lost);
		tcphs_json_close(j, '}');
	}
}

/**
 * tcphs_json_status - the fields of the status, into an object that is open
 * @j: the writer
 * @st: the status
 */
void tcphs_json_status(struct tcphs_json *j, const struct tcphs_status *st)
{
	module_json(j, st);
	counts_json(j, "states", st->state, TCPHS_STATE_MAX + 1, tcphs_state_key);
	tcphs_json_u64(j, "time_wait_limit", st->tw_limit);
	tcphs_json_u64(j, "ephemeral_ports", st->ports);
	tcphs_json_open(j, "handshakes", '{');
	tcphs_json_histogram(j, "active", &st->hist[TCPHS_HIST_HANDSHAKE_ACTIVE]);
	tcphs_json_histogram(j, "passive", &st->hist[TCPHS_HIST_HANDSHAKE_PASSIVE]);
	tcphs_json_close(j, '}');
	tcphs_json_histogram(j, "accept_wait", &st->hist[TCPHS_HIST_ACCEPT_WAIT]);
	tcphs_json_histogram(j, "time_wait", &st->hist[TCPHS_HIST_TIME_WAIT]);
	counts_json(j, "failures", st->failure, TCPHS_REASON_MAX + 1, tcphs_reason_name);
	causes_json(j, st);
	counts_json(j, "events", st->event, TCPHS_EV_MAX + 1, tcphs_event_name);
}

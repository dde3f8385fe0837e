/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs connections: every connection, the longest in its state first. */
#include <stdlib.h>
#include <sys/socket.h>

#include "cli.h"

enum {
	COL_CONN, COL_STATE, COL_AGE, COL_LOCAL, COL_PEER, COL_ROLE, COL_HANDSHAKE, COL_OWNER,
	COL_NETNS, COL_UNIT, COL_CONTAINER, COL_POD,
};

static const struct table_column columns[] = {
	[COL_CONN]	= { .head = "CONN", .leave = 3 },
	[COL_STATE]	= { .head = "STATE" },
	[COL_AGE]	= { .head = "AGE", .right = true },
	[COL_LOCAL]	= { .head = "LOCAL" },
	[COL_PEER]	= { .head = "PEER" },
	[COL_ROLE]	= { .head = "ROLE", .leave = 2 },
	[COL_HANDSHAKE]	= { .head = "HANDSHAKE", .right = true, .leave = 1 },
	[COL_OWNER]	= { .head = "OWNER" },
	[COL_NETNS]	= { .head = "NETNS", .all_netns = true },
	[COL_UNIT]	= { .head = "UNIT", .by_name = true },
	[COL_CONTAINER]	= { .head = "CONTAINER", .by_name = true },
	[COL_POD]	= { .head = "POD", .by_name = true },
};

static int by_age(const void *a, const void *b)
{
	const struct tcphs_conn_info *x = a, *y = b;

	if (x->age != y->age)
		return x->age > y->age ? -1 : 1;
	if (x->conn != y->conn)
		return x->conn < y->conn ? -1 : 1;
	return 0;
}

static void make_row(struct table_row *row, const struct cli *cli, const void *element)
{
	const struct tcphs_conn_info *c = element;
	char buf[TCPHS_NAME_LEN], scope[TCPHS_SCOPE_LEN], *p = row->cell[COL_AGE];

	tcphs_fmt_hex(row->cell[COL_CONN], c->conn);
	strcpy(row->cell[COL_STATE], tcphs_state_name(c->state, buf));
	/* Older than the module: at least that long. */
	if (c->adopted)
		*p++ = '>';
	tcphs_fmt_duration(p, c->age, cli->utf8);
	tcphs_fmt_scope(scope, c->family, c->local, c->ifindex, !cli->all_netns);
	tcphs_fmt_scoped(row->cell[COL_LOCAL], c->family, c->local, scope, c->local_port);
	tcphs_fmt_scope(scope, c->family, c->peer, c->ifindex, !cli->all_netns);
	tcphs_fmt_scoped(row->cell[COL_PEER], c->family, c->peer, scope, c->peer_port);
	strcpy(row->cell[COL_ROLE], tcphs_role_name(c->role, buf));
	if (c->has_handshake)
		tcphs_fmt_duration(row->cell[COL_HANDSHAKE], c->handshake, cli->utf8);
	else
		strcpy(row->cell[COL_HANDSHAKE], "-");
	if (c->owner.known)
		tcphs_fmt_owner(row->cell[COL_OWNER], c->owner.comm, strlen(c->owner.comm), c->owner.pid);
	else
		strcpy(row->cell[COL_OWNER], "-");
	cli_netns(cli)(c->netns, row->cell[COL_NETNS]);
	cli_unit(cli, row->cell[COL_UNIT], c->owner.cgroup);
	cli_container(cli, row->cell[COL_CONTAINER], c->owner.cgroup);
	cli_pod(cli, row->cell[COL_POD], c->owner.cgroup);

	if (c->state == TCPHS_STATE_ESTABLISHED)
		row->tone[COL_STATE] = TCPHS_TONE_GOOD;
	else if (c->state == TCPHS_STATE_SYN_SENT || c->state == TCPHS_STATE_SYN_RECV)
		row->tone[COL_STATE] = TCPHS_TONE_WARN;
	else
		row->tone[COL_STATE] = TCPHS_TONE_CLOSE;
}

static void print(struct cli *cli, struct table *t, const struct tcphs_conn_list *list)
{
	struct tcphs_json j;
	size_t i;

	if (list->nr)
		qsort(list->v, list->nr, sizeof(*list->v), by_age);
	if (!cli->json) {
		table_print(t, list->v, list->nr, sizeof(*list->v), make_row, &cli->out);
		return;
	}
	for (i = 0; i < list->nr; i++) {
		tcphs_json_begin(&j, &cli->out);
		tcphs_json_conn(&j, &list->v[i]);
		cli_json_cgroup(cli, &j, list->v[i].owner.cgroup);
		tcphs_json_end(&j);
	}
}

/* As a filter of events it has a meaning: steps that no connection has come of. */
static void check_roles(const struct cli *cli)
{
	if (tcphs_filter_has(&cli->filter, TCPHS_FILTER_ROLE) &&
	    cli->filter.roles & 1u << TCPHS_ROLE_LISTENER)
		cli_usage(cli, "--role: a listener is no connection; see tcphs listeners");
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct tcphs_conn_list list = { 0 };
	struct tcphs_error err = { 0 };
	struct tcphs_session *session;
	struct table t;
	int ret;

	table_options(cli, argc, argv, "s:");
	check_roles(cli);
	table_init(&t, cli, columns, sizeof(columns) / sizeof(columns[0]));
	cli_cgroups(cli);
	session = cli_session(&err);
	if (!session)
		return cli_fail(&err);
	if (tcphs_get_connections(session, cli->all_netns, &cli->filter, &list, &err)) {
		ret = cli_fail(&err);
	} else {
		print(cli, &t, &list);
		ret = cli_finish(cli);
	}
	tcphs_conn_list_free(&list);
	tcphs_close(session);
	return ret;
}

const struct verb verb_connections = {
	.name = "connections",
	.help = "every connection, the longest in its state first",
	.usage =
		"  -s, --state NAME,...  only these, with the names of ss: established syn-sent\n"
		"                        syn-recv fin-wait-1 fin-wait-2 time-wait closed\n"
		"                        close-wait last-ack closing, and the groups all\n"
		"                        connected synchronized bucket big\n"
		"      --role NAME,...   client, server, simultaneous, unknown\n"
		"  -o, --output NAME,... these columns, or all; help lists them\n",
	.filters = TCPHS_FILTERS_CONNECTION,
	.run = run,
};

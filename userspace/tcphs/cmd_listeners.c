/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs listeners: both queues of every listening socket. */
#include <stdlib.h>
#include <sys/socket.h>

#include "cli.h"

enum {
	COL_LISTENER, COL_SYN, COL_ACCEPT, COL_ACCEPTED, COL_OVERFLOWS, COL_DROPS, COL_COOKIES,
	COL_P50, COL_P99, COL_OWNER, COL_NETNS, COL_UNIT, COL_CONTAINER, COL_POD,
};

static const struct table_column columns[] = {
	[COL_LISTENER]	= { .head = "LISTENER" },
	[COL_SYN]	= { .head = "SYN-QUEUE", .right = true, .leave = 4 },
	[COL_ACCEPT]	= { .head = "ACCEPT-QUEUE", .right = true },
	[COL_ACCEPTED]	= { .head = "ACCEPTED", .right = true, .leave = 3 },
	[COL_OVERFLOWS]	= { .head = "OVERFLOWS", .right = true },
	[COL_DROPS]	= { .head = "DROPS", .right = true, .leave = 6 },
	[COL_COOKIES]	= { .head = "COOKIES", .right = true, .leave = 1 },
	[COL_P50]	= { .head = "WAIT-P50", .right = true, .leave = 2 },
	[COL_P99]	= { .head = "WAIT-P99", .right = true, .leave = 5 },
	[COL_OWNER]	= { .head = "OWNER" },
	[COL_NETNS]	= { .head = "NETNS", .all_netns = true },
	[COL_UNIT]	= { .head = "UNIT", .by_name = true },
	[COL_CONTAINER]	= { .head = "CONTAINER", .by_name = true },
	[COL_POD]	= { .head = "POD", .by_name = true },
};

static int by_port(const void *a, const void *b)
{
	const struct tcphs_listener *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->address, y->address, sizeof(x->address));
}

static void queue_cell(char *p, uint32_t now, uint32_t max, uint32_t limit)
{
	p = tcphs_fmt_u64(p, now);
	*p++ = '/';
	p = tcphs_fmt_u64(p, max);
	*p++ = '/';
	tcphs_fmt_u64(p, limit);
}

/* As ss has it: address%device:port. */
static void listener_cell(char *cell, const struct tcphs_listener *l)
{
	char scope[TCPHS_SCOPE_LEN];

	tcphs_fmt_device(scope, l->ifindex, l->device);
	tcphs_fmt_scoped(cell, l->family, l->address, scope, l->port);
}

/* Who accepts, and who listened where that is another: a launcher that may be gone. */
static void owner_cell(char *cell, const struct tcphs_listener *l)
{
	const struct tcphs_owner *o = &l->owner, *by = &l->listens;

	if (!o->known) {
		strcpy(cell, "-");
		return;
	}
	cell = tcphs_fmt_owner(cell, o->comm, strlen(o->comm), o->pid);
	if (!by->known || by->pid == o->pid)
		return;
	cell = stpcpy(cell, ", listen() by ");
	tcphs_fmt_owner(cell, by->comm, strlen(by->comm), by->pid);
}

static void wait_cell(char *p, const struct cli *cli, const struct tcphs_listener *l,
		      unsigned int permille)
{
	if (!l->wait.count)
		strcpy(p, "-");
	else
		tcphs_fmt_duration(p, tcphs_hist_quantile(&l->wait, permille), cli->utf8);
}

static void cookies_cell(char *cell, const struct tcphs_listener *l)
{
	char *p = tcphs_fmt_u64(cell, l->cookies_valid);

	*p++ = '/';
	tcphs_fmt_u64(p, l->cookies_sent);
}

/* A queue that is full now is bad; one that was full once deserves a look. */
static enum tcphs_tone queue_tone(uint32_t now, uint32_t max, uint64_t full)
{
	if (now && now >= full)
		return TCPHS_TONE_BAD;
	return max && max >= full ? TCPHS_TONE_WARN : TCPHS_TONE_PLAIN;
}

static void make_row(struct table_row *row, const struct cli *cli, const void *element)
{
	const struct tcphs_listener *l = element;

	listener_cell(row->cell[COL_LISTENER], l);
	queue_cell(row->cell[COL_SYN], l->syn_queue, l->syn_max, l->syn_limit);
	queue_cell(row->cell[COL_ACCEPT], l->accept_queue, l->accept_max, l->accept_limit);
	tcphs_fmt_u64(row->cell[COL_ACCEPTED], l->accepted);
	tcphs_fmt_u64(row->cell[COL_OVERFLOWS], l->overflows);
	tcphs_fmt_u64(row->cell[COL_DROPS], l->drops);
	cookies_cell(row->cell[COL_COOKIES], l);
	wait_cell(row->cell[COL_P50], cli, l, 500);
	wait_cell(row->cell[COL_P99], cli, l, 990);
	owner_cell(row->cell[COL_OWNER], l);
	cli_netns(cli)(l->netns, row->cell[COL_NETNS]);
	cli_unit(cli, row->cell[COL_UNIT], l->owner.cgroup);
	cli_container(cli, row->cell[COL_CONTAINER], l->owner.cgroup);
	cli_pod(cli, row->cell[COL_POD], l->owner.cgroup);

	row->tone[COL_SYN] = queue_tone(l->syn_queue, l->syn_max, l->syn_limit);
	/* The kernel lets one more in than the limit says. */
	row->tone[COL_ACCEPT] = queue_tone(l->accept_queue, l->accept_max,
					   (uint64_t)l->accept_limit + 1);
	row->tone[COL_OVERFLOWS] = l->overflows ? TCPHS_TONE_BAD : TCPHS_TONE_PLAIN;
	row->tone[COL_COOKIES] = l->cookies_sent ? TCPHS_TONE_WARN : TCPHS_TONE_PLAIN;
	row->tone[COL_DROPS] = l->drops ? TCPHS_TONE_BAD : TCPHS_TONE_PLAIN;
}

static void print(struct cli *cli, struct table *t, struct tcphs_listener_list *list)
{
	struct tcphs_json j;
	size_t i;

	cli_keep_listeners(cli, list);
	if (list->nr)
		qsort(list->v, list->nr, sizeof(*list->v), by_port);
	if (!cli->json) {
		table_print(t, list->v, list->nr, sizeof(*list->v), make_row, &cli->out);
		return;
	}
	for (i = 0; i < list->nr; i++) {
		tcphs_json_begin(&j, &cli->out);
		tcphs_json_listener(&j, &list->v[i]);
		cli_json_cgroup(cli, &j, list->v[i].owner.cgroup);
		tcphs_json_end(&j);
	}
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct tcphs_listener_list list = { 0 };
	struct tcphs_error err = { 0 };
	struct tcphs_session *session;
	struct table t;
	int ret;

	table_options(cli, argc, argv, "");
	table_init(&t, cli, columns, sizeof(columns) / sizeof(columns[0]));
	cli_cgroups(cli);
	session = cli_session(&err);
	if (!session)
		return cli_fail(&err);
	if (tcphs_get_listeners(session, cli->all_netns, &list, &err)) {
		ret = cli_fail(&err);
	} else {
		print(cli, &t, &list);
		ret = cli_finish(cli);
	}
	tcphs_listener_list_free(&list);
	tcphs_close(session);
	return ret;
}

const struct verb verb_listeners = {
	.name = "listeners",
	.help = "every listening socket: queues, overflows, drops, waiting times",
	.usage =
		"SYN-QUEUE and ACCEPT-QUEUE are now/highest/limit; COOKIES are SYN cookies that\n"
		"came back/were sent; WAIT is the time to accept().\n\n"
		"  -o, --output NAME,... these columns, or all; help lists them\n",
	.filters = TCPHS_FILTERS_LISTENER,
	.run = run,
};

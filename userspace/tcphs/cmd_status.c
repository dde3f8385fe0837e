/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs status: how the module and this network namespace are. */
#include <stdlib.h>

#include "cli.h"

/* In the order in which a connection meets them. */
static const uint8_t state_order[] = {
	TCPHS_STATE_LISTEN, TCPHS_STATE_SYN_SENT, TCPHS_STATE_SYN_RECV, TCPHS_STATE_ESTABLISHED,
	TCPHS_STATE_FIN_WAIT1, TCPHS_STATE_FIN_WAIT2, TCPHS_STATE_CLOSE_WAIT,
	TCPHS_STATE_CLOSING, TCPHS_STATE_LAST_ACK, TCPHS_STATE_TIME_WAIT, TCPHS_STATE_CLOSE,
};

#define NR_STATES (sizeof(state_order) / sizeof(state_order[0]))

typedef unsigned long long ull;

static void heading(struct cli *cli, const char *text)
{
	if (!cli->no_header)
		tcphs_buf_printf(&cli->out, "\n%s%s%s\n", cli_bold(cli), text, cli_plain(cli));
}

static unsigned int active_hooks(const struct tcphs_status *st)
{
	unsigned int i, n = 0;

	for (i = 0; i < st->nhooks; i++)
		n += st->hook[i].active;
	return n;
}

static void print_sick_hook(struct cli *cli, const struct tcphs_hook *h)
{
	char kind[TCPHS_NAME_LEN];

	tcphs_buf_printf(&cli->out, "         %s%s%s %s (%s%s", cli_tone(cli, TCPHS_TONE_BAD),
			 h->active ? "deaf" : "missing", cli_plain(cli), h->name,
			 tcphs_hook_kind_name(h->kind, kind), h->required ? ", required" : "");
	if (h->active && h->has_hits)
		tcphs_buf_printf(&cli->out, ", fired %llu times", (ull)h->hits);
	if (h->active)
		tcphs_buf_printf(&cli->out, ", missed at least %llu", (ull)h->missed);
	tcphs_buf_printf(&cli->out, "): %s\n", *h->shows ? h->shows : "?");
}

static void print_hooks(struct cli *cli, const struct tcphs_status *st)
{
	const struct tcphs_hook *h;

	tcphs_buf_printf(&cli->out, "hooks    %u of %u active\n", active_hooks(st), st->nhooks);
	for (h = st->hook; h < st->hook + st->nhooks; h++)
		if (!h->active || h->missed)
			print_sick_hook(cli, h);
}

static void print_module(struct cli *cli, const struct tcphs_status *st)
{
	char uptime[TCPHS_DURATION_LEN], reach[TCPHS_DURATION_LEN];

	tcphs_fmt_duration(uptime, st->uptime, cli->utf8);
	tcphs_buf_printf(&cli->out, "module   %s, ABI %u.%u, loaded for %s\n",
			 st->version, st->abi_major, st->abi_minor, uptime);
	tcphs_buf_printf(&cli->out, "netns    %u\n", st->netns);
	print_hooks(cli, st);
	tcphs_buf_printf(&cli->out, "ring     %u records on each of %u CPUs; %llu recorded",
			 st->ring_records, st->ring_cpus, (ull)st->recorded);
	if (st->has_overwritten) {
		tcphs_fmt_duration(reach, st->ring_reach, cli->utf8);
		tcphs_buf_printf(&cli->out, ", %llu overwritten in all namespaces\n"
				 "         everything of the last %s",
				 (ull)st->overwritten, reach);
	}
	tcphs_buf_printf(&cli->out, "\nkept     %u records of what went wrong on each CPU",
			 st->kept_records);
	if (st->has_overwritten) {
		tcphs_fmt_duration(reach, st->kept_reach, cli->utf8);
		tcphs_buf_printf(&cli->out, "; %llu kept, %llu overwritten\n"
				 "         everything that went wrong in the last %s",
				 (ull)st->kept, (ull)st->kept_overwritten, reach);
	}
	tcphs_buf_printf(&cli->out, "\ntable    %u of %u entries used; %s%llu untracked%s\n",
			 st->table_used, st->table_limit,
			 cli_tone(cli, st->untracked ? TCPHS_TONE_BAD : TCPHS_TONE_PLAIN),
			 (ull)st->untracked,
			 st->untracked ? cli_plain(cli) : "");
}

static void print_states(struct cli *cli, const struct tcphs_status *st)
{
	char buf[TCPHS_NAME_LEN];
	unsigned int i, state;

	heading(cli, "STATES");
	for (i = 0; i < NR_STATES; i++) {
		state = state_order[i];
		tcphs_buf_printf(&cli->out, "  %-18s %10llu", tcphs_state_name(state, buf),
				 (ull)st->state[state]);
		if (state == TCPHS_STATE_TIME_WAIT)
			tcphs_buf_printf(&cli->out, " of %u", st->tw_limit);
		tcphs_buf_newline(&cli->out);
	}
}

static void duration_cell(char *cell, const struct cli *cli, const struct tcphs_histogram *h,
			  uint64_t ns)
{
	if (h->count)
		tcphs_fmt_duration(cell, ns, cli->utf8);
	else
		strcpy(cell, "-");
}

static void hist_row(struct table_row *row, const struct cli *cli, const char *name,
		     const struct tcphs_histogram *h)
{
	memset(row, 0, sizeof(*row));
	strcpy(row->cell[0], "  ");
	strcpy(row->cell[0] + 2, name);
	tcphs_fmt_u64(row->cell[1], h->count);
	duration_cell(row->cell[2], cli, h, tcphs_hist_quantile(h, 500));
	duration_cell(row->cell[3], cli, h, tcphs_hist_quantile(h, 900));
	duration_cell(row->cell[4], cli, h, tcphs_hist_quantile(h, 990));
	duration_cell(row->cell[5], cli, h, h->max_ns);
}

static void print_hists(struct cli *cli, const struct tcphs_status *st)
{
	struct table_row row[TCPHS_HIST_MAX + 1];
	struct table t = { .cli = cli };
	char buf[TCPHS_NAME_LEN];
	unsigned int i;

	table_column(&t, "TIMES               ", false, 0);
	table_column(&t, "   COUNT", true, 0);
	table_column(&t, "P50", true, 0);
	table_column(&t, "P90", true, 0);
	table_column(&t, "P99", true, 0);
	table_column(&t, "MAX", true, 0);
	for (i = 0; i <= TCPHS_HIST_MAX; i++) {
		hist_row(&row[i], cli, tcphs_hist_name(i, buf), &st->hist[i]);
		table_measure(&t, &row[i]);
	}
	if (!cli->no_header)
		tcphs_buf_newline(&cli->out);
	table_head(&t, &cli->out);
	for (i = 0; i <= TCPHS_HIST_MAX; i++)
		table_print(&t, &row[i], &cli->out);
}

/* Only what is not zero; 25 lines of zeros hide the one that counts. */
static void print_counts(struct cli *cli, const char *head, const uint64_t *count, size_t nr,
			 const char *(*name)(unsigned int, char *))
{
	char buf[TCPHS_NAME_LEN];
	bool any = false;
	size_t i;

	heading(cli, head);
	for (i = 1; i < nr; i++) {
		if (!count[i])
			continue;
		any = true;
		tcphs_buf_printf(&cli->out, "  %-18s %10llu\n", name((unsigned int)i, buf),
				 (ull)count[i]);
	}
	if (!any)
		tcphs_buf_printf(&cli->out, "  none\n");
}

static void print_refused(struct cli *cli, const struct tcphs_status *st)
{
	char buf[TCPHS_NAME_LEN];
	unsigned int i;

	heading(cli, "NOT FOLLOWED SINCE THE LOAD (untracked in tcphs events)");
	for (i = 1; i <= TCPHS_REFUSED_MAX; i++)
		if (st->refused[i])
			tcphs_buf_printf(&cli->out, "  %-6s %10llu  %s\n",
					 tcphs_refused_name(i, buf), (ull)st->refused[i],
					 tcphs_refused_help(i));
}

/* All of them: one that never fired is what one looks for. */
static void print_hits(struct cli *cli, const struct tcphs_status *st)
{
	const struct tcphs_hook *h;

	heading(cli, "HOOKS, HOW OFTEN THEY FIRED");
	for (h = st->hook; h < st->hook + st->nhooks; h++)
		tcphs_buf_printf(&cli->out, "  %-30s %10llu\n", h->name, (ull)h->hits);
}

static void print_text(struct cli *cli, const struct tcphs_status *st)
{
	print_module(cli, st);
	print_states(cli, st);
	print_hists(cli, st);
	if (st->untracked)
		print_refused(cli, st);
	print_counts(cli, "FAILED HANDSHAKES", st->failure, TCPHS_REASON_MAX + 1, tcphs_reason_name);
	print_counts(cli, "EVENTS", st->event, TCPHS_EV_MAX + 1, tcphs_event_name);
	/* How busy the others are is told in the initial namespace only. */
	if (st->nhooks && st->hook[0].has_hits)
		print_hits(cli, st);
}

static void print_json(struct cli *cli, const struct tcphs_status *st)
{
	struct tcphs_json j;

	tcphs_json_begin(&j, &cli->out);
	tcphs_json_status(&j, st);
	tcphs_json_end(&j);
}

static void parse(struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = { CLI_LONGS, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, CLI_SHORTS, longs, NULL)) != -1)
		cli_option(cli, c, argv, longs);
	cli_no_arguments(cli, argc, argv);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct tcphs_error err = { 0 };
	struct tcphs_session *session;
	struct tcphs_status *st;
	int ret;

	parse(cli, argc, argv);
	session = tcphs_open(&err);
	if (!session)
		return cli_fail(&err);
	st = malloc(sizeof(*st));
	if (!st)
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "no memory");
	if (!st || tcphs_get_status(session, st, &err)) {
		ret = cli_fail(&err);
	} else {
		(cli->json ? print_json : print_text)(cli, st);
		ret = cli_finish(cli);
	}
	free(st);
	tcphs_close(session);
	return ret;
}

const struct verb verb_status = {
	.name = "status",
	.help = "the module, states, handshake times, failures, events of a netns",
	.usage = "",
	.one_netns = true,
	.run = run,
};

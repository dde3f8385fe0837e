/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs status: how the module and this network namespace are. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "bug_report.h"
#include "entries.h"

/* In the order in which a connection meets them. */
static const uint8_t state_order[] = {
	TCPHS_STATE_LISTEN, TCPHS_STATE_SYN_SENT, TCPHS_STATE_SYN_RECV, TCPHS_STATE_ESTABLISHED,
	TCPHS_STATE_FIN_WAIT1, TCPHS_STATE_FIN_WAIT2, TCPHS_STATE_CLOSE_WAIT,
	TCPHS_STATE_CLOSING, TCPHS_STATE_LAST_ACK, TCPHS_STATE_TIME_WAIT, TCPHS_STATE_CLOSE,
};

#define NR_STATES (sizeof(state_order) / sizeof(state_order[0]))

typedef unsigned long long ull;

enum { OPT_HOOKS = 0x80, OPT_REPORT };

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

/* Names of this table are 8 wide, what goes on in the next line stands below the text. */
#define TEXT 9

static void print_sick_hook(struct cli *cli, const struct tcphs_hook *h)
{
	char kind[TCPHS_NAME_LEN], fired[40] = "", missed[48] = "";

	if (h->active && h->has_hits)
		snprintf(fired, sizeof(fired), ", fired %llu time%s", (ull)h->hits,
			 tcphs_plural(h->hits));
	if (h->active)
		snprintf(missed, sizeof(missed), ", missed at least %llu", (ull)h->missed);
	cli_line(cli, TEXT + 2, "%*s%s%s%s %s (%s%s%s%s): %s", TEXT, "",
		 cli_tone(cli, TCPHS_TONE_BAD),
		 h->unusable ? "unusable" : h->active ? "deaf" : "missing", cli_plain(cli),
		 h->name, tcphs_hook_kind_name(h->kind, kind), h->required ? ", required" : "",
		 fired, missed, *h->shows ? h->shows : "?");
}

static void print_hooks(struct cli *cli, const struct tcphs_status *st)
{
	const struct tcphs_hook *h;

	cli_line(cli, TEXT, "hooks    %u of %u active; --hooks lists them", active_hooks(st), st->nhooks);
	for (h = st->hook; h < st->hook + st->nhooks; h++)
		if (!h->active || h->missed)
			print_sick_hook(cli, h);
}

/* What is remembered, and from when on all of it: the namespaces share the stores. */
static void print_stores(struct cli *cli, const struct tcphs_status *st)
{
	char reach[TCPHS_DURATION_LEN];

	cli_line(cli, TEXT, "ring     %u record%s on each of %u CPU%s; %llu recorded of this namespace",
		 st->ring_records, tcphs_plural(st->ring_records), st->ring_cpus,
		 tcphs_plural(st->ring_cpus), (ull)st->recorded);
	if (st->has_overwritten) {
		tcphs_fmt_duration(reach, st->ring_reach, cli->utf8);
		cli_line(cli, TEXT, "         of all namespaces everything of the last %s, %llu overwritten",
			 reach, (ull)st->overwritten);
	}
	cli_line(cli, TEXT,
		 "kept     %u record%s on each CPU, of what went wrong: tcphs events --kept",
		 st->kept_records, tcphs_plural(st->kept_records));
	if (st->has_overwritten) {
		tcphs_fmt_duration(reach, st->kept_reach, cli->utf8);
		cli_line(cli, TEXT, "         of all namespaces everything that went wrong in the last %s, %llu of %llu overwritten",
			 reach, (ull)st->kept_overwritten, (ull)st->kept);
	}
}

static void print_module(struct cli *cli, struct tcphs_session *s, const struct tcphs_status *st)
{
	uint32_t entries = entries_of_all(s, st);
	char uptime[TCPHS_DURATION_LEN], here[40] = "";

	tcphs_fmt_duration(uptime, st->uptime, cli->utf8);
	cli_line(cli, TEXT, "module   %s, ABI %u.%u, loaded for %s",
		 st->version, st->abi_major, st->abi_minor, uptime);
	cli_line(cli, TEXT, "netns    %u", st->netns);
	print_hooks(cli, st);
	print_stores(cli, st);
	if (!st->has_overwritten)
		strcpy(here, " by this namespace");
	else if (entries != st->table_used)
		snprintf(here, sizeof(here), ", %u of them here", st->table_used);
	cli_line(cli, TEXT, "table    %u of %u entries used%s; %s%llu untracked%s",
		 entries, st->table_limit, here,
		 cli_tone(cli, st->untracked ? TCPHS_TONE_BAD : TCPHS_TONE_PLAIN),
		 (ull)st->untracked, st->untracked ? cli_plain(cli) : "");
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

struct named_hist {
	unsigned int name;
	const struct tcphs_histogram *h;
};

static void hist_row(struct table_row *row, const struct cli *cli, const void *element)
{
	const struct named_hist *named = element;
	const struct tcphs_histogram *h = named->h;
	char buf[TCPHS_NAME_LEN];

	strcpy(row->cell[0], "  ");
	strcpy(row->cell[0] + 2, tcphs_hist_name(named->name, buf));
	tcphs_fmt_u64(row->cell[1], h->count);
	duration_cell(row->cell[2], cli, h, tcphs_hist_quantile(h, 500));
	duration_cell(row->cell[3], cli, h, tcphs_hist_quantile(h, 900));
	duration_cell(row->cell[4], cli, h, tcphs_hist_quantile(h, 990));
	duration_cell(row->cell[5], cli, h, h->max_ns);
}

static void print_hists(struct cli *cli, const struct tcphs_status *st)
{
	static const struct table_column columns[] = {
		{ .head = "TIMES               " }, { .head = "   COUNT", .right = true },
		{ .head = "P50", .right = true }, { .head = "P90", .right = true },
		{ .head = "P99", .right = true }, { .head = "MAX", .right = true },
	};
	struct named_hist hist[TCPHS_HIST_MAX + 1];
	struct table t;
	unsigned int i;

	for (i = 0; i <= TCPHS_HIST_MAX; i++)
		hist[i] = (struct named_hist){ i, &st->hist[i] };
	table_init(&t, cli, columns, sizeof(columns) / sizeof(columns[0]));
	if (!cli->no_header)
		tcphs_buf_newline(&cli->out);
	table_print(&t, hist, TCPHS_HIST_MAX + 1, sizeof(hist[0]), hist_row, &cli->out);
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
			cli_line(cli, 21, "  %-6s %10llu  %s", tcphs_refused_name(i, buf),
				 (ull)st->refused[i], tcphs_refused_help(i));
}

/* All of them, with what they are for: two may be at the same place in the kernel. */
static void print_all_hooks(struct cli *cli, const struct tcphs_status *st)
{
	const struct tcphs_hook *h;
	char fired[TCPHS_U64_LEN];

	heading(cli, "HOOKS, HOW OFTEN THEY FIRED, AND WHAT THEY SHOW");
	for (h = st->hook; h < st->hook + st->nhooks; h++) {
		/* How busy the others are is reported in the initial namespace only. */
		strcpy(fired, "-");
		if (h->has_hits)
			tcphs_fmt_u64(fired, h->hits);
		cli_line(cli, 46, "  %-30s %10s  %s", h->name,
			 h->unusable ? "unusable" : h->active ? fired : "missing",
			 h->shows);
	}
}

static void print_text(struct cli *cli, struct tcphs_session *s, const struct tcphs_status *st,
		       bool hooks)
{
	print_module(cli, s, st);
	print_states(cli, st);
	print_hists(cli, st);
	if (st->untracked)
		print_refused(cli, st);
	print_counts(cli, "FAILED HANDSHAKES", st->failure, TCPHS_REASON_MAX + 1, tcphs_reason_name);
	print_counts(cli, "EVENTS", st->event, TCPHS_EV_MAX + 1, tcphs_event_name);
	if (hooks)
		print_all_hooks(cli, st);
}

static void print_json(struct cli *cli, const struct tcphs_status *st)
{
	struct tcphs_json j;

	tcphs_json_begin(&j, &cli->out);
	tcphs_json_status(&j, st);
	tcphs_json_end(&j);
}

static void parse(struct cli *cli, bool *hooks, bool *report, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "hooks",	no_argument,		NULL, OPT_HOOKS },
		{ "report",	no_argument,		NULL, OPT_REPORT },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = cli_next(cli, argc, argv, CLI_SHORTS, longs)) != -1) {
		if (c == OPT_HOOKS)
			*hooks = true;
		else if (c == OPT_REPORT)
			*report = true;
		else
			cli_option(cli, c, argv, longs);
	}
	cli_check(cli, argc, argv);
}

/* Where no module answers, what is known without it; the exit status is the error's. */
static int fail(struct cli *cli, const struct tcphs_error *err, bool report)
{
	if (report) {
		bug_report_print(cli, NULL);
		cli_finish(cli);
	}
	return cli_fail(err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct tcphs_error err = { 0 };
	struct tcphs_session *session;
	struct tcphs_status *st;
	bool hooks = false, report = false;
	int ret;

	parse(cli, &hooks, &report, argc, argv);
	session = cli_session(&err);
	if (!session)
		return fail(cli, &err, report);
	st = malloc(sizeof(*st));
	if (!st)
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "no memory");
	if (!st || tcphs_get_status(session, st, &err)) {
		ret = fail(cli, &err, report);
	} else {
		if (report)
			bug_report_print(cli, st);
		else if (cli->json)
			print_json(cli, st);
		else
			print_text(cli, session, st, hooks);
		ret = cli_finish(cli);
	}
	free(st);
	tcphs_close(session);
	return ret;
}

const struct verb verb_status = {
	.name = "status",
	.help = "the module, states, handshake times, failures, events of a netns",
	.usage = "      --hooks           every hook, how often it fired and what it shows\n"
		 "      --report          to be sent with a bug: kernel, hooks, prototypes, and no\n"
		 "                        address of a host or of memory\n",
	.one_netns = true,
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs doctor: looks for a while and names what is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "out_doctor.h"
#include "source.h"

#define NSEC_PER_SEC 1000000000ull

#define FOR_DEFAULT	(5 * NSEC_PER_SEC)
/* The kernel lets an orphan wait in FIN_WAIT2 for 60 s and some: that is not stuck. */
#define STUCK_DEFAULT	(90 * NSEC_PER_SEC)

/* Those in which connections may be stuck. */
#define CLOSING_STATES	(1u << TCPHS_STATE_CLOSE_WAIT | 1u << TCPHS_STATE_FIN_WAIT1 | \
			 1u << TCPHS_STATE_FIN_WAIT2 | 1u << TCPHS_STATE_CLOSING | \
			 1u << TCPHS_STATE_LAST_ACK)

enum { OPT_STUCK = 0x80 };

struct doctor {
	struct cli *cli;
	uint64_t look;			/* ns */
	uint64_t stuck;			/* ns */
	bool look_given;
	bool watch;
	bool progress;			/* somebody sits in front of it */
	struct source *source;
	struct evidence evidence;
	struct tables *tables;
	enum severity worst;
};

/* ---- options --------------------------------------------------------------------- */

static uint64_t parse_duration(const struct cli *cli, const char *option, const char *arg)
{
	uint64_t ns;

	if (tcphs_duration_parse(arg, &ns) || !ns)
		cli_usage(cli, "--%s: '%s' is wrong; " TCPHS_DURATION_ALLOWED, option, arg);
	return ns;
}

static void parse(struct doctor *d, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "for",	required_argument,	NULL, 'd' },
		{ "watch",	no_argument,		NULL, 'w' },
		{ "stuck-after", required_argument,	NULL, OPT_STUCK },
		{ NULL,		0,			NULL, 0 },
	};
	struct cli *cli = d->cli;
	int c;

	while ((c = getopt_long(argc, argv, CLI_SHORTS "d:w", longs, NULL)) != -1) {
		if (c == 'd') {
			d->look = parse_duration(cli, "for", optarg);
			d->look_given = true;
		} else if (c == 'w') {
			d->watch = true;
		} else if (c == OPT_STUCK) {
			d->stuck = parse_duration(cli, "stuck-after", optarg);
		} else {
			cli_option(cli, c, argv, longs);
		}
	}
	cli_no_arguments(cli, argc, argv);
	if (!cli->read && tcphs_filter_has(&cli->filter, TCPHS_FILTER_NETNS))
		cli_usage(cli, "--netns: for recordings; a kernel is asked in the namespace, see ip-netns(8)");
	if (cli->read && (d->watch || d->look_given))
		cli_usage(cli, "--%s: a recording is read whole, once",
			  d->watch ? "watch" : "for");
}

/* ---- looking --------------------------------------------------------------------- */

static void on_record(void *arg, const struct tcphs_event *ev)
{
	struct doctor *d = arg;

	evidence_event(&d->evidence, ev);
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct doctor *d = arg;

	(void)cpu;
	evidence_lost(&d->evidence, count);
}

static void on_past(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	(void)ev;
}

static const struct tcphs_events_ops ops = { on_record, on_lost };
static const struct tcphs_events_ops past_ops = { on_past, NULL };

static bool show_progress(void *arg)
{
	const struct doctor *d = arg;
	uint64_t so_far = tcphs_now() - d->evidence.began;

	if (d->progress)
		fprintf(stderr, "\rlooking: %llu of %llu s, %llu records \033[K",
			(ull)(so_far / NSEC_PER_SEC), (ull)(d->look / NSEC_PER_SEC),
			(ull)d->evidence.records);
	return true;
}

/* @states: 1 << state of the connections that count, 0: all */
static int get_tables(struct doctor *d, uint32_t states, struct tcphs_error *err)
{
	struct tcphs_session *session = source_session(d->source);
	struct tcphs_filter filter = d->cli->filter;
	struct tables *t = d->tables;

	if (states) {
		filter.states = states;
		filter.keys |= TCPHS_FILTER_BIT(STATE);
	}
	if (tcphs_get_status(session, &t->status, err) ||
	    tcphs_get_listeners(session, false, &t->listeners, err) ||
	    tcphs_get_connections(session, false, &filter, &t->connections, err))
		return -1;
	cli_keep_listeners(d->cli, &t->listeners);
	return 0;
}

/* False with no error: interrupted. */
static bool look_live(struct doctor *d, struct tcphs_error *err)
{
	struct evidence *e = &d->evidence;
	struct tables *t = d->tables;
	struct settings settings;
	uint64_t until;

	counters_read(&e->counters, false);

	e->began = tcphs_now();
	until = e->began + d->look;
	if (get_tables(d, CLOSING_STATES, err))
		return false;
	evidence_before(e, t);
	if (source_follow(d->source, until, &ops, show_progress, d, err) ||
	    source_drain(d->source, &ops, d, err))
		return false;
	e->ended = tcphs_now();
	if (d->progress)
		fputs("\r\033[K", stderr);
	if (get_tables(d, 0, err))
		return false;
	counters_read(&e->counters, true);
	addresses_read(&e->addresses, t->status.netns);
	settings_read(&settings);
	evidence_after(e, t, &settings);
	return e->ended >= until;
}

static int judge(struct doctor *d, struct tcphs_error *err)
{
	struct report report;
	int ret = 0;

	if (report_make(&report, &d->evidence) || d->evidence.no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "tcphs: no memory");
		ret = -1;
	} else if (d->cli->json) {
		doctor_json(&d->cli->out, &d->evidence, &report);
	} else {
		doctor_text(d->cli, &d->evidence, &report);
	}
	if (report_worst(&report) > d->worst)
		d->worst = report_worst(&report);
	report_free(&report);
	return ret;
}

/* A look and what it means. @again: may there be another? */
static int examine(struct doctor *d, bool *again, struct tcphs_error *err)
{
	int ret = -1;

	*again = false;
	evidence_init(&d->evidence, d->stuck);
	if (source_session(d->source))
		*again = look_live(d, err);
	else
		source_drain(d->source, &ops, d, err);
	/* What is whole of a damaged recording is judged. */
	if (!err->code)
		ret = judge(d, err);
	evidence_free(&d->evidence);
	return ret;
}

static int examine_all(struct doctor *d, struct tcphs_error *err)
{
	bool clear = isatty(STDOUT_FILENO) && d->watch && !d->cli->json, again;

	/* What is past is past. */
	if (source_session(d->source) && source_drain(d->source, &past_ops, NULL, err))
		return -1;
	do {
		if (examine(d, &again, err))
			return -1;
		if (tcphs_buf_flush(&d->cli->out) || !d->watch)
			break;
		if (again && clear)
			tcphs_buf_str(&d->cli->out, "\033[H\033[2J");
		else if (again && !d->cli->json)
			tcphs_buf_newline(&d->cli->out);
	} while (again);
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct doctor d = { .cli = cli, .look = FOR_DEFAULT, .stuck = STUCK_DEFAULT };
	struct tcphs_error err = { 0 };
	int ret;

	parse(&d, argc, argv);
	d.source = source_open(cli, &err);
	if (!d.source)
		return cli_fail(&err);
	d.progress = isatty(STDERR_FILENO);
	d.tables = calloc(1, sizeof(*d.tables));
	if (d.tables)
		examine_all(&d, &err);
	else
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "tcphs: no memory");

	ret = cli_finish(cli);
	if (err.code)
		ret = cli_fail(&err);
	if (!ret)
		ret = report_exit(d.worst);
	if (d.tables) {
		tcphs_listener_list_free(&d.tables->listeners);
		tcphs_conn_list_free(&d.tables->connections);
	}
	free(d.tables);
	source_close(d.source);
	return ret;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.help = "what is wrong, the most urgent first, and what to do about it",
	.usage =
		"  -d, --for TIME        look for so long (default 5s)\n"
		"  -w, --watch           look again and again, until Ctrl-C\n"
		"      --stuck-after TIME\n"
		"                        what stays longer in a state of the close is stuck\n"
		"                        (default 90s)\n",
	.one_netns = true,
	.reads = true,
	/* What chooses some steps of a connection would hide the evidence. */
	.filters = TCPHS_FILTERS_LIFE | TCPHS_FILTER_BIT(NETNS),
	.run = run,
};

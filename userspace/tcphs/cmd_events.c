/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs events: what happened, and with --follow what happens. */
#include <stdlib.h>

#include "source.h"

struct events_cmd {
	struct cli *cli;
	bool follow;
	bool absolute;
	size_t last;			/* SIZE_MAX: all */
	const struct tcphs_clock *clock;
	struct event_view *view;	/* NULL with --json */
};

static void on_text(void *arg, const struct tcphs_event *ev)
{
	struct events_cmd *cmd = arg;

	event_text(cmd->view, &cmd->cli->out, ev);
}

static void on_text_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct events_cmd *cmd = arg;

	event_text_lost(cmd->view, &cmd->cli->out, cpu, count);
}

static void on_text_overwritten(void *arg, uint64_t count, uint64_t until)
{
	struct events_cmd *cmd = arg;

	event_text_overwritten(cmd->view, &cmd->cli->out, count, until);
}

static void on_text_missing(void *arg, const struct tcphs_missing *missing)
{
	struct events_cmd *cmd = arg;

	event_text_missing(cmd->view, &cmd->cli->out, missing);
}

static void on_json(void *arg, const struct tcphs_event *ev)
{
	struct events_cmd *cmd = arg;

	event_json(&cmd->cli->out, ev, cmd->clock->offset);
}

static void on_json_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct events_cmd *cmd = arg;

	event_json_lost(&cmd->cli->out, cpu, count);
}

static void on_json_missing(void *arg, const struct tcphs_missing *missing)
{
	struct events_cmd *cmd = arg;

	event_json_missing(&cmd->cli->out, missing);
}

static const struct tcphs_events_ops text_ops = {
	.record = on_text, .lost = on_text_lost, .overwritten = on_text_overwritten,
	.missing = on_text_missing,
};

static const struct tcphs_events_ops json_ops = {
	.record = on_json, .lost = on_json_lost, .missing = on_json_missing,
};

static void parse(struct events_cmd *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "follow",	no_argument,		NULL, 'f' },
		{ "last",	required_argument,	NULL, 'n' },
		{ "absolute",	no_argument,		NULL, 'a' },
		{ "output",	required_argument,	NULL, 'o' },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = cli_next(cmd->cli, argc, argv, CLI_SHORTS "fn:ao:", longs)) != -1) {
		if (c == 'f')
			cmd->follow = true;
		else if (c == 'n')
			cmd->last = cli_count(cmd->cli, "last", optarg);
		else if (c == 'a')
			cmd->absolute = true;
		else if (c == 'o')
			cli_columns(cmd->cli, optarg);
		else
			cli_option(cmd->cli, c, argv, longs);
	}
	cli_check(cmd->cli, argc, argv);
	if (cmd->cli->json)
		event_json_fields(cmd->cli);
	else
		event_view_check(cmd->cli);
}

static bool flush(void *arg)
{
	struct events_cmd *cmd = arg;

	return !tcphs_buf_flush(&cmd->cli->out);
}

static int read_events(struct events_cmd *cmd, struct source *source, struct tcphs_error *err)
{
	const struct tcphs_events_ops *ops = cmd->cli->json ? &json_ops : &text_ops;

	/* Nothing is there of what a command will do. */
	bool from_nothing = cmd->follow && cmd->cli->command;

	if (!from_nothing &&
	    source_keep_last(source, cmd->last, cmd->view ? event_view_measure : NULL, cmd->view,
			     err))
		return -1;
	if (cmd->view)
		event_text_head(cmd->view, &cmd->cli->out);
	/* What comes out of a pipe is shown as it comes. */
	if (cmd->follow || cmd->cli->read)
		return source_follow(source, 0, ops, flush, cmd, err);
	return source_drain(source, ops, cmd, err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct events_cmd cmd = { .cli = cli, .last = SIZE_MAX };
	struct tcphs_error err = { 0 };
	struct source *source;
	int failed = 1, ret;

	parse(&cmd, argc, argv);
	source = source_open(cli, &err);
	if (!source)
		return cli_fail(&err);

	cmd.clock = source_clock(source);
	if (!cli->json)
		cmd.view = event_view_new(cli, source_clock(source), cmd.absolute);
	if (cli->json || cmd.view)
		failed = read_events(&cmd, source, &err);
	else
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "no memory");

	ret = cli_finish(cli);
	if (failed)
		ret = cli_fail(&err);
	event_view_free(cmd.view);
	source_close(source);
	return ret;
}

const struct verb verb_events = {
	.name = "events",
	.help = "every step of every connection, of before or as it happens",
	.usage =
		"  -f, --follow          go on with new events until Ctrl-C\n"
		"  -n, --last N          begin with the last N; -f -n 0: new ones only\n"
		"  -a, --absolute        raw sequence numbers, not relative to the ISN\n"
		"  -o, --output NAME,... these columns, or with --json fields, or all; help\n"
		"                        lists them\n",
	.reads = true,
	.reads_several = true,
	.runs = true,
	.keeps = KEEPS,
	.filters = TCPHS_FILTERS_EVENT,
	.run = run,
};

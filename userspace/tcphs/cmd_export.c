/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs export: records in the formats of other tools. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "export/packets.h"
#include "export/trace.h"
#include "source.h"
#include "whole_file.h"

struct export_cmd {
	struct cli *cli;
	const char *name;	/* of the file */
	bool trace;		/* not pcapng */
	bool to_stdout;
	bool force;
	const struct tcphs_clock *clock;
	struct tcphs_buf out;
	struct packets *packets;
	struct trace *track;
	uint64_t events, lost;
};

static void to_pcapng(void *arg, const struct tcphs_event *ev)
{
	struct export_cmd *cmd = arg;

	cmd->events++;
	packets_event(cmd->packets, ev, cmd->clock->offset);
}

static void to_pcapng_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct export_cmd *cmd = arg;

	(void)cpu;
	cmd->lost += count;
	packets_lost(cmd->packets, count);
}

static void to_trace(void *arg, const struct tcphs_event *ev)
{
	struct export_cmd *cmd = arg;

	cmd->events++;
	trace_event(cmd->track, ev, cmd->clock->offset);
}

static void to_trace_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct export_cmd *cmd = arg;

	(void)cpu;
	cmd->lost += count;
	trace_lost(cmd->track, count);
}

static void on_boot(void *arg)
{
	struct export_cmd *cmd = arg;

	trace_boot(cmd->track);
}

static void on_missing(void *arg, const struct tcphs_missing *missing)
{
	(void)arg;
	cli_say_missing(missing);
}

static const struct tcphs_events_ops pcapng_ops = {
	.record = to_pcapng, .lost = to_pcapng_lost, .missing = on_missing,
};

static const struct tcphs_events_ops trace_ops = {
	.record = to_trace, .lost = to_trace_lost, .missing = on_missing,
};

enum { OPT_PCAPNG = 0x80, OPT_TRACE };

static void parse(struct export_cmd *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "pcapng",	required_argument,	NULL, OPT_PCAPNG },
		{ "json-trace",	required_argument,	NULL, OPT_TRACE },
		{ "force",	no_argument,		NULL, 'F' },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = cli_next(cmd->cli, argc, argv, CLI_SHORTS, longs)) != -1) {
		if (c == 'F') {
			cmd->force = true;
		} else if (c == OPT_PCAPNG || c == OPT_TRACE) {
			cmd->name = optarg;
			cmd->trace = c == OPT_TRACE;
		} else {
			cli_option(cmd->cli, c, argv, longs);
		}
	}
	cmd->to_stdout = cmd->name && !strcmp(cmd->name, CLI_STDOUT);
	if (cmd->to_stdout)
		cli_gave(cmd->cli, CLI_STDOUT);
	cli_check(cmd->cli, argc, argv);
	if (!cmd->name)
		cli_usage(cmd->cli, "in which format? --pcapng FILE for Wireshark, --json-trace FILE for Perfetto; - is standard output");
	if (cmd->to_stdout && !cmd->trace && isatty(STDOUT_FILENO))
		cli_usage(cmd->cli, "packets are nothing for a terminal; name a file, or pipe it: tcphs export --pcapng - | tshark -r -");
}

static int no_memory(struct tcphs_error *err)
{
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return -1;
}

/* Up to when what is open has been so. */
static uint64_t now_of(const struct source *source)
{
	return source_session(source) ? tcphs_session_now(source_session(source)) : 0;
}

static bool flush(void *arg)
{
	struct export_cmd *cmd = arg;

	return !tcphs_buf_flush(&cmd->out);
}

static int read_events(struct export_cmd *cmd, struct source *source, struct tcphs_error *err)
{
	const struct tcphs_events_ops *ops = cmd->trace ? &trace_ops : &pcapng_ops;

	/* What comes out of a pipe is handed on as it comes. */
	if (cmd->cli->read)
		return source_follow(source, 0, ops, flush, cmd, err);
	return source_drain(source, ops, cmd, err);
}

static int write_all(struct export_cmd *cmd, struct source *source, struct tcphs_error *err)
{
	int failed;

	if (cmd->trace)
		cmd->track = trace_new(&cmd->out, cli_netns(cmd->cli));
	else
		cmd->packets = packets_new(&cmd->out, cli_netns(cmd->cli));
	if (!cmd->track && !cmd->packets)
		return no_memory(err);
	/* Packets know each other by addresses and numbers, not by what comes again. */
	if (cmd->trace)
		source_on_boot(source, on_boot, cmd);
	if (read_events(cmd, source, err))
		return -1;
	if (cmd->trace ? trace_end(cmd->track, now_of(source)) : packets_end(cmd->packets))
		return no_memory(err);
	failed = tcphs_buf_flush(&cmd->out);
	if (tcphs_stop_asked()) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, cmd->to_stdout ? "ended before all was written" :
				"ended before all was written; no file is left");
		return -1;
	}
	/* Whoever read our output has seen enough. */
	if (failed && !(cmd->to_stdout && failed == -EPIPE))
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot write %.256s: %s",
				cmd->to_stdout ? "standard output" : cmd->name, strerror(-failed));
	return failed ? -1 : 0;
}

static void tell(const struct export_cmd *cmd)
{
	const struct packets_counts *counts = cmd->packets ? packets_counts(cmd->packets) : NULL;
	uint64_t nr = counts ? counts->packets : trace_connections(cmd->track);
	struct tcphs_json j;

	if (cmd->cli->json) {
		tcphs_json_begin(&j, &cmd->cli->out);
		tcphs_json_str(&j, "file", cmd->name);
		tcphs_json_u64(&j, "events", cmd->events);
		tcphs_json_u64(&j, "lost", cmd->lost);
		if (counts) {
			tcphs_json_u64(&j, "packets", nr);
			tcphs_json_u64(&j, "without_seq", counts->numberless);
		} else {
			tcphs_json_u64(&j, "tracks", nr);
		}
		tcphs_json_end(&j);
	} else {
		cli_say("tcphs: %llu %s%s, %llu event%s, %llu lost", (unsigned long long)nr,
			counts ? "packet" : "track", tcphs_plural(nr),
			(unsigned long long)cmd->events, tcphs_plural(cmd->events),
			(unsigned long long)cmd->lost);
	}
	if (counts && counts->numberless)
		cli_say("tcphs: not among them: %llu whose sequence numbers are not on record",
			(unsigned long long)counts->numberless);
}

static int run_with(struct export_cmd *cmd, struct source *source, struct tcphs_error *err)
{
	struct whole_file file = { .fd = STDOUT_FILENO };
	int failed;

	cmd->clock = source_clock(source);
	/* Initial sequence numbers are in it: not for everyone to read. */
	if (!cmd->to_stdout && whole_file_begin(&file, cmd->name, cmd->force, 0600, err))
		return -1;
	failed = tcphs_buf_init(&cmd->out, file.fd) ? no_memory(err) : write_all(cmd, source, err);
	if (!cmd->to_stdout && failed)
		whole_file_drop(&file);
	else if (!cmd->to_stdout)
		failed = whole_file_end(&file, err);
	if (!failed)
		tell(cmd);
	tcphs_buf_free(&cmd->out);
	packets_free(cmd->packets);
	trace_free(cmd->track);
	return failed;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct export_cmd cmd = { .cli = cli };
	struct tcphs_error err = { 0 };
	struct source *source;
	int failed, ret;

	parse(&cmd, argc, argv);
	cli_catch_signals();
	/* First the module: without it no file shall be made. */
	source = source_open(cli, &err);
	if (!source)
		return cli_fail(&err);
	failed = run_with(&cmd, source, &err);
	ret = cli_finish(cli);
	if (failed)
		ret = err.code ? cli_fail(&err) : TCPHS_ERR_FAILED;
	source_close(source);
	return ret;
}

const struct verb verb_export = {
	.name = "export",
	.help = "what is on record for Wireshark (pcapng) or Perfetto (JSON)",
	.usage =
		"      --pcapng FILE     TCP segments without data, rebuilt of the records; what\n"
		"                        is known of each is its comment (-: standard output)\n"
		"      --json-trace FILE each connection a track, its states slices, for\n"
		"                        ui.perfetto.dev and chrome://tracing (-: likewise)\n"
		"      --force           replace FILE if it is there\n",
	.reads = true,
	.keeps = KEEPS,
	.filters = TCPHS_FILTERS_EVENT,
	.run = run,
};

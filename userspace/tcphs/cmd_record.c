/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs record: events into a file, for --read of the other verbs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "record_box.h"
#include "source.h"
#include "whole_file.h"

/* Between two looks at how it goes. */
#define PROGRESS_NS	500000000ull

/* Of --directory, unless something else is said: 1 GiB. */
#define SIZE_DEFAULT	(64ull << 20)
#define KEEP_DEFAULT	16
#define KEEP_MAX	1000000

struct record_cmd {
	struct cli *cli;
	struct tcphs_box_how box;	/* a directory that is kept; its name NULL: a file */
	const char *name;
	bool to_stdout;
	bool force;
	bool ends;		/* after @duration */
	uint64_t duration;
	size_t last;		/* SIZE_MAX: all */
	struct whole_file file;
	struct tcphs_error named;	/* why it could not get its name */
	struct tcphs_recorder *recorder;
	uint64_t events, lost, older;
	const struct tcphs_clock *source_clock;
	int64_t clock;		/* that the recording says so far */
	struct source *source;
	struct tcphs_host host;	/* likewise: of a copy it comes with the first events */
	bool progress;		/* somebody sits in front of it */
	uint64_t began, shown;	/* CLOCK_MONOTONIC, ns */
};

static void on_record(void *arg, const struct tcphs_event *ev)
{
	struct record_cmd *cmd = arg;

	if (cmd->clock != cmd->source_clock->offset) {
		cmd->clock = cmd->source_clock->offset;
		tcphs_recorder_clock(cmd->recorder, cmd->clock);
	}
	if (memcmp(&cmd->host, source_host(cmd->source), sizeof(cmd->host))) {
		cmd->host = *source_host(cmd->source);
		tcphs_recorder_host(cmd->recorder, &cmd->host);
	}
	cmd->events++;
	tcphs_recorder_event(cmd->recorder, ev);
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct record_cmd *cmd = arg;

	cmd->lost += count;
	tcphs_recorder_lost(cmd->recorder, cpu, count);
}

static void on_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	struct record_cmd *cmd = arg;

	cmd->older += count;
	tcphs_recorder_older(cmd->recorder, cpu, count, time);
}

/**
 * record_older - of the closing line, what is said of records from before the recorder
 * @buf: RECORD_OLDER_LEN bytes
 * @count: how many had been overwritten by newer ones
 *
 * Return: @buf
 */
const char *record_older(char *buf, uint64_t count)
{
	*buf = '\0';
	if (count)
		snprintf(buf, RECORD_OLDER_LEN, " %llu overwritten before it began,",
			 (unsigned long long)count);
	return buf;
}

static void show_progress(struct record_cmd *cmd)
{
	char size[TCPHS_BYTES_LEN], time[TCPHS_DURATION_LEN];
	uint64_t now = tcphs_now();

	if (cmd->shown && now - cmd->shown < PROGRESS_NS)
		return;
	cmd->shown = now;
	tcphs_fmt_bytes(size, tcphs_recorder_bytes(cmd->recorder));
	tcphs_fmt_duration(time, now - cmd->began, cmd->cli->utf8);
	fprintf(stderr, "\rrecording for %s: %llu event%s, %llu lost, %s%s\033[K", time,
		(unsigned long long)cmd->events, tcphs_plural(cmd->events),
		(unsigned long long)cmd->lost, size,
		cmd->ends ? "" : "; Ctrl-C ends it");
}

/*
 * After each round, so that a crash costs no more than a second. A command runs by then: of one
 * that can't be run there is nothing to keep, and what has the name is not replaced by that.
 */
static bool flush(void *arg)
{
	struct record_cmd *cmd = arg;

	if (tcphs_recorder_flush(cmd->recorder) || whole_file_take(&cmd->file, &cmd->named))
		return false;
	if (cmd->progress)
		show_progress(cmd);
	return true;
}

enum { OPT_DIRECTORY = 0x80, OPT_SIZE, OPT_KEEP, OPT_AGE };

/* "67108864", "64M", "1G" */
static uint64_t parse_size(const struct cli *cli, const char *arg)
{
	static const char units[] = "KMGT";
	unsigned long long n;
	const char *unit;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit && !end[1] && n <= UINT64_MAX >> 10 * (unit - units + 1)) {
		n <<= 10 * (unit - units + 1);
		end++;
	}
	if (errno || *end || *arg < '0' || *arg > '9' || n < TCPHS_BOX_SIZE_MIN || n > 1ull << 40)
		cli_usage(cli, "--size: '%s' is wrong; allowed are bytes, or a number with K, M, G or T, from 1M to 1T",
			  arg);
	/* What it takes on the disk is not more either. */
	return n & ~4095ull;
}

static uint32_t parse_keep(const struct cli *cli, const char *arg)
{
	size_t n = cli_count(cli, "keep", arg);

	if (n < TCPHS_BOX_KEEP_MIN || n > KEEP_MAX)
		cli_usage(cli, "--keep: '%s' is wrong; allowed are numbers of files from %d to %d",
			  arg, TCPHS_BOX_KEEP_MIN, KEEP_MAX);
	return (uint32_t)n;
}

static uint64_t parse_time(const struct cli *cli, const char *option, const char *arg)
{
	uint64_t ns;

	if (tcphs_duration_parse(arg, &ns))
		cli_usage(cli, "--%s: '%s' is wrong; " TCPHS_DURATION_ALLOWED, option, arg);
	return ns;
}

static void take_option(struct record_cmd *cmd, int c, char **argv, const struct option *longs)
{
	switch (c) {
	case 'F':
		cmd->force = true;
		break;
	case 'n':
		cmd->last = cli_count(cmd->cli, "last", optarg);
		break;
	case 'd':
		cmd->duration = parse_time(cmd->cli, "duration", optarg);
		cmd->ends = true;
		break;
	case OPT_DIRECTORY:
		cmd->box.directory = optarg;
		break;
	case OPT_SIZE:
		cmd->box.size = parse_size(cmd->cli, optarg);
		break;
	case OPT_KEEP:
		cmd->box.keep = parse_keep(cmd->cli, optarg);
		break;
	case OPT_AGE:
		cmd->box.age = parse_time(cmd->cli, "age", optarg);
		break;
	default:
		cli_option(cmd->cli, c, argv, longs);
	}
}

static void parse(struct record_cmd *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "duration",	required_argument,	NULL, 'd' },
		{ "force",	no_argument,		NULL, 'F' },
		{ "last",	required_argument,	NULL, 'n' },
		{ "directory",	required_argument,	NULL, OPT_DIRECTORY },
		{ "size",	required_argument,	NULL, OPT_SIZE },
		{ "keep",	required_argument,	NULL, OPT_KEEP },
		{ "age",	required_argument,	NULL, OPT_AGE },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = cli_next(cmd->cli, argc, argv, CLI_SHORTS "d:n:", longs)) != -1)
		take_option(cmd, c, argv, longs);
	if (cmd->box.directory) {
		cmd->cli->to_file = true;
		cli_check(cmd->cli, argc, argv);
		return;
	}
	if (cmd->cli->kept && cmd->ends)
		cli_usage(cmd->cli, "--kept does not go with --duration: what is kept is written at once; leave --duration out");
	if (optind == argc)
		cli_usage(cmd->cli, "the name of a file is missing; - is standard output, --directory DIR a folder of them");
	cmd->name = argv[optind++];
	cmd->to_stdout = !strcmp(cmd->name, "-");
	cmd->cli->to_file = !cmd->to_stdout;
	if (cmd->to_stdout)
		cli_gave(cmd->cli, CLI_STDOUT);
	cli_check(cmd->cli, argc, argv);
	if (cmd->to_stdout && isatty(STDOUT_FILENO))
		cli_usage(cmd->cli, "a recording is nothing for a terminal; name a file");
}

static int record(struct record_cmd *cmd, struct source *source, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = {
		.record = on_record, .lost = on_lost, .older = on_older,
	};
	uint64_t until;
	int ret, error;

	cmd->began = tcphs_now();
	until = cmd->ends ? cmd->began + cmd->duration : 0;
	ret = source_keep_last(source, cmd->last, NULL, NULL, err);
	/* What is kept, or over, is written at once. */
	if (!ret && (cmd->cli->kept || tcphs_filter_has(&cmd->cli->filter, TCPHS_FILTER_UNTIL)))
		ret = source_drain(source, &ops, cmd, err);
	else if (!ret)
		ret = source_follow(source, until, &ops, flush, cmd, err);
	/* What came before an error is worth its end too. */
	error = tcphs_recorder_end(cmd->recorder);
	if (cmd->progress)
		fputs("\r\033[K", stderr);
	if (cmd->named.text[0]) {
		*err = cmd->named;
		return -1;
	}
	if (!error)
		return ret;
	tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot write %.256s: %s",
			cmd->to_stdout ? "standard output" : cmd->name, strerror(-error));
	return -1;
}

static void tell(const struct record_cmd *cmd)
{
	uint64_t bytes = tcphs_recorder_bytes(cmd->recorder);
	char size[TCPHS_BYTES_LEN], older[RECORD_OLDER_LEN];
	struct tcphs_json j;

	if (cmd->cli->json) {
		tcphs_json_begin(&j, &cmd->cli->out);
		tcphs_json_str(&j, "file", cmd->name);
		tcphs_json_u64(&j, "events", cmd->events);
		tcphs_json_u64(&j, "lost", cmd->lost);
		tcphs_json_u64(&j, "overwritten", cmd->older);
		tcphs_json_u64(&j, "bytes", bytes);
		tcphs_json_end(&j);
		return;
	}
	tcphs_fmt_bytes(size, bytes);
	cli_say("tcphs: %llu event%s, %llu lost,%s %s", (unsigned long long)cmd->events,
		tcphs_plural(cmd->events), (unsigned long long)cmd->lost,
		record_older(older, cmd->older), size);
}

/* Initial sequence numbers are in it: not for everyone to read. */
static int open_file(struct record_cmd *cmd, struct tcphs_error *err)
{
	cmd->file.fd = STDOUT_FILENO;
	return cmd->to_stdout ? 0 : whole_file_begin(&cmd->file, cmd->name, cmd->force, 0600, err);
}

/* Nothing was recorded, and nobody has seen the file yet. */
static bool is_nothing(const struct record_cmd *cmd, int failed)
{
	return !cmd->recorder || (failed && !cmd->events && cmd->file.part);
}

/*
 * What was recorded before an error is worth its name, too, but not another recording: where the
 * disk did not take the first round of it, that stays. *@named: it is there.
 */
static int close_file(struct record_cmd *cmd, int failed, bool *named, struct tcphs_error *err)
{
	struct tcphs_error second = { 0 };

	*named = true;
	if (cmd->to_stdout)
		return failed;
	if (failed)
		cmd->file.force = false;
	*named = !whole_file_end(&cmd->file, failed ? &second : err);
	return *named ? failed : -1;
}

static int run_with(struct record_cmd *cmd, struct source *source, struct tcphs_error *err)
{
	struct tcphs_recording_info info = {
		.clock_offset = source_clock(source)->offset,
		.all_netns = cmd->cli->all_netns,
		.host = *source_host(source),
		.cgroups = cli_cgroups(cmd->cli),
	};
	bool named;
	int ret = -1;

	cmd->source_clock = source_clock(source);
	cmd->clock = info.clock_offset;
	cmd->source = source;
	cmd->host = info.host;
	if (open_file(cmd, err))
		return -1;
	cmd->recorder = tcphs_recorder_new(tcphs_write_to, &cmd->file.fd, &info);
	if (cmd->recorder)
		ret = record(cmd, source, err);
	else
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	if (is_nothing(cmd, ret)) {
		whole_file_drop(&cmd->file);
	} else {
		ret = close_file(cmd, ret, &named, err);
		if (named)
			tell(cmd);
	}
	tcphs_recorder_free(cmd->recorder);
	return ret;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct record_cmd cmd = { .cli = cli, .last = SIZE_MAX,
				  .box = { .size = SIZE_DEFAULT, .keep = KEEP_DEFAULT },
				  .progress = isatty(STDERR_FILENO) };
	struct tcphs_error err = { 0 };
	struct source *source;
	int failed, ret;

	parse(&cmd, argc, argv);
	if (cmd.box.directory) {
		cli_catch_signals();
		failed = record_box(cli, &cmd.box, cmd.ends, cmd.duration, &err);
		ret = cli_finish(cli);
		return failed ? cli_fail(&err) : ret;
	}
	/* One that copies a recording leaves a whole one behind, too. */
	cli_catch_signals();
	/* First the module: without it no file shall be made. */
	source = source_open(cli, &err);
	if (!source)
		return cli_fail(&err);
	failed = run_with(&cmd, source, &err);
	ret = cli_finish(cli);
	if (failed)
		ret = cli_fail(&err);
	source_close(source);
	return ret;
}

const struct verb verb_record = {
	.name = "record",
	.words = " FILE",
	.other = " --directory DIR",
	.help = "events into a file or directory, for --read of the other verbs",
	.usage =
		"  -d, --duration TIME   end by itself: 30s, 10m, 2h; 0s: what there is now\n"
		"  -n, --last N          begin with the last N of the ring; -n 0: new ones only\n"
		"      --force           replace FILE if it is there\n"
		"      --directory DIR   not FILE: files in there, of which the oldest give way\n"
		"      --size SIZE       none of them larger than that (default 64M)\n"
		"      --keep N          never more than N of them (default 16)\n"
		"      --age TIME        begin a new one after so long\n",
	.reads = true,
	.runs = true,
	.filters = TCPHS_FILTERS_EVENT,
	.keeps = KEEPS,
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs metrics: for the textfile collector of node_exporter, and for whoever reads along. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "metrics.h"
#include "whole_file.h"

#define OPT_LIMIT	0x200
#define OPT_OPENMETRICS	0x201
#define OPT_RULES	0x202

struct options {
	const char *file;	/* NULL: standard output */
	unsigned int limit;
	enum metrics_format format;
	bool rules;
};

static unsigned int parse_limit(const struct cli *cli, const char *arg)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || *end || *arg < '0' || *arg > '9' || !n || n > METRICS_LIMIT_MAX)
		cli_usage(cli, "--limit %s: a number of label sets, 1 to %u", arg,
			  METRICS_LIMIT_MAX);
	return (unsigned int)n;
}

static void parse(struct cli *cli, struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "output",	required_argument,	NULL, 'o' },
		{ "limit",	required_argument,	NULL, OPT_LIMIT },
		{ "openmetrics", no_argument,		NULL, OPT_OPENMETRICS },
		{ "rules",	no_argument,		NULL, OPT_RULES },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = cli_next(cli, argc, argv, CLI_SHORTS "o:", longs)) != -1) {
		if (c == 'o')
			o->file = strcmp(optarg, "-") ? optarg : NULL;
		else if (c == OPT_LIMIT)
			o->limit = parse_limit(cli, optarg);
		else if (c == OPT_OPENMETRICS)
			o->format = METRICS_OPENMETRICS;
		else if (c == OPT_RULES)
			o->rules = true;
		else
			cli_option(cli, c, argv, longs);
	}
	cli_check(cli, argc, argv);
}

static int write_file(struct whole_file *file, const struct tcphs_buf *text,
		      struct tcphs_error *err)
{
	size_t done;
	int ret = tcphs_write_all(file->fd, text->data, text->len, &done);

	if (!ret)
		return whole_file_end(file, err);
	tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot write %.256s: %s", file->asked,
			strerror(-ret));
	whole_file_drop(file);
	return -1;
}

static int put(struct cli *cli, struct whole_file *file, const struct tcphs_buf *text)
{
	struct tcphs_error err = { 0 };

	if (text->err || (file->asked && tcphs_stop_asked())) {
		tcphs_error_set(&err, TCPHS_ERR_FAILED, text->err ? "no memory" :
				"ended before all was written; no file is left");
		whole_file_drop(file);
		return cli_fail(&err);
	}
	if (file->asked)
		return write_file(file, text, &err) ? cli_fail(&err) : 0;
	tcphs_buf_mem(&cli->out, text->data, text->len);
	return cli_finish(cli);
}

/* Without the module there is a text that says so: an old one would look like good news. */
static int collect(const struct cli *cli, const struct options *o, struct tcphs_buf *text)
{
	struct metrics *m = metrics_new(o->limit);
	struct tcphs_error err = { 0 };
	char line[ERROR_LINE];
	int ret = 0;

	if (!m) {
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "no memory");
		return cli_fail(&err);
	}
	if (metrics_collect(m, cli->all_netns, &err))
		ret = cli_fail(&err);
	else if (version_line(line, "tcphs", metrics_module(m)))
		cli_say("%s", line);
	metrics_write(m, o->format, text);
	metrics_end(o->format, text);
	metrics_free(m);
	return ret;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options o = { .limit = METRICS_LIMIT_DEFAULT };
	struct whole_file file = { .fd = -1 };
	struct tcphs_error err = { 0 };
	struct tcphs_buf text;
	int ret = 0, written;

	parse(cli, &o, argc, argv);
	if (tcphs_buf_init(&text, -1)) {
		cli_say("tcphs: no memory");
		return TCPHS_ERR_FAILED;
	}
	/*
	 * Whoever reads the file sees the old one or the new one, and never half of one: the
	 * collector reads what ends in .prom, which a part of it does not. And who comes to read
	 * a pipe gets what is so when he comes. Of that no part is left, and who waits for its
	 * reader is ended at once.
	 */
	if (o.file && !whole_file_is_pipe(o.file))
		cli_catch_signals();
	if (o.file && whole_file_begin(&file, o.file, true, 0644, &err)) {
		tcphs_buf_free(&text);
		return cli_fail(&err);
	}
	if (o.rules)
		metrics_rules(&text);
	else
		ret = collect(cli, &o, &text);
	written = put(cli, &file, &text);
	tcphs_buf_free(&text);
	return ret ? ret : written;
}

const struct verb verb_metrics = {
	.name = "metrics",
	.help = "everything that is counted, for Prometheus; and alert rules",
	.usage =
		"  -o, --output FILE     written as a whole, for node_exporter's textfile\n"
		"                        collector, and not to standard output\n"
		"      --limit N         label sets of each kind; the rest is summed as other\n"
		"                        (default 200)\n"
		"      --openmetrics     as OpenMetrics, not in the older text format\n"
		"      --rules           alert rules, of the thresholds of tcphs doctor\n\n",
	.own_formats = true,
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs events: what happened, and with --follow what happens. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli.h"

/*
 * The doorbell may be lost, and a module that is unloaded does not ring; so
 * look at least that often.
 */
#define IDLE_MSEC 1000

struct events_cmd {
	struct cli *cli;
	bool follow;
	bool absolute;
	size_t last;		/* SIZE_MAX: all */
	struct event_view *view;
	struct tcphs_session *session;
	struct tcphs_events *events;
	int signals;		/* fd; -1: not following */
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

static void on_json(void *arg, const struct tcphs_event *ev)
{
	struct events_cmd *cmd = arg;

	event_json(&cmd->cli->out, ev);
}

static void on_json_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct events_cmd *cmd = arg;

	event_json_lost(&cmd->cli->out, cpu, count);
}

static const struct tcphs_events_ops text_ops = { on_text, on_text_lost };
static const struct tcphs_events_ops json_ops = { on_json, on_json_lost };

static size_t parse_count(const struct cli *cli, const char *arg)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || *end || *arg < '0' || *arg > '9')
		cli_usage(cli, "--last %s: a number of events, 0 or more", arg);
	return n;
}

static void parse(struct events_cmd *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "follow",	no_argument,		NULL, 'f' },
		{ "last",	required_argument,	NULL, 'n' },
		{ "absolute",	no_argument,		NULL, 'a' },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, CLI_SHORTS "fn:a", longs, NULL)) != -1) {
		if (c == 'f')
			cmd->follow = true;
		else if (c == 'n')
			cmd->last = parse_count(cmd->cli, optarg);
		else if (c == 'a')
			cmd->absolute = true;
		else
			cli_option(cmd->cli, c, argv, longs);
	}
	cli_no_arguments(cmd->cli, argc, argv);
}

/* Ctrl-C shall end the loop between two lines, not somewhere within one. */
static int catch_signals(struct tcphs_error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "tcphs: no signalfd: %s",
				strerror(errno));
	return fd;
}

/* True when there may be something to pull, false when it is time to end. */
static bool wait_for_more(const struct events_cmd *cmd)
{
	struct pollfd fds[] = {
		{ .fd = tcphs_bell_fd(cmd->session), .events = POLLIN },
		{ .fd = cmd->signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO },	/* POLLERR: nobody reads any more */
	};
	int timeout = tcphs_events_held(cmd->events) ? TCPHS_BELL_MSEC : IDLE_MSEC;

	if (poll(fds, 3, timeout) < 0)
		return errno == EINTR;
	if (fds[0].revents)
		tcphs_bell_drain(cmd->session);
	return !fds[1].revents && !(fds[2].revents & (POLLERR | POLLNVAL));
}

static int follow(struct events_cmd *cmd, const struct tcphs_events_ops *ops,
		  struct tcphs_error *err)
{
	for (;;) {
		tcphs_events_emit(cmd->events, ops, cmd);
		if (tcphs_buf_flush(&cmd->cli->out))
			return 0;
		if (!wait_for_more(cmd))
			break;
		if (tcphs_events_pull(cmd->session, cmd->events, err)) {
			tcphs_events_emit_all(cmd->events, ops, cmd);
			return -1;
		}
	}
	tcphs_events_emit_all(cmd->events, ops, cmd);
	return 0;
}

static int read_events(struct events_cmd *cmd, struct tcphs_error *err)
{
	const struct tcphs_events_ops *ops = cmd->cli->json ? &json_ops : &text_ops;

	/* The bell first: what happens after the pull must ring it. */
	if (cmd->follow) {
		cmd->signals = catch_signals(err);
		if (cmd->signals < 0 || tcphs_bell_open(cmd->session, err))
			return -1;
	}
	if (tcphs_events_pull(cmd->session, cmd->events, err))
		return -1;
	tcphs_events_keep_last(cmd->events, cmd->last);

	if (!cmd->cli->json) {
		tcphs_events_visit(cmd->events, event_view_measure, cmd->view);
		event_text_head(cmd->view, &cmd->cli->out);
	}
	if (cmd->follow)
		return follow(cmd, ops, err);
	tcphs_events_emit_all(cmd->events, ops, cmd);
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct events_cmd cmd = { .cli = cli, .last = SIZE_MAX, .signals = -1 };
	struct tcphs_error err = { 0 };
	int failed = 1, ret;

	parse(&cmd, argc, argv);
	cmd.session = tcphs_open(&err);
	if (!cmd.session)
		return cli_fail(&err);

	cmd.events = tcphs_events_new(cli->all_netns);
	cmd.view = event_view_new(cli, cmd.absolute);
	if (cmd.events && cmd.view)
		failed = read_events(&cmd, &err);
	else
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "tcphs: no memory");

	ret = cli_finish(cli);
	if (failed)
		ret = cli_fail(&err);
	if (cmd.signals >= 0)
		close(cmd.signals);
	event_view_free(cmd.view);
	tcphs_events_free(cmd.events);
	tcphs_close(cmd.session);
	return ret;
}

const struct verb verb_events = {
	.name = "events",
	.help = "every step of every connection: what the ring holds, or as it happens",
	.usage =
		"  -f, --follow          go on with new events until Ctrl-C\n"
		"  -n, --last N          begin with the last N; 'tcphs events -f -n 0': new ones only\n"
		"  -a, --absolute        raw sequence numbers, not relative to the ISN\n",
	.run = run,
};

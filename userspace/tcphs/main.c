/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs VERB: finds the verb, sets up its output, runs it. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static const struct verb *const verbs[] = {
	&verb_status,
	&verb_events,
	&verb_diagram,
	&verb_lives,
	&verb_connections,
	&verb_listeners,
	&verb_doctor,
	&verb_record,
	&verb_export,
	&verb_metrics,
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const char exit_help[] =
	"Exit status: 0 done, 1 failure, 2 wrong usage, 3 the module is not loaded,\n"
	"4 no permission, 5 module and tool are of different versions, 6 the recording is\n"
	"damaged or has no end; of doctor 10 for a warning, 20 for something critical.\n";

static void print_help(FILE *to)
{
	size_t i;

	fputs("Usage: tcphs VERB [OPTION]...\n"
	      "The life of TCP connections, as tcphs.ko recorded it.\n"
	      "\n"
	      "Verbs:\n", to);
	for (i = 0; i < NR_VERBS; i++)
		fprintf(to, "  %-12s %s\n", verbs[i]->name, verbs[i]->help);
	fputs("  help         this text; 'tcphs help VERB' has a verb's options,\n"
	      "               'tcphs help names' explains every event and reason\n"
	      "\n"
	      "tcphs VERB [OPTION]... -- COMMAND [ARGUMENT]... runs a command, and shows its\n"
	      "connections and those of its children: events, diagram, lives, record.\n"
	      "\n"
	      "Options of every verb, before or after it (but -A of status; -j, -H, --color of\n"
	      "metrics):\n"
	      "  -j, --json            one JSON object a line\n"
	      "  -H, --no-header       no heading\n"
	      "  -A, --all-netns       every network namespace (from the initial one only)\n"
	      "      --color=WHEN      auto (default), always or never; NO_COLOR is honoured\n"
	      "  -h, --help            the options of a verb\n"
	      "\n"
	      "The ring has everything, for a while; kept are whole lives of connections that\n"
	      "went wrong, for long. events, diagram, lives, record and export read both:\n"
	      "      --kept            only what is kept\n"
	      "      --since TIME, --until TIME\n"
	      "                        of that time (03:12, or 5m ago); with doctor: was\n"
	      "                        anything wrong then?\n"
	      "\n"
	      "  tcphs --version       the version of this tool\n"
	      "\n"
	      "Without this tool: /proc/tcphs is a summary for everyone, /proc/tcphs_events\n"
	      "(root) has the ring and what is kept, a line a record.\n"
	      "\n", to);
	fputs(exit_help, to);
}

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < NR_VERBS; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

static int unknown_verb(const char *name)
{
	struct tcphs_near near = { name, strlen(name), NULL, 0 };
	char all[256] = "";
	size_t i, len = 0;

	for (i = 0; i < NR_VERBS; i++)
		tcphs_near_try(&near, verbs[i]->name);
	for (i = 0; i < NR_VERBS && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, " %s", verbs[i]->name);
	if (near.name)
		cli_say("tcphs: unknown verb '%s'; did you mean %s? tcphs help has all", name,
			near.name);
	else
		cli_say("tcphs: unknown verb '%s'; one of:%s help", name, all);
	return TCPHS_ERR_USAGE;
}

static void print_list(const char *what, const char *(*name)(unsigned int, char *),
		       unsigned int from, unsigned int max)
{
	char buf[TCPHS_NAME_LEN];

	fputs(what, stdout);
	for (; from <= max; from++)
		printf(" %s", name(from, buf));
	putchar('\n');
}

static void explain(const char *heading, const char *(*name)(unsigned int, char *),
		    const char *(*help)(unsigned int), unsigned int max)
{
	char buf[TCPHS_NAME_LEN];
	unsigned int i;

	printf("\n%s:\n", heading);
	for (i = 1; i <= max; i++)
		printf("  %-18s %s\n", name(i, buf), help(i));
}

/* What stands in columns and fields, in words. */
static void print_names(void)
{
	char buf[TCPHS_NAME_LEN];
	unsigned int i;

	printf("States (--state):");
	for (i = 1; i <= TCPHS_STATE_MAX; i++)
		printf("%s%s", i % 6 == 1 ? "\n  " : " ", tcphs_state_key(i, buf));
	printf("\n  and their groups all connected synchronized bucket big, see ss(8)\n\n"
	       "Roles (--role):\n"
	       "  active             called connect(); also: client\n"
	       "  passive            a listener's child; also: server\n"
	       "  simultaneous       called connect(), and so did the peer\n"
	       "  listener           called listen()\n"
	       "  unknown            older than the module\n");
	explain("Events (--event)", tcphs_event_name, tcphs_event_help, TCPHS_EV_MAX);
	explain("Reasons", tcphs_reason_name, tcphs_reason_help, TCPHS_REASON_MAX);
}

/* Every word of the tool's own, for completion in a shell. */
static void print_words(void)
{
	const char *p;
	size_t i;

	fputs("verbs", stdout);
	for (i = 0; i < NR_VERBS; i++)
		printf(" %s", verbs[i]->name);
	fputs(" help\n--state ", stdout);
	/* A semicolon stands between states and groups. */
	for (p = tcphs_states_allowed(); *p; p++)
		if (*p != ';')
			putchar(*p);
	putchar('\n');
	print_list("--event", tcphs_event_name, 1, TCPHS_EV_MAX);
	print_list("--role", tcphs_role_name, 0, TCPHS_ROLE_MAX);
}

/* Help that nobody can read is an error, too. */
static int written(void)
{
	if (!fflush(stdout))
		return 0;
	cli_say("tcphs: cannot write: %s", strerror(errno));
	return TCPHS_ERR_FAILED;
}

static int run_help(const char *about)
{
	struct cli cli = { .verb = find_verb(about) };

	if (cli.verb)
		cli_help(&cli);
	if (!strcmp(about, "names"))
		print_names();
	else if (!strcmp(about, "words"))
		print_words();
	else
		return unknown_verb(about);
	return written();
}

/* What needs no module. -1: it is a verb. */
static int run_builtin(const char *word, const char *next)
{
	if (!strcmp(word, "help") && next && strcmp(next, "help"))
		return run_help(next);
	if (!strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h"))
		print_help(stdout);
	else if (!strcmp(word, "--version") || !strcmp(word, "-V"))
		printf("tcphs %s (ABI %u.%u)\n", TCPHS_VERSION, TCPHS_ABI_MAJOR, TCPHS_ABI_MINOR);
	else
		return -1;
	return written();
}

/*
 * tcphs --json events: what every verb takes may stand before it. Those that only some
 * have can't: which takes an argument is known with the verb.
 */
static int put_verb_first(int argc, char **argv)
{
	static const struct option longs[] = { CLI_LONGS, { NULL, 0, NULL, 0 } };
	char *verb;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+" CLI_SHORTS, longs, NULL)) != -1) {
		if (c != '?' && c != ':')
			continue;
		cli_say("tcphs: unknown option '%s' before the verb; what only some verbs take comes after it: tcphs events --follow",
			argv[optind - 1]);
		return TCPHS_ERR_USAGE;
	}
	if (optind >= argc) {
		fputs("tcphs: a verb is missing; see: tcphs help\n", stderr);
		return TCPHS_ERR_USAGE;
	}
	verb = argv[optind];
	memmove(&argv[2], &argv[1], (size_t)(optind - 1) * sizeof(*argv));
	argv[1] = verb;
	/* The verb begins anew. */
	optind = 0;
	return 0;
}

/* What stands behind -- is no option of ours, whatever it looks like. */
static int take_command(struct cli *cli, int *argc, char **argv)
{
	int i;

	for (i = 2; i < *argc && strcmp(argv[i], "--"); i++)
		;
	if (i == *argc)
		return 0;
	if (!cli->verb->runs) {
		cli_say("tcphs %s: -- COMMAND means nothing here; events, diagram, lives and record run one",
			cli->verb->name);
		return TCPHS_ERR_USAGE;
	}
	if (i + 1 == *argc) {
		cli_say("tcphs %s: after -- a command is missing, such as: tcphs %s -- curl -s localhost",
			cli->verb->name, cli->verb->name);
		return TCPHS_ERR_USAGE;
	}
	cli->command = &argv[i + 1];
	cli_gave(cli, CLI_COMMAND);
	argv[i] = NULL;
	*argc = i;
	return 0;
}

int main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR");
	struct cli cli = { 0 };
	int ret;

	tcphs_keep_standard_files();
	setlocale(LC_CTYPE, "");
	tzset();
	if (argc < 2) {
		print_help(stderr);
		return TCPHS_ERR_USAGE;
	}
	ret = run_builtin(argv[1], argv[2]);
	if (ret >= 0)
		return ret;
	ret = put_verb_first(argc, argv);
	if (ret)
		return ret;
	cli.verb = find_verb(argv[1]);
	if (!cli.verb)
		return unknown_verb(argv[1]);
	ret = take_command(&cli, &argc, argv);
	if (ret)
		return ret;

	cli.color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	cli.utf8 = tcphs_utf8();
	if (tcphs_buf_init(&cli.out, STDOUT_FILENO)) {
		fputs("tcphs: no memory\n", stderr);
		return TCPHS_ERR_FAILED;
	}
	ret = cli.verb->run(&cli, argc - 1, argv + 1);
	if (!ret)
		ret = cli.damaged;
	/* Whoever runs a command wants to know how it ended. */
	if (cli.status)
		ret = cli.status;
	tcphs_buf_free(&cli.out);
	free(cli.joined);
	free(cli.reads);
	tcphs_cgroups_free(cli.cgroups);
	return ret;
}

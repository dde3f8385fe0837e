/* SPDX-License-Identifier: GPL-2.0 */
/* Options, errors and colours that all verbs share. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "container.h"
#include "filter_word.h"
#include "site.h"

static void help_filters(const struct verb *verb)
{
	const char *argument;
	char option[40];
	unsigned int key;

	if (!verb->filters)
		return;
	puts("\nFilters (all that are given must match; of a list, one word):");
	for (key = 0; key < TCPHS_FILTER_KEYS; key++) {
		if (!(verb->filters >> key & 1))
			continue;
		argument = tcphs_filter_argument(key);
		snprintf(option, sizeof(option), "--%s%s%s", tcphs_filter_name(key),
			 argument ? " " : "", argument ? argument : "");
		/* A verb may have said more about it already. */
		if (!strstr(verb->usage, option))
			printf("      %-25s %s\n", option, tcphs_filter_help(key));
	}
}

/**
 * cli_help - the help of a verb, and the end
 * @cli: whose verb
 */
void cli_help(const struct cli *cli)
{
	const struct verb *verb = cli->verb;

	printf("Usage: tcphs %s%s [OPTION]...%s\n", verb->name, verb->words ? verb->words : "",
	       verb->runs ? " [-- COMMAND [ARGUMENT]...]" : "");
	if (verb->other)
		printf("       tcphs %s%s [OPTION]...\n", verb->name, verb->other);
	printf("%s.\n\n%s", verb->help, verb->usage);
	if (verb->runs)
		puts("      -- COMMAND ...    run it: only its connections, and those of its children");
	if (verb->reads)
		puts(verb->reads_several ?
		     "  -r, --read FILE       a recording of tcphs record, also a directory; again:\n"
		     "                        those of other machines, or more of one, read as one" :
		     "  -r, --read FILE       a recording of tcphs record, also a directory");
	if (verb->keeps == KEEPS)
		puts("      --kept            only what is kept: connections that went wrong");
	if (!verb->own_formats)
		puts("  -j, --json            one JSON object a line\n"
		     "  -H, --no-header       no heading");
	if (!verb->one_netns)
		puts("  -A, --all-netns       every network namespace (from the initial one only)");
	if (!verb->own_formats)
		puts("      --color=WHEN      auto (default), always or never; NO_COLOR is honoured");
	puts("  -h, --help            this text");
	help_filters(cli->verb);
	exit(fflush(stdout) ? TCPHS_ERR_FAILED : 0);
}

/**
 * cli_usage - the command line is wrong: say so and end
 * @cli: whose verb
 * @fmt: what is wrong, and what would be right
 */
void cli_usage(const struct cli *cli, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cli_say("tcphs %s: %s", cli->verb->name, text);
	exit(TCPHS_ERR_USAGE);
}

static bool is_filter(int c)
{
	return c >= CLI_FILTER(PORT) && c < CLI_FILTER(KEYS);
}

/* CLI_LONGS has more than each verb takes. */
static bool is_allowed(const struct verb *verb, int c)
{
	if (is_filter(c))
		return verb->filters >> (c - CLI_FILTER(PORT)) & 1;
	if (c == 'j' || c == 'H' || c == 'C')
		return !verb->own_formats;
	return c == 'A' ? !verb->one_netns : c == 'r' ? verb->reads : c == 'K' ? verb->keeps == KEEPS : true;
}

static void bad_option(const struct cli *cli, char **argv, const struct option *longs)
	__attribute__((noreturn));

static void bad_option(const struct cli *cli, char **argv, const struct option *longs)
{
	char letter[] = { '-', (char)optopt, '\0' };
	const struct option *o = longs;
	struct tcphs_near near = { 0 };
	char allowed[1024] = "";
	const char *word;
	size_t len = 0;

	/* optopt is 0 or a known letter when it was a long option that is wrong. */
	while (o->name && o->val != optopt)
		o++;
	word = optopt && !o->name ? letter : argv[optind - 1];
	near.word = word + strspn(word, "-");
	near.len = strcspn(near.word, "=");
	for (o = longs; o->name; o++)
		if (is_allowed(cli->verb, o->val))
			tcphs_near_try(&near, o->name);
	if (near.name)
		cli_usage(cli, "unknown option '%s'; did you mean --%s? tcphs help %s has all", word,
			  near.name, cli->verb->name);
	for (; longs->name && len < sizeof(allowed); longs++)
		if (is_allowed(cli->verb, longs->val))
			len += (size_t)snprintf(allowed + len, sizeof(allowed) - len, " --%s",
						longs->name);
	cli_usage(cli, "unknown option '%s'; allowed are:%s", word, allowed);
}

static void set_color(struct cli *cli, const char *when)
{
	if (!when || !strcmp(when, "always"))
		cli->color = true;
	else if (!strcmp(when, "never"))
		cli->color = false;
	else if (strcmp(when, "auto"))
		cli_usage(cli, "--color=%s: one of auto, always, never", when);
}

/* Then the error says what they are names of. */
static bool has_names(enum tcphs_filter_key key)
{
	return key == TCPHS_FILTER_STATE || key == TCPHS_FILTER_EVENT || key == TCPHS_FILTER_ROLE;
}

static void set_filter(struct cli *cli, enum tcphs_filter_key key)
{
	struct tcphs_error err;

	if (!(cli->verb->filters >> key & 1))
		cli_usage(cli, "--%s means nothing here; see: tcphs %s --help",
			  tcphs_filter_name(key), cli->verb->name);
	if (filter_word(&cli->filter, key, optarg, &err)) {
		if (has_names(key))
			cli_usage(cli, "%s", err.text);
		cli_usage(cli, "--%s: %s", tcphs_filter_name(key), err.text);
	}
	/* Whoever names a namespace wants to see into it. */
	if (key == TCPHS_FILTER_NETNS)
		cli->all_netns = true;
}

static void add_recording(struct cli *cli, char *name)
{
	char **more;

	if (cli->nr_reads && !cli->verb->reads_several)
		cli_usage(cli, "--read is given twice: one file at a time");
	more = reallocarray(cli->reads, cli->nr_reads + 1, sizeof(*more));
	if (!more) {
		cli_say("tcphs: no memory");
		exit(TCPHS_ERR_FAILED);
	}
	cli->reads = more;
	more[cli->nr_reads++] = name;
	cli->read = more[0];
}

/**
 * cli_option - an option that the verb itself does not have
 * @cli: gets what it says
 * @c: from getopt_long()
 * @argv: the command line
 * @longs: for the message about an unknown one
 */
void cli_option(struct cli *cli, int c, char **argv, const struct option *longs)
{
	if (is_filter(c)) {
		set_filter(cli, c - CLI_FILTER(PORT));
		return;
	}
	switch (c) {
	case 'j':
		if (cli->verb->own_formats)
			cli_usage(cli, "--json: metrics have formats of their own, see --openmetrics; for JSON there are tcphs status and tcphs listeners");
		cli->json = true;
		break;
	case 'H':
		cli->no_header = true;
		break;
	case 'A':
		if (cli->verb->one_netns)
			cli_usage(cli, "--all-netns: this verb is always about one namespace; see ip-netns(8)");
		cli->all_netns = true;
		break;
	case 'C':
		set_color(cli, optarg);
		break;
	case 'r':
		if (!cli->verb->reads)
			cli_usage(cli, "--read: a recording holds events, and nothing that this verb shows");
		add_recording(cli, optarg);
		break;
	case 'K':
		if (cli->verb->keeps != KEEPS)
			cli_usage(cli, "--kept: the store of what went wrong holds events, and nothing that this verb shows");
		cli->kept = true;
		break;
	case 'h':
		cli_help(cli);
	case ':':
		cli_usage(cli, "option '%s' needs an argument", argv[optind - 1]);
	default:
		bad_option(cli, argv, longs);
	}
}

/**
 * cli_columns - columns of a table; given again, more of them
 * @cli: gets them
 * @arg: their names, with commas between
 */
void cli_columns(struct cli *cli, const char *arg)
{
	char *list = NULL;

	if (!cli->output) {
		cli->output = arg;
	} else if (asprintf(&list, "%s,%s", cli->output, arg) > 0) {
		free(cli->joined);
		cli->output = cli->joined = list;
	} else {
		cli_say("tcphs: no memory");
		exit(TCPHS_ERR_FAILED);
	}
}

/**
 * cli_count - a number of events
 * @cli: whose verb
 * @option: whose argument, for the message
 * @arg: the argument
 */
size_t cli_count(const struct cli *cli, const char *option, const char *arg)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || *end || *arg < '0' || *arg > '9')
		cli_usage(cli, "--%s %s: a number of events, 0 or more", option, arg);
	return n;
}

/**
 * cli_fail - show the user an error
 * @err: the error
 *
 * Return: the exit status it leads to.
 */
int cli_fail(const struct tcphs_error *err)
{
	char line[ERROR_LINE];

	cli_say("%s", error_line(line, "tcphs", err));
	return error_status(err);
}

/**
 * cli_session - start a session with the module, and warn the user if it is of another version
 * @err: why not
 *
 * Return: the session, for tcphs_close(), or NULL.
 */
struct tcphs_session *cli_session(struct tcphs_error *err)
{
	struct tcphs_session *session = tcphs_open(err);
	char line[ERROR_LINE];

	if (session && version_line(line, "tcphs", tcphs_session_module(session)))
		cli_say("%s", line);
	return session;
}

/**
 * cli_moment - a time with its day: 2026-11-28 03:12:30
 * @p: CLI_MOMENT_LEN bytes
 * @ns: CLOCK_REALTIME
 */
void cli_moment(char *p, int64_t ns)
{
	time_t t = ns / 1000000000;
	struct tm tm = { 0 };

	localtime_r(&t, &tm);
	strftime(p, CLI_MOMENT_LEN, "%Y-%m-%d %H:%M:%S", &tm);
}

/**
 * cli_say_missing - a recording has nothing of a time
 * @missing: which, and why
 */
void cli_say_missing(const struct tcphs_missing *missing)
{
	char from[CLI_MOMENT_LEN], to[CLI_MOMENT_LEN];

	cli_moment(from, missing->from);
	cli_moment(to, missing->to);
	cli_say("tcphs: nothing is known from %s to %s: %s", from, to,
		tcphs_missing_help(missing->why));
}

/**
 * cli_catch_signals - from now on Ctrl-C, SIGTERM and SIGHUP ask for an end
 *
 * It comes between two lines, and not somewhere within one; see tcphs_stop_asked().
 */
void cli_catch_signals(void)
{
	tcphs_stop_on(SIGINT);
	tcphs_stop_on(SIGTERM);
	tcphs_stop_on(SIGHUP);
}

/**
 * cli_finish - write what is left
 * @cli: whose output
 *
 * Return: the exit status.
 */
int cli_finish(struct cli *cli)
{
	int err = tcphs_buf_flush(&cli->out);

	/* Whoever read our output has seen enough; that is no news. */
	if (err == -EINTR)
		cli_say("tcphs: ended while nobody took the output; the rest of it is lost");
	else if (err && err != -EPIPE)
		cli_say("tcphs: cannot write: %s", strerror(-err));
	return err ? TCPHS_ERR_FAILED : 0;
}

/**
 * cli_netns - how network namespaces are called
 * @cli: are they of this machine, or is it a recording?
 */
netns_namer *cli_netns(const struct cli *cli)
{
	return cli->several ? site_name : cli->read ? netns_number : netns_name;
}

/**
 * cli_cgroups - how cgroups are called, for the user's filter as well
 * @cli: of this machine, or of a recording, which says it itself
 *
 * After the options. Return: as long as @cli; NULL without memory: then none has a name.
 */
struct tcphs_cgroups *cli_cgroups(struct cli *cli)
{
	if (!cli->cgroups) {
		cli->cgroups = tcphs_cgroups_new();
		if (cli->cgroups && !cli->read)
			tcphs_cgroups_live(cli->cgroups, cli->all_netns);
	}
	tcphs_filter_cgroups(&cli->filter, cli->cgroups);
	return cli->cgroups;
}

/**
 * cli_cgroup_names - what an owner's cgroup is to people
 * @cli: after cli_cgroups()
 * @id: of the cgroup, or 0
 *
 * Return: as long as @cli; "" for what it is not, or what is not known.
 */
const struct tcphs_cgroup_names *cli_cgroup_names(const struct cli *cli, uint64_t id)
{
	static const struct tcphs_cgroup_names none;
	const struct tcphs_cgroup *cgroup = cli->cgroups ? tcphs_cgroups_find(cli->cgroups, id) : NULL;

	return cgroup ? &cgroup->names : &none;
}

static void name_cell(char *cell, const char *name, size_t len)
{
	size_t room = len < TABLE_CELL ? len : TABLE_CELL - 1;

	strcpy(cell, "-");
	if (*name)
		stpncpy(cell, name, room)[0] = '\0';
}

/**
 * cli_unit - the systemd unit of an owner, as a cell
 * @cli: after cli_cgroups()
 * @cell: gets it
 * @cgroup: of the owner, or 0
 */
void cli_unit(const struct cli *cli, char *cell, uint64_t cgroup)
{
	name_cell(cell, cli_cgroup_names(cli, cgroup)->unit, TABLE_CELL);
}

/**
 * cli_container - its container
 * @cli: after cli_cgroups()
 * @cell: gets it
 * @cgroup: of the owner, or 0
 */
void cli_container(const struct cli *cli, char *cell, uint64_t cgroup)
{
	const char *name = cli_cgroup_names(cli, cgroup)->container;

	name_cell(cell, name, (size_t)container_shown(name));
}

/**
 * cli_pod - its pod
 * @cli: after cli_cgroups()
 * @cell: gets it
 * @cgroup: of the owner, or 0
 */
void cli_pod(const struct cli *cli, char *cell, uint64_t cgroup)
{
	name_cell(cell, cli_cgroup_names(cli, cgroup)->pod, TABLE_CELL);
}

/**
 * cli_json_cgroup - what an owner's cgroup is called, into an object that is open
 * @cli: after cli_cgroups()
 * @j: the writer
 * @cgroup: of the owner, or 0
 */
void cli_json_cgroup(const struct cli *cli, struct tcphs_json *j, uint64_t cgroup)
{
	tcphs_json_cgroup(j, cli->cgroups, cgroup);
}

/**
 * cli_keep_listeners - those that the user's filter lets through
 * @cli: whose filter
 * @list: loses the others
 */
void cli_keep_listeners(const struct cli *cli, struct tcphs_listener_list *list)
{
	size_t i, kept = 0;

	for (i = 0; i < list->nr; i++)
		if (tcphs_filter_listener(&cli->filter, &list->v[i]))
			list->v[kept++] = list->v[i];
	list->nr = kept;
}

/**
 * cli_tone - the escape sequence of a colour
 * @cli: are colours wanted?
 * @tone: which
 */
const char *cli_tone(const struct cli *cli, enum tcphs_tone tone)
{
	static const char *const sequence[] = {
		[TCPHS_TONE_PLAIN]	= "",
		[TCPHS_TONE_GOOD]	= "\033[32m",
		[TCPHS_TONE_WARN]	= "\033[33m",
		[TCPHS_TONE_BAD]	= "\033[31m",
		[TCPHS_TONE_CLOSE]	= "\033[36m",
	};

	return cli->color ? sequence[tone] : "";
}

/**
 * cli_plain - the escape sequence that ends a colour
 * @cli: are colours wanted?
 */
const char *cli_plain(const struct cli *cli)
{
	return cli->color ? "\033[0m" : "";
}

/**
 * cli_bold - the escape sequence of headings
 * @cli: are colours wanted?
 */
const char *cli_bold(const struct cli *cli)
{
	return cli->color ? "\033[1m" : "";
}

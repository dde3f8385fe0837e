/* SPDX-License-Identifier: GPL-2.0 */
/* Which options go together: one table, of all verbs. */
#include <ctype.h>

#include "cli.h"

/*
 * What has no meaning together. What only says how things look (--color, --no-header)
 * goes with everything, for it may stand in an alias. Options that a verb does not have at
 * all are refused where they are read.
 */
static const struct {
	const char *verb;		/* NULL: every one */
	const char *word;
	const char *other;
	bool needs;			/* the other must be there; else it must not */
	const char *instead;
} rules[] = {
	{ NULL, "all-netns", "read", false,
	  "a recording has the namespaces it was made of; --netns chooses among them" },
	{ "lives", "output", "json", false, "JSON has all fields; jq chooses among them" },
	{ "connections", "output", "json", false, "JSON has all fields; jq chooses among them" },
	{ "listeners", "output", "json", false, "JSON has all fields; jq chooses among them" },
	{ NULL, "kept", "read", false, "a recording holds what it was made of" },
	{ NULL, "kept", "follow", false, "what is kept is past; leave one out" },
	{ NULL, "until", "follow", false, "--follow goes on; leave one out" },
	{ NULL, "read", CLI_COMMAND, false, "what is recorded is past; leave one out" },
	{ NULL, "kept", CLI_COMMAND, false, "what is kept is past; leave one out" },
	{ NULL, "since", CLI_COMMAND, false, "a command is shown from its beginning; leave it out" },
	{ NULL, "until", CLI_COMMAND, false, "a command is shown to its end; leave it out" },
	{ "diagram", CLI_CONN, CLI_COMMAND, false, "its own connections are drawn; leave CONN out" },
	{ "diagram", "follow", CLI_COMMAND, false,
	  "its connections are drawn when it has ended; tcphs events --follow shows them as they happen" },
	{ "record", CLI_STDOUT, CLI_COMMAND, false,
	  "its own output goes there; name a file" },
	{ "record", "directory", CLI_COMMAND, false, "name a file" },
	{ "record", "duration", CLI_COMMAND, false, "it is recorded to its end; timeout(1) ends it" },
	{ "record", "last", CLI_COMMAND, false, "it is recorded from its beginning; leave it out" },
	{ "record", "until", "duration", false, "what is past is written at once; leave one out" },
	{ "events", "follow", "read", false,
	  "a recording is read to its end; out of a pipe its events are shown as they come: tcphs record - | tcphs events --read -" },
	{ "lives", "follow", "read", false,
	  "a recording is read to its end; out of a pipe lives are shown as they end: tcphs record - | tcphs lives --read -" },
	{ "events", "absolute", "json", false,
	  "JSON has the numbers of the wire, and both ISNs; leave it out" },
	{ "diagram", "follow", "read", false,
	  "a recording is over; --last draws its newest connection" },
	{ "diagram", "follow", "svg", false, "SVG is written when the drawing is whole; leave one out" },
	{ "diagram", "limit", "follow", false, "one connection is followed; leave it out" },
	{ "diagram", "limit", "svg", false, "SVG is one drawing: of CONN, or with --last" },
	{ "diagram", "limit", "last", false, "the last is one; leave one of them out" },
	{ "diagram", "limit", CLI_CONN, false, "CONN is one; leave it out" },
	{ "diagram", "last", CLI_CONN, false, "CONN is drawn as it did last; leave it out" },
	{ "diagram", "conn", CLI_CONN, false, "name the connection once" },
	{ "diagram", "absolute", "json", false,
	  "JSON has the numbers of the wire, and both ISNs; leave it out" },
	{ "diagram", "ascii", "json", false, "nothing is drawn; leave it out" },
	{ "diagram", "ascii", "svg", false, "SVG has no box characters; leave it out" },
	{ "diagram", "svg", "json", false, "choose one of them" },
	{ "diagram", "force", "svg", true, "nothing else is written to a file" },
	{ "doctor", "for", "read", false, "a recording is read whole, once" },
	{ "doctor", "watch", "read", false, "a recording is read whole, once" },
	{ "doctor", "stuck-after", "read", false,
	  "what is stuck now is no event; leave it out" },
	{ "doctor", "for", "since", false, "--since judges what has been, at once; leave one out" },
	{ "doctor", "for", "until", false, "--until judges what has been, at once; leave one out" },
	{ "doctor", "watch", "since", false, "--since judges what has been, once; leave one out" },
	{ "doctor", "watch", "until", false, "--until judges what has been, once; leave one out" },
	{ "doctor", "stuck-after", "since", false,
	  "--since judges what has been, and what is stuck now is no event; leave one out" },
	{ "doctor", "stuck-after", "until", false,
	  "--until judges what has been, and what is stuck now is no event; leave one out" },
	{ "lives", "journal", "json", false, "the journal has fields; leave one out" },
	{ "lives", "journal", "output", false, "the journal has all of them; leave one out" },
	{ "lives", "journal", "no-header", false, "the journal has none; leave it out" },
	{ "lives", "journal", "read", false,
	  "a recording is past, and may be of elsewhere; leave one out" },
	{ "status", "report", "json", false, "the report is text; leave one out" },
	{ "status", "report", "hooks", false, "the report has them all; leave it out" },
	{ "status", "hooks", "json", false, "JSON has them all; leave it out" },
	{ "metrics", "rules", "openmetrics", false, "rules are no metrics; leave one out" },
	{ "metrics", "rules", "limit", false, "rules are the same for each machine; leave it out" },
	{ "metrics", "rules", "all-netns", false, "rules are the same for each machine; leave it out" },
	{ "record", "size", "directory", true, "a file alone grows as long as it is recorded" },
	{ "record", "keep", "directory", true, "a file alone is not taken away" },
	{ "record", "age", "directory", true, "a file alone goes on to its end" },
	{ "record", "directory", "read", false,
	  "a directory is kept of what happens; part of a recording goes into a FILE" },
	{ "record", "directory", "last", false, "all is kept that there is; leave it out" },
	{ "record", "directory", "force", false, "no file of it is replaced; leave it out" },
	{ "record", "directory", "since", false, "all is kept that there is; leave it out" },
	{ "record", "directory", "until", false, "--duration ends it; leave it out" },
	{ "record", "duration", "read", false, "a recording is read whole, at once" },
	{ "export", "pcapng", "json-trace", false, "one format at a time" },
	{ "export", "json", CLI_STDOUT, false, "what is exported goes to standard output" },
	{ "export", "force", CLI_STDOUT, false, "standard output is no file that could be there" },
	{ "record", "json", CLI_STDOUT, false, "the recording itself goes to standard output" },
	{ "record", "force", CLI_STDOUT, false, "standard output is no file that could be there" },
};

/**
 * cli_gave - note a word of the command line
 * @cli: where
 * @word: a long option without its dashes, or CLI_CONN, CLI_STDOUT; must stay
 */
void cli_gave(struct cli *cli, const char *word)
{
	unsigned int i;

	for (i = 0; i < cli->nr_given && strcmp(cli->given[i], word); i++)
		;
	if (i == cli->nr_given && i < CLI_GIVEN)
		cli->given[cli->nr_given++] = word;
}

static bool is_given(const struct cli *cli, const char *word)
{
	unsigned int i;

	for (i = 0; i < cli->nr_given; i++)
		if (!strcmp(cli->given[i], word))
			return true;
	return false;
}

/* Of numbers and times the last one counts, and lists add up; of files one would be left out. */
static bool names_file(const char *option)
{
	return !strcmp(option, "svg") ||
	       !strcmp(option, "pcapng") || !strcmp(option, "json-trace");
}

/**
 * cli_next - getopt_long(), which notes what was given
 * @cli: where
 * @argc: of the command line
 * @argv: of the command line
 * @shorts: of getopt_long()
 * @longs: of getopt_long()
 */
int cli_next(struct cli *cli, int argc, char **argv, const char *shorts,
	     const struct option *longs)
{
	int c = getopt_long(argc, argv, shorts, longs, NULL);
	const struct option *o;

	for (o = longs; o->name; o++) {
		if (o->val != c)
			continue;
		if (names_file(o->name) && is_given(cli, o->name))
			cli_usage(cli, "--%s is given twice: one file at a time", o->name);
		cli_gave(cli, o->name);
	}
	return c;
}

static const char *dashes(const char *word)
{
	return islower((unsigned char)*word) ? "--" : "";
}

static void check_devices(const struct cli *cli)
{
	if (cli->read && tcphs_filter_names_device(&cli->filter))
		cli_usage(cli, "a recording has no names of devices: give the number that ip link shows where it was made, --device 2 or fe80::1%%2");
}

/**
 * cli_check - the command line is read: is all of it needed, and does it go together?
 * @cli: whose verb, with what was given
 * @argc: of the command line
 * @argv: of the command line
 *
 * Ends the program when not.
 */
void cli_check(const struct cli *cli, int argc, char **argv)
{
	size_t i;

	if (optind < argc)
		cli_usage(cli, "'%s' is one word too many; see: tcphs %s --help",
			  argv[optind], cli->verb->name);
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].verb && strcmp(rules[i].verb, cli->verb->name))
			continue;
		if (!is_given(cli, rules[i].word) || is_given(cli, rules[i].other) == rules[i].needs)
			continue;
		cli_usage(cli, "%s%s %s %s%s: %s", dashes(rules[i].word), rules[i].word,
			  rules[i].needs ? "goes with" : "does not go with",
			  dashes(rules[i].other), rules[i].other, rules[i].instead);
	}
	check_devices(cli);
	/* Those of a recording have none here. */
	if (cli->all_netns && !cli->read)
		netns_show_names();
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "filter_line.h"
#include "filter_word.h"
#include "options.h"

#define FILTER_OPTION	0x100	/* and the number of its key */

/* Those of filters come behind. */
static struct option longs[32 + TCPHS_FILTER_KEYS] = {
	{ "all-netns",		no_argument,		NULL, 'A' },
	{ "ascii",		no_argument,		NULL, 'U' },
	{ "batch",		no_argument,		NULL, 'b' },
	{ "connections",	no_argument,		NULL, 'C' },
	{ "delay",		required_argument,	NULL, 'd' },
	{ "help",		no_argument,		NULL, 'h' },
	{ "iterations",		required_argument,	NULL, 'n' },
	{ "json",		no_argument,		NULL, 'j' },
	{ "listeners",		no_argument,		NULL, 'L' },
	{ "no-mouse",		no_argument,		NULL, 'M' },
	{ "read",		required_argument,	NULL, 'r' },
	{ "screen",		required_argument,	NULL, 'S' },
	{ "sort",		required_argument,	NULL, 's' },
	{ "version",		no_argument,		NULL, 'V' },
};

static void add_filters(void)
{
	struct option *o = longs;
	int key;

	while (o->name)
		o++;
	for (key = 0; key < TCPHS_FILTER_KEYS; key++) {
		if (!(FILTER_LINE_KEYS >> key & 1))
			continue;
		*o++ = (struct option){
			.name = tcphs_filter_name(key),
			.has_arg = tcphs_filter_argument(key) ? required_argument : no_argument,
			.val = FILTER_OPTION + key,
		};
	}
}

static void help_filters(void)
{
	const char *argument;
	char option[40];
	int key;

	puts("\nFilters (all that are given must match; of a list, one word):");
	for (key = 0; key < TCPHS_FILTER_KEYS; key++) {
		if (!(FILTER_LINE_KEYS >> key & 1))
			continue;
		argument = tcphs_filter_argument(key);
		snprintf(option, sizeof(option), "--%s%s%s", tcphs_filter_name(key),
			 argument ? " " : "", argument ? argument : "");
		printf("      %-25s %s\n", option, tcphs_filter_help(key));
	}
}

/**
 * options_help - the answer to --help
 */
void options_help(void)
{
	fputs("Usage: tcphs-top [OPTION]...\n"
	      "Live view of TCP handshakes, listen queues and connection states.\n"
	      "\n"
	      "  -L, --listeners       begin with the listeners (default)\n"
	      "  -C, --connections     begin with the connections\n"
	      "  -S, --screen NAME     begin with listeners, connections, peers, events, lives\n"
	      "                        or doctor\n"
	      "  -s, --sort COLUMN     order the table by it; an unknown one lists them\n"
	      "  -A, --all-netns       every network namespace (from the initial one only)\n"
	      "  -r, --read FILE       play a recording, or a directory of them\n"
	      "  -d, --delay TIME      between refreshes, 0.1 to 3600 s (default 2): 1.5, 500ms\n"
	      "  -n, --iterations N    end after N refreshes\n"
	      "  -b, --batch           plain text on standard output, no terminal needed\n"
	      "  -j, --json            with -b: one JSON object a refresh, a line each\n"
	      "  -U, --ascii           no characters beyond ASCII\n"
	      "  -M, --no-mouse        leave the mouse to the terminal\n"
	      "  -h, --help            this text\n"
	      "      --version         version of the tool\n", stdout);
	help_filters();
	fputs("\n"
	      "Keys: F1 help, Tab next screen, / search, \\ filter, F6 sort, d delay, F10 quit.\n"
	      "NO_COLOR in the environment turns colours off.\n", stdout);
}

static enum options_next wrong(const char *what, const char *value, const char *right)
{
	fprintf(stderr, "tcphs-top: %s '%s': %s\n", what, value, right);
	return OPTIONS_WRONG;
}

static void list_columns(FILE *f, enum top_screen screen)
{
	size_t nr, i;
	const struct table_column *col = table_columns(screen, &nr);

	fprintf(f, "  %s:", table_key(screen));
	for (i = 0; i < nr; i++)
		fprintf(f, " %s", col[i].key);
	fputc('\n', f);
}

/* Without -L or -C the column decides which table it is. */
static enum options_next set_sort(struct options *o, const char *key, bool screen_given)
{
	enum top_screen screen = o->ui.screen;
	size_t column;

	if (table_find(key, &screen, &column) || (screen_given && screen != o->ui.screen)) {
		fprintf(stderr, "tcphs-top: --sort '%s' is no column; there are\n", key);
		for (screen = 0; screen < TOP_SCREENS; screen++)
			list_columns(stderr, screen);
		return OPTIONS_WRONG;
	}
	o->ui.screen = screen;
	o->ui.table[screen].sort = column;
	return OPTIONS_RUN;
}

static enum options_next set_screen(struct options *o, const char *name)
{
	char all[120] = "there are:";
	enum top_screen screen;

	for (screen = 0; screen < TOP_SCREENS; screen++) {
		if (!strcmp(table_key(screen), name)) {
			o->ui.screen = screen;
			return OPTIONS_RUN;
		}
		snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s", table_key(screen));
	}
	return wrong("--screen", name, all);
}

static enum options_next set_iterations(struct options *o, const char *s)
{
	char *end;

	errno = 0;
	o->iterations = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || !o->iterations)
		return wrong("--iterations", s, "must be a whole number, 1 or more");
	return OPTIONS_RUN;
}

static enum options_next set_filter(struct options *o, enum tcphs_filter_key key)
{
	struct tcphs_filter alone = { 0 };
	struct tcphs_error err = { 0 };

	if (filter_word(&alone, key, optarg, &err)) {
		fprintf(stderr, "tcphs-top: --%s: %s\n", tcphs_filter_name(key), err.text);
		return OPTIONS_WRONG;
	}
	if (!filter_line_put(o->ui.filter, sizeof(o->ui.filter), key, optarg))
		return wrong("filter", tcphs_filter_name(key), "the filter is longer than its line");
	return OPTIONS_RUN;
}

static enum options_next one(struct options *o, int c, const char **sort, bool *screen_given)
{
	if (c >= FILTER_OPTION)
		return set_filter(o, c - FILTER_OPTION);
	switch (c) {
	case 'A':
		o->ui.all_netns = o->ui.all_asked = true;
		break;
	case 'U':
		o->ascii = true;
		break;
	case 'M':
		o->no_mouse = true;
		break;
	case 'b':
		o->batch = true;
		break;
	case 'j':
		o->json = true;
		break;
	case 'L':
	case 'C':
		o->ui.screen = c == 'L' ? TOP_LISTENERS : TOP_CONNECTIONS;
		*screen_given = true;
		break;
	case 'S':
		*screen_given = true;
		return set_screen(o, optarg);
	case 'd':
		if (ui_parse_delay(optarg, &o->ui.delay))
			return wrong("--delay", optarg, "must be seconds from 0.1 to 3600, or a time such as 500ms");
		break;
	case 'r':
		if (o->read)
			return wrong("option", "--read", "is given twice: one recording at a time");
		o->read = optarg;
		o->ui.playing = true;
		break;
	case 'n':
		return set_iterations(o, optarg);
	case 's':
		*sort = optarg;
		break;
	case 'h':
		return OPTIONS_HELP;
	case 'V':
		return OPTIONS_VERSION;
	default:	/* getopt_long() has printed it */
		fputs("See: tcphs-top --help\n", stderr);
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

/**
 * options_parse - reads the command line
 * @o: the result
 * @argc: of main()
 * @argv: of main()
 */
enum options_next options_parse(struct options *o, int argc, char **argv)
{
	enum options_next next;
	bool screen_given = false;
	const char *sort = NULL;
	int c;

	memset(o, 0, sizeof(*o));
	ui_init(&o->ui);
	add_filters();
	while ((c = getopt_long(argc, argv, "AUbCd:hn:jLMr:S:s:", longs, NULL)) != -1) {
		next = one(o, c, &sort, &screen_given);
		if (next != OPTIONS_RUN)
			return next;
	}
	if (optind < argc)
		return wrong("argument", argv[optind], "is not expected; see tcphs-top --help");
	if (o->read && o->ui.all_asked)
		return wrong("option", "--all-netns", "goes without --read: a recording has what was recorded");
	if (o->json && !o->batch)
		return wrong("option", "--json", "goes with --batch");
	if (sort && set_sort(o, sort, screen_given) != OPTIONS_RUN)
		return OPTIONS_WRONG;
	if (o->json && o->ui.screen > TOP_CONNECTIONS)
		return wrong("--json of", table_key(o->ui.screen),
			     "has listeners and connections; see tcphs events -j, lives -j and doctor -j");
	return OPTIONS_RUN;
}

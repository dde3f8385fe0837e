/* SPDX-License-Identifier: GPL-2.0 */
/* --output: those that the user wants of the names that there are. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

#define NAME_MAX_LEN 24		/* with a blank */

/* Whoever calls ends the program. */
static char *all_names(const struct choices *of)
{
	char *list = malloc(sizeof("all") + of->nr * NAME_MAX_LEN), *p;
	unsigned int i;

	if (!list)
		return NULL;
	p = stpcpy(list, "all");
	for (i = 0; i < of->nr; i++)
		p += snprintf(p, NAME_MAX_LEN, " %s", of->name(of, i));
	return list;
}

static void list_names(const struct choices *of)
{
	char *list = all_names(of);

	puts(list ? list : "all");
	free(list);
	exit(fflush(stdout) ? TCPHS_ERR_FAILED : 0);
}

static void no_name(const struct cli *cli, const struct choices *of, const char *word, size_t len)
{
	struct tcphs_near near = { word, len, NULL, 0 };
	unsigned int i;

	for (i = 0; i < of->nr; i++)
		tcphs_near_try(&near, of->name(of, i));
	if (near.name)
		cli_usage(cli, "--output: '%.*s' is no %s; did you mean %s? --output help lists all",
			  (int)len, word, of->what, near.name);
	cli_usage(cli, "--output: '%.*s' is no %s; there are: %s", (int)len, word, of->what,
		  all_names(of));
}

/**
 * cli_choose - what --output names
 * @cli: with cli->output
 * @of: what there is; gets each that is named, in the user's order
 *
 * Ends the program when one is named that is none, or when the user asks which there are.
 */
void cli_choose(const struct cli *cli, const struct choices *of)
{
	const char *list = cli->output;
	unsigned int i;
	size_t len;

	if (!strcmp(list, "help"))
		list_names(of);
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		for (i = 0; i < of->nr && !tcphs_same_word(of->name(of, i), list, len); i++)
			;
		if (i < of->nr)
			of->take(of, i);
		else if (tcphs_same_word("all", list, len))
			of->take_all(of);
		else
			no_name(cli, of, list, len);
		if (!list[len])
			break;
	}
}

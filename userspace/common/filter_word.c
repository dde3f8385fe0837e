// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "filter_word.h"
#include "netns.h"

/* What namespaces are called here, as their numbers; what else there is the library knows. */
static char *numbers_of_netns(const char *list)
{
	char *words = strdup(list), *rest = words, *word, *numbers = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&numbers, &size);
	uint32_t inode;

	while (to && words && (word = strsep(&rest, ","))) {
		inode = netns_called(word);
		if (inode)
			fprintf(to, "%u%s", inode, rest ? "," : "");
		else
			fprintf(to, "%s%s", word, rest ? "," : "");
	}
	free(words);
	return to && !fclose(to) ? numbers : NULL;
}

/**
 * filter_word - add to a filter, as tcphs_filter_parse() does
 * @filter: gets it
 * @key: which
 * @arg: its argument; of a network namespace also the name of its container or first process
 * @err: what is wrong, and what would be right
 */
int filter_word(struct tcphs_filter *filter, enum tcphs_filter_key key, const char *arg,
		struct tcphs_error *err)
{
	char *numbers = key == TCPHS_FILTER_NETNS ? numbers_of_netns(arg) : NULL;
	int failed = tcphs_filter_parse(filter, key, numbers ? numbers : arg, err);

	free(numbers);
	return failed;
}

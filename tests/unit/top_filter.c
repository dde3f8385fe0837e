// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: a filter as a line, of which options and rows are put together. */
#include "../../userspace/tcphs-top/filter_line.h"
#include "../../userspace/tcphs-top/prompt.h"
#include "tap.h"

static struct tcphs_filter filter;

/* Is it put into a line, and read from it again? */
static bool comes_back(enum tcphs_filter_key key, const char *arg)
{
	char line[PROMPT_LEN] = "failed";
	struct tcphs_error err = { 0 };

	if (!filter_line_put(line, sizeof(line), key, arg)) {
		printf("# no room\n");
		return false;
	}
	if (!filter_line_parse(&filter, line, &err))
		return true;
	printf("# %s: %s\n", line, err.text);
	return false;
}

static bool comm_comes_back(const char *comm)
{
	return comes_back(TCPHS_FILTER_COMM, comm) && filter.nr_comms == 1 &&
	       !strcmp(filter.comm[0], comm);
}

static void long_words(void)
{
	char list[PROMPT_LEN] = "", unit[PROMPT_LEN] = "", line[PROMPT_LEN] = "port 7";
	unsigned int i;

	for (i = 0; i < 16; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%u-%u", i ? "," : "",
			 10001 + 100 * i, 10010 + 100 * i);
	ok(comes_back(TCPHS_FILTER_PORT, list) && filter.port.nr == 16 &&
	   filter.port.v[15].last == 11510, "a list of as many ranges of ports as there may be is whole");
	memset(unit, 'u', 200);
	strcpy(unit + 200, ".service");
	ok(comes_back(TCPHS_FILTER_UNIT, unit) && !strcmp(filter.unit[0], unit),
	   "so is the long name of a unit");
	memset(unit, 'u', 250);
	strcpy(unit + 250, ".s");
	ok(!filter_line_put(line, sizeof(line), TCPHS_FILTER_UNIT, unit) && !strcmp(line, "port 7"),
	   "of what has no room nothing is put");
}

int main(void)
{
	plan(8);
	ok(comm_comes_back("nginx"), "a name is read as it was put");
	ok(comm_comes_back("a b"), "with a blank in it, too");
	ok(comm_comes_back("it's"), "with a quote");
	ok(comm_comes_back("a\"b"), "with a double one");
	ok(comm_comes_back("a\"b'c\t\"'"), "with both, and a tab");
	long_words();
	return tap_done();
}

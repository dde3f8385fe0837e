// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: what it asks the module for, where that has more connections than are wanted. */
#include <stdlib.h>

#include "../../userspace/tcphs-top/filter_line.h"
#include "../../userspace/tcphs-top/source.h"
#include "tap.h"

static struct top_source source;
static struct tcphs_conn_list list;
static struct tcphs_error err;

/* Those of the words, no more than @most. */
static size_t ask(const char *words, size_t most)
{
	struct tcphs_filter filter;

	source.most = most;
	source.cut = false;
	if (filter_line_parse(&filter, words, &err) ||
	    source.connections(&source, false, &filter, &list, &err)) {
		printf("# %s\n", err.text);
		return 99;
	}
	return list.nr;
}

int main(void)
{
	plan(8);
	setenv("FAKE", "", 1);
	source_live(&source);
	ok(!source.open(&source, &err), "it is open");
	ok(ask("", 0) == 2 && !source.cut && list.v[0].state == TCPHS_STATE_ESTABLISHED,
	   "all, as the module has them");
	ok(ask("", 1) == 1 && source.cut && list.v[0].state == TCPHS_STATE_CLOSE_WAIT,
	   "one: that whose state should be brief, and there are more");
	ok(ask("", 2) == 2 && !source.cut && list.v[1].state == TCPHS_STATE_ESTABLISHED,
	   "as many as there are");
	ok(ask("state established", 1) == 1 && !source.cut, "of those that a filter lets through");
	ok(ask("state time-wait", 1) == 0 && !source.cut, "which may be none");
	ok(ask("port 7", 1) == 0 && !source.cut, "whatever it is by");
	ok(ask("", 0) == 2, "and all of them again");
	source.close(&source);
	tcphs_conn_list_free(&list);
	return tap_done();
}

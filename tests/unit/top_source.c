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

static const char *unit(struct tcphs_cgroups *c, uint64_t id)
{
	const struct tcphs_cgroup *found = tcphs_cgroups_find(c, id);

	return found ? found->names.unit : "no name";
}

/* Whoever records goes on when the module comes back. */
static void names(void)
{
	struct tcphs_cgroups *c = tcphs_cgroups_new();

	tcphs_cgroups_live(c, true);
	same(unit(c, 7919), "get\\x2dit.service", "a cgroup has the name that the module knows");
	setenv("FAKE", "anew", 1);
	same(unit(c, 15485863), "one.service",
	     "loaded anew it is asked for those of all namespaces, as before");
	setenv("FAKE", "absent", 1);
	same(unit(c, 15485867), "no name", "while it is not loaded nobody knows a new one");
	setenv("FAKE", "back", 1);
	same(unit(c, 15485867), "other.service", "and then it is asked for that again");
	setenv("FAKE", "", 1);
	tcphs_cgroups_free(c);
}

int main(void)
{
	plan(12);
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
	names();
	return tap_done();
}

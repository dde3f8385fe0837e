/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace is called: as the container is whose process has a socket in it,
 * which that process's cgroup says, or as ip-netns(8) calls it. The module knows cgroups of
 * processes that have ended, but those of the unified hierarchy alone; where containers are in
 * older ones /proc says it, which anyone may read, as the names of ip-netns(8).
 */
#include <stdio.h>
#include <string.h>

#include "collect.h"
#include "container.h"
#include "files.h"
#include "netns.h"

static void name_space(void *spaces, uint32_t netns, const char *name)
{
	struct space *s = tally_find(spaces, &netns);

	if (s && !*s->name)
		snprintf(s->name, sizeof(s->name), "%.60s", name);
}

/* The number of a process that has ended may be that of one in another container. */
static bool find_container(struct space *s, struct tcphs_cgroups *cgroups)
{
	const struct tcphs_cgroup *c = cgroups ? tcphs_cgroups_find(cgroups, s->cgroup) : NULL;

	if (c && *c->names.container) {
		snprintf(s->name, sizeof(s->name), "%.*s", container_shown(c->names.container),
			 c->names.container);
		return true;
	}
	return s->pid && files_is_called(s->pid, s->comm) &&
	       container_of_process(s->pid, s->name, sizeof(s->name));
}

/**
 * container_names - name those that have no name yet
 * @spaces: struct space
 * @home: our own, which needs none
 * @cgroups: what they are called; NULL: nobody knows
 */
void container_names(struct tally *spaces, uint32_t home, struct tcphs_cgroups *cgroups)
{
	bool nameless = false;
	struct space *s;
	size_t i;

	tally_each(spaces, s, i) {
		if (s->netns == home || *s->name)
			continue;
		nameless |= !find_container(s, cgroups);
	}
	if (nameless)
		netns_each_named(name_space, spaces);
}

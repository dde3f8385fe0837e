/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace is called: as the container is whose process has a socket in it,
 * which that process's cgroup says, or as ip-netns(8) calls it. Both may be read by anyone.
 */
#include <stdio.h>
#include <string.h>

#include "collect.h"
#include "container.h"
#include "netns.h"

static void name_space(void *spaces, uint32_t netns, const char *name)
{
	struct space *s = tally_find(spaces, &netns);

	if (s && !*s->name)
		snprintf(s->name, sizeof(s->name), "%.60s", name);
}

/**
 * container_names - name those that have no name yet
 * @spaces: struct space
 * @home: our own, which needs none
 */
void container_names(struct tally *spaces, uint32_t home)
{
	bool nameless = false;
	struct space *s;
	size_t i;

	tally_each(spaces, s, i) {
		if (s->netns == home || *s->name)
			continue;
		nameless |= !s->pid || !container_of_process(s->pid, s->name, sizeof(s->name));
	}
	if (nameless)
		netns_each_named(name_space, spaces);
}

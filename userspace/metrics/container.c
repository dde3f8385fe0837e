/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace is called: as the container is whose process has a socket in it,
 * which that process's cgroup says, or as ip-netns(8) calls it. Both may be read by anyone.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "collect.h"
#include "container.h"

/* Those that ip-netns(8) keeps. */
static void ask_ip_netns(struct tally *spaces)
{
	DIR *dir = opendir("/run/netns");
	struct dirent *entry;
	struct space *s;
	char path[300];
	struct stat st;
	uint32_t netns;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/run/netns/%s", entry->d_name);
		if (stat(path, &st))
			continue;
		netns = (uint32_t)st.st_ino;
		s = tally_find(spaces, &netns);
		if (s && !*s->name)
			snprintf(s->name, sizeof(s->name), "%.60s", entry->d_name);
	}
	if (dir)
		closedir(dir);
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
		ask_ip_netns(spaces);
}

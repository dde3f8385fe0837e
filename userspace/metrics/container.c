/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace is called: as the container is whose process has a socket in it,
 * which that process's cgroup says, or as ip-netns(8) calls it. Both may be read by anyone.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "collect.h"

#define ID_LEN		64	/* hexadecimal digits of a container's number */
#define ID_SHOWN	12	/* as docker ps and crictl ps show it */

static bool is_id(const char *p)
{
	size_t i;

	for (i = 0; i < ID_LEN; i++)
		if (!isxdigit((unsigned char)p[i]))
			return false;
	return !isxdigit((unsigned char)p[ID_LEN]);
}

/* A name up to the end of its part of the path. */
static bool take_name(const char *p, const char *stop, char *name, size_t size)
{
	size_t len = strcspn(p, stop);

	if (!len)
		return false;
	snprintf(name, size, "%.*s", (int)len, p);
	return true;
}

/**
 * container_of_cgroup - the container that a cgroup is of
 * @text: of /proc/PID/cgroup
 * @name: gets the first digits of its number, or its name
 * @size: of @name
 *
 * Docker, containerd, CRI-O and podman have 64 digits at the end of a part of the path; LXC
 * and systemd-nspawn have names.
 *
 * Return: is it of one?
 */
bool container_of_cgroup(const char *text, char *name, size_t size)
{
	static const char lxc[] = "/lxc.payload.", nspawn[] = "machine.slice/systemd-nspawn@";
	const char *p;

	for (p = text; *p; p++)
		if ((p == text || !isxdigit((unsigned char)p[-1])) && is_id(p)) {
			snprintf(name, size, "%.*s", ID_SHOWN, p);
			return true;
		}
	p = strstr(text, lxc);
	if (p)
		return take_name(p + sizeof(lxc) - 1, "/\n", name, size);
	p = strstr(text, nspawn);
	return p && take_name(p + sizeof(nspawn) - 1, ".\n", name, size);
}

static void ask_cgroup(struct space *s)
{
	char path[40], text[4096];

	snprintf(path, sizeof(path), "/proc/%u/cgroup", s->pid);
	if (s->pid && settings_read_text(path, text, sizeof(text)))
		container_of_cgroup(text, s->name, sizeof(s->name));
}

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
		ask_cgroup(s);
		nameless |= !*s->name;
	}
	if (nameless)
		ask_ip_netns(spaces);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Containers, as the cgroups of their processes name them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "container.h"

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

/**
 * container_of_process - the container that a process is in
 * @pid: of it
 * @name: as container_of_cgroup()
 * @size: of @name
 *
 * Return: is it in one?
 */
bool container_of_process(uint32_t pid, char *name, size_t size)
{
	char path[40], text[4096];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	return container_of_cgroup(text, name, size);
}

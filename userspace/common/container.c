/* SPDX-License-Identifier: GPL-2.0 */
/* Containers, as the cgroups of their processes name them. */
#include <stdio.h>
#include <string.h>

#include "container.h"
#include "tcphs.h"

#define ID_LEN		64	/* hexadecimal digits of a container's number */
#define ID_SHOWN	12	/* as docker ps and crictl ps show it */

/**
 * container_shown - how much of it people are shown
 * @name: number or name of a container
 *
 * Return: so many bytes.
 */
int container_shown(const char *name)
{
	size_t len = strlen(name);

	return len == ID_LEN ? ID_SHOWN : (int)len;
}

/**
 * container_words - of what a process is part, for people
 * @text: gets "nginx.service", "container 0123456789ab", "cron.service, container web-1", or ""
 * @size: of @text
 * @names: of its cgroup
 *
 * Return: how long that is, though @text may have less of it.
 */
size_t container_words(char *text, size_t size, const struct tcphs_cgroup_names *names)
{
	bool boxed = *names->container;
	/* Who makes a scope for each container calls it after that. */
	bool has_unit = *names->unit && !(boxed && strstr(names->unit, names->container));

	return (size_t)snprintf(text, size, "%s%s%s%.*s", has_unit ? names->unit : "",
				has_unit && boxed ? ", " : "", boxed ? "container " : "",
				container_shown(names->container), names->container);
}

/**
 * container_of_cgroup - the container that a cgroup is of
 * @text: of /proc/PID/cgroup: a line for each hierarchy
 * @name: gets the first digits of its number, or its name
 * @size: of @name
 *
 * Return: is it of one?
 */
bool container_of_cgroup(const char *text, char *name, size_t size)
{
	struct tcphs_cgroup_names names;
	const char *line;

	for (line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		tcphs_cgroup_parse(line + strcspn(line, "/\n"), &names);
		if (!*names.container)
			continue;
		snprintf(name, size, "%.*s", container_shown(names.container), names.container);
		return true;
	}
	return false;
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

/* SPDX-License-Identifier: GPL-2.0 */
/* Counts /proc/PID/fd and reads its limit. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "settings.h"

/**
 * files_parse_limits - how many files a process may open
 * @text: of /proc/PID/limits
 * @most: gets the soft limit
 *
 * Return: did it say?
 */
bool files_parse_limits(const char *text, uint64_t *most)
{
	static const char name[] = "Max open files";
	const char *line = strstr(text, name);
	char *end;

	if (!line)
		return false;
	line += sizeof(name) - 1;
	*most = strtoull(line, &end, 10);
	return end != line;
}

/**
 * files_is_called - is it the process that is meant?
 * @pid: of it, in the initial PID namespace; /proc may be of another, and numbers come again
 * @comm: its name
 */
bool files_is_called(uint32_t pid, const char *comm)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	if (!settings_read_text(path, text, sizeof(text)))
		return false;
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, comm);
}

/**
 * files_read - how many files a process has open, and may have
 * @pid: of the process
 * @comm: its name, which it must have here too
 * @open: gets the first
 * @most: gets the second
 *
 * Return: could it be looked at?
 */
bool files_read(uint32_t pid, const char *comm, uint64_t *open, uint64_t *most)
{
	char path[64], text[4096];
	struct dirent *entry;
	DIR *dir;

	if (!files_is_called(pid, comm))
		return false;
	snprintf(path, sizeof(path), "/proc/%u/limits", pid);
	if (!settings_read_text(path, text, sizeof(text)) || !files_parse_limits(text, most))
		return false;
	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	*open = 0;
	while ((entry = readdir(dir)))
		*open += entry->d_name[0] != '.';
	closedir(dir);
	return true;
}

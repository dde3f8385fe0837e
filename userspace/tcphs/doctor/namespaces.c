/* SPDX-License-Identifier: GPL-2.0 */
/* Looks for namespaces where ip-netns(8) keeps them, then at those of processes. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespaces.h"

/**
 * netns_home - the one that we are in
 *
 * Return: a file descriptor to come back by, or -1.
 */
int netns_home(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* A file descriptor if @path is the namespace. */
static int open_if(const char *path, uint32_t inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && st.st_ino == inode)
		return fd;
	close(fd);
	return -1;
}

/* "4711" -> "nginx[4711]" */
static void name_process(const char *pid, char *name, size_t size)
{
	char path[64], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = '\0';
	if (file)
		fclose(file);
	snprintf(name, size, "of %s[%.20s]", comm, pid);
}

/* The first entry of a directory that @open_entry opens. */
static int search(const char *path, int (*open_entry)(const char *entry, uint32_t inode,
						      char *name, size_t size),
		  uint32_t inode, char *name, size_t size)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir)))
		fd = open_entry(entry->d_name, inode, name, size);
	if (dir)
		closedir(dir);
	return fd;
}

static int open_named(const char *entry, uint32_t inode, char *name, size_t size)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", entry);
	fd = open_if(path, inode);
	if (fd >= 0)
		snprintf(name, size, "%s", entry);
	return fd;
}

static int open_of_process(const char *entry, uint32_t inode, char *name, size_t size)
{
	char path[64];
	int fd;

	if (!isdigit((unsigned char)entry[0]))
		return -1;
	snprintf(path, sizeof(path), "/proc/%.20s/ns/net", entry);
	fd = open_if(path, inode);
	if (fd >= 0)
		name_process(entry, name, size);
	return fd;
}

/**
 * netns_open - find a namespace
 * @inode: its number
 * @name: gets what it is called
 * @size: of @name
 *
 * Return: a file descriptor to enter it by, or -1.
 */
int netns_open(uint32_t inode, char *name, size_t size)
{
	int fd = search("/run/netns", open_named, inode, name, size);

	return fd >= 0 ? fd : search("/proc", open_of_process, inode, name, size);
}

/**
 * netns_enter - go there
 * @fd: of the namespace
 *
 * Return: 0, or -1.
 */
int netns_enter(int fd)
{
	return setns(fd, CLONE_NEWNET);
}

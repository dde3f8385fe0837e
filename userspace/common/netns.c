/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looks for namespaces where ip-netns(8) keeps them, then at those of processes, then, for what
 * has no process, where Docker keeps its own. They may be many, so all are read at once and
 * remembered; a number that is not among them, or is not where it was, lets them be read again,
 * once a second at most: the kernel gives the least number that is free, so that of a container
 * which has ended is soon another's.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "hash.h"
#include "internal.h"
#include "netns.h"

#define BETWEEN_LOOKS_NS 1000000000ull
#define NAMED "/run/netns"
#define DOCKER "/run/docker/netns"

struct known {
	uint32_t inode;
	uint32_t pid;		/* of the first process in it; 0: it has a file at @path */
	bool gone;		/* nothing has it any more; so it was called */
	uint64_t seen;		/* at @path, ns */
	char name[NETNS_NAME_LEN];
	char path[64];
};

static struct known *all;
static uint32_t nr_all, cap_all;
static uint64_t looked;		/* when, ns; 0: never */
static bool showing;

static uint32_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (uint32_t)st.st_ino;
}

static struct known *find(uint32_t inode)
{
	uint32_t i;

	for (i = 0; i < nr_all; i++)
		if (all[i].inode == inode)
			return &all[i];
	return NULL;
}

/* The first that is known of a namespace stays. NULL: it is known, or there is no memory. */
static struct known *add(uint32_t inode, const char *path)
{
	struct known *k;

	if (!inode || find(inode) || array_grow(&all, nr_all + 1, &cap_all, sizeof(*all)))
		return NULL;
	k = &all[nr_all++];
	*k = (struct known){ .inode = inode, .seen = looked };
	snprintf(k->path, sizeof(k->path), "%s", path);
	return k;
}

/* Names may be anything but a slash, and stand in columns. */
static void clean(char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || *name == 127)
			*name = '?';
}

/* @folder: a string. */
static void add_named(void *folder, uint32_t inode, const char *name)
{
	char path[sizeof(((struct known *)0)->path)];
	struct known *k;

	/* One whose name is longer is known by its processes. */
	if (snprintf(path, sizeof(path), "%s/%s", (const char *)folder, name) >= (int)sizeof(path))
		return;
	k = add(inode, path);
	if (!k)
		return;
	snprintf(k->name, sizeof(k->name), "%.*s", NETNS_NAME_LEN - 1, name);
	clean(k->name);
}

static void name_process(struct known *k)
{
	char path[40], comm[16] = "?", owner[TCPHS_OWNER_LEN];
	size_t len = 1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", k->pid);
	file = fopen(path, "re");
	if (file) {
		len = fread(comm, 1, sizeof(comm), file);
		fclose(file);
		len -= len && comm[len - 1] == '\n';
	}
	tcphs_fmt_owner(owner, comm, len, k->pid);
	snprintf(k->name, sizeof(k->name), "%.*s", NETNS_NAME_LEN - 1, owner);
}

static void look_at_process(const char *entry)
{
	char path[sizeof(((struct known *)0)->path)];
	struct known *k;

	if (!isdigit((unsigned char)*entry))
		return;
	snprintf(path, sizeof(path), "/proc/%.20s/ns/net", entry);
	k = add(inode_of(path), path);
	if (!k)
		return;
	k->pid = (uint32_t)strtoul(entry, NULL, 10);
	if (!container_of_process(k->pid, k->name, sizeof(k->name)))
		name_process(k);
}

static void look_at_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		look_at_process(entry->d_name);
	if (dir)
		closedir(dir);
}

static void each_in(const char *folder, void (*tell)(void *arg, uint32_t inode, const char *name),
		    void *arg)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.' && !fstatat(dirfd(dir), entry->d_name, &st, 0))
			tell(arg, (uint32_t)st.st_ino, entry->d_name);
	if (dir)
		closedir(dir);
}

/**
 * netns_each_named - those that ip-netns(8) has a name for
 * @tell: is called for each, with a name that may be anything but a slash
 * @arg: what with
 */
void netns_each_named(void (*tell)(void *arg, uint32_t inode, const char *name), void *arg)
{
	each_in(NAMED, tell, arg);
}

/* What is not there any more keeps its name, for there are events of it. */
static void keep_gone(const struct known *old, uint32_t nr)
{
	struct known *k;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		k = add(old[i].inode, old[i].path);
		if (!k)
			continue;
		*k = old[i];
		k->gone = true;
	}
}

static void look(void)
{
	static char named[] = NAMED, docker[] = DOCKER;
	struct known *old = all, *k;
	uint32_t nr_old = nr_all;

	all = NULL;
	nr_all = cap_all = 0;
	looked = tcphs_now();
	k = add(inode_of("/proc/1/ns/net"), "/proc/1/ns/net");
	if (k)
		strcpy(k->name, "initial");
	each_in(named, add_named, named);
	look_at_processes();
	each_in(docker, add_named, docker);
	keep_gone(old, nr_old);
	free(old);
}

static bool may_look(uint64_t now)
{
	return !looked || now - looked >= BETWEEN_LOOKS_NS;
}

static bool is_there(struct known *k, uint64_t now)
{
	if (k->gone || now - k->seen < BETWEEN_LOOKS_NS)
		return !k->gone;
	if (inode_of(k->path) != k->inode)
		return false;
	k->seen = now;
	return true;
}

static const struct known *known(uint32_t inode)
{
	struct known *k = find(inode);
	uint64_t now = tcphs_now();

	if ((k && is_there(k, now)) || !may_look(now))
		return k;
	look();
	return find(inode);
}

/**
 * netns_home - the one that we are in
 *
 * Return: a file descriptor to come back by, or -1.
 */
int netns_home(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/**
 * netns_open - find a namespace
 * @inode: its number
 *
 * Return: a file descriptor to enter it by, or -1.
 */
int netns_open(uint32_t inode)
{
	const struct known *k = known(inode);
	int fd = k && !k->gone ? open(k->path, O_RDONLY | O_CLOEXEC) : -1;
	struct stat st;

	/* A name or a process may be another's since. */
	if (fd < 0 || (!fstat(fd, &st) && st.st_ino == inode))
		return fd;
	close(fd);
	return -1;
}

/**
 * netns_path - a file by which a namespace that is not ours can be entered
 * @inode: its number
 *
 * Return: until the next question, or NULL.
 */
const char *netns_path(uint32_t inode)
{
	const struct known *k = inode == inode_of("/proc/self/ns/net") ? NULL : known(inode);

	/* A name or a process may be another's since, and another process be there. */
	if (k && !k->gone && inode_of(k->path) != inode) {
		look();
		k = find(inode);
	}
	return k && !k->gone ? k->path : NULL;
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

/**
 * netns_name - what a namespace is called
 * @inode: its number
 * @name: gets it
 *
 * Return: @name.
 */
char *netns_name(uint32_t inode, char name[NETNS_NAME_LEN])
{
	const struct known *k = known(inode);

	return k ? strcpy(name, k->name) : netns_number(inode, name);
}

/**
 * netns_show_names - there are names beside numbers from now on
 */
void netns_show_names(void)
{
	showing = true;
}

/**
 * netns_shown - the name that stands beside a number
 * @inode: the number
 *
 * Return: until the next call; NULL: none does.
 */
const char *netns_shown(uint32_t inode)
{
	const struct known *k = showing ? known(inode) : NULL;

	return k ? k->name : NULL;
}

/**
 * netns_called - by its name
 * @name: as netns_name() has it
 *
 * Return: its number, or 0 when none is called so.
 */
uint32_t netns_called(const char *name)
{
	uint32_t i;

	/* Whoever asks later means one that has come since, perhaps in place of another. */
	if (may_look(tcphs_now()))
		look();
	for (i = 0; i < nr_all; i++)
		if (!all[i].gone && !strcmp(all[i].name, name))
			return all[i].inode;
	return 0;
}

/**
 * netns_number - a namespace of which there is only the number
 * @inode: the number
 * @name: gets it
 *
 * Return: @name.
 */
char *netns_number(uint32_t inode, char name[NETNS_NAME_LEN])
{
	tcphs_fmt_u64(name, inode);
	return name;
}

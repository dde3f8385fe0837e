/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What namespaces are called while they come and go: /proc and /run are folders of our own, whose
 * files have numbers as namespaces have, and time goes on when we say so.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <dirent.h>
#include <unistd.h>

#include "internal.h"
#include "netns.h"
#include "tap.h"

#define SECOND	1000000000ull

static char *root;
static uint64_t now = SECOND;

/* The linker has one of each, and looks for the other. */
__typeof__(tcphs_now) __wrap_tcphs_now;
__typeof__(stat) __real_stat, __wrap_stat;
__typeof__(open) __real_open, __wrap_open;
__typeof__(opendir) __real_opendir, __wrap_opendir;

static const char *here(const char *path)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s%s", root, path);
	return text;
}

uint64_t __wrap_tcphs_now(void)
{
	return now;
}

int __wrap_stat(const char *path, struct stat *st)
{
	return __real_stat(here(path), st);
}

int __wrap_open(const char *path, int flags, ...)
{
	return __real_open(here(path), flags);
}

DIR *__wrap_opendir(const char *path)
{
	return __real_opendir(here(path));
}

static void folder(const char *path)
{
	if (mkdir(here(path), 0700))
		abort();
}

/* Gives its number. */
static uint32_t file(const char *path)
{
	struct stat st;
	int fd = __real_open(here(path), O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || fstat(fd, &st))
		abort();
	close(fd);
	return (uint32_t)st.st_ino;
}

static void process(const char *pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s", pid);
	folder(path);
	snprintf(path, sizeof(path), "/proc/%s/ns", pid);
	folder(path);
}

static void move(const char *from, const char *to)
{
	char old[256];

	snprintf(old, sizeof(old), "%s", here(from));
	if (rename(old, here(to)))
		abort();
}

static const char *name(uint32_t inode)
{
	static char text[NETNS_NAME_LEN];

	return netns_name(inode, text);
}

static bool can_be_opened(uint32_t inode)
{
	int fd = netns_open(inode);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int main(void)
{
	uint32_t web, late, held;
	char folders[] = "/tmp/test_netns.XXXXXX", command[64];
	char number[NETNS_NAME_LEN];

	plan(15);
	root = mkdtemp(folders);
	if (!root)
		abort();
	folder("/run");
	folder("/run/netns");
	folder("/proc");
	process("1");
	file("/proc/1/ns/net");
	process("4194397");
	process("4194399");
	web = file("/run/netns/web");
	held = file("/proc/4194397/ns/net");

	same(name(web), "web", "a namespace has the name that ip-netns(8) has for it");
	ok(!strncmp(name(held), "?[4194397]", 10), "or that of its first process");
	ok(can_be_opened(held), "by which it is entered");

	move("/proc/4194397/ns/net", "/proc/4194399/ns/net");
	now += SECOND;
	ok(can_be_opened(held), "when that has ended, it is by another one");
	ok(!strncmp(name(held), "?[4194399]", 10), "after which it is called then");

	move("/run/netns/web", "/run/netns/db");
	now += SECOND / 2;
	same(name(web), "web", "names are looked for once a second at most");
	now += SECOND / 2;
	same(name(web), "db", "a number that was given anew has the new one's name");
	equal(netns_called("web"), 0, "and the name of before leads nowhere");

	late = file("/run/netns/late");
	now += SECOND;
	equal(netns_called("late"), late, "one that came later is found by its name");

	move("/run/netns/db", "/run/elsewhere");
	now += SECOND;
	same(name(web), "db", "what is gone keeps its name, for there are events of it");
	ok(!can_be_opened(web), "it can't be entered");
	ok(!netns_path(web), "nor is there a way to it");
	equal(netns_called("db"), 0, "and whoever asks by its name finds none");
	move("/run/elsewhere", "/run/netns/new");
	now += SECOND;
	same(name(web), "new", "until its number is given to another");
	same(name(4242), netns_number(4242, number), "one that nobody knows has a number");

	snprintf(command, sizeof(command), "rm -r %s", root);
	if (system(command))
		abort();
	return tap_done();
}

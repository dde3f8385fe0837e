/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroups by their numbers: out of a recording, or asked for when one is met that is not known
 * yet. The module knows them when they are gone, too.
 */
#include <errno.h>
#include <stdlib.h>

#include "cgroups.h"

struct entry {
	struct entry *next;	/* of its bucket */
	struct tcphs_cgroup cgroup;
	bool nameless;		/* there was no name when it was asked for */
	char path[];
};

/**
 * tcphs_cgroups_new - none is known
 *
 * Return: for tcphs_cgroups_free(), or NULL without memory.
 */
struct tcphs_cgroups *tcphs_cgroups_new(void)
{
	return calloc(1, sizeof(struct tcphs_cgroups));
}

/**
 * tcphs_cgroups_free - let go of them
 * @c: all, or NULL
 */
void tcphs_cgroups_free(struct tcphs_cgroups *c)
{
	struct entry *entry, *next;
	size_t i;

	if (!c)
		return;
	for (i = 0; i < BUCKETS; i++)
		for (entry = c->bucket[i]; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
	if (c->stop)
		c->stop(c);
	free(c);
}

static struct entry **bucket_of(struct tcphs_cgroups *c, uint64_t id)
{
	return &c->bucket[(id * 0x9e3779b97f4a7c15ull) >> 54];
}

static struct entry *find(struct tcphs_cgroups *c, uint64_t id)
{
	struct entry *entry;

	for (entry = *bucket_of(c, id); entry && entry->cgroup.id != id; entry = entry->next)
		;
	return entry;
}

static int add(struct tcphs_cgroups *c, uint64_t id, const char *path)
{
	size_t len = path ? strlen(path) : 0;
	struct entry *entry = malloc(sizeof(*entry) + len + 1), **bucket = bucket_of(c, id);

	if (!entry)
		return -ENOMEM;
	entry->nameless = !path;
	memcpy(entry->path, path ? path : "", len + 1);
	entry->cgroup.id = id;
	entry->cgroup.path = entry->path;
	tcphs_cgroup_parse(entry->path, &entry->cgroup.names);
	entry->next = *bucket;
	*bucket = entry;
	return 0;
}

/**
 * tcphs_cgroups_add - one becomes known
 * @c: all
 * @id: its number
 * @path: from the root of the hierarchy; copied
 *
 * Names do not change; but a recording may be of several boots, and after each of them numbers
 * begin anew: the newer name is found then, and who has the older one may keep it.
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_cgroups_add(struct tcphs_cgroups *c, uint64_t id, const char *path)
{
	const struct entry *entry = find(c, id);

	return entry && !strcmp(entry->path, path) ? 0 : add(c, id, path);
}

/**
 * tcphs_cgroups_find - what a cgroup is called
 * @c: all
 * @id: as in struct tcphs_ident
 *
 * Return: NULL when it has no name that can be had; valid as long as @c.
 */
const struct tcphs_cgroup *tcphs_cgroups_find(struct tcphs_cgroups *c, uint64_t id)
{
	struct entry *entry;
	bool answered;

	if (!id)
		return NULL;
	entry = find(c, id);
	if (!entry && c->ask) {
		answered = c->ask(c);
		entry = find(c, id);
		/* The module may be loaded anew, and count from 1 again. */
		if (!entry && answered && c->last) {
			c->last = 0;
			answered = c->ask(c);
			entry = find(c, id);
		}
		/* While it is away nobody knows. */
		if (!entry && answered)
			add(c, id, NULL);
	}
	return entry && !entry->nameless ? &entry->cgroup : NULL;
}

/**
 * tcphs_cgroups_any - is there one of those that have a name?
 * @c: all; who can be asked is asked for those that came since
 * @fits: is this one?
 * @arg: its first argument
 */
bool tcphs_cgroups_any(struct tcphs_cgroups *c,
		       bool (*fits)(const void *arg, const struct tcphs_cgroup *cgroup),
		       const void *arg)
{
	const struct entry *entry;
	size_t i;

	if (c->ask)
		c->ask(c);
	for (i = 0; i < BUCKETS; i++)
		for (entry = c->bucket[i]; entry; entry = entry->next)
			if (!entry->nameless && fits(arg, &entry->cgroup))
				return true;
	return false;
}

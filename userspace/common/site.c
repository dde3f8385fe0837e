/* SPDX-License-Identifier: GPL-2.0 */
/* Few of them: a machine has as many as it has containers. The one asked for last is found at once. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "hash.h"
#include "site.h"

struct site {
	const char *name;	/* of its host */
	unsigned int host, boot;
	uint32_t inode;
	bool alone;		/* its host has no other */
};

static struct site *all;
static uint32_t nr_all, cap_all;
static struct hash by_inode;

static uint64_t hash_of(unsigned int boot, uint32_t inode)
{
	return hash_mix(by_inode.seed + boot, inode);
}

static uint32_t add(const struct site *site)
{
	struct site *s;

	if (array_grow(&all, nr_all + 1, &cap_all, sizeof(*all)) || hash_reserve(&by_inode, 1))
		return 0;
	all[nr_all] = *site;
	for (s = all; s < all + nr_all; s++)
		if (s->host == site->host && s->inode != site->inode)
			s->alone = all[nr_all].alone = false;
	hash_add(&by_inode, hash_of(site->boot, site->inode), nr_all);
	return ++nr_all;
}

/**
 * site_of - the number of a site
 * @host: number of the machine
 * @boot: and of its boot, which no other machine has
 * @name: what the machine is called; must stay
 * @inode: of the network namespace
 *
 * Return: from 1 on; 0: no memory.
 */
uint32_t site_of(unsigned int host, unsigned int boot, const char *name, uint32_t inode)
{
	static uint32_t last;
	const struct site site = { .name = name, .host = host, .boot = boot, .inode = inode,
				   .alone = true };
	const struct site *s;
	uint64_t hash;
	uint32_t i;

	if (last < nr_all && all[last].boot == boot && all[last].inode == inode)
		return last + 1;
	if (!by_inode.seed && hash_reserve(&by_inode, 1))
		return 0;
	hash = hash_of(boot, inode);
	for (i = hash_next(&by_inode, hash, HASH_NONE); i != HASH_NONE;
	     i = hash_next(&by_inode, hash, i)) {
		s = &all[by_inode.node[i].value];
		if (s->boot != boot || s->inode != inode)
			continue;
		last = by_inode.node[i].value;
		return last + 1;
	}
	return add(&site);
}

/**
 * site_forget_all - there are no sites any more
 */
void site_forget_all(void)
{
	free(all);
	all = NULL;
	nr_all = 0;
	cap_all = 0;
	hash_free(&by_inode);
}

static const struct site *get(uint32_t netns)
{
	return netns && netns <= nr_all ? &all[netns - 1] : NULL;
}

/**
 * site_host - what the machine is called
 * @netns: number of the site
 *
 * Return: NULL when it is an inode, for there are no sites.
 */
const char *site_host(uint32_t netns)
{
	const struct site *s = get(netns);

	return s ? s->name : NULL;
}

/**
 * site_host_number - which machine
 * @netns: number of the site
 */
unsigned int site_host_number(uint32_t netns)
{
	const struct site *s = get(netns);

	return s ? s->host : 0;
}

/**
 * site_boot - which boot of it
 * @netns: number of the site
 */
unsigned int site_boot(uint32_t netns)
{
	const struct site *s = get(netns);

	return s ? s->boot : 0;
}

/**
 * site_has_others - is it one of several of its machine?
 * @netns: number of the site
 */
bool site_has_others(uint32_t netns)
{
	const struct site *s = get(netns);

	return s && !s->alone;
}

/**
 * site_inode - the network namespace, on its machine
 * @netns: number of the site
 */
uint32_t site_inode(uint32_t netns)
{
	const struct site *s = get(netns);

	return s ? s->inode : netns;
}

/**
 * site_name - where that is
 * @netns: number of the site
 * @name: gets "web1", or where the machine has several namespaces "web1/4026532200"
 *
 * Return: @name.
 */
char *site_name(uint32_t netns, char name[NETNS_NAME_LEN])
{
	const struct site *s = get(netns);

	if (!s)
		return netns_number(netns, name);
	if (s->alone)
		snprintf(name, NETNS_NAME_LEN, "%s", s->name);
	else
		snprintf(name, NETNS_NAME_LEN, "%.20s/%u", s->name, s->inode);
	return name;
}

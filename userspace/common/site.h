/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where an event is from, when recordings of several machines are read as one: a network
 * namespace of one of them. Its number takes the place of the inode in tcphs_ident.netns, for
 * inodes of two machines may be the same. As long as there is no site, that is the inode.
 */
#ifndef TCPHS_SITE_H
#define TCPHS_SITE_H

#include <stdbool.h>

#include "netns.h"

/*
 * The number of a site, a new one if it has none: @host and @boot are the caller's numbers,
 * @name is what the host is called, and must stay. 0: no memory.
 */
uint32_t site_of(unsigned int host, unsigned int boot, const char *name, uint32_t inode);
void site_forget_all(void);

/* What its host is called; NULL: there are no sites. */
const char *site_host(uint32_t netns);
/* Its number and that of its boot, as given; 0 when there are no sites. */
unsigned int site_host_number(uint32_t netns);
unsigned int site_boot(uint32_t netns);
/* Has its host more of them? */
bool site_has_others(uint32_t netns);
/* The inode, on its host. */
uint32_t site_inode(uint32_t netns);
/*
 * Likewise the number of a cgroup, which is of one boot of one machine: with that boot's number
 * before it, which no cgroup is as great as to need.
 */
#define SITE_CGROUP_BITS	48
#define SITE_CGROUP(boot, id)	((((uint64_t)(boot) + 1) << SITE_CGROUP_BITS) | (id))
#define SITE_CGROUP_ID(number)	((number) & (((uint64_t)1 << SITE_CGROUP_BITS) - 1))

/* A netns_namer: the host, with the inode where it has several. */
netns_namer site_name;

#endif /* TCPHS_SITE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Network namespaces of this machine, by the number that events have (the inode): to be
 * entered, and what they are called.
 */
#ifndef TCPHS_NETNS_H
#define TCPHS_NETNS_H

#include <stddef.h>
#include <stdint.h>

#define NETNS_NAME_LEN	32

/* Our own; -1: cannot be read. */
int netns_home(void);

/* A file of the namespace with that inode; -1: nothing known has it. */
int netns_open(uint32_t inode);

/* A file of it, as nsenter(1) takes it; NULL: it is our own, or nothing known has it. */
const char *netns_path(uint32_t inode);

/* 0, or -1: no permission. What is opened after that is of the namespace. */
int netns_enter(int fd);

/*
 * What it is called: "initial", a name of ip-netns(8), the container or else the first
 * process that is in it, or, if nothing known is, its number. In @name, which is returned.
 */
char *netns_name(uint32_t inode, char name[NETNS_NAME_LEN]);

/*
 * For JSON, which has numbers: the name, if names are to be shown from now on and it has one;
 * else NULL.
 */
void netns_show_names(void);
const char *netns_shown(uint32_t inode);

/* Its number: one of another machine, out of a recording, has no other name here. */
char *netns_number(uint32_t inode, char name[NETNS_NAME_LEN]);

/* One of those two. */
typedef char *netns_namer(uint32_t inode, char name[NETNS_NAME_LEN]);

/* Each that ip-netns(8) has a name for, as anyone may ask who cannot look at processes. */
void netns_each_named(void (*tell)(void *arg, uint32_t inode, const char *name), void *arg);

/* The number of the one that is called so now; 0: none is. */
uint32_t netns_called(const char *name);

#endif /* TCPHS_NETNS_H */

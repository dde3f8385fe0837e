/* SPDX-License-Identifier: GPL-2.0 */
/* Network namespaces of this machine, to be entered by the number that events have. */
#ifndef TCPHS_DOCTOR_NAMESPACES_H
#define TCPHS_DOCTOR_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>

/* Our own; -1: cannot be told. */
int netns_home(void);

/*
 * A file of the namespace with that inode, and what it is called: a name of ip-netns(8), or
 * that of a process in it. -1: nothing known has it.
 */
int netns_open(uint32_t inode, char *name, size_t size);

/* 0, or -1: no permission. What is opened after that is of the namespace. */
int netns_enter(int fd);

#endif /* TCPHS_DOCTOR_NAMESPACES_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which events concern a command: those of its own sockets, and of the other ends of its
 * connections where they are on this machine.
 */
#ifndef TCPHS_SCOPE_H
#define TCPHS_SCOPE_H

#include "command.h"

struct scope;

struct scope *scope_new(struct command *command);
void scope_free(struct scope *s);
bool scope_concerns(struct scope *s, const struct tcphs_event *ev);
bool scope_is_over(const struct scope *s);
bool scope_no_memory(const struct scope *s);

#endif /* TCPHS_SCOPE_H */

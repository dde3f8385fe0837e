/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcphs VERB -- COMMAND: a command that is run, and which processes descend from it.
 *
 * Who descends from whom the kernel's process connector reports, also of those that are
 * gone before anybody asks, and of daemons that have left their parent.
 */
#ifndef TCPHS_COMMAND_H
#define TCPHS_COMMAND_H

#include "output.h"

struct command;

struct command *command_new(char **argv, struct tcphs_error *err);
int command_start(struct command *c, struct tcphs_error *err);
void command_follow(struct command *c);
bool command_has(const struct command *c, uint32_t pid);
bool command_runs(struct command *c);
void command_wait(struct command *c);
int command_wake_fd(const struct command *c);
bool command_missed(const struct command *c);
int command_status(const struct command *c);
void command_free(struct command *c);

#endif /* TCPHS_COMMAND_H */

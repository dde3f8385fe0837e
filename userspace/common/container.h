/* SPDX-License-Identifier: GPL-2.0 */
/* Containers, as the cgroups of their processes name them. */
#ifndef TCPHS_CONTAINER_H
#define TCPHS_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcphs_cgroup_names;

int container_shown(const char *name);
size_t container_words(char *text, size_t size, const struct tcphs_cgroup_names *names);
bool container_of_cgroup(const char *text, char *name, size_t size);
bool container_of_process(uint32_t pid, char *name, size_t size);

#endif /* TCPHS_CONTAINER_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* File descriptors of a process: accept() needs one more. */
#ifndef TCPHS_MACHINE_FILES_H
#define TCPHS_MACHINE_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* False: the process is gone, is another in this PID namespace, or may not be looked at. */
bool files_read(uint32_t pid, const char *comm, uint64_t *open, uint64_t *most);

/* Is the process of that number here, now, the one of that name? */
bool files_is_called(uint32_t pid, const char *comm);

/* For tests: the soft limit in the text of /proc/PID/limits. */
bool files_parse_limits(const char *text, uint64_t *most);

#endif /* TCPHS_MACHINE_FILES_H */

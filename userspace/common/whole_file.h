/* SPDX-License-Identifier: GPL-2.0 */
/* A file that others see when all of it is there, or its beginning is worth that. */
#ifndef TCPHS_WHOLE_FILE_H
#define TCPHS_WHOLE_FILE_H

#include <sys/types.h>

#include "internal.h"

struct whole_file {
	int fd;			/* to write to */
	bool force;		/* a file of this name is replaced */
	const char *asked;	/* the name, for messages */
	char *name, *part;	/* NULL: it is a device or a pipe, and written to as it is */
};

/* Whoever opens it for writing waits for a reader. */
bool whole_file_is_pipe(const char *name);

/* 0, or -1 with @err set. @name must stay. */
int whole_file_begin(struct whole_file *f, const char *name, bool force, mode_t mode,
		     struct tcphs_error *err);

/* It gets its name now, and the rest is written in its place; 0, or -1 with @err set. */
int whole_file_take(struct whole_file *f, struct tcphs_error *err);

/* From now on it is there; 0, or -1 with @err set, and it is not. */
int whole_file_end(struct whole_file *f, struct tcphs_error *err);

/* As if it had never begun, unless it has its name. */
void whole_file_drop(struct whole_file *f);

#endif /* TCPHS_WHOLE_FILE_H */

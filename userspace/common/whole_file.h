/* SPDX-License-Identifier: GPL-2.0 */
/* A file that others see when all of it is there, and not before. */
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

/* 0, or -1 with @err set. @name must stay. */
int whole_file_begin(struct whole_file *f, const char *name, bool force, mode_t mode,
		     struct tcphs_error *err);

/* From now on it is there; 0, or -1 with @err set, and it is not. */
int whole_file_end(struct whole_file *f, struct tcphs_error *err);

/* As if it had never begun. */
void whole_file_drop(struct whole_file *f);

#endif /* TCPHS_WHOLE_FILE_H */

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "save.h"

/**
 * save_create - a new file: nothing is written over, no link of somebody else's followed, and
 * only its owner may read it, as of what tcphs record writes
 * @name: of it
 *
 * Return: a file descriptor, or a negative errno.
 */
int save_create(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/**
 * save_screen - writes what is on the screen, without its colours
 * @p: the screen
 * @name: of a file that is not there yet
 *
 * Return: 0, or a negative errno; of what could not be written nothing is left.
 */
int save_screen(const struct paint *p, const char *name)
{
	size_t size = (size_t)p->width * PAINT_CELL + 1;
	char *line = malloc(size);
	unsigned int y;
	FILE *f = NULL;
	int ret = 0, fd;

	if (!line)
		return -ENOMEM;
	fd = save_create(name);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (!f) {
		ret = fd < 0 ? fd : -errno;
		if (fd >= 0)
			close(fd);
		free(line);
		return ret;
	}
	for (y = 0; y < p->height; y++) {
		paint_line(p, y, line, size);
		fprintf(f, "%s\n", line);
	}
	errno = 0;
	if (ferror(f) | fclose(f)) {
		ret = errno ? -errno : -EIO;
		unlink(name);
	}
	free(line);
	return ret;
}

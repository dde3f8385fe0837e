/* SPDX-License-Identifier: GPL-2.0 */
/* It is written beside its place under another name, and then gets its own. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "whole_file.h"

/* As many as the kernel follows. */
#define LINKS_MAX 40

/* Of the other name, for mkostemp(3). */
#define SUFFIX ".XXXXXX"

static int fail(struct whole_file *f, int error, struct tcphs_error *err)
{
	if (error == -EEXIST && !f->force)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "%.256s is there already; --force replaces it",
				f->asked);
	else
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot write %.256s: %s", f->asked,
				strerror(-error));
	whole_file_drop(f);
	return -1;
}

/* One link after the other: realpath(3) gives up where nothing is yet, as after a boot in /run. */
static char *resolve(const char *asked)
{
	char *name = strdup(asked), *next, to[PATH_MAX];
	const char *slash;
	ssize_t len;
	int links;

	for (links = 0; name && links < LINKS_MAX; links++) {
		len = readlink(name, to, sizeof(to));
		if (len < 0)
			return name;
		slash = *to == '/' ? NULL : strrchr(name, '/');
		if (asprintf(&next, "%.*s%.*s", slash ? (int)(slash + 1 - name) : 0, name, (int)len,
			     to) < 0)
			next = NULL;
		free(name);
		name = next;
	}
	errno = name ? ELOOP : ENOMEM;
	free(name);
	return NULL;
}

/* So much of a name that with SUFFIX it is as long as it was, and no letter of UTF-8 is cut. */
static size_t room_for_suffix(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t first = slash ? (size_t)(slash + 1 - name) : 0, len = strlen(name);

	len = len - first > strlen(SUFFIX) ? len - strlen(SUFFIX) : first;
	while (len > first && ((unsigned char)name[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* Beside its place, named by the first @len bytes. */
static int open_part(struct whole_file *f, size_t len)
{
	int error;

	if (asprintf(&f->part, "%.*s" SUFFIX, (int)len, f->name) < 0) {
		f->part = NULL;
		return -ENOMEM;
	}
	f->fd = mkostemp(f->part, O_CLOEXEC);
	if (f->fd >= 0)
		return 0;
	error = -errno;
	/* There is nothing to take away. */
	free(f->part);
	f->part = NULL;
	return error;
}

/* A link stays one, and what it leads to is replaced. */
static int make_part(struct whole_file *f, mode_t mode)
{
	int error;

	f->name = resolve(f->asked);
	if (!f->name)
		return -errno;
	error = open_part(f, strlen(f->name));
	/* How long a name may be, each file system says itself. */
	if (error == -ENAMETOOLONG)
		error = open_part(f, room_for_suffix(f->name));
	if (error)
		return error;
	return fchmod(f->fd, mode) ? -errno : 0;
}

/* Whoever shall read it may come later, but a program that stands still says why. */
static int open_pipe(const char *name)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == ENXIO) {
		fprintf(stderr, "tcphs: nobody reads the pipe %s yet; waiting\n", name);
		return open(name, O_WRONLY | O_CLOEXEC);
	}
	if (fd >= 0)
		fcntl(fd, F_SETFL, 0);
	return fd;
}

/**
 * whole_file_is_pipe - is it one with a name?
 * @name: of a file that need not be there
 */
bool whole_file_is_pipe(const char *name)
{
	struct stat st;

	return !stat(name, &st) && S_ISFIFO(st.st_mode);
}

/**
 * whole_file_begin - a file to write to
 * @f: it
 * @name: of it; a device or a pipe is written to as it is, when somebody reads that
 * @force: one that is there is replaced
 * @mode: who may read it, whatever the umask
 * @err: why not
 *
 * Return: 0, or -1.
 */
int whole_file_begin(struct whole_file *f, const char *name, bool force, mode_t mode,
		     struct tcphs_error *err)
{
	struct stat st;
	int error;

	*f = (struct whole_file){ .fd = -1, .force = force, .asked = name };
	/* What is written beside it would have a name. */
	if (!*name) {
		tcphs_error_set(err, TCPHS_ERR_USAGE, "the name of the file to write is empty");
		return -1;
	}
	if (!stat(name, &st)) {
		if (!S_ISREG(st.st_mode)) {
			f->fd = S_ISFIFO(st.st_mode) ? open_pipe(name) :
						       open(name, O_WRONLY | O_CLOEXEC);
			return f->fd < 0 ? fail(f, -errno, err) : 0;
		}
		/* Said now, and not when all is written. */
		if (!force)
			return fail(f, -EEXIST, err);
	} else if (errno != ENOENT) {
		/* A link that the kernel does not follow is none of ours, either. */
		return fail(f, -errno, err);
	}
	error = make_part(f, mode);
	return error ? fail(f, error, err) : 0;
}

static int take_name(const struct whole_file *f)
{
	if (f->force)
		return rename(f->part, f->name) ? -errno : 0;
	if (!renameat2(AT_FDCWD, f->part, AT_FDCWD, f->name, RENAME_NOREPLACE))
		return 0;
	/* Some file systems can't, and then nothing was there when it began. */
	if (errno == EEXIST)
		return -EEXIST;
	return rename(f->part, f->name) ? -errno : 0;
}

/**
 * whole_file_take - it gets its name now, and what is still to be written comes into its place
 * @f: of whole_file_begin()
 * @err: why not
 *
 * Return: 0, or -1.
 */
int whole_file_take(struct whole_file *f, struct tcphs_error *err)
{
	int error = f->part ? take_name(f) : 0;

	if (error)
		return fail(f, error, err);
	free(f->part);
	f->part = NULL;
	return 0;
}

/**
 * whole_file_end - all of it is written
 * @f: of whole_file_begin()
 * @err: why it is not there
 *
 * Return: 0, or -1.
 */
int whole_file_end(struct whole_file *f, struct tcphs_error *err)
{
	int error = 0, fd = f->fd;

	/* What has its name is on the disk, too. */
	if (f->part && fsync(fd))
		error = -errno;
	f->fd = -1;
	/* Some file systems find out only now that there is no room. */
	if (close(fd) && !error)
		error = -errno;
	if (error)
		return fail(f, error, err);
	error = whole_file_take(f, err);
	whole_file_drop(f);
	return error;
}

/**
 * whole_file_drop - nothing of it shall stay, unless it has its name
 * @f: of whole_file_begin()
 */
void whole_file_drop(struct whole_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (f->part)
		unlink(f->part);
	free(f->part);
	free(f->name);
	f->part = NULL;
	f->name = NULL;
}

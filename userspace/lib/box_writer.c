/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory of recordings, kept within its bounds: see box.h.
 *
 * A file is made when there is something to write, after the oldest ones have gone that
 * leave no room for all of it. When the disk takes nothing, what was packed waits here and
 * is tried again; when it is another disk by then, or the file is beyond repair, the rest
 * goes into a new file, and what was in neither is counted there. So it does when somebody
 * takes the file away, or the directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

#define NSEC_PER_SEC	1000000000ull
/* So long a power cut may reach back. */
#define SYNC_NS		(10 * NSEC_PER_SEC)
/* A file that takes nothing so often is given up, unless there is only no room. */
#define TRIES		5
/* A name has ten digits, and one with more is none of ours: it would never give way. */
#define NUMBER_MAX	9999999999ull

struct tcphs_box {
	struct tcphs_box_how how;
	int dir;		/* locked; -1: it is away */
	dev_t dev;
	ino_t ino;		/* of it */
	struct box_file *file;
	bool open;		/* it is one */
	bool interrupted;	/* a file was given up, and none begun since */
	int err;		/* why nothing can be written, a negative errno; 0: it can */
	unsigned int tries;	/* that failed */
	uint64_t number;	/* of the last file */
	uint64_t since;		/* when it was begun, CLOCK_BOOTTIME */
	uint64_t synced;
	uint64_t found;		/* events of the file when it was last seen in its place */
	uint64_t unwritten;	/* events that no file has, since the last that could say so */
	struct box_place place;	/* of all that was taken, whatever became of it */
	bool unsaid;		/* no file has its state */
	bool jumped;		/* it has moved on by what is not written: a state has to say so */
	struct tcphs_box_totals totals;
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* ---- the directory --------------------------------------------------------------------- */

/* Opens and locks it. 0 or a negative errno; -EWOULDBLOCK: it is somebody else's. */
static int open_directory(struct tcphs_box *b)
{
	int fd = open(b->how.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &st)) {
		err = -errno;
		close(fd);
		return err;
	}
	b->dir = fd;
	b->dev = st.st_dev;
	b->ino = st.st_ino;
	return 0;
}

static void close_directory(struct tcphs_box *b)
{
	if (b->dir >= 0)
		close(b->dir);
	b->dir = -1;
}

/* Something else may have been mounted there, or taken away. */
static bool same_directory(const struct tcphs_box *b)
{
	struct stat st;

	return b->dir >= 0 && !stat(b->how.directory, &st) && st.st_dev == b->dev &&
	       st.st_ino == b->ino;
}

/* The oldest go until a new file may become as large as it likes. */
static int make_place(struct tcphs_box *b, const struct box_name *list, size_t nr)
{
	uint64_t all = b->how.size * b->how.keep, bytes = 0;
	struct stat st;
	size_t i;

	/* A directory is called as a file of ours is? It is not, and stays. */
	for (i = 0; i < nr; i++)
		if (!fstatat(b->dir, list[i].name, &st, AT_SYMLINK_NOFOLLOW) &&
		    !S_ISDIR(st.st_mode))
			bytes += (uint64_t)st.st_size;
	for (i = 0; i < nr && (nr - i >= b->how.keep || bytes + b->how.size > all); i++) {
		if (fstatat(b->dir, list[i].name, &st, AT_SYMLINK_NOFOLLOW) ||
		    S_ISDIR(st.st_mode))
			continue;
		if (unlinkat(b->dir, list[i].name, 0) && errno != ENOENT)
			return -errno;
		bytes -= (uint64_t)st.st_size;
	}
	return 0;
}

/*
 * Whoever keeps the directory the next time has to read it: a service is nobody, and does not see
 * how far a recorder that root began by hand has come. Where that may not be it stays as it is.
 */
static void give_to_owner(int dir, int fd)
{
	struct stat st;

	if (!fstat(dir, &st) && st.st_uid != geteuid() && fchown(fd, st.st_uid, st.st_gid))
		errno = 0;
}

static int create(struct tcphs_box *b)
{
	char name[BOX_NAME_LEN];
	time_t t = time(NULL);
	struct tm tm;
	size_t len;
	int fd;

	if (b->number >= NUMBER_MAX)
		return -EOVERFLOW;
	b->number++;
	len = (size_t)snprintf(name, sizeof(name), "%010llu-", (unsigned long long)b->number);
	gmtime_r(&t, &tm);
	strftime(name + len, sizeof(name) - len, "%Y%m%dT%H%M%SZ.rec.zst", &tm);
	/* Initial sequence numbers are in it: not for everyone to read. */
	fd = openat(b->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	give_to_owner(b->dir, fd);
	return fd;
}

static int open_file(struct tcphs_box *b)
{
	struct box_name *list;
	size_t nr;
	int err, fd = -1;

	err = tcphs_folder_list(b->dir, &list, &nr);
	if (err)
		return err;
	err = make_place(b, list, nr);
	if (nr && list[nr - 1].number > b->number)
		b->number = list[nr - 1].number;
	free(list);
	if (!err)
		fd = create(b);
	if (err || fd < 0)
		return err ? err : fd;
	/* That it has come, and others have gone. */
	fsync(b->dir);
	b->open = true;
	b->since = now();
	b->synced = b->since;
	b->found = 0;
	b->totals.files++;
	return tcphs_box_file_begin(b->file, fd, &b->how.info);
}

/* ---- trouble ------------------------------------------------------------------------------ */

static void give_up_file(struct tcphs_box *b)
{
	if (!b->open)
		return;
	b->totals.bytes += tcphs_box_file_bytes(b->file);
	b->unwritten += tcphs_box_file_abandon(b->file);
	b->open = false;
	b->interrupted = true;
}

/*
 * Each file begins with the place, so that what follows has something to count from. What no
 * file has is counted in this one: that, and the place behind it, are one block of zstd, of
 * which all can be read or nothing.
 */
static void settle(struct tcphs_box *b, bool fresh)
{
	struct piece_state state = b->place.state;

	if (state.time && (b->interrupted || b->unwritten || b->jumped || b->unsaid ||
			   (fresh && state.what != BOX_GONE))) {
		if (!b->unsaid) {
			state.what = b->interrupted ? BOX_DISK : BOX_GOES_ON;
			state.since = b->interrupted ? state.time : 0;
		}
		state.nr = (uint32_t)b->place.nr;
		tcphs_box_file_state(b->file, &state, b->place.cursor);
	}
	b->interrupted = false;
	b->jumped = false;
	b->unsaid = false;
	if (!b->unwritten)
		return;
	tcphs_box_file_lost(b->file, TCPHS_NO_CPU, b->unwritten);
	b->totals.unwritten += b->unwritten;
	b->unwritten = 0;
}

static bool is_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT;
}

/* A file to write to, or not: 0, or a negative errno, which stays until tcphs_box_flush(). */
static int have_file(struct tcphs_box *b)
{
	if (!b->err && b->open)
		b->err = tcphs_box_file_error(b->file);
	if (b->err)
		return b->err;
	if (b->open && !tcphs_box_file_has_room(b->file)) {
		b->err = tcphs_box_file_end(b->file);
		if (b->err)
			return b->err;
		b->totals.bytes += tcphs_box_file_bytes(b->file);
		b->open = false;
	}
	if (b->open)
		return 0;
	b->err = b->dir < 0 ? open_directory(b) : 0;
	if (!b->err)
		b->err = open_file(b);
	if (!b->err)
		settle(b, true);
	return b->err;
}

/* As have_file(), and the file knows of all before. */
static int ready(struct tcphs_box *b)
{
	int err = have_file(b);

	if (!err && (b->jumped || b->unsaid))
		settle(b, false);
	return err;
}

/* Again, after it went wrong. */
static void try_again(struct tcphs_box *b)
{
	b->tries++;
	if (!same_directory(b)) {
		give_up_file(b);
		close_directory(b);
	} else if (b->tries >= TRIES && !is_full(b->err)) {
		give_up_file(b);
	}
	b->err = b->open ? tcphs_box_file_flush(b->file) : 0;
	if (b->err)
		return;
	if (!have_file(b) && b->unwritten)
		settle(b, false);
	if (!b->err)
		b->tries = 0;
}

/* What is written to a file that was taken away, or not to this directory, nobody finds. */
static void look_for_file(struct tcphs_box *b)
{
	uint64_t events = tcphs_box_file_events(b->file);
	bool there = tcphs_box_file_is_there(b->file), same = same_directory(b);

	if (there && same) {
		b->found = events;
		return;
	}
	give_up_file(b);
	if (!there)
		b->unwritten += events - b->found;
	if (!same)
		close_directory(b);
	have_file(b);
}

/* ---- for whoever records --------------------------------------------------------------- */

static const char *why_not(int err)
{
	return err == -EWOULDBLOCK ? "another tcphs record keeps it" : strerror(-err);
}

/**
 * tcphs_box_open - keep a directory
 * @how: copied
 * @err: why not
 *
 * Makes the directory if it is not there; its files, when there is something to write.
 *
 * Return: for tcphs_box_close(), or NULL.
 */
struct tcphs_box *tcphs_box_open(const struct tcphs_box_how *how, struct tcphs_error *err)
{
	struct tcphs_box *b = calloc(1, sizeof(*b));
	int ret = 0;

	if (b)
		b->file = tcphs_box_file_new(how->size);
	if (!b || !b->file) {
		free(b);
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return NULL;
	}
	b->how = *how;
	b->dir = -1;
	if (mkdir(how->directory, 0700) && errno != EEXIST)
		ret = -errno;
	if (!ret)
		ret = open_directory(b);
	if (!ret && faccessat(b->dir, ".", W_OK | X_OK, AT_EACCESS))
		ret = -errno;
	if (!ret)
		return b;
	tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot record to %.256s: %s", how->directory,
			why_not(ret));
	tcphs_box_close(b);
	return NULL;
}

/**
 * tcphs_box_close - let go of it, as it stands
 * @b: the box, or NULL
 */
void tcphs_box_close(struct tcphs_box *b)
{
	if (!b)
		return;
	tcphs_box_file_free(b->file);
	close_directory(b);
	free(b->place.cursor);
	free(b);
}

static void note_lost(void *arg, uint32_t cpu, uint64_t count)
{
	tcphs_place_lost(arg, cpu, count);
}

static void note_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	(void)time;
	tcphs_place_older(arg, cpu, count);
}

static void note_event(void *arg, const struct tcphs_event *ev)
{
	tcphs_place_event(arg, ev);
}

static void note_kept(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	(void)ev;
}

static void note_state(void *arg, const struct piece_state *state,
		       const struct tcphs_resume *cursors)
{
	tcphs_place_state(arg, state, cursors);
}

/**
 * tcphs_box_last - where the recorder before us was
 * @b: the box, before anything is written
 * @last: gets it, with nothing in its state when there was none; its cursors are for free()
 *
 * Return: 0 or -ENOMEM.
 */
int tcphs_box_last(struct tcphs_box *b, struct box_place *last)
{
	static const struct tcphs_events_ops ops = {
		.record = note_event, .lost = note_lost, .kept = note_kept, .older = note_older,
	};
	struct tcphs_error err = { 0 };
	struct box *reader;

	*last = (struct box_place){ 0 };
	reader = tcphs_folder_open(b->dir, b->how.directory, &err);
	/* An empty one is no error. */
	if (reader)
		tcphs_folder_tail(reader, &ops, note_state, last);
	tcphs_folder_close(reader);
	return last->no_memory ? -ENOMEM : 0;
}

static void take(struct tcphs_box *b, const struct tcphs_event *ev, bool kept)
{
	b->totals.events++;
	if (ready(b))
		b->unwritten++;
	else
		tcphs_box_file_event(b->file, ev, kept);
}

/**
 * tcphs_box_event - one more
 * @b: the box
 * @ev: the event
 */
void tcphs_box_event(struct tcphs_box *b, const struct tcphs_event *ev)
{
	take(b, ev, false);
	tcphs_place_event(&b->place, ev);
}

/**
 * tcphs_box_kept - one that the ring no longer has
 * @b: the box
 * @ev: the event
 */
void tcphs_box_kept(struct tcphs_box *b, const struct tcphs_event *ev)
{
	take(b, ev, true);
}

/**
 * tcphs_box_pass - one that is in the directory already
 * @b: the box
 * @ev: the event, of the ring
 */
void tcphs_box_pass(struct tcphs_box *b, const struct tcphs_event *ev)
{
	tcphs_place_event(&b->place, ev);
	b->jumped = true;
}

/**
 * tcphs_box_lost - records that were lost before the next one
 * @b: the box
 * @cpu: whose
 * @count: how many
 */
void tcphs_box_lost(struct tcphs_box *b, uint32_t cpu, uint64_t count)
{
	if (ready(b)) {
		b->unwritten += count;
	} else {
		b->totals.lost += count;
		tcphs_box_file_lost(b->file, cpu, count);
	}
	tcphs_place_lost(&b->place, cpu, count);
}

/**
 * tcphs_box_older - records that newer ones had overwritten before the first look
 * @b: the box
 * @cpu: whose
 * @count: how many
 * @time: they are of before then, CLOCK_MONOTONIC
 */
void tcphs_box_older(struct tcphs_box *b, uint32_t cpu, uint64_t count, uint64_t time)
{
	if (ready(b)) {
		b->unwritten += count;
	} else {
		b->totals.older += count;
		tcphs_box_file_older(b->file, cpu, count, time);
	}
	tcphs_place_older(&b->place, cpu, count);
}

/**
 * tcphs_box_clock - the clock was set, or the machine slept
 * @b: the box
 * @offset: CLOCK_REALTIME - CLOCK_MONOTONIC of the events that follow, ns
 */
void tcphs_box_clock(struct tcphs_box *b, int64_t offset)
{
	b->how.info.clock_offset = offset;
	if (b->open)
		tcphs_box_file_clock(b->file, offset);
}

/**
 * tcphs_box_state - how far the recorder is
 * @b: the box
 * @state: with the number of cursors
 * @cursors: from which the next one could go on
 */
void tcphs_box_state(struct tcphs_box *b, const struct piece_state *state,
		     const struct tcphs_resume *cursors)
{
	int err = have_file(b);

	tcphs_place_state(&b->place, state, cursors);
	b->jumped = false;
	b->unsaid = err;
	if (!err)
		tcphs_box_file_state(b->file, state, cursors);
}

/**
 * tcphs_box_error - why nothing can be written
 * @b: the box
 *
 * Return: a negative errno; 0: it can.
 */
int tcphs_box_error(const struct tcphs_box *b)
{
	return b->err ? b->err : b->open ? tcphs_box_file_error(b->file) : 0;
}

/* It is old enough, and not for nothing. */
static bool is_old(const struct tcphs_box *b)
{
	return b->open && b->how.age && tcphs_box_file_events(b->file) &&
	       now() - b->since >= b->how.age;
}

static int end_file(struct tcphs_box *b)
{
	int err = b->open ? tcphs_box_file_end(b->file) : 0;

	if (!err && b->open) {
		b->totals.bytes += tcphs_box_file_bytes(b->file);
		b->open = false;
	}
	return err;
}

/**
 * tcphs_box_flush - write what there is, after each round
 * @b: the box
 *
 * Return: 0, or a negative errno: the disk takes nothing. Then call it again in a second,
 * and till then take nothing that can wait elsewhere.
 */
int tcphs_box_flush(struct tcphs_box *b)
{
	if (b->err)
		try_again(b);
	else if (b->open)
		b->err = tcphs_box_file_flush(b->file);
	if (!b->err && b->open)
		look_for_file(b);
	if (!b->err && is_old(b))
		b->err = end_file(b);
	if (b->err || !b->open || now() - b->synced < SYNC_NS)
		return b->err;
	b->synced = now();
	b->err = tcphs_box_file_sync(b->file);
	/* Nobody knows what of it is there. */
	if (b->err)
		give_up_file(b);
	return b->err;
}

/**
 * tcphs_box_end - write what there is, and the end of the file
 * @b: the box
 *
 * Return: 0 or a negative errno.
 */
int tcphs_box_end(struct tcphs_box *b)
{
	int err = tcphs_box_flush(b);

	return err ? err : end_file(b);
}

/**
 * tcphs_box_totals - what became of all
 * @b: the box
 * @totals: gets it
 */
void tcphs_box_totals(const struct tcphs_box *b, struct tcphs_box_totals *totals)
{
	*totals = b->totals;
	totals->unwritten += b->unwritten;
	if (b->open) {
		totals->unwritten += tcphs_box_file_waiting(b->file);
		totals->bytes += tcphs_box_file_bytes(b->file);
	}
}

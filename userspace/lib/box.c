/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory of recordings, read as one; or one file of it.
 *
 * Their frames are read one by one, and those of another time than the one that is wanted
 * not at all: the index knows. Where a frame is damaged, the reading goes on with the next.
 * What is missing in between is reported: each frame says up to when all is in the files, and
 * one with which a recorder begins, from when on.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recording.h"

#define NSEC_PER_SEC	1000000000ll
/* A recorder that has nothing to write says so less often than this. */
#define SILENCE		(15 * NSEC_PER_SEC)

struct box {
	int dir;			/* -1: one file */
	int fd;				/* the file that is read; -1: none */
	const char *name;
	char path[256];			/* of the file, for messages */
	int64_t since, until;		/* CLOCK_REALTIME of what is wanted */
	size_t last;			/* so many frames of it; 0: all */
	struct tcphs_recording_info info;

	struct box_name *file;
	size_t nr_files, next_file;
	struct segment *segment;	/* of the file */
	size_t nr_segments, next_segment;
	bool in_segment;
	bool torn;			/* the last segment of the file: it may end anywhere */
	bool ended;			/* the file has an end */
	struct recording r;

	bool begun;			/* @covered is known */
	int64_t covered;		/* up to then all is recorded */
	bool gone;			/* and then there was no module */
	bool hole;			/* something is missing here: */
	enum tcphs_missing_why hole_why;
	struct tcphs_error damage;	/* the first */

	const struct tcphs_events_ops *ops;	/* of the reading */
	void *arg;
	box_state_fn state;		/* of tcphs_folder_tail() */
	void *state_arg;
	bool state_seen;
};

/* ---- names --------------------------------------------------------------------------- */

/* The number of a file of a directory; 0: it is none of ours. */
static uint64_t number_of(const char *name)
{
	static const char digits[] = "0123456789", tail[] = ".rec.zst";
	size_t len = strlen(name), nr = strspn(name, digits);

	if (len >= BOX_NAME_LEN || nr != 10 || name[nr] != '-' || len < sizeof(tail) ||
	    strcmp(name + len - (sizeof(tail) - 1), tail))
		return 0;
	return strtoull(name, NULL, 10);
}

static int by_number(const void *a, const void *b)
{
	const struct box_name *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int add_name(struct box_name **list, size_t *nr, const char *name)
{
	struct box_name *more = *list;

	if (!(*nr & (*nr - 1)))
		more = reallocarray(*list, *nr ? *nr * 2 : 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	*list = more;
	more += (*nr)++;
	more->number = number_of(name);
	snprintf(more->name, sizeof(more->name), "%.39s", name);
	return 0;
}

/**
 * tcphs_folder_list - the recordings of a directory, the oldest first
 * @dir: the directory
 * @list: gets them, for free()
 * @nr: and how many
 *
 * Return: 0 or a negative errno.
 */
int tcphs_folder_list(int dir, struct box_name **list, size_t *nr)
{
	/* A position of its own: @dir's would be moved. */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	const struct dirent *entry;
	DIR *d;

	*list = NULL;
	*nr = 0;
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && (errno = 0, entry = readdir(d)))
		if (number_of(entry->d_name))
			err = add_name(list, nr, entry->d_name);
	if (!err && errno)
		err = -errno;
	closedir(d);
	if (err) {
		free(*list);
		*list = NULL;
		*nr = 0;
	} else if (*nr) {
		qsort(*list, *nr, sizeof(**list), by_number);
	}
	return err;
}

/* Hidden ones are nobody's business, nor is what a file system keeps for itself. */
static bool is_foreign(const char *name)
{
	return !number_of(name) && *name != '.' && strcmp(name, "lost+found");
}

/**
 * tcphs_folder_others - what else is in a directory of recordings
 * @b: the directory
 * @name: gets the name of one of them, of 256 bytes
 *
 * Return: how many files no recorder has made; they are not read.
 */
size_t tcphs_folder_others(const struct box *b, char *name)
{
	int fd = openat(b->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t nr = 0;

	*name = '\0';
	if (!d && fd >= 0)
		close(fd);
	while (d && (entry = readdir(d))) {
		if (!is_foreign(entry->d_name))
			continue;
		nr++;
		/* Whatever the order on the disk, it is the same one. */
		if (!*name || strcmp(entry->d_name, name) < 0)
			snprintf(name, 256, "%s", entry->d_name);
	}
	if (d)
		closedir(d);
	return nr;
}

/* ---- what is missing ----------------------------------------------------------------- */

static void tell_missing(const struct box *b, enum tcphs_missing_why why, int64_t from, int64_t to)
{
	const struct tcphs_missing missing = { .why = why, .from = from, .to = to };

	if (b->ops && b->ops->missing && from < to && to > b->since && from < b->until)
		b->ops->missing(b->arg, &missing);
}

/* The next that is known is of the time @real. */
static void arrive(struct box *b, int64_t real)
{
	if (!b->begun && b->dir >= 0 && b->since != INT64_MIN)
		tell_missing(b, b->hole ? b->hole_why : TCPHS_MISSING_NOT_KEPT, b->since, real);
	else if (b->begun && b->hole)
		tell_missing(b, b->hole_why, b->covered, real);
	if (!b->begun || b->hole)
		b->covered = real;
	b->begun = true;
	b->hole = false;
}

static void cover(struct box *b, int64_t real)
{
	if (!b->begun || b->hole)
		arrive(b, real);
	if (real > b->covered)
		b->covered = real;
}

static void punch(struct box *b, enum tcphs_missing_why why)
{
	b->hole = true;
	b->hole_why = why;
}

/* Here begins what says so of itself. */
static void begin(struct box *b, uint32_t what, int64_t since)
{
	static const enum tcphs_missing_why why[] = {
		[BOX_BEGINS] = TCPHS_MISSING_NO_RECORDER,
		[BOX_BACK] = TCPHS_MISSING_NO_MODULE,
		[BOX_GONE] = TCPHS_MISSING_NO_MODULE,
		[BOX_DISK] = TCPHS_MISSING_DISK,
	};

	if (what == BOX_GOES_ON || what == BOX_GONE || what >= sizeof(why) / sizeof(why[0]))
		return;
	if (b->begun && !b->hole)
		punch(b, why[what]);
	if (b->begun && since < b->covered)
		b->hole = false;
	else
		arrive(b, since);
}

static void on_state(void *arg, const struct piece_state *state,
		     const struct tcphs_resume *cursors)
{
	struct box *b = arg;

	begin(b, state->what, real_time(b->r.info.clock_offset, state->since));
	cover(b, real_time(b->r.info.clock_offset, state->time));
	b->gone = state->what == BOX_GONE;
	b->state_seen = true;
	if (b->state)
		b->state(b->state_arg, state, cursors);
}

static void on_record(void *arg, const struct tcphs_event *ev)
{
	struct box *b = arg;

	cover(b, real_time(b->r.info.clock_offset, ev->time));
	if (b->ops->record)
		b->ops->record(b->arg, ev);
}

static void on_kept(void *arg, const struct tcphs_event *ev)
{
	struct box *b = arg;

	cover(b, real_time(b->r.info.clock_offset, ev->time));
	if (b->ops->kept)
		b->ops->kept(b->arg, ev);
	else if (b->ops->record)
		b->ops->record(b->arg, ev);
}

static void on_cgroup(void *arg, uint64_t id, const char *path)
{
	struct box *b = arg;

	if (b->ops->cgroup)
		b->ops->cgroup(b->arg, id, path);
}

static void on_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	struct box *b = arg;

	tcphs_tell_older(b->ops, b->arg, cpu, count, time);
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct box *b = arg;

	if (b->ops->lost)
		b->ops->lost(b->arg, cpu, count);
}

/* ---- files and their segments ---------------------------------------------------------- */

/* @err: what is wrong here. It is reported at the end; what can be read is read. */
static void note_damage(struct box *b, const struct tcphs_error *err)
{
	if (!b->damage.code)
		b->damage = *err;
	punch(b, TCPHS_MISSING_DAMAGED);
}

static void close_file(struct box *b)
{
	tcphs_pieces_close(&b->r);
	free(b->segment);
	b->segment = NULL;
	b->nr_segments = 0;
	b->next_segment = 0;
	b->in_segment = false;
	if (b->fd >= 0 && b->dir >= 0)
		close(b->fd);
	if (b->dir >= 0)
		b->fd = -1;
}

static bool is_empty(const struct index_entry *e)
{
	return e->first > e->last;
}

static bool is_elsewhere(const struct box *b, int64_t first, int64_t last)
{
	return last < b->since || first > b->until;
}

/* Nothing of the file is wanted, and what is missing before it is known. */
static bool pass_over(struct box *b, uint64_t size)
{
	struct segment last;

	if (b->dir < 0 || !tcphs_frames_last(b->fd, size, &last) ||
	    last.entry.file_first > last.entry.file_last ||
	    !is_elsewhere(b, last.entry.file_first, last.entry.file_last))
		return false;
	if (last.entry.file_first > b->until && !(b->begun && !b->hole && b->covered >= b->until))
		return false;
	/* No reason to look: what is missing right before the time that is wanted is found out. */
	b->hole = false;
	if (!b->begun)
		arrive(b, last.entry.file_first);
	cover(b, last.entry.file_last);
	b->gone = last.entry.flags & INDEX_GONE;
	return true;
}

static int no_memory(struct tcphs_error *err)
{
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return -1;
}

/* 0: @b->fd is read next, 1: nothing of it is, -1: with @err set. */
static int start_file(struct box *b, struct tcphs_error *err)
{
	struct stat st;

	if (fstat(b->fd, &st) || !S_ISREG(st.st_mode) || pass_over(b, (uint64_t)st.st_size))
		return 1;
	if (tcphs_frames_index(b->fd, (uint64_t)st.st_size, &b->segment, &b->nr_segments))
		return no_memory(err);
	memset(&b->r, 0, offsetof(struct recording, data));
	b->r.name = b->path;
	b->r.parts = true;
	b->r.on_state = on_state;
	b->r.state_arg = b;
	b->r.frames = tcphs_frames_open(b->fd, NULL, NULL);
	b->ended = false;
	return b->r.frames ? 0 : no_memory(err);
}

/* As start_file(), of the file @i of the directory. */
static int open_file(struct box *b, size_t i, struct tcphs_error *err)
{
	int ret;

	close_file(b);
	if (i && b->file[i].number != b->file[i - 1].number + 1)
		punch(b, TCPHS_MISSING_NOT_KEPT);
	snprintf(b->path, sizeof(b->path), "%.128s/%s", b->name, b->file[i].name);
	b->fd = openat(b->dir, b->file[i].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (b->fd < 0) {
		/* The recorder has taken it away in the meantime; or it is nobody's to read. */
		if (errno != ENOENT && !b->damage.code)
			tcphs_error_set(&b->damage, errno == EACCES ? TCPHS_ERR_PERMISSION :
					TCPHS_ERR_FAILED, "cannot open %.200s: %s", b->path,
					strerror(errno));
		punch(b, TCPHS_MISSING_NOT_KEPT);
		return 1;
	}
	ret = start_file(b, err);
	if (ret)
		close_file(b);
	return ret;
}

static void arrive_at(struct box *b, const struct index_entry *e)
{
	if (is_empty(e))
		return;
	begin(b, e->flags & INDEX_WHAT, real_time(e->clock, e->first));
	cover(b, real_time(e->clock, e->first));
}

/* What a segment that is not wanted says of itself. */
static void skip(struct box *b, const struct index_entry *e)
{
	b->ended = e->flags & INDEX_END;
	arrive_at(b, e);
	if (is_empty(e))
		return;
	cover(b, real_time(e->clock, e->last));
	b->gone = e->flags & INDEX_GONE;
}

static bool of_our_abi(struct box *b, const struct segment *s, struct tcphs_error *err)
{
	uint32_t major = s->known ? s->entry.flags >> INDEX_ABI : TCPHS_ABI_MAJOR;

	if (major == TCPHS_ABI_MAJOR)
		return true;
	tcphs_error_set(err, TCPHS_ERR_VERSION,
			"%.128s: its events are of ABI %u, this tool (%s) reads ABI %u.%u", b->path,
			major, TCPHS_VERSION, TCPHS_ABI_MAJOR, TCPHS_ABI_MINOR);
	return false;
}

/* Not the beginning of a frame that was being written, nor the zeros that a power cut leaves. */
static bool is_garbage(const struct box *b, struct tcphs_error *err)
{
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd }, none[4];
	uint8_t begin[4];

	if (pread(b->fd, begin, sizeof(begin), 0) != sizeof(begin) ||
	    !memcmp(begin, frame, sizeof(begin)) || !memcmp(begin, none, sizeof(begin)))
		return false;
	tcphs_error_set(err, TCPHS_ERR_DAMAGED, "%.128s: is no recording of tcphs record", b->path);
	return true;
}

static void start_segment(struct box *b)
{
	const struct segment *s = &b->segment[b->next_segment++];
	struct tcphs_error err = { 0 };

	if (s->known && (is_empty(&s->entry) ||
			 is_elsewhere(b, real_time(s->entry.clock, s->entry.first),
				      real_time(s->entry.clock, s->entry.last)))) {
		skip(b, &s->entry);
		return;
	}
	tcphs_frames_section(b->r.frames, s->start, s->end, true);
	b->r.offset = s->start;
	b->r.any_number = s->start;
	b->r.number = 0;
	b->torn = !s->known && b->next_segment == b->nr_segments;
	if (s->known) {
		b->r.info.clock_offset = s->entry.clock;
		b->r.info.all_netns = s->entry.flags & INDEX_ALL_NETNS;
		arrive_at(b, &s->entry);
	}
	if (!of_our_abi(b, s, &err) || (!s->start && tcphs_pieces_head(&b->r, &err))) {
		/* Cut off right after it was made. */
		if (!b->torn || b->dir < 0 || err.code == TCPHS_ERR_VERSION ||
		    (!s->start && is_garbage(b, &err)))
			note_damage(b, &err);
		return;
	}
	b->in_segment = true;
}

static void read_segment(struct box *b)
{
	static const struct tcphs_events_ops ops = {
		.record = on_record, .lost = on_lost, .kept = on_kept, .older = on_older,
		.cgroup = on_cgroup,
	};
	struct tcphs_error err = { 0 };
	int ret = tcphs_pieces_read(&b->r, &ops, b, &err);

	b->info = b->r.info;
	if (ret > 0)
		return;
	b->in_segment = false;
	b->ended = b->r.kind == PIECE_END;
	/* What was written last when the power went, or is just being written. */
	if (ret < 0 && !(b->torn && b->dir >= 0))
		note_damage(b, &err);
}

/* Of one file: it has no end, and nothing else was found wrong. */
static void miss_end(struct box *b)
{
	if (b->dir < 0 && !b->ended && !b->damage.code)
		tcphs_error_set(&b->damage, TCPHS_ERR_DAMAGED,
				"%.128s: has no end: it was cut off, or is still being written, at byte %llu; what comes before it is whole",
				b->path, (unsigned long long)tcphs_frames_offset(b->r.frames));
}

/* What is missing after the last that is known. */
static void tell_rest(struct box *b)
{
	struct timespec ts;
	int64_t end;

	if (b->dir < 0 || (b->since == INT64_MIN && b->until == INT64_MAX))
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	end = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	if (b->until < end)
		end = b->until;
	if (!b->begun)
		tell_missing(b, TCPHS_MISSING_NOT_KEPT, b->since, end);
	else if (b->covered < end - SILENCE)
		tell_missing(b, b->hole ? b->hole_why : b->gone ? TCPHS_MISSING_NO_MODULE :
			     TCPHS_MISSING_NO_RECORDER, b->covered, end);
}

/* ---- reading --------------------------------------------------------------------------- */

static struct box *new_box(const char *name, struct tcphs_error *err)
{
	struct box *b = calloc(1, sizeof(*b));

	if (!b) {
		no_memory(err);
		return NULL;
	}
	b->dir = -1;
	b->fd = -1;
	b->name = name;
	b->since = INT64_MIN;
	b->until = INT64_MAX;
	return b;
}

/* A first look at the file: what it says about itself. */
static int look_at(struct box *b, struct tcphs_error *err)
{
	if (tcphs_pieces_open(&b->r, b->fd, b->path, NULL, NULL, err))
		return -1;
	b->info = b->r.info;
	tcphs_pieces_close(&b->r);
	return 0;
}

/**
 * tcphs_folder_open - a directory of recordings
 * @dir: the directory; stays the caller's
 * @name: of it, for messages; must stay
 * @err: why not
 *
 * Return: for tcphs_folder_close(), or NULL.
 */
struct box *tcphs_folder_open(int dir, const char *name, struct tcphs_error *err)
{
	struct box *b = new_box(name, err);
	struct tcphs_error none;
	int ret;
	size_t i;

	if (!b)
		return NULL;
	b->dir = dir;
	ret = tcphs_folder_list(dir, &b->file, &b->nr_files);
	if (ret)
		tcphs_error_set(err, ret == -EACCES ? TCPHS_ERR_PERMISSION : TCPHS_ERR_FAILED,
				"cannot read %.200s: %s", name, strerror(-ret));
	else if (!b->nr_files)
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"%.200s: is a directory without a recording of tcphs record", name);
	if (!b->nr_files) {
		tcphs_folder_close(b);
		return NULL;
	}
	/* The newest that has a head. */
	for (i = b->nr_files; i--;) {
		snprintf(b->path, sizeof(b->path), "%.128s/%s", name, b->file[i].name);
		b->fd = openat(dir, b->file[i].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		ret = b->fd < 0 ? -1 : look_at(b, &none);
		close_file(b);
		if (!ret)
			break;
	}
	tcphs_folder_rewind(b);
	return b;
}

/**
 * tcphs_folder_open_file - one file that is packed, and can be read anywhere
 * @fd: the file; stays the caller's
 * @name: of it, for messages; must stay
 * @err: why not
 *
 * Return: for tcphs_folder_close(), or NULL.
 */
struct box *tcphs_folder_open_file(int fd, const char *name, struct tcphs_error *err)
{
	struct box *b = new_box(name, err);

	if (!b)
		return NULL;
	b->fd = fd;
	snprintf(b->path, sizeof(b->path), "%.128s", name);
	if (lseek(fd, 0, SEEK_SET) || look_at(b, err)) {
		tcphs_folder_close(b);
		return NULL;
	}
	tcphs_folder_rewind(b);
	return b;
}

/**
 * tcphs_folder_close - the end of it
 * @b: the box, or NULL
 */
void tcphs_folder_close(struct box *b)
{
	if (!b)
		return;
	close_file(b);
	free(b->file);
	free(b);
}

/**
 * tcphs_folder_is_directory - is it more than one file?
 * @b: the box
 */
bool tcphs_folder_is_directory(const struct box *b)
{
	return b->dir >= 0;
}

/**
 * tcphs_folder_info - what it says about itself
 * @b: the box
 */
const struct tcphs_recording_info *tcphs_folder_info(const struct box *b)
{
	return &b->info;
}

/**
 * tcphs_folder_window - only what lies in a time is wanted
 * @b: the box, of which nothing was read yet or that is rewound
 * @since: CLOCK_REALTIME in ns, INT64_MIN: from the beginning
 * @until: likewise, INT64_MAX: to the end
 */
void tcphs_folder_window(struct box *b, int64_t since, int64_t until)
{
	b->since = since;
	b->until = until;
}

/* Stands before the last frames that are wanted. */
static void go_near_end(struct box *b)
{
	struct tcphs_error err = { 0 };
	size_t left = b->last, i;

	for (i = b->nr_files; left && i--;) {
		if (open_file(b, i, &err))
			continue;
		if (b->nr_segments >= left) {
			b->next_segment = b->nr_segments - left;
			b->next_file = i + 1;
			return;
		}
		left -= b->nr_segments;
	}
	close_file(b);
	b->next_file = 0;
}

/**
 * tcphs_folder_near_end - only the last frames are wanted
 * @b: the box, a directory
 * @frames: so many at the least
 *
 * Return: false: that is all there are.
 */
bool tcphs_folder_near_end(struct box *b, size_t frames)
{
	b->last = frames;
	tcphs_folder_rewind(b);
	return b->next_file > 1 || b->next_segment;
}

/**
 * tcphs_folder_rewind - begin again
 * @b: the box
 */
void tcphs_folder_rewind(struct box *b)
{
	close_file(b);
	b->next_file = 0;
	if (b->last)
		go_near_end(b);
	b->begun = false;
	b->gone = false;
	b->hole = false;
	memset(&b->damage, 0, sizeof(b->damage));
}

/* 1: there is another file, 0: there is none, -1: with @err set. */
static int next_file(struct box *b, struct tcphs_error *err)
{
	int ret = 1;

	if (b->dir < 0) {
		if (b->next_file++) {
			if (b->next_file == 2)
				miss_end(b);
			return 0;
		}
		return start_file(b, err) ? -1 : 1;
	}
	while (ret > 0 && b->next_file < b->nr_files)
		ret = open_file(b, b->next_file++, err);
	return ret > 0 ? 0 : ret < 0 ? -1 : 1;
}

/**
 * tcphs_folder_read - the next piece
 * @b: the box
 * @ops: called for what is in it
 * @arg: what with
 * @err: why not; what was damaged is reported at the end
 *
 * Return: as tcphs_pieces_read().
 */
int tcphs_folder_read(struct box *b, const struct tcphs_events_ops *ops, void *arg,
	     struct tcphs_error *err)
{
	int ret;

	b->ops = ops;
	b->arg = arg;
	if (b->in_segment) {
		read_segment(b);
		return 1;
	}
	if (b->next_segment < b->nr_segments) {
		start_segment(b);
		return 1;
	}
	ret = next_file(b, err);
	if (ret)
		return ret;
	tell_rest(b);
	if (!b->damage.code)
		return 0;
	if (err)
		*err = b->damage;
	return -1;
}

/* From there to the end. False: there was no state. */
static bool read_tail(struct box *b, const struct tcphs_events_ops *ops, void *arg)
{
	struct tcphs_error err = { 0 };

	b->state_seen = false;
	while (tcphs_folder_read(b, ops, arg, &err) > 0)
		;
	return b->state_seen;
}

/**
 * tcphs_folder_tail - where the recorder was last
 * @b: a directory
 * @ops: gets what comes after a state that is not far from the end
 * @state: gets that one and later ones, in their place
 * @arg: what with
 *
 * Return: false: there is no state at all. Then nothing, or all, was read.
 */
bool tcphs_folder_tail(struct box *b, const struct tcphs_events_ops *ops, box_state_fn state,
		       void *arg)
{
	struct tcphs_error err = { 0 };
	size_t file, segment;
	bool found = false;

	b->state = state;
	b->state_arg = arg;
	for (file = b->nr_files; file-- && !found;) {
		if (open_file(b, file, &err))
			continue;
		for (segment = b->nr_segments; segment-- && !found;) {
			if (b->segment[segment].known &&
			    !(b->segment[segment].entry.flags & INDEX_STATE))
				continue;
			b->next_file = file + 1;
			b->next_segment = segment;
			found = read_tail(b, ops, arg);
			if (!found && open_file(b, file, &err))
				break;
		}
	}
	b->state = NULL;
	return found;
}

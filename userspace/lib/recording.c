/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events out of a file: Documentation/recording.md has the format.
 *
 * A piece is handed on when all of it was read and fits its checksum, so a file that was
 * cut off or damaged gives what is whole. No number of the file is used before it was
 * checked.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"

static int damaged(const struct recording *r, const char *what, struct tcphs_error *err);

/* The whole of @len bytes, or as many as there are; -1 with @err set. */
static ssize_t get(struct recording *r, void *data, size_t len, struct tcphs_error *err)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = tcphs_frames_read(r->frames, (char *)data + got, len - got);
		if (!n)
			break;
		if (n > 0) {
			got += (size_t)n;
			continue;
		}
		r->stopped = n == -EINTR;
		if (n == -EBADMSG)
			return damaged(r, "is damaged (compression)", err);
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot read %.128s: %s", r->name,
				strerror((int)-n));
		if (err)
			err->error = (int)n;
		return -1;
	}
	return (ssize_t)got;
}

static int damaged(const struct recording *r, const char *what, struct tcphs_error *err)
{
	tcphs_error_set(err, TCPHS_ERR_DAMAGED,
			"%.128s: %s at byte %llu; what comes before it %s", r->name, what,
			(unsigned long long)r->offset,
			r->parts ? "and after it was read" : "is whole");
	return -1;
}

static int refused(const struct recording *r, enum tcphs_err code, const char *what,
		   struct tcphs_error *err)
{
	tcphs_error_set(err, code, "%.128s: %s", r->name, what);
	return -1;
}

static int check_head(struct recording *r, const struct recording_head *head, size_t len,
		      struct tcphs_error *err)
{
	static const struct recording_head ours = { .magic = RECORDING_MAGIC };

	if (!len || memcmp(head->magic, ours.magic,
			   len < sizeof(ours.magic) ? len : sizeof(ours.magic)))
		return refused(r, TCPHS_ERR_FAILED, "is no recording of tcphs record", err);
	if (len < sizeof(*head))
		return refused(r, TCPHS_ERR_DAMAGED, "was cut off within its head, of 40 bytes",
			       err);
	if (head->order == RECORDING_SWAPPED)
		return refused(r, TCPHS_ERR_VERSION,
			       "was made on a machine of the other byte order; read it there", err);
	if (head->order == RECORDING_ORDER && head->version != RECORDING_VERSION) {
		tcphs_error_set(err, TCPHS_ERR_VERSION,
				"%.128s: is a recording of version %u, this tool (%s) reads version %u",
				r->name, head->version, TCPHS_VERSION, RECORDING_VERSION);
		return -1;
	}
	if (head->crc != tcphs_crc32(0, head, offsetof(struct recording_head, crc)) ||
	    head->order != RECORDING_ORDER || head->size != sizeof(*head))
		return refused(r, TCPHS_ERR_DAMAGED, "its head is damaged", err);
	if (head->abi_major != TCPHS_ABI_MAJOR ||
	    head->record_size != sizeof(struct tcphs_event)) {
		tcphs_error_set(err, TCPHS_ERR_VERSION,
				"%.128s: its events are of ABI %u.%u, this tool (%s) reads ABI %u.%u",
				r->name, head->abi_major, head->abi_minor, TCPHS_VERSION,
				TCPHS_ABI_MAJOR, TCPHS_ABI_MINOR);
		return -1;
	}
	return 0;
}

/**
 * tcphs_pieces_head - read the head
 * @r: stands at the beginning of the file
 * @err: what is wrong with it
 */
int tcphs_pieces_head(struct recording *r, struct tcphs_error *err)
{
	struct recording_head head = { 0 };
	ssize_t len = get(r, &head, sizeof(head), err);

	if (len < 0 || check_head(r, &head, (size_t)len, err))
		return -1;
	r->info = (struct tcphs_recording_info){
		.clock_offset = head.clock_offset,
		.all_netns = head.flags & RECORDING_ALL_NETNS,
	};
	r->first_clock = head.clock_offset;
	r->offset = tcphs_frames_offset(r->frames);
	return 0;
}

/**
 * tcphs_pieces_open - read the head of a recording
 * @r: gets it
 * @fd: the file; stays open
 * @name: of it, for messages; must stay
 * @interrupted: see tcphs_interrupted_fn; may be NULL
 * @arg: its argument
 * @err: why not
 *
 * Return: 0, or -1 with @err set. In either case tcphs_pieces_close() is due.
 */
int tcphs_pieces_open(struct recording *r, int fd, const char *name,
		      tcphs_interrupted_fn interrupted, void *arg, struct tcphs_error *err)
{
	memset(r, 0, offsetof(struct recording, data));
	r->name = name;
	r->frames = tcphs_frames_open(fd, interrupted, arg);
	if (!r->frames) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	return tcphs_pieces_head(r, err);
}

/**
 * tcphs_pieces_close - let go of it
 * @r: the recording
 */
void tcphs_pieces_close(struct recording *r)
{
	tcphs_frames_close(r->frames);
	r->frames = NULL;
}

/* Reads a piece into @r->data. 1; 0: there is no more in this part; or -1 with @err set. */
static int get_piece(struct recording *r, struct piece *piece, struct tcphs_error *err)
{
	ssize_t len = get(r, piece, sizeof(*piece), err);

	if (len < 0)
		return -1;
	if (!len && r->parts)
		return 0;
	if (!len)
		return damaged(r, "has no end: it was cut off, or is still being written,", err);
	if ((size_t)len < sizeof(*piece))
		return damaged(r, "was cut off within the piece", err);
	if (piece->length > PIECE_LENGTH_MAX)
		return damaged(r, "is damaged (length)", err);
	len = get(r, r->data, piece->length, err);
	if (len < 0)
		return -1;
	if ((size_t)len < piece->length)
		return damaged(r, "was cut off within the piece", err);
	if (piece->crc != tcphs_piece_crc(piece, r->data))
		return damaged(r, "is damaged (checksum)", err);
	if (piece->number != r->number && !r->any_number)
		return damaged(r, "lacks a piece, or has one twice,", err);
	r->number = piece->number;
	r->any_number = false;
	return 1;
}

static int emit_events(struct recording *r, const struct piece *piece,
		       const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	const char *p = r->data, *end = p + piece->length;
	void (*tell)(void *arg, const struct tcphs_event *ev) =
		r->kept && ops->kept ? ops->kept : ops->record;
	struct tcphs_event ev;

	if (!piece->length || piece->length % sizeof(ev))
		return damaged(r, "is damaged (events)", err);
	for (; p < end; p += sizeof(ev), r->seen.events++) {
		memcpy(&ev, p, sizeof(ev));
		tell(arg, &ev);
	}
	return 1;
}

static int emit_lost(struct recording *r, const struct piece *piece,
		     const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	struct piece_lost lost;

	if (piece->length != sizeof(lost))
		return damaged(r, "is damaged (losses)", err);
	memcpy(&lost, r->data, sizeof(lost));
	r->seen.lost += lost.count;
	if (ops->lost)
		ops->lost(arg, lost.cpu, lost.count);
	return 1;
}

/**
 * tcphs_tell_older - what was overwritten before a recorder began, to whom it may concern
 * @ops: what is called
 * @arg: what with
 * @cpu: whose records, or TCPHS_NO_CPU
 * @count: how many
 * @time: they are of before then, CLOCK_MONOTONIC
 */
void tcphs_tell_older(const struct tcphs_events_ops *ops, void *arg, uint32_t cpu,
		      uint64_t count, uint64_t time)
{
	if (ops->older)
		ops->older(arg, cpu, count, time);
	else if (ops->overwritten)
		ops->overwritten(arg, count, time);
	else if (ops->lost)
		ops->lost(arg, cpu, count);
}

static int emit_older(struct recording *r, const struct piece *piece,
		      const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	struct piece_older older;

	if (piece->length != sizeof(older))
		return damaged(r, "is damaged (older records)", err);
	memcpy(&older, r->data, sizeof(older));
	tcphs_tell_older(ops, arg, older.cpu, older.count, older.time);
	return 1;
}

static int take_clock(struct recording *r, const struct piece *piece,
		      struct tcphs_error *err)
{
	if (piece->length != sizeof(r->info.clock_offset))
		return damaged(r, "is damaged (clock)", err);
	memcpy(&r->info.clock_offset, r->data, sizeof(r->info.clock_offset));
	return 1;
}

static int take_host(struct recording *r, const struct piece *piece, struct tcphs_error *err)
{
	struct tcphs_host *host = &r->info.host;

	if (piece->length < sizeof(*host))
		return damaged(r, "is damaged (host)", err);
	memcpy(host, r->data, sizeof(*host));
	host->name[sizeof(host->name) - 1] = '\0';
	return 1;
}

static int take_cgroup(struct recording *r, const struct piece *piece,
		       const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	char path[TCPHS_CGROUP_PATH_LEN] = "";
	uint64_t id;

	if (piece->length <= sizeof(id) || piece->length >= sizeof(id) + sizeof(path))
		return damaged(r, "is damaged (cgroup)", err);
	memcpy(&id, r->data, sizeof(id));
	memcpy(path, r->data + sizeof(id), piece->length - sizeof(id));
	if (ops->cgroup)
		ops->cgroup(arg, id, path);
	return 1;
}

static int take_state(struct recording *r, const struct piece *piece, struct tcphs_error *err)
{
	struct piece_state state;

	if (piece->length < sizeof(state))
		return damaged(r, "is damaged (state)", err);
	memcpy(&state, r->data, sizeof(state));
	if (state.nr != (piece->length - sizeof(state)) / sizeof(struct tcphs_resume))
		return damaged(r, "is damaged (state)", err);
	if (r->on_state)
		r->on_state(r->state_arg, &state,
			    (const struct tcphs_resume *)(r->data + sizeof(state)));
	return 1;
}

static int check_end(struct recording *r, const struct piece *piece,
		     struct tcphs_error *err)
{
	struct piece_end end;
	ssize_t more;
	char byte;

	if (piece->length != sizeof(end))
		return damaged(r, "is damaged (end)", err);
	memcpy(&end, r->data, sizeof(end));
	if (r->parts)
		return 0;
	if (end.events != r->seen.events || end.lost != r->seen.lost)
		return damaged(r, "is damaged (totals)", err);
	r->offset = tcphs_frames_offset(r->frames);
	more = get(r, &byte, 1, err);
	if (more > 0)
		return damaged(r, "goes on after its end,", err);
	return (int)more;
}

/**
 * tcphs_pieces_read - the next piece
 * @r: the recording
 * @ops: called for what is in it
 * @arg: what with
 * @err: why not
 *
 * Return: 1 when there is more, 0 at the end, -1 with @err set. It is the end, too, when
 * more is waited for, a signal comes and @interrupted of tcphs_pieces_open() says so.
 */
int tcphs_pieces_read(struct recording *r, const struct tcphs_events_ops *ops, void *arg,
		   struct tcphs_error *err)
{
	struct piece piece;
	int ret;

	r->kind = 0;
	ret = get_piece(r, &piece, err);
	if (r->stopped || !ret)
		return 0;
	if (ret < 0)
		return ret;
	r->kind = piece.kind;
	if (piece.kind == PIECE_EVENTS)
		ret = emit_events(r, &piece, ops, arg, err);
	else if (piece.kind == PIECE_LOST)
		ret = emit_lost(r, &piece, ops, arg, err);
	else if (piece.kind == PIECE_END)
		return check_end(r, &piece, err);
	else if (piece.kind == PIECE_CLOCK)
		ret = take_clock(r, &piece, err);
	else if (piece.kind == PIECE_STATE)
		ret = take_state(r, &piece, err);
	else if (piece.kind == PIECE_CGROUP)
		ret = take_cgroup(r, &piece, ops, arg, err);
	else if (piece.kind == PIECE_OLDER)
		ret = emit_older(r, &piece, ops, arg, err);
	else if (piece.kind == PIECE_HOST)
		ret = take_host(r, &piece, err);
	if (ret < 0)
		return ret;
	/* Names stand between that and the events. */
	if (piece.kind != PIECE_CGROUP)
		r->kept = piece.kind == PIECE_KEPT;
	/* Other kinds are of a newer tool and are skipped. */
	r->offset = tcphs_frames_offset(r->frames);
	r->number++;
	return 1;
}

/* ---- of one file, or of a directory ------------------------------------------------- */

struct tcphs_recording {
	struct box *box;		/* a directory, or a file with an index; or NULL */
	struct recording file;		/* else this one */
	int fd;
};

static bool has_index(int fd, const struct frames *frames)
{
	struct stat st;

	return tcphs_frames_packed(frames) && !fstat(fd, &st) && S_ISREG(st.st_mode);
}

static int open_either(struct tcphs_recording *r, const char *name,
		       tcphs_interrupted_fn interrupted, void *arg, struct tcphs_error *err)
{
	struct stat st;

	if (!fstat(r->fd, &st) && S_ISDIR(st.st_mode)) {
		r->box = tcphs_folder_open(r->fd, name, err);
		return r->box ? 0 : -1;
	}
	if (tcphs_pieces_open(&r->file, r->fd, name, interrupted, arg, err))
		return -1;
	if (!has_index(r->fd, r->file.frames))
		return 0;
	r->box = tcphs_folder_open_file(r->fd, name, err);
	return r->box ? 0 : -1;
}

/**
 * tcphs_recording_open - read the head of a recording
 * @fd: the file, or a directory that tcphs record keeps; stays open
 * @name: of it, for messages; must stay
 * @interrupted: see tcphs_interrupted_fn; may be NULL
 * @arg: its argument
 * @err: why not
 *
 * Return: for tcphs_recording_close(), or NULL.
 */
struct tcphs_recording *tcphs_recording_open(int fd, const char *name,
					     tcphs_interrupted_fn interrupted, void *arg,
					     struct tcphs_error *err)
{
	struct tcphs_recording *r = calloc(1, sizeof(*r));

	if (!r) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return NULL;
	}
	r->fd = fd;
	if (open_either(r, name, interrupted, arg, err)) {
		tcphs_recording_close(r);
		return NULL;
	}
	return r;
}

/**
 * tcphs_recording_close - let go of it
 * @r: the recording, or NULL
 */
void tcphs_recording_close(struct tcphs_recording *r)
{
	if (!r)
		return;
	tcphs_folder_close(r->box);
	tcphs_pieces_close(&r->file);
	free(r);
}

/**
 * tcphs_recording_info - what it says about itself
 * @r: the recording
 */
const struct tcphs_recording_info *tcphs_recording_info(const struct tcphs_recording *r)
{
	return r->box ? tcphs_folder_info(r->box) : &r->file.info;
}

/**
 * tcphs_recording_read - the next piece
 * @r: the recording
 * @ops: called for what is in it
 * @arg: what with
 * @err: why not
 *
 * Return: 1 when there is more, 0 at the end, -1 with @err set. It is the end, too, when
 * more is waited for, a signal comes and @interrupted of tcphs_pieces_open() says so.
 */
int tcphs_recording_read(struct tcphs_recording *r, const struct tcphs_events_ops *ops, void *arg,
			 struct tcphs_error *err)
{
	return r->box ? tcphs_folder_read(r->box, ops, arg, err) :
			tcphs_pieces_read(&r->file, ops, arg, err);
}

/**
 * tcphs_recording_window - only what lies in a time is wanted
 * @r: the recording; of one that has no index all is read all the same
 * @since: CLOCK_REALTIME in ns, INT64_MIN: from the beginning
 * @until: likewise, INT64_MAX: to the end
 *
 * What lies elsewhere may come as well: filter by time.
 */
void tcphs_recording_window(struct tcphs_recording *r, int64_t since, int64_t until)
{
	if (r->box)
		tcphs_folder_window(r->box, since, until);
}

/**
 * tcphs_recording_near_end - only the last of a directory is wanted
 * @r: the recording; it is rewound
 * @frames: so many of some thousand events each
 *
 * Return: false: that is all there is, or it is no directory.
 */
bool tcphs_recording_near_end(struct tcphs_recording *r, size_t frames)
{
	return tcphs_recording_is_directory(r) && tcphs_folder_near_end(r->box, frames);
}

/**
 * tcphs_recording_seekable - can it be read again?
 * @r: the recording
 */
bool tcphs_recording_seekable(const struct tcphs_recording *r)
{
	return r->box || (!tcphs_frames_packed(r->file.frames) && lseek(r->fd, 0, SEEK_CUR) >= 0);
}

/**
 * tcphs_recording_is_directory - is it a directory of recordings?
 * @r: the recording
 */
bool tcphs_recording_is_directory(const struct tcphs_recording *r)
{
	return r->box && tcphs_folder_is_directory(r->box);
}

/**
 * tcphs_recording_others - files of a directory that no recorder has made
 * @r: the recording
 * @name: gets the name of one of them, of 256 bytes
 *
 * Return: how many; they are not read.
 */
size_t tcphs_recording_others(const struct tcphs_recording *r, char *name)
{
	return tcphs_recording_is_directory(r) ? tcphs_folder_others(r->box, name) : 0;
}

/**
 * tcphs_recording_rewind - begin again with the first piece
 * @r: the recording
 * @err: why not
 */
int tcphs_recording_rewind(struct tcphs_recording *r, struct tcphs_error *err)
{
	if (r->box) {
		tcphs_folder_rewind(r->box);
		return 0;
	}
	if (!tcphs_recording_seekable(r))
		return refused(&r->file, TCPHS_ERR_FAILED, "cannot be read twice", err);
	tcphs_frames_section(r->file.frames, sizeof(struct recording_head), UINT64_MAX, false);
	r->file.offset = sizeof(struct recording_head);
	r->file.number = 0;
	r->file.info.clock_offset = r->file.first_clock;
	memset(&r->file.info.host, 0, sizeof(r->file.info.host));
	memset(&r->file.seen, 0, sizeof(r->file.seen));
	return 0;
}

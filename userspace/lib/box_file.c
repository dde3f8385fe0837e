/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file of a directory of recordings, as it is written: pieces into frames of zstd, an
 * entry of the index behind each.
 *
 * Whatever is flushed can be read, for its block is whole: nothing of the frame has to
 * follow. What the disk does not take stays here, and is written when it does.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "recording.h"

/* A frame is read from its beginning: it ends when it has so much of either. */
#define FRAME_PACKED	(100 * 1024)
#define FRAME_UNPACKED	(1024 * 1024)
#define WINDOW_LOG	20
#define LEVEL		3

/* What a file needs beyond what is put into it: ends of blocks, frame and file, two entries. */
#define RESERVE		1024
/* A piece of events, and the others that may stand between two looks at the room. */
#define ROOM		(4 * PIECE_LENGTH_MAX)

struct box_file {
	int fd;				/* -1: none */
	int err;			/* of the last writing, a negative errno or 0 */
	uint64_t limit;
	uint64_t written;		/* bytes of the file */
	bool dirty;			/* not all of them may be on the disk */
	ZSTD_CCtx *z;
	struct tcphs_recorder *r;
	bool in_frame;
	struct index_entry entry;	/* of this frame; the times of the file are of all so far */
	struct tcphs_host host;		/* that each frame names */
	size_t unflushed;		/* bytes since the last flush, of which zstd may have all */
	uint8_t *out;			/* what was packed and is not written */
	size_t out_len, out_cap;
	uint64_t events;		/* of the file */
	uint64_t waiting;		/* of these, not written */
};

/**
 * tcphs_box_file_new - what writes files, one after the other
 * @limit: bytes that none of them exceeds
 *
 * Return: for tcphs_box_file_free(), or NULL without memory.
 */
struct box_file *tcphs_box_file_new(uint64_t limit)
{
	struct box_file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->fd = -1;
	f->limit = limit;
	f->z = ZSTD_createCCtx();
	if (!f->z) {
		free(f);
		return NULL;
	}
	ZSTD_CCtx_setParameter(f->z, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(f->z, ZSTD_c_windowLog, WINDOW_LOG);
	/* Each piece has a checksum of its own. */
	ZSTD_CCtx_setParameter(f->z, ZSTD_c_checksumFlag, 0);
	return f;
}

/**
 * tcphs_box_file_free - the end of it, and of the file as it stands
 * @f: the file, or NULL
 */
void tcphs_box_file_free(struct box_file *f)
{
	if (!f)
		return;
	tcphs_box_file_abandon(f);
	ZSTD_freeCCtx(f->z);
	free(f->out);
	free(f);
}

/* Room for @len bytes more behind @out_len; NULL without memory. */
static uint8_t *out_room(struct box_file *f, size_t len)
{
	size_t cap = f->out_cap ? f->out_cap : 128 * 1024;
	uint8_t *more;

	while (cap - f->out_len < len)
		cap *= 2;
	if (cap != f->out_cap) {
		more = realloc(f->out, cap);
		if (!more)
			return NULL;
		f->out = more;
		f->out_cap = cap;
	}
	return f->out + f->out_len;
}

/* Through zstd, and with @how what it still has, too. */
static int compress(struct box_file *f, const void *data, size_t len, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { data, len, 0 };
	ZSTD_outBuffer out = { .pos = 0 };
	size_t left;

	f->unflushed += len;
	out.size = ZSTD_compressBound(f->unflushed) + 64;
	out.dst = out_room(f, out.size);
	if (!out.dst)
		return -ENOMEM;
	do {
		left = ZSTD_compressStream2(f->z, &out, &in, how);
		if (ZSTD_isError(left) || out.pos == out.size)
			return -ENOMEM;
	} while (how == ZSTD_e_continue ? in.pos < in.size : left);
	f->out_len += out.pos;
	if (how != ZSTD_e_continue)
		f->unflushed = 0;
	return 0;
}

/* tcphs_write_fn of the recorder: it can fail only without memory. */
static int pack(void *arg, const void *data, size_t len, size_t *done)
{
	struct box_file *f = arg;
	int err = compress(f, data, len, ZSTD_e_continue);

	*done = err ? 0 : len;
	f->entry.bytes += (uint32_t)*done;
	return err;
}

/* Nothing beyond the limit, whatever was reckoned before. */
static int write_out(struct box_file *f)
{
	size_t done = 0;
	ssize_t n;

	f->err = 0;
	if (f->written + f->out_len > f->limit)
		f->err = -EFBIG;
	while (!f->err && done < f->out_len) {
		n = pwrite(f->fd, f->out + done, f->out_len - done, (off_t)(f->written + done));
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			f->err = -errno;
		else if (!n)
			f->err = -EIO;
	}
	f->dirty |= done;
	f->written += done;
	f->out_len -= done;
	memmove(f->out, f->out + done, f->out_len);
	if (!f->err && !f->unflushed)
		f->waiting = tcphs_recorder_held(f->r);
	return f->err;
}

static void start_frame(struct box_file *f)
{
	const struct index_entry old = f->entry;

	if (f->in_frame)
		return;
	f->in_frame = true;
	f->entry = (struct index_entry){
		.magic = INDEX_MAGIC,
		.start = f->written + f->out_len,
		.first = UINT64_MAX,
		.clock = old.clock,
		.file_first = old.file_first,
		.file_last = old.file_last,
		.flags = (old.flags & INDEX_ALL_NETNS) | (uint32_t)TCPHS_ABI_MAJOR << INDEX_ABI,
	};
	if (old.start == UINT64_MAX)
		return;
	tcphs_recorder_new_frame(f->r);
	tcphs_recorder_clock(f->r, f->entry.clock);
	tcphs_recorder_host(f->r, &f->host);
}

static int put_entry(struct box_file *f)
{
	struct {
		uint32_t magic, size;
		struct index_entry entry;
	} all = { INDEX_SKIPPABLE, sizeof(f->entry), f->entry };
	uint8_t *to = out_room(f, sizeof(all));

	_Static_assert(sizeof(all) == INDEX_SIZE, "no padding");
	if (!to)
		return -ENOMEM;
	all.entry.crc = tcphs_crc32(0, &all.entry, offsetof(struct index_entry, crc));
	memcpy(to, &all, sizeof(all));
	f->out_len += sizeof(all);
	return 0;
}

static int end_frame(struct box_file *f)
{
	int err;

	if (!f->in_frame)
		return 0;
	err = tcphs_recorder_flush(f->r);
	if (!err)
		err = compress(f, NULL, 0, ZSTD_e_end);
	if (!err)
		err = put_entry(f);
	f->in_frame = false;
	return err;
}

/* A block for what came since the last one. */
static int commit(struct box_file *f)
{
	int err = tcphs_recorder_flush(f->r);

	if (!err && f->unflushed)
		err = compress(f, NULL, 0, ZSTD_e_flush);
	if (!err && f->in_frame && (f->entry.bytes >= FRAME_UNPACKED ||
				    f->written + f->out_len - f->entry.start >= FRAME_PACKED))
		err = end_frame(f);
	return err;
}

/**
 * tcphs_box_file_begin - a new file
 * @f: has none
 * @fd: the file, empty; is closed at its end
 * @info: what it says about itself
 *
 * Return: 0 or -ENOMEM.
 */
int tcphs_box_file_begin(struct box_file *f, int fd, const struct tcphs_recording_info *info)
{
	ZSTD_CCtx_reset(f->z, ZSTD_reset_session_only);
	f->fd = fd;
	f->err = 0;
	f->written = 0;
	f->dirty = true;
	f->in_frame = false;
	f->unflushed = 0;
	f->out_len = 0;
	f->events = 0;
	f->waiting = 0;
	f->host = info->host;
	f->entry = (struct index_entry){
		.start = UINT64_MAX,		/* the head has the clock already */
		.clock = info->clock_offset,
		.file_first = INT64_MAX,
		.file_last = INT64_MIN,
		.flags = info->all_netns ? INDEX_ALL_NETNS : 0,
	};
	start_frame(f);
	f->r = tcphs_recorder_new(pack, f, info);
	return f->r ? 0 : -ENOMEM;
}

/**
 * tcphs_box_file_has_room - for another piece of events, and what comes with it?
 * @f: the file
 */
bool tcphs_box_file_has_room(const struct box_file *f)
{
	return !(f->entry.flags & INDEX_END) &&
	       f->written + f->out_len + ZSTD_compressBound(f->unflushed + ROOM) + RESERVE <=
	       f->limit;
}

static void note_time(struct box_file *f, uint64_t time)
{
	struct index_entry *e = &f->entry;
	int64_t real = real_time(e->clock, time);

	if (time < e->first)
		e->first = time;
	if (time > e->last)
		e->last = time;
	if (real < e->file_first)
		e->file_first = real;
	if (real > e->file_last)
		e->file_last = real;
}

/**
 * tcphs_box_file_event - one more
 * @f: the file
 * @ev: the event
 * @kept: the ring had it no longer
 *
 * What can't be written waits.
 */
void tcphs_box_file_event(struct box_file *f, const struct tcphs_event *ev, bool kept)
{
	start_frame(f);
	tcphs_recorder_kept(f->r, kept);
	note_time(f, ev->time);
	f->entry.events++;
	f->events++;
	f->waiting++;
	tcphs_recorder_event(f->r, ev);
	if (!tcphs_recorder_held(f->r) && !commit(f))
		write_out(f);
}

/**
 * tcphs_box_file_lost - records that were lost before the next one
 * @f: the file
 * @cpu: whose
 * @count: how many
 */
void tcphs_box_file_lost(struct box_file *f, uint32_t cpu, uint64_t count)
{
	start_frame(f);
	tcphs_recorder_lost(f->r, cpu, count);
}

/**
 * tcphs_box_file_older - records that newer ones had overwritten when it began
 * @f: the file
 * @cpu: whose
 * @count: how many
 * @time: they are of before then, CLOCK_MONOTONIC
 */
void tcphs_box_file_older(struct box_file *f, uint32_t cpu, uint64_t count, uint64_t time)
{
	start_frame(f);
	tcphs_recorder_older(f->r, cpu, count, time);
}

/**
 * tcphs_box_file_clock - the clock was set, or the machine slept
 * @f: the file
 * @clock: CLOCK_REALTIME - CLOCK_MONOTONIC from here on
 */
void tcphs_box_file_clock(struct box_file *f, int64_t clock)
{
	if (f->entry.clock == clock)
		return;
	end_frame(f);
	f->entry.clock = clock;
}

/**
 * tcphs_box_file_state - how far the recorder is
 * @f: the file
 * @state: with the number of cursors
 * @cursors: from which the next one could go on
 */
void tcphs_box_file_state(struct box_file *f, const struct piece_state *state,
		    const struct tcphs_resume *cursors)
{
	/* What was not recorded before begins a frame: the index says so. */
	if (state->what != BOX_GOES_ON && state->what != BOX_GONE && f->entry.first != UINT64_MAX)
		end_frame(f);
	start_frame(f);
	if (f->entry.first == UINT64_MAX)
		f->entry.flags |= state->what & INDEX_WHAT;
	f->entry.flags |= INDEX_STATE;
	if (state->since)
		note_time(f, state->since);
	note_time(f, state->time);
	tcphs_recorder_state(f->r, state, cursors);
	if (state->what == BOX_GONE) {
		f->entry.flags |= INDEX_GONE;
		end_frame(f);
	}
}

/**
 * tcphs_box_file_flush - write what there is
 * @f: the file
 *
 * Return: 0, or a negative errno: then it is tried again the next time.
 */
int tcphs_box_file_flush(struct box_file *f)
{
	int err = commit(f);

	return err ? err : write_out(f);
}

/**
 * tcphs_box_file_sync - have it on the disk
 * @f: the file, flushed
 *
 * Return: 0 or a negative errno: then nobody knows what is there.
 */
int tcphs_box_file_sync(struct box_file *f)
{
	if (!f->dirty)
		return 0;
	f->dirty = false;
	return fdatasync(f->fd) && errno != EINVAL ? -errno : 0;
}

/**
 * tcphs_box_file_end - the end of the file
 * @f: the file
 *
 * Return: 0, or a negative errno: then it is tried again the next time.
 */
int tcphs_box_file_end(struct box_file *f)
{
	int err = 0;

	if (!(f->entry.flags & INDEX_END)) {
		start_frame(f);
		err = tcphs_recorder_end(f->r);
		f->entry.flags |= INDEX_END;
		if (!err)
			err = end_frame(f);
	}
	if (!err)
		err = write_out(f);
	if (!err)
		err = tcphs_box_file_sync(f);
	if (!err)
		tcphs_box_file_abandon(f);
	return err;
}

/**
 * tcphs_box_file_waiting - events that are not in the file yet
 * @f: the file
 */
uint64_t tcphs_box_file_waiting(const struct box_file *f)
{
	return f->waiting;
}

/**
 * tcphs_box_file_abandon - close the file as it stands
 * @f: the file
 *
 * Return: how many events are not in it.
 */
uint64_t tcphs_box_file_abandon(struct box_file *f)
{
	uint64_t waiting = f->waiting;

	if (f->fd < 0)
		return 0;
	close(f->fd);
	f->fd = -1;
	tcphs_recorder_free(f->r);
	f->r = NULL;
	f->waiting = 0;
	f->out_len = 0;
	return waiting;
}

/**
 * tcphs_box_file_is_there - whether anybody finds it
 * @f: the file
 *
 * Return: false when its name was taken away.
 */
bool tcphs_box_file_is_there(const struct box_file *f)
{
	struct stat st;

	return fstat(f->fd, &st) || st.st_nlink;
}

/**
 * tcphs_box_file_error - why the last writing failed
 * @f: the file
 *
 * Return: a negative errno; 0: it did not.
 */
int tcphs_box_file_error(const struct box_file *f)
{
	return f->err;
}

/**
 * tcphs_box_file_events - events of the file
 * @f: the file
 */
uint64_t tcphs_box_file_events(const struct box_file *f)
{
	return f->events;
}

/**
 * tcphs_box_file_bytes - how large it is
 * @f: the file
 */
uint64_t tcphs_box_file_bytes(const struct box_file *f)
{
	return f->written;
}

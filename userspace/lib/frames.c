/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a recording: as they stand in the file, or out of frames of zstd; and the
 * index of the frames, an entry behind each. What of it was damaged is skipped: the
 * next entry is found by its signature.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "recording.h"

#define INPUT		(128 * 1024)
#define WINDOW_LOG_MAX	23		/* 8 MiB; ours are of 1 MiB */

struct frames {
	int fd;
	bool packed;
	bool section;		/* [@at, @end) is read, wherever the file stands */
	uint64_t at;		/* byte of the file with which @in begins */
	uint64_t end;
	size_t pos, len;	/* what of @in was not read yet */
	tcphs_interrupted_fn interrupted;
	void *arg;
	ZSTD_DCtx *z;
	uint8_t in[INPUT];
};

/* More input. Returns how much, 0 at the end, or a negative errno. */
static ssize_t fill(struct frames *f)
{
	uint64_t left = f->end - f->at - f->len;
	size_t want = left < INPUT ? (size_t)left : INPUT;
	ssize_t n;

	f->at += f->len;
	f->pos = 0;
	f->len = 0;
	for (;;) {
		n = f->section ? pread(f->fd, f->in, want, (off_t)f->at) :
				 read(f->fd, f->in, want);
		if (n >= 0)
			break;
		if (errno != EINTR)
			return -errno;
		if (f->interrupted && f->interrupted(f->arg))
			return -EINTR;
	}
	f->len = (size_t)n;
	return n;
}

/**
 * tcphs_frames_open - the bytes of a file
 * @fd: stays the caller's
 * @interrupted: a signal came: is it the end? May be NULL
 * @arg: its argument
 *
 * Reads the first of them, to know what they are.
 *
 * Return: for tcphs_frames_close(), or NULL without memory.
 */
struct frames *tcphs_frames_open(int fd, tcphs_interrupted_fn interrupted, void *arg)
{
	static const uint8_t magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	struct frames *f = malloc(sizeof(*f));

	if (!f)
		return NULL;
	memset(f, 0, offsetof(struct frames, in));
	f->fd = fd;
	f->end = UINT64_MAX;
	f->interrupted = interrupted;
	f->arg = arg;
	f->z = ZSTD_createDCtx();
	if (!f->z) {
		free(f);
		return NULL;
	}
	ZSTD_DCtx_setParameter(f->z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	/* What is wrong with it the first reading reports. */
	f->packed = fill(f) >= (ssize_t)sizeof(magic) && !memcmp(f->in, magic, sizeof(magic));
	return f;
}

/**
 * tcphs_frames_close - the end of it
 * @f: of tcphs_frames_open(), or NULL
 */
void tcphs_frames_close(struct frames *f)
{
	if (!f)
		return;
	ZSTD_freeDCtx(f->z);
	free(f);
}

/**
 * tcphs_frames_packed - are they frames of zstd?
 * @f: the bytes
 */
bool tcphs_frames_packed(const struct frames *f)
{
	return f->packed;
}

/**
 * tcphs_frames_section - read on elsewhere
 * @f: the bytes, of a file that can be read anywhere
 * @start: byte at which a frame begins, or of a file that is not packed any
 * @end: and where the reading ends
 * @packed: they are frames, whatever the file begins with
 */
void tcphs_frames_section(struct frames *f, uint64_t start, uint64_t end, bool packed)
{
	f->section = true;
	f->packed = packed;
	f->at = start;
	f->end = end;
	f->pos = 0;
	f->len = 0;
	ZSTD_DCtx_reset(f->z, ZSTD_reset_session_only);
}

/**
 * tcphs_frames_offset - up to which byte of the file it was read
 * @f: the bytes
 *
 * Of a file that is packed, the end of the block that was unpacked last.
 */
uint64_t tcphs_frames_offset(const struct frames *f)
{
	return f->at + f->pos;
}

static ssize_t unpack(struct frames *f, void *data, size_t len)
{
	ZSTD_outBuffer out = { data, len, 0 };
	ssize_t n;

	for (;;) {
		ZSTD_inBuffer in = { f->in, f->len, f->pos };

		if (ZSTD_isError(ZSTD_decompressStream(f->z, &out, &in)))
			return -EBADMSG;
		if (out.pos || in.pos > f->pos) {
			f->pos = in.pos;
			if (out.pos)
				return (ssize_t)out.pos;
			continue;
		}
		if (f->pos < f->len)
			return -EBADMSG;
		n = fill(f);
		if (n <= 0)
			return n;
	}
}

/**
 * tcphs_frames_read - some bytes
 * @f: where from
 * @data: gets them
 * @len: how many at the most, not 0
 *
 * Return: how many; 0: that was all; -EBADMSG: it is damaged; or another negative errno.
 */
ssize_t tcphs_frames_read(struct frames *f, void *data, size_t len)
{
	ssize_t n;

	if (f->packed)
		return unpack(f, data, len);
	if (f->pos == f->len) {
		n = fill(f);
		if (n <= 0)
			return n;
	}
	if (len > f->len - f->pos)
		len = f->len - f->pos;
	memcpy(data, f->in + f->pos, len);
	f->pos += len;
	return (ssize_t)len;
}

/* ---- the index --------------------------------------------------------------------- */

/* The entry that ends at byte @end. */
static bool read_entry(int fd, uint64_t end, struct segment *s)
{
	static const struct index_entry ours = { .magic = INDEX_MAGIC };
	struct {
		uint32_t magic, size;
		struct index_entry entry;
	} got;

	_Static_assert(sizeof(got) == INDEX_SIZE, "no padding");
	if (end <= sizeof(got) ||
	    pread(fd, &got, sizeof(got), (off_t)(end - sizeof(got))) != sizeof(got) ||
	    got.magic != INDEX_SKIPPABLE || got.size != sizeof(got.entry) ||
	    memcmp(got.entry.magic, ours.magic, sizeof(ours.magic)) ||
	    got.entry.crc != tcphs_crc32(0, &got.entry, offsetof(struct index_entry, crc)) ||
	    got.entry.start >= end - sizeof(got))
		return false;
	*s = (struct segment){ .start = got.entry.start, .end = end, .known = true,
			       .entry = got.entry };
	return true;
}

/* Where the last entry ends that ends before byte @limit; 0: there is none. */
static uint64_t search_entry(int fd, uint64_t limit)
{
	static const struct index_entry ours = { .magic = INDEX_MAGIC };
	uint8_t buf[64 * 1024 + sizeof(ours.magic)];
	uint64_t from, to = limit, end;
	struct segment s;
	ssize_t n, i;

	while (to) {
		from = to > 64 * 1024 ? to - 64 * 1024 : 0;
		/* One may lie across two of them. */
		n = pread(fd, buf, to - from + sizeof(ours.magic), (off_t)from);
		for (i = n - (ssize_t)sizeof(ours.magic); i >= 0; i--) {
			if (buf[i] != ours.magic[0] ||
			    memcmp(buf + i, ours.magic, sizeof(ours.magic)))
				continue;
			end = from + (uint64_t)i + sizeof(ours);
			if (end < limit && read_entry(fd, end, &s))
				return end;
		}
		to = from;
	}
	return 0;
}

/**
 * tcphs_frames_last - the last entry of a file
 * @fd: the file
 * @size: of it
 * @last: the entry
 *
 * Return: false when the file does not end with one: it is still being written, was cut
 * off, or is damaged.
 */
bool tcphs_frames_last(int fd, uint64_t size, struct segment *last)
{
	return read_entry(fd, size, last);
}

static int add_segment(struct segment **list, size_t *nr, const struct segment *s)
{
	struct segment *more = *list;

	/* A power of two: there is no more room. */
	if (!(*nr & (*nr - 1)))
		more = reallocarray(*list, *nr ? *nr * 2 : 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	*list = more;
	more[(*nr)++] = *s;
	return 0;
}

/**
 * tcphs_frames_index - every frame of a file, in order
 * @fd: the file
 * @size: of it
 * @list: gets them, for free()
 * @nr: and how many
 *
 * What lies between two entries, and behind the last one, is a segment that is not known.
 *
 * Return: 0 or -ENOMEM.
 */
int tcphs_frames_index(int fd, uint64_t size, struct segment **list, size_t *nr)
{
	struct segment s, before = { .known = false };
	uint64_t end = size, last;
	size_t i;

	*list = NULL;
	*nr = 0;
	for (; end; end = s.start) {
		s = before;
		if (!s.known)
			read_entry(fd, end, &s);
		before.known = false;
		if (!s.known || !s.start || !read_entry(fd, s.start, &before)) {
			/*
			 * No other one lies in its frame, unless another file was put before this:
			 * an entry counts from where its own began.
			 */
			last = search_entry(fd, end);
			if (!s.known || last > s.start)
				s = (struct segment){ .start = last, .end = end };
		}
		if (add_segment(list, nr, &s)) {
			free(*list);
			return -ENOMEM;
		}
	}
	for (i = 0; i < *nr / 2; i++) {
		s = (*list)[i];
		(*list)[i] = (*list)[*nr - 1 - i];
		(*list)[*nr - 1 - i] = s;
	}
	return 0;
}

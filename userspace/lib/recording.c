/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events in a file: Documentation/recording.md has the format.
 *
 * A head, then pieces of 64 KiB at most, each with its length, its number and a
 * checksum. A piece is handed on when all of it was read and fits its checksum,
 * so a file that was cut off or damaged gives what is whole. No number of the
 * file is used before it was checked.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

#define ORDER		0x01020304u	/* as the machine writes it */
#define ORDER_SWAPPED	0x04030201u
#define VERSION		1
#define HEAD_ALL_NETNS	(1u << 0)

static const uint8_t magic[8] = { 0x89, 't', 'c', 'p', 'h', 's', '\r', '\n' };

struct head {
	uint8_t magic[8];
	uint32_t order;
	uint16_t version;
	uint16_t size;
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t record_size;
	int64_t clock_offset;
	uint32_t flags;
	uint32_t crc;		/* of all before it */
};

enum kind {
	KIND_EVENTS = 1,
	KIND_LOST,
	KIND_END,
	KIND_CLOCK,		/* int64_t: clock_offset of the head from here on */
};

struct piece {
	uint32_t kind;
	uint32_t length;	/* of what follows */
	uint32_t number;	/* from 0, one more each time */
	uint32_t crc;		/* of all before it, and of what follows */
};

struct lost {
	uint64_t count;
	uint32_t cpu;
	uint32_t pad;
};

/* How much of it there is in the whole file. */
struct end {
	uint64_t events;
	uint64_t lost;
};

#define EVENTS_MAX	(64 * 1024 / sizeof(struct tcphs_event))
#define LENGTH_MAX	(64 * 1024)

_Static_assert(sizeof(struct head) == 40, "no padding");
_Static_assert(offsetof(struct head, crc) == 36, "the checksum is last");
_Static_assert(sizeof(struct piece) == 16, "no padding");
_Static_assert(sizeof(struct lost) == 16 && sizeof(struct end) == 16, "no padding");

static uint32_t piece_crc(const struct piece *piece, const void *data)
{
	return tcphs_crc32(tcphs_crc32(0, piece, offsetof(struct piece, crc)), data, piece->length);
}

/* ---- writing ------------------------------------------------------------- */

struct tcphs_recorder {
	tcphs_write_fn write;
	void *arg;
	int err;		/* 0 or a negative errno, sticks */
	uint32_t number;	/* of the next piece */
	uint64_t bytes;
	struct end total;	/* written and held */
	size_t held;
	struct tcphs_event event[EVENTS_MAX];
};

static void put(struct tcphs_recorder *r, const void *data, size_t len)
{
	size_t done = 0;

	if (r->err)
		return;
	r->err = r->write(r->arg, data, len, &done);
	r->bytes += done;
}

static void put_piece(struct tcphs_recorder *r, enum kind kind, const void *data, size_t len)
{
	struct piece piece = { .kind = kind, .length = (uint32_t)len, .number = r->number++ };

	piece.crc = piece_crc(&piece, data);
	put(r, &piece, sizeof(piece));
	put(r, data, len);
}

/**
 * tcphs_recorder_new - begin a recording
 * @write: how it is written
 * @arg: its first argument
 * @info: what it says about itself
 *
 * Return: for tcphs_recorder_free(), or NULL without memory.
 */
struct tcphs_recorder *tcphs_recorder_new(tcphs_write_fn write, void *arg,
					  const struct tcphs_recording_info *info)
{
	struct tcphs_recorder *r = calloc(1, sizeof(*r));
	struct head head = {
		.order = ORDER,
		.version = VERSION,
		.size = sizeof(head),
		.abi_major = TCPHS_ABI_MAJOR,
		.abi_minor = TCPHS_ABI_MINOR,
		.record_size = sizeof(struct tcphs_event),
		.clock_offset = info->clock_offset,
		.flags = info->all_netns ? HEAD_ALL_NETNS : 0,
	};

	if (!r)
		return NULL;
	r->write = write;
	r->arg = arg;
	memcpy(head.magic, magic, sizeof(magic));
	head.crc = tcphs_crc32(0, &head, offsetof(struct head, crc));
	put(r, &head, sizeof(head));
	return r;
}

/**
 * tcphs_recorder_free - let go of it; what was not flushed is gone
 * @r: the recorder, or NULL
 */
void tcphs_recorder_free(struct tcphs_recorder *r)
{
	free(r);
}

/**
 * tcphs_recorder_flush - write what is held
 * @r: the recorder
 */
int tcphs_recorder_flush(struct tcphs_recorder *r)
{
	if (r->held)
		put_piece(r, KIND_EVENTS, r->event, r->held * sizeof(r->event[0]));
	r->held = 0;
	return r->err;
}

/**
 * tcphs_recorder_event - one more
 * @r: the recorder
 * @ev: the event
 */
void tcphs_recorder_event(struct tcphs_recorder *r, const struct tcphs_event *ev)
{
	r->event[r->held++] = *ev;
	r->total.events++;
	if (r->held == EVENTS_MAX)
		tcphs_recorder_flush(r);
}

/**
 * tcphs_recorder_lost - records that were lost before the next one
 * @r: the recorder
 * @cpu: whose
 * @count: how many
 */
void tcphs_recorder_lost(struct tcphs_recorder *r, uint32_t cpu, uint64_t count)
{
	const struct lost lost = { .count = count, .cpu = cpu };

	r->total.lost += count;
	tcphs_recorder_flush(r);
	put_piece(r, KIND_LOST, &lost, sizeof(lost));
}

/**
 * tcphs_recorder_clock - the clock was set, or the machine slept
 * @r: the recorder
 * @offset: CLOCK_REALTIME - CLOCK_MONOTONIC of the events that follow, ns
 */
void tcphs_recorder_clock(struct tcphs_recorder *r, int64_t offset)
{
	tcphs_recorder_flush(r);
	put_piece(r, KIND_CLOCK, &offset, sizeof(offset));
}

/**
 * tcphs_recorder_end - write what is held, and that nothing follows
 * @r: the recorder
 */
int tcphs_recorder_end(struct tcphs_recorder *r)
{
	tcphs_recorder_flush(r);
	put_piece(r, KIND_END, &r->total, sizeof(r->total));
	return r->err;
}

/**
 * tcphs_recorder_bytes - how large the file is
 * @r: the recorder
 */
uint64_t tcphs_recorder_bytes(const struct tcphs_recorder *r)
{
	return r->bytes;
}

/* ---- reading ------------------------------------------------------------- */

struct tcphs_recording {
	int fd;
	const char *name;
	struct tcphs_recording_info info;
	int64_t first_clock;	/* of the head */
	uint64_t offset;	/* of the next piece */
	uint32_t number;	/* that it must have */
	struct end seen;	/* so far */
	tcphs_interrupted_fn interrupted;
	void *arg;		/* its argument */
	bool stopped;		/* it said so while more was awaited */
	char data[LENGTH_MAX] __attribute__((aligned(8)));
};

/* The whole of @len bytes, or as many as there are; -1 with @err set. */
static ssize_t get(struct tcphs_recording *r, void *data, size_t len, struct tcphs_error *err)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = read(r->fd, (char *)data + got, len - got);
		if (!n)
			break;
		if (n > 0) {
			got += (size_t)n;
		} else if (errno == EINTR) {
			r->stopped = r->interrupted && r->interrupted(r->arg);
			if (r->stopped)
				return -1;
		} else {
			tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot read %.128s: %s",
					r->name, strerror(errno));
			if (err)
				err->error = -errno;
			return -1;
		}
	}
	return (ssize_t)got;
}

static int damaged(const struct tcphs_recording *r, const char *what, struct tcphs_error *err)
{
	tcphs_error_set(err, TCPHS_ERR_DAMAGED,
			"%.128s: %s at byte %llu; what comes before it is whole", r->name,
			what, (unsigned long long)r->offset);
	return -1;
}

static int refused(const struct tcphs_recording *r, enum tcphs_err code, const char *what,
		   struct tcphs_error *err)
{
	tcphs_error_set(err, code, "%.128s: %s", r->name, what);
	return -1;
}

static int check_head(struct tcphs_recording *r, const struct head *head, size_t len,
		      struct tcphs_error *err)
{
	if (!len || memcmp(head->magic, magic, len < sizeof(magic) ? len : sizeof(magic)))
		return refused(r, TCPHS_ERR_FAILED, "is no recording of tcphs record", err);
	if (len < sizeof(*head))
		return refused(r, TCPHS_ERR_DAMAGED, "was cut off within its head, of 40 bytes",
			       err);
	if (head->order == ORDER_SWAPPED)
		return refused(r, TCPHS_ERR_VERSION,
			       "was made on a machine of the other byte order; read it there", err);
	if (head->order == ORDER && head->version != VERSION) {
		tcphs_error_set(err, TCPHS_ERR_VERSION,
				"%.128s: is a recording of version %u, this tool (%s) reads version %u",
				r->name, head->version, TCPHS_VERSION, VERSION);
		return -1;
	}
	if (head->crc != tcphs_crc32(0, head, offsetof(struct head, crc)) || head->order != ORDER ||
	    head->size != sizeof(*head))
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

static int read_head(struct tcphs_recording *r, struct tcphs_error *err)
{
	struct head head = { 0 };
	ssize_t len = get(r, &head, sizeof(head), err);

	if (len < 0 || check_head(r, &head, (size_t)len, err))
		return -1;
	r->info = (struct tcphs_recording_info){
		.clock_offset = head.clock_offset,
		.all_netns = head.flags & HEAD_ALL_NETNS,
	};
	r->first_clock = head.clock_offset;
	r->offset = sizeof(head);
	return 0;
}

/**
 * tcphs_recording_open - read the head of a recording
 * @fd: the file; stays open
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
	r->name = name;
	r->interrupted = interrupted;
	r->arg = arg;
	if (read_head(r, err)) {
		free(r);
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
	free(r);
}

/**
 * tcphs_recording_info - what it says about itself
 * @r: the recording
 */
const struct tcphs_recording_info *tcphs_recording_info(const struct tcphs_recording *r)
{
	return &r->info;
}

/* Reads a piece into @r->data. 1, or -1 with @err set. */
static int get_piece(struct tcphs_recording *r, struct piece *piece, struct tcphs_error *err)
{
	ssize_t len = get(r, piece, sizeof(*piece), err);

	if (len < 0)
		return -1;
	if (!len)
		return damaged(r, "has no end: it was cut off, or is still being written,", err);
	if ((size_t)len < sizeof(*piece))
		return damaged(r, "was cut off within the piece", err);
	if (piece->length > LENGTH_MAX)
		return damaged(r, "is damaged (length)", err);
	len = get(r, r->data, piece->length, err);
	if (len < 0)
		return -1;
	if ((size_t)len < piece->length)
		return damaged(r, "was cut off within the piece", err);
	if (piece->crc != piece_crc(piece, r->data))
		return damaged(r, "is damaged (checksum)", err);
	if (piece->number != r->number)
		return damaged(r, "lacks a piece, or has one twice,", err);
	return 1;
}

static int emit_events(struct tcphs_recording *r, const struct piece *piece,
		       const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	const char *p = r->data, *end = p + piece->length;
	struct tcphs_event ev;

	if (!piece->length || piece->length % sizeof(ev))
		return damaged(r, "is damaged (events)", err);
	for (; p < end; p += sizeof(ev), r->seen.events++) {
		memcpy(&ev, p, sizeof(ev));
		ops->record(arg, &ev);
	}
	return 1;
}

static int emit_lost(struct tcphs_recording *r, const struct piece *piece,
		     const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	struct lost lost;

	if (piece->length != sizeof(lost))
		return damaged(r, "is damaged (losses)", err);
	memcpy(&lost, r->data, sizeof(lost));
	r->seen.lost += lost.count;
	if (ops->lost)
		ops->lost(arg, lost.cpu, lost.count);
	return 1;
}

static int take_clock(struct tcphs_recording *r, const struct piece *piece,
		      struct tcphs_error *err)
{
	if (piece->length != sizeof(r->info.clock_offset))
		return damaged(r, "is damaged (clock)", err);
	memcpy(&r->info.clock_offset, r->data, sizeof(r->info.clock_offset));
	return 1;
}

static int check_end(struct tcphs_recording *r, const struct piece *piece,
		     struct tcphs_error *err)
{
	struct end end;
	ssize_t more;
	char byte;

	if (piece->length != sizeof(end))
		return damaged(r, "is damaged (end)", err);
	memcpy(&end, r->data, sizeof(end));
	if (end.events != r->seen.events || end.lost != r->seen.lost)
		return damaged(r, "is damaged (totals)", err);
	r->offset += sizeof(*piece) + piece->length;
	more = get(r, &byte, 1, err);
	if (more > 0)
		return damaged(r, "goes on after its end,", err);
	return (int)more;
}

/**
 * tcphs_recording_read - the next piece
 * @r: the recording
 * @ops: called for what is in it
 * @arg: what with
 * @err: why not
 *
 * Return: 1 when there is more, 0 at the end, -1 with @err set. It is the end, too, when
 * more is waited for, a signal comes and @interrupted of tcphs_recording_open() says so.
 */
int tcphs_recording_read(struct tcphs_recording *r, const struct tcphs_events_ops *ops, void *arg,
			 struct tcphs_error *err)
{
	struct piece piece;
	int ret;

	ret = get_piece(r, &piece, err);
	if (r->stopped)
		return 0;
	if (ret < 0)
		return ret;
	if (piece.kind == KIND_EVENTS)
		ret = emit_events(r, &piece, ops, arg, err);
	else if (piece.kind == KIND_LOST)
		ret = emit_lost(r, &piece, ops, arg, err);
	else if (piece.kind == KIND_END)
		return check_end(r, &piece, err);
	else if (piece.kind == KIND_CLOCK)
		ret = take_clock(r, &piece, err);
	if (ret < 0)
		return ret;
	/* Other kinds are of a newer tool and are passed over. */
	r->offset += sizeof(piece) + piece.length;
	r->number++;
	return 1;
}

/**
 * tcphs_recording_seekable - can it be read again?
 * @r: the recording
 */
bool tcphs_recording_seekable(const struct tcphs_recording *r)
{
	return lseek(r->fd, 0, SEEK_CUR) >= 0;
}

/**
 * tcphs_recording_rewind - begin again with the first piece
 * @r: the recording
 * @err: why not
 */
int tcphs_recording_rewind(struct tcphs_recording *r, struct tcphs_error *err)
{
	if (lseek(r->fd, sizeof(struct head), SEEK_SET) < 0)
		return refused(r, TCPHS_ERR_FAILED, "cannot be read twice", err);
	r->offset = sizeof(struct head);
	r->number = 0;
	r->info.clock_offset = r->first_clock;
	memset(&r->seen, 0, sizeof(r->seen));
	return 0;
}

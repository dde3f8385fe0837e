/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events into a file: Documentation/recording.md has the format.
 *
 * A head, then pieces of 64 KiB at most, each with its length, its number and a
 * checksum.
 */
#include <stdlib.h>

#include "recording.h"

/**
 * tcphs_piece_crc - the checksum that a piece must have
 * @piece: its head
 * @data: its content
 */
uint32_t tcphs_piece_crc(const struct piece *piece, const void *data)
{
	return tcphs_crc32(tcphs_crc32(0, piece, offsetof(struct piece, crc)), data, piece->length);
}

/* Cgroups whose names were written last, by the low bits of their numbers. */
#define NAMED	512

struct tcphs_recorder {
	struct tcphs_cgroups *cgroups;	/* who knows their names; NULL: nobody */
	uint64_t named[NAMED];
	size_t names_len;	/* bytes of names since the last piece of events */
	tcphs_write_fn write;
	void *arg;
	int err;		/* 0 or a negative errno, sticks */
	uint32_t number;	/* of the next piece */
	uint64_t bytes;
	struct piece_end total;	/* written and held */
	bool kept;		/* only the kept store had what is held */
	size_t held;
	struct tcphs_event event[PIECE_EVENTS_MAX];
};

static void put(struct tcphs_recorder *r, const void *data, size_t len)
{
	size_t done = 0;

	if (r->err)
		return;
	r->err = r->write(r->arg, data, len, &done);
	r->bytes += done;
}

static void put_piece(struct tcphs_recorder *r, enum piece_kind kind, const void *data, size_t len)
{
	struct piece piece = { .kind = kind, .length = (uint32_t)len, .number = r->number++ };

	piece.crc = tcphs_piece_crc(&piece, data);
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
	struct recording_head head = {
		.magic = RECORDING_MAGIC,
		.order = RECORDING_ORDER,
		.version = RECORDING_VERSION,
		.size = sizeof(head),
		.abi_major = TCPHS_ABI_MAJOR,
		.abi_minor = TCPHS_ABI_MINOR,
		.record_size = sizeof(struct tcphs_event),
		.clock_offset = info->clock_offset,
		.flags = info->all_netns ? RECORDING_ALL_NETNS : 0,
	};

	if (!r)
		return NULL;
	r->write = write;
	r->arg = arg;
	r->cgroups = info->cgroups;
	head.crc = tcphs_crc32(0, &head, offsetof(struct recording_head, crc));
	put(r, &head, sizeof(head));
	tcphs_recorder_host(r, &info->host);
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
	if (r->held && r->kept)
		put_piece(r, PIECE_KEPT, NULL, 0);
	if (r->held)
		put_piece(r, PIECE_EVENTS, r->event, r->held * sizeof(r->event[0]));
	r->held = 0;
	r->names_len = 0;
	return r->err;
}

/**
 * tcphs_recorder_new_frame - what follows is read without what comes before it
 * @r: the recorder
 */
void tcphs_recorder_new_frame(struct tcphs_recorder *r)
{
	memset(r->named, 0, sizeof(r->named));
}

/* Before the events that need it; of more than a piece's length at once the rest comes later. */
static void put_name(struct tcphs_recorder *r, uint64_t id)
{
	const struct tcphs_cgroup *cgroup = tcphs_cgroups_find(r->cgroups, id);
	char content[sizeof(id) + TCPHS_CGROUP_PATH_LEN];
	size_t len = cgroup ? strlen(cgroup->path) : 0;

	if (len >= TCPHS_CGROUP_PATH_LEN || r->names_len + len > PIECE_LENGTH_MAX)
		return;
	r->named[id % NAMED] = id;
	if (!cgroup)
		return;
	r->names_len += sizeof(struct piece) + sizeof(id) + len;
	memcpy(content, &id, sizeof(id));
	memcpy(content + sizeof(id), cgroup->path, len);
	put_piece(r, PIECE_CGROUP, content, sizeof(id) + len);
}

/**
 * tcphs_recorder_event - one more
 * @r: the recorder
 * @ev: the event
 */
void tcphs_recorder_event(struct tcphs_recorder *r, const struct tcphs_event *ev)
{
	if (r->cgroups && ev->id.cgroup && r->named[ev->id.cgroup % NAMED] != ev->id.cgroup)
		put_name(r, ev->id.cgroup);
	r->event[r->held++] = *ev;
	r->total.events++;
	if (r->held == PIECE_EVENTS_MAX)
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
	const struct piece_lost lost = { .count = count, .cpu = cpu };

	r->total.lost += count;
	tcphs_recorder_flush(r);
	put_piece(r, PIECE_LOST, &lost, sizeof(lost));
}

/**
 * tcphs_recorder_older - records that newer ones had overwritten when it began
 * @r: the recorder
 * @cpu: whose, or TCPHS_NO_CPU
 * @count: how many
 * @time: they are of before then, CLOCK_MONOTONIC
 */
void tcphs_recorder_older(struct tcphs_recorder *r, uint32_t cpu, uint64_t count, uint64_t time)
{
	const struct piece_older older = { .count = count, .time = time, .cpu = cpu };

	tcphs_recorder_flush(r);
	put_piece(r, PIECE_OLDER, &older, sizeof(older));
}

/**
 * tcphs_recorder_kept - from here on, or no longer, events that only the kept store had
 * @r: the recorder
 * @kept: which
 */
void tcphs_recorder_kept(struct tcphs_recorder *r, bool kept)
{
	if (r->kept != kept)
		tcphs_recorder_flush(r);
	r->kept = kept;
}

/**
 * tcphs_recorder_clock - the clock was set, or the machine slept
 * @r: the recorder
 * @offset: CLOCK_REALTIME - CLOCK_MONOTONIC of the events that follow, ns
 */
void tcphs_recorder_clock(struct tcphs_recorder *r, int64_t offset)
{
	tcphs_recorder_flush(r);
	put_piece(r, PIECE_CLOCK, &offset, sizeof(offset));
}

/**
 * tcphs_recorder_host - whose events follow
 * @r: the recorder
 * @host: the machine; one that is not known is left out
 */
void tcphs_recorder_host(struct tcphs_recorder *r, const struct tcphs_host *host)
{
	if (!tcphs_host_known(host))
		return;
	tcphs_recorder_flush(r);
	/* Numbers of cgroups are of a boot. */
	tcphs_recorder_new_frame(r);
	put_piece(r, PIECE_HOST, host, sizeof(*host));
}

/**
 * tcphs_recorder_end - write what is held, and that nothing follows
 * @r: the recorder
 */
int tcphs_recorder_end(struct tcphs_recorder *r)
{
	tcphs_recorder_flush(r);
	put_piece(r, PIECE_END, &r->total, sizeof(r->total));
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

/**
 * tcphs_recorder_state - how far the recorder is
 * @r: the recorder
 * @state: with the number of cursors
 * @cursors: from which the next one could go on; as many as a piece has room for, or none
 */
void tcphs_recorder_state(struct tcphs_recorder *r, const struct piece_state *state,
			  const struct tcphs_resume *cursors)
{
	size_t len = sizeof(*state) + state->nr * sizeof(*cursors);
	struct piece_state alone = *state;
	char *content = len <= PIECE_LENGTH_MAX ? malloc(len) : NULL;

	tcphs_recorder_flush(r);
	if (content) {
		memcpy(content, state, sizeof(*state));
		if (state->nr)
			memcpy(content + sizeof(*state), cursors, state->nr * sizeof(*cursors));
		put_piece(r, PIECE_STATE, content, len);
	} else {
		alone.nr = 0;
		put_piece(r, PIECE_STATE, &alone, sizeof(alone));
	}
	free(content);
}

/**
 * tcphs_recorder_number - of the next piece
 * @r: the recorder
 */
uint32_t tcphs_recorder_number(const struct tcphs_recorder *r)
{
	return r->number;
}

/**
 * tcphs_recorder_held - how many events are not written yet
 * @r: the recorder
 */
size_t tcphs_recorder_held(const struct tcphs_recorder *r)
{
	return r->held;
}

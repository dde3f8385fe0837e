/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The formats of Documentation/recording.md, and what these files share:
 *
 *	recorder.c	head and pieces, written
 *	recording.c	head and pieces, read
 *	frames.c	the bytes of a file, as they are or out of frames of zstd, and their index
 *	box.c		a directory of recordings, read as one
 *	box_file.c	a file of such a directory, as it is written
 *	box_place.c	where in the module's rings its recorder stands
 *	box_writer.c	such a directory, kept within its bounds
 */
#ifndef TCPHS_RECORDING_H
#define TCPHS_RECORDING_H

#include "internal.h"

/* ---- head and pieces ----------------------------------------------------- */

#define RECORDING_ORDER		0x01020304u	/* as the machine writes it */
#define RECORDING_SWAPPED	0x04030201u
#define RECORDING_VERSION	1
#define RECORDING_ALL_NETNS	(1u << 0)

#define RECORDING_MAGIC { 0x89, 't', 'c', 'p', 'h', 's', '\r', '\n' }

struct recording_head {
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

enum piece_kind {
	PIECE_EVENTS = 1,
	PIECE_LOST,
	PIECE_END,
	PIECE_CLOCK,		/* int64_t: clock_offset of the head from here on */
	PIECE_STATE,		/* struct piece_state and its cursors */
	PIECE_OLDER,		/* struct piece_older */
	PIECE_KEPT,		/* nothing: of the next piece, events, the ring had none any more */
	PIECE_HOST,		/* struct tcphs_host: whose events follow */
	PIECE_CGROUP,		/* uint64_t: number of a cgroup; its path, without a NUL */
};

struct piece {
	uint32_t kind;
	uint32_t length;	/* of what follows */
	uint32_t number;	/* from 0, one more each time */
	uint32_t crc;		/* of all before it, and of what follows */
};

struct piece_lost {
	uint64_t count;
	uint32_t cpu;		/* or TCPHS_NO_CPU */
	uint32_t pad;
};

/* What the recorder could not find when it began: newer records had taken the place. */
struct piece_older {
	uint64_t count;
	uint64_t time;		/* CLOCK_MONOTONIC: of before then */
	uint32_t cpu;		/* or TCPHS_NO_CPU */
	uint32_t pad;
};

/* How much of it there is in the whole file. */
struct piece_end {
	uint64_t events;
	uint64_t lost;
};

enum box_what {
	BOX_GOES_ON,
	BOX_BEGINS,		/* a recorder */
	BOX_BACK,		/* the module, loaded anew */
	BOX_GONE,		/* the module; nothing is recorded from here on */
	BOX_DISK,		/* another file after a disk that took nothing */
};

/* How far the recorder is. So many struct tcphs_resume follow. */
struct piece_state {
	uint64_t time;		/* CLOCK_MONOTONIC: all up to then is recorded */
	uint64_t since;		/* and from then on; with BOX_GOES_ON 0 */
	uint64_t load;		/* of the module */
	uint32_t what;		/* enum box_what */
	uint32_t netns;		/* whose events; 0: all */
	uint32_t filtered;	/* not all of these: tcphs_filter_hash() */
	uint32_t nr;
};

#define PIECE_EVENTS_MAX	(64 * 1024 / sizeof(struct tcphs_event))
#define PIECE_LENGTH_MAX	(64 * 1024)

_Static_assert(sizeof(struct recording_head) == 40, "no padding");
_Static_assert(offsetof(struct recording_head, crc) == 36, "the checksum is last");
_Static_assert(sizeof(struct piece) == 16, "no padding");
_Static_assert(sizeof(struct piece_lost) == 16 && sizeof(struct piece_end) == 16 &&
	       sizeof(struct piece_older) == 24 && sizeof(struct tcphs_host) == 80, "no padding");
_Static_assert(sizeof(struct piece_state) == 40 && sizeof(struct tcphs_resume) == 16,
	       "no padding");

uint32_t tcphs_piece_crc(const struct piece *piece, const void *data);
void tcphs_recorder_state(struct tcphs_recorder *r, const struct piece_state *state,
			  const struct tcphs_resume *cursors);
void tcphs_recorder_kept(struct tcphs_recorder *r, bool kept);
uint32_t tcphs_recorder_number(const struct tcphs_recorder *r);
size_t tcphs_recorder_held(const struct tcphs_recorder *r);
void tcphs_recorder_new_frame(struct tcphs_recorder *r);

/* ---- frames (frames.c) --------------------------------------------------- */

#define INDEX_MAGIC { 0x89, 't', 'c', 'p', 'h', 's', 'i', '\n' }

/* After each frame, as a skippable one: what is in it. The last one knows of them all. */
struct index_entry {
	uint8_t magic[8];
	uint64_t start;			/* byte at which the frame begins */
	uint64_t first, last;		/* CLOCK_MONOTONIC of what is in it; first > last: nothing */
	int64_t clock;			/* what makes time of day of these */
	int64_t file_first, file_last;	/* CLOCK_REALTIME of all frames up to here */
	uint32_t events;
	uint32_t bytes;			/* that it unpacks to */
	uint32_t flags;			/* INDEX_* */
	uint32_t crc;			/* of all before it */
};

#define INDEX_WHAT	0xffu		/* enum box_what of a state with which it begins */
#define INDEX_STATE	(1u << 8)	/* there is a state in it */
#define INDEX_GONE	(1u << 9)	/* it ends with BOX_GONE */
#define INDEX_END	(1u << 10)	/* and with the end of the recording */
#define INDEX_ALL_NETNS	(1u << 11)	/* as the head has it */
#define INDEX_ABI	16		/* from this bit on, TCPHS_ABI_MAJOR */

#define INDEX_SKIPPABLE	0x184d2a5eu
#define INDEX_SIZE	(8 + sizeof(struct index_entry))

_Static_assert(sizeof(struct index_entry) == 72, "no padding");

/* A frame, or what can't be told apart. */
struct segment {
	uint64_t start, end;		/* bytes of the file */
	bool known;			/* @entry is there */
	struct index_entry entry;
};

/* The bytes of a file. */
struct frames;

struct frames *tcphs_frames_open(int fd, tcphs_interrupted_fn interrupted, void *arg);
void tcphs_frames_close(struct frames *f);
bool tcphs_frames_packed(const struct frames *f);
void tcphs_frames_section(struct frames *f, uint64_t start, uint64_t end, bool packed);
uint64_t tcphs_frames_offset(const struct frames *f);
ssize_t tcphs_frames_read(struct frames *f, void *data, size_t len);

bool tcphs_frames_last(int fd, uint64_t size, struct segment *last);
int tcphs_frames_index(int fd, uint64_t size, struct segment **list, size_t *nr);

/* ---- recordings (recording.c) -------------------------------------------- */

typedef void (*box_state_fn)(void *arg, const struct piece_state *state,
			     const struct tcphs_resume *cursors);

/* Where a recorder stands, of what is in the pieces up to there: the same for who writes them. */
struct box_place {
	struct piece_state state;	/* the last; of its @nr nothing */
	struct tcphs_resume *cursor;
	size_t nr, cap;
	bool no_memory;
};

void tcphs_place_state(struct box_place *p, const struct piece_state *state,
		       const struct tcphs_resume *cursors);
void tcphs_place_event(struct box_place *p, const struct tcphs_event *ev);
void tcphs_place_lost(struct box_place *p, uint32_t cpu, uint64_t count);
void tcphs_place_older(struct box_place *p, uint32_t cpu, uint64_t count);

/* Of one file. */
struct recording {
	struct frames *frames;
	const char *name;
	struct tcphs_recording_info info;
	int64_t first_clock;	/* of the head */
	uint64_t offset;	/* of the next piece */
	uint32_t number;	/* that it must have */
	uint32_t kind;		/* of the last one */
	bool any_number;	/* it may have any: what comes before it was not read */
	bool parts;		/* not all of it is read */
	bool kept;		/* the last piece said so of the next one */
	bool stopped;		/* the user ended the wait for more */
	struct piece_end seen;	/* so far */
	box_state_fn on_state;	/* or NULL */
	void *state_arg;
	char data[PIECE_LENGTH_MAX] __attribute__((aligned(8)));
};

int tcphs_pieces_open(struct recording *r, int fd, const char *name,
		      tcphs_interrupted_fn interrupted, void *arg, struct tcphs_error *err);
int tcphs_pieces_head(struct recording *r, struct tcphs_error *err);
void tcphs_pieces_close(struct recording *r);
int tcphs_pieces_read(struct recording *r, const struct tcphs_events_ops *ops, void *arg,
		   struct tcphs_error *err);

/* ---- directories (box.c) ------------------------------------------------- */

/* Files that can be read anywhere: those of a directory, or one. */
struct box;

struct box *tcphs_folder_open(int fd, const char *name, struct tcphs_error *err);
struct box *tcphs_folder_open_file(int fd, const char *name, struct tcphs_error *err);
void tcphs_folder_close(struct box *b);
size_t tcphs_folder_others(const struct box *b, char *name);
bool tcphs_folder_is_directory(const struct box *b);
const struct tcphs_recording_info *tcphs_folder_info(const struct box *b);
int tcphs_folder_read(struct box *b, const struct tcphs_events_ops *ops, void *arg,
	     struct tcphs_error *err);
void tcphs_folder_rewind(struct box *b);
bool tcphs_folder_near_end(struct box *b, size_t frames);
void tcphs_folder_window(struct box *b, int64_t since, int64_t until);

bool tcphs_folder_tail(struct box *b, const struct tcphs_events_ops *ops, box_state_fn state,
		       void *arg);

#define BOX_NAME_LEN	40		/* "0000000001-20261128T031000Z.rec.zst" */

struct box_name {
	uint64_t number;
	char name[BOX_NAME_LEN];
};

int tcphs_folder_list(int dir, struct box_name **list, size_t *nr);

/* ---- a file of a directory (box_file.c) ---------------------------------- */

struct box_file;

struct box_file *tcphs_box_file_new(uint64_t limit);
void tcphs_box_file_free(struct box_file *f);
int tcphs_box_file_begin(struct box_file *f, int fd, const struct tcphs_recording_info *info);
bool tcphs_box_file_has_room(const struct box_file *f);
void tcphs_box_file_event(struct box_file *f, const struct tcphs_event *ev, bool kept);
void tcphs_box_file_lost(struct box_file *f, uint32_t cpu, uint64_t count);
void tcphs_box_file_older(struct box_file *f, uint32_t cpu, uint64_t count, uint64_t time);
void tcphs_box_file_clock(struct box_file *f, int64_t clock);
void tcphs_box_file_state(struct box_file *f, const struct piece_state *state,
		    const struct tcphs_resume *cursors);
int tcphs_box_file_flush(struct box_file *f);
int tcphs_box_file_sync(struct box_file *f);
int tcphs_box_file_end(struct box_file *f);
bool tcphs_box_file_is_there(const struct box_file *f);
uint64_t tcphs_box_file_waiting(const struct box_file *f);
uint64_t tcphs_box_file_abandon(struct box_file *f);
int tcphs_box_file_error(const struct box_file *f);
uint64_t tcphs_box_file_events(const struct box_file *f);
uint64_t tcphs_box_file_bytes(const struct box_file *f);

#endif /* TCPHS_RECORDING_H */

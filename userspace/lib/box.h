/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory of recordings that is kept within bounds (box_writer.c).
 *
 * So many files at the most, none larger than a limit: the oldest gives way. What the disk
 * does not take waits; whoever writes waits with it, as the module's ring has more room
 * than this. Files are never written over: whoever comes next begins a new one.
 */
#ifndef TCPHS_BOX_H
#define TCPHS_BOX_H

#include "recording.h"

struct tcphs_box;

#define TCPHS_BOX_SIZE_MIN	(1024 * 1024)
#define TCPHS_BOX_KEEP_MIN	2

/**
 * struct tcphs_box_how - how a directory is kept
 * @directory: its name; must stay
 * @size: bytes that none of its files exceeds
 * @keep: files at the most, the one that is being written included
 * @age: ns after which a new file is begun; 0: only the size counts
 * @info: what each file says about itself
 */
struct tcphs_box_how {
	const char *directory;
	uint64_t size;
	uint32_t keep;
	uint64_t age;
	struct tcphs_recording_info info;
};

struct tcphs_box *tcphs_box_open(const struct tcphs_box_how *how, struct tcphs_error *err);
void tcphs_box_close(struct tcphs_box *b);
int tcphs_box_last(struct tcphs_box *b, struct box_place *last);

void tcphs_box_event(struct tcphs_box *b, const struct tcphs_event *ev);
void tcphs_box_kept(struct tcphs_box *b, const struct tcphs_event *ev);
void tcphs_box_pass(struct tcphs_box *b, const struct tcphs_event *ev);
void tcphs_box_older(struct tcphs_box *b, uint32_t cpu, uint64_t count, uint64_t time);
void tcphs_box_lost(struct tcphs_box *b, uint32_t cpu, uint64_t count);
void tcphs_box_clock(struct tcphs_box *b, int64_t offset);
void tcphs_box_state(struct tcphs_box *b, const struct piece_state *state,
		     const struct tcphs_resume *cursors);
int tcphs_box_error(const struct tcphs_box *b);
int tcphs_box_flush(struct tcphs_box *b);
int tcphs_box_end(struct tcphs_box *b);

struct tcphs_box_totals {
	uint64_t events;	/* that were taken */
	uint64_t lost;		/* overwritten in the ring before they were read */
	uint64_t older;		/* and before the first look at it */
	uint64_t unwritten;	/* taken, and in no file; those that wait included */
	uint64_t bytes;		/* of all files that were written */
	uint64_t files;
};

void tcphs_box_totals(const struct tcphs_box *b, struct tcphs_box_totals *totals);

#endif /* TCPHS_BOX_H */

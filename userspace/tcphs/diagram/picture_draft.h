/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the steps of a picture share while its rows are made: picture.c has the
 * rows, picture_open.c and picture_close.c what each event puts into them.
 */
#ifndef TCPHS_PICTURE_DRAFT_H
#define TCPHS_PICTURE_DRAFT_H

#include "picture.h"

/* The events of one call, and what is known of them together. */
struct draft {
	struct tcphs_picture *p;
	const struct tcphs_event *const *ev;
	size_t nr, at;		/* @at: the one that is being drawn */
	struct tcphs_flight *flight;
	size_t flights;
	const struct tcphs_event *closed[2];	/* of each side, NULL: not in here */
	const struct tcphs_event *half;		/* the second FIN */
	bool spent[2];		/* the next of this side has been drawn with one before */
	bool fin_drawn[2];	/* the FIN that comes next has been, as it confirmed ours */
};

typedef void (*draft_step)(struct draft *d, const struct tcphs_event *ev, unsigned int side);

/* Never NULL: without memory rows are lost and @err says so. Moves the others. */
struct tcphs_row *draft_row(struct tcphs_picture *p, uint64_t time);

/* Appends, after a comma where there is something already. */
void draft_note(struct tcphs_row *row, unsigned int side, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends without one. */
void draft_more(struct tcphs_row *row, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void draft_reason(struct tcphs_row *row, unsigned int side, const struct tcphs_event *ev);

/* @ns as text in @text, TCPHS_DURATION_LEN bytes. */
const char *draft_time(const struct tcphs_picture *p, uint64_t ns, char *text);

/* A side comes to a state; or must be in it, unseen, having sent this. */
void draft_enter(struct tcphs_picture *p, struct tcphs_row *row, unsigned int side,
		 unsigned int state);
void draft_guess(struct tcphs_picture *p, struct tcphs_row *row, unsigned int side,
		 unsigned int state);

/* This event's part in a segment of that kind, or NULL. */
struct tcphs_flight *draft_flight(const struct draft *d, unsigned int kind, bool arrives);

/*
 * Draws it into @row, or into a row of its own; NULL where there is nothing to be
 * drawn. Numbers are those of the event unless others are set.
 */
struct tcphs_arrow *draft_arrow(struct draft *d, struct tcphs_row *row, unsigned int kind,
				bool arrives);
struct tcphs_arrow *draft_arrow_apart(struct draft *d, uint64_t time, unsigned int kind,
				      bool arrives);
void draft_numbers(struct tcphs_arrow *a, bool has_seq, uint32_t seq, bool has_ack,
		   uint32_t ack);

/* The next event of a side in this call, or NULL; @at (may be NULL): its place. */
const struct tcphs_event *draft_next(const struct draft *d, unsigned int side, size_t *at);

/* False: it is no step of theirs. */
bool draft_open(struct draft *d, const struct tcphs_event *ev, unsigned int side);
bool draft_close(struct draft *d, const struct tcphs_event *ev, unsigned int side);

#endif /* TCPHS_PICTURE_DRAFT_H */

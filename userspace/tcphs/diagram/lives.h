/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events sorted into lives: the steps of one connection of one socket. The two
 * ends of a connection are two lives when both are on this machine.
 *
 * Which lives there are, and which events of them are kept, are two things: a reader
 * of many events may go over them once to learn the lives, and a second time to keep
 * what it wants to draw.
 */
#ifndef TCPHS_LIVES_H
#define TCPHS_LIVES_H

#include "hash.h"
#include "internal.h"

#define TCPHS_NO_LIFE UINT32_MAX

/* Of a life the first and the last of its events are kept, so many of each. */
#define TCPHS_LIFE_STEPS	64

/* Lives in one picture, at most. */
#define TCPHS_MEMBERS_MAX	32

struct tcphs_lifeline {
	struct tcphs_ident id;	/* of its latest event */
	uint32_t flags;		/* TCPHS_F_ISN and TCPHS_F_PEER_ISN, once they are known */
	bool over;		/* nothing can follow */
	bool closed;		/* but TIME_WAIT, or another connection of the socket */
	bool taken_out;		/* with TCP_REPAIR: it may go on in another socket */
	bool wanted;		/* by whoever reads; see tcphs_lives_choose() */
	bool cut;		/* its machine was booted: nothing can follow */
	uint32_t boot;		/* these three of struct tcphs_lives, when it began */
	int64_t clock;
	uint64_t shift;
	uint64_t begin, end;	/* first and last event, ns */
	uint64_t from;		/* the number of the first, of all that came */
	uint64_t listener;	/* its cookie; 0: not known */
	uint32_t kept;		/* events */
	uint32_t left_out;	/* events between the first and the last ones */
	uint32_t first, half, last;	/* kept events: @half ends the first ones */
};

/* An event that is kept. */
struct tcphs_kept {
	struct tcphs_event ev;
	uint64_t order;		/* in which they came */
	uint32_t later;		/* the next one of this life */
};

struct tcphs_lives {
	struct tcphs_kept *kept;
	uint32_t nr, cap;
	uint64_t order;
	struct tcphs_lifeline *life;
	uint32_t lives, lives_cap;
	struct hash hash;		/* what finds them */
	uint32_t boot;			/* see tcphs_lives_boot() */
	uint64_t came;			/* events; the second time again from the first on */
	/* The caller sets, of the events that come: */
	int64_t clock;			/* what makes time of day of their times */
	uint64_t shift;			/* what was added to these */
	uint64_t work;			/* its nodes that were looked at, ever */
};

/*
 * All zero is an empty collection. The life that an event belongs to, made if it is
 * new: TCPHS_NO_LIFE for events of listeners, and without memory (@err is -ENOMEM).
 */
uint32_t tcphs_lives_see(struct tcphs_lives *l, const struct tcphs_event *ev, int *err);

/*
 * The machine was booted, of which all is: no event that comes is of a life there is. Told again
 * where the events come a second time.
 */
void tcphs_lives_boot(struct tcphs_lives *l);

/*
 * Begin again with the first event: what was seen is known, nothing new is made.
 * tcphs_lives_find() must get the same events in the same order.
 */
void tcphs_lives_restart(struct tcphs_lives *l);
uint32_t tcphs_lives_find(struct tcphs_lives *l, const struct tcphs_event *ev);

/* 0, or -ENOMEM. tcphs_lives_add() sees and keeps. */
int tcphs_lives_keep(struct tcphs_lives *l, uint32_t life, const struct tcphs_event *ev);
int tcphs_lives_add(struct tcphs_lives *l, const struct tcphs_event *ev);

void tcphs_lives_clear(struct tcphs_lives *l);
void tcphs_lives_free(struct tcphs_lives *l);

/* Does @b belong into a picture of @a: the same, its other end, or a segment of it? */
bool tcphs_lives_belong(const struct tcphs_lives *l, uint32_t a, uint32_t b);

/* All that do, @life first; how many. */
size_t tcphs_lives_members(struct tcphs_lives *l, uint32_t life,
			   uint32_t member[TCPHS_MEMBERS_MAX]);

/* The life that leads the picture @life belongs into: the one that opened, if it is here. */
uint32_t tcphs_lives_lead(struct tcphs_lives *l, uint32_t life);

/* Could this event be of a life that belongs to @life? Makes none. */
bool tcphs_lives_concern(struct tcphs_lives *l, uint32_t life, const struct tcphs_event *ev);

/*
 * The kept events of the picture that @life leads, in order, those after @after (an
 * @order; 0: all). The array is the caller's to free; NULL without memory.
 */
const struct tcphs_kept **tcphs_lives_events(struct tcphs_lives *l, uint32_t life, uint64_t after,
					     size_t *nr);

/* Nothing can follow: the sockets are closed, and TIME_WAIT, if there was one, over; or cut. */
bool tcphs_lives_over(struct tcphs_lives *l, uint32_t life);

/* One that belongs to it and did not end before its machine was booted; TCPHS_NO_LIFE: none. */
uint32_t tcphs_lives_cut(struct tcphs_lives *l, uint32_t life);

/*
 * The leads of pictures with a life that is wanted, the newest @max of them: those of
 * connections before those of segments that met no socket. Into @chosen, the oldest
 * first; @total (may be NULL): how many there are. How many were chosen, or -ENOMEM.
 */
int64_t tcphs_lives_choose(struct tcphs_lives *l, uint32_t max, uint32_t *chosen,
			   uint32_t *total);

/*
 * Forgets lives, those that ended first, until @keep are left, but none of the newest
 * @max pictures with a life that is wanted. No event may be kept. How many pictures
 * that were wanted are forgotten, or -ENOMEM.
 */
int64_t tcphs_lives_forget(struct tcphs_lives *l, uint32_t keep, uint32_t max);

#endif /* TCPHS_LIVES_H */

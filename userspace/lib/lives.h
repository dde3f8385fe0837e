/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events sorted into lives: the steps of one connection of one socket. The two
 * ends of a connection are two lives when both are on this machine.
 */
#ifndef TCPHS_LIVES_H
#define TCPHS_LIVES_H

#include "tcphs_lib.h"

#define TCPHS_NO_LIFE UINT32_MAX

struct tcphs_lifeline {
	struct tcphs_ident id;	/* of its latest event */
	uint16_t flags;		/* TCPHS_F_ISN and TCPHS_F_PEER_ISN, once they are known */
	uint64_t begin, end;	/* first and last event, ns */
	uint32_t next;		/* with the same pair of addresses and ports */
};

struct tcphs_lives {
	struct tcphs_event *ev;	/* in the order they were added */
	uint32_t *life_of;	/* of each event */
	uint32_t *later;	/* the next event with the same pair */
	uint32_t nr, cap;
	struct tcphs_lifeline *life;
	uint32_t lives, lives_cap;
	struct tcphs_pair *pair;
	uint32_t pairs, pairs_cap;
	uint32_t *bucket;	/* first pair of each, a power of two of them */
	uint32_t buckets;
};

/* All zero is an empty collection. 0, or -ENOMEM; events of listeners are left out. */
int tcphs_lives_add(struct tcphs_lives *l, const struct tcphs_event *ev);
void tcphs_lives_clear(struct tcphs_lives *l);
void tcphs_lives_free(struct tcphs_lives *l);

/* Is it between the same addresses and ports, in either direction? */
bool tcphs_lives_same_pair(const struct tcphs_lives *l, uint32_t life,
			   const struct tcphs_event *ev);

/* Does @b belong into a picture of @a: the same, its other end, or a segment of it? */
bool tcphs_lives_belong(const struct tcphs_lives *l, uint32_t a, uint32_t b);

/* The life that leads the picture @life belongs into: the one that opened, if it is here. */
uint32_t tcphs_lives_lead(const struct tcphs_lives *l, uint32_t life);

/*
 * The next event of the picture of @life, in order: @i is UINT32_MAX at first, then
 * what was returned last. UINT32_MAX: no more.
 */
uint32_t tcphs_lives_next(const struct tcphs_lives *l, uint32_t life, uint32_t i);

/* Nothing can follow: the socket is closed, and TIME_WAIT, if there was one, over. */
bool tcphs_lives_over(const struct tcphs_lives *l, uint32_t life);

#endif /* TCPHS_LIVES_H */

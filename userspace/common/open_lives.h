/* SPDX-License-Identifier: GPL-2.0 */
/* The lives that go on, while events are read: found by who they are, and taken out at their end. */
#ifndef TCPHS_OPEN_LIVES_H
#define TCPHS_OPEN_LIVES_H

#include "conn_life.h"
#include "hash.h"

struct open_life {
	struct tcphs_conn_life life;
	uint64_t entered;		/* its state; its first event, until open_lives_event() */
	bool used;
	bool wanted;			/* one of its events fits the user's filter */
	bool reported;			/* it needs no line any more */
};

/* All zero is an empty collection. Numbers stay as long as a life is in it. */
struct open_lives {
	struct open_life *v;
	uint32_t nr, cap;		/* places that were used, ever; and those there are */
	uint32_t *free;			/* of these, those that are free */
	uint32_t nr_free, free_cap;
	struct hash hash;
};

static inline uint32_t open_lives_count(const struct open_lives *l)
{
	return l->nr - l->nr_free;
}

/* HASH_NONE: there is none; of open_lives_add(): no memory. */
uint32_t open_lives_find(const struct open_lives *l, const struct tcphs_ident *id);
uint32_t open_lives_add(struct open_lives *l, const struct tcphs_event *ev);
void open_lives_event(struct open_lives *l, uint32_t i, const struct tcphs_event *ev);
void open_lives_remove(struct open_lives *l, uint32_t i);
/* Before then so many of them had their latest event. 0, or -ENOMEM. */
int open_lives_quiet_since(const struct open_lives *l, uint32_t nr, uint64_t *ns);
void open_lives_free(struct open_lives *l);

#endif /* TCPHS_OPEN_LIVES_H */

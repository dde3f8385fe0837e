/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose an event is, where a unit or a container is asked for: that of its owner, and before
 * a process has accepted a connection that of its listener. What is answered for nobody is
 * nobody's.
 */
#ifndef TCPHS_DOCTOR_BELONGING_H
#define TCPHS_DOCTOR_BELONGING_H

#include "internal.h"
#include "tally.h"

/* Filters that are about the owner alone. */
#define OWNER_FILTERS	(TCPHS_FILTER_BIT(UNIT) | TCPHS_FILTER_BIT(CONTAINER))

struct belonging {
	bool asked;			/* else everything is wanted */
	struct tcphs_filter filter;	/* OWNER_FILTERS of the user's */
	struct tally listeners;		/* of those that are asked for: cookies */
	struct tally ports;		/* theirs, for what has no socket yet */
	struct tally waiting;		/* connections that nobody has accepted yet: cookies */
	uint32_t boot;			/* cookies come again after a boot */
	bool no_memory;
};

void belonging_init(struct belonging *w, const struct tcphs_filter *filter);
void belonging_free(struct belonging *w);

/* Has anybody been heard of who is asked for? */
bool belonging_is_known(const struct belonging *w);

/* One that is asked for. */
void belonging_listener(struct belonging *w, const struct tcphs_listener *l);
/* Of what comes later, which listener is whose may be known from here. */
void belonging_learn(struct belonging *w, const struct tcphs_event *ev);
/* The machine was booted; or, @boot 0, the events come again from the beginning. */
void belonging_boot(struct belonging *w, uint32_t boot);
/* They come in time order. */
bool belonging_fits(struct belonging *w, const struct tcphs_event *ev);

#endif /* TCPHS_DOCTOR_BELONGING_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* The last events that fit the filter. */
#ifndef TOP_TAIL_H
#define TOP_TAIL_H

#include "internal.h"

#define TAIL_EVENTS	8192

/* @nr of them, the oldest at @first; @seen: ever. All zero: none. */
struct tail {
	struct tcphs_event *v;
	size_t first, nr;
	uint64_t seen;
	uint64_t lost;
};

void tail_add(struct tail *t, const struct tcphs_event *ev);
const struct tcphs_event *tail_at(const struct tail *t, size_t i);
uint64_t tail_number(const struct tail *t, size_t i);
void tail_free(struct tail *t);

#endif /* TOP_TAIL_H */

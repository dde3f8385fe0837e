/* SPDX-License-Identifier: GPL-2.0 */
/* Lives that have ended, the last of them. */
#ifndef TOP_ENDED_H
#define TOP_ENDED_H

#include "open_lives.h"

#define ENDED_LIVES	4096

/*
 * @nr of them, the oldest at @first; those that go on are in @open. All zero: none. One whose
 * end is not on record has TCPHS_EV_UNSPEC as its end.
 */
struct ended {
	struct open_lives open;
	struct tcphs_conn_life *v;
	size_t first, nr;
	uint64_t seen;
};

void ended_add(struct ended *e, const struct tcphs_event *ev, bool wanted);
void ended_boot(struct ended *e);
const struct tcphs_conn_life *ended_at(const struct ended *e, size_t i);
bool life_failed(const struct tcphs_conn_life *life);
void ended_free(struct ended *e);

#endif /* TOP_ENDED_H */

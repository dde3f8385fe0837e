/* SPDX-License-Identifier: GPL-2.0 */
/* A reading of events: what was asked for, and how far it has come. */
#ifndef _TCPHS_READING_H
#define _TCPHS_READING_H

#include <linux/sched.h>
#include <net/netlink.h>
#include "reader/filter.h"
#include "store/ring.h"

struct net;
struct tcphs_net;

struct tcphs_reading {
	struct tcphs_net *tn;		/* NULL: every namespace */
	struct tcphs_filter filter;
	unsigned int cpu;		/* that is read */
	bool pending;			/* ev was read and not yet sent */
	bool named;			/* this CPU was named */
	bool kept;			/* the kept store is read */
	u8 mode;			/* enum tcphs_kept_mode */
	struct tcphs_walk walk;		/* of the CPU that is read */
	u64 go_on;			/* the cursor before ev was read */
	struct tcphs_event ev;
	struct tcphs_cursor cursors[];	/* one a CPU */
};

int tcphs_reading_view(struct net *net, bool all, struct tcphs_net **tn,
		       struct netlink_ext_ack *extack);
struct tcphs_reading *tcphs_reading_new(struct net *net, struct nlattr **attrs,
					const struct nlattr *head, int len,
					struct netlink_ext_ack *extack);
void tcphs_reading_free(struct tcphs_reading *r);
void tcphs_reading_again(struct tcphs_reading *r);
struct tcphs_cursor *tcphs_reading_turn(struct tcphs_reading *r);

/**
 * tcphs_reading_fetch() - the next record that passes the filter, into @r->ev
 * @r: the reading
 * @cursor: of tcphs_reading_turn(); @r->pending says if there was one
 *
 * Context: process, may sleep.
 * Return: where to go on if that isn't sent: behind the records that were skipped, but
 * not behind a loss, which has not been reported yet.
 */
static __always_inline u64 tcphs_reading_fetch(struct tcphs_reading *r,
					       struct tcphs_cursor *cursor)
{
	u64 go_on = cursor->next;

	while ((r->pending = r->kept ? tcphs_ring_kept_read(r->tn, &r->walk, &r->ev) :
				       tcphs_ring_read(cursor, &r->walk, &r->ev)) &&
	       !tcphs_filter_event(&r->filter, &r->ev)) {
		if (!cursor->lost)
			go_on = cursor->next;
		cond_resched();
	}
	return go_on;
}

/**
 * tcphs_reading_begin() - begin to report a CPU
 * @r: the reading
 * @cursor: of tcphs_reading_turn()
 * @lost: records that were lost right before the first one
 *
 * Context: process, may sleep.
 * Return: as tcphs_reading_fetch(), for the record that is pending now, if there is one.
 */
static inline u64 tcphs_reading_begin(struct tcphs_reading *r, struct tcphs_cursor *cursor,
				      u64 *lost)
{
	u64 go_on = r->pending ? r->go_on : tcphs_reading_fetch(r, cursor);

	*lost = cursor->lost;
	cursor->lost = 0;
	return go_on;
}

/**
 * tcphs_reading_reported() - what is reported of a CPU ends here
 * @r: the reading
 * @cursor: of tcphs_reading_turn()
 * @go_on: of the last tcphs_reading_fetch() or tcphs_reading_begin()
 *
 * Context: process.
 * Return: the cursor to go on from.
 */
static inline u64 tcphs_reading_reported(struct tcphs_reading *r, const struct tcphs_cursor *cursor,
					 u64 go_on)
{
	r->go_on = go_on;
	r->named = true;
	/* Not behind a loss before the end, which is reported next. */
	return r->pending ? go_on : cursor->next - cursor->lost;
}

#endif /* _TCPHS_READING_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * A reading of events: from a request to one record after another, in whichever way they
 * go out. It checks the whole request first, so that a refused one has sent nothing.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "reader/reader.h"
#include "reader/reading.h"
#include "store/bell.h"
#include "store/net.h"

/**
 * tcphs_reading_view() - whose records a reader may see
 * @net: where the reader is
 * @all: every namespace is asked for
 * @tn: gets the namespace, NULL: all of them
 * @extack: says what is wrong, may be NULL
 *
 * Context: process.
 * Return: 0 or -EPERM.
 */
int tcphs_reading_view(struct net *net, bool all, struct tcphs_net **tn,
		       struct netlink_ext_ack *extack)
{
	if (all && !net_eq(net, &init_net)) {
		NL_SET_ERR_MSG(extack,
			       "only the initial network namespace may see all namespaces");
		return -EPERM;
	}
	*tn = all ? NULL : tcphs_net(net);
	return 0;
}

/* Reads one TCPHS_A_EVENT_CURSOR. */
static int take_cursor(struct tcphs_reading *r, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TCPHS_A_CURSOR_MAX + 1];
	u32 cpu;
	int err;

	err = nla_parse_nested(tb, TCPHS_A_CURSOR_MAX, attr, tcphs_nl_cursor_policy, extack);
	if (err)
		return err;
	if (!tb[TCPHS_A_CURSOR_CPU] || !tb[TCPHS_A_CURSOR_NEXT]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a cursor needs a CPU and a next number");
		return -EINVAL;
	}
	cpu = nla_get_u32(tb[TCPHS_A_CURSOR_CPU]);
	if (!tcphs_ring_exists(cpu)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[TCPHS_A_CURSOR_CPU], "no ring of that CPU");
		return -ENODEV;
	}
	if (r->cursors[cpu].given) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "two cursors for one CPU");
		return -EINVAL;
	}
	r->cursors[cpu].given = true;
	r->cursors[cpu].next = nla_get_u64(tb[TCPHS_A_CURSOR_NEXT]);
	return 0;
}

static int take_cursors(struct tcphs_reading *r, const struct nlattr *head, int len,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int err = 0, rem;

	nla_for_each_attr(attr, head, len, rem) {
		if (nla_type(attr) != TCPHS_A_EVENT_CURSOR)
			continue;
		err = take_cursor(r, attr, extack);
		if (!err && r->mode) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "what was kept is read from the beginning: without cursors");
			err = -EINVAL;
		}
		if (err)
			break;
	}
	return err;
}

static int take_request(struct tcphs_reading *r, struct nlattr **attrs, const struct nlattr *head,
			int len, struct netlink_ext_ack *extack)
{
	struct nlattr *attr = attrs[TCPHS_A_EVENT_LOAD];
	int err;

	err = tcphs_filter_parse(&r->filter, attrs[TCPHS_A_EVENT_FILTER], true, extack);
	if (err)
		return err;
	if (attr && nla_get_u64(attr) != tcphs_load_id) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the cursors are of an earlier load of tcphs; start without them");
		return -ESTALE;
	}
	attr = attrs[TCPHS_A_EVENT_KEPT];
	r->mode = attr ? nla_get_u8(attr) : TCPHS_KEPT_NOT;
	return take_cursors(r, head, len, extack);
}

/* What the kept store has is fixed first: see tcphs_ring_kept_end(). */
static void end_kept(struct tcphs_reading *r)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		r->cursors[cpu].kept_end = tcphs_ring_kept_end(cpu);
}

/* Stands every cursor in its ring, or at the end of what was read before. */
static int seek_all(struct tcphs_reading *r, struct netlink_ext_ack *extack)
{
	unsigned int cpu;
	int err;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct tcphs_cursor *cursor = &r->cursors[cpu];

		if (cursor->sought) {
			tcphs_ring_seek_on(cursor);
			continue;
		}
		cursor->tn = r->tn;
		cursor->cpu = cpu;
		err = tcphs_ring_seek(cursor, &r->walk);
		if (err == -ERANGE)
			NL_SET_ERR_MSG(extack, "a cursor lies ahead of its ring; start without it");
		if (err && err != -ENODEV)
			return err;
		cond_resched();
	}
	return 0;
}

/* To the next CPU that has rings, and behind the last one to the kept store. */
static bool next_cpu(struct tcphs_reading *r)
{
	for (;; r->cpu++) {
		if (r->cpu >= nr_cpu_ids) {
			if (r->kept || !r->mode)
				return false;
			r->kept = true;
			r->cpu = 0;
		}
		/* One that has come up since waits for the next reading. */
		if (r->cursors[r->cpu].sought)
			return true;
	}
}

/* This CPU's turn. */
static void start_cpu(struct tcphs_reading *r)
{
	struct tcphs_cursor *cursor;

	r->named = false;
	if (!next_cpu(r))
		return;
	cursor = &r->cursors[r->cpu];
	if (r->kept)
		tcphs_ring_kept_start(r->cpu, &r->walk, cursor->kept_end);
	else
		tcphs_ring_start(cursor, &r->walk);
}

/*
 * The doorbell is armed before the ends of the rings are fixed: what this reading does not
 * hold will ring.
 */
static int start(struct tcphs_reading *r, struct netlink_ext_ack *extack)
{
	struct tcphs_bell *bell = r->tn ? &r->tn->bell : &tcphs_bell_all;
	int err;

	WRITE_ONCE(bell->armed, 1);
	/* Not paired on the hot path: what slips by costs a second, see bell.c. */
	smp_mb();
	if (r->mode)
		end_kept(r);
	err = seek_all(r, extack);
	if (err)
		return err;
	r->cpu = 0;
	r->kept = r->mode == TCPHS_KEPT_ONLY;
	start_cpu(r);
	return 0;
}

/**
 * tcphs_reading_new() - begin to read
 * @net: the reader's namespace, which stays as long as the reading does
 * @attrs: TCPHS_A_EVENT_* that were asked for, checked by their policy
 * @head: the same, one after another, for those that come more than once
 * @len: bytes of these
 * @extack: says what is wrong, may be NULL
 *
 * Context: process, may sleep.
 * Return: for tcphs_reading_free(), or an error pointer.
 */
struct tcphs_reading *tcphs_reading_new(struct net *net, struct nlattr **attrs,
					const struct nlattr *head, int len,
					struct netlink_ext_ack *extack)
{
	struct tcphs_reading *r;
	struct tcphs_net *tn;
	int err;

	err = tcphs_reading_view(net, attrs[TCPHS_A_EVENT_ALL_NETNS], &tn, extack);
	if (err)
		return ERR_PTR(err);
	r = kvzalloc(struct_size(r, cursors, nr_cpu_ids), GFP_KERNEL_ACCOUNT);
	if (!r)
		return ERR_PTR(-ENOMEM);
	r->tn = tn;
	err = take_request(r, attrs, head, len, extack) ?: start(r, extack);
	if (!err)
		return r;
	tcphs_reading_free(r);
	return ERR_PTR(err);
}

/**
 * tcphs_reading_free() - the end of it
 * @r: the reading
 *
 * Context: process.
 */
void tcphs_reading_free(struct tcphs_reading *r)
{
	kvfree(r);
}

/**
 * tcphs_reading_again() - go on with what was written since
 * @r: that has come to its end
 *
 * What the kept store has is in it once: it was written to the rings, too.
 *
 * Context: process, may sleep.
 */
void tcphs_reading_again(struct tcphs_reading *r)
{
	/* Of the kept store alone that was all. */
	if (r->mode == TCPHS_KEPT_ONLY)
		return;
	r->mode = TCPHS_KEPT_NOT;
	/* No cursor of another load, or ahead of its ring, is among these. */
	start(r, NULL);
}

/**
 * tcphs_reading_turn() - the next CPU that has something to read
 * @r: the reading
 *
 * Each CPU is in the answer once at least, for its cursor.
 *
 * Context: process, may sleep.
 * Return: its cursor, the same until all of it was read; NULL: that was all.
 */
struct tcphs_cursor *tcphs_reading_turn(struct tcphs_reading *r)
{
	struct tcphs_cursor *cursor;

	for (; next_cpu(r); r->cpu++, start_cpu(r)) {
		cursor = &r->cursors[r->cpu];
		if (!r->named || r->pending || cursor->lost)
			return cursor;
	}
	return NULL;
}

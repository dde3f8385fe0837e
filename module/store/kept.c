// SPDX-License-Identifier: GPL-2.0
/*
 * The kept store: whole lives of what went wrong, and nothing else.
 *
 * In the ring everything goes by in seconds on a busy machine. So when a step is notable
 * (kept.h), the records that its life has left in the ring so far are copied to a store
 * that good lives never touch, and each later one as it is written. They are found by the
 * links that lead from each record to the one before (struct tcphs_slot); what another
 * CPU overwrites meanwhile is noticed by its mark, as by any reader. Whoever wrote a record
 * held the lock of its life's entry, as this CPU does now: so what it wrote is there to see.
 *
 * A life that had lost its beginning by then says so: TCPHS_F_GAP in the first of its
 * records that was saved.
 *
 * No life has more than STEPS slots before something notable: a step that a peer can make
 * happen any number of times is notable itself, or when it comes again (tcphs_step_keep()).
 */
#include <linux/minmax.h>
#include "store/kept.h"
#include "store/ring.h"

/* So much one hook may copy, with interrupts off; lives that end badly have ten records. */
#define STEPS 24U

struct step {
	const struct tcphs_slot *slot;
	u64 mark;
};

/* False when it was overwritten meanwhile: then nothing is published. */
static bool copy(const struct tcphs_slot *from, u64 mark, unsigned int lane, u32 flags)
{
	struct tcphs_ring *kept = __this_cpu_read(tcphs_stores.ring[TCPHS_STORE_KEPT]);
	struct tcphs_segment *segment;
	struct tcphs_slot *slot;

	if (tcphs_ring_is_full(kept, lane))
		tcphs_ring_extend(kept, lane);
	segment = &kept->segment[kept->lanes[lane].newest];
	slot = tcphs_ring_begin(kept, lane);
	slot->link = 0;
	if (!tcphs_ring_copy(from, mark, &slot->before, &slot->ev)) {
		tcphs_ring_abandon(kept);
		return false;
	}
	slot->ev.flags |= flags;
	/* A life's beginning lies behind the end of another. */
	segment->latest = max(segment->latest, slot->ev.time);
	tcphs_ring_commit(kept, slot, tcphs_instant_steps(slot->ev.type));
	return true;
}

/* The records of a life before its @last one. Returns how many are there, the youngest first. */
static unsigned int collect(const struct tcphs_slot *last, struct step *steps, bool *gap)
{
	u64 link = last->link;
	const struct tcphs_slot *slot;
	unsigned int n = 0;
	bool same;
	u64 mark;

	*gap = link;
	while (link) {
		slot = n < STEPS ? tcphs_ring_follow(link, &mark) : NULL;
		if (!slot)
			break;
		same = READ_ONCE(slot->ev.id.conn) == last->ev.id.conn &&
		       READ_ONCE(slot->ev.id.generation) == last->ev.id.generation;
		link = READ_ONCE(slot->link);
		/* Pairs with tcphs_ring_begin(), as in tcphs_ring_copy(). */
		smp_rmb();
		if (READ_ONCE(slot->mark) != mark || !same)
			break;
		steps[n].slot = slot;
		steps[n++].mark = mark;
		*gap = link;
	}
	return n;
}

/**
 * tcphs_kept_life() - the first notable step of a life: all there is of it
 * @from: the ring, with the step's record written last
 *
 * Context: interrupts off.
 */
void tcphs_kept_life(const struct tcphs_ring *from)
{
	struct step steps[STEPS];
	unsigned int n;
	bool gap;

	n = collect(from->writing, steps, &gap);
	while (n-- > 0)
		gap = !copy(steps[n].slot, steps[n].mark, from->lane, gap ? TCPHS_F_GAP : 0);
	copy(from->writing, from->head, from->lane, gap ? TCPHS_F_GAP : 0);
}

/**
 * tcphs_kept_step() - a later step of such a life, or one of what has no entry
 * @from: the ring, with the step's record written last
 *
 * Context: interrupts off.
 */
void tcphs_kept_step(const struct tcphs_ring *from)
{
	copy(from->writing, from->head, from->lane, 0);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stores of records. The writing half is inline, for it runs for every record. ring.c
 * has the rules.
 */
#ifndef _TCPHS_RING_H
#define _TCPHS_RING_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/tcphs.h>
#include "store/clock.h"
#include "store/instant.h"

struct tcphs_net;

/* Who writes, told apart so that none can take all of a store from the others. */
#define TCPHS_LANES	16U
#define TCPHS_LANE_STRANGERS 0U

/* A store is handed to its lanes in so many pieces, or in pieces of four records. */
#define TCPHS_SEGMENTS	128U

enum tcphs_store {
	TCPHS_STORE_RING,		/* everything, for a while */
	TCPHS_STORE_KEPT,		/* what went wrong, for long */
	TCPHS_STORES
};

struct tcphs_cursor {
	const struct tcphs_net *tn;	/* NULL: every namespace */
	unsigned int cpu;
	u64 next;			/* number of the next record of the view */
	u64 pos;			/* place in the ring, valid once sought */
	u64 end;			/* where reading stops */
	u64 last;			/* one namespace: number of the record before the end */
	u64 lost;			/* not yet reported */
	u64 kept_end;			/* where reading of the kept store stops */
	bool given;			/* a reader named this CPU */
	bool sought;			/* and the CPU had a ring */
};

/* What a reader has before it of one store of one CPU: the segments, merged by place. */
struct tcphs_run {
	u64 place;			/* of its next slot's last step */
	u32 slot;			/* where that lies */
	u32 stop;			/* where the segment ends */
};

/* A record of a life knows where the one before it lies: see tcphs_ring_link(). */
struct tcphs_slot {
	u64 mark;		/* 0: being written, or never was; else place of its last step + 1 */
	u64 link;		/* to the life's slot before this one; 0: none */
	union tcphs_before before;
	struct tcphs_event ev;
};

/* Its CPU's alone. */
struct tcphs_lane {
	struct tcphs_slot *at, *end;	/* of its newest segment, what is still to be written */
	u16 oldest, newest;		/* segments, linked by @next */
	u16 segments;
};

struct tcphs_segment {
	u64 first;		/* place of its first record; more than any: it has none */
	u64 latest;		/* time of its youngest record, where that isn't the last; ns */
	u32 shared;		/* steps beyond one a slot */
	u16 next;		/* of the same lane, written after this one */
};

struct tcphs_ring {
	u64 head;		/* place of the next record */
	struct tcphs_slot *writing;
	unsigned int lane;	/* of @writing */
	u64 link_base;		/* of tcphs_ring_link_base() */
	unsigned int segments, per_segment;
	unsigned int begun;	/* segments that were ever written */
	u64 overwritten;	/* records */
	u64 whole_since;	/* time of the last record that was overwritten, 0: none */
	struct tcphs_lane lanes[TCPHS_LANES];
	struct tcphs_segment segment[TCPHS_SEGMENTS];
	struct tcphs_slot slots[];
};

#define TCPHS_SLOT_SIZE		sizeof(struct tcphs_slot)
#define TCPHS_RING_BYTES_MAX	(1ULL << 31)	/* what a link can address */

struct tcphs_walk {
	const struct tcphs_ring *ring;
	u64 from;
	u64 end;
	const struct tcphs_slot *slot;		/* of the record read last, and its mark */
	u64 mark;
	unsigned int step;			/* and which of the slot's it was */
	unsigned int left;			/* that are still to be read, out of this copy */
	union tcphs_before before;
	struct tcphs_event last;
	unsigned int nr;
	struct tcphs_run run[TCPHS_SEGMENTS];	/* a heap */
};

struct tcphs_totals {
	unsigned int cpus;
	u64 written;
	u64 overwritten;
	u64 whole_since;		/* all that is later is there; ns, 0: since the load */
};

extern unsigned int tcphs_store_records[TCPHS_STORES];	/* a CPU */
extern u64 tcphs_loaded;	/* CLOCK_MONOTONIC, ns */
extern u64 tcphs_load_id;	/* random: another one each time */

int tcphs_ring_init(void);
void tcphs_ring_exit(void);
bool tcphs_ring_exists(unsigned int cpu);
int tcphs_ring_seek(struct tcphs_cursor *cursor, struct tcphs_walk *walk);
void tcphs_ring_seek_on(struct tcphs_cursor *cursor);
void tcphs_ring_start(const struct tcphs_cursor *cursor, struct tcphs_walk *walk);
bool tcphs_ring_read(struct tcphs_cursor *cursor, struct tcphs_walk *walk,
		     struct tcphs_event *ev);
u64 tcphs_ring_kept_end(unsigned int cpu);
void tcphs_ring_kept_start(unsigned int cpu, struct tcphs_walk *walk, u64 end);
bool tcphs_ring_kept_read(const struct tcphs_net *tn, struct tcphs_walk *walk,
			  struct tcphs_event *ev);
bool tcphs_ring_again(const struct tcphs_slot *slot, u64 mark, unsigned int step,
		      struct tcphs_event *ev);
const struct tcphs_slot *tcphs_ring_follow(u64 link, u64 *mark);
void tcphs_ring_totals(unsigned int store, struct tcphs_totals *totals);
void tcphs_ring_extend(struct tcphs_ring *ring, unsigned int lane);

/* For how long a store holds all that it was given, ns. */
static inline u64 tcphs_ring_reach(const struct tcphs_totals *store)
{
	return tcphs_elapsed(max(store->whole_since, tcphs_loaded), tcphs_now());
}

/* Of one CPU. */
struct tcphs_stores {
	struct tcphs_ring *ring[TCPHS_STORES];
};

DECLARE_PER_CPU(struct tcphs_stores, tcphs_stores);

/*
 * Where a record lies: bit 63, 13 bits of CPU, 28 of the slot's offset in words, and the
 * low bits of its mark, which show if it was overwritten since.
 */
#define TCPHS_LINK_MARK_BITS	22
#define TCPHS_LINK_SLOT_BITS	28

/* What all links to slots of a ring have in common, but for the address of a slot. */
static inline u64 tcphs_ring_link_base(const struct tcphs_ring *ring, unsigned int cpu)
{
	return (BIT_ULL(63) | (u64)cpu << (TCPHS_LINK_SLOT_BITS + TCPHS_LINK_MARK_BITS)) -
	       ((unsigned long)ring->slots << (TCPHS_LINK_MARK_BITS - 3));
}

static inline u64 tcphs_ring_link(const struct tcphs_ring *ring, const struct tcphs_slot *slot,
				  u64 mark)
{
	BUILD_BUG_ON(__alignof__(*slot) != sizeof(u64));
	return ring->link_base + ((unsigned long)slot << (TCPHS_LINK_MARK_BITS - 3)) +
	       (mark & GENMASK_ULL(TCPHS_LINK_MARK_BITS - 1, 0));
}

/* Has a lane no slot left, and needs tcphs_ring_extend()? */
static inline bool tcphs_ring_is_full(const struct tcphs_ring *ring, unsigned int lane)
{
	return ring->lanes[lane].at == ring->lanes[lane].end;
}

/**
 * tcphs_ring_begin() - the next slot of this CPU
 * @ring: a store of this CPU
 * @lane: who writes, below TCPHS_LANES; not full
 *
 * Context: any, interrupts off until tcphs_ring_commit().
 * Return: a slot to fill; every byte of its record, and @link, must be written.
 */
static __always_inline struct tcphs_slot *tcphs_ring_begin(struct tcphs_ring *ring,
							   unsigned int lane)
{
	struct tcphs_slot *slot = ring->lanes[lane].at++;

	ring->writing = slot;
	ring->lane = lane;
	WRITE_ONCE(slot->mark, 0);
	/* Nobody may see the new bytes under the old mark. */
	smp_wmb();
	return slot;
}

/**
 * tcphs_ring_commit() - publish the record of tcphs_ring_begin()
 * @ring: the same
 * @slot: of it
 * @steps: of tcphs_instant_steps()
 *
 * Context: as tcphs_ring_begin(), on the same CPU.
 */
static __always_inline void tcphs_ring_commit(struct tcphs_ring *ring, struct tcphs_slot *slot,
					      unsigned int steps)
{
	u64 head = ring->head + steps;

	if (steps > 1)
		ring->segment[ring->lanes[ring->lane].newest].shared += steps - 1;
	/* Whoever sees the mark sees the record. */
	smp_store_release(&slot->mark, head);
	/* And whoever sees the head. */
	smp_store_release(&ring->head, head);
}

/* Time of the last record of this CPU, ns; 0: there is none. Interrupts off. */
static inline u64 tcphs_ring_last(void)
{
	const struct tcphs_slot *slot = __this_cpu_read(tcphs_stores.ring[TCPHS_STORE_RING])->writing;

	return likely(slot) ? slot->ev.time : 0;
}

/**
 * tcphs_ring_copy() - a record out of its slot
 * @slot: of any CPU
 * @mark: that it had
 * @before: gets what steps have that share it, if any do
 * @ev: gets the record
 *
 * Context: any.
 * Return: false when it was overwritten meanwhile; @ev is then rubble.
 */
static inline bool tcphs_ring_copy(const struct tcphs_slot *slot, u64 mark,
				   union tcphs_before *before, struct tcphs_event *ev)
{
	/* Pairs with tcphs_ring_commit(): this mark, this record. */
	if (smp_load_acquire(&slot->mark) != mark)
		return false;
	/* A torn copy is found out below. */
	data_race(memcpy(ev, &slot->ev, sizeof(*ev)));
	if (ev->type > TCPHS_EV_MAX)
		/* As above. */
		data_race(memcpy(before, &slot->before, sizeof(*before)));
	/* Pairs with tcphs_ring_begin(): bytes of a later record, a later mark. */
	smp_rmb();
	return READ_ONCE(slot->mark) == mark;
}

/* Takes tcphs_ring_begin() back: the slot stays unwritten. */
static inline void tcphs_ring_abandon(struct tcphs_ring *ring)
{
	ring->lanes[ring->lane].at--;
}

#endif /* _TCPHS_RING_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rings. The writing half is inline, for it runs for every record. ring.c has the
 * rules.
 */
#ifndef _TCPHS_RING_H
#define _TCPHS_RING_H

#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/tcphs.h>

struct tcphs_net;

struct tcphs_cursor {
	const struct tcphs_net *tn;	/* NULL: every namespace */
	unsigned int cpu;
	u64 next;			/* number of the next record of the view */
	u64 pos;			/* place in the ring, valid once sought */
	u64 end;			/* where reading stops */
	u64 last;			/* one namespace: number of the record before the end */
	u64 lost;			/* not yet reported */
	bool given;			/* a reader named this CPU */
};

extern unsigned int tcphs_ring_records;
extern u64 tcphs_loaded;	/* CLOCK_MONOTONIC, ns */
extern u64 tcphs_load_id;	/* random: another one each time */

int tcphs_ring_init(void);
void tcphs_ring_exit(void);
bool tcphs_ring_exists(unsigned int cpu);
int tcphs_ring_seek(struct tcphs_cursor *cursor);
bool tcphs_ring_read(struct tcphs_cursor *cursor, struct tcphs_event *ev);
void tcphs_ring_totals(unsigned int *cpus, u64 *overwritten);

struct tcphs_slot {
	u64 mark;		/* 0: being written; else place + 1 */
	struct tcphs_event ev;
};

struct tcphs_ring {
	u64 head;		/* place of the next record */
	u64 mask;		/* number of slots - 1 */
	struct tcphs_slot slots[];
};

DECLARE_PER_CPU(struct tcphs_ring *, tcphs_rings);

/**
 * tcphs_ring_begin() - the next slot of this CPU
 *
 * Context: any, interrupts off until tcphs_ring_commit().
 * Return: a record to fill; every byte of it must be written.
 */
static inline struct tcphs_event *tcphs_ring_begin(void)
{
	struct tcphs_ring *ring = __this_cpu_read(tcphs_rings);
	struct tcphs_slot *slot = &ring->slots[ring->head & ring->mask];

	WRITE_ONCE(slot->mark, 0);
	/* Nobody may see the new bytes under the old mark. */
	smp_wmb();
	return &slot->ev;
}

/**
 * tcphs_ring_commit() - publish the record of tcphs_ring_begin()
 *
 * Context: as tcphs_ring_begin(), on the same CPU.
 */
static inline void tcphs_ring_commit(void)
{
	struct tcphs_ring *ring = __this_cpu_read(tcphs_rings);
	u64 place = ring->head;

	/* Whoever sees the mark sees the record. */
	smp_store_release(&ring->slots[place & ring->mask].mark, place + 1);
	/* And whoever sees the head. */
	smp_store_release(&ring->head, place + 1);
}

#endif /* _TCPHS_RING_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * The flight recorder: a ring of records a CPU, the newest overwriting the
 * oldest, read by any number of readers that take nothing out.
 *
 * Writer: only its CPU, with interrupts off (tcphs_section), so it never races
 * with itself. It marks the slot busy, fills it, publishes it.
 * Reader: copies a slot and looks again. A slot whose mark moved in between was
 * overwritten; what it held is counted as lost.
 *
 * slot->mark (ring.h) is 0 while a record is written and the record's place + 1 once it
 * is whole. Places only grow, so a mark never has the same value twice.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"

/* How many records a ring holds; main.c sets it. */
unsigned int tcphs_ring_records = 8192;
/* When the module was loaded and which load it is, from before the first record on. */
u64 tcphs_loaded;
u64 tcphs_load_id;

DEFINE_PER_CPU(struct tcphs_ring *, tcphs_rings);
static enum cpuhp_state hotplug;

/* NULL: this CPU, any number, has never been up. */
static const struct tcphs_ring *ring_of(unsigned int cpu)
{
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return NULL;
	/* Pairs with prepare_cpu(): who sees the ring sees an empty one. */
	return smp_load_acquire(&per_cpu(tcphs_rings, cpu));
}

/**
 * tcphs_ring_exists() - has this CPU ever been up
 * @cpu: number of a CPU, any
 *
 * Context: any.
 */
bool tcphs_ring_exists(unsigned int cpu)
{
	return ring_of(cpu);
}

/* Copies the record at a place; false when it was overwritten meanwhile. */
static bool copy_slot(const struct tcphs_ring *ring, u64 place, struct tcphs_event *ev)
{
	const struct tcphs_slot *slot = &ring->slots[place & ring->mask];

	/* Pairs with tcphs_ring_commit(): this mark, this record. */
	if (smp_load_acquire(&slot->mark) != place + 1)
		return false;
	/* A torn copy is found out below. */
	data_race(memcpy(ev, &slot->ev, sizeof(*ev)));
	/* Pairs with tcphs_ring_begin(): bytes of a later record, a later mark. */
	smp_rmb();
	return READ_ONCE(slot->mark) == place + 1;
}

/* Place of the oldest record when the next one goes to @head. */
static u64 oldest(u64 head)
{
	return head > tcphs_ring_records ? head - tcphs_ring_records : 0;
}

static bool in_view(const struct tcphs_net *tn, u32 netns, u64 time)
{
	/* An inode number is given to a new namespace when its owner is gone. */
	return netns == tn->inum && time >= tn->born;
}

/*
 * The number of the record at a place, if it is the namespace's; 0 if not.
 * False when it was overwritten meanwhile.
 */
static bool peek(const struct tcphs_ring *ring, u64 place, const struct tcphs_net *tn, u64 *number)
{
	const struct tcphs_slot *slot = &ring->slots[place & ring->mask];

	/* As in copy_slot(). */
	if (smp_load_acquire(&slot->mark) != place + 1)
		return false;
	*number = in_view(tn, READ_ONCE(slot->ev.id.netns), READ_ONCE(slot->ev.time)) ?
		  READ_ONCE(slot->ev.number) : 0;
	/* As in copy_slot(). */
	smp_rmb();
	return READ_ONCE(slot->mark) == place + 1;
}

/* Goes on to a number of the view; what lies between is lost. */
static void skip_to(struct tcphs_cursor *c, u64 number)
{
	if (number > c->next) {
		c->lost += number - c->next;
		c->next = number;
	}
}

/* A view of one namespace counts its own records, so search for them. */
static int seek_netns(struct tcphs_cursor *c, const struct tcphs_ring *ring)
{
	const struct tcphs_stats *st = per_cpu_ptr(c->tn->stats, c->cpu);
	/* Pairs with tcphs_event_commit(): those records lie before the end. */
	u64 written = smp_load_acquire(&st->recorded);
	u64 place, number, first = 0, tail;

	/* A record may have been read that is not counted yet. */
	if (c->next > written && c->next - written > 2)
		return -ERANGE;
	/* As in tcphs_ring_seek(). */
	c->end = smp_load_acquire(&ring->head);
	tail = oldest(c->end);
	c->pos = c->end;
	c->last = 0;
	/* Nothing new, as mostly where others are busy: nothing to search for. */
	if (c->next > written || !written) {
		c->next = c->next ?: 1;
		return 0;
	}
	for (place = c->end; place-- > tail;) {
		if (!peek(ring, place, c->tn, &number))
			break;
		if (!number)
			continue;
		if (number < c->next)
			break;
		c->pos = place;
		first = number;
		if (!c->last)
			c->last = number;
		/* What lies before it was read; the search would go to the end of the ring. */
		if (number == max_t(u64, c->next, 1))
			break;
	}
	/* From here on: what is overwritten before it is read is lost. */
	if (!c->next)
		c->next = first ?: written + 1;
	/* Nothing there: what was written at or after the cursor is gone. */
	if (!first)
		skip_to(c, written + 1);
	return 0;
}

/**
 * tcphs_ring_seek() - find where a cursor stands in the ring
 * @cursor: with tn, cpu and next filled in; next 0 asks for the oldest record
 *
 * Fixes the end of this reading: what is written later waits for the next.
 *
 * Context: any that may take a while: up to a whole ring is looked at.
 * Return: 0; -ENODEV: that CPU has no ring; -ERANGE: the cursor is ahead of
 * what was written.
 */
int tcphs_ring_seek(struct tcphs_cursor *cursor)
{
	const struct tcphs_ring *ring = ring_of(cursor->cpu);
	u64 tail;

	if (!ring)
		return -ENODEV;
	/* Pairs with tcphs_ring_commit(): all records before it are whole. */
	cursor->end = smp_load_acquire(&ring->head);
	cursor->lost = 0;
	if (cursor->tn)
		return seek_netns(cursor, ring);

	tail = oldest(cursor->end);

	if (cursor->next > cursor->end + 1)
		return -ERANGE;
	/* Records are numbered from 1, places from 0. */
	cursor->pos = cursor->next ? cursor->next - 1 : tail;
	if (cursor->pos < tail) {
		cursor->lost = tail - cursor->pos;
		cursor->pos = tail;
	}
	cursor->next = cursor->pos + 1;
	return 0;
}

/**
 * tcphs_ring_read() - the next record of a cursor
 * @cursor: sought; moves on. @cursor->lost grows by the records that were
 *	overwritten before they could be read and lie before @ev, or before the end.
 * @ev: the record
 *
 * Context: any.
 * Return: false at the end that tcphs_ring_seek() fixed.
 */
bool tcphs_ring_read(struct tcphs_cursor *cursor, struct tcphs_event *ev)
{
	const struct tcphs_ring *ring = ring_of(cursor->cpu);

	while (cursor->pos < cursor->end) {
		u64 place = cursor->pos++;

		if (!copy_slot(ring, place, ev)) {
			if (!cursor->tn) {
				cursor->lost++;
				cursor->next++;
			}
			continue;
		}
		if (!cursor->tn) {
			cursor->next++;
			return true;
		}
		if (in_view(cursor->tn, ev->id.netns, ev->time)) {
			skip_to(cursor, ev->number);
			cursor->next++;
			return true;
		}
	}
	if (cursor->tn)
		skip_to(cursor, cursor->last + 1);
	return false;
}

/**
 * tcphs_ring_totals() - of all rings together
 * @cpus: how many there are
 * @overwritten: records that are no longer there
 *
 * Context: any.
 */
void tcphs_ring_totals(unsigned int *cpus, u64 *overwritten)
{
	const struct tcphs_ring *ring;
	int cpu;

	*cpus = 0;
	*overwritten = 0;
	for_each_possible_cpu(cpu) {
		ring = ring_of(cpu);
		if (!ring)
			continue;
		++*cpus;
		*overwritten += oldest(READ_ONCE(ring->head));
	}
}

/* Runs before a CPU comes up, on another one; its ring stays until unload. */
static int prepare_cpu(unsigned int cpu)
{
	struct tcphs_ring *ring;

	if (per_cpu(tcphs_rings, cpu))
		return 0;
	ring = vzalloc_node(struct_size(ring, slots, tcphs_ring_records), cpu_to_node(cpu));
	if (!ring)
		return -ENOMEM;
	ring->mask = tcphs_ring_records - 1;
	/* Pairs with ring_of(): who sees the ring sees an empty one. */
	smp_store_release(&per_cpu(tcphs_rings, cpu), ring);
	return 0;
}

static void free_rings(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		vfree(per_cpu(tcphs_rings, cpu));
		per_cpu(tcphs_rings, cpu) = NULL;
	}
}

/**
 * tcphs_ring_init() - a ring for every CPU that is or comes up
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error, with nothing left behind.
 */
int tcphs_ring_init(void)
{
	int cpu, err;

	err = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "net/tcphs:prepare",
					prepare_cpu, NULL);
	if (err < 0)
		return err;
	hotplug = err;
	err = 0;
	/* Not left to the call above: for a state of this kind 5.10 does not do it. */
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		err = prepare_cpu(cpu);
		if (err)
			break;
	}
	cpus_read_unlock();
	if (err)
		tcphs_ring_exit();
	return err;
}

/**
 * tcphs_ring_exit() - free the rings
 *
 * Context: process, may sleep; no writer and no reader is left.
 */
void tcphs_ring_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug);
	free_rings();
}

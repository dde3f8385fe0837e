// SPDX-License-Identifier: GPL-2.0
/*
 * The flight recorder: stores of records, each one a CPU, the newest overwriting the
 * oldest, read by any number of readers that take nothing out.
 *
 * Writer: only its CPU, with interrupts off (tcphs_section), so it never races
 * with itself. It marks the slot busy, fills it, publishes it.
 * Reader: copies a slot and looks again. A slot whose mark moved in between was
 * overwritten; what it held is counted as lost.
 *
 * slot->mark (ring.h) is 0 while a record is written and the record's place + 1 once it
 * is whole. Places count the records of a store, so a mark never has the same value twice.
 * Steps that share a slot (instant.h) have a place each, and the mark is that of the last.
 *
 * A store is cut into segments. Each belongs to one lane, which fills it from its first
 * slot to its last; so within a segment places grow, and a reader merges segments by
 * place. A lane that needs another segment takes, when none is new, the oldest of the
 * lane that has most. So who writes much overwrites himself as soon as he has more
 * than the others, and who writes little keeps what he has, up to his share.
 *
 * Memory order, pair by pair, for CPUs that see the stores of others late and in any order.
 * The writer's side stands first; the reader has a dependency, not a barrier, where none is
 * named.
 *
 * mark = 0, wmb, bytes of the record; bytes, rmb, mark: a copy that has a byte of the next
 *	record finds that the mark has changed (tcphs_ring_begin(), tcphs_ring_copy()).
 * bytes, release of the mark; acquire of it, bytes: who finds a mark finds its record
 *	(tcphs_ring_commit(), tcphs_ring_copy()). A walk reads marks without it, to pass them
 *	by or to copy under them.
 * begun, first of a segment, marks, release of head; acquire of it, then these: who has read
 *	a head finds the records below it, each behind the first of its segment
 *	(tcphs_ring_commit(), tcphs_ring_seek()). What he sees beyond that, early or late, is
 *	newer than his end and passed by.
 * head, release of the namespace's count; acquire of it, then head: the records that were
 *	counted lie below (tcphs_event_publish(), seek_netns()).
 * head of the ring, release of the kept store's; acquire of it, then of the ring's: what
 *	was kept lies below the ends of the rings. Where another CPU wrote it, the lock of its
 *	entry lies between that CPU's head and this one's copy (kept.c, tcphs_ring_kept_end()).
 * whole_since, wmb, first of a segment, mark = 0; one of these, rmb, whole_since: who has
 *	missed a record gets a time that is not before it (tcphs_ring_extend(),
 *	tcphs_ring_totals()).
 * a ring, release of its pointer; acquire of it: who finds a ring finds an empty one
 *	(prepare_cpu(), ring_of()). Its own CPU reads the pointer plainly: it came up, or the
 *	hooks came, after that, with more than a barrier in between.
 * head, and then whether the doorbell is armed; armed, mb, head: not a pair, see bell.c.
 */
#include <linux/cpu.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>
#include "store/net.h"
#include "store/ring.h"
#include "store/stats.h"

#define NOTHING	U64_MAX		/* struct tcphs_segment.first */

DEFINE_PER_CPU(struct tcphs_stores, tcphs_stores);
unsigned int tcphs_store_records[TCPHS_STORES];
u64 tcphs_loaded;
u64 tcphs_load_id;
static enum cpuhp_state hotplug;

/* NULL: this CPU, any number, has never been up. */
static const struct tcphs_ring *ring_of(unsigned int cpu, unsigned int store)
{
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return NULL;
	/* Pairs with prepare_cpu(): who sees the ring sees an empty one. */
	return smp_load_acquire(&per_cpu(tcphs_stores, cpu).ring[store]);
}

/**
 * tcphs_ring_exists() - has this CPU ever been up
 * @cpu: number of a CPU, any
 *
 * Context: any.
 */
bool tcphs_ring_exists(unsigned int cpu)
{
	return ring_of(cpu, TCPHS_STORE_RING);
}

/* The lane that has most; among equals @lane itself. */
static unsigned int largest_lane(const struct tcphs_ring *ring, unsigned int lane)
{
	unsigned int i, best = lane;

	for (i = 0; i < TCPHS_LANES; i++)
		if (ring->lanes[i].segments > ring->lanes[best].segments)
			best = i;
	return best;
}

/* What lies in the oldest segment of a lane is gone. Returns the segment. */
static u16 take_oldest(struct tcphs_ring *ring, struct tcphs_lane *lane)
{
	struct tcphs_slot *begin = &ring->slots[lane->oldest * ring->per_segment];
	struct tcphs_slot *end = begin + ring->per_segment;
	u16 segment = lane->oldest;

	if (!--lane->segments) {
		end = lane->at;
		lane->at = NULL;
		lane->end = NULL;
	}
	lane->oldest = ring->segment[segment].next;
	if (end > begin) {
		WRITE_ONCE(ring->overwritten, ring->overwritten + (end - begin) +
					      ring->segment[segment].shared);
		WRITE_ONCE(ring->whole_since, max3(ring->whole_since, end[-1].ev.time,
						   ring->segment[segment].latest));
	}
	return segment;
}

/**
 * tcphs_ring_extend() - a segment for a lane that has filled its last one
 * @ring: of this CPU
 * @lane: whose
 *
 * Context: interrupts off.
 */
void tcphs_ring_extend(struct tcphs_ring *ring, unsigned int lane)
{
	struct tcphs_lane *l = &ring->lanes[lane];
	u16 segment = ring->begun;

	if (segment < ring->segments)
		WRITE_ONCE(ring->begun, segment + 1);
	else
		segment = take_oldest(ring, &ring->lanes[largest_lane(ring, lane)]);
	/* Pairs with tcphs_ring_totals(): first what is gone, then that it is not there. */
	smp_wmb();
	/* Readers see by it which marks are of an earlier time. */
	WRITE_ONCE(ring->segment[segment].first, ring->head);
	ring->segment[segment].latest = 0;
	ring->segment[segment].shared = 0;
	if (l->segments++)
		ring->segment[l->newest].next = segment;
	else
		l->oldest = segment;
	l->newest = segment;
	l->at = &ring->slots[segment * ring->per_segment];
	l->end = l->at + ring->per_segment;
}

/**
 * tcphs_ring_follow() - the record that a link leads to
 * @link: of tcphs_ring_link(), of this load and any CPU
 * @mark: of the slot
 *
 * Context: any.
 * Return: the slot, whose mark has to be looked at again after reading; NULL: it was
 * overwritten.
 */
const struct tcphs_slot *tcphs_ring_follow(u64 link, u64 *mark)
{
	unsigned int cpu = (link & ~BIT_ULL(63)) >> (TCPHS_LINK_SLOT_BITS + TCPHS_LINK_MARK_BITS);
	u64 words = link >> TCPHS_LINK_MARK_BITS & GENMASK_ULL(TCPHS_LINK_SLOT_BITS - 1, 0);
	const struct tcphs_ring *ring = ring_of(cpu, TCPHS_STORE_RING);
	const struct tcphs_slot *slot;

	slot = (const void *)ring->slots + words * sizeof(u64);
	/* Pairs with tcphs_ring_commit(): this mark, this record. */
	*mark = smp_load_acquire(&slot->mark);
	return *mark && !((*mark ^ link) & GENMASK_ULL(TCPHS_LINK_MARK_BITS - 1, 0)) ? slot : NULL;
}

/**
 * tcphs_ring_again() - a record that a walk has met
 * @slot: where it lies, of any CPU
 * @mark: that the slot had
 * @step: which of the slot's it was
 * @ev: gets the record
 *
 * Context: any.
 * Return: false when it was overwritten meanwhile; @ev is then rubble.
 */
bool tcphs_ring_again(const struct tcphs_slot *slot, u64 mark, unsigned int step,
		      struct tcphs_event *ev)
{
	union tcphs_before before;

	if (!tcphs_ring_copy(slot, mark, &before, ev))
		return false;
	if (ev->type > TCPHS_EV_MAX)
		tcphs_instant_step(ev, &before, step, ev);
	return true;
}

/* ---- a walk: what lies in a store, by place ------------------------------------------- */

/* Goes on to the first slot at or behind run->slot that has a record; false: there is none. */
static bool run_find(const struct tcphs_walk *walk, struct tcphs_run *run)
{
	for (; run->slot < run->stop; run->slot++) {
		u64 mark = READ_ONCE(walk->ring->slots[run->slot].mark);

		/* Being written, or newer than the end of the walk: the old one is gone. */
		if (!mark || mark > walk->end)
			continue;
		/* Of what was here before this segment: it is not full yet. */
		if (mark <= run->place)
			return false;
		run->place = mark - 1;
		if (run->place >= walk->from)
			return true;
	}
	return false;
}

static noinline void sift_down(struct tcphs_walk *walk, unsigned int i)
{
	struct tcphs_run run = walk->run[i];
	unsigned int child;

	while ((child = 2 * i + 1) < walk->nr) {
		if (child + 1 < walk->nr &&
		    walk->run[child + 1].place < walk->run[child].place)
			child++;
		if (run.place <= walk->run[child].place)
			break;
		walk->run[i] = walk->run[child];
		i = child;
	}
	walk->run[i] = run;
}

/* Every segment that has something from @from to before @end. */
static void walk_begin(struct tcphs_walk *walk, const struct tcphs_ring *ring, u64 from, u64 end)
{
	unsigned int i, begun = READ_ONCE(ring->begun);
	struct tcphs_run *run;
	u64 first, last;

	walk->ring = ring;
	walk->from = from;
	walk->end = end;
	walk->nr = 0;
	walk->left = 0;
	for (i = 0; i < begun; i++) {
		cond_resched();
		first = READ_ONCE(ring->segment[i].first);
		if (first >= end)
			continue;
		/* One that is full and was read, as most are for who reads on. */
		last = READ_ONCE(ring->slots[(i + 1) * ring->per_segment - 1].mark);
		if (last > first && last <= from)
			continue;
		run = &walk->run[walk->nr];
		run->place = first;
		run->slot = i * ring->per_segment;
		run->stop = run->slot + ring->per_segment;
		walk->nr += run_find(walk, run);
	}
	for (i = walk->nr / 2; i-- > 0;)
		sift_down(walk, i);
}

/* The first of the heap has moved on: is it still the first? Most often it is. */
static bool is_first(const struct tcphs_walk *walk)
{
	u64 place = walk->run[0].place;

	return (walk->nr < 2 || place < walk->run[1].place) &&
	       (walk->nr < 3 || place < walk->run[2].place);
}

/* Of steps that share a slot: the first that is asked for, or the next. */
static noinline void next_step(struct tcphs_walk *walk, u64 *place, struct tcphs_event *ev)
{
	*place = walk->mark - 1 - walk->left;
	tcphs_instant_step(&walk->last, &walk->before, walk->step, ev);
}

static noinline void first_step(struct tcphs_walk *walk, u64 *place, struct tcphs_event *ev)
{
	unsigned int steps = tcphs_instant_steps(ev->type);
	u64 first = walk->mark - steps;

	walk->last = *ev;
	walk->step = first < walk->from ? walk->from - first : 0;
	walk->left = steps - 1 - walk->step;
	next_step(walk, place, ev);
}

/* The next record and its place; false at the end. */
static __always_inline bool walk_next(struct tcphs_walk *walk, u64 *place, struct tcphs_event *ev)
{
	bool whole = false;

	if (walk->left) {
		walk->left--;
		walk->step++;
		next_step(walk, place, ev);
		return true;
	}
	while (walk->nr && !whole) {
		struct tcphs_run *run = &walk->run[0];

		*place = run->place;
		walk->slot = &walk->ring->slots[run->slot];
		walk->mark = *place + 1;
		whole = tcphs_ring_copy(walk->slot, walk->mark, &walk->before, ev);
		run->slot++;
		run->place++;
		if (!run_find(walk, run))
			*run = walk->run[--walk->nr];
		if (!is_first(walk))
			sift_down(walk, 0);
	}
	walk->step = 0;
	if (whole && ev->type > TCPHS_EV_MAX)
		first_step(walk, place, ev);
	return whole;
}

/* ---- cursors --------------------------------------------------------------------------- */

static bool in_view(const struct tcphs_net *tn, u32 netns, u64 time)
{
	/* An inode number is given to a new namespace when its owner is gone. */
	return netns == tn->inum && time >= tn->born;
}

/*
 * The number of the first record of a mark, if it is the namespace's, 0 if not, and how many
 * there are. False when they were overwritten meanwhile.
 */
static bool peek(const struct tcphs_slot *slot, u64 mark, const struct tcphs_net *tn, u64 *number,
		 unsigned int *steps)
{
	/* As in tcphs_ring_copy(). */
	if (smp_load_acquire(&slot->mark) != mark)
		return false;
	*number = in_view(tn, READ_ONCE(slot->ev.id.netns), READ_ONCE(slot->ev.time)) ?
		  READ_ONCE(slot->ev.number) : 0;
	*steps = tcphs_instant_steps(READ_ONCE(slot->ev.type));
	/* As in tcphs_ring_copy(). */
	smp_rmb();
	return READ_ONCE(slot->mark) == mark;
}

/* Goes on to a number of the view; what lies between is lost. */
static void skip_to(struct tcphs_cursor *c, u64 number)
{
	if (number > c->next) {
		c->lost += number - c->next;
		c->next = number;
	}
}

static int newest_first(const void *a, const void *b)
{
	const struct tcphs_run *x = a, *y = b;

	return x->place < y->place ? 1 : x->place > y->place ? -1 : 0;
}

/* What is there of each segment, the one written last first. */
static void list_segments(struct tcphs_walk *walk, const struct tcphs_ring *ring, u64 end)
{
	unsigned int i, k, begun = READ_ONCE(ring->begun);

	walk->nr = 0;
	for (i = 0; i < begun; i++) {
		u64 first = READ_ONCE(ring->segment[i].first), mark = 0;

		cond_resched();
		for (k = first < end ? ring->per_segment : 0; k-- > 0;) {
			mark = READ_ONCE(ring->slots[i * ring->per_segment + k].mark);
			if (mark > first && mark <= end)
				break;
			mark = 0;
		}
		if (!mark)
			continue;
		walk->run[walk->nr].place = mark - 1;
		walk->run[walk->nr].slot = i * ring->per_segment + k;
		walk->run[walk->nr++].stop = i * ring->per_segment;
	}
	sort(walk->run, walk->nr, sizeof(walk->run[0]), newest_first, NULL);
}

/* Looks back through a segment for records that are to be read; up to which place there are none */
static u64 look_back(struct tcphs_cursor *c, const struct tcphs_ring *ring,
		     const struct tcphs_run *run, u64 *first)
{
	u64 below = run->place + 2, mark, number;
	unsigned int slot, steps;

	for (slot = run->slot + 1; slot-- > run->stop;) {
		mark = READ_ONCE(ring->slots[slot].mark);
		/* Places fall towards the beginning; what doesn't was overwritten meanwhile. */
		if (!mark || mark >= below ||
		    !peek(&ring->slots[slot], mark, c->tn, &number, &steps))
			break;
		below = mark;
		if (!number)
			continue;
		if (number + steps <= c->next)
			return mark;
		if (mark - steps < c->pos)
			c->pos = mark - steps;
		if (!*first || number < *first)
			*first = number;
		c->last = max(c->last, number + steps - 1);
		/* What lies before it was read. */
		if (number <= max_t(u64, c->next, 1))
			return mark;
	}
	return 0;
}

/* A view of one namespace counts its own records, so search for them. */
static int seek_netns(struct tcphs_cursor *c, const struct tcphs_ring *ring,
		      struct tcphs_walk *walk)
{
	const struct tcphs_stats *st = per_cpu_ptr(c->tn->stats, c->cpu);
	/* Pairs with tcphs_event_publish(): those records lie before the end. */
	u64 written = smp_load_acquire(&st->recorded);
	u64 first = 0, read = 0;
	unsigned int i;

	/* Records may have been read that are not counted yet, those of one slot. */
	if (c->next > written && c->next - written > TCPHS_INSTANT_STEPS + 1)
		return -ERANGE;
	/* As in tcphs_ring_seek(). */
	c->end = smp_load_acquire(&ring->head);
	c->pos = c->end;
	/* Also when the newest of them are gone, and older ones, in another lane, are not. */
	c->last = written;
	/* Nothing new, as mostly where others are busy: nothing to search for. */
	if (c->next > written || !written) {
		c->next = c->next ?: 1;
		return 0;
	}
	list_segments(walk, ring, c->end);
	for (i = 0; i < walk->nr && walk->run[i].place >= read; i++) {
		cond_resched();
		read = max(read, look_back(c, ring, &walk->run[i], &first));
	}
	/* From here on: what is overwritten before it is read is lost. */
	if (!c->next)
		c->next = first ?: written + 1;
	/* Nothing there: what was written at or after the cursor is gone. */
	if (!first)
		skip_to(c, written + 1);
	return 0;
}

/* Place of the oldest record. */
static u64 oldest(const struct tcphs_ring *ring, u64 end)
{
	unsigned int i, begun = READ_ONCE(ring->begun);
	u64 first = end;

	for (i = 0; i < begun; i++)
		first = min(first, READ_ONCE(ring->segment[i].first));
	return first;
}

/**
 * tcphs_ring_seek() - find where a cursor stands in the ring
 * @cursor: with tn, cpu and next filled in; next 0 asks for the oldest record
 * @walk: scratch
 *
 * Fixes the end of this reading: what is written later waits for the next.
 *
 * Context: process, may sleep: up to a whole ring is looked at.
 * Return: 0; -ENODEV: that CPU has no ring; -ERANGE: the cursor is ahead of
 * what was written.
 */
int tcphs_ring_seek(struct tcphs_cursor *cursor, struct tcphs_walk *walk)
{
	const struct tcphs_ring *ring = ring_of(cursor->cpu, TCPHS_STORE_RING);

	if (!ring)
		return -ENODEV;
	cursor->sought = true;
	cursor->lost = 0;
	if (cursor->tn)
		return seek_netns(cursor, ring, walk);

	/* Pairs with tcphs_ring_commit(): all records before it are whole. */
	cursor->end = smp_load_acquire(&ring->head);
	if (cursor->next > cursor->end + 1)
		return -ERANGE;
	/* Records are numbered from 1, places from 0. */
	cursor->pos = cursor->next ? cursor->next - 1 : oldest(ring, cursor->end);
	cursor->next = cursor->pos + 1;
	return 0;
}

/**
 * tcphs_ring_seek_on() - what was written since a cursor was read to its end
 * @cursor: that was sought, and of which tcphs_ring_read() has returned false
 *
 * Needs no search, unlike tcphs_ring_seek(): all before its end was read or is lost.
 *
 * Context: process.
 */
void tcphs_ring_seek_on(struct tcphs_cursor *cursor)
{
	const struct tcphs_ring *ring = ring_of(cursor->cpu, TCPHS_STORE_RING);
	const struct tcphs_stats *st;

	if (cursor->tn) {
		st = per_cpu_ptr(cursor->tn->stats, cursor->cpu);
		/* Pairs with tcphs_event_publish(): those records lie before the end. */
		cursor->last = smp_load_acquire(&st->recorded);
	}
	cursor->pos = cursor->end;
	/* As in tcphs_ring_seek(). */
	cursor->end = smp_load_acquire(&ring->head);
}

/**
 * tcphs_ring_start() - begin to read what a cursor asks for
 * @cursor: sought
 * @walk: for tcphs_ring_read(), of this cursor alone until it is read
 *
 * Context: process, may sleep.
 */
void tcphs_ring_start(const struct tcphs_cursor *cursor, struct tcphs_walk *walk)
{
	walk_begin(walk, ring_of(cursor->cpu, TCPHS_STORE_RING), cursor->pos, cursor->end);
}

/**
 * tcphs_ring_read() - the next record of a cursor
 * @cursor: moves on. @cursor->lost grows by the records that were
 *	overwritten before they could be read and lie before @ev, or before the end.
 * @walk: started
 * @ev: the record
 *
 * Context: process, may sleep.
 * Return: false at the end that tcphs_ring_seek() fixed.
 */
bool tcphs_ring_read(struct tcphs_cursor *cursor, struct tcphs_walk *walk, struct tcphs_event *ev)
{
	u64 place;

	while (walk_next(walk, &place, ev)) {
		if (!cursor->tn) {
			skip_to(cursor, place + 1);
		} else {
			if (!in_view(cursor->tn, ev->id.netns, ev->time)) {
				cond_resched();
				continue;
			}
			/* The cursor came to stand between steps that share a slot. */
			if (ev->number < cursor->next)
				continue;
			skip_to(cursor, ev->number);
		}
		cursor->next++;
		return true;
	}
	skip_to(cursor, cursor->tn ? cursor->last + 1 : cursor->end + 1);
	return false;
}

/**
 * tcphs_ring_kept_end() - fix the end of a reading of the kept store
 * @cpu: whose
 *
 * What is in it up to there was in the ring before: who fixes the ends of the rings
 * after that misses nothing in between.
 *
 * Context: any.
 * Return: for tcphs_ring_kept_start()
 */
u64 tcphs_ring_kept_end(unsigned int cpu)
{
	const struct tcphs_ring *ring = ring_of(cpu, TCPHS_STORE_KEPT);

	/* Pairs with tcphs_ring_commit(): all records before it are whole. */
	return ring ? smp_load_acquire(&ring->head) : 0;
}

/**
 * tcphs_ring_kept_start() - begin to read the kept store
 * @cpu: whose; it has a ring
 * @walk: for tcphs_ring_kept_read()
 * @end: of tcphs_ring_kept_end()
 *
 * Context: process, may sleep.
 */
void tcphs_ring_kept_start(unsigned int cpu, struct tcphs_walk *walk, u64 end)
{
	walk_begin(walk, ring_of(cpu, TCPHS_STORE_KEPT), 0, end);
}

/**
 * tcphs_ring_kept_read() - the next record of the kept store
 * @tn: whose records; NULL: all
 * @walk: started; says where the record lies, so that tcphs_ring_again() finds it
 * @ev: the record
 *
 * Context: process, may sleep.
 * Return: false at the end.
 */
bool tcphs_ring_kept_read(const struct tcphs_net *tn, struct tcphs_walk *walk,
			  struct tcphs_event *ev)
{
	u64 place;

	while (walk_next(walk, &place, ev)) {
		if (!tn || in_view(tn, ev->id.netns, ev->time))
			return true;
		cond_resched();
	}
	return false;
}

/**
 * tcphs_ring_totals() - of a store of all CPUs together
 * @store: enum tcphs_store
 * @totals: the result
 *
 * Context: any.
 */
void tcphs_ring_totals(unsigned int store, struct tcphs_totals *totals)
{
	const struct tcphs_ring *ring;
	int cpu;

	memset(totals, 0, sizeof(*totals));
	/* Pairs with tcphs_ring_extend(): of what a reader found gone, the time. */
	smp_rmb();
	for_each_possible_cpu(cpu) {
		ring = ring_of(cpu, store);
		if (!ring)
			continue;
		totals->cpus++;
		totals->written += READ_ONCE(ring->head);
		totals->overwritten += READ_ONCE(ring->overwritten);
		totals->whole_since = max(totals->whole_since, READ_ONCE(ring->whole_since));
	}
}

static struct tcphs_ring *ring_alloc(unsigned int records, unsigned int cpu)
{
	unsigned int i, segments = clamp(records / 4, 1U, TCPHS_SEGMENTS);
	struct tcphs_ring *ring;

	ring = vzalloc_node(struct_size(ring, slots, records), cpu_to_node(cpu));
	if (!ring)
		return NULL;
	ring->link_base = tcphs_ring_link_base(ring, cpu);
	ring->segments = segments;
	ring->per_segment = records / segments;
	for (i = 0; i < TCPHS_SEGMENTS; i++)
		ring->segment[i].first = NOTHING;
	return ring;
}

/* Runs before a CPU comes up, on another one; its stores stay until unload. */
static int prepare_cpu(unsigned int cpu)
{
	struct tcphs_stores *stores = per_cpu_ptr(&tcphs_stores, cpu);
	struct tcphs_ring *ring[TCPHS_STORES];
	unsigned int i;

	if (stores->ring[TCPHS_STORE_RING])
		return 0;
	for (i = 0; i < TCPHS_STORES; i++) {
		ring[i] = ring_alloc(tcphs_store_records[i], cpu);
		if (!ring[i])
			goto err_free;
	}
	/* The first comes last: a CPU that has it has all. */
	while (i-- > 0)
		/* Pairs with ring_of(): who sees the ring sees an empty one. */
		smp_store_release(&stores->ring[i], ring[i]);
	return 0;

err_free:
	while (i-- > 0)
		vfree(ring[i]);
	return -ENOMEM;
}

static void free_rings(void)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < TCPHS_STORES; i++) {
			vfree(per_cpu(tcphs_stores, cpu).ring[i]);
			per_cpu(tcphs_stores, cpu).ring[i] = NULL;
		}
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

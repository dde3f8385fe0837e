/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cursors of every CPU, and the merge of their records in time order.
 *
 * Each CPU has a queue in the order it wrote. The merge takes from the queue
 * with the earliest head for as long as no other head is earlier; a heap of the
 * queues makes that cheap with many CPUs.
 *
 * A reader that goes on must not emit a record as long as an earlier one of
 * another CPU can still come. Two things are known about that:
 *
 *  - A pull brings everything that was written before it began. What it left
 *    out is later than its beginning, give or take a writer that has taken its
 *    time stamp and not yet published: SLACK_NS.
 *  - What an earlier pull brought was written before this one began, and so
 *    was everything older than that. This needs no clock.
 *
 * Up to the later of both marks the order is final: the horizon.
 *
 * The first pull may bring what the kept store has. That was written to the rings too,
 * and comes in no order: it gets a queue of its own, is sorted, and what the rings still
 * have is left out.
 *
 * A cursor is a number: the records that a CPU wrote, of those in view, are numbered from 1,
 * and each that is emitted or counted as lost takes one. So where a reader stands is known at
 * any record: its cursor less what it holds. Only with a filter it is not, for what was
 * stopped is in nobody's count: there a cursor from before, and the last record emitted since.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define SLACK_NS 1000000

struct item {
	struct tcphs_event ev;
	uint64_t lost : 63;	/* records lost right before it */
	uint64_t older : 1;	/* before the reader began */
};

struct queue {
	uint32_t cpu;
	bool kept;		/* the kept store's, of all CPUs */
	uint64_t next;		/* cursor */
	uint64_t lost;		/* records lost after the last item */
	uint64_t older_lost;	/* and before the reader began, after the last item of then */
	uint64_t older_left;	/* before the very first look, of those that are still to be pulled */
	uint64_t asked;		/* with a filter, an earlier cursor: all before it was emitted; 0: none */
	struct tcphs_resume emitted;	/* and the last record that was, if any */
	struct item *item;
	size_t head, tail, cap;
};

struct tcphs_events {
	bool all_netns;
	enum tcphs_kept_mode kept;	/* to ask for in the next pull */
	const struct tcphs_filter *filter;	/* NULL: none */
	uint64_t reading;	/* of a session, that stands where these cursors do; 0: none */
	uint64_t pulled_at;	/* when the last pull began */
	uint64_t newest;	/* time of the newest record of all pulls */
	uint64_t settled;	/* the same, without the last pull */
	bool counts;		/* it is written down where the reader stands */
	bool pulled;		/* a pull has ended, or a reader before us had cursors */
	bool begun;		/* something was emitted */
	size_t held;
	size_t nr, cap;
	size_t hint;		/* where queue_of() found the last one */
	struct queue *queue;
	struct queue **heap;	/* non-empty queues, earliest head first */
	size_t heap_nr;
};

/**
 * tcphs_events_new - cursors that stand at the oldest records
 * @all_netns: of all network namespaces
 * @kept: what the first pull brings of the kept store
 * @filter: what to keep, NULL: all; must stay as long as the cursors do
 *
 * Return: for tcphs_events_free(), or NULL without memory.
 */
struct tcphs_events *tcphs_events_new(bool all_netns, enum tcphs_kept_mode kept,
				      const struct tcphs_filter *filter)
{
	struct tcphs_events *evs = calloc(1, sizeof(*evs));

	if (evs) {
		evs->all_netns = all_netns;
		evs->kept = kept;
		evs->filter = filter && filter->keys ? filter : NULL;
	}
	return evs;
}

/**
 * tcphs_events_free - the end of the cursors
 * @evs: the cursors, or NULL
 */
void tcphs_events_free(struct tcphs_events *evs)
{
	size_t i;

	if (!evs)
		return;
	for (i = 0; i < evs->nr; i++)
		free(evs->queue[i].item);
	free(evs->queue);
	free(evs->heap);
	free(evs);
}

/**
 * tcphs_events_all_netns - does this reader ask for every namespace?
 * @evs: the cursors
 */
bool tcphs_events_all_netns(const struct tcphs_events *evs)
{
	return evs->all_netns;
}

/**
 * tcphs_events_filter - what this reader keeps
 * @evs: the cursors
 *
 * Return: NULL when that is everything.
 */
const struct tcphs_filter *tcphs_events_filter(const struct tcphs_events *evs)
{
	return evs->filter;
}

/**
 * tcphs_events_cpus - how many cursors there are
 * @evs: the cursors
 */
size_t tcphs_events_cpus(const struct tcphs_events *evs)
{
	return evs->nr;
}

/**
 * tcphs_events_held - records not emitted yet
 * @evs: the cursors
 */
size_t tcphs_events_held(const struct tcphs_events *evs)
{
	return evs->held;
}

/**
 * tcphs_events_cursor - one cursor, for the next request
 * @evs: the cursors
 * @i: less than tcphs_events_cpus()
 * @cpu: whose
 * @next: what to send
 *
 * Return: false for the kept store, which has none.
 */
bool tcphs_events_cursor(const struct tcphs_events *evs, size_t i, uint32_t *cpu, uint64_t *next)
{
	*cpu = evs->queue[i].cpu;
	*next = evs->queue[i].next;
	return !evs->queue[i].kept;
}

/**
 * tcphs_events_reading - which reading of a session stands where these cursors do
 * @evs: the cursors
 *
 * Return: a place to look it up and to note it; 0: none does.
 */
uint64_t *tcphs_events_reading(struct tcphs_events *evs)
{
	return &evs->reading;
}

/**
 * tcphs_events_kept - what to ask for of the kept store
 * @evs: the cursors
 */
enum tcphs_kept_mode tcphs_events_kept(const struct tcphs_events *evs)
{
	return evs->kept;
}

/**
 * tcphs_events_begin - a pull begins
 * @evs: the cursors
 * @now: CLOCK_MONOTONIC before the request is sent
 */
void tcphs_events_begin(struct tcphs_events *evs, uint64_t now)
{
	struct queue *q;
	size_t i;

	evs->pulled_at = now;
	evs->settled = evs->newest;
	/* Losses that no record followed yet may not have been emitted. */
	for (i = 0; i < evs->nr; i++) {
		q = &evs->queue[i];
		if (!q->lost && !q->older_lost)
			q->asked = q->next;
	}
}

static struct queue *queue_add(struct tcphs_events *evs, uint32_t cpu, bool kept)
{
	size_t cap = evs->cap ? evs->cap * 2 : 16;
	struct queue **heap;
	struct queue *queue;

	if (evs->nr == evs->cap) {
		heap = reallocarray(evs->heap, cap, sizeof(*heap));
		if (!heap)
			return NULL;
		evs->heap = heap;
		queue = reallocarray(evs->queue, cap, sizeof(*queue));
		if (!queue)
			return NULL;
		evs->queue = queue;
		evs->cap = cap;
	}
	queue = &evs->queue[evs->nr++];
	/* Where the oldest record stood that was there at the first look, with a filter nobody knows. */
	*queue = (struct queue){ .cpu = cpu, .kept = kept, .asked = evs->pulled };
	return queue;
}

/* CPUs come in the same order each time, so the search begins where it ended. NULL: none. */
static struct queue *queue_find(struct tcphs_events *evs, uint32_t cpu, bool kept)
{
	size_t i, n;

	for (n = 0, i = evs->hint; n < evs->nr; n++, i++) {
		if (i >= evs->nr)
			i = 0;
		if (evs->queue[i].kept == kept && (kept || evs->queue[i].cpu == cpu)) {
			evs->hint = i;
			return &evs->queue[i];
		}
	}
	return NULL;
}

static struct queue *queue_of(struct tcphs_events *evs, uint32_t cpu, bool kept)
{
	struct queue *queue = queue_find(evs, cpu, kept);

	return queue ? queue : queue_add(evs, cpu, kept);
}

static int queue_reserve(struct queue *q, size_t nr)
{
	size_t cap = q->cap ? q->cap : 64;
	struct item *item;

	if (q->head) {
		memmove(q->item, q->item + q->head, (q->tail - q->head) * sizeof(*q->item));
		q->tail -= q->head;
		q->head = 0;
	}
	while (cap - q->tail < nr)
		cap *= 2;
	if (cap == q->cap)
		return 0;
	item = reallocarray(q->item, cap, sizeof(*item));
	if (!item)
		return -ENOMEM;
	q->item = item;
	q->cap = cap;
	return 0;
}

/* Moves the items that pass together. Returns how many there are. */
static size_t sieve(struct item *item, size_t nr, const struct tcphs_filter *filter)
{
	size_t i, kept = 0;

	for (i = 0; i < nr; i++) {
		if (!tcphs_filter_event(filter, &item[i].ev))
			continue;
		if (kept < i)
			item[kept] = item[i];
		kept++;
	}
	return kept;
}

/* Returns how many records were kept. */
static size_t queue_append(struct queue *q, const struct tcphs_batch *batch,
			   const struct tcphs_filter *filter, bool older)
{
	struct item *first = &q->item[q->tail];
	size_t i, nr = batch->nr;
	uint64_t *lost;

	tcphs_batch_copy(batch, first, sizeof(*first));
	/* What was lost lies before the first one: before the time that is asked for, too? */
	if (nr && filter && tcphs_filter_has(filter, TCPHS_FILTER_SINCE) &&
	    first[0].ev.time < filter->since_ns) {
		q->lost = 0;
		q->older_lost = 0;
	}
	if (filter)
		nr = sieve(first, nr, filter);
	for (i = 0; i < nr; i++) {
		first[i].lost = 0;
		first[i].older = older;
	}
	if (nr) {
		/* A later record leaves what is older in the queue: it may have a hole of its own. */
		lost = older ? &q->older_lost : &q->lost;
		first[0].lost = *lost;
		*lost = 0;
	}
	q->tail += nr;
	return nr;
}

/*
 * Of a CPU that has come up since the reader began, or while nobody read: what it wrote and
 * overwrote before the first record that is there. With a filter nobody knows.
 */
static uint64_t missed(const struct tcphs_events *evs, const struct tcphs_batch *batch)
{
	uint64_t first = batch->next - batch->nr - batch->lost;

	return evs->pulled && !evs->filter && first ? first - 1 : 0;
}

/*
 * How much of what is missing before a batch was not there at the first look, this one's or that
 * of a reader before us: the earliest.
 */
static uint64_t older_of(const struct tcphs_events *evs, const struct queue *q, uint64_t count)
{
	if (!evs->pulled && !q->kept)
		return count;
	return count < q->older_left ? count : q->older_left;
}

/**
 * tcphs_events_add - take the records of one message or block
 * @evs: the cursors
 * @batch: from tcphs_decode_batch() or tcphs_decode_block()
 */
int tcphs_events_add(struct tcphs_events *evs, const struct tcphs_batch *batch)
{
	struct queue *q = queue_of(evs, batch->cpu, batch->kept);
	uint64_t last, count, of_before;
	size_t kept;
	bool older;

	if (!q || queue_reserve(q, batch->nr))
		return -ENOMEM;
	count = batch->lost + (q->kept || q->next ? 0 : missed(evs, batch));
	of_before = older_of(evs, q, count);
	/* As long as all is older that is missing, so are the records in between. */
	older = of_before == count && ((!evs->pulled && !q->kept) || q->older_left);
	q->older_left -= q->older_left ? of_before : 0;
	q->older_lost += of_before;
	q->lost += count - of_before;
	q->next = batch->next;
	if (!batch->nr)
		return 0;
	kept = queue_append(q, batch, evs->filter, older);
	if (!kept)
		return 0;
	evs->held += kept;
	last = q->item[q->tail - 1].ev.time;
	if (last > evs->newest)
		evs->newest = last;
	return 0;
}

/* ---- to go on where another reader was ----------------------------------------------- */

/**
 * tcphs_resume_emitted - a record is the last of its CPU that was emitted
 * @ev: the record
 */
struct tcphs_resume tcphs_resume_emitted(const struct tcphs_event *ev)
{
	return (struct tcphs_resume){
		.next = ev->time, .cpu = ev->cpu | TCPHS_RESUME_TOLD,
		.passed = (uint32_t)ev->number,
	};
}

/* Told, or before what was: a CPU writes in the order of time. */
static bool was_emitted(const struct tcphs_event *ev, const struct tcphs_resume *emitted)
{
	if (ev->time != emitted->next)
		return ev->time < emitted->next;
	return (int32_t)((uint32_t)ev->number - emitted->passed) <= 0;
}

/**
 * tcphs_events_resume - go on where another reader was
 * @evs: cursors that nothing was pulled with yet
 * @from: of tcphs_events_settled(), and of what was emitted since
 */
int tcphs_events_resume(struct tcphs_events *evs, const struct tcphs_resume *from)
{
	struct queue *q = queue_of(evs, from->cpu & ~(TCPHS_RESUME_TOLD | TCPHS_RESUME_OLDER), false);

	if (!q)
		return -ENOMEM;
	if (from->cpu & TCPHS_RESUME_TOLD) {
		q->emitted = *from;
	} else if (from->cpu & TCPHS_RESUME_OLDER) {
		q->older_left = from->next;
	} else {
		q->next = from->next + from->passed;
		q->asked = q->next;
	}
	evs->pulled = true;
	evs->kept = TCPHS_KEPT_NOT;
	return 0;
}

/**
 * tcphs_events_count - it will be written down where the reader stands
 * @evs: cursors that nothing was emitted of yet
 *
 * Then each hole is reported as it is, though some of it may be kept.
 */
void tcphs_events_count(struct tcphs_events *evs)
{
	evs->counts = true;
}

/* Of what a reader that goes on from here would find missing, what was so at the first look. */
static uint64_t older_ahead(const struct queue *q)
{
	uint64_t older = q->older_left + q->older_lost;
	size_t i;

	for (i = q->head; i < q->tail; i++)
		older += q->item[i].older ? q->item[i].lost : 0;
	return older;
}

/* Behind all cursors, which are mostly found by the number of their CPU. */
static size_t put_older(const struct tcphs_events *evs, struct tcphs_resume *to, size_t nr)
{
	const struct queue *q;
	uint64_t older;
	size_t k;

	for (k = 0; !evs->filter && k < evs->nr; k++) {
		q = &evs->queue[k];
		older = q->kept ? 0 : older_ahead(q);
		if (older)
			to[nr++] = (struct tcphs_resume){
				.next = older, .cpu = q->cpu | TCPHS_RESUME_OLDER,
			};
	}
	return nr;
}

/**
 * tcphs_events_settled - from where another reader could go on
 * @evs: the cursors, not between tcphs_events_begin() and _end()
 * @to: gets one a CPU, or two
 * @max: how many there is room for
 *
 * Without a filter the cursor is behind what was emitted; with one, at or before that, and there
 * is none until all of the first pull was emitted: where that began is not known, and whoever
 * asked for all of it would find missing, too, what had been overwritten long before.
 *
 * Return: how many; 0 also when there is no room for all.
 */
size_t tcphs_events_settled(const struct tcphs_events *evs, struct tcphs_resume *to, size_t max)
{
	const struct queue *q;
	uint64_t waiting;
	size_t nr = 0, i, k;

	for (k = 0; k < evs->nr; k++) {
		q = &evs->queue[k];
		if (q->kept)
			continue;
		if (max < 2 * (k + 1) || (evs->filter && !q->asked))
			return 0;
		waiting = q->lost + q->older_lost + (q->tail - q->head);
		for (i = q->head; i < q->tail; i++)
			waiting += q->item[i].lost;
		to[nr++] = (struct tcphs_resume){
			.next = evs->filter ? q->asked : q->next - waiting, .cpu = q->cpu,
		};
		if (evs->filter && q->emitted.next)
			to[nr++] = q->emitted;
	}
	return put_older(evs, to, nr);
}

/**
 * tcphs_events_horizon - up to when all was emitted
 * @evs: the cursors, after tcphs_events_emit()
 *
 * Return: CLOCK_MONOTONIC
 */
uint64_t tcphs_events_horizon(const struct tcphs_events *evs)
{
	return evs->pulled_at > SLACK_NS ? evs->pulled_at - SLACK_NS : 0;
}

/* ---- the kept store ------------------------------------------------------------- */

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/*
 * In the order of time; 0: it is the same record, wherever it comes from. A namespace that
 * is gone leaves its inode number to another one, which counts anew: time tells them apart.
 */
static int by_time(const void *a, const void *b)
{
	const struct tcphs_event *x = a, *y = b;
	int order = compare_u64(x->time, y->time);

	if (!order)
		order = compare_u64(x->number, y->number);
	if (!order)
		order = compare_u64(x->id.netns, y->id.netns);
	return order ? order : compare_u64(x->cpu, y->cpu);
}

/*
 * Marks what the ring still has: @older says nothing of these. That a life began before its first
 * record that was kept, only that one says.
 */
static void strike_out(struct queue *kept, struct queue *ring)
{
	struct item *found;
	size_t i;

	for (i = ring->head; i < ring->tail; i++) {
		found = bsearch(&ring->item[i], kept->item, kept->tail, sizeof(*found),
				by_time);
		if (!found)
			continue;
		ring->item[i].ev.flags |= found->ev.flags & TCPHS_F_GAP;
		found->older = 1;
	}
}

/* Moves those together that were not struck out. */
static void close_up(struct queue *q)
{
	size_t i, n = 0;

	for (i = 0; i < q->tail; i++) {
		if (q->item[i].older)
			continue;
		if (n < i)
			q->item[n] = q->item[i];
		n++;
	}
	q->tail = n;
}

/*
 * Of a CPU the first one in the ring that was written after this. In one namespace numbers
 * show what the clock does not; of all, time is what they have in common.
 */
static size_t after(const struct queue *ring, const struct tcphs_event *ev, bool by_number)
{
	size_t low = ring->head, high = ring->tail, middle;
	const struct tcphs_event *other;

	while (low < high) {
		middle = low + (high - low) / 2;
		other = &ring->item[middle].ev;
		if (by_number ? other->number < ev->number : other->time < ev->time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Does what was lost after the last item of the first pull lie right before this place? */
static bool ends_first_pull(const struct queue *q, size_t at)
{
	return (at == q->tail || !q->item[at].older) && (at == q->head || q->item[at - 1].older);
}

/*
 * What is kept, but lies in a hole of its CPU's ring, is not lost. They come in the order of
 * their numbers: so a hole gets shorter from its beginning on.
 */
static void fill_hole(struct tcphs_events *evs, const struct tcphs_event *ev)
{
	struct queue *ring = queue_find(evs, ev->cpu, false);
	bool by_number = !evs->all_netns, inside;
	uint64_t lost, older, end;
	size_t at;

	if (!ring)
		return;
	at = after(ring, ev, by_number);
	inside = at < ring->tail;
	lost = inside ? ring->item[at].lost : ring->lost;
	older = ends_first_pull(ring, at) ? ring->older_lost : 0;
	end = inside ? ring->item[at].ev.number : ring->next;
	if (!(lost + older) || (by_number ? ev->number < end - lost - older : at == ring->head))
		return;
	if (older)
		ring->older_lost--;
	else if (inside)
		ring->item[at].lost--;
	else
		ring->lost--;
}

static struct queue *kept_queue(struct tcphs_events *evs)
{
	size_t i;

	for (i = 0; i < evs->nr; i++)
		if (evs->queue[i].kept)
			return &evs->queue[i];
	return NULL;
}

static void fill_holes(struct tcphs_events *evs)
{
	const struct queue *kept = kept_queue(evs);
	size_t i;

	for (i = kept ? kept->head : 0; kept && i < kept->tail; i++)
		fill_hole(evs, &kept->item[i].ev);
}

/* What the reader before us emitted of this CPU, and the losses before that. How many. */
static size_t drop_emitted(struct queue *q)
{
	size_t before = q->head;

	while (q->head < q->tail && was_emitted(&q->item[q->head].ev, &q->emitted))
		q->head++;
	return q->head - before;
}

/**
 * tcphs_events_end - a pull has brought all it could
 * @evs: the cursors
 * @whole: it did not fail. Else what the kept store had sent is dropped: it can't be
 *	asked for once there are cursors
 */
void tcphs_events_end(struct tcphs_events *evs, bool whole)
{
	struct queue *kept;
	size_t i, before;

	for (i = 0; whole && !evs->begun && evs->filter && i < evs->nr; i++)
		evs->held -= drop_emitted(&evs->queue[i]);
	evs->pulled |= whole;
	/* A cursor from before that look has been read to its end. */
	for (i = 0; whole && i < evs->nr; i++)
		evs->queue[i].older_left = 0;
	if (!evs->kept)
		return;
	evs->kept = TCPHS_KEPT_NOT;
	kept = kept_queue(evs);
	if (!kept || !kept->tail)
		return;
	before = kept->tail;
	if (!whole) {
		kept->tail = 0;
		evs->held -= before;
		return;
	}
	qsort(kept->item, kept->tail, sizeof(*kept->item), by_time);
	for (i = 0; i < evs->nr; i++)
		if (!evs->queue[i].kept)
			strike_out(kept, &evs->queue[i]);
	close_up(kept);
	evs->held -= before - kept->tail;
}

static uint64_t head_time(const struct queue *q)
{
	return q->item[q->head].ev.time;
}

/* Restores the heap below @i. */
static void sift_down(struct queue **heap, size_t nr, size_t i)
{
	struct queue *q = heap[i];
	size_t child;

	while ((child = 2 * i + 1) < nr) {
		if (child + 1 < nr && head_time(heap[child + 1]) < head_time(heap[child]))
			child++;
		if (head_time(q) <= head_time(heap[child]))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = q;
}

static void heap_build(struct tcphs_events *evs)
{
	size_t i;

	evs->heap_nr = 0;
	for (i = 0; i < evs->nr; i++)
		if (evs->queue[i].head < evs->queue[i].tail)
			evs->heap[evs->heap_nr++] = &evs->queue[i];
	for (i = evs->heap_nr / 2; i-- > 0;)
		sift_down(evs->heap, evs->heap_nr, i);
}

/* The earliest queue has moved on to its record @head. */
static void heap_advance(struct tcphs_events *evs, size_t head)
{
	struct queue *q = evs->heap[0];

	evs->held -= head - q->head;
	q->head = head;
	if (q->head == q->tail) {
		q->head = 0;
		q->tail = 0;
		evs->heap[0] = evs->heap[--evs->heap_nr];
		if (!evs->heap_nr)
			return;
	}
	sift_down(evs->heap, evs->heap_nr, 0);
}

/* Up to when the earliest queue may go on alone: the earliest head of all others. */
static uint64_t heap_second(const struct tcphs_events *evs)
{
	uint64_t second = UINT64_MAX;
	size_t i;

	for (i = 1; i < 3 && i < evs->heap_nr; i++)
		if (head_time(evs->heap[i]) < second)
			second = head_time(evs->heap[i]);
	return second;
}

static void tell_lost(const struct queue *q, uint64_t count, const struct tcphs_events_ops *ops,
		      void *arg)
{
	if (count && ops->lost)
		ops->lost(arg, q->cpu, count);
}

static void tell_older(const struct queue *q, uint64_t count, uint64_t time,
		       const struct tcphs_events_ops *ops, void *arg)
{
	if (count && ops->older)
		ops->older(arg, q->cpu, count, time);
	else
		tell_lost(q, count, ops, arg);
}

/* Losses that no record follows; those of a queue that still holds some wait. */
static void emit_tail_losses(struct tcphs_events *evs, const struct tcphs_events_ops *ops,
			     void *arg)
{
	struct queue *q;
	size_t i;

	for (i = 0; i < evs->nr; i++) {
		q = &evs->queue[i];
		if (!(q->lost || q->older_lost) || q->head < q->tail)
			continue;
		tell_older(q, q->older_lost, evs->pulled_at, ops, arg);
		tell_lost(q, q->lost, ops, arg);
		q->older_lost = 0;
		q->lost = 0;
		/* Whoever goes on from here would have it counted again, as lost. */
		q->asked = q->next;
	}
}

/* What is missing before an item. */
static void emit_hole(struct queue *q, const struct item *item, const struct tcphs_events_ops *ops,
		      void *arg)
{
	if (item->older) {
		tell_older(q, item->lost, item->ev.time, ops, arg);
		return;
	}
	tell_older(q, q->older_lost, item->ev.time, ops, arg);
	q->older_lost = 0;
	tell_lost(q, item->lost, ops, arg);
}

/* The records of @q up to @limit. Returns the first one after them. */
static size_t emit_run(struct queue *q, uint64_t limit, const struct tcphs_events_ops *ops,
		       void *arg)
{
	void (*tell)(void *arg, const struct tcphs_event *ev) =
		q->kept && ops->kept ? ops->kept : ops->record;
	const struct item *item = &q->item[q->head], *end = &q->item[q->tail];

	for (; item < end && item->ev.time <= limit; item++) {
		if (item->lost || q->older_lost)
			emit_hole(q, item, ops, arg);
		tell(arg, &item->ev);
	}
	return (size_t)(item - q->item);
}

/* Takes the holes of what is held. Returns how many records are missing there, and of before when. */
static uint64_t take_holes(struct tcphs_events *evs, uint64_t *until)
{
	uint64_t count = 0;
	struct queue *q;
	size_t i, k;

	for (i = 0; i < evs->nr; i++) {
		q = &evs->queue[i];
		if (q->lost || q->older_lost)
			*until = evs->pulled_at;
		count += q->lost + q->older_lost;
		q->lost = 0;
		q->older_lost = 0;
		for (k = q->head; k < q->tail; k++) {
			if (!q->item[k].lost)
				continue;
			if (q->item[k].ev.time > *until)
				*until = q->item[k].ev.time;
			count += q->item[k].lost;
			q->item[k].lost = 0;
		}
	}
	return count;
}

/* Before the first record: what the first pull could not find any more. */
static void begin_to_tell(struct tcphs_events *evs, const struct tcphs_events_ops *ops, void *arg)
{
	uint64_t until = 0, count;

	evs->begun = true;
	if (!evs->counts)
		fill_holes(evs);
	if (!ops->overwritten)
		return;
	count = take_holes(evs, &until);
	if (count)
		ops->overwritten(arg, count, until);
}

static void emit_until(struct tcphs_events *evs, uint64_t horizon,
		       const struct tcphs_events_ops *ops, void *arg)
{
	struct queue *q;
	uint64_t limit;
	size_t next;

	if (!evs->begun)
		begin_to_tell(evs, ops, arg);
	heap_build(evs);
	while (evs->heap_nr && head_time(evs->heap[0]) <= horizon) {
		q = evs->heap[0];
		limit = heap_second(evs);
		if (limit > horizon)
			limit = horizon;
		next = emit_run(q, limit, ops, arg);
		if (evs->filter)
			q->emitted = tcphs_resume_emitted(&q->item[next - 1].ev);
		heap_advance(evs, next);
	}
	emit_tail_losses(evs, ops, arg);
}

/**
 * tcphs_events_emit - call back for every record whose place in time is final
 * @evs: the cursors
 * @ops: whom to call
 * @arg: what with
 */
void tcphs_events_emit(struct tcphs_events *evs, const struct tcphs_events_ops *ops, void *arg)
{
	uint64_t horizon = evs->settled;

	if (evs->pulled_at > SLACK_NS && evs->pulled_at - SLACK_NS > horizon)
		horizon = evs->pulled_at - SLACK_NS;
	emit_until(evs, horizon, ops, arg);
}

/**
 * tcphs_events_emit_all - call back for every record held
 * @evs: the cursors
 * @ops: whom to call
 * @arg: what with
 */
void tcphs_events_emit_all(struct tcphs_events *evs, const struct tcphs_events_ops *ops,
			   void *arg)
{
	emit_until(evs, UINT64_MAX, ops, arg);
}

/**
 * tcphs_events_keep_last - throw the oldest records away, and the losses before them
 * @evs: the cursors
 * @keep: how many records stay
 */
void tcphs_events_keep_last(struct tcphs_events *evs, size_t keep)
{
	size_t i;

	heap_build(evs);
	while (evs->held > keep)
		heap_advance(evs, evs->heap[0]->head + 1);
	if (keep)
		return;
	for (i = 0; i < evs->nr; i++) {
		evs->queue[i].lost = 0;
		evs->queue[i].older_lost = 0;
	}
}

/**
 * tcphs_events_visit - look at everything held, in no order
 * @evs: the cursors
 * @fn: called for each record
 * @arg: its first argument
 */
void tcphs_events_visit(const struct tcphs_events *evs,
			void (*fn)(void *arg, const struct tcphs_event *ev), void *arg)
{
	const struct queue *q;
	size_t i, k;

	for (i = 0; i < evs->nr; i++) {
		q = &evs->queue[i];
		for (k = q->head; k < q->tail; k++)
			fn(arg, &q->item[k].ev);
	}
}

/**
 * tcphs_event_of_another - is the step's segment another connection's?
 * @ev: the record
 *
 * Then its @seq counts from neither ISN.
 */
bool tcphs_event_of_another(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_SYN_UNEXPECTED || ev->reason == TCPHS_REASON_OLD_ACK;
}

/**
 * tcphs_event_from_peer - is the step's segment one that arrived?
 * @ev: the record
 *
 * Says which ISN its @seq counts from: the peer's for a segment that arrived,
 * else ours. The handshake ends with a segment of the side that called
 * connect(); TIME_WAIT begins with the ACK that this end sends.
 */
bool tcphs_event_from_peer(const struct tcphs_event *ev)
{
	static const uint64_t arrived =
		1u << TCPHS_EV_SYN_RECEIVED | 1u << TCPHS_EV_SYN_DROPPED |
		1u << TCPHS_EV_REQUEST_RESET | 1u << TCPHS_EV_ACCEPT_QUEUED |
		1u << TCPHS_EV_ACCEPT_OVERFLOW | 1u << TCPHS_EV_FIN_RECEIVED |
		1u << TCPHS_EV_FIN_ACKED | 1u << TCPHS_EV_RST_RECEIVED |
		1u << TCPHS_EV_TIME_WAIT_FIN | 1u << TCPHS_EV_SYN_DUPLICATE |
		1u << TCPHS_EV_ACK_DEFERRED | 1u << TCPHS_EV_SYN_UNEXPECTED;

	if (ev->type == TCPHS_EV_ESTABLISHED)
		return ev->id.role == TCPHS_ROLE_PASSIVE;
	if (ev->type == TCPHS_EV_CONNECT_FAILED)
		return ev->reason == TCPHS_REASON_REFUSED;
	return ev->type < 64 && arrived >> ev->type & 1;
}

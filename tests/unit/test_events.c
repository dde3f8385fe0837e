/* SPDX-License-Identifier: GPL-2.0 */
/* Cursors, the merge of all CPUs, what is held back, and losses. */
#include "msg.h"
#include "tap.h"
#include "internal.h"

#define MS 1000000ull

/* What came out, as text: the record's time, or "-COUNT@CPU" for a loss. */
static char seen[4096];
static uint64_t last_time;
static size_t nr_seen;
static bool in_order;

static void on_record(void *arg, const struct tcphs_event *ev)
{
	size_t len = strlen(seen);

	(void)arg;
	nr_seen++;
	in_order &= ev->time >= last_time;
	last_time = ev->time;
	if (len < sizeof(seen) - 64)
		snprintf(seen + len, sizeof(seen) - len, "%s%llu%s", len ? " " : "",
			 (unsigned long long)(ev->time / MS),
			 ev->flags & TCPHS_F_GAP ? "~" : "");
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	size_t len = strlen(seen);

	(void)arg;
	snprintf(seen + len, sizeof(seen) - len, "%s-%llu@%u", len ? " " : "",
		 (unsigned long long)count, cpu);
}

static const struct tcphs_events_ops ops = { .record = on_record, .lost = on_lost };

static void on_kept(void *arg, const struct tcphs_event *ev)
{
	on_record(arg, ev);
	strcat(seen, "k");
}

static void on_overwritten(void *arg, uint64_t count, uint64_t until)
{
	size_t len = strlen(seen);

	(void)arg;
	snprintf(seen + len, sizeof(seen) - len, "%s<%llu:%llu", len ? " " : "",
		 (unsigned long long)(until / MS), (unsigned long long)count);
}

/* Of who tells apart what the ring has and what is kept, losses and what is merely old. */
static const struct tcphs_events_ops all_ops = {
	.record = on_record, .lost = on_lost, .kept = on_kept, .overwritten = on_overwritten,
};

static void on_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	size_t len = strlen(seen);

	(void)arg;
	snprintf(seen + len, sizeof(seen) - len, "%s<%llu:%llu@%u", len ? " " : "",
		 (unsigned long long)(time / MS), (unsigned long long)count, cpu);
}

/* Of a recorder, which tells each hole in its place. */
static const struct tcphs_events_ops recorder_ops = {
	.record = on_record, .lost = on_lost, .older = on_older,
};

static void clear(void)
{
	seen[0] = '\0';
	nr_seen = 0;
	last_time = 0;
	in_order = true;
}

static const char *emit(struct tcphs_events *evs)
{
	clear();
	tcphs_events_emit(evs, &ops, NULL);
	return seen;
}

static const char *emit_all(struct tcphs_events *evs)
{
	clear();
	tcphs_events_emit_all(evs, &ops, NULL);
	return seen;
}

/* A message with records at the given times (ms), 0 ends the list. */
static void add(struct tcphs_events *evs, uint32_t cpu, uint64_t lost, uint64_t next,
		const uint64_t *times)
{
	struct tcphs_event ev = { .type = TCPHS_EV_CLOSED };
	struct tcphs_batch batch;
	static struct msg m;

	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_EVENT_GET);
	msg_u32(&m, TCPHS_A_EVENT_CPU, cpu);
	msg_u64(&m, TCPHS_A_EVENT_LOST, lost);
	for (; *times; times++) {
		ev.time = *times * MS;
		msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
	}
	msg_u64(&m, TCPHS_A_EVENT_NEXT, next);
	if (tcphs_decode_batch(m.data, m.len, &batch) || tcphs_events_add(evs, &batch))
		abort();
}

#define ADD(evs, cpu, lost, next, ...) add(evs, cpu, lost, next, (uint64_t[]){ __VA_ARGS__ })

static void test_merge(void)
{
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	uint64_t next;
	uint32_t cpu;

	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 0, 10, 1, 4, 5, 9, 0);
	ADD(evs, 2, 0, 20, 2, 3, 8, 0);
	ADD(evs, 1, 0, 30, 0);
	ADD(evs, 0, 0, 11, 10, 0);
	equal(tcphs_events_held(evs), 8, "everything is held before it is emitted");
	same(emit(evs), "1 2 3 4 5 8 9 10", "three CPUs merge in time order");
	equal(tcphs_events_held(evs), 0, "then nothing is held");
	equal(tcphs_events_cpus(evs), 3, "a cursor for each CPU, also for one without records");
	tcphs_events_cursor(evs, 0, &cpu, &next);
	ok(cpu == 0 && next == 11, "the cursor of the last message counts");
	same(emit(evs), "", "nothing comes twice");
	tcphs_events_free(evs);
}

/* What newer records had overwritten before anybody asked was not lost by who reads. */
static void test_old(void)
{
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);

	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 0, 1, 10, 0);
	ADD(evs, 1, 5, 1, 20, 0);
	ADD(evs, 0, 7, 2, 30, 0);
	ADD(evs, 0, 3, 2, 40, 0);
	clear();
	tcphs_events_emit(evs, &all_ops, NULL);
	same(seen, "<40:15 10 20 30 40", "all holes of the first pull are told at once");
	tcphs_events_begin(evs, 2000 * MS);
	ADD(evs, 0, 2, 3, 50, 0);
	clear();
	tcphs_events_emit(evs, &all_ops, NULL);
	same(seen, "-2@0 50", "those of a later one are losses");
	tcphs_events_free(evs);

	evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 5, 1, 20, 0);
	ADD(evs, 0, 7, 2, 30, 0);
	ADD(evs, 0, 0, 2, 40, 0);
	tcphs_events_keep_last(evs, 1);
	clear();
	tcphs_events_emit_all(evs, &all_ops, NULL);
	same(seen, "40", "and of the last few none is missing");
	tcphs_events_free(evs);
}

static const char *emit_recorder(struct tcphs_events *evs)
{
	clear();
	tcphs_events_emit(evs, &recorder_ops, NULL);
	return seen;
}

/* A hole of the first pull is older than the recorder, whatever comes behind it, or nothing. */
static void test_old_tail(void)
{
	static const struct tcphs_filter closed = {
		.keys = 1u << TCPHS_FILTER_EVENT, .events = 1ull << TCPHS_EV_ESTABLISHED,
	};
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	struct tcphs_resume to[8];

	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 0, 11, 10, 0);
	ADD(evs, 0, 5, 16, 0);
	ADD(evs, 1, 9, 10, 0);
	tcphs_events_end(evs, true);
	same(emit_recorder(evs), "10 <1000:5@0 <1000:9@1",
	     "a hole of the first pull that no record follows is not lost");
	tcphs_events_begin(evs, 2000 * MS);
	ADD(evs, 1, 2, 12, 0);
	tcphs_events_end(evs, true);
	same(emit_recorder(evs), "-2@1", "that of a later one is");
	tcphs_events_free(evs);

	evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	tcphs_events_count(evs);
	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 3, 5, 10, 0);
	ADD(evs, 0, 5, 10, 0);
	ADD(evs, 1, 9, 10, 0);
	ADD(evs, 2, 9, 10, 0);
	tcphs_events_end(evs, true);
	tcphs_events_settled(evs, to, 8);
	ok(to[0].next == 1 && to[1].next == 1 && to[2].next == 1,
	   "until they are told, cursors stand before such holes");
	tcphs_events_begin(evs, 2000 * MS);
	ADD(evs, 0, 2, 13, 20, 0);
	ADD(evs, 1, 0, 11, 30, 0);
	ADD(evs, 2, 4, 14, 0);
	tcphs_events_end(evs, true);
	same(emit_recorder(evs), "<10:3@0 10 <20:5@0 -2@0 20 <30:9@1 30 <2000:9@2 -4@2",
	     "told before what a second pull brings, each as what it is");
	tcphs_events_settled(evs, to, 8);
	ok(to[0].next == 13 && to[1].next == 11 && to[2].next == 14, "and then behind them");
	tcphs_events_free(evs);

	evs = tcphs_events_new(false, TCPHS_KEPT_NOT, &closed);
	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 5, 7, 10, 0);
	tcphs_events_end(evs, true);
	tcphs_events_begin(evs, 2000 * MS);
	tcphs_events_end(evs, true);
	same(emit_recorder(evs), "<2000:5@0", "nor is it where a filter stopped what follows");
	tcphs_events_settled(evs, to, 8);
	equal(to[0].next, 7, "and who goes on does not count it again");
	tcphs_events_free(evs);

	evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 5, 6, 0);
	tcphs_events_end(evs, true);
	clear();
	tcphs_events_emit(evs, &all_ops, NULL);
	same(seen, "<1000:5", "it is among what is told at once");
	tcphs_events_begin(evs, 2000 * MS);
	ADD(evs, 0, 0, 7, 20, 0);
	same(emit_recorder(evs), "20", "and not again");
	tcphs_events_free(evs);
}

static void test_holding_back(void)
{
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);

	/* The pull began at 100: CPU 0 may have been read before CPU 1 wrote 102. */
	tcphs_events_begin(evs, 100 * MS);
	ADD(evs, 0, 0, 1, 90, 0);
	ADD(evs, 1, 0, 1, 95, 104, 0);
	same(emit(evs), "90 95", "what is later than the beginning of the pull waits");
	equal(tcphs_events_held(evs), 1, "and is held");

	tcphs_events_begin(evs, 110 * MS);
	ADD(evs, 0, 0, 2, 102, 0);
	ADD(evs, 1, 0, 2, 106, 0);
	same(emit(evs), "102 104 106", "for what the next pull brings from before it");
	ok(in_order, "so the order is right");

	/* In a time namespace our clock may be far behind the kernel's. */
	tcphs_events_begin(evs, 5 * MS);
	ADD(evs, 0, 0, 3, 200, 0);
	same(emit(evs), "", "with a clock that is wrong, records wait one pull");
	tcphs_events_begin(evs, 6 * MS);
	ADD(evs, 1, 0, 3, 150, 210, 0);
	same(emit(evs), "150 200", "and no longer");
	same(emit_all(evs), "210", "a reader that stops gets the rest");
	tcphs_events_free(evs);
}

static void test_losses(void)
{
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);

	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 0, 1, 10, 0);
	ADD(evs, 1, 5, 1, 20, 0);
	ADD(evs, 0, 7, 2, 30, 0);
	same(emit(evs), "10 -5@1 20 -7@0 30", "a loss comes right before the record after it");
	ADD(evs, 1, 3, 2, 0);
	ADD(evs, 1, 4, 3, 0);
	same(emit(evs), "-7@1", "a loss that no record follows comes too, once");
	ADD(evs, 0, 2, 3, 40, 0);
	ADD(evs, 0, 9, 4, 0);
	tcphs_events_keep_last(evs, 0);
	same(emit_all(evs), "", "keeping nothing forgets the losses before now");
	tcphs_events_free(evs);
}

static void test_last(void)
{
	struct tcphs_events *evs = tcphs_events_new(true, TCPHS_KEPT_NOT, NULL);

	ok(tcphs_events_all_netns(evs), "a reader of all namespaces says so");
	tcphs_events_begin(evs, 1000 * MS);
	ADD(evs, 0, 4, 10, 1, 4, 5, 0);
	ADD(evs, 1, 0, 10, 2, 3, 6, 0);
	tcphs_events_keep_last(evs, 100);
	equal(tcphs_events_held(evs), 6, "to keep more than there is keeps all");
	tcphs_events_keep_last(evs, 3);
	same(emit_all(evs), "4 5 6", "the last three of all CPUs");
	tcphs_events_free(evs);
}

/* Many CPUs, many pulls, times that nearly meet; every record once, in order. */
static void test_many(void)
{
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	uint64_t clock = 1000, next[64] = { 0 }, t[2] = { 0 };
	size_t added = 0;
	int pull, i;

	clear();
	srand(3);
	for (pull = 0; pull < 200; pull++) {
		tcphs_events_begin(evs, clock * MS);
		for (i = 0; i < 64; i++) {
			/* Each CPU is read a little later than the one before it. */
			for (t[0] = next[i]; t[0] <= clock + (uint64_t)i; t[0] += 1 + rand() % 9) {
				if (!t[0])
					continue;
				ADD(evs, (uint32_t)i, 0, t[0], t[0], 0);
				added++;
			}
			next[i] = t[0];
		}
		tcphs_events_emit(evs, &ops, NULL);
		clock += 70;
	}
	tcphs_events_emit_all(evs, &ops, NULL);
	equal(nr_seen, added, "200 pulls of 64 CPUs: every record, once");
	ok(in_order, "and all of them in time order");
	tcphs_events_free(evs);
}

/* A message of one record of either store. */
static void add_record(struct tcphs_events *evs, uint32_t flags, bool kept, uint64_t lost,
		       uint32_t cpu, uint32_t netns, uint64_t number, uint64_t time)
{
	struct tcphs_event ev = {
		.type = TCPHS_EV_CLOSED, .time = time * MS, .number = number, .cpu = cpu,
		.id.netns = netns, .flags = flags,
	};
	struct tcphs_batch batch;
	static struct msg m;

	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_EVENT_GET);
	msg_u32(&m, TCPHS_A_EVENT_CPU, cpu);
	if (kept)
		msg_u8(&m, TCPHS_A_EVENT_KEPT, TCPHS_KEPT_TOO);
	msg_u64(&m, TCPHS_A_EVENT_LOST, lost);
	msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
	msg_u64(&m, TCPHS_A_EVENT_NEXT, number + 1);
	if (tcphs_decode_batch(m.data, m.len, &batch) || tcphs_events_add(evs, &batch))
		abort();
}

static void add_one(struct tcphs_events *evs, bool kept, uint32_t cpu, uint32_t netns,
		    uint64_t number, uint64_t time)
{
	add_record(evs, 0, kept, 0, cpu, netns, number, time);
}

/* Behind a hole of the ring. */
static void add_lost(struct tcphs_events *evs, uint64_t lost, uint32_t cpu, uint32_t netns,
		     uint64_t number, uint64_t time)
{
	add_record(evs, 0, false, lost, cpu, netns, number, time);
}

static void test_kept(void)
{
	struct tcphs_events *evs = tcphs_events_new(true, TCPHS_KEPT_TOO, NULL);
	uint64_t next;
	uint32_t cpu;
	size_t i, cursors = 0;

	equal(tcphs_events_kept(evs), TCPHS_KEPT_TOO, "the first pull asks for the kept store");
	tcphs_events_begin(evs, 1000 * MS);
	add_one(evs, false, 0, 7, 23, 50);
	add_one(evs, false, 0, 8, 23, 51);
	add_one(evs, false, 1, 7, 24, 52);
	/* In no order; three are in the rings, and four have something in common with those. */
	add_one(evs, true, 0, 8, 23, 51);
	add_one(evs, true, 1, 7, 23, 13);
	add_one(evs, true, 0, 7, 11, 11);
	add_one(evs, true, 1, 7, 24, 52);
	add_one(evs, true, 0, 9, 23, 12);
	/* Of a namespace that is gone, and whose inode number another one has. */
	add_one(evs, true, 1, 7, 24, 14);
	/* The ring has it, too, but does not know that the life had lost its beginning. */
	add_record(evs, TCPHS_F_GAP, true, 0, 0, 7, 23, 50);
	tcphs_events_end(evs, true);
	equal(tcphs_events_held(evs), 7, "what is in both stores is held once");
	equal(tcphs_events_kept(evs), TCPHS_KEPT_NOT, "the second pull does not ask again");
	for (i = 0; i < tcphs_events_cpus(evs); i++)
		cursors += tcphs_events_cursor(evs, i, &cpu, &next);
	equal(cursors, 2, "the kept store has no cursor");
	clear();
	tcphs_events_emit_all(evs, &all_ops, NULL);
	same(seen, "11k 12k 13k 14k 50~ 51 52", "both stores are one stream in time order");
	tcphs_events_free(evs);
}

/* A hole is what neither has: of three that the ring has lost two are kept. */
static void test_holes(void)
{
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_TOO, NULL);

	tcphs_events_begin(evs, 1000 * MS);
	add_one(evs, false, 0, 7, 20, 50);
	add_lost(evs, 3, 0, 7, 24, 60);
	add_lost(evs, 5, 1, 7, 29, 61);
	/* Older than all that the ring has; in the hole; in it, of another CPU; at its edge. */
	add_one(evs, true, 0, 7, 19, 49);
	add_one(evs, true, 0, 7, 21, 50);
	add_one(evs, true, 1, 7, 22, 51);
	add_one(evs, true, 0, 7, 23, 60);
	tcphs_events_end(evs, true);
	same(emit_all(evs), "49 50 50 51 60 -1@0 60 -5@1 61", "what is kept is not missing");
	tcphs_events_free(evs);

	/* The same where no record follows, or only what a second pull brings. */
	evs = tcphs_events_new(false, TCPHS_KEPT_TOO, NULL);
	tcphs_events_begin(evs, 1000 * MS);
	add_one(evs, false, 0, 7, 20, 50);
	ADD(evs, 0, 3, 24, 0);
	add_one(evs, false, 1, 7, 20, 50);
	ADD(evs, 1, 3, 24, 0);
	add_one(evs, true, 0, 7, 21, 51);
	add_one(evs, true, 1, 7, 22, 52);
	tcphs_events_end(evs, true);
	tcphs_events_begin(evs, 1000 * MS);
	add_lost(evs, 4, 1, 7, 28, 60);
	add_one(evs, false, 1, 7, 29, 61);
	tcphs_events_end(evs, true);
	same(emit_all(evs), "50 50 51 52 -2@1 -4@1 60 61 -2@0", "nor behind the last record");
	tcphs_events_free(evs);
}

static void test_half_kept(void)
{
	struct tcphs_events *evs = tcphs_events_new(true, TCPHS_KEPT_TOO, NULL);

	tcphs_events_begin(evs, 1000 * MS);
	add_one(evs, false, 0, 7, 23, 50);
	add_one(evs, true, 0, 7, 11, 11);
	add_one(evs, true, 0, 7, 10, 10);
	tcphs_events_end(evs, false);
	equal(tcphs_events_kept(evs), TCPHS_KEPT_NOT, "after a pull that failed it is not asked again");
	same(emit_all(evs), "50", "and half of the kept store is none of it");
	tcphs_events_free(evs);
}

int main(void)
{
	plan(42);
	test_kept();
	test_half_kept();
	test_holes();
	test_merge();
	test_holding_back();
	test_losses();
	test_old();
	test_old_tail();
	test_last();
	test_many();
	return tap_done();
}

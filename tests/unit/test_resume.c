/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recorders that are killed at any moment, several times in a row, and go on by what is on
 * the disk: each record is told once or counted as lost once, whatever was overwritten
 * meanwhile, and however much of what they wrote has come to the disk. What was not there any
 * more when the first of them looked is never counted as lost, though that one is killed at once.
 */
#include "msg.h"
#include "tap.h"
#include "recording.h"

#define MS	1000000ull
#define CPUS	4
#define PLACES	12000
#define LIVES	400
#define WANTED	TCPHS_EV_CLOSED		/* with a filter, only these */

static uint64_t random_state = 2463534242ull;

static uint64_t any(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

/* The module: places of each CPU's ring, of which some are overwritten, in no order. */
static struct {
	uint64_t time[PLACES];
	bool wanted[PLACES];
	bool dead[PLACES];
	size_t nr, oldest;
	bool up;			/* the CPU has been up */
} ring[CPUS];
static uint64_t now;
static bool over;
/* No cursors were on the disk: what was not there then, and what the disk has of the rest. */
static bool fresh, gone[CPUS][PLACES], told[CPUS][PLACES];
static const struct tcphs_filter *filter;

/* Time is an order within a CPU, and over all of them only nearly: a stamp may be written late. */
static void happen(unsigned int steps, size_t capacity)
{
	uint64_t time, before;
	unsigned int cpu;
	size_t i;

	while (!over && steps--) {
		now += any(30000);
		cpu = (unsigned int)any(any(3) ? CPUS : 1);
		if (!ring[cpu].up || ring[cpu].nr == PLACES)
			continue;
		time = now - (any(7) ? 0 : any(3 * MS));
		before = ring[cpu].nr ? ring[cpu].time[ring[cpu].nr - 1] : 0;
		ring[cpu].time[ring[cpu].nr] = time > before ? time : before;
		ring[cpu].wanted[ring[cpu].nr++] = !any(3);
		while (ring[cpu].nr - ring[cpu].oldest > capacity)
			ring[cpu].dead[ring[cpu].oldest++] = true;
		/* One of another lane. */
		i = ring[cpu].oldest + any(ring[cpu].nr - ring[cpu].oldest);
		ring[cpu].dead[i] |= !any(9) && ring[cpu].nr - i > capacity / 4;
	}
}

static struct tcphs_event record(uint32_t cpu, size_t at)
{
	return (struct tcphs_event){
		.type = ring[cpu].wanted[at] ? WANTED : TCPHS_EV_ESTABLISHED,
		.cpu = (uint16_t)cpu, .time = ring[cpu].time[at], .number = at + 1,
	};
}

/* One message: from the cursor on, some records and what is missing before the first. */
static uint64_t tell(struct tcphs_events *evs, uint32_t cpu, uint64_t cursor)
{
	size_t at = cursor ? cursor - 1 : ring[cpu].oldest, max = 1 + any(20);
	struct tcphs_batch batch;
	static struct msg m;
	uint64_t lost = 0;
	size_t i;

	for (i = 0; fresh && !cursor && i < at; i++)
		gone[cpu][i] = true;
	for (; at < ring[cpu].nr && ring[cpu].dead[at]; at++) {
		gone[cpu][at] |= fresh;
		lost++;
	}
	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_EVENT_GET);
	msg_u32(&m, TCPHS_A_EVENT_CPU, cpu);
	msg_u64(&m, TCPHS_A_EVENT_LOST, lost);
	for (; at < ring[cpu].nr && !ring[cpu].dead[at] && max; at++, max--) {
		struct tcphs_event ev = record(cpu, at);

		if (!filter || ring[cpu].wanted[at])
			msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
	}
	msg_u64(&m, TCPHS_A_EVENT_NEXT, at + 1);
	if (tcphs_decode_batch(m.data, m.len, &batch) || tcphs_events_add(evs, &batch))
		abort();
	return at + 1;
}

static void pull(struct tcphs_events *evs)
{
	uint64_t next[CPUS] = { 0 }, cursor;
	uint32_t cpu;
	size_t i;

	tcphs_events_begin(evs, now);
	for (i = 0; i < tcphs_events_cpus(evs); i++)
		if (tcphs_events_cursor(evs, i, &cpu, &cursor))
			next[cpu] = cursor;
	for (cpu = 0; cpu < CPUS; cpu++) {
		if (!ring[cpu].up)
			continue;
		do {
			next[cpu] = tell(evs, cpu, next[cpu]);
			/* It goes on while it is read. */
			if (!any(5))
				happen(3, 400);
		} while (next[cpu] <= ring[cpu].nr);
	}
	tcphs_events_end(evs, true);
}

/* ---- what is on the disk ---------------------------------------------------------------- */

static struct entry {
	enum { STATE, EVENT, LOST, OLDER } kind;
	struct piece_state state;
	struct tcphs_resume cursor[2 * CPUS];
	struct tcphs_event ev;
	uint32_t cpu;
	uint64_t count;
} disk[4 * CPUS * PLACES];
static size_t nr_disk;

static struct entry *put(int kind)
{
	if (nr_disk == sizeof(disk) / sizeof(disk[0]))
		abort();
	disk[nr_disk] = (struct entry){ .kind = kind };
	return &disk[nr_disk++];
}

static void on_record(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	/* As record_box.c leaves out what is there. */
	if (!told[ev->cpu][ev->number - 1])
		put(EVENT)->ev = *ev;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct entry *e = put(LOST);

	(void)arg;
	e->cpu = cpu;
	e->count = count;
}

static void on_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	(void)time;
	on_lost(arg, cpu, count);
	disk[nr_disk - 1].kind = OLDER;
}

static const struct tcphs_events_ops ops = {
	.record = on_record, .lost = on_lost, .older = on_older,
};

static void state(const struct tcphs_events *evs)
{
	struct entry *e = put(STATE);

	e->state.filtered = !!filter;
	e->state.nr = (uint32_t)tcphs_events_settled(evs, e->cursor, 2 * CPUS);
}

/* Where the recorder before stood. */
static struct box_place place_of_disk(void)
{
	struct box_place p = { 0 };
	const struct entry *e;

	for (e = disk; e < disk + nr_disk; e++) {
		if (e->kind == STATE)
			tcphs_place_state(&p, &e->state, e->cursor);
		else if (e->kind == EVENT)
			tcphs_place_event(&p, &e->ev);
		else if (e->kind == LOST)
			tcphs_place_lost(&p, e->cpu, e->count);
		else
			tcphs_place_older(&p, e->cpu, e->count);
	}
	return p;
}

static struct tcphs_events *begin(void)
{
	struct tcphs_events *evs = tcphs_events_new(true, TCPHS_KEPT_NOT, filter);
	struct box_place p = place_of_disk();
	const struct entry *e;
	size_t i;

	for (i = 0; i < p.nr; i++)
		if (tcphs_events_resume(evs, &p.cursor[i]))
			abort();
	free(p.cursor);
	fresh = !p.nr;
	memset(told, 0, sizeof(told));
	if (fresh)
		memset(gone, 0, sizeof(gone));
	for (e = disk; fresh && e < disk + nr_disk; e++)
		if (e->kind == EVENT)
			told[e->ev.cpu][e->ev.number - 1] = true;
	pull(evs);
	fresh = false;
	state(evs);
	return evs;
}

/* A recorder, for so many rounds. */
static void live(unsigned int rounds)
{
	struct tcphs_events *evs = begin();
	size_t before = nr_disk;
	bool first = true;

	for (; rounds; rounds--, first = false) {
		happen((unsigned int)any(120), 400);
		pull(evs);
		tcphs_events_emit(evs, &ops, NULL);
		if (first || !any(3))
			state(evs);
	}
	tcphs_events_free(evs);
	/* What came to the disk of it: all, a part, or not even the first state. */
	nr_disk = any(9) ? before - 1 + any(nr_disk - before + 2) : nr_disk;
}

/* ---- what came of it --------------------------------------------------------------------- */

static bool count(uint64_t *lost)
{
	const struct entry *e;
	bool once = true;
	size_t i;

	memset(told, 0, sizeof(told));
	for (i = 0; i < CPUS; i++)
		lost[i] = 0;
	for (e = disk; e < disk + nr_disk; e++) {
		if (e->kind == LOST)
			lost[e->cpu] += e->count;
		if (e->kind != EVENT)
			continue;
		once &= !told[e->ev.cpu][e->ev.number - 1];
		told[e->ev.cpu][e->ev.number - 1] = true;
	}
	return once;
}

static void is_true(bool good, const char *what, const char *name)
{
	char both[128];

	snprintf(both, sizeof(both), "%s: %s", what, name);
	ok(good, both);
}

static void begin_world(void)
{
	memset(ring, 0, sizeof(ring));
	nr_disk = 0;
	now = 1000 * MS;
	over = false;
	ring[0].up = true;
	ring[1].up = true;
	happen(1500, 400);
}

static void end_world(void)
{
	struct tcphs_events *evs;

	over = true;
	evs = begin();
	tcphs_events_emit_all(evs, &ops, NULL);
	tcphs_events_free(evs);
}

static void run(const char *what)
{
	uint64_t lost[CPUS], all_lost = 0, nr, untold, unseen = 0;
	unsigned int life, cpu;
	bool once, exact = true;
	size_t i;

	begin_world();
	for (life = 0; life < LIVES; life++) {
		live((unsigned int)any(any(3) ? 3 : 12));
		/* Dead, for as long as it takes the ring to run over, or not at all. */
		if (any(3))
			happen((unsigned int)any(any(7) ? 90 : 1500), 400);
		ring[2].up |= life == 50;
		ring[3].up |= life > 90 && !any(30);
	}
	end_world();
	once = count(lost);
	for (cpu = 0; cpu < CPUS; cpu++) {
		for (i = 0, nr = 0, untold = 0; i < ring[cpu].nr; i++) {
			nr += told[cpu][i];
			if (told[cpu][i] || gone[cpu][i] || (filter && !ring[cpu].wanted[i]))
				continue;
			untold++;
			unseen += !ring[cpu].dead[i];
		}
		if (filter ? lost[cpu] < untold : lost[cpu] != untold) {
			exact = false;
			printf("# CPU %u: told %llu and lost %llu, of %zu; not told %llu\n",
			       cpu, (unsigned long long)nr, (unsigned long long)lost[cpu], ring[cpu].nr,
			       (unsigned long long)untold);
		}
		all_lost += lost[cpu];
	}
	is_true(once, what, "no record is told twice");
	is_true(!unseen, what, "what the ring still has is told");
	is_true(exact, what, filter ? "what is not is counted" : "what is not is counted, exactly");
	is_true(all_lost > 100 && nr_disk > 3000, what, "and something was lost");
}

/* The first recorder is killed at once, or a second one that comes after it. */
static void run_early(const char *what)
{
	uint64_t lost[CPUS], most, untold, really = 0;
	unsigned int times, cpu, lives;
	bool once = true, enough = true, few = true;
	size_t i;

	for (times = 0; times < 300; times++) {
		begin_world();
		/* With a filter what a second one found missing a third may count again. */
		for (lives = filter ? 1 : 1 + (unsigned int)any(3); lives--;) {
			live((unsigned int)any(3));
			happen((unsigned int)any(any(3) ? 90 : 1500), 400);
		}
		end_world();
		once &= count(lost);
		for (cpu = 0; cpu < CPUS; cpu++) {
			for (i = 0, most = 0, untold = 0; i < ring[cpu].nr; i++) {
				most += ring[cpu].dead[i] && !gone[cpu][i];
				untold += ring[cpu].dead[i] && !gone[cpu][i] && !told[cpu][i] &&
					  (!filter || ring[cpu].wanted[i]);
			}
			enough &= lost[cpu] >= untold;
			few &= lost[cpu] <= (filter ? most : untold);
			really += lost[cpu];
		}
	}
	is_true(once, what, "a recorder killed at once: no record is told twice");
	is_true(enough, what, "a recorder killed at once: what is not told is counted");
	is_true(few, what, "a recorder killed at once: what was gone before it is not lost");
	is_true(really > 100, what, "a recorder killed at once: and something was lost");
}

int main(void)
{
	static const struct tcphs_filter closed = {
		.keys = 1u << TCPHS_FILTER_EVENT, .events = 1ull << WANTED,
	};

	plan(16);
	run("all");
	run_early("all");
	filter = &closed;
	run("filtered");
	run_early("filtered");
	return tap_done();
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Readers that are killed at any moment, and go on where the one before was: each record is
 * told once or counted as lost once, whatever was overwritten meanwhile.
 */
#include "msg.h"
#include "tap.h"
#include "internal.h"

#define MS	1000000ull
#define CPUS	3
#define PLACES	20000

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
	bool dead[PLACES];
	size_t nr, oldest;
} ring[CPUS];
static uint64_t now = 1000 * MS;
static bool over;

static void happen(unsigned int steps, size_t capacity)
{
	unsigned int cpu;
	size_t i;

	while (!over && steps--) {
		now += any(30000);
		cpu = (unsigned int)any(any(3) ? CPUS : 1);
		if (ring[cpu].nr == PLACES)
			continue;
		ring[cpu].time[ring[cpu].nr++] = now;
		while (ring[cpu].nr - ring[cpu].oldest > capacity)
			ring[cpu].dead[ring[cpu].oldest++] = true;
		/* One of another lane. */
		i = ring[cpu].oldest + any(ring[cpu].nr - ring[cpu].oldest);
		ring[cpu].dead[i] |= !any(9) && ring[cpu].nr - i > capacity / 4;
	}
}

/* One message: from @from on, some records and what is missing before the first. */
static size_t tell(struct tcphs_events *evs, uint32_t cpu, size_t from)
{
	size_t at = from, max = 1 + any(20);
	struct tcphs_event ev = { .type = TCPHS_EV_CLOSED, .cpu = (uint16_t)cpu };
	struct tcphs_batch batch;
	static struct msg m;
	uint64_t lost = 0;

	for (; at < ring[cpu].nr && ring[cpu].dead[at]; at++)
		lost++;
	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_EVENT_GET);
	msg_u32(&m, TCPHS_A_EVENT_CPU, cpu);
	msg_u64(&m, TCPHS_A_EVENT_LOST, lost);
	for (; at < ring[cpu].nr && !ring[cpu].dead[at] && max; at++, max--) {
		ev.time = ring[cpu].time[at];
		ev.number = at + 1;
		msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
	}
	msg_u64(&m, TCPHS_A_EVENT_NEXT, at);
	if (tcphs_decode_batch(m.data, m.len, &batch) || tcphs_events_add(evs, &batch))
		abort();
	return at;
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
		do {
			next[cpu] = tell(evs, cpu, next[cpu]);
			/* It goes on while it is read. */
			if (!any(5))
				happen(3, 400);
		} while (next[cpu] < ring[cpu].nr);
	}
	tcphs_events_end(evs, true);
}

/* What is on the disk. */
static bool told[CPUS][PLACES];
static uint64_t told_lost[CPUS], nr_told[CPUS];
static bool twice;
static struct tcphs_resume state[CPUS];		/* of the last state, with what came after it */
static size_t nr_state;

static void on_record(void *arg, const struct tcphs_event *ev)
{
	size_t i;

	(void)arg;
	twice |= told[ev->cpu][ev->number - 1];
	told[ev->cpu][ev->number - 1] = true;
	nr_told[ev->cpu]++;
	for (i = 0; i < nr_state; i++)
		state[i].passed += state[i].cpu == ev->cpu;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	size_t i;

	(void)arg;
	told_lost[cpu] += count;
	for (i = 0; i < nr_state; i++)
		if (state[i].cpu == cpu)
			state[i].passed += (uint32_t)count;
}

static const struct tcphs_events_ops ops = { .record = on_record, .lost = on_lost };

static struct tcphs_events *resume(void)
{
	struct tcphs_events *evs = tcphs_events_new(true, TCPHS_KEPT_NOT, NULL);
	size_t i;

	for (i = 0; i < nr_state; i++)
		if (tcphs_events_resume(evs, &state[i]))
			abort();
	return evs;
}

int main(void)
{
	struct tcphs_events *evs = tcphs_events_new(true, TCPHS_KEPT_NOT, NULL);
	bool good = true, lossy = false;
	unsigned int life, round, cpu, kills = 0, states = 0;

	plan(4);
	for (life = 0; life < 150; life++) {
		for (round = 0; round < 1 + any(12); round++) {
			happen((unsigned int)any(120), 400);
			pull(evs);
			tcphs_events_emit(evs, &ops, NULL);
			/* The first one has to, before it can be killed. */
			if (any(3) && life + round)
				continue;
			nr_state = tcphs_events_settled(evs, state, CPUS);
			good &= nr_state == CPUS;
			states++;
		}
		/* Dead, for as long as it takes the ring to run over, or not. */
		tcphs_events_free(evs);
		kills++;
		happen((unsigned int)any(any(4) ? 90 : 1500), 400);
		evs = resume();
	}
	over = true;
	pull(evs);
	tcphs_events_emit_all(evs, &ops, NULL);
	tcphs_events_free(evs);
	ok(good && kills == 150 && states > 100, "it can always be said from where to go on");
	ok(!twice, "no record is told twice");
	for (good = true, cpu = 0; cpu < CPUS; cpu++) {
		good &= nr_told[cpu] + told_lost[cpu] == ring[cpu].nr;
		lossy |= told_lost[cpu] > 100;
		if (!good)
			printf("# CPU %u: told %llu, lost %llu, of %zu\n", cpu,
			       (unsigned long long)nr_told[cpu], (unsigned long long)told_lost[cpu],
			       ring[cpu].nr);
	}
	ok(good, "what is not told is counted, exactly");
	ok(lossy, "and something was lost");
	return tap_done();
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * repeat RECORDING DIRECTORY MIB: a directory as tcphs record keeps it, of so many MiB,
 * with what RECORDING has, again and again, one after the other in time. Prints what it
 * took, and the middle of the time it is of, for --since.
 *
 *	make -C userspace
 *	cd tests/bench; gcc -O2 -D_GNU_SOURCE -I../../include/uapi -I../../userspace/lib \
 *		-o /tmp/repeat repeat.[c] ../../userspace/lib/libtcphs.a -lmnl -lzstd
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "box.h"

#define SIZE	(64ull << 20)

static struct {
	struct tcphs_event *ev;
	size_t nr, cap;
	size_t connections;
} all;

static void on_record(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	if (all.nr == all.cap) {
		all.cap = all.cap ? all.cap * 2 : 1024;
		all.ev = reallocarray(all.ev, all.cap, sizeof(*all.ev));
		if (!all.ev)
			abort();
	}
	all.ev[all.nr++] = *ev;
	/* One of both ends. */
	all.connections += ev->type == TCPHS_EV_CLOSED;
}

static void die(const char *what)
{
	fprintf(stderr, "repeat: %s\n", what);
	exit(1);
}

static int64_t read_it(const char *name)
{
	static const struct tcphs_events_ops ops = { .record = on_record };
	struct tcphs_error err = { 0 };
	struct tcphs_recording *r;
	int fd = open(name, O_RDONLY), more;
	int64_t clock;

	r = fd < 0 ? NULL : tcphs_recording_open(fd, name, NULL, NULL, &err);
	if (!r)
		die(fd < 0 ? "cannot open the recording" : err.text);
	clock = tcphs_recording_info(r)->clock_offset;
	do
		more = tcphs_recording_read(r, &ops, NULL, &err);
	while (more > 0);
	tcphs_recording_close(r);
	if (more < 0 || all.nr < 2)
		die(more < 0 ? err.text : "there is nothing in it");
	return clock;
}

static double cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Until there are @bytes. Returns how often. */
static uint64_t repeat(struct tcphs_box *b, uint64_t bytes, uint64_t *last)
{
	uint64_t length = all.ev[all.nr - 1].time - all.ev[0].time + 1000000, shift = 0, times = 0;
	struct piece_state state = { .what = BOX_BEGINS };
	struct tcphs_box_totals t;
	struct tcphs_event ev;
	size_t i;

	do {
		for (i = 0; i < all.nr; i++) {
			ev = all.ev[i];
			ev.time += shift;
			ev.id.conn += times * all.nr;
			ev.number += times * all.nr;
			if (!state.time) {
				state.time = ev.time;
				state.since = ev.time;
				tcphs_box_state(b, &state, NULL);
			}
			tcphs_box_event(b, &ev);
		}
		*last = all.ev[all.nr - 1].time + shift;
		shift += length;
		times++;
		if (tcphs_box_flush(b))
			die("cannot write");
		tcphs_box_totals(b, &t);
	} while (t.bytes < bytes);
	return times;
}

int main(int argc, char **argv)
{
	struct tcphs_box_how how = { .size = SIZE };
	uint64_t last, bytes, times;
	struct tcphs_error err = { 0 };
	struct tcphs_box_totals t;
	struct tcphs_box *b;
	char moment[32];
	double began;
	time_t middle;

	if (argc != 4)
		die("usage: repeat RECORDING DIRECTORY MIB");
	bytes = strtoull(argv[3], NULL, 10) << 20;
	how.info.clock_offset = read_it(argv[1]);
	how.directory = argv[2];
	how.keep = (uint32_t)(bytes / SIZE + 3);
	b = tcphs_box_open(&how, &err);
	if (!b)
		die(err.text);
	began = cpu();
	times = repeat(b, bytes, &last);
	if (tcphs_box_end(b))
		die("cannot write");
	tcphs_box_totals(b, &t);
	middle = (how.info.clock_offset + (int64_t)(all.ev[0].time + last) / 2) / 1000000000;
	strftime(moment, sizeof(moment), "%Y-%m-%dT%H:%M:%SZ", gmtime(&middle));
	printf("%zu events of %zu ends of connections, %llu times: %llu bytes in %llu files\n",
	       all.nr, all.connections, (unsigned long long)times, (unsigned long long)t.bytes,
	       (unsigned long long)t.files);
	printf("%.1f bytes an event, %.0f an end; %.0f ns of CPU an event\n",
	       (double)t.bytes / (double)t.events,
	       (double)t.bytes / (double)(times * all.connections),
	       (cpu() - began) * 1e9 / (double)t.events);
	printf("%s\n", moment);
	tcphs_box_close(b);
	return 0;
}

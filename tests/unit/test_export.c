/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which segments records tell of; and recordings of made up connections for pcapng.py
 * and json_trace.py, which read what the tool makes of them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "output.h"
#include "export/packets.h"
#include "export/trace.h"
#include "tap.h"
#include "told.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define CLOCK		1700000000000000000ll

static const struct stream {
	const char *name;
	const struct told *told;
	size_t nr;
	bool v6, self, adopted, restored;
} streams[] = {
#define STREAM(name, ...) { #name, name, COUNT(name), __VA_ARGS__ }
	STREAM(loopback, .v6 = false), STREAM(client, .v6 = true), STREAM(server, .v6 = false),
	STREAM(refused, .v6 = false), STREAM(expired, .v6 = false), STREAM(crossing, .v6 = true),
	STREAM(overflow, .v6 = false), STREAM(lost, .v6 = false), STREAM(cookie, .v6 = false),
	STREAM(fastopen, .v6 = false), STREAM(met, .v6 = false), STREAM(meets, .v6 = false),
	STREAM(put_back, .restored = true), STREAM(gave_up, .v6 = false),
	STREAM(dropped, .v6 = false), STREAM(late_accept, .v6 = false), STREAM(nat, .v6 = false),
	STREAM(nat_refused, .v6 = false), STREAM(self, .self = true),
	STREAM(adopted, .adopted = true), STREAM(reset_queued, .v6 = false),
};

/* What the handshake agreed on, which told.h is silent about. */
static void set_agreed(struct tcphs_event *ev)
{
	struct tcphs_agreed *a = &ev->agreed;

	if (!(ev->flags & TCPHS_F_AGREED))
		return;
	a->mss = 1448;
	a->window = ev->id.role == TCPHS_ROLE_PASSIVE ? 502 << 7 : 65160;
	a->options = TCPHS_OPT_SACK | TCPHS_OPT_TIMESTAMPS | TCPHS_OPT_WSCALE;
	a->snd_wscale = ev->id.role == TCPHS_ROLE_PASSIVE ? 7 : 9;
	a->rcv_wscale = ev->id.role == TCPHS_ROLE_PASSIVE ? 9 : 7;
	if (a->syn_data)
		a->options |= TCPHS_OPT_FASTOPEN;
}

/* Each stream has ports of its own, so that all of them can be looked at together. */
static struct tcphs_event record_of(const struct stream *s, size_t i)
{
	struct tcphs_event ev;
	uint16_t *port;

	is_v6 = s->v6;
	is_self = s->self;
	is_adopted = s->adopted;
	is_restored = s->restored;
	ev = event_of(&s->told[i]);
	set_agreed(&ev);
	port = s->told[i].side == L ? &ev.id.local_port : &ev.id.peer_port;
	*port = (uint16_t)(*port + (s - streams));
	if (s->self)
		ev.id.peer_port = ev.id.local_port;
	return ev;
}

/* ---- recordings ---------------------------------------------------------------- */

static struct tcphs_recorder *begin(const char *directory, const char *name, int *fd)
{
	const struct tcphs_recording_info info = { .clock_offset = CLOCK };
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	*fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	return *fd < 0 ? NULL : tcphs_recorder_new(tcphs_write_to, fd, &info);
}

static int end(struct tcphs_recorder *r, int fd)
{
	int bad = tcphs_recorder_end(r);

	tcphs_recorder_free(r);
	return close(fd) || bad;
}

static int write_stream(const char *directory, const struct stream *s)
{
	struct tcphs_recorder *r;
	struct tcphs_event ev;
	size_t i;
	int fd;

	r = begin(directory, s->name, &fd);
	if (!r)
		return 1;
	for (i = 0; i < s->nr; i++) {
		ev = record_of(s, i);
		tcphs_recorder_event(r, &ev);
	}
	return end(r, fd);
}

/* The other end of loopback is in another namespace; and something is lost between. */
static int write_spaces(const char *directory)
{
	const struct stream *s = &streams[0];
	struct tcphs_recorder *r;
	struct tcphs_event ev;
	size_t i;
	int fd;

	r = begin(directory, "spaces", &fd);
	if (!r)
		return 1;
	for (i = 0; i < s->nr; i++) {
		ev = record_of(s, i);
		if (ev.id.conn == 0xb)
			ev.id.netns++;
		if (i == 3)
			tcphs_recorder_lost(r, 1, 5);
		tcphs_recorder_event(r, &ev);
	}
	return end(r, fd);
}

/* Every type of event there is and one more, with all of its flags or none. */
static int write_all_types(const char *directory)
{
	struct tcphs_recorder *r;
	struct tcphs_event ev;
	unsigned int i;
	int fd;

	r = begin(directory, "types", &fd);
	if (!r)
		return 1;
	for (i = 0; i < 4 * (TCPHS_EV_MAX + 2); i++) {
		ev = record_of(&streams[0], 0);
		ev.type = (uint8_t)(i / 4);
		ev.flags = i % 4 ? TCPHS_F_SEQ | TCPHS_F_ACK | TCPHS_F_OWNER : 0;
		ev.id.role = (uint8_t)(i % 4);
		ev.id.conn = i;
		ev.id.local_port = (uint16_t)(1000 + i);
		memset(ev.id.comm, '\033', sizeof(ev.id.comm));
		ev.time += i;
		tcphs_recorder_event(r, &ev);
	}
	return end(r, fd);
}

/* A machine that boots, twice, with a connection open; then its clock is set. */
static int write_boots(const char *directory)
{
	struct tcphs_recorder *r;
	struct tcphs_event ev;
	unsigned int i, k;
	int fd;

	r = begin(directory, "boots", &fd);
	if (!r)
		return 1;
	for (i = 0; i < 3; i++) {
		tcphs_recorder_clock(r, CLOCK + i * 100000000000ll);
		for (k = 0; k < 5; k++) {
			ev = record_of(&streams[0], k);
			ev.time -= i * 1000;
			if (i == 2 && k == 3)
				tcphs_recorder_clock(r, CLOCK - 5000000000000ll);
			tcphs_recorder_event(r, &ev);
		}
	}
	return end(r, fd);
}

/* 7919 handshakes at once, of which each end is told by itself; for what it takes. */
static int write_crowd(const char *directory)
{
	const struct stream *s = &streams[0];
	struct tcphs_recorder *r;
	struct tcphs_event ev;
	unsigned int i;
	size_t k;
	int fd;

	r = begin(directory, "crowd", &fd);
	if (!r)
		return 1;
	for (k = 0; k < s->nr; k++) {
		for (i = 0; i < 7919; i++) {
			ev = record_of(s, k);
			ev.id.conn += 2 * i;
			if (s->told[k].side == L)
				ev.id.local_port = (uint16_t)(40000 + i);
			else
				ev.id.peer_port = (uint16_t)(40000 + i);
			tcphs_recorder_event(r, &ev);
		}
	}
	return end(r, fd);
}

static int write_recordings(const char *directory)
{
	size_t i;

	for (i = 0; i < COUNT(streams); i++)
		if (write_stream(directory, &streams[i]))
			return 1;
	return write_spaces(directory) || write_all_types(directory) || write_boots(directory) ||
	       write_crowd(directory);
}

/* ---- segments ------------------------------------------------------------------- */

static unsigned int segments(struct tcphs_event ev, struct segment seg[SEGMENTS_MAX],
			     uint64_t *numberless)
{
	*numberless = 0;
	return segments_of(&ev, seg, numberless);
}

static void test_segments(void)
{
	struct tcphs_event ev = record_of(&streams[0], 1);
	struct segment seg[SEGMENTS_MAX];
	uint64_t numberless;

	ok(segments(ev, seg, &numberless) == 2 && seg[0].flags == TH_SYN && seg[0].came &&
	   seg[0].seq == L_ISN && seg[1].flags == (TH_SYN | TH_ACK) && !seg[1].came &&
	   seg[1].seq == R_ISN && seg[1].ack == L_ISN + 1 && seg[1].known_ack && !numberless,
	   "syn-received is a SYN that came, and its answer");
	ev.flags &= ~TCPHS_F_ISN;
	ok(segments(ev, seg, &numberless) == 1, "without its ISN no answer is made up");
	ev = record_of(&streams[0], 2);
	ev.flags &= ~TCPHS_F_SEQ;
	ok(!segments(ev, seg, &numberless) && numberless == 2,
	   "established without numbers is none, and two are counted");
	ev = record_of(&streams[9], 3);
	ok(segments(ev, seg, &numberless) == 1 && seg[0].seq == L_ISN + 1 + 71,
	   "behind data on the SYN the third ACK counts on");
	ev = record_of(&streams[9], 0);
	ok(segments(ev, seg, &numberless) == 2 && !seg[1].known_ack,
	   "what the SYN+ACK confirms is not known then");
	ev = record_of(&streams[9], 1);
	ok(!segments(ev, seg, &numberless), "and the accept queue is no segment");
	ev = record_of(&streams[5], 10);
	ok(ev.type == TCPHS_EV_TIME_WAIT && !segments(ev, seg, &numberless),
	   "TIME-WAIT out of CLOSING sends nothing");
	ev = record_of(&streams[0], 0);
	ev.type = TCPHS_EV_MAX + 1;
	ok(!segments(ev, seg, &numberless) && !numberless, "what is new is no segment");
}

/* ---- what is lost --------------------------------------------------------------- */

static bool says(const struct tcphs_buf *out, const char *what)
{
	return memmem(out->data, out->len, what, strlen(what));
}

/* Some records of a stream, with so many lost before one of them. */
static void put_with_loss(struct packets *p, unsigned int stream, size_t from, size_t to,
			  size_t before, uint64_t lost)
{
	struct tcphs_event ev;
	size_t i;

	for (i = from; i < to; i++) {
		ev = record_of(&streams[stream], i);
		if (i == before)
			packets_lost(p, lost);
		packets_event(p, &ev, CLOCK);
	}
}

static void test_losses(void)
{
	struct tcphs_buf out;
	struct packets *p;

	tcphs_buf_init(&out, -1);
	p = packets_new(&out, netns_number);
	put_with_loss(p, 1, 4, 6, 4, 31);
	packets_end(p);
	ok(packets_counts(p)->packets == 1 && says(&out, "; 31 records before it are lost"),
	   "what is lost before an ACK that was a FIN is told of the FIN");
	packets_free(p);
	out.len = 0;
	p = packets_new(&out, netns_number);
	put_with_loss(p, 18, 0, 2, 1, 37);
	packets_settle(p, INT64_MAX);
	ok(packets_counts(p)->numberless == 2 && !says(&out, "are lost"),
	   "a SYN+ACK without numbers is no packet that could tell it");
	put_with_loss(p, 18, 3, 4, 3, 4);
	packets_end(p);
	ok(says(&out, "; 41 records before it are lost"), "the next one does, later as it comes");
	packets_free(p);
	tcphs_buf_free(&out);
}

/* ---- without memory, and in any order ------------------------------------------- */

static size_t made(uint64_t seed, unsigned int events)
{
	struct tcphs_buf out;
	struct packets *p;
	struct tcphs_event ev;
	unsigned int i;
	size_t len;

	tcphs_buf_init(&out, -1);
	p = packets_new(&out, netns_number);
	for (i = 0; i < events; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		ev = record_of(&streams[seed >> 60], (seed >> 40) % streams[seed >> 60].nr);
		ev.time = seed >> 20;
		packets_event(p, &ev, (int64_t)(seed << 3));
	}
	packets_end(p);
	len = out.len;
	ok(!out.err && len % 4 == 0 && packets_counts(p)->packets > 0,
	   "times without order, clocks that jump");
	packets_free(p);
	tcphs_buf_free(&out);
	return len;
}

/* test_export [DIRECTORY]: with one it tests nothing, and writes recordings there */
int main(int argc, char **argv)
{
	if (argc > 1)
		return write_recordings(argv[1]);
	plan(8 + 3 + 3);
	test_segments();
	test_losses();
	made(1, 100);
	made(2, 1000);
	made(3, 50000);
	return tap_done();
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording gives back what was put into it; cut off at any byte, with any bit
 * turned, or made up by an enemy, it gives what is whole and says where it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "output.h"

#define EVENTS		113
#define FLUSH		29	/* several pieces, none like another */
#define HEAD		40
#define PIECE		16
#define FILE_MAX	(256 * 1024)

static uint8_t file[FILE_MAX];
static size_t file_len;

/* What came out of a reading. */
static struct {
	uint64_t events, lost;
	bool good;		/* each event as it was written, in order */
	int ret;		/* of the last piece */
	struct tcphs_error err;
} got;

static struct tcphs_event event(uint64_t i)
{
	struct tcphs_event ev = { .number = i, .time = i * 1000, .type = (uint8_t)i };

	memset(&ev.id, (int)(i & 0xff), sizeof(ev.id));
	return ev;
}

static void on_record(void *arg, const struct tcphs_event *ev)
{
	struct tcphs_event want = event(got.events);

	(void)arg;
	got.good &= !memcmp(ev, &want, sizeof(want));
	got.events++;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	(void)arg;
	/* Between the two halves. */
	got.good &= cpu == 3 && got.events == EVENTS / 2;
	got.lost += count;
}

static const struct tcphs_events_ops ops = { .record = on_record, .lost = on_lost };

static int memory_file(void)
{
	int fd = memfd_create("recording", 0);

	if (fd < 0)
		abort();
	return fd;
}

/* Writes a recording and takes its bytes. */
static void record(void)
{
	const struct tcphs_recording_info info = { .clock_offset = -12345, .all_netns = true };
	int fd = memory_file();
	struct tcphs_recorder *r = tcphs_recorder_new(tcphs_write_to, &fd, &info);
	uint64_t i;

	for (i = 0; i < EVENTS; i++) {
		struct tcphs_event ev = event(i);

		if (i == EVENTS / 2)
			tcphs_recorder_lost(r, 3, 77);
		tcphs_recorder_event(r, &ev);
		if (i % FLUSH == FLUSH - 1)
			tcphs_recorder_flush(r);
	}
	ok(!tcphs_recorder_end(r), "a recording is written");
	file_len = (size_t)pread(fd, file, sizeof(file), 0);
	equal(tcphs_recorder_bytes(r), file_len, "it knows how large it is");
	tcphs_recorder_free(r);
	close(fd);
}

static void read_on(struct tcphs_recording *r)
{
	do
		got.ret = tcphs_recording_read(r, &ops, NULL, &got.err);
	while (got.ret > 0);
}

/* Reads @len bytes as a recording. False: not even the head is good. */
static bool play(const uint8_t *bytes, size_t len)
{
	struct tcphs_recording *r;
	int fd = memory_file();

	memset(&got, 0, sizeof(got));
	got.good = true;
	got.ret = -1;
	if (write(fd, bytes, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET))
		abort();
	r = tcphs_recording_open(fd, "F", NULL, NULL, &got.err);
	if (r)
		read_on(r);
	tcphs_recording_close(r);
	close(fd);
	return r;
}

static void test_whole(void)
{
	struct tcphs_recording *r;
	int fd = memory_file();

	memset(&got, 0, sizeof(got));
	got.good = true;
	if (write(fd, file, file_len) != (ssize_t)file_len || lseek(fd, 0, SEEK_SET))
		abort();
	r = tcphs_recording_open(fd, "F", NULL, NULL, &got.err);
	ok(r && tcphs_recording_info(r)->clock_offset == -12345 &&
	   tcphs_recording_info(r)->all_netns, "what it says about itself comes back");
	read_on(r);
	ok(!got.ret && got.good && got.events == EVENTS && got.lost == 77,
	   "so does every event and every loss, in its place");
	got.events = 0;
	got.lost = 0;
	ok(!tcphs_recording_rewind(r, &got.err), "it can be read again");
	read_on(r);
	ok(!got.ret && got.good && got.events == EVENTS && got.lost == 77, "and is the same");
	tcphs_recording_close(r);
	close(fd);
}

/* The number after "at byte" in the message; -1: none. */
static long told_offset(void)
{
	const char *at = strstr(got.err.text, "at byte ");

	return at ? strtol(at + 8, NULL, 10) : -1;
}

/* Where the piece begins that holds byte @at, and how many events lie before it. */
static size_t piece_at(size_t at, uint64_t *events)
{
	size_t offset = HEAD, length;
	uint32_t head[4];

	for (*events = 0;; offset += length) {
		memcpy(head, file + offset, sizeof(head));
		length = PIECE + head[1];
		if (at < offset + length)
			return offset;
		if (head[0] == 1)
			*events += head[1] / sizeof(struct tcphs_event);
	}
}

static void test_cut(void)
{
	bool safe = true, all = true, place = true;
	uint64_t whole;
	size_t len;

	for (len = 0; len < file_len; len++) {
		if (!play(file, len)) {
			safe &= len < HEAD && got.err.text[0];
			continue;
		}
		safe &= got.ret == -1 && got.err.code == TCPHS_ERR_DAMAGED && got.good;
		place &= told_offset() == (long)piece_at(len, &whole);
		all &= got.events == whole;
	}
	ok(safe, "cut off anywhere, it is told so, and nothing wrong comes out");
	ok(all, "what is whole comes out");
	ok(place, "and the place is told");
}

static void test_flips(void)
{
	static const size_t step = 7;	/* no power of two: each bit of a byte has its turn */
	bool safe = true, place = true, all = true;
	uint64_t whole;
	size_t bit;

	for (bit = 0; bit < file_len * 8; bit += bit < 512 * 8 ? 1 : step) {
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!play(file, file_len)) {
			safe &= bit / 8 < HEAD && got.err.text[0];
		} else {
			safe &= bit / 8 >= HEAD && got.ret == -1 && got.good &&
				got.err.code == TCPHS_ERR_DAMAGED;
		}
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (bit / 8 < HEAD)
			continue;
		place &= told_offset() == (long)piece_at(bit / 8, &whole);
		all &= got.events == whole;
	}
	ok(safe, "with any bit turned it is told so, and nothing wrong comes out");
	ok(all, "what lies before comes out");
	ok(place, "and the place is told");
}

static uint32_t crc(uint32_t v, const uint8_t *p, size_t len)
{
	int bit;

	for (v = ~v; len--; p++)
		for (v ^= *p, bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? 0xedb88320u : 0);
	return ~v;
}

/* Gives the head a right checksum again. */
static void seal_head(uint8_t *bytes)
{
	uint32_t sum = crc(0, bytes, HEAD - 4);

	memcpy(bytes + HEAD - 4, &sum, sizeof(sum));
}

/* A head and one piece of our own making, its checksum right. */
static bool play_made_up(uint32_t kind, uint32_t length, uint32_t number, size_t there)
{
	static uint8_t bytes[HEAD + PIECE + 2 * 65536];
	uint32_t piece[4] = { kind, length, number, 0 };

	memcpy(bytes, file, HEAD);
	piece[3] = crc(crc(0, (uint8_t *)piece, 12), bytes + HEAD + PIECE,
		       length < 2 * 65536 ? length : 0);
	memcpy(bytes + HEAD, piece, sizeof(piece));
	return play(bytes, HEAD + PIECE + there);
}

static bool is_damaged(const char *how)
{
	return got.ret == -1 && got.err.code == TCPHS_ERR_DAMAGED && strstr(got.err.text, how) &&
	       told_offset() == HEAD && !got.events;
}

static void test_enemy(void)
{
	play_made_up(1, 0xffffffff, 0, 100);
	ok(is_damaged("length"), "a piece of four gigabytes is not believed");
	play_made_up(1, 65537, 0, 65537);
	ok(is_damaged("length"), "nor one a byte too long");
	play_made_up(1, 145, 0, 145);
	ok(is_damaged("events"), "events that are no whole number of events");
	play_made_up(1, 0, 0, 0);
	ok(is_damaged("events"), "no event at all");
	play_made_up(2, 8, 0, 8);
	ok(is_damaged("losses"), "half a loss");
	play_made_up(3, 15, 0, 15);
	ok(is_damaged("end"), "an end that is too short");
	play_made_up(1, 144, 1, 144);
	ok(is_damaged("lacks a piece"), "a piece that is not next");
	play_made_up(3, 16, 0, 16);
	ok(!got.ret, "an end alone is a whole recording of nothing");
	play_made_up(3, 16, 0, 17);
	ok(got.ret == -1 && strstr(got.err.text, "goes on after its end, at byte 72"),
	   "bytes after the end are told");
	play_made_up(99, 16, 0, 16);
	ok(got.ret == -1 && strstr(got.err.text, "has no end") && told_offset() == 72,
	   "a kind of a newer tool is passed over");
}

static void put16(uint8_t *at, uint16_t v)
{
	memcpy(at, &v, sizeof(v));
}

static void test_heads(void)
{
	uint8_t bytes[HEAD];
	uint32_t swapped = 0x04030201;

	ok(!play((const uint8_t *)"", 0) && got.err.code == TCPHS_ERR_FAILED,
	   "an empty file is no recording");
	ok(!play((const uint8_t *)"\x7f" "ELF and so on and on and on and on and on", 40) &&
	   strstr(got.err.text, "is no recording of tcphs record"), "nor is a program");
	ok(!play(file, 20) && got.err.code == TCPHS_ERR_DAMAGED, "a head that was cut off");
	memcpy(bytes, file, HEAD);
	memcpy(bytes + 8, &swapped, sizeof(swapped));
	ok(!play(bytes, HEAD) && got.err.code == TCPHS_ERR_VERSION &&
	   strstr(got.err.text, "other byte order"), "of the other byte order");
	memcpy(bytes, file, HEAD);
	put16(bytes + 12, 2);
	ok(!play(bytes, HEAD) && got.err.code == TCPHS_ERR_VERSION &&
	   strstr(got.err.text, "version 2"), "of a newer version");
	memcpy(bytes, file, HEAD);
	put16(bytes + 16, TCPHS_ABI_MAJOR + 1);
	seal_head(bytes);
	ok(!play(bytes, HEAD) && got.err.code == TCPHS_ERR_VERSION && strstr(got.err.text, "ABI 4.0"),
	   "of a newer ABI");
	memcpy(bytes, file, HEAD);
	put16(bytes + 20, 152);
	seal_head(bytes);
	ok(!play(bytes, HEAD) && got.err.code == TCPHS_ERR_VERSION, "of larger events");
	memcpy(bytes, file, HEAD);
	put16(bytes + 14, 48);
	seal_head(bytes);
	ok(!play(bytes, HEAD) && got.err.code == TCPHS_ERR_DAMAGED, "of a larger head");
}

static void test_crc(void)
{
	uint8_t bytes[67];
	bool good = true;
	size_t from, len, i;

	equal(tcphs_crc32(0, "123456789", 9), 0xcbf43926, "the checksum is the common one");
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 151 + 7);
	/* Whatever the alignment, and in whichever pieces. */
	for (from = 0; from < 9; from++)
		for (len = 0; len < sizeof(bytes) - from; len++)
			for (i = 0; i <= len; i++)
				good &= tcphs_crc32(tcphs_crc32(0, bytes + from, i), bytes + from + i,
						    len - i) == crc(0, bytes + from, len);
	ok(good, "of any bytes, at once and in two pieces");
}

static void test_write_errors(void)
{
	const struct tcphs_recording_info info = { 0 };
	int fd = open("/dev/full", O_WRONLY);
	struct tcphs_recorder *r = tcphs_recorder_new(tcphs_write_to, &fd, &info);
	struct tcphs_event ev = event(0);

	tcphs_recorder_event(r, &ev);
	ok(tcphs_recorder_flush(r) == -ENOSPC, "a full disk is told");
	ok(tcphs_recorder_end(r) == -ENOSPC && !tcphs_recorder_bytes(r), "and stays told");
	tcphs_recorder_free(r);
	close(fd);
}

static void test_pipe(void)
{
	struct tcphs_recording *r;
	int fds[2];

	memset(&got, 0, sizeof(got));
	got.good = true;
	/* Head, one piece of events and no more fit into a pipe at once. */
	if (pipe(fds) || write(fds[1], file, HEAD) != HEAD)
		abort();
	close(fds[1]);
	r = tcphs_recording_open(fds[0], "F", NULL, NULL, &got.err);
	ok(r && tcphs_recording_rewind(r, &got.err) && strstr(got.err.text, "cannot be read twice"),
	   "a pipe can't be read twice, and that is told");
	read_on(r);
	ok(got.err.code == TCPHS_ERR_DAMAGED && told_offset() == HEAD, "it can be read once");
	tcphs_recording_close(r);
	close(fds[0]);
}

/* The clock is set between two events, and once more before the third. */
static void test_clock(void)
{
	struct tcphs_recording_info info = { .clock_offset = 1000 };
	struct tcphs_recording *r;
	struct tcphs_recorder *w;
	struct tcphs_event ev = { 0 };
	int64_t clock[4];
	int fd = memory_file(), i, pass;

	w = tcphs_recorder_new(tcphs_write_to, &fd, &info);
	tcphs_recorder_event(w, &ev);
	tcphs_recorder_clock(w, -2000);
	tcphs_recorder_event(w, &ev);
	tcphs_recorder_clock(w, INT64_MAX);
	tcphs_recorder_event(w, &ev);
	ok(!tcphs_recorder_end(w), "a recording in which the clock is set");
	tcphs_recorder_free(w);
	lseek(fd, 0, SEEK_SET);
	r = tcphs_recording_open(fd, "F", NULL, NULL, &got.err);
	for (pass = 0; pass < 2; pass++) {
		clock[0] = tcphs_recording_info(r)->clock_offset;
		for (i = 1; i < 4; i++) {
			got.events = 0;
			while (!got.events && tcphs_recording_read(r, &ops, NULL, &got.err) > 0)
				;
			clock[i] = tcphs_recording_info(r)->clock_offset;
		}
		ok(clock[0] == 1000 && clock[1] == 1000 && clock[2] == -2000 &&
		   clock[3] == INT64_MAX, pass ? "again, after it was rewound" :
		   "each event has the clock of its time");
		tcphs_recording_rewind(r, &got.err);
	}
	tcphs_recording_close(r);
	close(fd);
}

int main(void)
{
	plan(39);
	record();
	test_crc();
	test_whole();
	test_cut();
	test_flips();
	test_enemy();
	test_heads();
	test_write_errors();
	test_pipe();
	test_clock();
	return tap_done();
}

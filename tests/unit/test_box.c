/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A directory of recordings: within its bounds at every moment; killed, cut off or
 * damaged anywhere it gives what is whole, and says of what it has nothing; a time is
 * found in it without reading the rest.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "box.h"

#define MS		1000000ull
#define SECOND		1000000000ll
#define SIZE		TCPHS_BOX_SIZE_MIN
#define CLOCK		(1764300000ll * SECOND)	/* some day; the tests' own */
#define LIST_MAX	64
#define CPUS		3

static char dir[32] = "/tmp/tcphs-box.XXXXXX";
static uint64_t random_state = 88172645463325252ull;

static uint64_t any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* One every millisecond, with something in it that no compression makes less of. */
static struct tcphs_event event(uint64_t i)
{
	struct tcphs_event ev = { .number = i, .time = i * MS, .cpu = (uint16_t)(i % CPUS),
				  .type = (uint8_t)(i % 29 + 1) };
	uint64_t mix = i * 0x9e3779b97f4a7c15ull;
	size_t k;

	for (k = 0; k + sizeof(mix) <= sizeof(ev.id); k += sizeof(mix)) {
		mix ^= mix >> 29;
		mix *= 0xbf58476d1ce4e5b9ull;
		memcpy((char *)&ev.id + k, &mix, sizeof(mix));
	}
	return ev;
}

/* What came out of a reading. */
static struct {
	uint64_t events, first, last, lost, unwritten;
	unsigned int holes;		/* in the numbers */
	bool good;			/* each as it was written, in order */
	int ret;
	struct tcphs_error err;
	struct tcphs_missing missing[LIST_MAX];
	unsigned int nr_missing;
} got;

static void on_record(void *arg, const struct tcphs_event *ev)
{
	struct tcphs_event want = event(ev->number);

	(void)arg;
	got.good &= !memcmp(ev, &want, sizeof(want)) && (!got.events || ev->number > got.last);
	if (!got.events)
		got.first = ev->number;
	else if (ev->number != got.last + 1)
		got.holes++;
	got.last = ev->number;
	got.events++;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	(void)arg;
	if (cpu == TCPHS_NO_CPU)
		got.unwritten += count;
	else
		got.lost += count;
}

static void on_missing(void *arg, const struct tcphs_missing *missing)
{
	(void)arg;
	if (got.nr_missing < LIST_MAX)
		got.missing[got.nr_missing++] = *missing;
}

static const struct tcphs_events_ops ops = {
	.record = on_record, .lost = on_lost, .missing = on_missing,
};

static void read_between(const char *name, int64_t since, int64_t until)
{
	int fd = open(name, O_RDONLY);
	struct tcphs_recording *r;

	memset(&got, 0, sizeof(got));
	got.good = true;
	got.ret = -2;
	r = tcphs_recording_open(fd, name, NULL, NULL, &got.err);
	if (r) {
		tcphs_recording_window(r, since, until);
		do
			got.ret = tcphs_recording_read(r, &ops, NULL, &got.err);
		while (got.ret > 0);
	}
	tcphs_recording_close(r);
	if (fd >= 0)
		close(fd);
}

static void read_all(const char *name)
{
	read_between(name, INT64_MIN, INT64_MAX);
}

/* ---- the directory ------------------------------------------------------------------- */

static struct box_name *names;
static size_t nr_names;

static const char *path_of(size_t i)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, names[i].name);
	return path;
}

static void list(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	free(names);
	if (fd < 0 || tcphs_folder_list(fd, &names, &nr_names))
		abort();
	close(fd);
}

static uint64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

static bool within_bounds(uint64_t size, unsigned int keep)
{
	size_t i;

	list();
	for (i = 0; i < nr_names; i++)
		if (size_of(path_of(i)) > size)
			return false;
	return nr_names <= keep;
}

static void clear(void)
{
	list();
	while (nr_names)
		unlink(path_of(--nr_names));
}

static struct tcphs_box *box(unsigned int keep, uint64_t age)
{
	const struct tcphs_box_how how = {
		.directory = dir, .size = SIZE, .keep = keep, .age = age,
		.info = { .clock_offset = CLOCK, .all_netns = true },
	};
	struct tcphs_error err = { 0 };
	struct tcphs_box *b = tcphs_box_open(&how, &err);

	if (!b)
		printf("# %s\n", err.text);
	return b;
}

/* Events are numbered over all CPUs: so many a CPU has written up to the one of that number. */
static uint64_t written(uint64_t number, unsigned int cpu)
{
	return number / CPUS + (number % CPUS >= cpu) - !cpu;
}

/* All up to the event of that number has been told. */
static void state_at(struct tcphs_box *b, uint32_t what, uint64_t time, uint64_t since,
		     uint64_t number)
{
	struct tcphs_resume cursor[CPUS];
	const struct piece_state s = {
		.what = what, .time = time, .since = since, .load = 7, .nr = CPUS,
	};
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		cursor[cpu] = (struct tcphs_resume){ written(number, cpu) + 1, cpu, 0 };
	tcphs_box_state(b, &s, cursor);
}

static void state(struct tcphs_box *b, uint32_t what, uint64_t time, uint64_t since)
{
	state_at(b, what, time, since, time / MS);
}

/* [from, to), flushed each 1000. */
static bool put(struct tcphs_box *b, uint64_t from, uint64_t to)
{
	bool good = true;
	uint64_t i;

	for (i = from; i < to; i++) {
		struct tcphs_event ev = event(i);

		tcphs_box_event(b, &ev);
		if (i % 1000 == 999)
			good &= !tcphs_box_flush(b);
	}
	return good && !tcphs_box_flush(b);
}

static void finish(struct tcphs_box *b)
{
	tcphs_box_end(b);
	tcphs_box_close(b);
}

/* ---- bounds -------------------------------------------------------------------------- */

static void test_bounds(void)
{
	struct tcphs_box *b = box(3, 0);
	bool bounded = true;
	uint64_t i, oldest;

	state(b, BOX_BEGINS, MS, MS);
	for (i = 1; i < 60000; i += 500) {
		put(b, i, i + 500);
		bounded &= within_bounds(SIZE, 3);
	}
	finish(b);
	ok(bounded && within_bounds(SIZE, 3), "never more, nor larger files, than is said");
	oldest = names[0].number;
	ok(nr_names == 3 && oldest > 3 && names[2].number == oldest + 2, "the oldest gave way");
	read_all(dir);
	ok(!got.ret && got.good && !got.holes && got.last == 60000 && got.first > 1 &&
	   !got.lost && !got.nr_missing, "what is there is all of it, in order");
	for (i = 0; i < 3; i++) {
		read_all(path_of(i));
		if (got.ret || !got.good || got.holes)
			break;
	}
	ok(i == 3, "and each file can be read alone");
	/* Larger ones of before count, too. */
	b = box(2, 0);
	state(b, BOX_BEGINS, 60001 * MS, 60001 * MS);
	put(b, 60001, 60002);
	list();
	ok(nr_names == 2 && names[1].number == oldest + 3, "fewer are kept when it is said so");
	ok(!box(2, 0), "a second recorder is refused");
	finish(b);
	clear();
	b = box(4, 20 * MS);
	state(b, BOX_BEGINS, MS, MS);
	put(b, 1, 3);
	nanosleep(&(struct timespec){ 0, 30 * MS }, NULL);
	tcphs_box_flush(b);
	put(b, 3, 4);
	list();
	ok(nr_names == 2, "what is old enough is followed by a new file");
	nanosleep(&(struct timespec){ 0, 30 * MS }, NULL);
	tcphs_box_flush(b);
	tcphs_box_flush(b);
	finish(b);
	list();
	ok(nr_names == 2, "but not before there is something to write");
	clear();
}

/* ---- cut off and damaged ------------------------------------------------------------- */

static uint8_t *whole;
static size_t whole_len;

static void load(const char *path)
{
	int fd = open(path, O_RDONLY);

	whole_len = size_of(path);
	whole = realloc(whole, whole_len);
	if (fd < 0 || read(fd, whole, whole_len) != (ssize_t)whole_len)
		abort();
	close(fd);
}

static void save(const char *path, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	if (fd < 0 || write(fd, whole, len) != (ssize_t)len)
		abort();
	close(fd);
}

/* A file of several frames, with states; where each flush ended. */
#define FLUSHES 30
static size_t flushed[FLUSHES];

static void make_file(void)
{
	struct tcphs_box *b = box(3, 0);
	unsigned int i;

	state(b, BOX_BEGINS, MS, MS);
	for (i = 0; i < FLUSHES; i++) {
		put(b, 1 + i * 97, 1 + (i + 1) * 97);
		state(b, BOX_GOES_ON, (1 + (i + 1) * 97) * MS, 0);
		tcphs_box_flush(b);
		list();
		flushed[i] = size_of(path_of(0));
	}
	finish(b);
	list();
	load(path_of(0));
}

static uint64_t flushed_before(size_t len)
{
	uint64_t i = 0;

	while (i < FLUSHES && flushed[i] <= len)
		i++;
	return i * 97;
}

static void test_cut(void)
{
	bool safe = true, all = true, quiet = true, told = true;
	char path[128];
	size_t len;

	make_file();
	snprintf(path, sizeof(path), "%s", path_of(0));
	ok(whole_len > 3 * 100 * 1024, "a file of several frames");
	/* The last frames at every byte, the others here and there. */
	for (len = 0; len < whole_len;
	     len += len + 20000 < whole_len ? 1009 : len + 1300 < whole_len ? 101 : 1) {
		save(path, len);
		read_all(dir);
		safe &= got.good && !got.holes && (!got.events || got.first == 1);
		all &= got.events >= flushed_before(len);
		quiet &= !got.ret && !got.err.code && !got.nr_missing;
		/* With its end, though not with the index entry behind it, it is whole. */
		if (len % 5 || len + INDEX_SIZE > whole_len)
			continue;
		read_all(path);
		told &= got.good && got.ret < 0 && got.err.text[0] &&
			got.events >= flushed_before(len);
	}
	ok(safe, "cut off anywhere, nothing wrong comes out");
	ok(all, "all that was flushed does");
	ok(quiet, "a recorder that was killed is no damage of its directory");
	ok(told, "that a file alone has no end is told");
	clear();
}

static void test_flips(void)
{
	bool safe = true, near = true, told = true;
	unsigned int i, missing = 0;
	char path[128];
	size_t at;

	make_file();
	snprintf(path, sizeof(path), "%s", path_of(0));
	for (i = 0; i < 700; i++) {
		at = i < 200 ? i : i < 400 ? whole_len - 1 - (i - 200) : any() % whole_len;
		whole[at] ^= (uint8_t)(1u << i % 8);
		save(path, whole_len);
		read_all(dir);
		safe &= got.good;
		/* A frame and no more. */
		near &= got.events >= FLUSHES * 97 - 1000;
		missing += got.nr_missing;
		if (got.events < FLUSHES * 97)
			told &= got.ret < 0 && got.err.code;
		read_all(path);
		safe &= got.good;
		whole[at] ^= (uint8_t)(1u << i % 8);
	}
	ok(safe, "with any byte damaged, nothing wrong comes out");
	ok(near, "and all but that frame does");
	ok(told && missing > 300, "that it is damaged is told, and what is missing");
	/* Zeros, as a file system may leave them after a power cut. */
	memset(whole + flushed[20], 0, whole_len - flushed[20]);
	save(path, whole_len);
	read_all(dir);
	ok(got.good && !got.ret && got.events >= 21 * 97, "zeros at the end are no damage");
	clear();
}

/* ---- killed -------------------------------------------------------------------------- */

/* Records until it is killed; tells how far it is after each flush. */
static void child(int to, uint64_t from)
{
	struct tcphs_box *b = box(1000, 0);
	uint64_t i;

	state_at(b, BOX_BEGINS, from * MS, (from - 1) * MS, from - 1);
	for (i = from;; i += 89) {
		uint64_t done = i + 88;

		put(b, i, i + 89);
		if (i / 89 % 5 == 0)
			state(b, BOX_GOES_ON, done * MS, 0);
		if (write(to, &done, sizeof(done)) < 0)
			_exit(0);
	}
}

static void test_kills(void)
{
	struct box_place last;
	unsigned int cpu;
	uint64_t next = 1, done, flushes;
	bool all = true, fresh = true, resumed = true;
	struct tcphs_box *b;
	int fds[2], round;
	size_t before = 0;
	pid_t pid;

	for (round = 0; round < 23; round++) {
		if (pipe(fds))
			abort();
		fflush(stdout);
		pid = fork();
		if (!pid) {
			close(fds[0]);
			child(fds[1], next);
		}
		close(fds[1]);
		done = next - 1;
		for (flushes = any() % 60; flushes; flushes--)
			if (read(fds[0], &done, sizeof(done)) != sizeof(done))
				abort();
		nanosleep(&(struct timespec){ 0, (long)(any() % (5 * MS)) }, NULL);
		kill(pid, SIGKILL);
		while (read(fds[0], &flushes, sizeof(flushes)) == sizeof(flushes))
			done = flushes;
		close(fds[0]);
		waitpid(pid, NULL, 0);
		read_all(dir);
		all &= got.good && !got.holes && !got.ret && (done < next || got.last >= done);
		if (got.events)
			next = got.last + 1;
		b = box(1000, 0);
		tcphs_box_last(b, &last);
		for (cpu = 0; cpu < CPUS && got.events; cpu++)
			resumed &= last.state.load == 7 && last.nr == CPUS &&
				   last.cursor[cpu].next == written(got.last, cpu) + 1;
		free(last.cursor);
		tcphs_box_close(b);
		list();
		fresh &= nr_names >= before;
		before = nr_names;
	}
	ok(all, "killed at any moment, it has all that it had flushed");
	ok(fresh && before > 15, "each recorder began a file of its own");
	ok(resumed, "and knew where the one before had been");
	read_all(dir);
	ok(got.good && !got.holes && got.first == 1, "nothing was written over");
	clear();
}

/* ---- cut off, and gone on from there ----------------------------------------------------- */

/* Of each CPU, what is in the directory. */
static struct {
	bool there[9000];
	uint64_t events, lost;
} cpus[CPUS];
static uint64_t nr_kept, once;

static void count_event(void *arg, const struct tcphs_event *ev)
{
	uint64_t place = ev->number / CPUS;

	(void)arg;
	once &= !cpus[ev->cpu].there[place];
	cpus[ev->cpu].there[place] = true;
	cpus[ev->cpu].events++;
}

static void count_kept(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	(void)ev;
	nr_kept++;
}

static void count_lost(void *arg, uint32_t cpu, uint64_t count)
{
	(void)arg;
	cpus[cpu].lost += count;
}

static void count_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	(void)time;
	count_lost(arg, cpu, count);
}

static void count_all(void)
{
	static const struct tcphs_events_ops count = {
		.record = count_event, .lost = count_lost, .kept = count_kept, .older = count_older,
	};
	int fd = open(dir, O_RDONLY);
	struct tcphs_error err = { 0 };
	struct tcphs_recording *r = tcphs_recording_open(fd, dir, NULL, NULL, &err);

	memset(cpus, 0, sizeof(cpus));
	once = true;
	while (r && tcphs_recording_read(r, &count, NULL, &err) > 0)
		;
	tcphs_recording_close(r);
	close(fd);
}

static struct box_place place_of_directory(void)
{
	struct tcphs_box *b = box(1000, 0);
	struct box_place p;

	tcphs_box_last(b, &p);
	tcphs_box_close(b);
	return p;
}

static void begin_at(struct tcphs_box *b, uint32_t what, const uint64_t *next)
{
	struct tcphs_resume cursor[CPUS];
	const struct piece_state s = {
		.what = what, .time = next[0] * CPUS * MS, .load = 7, .nr = CPUS,
		.since = what == BOX_GOES_ON ? 0 : next[0] * CPUS * MS,
	};
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		cursor[cpu] = (struct tcphs_resume){ next[cpu], cpu, 0 };
	tcphs_box_state(b, &s, cursor);
}

/* Some of everything, from there on; the end is not written. */
static void live(uint64_t *next, bool passes)
{
	struct tcphs_box *b = box(1000, 0);
	unsigned int step, cpu, nr;
	struct tcphs_event ev;

	begin_at(b, BOX_BEGINS, next);
	for (step = 0; step < 19; step++) {
		cpu = (unsigned int)(any() % CPUS);
		ev = event(next[cpu] * CPUS + cpu);
		nr = (unsigned int)(any() % 13);
		if (!(any() % 29)) {
			tcphs_box_kept(b, &ev);
		} else if (!(any() % 17)) {
			tcphs_box_lost(b, cpu, nr);
			next[cpu] += nr;
		} else if (!(any() % 19)) {
			tcphs_box_older(b, cpu, nr, ev.time);
			next[cpu] += nr;
		} else if (passes && !(any() % 5)) {
			tcphs_box_pass(b, &ev);
			next[cpu]++;
		} else {
			tcphs_box_event(b, &ev);
			next[cpu]++;
		}
		if (!(any() % 11))
			tcphs_box_flush(b);
		if (!(any() % 31))
			begin_at(b, BOX_GOES_ON, next);
	}
	tcphs_box_flush(b);
	tcphs_box_close(b);
}

/* @passed: some are in no file, and only a state knows of these. */
static bool knows_its_place(const struct box_place *p, bool passed)
{
	unsigned int cpu;
	bool good = true;
	uint64_t told;

	/* Without a state nothing is there at all. */
	for (cpu = 0; cpu < CPUS; cpu++) {
		told = cpus[cpu].events + cpus[cpu].lost;
		good &= !p->nr ? !told : passed ? p->cursor[cpu].next > told :
			p->cursor[cpu].next == told + 1;
	}
	return good;
}

static void test_places(void)
{
	uint64_t next[CPUS] = { 1, 1, 1 };
	unsigned int life, cpu, cuts = 0;
	bool known = true, twice = false;
	struct box_place p;
	char path[128];
	size_t len;

	for (life = 0; life < 3; life++) {
		live(next, life == 2);
		list();
		snprintf(path, sizeof(path), "%s", path_of(nr_names - 1));
		load(path);
		for (len = 0; len <= whole_len; len++, cuts++) {
			save(path, len);
			count_all();
			p = place_of_directory();
			known &= knows_its_place(&p, life == 2);
			twice |= !once;
			free(p.cursor);
		}
		save(path, any() % 5 ? whole_len / 3 + any() % (2 * whole_len / 3) : any() % 60);
		p = place_of_directory();
		for (cpu = 0; cpu < CPUS; cpu++)
			next[cpu] = p.nr ? p.cursor[cpu].next : 1;
		free(p.cursor);
	}
	ok(cuts > 3500 && known, "cut off at any byte, a recorder knows where it stood");
	ok(!twice && nr_kept, "and goes on from there, with nothing twice");
	clear();
}

/* ---- a disk that takes nothing --------------------------------------------------------- */

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* All of this many events are in the directory, or counted there as not written. */
static bool stands_behind(uint64_t number)
{
	struct box_place p = place_of_directory();
	unsigned int cpu;
	bool good = p.nr == CPUS;

	for (cpu = 0; cpu < p.nr; cpu++)
		good &= p.cursor[cpu].next == written(number, cpu) + 1;
	free(p.cursor);
	return good;
}

/* By somebody who wants room, or mounts something there. @away: a name that is free */
static void test_taken_away(const char *away)
{
	struct tcphs_box *b = box(4, 0);

	state_at(b, BOX_BEGINS, MS, MS, 0);
	put(b, 1, 1001);
	list();
	unlink(path_of(0));
	put(b, 1001, 1501);
	put(b, 1501, 2001);
	read_all(dir);
	ok(got.good && got.first == 1501 && got.last == 2000 && got.unwritten == 500,
	   "when a file is deleted it goes on in another, which tells what was lost with it");
	if (rename(dir, away))
		abort();
	ok(!put(b, 2001, 2501), "when the directory is moved away there is none");
	if (mkdir(dir, 0700))
		abort();
	ok(!tcphs_box_flush(b) && put(b, 2501, 3001), "until there is one again");
	finish(b);
	read_all(dir);
	ok(got.good && got.first == 2501 && got.last == 3000 && !got.unwritten,
	   "and the one that was moved has all of before");
	ok(stands_behind(3000), "who comes next asks for none of it");
	clear();
	rmdir(dir);
	if (rename(away, dir))
		abort();
	clear();
}

static void test_full(void)
{
	struct tcphs_box *b = box(4, 0);
	struct tcphs_box_totals totals;
	char away[128];
	int i;

	signal(SIGXFSZ, SIG_IGN);
	state_at(b, BOX_BEGINS, MS, MS, 0);
	put(b, 1, 1001);
	limit_files(200 * 1024);
	ok(!put(b, 1001, 3001), "that the disk takes nothing is told");
	read_all(dir);
	ok(got.good && !got.ret && got.events >= 1000 && !got.holes, "what it took can be read");
	limit_files(RLIM_INFINITY);
	ok(!tcphs_box_flush(b) && put(b, 3001, 3501), "it goes on when it takes something again");
	finish(b);
	read_all(dir);
	ok(got.good && !got.ret && got.last == 3500 && got.unwritten &&
	   got.events + got.unwritten == 3500, "what is not there was counted");
	list();
	ok(nr_names == 1, "in the same file");
	ok(stands_behind(3500), "and who comes next asks for none of it");

	/* Not even tried again in it: a disk that was taken away. */
	b = box(4, 0);
	state(b, BOX_BEGINS, 3500 * MS, 3500 * MS);
	put(b, 3501, 4001);
	snprintf(away, sizeof(away), "%s.away", dir);
	if (rename(dir, away))
		abort();
	limit_files(1);
	put(b, 4001, 4101);
	limit_files(RLIM_INFINITY);
	ok(tcphs_box_flush(b), "a directory that is gone takes nothing");
	put(b, 4101, 4201);
	if (mkdir(dir, 0700))
		abort();
	ok(!tcphs_box_flush(b) && put(b, 4201, 4301), "another one in its place does");
	tcphs_box_totals(b, &totals);
	finish(b);
	read_all(dir);
	ok(got.good && got.first == 4201 && got.last == 4300 && got.unwritten == 200 &&
	   totals.unwritten == 200, "and is told what neither has");
	ok(stands_behind(4300), "which nobody asks for again");
	clear();
	rmdir(dir);
	if (rename(away, dir))
		abort();
	clear();
	test_taken_away(away);
	/* Of what is tried so often in vain, a new file is begun. */
	b = box(4, 0);
	state(b, BOX_BEGINS, MS, MS);
	put(b, 1, 501);
	limit_files(1);
	for (i = 0; i < 3; i++)
		put(b, 501, 502);
	limit_files(RLIM_INFINITY);
	finish(b);
	read_all(dir);
	ok(got.good && got.events + got.unwritten == 503, "to try in vain loses nothing uncounted");
	clear();
}

/* ---- times ----------------------------------------------------------------------------- */

static bool missed(unsigned int i, enum tcphs_missing_why why, int64_t from, int64_t to)
{
	return i < got.nr_missing && got.missing[i].why == why &&
	       got.missing[i].from == CLOCK + from && got.missing[i].to == CLOCK + to;
}

/*
 * 1 to 9 s, the module goes; it is back from 20 to 29 s; killed; a recorder from 40 s on,
 * which knows all from 35 s on; it ends at 49 s, and one that goes on from there to 59 s.
 */
static void make_day(void)
{
	struct tcphs_box *b = box(20, 0);

	state(b, BOX_BEGINS, 1000 * MS, 1000 * MS);
	put(b, 1000, 9001);
	state(b, BOX_GONE, 9000 * MS, 0);
	tcphs_box_flush(b);
	state(b, BOX_BACK, 20000 * MS, 20000 * MS);
	put(b, 20000, 29001);
	tcphs_box_close(b);
	b = box(20, 0);
	state(b, BOX_BEGINS, 40000 * MS, 35000 * MS);
	put(b, 40000, 49001);
	finish(b);
	b = box(20, 0);
	state(b, BOX_BEGINS, 49500 * MS, 49000 * MS);
	put(b, 49501, 59001);
	finish(b);
}

static void test_missing(void)
{
	unsigned int whys = 0;
	size_t i;

	make_day();
	read_all(dir);
	ok(!got.ret && got.good && got.last == 59000, "a day with gaps is read");
	ok(got.nr_missing == 2 &&
	   missed(0, TCPHS_MISSING_NO_MODULE, 9 * SECOND, 20 * SECOND) &&
	   missed(1, TCPHS_MISSING_NO_RECORDER, 29 * SECOND, 35 * SECOND),
	   "and each is told, with its reason, once");
	read_between(dir, CLOCK + 42 * SECOND, CLOCK + 43 * SECOND);
	ok(got.good && got.first <= 42000 && got.last >= 43000 && got.events < 4000 &&
	   !got.nr_missing, "a time is found, and little else read");
	read_between(dir, CLOCK + 12 * SECOND, CLOCK + 13 * SECOND);
	/* Of a frame that has no end its time is not known. */
	ok(got.good && (!got.events || got.first > 20000) && got.nr_missing == 1 &&
	   missed(0, TCPHS_MISSING_NO_MODULE, 9 * SECOND, 20 * SECOND),
	   "a time without a module has no events, and is told");
	read_between(dir, CLOCK + 30 * SECOND, CLOCK + 31 * SECOND);
	ok(got.nr_missing == 1 && missed(0, TCPHS_MISSING_NO_RECORDER, 29 * SECOND, 35 * SECOND),
	   "so is one without a recorder");
	read_between(dir, CLOCK - 9 * SECOND, CLOCK + 2 * SECOND);
	ok(got.events && got.nr_missing == 1 &&
	   missed(0, TCPHS_MISSING_NOT_KEPT, -9 * SECOND, SECOND), "what is older is not there");
	read_between(dir, CLOCK + 58 * SECOND, CLOCK + 99 * SECOND);
	ok(got.last == 59000 && got.nr_missing == 1 &&
	   missed(0, TCPHS_MISSING_NO_RECORDER, 59 * SECOND, 99 * SECOND),
	   "after the last recorder there is none");
	list();
	unlink(path_of(nr_names - 3));
	read_all(dir);
	for (i = 0; i < got.nr_missing; i++)
		whys |= 1u << got.missing[i].why;
	ok(got.good && whys & 1u << TCPHS_MISSING_NOT_KEPT, "a file that was taken away is missed");
	clear();
}

/* The last frames alone, however many files that takes; @all: they are all there are. */
static void read_end(size_t frames, bool *all)
{
	int fd = open(dir, O_RDONLY);
	struct tcphs_recording *r = tcphs_recording_open(fd, dir, NULL, NULL, &got.err);

	memset(&got, 0, sizeof(got));
	got.good = true;
	*all = !tcphs_recording_near_end(r, frames);
	do
		got.ret = tcphs_recording_read(r, &ops, NULL, &got.err);
	while (got.ret > 0);
	tcphs_recording_close(r);
	close(fd);
}

static void test_end(void)
{
	uint64_t before = 0;
	bool good = true, all;
	size_t frames;

	make_day();
	for (frames = 1; frames < 200; frames++) {
		read_end(frames, &all);
		good &= got.good && !got.ret && got.last == 59000 && got.events >= before &&
			all == (got.first == 1000);
		before = got.events;
		if (all)
			break;
	}
	ok(good && frames > 10 && frames < 200, "the end of it can be read alone");
	clear();
}

static void test_clock_steps(void)
{
	struct tcphs_box *b = box(20, 0);

	/* An hour back, then two forward. */
	state(b, BOX_BEGINS, MS, MS);
	put(b, 1, 2001);
	tcphs_box_clock(b, CLOCK - 3600 * SECOND);
	put(b, 2001, 4001);
	tcphs_box_clock(b, CLOCK + 3600 * SECOND);
	put(b, 4001, 6001);
	finish(b);
	read_all(dir);
	ok(!got.ret && got.good && got.events == 6000 && !got.nr_missing,
	   "the clock is set, and nothing is missing");
	read_between(dir, CLOCK - 3597 * SECOND, CLOCK - 3596 * SECOND);
	ok(got.good && got.first <= 3000 && got.first > 2000 && got.last >= 4000 && got.last < 4500,
	   "a time is found by the clock of its events");
	read_between(dir, CLOCK + 3605 * SECOND, CLOCK + 3606 * SECOND);
	ok(got.good && got.first > 4000 && got.last == 6000, "whichever that was");
	clear();
}

static void test_others(void)
{
	char path[128];
	int fd;

	read_all(dir);
	ok(got.ret == -2 && got.err.code == TCPHS_ERR_FAILED &&
	   strstr(got.err.text, "without a recording"), "an empty directory is no recording");
	snprintf(path, sizeof(path), "%s/notes.txt", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	read_all(dir);
	ok(got.ret == -2, "nor is one with other files");
	unlink(path);
	snprintf(path, sizeof(path), "%s/0000000007-x.rec.zst", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	read_all(dir);
	ok(!got.ret && !got.events, "a file that was just made is");
	finish(box(3, 0));
	list();
	ok(nr_names == 1 && names[0].number == 7, "a recorder without an event makes none");
	clear();
}

/* One event, of a recorder of its own. */
static bool record_one(uint64_t i)
{
	struct tcphs_box *b = box(2, 0);
	bool good;

	state(b, BOX_BEGINS, i * MS, i * MS);
	good = put(b, i, i + 1);
	finish(b);
	return good;
}

static void test_strangers(void)
{
	char path[128];
	bool good;

	snprintf(path, sizeof(path), "%s/0000000001-x.rec.zst", dir);
	mkdir(path, 0700);
	good = record_one(1) && record_one(2) && record_one(3);
	list();
	ok(good && nr_names == 3 && names[0].number == 1 && names[1].number == 3,
	   "a directory that is called as a file is stays, and the oldest file gives way");
	rmdir(path);
	clear();
	snprintf(path, sizeof(path), "%s/9999999999-x.rec.zst", dir);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	good = record_one(1);
	unlink(path);
	ok(!good && !rmdir(dir), "behind the last number no file is made that would never go");
}

int main(void)
{
	plan(57);
	if (!mkdtemp(dir))
		abort();
	test_bounds();
	test_cut();
	test_flips();
	test_kills();
	test_places();
	test_full();
	test_missing();
	test_end();
	test_clock_steps();
	test_others();
	test_strangers();
	free(whole);
	free(names);
	return tap_done();
}

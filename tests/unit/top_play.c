// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: a recording as what was there at a time of it, on the same screens. */
#include <arpa/inet.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../userspace/tcphs-top/batch.h"
#include "../../userspace/tcphs-top/control.h"
#include "../../userspace/tcphs-top/extract.h"
#include "../../userspace/tcphs-top/view.h"
#include "tap.h"

#define SEC	1000000000ull
#define CLOCK	(1700000000 * SEC)	/* CLOCK_REALTIME - CLOCK_MONOTONIC where it was made */
#define T(s)	(CLOCK + (100 + (s)) * SEC)	/* second @s of it */

static char name[32];
static struct tcphs_recorder *recorder;

static int write_all(void *arg, const void *data, size_t len, size_t *done)
{
	ssize_t n = write(*(int *)arg, data, len);

	*done = n > 0 ? (size_t)n : 0;
	return n == (ssize_t)len ? 0 : -1;
}

static struct tcphs_event event(uint64_t second, uint64_t conn, uint8_t type, uint8_t from, uint8_t to)
{
	struct tcphs_event ev = {
		.time = (100 + second) * SEC, .type = type, .old_state = from, .new_state = to,
		.id = {
			.conn = conn, .family = AF_INET, .role = TCPHS_ROLE_ACTIVE, .netns = 1,
			.local_port = (uint16_t)(40000 + conn % 20000), .peer_port = 443,
			.local = { 192, 0, 2, 1 }, .peer = { 192, 0, 2, 2 },
		},
	};

	return ev;
}

static void put(uint64_t second, uint64_t conn, uint8_t type, uint8_t from, uint8_t to)
{
	struct tcphs_event ev = event(second, conn, type, from, to);

	if (type == TCPHS_EV_ESTABLISHED) {
		ev.flags = TCPHS_F_DURATION | TCPHS_F_OWNER;
		ev.duration = 3000000;
		ev.id.pid = 7;
		ev.id.cgroup = 11;
	}
	if (type == TCPHS_EV_CONNECT_FAILED)
		ev.reason = TCPHS_REASON_REFUSED;
	tcphs_recorder_event(recorder, &ev);
}

/* Of a listener, or of one that it serves. */
static void serve(uint64_t second, uint64_t conn, uint8_t type, uint32_t waiting)
{
	struct tcphs_event ev = event(second, conn, type, TCPHS_STATE_LISTEN, TCPHS_STATE_LISTEN);

	ev.flags = TCPHS_F_QUEUE;
	ev.id.role = TCPHS_ROLE_LISTENER;
	ev.id.local_port = 8080;
	ev.id.peer_port = 0;
	ev.queue = (struct tcphs_queue){ .listener = 7, .accept_queue = waiting, .accept_limit = 5 };
	if (type != TCPHS_EV_LISTEN && type != TCPHS_EV_UNLISTEN) {
		ev.id.role = TCPHS_ROLE_PASSIVE;
		ev.id.peer_port = 40001;
		ev.new_state = ev.old_state = TCPHS_STATE_ESTABLISHED;
	}
	if (type == TCPHS_EV_ACCEPTED) {
		ev.flags |= TCPHS_F_DURATION;
		ev.duration = 5000000;
	}
	tcphs_recorder_event(recorder, &ev);
}

static void begin(struct tcphs_recording_info *info, int *fd)
{
	strcpy(name, "/tmp/top_play-XXXXXX");
	*fd = mkstemp(name);
	info->cgroups = tcphs_cgroups_new();
	tcphs_cgroups_add(info->cgroups, 11, "/system.slice/nginx.service");
	recorder = tcphs_recorder_new(write_all, fd, info);
}

/* A second for each connection: the even ones stay, of the odd ones every one is refused. */
static void record(void)
{
	struct tcphs_recording_info info = { .clock_offset = (int64_t)CLOCK };
	unsigned int i;
	int fd;

	begin(&info, &fd);
	serve(0, 7, TCPHS_EV_LISTEN, 0);
	for (i = 1; i <= 20; i++) {
		put(i, 100 + i, TCPHS_EV_SYN_SENT, TCPHS_STATE_CLOSE, TCPHS_STATE_SYN_SENT);
		if (i % 2)
			put(i, 100 + i, TCPHS_EV_CONNECT_FAILED, TCPHS_STATE_SYN_SENT, TCPHS_STATE_CLOSE);
		else
			put(i, 100 + i, TCPHS_EV_ESTABLISHED, TCPHS_STATE_SYN_SENT,
			    TCPHS_STATE_ESTABLISHED);
		if (i == 10)
			serve(10, 77, TCPHS_EV_ACCEPTED, 3);
	}
	serve(29, 7, TCPHS_EV_UNLISTEN, 0);
	put(30, 102, TCPHS_EV_CLOSED, TCPHS_STATE_LAST_ACK, TCPHS_STATE_CLOSE);
	tcphs_recorder_end(recorder);
	tcphs_recorder_free(recorder);
	tcphs_cgroups_free(info.cgroups);
	close(fd);
}

static struct play play;
static struct top_source source;
static struct top_model m;
static struct ui ui;
static struct view v;
static struct tcphs_error err;

/* As main() does it. */
static void move(uint64_t to)
{
	play_move(&play, to, &err);
	ui.ended = play.ended;
	model_refresh(&m, &source, ui.screen, false, play.at);
	view_resize(&v, &m, &ui, 100, 40);
	control_settle(&ui, &m, layout_rows(&v.layout));
	view_paint(&v, &m, &ui);
}

static bool on_screen(const char *text)
{
	char line[2048];
	unsigned int y;

	for (y = 0; y < v.paint.height; y++) {
		paint_line(&v.paint, y, line, sizeof(line));
		if (strstr(line, text))
			return true;
	}
	printf("# not on the screen: %s\n", text);
	for (y = 0; y < v.paint.height; y++) {
		paint_line(&v.paint, y, line, sizeof(line));
		printf("# %s\n", line);
	}
	return false;
}

static const char *cell(size_t row, const char *key)
{
	static char buf[TEXT_LEN];
	enum top_screen screen = ui.screen;
	const void *is = model_row(&m, screen, row);
	size_t nr, column;

	table_find(key, &screen, &column);
	if (!is)
		return "no such row";
	table_columns(screen, &nr)[column].text(is, buf, &m.style);
	return buf;
}

static void tables(void)
{
	ok(!play_open(&play, name, &err) && play.at == T(0), "it begins at its first event");
	play_source(&play, &source);
	ui.screen = TOP_CONNECTIONS;
	ui.playing = true;
	move(T(0));
	ok(m.valid && !model_total(&m, TOP_CONNECTIONS), "nothing else has happened then");
	move(T(8));
	ok(model_total(&m, TOP_CONNECTIONS) == 4 && m.now.state[TCPHS_STATE_ESTABLISHED] == 4,
	   "connections that had begun and were not over");
	ok(m.now.failure[TCPHS_REASON_REFUSED] == 4 && m.now.hist[0].count == 4,
	   "what failed until then, and how many handshakes were completed");
	ok(m.failure_rate[TCPHS_REASON_REFUSED] > 0.49 && m.failure_rate[TCPHS_REASON_REFUSED] < 0.51,
	   "and how many a second, by its own time");
	same(cell(0, "age"), "6.00s", "ages are those of then");
	ok(on_screen("1x  2023-11-14 22:15:08"), "the time that is seen is that of the recording");
	ui.screen = TOP_LISTENERS;
	move(T(11));
	ok(model_total(&m, TOP_LISTENERS) == 1 && !strcmp(cell(0, "accept"), "3/5"),
	   "a listener, as events tell of its queue");
	move(T(30));
	ok(!model_total(&m, TOP_LISTENERS) && play.ended && on_screen("the end"), "until it closed");
	move(T(3000));
	equal(model_total(&m, TOP_LISTENERS), 0, "behind the end there is nothing");
}

static void units(void)
{
	ui.screen = TOP_CONNECTIONS;
	move(T(20));
	same(cell(0, "unit"), "nginx.service", "names of units are those that it has");
	control_filter(&ui, &m, "unit nginx.service", &err);
	move(T(20));
	equal(model_total(&m, TOP_CONNECTIONS), 10, "and a filter finds them");
	control_filter(&ui, &m, "unit other.service", &err);
	move(T(20));
	equal(model_total(&m, TOP_CONNECTIONS), 0, "and no others");
	control_filter(&ui, &m, "", &err);
}

static void screens(void)
{
	size_t before;

	move(T(10));
	ui.screen = TOP_EVENTS;
	move(T(10));
	before = model_total(&m, TOP_EVENTS);
	equal(before, 22, "back again: events up to then, and no others");
	move(T(12));
	equal(model_total(&m, TOP_EVENTS), before + 4, "and on: those in between");
	move(T(5));
	equal(model_total(&m, TOP_EVENTS), 11, "back: those that come are gone");
	ui.screen = TOP_LIVES;
	move(T(5));
	ok(model_total(&m, TOP_LIVES) == 3 && !strcmp(cell(0, "end"), "refused"), "lives that ended");
	ui.screen = TOP_DOCTOR;
	move(T(20));
	ok(model_total(&m, TOP_DOCTOR) && on_screen("connects"), "the doctor judges what was until then");
	control_apply(&ui, &m, UI_COPY_CONN, 0, 10, model_total(&m, TOP_DOCTOR));
	ok(!strstr(ui.copy, "tcphs events") || strstr(ui.copy, name), "and what is to be typed is of it");
	control_apply(&ui, &m, UI_SCREEN, TOP_CONNECTIONS, 10, 0);
	move(T(20));
	control_apply(&ui, &m, UI_OPEN, 0, 10, model_total(&m, TOP_CONNECTIONS));
	move(T(20));
	ok(on_screen("Connection 66") && on_screen("ESTABLISHED"), "a connection is drawn");
	move(T(2));
	ok(on_screen("ESTABLISHED"), "as it was then");
	control_apply(&ui, &m, UI_BACK, 0, 10, 0);
}

static void times(void)
{
	uint64_t to = 0;

	setenv("TZ", "UTC", 1);
	ok(!play_when("+90", T(5), T(0), &to) && to == T(95), "+90: seconds on");
	ok(!play_when("-2s", T(5), T(0), &to) && to == T(3), "-2s: back");
	ok(!play_when("22:15:20", T(5), T(0), &to) && to == T(20), "a time of day: the next one");
	ok(!play_when("2023-11-14 22:15:10", T(5), T(0), &to) && to == T(10), "a date");
	ok(play_when("soon", T(5), T(0), &to) && play_when("5m", T(5), T(0), &to),
	   "neither words nor an age from today");
	ui.mode = UI_TABLE;
	control_apply(&ui, &m, UI_STEP, -1, 10, 0);
	equal(ui.step, -1, "[: a step back");
	control_apply(&ui, &m, UI_FASTER, 0, 10, 0);
	ok(ui.speed > 1.9 && ui.speed < 2.1, "F8: twice as fast");
	ui.playing = false;
	control_apply(&ui, &m, UI_JUMP, 0, 10, 0);
	ok(ui.mode == UI_TABLE && ui.bad, "none of that without a recording");
}

static void batch(void)
{
	struct tcphs_buf out;

	tcphs_buf_init(&out, -1);
	m.style.recorded = true;
	ui.screen = TOP_CONNECTIONS;
	move(T(8));
	model_arrange(&m, ui.screen, ui_sorted(&ui)->compare, ui_descending(&ui), 0);
	batch_text(&out, &m, &ui);
	batch_json(&out, &m, &ui);
	*tcphs_buf_room(&out, 1) = '\0';
	ok(strstr(out.data, "recorded  8.00 s of it  2023-11-14 22:15:08") &&
	   strstr(out.data, "time-wait    0\n"), "as text: its time, and what it knows");
	ok(strstr(out.data, "{\"time_ns\":1700000108000000000,"), "as JSON: its time");
	tcphs_buf_free(&out);
}

/* ---- a machine that was booted ----------------------------------------------------------- */

#define DAY	(86400 * SEC)
/* Up for a month, then for a minute; ten minutes lie between the two. */
#define UP1	(31 * DAY)
#define UP2	(60 * SEC)
#define BEGAN1	(1772366400 * SEC)	/* 2026-03-01 12:00 UTC */
#define BEGAN2	(BEGAN1 + 600 * SEC)

static void put_owned(uint64_t time, uint64_t conn, uint8_t type, uint8_t from, uint8_t to)
{
	struct tcphs_event ev = event(0, conn, type, from, to);

	ev.time = time;
	ev.flags = TCPHS_F_OWNER;
	ev.id.pid = 7;
	ev.id.cgroup = 11;
	tcphs_recorder_event(recorder, &ev);
}

static void opens(uint64_t time, uint64_t conn)
{
	put_owned(time, conn, TCPHS_EV_SYN_SENT, TCPHS_STATE_CLOSE, TCPHS_STATE_SYN_SENT);
	put_owned(time + SEC, conn, TCPHS_EV_ESTABLISHED, TCPHS_STATE_SYN_SENT,
		  TCPHS_STATE_ESTABLISHED);
}

/* Nobody takes any out of the queue. */
static void listens(uint64_t time, uint16_t port, uint32_t waiting)
{
	struct tcphs_event ev = event(0, 7, TCPHS_EV_LISTEN, TCPHS_STATE_CLOSE, TCPHS_STATE_LISTEN);

	ev.time = time;
	ev.flags = TCPHS_F_QUEUE;
	ev.id.role = TCPHS_ROLE_LISTENER;
	ev.id.local_port = port;
	ev.id.peer_port = 0;
	ev.queue = (struct tcphs_queue){ .listener = 7, .accept_limit = 5 };
	tcphs_recorder_event(recorder, &ev);
	ev.type = TCPHS_EV_ESTABLISHED;
	ev.old_state = TCPHS_STATE_SYN_RECV;
	ev.new_state = TCPHS_STATE_ESTABLISHED;
	ev.id.role = TCPHS_ROLE_PASSIVE;
	ev.id.conn = 8;
	ev.id.peer_port = 40001;
	ev.queue.accept_queue = waiting;
	tcphs_recorder_event(recorder, &ev);
}

static void overflows(uint64_t time, uint16_t port)
{
	struct tcphs_event ev = event(0, 0, TCPHS_EV_SYN_DROPPED, TCPHS_STATE_LISTEN,
				      TCPHS_STATE_LISTEN);

	ev.time = time;
	ev.flags = TCPHS_F_QUEUE;
	ev.reason = TCPHS_REASON_ACCEPT_QUEUE_FULL;
	ev.id.role = TCPHS_ROLE_PASSIVE;
	ev.id.local_port = port;
	ev.id.peer_port = 40003;
	ev.queue = (struct tcphs_queue){ .listener = 7, .accept_queue = 6, .accept_limit = 5 };
	tcphs_recorder_event(recorder, &ev);
}

/* Who is open when it goes down has the cookie of one that begins after that. */
static void record_boots(int64_t clock2, bool known)
{
	struct tcphs_recording_info info = { .clock_offset = (int64_t)(BEGAN1 - UP1) };
	struct tcphs_host host = { .name = "web1", .boot = { 1 } };
	int fd;

	begin(&info, &fd);
	if (known)
		tcphs_recorder_host(recorder, &host);
	listens(UP1, 80, 1);
	opens(UP1, 0xa1);
	opens(UP1 + SEC, 0xa2);
	overflows(UP1 + 2 * SEC, 80);
	put_owned(UP1 + 40 * SEC, 0xa3, TCPHS_EV_TIME_WAIT, TCPHS_STATE_FIN_WAIT2,
		  TCPHS_STATE_TIME_WAIT);
	host.boot[0] = 2;
	if (known)
		tcphs_recorder_host(recorder, &host);
	tcphs_recorder_clock(recorder, clock2);
	tcphs_cgroups_add(info.cgroups, 11, "/system.slice/ssh.service");
	opens(UP2, 0xa1);
	put_owned(UP2 + 10 * SEC, 0xa1, TCPHS_EV_CLOSED, TCPHS_STATE_LAST_ACK, TCPHS_STATE_CLOSE);
	opens(UP2 + 11 * SEC, 0xa1);
	listens(UP2 + 12 * SEC, 22, 1);
	tcphs_recorder_end(recorder);
	tcphs_recorder_free(recorder);
	tcphs_cgroups_free(info.cgroups);
	close(fd);
}

/* Where on the screen is what has this in a column? */
static size_t row_of(const char *key, const char *text)
{
	size_t i, nr = model_total(&m, ui.screen);

	for (i = 0; i < nr; i++)
		if (!strcmp(cell(i, key), text))
			return i;
	return nr;
}

static bool says_json(const char *text)
{
	struct tcphs_buf out;
	bool found;

	tcphs_buf_init(&out, -1);
	batch_json(&out, &m, &ui);
	*tcphs_buf_room(&out, 1) = '\0';
	found = strstr(out.data, text);
	tcphs_buf_free(&out);
	return found;
}

/* What is taken out of it is of both boots, too. */
static void extracted(void)
{
	static const char copy[] = "/tmp/top_play.part";
	static const char * const unit[] = { "nginx.service", "ssh.service" };
	struct marks marks = { .v = &(struct mark){ .words = (char *)"port 443" }, .nr = 1 };
	struct top_source of_part;
	struct play part;
	uint64_t events;
	unsigned int i;

	unlink(copy);
	ok(!extract(&source, false, &marks, &m.filter, copy, &events, &err) && events == 7,
	   "what is marked becomes a recording");
	ok(!play_open(&part, copy, &err), "which is played");
	play_source(&part, &of_part);
	for (i = 0; i < 2; i++) {
		struct tcphs_conn_list list = { 0 };
		const struct tcphs_cgroup *cgroup;

		play_move(&part, (i ? BEGAN2 : BEGAN1) + 5 * SEC, &err);
		of_part.connections(&of_part, false, &m.filter, &list, &err);
		cgroup = tcphs_cgroups_find(of_part.cgroups, list.v[0].owner.cgroup);
		ok(list.nr == 2 - i && cgroup && !strcmp(cgroup->names.unit, unit[i]),
		   "of each boot what was open, with its unit");
		tcphs_conn_list_free(&list);
	}
	play_close(&part);
	unlink(copy);
}

static void begin_boots(int64_t clock2, bool known)
{
	record_boots(clock2, known);
	err.code = 0;
	ok(!play_open(&play, name, &err), "a recording of two boots is played");
	play_source(&play, &source);
	ui.playing = true;
	ui.screen = TOP_CONNECTIONS;
}

static void end_boots(void)
{
	model_end(&m, &source);
	play_close(&play);
	unlink(name);
}

static void boots(void)
{
	begin_boots((int64_t)(BEGAN2 - UP2), true);
	move(BEGAN1 + 50 * SEC);
	ok(model_total(&m, TOP_CONNECTIONS) == 4 && m.now.state[TCPHS_STATE_TIME_WAIT] == 1,
	   "of the first boot what was open then");
	same(cell(row_of("conn", "a1"), "unit"), "nginx.service", "with the unit of then");
	ui.screen = TOP_LISTENERS;
	move(BEGAN1 + 51 * SEC);
	equal(model_total(&m, TOP_LISTENERS), 1, "and who listened");
	ui.screen = TOP_CONNECTIONS;
	move(BEGAN2 + 3 * SEC);
	ok(model_total(&m, TOP_CONNECTIONS) == 1 && !m.now.state[TCPHS_STATE_TIME_WAIT],
	   "of the second nothing of that");
	same(cell(0, "age"), "2.00s", "ages are of the boot");
	same(cell(0, "unit"), "ssh.service", "and so are the names of units");
	ok(on_screen("2026-03-01 12:10:03"), "the time of day is right");
	ok(says_json("\"cgroup_id\":11,"), "numbers of cgroups are those that they had");
	ui.screen = TOP_LISTENERS;
	move(BEGAN2 + 4 * SEC);
	equal(model_total(&m, TOP_LISTENERS), 0, "who listened before does no more");
	move(BEGAN2 + 20 * SEC);
	same(cell(0, "local"), "192.0.2.1:22", "and who has its cookie is another");
	ui.screen = TOP_LIVES;
	move(BEGAN2 + 21 * SEC);
	equal(model_total(&m, TOP_LIVES), 5, "lives: what was open at the boot is over");
	same(cell(row_of("conn", "a2"), "end"), "?", "its end is not on record");
	same(cell(row_of("end", "closed"), "life"), "10.0s", "of one cookie two lives");
	same(cell(row_of("end", "closed"), "ended"), "12:10:10.000", "at its time of day");
	same(cell(row_of("conn", "a2"), "unit"), "nginx.service", "the unit of before");
	ui.screen = TOP_DOCTOR;
	move(BEGAN2 + 22 * SEC);
	ok(m.examine.look.patients->evidence.boots == 1, "the doctor is told");
	page_open(&m.page, PAGE_DRAWING, 0xa1);
	move(BEGAN2 + 5 * SEC);
	ok(on_screen("open for 4.00 s now"), "a drawing is of one boot");
	move(BEGAN1 + 5 * SEC);
	ok(on_screen("open for 4.00 s now"), "and before it of the other one");
	move(BEGAN2 + 5 * SEC);
	ok(on_screen("its end is not on record"), "which does not go on");
	page_open(&m.page, PAGE_DRAWING, 0xa2);
	move(BEGAN2 + 6 * SEC);
	ok(on_screen("its end is not on record"), "of what was open it says so");
	page_open(&m.page, PAGE_LISTENER, 7);
	move(BEGAN1 + 5 * SEC);
	equal(m.page.listener.overflows, 1, "all about a listener");
	move(BEGAN2 + 20 * SEC);
	equal(m.page.listener.overflows, 0, "of another with its cookie is another page");
	move(BEGAN2 + 6 * SEC);
	page_open(&m.page, PAGE_NONE, 0);
	extracted();
	ui.screen = TOP_CONNECTIONS;
	move(BEGAN1 + 50 * SEC);
	same(cell(row_of("conn", "a1"), "unit"), "nginx.service", "back: the first boot again");
	end_boots();
}

/* Without a battery it begins in 1970; nor is it said whose the recording is. */
static void boots_of_clocks(void)
{
	begin_boots((int64_t)(BEGAN2 - UP2), false);
	move(BEGAN2 + 3 * SEC);
	ok(model_total(&m, TOP_CONNECTIONS) == 1 && !strcmp(cell(0, "age"), "2.00s"),
	   "a clock that goes back is another boot's");
	end_boots();
	begin_boots(0, true);
	move(BEGAN1 + 39 * SEC);
	equal(model_total(&m, TOP_CONNECTIONS), 3, "where the clock was behind, it comes later all the same");
	move(BEGAN1 + 43 * SEC);
	ok(model_total(&m, TOP_CONNECTIONS) == 1 && !strcmp(cell(0, "age"), "2.00s"),
	   "and goes on at once");
	end_boots();
}

/* The last of its pieces is not whole. */
static void damaged(void)
{
	struct play cut;

	err.code = 0;
	ok(!truncate(name, 3000) && play_open(&cut, name, &err) && err.code == TCPHS_ERR_DAMAGED,
	   "of which nothing is whole");
	play_close(&cut);
}

/* TIME_WAITs in a recording, after one more event of them. */
static uint64_t time_waits(struct play *p, uint64_t conn, uint16_t generation, uint8_t type)
{
	struct tcphs_event ev = event(1, conn, type, TCPHS_STATE_TIME_WAIT, TCPHS_STATE_CLOSE);
	static struct tcphs_status st;

	ev.id.generation = generation;
	play_event(p, &ev);
	play_status(p, &st);
	return st.state[TCPHS_STATE_TIME_WAIT];
}

/* Not every step leads into another state. */
static void ages(void)
{
	struct tcphs_conn_list list = { 0 };
	struct tcphs_filter none = { 0 };
	struct play p = { .name = "none", .at = 100 * SEC + 90 * SEC };
	struct tcphs_event ev;

	play_begin(&p);
	ev = event(10, 5, TCPHS_EV_ESTABLISHED, TCPHS_STATE_SYN_RECV, TCPHS_STATE_ESTABLISHED);
	play_event(&p, &ev);
	ev = event(20, 5, TCPHS_EV_FIN_RECEIVED, TCPHS_STATE_ESTABLISHED, TCPHS_STATE_CLOSE_WAIT);
	play_event(&p, &ev);
	ev = event(80, 5, TCPHS_EV_ACCEPTED, TCPHS_STATE_CLOSE_WAIT, TCPHS_STATE_CLOSE_WAIT);
	play_event(&p, &ev);
	play_connections(&p, &none, &list);
	ok(list.nr == 1 && list.v[0].state == TCPHS_STATE_CLOSE_WAIT && list.v[0].age == 70 * SEC,
	   "a connection is in its state since it came into it, whatever happened then");
	tcphs_conn_list_free(&list);
	play_forget(&p);
}

static void older_ends(void)
{
	struct play p = { .name = "none" };
	uint64_t conn, nr = 0;

	play_begin(&p);
	for (conn = 1; conn <= 97; conn++) {
		time_waits(&p, conn, 0, TCPHS_EV_TIME_WAIT);
		nr = time_waits(&p, 1000 + conn, 0, TCPHS_EV_TIME_WAIT_END);
	}
	equal(nr, 97, "the ends of older TIME_WAITs are not those of the ones that are recorded");
	equal(time_waits(&p, 7, 0, TCPHS_EV_TIME_WAIT_END), 96, "whose ends are");
	equal(time_waits(&p, 7, 0, TCPHS_EV_TIME_WAIT_END), 96, "once");
	equal(time_waits(&p, 8, 1, TCPHS_EV_TIME_WAIT), 97, "a socket may have two");
	play_boot(&p);
	equal(time_waits(&p, 8, 1, TCPHS_EV_TIME_WAIT_END), 0, "a boot ends all of them");
	play_forget(&p);
}

int main(void)
{
	struct play none;

	plan(72);
	older_ends();
	ages();
	setenv("TZ", "UTC", 1);
	setlocale(LC_ALL, "C.UTF-8");
	ui_init(&ui);
	model_init(&m);
	view_start(&v, true);
	record();
	tables();
	units();
	screens();
	times();
	batch();
	damaged();
	end_boots();
	boots();
	boots_of_clocks();
	model_free(&m);
	ok(play_open(&none, name, &err) && strstr(err.text, "No such file"), "one that is not there");
	play_close(&none);
	view_free(&v);
	ui_free(&ui);
	return tap_done();
}

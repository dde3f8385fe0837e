// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: what keys and the mouse do, and what is on the screen then; without a terminal. */
#include <arpa/inet.h>
#include <curses.h>		/* for the numbers of keys alone */
#include <locale.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../userspace/tcphs-top/extract.h"
#include "../../userspace/tcphs-top/save.h"
#include "recording.h"
#include "tap.h"
#include "top_drive.h"
#include "top_feed.h"

#define SEC	1000000000ull
#define CONNS	23
#define MAN	"../../Documentation/man/tcphs-top.8"

/* Connections are those of [begin, CONNS); the age of each grows by what @older says. */
static struct {
	size_t begin;
	uint64_t older[CONNS];
	uint64_t time_wait;
	uint64_t handshakes;
	uint32_t tw_limit;
} next = { .tw_limit = 4096 };

static int t_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	(void)src;
	(void)err;
	*st = (struct tcphs_status){ .uptime = 100 * SEC, .tw_limit = next.tw_limit };
	st->state[TCPHS_STATE_TIME_WAIT] = next.time_wait;
	st->hist[TCPHS_HIST_HANDSHAKE_ACTIVE].count = next.handshakes;
	strcpy(st->version, TCPHS_VERSION);
	return 0;
}

static int t_listeners(struct top_source *src, bool all, struct tcphs_listener_list *list,
		       struct tcphs_error *err)
{
	(void)src;
	(void)all;
	(void)err;
	free(list->v);
	list->v = calloc(2, sizeof(*list->v));
	list->v[0] = (struct tcphs_listener){ .conn = 7, .port = 22, .family = AF_INET };
	list->v[1] = (struct tcphs_listener){ .conn = 5, .port = 443, .family = AF_INET };
	list->nr = 2;
	return 0;
}

static int t_connections(struct top_source *src, bool all, const struct tcphs_filter *filter,
			 struct tcphs_conn_list *list, struct tcphs_error *err)
{
	size_t i;

	(void)src;
	(void)all;
	(void)err;
	free(list->v);
	list->v = calloc(CONNS, sizeof(*list->v));
	list->nr = 0;
	for (i = next.begin; i < CONNS; i++) {
		bool known = i != 21;

		list->v[list->nr] = (struct tcphs_conn_info){
			.conn = 0x100 + i, .age = (CONNS - i) * SEC + next.older[i],
			.state = TCPHS_STATE_ESTABLISHED, .family = AF_INET,
			.local_port = 443, .peer_port = (uint16_t)(40000 + i),
			.owner = { .known = known, .pid = i % 3 == 2 ? 7 : 100 + i % 3,
				   .cgroup = known ? i % 3 == 2 ? 12 : 11 : 0 },
		};
		strcpy(list->v[list->nr].owner.comm, i % 3 == 2 ? "postgres" : "nginx");
		list->nr += tcphs_filter_conn(filter, &list->v[list->nr]);
	}
	return 0;
}

static struct top_source source = {
	.open = t_open, .status = t_status, .listeners = t_listeners,
	.connections = t_connections, .close = t_close,
	.feed = t_feed, .next = t_next, .feed_free = t_feed_free, .clock = t_clock,
};

static void refresh_all(void)
{
	top.now += SEC;
	model_refresh(&top.m, &source, top.ui.screen, false, top.now);
	show();
}

static void act(enum ui_action action, int arg)
{
	control_apply(&top.ui, &top.m, action, arg, view_rows(&top.v, &top.ui),
		      view_total(&top.v, &top.m, &top.ui));
	if (top.ui.refresh)
		model_switch(&top.m, &source, top.ui.screen, false, top.now);
	top.ui.refresh = false;
	show();
}

static void press(int code)
{
	enum ui_action action;
	int arg;

	action = keys_action(top.ui.mode, code, &arg);
	act(action, arg);
}

static void mouse(enum key_mouse what, unsigned int x, unsigned int y)
{
	struct key key = { .mouse = what, .x = x, .y = y };
	enum ui_action action;
	int arg;

	action = view_mouse(&top.v, &top.ui, &key, &arg);
	act(action, arg);
}

static void size(unsigned int width, unsigned int height)
{
	view_resize(&top.v, &top.m, &top.ui, width, height);
	show();
}

static uint64_t under_cursor(void)
{
	const struct tcphs_conn_info *c = model_row(&top.m, TOP_CONNECTIONS,
						    ui_seen(&top.ui)->cursor);

	return c ? c->conn : 0;
}

static const char *line(unsigned int y)
{
	static char buf[1024];

	paint_line(&top.v.paint, y, buf, sizeof(buf));
	return buf;
}

static unsigned int line_with(const char *text)
{
	unsigned int y;

	for (y = 0; y < top.v.paint.height && !strstr(line(y), text); y++)
		;
	return y;
}

/* The one line that is shown as that of the cursor. */
static unsigned int chosen(void)
{
	unsigned int y, at = top.v.paint.height, nr = 0;

	for (y = 0; y < top.v.paint.height; y++) {
		if (!top.v.paint.cell[(size_t)y * top.v.paint.width].chosen)
			continue;
		at = y;
		nr++;
	}
	return nr == 1 ? at : ~0u;
}

static void cursor(void)
{
	unsigned int table;

	press('2');
	ok(top.ui.screen == TOP_CONNECTIONS && model_total(&top.m, TOP_CONNECTIONS) == CONNS,
	   "2: connections");
	act(UI_SORT_BY, 2);	/* age, the longest first */
	table = top.v.layout.y[LAYOUT_TABLE];
	equal(chosen(), table + 1, "the cursor is on the first row");
	press(KEY_DOWN);
	press('j');
	equal(under_cursor(), 0x102, "Down and j: the third row");
	equal(chosen(), table + 3, "and that is where it is seen");
	press(KEY_NPAGE);
	equal(ui_seen(&top.ui)->cursor, 2 + layout_rows(&top.v.layout) - 1, "a page down");
	ok(ui_seen(&top.ui)->offset > 0 && chosen() == table + layout_rows(&top.v.layout),
	   "rows move when the cursor leaves them");
	press(KEY_END);
	equal(under_cursor(), 0x100 + CONNS - 1, "End: the last row");
	press(KEY_DOWN);
	equal(under_cursor(), 0x100 + CONNS - 1, "and no further");
	press(KEY_HOME);
	press(KEY_UP);
	equal(under_cursor(), 0x100, "Home: the first row, and no further");
}

static void follows(void)
{
	press('G');
	press('F');
	next.older[CONNS - 1] = 1000 * SEC;
	refresh_all();
	ok(under_cursor() == 0x100 + CONNS - 1 && ui_seen(&top.ui)->cursor == 0,
	   "a row that is followed is under the cursor wherever it goes");
	ok(line_with("following") < top.v.paint.height, "and the screen says so");
	press('k');
	next.older[CONNS - 1] = 0;
	refresh_all();
	equal(under_cursor(), 0x100, "who moves the cursor follows no more");
	press('F');
	next.begin = 1;
	refresh_all();
	ok(under_cursor() == 0x101 && !ui_seen(&top.ui)->follow &&
	   strstr(line(top.v.paint.height - 1), "is gone"), "a row that is gone: said");
	next.begin = 0;
	refresh_all();
}

static void marks(void)
{
	press('g');
	press(' ');
	press(' ');
	ok(marks_has(&ui_seen(&top.ui)->marks, model_key(TOP_CONNECTIONS,
	   model_row(&top.m, TOP_CONNECTIONS, 1))) && under_cursor() == 0x102,
	   "Space marks a row and goes to the next");
	ok(*line(top.v.layout.y[LAYOUT_TABLE] + 1) == '*' &&
	   *line(top.v.layout.y[LAYOUT_TABLE] + 3) == ' ', "a mark is seen without colours");
	ok(line_with("2 marked") < top.v.paint.height, "and counted");
	press('I');
	press('G');
	press(' ');
	equal(ui_seen(&top.ui)->marks.nr, 1, "the mark belongs to the row: Space takes it away");
	press('U');
	equal(ui_seen(&top.ui)->marks.nr, 0, "U: none is marked");
	press('I');
}

static unsigned int x_of(unsigned int y, const char *text)
{
	const char *all = line(y), *at = strstr(all, text);
	unsigned int x = 0;

	for (; at && all < at; all++)
		x += (*all & 0xc0) != 0x80;
	return x;
}

static void clicks(void)
{
	unsigned int table = top.v.layout.y[LAYOUT_TABLE], y;

	press('g');
	mouse(KEY_CLICK, 5, table + 5);
	equal(under_cursor(), 0x104, "a click: the cursor is on that row");
	mouse(KEY_WHEEL_DOWN, 5, table + 5);
	equal(under_cursor(), 0x104 + UI_WHEEL, "the wheel moves it");
	mouse(KEY_WHEEL_UP, 0, 0);
	equal(under_cursor(), 0x104, "and back");
	mouse(KEY_CLICK, x_of(table, "PEER"), table);
	same(ui_sorted(&top.ui)->key, "peer", "a title: sorted by it");
	mouse(KEY_CLICK, x_of(table, "PEER"), table);
	ok(ui_seen(&top.ui)->invert, "again: the other way round");
	y = line_with("Listeners");
	mouse(KEY_CLICK, x_of(y, "Listeners"), y);
	equal(top.ui.screen, TOP_LISTENERS, "its name: the other screen");
	mouse(KEY_CLICK, x_of(top.v.paint.height - 1, "Sort"), top.v.paint.height - 1);
	equal(top.ui.mode, UI_SORT, "a key below does what the key does");
	mouse(KEY_CLICK, 0, line_with("owner "));
	ok(top.ui.mode == UI_TABLE && !strcmp(ui_sorted(&top.ui)->key, "owner"),
	   "and a line of the list is taken");
	mouse(KEY_CLICK, 0, 0);
	equal(top.ui.mode, UI_TABLE, "where nothing is a click does nothing");
}

static void type(const char *text)
{
	for (; *text; text++)
		press(*text);
}

static void prompts(void)
{
	double delay;
	int i;

	press('d');
	type("0");
	press('\n');
	ok(top.ui.mode == UI_PROMPT && top.ui.prompt.bad && top.ui.delay == 2 &&
	   strstr(line(top.v.paint.height - 2), "0.1 to 3600"), "a delay of 0 is refused");
	type(".7");
	press(KEY_LEFT);
	press(KEY_BACKSPACE);
	type(".");
	press('\r');
	ok(top.ui.mode == UI_TABLE && top.ui.delay == 0.7, "one that is mended is taken");
	/* As much as there is room for, at the end of which nothing lies. */
	press('/');
	for (i = 0; i < 2 * PROMPT_LEN; i++)
		press('z');
	equal(strlen(top.ui.prompt.text), PROMPT_LEN - 1, "a line that is full takes no more");
	press(27);
	press('d');
	type("1500ms");
	press(27);
	ok(top.ui.mode == UI_TABLE && top.ui.delay == 0.7, "Esc: it stays as it was");
	press(KEY_F(7));
	ok(top.ui.delay == 1.4, "F7: half as often");
	ok(ui_parse_delay("1e3", &delay) && ui_parse_delay("-1", &delay) &&
	   ui_parse_delay("", &delay) && ui_parse_delay("3601", &delay) &&
	   ui_parse_delay("1.2.3", &delay) && ui_parse_delay("nan", &delay), "no delays");
	press('x');
	same(line(top.v.paint.height - 1), "No use for x; F1 shows all keys",
	     "a key that has no use is named");
	press('q');
	ok(top.ui.quit, "q quits");
	top.ui.quit = false;
}

/* Who may do what with a file. */
static int mode_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? -errno : (int)(st.st_mode & 07777);
}

static void saves(void)
{
	char name[] = "/tmp/top_ui-XXXXXX", buf[PROMPT_LEN], text[64];
	FILE *f;

	press('2');
	press('g');
	close(mkstemp(name));
	equal(save_screen(&top.v.paint, name), -EEXIST, "a file that is there is not written over");
	unlink(name);
	press('w');
	press('U' & 0x1f);
	type(name);
	press('\n');
	same(top.ui.save, name, "w: the screen is to be saved there");
	ok(top.ui.mode == UI_TABLE && !save_screen(&top.v.paint, name), "and it is");
	f = fopen(name, "r");
	ok(f && fgets(text, sizeof(text), f) && !strncmp(text, line(0), 20), "as it is seen");
	equal(mode_of(name), 0600, "and for nobody else");
	if (f)
		fclose(f);
	unlink(name);
	view_line(&top.v, &top.ui, buf, sizeof(buf));
	ok(strstr(buf, ":443 ") && !strcmp(buf, line(chosen())), "a line to be copied");
	press('c');
	snprintf(buf, sizeof(buf), "%llx", (unsigned long long)under_cursor());
	same(top.ui.copy, buf, "c: the number of its connection");
	top.ui.copy[0] = '\0';
}

static void searches(void)
{
	press('2');
	act(UI_SORT_BY, 2);
	press('g');
	press('/');
	type(":40017");
	press('\n');
	equal(under_cursor(), 0x111, "/: the row that has it");
	press('/');
	type("ESTAB");
	press('\n');
	press('n');
	equal(under_cursor(), 0x113, "n: the next, in whichever case");
	press('N');
	press('N');
	equal(under_cursor(), 0x111, "N: the one before");
	press('G');
	press('n');
	equal(under_cursor(), 0x100, "behind the last comes the first");
	press('/');
	type("nowhere");
	press('\n');
	ok(strstr(line(top.v.paint.height - 1), "no row has nowhere"), "what no row has: said");
}

static void filters(void)
{
	press('\\');
	type("peer-port 40003-40005");
	press('\n');
	ok(top.ui.mode == UI_TABLE && model_total(&top.m, TOP_CONNECTIONS) == 3,
	   "\\: what the words let through");
	ok(strstr(line(top.v.paint.height - 1), "\\peer-port 40003-40005"),
	   "they stay on the screen");
	press('\\');
	type(" state clo");
	press('\t');
	ok(strstr(line(top.v.paint.height - 2), "close-wait") &&
	   strstr(line(top.v.paint.height - 2), "closing"), "Tab shows the words that may follow");
	press('\n');
	ok(top.ui.mode == UI_PROMPT && top.ui.prompt.bad && top.m.filter.states == 0 &&
	   line_with("'clos'") < top.v.paint.height - 1, "a wrong one: told where it is typed");
	press('e');
	press('-');
	press('\t');
	same(top.ui.prompt.text, "peer-port 40003-40005 state close-wait ",
	     "Tab goes on as far as there is one");
	press('\r');
	equal(model_total(&top.m, TOP_CONNECTIONS), 0, "all must match");
	ok(line_with("the filter lets through") < top.v.paint.height, "and no row is explained");
	press('\\');
	press('U' & 0x1f);
	type("--port=22");
	press('\n');
	press('1');
	equal(model_total(&top.m, TOP_LISTENERS), 1, "as options of tcphs, and of listeners too");
	press('\\');
	press('U' & 0x1f);
	type("since 5m");
	press('\n');
	ok(top.ui.prompt.bad && line_with("is no filter; there are: port ") < top.v.paint.height,
	   "a word that says nothing here: told which do");
	press('U' & 0x1f);
	press('\n');
	equal(model_total(&top.m, TOP_LISTENERS), 2, "an empty line: no filter");
}

/* ---- groups ------------------------------------------------------------------------ */

#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void names(void)
{
	source.cgroups = tcphs_cgroups_new();
	tcphs_cgroups_add(source.cgroups, 11, "/system.slice/nginx.service");
	tcphs_cgroups_add(source.cgroups, 12, "/system.slice/docker-" CONTAINER ".scope");
}

static void by_age(void)
{
	press('2');
	ui_table(&top.ui)->sort = 2;
	ui_table(&top.ui)->invert = false;
	refresh_all();
	press('g');
}

/* Of the table, from 1 on. */
static const char *row(unsigned int i)
{
	return line(top.v.layout.y[LAYOUT_TABLE] + i);
}

static void groups(void)
{
	by_age();
	press('j');
	press('t');
	ok(strstr(row(1), "\u25be nginx[100]  7 connections: 7 ESTABLISHED") == row(1),
	   "t: under each owner its connections, with their sum");
	ok(line_with("by owner, 1-") < top.v.paint.height, "the screen says so");
	equal(under_cursor(), 0x101, "the cursor stays with its row");
	equal(model_total(&top.m, TOP_CONNECTIONS), CONNS + 4, "and no row is missing");
	ok(strstr(row(2), "  ESTABLISHED") == row(2), "rows stand to the right of their group");
	press('-');
	ok(strstr(line(chosen()), "\u25b8 nginx[101]  8 conn"), "-: closed, the cursor is on it");
	equal(model_total(&top.m, TOP_CONNECTIONS), CONNS + 4 - 8, "its rows are not seen");
	refresh_all();
	ok(strstr(line(chosen()), "\u25b8 nginx[101]  8 conn"), "nor after a refresh");
	press('\n');
	equal(model_total(&top.m, TOP_CONNECTIONS), CONNS + 4, "Enter opens it");
	press('*');
	ok(model_total(&top.m, TOP_CONNECTIONS) == 4 && strstr(line(chosen()), "nginx[101]"),
	   "*: all closed");
	ok(strstr(row(4), "\u25b8 no owner known  1 connection: 1 E"), "also those of nobody");
	press('+');
	equal(model_total(&top.m, TOP_CONNECTIONS), 4 + 8, "+ opens one of them");
	press('*');
	press('G');
	press('F');
	next.older[20] = 1000 * SEC;
	refresh_all();
	ok(under_cursor() == 0x100 + CONNS - 1 || ui_seen(&top.ui)->follow, "F follows a row");
	press('F');
	next.older[20] = 0;
	refresh_all();
	press('g');
	press('/');
	type("POSTGRES[");
	press('\n');
	ok(strstr(line(chosen()), "\u25be postgres[7]  7 conn"), "/ finds a group");
	press('I');
	press('g');
	ok(strstr(row(1), "\u25be nginx[101]"), "the order of groups is that of their first rows");
	press('I');
	press('t');
	press('g');
	ok(strstr(row(1), "\u25be nginx.service  15 connections"), "t once more: by unit");
	press('g');
	press('e');
	ok(top.ui.screen == TOP_EVENTS && !strcmp(top.ui.filter, "unit nginx.service"),
	   "e: its events, by the filter of that name");
	press(27);
	equal(top.ui.screen, TOP_CONNECTIONS, "and back");
	press('t');
	press('*');
	ok(line_with("\u25b8 0123456789ab  7 conn") < top.v.paint.height, "by container");
	press('t');
	equal(model_total(&top.m, TOP_CONNECTIONS), CONNS, "and no groups");
	press('3');
	press('t');
	ok(strstr(line(top.v.paint.height - 1), "have no owner"), "peers have none: said");
	press('1');
	press('t');
	ok(strstr(row(1), "\u25be no owner known  2 listeners: accept 0/0, SYN 0/0,"),
	   "listeners, with their queues");
	press('t');
	press('t');
	press('t');
	press('2');
}

static void units(void)
{
	size(200, 30);
	ok(strstr(row(0), " UNIT ") && strstr(row(0), " CONTAINER "), "wide: unit and container");
	ok(strstr(row(1), " nginx.service ") && strstr(row(3), " 0123456789ab "), "by their names");
	press('s');
	press(KEY_HOME);
	mouse(KEY_CLICK, 0, line_with("container "));
	ok(strstr(row(1), " 0123456789ab ") && strstr(row(7), " 0123456789ab ") &&
	   !strstr(row(8), " 0123456789ab "), "they are sorted by name, without one last");
	by_age();
	size(80, 24);
	ok(!strstr(row(0), " UNIT "), "narrow: the rest is worth more");
}

/* ---- what is marked, as a recording ------------------------------------------------------ */

static void tell(uint64_t conn, uint64_t time, uint8_t type, uint32_t pid)
{
	struct tcphs_event ev = {
		.time = time, .type = type, .new_state = TCPHS_STATE_ESTABLISHED,
		.flags = pid ? TCPHS_F_OWNER : 0,
		.id = { .conn = conn, .family = AF_INET, .pid = pid, .cgroup = pid ? 11 : 0,
			.local_port = 443, .peer_port = (uint16_t)(40000 + conn) },
	};

	fed.ev[fed.nr++] = ev;
}

/* The connections of its events, and the name of a cgroup. */
static void on_told(void *arg, const struct tcphs_event *ev)
{
	uint64_t *sum = arg;

	*sum = *sum * 0x1000 + ev->id.conn;
}

static char told_path[64];
static void on_path(void *arg, uint64_t id, const char *path)
{
	(void)arg;
	if (id == 11)
		snprintf(told_path, sizeof(told_path), "%s", path);
}

static uint64_t read_back(const char *name)
{
	static const struct tcphs_events_ops ops = { .record = on_told, .cgroup = on_path };
	struct tcphs_error err = { 0 };
	FILE *f = fopen(name, "r");
	struct tcphs_recording *r = f ? tcphs_recording_open(fileno(f), name, NULL, NULL, &err) : NULL;
	uint64_t sum = 0;

	while (r && tcphs_recording_read(r, &ops, &sum, &err) > 0)
		;
	if (r)
		tcphs_recording_close(r);
	if (f)
		fclose(f);
	return sum;
}

static struct tcphs_error err;

static int save_events(const struct marks *marks, const char *name, uint64_t *events)
{
	err.text[0] = '\0';
	return extract(&source, false, marks, &top.m.filter, name, events, &err);
}

static void extracts(void)
{
	char name[] = "/tmp/top_ui-XXXXXX";
	struct marks one = { 0 };
	uint64_t events;

	close(mkstemp(name));
	unlink(name);
	tell(0x101, 1, TCPHS_EV_SYN_RECEIVED, 0);
	tell(0x102, 2, TCPHS_EV_SYN_RECEIVED, 0);
	tell(0x103, 3, TCPHS_EV_SYN_RECEIVED, 0);
	tell(0x101, 4, TCPHS_EV_ACCEPTED, 101);
	tell(0x102, 5, TCPHS_EV_ACCEPTED, 7);
	tell(0x103, 6, TCPHS_EV_ACCEPTED, 100);
	press('2');
	press('g');
	press('j');
	press(' ');
	press('j');
	press(' ');
	press('W');
	press('U' & 0x1f);
	type(name);
	press('\n');
	same(top.ui.record, name, "W: what is marked is to be recorded there");
	top.ui.record[0] = '\0';
	ok(!save_events(&ui_seen(&top.ui)->marks, name, &events) && events == 4,
	   "all events of two connections");
	ok(read_back(name) == 0x101103101103, "and no others, as tcphs events --read has them");
	equal(mode_of(name), 0600, "for its owner alone, as ISNs are in it");
	same(told_path, "/system.slice/nginx.service", "with the names of cgroups");
	equal(save_events(&ui_seen(&top.ui)->marks, name, &events), -EEXIST,
	      "a file that is there is not written over");
	unlink(name);
	press('U');
	press('t');
	press('g');
	press('j');
	press('-');
	control_mark(&top.ui, &top.m, &one);
	ok(!save_events(&one, name, &events) && events == 2 &&
	   read_back(name) == 0x103103, "of an owner, what its connections did before it had them");
	unlink(name);
	press('\\');
	type("peer-port 40001");
	press('\n');
	ok(save_events(&one, name, &events) == -ENOENT,
	   "of a group no more than the filter lets through");
	press('\\');
	press('U' & 0x1f);
	press('\n');
	fed.nr = 0;
	ok(save_events(&one, name, &events) == -ENOENT &&
	   strstr(err.text, "nothing is on record") && access(name, F_OK),
	   "nothing on record: said, and no file");
	marks_free(&one);
	press('t');
	press('t');
	press('t');
}

/* Is it a word of the section on keys? */
static bool man_has(const char *name)
{
	static char man[100000];
	char word[KEYS_NAME + 2];
	size_t len = 0;
	const char *at, *end;
	FILE *f;

	if (!*man) {
		f = fopen(MAN, "r");
		if (!f || !fread(man, 1, sizeof(man) - 1, f))
			return false;
		fclose(f);
	}
	for (; *name && len < KEYS_NAME; name++) {
		if (*name == '-' || *name == '\\')
			word[len++] = '\\';
		word[len++] = *name == '\\' ? 'e' : *name;
	}
	word[len] = '\0';
	at = strstr(man, ".SH KEYS");
	end = at ? strstr(at + 1, "\n.SH") : NULL;
	while (end && (at = strstr(at + 1, word)) && at < end)
		if (strchr(" \"", at[-1]) && strchr(" \"\n", at[len]))
			return true;
	return false;
}

static void help(void)
{
	size_t nr, i, k, absent = 0, silent = 0;
	const struct keys_binding *key;
	char name[KEYS_NAME];

	key = keys_table(&nr);
	press('h');
	size(80, 90);
	for (i = 0; i < nr; i++) {
		if (!key[i].does)
			continue;
		absent += line_with(key[i].does) == top.v.paint.height;
		for (k = 0; k < KEYS_OF_ONE && key[i].code[k]; k++) {
			if (man_has(keys_name(key[i].code[k], name)))
				continue;
			printf("# %s\n", name);
			silent++;
		}
	}
	equal(absent, 0, "the help has all keys");
	equal(silent, 0, "and so has the man page");
	size(40, 10);
	press(KEY_END);
	ok(line_with("CONN") == 8, "what does not fit is scrolled to");
	press('x');
	equal(top.ui.mode, UI_TABLE, "any other key leaves the help");
}

/* Neither crashes, nor is a row of the cursor lost. */
static void sizes(void)
{
	unsigned int w, h, lost = 0;

	press('2');
	press('G');
	for (w = 1; w <= 300; w += 13)
		for (h = 1; h <= 100; h++) {
			size(w, h);
			if (layout_rows(&top.v.layout) && chosen() == ~0u)
				lost++;
		}
	equal(lost, 0, "the row of the cursor is seen at every size that has rows");
}

static void sparks(void)
{
	unsigned int i, y;

	size(83, 40);
	for (i = 0; i < 20; i++)
		refresh_all();
	next.handshakes += 7;
	refresh_all();
	next.handshakes += 70;
	refresh_all();
	refresh_all();
	y = top.v.layout.y[LAYOUT_SPARKS];
	ok(strstr(line(y), "Last 94s    handshakes ") == line(y), "the last seconds, two a cell");
	ok(strstr(line(y), "\u2581\u2588 most  70.0/s"),
	   "as high as there were many, with the most of them");
	ok(strstr(line(y + 2), "overflows ") && strstr(line(y + 2), "most     0/s"),
	   "and those of which there were none");
	size(83, 24);
	ok(strstr(line(y), "handshakes ") && strstr(line(y), "overflows "), "all in one line where lines are few");
}

/* At every width the line has both numbers, and where there is room the share. */
static unsigned int time_wait_lacking(uint64_t now, uint32_t limit, const char *numbers,
				      const char *share)
{
	unsigned int w, lacking = 0, y;

	next.time_wait = now;
	next.tw_limit = limit;
	for (w = 30; w <= 300; w++) {
		size(w, 24);
		refresh_all();
		y = top.v.layout.y[LAYOUT_TIME_WAIT];
		if (strstr(line(y), numbers) && (w < 60 || strstr(line(y), share)))
			continue;
		printf("# %ux24: %s\n", w, line(y));
		lacking++;
	}
	return lacking;
}

static void time_wait(void)
{
	equal(time_wait_lacking(2048, 4096, "2048/4096", " 50.0 %"), 0, "TIME-WAIT within its limit");
	equal(time_wait_lacking(65535, 5, "65535/5", " 1.31M %"), 0, "far over it");
	equal(time_wait_lacking(4000000000u, 1, "4.00G/1", "  400G %"), 0, "as far as it goes");
	equal(time_wait_lacking(5, 0, "5/0", ""), 0, "none is allowed");
}

int main(void)
{
	plan(105);
	setlocale(LC_ALL, "C.UTF-8");
	ui_init(&top.ui);
	model_init(&top.m);
	view_start(&top.v, true);
	view_resize(&top.v, &top.m, &top.ui, 80, 24);
	names();
	refresh_all();
	refresh_all();
	cursor();
	follows();
	marks();
	clicks();
	prompts();
	saves();
	searches();
	filters();
	groups();
	units();
	extracts();
	help();
	sizes();
	sparks();
	time_wait();
	model_end(&top.m, &source);
	model_free(&top.m);
	view_free(&top.v);
	ui_free(&top.ui);
	tcphs_cgroups_free(source.cgroups);
	return tap_done();
}

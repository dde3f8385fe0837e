// SPDX-License-Identifier: GPL-2.0
/*
 * tcphs-top: all screens, as text, at three sizes, made of what ../tools/top_fake.c makes up.
 *
 *	top_screens		compares them with screens/WIDTHxHEIGHT.txt
 *	top_screens write	writes these anew, to be looked at
 */
#include <curses.h>		/* for the numbers of keys alone */
#include <locale.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "top_drive.h"

#define SEC	1000000000ull

static struct top_source src;

static void refresh_all(void)
{
	top.now += 2 * SEC;
	model_refresh(&top.m, &src, top.ui.screen, false, top.now);
	show();
}

static void press(int code)
{
	int arg;
	enum ui_action action = keys_action(top.ui.mode, code, &arg);

	control_apply(&top.ui, &top.m, action, arg, view_rows(&top.v, &top.ui),
		      view_total(&top.v, &top.m, &top.ui));
	if (top.ui.refresh)
		model_switch(&top.m, &src, top.ui.screen, false, top.now);
	top.ui.refresh = false;
	show();
}

/* The first line has the version and the time of day. */
static void put(FILE *f, const char *what)
{
	char line[4 * 300];
	unsigned int y;

	fprintf(f, "==== %s\n", what);
	for (y = 0; y < top.v.paint.height; y++) {
		paint_line(&top.v.paint, y, line, sizeof(line));
		if (!strncmp(line, "tcphs ", 6) || !strncmp(line, "tcphs-top ", 10))
			strcpy(line, "tcphs");
		fprintf(f, "%s\n", line);
	}
}

static void tables(FILE *f)
{
	static const struct {
		int key;
		const char *what;
	} screens[] = {
		{ '1', "listeners" }, { '2', "connections" }, { '3', "peers" }, { '4', "events" },
		{ '5', "lives" }, { '6', "doctor" },
	};
	size_t i;

	for (i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		press(screens[i].key);
		refresh_all();
		if (screens[i].key == '6') {
			refresh_all();
			refresh_all();
			refresh_all();
		}
		put(f, screens[i].what);
	}
}

static void groups(FILE *f)
{
	press('2');
	press('t');
	press('g');
	put(f, "connections by owner");
	press('t');
	press('g');
	press('-');
	press(' ');
	press(KEY_DOWN);
	put(f, "connections by unit, the first closed and marked");
	press('t');
	press('*');
	put(f, "connections by container, all closed");
	press('t');
	press('U');
	press('1');
	press('t');
	press('t');
	press('g');
	put(f, "listeners by unit");
	press('t');
	press('t');
}

static void others(FILE *f)
{
	press('1');
	press('g');
	press('\r');
	put(f, "the page of a listener");
	press(27);
	press('4');
	press('\r');
	put(f, "the drawing of a connection");
	press(27);
	press('2');
	press('s');
	put(f, "the list to sort by");
	press(27);
	press('\\');
	press('s');
	press('t');
	press('\t');
	put(f, "a filter is typed");
	press(27);
	press('h');
	put(f, "help");
	press(27);
}

/* Keys of the table, letters, clicks, refreshes, other sizes: whatever comes. */
static void monkey(unsigned int seed)
{
	size_t nr, n = 0;
	const struct keys_binding *key = keys_table(&nr), *b;
	struct key click = { .mouse = KEY_CLICK };
	enum ui_action action;
	int code, arg;

	for (; n < 4007; n++) {
		seed = seed * 1103515245 + 12345;
		b = &key[(seed >> 16) % nr];
		code = b->code[(seed >> 8) % KEYS_OF_ONE];
		if ((seed >> 24) % 16 == 0)
			code = ' ' + (int)(seed >> 12) % 95;
		press(code ? code : 27);
		if ((seed >> 20) % 13 == 0)
			view_resize(&top.v, &top.m, &top.ui, 1 + seed % 211, 1 + (seed >> 4) % 61);
		if ((seed >> 20) % 7 == 0)
			refresh_all();
		if ((seed >> 20) % 11)
			continue;
		show();
		click.x = seed % (top.v.paint.width + 1);
		click.y = (seed >> 5) % (top.v.paint.height + 1);
		action = view_mouse(&top.v, &top.ui, &click, &arg);
		control_apply(&top.ui, &top.m, action, arg, view_rows(&top.v, &top.ui),
			      view_total(&top.v, &top.m, &top.ui));
	}
}

static void all(FILE *f, unsigned int width, unsigned int height, bool utf8)
{
	fputs("# SPDX-License-Identifier: GPL-2.0\n", f);
	top.now = 1000 * SEC;
	source_live(&src);
	ui_init(&top.ui);
	model_init(&top.m);
	top.m.style.utf8 = utf8;
	view_start(&top.v, utf8);
	view_resize(&top.v, &top.m, &top.ui, width, height);
	refresh_all();
	refresh_all();
	tables(f);
	groups(f);
	others(f);
	if (!utf8)
		monkey(width);
	model_end(&top.m, &src);
	src.close(&src);
	model_free(&top.m);
	view_free(&top.v);
	ui_free(&top.ui);
}

/* The first line in which they differ; 0: none. */
static unsigned int differ(const char *a, const char *b)
{
	FILE *x = fopen(a, "r"), *y = fopen(b, "r");
	char was[1400] = "", is[1400] = "";
	unsigned int line = 0;
	bool more = x && y;

	while (more && !strcmp(was, is)) {
		line++;
		more = fgets(was, sizeof(was), x);
		if (!fgets(is, sizeof(is), y) != !more)
			break;
	}
	if (!x || !y)
		line = 1;
	else if (!more)
		line = 0;
	else
		printf("# was: %s# is:  %s", was, is);
	if (x)
		fclose(x);
	if (y)
		fclose(y);
	return line;
}

/* Each in a process of its own: what is made up begins anew. */
static bool make(const char *file, unsigned int width, unsigned int height, bool utf8)
{
	pid_t pid = fork();
	int status;
	FILE *f;

	if (!pid) {
		f = fopen(file, "w");
		if (!f)
			_exit(1);
		all(f, width, height, utf8);
		exit(fclose(f) ? 1 : 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static bool is_ascii(const char *file)
{
	FILE *f = fopen(file, "r");
	int c = f ? 0 : 0x80;

	while (c >= 0 && c < 0x80)
		c = fgetc(f);
	if (f)
		fclose(f);
	return c == EOF;
}

int main(int argc, char **argv)
{
	static const unsigned int size[][2] = { { 40, 10 }, { 80, 24 }, { 200, 50 } };
	char kept[64], made[] = "/tmp/top_screens-XXXXXX", name[128];
	bool writes = argc > 1 && !strcmp(argv[1], "write");
	size_t i;

	plan(4);
	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	tzset();
	close(mkstemp(made));
	for (i = 0; i < 3; i++) {
		snprintf(kept, sizeof(kept), "screens/%ux%u.txt", size[i][0], size[i][1]);
		snprintf(name, sizeof(name), "%s: every screen is as it was looked at", kept);
		fflush(stdout);
		ok(make(writes ? kept : made, size[i][0], size[i][1], true) &&
		   (writes || !differ(kept, made)), name);
	}
	ok(make(made, 200, 50, false) && is_ascii(made), "nothing but ASCII where there is no UTF-8, and whatever keys come");
	unlink(made);
	return tap_done();
}

// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: the drawing of a connection and the page of a listener, as they grow. */
#include <arpa/inet.h>
#include <curses.h>		/* for the numbers of keys alone */
#include <locale.h>
#include <stdlib.h>

#include "../../userspace/tcphs-top/control.h"
#include "../../userspace/tcphs-top/view.h"
#include "tap.h"
#include "top_feed.h"

#define SEC	1000000000ull
#define LISTENER 7u

/* What the source tells next. */
static struct {
	uint32_t waiting;
	bool closed;
} next;

static int t_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	(void)src;
	(void)err;
	*st = (struct tcphs_status){ .uptime = 100 * SEC };
	return 0;
}

static int t_listeners(struct top_source *src, bool all, struct tcphs_listener_list *list,
		       struct tcphs_error *err)
{
	struct tcphs_listener *l;

	(void)src;
	(void)all;
	(void)err;
	free(list->v);
	list->v = calloc(3, sizeof(*list->v));
	l = list->v;
	*l = (struct tcphs_listener){
		.conn = LISTENER, .port = 8080, .family = AF_INET, .accept_limit = 16, .syn_limit = 16,
		.accept_queue = next.waiting, .accept_max = 13, .accepted = 1009, .overflows = 3,
		.owner = { .known = true, .pid = 211, .comm = "waiter" },
		.listens = { .known = true, .pid = 199, .comm = "master" },
	};
	l->wait.bucket[tcphs_hist_bucket(100000)] = 900;
	l->wait.bucket[tcphs_hist_bucket(30000000)] = 109;
	l->wait.count = 1009;
	l->wait.max_ns = 31000000;
	l[1] = *l;
	l[1].conn = 5;
	l[1].owner.pid = 223;
	l[2] = (struct tcphs_listener){ .conn = 9, .port = 22, .family = AF_INET };
	list->nr = next.closed ? 2 : 3;
	if (next.closed)
		l[0] = l[2];
	return 0;
}

static int t_connections(struct top_source *src, bool all, const struct tcphs_filter *filter,
			 struct tcphs_conn_list *list, struct tcphs_error *err)
{
	(void)src;
	(void)all;
	(void)filter;
	(void)err;
	free(list->v);
	list->v = calloc(2, sizeof(*list->v));
	list->nr = 2;
	list->v[0] = (struct tcphs_conn_info){ .conn = 0x2f, .state = TCPHS_STATE_ESTABLISHED,
					       .family = AF_INET };
	list->v[1] = (struct tcphs_conn_info){ .conn = 0x3d, .state = TCPHS_STATE_TIME_WAIT,
					       .family = AF_INET };
	return 0;
}

static struct top_source source = {
	.open = t_open, .status = t_status, .listeners = t_listeners,
	.connections = t_connections, .feed = t_feed, .next = t_next, .feed_free = t_feed_free,
	.clock = t_clock, .close = t_close,
};

static struct top_model m;
static struct ui ui;
static struct view v;

static void show(unsigned int width, unsigned int height)
{
	view_resize(&v, &m, &ui, width, height);
	control_settle(&ui, &m, layout_rows(&v.layout));
	view_paint(&v, &m, &ui);
}

static void take(uint64_t seconds)
{
	fed.now = seconds * SEC;
	model_refresh(&m, &source, ui.screen, false, fed.now);
	show(100, 40);
}

static void press(int code)
{
	int arg;
	enum ui_action action = keys_action(ui.mode, code, &arg);

	control_apply(&ui, &m, action, arg, view_rows(&v, &ui), view_total(&v, &m, &ui));
	if (ui.refresh)
		model_switch(&m, &source, ui.screen, false, fed.now);
	ui.refresh = false;
	show(100, 40);
}

static const char *line(unsigned int y)
{
	static char buf[2048];

	paint_line(&v.paint, y, buf, sizeof(buf));
	return buf;
}

static bool on_page(const char *text)
{
	unsigned int y;

	for (y = 0; y < v.paint.height; y++)
		if (strstr(line(y), text))
			return true;
	return false;
}

static bool on_screen(const char *text)
{
	unsigned int y;

	if (on_page(text))
		return true;
	printf("# not on the screen: %s\n", text);
	for (y = 0; y < v.paint.height; y++)
		printf("# %s\n", line(y));
	return false;
}

static struct tcphs_event *add(uint64_t conn, uint8_t type, uint8_t from, uint8_t to)
{
	struct tcphs_event *ev = &fed.ev[fed.nr++];

	*ev = (struct tcphs_event){
		.time = fed.now, .type = type, .old_state = from, .new_state = to,
		.flags = TCPHS_F_ISN, .id = {
			.conn = conn, .family = AF_INET, .role = TCPHS_ROLE_ACTIVE, .isn = 1000,
			.local_port = (uint16_t)(40000 + conn), .peer_port = 443,
			.local = { 192, 0, 2, 1 }, .peer = { 192, 0, 2, 2 },
		},
	};
	return ev;
}

static void drawing(void)
{
	fed.now = 10 * SEC;
	add(0x2f, TCPHS_EV_SYN_SENT, TCPHS_STATE_CLOSE, TCPHS_STATE_SYN_SENT);
	add(0x51, TCPHS_EV_SYN_SENT, TCPHS_STATE_CLOSE, TCPHS_STATE_SYN_SENT);
	fed.now += SEC / 100;
	add(0x2f, TCPHS_EV_ESTABLISHED, TCPHS_STATE_SYN_SENT, TCPHS_STATE_ESTABLISHED);
	ui.screen = TOP_CONNECTIONS;
	take(12);
	press('\n');
	ok(ui.mode == UI_PAGE && on_screen("Connection 2f"), "Enter on a connection: its drawing");
	ok(on_screen("192.0.2.1:40047") && on_screen("SYN-SENT") && on_screen("ESTABLISHED"),
	   "as tcphs diagram has it");
	ok(fed.feeds == 1 && !on_page("40081"), "of no other connection");
	add(0x51, TCPHS_EV_ESTABLISHED, TCPHS_STATE_SYN_SENT, TCPHS_STATE_ESTABLISHED);
	add(0x2f, TCPHS_EV_FIN_SENT, TCPHS_STATE_ESTABLISHED, TCPHS_STATE_FIN_WAIT1);
	take(14);
	ok(on_screen("FIN-WAIT-1"), "what comes is drawn");
	press('c');
	same(ui.copy, "2f", "c: its number");
	press(27);
	ok(ui.mode == UI_TABLE && ui.screen == TOP_CONNECTIONS && !fed.feeds && on_screen("STATE"),
	   "Esc: back to the connections");
	press(KEY_DOWN);
	press('\n');
	ok(on_screen("Connection 3d") && on_screen("nothing of this connection is on record"),
	   "one of which nothing is on record");
	fed.now = 15 * SEC;
	add(0x3d, TCPHS_EV_TIME_WAIT_END, TCPHS_STATE_TIME_WAIT, TCPHS_STATE_CLOSE);
	take(16);
	ok(on_screen("192.0.2.1:40061"), "until something comes");
	press('e');
	ok(ui.screen == TOP_EVENTS && ui.mode == UI_TABLE && !strcmp(ui.filter, "conn 3d") &&
	   model_total(&m, TOP_EVENTS) == 1, "e: its events");
	press(27);
	ok(ui.screen == TOP_CONNECTIONS && !*ui.filter, "Esc: the connections again");
}

static void overflow(uint64_t at, uint8_t type, uint8_t peer)
{
	struct tcphs_event *ev;

	fed.now = at * SEC;
	ev = add(0, type, TCPHS_STATE_LISTEN, TCPHS_STATE_LISTEN);
	ev->flags = TCPHS_F_QUEUE;
	ev->queue.listener = LISTENER;
	ev->reason = TCPHS_REASON_ACCEPT_QUEUE_FULL;
	ev->id.peer[3] = peer;
}

static void listener(void)
{
	unsigned int i;

	overflow(17, TCPHS_EV_SYN_DROPPED, 3);
	overflow(18, TCPHS_EV_ACCEPT_OVERFLOW, 4);
	next.waiting = 2;
	press('1');
	take(20);
	press('G');
	while (((const struct top_listener *)model_row(&m, TOP_LISTENERS,
						       ui_seen(&ui)->cursor))->is->conn != LISTENER)
		press(KEY_UP);
	press('\n');
	ok(on_screen("Listener 0.0.0.0:8080, 7"), "Enter on a listener: its page");
	ok(on_screen("waiter[211], listens: master[199]"), "who accepts, and who listens");
	ok(on_screen("2 of 16, most 13"), "how deep its queue is");
	ok(on_screen("2.00s ago: a third ACK of 192.0.2.4:443"), "the last overflow, when and by whom");
	ok(on_screen("3.00s ago: a SYN of 192.0.2.3:443"), "and the one before");
	ok(on_screen("2 sockets listen there") && on_screen("* 7 ") && on_screen("  5 "),
	   "the sockets of its group");
	ok(on_screen("900  \u2588") && on_screen("109  \u2588"), "its waits as a histogram");
	for (i = 21; i < 29; i++) {
		next.waiting = i == 25 ? 16 : 0;
		take(i);
	}
	ok(on_screen("\u00b7\u2588\u00b7\u00b7\u00b7"), "its queue over time");
	overflow(29, TCPHS_EV_SYN_DROPPED, 5);
	take(30);
	ok(on_screen("1.00s ago: a SYN of 192.0.2.5:443"), "an overflow that comes is seen");
	show(80, 24);
	ok(view_total(&v, &m, &ui) > view_rows(&v, &ui), "what does not fit");
	control_apply(&ui, &m, UI_END, 0, view_rows(&v, &ui), view_total(&v, &m, &ui));
	show(80, 24);
	ok(on_screen("109  \u2588"), "is scrolled to");
	press('\n');
	ok(ui.screen == TOP_CONNECTIONS && !strcmp(ui.filter, "local-port 8080"),
	   "Enter once more: its connections");
	press(27);
	press('\n');
	next.closed = true;
	take(32);
	ok(ui.mode == UI_PAGE && on_screen("it does not listen any more"), "one that is closed");
	press('4');
	ok(ui.screen == TOP_EVENTS && ui.mode == UI_TABLE && !m.page.what && fed.feeds == 1,
	   "another screen closes the page");
}

static void sizes(void)
{
	unsigned int w, h;

	press('2');
	press(KEY_HOME);
	press('\n');
	for (w = 0; w < 220; w += 11)
		for (h = 0; h < 60; h += 7)
			show(w, h);
	show(40, 10);
	ok(on_screen("Connection 2f"), "every size down to nothing");
	model_end(&m, &source);
	equal(fed.feeds, 0, "at the end no events are read");
}

int main(void)
{
	plan(26);
	setlocale(LC_ALL, "C.UTF-8");
	ui_init(&ui);
	model_init(&m);
	view_start(&v, true);
	drawing();
	listener();
	sizes();
	model_free(&m);
	view_free(&v);
	ui_free(&ui);
	return tap_done();
}

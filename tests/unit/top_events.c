// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: what it makes of events: peers, lives that ended, the last of them. */
#include <arpa/inet.h>
#include <locale.h>
#include <stdlib.h>

#include "../../userspace/tcphs-top/control.h"
#include "../../userspace/tcphs-top/view.h"
#include "tap.h"
#include "top_feed.h"

#define SEC	1000000000ull

static int t_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	(void)src;
	(void)err;
	*st = (struct tcphs_status){ .uptime = 100 * SEC };
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
	list->v = calloc(5, sizeof(*list->v));
	list->nr = 0;
	for (i = 1; i <= 5; i++) {
		list->v[list->nr] = (struct tcphs_conn_info){
			.conn = i, .state = TCPHS_STATE_ESTABLISHED, .family = AF_INET,
			.age = i, .peer = { 192, 0, 2, (uint8_t)(i % 2 + 1) },
		};
		list->nr += tcphs_filter_conn(filter, &list->v[list->nr]);
	}
	return 0;
}

static struct top_source source = {
	.open = t_open, .status = t_status, .feed = t_feed, .next = t_next,
	.connections = t_connections, .feed_free = t_feed_free, .clock = t_clock, .close = t_close,
};

static struct top_model m;
static struct ui ui;

/* One step of connection @conn with the peer 192.0.2.@peer. */
static void add(uint64_t conn, uint8_t peer, uint8_t type, uint8_t reason)
{
	struct tcphs_event *ev = &fed.ev[fed.nr++];

	*ev = (struct tcphs_event){ .time = fed.nr * 1000, .type = type, .reason = reason };
	ev->id.conn = conn;
	ev->id.family = AF_INET;
	ev->id.role = TCPHS_ROLE_ACTIVE;
	ev->id.local_port = (uint16_t)(40000 + conn % 20000);
	ev->id.peer_port = 443;
	inet_pton(AF_INET, "192.0.2.0", ev->id.peer);
	ev->id.peer[3] = peer;
	ev->new_state = type == TCPHS_EV_SYN_SENT ? TCPHS_STATE_SYN_SENT :
			type == TCPHS_EV_ESTABLISHED ? TCPHS_STATE_ESTABLISHED : TCPHS_STATE_CLOSE;
	if (type == TCPHS_EV_ESTABLISHED) {
		ev->flags = TCPHS_F_DURATION;
		ev->duration = 3000000;
	}
}

static void whole(uint64_t conn, uint8_t peer)
{
	add(conn, peer, TCPHS_EV_SYN_SENT, 0);
	add(conn, peer, TCPHS_EV_ESTABLISHED, 0);
	add(conn, peer, TCPHS_EV_CLOSED, 0);
}

static void refused(uint64_t conn, uint8_t peer)
{
	add(conn, peer, TCPHS_EV_SYN_SENT, 0);
	add(conn, peer, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
}

static void take(enum top_screen screen, uint64_t at)
{
	ui.screen = screen;
	model_refresh(&m, &source, screen, false, at);
	control_settle(&ui, &m, 10);
}

static const char *cell(size_t row, const char *key)
{
	static char buf[TEXT_LEN];
	enum top_screen screen = ui.screen;
	size_t nr, column;

	table_find(key, &screen, &column);
	table_columns(screen, &nr)[column].text(model_row(&m, screen, row), buf, &m.style);
	return buf;
}

static void peers(void)
{
	uint64_t i;

	for (i = 1; i <= 7; i++)
		whole(i, 1);
	for (i = 11; i <= 13; i++)
		refused(i, 2);
	take(TOP_PEERS, 10 * SEC);
	equal(model_total(&m, TOP_PEERS), 2, "two peers");
	same(cell(0, "peer"), "192.0.2.2", "the one that fails is on top");
	same(cell(0, "failed"), "3", "with its failures");
	same(cell(1, "connected"), "7", "the other with what was established");
	same(cell(1, "p50"), "3.00ms", "and how long that took");
	same(cell(0, "rate"), "0", "no rate without a time before");
	for (i = 21; i <= 25; i++)
		whole(i, 1);
	take(TOP_PEERS, 12 * SEC);
	same(cell(1, "rate"), "2.5", "begun a second, over the time between both");
}

static void lives(void)
{
	take(TOP_LIVES, 12 * SEC);
	equal(model_total(&m, TOP_LIVES), 15, "every life that ended");
	same(cell(0, "end"), "refused", "failed ones first");
	same(cell(0, "conn"), "d", "the latest of them on top");
	same(cell(3, "end"), "closed", "then the others");
	same(cell(3, "conn"), "19", "the latest first, too");
}

static void events(void)
{
	size_t i, before;

	take(TOP_EVENTS, 12 * SEC);
	equal(ui_seen(&ui)->cursor, model_total(&m, TOP_EVENTS) - 1, "the last event is seen");
	whole(31, 1);
	take(TOP_EVENTS, 13 * SEC);
	ok(ui_seen(&ui)->cursor == model_total(&m, TOP_EVENTS) - 1 &&
	   !strcmp(cell(ui_seen(&ui)->cursor, "conn"), "1f"), "and what comes, as it comes");
	control_apply(&ui, &m, UI_UP, 0, 10, model_total(&m, TOP_EVENTS));
	before = ui_seen(&ui)->cursor;
	whole(32, 1);
	take(TOP_EVENTS, 14 * SEC);
	equal(ui_seen(&ui)->cursor, before, "not for who looks at an earlier one");
	for (i = 0; i < TAIL_EVENTS; i++)
		add(100 + i, 1, TCPHS_EV_SYN_SENT, 0);
	fed.lost = 17;
	take(TOP_EVENTS, 15 * SEC);
	equal(model_total(&m, TOP_EVENTS), TAIL_EVENTS, "so many are kept and no more");
	equal(m.tail.lost, 17, "those that were lost are counted");
}

static void filter(void)
{
	struct tcphs_error err;

	control_filter(&ui, &m, "failed address 192.0.2.2", &err);
	take(TOP_EVENTS, 16 * SEC);
	ok(model_total(&m, TOP_EVENTS) == 3 && fed.made == 2 && fed.feeds == 1,
	   "with a filter events are read anew");
	take(TOP_LIVES, 16 * SEC);
	equal(model_total(&m, TOP_LIVES), 3, "lives of which one event fits");
	take(TOP_PEERS, 16 * SEC);
	ok(model_total(&m, TOP_PEERS) == 1 && !strcmp(cell(0, "failed"), "3"),
	   "of peers it chooses whose, not which steps count");
	control_filter(&ui, &m, "", &err);
}

/* As in main(): what a key asks for, and what is fetched for it. */
static void act(enum ui_action action)
{
	control_apply(&ui, &m, action, 0, 10, model_total(&m, ui.screen));
	take(ui.screen, 17 * SEC);
}

static void opens(void)
{
	take(TOP_PEERS, 17 * SEC);
	act(UI_DOWN);
	act(UI_OPEN);
	ok(ui.screen == TOP_CONNECTIONS && model_total(&m, TOP_CONNECTIONS) == 2 &&
	   !strcmp(ui.filter, "address 192.0.2.1"), "Enter on a peer: its connections");
	act(UI_DOWN);
	act(UI_OPEN);
	ok(ui.screen == TOP_CONNECTIONS && ui.mode == UI_PAGE && m.page.what == PAGE_DRAWING &&
	   m.page.conn == 2, "Enter on a connection: its drawing");
	act(UI_EVENTS);
	ok(ui.screen == TOP_EVENTS && ui.mode == UI_TABLE && model_total(&m, TOP_EVENTS) == 3 &&
	   !strcmp(ui.filter, "conn 2"), "e: its events");
	act(UI_LIVES);
	ok(ui.screen == TOP_LIVES && model_total(&m, TOP_LIVES) == 1 &&
	   !strcmp(cell(0, "conn"), "2"), "l: its lives");
	act(UI_BACK);
	act(UI_BACK);
	ok(ui.screen == TOP_CONNECTIONS && ui_seen(&ui)->cursor == 1 &&
	   !strcmp(ui.filter, "address 192.0.2.1"), "Esc: back, to the same row and filter");
	act(UI_BACK);
	ok(ui.screen == TOP_PEERS && !*ui.filter && ui_seen(&ui)->cursor == 1,
	   "and to the peers, all of them");
	act(UI_BACK);
	equal(ui.screen, TOP_PEERS, "there is nothing before");
	act(UI_POINT);
	equal(ui_seen(&ui)->cursor, 0, "a click: the cursor");
	act(UI_POINT);
	equal(ui.screen, TOP_CONNECTIONS, "a click on its row opens it");
	model_end(&m, &source);
	equal(fed.feeds, 0, "at the end none is left");
}

int main(void)
{
	fed.now = 50 * SEC;
	plan(30);
	setlocale(LC_ALL, "C.UTF-8");
	ui_init(&ui);
	model_init(&m);
	peers();
	lives();
	events();
	filter();
	opens();
	model_free(&m);
	ui_free(&ui);
	return tap_done();
}

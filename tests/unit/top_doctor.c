// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: one look after the other, what it finds on the screen, and where Enter leads. */
#include <arpa/inet.h>
#include <locale.h>
#include <stdlib.h>

#include "../../userspace/tcphs-top/control.h"
#include "../../userspace/tcphs-top/filter_line.h"
#include "../../userspace/tcphs-top/view.h"
#include "tap.h"
#include "top_feed.h"

#define SEC	1000000000ull
#define HERE	4026531840u

/* What the source tells, and what is open. */
static struct {
	uint32_t waiting;
	uint64_t overflows;
	int looks, judged;
	bool gone;
	bool shut;			/* there is a namespace that nobody is in */
} next;

static int t_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	(void)src;
	*st = (struct tcphs_status){ .uptime = 100 * SEC, .netns = HERE, .table_limit = 1009 };
	if (next.gone)
		tcphs_error_set(err, TCPHS_ERR_NOT_LOADED, "gone");
	return next.gone ? -1 : 0;
}

static int t_listeners(struct top_source *src, bool all, struct tcphs_listener_list *list,
		       struct tcphs_error *err)
{
	(void)src;
	(void)all;
	(void)err;
	free(list->v);
	list->v = calloc(2, sizeof(*list->v));
	list->v[0] = (struct tcphs_listener){
		.conn = 7, .port = 8080, .family = AF_INET, .netns = HERE, .accept_limit = 5,
		.syn_limit = 5, .accept_queue = next.waiting, .accept_max = 6, .accepted = 31,
		.overflows = next.overflows, .drops = next.overflows,
	};
	list->v[1] = (struct tcphs_listener){
		.conn = 9, .port = 22, .family = AF_INET, .netns = HERE, .accept_limit = 128,
		.syn_limit = 128,
	};
	list->nr = 2;
	return 0;
}

static int t_connections(struct top_source *src, bool all, const struct tcphs_filter *filter,
			 struct tcphs_conn_list *list, struct tcphs_error *err)
{
	(void)src;
	(void)all;
	(void)filter;
	(void)err;
	list->nr = 0;
	return 0;
}

static int t_look_before(struct top_source *src, struct look *l, bool all, struct tcphs_error *err)
{
	struct patient *p;

	/* Nobody asks it anything here. */
	l->session = (struct tcphs_session *)&next;
	if (next.shut)
		look_add(l, HERE + 1);
	p = look_add(l, HERE);
	p->session = l->session;
	next.looks++;
	t_status(src, &l->tables->status, err);
	p->evidence.began = fed.now;
	t_listeners(src, all, &l->tables->listeners, err);
	evidence_before(&p->evidence, l->tables);
	return 0;
}

static int t_look_after(struct top_source *src, struct look *l, struct tcphs_error *err)
{
	struct evidence *e = &l->patients[l->nr_patients - 1].evidence;
	struct settings settings = { .ports_known = false };

	next.judged++;
	t_status(src, &l->tables->status, err);
	e->ended = fed.now;
	t_listeners(src, false, &l->tables->listeners, err);
	evidence_after(e, l->tables, &settings);
	return 0;
}

static struct top_source source = {
	.open = t_open, .status = t_status, .listeners = t_listeners,
	.connections = t_connections, .feed = t_feed, .next = t_next, .feed_free = t_feed_free,
	.clock = t_clock, .look_before = t_look_before, .look_after = t_look_after,
	.close = t_close,
};

static struct top_model m;
static struct ui ui;
static struct view v;

static void show(void)
{
	view_resize(&v, &m, &ui, 80, 24);
	control_settle(&ui, &m, layout_rows(&v.layout));
	view_paint(&v, &m, &ui);
}

static void take(uint64_t seconds)
{
	fed.now = seconds * SEC;
	model_refresh(&m, &source, ui.screen, false, fed.now);
	show();
}

static void act(enum ui_action action, int arg)
{
	control_apply(&ui, &m, action, arg, view_rows(&v, &ui), view_total(&v, &m, &ui));
	if (ui.refresh)
		model_switch(&m, &source, ui.screen, false, fed.now);
	ui.refresh = false;
	show();
}

static const char *line(unsigned int y)
{
	static char buf[1024];

	paint_line(&v.paint, y, buf, sizeof(buf));
	return buf;
}

static bool on_screen(const char *text)
{
	unsigned int y;

	for (y = 0; y < v.paint.height; y++)
		if (strstr(line(y), text))
			return true;
	printf("# not on the screen: %s\n", text);
	for (y = 0; y < v.paint.height; y++)
		printf("# %s\n", line(y));
	return false;
}

/* A connect to 192.0.2.@peer that is refused, at a time. */
static void refused(uint8_t peer, uint64_t time)
{
	struct tcphs_event *ev = &fed.ev[fed.nr];

	*ev = (struct tcphs_event){
		.time = time, .type = TCPHS_EV_SYN_SENT, .new_state = TCPHS_STATE_SYN_SENT,
		.id = {
			.conn = 100 + fed.nr, .netns = HERE, .family = AF_INET,
			.role = TCPHS_ROLE_ACTIVE, .local_port = (uint16_t)(40000 + fed.nr),
			.peer_port = 5432, .peer = { 192, 0, 2, peer }, .local = { 192, 0, 2, 1 },
		},
	};
	ev[1] = *ev;
	ev[1].time++;
	ev[1].type = TCPHS_EV_CONNECT_FAILED;
	ev[1].reason = TCPHS_REASON_REFUSED;
	ev[1].old_state = TCPHS_STATE_SYN_SENT;
	ev[1].new_state = TCPHS_STATE_CLOSE;
	fed.nr += 2;
}

static void first_look(void)
{
	int i;

	for (i = 0; i < 17; i++)
		refused(3, 9 * SEC);		/* before anybody looked */
	ui.screen = TOP_DOCTOR;
	take(10);
	ok(next.looks == 1 && !next.judged && on_screen("the first look is under way"),
	   "the first look says that it is under way");
	equal(model_due(&m, TOP_DOCTOR), 15 * SEC, "and ends after that of tcphs doctor");
	equal(model_due(&m, TOP_PEERS), UINT64_MAX, "which other screens do not wait for");
	take(12);
	ok(!next.judged && !model_total(&m, TOP_DOCTOR), "nothing is judged before");
	take(15);
	ok(next.judged == 1 && next.looks == 2, "then it is judged, and the next begins");
	ok(!model_total(&m, TOP_DOCTOR) && on_screen("nothing wrong, but nothing happened either"),
	   "what was before it does not count");
	equal(model_due(&m, TOP_DOCTOR), UINT64_MAX, "from then on a refresh is soon enough");
}

static void findings(void)
{
	const struct top_finding *f;
	int i;

	for (i = 0; i < 23; i++)
		refused(2, 16 * SEC);
	next.waiting = 6;
	next.overflows = 41;
	take(20);
	f = model_row(&m, TOP_DOCTOR, 0);
	ok(f && model_total(&m, TOP_DOCTOR) >= 2, "what is wrong is found");
	ok(f && f->is.severity >= ((const struct top_finding *)model_row(&m, TOP_DOCTOR, 1))->is.severity,
	   "the most urgent on top");
	ok(on_screen("CRITICAL accept-queue-overflow") && on_screen("listener 0.0.0.0:8080"),
	   "whose it is");
	ok(on_screen("accept-queue-overflow: listener"), "that under the cursor is below the rows");
	ok(on_screen("seen   ") && on_screen("cause  "), "with what was seen, and its cause");
	ok(on_screen("46 events in 5.00s"), "and of how much it is made");
}

static void opens(void)
{
	const struct top_finding *f = NULL;
	size_t i;

	act(UI_OPEN, 0);
	ok(ui.screen == TOP_LISTENERS && !strcmp(ui.filter, "local-port 8080") &&
	   model_total(&m, TOP_LISTENERS) == 1, "Enter: the listener");
	equal(fed.feeds, 0, "nobody looks any more");
	act(UI_BACK, 0);
	ok(ui.screen == TOP_DOCTOR && !*ui.filter, "Esc: back");
	take(30);
	take(33);
	refused(2, 34 * SEC);
	for (i = 0; i < 7; i++)
		refused(2, 34 * SEC);
	take(36);
	for (i = 0; i < model_total(&m, TOP_DOCTOR); i++) {
		f = model_row(&m, TOP_DOCTOR, i);
		if (!strcmp(f->is.kind, "peer"))
			break;
	}
	act(UI_HOME, 0);
	while (i--)
		act(UI_DOWN, 0);
	act(UI_COPY_CONN, 0);
	ok(f && *ui.copy && !strcmp(ui.copy, f->is.command), "c: what the doctor says is to be typed");
	act(UI_OPEN, 0);
	ok(ui.screen == TOP_EVENTS && !strcmp(ui.filter, "address 192.0.2.2 peer-port 5432"),
	   "Enter on what events tell: the events");
	act(UI_BACK, 0);
}

/* Another screen is shown meanwhile. */
static void comes_back(uint64_t from, uint64_t to)
{
	ui.screen = TOP_PEERS;
	take(from);
	ui.screen = TOP_DOCTOR;
	take(to);
}

static void away(void)
{
	size_t found;

	take(37);
	take(42);
	found = model_total(&m, TOP_DOCTOR);
	comes_back(43, 44);
	ok(found && model_total(&m, TOP_DOCTOR) == found, "who comes back at once finds what was found");
	take(49);
	comes_back(50, 3650);
	ok(!model_total(&m, TOP_DOCTOR) && on_screen("the first look is under way"),
	   "an hour later that is not taken for what is wrong now");
	equal(model_due(&m, TOP_DOCTOR), 3655 * SEC, "and it is looked at once");
	fed.now = 36 * SEC;
	model_end(&m, &source);
	take(36);
}

/* As tcphs doctor -A has a line for it. */
static void shut(void)
{
	ok(!m.examine.shut, "each namespace was looked at");
	next.shut = true;
	next.waiting = 0;
	take(37);
	take(42);
	take(47);
	equal(m.examine.shut, 1, "one without a process was not");
	ok(on_screen("of 1 namespace that no process is in, events alone were looked at"),
	   "which stands behind the last row");
	next.shut = false;
}

static void filtered(void)
{
	struct tcphs_filter filter = { 0 };

	filter_line_parse(&filter, "port 1", &(struct tcphs_error){ 0 });
	model_filter(&m, &filter);
	take(52);
	take(57);
	ok(on_screen("nothing wrong in what the filter lets through, but nothing happened there"),
	   "of what a filter leaves out nothing is said");
	model_filter(&m, &(struct tcphs_filter){ 0 });
}

static void reloads(void)
{
	take(60);
	next.gone = true;
	take(62);
	ok(!fed.feeds && fed.closed == 1, "a module that is gone is let go of");
	next.gone = false;
	take(64);
	ok(!m.examine.judged && fed.feeds == 1, "and when it is back looks begin anew");
	model_end(&m, &source);
	equal(fed.feeds, 0, "at the end none is left");
}

int main(void)
{
	plan(28);
	setlocale(LC_ALL, "C.UTF-8");
	ui_init(&ui);
	model_init(&m);
	view_start(&v, true);
	first_look();
	findings();
	opens();
	away();
	shut();
	filtered();
	reloads();
	model_free(&m);
	view_free(&v);
	ui_free(&ui);
	return tap_done();
}

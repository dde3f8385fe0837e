// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: rates between snapshots, order, reloads. */
#include <errno.h>
#include <stdlib.h>

#include "../../userspace/tcphs-top/table.h"
#include "tap.h"
#include "top_feed.h"

#define SEC	1000000000ull

/* What the source says next. */
static struct {
	struct tcphs_status status;
	struct tcphs_listener listener[3];
	size_t nr_listeners;
	size_t nr_conns;
	int conn_dumps;
	size_t most;
} next;

static int t_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	(void)src;
	(void)err;
	*st = next.status;
	return 0;
}

static int t_listeners(struct top_source *src, bool all, struct tcphs_listener_list *list,
		       struct tcphs_error *err)
{
	(void)src;
	(void)all;
	(void)err;
	free(list->v);
	list->v = malloc(sizeof(next.listener));
	memcpy(list->v, next.listener, sizeof(next.listener));
	list->nr = next.nr_listeners;
	return 0;
}

static int t_connections(struct top_source *src, bool all, const struct tcphs_filter *filter,
			 struct tcphs_conn_list *list, struct tcphs_error *err)
{
	size_t i;

	(void)all;
	(void)err;
	(void)filter;
	next.conn_dumps++;
	next.most = src->most;
	src->cut = src->most && src->most < next.nr_conns;
	free(list->v);
	list->v = calloc(next.nr_conns ? next.nr_conns : 1, sizeof(*list->v));
	list->nr = next.nr_conns;
	for (i = 0; i < next.nr_conns; i++) {
		list->v[i].conn = i + 1;
		list->v[i].age = i * 7919 % 10007;
		list->v[i].state = i % 2 ? TCPHS_STATE_ESTABLISHED : TCPHS_STATE_CLOSE_WAIT;
	}
	return 0;
}

static struct top_source source = {
	.open = t_open, .status = t_status, .listeners = t_listeners,
	.connections = t_connections, .close = t_close,
};

static int near(double a, double b)
{
	return a - b < 0.001 && b - a < 0.001;
}

static void take(struct top_model *m, enum top_screen screen, uint64_t at)
{
	model_refresh(m, &source, screen, false, at);
}

static const struct top_listener *listener(const struct top_model *m, uint64_t cookie)
{
	size_t i;

	for (i = 0; i < m->listeners.list.nr; i++)
		if (m->listeners.list.v[i].conn == cookie)
			return &m->listeners.row[i];
	return NULL;
}

static void first_snapshot(struct top_model *m)
{
	next.status.uptime = 100 * SEC;
	next.status.state[TCPHS_STATE_ESTABLISHED] = 50;
	next.status.event[TCPHS_EV_SYN_DROPPED] = 200;
	next.status.hist[TCPHS_HIST_HANDSHAKE_ACTIVE].count = 10;
	next.status.hist[TCPHS_HIST_HANDSHAKE_ACTIVE].bucket[40] = 10;
	next.status.hist[TCPHS_HIST_HANDSHAKE_ACTIVE].max_ns = UINT64_MAX;
	next.nr_listeners = 2;
	next.listener[0] = (struct tcphs_listener){ .conn = 9, .accepted = 1000, .port = 80 };
	next.listener[1] = (struct tcphs_listener){
		.conn = 4, .accepted = 30, .port = 22, .has_age = true, .age = 10 * SEC,
	};
	take(m, TOP_LISTENERS, 1000 * SEC);

	ok(m->valid && m->since_load, "first snapshot: rates are since load");
	ok(near(m->event_rate[TCPHS_EV_SYN_DROPPED], 2.0), "events divided by the uptime");
	ok(near(m->state_rate[TCPHS_STATE_ESTABLISHED], 0), "a state has no change yet");
	ok(near(listener(m, 9)->accepts, 10.0), "an adopted listener: since load");
	ok(near(listener(m, 4)->accepts, 3.0), "a younger one: since listen()");
	ok(m->handshake[0].fresh && m->handshake[0].p50 == tcphs_hist_upper(40),
	   "quantiles of everything so far");
	equal(next.conn_dumps, 0, "connections are not fetched for the listeners' screen");
}

static void second_snapshot(struct top_model *m)
{
	next.status.uptime += 4 * SEC;
	next.status.state[TCPHS_STATE_ESTABLISHED] = 30;
	next.status.event[TCPHS_EV_SYN_DROPPED] += 6;
	next.status.failure[TCPHS_REASON_REFUSED] += 4;
	next.status.failure[TCPHS_REASON_TIMEOUT] += 8;
	next.status.hist[TCPHS_HIST_HANDSHAKE_ACTIVE].count += 1;
	next.status.hist[TCPHS_HIST_HANDSHAKE_ACTIVE].bucket[60] += 1;
	next.listener[0].accepted += 20;
	next.listener[0].overflows = 2;
	next.listener[1].accepted = 3;		/* listen() once more */
	next.listener[1].age = 1 * SEC;
	next.nr_listeners = 3;
	next.listener[2] = (struct tcphs_listener){
		.conn = 12, .accepted = 5, .has_age = true, .age = 2 * SEC,
	};
	take(m, TOP_LISTENERS, 1004 * SEC);

	ok(!m->since_load && near(m->seconds, 4), "second snapshot: the time between both");
	ok(near(m->event_rate[TCPHS_EV_SYN_DROPPED], 1.5), "events a second");
	ok(near(m->state_rate[TCPHS_STATE_ESTABLISHED], -5), "a state may shrink");
	ok(near(listener(m, 9)->accepts, 5) && near(listener(m, 9)->overflows, 0.5),
	   "a listener's rates");
	ok(near(listener(m, 12)->accepts, 2.5), "a new listener: since listen()");
	ok(near(listener(m, 4)->accepts, 3), "counters that went back: since listen()");
	ok(m->handshake[0].p50 == tcphs_hist_upper(60), "quantiles of what is new only");
}

static void failures(const struct top_model *m)
{
	uint8_t reason[TCPHS_REASON_MAX + 1];

	equal(model_failures(m, reason), 2, "two causes are active");
	ok(reason[0] == TCPHS_REASON_TIMEOUT && reason[1] == TCPHS_REASON_REFUSED,
	   "the busier one first");
}

static void look(struct series *s, struct tcphs_status *st, uint64_t second, uint64_t timeouts)
{
	st->failure[TCPHS_REASON_TIMEOUT] += timeouts;
	series_add(s, st, second * SEC + SEC / 7);
}

static void failures_of_minutes(void)
{
	struct tcphs_status *st = calloc(1, sizeof(*st));
	struct series *s = calloc(1, sizeof(*s));
	double count[TCPHS_REASON_MAX + 1];
	uint8_t reason[TCPHS_REASON_MAX + 1];
	uint64_t i;

	equal(series_failures(s, count), 0, "before the first look: of no seconds");
	st->load = 7;
	st->failure[TCPHS_REASON_REFUSED] = 13;
	look(s, st, 1000, 11);
	look(s, st, 1000, 2);
	ok(series_failures(s, count) == 0 && near(count[TCPHS_REASON_TIMEOUT], 2) &&
	   near(count[TCPHS_REASON_REFUSED], 0), "what failed before is not counted");
	for (i = 1; i <= 397; i++)
		look(s, st, 1000 + i, 3);
	st->failure[TCPHS_REASON_REFUSED] += 17;
	look(s, st, 1397, 0);
	equal(series_failures(s, count), SERIES_SPAN, "the last five minutes, no more");
	ok(near(count[TCPHS_REASON_TIMEOUT], 3 * SERIES_SPAN) &&
	   near(count[TCPHS_REASON_REFUSED], 17), "exactly what failed in them");
	ok(series_busiest(count, reason) == 2 && reason[0] == TCPHS_REASON_TIMEOUT &&
	   reason[1] == TCPHS_REASON_REFUSED, "the more frequent cause first");
	look(s, st, 1397 + 701, 19);
	ok(series_failures(s, count) == 701 && near(count[TCPHS_REASON_TIMEOUT], 19),
	   "nobody looked for longer: what failed is said of all that time");
	look(s, st, 1397 + 701 + SERIES_SPAN, 23);
	ok(series_failures(s, count) == SERIES_SPAN && near(count[TCPHS_REASON_TIMEOUT], 23),
	   "and forgotten five minutes later");
	st->load = 8;
	memset(st->failure, 0, sizeof(st->failure));
	look(s, st, 3000, 5);
	ok(series_failures(s, count) == 0 && !series_busiest(count, reason),
	   "reloaded: it begins anew");
	free(s);
	free(st);
}

static void seconds_of_minutes(void)
{
	struct tcphs_status *st = calloc(1, sizeof(*st));
	struct series *s = calloc(1, sizeof(*s));
	uint64_t *done = &st->hist[TCPHS_HIST_HANDSHAKE_PASSIVE].count;
	double v[7];
	uint64_t i;

	st->load = 7;
	*done = 1000000;
	look(s, st, 1000, 0);
	ok(near(series_read(s, SERIES_HANDSHAKES, 1, v, 7), 0) && near(v[6], -1),
	   "one look: no second is known");
	for (i = 1; i <= 3; i++) {
		*done += 10 * i;
		st->failure[TCPHS_REASON_ACCEPT_QUEUE_FULL] += i == 2 ? 5 : 0;
		look(s, st, 1000 + i, i == 3);
	}
	ok(near(series_read(s, SERIES_HANDSHAKES, 1, v, 7), 30) && near(v[6], 30) && near(v[5], 20) &&
	   near(v[4], 10) && near(v[3], -1), "each second, the latest last, and the most");
	ok(near(series_read(s, SERIES_OVERFLOWS, 1, v, 7), 5) && near(v[5], 5) && near(v[6], 0),
	   "overflows by their cause");
	ok(near(series_read(s, SERIES_FAILURES, 1, v, 7), 5) && near(v[5], 5) && near(v[6], 1),
	   "failures of all causes");
	*done += 8;
	look(s, st, 1007, 0);
	series_read(s, SERIES_HANDSHAKES, 1, v, 7);
	ok(near(v[6], 2) && near(v[3], 2) && near(v[2], 30),
	   "what lies between two looks is divided among the seconds");
	series_read(s, SERIES_HANDSHAKES, 4, v, 7);
	ok(near(v[6], 2) && near(v[5], 30) && near(v[4], -1), "of some seconds the most");
	*done += 100;
	look(s, st, 1008, 0);
	series_read(s, SERIES_HANDSHAKES, 4, v, 7);
	ok(near(v[6], 100) && near(v[5], 30), "which stay together while time goes on");
	for (i = 0; i < 700; i++) {
		*done += 3;
		look(s, st, 1009 + i, 0);
	}
	ok(near(series_read(s, SERIES_HANDSHAKES, 1, v, 7), 3), "what is over is forgotten");
	*done = 0;
	look(s, st, 1709, 0);
	series_read(s, SERIES_HANDSHAKES, 1, v, 7);
	ok(near(v[6], 0) && near(v[5], 3), "a counter that went back says nothing");
	free(s);
	free(st);
}

static void idle(struct top_model *m)
{
	next.status.uptime += 2 * SEC;
	take(m, TOP_LISTENERS, 1006 * SEC);
	ok(m->handshake[0].known && !m->handshake[0].fresh &&
	   m->handshake[0].p50 == tcphs_hist_upper(60), "nothing new: the last quantiles, marked");
	take(m, TOP_LISTENERS, 1006 * SEC);
	ok(near(m->event_rate[TCPHS_EV_SYN_DROPPED], 0), "no time passed: no division by zero");
}

static void unload_and_reload(struct top_model *m)
{
	int closed = fed.closed;

	fed.open_error = -ENODEV;
	take(m, TOP_LISTENERS, 1008 * SEC);
	ok(!m->valid && m->why.code == TCPHS_ERR_NOT_LOADED && m->gone_at == 1008 * SEC,
	   "unloaded: the model says so and since when");
	equal(fed.closed, closed + 1, "and the source is closed");
	equal(model_total(m, TOP_LISTENERS), 0, "and has no rows");
	take(m, TOP_LISTENERS, 1009 * SEC);
	ok(m->gone_at == 1008 * SEC, "still gone");

	fed.open_error = 0;
	next.status.uptime = 2 * SEC;
	next.status.event[TCPHS_EV_SYN_DROPPED] = 4;
	next.listener[0].accepted = 8;
	take(m, TOP_LISTENERS, 1010 * SEC);
	ok(m->valid && !m->gone_at && m->since_load, "back: it begins anew");
	ok(near(m->event_rate[TCPHS_EV_SYN_DROPPED], 2), "rates since load again");

	next.status.uptime = 1 * SEC;
	next.status.event[TCPHS_EV_SYN_DROPPED] = 3;
	next.listener[0].accepted = 4;
	take(m, TOP_LISTENERS, 1012 * SEC);
	ok(m->since_load && near(m->event_rate[TCPHS_EV_SYN_DROPPED], 3) &&
	   near(listener(m, 9)->accepts, 4), "reloaded between two snapshots: nothing negative");
}

static top_compare_fn column(enum top_screen screen, const char *key)
{
	size_t nr, i = 0;

	table_find(key, &screen, &i);
	return table_columns(screen, &nr)[i].compare;
}

static int ordered(const struct top_model *m, top_compare_fn compare, int sign)
{
	size_t i;

	for (i = 1; i < m->kept; i++)
		if (sign * compare(model_row(m, TOP_CONNECTIONS, i - 1),
				   model_row(m, TOP_CONNECTIONS, i), &m->style) > 0)
			return 0;
	return 1;
}

static top_compare_fn counted;
static unsigned long compared;

static int count_and_compare(const void *a, const void *b, const struct top_style *style)
{
	compared++;
	return counted(a, b, style);
}

/* A screen is a few rows of however many there are: most are compared once. */
static void work(struct top_model *m)
{
	counted = column(TOP_CONNECTIONS, "age");
	compared = 0;
	next.nr_conns = 100000;
	model_switch(m, &source, TOP_CONNECTIONS, false, 1012 * SEC);
	model_arrange(m, TOP_CONNECTIONS, count_and_compare, true, 100);
	ok(m->kept == 100 && ordered(m, counted, -1) && compared < 150000,
	   "the first hundred of 100000 rows take few comparisons");
}

static void order(struct top_model *m)
{
	top_compare_fn age = column(TOP_CONNECTIONS, "age");
	const struct tcphs_conn_info *c;
	uint64_t worst;

	next.nr_conns = 10000;
	model_switch(m, &source, TOP_CONNECTIONS, false, 1013 * SEC);
	equal(model_total(m, TOP_CONNECTIONS), 10000, "the other screen: its rows");
	model_arrange(m, TOP_CONNECTIONS, age, true, 0);
	ok(m->kept == 10000 && ordered(m, age, -1), "all of them, longest first");
	c = model_row(m, TOP_CONNECTIONS, 99);
	worst = c->age;
	m->arranged.compare = NULL;
	model_arrange(m, TOP_CONNECTIONS, age, true, 100);
	c = model_row(m, TOP_CONNECTIONS, 99);
	ok(m->kept == 100 && ordered(m, age, -1) && c->age == worst, "the first hundred only");
	ok(!model_row(m, TOP_CONNECTIONS, 100), "and no more");
	model_arrange(m, TOP_CONNECTIONS, column(TOP_CONNECTIONS, "state"), false, 0);
	c = model_row(m, TOP_CONNECTIONS, 0);
	ok(c->state == TCPHS_STATE_CLOSE_WAIT && ordered(m, column(TOP_CONNECTIONS, "state"), 1),
	   "by state: what ought to be brief first, the longest of it on top");
	next.nr_conns = 0;
	model_switch(m, &source, TOP_CONNECTIONS, false, 1014 * SEC);
	equal(model_arrange(m, TOP_CONNECTIONS, age, true, 10), 0, "no rows are no error");
}

static void alerts(struct top_model *m)
{
	struct top_alert alert[4];

	equal(model_alerts(m, alert, 4), 0, "a healthy module: no alert");
	next.status.uptime += SEC;
	next.status.table_limit = 100;
	next.status.table_used = 95;
	next.status.untracked = 5;
	next.status.refused[TCPHS_REFUSED_MEMORY] = 5;
	next.status.nhooks = 2;
	strcpy(next.status.hook[0].name, "here");
	next.status.hook[0].active = true;
	next.status.hook[0].missed = 7;
	strcpy(next.status.hook[1].name, "tcp_gone");
	strcpy(next.status.hook[1].shows, "resets");
	take(m, TOP_LISTENERS, 1015 * SEC);
	equal(model_alerts(m, alert, 4), 4, "a full table, a loss, two hooks: four");
	ok(strstr(alert[1].text, " connections/s not followed: they came faster"),
	   "the loss has its true reason");
	ok(strstr(alert[2].text, "here is deaf"), "the one that is deaf is named");
	ok(strstr(alert[3].text, "tcp_gone") && strstr(alert[3].text, "resets"),
	   "the one that is missing and what is lost are named");
	equal(model_alerts(m, alert, 1), 1, "no more than there is room for");
	next.status.uptime += SEC;
	next.status.table_used = 50;
	next.status.nhooks = 0;
	take(m, TOP_LISTENERS, 1016 * SEC);
	equal(model_alerts(m, alert, 4), 0, "what is over is no alert");
}

/* Of a million the screen is made of some, and says so. */
static void part(struct top_model *m)
{
	struct top_alert alert[4];

	m->conns_most = 20000;
	next.status.uptime += SEC;
	next.status.table_used = 13;
	next.nr_conns = 13;
	take(m, TOP_CONNECTIONS, 1017 * SEC);
	ok(!next.most && !model_alerts(m, alert, 4), "few connections: all are asked for");
	next.status.uptime += SEC;
	next.status.table_used = 30001;
	next.status.table_limit = 1000000;
	next.status.state[TCPHS_STATE_ESTABLISHED] = 30000;
	next.status.state[TCPHS_STATE_LISTEN] = 1;
	next.nr_conns = 30000;
	take(m, TOP_CONNECTIONS, 1018 * SEC);
	equal(next.most, 20000, "many: no more than a screen is made of");
	ok(model_alerts(m, alert, 4) == 1 && !alert[0].bad && strstr(alert[0].text, " of 30000 conn"),
	   "and of how many it is a part is said");
	m->conns_most = 0;
	next.status.uptime += SEC;
	take(m, TOP_CONNECTIONS, 1019 * SEC);
	ok(!next.most && !model_alerts(m, alert, 4), "a batch has them all");
}

static uint32_t t_entries(struct top_source *src, const struct tcphs_status *st)
{
	(void)src;
	return st->table_used + 900000;
}

/* Its own namespace has few of them. */
static void part_of_others(struct top_model *m)
{
	struct top_alert alert[4];

	m->conns_most = 20000;
	next.status.uptime += SEC;
	next.status.table_used = 1009;
	take(m, TOP_CONNECTIONS, 1020 * SEC);
	ok(!next.most && !model_alerts(m, alert, 4), "few connections in one's own namespace");
	source.entries = t_entries;
	next.status.uptime += SEC;
	model_refresh(m, &source, TOP_CONNECTIONS, true, 1021 * SEC);
	source.entries = NULL;
	equal(next.most, 20000, "with those of all namespaces they are many");
	equal(model_alerts(m, alert, 4), 2, "and the table is nearly full");
	ok(strstr(alert[0].text, "90 % full (901009 of 1000000)") && strstr(alert[1].text, " of 901k conn"),
	   "of which both are said");
	m->conns_most = 0;
}

static void text(void)
{
	char buf[TEXT_LEN];

	text_rate(buf, 0.001);
	same(buf, "<0.1", "little is not nothing");
	text_rate(buf, 12345);
	same(buf, "12.3k", "a rate with a letter");
	text_count(buf, 99999);
	same(buf, "99999", "five digits");
	text_count(buf, 999999);
	same(buf, "1.00M", "no sixth cell by rounding");
	text_signed_rate(buf, -3);
	same(buf, "-3.0", "a sign");
	strcpy(buf, "[2001:db8:85a3::7348]:8443");
	text_fit(buf, 14, false);
	same(buf, "[2001:db~:8443", "an address keeps its port");
	strcpy(buf, "abc:8443");
	text_fit(buf, 3, false);
	same(buf, "ab~", "too narrow even for that");
	text_fit(buf, 0, true);
	same(buf, "", "nothing in nothing");
}

/* A socket that connects again when its TIME_WAIT is over has the same cookie and generation. */
static void again(void)
{
	struct tcphs_conn_info c = { .conn = 0xa, .role = TCPHS_ROLE_ACTIVE, .isn = 4711,
				     .has_isn = true };
	uint64_t before = model_key(TOP_CONNECTIONS, &c);

	c.state = TCPHS_STATE_ESTABLISHED;
	c.peer_isn = 31;
	ok(model_key(TOP_CONNECTIONS, &c) == before, "a connection stays the same row");
	c.isn++;
	ok(model_key(TOP_CONNECTIONS, &c) != before, "the next one of its socket is another");
}

int main(void)
{
	struct top_model m;

	plan(74);
	model_init(&m);
	first_snapshot(&m);
	second_snapshot(&m);
	failures(&m);
	failures_of_minutes();
	seconds_of_minutes();
	idle(&m);
	unload_and_reload(&m);
	work(&m);
	order(&m);
	alerts(&m);
	part(&m);
	again();
	part_of_others(&m);
	text();
	model_free(&m);
	return tap_done();
}

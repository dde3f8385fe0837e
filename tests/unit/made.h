/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence made up for the tests of the doctor, and what it says of that. */
#ifndef TCPHS_TEST_MADE_H
#define TCPHS_TEST_MADE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "report.h"
#include "tap.h"

#define SEC 1000000000ull

static struct evidence e;
static struct report r;
static uint64_t now;

/* ---- making evidence --------------------------------------------------------------- */

static inline void fresh(void)
{
	evidence_free(&e);
	evidence_init(&e, 60 * SEC);
	now = 100 * SEC;
}

/* Role and family make a listener at 10.0.0.1:80, or a way to 10.0.0.2:443. */
static inline struct tcphs_event event(uint8_t type, uint8_t role, uint8_t old_state, uint8_t reason)
{
	struct tcphs_event ev = {
		.type = type, .old_state = old_state, .reason = reason, .time = ++now,
		.id = { .conn = now, .role = role, .family = AF_INET, .local = { 10, 0, 0, 1 },
			.peer = { 10, 0, 0, 2 } },
	};

	ev.id.local_port = role == TCPHS_ROLE_ACTIVE ? 40000 : 80;
	ev.id.peer_port = role == TCPHS_ROLE_ACTIVE ? 443 : 50000;
	return ev;
}

static inline void times(unsigned int n, struct tcphs_event ev)
{
	while (n--)
		evidence_event(&e, &ev);
}

static inline void server(unsigned int n, uint8_t type, uint8_t reason)
{
	times(n, event(type, TCPHS_ROLE_PASSIVE, TCPHS_STATE_SYN_RECV, reason));
}

static inline void client(unsigned int n, uint8_t type, uint8_t reason)
{
	times(n, event(type, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT, reason));
}

static inline void resent(unsigned int n, uint8_t type, uint8_t role, uint32_t number)
{
	struct tcphs_event ev = event(type, role, TCPHS_STATE_SYN_RECV, 0);

	ev.flags = TCPHS_F_RESEND;
	ev.resend.number = number;
	times(n, ev);
}

static inline void accepted(unsigned int n, uint64_t waited)
{
	struct tcphs_event ev = event(TCPHS_EV_ACCEPTED, TCPHS_ROLE_PASSIVE,
				      TCPHS_STATE_ESTABLISHED, 0);

	ev.flags = TCPHS_F_DURATION | TCPHS_F_OWNER | TCPHS_F_QUEUE;
	ev.duration = waited;
	ev.queue.listener = 7;
	ev.id.pid = 4711;
	memcpy(ev.id.comm, "slow", 5);
	times(n, ev);
}

/* At the socket of the listener, with so many in its accept queue then, and room for 5. */
static inline void at_queue(unsigned int n, uint8_t type, uint8_t reason, uint32_t waiting)
{
	struct tcphs_event ev = event(type, TCPHS_ROLE_PASSIVE, TCPHS_STATE_SYN_RECV, reason);

	ev.flags = TCPHS_F_QUEUE;
	ev.queue = (struct tcphs_queue){ .listener = 7, .accept_queue = waiting,
					 .accept_limit = 4, .syn_limit = 4 };
	while (n--) {
		ev.id.conn++;
		evidence_event(&e, &ev);
	}
}

static inline void overflow(unsigned int n)
{
	at_queue(n, TCPHS_EV_ACCEPT_OVERFLOW, TCPHS_REASON_ACCEPT_QUEUE_FULL, 5);
}

static struct tcphs_status st;
static struct tcphs_listener listener;
static struct tcphs_conn_info conns[200];
static unsigned int nr_conns;
static struct settings settings;

/* Tables as of a healthy machine, for a test to change. */
static inline void tables(void)
{
	fresh();
	memset(&st, 0, sizeof(st));
	st.tw_limit = 100;
	st.table_limit = 1000;
	st.ring_records = 64;
	listener = (struct tcphs_listener){ .conn = 7, .port = 80, .family = AF_INET,
					    .accept_limit = 4, .syn_limit = 4 };
	nr_conns = 0;
	settings = (struct settings){ .ports_known = true, .port_low = 1001, .port_high = 1100 };
	settings.known[SETTING_MAX_ORPHANS] = true;
	settings.value[SETTING_MAX_ORPHANS] = 1000;
	settings.sockstat_known = true;
}

static inline struct tcphs_conn_info *conn(uint8_t state, uint64_t age)
{
	struct tcphs_conn_info *c = &conns[nr_conns++];

	*c = (struct tcphs_conn_info){ .conn = nr_conns, .state = state, .age = age,
				       .role = TCPHS_ROLE_ACTIVE, .family = AF_INET,
				       .local = { 10, 0, 0, 1 }, .peer = { 10, 0, 0, 2 },
				       .local_port = (uint16_t)(1000 + nr_conns),
				       .peer_port = 443 };
	return c;
}

static inline void conn_times(unsigned int n, uint8_t state, uint64_t age)
{
	while (n--)
		conn(state, age);
}

static inline const struct tables *tables_now(void)
{
	static struct tables t;

	t.status = st;
	t.listeners = (struct tcphs_listener_list){ .v = &listener, .nr = 1 };
	t.connections = (struct tcphs_conn_list){ .v = conns, .nr = nr_conns };
	return &t;
}

/* The kernel's own counts, before or now. */
static inline void counters(bool now_, unsigned long long full_drops)
{
	char text[128];

	snprintf(text, sizeof(text), "TcpExt: SyncookiesSent TCPReqQFullDrop\nTcpExt: 0 %llu\n",
		 full_drops);
	counters_parse(&e.counters, text, now_);
}

static inline void before(void)
{
	evidence_before(&e, tables_now());
}

static inline void after(void)
{
	evidence_after(&e, tables_now(), &settings);
}

/* ---- judging ----------------------------------------------------------------------- */

static char found[1024];

/* "critical close-wait 5, warning ...", or "" */
static inline const char *judge(void)
{
	size_t i, len = 0;

	report_free(&r);
	if (report_make(&r, &e))
		abort();
	found[0] = '\0';
	for (i = 0; i < r.nr; i++)
		len += (size_t)snprintf(found + len, sizeof(found) - len, "%s%s %s %llu",
					i ? ", " : "", severity_name(r.v[i].severity),
					r.v[i].name, (ull)r.v[i].value);
	return found;
}

/* What a check has seen, after judge(). */
static inline const char *saw(const char *check)
{
	size_t i;

	for (i = 0; i < NR_RULES; i++)
		if (!strcmp(rules[i].name, check))
			return r.check[i].saw;
	return "";
}

#endif /* TCPHS_TEST_MADE_H */

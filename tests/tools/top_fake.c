// SPDX-License-Identifier: GPL-2.0
/*
 * A source for tcphs-top that makes everything up: linked in place of source.c
 * it gives a program to look at and to test where there is no module.
 *
 *	TOP_FAKE_CONNS=N	connections (default 40)
 *	TOP_FAKE_LISTENERS=N	listeners (default 9)
 *	TOP_FAKE_GONE=A:B	from snapshot A to B (from 0) the module is not there, and
 *				afterwards it is a newly loaded one
 *	TOP_FAKE_SICK=1		missing hooks, a full table
 *	TOP_FAKE_ERROR=N	open fails with this exit status
 *	TOP_FAKE_IDLE=1		nothing happens any more after snapshot 0
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/look.h"
#include "../../userspace/tcphs-top/source.h"

static struct fake {
	unsigned int call;	/* of status: the snapshot */
	unsigned int age;	/* snapshots since it was loaded */
	bool gone;
} fake;

static unsigned int env(const char *name, unsigned int otherwise)
{
	const char *s = getenv(name);

	return s ? (unsigned int)strtoul(s, NULL, 10) : otherwise;
}

static bool is_gone(unsigned int call)
{
	const char *s = getenv("TOP_FAKE_GONE");
	unsigned int from, to;

	return s && sscanf(s, "%u:%u", &from, &to) == 2 && call >= from && call <= to;
}

/* Those of even numbers are in a unit, those of odd ones in a container. */
static struct tcphs_cgroups *made_up_cgroups(void)
{
	struct tcphs_cgroups *c = tcphs_cgroups_new();

	if (c && (tcphs_cgroups_add(c, 20, "/system.slice/nginx.service") ||
		  tcphs_cgroups_add(c, 21, "/system.slice/docker-"
			"3f4ea5b0c1d29e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f.scope")))
		return NULL;
	return c;
}

static int fake_open(struct top_source *src, struct tcphs_error *err)
{
	unsigned int code = env("TOP_FAKE_ERROR", 0);

	if (code) {
		tcphs_error_set(err, code, "fake: open fails with %u", code);
		return -EPERM;
	}
	if (!src->cgroups)
		src->cgroups = made_up_cgroups();
	if (is_gone(fake.call)) {
		fake.call++;
		fake.gone = true;
		tcphs_error_set(err, TCPHS_ERR_NOT_LOADED,
				"tcphs: the kernel module is not loaded; load it with: modprobe tcphs");
		return -ENODEV;
	}
	return 0;
}

static void fill_hist(struct tcphs_histogram *h, uint64_t around, uint64_t n)
{
	unsigned int mid = tcphs_hist_bucket(around);

	h->bucket[mid] = n / 2;
	h->bucket[mid + 2] = n - n / 2 - n / 50;
	h->bucket[mid + 9] = n / 50;
	h->count = n;
	h->max_ns = n ? around * 7 : 0;
}

static void sick(struct tcphs_status *st)
{
	struct tcphs_hook *h = &st->hook[st->nhooks];

	if (!env("TOP_FAKE_SICK", 0))
		return;
	strcpy(h[0].name, "tcp_conn_request");
	strcpy(h[0].shows, "dropped SYNs and SYN cookies");
	strcpy(h[1].name, "inet_csk_reqsk_queue_drop");
	strcpy(h[1].shows, "expired and reset requests");
	st->nhooks += 2;
	st->table_used = st->table_limit - 17;
	st->untracked = 100 + 7 * fake.age;
}

static int fake_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	uint64_t n;

	(void)src;
	/* It may go between two refreshes as well. */
	if (is_gone(fake.call)) {
		tcphs_error_set(err, TCPHS_ERR_NOT_LOADED, "tcphs: the kernel module is not loaded");
		return -ENODEV;
	}
	fake.call++;
	if (fake.gone)
		fake.age = 0;
	fake.gone = false;
	n = env("TOP_FAKE_IDLE", 0) ? 1 : fake.age + 1;
	memset(st, 0, sizeof(*st));
	strcpy(st->version, getenv("TOP_FAKE_OLD") ? "0.0.7" : TCPHS_VERSION);
	st->abi_major = TCPHS_ABI_MAJOR;
	st->uptime = (fake.age + 1) * 2000000000ull + (getenv("TOP_FAKE_GONE") ? 0 : 266400000000000);
	st->netns = 4026531840u;
	st->table_limit = 65536;
	st->table_used = 3021;
	st->tw_limit = 32768;
	st->state[TCPHS_STATE_ESTABLISHED] = 1204 + 24 * (n % 3);
	st->state[TCPHS_STATE_SYN_SENT] = 3;
	st->state[TCPHS_STATE_SYN_RECV] = 12 + n % 5;
	st->state[TCPHS_STATE_FIN_WAIT2] = 8;
	st->state[TCPHS_STATE_CLOSE_WAIT] = 7 + n;
	st->state[TCPHS_STATE_TIME_WAIT] = 18230 - 31 * n;
	st->state[TCPHS_STATE_LISTEN] = 9;
	st->event[TCPHS_EV_SYN_DROPPED] = 3 * n;
	st->event[TCPHS_EV_ACCEPT_OVERFLOW] = n;
	st->event[TCPHS_EV_SYN_RETRANSMIT] = n;
	st->failure[TCPHS_REASON_REFUSED] = 9 * n;
	st->failure[TCPHS_REASON_TIMEOUT] = 2 * n;
	st->failure[TCPHS_REASON_RESET_RECEIVED] = 23 * n;
	fill_hist(&st->hist[TCPHS_HIST_HANDSHAKE_ACTIVE], 1200000, 25 * n);
	fill_hist(&st->hist[TCPHS_HIST_HANDSHAKE_PASSIVE], 87000, 1607 * n);
	strcpy(st->hook[0].name, "inet_sock_set_state");
	st->hook[0].active = st->hook[0].required = true;
	st->nhooks = 1;
	sick(st);
	fake.age++;
	return 0;
}

static const struct {
	const char *address;
	uint16_t port;
	const char *comm;
	uint32_t syn, syn_max, accept, accept_max, limit;
	uint32_t rate, overflows;
} made_up[] = {
	{ "0.0.0.0",		443,	"nginx",	37, 128, 12, 96, 511, 711, 0 },
	{ "0.0.0.0",		80,	"nginx",	2, 40, 0, 17, 511, 80, 0 },
	{ "127.0.0.1",		5432,	"postgres",	0, 3, 61, 128, 128, 12, 3 },
	{ "::",			22,	"sshd",		0, 1, 0, 1, 128, 0, 0 },
	{ "2001:db8:85a3:8d3:1319:8a2e:370:7348", 8443, "envoy-long-name", 220, 255, 200, 256, 256,
	  3, 0 },
	{ "::1",		6379,	"redis-server",	0, 2, 90, 120, 128, 1200, 0 },
	{ "192.168.122.1",	53,	"dnsmasq",	0, 0, 0, 1, 32, 0, 0 },
	{ "10.11.12.13",	61616,	"java",		0, 9, 3, 50, 50, 1, 0 },
	{ "127.0.0.1",		631,	NULL,		0, 0, 0, 0, 4096, 0, 0 },
};

static int fake_listeners(struct top_source *src, bool all_netns,
			  struct tcphs_listener_list *list, struct tcphs_error *err)
{
	unsigned int nr = env("TOP_FAKE_LISTENERS", 9), i, n = fake.age;
	struct tcphs_listener *l;

	(void)src;
	(void)err;
	(void)all_netns;
	free(list->v);
	list->v = calloc(nr ? nr : 1, sizeof(*list->v));
	list->nr = list->cap = nr;
	for (i = 0; i < nr; i++) {
		const __typeof__(made_up[0]) *m = &made_up[i % 9];

		l = &list->v[i];
		l->conn = 1000 + i;
		l->family = strchr(m->address, ':') ? AF_INET6 : AF_INET;
		inet_pton(l->family, m->address, l->address);
		l->port = (uint16_t)(m->port + i / 9);
		l->netns = 4026531840u;
		l->owner.known = m->comm != NULL;
		l->owner.pid = 812 + 1307 * i;
		l->owner.cgroup = m->comm ? 20 + i % 2 : 0;
		snprintf(l->owner.comm, sizeof(l->owner.comm), "%s", m->comm ? m->comm : "");
		l->syn_queue = m->syn;
		l->syn_max = m->syn_max;
		l->accept_queue = m->accept;
		l->accept_max = m->accept_max;
		l->syn_limit = l->accept_limit = m->limit;
		l->accepted = (uint64_t)m->rate * n * 2;
		l->overflows = (uint64_t)m->overflows * n + (m->port == 61616 ? 4 : 0);
		l->drops = l->overflows;
		fill_hist(&l->wait, 40000 * (m->accept + 1), l->accepted);
	}
	return 0;
}

static int fake_connections(struct top_source *src, bool all_netns,
			    const struct tcphs_filter *filter, struct tcphs_conn_list *list,
			    struct tcphs_error *err)
{
	static const uint8_t state[] = { 1, 6, 1, 8, 1, 6, 3, 2, 5, 6, 1, 9, 4 };
	unsigned int nr = env("TOP_FAKE_CONNS", 40), i;
	struct tcphs_conn_info *c;

	(void)src;
	(void)err;
	(void)all_netns;
	free(list->v);
	list->v = calloc(nr ? nr : 1, sizeof(*list->v));
	list->cap = nr;
	list->nr = 0;
	for (i = 0; i < nr; i++) {
		c = &list->v[list->nr];
		memset(c, 0, sizeof(*c));
		c->conn = 5000 + i;
		c->state = state[i % sizeof(state)];
		c->role = i % 7 == 3 ? 0 : 1 + i % 2;
		c->adopted = i % 7 == 3;
		c->age = (uint64_t)(i * 7919 % 1009 + 1) * 61234567ull * (i % 3 ? 1 : 900);
		c->life = c->age + 12345678;
		c->family = i % 11 == 5 ? AF_INET6 : AF_INET;
		inet_pton(c->family, i % 11 == 5 ? "2001:db8::8a2e:370:7334" : "10.0.0.5", c->local);
		inet_pton(c->family, i % 11 == 5 ? "2001:db8:1:2:3:4:5:6" : "192.168.100.7", c->peer);
		c->peer[3] ^= (uint8_t)i;
		c->local_port = i % 2 ? (uint16_t)(40000 + i % 20000) : 443;
		c->peer_port = i % 2 ? 5432 : (uint16_t)(33000 + i % 30000);
		c->netns = 4026531840u;
		c->owner.known = c->state != 6 && c->state != 3 && !c->adopted;
		c->owner.pid = 900 + i % 4;
		c->owner.cgroup = c->owner.known ? 20 + i % 2 : 0;
		strcpy(c->owner.comm, i % 2 ? "postgres" : "nginx");
		list->nr += tcphs_filter_conn(filter, c);
	}
	return 0;
}

/* A life: begun, established or refused, closed; every third fails, each a second later. */
static void tell(const struct tcphs_events_ops *ops, void *arg, unsigned int i)
{
	struct tcphs_event ev = { .time = 1000000000ull * (i + 1) };
	bool fails = i % 3 == 1;

	ev.id.conn = 9000 + i;
	ev.id.netns = 4026531840u;
	ev.id.family = AF_INET;
	ev.id.role = TCPHS_ROLE_ACTIVE;
	ev.id.local_port = (uint16_t)(41000 + i);
	ev.id.peer_port = 5432;
	ev.id.pid = 900 + i;
	ev.id.cgroup = 21;
	strcpy((char *)ev.id.comm, "postgres");
	inet_pton(AF_INET, "10.0.0.5", ev.id.local);
	inet_pton(AF_INET, "192.168.100.7", ev.id.peer);
	ev.id.peer[3] = (uint8_t)(7 + i % 5);
	ev.flags = TCPHS_F_OWNER;
	ev.type = TCPHS_EV_SYN_SENT;
	ev.old_state = TCPHS_STATE_CLOSE;
	ev.new_state = TCPHS_STATE_SYN_SENT;
	ops->record(arg, &ev);
	ev.flags |= TCPHS_F_DURATION;
	ev.duration = 1234567 + 1000 * i;
	ev.time += ev.duration;
	ev.old_state = TCPHS_STATE_SYN_SENT;
	ev.type = fails ? TCPHS_EV_CONNECT_FAILED : TCPHS_EV_ESTABLISHED;
	ev.reason = fails ? TCPHS_REASON_REFUSED : TCPHS_REASON_NONE;
	ev.new_state = fails ? TCPHS_STATE_CLOSE : TCPHS_STATE_ESTABLISHED;
	ops->record(arg, &ev);
	if (fails)
		return;
	ev.time += 200000000;
	ev.type = TCPHS_EV_CLOSED;
	ev.old_state = TCPHS_STATE_LAST_ACK;
	ev.new_state = TCPHS_STATE_CLOSE;
	ops->record(arg, &ev);
}

struct top_feed {
	unsigned int reported;
};

static struct top_feed *fake_feed(struct top_source *src, bool all_netns, struct tcphs_error *err)
{
	(void)src;
	(void)err;
	(void)all_netns;
	return calloc(1, sizeof(struct top_feed));
}

static int fake_next(struct top_source *src, struct top_feed *feed,
		     const struct tcphs_events_ops *ops, void *arg, struct tcphs_error *err)
{
	(void)src;
	(void)err;
	while (feed->reported < 23 + 2 * fake.age)
		tell(ops, arg, feed->reported++);
	return 0;
}

static void fake_feed_free(struct top_source *src, struct top_feed *feed)
{
	(void)src;
	free(feed);
}

static int64_t fake_clock(struct top_source *src, uint64_t *now)
{
	(void)src;
	*now = 1000000000ull * (24 + 2 * fake.age);
	return 1700000000000000000ll;
}

static void fill_tables(struct top_source *src, struct tables *t)
{
	struct tcphs_filter all = { 0 };

	fake_listeners(src, false, &t->listeners, NULL);
	fake_connections(src, false, &all, &t->connections, NULL);
}

static int fake_look_before(struct top_source *src, struct look *l, bool all_netns,
			    struct tcphs_error *err)
{
	struct patient *p = look_add(l, 4026531840u);

	(void)all_netns;
	(void)err;
	if (!p)
		return -ENOMEM;
	fake_clock(src, &p->evidence.began);
	fill_tables(src, l->tables);
	evidence_before(&p->evidence, l->tables);
	return 0;
}

static int fake_look_after(struct top_source *src, struct look *l, struct tcphs_error *err)
{
	struct evidence *e = &l->patients->evidence;
	struct settings settings = { .ports_known = false };

	(void)err;
	fake_clock(src, &e->ended);
	fill_tables(src, l->tables);
	evidence_after(e, l->tables, &settings);
	return 0;
}

static void fake_close(struct top_source *src)
{
	tcphs_cgroups_free(src->cgroups);
	src->cgroups = NULL;
}

void source_live(struct top_source *src)
{
	*src = (struct top_source){
		.open = fake_open,
		.status = fake_status,
		.listeners = fake_listeners,
		.connections = fake_connections,
		.feed = fake_feed,
		.next = fake_next,
		.feed_free = fake_feed_free,
		.clock = fake_clock,
		.look_before = fake_look_before,
		.look_after = fake_look_after,
		.close = fake_close,
	};
}

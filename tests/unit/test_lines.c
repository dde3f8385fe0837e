/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event as a line, as text and as JSON: what the tool writes in a hurry, out of pieces
 * that it keeps, is byte for byte what printf() makes of the same event.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "site.h"
#include "cli.h"
#include "tap.h"

#define EVENTS	20011
#define CONNS	64
#define SEC	1000000000ull

static const struct verb verb = { .name = "lines" };
static struct cli cli = { .verb = &verb, .utf8 = true, .no_header = true,
			  /* Devices have numbers there. */
			  .read = "recording" };
static struct tcphs_clock clock_of = { .offset = 1795000000123456789ll };
static struct tcphs_event event[EVENTS];
static size_t conn_width = 6, end_width[2] = { 15, 15 };
static char want[4096];

/* ---- events of every kind, in any mixture ------------------------------------------ */

static uint64_t some(unsigned int bits)
{
	uint64_t v = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand();

	return v >> (64 - bits) >> rand() % (int)bits;
}

static void make_address(uint8_t *address, uint8_t family)
{
	int i, how = rand() % 8;

	for (i = 0; i < (family == AF_INET ? 4 : 16); i++)
		address[i] = how ? (uint8_t)rand() | 1 : 0;
	if (family != AF_INET6 || how > 2)
		return;
	memset(address, 0, 12);
	if (how == 1)
		memset(address + 10, 0xff, 2);
	if (how == 2)
		memcpy(address, "\xfe\x80", 2);
}

static void make_name(uint8_t *name, bool may_lack)
{
	static const char *const names[] = { "curl", "sixteen-of-these", "a \"b\\c", "\033[31m\t", "" };

	int i = rand() % 5;

	memset(name, 0, TCPHS_COMM_LEN);
	if (may_lack && rand() % 2)
		return;
	memcpy(name, names[i], strlen(names[i]));
}

static void make_ident(struct tcphs_ident *id)
{
	id->conn = some(64);
	id->family = rand() % 3 ? AF_INET : AF_INET6;
	make_address(id->local, id->family);
	make_address(id->peer, id->family);
	id->local_port = (uint16_t)some(16);
	id->peer_port = (uint16_t)some(16);
	id->netns = (uint32_t)some(32);
	id->isn = (uint32_t)some(32);
	id->peer_isn = (uint32_t)some(32);
	id->role = (uint8_t)(rand() % (TCPHS_ROLE_MAX + 2));
	id->generation = rand() % 4 ? 0 : (uint16_t)some(16);
	id->pid = (uint32_t)some(22);
	id->cgroup = rand() % 3 ? some(SITE_CGROUP_BITS) : 0;
	make_name(id->comm, false);
	make_name(id->thread, true);
}

static void make_events(void)
{
	static struct tcphs_ident id[CONNS];
	uint64_t time = 5, number = 0;
	size_t i, k;
	uint32_t *word;

	for (i = 0; i < EVENTS; i++) {
		struct tcphs_event *ev = &event[i];

		if (i < CONNS)
			make_ident(&id[i]);
		else if (i % 3 == 0)
			make_ident(&id[rand() % CONNS]);
		time += rand() % 3 ? some(35) : 0;
		number += rand() % 5 ? 1 : some(20);
		*ev = (struct tcphs_event){
			.number = number, .time = time, .duration = some(rand() % 2 ? 40 : 63),
			/* Numbers of a newer module are shown, too. */
			.type = (uint8_t)(i % (TCPHS_EV_MAX + 3)),
			.old_state = (uint8_t)(rand() % (TCPHS_STATE_MAX + 3)),
			.new_state = (uint8_t)(rand() % (TCPHS_STATE_MAX + 3)),
			.reason = rand() % 2 ? 0 : (uint8_t)(rand() % (TCPHS_REASON_MAX + 3)),
			.seq = (uint32_t)some(32), .ack = (uint32_t)some(32),
			.flags = (uint32_t)some(32) & TCPHS_F_ALL, .cpu = (uint16_t)some(4),
			.icmp_type = (uint8_t)some(4), .icmp_code = (uint8_t)some(4),
			.ifindex = rand() % 3 ? 0 : (uint32_t)some(20),
			.id = id[i < CONNS ? i : (size_t)rand() % CONNS],
		};
		word = (uint32_t *)ev->detail;
		for (k = 0; k < sizeof(ev->detail) / (sizeof(*word)); k++)
			word[k] = rand() % 3 ? (uint32_t)some(32) : 0;
	}
}

/* ---- what printf() makes of them --------------------------------------------------- */

static void add(const char *fmt, ...)
{
	size_t len = strlen(want);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(want + len, sizeof(want) - len, fmt, ap);
	va_end(ap);
}

static const char *name_of(const char *(*name)(unsigned int n, char *buf), unsigned int n)
{
	static char buf[TCPHS_NAME_LEN];

	return name(n, buf);
}

static const char *duration(uint64_t ns)
{
	static char text[TCPHS_DURATION_LEN];

	tcphs_fmt_duration(text, ns, true);
	return text;
}

static const char *bytes(uint64_t n)
{
	static char text[TCPHS_BYTES_LEN];

	tcphs_fmt_bytes(text, n);
	return text;
}

static const char *address_of(const struct tcphs_event *ev, const uint8_t *address)
{
	static char text[INET6_ADDRSTRLEN];

	return inet_ntop(ev->id.family, address, text, sizeof(text));
}

static const char *end_of(const struct tcphs_event *ev, const uint8_t *address, uint16_t port)
{
	static const uint8_t none[16];
	static char text[128];
	char scope[32] = "";

	if (!port && !memcmp(address, none, 16))
		return "-";
	if (ev->id.family == AF_INET) {
		snprintf(text, sizeof(text), "%s:%u", address_of(ev, address), port);
		return text;
	}
	if (address[0] == 0xfe && address[1] == 0x80 && ev->ifindex)
		snprintf(scope, sizeof(scope), "%%%u", ev->ifindex);
	snprintf(text, sizeof(text), "[%s]%s:%u", address_of(ev, address), scope, port);
	return text;
}

static void add_numbers(const struct tcphs_event *ev)
{
	bool theirs = tcphs_event_from_peer(ev), own = !tcphs_event_of_another(ev);
	uint32_t isn[2] = { ev->id.isn, ev->id.peer_isn };
	bool known[2] = { own && ev->flags & TCPHS_F_ISN, own && ev->flags & TCPHS_F_PEER_ISN };

	if (ev->flags & TCPHS_F_SEQ)
		add(" seq %s%u", known[theirs] ? "" : "=", ev->seq - (known[theirs] ? isn[theirs] : 0));
	if (ev->flags & TCPHS_F_ACK)
		add(" ack %s%u", known[!theirs] ? "" : "=",
		    ev->ack - (known[!theirs] ? isn[!theirs] : 0));
}

static void add_duration(const struct tcphs_event *ev)
{
	static const uint64_t in_state =
		1ull << TCPHS_EV_FIN_SENT | 1ull << TCPHS_EV_FIN_RECEIVED |
		1ull << TCPHS_EV_RST_SENT | 1ull << TCPHS_EV_RST_RECEIVED |
		1ull << TCPHS_EV_ICMP_RECEIVED | 1ull << TCPHS_EV_TIME_WAIT;

	if (ev->type < 64 && in_state >> ev->type & 1)
		add(" %s in %s", duration(ev->duration), name_of(tcphs_state_name, ev->old_state));
	else
		add(" %s %s", ev->type == TCPHS_EV_ESTABLISHED ? "handshake" :
		    ev->type == TCPHS_EV_ACCEPTED ? "waited" :
		    ev->type == TCPHS_EV_CLOSED ? "lived" :
		    ev->type == TCPHS_EV_UNLISTEN ? "listened" : "after", duration(ev->duration));
}

static void add_retransmits(unsigned int n)
{
	if (n)
		add(" retransmits %u", n);
}

static void add_agreed(const struct tcphs_agreed *a)
{
	unsigned int i;

	add(" mss %u window %u", a->mss, a->window);
	for (i = 0; i < TCPHS_OPTION_BITS; i++) {
		if (!(a->options >> i & 1))
			continue;
		add(" %s", name_of(tcphs_option_name, i));
		if (1u << i == TCPHS_OPT_WSCALE)
			add(" %u,%u", a->snd_wscale, a->rcv_wscale);
	}
	add_retransmits(a->retransmits);
	if (a->syn_data)
		add(" SYN-data %s", bytes(a->syn_data));
	if (a->ack_data)
		add(" ACK-data %s", bytes(a->ack_data));
}

static void add_idle(const struct tcphs_idle *idle)
{
	uint64_t ns = idle->sent < idle->received ? idle->sent : idle->received;

	if (ns >= SEC)
		add(" idle for %s", duration(ns));
	if (idle->unacked)
		add(" unacked %s", bytes(idle->unacked));
	if (idle->unread)
		add(" unread %s", bytes(idle->unread));
}

static void add_detail(const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_QUEUE) {
		add(" synq %u/%u acceptq %u/%u", ev->queue.syn_queue, ev->queue.syn_limit,
		    ev->queue.accept_queue, ev->queue.accept_limit);
	} else if (ev->flags & TCPHS_F_AGREED) {
		add_agreed(&ev->agreed);
	} else if (ev->flags & TCPHS_F_LIFE) {
		add(" sent %s", bytes(ev->life.bytes_sent));
		add(" received %s", bytes(ev->life.bytes_received));
		add_retransmits(ev->life.retransmits);
		if (ev->life.srtt_us)
			add(" rtt %s", duration(ev->life.srtt_us * 1000ull));
		if (ev->life.segments)
			add(" segments %u", ev->life.segments);
		add(" closer %s", name_of(tcphs_closer_name, ev->life.closer));
	} else if (ev->flags & TCPHS_F_RESEND) {
		add(" number %u", ev->resend.number);
	} else if (ev->flags & TCPHS_F_HALF) {
		add(" half-close %s", bytes(ev->half.bytes));
	} else if (ev->flags & TCPHS_F_IDLE) {
		add_idle(&ev->idle);
	}
}

static void add_visible(const uint8_t *name)
{
	size_t i;

	for (i = 0; i < TCPHS_COMM_LEN && name[i]; i++)
		add("%c", name[i] >= ' ' && name[i] < 0x7f ? name[i] : '?');
}

static void add_details(const struct tcphs_event *ev)
{
	char icmp[TCPHS_ICMP_LEN];

	if (ev->reason)
		add(" %s", name_of(tcphs_reason_name, ev->reason));
	if (ev->flags & TCPHS_F_ICMP)
		add(" ICMP %s", tcphs_icmp_name(ev->id.family, ev->icmp_type, ev->icmp_code, icmp));
	add_numbers(ev);
	if (ev->flags & TCPHS_F_DURATION)
		add_duration(ev);
	add_detail(ev);
	if (ev->type == TCPHS_EV_SYN_SENT || ev->type == TCPHS_EV_SYN_RECEIVED ||
	    ev->type == TCPHS_EV_ESTABLISHED) {
		if (ev->flags & TCPHS_F_ISN)
			add(" isn %u", ev->id.isn);
		if (ev->flags & TCPHS_F_PEER_ISN)
			add(" peer-isn %u", ev->id.peer_isn);
	}
	if (ev->flags & TCPHS_F_OWNER) {
		add(" ");
		add_visible(ev->id.comm);
		add("[%u]", ev->id.pid);
		if (ev->id.thread[0]) {
			add(" thread ");
			add_visible(ev->id.thread);
		}
	}
	if (ev->id.generation)
		add(" generation %u", ev->id.generation);
	if (ev->flags & TCPHS_F_TIME_WAIT_AHEAD)
		add(" TIME-WAIT follows");
	if (ev->flags & TCPHS_F_ADOPTED)
		add(" adopted");
	if (ev->flags & TCPHS_F_RESTORED)
		add(" restored");
	if (ev->flags & TCPHS_F_UNTRACKED)
		add(" untracked");
}

static void conn_of(char *text, size_t size, const struct tcphs_event *ev)
{
	snprintf(text, size, ev->id.conn ? "%llx" : "-", ev->id.conn);
}

static void expect_text(const struct tcphs_event *ev)
{
	uint64_t real = ev->time + (uint64_t)clock_of.offset;
	time_t t = (time_t)(real / SEC);
	char conn[32], when[16];
	struct tm tm;

	want[0] = '\0';
	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	conn_of(conn, sizeof(conn), ev);
	add("%s.%06u %-*s ", when, (unsigned int)(real % SEC / 1000), (int)conn_width, conn);
	add("%-17s ", name_of(tcphs_event_name, ev->type));
	add("%-*s ", (int)end_width[0], end_of(ev, ev->id.local, ev->id.local_port));
	add("%-*s ", (int)end_width[1], end_of(ev, ev->id.peer, ev->id.peer_port));
	add("%s%-12s", ev->old_state != ev->new_state ? "\342\206\222 " : "  ",
	    name_of(tcphs_state_name, ev->new_state));
	add_details(ev);
	while (want[strlen(want) - 1] == ' ')
		want[strlen(want) - 1] = '\0';
	add("\n");
}

static void add_json_name(const char *key, const uint8_t *name)
{
	size_t i;

	add(",\"%s\":\"", key);
	for (i = 0; i < TCPHS_COMM_LEN && name[i]; i++) {
		if (name[i] == '"' || name[i] == '\\')
			add("\\%c", name[i]);
		else if (name[i] < ' ')
			add("\\u00%02x", name[i]);
		else
			add("%c", name[i]);
	}
	add("\"");
}

static void add_json_agreed(const struct tcphs_agreed *a)
{
	const char *comma = "";
	unsigned int i;

	add(",\"window\":%u,\"mss\":%u,\"options\":[", a->window, a->mss);
	for (i = 0; i < 16; i++) {
		if (!(a->options >> i & 1))
			continue;
		add("%s\"%s\"", comma, name_of(tcphs_option_name, i));
		comma = ",";
	}
	add("],\"snd_wscale\":%u,\"rcv_wscale\":%u,\"retransmits\":%u", a->snd_wscale,
	    a->rcv_wscale, a->retransmits);
	if (a->syn_data)
		add(",\"syn_data\":%u", a->syn_data);
	if (a->ack_data)
		add(",\"ack_data\":%u", a->ack_data);
}

static void add_json_detail(const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_QUEUE) {
		add(",\"listener\":\"%" PRIx64 "\"", (uint64_t)ev->queue.listener);
		add(",\"syn_queue\":%u,\"syn_limit\":%u,\"accept_queue\":%u,\"accept_limit\":%u",
		    ev->queue.syn_queue, ev->queue.syn_limit, ev->queue.accept_queue,
		    ev->queue.accept_limit);
	} else if (ev->flags & TCPHS_F_AGREED) {
		add_json_agreed(&ev->agreed);
	} else if (ev->flags & TCPHS_F_LIFE) {
		add(",\"bytes_sent\":%" PRIu64 ",\"bytes_received\":%" PRIu64,
		    (uint64_t)ev->life.bytes_sent, (uint64_t)ev->life.bytes_received);
		add(",\"handshake_us\":%u,\"retransmits\":%u", ev->life.handshake_us,
		    ev->life.retransmits);
		if (!(ev->flags & TCPHS_F_ADOPTED))
			add(",\"handshake_retransmits\":%u,\"closing_retransmits\":%u",
			    ev->life.handshake_retransmits, ev->life.closing_retransmits);
		if (ev->life.srtt_us)
			add(",\"srtt_us\":%u,\"min_rtt_us\":%u", ev->life.srtt_us,
			    ev->life.min_rtt_us);
		add(",\"closer\":\"%s\"", name_of(tcphs_closer_name, ev->life.closer));
		if (ev->life.segments)
			add(",\"close_segments\":%u", ev->life.segments);
	} else if (ev->flags & TCPHS_F_RESEND) {
		add(",\"resend\":%u", ev->resend.number);
	} else if (ev->flags & TCPHS_F_HALF) {
		add(",\"half_close_bytes\":%" PRIu64, (uint64_t)ev->half.bytes);
	} else if (ev->flags & TCPHS_F_IDLE) {
		add(",\"idle_sent_ns\":%" PRIu64 ",\"idle_received_ns\":%" PRIu64,
		    (uint64_t)ev->idle.sent, (uint64_t)ev->idle.received);
		add(",\"unacked\":%u,\"unread\":%u", ev->idle.unacked, ev->idle.unread);
	}
}

static void add_json_step(const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_MAPPED)
		add(",\"mapped\":true");
	if (ev->flags & TCPHS_F_ISN)
		add(",\"isn\":%u", ev->id.isn);
	if (ev->flags & TCPHS_F_PEER_ISN)
		add(",\"peer_isn\":%u", ev->id.peer_isn);
	if (ev->flags & TCPHS_F_SEQ)
		add(",\"seq\":%u", ev->seq);
	if (ev->flags & TCPHS_F_ACK)
		add(",\"ack\":%u", ev->ack);
	if (ev->reason)
		add(",\"reason\":\"%s\"", name_of(tcphs_reason_name, ev->reason));
	if (ev->flags & TCPHS_F_ICMP)
		add(",\"icmp_type\":%u,\"icmp_code\":%u", ev->icmp_type, ev->icmp_code);
	if (ev->flags & TCPHS_F_DURATION)
		add(",\"duration_ns\":%" PRIu64, (uint64_t)ev->duration);
	if (ev->ifindex)
		add(",\"ifindex\":%u", ev->ifindex);
	if (!(ev->flags & TCPHS_F_OWNER))
		return;
	add(",\"pid\":%u", ev->id.pid);
	if (ev->id.cgroup)
		add(",\"cgroup_id\":%" PRIu64, (uint64_t)ev->id.cgroup);
	add_json_name("comm", ev->id.comm);
	if (ev->id.thread[0])
		add_json_name("thread", ev->id.thread);
}

static void expect_json(const struct tcphs_event *ev)
{
	static const struct {
		uint32_t flag;
		const char *key;
	} flags[] = {
		{ TCPHS_F_ADOPTED, "adopted" }, { TCPHS_F_UNTRACKED, "untracked" },
		{ TCPHS_F_TIME_WAIT_AHEAD, "time_wait_ahead" }, { TCPHS_F_BUCKET, "bucket" },
		{ TCPHS_F_RESTORED, "restored" }, { TCPHS_F_GAP, "earlier_lost" },
	};
	uint64_t real = ev->time + (uint64_t)clock_of.offset;
	time_t t = (time_t)(real / SEC);
	char when[32];
	struct tm tm;
	size_t i;

	want[0] = '\0';
	gmtime_r(&t, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	add("{\"time\":%" PRIu64 ",\"at\":\"%s.%09" PRIu64 "Z\"", (uint64_t)ev->time, when, real % SEC);
	add(",\"cpu\":%u,\"number\":%" PRIu64, ev->cpu, (uint64_t)ev->number);
	add(",\"conn\":\"%" PRIx64 "\",\"generation\":%u,\"netns\":%u", (uint64_t)ev->id.conn,
	    ev->id.generation, ev->id.netns);
	add(",\"event\":\"%s\"", name_of(tcphs_event_name, ev->type));
	add(",\"old\":\"%s\"", name_of(tcphs_state_key, ev->old_state));
	add(",\"new\":\"%s\"", name_of(tcphs_state_key, ev->new_state));
	add(",\"local\":\"%s\",\"local_port\":%u", address_of(ev, ev->id.local), ev->id.local_port);
	add(",\"peer\":\"%s\",\"peer_port\":%u", address_of(ev, ev->id.peer), ev->id.peer_port);
	add(",\"family\":\"ipv%d\"", ev->id.family == AF_INET6 ? 6 : 4);
	add(",\"role\":\"%s\"", name_of(tcphs_role_name, ev->id.role));
	add_json_step(ev);
	add_json_detail(ev);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (ev->flags & flags[i].flag)
			add(",\"%s\":true", flags[i].key);
	add("}\n");
}

/* ---- the comparison ---------------------------------------------------------------- */

static bool as_wanted(struct tcphs_buf *got)
{
	bool equal = got->len == strlen(want) && !memcmp(got->data, want, got->len);

	if (!equal)
		printf("# want %s# got  %.*s", want, (int)got->len, got->data);
	got->len = 0;
	return equal;
}

static void measure(struct event_view *view, const struct tcphs_event *ev)
{
	const char *end[2];
	char conn[32];
	size_t i, len;

	event_view_measure(view, ev);
	conn_of(conn, sizeof(conn), ev);
	len = strlen(conn);
	conn_width = len > conn_width ? len : conn_width;
	for (i = 0; i < 2; i++) {
		end[i] = i ? end_of(ev, ev->id.peer, ev->id.peer_port) :
			     end_of(ev, ev->id.local, ev->id.local_port);
		len = strlen(end[i]);
		end_width[i] = len > end_width[i] ? len : end_width[i];
	}
}

int main(void)
{
	size_t i, text = 0, json = 0;
	struct event_view *view;
	struct tcphs_buf out;

	plan(2);
	setenv("TZ", "Europe/Berlin", 1);
	unsetenv("COLUMNS");
	srand(7);
	make_events();
	view = event_view_new(&cli, &clock_of, false);
	if (!view || tcphs_buf_init(&out, -1))
		return 1;
	for (i = 0; i < EVENTS; i++)
		measure(view, &event[i]);
	event_text_head(view, &out);
	for (i = 0; i < EVENTS && text == i; i++) {
		event_text(view, &out, &event[i]);
		expect_text(&event[i]);
		text += as_wanted(&out);
	}
	ok(text == EVENTS, "text is what printf makes of it");
	for (i = 0; i < EVENTS && json == i; i++) {
		event_json(&out, &event[i], clock_of.offset);
		expect_json(&event[i]);
		json += as_wanted(&out);
	}
	ok(json == EVENTS, "and so is JSON");
	event_view_free(view);
	tcphs_buf_free(&out);
	return tap_done();
}

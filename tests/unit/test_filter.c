/* SPDX-License-Identifier: GPL-2.0 */
/* Options become filters, wrong ones say what is allowed, and each filter decides. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "msg.h"
#include "tap.h"
#include "internal.h"

static struct tcphs_error err;

static bool parses(struct tcphs_filter *f, enum tcphs_filter_key key, const char *arg)
{
	return !tcphs_filter_parse(f, key, arg, &err);
}

/* A filter of one option. */
static struct tcphs_filter make(enum tcphs_filter_key key, const char *arg)
{
	struct tcphs_filter f = { 0 };

	if (!parses(&f, key, arg))
		abort();
	return f;
}

static bool wrong(enum tcphs_filter_key key, const char *arg, const char *words)
{
	struct tcphs_filter f = { 0 };

	return !parses(&f, key, arg) && err.code == TCPHS_ERR_USAGE && strstr(err.text, words) &&
	       !f.keys;
}

#define IS_WRONG(key, arg, words) wrong(TCPHS_FILTER_##key, arg, words)

static void set_address(uint8_t *to, uint8_t family, const char *text)
{
	memset(to, 0, 16);
	if (inet_pton(family, text, to) != 1)
		abort();
}

/* curl[4711] at 10.1.2.3:40001 talks with 192.0.2.7:443. */
static struct tcphs_event sample(void)
{
	struct tcphs_event ev = {
		.type = TCPHS_EV_FIN_SENT,
		.old_state = TCPHS_STATE_ESTABLISHED, .new_state = TCPHS_STATE_FIN_WAIT1,
		.flags = TCPHS_F_OWNER | TCPHS_F_DURATION, .duration = 61 * 1000000000ull,
		.id = { .conn = 0x1f, .local_port = 40001, .peer_port = 443, .netns = 4026531840u,
			.role = TCPHS_ROLE_ACTIVE, .family = AF_INET, .pid = 4711,
			.comm = "curl" },
	};

	set_address(ev.id.local, AF_INET, "10.1.2.3");
	set_address(ev.id.peer, AF_INET, "192.0.2.7");
	return ev;
}

static bool passes(enum tcphs_filter_key key, const char *arg)
{
	const struct tcphs_filter f = make(key, arg);
	const struct tcphs_event ev = sample();

	return tcphs_filter_event(&f, &ev);
}

#define PASSES(key, arg) passes(TCPHS_FILTER_##key, arg)

static bool passes6(const char *arg, const char *local)
{
	const struct tcphs_filter f = make(TCPHS_FILTER_ADDRESS, arg);
	struct tcphs_event ev = sample();

	ev.id.family = AF_INET6;
	set_address(ev.id.local, AF_INET6, local);
	set_address(ev.id.peer, AF_INET6, "2001:db8::1");
	return tcphs_filter_event(&f, &ev);
}

static void test_events(void)
{
	ok(PASSES(PORT, "443") && PASSES(PORT, "40001"), "a port of either end");
	ok(!PASSES(PORT, "44") && !PASSES(PORT, "4430"), "and no other");
	ok(PASSES(PORT, "1,443,65535"), "one of a list is enough");
	ok(PASSES(LOCAL_PORT, "40001") && !PASSES(LOCAL_PORT, "443"), "a port of this end");
	ok(PASSES(PEER_PORT, "443") && !PASSES(PEER_PORT, "40001"), "a port of the other end");
	ok(PASSES(ADDRESS, "10.1.2.3") && PASSES(ADDRESS, "192.0.2.7"), "an address of either end");
	ok(!PASSES(ADDRESS, "10.1.2.4"), "and no other");
	ok(PASSES(ADDRESS, "10.0.0.0/8") && PASSES(ADDRESS, "10.1.2.2/31"), "a prefix");
	ok(!PASSES(ADDRESS, "10.1.2.4/31") && !PASSES(ADDRESS, "11.0.0.0/8"), "ends where it says");
	ok(PASSES(ADDRESS, "10.99.99.99/8"), "bits after a prefix do not count");
	ok(PASSES(ADDRESS, "0.0.0.0/0") && !PASSES(ADDRESS, "::/0"), "/0 is all of its family");
	ok(PASSES(ADDRESS, "::ffff:10.1.2.3") && PASSES(ADDRESS, "::ffff:10.0.0.0/104"),
	   "a mapped address is an IPv4 one");
	ok(passes6("fe80::/10", "febf::1") && !passes6("fe80::/10", "fec0::1"), "an IPv6 prefix");
	ok(passes6("2001:db8::1", "::1") && !passes6("2001:db8::2", "::1"), "an IPv6 address");
	ok(!passes6("0.0.0.0/0", "::1"), "an IPv6 address is in no IPv4 prefix");
	ok(PASSES(STATE, "established") && PASSES(STATE, "fin-wait-1"), "the old or the new state");
	ok(!PASSES(STATE, "fin-wait-2,time-wait") && PASSES(STATE, "connected"), "a group of ss");
	ok(PASSES(EVENT, "closed,fin-sent") && !PASSES(EVENT, "closed"), "an event");
	ok(PASSES(ROLE, "active") && !PASSES(ROLE, "passive,unknown"), "a role");
	ok(PASSES(PID, "1,4711") && !PASSES(PID, "471"), "a process");
	ok(PASSES(COMM, "nginx,curl") && !PASSES(COMM, "cur") && !PASSES(COMM, "curly"), "a name");
	ok(PASSES(CONN, "1,sk:1f") && !PASSES(CONN, "1f0,f"), "a connection");
	ok(PASSES(NETNS, "4026531840") && !PASSES(NETNS, "4026531841"), "a network namespace");
	ok(PASSES(OLDER_THAN, "60s") && PASSES(OLDER_THAN, "61000ms") &&
	   !PASSES(OLDER_THAN, "2m"), "a duration");
}

static void test_unknown(void)
{
	struct tcphs_filter pid = make(TCPHS_FILTER_PID, "4711");
	struct tcphs_filter comm = make(TCPHS_FILTER_COMM, "curl");
	struct tcphs_filter age = make(TCPHS_FILTER_OLDER_THAN, "0s");
	struct tcphs_filter types = make(TCPHS_FILTER_EVENT, "closed"), none = { 0 };
	struct tcphs_event ev = sample();

	ev.flags = 0;
	ok(!tcphs_filter_event(&pid, &ev) && !tcphs_filter_event(&comm, &ev),
	   "an owner that is not known is nobody");
	ok(!tcphs_filter_event(&age, &ev), "a duration that is not known is none");
	ok(tcphs_filter_event(&none, &ev), "without a filter everything passes");
	ev.type = 255;
	ev.old_state = 255;
	ev.id.role = 255;
	ok(!tcphs_filter_event(&types, &ev) && !tcphs_event_failed(&ev),
	   "a type beyond all masks passes none");
	memset(ev.id.comm, 'x', sizeof(ev.id.comm));
	ev.flags = TCPHS_F_OWNER;
	ok(!tcphs_filter_event(&comm, &ev), "a name without an end is read no further");
}

static void test_long_name(void)
{
	struct tcphs_filter f = make(TCPHS_FILTER_COMM, "systemd-resolved");
	struct tcphs_event ev = sample();

	memcpy(ev.id.comm, "systemd-resolve", 16);
	ok(tcphs_filter_event(&f, &ev), "a long name is cut where the kernel cuts it");
}

static bool is_failure(uint8_t type, uint8_t reason)
{
	struct tcphs_event ev = { .type = type, .reason = reason };
	struct tcphs_filter f = make(TCPHS_FILTER_FAILED, NULL);

	return tcphs_filter_event(&f, &ev);
}

static void test_failures(void)
{
	ok(is_failure(TCPHS_EV_SYN_DROPPED, TCPHS_REASON_ACCEPT_QUEUE_FULL) &&
	   is_failure(TCPHS_EV_REQUEST_EXPIRED, 0) && is_failure(TCPHS_EV_REQUEST_RESET, 0) &&
	   is_failure(TCPHS_EV_ACCEPT_OVERFLOW, 0) &&
	   is_failure(TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED) &&
	   is_failure(TCPHS_EV_RST_SENT, 0) && is_failure(TCPHS_EV_RST_RECEIVED, 0),
	   "drops, resets and handshakes that came to nothing are failures");
	ok(is_failure(TCPHS_EV_CLOSED, TCPHS_REASON_TIMEOUT) &&
	   is_failure(TCPHS_EV_CLOSED, TCPHS_REASON_RESET_RECEIVED), "so is a life cut short");
	ok(!is_failure(TCPHS_EV_CLOSED, 0) &&
	   !is_failure(TCPHS_EV_CLOSED, TCPHS_REASON_TIME_WAIT_FULL) &&
	   !is_failure(TCPHS_EV_TIME_WAIT_END, TCPHS_REASON_EXPIRED) &&
	   !is_failure(TCPHS_EV_ACCEPT_QUEUED, TCPHS_REASON_SYNCOOKIE) &&
	   !is_failure(TCPHS_EV_ESTABLISHED, 0), "a life that went well is none");
}

static void test_together(void)
{
	struct tcphs_filter f = make(TCPHS_FILTER_PORT, "80");
	struct tcphs_event ev = sample();

	ok(!tcphs_filter_event(&f, &ev), "not this port");
	parses(&f, TCPHS_FILTER_PORT, "443");
	ok(tcphs_filter_event(&f, &ev), "the same option again adds to its list");
	parses(&f, TCPHS_FILTER_COMM, "curl");
	ok(tcphs_filter_event(&f, &ev), "two options that both match");
	parses(&f, TCPHS_FILTER_ROLE, "passive");
	ok(!tcphs_filter_event(&f, &ev), "all options must match");
	f.keys &= TCPHS_FILTERS_LIFE;
	ok(tcphs_filter_event(&f, &ev), "a key that was taken away does not count");
}

static void test_types(void)
{
	struct tcphs_filter f = { 0 };

	equal(tcphs_filter_event_types(&f), UINT64_MAX, "without a filter any type can pass");
	parses(&f, TCPHS_FILTER_EVENT, "closed,listen,rst-sent");
	equal(tcphs_filter_event_types(&f), 1ull << TCPHS_EV_CLOSED | 1ull << TCPHS_EV_LISTEN |
	      1ull << TCPHS_EV_RST_SENT, "with --event only those");
	parses(&f, TCPHS_FILTER_FAILED, NULL);
	equal(tcphs_filter_event_types(&f), 1ull << TCPHS_EV_CLOSED | 1ull << TCPHS_EV_RST_SENT,
	      "with --failed those that can be failures");
}

static void test_rows(void)
{
	struct tcphs_conn_info c = { .local_port = 443, .peer_port = 40001, .family = AF_INET,
				     .state = TCPHS_STATE_CLOSE_WAIT, .age = 3600000000000ull,
				     .role = TCPHS_ROLE_PASSIVE, .ifindex = 1,
				     .owner = { true, 7, "nginx", "worker-3" } };
	struct tcphs_listener l = { .port = 443, .family = AF_INET, .device = "v0",
				    .l3mdev = "red", .ifindex = 4711,
				    .owner = { true, 7, "nginx", "" },
				    .listens = { true, 6, "launcher", "" } };
	struct tcphs_filter port = make(TCPHS_FILTER_LOCAL_PORT, "443");
	struct tcphs_filter state = make(TCPHS_FILTER_STATE, "close-wait");
	struct tcphs_filter other = make(TCPHS_FILTER_STATE, "time-wait");
	struct tcphs_filter age = make(TCPHS_FILTER_OLDER_THAN, "1h");
	struct tcphs_filter comm = make(TCPHS_FILTER_COMM, "nginx");
	struct tcphs_filter thread = make(TCPHS_FILTER_COMM, "worker-3");
	struct tcphs_filter launcher = make(TCPHS_FILTER_COMM, "launcher");
	struct tcphs_filter device = make(TCPHS_FILTER_DEVICE, "lo,v0");
	struct tcphs_filter vrf = make(TCPHS_FILTER_DEVICE, "red");
	struct tcphs_filter elsewhere = make(TCPHS_FILTER_DEVICE, "v1");
	struct tcphs_filter number = make(TCPHS_FILTER_DEVICE, "4711,1");

	c.netns = device.home;
	ok(tcphs_filter_conn(&thread, &c) && !tcphs_filter_conn(&launcher, &c),
	   "a connection by the name of its thread");
	ok(tcphs_filter_listener(&comm, &l) && tcphs_filter_listener(&launcher, &l) &&
	   !tcphs_filter_listener(&thread, &l), "a listener by who accepts and by who listened");
	ok(tcphs_filter_listener(&device, &l) && tcphs_filter_listener(&vrf, &l) &&
	   !tcphs_filter_listener(&elsewhere, &l), "a listener by its device and by its VRF");
	ok(tcphs_filter_conn(&device, &c) && !tcphs_filter_conn(&elsewhere, &c),
	   "a connection by its device: lo is number 1 everywhere");
	ok(tcphs_filter_conn(&number, &c) && tcphs_filter_listener(&number, &l),
	   "both by its number");
	c.netns++;
	ok(!tcphs_filter_conn(&device, &c) && tcphs_filter_conn(&number, &c),
	   "a name is of this namespace, a number of any");
	ok(tcphs_filter_names_device(&device) && !tcphs_filter_names_device(&number),
	   "which of them a recording knows");
	set_address(c.local, AF_INET, "10.1.2.3");
	ok(tcphs_filter_conn(&port, &c) && tcphs_filter_conn(&state, &c) &&
	   tcphs_filter_conn(&comm, &c), "a connection that matches");
	ok(!tcphs_filter_conn(&other, &c), "a connection in another state");
	ok(tcphs_filter_conn(&age, &c), "a connection exactly so old");
	c.age--;
	ok(!tcphs_filter_conn(&age, &c), "a connection a nanosecond younger");
	ok(tcphs_filter_listener(&port, &l) && tcphs_filter_listener(&comm, &l),
	   "a listener that matches");
	ok(!tcphs_filter_listener(&age, &l), "a listener whose age is not known");
	l.has_age = true;
	l.age = UINT64_MAX;
	ok(tcphs_filter_listener(&age, &l), "a listener that is old enough");
	l.port = 80;
	ok(!tcphs_filter_listener(&port, &l), "a listener on another port");
}

static void test_wrong(void)
{
	char list[200] = "1";
	struct tcphs_filter f = { 0 };
	struct stat st;
	int i;

	ok(IS_WRONG(PORT, "80-", "'80-' is wrong; allowed are numbers from 1 to 65535") &&
	   IS_WRONG(PORT, "no-such-service", "names of services") &&
	   IS_WRONG(PORT, "81-80", "ranges (8000-8010)") && IS_WRONG(PORT, "0-80", "ranges"),
	   "a wrong port is named, and what is allowed");
	ok(IS_WRONG(PORT, "0", "1 to 65535") && IS_WRONG(PORT, "65536", "1 to 65535") &&
	   IS_WRONG(PORT, "-1", "1 to 65535") && IS_WRONG(PORT, "", "1 to 65535") &&
	   IS_WRONG(PORT, "80,", "1 to 65535") && IS_WRONG(PORT, " 80", "1 to 65535") &&
	   IS_WRONG(PORT, "18446744073709551696", "1 to 65535"), "no port at all");
	ok(IS_WRONG(ADDRESS, "10.0.0.0/33", "allowed are addresses") &&
	   IS_WRONG(ADDRESS, "::/129", "allowed") && IS_WRONG(ADDRESS, "10.1", "allowed") &&
	   IS_WRONG(ADDRESS, "10.0.0.0/", "allowed") && IS_WRONG(ADDRESS, "/8", "allowed") &&
	   IS_WRONG(ADDRESS, "localhost", "allowed") && IS_WRONG(ADDRESS, "", "allowed"),
	   "no address at all");
	ok(IS_WRONG(STATE, "open", "'open' is no state; allowed are: established") &&
	   IS_WRONG(STATE, "establish", "'establish' is no state; did you mean established?"),
	   "a wrong state");
	ok(IS_WRONG(EVENT, "x", "'x' is no event; allowed are: syn-sent") &&
	   strstr(err.text, " ack-deferred"), "a wrong event, and every event is named");
	ok(IS_WRONG(ROLE, "peer", "'peer' is no role; allowed are: unknown active passive"),
	   "a wrong role");
	ok(IS_WRONG(PID, "init", "numbers of processes") && IS_WRONG(PID, "0", "numbers") &&
	   IS_WRONG(PID, "4294967297", "numbers"), "a wrong process");
	ok(IS_WRONG(COMM, "", "names of processes") && IS_WRONG(COMM, "a,,b", "names"), "no name");
	ok(IS_WRONG(NETNS, "no-such-namespace", "allowed are names of ip-netns(8)") &&
	   IS_WRONG(NETNS, "", "allowed"), "a wrong namespace");
	ok(IS_WRONG(NETNS, "/etc/services", "files like") && IS_WRONG(NETNS, "/tmp", "files like") &&
	   IS_WRONG(NETNS, "/proc/self/ns/uts", "files like"), "files that are something else");
	ok(IS_WRONG(OLDER_THAN, "60y", "a number of seconds, or one with") &&
	   IS_WRONG(OLDER_THAN, "s", "a number") && IS_WRONG(OLDER_THAN, "1.h", "a number") &&
	   IS_WRONG(OLDER_THAN, "1.5.2s", "a number") && IS_WRONG(OLDER_THAN, ".", "a number") &&
	   IS_WRONG(OLDER_THAN, "60 s", "a number") && IS_WRONG(OLDER_THAN, "-1s", "a number") &&
	   IS_WRONG(OLDER_THAN, "213504d", "a number") &&
	   IS_WRONG(OLDER_THAN, "111111111111111111111111111s", "a number"), "a wrong age");
	for (i = 2; i <= TCPHS_FILTER_LIST; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), ",%d", i);
	ok(parses(&f, TCPHS_FILTER_PORT, list), "as many as there is room for");
	ok(!parses(&f, TCPHS_FILTER_PORT, "17") && strstr(err.text, "16 at most"),
	   "one more is told so");
	ok(!stat("/proc/self/ns/net", &st) &&
	   parses(&f, TCPHS_FILTER_NETNS, "/proc/self/ns/net") && f.netns.v[0] == st.st_ino,
	   "a file of a namespace is its inode");
}

static void test_long_unit(void)
{
	char unit[TCPHS_UNIT_LEN + 1] = "";
	struct tcphs_filter f = { 0 };
	struct tcphs_error err;

	memset(unit, 'u', TCPHS_UNIT_LEN - 1);
	memcpy(unit + TCPHS_UNIT_LEN - 9, ".service", 8);
	ok(parses(&f, TCPHS_FILTER_UNIT, unit) && !strcmp(f.unit[0], unit),
	   "the name of a unit may be as long as systemd lets it be");
	unit[TCPHS_UNIT_LEN - 1] = 'u';
	ok(tcphs_filter_parse(&f, TCPHS_FILTER_UNIT, unit, &err), "and no longer");
}

static void test_durations(void)
{
	uint64_t ns;

	ok(!tcphs_duration_parse("150ms", &ns) && ns == 150000000ull, "150ms");
	ok(!tcphs_duration_parse("1d", &ns) && ns == 86400000000000ull, "1d");
	ok(!tcphs_duration_parse("213503d", &ns) && tcphs_duration_parse("213504d", &ns),
	   "584 years and no longer");
	ok(!tcphs_duration_parse("60", &ns) && ns == 60000000000ull, "seconds where no unit is");
	ok(!tcphs_duration_parse("1.5s", &ns) && ns == 1500000000ull &&
	   !tcphs_duration_parse("0.25", &ns) && ns == 250000000ull &&
	   !tcphs_duration_parse("1.5h", &ns) && ns == 5400000000000ull &&
	   !tcphs_duration_parse("0.0000015us", &ns) && !ns, "fractions of each unit");
	ok(tcphs_duration_parse("213503.99d", &ns), "nor with a fraction");
}

static void test_spellings(void)
{
	struct tcphs_filter f = { 0 };

	ok(parses(&f, TCPHS_FILTER_PORT, "8000-8010,https") && f.port.nr == 2 &&
	   f.port.v[0].first == 8000 && f.port.v[0].last == 8010 && f.port.v[1].first == 443 &&
	   f.port.v[1].last == 443, "a range of ports, and the name of a service");
	ok(parses(&f, TCPHS_FILTER_ADDRESS, "[::1],[2001:db8::]/32") && f.nr_addresses == 2 &&
	   f.address[0].length == 128 && f.address[1].length == 32, "addresses in brackets");
	ok(parses(&f, TCPHS_FILTER_ROLE, "client") && f.roles == 1u << TCPHS_ROLE_ACTIVE &&
	   parses(&f, TCPHS_FILTER_ROLE, "Server") && f.roles & 1u << TCPHS_ROLE_PASSIVE,
	   "client and server");
	ok(parses(&f, TCPHS_FILTER_EVENT, "SYN_SENT") && f.events == 1ull << TCPHS_EV_SYN_SENT,
	   "an event in upper case, with an underscore");
	ok(parses(&f, TCPHS_FILTER_COMM,
		  "a-name-of-a-hundred-letters-and-more-a-name-of-a-hundred-letters-and-more-"
		  "a-name-of-a-hundred-letters-and-more-a-name-of-a-hundred-letters-and-more,b") &&
	   f.nr_comms == 2 && !strcmp(f.comm[0], "a-name-of-a-hun"), "of a long name the beginning");
}

/* What a reader with a filter holds: losses are told all the same. */
static unsigned int records, lost;

static void on_record(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	records += ev->id.local_port == 7;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	(void)arg;
	(void)cpu;
	lost += count;
}

static void add(struct tcphs_events *evs, uint64_t lost_before, unsigned int nr, uint16_t port)
{
	struct tcphs_event ev = { .time = 1000, .id.local_port = 8 };
	struct tcphs_batch batch;
	static struct msg m;

	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_EVENT_GET);
	msg_u32(&m, TCPHS_A_EVENT_CPU, 0);
	msg_u64(&m, TCPHS_A_EVENT_LOST, lost_before);
	for (; nr; nr--) {
		msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
		ev.id.local_port = port;
	}
	msg_u64(&m, TCPHS_A_EVENT_NEXT, 100);
	if (tcphs_decode_batch(m.data, m.len, &batch) || tcphs_events_add(evs, &batch))
		abort();
}

static void test_reader(void)
{
	static const struct tcphs_events_ops ops = { .record = on_record, .lost = on_lost };
	struct tcphs_filter f = make(TCPHS_FILTER_PORT, "7");
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, &f);

	add(evs, 3, 5, 9);
	equal(tcphs_events_held(evs), 0, "what a filter stops is not held");
	tcphs_events_emit_all(evs, &ops, NULL);
	equal(lost, 3, "what was lost before it is told");
	add(evs, 5, 4, 7);
	equal(tcphs_events_held(evs), 3, "of a message, what passes is held");
	tcphs_events_keep_last(evs, 2);
	tcphs_events_emit_all(evs, &ops, NULL);
	equal(records, 2, "the last two are the last two that pass");
	tcphs_events_free(evs);
}

/* Of a recording of three days: the first such night in it. */
static void test_times(void)
{
	const int64_t hour = 3600 * 1000000000ll;
	struct tcphs_span span = { 4 * 24 * hour, 7 * 24 * hour };
	struct tcphs_filter f = make(TCPHS_FILTER_SINCE, "22:00");

	setenv("TZ", "UTC", 1);
	if (!parses(&f, TCPHS_FILTER_UNTIL, "02:00"))
		abort();
	ok(!tcphs_filter_clock(&f, 0, 0, &span, &err) &&
	   f.since_ns == 118 * (uint64_t)hour && f.until_ns == 122 * (uint64_t)hour,
	   "from ten to two is over midnight");
	span.end = 119 * hour;
	if (!parses(&f, TCPHS_FILTER_UNTIL, "21:00"))
		abort();
	ok(tcphs_filter_clock(&f, 0, 0, &span, &err), "and not a day less an hour");
}

/* ---- which filter it is ------------------------------------------------------------ */

static uint32_t hash(enum tcphs_filter_key key, const char *arg)
{
	struct tcphs_filter f = make(key, arg);

	return tcphs_filter_hash(&f);
}

#define HASH(key, arg) hash(TCPHS_FILTER_##key, arg)

/* All of these, each with one value and with another. */
static const struct {
	enum tcphs_filter_key key;
	const char *one, *other;
} two_of_each[] = {
	{ TCPHS_FILTER_PORT, "80", "443" },
	{ TCPHS_FILTER_PORT, "80-81", "80,81" },
	{ TCPHS_FILTER_LOCAL_PORT, "80", "443" },
	{ TCPHS_FILTER_PEER_PORT, "80", "443" },
	{ TCPHS_FILTER_ADDRESS, "10.0.0.0/8", "10.0.0.0/9" },
	{ TCPHS_FILTER_ADDRESS, "fe80::1%7", "fe80::1%8" },
	{ TCPHS_FILTER_STATE, "established", "listen" },
	{ TCPHS_FILTER_EVENT, "closed", "fin-sent" },
	{ TCPHS_FILTER_ROLE, "active", "passive" },
	{ TCPHS_FILTER_PID, "1", "2" },
	{ TCPHS_FILTER_COMM, "curl", "nginx" },
	{ TCPHS_FILTER_DEVICE, "4711", "4712" },
	{ TCPHS_FILTER_DEVICE, "lo", "none" },
	{ TCPHS_FILTER_NETNS, "1", "2" },
	{ TCPHS_FILTER_OLDER_THAN, "1s", "2s" },
	{ TCPHS_FILTER_CONN, "1f", "20" },
	{ TCPHS_FILTER_SINCE, "5m", "6m" },
	{ TCPHS_FILTER_SINCE, "5m", "00:05" },
	{ TCPHS_FILTER_UNTIL, "2026-11-28", "2026-11-29" },
	{ TCPHS_FILTER_UNIT, "nginx", "ssh" },
	{ TCPHS_FILTER_CONTAINER, "web", "db" },
};

static void test_hash(void)
{
	uint32_t hashes[2 * sizeof(two_of_each) / sizeof(two_of_each[0])];
	struct tcphs_filter none = { 0 }, f = { 0 }, other = { 0 };
	size_t i, k, nr = 0, same_as = 0, unsaid = 0;

	for (i = 0; i < sizeof(two_of_each) / sizeof(two_of_each[0]); i++) {
		hashes[nr++] = hash(two_of_each[i].key, two_of_each[i].one);
		hashes[nr++] = hash(two_of_each[i].key, two_of_each[i].other);
	}
	/* --since 5m is there twice; 1 is what older recorders wrote of any. */
	for (i = 0; i < nr; i++) {
		unsaid += hashes[i] <= TCPHS_FILTER_UNSAID;
		for (k = 0; k < i; k++)
			same_as += hashes[i] == hashes[k];
	}
	equal(same_as, 1, "filters of other keys or values are others");
	equal(unsaid, 0, "and none is as none at all, or as one that nobody knows");
	equal(tcphs_filter_hash(&none), 0, "which is 0");
	ok(HASH(PORT, "80,443") == HASH(PORT, "443,80") && HASH(COMM, "a,b") == HASH(COMM, "b,a") &&
	   HASH(ADDRESS, "::1,10.0.0.0/8") == HASH(ADDRESS, "10.9.9.9/8,::1"),
	   "the order of a list makes no other filter");
	parses(&f, TCPHS_FILTER_PORT, "80");
	parses(&f, TCPHS_FILTER_FAILED, NULL);
	parses(&other, TCPHS_FILTER_FAILED, NULL);
	parses(&other, TCPHS_FILTER_PORT, "80");
	f.since_ns = 7;
	ok(tcphs_filter_hash(&f) == tcphs_filter_hash(&other), "nor does that of the keys");
	ok(tcphs_filter_hash(&f) != HASH(PORT, "80"), "a key more does");
}

int main(void)
{
	plan(95);
	test_hash();
	test_events();
	test_unknown();
	test_long_name();
	test_long_unit();
	test_failures();
	test_together();
	test_types();
	test_rows();
	test_wrong();
	test_durations();
	test_spellings();
	test_reader();
	test_times();
	return tap_done();
}

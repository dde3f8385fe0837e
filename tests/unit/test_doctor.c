/* SPDX-License-Identifier: GPL-2.0 */
/* What the doctor adds up, and where each of its alarms begins. */
#include <unistd.h>

#include "belonging.h"
#include "files.h"
#include "made.h"
#include "words.h"

/* ---- the parts --------------------------------------------------------------------- */

static void test_tally(void)
{
	struct thing { uint64_t key; uint64_t n; } *t;
	struct tally tally = TALLY_INIT(struct thing, key);
	bool good = true;
	uint64_t key;

	for (key = 0; key < 1009; key++) {
		t = tally_get(&tally, &key);
		good &= t && !t->n;
		t->n = key * 3;
	}
	for (key = 0; key < 1009; key++) {
		t = tally_get(&tally, &key);
		good &= t && t->n == key * 3 && t == tally_at(&tally, (size_t)key);
	}
	ok(good, "every entry is found again, in the order of their coming");
	equal(tally.nr, 1009, "once");
	ok(!tally_find(&tally, &key), "what is not there is not found");
	tally_free(&tally);
	ok(!tally_find(&tally, &key), "nor anything in an empty one");
}

static void add_up(void *into, const void *entry)
{
	((uint64_t *)into)[1] += ((const uint64_t *)entry)[1];
}

/* Memory is bounded, what matters stays, and no sum is lost. */
static void test_tally_limit(void)
{
	struct thing { uint64_t key; uint64_t n; } *t;
	struct tally tally = TALLY_INIT(struct thing, key, .limit = 64, .merge = add_up);
	const struct thing *others;
	uint64_t key, sum = 0, heavy = 5, kept = 3;
	size_t i;

	tally_keep(&tally, tally_get(&tally, &kept));
	for (key = 100; key < 1000100; key++) {
		t = tally_get(&tally, &key);
		t->n++;
		if (key % 20)
			continue;
		t = tally_get(&tally, &heavy);
		t->n++;
	}
	ok(tally.nr <= 64 && tally.cap <= 64, "a million keys take no more than the limit");
	t = tally_find(&tally, &heavy);
	equal(t ? t->n : 0, 50000, "one that comes again and again is counted whole");
	ok(tally_find(&tally, &kept), "one that is to be kept is kept");
	others = tally_others(&tally);
	tally_each(&tally, t, i)
		sum += t->n;
	equal(sum + others->n, 1050000, "the others are summed up");
	equal(tally.gone + tally.nr, 1000002, "and counted");
	tally_free(&tally);
	ok(!tally_others(&tally), "an empty one has no others");
}

static void test_counters(void)
{
	char before_[] = "Tcp: RtoMin InErrs\nTcp: 200 5\nIp: A B\nUdp: 1 2\n";
	char now_[] = "Tcp: RtoMin InErrs New\nTcp: 200 12 3\n";
	struct counters c;

	counters_init(&c);
	counters_parse(&c, before_, false);
	equal(counters_grown(&c, "TcpInErrs"), 0, "with one look at counters nothing grew");
	counters_parse(&c, now_, true);
	equal(counters_grown(&c, "TcpInErrs"), 7, "a counter grew");
	equal(counters_grown(&c, "TcpRtoMin"), 0, "another did not");
	equal(counters_grown(&c, "IpA"), 0, "lines that are no pair are left out");
	equal(counters_grown(&c, "TcpNone"), 0, "what is not there did not grow");
	counters_free(&c);
}

static void test_here(void)
{
	struct place peer = { .address = { 10, 0, 0, 2 }, .family = AF_INET };
	struct place us = { .address = { 10, 0, 0, 1 }, .family = AF_INET };
	struct place lo = { .address = { 127, 9, 9, 9 }, .family = AF_INET };

	fresh();
	client(1, TCPHS_EV_SYN_SENT, 0);
	ok(!evidence_is_here(&e, &peer), "a peer is elsewhere");
	ok(evidence_is_here(&e, &us), "a recording shows what is here");
	ok(evidence_is_here(&e, &lo), "127.0.0.0/8 is");
	us.netns = 3;
	ok(!evidence_is_here(&e, &us), "in another namespace it is not");
}

/* Many peers, each with little to tell. */
static void test_crowd(void)
{
	struct tcphs_event ev = event(TCPHS_EV_SYN_SENT, TCPHS_ROLE_ACTIVE, TCPHS_STATE_CLOSE, 0);
	const struct destination *d, *others;
	uint64_t connects = 0;
	uint32_t i;
	size_t n;

	fresh();
	for (i = 0; i < 1000003; i++) {
		memcpy(ev.id.peer, &i, sizeof(i));
		evidence_event(&e, &ev);
	}
	ok(e.destinations.nr <= 16384, "a million peers are told apart as far as there is room");
	tally_each(&e.destinations, d, n)
		connects += d->connects;
	others = tally_others(&e.destinations);
	equal(connects + others->connects, 1000003, "the others are summed up");
	ev = event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_ESTABLISHED, 0);
	fresh();
	ev.id.peer[0] = 11;
	for (i = 0; i < 300007; i++) {
		memcpy(ev.id.peer + 1, &i, 3);
		evidence_event(&e, &ev);
	}
	equal(e.destinations.nr, 0, "resets of one server are no destinations");
	same(judge(), "warning reset-by-peer 300007", "but one finding");
}

static void test_settings(void)
{
	static struct settings s;

	ok(settings_parse_range(&s, "32768\t60999\n"), "a range of ports is read");
	ok(!settings_parse_range(&s, "60999 32768\n"), "not one that is upside down");
	ok(!settings_parse_range(&s, "1024\n"), "nor half of one");
	ok(!settings_parse_range(&s, "1024 65536\n"), "nor one that is too large");
	s.ports_known = true;
	equal(settings_ephemeral(&s), 28232, "ports are counted");
	ok(settings_parse_reserved(&s, "40000-40002,65535,32768\n"), "reserved ports are read");
	equal(settings_ephemeral(&s), 28228, "and left out");
	ok(!settings_is_ephemeral(&s, 40001) && settings_is_ephemeral(&s, 40003), "the right ones");
	ok(settings_parse_reserved(&s, "\n"), "none is a list too");
	ok(!settings_parse_reserved(&s, "http"), "words are not");
	ok(!settings_parse_reserved(&s, "5-70000"), "nor what is no port");
	ok(settings_parse_sockstat(&s, "sockets: used 9\nTCP: inuse 5 orphan 17 tw 1 alloc 2 mem 1\n"
				   "UDP: inuse 1 mem 0\n") && s.orphans == 17, "orphans are read");
	ok(!settings_parse_sockstat(&s, "TCP: inuse 5 tw 1 mem 1\nX: orphan 17\n"), "from no other line");
	ok(settings_parse_memory(&s, "100 200\t300\n") && s.memory_pressure == 200 &&
	   s.memory_most == 300, "memory is read");
	ok(!settings_parse_memory(&s, "100 200\n"), "not two thirds of it");
	settings_read(&s);
	ok(s.ports_known && s.known[SETTING_SOMAXCONN] && s.value[SETTING_SOMAXCONN],
	   "this machine has settings");
}

static void test_files(void)
{
	uint64_t open, most;

	ok(files_parse_limits("Limit  Soft Limit  Hard Limit  Units\n"
			      "Max open files            1024                 4096                 files\n",
			      &most) && most == 1024, "the soft limit of open files");
	ok(!files_parse_limits("Max cpu time  1  2  s\n", &most), "not of other things");
	ok(files_read((uint32_t)getpid(), "test_doctor", &open, &most) && open >= 3 && open < most,
	   "this process has some");
	ok(!files_read((uint32_t)getpid(), "nginx", &open, &most), "one of another name is another");
	ok(!files_read(0, "test_doctor", &open, &most), "one that is not there has none");
}

static void test_order(void)
{
	unsigned int i, looked = 0;

	fresh();
	times(5, event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_ESTABLISHED, 0));
	evidence_lost(&e, 3);
	client(3, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT);
	overflow(3);
	same(judge(), "critical accept-queue-overflow 3, critical connect-timeout 3, "
	     "warning reset-by-peer 5, warning records-lost 3", "the most urgent comes first");
	equal(report_exit(report_worst(&r)), 20, "and makes the exit status");
	equal(report_exit(SEVERITY_WARNING), 10, "a warning has one of its own");
	for (i = 0; i < NR_RULES; i++)
		looked += r.check[i].looked == !rules[i].needs && *r.check[i].saw;
	equal(looked, NR_RULES, "what a recording cannot tell is not looked at, and that is said");

	tables();
	before();
	e.data_known = true;
	after();
	same(judge(), "", "a quiet machine is healthy");
	for (looked = 0, i = 0; i < NR_RULES; i++)
		looked += r.check[i].looked && *r.check[i].saw;
	equal(looked, NR_RULES, "and everything was looked at");
}

/* At listener @queue, or of connection @conn; @cgroup 0: nobody owns it yet. */
static struct tcphs_event owned(uint8_t type, uint64_t queue, uint64_t conn, uint64_t cgroup)
{
	struct tcphs_event ev = event(type, TCPHS_ROLE_PASSIVE, TCPHS_STATE_SYN_RECV, 0);

	ev.id.conn = conn;
	ev.id.cgroup = cgroup;
	ev.flags = (cgroup ? TCPHS_F_OWNER : 0) | (queue ? TCPHS_F_QUEUE : 0);
	ev.queue.listener = queue;
	return ev;
}

static bool fits(struct belonging *b, struct tcphs_event ev)
{
	return belonging_fits(b, &ev);
}

/* Before accept() a connection is its listener's, after that its owner's. */
static void test_belonging(void)
{
	struct tcphs_listener l = { .conn = 11, .port = 80 };
	struct tcphs_filter filter = { 0 };
	struct tcphs_cgroups *c = tcphs_cgroups_new();
	struct tcphs_event ev;
	struct belonging b;

	belonging_init(&b, &filter);
	ok(fits(&b, owned(TCPHS_EV_RST_SENT, 0, 0, 0)), "everything is wanted where no unit is asked for");
	belonging_free(&b);

	tcphs_cgroups_add(c, 3, "/system.slice/nginx.service");
	tcphs_cgroups_add(c, 5, "/system.slice/other.service");
	tcphs_filter_cgroups(&filter, c);
	filter.keys = TCPHS_FILTER_BIT(UNIT);
	filter.nr_units = 1;
	strcpy(filter.unit[0], "nginx");
	belonging_init(&b, &filter);
	ok(fits(&b, owned(TCPHS_EV_SYN_SENT, 0, 1, 3)), "what a unit's process does is the unit's");
	ok(!fits(&b, owned(TCPHS_EV_SYN_SENT, 0, 2, 5)), "not what another's does");
	ok(!fits(&b, owned(TCPHS_EV_SYN_RECEIVED, 7, 21, 0)), "nobody knows whose a listener is");
	ok(fits(&b, owned(TCPHS_EV_ACCEPTED, 7, 21, 3)), "until somebody accepts");
	ok(fits(&b, owned(TCPHS_EV_SYN_RECEIVED, 7, 22, 0)), "from then on its requests count");
	ok(fits(&b, owned(TCPHS_EV_SYNACK_RETRANSMIT, 0, 22, 0)), "and what becomes of them");
	ok(fits(&b, owned(TCPHS_EV_SYN_DROPPED, 7, 0, 0)), "and what finds no room there");
	ok(!fits(&b, owned(TCPHS_EV_SYNACK_RETRANSMIT, 0, 23, 0)), "no other request does");
	ok(!fits(&b, owned(TCPHS_EV_SYN_DROPPED, 9, 0, 0)), "nor another listener");
	ok(fits(&b, owned(TCPHS_EV_ACCEPTED, 7, 22, 5)), "whoever accepts, it is taken from that queue");
	ok(!fits(&b, owned(TCPHS_EV_FIN_SENT, 0, 22, 5)), "and then it is its owner's");
	ok(fits(&b, owned(TCPHS_EV_LISTEN, 0, 13, 3)) && fits(&b, owned(TCPHS_EV_SYN_RECEIVED, 13, 24, 0)),
	   "a unit that listens has a listener");
	belonging_listener(&b, &l);
	ok(fits(&b, owned(TCPHS_EV_SYN_RECEIVED, 11, 25, 0)), "and those of the tables");
	ev = owned(TCPHS_EV_RST_SENT, 0, 0, 0);
	ev.old_state = TCPHS_STATE_LISTEN;
	ok(fits(&b, ev), "a RST of its listener is its own");
	ev.old_state = TCPHS_STATE_CLOSE;
	ok(!fits(&b, ev), "one for nobody is nobody's");
	belonging_free(&b);
	tcphs_cgroups_free(c);

	fresh();
	e.owned = true;
	client(3, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT);
	same(judge(), "critical connect-timeout 3", "a unit's connects are judged");
	ok(!r.check[14].looked && !strcmp(rules[14].name, "strays") && !r.check[16].looked &&
	   !strcmp(rules[16].name, "shut-ports"), "and what nobody owns was not looked at");
}

static const char *typed(const char *command, const struct finding_place *place)
{
	static char text[sizeof(((struct finding_words *)NULL)->text)];

	finding_command(text, sizeof(text), command, place);
	return text;
}

static void test_commands(void)
{
	static const char *const reads[] = { "web1.rec", "a night.rec" };
	const char *const out = "-", *many[7];
	const struct finding_place here = { 0 }, past = { .past = true },
		recordings = { .reads = reads, .nr = 2 },
		there = { .netns = "/run/netns/blue" },
		piped = { .reads = &out, .nr = 1 }, few = { .reads = many, .nr = 5 },
		several = { .reads = many, .nr = 7 },
		odd = { .past = true, .netns = "/run/netns/a b" };
	size_t i;

	same(typed("ss -ltn; tcphs events -f --port 7", &here), "ss -ltn; tcphs events -f --port 7",
	     "a command of here is typed as it is");
	same(typed("ss -ltn; tcphs events -f --port 7", &past), "ss -ltn; tcphs events --port 7",
	     "of what has been nothing is followed");
	same(typed("tcphs diagram --last", &recordings),
	     "tcphs diagram --read web1.rec --read FILE --last", "recordings are named");
	same(typed("tcphs diagram --last", &piped), "tcphs diagram --read FILE --last",
	     "what came out of a pipe is not there any more");
	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = "/srv/recordings/a-machine-of-the-web-whose-name-is-long.example.rec";
	same(typed("tcphs events -f --port 7", &few),
	     "tcphs events --read /srv/recordings/a-machine-of-the-web-whose-name-is-long.example.rec"
	     " --read /srv/recordings/a-machine-of-the-web-whose-name-is-long.example.rec"
	     " --read /srv/recordings/a-machine-of-the-web-whose-name-is-long.example.rec"
	     " --read /srv/recordings/a-machine-of-the-web-whose-name-is-long.example.rec"
	     " --read /srv/recordings/a-machine-of-the-web-whose-name-is-long.example.rec --port 7",
	     "five recordings are named");
	same(typed("tcphs events -f --port 7", &several), "tcphs events --read FILE ... --port 7",
	     "where not all of them can be, the user writes them");
	same(typed("ss -tn | grep x; dmesg | grep ss; tcphs events -f --port 7; ls /proc/7/fd", &there),
	     "nsenter --net=/run/netns/blue ss -tn | grep x; dmesg | grep ss; "
	     "nsenter --net=/run/netns/blue tcphs events -f --port 7; ls /proc/7/fd",
	     "another namespace is asked, and the machine as it is");
	same(typed("ip route get 192.0.2.1; tcptraceroute 192.0.2.1 80", &there),
	     "nsenter --net=/run/netns/blue ip route get 192.0.2.1; "
	     "nsenter --net=/run/netns/blue tcptraceroute 192.0.2.1 80", "so is its way to a peer");
	same(typed("cat /proc/net/sockstat", &there),
	     "nsenter --net=/run/netns/blue cat /proc/net/sockstat", "its files in /proc are, too");
	same(typed("at the peer: tcphs doctor, or nstat -az", &there),
	     "at the peer: tcphs doctor, or nstat -az", "what is asked elsewhere is asked there");
	same(typed("tcphs events -f --port 7", &odd), "nsenter --net=FILE tcphs events --port 7",
	     "a name that would be quoted is the user's to write");
}

int main(void)
{
	plan(79);
	test_tally();
	test_tally_limit();
	test_counters();
	test_here();
	test_crowd();
	test_settings();
	test_files();
	test_order();
	test_belonging();
	test_commands();
	evidence_free(&e);
	report_free(&r);
	return tap_done();
}

/* SPDX-License-Identifier: GPL-2.0 */
/* What the doctor adds up, and where each of its alarms begins. */
#include "made.h"

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
	settings_read(&s);
	ok(s.ports_known && s.known[SETTING_SOMAXCONN] && s.value[SETTING_SOMAXCONN],
	   "this machine has settings");
}

static void test_queues(void)
{
	fresh();
	server(1, TCPHS_EV_ACCEPT_OVERFLOW, TCPHS_REASON_ACCEPT_QUEUE_FULL);
	server(2, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_ACCEPT_QUEUE_FULL);
	same(judge(), "critical accept-queue-overflow 3", "SYNs and third ACKs overflow");
	ok(strstr(r.v[0].cause, "accepted nothing"), "nobody accepts");
	accepted(3, SEC / 10);
	judge();
	ok(strstr(r.v[0].cause, "too slow"), "from 100 ms on accept() is slow");
	same(r.v[0].object, "listener 10.0.0.1:80, slow[4711]", "listener and owner are named");
	accepted(4, SEC / 20);
	judge();
	ok(strstr(r.v[0].cause, "bursts"), "below it is a burst");
	same(r.v[0].setting, "backlog of listen()", "and a longer queue helps");

	fresh();
	server(19, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_SYN_BACKLOG);
	same(judge(), "critical syn-queue-overflow 19", "19 SYNs are no flood");
	server(1, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_SYN_QUEUE_FULL);
	same(judge(), "critical syn-flood 20", "20 are");
	server(2, TCPHS_EV_ACCEPT_QUEUED, 0);
	same(judge(), "critical syn-queue-overflow 20", "unless one in ten is finished");
	fresh();
	server(1, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_OTHER);
	same(judge(), "", "other causes of drops are not the queue's");
	server(1, TCPHS_EV_SYNCOOKIE_SENT, 0);
	same(judge(), "warning syn-queue-full 1", "a cookie is a warning");

	fresh();
	server(20, TCPHS_EV_SYN_RECEIVED, 0);
	resent(9, TCPHS_EV_SYNACK_RETRANSMIT, TCPHS_ROLE_PASSIVE, 1);
	resent(9, TCPHS_EV_SYNACK_RETRANSMIT, TCPHS_ROLE_PASSIVE, 2);
	same(judge(), "", "nine handshakes that wait are none too many");
	resent(1, TCPHS_EV_SYNACK_RETRANSMIT, TCPHS_ROLE_PASSIVE, 1);
	same(judge(), "warning half-open 10", "ten of twenty are");
	server(1, TCPHS_EV_SYN_RECEIVED, 0);
	same(judge(), "", "ten of more are not");
}

static void test_lost_counters(void)
{
	tables();
	before();
	counters(false, 3);
	listener.overflows = 5;
	listener.drops = 10;
	listener.accepted = 31;
	evidence_lost(&e, 100);
	counters(true, 7);
	after();
	same(judge(), "critical accept-queue-overflow 5, critical syn-queue-overflow 4, "
	     "warning records-lost 100", "counters know what lost records told");
	tables();
	before();
	counters(false, 3);
	listener.drops = 9;
	evidence_lost(&e, 1);
	counters(true, 3);
	after();
	same(judge(), "warning records-lost 1", "other causes of drops are no full SYN queue");
	tables();
	listener.overflows = 7;
	listener.drops = 7;
	before();
	listener.overflows = 0;
	listener.drops = 0;
	evidence_lost(&e, 1);
	after();
	same(judge(), "warning records-lost 1", "a socket that listens again counts anew");
	tables();
	st.ring_records = 1 << 20;
	before();
	evidence_lost(&e, 1);
	after();
	same(judge(), "warning records-lost 1", "the largest ring may be too small");
	same(r.v[0].command, "", "then there is no larger one to advise");
}

static void test_full_queue(void)
{
	tables();
	listener.accept_queue = 4;
	before();
	after();
	same(judge(), "", "a backlog of 4 with 4");
	tables();
	listener.accept_queue = 5;
	before();
	after();
	same(judge(), "warning accept-queue-full 5", "holds one more");
}

static void test_limits(void)
{
	tables();
	st.state[TCPHS_STATE_TIME_WAIT] = 79;
	before();
	after();
	same(judge(), "", "79 of 100 TIME-WAITs");
	tables();
	st.state[TCPHS_STATE_TIME_WAIT] = 80;
	before();
	after();
	same(judge(), "warning time-wait-full 80", "80 are a warning");
	fresh();
	server(1, TCPHS_EV_CLOSED, TCPHS_REASON_TIME_WAIT_FULL);
	same(judge(), "critical time-wait-full 1", "one left out is critical");

	tables();
	settings.orphans = 499;
	before();
	after();
	same(judge(), "", "499 of 1000 orphans");
	tables();
	settings.orphans = 500;
	before();
	after();
	same(judge(), "warning orphans 500", "500 are a warning");
	tables();
	settings.orphans = 900;
	before();
	after();
	same(judge(), "critical orphans 900", "900 are critical");
	tables();
	settings.known[SETTING_MAX_ORPHANS] = false;
	settings.orphans = 900;
	before();
	after();
	same(judge(), "", "without a limit there is nothing to compare with");
	fresh();
	server(1, TCPHS_EV_CLOSED, TCPHS_REASON_NO_MEMORY);
	same(judge(), "critical orphans 1", "one that was reset is critical");

	tables();
	st.table_used = 899;
	before();
	after();
	same(judge(), "", "899 of 1000 places");
	tables();
	st.table_used = 900;
	before();
	after();
	same(judge(), "warning table-full 900", "900 are a warning");
	tables();
	st.untracked = 5;
	before();
	st.untracked = 7;
	after();
	same(judge(), "warning table-full 2", "two without a place are one, too");
	tables();
	st.nhooks = 3;
	st.hook[0].active = true;
	before();
	after();
	same(judge(), "notice hooks-missing 2", "missing hooks are worth knowing");
	tables();
	st.nhooks = 3;
	st.hook[0].active = st.hook[1].active = st.hook[2].active = true;
	st.hook[1].missed = 5;
	st.hook[2].missed = 12;
	before();
	after();
	same(judge(), "warning hooks-deaf 17", "deaf ones are a warning");
}

static void test_order(void)
{
	unsigned int i, looked = 0;

	fresh();
	times(5, event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_ESTABLISHED, 0));
	evidence_lost(&e, 3);
	client(3, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT);
	server(1, TCPHS_EV_ACCEPT_OVERFLOW, 0);
	same(judge(), "critical accept-queue-overflow 1, critical connect-timeout 3, "
	     "warning reset-by-peer 5, warning records-lost 3", "the most urgent comes first");
	equal(report_exit(report_worst(&r)), 20, "and makes the exit status");
	equal(report_exit(SEVERITY_WARNING), 10, "a warning has one of its own");
	for (i = 0; i < NR_RULES; i++)
		looked += r.check[i].looked;
	equal(looked, NR_RULES - 2, "what a recording cannot tell is not looked at");
	ok(!r.check[6].looked && strstr(r.check[6].saw, "a recording does not say"), "and said");

	tables();
	before();
	after();
	same(judge(), "", "a quiet machine is healthy");
	for (looked = 0, i = 0; i < NR_RULES; i++)
		looked += r.check[i].looked && *r.check[i].saw;
	equal(looked, NR_RULES, "and everything was looked at");
}

int main(void)
{
	plan(78);
	test_tally();
	test_tally_limit();
	test_counters();
	test_here();
	test_crowd();
	test_settings();
	test_queues();
	test_lost_counters();
	test_full_queue();
	test_limits();
	test_order();
	evidence_free(&e);
	report_free(&r);
	return tap_done();
}

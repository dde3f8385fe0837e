/* SPDX-License-Identifier: GPL-2.0 */
/* Queues of listeners, and limits of the machine: where each alarm begins. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "made.h"

/* The listener's own counts, and how long each of those that waited. */
static void counted(uint64_t accepted_, uint64_t overflows, uint64_t waited)
{
	listener.accepted += accepted_;
	listener.overflows += overflows;
	listener.wait.count += accepted_;
	listener.wait.bucket[tcphs_hist_bucket(waited)] += accepted_;
	if (accepted_ && waited > listener.wait.max_ns)
		listener.wait.max_ns = waited;
}

/* @n of them wait for accept(), the oldest so long; the last accept() was @idle ago. */
static void wait_now(unsigned int n, uint64_t oldest, uint64_t idle)
{
	struct tcphs_conn_info *c;

	listener.accept_queue = n;
	listener.idle = idle;
	listener.has_idle = idle;
	while (n--) {
		c = conn(TCPHS_STATE_ESTABLISHED, oldest);
		c->role = TCPHS_ROLE_PASSIVE;
		c->local_port = 80;
		c->listener = 7;
		c->waiting = oldest;
	}
}

static void look(uint64_t ns)
{
	e.began = 100 * SEC;
	e.ended = e.began + ns;
}

static void test_hanging(void)
{
	tables();
	before();
	wait_now(2, 3 * SEC - 1, 3 * SEC);
	look(5 * SEC);
	after();
	same(judge(), "", "two that wait for less than 3 s");
	tables();
	before();
	wait_now(1, 3 * SEC, 3 * SEC);
	look(5 * SEC);
	after();
	same(judge(), "critical accept-hangs 1", "one for 3 s, and nobody accepted");
	ok(strstr(r.v[0].more, "1 wait, room for 5, the oldest for 3.00 s; the last accept() 3.00 s ago"),
	   "what waits is said");
	ok(!*r.v[0].setting, "no longer queue is advised");
	tables();
	before();
	wait_now(2, 4 * SEC, SEC);
	counted(9, 0, SEC / 10);
	look(5 * SEC);
	after();
	same(judge(), "", "it accepts, and two waited long");
	tables();
	listener.accept_queue = 1;
	before();
	wait_now(1, 2 * SEC, 2 * SEC);
	look(SEC);
	after();
	same(judge(), "critical accept-hangs 1", "a look of a second in which nobody accepted");
	tables();
	listener.accept_queue = 1;
	before();
	wait_now(1, SEC / 2, SEC / 2);
	look(SEC / 2);
	after();
	same(judge(), "", "a shorter one says little");
	tables();
	listener.accept_queue = 1;
	before();
	wait_now(1, SEC / 100, 0);
	look(5 * SEC);
	after();
	same(judge(), "", "nor who came just now, by whomever the others were let in");
	tables();
	listener.accept_queue = 3;
	before();
	listener.accept_queue = 3;
	look(5 * SEC);
	after();
	same(judge(), "critical accept-hangs 3", "of those before the module nobody knows how long");
	tables();
	before();
	wait_now(1, 9 * SEC, 9 * SEC);
	after();
	judge();
	((struct queue *)tally_at(&e.queues, 0))->files = 1024;
	((struct queue *)tally_at(&e.queues, 0))->files_most = 1024;
	judge();
	ok(strstr(r.v[0].cause, "EMFILE"), "a process without a file descriptor left");
}

/* Connections that were accepted in a way that nobody saw do not wait. */
static void test_unseen_accept(void)
{
	tables();
	before();
	wait_now(7, 9 * SEC, 0);
	conns[6].waiting = SEC / 100;
	listener.accept_queue = 1;
	look(5 * SEC);
	after();
	same(judge(), "", "the youngest one waits, who is in the queue");
	tables();
	before();
	wait_now(7, 9 * SEC, 0);
	listener.accept_queue = 0;
	after();
	same(judge(), "", "an empty queue has nobody in it");
}

/* Whoever was called has restarted it by then. */
static void test_hung_and_gone(void)
{
	fresh();
	at_queue(3, TCPHS_EV_ACCEPTED, 0, 0);
	overflow(3);
	now += 3 * SEC;
	at_queue(1, TCPHS_EV_UNLISTEN, 0, 5);
	now += 9 * SEC;
	same(judge(), "critical accept-hangs 5", "a listener closed that had accepted nobody for 3 s");
	ok(strstr(r.v[0].more, "none was accepted for 3.00 s, until the listener closed"),
	   "for how long is told");
	ok(strstr(r.v[0].command, "tcphs events"), "and what is left to look at");
	fresh();
	at_queue(3, TCPHS_EV_ACCEPTED, 0, 0);
	overflow(3);
	now += 3 * SEC - 99;
	at_queue(1, TCPHS_EV_UNLISTEN, 0, 5);
	same(judge(), "critical accept-queue-overflow 3", "for less it was too slow");
	fresh();
	overflow(3);
	at_queue(1, TCPHS_EV_ACCEPTED, 0, 0);
	now += 3 * SEC;
	at_queue(1, TCPHS_EV_UNLISTEN, 0, 0);
	same(judge(), "warning accept-queue-overflow 3", "nobody waits in an empty queue");
}

static void test_overflows(void)
{
	fresh();
	overflow(3);
	same(judge(), "critical accept-queue-overflow 3", "a recording: three overflows");
	ok(strstr(r.v[0].cause, "accepted nothing"), "and nothing accepted");
	now += 3 * SEC - 5;
	overflow(1);
	same(judge(), "critical accept-queue-overflow 4", "for less than 3 s");
	now += 4;
	overflow(1);
	same(judge(), "critical accept-hangs 5", "for 3 s");
	fresh();
	overflow(3);
	at_queue(3, TCPHS_EV_ACCEPTED, 0, 4);
	same(judge(), "critical accept-queue-overflow 3", "with some accepted, too slow");
	ok(strstr(r.v[0].cause, "never gets to the end"), "it never gets to the end of its queue");

	tables();
	before();
	overflow(3);
	at_queue(1, TCPHS_EV_ACCEPTED, 0, 0);
	counted(9, 3, SEC / 4);
	after();
	same(judge(), "warning accept-queue-overflow 3", "three of twelve, in bursts");
	ok(strstr(r.v[0].cause, "bursts"), "it gets to its end in between");
	same(r.v[0].setting, "backlog of listen()", "a longer queue helps");
	tables();
	before();
	overflow(3);
	at_queue(1, TCPHS_EV_ACCEPTED, 0, 0);
	counted(9, 3, SEC);
	after();
	same(judge(), "critical accept-queue-overflow 3", "a longer one would make them wait more than a second");
	ok(strstr(r.v[0].cause, "to the end of its queue once"), "how often it got to the end is said");
	same(r.v[0].setting, "", "then it is not advised");
	tables();
	before();
	overflow(2);
	at_queue(1, TCPHS_EV_ACCEPTED, 0, 0);
	counted(9, 2, SEC / 100);
	after();
	same(judge(), "notice accept-queue-overflow 2", "two are worth knowing");
	tables();
	before();
	overflow(3);
	at_queue(1, TCPHS_EV_ACCEPTED, 0, 0);
	counted(298, 3, SEC / 100);
	after();
	same(judge(), "notice accept-queue-overflow 3", "three of 301 too");
	tables();
	settings.known[SETTING_ABORT_ON_OVERFLOW] = true;
	settings.value[SETTING_ABORT_ON_OVERFLOW] = 1;
	before();
	overflow(2);
	times(1, event(TCPHS_EV_RST_SENT, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_LISTEN,
		       TCPHS_REASON_ACCEPT_QUEUE_FULL));
	at_queue(1, TCPHS_EV_ACCEPTED, 0, 0);
	counted(298, 2, SEC / 100);
	after();
	same(judge(), "critical accept-queue-overflow 2", "one of which was reset");
	same(r.v[0].setting, "net.ipv4.tcp_abort_on_overflow", "by a setting");
}

static void test_slow(void)
{
	tables();
	before();
	counted(2, 0, 2 * SEC);
	after();
	same(judge(), "", "two that waited for two seconds");
	tables();
	before();
	counted(3, 0, 2 * SEC);
	after();
	same(judge(), "warning accept-slow 3", "three that did");
	tables();
	before();
	counted(3, 0, 2 * SEC);
	counted(298, 0, SEC / 2);
	after();
	same(judge(), "", "are few of 301");
	tables();
	counted(31, 0, 2 * SEC);
	before();
	counted(31, 0, SEC / 2);
	after();
	same(judge(), "", "those before the look are not of it");
}

static void test_full_queue(void)
{
	tables();
	before();
	wait_now(3, SEC / 10, SEC / 10);
	after();
	same(judge(), "", "three where five have room");
	tables();
	before();
	wait_now(4, SEC / 10, SEC / 10);
	after();
	same(judge(), "warning accept-queue-full 4", "four of five for 100 ms");
	tables();
	before();
	wait_now(5, SEC / 10 - 1, SEC / 10);
	after();
	same(judge(), "", "a full one of a moment");
}

/* Each socket of a group is judged for itself. */
static void test_group(void)
{
	static struct tcphs_listener group[3];
	static struct tables t;
	struct tcphs_conn_info waiting = { .conn = 99, .state = TCPHS_STATE_ESTABLISHED,
		.family = AF_INET, .role = TCPHS_ROLE_PASSIVE, .local_port = 80,
		.listener = 12, .waiting = 8 * SEC };
	unsigned int i;

	tables();
	for (i = 0; i < 3; i++) {
		group[i] = listener;
		group[i].conn = 11 + i;
		group[i].group = 3;
		group[i].owner = (struct tcphs_owner){ true, 100 + i, "worker", "", 0 };
	}
	t.status = st;
	t.listeners = (struct tcphs_listener_list){ .v = group, .nr = 3 };
	t.connections = (struct tcphs_conn_list){ .v = &waiting, .nr = 1 };
	evidence_before(&e, &t);
	group[0].accepted = group[2].accepted = 1000;
	group[1].accept_queue = 1;
	group[1].idle = 8 * SEC;
	group[1].has_idle = true;
	evidence_after(&e, &t, &settings);
	same(judge(), "critical accept-hangs 1", "one of three hangs");
	same(r.v[0].object, "listener 0.0.0.0:80 (1 of 3 sockets), worker[101]", "and is named");
}

/* A socket that a process closes, with so many in its accept queue. */
static void gone_by(uint32_t pid, uint32_t waiting)
{
	struct tcphs_event ev = event(TCPHS_EV_UNLISTEN, TCPHS_ROLE_LISTENER, TCPHS_STATE_LISTEN, 0);

	ev.flags = TCPHS_F_QUEUE | TCPHS_F_OWNER;
	ev.queue = (struct tcphs_queue){ .listener = pid, .accept_queue = waiting,
					 .accept_limit = 4, .syn_limit = 4 };
	ev.id.pid = pid;
	times(1, ev);
}

static void test_cut(void)
{
	fresh();
	server(2, TCPHS_EV_REQUEST_RESET, TCPHS_REASON_LISTENER_CLOSED);
	same(judge(), "", "two handshakes that went with their listener");
	times(1, event(TCPHS_EV_RST_SENT, TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED,
		       TCPHS_REASON_LISTENER_CLOSED));
	same(judge(), "warning accept-queue-cut 3", "and one that waited");
	accepted(298, SEC / 1000);
	same(judge(), "", "are few of 301");
	tables();
	settings.known[SETTING_MIGRATE_REQ] = true;
	before();
	server(3, TCPHS_EV_REQUEST_RESET, TCPHS_REASON_LISTENER_CLOSED);
	after();
	judge();
	same(r.v[0].setting, "net.ipv4.tcp_migrate_req", "where another goes on, it could have them");
	fresh();
	gone_by(4711, 4);
	server(4, TCPHS_EV_REQUEST_RESET, TCPHS_REASON_LISTENER_CLOSED);
	gone_by(4712, 0);
	judge();
	equal(r.v[0].owner.pid, 4711, "whose queue was not empty is named");
}

/* The hook that sees SYNs that come again is missing. */
static void no_requests(void)
{
	struct tcphs_status now_ = { .nhooks = 1 };

	strcpy(now_.hook[0].name, HOOK_OF_REQUESTS);
	evidence_hooks(&e, &now_);
}

static void test_syns(void)
{
	tables();
	before();
	at_queue(20, TCPHS_EV_SYN_RECEIVED, 0, 0);
	at_queue(2, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_SYN_QUEUE_FULL, 0);
	at_queue(20, TCPHS_EV_ACCEPT_QUEUED, 0, 0);
	after();
	same(judge(), "warning syn-queue-overflow 2", "two SYNs dropped");
	at_queue(1, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_SYN_BACKLOG, 0);
	same(judge(), "critical syn-queue-overflow 3", "three");
	at_queue(19, TCPHS_EV_SYN_RECEIVED, 0, 0);
	same(judge(), "critical syn-flood 3", "with 19 that nobody answers, and dropped ones like them");
	at_queue(19, TCPHS_EV_ACCEPT_QUEUED, 0, 0);
	same(judge(), "critical syn-queue-overflow 3", "that are answered in the end");
	at_queue(400, TCPHS_EV_SYN_RECEIVED, 0, 0);
	at_queue(321, TCPHS_EV_ACCEPT_QUEUED, 0, 0);
	same(judge(), "warning syn-queue-overflow 3", "of 442, three are few");
	at_queue(52, TCPHS_EV_SYN_RECEIVED, 0, 0);
	same(judge(), "warning syn-flood 3", "a flood beside honest load");

	fresh();
	at_queue(1, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_OTHER, 0);
	same(judge(), "", "other causes of drops are not the queue's");
	at_queue(2, TCPHS_EV_SYNCOOKIE_SENT, 0, 0);
	same(judge(), "", "two cookies");
	at_queue(1, TCPHS_EV_SYNCOOKIE_SENT, 0, 0);
	same(judge(), "warning syn-queue-full 3", "three are a warning");

	/* Honest clients of a slow server: their third ACKs find no room. */
	fresh();
	at_queue(408, TCPHS_EV_SYN_RECEIVED, 0, 5);
	overflow(408);
	at_queue(31, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_SYN_QUEUE_FULL, 5);
	at_queue(7, TCPHS_EV_ACCEPTED, 0, 4);
	same(judge(), "critical accept-queue-overflow 408", "a slow server is no flood");

	fresh();
	at_queue(20, TCPHS_EV_SYN_RECEIVED, 0, 0);
	resent(9, TCPHS_EV_SYNACK_RETRANSMIT, TCPHS_ROLE_PASSIVE, 1);
	resent(9, TCPHS_EV_SYNACK_RETRANSMIT, TCPHS_ROLE_PASSIVE, 2);
	same(judge(), "", "nine handshakes that wait are none too many");
	resent(1, TCPHS_EV_SYNACK_RETRANSMIT, TCPHS_ROLE_PASSIVE, 1);
	same(judge(), "warning half-open 10", "ten of twenty are");
	ok(strstr(r.v[0].cause, "forged") && strstr(r.v[0].cause, "nor send their SYN again"),
	   "of clients that say nothing");
	no_requests();
	judge();
	ok(strstr(r.v[0].cause, "does not see on this kernel"), "but not where no hook sees that");
	e.after.nhooks = 0;
	server(5, TCPHS_EV_SYN_DUPLICATE, 0);
	judge();
	ok(strstr(r.v[0].cause, "does not reach them"), "or that send their SYN again");
	server(1, TCPHS_EV_SYN_RECEIVED, 0);
	same(judge(), "", "ten of more are not");
}

/* So many at the listener; of all sockets so many without a signature, and with a wrong one. */
static void discarded(unsigned int n, unsigned int missing, unsigned int wrong)
{
	char a[] = "TcpExt: TCPMD5NotFound TCPMD5Failure\nTcpExt: 0 0\n", b[64];

	snprintf(b, sizeof(b), "TcpExt: TCPMD5NotFound TCPMD5Failure\nTcpExt: %u %u\n", missing,
		 wrong);
	tables();
	before();
	listener.discards = n;
	counters_parse(&e.counters, a, false);
	counters_parse(&e.counters, b, true);
	after();
}

static void test_discards(void)
{
	tables();
	before();
	listener.discards = 2;
	after();
	same(judge(), "", "two segments that nobody tells of");
	tables();
	before();
	listener.discards = 3;
	after();
	same(judge(), "notice segments-discarded 3", "three are worth knowing");
	no_requests();
	same(judge(), "notice hooks-missing 1", "not where no hook sees what else it may be");
	ok(strstr(saw("discards"), "no hook shows them"), "which is not looked at");
	tables();
	before();
	listener.discards = 3;
	{
		struct tcphs_event ev = event(TCPHS_EV_SYN_SENT, TCPHS_ROLE_ACTIVE,
					      TCPHS_STATE_CLOSE, 0);

		ev.id.peer[3] = 1;
		ev.id.peer_port = 80;
		times(1, ev);
	}
	conn(TCPHS_STATE_ESTABLISHED, SEC);
	after();
	same(judge(), "warning segments-discarded 3", "a client of this machine waits in vain");
	tables();
	before();
	server(1, TCPHS_EV_SYN_RECEIVED, 0);
	listener.discards = 3;
	after();
	same(judge(), "notice segments-discarded 3", "or only some");
	tables();
	before();
	server(298, TCPHS_EV_SYN_RECEIVED, 0);
	server(298, TCPHS_EV_ACCEPT_QUEUED, 0);
	listener.discards = 3;
	after();
	same(judge(), "", "three beside 298 SYNs");
	tables();
	before();
	server(1, TCPHS_EV_SYN_RECEIVED, 0);
	server(1, TCPHS_EV_SYN_DUPLICATE, 0);
	listener.discards = 3;
	after();
	same(judge(), "", "a SYN that came again is told of");
	tables();
	before();
	server(1, TCPHS_EV_SYN_RECEIVED, 0);
	listener.discards = 3;
	{
		char a[] = "TcpExt: TCPMinTTLDrop TCPMD5Failure\nTcpExt: 0 5\n";
		char b[] = "TcpExt: TCPMinTTLDrop TCPMD5Failure\nTcpExt: 3 5\n";

		counters_parse(&e.counters, a, false);
		counters_parse(&e.counters, b, true);
	}
	after();
	same(judge(), "warning segments-discarded 3", "a counter that names the cause");
	ok(strstr(r.v[0].more, "TcpExtTCPMinTTLDrop +3"), "is named");
	ok(strstr(r.v[0].cause, "TTL security"), "and the cause");
	discarded(6, 3, 3);
	same(judge(), "warning segments-discarded 6", "two counters that name causes");
	ok(strstr(r.v[0].cause, "no TCP MD5 signature, where one is due; or a wrong TCP MD5 signature"),
	   "of which none is left out");
	ok(strstr(r.v[0].command, "nstat -az TcpExtTCPMD5NotFound TcpExtTCPMD5Failure;"),
	   "nor to be asked for");
	discarded(31, 31, 3);
	ok(judge() && !strstr(r.v[0].cause, "wrong"), "but one that hardly grew is no cause");
	discarded(9, 3, 3);
	same(judge(), "notice segments-discarded 9", "more than all sockets together have counted");
	ok(strstr(r.v[0].cause, "socket filter"), "have another cause");
}

static void test_lost_counters(void)
{
	tables();
	before();
	counters(false, 3);
	counted(31, 5, SEC);
	listener.drops = 10;
	evidence_lost(&e, 100);
	counters(true, 7);
	after();
	same(judge(), "critical accept-queue-overflow 5, notice records-lost 100",
	     "counters know what lost records told");
	equal(((const struct server *)tally_at(&e.servers, 0))->syns_dropped, 4,
	      "of SYNs what the kernel counted");
	tables();
	before();
	counters(false, 3);
	listener.drops = 9;
	evidence_lost(&e, 1);
	counters(true, 3);
	after();
	same(judge(), "notice records-lost 1", "other causes of drops are no full SYN queue");
	tables();
	listener.overflows = 7;
	listener.drops = 7;
	before();
	listener.overflows = 0;
	listener.drops = 0;
	evidence_lost(&e, 1);
	after();
	same(judge(), "notice records-lost 1", "a socket that listens again counts anew");
	tables();
	before();
	st.event[TCPHS_EV_SYN_RECEIVED] = 500;
	st.event[TCPHS_EV_ACCEPT_QUEUED] = 500;
	counters(false, 3);
	listener.drops = 20;
	listener.accepted = 500;
	evidence_lost(&e, 1000);
	counters(true, 23);
	after();
	same(judge(), "critical syn-queue-overflow 20, notice records-lost 1000",
	     "500 finished handshakes are no flood");
	tables();
	st.ring_cpus = 2;
	settings.ring_known = true;
	settings.ring_mib = 4;
	before();
	evidence_lost(&e, 1);
	after();
	judge();
	same(r.v[0].command, "modprobe -r tcphs; modprobe tcphs ring_mib=8",
	     "a larger ring is asked for as a release knows it");
	tables();
	st.ring_cpus = 2;
	settings.ring_known = true;
	settings.ring_mib = 4096;
	before();
	evidence_lost(&e, 1);
	after();
	same(judge(), "notice records-lost 1", "the largest ring may be too small");
	same(r.v[0].command, "", "then there is no larger one to advise");
	fresh();
	evidence_lost(&e, 1);
	same(judge(), "warning records-lost 1", "a recording has no counters");
	fresh();
	server(997, TCPHS_EV_SYN_RECEIVED, 0);
	server(997, TCPHS_EV_ACCEPT_QUEUED, 0);
	server(3, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_SYN_QUEUE_FULL);
	evidence_lost(&e, 1);
	same(judge(), "warning syn-queue-overflow 3, warning records-lost 1",
	     "of a recording with losses, what is there is counted");
	ok(strstr(r.v[0].more, "1000 SYNs, 997 finished handshakes, 0 without an answer"), "all of it");
	fresh();
	server(997, TCPHS_EV_SYN_RECEIVED, 0);
	server(31, TCPHS_EV_SYN_DROPPED, TCPHS_REASON_SYN_QUEUE_FULL);
	evidence_lost(&e, 1);
	same(judge(), "critical syn-flood 31, warning records-lost 1", "a flood is one there, too");
}

static void closed(unsigned int n, uint8_t reason, uint8_t segments)
{
	struct tcphs_event ev = event(TCPHS_EV_CLOSED, TCPHS_ROLE_PASSIVE,
				      TCPHS_STATE_FIN_WAIT2, reason);

	ev.flags = TCPHS_F_LIFE;
	ev.life.segments = segments;
	times(n, ev);
}

/* With --since or --until there are no tables, but there are the settings of now. */
static void settings_of_now(void)
{
	e.settings.known[SETTING_MAX_TW_BUCKETS] = true;
	e.settings.value[SETTING_MAX_TW_BUCKETS] = 262144;
	e.settings.known[SETTING_MAX_ORPHANS] = true;
	e.settings.value[SETTING_MAX_ORPHANS] = 1000;
	e.settings.known[SETTING_ORPHAN_RETRIES] = true;
	e.settings.value[SETTING_ORPHAN_RETRIES] = 3;
	e.settings.sockstat_known = true;
	e.settings.orphans = 600;
}

static void test_time_wait(void)
{
	tables();
	settings.time_wait = 79;
	before();
	after();
	same(judge(), "", "79 of 100 TIME-WAITs");
	tables();
	settings.time_wait = 80;
	settings.known[SETTING_MAX_TW_BUCKETS] = true;
	settings.value[SETTING_MAX_TW_BUCKETS] = 100;
	before();
	after();
	same(judge(), "notice time-wait-full 80", "80 are worth knowing");
	same(r.v[0].advised, "256", "and how many would be enough");
	fresh();
	closed(2, TCPHS_REASON_TIME_WAIT_FULL, 4);
	same(judge(), "notice time-wait-full 2", "two left out cost no connection");
	same(r.v[0].setting, "", "a recording has no setting to advise on");
	closed(1, TCPHS_REASON_TIME_WAIT_FULL, 3);
	same(judge(), "warning time-wait-full 3", "three of three are many");
	server(298, TCPHS_EV_CLOSED, 0);
	same(judge(), "notice time-wait-full 3", "of 301 they are not");
	fresh();
	closed(3, TCPHS_REASON_TIME_WAIT_FULL, 0);
	same(judge(), "critical time-wait-full 3", "before the peer's FIN they are cut off");
	server(298, TCPHS_EV_CLOSED, 0);
	same(judge(), "warning time-wait-full 3", "three of 301 that way");
	settings_of_now();
	judge();
	same(r.v[0].advised, "524288", "of what has been, more than what is set is advised");
	fresh();
	closed(2, TCPHS_REASON_TIME_WAIT_FULL, 4);
	settings_of_now();
	judge();
	same(r.v[0].advised, "524288", "for those that cost no connection, too");
}

/* A connection over loopback of which nothing is read; the port of who opened it. */
static uint16_t connected(int listener_fd, int *fd)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	*fd = socket(AF_INET, SOCK_STREAM, 0);
	if (getsockname(listener_fd, (struct sockaddr *)&at, &len) ||
	    connect(*fd, (struct sockaddr *)&at, sizeof(at)) || accept(listener_fd, NULL, NULL) < 0)
		abort();
	len = sizeof(at);
	if (getsockname(*fd, (struct sockaddr *)&at, &len))
		abort();
	return ntohs(at.sin_port);
}

/* Is a port in what a command prints? */
static bool is_listed(const char *command, uint16_t port)
{
	char line[1024], what[16];
	FILE *f = popen(command, "r");
	bool found = false;

	snprintf(what, sizeof(what), ":%u ", port);
	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, what) != NULL;
	return f && pclose(f) != -1 && found;
}

/* What is advised first, asked of this machine, where there is ss(8). */
static void lists_what_is_queued(const char *command)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	bool ss = !system("command -v ss >/dev/null");
	int listener_fd = socket(AF_INET, SOCK_STREAM, 0), idle, unread, full;
	uint16_t idle_port, unread_port, full_port;
	char first[256];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(command, ";"), command);
	if (bind(listener_fd, (struct sockaddr *)&at, sizeof(at)) || listen(listener_fd, 3))
		abort();
	idle_port = connected(listener_fd, &idle);
	unread_port = connected(listener_fd, &unread);
	full_port = connected(listener_fd, &full);
	ok(send(unread, "unread", 6, 0) == 6, "somebody does not read");
	fcntl(full, F_SETFL, O_NONBLOCK);
	while (send(full, found, sizeof(found), 0) > 0)
		;
	ok(!ss || is_listed(first, unread_port), "what is advised lists what is not read");
	ok(!ss || is_listed(first, full_port), "and what can't be sent");
	ok(!ss || !is_listed(first, idle_port), "and nothing else");
	close(idle);
	close(unread);
	close(full);
	close(listener_fd);
}

static void test_orphans(void)
{
	tables();
	settings.orphans = 499;
	before();
	after();
	same(judge(), "", "499 of 1000 orphans");
	tables();
	settings.orphans = 500;
	settings.known[SETTING_ORPHAN_RETRIES] = true;
	before();
	after();
	same(judge(), "warning orphans 500", "500 are a warning");
	same(r.v[0].setting, "net.ipv4.tcp_orphan_retries", "they should end sooner");
	tables();
	settings.orphans = 500;
	settings.known[SETTING_ORPHAN_RETRIES] = true;
	settings.value[SETTING_ORPHAN_RETRIES] = 3;
	before();
	after();
	judge();
	same(r.v[0].setting, "net.ipv4.tcp_max_orphans", "only then more of them");
	tables();
	settings.known[SETTING_MAX_ORPHANS] = false;
	settings.orphans = 900;
	before();
	after();
	same(judge(), "", "without a limit there is nothing to compare with");
	fresh();
	server(2, TCPHS_EV_CLOSED, TCPHS_REASON_NO_MEMORY);
	same(judge(), "warning orphans 2", "two that were reset");
	server(1, TCPHS_EV_CLOSED, TCPHS_REASON_NO_MEMORY);
	same(judge(), "critical orphans 3", "three");
	ok(strstr(r.v[0].cause, "dmesg says which"), "a recording does not say of what there was too little");
	server(298, TCPHS_EV_CLOSED, 0);
	same(judge(), "warning orphans 3", "of 301");
	settings_of_now();
	same(judge(), "warning orphans 3", "of what has been, the orphans of now are none");
	ok(strstr(r.v[0].cause, "dmesg says which") && !*r.v[0].more, "nor do they say why it was");
	same(r.v[0].advised, "2048, if there is memory for them", "more than what is set is advised");
	fresh();
	server(3, TCPHS_EV_CLOSED, 0);
	settings_of_now();
	same(judge(), "", "where none was reset then, they are no finding of then");
	e.settings.memory_known = true;
	e.settings.memory = e.settings.memory_pressure = 200;
	same(judge(), "", "nor is the memory of now");

	tables();
	settings.memory_known = true;
	settings.memory_pressure = 200;
	settings.memory_most = 300;
	settings.memory = 199;
	before();
	after();
	same(judge(), "", "199 pages, pressure begins at 200");
	tables();
	settings.memory_known = true;
	settings.memory_pressure = settings.memory = 200;
	settings.memory_most = 300;
	before();
	after();
	same(judge(), "warning tcp-memory 200", "200 are a warning");
	tables();
	settings.memory_known = true;
	settings.memory_pressure = settings.memory = 200;
	settings.memory_most = 300;
	before();
	server(3, TCPHS_EV_CLOSED, TCPHS_REASON_NO_MEMORY);
	after();
	same(judge(), "critical tcp-memory 3", "who is reset then is reset for memory");
	lists_what_is_queued(r.v[0].command);
}

static void test_table(void)
{
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
	fresh();
	server(3, TCPHS_EV_SYN_RECEIVED, 0);
	st.hook[0].active = false;
	evidence_hooks(&e, &st);
	same(judge(), "notice hooks-deaf 17, notice hooks-missing 1",
	     "of what has been it is worth knowing what no hook has seen");
	ok(!r.v[0].from && !r.v[1].from, "which is so at all times");
	ok(strstr(saw("tcphs"), "overwritten 0; hooks 3, missing 1, deaf 2"), "and they are counted");
}

/* @n open connections to a peer, whose data were sent so long ago. */
static void silent(unsigned int n, uint64_t since, uint8_t last)
{
	struct unacked u = { .family = AF_INET, .peer = { 10, 0, 0, last }, .local = { 10, 0, 0, 1 },
			     .local_port = 80, .peer_port = 50000, .bytes = 14, .since = since };

	while (n--)
		evidence_unacked(&e, &u, 0);
}

/* ss(8) takes what follows the last colon for a port. */
static void test_data_over_ipv6(void)
{
	struct unacked u = { .family = AF_INET6, .peer = { 0xfd, [15] = 2 }, .since = 9 * SEC };
	int i;

	tables();
	before();
	e.data_known = true;
	e.open = 3;
	for (i = 0; i < 3; i++)
		evidence_unacked(&e, &u, 0);
	after();
	judge();
	same(r.v[0].command, "ss -tnoi dst '[fd00::2]'", "an IPv6 address as ss takes it, in a shell");
}

static void test_data(void)
{
	tables();
	before();
	e.data_known = true;
	e.open = 300;
	silent(9, 3 * SEC - 1, 2);
	after();
	same(judge(), "", "data that are under way for less than 3 s");
	silent(2, 3 * SEC, 2);
	same(judge(), "notice data-unconfirmed 2", "two connections whose peer is silent");
	silent(1, 9 * SEC, 3);
	same(judge(), "warning data-unconfirmed 3", "three of 300");
	same(r.v[0].object, "peer 10.0.0.2", "the peer with most of them is named");
	ok(strstr(r.v[0].more, "with this peer 2, 28 bytes, the longest for about 3.00 s"), "and its part");
	ok(strstr(r.v[0].cause, "(tcp_retries2; with 15, the default, that takes at least 15 minutes)"),
	   "of a machine whose settings are not known it is the default that is named");
	settings.known[SETTING_RETRIES2] = true;
	settings.value[SETTING_RETRIES2] = 4;
	after();
	judge();
	ok(strstr(r.v[0].cause, "(tcp_retries2 is 4: after 6.20 s at the earliest)"),
	   "until TCP gives up it takes as long as this machine is set to");
	settings.value[SETTING_RETRIES2] = 15;
	after();
	judge();
	ok(strstr(r.v[0].cause, "(tcp_retries2 is 15: after 15m24s at the earliest)"),
	   "and with the default fifteen minutes");
	settings.known[SETTING_RTO_MAX] = true;
	settings.value[SETTING_RTO_MAX] = 1000;
	after();
	judge();
	ok(strstr(r.v[0].cause, "(tcp_retries2 is 15: after 14.4 s at the earliest)"),
	   "but where tcp_rto_max_ms is a second, that ends the doubling");
	e.open = 301;
	same(judge(), "notice data-unconfirmed 3", "three of 301 are worth knowing");
	e.data_known = false;
	same(judge(), "", "without sock_diag nobody knows");
	equal(unacked_since(3264000, 4, 500, 120000), 3560000000ull, "the backoff tells when it began");
	equal(unacked_since(204000, 0, 100, 120000), 100000000ull, "before the first resend, the last is the first");
	equal(unacked_since(1000000, 5, 68, 1000), 3468000000ull,
	      "a time-out that may not become longer than a second began with 200 ms at the least");
	equal(unacked_since(120000000, 12, 1000, 120000), 445600000000ull,
	      "nor than two minutes, which is as long as it is where it can't be set");
}

int main(void)
{
	plan(148);
	test_hanging();
	test_unseen_accept();
	test_hung_and_gone();
	test_overflows();
	test_slow();
	test_full_queue();
	test_group();
	test_cut();
	test_syns();
	test_discards();
	test_lost_counters();
	test_time_wait();
	test_orphans();
	test_table();
	test_data();
	test_data_over_ipv6();
	evidence_free(&e);
	report_free(&r);
	return tap_done();
}

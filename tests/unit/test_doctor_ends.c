/* SPDX-License-Identifier: GPL-2.0 */
/* Where the alarms of the doctor begin: connects, ports, resets, closes. */
#include "evidence_ends.h"
#include "made.h"

#define MSEC 1000000ull

static void owned(struct tcphs_event *ev, uint32_t pid)
{
	ev->flags |= TCPHS_F_OWNER;
	ev->id.pid = pid;
	memcpy(ev->id.comm, "client", 7);
}

/* ---- connects ----------------------------------------------------------------------- */

static void test_failures(void)
{
	fresh();
	client(2, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
	same(judge(), "", "two refusals");
	client(1, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
	same(judge(), "critical connect-refused 3", "are not yet three");
	client(1, TCPHS_EV_ESTABLISHED, 0);
	same(judge(), "warning connect-refused 3", "some come through");
	client(26, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
	same(judge(), "critical connect-refused 29", "one in thirty is as good as none");
	fresh();
	client(3, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
	client(297, TCPHS_EV_ESTABLISHED, 0);
	same(judge(), "warning connect-refused 3", "of 300 connects, three are one in a hundred");
	client(1, TCPHS_EV_ESTABLISHED, 0);
	same(judge(), "", "of 301 they are not");
	client(96, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
	client(99602, TCPHS_EV_ESTABLISHED, 0);
	same(judge(), "", "nor are 99 of a thousand times as many");
	client(1, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
	same(judge(), "warning connect-refused 100", "but a hundred are told");
	client(1, TCPHS_EV_ESTABLISHED, 0);
	same(judge(), "", "unless they are still fewer");
}

/* connect() from 10.0.0.1:40000 to 10.0.0.2:443, which a RST of 10.0.0.1:@port refuses. */
static void refused_by(uint16_t port, uint16_t to)
{
	struct tcphs_event ev = event(TCPHS_EV_RST_SENT, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_CLOSE,
				      TCPHS_REASON_NO_SOCKET);

	ev.flags = TCPHS_F_SEQ | TCPHS_F_ACK;
	ev.id.conn = 0;
	ev.id.local_port = port;
	memcpy(ev.id.peer, ev.id.local, sizeof(ev.id.peer));
	ev.id.peer_port = to;
	times(1, ev);
	client(1, TCPHS_EV_SYN_SENT, 0);
	client(1, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
}

/* REDIRECT, and nobody is there. */
static void test_led_astray(void)
{
	int i;

	fresh();
	for (i = 0; i < 3; i++)
		refused_by(15001, 40000);
	same(judge(), "critical connect-refused 3", "connects that NAT leads elsewhere are refused");
	ok(strstr(r.v[0].cause, "leads these connects to 10.0.0.1:15001, and nothing listens there"),
	   "where it leads them is told");
	ok(strstr(r.v[0].command, "sport = :15001"), "and what to ask there");
	fresh();
	for (i = 0; i < 3; i++)
		refused_by(15001, 40001);
	same(judge(), "critical connect-refused 3", "what was sent to another port");
	ok(strstr(r.v[0].cause, "The peer answers with RST"), "is not the answer");
}

/* Connects to 10.0.0.1, which is here, that are refused, and no RST of that is on record. */
static void refused_here(unsigned int n)
{
	struct tcphs_event ev = event(TCPHS_EV_CONNECT_FAILED, TCPHS_ROLE_ACTIVE,
				      TCPHS_STATE_SYN_SENT, TCPHS_REASON_REFUSED);

	memcpy(ev.id.peer, ev.id.local, sizeof(ev.id.peer));
	times(n, ev);
}

static void test_refused_of_unit(void)
{
	fresh();
	refused_here(3);
	judge();
	ok(strstr(r.v[0].cause, "No RST of that port is on record"), "a RST that is not there is missed");
	e.owned = true;
	judge();
	ok(!strstr(r.v[0].cause, "on record") && strstr(r.v[0].cause, "without --unit"),
	   "but not where those of no socket are not looked at");
}

/* Connects that found no port are no try at anybody. */
static void test_no_port_seen(void)
{
	fresh();
	client(7, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_NO_PORT);
	same(judge(), "critical ports-exhausted 7", "no port for a connect, as events have it");
	ok(strstr(r.v[0].cause, "Events do not say which"), "who has them they do not say");
	ok(strstr(saw("connects"), "7, established 0, failed or given up 7"),
	   "they are connects that failed");
}

static void test_reasons(void)
{
	static const struct { uint8_t reason; const char *name; } t[] = {
		{ TCPHS_REASON_ICMP_REFUSED, "critical connect-rejected 3" },
		{ TCPHS_REASON_ICMP_PROHIBITED, "critical connect-prohibited 3" },
		{ TCPHS_REASON_UNREACHABLE, "critical connect-unreachable 3" },
		{ TCPHS_REASON_NO_ROUTE, "critical connect-no-route 3" },
		{ TCPHS_REASON_NO_ADDRESS, "critical connect-no-address 3" },
		{ TCPHS_REASON_NOT_PERMITTED, "critical connect-not-permitted 3" },
		{ TCPHS_REASON_ADDRESS_IN_USE, "critical connect-address-in-use 3" },
		{ TCPHS_REASON_KILLED, "critical connect-killed 3" },
		{ TCPHS_REASON_OTHER, "critical connect-failed 3" },
		{ TCPHS_REASON_NO_MEMORY, "critical connect-failed 3" },
		{ TCPHS_REASON_TIMEOUT, "critical connect-timeout 3" },
		{ TCPHS_REASON_CLOSED_BY_USER, "critical connect-timeout 3" },
		{ TCPHS_REASON_DISCONNECT, "critical connect-timeout 3" },
	};
	char what[64];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		fresh();
		times(3, event(TCPHS_EV_CONNECT_FAILED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_CLOSE,
			       t[i].reason));
		snprintf(what, sizeof(what), "reason %u is named", t[i].reason);
		same(judge(), t[i].name, what);
	}
	ok(strstr(saw("connects"), "3, established 0, failed or given up 3"), "and counted");
}

static void test_silence(void)
{
	fresh();
	client(1, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT);
	same(judge(), "notice connects-failing 1", "one timeout is too little to judge");
	client(1, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT);
	same(judge(), "notice connects-failing 2", "so are two");
	client(1, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_CLOSED_BY_USER);
	same(judge(), "critical connect-timeout 3", "the third was given up");
	ok(strstr(r.v[0].more, "2 timed out, 1 given up"), "which is told apart");

	tables();
	conn_times(3, TCPHS_STATE_SYN_SENT, WAITING_NS - 1);
	before();
	after();
	same(judge(), "", "connects of less than 3 s");
	tables();
	conn_times(3, TCPHS_STATE_SYN_SENT, WAITING_NS);
	before();
	after();
	same(judge(), "critical connect-timeout 3", "wait too long at 3 s");

	fresh();
	client(5, TCPHS_EV_SYN_SENT, 0);
	resent(2, TCPHS_EV_SYN_RETRANSMIT, TCPHS_ROLE_ACTIVE, 1);
	same(judge(), "notice connects-failing 2", "a recording knows by the SYN sent again");
	resent(1, TCPHS_EV_SYN_RETRANSMIT, TCPHS_ROLE_ACTIVE, 1);
	same(judge(), "critical connect-timeout 3", "who waits at its end");
	resent(1, TCPHS_EV_SYN_RETRANSMIT, TCPHS_ROLE_ACTIVE, 2);
	same(judge(), "critical connect-timeout 3", "once each");
}

/* A connect of a process: begun, and what became of it @ms later. Port and address vary. */
static void dial(uint32_t pid, uint8_t host, uint8_t type, uint8_t reason, unsigned int ms)
{
	struct tcphs_event ev = event(type, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT, reason);

	ev.id.peer[3] = host;
	if (type != TCPHS_EV_SYN_SENT) {
		ev.duration = ms * MSEC;
		ev.flags = TCPHS_F_DURATION;
	}
	owned(&ev, pid);
	times(1, ev);
}

static void wait_ms(unsigned int ms)
{
	now += ms * MSEC;
}

/* The first is given up when the second is established. */
static void happy_eyeballs(unsigned int late)
{
	dial(7, 2, TCPHS_EV_SYN_SENT, 0, 0);
	wait_ms(250);
	dial(7, 3, TCPHS_EV_SYN_SENT, 0, 0);
	wait_ms(20);
	dial(7, 3, TCPHS_EV_ESTABLISHED, 0, 20);
	wait_ms(late);
	dial(7, 2, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_CLOSED_BY_USER, 270 + late);
}

/* One host is tried, given up, and then the other is asked. */
static void next_one(void)
{
	dial(7, 2, TCPHS_EV_SYN_SENT, 0, 0);
	wait_ms(250);
	dial(7, 2, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_CLOSED_BY_USER, 250);
	dial(7, 3, TCPHS_EV_SYN_SENT, 0, 0);
	wait_ms(20);
	dial(7, 3, TCPHS_EV_ESTABLISHED, 0, 20);
}

static void test_races(void)
{
	unsigned int i, k;

	fresh();
	for (i = 0; i < 20; i++)
		happy_eyeballs(1);
	same(judge(), "", "Happy Eyeballs give up the slower connect");
	ok(strstr(saw("connects"), "needless as another came through 20"), "which is counted");
	fresh();
	for (i = 0; i < 20; i++)
		happy_eyeballs(101);
	same(judge(), "critical connect-timeout 20", "later than 100 ms it is no race");
	fresh();
	for (i = 0; i < 20; i++)
		next_one();
	same(judge(), "critical connect-timeout 20", "one after the other is none");
	fresh();
	for (i = 0; i < 5; i++) {
		dial(7, 2, TCPHS_EV_SYN_SENT, 0, 0);
		for (k = 0; k < 50; k++) {
			dial(7, 3, TCPHS_EV_SYN_SENT, 0, 0);
			wait_ms(5);
			dial(7, 3, TCPHS_EV_ESTABLISHED, 0, 5);
		}
		dial(7, 2, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_CLOSED_BY_USER, 250);
	}
	same(judge(), "critical connect-timeout 5",
	     "a busy proxy always has just connected elsewhere");
	fresh();
	for (i = 0; i < 5; i++) {
		dial(7, 2, TCPHS_EV_SYN_SENT, 0, 0);
		dial(8, 3, TCPHS_EV_SYN_SENT, 0, 0);
		wait_ms(20);
		dial(8, 3, TCPHS_EV_ESTABLISHED, 0, 20);
		dial(7, 2, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_CLOSED_BY_USER, 20);
	}
	same(judge(), "critical connect-timeout 5", "another process's connect is no excuse");
}

/* ::1 is refused, 127.0.0.1 answers. */
static void other_family(unsigned int n, uint8_t second, unsigned int pause)
{
	struct tcphs_event ev;

	while (n--) {
		ev = event(TCPHS_EV_CONNECT_FAILED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT,
			   TCPHS_REASON_REFUSED);
		ev.id.family = AF_INET6;
		owned(&ev, 7);
		times(1, ev);
		wait_ms(pause);
		ev = event(TCPHS_EV_ESTABLISHED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT, 0);
		ev.id.family = second;
		ev.id.peer[3] = 9;
		owned(&ev, 7);
		times(1, ev);
	}
}

static void test_fallback(void)
{
	fresh();
	other_family(20, AF_INET, 1);
	same(judge(), "", "refused by one family's address, and taken by the other's");
	ok(strstr(saw("connects"), "needless as another came through 20"), "which is counted");
	fresh();
	other_family(20, AF_INET6, 1);
	same(judge(), "critical connect-refused 20", "another host of the same family is no excuse");
	fresh();
	other_family(20, AF_INET, 1001);
	same(judge(), "critical connect-refused 20", "nor is what comes a second later");
}

/* So many destinations that one of which little was heard makes room. */
static void crowd(void)
{
	struct tcphs_event ev = event(TCPHS_EV_ESTABLISHED, TCPHS_ROLE_ACTIVE,
				      TCPHS_STATE_SYN_SENT, 0);
	unsigned int i;

	ev.id.peer[0] = 11;
	for (i = 0; i < 20000; i++) {
		ev.id.peer[1] = (uint8_t)(i >> 8);
		ev.id.peer[2] = (uint8_t)i;
		times(5, ev);
	}
}

/* Failures that fall_back() takes off again, and which were not, or no more, counted there. */
static void test_fallback_of_others(void)
{
	struct tcphs_event ev;
	unsigned int reason;

	for (reason = TCPHS_REASON_MAX + 1; reason <= UINT8_MAX; reason++) {
		fresh();
		ev = event(TCPHS_EV_CONNECT_FAILED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT,
			   (uint8_t)reason);
		ev.id.family = AF_INET6;
		owned(&ev, 7);
		times(3, ev);
		dial(7, 9, TCPHS_EV_ESTABLISHED, 0, 0);
	}
	same(judge(), "", "a reason that this tool does not know is taken off nowhere");
	fresh();
	ev = event(TCPHS_EV_CONNECT_FAILED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT,
		   TCPHS_REASON_REFUSED);
	ev.id.family = AF_INET6;
	owned(&ev, 7);
	times(3, ev);
	crowd();
	times(1, ev);
	dial(7, 9, TCPHS_EV_ESTABLISHED, 0, 0);
	judge();
	ok(strstr(saw("connects"), "failed or given up 0, needless as another came through 1,"),
	   "of a destination that made room only what it has since is taken off");
}

static void relay(unsigned int dead, unsigned int alive)
{
	unsigned int i;

	fresh();
	for (i = 0; i < dead; i++)
		dial(7, (uint8_t)(100 + i), TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT, 9000);
	for (i = 0; i < alive; i++)
		dial(7, (uint8_t)(10 + i), TCPHS_EV_ESTABLISHED, 0, 10);
}

/* Of no process that is known, each to another host. */
static void nobodys(unsigned int n, unsigned int host, uint8_t type, uint8_t reason)
{
	struct tcphs_event ev = event(type, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT, reason);

	for (; n; n--, host++) {
		ev.id.peer[3] = (uint8_t)host;
		times(1, ev);
	}
}

static void test_sparse(void)
{
	relay(9, 10);
	same(judge(), "notice connects-failing 9", "a mail relay finds hosts that are down");
	equal(report_exit(report_worst(&r)), 0, "which is no alarm");
	relay(9, 9);
	same(judge(), "warning connects-failing 9", "half of all are a warning");
	relay(3, 0);
	same(judge(), "critical connects-failing 3", "and all are critical, each somewhere else");
	ok(strstr(r.v[0].object, "client[7]"), "of the process");
	fresh();
	nobodys(3, 100, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT);
	nobodys(31, 10, TCPHS_EV_ESTABLISHED, 0);
	same(judge(), "notice connects-failing 3", "what went well of processes that are not known counts");
	nobodys(3, 110, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT);
	evidence_boot(&e);
	nobodys(3, 120, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_TIMEOUT);
	nobodys(3, 10, TCPHS_EV_ESTABLISHED, 0);
	same(judge(), "notice connects-failing 9", "before a boot and after it");
}

/* ---- losses --------------------------------------------------------------------------- */

static void fins(unsigned int n, bool again)
{
	struct tcphs_event ev;

	while (n--) {
		ev = event(TCPHS_EV_FIN_SENT, TCPHS_ROLE_ACTIVE, TCPHS_STATE_ESTABLISHED, 0);
		times(1, ev);
		ev.type = TCPHS_EV_FIN_RETRANSMIT;
		if (again)
			times(2, ev);
		ev.type = TCPHS_EV_FIN_ACKED;
		times(1, ev);
	}
}

static void test_losses(void)
{
	struct tcphs_status status = { .nhooks = 1 };
	struct tcphs_event ev;
	unsigned int i;

	fresh();
	client(3, TCPHS_EV_SYN_SENT, 0);
	resent(3, TCPHS_EV_SYN_RETRANSMIT, TCPHS_ROLE_ACTIVE, 1);
	ev = event(TCPHS_EV_ESTABLISHED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT, 0);
	ev.flags = TCPHS_F_AGREED;
	ev.agreed.retransmits = 1;
	times(3, ev);
	same(judge(), "warning syn-loss 3", "SYNs that had to be sent again");
	client(298, TCPHS_EV_ESTABLISHED, 0);
	same(judge(), "", "three of 301 are everyday life");

	fresh();
	ev = event(TCPHS_EV_ESTABLISHED, TCPHS_ROLE_PASSIVE, TCPHS_STATE_SYN_RECV, 0);
	ev.flags = TCPHS_F_AGREED;
	ev.agreed.retransmits = 1;
	times(3, ev);
	same(judge(), "warning synack-loss 3", "handshakes that needed a resend");
	ok(strstr(r.v[0].cause, "third ACK is lost"), "it is the way to us");
	strcpy(status.hook[0].name, HOOK_OF_REQUESTS);
	evidence_hooks(&e, &status);
	judge();
	ok(strstr(r.v[0].cause, "does not see on this kernel"), "but not where no hook sees those SYNs");
	e.after.nhooks = 0;
	server(3, TCPHS_EV_SYN_DUPLICATE, 0);
	judge();
	ok(strstr(r.v[0].cause, "SYN+ACK is lost"), "or from us, where the SYN comes again");
	server(1, TCPHS_EV_ACK_DEFERRED, 0);
	same(judge(), "", "unless data were awaited");
	fresh();
	times(3, ev);
	overflow(3);
	same(judge(), "critical accept-queue-overflow 3", "or the accept queue was full");

	fresh();
	fins(2, true);
	same(judge(), "", "two FINs sent again");
	fins(1, true);
	same(judge(), "notice fin-loss 3", "are not yet three");
	fins(298, false);
	same(judge(), "", "nor three of 301 one in a hundred");
	fresh();
	ev = event(TCPHS_EV_FIN_RETRANSMIT, TCPHS_ROLE_ACTIVE, TCPHS_STATE_FIN_WAIT1, 0);
	times(9, ev);
	same(judge(), "", "who never answers is not on a way that loses");
	fresh();
	for (i = 0; i < 3; i++) {
		ev.type = TCPHS_EV_FIN_RETRANSMIT;
		times(1, ev);
		ev.type = TCPHS_EV_SYN_SENT;
		ev.old_state = TCPHS_STATE_CLOSE;
		times(1, ev);
		ev.type = TCPHS_EV_FIN_SENT;
		ev.old_state = TCPHS_STATE_ESTABLISHED;
		times(1, ev);
		ev.type = TCPHS_EV_FIN_ACKED;
		ev.old_state = TCPHS_STATE_FIN_WAIT1;
		times(1, ev);
	}
	same(judge(), "", "nor does a FIN that came of the next connection of its socket answer it");
}

/* ---- ports ------------------------------------------------------------------------------ */

static void looked(void)
{
	before();
	after();
}

static void test_ports(void)
{
	struct tcphs_event ev = event(TCPHS_EV_CONNECT_FAILED, TCPHS_ROLE_ACTIVE,
				      TCPHS_STATE_CLOSE, TCPHS_REASON_NO_PORT);
	unsigned int i;

	tables();
	conn_times(50, TCPHS_STATE_ESTABLISHED, SEC);
	looked();
	same(judge(), "", "half of 100 ports are none too many");
	tables();
	conn_times(51, TCPHS_STATE_ESTABLISHED, SEC);
	looked();
	same(judge(), "notice ports-half-used 51", "from there on connect() has to search");
	tables();
	conn_times(80, TCPHS_STATE_ESTABLISHED, SEC);
	looked();
	same(judge(), "warning ports-exhausted 80", "80 are a warning");
	same(r.v[0].setting, "net.ipv4.ip_local_port_range", "and more ports help");
	ok(strstr(r.v[0].advised, "10000 65535, with ip_local_reserved_ports"), "with care");
	tables();
	conn_times(99, TCPHS_STATE_ESTABLISHED, SEC);
	looked();
	same(judge(), "warning ports-exhausted 99", "nothing has failed yet");
	tables();
	conn_times(100, TCPHS_STATE_ESTABLISHED, SEC);
	looked();
	same(judge(), "critical ports-exhausted 100", "the next will");
	tables();
	conn_times(95, TCPHS_STATE_ESTABLISHED, SEC);
	for (i = 0; i < 95; i++)
		conns[i].role = TCPHS_ROLE_PASSIVE;
	looked();
	same(judge(), "", "a server's connections take none");
	fresh();
	times(2, ev);
	same(judge(), "critical ports-exhausted 2", "connect() without a port is critical");
}

static void waited_out(uint64_t reuse)
{
	tables();
	conn_times(80, TCPHS_STATE_TIME_WAIT, SEC);
	settings.known[SETTING_TW_REUSE] = true;
	settings.value[SETTING_TW_REUSE] = reuse;
}

static void plain_connect(void)
{
	struct tcphs_event ev = event(TCPHS_EV_ESTABLISHED, TCPHS_ROLE_ACTIVE,
				      TCPHS_STATE_SYN_SENT, 0);

	ev.flags = TCPHS_F_AGREED;
	times(3, ev);
}

static void test_reuse(void)
{
	unsigned int i;

	waited_out(2);
	looked();
	same(judge(), "warning ports-exhausted 80", "TIME-WAITs that may not be used again");
	same(r.v[0].setting, "net.ipv4.tcp_tw_reuse", "could be");
	waited_out(1);
	looked();
	same(judge(), "", "where they may, they take no port");
	waited_out(2);
	for (i = 0; i < 80; i++)
		conns[i].peer[0] = 127;
	looked();
	same(judge(), "", "nor on loopback");
	waited_out(0);
	for (i = 0; i < 80; i++)
		conns[i].peer[0] = 127;
	looked();
	judge();
	ok(!strcmp(r.v[0].setting, "net.ipv4.tcp_tw_reuse") && !strcmp(r.v[0].advised, "2"),
	   "where 2 is enough");
	waited_out(1);
	settings.known[SETTING_TIMESTAMPS] = true;
	looked();
	same(judge(), "warning ports-exhausted 80", "without timestamps they may not");
	same(r.v[0].setting, "net.ipv4.tcp_timestamps", "and that is what to set");
	waited_out(1);
	before();
	plain_connect();
	after();
	same(judge(), "warning ports-exhausted 80", "nor where the peer has none");
	same(r.v[0].setting, "net.ipv4.ip_local_port_range", "then only more ports help");
	waited_out(1);
	settings.known[SETTING_TW_REUSE_DELAY] = true;
	settings.value[SETTING_TW_REUSE_DELAY] = 1001;
	looked();
	same(judge(), "warning ports-exhausted 80", "nor before tcp_tw_reuse_delay is over");
}

static void test_bound(void)
{
	struct tcphs_event ev = event(TCPHS_EV_CONNECT_FAILED, TCPHS_ROLE_ACTIVE,
				      TCPHS_STATE_CLOSE, TCPHS_REASON_NO_PORT);
	unsigned int i;

	tables();
	conn_times(79, TCPHS_STATE_ESTABLISHED, SEC);
	for (i = 0; i < 79; i++)
		conns[i].peer_port = (uint16_t)(443 + i % 10);
	looked();
	same(judge(), "", "79 of 100 ports for ten destinations");
	tables();
	conn_times(80, TCPHS_STATE_ESTABLISHED, SEC);
	for (i = 0; i < 80; i++)
		conns[i].peer_port = (uint16_t)(443 + i % 10);
	looked();
	same(judge(), "warning ports-held-by-bind 80", "none shared: bind() holds them");
	ok(strstr(r.v[0].cause, "IP_BIND_ADDRESS_NO_PORT"), "and what to do");
	ok(strstr(r.v[0].more, "to one at most 8"), "it is no destination's");
	tables();
	conn_times(160, TCPHS_STATE_ESTABLISHED, SEC);
	for (i = 0; i < 160; i++) {
		conns[i].local_port = (uint16_t)(1001 + i % 80);
		conns[i].peer_port = (uint16_t)(443 + i / 16);
	}
	looked();
	same(judge(), "", "connect() lets destinations share them");
	tables();
	ev.id.peer_port = 443;
	conn_times(100, TCPHS_STATE_ESTABLISHED, SEC);
	for (i = 0; i < 100; i++)
		conns[i].peer_port = (uint16_t)(443 + i % 10);
	before();
	times(5, ev);
	after();
	same(judge(), "critical ports-held-by-bind 100", "connect() of others fails, too");
	ok(strstr(r.v[0].more, "connects without a port 5"), "so many");
	tables();
	conn_times(5, TCPHS_STATE_ESTABLISHED, SEC);
	before();
	times(5, ev);
	after();
	same(judge(), "critical ports-held-by-bind 5", "others hold them, who are not connected");
	e.owned = true;
	same(judge(), "critical ports-exhausted 5", "of one unit nobody knows who holds them");
	ok(strstr(r.v[0].cause, "those of other units") &&
	   strstr(r.v[0].more, "5 of 100 ports in use by what was looked at"), "and that is said");
	same(r.v[0].setting, "", "nothing is advised then");
	tables();
	conn_times(80, TCPHS_STATE_ESTABLISHED, SEC);
	before();
	e.owned = true;
	times(5, ev);
	after();
	same(judge(), "critical ports-exhausted 5", "but a unit that has most of them itself");
	ok(strstr(r.v[0].cause, "These are open"), "is told so");
}

/* ---- closes ------------------------------------------------------------------------------- */

static void serves(unsigned int n, uint64_t age)
{
	struct tcphs_conn_info *c;

	while (n--) {
		c = conn(TCPHS_STATE_CLOSE_WAIT, age);
		c->role = TCPHS_ROLE_PASSIVE;
		c->local_port = 80;
	}
}

/* Nobody calls accept(), and three have closed; a process may have them. */
static void hung(bool owned)
{
	unsigned int i;

	tables();
	listener.accept_queue = 3;
	serves(3, 60 * SEC);
	for (i = 0; i < nr_conns; i++)
		conns[i].owner.known = owned;
	before();
	e.began = 100 * SEC;
	e.ended = 105 * SEC;
	after();
}

static void test_close_wait(void)
{
	tables();
	serves(3, 60 * SEC - 1);
	looked();
	same(judge(), "", "CLOSE-WAIT of less than a minute");
	tables();
	serves(2, 60 * SEC);
	looked();
	same(judge(), "", "two of a minute");
	tables();
	serves(3, 60 * SEC);
	before();
	serves(5, SEC);
	after();
	same(judge(), "warning close-wait 3", "three, and five that have just begun");
	tables();
	serves(3, 60 * SEC);
	before();
	serves(2, 60 * SEC);
	after();
	same(judge(), "warning close-wait 5", "two more are stuck");
	tables();
	serves(3, 60 * SEC);
	before();
	serves(3, 60 * SEC);
	after();
	same(judge(), "critical close-wait 6", "three more are stuck: a leak");
	tables();
	serves(100, 60 * SEC);
	before();
	serves(4, 60 * SEC);
	after();
	same(judge(), "warning close-wait 104", "four more of a hundred come and go");
	tables();
	conn_times(3, TCPHS_STATE_CLOSE_WAIT, 60 * SEC);
	looked();
	same(judge(), "notice close-wait 3", "a client's pool of old connections is harmless");
	ok(strstr(r.v[0].object, "to 10.0.0.2:443"), "and the upstream is named");
	tables();
	conn_times(3, TCPHS_STATE_CLOSE_WAIT, 60 * SEC);
	before();
	conn_times(3, TCPHS_STATE_CLOSE_WAIT, 60 * SEC);
	after();
	same(judge(), "critical close-wait 6", "while it does not grow");
	tables();
	conn_times(3, TCPHS_STATE_CLOSE_WAIT, 60 * SEC);
	conns[1].owner.known = true;
	conns[1].owner.pid = 4711;
	looked();
	same(judge(), "", "each process for itself");
	hung(false);
	same(judge(), "critical accept-hangs 3", "who waits for accept() is a finding of the listener");
	hung(true);
	same(judge(), "critical accept-hangs 3, warning close-wait 3", "who was accepted is not");
}

static void test_closing(void)
{
	tables();
	conn_times(3, TCPHS_STATE_LAST_ACK, 60 * SEC);
	conn_times(2, TCPHS_STATE_FIN_WAIT1, 60 * SEC);
	conn_times(4, TCPHS_STATE_FIN_WAIT2, 60 * SEC);
	conn_times(5, TCPHS_STATE_CLOSING, 59 * SEC);
	looked();
	same(judge(), "warning last-ack 3, notice fin-wait-2 4", "each state for itself");
	same(r.v[1].setting, "", "no setting helps a half-close");
	tables();
	conn_times(4, TCPHS_STATE_FIN_WAIT2, 60 * SEC);
	before();
	conn_times(3, TCPHS_STATE_FIN_WAIT2, 60 * SEC);
	after();
	same(judge(), "warning fin-wait-2 7", "half-closes that grow in number are a leak");
	tables();
	conn_times(4, TCPHS_STATE_LAST_ACK, 60 * SEC);
	conns[0].peer[3] = conns[1].peer[3] = 9;
	looked();
	same(judge(), "", "each peer for itself");
}

static void ends(unsigned int n, uint8_t role, uint8_t old_state, uint8_t reason)
{
	while (n--)
		times(1, event(TCPHS_EV_CLOSED, role, old_state, reason));
}

static void test_deaths(void)
{
	fresh();
	ends(2, TCPHS_ROLE_ACTIVE, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_TIMEOUT);
	same(judge(), "", "two connections that timed out");
	ends(1, TCPHS_ROLE_ACTIVE, TCPHS_STATE_CLOSE_WAIT, TCPHS_REASON_TIMEOUT);
	same(judge(), "critical connections-timed-out 3", "are not yet three");
	ends(4, TCPHS_ROLE_ACTIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "warning connections-timed-out 3", "less than half are a warning");
	ends(294, TCPHS_ROLE_ACTIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "", "and three of 301 are none");
	fresh();
	ends(3, TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_TIMEOUT);
	ends(27, TCPHS_ROLE_PASSIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "warning connections-timed-out 3", "one in ten of the clients");
	ends(1, TCPHS_ROLE_PASSIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "", "less is everyday life: clients go out of reach");
	fresh();
	ends(5, TCPHS_ROLE_ACTIVE, TCPHS_STATE_LAST_ACK, TCPHS_REASON_TIMEOUT);
	same(judge(), "", "those that both had closed do not live");
}

/* ---- resets -------------------------------------------------------------------------------- */

static void reset(unsigned int n, uint8_t type, uint8_t role, uint8_t old_state, uint8_t reason)
{
	while (n--)
		times(1, event(type, role, old_state, reason));
}

/* As a peer resets: the RST, and the end with the bytes that had come from it. */
static void reset_by_peer(unsigned int n, uint64_t bytes, unsigned int hosts)
{
	struct tcphs_event ev;
	unsigned int i;

	for (i = 0; i < n; i++) {
		ev = event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED, 0);
		ev.id.peer[3] = (uint8_t)(2 + i % hosts);
		times(1, ev);
		ev.type = TCPHS_EV_CLOSED;
		ev.reason = TCPHS_REASON_RESET_RECEIVED;
		ev.flags = TCPHS_F_LIFE;
		ev.life.bytes_received = bytes;
		times(1, ev);
	}
}

static void test_resets(void)
{
	fresh();
	reset(4, TCPHS_EV_RST_SENT, TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED,
	      TCPHS_REASON_LINGER);
	ends(4, TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_LINGER);
	same(judge(), "", "four resets");
	reset(1, TCPHS_EV_RST_SENT, TCPHS_ROLE_PASSIVE, TCPHS_STATE_CLOSE_WAIT,
	      TCPHS_REASON_UNREAD_DATA);
	same(judge(), "warning reset-by-us 5", "are not yet five");
	ok(strstr(r.v[0].more, "4 for: linger"), "the most frequent cause is told");
	ends(47, TCPHS_ROLE_PASSIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "", "nor are five of 51 one in ten");

	fresh();
	reset(5, TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_FIN_WAIT2, 0);
	same(judge(), "warning reset-by-peer 5", "the peer's are told apart");
	same(r.v[0].object, "peer 10.0.0.2:443", "and the peer is named");
	fresh();
	reset(5, TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_CLOSE_WAIT, 0);
	judge();
	ok(strstr(r.v[0].cause, "We sent after the peer had closed"), "who sends after a FIN");
	fresh();
	reset(9, TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT, 0);
	same(judge(), "", "a refused connect is not a reset");
	reset(9, TCPHS_EV_RST_SENT, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_LISTEN,
	      TCPHS_REASON_ACCEPT_QUEUE_FULL);
	same(judge(), "", "a full queue is told elsewhere");
	fresh();
	reset(1000, TCPHS_EV_RST_SENT, TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED,
	      TCPHS_REASON_UNREAD_DATA);
	ends(100000, TCPHS_ROLE_PASSIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "warning reset-by-us 1000", "of a thousand one in a hundred is enough");
}

/* Five RSTs of a kind; @sent and @received: ms since then. */
struct parting {
	bool by_us, active;
	uint8_t state, reason;
	uint32_t sent, received, unacked, unread;
	const char *found, *what;
};

static void parted(const struct parting *p)
{
	uint8_t role = p->active ? TCPHS_ROLE_ACTIVE : TCPHS_ROLE_PASSIVE;
	struct tcphs_event ev;
	unsigned int i;

	fresh();
	for (i = 0; i < 5; i++) {
		ev = event(p->by_us ? TCPHS_EV_RST_SENT : TCPHS_EV_RST_RECEIVED, role, p->state,
			   p->reason);
		/* So many come to that place that nobody takes them for checks. */
		ev.id.peer[3] = (uint8_t)(p->active ? 2 : 2 + i);
		ev.flags = TCPHS_F_IDLE;
		ev.idle.sent = p->sent * MSEC;
		ev.idle.received = p->received * MSEC;
		ev.idle.unacked = p->unacked;
		ev.idle.unread = p->unread;
		times(1, ev);
		ev.type = TCPHS_EV_CLOSED;
		ev.reason = p->by_us ? p->reason : TCPHS_REASON_RESET_RECEIVED;
		ev.flags = TCPHS_F_LIFE;
		ev.life = (struct tcphs_life){ .bytes_sent = 7 + i, .bytes_received = 7 + i };
		times(1, ev);
	}
	same(judge(), p->found, p->what);
}

#define PARTED	"notice closed-by-reset 5"
#define OURS	"warning reset-by-us 5"
#define THEIRS	"warning reset-by-peer 5"
#define LINGER	TCPHS_REASON_LINGER
#define UNREAD	TCPHS_REASON_UNREAD_DATA
#define ESTAB	TCPHS_STATE_ESTABLISHED

static void test_partings(void)
{
	static const struct parting t[] = {
		/* we, active, state, reason, sent, received, unacked, unread */
		{ 1, 1, ESTAB, LINGER, 9, 5, 0, 0, PARTED, "a client that had its answer" },
		{ 1, 1, ESTAB, LINGER, 5, 9, 0, 0, OURS, "one that did not wait for it" },
		{ 1, 1, ESTAB, LINGER, 5, 5, 0, 0, OURS, "or who knows" },
		{ 1, 1, ESTAB, LINGER, 9, 5, 1, 0, OURS, "one whose last byte may be lost" },
		{ 1, 1, ESTAB, UNREAD, 9, 5, 0, 3, PARTED, "one that leaves the end unread" },
		{ 1, 1, ESTAB, TCPHS_REASON_TIMEOUT, 9, 5, 0, 0, "critical connections-timed-out 5",
		  "a timer is no purpose" },
		{ 1, 1, ESTAB, TCPHS_REASON_KILLED, 9, 5, 0, 0, OURS, "nor is ss -K" },
		{ 0, 0, ESTAB, 0, 5, 9, 0, 0, PARTED, "the server knows it, too" },
		{ 0, 0, ESTAB, 0, 9, 5, 0, 0, THEIRS, "a request that was not answered" },
		{ 0, 0, ESTAB, 0, 5, 9, 1, 0, THEIRS, "an answer that did not arrive" },
		{ 0, 0, ESTAB, 0, 5, 9, 0, 1, THEIRS, "a request that was not read" },
		{ 0, 0, TCPHS_STATE_FIN_WAIT2, 0, 9, 5, 0, 0, PARTED, "it had closed itself" },
		{ 0, 0, TCPHS_STATE_FIN_WAIT1, 0, 9, 5, 1, 0, THEIRS, "its answer was cut off" },
		{ 1, 0, ESTAB, LINGER, 1000, 1001, 0, 0, PARTED, "a server that closes as idle" },
		{ 1, 0, ESTAB, LINGER, 999, 1001, 0, 0, OURS, "a second goes by before" },
		{ 1, 0, ESTAB, LINGER, 1001, 1000, 0, 0, OURS, "one that does not answer" },
		{ 1, 0, ESTAB, UNREAD, 1000, 1001, 0, 1, OURS, "or does not read" },
		{ 1, 0, TCPHS_STATE_CLOSE_WAIT, LINGER, 5, 9, 0, 0, PARTED, "the client had closed" },
		{ 0, 1, ESTAB, 0, 1001, 1000, 0, 0, PARTED, "a client knows of the idleness, too" },
		{ 0, 1, ESTAB, 0, 1001, 999, 0, 0, THEIRS, "a second goes by here, too" },
		{ 0, 1, ESTAB, 0, 1000, 1001, 0, 0, THEIRS, "its request was not answered" },
		{ 0, 1, ESTAB, 0, 1001, 1000, 0, 1, THEIRS, "it has not read the answer" },
		{ 0, 1, TCPHS_STATE_FIN_WAIT2, 0, 9, 5, 0, 0, PARTED, "it had closed" },
		{ 0, 1, TCPHS_STATE_FIN_WAIT2, 0, 5, 9, 0, 0, THEIRS, "and waited for an answer" },
	};
	struct tcphs_event ev;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		parted(&t[i]);
	ok(strstr(saw("resets"), "by peers 5; when nothing was under way 0"), "and all are counted");
	parted(&t[0]);
	ok(strstr(saw("resets"), "later by us 0, by peers 0; when nothing was under way 5"),
	   "each once");
	ends(46, TCPHS_ROLE_ACTIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "", "five of 51 are not worth a word");
	fresh();
	ev = event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_ACTIVE, TCPHS_STATE_FIN_WAIT2, 0);
	ev.flags = TCPHS_F_BUCKET;
	times(5, ev);
	same(judge(), PARTED, "a bucket in FIN_WAIT2 waits for nothing");
}

/* The first FIN, of the client, @ms after its last word; what the server then says gets a RST. */
static void said_goodbye(bool active, uint32_t ms, uint32_t answered, uint32_t unacked)
{
	struct tcphs_event ev;
	unsigned int i;

	fresh();
	for (i = 0; i < 5; i++) {
		ev = event(active ? TCPHS_EV_FIN_SENT : TCPHS_EV_FIN_RECEIVED,
			   active ? TCPHS_ROLE_ACTIVE : TCPHS_ROLE_PASSIVE, ESTAB, 0);
		ev.flags = TCPHS_F_IDLE;
		ev.idle.sent = (active ? ms : answered) * MSEC;
		ev.idle.received = (active ? answered : ms) * MSEC;
		ev.idle.unacked = unacked;
		times(1, ev);
		ev.flags = 0;
		ev.type = active ? TCPHS_EV_RST_SENT : TCPHS_EV_RST_RECEIVED;
		ev.old_state = active ? TCPHS_STATE_FIN_WAIT2 : TCPHS_STATE_LAST_ACK;
		ev.reason = active ? TCPHS_REASON_DATA_AFTER_CLOSE : 0;
		ev.idle = (struct tcphs_idle){ 0 };
		times(1, ev);
		ev.type = TCPHS_EV_CLOSED;
		times(1, ev);
	}
}

static void test_goodbyes(void)
{
	said_goodbye(false, 9, 50, 0);
	same(judge(), PARTED, "close_notify and FIN, and the server's close_notify gets a RST");
	said_goodbye(true, 9, 50, 31);
	same(judge(), PARTED, "the same at the client");
	said_goodbye(false, 10, 50, 0);
	same(judge(), THEIRS, "a client that waited has given up");
	said_goodbye(true, 10, 50, 0);
	same(judge(), OURS, "the same at the client");
	said_goodbye(false, 9, 50, 1);
	same(judge(), THEIRS, "nor is it a goodbye in the middle of an answer");
	said_goodbye(false, 900, 500, 0);
	same(judge(), PARTED, "a client that had its answer");
	said_goodbye(true, 2000, 5000, 0);
	same(judge(), OURS, "who has waited for two seconds is not idle, and no race");
	said_goodbye(true, 5000, 2000, 0);
	same(judge(), "warning keepalive-race 5", "who had its answer is");
}

/* Both ends here: who sent it says why, who got it whether something was lost. */
static void both_here(uint32_t unacked)
{
	struct tcphs_event ev;
	unsigned int i;

	fresh();
	for (i = 0; i < 5; i++) {
		ev = event(TCPHS_EV_RST_SENT, TCPHS_ROLE_ACTIVE, ESTAB, LINGER);
		memcpy(ev.id.peer, ev.id.local, sizeof(ev.id.peer));
		ev.id.peer_port = 80;
		ev.flags = TCPHS_F_IDLE;
		ev.idle.sent = 9 * MSEC;
		times(1, ev);
		ev.type = TCPHS_EV_CLOSED;
		ev.flags = 0;
		times(1, ev);
		ev = event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_PASSIVE, ESTAB, 0);
		memcpy(ev.id.peer, ev.id.local, sizeof(ev.id.peer));
		ev.id.peer_port = 40000;
		ev.flags = TCPHS_F_IDLE;
		ev.idle = (struct tcphs_idle){ .received = 9 * MSEC, .unacked = unacked };
		times(1, ev);
		ev.type = TCPHS_EV_CLOSED;
		ev.flags = 0;
		times(1, ev);
	}
}

static void test_both_here(void)
{
	both_here(0);
	same(judge(), PARTED, "both ends here make one finding");
	both_here(1);
	same(judge(), "warning reset-by-peer 5, notice closed-by-reset 5",
	     "but a loss is told by who lost it");
}

/* The same question each time, @received ms before; the answer has not come yet. */
static void given_up_alike(uint32_t received, uint32_t sent)
{
	struct tcphs_event ev;
	unsigned int i;

	fresh();
	for (i = 0; i < 5; i++) {
		ev = event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_PASSIVE, ESTAB, 0);
		ev.flags = TCPHS_F_IDLE;
		ev.idle = (struct tcphs_idle){ .sent = sent * MSEC, .received = received * MSEC,
					       .unacked = 4 };
		times(1, ev);
		ev.type = TCPHS_EV_CLOSED;
		ev.reason = TCPHS_REASON_RESET_RECEIVED;
		ev.flags = TCPHS_F_LIFE;
		ev.life = (struct tcphs_life){ .bytes_received = 17 };
		times(1, ev);
	}
}

static void test_checks(void)
{
	fresh();
	reset_by_peer(10, 0, 1);
	same(judge(), "notice health-checks 10", "ten a second from one address");
	equal(report_exit(report_worst(&r)), 0, "are health checks, and no alarm");
	reset_by_peer(1, 0, 1);
	same(judge(), "warning reset-by-peer 11", "eleven are too many for that");
	fresh();
	reset_by_peer(9, 37, 3);
	same(judge(), "notice health-checks 9", "they may ask the same each time");
	ok(strstr(r.v[0].more, " bytes"), "how much is told");
	reset_by_peer(1, 38, 1);
	same(judge(), "warning reset-by-peer 10", "but nothing else");
	fresh();
	reset_by_peer(8, 0, 4);
	same(judge(), "warning reset-by-peer 8", "and they come from few addresses");
	given_up_alike(5, 9);
	same(judge(), "warning reset-by-peer 5", "who asks the same each time and gives up");
	given_up_alike(9, 5);
	same(judge(), "notice health-checks 5", "is no check, for that has its answer");
	fresh();
	server(5, TCPHS_EV_SYN_RECEIVED, 0);
	reset(5, TCPHS_EV_REQUEST_RESET, TCPHS_ROLE_PASSIVE, TCPHS_STATE_SYN_RECV,
	      TCPHS_REASON_RESET_RECEIVED);
	same(judge(), "notice health-checks 5", "some reset instead of the third ACK");
	same(r.v[0].measure, "handshakes that a health check reset", "which is told");
	reset(6, TCPHS_EV_REQUEST_RESET, TCPHS_ROLE_PASSIVE, TCPHS_STATE_SYN_RECV,
	      TCPHS_REASON_RESET_RECEIVED);
	same(judge(), "warning handshake-reset-by-peer 11", "seldom");
}

/* The first FIN after @idle without data, and the RST that what came then got. */
static void race(uint8_t role, uint8_t fin, uint64_t idle)
{
	bool us = fin == TCPHS_EV_FIN_SENT;
	struct tcphs_event ev = event(fin, role, TCPHS_STATE_ESTABLISHED, 0);

	ev.flags = TCPHS_F_IDLE;
	ev.idle.received = idle;
	ev.idle.sent = us ? idle : 0;
	times(1, ev);
	ev.flags = 0;
	ev.idle.received = ev.idle.sent = 0;
	ev.type = us ? TCPHS_EV_RST_SENT : TCPHS_EV_RST_RECEIVED;
	ev.reason = us ? TCPHS_REASON_DATA_AFTER_CLOSE : 0;
	ev.old_state = us ? TCPHS_STATE_FIN_WAIT1 : TCPHS_STATE_CLOSE_WAIT;
	times(1, ev);
	ev.type = TCPHS_EV_CLOSED;
	times(1, ev);
}

static void test_keepalive(void)
{
	unsigned int i;

	fresh();
	race(TCPHS_ROLE_PASSIVE, TCPHS_EV_FIN_SENT, 5 * SEC);
	race(TCPHS_ROLE_PASSIVE, TCPHS_EV_FIN_SENT, 6 * SEC);
	same(judge(), "notice keepalive-race 2", "a request that met a close for idleness");
	ok(strstr(r.v[0].more, "closed by us after 5.00 s to 6.00 s"), "after how long");
	same(r.v[0].object, "listener 10.0.0.1:80", "of the server");
	race(TCPHS_ROLE_PASSIVE, TCPHS_EV_FIN_SENT, 5 * SEC);
	same(judge(), "warning keepalive-race 3", "three are a warning");
	ends(2998, TCPHS_ROLE_PASSIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "notice keepalive-race 3", "unless there are a thousand times as many");
	fresh();
	for (i = 0; i < 3; i++)
		race(TCPHS_ROLE_ACTIVE, TCPHS_EV_FIN_RECEIVED, 60 * SEC);
	same(judge(), "warning keepalive-race 3", "the server closed, the client is here");
	ok(strstr(r.v[0].more, "closed by the peer after 1m00s"), "which is said");
	same(r.v[0].object, "peer 10.0.0.2:443", "of the upstream");
	fresh();
	for (i = 0; i < 3; i++)
		race(TCPHS_ROLE_PASSIVE, TCPHS_EV_FIN_SENT, SEC - 1);
	same(judge(), "", "less than a second is no idleness");
	for (i = 0; i < 2; i++)
		race(TCPHS_ROLE_PASSIVE, TCPHS_EV_FIN_SENT, SEC / 10);
	same(judge(), "warning reset-by-us 5", "those are told as resets");
}

/* ---- requests that nobody reads ------------------------------------------------------------- */

/* A client closes @waited after its request, which the listener's process has, or not. */
static struct tcphs_event given_up(uint64_t waited, uint32_t unread)
{
	struct tcphs_event ev = event(TCPHS_EV_FIN_RECEIVED, TCPHS_ROLE_PASSIVE, ESTAB, 0);

	ev.flags = TCPHS_F_IDLE;
	ev.idle = (struct tcphs_idle){ .sent = waited + 1, .received = waited, .unread = unread };
	owned(&ev, 4711);
	return ev;
}

/* Connections that ended as they should. */
static void served(unsigned int n)
{
	times(n, given_up(9 * SEC, 0));
}

static void test_unread(void)
{
	struct tcphs_event ev;

	fresh();
	times(2, given_up(100 * MSEC, 17));
	same(judge(), "", "two requests that were not read");
	times(1, given_up(300 * MSEC, 1));
	same(judge(), "warning requests-not-read 3", "three are a warning");
	same(r.v[0].object, "listener 10.0.0.1:80, client[4711]", "of the process that has them");
	ok(strstr(r.v[0].more, "of 3 connections that were closed; the client waited 300 ms"),
	   "the longest wait, and of how many");
	times(1, given_up(200 * MSEC, 17));
	times(1, given_up(200 * MSEC, 17));
	same(judge(), "critical requests-not-read 5", "five of five cost connections");
	served(5);
	same(judge(), "critical requests-not-read 5", "so do five of ten");
	served(1);
	same(judge(), "warning requests-not-read 5", "less than half are a warning");
	served(489);
	same(judge(), "warning requests-not-read 5", "down to one in a hundred");
	served(1);
	same(judge(), "", "fewer are everyday life");
	ok(strstr(saw("requests"), "closed by FIN 501; unread for 100 ms or more 5"),
	   "which is said");

	fresh();
	served(99);
	same(judge(), "", "who reads and never answers is silent");
	times(99, given_up(100 * MSEC - 1, 17));
	same(judge(), "", "a request and a FIN at its heels");
	ev = given_up(9 * SEC, 17);
	ev.idle.sent = 1;
	times(99, ev);
	same(judge(), "", "a greeting, or an answer, since it came");
	ev = given_up(9 * SEC, 17);
	ev.idle.unacked = 1;
	times(99, ev);
	same(judge(), "", "an answer that the client does not take");
	ev = given_up(9 * SEC, 17);
	ev.flags &= ~TCPHS_F_OWNER;
	times(99, ev);
	same(judge(), "", "what waits for accept() is told by its queue");

	tables();
	listener.accept_queue = 3;
	before();
	now += 5 * SEC;
	times(5, given_up(SEC, 17));
	after();
	same(judge(), "critical accept-hangs 3", "and who does not accept any more is one finding");
}

/* Our close, @waited after our request; nothing, or something, had come. */
static struct tcphs_event unanswered(uint64_t waited, uint32_t answer)
{
	struct tcphs_event ev = event(TCPHS_EV_FIN_SENT, TCPHS_ROLE_ACTIVE, ESTAB, 0);

	ev.flags = TCPHS_F_IDLE | TCPHS_F_SEQ | TCPHS_F_ACK | TCPHS_F_ISN | TCPHS_F_PEER_ISN;
	ev.id.isn = UINT32_MAX;
	ev.id.peer_isn = UINT32_MAX - 1;
	ev.seq = 17;
	ev.ack = UINT32_MAX + answer;
	ev.idle = (struct tcphs_idle){ .sent = waited, .received = waited + 1 };
	return ev;
}

static void test_unanswered(void)
{
	struct tcphs_event ev;

	fresh();
	times(4, unanswered(100 * MSEC, 0));
	same(judge(), "", "four connections on which nothing came");
	times(1, unanswered(400 * MSEC, 0));
	same(judge(), "notice no-answers 5", "five are a notice");
	equal(report_exit(report_worst(&r)), 0, "and no alarm");
	same(r.v[0].object, "peer 10.0.0.2:443", "of the destination");
	ok(strstr(r.v[0].more, "of 5 connections that were closed; the client waited 400 ms"),
	   "the longest wait, and of how many");
	times(5, unanswered(SEC, 1));
	same(judge(), "notice no-answers 5", "half of ten");
	times(1, unanswered(SEC, 1));
	same(judge(), "", "fewer had another cause");

	fresh();
	times(9, unanswered(100 * MSEC - 1, 0));
	same(judge(), "", "who closes at once does not wait for an answer");
	ev = unanswered(SEC, 0);
	ev.seq = 0;
	times(99, ev);
	same(judge(), "", "who asked nothing needs none");
	ev = unanswered(SEC, 0);
	ev.idle.unacked = 1;
	times(99, ev);
	same(judge(), "", "a peer that confirms nothing is another matter");
	ev = unanswered(SEC, 0);
	ev.flags &= ~TCPHS_F_PEER_ISN;
	times(99, ev);
	same(judge(), "", "older than the module: nobody knows what had come");
	ev = unanswered(SEC, 0);
	memcpy(ev.id.peer, ev.id.local, sizeof(ev.id.peer));
	times(999, ev);
	same(judge(), "", "a listener on this machine tells it");
}

/* ---- strays --------------------------------------------------------------------------------- */

static struct tcphs_event strange(uint8_t state, uint8_t reason, uint16_t port)
{
	struct tcphs_event ev = event(TCPHS_EV_RST_SENT, TCPHS_ROLE_UNKNOWN, state, reason);

	ev.flags = TCPHS_F_SEQ;
	ev.id.conn = 0;
	ev.id.local_port = port;
	ev.id.peer_port = 443;
	return ev;
}

static void test_strays(void)
{
	struct tcphs_event ev;
	unsigned int i;

	fresh();
	for (i = 0; i < 2; i++)
		times(9, strange(TCPHS_STATE_CLOSE, TCPHS_REASON_NO_SOCKET, (uint16_t)(5000 + i)));
	same(judge(), "", "many segments of two connections");
	times(1, strange(TCPHS_STATE_CLOSE, TCPHS_REASON_NO_SOCKET, 5002));
	same(judge(), "warning unknown-connections 3", "each port counts once");
	same(r.v[0].object, "peer 10.0.0.2", "the peer is named");
	ok(strstr(r.v[0].more, "19 segments"), "and every segment counted");
	for (i = 0; i < 3; i++)
		times(1, strange(TCPHS_STATE_LISTEN, TCPHS_REASON_BAD_SEGMENT, (uint16_t)(80 + i)));
	times(1, strange(TCPHS_STATE_LISTEN, TCPHS_REASON_BAD_COOKIE, 90));
	same(judge(), "warning unknown-connections 7", "where somebody listens, too");
	ends(7001, TCPHS_ROLE_ACTIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "", "seven of more than seven thousand are everyday life");

	fresh();
	for (i = 0; i < 5; i++) {
		ev = event(TCPHS_EV_RST_SENT, TCPHS_ROLE_PASSIVE, TCPHS_STATE_FIN_WAIT1,
			   TCPHS_REASON_DATA_AFTER_CLOSE);
		ev.id.peer_port = (uint16_t)(6000 + i);
		times(1, ev);
		ev.type = TCPHS_EV_CLOSED;
		times(1, ev);
		ev.type = TCPHS_EV_RST_SENT;
		ev.id.conn = 0;
		ev.flags = TCPHS_F_SEQ;
		ev.old_state = TCPHS_STATE_LISTEN;
		ev.reason = TCPHS_REASON_BAD_SEGMENT;
		times(7, ev);
	}
	same(judge(), "warning reset-by-us 5", "what comes for connections that we have reset");
	ok(strstr(r.v[0].more, "35 segments more came"), "is told with them");

	fresh();
	for (i = 0; i < 6; i++) {
		ev = strange(TCPHS_STATE_CLOSE, TCPHS_REASON_NO_SOCKET, 5000);
		ev.id.peer[3] = (uint8_t)(10 + i);
		ev.id.peer_port = 1;
		times(1, ev);
		ev.id.peer_port = 2;
		times(1, ev);
		ev.id.peer_port = 3;
		times(1, ev);
	}
	same(judge(), "warning unknown-connections 18", "many peers are one finding");
	same(r.v[0].object, "this network namespace", "of the machine");

	fresh();
	for (i = 0; i < 1000000; i++) {
		ev = strange(TCPHS_STATE_LISTEN, TCPHS_REASON_BAD_COOKIE, 80);
		ev.id.peer[0] = 11;
		memcpy(ev.id.peer + 1, &i, 3);
		times(1, ev);
	}
	same(judge(), "warning unknown-connections 1000000", "a million forged addresses");
	ok(e.ends->strays.nr <= 16384, "are bounded");
}

static void test_time_wait(void)
{
	fresh();
	reset(500, TCPHS_EV_TIME_WAIT, TCPHS_ROLE_ACTIVE, TCPHS_STATE_FIN_WAIT2, 0);
	reset(4, TCPHS_EV_TIME_WAIT_END, TCPHS_ROLE_ACTIVE, TCPHS_STATE_TIME_WAIT,
	      TCPHS_REASON_RESET_RECEIVED);
	same(judge(), "", "four TIME-WAITs that a RST ended");
	reset(1, TCPHS_EV_TIME_WAIT_END, TCPHS_ROLE_ACTIVE, TCPHS_STATE_TIME_WAIT,
	      TCPHS_REASON_RESET_RECEIVED);
	same(judge(), "notice time-wait-killed 5", "are not yet five");
	reset(1, TCPHS_EV_TIME_WAIT, TCPHS_ROLE_ACTIVE, TCPHS_STATE_FIN_WAIT2, 0);
	same(judge(), "", "nor five of 501 one in a hundred");
	fresh();
	reset(5, TCPHS_EV_TIME_WAIT_END, TCPHS_ROLE_ACTIVE, TCPHS_STATE_FIN_WAIT2,
	      TCPHS_REASON_RESET_RECEIVED);
	same(judge(), "", "a RST in FIN-WAIT-2 is an end like another");
	fresh();
	reset(3, TCPHS_EV_SYN_UNEXPECTED, TCPHS_ROLE_PASSIVE, TCPHS_STATE_TIME_WAIT,
	      TCPHS_REASON_CHALLENGE_ACK);
	reset(5, TCPHS_EV_TIME_WAIT_END, TCPHS_ROLE_PASSIVE, TCPHS_STATE_TIME_WAIT,
	      TCPHS_REASON_RESET_RECEIVED);
	e.settings.known[SETTING_RFC1337] = true;
	same(judge(), "warning syn-meets-old 3, notice time-wait-killed 5", "clients that come again end it");
	same(r.v[1].setting, "", "and would wait if they could not");
}

/* TCP_REPAIR: no handshake here. */
static void test_restored(void)
{
	struct tcphs_event ev = event(TCPHS_EV_ESTABLISHED, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_CLOSE, 0);

	fresh();
	ev.flags = TCPHS_F_RESTORED;
	times(7, ev);
	same(judge(), "", "connections that were put back");
	ok(strstr(saw("connects"), "0, established 0"), "are no connects");
	ok(strstr(saw("loss"), "of 0 connects; SYN+ACK in 0 of 0 handshakes"), "nor handshakes");
}

static void test_old(void)
{
	struct tcphs_event ev;
	unsigned int i;

	fresh();
	reset(2, TCPHS_EV_SYN_UNEXPECTED, TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED,
	      TCPHS_REASON_CHALLENGE_ACK);
	same(judge(), "notice syn-meets-old 2", "SYNs that met an older connection");
	reset(1, TCPHS_EV_SYN_UNEXPECTED, TCPHS_ROLE_PASSIVE, TCPHS_STATE_TIME_WAIT,
	      TCPHS_REASON_RATE_LIMITED);
	same(judge(), "warning syn-meets-old 3", "three are a warning");
	ok(strstr(r.v[0].more, "the older one open 2, closing 0, in TIME-WAIT 1; 3 SYNs in all, 1 of"),
	   "of what");
	ev = event(TCPHS_EV_SYN_UNEXPECTED, TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED,
		   TCPHS_REASON_CHALLENGE_ACK);
	ev.seq = 4711;
	times(5, ev);
	same(judge(), "warning syn-meets-old 4", "a SYN that is sent again is the same");
	server(397, TCPHS_EV_SYN_RECEIVED, 0);
	same(judge(), "notice syn-meets-old 4", "unless they are few among many");

	fresh();
	for (i = 0; i < 3; i++) {
		client(1, TCPHS_EV_SYN_SENT, 0);
		ev = event(TCPHS_EV_RST_SENT, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT,
			   TCPHS_REASON_OLD_ACK);
		times(4, ev);
		ev.type = i ? TCPHS_EV_ESTABLISHED : TCPHS_EV_CONNECT_FAILED;
		ev.reason = 0;
		ev.flags = TCPHS_F_DURATION;
		ev.duration = (i + 1) * SEC;
		times(1, ev);
	}
	same(judge(), "warning connect-meets-old 3", "connects that met one, each counted once");
	ok(strstr(r.v[0].more, "they took 3.00 s at most, 1 failed"), "and what it cost");
	fresh();
	client(1, TCPHS_EV_SYN_SENT, 0);
	ev = event(TCPHS_EV_RST_SENT, TCPHS_ROLE_ACTIVE, TCPHS_STATE_SYN_SENT,
		   TCPHS_REASON_OLD_ACK);
	times(1, ev);
	same(judge(), "notice connect-meets-old 1", "one is a notice");
	ev.type = TCPHS_EV_CONNECT_FAILED;
	ev.reason = TCPHS_REASON_CLOSED_BY_USER;
	ev.flags = TCPHS_F_DURATION;
	times(1, ev);
	same(judge(), "warning connect-meets-old 1", "unless it failed");
}

static void test_shut(void)
{
	struct tcphs_event ev;

	fresh();
	ev = event(TCPHS_EV_RST_SENT, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_CLOSE,
		   TCPHS_REASON_NO_SOCKET);
	ev.flags = TCPHS_F_SEQ | TCPHS_F_ACK;
	ev.id.conn = 0;
	times(4, ev);
	same(judge(), "", "four SYNs to a shut port");
	times(1, ev);
	same(judge(), "warning nobody-listens 5", "five are told");
	fresh();
	memcpy(ev.id.peer, ev.id.local, sizeof(ev.id.peer));
	times(9, ev);
	same(judge(), "", "those of this machine are told as refused connects");
}

/* A SYN of @host to a port where nobody is. */
static void knock(uint32_t host, uint16_t port)
{
	struct tcphs_event ev = event(TCPHS_EV_RST_SENT, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_CLOSE,
				      TCPHS_REASON_NO_SOCKET);

	ev.flags = TCPHS_F_SEQ | TCPHS_F_ACK;
	ev.id.conn = 0;
	ev.id.local_port = port;
	ev.id.peer[0] = 11;
	memcpy(ev.id.peer + 1, &host, 3);
	times(1, ev);
}

static void scan(uint32_t host, unsigned int ports)
{
	while (ports--)
		knock(host, (uint16_t)(1000 + ports));
}

static void test_scans(void)
{
	unsigned int i;

	fresh();
	scan(1, 19);
	scan(1, 19);
	same(judge(), "", "nineteen ports of one address, each twice");
	scan(1, 20);
	same(judge(), "notice closed-ports-tried 20", "are not yet twenty");
	same(r.v[0].object, "peer 11.1.0.0", "of the address");
	ok(strstr(r.v[0].more, "58 SYNs answered by RST, the last at port 1000"), "every SYN counts");
	ends(20000, TCPHS_ROLE_ACTIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "notice closed-ports-tried 20", "of 20,000 connections, one in a thousand");
	ends(1, TCPHS_ROLE_ACTIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "", "of more it is everyday life");

	fresh();
	for (i = 0; i < 7; i++)
		scan(1, 300);
	same(judge(), "notice closed-ports-tried 300", "a scan that comes again is one finding");
	for (i = 0; i < 6; i++)
		knock(1, 1234);
	same(judge(), "warning nobody-listens 13, notice closed-ports-tried 300",
	     "but a port that is asked for oftener than its others is told");

	fresh();
	for (i = 0; i < 5; i++)
		scan(i, 20);
	judge();
	equal(r.nr, 5, "five that scan are told one by one");
	scan(i, 20);
	same(judge(), "notice closed-ports-tried 120", "six as one, and not by the ports either");

	fresh();
	for (i = 0; i < 999; i++)
		knock(i, (uint16_t)(1000 + i));
	same(judge(), "", "999 addresses, a port each");
	knock(i, (uint16_t)(1000 + i));
	same(judge(), "notice closed-ports-tried 1000", "a thousand are told as one");
	same(r.v[0].object, "this network namespace", "of the machine");

	fresh();
	scan(4711, 300);
	for (i = 0; i < 1000000; i++)
		knock(i, (uint16_t)i);
	ok(e.knockers.nr <= KNOCKERS_MOST, "a million addresses are bounded");
	judge();
	ok(strstr(saw("shut-ports"), "SYNs of others 1000300"), "and counted");
	equal(r.nr, 2, "their ports are one finding");
	ok(!strcmp(r.v[1].name, "closed-ports-tried") && r.v[1].value == 301,
	   "and do not hide who asks for many");
}

/* Whose connection is it that began before the module? */
static void test_adopted(void)
{
	fresh();
	times(5, event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_ESTABLISHED, 0));
	judge();
	same(r.v[0].object, "listener 10.0.0.1:80", "in a recording, the smaller port is the server's");
	tables();
	listener.port = 81;
	before();
	times(5, event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_ESTABLISHED, 0));
	after();
	judge();
	same(r.v[0].object, "peer 10.0.0.2:50000", "without a listener, a peer's");
	tables();
	listener.family = AF_INET6;
	before();
	times(5, event(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_UNKNOWN, TCPHS_STATE_ESTABLISHED, 0));
	after();
	judge();
	same(r.v[0].object, "listener [::]:80", "with one for all addresses, the listener's");
}

/* Records were lost: nothing is told of what the others do not prove. */
static void test_lost(void)
{
	fresh();
	evidence_lost(&e, 1000);
	resent(2, TCPHS_EV_SYN_RETRANSMIT, TCPHS_ROLE_ACTIVE, 1);
	client(5, TCPHS_EV_ESTABLISHED, 0);
	ends(1, TCPHS_ROLE_ACTIVE, TCPHS_STATE_LAST_ACK, 0);
	same(judge(), "warning records-lost 1000", "ends without beginnings");
	ok(strstr(saw("connects"), "5, established 5"), "are connects all the same");
}

int main(void)
{
	plan(283);
	test_failures();
	test_led_astray();
	test_refused_of_unit();
	test_no_port_seen();
	test_reasons();
	test_silence();
	test_races();
	test_fallback();
	test_fallback_of_others();
	test_sparse();
	test_losses();
	test_ports();
	test_reuse();
	test_bound();
	test_close_wait();
	test_closing();
	test_deaths();
	test_resets();
	test_checks();
	test_partings();
	test_goodbyes();
	test_both_here();
	test_keepalive();
	test_unread();
	test_unanswered();
	test_strays();
	test_time_wait();
	test_restored();
	test_old();
	test_shut();
	test_scans();
	test_adopted();
	test_lost();
	evidence_free(&e);
	report_free(&r);
	return tap_done();
}

/* SPDX-License-Identifier: GPL-2.0 */
/* What the doctor says of a time of which only what went wrong is kept. */
#include <time.h>

#include "evidence_kept.h"
#include "made.h"

static void kept(unsigned int n, struct tcphs_event ev)
{
	while (n--) {
		ev.time = ++now;
		evidence_kept(&e, &ev);
	}
}

static struct tcphs_event of_client(uint8_t type, uint8_t old_state, uint8_t reason)
{
	return event(type, TCPHS_ROLE_ACTIVE, old_state, reason);
}

static struct tcphs_event of_server(uint8_t type, uint8_t old_state, uint8_t reason)
{
	return event(type, TCPHS_ROLE_PASSIVE, old_state, reason);
}

static void failed(unsigned int n, uint8_t reason)
{
	kept(n, of_client(TCPHS_EV_SYN_SENT, TCPHS_STATE_CLOSE, 0));
	kept(n, of_client(TCPHS_EV_CONNECT_FAILED, TCPHS_STATE_SYN_SENT, reason));
}

static const struct finding *first_finding(void)
{
	return r.nr ? r.v : &(const struct finding){ .name = "" };
}

static void test_connects(void)
{
	const struct finding *f;

	fresh();
	failed(2, TCPHS_REASON_TIMEOUT);
	same(judge(), "", "one or two say nothing");
	failed(1, TCPHS_REASON_TIMEOUT);
	same(judge(), "notice connect-timeout 3",
	     "a few time-outs in hours: nobody knows how many connects went well");
	failed(97, TCPHS_REASON_TIMEOUT);
	same(judge(), "warning connect-timeout 100", "a hundred are too many for everyday life");
	f = first_finding();
	ok(f->kept && f->from < f->to && f->to == now, "of a time of its own");
	same(f->object, "peer 10.0.0.2:443", "of where they went");
	ok(strstr(f->more, "no longer known"), "and no share is claimed");
	same(f->command, "tcphs events --kept --event connect-failed --peer-port 443"
	     " --since 1970-01-01T00:01:40+0000 --until 1970-01-01T00:01:41+0000", "what to look at next");
	fresh();
	failed(5, TCPHS_REASON_REFUSED);
	failed(3, TCPHS_REASON_NO_ROUTE);
	failed(500, TCPHS_REASON_CLOSED_BY_USER);
	same(judge(), "notice connect-given-up 500, notice connect-no-route 3, notice connect-refused 5",
	     "each reason for itself; who gives up may have had another answer");
	fresh();
	failed(3, TCPHS_REASON_NO_PORT);
	same(judge(), "warning ports-exhausted 3", "no port is wrong however seldom it is");
}

/* What the command means by --since or --until, ns */
static int64_t moment_in(const char *command, const char *option)
{
	const char *at = strstr(command, option);
	struct tcphs_when when = { .ns = 0 };
	char word[64] = "";

	if (!at || sscanf(at + strlen(option), " %63s", word) != 1 || tcphs_when_parse(word, &when) ||
	    when.kind != TCPHS_WHEN_MOMENT)
		return -1;
	return when.ns;
}

/* 2026-10-25 02:10 in Berlin, in summer and in winter. */
static void test_clocks_set_back(void)
{
	const int64_t first = 1792887000ll * (int64_t)SEC;
	int64_t moment;

	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	for (moment = first; moment <= first + 3600 * (int64_t)SEC; moment += 3600 * (int64_t)SEC) {
		fresh();
		e.clock = moment - (int64_t)now;
		failed(3, TCPHS_REASON_TIMEOUT);
		judge();
		ok(moment_in(first_finding()->command, "--since") == moment &&
		   moment_in(first_finding()->command, "--until") == moment + (int64_t)SEC,
		   "in the hour that clocks show twice the command means the right one");
		printf("# %s\n", first_finding()->command);
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

static void test_listeners(void)
{
	fresh();
	kept(2, of_server(TCPHS_EV_SYN_DROPPED, TCPHS_STATE_LISTEN, TCPHS_REASON_ACCEPT_QUEUE_FULL));
	kept(1, of_server(TCPHS_EV_ACCEPT_OVERFLOW, TCPHS_STATE_SYN_RECV,
			  TCPHS_REASON_ACCEPT_QUEUE_FULL));
	same(judge(), "warning accept-queue-overflow 3", "a full accept queue, by SYN or third ACK");
	same(first_finding()->object, "listener 10.0.0.1:80", "whose it was");
	fresh();
	kept(4, of_server(TCPHS_EV_SYN_DROPPED, TCPHS_STATE_LISTEN, TCPHS_REASON_SYN_QUEUE_FULL));
	kept(7, of_server(TCPHS_EV_SYNCOOKIE_SENT, TCPHS_STATE_LISTEN, 0));
	same(judge(), "warning syn-queue-full 7, warning syn-queue-overflow 4", "a full SYN queue");
	fresh();
	kept(3, of_server(TCPHS_EV_RST_SENT, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_LISTENER_CLOSED));
	kept(2, of_server(TCPHS_EV_REQUEST_RESET, TCPHS_STATE_SYN_RECV, TCPHS_REASON_LISTENER_CLOSED));
	kept(900, of_server(TCPHS_EV_REQUEST_RESET, TCPHS_STATE_SYN_RECV, TCPHS_REASON_RESET_RECEIVED));
	same(judge(), "warning accept-queue-cut 5, notice handshake-reset-by-peer 900",
	     "who went with a listener, and who knocked");
}

static void test_ends(void)
{
	struct tcphs_event stray = of_server(TCPHS_EV_RST_SENT, TCPHS_STATE_CLOSE,
					     TCPHS_REASON_NO_SOCKET);
	struct tcphs_event again = of_client(TCPHS_EV_SYN_RETRANSMIT, TCPHS_STATE_SYN_SENT, 0);

	fresh();
	kept(3, of_client(TCPHS_EV_RST_SENT, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_UNREAD_DATA));
	kept(5, of_server(TCPHS_EV_RST_RECEIVED, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_RESET_RECEIVED));
	kept(5, of_client(TCPHS_EV_CLOSED, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_RESET_RECEIVED));
	same(judge(), "notice reset-by-peer 5, notice reset-by-us 3", "resets, and not their ends too");
	fresh();
	stray.id.conn = 0;
	kept(100000, stray);
	same(judge(), "notice nobody-listens 100000", "what met no socket is everyday life, and one line");
	same(first_finding()->object, "this network namespace", "of all ports together");
	fresh();
	kept(3, of_client(TCPHS_EV_CLOSED, TCPHS_STATE_FIN_WAIT2, TCPHS_REASON_TIME_WAIT_FULL));
	kept(4, of_client(TCPHS_EV_CLOSED, TCPHS_STATE_LAST_ACK, TCPHS_REASON_NO_MEMORY));
	kept(6, of_client(TCPHS_EV_CLOSED, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_TIMEOUT));
	same(judge(), "warning orphans 4, warning time-wait-full 3, notice connections-timed-out 6",
	     "limits of the machine, and peers that went away");
	fresh();
	again.flags = TCPHS_F_RESEND;
	again.resend.number = 1;
	kept(3, again);
	again.resend.number = 2;
	kept(3, again);
	same(judge(), "notice syn-loss 3", "a SYN sent again and again was lost once");
}

/* Beside what the ring has: neither changes what the other is said to be. */
static void test_beside(void)
{
	fresh();
	client(97, TCPHS_EV_SYN_SENT, 0);
	client(97, TCPHS_EV_ESTABLISHED, 0);
	failed(50, TCPHS_REASON_REFUSED);
	same(judge(), "notice connect-refused 50", "old failures spoil no share of now");
	client(3, TCPHS_EV_SYN_SENT, 0);
	client(3, TCPHS_EV_CONNECT_FAILED, TCPHS_REASON_REFUSED);
	same(judge(), "warning connect-refused 3, notice connect-refused 50", "each is told for itself");
	ok(!r.v[0].kept && r.v[1].kept && r.v[0].to, "and of its time");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	plan(23);
	test_connects();
	test_clocks_set_back();
	test_listeners();
	test_ends();
	test_beside();
	evidence_free(&e);
	report_free(&r);
	return tap_done();
}

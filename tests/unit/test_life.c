/* SPDX-License-Identifier: GPL-2.0 */
/* A life is what its events say together, and no more than that. */
#include <stdlib.h>
#include <sys/socket.h>

#include "conn_life.h"
#include "open_lives.h"
#include "tap.h"

#define MSEC	1000000ull
#define MANY	1009

static struct tcphs_conn_life life;
static uint64_t now;
static bool begun;

static void fresh(void)
{
	begun = false;
	now = 1000 * MSEC;
}

static struct tcphs_event event(uint8_t role, uint8_t type, uint8_t from, uint8_t to)
{
	struct tcphs_event ev = {
		.type = type, .old_state = from, .new_state = to, .time = now += MSEC,
		.id = { .conn = 7, .role = role, .family = AF_INET, .local_port = 40001,
			.peer_port = 443, .local = { 10, 0, 0, 1 }, .peer = { 10, 0, 0, 2 } },
	};

	return ev;
}

static void add(struct tcphs_event ev)
{
	if (begun)
		tcphs_conn_life_add(&life, &ev);
	else
		tcphs_conn_life_begin(&life, &ev);
	begun = true;
}

static void resend(uint8_t role, uint8_t type, uint8_t state, uint32_t number)
{
	struct tcphs_event ev = event(role, type, state, state);

	ev.flags = TCPHS_F_RESEND;
	ev.resend.number = number;
	add(ev);
}

/* What the module says at the end, but for times and phases. */
static struct tcphs_life sums(uint64_t sent, uint64_t received, uint32_t handshake_us,
			      uint16_t retransmits, uint8_t closer, uint8_t segments)
{
	return (struct tcphs_life){ .bytes_sent = sent, .bytes_received = received,
				    .handshake_us = handshake_us, .retransmits = retransmits,
				    .closer = closer, .segments = segments };
}

static void closed(uint8_t role, uint8_t from, uint8_t reason, struct tcphs_life detail)
{
	struct tcphs_event ev = event(role, TCPHS_EV_CLOSED, from, TCPHS_STATE_CLOSE);

	ev.flags = TCPHS_F_LIFE | TCPHS_F_DURATION;
	ev.duration = now - 1001 * MSEC;
	ev.reason = reason;
	ev.life = detail;
	add(ev);
}

#define A TCPHS_ROLE_ACTIVE
#define P TCPHS_ROLE_PASSIVE
#define STEP(role, type, from, to) \
	add(event(role, TCPHS_EV_##type, TCPHS_STATE_##from, TCPHS_STATE_##to))

static void connects(void)
{
	fresh();
	STEP(A, SYN_SENT, CLOSE, SYN_SENT);
	STEP(A, ESTABLISHED, SYN_SENT, ESTABLISHED);
}

static void is_called(void)
{
	fresh();
	STEP(P, SYN_RECEIVED, LISTEN, SYN_RECV);
	STEP(P, ACCEPT_QUEUED, SYN_RECV, SYN_RECV);
	STEP(P, ESTABLISHED, SYN_RECV, ESTABLISHED);
	STEP(P, ACCEPTED, ESTABLISHED, ESTABLISHED);
}

static void closes(uint8_t role)
{
	STEP(role, FIN_SENT, ESTABLISHED, FIN_WAIT1);
	STEP(role, FIN_ACKED, FIN_WAIT1, FIN_WAIT2);
	STEP(role, FIN_RECEIVED, FIN_WAIT2, TIME_WAIT);
	STEP(role, TIME_WAIT, FIN_WAIT2, TIME_WAIT);
}

static void is_closed(uint8_t role)
{
	STEP(role, FIN_RECEIVED, ESTABLISHED, CLOSE_WAIT);
	STEP(role, FIN_SENT, CLOSE_WAIT, LAST_ACK);
	STEP(role, FIN_ACKED, LAST_ACK, CLOSE);
}

static void test_usual(void)
{
	connects();
	closes(A);
	closed(A, TCPHS_STATE_FIN_WAIT2, 0, sums(3, 5, 900, 0, 1, 4));
	same(life.history, "ShADdFafA", "a client that closes first");
	equal(life.last - life.begin, 6 * MSEC, "lives from its SYN to the end of its socket");
	equal(life.bytes_sent * 10 + life.bytes_received, 35, "sent and received so much");
	ok(life.end == TCPHS_EV_CLOSED && life.closer == TCPHS_CLOSER_LOCAL, "and was the closer");
	ok(!(life.known & (TCPHS_LIFE_NO_BEGIN | TCPHS_LIFE_NO_STEPS)), "nothing of it is missing");
	is_called();
	is_closed(P);
	closed(P, TCPHS_STATE_LAST_ACK, 0, sums(5, 3, 900, 0, 2, 4));
	same(life.history, "ShADdFfA", "its server");
	is_called();
	closes(P);
	closed(P, TCPHS_STATE_FIN_WAIT2, 0, sums(0, 0, 900, 0, 1, 4));
	same(life.history, "ShAfAFa", "a server that closes first, without a byte");
	connects();
	STEP(A, RST_RECEIVED, ESTABLISHED, CLOSE);
	closed(A, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_RESET_RECEIVED, sums(0, 9, 1, 0, 0, 0));
	same(life.history, "ShAdr", "a client that is reset within an answer");
}

static void test_resent(void)
{
	struct tcphs_event ev;
	unsigned int i;

	fresh();
	STEP(A, SYN_SENT, CLOSE, SYN_SENT);
	for (i = 1; i <= 6; i++)
		resend(A, TCPHS_EV_SYN_RETRANSMIT, TCPHS_STATE_SYN_SENT, i);
	ev = event(A, TCPHS_EV_CONNECT_FAILED, TCPHS_STATE_SYN_SENT, TCPHS_STATE_CLOSE);
	ev.reason = TCPHS_REASON_TIMEOUT;
	add(ev);
	same(life.history, "SO", "a connect without an answer");
	ok(life.known & TCPHS_LIFE_RESENT && life.retransmits == 6, "sent its SYN again six times");
	ok(!(life.known & TCPHS_LIFE_BYTES), "and nothing is said of bytes");

	is_called();
	STEP(P, FIN_RECEIVED, ESTABLISHED, CLOSE_WAIT);
	STEP(P, FIN_SENT, CLOSE_WAIT, LAST_ACK);
	resend(P, TCPHS_EV_FIN_RETRANSMIT, TCPHS_STATE_LAST_ACK, 1);
	resend(P, TCPHS_EV_FIN_RETRANSMIT, TCPHS_STATE_LAST_ACK, 2);
	closed(P, TCPHS_STATE_LAST_ACK, TCPHS_REASON_TIMEOUT, sums(1, 1, 1, 2, 2, 0));
	same(life.history, "ShADdFfo", "a FIN that nobody confirms is no data");

	connects();
	closed(A, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_TIMEOUT, sums(7, 0, 1, 15, 0, 0));
	same(life.history, "ShADT", "data that nobody confirms are");

	fresh();
	STEP(A, SYN_SENT, CLOSE, SYN_SENT);
	ev = event(A, TCPHS_EV_ESTABLISHED, TCPHS_STATE_SYN_SENT, TCPHS_STATE_ESTABLISHED);
	ev.flags = TCPHS_F_AGREED;
	ev.agreed.retransmits = 1;
	add(ev);
	closed(A, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_KILLED, sums(7, 0, 1, 1, 0, 0));
	same(life.history, "ShAD", "a SYN whose second is not on record is none, for the handshake knows");
}

static void test_odd(void)
{
	struct tcphs_event ev;

	fresh();
	STEP(A, SYN_SENT, CLOSE, SYN_SENT);
	add(event(TCPHS_ROLE_SIMULTANEOUS, TCPHS_EV_SYN_RECEIVED, TCPHS_STATE_SYN_SENT, TCPHS_STATE_SYN_RECV));
	add(event(TCPHS_ROLE_SIMULTANEOUS, TCPHS_EV_ESTABLISHED, TCPHS_STATE_SYN_RECV, TCPHS_STATE_ESTABLISHED));
	same(life.history, "SsHa", "both connect at once");

	fresh();
	ev = event(P, TCPHS_EV_ACCEPT_QUEUED, TCPHS_STATE_SYN_RECV, TCPHS_STATE_SYN_RECV);
	ev.reason = TCPHS_REASON_SYNCOOKIE;
	add(ev);
	STEP(P, ESTABLISHED, SYN_RECV, ESTABLISHED);
	same(life.history, "ShA", "a valid SYN cookie proves what went before");

	fresh();
	STEP(P, SYN_RECEIVED, LISTEN, SYN_RECV);
	ev = event(P, TCPHS_EV_ACCEPT_QUEUED, TCPHS_STATE_SYN_RECV, TCPHS_STATE_SYN_RECV);
	ev.reason = TCPHS_REASON_FASTOPEN;
	add(ev);
	STEP(P, ACCEPTED, SYN_RECV, SYN_RECV);
	same(life.history, "Sh", "with Fast Open accept() comes before the third ACK");
	STEP(P, ESTABLISHED, SYN_RECV, ESTABLISHED);
	same(life.history, "ShA", "which comes");

	fresh();
	STEP(P, SYN_RECEIVED, LISTEN, SYN_RECV);
	STEP(P, ACCEPT_OVERFLOW, SYN_RECV, SYN_RECV);
	resend(P, TCPHS_EV_SYNACK_RETRANSMIT, TCPHS_STATE_SYN_RECV, 1);
	STEP(P, REQUEST_EXPIRED, SYN_RECV, CLOSE);
	same(life.history, "ShAvo", "a full accept queue");
	equal(life.retransmits, 1, "one SYN+ACK was sent again");

	fresh();
	ev = event(TCPHS_ROLE_UNKNOWN, TCPHS_EV_ESTABLISHED, TCPHS_STATE_CLOSE, TCPHS_STATE_ESTABLISHED);
	ev.flags = TCPHS_F_RESTORED;
	add(ev);
	ok(!*life.history && !(life.known & TCPHS_LIFE_NO_BEGIN), "what is restored has sent nothing");

	fresh();
	ev = event(A, TCPHS_EV_CONNECT_FAILED, TCPHS_STATE_CLOSE, TCPHS_STATE_CLOSE);
	ev.reason = TCPHS_REASON_NO_PORT;
	add(ev);
	ok(!*life.history && life.end == TCPHS_EV_CONNECT_FAILED, "nor has what found no port");
	ok(life.known & TCPHS_LIFE_RESENT && !life.retransmits, "not even again");
}

static void test_missing(void)
{
	fresh();
	now += 3 * MSEC;
	closed(A, TCPHS_STATE_ESTABLISHED, TCPHS_REASON_KILLED, sums(1, 1, 900, 3, 0, 0));
	same(life.history, "?Dd", "of a life whose steps are lost, what its end says is there");
	ok(life.known & TCPHS_LIFE_NO_BEGIN, "and that the rest is not");
	equal(life.last - life.begin, 3 * MSEC, "how long it lived");
	equal(life.handshake, 900000, "its handshake, to a microsecond");

	fresh();
	STEP(A, FIN_ACKED, FIN_WAIT1, FIN_WAIT2);
	STEP(A, FIN_RECEIVED, FIN_WAIT2, TIME_WAIT);
	STEP(A, TIME_WAIT, FIN_WAIT2, TIME_WAIT);
	closed(A, TCPHS_STATE_FIN_WAIT2, 0, sums(3, 5, 900, 0, 1, 4));
	same(life.history, "?DdafA", "without its FIN, data are before the ACK of that");

	fresh();
	STEP(A, SYN_SENT, CLOSE, SYN_SENT);
	STEP(A, FIN_RECEIVED, ESTABLISHED, CLOSE_WAIT);
	same(life.history, "S?f", "steps lost in between have a mark in their place");
	ok(life.known & TCPHS_LIFE_NO_STEPS, "and one in all");
	closed(A, TCPHS_STATE_CLOSE_WAIT, TCPHS_REASON_KILLED, sums(0, 0, 1, 4, 0, 0));
	same(life.history, "S?f", "then nobody knows what it was that was sent again");
}

static void test_phases(void)
{
	struct tcphs_life end = sums(7, 11, 900, 13, 1, 4);
	struct tcphs_event ev;

	end.srtt_us = 457;
	end.min_rtt_us = 211;
	end.handshake_retransmits = 2;
	end.closing_retransmits = 5;
	connects();
	closed(A, TCPHS_STATE_FIN_WAIT2, 0, end);
	ok(life.known & TCPHS_LIFE_RTT && life.srtt_us == 457 && life.min_rtt_us == 211,
	   "round trip times are those of the end");
	ok(life.known & TCPHS_LIFE_PHASES && life.retransmits == 13 && life.resent_opening == 2 &&
	   life.resent_closing == 5, "what was sent again, by phase");

	end.srtt_us = 0;
	end.min_rtt_us = 0;
	fresh();
	ev = event(A, TCPHS_EV_CLOSED, TCPHS_STATE_ESTABLISHED, TCPHS_STATE_CLOSE);
	ev.flags = TCPHS_F_LIFE | TCPHS_F_ADOPTED;
	ev.life = end;
	add(ev);
	ok(!(life.known & (TCPHS_LIFE_RTT | TCPHS_LIFE_PHASES)) && life.known & TCPHS_LIFE_RESENT,
	   "without a measurement there is no time, and of what is older than the module no phase");
}

/* The last step may be one in softirq context, without an owner. */
static void test_owner(void)
{
	struct tcphs_event ev;

	fresh();
	ev = event(A, TCPHS_EV_SYN_SENT, TCPHS_STATE_CLOSE, TCPHS_STATE_SYN_SENT);
	ev.flags = TCPHS_F_OWNER;
	ev.id.pid = 4711;
	ev.id.cgroup = 7919;
	add(ev);
	closed(A, TCPHS_STATE_FIN_WAIT2, 0, sums(1, 1, 900, 0, 1, 4));
	ok(life.id.pid == 4711 && life.id.cgroup == 7919, "an owner and its cgroup stay");
}

static void test_flood(void)
{
	struct tcphs_event ev;
	unsigned int i;

	connects();
	for (i = 0; i < MANY; i++) {
		STEP(A, SYN_UNEXPECTED, ESTABLISHED, ESTABLISHED);
		STEP(A, ICMP_RECEIVED, ESTABLISHED, ESTABLISHED);
		resend(A, TCPHS_EV_FIN_RETRANSMIT, TCPHS_STATE_ESTABLISHED, i);
	}
	STEP(A, FIN_SENT, ESTABLISHED, FIN_WAIT1);
	STEP(A, RST_RECEIVED, FIN_WAIT1, CLOSE);
	ok(strlen(life.history) < sizeof(life.history) && strstr(life.history, "+Fr"),
	   "what comes again and again does not hide the end");
	closed(A, TCPHS_STATE_FIN_WAIT1, TCPHS_REASON_RESET_RECEIVED, sums(1, 1, 1, 9, 0, 0));
	ok(strlen(life.history) < sizeof(life.history), "nor do data");
	/* Whatever a recording holds. */
	srand(7);
	for (i = 0; i < 100 * MANY; i++) {
		ev = event((uint8_t)(rand() % 8), (uint8_t)rand(), (uint8_t)rand(), (uint8_t)rand());
		ev.flags = (uint32_t)rand();
		ev.resend.number = (uint32_t)rand();
		begun = i % 50;
		add(ev);
	}
	ok(memchr(life.history, 0, sizeof(life.history)), "random events do no harm");
}

static void test_alive(void)
{
	struct tcphs_event ev = event(A, TCPHS_EV_TIME_WAIT_END, TCPHS_STATE_TIME_WAIT, TCPHS_STATE_CLOSE);

	ok(!tcphs_event_is_alive(&ev), "the end of TIME_WAIT is not a life");
	ev = event(P, TCPHS_EV_ACCEPTED, TCPHS_STATE_CLOSE, TCPHS_STATE_CLOSE);
	ok(!tcphs_event_is_alive(&ev), "nor is accept() of what was reset before it");
	ev = event(P, TCPHS_EV_RST_SENT, TCPHS_STATE_CLOSE, TCPHS_STATE_CLOSE);
	ev.id.conn = 0;
	ok(!tcphs_event_is_alive(&ev), "nor the RST of a closed port");
	ev = event(A, TCPHS_EV_CLOSED, TCPHS_STATE_FIN_WAIT2, TCPHS_STATE_TIME_WAIT);
	ok(tcphs_event_is_alive(&ev), "the end of a connection is");
}

/* Each of many is found as long as it is open, and takes no place after that. */
static void test_open(void)
{
	struct open_lives l = { 0 };
	struct tcphs_event ev;
	uint32_t i, found = 0, gone = 0, round;
	uint64_t quiet;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < MANY; i++) {
			ev = event(A, TCPHS_EV_SYN_SENT, TCPHS_STATE_CLOSE, TCPHS_STATE_SYN_SENT);
			ev.id.conn = i + 1;
			ev.id.generation = (uint16_t)round;
			open_lives_add(&l, &ev);
		}
		for (i = 0; i < MANY; i++) {
			ev.id.conn = i + 1;
			found += open_lives_find(&l, &ev.id) != HASH_NONE;
			/* All but the last round's multiples of seven. */
			if (round < 2 || i % 7)
				open_lives_remove(&l, open_lives_find(&l, &ev.id));
			gone += open_lives_find(&l, &ev.id) == HASH_NONE;
		}
	}
	equal(found, 3 * MANY, "each life is found");
	equal(gone, 3 * MANY - (MANY + 6) / 7, "until it ends");
	equal(open_lives_count(&l), (MANY + 6) / 7, "the others are there");
	equal(l.nr, MANY, "three times as many took the room of those at one time");
	ev.id.generation = 9;
	ev.id.conn = 1;
	ok(open_lives_find(&l, &ev.id) == HASH_NONE, "a socket that connects again is another");
	ok(!open_lives_quiet_since(&l, 10, &quiet) && quiet < now, "those that were quiet longest are known");
	for (i = found = 0; i < l.nr; i++)
		found += l.v[i].used && l.v[i].life.last < quiet;
	equal(found, 10, "as many as were asked for");
	open_lives_free(&l);
}

int main(void)
{
	plan(49);
	test_usual();
	test_resent();
	test_odd();
	test_missing();
	test_phases();
	test_owner();
	test_flood();
	test_alive();
	test_open();
	return tap_done();
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Connections made up, step by step as either end tells them, for what is made of events. */
#ifndef TOLD_H
#define TOLD_H

#include <stdlib.h>
#include <sys/socket.h>

#include "lives.h"
#include "picture.h"

#define L_ISN	4000000000u	/* of the side that opens */
#define R_ISN	17u

enum { L = TCPHS_LEFT, R = TCPHS_RIGHT };

/* One event, as either end told it; numbers count from the ISNs. */
struct told {
	uint8_t side;
	uint32_t us;			/* since the first */
	uint8_t type, old, new;
	uint8_t reason;
	uint32_t flags;
	uint32_t seq, ack;
	uint64_t duration;		/* us */
	struct tcphs_queue queue;
	struct tcphs_life life;
	uint32_t ack_data, syn_data;
	uint32_t resend;
	uint64_t half;
	bool nobody;			/* it has no socket */
	bool again;			/* of the socket that TCP_REPAIR put in its place */
	bool nat;			/* @side calls the other end by another address, and port */
};

#define E(side, us, type, old, new)	side, us, TCPHS_EV_##type, TCPHS_STATE_##old, \
					TCPHS_STATE_##new
#define SEQ(s)		.flags = TCPHS_F_SEQ, .seq = s
#define NUMBERS(s, a)	.flags = TCPHS_F_SEQ | TCPHS_F_ACK, .seq = s, .ack = a
#define WHY(r)		.reason = TCPHS_REASON_##r
#define QUEUE(s, sl, a, al)	.queue = { .listener = 7, .syn_queue = s, .syn_limit = sl, \
					   .accept_queue = a, .accept_limit = al }
#define LIFE(sent, received, nr)	.life = { .bytes_sent = sent, .bytes_received = received, \
						  .handshake_us = 1, .segments = nr }

/* What both ends do alike in most of them. */
#define L_SYN		{ E(L, 0, SYN_SENT, CLOSE, SYN_SENT), SEQ(0) }
#define L_ESTABLISHED(us)	{ E(L, us, ESTABLISHED, SYN_SENT, ESTABLISHED), NUMBERS(1, 1), \
				  .duration = us }
#define R_SYN(us)	{ E(R, us, SYN_RECEIVED, LISTEN, SYN_RECV), SEQ(0), QUEUE(1, 64, 0, 64) }
#define R_ESTABLISHED(us) \
	{ E(R, us, ACCEPT_QUEUED, SYN_RECV, SYN_RECV), NUMBERS(1, 1), QUEUE(0, 64, 1, 64) }, \
	{ E(R, us, ESTABLISHED, SYN_RECV, ESTABLISHED), NUMBERS(1, 1), .duration = us }

static const struct told loopback[] = {
	L_SYN, R_SYN(90), L_ESTABLISHED(140), R_ESTABLISHED(190),
	{ E(R, 1190, ACCEPTED, ESTABLISHED, ESTABLISHED), QUEUE(0, 64, 0, 64), .duration = 1000 },
	{ E(L, 5000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(79, 162) },
	{ E(R, 5030, FIN_RECEIVED, ESTABLISHED, CLOSE_WAIT), NUMBERS(79, 162) },
	{ E(L, 5060, FIN_ACKED, FIN_WAIT1, FIN_WAIT2), NUMBERS(162, 80) },
	{ E(R, 7000, FIN_SENT, CLOSE_WAIT, LAST_ACK), NUMBERS(199, 80), .half = 37,
	  .duration = 1970 },
	{ E(L, 7030, FIN_RECEIVED, FIN_WAIT2, TIME_WAIT), NUMBERS(199, 80), .half = 37,
	  .duration = 1970 },
	{ E(L, 7030, TIME_WAIT, FIN_WAIT2, TIME_WAIT), NUMBERS(80, 200) },
	{ E(L, 7030, CLOSED, FIN_WAIT2, TIME_WAIT), LIFE(78, 198, 4), .duration = 7030 },
	{ E(R, 7060, FIN_ACKED, LAST_ACK, CLOSE), NUMBERS(80, 200) },
	{ E(R, 7060, CLOSED, LAST_ACK, CLOSE), LIFE(198, 78, 4), .duration = 6970 },
	{ E(L, 60067030, TIME_WAIT_END, TIME_WAIT, CLOSE), WHY(EXPIRED), .duration = 60060000 },
};

/* A firewall has forgotten the connection: nobody confirms what the server sends. */
static const struct told in_vain[] = {
	R_SYN(0), R_ESTABLISHED(760),
	{ E(R, 7780000, CLOSED, ESTABLISHED, CLOSE), WHY(TIMEOUT),
	  .life = { .handshake_us = 760, .retransmits = 5 }, .duration = 7780000 },
};

/* Its data and FIN are sent again, together; its SYN+ACK had been, too. */
static const struct told closed_in_vain[] = {
	R_SYN(0), R_ESTABLISHED(760),
	{ E(R, 9000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(15, 1) },
	{ E(R, 7780000, CLOSED, FIN_WAIT1, CLOSE), WHY(TIMEOUT),
	  .life = { .handshake_us = 760, .retransmits = 6, .handshake_retransmits = 1,
		    .closing_retransmits = 5 }, .duration = 7780000 },
};

/* The server is elsewhere; its ACK and FIN come in one. */
static const struct told client[] = {
	L_SYN,
	{ E(L, 1005631, SYN_RETRANSMIT, SYN_SENT, SYN_SENT), SEQ(0), .resend = 1 },
	L_ESTABLISHED(1008439),
	{ E(L, 1050000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(79, 162) },
	{ E(L, 1080000, FIN_ACKED, FIN_WAIT1, FIN_WAIT2), NUMBERS(162, 80) },
	{ E(L, 1080000, FIN_RECEIVED, FIN_WAIT2, TIME_WAIT), NUMBERS(162, 80) },
	{ E(L, 1080000, TIME_WAIT, FIN_WAIT2, TIME_WAIT), NUMBERS(80, 163) },
	{ E(L, 1080000, CLOSED, FIN_WAIT2, TIME_WAIT), LIFE(78, 161, 3), .duration = 1080000 },
};

/* The client is elsewhere, and closes. */
static const struct told server[] = {
	R_SYN(0), R_ESTABLISHED(760),
	{ E(R, 1669, FIN_RECEIVED, ESTABLISHED, CLOSE_WAIT), NUMBERS(1, 1) },
	{ E(R, 7176, FIN_SENT, CLOSE_WAIT, LAST_ACK), NUMBERS(1, 2) },
	{ E(R, 10843, FIN_ACKED, LAST_ACK, CLOSE), NUMBERS(2, 2) },
	{ E(R, 10843, CLOSED, LAST_ACK, CLOSE), LIFE(0, 0, 4), .duration = 10843 },
};

static const struct told refused[] = {
	L_SYN,
	{ E(L, 1274, RST_RECEIVED, SYN_SENT, CLOSE), .flags = TCPHS_F_ACK, .ack = 1 },
	{ E(L, 1370, CONNECT_FAILED, SYN_SENT, CLOSE), WHY(REFUSED), .duration = 1370 },
};

static const struct told expired[] = {
	R_SYN(0),
	{ E(R, 1012937, SYNACK_RETRANSMIT, SYN_RECV, SYN_RECV), NUMBERS(0, 1), .resend = 1 },
	{ E(R, 3028620, REQUEST_EXPIRED, SYN_RECV, CLOSE), WHY(TIMEOUT), .duration = 3028620 },
};

/* Both close before the other's FIN arrives. */
static const struct told crossing[] = {
	L_SYN, R_SYN(50000), L_ESTABLISHED(100000), R_ESTABLISHED(150000),
	{ E(L, 200000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(1, 1) },
	{ E(R, 210000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(1, 1) },
	{ E(R, 250000, FIN_RECEIVED, FIN_WAIT1, CLOSING), NUMBERS(1, 1) },
	{ E(L, 260000, FIN_RECEIVED, FIN_WAIT1, CLOSING), NUMBERS(1, 1) },
	{ E(L, 300000, FIN_ACKED, CLOSING, TIME_WAIT), NUMBERS(2, 2) },
	{ E(L, 300000, TIME_WAIT, CLOSING, TIME_WAIT), NUMBERS(2, 2) },
	{ E(L, 300000, CLOSED, CLOSING, TIME_WAIT), LIFE(0, 0, 4), .duration = 300000 },
	{ E(R, 310000, FIN_ACKED, CLOSING, TIME_WAIT), NUMBERS(2, 2) },
	{ E(R, 310000, TIME_WAIT, CLOSING, TIME_WAIT), NUMBERS(2, 2) },
	{ E(R, 310000, CLOSED, CLOSING, TIME_WAIT), LIFE(0, 0, 4), .duration = 260000 },
};

/* The third ACK meets a full accept queue, and tcp_abort_on_overflow. */
static const struct told overflow[] = {
	R_SYN(0),
	{ E(R, 51956, ACCEPT_OVERFLOW, SYN_RECV, SYN_RECV), WHY(ACCEPT_QUEUE_FULL),
	  NUMBERS(1, 1), QUEUE(1, 1, 2, 1) },
	{ E(R, 52356, RST_SENT, LISTEN, LISTEN), WHY(ACCEPT_QUEUE_FULL), SEQ(1), .nobody = true },
	{ E(R, 55238, REQUEST_RESET, SYN_RECV, CLOSE), WHY(ACCEPT_QUEUE_FULL), .duration = 55238 },
};

/* The first SYN is lost, the second dropped, the third is taken. */
static const struct told lost[] = {
	L_SYN,
	{ E(L, 1000000, SYN_RETRANSMIT, SYN_SENT, SYN_SENT), SEQ(0), .resend = 1 },
	{ E(R, 1000100, SYN_DROPPED, LISTEN, LISTEN), WHY(SYN_QUEUE_FULL), SEQ(0),
	  QUEUE(3, 2, 0, 2), .nobody = true },
	{ E(L, 3000000, SYN_RETRANSMIT, SYN_SENT, SYN_SENT), SEQ(0), .resend = 2 },
	R_SYN(3000100), L_ESTABLISHED(3000200), R_ESTABLISHED(3000300),
};

static const struct told cookie[] = {
	{ E(R, 0, SYNCOOKIE_SENT, LISTEN, LISTEN), NUMBERS(0, 1), QUEUE(3, 2, 0, 64),
	  .nobody = true },
	{ E(R, 12955, ACCEPT_QUEUED, SYN_RECV, SYN_RECV), WHY(SYNCOOKIE), NUMBERS(1, 1),
	  QUEUE(0, 64, 1, 64) },
	{ E(R, 13200, ESTABLISHED, SYN_RECV, ESTABLISHED), NUMBERS(1, 1), .ack_data = 41 },
};

static const struct told fastopen[] = {
	{ E(R, 0, SYN_RECEIVED, LISTEN, SYN_RECV), WHY(FASTOPEN), SEQ(0), QUEUE(0, 64, 0, 64) },
	{ E(R, 0, ACCEPT_QUEUED, SYN_RECV, SYN_RECV), WHY(FASTOPEN), SEQ(0), QUEUE(0, 64, 1, 64) },
	{ E(R, 933, ACCEPTED, SYN_RECV, SYN_RECV), QUEUE(0, 64, 0, 64), .duration = 933 },
	{ E(R, 6246, ESTABLISHED, SYN_RECV, ESTABLISHED), NUMBERS(72, 1), .syn_data = 71,
	  .duration = 6246 },
};

/* Another's SYN meets it, twice; the second finds the ACK just sent. */
static const struct told met[] = {
	R_SYN(0), R_ESTABLISHED(760),
	{ E(R, 2000000, SYN_UNEXPECTED, ESTABLISHED, ESTABLISHED), WHY(CHALLENGE_ACK), SEQ(700000) },
	{ E(R, 2000400, SYN_UNEXPECTED, ESTABLISHED, ESTABLISHED), WHY(RATE_LIMITED), SEQ(700000) },
	{ E(R, 2000900, RST_RECEIVED, ESTABLISHED, CLOSE), NUMBERS(1, 1) },
	{ E(R, 2000950, CLOSED, ESTABLISHED, CLOSE), WHY(RESET_RECEIVED), LIFE(0, 0, 0),
	  .duration = 2000950 },
};

/* And so it looks from the end that dials, which resets the old one and is let in. */
static const struct told meets[] = {
	L_SYN,
	{ E(L, 400, RST_SENT, SYN_SENT, SYN_SENT), WHY(OLD_ACK), SEQ(300000) },
	{ E(L, 9000, SYN_RETRANSMIT, SYN_SENT, SYN_SENT), SEQ(0), .resend = 1 },
	L_ESTABLISHED(9900),
	{ E(L, 20000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(1, 1) },
};

/* The same with the other end here, too: the first SYN has come in, at the older connection. */
static const struct told met_and_came[] = {
	L_SYN,
	{ E(L, 400, RST_SENT, SYN_SENT, SYN_SENT), WHY(OLD_ACK), SEQ(300000) },
	{ E(L, 9000, SYN_RETRANSMIT, SYN_SENT, SYN_SENT), SEQ(0), .resend = 1 },
	R_SYN(9100), L_ESTABLISHED(9900), R_ESTABLISHED(10000),
};

/* TCP_REPAIR: no handshake, no ISNs. */
static const struct told put_back[] = {
	{ E(L, 0, ESTABLISHED, CLOSE, ESTABLISHED), WHY(NONE) },
	{ E(L, 20000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(1, 1) },
};

/* The same where the other end is here: it sees one connection. */
static const struct told moved[] = {
	L_SYN, R_SYN(90), L_ESTABLISHED(140), R_ESTABLISHED(190),
	{ E(R, 1190, ACCEPTED, ESTABLISHED, ESTABLISHED), QUEUE(0, 64, 0, 64), .duration = 1000 },
	{ E(L, 5000, CLOSED, ESTABLISHED, CLOSE), WHY(TAKEN_OUT), LIFE(37, 23, 3), .duration = 5000 },
	{ E(L, 9000, ESTABLISHED, CLOSE, ESTABLISHED), .again = true },
	{ E(L, 20000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(43, 24), .again = true },
	{ E(R, 20030, FIN_RECEIVED, ESTABLISHED, CLOSE_WAIT), NUMBERS(43, 24) },
	{ E(L, 20060, FIN_ACKED, FIN_WAIT1, FIN_WAIT2), NUMBERS(24, 44), .again = true },
	{ E(R, 21000, FIN_SENT, CLOSE_WAIT, LAST_ACK), NUMBERS(24, 44), .duration = 970 },
	{ E(L, 21030, FIN_RECEIVED, FIN_WAIT2, TIME_WAIT), NUMBERS(24, 44), .again = true },
	{ E(L, 21030, TIME_WAIT, FIN_WAIT2, TIME_WAIT), NUMBERS(44, 25), .again = true },
	{ E(L, 21030, CLOSED, FIN_WAIT2, TIME_WAIT), LIFE(5, 0, 4), .duration = 12030, .again = true },
	{ E(R, 21060, FIN_ACKED, LAST_ACK, CLOSE), NUMBERS(44, 25) },
	{ E(R, 21060, CLOSED, LAST_ACK, CLOSE), LIFE(23, 42, 4), .duration = 20970 },
};

/* Nobody answers, and the application does not wait for the kernel's timeout. */
static const struct told gave_up[] = {
	L_SYN,
	{ E(L, 1005631, SYN_RETRANSMIT, SYN_SENT, SYN_SENT), SEQ(0), .resend = 1 },
	{ E(L, 2500000, CONNECT_FAILED, SYN_SENT, CLOSE), WHY(CLOSED_BY_USER),
	  .duration = 2500000 },
};

/* A SYN that met a full accept queue, and that no socket is born of. */
static const struct told dropped[] = {
	{ E(R, 0, SYN_DROPPED, LISTEN, LISTEN), WHY(ACCEPT_QUEUE_FULL), SEQ(0), QUEUE(0, 1, 2, 1),
	  .nobody = true },
};

/* The FIN is on its way while the server accepts. */
static const struct told late_accept[] = {
	L_SYN, R_SYN(90), L_ESTABLISHED(140), R_ESTABLISHED(190),
	{ E(L, 5000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(1, 1) },
	{ E(R, 5010, ACCEPTED, ESTABLISHED, ESTABLISHED), QUEUE(0, 64, 0, 64), .duration = 4820 },
	{ E(R, 5030, FIN_RECEIVED, ESTABLISHED, CLOSE_WAIT), NUMBERS(1, 1) },
};

/* The client calls 10.0.0.9:80, NAT hands it to 10.0.0.2:443. */
static const struct told nat[] = {
	{ E(L, 0, SYN_SENT, CLOSE, SYN_SENT), SEQ(0), .nat = true },
	R_SYN(90),
	{ E(L, 140, ESTABLISHED, SYN_SENT, ESTABLISHED), NUMBERS(1, 1), .duration = 140,
	  .nat = true },
	R_ESTABLISHED(190),
	{ E(L, 5000, RST_SENT, ESTABLISHED, CLOSE), WHY(LINGER), NUMBERS(79, 162), .nat = true },
	{ E(L, 5000, CLOSED, ESTABLISHED, CLOSE), WHY(LINGER), LIFE(78, 161, 0), .duration = 5000,
	  .nat = true },
	{ E(R, 5030, RST_RECEIVED, ESTABLISHED, CLOSE), NUMBERS(79, 162) },
	{ E(R, 5030, CLOSED, ESTABLISHED, CLOSE), WHY(RESET_RECEIVED), LIFE(161, 78, 0),
	  .duration = 4940 },
};

/* The same, and nobody listens there. */
static const struct told nat_refused[] = {
	{ E(L, 0, SYN_SENT, CLOSE, SYN_SENT), SEQ(0), .nat = true },
	{ E(R, 90, RST_SENT, CLOSE, CLOSE), WHY(NO_SOCKET), .flags = TCPHS_F_ACK, .ack = 1,
	  .nobody = true },
	{ E(L, 140, RST_RECEIVED, SYN_SENT, CLOSE), .flags = TCPHS_F_ACK, .ack = 1, .nat = true },
	{ E(L, 150, CONNECT_FAILED, SYN_SENT, CLOSE), WHY(REFUSED), .duration = 150,
	  .nat = true },
};

/* One socket is both ends. */
static const struct told self[] = {
	L_SYN,
	{ E(L, 12500, SYN_RECEIVED, SYN_SENT, SYN_RECV), WHY(NONE) },
	{ E(L, 15300, ESTABLISHED, SYN_RECV, ESTABLISHED), NUMBERS(1, 1), .duration = 15300 },
	{ E(L, 688000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(6, 6) },
	{ E(L, 690000, FIN_RECEIVED, FIN_WAIT1, CLOSING), NUMBERS(6, 6) },
	{ E(L, 691000, FIN_ACKED, CLOSING, TIME_WAIT), NUMBERS(7, 7) },
	{ E(L, 691000, TIME_WAIT, CLOSING, TIME_WAIT), NUMBERS(7, 7) },
	{ E(L, 691000, CLOSED, CLOSING, TIME_WAIT), LIFE(5, 5, 4), .duration = 691000 },
};

/* Both ends know of the connection, and none of its beginning. */
static const struct told adopted[] = {
	{ E(L, 0, RST_SENT, ESTABLISHED, CLOSE), WHY(KILLED), NUMBERS(1, 1) },
	{ E(L, 0, CLOSED, ESTABLISHED, CLOSE), WHY(KILLED), LIFE(11, 13, 0), .duration = 9 },
	{ E(R, 20, RST_RECEIVED, ESTABLISHED, CLOSE), NUMBERS(1, 1) },
	{ E(R, 25, CLOSED, ESTABLISHED, CLOSE), WHY(RESET_RECEIVED), LIFE(13, 11, 0),
	  .duration = 9 },
};

/* Reset while it waits for accept(), which takes it then. */
static const struct told reset_queued[] = {
	R_SYN(0), R_ESTABLISHED(760),
	{ E(R, 2000, RST_RECEIVED, ESTABLISHED, CLOSE), NUMBERS(1, 1) },
	{ E(R, 2010, CLOSED, ESTABLISHED, CLOSE), WHY(RESET_RECEIVED), LIFE(0, 0, 0),
	  .duration = 2010 },
	{ E(R, 5000, ACCEPTED, CLOSE, CLOSE), QUEUE(0, 64, 0, 64), .duration = 4240 },
};

/* ---- the streams as records --------------------------------------------------- */

static bool is_adopted, is_restored, is_v6, is_self;

static void set_ident(struct tcphs_event *ev, const struct told *t)
{
	static const uint8_t address[2][16] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
	static const uint16_t port[2] = { 40001, 443 };
	struct tcphs_ident *id = &ev->id;

	id->family = is_v6 ? AF_INET6 : AF_INET;
	memcpy(id->local, address[t->side], 16);
	memcpy(id->peer, address[!t->side], 16);
	if (is_v6) {
		memset(id->local, 0xa1 + t->side, 16);
		memset(id->peer, 0xa1 + !t->side, 16);
	}
	id->local_port = port[t->side];
	id->peer_port = port[!t->side];
	if (t->nat) {
		id->peer[3] = 9;
		id->peer_port = 80;
	}
	if (is_self) {
		memcpy(id->peer, id->local, 16);
		id->peer_port = id->local_port;
	}
	id->netns = 4026531840u;
	id->conn = t->nobody ? 0 : t->side == L ? 0xa : 0xb;
	id->role = is_adopted ? TCPHS_ROLE_UNKNOWN :
		   is_self ? TCPHS_ROLE_SIMULTANEOUS :
		   t->side == L ? TCPHS_ROLE_ACTIVE : TCPHS_ROLE_PASSIVE;
	if (is_adopted) {
		ev->flags |= TCPHS_F_ADOPTED;
		return;
	}
	if (t->again)
		id->conn = 0xc;
	if (is_restored || t->again) {
		id->role = TCPHS_ROLE_UNKNOWN;
		ev->flags |= TCPHS_F_RESTORED | (t->again ? TCPHS_F_OWNER : 0);
		id->pid = t->again ? 211 : 0;
		memcpy(id->comm, "again", 5);
		return;
	}
	id->isn = t->side == L ? L_ISN : R_ISN;
	id->peer_isn = t->side == L && !is_self ? R_ISN : L_ISN;
	if (!t->nobody)
		ev->flags |= TCPHS_F_ISN;
	else
		id->isn = 0;
	/* Nobody knows the other's ISN before its SYN; a RST for nobody never does. */
	if (t->type == TCPHS_EV_SYN_SENT || t->type == TCPHS_EV_SYN_RETRANSMIT ||
	    t->type == TCPHS_EV_CONNECT_FAILED || t->type == TCPHS_EV_RST_SENT ||
	    t->old == TCPHS_STATE_SYN_SENT)
		id->peer_isn = t->type == TCPHS_EV_ESTABLISHED ? R_ISN : 0;
	if (is_self && t->type == TCPHS_EV_SYN_RECEIVED)
		id->peer_isn = 0;
	if (id->peer_isn)
		ev->flags |= TCPHS_F_PEER_ISN;
	if (t->type == TCPHS_EV_SYNCOOKIE_SENT) {
		id->isn = R_ISN;
		ev->flags |= TCPHS_F_ISN;
	}
	if (t->side == L || t->type == TCPHS_EV_ACCEPTED) {
		id->pid = 209;
		memcpy(id->comm, t->side == L ? "cu<r&l" : "nginx", 6);
		ev->flags |= TCPHS_F_OWNER;
	}
}

static void set_detail(struct tcphs_event *ev, const struct told *t)
{
	if (t->queue.listener) {
		ev->queue = t->queue;
		ev->flags |= TCPHS_F_QUEUE;
	} else if (t->life.handshake_us) {
		ev->life = t->life;
		ev->flags |= TCPHS_F_LIFE;
		if (t->new == TCPHS_STATE_TIME_WAIT)
			ev->flags |= TCPHS_F_TIME_WAIT_AHEAD;
	} else if (t->resend) {
		ev->resend.number = t->resend;
		ev->flags |= TCPHS_F_RESEND;
	} else if (t->half) {
		ev->half.bytes = t->half;
		ev->flags |= TCPHS_F_HALF;
	} else if (t->type == TCPHS_EV_ESTABLISHED && !is_restored && !t->again) {
		ev->agreed.ack_data = t->ack_data;
		ev->agreed.syn_data = t->syn_data;
		ev->flags |= TCPHS_F_AGREED;
	}
}

static struct tcphs_event event_of(const struct told *t)
{
	struct tcphs_event ev = {
		.time = 1000000000ull + t->us * 1000ull,
		.duration = t->duration * 1000,
		.type = t->type,
		.old_state = t->old,
		.new_state = t->new,
		.reason = t->reason,
		.flags = t->flags,
	};
	bool from_peer, from_left;

	set_ident(&ev, t);
	set_detail(&ev, t);
	from_peer = tcphs_event_from_peer(&ev);
	from_left = (t->side == L) != from_peer || is_self;
	if (t->duration)
		ev.flags |= TCPHS_F_DURATION;
	/* The RST that refuses has no number of its own to count from. */
	if (t->flags & TCPHS_F_ACK && !(t->flags & TCPHS_F_SEQ))
		ev.flags |= TCPHS_F_SEQ;
	else if (t->flags & TCPHS_F_SEQ)
		ev.seq = t->seq + (from_left ? L_ISN : R_ISN);
	if (t->flags & TCPHS_F_ACK)
		ev.ack = t->ack + (from_left && !is_self ? R_ISN : L_ISN);
	return ev;
}

#endif /* TOLD_H */

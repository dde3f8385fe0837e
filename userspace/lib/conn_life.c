/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events of one connection of one socket, added up.
 *
 * Nothing is made up where records are missing: a life whose first event is no beginning
 * says so, and so does one with a step that does not lead on from the one before it.
 */
#include "conn_life.h"

/* What is sent again, in struct tcphs_conn_life.resent. */
enum { RESENT_SYN, RESENT_SYNACK, RESENT_FIN };

/* ---- events ------------------------------------------------------------------- */

/**
 * tcphs_event_of_listener - is it about a listener?
 * @ev: the event
 *
 * Those of a SYN that no connection came of are not, but have no socket either.
 */
bool tcphs_event_of_listener(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_LISTEN || ev->type == TCPHS_EV_UNLISTEN ||
	       ev->type == TCPHS_EV_BACKLOG_CHANGED;
}

/**
 * tcphs_event_ends_life - does the connection of the socket end with it?
 * @ev: the event
 */
bool tcphs_event_ends_life(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_CONNECT_FAILED || ev->type == TCPHS_EV_REQUEST_EXPIRED ||
	       ev->type == TCPHS_EV_REQUEST_RESET || ev->type == TCPHS_EV_CLOSED;
}

/**
 * tcphs_event_is_alive - may a life be known by this event alone?
 * @ev: the event
 *
 * Return: false for what has no socket, for listeners, and for what comes after the end: in
 * TIME_WAIT, or accept() of what was reset while it waited.
 */
bool tcphs_event_is_alive(const struct tcphs_event *ev)
{
	if (!ev->id.conn || tcphs_event_of_listener(ev) || ev->type == TCPHS_EV_SYN_DROPPED ||
	    ev->type == TCPHS_EV_SYNCOOKIE_SENT || ev->old_state == TCPHS_STATE_TIME_WAIT)
		return false;
	return tcphs_event_ends_life(ev) || ev->old_state != TCPHS_STATE_CLOSE ||
	       ev->type == TCPHS_EV_SYN_SENT || ev->type == TCPHS_EV_ESTABLISHED;
}

/**
 * tcphs_same_ends - are their addresses and ports the same?
 * @a: one
 * @b: another; the mirror of @a is not the same
 */
bool tcphs_same_ends(const struct tcphs_ident *a, const struct tcphs_ident *b)
{
	return a->family == b->family && a->local_port == b->local_port &&
	       a->peer_port == b->peer_port && !memcmp(a->local, b->local, sizeof(a->local)) &&
	       !memcmp(a->peer, b->peer, sizeof(a->peer));
}

/**
 * tcphs_same_connection - are they of one connection of one socket?
 * @a: one with a socket
 * @b: another, likewise
 *
 * A cookie comes again after a boot, so addresses are asked too.
 */
bool tcphs_same_connection(const struct tcphs_ident *a, const struct tcphs_ident *b)
{
	return a->conn == b->conn && a->netns == b->netns && a->generation == b->generation &&
	       tcphs_same_ends(a, b);
}

static bool same_end(const uint8_t *a, uint16_t a_port, const uint8_t *b, uint16_t b_port)
{
	return a_port == b_port && !memcmp(a, b, 16);
}

/**
 * tcphs_mirrored - are the addresses of one crosswise those of the other?
 * @a: one
 * @b: another
 */
bool tcphs_mirrored(const struct tcphs_ident *a, const struct tcphs_ident *b)
{
	return a->family == b->family &&
	       same_end(a->local, a->local_port, b->peer, b->peer_port) &&
	       same_end(a->peer, a->peer_port, b->local, b->local_port);
}

/**
 * tcphs_share_an_end - do both call one end the same?
 * @a: one
 * @b: another
 *
 * NAT that changes only one end's address leaves the other so.
 */
bool tcphs_share_an_end(const struct tcphs_ident *a, const struct tcphs_ident *b)
{
	return a->family == b->family &&
	       (same_end(a->local, a->local_port, b->peer, b->peer_port) ||
		same_end(a->peer, a->peer_port, b->local, b->local_port));
}

/* @isn of one end where its flag says it is known, and what the other calls it. */
static int agree(bool known, uint32_t isn, bool other_known, uint32_t other)
{
	if (!known || !other_known)
		return 0;
	return isn == other ? 1 : -1;
}

/**
 * tcphs_other_end - are they the two ends of one connection?
 * @a: one with a socket
 * @a_flags: TCPHS_F_ISN and TCPHS_F_PEER_ISN, as far as its are known
 * @b: another, likewise
 * @b_flags: likewise
 */
bool tcphs_other_end(const struct tcphs_ident *a, uint32_t a_flags, const struct tcphs_ident *b,
		     uint32_t b_flags)
{
	int there = agree(a_flags & TCPHS_F_ISN, a->isn, b_flags & TCPHS_F_PEER_ISN, b->peer_isn);
	int back = agree(a_flags & TCPHS_F_PEER_ISN, a->peer_isn, b_flags & TCPHS_F_ISN, b->isn);

	if (there < 0 || back < 0)
		return false;
	/* One number of 32 bits may agree by chance, two do not. */
	if (!tcphs_mirrored(a, b))
		return (there > 0 && back > 0) ||
		       ((there > 0 || back > 0) && tcphs_share_an_end(a, b));
	/* Older than the module, both: that time had but one with these addresses. */
	return there > 0 || back > 0 ||
	       (!((a_flags | b_flags) & (TCPHS_F_ISN | TCPHS_F_PEER_ISN)) &&
		a->netns == b->netns);
}

/**
 * tcphs_ident_learn - who a connection is, by one more event
 * @id: what is known; its ISNs stay once they are
 * @flags: TCPHS_F_ISN and TCPHS_F_PEER_ISN
 * @ev: the event
 *
 * Return: those of these flags that are new.
 */
uint32_t tcphs_ident_learn(struct tcphs_ident *id, uint32_t *flags, const struct tcphs_event *ev)
{
	uint32_t known = ev->flags & (TCPHS_F_ISN | TCPHS_F_PEER_ISN), news = known & ~*flags;
	uint32_t isn = id->isn, peer_isn = id->peer_isn;

	*id = ev->id;
	if (!(news & TCPHS_F_ISN) && *flags & TCPHS_F_ISN)
		id->isn = isn;
	if (!(news & TCPHS_F_PEER_ISN) && *flags & TCPHS_F_PEER_ISN)
		id->peer_isn = peer_isn;
	*flags |= known;
	return news;
}

/* ---- letters ------------------------------------------------------------------ */

/* What comes again and again must not take the room of what comes once. */
#define ROOM_FOR_ENDS	8

static bool is_closing(char c)
{
	return c == 'F' || c == 'f' || c == 'R' || c == 'r';
}

static void put(struct tcphs_conn_life *life, char c)
{
	size_t len = strlen(life->history), room = sizeof(life->history) - 1;

	if (!is_closing(c))
		room -= ROOM_FOR_ENDS;
	if (len && life->history[len - 1] == c)
		return;
	if (len < room)
		life->history[len] = c;
	else if (len < sizeof(life->history) - 1 && life->history[len - 1] != '+')
		life->history[len] = '+';
}

static char letter(const struct tcphs_conn_life *life, char upper, bool ours)
{
	bool opened = life->id.role != TCPHS_ROLE_PASSIVE;

	return ours == opened ? upper : (char)(upper - 'A' + 'a');
}

static void ours(struct tcphs_conn_life *life, char upper)
{
	put(life, letter(life, upper, true));
}

static void theirs(struct tcphs_conn_life *life, char upper)
{
	put(life, letter(life, upper, false));
}

/* Once: a request, its child and accept() may each speak of it. */
static void third_ack(struct tcphs_conn_life *life, bool again)
{
	if (!(life->known & TCPHS_LIFE_THIRD_ACK) || again)
		theirs(life, 'A');
	life->known |= TCPHS_LIFE_THIRD_ACK;
}

static void put_established(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_RESTORED)
		return;
	if (ev->old_state != TCPHS_STATE_SYN_SENT) {
		third_ack(life, false);
		return;
	}
	theirs(life, 'H');
	ours(life, 'A');
}

/* A valid SYN cookie proves what went before it. */
static void put_queued(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	if (ev->reason == TCPHS_REASON_SYNCOOKIE) {
		theirs(life, 'S');
		ours(life, 'H');
	}
	/* On Fast Open it comes later. */
	if (ev->reason != TCPHS_REASON_FASTOPEN)
		third_ack(life, false);
}

/* Events that are one letter. */
static const struct {
	char upper;
	bool ours;		/* this end sent it */
} letters[TCPHS_EV_MAX + 1] = {
	[TCPHS_EV_SYN_SENT]		= { 'S', true },
	[TCPHS_EV_SYN_UNEXPECTED]	= { 'S', false },
	[TCPHS_EV_SYN_DUPLICATE]	= { 'O', false },
	[TCPHS_EV_SYN_RETRANSMIT]	= { 'O', true },
	[TCPHS_EV_SYNACK_RETRANSMIT]	= { 'O', true },
	[TCPHS_EV_FIN_RETRANSMIT]	= { 'O', true },
	[TCPHS_EV_FIN_SENT]		= { 'F', true },
	[TCPHS_EV_FIN_RECEIVED]		= { 'F', false },
	[TCPHS_EV_FIN_ACKED]		= { 'A', false },
	[TCPHS_EV_TIME_WAIT]		= { 'A', true },
	[TCPHS_EV_RST_SENT]		= { 'R', true },
	[TCPHS_EV_RST_RECEIVED]		= { 'R', false },
	[TCPHS_EV_ICMP_RECEIVED]	= { 'E', false },
};

/* An ACK of a FIN is of the close also where the FIN itself is not on record. */
static void put_letter(struct tcphs_conn_life *life, unsigned int type)
{
	size_t len = strlen(life->history);
	char c;

	if (type > TCPHS_EV_MAX || !letters[type].upper)
		return;
	c = letter(life, letters[type].upper, letters[type].ours);
	put(life, c);
	if (!life->close_at &&
	    (is_closing(c) || type == TCPHS_EV_FIN_ACKED || type == TCPHS_EV_TIME_WAIT))
		life->close_at = (uint8_t)(len + 1);
}

static void put_letters(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_RECEIVED:
		/* It is shown with the SYN+ACK that answers. */
		theirs(life, 'S');
		ours(life, 'H');
		break;
	case TCPHS_EV_ESTABLISHED:
		put_established(life, ev);
		break;
	case TCPHS_EV_ACCEPT_QUEUED:
		put_queued(life, ev);
		break;
	case TCPHS_EV_ACK_DEFERRED:
		third_ack(life, true);
		break;
	case TCPHS_EV_ACCEPT_OVERFLOW:
		third_ack(life, true);
		ours(life, 'V');
		break;
	default:
		put_letter(life, ev->type);
	}
}

/* In front of the first FIN or RST or ACK of a FIN, for when data went is not known. */
static void put_data(struct tcphs_conn_life *life, const char *data)
{
	size_t len = strlen(life->history), nr = strlen(data);
	size_t at = life->close_at ? life->close_at - 1u : len;

	if (len + nr >= sizeof(life->history))
		return;
	memmove(life->history + at + nr, life->history + at, len - at);
	memcpy(life->history + at, data, nr);
}

/* More than what is known to have been none are data. */
static bool data_resent(const struct tcphs_conn_life *life)
{
	const uint32_t *resent = life->resent;

	return !(life->known & (TCPHS_LIFE_NO_BEGIN | TCPHS_LIFE_NO_STEPS)) &&
	       life->retransmits > resent[RESENT_SYN] + resent[RESENT_SYNACK] + resent[RESENT_FIN];
}

static void add_data(struct tcphs_conn_life *life)
{
	bool sent = life->bytes_sent, received = life->bytes_received;
	bool opened = life->id.role != TCPHS_ROLE_PASSIVE;
	char data[4], *p = data;

	if (opened ? sent : received)
		*p++ = 'D';
	if (opened ? received : sent)
		*p++ = 'd';
	if (data_resent(life))
		*p++ = letter(life, 'T', true);
	*p = '\0';
	put_data(life, data);
}

/* ---- a life ------------------------------------------------------------------- */

/**
 * tcphs_event_begins_life - may it be the first step of a connection of the socket?
 * @ev: the event
 *
 * A socket has one after another; where the one before has ended, this is of the next, though
 * its generation may be the same: that is 0 again after TIME_WAIT.
 */
bool tcphs_event_begins_life(const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
	case TCPHS_EV_SYN_RECEIVED:
		return true;
	case TCPHS_EV_ACCEPT_QUEUED:
		return ev->reason == TCPHS_REASON_SYNCOOKIE;
	case TCPHS_EV_ESTABLISHED:
		return ev->flags & TCPHS_F_RESTORED ||
		       (ev->flags & TCPHS_F_AGREED && ev->agreed.options & TCPHS_OPT_SYNCOOKIE);
	case TCPHS_EV_CONNECT_FAILED:
		/* Before its SYN. */
		return ev->old_state == TCPHS_STATE_CLOSE;
	}
	return false;
}

/* A RST is followed by what it leads to, and has the state it met. */
static bool announces(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_RST_SENT || ev->type == TCPHS_EV_RST_RECEIVED;
}

/* The last FIN or ACK, time-wait and closed are of one change of state. */
static uint8_t state_after(const struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	if (announces(ev))
		return life->state;
	if ((ev->type == TCPHS_EV_FIN_RECEIVED || ev->type == TCPHS_EV_FIN_ACKED) &&
	    (ev->new_state == TCPHS_STATE_TIME_WAIT || ev->new_state == TCPHS_STATE_CLOSE))
		return life->state;
	return ev->type == TCPHS_EV_TIME_WAIT ? ev->old_state : ev->new_state;
}

/* What has no entry in the module's table does not know the state it was in. */
static bool leads_on(const struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	return announces(ev) || ev->old_state == life->state ||
	       (life->flags | ev->flags) & TCPHS_F_UNTRACKED;
}

static void learn_who(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	const struct tcphs_ident before = life->id;

	tcphs_ident_learn(&life->id, &life->flags, ev);
	if (life->flags & TCPHS_F_OWNER && !(ev->flags & TCPHS_F_OWNER)) {
		life->id.pid = before.pid;
		life->id.cgroup = before.cgroup;
		memcpy(life->id.comm, before.comm, sizeof(before.comm));
		memcpy(life->id.thread, before.thread, sizeof(before.thread));
	}
	if (ev->ifindex)
		life->ifindex = ev->ifindex;
}

static void count_resent(struct tcphs_conn_life *life, unsigned int what, uint32_t number)
{
	if (number > life->resent[what])
		life->resent[what] = number;
}

static void learn_resend(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	count_resent(life, ev->type == TCPHS_EV_SYN_RETRANSMIT ? RESENT_SYN :
		     ev->type == TCPHS_EV_SYNACK_RETRANSMIT ? RESENT_SYNACK : RESENT_FIN,
		     ev->resend.number);
}

static void learn_handshake(struct tcphs_conn_life *life, uint64_t ns)
{
	life->handshake = ns;
	life->known |= TCPHS_LIFE_HANDSHAKE;
}

/* Of who is older than the module it is not known what was sent again when. */
static void learn_phases(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	if (ev->life.srtt_us) {
		life->srtt_us = ev->life.srtt_us;
		life->min_rtt_us = ev->life.min_rtt_us;
		life->known |= TCPHS_LIFE_RTT;
	}
	if (!(ev->flags & TCPHS_F_ADOPTED)) {
		life->resent_opening = ev->life.handshake_retransmits;
		life->resent_closing = ev->life.closing_retransmits;
		life->known |= TCPHS_LIFE_PHASES;
	}
}

static void learn_end(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	life->end = ev->type;
	life->reason = ev->reason;
	if (ev->flags & TCPHS_F_DURATION && !(life->known & TCPHS_LIFE_BEGIN)) {
		life->begin = ev->time - ev->duration;
		life->known |= TCPHS_LIFE_BEGIN;
	}
	if (ev->flags & TCPHS_F_LIFE) {
		life->bytes_sent = ev->life.bytes_sent;
		life->bytes_received = ev->life.bytes_received;
		life->retransmits = ev->life.retransmits;
		life->closer = ev->life.closer;
		life->segments = ev->life.segments;
		life->known |= TCPHS_LIFE_BYTES | TCPHS_LIFE_RESENT;
		learn_phases(life, ev);
		if (ev->life.handshake_us && !(life->known & TCPHS_LIFE_HANDSHAKE))
			learn_handshake(life, ev->life.handshake_us * 1000ull);
		add_data(life);
	} else if (ev->type != TCPHS_EV_CLOSED) {
		/* Nothing but these was sent. */
		life->retransmits = life->resent[RESENT_SYN] + life->resent[RESENT_SYNACK];
		life->known |= life->known & (TCPHS_LIFE_NO_BEGIN | TCPHS_LIFE_NO_STEPS) ? 0 :
									TCPHS_LIFE_RESENT;
	}
}

static void learn_detail(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_RESEND)
		learn_resend(life, ev);
	if (ev->flags & TCPHS_F_AGREED)
		count_resent(life, ev->id.role == TCPHS_ROLE_PASSIVE ? RESENT_SYNACK : RESENT_SYN,
			     ev->agreed.retransmits);
	if (ev->flags & TCPHS_F_ICMP) {
		life->icmp_type = ev->icmp_type;
		life->icmp_code = ev->icmp_code;
	}
	if (ev->type == TCPHS_EV_ESTABLISHED && ev->flags & TCPHS_F_DURATION &&
	    !(ev->flags & TCPHS_F_RESTORED))
		learn_handshake(life, ev->duration);
	if (ev->type == TCPHS_EV_ACCEPTED && ev->flags & TCPHS_F_DURATION) {
		life->waited = ev->duration;
		life->known |= TCPHS_LIFE_WAITED;
	}
	if (tcphs_event_ends_life(ev))
		learn_end(life, ev);
}

/**
 * tcphs_conn_life_add - one more event of it
 * @life: a life that has not ended
 * @ev: the event, not older than the one before; of the same connection
 */
void tcphs_conn_life_add(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	const uint32_t marks = TCPHS_F_OWNER | TCPHS_F_MAPPED | TCPHS_F_ADOPTED | TCPHS_F_UNTRACKED |
			       TCPHS_F_RESTORED | TCPHS_F_ICMP | TCPHS_F_TIME_WAIT_AHEAD;

	/* Whose letters are upper case is known by the role, which comes with the event. */
	learn_who(life, ev);
	if (!leads_on(life, ev)) {
		life->known |= TCPHS_LIFE_NO_STEPS;
		put(life, '?');
	}
	put_letters(life, ev);
	life->flags |= ev->flags & marks;
	life->last = ev->time;
	life->state = state_after(life, ev);
	learn_detail(life, ev);
}

/**
 * tcphs_conn_life_begin - the first event there is of a connection
 * @life: gets its life
 * @ev: the event; see tcphs_event_is_alive()
 */
void tcphs_conn_life_begin(struct tcphs_conn_life *life, const struct tcphs_event *ev)
{
	*life = (struct tcphs_conn_life){ .state = ev->old_state };
	if (tcphs_event_begins_life(ev) && !(ev->flags & TCPHS_F_GAP)) {
		life->begin = ev->time;
		life->known = TCPHS_LIFE_BEGIN;
	} else {
		life->known = TCPHS_LIFE_NO_BEGIN;
		put(life, '?');
	}
	tcphs_conn_life_add(life, ev);
}

/**
 * tcphs_conn_life_of - a life of which nothing is on record, but that goes on
 * @life: gets it
 * @conn: what the module knows of it
 * @now: when, CLOCK_MONOTONIC in ns
 */
void tcphs_conn_life_of(struct tcphs_conn_life *life, const struct tcphs_conn_info *conn,
			uint64_t now)
{
	const struct tcphs_owner *owner = &conn->owner;

	*life = (struct tcphs_conn_life){
		.id = {
			.conn = conn->conn, .netns = conn->netns, .role = conn->role,
			.local_port = conn->local_port, .peer_port = conn->peer_port,
			.isn = conn->isn, .peer_isn = conn->peer_isn, .family = conn->family,
			.generation = conn->generation, .pid = owner->known ? owner->pid : 0,
			.cgroup = owner->cgroup,
		},
		.begin = now - conn->life, .last = now - conn->age,
		.known = TCPHS_LIFE_BEGIN | TCPHS_LIFE_NO_BEGIN,
		.ifindex = conn->ifindex, .state = conn->state,
		.flags = (conn->has_isn ? TCPHS_F_ISN : 0) |
			 (conn->has_peer_isn ? TCPHS_F_PEER_ISN : 0) |
			 (owner->known ? TCPHS_F_OWNER : 0) | (conn->mapped ? TCPHS_F_MAPPED : 0) |
			 (conn->adopted ? TCPHS_F_ADOPTED : 0) |
			 (conn->restored ? TCPHS_F_RESTORED : 0),
	};
	memcpy(life->id.local, conn->local, sizeof(life->id.local));
	memcpy(life->id.peer, conn->peer, sizeof(life->id.peer));
	memcpy(life->id.comm, owner->comm, strnlen(owner->comm, sizeof(life->id.comm)));
	memcpy(life->id.thread, owner->thread, strnlen(owner->thread, sizeof(life->id.thread)));
	if (conn->has_handshake)
		learn_handshake(life, conn->handshake);
	put(life, '?');
}

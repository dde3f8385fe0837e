/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of how connections end, and of what comes for those that are gone. */
#include <stdlib.h>

#include "conn_life.h"
#include "evidence_ends.h"
#include "evidence_parts.h"

static void checks_merge(struct checks *into, const struct checks *c)
{
	if (!c->count)
		return;
	if (!into->count || c->least < into->least)
		into->least = c->least;
	raise(&into->most, c->most);
	into->count += c->count;
	into->many = true;
}

static uint64_t idle_of(const struct tcphs_event *ev)
{
	if (!(ev->flags & TCPHS_F_IDLE))
		return 0;
	return ev->idle.sent < ev->idle.received ? ev->idle.sent : ev->idle.received;
}

static void part(struct partings *p, const struct tcphs_event *ev)
{
	uint64_t idle = idle_of(ev);

	if (!p->count++ || idle < p->least)
		p->least = idle;
	raise(&p->most, idle);
	p->unread += ev->flags & TCPHS_F_IDLE && ev->idle.unread;
	if (ev->type == TCPHS_EV_RST_SENT && ev->flags & TCPHS_F_OWNER)
		own(&p->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
}

static void partings_merge(struct partings *into, const struct partings *p)
{
	if (!p->count)
		return;
	if (!into->count || p->least < into->least)
		into->least = p->least;
	raise(&into->most, p->most);
	into->count += p->count;
	into->unread += p->unread;
	checks_merge(&into->like, &p->like);
}

static void merge_endings(void *into, const void *entry)
{
	const struct endings *x = entry;
	struct endings *sum = into;
	unsigned int i;

	sum->ended += x->ended;
	sum->first_fins += x->first_fins;
	sum->unserved.count += x->unserved.count;
	raise(&sum->unserved.longest, x->unserved.longest);
	sum->fins += x->fins;
	sum->fins_lost += x->fins_lost;
	sum->died += x->died;
	sum->probed += x->probed;
	resets_merge(&sum->resets, &x->resets);
	sum->after_fin += x->after_fin;
	for (i = 0; i < NR_SIDES; i++) {
		sum->races[i] += x->races[i];
		partings_merge(&sum->partings[i], &x->partings[i]);
	}
	sum->follow_ups += x->follow_ups;
	checks_merge(&sum->knocks, &x->knocks);
	checks_merge(&sum->lives, &x->lives);
	for (i = 0; i < NR_MET; i++)
		sum->met[i] += x->met[i];
	sum->met_syns += x->met_syns;
	sum->limited += x->limited;
	sum->time_waits += x->time_waits;
	sum->assassinated += x->assassinated;
	sum->reused += x->reused;
}

static void merge_stray(void *into, const void *entry)
{
	const struct stray *s = entry;
	struct stray *sum = into;

	sum->connections += s->connections;
	sum->segments += s->segments;
}

void ends_init(struct evidence *e)
{
	e->ends = calloc(1, sizeof(*e->ends));
	if (!e->ends) {
		e->no_memory = true;
		return;
	}
	e->ends->endings = (struct tally)TALLY_INIT(struct endings, key, .limit = PEERS_MOST,
						    .merge = merge_endings);
	e->ends->strays = (struct tally)TALLY_INIT(struct stray, key, .limit = PEERS_MOST,
						   .merge = merge_stray);
	e->ends->seed = hash_seed();
	e->ends->gone = calloc(GONE_MOST, sizeof(*e->ends->gone));
	e->ends->lately = calloc(LATELY_MOST, sizeof(*e->ends->lately));
	e->no_memory |= !e->ends->gone || !e->ends->lately;
}

void ends_free(struct evidence *e)
{
	if (!e->ends)
		return;
	tally_free(&e->ends->endings);
	tally_free(&e->ends->strays);
	free(e->ends->gone);
	free(e->ends->lately);
	free(e->ends);
	e->ends = NULL;
}

/* ---- who was there --------------------------------------------------------------- */

static struct gone gone_of(const struct tcphs_ident *id)
{
	struct gone g = { .who = { .local_port = id->local_port, .peer_port = id->peer_port,
				   .netns = id->netns } };

	memcpy(g.who.local, id->local, sizeof(g.who.local));
	memcpy(g.who.peer, id->peer, sizeof(g.who.peer));
	return g;
}

/* Where it is, if @known, or is to be. */
static struct gone *gone_slot(const struct evidence *e, const struct tcphs_ident *id, bool *known)
{
	struct gone key = gone_of(id), *g;
	uint64_t hash = hash_bytes(e->ends->seed, &key.who, sizeof(key.who));

	g = &e->ends->gone[hash & (GONE_MOST - 1)];
	*known = g->used && !memcmp(&g->who, &key.who, sizeof(g->who));
	return g;
}

static struct gone *remember_id(struct evidence *e, const struct tcphs_ident *id)
{
	bool known;
	struct gone *g = gone_slot(e, id, &known);

	*g = gone_of(id);
	g->used = true;
	return g;
}

static struct gone *remember(struct evidence *e, const struct tcphs_event *ev)
{
	struct gone *g = remember_id(e, &ev->id);

	g->why = ev->reason;
	return g;
}

/* Ends of connections that this end's RST made. */
static bool is_our_reset(unsigned int reason)
{
	switch (reason) {
	case TCPHS_REASON_LINGER:
	case TCPHS_REASON_KILLED:
	case TCPHS_REASON_LISTENER_CLOSED:
	case TCPHS_REASON_UNREAD_DATA:
	case TCPHS_REASON_DISCONNECT:
	case TCPHS_REASON_DATA_AFTER_CLOSE:
	case TCPHS_REASON_NO_MEMORY:
		return true;
	default:
		return false;
	}
}

static struct endings *endings_at(struct evidence *e, const struct tcphs_event *ev,
				  const struct place *local, const struct place *peer)
{
	bool passive = ev->old_state == TCPHS_STATE_LISTEN ||
		       evidence_is_passive(e, ev->id.role, local, peer);
	const struct server *s = passive ? evidence_server(e, local) : NULL;
	struct endings key = { .key = { .at = s ? s->at : passive ? *local : *peer,
					.passive = passive } }, *x;

	x = evidence_get(e, &e->ends->endings, &key.key);
	if (x && ev->flags & TCPHS_F_OWNER)
		own(&x->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
	return x;
}

/* ---- what looks like a health check ----------------------------------------------- */

static void check_like(struct checks *c, const struct place *peer, uint64_t bytes)
{
	struct place from = *peer;
	uint32_t i;

	from.port = 0;
	if (!c->count || bytes < c->least)
		c->least = bytes;
	raise(&c->most, bytes);
	c->count++;
	for (i = 0; i < c->nr; i++)
		if (!memcmp(&c->from[i], &from, sizeof(from)))
			return;
	if (c->nr < FEW)
		c->from[c->nr++] = from;
	else
		c->many = true;
}

/* ---- strays ----------------------------------------------------------------------- */

/*
 * A segment with an ACK, answered by RST because no connection of ours has its addresses.
 * One that we knew lately is reported with its end.
 */
static void stray(struct evidence *e, const struct tcphs_event *ev, const struct place *local,
		  const struct place *peer)
{
	struct stray key = { .key = { .family = peer->family, .netns = peer->netns } }, *s;
	bool known;
	struct gone *g = gone_slot(e, &ev->id, &known);
	struct endings *x;

	/* What is here at both ends is reported for the other one. */
	if ((known && !g->stray) || evidence_is_here(e, peer)) {
		e->ends->follow_ups++;
		x = known && g->reset ? endings_at(e, ev, local, peer) : NULL;
		if (x)
			x->follow_ups++;
		return;
	}
	if (!known)
		remember(e, ev)->stray = true;
	memcpy(key.key.address, peer->address, sizeof(key.key.address));
	s = evidence_get(e, &e->ends->strays, &key.key);
	if (!s)
		return;
	e->ends->stray_segments++;
	e->ends->stray_connections += !known;
	s->segments++;
	s->connections += !known;
	s->local = *local;
	s->peer = *peer;
}

/* A RST that answers a segment without ACK acknowledges it, RFC 9293, section 3.5.2. */
bool ends_is_stray(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_RST_SENT && !(ev->flags & TCPHS_F_ACK) &&
	       (ev->reason == TCPHS_REASON_NO_SOCKET ||
		(ev->old_state == TCPHS_STATE_LISTEN &&
		 (ev->reason == TCPHS_REASON_BAD_SEGMENT ||
		  ev->reason == TCPHS_REASON_BAD_COOKIE)));
}

/* ---- what to remember of a connection ------------------------------------------------------------ */

static struct lately *lately(const struct evidence *e, uint64_t conn)
{
	return &e->ends->lately[hash_mix(conn, e->ends->seed) & (LATELY_MOST - 1)];
}

static struct lately *remember_conn(const struct evidence *e, uint64_t conn)
{
	struct lately *l = lately(e, conn);

	if (l->conn != conn)
		*l = (struct lately){ .conn = conn };
	return l;
}

/* The socket connects again: what there was of its connection before is not of this one. */
static void forget_conn(const struct evidence *e, uint64_t conn)
{
	struct lately *l = lately(e, conn);

	if (l->conn == conn)
		*l = (struct lately){ .conn = conn };
}

/* Did the server have the last word? */
static bool is_answered(const struct endings *x, const struct tcphs_idle *idle)
{
	return x->key.passive ? idle->sent < idle->received : idle->received < idle->sent;
}

/* Had the client been waiting for an answer for so long that nobody calls it idle? */
static bool is_given_up(const struct endings *x, const struct tcphs_idle *idle)
{
	return x->key.passive ? idle->received < idle->sent && idle->received >= IDLE_NS :
				idle->sent < idle->received && idle->sent >= IDLE_NS;
}

/*
 * Has the client closed and waits for nothing? It had its answer, all of it, or it closed
 * in the moment of its own last word: TLS's close_notify, a QUIT.
 */
static bool is_client_done(const struct endings *x, const struct tcphs_idle *idle, bool by_us)
{
	if (by_us == x->key.passive || (x->key.passive && idle->unacked))
		return false;
	return is_answered(x, idle) || (x->key.passive ? idle->received : idle->sent) < MOMENT_NS;
}

/* What waits for accept() has no owner yet, and is judged by its queue. */
static bool is_unread(const struct tcphs_event *ev)
{
	const struct tcphs_idle *idle = &ev->idle;

	return ev->flags & TCPHS_F_OWNER && idle->unread && !idle->unacked &&
	       idle->received < idle->sent && idle->received >= ANSWER_NS;
}

/* We sent, and all was confirmed, but nothing came. */
static bool is_unanswered(const struct tcphs_event *ev)
{
	const uint32_t known = TCPHS_F_SEQ | TCPHS_F_ACK | TCPHS_F_ISN | TCPHS_F_PEER_ISN;

	return (ev->flags & known) == known && ev->seq != ev->id.isn + 1 &&
	       ev->ack == ev->id.peer_isn + 1 && !ev->idle.unacked && ev->idle.sent >= ANSWER_NS;
}

/* The client closes, and may have waited for an answer until then. */
static void client_fin(struct evidence *e, struct endings *x, const struct tcphs_event *ev,
		       const struct place *peer)
{
	/* With both ends here the listener's end shows whether it reads. */
	if (x->key.passive ? !is_unread(ev) : !is_unanswered(ev) || evidence_is_here(e, peer))
		return;
	x->unserved.count++;
	raise(&x->unserved.longest, x->key.passive ? ev->idle.received : ev->idle.sent);
	if (ev->flags & TCPHS_F_OWNER)
		own(&x->unserved.owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
}

static void first_fin(struct evidence *e, struct endings *x, const struct tcphs_event *ev,
		      bool by_us, const struct place *peer)
{
	struct lately *l;
	uint64_t idle;

	if (ev->old_state != TCPHS_STATE_ESTABLISHED || !(ev->flags & TCPHS_F_IDLE))
		return;
	x->first_fins++;
	if (by_us != x->key.passive)
		client_fin(e, x, ev, peer);
	if (is_client_done(x, &ev->idle, by_us))
		remember_conn(e, ev->id.conn)->done = true;
	/* What we have just sent may have met the peer's FIN on its way. */
	idle = by_us && ev->idle.sent < ev->idle.received ? ev->idle.sent : ev->idle.received;
	if (idle < IDLE_NS || is_given_up(x, &ev->idle))
		return;
	l = remember_conn(e, ev->id.conn);
	l->idle = idle;
	l->by_us = by_us;
}

static bool count_race(struct evidence *e, struct endings *x, const struct tcphs_event *ev,
		       bool by_us)
{
	const struct lately *l = lately(e, ev->id.conn);

	if (!ev->id.conn || l->conn != ev->id.conn || !l->idle || l->by_us != by_us)
		return false;
	if (!x->idle_most || l->idle < x->idle_least)
		x->idle_least = l->idle;
	raise(&x->idle_most, l->idle);
	x->races[by_us ? SIDE_US : SIDE_PEER]++;
	return true;
}

static void fin_acked(struct evidence *e, struct endings *x, const struct tcphs_event *ev,
		      const struct place *peer)
{
	struct lately *l = lately(e, ev->id.conn);

	/* On this machine nothing is lost, it is late. */
	if (l->conn != ev->id.conn || !l->fin_again || evidence_is_here(e, peer))
		return;
	x->fins_lost++;
	l->fin_again = false;
}

/* ---- events ------------------------------------------------------------------------- */

static bool is_closed_by_peer(unsigned int state)
{
	return state == TCPHS_STATE_CLOSE_WAIT || state == TCPHS_STATE_LAST_ACK ||
	       state == TCPHS_STATE_CLOSING;
}

static bool is_open(unsigned int state)
{
	return state == TCPHS_STATE_ESTABLISHED || state == TCPHS_STATE_CLOSE_WAIT;
}

/* The peer has an older connection from this port, and acknowledged that. */
static void old_acked(struct evidence *e, const struct tcphs_event *ev, const struct place *peer)
{
	struct destination *d = tally_find(&e->destinations, peer);
	struct lately *l = remember_conn(e, ev->id.conn);

	if (d && !l->old_ack)
		d->old_acked++;
	l->old_ack = true;
}

/* Is that a connect that met an older connection of the peer? */
bool ends_met_old(const struct evidence *e, uint64_t conn)
{
	const struct lately *l = lately(e, conn);

	return l->conn == conn && l->old_ack;
}

static bool has_closed(const struct tcphs_event *ev, bool by_us)
{
	return by_us ? ev->old_state == TCPHS_STATE_FIN_WAIT1 ||
		       ev->old_state == TCPHS_STATE_FIN_WAIT2 ||
		       ev->old_state == TCPHS_STATE_CLOSING :
		       is_closed_by_peer(ev->old_state);
}

/* Was the RST meant, or only the answer to a segment, or to silence? */
static bool is_on_purpose(const struct tcphs_event *ev, bool by_us)
{
	return !by_us || ev->reason == TCPHS_REASON_LINGER ||
	       ev->reason == TCPHS_REASON_DISCONNECT || ev->reason == TCPHS_REASON_UNREAD_DATA;
}

/*
 * Does that RST end a connection on which nothing was under way any more? All that was
 * sent had come, all that had come was read, and the server had the last word. A client may
 * end it then; where the server does, a request could be on its way, so it must have been
 * idle, or the client have closed.
 */
static bool is_parting(const struct evidence *e, const struct endings *x,
		       const struct tcphs_event *ev, bool by_us)
{
	const struct lately *l = lately(e, ev->id.conn);
	const struct tcphs_idle *idle = &ev->idle;
	bool by_server = by_us == x->key.passive, known = ev->flags & TCPHS_F_IDLE;

	/* We have closed, and nobody waits for anything from a peer that confirmed all. */
	if (!by_us && ev->old_state == TCPHS_STATE_FIN_WAIT2 && !known)
		return ev->flags & TCPHS_F_BUCKET;
	/* The client has closed, and was sent something more. */
	if (!by_server && (by_us ? ev->reason == TCPHS_REASON_DATA_AFTER_CLOSE :
				   is_closed_by_peer(ev->old_state)) &&
	    l->conn == ev->id.conn && l->done)
		return true;
	if (!known || idle->unacked || !is_on_purpose(ev, by_us))
		return false;
	/* What a client leaves unread it does not want; a server may leave a request. */
	if (idle->unread && !(by_us && !by_server))
		return false;
	/* The server has closed and waits for nothing. */
	if (x->key.passive && has_closed(ev, true))
		return true;
	if (!is_answered(x, idle))
		return false;
	return !by_server || has_closed(ev, !x->key.passive) ||
	       (idle->sent >= IDLE_NS && idle->received >= IDLE_NS);
}

/* Its other end is here, too, and is to know that this one parted. */
static void tell_other_end(struct evidence *e, const struct tcphs_ident *id)
{
	struct tcphs_ident other = { .local_port = id->peer_port, .peer_port = id->local_port,
				     .netns = id->netns };

	memcpy(other.local, id->peer, sizeof(other.local));
	memcpy(other.peer, id->local, sizeof(other.peer));
	remember_id(e, &other)->parted = true;
}

/*
 * With both ends here it is reported for who sent the RST and knows why. But whether something
 * was lost the one that got it knows better.
 */
static bool is_reported_by_sender(const struct evidence *e, const struct tcphs_event *ev,
			      const struct place *peer)
{
	bool known;
	const struct gone *g = gone_slot(e, &ev->id, &known);

	return evidence_is_here(e, peer) && !(known && g->parted);
}

/* What no health check does: it does not wait, or says goodbye by a FIN before. */
static bool is_no_check(const struct endings *x, const struct tcphs_event *ev)
{
	return (x->key.passive ? is_closed_by_peer(ev->old_state) : has_closed(ev, true)) ||
	       (ev->flags & TCPHS_F_IDLE && ev->old_state == TCPHS_STATE_ESTABLISHED &&
		!is_answered(x, &ev->idle));
}

static void rst(struct evidence *e, struct endings *x, const struct tcphs_event *ev,
		const struct place *peer)
{
	bool by_us = ev->type == TCPHS_EV_RST_SENT, race;

	if (!by_us && is_reported_by_sender(e, ev, peer))
		return;
	race = (by_us ? ev->reason == TCPHS_REASON_DATA_AFTER_CLOSE :
			is_closed_by_peer(ev->old_state)) && count_race(e, x, ev, by_us);
	if (!race && is_parting(e, x, ev, by_us)) {
		if (by_us && evidence_is_here(e, peer))
			tell_other_end(e, &ev->id);
		if (!by_us && evidence_is_here(e, peer))
			return;
		part(&x->partings[by_us ? SIDE_US : SIDE_PEER], ev);
		remember_conn(e, ev->id.conn)->parted = true;
		return;
	}
	if (by_us && ev->flags & TCPHS_F_OWNER)
		own(&x->breaker, ev->id.pid, ev->id.comm, ev->id.cgroup);
	if (is_no_check(x, ev))
		remember_conn(e, ev->id.conn)->no_check = true;
	close_reset(&x->resets, ev);
	x->probed += by_us && ev->reason == TCPHS_REASON_TIMEOUT && is_open(ev->old_state);
	if (by_us && ev->reason == TCPHS_REASON_OLD_ACK)
		old_acked(e, ev, peer);
	x->after_fin += !by_us && is_closed_by_peer(ev->old_state);
}

static void closed(struct evidence *e, struct endings *x, const struct tcphs_event *ev,
		   const struct place *peer)
{
	const struct lately *l = lately(e, ev->id.conn);
	bool known = l->conn == ev->id.conn;
	enum reset_side client = x->key.passive ? SIDE_PEER : SIDE_US;
	uint64_t asked = x->key.passive ? ev->life.bytes_received : ev->life.bytes_sent;

	e->ends->ended++;
	x->ended++;
	x->died += ev->reason == TCPHS_REASON_TIMEOUT && is_open(ev->old_state);
	if (!(ev->flags & TCPHS_F_LIFE) ||
	    ev->reason != (x->key.passive ? TCPHS_REASON_RESET_RECEIVED : TCPHS_REASON_LINGER))
		return;
	if (known && l->parted)
		check_like(&x->partings[client].like, peer, asked);
	else if (!known || !l->no_check || !asked)
		check_like(&x->lives, peer, asked);
}

static void syn_met(struct evidence *e, struct endings *x, const struct tcphs_event *ev)
{
	struct lately *l = remember_conn(e, ev->id.conn);
	enum met met = MET_CLOSING;

	x->met_syns++;
	x->limited += ev->reason == TCPHS_REASON_RATE_LIMITED;
	/* The same SYN, sent again. */
	if (l->met && l->syn == ev->seq)
		return;
	l->met = true;
	l->syn = ev->seq;
	if (ev->old_state == TCPHS_STATE_TIME_WAIT)
		met = MET_TIME_WAIT;
	else if (is_open(ev->old_state))
		met = MET_OPEN;
	x->met[met]++;
}

static void time_wait_end(struct evidence *e, struct endings *x, const struct tcphs_event *ev)
{
	bool killed = ev->reason == TCPHS_REASON_RESET_RECEIVED &&
		      ev->old_state == TCPHS_STATE_TIME_WAIT;

	e->ends->assassinated += killed;
	x->assassinated += killed;
	x->reused += ev->reason == TCPHS_REASON_REUSED_BY_SYN ||
		     ev->reason == TCPHS_REASON_REUSED_BY_CONNECT;
}

static void count(struct evidence *e, struct endings *x, const struct tcphs_event *ev,
		  const struct place *peer)
{
	switch (ev->type) {
	case TCPHS_EV_RST_SENT:
	case TCPHS_EV_RST_RECEIVED:
		rst(e, x, ev, peer);
		break;
	case TCPHS_EV_REQUEST_RESET:
		if (ev->reason == TCPHS_REASON_RESET_RECEIVED) {
			x->resets.count[PHASE_HANDSHAKE][SIDE_PEER][ev->reason]++;
			check_like(&x->knocks, peer, 0);
		}
		break;
	case TCPHS_EV_CLOSED:
		closed(e, x, ev, peer);
		break;
	case TCPHS_EV_FIN_SENT:
		x->fins++;
		first_fin(e, x, ev, true, peer);
		break;
	case TCPHS_EV_FIN_RECEIVED:
		first_fin(e, x, ev, false, peer);
		break;
	case TCPHS_EV_FIN_RETRANSMIT:
		remember_conn(e, ev->id.conn)->fin_again = true;
		break;
	case TCPHS_EV_FIN_ACKED:
		fin_acked(e, x, ev, peer);
		break;
	case TCPHS_EV_TIME_WAIT:
		e->ends->time_waits++;
		x->time_waits++;
		break;
	case TCPHS_EV_TIME_WAIT_END:
		time_wait_end(e, x, ev);
		break;
	case TCPHS_EV_SYN_UNEXPECTED:
		syn_met(e, x, ev);
		break;
	}
}

static bool is_end(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_CLOSED || ev->type == TCPHS_EV_CONNECT_FAILED ||
	       ev->type == TCPHS_EV_REQUEST_EXPIRED || ev->type == TCPHS_EV_REQUEST_RESET;
}

/* Does an event of this type say anything about ends? */
static bool is_about_ends(unsigned int type)
{
	switch (type) {
	case TCPHS_EV_RST_SENT:
	case TCPHS_EV_RST_RECEIVED:
	case TCPHS_EV_REQUEST_RESET:
	case TCPHS_EV_CLOSED:
	case TCPHS_EV_FIN_SENT:
	case TCPHS_EV_FIN_RECEIVED:
	case TCPHS_EV_FIN_RETRANSMIT:
	case TCPHS_EV_FIN_ACKED:
	case TCPHS_EV_TIME_WAIT:
	case TCPHS_EV_TIME_WAIT_END:
	case TCPHS_EV_SYN_UNEXPECTED:
		return true;
	default:
		return false;
	}
}

void ends_event(struct evidence *e, const struct tcphs_event *ev, const struct place *local,
		const struct place *peer)
{
	struct endings *x;

	if (e->no_memory)
		return;
	if (ev->id.conn && tcphs_event_begins_life(ev))
		forget_conn(e, ev->id.conn);
	if (is_end(ev))
		remember(e, ev)->reset = is_our_reset(ev->reason);
	if (ends_is_stray(ev)) {
		stray(e, ev, local, peer);
	} else if (is_about_ends(ev->type) && ev->reason != TCPHS_REASON_NO_SOCKET) {
		x = endings_at(e, ev, local, peer);
		if (x)
			count(e, x, ev, peer);
	}
}

/* Addresses and cookies that come again are of others. */
void ends_boot(struct evidence *e)
{
	if (e->no_memory)
		return;
	memset(e->ends->gone, 0, GONE_MOST * sizeof(*e->ends->gone));
	memset(e->ends->lately, 0, LATELY_MOST * sizeof(*e->ends->lately));
}

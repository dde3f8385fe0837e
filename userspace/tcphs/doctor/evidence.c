/* SPDX-License-Identifier: GPL-2.0 */
/* Adds up what is seen; see evidence.h. */
#include <sys/socket.h>

#include "evidence.h"

/* A TIME_WAIT that is older than that may be taken over, where tcp_tw_reuse allows it. */
#define REUSE_NS 1000000000ull

struct baseline {
	uint64_t conn;
	uint64_t accepted, overflows, drops, cookies_sent, cookies_valid;
};

/**
 * evidence_init - nothing is known yet
 * @e: the evidence
 * @stuck_ns: what stays longer than that in a state of the close is stuck
 */
void evidence_init(struct evidence *e, uint64_t stuck_ns)
{
	*e = (struct evidence){
		.stuck_ns = stuck_ns,
		.servers = TALLY_INIT(struct server, at),
		.destinations = TALLY_INIT(struct destination, at),
		.routes = TALLY_INIT(struct route, key),
		.holders = TALLY_INIT(struct holder, key),
		.stragglers = TALLY_INIT(struct straggler, key),
		.shut = TALLY_INIT(struct shut, at),
		.baselines = TALLY_INIT(struct baseline, conn),
	};
}

/**
 * evidence_free - give the memory back
 * @e: the evidence
 */
void evidence_free(struct evidence *e)
{
	tally_free(&e->servers);
	tally_free(&e->destinations);
	tally_free(&e->routes);
	tally_free(&e->holders);
	tally_free(&e->stragglers);
	tally_free(&e->shut);
	tally_free(&e->baselines);
}

static struct place place_of(uint8_t family, const uint8_t *address, uint16_t port)
{
	struct place at = { .port = port, .family = family };

	memcpy(at.address, address, sizeof(at.address));
	return at;
}

static void own(struct owner *o, uint32_t pid, const void *comm)
{
	o->known = true;
	o->pid = pid;
	memcpy(o->comm, comm, TCPHS_COMM_LEN);
	o->comm[TCPHS_COMM_LEN] = '\0';
}

static void *get(struct evidence *e, struct tally *t, const void *key)
{
	void *entry = tally_get(t, key);

	e->no_memory |= !entry;
	return entry;
}

/*
 * Who listens for a local address: on it, or on all. Every test for it is exact, since
 * a listener is known before its connections are, but for recordings that begin later.
 */
static struct server *find_server(const struct evidence *e, const struct place *local)
{
	static const uint8_t any[16];
	struct place at = place_of(AF_INET, any, local->port);
	struct server *s = tally_find(&e->servers, local);

	if (!s && local->family == AF_INET)
		s = tally_find(&e->servers, &at);
	at.family = AF_INET6;
	if (!s)
		s = tally_find(&e->servers, &at);
	return s;
}

static struct server *server_at(struct evidence *e, const struct place *local)
{
	struct server *s = find_server(e, local);

	return s ? s : get(e, &e->servers, local);
}

static struct place local_of(const struct tcphs_ident *id)
{
	return place_of(id->family, id->local, id->local_port);
}

static struct place peer_of(const struct tcphs_ident *id)
{
	return place_of(id->family, id->peer, id->peer_port);
}

/* An adopted connection does not say who opened it; a listener on its port does. */
static bool is_passive(const struct evidence *e, uint8_t role, const struct place *local)
{
	const struct server *s;

	if (role != TCPHS_ROLE_UNKNOWN)
		return role == TCPHS_ROLE_PASSIVE || role == TCPHS_ROLE_LISTENER;
	s = find_server(e, local);
	return s && s->listening;
}

static struct route *route_of(struct evidence *e, const struct place *local,
			      const struct place *peer)
{
	struct route key = { .key = { .from = *local, .to = *peer } };

	key.key.from.port = 0;
	return get(e, &e->routes, &key.key);
}

/* ---- events -------------------------------------------------------------------- */

static void wait_count(struct tcphs_histogram *h, uint64_t ns)
{
	h->count++;
	h->bucket[tcphs_hist_bucket(ns)]++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

static void syn_dropped(struct server *s, uint8_t reason)
{
	if (reason == TCPHS_REASON_ACCEPT_QUEUE_FULL)
		s->overflows++;
	else if (reason == TCPHS_REASON_SYN_QUEUE_FULL || reason == TCPHS_REASON_SYN_BACKLOG)
		s->syns_dropped++;
}

static void server_event(struct server *s, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_LISTEN:
		s->listening = true;
		if (ev->flags & TCPHS_F_OWNER)
			own(&s->owner, ev->id.pid, ev->id.comm);
		break;
	case TCPHS_EV_SYN_RECEIVED:
		s->syns++;
		break;
	case TCPHS_EV_SYN_DROPPED:
		syn_dropped(s, ev->reason);
		break;
	case TCPHS_EV_SYNCOOKIE_SENT:
		s->cookies_sent++;
		break;
	case TCPHS_EV_SYNACK_RETRANSMIT:
		s->resent += ev->resend.number == 1;
		break;
	case TCPHS_EV_REQUEST_EXPIRED:
		s->expired++;
		break;
	case TCPHS_EV_REQUEST_RESET:
		if (ev->reason == TCPHS_REASON_RESET_RECEIVED)
			s->resets.count[PHASE_HANDSHAKE][SIDE_PEER][ev->reason]++;
		break;
	case TCPHS_EV_ACK_DEFERRED:
		s->deferred++;
		break;
	case TCPHS_EV_ACCEPT_QUEUED:
		s->queued++;
		s->cookies_valid += ev->reason == TCPHS_REASON_SYNCOOKIE;
		break;
	case TCPHS_EV_ACCEPT_OVERFLOW:
		s->overflows++;
		break;
	case TCPHS_EV_ESTABLISHED:
		s->established++;
		s->slow += ev->flags & TCPHS_F_AGREED && ev->agreed.retransmits;
		break;
	case TCPHS_EV_ACCEPTED:
		s->accepted++;
		if (ev->flags & TCPHS_F_DURATION)
			wait_count(&s->wait, ev->duration);
		if (ev->flags & TCPHS_F_OWNER)
			own(&s->owner, ev->id.pid, ev->id.comm);
		break;
	case TCPHS_EV_CLOSED:
		s->ended++;
		s->closed_first += ev->flags & TCPHS_F_LIFE &&
				   ev->life.closer == TCPHS_CLOSER_LOCAL &&
				   ev->flags & TCPHS_F_TIME_WAIT_AHEAD;
		break;
	}
	if (ev->flags & TCPHS_F_QUEUE)
		s->limit = ev->queue.accept_limit;
}

static void destination_event(struct destination *d, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
		d->connects++;
		break;
	case TCPHS_EV_SYN_RETRANSMIT:
		d->resent += ev->resend.number == 1;
		break;
	case TCPHS_EV_ESTABLISHED:
		d->established++;
		break;
	case TCPHS_EV_CONNECT_FAILED:
		if (ev->reason <= TCPHS_REASON_MAX)
			d->failed[ev->reason]++;
		break;
	case TCPHS_EV_CLOSED:
		d->ended++;
		break;
	default:
		return;
	}
	if (ev->flags & TCPHS_F_OWNER)
		own(&d->owner, ev->id.pid, ev->id.comm);
}

/* Of a reset; NR_PHASES: of neither. */
static enum reset_phase phase_of(const struct tcphs_event *ev)
{
	switch (ev->old_state) {
	case TCPHS_STATE_LISTEN:
	case TCPHS_STATE_SYN_RECV:
	case TCPHS_STATE_SYN_SENT:
		return PHASE_HANDSHAKE;
	case TCPHS_STATE_ESTABLISHED:
	case TCPHS_STATE_FIN_WAIT1:
	case TCPHS_STATE_FIN_WAIT2:
	case TCPHS_STATE_CLOSE_WAIT:
	case TCPHS_STATE_CLOSING:
	case TCPHS_STATE_LAST_ACK:
		return PHASE_OPEN;
	default:
		return NR_PHASES;
	}
}

static void reset(struct resets *r, const struct tcphs_event *ev)
{
	enum reset_side side = ev->type == TCPHS_EV_RST_SENT ? SIDE_US : SIDE_PEER;
	enum reset_phase phase = phase_of(ev);

	if (phase != NR_PHASES && ev->reason <= TCPHS_REASON_MAX)
		r->count[phase][side][ev->reason]++;
}

static void reset_of_nobody(struct evidence *e, const struct tcphs_event *ev)
{
	struct place at = local_of(&ev->id);
	struct shut *shut = get(e, &e->shut, &at);

	if (!shut)
		return;
	shut->resets++;
	shut->peer = peer_of(&ev->id);
}

static void no_port(struct evidence *e, const struct tcphs_event *ev)
{
	struct place local = local_of(&ev->id), peer = peer_of(&ev->id);
	struct route *route = route_of(e, &local, &peer);

	if (!route)
		return;
	route->no_port++;
	if (ev->flags & TCPHS_F_OWNER)
		own(&route->owner, ev->id.pid, ev->id.comm);
}

static bool is_reset(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_RST_SENT || ev->type == TCPHS_EV_RST_RECEIVED;
}

/* A reset that answers a segment to a listener has no connection, and no role either. */
static bool is_of_listener(const struct evidence *e, const struct tcphs_event *ev,
			   const struct place *local)
{
	return ev->old_state == TCPHS_STATE_LISTEN || is_passive(e, ev->id.role, local);
}

static void sort_by_end(struct evidence *e, const struct tcphs_event *ev)
{
	struct place local = local_of(&ev->id), peer = peer_of(&ev->id);
	struct destination *d;
	struct server *s;

	if (is_of_listener(e, ev, &local)) {
		/* A listener is a place of its own, whatever else holds the port. */
		s = ev->type == TCPHS_EV_LISTEN ? get(e, &e->servers, &local) :
						  server_at(e, &local);
		if (s && is_reset(ev))
			reset(&s->resets, ev);
		else if (s)
			server_event(s, ev);
		return;
	}
	d = get(e, &e->destinations, &peer);
	if (d && is_reset(ev))
		reset(&d->resets, ev);
	else if (d)
		destination_event(d, ev);
}

/**
 * evidence_event - something happened
 * @e: the evidence
 * @ev: what
 */
void evidence_event(struct evidence *e, const struct tcphs_event *ev)
{
	e->records++;
	/* A recording knows no other times; for the kernel's events this changes nothing. */
	if (!e->began)
		e->began = ev->time;
	if (ev->time > e->ended)
		e->ended = ev->time;

	if (ev->type == TCPHS_EV_RST_SENT && ev->reason == TCPHS_REASON_NO_SOCKET) {
		reset_of_nobody(e, ev);
		return;
	}
	if (ev->type == TCPHS_EV_CONNECT_FAILED && ev->reason == TCPHS_REASON_NO_PORT) {
		no_port(e, ev);
		return;
	}
	if (ev->type == TCPHS_EV_CLOSED) {
		e->time_wait_full += ev->reason == TCPHS_REASON_TIME_WAIT_FULL;
		e->out_of_memory += ev->reason == TCPHS_REASON_NO_MEMORY;
	}
	sort_by_end(e, ev);
}

/**
 * evidence_lost - events were overwritten before they were read
 * @e: the evidence
 * @count: how many
 */
void evidence_lost(struct evidence *e, uint64_t count)
{
	e->lost += count;
}

uint64_t resets_sum(const struct resets *r, enum reset_phase phase, enum reset_side side)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		if (i != TCPHS_REASON_ACCEPT_QUEUE_FULL)
			sum += r->count[phase][side][i];
	return sum;
}

unsigned int resets_most(const struct resets *r, enum reset_phase phase, enum reset_side side)
{
	unsigned int i, most = TCPHS_REASON_NONE;

	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		if (i != TCPHS_REASON_ACCEPT_QUEUE_FULL &&
		    r->count[phase][side][i] > r->count[phase][side][most])
			most = i;
	return most;
}

/* ---- tables -------------------------------------------------------------------- */

static struct holder *holder_of(struct evidence *e, const struct tcphs_conn_info *c)
{
	struct place local = place_of(c->family, c->local, c->local_port);
	struct holder key = { 0 }, *h;

	if (c->owner.known)
		key.key.pid = c->owner.pid;
	else if (is_passive(e, c->role, &local))
		key.key.port = c->local_port;
	h = get(e, &e->holders, &key.key);
	if (h && c->owner.known)
		own(&h->owner, c->owner.pid, c->owner.comm);
	return h;
}

/**
 * evidence_before - what was there when the look began
 * @e: the evidence
 * @st: of then
 * @listeners: of then
 * @close_wait: connections in CLOSE_WAIT, perhaps others
 */
void evidence_before(struct evidence *e, const struct tcphs_status *st,
		     const struct tcphs_listener_list *listeners,
		     const struct tcphs_conn_list *close_wait)
{
	const struct tcphs_listener *l;
	struct baseline *b;
	struct server *s;
	struct holder *h;
	struct place at;
	size_t i;

	e->live = true;
	e->before = *st;
	for (i = 0; i < listeners->nr; i++) {
		l = &listeners->v[i];
		at = place_of(l->family, l->address, l->port);
		s = get(e, &e->servers, &at);
		if (s)
			s->listening = true;
		b = get(e, &e->baselines, &l->conn);
		if (b)
			*b = (struct baseline){ l->conn, l->accepted, l->overflows, l->drops,
						l->cookies_sent, l->cookies_valid };
	}
	for (i = 0; i < close_wait->nr; i++) {
		if (close_wait->v[i].state != TCPHS_STATE_CLOSE_WAIT)
			continue;
		h = holder_of(e, &close_wait->v[i]);
		if (h)
			h->before++;
	}
}

static void listener_after(struct evidence *e, const struct tcphs_listener *l)
{
	static const struct baseline zero;
	const struct baseline *b = tally_find(&e->baselines, &l->conn);
	struct place at = place_of(l->family, l->address, l->port);
	struct server *s = get(e, &e->servers, &at);

	if (!s)
		return;
	/* listen() again on the same socket starts its counters anew. */
	if (!b || b->accepted > l->accepted || b->overflows > l->overflows ||
	    b->drops > l->drops || b->cookies_sent > l->cookies_sent ||
	    b->cookies_valid > l->cookies_valid)
		b = &zero;
	s->listening = true;
	s->sockets++;
	/* The kernel lets one more in than the limit says. */
	s->full += l->accept_queue > l->accept_limit;
	if (s->sockets == 1 || l->accept_queue > s->accept_queue) {
		s->accept_queue = l->accept_queue;
		s->limit = l->accept_limit;
	}
	if (l->owner.known && !s->owner.known)
		own(&s->owner, l->owner.pid, l->owner.comm);
	s->counted.accepted += l->accepted - b->accepted;
	s->counted.overflows += l->overflows - b->overflows;
	s->counted.drops += l->drops - b->drops;
	s->counted.cookies_sent += l->cookies_sent - b->cookies_sent;
	s->counted.cookies_valid += l->cookies_valid - b->cookies_valid;
}

static void raise(uint64_t *value, uint64_t least)
{
	if (*value < least)
		*value = least;
}

/* Where records were lost, the counters say what they would have told. */
static void server_counters(struct server *s, bool cookies)
{
	raise(&s->accepted, s->counted.accepted);
	raise(&s->overflows, s->counted.overflows);
	raise(&s->cookies_sent, s->counted.cookies_sent);
	raise(&s->cookies_valid, s->counted.cookies_valid);
	/* With cookies the SYN queue drops nothing; what else drops has other causes. */
	if (!cookies && s->counted.drops > s->counted.overflows)
		raise(&s->syns_dropped, s->counted.drops - s->counted.overflows);
}

static bool is_loopback(const struct place *at)
{
	static const uint8_t v6[16] = { [15] = 1 };

	return at->family == AF_INET ? at->address[0] == 127 : !memcmp(at->address, v6, 16);
}

static void port_after(struct evidence *e, const struct tcphs_conn_info *c,
		       const struct place *local, const struct place *peer)
{
	uint64_t reuse = e->settings.value[SETTING_TW_REUSE];
	struct route *route;

	if (!settings_is_ephemeral(&e->settings, c->local_port))
		return;
	route = route_of(e, local, peer);
	if (!route)
		return;
	route->ports++;
	if (c->state == TCPHS_STATE_TIME_WAIT) {
		route->time_wait++;
		route->reusable += c->age >= REUSE_NS &&
				   (reuse == 1 || (reuse == 2 && is_loopback(peer)));
	}
	if (c->owner.known)
		own(&route->owner, c->owner.pid, c->owner.comm);
}

static void waiting_after(struct evidence *e, const struct tcphs_conn_info *c,
			  const struct place *peer)
{
	struct destination *d;

	if (c->state != TCPHS_STATE_SYN_SENT || c->age < WAITING_NS)
		return;
	d = get(e, &e->destinations, peer);
	if (!d)
		return;
	d->waiting++;
	raise(&d->longest, c->age);
	if (c->owner.known)
		own(&d->owner, c->owner.pid, c->owner.comm);
}

static void close_wait_after(struct evidence *e, const struct tcphs_conn_info *c,
			     const struct place *local)
{
	struct holder *h = holder_of(e, c);

	if (!h)
		return;
	h->now++;
	h->stuck += c->age >= e->stuck_ns;
	if (c->age >= h->oldest) {
		h->oldest = c->age;
		h->local = *local;
	}
}

static void closing_after(struct evidence *e, const struct tcphs_conn_info *c)
{
	struct straggler key = { .key = { .family = c->family, .state = c->state } }, *s;

	memcpy(key.key.address, c->peer, sizeof(key.key.address));
	s = get(e, &e->stragglers, &key.key);
	if (!s)
		return;
	s->now++;
	s->stuck += c->age >= e->stuck_ns;
	raise(&s->oldest, c->age);
}

static void connection_after(struct evidence *e, const struct tcphs_conn_info *c)
{
	struct place local = place_of(c->family, c->local, c->local_port);
	struct place peer = place_of(c->family, c->peer, c->peer_port);
	struct server *s;

	switch (c->state) {
	case TCPHS_STATE_CLOSE:
		return;
	case TCPHS_STATE_CLOSE_WAIT:
		close_wait_after(e, c, &local);
		break;
	case TCPHS_STATE_FIN_WAIT1:
	case TCPHS_STATE_FIN_WAIT2:
	case TCPHS_STATE_CLOSING:
	case TCPHS_STATE_LAST_ACK:
		closing_after(e, c);
		break;
	}
	if (!is_passive(e, c->role, &local)) {
		port_after(e, c, &local, &peer);
		waiting_after(e, c, &peer);
	} else if (c->state == TCPHS_STATE_TIME_WAIT) {
		s = server_at(e, &local);
		if (s)
			s->time_wait++;
	}
}

/**
 * evidence_after - what is there when the look ends
 * @e: the evidence
 * @st: of now
 * @listeners: of now
 * @connections: all of them
 * @settings: of now
 */
void evidence_after(struct evidence *e, const struct tcphs_status *st,
		    const struct tcphs_listener_list *listeners,
		    const struct tcphs_conn_list *connections, const struct settings *settings)
{
	struct server *s;
	size_t i;

	e->after = *st;
	e->settings = *settings;
	for (i = 0; i < listeners->nr; i++)
		listener_after(e, &listeners->v[i]);
	if (e->lost)
		tally_each(&e->servers, s, i)
			server_counters(s, settings->value[SETTING_SYNCOOKIES]);
	for (i = 0; i < connections->nr; i++)
		connection_after(e, &connections->v[i]);
}

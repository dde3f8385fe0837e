/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of ends: resets, and connections that stay in a state of the close. */
#include "evidence_parts.h"

static void merge_shut(void *into, const void *entry)
{
	((struct shut *)into)->resets += ((const struct shut *)entry)->resets;
}

static void merge_straggler(void *into, const void *entry)
{
	const struct straggler *s = entry;
	struct straggler *sum = into;

	sum->now += s->now;
	sum->stuck_before += s->stuck_before;
	sum->stuck += s->stuck;
}

void close_init(struct evidence *e)
{
	e->holders = (struct tally)TALLY_INIT(struct holder, key);
	e->stragglers = (struct tally)TALLY_INIT(struct straggler, key, .limit = PEERS_MOST,
						 .merge = merge_straggler);
	e->shut = (struct tally)TALLY_INIT(struct shut, at, .limit = PEERS_MOST,
					   .merge = merge_shut);
	e->knockers = (struct tally)TALLY_INIT(struct knocker, key, .limit = KNOCKERS_MOST);
}

/* ---- resets ----------------------------------------------------------------------- */

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

/* A RST was sent or received. */
void close_reset(struct resets *r, const struct tcphs_event *ev)
{
	enum reset_side side = ev->type == TCPHS_EV_RST_SENT ? SIDE_US : SIDE_PEER;
	enum reset_phase phase = phase_of(ev);

	if (phase != NR_PHASES && ev->reason <= TCPHS_REASON_MAX)
		r->count[phase][side][ev->reason]++;
}

static void knock(struct evidence *e, const struct place *local, const struct place *peer)
{
	struct knocker key = { .key = { .family = peer->family, .netns = peer->netns } }, *k;
	uint8_t bit = (uint8_t)(1u << local->port % 8);

	memcpy(key.key.address, peer->address, sizeof(key.key.address));
	k = evidence_get(e, &e->knockers, &key.key);
	if (!k)
		return;
	k->resets++;
	k->ports += !(k->used[local->port / 8] & bit);
	k->used[local->port / 8] |= bit;
	k->local = *local;
}

/* A RST was sent for a segment that no socket wanted. */
void close_nobody(struct evidence *e, const struct tcphs_event *ev)
{
	struct place at = local_of(&ev->id);
	struct shut *shut = evidence_get(e, &e->shut, &at);

	e->nobody = at;
	e->asked = peer_of(&ev->id);
	if (!shut)
		return;
	shut->peer = e->asked;
	/* Who knocks from here has the refusal as a finding. */
	if (evidence_is_here(e, &shut->peer)) {
		shut->from_here++;
		return;
	}
	shut->resets++;
	knock(e, &at, &shut->peer);
}

void resets_merge(struct resets *into, const struct resets *r)
{
	int phase, side, i;

	for (phase = 0; phase < NR_PHASES; phase++)
		for (side = 0; side < NR_SIDES; side++)
			for (i = 0; i <= TCPHS_REASON_MAX; i++)
				into->count[phase][side][i] += r->count[phase][side][i];
}

static bool is_reported_elsewhere(unsigned int reason)
{
	return reason == TCPHS_REASON_ACCEPT_QUEUE_FULL || reason == TCPHS_REASON_LISTENER_CLOSED;
}

uint64_t resets_sum(const struct resets *r, enum reset_phase phase, enum reset_side side)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		if (!is_reported_elsewhere(i))
			sum += r->count[phase][side][i];
	return sum;
}

unsigned int resets_most(const struct resets *r, enum reset_phase phase, enum reset_side side)
{
	unsigned int i, most = TCPHS_REASON_NONE;

	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		if (!is_reported_elsewhere(i) &&
		    r->count[phase][side][i] > r->count[phase][side][most])
			most = i;
	return most;
}

/* ---- states that should have ended ------------------------------------------------ */

static bool is_closing(unsigned int state)
{
	return state == TCPHS_STATE_FIN_WAIT1 || state == TCPHS_STATE_FIN_WAIT2 ||
	       state == TCPHS_STATE_CLOSING || state == TCPHS_STATE_LAST_ACK;
}

static struct holder *holder_of(struct evidence *e, const struct tcphs_conn_info *c)
{
	struct place local = place_of(c->family, c->local, c->local_port, c->netns);
	struct place peer = place_of(c->family, c->peer, c->peer_port, c->netns);
	bool passive = evidence_is_passive(e, c->role, &local, &peer);
	struct holder key = { .key = { .netns = c->netns } }, *h;

	if (!passive)
		key.key.upstream = peer;
	if (c->owner.known)
		key.key.pid = c->owner.pid;
	else if (passive)
		key.key.port = c->local_port;
	h = evidence_get(e, &e->holders, &key.key);
	if (h && c->owner.known)
		own(&h->owner, c->owner.pid, c->owner.comm, c->owner.cgroup);
	return h;
}

static struct straggler *straggler_of(struct evidence *e, const struct tcphs_conn_info *c)
{
	struct straggler key = { .key = { .family = c->family, .state = c->state,
					  .netns = c->netns } };

	memcpy(key.key.address, c->peer, sizeof(key.key.address));
	return evidence_get(e, &e->stragglers, &key.key);
}

void close_before(struct evidence *e, const struct tables *t)
{
	const struct tcphs_conn_info *c;
	struct straggler *s;
	struct holder *h;
	size_t i;

	for (i = 0; i < t->connections.nr; i++) {
		c = &t->connections.v[i];
		if (c->state == TCPHS_STATE_CLOSE_WAIT) {
			h = holder_of(e, c);
			if (!h)
				continue;
			h->before++;
			h->stuck_before += c->age >= e->stuck_ns;
		} else if (c->age >= e->stuck_ns && is_closing(c->state)) {
			s = straggler_of(e, c);
			if (s)
				s->stuck_before++;
		}
	}
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
	struct straggler *s = straggler_of(e, c);

	if (!s)
		return;
	s->now++;
	s->stuck += c->age >= e->stuck_ns;
	if (c->age < s->oldest)
		return;
	s->oldest = c->age;
	s->owner.known = false;
	if (c->owner.known)
		own(&s->owner, c->owner.pid, c->owner.comm, c->owner.cgroup);
}

/* A connection that is there when the look ends. */
void close_after(struct evidence *e, const struct tcphs_conn_info *c,
		 const struct place *local, const struct place *peer)
{
	struct server *s;

	switch (c->state) {
	case TCPHS_STATE_CLOSE_WAIT:
		close_wait_after(e, c, local);
		break;
	case TCPHS_STATE_FIN_WAIT1:
	case TCPHS_STATE_FIN_WAIT2:
	case TCPHS_STATE_CLOSING:
	case TCPHS_STATE_LAST_ACK:
		closing_after(e, c);
		break;
	case TCPHS_STATE_TIME_WAIT:
		if (!evidence_is_passive(e, c->role, local, peer))
			break;
		s = (struct server *)evidence_server(e, local);
		if (s)
			s->time_wait++;
		break;
	}
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of connect(): where it went, and which ports it took. */
#include "evidence_parts.h"

/* A TIME_WAIT that is older than that may be taken over, where tcp_tw_reuse allows it. */
#define REUSE_NS 1000000000ull
/* The first SYN is sent again after a second. */
#define RESENT_NS 1000000000ull

static void merge_destination(void *into, const void *entry)
{
	const struct destination *d = entry;
	struct destination *sum = into;
	unsigned int i;

	sum->connects += d->connects;
	sum->older += d->older;
	sum->established += d->established;
	sum->plain += d->plain;
	sum->resent += d->resent;
	sum->late += d->late;
	sum->old_acked += d->old_acked;
	sum->old_failed += d->old_failed;
	sum->outrun += d->outrun;
	sum->fell_back += d->fell_back;
	sum->waiting += d->waiting;
	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		sum->failed[i] += d->failed[i];
}

static void merge_route(void *into, const void *entry)
{
	const struct route *route = entry;
	struct route *sum = into;

	sum->no_port += route->no_port;
}

void connect_init(struct evidence *e)
{
	e->destinations = (struct tally)TALLY_INIT(struct destination, at, .limit = PEERS_MOST,
						   .merge = merge_destination);
	e->sources = (struct tally)TALLY_INIT(struct source, at);
	e->routes = (struct tally)TALLY_INIT(struct route, key, .limit = PEERS_MOST,
					     .merge = merge_route);
}

static struct route *route_of(struct evidence *e, const struct place *local,
			      const struct place *peer)
{
	struct route key = { .key = { .from = *local, .to = *peer } };

	key.key.from.port = 0;
	return evidence_get(e, &e->routes, &key.key);
}

/*
 * The RST that refuses a connect was sent right before, if this machine sent it. From another
 * address or port than the one that was asked for: NAT (REDIRECT, DNAT) leads there.
 */
static void refused(const struct evidence *e, struct destination *d, const struct tcphs_event *ev)
{
	struct place local = local_of(&ev->id);

	if (memcmp(&e->asked, &local, sizeof(local)))
		return;
	if (memcmp(&e->nobody, &d->at, sizeof(d->at)))
		d->led_to = e->nobody;
	else
		d->vacant = true;
}

/* What became of a connect. */
static void decided(const struct evidence *e, struct destination *d, const struct tcphs_event *ev)
{
	bool timed = ev->flags & TCPHS_F_DURATION;

	if (ev->type == TCPHS_EV_CONNECT_FAILED && ev->old_state == TCPHS_STATE_CLOSE)
		d->connects++;
	else
		d->older += timed && ev->time - ev->duration < e->began;
	if (timed && ends_met_old(e, ev->id.conn)) {
		d->old_failed += ev->type == TCPHS_EV_CONNECT_FAILED;
		raise(&d->old_cost, ev->duration);
	}
	if (ev->type == TCPHS_EV_ESTABLISHED) {
		d->established++;
		if (ev->flags & TCPHS_F_AGREED) {
			d->plain += !(ev->agreed.options & TCPHS_OPT_TIMESTAMPS);
			d->late += ev->agreed.retransmits > 0;
		}
		return;
	}
	d->late += timed && ev->duration >= RESENT_NS;
	if (ev->reason <= TCPHS_REASON_MAX)
		d->failed[ev->reason]++;
	if (ev->reason == TCPHS_REASON_REFUSED)
		refused(e, d, ev);
	if (ev->reason == TCPHS_REASON_CLOSED_BY_USER && timed)
		raise(&d->patience, ev->duration);
}

/* Something happened to a connection that this end opened. */
void connect_event(struct evidence *e, const struct tcphs_event *ev, const struct place *peer)
{
	struct destination *d;

	if (ev->type != TCPHS_EV_SYN_SENT && ev->type != TCPHS_EV_SYN_RETRANSMIT &&
	    ev->type != TCPHS_EV_ESTABLISHED && ev->type != TCPHS_EV_CONNECT_FAILED)
		return;
	d = evidence_get(e, &e->destinations, peer);
	if (!d)
		return;
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
		d->connects++;
		break;
	case TCPHS_EV_SYN_RETRANSMIT:
		d->resent += ev->resend.number == 1;
		break;
	default:
		decided(e, d, ev);
	}
	if (ev->flags & TCPHS_F_OWNER) {
		own(&d->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
		d->boot = e->boots;
	}
	dial_event(e, d, ev);
}

/* connect() found no local port for that destination. */
void connect_no_port(struct evidence *e, const struct tcphs_event *ev)
{
	struct place local = local_of(&ev->id), peer = peer_of(&ev->id);
	struct route *route = route_of(e, &local, &peer);

	if (!route)
		return;
	route->no_port++;
	if (ev->flags & TCPHS_F_OWNER)
		own(&route->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
}

/*
 * May connect() take a TIME_WAIT's port? If tcp_tw_reuse is 1, or 2 and an address is of
 * loopback; and only if both ends had agreed on timestamps (tcp_twsk_unique()), which is
 * guessed from what other connections to that peer did.
 */
static bool is_reusable(const struct evidence *e, const struct tcphs_conn_info *c,
			const struct place *local, const struct place *peer)
{
	const struct settings *s = &e->settings;
	const struct destination *d = tally_find(&e->destinations, peer);
	uint64_t reuse = s->value[SETTING_TW_REUSE], delay = REUSE_NS;

	if (s->known[SETTING_TW_REUSE_DELAY])
		delay = s->value[SETTING_TW_REUSE_DELAY] * 1000000;
	if (s->known[SETTING_TIMESTAMPS] && !s->value[SETTING_TIMESTAMPS])
		return false;
	if (d && d->plain && d->plain * 2 >= d->established)
		return false;
	return c->age >= delay && (reuse == 1 || (reuse == 2 && (place_is_loopback(peer) ||
								  place_is_loopback(local))));
}

/* Each connection has a port; those of bind() are not shared between destinations. */
static void source_after(struct evidence *e, const struct tcphs_conn_info *c,
			 const struct place *local)
{
	struct place from = *local;
	struct source *s;
	uint8_t bit = (uint8_t)(1u << c->local_port % 8);

	from.port = 0;
	s = tally_find(&e->sources, &from);
	if (!s && e->sources.nr < SOURCES_MOST)
		s = evidence_get(e, &e->sources, &from);
	if (!s)
		return;
	s->connections++;
	s->ports += !(s->used[c->local_port / 8] & bit);
	s->used[c->local_port / 8] |= bit;
	if (c->owner.known)
		own(&s->owner, c->owner.pid, c->owner.comm, c->owner.cgroup);
}

static void port_after(struct evidence *e, const struct tcphs_conn_info *c,
		       const struct place *local, const struct place *peer)
{
	struct route *route;

	if (!settings_is_ephemeral(&e->settings, c->local_port))
		return;
	source_after(e, c, local);
	route = route_of(e, local, peer);
	if (!route)
		return;
	route->ports++;
	if (c->state == TCPHS_STATE_TIME_WAIT) {
		route->time_wait++;
		route->reusable += is_reusable(e, c, local, peer);
	}
	if (c->owner.known)
		own(&route->owner, c->owner.pid, c->owner.comm, c->owner.cgroup);
}

static void waiting_after(struct evidence *e, const struct tcphs_conn_info *c,
			  const struct place *peer)
{
	struct destination *d;

	if (c->state != TCPHS_STATE_SYN_SENT)
		return;
	d = evidence_get(e, &e->destinations, peer);
	if (!d)
		return;
	d->older += c->age > e->ended - e->began;
	if (c->age < WAITING_NS)
		return;
	d->waiting++;
	raise(&d->longest, c->age);
	if (c->owner.known)
		own(&d->owner, c->owner.pid, c->owner.comm, c->owner.cgroup);
}

/* A connection that is there when the look ends, whoever opened it. */
void connect_after(struct evidence *e, const struct tcphs_conn_info *c,
		   const struct place *local, const struct place *peer)
{
	if (evidence_is_passive(e, c->role, local, peer))
		return;
	port_after(e, c, local, peer);
	waiting_after(e, c, peer);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of connect(): where it went, and which ports it took. */
#include "evidence_parts.h"

/* A TIME_WAIT that is older than that may be taken over, where tcp_tw_reuse allows it. */
#define REUSE_NS 1000000000ull

static void merge_destination(void *into, const void *entry)
{
	const struct destination *d = entry;
	struct destination *sum = into;
	unsigned int i;

	sum->connects += d->connects;
	sum->established += d->established;
	sum->resent += d->resent;
	sum->waiting += d->waiting;
	sum->ended += d->ended;
	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		sum->failed[i] += d->failed[i];
	resets_merge(&sum->resets, &d->resets);
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

/* Something happened to a connection that this end opened. */
void connect_event(struct evidence *e, const struct tcphs_event *ev, const struct place *peer)
{
	struct destination *d = evidence_get(e, &e->destinations, peer);

	if (d && is_reset(ev))
		close_reset(&d->resets, ev);
	else if (d)
		destination_event(d, ev);
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
		own(&route->owner, ev->id.pid, ev->id.comm);
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
				   (reuse == 1 || (reuse == 2 && place_is_loopback(peer)));
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
	d = evidence_get(e, &e->destinations, peer);
	if (!d)
		return;
	d->waiting++;
	raise(&d->longest, c->age);
	if (c->owner.known)
		own(&d->owner, c->owner.pid, c->owner.comm);
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

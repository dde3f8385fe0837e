/* SPDX-License-Identifier: GPL-2.0 */
/* Adds up what is seen; see evidence.h. */
#include "evidence_parts.h"

/**
 * evidence_init - nothing is known yet
 * @e: the evidence
 * @stuck_ns: what stays longer than that in a state of the close is stuck
 */
void evidence_init(struct evidence *e, uint64_t stuck_ns)
{
	static const struct evidence nothing;
	struct address a;

	*e = nothing;
	e->stuck_ns = stuck_ns;
	e->addresses = (struct tally)TALLY_INIT(struct address, address, .limit = PEERS_MOST);
	e->addresses.key_size = sizeof(a);
	counters_init(&e->counters);
	queue_init(e);
	connect_init(e);
	dial_init(e);
	close_init(e);
	ends_init(e);
	data_init(e);
	kept_init(e);
}

/**
 * evidence_free - give the memory back
 * @e: the evidence
 */
void evidence_free(struct evidence *e)
{
	tally_free(&e->servers);
	tally_free(&e->queues);
	tally_free(&e->destinations);
	tally_free(&e->routes);
	tally_free(&e->holders);
	tally_free(&e->stragglers);
	tally_free(&e->shut);
	tally_free(&e->knockers);
	tally_free(&e->sources);
	tally_free(&e->diallers);
	tally_free(&e->fallbacks);
	ends_free(e);
	tally_free(&e->silent);
	tally_free(&e->addresses);
	tally_free(&e->overflowed);
	tally_free(&e->mishaps);
	counters_free(&e->counters);
}

void own(struct owner *o, uint32_t pid, const void *comm, uint64_t cgroup)
{
	o->known = true;
	o->pid = pid;
	o->cgroup = cgroup;
	memcpy(o->comm, comm, TCPHS_COMM_LEN);
	o->comm[TCPHS_COMM_LEN] = '\0';
}

void *evidence_get(struct evidence *e, struct tally *t, const void *key)
{
	void *entry = tally_get(t, key);

	e->no_memory |= !entry;
	return entry;
}

/* ---- here and elsewhere ----------------------------------------------------------- */

bool place_is_loopback(const struct place *at)
{
	static const uint8_t v6[16] = { [15] = 1 };

	return at->family == AF_INET ? at->address[0] == 127 : !memcmp(at->address, v6, 16);
}

static struct address address_of(const struct place *at)
{
	struct address a = { .family = at->family, .netns = at->netns };

	memcpy(a.address, at->address, sizeof(a.address));
	return a;
}

static void is_here(struct evidence *e, const struct place *local)
{
	struct address a = address_of(local);

	evidence_get(e, &e->addresses, &a);
}

/**
 * evidence_is_here - is it an address of this machine?
 * @e: the evidence
 * @at: the address; its port says nothing
 */
bool evidence_is_here(const struct evidence *e, const struct place *at)
{
	struct address a = address_of(at);

	return place_is_loopback(at) || tally_find(&e->addresses, &a);
}

/* The same device, or none; this address, or all. */
static const struct server *bound_to(const struct evidence *e, const struct place *at)
{
	struct place all = { .port = at->port, .family = AF_INET, .netns = at->netns,
			     .ifindex = at->ifindex };
	const struct server *s = tally_find(&e->servers, at);

	if (!s && at->family == AF_INET)
		s = tally_find(&e->servers, &all);
	all.family = AF_INET6;
	return s ? s : tally_find(&e->servers, &all);
}

/**
 * evidence_server - who listens for what is sent to an address
 * @e: the evidence
 * @at: the address and port, of this machine
 *
 * Return: who is bound to it, else who is bound to all addresses; NULL: nobody known.
 */
const struct server *evidence_server(const struct evidence *e, const struct place *at)
{
	const struct server *s = bound_to(e, at);
	struct place unbound = *at;

	if (s || !at->ifindex)
		return s;
	unbound.ifindex = 0;
	return bound_to(e, &unbound);
}

/*
 * An adopted connection does not say who opened it, nor does a segment without one. A
 * listener on its port does; in a recording that begins later, connections of one that
 * were seen. Else it is guessed: servers have the smaller port.
 */
bool evidence_is_passive(const struct evidence *e, uint8_t role, const struct place *local,
			 const struct place *peer)
{
	const struct server *s;

	if (role != TCPHS_ROLE_UNKNOWN)
		return role == TCPHS_ROLE_PASSIVE || role == TCPHS_ROLE_LISTENER;
	s = evidence_server(e, local);
	if ((s && (s->listening || s->passive)) || e->live)
		return s && (s->listening || s->passive);
	return local->port < peer->port;
}

/* ---- events ----------------------------------------------------------------------- */

/* A reset that answers a segment to a listener has no connection, and no role either. */
static bool is_of_listener(const struct evidence *e, const struct tcphs_event *ev,
			   const struct place *local, const struct place *peer)
{
	return ev->old_state == TCPHS_STATE_LISTEN ||
	       evidence_is_passive(e, ev->id.role, local, peer);
}

/* TCP_REPAIR puts a connection back without a handshake. */
static bool is_restored(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_ESTABLISHED && ev->flags & TCPHS_F_RESTORED;
}

static void count_end(struct evidence *e, const struct tcphs_event *ev)
{
	e->connects_ended++;
	e->out_of_memory += ev->reason == TCPHS_REASON_NO_MEMORY;
	if (ev->reason != TCPHS_REASON_TIME_WAIT_FULL)
		return;
	e->time_wait_full++;
	/* The peer's FIN has not come: it has more to send. */
	e->half_closed_full += ev->flags & TCPHS_F_LIFE && !ev->life.segments;
}

/**
 * evidence_event - something happened
 * @e: the evidence
 * @ev: what
 */
void evidence_event(struct evidence *e, const struct tcphs_event *ev)
{
	struct place local = local_of(&ev->id), peer = peer_of(&ev->id);

	local.ifindex = ev->ifindex;
	e->records++;
	/* A recording knows no other times. */
	if (!e->live && !e->began)
		e->began = ev->time;
	is_here(e, &local);
	if (ev->time > e->ended)
		e->ended = ev->time;

	if (ev->type == TCPHS_EV_CLOSED)
		count_end(e, ev);
	if (ends_is_stray(ev) || is_restored(ev))
		;
	else if (ev->type == TCPHS_EV_RST_SENT && ev->reason == TCPHS_REASON_NO_SOCKET)
		close_nobody(e, ev);
	else if (ev->type == TCPHS_EV_CONNECT_FAILED && ev->reason == TCPHS_REASON_NO_PORT)
		connect_no_port(e, ev);
	else if (is_of_listener(e, ev, &local, &peer))
		queue_event(e, ev, &local);
	else
		connect_event(e, ev, &peer);
	ends_event(e, ev, &local, &peer);
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

/**
 * evidence_boot - the machine was booted
 * @e: the evidence, of a recording; times of the events that follow go on behind those of before
 *
 * What was counted stays. Nothing that follows is of a socket, a process or a connection of
 * before, though cookies, process IDs and addresses come again.
 */
void evidence_boot(struct evidence *e)
{
	queue_boot(e);
	dial_boot(e);
	ends_boot(e);
	memset(&e->nobody, 0, sizeof(e->nobody));
	memset(&e->asked, 0, sizeof(e->asked));
	e->boots++;
}

/**
 * evidence_real - a time as time of day
 * @e: the evidence
 * @time: CLOCK_MONOTONIC, ns
 *
 * The clock may have been set: that of the end is taken, and for the beginning that of then.
 */
int64_t evidence_real(const struct evidence *e, uint64_t time)
{
	uint64_t later = time == e->began ? (uint64_t)e->set : 0;

	return real_time((int64_t)((uint64_t)e->clock - later), time);
}

/* ---- tables ----------------------------------------------------------------------- */

/**
 * evidence_before - what was there when the look began
 * @e: the evidence
 * @t: the tables of then
 */
void evidence_before(struct evidence *e, const struct tables *t)
{
	e->live = true;
	e->before = t->status;
	e->found = t->listeners.nr + t->connections.nr;
	queue_before(e, t);
	close_before(e, t);
}

/**
 * evidence_hooks - what the module sees, and what it does not
 * @e: the evidence, of what has been
 * @now: how the module is; its hooks are the same in all namespaces
 */
void evidence_hooks(struct evidence *e, const struct tcphs_status *now)
{
	memcpy(e->after.hook, now->hook, sizeof(e->after.hook));
	e->after.nhooks = now->nhooks;
}

/**
 * evidence_sees - does a hook see what it is for?
 * @e: the evidence, complete
 * @hook: its name
 *
 * Return: false: it is missing, or deaf. That nothing is on record then says nothing.
 */
bool evidence_sees(const struct evidence *e, const char *hook)
{
	const struct tcphs_hook *h;

	for (h = e->after.hook; h < e->after.hook + e->after.nhooks; h++)
		if (!strcmp(h->name, hook) && (!h->active || h->missed))
			return false;
	return true;
}

static void connection_after(struct evidence *e, const struct tcphs_conn_info *c)
{
	struct place local = place_of(c->family, c->local, c->local_port, c->netns);
	struct place peer = place_of(c->family, c->peer, c->peer_port, c->netns);

	local.ifindex = c->ifindex;
	if (c->state == TCPHS_STATE_CLOSE)
		return;
	is_here(e, &local);
	close_after(e, c, &local, &peer);
	connect_after(e, c, &local, &peer);
}

/**
 * evidence_after - what is there when the look ends
 * @e: the evidence
 * @t: the tables of now
 * @settings: of now
 */
void evidence_after(struct evidence *e, const struct tables *t, const struct settings *settings)
{
	size_t i;

	e->after = t->status;
	e->settings = *settings;
	e->found += t->listeners.nr + t->connections.nr;
	queue_after(e, t);
	for (i = 0; i < t->connections.nr; i++)
		connection_after(e, &t->connections.v[i]);
}

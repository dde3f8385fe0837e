// SPDX-License-Identifier: GPL-2.0
#include "belonging.h"

/* Connections that nobody has accepted yet; of more, the oldest are forgotten. */
#define WAITING_MOST	65536

/* A cookie is of a machine; recordings of several tell their namespaces apart. */
struct known {
	struct {
		uint64_t number;	/* cookie, or port */
		uint32_t netns;
		uint32_t boot;
	} key;
};

/**
 * belonging_init - nothing is known yet
 * @w: who is asked for
 * @filter: of the user, after tcphs_filter_cgroups(); it is copied
 */
void belonging_init(struct belonging *w, const struct tcphs_filter *filter)
{
	const struct tally cookies = TALLY_INIT(struct known, key);

	*w = (struct belonging){ .filter = *filter, .listeners = cookies, .ports = cookies,
			     .waiting = cookies };
	w->waiting.limit = WAITING_MOST;
	w->filter.keys &= OWNER_FILTERS;
	w->asked = w->filter.keys;
}

/**
 * belonging_free - give the memory back
 * @w: of belonging_init()
 */
void belonging_free(struct belonging *w)
{
	tally_free(&w->listeners);
	tally_free(&w->ports);
	tally_free(&w->waiting);
}

static struct known known_of(const struct belonging *w, uint64_t number, uint32_t netns)
{
	return (struct known){ .key = { .number = number, .netns = netns, .boot = w->boot } };
}

static bool has(const struct belonging *w, const struct tally *t, uint64_t number, uint32_t netns)
{
	struct known k = known_of(w, number, netns);

	return number && tally_find(t, &k.key);
}

static void note(struct belonging *w, struct tally *t, uint64_t number, uint32_t netns)
{
	struct known k = known_of(w, number, netns);

	if (number && !tally_get(t, &k.key))
		w->no_memory = true;
}

static void note_listener(struct belonging *w, uint64_t conn, uint16_t port, uint32_t netns)
{
	note(w, &w->listeners, conn, netns);
	note(w, &w->ports, port, netns);
}

/**
 * belonging_listener - a listener of theirs
 * @w: who is asked for
 * @l: of the tables, let through by the filter
 */
void belonging_listener(struct belonging *w, const struct tcphs_listener *l)
{
	if (w->asked)
		note_listener(w, l->conn, l->port, l->netns);
}

static bool owner_fits(const struct belonging *w, const struct tcphs_event *ev)
{
	return tcphs_filter_event(&w->filter, ev);
}

/**
 * belonging_learn - which listeners are theirs: who listens there, or accepts
 * @w: who is asked for
 * @ev: an event, also one that comes again in belonging_fits()
 */
void belonging_learn(struct belonging *w, const struct tcphs_event *ev)
{
	if (!w->asked || (ev->type != TCPHS_EV_LISTEN && ev->type != TCPHS_EV_ACCEPTED) ||
	    !owner_fits(w, ev))
		return;
	if (ev->flags & TCPHS_F_QUEUE)
		note_listener(w, ev->queue.listener, ev->id.local_port, ev->id.netns);
	else if (ev->type == TCPHS_EV_LISTEN)
		note_listener(w, ev->id.conn, ev->id.local_port, ev->id.netns);
}

/* What a listener has, and answers, before there is an owner. */
static bool is_of_listener(const struct belonging *w, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_QUEUE)
		return has(w, &w->listeners, ev->queue.listener, ev->id.netns);
	if (!ev->id.conn)
		return ev->old_state == TCPHS_STATE_LISTEN &&
		       has(w, &w->ports, ev->id.local_port, ev->id.netns);
	return !(ev->flags & TCPHS_F_OWNER) && has(w, &w->waiting, ev->id.conn, ev->id.netns);
}

/**
 * belonging_boot - which boot of the machine the events are of that come next
 * @w: who is asked for
 * @boot: its number
 */
void belonging_boot(struct belonging *w, uint32_t boot)
{
	w->boot = boot;
}

/**
 * belonging_is_known - has anybody been heard of who is asked for?
 * @w: who is asked for
 */
bool belonging_is_known(const struct belonging *w)
{
	return !w->asked || w->listeners.nr || tcphs_filter_knows_cgroup(&w->filter);
}

/**
 * belonging_fits - is it theirs?
 * @w: who is asked for
 * @ev: the event
 */
bool belonging_fits(struct belonging *w, const struct tcphs_event *ev)
{
	bool queued;

	if (!w->asked)
		return true;
	belonging_learn(w, ev);
	queued = is_of_listener(w, ev);
	if (queued && !(ev->flags & TCPHS_F_OWNER))
		note(w, &w->waiting, ev->id.conn, ev->id.netns);
	return queued || owner_fits(w, ev);
}

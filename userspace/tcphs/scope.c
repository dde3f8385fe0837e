/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket is the command's when one of its processes connects, listens or accepts with
 * it; what a listener of its gets is, too, before anybody accepts it. The other end of a
 * connection is found by its addresses and ports. Events come in time order, so whose a
 * connection is, is known with its first one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "hash.h"
#include "scope.h"

struct ends {
	uint8_t local[16], peer[16];
	uint16_t local_port, peer_port;
	uint32_t family;
};

struct own_socket {
	uint64_t cookie;
	uint32_t netns;
	bool is_open;		/* a connection that did not end */
	bool replaced;		/* a socket of somebody else has these ends now */
	struct ends ends;
};

struct scope {
	struct command *command;
	struct own_socket *own;
	uint32_t nr, cap;
	uint32_t nr_open;
	struct hash by_cookie, by_ends;
	bool no_memory;
};

/**
 * scope_new - of a command
 * @command: which
 *
 * Return: for scope_free(), or NULL.
 */
struct scope *scope_new(struct command *command)
{
	struct scope *s = calloc(1, sizeof(*s));

	if (s)
		s->command = command;
	return s;
}

/**
 * scope_free - the end of it
 * @s: the scope, or NULL
 */
void scope_free(struct scope *s)
{
	if (!s)
		return;
	hash_free(&s->by_cookie);
	hash_free(&s->by_ends);
	free(s->own);
	free(s);
}

static struct ends ends_of(const struct tcphs_event *ev)
{
	struct ends e = { .local_port = ev->id.local_port, .peer_port = ev->id.peer_port,
			  .family = ev->id.family };

	memcpy(e.local, ev->id.local, sizeof(e.local));
	memcpy(e.peer, ev->id.peer, sizeof(e.peer));
	return e;
}

static struct ends seen_from_the_peer(const struct ends *of)
{
	struct ends e = { .local_port = of->peer_port, .peer_port = of->local_port,
			  .family = of->family };

	memcpy(e.local, of->peer, sizeof(e.local));
	memcpy(e.peer, of->local, sizeof(e.peer));
	return e;
}

static bool is_loopback(const struct ends *e)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	return e->family == AF_INET ? e->local[0] == 127 :
	       !memcmp(e->local, loopback6, sizeof(loopback6));
}

static struct own_socket *find_cookie(const struct scope *s, uint64_t cookie)
{
	uint64_t hash = hash_mix(s->by_cookie.seed, cookie);
	uint32_t i;

	for (i = hash_next(&s->by_cookie, hash, HASH_NONE); cookie && i != HASH_NONE;
	     i = hash_next(&s->by_cookie, hash, i))
		if (s->own[s->by_cookie.node[i].value].cookie == cookie)
			return &s->own[s->by_cookie.node[i].value];
	return NULL;
}

/* An address of loopback is another one in each namespace. */
static struct own_socket *find_ends(const struct scope *s, const struct ends *ends, uint32_t netns)
{
	uint64_t hash = hash_bytes(s->by_ends.seed, ends, sizeof(*ends));
	struct own_socket *own;
	uint32_t i;

	for (i = hash_next(&s->by_ends, hash, HASH_NONE); i != HASH_NONE;
	     i = hash_next(&s->by_ends, hash, i)) {
		own = &s->own[s->by_ends.node[i].value];
		if (!own->replaced && !memcmp(&own->ends, ends, sizeof(*ends)) &&
		    (own->netns == netns || !is_loopback(ends)))
			return own;
	}
	return NULL;
}

static struct own_socket *add(struct scope *s, const struct tcphs_event *ev)
{
	struct own_socket *own;

	if (array_grow(&s->own, s->nr + 1, &s->cap, sizeof(*s->own)) ||
	    hash_reserve(&s->by_cookie, 1) || hash_reserve(&s->by_ends, 1)) {
		s->no_memory = true;
		return NULL;
	}
	own = &s->own[s->nr];
	*own = (struct own_socket){ .cookie = ev->id.conn, .netns = ev->id.netns,
				    .ends = ends_of(ev) };
	hash_add(&s->by_cookie, hash_mix(s->by_cookie.seed, own->cookie), s->nr);
	hash_add(&s->by_ends, hash_bytes(s->by_ends.seed, &own->ends, sizeof(own->ends)), s->nr);
	s->nr++;
	return own;
}

static bool is_open_after(const struct own_socket *own, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
	case TCPHS_EV_SYN_RECEIVED:
	case TCPHS_EV_ESTABLISHED:
		return true;
	case TCPHS_EV_TIME_WAIT:
	case TCPHS_EV_TIME_WAIT_END:
	case TCPHS_EV_CLOSED:
	case TCPHS_EV_CONNECT_FAILED:
	case TCPHS_EV_REQUEST_EXPIRED:
	case TCPHS_EV_REQUEST_RESET:
		return false;
	default:
		return own->is_open;
	}
}

/* A socket that connects again, or got its address only now, has other ends. */
static void update(struct scope *s, struct own_socket *own, const struct tcphs_event *ev)
{
	struct ends ends = ends_of(ev);
	bool open = is_open_after(own, ev);

	if (memcmp(&own->ends, &ends, sizeof(ends))) {
		if (hash_reserve(&s->by_ends, 1)) {
			s->no_memory = true;
		} else {
			own->ends = ends;
			hash_add(&s->by_ends, hash_bytes(s->by_ends.seed, &ends, sizeof(ends)),
				 (uint32_t)(own - s->own));
		}
	}
	s->nr_open += open - own->is_open;
	own->is_open = open;
}

static bool is_own(const struct scope *s, const struct tcphs_event *ev)
{
	return (ev->flags & TCPHS_F_OWNER && command_has(s->command, ev->id.pid)) ||
	       (ev->flags & TCPHS_F_QUEUE && find_cookie(s, ev->queue.listener));
}

/**
 * scope_concerns - is this event of the command's connections?
 * @s: the scope; it remembers
 * @ev: the event; they come in time order, after command_follow()
 */
bool scope_concerns(struct scope *s, const struct tcphs_event *ev)
{
	struct own_socket *own = find_cookie(s, ev->id.conn), *same;
	struct ends ends = ends_of(ev), turned = seen_from_the_peer(&ends);

	if (!own && ev->id.conn && is_own(s, ev))
		own = add(s, ev);
	if (own) {
		update(s, own, ev);
		return true;
	}
	/* Ports are used again. */
	same = ev->id.conn ? find_ends(s, &ends, ev->id.netns) : NULL;
	if (same && same->netns == ev->id.netns)
		same->replaced = true;
	return find_ends(s, &turned, ev->id.netns);
}

/**
 * scope_is_over - has every connection ended, or is in TIME_WAIT?
 * @s: the scope
 */
bool scope_is_over(const struct scope *s)
{
	return !s->nr_open;
}

/**
 * scope_no_memory - was there something that could not be remembered?
 * @s: the scope
 */
bool scope_no_memory(const struct scope *s)
{
	return s->no_memory;
}

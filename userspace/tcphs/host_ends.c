/* SPDX-License-Identifier: GPL-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "boots.h"
#include "host_ends.h"

/* So many connections and attempts are compared. */
#define ENDS_MAX	(1u << 19)
#define ADDRESSES_MAX	(1u << 16)
/* So many of the same addresses are looked at. */
#define WALK_MAX	64

struct address {
	uint8_t address[16];
	uint32_t boot;
	uint8_t family;
};

static uint64_t hash_address(const struct host_ends *s, uint32_t boot, uint8_t family,
			     const uint8_t *address)
{
	uint64_t part[2];

	memcpy(part, address, sizeof(part));
	return hash_mix(hash_mix(s->by_address.seed ^ part[0], part[1]), (uint64_t)boot << 8 | family);
}

/**
 * host_ends_have_address - has a boot this address?
 * @s: all ends
 * @boot: its number
 * @family: of the address
 * @address: of 16 bytes
 */
bool host_ends_have_address(const struct host_ends *s, uint32_t boot, uint8_t family,
			     const uint8_t *address)
{
	uint64_t hash = hash_address(s, boot, family, address);
	const struct address *a;
	uint32_t i;

	if (!s->by_address.buckets)
		return false;
	for (i = hash_next(&s->by_address, hash, NONE); i != NONE;
	     i = hash_next(&s->by_address, hash, i)) {
		a = &s->address[s->by_address.node[i].value];
		if (a->boot == boot && a->family == family && !memcmp(a->address, address, 16))
			return true;
	}
	return false;
}

static bool is_loopback(uint8_t family, const uint8_t *address)
{
	static const uint8_t one[16] = { [15] = 1 };

	return family == AF_INET ? address[0] == 127 : !memcmp(address, one, sizeof(one));
}

static void learn_address(struct host_ends *s, uint32_t boot, const struct tcphs_ident *id)
{
	struct address *a;

	if (!id->conn || is_loopback(id->family, id->local) || s->nr_addresses == ADDRESSES_MAX)
		return;
	if (hash_reserve(&s->by_address, 1) ||
	    array_grow(&s->address, s->nr_addresses + 1, &s->addresses_cap, sizeof(*a))) {
		s->no_memory = true;
		return;
	}
	if (host_ends_have_address(s, boot, id->family, id->local))
		return;
	a = &s->address[s->nr_addresses];
	*a = (struct address){ .boot = boot, .family = id->family };
	memcpy(a->address, id->local, sizeof(a->address));
	hash_add(&s->by_address, hash_address(s, boot, id->family, id->local), s->nr_addresses++);
}

/* Of struct tcphs_ident, both addresses and ports. */
#define ENDS_SIZE (offsetof(struct tcphs_ident, netns) - offsetof(struct tcphs_ident, local))

static uint64_t hash_id(const struct host_ends *s, uint32_t boot, const struct tcphs_ident *id)
{
	if (id->conn)
		return hash_mix(hash_mix(id->conn, s->by_id.seed + boot),
				(uint64_t)id->netns << 16 | id->generation);
	return hash_mix(s->by_id.seed + boot, (uint64_t)id->peer_isn << 16 | id->peer_port);
}

static bool is_same(const struct end *e, uint32_t boot, const struct tcphs_ident *id)
{
	if (e->boot != boot)
		return false;
	if (id->conn)
		return tcphs_same_connection(&e->id, id);
	return !e->id.conn && e->id.peer_isn == id->peer_isn && tcphs_same_ends(&e->id, id);
}

/* The latest connection of the socket, or that after @newer. */
static uint32_t next_same(const struct host_ends *s, uint32_t boot, const struct tcphs_ident *id,
			  uint32_t newer)
{
	uint64_t hash = hash_id(s, boot, id);
	uint32_t i;

	for (i = hash_next(&s->by_id, hash, newer); i != NONE; i = hash_next(&s->by_id, hash, i))
		if (is_same(&s->end[s->by_id.node[i].value], boot, id))
			return i;
	return NONE;
}

/**
 * host_ends_find - the end that a life is of
 * @s: all ends
 * @boot: whose life it is
 * @id: of the life, with its ISNs as far as they are known
 *
 * Return: the end, or NULL; of several that the socket had with these addresses the one with these
 * ISNs, else the latest. Valid until the next host_ends_learn().
 */
struct end *host_ends_find(const struct host_ends *s, uint32_t boot, const struct tcphs_ident *id)
{
	uint32_t latest = next_same(s, boot, id, NONE), i = latest;
	unsigned int walk = WALK_MAX;
	struct end *e;

	for (; i != NONE && walk--; i = next_same(s, boot, id, i)) {
		e = &s->end[s->by_id.node[i].value];
		if (e->id.isn == id->isn && e->id.peer_isn == id->peer_isn)
			return e;
	}
	return latest == NONE ? NULL : &s->end[s->by_id.node[latest].value];
}

/* The latest connection of these addresses: a RST of no socket may be of it. */
static struct end *latest_of(const struct host_ends *s, uint32_t boot, const struct tcphs_ident *id)
{
	struct end *found = NULL, *e;
	unsigned int walk = WALK_MAX;
	uint64_t hash;
	uint32_t i;

	if (!s->by_ends.buckets)
		return NULL;
	hash = hash_bytes(s->by_ends.seed + boot, id->local, ENDS_SIZE);
	for (i = hash_next(&s->by_ends, hash, NONE); i != NONE && walk--;
	     i = hash_next(&s->by_ends, hash, i)) {
		e = &s->end[s->by_ends.node[i].value];
		if (e->boot == boot && e->id.netns == id->netns && tcphs_same_ends(&e->id, id) &&
		    (!found || e > found))
			found = e;
	}
	return found;
}

/* What both know of ISNs: 1: the same, -1: it is another connection, 0: nothing. */
static int agree(const struct end *e, const struct tcphs_event *ev)
{
	uint32_t both = e->flags & ev->flags;

	if ((both & TCPHS_F_ISN && e->id.isn != ev->id.isn) ||
	    (both & TCPHS_F_PEER_ISN && e->id.peer_isn != ev->id.peer_isn))
		return -1;
	return !!(both & (TCPHS_F_ISN | TCPHS_F_PEER_ISN));
}

/*
 * Of those that a socket had with these addresses the latest that it may be, for what was read of
 * one recording may come again in another. Only a beginning is of one that is not there yet.
 */
static struct end *known_end(const struct host_ends *s, uint32_t boot, const struct tcphs_event *ev,
			     int64_t time)
{
	uint32_t latest = next_same(s, boot, &ev->id, NONE), i = latest;
	unsigned int walk = WALK_MAX;
	struct end *e = NULL;

	for (; i != NONE && walk--; i = next_same(s, boot, &ev->id, i)) {
		e = &s->end[s->by_id.node[i].value];
		if (agree(e, ev) >= 0)
			break;
	}
	if (latest == NONE)
		return NULL;
	if (i == NONE || agree(e, ev) < 0)
		e = &s->end[s->by_id.node[latest].value];
	return e->closed && tcphs_event_begins_life(ev) && agree(e, ev) <= 0 && e->began != time ?
	       NULL : e;
}

static struct end *end_of(struct host_ends *s, uint32_t boot, const struct tcphs_event *ev,
			  int64_t time)
{
	const struct tcphs_ident *id = &ev->id;
	struct end *e;

	if (hash_reserve(&s->by_id, 1) || hash_reserve(&s->by_ends, 1)) {
		s->no_memory = true;
		return NULL;
	}
	e = known_end(s, boot, ev, time);
	if (e)
		return e;
	if (s->nr_ends == ENDS_MAX) {
		s->full = true;
		return NULL;
	}
	if (array_grow(&s->end, s->nr_ends + 1, &s->ends_cap, sizeof(*s->end))) {
		s->no_memory = true;
		return NULL;
	}
	e = &s->end[s->nr_ends];
	*e = (struct end){ .id = *id, .boot = boot, .other = NONE, .began = time };
	if (id->conn)
		hash_add(&s->by_ends, hash_bytes(s->by_ends.seed + boot, id->local, ENDS_SIZE),
			 s->nr_ends);
	hash_add(&s->by_id, hash_id(s, boot, id), s->nr_ends++);
	return e;
}

static void note(struct end *e, unsigned int at, int64_t time)
{
	if (!e->at[at])
		e->at[at] = time;
}

static void count(uint16_t *n)
{
	*n += *n < UINT16_MAX;
}

/* The third ACK has come: by whichever of these it is seen first. */
static bool is_third_ack(const struct tcphs_event *ev)
{
	return ev->id.role == TCPHS_ROLE_PASSIVE && ev->reason != TCPHS_REASON_FASTOPEN &&
	       (ev->type == TCPHS_EV_ACCEPT_QUEUED || ev->type == TCPHS_EV_ACCEPT_OVERFLOW ||
		ev->type == TCPHS_EV_ACK_DEFERRED || ev->type == TCPHS_EV_ESTABLISHED);
}

static void learn_step(struct end *e, const struct tcphs_event *ev, int64_t time)
{
	if (is_third_ack(ev) || (ev->type == TCPHS_EV_ESTABLISHED && ev->id.role == TCPHS_ROLE_ACTIVE))
		note(e, AT_ESTABLISHED, time);
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
		note(e, AT_SYN, time);
		count(&e->syn_sent);
		break;
	case TCPHS_EV_SYN_RETRANSMIT:
		count(&e->syn_sent);
		break;
	case TCPHS_EV_SYN_RECEIVED:
		note(e, AT_SYN, time);
		count(&e->syn_came);
		break;
	case TCPHS_EV_SYN_DUPLICATE:
	case TCPHS_EV_SYN_DROPPED:
	case TCPHS_EV_SYNCOOKIE_SENT:
		count(&e->syn_came);
		break;
	case TCPHS_EV_FIN_SENT:
		note(e, AT_FIN_SENT, time);
		count(&e->fin_sent);
		break;
	case TCPHS_EV_FIN_RETRANSMIT:
		count(&e->fin_sent);
		break;
	case TCPHS_EV_FIN_RECEIVED:
		note(e, AT_FIN_CAME, time);
		count(&e->fin_came);
		break;
	case TCPHS_EV_TIME_WAIT_FIN:
		count(&e->fin_came);
		break;
	case TCPHS_EV_FIN_ACKED:
		note(e, AT_FIN_ACKED, time);
		break;
	case TCPHS_EV_RST_SENT:
		count(&e->rst_sent);
		break;
	case TCPHS_EV_RST_RECEIVED:
		note(e, AT_RST_CAME, time);
		count(&e->rst_came);
		break;
	default:
		break;
	}
}

/* A SYN that met no socket, or that of a RST that answers it (RFC 9293: SEQ 0, and confirms it). */
static bool is_stray_syn(struct tcphs_event *ev)
{
	if (ev->type == TCPHS_EV_RST_SENT && ev->flags & TCPHS_F_SEQ && !ev->seq &&
	    ev->flags & TCPHS_F_ACK && !(ev->flags & TCPHS_F_PEER_ISN)) {
		ev->id.peer_isn = ev->ack - 1;
		ev->flags |= TCPHS_F_PEER_ISN;
	}
	return !ev->id.conn && ev->flags & TCPHS_F_PEER_ISN &&
	       (ev->type == TCPHS_EV_SYN_DROPPED || ev->type == TCPHS_EV_SYNCOOKIE_SENT ||
		ev->type == TCPHS_EV_SYN_DUPLICATE || ev->type == TCPHS_EV_RST_SENT);
}

/**
 * host_ends_learn - a record is read
 * @s: all ends
 * @boot: whose it is
 * @recorded: the record
 * @time: of it, by the boot's own clock
 *
 * With @s->full or @s->no_memory set it was left out.
 */
void host_ends_learn(struct host_ends *s, uint32_t boot, const struct tcphs_event *recorded,
		     int64_t time)
{
	struct tcphs_event ev = *recorded;
	struct end *e;

	if (tcphs_event_of_listener(&ev))
		return;
	learn_address(s, boot, &ev.id);
	if (!ev.id.conn && !is_stray_syn(&ev)) {
		e = ev.type == TCPHS_EV_RST_SENT ? latest_of(s, boot, &ev.id) : NULL;
		if (e)
			count(&e->rst_sent);
		return;
	}
	e = end_of(s, boot, &ev, time);
	if (!e)
		return;
	tcphs_ident_learn(&e->id, &e->flags, &ev);
	if (!ev.id.conn && ev.type == TCPHS_EV_RST_SENT)
		count(&e->syn_came);
	e->closed |= ev.id.conn && tcphs_event_ends_life(&ev);
	learn_step(e, &ev, time);
}

/**
 * host_ends_free - the end of it
 * @s: all ends
 */
void host_ends_free(struct host_ends *s)
{
	hash_free(&s->by_id);
	hash_free(&s->by_ends);
	hash_free(&s->by_address);
	free(s->address);
	free(s->end);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Times: of each boot CLOCK_MONOTONIC and what made time of day of it when it was first
 * heard of. So a clock that is set later moves nothing; what a suspended machine slept
 * through is a difference like any other, see clocks.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "hash.h"
#include "hosts.h"
#include "site.h"

#define NONE HASH_NONE

/* So many connections and attempts are compared. */
#define ENDS_MAX	(1u << 19)
#define ADDRESSES_MAX	(1u << 16)
/* So many that share an ISN are looked at. */
#define WALK_MAX	64

struct host {
	const char *name;
};

struct boot {
	struct tcphs_host id;		/* not known: of a recording that does not say it */
	uint32_t host;
	unsigned int feeds;		/* recordings that have some of it */
	int64_t base;			/* CLOCK_REALTIME - CLOCK_MONOTONIC when it was first heard of */
	int64_t first, last;		/* of its events, by its own clock */
	uint64_t lost;
	uint32_t way;			/* the pair that leads to the first host's clock; NONE: none */
	bool reached;
	/* What came at the time @now, where several recordings may have the same. */
	uint64_t now;
	struct same { uint64_t number; uint32_t netns; uint16_t cpu; } *same;
	uint32_t nr_same, same_cap;
};

enum item_kind { ITEM_EVENT, ITEM_LOST, ITEM_OLDER, ITEM_MISSING };

struct item {
	enum item_kind kind;
	uint32_t boot;
	int64_t key;			/* it comes then */
	union {
		struct tcphs_event ev;
		struct { uint64_t count, time; uint32_t cpu; } hole;
		struct tcphs_missing missing;
	};
};

/* A recording. */
struct feed {
	struct hosts *h;
	const char *name;
	int file;
	struct stat id;
	struct tcphs_recording *recording;
	uint32_t boot;			/* whose what was read last is; NONE: not known yet */
	struct item *item;
	uint32_t nr, cap, next;
	int64_t key;			/* of the latest item */
	bool over;
	struct tcphs_error err;		/* why it ended */
};

enum { AT_SYN, AT_ESTABLISHED, AT_FIN_SENT, AT_FIN_CAME, AT_FIN_ACKED, AT_RST_CAME, NR_AT };

/* An end of a connection; or, without a cookie, SYNs that met no socket. */
struct end {
	struct tcphs_ident id;		/* its namespace as it was recorded */
	uint32_t flags;			/* TCPHS_F_ISN, TCPHS_F_PEER_ISN */
	uint32_t boot;
	uint32_t other;			/* NONE: not on record */
	uint8_t likeness;		/* how sure that is */
	bool doubtful;			/* another is as much like it */
	bool parted;			/* there is one, but it is not known which */
	bool met;			/* its SYN is, where nothing had a socket for it */
	int64_t at[NR_AT];		/* the first; 0: none */
	uint16_t syn_sent, syn_came, fin_sent, fin_came, rst_sent, rst_came;
};

struct address {
	uint8_t address[16];
	uint32_t boot;
	uint8_t family;
};

struct pair {
	uint32_t boot[2];
	struct host_pair told;
	struct clock_bounds *bounds;
	uint32_t nr, cap;
};

struct hosts {
	struct feed *feed;
	unsigned int nr_feeds;
	struct host *host;
	uint32_t nr_hosts, hosts_cap;
	struct boot *boot;
	uint32_t nr_boots, boots_cap;
	struct end *end;
	uint32_t nr_ends, ends_cap;
	struct tcphs_cgroups *cgroups;	/* get what the recordings call them */
	struct hash by_id, by_ends, by_isn;
	bool full;			/* there were more connections than these */
	struct address *address;
	uint32_t nr_addresses, addresses_cap;
	struct hash by_address;
	struct pair *pair;
	uint32_t nr_pairs, pairs_cap;
	struct host_pair *told;
	uint32_t nr_told;
	bool learning, all_netns, no_memory;
	unsigned int current;
};

/* ---- whose it is -------------------------------------------------------------------- */

static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

/* Whoever wrote the recording: it stands in columns and in JSON. */
static void clean(char *name)
{
	for (; name && *name; name++)
		if (*name <= ' ' || *name >= 127 || *name == '"' || *name == '\\')
			*name = '?';
}

static bool is_taken(const struct hosts *h, const char *name)
{
	uint32_t i;

	for (i = 0; i < h->nr_hosts; i++)
		if (!strcmp(h->host[i].name, name))
			return true;
	return false;
}

/*
 * The machine of a boot. In one directory that of the boot before, which has the same name;
 * else two of one name are two, and told apart by the recording's.
 */
static uint32_t host_of(struct hosts *h, const struct feed *f, const struct tcphs_host *id)
{
	const char *name = *id->name ? id->name : base_name(f->name);
	char *copy = NULL;

	if (f->boot != NONE && !strcmp(h->boot[f->boot].id.name, id->name))
		return h->boot[f->boot].host;
	if (is_taken(h, name))
		name = base_name(f->name);
	if (is_taken(h, name))
		name = f->name;
	copy = strndup(name, NETNS_NAME_LEN - 1);
	clean(copy);
	if (!copy || array_grow(&h->host, h->nr_hosts + 1, &h->hosts_cap, sizeof(*h->host))) {
		h->no_memory = true;
		free(copy);
		return 0;
	}
	h->host[h->nr_hosts].name = copy;
	return h->nr_hosts++;
}

static uint32_t new_boot(struct hosts *h, struct feed *f, const struct tcphs_recording_info *info)
{
	struct boot *b;

	if (array_grow(&h->boot, h->nr_boots + 1, &h->boots_cap, sizeof(*h->boot))) {
		h->no_memory = true;
		return 0;
	}
	b = &h->boot[h->nr_boots];
	*b = (struct boot){ .id = info->host, .base = info->clock_offset, .way = NONE,
			    .first = INT64_MAX, .last = INT64_MIN };
	b->host = host_of(h, f, &info->host);
	return h->nr_boots++;
}

static bool is_of(const struct boot *b, const struct tcphs_host *id)
{
	return !memcmp(b->id.boot, id->boot, sizeof(id->boot));
}

/* Whose what is read of a recording now is. One that does not say it is of a machine of its own. */
static uint32_t boot_of(struct feed *f)
{
	const struct tcphs_recording_info *info = tcphs_recording_info(f->recording);
	struct hosts *h = f->h;
	uint32_t i;

	if (f->boot != NONE && is_of(&h->boot[f->boot], &info->host))
		return f->boot;
	for (i = 0; tcphs_host_known(&info->host) && i < h->nr_boots; i++)
		if (is_of(&h->boot[i], &info->host))
			break;
	if (!tcphs_host_known(&info->host) || i == h->nr_boots)
		i = new_boot(h, f, info);
	if (h->learning && i < h->nr_boots)
		h->boot[i].feeds++;
	return f->boot = i;
}

static int64_t own_time(const struct boot *b, uint64_t time)
{
	return (int64_t)((uint64_t)b->base + time);
}

/* ---- ends, as they are learnt ------------------------------------------------------- */

static uint64_t hash_address(const struct hosts *h, uint32_t boot, uint8_t family,
			     const uint8_t *address)
{
	uint64_t part[2];

	memcpy(part, address, sizeof(part));
	return hash_mix(hash_mix(h->by_address.seed ^ part[0], part[1]), (uint64_t)boot << 8 | family);
}

static bool has_address(const struct hosts *h, uint32_t boot, uint8_t family,
			const uint8_t *address)
{
	uint64_t hash = hash_address(h, boot, family, address);
	const struct address *a;
	uint32_t i;

	for (i = hash_next(&h->by_address, hash, NONE); i != NONE;
	     i = hash_next(&h->by_address, hash, i)) {
		a = &h->address[h->by_address.node[i].value];
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

static void learn_address(struct hosts *h, uint32_t boot, const struct tcphs_ident *id)
{
	struct address *a;

	if (!id->conn || is_loopback(id->family, id->local) || h->nr_addresses == ADDRESSES_MAX)
		return;
	if (hash_reserve(&h->by_address, 1) ||
	    array_grow(&h->address, h->nr_addresses + 1, &h->addresses_cap, sizeof(*a))) {
		h->no_memory = true;
		return;
	}
	if (has_address(h, boot, id->family, id->local))
		return;
	a = &h->address[h->nr_addresses];
	*a = (struct address){ .boot = boot, .family = id->family };
	memcpy(a->address, id->local, sizeof(a->address));
	hash_add(&h->by_address, hash_address(h, boot, id->family, id->local), h->nr_addresses++);
}

/* Of struct tcphs_ident, both addresses and ports. */
#define ENDS_SIZE (offsetof(struct tcphs_ident, netns) - offsetof(struct tcphs_ident, local))

static uint64_t hash_id(const struct hosts *h, uint32_t boot, const struct tcphs_ident *id)
{
	if (id->conn)
		return hash_mix(hash_mix(id->conn, h->by_id.seed + boot),
				(uint64_t)id->netns << 16 | id->generation);
	return hash_mix(h->by_id.seed + boot, (uint64_t)id->peer_isn << 16 | id->peer_port);
}

static bool is_same(const struct end *e, uint32_t boot, const struct tcphs_ident *id)
{
	if (e->boot != boot)
		return false;
	if (id->conn)
		return tcphs_same_connection(&e->id, id);
	return !e->id.conn && e->id.peer_isn == id->peer_isn && tcphs_same_ends(&e->id, id);
}

static struct end *find_end(const struct hosts *h, uint32_t boot, const struct tcphs_ident *id)
{
	uint64_t hash = hash_id(h, boot, id);
	uint32_t i;

	for (i = hash_next(&h->by_id, hash, NONE); i != NONE; i = hash_next(&h->by_id, hash, i))
		if (is_same(&h->end[h->by_id.node[i].value], boot, id))
			return &h->end[h->by_id.node[i].value];
	return NULL;
}

/* The latest connection of these addresses: a RST of no socket may be of it. */
static struct end *latest_of(const struct hosts *h, uint32_t boot, const struct tcphs_ident *id)
{
	struct end *found = NULL, *e;
	unsigned int walk = WALK_MAX;
	uint64_t hash;
	uint32_t i;

	if (!h->by_ends.buckets)
		return NULL;
	hash = hash_bytes(h->by_ends.seed + boot, id->local, ENDS_SIZE);
	for (i = hash_next(&h->by_ends, hash, NONE); i != NONE && walk--;
	     i = hash_next(&h->by_ends, hash, i)) {
		e = &h->end[h->by_ends.node[i].value];
		if (e->boot == boot && e->id.netns == id->netns && tcphs_same_ends(&e->id, id) &&
		    (!found || e > found))
			found = e;
	}
	return found;
}

static struct end *end_of(struct hosts *h, uint32_t boot, const struct tcphs_ident *id)
{
	struct end *e;

	if (hash_reserve(&h->by_id, 1) || hash_reserve(&h->by_ends, 1)) {
		h->no_memory = true;
		return NULL;
	}
	e = find_end(h, boot, id);
	if (e)
		return e;
	if (h->nr_ends == ENDS_MAX) {
		h->full = true;
		return NULL;
	}
	if (array_grow(&h->end, h->nr_ends + 1, &h->ends_cap, sizeof(*h->end))) {
		h->no_memory = true;
		return NULL;
	}
	e = &h->end[h->nr_ends];
	*e = (struct end){ .id = *id, .boot = boot, .other = NONE };
	if (id->conn)
		hash_add(&h->by_ends, hash_bytes(h->by_ends.seed + boot, id->local, ENDS_SIZE),
			 h->nr_ends);
	hash_add(&h->by_id, hash_id(h, boot, id), h->nr_ends++);
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

static void learn(struct hosts *h, uint32_t boot, const struct tcphs_event *recorded)
{
	struct boot *b = &h->boot[boot];
	struct tcphs_event ev = *recorded;
	int64_t time = own_time(b, ev.time);
	struct end *e;

	if (time < b->first)
		b->first = time;
	if (time > b->last)
		b->last = time;
	if (tcphs_event_of_listener(&ev))
		return;
	learn_address(h, boot, &ev.id);
	if (!ev.id.conn && !is_stray_syn(&ev)) {
		e = ev.type == TCPHS_EV_RST_SENT ? latest_of(h, boot, &ev.id) : NULL;
		if (e)
			count(&e->rst_sent);
		return;
	}
	e = end_of(h, boot, &ev.id);
	if (!e)
		return;
	tcphs_ident_learn(&e->id, &e->flags, &ev);
	if (!ev.id.conn && ev.type == TCPHS_EV_RST_SENT)
		count(&e->syn_came);
	learn_step(e, &ev, time);
}

/* ---- ends that meet ----------------------------------------------------------------- */

static uint64_t hash_isn(const struct hosts *h, uint32_t isn)
{
	return hash_mix(h->by_isn.seed, isn);
}

static bool meets(const struct end *a, const struct end *b)
{
	if (a->boot == b->boot && a->id.netns == b->id.netns && a->id.conn == b->id.conn)
		return false;
	if (a->id.conn && b->id.conn)
		return tcphs_other_end(&a->id, a->flags, &b->id, b->flags);
	return tcphs_mirrored(&a->id, &b->id) || tcphs_share_an_end(&a->id, &b->id);
}

/* Each end by the ISN that the other has sent, which it knows as its peer's. */
static int index_isns(struct hosts *h)
{
	uint32_t i;

	for (i = 0; i < h->nr_ends; i++) {
		if (!(h->end[i].flags & TCPHS_F_PEER_ISN))
			continue;
		if (hash_reserve(&h->by_isn, 1))
			return -ENOMEM;
		hash_add(&h->by_isn, hash_isn(h, h->end[i].id.peer_isn), i);
	}
	return 0;
}

/* The same addresses are more than two numbers that agree, for a recording may be there twice. */
static void propose(struct hosts *h, uint32_t i, uint32_t other)
{
	struct end *e = &h->end[i];
	uint8_t likeness = 1 + tcphs_mirrored(&e->id, &h->end[other].id);

	if (e->other == other || likeness < e->likeness)
		return;
	e->doubtful = likeness == e->likeness;
	e->likeness = likeness;
	e->other = other;
}

static void meet(struct hosts *h, uint32_t i)
{
	struct end *e = &h->end[i], *o;
	uint64_t hash = hash_isn(h, e->id.isn);
	unsigned int walk = WALK_MAX;
	uint32_t n, other;

	if (!e->id.conn || !(e->flags & TCPHS_F_ISN) || !h->by_isn.buckets)
		return;
	for (n = hash_next(&h->by_isn, hash, NONE); n != NONE && walk--;
	     n = hash_next(&h->by_isn, hash, n)) {
		other = h->by_isn.node[n].value;
		o = &h->end[other];
		if (o->id.peer_isn != e->id.isn || !meets(e, o))
			continue;
		if (!o->id.conn) {
			e->met = true;
			continue;
		}
		propose(h, i, other);
		propose(h, other, i);
	}
}

/* What two of them call theirs, or which may be one of two, is nobody's. */
static void part(struct hosts *h)
{
	struct end *e, *o;
	uint32_t i;

	for (i = 0; i < h->nr_ends; i++) {
		e = &h->end[i];
		o = e->other != NONE ? &h->end[e->other] : NULL;
		if (o && (e->doubtful || o->doubtful || o->other != i))
			e->parted = true;
	}
	for (i = 0; i < h->nr_ends; i++)
		if (h->end[i].parted)
			h->end[i].other = NONE;
}

static struct pair *pair_of(struct hosts *h, uint32_t a, uint32_t b)
{
	uint32_t low = a < b ? a : b, high = a < b ? b : a, i;
	struct pair *p;

	for (i = 0; i < h->nr_pairs; i++)
		if (h->pair[i].boot[0] == low && h->pair[i].boot[1] == high)
			return &h->pair[i];
	if (array_grow(&h->pair, h->nr_pairs + 1, &h->pairs_cap, sizeof(*p))) {
		h->no_memory = true;
		return NULL;
	}
	p = &h->pair[h->nr_pairs++];
	*p = (struct pair){ .boot = { low, high }, .told.host = { h->boot[low].host,
								 h->boot[high].host } };
	return p;
}

/* @sent by the first of a pair, @came to the second: the second's clock is at most so far ahead. */
static void there(struct clock_bounds *b, int64_t sent, int64_t came)
{
	if (sent && came)
		clocks_bound_high(b, came - sent);
}

/* And back: at least so far. */
static void back(struct clock_bounds *b, int64_t sent, int64_t came)
{
	if (sent && came)
		clocks_bound_low(b, sent - came);
}

static void add_bounds(struct hosts *h, struct pair *p, const struct clock_bounds *b)
{
	if (b->low == INT64_MIN && b->high == INT64_MAX)
		return;
	if (array_grow(&p->bounds, p->nr + 1, &p->cap, sizeof(*b)))
		h->no_memory = true;
	else
		p->bounds[p->nr++] = *b;
}

/*
 * What is recorded of sending is never later than the segment left, what is recorded of its
 * coming never earlier than it came; that goes for the ones used here, and not for RSTs.
 */
static void bound_handshake(struct hosts *h, struct pair *p, const struct end *x,
			    const struct end *y)
{
	struct clock_bounds b = { .low = INT64_MIN, .high = INT64_MAX };

	if (x->id.role == TCPHS_ROLE_ACTIVE && y->id.role == TCPHS_ROLE_PASSIVE) {
		there(&b, x->at[AT_SYN], y->at[AT_SYN]);
		back(&b, y->at[AT_SYN], x->at[AT_ESTABLISHED]);
		there(&b, x->at[AT_ESTABLISHED], y->at[AT_ESTABLISHED]);
	} else if (x->id.role == TCPHS_ROLE_PASSIVE && y->id.role == TCPHS_ROLE_ACTIVE) {
		back(&b, y->at[AT_SYN], x->at[AT_SYN]);
		there(&b, x->at[AT_SYN], y->at[AT_ESTABLISHED]);
		back(&b, y->at[AT_ESTABLISHED], x->at[AT_ESTABLISHED]);
	}
	b.at = y->at[AT_SYN] ? y->at[AT_SYN] : y->at[AT_ESTABLISHED];
	add_bounds(h, p, &b);
}

/* A FIN's ACK is sent when it has come. */
static void bound_close(struct hosts *h, struct pair *p, const struct end *x, const struct end *y)
{
	struct clock_bounds b = { .low = INT64_MIN, .high = INT64_MAX };

	there(&b, x->at[AT_FIN_SENT], y->at[AT_FIN_CAME]);
	back(&b, y->at[AT_FIN_CAME], x->at[AT_FIN_ACKED]);
	back(&b, y->at[AT_FIN_SENT], x->at[AT_FIN_CAME]);
	there(&b, x->at[AT_FIN_CAME], y->at[AT_FIN_ACKED]);
	b.at = y->at[AT_FIN_CAME] ? y->at[AT_FIN_CAME] : y->at[AT_FIN_SENT];
	add_bounds(h, p, &b);
}

static void add_segments(struct host_pair *t, unsigned int way, const struct end *from,
			 const struct end *to)
{
	t->syn[way].sent += from->syn_sent;
	t->syn[way].came += to->syn_came;
	t->fin[way].sent += from->fin_sent;
	t->fin[way].came += to->fin_came;
	t->rst[way].sent += from->rst_sent;
	t->rst[way].came += to->rst_came;
}

/* Both ends, once. */
static void join(struct hosts *h, const struct end *e)
{
	const struct end *o = &h->end[e->other], *x = e->boot < o->boot ? e : o, *y = x == e ? o : e;
	struct pair *p;

	if (h->boot[e->boot].host == h->boot[o->boot].host || o < e)
		return;
	p = pair_of(h, e->boot, o->boot);
	if (!p)
		return;
	p->told.both++;
	add_segments(&p->told, 0, x, y);
	add_segments(&p->told, 1, y, x);
	/* Two numbers of 32 bits do not agree by chance. */
	if (x->flags & y->flags & TCPHS_F_ISN && x->flags & y->flags & TCPHS_F_PEER_ISN) {
		bound_handshake(h, p, x, y);
		bound_close(h, p, x, y);
	}
}

/* ---- one clock for all -------------------------------------------------------------- */

/* From the first on, over those that are known best. */
static void find_ways(struct hosts *h)
{
	uint32_t i, best;
	const struct pair *p;
	int64_t error, least;
	unsigned int far;

	if (h->nr_boots)
		h->boot[0].reached = true;
	do {
		best = NONE;
		least = INT64_MAX;
		for (i = 0; i < h->nr_pairs; i++) {
			p = &h->pair[i];
			error = clocks_error(&p->told.clock);
			if (!p->told.clock.nr || h->boot[p->boot[0]].reached == h->boot[p->boot[1]].reached)
				continue;
			if (error < 0)
				error = INT64_MAX - 1;
			if (error < least) {
				least = error;
				best = i;
			}
		}
		if (best == NONE)
			break;
		far = h->boot[h->pair[best].boot[0]].reached;
		h->boot[h->pair[best].boot[far]].reached = true;
		h->boot[h->pair[best].boot[far]].way = best;
	} while (1);
}

/* By the clock of the first, of a time by the clock of @boot. */
static int64_t common_time(const struct hosts *h, uint32_t boot, int64_t time)
{
	const struct pair *p;
	int64_t offset;

	while (h->boot[boot].way != NONE) {
		p = &h->pair[h->boot[boot].way];
		offset = clocks_offset(&p->told.clock, time);
		if (p->boot[1] == boot) {
			time -= offset;
			boot = p->boot[0];
		} else {
			time += clocks_offset(&p->told.clock, time + offset);
			boot = p->boot[1];
		}
	}
	return time;
}

static int64_t time_of(const struct hosts *h, uint32_t boot, uint64_t time)
{
	return common_time(h, boot, own_time(&h->boot[boot], time));
}

/* ---- ends that are alone ------------------------------------------------------------ */

/* Whose address that is, of those that recorded then; NONE: nobody's, or of several. */
static uint32_t boot_at(const struct hosts *h, uint8_t family, const uint8_t *address, int64_t time)
{
	uint32_t i, found = NONE;

	for (i = 0; i < h->nr_boots; i++) {
		if (!has_address(h, i, family, address))
			continue;
		if (found != NONE && h->boot[found].host != h->boot[i].host)
			return NONE;
		if (common_time(h, i, h->boot[i].first) <= time &&
		    common_time(h, i, h->boot[i].last) >= time)
			found = i;
	}
	return found;
}

static void note_alone(struct hosts *h, const struct end *e)
{
	uint32_t boot;
	struct pair *p;
	unsigned int way;

	if (!e->id.conn || e->other != NONE || e->parted || e->met || e->id.role != TCPHS_ROLE_ACTIVE ||
	    !(e->flags & TCPHS_F_ISN) || !e->at[AT_SYN] || !h->by_address.buckets)
		return;
	boot = boot_at(h, e->id.family, e->id.peer, common_time(h, e->boot, e->at[AT_SYN]));
	if (boot == NONE || h->boot[boot].host == h->boot[e->boot].host)
		return;
	p = pair_of(h, e->boot, boot);
	if (!p)
		return;
	way = p->boot[1] == e->boot;
	p->told.alone[way]++;
	p->told.example[way] = e->id;
	p->told.syn[way].sent += e->syn_sent;
}

/* A RST came that the other end, all of whose records of then there are, did not send. */
static void note_foreign(struct hosts *h, const struct end *e)
{
	const struct end *o = e->other != NONE ? &h->end[e->other] : NULL;
	const struct boot *b = o ? &h->boot[o->boot] : NULL;
	struct pair *p;
	unsigned int way;
	int64_t time;

	if (!o || !e->rst_came || o->rst_sent || b->lost || b->host == h->boot[e->boot].host)
		return;
	time = common_time(h, e->boot, e->at[AT_RST_CAME]);
	if (time < common_time(h, o->boot, b->first) || time > common_time(h, o->boot, b->last))
		return;
	p = pair_of(h, e->boot, o->boot);
	if (!p)
		return;
	way = p->boot[0] == e->boot;
	p->told.foreign[way]++;
	p->told.reset[way] = e->id;
}

static int tell_pairs(struct hosts *h)
{
	uint32_t i;

	h->told = calloc(h->nr_pairs + 1, sizeof(*h->told));
	if (!h->told)
		return -ENOMEM;
	for (i = 0; i < h->nr_pairs; i++) {
		h->told[i] = h->pair[i].told;
		h->told[i].moments = h->pair[i].nr;
	}
	h->nr_told = h->nr_pairs;
	return 0;
}

static int compare(struct hosts *h)
{
	uint32_t i;

	if (h->no_memory || index_isns(h))
		return -ENOMEM;
	for (i = 0; i < h->nr_ends; i++)
		meet(h, i);
	part(h);
	for (i = 0; i < h->nr_ends; i++)
		if (h->end[i].other != NONE)
			join(h, &h->end[i]);
	for (i = 0; i < h->nr_pairs; i++) {
		if (clocks_estimate(&h->pair[i].told.clock, h->pair[i].bounds, h->pair[i].nr))
			return -ENOMEM;
		free(h->pair[i].bounds);
		h->pair[i].bounds = NULL;
	}
	find_ways(h);
	for (i = 0; i < h->nr_ends; i++) {
		note_alone(h, &h->end[i]);
		note_foreign(h, &h->end[i]);
	}
	return h->no_memory ? -ENOMEM : tell_pairs(h);
}

/* ---- recordings --------------------------------------------------------------------- */

static struct item *new_item(struct feed *f, enum item_kind kind, int64_t key)
{
	struct item *item;

	if (array_grow(&f->item, f->nr + 1, &f->cap, sizeof(*f->item))) {
		f->h->no_memory = true;
		return NULL;
	}
	if (key > f->key)
		f->key = key;
	item = &f->item[f->nr++];
	item->kind = kind;
	item->boot = f->boot;
	item->key = f->key;
	return item;
}

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct feed *f = arg;
	uint32_t boot = boot_of(f);
	struct item *item;

	if (f->h->no_memory)
		return;
	if (f->h->learning) {
		learn(f->h, boot, ev);
		return;
	}
	item = new_item(f, ITEM_EVENT, time_of(f->h, boot, ev->time));
	if (item)
		item->ev = *ev;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct feed *f = arg;
	uint32_t boot = boot_of(f);
	struct item *item;

	if (f->h->no_memory)
		return;
	if (f->h->learning) {
		f->h->boot[boot].lost += count;
		return;
	}
	item = new_item(f, ITEM_LOST, f->key);
	if (item) {
		item->hole.cpu = cpu;
		item->hole.count = count;
	}
}

static void on_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	struct feed *f = arg;
	uint32_t boot = boot_of(f);
	struct item *item;

	if (f->h->no_memory || f->h->learning)
		return;
	item = new_item(f, ITEM_OLDER, f->key);
	if (item) {
		item->hole.cpu = cpu;
		item->hole.count = count;
		item->hole.time = (uint64_t)time_of(f->h, boot, time);
	}
}

static void on_missing(void *arg, const struct tcphs_missing *missing)
{
	struct feed *f = arg;
	uint32_t boot = boot_of(f);
	struct item *item;

	if (f->h->no_memory || f->h->learning)
		return;
	item = new_item(f, ITEM_MISSING, f->key);
	if (!item)
		return;
	item->missing = *missing;
	item->missing.from = common_time(f->h, boot, missing->from);
	item->missing.to = common_time(f->h, boot, missing->to);
}

static void on_cgroup(void *arg, uint64_t id, const char *path)
{
	struct feed *f = arg;

	if (f->h->cgroups && tcphs_cgroups_add(f->h->cgroups, SITE_CGROUP(boot_of(f), id), path))
		f->h->no_memory = true;
}

static const struct tcphs_events_ops feed_ops = {
	.record = on_event, .lost = on_lost, .older = on_older, .missing = on_missing,
	.cgroup = on_cgroup,
};

static void read_feed(struct feed *f)
{
	int more = tcphs_recording_read(f->recording, &feed_ops, f, &f->err);

	f->over = more <= 0;
	if (more >= 0)
		memset(&f->err, 0, sizeof(f->err));
}

/* By another name, too: it would be read to no end, or be taken for another machine's. */
static int refuse_same(const struct hosts *h, const struct feed *f, struct tcphs_error *err)
{
	const struct feed *o;

	for (o = h->feed; o < f; o++) {
		if (o->id.st_dev != f->id.st_dev || o->id.st_ino != f->id.st_ino)
			continue;
		tcphs_error_set(err, TCPHS_ERR_USAGE, "%.128s and %.128s are the same recording",
				o->name, f->name);
		return -1;
	}
	return 0;
}

static int open_feed(struct hosts *h, struct feed *f, const char *name, struct tcphs_error *err)
{
	*f = (struct feed){ .h = h, .name = name, .file = -1, .boot = NONE, .key = INT64_MIN };
	if (!strcmp(name, "-")) {
		tcphs_error_set(err, TCPHS_ERR_USAGE,
				"several recordings are read twice, and what comes out of a pipe is not there then: --read wants names of files");
		return -1;
	}
	f->file = open(name, O_RDONLY | O_CLOEXEC);
	if (f->file < 0 || fstat(f->file, &f->id)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot open %.256s: %s", name, strerror(errno));
		return -1;
	}
	if (refuse_same(h, f, err))
		return -1;
	f->recording = tcphs_recording_open(f->file, name, NULL, NULL, err);
	if (!f->recording)
		return -1;
	if (!tcphs_recording_seekable(f->recording)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"%.128s: cannot be read twice, which several recordings need", name);
		return -1;
	}
	return 0;
}

/* What is wrong with one of them is told when it is read the second time. */
static int learn_all(struct hosts *h, struct tcphs_error *err)
{
	struct feed *f;

	h->learning = true;
	for (f = h->feed; f < h->feed + h->nr_feeds; f++) {
		while (!f->over && !h->no_memory && !tcphs_stop_asked())
			read_feed(f);
		h->all_netns |= tcphs_recording_info(f->recording)->all_netns;
	}
	h->learning = false;
	if (tcphs_stop_asked()) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "ended before all recordings were read");
		return -1;
	}
	if (compare(h)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	hosts_rewind(h);
	return 0;
}

/**
 * hosts_open - recordings of several machines, or of one
 * @names: of the files; must stay
 * @nr: how many
 * @cgroups: gets the names of theirs; must stay; or NULL
 * @err: why not
 *
 * Return: for hosts_close(), or NULL.
 */
struct hosts *hosts_open(char *const *names, unsigned int nr, struct tcphs_cgroups *cgroups,
			 struct tcphs_error *err)
{
	struct hosts *h = calloc(1, sizeof(*h));

	if (h)
		h->feed = calloc(nr, sizeof(*h->feed));
	if (!h || !h->feed) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		free(h);
		return NULL;
	}
	h->cgroups = cgroups;
	for (; h->nr_feeds < nr; h->nr_feeds++)
		if (open_feed(h, &h->feed[h->nr_feeds], names[h->nr_feeds], err)) {
			h->nr_feeds++;
			hosts_close(h);
			return NULL;
		}
	if (learn_all(h, err)) {
		hosts_close(h);
		return NULL;
	}
	return h;
}

/**
 * hosts_close - the end of it
 * @h: of hosts_open(), or NULL
 */
void hosts_close(struct hosts *h)
{
	uint32_t i;

	if (!h)
		return;
	site_forget_all();
	for (i = 0; i < h->nr_feeds; i++) {
		tcphs_recording_close(h->feed[i].recording);
		if (h->feed[i].file >= 0)
			close(h->feed[i].file);
		free(h->feed[i].item);
	}
	for (i = 0; i < h->nr_pairs; i++) {
		free(h->pair[i].bounds);
		free(h->pair[i].told.clock.era);
	}
	for (i = 0; i < h->nr_hosts; i++)
		free((char *)h->host[i].name);
	for (i = 0; i < h->nr_boots; i++)
		free(h->boot[i].same);
	hash_free(&h->by_id);
	hash_free(&h->by_ends);
	hash_free(&h->by_isn);
	hash_free(&h->by_address);
	free(h->address);
	free(h->end);
	free(h->told);
	free(h->pair);
	free(h->host);
	free(h->boot);
	free(h->feed);
	free(h);
}

/* ---- all in one order --------------------------------------------------------------- */

/* The recording whose next item comes first; NULL: there is none any more. */
static struct feed *first_feed(struct hosts *h)
{
	struct feed *f, *first = NULL;

	for (f = h->feed; f < h->feed + h->nr_feeds; f++) {
		while (f->next == f->nr && !f->over && !h->no_memory) {
			f->nr = f->next = 0;
			read_feed(f);
		}
		if (f->next < f->nr && (!first || f->item[f->next].key < first->item[first->next].key))
			first = f;
	}
	return first;
}

/* Another recording of the same machine had it. */
static bool came_already(struct hosts *h, const struct item *item)
{
	struct boot *b = &h->boot[item->boot];
	const struct tcphs_event *ev = &item->ev;
	struct same *s;

	if (b->feeds < 2)
		return false;
	if (b->now != ev->time)
		b->nr_same = 0;
	b->now = ev->time;
	for (s = b->same; s < b->same + b->nr_same; s++)
		if (s->number == ev->number && s->netns == ev->id.netns && s->cpu == ev->cpu)
			return true;
	if (array_grow(&b->same, b->nr_same + 1, &b->same_cap, sizeof(*b->same)))
		h->no_memory = true;
	else
		b->same[b->nr_same++] = (struct same){ ev->number, ev->id.netns, ev->cpu };
	return false;
}

static void tell_event(struct hosts *h, const struct item *item, const struct tcphs_events_ops *ops,
		       void *arg)
{
	const struct boot *b = &h->boot[item->boot];
	struct tcphs_event ev = item->ev;

	if (came_already(h, item))
		return;
	ev.time = (uint64_t)time_of(h, item->boot, ev.time);
	if (h->nr_hosts > 1)
		ev.id.netns = site_of(b->host, item->boot, h->host[b->host].name, ev.id.netns);
	if (!ev.id.netns)
		h->no_memory |= h->nr_hosts > 1;
	if (ev.id.cgroup)
		ev.id.cgroup = SITE_CGROUP(item->boot, ev.id.cgroup);
	ops->record(arg, &ev);
}

static void tell(struct hosts *h, const struct item *item, const struct tcphs_events_ops *ops,
		 void *arg)
{
	h->current = h->boot[item->boot].host;
	switch (item->kind) {
	case ITEM_EVENT:
		tell_event(h, item, ops, arg);
		break;
	case ITEM_LOST:
		if (ops->lost)
			ops->lost(arg, item->hole.cpu, item->hole.count);
		break;
	case ITEM_OLDER:
		tcphs_tell_older(ops, arg, item->hole.cpu, item->hole.count, item->hole.time);
		break;
	case ITEM_MISSING:
		if (ops->missing)
			ops->missing(arg, &item->missing);
		break;
	}
}

/**
 * hosts_read - the next item
 * @h: the recordings
 * @ops: called for it
 * @arg: what with
 * @err: why not
 *
 * Return: 1: there is more, 0: that was all, -1: with @err set, what is whole has been told.
 */
int hosts_read(struct hosts *h, const struct tcphs_events_ops *ops, void *arg,
	       struct tcphs_error *err)
{
	struct feed *f = first_feed(h);

	if (f && !h->no_memory) {
		tell(h, &f->item[f->next++], ops, arg);
		return 1;
	}
	if (h->no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	for (f = h->feed; f < h->feed + h->nr_feeds; f++) {
		if (!f->err.code)
			continue;
		*err = f->err;
		return -1;
	}
	return 0;
}

/**
 * hosts_rewind - begin again with the first event
 * @h: the recordings
 */
void hosts_rewind(struct hosts *h)
{
	struct feed *f;
	uint32_t i;

	for (f = h->feed; f < h->feed + h->nr_feeds; f++) {
		f->nr = f->next = 0;
		f->key = INT64_MIN;
		f->over = false;
		memset(&f->err, 0, sizeof(f->err));
		/* All of them can: that was asked. */
		f->over = tcphs_recording_rewind(f->recording, &f->err);
	}
	for (i = 0; i < h->nr_boots; i++)
		h->boot[i].nr_same = 0;
}

/* ---- what is known ------------------------------------------------------------------ */

/**
 * hosts_count - how many machines
 * @h: the recordings
 */
unsigned int hosts_count(const struct hosts *h)
{
	return h->nr_hosts;
}

/**
 * hosts_name - what a machine is called
 * @h: the recordings
 * @host: its number
 */
const char *hosts_name(const struct hosts *h, unsigned int host)
{
	return h->host[host].name;
}

/**
 * hosts_all_netns - are there several network namespaces in a recording?
 * @h: the recordings
 */
bool hosts_all_netns(const struct hosts *h)
{
	return h->all_netns;
}

/**
 * hosts_current - whose what was told last is
 * @h: the recordings
 */
unsigned int hosts_current(const struct hosts *h)
{
	return h->current;
}

/**
 * hosts_span - from the first event to the last
 * @h: the recordings
 * @span: gets it
 */
bool hosts_span(const struct hosts *h, struct tcphs_span *span)
{
	bool any = false;
	int64_t time;
	uint32_t i;

	for (i = 0; i < h->nr_boots; i++) {
		if (h->boot[i].first > h->boot[i].last)
			continue;
		time = common_time(h, i, h->boot[i].first);
		if (!any || time < span->begin)
			span->begin = time;
		time = common_time(h, i, h->boot[i].last);
		if (!any || time > span->end)
			span->end = time;
		any = true;
	}
	return any;
}

/**
 * hosts_other_end - the other end of a connection
 * @h: the recordings
 * @id: one of it, as hosts_read() told it
 *
 * Return: who that is; its namespace is a number of a site. NULL: it is not on record.
 */
const struct tcphs_ident *hosts_other_end(const struct hosts *h, const struct tcphs_ident *id)
{
	static struct tcphs_ident found;
	uint32_t boot = site_boot(id->netns);
	struct tcphs_ident raw = *id;
	const struct end *e, *o;
	const struct boot *b;

	raw.netns = site_inode(id->netns);
	if (h->nr_hosts < 2)
		return NULL;
	e = find_end(h, boot, &raw);
	o = e && e->other != NONE ? &h->end[e->other] : NULL;
	if (!o)
		return NULL;
	found = o->id;
	b = &h->boot[o->boot];
	found.netns = site_of(b->host, o->boot, h->host[b->host].name, o->id.netns);
	return &found;
}

/**
 * hosts_at - who has an address
 * @h: the recordings
 * @family: of the address
 * @address: of 16 bytes
 * @time: when, as events have it
 *
 * Return: the number of the host that recorded then; -1: none, or several have it.
 */
int hosts_at(const struct hosts *h, uint8_t family, const uint8_t *address, uint64_t time)
{
	uint32_t boot = h->by_address.buckets ? boot_at(h, family, address, (int64_t)time) : NONE;

	return boot == NONE ? -1 : (int)h->boot[boot].host;
}

/**
 * hosts_pairs - what two of them have to do with each other
 * @h: the recordings
 * @nr: gets how many
 */
const struct host_pair *hosts_pairs(const struct hosts *h, unsigned int *nr)
{
	*nr = h->nr_told;
	return h->told;
}

/**
 * hosts_full - are there more connections than can be compared?
 * @h: the recordings
 */
bool hosts_full(const struct hosts *h)
{
	return h->full;
}

/**
 * hosts_lost - records that a host's recorder missed
 * @h: the recordings
 * @host: its number
 */
uint64_t hosts_lost(const struct hosts *h, unsigned int host)
{
	uint64_t lost = 0;
	uint32_t i;

	for (i = 0; i < h->nr_boots; i++)
		if (h->boot[i].host == host)
			lost += h->boot[i].lost;
	return lost;
}

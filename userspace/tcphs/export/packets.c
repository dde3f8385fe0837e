/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Each segment is one packet, at the place and time at which it left, if both of its ends
 * are on this machine; else where it came. So a packet waits for a second, in which the
 * other end and established may add to it.
 *
 * Which records are about the same segment, addresses, ports and numbers say: where NAT on this
 * machine changes them each end has its own packets, as two captures would.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "hash.h"
#include "headers.h"
#include "packets.h"
#include "pcapng.h"

#define NSEC_PER_SEC	1000000000ll

/* So long a packet waits, and so many of them do. */
#define WAIT_NS		NSEC_PER_SEC
#define WAIT_MIN	256u	/* powers of two */
#define WAIT_MAX	16384u

/* So many segments are known at least, of those that came last. */
#define KNOWN_MAX	65536u

/* Of those with the same numbers so many are looked at. */
#define WALK_MAX	64

#define NO_WINDOW	UINT16_MAX

/* What both ends call a segment. Of all but a mere ACK, SEQ says which it is. */
struct key {
	uint8_t source[16], destination[16];
	uint16_t source_port, destination_port;
	uint32_t seq, ack;
	uint8_t family, flags;
	uint16_t pad;
};

struct known {
	struct key key;
	uint64_t packet;	/* its number */
	bool left, came;	/* which of its ends has recorded it */
};

/* Segments in two halves: when the newer is full, the older is forgotten. */
struct half {
	struct hash hash;
	struct known *known;
	uint32_t nr, cap;
};

struct packets {
	struct tcphs_buf *out;
	netns_namer *namer;
	struct half half[2];
	unsigned int newer;

	struct packet *waiting;		/* @places: numbers from @written to @made */
	uint32_t places;
	uint64_t written, made;

	struct hash spaces;		/* network namespaces: interfaces of the file */
	uint32_t *space;
	uint32_t nr_spaces, spaces_cap;

	struct packets_counts counts;
	uint64_t lost;			/* records, since the last packet */
	int err;
};

/* ---- writing ------------------------------------------------------------------- */

static uint32_t interface_of(struct packets *p, uint32_t netns)
{
	uint64_t hash = hash_mix(netns, p->spaces.seed);
	char name[NETNS_NAME_LEN], text[NETNS_NAME_LEN + 16], description[64];
	uint32_t i;

	for (i = hash_next(&p->spaces, hash, HASH_NONE); i != HASH_NONE;
	     i = hash_next(&p->spaces, hash, i))
		if (p->space[p->spaces.node[i].value] == netns)
			return p->spaces.node[i].value;
	if (array_grow(&p->space, p->nr_spaces + 1, &p->spaces_cap, sizeof(*p->space)) ||
	    hash_reserve(&p->spaces, 1)) {
		p->err = -ENOMEM;
		return 0;
	}
	p->space[p->nr_spaces] = netns;
	hash_add(&p->spaces, hash_mix(netns, p->spaces.seed), p->nr_spaces);
	snprintf(text, sizeof(text), "netns %s", p->namer(netns, name));
	snprintf(description, sizeof(description), "network namespace with inode %u", netns);
	pcapng_interface(p->out, text, description);
	return p->nr_spaces++;
}

static void write_packet(struct packets *p, const struct packet *packet)
{
	const struct account *place = packet_place(packet);
	const struct tcphs_ident *id = &place->ev.id;
	uint8_t data[HEADER_MAX];
	char comment[COMMENT_LEN];
	struct header h = {
		.family = id->family, .flags = packet->seg.flags, .seq = packet->seg.seq,
		.ack = packet->seg.ack, .wscale = packet->wscale, .sack = packet->sack,
		.window = packet->window_known ? packet->window : NO_WINDOW,
		.source = id->local, .source_port = id->local_port,
		.destination = id->peer, .destination_port = id->peer_port,
	};
	struct pcapng_packet block = {
		.time = (uint64_t)packet->time, .outbound = !place->came, .data = data,
		.comment = comment,
	};

	if (place->came) {
		h.source = id->peer;
		h.source_port = id->peer_port;
		h.destination = id->local;
		h.destination_port = id->local_port;
	}
	block.interface = interface_of(p, id->netns);
	block.len = header_put(&h, data);
	comment_put(comment, packet);
	pcapng_packet(p->out, &block);
	p->counts.packets++;
}

static struct packet *packet_at(struct packets *p, uint64_t number)
{
	return &p->waiting[number % p->places];
}

static void write_oldest(struct packets *p)
{
	const struct packet *packet = packet_at(p, p->written++);

	/* An ACK that may confirm more than its own numbers say, and no record says what. */
	if (!packet->dropped && packet->seg.flags & TH_ACK && !packet->seg.known_ack) {
		p->counts.numberless++;
	} else if (!packet->dropped) {
		write_packet(p, packet);
		return;
	}
	/* The next packet tells what is lost before this one, too. */
	if (p->written < p->made)
		packet_at(p, p->written)->lost += packet->lost;
	else
		p->lost += packet->lost;
}

/* ---- which segment it is ------------------------------------------------------- */

static struct key key_of(const struct tcphs_ident *id, bool came, uint8_t flags, uint32_t seq,
			 uint32_t ack)
{
	struct key key = {
		.source_port = came ? id->peer_port : id->local_port,
		.destination_port = came ? id->local_port : id->peer_port,
		.seq = seq, .ack = flags == TH_ACK ? ack : 0, .family = id->family,
		/* A RST confirms something or not; which one it is SEQ says. */
		.flags = flags & TH_RST ? TH_RST : flags,
	};

	memcpy(key.source, came ? id->peer : id->local, sizeof(key.source));
	memcpy(key.destination, came ? id->local : id->peer, sizeof(key.destination));
	return key;
}

struct walk {
	const struct half *half;
	uint64_t hash;
	uint32_t node, left;
};

/* The next one with this key in a half, in no order; NULL: no more. */
static struct known *walk_on(struct walk *w, const struct key *key)
{
	struct known *known;

	while (w->left--) {
		w->node = hash_next(&w->half->hash, w->hash, w->node);
		if (w->node == HASH_NONE)
			return NULL;
		known = &w->half->known[w->half->hash.node[w->node].value];
		if (!memcmp(&known->key, key, sizeof(*key)))
			return known;
	}
	return NULL;
}

/* The newest segment with this key that fits; NULL: there is none. */
static struct known *find(struct packets *p, const struct key *key,
			  bool (*fits)(const struct known *known))
{
	struct known *known, *found = NULL;
	unsigned int i;

	for (i = 0; i < 2 && !found; i++) {
		const struct half *half = &p->half[(p->newer + i) % 2];
		struct walk w = { half, hash_bytes(half->hash.seed, key, sizeof(*key)),
				  HASH_NONE, WALK_MAX };

		if (!half->nr)
			continue;
		while ((known = walk_on(&w, key)))
			if (fits(known) && (!found || known->packet > found->packet))
				found = known;
	}
	return found;
}

static bool is_under_way(const struct known *known)
{
	return known->left && !known->came;
}

static bool has_come(const struct known *known)
{
	return known->came;
}

static bool from_nowhere(const struct known *known)
{
	return known->came && !known->left;
}

static void know(struct packets *p, const struct known *known)
{
	struct half *half = &p->half[p->newer];

	if (half->nr == KNOWN_MAX) {
		p->newer = !p->newer;
		half = &p->half[p->newer];
		hash_clear(&half->hash);
		half->nr = 0;
	}
	if (array_grow(&half->known, half->nr + 1, &half->cap, sizeof(*known)) ||
	    hash_reserve(&half->hash, 1)) {
		p->err = -ENOMEM;
		return;
	}
	half->known[half->nr] = *known;
	hash_add(&half->hash, hash_bytes(half->hash.seed, &known->key, sizeof(known->key)),
		 half->nr++);
}

/* ---- what is known of it --------------------------------------------------------- */

static bool is_waiting(const struct packets *p, const struct known *known)
{
	return known && known->packet >= p->written;
}

static void tell(struct packet *packet, const struct tcphs_event *ev, bool came)
{
	if (packet->nr_accounts < ACCOUNTS_MAX)
		packet->account[packet->nr_accounts++] = (struct account){ *ev, came };
}

/* Twice as many places, or one less that waits. */
static void make_place(struct packets *p)
{
	uint32_t places = p->places * 2;
	struct packet *more;
	uint64_t number;

	if (p->made - p->written < p->places)
		return;
	more = places <= WAIT_MAX ? reallocarray(NULL, places, sizeof(*more)) : NULL;
	if (!more) {
		write_oldest(p);
		return;
	}
	for (number = p->written; number < p->made; number++)
		more[number % places] = *packet_at(p, number);
	free(p->waiting);
	p->waiting = more;
	p->places = places;
}

static void make_packet(struct packets *p, const struct tcphs_event *ev, const struct segment *seg,
			const struct key *key, int64_t time)
{
	struct known known = {
		.key = *key, .packet = p->made, .left = !seg->came, .came = seg->came,
	};
	struct packet *packet;

	make_place(p);
	packet = packet_at(p, p->made++);
	memset(packet, 0, offsetof(struct packet, account));
	packet->time = time;
	packet->seg = *seg;
	packet->wscale = WSCALE_UNKNOWN;
	packet->lost = p->lost;
	p->lost = 0;
	tell(packet, ev, seg->came);
	know(p, &known);
}

/* Another record of the same segment, which may have what the first one lacks. */
static void add_to(struct packets *p, struct known *known, const struct tcphs_event *ev,
		   const struct segment *seg)
{
	struct packet *packet;

	known->left |= !seg->came;
	known->came |= seg->came;
	if (!is_waiting(p, known))
		return;
	packet = packet_at(p, known->packet);
	tell(packet, ev, seg->came);
	if (!packet->seg.known_ack && seg->known_ack) {
		packet->seg.ack = seg->ack;
		packet->seg.known_ack = true;
	}
}

static void take(struct packets *p, const struct tcphs_event *ev, const struct segment *seg,
		 int64_t time)
{
	struct key key = key_of(&ev->id, seg->came, seg->flags, seg->seq, seg->ack);
	struct known *known = NULL;

	if (seg->came) {
		known = find(p, &key, is_under_way);
		if (!known && seg->again)
			known = find(p, &key, has_come);
	} else if (!seg->resend) {
		/* What left may be recorded after it has come: on loopback that is quick. */
		known = find(p, &key, from_nowhere);
		if (!is_waiting(p, known))
			known = NULL;
	}
	if (known)
		add_to(p, known, ev, seg);
	else
		make_packet(p, ev, seg, &key, time);
}

/*
 * A FIN that confirms ours is one segment and two records. They have the same time then, for
 * that is when the kernel began with the segment.
 */
static void join_fin(struct packets *p, const struct tcphs_event *ev)
{
	struct key key = key_of(&ev->id, true, TH_ACK, ev->seq, ev->ack);
	struct key fin = key_of(&ev->id, true, TH_FIN | TH_ACK, ev->seq, ev->ack);
	struct known *known = find(p, &key, from_nowhere), *whole = find(p, &fin, has_come);
	const struct tcphs_event *acked;
	struct packet *packet;

	if (!is_waiting(p, known) || !is_waiting(p, whole))
		return;
	packet = packet_at(p, known->packet);
	acked = &packet->account[0].ev;
	if (acked->type != TCPHS_EV_FIN_ACKED || acked->time != ev->time ||
	    acked->id.conn != ev->id.conn)
		return;
	tell(packet_at(p, whole->packet), acked, true);
	packet->dropped = true;
}

/* ---- what the handshake agreed on ------------------------------------------------ */

struct learn {
	struct key key;
	uint8_t wscale;
	bool sack;
	int64_t window;		/* as in the header; -1: not known */
	bool confirms;		/* @ack is */
	uint32_t ack;
};

static bool any(const struct known *known)
{
	(void)known;
	return true;
}

static void learn(struct packets *p, const struct learn *l)
{
	struct known *known = find(p, &l->key, any);
	struct packet *packet;

	if (!is_waiting(p, known))
		return;
	packet = packet_at(p, known->packet);
	if (packet->seg.flags & TH_SYN) {
		packet->wscale = l->wscale;
		packet->sack = l->sack;
	}
	if (l->confirms && !packet->seg.known_ack) {
		packet->seg.ack = l->ack;
		packet->seg.known_ack = true;
	}
	if (l->window < 0 || l->window > UINT16_MAX)
		return;
	packet->window = (uint16_t)l->window;
	packet->window_known = true;
}

/* Both sent a SYN: what the other's was is known now, so what our SYN+ACK has confirmed. */
static void learn_both(struct packets *p, const struct tcphs_event *ev)
{
	const struct learn ours = {
		.key = key_of(&ev->id, false, TH_SYN | TH_ACK, ev->id.isn, 0),
		.wscale = WSCALE_UNKNOWN, .window = -1, .confirms = true, .ack = ev->ack,
	};

	learn(p, &ours);
}

/*
 * What both ends agreed on, both have offered: of the SYN that is SACK and the shift of
 * windows. The window agreed is that of the peer's segment.
 */
static void learn_agreed(struct packets *p, const struct tcphs_event *ev,
			 const struct segment *third)
{
	const struct tcphs_agreed *a = &ev->agreed;
	bool passive = ev->id.role == TCPHS_ROLE_PASSIVE, scales = a->options & TCPHS_OPT_WSCALE;
	struct learn ours = {
		.wscale = scales ? a->rcv_wscale : WSCALE_UNKNOWN,
		.sack = a->options & TCPHS_OPT_SACK, .window = -1,
	};
	struct learn theirs = ours;
	uint8_t our_flags = passive ? TH_SYN | TH_ACK : TH_SYN;
	uint8_t their_flags = passive ? TH_SYN : TH_SYN | TH_ACK;

	theirs.wscale = scales ? a->snd_wscale : WSCALE_UNKNOWN;
	ours.key = key_of(&ev->id, false, our_flags, ev->id.isn, 0);
	theirs.key = key_of(&ev->id, true, their_flags, ev->id.peer_isn, 0);
	/* Windows of SYNs are not shifted. */
	theirs.window = passive ? -1 : (int64_t)a->window;
	/* The third ACK is what comes behind that which the SYN+ACK has confirmed. */
	ours.confirms = passive;
	ours.ack = third->seq;
	learn(p, &ours);
	learn(p, &theirs);
	if (!passive)
		return;
	theirs.key = key_of(&ev->id, true, TH_ACK, third->seq, third->ack);
	theirs.window = a->snd_wscale < 32 ? (int64_t)(a->window >> a->snd_wscale) : -1;
	learn(p, &theirs);
}

/* ---- for those who read records ---------------------------------------------------- */

/**
 * packets_new - the beginning of a file
 * @out: where it goes
 * @namer: how network namespaces are called
 */
struct packets *packets_new(struct tcphs_buf *out, netns_namer *namer)
{
	struct packets *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->out = out;
	p->namer = namer;
	p->places = WAIT_MIN;
	p->waiting = calloc(p->places, sizeof(*p->waiting));
	if (!p->waiting || hash_reserve(&p->half[0].hash, 1) ||
	    hash_reserve(&p->half[1].hash, 1) || hash_reserve(&p->spaces, 1)) {
		packets_free(p);
		return NULL;
	}
	pcapng_section(out, "tcphs " TCPHS_VERSION,
		       "Reconstructed by tcphs from its records of TCP connections, and not captured: their segments without data, options only as far as known. A window that is not known says 65535.");
	return p;
}

/**
 * packets_free - the end; writes nothing
 * @p: of packets_new(), or NULL
 */
void packets_free(struct packets *p)
{
	unsigned int i;

	if (!p)
		return;
	for (i = 0; i < 2; i++) {
		hash_free(&p->half[i].hash);
		free(p->half[i].known);
	}
	hash_free(&p->spaces);
	free(p->space);
	free(p->waiting);
	free(p);
}

/**
 * packets_event - a record
 * @p: the file
 * @ev: the record, not older than the last
 * @clock: what makes time of day of its time, ns
 */
void packets_event(struct packets *p, const struct tcphs_event *ev, int64_t clock)
{
	struct segment seg[SEGMENTS_MAX];
	unsigned int nr = segments_of(ev, seg, &p->counts.numberless), i;
	int64_t time = real_time(clock, ev->time);

	packets_settle(p, time);
	for (i = 0; i < nr; i++)
		take(p, ev, &seg[i], time);
	if (nr && ev->type == TCPHS_EV_FIN_RECEIVED)
		join_fin(p, ev);
	if (nr && ev->flags & TCPHS_F_AGREED)
		learn_agreed(p, ev, &seg[nr - 1]);
	else if (ev->flags & TCPHS_F_AGREED && ev->flags & TCPHS_F_ACK)
		learn_both(p, ev);
}

/**
 * packets_lost - records are missing here
 * @p: the file
 * @count: how many
 */
void packets_lost(struct packets *p, uint64_t count)
{
	p->lost += count;
	p->counts.lost += count;
}

/**
 * packets_settle - write what has waited
 * @p: the file
 * @now: CLOCK_REALTIME, ns; when it is earlier than before, the clock was set
 *
 * Return: 0, or -ENOMEM.
 */
int packets_settle(struct packets *p, int64_t now)
{
	int64_t time;

	while (p->written < p->made) {
		time = packet_at(p, p->written)->time;
		if (now >= time && (uint64_t)now - (uint64_t)time < WAIT_NS)
			break;
		write_oldest(p);
	}
	return p->err;
}

/**
 * packets_end - write all that is left
 * @p: the file
 *
 * Return: 0, or -ENOMEM.
 */
int packets_end(struct packets *p)
{
	while (p->written < p->made)
		write_oldest(p);
	return p->err;
}

/**
 * packets_counts - what became of the records so far
 * @p: the file
 */
const struct packets_counts *packets_counts(const struct packets *p)
{
	return &p->counts;
}

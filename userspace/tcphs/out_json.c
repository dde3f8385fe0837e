/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One event as one JSON object; tcphs(8) documents the fields.
 *
 * As in out_event.c a line is written straight into the output buffer, after
 * its room was reserved once. Keys are literals with their comma and colon;
 * values that are names, and the fields that say which connection it is, are
 * kept as text that is already quoted.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "cli.h"
#include "put.h"
#include "site.h"

#define JSON_MAX	3072
#define NSEC_PER_SEC	1000000000ull
#define CACHE_SIZE	256	/* connections whose steps mix */
#define CONN_LEN	128
#define ENDS_LEN	240
#define ISNS_LEN	64
#define OWNER_LEN	320
#define OWNER_COPY	80	/* of @owner at once: enough without a thread */
#define ISNS_FLAGS	(TCPHS_F_MAPPED | TCPHS_F_ISN | TCPHS_F_PEER_ISN)
#define COPY_LEN	128	/* of @ends at once: enough for IPv4 */

/* The end of struct tcphs_ident: whose it is. */
#define OWNER_ID (sizeof(struct tcphs_ident) - offsetof(struct tcphs_ident, pid))

/* The fields of a connection as text; found by its cookie, checked in full. */
struct known {
	uint8_t ident[offsetof(struct tcphs_ident, isn)];	/* conn to peer_port */
	uint32_t kind[2];			/* role to netns */
	bool valid;
	uint8_t conn_len;
	uint8_t ends_len;
	bool owner_known;
	uint16_t owner_len;
	uint8_t isns_len;
	uint32_t isns_flags;			/* MAPPED, ISN, PEER_ISN */
	uint32_t isns_of[2];
	uint8_t owner_id[OWNER_ID];		/* pid and names */
	char conn[CONN_LEN];
	char ends[ENDS_LEN];
	char isns[ISNS_LEN];
	char owner[OWNER_LEN];
	const struct tcphs_cgroup *cgroup;	/* or NULL */
};

_Static_assert(offsetof(struct tcphs_ident, pid) - offsetof(struct tcphs_ident, role) ==
	       2 * sizeof(uint32_t), "role, family, generation and netns are two words");
_Static_assert(OWNER_LEN >= sizeof(",\"pid\":4294967295,\"cgroup_id\":18446744073709551615"
				   ",\"comm\":\"\",\"thread\":\"\"") +
	       2 * TCPHS_JSON_ESCAPED * TCPHS_COMM_LEN, "an owner fits");
_Static_assert(CONN_LEN >= 2 * TCPHS_U64_LEN +
	       sizeof(",\"conn\":\"\",\"generation\":65535,\"netns\":,\"host\":\"\"") +
	       NETNS_NAME_LEN, "a connection fits");
_Static_assert(ENDS_LEN >= 2 * TCPHS_ADDRESS_LEN + 2 * TCPHS_U64_LEN + TCPHS_NAME_LEN +
	       sizeof(",\"local\":\"\",\"local_port\":,\"peer\":\"\",\"peer_port\":"
		      ",\"family\":\"ipv4\",\"role\":\"\""), "both ends fit");

_Static_assert(ISNS_LEN >= sizeof(",\"mapped\":true,\"isn\":4294967295,\"peer_isn\":4294967295"),
	       "both ISNs fit");

_Static_assert(JSON_MAX - 2048 >= 2 * TCPHS_UNIT_LEN + TCPHS_CONTAINER_LEN + TCPHS_POD_LEN +
	       sizeof(",\"unit\":\"\",\"container\":\"\",\"pod\":\"\"") +
	       TCPHS_JSON_ESCAPED * NETNS_NAME_LEN + sizeof(",\"netns_name\":\"\""),
	       "names of its cgroup and namespace fit, too");

static struct known known_conns[CACHE_SIZE];
static struct tcphs_cgroups *cgroups;		/* NULL: they have no names */

/* The fields of an event, in the order of a line. */
#define FIELDS(X) X(time) X(at) X(cpu) X(number) X(conn) X(generation) X(netns) X(host)	\
	X(netns_name) X(event) X(old) X(new) X(local) X(local_port) X(peer)		\
	X(peer_port) X(family) X(role) X(mapped) X(isn) X(peer_isn) X(seq) X(ack)	\
	X(reason) X(icmp_type) X(icmp_code) X(duration_ns) X(ifindex) X(pid)		\
	X(cgroup_id) X(comm) X(thread) X(unit) X(container) X(pod) X(listener)		\
	X(syn_queue) X(syn_limit) X(accept_queue) X(accept_limit) X(window) X(mss)	\
	X(options) X(snd_wscale) X(rcv_wscale) X(retransmits) X(syn_data) X(ack_data)	\
	X(bytes_sent) X(bytes_received) X(handshake_us) X(handshake_retransmits)	\
	X(closing_retransmits) X(srtt_us) X(min_rtt_us) X(closer) X(close_segments)	\
	X(resend) X(half_close_bytes) X(idle_sent_ns) X(idle_received_ns) X(unacked)	\
	X(unread) X(adopted) X(untracked) X(time_wait_ahead) X(bucket) X(restored)	\
	X(earlier_lost)

#define FIELD_NUMBER(name) FIELD_##name,
#define FIELD_NAME(name) #name,
enum field {
	FIELDS(FIELD_NUMBER)
	NR_FIELDS
};

static bool chosen[NR_FIELDS];
static const bool *only;			/* those that are written; NULL: all */

/*
 * Is this field written? @want is NULL for all. A compiler that knows this makes nothing of it:
 * what runs for each event is made twice, and a line of all fields does not pay for the choice.
 */
#define WANTS(name)	(!want || want[FIELD_##name])
#define EACH_EVENT	static inline __attribute__((always_inline))

/* A key and a name; a name of ours needs no escapes. */
static struct tcphs_piece event_piece[TCPHS_EV_MAX + 1];
static struct tcphs_piece old_piece[TCPHS_STATE_MAX + 1];
static struct tcphs_piece new_piece[TCPHS_STATE_MAX + 1];
static struct tcphs_piece reason_piece[TCPHS_REASON_MAX + 1];
static struct tcphs_piece closer_piece[TCPHS_CLOSER_MAX + 1];
static bool known_pieces;

/* Appends a key and its value. */
#define PUT_KEY(p, name) PUT(p, ",\"" #name "\":")
#define PUT_U64(p, name, v) \
	(WANTS(name) ? tcphs_put_u64(PUT_KEY(p, name), v) : (p))
#define PUT_TRUE(p, name) (WANTS(name) ? PUT(PUT_KEY(p, name), "true") : (p))
#define PUT_HEX(p, name, v) \
	(WANTS(name) ? PUT(tcphs_fmt_hex(PUT(PUT_KEY(p, name), "\""), v), "\"") : (p))
/* Text without anything to escape. */
#define PUT_STR(p, name, text) \
	(WANTS(name) ? PUT(tcphs_put_str(PUT(PUT_KEY(p, name), "\""), text), "\"") : (p))

/* Defines put_@name(), which appends a key and the name of a number. */
#define DEFINE_PUT(field, name_of)						\
static char *put_##field(char *p, unsigned int n)				\
{										\
	const bool *want = only;						\
	char buf[TCPHS_NAME_LEN];						\
										\
	return PUT_STR(p, field, name_of(n, buf));				\
}

DEFINE_PUT(event, tcphs_event_name)
DEFINE_PUT(old, tcphs_state_key)
DEFINE_PUT(new, tcphs_state_key)
DEFINE_PUT(reason, tcphs_reason_name)
DEFINE_PUT(closer, tcphs_closer_name)
DEFINE_PUT(role, tcphs_role_name)

/* A name that is prepared, or one of a newer module that is not. */
#define PUT_NAME(p, name, n) \
	((n) < sizeof(name##_piece) / sizeof(name##_piece[0]) ? \
	 tcphs_put_piece(p, &name##_piece[n]) : put_##name(p, n))

static void prepare(struct tcphs_piece *piece, size_t nr, char *(*put)(char *p, unsigned int n))
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		piece[i].len = (uint8_t)(put(piece[i].text, i) - piece[i].text);
}

static void prepare_pieces(void)
{
	prepare(event_piece, TCPHS_EV_MAX + 1, put_event);
	prepare(old_piece, TCPHS_STATE_MAX + 1, put_old);
	prepare(new_piece, TCPHS_STATE_MAX + 1, put_new);
	prepare(reason_piece, TCPHS_REASON_MAX + 1, put_reason);
	prepare(closer_piece, TCPHS_CLOSER_MAX + 1, put_closer);
	known_pieces = true;
}

static char *put_address(char *p, uint8_t family, const uint8_t *address)
{
	return PUT(tcphs_fmt_address(PUT(p, "\""), family, address), "\"");
}

static void learn_ends(struct known *known, const struct tcphs_ident *id)
{
	const bool *want = only;
	char *p = known->ends;

	if (WANTS(local))
		p = put_address(PUT_KEY(p, local), id->family, id->local);
	p = PUT_U64(p, local_port, id->local_port);
	if (WANTS(peer))
		p = put_address(PUT_KEY(p, peer), id->family, id->peer);
	p = PUT_U64(p, peer_port, id->peer_port);
	p = PUT_STR(p, family, id->family == AF_INET6 ? "ipv6" : "ipv4");
	p = put_role(p, id->role);
	known->ends_len = (uint8_t)(p - known->ends);
}

static __attribute__((noinline)) void learn(struct known *known, const struct tcphs_ident *id)
{
	const bool *want = only;
	char *p = known->conn;

	/* The first of all: where nothing is known, the names are not either. */
	if (!known_pieces)
		prepare_pieces();
	p = PUT_HEX(p, conn, id->conn);
	p = PUT_U64(p, generation, id->generation);
	p = PUT_U64(p, netns, site_inode(id->netns));
	if (site_host(id->netns))
		p = PUT_STR(p, host, site_host(id->netns));
	known->conn_len = (uint8_t)(p - known->conn);
	learn_ends(known, id);

	known->owner_known = false;
	known->isns_flags = UINT32_MAX;
	memcpy(known->ident, id, sizeof(known->ident));
	memcpy(&known->kind, &id->role, sizeof(known->kind));
	known->valid = true;
}

EACH_EVENT struct known *who(const struct tcphs_ident *id)
{
	struct known *known = &known_conns[id->conn % CACHE_SIZE];

	if (!known->valid || memcmp(&known->kind, &id->role, sizeof(known->kind)) ||
	    memcmp(known->ident, id, sizeof(known->ident)))
		learn(known, id);
	return known;
}

EACH_EVENT char *put_ends(char *p, const struct known *known)
{
	memcpy(p, known->ends, COPY_LEN);
	if (known->ends_len > COPY_LEN)
		memcpy(p + COPY_LEN, known->ends + COPY_LEN, sizeof(known->ends) - COPY_LEN);
	return p + known->ends_len;
}

/* Up to 16 bytes of anything. */
static char *put_comm(char *p, const uint8_t *comm)
{
	p = tcphs_json_escape(PUT(p, "\""), comm, strnlen((const char *)comm, TCPHS_COMM_LEN));
	return PUT(p, "\"");
}

static __attribute__((noinline)) void learn_owner(struct known *known, const struct tcphs_ident *id)
{
	const bool *want = only;
	char *p = PUT_U64(known->owner, pid, id->pid);

	if (id->cgroup)
		p = PUT_U64(p, cgroup_id, SITE_CGROUP_ID(id->cgroup));
	if (WANTS(comm))
		p = put_comm(PUT_KEY(p, comm), id->comm);
	if (id->thread[0] && WANTS(thread))
		p = put_comm(PUT_KEY(p, thread), id->thread);
	known->owner_len = (uint16_t)(p - known->owner);
	known->owner_known = true;
	memcpy(known->owner_id, &id->pid, OWNER_ID);
	known->cgroup = cgroups ? tcphs_cgroups_find(cgroups, id->cgroup) : NULL;
}

/* Of letters, digits and the like, and backslashes. */
static char *put_unit(char *p, const char *unit)
{
	p = PUT(PUT_KEY(p, unit), "\"");
	for (; *unit; unit++) {
		if (*unit == '\\')
			*p++ = '\\';
		*p++ = *unit;
	}
	return PUT(p, "\"");
}

static char *put_cgroup(char *p, const struct tcphs_cgroup_names *names)
{
	const bool *want = only;

	if (*names->unit && WANTS(unit))
		p = put_unit(p, names->unit);
	if (*names->container)
		p = PUT_STR(p, container, names->container);
	if (*names->pod)
		p = PUT_STR(p, pod, names->pod);
	return p;
}

EACH_EVENT char *put_owner(char *p, struct known *known, const struct tcphs_ident *id)
{
	if (!known->owner_known || memcmp(known->owner_id, &id->pid, OWNER_ID))
		learn_owner(known, id);
	memcpy(p, known->owner, OWNER_COPY);
	if (known->owner_len > OWNER_COPY)
		memcpy(p + OWNER_COPY, known->owner + OWNER_COPY, sizeof(known->owner) - OWNER_COPY);
	p += known->owner_len;
	return known->cgroup ? put_cgroup(p, &known->cgroup->names) : p;
}

EACH_EVENT char *put_queue(char *p, const struct tcphs_queue *q, const bool *want)
{
	p = PUT_HEX(p, listener, q->listener);
	p = PUT_U64(p, syn_queue, q->syn_queue);
	p = PUT_U64(p, syn_limit, q->syn_limit);
	p = PUT_U64(p, accept_queue, q->accept_queue);
	return PUT_U64(p, accept_limit, q->accept_limit);
}

static __attribute__((noinline)) char *put_options(char *p, unsigned int options)
{
	char buf[TCPHS_NAME_LEN];

	p = PUT(PUT_KEY(p, options), "[");
	for (; options; options &= options - 1) {
		p = PUT(p, "\"");
		p = tcphs_put_str(p, tcphs_option_name((unsigned int)__builtin_ctz(options), buf));
		p = PUT(p, "\"");
		if (options & (options - 1))
			p = PUT(p, ",");
	}
	return PUT(p, "]");
}

EACH_EVENT char *put_agreed(char *p, const struct tcphs_agreed *a, const bool *want)
{
	p = PUT_U64(p, window, a->window);
	p = PUT_U64(p, mss, a->mss);
	if (WANTS(options))
		p = put_options(p, a->options);
	p = PUT_U64(p, snd_wscale, a->snd_wscale);
	p = PUT_U64(p, rcv_wscale, a->rcv_wscale);
	p = PUT_U64(p, retransmits, a->retransmits);
	if (a->syn_data)
		p = PUT_U64(p, syn_data, a->syn_data);
	if (a->ack_data)
		p = PUT_U64(p, ack_data, a->ack_data);
	return p;
}

EACH_EVENT char *put_life(char *p, const struct tcphs_event *ev, const bool *want)
{
	const struct tcphs_life *life = &ev->life;

	p = PUT_U64(p, bytes_sent, life->bytes_sent);
	p = PUT_U64(p, bytes_received, life->bytes_received);
	p = PUT_U64(p, handshake_us, life->handshake_us);
	p = PUT_U64(p, retransmits, life->retransmits);
	/* Of what is older than the module only that is known. */
	if (!(ev->flags & TCPHS_F_ADOPTED)) {
		p = PUT_U64(p, handshake_retransmits, life->handshake_retransmits);
		p = PUT_U64(p, closing_retransmits, life->closing_retransmits);
	}
	if (life->srtt_us) {
		p = PUT_U64(p, srtt_us, life->srtt_us);
		p = PUT_U64(p, min_rtt_us, life->min_rtt_us);
	}
	if (WANTS(closer))
		p = PUT_NAME(p, closer, life->closer);
	return life->segments ? PUT_U64(p, close_segments, life->segments) : p;
}

EACH_EVENT char *put_detail(char *p, const struct tcphs_event *ev, const bool *want)
{
	if (ev->flags & TCPHS_F_QUEUE)
		return put_queue(p, &ev->queue, want);
	if (ev->flags & TCPHS_F_AGREED)
		return put_agreed(p, &ev->agreed, want);
	if (ev->flags & TCPHS_F_LIFE)
		return put_life(p, ev, want);
	if (ev->flags & TCPHS_F_RESEND)
		return PUT_U64(p, resend, ev->resend.number);
	if (ev->flags & TCPHS_F_HALF)
		return PUT_U64(p, half_close_bytes, ev->half.bytes);
	if (ev->flags & TCPHS_F_IDLE) {
		p = PUT_U64(p, idle_sent_ns, ev->idle.sent);
		p = PUT_U64(p, idle_received_ns, ev->idle.received);
		p = PUT_U64(p, unacked, ev->idle.unacked);
		return PUT_U64(p, unread, ev->idle.unread);
	}
	return p;
}

static __attribute__((noinline)) void learn_isns(struct known *known, const struct tcphs_event *ev)
{
	const bool *want = only;
	char *p = known->isns;

	if (ev->flags & TCPHS_F_MAPPED)
		p = PUT_TRUE(p, mapped);
	if (ev->flags & TCPHS_F_ISN)
		p = PUT_U64(p, isn, ev->id.isn);
	if (ev->flags & TCPHS_F_PEER_ISN)
		p = PUT_U64(p, peer_isn, ev->id.peer_isn);
	known->isns_len = (uint8_t)(p - known->isns);
	known->isns_flags = ev->flags & ISNS_FLAGS;
	known->isns_of[0] = ev->id.isn;
	known->isns_of[1] = ev->id.peer_isn;
}

EACH_EVENT char *put_isns(char *p, struct known *known, const struct tcphs_event *ev)
{
	if (known->isns_flags != (ev->flags & ISNS_FLAGS) || known->isns_of[0] != ev->id.isn ||
	    known->isns_of[1] != ev->id.peer_isn)
		learn_isns(known, ev);
	memcpy(p, known->isns, sizeof(known->isns));
	return p + known->isns_len;
}

EACH_EVENT char *put_step(char *p, const struct tcphs_event *ev, const bool *want)
{
	if (ev->flags & TCPHS_F_SEQ)
		p = PUT_U64(p, seq, ev->seq);
	if (ev->flags & TCPHS_F_ACK)
		p = PUT_U64(p, ack, ev->ack);
	if (ev->reason != TCPHS_REASON_NONE && WANTS(reason))
		p = PUT_NAME(p, reason, ev->reason);
	if (ev->flags & TCPHS_F_ICMP) {
		p = PUT_U64(p, icmp_type, ev->icmp_type);
		p = PUT_U64(p, icmp_code, ev->icmp_code);
	}
	if (ev->flags & TCPHS_F_DURATION)
		p = PUT_U64(p, duration_ns, ev->duration);
	if (ev->ifindex)
		p = PUT_U64(p, ifindex, ev->ifindex);
	return p;
}

EACH_EVENT char *put_flags(char *p, const struct tcphs_event *ev, const bool *want)
{
	if (ev->flags & TCPHS_F_ADOPTED)
		p = PUT_TRUE(p, adopted);
	if (ev->flags & TCPHS_F_UNTRACKED)
		p = PUT_TRUE(p, untracked);
	if (ev->flags & TCPHS_F_TIME_WAIT_AHEAD)
		p = PUT_TRUE(p, time_wait_ahead);
	if (ev->flags & TCPHS_F_BUCKET)
		p = PUT_TRUE(p, bucket);
	if (ev->flags & TCPHS_F_RESTORED)
		p = PUT_TRUE(p, restored);
	if (ev->flags & TCPHS_F_GAP)
		p = PUT_TRUE(p, earlier_lost);
	return p;
}

/*
 * Two clocks as text. What they have before the nanoseconds stays the same for many events.
 */
struct second {
	uint64_t begins;	/* ns of that clock */
	uint8_t len;		/* 0: none yet */
	char text[48];
};

static struct second monotonic, utc;

static __attribute__((noinline)) void learn_monotonic(uint64_t seconds)
{
	char *p = PUT_KEY(monotonic.text, time);

	/* No zero comes first. */
	if (seconds)
		p = tcphs_put_u64(p, seconds);
	monotonic.begins = seconds * NSEC_PER_SEC;
	monotonic.len = (uint8_t)(p - monotonic.text);
}

static __attribute__((noinline)) void learn_utc(uint64_t seconds)
{
	char *p = PUT(PUT_KEY(utc.text, at), "\"");
	time_t t = (time_t)seconds;
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	p += strftime(p, sizeof(utc.text) - (size_t)(p - utc.text), "%Y-%m-%dT%H:%M:%S.", &tm);
	utc.begins = seconds * NSEC_PER_SEC;
	utc.len = (uint8_t)(p - utc.text);
}

EACH_EVENT char *put_second(char *p, const struct second *second)
{
	memcpy(p, second->text, sizeof(second->text));
	return p + second->len;
}

/* By the clock that cannot be set. */
EACH_EVENT char *put_time(char *p, uint64_t ns)
{
	if (!monotonic.len || ns - monotonic.begins >= NSEC_PER_SEC)
		learn_monotonic(ns / NSEC_PER_SEC);
	p = put_second(p, &monotonic);
	return monotonic.begins ? tcphs_put_9(p, (uint32_t)(ns - monotonic.begins)) :
				  tcphs_put_u64(p, ns);
}

/* The time of day. */
EACH_EVENT char *put_at(char *p, uint64_t real)
{
	if (!utc.len || real - utc.begins >= NSEC_PER_SEC)
		learn_utc(real / NSEC_PER_SEC);
	p = put_second(p, &utc);
	p = tcphs_put_9(p, (uint32_t)(real - utc.begins));
	return PUT(p, "Z\"");
}

static char *put_netns_name(char *p, const char *name)
{
	p = tcphs_json_escape(PUT(PUT_KEY(p, netns_name), "\""), name, strlen(name));
	return PUT(p, "\"");
}

EACH_EVENT void write_event(struct tcphs_buf *out, const struct tcphs_event *ev, int64_t clock,
			    const bool *want)
{
	struct known *known = who(&ev->id);
	const char *netns = netns_shown(ev->id.netns);
	char *start = tcphs_buf_room(out, JSON_MAX), *p = start;

	if (WANTS(time))
		p = put_time(p, ev->time);
	if (WANTS(at))
		p = put_at(p, ev->time + (uint64_t)clock);
	p = PUT_U64(p, cpu, ev->cpu);
	p = PUT_U64(p, number, ev->number);
	memcpy(p, known->conn, sizeof(known->conn));
	p += known->conn_len;
	if (netns && WANTS(netns_name))
		p = put_netns_name(p, netns);
	if (WANTS(event))
		p = PUT_NAME(p, event, ev->type);
	if (WANTS(old))
		p = PUT_NAME(p, old, ev->old_state);
	if (WANTS(new))
		p = PUT_NAME(p, new, ev->new_state);
	p = put_ends(p, known);
	p = put_isns(p, known, ev);
	p = put_step(p, ev, want);
	if (ev->flags & TCPHS_F_OWNER)
		p = put_owner(p, known, &ev->id);
	p = put_detail(p, ev, want);
	p = put_flags(p, ev, want);
	/* Each field brings its comma, the first one the bracket's place. */
	if (p == start)
		p++;
	*start = '{';
	tcphs_buf_commit_line(out, PUT(p, "}"));
}

/**
 * event_json - one event as a line
 * @out: where to
 * @ev: the event
 * @clock: CLOCK_REALTIME - CLOCK_MONOTONIC, ns
 */
void event_json(struct tcphs_buf *out, const struct tcphs_event *ev, int64_t clock)
{
	if (only)
		write_event(out, ev, clock, only);
	else
		write_event(out, ev, clock, NULL);
}

static const char *field_name(const struct choices *of, unsigned int n)
{
	static const char *const names[] = { FIELDS(FIELD_NAME) };

	(void)of;
	return names[n];
}

static void choose_field(const struct choices *of, unsigned int n)
{
	(void)of;
	chosen[n] = true;
}

static void choose_all(const struct choices *of)
{
	memset(chosen, true, of->nr * sizeof(chosen[0]));
}

/**
 * event_json_fields - which fields of an event are written
 * @cli: with -o; without, all are
 *
 * Before the first event. Ends the program when one of those is none.
 */
void event_json_fields(const struct cli *cli)
{
	static const struct choices fields = {
		.what = "field", .nr = NR_FIELDS, .name = field_name,
		.take = choose_field, .take_all = choose_all,
	};

	if (!cli->output)
		return;
	cli_choose(cli, &fields);
	only = chosen;
}

/**
 * event_json_cgroups - who knows the names of cgroups
 * @names: must stay; NULL: nobody
 */
void event_json_cgroups(struct tcphs_cgroups *names)
{
	cgroups = names;
}

/**
 * event_json_lost - a hole in the record
 * @out: where to
 * @cpu: whose ring
 * @count: how many are missing
 */
void event_json_lost(struct tcphs_buf *out, uint32_t cpu, uint64_t count)
{
	struct tcphs_json j;

	tcphs_json_begin(&j, out);
	tcphs_json_str(&j, "event", "lost");
	if (cpu != TCPHS_NO_CPU)
		tcphs_json_u64(&j, "cpu", cpu);
	tcphs_json_u64(&j, "lost", count);
	tcphs_json_end(&j);
}

/**
 * event_json_missing - a time of which a recording has nothing
 * @out: where to
 * @missing: which, and why
 */
void event_json_missing(struct tcphs_buf *out, const struct tcphs_missing *missing)
{
	struct tcphs_json j;

	tcphs_json_begin(&j, out);
	tcphs_json_str(&j, "event", "missing");
	tcphs_json_str(&j, "why", tcphs_missing_name(missing->why));
	tcphs_json_moment(&j, "from", missing->from);
	tcphs_json_moment(&j, "to", missing->to);
	tcphs_json_end(&j);
}

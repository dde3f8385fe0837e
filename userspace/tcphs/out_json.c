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
	uint16_t owner_len;			/* 0: not known yet */
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

/* A key and a name; a name of ours needs no escapes. */
static struct tcphs_piece event_piece[TCPHS_EV_MAX + 1];
static struct tcphs_piece old_piece[TCPHS_STATE_MAX + 1];
static struct tcphs_piece new_piece[TCPHS_STATE_MAX + 1];
static struct tcphs_piece reason_piece[TCPHS_REASON_MAX + 1];
static struct tcphs_piece closer_piece[TCPHS_CLOSER_MAX + 1];

/* Appends a key and a number. */
#define PUT_U64(p, key, v) tcphs_put_u64(PUT(p, ",\"" key "\":"), v)

/* Defines put_@name(), which appends a key and the name of a number. */
#define DEFINE_PUT(name, key, name_of)						\
static char *put_##name(char *p, unsigned int n)				\
{										\
	char buf[TCPHS_NAME_LEN];						\
										\
	p = tcphs_put_str(PUT(p, ",\"" key "\":\""), name_of(n, buf));		\
	return PUT(p, "\"");							\
}

DEFINE_PUT(event, "event", tcphs_event_name)
DEFINE_PUT(old, "old", tcphs_state_key)
DEFINE_PUT(new, "new", tcphs_state_key)
DEFINE_PUT(reason, "reason", tcphs_reason_name)
DEFINE_PUT(closer, "closer", tcphs_closer_name)
DEFINE_PUT(role, "role", tcphs_role_name)

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
}

static void learn_ends(struct known *known, const struct tcphs_ident *id)
{
	char *p = PUT(known->ends, ",\"local\":\"");

	p = tcphs_fmt_address(p, id->family, id->local);
	p = PUT(p, "\"");
	p = PUT_U64(p, "local_port", id->local_port);
	p = PUT(p, ",\"peer\":\"");
	p = tcphs_fmt_address(p, id->family, id->peer);
	p = PUT(p, "\"");
	p = PUT_U64(p, "peer_port", id->peer_port);
	if (id->family == AF_INET6)
		p = PUT(p, ",\"family\":\"ipv6\"");
	else
		p = PUT(p, ",\"family\":\"ipv4\"");
	p = put_role(p, id->role);
	known->ends_len = (uint8_t)(p - known->ends);
}

static void learn(struct known *known, const struct tcphs_ident *id)
{
	char *p = PUT(known->conn, ",\"conn\":\"");

	/* The first of all: where nothing is known, the names are not either. */
	if (!event_piece[0].len)
		prepare_pieces();
	p = tcphs_fmt_hex(p, id->conn);
	p = PUT(p, "\"");
	p = PUT_U64(p, "generation", id->generation);
	p = PUT_U64(p, "netns", site_inode(id->netns));
	if (site_host(id->netns)) {
		p = PUT(p, ",\"host\":\"");
		p = stpcpy(p, site_host(id->netns));
		p = PUT(p, "\"");
	}
	known->conn_len = (uint8_t)(p - known->conn);
	learn_ends(known, id);

	known->owner_len = 0;
	known->isns_flags = UINT32_MAX;
	memcpy(known->ident, id, sizeof(known->ident));
	memcpy(&known->kind, &id->role, sizeof(known->kind));
	known->valid = true;
}

static struct known *who(const struct tcphs_ident *id)
{
	struct known *known = &known_conns[id->conn % CACHE_SIZE];

	if (!known->valid || memcmp(&known->kind, &id->role, sizeof(known->kind)) ||
	    memcmp(known->ident, id, sizeof(known->ident)))
		learn(known, id);
	return known;
}

static char *put_ends(char *p, const struct known *known)
{
	memcpy(p, known->ends, COPY_LEN);
	if (known->ends_len > COPY_LEN)
		memcpy(p + COPY_LEN, known->ends + COPY_LEN, sizeof(known->ends) - COPY_LEN);
	return p + known->ends_len;
}

static void learn_owner(struct known *known, const struct tcphs_ident *id)
{
	char *p = PUT_U64(known->owner, "pid", id->pid);

	if (id->cgroup)
		p = PUT_U64(p, "cgroup_id", SITE_CGROUP_ID(id->cgroup));
	p = PUT(p, ",\"comm\":\"");
	p = tcphs_json_escape(p, id->comm, strnlen((const char *)id->comm, sizeof(id->comm)));
	if (id->thread[0]) {
		p = PUT(p, "\",\"thread\":\"");
		p = tcphs_json_escape(p, id->thread,
				      strnlen((const char *)id->thread, sizeof(id->thread)));
	}
	p = PUT(p, "\"");
	known->owner_len = (uint16_t)(p - known->owner);
	memcpy(known->owner_id, &id->pid, OWNER_ID);
	known->cgroup = cgroups ? tcphs_cgroups_find(cgroups, id->cgroup) : NULL;
}

/* Of letters, digits and the like, and backslashes. */
static char *put_unit(char *p, const char *unit)
{
	p = PUT(p, ",\"unit\":\"");
	for (; *unit; unit++) {
		if (*unit == '\\')
			*p++ = '\\';
		*p++ = *unit;
	}
	return PUT(p, "\"");
}

static char *put_cgroup(char *p, const struct tcphs_cgroup_names *names)
{
	if (*names->unit)
		p = put_unit(p, names->unit);
	if (*names->container)
		p = PUT(tcphs_put_str(PUT(p, ",\"container\":\""), names->container), "\"");
	if (*names->pod)
		p = PUT(tcphs_put_str(PUT(p, ",\"pod\":\""), names->pod), "\"");
	return p;
}

static char *put_owner(char *p, struct known *known, const struct tcphs_ident *id)
{
	if (!known->owner_len || memcmp(known->owner_id, &id->pid, OWNER_ID))
		learn_owner(known, id);
	memcpy(p, known->owner, OWNER_COPY);
	if (known->owner_len > OWNER_COPY)
		memcpy(p + OWNER_COPY, known->owner + OWNER_COPY, sizeof(known->owner) - OWNER_COPY);
	p += known->owner_len;
	return known->cgroup ? put_cgroup(p, &known->cgroup->names) : p;
}

static char *put_queue(char *p, const struct tcphs_queue *q)
{
	p = PUT(p, ",\"listener\":\"");
	p = tcphs_fmt_hex(p, q->listener);
	p = PUT(p, "\"");
	p = PUT_U64(p, "syn_queue", q->syn_queue);
	p = PUT_U64(p, "syn_limit", q->syn_limit);
	p = PUT_U64(p, "accept_queue", q->accept_queue);
	return PUT_U64(p, "accept_limit", q->accept_limit);
}

static char *put_options(char *p, unsigned int options)
{
	char buf[TCPHS_NAME_LEN];

	p = PUT(p, ",\"options\":[");
	for (; options; options &= options - 1) {
		p = PUT(p, "\"");
		p = tcphs_put_str(p, tcphs_option_name((unsigned int)__builtin_ctz(options), buf));
		p = PUT(p, "\"");
		if (options & (options - 1))
			p = PUT(p, ",");
	}
	return PUT(p, "]");
}

static char *put_agreed(char *p, const struct tcphs_agreed *a)
{
	p = PUT_U64(p, "window", a->window);
	p = PUT_U64(p, "mss", a->mss);
	p = put_options(p, a->options);
	p = PUT_U64(p, "snd_wscale", a->snd_wscale);
	p = PUT_U64(p, "rcv_wscale", a->rcv_wscale);
	p = PUT_U64(p, "retransmits", a->retransmits);
	if (a->syn_data)
		p = PUT_U64(p, "syn_data", a->syn_data);
	if (a->ack_data)
		p = PUT_U64(p, "ack_data", a->ack_data);
	return p;
}

static char *put_life(char *p, const struct tcphs_event *ev)
{
	const struct tcphs_life *life = &ev->life;

	p = PUT_U64(p, "bytes_sent", life->bytes_sent);
	p = PUT_U64(p, "bytes_received", life->bytes_received);
	p = PUT_U64(p, "handshake_us", life->handshake_us);
	p = PUT_U64(p, "retransmits", life->retransmits);
	/* Of what is older than the module only that is known. */
	if (!(ev->flags & TCPHS_F_ADOPTED)) {
		p = PUT_U64(p, "handshake_retransmits", life->handshake_retransmits);
		p = PUT_U64(p, "closing_retransmits", life->closing_retransmits);
	}
	if (life->srtt_us) {
		p = PUT_U64(p, "srtt_us", life->srtt_us);
		p = PUT_U64(p, "min_rtt_us", life->min_rtt_us);
	}
	p = PUT_NAME(p, closer, life->closer);
	return life->segments ? PUT_U64(p, "close_segments", life->segments) : p;
}

static char *put_detail(char *p, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_QUEUE)
		return put_queue(p, &ev->queue);
	if (ev->flags & TCPHS_F_AGREED)
		return put_agreed(p, &ev->agreed);
	if (ev->flags & TCPHS_F_LIFE)
		return put_life(p, ev);
	if (ev->flags & TCPHS_F_RESEND)
		return PUT_U64(p, "resend", ev->resend.number);
	if (ev->flags & TCPHS_F_HALF)
		return PUT_U64(p, "half_close_bytes", ev->half.bytes);
	if (ev->flags & TCPHS_F_IDLE) {
		p = PUT_U64(p, "idle_sent_ns", ev->idle.sent);
		p = PUT_U64(p, "idle_received_ns", ev->idle.received);
		p = PUT_U64(p, "unacked", ev->idle.unacked);
		return PUT_U64(p, "unread", ev->idle.unread);
	}
	return p;
}

static void learn_isns(struct known *known, const struct tcphs_event *ev)
{
	char *p = known->isns;

	if (ev->flags & TCPHS_F_MAPPED)
		p = PUT(p, ",\"mapped\":true");
	if (ev->flags & TCPHS_F_ISN)
		p = PUT_U64(p, "isn", ev->id.isn);
	if (ev->flags & TCPHS_F_PEER_ISN)
		p = PUT_U64(p, "peer_isn", ev->id.peer_isn);
	known->isns_len = (uint8_t)(p - known->isns);
	known->isns_flags = ev->flags & ISNS_FLAGS;
	known->isns_of[0] = ev->id.isn;
	known->isns_of[1] = ev->id.peer_isn;
}

static char *put_isns(char *p, struct known *known, const struct tcphs_event *ev)
{
	if (known->isns_flags != (ev->flags & ISNS_FLAGS) || known->isns_of[0] != ev->id.isn ||
	    known->isns_of[1] != ev->id.peer_isn)
		learn_isns(known, ev);
	memcpy(p, known->isns, sizeof(known->isns));
	return p + known->isns_len;
}

static char *put_step(char *p, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_SEQ)
		p = PUT_U64(p, "seq", ev->seq);
	if (ev->flags & TCPHS_F_ACK)
		p = PUT_U64(p, "ack", ev->ack);
	if (ev->reason != TCPHS_REASON_NONE)
		p = PUT_NAME(p, reason, ev->reason);
	if (ev->flags & TCPHS_F_ICMP) {
		p = PUT_U64(p, "icmp_type", ev->icmp_type);
		p = PUT_U64(p, "icmp_code", ev->icmp_code);
	}
	if (ev->flags & TCPHS_F_DURATION)
		p = PUT_U64(p, "duration_ns", ev->duration);
	if (ev->ifindex)
		p = PUT_U64(p, "ifindex", ev->ifindex);
	return p;
}

static char *put_flags(char *p, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_ADOPTED)
		p = PUT(p, ",\"adopted\":true");
	if (ev->flags & TCPHS_F_UNTRACKED)
		p = PUT(p, ",\"untracked\":true");
	if (ev->flags & TCPHS_F_TIME_WAIT_AHEAD)
		p = PUT(p, ",\"time_wait_ahead\":true");
	if (ev->flags & TCPHS_F_BUCKET)
		p = PUT(p, ",\"bucket\":true");
	if (ev->flags & TCPHS_F_RESTORED)
		p = PUT(p, ",\"restored\":true");
	if (ev->flags & TCPHS_F_GAP)
		p = PUT(p, ",\"earlier_lost\":true");
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

static void learn_monotonic(uint64_t seconds)
{
	char *p = PUT(monotonic.text, "{\"time\":");

	/* No zero comes first. */
	if (seconds)
		p = tcphs_put_u64(p, seconds);
	monotonic.begins = seconds * NSEC_PER_SEC;
	monotonic.len = (uint8_t)(p - monotonic.text);
}

static void learn_utc(uint64_t seconds)
{
	char *p = PUT(utc.text, ",\"at\":\"");
	time_t t = (time_t)seconds;
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	p += strftime(p, sizeof(utc.text) - (size_t)(p - utc.text), "%Y-%m-%dT%H:%M:%S.", &tm);
	utc.begins = seconds * NSEC_PER_SEC;
	utc.len = (uint8_t)(p - utc.text);
}

static char *put_second(char *p, const struct second *second)
{
	memcpy(p, second->text, sizeof(second->text));
	return p + second->len;
}

/* When it was: by the clock that cannot be set, and by the time of day. */
static char *put_times(char *p, uint64_t ns, int64_t clock)
{
	uint64_t real = ns + (uint64_t)clock;

	if (!monotonic.len || ns - monotonic.begins >= NSEC_PER_SEC)
		learn_monotonic(ns / NSEC_PER_SEC);
	if (!utc.len || real - utc.begins >= NSEC_PER_SEC)
		learn_utc(real / NSEC_PER_SEC);
	p = put_second(p, &monotonic);
	if (monotonic.begins)
		p = tcphs_put_9(p, (uint32_t)(ns - monotonic.begins));
	else
		p = tcphs_put_u64(p, ns);
	p = put_second(p, &utc);
	p = tcphs_put_9(p, (uint32_t)(real - utc.begins));
	return PUT(p, "Z\"");
}

static char *put_netns(char *p, const char *name)
{
	p = PUT(p, ",\"netns_name\":\"");
	return PUT(tcphs_json_escape(p, name, strlen(name)), "\"");
}

/**
 * event_json - one event as a line
 * @out: where to
 * @ev: the event
 * @clock: CLOCK_REALTIME - CLOCK_MONOTONIC, ns
 */
void event_json(struct tcphs_buf *out, const struct tcphs_event *ev, int64_t clock)
{
	struct known *known = who(&ev->id);
	const char *netns = netns_shown(ev->id.netns);
	char *p = tcphs_buf_room(out, JSON_MAX);

	p = put_times(p, ev->time, clock);
	p = PUT_U64(p, "cpu", ev->cpu);
	p = PUT_U64(p, "number", ev->number);
	memcpy(p, known->conn, sizeof(known->conn));
	p += known->conn_len;
	if (netns)
		p = put_netns(p, netns);
	p = PUT_NAME(p, event, ev->type);
	p = PUT_NAME(p, old, ev->old_state);
	p = PUT_NAME(p, new, ev->new_state);
	p = put_ends(p, known);
	p = put_isns(p, known, ev);
	p = put_step(p, ev);
	if (ev->flags & TCPHS_F_OWNER)
		p = put_owner(p, known, &ev->id);
	p = put_detail(p, ev);
	p = put_flags(p, ev);
	tcphs_buf_commit_line(out, PUT(p, "}"));
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

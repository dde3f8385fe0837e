/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each record adds to the track of its connection:
 *
 *	connection	a slice (B, E), from the first record to the last
 *	state		a slice in it
 *	record		an instant (i)
 *	SYN queue, accept queue	slices of their own (b, e), since a wait goes on in the next state
 *	listener's queues	counters (C), when a record has their depth
 *
 * Times begin with 0 at the first record: microseconds since 1970 and their thousandths are
 * more than the format's readers keep apart.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "conn_life.h"
#include "hash.h"
#include "trace.h"

#define NSEC_PER_SEC	1000000000ull
/* So many lines are worth being gone through for those that are over. */
#define LINES_MIN	1024

/* One end of a connection. */
struct line {
	uint64_t conn;
	uint32_t netns;
	uint16_t generation;
	uint8_t state;			/* whose slice is open; UNSPEC: none is */
	bool over;
	bool closed;			/* but TIME_WAIT may follow */
	const char *waits;		/* in which queue; NULL: in none */
	bool owned;			/* its name says whose it is */
	uint32_t process, thread;
};

struct trace {
	struct tcphs_buf *out;
	netns_namer *namer;
	bool begun;			/* something is written */

	struct line *line;
	uint32_t nr, cap, nr_over;
	struct hash lines;
	uint64_t connections;		/* ever */

	uint32_t *space;		/* the namespace of each process */
	uint32_t nr_spaces, spaces_cap;
	struct hash spaces;

	uint64_t first_real;		/* CLOCK_REALTIME of the first record, ns */
	uint64_t base;			/* CLOCK_MONOTONIC that is 0 in the trace */
	uint64_t last;			/* of the last record */
	uint64_t now;			/* in the trace, ns */
	uint64_t lost;			/* records, since the last one */
	int err;
};

/* ---- one event of the format ----------------------------------------------------- */

static void open_event(struct trace *t, struct tcphs_json *j, const char *phase, const char *name,
		       uint32_t process, uint32_t thread)
{
	tcphs_buf_str(t->out, t->begun ? ",\n" : "\n");
	t->begun = true;
	tcphs_json_begin(j, t->out);
	tcphs_json_str(j, "ph", phase);
	tcphs_json_str(j, "name", name);
	tcphs_json_u64(j, "pid", process);
	tcphs_json_u64(j, "tid", thread);
	tcphs_buf_printf(t->out, ",\"ts\":%llu.%03u", (unsigned long long)(t->now / 1000),
			 (unsigned int)(t->now % 1000));
}

static void close_event(struct tcphs_json *j)
{
	tcphs_json_close(j, '}');
}

static void put_plain(struct trace *t, const char *phase, const char *name, const struct line *line)
{
	struct tcphs_json j;

	open_event(t, &j, phase, name, line->process, line->thread);
	close_event(&j);
}

/* Names of what is shown as process or thread. */
static void put_name(struct trace *t, const char *what, uint32_t process, uint32_t thread,
		     const char *name)
{
	struct tcphs_json j;

	open_event(t, &j, "M", what, process, thread);
	tcphs_json_open(&j, "args", '{');
	tcphs_json_str(&j, "name", name);
	tcphs_json_close(&j, '}');
	close_event(&j);
}

/* ---- what the records say ---------------------------------------------------------- */

static void put_life(struct tcphs_json *j, const struct tcphs_life *life)
{
	char name[TCPHS_NAME_LEN];

	tcphs_json_u64(j, "bytes_sent", life->bytes_sent);
	tcphs_json_u64(j, "bytes_received", life->bytes_received);
	tcphs_json_u64(j, "handshake_us", life->handshake_us);
	tcphs_json_u64(j, "retransmits", life->retransmits);
	if (life->srtt_us) {
		tcphs_json_u64(j, "srtt_us", life->srtt_us);
		tcphs_json_u64(j, "min_rtt_us", life->min_rtt_us);
	}
	tcphs_json_str(j, "closer", tcphs_closer_name(life->closer, name));
}

static void put_detail(struct tcphs_json *j, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_LIFE)
		put_life(j, &ev->life);
	if (ev->flags & TCPHS_F_RESEND)
		tcphs_json_u64(j, "resend", ev->resend.number);
	if (ev->flags & TCPHS_F_HALF)
		tcphs_json_u64(j, "half_close_bytes", ev->half.bytes);
	if (ev->flags & TCPHS_F_AGREED) {
		tcphs_json_u64(j, "mss", ev->agreed.mss);
		tcphs_json_u64(j, "window", ev->agreed.window);
	}
	if (ev->flags & TCPHS_F_QUEUE)
		tcphs_json_hex(j, "listener", ev->queue.listener);
}

/* Names as in the objects of tcphs events --json. */
static void put_args(struct tcphs_json *j, const struct tcphs_event *ev)
{
	char name[TCPHS_NAME_LEN], owner[TCPHS_OWNER_LEN], ends[2][TCPHS_ENDPOINT_LEN];

	tcphs_json_open(j, "args", '{');
	tcphs_json_hex(j, "conn", ev->id.conn);
	tcphs_fmt_endpoint(ends[0], ev->id.family, ev->id.local, ev->id.local_port);
	tcphs_fmt_endpoint(ends[1], ev->id.family, ev->id.peer, ev->id.peer_port);
	tcphs_json_str(j, "local", ends[0]);
	tcphs_json_str(j, "peer", ends[1]);
	if (ev->reason)
		tcphs_json_str(j, "reason", tcphs_reason_name(ev->reason, name));
	if (ev->flags & TCPHS_F_SEQ)
		tcphs_json_u64(j, "seq", ev->seq);
	if (ev->flags & TCPHS_F_ACK)
		tcphs_json_u64(j, "ack", ev->ack);
	if (ev->flags & TCPHS_F_DURATION)
		tcphs_json_u64(j, "duration_ns", ev->duration);
	if (ev->flags & TCPHS_F_OWNER) {
		tcphs_fmt_owner(owner, ev->id.comm, sizeof(ev->id.comm), ev->id.pid);
		tcphs_json_str(j, "process", owner);
	}
	put_detail(j, ev);
	tcphs_json_close(j, '}');
}

static void put_instant(struct trace *t, const struct tcphs_event *ev, uint32_t process,
			uint32_t thread)
{
	char name[TCPHS_NAME_LEN];
	struct tcphs_json j;

	open_event(t, &j, "i", tcphs_event_name(ev->type, name), process, thread);
	tcphs_json_str(&j, "s", "t");
	put_args(&j, ev);
	close_event(&j);
}

static void put_queues(struct trace *t, const struct tcphs_event *ev, uint32_t process)
{
	struct tcphs_json j;
	char name[64];

	if (!(ev->flags & TCPHS_F_QUEUE))
		return;
	snprintf(name, sizeof(name), "port %u, listener %llx", ev->id.local_port,
		 (unsigned long long)ev->queue.listener);
	open_event(t, &j, "C", name, process, 0);
	tcphs_json_open(&j, "args", '{');
	tcphs_json_u64(&j, "SYN queue", ev->queue.syn_queue);
	tcphs_json_u64(&j, "accept queue", ev->queue.accept_queue);
	tcphs_json_close(&j, '}');
	close_event(&j);
}

/* All of a trace, at a moment of it. */
static void put_lost(struct trace *t, uint32_t process)
{
	struct tcphs_json j;

	if (!t->lost)
		return;
	open_event(t, &j, "i", "records lost", process, 0);
	tcphs_json_str(&j, "s", "g");
	tcphs_json_open(&j, "args", '{');
	tcphs_json_u64(&j, "lost", t->lost);
	tcphs_json_close(&j, '}');
	close_event(&j);
	t->lost = 0;
}

/* ---- slices ------------------------------------------------------------------------ */

static void put_wait(struct trace *t, const char *phase, const struct line *line)
{
	struct tcphs_json j;

	open_event(t, &j, phase, line->waits, line->process, line->thread);
	tcphs_json_str(&j, "cat", "queue");
	tcphs_json_u64(&j, "id", line->thread);
	close_event(&j);
}

static void set_wait(struct trace *t, struct line *line, const char *waits)
{
	if (line->waits == waits)
		return;
	if (line->waits)
		put_wait(t, "e", line);
	line->waits = waits;
	if (waits)
		put_wait(t, "b", line);
}

static bool is_open(uint8_t state)
{
	return state != TCPHS_STATE_UNSPEC && state != TCPHS_STATE_CLOSE &&
	       state != TCPHS_STATE_LISTEN;
}

/* @before: it was so already, and since when is not on record. */
static void set_state(struct trace *t, struct line *line, uint8_t state, bool before)
{
	char name[TCPHS_NAME_LEN];
	struct tcphs_json j;

	if (line->state == state)
		return;
	if (line->state)
		put_plain(t, "E", tcphs_state_name(line->state, name), line);
	line->state = is_open(state) ? state : TCPHS_STATE_UNSPEC;
	if (!line->state)
		return;
	open_event(t, &j, "B", tcphs_state_name(state, name), line->process, line->thread);
	tcphs_json_str(&j, "cat", "state");
	if (before) {
		tcphs_json_open(&j, "args", '{');
		tcphs_json_bool(&j, "entered_earlier", true);
		tcphs_json_close(&j, '}');
	}
	close_event(&j);
}

static void end_line(struct trace *t, struct line *line, bool goes_on)
{
	struct tcphs_json j;

	set_wait(t, line, NULL);
	set_state(t, line, TCPHS_STATE_UNSPEC, false);
	open_event(t, &j, "E", "connection", line->process, line->thread);
	if (goes_on) {
		tcphs_json_open(&j, "args", '{');
		tcphs_json_bool(&j, "still_open", true);
		tcphs_json_close(&j, '}');
	}
	close_event(&j);
	line->over = true;
	t->nr_over++;
}

static void name_line(struct trace *t, struct line *line, const struct tcphs_event *ev)
{
	char text[TCPHS_OWNER_LEN + 2 * TCPHS_ENDPOINT_LEN + TCPHS_U64_LEN + 16], *p = text;

	line->owned = ev->flags & TCPHS_F_OWNER;
	if (line->owned) {
		p = tcphs_fmt_owner(p, ev->id.comm, sizeof(ev->id.comm), ev->id.pid);
		*p++ = ' ';
	}
	p = tcphs_fmt_endpoint(p, ev->id.family, ev->id.local, ev->id.local_port);
	p = stpcpy(p, ev->id.role == TCPHS_ROLE_PASSIVE ? " from " : " to ");
	p = tcphs_fmt_endpoint(p, ev->id.family, ev->id.peer, ev->id.peer_port);
	p = stpcpy(p, " conn ");
	tcphs_fmt_hex(p, ev->id.conn);
	put_name(t, "thread_name", line->process, line->thread, text);
}

/* ---- whose a record is ------------------------------------------------------------- */

static uint32_t process_of(struct trace *t, uint32_t netns)
{
	uint64_t hash = hash_mix(netns, t->spaces.seed);
	char name[NETNS_NAME_LEN], text[NETNS_NAME_LEN + 16];
	uint32_t i;

	for (i = hash_next(&t->spaces, hash, HASH_NONE); i != HASH_NONE;
	     i = hash_next(&t->spaces, hash, i))
		if (t->space[t->spaces.node[i].value] == netns)
			return t->spaces.node[i].value + 1;
	if (array_grow(&t->space, t->nr_spaces + 1, &t->spaces_cap, sizeof(*t->space)) ||
	    hash_reserve(&t->spaces, 1)) {
		t->err = -ENOMEM;
		return 0;
	}
	t->space[t->nr_spaces] = netns;
	hash_add(&t->spaces, hash, t->nr_spaces++);
	snprintf(text, sizeof(text), "netns %s", t->namer(netns, name));
	put_name(t, "process_name", t->nr_spaces, 0, text);
	put_name(t, "thread_name", t->nr_spaces, 0, "listeners, and segments without a socket");
	return t->nr_spaces;
}

static uint64_t hash_line(const struct trace *t, uint64_t conn, uint32_t netns,
			  uint16_t generation)
{
	return hash_mix(conn ^ t->lines.seed, (uint64_t)netns << 16 | generation);
}

/* There is room, see hash_reserve(). */
static void add_to_hash(struct trace *t, uint32_t i)
{
	const struct line *line = &t->line[i];

	hash_add(&t->lines, hash_line(t, line->conn, line->netns, line->generation), i);
}

/* The one that goes on, or (@over) the latest of those that do not; NULL: there is none. */
static struct line *find_line(struct trace *t, const struct tcphs_ident *id, bool over)
{
	uint64_t hash = hash_line(t, id->conn, id->netns, id->generation);
	struct line *line, *found = NULL;
	uint32_t i;

	for (i = hash_next(&t->lines, hash, HASH_NONE); i != HASH_NONE;
	     i = hash_next(&t->lines, hash, i)) {
		line = &t->line[t->lines.node[i].value];
		if (line->conn == id->conn && line->netns == id->netns &&
		    line->generation == id->generation && line->over == over &&
		    (!found || line->thread > found->thread))
			found = line;
	}
	return found;
}

/* Those that are over need no place. */
static void forget(struct trace *t)
{
	uint32_t i, kept = 0;

	if (t->nr < LINES_MIN || t->nr_over < t->nr / 2)
		return;
	hash_clear(&t->lines);
	for (i = 0; i < t->nr; i++) {
		struct line *line = &t->line[i];

		if (line->over)
			continue;
		t->line[kept] = *line;
		add_to_hash(t, kept++);
	}
	t->nr = kept;
	t->nr_over = 0;
}

static struct line *add_line(struct trace *t, const struct tcphs_event *ev)
{
	const struct tcphs_ident *id = &ev->id;
	uint32_t process = process_of(t, id->netns);
	struct tcphs_json j;
	struct line *line;

	forget(t);
	if (array_grow(&t->line, t->nr + 1, &t->cap, sizeof(*t->line)) ||
	    hash_reserve(&t->lines, 1)) {
		t->err = -ENOMEM;
		return NULL;
	}
	t->connections++;
	line = &t->line[t->nr];
	*line = (struct line){
		.conn = id->conn, .netns = id->netns, .generation = id->generation,
		.process = process, .thread = (uint32_t)t->connections,
	};
	add_to_hash(t, t->nr++);
	name_line(t, line, ev);
	open_event(t, &j, "B", "connection", process, line->thread);
	tcphs_json_str(&j, "cat", "connection");
	close_event(&j);
	return line;
}

/* ---- records ----------------------------------------------------------------------- */

static bool of_listener(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_LISTEN || ev->type == TCPHS_EV_UNLISTEN ||
	       ev->type == TCPHS_EV_BACKLOG_CHANGED;
}

static bool is_end(const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_CONNECT_FAILED:
	case TCPHS_EV_REQUEST_EXPIRED:
	case TCPHS_EV_REQUEST_RESET:
	case TCPHS_EV_TIME_WAIT_END:
		return true;
	case TCPHS_EV_CLOSED:
		return !(ev->flags & TCPHS_F_TIME_WAIT_AHEAD);
	}
	return false;
}

static const char *queue_after(const struct line *line, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_RECEIVED:
		return ev->id.role == TCPHS_ROLE_PASSIVE ? "SYN queue" : NULL;
	case TCPHS_EV_ACCEPT_QUEUED:
		return "accept queue";
	case TCPHS_EV_ACCEPTED:
		return NULL;
	}
	return line->waits;
}

/*
 * What is recorded of a connection after its end, as accept() of one that was reset while it
 * waited: nothing would ever end a line that began with it. TIME_WAIT has an end to come.
 */
static bool comes_late(const struct tcphs_event *ev)
{
	return !tcphs_event_is_alive(ev) && ev->old_state == TCPHS_STATE_CLOSE &&
	       ev->new_state == TCPHS_STATE_CLOSE;
}

static void on_late(struct trace *t, const struct tcphs_event *ev, uint32_t process)
{
	struct line *line = find_line(t, &ev->id, true);

	if (line && !line->owned && ev->flags & TCPHS_F_OWNER)
		name_line(t, line, ev);
	put_instant(t, ev, process, line ? line->thread : 0);
	put_queues(t, ev, process);
}

static void on_connection(struct trace *t, const struct tcphs_event *ev, uint32_t process)
{
	struct line *line = find_line(t, &ev->id, false);
	bool is_new;

	/* The end of its TIME_WAIT is not on record, and was before this. */
	if (line && line->closed && tcphs_event_begins_life(ev)) {
		end_line(t, line, false);
		line = NULL;
	}
	is_new = !line;
	if (is_new && comes_late(ev)) {
		on_late(t, ev, process);
		return;
	}
	if (is_new)
		line = add_line(t, ev);
	if (!line)
		return;
	if (!line->owned && ev->flags & TCPHS_F_OWNER)
		name_line(t, line, ev);
	set_state(t, line, ev->new_state, is_new && ev->old_state == ev->new_state);
	set_wait(t, line, queue_after(line, ev));
	put_instant(t, ev, line->process, line->thread);
	put_queues(t, ev, line->process);
	line->closed |= tcphs_event_ends_life(ev);
	if (is_end(ev))
		end_line(t, line, false);
}

static void end_all(struct trace *t, bool go_on)
{
	uint32_t i;

	for (i = 0; i < t->nr; i++)
		if (!t->line[i].over)
			end_line(t, &t->line[i], go_on);
}

/* Time goes on, whatever is done to the clock. */
static void set_time(struct trace *t, const struct tcphs_event *ev, int64_t clock)
{
	uint64_t now;

	if (!t->begun) {
		t->first_real = ev->time + (uint64_t)clock;
		t->base = ev->time;
	}
	t->last = ev->time;
	now = ev->time - t->base;
	if (now > t->now && now < UINT64_MAX / 2)
		t->now = now;
}

/**
 * trace_event - a record
 * @t: the trace
 * @ev: the record
 * @clock: what makes time of day of its time, ns
 */
void trace_event(struct trace *t, const struct tcphs_event *ev, int64_t clock)
{
	uint32_t process;

	set_time(t, ev, clock);
	process = process_of(t, ev->id.netns);
	put_lost(t, process);
	if (ev->id.conn && !of_listener(ev)) {
		on_connection(t, ev, process);
		return;
	}
	put_instant(t, ev, process, 0);
	put_queues(t, ev, process);
}

/**
 * trace_boot - the machine was booted
 * @t: the trace
 *
 * How what was open has ended nobody saw, and its cookie comes again.
 */
void trace_boot(struct trace *t)
{
	end_all(t, true);
	hash_clear(&t->lines);
	t->nr = 0;
	t->nr_over = 0;
}

/**
 * trace_lost - records are missing here
 * @t: the trace
 * @count: how many
 */
void trace_lost(struct trace *t, uint64_t count)
{
	t->lost += count;
}

/**
 * trace_new - the beginning of a trace
 * @out: where it goes
 * @namer: how network namespaces are called
 */
struct trace *trace_new(struct tcphs_buf *out, netns_namer *namer)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t || hash_reserve(&t->lines, 1) || hash_reserve(&t->spaces, 1)) {
		trace_free(t);
		return NULL;
	}
	t->out = out;
	t->namer = namer;
	tcphs_buf_str(out, "{\"traceEvents\":[");
	return t;
}

/**
 * trace_end - the end of it
 * @t: the trace
 * @now: what is open has been so until then, CLOCK_MONOTONIC; 0: until the last record
 *
 * Return: 0, or -ENOMEM.
 */
int trace_end(struct trace *t, uint64_t now)
{
	struct tcphs_json j;

	if (now > t->last && t->begun)
		t->now += now - t->last;
	if (t->lost)
		put_lost(t, 0);
	end_all(t, true);
	tcphs_buf_str(t->out, "\n],\"displayTimeUnit\":\"ns\",\"otherData\":");
	tcphs_json_begin(&j, t->out);
	tcphs_json_str(&j, "tool", "tcphs " TCPHS_VERSION);
	if (t->begun)
		tcphs_json_moment(&j, "began", (int64_t)t->first_real);
	tcphs_json_close(&j, '}');
	tcphs_buf_str(t->out, "}\n");
	return t->err;
}

/**
 * trace_connections - how many there were
 * @t: the trace
 */
uint64_t trace_connections(const struct trace *t)
{
	return t->connections;
}

/**
 * trace_free - give the memory back; writes nothing
 * @t: of trace_new(), or NULL
 */
void trace_free(struct trace *t)
{
	if (!t)
		return;
	hash_free(&t->lines);
	hash_free(&t->spaces);
	free(t->line);
	free(t->space);
	free(t);
}

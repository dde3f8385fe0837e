/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One event as one line for people.
 *
 * This runs for every event of a busy machine. So a row is written straight
 * into the output buffer, after its room was reserved once, and what comes
 * again is kept as text: event names and states with their padding and colour,
 * and the columns that say which connection it is.
 *
 * Where somebody chose columns, or looks at a terminal, a row is put together column by
 * column; one that is too wide for the terminal goes on in the next line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cli.h"
#include "columns.h"
#include "put.h"

#define ROW_MAX		2048
#define EVENT_WIDTH	17	/* synack-retransmit */
#define STATE_WIDTH	12	/* SYN-RECEIVED; an arrow and a blank come before it */
#define NETNS_WIDTH	10	/* of a number; names may be longer */
#define UNIT_WIDTH	16	/* likewise */
#define CONTAINER_WIDTH	12
#define TIME_WIDTH	15
#define CONN_MIN	6
#define ENDPOINT_MIN	15
#define DETAILS_MIN	24	/* with less room they begin in the next line */
#define INDENT		16	/* of that line: below the columns behind TIME */
#define CACHE_SIZE	256	/* connections whose steps mix */
#define IDLE_NS		1000000000ull
#define KNOWN		0x100
#define OWNER_TEXT	64	/* " java[4294967295] thread http-exec" */
#define OWNER_COPY	32	/* bytes of it at once: enough without a thread */
#define ENDS_COPY	48	/* bytes of both ends at once: enough for IPv4 */

enum {
	COL_TIME, COL_CONN, COL_NETNS, COL_EVENT, COL_LOCAL, COL_PEER, COL_STATE, COL_UNIT, COL_CONTAINER,
	COL_POD, COL_DETAILS,
};

static const struct table_column columns[] = {
	[COL_TIME]	= { .head = "TIME" },
	[COL_CONN]	= { .head = "CONN" },
	[COL_NETNS]	= { .head = "NETNS", .all_netns = true },
	[COL_EVENT]	= { .head = "EVENT" },
	[COL_LOCAL]	= { .head = "LOCAL" },
	[COL_PEER]	= { .head = "PEER" },
	[COL_STATE]	= { .head = "STATE", .leave = 1 },
	[COL_UNIT]	= { .head = "UNIT", .by_name = true },
	[COL_CONTAINER]	= { .head = "CONTAINER", .by_name = true },
	[COL_POD]	= { .head = "POD", .by_name = true },
	[COL_DETAILS]	= { .head = "DETAILS" },
};

/* The end of struct tcphs_ident: whose it is. */
#define OWNER_ID (sizeof(struct tcphs_ident) - offsetof(struct tcphs_ident, pid))

/* Who a connection is, as text; found by its cookie, checked in full. */
struct known {
	uint16_t family;		/* KNOWN with it, 0: nothing known */
	uint32_t ifindex;
	uint8_t conn_len;		/* of which CONN is */
	uint8_t conn_alone;
	uint8_t ends_len;		/* of which LOCAL is */
	uint8_t local_len;
	uint8_t owner_len;		/* 0: not known yet */
	uint8_t ident[offsetof(struct tcphs_ident, isn)];	/* conn to netns */
	uint8_t owner_id[OWNER_ID];				/* pid and names */
	char conn[TCPHS_U64_LEN + NETNS_NAME_LEN + 3];
	char ends[2 * TCPHS_SCOPED_LEN + 2];
	char owner[OWNER_TEXT];
};

_Static_assert(OWNER_TEXT >= 2 * TCPHS_COMM_LEN + sizeof(" [4294967295] thread "),
	       "an owner fits");

struct event_view {
	const struct cli *cli;
	bool absolute;			/* raw sequence numbers */
	const struct tcphs_clock *source_clock;
	struct tcphs_clock clock;
	int day;			/* that readers know of */
	struct table table;		/* the columns, and how wide they are */
	bool by_column;			/* not all of them, or not of any width */
	size_t widest;			/* LOCAL and PEER are filled up to that */
	bool details_below;
	struct tcphs_piece event[TCPHS_EV_MAX + 1];
	struct tcphs_piece state[2][TCPHS_STATE_MAX + 1];	/* stayed in, came into */
	struct tcphs_piece was_in[TCPHS_STATE_MAX + 1];	/* after a duration */
	struct tcphs_piece reason[TCPHS_REASON_MAX + 1];
	struct tcphs_piece option[TCPHS_OPTION_BITS];
	struct tcphs_piece closer[TCPHS_CLOSER_MAX + 1];
	struct known known[CACHE_SIZE];
};

/* Blanks up to @width columns after @start, and one more. */
static char *pad(char *p, const char *start, size_t width)
{
	size_t used = (size_t)(p - start);
	size_t n = used < width ? width - used + 1 : 1;

	memset(p, ' ', n);
	return p + n;
}

static bool is_nobody(const uint8_t *address, uint16_t port)
{
	static const uint8_t any[16];

	return !port && !memcmp(address, any, sizeof(any));
}

static char *put_endpoint(char *p, const struct cli *cli, const struct tcphs_event *ev,
			  const uint8_t *address, uint16_t port)
{
	char scope[TCPHS_SCOPE_LEN];

	if (is_nobody(address, port))
		return PUT(p, "-");
	if (ev->id.family == AF_INET)
		return tcphs_fmt_endpoint(p, AF_INET, address, port);
	tcphs_fmt_scope(scope, ev->id.family, address, ev->ifindex, !cli->all_netns && !cli->read);
	return tcphs_fmt_scoped(p, ev->id.family, address, scope, port);
}

static char *put_conn(char *p, uint64_t conn)
{
	return conn ? tcphs_fmt_hex(p, conn) : PUT(p, "-");
}

static void widen(size_t *width, const char *start, const char *end)
{
	if ((size_t)(end - start) > *width)
		*width = (size_t)(end - start);
}

static char *put_event_name(char *p, const struct cli *cli, unsigned int type)
{
	char buf[TCPHS_NAME_LEN];
	const char *start;

	p = tcphs_put_str(p, cli_tone(cli, tcphs_event_tone(type)));
	start = p;
	p = tcphs_put_str(p, tcphs_event_name(type, buf));
	p = pad(p, start, EVENT_WIDTH);
	return tcphs_put_str(p, cli_plain(cli));
}

/* The state after the step, with an arrow when the step led into it. */
static char *put_state(char *p, const struct cli *cli, unsigned int state, bool came)
{
	char buf[TCPHS_NAME_LEN];
	const char *start;

	if (!came)
		p = PUT(p, "  ");
	else if (cli->utf8)
		p = PUT(p, "\342\206\222 ");
	else
		p = PUT(p, "> ");
	start = p;
	p = tcphs_put_str(p, tcphs_state_name(state, buf));
	return pad(p, start, STATE_WIDTH);
}

static inline char *put_name(char *p, const char *(*name)(unsigned int n, char *buf),
			     unsigned int n)
{
	char buf[TCPHS_NAME_LEN];

	return tcphs_put_str(p, name(n, buf));
}

static char *put_was_in(char *p, unsigned int state)
{
	return put_name(PUT(p, " in "), tcphs_state_name, state);
}

static char *put_reason(char *p, unsigned int reason)
{
	return put_name(PUT(p, " "), tcphs_reason_name, reason);
}

static char *put_option(char *p, unsigned int bit)
{
	return put_name(PUT(p, " "), tcphs_option_name, bit);
}

static char *put_closer(char *p, unsigned int closer)
{
	return put_name(PUT(p, " closer "), tcphs_closer_name, closer);
}

static void prepare(struct tcphs_piece *piece, size_t nr, char *(*put)(char *p, unsigned int n))
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		piece[i].len = (uint8_t)(put(piece[i].text, i) - piece[i].text);
}

static void prepare_pieces(struct event_view *view)
{
	struct tcphs_piece *piece;
	unsigned int i;

	for (i = 0; i <= TCPHS_EV_MAX; i++) {
		piece = &view->event[i];
		piece->len = (uint8_t)(put_event_name(piece->text, view->cli, i) - piece->text);
	}
	for (i = 0; i < 2 * (TCPHS_STATE_MAX + 1); i++) {
		piece = &view->state[0][0] + i;
		piece->len = (uint8_t)(put_state(piece->text, view->cli,
						 i % (TCPHS_STATE_MAX + 1),
						 i > TCPHS_STATE_MAX) - piece->text);
	}
	prepare(view->was_in, TCPHS_STATE_MAX + 1, put_was_in);
	prepare(view->reason, TCPHS_REASON_MAX + 1, put_reason);
	prepare(view->option, TCPHS_OPTION_BITS, put_option);
	prepare(view->closer, TCPHS_CLOSER_MAX + 1, put_closer);
}

/**
 * event_view_check - are these columns of events?
 * @cli: with -o
 *
 * Ends the program when not.
 */
void event_view_check(const struct cli *cli)
{
	struct table t;

	table_init(&t, cli, columns, sizeof(columns) / sizeof(columns[0]));
}

/**
 * event_view_new - how events are to look
 * @cli: the common options
 * @clock: time of day; must stay, and may be set
 * @absolute: raw sequence numbers
 *
 * Return: for event_view_free(), or NULL without memory.
 */
struct event_view *event_view_new(const struct cli *cli, const struct tcphs_clock *clock,
				  bool absolute)
{
	static const size_t narrowest[] = {
		TIME_WIDTH, CONN_MIN, NETNS_WIDTH, EVENT_WIDTH, ENDPOINT_MIN, ENDPOINT_MIN,
		STATE_WIDTH + 2, UNIT_WIDTH, CONTAINER_WIDTH, CONTAINER_WIDTH,
	};
	struct event_view *view = calloc(1, sizeof(*view));
	unsigned int i;

	if (!view)
		return NULL;
	view->cli = cli;
	view->absolute = absolute;
	table_init(&view->table, cli, columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < COL_DETAILS; i++)
		view->table.column[i].width = narrowest[i];
	view->source_clock = clock;
	view->clock = *clock;
	view->day = tcphs_today();
	prepare_pieces(view);
	return view;
}

/**
 * event_view_free - the end of it
 * @view: the view, or NULL
 */
void event_view_free(struct event_view *view)
{
	free(view);
}

/* What a column is filled up to with blanks. */
static size_t width_of(const struct event_view *view, unsigned int column)
{
	size_t width = view->table.column[column].width;

	return (column == COL_LOCAL || column == COL_PEER) && width > view->widest ?
	       view->widest : width;
}

/* By the columns before the details, with a blank each. */
static size_t width_used(const struct event_view *view)
{
	const struct table *t = &view->table;
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < t->nr_shown && t->shown[i] != COL_DETAILS; i++)
		used += width_of(view, t->shown[i]) + 1;
	return used;
}

/* What is shown and where, now that the columns are as wide as they are known to get. */
static void lay_out(struct event_view *view)
{
	struct table *t = &view->table;
	size_t used, details = t->column[COL_DETAILS].width;

	/* As long as they get; they may be broken. */
	t->column[COL_DETAILS].width = 1;
	table_fit(t, columns_of_terminal(), 1);
	t->column[COL_DETAILS].width = details;
	view->by_column = t->limit || t->cli->output;
	view->widest = SIZE_MAX;
	used = width_used(view);
	/* One long address shall not break every row. */
	if (t->limit && used > t->limit) {
		view->widest = 0;
		used = width_used(view);
		view->widest = used < t->limit ? (t->limit - used) / 2 : 0;
		if (view->widest < ENDPOINT_MIN)
			view->widest = ENDPOINT_MIN;
		used = width_used(view);
	}
	view->details_below = t->limit && t->nr_shown > 1 &&
			      t->shown[t->nr_shown - 1] == COL_DETAILS &&
			      used + DETAILS_MIN > t->limit;
}

/* Between two columns. */
static char gap(const struct event_view *view, unsigned int place)
{
	return view->details_below && view->table.shown[place] == COL_DETAILS ? '\n' : ' ';
}

static size_t indent(const struct event_view *view)
{
	return view->table.shown[0] == COL_TIME ? INDENT : 4;
}

/**
 * event_text_head - the headings, unless unwanted
 * @view: how events look
 * @out: where to
 */
void event_text_head(struct event_view *view, struct tcphs_buf *out)
{
	const struct table *t = &view->table;
	char text[TABLE_COLUMNS * TCPHS_SCOPED_LEN], *p = text;
	unsigned int i, n;

	lay_out(view);
	/* They were filled up to what was the width then. */
	memset(view->known, 0, sizeof(view->known));
	if (view->cli->no_header)
		return;
	p = stpcpy(p, cli_bold(view->cli));
	for (i = 0; i < t->nr_shown; i++) {
		n = t->shown[i];
		if (i)
			*p++ = gap(view, i);
		p += sprintf(p, "%-*s", i + 1 == t->nr_shown ? 0 : (int)width_of(view, n),
			     columns[n].head);
	}
	strcpy(p, cli_plain(view->cli));
	cli_fold(out, text, t->limit, 0, indent(view));
}

static char *put_netns(char *p, const struct cli *cli, uint32_t inode)
{
	return p + strlen(cli_netns(cli)(inode, p));
}

static void learn(struct event_view *view, struct known *known, const struct tcphs_event *ev)
{
	const struct tcphs_ident *id = &ev->id;
	char *start = known->conn, *p;

	p = put_conn(start, id->conn);
	widen(&view->table.column[COL_CONN].width, start, p);
	p = pad(p, start, view->table.column[COL_CONN].width);
	known->conn_alone = (uint8_t)(p - known->conn);
	if (view->cli->all_netns) {
		start = p;
		p = put_netns(p, view->cli, id->netns);
		widen(&view->table.column[COL_NETNS].width, start, p);
		p = pad(p, start, view->table.column[COL_NETNS].width);
	}
	known->conn_len = (uint8_t)(p - known->conn);

	start = known->ends;
	p = put_endpoint(start, view->cli, ev, id->local, id->local_port);
	widen(&view->table.column[COL_LOCAL].width, start, p);
	p = pad(p, start, view->table.column[COL_LOCAL].width);
	known->local_len = (uint8_t)(p - known->ends);
	start = p;
	p = put_endpoint(p, view->cli, ev, id->peer, id->peer_port);
	widen(&view->table.column[COL_PEER].width, start, p);
	p = pad(p, start, view->table.column[COL_PEER].width);
	known->ends_len = (uint8_t)(p - known->ends);

	known->owner_len = 0;
	memcpy(known->ident, id, sizeof(known->ident));
	known->family = KNOWN | id->family;
	known->ifindex = ev->ifindex;
}

static struct known *who(struct event_view *view, const struct tcphs_event *ev)
{
	const struct tcphs_ident *id = &ev->id;
	struct known *known = &view->known[id->conn % CACHE_SIZE];

	if (known->family != (KNOWN | id->family) || known->ifindex != ev->ifindex ||
	    memcmp(known->ident, id, sizeof(known->ident)))
		learn(view, known, ev);
	return known;
}

/**
 * event_view_measure - make the columns wide enough
 * @arg: the struct event_view
 * @ev: for this event
 */
void event_view_measure(void *arg, const struct tcphs_event *ev)
{
	who(arg, ev);
}

static char *put_ends(char *p, const struct known *known)
{
	memcpy(p, known->ends, ENDS_COPY);
	if (known->ends_len > ENDS_COPY)
		memcpy(p + ENDS_COPY, known->ends + ENDS_COPY, sizeof(known->ends) - ENDS_COPY);
	return p + known->ends_len;
}

static char *put_end(char *p, const struct known *known, unsigned int column)
{
	if (column == COL_LOCAL)
		return mempcpy(p, known->ends, known->local_len);
	return mempcpy(p, known->ends + known->local_len, known->ends_len - known->local_len);
}

/* The thread's name, where it has one of its own. */
static char *put_thread(char *p, const struct tcphs_ident *id)
{
	return tcphs_fmt_comm(PUT(p, " thread "), id->thread, sizeof(id->thread));
}

static char *put_owner(char *p, struct known *known, const struct tcphs_ident *id)
{
	char text[OWNER_TEXT], *end;

	if (!known->owner_len || memcmp(known->owner_id, &id->pid, OWNER_ID)) {
		text[0] = ' ';
		end = tcphs_fmt_owner(text + 1, id->comm, sizeof(id->comm), id->pid);
		if (id->thread[0])
			end = put_thread(end, id);
		known->owner_len = (uint8_t)(end - text);
		memcpy(known->owner, text, sizeof(known->owner));
		memcpy(known->owner_id, &id->pid, OWNER_ID);
	}
	memcpy(p, known->owner, OWNER_COPY);
	if (known->owner_len > OWNER_COPY)
		memcpy(p + OWNER_COPY, known->owner + OWNER_COPY, sizeof(known->owner) - OWNER_COPY);
	return p + known->owner_len;
}

/* Durations mean different things; enum tcphs_event_type says which. */
static char *put_duration(char *p, const struct event_view *view, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_ESTABLISHED:
		p = PUT(p, " handshake ");
		break;
	case TCPHS_EV_ACCEPTED:
		p = PUT(p, " waited ");
		break;
	case TCPHS_EV_CLOSED:
		p = PUT(p, " lived ");
		break;
	case TCPHS_EV_UNLISTEN:
		p = PUT(p, " listened ");
		break;
	case TCPHS_EV_FIN_SENT:
	case TCPHS_EV_FIN_RECEIVED:
	case TCPHS_EV_RST_SENT:
	case TCPHS_EV_RST_RECEIVED:
	case TCPHS_EV_ICMP_RECEIVED:
	case TCPHS_EV_TIME_WAIT:
		p = PUT(p, " ");
		p = tcphs_fmt_duration(p, ev->duration, view->cli->utf8);
		if (ev->old_state > TCPHS_STATE_MAX)
			return put_was_in(p, ev->old_state);
		return tcphs_put_piece(p, &view->was_in[ev->old_state]);
	default:
		p = PUT(p, " after ");
	}
	return tcphs_fmt_duration(p, ev->duration, view->cli->utf8);
}

/* Relative to the ISN of the side that sent it, where that is known and wanted. */
static char *put_number(char *p, const struct event_view *view, uint32_t number, bool has_isn,
			uint32_t isn)
{
	if (!view->absolute && has_isn)
		return tcphs_put_u64(p, number - isn);
	if (!view->absolute)
		p = PUT(p, "=");
	return tcphs_put_u64(p, number);
}

static char *put_numbers(char *p, const struct event_view *view, const struct tcphs_event *ev)
{
	bool own = !tcphs_event_of_another(ev);
	bool isn = own && ev->flags & TCPHS_F_ISN, peer_isn = own && ev->flags & TCPHS_F_PEER_ISN;
	bool theirs = tcphs_event_from_peer(ev);
	uint32_t ours = ev->id.isn, other = ev->id.peer_isn;

	if (ev->flags & TCPHS_F_SEQ) {
		p = PUT(p, " seq ");
		p = put_number(p, view, ev->seq, theirs ? peer_isn : isn, theirs ? other : ours);
	}
	if (ev->flags & TCPHS_F_ACK) {
		p = PUT(p, " ack ");
		p = put_number(p, view, ev->ack, theirs ? isn : peer_isn, theirs ? ours : other);
	}
	return p;
}

/* The absolute numbers, where each side first shows its own. */
static char *put_isns(char *p, const struct tcphs_event *ev)
{
	static const uint64_t first = 1ull << TCPHS_EV_SYN_SENT | 1ull << TCPHS_EV_SYN_RECEIVED |
				      1ull << TCPHS_EV_ESTABLISHED;

	if (ev->type >= 64 || !(first >> ev->type & 1))
		return p;
	if (ev->flags & TCPHS_F_ISN) {
		p = PUT(p, " isn ");
		p = tcphs_put_u64(p, ev->id.isn);
	}
	if (ev->flags & TCPHS_F_PEER_ISN) {
		p = PUT(p, " peer-isn ");
		p = tcphs_put_u64(p, ev->id.peer_isn);
	}
	return p;
}

static char *put_queue(char *p, const struct tcphs_queue *q)
{
	p = PUT(p, " synq ");
	p = tcphs_put_u64(p, q->syn_queue);
	*p++ = '/';
	p = tcphs_put_u64(p, q->syn_limit);
	p = PUT(p, " acceptq ");
	p = tcphs_put_u64(p, q->accept_queue);
	*p++ = '/';
	return tcphs_put_u64(p, q->accept_limit);
}

static char *put_retransmits(char *p, unsigned int n)
{
	if (!n)
		return p;
	p = PUT(p, " retransmits ");
	return tcphs_put_u64(p, n);
}

static char *put_agreed(char *p, const struct event_view *view, const struct tcphs_agreed *a)
{
	unsigned int i;

	p = PUT(p, " mss ");
	p = tcphs_put_u64(p, a->mss);
	p = PUT(p, " window ");
	p = tcphs_put_u64(p, a->window);
	for (i = 0; i < TCPHS_OPTION_BITS; i++) {
		if (!(a->options & 1u << i))
			continue;
		p = tcphs_put_piece(p, &view->option[i]);
		if (1u << i != TCPHS_OPT_WSCALE)
			continue;
		*p++ = ' ';
		p = tcphs_put_small(p, a->snd_wscale);
		*p++ = ',';
		p = tcphs_put_small(p, a->rcv_wscale);
	}
	p = put_retransmits(p, a->retransmits);
	if (a->syn_data) {
		p = PUT(p, " SYN-data ");
		p = tcphs_fmt_bytes(p, a->syn_data);
	}
	if (a->ack_data) {
		p = PUT(p, " ACK-data ");
		p = tcphs_fmt_bytes(p, a->ack_data);
	}
	return p;
}

static char *put_life(char *p, const struct event_view *view, const struct tcphs_life *life)
{
	p = PUT(p, " sent ");
	p = tcphs_fmt_bytes(p, life->bytes_sent);
	p = PUT(p, " received ");
	p = tcphs_fmt_bytes(p, life->bytes_received);
	p = put_retransmits(p, life->retransmits);
	if (life->srtt_us) {
		p = PUT(p, " rtt ");
		p = tcphs_fmt_duration(p, life->srtt_us * 1000ull, view->cli->utf8);
	}
	if (life->segments) {
		p = PUT(p, " segments ");
		p = tcphs_put_small(p, life->segments);
	}
	if (life->closer > TCPHS_CLOSER_MAX)
		return put_closer(p, life->closer);
	return tcphs_put_piece(p, &view->closer[life->closer]);
}

static char *put_flags(char *p, const struct tcphs_event *ev)
{
	const uint32_t flags = TCPHS_F_TIME_WAIT_AHEAD | TCPHS_F_ADOPTED | TCPHS_F_RESTORED |
			       TCPHS_F_UNTRACKED;

	/* As most are. */
	if (!(ev->flags & flags) && !ev->id.generation)
		return p;
	if (ev->id.generation) {
		p = PUT(p, " generation ");
		p = tcphs_put_u64(p, ev->id.generation);
	}
	if (ev->flags & TCPHS_F_TIME_WAIT_AHEAD)
		p = PUT(p, " TIME-WAIT follows");
	if (ev->flags & TCPHS_F_ADOPTED)
		p = PUT(p, " adopted");
	if (ev->flags & TCPHS_F_RESTORED)
		p = PUT(p, " restored");
	if (ev->flags & TCPHS_F_UNTRACKED)
		p = PUT(p, " untracked");
	return p;
}

/* Between a request, its answer and the close there is always a moment. */
static char *put_idle(char *p, const struct event_view *view, const struct tcphs_idle *idle)
{
	uint64_t ns = idle->sent < idle->received ? idle->sent : idle->received;

	if (ns >= IDLE_NS) {
		p = PUT(p, " idle for ");
		p = tcphs_fmt_duration(p, ns, view->cli->utf8);
	}
	if (idle->unacked) {
		p = PUT(p, " unacked ");
		p = tcphs_fmt_bytes(p, idle->unacked);
	}
	if (idle->unread) {
		p = PUT(p, " unread ");
		p = tcphs_fmt_bytes(p, idle->unread);
	}
	return p;
}

static char *put_detail(char *p, const struct event_view *view, const struct tcphs_event *ev)
{
	const uint32_t details = TCPHS_F_QUEUE | TCPHS_F_AGREED | TCPHS_F_LIFE | TCPHS_F_RESEND |
				 TCPHS_F_HALF | TCPHS_F_IDLE;

	if (!(ev->flags & details))
		return p;
	if (ev->flags & TCPHS_F_QUEUE)
		return put_queue(p, &ev->queue);
	if (ev->flags & TCPHS_F_AGREED)
		return put_agreed(p, view, &ev->agreed);
	if (ev->flags & TCPHS_F_LIFE)
		return put_life(p, view, &ev->life);
	if (ev->flags & TCPHS_F_RESEND) {
		p = PUT(p, " number ");
		return tcphs_put_u64(p, ev->resend.number);
	}
	if (ev->flags & TCPHS_F_HALF) {
		p = PUT(p, " half-close ");
		return tcphs_fmt_bytes(p, ev->half.bytes);
	}
	if (ev->flags & TCPHS_F_IDLE)
		return put_idle(p, view, &ev->idle);
	return p;
}

static char *put_icmp(char *p, const struct tcphs_event *ev)
{
	char buf[TCPHS_ICMP_LEN];

	return tcphs_put_str(PUT(p, " ICMP "), tcphs_icmp_name(ev->id.family, ev->icmp_type,
							       ev->icmp_code, buf));
}

static char *put_details(char *p, const struct event_view *view, struct known *known,
			 const struct tcphs_event *ev)
{
	if (ev->reason > TCPHS_REASON_MAX)
		p = put_reason(p, ev->reason);
	else if (ev->reason != TCPHS_REASON_NONE)
		p = tcphs_put_piece(p, &view->reason[ev->reason]);
	if (ev->flags & TCPHS_F_ICMP)
		p = put_icmp(p, ev);
	if (ev->flags & (TCPHS_F_SEQ | TCPHS_F_ACK))
		p = put_numbers(p, view, ev);
	if (ev->flags & TCPHS_F_DURATION)
		p = put_duration(p, view, ev);
	p = put_detail(p, view, ev);
	p = put_isns(p, ev);
	if (ev->flags & TCPHS_F_OWNER)
		p = put_owner(p, known, &ev->id);
	return put_flags(p, ev);
}

/* The first event of another day than the one before, or than today. */
static __attribute__((noinline)) void new_day(struct event_view *view, struct tcphs_buf *out)
{
	char date[TCPHS_DATE_LEN];

	view->day = view->clock.day;
	if (view->cli->no_header)
		return;
	tcphs_fmt_date(date, &view->clock);
	tcphs_buf_printf(out, "--- %s ---", date);
	tcphs_buf_newline(out);
}

static inline char *put_event_and_state(char *p, const struct event_view *view, unsigned int column,
				 const struct tcphs_event *ev)
{
	bool came = ev->new_state != ev->old_state;

	if (column == COL_EVENT)
		return ev->type <= TCPHS_EV_MAX ?
		       tcphs_put_piece(p, &view->event[ev->type]) :
		       put_event_name(p, view->cli, ev->type);
	return ev->new_state <= TCPHS_STATE_MAX ?
	       tcphs_put_piece(p, &view->state[came][ev->new_state]) :
	       put_state(p, view->cli, ev->new_state, came);
}

/* What the owner is in. */
static char *put_belonging(char *p, const struct cli *cli, unsigned int column,
			   const struct tcphs_event *ev)
{
	uint64_t cgroup = ev->flags & TCPHS_F_OWNER ? ev->id.cgroup : 0;
	char cell[TABLE_CELL];

	if (column == COL_UNIT)
		cli_unit(cli, cell, cgroup);
	else if (column == COL_CONTAINER)
		cli_container(cli, cell, cgroup);
	else
		cli_pod(cli, cell, cgroup);
	return stpcpy(p, cell);
}

/*
 * Behind each column but the details, which have a blank before them, is one blank more. What is
 * known has it already.
 */
static char *put_column(char *p, struct event_view *view, unsigned int column,
			struct known *known, const struct tcphs_event *ev)
{
	bool any_width = !view->table.limit;
	char *start = p;

	if (any_width && column == COL_CONN)
		return mempcpy(p, known->conn, known->conn_alone);
	if (any_width && (column == COL_LOCAL || column == COL_PEER))
		return put_end(p, known, column);

	switch (column) {
	case COL_TIME:
		p = tcphs_fmt_time(p, &view->clock, ev->time);
		break;
	case COL_CONN:
		p = put_conn(p, ev->id.conn);
		break;
	case COL_NETNS:
		p = put_netns(p, view->cli, ev->id.netns);
		break;
	case COL_LOCAL:
		p = put_endpoint(p, view->cli, ev, ev->id.local, ev->id.local_port);
		break;
	case COL_PEER:
		p = put_endpoint(p, view->cli, ev, ev->id.peer, ev->id.peer_port);
		break;
	case COL_UNIT:
	case COL_CONTAINER:
	case COL_POD:
		p = put_belonging(p, view->cli, column, ev);
		widen(&view->table.column[column].width, start, p);
		break;
	case COL_DETAILS:
		p = put_details(p, view, known, ev);
		memmove(start, start + 1, (size_t)(p - start));
		p -= p > start;
		break;
	default:
		return put_event_and_state(p, view, column, ev);
	}
	return pad(p, start, width_of(view, column));
}

/* The time is in @out already, up to @p. */
static __attribute__((noinline)) void event_columns(struct event_view *view, struct tcphs_buf *out,
						    char *p, struct known *known,
						    const struct tcphs_event *ev)
{
	const struct table *t = &view->table;
	char text[ROW_MAX], *start = t->limit ? text : tcphs_buf_room(out, ROW_MAX);
	unsigned int i = 0;

	if (!t->limit && t->shown[0] == COL_TIME) {
		*p++ = ' ';
		i++;
	} else {
		p = start;
	}
	for (; i < t->nr_shown && p < start + ROW_MAX / 2; i++) {
		if (i && gap(view, i) == '\n')
			p[-1] = '\n';
		p = put_column(p, view, t->shown[i], known, ev);
	}
	while (p > start && (p[-1] == ' ' || p[-1] == '\n'))
		p--;
	if (!t->limit) {
		tcphs_buf_commit_line(out, p);
		return;
	}
	*p = '\0';
	cli_fold(out, text, t->limit, 0, indent(view));
}

/**
 * event_text - one event as a line
 * @view: how events look; its columns grow with what they meet
 * @out: where to
 * @ev: the event
 */
void event_text(struct event_view *view, struct tcphs_buf *out, const struct tcphs_event *ev)
{
	struct known *known = who(view, ev);
	char *p = tcphs_buf_room(out, ROW_MAX);
	char *start;

	view->clock.offset = view->source_clock->offset;
	p = tcphs_fmt_time(p, &view->clock, ev->time);
	if (view->clock.day != view->day) {
		new_day(view, out);
		p = tcphs_fmt_time(tcphs_buf_room(out, ROW_MAX), &view->clock, ev->time);
	}
	if (view->by_column) {
		event_columns(view, out, p, known, ev);
		return;
	}
	*p++ = ' ';
	memcpy(p, known->conn, sizeof(known->conn));
	p += known->conn_len;
	p = put_event_and_state(p, view, COL_EVENT, ev);
	p = put_ends(p, known);
	p = put_event_and_state(p, view, COL_STATE, ev);

	/* Each detail brings a blank of its own; the first takes that of the padding. */
	start = --p;
	p = put_details(p, view, known, ev);
	if (p == start)
		while (p[-1] == ' ')
			p--;
	tcphs_buf_commit_line(out, p);
}

/**
 * event_text_overwritten - holes among the oldest events that there are
 * @view: how events look
 * @out: where to
 * @count: how many are missing
 * @until: they are of before then
 */
void event_text_overwritten(struct event_view *view, struct tcphs_buf *out, uint64_t count,
			    uint64_t until)
{
	char text[128], when[TCPHS_TIME_LEN];

	view->clock.offset = view->source_clock->offset;
	tcphs_fmt_time(when, &view->clock, until);
	if (view->clock.day != view->day)
		new_day(view, out);
	snprintf(text, sizeof(text),
		 "--- %llu older event%s, of before %s, overwritten by newer ones ---",
		 (unsigned long long)count, tcphs_plural(count), when);
	cli_fold(out, text, view->table.limit, 0, 4);
}

/**
 * event_text_lost - a hole in the record
 * @view: how events look
 * @out: where to
 * @cpu: whose ring
 * @count: how many are missing
 */
void event_text_lost(const struct event_view *view, struct tcphs_buf *out, uint32_t cpu,
		     uint64_t count)
{
	char text[128];

	if (cpu == TCPHS_NO_CPU)
		snprintf(text, sizeof(text), "%s--- %llu event%s lost before being written ---%s",
			 cli_tone(view->cli, TCPHS_TONE_BAD), (unsigned long long)count,
			 tcphs_plural(count),
			 cli_plain(view->cli));
	else
		snprintf(text, sizeof(text),
			 "%s--- %llu event%s of CPU %u lost: overwritten before being read ---%s",
			 cli_tone(view->cli, TCPHS_TONE_BAD), (unsigned long long)count,
			 tcphs_plural(count), cpu,
			 cli_plain(view->cli));
	cli_fold(out, text, view->table.limit, 0, 4);
}

/**
 * event_text_missing - a time of which a recording has nothing
 * @view: how events look
 * @out: where to
 * @missing: which, and why
 */
void event_text_missing(const struct event_view *view, struct tcphs_buf *out,
			const struct tcphs_missing *missing)
{
	char from[CLI_MOMENT_LEN], to[CLI_MOMENT_LEN], text[192];

	cli_moment(from, missing->from);
	cli_moment(to, missing->to);
	snprintf(text, sizeof(text), "%s--- nothing from %s to %s: %s ---%s",
		 cli_tone(view->cli, TCPHS_TONE_BAD), from, to, tcphs_missing_help(missing->why),
		 cli_plain(view->cli));
	cli_fold(out, text, view->table.limit, 0, 4);
}

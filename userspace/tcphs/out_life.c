/* SPDX-License-Identifier: GPL-2.0 */
/* A life as one line: a row of a table, or a JSON object; tcphs(8) documents both. */
#include <stdio.h>
#include <sys/socket.h>

#include "cli.h"
#include "columns.h"
#include "conn_life.h"
#include "site.h"

enum {
	COL_TIME, COL_CONN, COL_OWNER, COL_ROLE, COL_LOCAL, COL_PEER, COL_STATE, COL_HISTORY,
	COL_HANDSHAKE, COL_LIFE, COL_SENT, COL_RECEIVED, COL_RESENT, COL_RTT, COL_CLOSER, COL_END,
	COL_NETNS, COL_OTHER_END,
	/* Those of tcplife(8). */
	COL_PID, COL_COMM, COL_LADDR, COL_LPORT, COL_RADDR, COL_RPORT, COL_TX_KB, COL_RX_KB, COL_MS,
	/* Who wants to know more. */
	COL_MIN_RTT, COL_RESENT_OPEN, COL_RESENT_CLOSE, COL_UNIT, COL_CONTAINER, COL_POD,
};

static const struct table_column columns[] = {
	[COL_TIME]	= { .head = "TIME", .leave = 6 },
	[COL_CONN]	= { .head = "CONN", .leave = 7 },
	[COL_OWNER]	= { .head = "OWNER" },
	[COL_ROLE]	= { .head = "ROLE", .leave = 4 },
	[COL_LOCAL]	= { .head = "LOCAL" },
	[COL_PEER]	= { .head = "PEER" },
	[COL_STATE]	= { .head = "STATE", .leave = 1 },
	[COL_HISTORY]	= { .head = "HISTORY" },
	[COL_HANDSHAKE]	= { .head = "HANDSHAKE", .right = true, .leave = 5 },
	[COL_LIFE]	= { .head = "LIFE", .right = true },
	[COL_SENT]	= { .head = "SENT", .right = true, .leave = 9 },
	[COL_RECEIVED]	= { .head = "RECEIVED", .right = true, .leave = 8 },
	[COL_RESENT]	= { .head = "RESENT", .right = true, .leave = 3 },
	[COL_RTT]	= { .head = "RTT", .right = true, .leave = 10 },
	[COL_CLOSER]	= { .head = "CLOSER", .leave = 2 },
	[COL_END]	= { .head = "END" },
	[COL_NETNS]	= { .head = "NETNS", .all_netns = true },
	[COL_OTHER_END]	= { .head = "OTHER-END", .several = true },
	[COL_PID]	= { .head = "PID", .by_name = true },
	[COL_COMM]	= { .head = "COMM", .by_name = true },
	[COL_LADDR]	= { .head = "LADDR", .by_name = true },
	[COL_LPORT]	= { .head = "LPORT", .by_name = true },
	[COL_RADDR]	= { .head = "RADDR", .by_name = true },
	[COL_RPORT]	= { .head = "RPORT", .by_name = true },
	[COL_TX_KB]	= { .head = "TX_KB", .right = true, .by_name = true },
	[COL_RX_KB]	= { .head = "RX_KB", .right = true, .by_name = true },
	[COL_MS]	= { .head = "MS", .right = true, .by_name = true },
	[COL_MIN_RTT]	= { .head = "MIN-RTT", .right = true, .by_name = true },
	[COL_RESENT_OPEN] = { .head = "RESENT-OPEN", .right = true, .by_name = true },
	[COL_RESENT_CLOSE] = { .head = "RESENT-CLOSE", .right = true, .by_name = true },
	[COL_UNIT]	= { .head = "UNIT", .by_name = true },
	[COL_CONTAINER]	= { .head = "CONTAINER", .by_name = true },
	[COL_POD]	= { .head = "POD", .by_name = true },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

_Static_assert(NR_COLUMNS <= TABLE_COLUMNS, "all have room");

/* What rows are likely to take, where they come one by one. */
static const unsigned int least_width[NR_COLUMNS] = {
	[COL_TIME] = 15, [COL_CONN] = 6, [COL_ROLE] = 7, [COL_STATE] = 11, [COL_HISTORY] = 9,
	[COL_LIFE] = 7, [COL_SENT] = 7, [COL_CLOSER] = 6, [COL_END] = 6, [COL_NETNS] = 10,
	[COL_OTHER_END] = 10,
	[COL_PID] = 7, [COL_TX_KB] = 8, [COL_RX_KB] = 8, [COL_MS] = 9,
};

/**
 * life_view_init - which columns of lives are shown
 * @view: how lives look
 * @cli: with -o
 *
 * Ends the program when -o names a column that is none, or asks which there are.
 */
void life_view_init(struct life_view *view, const struct cli *cli)
{
	struct table *t = &view->table;
	unsigned int i;

	*view = (struct life_view){ .cli = cli };
	table_init(t, cli, columns, NR_COLUMNS);
	for (i = 0; i < NR_COLUMNS; i++)
		if (t->column[i].width < least_width[i])
			t->column[i].width = least_width[i];
}

/**
 * life_view_clock - times are those of a source
 * @view: how lives look
 * @clock: of the source; must stay, and may be set
 */
void life_view_clock(struct life_view *view, const struct tcphs_clock *clock)
{
	view->source_clock = clock;
	view->clock = *clock;
	view->day = tcphs_today();
}

/* ---- text --------------------------------------------------------------------- */

static void put_end(char *p, const struct cli *cli, const struct tcphs_conn_life *life, bool ours)
{
	const struct tcphs_ident *id = &life->id;
	const uint8_t *address = ours ? id->local : id->peer;
	uint16_t port = ours ? id->local_port : id->peer_port;
	char scope[TCPHS_SCOPE_LEN];

	tcphs_fmt_scope(scope, id->family, address, life->ifindex, !cli->all_netns && !cli->read);
	tcphs_fmt_scoped(p, id->family, address, scope, port);
}

static bool shows(const struct table *t, unsigned int column)
{
	unsigned int i;

	for (i = 0; i < t->nr_shown; i++)
		if (t->shown[i] == column)
			return true;
	return false;
}

static void who_cells(struct table_row *row, const struct life_view *view,
		      const struct tcphs_conn_life *life)
{
	const struct tcphs_ident *id = &life->id;
	char buf[TCPHS_NAME_LEN];

	tcphs_fmt_hex(row->cell[COL_CONN], id->conn);
	strcpy(row->cell[COL_ROLE], tcphs_role_name(id->role, buf));
	put_end(row->cell[COL_LOCAL], view->cli, life, true);
	put_end(row->cell[COL_PEER], view->cli, life, false);
	/* To find names takes a look at every process. */
	if (shows(&view->table, COL_NETNS))
		cli_netns(view->cli)(id->netns, row->cell[COL_NETNS]);
	strcpy(row->cell[COL_OWNER], "-");
	strcpy(row->cell[COL_PID], "-");
	strcpy(row->cell[COL_COMM], "-");
	cli_unit(view->cli, row->cell[COL_UNIT], id->cgroup);
	cli_container(view->cli, row->cell[COL_CONTAINER], id->cgroup);
	cli_pod(view->cli, row->cell[COL_POD], id->cgroup);
	if (life->flags & TCPHS_F_OWNER) {
		tcphs_fmt_owner(row->cell[COL_OWNER], id->comm, sizeof(id->comm), id->pid);
		tcphs_fmt_u64(row->cell[COL_PID], id->pid);
		tcphs_fmt_comm(row->cell[COL_COMM], id->comm, sizeof(id->comm));
	}
	tcphs_fmt_address(row->cell[COL_LADDR], id->family, id->local);
	tcphs_fmt_address(row->cell[COL_RADDR], id->family, id->peer);
	tcphs_fmt_u64(row->cell[COL_LPORT], id->local_port);
	tcphs_fmt_u64(row->cell[COL_RPORT], id->peer_port);
}

static void put_kilobytes(char *p, uint64_t bytes)
{
	sprintf(p, "%.2f", (double)bytes / 1024);
}

static void byte_cells(struct table_row *row, const struct tcphs_conn_life *life)
{
	static const unsigned int all[] = { COL_SENT, COL_RECEIVED, COL_CLOSER, COL_TX_KB, COL_RX_KB };
	char buf[TCPHS_NAME_LEN];
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		strcpy(row->cell[all[i]], "-");
	if (!(life->known & TCPHS_LIFE_BYTES))
		return;
	tcphs_fmt_bytes(row->cell[COL_SENT], life->bytes_sent);
	tcphs_fmt_bytes(row->cell[COL_RECEIVED], life->bytes_received);
	put_kilobytes(row->cell[COL_TX_KB], life->bytes_sent);
	put_kilobytes(row->cell[COL_RX_KB], life->bytes_received);
	strcpy(row->cell[COL_CLOSER], tcphs_closer_name(life->closer, buf));
}

static uint64_t length_of(const struct life_line *line)
{
	uint64_t end = line->end == LIFE_ENDED ? line->life->last : line->until;

	return end > line->life->begin ? end - line->life->begin : 0;
}

static void time_cells(struct table_row *row, struct life_view *view, const struct life_line *line)
{
	const struct tcphs_conn_life *life = line->life;
	char *p = row->cell[COL_LIFE];

	strcpy(row->cell[COL_TIME], "-");
	if (line->end == LIFE_ENDED)
		tcphs_fmt_time(row->cell[COL_TIME], &view->clock, life->last);
	strcpy(row->cell[COL_HANDSHAKE], "-");
	if (life->known & TCPHS_LIFE_HANDSHAKE)
		tcphs_fmt_duration(row->cell[COL_HANDSHAKE], life->handshake, view->cli->utf8);
	strcpy(p, "-");
	strcpy(row->cell[COL_MS], "-");
	if (!(life->known & TCPHS_LIFE_BEGIN))
		return;
	/* Older than the module, or it went on after what is known: at least that long. */
	if (life->flags & TCPHS_F_ADOPTED || line->end == LIFE_LOST)
		*p++ = '>';
	tcphs_fmt_duration(p, length_of(line), view->cli->utf8);
	sprintf(row->cell[COL_MS], "%.2f", (double)length_of(line) / 1e6);
}

static bool went_wrong(const struct tcphs_conn_life *life)
{
	const struct tcphs_event end = { .type = life->end, .reason = life->reason };

	return tcphs_event_failed(&end);
}

/* The reason of the end, or where it has none its event. */
static const char *end_name(const struct life_line *line, char *buf)
{
	if (line->end != LIFE_ENDED)
		return line->end == LIFE_OPEN ? "open" : "?";
	if (line->life->reason != TCPHS_REASON_NONE)
		return tcphs_reason_name(line->life->reason, buf);
	return tcphs_event_name(line->life->end, buf);
}

/* "web2 1a": the host of the connection's other end, and its CONN there. */
static void other_cell(struct table_row *row, const struct life_line *line)
{
	char *p = row->cell[COL_OTHER_END];

	strcpy(p, "-");
	if (!line->other)
		return;
	site_name(line->other->netns, p);
	strcat(p, " ");
	tcphs_fmt_hex(p + strlen(p), line->other->conn);
}

static void phase_cells(struct table_row *row, const struct tcphs_conn_life *life)
{
	static const unsigned int all[] = { COL_RTT, COL_MIN_RTT, COL_RESENT_OPEN, COL_RESENT_CLOSE };
	bool utf8 = tcphs_utf8();
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		strcpy(row->cell[all[i]], "-");
	if (life->known & TCPHS_LIFE_RTT) {
		tcphs_fmt_duration(row->cell[COL_RTT], life->srtt_us * 1000ull, utf8);
		tcphs_fmt_duration(row->cell[COL_MIN_RTT], life->min_rtt_us * 1000ull, utf8);
	}
	if (life->known & TCPHS_LIFE_PHASES) {
		tcphs_fmt_u64(row->cell[COL_RESENT_OPEN], life->resent_opening);
		tcphs_fmt_u64(row->cell[COL_RESENT_CLOSE], life->resent_closing);
	}
}

static void end_cells(struct table_row *row, const struct life_line *line)
{
	const struct tcphs_conn_life *life = line->life;
	char buf[TCPHS_NAME_LEN];

	strcpy(row->cell[COL_HISTORY], life->history);
	strcpy(row->cell[COL_STATE], tcphs_state_name(line->end == LIFE_ENDED ? TCPHS_STATE_CLOSE :
						      life->state, buf));
	strcpy(row->cell[COL_RESENT], "-");
	if (life->known & TCPHS_LIFE_RESENT)
		tcphs_fmt_u64(row->cell[COL_RESENT], life->retransmits);
	phase_cells(row, life);
	strcpy(row->cell[COL_END], end_name(line, buf));
	if (line->end == LIFE_ENDED)
		row->tone[COL_END] = went_wrong(life) ? TCPHS_TONE_BAD : TCPHS_TONE_CLOSE;
	else
		row->tone[COL_END] = line->end == LIFE_OPEN ? TCPHS_TONE_GOOD : TCPHS_TONE_WARN;
}

/**
 * life_view_measure - make the columns wide enough for one end of an event
 * @arg: the struct life_view
 * @ev: the event
 */
void life_view_measure(void *arg, const struct tcphs_event *ev)
{
	struct life_view *view = arg;
	struct tcphs_conn_life life = { .id = ev->id, .flags = ev->flags, .ifindex = ev->ifindex };
	struct table_row row;

	if (!tcphs_event_is_alive(ev))
		return;
	memset(&row, 0, sizeof(row));
	who_cells(&row, view, &life);
	table_measure(&view->table, &row);
}

/* The first end of another day than the one before, or than today. */
static void new_day(struct life_view *view, struct tcphs_buf *out)
{
	char date[TCPHS_DATE_LEN];

	view->day = view->clock.day;
	if (view->cli->no_header || !shows(&view->table, COL_TIME))
		return;
	tcphs_fmt_date(date, &view->clock);
	tcphs_buf_printf(out, "--- %s ---", date);
	tcphs_buf_newline(out);
}

/**
 * life_text - a life as a row
 * @view: how lives look, after table_head()
 * @out: where to
 * @line: the life
 */
void life_text(struct life_view *view, struct tcphs_buf *out, const struct life_line *line)
{
	struct table_row row;

	memset(&row, 0, sizeof(row));
	view->clock.offset = view->source_clock->offset;
	who_cells(&row, view, line->life);
	time_cells(&row, view, line);
	byte_cells(&row, line->life);
	end_cells(&row, line);
	other_cell(&row, line);
	if (line->end == LIFE_ENDED && view->clock.day != view->day)
		new_day(view, out);
	table_row(&view->table, &row, out);
}

/* ---- JSON --------------------------------------------------------------------- */

static void who_json(const struct cli *cli, struct tcphs_json *j,
		     const struct tcphs_conn_life *life)
{
	const struct tcphs_ident *id = &life->id;
	char buf[TCPHS_NAME_LEN];

	tcphs_json_hex(j, "conn", id->conn);
	tcphs_json_u64(j, "generation", id->generation);
	tcphs_json_netns(j, site_inode(id->netns));
	if (site_host(id->netns))
		tcphs_json_str(j, "host", site_host(id->netns));
	tcphs_json_address(j, "local", id->family, id->local);
	tcphs_json_u64(j, "local_port", id->local_port);
	tcphs_json_address(j, "peer", id->family, id->peer);
	tcphs_json_u64(j, "peer_port", id->peer_port);
	tcphs_json_str(j, "family", id->family == AF_INET6 ? "ipv6" : "ipv4");
	tcphs_json_str(j, "role", tcphs_role_name(id->role, buf));
	if (life->flags & TCPHS_F_ISN)
		tcphs_json_u64(j, "isn", id->isn);
	if (life->flags & TCPHS_F_PEER_ISN)
		tcphs_json_u64(j, "peer_isn", id->peer_isn);
	if (life->ifindex)
		tcphs_json_u64(j, "ifindex", life->ifindex);
	if (life->flags & TCPHS_F_OWNER) {
		tcphs_json_u64(j, "pid", id->pid);
		if (id->cgroup)
			tcphs_json_u64(j, "cgroup_id", SITE_CGROUP_ID(id->cgroup));
		tcphs_json_bytes(j, "comm", id->comm, strnlen((const char *)id->comm, sizeof(id->comm)));
		if (id->thread[0])
			tcphs_json_bytes(j, "thread", id->thread,
					 strnlen((const char *)id->thread, sizeof(id->thread)));
		cli_json_cgroup(cli, j, id->cgroup);
	}
}

static void times_json(struct tcphs_json *j, const struct life_line *line, int64_t clock,
		       uint64_t shift)
{
	const struct tcphs_conn_life *life = line->life;

	/* Of what is older than the module it is known how long it has been followed. */
	if (life->known & TCPHS_LIFE_BEGIN && !(life->flags & TCPHS_F_ADOPTED)) {
		tcphs_json_u64(j, "began", life->begin - shift);
		tcphs_json_moment(j, "began_at", real_time(clock, life->begin));
	}
	if (line->end == LIFE_ENDED) {
		tcphs_json_u64(j, "ended", life->last - shift);
		tcphs_json_moment(j, "ended_at", real_time(clock, life->last));
	}
	if (life->known & TCPHS_LIFE_BEGIN)
		tcphs_json_u64(j, "life_ns", length_of(line));
	if (line->age)
		tcphs_json_u64(j, "age_ns", line->age);
	if (life->known & TCPHS_LIFE_HANDSHAKE)
		tcphs_json_u64(j, "handshake_ns", life->handshake);
	if (life->known & TCPHS_LIFE_WAITED)
		tcphs_json_u64(j, "waited_ns", life->waited);
}

static void end_json(struct tcphs_json *j, const struct tcphs_conn_life *life)
{
	char buf[TCPHS_NAME_LEN];

	if (life->known & TCPHS_LIFE_BYTES) {
		tcphs_json_u64(j, "bytes_sent", life->bytes_sent);
		tcphs_json_u64(j, "bytes_received", life->bytes_received);
		tcphs_json_str(j, "closer", tcphs_closer_name(life->closer, buf));
		if (life->segments)
			tcphs_json_u64(j, "close_segments", life->segments);
	}
	if (life->known & TCPHS_LIFE_RESENT)
		tcphs_json_u64(j, "retransmits", life->retransmits);
	if (life->known & TCPHS_LIFE_PHASES) {
		tcphs_json_u64(j, "handshake_retransmits", life->resent_opening);
		tcphs_json_u64(j, "closing_retransmits", life->resent_closing);
	}
	if (life->known & TCPHS_LIFE_RTT) {
		tcphs_json_u64(j, "srtt_us", life->srtt_us);
		tcphs_json_u64(j, "min_rtt_us", life->min_rtt_us);
	}
	if (life->end != TCPHS_EV_UNSPEC)
		tcphs_json_str(j, "end", tcphs_event_name(life->end, buf));
	if (life->reason != TCPHS_REASON_NONE)
		tcphs_json_str(j, "reason", tcphs_reason_name(life->reason, buf));
	if (life->flags & TCPHS_F_ICMP) {
		tcphs_json_u64(j, "icmp_type", life->icmp_type);
		tcphs_json_u64(j, "icmp_code", life->icmp_code);
	}
	if (life->flags & TCPHS_F_TIME_WAIT_AHEAD)
		tcphs_json_bool(j, "time_wait_ahead", true);
}

static void marks_json(struct tcphs_json *j, const struct life_line *line)
{
	const struct tcphs_conn_life *life = line->life;

	if (life->flags & TCPHS_F_MAPPED)
		tcphs_json_bool(j, "mapped", true);
	if (life->flags & TCPHS_F_ADOPTED)
		tcphs_json_bool(j, "adopted", true);
	if (life->flags & TCPHS_F_RESTORED)
		tcphs_json_bool(j, "restored", true);
	if (life->flags & TCPHS_F_UNTRACKED)
		tcphs_json_bool(j, "untracked", true);
	if (life->known & TCPHS_LIFE_NO_BEGIN)
		tcphs_json_bool(j, "earlier_lost", true);
	if (life->known & TCPHS_LIFE_NO_STEPS)
		tcphs_json_bool(j, "steps_lost", true);
	if (line->end == LIFE_LOST)
		tcphs_json_bool(j, "end_lost", true);
}

static void other_json(struct tcphs_json *j, const struct tcphs_ident *other)
{
	tcphs_json_open(j, "other_end", '{');
	tcphs_json_str(j, "host", site_host(other->netns));
	tcphs_json_u64(j, "netns", site_inode(other->netns));
	tcphs_json_hex(j, "conn", other->conn);
	tcphs_json_u64(j, "generation", other->generation);
	tcphs_json_close(j, '}');
}

/**
 * life_json - a life as an object
 * @cli: the user's; its output is where to
 * @line: the life
 * @clock: CLOCK_REALTIME less the times of the life, ns
 * @shift: what was added to these, source_shift()
 */
void life_json(struct cli *cli, const struct life_line *line, int64_t clock, uint64_t shift)
{
	char buf[TCPHS_NAME_LEN];
	struct tcphs_json j;

	tcphs_json_begin(&j, &cli->out);
	who_json(cli, &j, line->life);
	tcphs_json_str(&j, "state", tcphs_state_key(line->end == LIFE_ENDED ? TCPHS_STATE_CLOSE :
						    line->life->state, buf));
	tcphs_json_str(&j, "history", line->life->history);
	times_json(&j, line, clock, shift);
	end_json(&j, line->life);
	marks_json(&j, line);
	if (line->other)
		other_json(&j, line->other);
	tcphs_json_end(&j);
}

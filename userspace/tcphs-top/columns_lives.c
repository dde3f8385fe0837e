// SPDX-License-Identifier: GPL-2.0
/* Columns of lives that ended: those of tcphs lives. */
#include <stdio.h>

#include "columns_of.h"

static const struct tcphs_conn_life *row_v(const void *row)
{
	return row;
}

/* The machine was booted before it was over. */
static bool end_lost(const void *row)
{
	return row_v(row)->end == TCPHS_EV_UNSPEC;
}

static uint64_t length(const void *row)
{
	return row_v(row)->known & TCPHS_LIFE_BEGIN ? row_v(row)->last - row_v(row)->begin : 0;
}

static uint64_t handshake(const void *row)
{
	return row_v(row)->known & TCPHS_LIFE_HANDSHAKE ? row_v(row)->handshake : 0;
}

#define V_COMPARE(name, expr)						\
static int cmp_##name(const void *a, const void *b,			\
			const struct top_style *style __unused)	\
{									\
	return expr;							\
}

V_COMPARE(ended, CMP(row_v(a)->last, row_v(b)->last))
V_COMPARE(netns, CMP(row_v(a)->id.netns, row_v(b)->id.netns))
V_COMPARE(conn, CMP(row_v(a)->id.conn, row_v(b)->id.conn))
V_COMPARE(local, columns_compare_endpoint(row_v(a)->id.family, row_v(a)->id.local,
					  row_v(a)->id.local_port, row_v(b)->id.family,
					  row_v(b)->id.local, row_v(b)->id.local_port))
V_COMPARE(peer, columns_compare_endpoint(row_v(a)->id.family, row_v(a)->id.peer,
					 row_v(a)->id.peer_port, row_v(b)->id.family,
					 row_v(b)->id.peer, row_v(b)->id.peer_port))
V_COMPARE(owner, columns_compare_ident_owner(row_v(a)->flags, &row_v(a)->id, row_v(b)->flags,
					     &row_v(b)->id))
V_COMPARE(life, CMP(length(a), length(b)))
V_COMPARE(handshake, CMP(handshake(a), handshake(b)))
V_COMPARE(sent, CMP(row_v(a)->bytes_sent, row_v(b)->bytes_sent))
V_COMPARE(received, CMP(row_v(a)->bytes_received, row_v(b)->bytes_received))
V_COMPARE(resent, CMP(row_v(a)->retransmits, row_v(b)->retransmits))
V_COMPARE(history, strcmp(row_v(a)->history, row_v(b)->history))

/* Those that failed first, and the latest of them. */
static int cmp_end(const void *a, const void *b, const struct top_style *style __unused)
{
	bool x = life_failed(a), y = life_failed(b);

	return x != y ? (x ? -1 : 1) : CMP(row_v(b)->last, row_v(a)->last);
}

static enum table_tone txt_ended(const void *row, char *buf, const struct top_style *style)
{
	if (!end_lost(row))
		return columns_time(row_v(row)->last, buf, style);
	strcpy(buf, "-");
	return TABLE_DIM;
}

static enum table_tone txt_netns(const void *row, char *buf, const struct top_style *style)
{
	return columns_netns(row_v(row)->id.netns, buf, style);
}

static enum table_tone txt_conn(const void *row, char *buf, const struct top_style *style __unused)
{
	return columns_conn(row_v(row)->id.conn, buf);
}

static enum table_tone txt_local(const void *row, char *buf, const struct top_style *style __unused)
{
	tcphs_fmt_endpoint(buf, row_v(row)->id.family, row_v(row)->id.local,
			   row_v(row)->id.local_port);
	return TABLE_PLAIN;
}

static enum table_tone txt_peer(const void *row, char *buf, const struct top_style *style __unused)
{
	tcphs_fmt_endpoint(buf, row_v(row)->id.family, row_v(row)->id.peer,
			   row_v(row)->id.peer_port);
	return TABLE_PLAIN;
}

static enum table_tone txt_owner(const void *row, char *buf, const struct top_style *style __unused)
{
	return columns_ident_owner(row_v(row)->flags, &row_v(row)->id, buf);
}

static enum table_tone unknown(char *buf)
{
	strcpy(buf, "-");
	return TABLE_DIM;
}

static enum table_tone txt_life(const void *row, char *buf, const struct top_style *style)
{
	if (!(row_v(row)->known & TCPHS_LIFE_BEGIN))
		return unknown(buf);
	if (row_v(row)->flags & TCPHS_F_ADOPTED || end_lost(row))
		*buf++ = '>';
	text_duration(buf, length(row), style->utf8);
	return TABLE_PLAIN;
}

static enum table_tone txt_handshake(const void *row, char *buf, const struct top_style *style)
{
	if (!(row_v(row)->known & TCPHS_LIFE_HANDSHAKE))
		return unknown(buf);
	text_duration(buf, row_v(row)->handshake, style->utf8);
	return TABLE_PLAIN;
}

static enum table_tone txt_sent(const void *row, char *buf, const struct top_style *style __unused)
{
	if (!(row_v(row)->known & TCPHS_LIFE_BYTES))
		return unknown(buf);
	tcphs_fmt_bytes(buf, row_v(row)->bytes_sent);
	return TABLE_PLAIN;
}

static enum table_tone txt_received(const void *row, char *buf,
				    const struct top_style *style __unused)
{
	if (!(row_v(row)->known & TCPHS_LIFE_BYTES))
		return unknown(buf);
	tcphs_fmt_bytes(buf, row_v(row)->bytes_received);
	return TABLE_PLAIN;
}

static enum table_tone txt_resent(const void *row, char *buf, const struct top_style *style __unused)
{
	if (!(row_v(row)->known & TCPHS_LIFE_RESENT))
		return unknown(buf);
	text_count(buf, row_v(row)->retransmits);
	return row_v(row)->retransmits ? TABLE_WARN : TABLE_DIM;
}

static enum table_tone txt_history(const void *row, char *buf,
				   const struct top_style *style __unused)
{
	strcpy(buf, row_v(row)->history);
	return TABLE_PLAIN;
}

static enum table_tone txt_end(const void *row, char *buf, const struct top_style *style __unused)
{
	const struct tcphs_conn_life *life = row;
	char name[TCPHS_NAME_LEN];

	if (end_lost(row)) {
		strcpy(buf, "?");
		return TABLE_WARN;
	}
	strcpy(buf, life->reason != TCPHS_REASON_NONE ? tcphs_reason_name(life->reason, name) :
	       tcphs_event_name(life->end, name));
	return life_failed(life) ? TABLE_BAD : TABLE_PLAIN;
}

static uint64_t row_v_cgroup(const void *row)
{
	return row_v(row)->flags & TCPHS_F_OWNER ? row_v(row)->id.cgroup : 0;
}

COLUMNS_CGROUP(row_v)

const struct table_column columns_lives[] = {
	{ "ENDED", "ended", "time of day of its end",
	  12, 12, 12, 7, .big_first = true, .compare = cmp_ended, .text = txt_ended },
	{ "END", "end", "how it ended; failed ones first, the latest on top",
	  10, 14, 17, 0, .compare = cmp_end, .text = txt_end },
	{ "NETNS", "netns", "network namespace",
	  10, 12, 31, 1, .all_netns = true, .compare = cmp_netns, .text = txt_netns },
	{ "LOCAL", "local", "address and port of this end",
	  14, 21, 53, 8, .compare = cmp_local, .text = txt_local },
	{ "PEER", "peer", "address and port of the other end",
	  14, 21, 53, 0, .compare = cmp_peer, .text = txt_peer },
	{ "OWNER", "owner", "process that called connect() or accept(), name[pid]",
	  10, 12, 27, 6, .compare = cmp_owner, .text = txt_owner },
	COLUMNS_CGROUP_ROWS,
	{ "LIFE", "life", "from its first step to its end",
	  7, 7, 8, 9, .right = true, .big_first = true, .compare = cmp_life, .text = txt_life },
	{ "HANDSH", "handshake", "how long its handshake took",
	  6, 6, 7, 4, .right = true, .big_first = true,
	  .compare = cmp_handshake, .text = txt_handshake },
	{ "SENT", "sent", "payload that the peer acknowledged",
	  8, 8, 9, 3, .right = true, .big_first = true, .compare = cmp_sent, .text = txt_sent },
	{ "RECEIVED", "received", "payload that came in order",
	  8, 8, 9, 2, .right = true, .big_first = true,
	  .compare = cmp_received, .text = txt_received },
	{ "RESENT", "resent", "segments that were sent again",
	  6, 6, 6, 5, .right = true, .big_first = true,
	  .compare = cmp_resent, .text = txt_resent },
	{ "HISTORY", "history", "its steps as letters, see tcphs(8)",
	  8, 12, 31, 5, .compare = cmp_history, .text = txt_history },
	{ "CONN", "conn", "its number, as ss -e has it; tcphs diagram takes it",
	  6, 6, 12, 4, .compare = cmp_conn, .text = txt_conn },
};

const size_t columns_nr_lives = COUNT(columns_lives);
_Static_assert(COUNT(columns_lives) <= LAYOUT_COLUMNS_MAX, "raise it");

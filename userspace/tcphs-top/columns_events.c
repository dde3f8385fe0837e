// SPDX-License-Identifier: GPL-2.0
/* Columns of the events: those of tcphs events. */
#include <stdio.h>

#include "columns_of.h"

static const struct tcphs_event *row_e(const void *row)
{
	return row;
}

#define E_COMPARE(name, expr)						\
static int cmp_##name(const void *a, const void *b,			\
			const struct top_style *style __unused)	\
{									\
	return expr;							\
}

E_COMPARE(time, CMP(row_e(a)->time, row_e(b)->time))
E_COMPARE(conn, CMP(row_e(a)->id.conn, row_e(b)->id.conn))
E_COMPARE(netns, CMP(row_e(a)->id.netns, row_e(b)->id.netns))
E_COMPARE(event, CMP(row_e(a)->type, row_e(b)->type))
E_COMPARE(local, columns_compare_endpoint(row_e(a)->id.family, row_e(a)->id.local,
					  row_e(a)->id.local_port, row_e(b)->id.family,
					  row_e(b)->id.local, row_e(b)->id.local_port))
E_COMPARE(peer, columns_compare_endpoint(row_e(a)->id.family, row_e(a)->id.peer,
					 row_e(a)->id.peer_port, row_e(b)->id.family,
					 row_e(b)->id.peer, row_e(b)->id.peer_port))
E_COMPARE(state, CMP(row_e(a)->new_state, row_e(b)->new_state))
E_COMPARE(reason, CMP(row_e(a)->reason, row_e(b)->reason))

static enum table_tone txt_time(const void *row, char *buf, const struct top_style *style)
{
	return columns_time(row_e(row)->time, buf, style);
}

static enum table_tone txt_conn(const void *row, char *buf, const struct top_style *style __unused)
{
	return columns_conn(row_e(row)->id.conn, buf);
}

static enum table_tone txt_netns(const void *row, char *buf, const struct top_style *style)
{
	return columns_netns(row_e(row)->id.netns, buf, style);
}

static enum table_tone txt_event(const void *row, char *buf, const struct top_style *style __unused)
{
	char name[TCPHS_NAME_LEN];

	/* Some are longer than what is used for unknown ones. */
	strcpy(buf, tcphs_event_name(row_e(row)->type, name));
	return columns_of_event(tcphs_event_tone(row_e(row)->type));
}

static void endpoint(char *buf, const struct tcphs_ident *id, const uint8_t *address, uint16_t port)
{
	static const uint8_t any[16];

	if (!port && !memcmp(address, any, sizeof(any)))
		strcpy(buf, "-");
	else
		tcphs_fmt_endpoint(buf, id->family, address, port);
}

static enum table_tone txt_local(const void *row, char *buf, const struct top_style *style __unused)
{
	endpoint(buf, &row_e(row)->id, row_e(row)->id.local, row_e(row)->id.local_port);
	return TABLE_PLAIN;
}

static enum table_tone txt_peer(const void *row, char *buf, const struct top_style *style __unused)
{
	endpoint(buf, &row_e(row)->id, row_e(row)->id.peer, row_e(row)->id.peer_port);
	return TABLE_PLAIN;
}

static enum table_tone txt_state(const void *row, char *buf, const struct top_style *style)
{
	const struct tcphs_event *ev = row;
	char name[TCPHS_NAME_LEN];

	snprintf(buf, TEXT_LEN, "%s%s", ev->new_state == ev->old_state ? "  " :
		 style->utf8 ? "\u2192 " : "> ", tcphs_state_name(ev->new_state, name));
	return TABLE_PLAIN;
}

static enum table_tone txt_reason(const void *row, char *buf, const struct top_style *style __unused)
{
	char name[TCPHS_NAME_LEN];

	if (row_e(row)->reason == TCPHS_REASON_NONE) {
		strcpy(buf, "-");
		return TABLE_DIM;
	}
	strcpy(buf, tcphs_reason_name(row_e(row)->reason, name));
	return tcphs_event_failed(row) ? TABLE_WARN : TABLE_PLAIN;
}

static uint64_t took(const void *row)
{
	return row_e(row)->flags & TCPHS_F_DURATION ? row_e(row)->duration : 0;
}

static enum table_tone txt_took(const void *row, char *buf, const struct top_style *style)
{
	if (row_e(row)->flags & TCPHS_F_DURATION)
		text_duration(buf, took(row), style->utf8);
	else
		strcpy(buf, "-");
	return TABLE_DIM;
}

static enum table_tone txt_owner(const void *row, char *buf, const struct top_style *style __unused)
{
	return columns_ident_owner(row_e(row)->flags, &row_e(row)->id, buf);
}

E_COMPARE(took, CMP(took(a), took(b)))
E_COMPARE(owner, columns_compare_ident_owner(row_e(a)->flags, &row_e(a)->id, row_e(b)->flags,
					     &row_e(b)->id))

static uint64_t row_e_cgroup(const void *row)
{
	return row_e(row)->flags & TCPHS_F_OWNER ? row_e(row)->id.cgroup : 0;
}

COLUMNS_CGROUP(row_e)

const struct table_column columns_events[] = {
	{ "TIME", "time", "time of day",
	  12, 12, 12, 8, .compare = cmp_time, .text = txt_time },
	{ "CONN", "conn", "the connection's number, as ss -e has it",
	  6, 6, 10, 5, .compare = cmp_conn, .text = txt_conn },
	{ "NETNS", "netns", "network namespace",
	  10, 12, 31, 1, .all_netns = true, .compare = cmp_netns, .text = txt_netns },
	{ "EVENT", "event", "what happened",
	  16, 17, 17, 0, .compare = cmp_event, .text = txt_event },
	{ "LOCAL", "local", "address and port of this end",
	  14, 21, 53, 6, .compare = cmp_local, .text = txt_local },
	{ "PEER", "peer", "address and port of the other end",
	  14, 21, 53, 0, .compare = cmp_peer, .text = txt_peer },
	{ "STATE", "state", "the state after it; an arrow: it led there",
	  14, 14, 14, 2, .compare = cmp_state, .text = txt_state },
	{ "REASON", "reason", "why; tcphs events has all details",
	  8, 14, 17, 7, .compare = cmp_reason, .text = txt_reason },
	{ "TOOK", "took", "the step before it, as tcphs events has it",
	  6, 6, 7, 4, .right = true, .big_first = true, .compare = cmp_took, .text = txt_took },
	{ "OWNER", "owner", "process, name[pid]",
	  10, 12, 27, 3, .compare = cmp_owner, .text = txt_owner },
	COLUMNS_CGROUP_ROWS,
};

const size_t columns_nr_events = COUNT(columns_events);
_Static_assert(COUNT(columns_events) <= LAYOUT_COLUMNS_MAX, "raise it");

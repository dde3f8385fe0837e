// SPDX-License-Identifier: GPL-2.0
/* Columns of the connections. */
#include "columns_of.h"

static const struct tcphs_conn_info *row_c(const void *row)
{
	return row;
}

/*
 * States that ought to be over soon come first; the two that hold most of the
 * connections of a healthy machine come last.
 */
static unsigned int state_rank(unsigned int state)
{
	static const uint8_t rank[TCPHS_STATE_MAX + 1] = {
		[TCPHS_STATE_SYN_SENT]		= 1,
		[TCPHS_STATE_SYN_RECV]		= 2,
		[TCPHS_STATE_CLOSE_WAIT]	= 3,
		[TCPHS_STATE_FIN_WAIT1]		= 4,
		[TCPHS_STATE_CLOSING]		= 5,
		[TCPHS_STATE_LAST_ACK]		= 6,
		[TCPHS_STATE_FIN_WAIT2]		= 7,
		[TCPHS_STATE_ESTABLISHED]	= 8,
		[TCPHS_STATE_TIME_WAIT]		= 9,
		[TCPHS_STATE_CLOSE]		= 10,
	};

	return state <= TCPHS_STATE_MAX ? rank[state] : 99;
}

static int cmp_c_state(const void *a, const void *b, const struct top_style *style __unused)
{
	unsigned int x = state_rank(row_c(a)->state), y = state_rank(row_c(b)->state);

	return x != y ? CMP(x, y) : CMP(row_c(b)->age, row_c(a)->age);
}

static int cmp_c_age(const void *a, const void *b, const struct top_style *style __unused)
{
	return CMP(row_c(a)->age, row_c(b)->age);
}

static int cmp_c_life(const void *a, const void *b, const struct top_style *style __unused)
{
	return CMP(row_c(a)->life, row_c(b)->life);
}

static int cmp_c_role(const void *a, const void *b, const struct top_style *style __unused)
{
	return CMP(row_c(a)->role, row_c(b)->role);
}

static int cmp_c_netns(const void *a, const void *b, const struct top_style *style __unused)
{
	return CMP(row_c(a)->netns, row_c(b)->netns);
}

static int cmp_c_local(const void *a, const void *b, const struct top_style *style __unused)
{
	const struct tcphs_conn_info *x = a, *y = b;

	return columns_compare_endpoint(x->family, x->local, x->local_port,
				y->family, y->local, y->local_port);
}

static int cmp_c_peer(const void *a, const void *b, const struct top_style *style __unused)
{
	const struct tcphs_conn_info *x = a, *y = b;
	int order = CMP(x->family, y->family);

	if (!order)
		order = memcmp(x->peer, y->peer, sizeof(x->peer));
	return order ? order : CMP(x->peer_port, y->peer_port);
}

static int cmp_c_owner(const void *a, const void *b, const struct top_style *style __unused)
{
	const struct tcphs_conn_info *x = a, *y = b;

	return columns_compare_owner(x->owner.known, x->owner.comm, x->owner.pid, y->owner.known, y->owner.comm, y->owner.pid);
}

static enum table_tone txt_c_netns(const void *row, char *buf, const struct top_style *style)
{
	return columns_netns(row_c(row)->netns, buf, style);
}

static enum table_tone txt_c_state(const void *row, char *buf, const struct top_style *style __unused)
{
	char name[TCPHS_NAME_LEN];

	strcpy(buf, tcphs_state_name(row_c(row)->state, name));
	switch (row_c(row)->state) {
	case TCPHS_STATE_ESTABLISHED:
		return TABLE_GOOD;
	case TCPHS_STATE_SYN_SENT:
	case TCPHS_STATE_SYN_RECV:
	case TCPHS_STATE_CLOSE_WAIT:
		return TABLE_WARN;
	case TCPHS_STATE_TIME_WAIT:
		return TABLE_DIM;
	}
	return TABLE_PLAIN;
}

/* Of a connection older than the module only a lower bound is known. */
static void text_at_least(char *buf, const struct tcphs_conn_info *c, uint64_t ns, bool utf8)
{
	if (c->adopted)
		*buf++ = '>';
	text_duration(buf, ns, utf8);
}

static enum table_tone txt_c_age(const void *row, char *buf, const struct top_style *style)
{
	text_at_least(buf, row, row_c(row)->age, style->utf8);
	return TABLE_PLAIN;
}

static enum table_tone txt_c_life(const void *row, char *buf, const struct top_style *style)
{
	text_at_least(buf, row, row_c(row)->life, style->utf8);
	return TABLE_PLAIN;
}

static enum table_tone txt_c_local(const void *row, char *buf, const struct top_style *style __unused)
{
	const struct tcphs_conn_info *c = row;

	tcphs_fmt_endpoint(buf, c->family, c->local, c->local_port);
	return TABLE_PLAIN;
}

static enum table_tone txt_c_peer(const void *row, char *buf, const struct top_style *style __unused)
{
	const struct tcphs_conn_info *c = row;

	tcphs_fmt_endpoint(buf, c->family, c->peer, c->peer_port);
	return TABLE_PLAIN;
}

static enum table_tone txt_c_role(const void *row, char *buf, const struct top_style *style __unused)
{
	char name[TCPHS_NAME_LEN];

	if (row_c(row)->role == TCPHS_ROLE_UNKNOWN)
		strcpy(buf, "-");
	else if (row_c(row)->role == TCPHS_ROLE_SIMULTANEOUS)
		strcpy(buf, "simult");
	else
		strcpy(buf, tcphs_role_name(row_c(row)->role, name));
	return row_c(row)->role == TCPHS_ROLE_UNKNOWN ? TABLE_DIM : TABLE_PLAIN;
}

static enum table_tone txt_c_owner(const void *row, char *buf, const struct top_style *style __unused)
{
	return columns_owner(row_c(row)->owner.known, row_c(row)->owner.comm, row_c(row)->owner.pid, buf);
}

static int cmp_c_conn(const void *a, const void *b, const struct top_style *style __unused)
{
	return CMP(row_c(a)->conn, row_c(b)->conn);
}

static enum table_tone txt_c_conn(const void *row, char *buf, const struct top_style *style __unused)
{
	return columns_conn(row_c(row)->conn, buf);
}

static uint64_t row_c_cgroup(const void *row)
{
	return row_c(row)->owner.cgroup;
}

COLUMNS_CGROUP(row_c)

const struct table_column columns_connections[] = {
	{ "NETNS", "netns", "network namespace: its name, container or first process",
	  10, 12, 31, 1, .all_netns = true, .compare = cmp_c_netns, .text = txt_c_netns },
	{ "STATE", "state", "state; within it the longest first",
	  12, 12, 12, 0, .compare = cmp_c_state, .text = txt_c_state },
	{ "AGE", "age", "time in this state; > is since tcphs knows it",
	  7, 7, 8, 6, .right = true, .big_first = true,
	  .compare = cmp_c_age, .text = txt_c_age },
	{ "LOCAL", "local", "address and port of this end",
	  14, 21, 53, 4, .compare = cmp_c_local, .text = txt_c_local },
	{ "PEER", "peer", "address and port of the other end",
	  14, 19, 53, 0, .compare = cmp_c_peer, .text = txt_c_peer },
	{ "ROLE", "role", "active: connect(), passive: a listener's child",
	  7, 7, 7, 3, .compare = cmp_c_role, .text = txt_c_role },
	{ "OWNER", "owner", "process that called connect() or accept(), name[pid]",
	  10, 10, 27, 5, .compare = cmp_c_owner, .text = txt_c_owner },
	COLUMNS_CGROUP_ROWS,
	{ "LIFE", "life", "time since its first step; > is since tcphs knows it",
	  7, 7, 8, 2, .right = true, .big_first = true,
	  .compare = cmp_c_life, .text = txt_c_life },
	{ "CONN", "conn", "its number, as ss -e has it; tcphs diagram takes it",
	  6, 6, 12, 1, .compare = cmp_c_conn, .text = txt_c_conn },
};

const size_t columns_nr_connections = COUNT(columns_connections);
_Static_assert(COUNT(columns_connections) <= LAYOUT_COLUMNS_MAX, "raise it");

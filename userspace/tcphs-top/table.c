// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "netns.h"
#include "table.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define __unused	__attribute__((unused))
#define CMP(x, y)	((x) < (y) ? -1 : (x) > (y))

/**
 * table_level - is that much of it too much?
 * @bar: the limit
 * @v: how much
 */
enum table_tone table_level(const struct table_bar *bar, uint64_t v)
{
	if (!bar->limit)
		return TABLE_PLAIN;
	if (v * 10 >= bar->limit * 9)
		return TABLE_BAD;
	return v * 10 >= bar->limit * 6 ? TABLE_WARN : TABLE_GOOD;
}

/* Total since the listener is there; red while it grows. */
static enum table_tone tone_of_losses(uint64_t v, double rate)
{
	if (rate > 0)
		return TABLE_BAD;
	return v ? TABLE_WARN : TABLE_DIM;
}

static int compare_endpoint(uint8_t fa, const uint8_t *a, uint16_t pa,
			    uint8_t fb, const uint8_t *b, uint16_t pb)
{
	if (pa != pb)
		return CMP(pa, pb);
	if (fa != fb)
		return CMP(fa, fb);
	return memcmp(a, b, 16);
}

static int compare_owner(bool has_a, const char *a, uint32_t pa,
			 bool has_b, const char *b, uint32_t pb)
{
	int order;

	if (has_a != has_b)
		return has_a ? -1 : 1;
	order = has_a ? strcmp(a, b) : 0;
	return order ? order : CMP(pa, pb);
}

static enum table_tone owner_text(bool known, const char *comm, uint32_t pid, char *buf)
{
	if (!known) {
		strcpy(buf, "-");
		return TABLE_DIM;
	}
	tcphs_fmt_owner(buf, comm, TCPHS_COMM_LEN, pid);
	return TABLE_PLAIN;
}

static enum table_tone netns_text(uint32_t netns, char *buf)
{
	netns_name(netns, buf);
	return TABLE_DIM;
}

/* ---- listeners ------------------------------------------------------------- */

static const struct top_listener *row_l(const void *row)
{
	return row;
}

static const struct tcphs_listener *is(const void *row)
{
	return row_l(row)->is;
}

static int cmp_l_local(const void *a, const void *b)
{
	const struct tcphs_listener *x = is(a), *y = is(b);

	return compare_endpoint(x->family, x->address, x->port, y->family, y->address, y->port);
}

/* model_arrange() keeps equals in the order of their cookies. */
#define L_COMPARE(name, expr)						\
static int cmp_l_##name(const void *a, const void *b)			\
{									\
	return expr;							\
}

static double fill(uint32_t v, uint32_t limit)
{
	return limit ? (double)v / limit : v;
}

static double p50_of(const struct top_quantiles *q)
{
	return q->known ? (double)q->p50 : -1;
}

static double p99_of(const struct top_quantiles *q)
{
	return q->known ? (double)q->p99 : -1;
}

L_COMPARE(netns, CMP(is(a)->netns, is(b)->netns))
L_COMPARE(owner, compare_owner(is(a)->owner.known, is(a)->owner.comm, is(a)->owner.pid,
			       is(b)->owner.known, is(b)->owner.comm, is(b)->owner.pid))
L_COMPARE(syn, CMP(fill(is(a)->syn_queue, is(a)->syn_limit),
		   fill(is(b)->syn_queue, is(b)->syn_limit)))
L_COMPARE(syn_max, CMP(is(a)->syn_max, is(b)->syn_max))
L_COMPARE(accept, CMP(fill(is(a)->accept_queue, is(a)->accept_limit),
		      fill(is(b)->accept_queue, is(b)->accept_limit)))
L_COMPARE(accept_max, CMP(is(a)->accept_max, is(b)->accept_max))
L_COMPARE(overflows, CMP(is(a)->overflows, is(b)->overflows))
L_COMPARE(drops, CMP(is(a)->drops, is(b)->drops))
L_COMPARE(rate, CMP(row_l(a)->accepts, row_l(b)->accepts))
L_COMPARE(p50, CMP(p50_of(&row_l(a)->wait), p50_of(&row_l(b)->wait)))
L_COMPARE(p99, CMP(p99_of(&row_l(a)->wait), p99_of(&row_l(b)->wait)))

static enum table_tone txt_l_netns(const void *row, char *buf, bool utf8 __unused)
{
	return netns_text(is(row)->netns, buf);
}

static enum table_tone txt_l_local(const void *row, char *buf, bool utf8 __unused)
{
	char scope[TCPHS_SCOPE_LEN];

	tcphs_fmt_device(scope, is(row)->ifindex, is(row)->device);
	tcphs_fmt_scoped(buf, is(row)->family, is(row)->address, scope, is(row)->port);
	return TABLE_PLAIN;
}

static enum table_tone txt_l_owner(const void *row, char *buf, bool utf8 __unused)
{
	return owner_text(is(row)->owner.known, is(row)->owner.comm, is(row)->owner.pid, buf);
}

static void bar_syn(const void *row, struct table_bar *bar)
{
	*bar = (struct table_bar){ is(row)->syn_queue, is(row)->syn_max, is(row)->syn_limit };
}

static void bar_accept(const void *row, struct table_bar *bar)
{
	*bar = (struct table_bar){ is(row)->accept_queue, is(row)->accept_max,
				   is(row)->accept_limit };
}

static enum table_tone bar_text(const struct table_bar *bar, char *buf)
{
	char limit[TEXT_LEN];
	size_t n;

	text_count(buf, bar->now);
	text_count(limit, bar->limit);
	n = strlen(buf);
	snprintf(buf + n, TEXT_LEN - n, "/%.8s", limit);
	return bar->now ? table_level(bar, bar->now) : TABLE_DIM;
}

static enum table_tone txt_syn(const void *row, char *buf, bool utf8 __unused)
{
	struct table_bar bar;

	bar_syn(row, &bar);
	return bar_text(&bar, buf);
}

static enum table_tone txt_accept(const void *row, char *buf, bool utf8 __unused)
{
	struct table_bar bar;

	bar_accept(row, &bar);
	return bar_text(&bar, buf);
}

static enum table_tone max_text(const struct table_bar *bar, char *buf)
{
	enum table_tone tone = table_level(bar, bar->max);

	text_count(buf, bar->max);
	if (!bar->max)
		return TABLE_DIM;
	return tone == TABLE_GOOD ? TABLE_PLAIN : tone;
}

static enum table_tone txt_syn_max(const void *row, char *buf, bool utf8 __unused)
{
	struct table_bar bar;

	bar_syn(row, &bar);
	return max_text(&bar, buf);
}

static enum table_tone txt_accept_max(const void *row, char *buf, bool utf8 __unused)
{
	struct table_bar bar;

	bar_accept(row, &bar);
	return max_text(&bar, buf);
}

static enum table_tone txt_overflows(const void *row, char *buf, bool utf8 __unused)
{
	text_count(buf, is(row)->overflows);
	return tone_of_losses(is(row)->overflows, row_l(row)->overflows);
}

static enum table_tone txt_drops(const void *row, char *buf, bool utf8 __unused)
{
	text_count(buf, is(row)->drops);
	return tone_of_losses(is(row)->drops, row_l(row)->drops);
}

static enum table_tone txt_rate(const void *row, char *buf, bool utf8 __unused)
{
	text_rate(buf, row_l(row)->accepts);
	return row_l(row)->accepts > 0 ? TABLE_PLAIN : TABLE_DIM;
}

static enum table_tone wait_text(const struct top_quantiles *q, uint64_t v, char *buf, bool utf8)
{
	if (q->known)
		text_duration(buf, v, utf8);
	else
		strcpy(buf, "-");
	return q->fresh ? TABLE_PLAIN : TABLE_DIM;
}

static enum table_tone txt_p50(const void *row, char *buf, bool utf8)
{
	return wait_text(&row_l(row)->wait, row_l(row)->wait.p50, buf, utf8);
}

static enum table_tone txt_p99(const void *row, char *buf, bool utf8)
{
	return wait_text(&row_l(row)->wait, row_l(row)->wait.p99, buf, utf8);
}

static enum table_tone conn_text(uint64_t conn, char *buf)
{
	tcphs_fmt_hex(buf, conn);
	return TABLE_DIM;
}

L_COMPARE(conn, CMP(is(a)->conn, is(b)->conn))

static enum table_tone txt_l_conn(const void *row, char *buf, bool utf8 __unused)
{
	return conn_text(is(row)->conn, buf);
}

static const struct table_column listener_columns[] = {
	{ "NETNS", "netns", "network namespace: its name, container or first process",
	  10, 12, 31, 1, .all_netns = true, .compare = cmp_l_netns, .text = txt_l_netns },
	{ "LISTENER", "local", "address and port it listens on",
	  13, 17, 53, 0, .compare = cmp_l_local, .text = txt_l_local },
	{ "OWNER", "owner", "process that accepts (before that: listens), name[pid]",
	  10, 10, 27, 10, .compare = cmp_l_owner, .text = txt_l_owner },
	{ "SYN QUEUE", "syn", "handshakes under way / most that are allowed",
	  14, 14, 48, 8, .right = true, .big_first = true,
	  .compare = cmp_l_syn, .text = txt_syn, .bar = bar_syn },
	{ "SYNMAX", "syn-max", "most there ever were in the SYN queue",
	  6, 6, 6, 3, .right = true, .big_first = true,
	  .compare = cmp_l_syn_max, .text = txt_syn_max },
	{ "ACCEPT QUEUE", "accept", "connections that wait for accept() / most that may",
	  14, 14, 48, 11, .right = true, .big_first = true,
	  .compare = cmp_l_accept, .text = txt_accept, .bar = bar_accept },
	{ "ACCMAX", "accept-max", "most that ever waited for accept()",
	  6, 6, 6, 4, .right = true, .big_first = true,
	  .compare = cmp_l_accept_max, .text = txt_accept_max },
	{ "OVERFL", "overflows", "SYNs and third ACKs that met a full accept queue",
	  6, 6, 6, 7, .right = true, .big_first = true,
	  .compare = cmp_l_overflows, .text = txt_overflows },
	{ "DROPS", "drops", "SYNs and third ACKs that were dropped",
	  5, 5, 5, 5, .right = true, .big_first = true,
	  .compare = cmp_l_drops, .text = txt_drops },
	{ "ACC/S", "rate", "connections accepted a second",
	  6, 6, 6, 9, .right = true, .big_first = true,
	  .compare = cmp_l_rate, .text = txt_rate },
	{ "P50", "p50", "half of them waited no longer for accept()",
	  6, 6, 6, 2, .right = true, .big_first = true,
	  .compare = cmp_l_p50, .text = txt_p50 },
	{ "P99", "p99", "99 of 100 waited no longer for accept()",
	  6, 6, 6, 6, .right = true, .big_first = true,
	  .compare = cmp_l_p99, .text = txt_p99 },
	{ "CONN", "conn", "number of its socket, as ss -e has it",
	  4, 6, 12, 1, .compare = cmp_l_conn, .text = txt_l_conn },
};

/* ---- connections ------------------------------------------------------------- */

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

static int cmp_c_state(const void *a, const void *b)
{
	unsigned int x = state_rank(row_c(a)->state), y = state_rank(row_c(b)->state);

	return x != y ? CMP(x, y) : CMP(row_c(b)->age, row_c(a)->age);
}

static int cmp_c_age(const void *a, const void *b)
{
	return CMP(row_c(a)->age, row_c(b)->age);
}

static int cmp_c_life(const void *a, const void *b)
{
	return CMP(row_c(a)->life, row_c(b)->life);
}

static int cmp_c_role(const void *a, const void *b)
{
	return CMP(row_c(a)->role, row_c(b)->role);
}

static int cmp_c_netns(const void *a, const void *b)
{
	return CMP(row_c(a)->netns, row_c(b)->netns);
}

static int cmp_c_local(const void *a, const void *b)
{
	const struct tcphs_conn_info *x = a, *y = b;

	return compare_endpoint(x->family, x->local, x->local_port,
				y->family, y->local, y->local_port);
}

static int cmp_c_peer(const void *a, const void *b)
{
	const struct tcphs_conn_info *x = a, *y = b;
	int order = CMP(x->family, y->family);

	if (!order)
		order = memcmp(x->peer, y->peer, sizeof(x->peer));
	return order ? order : CMP(x->peer_port, y->peer_port);
}

static int cmp_c_owner(const void *a, const void *b)
{
	const struct tcphs_conn_info *x = a, *y = b;

	return compare_owner(x->owner.known, x->owner.comm, x->owner.pid, y->owner.known, y->owner.comm, y->owner.pid);
}

static enum table_tone txt_c_netns(const void *row, char *buf, bool utf8 __unused)
{
	return netns_text(row_c(row)->netns, buf);
}

static enum table_tone txt_c_state(const void *row, char *buf, bool utf8 __unused)
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

static enum table_tone txt_c_age(const void *row, char *buf, bool utf8)
{
	text_at_least(buf, row, row_c(row)->age, utf8);
	return TABLE_PLAIN;
}

static enum table_tone txt_c_life(const void *row, char *buf, bool utf8)
{
	text_at_least(buf, row, row_c(row)->life, utf8);
	return TABLE_PLAIN;
}

static enum table_tone txt_c_local(const void *row, char *buf, bool utf8 __unused)
{
	const struct tcphs_conn_info *c = row;

	tcphs_fmt_endpoint(buf, c->family, c->local, c->local_port);
	return TABLE_PLAIN;
}

static enum table_tone txt_c_peer(const void *row, char *buf, bool utf8 __unused)
{
	const struct tcphs_conn_info *c = row;

	tcphs_fmt_endpoint(buf, c->family, c->peer, c->peer_port);
	return TABLE_PLAIN;
}

static enum table_tone txt_c_role(const void *row, char *buf, bool utf8 __unused)
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

static enum table_tone txt_c_owner(const void *row, char *buf, bool utf8 __unused)
{
	return owner_text(row_c(row)->owner.known, row_c(row)->owner.comm, row_c(row)->owner.pid, buf);
}

static int cmp_c_conn(const void *a, const void *b)
{
	return CMP(row_c(a)->conn, row_c(b)->conn);
}

static enum table_tone txt_c_conn(const void *row, char *buf, bool utf8 __unused)
{
	return conn_text(row_c(row)->conn, buf);
}

static const struct table_column conn_columns[] = {
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
	{ "LIFE", "life", "time since its first step; > is since tcphs knows it",
	  7, 7, 8, 2, .right = true, .big_first = true,
	  .compare = cmp_c_life, .text = txt_c_life },
	{ "CONN", "conn", "its number, as ss -e has it; tcphs diagram takes it",
	  6, 6, 12, 1, .compare = cmp_c_conn, .text = txt_c_conn },
};

/* ---- screens --------------------------------------------------------------------- */

static const struct screen {
	const char *name;		/* above it */
	const char *key;		/* in options */
	const char *nothing;		/* where it has no rows */
	const struct table_column *column;
	size_t nr;
	const char *sort;		/* key of the column that it begins with */
} screens[TOP_SCREENS] = {
	[TOP_LISTENERS] = { "Listeners", "listeners", "nothing listens",
			    listener_columns, COUNT(listener_columns), "rate" },
	[TOP_CONNECTIONS] = { "Connections", "connections", "no connections",
			      conn_columns, COUNT(conn_columns), "state" },
};

/**
 * table_name - what a screen is called
 * @screen: which
 */
const char *table_name(enum top_screen screen)
{
	return screens[screen].name;
}

/**
 * table_key - the same where it is typed
 * @screen: which
 */
const char *table_key(enum top_screen screen)
{
	return screens[screen].key;
}

/**
 * table_nothing - what stands in place of rows
 * @screen: which
 */
const char *table_nothing(enum top_screen screen)
{
	return screens[screen].nothing;
}

/**
 * table_columns - what a screen can show
 * @screen: which
 * @nr: gets how many columns there are
 */
const struct table_column *table_columns(enum top_screen screen, size_t *nr)
{
	_Static_assert(COUNT(listener_columns) <= LAYOUT_COLUMNS_MAX, "raise it");
	_Static_assert(COUNT(conn_columns) <= LAYOUT_COLUMNS_MAX, "raise it");
	*nr = screens[screen].nr;
	return screens[screen].column;
}

static int find_on(enum top_screen screen, const char *key, size_t *column)
{
	const struct table_column *col;
	size_t nr, i;

	col = table_columns(screen, &nr);
	for (i = 0; i < nr; i++) {
		if (strcasecmp(col[i].key, key))
			continue;
		*column = i;
		return 0;
	}
	return -1;
}

/**
 * table_row_has - does a row have a text in one of its cells?
 * @screen: which
 * @row: the row
 * @needle: the text, of upper or lower case
 */
bool table_row_has(enum top_screen screen, const void *row, const char *needle)
{
	size_t nr, i;
	const struct table_column *col = table_columns(screen, &nr);
	char buf[TEXT_LEN];

	for (i = 0; i < nr; i++) {
		col[i].text(row, buf, true);
		if (strcasestr(buf, needle))
			return true;
	}
	return false;
}

/**
 * table_default_sort - the column a screen begins with
 * @screen: which
 */
size_t table_default_sort(enum top_screen screen)
{
	size_t column = 0;

	find_on(screen, screens[screen].sort, &column);
	return column;
}

/**
 * table_big_first - does the natural order of a column begin with the largest?
 * @screen: which
 * @column: its number
 */
bool table_big_first(enum top_screen screen, size_t column)
{
	size_t nr;

	return table_columns(screen, &nr)[column].big_first;
}

/**
 * table_find - a column by its key
 * @key: its name
 * @screen: looked at first; gets the screen it was found on
 * @column: gets its number
 *
 * Returns 0, or -1 when no screen has one of that name.
 */
int table_find(const char *key, enum top_screen *screen, size_t *column)
{
	enum top_screen other;

	if (!find_on(*screen, key, column))
		return 0;
	for (other = 0; other < TOP_SCREENS; other++) {
		if (find_on(other, key, column))
			continue;
		*screen = other;
		return 0;
	}
	return -1;
}

// SPDX-License-Identifier: GPL-2.0
/* Columns of the listeners. */
#include <stdio.h>

#include "columns_of.h"

static const struct top_listener *row_l(const void *row)
{
	return row;
}

static const struct tcphs_listener *is(const void *row)
{
	return row_l(row)->is;
}

static int cmp_l_local(const void *a, const void *b, const struct top_style *style __unused)
{
	const struct tcphs_listener *x = is(a), *y = is(b);

	return columns_compare_endpoint(x->family, x->address, x->port, y->family, y->address, y->port);
}

/* model_arrange() keeps equals in the order of their cookies. */
#define L_COMPARE(name, expr)						\
static int cmp_l_##name(const void *a, const void *b,			\
			const struct top_style *style __unused)	\
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
L_COMPARE(owner, columns_compare_owner(is(a)->owner.known, is(a)->owner.comm, is(a)->owner.pid,
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

static enum table_tone txt_l_netns(const void *row, char *buf, const struct top_style *style)
{
	return columns_netns(is(row)->netns, buf, style);
}

static enum table_tone txt_l_local(const void *row, char *buf, const struct top_style *style __unused)
{
	char scope[TCPHS_SCOPE_LEN];

	tcphs_fmt_device(scope, is(row)->ifindex, is(row)->device);
	tcphs_fmt_scoped(buf, is(row)->family, is(row)->address, scope, is(row)->port);
	return TABLE_PLAIN;
}

static enum table_tone txt_l_owner(const void *row, char *buf, const struct top_style *style __unused)
{
	return columns_owner(is(row)->owner.known, is(row)->owner.comm, is(row)->owner.pid, buf);
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

static enum table_tone txt_syn(const void *row, char *buf, const struct top_style *style __unused)
{
	struct table_bar bar;

	bar_syn(row, &bar);
	return bar_text(&bar, buf);
}

static enum table_tone txt_accept(const void *row, char *buf, const struct top_style *style __unused)
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

static enum table_tone txt_syn_max(const void *row, char *buf, const struct top_style *style __unused)
{
	struct table_bar bar;

	bar_syn(row, &bar);
	return max_text(&bar, buf);
}

static enum table_tone txt_accept_max(const void *row, char *buf, const struct top_style *style __unused)
{
	struct table_bar bar;

	bar_accept(row, &bar);
	return max_text(&bar, buf);
}

static enum table_tone txt_overflows(const void *row, char *buf, const struct top_style *style __unused)
{
	text_count(buf, is(row)->overflows);
	return columns_losses(is(row)->overflows, row_l(row)->overflows);
}

static enum table_tone txt_drops(const void *row, char *buf, const struct top_style *style __unused)
{
	text_count(buf, is(row)->drops);
	return columns_losses(is(row)->drops, row_l(row)->drops);
}

static enum table_tone txt_rate(const void *row, char *buf, const struct top_style *style __unused)
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

static enum table_tone txt_p50(const void *row, char *buf, const struct top_style *style)
{
	return wait_text(&row_l(row)->wait, row_l(row)->wait.p50, buf, style->utf8);
}

static enum table_tone txt_p99(const void *row, char *buf, const struct top_style *style)
{
	return wait_text(&row_l(row)->wait, row_l(row)->wait.p99, buf, style->utf8);
}

L_COMPARE(conn, CMP(is(a)->conn, is(b)->conn))

static enum table_tone txt_l_conn(const void *row, char *buf, const struct top_style *style __unused)
{
	return columns_conn(is(row)->conn, buf);
}

static uint64_t row_l_cgroup(const void *row)
{
	return is(row)->owner.cgroup;
}

COLUMNS_CGROUP(row_l)

const struct table_column columns_listeners[] = {
	{ "NETNS", "netns", "network namespace: its name, container or first process",
	  10, 12, 31, 1, .all_netns = true, .compare = cmp_l_netns, .text = txt_l_netns },
	{ "LISTENER", "local", "address and port it listens on",
	  13, 17, 53, 0, .compare = cmp_l_local, .text = txt_l_local },
	{ "OWNER", "owner", "process that accepts (before that: listens), name[pid]",
	  10, 10, 27, 10, .compare = cmp_l_owner, .text = txt_l_owner },
	COLUMNS_CGROUP_ROWS,
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

const size_t columns_nr_listeners = COUNT(columns_listeners);
_Static_assert(COUNT(columns_listeners) <= LAYOUT_COLUMNS_MAX, "raise it");

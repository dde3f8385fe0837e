// SPDX-License-Identifier: GPL-2.0
/* Columns of the peers. */
#include <stdio.h>

#include "columns_of.h"

static const struct top_peer *row_p(const void *row)
{
	return row;
}

#define P_COMPARE(name, expr)						\
static int cmp_##name(const void *a, const void *b,			\
			const struct top_style *style __unused)	\
{									\
	return expr;							\
}

P_COMPARE(netns, CMP(row_p(a)->key.netns, row_p(b)->key.netns))
P_COMPARE(peer, columns_compare_endpoint((uint8_t)row_p(a)->key.family, row_p(a)->key.address, 0,
					 (uint8_t)row_p(b)->key.family, row_p(b)->key.address, 0))
P_COMPARE(rate, CMP(row_p(a)->rate, row_p(b)->rate))
P_COMPARE(opened, CMP(row_p(a)->opened, row_p(b)->opened))
P_COMPARE(connected, CMP(row_p(a)->connected, row_p(b)->connected))
P_COMPARE(failed, row_p(a)->failed != row_p(b)->failed ? CMP(row_p(a)->failed, row_p(b)->failed) :
	  CMP(row_p(a)->begun, row_p(b)->begun))
P_COMPARE(resets, CMP(row_p(a)->resets, row_p(b)->resets))
P_COMPARE(resets_here, CMP(row_p(a)->resets_here, row_p(b)->resets_here))
P_COMPARE(resent, CMP(row_p(a)->resent, row_p(b)->resent))
P_COMPARE(last, CMP(row_p(b)->last, row_p(a)->last))
P_COMPARE(last_failed, CMP(row_p(b)->failed_at, row_p(a)->failed_at))

static uint64_t quantile(const void *row, unsigned int permille)
{
	const struct tcphs_histogram *h = &row_p(row)->handshake;

	return h->count ? tcphs_hist_quantile(h, permille) : 0;
}

P_COMPARE(p50, CMP(quantile(a, 500), quantile(b, 500)))
P_COMPARE(p99, CMP(quantile(a, 990), quantile(b, 990)))

static enum table_tone txt_netns(const void *row, char *buf, const struct top_style *style)
{
	return columns_netns(row_p(row)->key.netns, buf, style);
}

static enum table_tone txt_peer(const void *row, char *buf, const struct top_style *style __unused)
{
	tcphs_fmt_address(buf, (uint8_t)row_p(row)->key.family, row_p(row)->key.address);
	return TABLE_PLAIN;
}

static enum table_tone number(uint64_t v, char *buf, enum table_tone tone)
{
	text_count(buf, v);
	return v ? tone : TABLE_DIM;
}

#define P_NUMBER(name, tone)								\
static enum table_tone txt_##name(const void *row, char *buf,				\
				  const struct top_style *style __unused)		\
{											\
	return number(row_p(row)->name, buf, tone);					\
}

P_NUMBER(opened, TABLE_PLAIN)
P_NUMBER(connected, TABLE_PLAIN)
P_NUMBER(failed, TABLE_BAD)
P_NUMBER(resets, TABLE_WARN)
P_NUMBER(resets_here, TABLE_WARN)
P_NUMBER(resent, TABLE_WARN)

static enum table_tone txt_rate(const void *row, char *buf, const struct top_style *style __unused)
{
	text_rate(buf, row_p(row)->rate);
	return row_p(row)->rate > 0 ? TABLE_PLAIN : TABLE_DIM;
}

static enum table_tone duration(uint64_t ns, bool known, char *buf, const struct top_style *style)
{
	if (known)
		text_duration(buf, ns, style->utf8);
	else
		strcpy(buf, "-");
	return known ? TABLE_PLAIN : TABLE_DIM;
}

static enum table_tone txt_p50(const void *row, char *buf, const struct top_style *style)
{
	return duration(quantile(row, 500), row_p(row)->handshake.count, buf, style);
}

static enum table_tone txt_p99(const void *row, char *buf, const struct top_style *style)
{
	return duration(quantile(row, 990), row_p(row)->handshake.count, buf, style);
}

static uint64_t ago(uint64_t time, const struct top_style *style)
{
	return style->now > time ? style->now - time : 0;
}

static enum table_tone txt_last(const void *row, char *buf, const struct top_style *style)
{
	return duration(ago(row_p(row)->last, style), true, buf, style);
}

static enum table_tone txt_last_failed(const void *row, char *buf, const struct top_style *style)
{
	char name[TCPHS_NAME_LEN], since[TEXT_LEN];

	if (!row_p(row)->failed_at) {
		strcpy(buf, "-");
		return TABLE_DIM;
	}
	text_duration(since, ago(row_p(row)->failed_at, style), style->utf8);
	snprintf(buf, TEXT_LEN, "%s %.24s ago", row_p(row)->reason ?
		 tcphs_reason_name(row_p(row)->reason, name) : "dropped", since);
	return TABLE_WARN;
}

const struct table_column columns_peers[] = {
	{ "NETNS", "netns", "network namespace of this end",
	  10, 12, 31, 1, .all_netns = true, .compare = cmp_netns, .text = txt_netns },
	{ "PEER", "peer", "address of the other end",
	  15, 20, 46, 0, .compare = cmp_peer, .text = txt_peer },
	{ "BEGUN/S", "rate", "connections begun a second, by either end",
	  7, 7, 7, 9, .right = true, .big_first = true, .compare = cmp_rate, .text = txt_rate },
	{ "ITS", "opened", "established ones that it opened",
	  6, 6, 6, 10, .right = true, .big_first = true, .compare = cmp_opened, .text = txt_opened },
	{ "OURS", "connected", "established ones that were opened from here",
	  6, 6, 6, 11, .right = true, .big_first = true,
	  .compare = cmp_connected, .text = txt_connected },
	{ "FAILED", "failed", "handshakes that came to nothing, whoever began them",
	  6, 6, 6, 12, .right = true, .big_first = true, .compare = cmp_failed, .text = txt_failed },
	{ "RST IN", "resets", "RSTs that it sent",
	  6, 6, 6, 7, .right = true, .big_first = true, .compare = cmp_resets, .text = txt_resets },
	{ "RST OUT", "resets-here", "RSTs that it got from here",
	  7, 7, 7, 6, .right = true, .big_first = true,
	  .compare = cmp_resets_here, .text = txt_resets_here },
	{ "RESENT", "resent", "SYNs and SYN+ACKs that were sent again to it",
	  6, 6, 6, 5, .right = true, .big_first = true, .compare = cmp_resent, .text = txt_resent },
	{ "P50", "p50", "half of the handshakes took no longer",
	  6, 6, 6, 8, .right = true, .big_first = true, .compare = cmp_p50, .text = txt_p50 },
	{ "P99", "p99", "99 of 100 took no longer",
	  6, 6, 6, 4, .right = true, .big_first = true, .compare = cmp_p99, .text = txt_p99 },
	{ "LAST", "last", "time since the last event",
	  6, 6, 7, 3, .right = true, .compare = cmp_last, .text = txt_last },
	{ "LAST FAILURE", "last-failed", "what failed last, and how long ago",
	  12, 24, 32, 2, .compare = cmp_last_failed, .text = txt_last_failed },
};

const size_t columns_nr_peers = COUNT(columns_peers);
_Static_assert(COUNT(columns_peers) <= LAYOUT_COLUMNS_MAX, "raise it");

// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "columns_of.h"
#include "container.h"
#include "netns.h"

int columns_compare_endpoint(uint8_t fa, const uint8_t *a, uint16_t pa,
			     uint8_t fb, const uint8_t *b, uint16_t pb)
{
	if (pa != pb)
		return CMP(pa, pb);
	if (fa != fb)
		return CMP(fa, fb);
	return memcmp(a, b, 16);
}

int columns_compare_owner(bool has_a, const char *a, uint32_t pa,
			  bool has_b, const char *b, uint32_t pb)
{
	int order;

	if (has_a != has_b)
		return has_a ? -1 : 1;
	order = has_a ? strcmp(a, b) : 0;
	return order ? order : CMP(pa, pb);
}

int columns_compare_ident_owner(uint32_t fa, const struct tcphs_ident *a, uint32_t fb,
				const struct tcphs_ident *b)
{
	int order;

	if ((fa ^ fb) & TCPHS_F_OWNER)
		return fa & TCPHS_F_OWNER ? -1 : 1;
	order = memcmp(a->comm, b->comm, sizeof(a->comm));
	return order ? order : CMP(a->pid, b->pid);
}

enum table_tone columns_owner(bool known, const char *comm, uint32_t pid, char *buf)
{
	if (!known) {
		strcpy(buf, "-");
		return TABLE_DIM;
	}
	tcphs_fmt_owner(buf, comm, TCPHS_COMM_LEN, pid);
	return TABLE_PLAIN;
}

enum table_tone columns_ident_owner(uint32_t flags, const struct tcphs_ident *id, char *buf)
{
	return columns_owner(flags & TCPHS_F_OWNER, (const char *)id->comm, id->pid, buf);
}

enum table_tone columns_netns(uint32_t netns, char *buf, const struct top_style *style)
{
	if (style->recorded)
		netns_number(netns, buf);
	else
		netns_name(netns, buf);
	return TABLE_DIM;
}

/**
 * columns_names - what a cgroup is to people
 * @cgroup: its number, or 0
 * @style: who knows names
 */
const struct tcphs_cgroup_names *columns_names(uint64_t cgroup, const struct top_style *style)
{
	static const struct tcphs_cgroup_names none;
	const struct tcphs_cgroup *found = style->cgroups ?
		tcphs_cgroups_find(style->cgroups, cgroup) : NULL;

	return found ? &found->names : &none;
}

/* What has no name comes last. */
static int compare_names(const char *a, const char *b)
{
	return !*a == !*b ? strcmp(a, b) : *a ? -1 : 1;
}

int columns_compare_unit(uint64_t a, uint64_t b, const struct top_style *style)
{
	return a == b ? 0 : compare_names(columns_names(a, style)->unit,
					  columns_names(b, style)->unit);
}

int columns_compare_container(uint64_t a, uint64_t b, const struct top_style *style)
{
	return a == b ? 0 : compare_names(columns_names(a, style)->container,
					  columns_names(b, style)->container);
}

static enum table_tone name_text(const char *name, int len, char *buf)
{
	snprintf(buf, TEXT_LEN, "%.*s", len, *name ? name : "-");
	return *name ? TABLE_PLAIN : TABLE_DIM;
}

enum table_tone columns_unit(uint64_t cgroup, char *buf, const struct top_style *style)
{
	return name_text(columns_names(cgroup, style)->unit, TEXT_LEN - 1, buf);
}

enum table_tone columns_container(uint64_t cgroup, char *buf, const struct top_style *style)
{
	const char *name = columns_names(cgroup, style)->container;

	return name_text(name, *name ? container_shown(name) : 1, buf);
}

enum table_tone columns_conn(uint64_t conn, char *buf)
{
	if (conn)
		tcphs_fmt_hex(buf, conn);
	else
		strcpy(buf, "-");
	return TABLE_DIM;
}

/* Total since the listener is there; bad while it grows. */
enum table_tone columns_losses(uint64_t v, double rate)
{
	if (rate > 0)
		return TABLE_BAD;
	return v ? TABLE_WARN : TABLE_DIM;
}

/* HH:MM:SS.mmm */
enum table_tone columns_time(uint64_t time, char *buf, const struct top_style *style)
{
	struct tcphs_clock clock = { .offset = style->clock };

	tcphs_fmt_time(buf, &clock, time);
	buf[12] = '\0';
	return TABLE_PLAIN;
}

enum table_tone columns_of_event(enum tcphs_tone tone)
{
	static const enum table_tone tones[] = {
		[TCPHS_TONE_PLAIN]	= TABLE_PLAIN,
		[TCPHS_TONE_GOOD]	= TABLE_GOOD,
		[TCPHS_TONE_WARN]	= TABLE_WARN,
		[TCPHS_TONE_BAD]	= TABLE_BAD,
		[TCPHS_TONE_CLOSE]	= TABLE_PLAIN,
	};

	return tones[tone];
}

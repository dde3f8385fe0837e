/* SPDX-License-Identifier: GPL-2.0 */
/* What the columns of the screens share. */
#ifndef TOP_COLUMNS_OF_H
#define TOP_COLUMNS_OF_H

#include "table.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define __unused	__attribute__((unused))
#define CMP(x, y)	((x) < (y) ? -1 : (x) > (y))

extern const struct table_column columns_listeners[], columns_connections[], columns_peers[],
				 columns_events[], columns_lives[], columns_findings[];
extern const size_t columns_nr_listeners, columns_nr_connections, columns_nr_peers,
		    columns_nr_events, columns_nr_lives, columns_nr_findings;

/* columns_of.c */
int columns_compare_endpoint(uint8_t fa, const uint8_t *a, uint16_t pa,
			     uint8_t fb, const uint8_t *b, uint16_t pb);
int columns_compare_owner(bool has_a, const char *a, uint32_t pa,
			  bool has_b, const char *b, uint32_t pb);
int columns_compare_ident_owner(uint32_t fa, const struct tcphs_ident *a, uint32_t fb,
				const struct tcphs_ident *b);
enum table_tone columns_owner(bool known, const char *comm, uint32_t pid, char *buf);
enum table_tone columns_ident_owner(uint32_t flags, const struct tcphs_ident *id, char *buf);
enum table_tone columns_netns(uint32_t netns, char *buf, const struct top_style *style);
const struct tcphs_cgroup_names *columns_names(uint64_t cgroup, const struct top_style *style);
int columns_compare_unit(uint64_t a, uint64_t b, const struct top_style *style);
int columns_compare_container(uint64_t a, uint64_t b, const struct top_style *style);
enum table_tone columns_unit(uint64_t cgroup, char *buf, const struct top_style *style);
enum table_tone columns_container(uint64_t cgroup, char *buf, const struct top_style *style);
enum table_tone columns_conn(uint64_t conn, char *buf);
enum table_tone columns_losses(uint64_t v, double rate);
enum table_tone columns_time(uint64_t time, char *buf, const struct top_style *style);
enum table_tone columns_of_event(enum tcphs_tone tone);

/* Unit and container of rows whose owner's cgroup is @of_cgroup(row). */
#define COLUMNS_CGROUP(of)								\
static int cmp_unit(const void *a, const void *b, const struct top_style *style)	\
{											\
	return columns_compare_unit(of##_cgroup(a), of##_cgroup(b), style);		\
}											\
											\
static int cmp_container(const void *a, const void *b, const struct top_style *style)	\
{											\
	return columns_compare_container(of##_cgroup(a), of##_cgroup(b), style);	\
}											\
											\
static enum table_tone txt_unit(const void *row, char *buf, const struct top_style *style) \
{											\
	return columns_unit(of##_cgroup(row), buf, style);				\
}											\
											\
static enum table_tone txt_container(const void *row, char *buf,			\
				     const struct top_style *style)			\
{											\
	return columns_container(of##_cgroup(row), buf, style);				\
}

#define COLUMNS_CGROUP_ROWS								\
	{ "UNIT", "unit", "systemd unit of its owner",					\
	  10, 16, 31, 1, .compare = cmp_unit, .text = txt_unit },			\
	{ "CONTAINER", "container", "container of its owner",				\
	  12, 12, 24, 1, .compare = cmp_container, .text = txt_container }

#endif /* TOP_COLUMNS_OF_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* The limit of the table is that of all namespaces together. */
#include "entries.h"

static int add(void *sum, const struct tcphs_status *st)
{
	*(uint32_t *)sum += st->table_used;
	return 0;
}

/**
 * entries_of_all - how many entries the table has
 * @s: the session that @st is from
 * @st: the status of its namespace
 *
 * Return: those of all namespaces in the initial one, which alone is told of others; else those
 * of its own.
 */
uint32_t entries_of_all(struct tcphs_session *s, const struct tcphs_status *st)
{
	struct tcphs_error err;
	uint32_t sum = 0;

	if (!st->has_overwritten || tcphs_each_status(s, true, add, &sum, &err))
		return st->table_used;
	return sum;
}

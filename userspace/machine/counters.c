/* SPDX-License-Identifier: GPL-2.0 */
/* Reads the kernel's counters of the namespace that it runs in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "settings.h"

#define TEXT_MAX (64 * 1024)

/**
 * counters_init - nothing is known
 * @c: the counters
 */
void counters_init(struct counters *c)
{
	*c = (struct counters){ .all = TALLY_INIT(struct counter, name) };
}

/**
 * counters_free - give the memory back
 * @c: the counters
 */
void counters_free(struct counters *c)
{
	tally_free(&c->all);
}

static void add(struct counters *c, const char *group, const char *name, const char *value,
		bool now)
{
	char key[COUNTER_NAME] = { 0 };
	struct counter *counter;

	if (snprintf(key, sizeof(key), "%s%s", group, name) >= (int)sizeof(key))
		return;
	counter = tally_get(&c->all, key);
	if (counter)
		*(now ? &counter->now : &counter->before) = strtoull(value, NULL, 10);
}

/* "TcpExt: A B" over "TcpExt: 1 2": a line of names and one of values. */
static void parse_pair(struct counters *c, char *names, char *values, bool now)
{
	char *name, *value, *next_name, *next_value, *group;

	group = strtok_r(names, ": ", &next_name);
	value = strtok_r(values, ": ", &next_value);
	if (!group || !value || strcmp(group, value))
		return;
	while ((name = strtok_r(NULL, " ", &next_name)) &&
	       (value = strtok_r(NULL, " ", &next_value)))
		add(c, group, name, value, now);
}

/**
 * counters_parse - a file of them
 * @c: gets them
 * @text: of the file; it is written to
 * @now: those of now, not of before
 */
void counters_parse(struct counters *c, char *text, bool now)
{
	char *names, *values, *next;

	*(now ? &c->now : &c->before) = true;
	while ((names = strtok_r(text, "\n", &next)) && (values = strtok_r(NULL, "\n", &next))) {
		parse_pair(c, names, values, now);
		text = NULL;
	}
}

/**
 * counters_read - all of them
 * @c: gets them
 * @now: those of now, not of before
 */
void counters_read(struct counters *c, bool now)
{
	static const char *const paths[] = { "/proc/net/snmp", "/proc/net/netstat" };
	char *text = malloc(TEXT_MAX);
	size_t i;

	for (i = 0; text && i < 2; i++)
		if (settings_read_text(paths[i], text, TEXT_MAX))
			counters_parse(c, text, now);
	free(text);
}

/**
 * counters_known - were they there to look at, both times?
 * @c: the counters
 */
bool counters_known(const struct counters *c)
{
	return c->before && c->now;
}

/**
 * counters_grown - by how much
 * @c: the counters
 * @name: as nstat writes it
 */
uint64_t counters_grown(const struct counters *c, const char *name)
{
	char key[COUNTER_NAME] = { 0 };
	const struct counter *counter;

	snprintf(key, sizeof(key), "%s", name);
	counter = counters_known(c) ? tally_find(&c->all, key) : NULL;
	return counter && counter->now > counter->before ? counter->now - counter->before : 0;
}

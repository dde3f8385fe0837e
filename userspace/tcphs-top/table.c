// SPDX-License-Identifier: GPL-2.0
/* What is known of a screen and its columns. */
#include <string.h>
#include <strings.h>

#include "columns_of.h"

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

static const struct screen {
	const char *name;		/* above it */
	const char *key;		/* in options */
	const char *nothing;		/* where it has no rows */
	const struct table_column *column;
	const size_t *nr;
	const char *sort;		/* key of the column that it begins with */
} screens[TOP_SCREENS] = {
	[TOP_LISTENERS] = { "Listeners", "listeners", "nothing listens",
			    columns_listeners, &columns_nr_listeners, "rate" },
	[TOP_CONNECTIONS] = { "Connections", "connections", "no connections",
			      columns_connections, &columns_nr_connections, "state" },
	[TOP_PEERS] = { "Peers", "peers", "no peer did anything yet",
			columns_peers, &columns_nr_peers, "failed" },
	[TOP_EVENTS] = { "Events", "events", "no events yet",
			 columns_events, &columns_nr_events, "time" },
	[TOP_LIVES] = { "Lives", "lives", "no connection ended yet",
			columns_lives, &columns_nr_lives, "end" },
	[TOP_DOCTOR] = { "Doctor", "doctor", "nothing wrong",
			 columns_findings, &columns_nr_findings, "severity" },
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
	*nr = *screens[screen].nr;
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
 * @style: how cells are written
 * @needle: the text, of upper or lower case
 */
bool table_row_has(enum top_screen screen, const void *row, const struct top_style *style,
		   const char *needle)
{
	size_t nr, i;
	const struct table_column *col = table_columns(screen, &nr);
	char buf[TEXT_LEN];

	for (i = 0; i < nr; i++) {
		col[i].text(row, buf, style);
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

/* SPDX-License-Identifier: GPL-2.0 */
/* The columns of the screens: one table says all there is to know of each. */
#ifndef TOP_TABLE_H
#define TOP_TABLE_H

#include "layout.h"
#include "model.h"
#include "text.h"

enum table_tone {
	TABLE_PLAIN,
	TABLE_DIM,
	TABLE_GOOD,
	TABLE_WARN,
	TABLE_BAD,
};

/* How full something is, and was. */
struct table_bar {
	uint64_t now;
	uint64_t max;
	uint64_t limit;
};

/**
 * struct table_column - a column
 * @title: above it
 * @key: for --sort and JSON-like places
 * @help: what it says
 * @min: cells it needs at least
 * @whole: what it wants up to here counts as needed: half an address is of no use
 * @max: cells it is ever given; what it wants lies between
 * @leave: see struct column
 * @right: numbers stand at the right
 * @all_netns: only with --all-netns
 * @big_first: its natural order begins with the largest
 * @compare: smallest first
 * @text: the cell, TEXT_LEN bytes; the tone it has
 * @bar: a bar stands before the text, in what is left of the cell
 */
struct table_column {
	const char *title;
	const char *key;
	const char *help;
	unsigned int min;
	unsigned int whole;
	unsigned int max;
	unsigned int leave;
	bool right;
	bool all_netns;
	bool big_first;
	top_compare_fn compare;
	enum table_tone (*text)(const void *row, char *buf, const struct top_style *style);
	void (*bar)(const void *row, struct table_bar *bar);
};

#define TABLE_BAR_MIN	3	/* cells below which a bar says nothing */

const struct table_column *table_columns(enum top_screen screen, size_t *nr);
size_t table_default_sort(enum top_screen screen);
bool table_big_first(enum top_screen screen, size_t column);
int table_find(const char *key, enum top_screen *screen, size_t *column);
const char *table_name(enum top_screen screen);
const char *table_key(enum top_screen screen);
const char *table_nothing(enum top_screen screen);
bool table_row_has(enum top_screen screen, const void *row, const struct top_style *style,
		   const char *needle);
enum table_tone table_level(const struct table_bar *bar, uint64_t v);

#endif /* TOP_TABLE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* What of the screen fits, and where it goes. Pure arithmetic. */
#ifndef TOP_LAYOUT_H
#define TOP_LAYOUT_H

#include <stddef.h>

#define LAYOUT_COLUMNS_MAX	16

/* The parts of the screen, from top to bottom. */
enum layout_part {
	LAYOUT_TITLE,
	LAYOUT_ALERTS,
	LAYOUT_STATES,
	LAYOUT_HANDSHAKES,
	LAYOUT_TIME_WAIT,
	LAYOUT_DROPS,
	LAYOUT_FAILURES,
	LAYOUT_SPARKS,
	LAYOUT_TABS,
	LAYOUT_TABLE,		/* the line of titles and the rows */
	LAYOUT_DETAILS,		/* of the row under the cursor */
	LAYOUT_FOOTER,

	LAYOUT_PARTS
};

/**
 * struct layout - where each part is
 * @width: of the terminal
 * @height: of the terminal
 * @y: first line of a part
 * @lines: of a part; 0: it does not fit
 * @cells: states side by side
 * @cell_width: of one of them
 * @cell_rate: is there room for the rates of the states?
 */
struct layout {
	unsigned int width;
	unsigned int height;
	unsigned int y[LAYOUT_PARTS];
	unsigned int lines[LAYOUT_PARTS];
	unsigned int cells;
	unsigned int cell_width;
	int cell_rate;
};

void layout_screen(struct layout *l, unsigned int width, unsigned int height,
		   unsigned int states, unsigned int alerts, unsigned int details);

/* Rows of the table that are seen at once. */
static inline unsigned int layout_rows(const struct layout *l)
{
	return l->lines[LAYOUT_TABLE] ? l->lines[LAYOUT_TABLE] - 1 : 0;
}

#endif /* TOP_LAYOUT_H */

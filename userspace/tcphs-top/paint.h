/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A screen as cells: text, tones and bars. What is painted here is put on a terminal by
 * terminal.c, and looked at by tests.
 */
#ifndef TOP_PAINT_H
#define TOP_PAINT_H

#include "table.h"

enum paint_tone {
	/* the first ones are those of enum table_tone */
	PAINT_BOLD = TABLE_BAD + 1,
	PAINT_TITLES,		/* the line above a table */
	PAINT_SORTED,		/* the title of the column that orders it */
	PAINT_LABEL,		/* of a key at the bottom */
	PAINT_TAB,		/* the screen that is shown */
	PAINT_ALARM,

	PAINT_TONES
};

#define PAINT_CELL	8	/* bytes of a character, with what combines with it */

struct paint_cell {
	char text[PAINT_CELL];	/* terminated; "": the right half of the one before it */
	uint8_t tone;
	bool chosen;		/* in the row of the cursor */
};

/**
 * struct paint - the cells
 * @width: of the terminal
 * @height: of the terminal
 * @utf8: are there more characters than ASCII?
 * @cell: @width times @height of them, line by line
 * @room: cells that are allocated
 */
struct paint {
	unsigned int width;
	unsigned int height;
	bool utf8;
	struct paint_cell *cell;
	size_t room;
};

int paint_size(struct paint *p, unsigned int width, unsigned int height);
void paint_clear(struct paint *p);
void paint_free(struct paint *p);
unsigned int paint_text(const struct paint *p, unsigned int y, unsigned int x, int tone,
			const char *s);
unsigned int paint_right(const struct paint *p, unsigned int y, unsigned int x,
			 unsigned int width, int tone, const char *s);
void paint_fill(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
		int tone);
void paint_choose(const struct paint *p, unsigned int y);
void paint_bar(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
	       const struct table_bar *bar);
void paint_length(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
		  uint64_t v, uint64_t most);
void paint_spark(const struct paint *p, unsigned int y, unsigned int x, const double *v,
		 size_t nr, double most, int tone);
size_t paint_line(const struct paint *p, unsigned int y, char *buf, size_t size);

#endif /* TOP_PAINT_H */

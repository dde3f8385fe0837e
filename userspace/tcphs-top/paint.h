/* SPDX-License-Identifier: GPL-2.0 */
/* Text, colours and bars on a terminal. */
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

/**
 * struct paint - how to paint
 * @width: of the terminal
 * @height: of the terminal
 * @color: are there colours?
 * @utf8: are there more characters than ASCII?
 */
struct paint {
	unsigned int width;
	unsigned int height;
	bool color;
	bool utf8;
};

void paint_start(struct paint *p, bool color, bool utf8);
void paint_tone(const struct paint *p, int tone);
unsigned int paint_text(const struct paint *p, unsigned int y, unsigned int x, int tone,
			const char *s);
unsigned int paint_right(const struct paint *p, unsigned int y, unsigned int x,
			 unsigned int width, int tone, const char *s);
void paint_fill(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
		int tone);
void paint_bar(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
	       const struct table_bar *bar);

#endif /* TOP_PAINT_H */

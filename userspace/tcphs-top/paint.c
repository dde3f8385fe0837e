// SPDX-License-Identifier: GPL-2.0
#include <curses.h>

#include "paint.h"

#define BAR_MAX	128

/* Without colours the tones are told apart by weight, or not at all. */
static const struct tone {
	short fg;
	short bg;
	attr_t color_attr;
	attr_t mono_attr;
} tones[PAINT_TONES] = {
	[TABLE_PLAIN]	= { -1, -1, A_NORMAL, A_NORMAL },
	[TABLE_DIM]	= { -1, -1, A_DIM, A_NORMAL },
	[TABLE_GOOD]	= { COLOR_GREEN, -1, A_NORMAL, A_NORMAL },
	[TABLE_WARN]	= { COLOR_YELLOW, -1, A_NORMAL, A_BOLD },
	[TABLE_BAD]	= { COLOR_RED, -1, A_BOLD, A_BOLD },
	[PAINT_BOLD]	= { -1, -1, A_BOLD, A_BOLD },
	[PAINT_TITLES]	= { COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_REVERSE },
	[PAINT_SORTED]	= { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE | A_BOLD },
	[PAINT_LABEL]	= { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[PAINT_TAB]	= { COLOR_CYAN, -1, A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE },
	[PAINT_ALARM]	= { COLOR_RED, -1, A_BOLD, A_BOLD },
};

/**
 * paint_start - sets up colours, after curses was started
 * @p: how to paint
 * @color: are colours wanted?
 * @utf8: are characters beyond ASCII?
 */
void paint_start(struct paint *p, bool color, bool utf8)
{
	short background = -1;
	int i;

	*p = (struct paint){ .utf8 = utf8 };
	p->color = color && has_colors() && start_color() == OK && COLOR_PAIRS > PAINT_TONES;
	if (!p->color)
		return;
	if (use_default_colors() != OK)
		background = COLOR_BLACK;
	for (i = 1; i < PAINT_TONES; i++)
		init_pair((short)i, tones[i].fg < 0 && background >= 0 ? COLOR_WHITE : tones[i].fg,
			  tones[i].bg < 0 ? background : tones[i].bg);
}

/**
 * paint_tone - what comes next looks like this
 * @p: how to paint
 * @tone: enum table_tone or enum paint_tone
 */
void paint_tone(const struct paint *p, int tone)
{
	if (p->color)
		attr_set(tones[tone].color_attr, (short)tone, NULL);
	else
		attr_set(tones[tone].mono_attr, 0, NULL);
}

/**
 * paint_text - text, cut at the edge of the terminal
 * @p: how to paint
 * @y: line
 * @x: column
 * @tone: what it looks like
 * @s: the text
 *
 * Returns the column behind it.
 */
unsigned int paint_text(const struct paint *p, unsigned int y, unsigned int x, int tone,
			const char *s)
{
	unsigned int left, bytes = 0, cells = 0;

	if (y >= p->height || x >= p->width)
		return x;
	left = p->width - x;
	while (s[bytes]) {
		if ((s[bytes] & 0xc0) != 0x80 && cells++ == left) {
			cells--;
			break;
		}
		bytes++;
	}
	paint_tone(p, tone);
	mvaddnstr((int)y, (int)x, s, (int)bytes);
	return x + cells;
}

/**
 * paint_right - text that ends where a column ends
 * @p: how to paint
 * @y: line
 * @x: where the column begins
 * @width: of the column
 * @tone: what it looks like
 * @s: the text; it must fit
 *
 * Returns the column behind it.
 */
unsigned int paint_right(const struct paint *p, unsigned int y, unsigned int x,
			 unsigned int width, int tone, const char *s)
{
	unsigned int len = (unsigned int)tcphs_text_width(s);

	return paint_text(p, y, x + (len < width ? width - len : 0), tone, s);
}

/**
 * paint_fill - blanks
 * @p: how to paint
 * @y: line
 * @x: column
 * @width: how many
 * @tone: what they look like
 */
void paint_fill(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
		int tone)
{
	if (y >= p->height || x >= p->width)
		return;
	paint_tone(p, tone);
	mvhline((int)y, (int)x, ' ', (int)(width < p->width - x ? width : p->width - x));
}

/* Eighths of a cell that @v of @limit fills; what is not nothing is seen. */
static unsigned int eighths(uint64_t v, uint64_t limit, unsigned int width)
{
	unsigned int all = width * 8;
	unsigned int fill;

	if (!limit)
		return v ? all : 0;
	fill = v >= limit ? all : (unsigned int)((double)v * all / (double)limit);
	return v && !fill ? 1 : fill;
}

/* The cell in which the high-water mark lies; @width when it is not worth one. */
static unsigned int mark(const struct table_bar *bar, unsigned int width)
{
	unsigned int at = eighths(bar->max, bar->limit, width);

	return bar->max > bar->now && at >= 8 ? (at - 1) / 8 : width;
}

static void bar_utf8(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
		     const struct table_bar *bar)
{
	static const char *const part[] = {
		" ", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589",
	};
	unsigned int fill = eighths(bar->now, bar->limit, width);
	unsigned int i;

	for (i = 0; i < width; i++) {
		if (i < fill / 8)
			paint_text(p, y, x + i, table_level(bar, bar->now), "\u2588");
		else if (i == fill / 8 && fill % 8)
			paint_text(p, y, x + i, table_level(bar, bar->now), part[fill % 8]);
		else if (i == mark(bar, width))
			paint_text(p, y, x + i, table_level(bar, bar->max), "\u2502");
		else
			paint_text(p, y, x + i, TABLE_DIM, "\u00b7");
	}
}

static void bar_ascii(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
		      const struct table_bar *bar)
{
	unsigned int fill = (eighths(bar->now, bar->limit, width) + 7) / 8;
	unsigned int i;

	for (i = 0; i < width; i++) {
		if (i < fill)
			paint_text(p, y, x + i, table_level(bar, bar->now), "#");
		else if (i == mark(bar, width))
			paint_text(p, y, x + i, table_level(bar, bar->max), "|");
		else
			paint_text(p, y, x + i, TABLE_DIM, ".");
	}
}

/**
 * paint_bar - how full something is, with a mark how full it was
 * @p: how to paint
 * @y: line
 * @x: column
 * @width: cells
 * @bar: what it shows
 */
void paint_bar(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
	       const struct table_bar *bar)
{
	if (width > BAR_MAX)
		width = BAR_MAX;
	if (p->utf8)
		bar_utf8(p, y, x, width, bar);
	else
		bar_ascii(p, y, x, width, bar);
}

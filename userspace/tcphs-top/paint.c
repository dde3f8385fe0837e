// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <wchar.h>

#include "paint.h"

#define BAR_MAX	128

/**
 * paint_size - as many cells as the terminal has, all blank
 * @p: the cells
 * @width: of the terminal
 * @height: of the terminal
 *
 * Return: 0, or -ENOMEM; then there are none.
 */
int paint_size(struct paint *p, unsigned int width, unsigned int height)
{
	size_t nr = (size_t)width * height;
	struct paint_cell *more;

	if (nr > p->room) {
		more = reallocarray(p->cell, nr, sizeof(*more));
		if (!more) {
			p->width = p->height = 0;
			return -ENOMEM;
		}
		p->cell = more;
		p->room = nr;
	}
	p->width = width;
	p->height = height;
	paint_clear(p);
	return 0;
}

/**
 * paint_clear - blanks
 * @p: the cells
 */
void paint_clear(struct paint *p)
{
	static const struct paint_cell blank = { .text = " " };
	size_t i, nr = (size_t)p->width * p->height;

	for (i = 0; i < nr; i++)
		p->cell[i] = blank;
}

/**
 * paint_free - gives the memory back
 * @p: the cells
 */
void paint_free(struct paint *p)
{
	free(p->cell);
	*p = (struct paint){ .utf8 = p->utf8 };
}

static size_t bytes_of(const char *s)
{
	size_t n = 1;

	while ((s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* How many cells a character takes; one that the locale does not know takes one. */
static unsigned int cells_of(const char *s, size_t bytes)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	int cells;

	if (bytes == 1)
		return 1;
	if (mbrtowc(&wide, s, bytes, &state) > bytes)
		return 1;
	cells = wcwidth(wide);
	return cells < 0 ? 1 : (unsigned int)cells;
}

static void put(struct paint_cell *cell, const char *s, size_t bytes, int tone)
{
	if (bytes >= PAINT_CELL || (bytes == 1 && (unsigned char)*s < ' ')) {
		s = "?";
		bytes = 1;
	}
	memcpy(cell->text, s, bytes);
	cell->text[bytes] = '\0';
	cell->tone = (uint8_t)tone;
}

/**
 * paint_text - text, cut at the edge of the terminal
 * @p: the cells
 * @y: line
 * @x: column
 * @tone: what it looks like
 * @s: the text
 *
 * Return: the column behind it.
 */
unsigned int paint_text(const struct paint *p, unsigned int y, unsigned int x, int tone,
			const char *s)
{
	struct paint_cell *line = p->cell + (size_t)y * p->width;
	unsigned int cells;
	size_t bytes;

	if (y >= p->height)
		return x;
	for (; *s; s += bytes) {
		bytes = bytes_of(s);
		cells = cells_of(s, bytes);
		if (!cells)
			continue;
		if (x + cells > p->width)
			break;
		put(&line[x], s, bytes, tone);
		if (cells == 2)
			line[x + 1] = (struct paint_cell){ .tone = (uint8_t)tone };
		x += cells;
	}
	return x;
}

/**
 * paint_right - text that ends where a column ends
 * @p: the cells
 * @y: line
 * @x: where the column begins
 * @width: of the column
 * @tone: what it looks like
 * @s: the text; it must fit
 *
 * Return: the column behind it.
 */
unsigned int paint_right(const struct paint *p, unsigned int y, unsigned int x,
			 unsigned int width, int tone, const char *s)
{
	unsigned int len = (unsigned int)tcphs_text_width(s);

	return paint_text(p, y, x + (len < width ? width - len : 0), tone, s);
}

/**
 * paint_fill - blanks
 * @p: the cells
 * @y: line
 * @x: column
 * @width: how many
 * @tone: what they look like
 */
void paint_fill(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
		int tone)
{
	struct paint_cell *line = p->cell + (size_t)y * p->width;

	for (; y < p->height && x < p->width && width; x++, width--)
		put(&line[x], " ", 1, tone);
}

/**
 * paint_choose - the row of the cursor
 * @p: the cells
 * @y: line
 */
void paint_choose(const struct paint *p, unsigned int y)
{
	unsigned int x;

	for (x = 0; y < p->height && x < p->width; x++)
		p->cell[(size_t)y * p->width + x].chosen = true;
}

/**
 * paint_line - a line as text, without what is blank at its end
 * @p: the cells
 * @y: line
 * @buf: gets it, terminated
 * @size: of @buf
 *
 * Return: its length in bytes.
 */
size_t paint_line(const struct paint *p, unsigned int y, char *buf, size_t size)
{
	size_t len = 0, keep = 0, bytes;
	unsigned int x;

	for (x = 0; y < p->height && x < p->width; x++) {
		const char *s = p->cell[(size_t)y * p->width + x].text;

		bytes = strlen(s);
		if (len + bytes >= size)
			break;
		memcpy(buf + len, s, bytes);
		len += bytes;
		if (*s && strcmp(s, " "))
			keep = len;
	}
	buf[keep] = '\0';
	return keep;
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

/**
 * paint_length - how many, beside others of them
 * @p: the cells
 * @y: line
 * @x: column
 * @width: cells
 * @v: how many
 * @most: so many fill the cells
 */
void paint_length(const struct paint *p, unsigned int y, unsigned int x, unsigned int width,
		  uint64_t v, uint64_t most)
{
	unsigned int fill = (eighths(v, most, width) + 7) / 8, i;

	for (i = 0; i < fill; i++)
		paint_text(p, y, x + i, TABLE_GOOD, p->utf8 ? "\u2588" : "#");
}

/**
 * paint_spark - what something was, a cell each
 * @p: the cells
 * @y: line
 * @x: column of the first
 * @v: the values, the oldest first; below 0: not known
 * @nr: how many
 * @most: the value that fills a cell
 * @tone: what those look like that are not nothing
 */
void paint_spark(const struct paint *p, unsigned int y, unsigned int x, const double *v,
		 size_t nr, double most, int tone)
{
	static const char *const utf8[] = {
		"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588",
	};
	static const char *const ascii[] = { ".", ":", "-", "=", "+", "*", "#", "@" };
	size_t i, level;

	for (i = 0; i < nr; i++) {
		if (v[i] < 0)
			continue;
		level = most > 0 ? (size_t)(v[i] / most * 7.999) : 0;
		if (v[i] > 0)
			paint_text(p, y, x + (unsigned int)i, tone,
				   p->utf8 ? utf8[level] : ascii[level]);
		else
			paint_text(p, y, x + (unsigned int)i, TABLE_DIM, p->utf8 ? "\u00b7" : "_");
	}
}

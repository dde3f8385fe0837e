/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Columns are left out in the order that their table says, so that the same terminal
 * always shows the same ones; what must be seen stays.
 */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "columns.h"

/* Those with 0 cells are left out. */
static unsigned int width_of(const unsigned int *out, size_t n, unsigned int gap)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (out[i])
			sum += out[i] + gap;
	return sum ? sum - gap : 0;
}

/* The next to go, or @n when the rest stays. */
static size_t first_to_leave(const struct column *col, size_t n, const unsigned int *out)
{
	size_t found = n, i;

	for (i = 0; i < n; i++)
		if (out[i] && col[i].leave && (found == n || col[i].leave < col[found].leave))
			found = i;
	return found;
}

/* Every column that wants more gets one cell a round, so nobody starves. */
static void share_out(const struct column *col, size_t n, unsigned int spare, unsigned int *out)
{
	bool gave = true;
	size_t i;

	while (spare && gave) {
		gave = false;
		for (i = 0; i < n && spare; i++) {
			if (!out[i] || out[i] >= col[i].want)
				continue;
			out[i]++;
			spare--;
			gave = true;
		}
	}
}

/**
 * columns_fit - divide the width among the columns of a table
 * @col: what they ask for
 * @n: how many
 * @width: cells there are
 * @gap: blanks between two columns
 * @out: cells each gets, 0: left out
 *
 * Return: how many are left. Those that never go may be wider than there is room.
 */
size_t columns_fit(const struct column *col, size_t n, unsigned int width, unsigned int gap,
		   unsigned int *out)
{
	size_t shown = 0, i, least;

	for (i = 0; i < n; i++)
		out[i] = col[i].min;
	while (width_of(out, n, gap) > width) {
		least = first_to_leave(col, n, out);
		if (least == n)
			break;
		out[least] = 0;
	}
	if (width_of(out, n, gap) <= width)
		share_out(col, n, width - width_of(out, n, gap), out);
	for (i = 0; i < n; i++)
		shown += out[i] != 0;
	return shown;
}

/**
 * columns_cut - cut what is too wide, from the left, as far as it goes
 * @out: cells of each column
 * @n: how many
 * @width: cells there are
 * @gap: blanks between two columns
 */
void columns_cut(unsigned int *out, size_t n, unsigned int width, unsigned int gap)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!out[i])
			continue;
		out[i] = out[i] < width ? out[i] : width;
		width -= out[i];
		width -= gap < width ? gap : width;
	}
}

static void spaces(struct tcphs_buf *out, size_t n)
{
	while (n--)
		tcphs_buf_char(out, ' ');
}

/**
 * columns_put - a cell of a line
 * @out: where to
 * @cell: the cell
 * @at: its place in the line, from 0
 * @nr: how many cells the line has
 * @gap: blanks between two columns
 */
void columns_put(struct tcphs_buf *out, const struct cell *cell, size_t at, size_t nr,
		 unsigned int gap)
{
	size_t width = tcphs_text_width(cell->text);
	size_t pad = width < cell->width ? cell->width - width : 0;
	bool colored = cell->color && *cell->color;

	if (at)
		spaces(out, gap);
	if (cell->right)
		spaces(out, pad);
	if (colored)
		tcphs_buf_str(out, cell->color);
	tcphs_buf_str(out, cell->text);
	if (colored)
		tcphs_buf_str(out, cell->plain);
	/* No blanks at the end of a line. */
	if (!cell->right && at + 1 < nr)
		spaces(out, pad);
}

/**
 * columns_of_terminal - how wide a line of standard output may be
 *
 * Return: COLUMNS, as shells set it, or what the terminal has; 0: nobody says.
 */
unsigned int columns_of_terminal(void)
{
	const char *text = getenv("COLUMNS");
	int n = text ? atoi(text) : 0;
	struct winsize size;

	if (n <= 0 && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		n = size.ws_col;
	return n > 0 ? (unsigned int)n : 0;
}

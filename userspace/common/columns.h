/* SPDX-License-Identifier: GPL-2.0 */
/* The columns of a table: which of them fit, how wide they are, and cells with their blanks. */
#ifndef TCPHS_COLUMNS_H
#define TCPHS_COLUMNS_H

#include "output.h"

/**
 * struct column - what a column of a table asks for
 * @min: cells without which it is of no use
 * @want: cells it would fill; more than that is never given
 * @leave: where there is no room, that of 1 is left out first; 0: never
 */
struct column {
	unsigned int min;
	unsigned int want;
	unsigned int leave;
};

/* Into a line: @at of so many cells. */
struct cell {
	const char *text;
	size_t width;
	bool right;			/* as numbers stand */
	const char *color, *plain;	/* around the text, NULL: nothing */
};

size_t columns_fit(const struct column *col, size_t n, unsigned int width, unsigned int gap,
		   unsigned int *out);
void columns_cut(unsigned int *out, size_t n, unsigned int width, unsigned int gap);
void columns_put(struct tcphs_buf *out, const struct cell *cell, size_t at, size_t nr,
		 unsigned int gap);
unsigned int columns_of_terminal(void);

#endif /* TCPHS_COLUMNS_H */

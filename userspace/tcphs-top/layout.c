// SPDX-License-Identifier: GPL-2.0
/*
 * What fits. The parts of the screen are dropped in a fixed order, so that the same
 * terminal always shows the same things; columns.c has the like for those of a table.
 */
#include <stdbool.h>

#include "layout.h"

#define CELL_FULL	25	/* SYN-RECEIVED 12345 +123.4 */
#define CELL_SHORT	18	/* SYN-RECEIVED 12345 */
#define CELL_GAP	2
#define CELL_MAX	36

#define SPARKS_WIDTH	72
#define SPARKS_HEIGHT	32

/* When the table has too few rows, these steps are taken until it has enough. */
static const struct step {
	enum layout_part part;
	unsigned int keep;	/* lines that are left */
} steps[] = {
	{ LAYOUT_SPARKS,	0 },
	{ LAYOUT_ALERTS,	3 },
	{ LAYOUT_FAILURES,	0 },
	{ LAYOUT_STATES,	1 },
	{ LAYOUT_DROPS,		0 },
	{ LAYOUT_TABS,		0 },
	{ LAYOUT_ALERTS,	1 },
	{ LAYOUT_TIME_WAIT,	0 },
	{ LAYOUT_HANDSHAKES,	0 },
	{ LAYOUT_STATES,	0 },
	{ LAYOUT_FOOTER,	0 },
	{ LAYOUT_TITLE,		0 },
	{ LAYOUT_ALERTS,	0 },
};

static unsigned int div_up(unsigned int a, unsigned int b)
{
	return (a + b - 1) / b;
}

static void lay_cells(struct layout *l, unsigned int states)
{
	unsigned int need;

	l->cell_rate = l->width >= 2 * CELL_FULL + CELL_GAP;
	need = l->cell_rate ? CELL_FULL : CELL_SHORT;
	l->cells = (l->width + CELL_GAP) / (need + CELL_GAP);
	if (l->cells < 1)
		l->cells = 1;
	/* three stages of a life with three states each: rows that mean something */
	if (l->cells > 3)
		l->cells = 3;
	if (states && l->cells > states)
		l->cells = states;
	l->cell_width = (l->width + CELL_GAP) / l->cells;
	l->cell_width = l->cell_width > CELL_GAP ? l->cell_width - CELL_GAP : 1;
	if (l->cell_width > CELL_MAX)
		l->cell_width = CELL_MAX;
}

static unsigned int used(const struct layout *l)
{
	unsigned int sum = 0;
	int part;

	for (part = 0; part < LAYOUT_PARTS; part++)
		if (part != LAYOUT_TABLE)
			sum += l->lines[part];
	return sum;
}

/* Lines that the table should have, its titles included. */
static unsigned int table_wants(unsigned int height)
{
	if (height < 6)
		return height < 2 ? height : 2;
	return height < 15 ? 4 : height / 3 + 1;
}

/* Of the lines of the table, as far as three rows are left: those that are most urgent. */
static void lay_details(struct layout *l, unsigned int details)
{
	unsigned int least = 4, spare;

	spare = l->lines[LAYOUT_TABLE] > least ? l->lines[LAYOUT_TABLE] - least : 0;
	if (details > spare)
		details = spare;
	if (details < 2)
		return;
	l->lines[LAYOUT_DETAILS] = details;
	l->lines[LAYOUT_TABLE] -= details;
}

/**
 * layout_screen - divides the lines of the terminal
 * @l: the result
 * @width: of the terminal
 * @height: of the terminal
 * @states: how many there are to show
 * @alerts: how many lines of what is wrong
 * @details: lines that are wanted below the rows, in place of some
 */
void layout_screen(struct layout *l, unsigned int width, unsigned int height,
		   unsigned int states, unsigned int alerts, unsigned int details)
{
	unsigned int want = table_wants(height);
	unsigned int y = 0;
	size_t i;

	*l = (struct layout){ .width = width, .height = height };
	lay_cells(l, states);
	l->lines[LAYOUT_TITLE] = 1;
	l->lines[LAYOUT_ALERTS] = alerts;
	l->lines[LAYOUT_STATES] = div_up(states, l->cells);
	l->lines[LAYOUT_HANDSHAKES] = 2;
	l->lines[LAYOUT_TIME_WAIT] = 1;
	l->lines[LAYOUT_DROPS] = 1;
	l->lines[LAYOUT_FAILURES] = 1;
	/* each a line, or all in one */
	l->lines[LAYOUT_SPARKS] = width < SPARKS_WIDTH ? 0 : height < SPARKS_HEIGHT ? 1 : 3;
	l->lines[LAYOUT_TABS] = 1;
	l->lines[LAYOUT_FOOTER] = 1;

	for (i = 0; i < sizeof(steps) / sizeof(*steps) && used(l) + want > height; i++)
		if (l->lines[steps[i].part] > steps[i].keep)
			l->lines[steps[i].part] = steps[i].keep;
	l->lines[LAYOUT_TABLE] = height - used(l);
	lay_details(l, details);
	for (i = 0; i < LAYOUT_PARTS; i++) {
		l->y[i] = y;
		y += l->lines[i];
	}
}

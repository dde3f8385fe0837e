// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: what fits at which size. */
#include "../../userspace/tcphs-top/layout.h"
#include "tap.h"

#define STATES	9

static unsigned int sum(const struct layout *l)
{
	unsigned int n = 0;
	int i;

	for (i = 0; i < LAYOUT_PARTS; i++)
		n += l->lines[i];
	return n;
}

static int parts_follow(const struct layout *l)
{
	unsigned int y = 0;
	int i;

	for (i = 0; i < LAYOUT_PARTS; i++) {
		if (l->y[i] != y)
			return 0;
		y += l->lines[i];
	}
	return 1;
}

/* Every size up to a large one: nothing overlaps, nothing is left over. */
static int sound_at_all_sizes(void)
{
	unsigned int w, h, alerts;
	struct layout l;

	for (w = 0; w < 220; w++)
		for (h = 0; h < 80; h++)
			for (alerts = 0; alerts < 9; alerts += 4) {
				layout_screen(&l, w, h, STATES, alerts, alerts * 3);
				if (sum(&l) != h || !parts_follow(&l) || !l.cells)
					return 0;
				if (l.cells * (l.cell_width + 2) > w + 2 && w > 20)
					return 0;
			}
	return 1;
}

static void screens(void)
{
	struct layout l;

	layout_screen(&l, 80, 24, STATES, 0, 0);
	equal(l.lines[LAYOUT_STATES], 3, "80x24: states in three rows of three");
	ok(l.lines[LAYOUT_FAILURES] && l.lines[LAYOUT_DROPS] && l.lines[LAYOUT_TABS],
	   "80x24: every part is there");
	ok(l.lines[LAYOUT_SPARKS] == 1 && layout_rows(&l) == 11,
	   "80x24: the last seconds in one line, eleven rows");
	layout_screen(&l, 80, 32, STATES, 0, 0);
	equal(l.lines[LAYOUT_SPARKS], 3, "80x32: three of them");
	layout_screen(&l, 80, 24, STATES, 0, 9);
	ok(l.lines[LAYOUT_DETAILS] == 8 && layout_rows(&l) == 3,
	   "80x24: details leave three rows");
	layout_screen(&l, 40, 10, STATES, 0, 9);
	ok(!l.lines[LAYOUT_DETAILS] && layout_rows(&l) == 3, "40x10: there is no room for them");
	layout_screen(&l, 80, 24, STATES, 8, 0);
	ok(l.lines[LAYOUT_ALERTS] == 3 && l.lines[LAYOUT_STATES] == 3,
	   "80x24 and eight alerts: they give way to the table");
	layout_screen(&l, 40, 10, STATES, 0, 0);
	equal(l.lines[LAYOUT_STATES], 1, "40x10: one line of states");
	equal(l.lines[LAYOUT_DROPS] + l.lines[LAYOUT_TABS], 0, "40x10: drops and tabs are gone");
	equal(layout_rows(&l), 3, "40x10: three rows");
	layout_screen(&l, 40, 10, STATES, 2, 0);
	ok(l.lines[LAYOUT_ALERTS] >= 1, "40x10: what is wrong stays");
	layout_screen(&l, 80, 2, STATES, 3, 0);
	equal(l.lines[LAYOUT_TABLE], 2, "two lines: all of them table");
	layout_screen(&l, 0, 0, STATES, 3, 0);
	equal(sum(&l), 0, "no lines: nothing");
	ok(sound_at_all_sizes(), "parts fill every size without overlap");
}

int main(void)
{
	plan(14);
	screens();
	return tap_done();
}

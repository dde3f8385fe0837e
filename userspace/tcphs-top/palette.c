// SPDX-License-Identifier: GPL-2.0
/*
 * Colours are told apart by those who do not see red and green alike: blue, yellow
 * and a dark red (tests/unit/top_palette.c looks), each with an attribute beside it.
 */
#include "palette.h"

#define RGB(r, g, b)	((r) << 16 | (g) << 8 | (b))

const struct palette_tone palette[PAINT_TONES] = {
	[TABLE_PLAIN]	= { -1, -1, -1, -1, -1, -1, A_NORMAL, A_NORMAL },
	[TABLE_DIM]	= { -1, -1, 244, -1, RGB(128, 128, 128), -1, A_NORMAL, A_NORMAL },
	[TABLE_GOOD]	= { COLOR_CYAN, -1, 74, -1, RGB(86, 180, 233), -1, A_NORMAL, A_NORMAL },
	[TABLE_WARN]	= { COLOR_YELLOW, -1, 178, -1, RGB(215, 175, 0), -1, A_BOLD, A_BOLD },
	[TABLE_BAD]	= { COLOR_RED, -1, 160, -1, RGB(215, 0, 0), -1, A_BOLD | A_UNDERLINE,
			    A_BOLD | A_UNDERLINE },
	[PAINT_BOLD]	= { -1, -1, -1, -1, -1, -1, A_BOLD, A_BOLD },
	[PAINT_TITLES]	= { COLOR_BLACK, COLOR_WHITE, 16, 250, RGB(0, 0, 0), RGB(188, 188, 188),
			    A_NORMAL, A_REVERSE },
	[PAINT_SORTED]	= { COLOR_BLACK, COLOR_CYAN, 16, 74, RGB(0, 0, 0), RGB(86, 180, 233),
			    A_NORMAL, A_REVERSE | A_BOLD },
	[PAINT_LABEL]	= { COLOR_BLACK, COLOR_CYAN, 16, 74, RGB(0, 0, 0), RGB(86, 180, 233),
			    A_NORMAL, A_REVERSE },
	[PAINT_TAB]	= { COLOR_CYAN, -1, 74, -1, RGB(86, 180, 233), -1, A_BOLD | A_UNDERLINE,
			    A_BOLD | A_UNDERLINE },
	[PAINT_ALARM]	= { COLOR_RED, -1, 160, -1, RGB(215, 0, 0), -1, A_BOLD, A_BOLD },
};

/* SPDX-License-Identifier: GPL-2.0 */
/* What each tone looks like. */
#ifndef TOP_PALETTE_H
#define TOP_PALETTE_H

#include <curses.h>		/* for colours and attributes alone */

#include "paint.h"

/**
 * struct palette_tone - a tone
 * @fg: its colour in 8 or 16, -1: the terminal's own
 * @bg: likewise that behind it
 * @fg256: in 256
 * @bg256: likewise
 * @fg_rgb: in all that there are
 * @bg_rgb: likewise
 * @color_attr: beside the colour
 * @mono_attr: instead of it
 */
struct palette_tone {
	short fg, bg;
	short fg256, bg256;
	int fg_rgb, bg_rgb;
	attr_t color_attr;
	attr_t mono_attr;
};

extern const struct palette_tone palette[PAINT_TONES];

#endif /* TOP_PALETTE_H */

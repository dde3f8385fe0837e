/* SPDX-License-Identifier: GPL-2.0 */
/* The screen: reads the model and the state of the user interface, changes neither. */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include "paint.h"
#include "ui.h"

#define VIEW_ALERTS_MAX	8

/**
 * struct view - what painting needs to remember
 * @paint: colours and characters
 * @clock: monotonic time as time of day
 * @layout: of the last size
 * @want: the widest cell a column has had; it never shrinks, so columns stay
 */
struct view {
	struct paint paint;
	struct tcphs_clock clock;
	struct layout layout;
	unsigned int want[TOP_SCREENS][LAYOUT_COLUMNS_MAX];
};

/* The states in the order of the screen. */
extern const uint8_t view_states[];
extern const size_t view_nr_states;

void view_start(struct view *v, bool color, bool utf8);
void view_resize(struct view *v, const struct top_model *m, unsigned int width,
		 unsigned int height);
void view_paint(struct view *v, const struct top_model *m, const struct ui *ui);

/* view_head.c: everything above the table */
void view_head(struct view *v, const struct top_model *m, const struct ui *ui);

#endif /* TOP_VIEW_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* The screen: reads the model and the state of the user interface, changes neither. */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include "paint.h"
#include "ui.h"

#define VIEW_ALERTS_MAX	8
#define VIEW_SPOTS	160

/* Cells that do something when they are clicked on. */
struct view_spot {
	unsigned int x, y, width;
	enum ui_action action;
	int arg;
};

/**
 * struct view - what painting needs to remember
 * @paint: the cells
 * @clock: monotonic time as time of day
 * @layout: of the last size
 * @want: the widest cell a column has had; it never shrinks, so columns stay
 * @spot: of the last screen
 * @spots: how many
 * @help_lines: of the help, at this size
 * @page_lines: of what is open in place of the table
 */
struct view {
	struct paint paint;
	struct tcphs_clock clock;
	struct layout layout;
	unsigned int want[TOP_SCREENS][LAYOUT_COLUMNS_MAX];
	struct view_spot spot[VIEW_SPOTS];
	size_t spots;
	size_t help_lines;
	size_t page_lines;
};

/* The states in the order of the screen. */
extern const uint8_t view_states[];
extern const size_t view_nr_states;

void view_start(struct view *v, bool utf8);
void view_free(struct view *v);
int view_resize(struct view *v, const struct top_model *m, const struct ui *ui,
		unsigned int width, unsigned int height);
void view_paint(struct view *v, const struct top_model *m, const struct ui *ui);
size_t view_rows(const struct view *v, const struct ui *ui);
size_t view_total(const struct view *v, const struct top_model *m, const struct ui *ui);
void view_line(const struct view *v, const struct ui *ui, char *buf, size_t size);
enum ui_action view_mouse(const struct view *v, const struct ui *ui, const struct key *key,
			  int *arg);

/* view_head.c: everything above the table */
void view_head(struct view *v, const struct top_model *m, const struct ui *ui);

/* view_details.c: below the rows */
unsigned int view_details_wanted(enum top_screen screen, unsigned int height);
void view_details(const struct view *v, const struct top_model *m, const struct ui *ui);

/* view_page.c: in place of the table */
void view_page(struct view *v, const struct top_model *m, const struct ui *ui);

/* view_help.c: keys and columns */
void view_help(struct view *v, const struct ui *ui);

#endif /* TOP_VIEW_H */

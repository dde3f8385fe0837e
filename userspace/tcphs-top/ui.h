/* SPDX-License-Identifier: GPL-2.0 */
/* What the user asked for, and how keys change it. No terminal in here either. */
#ifndef TOP_UI_H
#define TOP_UI_H

#include "table.h"

enum ui_mode {
	UI_TABLE,
	UI_HELP,
	UI_SORT,		/* choose a column from a list */
	UI_DELAY,		/* type a number */

	UI_MODES
};

enum ui_action {
	UI_NONE,
	UI_UNKNOWN,		/* of the table: a key that has no use */
	UI_QUIT,
	UI_SWITCH,
	UI_UP,
	UI_DOWN,
	UI_PAGE_UP,
	UI_PAGE_DOWN,
	UI_HOME,
	UI_END,
	UI_SORT_LEFT,
	UI_SORT_RIGHT,
	UI_SORT_MENU,
	UI_INVERT,
	UI_PAUSE,
	UI_ASK_HELP,
	UI_ASK_DELAY,
	UI_REDRAW,
	UI_RESIZE,
	UI_ENTER,
	UI_CANCEL,
	UI_ERASE,
	UI_CHAR,		/* in UI_DELAY, with the character */
};

#define UI_DELAY_MIN	0.1
#define UI_DELAY_MAX	3600.0
#define UI_PROMPT_LEN	12

/**
 * struct ui - the state of the user interface
 * @screen: table that is shown
 * @mode: what the keys mean
 * @sort: number of the column, of each screen
 * @invert: is its order turned round?
 * @offset: first row that is seen
 * @menu: in UI_SORT: the line
 * @all_netns: every network namespace
 * @paused: keep what is on the screen
 * @delay: seconds between two refreshes
 * @prompt: in UI_DELAY: what was typed
 * @refused: in UI_DELAY: and it was no good
 * @unknown: the last key had no use
 * @quit: enough
 * @repaint: the terminal is to be painted from scratch
 * @refresh: the table that is shown now has not been fetched yet
 */
struct ui {
	enum top_screen screen;
	enum ui_mode mode;
	size_t sort[TOP_SCREENS];
	bool invert[TOP_SCREENS];
	size_t offset[TOP_SCREENS];
	size_t menu;
	bool all_netns;
	bool paused;
	double delay;
	char prompt[UI_PROMPT_LEN];
	bool refused;
	bool unknown;
	bool quit;
	bool repaint;
	bool refresh;
};

void ui_init(struct ui *ui);
void ui_apply(struct ui *ui, enum ui_action action, int ch, size_t rows, size_t total);
void ui_clamp(struct ui *ui, size_t rows, size_t total);
bool ui_descending(const struct ui *ui);
int ui_parse_delay(const char *s, double *delay);

#endif /* TOP_UI_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Which key does what. The help and the line at the bottom are made of the same table. */
#ifndef TOP_KEYS_H
#define TOP_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* What the keys mean. */
enum ui_mode {
	UI_TABLE,		/* a screen with rows */
	UI_HELP,
	UI_SORT,		/* choose a column from a list */
	UI_PROMPT,		/* type a line */
	UI_PAGE,		/* lines in place of the table */

	UI_MODES
};

enum ui_action {
	UI_NONE,
	UI_UNKNOWN,		/* a key that has no use here */
	UI_QUIT,
	UI_SCREEN,		/* with its number */
	UI_NEXT,
	UI_PREVIOUS,
	UI_UP,
	UI_DOWN,
	UI_PAGE_UP,
	UI_PAGE_DOWN,
	UI_HOME,
	UI_END,
	UI_OPEN,
	UI_EVENTS,
	UI_LIVES,
	UI_BACK,
	UI_SAVE,
	UI_RECORD,
	UI_COPY,
	UI_COPY_CONN,
	UI_SEARCH,
	UI_SEARCH_NEXT,
	UI_SEARCH_BACK,
	UI_FILTER,
	UI_SORT_LEFT,
	UI_SORT_RIGHT,
	UI_SORT_MENU,
	UI_INVERT,
	UI_MARK,
	UI_UNMARK,
	UI_FOLLOW,
	UI_TREE,
	UI_FOLD,
	UI_UNFOLD,
	UI_FOLD_ALL,
	UI_PAUSE,
	UI_SLOWER,
	UI_FASTER,
	UI_DELAY,
	UI_JUMP,		/* in a recording, to a time */
	UI_STEP,		/* so many seconds */
	UI_ASK_HELP,
	UI_REDRAW,
	/* of a line that is typed, and of lists */
	UI_ENTER,
	UI_CANCEL,
	UI_ERASE,
	UI_ERASE_ALL,
	UI_LEFT,
	UI_RIGHT,
	UI_COMPLETE,
	UI_CHAR,		/* with the character */
	/* of the mouse */
	UI_POINT,		/* at a row that is seen, with its number on the screen */
	UI_SORT_BY,		/* with the number of the column */
	UI_CHOOSE,		/* of a list, likewise */
	UI_WHEEL_UP,
	UI_WHEEL_DOWN,
};

enum key_mouse {
	KEY_NO_MOUSE,
	KEY_CLICK,
	KEY_WHEEL_UP,
	KEY_WHEEL_DOWN,
};

/* What was pressed: @code as curses has it; of the mouse where. */
struct key {
	int code;
	enum key_mouse mouse;
	unsigned int x, y;
};

#define KEYS_NAME	12	/* "Shift-Tab" */
#define KEYS_OF_ONE	4

/**
 * struct keys_binding - a line of the table
 * @code: the keys, 0: no more
 * @action: what they ask for
 * @arg: of it
 * @where: modes, a mask of 1 << enum ui_mode
 * @label: at the bottom, NULL: not there
 * @does: in the help
 */
struct keys_binding {
	int code[KEYS_OF_ONE];
	enum ui_action action;
	int arg;
	unsigned int where;
	const char *label;
	const char *does;
};

enum ui_action keys_action(enum ui_mode mode, int code, int *arg);
const struct keys_binding *keys_table(size_t *nr);
const char *keys_name(int code, char buf[KEYS_NAME]);
void keys_names(const struct keys_binding *b, char *buf, size_t size);

#endif /* TOP_KEYS_H */

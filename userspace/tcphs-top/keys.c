// SPDX-License-Identifier: GPL-2.0
#include <curses.h>

#include "keys.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define CTRL(c)		((c) & 0x1f)
#define ESCAPE		27
#define DEL		127

struct binding {
	int key;
	enum ui_action action;
};

static const struct binding table_keys[] = {
	{ 'q', UI_QUIT }, { KEY_F(10), UI_QUIT },
	{ '\t', UI_SWITCH }, { KEY_BTAB, UI_SWITCH },
	{ KEY_UP, UI_UP }, { 'k', UI_UP },
	{ KEY_DOWN, UI_DOWN }, { 'j', UI_DOWN },
	{ KEY_PPAGE, UI_PAGE_UP }, { CTRL('B'), UI_PAGE_UP },
	{ KEY_NPAGE, UI_PAGE_DOWN }, { CTRL('F'), UI_PAGE_DOWN },
	{ KEY_HOME, UI_HOME }, { 'g', UI_HOME },
	{ KEY_END, UI_END }, { 'G', UI_END },
	{ '<', UI_SORT_LEFT }, { ',', UI_SORT_LEFT },
	{ '>', UI_SORT_RIGHT }, { '.', UI_SORT_RIGHT },
	{ 's', UI_SORT_MENU }, { KEY_F(6), UI_SORT_MENU },
	{ 'I', UI_INVERT },
	{ ' ', UI_PAUSE }, { 'p', UI_PAUSE }, { 'Z', UI_PAUSE },
	{ 'h', UI_ASK_HELP }, { '?', UI_ASK_HELP }, { KEY_F(1), UI_ASK_HELP },
	{ 'd', UI_ASK_DELAY },
};

/* The menu and the prompt; scrolling keys are those of the table. */
static const struct binding common_keys[] = {
	{ CTRL('L'), UI_REDRAW }, { KEY_RESIZE, UI_RESIZE },
	{ '\n', UI_ENTER }, { '\r', UI_ENTER }, { KEY_ENTER, UI_ENTER },
	{ ESCAPE, UI_CANCEL },
	{ KEY_BACKSPACE, UI_ERASE }, { DEL, UI_ERASE }, { '\b', UI_ERASE },
};

static const struct keys_help help[] = {
	{ "Tab",		"listeners / connections" },
	{ "Up Down k j",	"scroll by a row" },
	{ "PgUp PgDn",		"scroll by a page" },
	{ "Home End g G",	"first and last row" },
	{ "< >",		"sort by the column left / right" },
	{ "F6 s",		"choose the column to sort by" },
	{ "I",			"invert the order" },
	{ "Space p Z",		"pause, go on" },
	{ "d",			"delay between refreshes" },
	{ "Ctrl-L",		"paint the screen anew" },
	{ "F1 h ?",		"this help" },
	{ "F10 q",		"quit" },
};

static const struct keys_label table_labels[] = {
	{ "F1", "Help" }, { "Tab", "Switch" }, { "F6", "Sort" }, { "I", "Invert" },
	{ "Z", "Pause" }, { "d", "Delay" }, { "F10", "Quit" },
};

static const struct keys_label sort_labels[] = {
	{ "Enter", "Sort" }, { "Esc", "Cancel" },
};

static const struct keys_label help_labels[] = {
	{ "Any key", "Back" },
};

static enum ui_action look_up(const struct binding *b, size_t nr, int key)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (b[i].key == key)
			return b[i].action;
	return UI_NONE;
}

/**
 * keys_action - what a key asks for
 * @mode: what is on the screen
 * @key: of getch()
 * @ch: gets the character for UI_CHAR
 */
enum ui_action keys_action(enum ui_mode mode, int key, int *ch)
{
	enum ui_action action = look_up(common_keys, COUNT(common_keys), key);

	*ch = 0;
	if (action != UI_NONE)
		return action;
	if (mode == UI_DELAY && ((key >= '0' && key <= '9') || key == '.')) {
		*ch = key;
		return UI_CHAR;
	}
	action = look_up(table_keys, COUNT(table_keys), key);
	/* any key leaves the help screen, also one without a meaning */
	if (action == UI_NONE)
		return mode == UI_HELP ? UI_CANCEL : mode == UI_TABLE ? UI_UNKNOWN : UI_NONE;
	return action;
}

/**
 * keys_help - all keys in words
 * @nr: gets how many lines
 */
const struct keys_help *keys_help(size_t *nr)
{
	*nr = COUNT(help);
	return help;
}

/**
 * keys_labels - the line at the bottom
 * @mode: what is on the screen
 * @nr: gets how many labels
 */
const struct keys_label *keys_labels(enum ui_mode mode, size_t *nr)
{
	if (mode == UI_SORT) {
		*nr = COUNT(sort_labels);
		return sort_labels;
	}
	if (mode == UI_HELP) {
		*nr = COUNT(help_labels);
		return help_labels;
	}
	*nr = COUNT(table_labels);
	return table_labels;
}

// SPDX-License-Identifier: GPL-2.0
#include <curses.h>
#include <stdio.h>
#include <string.h>

#include "keys.h"
#include "model.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define CTRL(c)		((c) & 0x1f)
#define ESCAPE		27
#define DEL		127

#define IN_TABLE	(1u << UI_TABLE)
#define IN_LIST		(1u << UI_SORT)
#define IN_PROMPT	(1u << UI_PROMPT)
#define IN_HELP		(1u << UI_HELP)
#define IN_PAGE		(1u << UI_PAGE)
#define LOOKING		(IN_TABLE | IN_PAGE)
#define SCROLLING	(LOOKING | IN_LIST | IN_HELP)

/* Those of htop and sngrep where they have one for it. */
static const struct keys_binding table[] = {
	{ { KEY_F(1), 'h', '?' }, UI_ASK_HELP, 0, LOOKING, "Help", "this help" },
	{ { '\t' }, UI_NEXT, 0, LOOKING, "Next", "the next screen" },
	{ { KEY_BTAB }, UI_PREVIOUS, 0, LOOKING, NULL, "the screen before" },
	{ { '1' }, UI_SCREEN, TOP_LISTENERS, LOOKING, NULL, "listeners" },
	{ { '2' }, UI_SCREEN, TOP_CONNECTIONS, LOOKING, NULL, "connections" },
	{ { '3' }, UI_SCREEN, TOP_PEERS, LOOKING, NULL, "peers: who is at the other end" },
	{ { '4' }, UI_SCREEN, TOP_EVENTS, LOOKING, NULL, "events, as they come" },
	{ { '5' }, UI_SCREEN, TOP_LIVES, LOOKING, NULL, "lives that ended, failed ones first" },
	{ { '6' }, UI_SCREEN, TOP_DOCTOR, LOOKING, NULL, "doctor: what is wrong, and its cause" },
	{ { KEY_UP, 'k' }, UI_UP, 0, SCROLLING, NULL, "a row up" },
	{ { KEY_DOWN, 'j' }, UI_DOWN, 0, SCROLLING, NULL, "a row down" },
	{ { KEY_PPAGE, CTRL('B') }, UI_PAGE_UP, 0, SCROLLING, NULL, "a page up" },
	{ { KEY_NPAGE, CTRL('F') }, UI_PAGE_DOWN, 0, SCROLLING, NULL, "a page down" },
	{ { KEY_HOME, 'g' }, UI_HOME, 0, SCROLLING, NULL, "first row" },
	{ { KEY_END, 'G' }, UI_END, 0, SCROLLING, NULL, "last row" },
	{ { '\r', '\n', KEY_ENTER }, UI_OPEN, 0, LOOKING, "Open",
	  "what belongs to this row; of a connection its drawing" },
	{ { 'e' }, UI_EVENTS, 0, LOOKING, NULL, "events of this row" },
	{ { 'l' }, UI_LIVES, 0, LOOKING, NULL, "lives of this row that ended" },
	{ { ESCAPE, KEY_BACKSPACE, DEL, '\b' }, UI_BACK, 0, LOOKING, NULL,
	  "back to where that was asked for" },
	{ { KEY_F(2), 'w' }, UI_SAVE, 0, LOOKING, "Save", "save the screen as text" },
	{ { 'W' }, UI_RECORD, 0, IN_TABLE, NULL, "save what is marked as a recording, or this row" },
	{ { 'y' }, UI_COPY, 0, IN_TABLE, NULL, "copy the line, to the terminal's clipboard" },
	{ { 'c' }, UI_COPY_CONN, 0, LOOKING, NULL, "copy its connection's number, its address, or the command" },
	{ { KEY_F(3), '/' }, UI_SEARCH, 0, IN_TABLE, "Search", "search in the rows" },
	{ { 'n' }, UI_SEARCH_NEXT, 0, IN_TABLE, NULL, "the next row that has it" },
	{ { 'N' }, UI_SEARCH_BACK, 0, IN_TABLE, NULL, "the one before" },
	{ { KEY_F(4), '\\' }, UI_FILTER, 0, IN_TABLE, "Filter",
	  "only what these words of tcphs let through" },
	{ { ' ' }, UI_MARK, 0, IN_TABLE, NULL, "mark this row, or not" },
	{ { 'U' }, UI_UNMARK, 0, IN_TABLE, NULL, "no row is marked" },
	{ { 'F' }, UI_FOLLOW, 0, IN_TABLE, "Follow", "the cursor stays with its row" },
	{ { KEY_F(5), 't' }, UI_TREE, 0, IN_TABLE, "Tree", "group by owner, by unit, by container, or not" },
	{ { '-' }, UI_FOLD, 0, IN_TABLE, NULL, "close this group" },
	{ { '+' }, UI_UNFOLD, 0, IN_TABLE, NULL, "open it" },
	{ { '*' }, UI_FOLD_ALL, 0, IN_TABLE, NULL, "close all groups, or open them" },
	{ { KEY_F(6), 's' }, UI_SORT_MENU, 0, IN_TABLE, "Sort", "choose the column to sort by" },
	{ { '<', ',' }, UI_SORT_LEFT, 0, IN_TABLE, NULL, "sort by the column to the left" },
	{ { '>', '.' }, UI_SORT_RIGHT, 0, IN_TABLE, NULL, "sort by the column to the right" },
	{ { 'I' }, UI_INVERT, 0, IN_TABLE, "Invert", "invert the order" },
	{ { 'Z', 'p' }, UI_PAUSE, 0, LOOKING, "Pause", "pause, and go on" },
	{ { KEY_F(7) }, UI_SLOWER, 0, LOOKING, NULL, "refresh half as often; play at half the speed" },
	{ { KEY_F(8) }, UI_FASTER, 0, LOOKING, NULL, "refresh twice as often; play twice as fast" },
	{ { 'd' }, UI_DELAY, 0, LOOKING, "Delay", "time between two refreshes" },
	{ { KEY_RIGHT, ']' }, UI_STEP, 1, LOOKING, NULL, "of a recording: one refresh on" },
	{ { KEY_LEFT, '[' }, UI_STEP, -1, LOOKING, NULL, "of a recording: one refresh back" },
	{ { 'T' }, UI_JUMP, 0, LOOKING, NULL, "of a recording: jump to a time" },
	{ { CTRL('L') }, UI_REDRAW, 0, ~0u, NULL, "paint the screen anew" },
	{ { KEY_F(10), 'q' }, UI_QUIT, 0, LOOKING, "Quit", "quit" },

	{ { '\r', '\n', KEY_ENTER }, UI_ENTER, 0, IN_LIST | IN_PROMPT, "Take", NULL },
	{ { ESCAPE }, UI_CANCEL, 0, IN_LIST | IN_PROMPT, "Cancel", NULL },
	{ { ESCAPE, 'q', KEY_F(10) }, UI_CANCEL, 0, IN_HELP, "Back", NULL },
	{ { 'q', KEY_F(10), KEY_F(6), 's' }, UI_CANCEL, 0, IN_LIST, NULL, NULL },
	{ { '\t' }, UI_COMPLETE, 0, IN_PROMPT, NULL, NULL },
	{ { KEY_BACKSPACE, DEL, '\b' }, UI_ERASE, 0, IN_PROMPT, NULL, NULL },
	{ { CTRL('U') }, UI_ERASE_ALL, 0, IN_PROMPT, NULL, NULL },
	{ { KEY_LEFT }, UI_LEFT, 0, IN_PROMPT, NULL, NULL },
	{ { KEY_RIGHT }, UI_RIGHT, 0, IN_PROMPT, NULL, NULL },
	{ { KEY_HOME, CTRL('A') }, UI_HOME, 0, IN_PROMPT, NULL, NULL },
	{ { KEY_END, CTRL('E') }, UI_END, 0, IN_PROMPT, NULL, NULL },
	{ { KEY_RESIZE }, UI_REDRAW, 0, ~0u, NULL, NULL },
};

static bool has(const struct keys_binding *b, int code)
{
	size_t i;

	for (i = 0; i < KEYS_OF_ONE && b->code[i]; i++)
		if (b->code[i] == code)
			return true;
	return false;
}

/**
 * keys_action - what a key asks for
 * @mode: what is on the screen
 * @code: of getch()
 * @arg: gets what goes with it: for UI_CHAR the character, for UI_UNKNOWN the key
 */
enum ui_action keys_action(enum ui_mode mode, int code, int *arg)
{
	size_t i;

	for (i = 0; i < COUNT(table); i++) {
		if (!(table[i].where >> mode & 1) || !has(&table[i], code))
			continue;
		*arg = table[i].arg;
		return table[i].action;
	}
	*arg = code;
	if (mode == UI_PROMPT)
		return code >= ' ' && code < 256 ? UI_CHAR : UI_NONE;
	/* any key leaves the help screen, also one without a meaning */
	return mode == UI_HELP ? UI_CANCEL : UI_UNKNOWN;
}

/**
 * keys_table - all of it
 * @nr: gets how many lines
 */
const struct keys_binding *keys_table(size_t *nr)
{
	*nr = COUNT(table);
	return table;
}

/**
 * keys_name - what is printed on a key
 * @code: of getch()
 * @buf: gets it
 *
 * Return: @buf.
 */
const char *keys_name(int code, char buf[KEYS_NAME])
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{ '\t', "Tab" }, { KEY_BTAB, "Shift-Tab" }, { '\r', "Enter" }, { '\n', "Enter" },
		{ KEY_ENTER, "Enter" }, { ESCAPE, "Esc" }, { ' ', "Space" }, { KEY_UP, "Up" },
		{ KEY_DOWN, "Down" }, { KEY_LEFT, "Left" }, { KEY_RIGHT, "Right" },
		{ KEY_PPAGE, "PgUp" }, { KEY_NPAGE, "PgDn" }, { KEY_HOME, "Home" },
		{ KEY_END, "End" }, { KEY_BACKSPACE, "Backspace" }, { DEL, "Backspace" },
		{ '\b', "Backspace" }, { KEY_IC, "Insert" }, { KEY_DC, "Delete" },
	};
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (names[i].code == code)
			return strcpy(buf, names[i].name);
	if (code >= KEY_F(1) && code <= KEY_F(12))
		snprintf(buf, KEYS_NAME, "F%d", code - KEY_F(0));
	else if (code > 0 && code < ' ')
		snprintf(buf, KEYS_NAME, "Ctrl-%c", code + '@');
	else if (code > ' ' && code < DEL)
		snprintf(buf, KEYS_NAME, "%c", code);
	else
		strcpy(buf, "that key");
	return buf;
}

/**
 * keys_names - the keys of a line, with blanks between
 * @b: the line
 * @buf: gets them
 * @size: of @buf
 */
void keys_names(const struct keys_binding *b, char *buf, size_t size)
{
	char name[KEYS_NAME], last[KEYS_NAME] = "";
	size_t i, len = 0;

	*buf = '\0';
	for (i = 0; i < KEYS_OF_ONE && b->code[i] && len < size; i++) {
		/* Terminals have several codes for some. */
		if (!strcmp(keys_name(b->code[i], name), last))
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? " " : "", name);
		strcpy(last, name);
	}
}

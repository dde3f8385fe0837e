// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "prompt.h"

/**
 * prompt_begin - a line is asked for
 * @p: the line
 * @what: what for
 * @text: that is there already
 */
void prompt_begin(struct prompt *p, enum prompt_what what, const char *text)
{
	*p = (struct prompt){ .what = what };
	snprintf(p->text, sizeof(p->text), "%s", text);
	p->at = strlen(p->text);
}

/**
 * prompt_insert - as if it were typed
 * @p: the line
 * @text: what
 */
void prompt_insert(struct prompt *p, const char *text)
{
	size_t len = strlen(text), had = strlen(p->text);

	if (had + len >= sizeof(p->text))
		return;
	memmove(p->text + p->at + len, p->text + p->at, had - p->at + 1);
	memcpy(p->text + p->at, text, len);
	p->at += len;
}

static bool is_tail(char c)
{
	return (c & 0xc0) == 0x80;
}

static size_t before(const struct prompt *p)
{
	size_t at = p->at;

	while (at && is_tail(p->text[--at]))
		;
	return at;
}

static size_t behind(const struct prompt *p)
{
	size_t at = p->at;

	if (p->text[at])
		at++;
	while (is_tail(p->text[at]))
		at++;
	return at;
}

/**
 * prompt_apply - a key
 * @p: the line
 * @action: what it asks for
 * @ch: with UI_CHAR: the character, or a byte of it
 */
void prompt_apply(struct prompt *p, enum ui_action action, int ch)
{
	char text[2] = { (char)ch, '\0' };
	size_t at;

	p->hint[0] = '\0';
	p->bad = false;
	switch (action) {
	case UI_CHAR:
		prompt_insert(p, text);
		break;
	case UI_ERASE:
		at = before(p);
		memmove(p->text + at, p->text + p->at, strlen(p->text + p->at) + 1);
		p->at = at;
		break;
	case UI_ERASE_ALL:
		p->text[0] = '\0';
		p->at = 0;
		break;
	case UI_LEFT:
		p->at = before(p);
		break;
	case UI_RIGHT:
		p->at = behind(p);
		break;
	case UI_HOME:
		p->at = 0;
		break;
	case UI_END:
		p->at = strlen(p->text);
		break;
	default:
		break;
	}
}

/**
 * prompt_question - what stands before it
 * @p: the line
 * @brief: is there little room?
 */
const char *prompt_question(const struct prompt *p, bool brief)
{
	static const char *const question[PROMPTS][2] = {
		[PROMPT_DELAY]	= { "Time between refreshes (2, 500ms, 1m): ", "Delay: " },
		[PROMPT_SEARCH]	= { "Search: ", "/" },
		[PROMPT_FILTER]	= { "Filter (Tab completes): ", "Filter: " },
		[PROMPT_SAVE]	= { "Save the screen in the file: ", "Save in: " },
		[PROMPT_RECORD]	= { "Save a recording of it in the file: ", "Record in: " },
		[PROMPT_JUMP]	= { "Jump to (03:12, 2026-11-28 03:12, +5m, -30s): ", "Jump to: " },
	};

	return question[p->what][brief];
}

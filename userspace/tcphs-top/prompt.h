/* SPDX-License-Identifier: GPL-2.0 */
/* A line that is typed. */
#ifndef TOP_PROMPT_H
#define TOP_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "keys.h"

#define PROMPT_LEN	256
#define PROMPT_HINT	512

enum prompt_what {
	PROMPT_DELAY,
	PROMPT_SEARCH,
	PROMPT_FILTER,
	PROMPT_SAVE,		/* name of a file */
	PROMPT_RECORD,		/* likewise */
	PROMPT_JUMP,		/* a time of a recording */

	PROMPTS
};

/**
 * struct prompt - the line
 * @what: it is for
 * @text: so far
 * @at: the cursor, in bytes
 * @hint: what is wrong with it, or what may follow; "": nothing
 * @bad: it is what is wrong
 */
struct prompt {
	enum prompt_what what;
	char text[PROMPT_LEN];
	size_t at;
	char hint[PROMPT_HINT];
	bool bad;
};

void prompt_begin(struct prompt *p, enum prompt_what what, const char *text);
void prompt_apply(struct prompt *p, enum ui_action action, int ch);
void prompt_insert(struct prompt *p, const char *text);
const char *prompt_question(const struct prompt *p, bool brief);

#endif /* TOP_PROMPT_H */

// SPDX-License-Identifier: GPL-2.0
#include "words.h"

/* Of which time it is, where that is not now. */
static void put_when(char *text, size_t size, const struct finding *f, const struct evidence *e)
{
	char from[WHEN_LEN], to[WHEN_LEN];

	fmt_when(from, e, f->from);
	fmt_when(to, e, f->to);
	say(text, size, "%s to %s%s", from, to,
	    f->kept ? ", of which only what went wrong is kept" : "");
}

static void put_advice(char *text, size_t size, const struct finding *f)
{
	if (*f->present)
		say(text, size, "%s is %s, advised: %s", f->setting, f->present, f->advised);
	else
		say(text, size, "%s, advised: %s", f->setting, f->advised);
}

/**
 * finding_words - what is said of a finding
 * @f: the finding
 * @e: what it is made of
 * @words: gets it
 *
 * Return: how many paragraphs.
 */
size_t finding_words(const struct finding *f, const struct evidence *e,
		     struct finding_words words[FINDING_WORDS])
{
	struct finding_words *w = words;

	if (f->from) {
		w->label = "when";
		put_when(w->text, sizeof(w->text), f, e);
		w++;
	}
	w->label = "seen";
	SAY(w->text, "%s: %llu (alarm from %llu)", f->measure, (ull)f->value, (ull)f->threshold);
	w++;
	if (*f->more) {
		w->label = "";
		SAY(w->text, "%s", f->more);
		w++;
	}
	w->label = "cause";
	SAY(w->text, "%s", f->cause);
	w++;
	if (*f->command) {
		w->label = FINDING_NEXT;
		SAY(w->text, "%s", f->command);
		w++;
	}
	if (*f->setting) {
		w->label = "set";
		put_advice(w->text, sizeof(w->text), f);
		w++;
	}
	return (size_t)(w - words);
}

/**
 * severity_word - how urgent something is, before all else
 * @s: the severity
 */
const char *severity_word(enum severity s)
{
	return s == SEVERITY_CRITICAL ? "CRITICAL" : s == SEVERITY_WARNING ? "WARNING" : "NOTICE";
}

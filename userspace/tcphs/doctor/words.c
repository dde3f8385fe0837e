// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

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

/* As it is typed in a shell: a name that would have to be quoted is the user's to write. */
static const char *recording_name(const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+:@-";

	return strspn(name, plain) == strlen(name) && strlen(name) < 160 ? name : "FILE";
}

/* " --read web1.rec --read web2.rec" */
static void put_recordings(char *text, size_t size, const char *const *reads, size_t nr)
{
	size_t i, len = 0;

	*text = '\0';
	for (i = 0; i < nr && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, " --read %s",
					recording_name(reads[i]));
}

/**
 * finding_command - what to type next
 * @text: gets it
 * @size: of @text
 * @command: of the finding
 * @reads: recordings that were judged
 * @nr: how many; 0: it was this machine
 * @past: what has been there was judged
 *
 * Rules name the events that come; of what has been, here or in a recording, those are shown that
 * were judged.
 */
void finding_command(char *text, size_t size, const char *command, const char *const *reads,
		     size_t nr, bool past)
{
	static const char *const verbs[] = { "tcphs events", "tcphs diagram" };
	const char *at = NULL, *rest;
	char recordings[360];
	size_t i;

	for (i = 0; !at && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		at = strstr(command, verbs[i]);
		rest = at ? at + strlen(verbs[i]) : NULL;
	}
	if (!at || (!nr && !past)) {
		snprintf(text, size, "%s", command);
		return;
	}
	if (!strncmp(rest, " -f", 3))
		rest += 3;
	put_recordings(recordings, sizeof(recordings), reads, nr);
	snprintf(text, size, "%.*s%s%s%s", (int)(at - command), command, verbs[i - 1], recordings,
		 rest);
}

/**
 * severity_word - how urgent something is, before all else
 * @s: the severity
 */
const char *severity_word(enum severity s)
{
	return s == SEVERITY_CRITICAL ? "CRITICAL" : s == SEVERITY_WARNING ? "WARNING" : "NOTICE";
}

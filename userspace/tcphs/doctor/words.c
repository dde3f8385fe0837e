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
static const char *file_name(const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+:@-";

	/* What came out of a pipe is over. */
	return strcmp(name, "-") && strspn(name, plain) == strlen(name) && strlen(name) < 160 ?
	       name : "FILE";
}

/* " --read web1.rec --read web2.rec"; half a name is none, so of too many none is written. */
static void put_recordings(char *text, size_t size, const struct finding_place *place)
{
	size_t i, len = 0;

	*text = '\0';
	for (i = 0; i < place->nr && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, " --read %s",
					file_name(place->reads[i]));
	if (len >= size)
		snprintf(text, size, " --read FILE ...");
}

/* Of events that come those that were judged: of what has been, here or in a recording. */
static void put_what_was(char *text, size_t size, const char *command,
			 const struct finding_place *place)
{
	static const char *const verbs[] = { "tcphs events", "tcphs diagram" };
	const char *at = NULL, *rest;
	char recordings[sizeof(((struct finding_words *)NULL)->text)];
	size_t i, room = sizeof(recordings);

	for (i = 0; !at && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		at = strstr(command, verbs[i]);
		rest = at ? at + strlen(verbs[i]) : NULL;
	}
	if (!at || (!place->nr && !place->past)) {
		snprintf(text, size, "%s", command);
		return;
	}
	if (!strncmp(rest, " -f", 3))
		rest += 3;
	if (size < room)
		room = size;
	put_recordings(recordings, room > strlen(command) ? room - strlen(command) : 1, place);
	snprintf(text, size, "%.*s%s%s%s", (int)(at - command), command, verbs[i - 1], recordings,
		 rest);
}

/* Does it ask the network namespace that it runs in? Others ask a process, or the machine. */
static bool asks_namespace(const char *command, size_t len)
{
	static const char *const programs[] = {
		"tcphs ", "ss ", "ip ", "nft ", "nstat ", "tcpdump ", "tcptraceroute ",
	};
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!strncmp(command, programs[i], strlen(programs[i])))
			return true;
	return memmem(command, len, "/proc/net/", strlen("/proc/net/"));
}

/* "A; B | C": what asks a namespace asks that one. */
static void put_inside(char *text, size_t size, const char *command, const char *netns)
{
	size_t len, at = 0;

	*text = '\0';
	for (; *command && at < size; command += len) {
		len = strcspn(command, ";");
		if (asks_namespace(command, len))
			at += (size_t)snprintf(text + at, size - at, "nsenter --net=%s ",
					       file_name(netns));
		len += strspn(command + len, "; ");
		if (at < size)
			at += (size_t)snprintf(text + at, size - at, "%.*s", (int)len, command);
	}
}

/**
 * finding_command - what to type next
 * @text: gets it
 * @size: of @text
 * @command: of the finding
 * @place: where to look
 *
 * Rules name the events that come, and commands as they are typed where the ill is.
 */
void finding_command(char *text, size_t size, const char *command,
		     const struct finding_place *place)
{
	char what[400];

	if (!place->netns) {
		put_what_was(text, size, command, place);
		return;
	}
	put_what_was(what, sizeof(what), command, place);
	put_inside(text, size, what, place->netns);
}

/**
 * severity_word - how urgent something is, before all else
 * @s: the severity
 */
const char *severity_word(enum severity s)
{
	return s == SEVERITY_CRITICAL ? "CRITICAL" : s == SEVERITY_WARNING ? "WARNING" : "NOTICE";
}

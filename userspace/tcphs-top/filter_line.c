// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "filter_line.h"
#include "filter_word.h"
#include "prompt.h"

/* A word that is cut would be another one: a line may be one word. */
#define WORD_LEN	PROMPT_LEN

/* The next word of @line, what is quoted is one; NULL: there is none. */
static const char *next_word(const char *line, char *word, bool *quoted)
{
	size_t len = 0;
	char quote = '\0';

	*quoted = false;
	while (isspace((unsigned char)*line))
		line++;
	if (!*line)
		return NULL;
	for (; *line && (quote || !isspace((unsigned char)*line)); line++) {
		if (quote ? *line == quote : (*line == '"' || *line == '\'')) {
			quote = quote ? '\0' : *line;
			*quoted = true;
		} else if (len + 1 < WORD_LEN) {
			word[len++] = *line;
		}
	}
	word[len] = '\0';
	return line;
}

static int find_key(const char *word, size_t len)
{
	int key;

	while (len && *word == '-') {
		word++;
		len--;
	}
	for (key = 0; key < TCPHS_FILTER_KEYS; key++)
		if (FILTER_LINE_KEYS >> key & 1 && strlen(tcphs_filter_name(key)) == len &&
		    !strncmp(tcphs_filter_name(key), word, len))
			return key;
	return -1;
}

static int no_key(const char *word, struct tcphs_error *err)
{
	char all[400] = "";
	size_t len = 0;
	int key;

	for (key = 0; key < TCPHS_FILTER_KEYS; key++)
		if (FILTER_LINE_KEYS >> key & 1)
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
						len ? " " : "", tcphs_filter_name(key));
	tcphs_error_set(err, TCPHS_ERR_USAGE, "'%.64s' is no filter; there are: %s", word, all);
	return -EINVAL;
}

/**
 * filter_line_parse - words into a filter
 * @f: gets it
 * @line: "port 443 state close-wait failed", "--port=443"
 * @err: what is wrong
 */
int filter_line_parse(struct tcphs_filter *f, const char *line, struct tcphs_error *err)
{
	char word[WORD_LEN], arg[WORD_LEN], *equals;
	struct tcphs_error why = { 0 };
	bool quoted;
	int key;

	*f = (struct tcphs_filter){ 0 };
	while ((line = next_word(line, word, &quoted))) {
		equals = strchr(word, '=');
		key = find_key(word, equals ? (size_t)(equals - word) : strlen(word));
		if (key < 0)
			return no_key(word, err);
		if (!tcphs_filter_argument(key)) {
			filter_word(f, key, NULL, &why);
			continue;
		}
		if (equals) {
			strcpy(arg, equals + 1);
		} else {
			const char *rest = next_word(line, arg, &quoted);

			if (!rest) {
				tcphs_error_set(err, TCPHS_ERR_USAGE, "%s: %s is missing (%s)",
						tcphs_filter_name(key), tcphs_filter_argument(key),
						tcphs_filter_help(key));
				return -EINVAL;
			}
			line = rest;
		}
		if (filter_word(f, key, arg, &why)) {
			tcphs_error_set(err, TCPHS_ERR_USAGE, "%s: %.400s",
					tcphs_filter_name(key), why.text);
			return -EINVAL;
		}
	}
	return 0;
}

/* As next_word() takes it for one; the kind of quote that is in it, by the other. */
static bool put_word(char *to, size_t size, const char *word)
{
	const char *quote = *word && !strpbrk(word, " \t\n\v\f\r'\"") ? "" : "\"";
	size_t len, part;
	int more;

	for (len = 0; *word || !len; word += part, len += (size_t)more) {
		if (*quote)
			quote = *word == '"' ? "'" : "\"";
		part = *quote ? strcspn(word, quote) : strlen(word);
		more = snprintf(to + len, size - len, "%s%.*s%s", quote, (int)part, word, quote);
		if (more < 0 || (size_t)more >= size - len)
			return false;
	}
	return true;
}

/**
 * filter_line_put - one more filter at the end of a line
 * @line: the line
 * @size: of it
 * @key: which
 * @arg: its argument, NULL: none
 *
 * Return: false: there is no room for it, and the line is as it was.
 */
bool filter_line_put(char *line, size_t size, enum tcphs_filter_key key, const char *arg)
{
	size_t had = strlen(line), len;
	int more = snprintf(line + had, size - had, "%s%s%s", had ? " " : "",
			    tcphs_filter_name(key), arg ? " " : "");

	len = had + (size_t)more;
	if (more > 0 && len < size && (!arg || put_word(line + len, size - len, arg)))
		return true;
	line[had] = '\0';
	return false;
}

/* ---- completion --------------------------------------------------------------------- */

struct completing {
	const char *begun;		/* the word that is typed */
	size_t len;
	size_t nr;			/* words that begin with it */
	char common[WORD_LEN];		/* what all of them begin with */
	char *words;
	size_t words_size;
};

static void try_word(struct completing *c, const char *word, size_t len)
{
	size_t had = strlen(c->words), same = 0;

	if (len < c->len || strncmp(word, c->begun, c->len) || len >= WORD_LEN)
		return;
	if (!c->nr++) {
		memcpy(c->common, word, len);
		c->common[len] = '\0';
	} else {
		while (c->common[same] && same < len && c->common[same] == word[same])
			same++;
		c->common[same] = '\0';
	}
	snprintf(c->words + had, c->words_size - had, "%s%.*s", had ? " " : "", (int)len, word);
}

/* "a, b, c", "a b; c" */
static void try_list(struct completing *c, const char *list)
{
	size_t len;

	for (; *list; list += len) {
		list += strspn(list, ",; ");
		len = strcspn(list, ",; ");
		if (len)
			try_word(c, list, len);
	}
}

static void try_arguments(struct completing *c, int key)
{
	char name[TCPHS_NAME_LEN];
	const char *word;
	unsigned int i;

	switch (key) {
	case TCPHS_FILTER_STATE:
		try_list(c, tcphs_states_allowed());
		break;
	case TCPHS_FILTER_EVENT:
		for (i = 1; i <= TCPHS_EV_MAX; i++) {
			word = tcphs_event_name(i, name);
			try_word(c, word, strlen(word));
		}
		break;
	case TCPHS_FILTER_ROLE:
		try_list(c, tcphs_filter_help(key));
		break;
	default:
		snprintf(c->words, c->words_size, "%s (%s)", tcphs_filter_argument(key),
			 tcphs_filter_help(key));
	}
}

static void try_keys(struct completing *c)
{
	const char *name;
	int key;

	while (c->len && *c->begun == '-') {
		c->begun++;
		c->len--;
	}
	for (key = 0; key < TCPHS_FILTER_KEYS; key++) {
		name = tcphs_filter_name(key);
		if (FILTER_LINE_KEYS >> key & 1)
			try_word(c, name, strlen(name));
	}
}

/* The key whose argument is typed at @at; -1: a key is. */
static int key_before(const char *line, size_t at)
{
	char word[WORD_LEN];
	bool quoted;
	const char *end;
	int key = -1;

	while ((end = next_word(line, word, &quoted)) && (size_t)(end - line) < at) {
		at -= (size_t)(end - line);
		line = end;
		if (key >= 0) {
			key = -1;
			continue;
		}
		key = find_key(word, strlen(word));
		if (key >= 0 && !tcphs_filter_argument(key))
			key = -1;
	}
	return key;
}

/**
 * filter_line_complete - what may follow
 * @line: what is typed
 * @at: where, in bytes
 * @add: gets what all words that fit go on with, and a blank behind the only one
 * @add_size: of it
 * @words: gets these words
 * @words_size: of it
 *
 * Return: how many words there are.
 */
size_t filter_line_complete(const char *line, size_t at, char *add, size_t add_size,
			    char *words, size_t words_size)
{
	struct completing c = { .words = words, .words_size = words_size };
	size_t from = at;
	int key;

	while (from && !isspace((unsigned char)line[from - 1]) && line[from - 1] != ',' &&
	       line[from - 1] != '=')
		from--;
	c.begun = line + from;
	c.len = at - from;
	*add = '\0';
	*words = '\0';
	if (from && line[from - 1] == '=') {
		size_t begin = from - 1;

		while (begin && !isspace((unsigned char)line[begin - 1]))
			begin--;
		key = find_key(line + begin, from - 1 - begin);
	} else {
		/* Of a list the word before it is the same. */
		size_t begin = from;

		while (begin && !isspace((unsigned char)line[begin - 1]))
			begin--;
		key = key_before(line, begin);
	}
	if (key >= 0)
		try_arguments(&c, key);
	else
		try_keys(&c);
	if (c.nr)
		snprintf(add, add_size, "%s%s", c.common + c.len, c.nr == 1 ? " " : "");
	return c.nr;
}

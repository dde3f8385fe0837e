/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words that users type: spelled like a name of ours, or nearly. */
#include <ctype.h>

#include "internal.h"

#define LONGEST 32

static bool is_hyphen(char c)
{
	return c == '-' || c == '_';
}

/**
 * tcphs_same_word - is this the name?
 * @name: the name
 * @word: what the user typed
 * @len: bytes of it
 *
 * Upper and lower case are alike, and so are TIME_WAIT, time-wait and timewait.
 */
bool tcphs_same_word(const char *name, const char *word, size_t len)
{
	const char *end = word + len;

	for (;;) {
		while (is_hyphen(*name))
			name++;
		while (word < end && is_hyphen(*word))
			word++;
		if (word == end || !*name)
			return word == end && !*name && len;
		if (tolower((unsigned char)*name++) != tolower((unsigned char)*word++))
			return false;
	}
}

static bool alike(char a, char b)
{
	return a == b || (is_hyphen(a) && is_hyphen(b)) ||
	       tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * How many letters one must insert, leave out, replace or swap with their neighbour to
 * make one word of the other.
 */
static unsigned int distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned int row[3][LONGEST + 1];
	unsigned int *above2 = row[0], *above = row[1], *now = row[2], *turn;
	size_t i, k;

	for (k = 0; k <= nb; k++)
		above[k] = (unsigned int)k;
	for (i = 1; i <= na; i++) {
		now[0] = (unsigned int)i;
		for (k = 1; k <= nb; k++) {
			now[k] = least(above[k], now[k - 1]) + 1;
			now[k] = least(now[k], above[k - 1] + !alike(a[i - 1], b[k - 1]));
			if (i > 1 && k > 1 && alike(a[i - 1], b[k - 2]) &&
			    alike(a[i - 2], b[k - 1]))
				now[k] = least(now[k], above2[k - 2] + 1);
		}
		turn = above2;
		above2 = above;
		above = now;
		now = turn;
	}
	return above[nb];
}

/**
 * tcphs_near_try - is this what the user meant?
 * @near: the word that is none; gets the nearest of all that are tried
 * @name: one that there is; must stay
 *
 * A third of the letters may be wrong, or some at the end be missing.
 */
void tcphs_near_try(struct tcphs_near *near, const char *name)
{
	size_t len = strlen(name);
	unsigned int d;

	if (near->len < 2 || near->len > LONGEST || len > LONGEST)
		return;
	d = distance(near->word, near->len, name, len);
	if (len > near->len && !strncmp(name, near->word, near->len))
		d = least(d, 1);
	if (d > (near->len + 1) / 3 || (near->name && d >= near->distance))
		return;
	near->name = name;
	near->distance = d;
}

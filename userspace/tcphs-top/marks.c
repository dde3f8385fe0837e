// SPDX-License-Identifier: GPL-2.0
/* They are few: a user sets each by hand. */
#include <stdlib.h>
#include <string.h>

#include "marks.h"

static uint32_t place(const struct marks *m, uint64_t key)
{
	uint32_t i;

	for (i = 0; i < m->nr && m->v[i].key != key; i++)
		;
	return i;
}

/**
 * marks_has - is it marked?
 * @m: the marks
 * @key: of the row
 */
bool marks_has(const struct marks *m, uint64_t key)
{
	return place(m, key) < m->nr;
}

/**
 * marks_turn - marked, or not any more
 * @m: the marks
 * @key: of the row
 * @words: what lets it through as a filter; copied. May be NULL
 * @group: it is a group of rows
 */
void marks_turn(struct marks *m, uint64_t key, const char *words, bool group)
{
	uint32_t i = place(m, key);

	if (i < m->nr) {
		free(m->v[i].words);
		m->v[i] = m->v[--m->nr];
	} else if (!array_grow(&m->v, m->nr + 1, &m->cap, sizeof(*m->v))) {
		m->v[m->nr++] = (struct mark){ key, words ? strdup(words) : NULL, group };
	}
}

/**
 * marks_free - none are marked
 * @m: the marks
 */
void marks_free(struct marks *m)
{
	uint32_t i;

	for (i = 0; i < m->nr; i++)
		free(m->v[i].words);
	free(m->v);
	*m = (struct marks){ .nr = 0 };
}

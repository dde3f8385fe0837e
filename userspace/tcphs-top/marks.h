/* SPDX-License-Identifier: GPL-2.0 */
/* Keys of rows that the user has marked, or closed. */
#ifndef TOP_MARKS_H
#define TOP_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

/*
 * @words: the filter that lets through what it is, "" or NULL: none does.
 * @group: it is one, of what the filter of the screen lets through.
 */
struct mark {
	uint64_t key;
	char *words;
	bool group;
};

/* All zero: none. */
struct marks {
	struct mark *v;
	uint32_t nr, cap;
};

bool marks_has(const struct marks *m, uint64_t key);
void marks_turn(struct marks *m, uint64_t key, const char *words, bool group);
void marks_free(struct marks *m);

#endif /* TOP_MARKS_H */

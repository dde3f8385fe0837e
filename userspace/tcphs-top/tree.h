/* SPDX-License-Identifier: GPL-2.0 */
/* Rows under whom they belong to: a process, a unit or a container, each with its sums. */
#ifndef TOP_TREE_H
#define TOP_TREE_H

#include "internal.h"
#include "marks.h"
#include "screens.h"
#include "tally.h"

enum tree_by {
	TREE_NONE,
	TREE_OWNER,
	TREE_UNIT,
	TREE_CONTAINER,

	TREE_BYS
};

/**
 * struct tree_style - how the rows of a screen are grouped
 * @by: by what
 * @closed: groups are closed, but for those in @other
 * @other: keys of groups that are open where the rest is closed, or the other way round
 */
struct tree_style {
	enum tree_by by;
	bool closed;
	struct marks other;
};

/**
 * struct tree_group - the rows of one owner
 * @key: which it is, also after the next refresh
 * @first: the number of one of them
 * @rows: how many there are
 * @end: the line behind its last, while lines are laid
 * @state: connections in each state
 * @failed: of events and lives
 * @syn: what is in the queues of listeners, what may be, what came to a full one, what was dropped
 * @accepts: a second
 * @sent: of lives, bytes
 * @received: likewise
 */
struct tree_group {
	uint64_t key;
	uint32_t first;
	uint32_t rows;
	uint32_t end;
	uint32_t state[TCPHS_STATE_MAX + 1];
	uint32_t failed;
	uint64_t syn, syn_limit, accept, accept_limit, overflows, drops;
	double accepts;
	uint64_t sent, received;
};

/* Groups in the order in which they are shown. All zero: none. */
struct tree {
	const struct tree_style *style;
	struct tally groups;
};

#define TREE_GROUP	(1u << 31)	/* of a line: the number of a group, not of a row */

struct top_model;

bool tree_has(enum top_screen screen);
const char *tree_by_name(enum tree_by by);
bool tree_is_closed(const struct tree_style *style, uint64_t key);
int tree_lay(struct top_model *m, enum top_screen screen, size_t nr);
const struct tree_group *tree_at(const struct top_model *m, size_t line);
const struct tree_group *tree_of_row(const struct top_model *m, enum top_screen screen,
				     const void *row);
size_t tree_place(const struct top_model *m, enum top_screen screen, uint64_t key);
void tree_name(const struct top_model *m, enum top_screen screen, const struct tree_group *g,
	       char *buf);
void tree_sums(enum top_screen screen, const struct tree_group *g, char *buf, size_t size);
void tree_words(const struct top_model *m, enum top_screen screen, const struct tree_group *g,
		char *words, size_t size);

#endif /* TOP_TREE_H */

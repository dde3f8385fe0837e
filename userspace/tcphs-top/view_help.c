// SPDX-License-Identifier: GPL-2.0
/* The help, of the table of keys and of that of columns. */
#include <stdio.h>

#include "view.h"

#define WORDS		18	/* where what it does begins */
#define SECOND		58	/* where the columns stand beside the keys */
#define BESIDE		118	/* from this width on */

/* Paints line number @line, where it is one that is seen. */
static void put(struct view *v, size_t offset, size_t line, unsigned int x, int tone,
		const char *what, const char *does)
{
	char buf[TEXT_LEN];

	if (line < offset || line - offset + 1 >= v->paint.height)
		return;
	snprintf(buf, sizeof(buf), "%s", what);
	if (does)
		text_fit_end(buf, WORDS - 2, v->paint.utf8);
	paint_text(&v->paint, (unsigned int)(line - offset), x, tone, buf);
	if (does)
		paint_text(&v->paint, (unsigned int)(line - offset), x + WORDS, TABLE_PLAIN, does);
}

static size_t put_keys(struct view *v, size_t offset)
{
	size_t nr, i, line = 0;
	const struct keys_binding *key = keys_table(&nr);
	char names[TEXT_LEN];

	put(v, offset, line++, 0, PAINT_BOLD, "tcphs-top " TCPHS_VERSION ": keys", NULL);
	for (i = 0; i < nr; i++) {
		if (!key[i].does)
			continue;
		keys_names(&key[i], names, sizeof(names));
		put(v, offset, line++, 1, PAINT_TAB, names, key[i].does);
	}
	put(v, offset, line++, 1, PAINT_TAB, "Mouse",
	    "a row, a title to sort by, a screen, a key below; wheel");
	return line;
}

static size_t put_columns(struct view *v, const struct ui *ui, size_t offset, size_t line,
			  unsigned int x)
{
	size_t nr, i;
	const struct table_column *col = table_columns(ui->screen, &nr);
	char title[TEXT_LEN];

	snprintf(title, sizeof(title), "Columns: %s", table_key(ui->screen));
	put(v, offset, line++, x, PAINT_BOLD, title, NULL);
	for (i = 0; i < nr; i++)
		put(v, offset, line++, x + 1, PAINT_TAB, col[i].title, col[i].help);
	return line;
}

/**
 * view_help - all keys, and the columns of the screen
 * @v: the view; gets how many lines it has
 * @ui: what is wanted
 */
void view_help(struct view *v, const struct ui *ui)
{
	bool beside = v->paint.width >= BESIDE;
	size_t keys, columns;

	keys = put_keys(v, ui->help_offset);
	columns = put_columns(v, ui, ui->help_offset, beside ? 0 : keys, beside ? SECOND : 0);
	v->help_lines = keys > columns ? keys : columns;
}

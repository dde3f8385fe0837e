/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables whose columns are as wide as their widest cell: measure every row, then print.
 * Where they don't fit the width, columns are left out in the order that the table says;
 * what must be seen stays, and no cell is cut. -o chooses columns instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

#define GAP 2

/**
 * table_column - one more column
 * @t: the table
 * @head: its heading
 * @right: align to the right, as numbers are
 * @leave: where there is no room, that of 1 is left out first; 0: never
 */
void table_column(struct table *t, const char *head, bool right, unsigned int leave)
{
	t->column[t->nr].head = head;
	t->column[t->nr].right = right;
	t->column[t->nr].leave = leave;
	t->column[t->nr].width = strlen(head);
	t->shown[t->nr_shown++] = t->nr++;
}

static void no_column(const struct table *t, const char *word, size_t len)
{
	struct tcphs_near near = { word, len, NULL, 0 };
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		tcphs_near_try(&near, t->column[i].head);
	fprintf(stderr, "tcphs %s: --output: '%.*s' is no column; ", t->cli->verb->name,
		(int)len, word);
	if (near.name)
		fprintf(stderr, "did you mean %s? ", near.name);
	fputs("there are: all", stderr);
	for (i = 0; i < t->nr; i++)
		fprintf(stderr, " %s", t->column[i].head);
	fputc('\n', stderr);
	exit(TCPHS_ERR_USAGE);
}

/**
 * table_choose - the columns that the user wants (cli->output), in his order
 * @t: the table, with all its columns
 *
 * Ends the program when one is none.
 */
void table_choose(struct table *t)
{
	const char *list = t->cli->output;
	unsigned int i;
	size_t len;

	t->nr_shown = 0;
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		for (i = 0; i < t->nr && !tcphs_same_word(t->column[i].head, list, len); i++)
			;
		if (i < t->nr && t->nr_shown < TABLE_COLUMNS)
			t->shown[t->nr_shown++] = i;
		else if (!tcphs_same_word("all", list, len))
			no_column(t, list, len);
		else
			for (i = 0; i < t->nr && t->nr_shown < TABLE_COLUMNS; i++)
				t->shown[t->nr_shown++] = i;
		if (!list[len])
			break;
	}
}

/* COLUMNS, as shells set it, or the terminal. 0: no limit, nobody looks at it. */
static size_t room(void)
{
	const char *text = getenv("COLUMNS");
	int n = text ? atoi(text) : 0;
	struct winsize size;

	if (n <= 0 && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		n = size.ws_col;
	return n > 0 ? (size_t)n : 0;
}

static size_t width_of(const struct table *t)
{
	size_t width = 0;
	unsigned int i;

	for (i = 0; i < t->nr_shown; i++)
		width += t->column[t->shown[i]].width + (i ? GAP : 0);
	return width;
}

/* The place among those shown of the one to leave out first; nr_shown: none. */
static unsigned int first_to_leave(const struct table *t)
{
	unsigned int i, leave, at = t->nr_shown, least = ~0u;

	for (i = 0; i < t->nr_shown; i++) {
		leave = t->column[t->shown[i]].leave;
		if (leave && leave < least) {
			least = leave;
			at = i;
		}
	}
	return at;
}

/**
 * table_fit - leave out what does not fit
 * @t: the table, which measured every row; with -o nothing is left out
 */
void table_fit(struct table *t)
{
	size_t limit = room();
	unsigned int at;

	if (t->cli->output || !limit)
		return;
	while (width_of(t) > limit && (at = first_to_leave(t)) < t->nr_shown) {
		t->nr_shown--;
		memmove(&t->shown[at], &t->shown[at + 1],
			(t->nr_shown - at) * sizeof(t->shown[0]));
	}
}

/**
 * table_measure - make the columns wide enough
 * @t: the table
 * @row: for this row
 */
void table_measure(struct table *t, const struct table_row *row)
{
	unsigned int i;
	size_t width;

	for (i = 0; i < t->nr; i++) {
		width = tcphs_text_width(row->cell[i]);
		if (width > t->column[i].width)
			t->column[i].width = width;
	}
}

static void spaces(struct tcphs_buf *out, size_t n)
{
	while (n--)
		tcphs_buf_char(out, ' ');
}

/* The cell at the place @at of those that are shown. */
static void print_cell(const struct table *t, unsigned int at, const char *text,
		       const char *color, struct tcphs_buf *out)
{
	unsigned int i = t->shown[at];
	size_t pad = t->column[i].width - tcphs_text_width(text);

	if (at)
		spaces(out, GAP);
	if (t->column[i].right)
		spaces(out, pad);
	tcphs_buf_str(out, color);
	tcphs_buf_str(out, text);
	if (*color)
		tcphs_buf_str(out, cli_plain(t->cli));
	/* No blanks at the end of a line. */
	if (!t->column[i].right && at + 1 < t->nr_shown)
		spaces(out, pad);
}

/**
 * table_head - print the headings, unless unwanted
 * @t: the measured table
 * @out: where to
 */
void table_head(const struct table *t, struct tcphs_buf *out)
{
	unsigned int i;

	if (t->cli->no_header)
		return;
	for (i = 0; i < t->nr_shown; i++)
		print_cell(t, i, t->column[t->shown[i]].head, cli_bold(t->cli), out);
	tcphs_buf_newline(out);
}

/**
 * table_print - print a row
 * @t: the table, which measured this row before
 * @row: the row
 * @out: where to
 */
void table_print(const struct table *t, const struct table_row *row, struct tcphs_buf *out)
{
	unsigned int i;

	for (i = 0; i < t->nr_shown; i++)
		print_cell(t, i, row->cell[t->shown[i]], cli_tone(t->cli, row->tone[t->shown[i]]),
			   out);
	tcphs_buf_newline(out);
}

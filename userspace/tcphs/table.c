/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables whose columns are as wide as their widest cell: measure every row, then print.
 * Where they don't fit the width, columns are left out in the order that the table says;
 * what must be seen stays, and no cell is cut. -o chooses columns instead.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "columns.h"

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

/* The columns that the user wants, in his order. Ends the program when one is none. */
static void choose(struct table *t)
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

/* Leaves out what does not fit; every row was measured. */
static void fit(struct table *t)
{
	unsigned int limit = columns_of_terminal(), width[TABLE_COLUMNS], i, nr = 0;
	struct column col[TABLE_COLUMNS];

	if (t->cli->output || !limit)
		return;
	for (i = 0; i < t->nr_shown; i++) {
		col[i].min = (unsigned int)t->column[t->shown[i]].width;
		col[i].want = col[i].min;
		col[i].leave = t->column[t->shown[i]].leave;
	}
	columns_fit(col, t->nr_shown, limit, GAP, width);
	for (i = 0; i < t->nr_shown; i++)
		if (width[i])
			t->shown[nr++] = t->shown[i];
	t->nr_shown = nr;
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

/* The cell at the place @at of those that are shown. */
static void print_cell(const struct table *t, unsigned int at, const char *text,
		       const char *color, struct tcphs_buf *out)
{
	unsigned int i = t->shown[at];
	const struct cell cell = { .text = text, .width = t->column[i].width,
				   .right = t->column[i].right, .color = color,
				   .plain = cli_plain(t->cli) };

	columns_put(out, &cell, at, t->nr_shown, GAP);
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

/**
 * table_rows - all of a table, with -o in the columns that were chosen
 * @t: the table, with all its columns
 * @out: where to
 * @v: what the rows are about, an array
 * @nr: how many
 * @size: of one
 * @make: makes the row of one
 */
void table_rows(struct table *t, struct tcphs_buf *out, const void *v, size_t nr, size_t size,
		void (*make)(struct table_row *row, const struct cli *cli, const void *of))
{
	struct table_row row;
	size_t i;

	if (t->cli->output)
		choose(t);
	for (i = 0; i < nr; i++) {
		make(&row, t->cli, (const char *)v + i * size);
		table_measure(t, &row);
	}
	fit(t);
	table_head(t, out);
	for (i = 0; i < nr; i++) {
		make(&row, t->cli, (const char *)v + i * size);
		table_print(t, &row, out);
	}
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables whose columns are as wide as their widest cell: measure every row, then print.
 * Where they don't fit the width, columns are left out in the order that the table says.
 * What must be seen stays, and takes more lines a row if it must; no cell is cut. -o
 * chooses columns instead.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "columns.h"

#define GAP	2
#define INDENT	4	/* of a row's lines behind the first */

static const char *name_of(const struct choices *of, unsigned int column)
{
	const struct table *t = of->arg;

	return t->column[column].def->head;
}

/* Once is enough: "-o all -o conn". */
static void show(const struct choices *of, unsigned int column)
{
	struct table *t = of->arg;
	unsigned int i;

	for (i = 0; i < t->nr_shown; i++)
		if (t->shown[i] == column)
			return;
	t->shown[t->nr_shown++] = column;
}

static void show_all(const struct choices *of)
{
	const struct table *t = of->arg;
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if (!t->column[i].def->by_name)
			show(of, i);
}

/* The columns that the user wants, in his order. */
static void choose(struct table *t)
{
	const struct choices columns = { .what = "column", .nr = t->nr, .name = name_of,
					 .take = show, .take_all = show_all, .arg = t };

	t->nr_shown = 0;
	cli_choose(t->cli, &columns);
}

/**
 * table_options - the options of a verb that shows a table
 * @cli: gets them
 * @argc: of the command line
 * @argv: of the command line
 * @shorts: letters beside those of every verb and -o; "s:" is --state
 */
void table_options(struct cli *cli, int argc, char **argv, const char *shorts)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "output",	required_argument,	NULL, 'o' },
		{ NULL,		0,			NULL, 0 },
	};
	char letters[32];
	int c;

	snprintf(letters, sizeof(letters), CLI_SHORTS "o:%s", shorts);
	while ((c = cli_next(cli, argc, argv, letters, longs)) != -1) {
		if (c == 'o')
			cli_columns(cli, optarg);
		else
			cli_option(cli, c == 's' ? CLI_FILTER(STATE) : c, argv, longs);
	}
	cli_check(cli, argc, argv);
}

/**
 * table_init - a table, and which of its columns are shown
 * @t: the table
 * @cli: of several namespaces? and -o
 * @columns: all it can have
 * @nr: how many
 *
 * Ends the program when -o names one that is none, or asks which there are.
 */
void table_init(struct table *t, const struct cli *cli, const struct table_column *columns,
		unsigned int nr)
{
	unsigned int i;

	*t = (struct table){ .cli = cli, .nr = nr };
	for (i = 0; i < nr; i++) {
		t->column[i].def = &columns[i];
		t->column[i].width = strlen(columns[i].head);
		if (!columns[i].by_name && (!columns[i].all_netns || cli->all_netns) &&
		    (!columns[i].several || cli->several))
			t->shown[t->nr_shown++] = i;
	}
	if (cli->output)
		choose(t);
}

/**
 * table_fit - leave out what does not fit
 * @t: the measured table; with -o nothing is left out
 * @limit: columns of whoever looks at it, 0: any number
 * @gap: blanks between two columns
 */
void table_fit(struct table *t, unsigned int limit, unsigned int gap)
{
	unsigned int fits[TABLE_COLUMNS], i, nr = 0;
	struct column col[TABLE_COLUMNS];

	t->limit = limit;
	if (t->cli->output || !limit)
		return;
	for (i = 0; i < t->nr_shown; i++) {
		col[i].min = (unsigned int)t->column[t->shown[i]].width;
		col[i].want = col[i].min;
		col[i].leave = t->column[t->shown[i]].def->leave;
	}
	columns_fit(col, t->nr_shown, limit, gap, fits);
	for (i = 0; i < t->nr_shown; i++)
		if (fits[i])
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

/* Does the column at this place of those shown begin another line, from @at on? */
static bool begins_line(const struct table *t, unsigned int place, size_t at)
{
	return place && t->limit && at + GAP + t->column[t->shown[place]].width > t->limit;
}

/* Each row's lines end at the same columns; @at: where this one is. */
static size_t print_cell(const struct table *t, unsigned int place, const char *text,
			 const char *color, size_t at, struct tcphs_buf *out)
{
	unsigned int i = t->shown[place];
	const struct cell cell = { .text = text, .width = t->column[i].width,
				   .right = t->column[i].def->right, .color = color,
				   .plain = cli_plain(t->cli) };
	bool first = !place || begins_line(t, place, at), last;

	if (first && place) {
		tcphs_buf_printf(out, "\n%*s", INDENT, "");
		at = INDENT;
	}
	at += cell.width + (first ? 0 : GAP);
	last = place + 1 == t->nr_shown || begins_line(t, place + 1, at);
	columns_put(out, &cell, !first, !first + (last ? 1 : 2), GAP);
	return at;
}

/**
 * table_head - which columns there are, once they are measured; and their headings
 * @t: the table
 * @out: where to
 */
void table_head(struct table *t, struct tcphs_buf *out)
{
	unsigned int i;
	size_t at = 0;

	table_fit(t, columns_of_terminal(), GAP);
	if (t->cli->no_header)
		return;
	for (i = 0; i < t->nr_shown; i++)
		at = print_cell(t, i, t->column[t->shown[i]].def->head, cli_bold(t->cli), at, out);
	tcphs_buf_newline(out);
}

/**
 * table_row - one row
 * @t: the table, after table_head(); where a cell is wider than its column, that grows
 * @row: the row
 * @out: where to
 */
void table_row(struct table *t, const struct table_row *row, struct tcphs_buf *out)
{
	unsigned int i, n;
	size_t at = 0;

	table_measure(t, row);
	for (i = 0; i < t->nr_shown; i++) {
		n = t->shown[i];
		at = print_cell(t, i, row->cell[n], cli_tone(t->cli, row->tone[n]), at, out);
	}
	tcphs_buf_newline(out);
}

/**
 * table_print - measure all rows, then print them
 * @t: the table
 * @rows: what the rows are of: @nr elements of @size bytes
 * @nr: how many
 * @size: of one
 * @make: makes a row of an element
 * @out: where to
 */
void table_print(struct table *t, const void *rows, size_t nr, size_t size,
		 void (*make)(struct table_row *row, const struct cli *cli, const void *element),
		 struct tcphs_buf *out)
{
	const char *p = rows;
	struct table_row row;
	size_t i;

	for (i = 0; i < nr; i++) {
		memset(&row, 0, sizeof(row));
		make(&row, t->cli, p + i * size);
		table_measure(t, &row);
	}
	table_head(t, out);
	for (i = 0; i < nr; i++) {
		memset(&row, 0, sizeof(row));
		make(&row, t->cli, p + i * size);
		table_row(t, &row, out);
	}
}

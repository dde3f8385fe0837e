/* SPDX-License-Identifier: GPL-2.0 */
/* Tables whose columns are as wide as their widest cell: measure every row, then print. */
#include "cli.h"

/**
 * table_column - one more column
 * @t: the table
 * @head: its heading
 * @right: align to the right, as numbers are
 */
void table_column(struct table *t, const char *head, bool right)
{
	t->column[t->nr].head = head;
	t->column[t->nr].right = right;
	t->column[t->nr].width = strlen(head);
	t->nr++;
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

static void print_cell(const struct table *t, unsigned int i, const char *text,
		       const char *color, struct tcphs_buf *out)
{
	size_t pad = t->column[i].width - tcphs_text_width(text);

	if (i)
		spaces(out, 2);
	if (t->column[i].right)
		spaces(out, pad);
	tcphs_buf_str(out, color);
	tcphs_buf_str(out, text);
	if (*color)
		tcphs_buf_str(out, cli_plain(t->cli));
	/* No blanks at the end of a line. */
	if (!t->column[i].right && i + 1 < t->nr)
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
	for (i = 0; i < t->nr; i++)
		print_cell(t, i, t->column[i].head, cli_bold(t->cli), out);
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

	for (i = 0; i < t->nr; i++)
		print_cell(t, i, row->cell[i], cli_tone(t->cli, row->tone[i]), out);
	tcphs_buf_newline(out);
}

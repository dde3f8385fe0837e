// SPDX-License-Identifier: GPL-2.0
#include <curses.h>
#include <stdio.h>

#include "columns.h"
#include "keys.h"
#include "view.h"

/**
 * view_start - after curses was started
 * @v: the view
 * @color: are colours wanted?
 * @utf8: are characters beyond ASCII?
 */
void view_start(struct view *v, bool color, bool utf8)
{
	memset(v, 0, sizeof(*v));
	paint_start(&v->paint, color, utf8);
}

/**
 * view_resize - makes a layout for a size
 * @v: the view
 * @m: the model; what is wrong needs lines
 * @width: of the terminal
 * @height: of the terminal
 */
void view_resize(struct view *v, const struct top_model *m, unsigned int width,
		 unsigned int height)
{
	struct top_alert alert[VIEW_ALERTS_MAX];

	if (width != v->paint.width)
		memset(v->want, 0, sizeof(v->want));
	v->paint.width = width;
	v->paint.height = height;
	layout_screen(&v->layout, width, height, (unsigned int)view_nr_states,
		      (unsigned int)model_alerts(m, alert, VIEW_ALERTS_MAX));
}

/* ---- the table ------------------------------------------------------------------- */

static void raise_to(unsigned int *v, size_t at_least)
{
	if (*v < at_least)
		*v = (unsigned int)at_least;
}

/* What the rows that are seen would like to have. */
static void measure(struct view *v, const struct top_model *m, const struct ui *ui)
{
	size_t nr, i, row, last = ui->offset[ui->screen] + layout_rows(&v->layout);
	const struct table_column *col = table_columns(ui->screen, &nr);
	unsigned int *want = v->want[ui->screen];
	char buf[TEXT_LEN];
	const void *r;

	for (row = ui->offset[ui->screen]; row < last; row++) {
		r = model_row(m, ui->screen, row);
		if (!r)
			break;
		for (i = 0; i < nr; i++) {
			col[i].text(r, buf, v->paint.utf8);
			raise_to(&want[i], tcphs_text_width(buf));
		}
	}
}

static void divide(const struct view *v, const struct ui *ui, unsigned int *width)
{
	struct column lay[LAYOUT_COLUMNS_MAX];
	size_t nr, i;
	const struct table_column *col = table_columns(ui->screen, &nr);

	for (i = 0; i < nr; i++) {
		lay[i].min = col[i].min;
		lay[i].want = col[i].bar ? col[i].max : v->want[ui->screen][i];
		if (lay[i].want > col[i].max)
			lay[i].want = col[i].max;
		if (lay[i].min < lay[i].want)
			lay[i].min = lay[i].want < col[i].whole ? lay[i].want : col[i].whole;
		if (lay[i].min < col[i].min)
			lay[i].min = col[i].min;
		lay[i].leave = col[i].leave;
		if (col[i].all_netns && !ui->all_netns)
			lay[i] = (struct column){ 0 };
	}
	columns_fit(lay, nr, v->paint.width, 1, width);
	columns_cut(width, nr, v->paint.width, 1);
}

static void paint_titles(const struct view *v, const struct ui *ui, const unsigned int *width)
{
	unsigned int y = v->layout.y[LAYOUT_TABLE], x = 0;
	size_t nr, i;
	const struct table_column *col = table_columns(ui->screen, &nr);
	char buf[TEXT_LEN];

	paint_fill(&v->paint, y, 0, v->paint.width, PAINT_TITLES);
	for (i = 0; i < nr; i++) {
		int tone = i == ui->sort[ui->screen] ? PAINT_SORTED : PAINT_TITLES;

		if (!width[i])
			continue;
		strcpy(buf, col[i].title);
		if (tone == PAINT_SORTED) {
			paint_fill(&v->paint, y, x, width[i], tone);
			if (strlen(buf) < width[i])
				strcat(buf, !v->paint.utf8 ? ui_descending(ui) ? "v" : "^" :
				       ui_descending(ui) ? "\u25bd" : "\u25b3");
		}
		text_fit_end(buf, width[i], v->paint.utf8);
		if (col[i].right)
			paint_right(&v->paint, y, x, width[i], tone, buf);
		else
			paint_text(&v->paint, y, x, tone, buf);
		x += width[i] + 1;
	}
}

static void paint_cell(const struct view *v, const struct table_column *col, const void *row,
		       unsigned int y, unsigned int x, unsigned int width)
{
	char buf[TEXT_LEN];
	int tone = col->text(row, buf, v->paint.utf8);
	struct table_bar bar;
	size_t len;

	text_fit(buf, width, v->paint.utf8);
	if (!col->right) {
		paint_text(&v->paint, y, x, tone, buf);
		return;
	}
	paint_right(&v->paint, y, x, width, tone, buf);
	len = tcphs_text_width(buf);
	/* the bars of all rows have one length, that of the widest text */
	if (len < 9)
		len = 9;
	if (!col->bar || width < len + 1 + TABLE_BAR_MIN)
		return;
	col->bar(row, &bar);
	paint_bar(&v->paint, y, x, width - (unsigned int)len - 1, &bar);
}

static void paint_row(const struct view *v, const struct ui *ui, const void *row,
		      unsigned int y, const unsigned int *width)
{
	unsigned int x = 0;
	size_t nr, i;
	const struct table_column *col = table_columns(ui->screen, &nr);

	for (i = 0; i < nr; i++) {
		if (!width[i])
			continue;
		paint_cell(v, &col[i], row, y, x, width[i]);
		x += width[i] + 1;
	}
}

static void paint_table(struct view *v, const struct top_model *m, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_TABLE], rows = layout_rows(&v->layout), i;
	unsigned int width[LAYOUT_COLUMNS_MAX];
	const void *row;

	measure(v, m, ui);
	divide(v, ui, width);
	paint_titles(v, ui, width);
	for (i = 0; i < rows; i++) {
		row = model_row(m, ui->screen, ui->offset[ui->screen] + i);
		if (!row)
			break;
		paint_row(v, ui, row, y + 1 + i, width);
	}
	if (rows && !model_total(m, ui->screen))
		paint_text(&v->paint, y + 1, 0, TABLE_DIM,
			   ui->screen == TOP_LISTENERS ? "nothing listens" : "no connections");
}

static void paint_tabs(const struct view *v, const struct top_model *m, const struct ui *ui)
{
	static const char *const name[] = { "Listeners", "Connections" };
	unsigned int y = v->layout.y[LAYOUT_TABS], x = 0, rows = layout_rows(&v->layout);
	size_t total = model_total(m, ui->screen), from = ui->offset[ui->screen];
	char buf[TEXT_LEN];
	int i;

	for (i = 0; i < TOP_SCREENS; i++)
		x = paint_text(&v->paint, y, x, i == (int)ui->screen ? PAINT_TAB : TABLE_DIM,
			       name[i]) + 2;
	snprintf(buf, sizeof(buf), "%zu-%zu of %zu%s", total ? from + 1 : 0,
		 from + rows < total ? from + rows : total, total,
		 ui->all_netns ? " in all namespaces" : "");
	if (x + strlen(buf) <= v->paint.width)
		paint_right(&v->paint, y, 0, v->paint.width, TABLE_DIM, buf);
}

/* ---- instead of the table ---------------------------------------------------------- */

static void paint_waiting(const struct view *v, const struct top_model *m)
{
	unsigned int y = v->layout.y[LAYOUT_TITLE] + v->layout.lines[LAYOUT_TITLE];
	char buf[ERROR_LINE], wait[TEXT_LEN], gone[TEXT_LEN];
	uint64_t now = tcphs_now();

	text_duration(gone, now > m->gone_at ? now - m->gone_at : 0, v->paint.utf8);
	snprintf(wait, sizeof(wait), "waiting for tcphs%s (gone for %.16s)",
		 v->paint.utf8 ? "\u2026" : "...", gone);
	if (v->paint.height > 4)
		y++;
	y = v->paint.height == 1 ? 0 : y;
	paint_text(&v->paint, y, 0, PAINT_ALARM, wait);
	error_line(buf, "tcphs-top", &m->why);
	if (v->paint.height > 2)
		paint_text(&v->paint, y + 1, 0, TABLE_PLAIN, buf);
	if (strlen(buf) > v->paint.width && v->paint.height > 5)
		paint_text(&v->paint, y + 2, 0, TABLE_PLAIN, buf + v->paint.width);
}

/* Lines of the help screen come one by one, so that a small terminal shows the first. */
static void paint_help(const struct view *v, const struct ui *ui)
{
	size_t nr_keys, nr_cols, i;
	const struct keys_help *keys = keys_help(&nr_keys);
	const struct table_column *col = table_columns(ui->screen, &nr_cols);
	unsigned int y = 0, second = 0;
	unsigned int end = v->paint.height > 1 ? v->paint.height - 1 : v->paint.height;

	paint_text(&v->paint, y++, 0, PAINT_BOLD, "tcphs-top " TCPHS_VERSION ": keys");
	for (i = 0; i < nr_keys && y < end; i++, y++) {
		paint_text(&v->paint, y, 1, PAINT_TAB, keys[i].keys);
		paint_text(&v->paint, y, 18, TABLE_PLAIN, keys[i].does);
	}
	if (v->paint.width >= 110) {	/* both side by side */
		second = 54;
		y = 0;
	}
	if (y + 2 < end)
		paint_text(&v->paint, y++, second, PAINT_BOLD, ui->screen == TOP_LISTENERS ?
			   "Columns: listeners" : "Columns: connections");
	for (i = 0; i < nr_cols && y < end; i++, y++) {
		paint_text(&v->paint, y, second + 1, PAINT_TAB, col[i].title);
		paint_text(&v->paint, y, second + 18, TABLE_PLAIN, col[i].help);
	}
}

static void paint_menu(const struct view *v, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_TABLE], line = 1;
	unsigned int rows = layout_rows(&v->layout);
	size_t nr, i, first = 0;
	const struct table_column *col = table_columns(ui->screen, &nr);
	char buf[TEXT_LEN];

	paint_fill(&v->paint, y, 0, v->paint.width, PAINT_SORTED);
	paint_text(&v->paint, y, 0, PAINT_SORTED, "Sort by");
	if (rows && ui->menu >= rows)
		first = ui->menu - rows + 1;
	for (i = first; i < nr && line <= rows; i++) {
		if (col[i].all_netns && !ui->all_netns)
			continue;
		snprintf(buf, sizeof(buf), "%-11s %s", col[i].key, col[i].help);
		if (i == ui->menu)
			paint_fill(&v->paint, y + line, 0, v->paint.width, PAINT_LABEL);
		paint_text(&v->paint, y + line, 0, i == ui->menu ? PAINT_LABEL : TABLE_PLAIN,
			   buf);
		line++;
	}
}

/* ---- the line at the bottom ---------------------------------------------------------- */

static void paint_prompt(const struct view *v, const struct ui *ui)
{
	unsigned int y = v->paint.height - 1, x;

	paint_fill(&v->paint, y, 0, v->paint.width, TABLE_PLAIN);
	x = paint_text(&v->paint, y, 0, PAINT_BOLD,
		       v->paint.width < 50 ? "Delay: " : "Seconds between refreshes: ");
	x = paint_text(&v->paint, y, x, TABLE_PLAIN, ui->prompt);
	if (ui->refused)
		paint_text(&v->paint, y, x, TABLE_BAD, "  0.1 to 3600");
	else
		paint_text(&v->paint, y, x, PAINT_LABEL, " ");
}

static void paint_labels(const struct view *v, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_FOOTER], x = 0;
	size_t nr, i;
	const struct keys_label *label = keys_labels(ui->mode, &nr);

	if (ui->mode == UI_HELP)
		y = v->paint.height - 1;
	if (ui->unknown)
		x = paint_text(&v->paint, y, x, PAINT_LABEL,
			       "No use for that key; F1 shows all keys");
	for (i = 0; !ui->unknown && i < nr; i++) {
		if (x + strlen(label[i].key) + strlen(label[i].label) + 1 > v->paint.width)
			break;
		x = paint_text(&v->paint, y, x, PAINT_BOLD, label[i].key);
		x = paint_text(&v->paint, y, x, PAINT_LABEL, label[i].label);
		paint_fill(&v->paint, y, x++, 1, PAINT_LABEL);
	}
	if (x < v->paint.width)
		paint_fill(&v->paint, y, x, v->paint.width - x, PAINT_LABEL);
}

/**
 * view_paint - the whole screen
 * @v: the view
 * @m: what there is
 * @ui: what is wanted
 */
void view_paint(struct view *v, const struct top_model *m, const struct ui *ui)
{
	if (!v->paint.width || !v->paint.height)
		return;
	attr_set(A_NORMAL, 0, NULL);
	erase();
	if (ui->mode == UI_HELP) {
		paint_help(v, ui);
	} else {
		view_head(v, m, ui);
		if (ui->mode == UI_SORT)
			paint_menu(v, ui);
		else if (!m->valid)
			paint_waiting(v, m);
		else if (v->layout.lines[LAYOUT_TABLE])
			paint_table(v, m, ui);
		if (m->valid && v->layout.lines[LAYOUT_TABS])
			paint_tabs(v, m, ui);
	}
	if (ui->mode == UI_DELAY)
		paint_prompt(v, ui);
	else if (v->layout.lines[LAYOUT_FOOTER])
		paint_labels(v, ui);
}

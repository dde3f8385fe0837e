// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "ui.h"

/**
 * ui_init - what a user who asked for nothing gets
 * @ui: the state
 */
void ui_init(struct ui *ui)
{
	*ui = (struct ui){ .delay = 2.0 };
	ui->sort[TOP_LISTENERS] = table_default_sort(TOP_LISTENERS);
	ui->sort[TOP_CONNECTIONS] = table_default_sort(TOP_CONNECTIONS);
}

/**
 * ui_descending - is the largest on top?
 * @ui: the state
 */
bool ui_descending(const struct ui *ui)
{
	return table_big_first(ui->screen, ui->sort[ui->screen]) != ui->invert[ui->screen];
}

/**
 * ui_parse_delay - reads a delay
 * @s: seconds, or a number and its unit; nothing before or after
 * @delay: gets it
 *
 * Returns 0, or -1 when that is no number or out of bounds.
 */
int ui_parse_delay(const char *s, double *delay)
{
	uint64_t ns;
	double v;

	if (tcphs_duration_parse(s, &ns))
		return -1;
	v = (double)ns / 1e9;
	if (v < UI_DELAY_MIN || v > UI_DELAY_MAX)
		return -1;
	*delay = v;
	return 0;
}

static bool column_usable(const struct ui *ui, size_t column)
{
	size_t nr;
	const struct table_column *col = table_columns(ui->screen, &nr);

	return column < nr && (ui->all_netns || !col[column].all_netns);
}

static void set_sort(struct ui *ui, size_t column)
{
	if (column == ui->sort[ui->screen])
		return;
	ui->sort[ui->screen] = column;
	ui->invert[ui->screen] = false;
	ui->offset[ui->screen] = 0;
}

static size_t step_column(const struct ui *ui, size_t from, int step)
{
	size_t nr, i;

	table_columns(ui->screen, &nr);
	for (i = from + (size_t)step; i < nr; i += (size_t)step)
		if (column_usable(ui, i))
			return i;
	return from;
}

static void scroll(struct ui *ui, enum ui_action action, size_t rows, size_t total)
{
	size_t *at = &ui->offset[ui->screen];
	size_t page = rows > 1 ? rows - 1 : 1;

	switch (action) {
	case UI_UP:
		*at -= *at ? 1 : 0;
		break;
	case UI_DOWN:
		*at += 1;
		break;
	case UI_PAGE_UP:
		*at -= *at < page ? *at : page;
		break;
	case UI_PAGE_DOWN:
		*at += page;
		break;
	case UI_HOME:
		*at = 0;
		break;
	default:
		*at = total;
	}
	ui_clamp(ui, rows, total);
}

/**
 * ui_clamp - brings the rows that are seen back to where there are some
 * @ui: the state
 * @rows: that are seen at once
 * @total: that there are
 */
void ui_clamp(struct ui *ui, size_t rows, size_t total)
{
	size_t last = total > rows ? total - rows : 0;

	if (ui->offset[ui->screen] > last)
		ui->offset[ui->screen] = last;
}

static void apply_table(struct ui *ui, enum ui_action action, size_t rows, size_t total)
{
	switch (action) {
	case UI_QUIT:
		ui->quit = true;
		break;
	case UI_SWITCH:
		ui->screen = ui->screen == TOP_LISTENERS ? TOP_CONNECTIONS : TOP_LISTENERS;
		ui->refresh = true;
		break;
	case UI_UP:
	case UI_DOWN:
	case UI_PAGE_UP:
	case UI_PAGE_DOWN:
	case UI_HOME:
	case UI_END:
		scroll(ui, action, rows, total);
		break;
	case UI_SORT_LEFT:
		set_sort(ui, step_column(ui, ui->sort[ui->screen], -1));
		break;
	case UI_SORT_RIGHT:
		set_sort(ui, step_column(ui, ui->sort[ui->screen], 1));
		break;
	case UI_SORT_MENU:
		ui->menu = ui->sort[ui->screen];
		ui->mode = UI_SORT;
		break;
	case UI_INVERT:
		ui->invert[ui->screen] = !ui->invert[ui->screen];
		break;
	case UI_PAUSE:
		ui->paused = !ui->paused;
		break;
	case UI_ASK_HELP:
		ui->mode = UI_HELP;
		break;
	case UI_ASK_DELAY:
		ui->mode = UI_DELAY;
		ui->refused = false;
		ui->prompt[0] = '\0';
		break;
	default:
		break;
	}
}

static void apply_sort(struct ui *ui, enum ui_action action)
{
	size_t nr;

	table_columns(ui->screen, &nr);
	switch (action) {
	case UI_UP:
		ui->menu = step_column(ui, ui->menu, -1);
		break;
	case UI_DOWN:
		ui->menu = step_column(ui, ui->menu, 1);
		break;
	case UI_HOME:
	case UI_PAGE_UP:
		ui->menu = column_usable(ui, 0) ? 0 : step_column(ui, 0, 1);
		break;
	case UI_END:
	case UI_PAGE_DOWN:
		ui->menu = nr - 1;
		break;
	case UI_ENTER:
		set_sort(ui, ui->menu);
		ui->mode = UI_TABLE;
		break;
	case UI_CANCEL:
	case UI_QUIT:
	case UI_SORT_MENU:
		ui->mode = UI_TABLE;
		break;
	default:
		break;
	}
}

static void type_char(struct ui *ui, int ch)
{
	size_t len = strlen(ui->prompt);

	if ((!isdigit(ch) && ch != '.') || len + 1 >= sizeof(ui->prompt))
		return;
	ui->prompt[len] = (char)ch;
	ui->prompt[len + 1] = '\0';
	ui->refused = false;
}

static void apply_delay(struct ui *ui, enum ui_action action, int ch)
{
	size_t len = strlen(ui->prompt);

	switch (action) {
	case UI_CHAR:
		type_char(ui, ch);
		break;
	case UI_ERASE:
		if (len)
			ui->prompt[len - 1] = '\0';
		ui->refused = false;
		break;
	case UI_ENTER:
		ui->refused = len && ui_parse_delay(ui->prompt, &ui->delay);
		if (!ui->refused)
			ui->mode = UI_TABLE;
		break;
	case UI_CANCEL:
	case UI_QUIT:
		ui->mode = UI_TABLE;
		break;
	default:
		break;
	}
}

/**
 * ui_apply - does what a key asks for
 * @ui: the state
 * @action: see keys.c
 * @ch: with UI_CHAR: the character
 * @rows: of the table that are seen at once
 * @total: that there are
 */
void ui_apply(struct ui *ui, enum ui_action action, int ch, size_t rows, size_t total)
{
	if (action == UI_REDRAW || action == UI_RESIZE) {
		ui->repaint = true;
		return;
	}
	ui->unknown = action == UI_UNKNOWN;
	switch (ui->mode) {
	case UI_HELP:
		if (action != UI_NONE)
			ui->mode = UI_TABLE;
		break;
	case UI_SORT:
		apply_sort(ui, action);
		break;
	case UI_DELAY:
		apply_delay(ui, action, ch);
		break;
	default:
		apply_table(ui, action, rows, total);
	}
}

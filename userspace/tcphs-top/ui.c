// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "ui.h"

/**
 * ui_init - what a user who asked for nothing gets
 * @ui: the state
 */
void ui_init(struct ui *ui)
{
	int i;

	*ui = (struct ui){ .delay = 2.0, .speed = 1 };
	for (i = 0; i < TOP_SCREENS; i++)
		ui->table[i].sort = table_default_sort(i);
	ui->table[TOP_EVENTS].at_end = true;
}

/**
 * ui_free - gives the memory back
 * @ui: the state
 */
void ui_free(struct ui *ui)
{
	int i;

	for (i = 0; i < TOP_SCREENS; i++) {
		marks_free(&ui->table[i].marks);
		marks_free(&ui->table[i].tree.other);
	}
}

/**
 * ui_sorted - the column that the table is ordered by
 * @ui: the state
 */
const struct table_column *ui_sorted(const struct ui *ui)
{
	size_t nr;

	return &table_columns(ui->screen, &nr)[ui_seen(ui)->sort];
}

/**
 * ui_descending - is the largest on top?
 * @ui: the state
 */
bool ui_descending(const struct ui *ui)
{
	return ui_sorted(ui)->big_first != ui_seen(ui)->invert;
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

/**
 * ui_say - one line at the bottom, until the next key
 * @ui: the state
 * @bad: it is what could not be done
 * @fmt: the line
 */
void ui_say(struct ui *ui, bool bad, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ui->message, sizeof(ui->message), fmt, ap);
	va_end(ap);
	ui->bad = bad;
}

/* ---- order ------------------------------------------------------------------------- */

static bool column_usable(const struct ui *ui, size_t column)
{
	size_t nr;
	const struct table_column *col = table_columns(ui->screen, &nr);

	return column < nr && (ui->all_netns || !col[column].all_netns);
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

static void set_sort(struct ui *ui, size_t column)
{
	struct ui_table *t = ui_table(ui);

	if (column == t->sort || !column_usable(ui, column))
		return;
	t->sort = column;
	t->invert = false;
	t->offset = 0;
	t->cursor = 0;
	t->at_end = false;
}

/* A click on its title: the column, or the other way round. */
static void sort_by(struct ui *ui, size_t column)
{
	struct ui_table *t = ui_table(ui);

	if (column == t->sort)
		t->invert = !t->invert;
	else
		set_sort(ui, column);
}

/* ---- the cursor -------------------------------------------------------------------- */

static size_t moved(enum ui_action action, size_t at, size_t rows, size_t total)
{
	size_t page = rows > 1 ? rows - 1 : 1, step = 1;

	switch (action) {
	case UI_PAGE_UP:
	case UI_WHEEL_UP:
		step = action == UI_PAGE_UP ? page : UI_WHEEL;
		/* fall through */
	case UI_UP:
		return at > step ? at - step : 0;
	case UI_PAGE_DOWN:
	case UI_WHEEL_DOWN:
		step = action == UI_PAGE_DOWN ? page : UI_WHEEL;
		/* fall through */
	case UI_DOWN:
		return at + step;
	case UI_HOME:
		return 0;
	default:
		return total;
	}
}

static bool moves(enum ui_action action)
{
	return (action >= UI_UP && action <= UI_END) || action == UI_WHEEL_UP ||
	       action == UI_WHEEL_DOWN;
}

/* Lines without a cursor. */
static void scroll(size_t *offset, enum ui_action action, size_t rows, size_t total)
{
	*offset = moved(action, *offset, rows, total);
	if (*offset + rows > total)
		*offset = total > rows ? total - rows : 0;
}

/**
 * ui_move - the cursor is put on a row, and follows none
 * @ui: the state
 * @row: which
 * @rows: that are seen at once
 * @total: that there are
 */
void ui_move(struct ui *ui, size_t row, size_t rows, size_t total)
{
	struct ui_table *t = ui_table(ui);

	t->cursor = row;
	t->at_end = ui->screen == TOP_EVENTS && row + 1 >= total;
	if (t->follow)
		ui_say(ui, false, "no row is followed any more");
	t->follow = 0;
	ui_clamp(ui, rows, total);
}

/**
 * ui_clamp - the cursor is on a row, and that row is seen
 * @ui: the state
 * @rows: that are seen at once
 * @total: that there are
 */
void ui_clamp(struct ui *ui, size_t rows, size_t total)
{
	struct ui_table *t = ui_table(ui);
	size_t last = total > rows ? total - rows : 0;

	if (t->cursor >= total || t->at_end)
		t->cursor = total ? total - 1 : 0;
	if (t->offset > t->cursor)
		t->offset = t->cursor;
	if (rows && t->cursor >= t->offset + rows)
		t->offset = t->cursor - rows + 1;
	if (t->offset > last)
		t->offset = last;
}

/* ---- what a key asks for ------------------------------------------------------------- */

static void go(struct ui *ui, enum top_screen screen)
{
	if (screen == ui->screen)
		return;
	ui->screen = screen;
	ui->refresh = true;
}

/**
 * ui_push - Esc shall lead back to here
 * @ui: the state
 *
 * Return: false: it is too deep for that.
 */
bool ui_push(struct ui *ui)
{
	const struct ui_table *t = ui_seen(ui);
	struct ui_place *place = &ui->place[ui->places];

	if (ui->places == UI_PLACES)
		return false;
	*place = (struct ui_place){
		.screen = ui->screen, .sort = t->sort, .invert = t->invert,
		.offset = t->offset, .cursor = t->cursor,
	};
	memcpy(place->filter, ui->filter, sizeof(place->filter));
	ui->places++;
	return true;
}

/**
 * ui_pop - back to where one came from
 * @ui: the state
 *
 * Return: the place, whose filter the caller sees to; NULL: from nowhere.
 */
const struct ui_place *ui_pop(struct ui *ui)
{
	const struct ui_place *place;
	struct ui_table *t;

	if (!ui->places)
		return NULL;
	place = &ui->place[--ui->places];
	ui->screen = place->screen;
	t = ui_table(ui);
	t->sort = place->sort;
	t->invert = place->invert;
	t->offset = place->offset;
	t->cursor = place->cursor;
	t->at_end = false;
	t->follow = 0;
	return place;
}

/* To what is on the screen already. */
static void open_mode(struct ui *ui, enum ui_mode mode)
{
	ui->back = ui->mode;
	ui->mode = mode;
}

static void ask(struct ui *ui, enum prompt_what what, const char *text)
{
	open_mode(ui, UI_PROMPT);
	prompt_begin(&ui->prompt, what, text);
}

static void change_delay(struct ui *ui, double factor)
{
	double v = ui->delay * factor;

	if (ui->playing) {
		v = ui->speed / factor;
		ui->speed = v < UI_SPEED_MIN ? UI_SPEED_MIN : v > UI_SPEED_MAX ? UI_SPEED_MAX : v;
		ui_say(ui, false, "played at %g times its speed", ui->speed);
		return;
	}
	ui->delay = v < UI_DELAY_MIN ? UI_DELAY_MIN : v > UI_DELAY_MAX ? UI_DELAY_MAX : v;
	ui_say(ui, false, "a refresh every %.3g s", ui->delay);
}

static void apply_table(struct ui *ui, enum ui_action action, int arg, size_t rows, size_t total)
{
	struct ui_table *t = ui_table(ui);

	if (moves(action)) {
		ui_move(ui, moved(action, t->cursor, rows, total), rows, total);
		return;
	}
	switch (action) {
	case UI_QUIT:
		ui->quit = true;
		break;
	case UI_SCREEN:
		go(ui, (enum top_screen)arg);
		break;
	case UI_NEXT:
		go(ui, (ui->screen + 1) % TOP_SCREENS);
		break;
	case UI_PREVIOUS:
		go(ui, (ui->screen + TOP_SCREENS - 1) % TOP_SCREENS);
		break;
	case UI_POINT:
		if (t->offset + (size_t)arg < total)
			ui_move(ui, t->offset + (size_t)arg, rows, total);
		break;
	case UI_SORT_LEFT:
		set_sort(ui, step_column(ui, t->sort, -1));
		break;
	case UI_SORT_RIGHT:
		set_sort(ui, step_column(ui, t->sort, 1));
		break;
	case UI_SORT_BY:
		sort_by(ui, (size_t)arg);
		break;
	case UI_SORT_MENU:
		ui->menu = t->sort;
		open_mode(ui, UI_SORT);
		break;
	case UI_INVERT:
		t->invert = !t->invert;
		break;
	case UI_PAUSE:
		ui->paused = !ui->paused;
		break;
	case UI_SLOWER:
		change_delay(ui, 2);
		break;
	case UI_FASTER:
		change_delay(ui, 0.5);
		break;
	case UI_ASK_HELP:
		open_mode(ui, UI_HELP);
		ui->help_offset = 0;
		break;
	case UI_SEARCH:
		ask(ui, PROMPT_SEARCH, "");
		break;
	case UI_FILTER:
		ask(ui, PROMPT_FILTER, ui->filter);
		break;
	case UI_SAVE:
		ask(ui, PROMPT_SAVE, "tcphs-top.txt");
		break;
	case UI_RECORD:
		ask(ui, PROMPT_RECORD, "tcphs-top.rec");
		break;
	case UI_DELAY:
		ask(ui, PROMPT_DELAY, "");
		break;
	case UI_JUMP:
	case UI_STEP:
		if (!ui->playing)
			ui_say(ui, true, "that is for recordings: tcphs-top --read");
		else if (action == UI_JUMP)
			ask(ui, PROMPT_JUMP, "");
		else
			ui->step += arg;
		break;
	default:
		break;
	}
}

/* Lines, and what leads away from them. */
static void apply_page(struct ui *ui, enum ui_action action, int arg, size_t rows, size_t total)
{
	size_t last = total > rows ? total - rows : 0;

	if (moves(action)) {
		if (ui->page_end)
			ui->page_offset = last;
		scroll(&ui->page_offset, action, rows, total);
		ui->page_end = last && ui->page_offset == last;
		return;
	}
	if (action == UI_SCREEN || action == UI_NEXT || action == UI_PREVIOUS || action == UI_BACK) {
		ui->mode = UI_TABLE;
		ui->refresh = true;
	}
	if (action != UI_BACK)
		apply_table(ui, action, arg, rows, total);
}

static void apply_sort(struct ui *ui, enum ui_action action, int arg)
{
	size_t nr;

	table_columns(ui->screen, &nr);
	switch (action) {
	case UI_UP:
	case UI_WHEEL_UP:
		ui->menu = step_column(ui, ui->menu, -1);
		break;
	case UI_DOWN:
	case UI_WHEEL_DOWN:
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
	case UI_CHOOSE:
		ui->menu = (size_t)arg;
		/* fall through */
	case UI_ENTER:
		set_sort(ui, ui->menu);
		ui->mode = UI_TABLE;
		break;
	case UI_CANCEL:
		ui->mode = UI_TABLE;
		break;
	default:
		break;
	}
}

/**
 * ui_apply - does what a key asks for, as far as it has nothing to do with what there is
 * @ui: the state
 * @action: see keys.c
 * @arg: of it
 * @rows: of the table or the help that are seen at once
 * @total: that there are
 */
void ui_apply(struct ui *ui, enum ui_action action, int arg, size_t rows, size_t total)
{
	char name[KEYS_NAME];

	if (action == UI_REDRAW) {
		ui->repaint = true;
		return;
	}
	ui->message[0] = '\0';
	if (action == UI_UNKNOWN) {
		ui_say(ui, true, "No use for %s; F1 shows all keys", keys_name(arg, name));
		return;
	}
	switch (ui->mode) {
	case UI_HELP:
		if (moves(action))
			scroll(&ui->help_offset, action, rows, total);
		else if (action != UI_NONE)
			ui->mode = ui->back;
		break;
	case UI_SORT:
		apply_sort(ui, action, arg);
		break;
	case UI_PAGE:
		apply_page(ui, action, arg, rows, total);
		break;
	case UI_PROMPT:
		if (action == UI_CANCEL)
			ui->mode = ui->back;
		else
			prompt_apply(&ui->prompt, action, arg);
		break;
	default:
		apply_table(ui, action, arg, rows, total);
	}
}

// SPDX-License-Identifier: GPL-2.0
#include "control.h"

static uint64_t key_of_cursor(const struct ui *ui, const struct top_model *m)
{
	return model_key(ui->screen, model_row(m, ui->screen, ui_seen(ui)->cursor));
}

static void mark(struct ui *ui, const struct top_model *m, size_t rows, size_t total)
{
	uint64_t key = key_of_cursor(ui, m);

	if (!key)
		return;
	marks_turn(&ui_table(ui)->marks, key);
	/* as htop does, so that several are marked by one key; who follows stays */
	if (!ui_seen(ui)->follow)
		ui_apply(ui, UI_DOWN, 0, rows, total);
}

static void follow(struct ui *ui, const struct top_model *m)
{
	struct ui_table *t = ui_table(ui);

	t->follow = t->follow ? 0 : key_of_cursor(ui, m);
	ui_say(ui, false, t->follow ? "the cursor stays with this row; F: no more" :
	       "no row is followed any more");
}

/**
 * control_apply - does what a key asks for
 * @ui: what the user asked for so far
 * @m: what there is, in the order in which it is on the screen
 * @action: see keys.c
 * @arg: of it
 * @rows: of the table, or of what is there in place of it, that are seen at once
 * @total: that there are
 */
void control_apply(struct ui *ui, struct top_model *m, enum ui_action action, int arg,
		   size_t rows, size_t total)
{
	ui_apply(ui, action, arg, rows, total);
	switch (action) {
	case UI_MARK:
		mark(ui, m, rows, total);
		break;
	case UI_UNMARK:
		marks_free(&ui_table(ui)->marks);
		break;
	case UI_FOLLOW:
		follow(ui, m);
		break;
	default:
		break;
	}
}

/**
 * control_settle - the cursor and the rows that are seen, before they are shown
 * @ui: what the user asked for
 * @m: what there is, perhaps new; gets its order
 * @rows: of the table that are seen at once
 *
 * Return: 0, or -ENOMEM.
 */
int control_settle(struct ui *ui, struct top_model *m, size_t rows)
{
	const struct table_column *col = ui_sorted(ui);
	struct ui_table *t = ui_table(ui);
	size_t place, keep;

	if (t->follow && m->valid) {
		place = model_place(m, ui->screen, col->compare, ui_descending(ui), t->follow);
		if (place == SIZE_MAX) {
			ui_say(ui, false, "the row that was followed is gone");
			t->follow = 0;
		} else {
			t->cursor = place;
		}
	}
	ui_clamp(ui, rows, model_total(m, ui->screen));
	keep = t->offset + rows;
	return model_arrange(m, ui->screen, col->compare, ui_descending(ui),
			     keep < CONTROL_ROWS ? CONTROL_ROWS : keep);
}

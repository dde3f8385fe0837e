/* SPDX-License-Identifier: GPL-2.0 */
/* What the user asked for, and how keys change it. No terminal in here either, and no rows. */
#ifndef TOP_UI_H
#define TOP_UI_H

#include "keys.h"
#include "marks.h"
#include "prompt.h"
#include "table.h"
#include "tree.h"

#define UI_DELAY_MIN	0.1
#define UI_DELAY_MAX	3600.0
#define UI_MESSAGE	240
#define UI_SPEED_MIN	(1.0 / 64)
#define UI_SPEED_MAX	4096.0
#define UI_WHEEL	3	/* rows */

/**
 * struct ui_table - one screen, as it is looked at
 * @sort: number of the column
 * @invert: is its order turned round?
 * @offset: first row that is seen
 * @cursor: row under it
 * @at_end: it stays with the last row: what comes is seen
 * @follow: key of the row that the cursor stays with, 0: it stays where it is
 * @marks: rows that were marked
 * @tree: how they are grouped
 */
struct ui_table {
	size_t sort;
	bool invert;
	size_t offset;
	size_t cursor;
	bool at_end;
	uint64_t follow;
	struct marks marks;
	struct tree_style tree;
};

#define UI_PLACES	8

/* Where Esc leads back to. */
struct ui_place {
	enum top_screen screen;
	size_t sort;
	bool invert;
	size_t offset;
	size_t cursor;
	char filter[PROMPT_LEN];
};

/**
 * struct ui - the state of the user interface
 * @screen: table that is shown
 * @mode: what the keys mean
 * @back: the mode that it leads back to
 * @table: how each is looked at
 * @place: where Esc leads back to, the latest behind
 * @places: how many
 * @menu: in UI_SORT: the line
 * @help_offset: in UI_HELP: the first line that is seen
 * @page_offset: in UI_PAGE: the first line that is seen
 * @page_end: it stays with the last: what comes is seen
 * @prompt: in UI_PROMPT: what is typed
 * @search: what is looked for, "": nothing
 * @filter: words of the filter, "": none
 * @save: name of the file that the screen is to be saved in, "": none
 * @record: likewise of the recording of what is marked
 * @copy: what is to be copied, "": nothing
 * @message: of the last key, "": none
 * @bad: it is what could not be done
 * @all_netns: every network namespace
 * @all_asked: also without a filter that names one
 * @paused: keep what is on the screen
 * @playing: it is a recording
 * @ended: there is nothing behind
 * @speed: of it; 1: as it was
 * @step: refreshes that it is to go on, or back
 * @jump: the time to which it is to go, "": none
 * @delay: seconds between two refreshes
 * @quit: enough
 * @repaint: the terminal is to be painted from scratch
 * @refresh: the table that is shown now has not been fetched yet
 */
struct ui {
	enum top_screen screen;
	enum ui_mode mode;
	enum ui_mode back;
	struct ui_table table[TOP_SCREENS];
	struct ui_place place[UI_PLACES];
	size_t places;
	size_t menu;
	size_t help_offset;
	size_t page_offset;
	bool page_end;
	struct prompt prompt;
	char search[PROMPT_LEN];
	char filter[PROMPT_LEN];
	char save[PROMPT_LEN];
	char record[PROMPT_LEN];
	char copy[PROMPT_LEN];
	char message[UI_MESSAGE];
	bool bad;
	bool all_netns;
	bool all_asked;
	bool paused;
	bool playing;
	bool ended;
	double speed;
	int step;
	char jump[PROMPT_LEN];
	double delay;
	bool quit;
	bool repaint;
	bool refresh;
};

/* The screen that is shown. */
static inline struct ui_table *ui_table(struct ui *ui)
{
	return &ui->table[ui->screen];
}

static inline const struct ui_table *ui_seen(const struct ui *ui)
{
	return &ui->table[ui->screen];
}

void ui_init(struct ui *ui);
void ui_free(struct ui *ui);
void ui_apply(struct ui *ui, enum ui_action action, int arg, size_t rows, size_t total);
void ui_move(struct ui *ui, size_t row, size_t rows, size_t total);
void ui_clamp(struct ui *ui, size_t rows, size_t total);
bool ui_push(struct ui *ui);
const struct ui_place *ui_pop(struct ui *ui);
void ui_say(struct ui *ui, bool bad, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool ui_descending(const struct ui *ui);
const struct table_column *ui_sorted(const struct ui *ui);
int ui_parse_delay(const char *s, double *delay);

#endif /* TOP_UI_H */

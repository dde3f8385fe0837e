// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "filter_line.h"
#include "play.h"

static uint64_t key_of_cursor(const struct ui *ui, const struct top_model *m)
{
	const struct tree_group *g = tree_at(m, ui_seen(ui)->cursor);

	return g ? g->key : model_key(ui->screen, model_row(m, ui->screen, ui_seen(ui)->cursor));
}
static void follow(struct ui *ui, const struct top_model *m)
{
	struct ui_table *t = ui_table(ui);

	t->follow = t->follow ? 0 : key_of_cursor(ui, m);
	t->at_end = false;
	ui_say(ui, false, t->follow ? "the cursor stays with this row; F: no more" :
	       "no row is followed any more");
}

/* The first rows, @keep or all. */
static int arrange(const struct ui *ui, struct top_model *m, size_t keep)
{
	return model_arrange(m, ui->screen, ui_sorted(ui)->compare, ui_descending(ui), keep);
}

static size_t place_of(const struct ui *ui, const struct top_model *m, uint64_t key)
{
	if (model_is_tree(m, ui->screen))
		return tree_place(m, ui->screen, key);
	return model_place(m, ui->screen, ui_sorted(ui)->compare, ui_descending(ui), key);
}

/* ---- search and filter ----------------------------------------------------------- */

/* From the row of the cursor on, which itself counts last, round the end. */
static void search(struct ui *ui, struct top_model *m, bool back, size_t rows, size_t total)
{
	size_t i, at = ui_seen(ui)->cursor;
	const struct tree_group *g;
	char name[TEXT_LEN];
	const void *row;
	bool has;

	if (!*ui->search || !total) {
		ui_say(ui, true, *ui->search ? "no rows" : "nothing is searched for yet; / does");
		return;
	}
	if (arrange(ui, m, 0))
		return;
	for (i = 0; i < total; i++) {
		at = back ? (at ? at - 1 : total - 1) : (at + 1) % total;
		g = tree_at(m, at);
		row = model_row(m, ui->screen, at);
		if (g)
			tree_name(m, ui->screen, g, name);
		has = g ? strcasestr(name, ui->search) != NULL :
			  row && table_row_has(ui->screen, row, &m->style, ui->search);
		if (!has)
			continue;
		ui_move(ui, at, rows, total);
		return;
	}
	ui_say(ui, true, "no row has %.100s", ui->search);
}

/**
 * control_filter - what is wanted from now on
 * @ui: gets the words
 * @m: gets the filter
 * @words: of the filter, "": all
 * @err: what is wrong with them
 *
 * Return: 0, or a negative errno; then nothing has changed.
 */
int control_filter(struct ui *ui, struct top_model *m, const char *words,
		   struct tcphs_error *err)
{
	struct tcphs_filter filter;
	int ret = filter_line_parse(&filter, words, err);

	if (ret)
		return ret;
	model_filter(m, &filter);
	if (words != ui->filter)
		snprintf(ui->filter, sizeof(ui->filter), "%s", words);
	/* Whoever names a namespace wants to see into it. */
	ui->all_netns = ui->all_asked || tcphs_filter_has(&filter, TCPHS_FILTER_NETNS);
	ui->refresh = true;
	return 0;
}

/* ---- from a row to what belongs to it, and back ----------------------------------- */

static void put_conn(char *words, uint64_t conn)
{
	char number[TCPHS_U64_LEN];

	tcphs_fmt_hex(number, conn);
	if (conn)
		filter_line_put(words, PROMPT_LEN, TCPHS_FILTER_CONN, number);
}

static void put_port(char *words, enum tcphs_filter_key key, unsigned int port)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", port);
	if (port)
		filter_line_put(words, PROMPT_LEN, key, text);
}

static void put_address(char *words, unsigned int family, const uint8_t *address)
{
	char text[TCPHS_ADDRESS_LEN];

	if (!family)
		return;
	tcphs_fmt_address(text, (uint8_t)family, address);
	filter_line_put(words, PROMPT_LEN, TCPHS_FILTER_ADDRESS, text);
}

/* For a machine as a whole there is none. */
static void words_of_finding(const struct finding *f, char *words)
{
	char pid[16];

	if (!strcmp(f->kind, "listener") || !strcmp(f->kind, "port")) {
		put_port(words, TCPHS_FILTER_LOCAL_PORT, f->place.port);
	} else if (!strcmp(f->kind, "process") && f->owner.known) {
		snprintf(pid, sizeof(pid), "%u", f->owner.pid);
		filter_line_put(words, PROMPT_LEN, TCPHS_FILTER_PID, pid);
	} else if (!strcmp(f->kind, "peer") || !strcmp(f->kind, "route")) {
		put_address(words, f->place.family, f->place.address);
		put_port(words, TCPHS_FILTER_PEER_PORT, f->place.port);
	} else if (!strcmp(f->kind, "address")) {
		put_address(words, f->place.family, f->place.address);
	}
}

/*
 * Where what a finding is about can be seen: what the tables had is in them still, of what only
 * events show there may be no connection any more.
 */
static enum top_screen screen_of_finding(const struct finding *f)
{
	if (!strcmp(f->kind, "listener"))
		return TOP_LISTENERS;
	if (f->rule->needs || !strcmp(f->kind, "route") || !strcmp(f->kind, "address"))
		return TOP_CONNECTIONS;
	return TOP_EVENTS;
}

/* Which connections are meant, as a filter; "": there is no such filter. */
static void words_of(enum top_screen screen, const void *row, char *words)
{
	const struct top_peer *peer = row;

	*words = '\0';
	switch (screen) {
	case TOP_LISTENERS:
		put_port(words, TCPHS_FILTER_LOCAL_PORT, ((const struct top_listener *)row)->is->port);
		break;
	case TOP_CONNECTIONS:
		put_conn(words, ((const struct tcphs_conn_info *)row)->conn);
		break;
	case TOP_PEERS:
		put_address(words, peer->key.family, peer->key.address);
		break;
	case TOP_EVENTS:
		put_conn(words, ((const struct tcphs_event *)row)->id.conn);
		break;
	case TOP_DOCTOR:
		words_of_finding(&((const struct top_finding *)row)->is, words);
		break;
	default:
		put_conn(words, ((const struct tcphs_conn_life *)row)->id.conn);
	}
}

/* The same of whatever is under the cursor. */
static void words_of_cursor(const struct ui *ui, const struct top_model *m, char *words)
{
	const struct tree_group *g = tree_at(m, ui_seen(ui)->cursor);
	const void *row = model_row(m, ui->screen, ui_seen(ui)->cursor);

	*words = '\0';
	if (g)
		tree_words(m, ui->screen, g, words, PROMPT_LEN);
	else if (row)
		words_of(ui->screen, row, words);
}

/**
 * control_mark - marks what is under the cursor, or takes its mark away
 * @ui: where that is
 * @m: what there is
 * @marks: get it
 */
void control_mark(const struct ui *ui, const struct top_model *m, struct marks *marks)
{
	uint64_t key = key_of_cursor(ui, m);
	char words[PROMPT_LEN];

	words_of_cursor(ui, m, words);
	if (key)
		marks_turn(marks, key, words, tree_at(m, ui_seen(ui)->cursor));
}

static void mark(struct ui *ui, const struct top_model *m, size_t rows, size_t total)
{
	control_mark(ui, m, &ui_table(ui)->marks);
	/* as htop does, so that several are marked by one key; who follows stays */
	if (!ui_seen(ui)->follow)
		ui_apply(ui, UI_DOWN, 0, rows, total);
}

/* Another screen, with those alone that the words let through. */
static void go(struct ui *ui, struct top_model *m, enum top_screen to, const char *words)
{
	struct tcphs_error err = { 0 };

	if (!ui_push(ui)) {
		ui_say(ui, true, "too deep; Esc leads back");
		return;
	}
	if (control_filter(ui, m, words, &err)) {
		ui_say(ui, true, "%.200s", err.text);
		ui_pop(ui);
		return;
	}
	ui->screen = to;
	ui_table(ui)->offset = ui_table(ui)->cursor = 0;
	ui_table(ui)->follow = 0;
	ui_table(ui)->at_end = to == TOP_EVENTS;
	ui_say(ui, false, "%s of %s; Esc leads back", table_name(to), words);
}

static void open_page(struct ui *ui, struct top_model *m, enum page_what what, uint64_t conn)
{
	page_open(&m->page, what, conn);
	ui->mode = UI_PAGE;
	ui->page_offset = 0;
	ui->page_end = false;
	ui->refresh = true;
}

static uint64_t conn_of(enum top_screen screen, const void *row)
{
	switch (screen) {
	case TOP_LISTENERS:
		return ((const struct top_listener *)row)->is->conn;
	case TOP_CONNECTIONS:
		return ((const struct tcphs_conn_info *)row)->conn;
	case TOP_EVENTS:
		return ((const struct tcphs_event *)row)->id.conn;
	case TOP_LIVES:
		return ((const struct tcphs_conn_life *)row)->id.conn;
	default:
		return 0;
	}
}

/* What is on a page has events, lives, and of a listener connections. */
static void open_from_page(struct ui *ui, struct top_model *m, enum ui_action action)
{
	const struct top_listener *l = NULL;
	enum top_screen to = TOP_EVENTS;
	char words[PROMPT_LEN] = "";

	if (m->page.what == PAGE_LISTENER)
		l = model_listener(m, m->page.conn);
	if (l)
		put_port(words, TCPHS_FILTER_LOCAL_PORT, l->is->port);
	else if (m->page.what == PAGE_DRAWING)
		put_conn(words, m->page.conn);
	if (!*words)
		return;
	if (action == UI_LIVES)
		to = TOP_LIVES;
	else if (action == UI_OPEN && l)
		to = TOP_CONNECTIONS;
	page_open(&m->page, PAGE_NONE, 0);
	ui->mode = UI_TABLE;
	go(ui, m, to, words);
}

/* ---- groups ------------------------------------------------------------------------- */

/* The cursor stays with what it was on. */
static void regroup(struct ui *ui, struct top_model *m, uint64_t key)
{
	size_t place;

	m->arranged.compare = NULL;
	m->kept = 0;
	arrange(ui, m, 0);
	place = key ? place_of(ui, m, key) : SIZE_MAX;
	if (place != SIZE_MAX)
		ui_table(ui)->cursor = place;
}

static void fold(struct ui *ui, struct top_model *m, enum ui_action action)
{
	const void *row = model_row(m, ui->screen, ui_seen(ui)->cursor);
	const struct tree_group *g = tree_at(m, ui_seen(ui)->cursor);
	struct tree_style *tree = &ui_table(ui)->tree;
	uint64_t key;

	if (!model_is_tree(m, ui->screen)) {
		ui_say(ui, true, "nothing is grouped here; t does");
		return;
	}
	if (!g && row)
		g = tree_of_row(m, ui->screen, row);
	if (!g)
		return;
	key = g->key;
	if (action == UI_FOLD_ALL) {
		marks_free(&tree->other);
		tree->closed = !tree->closed;
	} else if (tree_is_closed(tree, key) != (action == UI_FOLD)) {
		marks_turn(&tree->other, key, NULL, true);
	}
	regroup(ui, m, action == UI_UNFOLD && row ? model_key(ui->screen, row) : key);
}

static void group(struct ui *ui, struct top_model *m)
{
	struct tree_style *tree = &ui_table(ui)->tree;
	uint64_t key = key_of_cursor(ui, m);

	if (!tree_has(ui->screen)) {
		ui_say(ui, true, "the rows of this screen have no owner");
		return;
	}
	marks_free(&tree->other);
	tree->by = (tree->by + 1) % TREE_BYS;
	tree->closed = false;
	m->tree.style = tree;
	ui_table(ui)->at_end = false;
	regroup(ui, m, key);
	if (tree->by)
		ui_say(ui, false, "by %s; t: %s, - and + close and open a group, * all",
		       tree_by_name(tree->by), tree->by + 1 == TREE_BYS ? "no groups" :
		       tree_by_name(tree->by + 1));
	else
		ui_say(ui, false, "no groups any more");
}

static void open_row(struct ui *ui, struct top_model *m, enum ui_action action)
{
	const void *row = model_row(m, ui->screen, ui_seen(ui)->cursor);
	const struct tree_group *g = tree_at(m, ui_seen(ui)->cursor);
	enum top_screen from = ui->screen, to = TOP_EVENTS;
	char words[PROMPT_LEN];

	if (g && action == UI_OPEN)
		fold(ui, m, tree_is_closed(&ui_seen(ui)->tree, g->key) ? UI_UNFOLD : UI_FOLD);
	if (g ? action == UI_OPEN : !row)
		return;
	if (action == UI_OPEN && conn_of(from, row)) {
		open_page(ui, m, from == TOP_LISTENERS ? PAGE_LISTENER : PAGE_DRAWING,
			  conn_of(from, row));
		return;
	}
	words_of_cursor(ui, m, words);
	if (!*words) {
		ui_say(ui, true, "no connection is known of this row");
		return;
	}
	if (action == UI_LIVES)
		to = TOP_LIVES;
	else if (action == UI_OPEN && from == TOP_PEERS)
		to = TOP_CONNECTIONS;
	else if (action == UI_OPEN && from == TOP_DOCTOR)
		to = screen_of_finding(&((const struct top_finding *)row)->is);
	go(ui, m, to, words);
}

static void copy_command(struct ui *ui, const struct top_finding *f)
{
	size_t i;

	for (i = 0; i < f->nr_words; i++)
		if (!strcmp(f->words[i].label, FINDING_NEXT))
			snprintf(ui->copy, sizeof(ui->copy), "%.250s", f->words[i].text);
}

/*
 * The argument of the words alone: of a connection its number, of a peer its address; of a
 * finding what the doctor says is to be typed next.
 */
static void copy_conn(struct ui *ui, const struct top_model *m)
{
	const void *row = model_row(m, ui->screen, ui_seen(ui)->cursor);
	char words[PROMPT_LEN];

	if (ui->mode == UI_PAGE) {
		tcphs_fmt_hex(ui->copy, m->page.conn);
		return;
	}
	if (ui->screen == TOP_DOCTOR && row) {
		copy_command(ui, row);
		if (!*ui->copy)
			ui_say(ui, true, "nothing is to be typed for this one");
		return;
	}
	words_of_cursor(ui, m, words);
	if (ui->screen == TOP_LISTENERS && row) {
		*words = '\0';
		put_conn(words, ((const struct top_listener *)row)->is->conn);
	}
	snprintf(ui->copy, sizeof(ui->copy), "%s", words + strcspn(words, " ") + !!*words);
	if (!*ui->copy)
		ui_say(ui, true, "no connection is known of this row");
}

static void go_back(struct ui *ui, struct top_model *m)
{
	const struct ui_place *place = ui_pop(ui);

	if (place)
		control_filter(ui, m, place->filter, NULL);
}

/* ---- lines that are typed -------------------------------------------------------- */

static void complete(struct prompt *p)
{
	char add[PROMPT_LEN];

	if (p->what != PROMPT_FILTER)
		return;
	filter_line_complete(p->text, p->at, add, sizeof(add), p->hint, sizeof(p->hint));
	prompt_insert(p, add);
}

static void take(struct ui *ui, struct top_model *m, size_t rows, size_t total)
{
	struct prompt *p = &ui->prompt;
	struct tcphs_error err = { 0 };

	switch (p->what) {
	case PROMPT_DELAY:
		/* nothing typed: it stays as it was */
		p->bad = *p->text && ui_parse_delay(p->text, &ui->delay);
		snprintf(p->hint, sizeof(p->hint), "0.1 to 3600 seconds");
		break;
	case PROMPT_FILTER:
		p->bad = control_filter(ui, m, p->text, &err);
		snprintf(p->hint, sizeof(p->hint), "%.500s", err.text);
		break;
	case PROMPT_JUMP:
		p->bad = !*p->text || play_when(p->text, 0, 0, &(uint64_t){ 0 });
		snprintf(p->hint, sizeof(p->hint), "a time of day (03:12), a date (2026-11-28 03:12), or +5m and -30s from here");
		if (!p->bad)
			memcpy(ui->jump, p->text, sizeof(ui->jump));
		break;
	case PROMPT_SAVE:
	case PROMPT_RECORD:
		p->bad = !*p->text;
		snprintf(p->hint, sizeof(p->hint), "a name of a file");
		if (!p->bad)
			memcpy(p->what == PROMPT_SAVE ? ui->save : ui->record, p->text, sizeof(ui->save));
		break;
	default:
		if (*p->text)
			snprintf(ui->search, sizeof(ui->search), "%s", p->text);
		search(ui, m, false, rows, total);
	}
	if (!p->bad)
		ui->mode = ui->back;
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
	bool typing = ui->mode == UI_PROMPT, reading = ui->mode == UI_PAGE;
	/* A click on the row of the cursor opens it. */
	bool again = action == UI_POINT && ui->mode == UI_TABLE &&
		     ui_seen(ui)->offset + (size_t)arg == ui_seen(ui)->cursor;

	ui_apply(ui, action, arg, rows, total);
	if (reading && ui->mode == UI_TABLE)
		page_open(&m->page, PAGE_NONE, 0);
	switch (action) {
	case UI_ENTER:
		if (typing)
			take(ui, m, rows, total);
		break;
	case UI_POINT:
		if (again)
			open_row(ui, m, UI_OPEN);
		break;
	case UI_OPEN:
	case UI_EVENTS:
	case UI_LIVES:
		if (reading)
			open_from_page(ui, m, action);
		else
			open_row(ui, m, action);
		break;
	case UI_COPY_CONN:
		copy_conn(ui, m);
		break;
	case UI_BACK:
		if (!reading)
			go_back(ui, m);
		break;
	case UI_COMPLETE:
		complete(&ui->prompt);
		break;
	case UI_SEARCH_NEXT:
	case UI_SEARCH_BACK:
		search(ui, m, action == UI_SEARCH_BACK, rows, total);
		break;
	case UI_MARK:
		mark(ui, m, rows, total);
		break;
	case UI_UNMARK:
		marks_free(&ui_table(ui)->marks);
		break;
	case UI_FOLLOW:
		follow(ui, m);
		break;
	case UI_TREE:
		group(ui, m);
		break;
	case UI_FOLD:
	case UI_UNFOLD:
	case UI_FOLD_ALL:
		fold(ui, m, action);
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
	struct ui_table *t = ui_table(ui);
	size_t place, keep;
	int ret;

	/* Its rows are not there while something is open in place of it. */
	if (m->page.what)
		return 0;
	m->tree.style = &t->tree;
	/* How many lines a tree has is known when it is laid. */
	ret = model_is_tree(m, ui->screen) ? arrange(ui, m, 0) : 0;
	if (ret)
		return ret;
	if (t->follow && m->valid) {
		place = place_of(ui, m, t->follow);
		if (place == SIZE_MAX) {
			ui_say(ui, false, "the row that was followed is gone");
			t->follow = 0;
		} else {
			t->cursor = place;
		}
	}
	ui_clamp(ui, rows, model_total(m, ui->screen));
	keep = t->offset + rows;
	return arrange(ui, m, keep < CONTROL_ROWS ? CONTROL_ROWS : keep);
}

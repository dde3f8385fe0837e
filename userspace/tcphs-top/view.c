// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "columns.h"
#include "keys.h"
#include "view.h"

/**
 * view_start - nothing is painted yet
 * @v: the view
 * @utf8: are characters beyond ASCII wanted?
 */
void view_start(struct view *v, bool utf8)
{
	memset(v, 0, sizeof(*v));
	v->paint.utf8 = utf8;
}

/**
 * view_free - gives the memory back
 * @v: the view
 */
void view_free(struct view *v)
{
	paint_free(&v->paint);
}

/**
 * view_resize - makes a layout for a size
 * @v: the view
 * @m: the model; what is wrong needs lines
 * @ui: what is wanted; the screen may, too
 * @width: of the terminal
 * @height: of the terminal
 *
 * Return: 0, or -ENOMEM.
 */
int view_resize(struct view *v, const struct top_model *m, const struct ui *ui,
		unsigned int width, unsigned int height)
{
	struct top_alert alert[VIEW_ALERTS_MAX];

	if (width != v->paint.width)
		memset(v->want, 0, sizeof(v->want));
	layout_screen(&v->layout, width, height, (unsigned int)view_nr_states,
		      (unsigned int)model_alerts(m, alert, VIEW_ALERTS_MAX),
		      view_details_wanted(ui->screen, height));
	return paint_size(&v->paint, width, height);
}

static void add_spot(struct view *v, unsigned int y, unsigned int x, unsigned int width,
		     enum ui_action action, int arg)
{
	if (v->spots < VIEW_SPOTS)
		v->spot[v->spots++] = (struct view_spot){ x, y, width, action, arg };
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
	size_t nr, i, row, last = ui_seen(ui)->offset + layout_rows(&v->layout);
	const struct table_column *col = table_columns(ui->screen, &nr);
	unsigned int *want = v->want[ui->screen];
	char buf[TEXT_LEN];
	const void *r;

	for (row = ui_seen(ui)->offset; row < last; row++) {
		r = model_row(m, ui->screen, row);
		if (!r && !tree_at(m, row))
			break;
		if (!r)
			continue;
		for (i = 0; i < nr; i++) {
			col[i].text(r, buf, &m->style);
			raise_to(&want[i], tcphs_text_width(buf));
		}
	}
}

static bool is_tree(const struct ui *ui)
{
	return ui_seen(ui)->tree.by && tree_has(ui->screen);
}

/* Marks stand before the rows, where there are any; those of a group are to the right of it. */
static unsigned int gutter(const struct view *v, const struct ui *ui)
{
	unsigned int cells = (ui_seen(ui)->marks.nr ? 1 : 0) + (is_tree(ui) ? 2 : 0);

	return cells < v->paint.width ? cells : 0;
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
	columns_fit(lay, nr, v->paint.width - gutter(v, ui), 1, width);
	columns_cut(width, nr, v->paint.width - gutter(v, ui), 1);
}

static void paint_titles(struct view *v, const struct ui *ui, const unsigned int *width)
{
	unsigned int y = v->layout.y[LAYOUT_TABLE], x = gutter(v, ui);
	size_t nr, i;
	const struct table_column *col = table_columns(ui->screen, &nr);
	char buf[TEXT_LEN];

	paint_fill(&v->paint, y, 0, v->paint.width, PAINT_TITLES);
	for (i = 0; i < nr; i++) {
		int tone = i == ui_seen(ui)->sort ? PAINT_SORTED : PAINT_TITLES;

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
		add_spot(v, y, x, width[i], UI_SORT_BY, (int)i);
		x += width[i] + 1;
	}
}

static void paint_cell(const struct view *v, const struct top_style *style,
		       const struct table_column *col, const void *row,
		       unsigned int y, unsigned int x, unsigned int width)
{
	char buf[TEXT_LEN];
	int tone = col->text(row, buf, style);
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

static void paint_row(const struct view *v, const struct top_model *m, const struct ui *ui,
		      const void *row, unsigned int y, const unsigned int *width)
{
	unsigned int x = gutter(v, ui);
	size_t nr, i;
	const struct table_column *col = table_columns(ui->screen, &nr);

	if (ui_seen(ui)->marks.nr && marks_has(&ui_seen(ui)->marks, model_key(ui->screen, row)))
		paint_text(&v->paint, y, 0, TABLE_WARN, "*");
	for (i = 0; i < nr; i++) {
		if (!width[i])
			continue;
		paint_cell(v, &m->style, &col[i], row, y, x, width[i]);
		x += width[i] + 1;
	}
}

static void paint_group(const struct view *v, const struct top_model *m, const struct ui *ui,
			const struct tree_group *g, unsigned int y)
{
	bool closed = tree_is_closed(&ui_seen(ui)->tree, g->key);
	char name[TEXT_LEN], sums[4 * TEXT_LEN];
	unsigned int x = 0;

	if (ui_seen(ui)->marks.nr)
		x = paint_text(&v->paint, y, x, TABLE_WARN,
			       marks_has(&ui_seen(ui)->marks, g->key) ? "*" : " ");
	x = paint_text(&v->paint, y, x, PAINT_TAB, !v->paint.utf8 ? closed ? "+ " : "- " :
		       closed ? "\u25b8 " : "\u25be ");
	tree_name(m, ui->screen, g, name);
	text_fit_end(name, v->paint.width / 2, v->paint.utf8);
	x = paint_text(&v->paint, y, x, PAINT_BOLD, name) + 2;
	tree_sums(ui->screen, g, sums, sizeof(sums));
	if (x < v->paint.width)
		text_fit_end(sums, v->paint.width - x, v->paint.utf8);
	paint_text(&v->paint, y, x, TABLE_PLAIN, sums);
}

static const char *nothing(const struct top_model *m, const struct ui *ui)
{
	if (ui->screen == TOP_DOCTOR && !m->examine.judged)
		return "the first look is under way";
	/* Of what a filter leaves nothing may be wrong, too, and more is not said. */
	if (ui->screen == TOP_DOCTOR && m->examine.filter.keys)
		return m->examine.records ? "nothing wrong in what the filter lets through" :
		       "nothing wrong in what the filter lets through, but nothing happened there";
	if (ui->screen == TOP_DOCTOR)
		return m->examine.records ? table_nothing(ui->screen) :
		       "nothing wrong, but nothing happened either";
	return *ui->filter ? "nothing that the filter lets through" : table_nothing(ui->screen);
}

static bool has_shut(const struct top_model *m, const struct ui *ui)
{
	return ui->screen == TOP_DOCTOR && m->examine.judged && m->examine.shut;
}

/* For a line behind the last row, or behind that which says that there is none. */
static bool has_room(const struct top_model *m, const struct ui *ui, unsigned int rows)
{
	size_t total = model_total(m, ui->screen);

	return (total ? total : 1) < rows;
}

/* Behind the last row: what is in none, for nobody could look. */
static void paint_shut(struct view *v, const struct top_model *m, unsigned int y)
{
	char buf[TEXT_LEN];

	snprintf(buf, sizeof(buf), "of %u namespace%s that no process is in, events alone were looked at",
		 m->examine.shut, tcphs_plural(m->examine.shut));
	paint_text(&v->paint, y, 0, TABLE_DIM, buf);
}

static void paint_table(struct view *v, const struct top_model *m, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_TABLE], rows = layout_rows(&v->layout), i;
	unsigned int width[LAYOUT_COLUMNS_MAX];
	const struct tree_group *g;
	const void *row;

	measure(v, m, ui);
	divide(v, ui, width);
	paint_titles(v, ui, width);
	for (i = 0; i < rows; i++) {
		row = model_row(m, ui->screen, ui_seen(ui)->offset + i);
		g = tree_at(m, ui_seen(ui)->offset + i);
		if (!row && !g)
			break;
		if (g)
			paint_group(v, m, ui, g, y + 1 + i);
		else
			paint_row(v, m, ui, row, y + 1 + i, width);
		add_spot(v, y + 1 + i, 0, v->paint.width, UI_POINT, (int)i);
		if (ui_seen(ui)->offset + i == ui_seen(ui)->cursor)
			paint_choose(&v->paint, y + 1 + i);
	}
	if (rows && !model_total(m, ui->screen))
		paint_text(&v->paint, y + 1, 0, TABLE_DIM, nothing(m, ui));
	if (has_shut(m, ui) && has_room(m, ui, rows))
		paint_shut(v, m, y + 1 + (i ? i : 1));
}

/* Of what the findings are made. */
static void look_text(char *buf, size_t size, const struct examine *x, bool room, bool utf8)
{
	char took[TEXT_LEN], shut[40] = "";

	if (!x->judged) {
		snprintf(buf, size, "looking for %us%s, ",
			 (unsigned int)(EXAMINE_LOOK / 1000000000), utf8 ? "\u2026" : "...");
		return;
	}
	text_duration(took, x->took, utf8);
	if (x->shut && !room)
		snprintf(shut, sizeof(shut), ", %u netns not looked at", x->shut);
	snprintf(buf, size, "%llu event%s in %.16s%s%s, ", (unsigned long long)x->records,
		 tcphs_plural(x->records), took, x->lost ? " (not all)" : "", shut);
}

#define TABS_APART	90	/* columns from which on they need not stand close together */

static void paint_tabs(struct view *v, const struct top_model *m, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_TABS], x = 0, at, rows = layout_rows(&v->layout);
	size_t total = model_total(m, ui->screen), from = ui_seen(ui)->offset;
	char buf[2 * TEXT_LEN], marked[TEXT_LEN] = "";
	int i;

	for (i = 0; i < TOP_SCREENS; i++) {
		at = x;
		x = paint_text(&v->paint, y, x, i == (int)ui->screen ? PAINT_TAB : TABLE_DIM,
			       table_name(i));
		add_spot(v, y, at, x - at, UI_SCREEN, i);
		x += v->paint.width < TABS_APART ? 1 : 2;
	}
	if (m->page.what)
		return;
	if (ui_seen(ui)->marks.nr)
		snprintf(marked, sizeof(marked), "%u marked, ", ui_seen(ui)->marks.nr);
	if (ui->screen == TOP_DOCTOR)
		look_text(marked + strlen(marked), sizeof(marked) - strlen(marked), &m->examine,
			  has_room(m, ui, rows), v->paint.utf8);
	else if (ui->screen >= TOP_PEERS && m->tail.lost)
		snprintf(marked + strlen(marked), sizeof(marked) - strlen(marked),
			 "%llu events lost, ", (unsigned long long)m->tail.lost);
	snprintf(buf, sizeof(buf), "%s%s%s%s%.90s%zu-%zu of %zu%s",
		 ui_seen(ui)->follow ? "following, " : "", is_tree(ui) ? "by " : "",
		 is_tree(ui) ? tree_by_name(ui_seen(ui)->tree.by) : "", is_tree(ui) ? ", " : "",
		 marked, total ? from + 1 : 0,
		 from + rows < total ? from + rows : total, total,
		 ui->all_netns ? " in all namespaces" : "");
	/* Where not all of it fits, of findings that which they are made of. */
	if (x + strlen(buf) > v->paint.width && ui->screen == TOP_DOCTOR)
		snprintf(buf, sizeof(buf), "%.*s", (int)strlen(marked) - 2, marked);
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

static void paint_menu(struct view *v, const struct ui *ui)
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
		add_spot(v, y + line, 0, v->paint.width, UI_CHOOSE, (int)i);
		line++;
	}
}

/* ---- the line at the bottom ---------------------------------------------------------- */

/* Above the line, as many lines as it needs. */
static void paint_hint(const struct view *v, const struct prompt *p)
{
	unsigned int width = v->paint.width, lines = 0, i;
	const char *word = p->hint, *from[8], *end;
	char buf[PROMPT_HINT];

	while (*word && lines < 8) {
		from[lines++] = word;
		word += text_line(word, width);
	}
	for (i = 0; i < lines; i++) {
		unsigned int y = v->paint.height - 1 - lines + i;

		if (lines - i >= v->paint.height)
			continue;
		end = i + 1 < lines ? from[i + 1] : from[i] + strlen(from[i]);
		snprintf(buf, sizeof(buf), "%.*s", (int)(end - from[i]), from[i]);
		paint_fill(&v->paint, y, 0, width, TABLE_PLAIN);
		paint_text(&v->paint, y, 0, p->bad ? TABLE_BAD : TABLE_DIM, buf);
	}
}

static void paint_prompt(const struct view *v, const struct ui *ui)
{
	unsigned int y = v->paint.height - 1, x, left;
	const struct prompt *p = &ui->prompt;
	char before[PROMPT_LEN], under[8] = " ";
	const char *from = before;
	size_t n = 0;

	paint_fill(&v->paint, y, 0, v->paint.width, TABLE_PLAIN);
	x = paint_text(&v->paint, y, 0, PAINT_BOLD, prompt_question(p, v->paint.width < 60));
	/* of what is longer than the line the part with the cursor is seen */
	left = v->paint.width > x + 1 ? v->paint.width - x - 1 : 0;
	snprintf(before, sizeof(before), "%.*s", (int)p->at, p->text);
	while (*from && tcphs_text_width(from) > left)
		from++;
	x = paint_text(&v->paint, y, x, TABLE_PLAIN, from);
	/* at the end of the text there is nothing behind it, either */
	if (p->text[p->at]) {
		do
			n++;
		while ((p->text[p->at + n] & 0xc0) == 0x80);
		snprintf(under, sizeof(under), "%.*s", (int)n, p->text + p->at);
	}
	x = paint_text(&v->paint, y, x, PAINT_LABEL, under);
	paint_text(&v->paint, y, x, TABLE_PLAIN, p->text + p->at + n);
	if (*p->hint)
		paint_hint(v, p);
}

/* What is not seen because of it is not to be forgotten. */
static unsigned int paint_filter(struct view *v, const struct ui *ui, unsigned int y)
{
	unsigned int most = v->paint.width / 2, x;
	char buf[PROMPT_LEN + 8];

	snprintf(buf, sizeof(buf), "\\%s", ui->filter);
	text_fit_end(buf, most, v->paint.utf8);
	x = paint_text(&v->paint, y, 0, PAINT_SORTED, buf);
	add_spot(v, y, 0, x, UI_FILTER, 0);
	paint_fill(&v->paint, y, x, 1, PAINT_LABEL);
	return x + 1;
}

/* Of each key the first of its names. */
static void paint_labels(struct view *v, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_FOOTER], x = 0, at;
	size_t nr, i;
	const struct keys_binding *key = keys_table(&nr);
	char name[KEYS_NAME];

	if (ui->mode == UI_HELP)
		y = v->paint.height - 1;
	if (*ui->message)
		x = paint_text(&v->paint, y, x, ui->bad ? PAINT_ALARM : PAINT_LABEL, ui->message);
	else if (*ui->filter && ui->mode == UI_TABLE)
		x = paint_filter(v, ui, y);
	for (i = 0; !*ui->message && i < nr; i++) {
		if (!key[i].label || !(key[i].where >> ui->mode & 1))
			continue;
		keys_name(key[i].code[0], name);
		if (x + strlen(name) + strlen(key[i].label) + 1 > v->paint.width)
			break;
		at = x;
		x = paint_text(&v->paint, y, x, PAINT_BOLD, name);
		x = paint_text(&v->paint, y, x, PAINT_LABEL, key[i].label);
		add_spot(v, y, at, x - at, key[i].action, key[i].arg);
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
	v->spots = 0;
	if (!v->paint.width || !v->paint.height)
		return;
	paint_clear(&v->paint);
	if (ui->mode == UI_HELP) {
		view_help(v, ui);
	} else {
		view_head(v, m, ui);
		if (ui->mode == UI_SORT)
			paint_menu(v, ui);
		else if (!m->valid)
			paint_waiting(v, m);
		else if (m->page.what)
			view_page(v, m, ui);
		else if (v->layout.lines[LAYOUT_TABLE])
			paint_table(v, m, ui);
		if (m->valid && !m->page.what && ui->mode != UI_SORT && v->layout.lines[LAYOUT_DETAILS])
			view_details(v, m, ui);
		if (m->valid && v->layout.lines[LAYOUT_TABS])
			paint_tabs(v, m, ui);
	}
	if (ui->mode == UI_PROMPT)
		paint_prompt(v, ui);
	else if (ui->mode == UI_HELP || v->layout.lines[LAYOUT_FOOTER])
		paint_labels(v, ui);
}

/**
 * view_rows - how many lines of what can be scrolled are seen
 * @v: the view
 * @ui: what is wanted
 */
size_t view_rows(const struct view *v, const struct ui *ui)
{
	/* of a page likewise */
	if (ui->mode != UI_HELP)
		return layout_rows(&v->layout);
	return v->paint.height > 1 ? v->paint.height - 1 : v->paint.height;
}

/**
 * view_total - how many there are
 * @v: the view
 * @m: what there is
 * @ui: what is wanted
 */
size_t view_total(const struct view *v, const struct top_model *m, const struct ui *ui)
{
	if (ui->mode == UI_HELP)
		return v->help_lines;
	return ui->mode == UI_PAGE ? v->page_lines : model_total(m, ui->screen);
}

/**
 * view_line - the row of the cursor as text, as it was painted last
 * @v: the view
 * @ui: what is wanted
 * @buf: gets it, "": no row is seen
 * @size: of @buf
 */
void view_line(const struct view *v, const struct ui *ui, char *buf, size_t size)
{
	size_t row = ui_seen(ui)->cursor - ui_seen(ui)->offset;

	*buf = '\0';
	if (row < layout_rows(&v->layout))
		paint_line(&v->paint, v->layout.y[LAYOUT_TABLE] + 1 + (unsigned int)row, buf, size);
}

/**
 * view_mouse - what the mouse asks for
 * @v: the view, as it was painted last
 * @ui: what is wanted
 * @key: where it is
 * @arg: gets what goes with the action
 */
enum ui_action view_mouse(const struct view *v, const struct ui *ui, const struct key *key,
			  int *arg)
{
	size_t i;

	*arg = 0;
	if (key->mouse == KEY_WHEEL_UP || key->mouse == KEY_WHEEL_DOWN)
		return key->mouse == KEY_WHEEL_UP ? UI_WHEEL_UP : UI_WHEEL_DOWN;
	for (i = 0; i < v->spots; i++) {
		const struct view_spot *s = &v->spot[i];

		if (s->y != key->y || key->x < s->x || key->x >= s->x + s->width)
			continue;
		*arg = s->arg;
		return s->action;
	}
	return ui->mode == UI_HELP ? UI_CANCEL : UI_NONE;
}

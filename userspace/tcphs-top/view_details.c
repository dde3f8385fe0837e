// SPDX-License-Identifier: GPL-2.0
/* Below the rows: what there is to say of that under the cursor. */
#include <stdio.h>

#include "view.h"

#define LABEL_WIDTH	7	/* cause */

/**
 * view_details_wanted - lines that a screen would like to have below its rows
 * @screen: which
 * @height: of the terminal
 */
unsigned int view_details_wanted(enum top_screen screen, unsigned int height)
{
	if (screen != TOP_DOCTOR)
		return 0;
	return height < 50 ? height / 3 + 1 : 17;
}

/* In lines, from @y on, as far as there are some. */
static unsigned int paragraph(const struct view *v, unsigned int y, unsigned int end,
			      const struct finding_words *w)
{
	unsigned int x = v->paint.width < 60 ? 0 : LABEL_WIDTH;
	const char *s = w->text;
	char line[sizeof(w->text)];
	size_t len;

	if (x && y < end)
		paint_text(&v->paint, y, 0, PAINT_BOLD, w->label);
	for (; *s && y < end; s += len, y++) {
		len = text_line(s, v->paint.width - x);
		snprintf(line, sizeof(line), "%.*s", (int)len, s);
		paint_text(&v->paint, y, x, TABLE_PLAIN, line);
	}
	return y;
}

static void paint_finding(const struct view *v, const struct top_finding *f, unsigned int y,
			  unsigned int end)
{
	char buf[TEXT_LEN * 3];
	size_t i;

	paint_fill(&v->paint, y, 0, v->paint.width, PAINT_TITLES);
	snprintf(buf, sizeof(buf), "%s: %s", f->is.name, f->is.object);
	text_fit_end(buf, v->paint.width, v->paint.utf8);
	paint_text(&v->paint, y++, 0, PAINT_TITLES, buf);
	for (i = 0; i < f->nr_words; i++)
		y = paragraph(v, y, end, &f->words[i]);
}

/**
 * view_details - what there is to say of the row under the cursor
 * @v: the view
 * @m: what there is
 * @ui: what is wanted
 */
void view_details(const struct view *v, const struct top_model *m, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_DETAILS];
	unsigned int end = y + v->layout.lines[LAYOUT_DETAILS];
	const struct top_finding *f = model_row(m, ui->screen, ui_seen(ui)->cursor);

	if (f && y < end)
		paint_finding(v, f, y, end);
}

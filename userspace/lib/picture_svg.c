/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The drawing as SVG: one file that needs no other, with its text as text, and
 * colours for light and for dark.
 */
#include <stdio.h>

#include "picture.h"

#define WIDTH		780
#define LEFT_X		285
#define RIGHT_X		635
#define ELAPSED_X	88	/* ends there */
#define DELTA_X		160
#define HEAD_Y		30
#define FIRST_Y		112	/* of the first row */
#define ROW_HEIGHT	30
#define NOTE_HEIGHT	17
#define SLOPE		14	/* of a segment in one row */
#define NOTE_COLUMNS	46
#define CHAR_WIDTH	8	/* of the font, at most */

static const unsigned int line_x[2] = { LEFT_X, RIGHT_X };

static const char style[] =
	"<style>\n"
	"svg { --paper: #ffffff; --ink: #1f2328; --soft: #6b7280; --good: #1a7f37;\n"
	"  --warn: #9a6700; --bad: #cf222e; --close: #0969a9; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"  svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --good: #3fb950;\n"
	"    --warn: #d29922; --bad: #f85149; --close: #58a6ff; }\n"
	"}\n"
	"text { font: 13px ui-monospace, \"DejaVu Sans Mono\", Menlo, Consolas, monospace;\n"
	"  fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 4px;\n"
	"  stroke-linejoin: round; }\n"
	".paper { fill: var(--paper); }\n"
	".name { font-weight: bold; }\n"
	".soft, .note { fill: var(--soft); font-size: 12px; }\n"
	".guess { fill: var(--soft); font-style: italic; }\n"
	".mid { text-anchor: middle; }\n"
	".end { text-anchor: end; }\n"
	"line, path { stroke: var(--ink); stroke-width: 1.5; fill: none; }\n"
	".life { stroke: var(--soft); }\n"
	".unseen { stroke-dasharray: 5 5; }\n"
	".data { stroke-width: 3; stroke: var(--soft); }\n"
	"text.good { fill: var(--good); } text.warn { fill: var(--warn); }\n"
	"text.bad { fill: var(--bad); } text.close { fill: var(--close); }\n"
	"line.warn, path.warn { stroke: var(--warn); } line.bad, path.bad { stroke: var(--bad); }\n"
	"</style>\n";

static const char *const tone_class[] = {
	[TCPHS_TONE_PLAIN]	= "",
	[TCPHS_TONE_GOOD]	= " good",
	[TCPHS_TONE_WARN]	= " warn",
	[TCPHS_TONE_BAD]	= " bad",
	[TCPHS_TONE_CLOSE]	= " close",
};

struct svg {
	const struct tcphs_picture *p;
	struct tcphs_clock clock;
	struct tcphs_buf *out;
	bool absolute;
	bool guesses;
	uint64_t shown;
};

static void put_escaped(struct tcphs_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			tcphs_buf_str(out, "&lt;");
		else if (*text == '>')
			tcphs_buf_str(out, "&gt;");
		else if (*text == '&')
			tcphs_buf_str(out, "&amp;");
		else
			tcphs_buf_char(out, *text);
	}
}

static void text_at(const struct svg *s, unsigned int x, unsigned int y, const char *class,
		    const char *text)
{
	tcphs_buf_printf(s->out, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, y,
			 class + (*class == ' '));
	put_escaped(s->out, text);
	tcphs_buf_str(s->out, "</text>\n");
}

static unsigned int note_lines(const char *text)
{
	unsigned int n = 0;

	while (*text) {
		text = tcphs_note_break(text, NOTE_COLUMNS);
		text += *text == ' ';
		n++;
	}
	return n;
}

/* ---- where things are ------------------------------------------------------- */

static bool is_drawn(const struct tcphs_row *row)
{
	return row->arrow.flags || row->data.here || row->state[0] || row->state[1];
}

/* What a row takes, its notes included. */
static unsigned int height_of(const struct tcphs_row *row)
{
	unsigned int height = note_lines(row->note) * NOTE_HEIGHT;

	if (!is_drawn(row))
		return height + NOTE_HEIGHT / 2;
	if (!row->arrow.flags && !row->data.here && height)
		return height + NOTE_HEIGHT / 2;
	return height + ROW_HEIGHT + (row->arrow.flags && row->arrow.part == TCPHS_WHOLE ?
				      SLOPE / 2 : 0);
}

static unsigned int y_of(const struct tcphs_picture *p, size_t nr)
{
	unsigned int y = FIRST_Y;
	size_t i;

	for (i = 0; i < nr; i++)
		y += height_of(&p->row[i]);
	return y;
}

/* Where what departs in row @nr arrives; SIZE_MAX: nowhere. */
static size_t arrival_of(const struct tcphs_picture *p, size_t nr)
{
	size_t i;

	for (i = nr + 1; i < p->nr; i++)
		if (p->row[i].arrow.flags && p->row[i].arrow.part == TCPHS_ARRIVES &&
		    p->row[i].arrow.flight == p->row[nr].arrow.flight)
			return i;
	return SIZE_MAX;
}

/* ---- segments --------------------------------------------------------------- */

struct way {
	double x[2], y[2];	/* from, to */
};

static void point(const struct way *w, double at, double *x, double *y)
{
	*x = w->x[0] + (w->x[1] - w->x[0]) * at;
	*y = w->y[0] + (w->y[1] - w->y[0]) * at;
}

/* What stands on a slope is skewed with it. */
static double slope(const struct way *w)
{
	return (w->y[1] - w->y[0]) / (w->x[1] - w->x[0]);
}

static void stretch(const struct svg *s, const struct way *w, double from, double to,
		    const char *class)
{
	double x[2], y[2];

	point(w, from, &x[0], &y[0]);
	point(w, to, &x[1], &y[1]);
	tcphs_buf_printf(s->out,
			 "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
			 x[0], y[0], x[1], y[1], class);
}

/* A head, or three for what is sent again; a cross for what goes no further. */
static void head(const struct svg *s, const struct way *w, const struct tcphs_arrow *a, double at,
		 const char *tone)
{
	int n = a->resend ? 3 : 1, direction = a->from == TCPHS_LEFT ? 1 : -1, i;
	double x, y;

	point(w, at, &x, &y);
	tcphs_buf_printf(s->out, "<path transform=\"matrix(%d %.3f 0 1 %.1f %.1f)\" class=\"%s\" d=\"",
			 direction, direction * slope(w), x, y, a->lost ? "bad" : tone);
	if (a->lost)
		tcphs_buf_str(s->out, "M-6 -6L6 6M-6 6L6 -6");
	for (i = 0; i < n && !a->lost; i++)
		tcphs_buf_printf(s->out, "M%d -5L%d 0L%d 5", -9 - 6 * i, -6 * i, -9 - 6 * i);
	tcphs_buf_str(s->out, "\"/>\n");
}

static void label(const struct svg *s, const struct way *w, const struct tcphs_arrow *a,
		  const char *tone)
{
	char text[TCPHS_LABEL_LEN];
	double x, y;

	tcphs_arrow_label(text, s->p, a, s->absolute);
	point(w, 0.5, &x, &y);
	tcphs_buf_printf(s->out,
			 "<text transform=\"matrix(1 %.3f 0 1 %.1f %.1f)\" y=\"-6\" class=\"mid%s\">",
			 slope(w), x, y, tone);
	put_escaped(s->out, text);
	tcphs_buf_str(s->out, "</text>\n");
}

static void draw_arrow(struct svg *s, const struct tcphs_row *row, struct way *w)
{
	const struct tcphs_arrow *a = &row->arrow;
	bool from_seen = s->p->end[a->from].seen, bad = row->tone == TCPHS_TONE_BAD;
	const char *tone = bad || row->tone == TCPHS_TONE_WARN ? tone_class[row->tone] : "";
	char dashed[16];
	double end = 1;

	snprintf(dashed, sizeof(dashed), "unseen%s", tone);
	w->x[0] = line_x[a->from];
	w->x[1] = line_x[!a->from];
	if (a->lost && a->unseen && from_seen)
		end = 0.7;
	else if (a->lost)
		end = 0.97;
	if (!a->unseen || end < 0.9) {
		stretch(s, w, 0, end, tone);
	} else {
		stretch(s, w, 0, from_seen ? 0.65 : 0.35, from_seen ? tone : dashed);
		stretch(s, w, from_seen ? 0.65 : 0.35, end, from_seen ? dashed : tone);
	}
	head(s, w, a, end, tone);
	label(s, w, a, tone);
	s->guesses |= a->unseen && !a->lost;
}

/* On both sides of the text a line to where data may have gone. */
static void draw_data(const struct svg *s, const struct tcphs_data *data, unsigned int y)
{
	bool one_way = data->known[TCPHS_LEFT] != data->known[TCPHS_RIGHT];
	unsigned int middle = (LEFT_X + RIGHT_X) / 2, half, side;
	char text[TCPHS_LABEL_LEN];

	tcphs_data_label(text, data, true);
	half = (unsigned int)tcphs_text_width(text) * CHAR_WIDTH / 2 + 10;
	for (side = 0; side < 2; side++) {
		struct way w = { { side == TCPHS_LEFT ? middle - half : middle + half,
				   line_x[side] }, { y, y } };

		stretch(s, &w, 0, 1, "data");
		if (!one_way || data->known[!side])
			head(s, &w, &(struct tcphs_arrow){ .from = !side }, 1, "data");
	}
	text_at(s, middle, y + 4, "mid", text);
}

/* ---- rows ------------------------------------------------------------------- */

static void draw_times(struct svg *s, const struct tcphs_row *row, unsigned int y)
{
	char text[TCPHS_DURATION_LEN + 16];

	if (!row->time || row->time == s->shown)
		return;
	if (!s->shown) {
		tcphs_fmt_time(text, &s->clock, row->time);
		text_at(s, DELTA_X, y, "soft end", text);
	} else {
		snprintf(text, sizeof(text), "%.6f", (double)(row->time - s->p->start) / 1e9);
		text_at(s, ELAPSED_X, y, "soft end", text);
		text[0] = '+';
		tcphs_fmt_duration(text + 1, row->time - s->shown, true);
		text_at(s, DELTA_X, y, "soft end", text);
	}
	s->shown = row->time;
}

static void draw_state(struct svg *s, const struct tcphs_row *row, unsigned int side,
		       unsigned int y)
{
	char buf[TCPHS_NAME_LEN], text[TCPHS_NAME_LEN + 4], class[32];

	if (!row->state[side])
		return;
	snprintf(text, sizeof(text), row->guessed[side] ? "(%s)" : "%s",
		 tcphs_state_name(row->state[side], buf));
	snprintf(class, sizeof(class), "%s%s", side == TCPHS_LEFT ? "end" : "",
		 row->guessed[side] ? " guess" : tone_class[tcphs_state_tone(row->state[side])]);
	text_at(s, side == TCPHS_LEFT ? LEFT_X - 12 : RIGHT_X + 12, y, class, text);
	s->guesses |= row->guessed[side];
}

static void draw_note(const struct svg *s, const struct tcphs_row *row, unsigned int y)
{
	static const char *const class[] = { "note", "note end", "note mid" };
	static const unsigned int x[] = { LEFT_X + 10, RIGHT_X - 10, (LEFT_X + RIGHT_X) / 2 };
	char line[TCPHS_NOTE_LEN], tone[32];
	const char *text = row->note, *end;

	snprintf(tone, sizeof(tone), "%s%s", class[row->side],
		 row->tone == TCPHS_TONE_BAD ? " bad" : "");
	for (; *text; y += NOTE_HEIGHT) {
		end = tcphs_note_break(text, NOTE_COLUMNS);
		snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
		text_at(s, x[row->side], y, tone, line);
		text = end + (*end == ' ');
	}
}

static void draw_row(struct svg *s, size_t nr, unsigned int y)
{
	const struct tcphs_row *row = &s->p->row[nr];
	unsigned int lower[2] = { 0, 0 };
	struct way w = { .y = { y, y + SLOPE } };
	size_t arrival;

	if (row->arrow.flags && row->arrow.part == TCPHS_WHOLE)
		lower[!row->arrow.from] = SLOPE;
	if (row->arrow.flags && row->arrow.part == TCPHS_DEPARTS) {
		arrival = arrival_of(s->p, nr);
		if (arrival != SIZE_MAX)
			w.y[1] = y_of(s->p, arrival);
	}
	if (row->data.here)
		draw_data(s, &row->data, y);
	else if (row->arrow.flags && row->arrow.part != TCPHS_ARRIVES)
		draw_arrow(s, row, &w);
	/* At the end that told it: where it arrives, unless only its departure is known. */
	draw_times(s, row, y + 4 + (row->arrow.unseen && s->p->end[row->arrow.from].seen ? 0 :
				    lower[!row->arrow.from]));
	draw_state(s, row, TCPHS_LEFT, y + 4 + lower[TCPHS_LEFT]);
	draw_state(s, row, TCPHS_RIGHT, y + 4 + lower[TCPHS_RIGHT]);
	if (row->arrow.flags || row->data.here)
		y += ROW_HEIGHT - NOTE_HEIGHT + SLOPE / 2 + (row->arrow.part == TCPHS_WHOLE ?
							    SLOPE / 2 - 3 : 0);
	draw_note(s, row, y + 4);
}

static void draw_ends(const struct svg *s, unsigned int bottom)
{
	char address[TCPHS_ENDPOINT_LEN], who[TCPHS_OWNER_LEN], number[TCPHS_U64_LEN + 8];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		tcphs_end_words(&s->p->end[i], address, who, number);
		text_at(s, line_x[i], HEAD_Y, "name mid", address);
		text_at(s, line_x[i], HEAD_Y + 18, "soft mid", who);
		text_at(s, line_x[i], HEAD_Y + 36, "soft mid", number);
		tcphs_buf_printf(s->out,
				 "<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\" class=\"life%s\"/>\n",
				 line_x[i], HEAD_Y + 46, line_x[i], bottom,
				 s->p->end[i].seen ? "" : " unseen");
	}
}

/**
 * tcphs_picture_svg - the whole drawing
 * @p: the picture
 * @clock: for the time of day
 * @absolute: sequence numbers as on the wire
 * @out: where it goes
 */
void tcphs_picture_svg(const struct tcphs_picture *p, const struct tcphs_clock *clock,
		       bool absolute, struct tcphs_buf *out)
{
	struct svg s = { .p = p, .clock = *clock, .out = out, .absolute = absolute };
	unsigned int bottom = y_of(p, p->nr), y = FIRST_Y;
	char address[2][TCPHS_ENDPOINT_LEN], who[TCPHS_OWNER_LEN], number[TCPHS_U64_LEN + 8];
	size_t i;

	for (i = 0; i < 2; i++)
		tcphs_end_words(&p->end[i], address[i], who, number);
	tcphs_buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\">\n"
			 "<title>TCP connection %s to %s</title>\n",
			 WIDTH, bottom + 30, WIDTH, bottom + 30, address[0], address[1]);
	tcphs_buf_str(out, style);
	tcphs_buf_printf(out, "<rect class=\"paper\" width=\"%u\" height=\"%u\"/>\n", WIDTH,
			 bottom + 30);
	draw_ends(&s, bottom);
	for (i = 0; i < p->nr; i++) {
		draw_row(&s, i, y);
		y += height_of(&p->row[i]);
	}
	if (s.guesses)
		text_at(&s, WIDTH / 2, bottom + 18, "soft mid",
			"dashed: not seen from here; (STATES) are read from the segments");
	tcphs_buf_str(out, "</svg>\n");
}

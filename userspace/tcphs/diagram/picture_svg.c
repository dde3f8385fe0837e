/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The drawing as SVG: one file that needs no other, with its text as text, and
 * colours for light and for dark.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "picture.h"

#define WIDTH		780
#define LEFT_X		285
#define RIGHT_X		635
#define ELAPSED_X	88	/* ends there */
#define DELTA_X		160
#define HEAD_Y		30
#define HEAD_HEIGHT	18
#define HEAD_GAP	46	/* from the last line of the heads to the first row */
#define MARGIN		8
#define LOOP_X		(RIGHT_X - 30)	/* how far a connection to itself goes */
#define ROW_HEIGHT	30
#define NOTE_HEIGHT	17
#define SLOPE		14	/* of a segment in one row */
#define NOTE_COLUMNS	46
#define HELD_COLUMNS	30	/* beside the end of a line */
#define CHAR_WIDTH	8	/* of the font, at most */

static const unsigned int line_x[2] = { LEFT_X, RIGHT_X };

/*
 * Colours are plain words of CSS 2 first: what draws an SVG without knowing media
 * queries or variables (librsvg) shall show the light ones.
 */
static const char style[] =
	"<style>\n"
	"text { font: 13px ui-monospace, \"DejaVu Sans Mono\", Menlo, Consolas, monospace;\n"
	"  fill: #1f2328; paint-order: stroke; stroke: #ffffff; stroke-width: 4px;\n"
	"  stroke-linejoin: round; }\n"
	".paper { fill: #ffffff; }\n"
	".name { font-weight: bold; }\n"
	".soft, .note { fill: #6b7280; font-size: 12px; }\n"
	".guess { fill: #6b7280; font-style: italic; }\n"
	".mid { text-anchor: middle; }\n"
	".end { text-anchor: end; }\n"
	"line, path { stroke: #1f2328; stroke-width: 1.5; fill: none; }\n"
	".life { stroke: #6b7280; }\n"
	".unseen { stroke-dasharray: 5 5; }\n"
	".data { stroke-width: 3; stroke: #6b7280; }\n"
	"text.good { fill: #1a7f37; } text.warn { fill: #9a6700; }\n"
	"text.bad { fill: #cf222e; } text.close { fill: #0969a9; }\n"
	"line.warn, path.warn { stroke: #9a6700; } line.bad, path.bad { stroke: #cf222e; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"  text { fill: #e6edf3; stroke: #0d1117; }\n"
	"  .paper { fill: #0d1117; }\n"
	"  .soft, .note, .guess { fill: #9198a1; }\n"
	"  line, path { stroke: #e6edf3; }\n"
	"  .life, .data { stroke: #9198a1; }\n"
	"  text.good { fill: #3fb950; } text.warn { fill: #d29922; }\n"
	"  text.bad { fill: #f85149; } text.close { fill: #58a6ff; }\n"
	"  line.warn, path.warn { stroke: #d29922; } line.bad, path.bad { stroke: #f85149; }\n"
	"}\n"
	"</style>\n";

static const char *const tone_class[] = {
	[TCPHS_TONE_PLAIN]	= "",
	[TCPHS_TONE_GOOD]	= " good",
	[TCPHS_TONE_WARN]	= " warn",
	[TCPHS_TONE_BAD]	= " bad",
	[TCPHS_TONE_CLOSE]	= " close",
};

/* Where a row is. */
struct place {
	unsigned int y, note_y;
	unsigned int held;	/* lines of another row's note that stand here */
	size_t arrival;		/* of what departs here, SIZE_MAX: it is not recorded */
};

struct svg {
	const struct tcphs_picture *p;
	struct tcphs_clock clock;
	struct tcphs_buf *out;
	bool absolute;
	netns_namer *netns;
	bool dashes, guesses;		/* something unseen was drawn, states guessed */
	struct place *at;		/* of each row, and where they end */
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

static unsigned int note_columns(const struct svg *s, size_t nr)
{
	return s->at[nr].arrival != SIZE_MAX && !s->p->self ? HELD_COLUMNS : NOTE_COLUMNS;
}

static unsigned int note_lines(const struct svg *s, size_t nr)
{
	char note[TCPHS_NOTE_LEN + TCPHS_LABEL_LEN];
	const char *text = note;
	unsigned int n = 0;

	tcphs_row_note(note, s->p, &s->p->row[nr], s->absolute);
	while (*text) {
		text = tcphs_note_break(text, note_columns(s, nr));
		text += *text == ' ';
		n++;
	}
	return n;
}

/* ---- where things are ------------------------------------------------------- */

static bool has_line(const struct tcphs_row *row)
{
	return row->arrow.flags || row->data.here;
}

static bool slopes(const struct tcphs_row *row)
{
	return row->arrow.flags && row->arrow.part == TCPHS_WHOLE;
}

/* From a row to the first line of its note. */
static unsigned int note_below(const struct tcphs_row *row)
{
	return has_line(row) ? NOTE_HEIGHT + (slopes(row) ? SLOPE : 0) : 0;
}

/* What a row takes: itself, the notes below it, and room for the label of the next one. */
static unsigned int height_of(const struct tcphs_row *row, unsigned int lines, unsigned int held)
{
	unsigned int height = ROW_HEIGHT + (slopes(row) ? SLOPE : 0), notes = 0;

	if (lines)
		notes = note_below(row) + (lines - 1) * NOTE_HEIGHT + ROW_HEIGHT - 4;
	if (held)
		held = (held - 1) * NOTE_HEIGHT + ROW_HEIGHT - 4;
	if (notes > height || lines)
		height = notes;
	return held > height ? held : height;
}

/* Where what departs in row @nr arrives; SIZE_MAX: nowhere. */
static size_t arrival_of(const struct tcphs_picture *p, size_t nr)
{
	const struct tcphs_arrow *a = &p->row[nr].arrow;
	size_t i;

	if (!a->flags || a->part != TCPHS_DEPARTS)
		return SIZE_MAX;
	for (i = nr + 1; i < p->nr; i++)
		if (p->row[i].arrow.flags && p->row[i].arrow.part == TCPHS_ARRIVES &&
		    p->row[i].arrow.flight == a->flight)
			return i;
	return SIZE_MAX;
}

/*
 * A line slopes past the rows until it arrives, and its label with it: the note of a
 * departure stands where that is over.
 */
static void lay_out(struct svg *s, unsigned int y)
{
	const struct tcphs_row *row;
	unsigned int lines;
	struct place *at;
	size_t i;

	for (i = 0; i < s->p->nr; i++) {
		row = &s->p->row[i];
		at = &s->at[i];
		at->y = y;
		at->note_y = y + note_below(row);
		at->arrival = arrival_of(s->p, i);
		lines = note_lines(s, i);
		if (at->arrival != SIZE_MAX && !s->p->self) {
			if (lines > s->at[at->arrival].held)
				s->at[at->arrival].held = lines;
			lines = 0;
		}
		y += height_of(row, lines, at->held);
		/* What happens while it is on its way stands clear of its label. */
		if (at->arrival != SIZE_MAX && at->arrival > i + 1)
			y += SLOPE;
	}
	s->at[i].y = y;
	for (i = 0; i < s->p->nr; i++)
		if (s->at[i].arrival != SIZE_MAX && !s->p->self)
			s->at[i].note_y = s->at[s->at[i].arrival].y;
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
	int n = a->resend ? 3 : 1, direction = w->x[1] > w->x[0] ? 1 : -1, i;
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

/* @at: where along the way; lines that cross have it apart */
static void label(const struct svg *s, const struct way *w, const struct tcphs_arrow *a,
		  double at, const char *tone)
{
	char text[TCPHS_LABEL_LEN];
	double x, y;

	tcphs_arrow_label(text, s->p, a, s->absolute);
	point(w, at, &x, &y);
	tcphs_buf_printf(s->out,
			 "<text transform=\"matrix(1 %.3f 0 1 %.1f %.1f)\" y=\"-6\" class=\"mid%s\">",
			 slope(w), x, y, tone);
	put_escaped(s->out, text);
	tcphs_buf_str(s->out, "</text>\n");
}

static const char *tone_of(const struct tcphs_row *row)
{
	return row->tone == TCPHS_TONE_BAD || row->tone == TCPHS_TONE_WARN ? tone_class[row->tone] :
									     "";
}

/* Out and back to the lifeline it left; @to: where it comes back, 0: it does not. */
static void draw_loop(struct svg *s, const struct tcphs_row *row, const struct tcphs_arrow *in,
		      unsigned int from, unsigned int to)
{
	const char *tone = tone_of(row);
	struct way out = { { LEFT_X, LOOP_X }, { from, from } };
	struct way back = { { LOOP_X, LEFT_X }, { to, to } };
	struct way down = { { LOOP_X, LOOP_X + 0.001 }, { from, to } };

	if (!to) {
		stretch(s, &out, 0, 0.65, tone);
		stretch(s, &out, 0.65, 1, "unseen");
		s->dashes = true;
	} else {
		stretch(s, &out, 0, 1, tone);
		stretch(s, &down, 0, 1, tone);
		stretch(s, &back, 0, 1, tone);
		head(s, &back, in, in->lost ? 0.97 : 1, tone);
	}
	label(s, &out, &row->arrow, 0.5, tone);
}

/* @in: as it arrives, which is in the same row where no record shows it. */
static void draw_arrow(struct svg *s, const struct tcphs_row *row, const struct tcphs_arrow *in,
		       struct way *w)
{
	const struct tcphs_arrow *a = &row->arrow;
	bool from_seen = !tcphs_arrow_from_afar(a, s->p->end[a->from].seen);
	const char *tone = tone_of(row);
	char dashed[16];
	double end = 1;

	snprintf(dashed, sizeof(dashed), "unseen%s", tone);
	w->x[0] = line_x[a->from];
	w->x[1] = line_x[!a->from];
	if (in->lost && a->unseen && from_seen)
		end = 0.7;
	else if (in->lost)
		end = 0.97;
	if (!a->unseen || end < 0.9) {
		stretch(s, w, 0, end, tone);
	} else {
		stretch(s, w, 0, from_seen ? 0.65 : 0.35, from_seen ? tone : dashed);
		stretch(s, w, from_seen ? 0.65 : 0.35, end, from_seen ? dashed : tone);
	}
	head(s, w, in, end, tone);
	label(s, w, a, w->y[1] > w->y[0] + ROW_HEIGHT ? 0.35 : 0.5, tone);
	s->dashes |= a->unseen && !in->lost;
}

/* On both sides of the text a line to where data may have gone. */
static void draw_data(const struct svg *s, const struct tcphs_data *data, unsigned int y)
{
	bool one_way = data->known[TCPHS_LEFT] != data->known[TCPHS_RIGHT], self = s->p->self;
	const unsigned int ends[2] = { LEFT_X, self ? LOOP_X : RIGHT_X };
	unsigned int middle = (ends[0] + ends[1]) / 2, half, side;
	char text[TCPHS_LABEL_LEN];

	tcphs_data_label(text, s->p, data, true);
	half = (unsigned int)tcphs_text_width(text) * CHAR_WIDTH / 2 + 10;
	for (side = 0; side < 2; side++) {
		struct way w = { { side == TCPHS_LEFT ? middle - half : middle + half,
				   ends[side] }, { y, y } };

		stretch(s, &w, 0, 1, "data");
		if (!self && (!one_way || data->known[!side]))
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

static void draw_note(const struct svg *s, size_t nr)
{
	static const char *const class[] = { "note", "note end", "note mid" };
	static const unsigned int x[] = { LEFT_X + 10, RIGHT_X - 10, (LEFT_X + RIGHT_X) / 2 };
	char note[TCPHS_NOTE_LEN + TCPHS_LABEL_LEN], line[sizeof(note)], tone[32];
	const struct tcphs_row *row = &s->p->row[nr];
	unsigned int y = s->at[nr].note_y + 4;
	const char *text = note, *end;

	tcphs_row_note(note, s->p, row, s->absolute);
	snprintf(tone, sizeof(tone), "%s%s", class[row->side],
		 row->tone == TCPHS_TONE_BAD ? " bad" : "");
	for (; *text; y += NOTE_HEIGHT) {
		end = tcphs_note_break(text, note_columns(s, nr));
		snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
		text_at(s, x[row->side], y, tone, line);
		text = end + (*end == ' ');
	}
}

static void draw_line(struct svg *s, size_t nr)
{
	const struct tcphs_row *row = &s->p->row[nr];
	unsigned int y = s->at[nr].y;
	const struct tcphs_arrow *a = &row->arrow, *in = a;
	struct way w = { .y = { y, slopes(row) ? y + SLOPE : y } };
	size_t arrival = s->at[nr].arrival;

	if (row->data.here) {
		draw_data(s, &row->data, y);
		return;
	}
	/* Where it departed is drawn to here, unless that is not known. */
	if (!a->flags || (a->part == TCPHS_ARRIVES && a->flight))
		return;
	if (arrival != SIZE_MAX) {
		w.y[1] = s->at[arrival].y;
		in = &s->p->row[arrival].arrow;
	}
	if (!s->p->self)
		draw_arrow(s, row, in, &w);
	else
		draw_loop(s, row, in, y, arrival != SIZE_MAX || a->part == TCPHS_ARRIVES ?
			  (unsigned int)w.y[1] : 0);
}

static void draw_row(struct svg *s, size_t nr)
{
	const struct tcphs_row *row = &s->p->row[nr];
	unsigned int lower[2] = { 0, 0 }, y = s->at[nr].y;

	if (slopes(row) && !s->p->self)
		lower[!row->arrow.from] = SLOPE;
	draw_line(s, nr);
	/* At the end that recorded it: where it arrives, unless only its departure is known. */
	draw_times(s, row, y + 4 + (row->arrow.unseen && s->p->end[row->arrow.from].seen ? 0 :
				    lower[!row->arrow.from]));
	draw_state(s, row, TCPHS_LEFT, y + 4 + lower[TCPHS_LEFT]);
	draw_state(s, row, TCPHS_RIGHT, y + 4 + lower[TCPHS_RIGHT]);
	draw_note(s, nr);
}

/* ---- head ------------------------------------------------------------------- */

static unsigned int head_width(const char *text)
{
	return (unsigned int)tcphs_text_width(text) * CHAR_WIDTH;
}

/* Around its lifeline, or as near to that as the border lets it. */
static void head_text(const struct svg *s, unsigned int side, unsigned int y, const char *class,
		      const char *text)
{
	unsigned int half = head_width(text) / 2, x = line_x[side];
	char full[32];

	if (x < half + MARGIN)
		x = half + MARGIN;
	if (x + half + MARGIN > WIDTH)
		x = WIDTH - half - MARGIN;
	snprintf(full, sizeof(full), "%s mid", class);
	text_at(s, x, y, full, text);
}

/* The lines of both heads; below each other where they are too long. Where they end. */
static unsigned int draw_heads(const struct svg *s)
{
	char line[2][TCPHS_HEADING_LINES][TCPHS_HEADING_LEN];
	unsigned int y = HEAD_Y, i;

	for (i = 0; i < 2; i++)
		tcphs_heading(s->p, i, s->netns, line[i]);
	for (i = 0; i < TCPHS_HEADING_LINES; i++) {
		const char *class = i ? "soft" : "name", *left = line[0][i], *right = line[1][i];

		if (!*left && !*right)
			continue;
		if (*left)
			head_text(s, TCPHS_LEFT, y, class, left);
		if (*left && *right && head_width(left) + head_width(right) + 2 * CHAR_WIDTH >
					       2 * (RIGHT_X - LEFT_X))
			y += HEAD_HEIGHT;
		if (*right)
			head_text(s, TCPHS_RIGHT, y, class, right);
		y += HEAD_HEIGHT;
	}
	return y - HEAD_HEIGHT;
}

static void draw_lifelines(const struct svg *s, unsigned int top, unsigned int bottom)
{
	unsigned int i;

	for (i = 0; i < (s->p->self ? 1 : 2); i++)
		tcphs_buf_printf(s->out,
				 "<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\" class=\"life%s\"/>\n",
				 line_x[i], top, line_x[i], bottom,
				 s->p->end[i].seen ? "" : " unseen");
}

/* Counts the lines of draw_heads(), which come after the size is written. */
static unsigned int head_lines(const struct svg *s)
{
	struct tcphs_buf nowhere;
	struct svg trial = *s;
	unsigned int bottom;

	if (tcphs_buf_init(&nowhere, -1))
		return HEAD_Y;
	trial.out = &nowhere;
	bottom = draw_heads(&trial);
	tcphs_buf_free(&nowhere);
	return bottom;
}

static void draw_legend(const struct svg *s, unsigned int y)
{
	bool unseen = s->dashes || (!s->p->self && !(s->p->end[0].seen && s->p->end[1].seen));
	char text[80];

	if (!unseen)
		return;
	snprintf(text, sizeof(text), "dashed: not seen from here%s",
		 s->guesses ? "; (STATES) are read from the segments" : "");
	text_at(s, WIDTH / 2, y, "soft mid", text);
}

/**
 * tcphs_picture_svg - the whole drawing
 * @p: the picture
 * @clock: for the time of day
 * @absolute: sequence numbers as on the wire
 * @netns: names the network namespaces; NULL: they are not shown
 * @out: where it goes
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_picture_svg(const struct tcphs_picture *p, const struct tcphs_clock *clock,
		      bool absolute, netns_namer *netns, struct tcphs_buf *out)
{
	struct svg s = { .p = p, .clock = *clock, .out = out, .absolute = absolute,
			 .netns = netns };
	char address[2][TCPHS_ENDPOINT_LEN];
	unsigned int head, bottom;
	size_t i;

	s.at = calloc(p->nr + 1, sizeof(*s.at));
	if (!s.at)
		return -ENOMEM;
	for (i = 0; i < 2; i++)
		tcphs_fmt_endpoint(address[i], p->end[i].id.family, p->end[i].id.local,
				   p->end[i].id.local_port);
	head = head_lines(&s);
	lay_out(&s, head + HEAD_GAP);
	bottom = s.at[p->nr].y;
	tcphs_buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\">\n"
			 "<title>TCP connection %s to %s</title>\n",
			 WIDTH, bottom + 30, WIDTH, bottom + 30, address[0], address[1]);
	tcphs_buf_str(out, style);
	tcphs_buf_printf(out, "<rect class=\"paper\" width=\"%u\" height=\"%u\"/>\n", WIDTH,
			 bottom + 30);
	draw_heads(&s);
	draw_lifelines(&s, head + 10, bottom);
	for (i = 0; i < p->nr; i++)
		draw_row(&s, i);
	draw_legend(&s, bottom + 18);
	tcphs_buf_str(out, "</svg>\n");
	free(s.at);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The drawing for a terminal.
 *
 *	time  delta   STATE │  between the lifelines: segments, notes  │ STATE
 *
 * A segment with two recorded ends leaves in one row and arrives in another: its line
 * bends, runs down a column of its own past whatever happens meanwhile, and bends
 * again. So segments that cross are seen to. The line of a connection to itself comes
 * back to the lifeline it left.
 *
 * On a narrow terminal states stand between the lifelines, below their row, and the
 * time since the line before is left out.
 */
#include <stdio.h>

#include "picture.h"
#include "put.h"

#define DELTA_WIDTH	8	/* +12.3 ms */
#define ELAPSED_WIDTH	9	/* 60.123456 */
#define CLOCK_WIDTH	15	/* 12:34:56.123456 */
#define CLOCK_FROM	100	/* columns that have room for the time of day */
#define NARROW_BELOW	64	/* columns that have no room for states beside the lifelines */
#define STATE_WIDTH	12	/* SYN-RECEIVED */
#define FAR_WIDTH	14	/* (SYN-RECEIVED) */
#define BEND		5	/* from its target: room for three heads */

enum glyph {
	G_LINE, G_FAR_LINE, G_RIGHT_FROM, G_LEFT_FROM, G_FLAT, G_FAR_FLAT, G_DATA,
	G_RIGHT, G_LEFT, G_LOST, G_DOWN, G_CROSS,
	G_RIGHT_DOWN, G_DOWN_RIGHT, G_LEFT_DOWN, G_DOWN_LEFT,
	NR_GLYPHS
};

static const uint16_t glyphs[2][NR_GLYPHS] = {
	{ '|', ':', '|', '|', '-', '.', '=', '>', '<', 'x', '|', '+', '.', '\'', '.', '\'' },
	{ 0x2502, 0x250a, 0x251c, 0x2524, 0x2500, 0x254c, 0x2550, 0x25ba, 0x25c4, 0x2573, 0x2502,
	  0x253c, 0x256e, 0x2570, 0x256d, 0x256f },
};

struct cell {
	uint16_t glyph;		/* 0: blank */
	uint8_t tone;
};

struct line {
	const struct tcphs_canvas *c;
	struct cell cell[TCPHS_CANVAS_MAX];
};

/* ---- cells ------------------------------------------------------------------ */

static void put(struct line *l, unsigned int column, uint16_t glyph, unsigned int tone)
{
	if (column < l->c->style.width)
		l->cell[column] = (struct cell){ glyph, (uint8_t)tone };
}

static void put_glyph(struct line *l, unsigned int column, enum glyph g, unsigned int tone)
{
	put(l, column, glyphs[l->c->style.utf8][g], tone);
}

/* One character of UTF-8 that we wrote ourselves: at most three bytes. */
static uint16_t take(const char **s)
{
	const unsigned char *c = (const unsigned char *)*s;

	if (*c < 0x80) {
		*s += 1;
		return *c;
	}
	if (*c < 0xe0) {
		*s += 2;
		return (uint16_t)((c[0] & 0x1f) << 6 | (c[1] & 0x3f));
	}
	*s += 3;
	return (uint16_t)((c[0] & 0x0f) << 12 | (c[1] & 0x3f) << 6 | (c[2] & 0x3f));
}

static void put_text(struct line *l, unsigned int column, const char *text, const char *end,
		     unsigned int tone)
{
	while (text < end && *text)
		put(l, column++, take(&text), tone);
}

static char *put_utf8(char *p, uint16_t c)
{
	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	return p;
}

static void print(const struct line *l)
{
	const struct tcphs_canvas_style *style = &l->c->style;
	unsigned int used = style->width, i, tone = TCPHS_TONE_PLAIN;
	char text[4], *end;

	while (used && !l->cell[used - 1].glyph)
		used--;
	for (i = 0; i < used; i++) {
		const struct cell *cell = &l->cell[i];

		if (cell->glyph && cell->tone != tone) {
			tcphs_buf_str(l->c->out, style->plain);
			tone = cell->tone;
			tcphs_buf_str(l->c->out, style->tone[tone]);
		}
		end = put_utf8(text, cell->glyph ? cell->glyph : ' ');
		tcphs_buf_mem(l->c->out, text, (size_t)(end - text));
	}
	if (tone != TCPHS_TONE_PLAIN)
		tcphs_buf_str(l->c->out, style->plain);
	tcphs_buf_newline(l->c->out);
}

/* Both lifelines, and what is on its way between them. */
static void begin(struct line *l, const struct tcphs_canvas *c)
{
	unsigned int i;

	*l = (struct line){ .c = c };
	for (i = 0; i < (c->p->self ? 1 : 2); i++)
		put_glyph(l, c->line[i], c->p->end[i].seen ? G_LINE : G_FAR_LINE, TCPHS_TONE_PLAIN);
	for (i = 0; i < TCPHS_IN_FLIGHT; i++)
		if (c->way[i].flight)
			put_glyph(l, c->way[i].column, G_DOWN, TCPHS_TONE_PLAIN);
}

/* ---- text between the lifelines ---------------------------------------------- */

static unsigned int columns(const char *text, const char *end)
{
	unsigned int n = 0;

	for (; text < end; n++)
		take(&text);
	return n;
}

/* The columns between which no segment runs down, the lifelines' own at most. */
static void clear_columns(const struct tcphs_canvas *c, unsigned int between[2])
{
	unsigned int middle = (c->line[0] + c->line[1]) / 2, i, column;

	between[0] = c->line[0];
	between[1] = c->line[1];
	for (i = 0; i < TCPHS_IN_FLIGHT; i++) {
		column = c->way[i].column;
		if (!c->way[i].flight)
			continue;
		if (column > middle && column < between[1])
			between[1] = column;
		else if (column <= middle && column > between[0])
			between[0] = column;
	}
}

/* In the middle between two columns. */
static void centre(struct line *l, const unsigned int *between, const char *text,
		   const char *end, unsigned int tone)
{
	unsigned int room = between[1] - between[0], width = columns(text, end);

	put_text(l, between[0] + (room > width ? (room - width + 1) / 2 : 0), text, end, tone);
}

static void place(struct line *l, const unsigned int *between, const char *text,
		  const char *end, unsigned int side, unsigned int tone)
{
	if (side == TCPHS_MIDDLE)
		centre(l, between, text, end, tone);
	else if (side == TCPHS_LEFT)
		put_text(l, between[0] + 2, text, end, tone);
	else
		put_text(l, between[1] - 1 - columns(text, end), text, end, tone);
}

/* As many lines as it takes; the first one may have begun with something else. */
static void print_note(struct tcphs_canvas *c, struct line *first, const char *text,
		       unsigned int side, unsigned int tone)
{
	unsigned int between[2];
	struct line line;
	const char *end;

	clear_columns(c, between);
	while (*text) {
		if (!first) {
			begin(&line, c);
			first = &line;
		}
		end = tcphs_note_break(text, between[1] - between[0] - 3);
		place(first, between, text, end, side, tone);
		print(first);
		first = NULL;
		text = end + (*end == ' ');
	}
}

/* ---- arrows ----------------------------------------------------------------- */

/* A horizontal line; it crosses what runs down. */
static void flat(struct line *l, unsigned int from, unsigned int to, enum glyph g,
		 unsigned int tone)
{
	unsigned int i, k;
	bool crossed;

	for (i = from; i <= to; i++) {
		crossed = false;
		for (k = 0; k < TCPHS_IN_FLIGHT; k++)
			crossed |= l->c->way[k].flight && l->c->way[k].column == i;
		put_glyph(l, i, crossed && g != G_DATA ? G_CROSS : g, tone);
	}
}

/* To the right, unless it comes back to where it left. */
static bool points_right(const struct line *l, const struct tcphs_arrow *a)
{
	return a->from == TCPHS_LEFT && !(l->c->p->self && a->part == TCPHS_ARRIVES);
}

static void head(struct line *l, const struct tcphs_arrow *a, unsigned int tone)
{
	bool right = points_right(l, a);
	unsigned int n = a->resend ? 3 : 1, i;
	unsigned int at = right ? l->c->line[1] - 1 : l->c->line[0] + 1;

	if (a->lost) {
		put_glyph(l, at, G_LOST, TCPHS_TONE_BAD);
		return;
	}
	for (i = 0; i < n; i++)
		put_glyph(l, right ? at - i : at + i, right ? G_RIGHT : G_LEFT, tone);
}

static void tail(struct line *l, const struct tcphs_arrow *a, unsigned int tone)
{
	if (!tcphs_arrow_from_afar(a, l->c->p->end[a->from].seen))
		put_glyph(l, l->c->line[a->from],
			  a->from == TCPHS_LEFT ? G_RIGHT_FROM : G_LEFT_FROM, tone);
}

/* What left a side that has recorded it and is known to be lost, nobody knows where. */
static bool ends_short(const struct tcphs_canvas *c, const struct tcphs_arrow *a)
{
	return a->flags && a->lost && a->unseen && c->p->end[a->from].seen;
}

static unsigned int short_end(const struct tcphs_canvas *c, const struct tcphs_arrow *a)
{
	unsigned int left = c->line[0] + 1, right = c->line[1] - 1, third = (right - left) / 3;

	return a->from == TCPHS_LEFT ? right - third : left + third;
}

/* The part next to the side that is not known is dashed; what got lost ends there. */
static void whole(struct line *l, const struct tcphs_arrow *a, unsigned int tone)
{
	unsigned int left = l->c->line[0] + 1, right = l->c->line[1] - 1;
	unsigned int third = (right - left) / 3;
	bool from_seen = l->c->p->end[a->from].seen;
	unsigned int far = tcphs_arrow_from_afar(a, from_seen) ? a->from : !a->from;

	tail(l, a, tone);
	if (l->c->p->self) {
		flat(l, left, right - BEND - third, G_FLAT, tone);
		flat(l, right - BEND - third, right - BEND, G_FAR_FLAT, tone);
		return;
	}
	if (ends_short(l->c, a)) {
		if (a->from == TCPHS_LEFT)
			right = short_end(l->c, a);
		else
			left = short_end(l->c, a);
		flat(l, left, right, G_FLAT, tone);
		put_glyph(l, short_end(l->c, a), G_LOST, TCPHS_TONE_BAD);
		return;
	}
	flat(l, left, right, G_FLAT, tone);
	if (a->unseen && far == TCPHS_LEFT)
		flat(l, left, left + third, G_FAR_FLAT, tone);
	else if (a->unseen)
		flat(l, right - third, right, G_FAR_FLAT, tone);
	head(l, a, tone);
}

/* The column in which a segment comes down: near its target, beside others'. */
static unsigned int way_column(const struct tcphs_canvas *c, const struct tcphs_arrow *a)
{
	unsigned int i, used = 0;

	for (i = 0; i < TCPHS_IN_FLIGHT; i++)
		if (c->way[i].flight &&
		    (c->way[i].column > (c->line[0] + c->line[1]) / 2) == (a->from == TCPHS_LEFT))
			used++;
	return a->from == TCPHS_LEFT ? c->line[1] - BEND - 3 * used :
				       c->line[0] + BEND + 3 * used;
}

static unsigned int take_way(struct tcphs_canvas *c, const struct tcphs_arrow *a)
{
	unsigned int i, column = way_column(c, a);

	for (i = 0; i < TCPHS_IN_FLIGHT; i++) {
		if (c->way[i].flight)
			continue;
		c->way[i].flight = a->flight;
		c->way[i].column = column;
		break;
	}
	return column;
}

static unsigned int leave_way(struct tcphs_canvas *c, const struct tcphs_arrow *a)
{
	unsigned int i;

	for (i = 0; i < TCPHS_IN_FLIGHT; i++) {
		if (!a->flight || c->way[i].flight != a->flight)
			continue;
		c->way[i].flight = 0;
		return c->way[i].column;
	}
	return a->from == TCPHS_LEFT ? c->line[1] - BEND : c->line[0] + BEND;
}

static void departs(struct line *l, struct tcphs_canvas *c, const struct tcphs_arrow *a,
		    unsigned int tone)
{
	unsigned int column = take_way(c, a);

	tail(l, a, tone);
	if (a->from == TCPHS_LEFT) {
		flat(l, c->line[0] + 1, column - 1, G_FLAT, tone);
		put_glyph(l, column, G_RIGHT_DOWN, tone);
	} else {
		flat(l, column + 1, c->line[1] - 1, G_FLAT, tone);
		put_glyph(l, column, G_LEFT_DOWN, tone);
	}
}

static void arrives(struct line *l, struct tcphs_canvas *c, const struct tcphs_arrow *a,
		    unsigned int tone)
{
	unsigned int column = leave_way(c, a);

	if (points_right(l, a)) {
		flat(l, column + 1, c->line[1] - 1, G_FLAT, tone);
		put_glyph(l, column, G_DOWN_RIGHT, tone);
	} else {
		flat(l, c->line[0] + 1, column - 1, G_FLAT, tone);
		put_glyph(l, column, G_DOWN_LEFT, tone);
	}
	head(l, a, tone);
}

static void draw_arrow(struct line *l, struct tcphs_canvas *c, const struct tcphs_arrow *a,
		       unsigned int tone)
{
	switch (a->part) {
	case TCPHS_DEPARTS:
		departs(l, c, a, tone);
		break;
	case TCPHS_ARRIVES:
		arrives(l, c, a, tone);
		break;
	default:
		whole(l, a, tone);
	}
	c->dashes |= a->unseen && !a->lost;
}

/* Heads where data may have gone. */
static void draw_data(struct line *l, const struct tcphs_data *data)
{
	const unsigned int *line = l->c->line;
	bool one_way = data->known[TCPHS_LEFT] != data->known[TCPHS_RIGHT];

	if (l->c->p->self) {
		flat(l, line[0] + 1, line[1] - 1 - BEND, G_DATA, TCPHS_TONE_PLAIN);
		return;
	}
	flat(l, line[0] + 1, line[1] - 1, G_DATA, TCPHS_TONE_PLAIN);
	if (!one_way || data->known[TCPHS_RIGHT])
		put_glyph(l, line[0] + 1, G_LEFT, TCPHS_TONE_PLAIN);
	if (!one_way || data->known[TCPHS_LEFT])
		put_glyph(l, line[1] - 1, G_RIGHT, TCPHS_TONE_PLAIN);
}

/* ---- rows ------------------------------------------------------------------- */

/* "" where nothing is new; the width. */
static unsigned int state_text(struct tcphs_canvas *c, const struct tcphs_row *row,
			       unsigned int side, char *text)
{
	char buf[TCPHS_NAME_LEN];
	const char *name;

	*text = '\0';
	if (!row->state[side])
		return 0;
	name = tcphs_state_name(row->state[side], buf);
	c->guesses |= row->guessed[side];
	return (unsigned int)sprintf(text, row->guessed[side] ? "(%s)" : "%s", name);
}

static void put_state(struct line *l, struct tcphs_canvas *c, const struct tcphs_row *row,
		      unsigned int side)
{
	unsigned int width, at = c->line[1] + 2;
	char text[TCPHS_NAME_LEN + 2];

	width = state_text(c, row, side, text);
	if (side == TCPHS_LEFT)
		at = c->line[0] - 1 - width;
	put_text(l, at, text, text + width, tcphs_state_tone(row->state[side]));
}

/* Between the lifelines: both in a line if they fit. True: it was printed. */
static bool print_states(struct tcphs_canvas *c, struct line *first, const struct tcphs_row *row)
{
	unsigned int between[2], width[2], side;
	char text[2][TCPHS_NAME_LEN + 2];
	struct line line;

	for (side = 0; side < 2; side++)
		width[side] = state_text(c, row, side, text[side]);
	if (!width[0] && !width[1])
		return false;
	clear_columns(c, between);
	for (side = 0; side < 2; side++) {
		if (!width[side])
			continue;
		if (!first) {
			begin(&line, c);
			first = &line;
		}
		place(first, between, text[side], text[side] + width[side], side,
		      tcphs_state_tone(row->state[side]));
		if (side == TCPHS_LEFT && width[1] && width[0] + width[1] + 5 <= between[1] - between[0])
			continue;
		print(first);
		first = NULL;
	}
	return true;
}

/* Seconds since the start, in as many decimals as fit. */
static void fmt_elapsed(char *text, uint64_t ns)
{
	unsigned int decimals = 6;
	uint64_t s;

	for (s = ns / 1000000000; s >= 100 && decimals; s /= 10)
		decimals--;
	if (decimals)
		snprintf(text, TCPHS_DURATION_LEN, "%.*f", (int)decimals, (double)ns / 1e9);
	else
		tcphs_fmt_u64(text, ns / 1000000000);
}

static void put_right(struct line *l, unsigned int end, const char *text)
{
	put_text(l, end - (unsigned int)tcphs_text_width(text), text, text + strlen(text),
		 TCPHS_TONE_PLAIN);
}

static void put_time(struct line *l, struct tcphs_canvas *c, const struct tcphs_row *row)
{
	bool first = !c->rows;
	char text[TCPHS_DURATION_LEN + 8];

	if (!row->time || row->time == c->shown)
		return;
	if ((first && !c->narrow) || c->clock_width == CLOCK_WIDTH) {
		tcphs_fmt_time(text, &c->clock, row->time);
		put_text(l, 0, text, text + CLOCK_WIDTH, TCPHS_TONE_PLAIN);
	} else if (!first) {
		fmt_elapsed(text, row->time - c->p->start);
		put_right(l, ELAPSED_WIDTH, text);
	}
	if (!first && !c->narrow) {
		text[0] = '+';
		tcphs_fmt_duration(text + 1, row->time - c->shown, c->style.utf8);
		put_right(l, c->clock_width + 1 + DELTA_WIDTH, text);
	}
	c->shown = row->time;
}

static unsigned int row_tone(const struct tcphs_row *row)
{
	return row->tone == TCPHS_TONE_WARN || row->tone == TCPHS_TONE_BAD ? row->tone :
									    TCPHS_TONE_PLAIN;
}

/* The columns its label stands between, beside what runs down and where it bends itself. */
static void label_columns(const struct tcphs_canvas *c, const struct tcphs_row *row,
			  unsigned int between[2])
{
	const struct tcphs_arrow *a = &row->arrow;
	unsigned int column;

	clear_columns(c, between);
	if (c->p->self && between[1] == c->line[1])
		between[1] -= BEND;
	if (ends_short(c, a))
		between[a->from == TCPHS_LEFT] = short_end(c, a);
	if (!a->flags || a->part != TCPHS_DEPARTS)
		return;
	column = way_column(c, a);
	if (a->from == TCPHS_LEFT && column < between[1])
		between[1] = column;
	else if (a->from == TCPHS_RIGHT && column > between[0])
		between[0] = column;
}

/* Something of its line is to be seen, and three heads. */
static bool label_fits(const struct tcphs_row *row, const unsigned int between[2],
		       unsigned int width)
{
	unsigned int heads = row->arrow.resend && row->arrow.part == TCPHS_WHOLE ? 2 : 0;

	return width + 1 + heads + 3 <= between[1] - between[0];
}

static char *label_of(const struct tcphs_canvas *c, const struct tcphs_row *row, char *label)
{
	if (row->data.here)
		return tcphs_data_label(label, c->p, &row->data, c->style.utf8);
	if (row->arrow.flags && row->arrow.part != TCPHS_ARRIVES)
		return tcphs_arrow_label(label, c->p, &row->arrow, c->style.absolute);
	return label;
}

static void draw_row(struct tcphs_canvas *c, const struct tcphs_row *row)
{
	char label[TCPHS_LABEL_LEN + 2] = " ", note[TCPHS_NOTE_LEN + TCPHS_LABEL_LEN];
	bool drawn = row->arrow.flags || row->data.here;
	unsigned int between[2], tone = row_tone(row);
	struct line line, *open = &line;
	char *end;

	tcphs_row_note(note, c->p, row, c->style.absolute);
	end = label_of(c, row, label + 1);
	label_columns(c, row, between);
	/* Too long to stand in the line: above it. */
	if (!label_fits(row, between, columns(label, end))) {
		print_note(c, NULL, label + 1, TCPHS_MIDDLE, tone);
		end = label + 1;
	}

	begin(&line, c);
	put_time(&line, c, row);
	if (!c->narrow) {
		put_state(&line, c, row, TCPHS_LEFT);
		put_state(&line, c, row, TCPHS_RIGHT);
	}
	if (row->data.here)
		draw_data(&line, &row->data);
	else if (row->arrow.flags)
		draw_arrow(&line, c, &row->arrow, tone);
	if (end > label + 1) {
		*end++ = ' ';
		centre(&line, between, label, end, tone);
	}
	if (drawn) {
		print(&line);
		open = NULL;
	}
	if (c->narrow && print_states(c, open, row))
		open = NULL;
	if (open && !*note)
		print(open);
	print_note(c, open, note, row->side, tone);
}

/**
 * tcphs_canvas_rows - draw the rows that were added since the last call
 * @c: the canvas
 */
void tcphs_canvas_rows(struct tcphs_canvas *c)
{
	for (; c->rows < c->p->nr; c->rows++)
		draw_row(c, &c->p->row[c->rows]);
}

/* ---- head and foot ---------------------------------------------------------- */

/* Behind the last colon or blank that fits. */
static size_t piece_of(const char *text, unsigned int width)
{
	size_t len = strlen(text), i;

	if (tcphs_text_width(text) <= width)
		return len;
	for (i = len = width; i > width / 2; i--)
		if (text[i - 1] == ':' || text[i - 1] == ' ')
			return i;
	return len;
}

static void print_centred(struct tcphs_canvas *c, const char *left, const char *right)
{
	const char *text[2] = { left, right };
	struct line line = { .c = c };
	unsigned int i, width, at, end = 0;
	bool used = false;
	size_t len;

	for (i = 0; i < 2; i++) {
		for (; *text[i]; text[i] += len) {
			len = piece_of(text[i], c->style.width);
			width = columns(text[i], text[i] + len);
			at = c->line[i] > width / 2 ? c->line[i] - width / 2 : 0;
			if (at + width > c->style.width)
				at = c->style.width - width;
			/* What does not fit beside the one before goes below it. */
			if (used && at < end + 2) {
				print(&line);
				line = (struct line){ .c = c };
			}
			put_text(&line, at, text[i], text[i] + len, TCPHS_TONE_PLAIN);
			end = at + width;
			used = true;
		}
	}
	if (used)
		print(&line);
}

static void print_heading(struct tcphs_canvas *c)
{
	char line[2][TCPHS_HEADING_LINES][TCPHS_HEADING_LEN];
	unsigned int i;

	for (i = 0; i < 2; i++)
		tcphs_heading(c->p, i, c->style.netns, line[i]);
	for (i = 0; i < TCPHS_HEADING_LINES; i++) {
		tcphs_buf_str(c->out, i ? "" : c->style.bold);
		print_centred(c, line[0][i], line[1][i]);
		tcphs_buf_str(c->out, i ? "" : c->style.plain);
	}
}

/* A narrow drawing has no column for it. */
static void print_clock(struct tcphs_canvas *c)
{
	char text[TCPHS_TIME_LEN + 8];

	tcphs_fmt_time(text, &c->clock, c->p->start);
	tcphs_buf_str(c->out, text);
	tcphs_buf_newline(c->out);
}

/**
 * tcphs_canvas_begin - room for a drawing, and who its sides are
 * @c: the canvas
 * @p: the picture, with its first events
 * @style: how it is to look
 * @clock: for the time of day
 * @out: where it goes
 */
void tcphs_canvas_begin(struct tcphs_canvas *c, const struct tcphs_picture *p,
			const struct tcphs_canvas_style *style, const struct tcphs_clock *clock,
			struct tcphs_buf *out)
{
	unsigned int left, right;

	*c = (struct tcphs_canvas){ .p = p, .style = *style, .clock = *clock, .out = out };
	if (c->style.width > TCPHS_CANVAS_MAX)
		c->style.width = TCPHS_CANVAS_MAX;
	if (c->style.width < TCPHS_CANVAS_MIN)
		c->style.width = TCPHS_CANVAS_MIN;
	left = p->end[TCPHS_LEFT].seen ? STATE_WIDTH : FAR_WIDTH;
	right = p->end[TCPHS_RIGHT].seen ? STATE_WIDTH : FAR_WIDTH;
	c->clock_width = c->style.width < CLOCK_FROM ? ELAPSED_WIDTH : CLOCK_WIDTH;
	c->line[0] = c->clock_width + 1 + DELTA_WIDTH + 1 + left + 1;
	c->line[1] = c->style.width - right - 2;
	c->narrow = c->style.width < NARROW_BELOW;
	if (c->narrow) {
		c->line[0] = ELAPSED_WIDTH + 1;
		c->line[1] = c->style.width - 1;
	}
	if (style->heading)
		print_heading(c);
	if (c->narrow)
		print_clock(c);
}

/**
 * tcphs_canvas_end - what the drawing's signs mean
 * @c: the canvas
 */
void tcphs_canvas_end(struct tcphs_canvas *c)
{
	bool unseen = c->dashes || (!c->p->self && !(c->p->end[0].seen && c->p->end[1].seen));

	if (!c->style.heading)
		return;
	if (unseen)
		tcphs_buf_str(c->out, c->style.utf8 ?
			      "\342\224\212 \342\225\214 not seen from here" :
			      ": . not seen from here");
	if (c->guesses)
		tcphs_buf_str(c->out, c->narrow && unseen ? "\n(STATES) read from the segments\n" :
			      "; (STATES) are read from the segments\n");
	else if (unseen)
		tcphs_buf_newline(c->out);
}

// SPDX-License-Identifier: GPL-2.0
/* What is open in place of the table. */
#include <stdio.h>

#include "columns_of.h"
#include "netns.h"
#include "output.h"
#include "view.h"

#define LABEL_WIDTH	13	/* accept queue */
#define TONE		'\001'	/* and a letter: what follows looks like that */

/* The lines of a page, of which some are seen. */
struct sheet {
	struct view *v;
	size_t from;		/* the first that is seen */
	size_t nr;		/* so far */
	unsigned int y, end;	/* lines of the screen */
};

/* Where the next line is painted; the height of the screen: it is not seen. */
static unsigned int next_line(struct sheet *s)
{
	size_t n = s->nr++;

	if (n < s->from || n - s->from >= s->end - s->y)
		return s->v->paint.height;
	return s->y + (unsigned int)(n - s->from);
}

/* A line in which tones change. */
static void put_line(struct sheet *s, const char *text, size_t len)
{
	unsigned int y = next_line(s), x = 0;
	int tone = TABLE_PLAIN;
	char part[1024];
	size_t i, n = 0;

	for (i = 0; i <= len; i++) {
		if (i < len && text[i] != TONE && n + 1 < sizeof(part)) {
			part[n++] = text[i];
			continue;
		}
		part[n] = '\0';
		x = paint_text(&s->v->paint, y, x, tone, part);
		n = 0;
		if (i + 1 < len && text[i] == TONE)
			tone = text[++i] - 'A';
	}
}

static void put(struct sheet *s, const char *label, int tone, const char *text)
{
	unsigned int y = next_line(s);

	paint_text(&s->v->paint, y, 0, TABLE_DIM, label);
	paint_text(&s->v->paint, y, LABEL_WIDTH, tone, text);
}

/* ---- a connection ---------------------------------------------------------------- */

static struct tcphs_canvas_style style_of(const struct view *v, const struct ui *ui)
{
	/* enum table_tone, of enum tcphs_tone, and PAINT_BOLD */
	static const char *const tones[] = { "\001A", "\001B", "\001C", "\001D", "\001E", "\001F" };
	struct tcphs_canvas_style style = {
		.width = v->paint.width,
		.utf8 = v->paint.utf8,
		.heading = true,
		.netns = !ui->all_netns ? NULL : ui->playing ? netns_number : netns_name,
		.bold = tones[PAINT_BOLD],
		.plain = tones[TABLE_PLAIN],
	};
	unsigned int i;

	for (i = 0; i <= TCPHS_TONE_CLOSE; i++)
		style.tone[i] = tones[columns_of_event(i)];
	return style;
}

static void put_drawing(struct sheet *s, const struct top_model *m, const struct ui *ui)
{
	struct tcphs_canvas_style style = style_of(s->v, ui);
	struct tcphs_clock clock = { .offset = m->style.clock };
	struct tcphs_canvas canvas;
	const char *line, *end;
	struct tcphs_buf out;

	if (!m->page.drawing.drawn) {
		put_line(s, "nothing of this connection is on record", 39);
		return;
	}
	if (tcphs_buf_init(&out, -1))
		return;
	tcphs_canvas_begin(&canvas, &m->page.drawing.picture, &style, &clock, &out);
	tcphs_canvas_rows(&canvas);
	tcphs_canvas_end(&canvas);
	for (line = out.data; line < out.data + out.len; line = end + 1) {
		end = memchr(line, '\n', (size_t)(out.data + out.len - line));
		if (!end)
			end = out.data + out.len;
		put_line(s, line, (size_t)(end - line));
	}
	tcphs_buf_free(&out);
}

/* ---- a listener -------------------------------------------------------------------- */

static void owner_text(char *buf, const struct tcphs_owner *owner)
{
	if (owner->known)
		tcphs_fmt_owner(buf, owner->comm, TCPHS_COMM_LEN, owner->pid);
	else
		strcpy(buf, "not known");
}

static void put_owners(struct sheet *s, const struct tcphs_listener *is, bool utf8)
{
	char who[TCPHS_OWNER_LEN], listens[TCPHS_OWNER_LEN], idle[TEXT_LEN] = "no accept() was seen yet";
	char ago[TEXT_LEN], buf[3 * TEXT_LEN];

	owner_text(who, &is->owner);
	owner_text(listens, &is->listens);
	if (is->has_idle) {
		text_duration(ago, is->idle, utf8);
		snprintf(idle, sizeof(idle), "the last accept() was %.16s ago", ago);
	}
	snprintf(buf, sizeof(buf), "%s, listens: %s; %s", who, listens, idle);
	put(s, "accepts", TABLE_PLAIN, buf);
}

#define DEPTH_TEXT	24	/* "  512 of 511, most 512" */

static void put_depth(struct sheet *s, const struct page_listener *l, bool syn,
		      const struct table_bar *bar)
{
	unsigned int y = next_line(s), width = s->v->paint.width, cells, seconds;
	double v[PAGE_SPAN], most;
	char buf[TEXT_LEN], text[TEXT_LEN];

	paint_text(&s->v->paint, y, 0, TABLE_DIM, syn ? "SYN queue" : "accept queue");
	text_count(buf, bar->now);
	text_count(text, bar->limit);
	snprintf(text + strlen(text), 20, ", most %u", (unsigned int)bar->max);
	snprintf(buf + strlen(buf), 60, " of %.50s", text);
	paint_text(&s->v->paint, y, LABEL_WIDTH, table_level(bar, bar->max), buf);
	if (width < LABEL_WIDTH + DEPTH_TEXT + 20)
		return;
	cells = width - LABEL_WIDTH - DEPTH_TEXT;
	if (cells > PAGE_SPAN)
		cells = PAGE_SPAN;
	seconds = (60 + cells - 1) / cells;
	most = page_depths(l, syn, seconds, v, cells);
	/* Against the limit it is seen how much is left. */
	if (most < (double)bar->limit)
		most = (double)bar->limit;
	paint_spark(&s->v->paint, y, LABEL_WIDTH + DEPTH_TEXT, v, cells, most,
		    table_level(bar, bar->max));
}

static void put_counts(struct sheet *s, const struct top_listener *row)
{
	const struct tcphs_listener *is = row->is;
	char accepted[TEXT_LEN], rate[TEXT_LEN], buf[3 * TEXT_LEN];

	text_count(accepted, is->accepted);
	text_rate(rate, row->accepts);
	snprintf(buf, sizeof(buf), "accepted %s, %s/s; overflows %llu, drops %llu, discards %llu",
		 accepted, rate, (unsigned long long)is->overflows, (unsigned long long)is->drops,
		 (unsigned long long)is->discards);
	put(s, "counts", row->overflows > 0 ? TABLE_BAD : TABLE_PLAIN, buf);
}

static void put_overflows(struct sheet *s, const struct top_model *m)
{
	const struct page_listener *l = &m->page.listener;
	char time[TEXT_LEN], ago[TEXT_LEN], peer[TCPHS_ENDPOINT_LEN], buf[4 * TEXT_LEN];
	const struct tcphs_event *ev;
	unsigned int i;

	if (!l->nr_overflow)
		put(s, "overflows", TABLE_DIM, "none on record");
	for (i = 0; i < l->nr_overflow; i++) {
		ev = &l->overflow[i];
		columns_time(ev->time, time, &m->style);
		text_duration(ago, m->style.now > ev->time ? m->style.now - ev->time : 0,
			      m->style.utf8);
		tcphs_fmt_endpoint(peer, ev->id.family, ev->id.peer, ev->id.peer_port);
		snprintf(buf, sizeof(buf), "%.12s, %.16s ago: a %s of %s", time, ago,
			 ev->type == TCPHS_EV_SYN_DROPPED ? "SYN" : "third ACK", peer);
		put(s, i ? "" : "overflows", i ? TABLE_PLAIN : TABLE_WARN, buf);
	}
	if (l->overflows > l->nr_overflow) {
		snprintf(buf, sizeof(buf), "and %llu before, on record",
			 (unsigned long long)(l->overflows - l->nr_overflow));
		put(s, "", TABLE_DIM, buf);
	}
}

/* Those of a power of two; the first bucket is for itself, and counts with those behind it. */
#define BUCKETS_A_LINE	4

static uint64_t sum_of(const struct tcphs_histogram *h, unsigned int from)
{
	uint64_t sum = from == 1 ? h->bucket[0] : 0;
	unsigned int i;

	for (i = from; i < from + BUCKETS_A_LINE && i < TCPHS_HIST_BUCKETS; i++)
		sum += h->bucket[i];
	return sum;
}

static void put_waits(struct sheet *s, const struct tcphs_histogram *h)
{
	unsigned int first = TCPHS_HIST_BUCKETS, last = 0, i, y, end;
	char upper[TEXT_LEN], count[TEXT_LEN];
	struct table_bar bar = { .limit = 0 };

	for (i = 1; i < TCPHS_HIST_BUCKETS; i += BUCKETS_A_LINE) {
		if (!sum_of(h, i))
			continue;
		if (first > i)
			first = i;
		last = i;
		if (sum_of(h, i) > bar.limit)
			bar.limit = sum_of(h, i);
	}
	put(s, "waits", TABLE_DIM, h->count ? "for accept(), of all connections:" : "none yet");
	for (i = first; i <= last; i += BUCKETS_A_LINE) {
		y = next_line(s);
		end = i + BUCKETS_A_LINE - 1;
		if (end >= TCPHS_HIST_BUCKETS - 1)
			text_duration(upper, h->max_ns, s->v->paint.utf8);
		else
			text_duration(upper, tcphs_hist_upper(end), s->v->paint.utf8);
		paint_text(&s->v->paint, y, 2, TABLE_DIM, "to");
		paint_right(&s->v->paint, y, 5, 7, TABLE_PLAIN, upper);
		bar.now = sum_of(h, i);
		text_count(count, bar.now);
		paint_right(&s->v->paint, y, LABEL_WIDTH, 6, bar.now ? PAINT_BOLD : TABLE_DIM, count);
		if (s->v->paint.width > LABEL_WIDTH + 12)
			paint_length(&s->v->paint, y, LABEL_WIDTH + 8,
				     s->v->paint.width - LABEL_WIDTH - 8, bar.now, bar.limit);
	}
}

static bool same_place(const struct tcphs_listener *a, const struct tcphs_listener *b)
{
	return a->port == b->port && a->family == b->family && a->netns == b->netns &&
	       a->ifindex == b->ifindex && !memcmp(a->address, b->address, sizeof(a->address));
}

static void put_group(struct sheet *s, const struct top_model *m, const struct tcphs_listener *is)
{
	char buf[4 * TEXT_LEN], who[TCPHS_OWNER_LEN];
	const struct tcphs_listener *l;
	size_t i, nr = 0;

	for (i = 0; i < m->listeners.list.nr; i++)
		nr += same_place(&m->listeners.list.v[i], is);
	if (nr < 2)
		return;
	snprintf(buf, sizeof(buf), "%zu sockets listen there; this one is marked", nr);
	put(s, "group", TABLE_PLAIN, buf);
	for (i = 0; i < m->listeners.list.nr; i++) {
		l = &m->listeners.list.v[i];
		if (!same_place(l, is))
			continue;
		owner_text(who, &l->owner);
		snprintf(buf, sizeof(buf), "%s %-8llx %-20.27s accepted %llu, waiting %u of %u, overflows %llu",
			 l == is ? "*" : " ", (unsigned long long)l->conn, who,
			 (unsigned long long)l->accepted, l->accept_queue, l->accept_limit,
			 (unsigned long long)l->overflows);
		put(s, "", l == is ? PAINT_BOLD : TABLE_PLAIN, buf);
	}
}

static void put_listener(struct sheet *s, const struct top_model *m)
{
	const struct top_listener *row = model_listener(m, m->page.conn);
	const struct tcphs_listener *is;

	if (!row) {
		put_line(s, "it does not listen any more", 27);
		return;
	}
	is = row->is;
	put_owners(s, is, m->style.utf8);
	put_depth(s, &m->page.listener, false, &(struct table_bar){
		is->accept_queue, is->accept_max, is->accept_limit });
	put_depth(s, &m->page.listener, true, &(struct table_bar){
		is->syn_queue, is->syn_max, is->syn_limit });
	put_counts(s, row);
	put_overflows(s, m);
	put_group(s, m, is);
	put_waits(s, &is->wait);
}

/* ---- both ----------------------------------------------------------------------------- */

static void title(const struct view *v, const struct top_model *m, unsigned int y)
{
	const struct top_listener *l = NULL;
	char buf[TCPHS_SCOPED_LEN + 40], scope[TCPHS_SCOPE_LEN], at[TCPHS_SCOPED_LEN] = "";

	if (m->page.what == PAGE_LISTENER)
		l = model_listener(m, m->page.conn);
	if (l) {
		tcphs_fmt_device(scope, l->is->ifindex, l->is->device);
		tcphs_fmt_scoped(at, l->is->family, l->is->address, scope, l->is->port);
	}
	snprintf(buf, sizeof(buf), "%s %s%s%llx", m->page.what == PAGE_LISTENER ? "Listener" :
		 "Connection", at, *at ? ", " : "", (unsigned long long)m->page.conn);
	paint_fill(&v->paint, y, 0, v->paint.width, PAINT_TITLES);
	paint_text(&v->paint, y, 0, PAINT_TITLES, buf);
}

/**
 * view_page - what is open in place of the table
 * @v: the view; gets how many lines it has
 * @m: what there is
 * @ui: what is wanted
 */
void view_page(struct view *v, const struct top_model *m, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_TABLE], rows = layout_rows(&v->layout);
	struct sheet s = { .v = v, .from = SIZE_MAX, .y = y + 1, .end = y + 1 + rows };
	size_t last;
	int turn;

	title(v, m, y);
	/* How many there are is known when they have been counted. */
	for (turn = 0; turn < 2; turn++) {
		s.nr = 0;
		if (m->page.what == PAGE_DRAWING)
			put_drawing(&s, m, ui);
		else
			put_listener(&s, m);
		v->page_lines = s.nr;
		last = s.nr > rows ? s.nr - rows : 0;
		s.from = ui->page_end || ui->page_offset > last ? last : ui->page_offset;
	}
}

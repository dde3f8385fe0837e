// SPDX-License-Identifier: GPL-2.0
/* Everything above the table. */
#include <stdio.h>
#include <time.h>

#include "netns.h"
#include "view.h"

#define LABEL_WIDTH	12	/* Handshakes */
#define TITLE_RIGHT	11	/* "  12:34:56", or what stands in place of it */

/* Row by row three stages of a life: it opens, we close, the peer closes. */
const uint8_t view_states[] = {
	TCPHS_STATE_ESTABLISHED, TCPHS_STATE_SYN_SENT, TCPHS_STATE_SYN_RECV,
	TCPHS_STATE_FIN_WAIT1, TCPHS_STATE_FIN_WAIT2, TCPHS_STATE_TIME_WAIT,
	TCPHS_STATE_CLOSE_WAIT, TCPHS_STATE_LAST_ACK, TCPHS_STATE_CLOSING,
};

const size_t view_nr_states = sizeof(view_states);

/* Where one line is all there is. */
static const uint8_t few_states[] = {
	TCPHS_STATE_ESTABLISHED, TCPHS_STATE_TIME_WAIT, TCPHS_STATE_SYN_RECV,
};

static unsigned int label(const struct view *v, unsigned int y, const char *s)
{
	paint_text(&v->paint, y, 0, PAINT_BOLD, s);
	return LABEL_WIDTH;
}

/* "2.4/s", and a zero that does not catch the eye. */
static unsigned int rate(const struct view *v, unsigned int y, unsigned int x, double value,
			 enum table_tone tone)
{
	char buf[TEXT_LEN];

	text_rate(buf, value);
	strcat(buf, "/s");
	return paint_text(&v->paint, y, x, value > 0 ? tone : TABLE_DIM, buf);
}

/* The day, how fast it goes, or that it does not. */
static void play_text(char *buf, const struct top_model *m, const struct ui *ui)
{
	time_t t = (time_t)(m->at / 1000000000ull);
	char day[32];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm);
	if (ui->ended)
		snprintf(buf, TEXT_LEN, "the end  %s", day);
	else
		snprintf(buf, TEXT_LEN, "%gx  %s", ui->speed, day);
}

static void title_right(struct view *v, const struct top_model *m, const struct ui *ui,
			unsigned int left)
{
	const struct paint *p = &v->paint;
	char buf[TEXT_LEN], time[TCPHS_TIME_LEN], delay[TEXT_LEN];
	unsigned int width;

	if (ui->playing)
		v->clock.offset = m->style.clock;
	else
		tcphs_clock_init(&v->clock);
	tcphs_fmt_time(time, &v->clock, m->valid ? m->at : tcphs_now());
	time[8] = '\0';
	text_seconds(delay, ui->delay);
	snprintf(buf, sizeof(buf), "every %.12ss  %s", delay, time);
	if (ui->playing)
		play_text(buf, m, ui);
	width = (unsigned int)strlen(buf);
	if (left + width + 2 > p->width) {
		strcpy(buf, time);
		width = 8;
	}
	if (left + width + 1 <= p->width)
		paint_right(p, v->layout.y[LAYOUT_TITLE], 0, p->width, TABLE_PLAIN, buf);
}

/* How far back the ring goes, and what is kept; where that is too long, the ring alone. */
static unsigned int head_reach(const struct view *v, const struct top_model *m, unsigned int y,
				 unsigned int x)
{
	char all[TEXT_LEN], kept[TEXT_LEN], buf[2 * TEXT_LEN];

	if (!m->now.has_overwritten || v->paint.width < 72)
		return x;
	text_duration(all, m->now.ring_reach, v->paint.utf8);
	text_duration(kept, m->now.kept_reach, v->paint.utf8);
	if (v->paint.width < 100)
		snprintf(buf, sizeof(buf), "  ring %.12s", all);
	else
		snprintf(buf, sizeof(buf), "  ring %.12s, kept %.12s", all, kept);
	if (x + strlen(buf) + TITLE_RIGHT > v->paint.width)
		return x;
	return paint_text(&v->paint, y, x, TABLE_DIM, buf);
}

static void head_title(struct view *v, const struct top_model *m, const struct ui *ui)
{
	unsigned int y = v->layout.y[LAYOUT_TITLE];
	const struct paint *p = &v->paint;
	char buf[TEXT_LEN], up[TEXT_LEN], netns[NETNS_NAME_LEN];
	unsigned int x;

	x = paint_text(p, y, 0, PAINT_BOLD, "tcphs");
	if (m->valid) {
		text_duration(up, m->now.uptime, p->utf8);
		if (ui->playing)
			snprintf(buf, sizeof(buf), ", recorded; %.12s of it", up);
		else
			snprintf(buf, sizeof(buf), " %.16s%s  up %.12s", m->now.version,
				 strcmp(m->now.version, TCPHS_VERSION) ? ", tool " TCPHS_VERSION : "", up);
		if (x + strlen(buf) + 9 <= p->width)
			x = paint_text(p, y, x, TABLE_PLAIN, buf);
		snprintf(buf, sizeof(buf), "  netns %s", netns_name(m->now.netns, netns));
		if (p->width >= 60 && !ui->playing)
			x = paint_text(p, y, x, TABLE_PLAIN, buf);
		x = head_reach(v, m, y, x);
	}
	if (ui->paused)
		x = paint_text(p, y, x + 1, PAINT_TITLES, p->width < 60 ? "P" : " paused ");
	else if (m->valid && m->since_load && !ui->playing && p->width >= 60)
		x = paint_text(p, y, x + 2, TABLE_DIM, "since load");
	title_right(v, m, ui, x);
}

static void state_cell(const struct view *v, const struct top_model *m, unsigned int y,
		       unsigned int x, uint8_t state)
{
	const struct layout *l = &v->layout;
	char name[TCPHS_NAME_LEN], buf[TEXT_LEN];
	unsigned int width = l->cell_width;
	bool unit = width >= 27;
	uint64_t count = m->now.state[state];
	int tone = count ? TABLE_PLAIN : TABLE_DIM;

	paint_text(&v->paint, y, x, tone, tcphs_state_name(state, name));
	if (l->cell_rate) {
		width -= unit ? 9 : 7;
		text_signed_rate(buf, m->state_rate[state]);
		if (strcmp(buf, "0"))
			paint_right(&v->paint, y, x + width + 1, unit ? 8 : 6, TABLE_DIM,
				    unit ? strcat(buf, "/s") : buf);
	}
	text_count(buf, count);
	if (width >= 18)
		paint_right(&v->paint, y, x, width, count ? PAINT_BOLD : TABLE_DIM, buf);
}

static void head_states(const struct view *v, const struct top_model *m)
{
	const struct layout *l = &v->layout;
	unsigned int y = l->y[LAYOUT_STATES], lines = l->lines[LAYOUT_STATES];
	bool few = lines * l->cells < view_nr_states;
	size_t nr = few ? sizeof(few_states) : view_nr_states;
	size_t i;

	for (i = 0; i < nr && i < lines * l->cells; i++)
		state_cell(v, m, y + (unsigned int)(i / l->cells),
			   (unsigned int)(i % l->cells) * (l->cell_width + 2),
			   few ? few_states[i] : view_states[i]);
}

static unsigned int quantile(const struct view *v, unsigned int y, unsigned int x,
			     const char *name, const struct top_quantiles *q, uint64_t ns)
{
	char buf[TEXT_LEN] = "-";

	x = paint_text(&v->paint, y, x, TABLE_DIM, name);
	if (q->known)
		text_duration(buf, ns, v->paint.utf8);
	return paint_right(&v->paint, y, x, 7, q->fresh ? TABLE_PLAIN : TABLE_DIM, buf);
}

static void handshake(const struct view *v, const struct top_model *m, unsigned int y,
		      const char *name, enum tcphs_hist which)
{
	const struct top_quantiles *q = &m->handshake[which];
	double value = m->handshake_rate[which];
	bool wide = v->paint.width >= 60;
	unsigned int x = wide ? LABEL_WIDTH : 0;
	char buf[TEXT_LEN];

	x = paint_text(&v->paint, y, x, TABLE_PLAIN, name);
	text_rate(buf, value);
	strcat(buf, "/s");
	x = paint_right(&v->paint, y, x, 9, value > 0 ? PAINT_BOLD : TABLE_DIM, buf);
	x = quantile(v, y, x, wide ? "   p50" : " p50", q, q->p50);
	x = quantile(v, y, x, wide ? "   p99" : " p99", q, q->p99);
	if (!wide || !m->now.hist[which].count)
		return;
	x = paint_text(&v->paint, y, x, TABLE_DIM, "   longest");
	text_duration(buf, m->now.hist[which].max_ns, v->paint.utf8);
	paint_right(&v->paint, y, x, 7, TABLE_DIM, buf);
}

static void head_handshakes(const struct view *v, const struct top_model *m)
{
	unsigned int y = v->layout.y[LAYOUT_HANDSHAKES];

	if (v->paint.width >= 60)
		label(v, y, "Handshakes");
	handshake(v, m, y, "active ", TCPHS_HIST_HANDSHAKE_ACTIVE);
	handshake(v, m, y + 1, "passive", TCPHS_HIST_HANDSHAKE_PASSIVE);
}

/* In as many cells whatever it is: the bar beside it keeps its length. */
static void share_text(char *buf, uint64_t part, uint64_t whole)
{
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;
	char number[TEXT_LEN];

	if (percent < 999.95)
		snprintf(number, sizeof(number), "%.1f", percent);
	else
		text_count(number, (uint64_t)percent);
	snprintf(buf, TEXT_LEN, "  %5.8s %%", number);
}

static void head_time_wait(const struct view *v, const struct top_model *m)
{
	struct table_bar bar = {
		.now = m->now.state[TCPHS_STATE_TIME_WAIT],
		.limit = m->now.tw_limit,
	};
	unsigned int y = v->layout.y[LAYOUT_TIME_WAIT];
	unsigned int x = label(v, y, "TIME-WAIT"), len;
	char buf[2 * TEXT_LEN], now[TEXT_LEN], limit[TEXT_LEN];

	text_count(now, bar.now);
	text_count(limit, bar.limit);
	/* What a recording does not have. */
	if (m->style.recorded)
		snprintf(buf, sizeof(buf), "%.8s", now);
	else
		snprintf(buf, sizeof(buf), "%.8s/%.8s", now, limit);
	if (v->paint.width >= 60 && !m->style.recorded)
		share_text(buf + strlen(buf), bar.now, bar.limit);
	len = (unsigned int)strlen(buf);
	if (x + len + 1 + TABLE_BAR_MIN <= v->paint.width && !m->style.recorded) {
		paint_bar(&v->paint, y, x, v->paint.width - x - len - 1, &bar);
		x = v->paint.width - len;
	}
	paint_text(&v->paint, y, x, bar.now ? TABLE_PLAIN : TABLE_DIM, buf);
}

static void head_drops(const struct view *v, const struct top_model *m)
{
	static const struct {
		const char *name;
		enum tcphs_event_type type;
		enum table_tone tone;
	} part[] = {
		{ "SYN ",		TCPHS_EV_SYN_DROPPED,		TABLE_BAD },
		{ "third ACK ",		TCPHS_EV_ACCEPT_OVERFLOW,	TABLE_BAD },
		{ "cookies ",		TCPHS_EV_SYNCOOKIE_SENT,	TABLE_WARN },
		{ "SYN resent ",		TCPHS_EV_SYN_RETRANSMIT,	TABLE_WARN },
		{ "SYN+ACK resent ",	TCPHS_EV_SYNACK_RETRANSMIT,	TABLE_WARN },
	};
	unsigned int y = v->layout.y[LAYOUT_DROPS], x = label(v, y, "Drops");
	size_t i;

	for (i = 0; i < sizeof(part) / sizeof(*part); i++) {
		if (x + strlen(part[i].name) + 5 > v->paint.width)
			break;
		x = paint_text(&v->paint, y, x, TABLE_DIM, part[i].name);
		x = rate(v, y, x, m->event_rate[part[i].type], part[i].tone) + 2;
	}
}

/* Those of the last minutes: what was over before the last refresh is not forgotten. */
static void head_failures(const struct view *v, const struct top_model *m)
{
	unsigned int y = v->layout.y[LAYOUT_FAILURES], x = label(v, y, "Failures");
	double count[TCPHS_REASON_MAX + 1];
	uint8_t reason[TCPHS_REASON_MAX + 1];
	unsigned int seconds = series_failures(&m->series, count);
	size_t nr = series_busiest(count, reason), i;
	char name[TCPHS_NAME_LEN], buf[TEXT_LEN], span[TEXT_LEN];

	if (seconds >= SERIES_SPAN)	/* looks are not quite a second apart: no 5m, 5m 1s, 5m */
		seconds -= seconds % 10;
	text_duration(span, seconds * 1000000000ull, v->paint.utf8);
	snprintf(buf, sizeof(buf), "%s in %.16s", nr ? "" : "none", seconds ? span : "0s");
	if (!nr)
		paint_text(&v->paint, y, x, TABLE_DIM, buf);
	for (i = 0; i < nr; i++) {
		const char *why = tcphs_reason_name(reason[i], name);
		double now = m->failure_rate[reason[i]];

		if (x + strlen(why) + 16 + strlen(buf) > v->paint.width)
			break;
		x = paint_text(&v->paint, y, x, TABLE_PLAIN, why) + 1;
		text_count(span, (uint64_t)count[reason[i]]);
		x = paint_text(&v->paint, y, x, TABLE_WARN, span);
		if (now > 0 && !m->since_load)
			x = rate(v, y, x + 1, now, TABLE_WARN);
		x += 2;
	}
	if (nr)
		paint_text(&v->paint, y, x, TABLE_DIM, buf + 1);
}

static const struct {
	const char *name;
	enum table_tone tone;
} sparks[SERIES_WHATS] = {
	[SERIES_HANDSHAKES] = { "handshakes", TABLE_GOOD },
	[SERIES_FAILURES] = { "failures", TABLE_WARN },
	[SERIES_OVERFLOWS] = { "overflows", TABLE_BAD },
};

#define SPARK_NAME	11	/* cells before the values */
#define SPARK_MOST	12	/* "  most 1234/s" */
#define SPARK_LEAST	60	/* seconds that are seen at least */

/* A second a cell, where that is a minute. */
static void head_sparks(const struct view *v, const struct top_model *m)
{
	bool one_line = v->layout.lines[LAYOUT_SPARKS] == 1;
	unsigned int room = v->paint.width - LABEL_WIDTH;
	unsigned int part = one_line ? room / SERIES_WHATS : room;
	unsigned int cells = part - SPARK_NAME - (one_line ? 2 : SPARK_MOST + 1);
	unsigned int y = v->layout.y[LAYOUT_SPARKS], x = LABEL_WIDTH, seconds, i;
	double value[SERIES_SPAN], most;
	char buf[TEXT_LEN];

	if (cells > SERIES_SPAN)
		cells = SERIES_SPAN;
	seconds = (SPARK_LEAST + cells - 1) / cells;
	snprintf(buf, sizeof(buf), "Last %us", seconds * cells);
	label(v, y, buf);
	for (i = 0; i < SERIES_WHATS; i++) {
		most = series_read(&m->series, (enum series_what)i, seconds, value, cells);
		paint_text(&v->paint, y, x, TABLE_DIM, sparks[i].name);
		paint_spark(&v->paint, y, x + SPARK_NAME, value, cells, most, sparks[i].tone);
		if (one_line) {
			x += part;
			continue;
		}
		text_rate(buf, most);
		strcat(buf, "/s");
		paint_text(&v->paint, y, v->paint.width - SPARK_MOST, TABLE_DIM, "most");
		paint_right(&v->paint, y, v->paint.width - SPARK_MOST + 4, SPARK_MOST - 4,
			    most > 0 ? TABLE_PLAIN : TABLE_DIM, buf);
		y++;
	}
}

static void head_alerts(const struct view *v, const struct top_model *m)
{
	unsigned int lines = v->layout.lines[LAYOUT_ALERTS], i;
	struct top_alert alert[VIEW_ALERTS_MAX];
	size_t nr = model_alerts(m, alert, VIEW_ALERTS_MAX);

	for (i = 0; i < lines && i < nr; i++) {
		if (i + 1 == lines && nr > lines)
			snprintf(alert[i].text, sizeof(alert[i].text),
				 "tcphs: %zu warning%s; see: tcphs status", nr, tcphs_plural(nr));
		text_fit_end(alert[i].text, v->paint.width, v->paint.utf8);
		paint_text(&v->paint, v->layout.y[LAYOUT_ALERTS] + i, 0,
			   alert[i].bad ? PAINT_ALARM : TABLE_WARN, alert[i].text);
	}
}

/**
 * view_head - everything above the table
 * @v: the view
 * @m: what there is
 * @ui: what is wanted
 */
void view_head(struct view *v, const struct top_model *m, const struct ui *ui)
{
	const unsigned int *lines = v->layout.lines;

	if (lines[LAYOUT_TITLE])
		head_title(v, m, ui);
	if (!m->valid)
		return;
	head_alerts(v, m);
	head_states(v, m);
	if (lines[LAYOUT_HANDSHAKES])
		head_handshakes(v, m);
	if (lines[LAYOUT_TIME_WAIT])
		head_time_wait(v, m);
	if (lines[LAYOUT_DROPS])
		head_drops(v, m);
	if (lines[LAYOUT_FAILURES])
		head_failures(v, m);
	if (lines[LAYOUT_SPARKS])
		head_sparks(v, m);
}

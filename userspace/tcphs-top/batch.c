// SPDX-License-Identifier: GPL-2.0
/* Plain text: the numbers of the screen, every row, nothing cut, no escape codes. */
#include <stdio.h>
#include <time.h>

#include "batch.h"
#include "columns.h"
#include "netns.h"

static const uint8_t states[] = {
	TCPHS_STATE_ESTABLISHED, TCPHS_STATE_SYN_SENT, TCPHS_STATE_SYN_RECV,
	TCPHS_STATE_FIN_WAIT1, TCPHS_STATE_FIN_WAIT2, TCPHS_STATE_TIME_WAIT,
	TCPHS_STATE_CLOSE_WAIT, TCPHS_STATE_LAST_ACK, TCPHS_STATE_CLOSING,
};

/* A recording: its day and time, how much of it that is. */
static void put_title_recorded(struct tcphs_buf *out, const struct top_model *m, bool utf8)
{
	time_t t = (time_t)(m->at / 1000000000ull);
	char so_far[TCPHS_DURATION_LEN], day[32];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm);
	tcphs_fmt_duration(so_far, m->now.uptime, utf8);
	tcphs_buf_printf(out, "tcphs, recorded  %s of it  %s  rates ", so_far, day);
}

static void put_title(struct tcphs_buf *out, const struct top_model *m, bool utf8)
{
	char up[TCPHS_DURATION_LEN], time[TCPHS_TIME_LEN], over[TEXT_LEN];
	char netns[NETNS_NAME_LEN];
	struct tcphs_clock clock;

	if (m->style.recorded) {
		put_title_recorded(out, m, utf8);
	} else {
		tcphs_clock_init(&clock);
		tcphs_fmt_time(time, &clock, m->at);
		time[8] = '\0';
		tcphs_fmt_duration(up, m->now.uptime, utf8);
		tcphs_buf_printf(out, "tcphs %s  up %s  netns %s  %s  rates ", m->now.version, up,
				 netns_name(m->now.netns, netns), time);
	}
	text_seconds(over, m->seconds);
	if (m->since_load)
		tcphs_buf_str(out, m->style.recorded ? "since it began" : "since load");
	else
		tcphs_buf_printf(out, "over %ss", over);
	tcphs_buf_newline(out);
}

static void put_states(struct tcphs_buf *out, const struct top_model *m)
{
	char name[TCPHS_NAME_LEN], rate[TEXT_LEN];
	size_t i;

	for (i = 0; i < sizeof(states); i++) {
		text_signed_rate(rate, m->state_rate[states[i]]);
		tcphs_buf_printf(out, "%-12s %7llu %7s", tcphs_state_name(states[i], name),
				 (unsigned long long)m->now.state[states[i]], rate);
		if (i % 3 == 2)
			tcphs_buf_newline(out);
		else
			tcphs_buf_str(out, "  ");
	}
}

static void put_handshake(struct tcphs_buf *out, const struct top_model *m, const char *name,
			  enum tcphs_hist which, bool utf8)
{
	const struct top_quantiles *q = &m->handshake[which];
	char rate[TEXT_LEN], p50[TEXT_LEN] = "-", p99[TEXT_LEN] = "-";

	text_rate(rate, m->handshake_rate[which]);
	if (q->known) {
		text_duration(p50, q->p50, utf8);
		text_duration(p99, q->p99, utf8);
	}
	tcphs_buf_printf(out, "handshakes   %-7s %s/s  p50 %s  p99 %s", name, rate, p50, p99);
	tcphs_buf_newline(out);
}

static void put_drops(struct tcphs_buf *out, const struct top_model *m)
{
	static const uint8_t type[] = {
		TCPHS_EV_SYN_DROPPED, TCPHS_EV_ACCEPT_OVERFLOW, TCPHS_EV_SYNCOOKIE_SENT,
		TCPHS_EV_SYN_RETRANSMIT, TCPHS_EV_SYNACK_RETRANSMIT,
	};
	char name[TCPHS_NAME_LEN + 8], rate[TEXT_LEN];
	size_t i;

	tcphs_buf_str(out, "dropped    ");
	for (i = 0; i < sizeof(type); i++) {
		text_rate(rate, m->event_rate[type[i]]);
		tcphs_buf_printf(out, "  %s %s/s", tcphs_event_name(type[i], name), rate);
	}
	tcphs_buf_newline(out);
}

static void put_failures(struct tcphs_buf *out, const struct top_model *m)
{
	uint8_t reason[TCPHS_REASON_MAX + 1];
	size_t nr = model_failures(m, reason), i;
	char name[TCPHS_NAME_LEN], rate[TEXT_LEN];

	tcphs_buf_str(out, nr ? "failures   " : "failures     none");
	for (i = 0; i < nr; i++) {
		text_rate(rate, m->failure_rate[reason[i]]);
		tcphs_buf_printf(out, "  %s %s/s", tcphs_reason_name(reason[i], name), rate);
	}
	tcphs_buf_newline(out);
}

static void put_alerts(struct tcphs_buf *out, const struct top_model *m)
{
	struct top_alert alert[16];
	size_t nr = model_alerts(m, alert, 16), i;

	for (i = 0; i < nr; i++) {
		tcphs_buf_printf(out, "%s      %s", alert[i].bad ? "WRONG  " : "notice ",
				 alert[i].text);
		tcphs_buf_newline(out);
	}
}

static void put_head(struct tcphs_buf *out, const struct top_model *m, bool utf8)
{
	uint64_t tw = m->now.state[TCPHS_STATE_TIME_WAIT];

	put_title(out, m, utf8);
	put_states(out, m);
	put_handshake(out, m, "active", TCPHS_HIST_HANDSHAKE_ACTIVE, utf8);
	put_handshake(out, m, "passive", TCPHS_HIST_HANDSHAKE_PASSIVE, utf8);
	tcphs_buf_printf(out, "time-wait    %llu", (unsigned long long)tw);
	if (!m->style.recorded)
		tcphs_buf_printf(out, " of %u (%.1f %%)", m->now.tw_limit,
				 m->now.tw_limit ? 100.0 * (double)tw / m->now.tw_limit : 0);
	tcphs_buf_newline(out);
	put_drops(out, m);
	put_failures(out, m);
	put_alerts(out, m);
}

static void measure(const struct top_model *m, const struct ui *ui, size_t *width)
{
	size_t nr, i, row;
	const struct table_column *col = table_columns(ui->screen, &nr);
	char buf[TEXT_LEN];
	const void *r;

	for (i = 0; i < nr; i++)
		width[i] = strlen(col[i].title);
	for (row = 0; (r = model_row(m, ui->screen, row)); row++) {
		for (i = 0; i < nr; i++) {
			col[i].text(r, buf, &m->style);
			if (width[i] < tcphs_text_width(buf))
				width[i] = tcphs_text_width(buf);
		}
	}
}

static void put_row(struct tcphs_buf *out, const struct top_model *m, const struct ui *ui,
		    const void *row, const size_t *width)
{
	size_t nr, i, at = 0;
	const struct table_column *col = table_columns(ui->screen, &nr);
	char buf[TEXT_LEN];
	struct cell cell;

	for (i = 0; i < nr; i++) {
		if (col[i].all_netns && !ui->all_netns)
			continue;
		if (row)
			col[i].text(row, buf, &m->style);
		else
			strcpy(buf, col[i].title);
		cell = (struct cell){ .text = buf, .width = width[i], .right = col[i].right };
		/* What is left of the columns ends the line. */
		columns_put(out, &cell, at, at + nr - i, 1);
		at++;
	}
	tcphs_buf_newline(out);
}

/**
 * batch_text - one refresh as text, with an empty line at its end
 * @out: where to
 * @m: what there is
 * @ui: what is wanted
 */
void batch_text(struct tcphs_buf *out, const struct top_model *m, const struct ui *ui)
{
	bool utf8 = m->style.utf8;
	size_t width[LAYOUT_COLUMNS_MAX], row;
	char line[ERROR_LINE];
	const void *r;

	if (!m->valid) {
		tcphs_buf_printf(out, "waiting; %s", error_line(line, "tcphs-top", &m->why));
		tcphs_buf_newline(out);
		return;
	}
	put_head(out, m, utf8);
	tcphs_buf_newline(out);
	measure(m, ui, width);
	put_row(out, m, ui, NULL, width);
	for (row = 0; (r = model_row(m, ui->screen, row)); row++)
		put_row(out, m, ui, r, width);
	tcphs_buf_newline(out);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * One object a refresh: that of tcphs status, with the rows in it as tcphs listeners and
 * tcphs connections print them. What only a program that looks again knows is in
 * objects of their own, "rates": per second, and quantiles of the interval.
 */
#include <stdio.h>
#include <time.h>

#include "batch.h"

/* printf() would write the decimal comma of some locales. */
static void put_number(struct tcphs_json *j, const char *key, double v)
{
	uint64_t milli = (uint64_t)((v < 0 ? -v : v) * 1000 + 0.5);
	const char *comma = j->comma ? "," : "";

	tcphs_buf_printf(j->out, "%s\"%s\":%s%llu.%03u", comma, key, v < 0 && milli ? "-" : "",
			 (unsigned long long)(milli / 1000), (unsigned int)(milli % 1000));
	j->comma = true;
}

/* Of the interval; left out when nothing happened in it. */
static void put_quantiles(struct tcphs_json *j, const struct top_quantiles *q)
{
	if (!q->fresh)
		return;
	tcphs_json_u64(j, "p50_ns", q->p50);
	tcphs_json_u64(j, "p99_ns", q->p99);
}

static void put_rates_of(struct tcphs_json *j, const char *key, const double *rate, size_t nr,
			 const char *(*name)(unsigned int, char *))
{
	char buf[TCPHS_NAME_LEN];
	size_t i;

	tcphs_json_open(j, key, '{');
	for (i = 1; i < nr; i++)
		put_number(j, name((unsigned int)i, buf), rate[i]);
	tcphs_json_close(j, '}');
}

static void put_handshake(struct tcphs_json *j, const char *key, const struct top_model *m,
			  enum tcphs_hist which)
{
	tcphs_json_open(j, key, '{');
	put_number(j, "per_s", m->handshake_rate[which]);
	put_quantiles(j, &m->handshake[which]);
	tcphs_json_close(j, '}');
}

static void put_alerts(struct tcphs_json *j, const struct top_model *m)
{
	struct top_alert alert[TCPHS_HOOKS_MAX];
	size_t nr = model_alerts(m, alert, TCPHS_HOOKS_MAX), i;

	tcphs_json_open(j, "alerts", '[');
	for (i = 0; i < nr; i++)
		tcphs_json_str(j, NULL, alert[i].text);
	tcphs_json_close(j, ']');
}

/* What tcphs status can't know: it looks once. */
static void put_rates(struct tcphs_json *j, const struct top_model *m)
{
	tcphs_json_open(j, "rates", '{');
	tcphs_json_bool(j, "since_load", m->since_load);
	put_number(j, "interval_s", m->seconds);
	put_rates_of(j, "states", m->state_rate, TCPHS_STATE_MAX + 1, tcphs_state_key);
	put_rates_of(j, "failures", m->failure_rate, TCPHS_REASON_MAX + 1, tcphs_reason_name);
	put_rates_of(j, "events", m->event_rate, TCPHS_EV_MAX + 1, tcphs_event_name);
	tcphs_json_open(j, "handshakes", '{');
	put_handshake(j, "active", m, TCPHS_HIST_HANDSHAKE_ACTIVE);
	put_handshake(j, "passive", m, TCPHS_HIST_HANDSHAKE_PASSIVE);
	tcphs_json_close(j, '}');
	put_number(j, "untracked", m->untracked_rate);
	tcphs_json_close(j, '}');
}

static void put_status(struct tcphs_json *j, const struct top_model *m)
{
	tcphs_json_status(j, &m->now);
	put_rates(j, m);
	put_alerts(j, m);
}

static void put_listener(struct tcphs_json *j, const struct top_model *m, const void *row)
{
	const struct top_listener *r = row;

	tcphs_json_listener(j, r->is);
	tcphs_json_cgroup(j, m->style.cgroups, r->is->owner.cgroup);
	tcphs_json_open(j, "rates", '{');
	put_number(j, "accepted", r->accepts);
	put_number(j, "accept_overflows", r->overflows);
	put_number(j, "syn_drops", r->drops);
	tcphs_json_open(j, "accept_wait", '{');
	put_quantiles(j, &r->wait);
	tcphs_json_close(j, '}');
	tcphs_json_close(j, '}');
}

static void put_conn(struct tcphs_json *j, const struct top_model *m, const void *row)
{
	const struct tcphs_conn_info *c = row;

	tcphs_json_conn(j, c);
	tcphs_json_cgroup(j, m->style.cgroups, c->owner.cgroup);
}

static void put_rows(struct tcphs_json *j, const struct top_model *m, enum top_screen screen)
{
	const void *row;
	size_t i;

	tcphs_json_open(j, screen == TOP_LISTENERS ? "listeners" : "connections", '[');
	for (i = 0; (row = model_row(m, screen, i)); i++) {
		tcphs_json_open(j, NULL, '{');
		if (screen == TOP_LISTENERS)
			put_listener(j, m, row);
		else
			put_conn(j, m, row);
		tcphs_json_close(j, '}');
	}
	tcphs_json_close(j, ']');
}

/**
 * batch_json - one refresh as a line of JSON
 * @out: where to
 * @m: what there is
 * @ui: what is wanted
 */
void batch_json(struct tcphs_buf *out, const struct top_model *m, const struct ui *ui)
{
	char line[ERROR_LINE];
	struct timespec now;
	struct tcphs_json j;

	clock_gettime(CLOCK_REALTIME, &now);
	if (m->style.recorded)
		now = (struct timespec){ (time_t)(m->at / 1000000000u),
					 (long)(m->at % 1000000000u) };
	tcphs_json_begin(&j, out);
	tcphs_json_u64(&j, "time_ns", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	if (!m->valid) {
		tcphs_json_str(&j, "error", error_line(line, "tcphs-top", &m->why));
	} else {
		put_status(&j, m);
		put_rows(&j, m, ui->screen);
	}
	tcphs_json_end(&j);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * One object a refresh. What tcphs --json also prints has the same name here;
 * rates end in _per_s. Quantiles are of the interval and left out when nothing
 * happened in it.
 */
#include <stdio.h>
#include <sys/socket.h>
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

static void put_quantiles(struct tcphs_json *j, const struct top_quantiles *q)
{
	if (!q->fresh)
		return;
	tcphs_json_u64(j, "p50_ns", q->p50);
	tcphs_json_u64(j, "p99_ns", q->p99);
}

static void put_counts(struct tcphs_json *j, const char *key, const uint64_t *count,
		       const double *rate, size_t nr, const char *(*name)(unsigned int, char *))
{
	char buf[TCPHS_NAME_LEN];
	size_t i;

	tcphs_json_open(j, key, '{');
	for (i = 1; i < nr; i++) {
		tcphs_json_open(j, name((unsigned int)i, buf), '{');
		tcphs_json_u64(j, "count", count[i]);
		put_number(j, "per_s", rate[i]);
		tcphs_json_close(j, '}');
	}
	tcphs_json_close(j, '}');
}

static void put_handshake(struct tcphs_json *j, const char *key, const struct top_model *m,
			  enum tcphs_hist which)
{
	tcphs_json_open(j, key, '{');
	tcphs_json_u64(j, "count", m->now.hist[which].count);
	put_number(j, "per_s", m->handshake_rate[which]);
	put_quantiles(j, &m->handshake[which]);
	tcphs_json_u64(j, "max_ns", m->now.hist[which].max_ns);
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

static void put_status(struct tcphs_json *j, const struct top_model *m)
{
	const struct tcphs_status *st = &m->now;

	tcphs_json_str(j, "version", st->version);
	tcphs_json_u64(j, "uptime_ns", st->uptime);
	tcphs_json_u64(j, "netns", st->netns);
	tcphs_json_bool(j, "since_load", m->since_load);
	put_number(j, "interval_s", m->seconds);
	put_counts(j, "states", st->state, m->state_rate, TCPHS_STATE_MAX + 1, tcphs_state_key);
	tcphs_json_u64(j, "time_wait_limit", st->tw_limit);
	tcphs_json_open(j, "handshakes", '{');
	put_handshake(j, "active", m, TCPHS_HIST_HANDSHAKE_ACTIVE);
	put_handshake(j, "passive", m, TCPHS_HIST_HANDSHAKE_PASSIVE);
	tcphs_json_close(j, '}');
	put_counts(j, "failures", st->failure, m->failure_rate, TCPHS_REASON_MAX + 1,
		   tcphs_reason_name);
	put_counts(j, "events", st->event, m->event_rate, TCPHS_EV_MAX + 1, tcphs_event_name);
	tcphs_json_open(j, "table", '{');
	tcphs_json_u64(j, "used", st->table_used);
	tcphs_json_u64(j, "limit", st->table_limit);
	tcphs_json_u64(j, "untracked", st->untracked);
	put_number(j, "untracked_per_s", m->untracked_rate);
	tcphs_json_close(j, '}');
	put_alerts(j, m);
}

static void put_listener(struct tcphs_json *j, const void *row)
{
	const struct top_listener *r = row;
	const struct tcphs_listener *l = r->is;

	tcphs_json_address(j, "address", l->family, l->address);
	tcphs_json_u64(j, "port", l->port);
	tcphs_json_u64(j, "netns", l->netns);
	tcphs_json_hex(j, "conn", l->conn);
	tcphs_json_str(j, "family", l->family == AF_INET6 ? "ipv6" : "ipv4");
	tcphs_json_owner(j, "", &l->owner);
	if (l->listens.known && l->listens.pid != l->owner.pid)
		tcphs_json_owner(j, "listen_", &l->listens);
	if (l->has_age)
		tcphs_json_u64(j, "age_ns", l->age);
	tcphs_json_u64(j, "syn_queue", l->syn_queue);
	tcphs_json_u64(j, "syn_queue_max", l->syn_max);
	tcphs_json_u64(j, "syn_queue_limit", l->syn_limit);
	tcphs_json_u64(j, "accept_queue", l->accept_queue);
	tcphs_json_u64(j, "accept_queue_max", l->accept_max);
	tcphs_json_u64(j, "accept_queue_limit", l->accept_limit);
	tcphs_json_u64(j, "accepted", l->accepted);
	put_number(j, "accepted_per_s", r->accepts);
	tcphs_json_u64(j, "accept_overflows", l->overflows);
	put_number(j, "accept_overflows_per_s", r->overflows);
	tcphs_json_u64(j, "syn_drops", l->drops);
	put_number(j, "syn_drops_per_s", r->drops);
	tcphs_json_open(j, "accept_wait", '{');
	put_quantiles(j, &r->wait);
	tcphs_json_close(j, '}');
}

static void put_conn(struct tcphs_json *j, const void *row)
{
	const struct tcphs_conn_info *c = row;
	char buf[TCPHS_NAME_LEN];

	tcphs_json_hex(j, "conn", c->conn);
	tcphs_json_u64(j, "generation", c->generation);
	tcphs_json_str(j, "state", tcphs_state_key(c->state, buf));
	tcphs_json_u64(j, "age_ns", c->age);
	tcphs_json_u64(j, "life_ns", c->life);
	tcphs_json_address(j, "local", c->family, c->local);
	tcphs_json_u64(j, "local_port", c->local_port);
	tcphs_json_address(j, "peer", c->family, c->peer);
	tcphs_json_u64(j, "peer_port", c->peer_port);
	tcphs_json_str(j, "family", c->family == AF_INET6 ? "ipv6" : "ipv4");
	tcphs_json_u64(j, "netns", c->netns);
	tcphs_json_str(j, "role", tcphs_role_name(c->role, buf));
	tcphs_json_owner(j, "", &c->owner);
	if (c->adopted)
		tcphs_json_bool(j, "adopted", true);
}

static void put_rows(struct tcphs_json *j, const struct top_model *m, enum top_screen screen)
{
	const void *row;
	size_t i;

	tcphs_json_open(j, screen == TOP_LISTENERS ? "listeners" : "connections", '[');
	for (i = 0; (row = model_row(m, screen, i)); i++) {
		tcphs_json_open(j, NULL, '{');
		if (screen == TOP_LISTENERS)
			put_listener(j, row);
		else
			put_conn(j, row);
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
	struct timespec now;
	struct tcphs_json j;

	clock_gettime(CLOCK_REALTIME, &now);
	tcphs_json_begin(&j, out);
	tcphs_json_u64(&j, "time_ns", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	if (!m->valid) {
		tcphs_json_str(&j, "error", m->why.text);
	} else {
		put_status(&j, m);
		put_rows(&j, m, ui->screen);
	}
	tcphs_json_end(&j);
}

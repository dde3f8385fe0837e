/* SPDX-License-Identifier: GPL-2.0 */
/* One event as one JSON object; tcphs(8) documents the fields. */
#include <sys/socket.h>

#include "cli.h"

static void ident_json(struct tcphs_json *j, const struct tcphs_event *ev)
{
	const struct tcphs_ident *id = &ev->id;
	char buf[TCPHS_NAME_LEN];

	tcphs_json_address(j, "local", id->family, id->local);
	tcphs_json_u64(j, "local_port", id->local_port);
	tcphs_json_address(j, "peer", id->family, id->peer);
	tcphs_json_u64(j, "peer_port", id->peer_port);
	tcphs_json_str(j, "family", id->family == AF_INET6 ? "ipv6" : "ipv4");
	tcphs_json_str(j, "role", tcphs_role_name(id->role, buf));
	if (ev->flags & TCPHS_F_MAPPED)
		tcphs_json_bool(j, "mapped", true);
	if (ev->flags & TCPHS_F_ISN)
		tcphs_json_u64(j, "isn", id->isn);
	if (ev->flags & TCPHS_F_PEER_ISN)
		tcphs_json_u64(j, "peer_isn", id->peer_isn);
}

static void queue_json(struct tcphs_json *j, const struct tcphs_queue *q)
{
	tcphs_json_hex(j, "listener", q->listener);
	tcphs_json_u64(j, "syn_queue", q->syn_queue);
	tcphs_json_u64(j, "syn_limit", q->syn_limit);
	tcphs_json_u64(j, "accept_queue", q->accept_queue);
	tcphs_json_u64(j, "accept_limit", q->accept_limit);
}

static void agreed_json(struct tcphs_json *j, const struct tcphs_agreed *a)
{
	char buf[TCPHS_NAME_LEN];
	unsigned int i;

	tcphs_json_u64(j, "window", a->window);
	tcphs_json_u64(j, "mss", a->mss);
	tcphs_json_open(j, "options", '[');
	for (i = 0; i < 16; i++)
		if (a->options & 1u << i)
			tcphs_json_str(j, NULL, tcphs_option_name(i, buf));
	tcphs_json_close(j, ']');
	tcphs_json_u64(j, "snd_wscale", a->snd_wscale);
	tcphs_json_u64(j, "rcv_wscale", a->rcv_wscale);
	tcphs_json_u64(j, "retransmits", a->retransmits);
}

static void life_json(struct tcphs_json *j, const struct tcphs_life *life)
{
	char buf[TCPHS_NAME_LEN];

	tcphs_json_u64(j, "bytes_sent", life->bytes_sent);
	tcphs_json_u64(j, "bytes_received", life->bytes_received);
	tcphs_json_u64(j, "handshake_us", life->handshake_us);
	tcphs_json_u64(j, "retransmits", life->retransmits);
	tcphs_json_str(j, "closer", tcphs_closer_name(life->closer, buf));
}

static void flags_json(struct tcphs_json *j, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_ADOPTED)
		tcphs_json_bool(j, "adopted", true);
	if (ev->flags & TCPHS_F_UNTRACKED)
		tcphs_json_bool(j, "untracked", true);
	if (ev->flags & TCPHS_F_TIME_WAIT_AHEAD)
		tcphs_json_bool(j, "time_wait_ahead", true);
}

/**
 * event_json - one event as a line
 * @out: where to
 * @ev: the event
 */
void event_json(struct tcphs_buf *out, const struct tcphs_event *ev)
{
	char buf[TCPHS_NAME_LEN];
	struct tcphs_json j;

	tcphs_json_begin(&j, out);
	tcphs_json_u64(&j, "time", ev->time);
	tcphs_json_u64(&j, "cpu", ev->cpu);
	tcphs_json_u64(&j, "number", ev->number);
	tcphs_json_hex(&j, "conn", ev->id.conn);
	tcphs_json_u64(&j, "generation", ev->id.generation);
	tcphs_json_u64(&j, "netns", ev->id.netns);
	tcphs_json_str(&j, "event", tcphs_event_name(ev->type, buf));
	tcphs_json_str(&j, "old", tcphs_state_key(ev->old_state, buf));
	tcphs_json_str(&j, "new", tcphs_state_key(ev->new_state, buf));
	ident_json(&j, ev);
	if (ev->flags & TCPHS_F_SEQ)
		tcphs_json_u64(&j, "seq", ev->seq);
	if (ev->flags & TCPHS_F_ACK)
		tcphs_json_u64(&j, "ack", ev->ack);
	if (ev->reason != TCPHS_REASON_NONE)
		tcphs_json_str(&j, "reason", tcphs_reason_name(ev->reason, buf));
	if (ev->flags & TCPHS_F_DURATION)
		tcphs_json_u64(&j, "duration_ns", ev->duration);
	if (ev->flags & TCPHS_F_OWNER) {
		tcphs_json_u64(&j, "pid", ev->id.pid);
		tcphs_json_bytes(&j, "comm", ev->id.comm,
				 strnlen((const char *)ev->id.comm, sizeof(ev->id.comm)));
	}
	if (ev->flags & TCPHS_F_QUEUE)
		queue_json(&j, &ev->queue);
	else if (ev->flags & TCPHS_F_AGREED)
		agreed_json(&j, &ev->agreed);
	else if (ev->flags & TCPHS_F_LIFE)
		life_json(&j, &ev->life);
	flags_json(&j, ev);
	tcphs_json_end(&j);
}

/**
 * event_json_lost - a hole in the record
 * @out: where to
 * @cpu: whose ring
 * @count: how many are missing
 */
void event_json_lost(struct tcphs_buf *out, uint32_t cpu, uint64_t count)
{
	struct tcphs_json j;

	tcphs_json_begin(&j, out);
	tcphs_json_str(&j, "event", "lost");
	tcphs_json_u64(&j, "cpu", cpu);
	tcphs_json_u64(&j, "lost", count);
	tcphs_json_end(&j);
}

/**
 * hist_json - a histogram as its quantiles
 * @j: the writer
 * @key: its name
 * @h: the histogram
 */
void hist_json(struct tcphs_json *j, const char *key, const struct tcphs_histogram *h)
{
	tcphs_json_open(j, key, '{');
	tcphs_json_u64(j, "count", h->count);
	tcphs_json_u64(j, "p50_ns", tcphs_hist_quantile(h, 500));
	tcphs_json_u64(j, "p90_ns", tcphs_hist_quantile(h, 900));
	tcphs_json_u64(j, "p99_ns", tcphs_hist_quantile(h, 990));
	tcphs_json_u64(j, "max_ns", h->max_ns);
	tcphs_json_close(j, '}');
}

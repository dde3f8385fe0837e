/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of listeners: what arrived, what waited, what found a full queue. */
#include <stdlib.h>

#include "evidence_parts.h"

/* Requests that are remembered for an answer that found no room. */
#define OVERFLOWED_MOST	65536

struct overflowed {
	uint64_t conn;		/* the request */
	bool counted;
	bool over;		/* it came in at last, or it ended */
};

static void merge_server(void *into, const void *entry)
{
	const struct server *s = entry;
	struct server *sum = into;

	sum->syns += s->syns;
	sum->queued += s->queued;
	sum->accepted += s->accepted;
	sum->established += s->established;
	sum->slow += s->slow;
	sum->resent += s->resent;
	sum->overflows += s->overflows;
	sum->syns_dropped += s->syns_dropped;
	sum->cookies_sent += s->cookies_sent;
	sum->cookies_valid += s->cookies_valid;
	sum->ended += s->ended;
	sum->closed_first += s->closed_first;
	resets_merge(&sum->resets, &s->resets);
}

void queue_init(struct evidence *e)
{
	e->servers = (struct tally)TALLY_INIT(struct server, at, .limit = PEERS_MOST,
					      .merge = merge_server);
	e->queues = (struct tally)TALLY_INIT(struct queue, key, .limit = QUEUES_MOST);
	e->overflowed = (struct tally)TALLY_INIT(struct overflowed, conn,
						 .limit = OVERFLOWED_MOST);
}

/* What listens is reported whatever happens elsewhere. */
static struct server *listener_at(struct evidence *e, const struct place *at)
{
	struct server *s = evidence_get(e, &e->servers, at);

	if (!s)
		return NULL;
	s->listening = true;
	tally_keep(&e->servers, s);
	return s;
}

static struct server *server_at(struct evidence *e, const struct place *local)
{
	const struct server *s = evidence_server(e, local);

	/* Once more: that it was asked for counts. */
	return evidence_get(e, &e->servers, s ? &s->at : local);
}

static struct queue *queue_of(struct evidence *e, uint64_t conn, const struct place *at)
{
	const struct queue key = { .key = { conn, e->boots } };
	struct queue *q = conn ? evidence_get(e, &e->queues, &key.key) : NULL;

	if (q)
		q->at = *at;
	return q;
}

/* ---- events ----------------------------------------------------------------------- */

static void wait_count(struct tcphs_histogram *h, uint64_t ns)
{
	h->count++;
	h->bucket[tcphs_hist_bucket(ns)]++;
	raise(&h->max_ns, ns);
}

/* The same request may answer again and again: it counts once, and while it waits. */
static void answer_overflowed(struct evidence *e, struct server *s, uint64_t conn)
{
	struct overflowed *o = conn ? evidence_get(e, &e->overflowed, &conn) : NULL;

	if (!o || o->counted)
		return;
	o->counted = true;
	s->answered++;
}

static void request_over(struct evidence *e, struct server *s, uint64_t conn)
{
	struct overflowed *o = tally_find(&e->overflowed, &conn);

	if (!o || o->over)
		return;
	o->over = true;
	s->answered -= s->answered > 0;
}

static void syn_dropped(struct server *s, uint8_t reason)
{
	s->overflows += reason == TCPHS_REASON_ACCEPT_QUEUE_FULL;
	s->by_backlog += reason == TCPHS_REASON_SYN_BACKLOG;
	s->syns_dropped += reason == TCPHS_REASON_SYN_QUEUE_FULL ||
			   reason == TCPHS_REASON_SYN_BACKLOG;
}

static void request_event(struct evidence *e, struct server *s, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_RECEIVED:
		s->syns++;
		return;
	case TCPHS_EV_SYN_DROPPED:
		syn_dropped(s, ev->reason);
		return;
	case TCPHS_EV_SYN_DUPLICATE:
		s->syns_again++;
		return;
	case TCPHS_EV_SYNCOOKIE_SENT:
		s->cookies_sent++;
		return;
	case TCPHS_EV_SYNACK_RETRANSMIT:
		s->resent += ev->resend.number == 1;
		return;
	case TCPHS_EV_ACK_DEFERRED:
		s->deferred++;
		return;
	case TCPHS_EV_ACCEPT_OVERFLOW:
		s->overflows++;
		s->acks_dropped++;
		answer_overflowed(e, s, ev->id.conn);
		return;
	case TCPHS_EV_REQUEST_EXPIRED:
		s->expired++;
		break;
	case TCPHS_EV_REQUEST_RESET:
		s->reset += ev->reason == TCPHS_REASON_RESET_RECEIVED;
		s->cut += ev->reason == TCPHS_REASON_LISTENER_CLOSED;
		if (ev->reason == TCPHS_REASON_RESET_RECEIVED)
			s->resets.count[PHASE_HANDSHAKE][SIDE_PEER][ev->reason]++;
		break;
	case TCPHS_EV_ACCEPT_QUEUED:
		s->queued++;
		s->cookies_valid += ev->reason == TCPHS_REASON_SYNCOOKIE;
		break;
	default:
		return;
	}
	request_over(e, s, ev->id.conn);
}

static void server_event(struct server *s, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_LISTEN:
		if (ev->flags & TCPHS_F_OWNER)
			own(&s->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
		break;
	case TCPHS_EV_ESTABLISHED:
		s->established++;
		s->slow += ev->flags & TCPHS_F_AGREED && ev->agreed.retransmits;
		break;
	case TCPHS_EV_ACCEPTED:
		s->accepted++;
		if (ev->flags & TCPHS_F_OWNER)
			own(&s->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
		break;
	case TCPHS_EV_UNLISTEN:
		if (ev->flags & TCPHS_F_OWNER && ev->flags & TCPHS_F_QUEUE &&
		    ev->queue.accept_queue)
			own(&s->cutter, ev->id.pid, ev->id.comm, ev->id.cgroup);
		break;
	case TCPHS_EV_CLOSED:
		s->ended++;
		s->closed_first += ev->flags & TCPHS_F_LIFE &&
				   ev->life.closer == TCPHS_CLOSER_LOCAL &&
				   ev->flags & TCPHS_F_TIME_WAIT_AHEAD;
		break;
	}
	if (ev->flags & TCPHS_F_QUEUE)
		s->limit = ev->queue.accept_limit;
}

static void cut_short(struct queue *q, uint64_t time, bool booted)
{
	if (time - q->stalled <= q->cut_short)
		return;
	q->cut_short = time - q->stalled;
	q->booted = booted;
}

/* The one socket of the server that it happened at. */
static void socket_event(struct evidence *e, const struct tcphs_event *ev, const struct place *at)
{
	struct queue *q = ev->flags & TCPHS_F_QUEUE ?
			  queue_of(e, ev->queue.listener, at) : NULL;

	if (!q)
		return;
	q->limit = ev->queue.accept_limit;
	q->waiting = ev->queue.accept_queue;
	if (ev->type == TCPHS_EV_UNLISTEN && q->stalled && q->waiting)
		cut_short(q, ev->time, false);
	if (!q->waiting || ev->type == TCPHS_EV_UNLISTEN)
		q->stalled = 0;
	else if (!q->stalled || ev->type == TCPHS_EV_ACCEPTED)
		q->stalled = ev->time;
	switch (ev->type) {
	case TCPHS_EV_ACCEPTED:
		q->accepted++;
		q->emptied += !ev->queue.accept_queue;
		if (ev->flags & TCPHS_F_DURATION)
			wait_count(&q->wait, ev->duration);
		if (ev->flags & TCPHS_F_OWNER)
			own(&q->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
		break;
	case TCPHS_EV_LISTEN:
		if (ev->flags & TCPHS_F_OWNER)
			own(&q->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
		break;
	case TCPHS_EV_SYN_DROPPED:
	case TCPHS_EV_ACCEPT_OVERFLOW:
		q->overflows += ev->reason == TCPHS_REASON_ACCEPT_QUEUE_FULL;
		break;
	}
}

/* Something happened to a listener, or to a connection that it has. */
void queue_event(struct evidence *e, const struct tcphs_event *ev, const struct place *local)
{
	/* A listener is a place of its own, whatever else holds the port. */
	struct server *s = ev->type == TCPHS_EV_LISTEN ? listener_at(e, local) :
			   server_at(e, local);

	if (!s)
		return;
	s->passive = true;
	if (is_reset(ev)) {
		s->aborted += ev->type == TCPHS_EV_RST_SENT &&
			      ev->reason == TCPHS_REASON_ACCEPT_QUEUE_FULL;
		s->cut_waiting += ev->type == TCPHS_EV_RST_SENT &&
				  ev->reason == TCPHS_REASON_LISTENER_CLOSED;
		close_reset(&s->resets, ev);
		return;
	}
	request_event(e, s, ev);
	server_event(s, ev);
	socket_event(e, ev, &s->at);
}

/* Who has waited so long was not accepted any more. */
void queue_boot(struct evidence *e)
{
	struct queue *q;
	size_t i;

	tally_each(&e->queues, q, i) {
		if (q->stalled)
			cut_short(q, e->ended, true);
		q->stalled = 0;
	}
	/* No request of before gets another answer. */
	tally_free(&e->overflowed);
}

/* ---- tables ----------------------------------------------------------------------- */

static struct place place_of_listener(const struct tcphs_listener *l)
{
	struct place at = place_of(l->family, l->address, l->port, l->netns);

	at.ifindex = l->ifindex;
	return at;
}

void queue_before(struct evidence *e, const struct tables *t)
{
	const struct tcphs_listener *l;
	struct queue *q;
	struct place at;
	size_t i;

	for (i = 0; i < t->listeners.nr; i++) {
		l = &t->listeners.v[i];
		at = place_of_listener(l);
		listener_at(e, &at);
		q = queue_of(e, l->conn, &at);
		if (!q)
			continue;
		tally_keep(&e->queues, q);
		q->before = true;
		q->waiting_before = l->accept_queue;
		q->first.accepted = l->accepted;
		q->first.overflows = l->overflows;
		q->first.drops = l->drops;
		q->first.discards = l->discards;
		q->first.cookies_sent = l->cookies_sent;
		q->first.cookies_valid = l->cookies_valid;
		q->first.wait = l->wait;
	}
}

/* A histogram of what was added between two of them; the largest may be an older one. */
static void wait_between(struct tcphs_histogram *wait, const struct tcphs_histogram *before,
			 const struct tcphs_histogram *now)
{
	unsigned int i, last = 0;

	*wait = (struct tcphs_histogram){ .count = now->count - before->count };
	for (i = 0; i < TCPHS_HIST_BUCKETS; i++) {
		wait->bucket[i] = now->bucket[i] - before->bucket[i];
		if (wait->bucket[i])
			last = i;
	}
	if (!wait->count)
		return;
	wait->max_ns = tcphs_hist_upper(last);
	if (now->max_ns < wait->max_ns)
		wait->max_ns = now->max_ns;
}

/* listen() again on the same socket starts its counters anew. */
static void forget_first(struct queue *q, const struct tcphs_listener *l)
{
	if (q->first.accepted > l->accepted || q->first.overflows > l->overflows ||
	    q->first.drops > l->drops ||
	    q->first.discards > l->discards || q->first.cookies_sent > l->cookies_sent ||
	    q->first.cookies_valid > l->cookies_valid ||
	    q->first.wait.count > l->wait.count)
		memset(&q->first, 0, sizeof(q->first));
}

static void socket_after(struct queue *q, const struct tcphs_listener *l)
{
	forget_first(q, l);
	q->now = true;
	q->waiting = l->accept_queue;
	q->limit = l->accept_limit;
	q->idle_known = l->has_idle;
	q->idle = l->idle;
	raise(&q->accepted, l->accepted - q->first.accepted);
	raise(&q->overflows, l->overflows - q->first.overflows);
	wait_between(&q->wait, &q->first.wait, &l->wait);
	if (l->owner.known && !q->owner.known)
		own(&q->owner, l->owner.pid, l->owner.comm, l->owner.cgroup);
}

static void listener_after(struct evidence *e, const struct tcphs_listener *l)
{
	struct place at = place_of_listener(l);
	struct queue *q = queue_of(e, l->conn, &at);
	struct server *s = listener_at(e, &at);

	if (!s || !q)
		return;
	tally_keep(&e->queues, q);
	socket_after(q, l);
	s->sockets++;
	memcpy(s->device, l->device, sizeof(s->device));
	if (s->sockets == 1 || l->accept_limit < s->limit)
		s->limit = l->accept_limit;
	if (l->owner.known && !s->owner.known)
		own(&s->owner, l->owner.pid, l->owner.comm, l->owner.cgroup);
	s->counted.accepted += l->accepted - q->first.accepted;
	s->counted.overflows += l->overflows - q->first.overflows;
	s->counted.drops += l->drops - q->first.drops;
	s->counted.discards += l->discards - q->first.discards;
	s->counted.cookies_sent += l->cookies_sent - q->first.cookies_sent;
	s->counted.cookies_valid += l->cookies_valid - q->first.cookies_valid;
}

struct waiting {
	uint64_t listener;
	uint64_t ns;
};

static int by_listener(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->listener != y->listener)
		return x->listener < y->listener ? -1 : 1;
	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/*
 * Who waits for accept() now, and for how long? A queue is first in, first out, so those
 * who are in it are the youngest: as many as the kernel says. Others were accepted since,
 * or in a way that nobody saw.
 */
static void waiting_after(struct evidence *e, const struct tcphs_conn_list *list)
{
	struct waiting *v = calloc(list->nr + 1, sizeof(*v));
	struct queue key = { .key.boot = e->boots }, *q = NULL;
	size_t i, n = 0, k = 0;

	if (!v) {
		e->no_memory = true;
		return;
	}
	for (i = 0; i < list->nr; i++)
		if (list->v[i].listener)
			v[n++] = (struct waiting){ list->v[i].listener, list->v[i].waiting };
	qsort(v, n, sizeof(*v), by_listener);
	for (i = 0; i < n; i++) {
		if (!i || v[i].listener != v[i - 1].listener) {
			key.key.conn = v[i].listener;
			q = tally_find(&e->queues, &key.key);
			k = 0;
		}
		if (!q || k++ >= q->waiting)
			continue;
		q->oldest = v[i].ns;
		q->long_waits += v[i].ns >= LONG_NS;
	}
	free(v);
}

/* Where records were lost, the counters say what they would have shown. */
static void server_counters(struct server *s, const struct counters *c)
{
	uint64_t drops = counters_grown(c, "TcpExtTCPReqQFullDrop");

	raise(&s->accepted, s->counted.accepted);
	raise(&s->queued, s->counted.accepted);
	raise(&s->overflows, s->counted.overflows);
	raise(&s->cookies_sent, s->counted.cookies_sent);
	raise(&s->cookies_valid, s->counted.cookies_valid);
	/* Other causes have no part in what that counter counts. */
	if (s->counted.drops < s->counted.overflows + drops)
		drops = s->counted.drops > s->counted.overflows ?
			s->counted.drops - s->counted.overflows : 0;
	raise(&s->syns_dropped, drops);
}

void queue_after(struct evidence *e, const struct tables *t)
{
	struct server *s;
	size_t i;

	for (i = 0; i < t->listeners.nr; i++)
		listener_after(e, &t->listeners.v[i]);
	waiting_after(e, &t->connections);
	if (e->lost)
		tally_each(&e->servers, s, i)
			server_counters(s, &e->counters);
}

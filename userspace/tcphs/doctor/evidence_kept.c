/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Evidence out of what is kept: of a time of which the ring has nothing any more, only what
 * went wrong is remembered. So it is counted apart, and never beside what went well.
 */
#include "evidence_kept.h"
#include "evidence_parts.h"

static void merge_mishap(void *into, const void *entry)
{
	const struct mishap *m = entry;
	struct mishap *sum = into;

	if (!sum->count || m->first < sum->first)
		sum->first = m->first;
	raise(&sum->last, m->last);
	sum->count += m->count;
}

void kept_init(struct evidence *e)
{
	e->mishaps = (struct tally)TALLY_INIT(struct mishap, key, .limit = PEERS_MOST,
					      .merge = merge_mishap);
}

static bool is_first(const struct tcphs_event *ev)
{
	return ev->flags & TCPHS_F_RESEND && ev->resend.number == 1;
}

static enum way way_of_connect(unsigned int reason)
{
	switch (reason) {
	case TCPHS_REASON_TIMEOUT:
		return WAY_CONNECT_TIMEOUT;
	case TCPHS_REASON_NO_PORT:
		return WAY_NO_PORT;
	case TCPHS_REASON_CLOSED_BY_USER:
	case TCPHS_REASON_DISCONNECT:
		return WAY_CONNECT_GIVEN_UP;
	default:
		return WAY_CONNECT_FAILED;
	}
}

static enum way way_of_end(unsigned int reason)
{
	switch (reason) {
	case TCPHS_REASON_TIMEOUT:
		return WAY_TIMED_OUT;
	case TCPHS_REASON_TIME_WAIT_FULL:
		return WAY_TIME_WAIT_FULL;
	case TCPHS_REASON_NO_MEMORY:
		return WAY_NO_MEMORY;
	default:
		return WAY_NONE;
	}
}

static enum way way_of_request(const struct tcphs_event *ev)
{
	if (ev->reason == TCPHS_REASON_LISTENER_CLOSED)
		return WAY_LISTENER_CLOSED;
	return ev->type == TCPHS_EV_REQUEST_EXPIRED ? WAY_HALF_OPEN : WAY_HANDSHAKE_RESET;
}

/* What went wrong in this step; most steps of such a life are as those of others. */
static enum way way_of(const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_ACCEPT_OVERFLOW:
		return WAY_ACCEPT_QUEUE;
	case TCPHS_EV_SYN_DROPPED:
		return ev->reason == TCPHS_REASON_ACCEPT_QUEUE_FULL ? WAY_ACCEPT_QUEUE : WAY_SYN_QUEUE;
	case TCPHS_EV_SYNCOOKIE_SENT:
		return WAY_SYN_COOKIE;
	case TCPHS_EV_REQUEST_EXPIRED:
	case TCPHS_EV_REQUEST_RESET:
		return way_of_request(ev);
	case TCPHS_EV_CONNECT_FAILED:
		return way_of_connect(ev->reason);
	case TCPHS_EV_CLOSED:
		return way_of_end(ev->reason);
	case TCPHS_EV_SYN_RETRANSMIT:
		return is_first(ev) ? WAY_SYN_LOST : WAY_NONE;
	case TCPHS_EV_SYNACK_RETRANSMIT:
		return is_first(ev) ? WAY_SYNACK_LOST : WAY_NONE;
	case TCPHS_EV_FIN_RETRANSMIT:
		return is_first(ev) ? WAY_FIN_LOST : WAY_NONE;
	case TCPHS_EV_RST_SENT:
		if (ev->reason == TCPHS_REASON_LISTENER_CLOSED)
			return WAY_LISTENER_CLOSED;
		return ev->reason == TCPHS_REASON_NO_SOCKET || !ev->id.conn ? WAY_NOBODY : WAY_RESET_BY_US;
	case TCPHS_EV_RST_RECEIVED:
		/* The answer to a SYN is in connect-failed. */
		return ev->old_state == TCPHS_STATE_SYN_SENT ? WAY_NONE : WAY_RESET_BY_PEER;
	case TCPHS_EV_SYN_UNEXPECTED:
		return WAY_MET_OLD;
	default:
		return WAY_NONE;
	}
}

/* Where: a listener of ours, where we connect to, or this network namespace. */
static struct place place_of_way(const struct evidence *e, const struct tcphs_event *ev,
				 enum way way, bool *passive)
{
	struct place local = local_of(&ev->id), peer = peer_of(&ev->id);
	struct place nowhere = { .netns = ev->id.netns };

	*passive = false;
	if (way == WAY_NOBODY || way == WAY_NO_MEMORY || way == WAY_TIME_WAIT_FULL)
		return nowhere;
	*passive = ev->old_state == TCPHS_STATE_LISTEN || ev->old_state == TCPHS_STATE_SYN_RECV ||
		   evidence_is_passive(e, ev->id.role, &local, &peer);
	return *passive ? local : peer;
}

/**
 * evidence_kept - something happened of which only what went wrong is remembered
 * @e: the evidence
 * @ev: what
 */
void evidence_kept(struct evidence *e, const struct tcphs_event *ev)
{
	struct mishap key = { .count = 0 }, *m;
	enum way way = way_of(ev);
	bool passive;

	if (!e->kept_records++)
		e->kept_from = ev->time;
	raise(&e->kept_to, ev->time);
	if (way == WAY_NONE)
		return;
	key.key.at = place_of_way(e, ev, way, &passive);
	key.key.way = (uint16_t)way;
	key.key.reason = way == WAY_CONNECT_FAILED ? ev->reason : 0;
	key.key.passive = passive;
	m = evidence_get(e, &e->mishaps, &key.key);
	if (!m)
		return;
	if (!m->count++)
		m->first = ev->time;
	raise(&m->last, ev->time);
	if (ev->flags & TCPHS_F_OWNER)
		own(&m->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
}

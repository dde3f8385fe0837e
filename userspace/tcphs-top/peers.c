// SPDX-License-Identifier: GPL-2.0
#include "conn_life.h"
#include "peers.h"

/**
 * peers_init - none yet
 * @p: the peers
 */
void peers_init(struct peers *p)
{
	*p = (struct peers){
		.tally = TALLY_INIT(struct top_peer, key, .limit = TOP_PEERS_MOST),
	};
}

static void count_handshake(struct top_peer *peer, const struct tcphs_event *ev)
{
	struct tcphs_histogram *h = &peer->handshake;

	if (ev->flags & TCPHS_F_RESTORED)
		return;
	if (ev->id.role == TCPHS_ROLE_PASSIVE)
		peer->opened++;
	else
		peer->connected++;
	if (!(ev->flags & TCPHS_F_DURATION))
		return;
	h->bucket[tcphs_hist_bucket(ev->duration)]++;
	h->count++;
	if (ev->duration > h->max_ns)
		h->max_ns = ev->duration;
}

static void count(struct top_peer *peer, const struct tcphs_event *ev)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
	case TCPHS_EV_SYN_RECEIVED:
		peer->begun++;
		break;
	case TCPHS_EV_ESTABLISHED:
		count_handshake(peer, ev);
		break;
	case TCPHS_EV_SYN_DROPPED:
	case TCPHS_EV_REQUEST_EXPIRED:
	case TCPHS_EV_REQUEST_RESET:
	case TCPHS_EV_CONNECT_FAILED:
		peer->failed++;
		break;
	case TCPHS_EV_RST_RECEIVED:
		peer->resets++;
		break;
	case TCPHS_EV_RST_SENT:
		peer->resets_here++;
		break;
	case TCPHS_EV_SYN_RETRANSMIT:
	case TCPHS_EV_SYNACK_RETRANSMIT:
		peer->resent++;
		break;
	}
}

/**
 * peers_add - something happened
 * @p: the peers
 * @ev: what
 */
void peers_add(struct peers *p, const struct tcphs_event *ev)
{
	struct top_peer key = { .key = { .family = ev->id.family, .netns = ev->id.netns } };
	struct top_peer *peer;

	if (tcphs_event_of_listener(ev) || !ev->id.peer_port)
		return;
	memcpy(key.key.address, ev->id.peer, sizeof(key.key.address));
	peer = tally_get(&p->tally, &key.key);
	if (!peer)
		return;
	count(peer, ev);
	peer->steps++;
	peer->last = ev->time;
	if (!tcphs_event_failed(ev))
		return;
	peer->failed_at = ev->time;
	peer->reason = ev->reason;
}

/**
 * peers_rates - a refresh
 * @p: the peers
 * @seconds: since the one before
 */
void peers_rates(struct peers *p, double seconds)
{
	struct top_peer *peer;
	size_t i;

	tally_each(&p->tally, peer, i) {
		peer->rate = p->rated && seconds > 0 ?
			(double)(peer->begun - peer->begun_before) / seconds : 0;
		peer->begun_before = peer->begun;
	}
	p->rated = true;
}

/**
 * peers_at - one of them
 * @p: the peers
 * @i: less than peers_count()
 */
const struct top_peer *peers_at(const struct peers *p, size_t i)
{
	return tally_at(&p->tally, i);
}

/**
 * peers_count - how many there are
 * @p: the peers
 */
size_t peers_count(const struct peers *p)
{
	return p->tally.nr;
}

/**
 * peers_free - gives the memory back
 * @p: the peers, none then
 */
void peers_free(struct peers *p)
{
	tally_free(&p->tally);
	peers_init(p);
}

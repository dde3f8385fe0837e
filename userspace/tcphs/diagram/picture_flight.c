/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which departure belongs to which arrival.
 *
 * When both ends are on this machine, a segment is recorded where it leaves and
 * where it comes in. Some departures are implied: the SYN+ACK by the SYN it
 * answers, the third ACK by ESTABLISHED, the ACK of a FIN by the FIN.
 */
#include "picture.h"

unsigned int tcphs_picture_side(const struct tcphs_picture *p, const struct tcphs_event *ev)
{
	const struct tcphs_ident *left = &p->end[TCPHS_LEFT].id;

	/* Its one socket is on both sides of each segment. */
	if (p->self)
		return TCPHS_LEFT;
	if (ev->id.local_port == left->local_port && ev->id.peer_port == left->peer_port &&
	    !memcmp(ev->id.local, left->local, sizeof(left->local)))
		return TCPHS_LEFT;
	return TCPHS_RIGHT;
}

static struct tcphs_flight leaves(uint8_t kind, bool implied)
{
	return (struct tcphs_flight){ .kind = kind, .implied = implied };
}

static struct tcphs_flight arrives(uint8_t kind)
{
	return (struct tcphs_flight){ .kind = kind, .arrives = true };
}

/* @acked: the third ACK has come to this end, and led to the accept queue. */
static unsigned int of_handshake(const struct tcphs_event *ev, bool *acked,
				 struct tcphs_flight *f)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
	case TCPHS_EV_SYN_RETRANSMIT:
		f[0] = leaves(TCPHS_KIND_SYN, false);
		return 1;
	case TCPHS_EV_SYN_RECEIVED:
	case TCPHS_EV_SYNCOOKIE_SENT:
		f[0] = arrives(TCPHS_KIND_SYN);
		f[1] = leaves(TCPHS_KIND_SYNACK, true);
		return 2;
	case TCPHS_EV_SYN_DUPLICATE:
	case TCPHS_EV_SYN_DROPPED:
		f[0] = arrives(TCPHS_KIND_SYN);
		return 1;
	case TCPHS_EV_SYN_UNEXPECTED:
		f[0] = arrives(TCPHS_KIND_OTHER_SYN);
		f[1] = leaves(TCPHS_KIND_CHALLENGE, true);
		return ev->reason == TCPHS_REASON_CHALLENGE_ACK ? 2 : 1;
	case TCPHS_EV_SYNACK_RETRANSMIT:
		f[0] = leaves(TCPHS_KIND_SYNACK, false);
		return 1;
	case TCPHS_EV_ACCEPT_QUEUED:
		/* By Fast Open it is the SYN that leads there. */
		*acked = ev->reason != TCPHS_REASON_FASTOPEN;
		f[0] = arrives(TCPHS_KIND_ACK);
		return *acked;
	case TCPHS_EV_ACK_DEFERRED:
	case TCPHS_EV_ACCEPT_OVERFLOW:
		f[0] = arrives(TCPHS_KIND_ACK);
		return 1;
	case TCPHS_EV_ESTABLISHED:
		if (ev->flags & TCPHS_F_RESTORED)
			return 0;
		if (ev->id.role == TCPHS_ROLE_PASSIVE) {
			f[0] = arrives(TCPHS_KIND_ACK);
			return !*acked;
		}
		f[0] = arrives(TCPHS_KIND_SYNACK);
		f[1] = leaves(TCPHS_KIND_ACK, true);
		return ev->id.role == TCPHS_ROLE_SIMULTANEOUS ? 1 : 2;
	}
	return 0;
}

static unsigned int of_close(const struct tcphs_event *ev, struct tcphs_flight *f)
{
	switch (ev->type) {
	case TCPHS_EV_FIN_SENT:
	case TCPHS_EV_FIN_RETRANSMIT:
		f[0] = leaves(TCPHS_KIND_FIN, false);
		return 1;
	case TCPHS_EV_FIN_RECEIVED:
		/* In FIN-WAIT-2 the record of TIME-WAIT has the ACK, where there is one. */
		f[0] = arrives(TCPHS_KIND_FIN);
		f[1] = leaves(TCPHS_KIND_FIN_ACK, true);
		return ev->new_state == TCPHS_STATE_TIME_WAIT ? 1 : 2;
	case TCPHS_EV_TIME_WAIT_FIN:
		f[0] = arrives(TCPHS_KIND_FIN);
		return 1;
	case TCPHS_EV_FIN_ACKED:
		f[0] = arrives(TCPHS_KIND_FIN_ACK);
		return 1;
	case TCPHS_EV_TIME_WAIT:
		/* In CLOSING the peer's FIN was confirmed before. */
		f[0] = leaves(TCPHS_KIND_FIN_ACK, false);
		return ev->old_state == TCPHS_STATE_CLOSING ? 0 : 1;
	case TCPHS_EV_RST_SENT:
		f[0] = leaves(TCPHS_KIND_RST, false);
		f[1] = arrives(TCPHS_KIND_CHALLENGE);
		return ev->reason == TCPHS_REASON_OLD_ACK ? 2 : 1;
	case TCPHS_EV_RST_RECEIVED:
		f[0] = arrives(TCPHS_KIND_RST);
		return 1;
	case TCPHS_EV_ICMP_RECEIVED:
		f[0] = arrives(TCPHS_KIND_ICMP);
		return 1;
	case TCPHS_EV_REQUEST_RESET:
		f[0] = arrives(TCPHS_KIND_RST);
		return ev->reason == TCPHS_REASON_RESET_RECEIVED;
	}
	return 0;
}

/* What both ends record alike. Of an ACK it is the number that it confirms. */
static void set_key(struct tcphs_flight *f, const struct tcphs_event *ev)
{
	if (f->kind == TCPHS_KIND_FIN_ACK && f->implied) {
		f->has_key = ev->flags & TCPHS_F_SEQ;
		f->key = ev->seq + 1;
	} else if (f->kind == TCPHS_KIND_FIN_ACK) {
		f->has_key = ev->flags & TCPHS_F_ACK;
		f->key = ev->ack;
	} else if (f->kind == TCPHS_KIND_SYN && ev->type == TCPHS_EV_SYNCOOKIE_SENT) {
		f->has_key = ev->flags & TCPHS_F_PEER_ISN;
		f->key = ev->id.peer_isn;
	} else if (f->kind == TCPHS_KIND_SYN || f->kind == TCPHS_KIND_FIN ||
		   f->kind == TCPHS_KIND_RST || f->kind == TCPHS_KIND_OTHER_SYN) {
		f->has_key = ev->flags & TCPHS_F_SEQ;
		f->key = ev->seq;
	} else if (f->kind == TCPHS_KIND_SYNACK) {
		f->has_key = ev->flags & (f->arrives ? TCPHS_F_PEER_ISN : TCPHS_F_ISN);
		f->key = f->arrives ? ev->id.peer_isn : ev->id.isn;
	} else {
		f->has_key = ev->flags & (f->arrives ? TCPHS_F_ISN : TCPHS_F_PEER_ISN);
		f->key = (f->arrives ? ev->id.isn : ev->id.peer_isn) + 1;
	}
}

static bool same_way(const struct tcphs_flight *a, const struct tcphs_flight *b)
{
	return a->kind == b->kind && a->from == b->from && a->event != b->event &&
	       !(a->has_key && b->has_key && a->key != b->key);
}

/* As many arrivals as departures: none was lost, and they kept their order. */
static bool all_arrived(const struct tcphs_flight *flight, size_t nr,
			const struct tcphs_flight *one)
{
	size_t i, left = 0, came = 0;

	for (i = 0; i < nr; i++) {
		if (flight[i].kind != one->kind || flight[i].from != one->from)
			continue;
		if (flight[i].arrives)
			came++;
		else
			left++;
	}
	return left == came;
}

/*
 * Where an arrival came from: the latest departure before it, since earlier ones
 * were resent for not arriving. The record of a departure may be the later one.
 */
static size_t find_departure(const struct tcphs_flight *flight, size_t nr, size_t arrival)
{
	bool in_order = all_arrived(flight, nr, &flight[arrival]);
	size_t i, found = TCPHS_NO_MATE;

	for (i = 0; i < nr; i++) {
		if (flight[i].arrives || flight[i].mate != TCPHS_NO_MATE ||
		    !same_way(&flight[i], &flight[arrival]))
			continue;
		if (found == TCPHS_NO_MATE || (i < arrival && !in_order))
			found = i;
	}
	return found;
}

/* A SYN that an older connection of the other end answered came in there. */
static bool met_old(const struct tcphs_flight *flight, size_t syn, size_t until)
{
	size_t i;

	for (i = syn + 1; i < until; i++)
		if (flight[i].kind == TCPHS_KIND_CHALLENGE && flight[i].arrives &&
		    flight[i].from != flight[syn].from)
			return true;
	return false;
}

static void find_lost(struct tcphs_flight *flight, size_t nr)
{
	size_t i, k;

	for (i = 0; i < nr; i++) {
		if (flight[i].arrives || flight[i].mate != TCPHS_NO_MATE)
			continue;
		for (k = i + 1; k < nr && !flight[i].lost; k++)
			flight[i].lost = !flight[k].arrives && flight[k].mate != TCPHS_NO_MATE &&
					 same_way(&flight[i], &flight[k]) &&
					 !met_old(flight, i, k);
	}
}

/**
 * tcphs_flights - the way of each segment that events show
 * @p: the picture they come into
 * @ev: the events, oldest first
 * @nr: how many
 * @flight: gets what leaves and arrives, with its mate where both are recorded
 *
 * Return: how many there are, at most TCPHS_FLIGHTS_MAX for each event.
 */
size_t tcphs_flights(const struct tcphs_picture *p, const struct tcphs_event *const *ev,
		     size_t nr, struct tcphs_flight *flight)
{
	bool acked[2] = { p->end[0].acked, p->end[1].acked };
	unsigned int n, k, side;
	size_t i, from, nf = 0;

	for (i = 0; i < nr; i++) {
		side = tcphs_picture_side(p, ev[i]);
		n = of_handshake(ev[i], &acked[side], flight + nf);
		if (!n)
			n = of_close(ev[i], flight + nf);
		for (k = 0; k < n; k++, nf++) {
			flight[nf].event = i;
			flight[nf].from = flight[nf].arrives && !p->self ? !side : side;
			flight[nf].mate = TCPHS_NO_MATE;
			set_key(&flight[nf], ev[i]);
		}
	}
	for (i = 0; i < nf; i++) {
		if (!flight[i].arrives)
			continue;
		from = find_departure(flight, nf, i);
		if (from == TCPHS_NO_MATE)
			continue;
		flight[i].mate = from;
		flight[from].mate = i;
	}
	find_lost(flight, nf);
	return nf;
}

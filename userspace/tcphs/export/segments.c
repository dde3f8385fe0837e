/* SPDX-License-Identifier: GPL-2.0 */
/* Records to segments. */
#include "segments.h"

/* The segment whose SEQ and ACK the record has. */
static struct segment recorded(const struct tcphs_event *ev, uint8_t flags, bool came)
{
	return (struct segment){
		.flags = flags, .came = came, .seq = ev->seq, .ack = ev->ack,
		.known_ack = ev->flags & TCPHS_F_ACK,
	};
}

/* A listener answers: the record has the SYN, and the ISN of the answer. */
static unsigned int answered(const struct tcphs_event *ev, struct segment *seg)
{
	seg[0] = recorded(ev, TH_SYN, true);
	if (!(ev->flags & TCPHS_F_ISN))
		return 1;
	/* With Fast Open it confirms data, too, and how many is not known yet. */
	seg[1] = (struct segment){
		.flags = TH_SYN | TH_ACK, .seq = ev->id.isn, .ack = ev->seq + 1,
		.known_ack = ev->reason != TCPHS_REASON_FASTOPEN,
	};
	return 2;
}

/* Both sent a SYN: its number is not in the record, and not that of the answer. */
static unsigned int answered_both(const struct tcphs_event *ev, struct segment *seg)
{
	if (!(ev->flags & TCPHS_F_ISN))
		return 0;
	seg[0] = (struct segment){ .flags = TH_SYN | TH_ACK, .seq = ev->id.isn };
	return 1;
}

static unsigned int cookie_sent(const struct tcphs_event *ev, struct segment *seg)
{
	/* The record has the numbers of the SYN+ACK, which confirms the SYN alone. */
	seg[0] = (struct segment){ .flags = TH_SYN, .came = true, .seq = ev->ack - 1 };
	seg[1] = recorded(ev, TH_SYN | TH_ACK, false);
	return 2;
}

static unsigned int established(const struct tcphs_event *ev, struct segment *seg)
{
	if (ev->id.role == TCPHS_ROLE_PASSIVE) {
		seg[0] = recorded(ev, TH_ACK, true);
		seg[0].again = true;
		return 1;
	}
	/* Both sent a SYN+ACK, and that or an ACK has come: which, is not recorded. */
	if (ev->id.role == TCPHS_ROLE_SIMULTANEOUS)
		return 0;
	seg[0] = (struct segment){
		.flags = TH_SYN | TH_ACK, .came = true, .seq = ev->ack - 1, .ack = ev->seq,
		.known_ack = true,
	};
	seg[1] = recorded(ev, TH_ACK, false);
	return 2;
}

static struct segment reset(const struct tcphs_event *ev, bool came)
{
	return recorded(ev, ev->flags & TCPHS_F_ACK ? TH_RST | TH_ACK : TH_RST, came);
}

static unsigned int one(struct segment *seg, struct segment is)
{
	*seg = is;
	return 1;
}

static unsigned int one_again(struct segment *seg, struct segment is)
{
	is.resend = true;
	return one(seg, is);
}

/* What the record would have, were its numbers known. */
static unsigned int of_event(const struct tcphs_event *ev, struct segment *seg)
{
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
		return one(seg, recorded(ev, TH_SYN, false));
	case TCPHS_EV_SYN_RETRANSMIT:
		return one_again(seg, recorded(ev, TH_SYN, false));
	case TCPHS_EV_SYN_RECEIVED:
		return answered(ev, seg);
	case TCPHS_EV_SYNCOOKIE_SENT:
		return cookie_sent(ev, seg);
	case TCPHS_EV_SYN_DROPPED:
	case TCPHS_EV_SYN_DUPLICATE:
	case TCPHS_EV_SYN_UNEXPECTED:
		return one(seg, recorded(ev, TH_SYN, true));
	case TCPHS_EV_SYNACK_RETRANSMIT:
		return one_again(seg, recorded(ev, TH_SYN | TH_ACK, false));
	case TCPHS_EV_ACCEPT_QUEUED:
		/* By Fast Open it was the SYN, and syn-received has recorded it. */
		return ev->reason == TCPHS_REASON_FASTOPEN ? 0 :
		       one(seg, recorded(ev, TH_ACK, true));
	case TCPHS_EV_ACCEPT_OVERFLOW:
	case TCPHS_EV_ACK_DEFERRED:
	case TCPHS_EV_FIN_ACKED:
		return one(seg, recorded(ev, TH_ACK, true));
	case TCPHS_EV_ESTABLISHED:
		return ev->flags & TCPHS_F_RESTORED ? 0 : established(ev, seg);
	case TCPHS_EV_FIN_SENT:
		return one(seg, recorded(ev, TH_FIN | TH_ACK, false));
	case TCPHS_EV_FIN_RETRANSMIT:
		return one_again(seg, recorded(ev, TH_FIN | TH_ACK, false));
	case TCPHS_EV_FIN_RECEIVED:
	case TCPHS_EV_TIME_WAIT_FIN:
		return one(seg, recorded(ev, TH_FIN | TH_ACK, true));
	case TCPHS_EV_TIME_WAIT:
		/* In CLOSING it left when the FIN came, which is not this moment. */
		return ev->old_state == TCPHS_STATE_CLOSING ? 0 :
		       one(seg, recorded(ev, TH_ACK, false));
	case TCPHS_EV_RST_SENT:
		return one(seg, reset(ev, false));
	case TCPHS_EV_RST_RECEIVED:
		return one(seg, reset(ev, true));
	case TCPHS_EV_REQUEST_RESET:
		return ev->reason != TCPHS_REASON_RESET_RECEIVED ? 0 :
		       one(seg, reset(ev, true));
	}
	return 0;
}

/**
 * segments_of - the segments that a record shows
 * @ev: the record
 * @seg: gets them, in their order
 * @numberless: counts those that can't be given, for no SEQ is recorded
 *
 * Return: how many.
 */
unsigned int segments_of(const struct tcphs_event *ev, struct segment seg[SEGMENTS_MAX],
			 uint64_t *numberless)
{
	unsigned int nr;

	if (ev->type == TCPHS_EV_SYN_RECEIVED && !(ev->flags & TCPHS_F_SEQ)) {
		++*numberless;
		return answered_both(ev, seg);
	}
	nr = of_event(ev, seg);
	if (!nr || ev->flags & TCPHS_F_SEQ)
		return nr;
	*numberless += nr;
	return 0;
}

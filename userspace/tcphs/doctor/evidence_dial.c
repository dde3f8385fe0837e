/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Evidence of who connects. Two habits of clients make connects fail on purpose: Happy
 * Eyeballs (RFC 8305) begin several and give up all but the first that is established; and
 * where a name has addresses of both families, one is tried after the other.
 */
#include "evidence_dial.h"
#include "evidence_parts.h"

/* Who gives up a connect that soon after another was established has no more use for it. */
#define RACE_NS		100000000ull
/* RFC 8305 begins the next after 2 s at the latest. */
#define HEAD_START_NS	2500000000ull
/* The other family is tried at once. */
#define FALLBACK_NS	1000000000ull

static void merge_dialler(void *into, const void *entry)
{
	const struct dialler *d = entry;
	struct dialler *sum = into;

	sum->connects += d->connects;
	sum->established += d->established;
}

void dial_init(struct evidence *e)
{
	e->diallers = (struct tally)TALLY_INIT(struct dialler, key, .limit = PEERS_MOST,
					       .merge = merge_dialler);
	e->fallbacks = (struct tally)TALLY_INIT(struct fallback, key, .limit = PEERS_MOST);
}

static uint64_t began(const struct tcphs_event *ev)
{
	return ev->flags & TCPHS_F_DURATION && ev->duration < ev->time ?
	       ev->time - ev->duration : ev->time;
}

static struct fallback *fallback_of(struct evidence *e, const struct tcphs_event *ev)
{
	struct fallback key = { .key = { .pid = ev->id.pid, .netns = ev->id.netns,
					 .port = ev->id.peer_port } };

	return evidence_get(e, &e->fallbacks, &key.key);
}

/* The failures of before were only the other address of the same host. */
static void fall_back(struct evidence *e, const struct tcphs_event *ev)
{
	struct fallback *f = fallback_of(e, ev);
	struct destination *d;
	uint64_t n;

	if (!f || !f->count)
		return;
	d = tally_find(&e->destinations, &f->from);
	if (d && f->from.family != ev->id.family && began(ev) <= f->failed_at + FALLBACK_NS) {
		/* One that made room and came again has only the failures since. */
		n = d->failed[f->reason] < f->count ? d->failed[f->reason] : f->count;
		d->failed[f->reason] -= n;
		d->fell_back += n;
	}
	f->count = 0;
}

static void failed(struct evidence *e, const struct tcphs_event *ev, const struct place *peer)
{
	struct fallback *f = fallback_of(e, ev);

	if (!f)
		return;
	if (f->reason != ev->reason || memcmp(&f->from, peer, sizeof(*peer)) ||
	    began(ev) > f->failed_at + FALLBACK_NS)
		f->count = 0;
	f->from = *peer;
	f->reason = ev->reason;
	f->failed_at = ev->time;
	/* A reason of a later module is counted nowhere, so it is not taken off either. */
	f->count += ev->reason <= TCPHS_REASON_MAX;
}

/* Was it closed because another, begun at about the same time, had just been established? */
static bool is_outrun(const struct dialler *who, const struct tcphs_event *ev,
		      const struct place *peer)
{
	return who->won_at && memcmp(&who->won, peer, sizeof(*peer)) &&
	       ev->time - who->won_at <= RACE_NS && began(ev) <= who->won_at &&
	       began(ev) + HEAD_START_NS >= who->won_began;
}

static bool is_given_up(unsigned int reason)
{
	return reason == TCPHS_REASON_CLOSED_BY_USER || reason == TCPHS_REASON_DISCONNECT;
}

/* Of processes that are not known it can only be counted how many connects went well. */
static void dial_unknown(struct evidence *e, const struct tcphs_event *ev)
{
	struct dialler key = { .key = { .netns = ev->id.netns } }, *who;

	who = evidence_get(e, &e->diallers, &key.key);
	if (!who)
		return;
	who->connects += ev->type == TCPHS_EV_SYN_SENT;
	who->established += ev->type == TCPHS_EV_ESTABLISHED;
}

/* A step of connect(); @d has counted it. */
void dial_event(struct evidence *e, struct destination *d, const struct tcphs_event *ev)
{
	struct dialler key = { .key = { ev->id.pid, ev->id.netns, e->boots } }, *who;
	struct place peer = d->at;

	if (!(ev->flags & TCPHS_F_OWNER)) {
		dial_unknown(e, ev);
		return;
	}
	who = evidence_get(e, &e->diallers, &key.key);
	if (!who)
		return;
	own(&who->owner, ev->id.pid, ev->id.comm, ev->id.cgroup);
	switch (ev->type) {
	case TCPHS_EV_SYN_SENT:
		who->connects++;
		who->won_at = 0;
		break;
	case TCPHS_EV_ESTABLISHED:
		who->established++;
		who->won = peer;
		who->won_at = ev->time;
		who->won_began = began(ev);
		fall_back(e, ev);
		break;
	case TCPHS_EV_CONNECT_FAILED:
		/* Without a SYN there was no beginning. */
		who->connects += ev->old_state == TCPHS_STATE_CLOSE;
		if (!is_given_up(ev->reason)) {
			failed(e, ev, &peer);
		} else if (is_outrun(who, ev, &peer)) {
			d->outrun++;
			d->outrun_by = who->won;
		}
		break;
	}
}

/* Nothing takes over from what failed before. */
void dial_boot(struct evidence *e)
{
	tally_free(&e->fallbacks);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The SYN queue of each listener: is it too short, or is somebody filling it? */
#include "report.h"

/* What became of the SYNs of a listener. */
struct outcome {
	uint64_t syns;			/* all of them */
	uint64_t met;			/* of these, with a request or a cookie */
	uint64_t silent;		/* of these, the client has not answered */
	uint64_t finished;
};

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/*
 * An answer is a third ACK, also one that found the accept queue full, or a RST. Of lost
 * records nobody knows whose they were: the counts of the namespace stand in for them, which
 * only a look has.
 */
static struct outcome outcome_of(const struct evidence *e, const struct server *s)
{
	const uint64_t *now = e->after.event, *before = e->before.event;
	uint64_t answered = s->queued - s->cookies_valid + s->answered + s->reset + s->cut;
	struct outcome o = { .finished = s->queued };
	uint64_t syns = s->syns;

	if (e->lost && e->live) {
		syns = now[TCPHS_EV_SYN_RECEIVED] - before[TCPHS_EV_SYN_RECEIVED];
		answered = now[TCPHS_EV_ACCEPT_QUEUED] - before[TCPHS_EV_ACCEPT_QUEUED] +
			   now[TCPHS_EV_REQUEST_RESET] - before[TCPHS_EV_REQUEST_RESET] +
			   now[TCPHS_EV_ACCEPT_OVERFLOW] - before[TCPHS_EV_ACCEPT_OVERFLOW];
		answered = less(answered, s->cookies_valid);
	}
	o.met = syns + s->cookies_sent;
	o.silent = less(syns, answered) + less(s->cookies_sent, s->cookies_valid);
	o.syns = o.met + s->syns_dropped;
	return o;
}

/* SYNs that found no place are what those are that found one. */
static bool is_flood(const struct outcome *o)
{
	return o->met && share(o->silent, FLOOD_PERMILLE, o->met) &&
	       o->silent * o->syns >= FLOOD_SYNS * o->met;
}

static void tell_outcome(struct finding *f, const struct server *s, const struct outcome *o)
{
	SAY(f->more, "%llu SYN%s, %llu finished handshake%s, %llu without an answer; room for %u",
	    (ull)o->syns, tcphs_plural(o->syns), (ull)o->finished, tcphs_plural(o->finished),
	    (ull)o->silent, s->limit);
}

static void dropping(const struct evidence *e, struct report *r, const struct server *s,
		     const struct outcome *o)
{
	bool flood = is_flood(o), cookies = e->settings.value[SETTING_SYNCOOKIES];
	bool many = s->syns_dropped >= DROPPED && share(s->syns_dropped, DROPPED_PERMILLE, o->syns);
	struct finding *f = report_add(r, many ? SEVERITY_CRITICAL : SEVERITY_WARNING,
				       flood ? "syn-flood" : "syn-queue-overflow",
				       "SYNs dropped by the rules of the SYN queue",
				       s->syns_dropped, many ? DROPPED : 1);

	finding_server(f, s);
	tell_outcome(f, s, o);
	SAY(f->cause, "%s %s",
	    flood ? "A SYN flood: most of these clients never answer." :
	    s->by_backlog > s->syns_dropped / 2 ?
		    "More handshakes are under way than tcp_max_syn_backlog lets in: its last quarter is for known peers." :
		    "More handshakes are under way than the SYN queue holds.",
	    cookies ? "SYN cookies were off when it happened." :
		      "Without SYN cookies honest clients are dropped with the others, and come a second or more late.");
	SAY(f->command, "tcphs events -f --local-port %u --event syn-dropped", s->at.port);
	if (!cookies)
		finding_setting(f, e, SETTING_SYNCOOKIES, "1");
	else if (s->by_backlog > s->syns_dropped / 2)
		finding_setting(f, e, SETTING_MAX_SYN_BACKLOG, "%llu",
				(ull)twice(e->settings.value[SETTING_MAX_SYN_BACKLOG]));
	else
		finding_backlog(f, e, s->limit);
}

static void cookies_out(const struct evidence *e, struct report *r, const struct server *s,
			const struct outcome *o)
{
	bool flood = is_flood(o);
	struct finding *f = report_add(r, SEVERITY_WARNING,
				       flood ? "syn-flood" : "syn-queue-full",
				       "SYN cookies sent", s->cookies_sent, DROPPED);

	finding_server(f, s);
	tell_outcome(f, s, o);
	SAY(f->command, "tcphs events -f --local-port %u --event syncookie-sent", s->at.port);
	if (e->settings.value[SETTING_SYNCOOKIES] == 2) {
		SAY(f->cause,
		    "SYN cookies are sent for every SYN, as they are set to 2, which is for tests: connections without timestamps lose options of theirs.");
		finding_setting(f, e, SETTING_SYNCOOKIES, "1");
	} else if (flood) {
		SAY(f->cause,
		    "A SYN flood: most of these clients never answer. SYN cookies keep the door open for honest ones; their addresses may be forged, so look where the SYNs come in.");
	} else {
		SAY(f->cause,
		    "More handshakes are under way than the SYN queue holds. SYN cookies help out; connections without timestamps lose window scaling and SACK by them.");
		finding_backlog(f, e, s->limit);
	}
}

/* SYN+ACKs go out and no third ACK comes, in a queue that is still long enough. */
static void half_open(const struct evidence *e, struct report *r, const struct server *s,
		      const struct outcome *o)
{
	uint64_t unanswered = less(s->resent, s->slow + s->answered);
	struct finding *f;

	/* Those that wait for data are no riddle. */
	if (s->deferred || unanswered < HALF_OPEN || !share(unanswered, HALF_OPEN_PERMILLE, s->syns))
		return;
	f = report_add(r, SEVERITY_WARNING, "half-open",
		       "handshakes whose SYN+ACK was sent again and not answered", unanswered,
		       HALF_OPEN);
	finding_server(f, s);
	SAY(f->more, "%llu SYN%s, %llu finished handshake%s, %llu given up; room for %u",
	    (ull)o->syns, tcphs_plural(o->syns), (ull)s->queued, tcphs_plural(s->queued),
	    (ull)s->expired, s->limit);
	SAY(f->cause, "%s",
	    s->syns_again < unanswered / 2 && !evidence_sees(e, HOOK_OF_REQUESTS) ?
		    "Our SYN+ACK does not reach the clients (routing, a firewall on the way back), or they do not answer it: a slow SYN flood, or a scan with forged addresses. Those whom it does not reach send their SYN again, which tcphs does not see on this kernel." :
	    s->syns_again >= unanswered / 2 ?
		    "The clients send their SYN again: our SYN+ACK does not reach them (routing, a firewall on the way back)." :
		    "Most clients do not answer the SYN+ACK, nor send their SYN again: a slow SYN flood or a scan with forged addresses.");
	SAY(f->command, "tcphs connections --local-port %u --state syn-recv", s->at.port);
}

/* Is the SYN queue too short, or is somebody filling it? */
void check_syn_queues(const struct evidence *e, struct report *r)
{
	uint64_t all = 0, dropped = 0, sent = 0;
	const struct server *s;
	struct outcome o;
	size_t i;

	tally_each(&e->servers, s, i) {
		o = outcome_of(e, s);
		all += s->syns + s->cookies_sent + s->syns_dropped;
		dropped += s->syns_dropped;
		sent += s->cookies_sent;
		/*
		 * Handshakes that cannot end, for the accept queue is full, fill the SYN queue
		 * too: that is reported there.
		 */
		if (!is_flood(&o) && report_blames(r, s))
			continue;
		if (s->syns_dropped)
			dropping(e, r, s, &o);
		else if (s->cookies_sent >= DROPPED)
			cookies_out(e, r, s, &o);
		else
			half_open(e, r, s, &o);
	}
	report_saw(r, "SYNs %llu, dropped %llu, answered by a SYN cookie %llu", (ull)all,
		   (ull)dropped, (ull)sent);
}

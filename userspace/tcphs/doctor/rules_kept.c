/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is kept of before the ring's reach, for what it is: so often this went wrong, then. How
 * much went well beside it nobody knows any more. So there is no share of anything here, and an
 * alarm only of what is wrong however seldom it is, or so frequent that no machine makes enough
 * good ones beside it.
 */
#include "evidence_kept.h"
#include "report.h"

#define FEW	3
#define MANY	100

struct words {
	const char *name, *measure, *cause, *events;
	bool alarm;			/* from FEW on; else from MANY */
	bool usual;			/* never */
};

static const struct words words[NR_WAYS] = {
	[WAY_ACCEPT_QUEUE] = {
		.name = "accept-queue-overflow",
		.measure = "SYNs and third ACKs that met a full accept queue",
		.cause = "The application did not accept fast enough, or connections came in a burst that was longer than the queue.",
		.events = "accept-overflow,syn-dropped",
		.alarm = true,
	},
	[WAY_SYN_QUEUE] = {
		.name = "syn-queue-overflow",
		.measure = "SYNs dropped by the rules of the SYN queue",
		.cause = "More handshakes were under way than the SYN queue holds, or than tcp_max_syn_backlog lets in.",
		.events = "syn-dropped",
		.alarm = true,
	},
	[WAY_SYN_COOKIE] = {
		.name = "syn-queue-full",
		.measure = "SYN cookies sent",
		.cause = "More handshakes were under way than the SYN queue holds: a burst, or a SYN flood.",
		.events = "syncookie-sent",
		.alarm = true,
	},
	[WAY_LISTENER_CLOSED] = {
		.name = "accept-queue-cut",
		.measure = "connections and handshakes that went with their listener",
		.cause = "The listener was closed while clients waited.",
		.events = "unlisten,rst-sent,request-reset,request-expired",
		.alarm = true,
	},
	[WAY_HALF_OPEN] = {
		.name = "half-open",
		.measure = "handshakes that were given up without a third ACK",
		.cause = "The clients did not answer the SYN+ACK, or it did not reach them.",
		.events = "request-expired",
	},
	[WAY_HANDSHAKE_RESET] = {
		.name = "handshake-reset-by-peer",
		.measure = "handshakes that the peer reset",
		.cause = "Clients reset instead of confirming the SYN+ACK: a scan, a health check, or clients that give up at once.",
		.events = "request-reset",
		.usual = true,
	},
	[WAY_CONNECT_TIMEOUT] = {
		.name = "connect-timeout",
		.measure = "connects without an answer",
		.cause = "Nothing answered our SYN: the host was down, a firewall dropped it without a word, the answer took a way on which it was lost; or the application there hung and its accept queue was full.",
		.events = "connect-failed",
	},
	[WAY_CONNECT_GIVEN_UP] = {
		.name = "connect-given-up",
		.measure = "connects that the application gave up",
		.cause = "No answer came as soon as the application wanted it; or it tries several addresses at once, and another was faster.",
		.events = "connect-failed",
		.usual = true,
	},
	[WAY_CONNECT_FAILED] = {
		.events = "connect-failed",
	},
	[WAY_NO_PORT] = {
		.name = "ports-exhausted",
		.measure = "connects that found no free port",
		.cause = "All local ports for that peer were in use or in TIME-WAIT.",
		.events = "connect-failed",
		.alarm = true,
	},
	[WAY_NO_MEMORY] = {
		.name = "orphans",
		.measure = "connections reset for too many orphans or too little memory",
		.cause = "There were too many orphans, or TCP took too much memory.",
		.events = "closed",
		.alarm = true,
	},
	[WAY_TIME_WAIT_FULL] = {
		.name = "time-wait-full",
		.measure = "connections that got no TIME-WAIT",
		.cause = "There were tcp_max_tw_buckets of them, or no memory.",
		.events = "closed",
		.alarm = true,
	},
	[WAY_TIMED_OUT] = {
		.name = "connections-timed-out",
		.measure = "open connections that a time-out ended",
		.cause = "The peer or the way to it was gone, or a NAT or firewall between had dropped its entry of an idle connection.",
		.events = "closed",
	},
	[WAY_RESET_BY_US] = {
		.name = "reset-by-us",
		.measure = "RSTs that we sent for connections",
		.cause = "The events have the reason of each.",
		.events = "rst-sent",
		.usual = true,
	},
	[WAY_RESET_BY_PEER] = {
		.name = "reset-by-peer",
		.measure = "RSTs that the peer sent for connections",
		.cause = "The peer closes with data that it has not read or with SO_LINGER 0, got data after it had closed, or something between us forges the RST.",
		.events = "rst-received",
		.usual = true,
	},
	[WAY_NOBODY] = {
		.name = "nobody-listens",
		.measure = "segments answered by RST because no socket was there",
		.cause = "Somebody wanted a service that did not run, or knocked at all doors.",
		.events = "rst-sent",
		.usual = true,
	},
	[WAY_MET_OLD] = {
		.name = "syn-meets-old",
		.measure = "SYNs that met an older connection from the same port",
		.cause = "The peer was restarted, or uses ports up faster than their connections end.",
		.events = "syn-unexpected",
	},
	[WAY_SYN_LOST] = {
		.name = "syn-loss",
		.measure = "connects whose SYN was sent again",
		.cause = "The SYN or its answer was lost on the way, or the peer dropped it.",
		.events = "syn-retransmit",
	},
	[WAY_SYNACK_LOST] = {
		.name = "synack-loss",
		.measure = "handshakes that needed the SYN+ACK again",
		.cause = "The SYN+ACK or the third ACK was lost on the way, or the accept queue was full.",
		.events = "synack-retransmit",
	},
	[WAY_FIN_LOST] = {
		.name = "fin-loss",
		.measure = "FINs that were sent again",
		.cause = "The FIN or its ACK was lost on the way, or came late.",
		.events = "fin-retransmit",
		.usual = true,
	},
};

static struct words words_of(const struct mishap *m)
{
	struct words w = words[m->key.way];

	if (m->key.way == WAY_CONNECT_FAILED)
		connect_words(m->key.reason, &w.name, &w.measure, &w.cause);
	return w;
}

static void tell(const struct evidence *e, struct report *r, const struct mishap *m)
{
	struct words w = words_of(m);
	uint64_t alarm = w.alarm ? FEW : MANY;
	bool alarming = !w.usual && m->count >= alarm;
	char port[32] = "", from[WHEN_LEN], to[WHEN_LEN];
	struct finding *f;

	f = report_add(r, alarming ? SEVERITY_WARNING : SEVERITY_NOTICE, w.name, w.measure,
		       m->count, alarming ? alarm : FEW);
	f->kept = true;
	f->from = m->first;
	f->to = m->last;
	if (m->key.at.family)
		finding_place(f, m->key.passive ? "listener" : "peer", &m->key.at);
	else
		finding_machine(f, "this network namespace");
	finding_owner(f, &m->owner);
	SAY(f->more, "how many went well in that time is no longer known");
	SAY(f->cause, "%s", w.cause);
	if (m->key.at.port)
		SAY(port, " --%s-port %u", m->key.passive ? "local" : "peer", m->key.at.port);
	fmt_when(from, e, m->first);
	/* Its second, to the end. */
	fmt_when(to, e, m->last + 1000000000);
	SAY(f->command, "tcphs events --kept --event %s%s --since %s --until %s", w.events, port,
	    from, to);
}

/**
 * judge_kept - what is kept of before the ring's reach
 * @e: the evidence
 * @r: the report
 */
void judge_kept(const struct evidence *e, struct report *r)
{
	const struct mishap *m;
	size_t i;

	tally_each(&e->mishaps, m, i)
		if (m->count >= FEW)
			tell(e, r, m);
}

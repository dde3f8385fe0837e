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
		"accept-queue-overflow", "SYNs and third ACKs that met a full accept queue",
		"The application did not accept fast enough, or connections came in a burst that was longer than the queue.",
		"accept-overflow,syn-dropped", .alarm = true },
	[WAY_SYN_QUEUE] = {
		"syn-queue-overflow", "SYNs dropped by the rules of the SYN queue",
		"More handshakes were under way than the SYN queue holds, or than tcp_max_syn_backlog lets in.",
		"syn-dropped", .alarm = true },
	[WAY_SYN_COOKIE] = {
		"syn-queue-full", "SYN cookies sent",
		"More handshakes were under way than the SYN queue holds: a burst, or a SYN flood.",
		"syncookie-sent", .alarm = true },
	[WAY_LISTENER_CLOSED] = {
		"accept-queue-cut", "connections and handshakes that went with their listener",
		"The listener was closed while clients waited.",
		"unlisten,rst-sent,request-reset,request-expired", .alarm = true },
	[WAY_HALF_OPEN] = {
		"half-open", "handshakes that were given up without a third ACK",
		"The clients did not answer the SYN+ACK, or it did not reach them.",
		"request-expired", .alarm = false },
	[WAY_HANDSHAKE_RESET] = {
		"handshake-reset-by-peer", "handshakes that the peer reset",
		"Clients reset instead of confirming the SYN+ACK: a scan, a health check, or clients that give up at once.",
		"request-reset", .usual = true },
	[WAY_CONNECT_TIMEOUT] = {
		"connect-timeout", "connects without an answer",
		"Nothing answered our SYN: the host was down, a firewall dropped it without a word, the answer took a way on which it was lost; or the application there hung and its accept queue was full.",
		"connect-failed", .alarm = false },
	[WAY_CONNECT_GIVEN_UP] = {
		"connect-given-up", "connects that the application gave up",
		"No answer came as soon as the application wanted it; or it tries several addresses at once, and another was faster.",
		"connect-failed", .usual = true },
	[WAY_CONNECT_FAILED] = { .events = "connect-failed" },
	[WAY_NO_PORT] = {
		"ports-exhausted", "connects that found no free port",
		"All local ports for that peer were in use or in TIME-WAIT.",
		"connect-failed", .alarm = true },
	[WAY_NO_MEMORY] = {
		"orphans", "connections reset for too many orphans or too little memory",
		"There were too many orphans, or TCP took too much memory.",
		"closed", .alarm = true },
	[WAY_TIME_WAIT_FULL] = {
		"time-wait-full", "connections that got no TIME-WAIT",
		"There were tcp_max_tw_buckets of them, or no memory.", "closed", .alarm = true },
	[WAY_TIMED_OUT] = {
		"connections-timed-out", "open connections that a time-out ended",
		"The peer or the way to it was gone, or a NAT or firewall between had dropped its entry of an idle connection.",
		"closed", .alarm = false },
	[WAY_RESET_BY_US] = {
		"reset-by-us", "RSTs that we sent for connections",
		"The events have the reason of each.", "rst-sent", .usual = true },
	[WAY_RESET_BY_PEER] = {
		"reset-by-peer", "RSTs that the peer sent for connections",
		"The peer closes with data that it has not read or with SO_LINGER 0, got data after it had closed, or something between us forges the RST.",
		"rst-received", .usual = true },
	[WAY_NOBODY] = {
		"nobody-listens", "segments answered by RST because no socket was there",
		"Somebody wanted a service that did not run, or knocked at all doors.",
		"rst-sent", .usual = true },
	[WAY_MET_OLD] = {
		"syn-meets-old", "SYNs that met an older connection from the same port",
		"The peer was restarted, or uses ports up faster than their connections end.",
		"syn-unexpected", .alarm = false },
	[WAY_SYN_LOST] = {
		"syn-loss", "connects whose SYN was sent again",
		"The SYN or its answer was lost on the way, or the peer dropped it.",
		"syn-retransmit", .alarm = false },
	[WAY_SYNACK_LOST] = {
		"synack-loss", "handshakes that needed the SYN+ACK again",
		"The SYN+ACK or the third ACK was lost on the way, or the accept queue was full.",
		"synack-retransmit", .alarm = false },
	[WAY_FIN_LOST] = {
		"fin-loss", "FINs that were sent again",
		"The FIN or its ACK was lost on the way, or came late.", "fin-retransmit",
		.usual = true },
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

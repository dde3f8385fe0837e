/* SPDX-License-Identifier: GPL-2.0 */
/* What goes wrong at the end of connections: states that do not end, and time-outs. */
#include <stdio.h>
#include <string.h>

#include "evidence_ends.h"
#include "report.h"

static bool grows(uint64_t before, uint64_t now)
{
	return now >= before + GROWN && share(now - before, GROWN_PERMILLE, before);
}

/* ---- CLOSE_WAIT ------------------------------------------------------------------ */

static const char *cause_of_leak(const struct holder *h, bool more)
{
	bool client = h->key.upstream.family;

	if (client && more)
		return "The server closed these connections, and the client that opened them does not: it leaks them, more and more, until it has no file descriptors left.";
	if (client)
		return "The server closed these connections, and the client that opened them does not. While their number stays it is mostly a pool of idle connections that looks at them only when it needs one: harmless, but for the request that is tried on one and reset.";
	if (!h->owner.known)
		return "The clients closed, and no process is known to have these connections: they wait for accept(), or are older than tcphs.";
	if (more)
		return "The clients closed and the application does not: it leaks sockets, more and more of them, until it has no file descriptors left.";
	return "The clients closed and the application does not: it hangs on them, works for a long time, or leaked them once. Their number does not grow.";
}

static void name_holder(struct finding *f, const struct holder *h)
{
	char upstream[TCPHS_ENDPOINT_LEN];
	size_t len;

	f->kind = "process";
	f->place = h->key.upstream.family ? h->key.upstream : h->local;
	if (!h->owner.known) {
		if (h->key.port)
			SAY(f->object, "unknown process, local port %u", h->key.port);
		else
			SAY(f->object, "unknown processes");
		if (h->key.port || h->key.upstream.family)
			f->place = h->key.upstream.family ? h->key.upstream : h->local;
	}
	finding_owner(f, &h->owner);
	if (!h->key.upstream.family)
		return;
	tcphs_fmt_endpoint(upstream, (uint8_t)h->key.upstream.family, h->key.upstream.address,
			   h->key.upstream.port);
	len = strlen(f->object);
	say(f->object + len, sizeof(f->object) - len, " to %s", upstream);
}

static void leaking(const struct evidence *e, struct report *r, const struct holder *h)
{
	bool more = grows(h->stuck_before, h->stuck), client = h->key.upstream.family;
	enum severity level = more ? SEVERITY_CRITICAL : client ? SEVERITY_NOTICE :
								  SEVERITY_WARNING;
	char oldest[TCPHS_DURATION_LEN], limit[TCPHS_DURATION_LEN];
	struct finding *f = report_add(r, level, "close-wait", "connections stuck in CLOSE-WAIT",
				       h->stuck, STUCK);
	uint16_t port = client ? h->key.upstream.port : h->local.port;

	name_holder(f, h);
	tcphs_fmt_duration(oldest, h->oldest, false);
	tcphs_fmt_duration(limit, e->stuck_ns, false);
	SAY(f->more, "stuck is %s and longer; before the look %llu were; %llu in all, the oldest for %s",
	    limit, (ull)h->stuck_before, (ull)h->now, oldest);
	SAY(f->cause, "%s", cause_of_leak(h, more));
	if (h->owner.known)
		SAY(f->command, "tcphs connections --state close-wait --pid %u --%s-port %u; ls /proc/%u/fd | wc -l; grep files /proc/%u/limits",
		    h->owner.pid, client ? "peer" : "local", port, h->owner.pid, h->owner.pid);
	else
		SAY(f->command, "ss -tnp state close-wait");
}

/* Nobody's before accept(): that nobody calls it is a finding of the listener. */
static bool is_waiting(const struct evidence *e, const struct report *r, const struct holder *h)
{
	return !h->owner.known && !h->key.upstream.family &&
	       report_blames(r, evidence_server(e, &h->local));
}

/* Does an application forget to close? */
void check_close_wait(const struct evidence *e, struct report *r)
{
	uint64_t now = 0, stuck = 0, before = 0;
	const struct holder *h;
	size_t i;

	tally_each(&e->holders, h, i) {
		now += h->now;
		stuck += h->stuck;
		before += h->stuck_before;
		if (h->stuck >= STUCK && !is_waiting(e, r, h))
			leaking(e, r, h);
	}
	report_saw(r, "now %llu, stuck %llu, before the look %llu", (ull)now, (ull)stuck,
		   (ull)before);
}

/* ---- states that do not end -------------------------------------------------------- */

/* With tcp_fin_timeout as it comes, the kernel ends a FIN_WAIT2 that no process holds by then. */
#define ORPHANED_NS	67000000000ull

static const char *cause_of_stuck(const struct straggler *s)
{
	switch (s->key.state) {
	case TCPHS_STATE_FIN_WAIT2:
		if (s->oldest <= ORPHANED_NS)
			return "We closed, the peer confirmed it and does not close: it has more to send (a half-close, which is honest), or it leaks sockets (CLOSE-WAIT there). What no process of ours holds any more ends by itself after a minute.";
		return "A process of ours has sent its FIN by shutdown() and still holds the socket, and the peer does not close: it has more to send (a half-close, which is honest), or it leaks sockets (CLOSE-WAIT there). The kernel ends only those that nobody holds, after a minute.";
	case TCPHS_STATE_LAST_ACK:
		return "Both closed, and our FIN is not confirmed: the peer or the way to it is gone; or it lives and its receive window is shut, with data of ours in front of the FIN. ss says which: timer:(on or timer:(persist.";
	default:
		return "We closed, and our FIN is not confirmed: the peer or the way to it is gone; or it lives and its receive window is shut, with data of ours in front of the FIN. ss says which: timer:(on or timer:(persist.";
	}
}

/* An honest half-close may last; a number of them that grows is a leak at one end. */
static enum severity severity_of_stuck(const struct straggler *s)
{
	if (s->key.state == TCPHS_STATE_FIN_WAIT2 && !grows(s->stuck_before, s->stuck))
		return SEVERITY_NOTICE;
	return SEVERITY_WARNING;
}

static void piling_up(const struct evidence *e, struct report *r, const struct straggler *s)
{
	char peer[TCPHS_ADDRESS_LEN], oldest[TCPHS_DURATION_LEN], limit[TCPHS_DURATION_LEN];
	char host[HOST_LEN];
	unsigned int state = s->key.state;
	/* Of these states there is a name, and the buffer is not used. */
	const char *name = tcphs_state_key(state, peer);
	struct finding *f = report_add(r, severity_of_stuck(s), name,
				       "connections stuck in this state", s->stuck, STUCK);

	finding_peer(f, s->key.family, s->key.address, peer);
	fmt_host(host, &f->place);
	finding_owner(f, &s->owner);
	tcphs_fmt_duration(oldest, s->oldest, false);
	tcphs_fmt_duration(limit, e->stuck_ns, false);
	SAY(f->more, "stuck is %s and longer; before the look %llu were; %llu in all, the oldest for %s",
	    limit, (ull)s->stuck_before, (ull)s->now, oldest);
	SAY(f->cause, "%s", cause_of_stuck(s));
	if (state == TCPHS_STATE_FIN_WAIT2)
		SAY(f->command, "tcphs connections --state %s --address %s", name, peer);
	else
		SAY(f->command, "ss -tneo state %s dst %s", name, host);
}

/* The other end, here too, is in CLOSE_WAIT: that is reported of its process. */
static bool is_twin(const struct evidence *e, const struct straggler *s)
{
	struct place peer = { .family = s->key.family, .netns = s->key.netns };

	memcpy(peer.address, s->key.address, sizeof(peer.address));
	return s->key.state == TCPHS_STATE_FIN_WAIT2 && evidence_is_here(e, &peer);
}

/* Do closed connections come to their end? */
void check_closing(const struct evidence *e, struct report *r)
{
	uint64_t now = 0, stuck = 0, before = 0;
	const struct straggler *s;
	size_t i;

	tally_each(&e->stragglers, s, i) {
		now += s->now;
		stuck += s->stuck;
		before += s->stuck_before;
		if (s->stuck >= STUCK && !is_twin(e, s))
			piling_up(e, r, s);
	}
	report_saw(r, "now %llu, stuck %llu, before the look %llu", (ull)now, (ull)stuck,
		   (ull)before);
}

/* ---- connections that die ----------------------------------------------------------- */

static void advise_keepalive(struct finding *f, const struct evidence *e)
{
	if (e->settings.value[SETTING_KEEPALIVE_TIME] > 300)
		finding_setting(f, e, SETTING_KEEPALIVE_TIME,
				"300, for sockets with SO_KEEPALIVE, which the application sets");
}

static void why_dead(const struct evidence *e, struct finding *f, uint64_t died, uint64_t probed)
{
	if (probed * 2 >= died) {
		SAY(f->cause,
		    "Keepalive was not answered: the peer lost power or network, or a NAT or firewall on the way has dropped its entry of the idle connection without a word. The peer may still believe in it.");
		return;
	}
	SAY(f->cause,
	    "What we sent was not acknowledged until retransmission gave up (tcp_retries2, or TCP_USER_TIMEOUT): the peer or the way to it is gone, or a NAT or firewall on it has dropped its entry of a connection that had been idle. Keepalive below its time-out would have kept it, or found it out before.");
	advise_keepalive(f, e);
}

static void dying(const struct evidence *e, struct report *r, const struct endings *x)
{
	bool critical = !x->key.passive && share(x->died, DIED_CRITICAL, x->ended);
	struct finding *f = report_add(r, critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
				       "connections-timed-out",
				       "open connections that a time-out ended", x->died, DIED);

	finding_endings(f, e, x, NULL);
	SAY(f->more, "of %llu that ended; %llu by keepalive, %llu by retransmission", (ull)x->ended,
	    (ull)x->probed, (ull)(x->died > x->probed ? x->died - x->probed : 0));
	why_dead(e, f, x->died, x->probed);
	SAY(f->command, "ss -tnoi %s :%u; tcphs events -f --%s-port %u --event closed --failed",
	    x->key.passive ? "sport =" : "dport =", x->key.at.port,
	    x->key.passive ? "local" : "peer", x->key.at.port);
}

static void dying_here_and_there(const struct evidence *e, struct report *r, uint64_t died,
				 uint64_t probed, uint64_t ended)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "connections-timed-out",
				       "open connections that a time-out ended", died, DIED);

	f->kind = "machine";
	SAY(f->object, "this network namespace");
	SAY(f->more, "to several peers, of %llu that ended; %llu by keepalive", (ull)ended,
	    (ull)probed);
	why_dead(e, f, died, probed);
	SAY(f->command, "tcphs events -f --event closed --failed");
}

static bool is_dying(const struct endings *x)
{
	return x->died >= DIED &&
	       (share(x->died, x->key.passive ? DIED_CLIENTS : DIED_PERMILLE, x->ended) ||
		(x->died >= DIED_MANY && share(x->died, DIED_PERMILLE, x->ended)));
}

/* Do open connections die of silence? */
void check_deaths(const struct evidence *e, struct report *r)
{
	uint64_t died = 0, ended = 0, few = 0, few_probed = 0, few_ended = 0;
	const struct endings *x;
	size_t i;

	tally_each(&e->ends->endings, x, i) {
		died += x->died;
		ended += x->ended;
		if (is_dying(x)) {
			dying(e, r, x);
		} else if (x->died < DIED) {
			few += x->died;
			few_probed += x->probed;
			few_ended += x->ended;
		}
	}
	if (few >= DIED && share(few, DIED_CLIENTS, few_ended))
		dying_here_and_there(e, r, few, few_probed, few_ended);
	report_saw(r, "open connections that timed out %llu, of %llu that ended", (ull)died,
		   (ull)ended);
}

/* ---- who closes first ----------------------------------------------------------------- */

/* Whose is TIME_WAIT? Who closes first has it. */
void check_closing_first(const struct evidence *e, struct report *r)
{
	uint64_t first = 0, ended = 0;
	const struct server *s;
	struct finding *f;
	size_t i;

	tally_each(&e->servers, s, i) {
		first += s->closed_first;
		ended += s->ended;
		if (s->closed_first < FIRST || !share(s->closed_first, FIRST_PERMILLE, s->ended))
			continue;
		f = report_add(r, SEVERITY_NOTICE, "server-closes-first",
			       "connections that the server closed first", s->closed_first,
			       FIRST);
		finding_server(f, s);
		if (e->live)
			SAY(f->more, "of %llu that ended; %llu of its connections are in TIME-WAIT",
			    (ull)s->ended, (ull)s->time_wait);
		else
			SAY(f->more, "of %llu that ended", (ull)s->ended);
		SAY(f->cause,
		    "The server closes before its clients do, so TIME-WAIT is here and not there. Harmless until there are very many; keep-alive or clients that close first avoid it.");
		SAY(f->command, "tcphs connections --state time-wait --local-port %u", s->at.port);
	}
	report_saw(r, "the server in %llu of %llu connection%s", (ull)first, (ull)ended,
		   tcphs_plural(ended));
}

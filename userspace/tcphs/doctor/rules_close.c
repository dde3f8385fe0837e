/* SPDX-License-Identifier: GPL-2.0 */
/* What goes wrong at the end of connections: resets, and states that do not end. */
#include <stdio.h>

#include "report.h"

#define RESETS		5
#define RESETS_PERMILLE	100	/* of the connections that ended */
#define SHUT		5
#define STUCK		3	/* connections for longer than stuck_ns */
#define GROWN		3
#define FIRST		10	/* closed by the server first */
#define FIRST_PERMILLE	500

/* ---- resets ---------------------------------------------------------------------- */

static const char *cause_of_ours(unsigned int reason)
{
	switch (reason) {
	case TCPHS_REASON_UNREAD_DATA:
		return "The application closes sockets with data that it has not read: the peer loses what was on its way.";
	case TCPHS_REASON_LINGER:
		return "The application closes with SO_LINGER 0, which resets on purpose.";
	case TCPHS_REASON_DATA_AFTER_CLOSE:
		return "The peer goes on sending after the application closed the socket.";
	case TCPHS_REASON_TIMEOUT:
		return "The peer stopped answering, and keepalive or a retransmission gave up.";
	case TCPHS_REASON_LISTENER_CLOSED:
		return "The listener was closed while connections waited for accept().";
	case TCPHS_REASON_KILLED:
		return "An administrator kills connections (ss -K).";
	case TCPHS_REASON_DISCONNECT:
		return "The application disconnects its sockets, by connect() to AF_UNSPEC.";
	case TCPHS_REASON_NO_MEMORY:
		return "There are too many orphans, or TCP takes too much memory.";
	case TCPHS_REASON_BAD_COOKIE:
		return "ACKs with SYN cookies that are not ours, or are too old: a scan, or an ACK flood.";
	default:
		return "This end resets: segments come that do not fit.";
	}
}

static const char cause_of_theirs[] =
	"The peer resets: it closes with SO_LINGER 0 or with data it has not read, it crashed, or something between us forges the RST (firewall, load balancer).";
static const char cause_of_their_handshake[] =
	"Clients reset instead of confirming the SYN+ACK: a health check or scan that only knocks, or forged addresses whose owners protest.";

static const char *cause_of(enum reset_phase phase, enum reset_side side, unsigned int reason)
{
	if (side == SIDE_US)
		return cause_of_ours(reason);
	return phase == PHASE_HANDSHAKE ? cause_of_their_handshake : cause_of_theirs;
}

static const char *const reset_names[NR_PHASES][NR_SIDES] = {
	[PHASE_HANDSHAKE]	= { "handshake-reset-by-us", "handshake-reset-by-peer" },
	[PHASE_OPEN]		= { "reset-by-us", "reset-by-peer" },
};

static const char *const reset_measures[NR_PHASES][NR_SIDES] = {
	[PHASE_HANDSHAKE]	= { "handshakes that we reset", "handshakes that the peer reset" },
	[PHASE_OPEN]		= { "connections that we reset", "connections that the peer reset" },
};

/* NULL: nothing to tell. The object is left to the caller. */
static struct finding *too_many(struct report *r, const struct resets *resets,
				enum reset_phase phase, enum reset_side side, uint64_t all,
				const char *of)
{
	uint64_t n = resets_sum(resets, phase, side);
	unsigned int reason = resets_most(resets, phase, side);
	char buf[TCPHS_NAME_LEN];
	struct finding *f;

	if (n < RESETS || !share(n, RESETS_PERMILLE, all))
		return NULL;
	f = report_add(r, SEVERITY_WARNING, reset_names[phase][side],
		       reset_measures[phase][side], n, RESETS);
	if (reason)
		SAY(f->more, "%llu %s; %u for: %s", (ull)all, of,
		    resets->count[phase][side][reason], tcphs_reason_name(reason, buf));
	else
		SAY(f->more, "%llu %s", (ull)all, of);
	SAY(f->cause, "%s", cause_of(phase, side, reason));
	SAY(f->command, "tcphs events -f --event %s",
	    phase == PHASE_HANDSHAKE && side == SIDE_PEER ? "request-reset" :
	    side == SIDE_US ? "rst-sent" : "rst-received");
	return f;
}

static void server_resets(struct report *r, const struct server *s, enum reset_phase phase,
			  enum reset_side side)
{
	bool handshake = phase == PHASE_HANDSHAKE;
	struct finding *f = too_many(r, &s->resets, phase, side, handshake ? s->syns : s->ended,
				     handshake ? "handshakes began" : "connections ended");

	if (f)
		finding_server(f, s);
}

/* A handshake of ours that is reset is a connect that was refused, which is told there. */
static void destination_resets(struct report *r, const struct destination *d, enum reset_side side)
{
	struct finding *f = too_many(r, &d->resets, PHASE_OPEN, side, d->ended,
				     "connections ended");

	if (f)
		finding_destination(f, d);
}

/* Who breaks connections, and why? */
void check_resets(const struct evidence *e, struct report *r)
{
	uint64_t sum[NR_PHASES][NR_SIDES] = { 0 };
	const struct destination *d;
	const struct server *s;
	int phase, side;
	size_t i;

	tally_each(&e->servers, s, i) {
		for (phase = 0; phase < NR_PHASES; phase++) {
			for (side = 0; side < NR_SIDES; side++) {
				sum[phase][side] += resets_sum(&s->resets, phase, side);
				server_resets(r, s, phase, side);
			}
		}
	}
	tally_each(&e->destinations, d, i) {
		for (side = 0; side < NR_SIDES; side++) {
			sum[PHASE_OPEN][side] += resets_sum(&d->resets, PHASE_OPEN, side);
			destination_resets(r, d, side);
		}
	}
	report_saw(r, "in handshakes by us %llu, by peers %llu; later by us %llu, by peers %llu",
		   (ull)sum[PHASE_HANDSHAKE][SIDE_US], (ull)sum[PHASE_HANDSHAKE][SIDE_PEER],
		   (ull)sum[PHASE_OPEN][SIDE_US], (ull)sum[PHASE_OPEN][SIDE_PEER]);
}

/* Who knocks where nobody is? */
void check_shut_ports(const struct evidence *e, struct report *r)
{
	char at[TCPHS_ENDPOINT_LEN], from[TCPHS_ENDPOINT_LEN];
	const struct shut *shut;
	uint64_t resets = 0;
	struct finding *f;
	size_t i;

	tally_each(&e->shut, shut, i) {
		resets += shut->resets;
		if (shut->resets < SHUT)
			continue;
		f = report_add(r, SEVERITY_WARNING, "nobody-listens",
			       "segments answered by RST because no socket is there",
			       shut->resets, SHUT);
		tcphs_fmt_endpoint(at, (uint8_t)shut->at.family, shut->at.address, shut->at.port);
		tcphs_fmt_endpoint(from, (uint8_t)shut->peer.family, shut->peer.address,
				   shut->peer.port);
		f->kind = "port";
		f->place = shut->at;
		SAY(f->object, "port %s", at);
		SAY(f->more, "the last from %s", from);
		SAY(f->cause,
		    "Somebody wants a service that does not run here (any more), or has connections that this machine has forgotten.");
		SAY(f->command, "ss -ltnp sport = :%u", shut->at.port);
	}
	report_saw(r, "ports %zu, segments %llu", e->shut.nr, (ull)resets);
}

/* ---- states that do not end -------------------------------------------------------- */

static const char *cause_of_leak(const struct holder *h, bool grows)
{
	if (!h->owner.known)
		return "The peers closed, and no process is known to have these connections: they wait for accept(), or are older than tcphs.";
	if (grows)
		return "The peers closed and the application does not: it leaks sockets, more and more of them, until it has no file descriptors left.";
	return "The peers closed and the application does not: it leaks sockets, or works on them for a long time.";
}

static void leaking(const struct evidence *e, struct report *r, const struct holder *h)
{
	bool grows = h->now >= h->before + GROWN;
	char oldest[TCPHS_DURATION_LEN], limit[TCPHS_DURATION_LEN], local[TCPHS_ENDPOINT_LEN];
	struct finding *f = report_add(r, grows ? SEVERITY_CRITICAL : SEVERITY_WARNING,
				       "close-wait", "connections stuck in CLOSE-WAIT", h->stuck,
				       STUCK);

	f->kind = "process";
	tcphs_fmt_endpoint(local, (uint8_t)h->local.family, h->local.address, h->local.port);
	if (!h->owner.known) {
		f->place = h->local;
		if (h->key.port)
			SAY(f->object, "unknown process, local port %u", h->key.port);
		else
			SAY(f->object, "unknown processes");
	}
	finding_owner(f, &h->owner);
	tcphs_fmt_duration(oldest, h->oldest, false);
	tcphs_fmt_duration(limit, e->stuck_ns, false);
	SAY(f->more, "stuck is %s and longer; %llu in all, before the look %llu; the oldest for %s, at %s",
	    limit, (ull)h->now, (ull)h->before, oldest, local);
	SAY(f->cause, "%s", cause_of_leak(h, grows));
	if (h->owner.known)
		SAY(f->command, "tcphs connections --state close-wait --pid %u; ls /proc/%u/fd | wc -l",
		    h->owner.pid, h->owner.pid);
	else
		SAY(f->command, "ss -tnp state close-wait");
}

/* Does an application forget to close? */
void check_close_wait(const struct evidence *e, struct report *r)
{
	uint64_t now = 0, stuck = 0;
	const struct holder *h;
	size_t i;

	tally_each(&e->holders, h, i) {
		now += h->now;
		stuck += h->stuck;
		if (h->stuck >= STUCK)
			leaking(e, r, h);
	}
	report_saw(r, "now %llu, stuck %llu", (ull)now, (ull)stuck);
}

static const char *cause_of_stuck(unsigned int state)
{
	switch (state) {
	case TCPHS_STATE_FIN_WAIT2:
		return "We closed, the peer confirmed it and does not close: it leaks sockets (CLOSE-WAIT there), or still has something to send.";
	case TCPHS_STATE_LAST_ACK:
		return "Both closed, and the ACK of our FIN does not come: the peer is gone, or the way to it is.";
	default:
		return "We closed, and the peer does not confirm it: it is gone, the way to it is, or its receive window is shut with data of ours still to come.";
	}
}

static void piling_up(const struct evidence *e, struct report *r, const struct straggler *s)
{
	char peer[TCPHS_ADDRESS_LEN], oldest[TCPHS_DURATION_LEN], limit[TCPHS_DURATION_LEN];
	unsigned int state = s->key.state;
	/* Of these states there is a name, and the buffer is not used. */
	const char *name = tcphs_state_key(state, peer);
	struct finding *f = report_add(r, SEVERITY_WARNING, name,
				       "connections stuck in this state", s->stuck, STUCK);

	tcphs_fmt_address(peer, (uint8_t)s->key.family, s->key.address);
	f->kind = "peer";
	f->place.family = s->key.family;
	memcpy(f->place.address, s->key.address, sizeof(f->place.address));
	SAY(f->object, "peer %s", peer);
	tcphs_fmt_duration(oldest, s->oldest, false);
	tcphs_fmt_duration(limit, e->stuck_ns, false);
	SAY(f->more, "stuck is %s and longer; %llu in all, the oldest for %s", limit,
	    (ull)s->now, oldest);
	SAY(f->cause, "%s", cause_of_stuck(state));
	SAY(f->command, "tcphs connections --state %s --address %s", name, peer);
	if (state == TCPHS_STATE_FIN_WAIT2 && e->settings.known[SETTING_FIN_TIMEOUT] &&
	    e->settings.value[SETTING_FIN_TIMEOUT] > 30)
		finding_setting(f, e, SETTING_FIN_TIMEOUT,
				"30; it ends only those that the application has closed");
}

/* Do closed connections come to their end? */
void check_closing(const struct evidence *e, struct report *r)
{
	const struct straggler *s;
	uint64_t now = 0, stuck = 0;
	size_t i;

	tally_each(&e->stragglers, s, i) {
		now += s->now;
		stuck += s->stuck;
		if (s->stuck >= STUCK)
			piling_up(e, r, s);
	}
	report_saw(r, "now %llu, stuck %llu", (ull)now, (ull)stuck);
}

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
	report_saw(r, "the server in %llu of %llu connections", (ull)first, (ull)ended);
}

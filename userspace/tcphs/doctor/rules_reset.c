/* SPDX-License-Identifier: GPL-2.0 */
/* Resets: who breaks connections, and what comes for those that are gone. */
#include "evidence_ends.h"
#include "report.h"

#define STRAY_PEERS	5	/* reported one by one */

/* Who checks the health of a server does it so often, from each address. */
#define CHECKS_A_SECOND	10

/* ---- resets ---------------------------------------------------------------------- */

static const char *cause_of_ours(unsigned int reason)
{
	switch (reason) {
	case TCPHS_REASON_UNREAD_DATA:
		return "The application closes sockets with data that it has not read: the peer gets a RST, and may lose what was on its way to it.";
	case TCPHS_REASON_LINGER:
		return "The application closes with SO_LINGER 0, which resets on purpose.";
	case TCPHS_REASON_DATA_AFTER_CLOSE:
		return "The peer goes on sending after the application closed the socket: it was answered before it had sent everything, or waited for too long. Who calls shutdown() and reads to the end before close() spares it the RST.";
	case TCPHS_REASON_TIMEOUT:
		return "The peer did not answer keepalive, or left its side open for too long after the close.";
	case TCPHS_REASON_KILLED:
		return "An administrator kills connections (ss -K).";
	case TCPHS_REASON_DISCONNECT:
		return "The application disconnects its sockets, by connect() to AF_UNSPEC.";
	case TCPHS_REASON_NO_MEMORY:
		return "There are too many orphans, or TCP takes too much memory.";
	default:
		return "This end resets: segments come that do not fit.";
	}
}

static const char cause_of_theirs[] =
	"The peer resets: it closes with SO_LINGER 0 or with data it has not read, it got data after it had closed, or something between us forges the RST (firewall, load balancer).";
static const char cause_after_fin[] =
	"We sent after the peer had closed: its FIN had come, and then data of ours met a socket that nobody reads. The application does not notice the end of file, or takes connections from a pool without a look at them.";
static const char cause_of_their_handshake[] =
	"Clients reset instead of confirming the SYN+ACK: a scan that only knocks, clients that give up at once, or forged addresses whose owners protest.";

static const char parted_by_client[] =
	"The client ends connections by RST where others send a FIN: it had its answers, all that was sent had come, and nothing was asked. HAProxy's idle connections, health checks and pools do so, to spare TIME-WAIT. That is meant, and loses nothing.";
static const char parted_by_server[] =
	"The server, or a firewall or load balancer between, ends idle connections by RST where others send a FIN. Nothing was under way, so nothing is lost; but a request that meets it fails. If neither end has such an idle time-out it is something between.";

static const char *cause_of(const struct endings *x, enum reset_phase phase, enum reset_side side,
			    unsigned int reason)
{
	if (side == SIDE_US)
		return cause_of_ours(reason);
	if (phase == PHASE_HANDSHAKE)
		return cause_of_their_handshake;
	return x->after_fin * 2 >= resets_sum(&x->resets, phase, side) ? cause_after_fin :
									 cause_of_theirs;
}

static const char *const reset_names[NR_PHASES][NR_SIDES] = {
	[PHASE_HANDSHAKE]	= { "handshake-reset-by-us", "handshake-reset-by-peer" },
	[PHASE_OPEN]		= { "reset-by-us", "reset-by-peer" },
};

static const char *const reset_measures[NR_PHASES][NR_SIDES] = {
	[PHASE_HANDSHAKE]	= { "handshakes that we reset", "handshakes that the peer reset" },
	[PHASE_OPEN]		= { "connections that we reset", "connections that the peer reset" },
};

/* Without those that have a finding of their own. */
static uint64_t resets_of(const struct endings *x, enum reset_phase phase, enum reset_side side)
{
	uint64_t n = resets_sum(&x->resets, phase, side), others = x->races[side];

	if (phase == PHASE_HANDSHAKE)
		return n - x->resets.count[phase][side][TCPHS_REASON_OLD_ACK];
	if (side == SIDE_US)
		others += x->probed;
	return n > others ? n - others : 0;
}

static uint64_t all_of(const struct evidence *e, const struct endings *x, enum reset_phase phase)
{
	const struct server *s = tally_find(&e->servers, &x->key.at);

	if (phase == PHASE_OPEN)
		return x->ended;
	return s ? s->syns : 0;
}

/* From few addresses, a few a second, each after the same request, and all on purpose. */
static bool are_checks(const struct evidence *e, const struct checks *c, uint64_t n)
{
	uint64_t seconds = (e->ended - e->began + 999999999) / 1000000000;

	return c->count * 10 >= n * 9 && !c->many && c->least == c->most &&
	       c->count <= c->nr * CHECKS_A_SECOND * (seconds ? seconds : 1);
}

static bool is_client(const struct endings *x, enum reset_side side)
{
	return side == (x->key.passive ? SIDE_PEER : SIDE_US);
}

static bool is_check(const struct evidence *e, const struct endings *x, enum reset_phase phase,
		     enum reset_side side, uint64_t n)
{
	if (phase == PHASE_HANDSHAKE)
		return side == SIDE_PEER && are_checks(e, &x->knocks, n);
	return is_client(x, side) && are_checks(e, &x->lives, n);
}

/* Who knocks resets instead of the third ACK: nothing was accepted. */
static void checked(const struct evidence *e, struct report *r, const struct endings *x,
		    const struct checks *c, uint64_t n, uint64_t all)
{
	struct finding *f = report_add(r, SEVERITY_NOTICE, "health-checks",
				       c == &x->knocks ? "handshakes that a health check reset" :
				       "connections that a health check reset", n, RESETS);
	char request[32] = "without a request";

	finding_endings(f, e, x, NULL);
	if (c->least)
		SAY(request, "after %llu byte%s", (ull)c->least, tcphs_plural(c->least));
	SAY(f->more, "of %llu; from few addresses, seldom, and each %s", (ull)all, request);
	SAY(f->cause,
	    "Load balancers check so: they connect, perhaps ask the same each time, and reset. That is meant, and costs nothing.");
	SAY(f->command, "tcphs events -f --%s-port %u --event rst-sent,rst-received,request-reset",
	    x->key.passive ? "local" : "peer", x->key.at.port);
}

static bool is_alarming(uint64_t n, uint64_t all)
{
	return n >= RESETS &&
	       share(n, n >= RESETS_MANY ? RESETS_PERMILLE / 10 : RESETS_PERMILLE, all);
}

/* Connections that were reset instead of closed, when nothing was under way. */
static void judge_partings(const struct evidence *e, struct report *r, const struct endings *x,
			   enum reset_side side)
{
	const struct partings *p = &x->partings[side];
	char least[TCPHS_DURATION_LEN], most[TCPHS_DURATION_LEN];
	struct finding *f;

	if (!is_alarming(p->count, x->ended))
		return;
	if (is_client(x, side) && are_checks(e, &p->like, p->count)) {
		checked(e, r, x, &p->like, p->count, x->ended);
		return;
	}
	f = report_add(r, SEVERITY_NOTICE, "closed-by-reset",
		       side == SIDE_US ? "connections that we reset when nothing was under way" :
		       "connections that the peer reset when nothing was under way", p->count,
		       RESETS);
	finding_endings(f, e, x, &p->owner);
	tcphs_fmt_duration(least, p->least, false);
	tcphs_fmt_duration(most, p->most, false);
	SAY(f->more, "of %llu that ended; %s to %s after the last data; %llu with the end of an answer unread",
	    (ull)x->ended, least, most, (ull)p->unread);
	SAY(f->cause, "%s", is_client(x, side) ? parted_by_client : parted_by_server);
	SAY(f->command, "tcphs events -f --%s-port %u --event %s",
	    x->key.passive ? "local" : "peer", x->key.at.port,
	    side == SIDE_US ? "rst-sent" : "rst-received");
}

static void judge_resets(const struct evidence *e, struct report *r, const struct endings *x,
			 enum reset_phase phase, enum reset_side side)
{
	uint64_t n = resets_of(x, phase, side), all = all_of(e, x, phase);
	unsigned int reason = resets_most(&x->resets, phase, side);
	char buf[TCPHS_NAME_LEN];
	struct finding *f;
	size_t len;

	if (!is_alarming(n, all))
		return;
	if (is_check(e, x, phase, side, n)) {
		checked(e, r, x, phase == PHASE_HANDSHAKE ? &x->knocks : &x->lives, n, all);
		return;
	}
	f = report_add(r, SEVERITY_WARNING, reset_names[phase][side],
		       reset_measures[phase][side], n, RESETS);
	finding_endings(f, e, x, side == SIDE_US ? &x->breaker : NULL);
	SAY(f->more, "%llu %s", (ull)all,
	    phase == PHASE_HANDSHAKE ? "handshakes began" : "connections ended");
	len = strlen(f->more);
	if (reason)
		say(f->more + len, sizeof(f->more) - len, "; %u for: %s",
		    x->resets.count[phase][side][reason], tcphs_reason_name(reason, buf));
	len = strlen(f->more);
	if (side == SIDE_US && x->follow_ups)
		say(f->more + len, sizeof(f->more) - len,
		    "; %llu segment%s more came for connections that we had reset",
		    (ull)x->follow_ups, tcphs_plural(x->follow_ups));
	SAY(f->cause, "%s", cause_of(x, phase, side, reason));
	SAY(f->command, "tcphs events -f --%s-port %u --event %s",
	    x->key.passive ? "local" : "peer", x->key.at.port,
	    phase == PHASE_HANDSHAKE && side == SIDE_PEER ? "request-reset" :
	    side == SIDE_US ? "rst-sent" : "rst-received");
}

/* ---- the keep-alive race ---------------------------------------------------------- */

static const char race_with_client[] =
	"The server closes connections after being idle for so long; the client's next request was on its way, and was answered by RST: a proxy makes a 502 of it. The client's idle time-out has to be the shorter one: here nginx keepalive_timeout, Apache KeepAliveTimeout, node keepAliveTimeout, gunicorn --keep-alive longer; there nginx upstream keepalive_timeout, HAProxy pool-purge-delay, Go IdleConnTimeout, a load balancer's idle time-out shorter.";
static const char race_with_server[] =
	"The peer closes connections after being idle for so long; our next request was on its way, and was answered by RST. Our idle time-out has to be the shorter one: here nginx upstream keepalive_timeout, HAProxy pool-purge-delay, Go IdleConnTimeout, jdk.httpclient.keepalive.timeout shorter; there nginx keepalive_timeout, Apache KeepAliveTimeout, node keepAliveTimeout, gunicorn --keep-alive longer.";
static const char race_other[] =
	"The client closed connections after being idle for so long, while the server was still to send something: that was answered by RST. Where the server speaks first after a while, the client's idle time-out is too short.";

/* Both ends here: it is reported for the one that closed. */
static bool is_reported_by_closer(const struct evidence *e, const struct endings *x,
			      enum reset_side closer)
{
	return closer == SIDE_PEER && !x->key.passive && evidence_is_here(e, &x->key.at);
}

static void judge_races(const struct evidence *e, struct report *r, const struct endings *x,
			enum reset_side closer)
{
	bool much = is_much(x->races[closer], RACES, RACES_PERMILLE, x->ended);
	char least[TCPHS_DURATION_LEN], most[TCPHS_DURATION_LEN];
	struct finding *f;

	if (!x->races[closer] || is_reported_by_closer(e, x, closer))
		return;
	f = report_add(r, much ? SEVERITY_WARNING : SEVERITY_NOTICE, "keepalive-race",
		       "requests that met a connection just closed as idle", x->races[closer],
		       much ? RACES : 1);
	finding_endings(f, e, x, NULL);
	tcphs_fmt_duration(least, x->idle_least, false);
	tcphs_fmt_duration(most, x->idle_most, false);
	SAY(f->more, "closed by %s after %s to %s without data; of %llu connection%s that ended",
	    closer == SIDE_US ? "us" : "the peer", least, most, (ull)x->ended,
	    tcphs_plural(x->ended));
	if (closer == SIDE_US)
		SAY(f->cause, "%s", x->key.passive ? race_with_client : race_other);
	else
		SAY(f->cause, "%s", x->key.passive ? race_other : race_with_server);
	SAY(f->command, "tcphs diagram --last --%s-port %u --event %s",
	    x->key.passive ? "local" : "peer", x->key.at.port,
	    closer == SIDE_US ? "rst-sent" : "rst-received");
}

/* Who breaks connections, and why? */
void check_resets(const struct evidence *e, struct report *r)
{
	uint64_t sum[NR_PHASES][NR_SIDES] = { 0 }, races = 0, partings = 0;
	const struct endings *x;
	int phase, side;
	size_t i;

	tally_each(&e->ends->endings, x, i) {
		for (side = 0; side < NR_SIDES; side++) {
			races += x->races[side];
			partings += x->partings[side].count;
			judge_races(e, r, x, side);
			judge_partings(e, r, x, side);
			/* A handshake of ours that is reset was refused: reported there. */
			for (phase = !x->key.passive; phase < NR_PHASES; phase++) {
				sum[phase][side] += resets_sum(&x->resets, phase, side);
				judge_resets(e, r, x, phase, side);
			}
		}
	}
	report_saw(r, "in handshakes by us %llu, by peers %llu; later by us %llu, by peers %llu; when nothing was under way %llu; keep-alive races %llu",
		   (ull)sum[PHASE_HANDSHAKE][SIDE_US], (ull)sum[PHASE_HANDSHAKE][SIDE_PEER],
		   (ull)sum[PHASE_OPEN][SIDE_US], (ull)sum[PHASE_OPEN][SIDE_PEER],
		   (ull)partings, (ull)races);
}

/* ---- strays ----------------------------------------------------------------------- */

static const char cause_of_strays[] =
	"Segments in the middle of connections that this machine does not know, each answered by RST, which breaks the connection there: this machine or a load balancer was restarted or took over from another, a RST was lost, or a NAT or firewall forgot them. Acknowledgements made up to flood us look the same.";

static void strayed(struct report *r, const struct stray *s)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "unknown-connections",
				       "connections that this machine does not know",
				       s->connections, STRAYS);
	char peer[TCPHS_ADDRESS_LEN];

	f->place.netns = s->peer.netns;
	f->place.ifindex = s->peer.ifindex;
	finding_peer(f, s->peer.family, s->peer.address, peer);
	SAY(f->more, "%llu segment%s, the last from its port %u to our port %u",
	    (ull)s->segments, tcphs_plural(s->segments), s->peer.port, s->local.port);
	SAY(f->cause, "%s", cause_of_strays);
	SAY(f->command, "tcphs events -f --address %s --event rst-sent", peer);
}

static void strayed_from_many(const struct evidence *e, struct report *r, uint64_t peers)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "unknown-connections",
				       "connections that this machine does not know",
				       e->ends->stray_connections, STRAYS);

	f->kind = "machine";
	SAY(f->object, "this network namespace");
	SAY(f->more, "%llu segment%s from %llu addresses", (ull)e->ends->stray_segments,
	    tcphs_plural(e->ends->stray_segments),
	    (ull)peers);
	SAY(f->cause, "%s", cause_of_strays);
	SAY(f->command, "tcphs events -f --event rst-sent");
}

/* SYNs that met a TIME-WAIT. */
static uint64_t met_time_waits(const struct evidence *e)
{
	const struct endings *x;
	uint64_t sum = 0;
	size_t i;

	tally_each(&e->ends->endings, x, i)
		sum += x->met[MET_TIME_WAIT];
	return sum;
}

static void killed_time_waits(const struct evidence *e, struct report *r)
{
	struct finding *f = report_add(r, SEVERITY_NOTICE, "time-wait-killed",
				       "TIME-WAITs that a RST ended", e->ends->assassinated,
				       KILLED);

	f->kind = "machine";
	SAY(f->object, "this network namespace");
	SAY(f->more, "%llu connection%s went to TIME-WAIT", (ull)e->ends->time_waits,
	    tcphs_plural(e->ends->time_waits));
	SAY(f->command, "tcphs events -f --event time-wait-end");
	/* With tcp_rfc1337 these clients would have to wait until it is over. */
	if (met_time_waits(e) * 2 >= e->ends->assassinated) {
		SAY(f->cause,
		    "Clients use their ports again, and answer the ACK that their SYN gets of TIME-WAIT by RST: that ends it, so that the next SYN comes through.");
		return;
	}
	SAY(f->cause,
	    "The peer answers an ACK of TIME-WAIT by RST, as it has forgotten the connection already, and that ends TIME-WAIT (RFC 1337): late segments may then meet a new connection with the same ports. Rarely that does harm.");
	finding_setting(f, e, SETTING_RFC1337, "1");
}

/* What comes for connections that are gone? */
void check_strays(const struct evidence *e, struct report *r)
{
	uint64_t peers = e->ends->strays.nr + e->ends->strays.gone, n = 0, ended = e->ends->ended;
	const struct stray *s;
	size_t i;

	tally_each(&e->ends->strays, s, i)
		n += is_much(s->connections, STRAYS, STRAYS_PERMILLE, ended);
	if (n > STRAY_PEERS || (!n && is_much(e->ends->stray_connections, STRAYS_OF_MANY,
					      10 * STRAYS_PERMILLE, ended)))
		strayed_from_many(e, r, peers);
	else
		tally_each(&e->ends->strays, s, i)
			if (is_much(s->connections, STRAYS, STRAYS_PERMILLE, ended))
				strayed(r, s);
	if (is_much(e->ends->assassinated, KILLED, KILLED_PERMILLE, e->ends->time_waits))
		killed_time_waits(e, r);
	report_saw(r, "segments of unknown connections %llu, of connections %llu; of such as had just ended %llu; TIME-WAITs ended by RST %llu",
		   (ull)e->ends->stray_segments, (ull)e->ends->stray_connections,
		   (ull)e->ends->follow_ups, (ull)e->ends->assassinated);
}

/* ---- SYNs that meet old connections ------------------------------------------------ */

static void met_here(const struct evidence *e, struct report *r, const struct endings *x,
		     uint64_t n)
{
	const struct server *s = tally_find(&e->servers, &x->key.at);
	bool much = is_much(n, MET, MET_PERMILLE, s ? s->syns + n : n);
	struct finding *f = report_add(r, much ? SEVERITY_WARNING : SEVERITY_NOTICE,
				       "syn-meets-old",
				       "connects that met an older connection from the same port", n,
				       much ? MET : 1);

	finding_endings(f, e, x, NULL);
	SAY(f->more,
	    "the older one open %llu, closing %llu, in TIME-WAIT %llu; %llu SYN%s in all, %llu of them not answered (rate limit); other SYNs %llu",
	    (ull)x->met[MET_OPEN], (ull)x->met[MET_CLOSING], (ull)x->met[MET_TIME_WAIT],
	    (ull)x->met_syns, tcphs_plural(x->met_syns), (ull)x->limited, (ull)(s ? s->syns : 0));
	SAY(f->cause, "%s",
	    x->met[MET_OPEN] >= x->met[MET_TIME_WAIT] ?
	    "A client comes again from a port of which this machine still has a connection: it was restarted, or a NAT gives its ports out anew too fast. The SYN gets only an ACK; the client's RST for that ends the old one, and its next SYN comes through, unless a firewall eats the RST. Keepalive finds old ones sooner." :
	    "Clients use their ports again while TIME-WAIT holds them here, and their sequence numbers or timestamps have not grown, so the SYN gets only an ACK: few ports behind a NAT, or timestamps that differ between hosts behind it. More addresses of the NAT help, or clients that close first.");
	SAY(f->command, "tcphs events -f --local-port %u --event syn-unexpected", x->key.at.port);
}

static void met_there(struct report *r, const struct destination *d)
{
	bool much = d->old_failed || is_much(d->old_acked, MET, MET_PERMILLE, d->connects);
	struct finding *f = report_add(r, much ? SEVERITY_WARNING : SEVERITY_NOTICE,
				       "connect-meets-old",
				       "connects that met an older connection of the peer",
				       d->old_acked, much && !d->old_failed ? MET : 1);
	char longest[TCPHS_DURATION_LEN];

	finding_destination(f, d);
	tcphs_fmt_duration(longest, d->old_cost, false);
	SAY(f->more, "of %llu connect%s; they took %s at most, %llu failed", (ull)d->connects,
	    tcphs_plural(d->connects),
	    longest, (ull)d->old_failed);
	SAY(f->cause,
	    "The peer still has a connection from the same address and port, and answers our SYN with an ACK of that one. We answer with RST, which ends it there, and send the SYN again. Our ports come round too fast: too few of them, a NAT on the way, or bind() to a fixed port. Where a firewall eats the RST, connect() fails.");
	SAY(f->command, "tcphs events -f --peer-port %u --event rst-sent,syn-retransmit",
	    d->at.port);
}

/* Do SYNs meet connections of before? */
void check_old_connections(const struct evidence *e, struct report *r)
{
	uint64_t here = 0, there = 0, reused = 0, n;
	const struct destination *d;
	const struct endings *x;
	size_t i;

	tally_each(&e->ends->endings, x, i) {
		n = x->met[MET_OPEN] + x->met[MET_CLOSING] + x->met[MET_TIME_WAIT];
		here += n;
		reused += x->reused;
		if (n)
			met_here(e, r, x, n);
	}
	tally_each(&e->destinations, d, i) {
		there += d->old_acked;
		/* It is reported for the listener here. */
		if (d->old_acked && !evidence_is_here(e, &d->at))
			met_there(r, d);
	}
	report_saw(r, "connects that met one here %llu, of the peer %llu; TIME-WAITs that gave way to new ones %llu",
		   (ull)here, (ull)there, (ull)reused);
}

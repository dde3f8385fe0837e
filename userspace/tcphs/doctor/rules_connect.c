/* SPDX-License-Identifier: GPL-2.0 */
/* What goes wrong on the way to a connection: connect(), its port, lost segments. */
#include "report.h"

/* A few failures in many connects are everyday life. */
#define FAILED		3
#define FAILED_PERMILLE	10
#define LOST		3
#define LOST_PERMILLE	10

#define PORTS_WARNING	800	/* permille of the ports */
#define PORTS_CRITICAL	950

static uint64_t failures(const struct destination *d)
{
	return d->failed[TCPHS_REASON_REFUSED] + d->failed[TCPHS_REASON_TIMEOUT] +
	       d->failed[TCPHS_REASON_UNREACHABLE];
}

/* Some are answered: then the others are a warning. */
static enum severity severity_of(const struct destination *d)
{
	return d->established ? SEVERITY_WARNING : SEVERITY_CRITICAL;
}

static void failing(const struct evidence *e, struct report *r, const struct destination *d,
		    uint8_t reason, const char *name, const char *measure, const char *cause)
{
	struct finding *f;

	if (d->failed[reason] < FAILED || !share(d->failed[reason], FAILED_PERMILLE, d->connects))
		return;
	f = report_add(r, severity_of(d), name, measure, d->failed[reason], FAILED);
	finding_destination(f, d);
	SAY(f->more, "of %llu connects %llu established", (ull)d->connects,
	    (ull)d->established);
	SAY(f->cause, "%s", cause);
	if (reason == TCPHS_REASON_REFUSED)
		SAY(f->command, "%sss -ltn sport = :%u",
		    evidence_is_here(e, &d->at) ? "" : "at the peer: ", d->at.port);
	else
		finding_next(f, e, &d->at);
}

static void unanswered(const struct evidence *e, struct report *r, const struct destination *d)
{
	uint64_t n = d->failed[TCPHS_REASON_TIMEOUT] + d->waiting;
	char longest[TCPHS_DURATION_LEN];
	struct finding *f;

	/* What a listener of this machine does to its clients is told of that listener. */
	if (!n || (evidence_is_here(e, &d->at) && report_told(r, evidence_server(e, &d->at))))
		return;
	f = report_add(r, severity_of(d), "connect-timeout", "connects without an answer", n, 1);
	finding_destination(f, d);
	tcphs_fmt_duration(longest, d->longest, false);
	if (d->waiting)
		SAY(f->more, "%llu timed out, %llu still wait, the longest for %s; %llu established",
		    (ull)d->failed[TCPHS_REASON_TIMEOUT], (ull)d->waiting, longest,
		    (ull)d->established);
	else
		SAY(f->more, "%llu established", (ull)d->established);
	SAY(f->cause, "%s",
	    d->established ? "Some SYNs are not answered: lost on the way, or dropped because a queue of the peer's listener is full." :
			     "Nothing answers our SYN: the host is down, a firewall drops it without a word, or the answer takes a way on which it is lost.");
	finding_next(f, e, &d->at);
}

/* Does connect() succeed, and where does it not? */
void check_connects(const struct evidence *e, struct report *r)
{
	uint64_t connects = 0, established = 0, failed = 0, waiting = 0;
	const struct destination *d;
	size_t i;

	tally_each(&e->destinations, d, i) {
		connects += d->connects;
		established += d->established;
		failed += failures(d);
		waiting += d->waiting;
		unanswered(e, r, d);
		failing(e, r, d, TCPHS_REASON_REFUSED, "connect-refused", "connects refused",
			"The peer answers with RST: nothing listens on that port there, or a firewall rejects us.");
		failing(e, r, d, TCPHS_REASON_UNREACHABLE, "connect-unreachable",
			"connects that found no way",
			"No route, no neighbour, or a router or firewall on the way that says so.");
	}
	report_saw(r, "%llu, established %llu, failed %llu, waiting for an answer %llu; destinations %zu",
		   (ull)connects, (ull)established, (ull)failed, (ull)waiting, e->destinations.nr);
}

/* ---- ports ----------------------------------------------------------------------- */

static void name_route(struct finding *f, const struct route *route)
{
	char from[TCPHS_ADDRESS_LEN], to[TCPHS_ENDPOINT_LEN];

	f->kind = "route";
	f->place = route->key.to;
	tcphs_fmt_address(from, (uint8_t)route->key.from.family, route->key.from.address);
	tcphs_fmt_endpoint(to, (uint8_t)route->key.to.family, route->key.to.address,
			   route->key.to.port);
	SAY(f->object, "%s to %s", from, to);
	finding_owner(f, &route->owner);
}

/* TIME_WAITs that may be used again help at once; more ports help those that have few. */
static void advise_ports(struct finding *f, const struct evidence *e, const struct route *route)
{
	const struct settings *s = &e->settings;
	char to[TCPHS_ADDRESS_LEN];

	tcphs_fmt_address(to, (uint8_t)route->key.to.family, route->key.to.address);
	SAY(f->command, "tcphs connections --address %s --peer-port %u", to, route->key.to.port);
	if (!e->live)
		return;
	if (route->time_wait > route->ports / 2 && s->known[SETTING_TW_REUSE] &&
	    s->value[SETTING_TW_REUSE] != 1) {
		finding_setting(f, e, SETTING_TW_REUSE, "1");
		return;
	}
	SAY(f->setting, "net.ipv4.ip_local_port_range");
	SAY(f->present, "%u %u", s->port_low, s->port_high);
	SAY(f->advised, "1024 65535, without those that servers use (ip_local_reserved_ports)");
}

static void exhausted(const struct evidence *e, struct report *r, const struct route *route,
		      uint64_t available)
{
	uint64_t taken = route->ports - route->reusable;
	bool critical = route->no_port || share(taken, PORTS_CRITICAL, available);
	struct finding *f = report_add(r, critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
				       "ports-exhausted",
				       route->no_port ? "connects that found no free port" :
							"local ports in use",
				       route->no_port ? route->no_port : taken,
				       route->no_port ? 1 : (available * PORTS_WARNING + 999) / 1000);

	name_route(f, route);
	if (e->live)
		SAY(f->more, "%llu of %llu ports in use, %llu by TIME-WAIT, %llu of which may be used again",
		    (ull)route->ports, (ull)available, (ull)route->time_wait,
		    (ull)route->reusable);
	SAY(f->cause,
	    "Each connection from one address to one address and port needs a local port of its own, also through TIME-WAIT. Connections that are kept open, more addresses on either side, or more ports help.");
	advise_ports(f, e, route);
}

/* Are there local ports left for each destination? */
void check_ports(const struct evidence *e, struct report *r)
{
	uint64_t available = e->live ? settings_ephemeral(&e->settings) : 0;
	uint64_t most = 0, none = 0, taken;
	const struct route *route;
	size_t i;

	tally_each(&e->routes, route, i) {
		taken = route->ports - route->reusable;
		if (taken > most)
			most = taken;
		none += route->no_port;
		if (route->no_port || (available && share(taken, PORTS_WARNING, available)))
			exhausted(e, r, route, available);
	}
	if (e->live)
		report_saw(r, "in use to one destination at most %llu of %llu; connects without one %llu",
			   (ull)most, (ull)available, (ull)none);
	else
		report_saw(r, "connects without one %llu; the use of ports is not in a recording",
			   (ull)none);
}

/* ---- losses ---------------------------------------------------------------------- */

static void syns_lost(const struct evidence *e, struct report *r, const struct destination *d)
{
	struct finding *f;

	/* Where nothing is answered at all, that is told already. */
	if (!d->established || d->resent < LOST || !share(d->resent, LOST_PERMILLE, d->connects))
		return;
	if (evidence_is_here(e, &d->at) && report_told(r, evidence_server(e, &d->at)))
		return;
	f = report_add(r, SEVERITY_WARNING, "syn-loss", "connects whose SYN was sent again",
		       d->resent, LOST);
	finding_destination(f, d);
	SAY(f->more, "of %llu connects %llu established", (ull)d->connects,
	    (ull)d->established);
	SAY(f->cause,
	    "The SYN or its answer is lost on the way, or the peer drops SYNs because a queue of its listener is full. Each costs the client a second or more.");
	SAY(f->command, "at the peer: tcphs doctor, or nstat -az TcpExtListenDrops");
}

static void synacks_lost(struct report *r, const struct server *s)
{
	struct finding *f;

	/* They are sent again when the accept queue is full and when data are awaited, too. */
	if (s->overflows || s->deferred || s->slow < LOST ||
	    !share(s->slow, LOST_PERMILLE, s->established))
		return;
	f = report_add(r, SEVERITY_WARNING, "synack-loss",
		       "handshakes that needed the SYN+ACK again", s->slow, LOST);
	finding_server(f, s);
	SAY(f->more, "of %llu handshakes", (ull)s->established);
	SAY(f->cause,
	    "Our SYN+ACK or the client's answer is lost on the way, or takes longer than a second.");
	SAY(f->command, "tcphs events -f --local-port %u --event synack-retransmit", s->at.port);
}

/* Do the segments of handshakes arrive? */
void check_loss(const struct evidence *e, struct report *r)
{
	uint64_t syns = 0, connects = 0, synacks = 0, established = 0;
	const struct destination *d;
	const struct server *s;
	size_t i;

	tally_each(&e->destinations, d, i) {
		syns += d->resent;
		connects += d->connects;
		syns_lost(e, r, d);
	}
	tally_each(&e->servers, s, i) {
		synacks += s->resent;
		established += s->established;
		synacks_lost(r, s);
	}
	report_saw(r, "SYN sent again %llu of %llu connects; SYN+ACK sent again %llu, finished %llu",
		   (ull)syns, (ull)connects, (ull)synacks, (ull)established);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Local ports: those that connect() chooses, and those that bind() holds. */
#include "report.h"

/* More than these are not advised: below are ports that many servers have. */
#define ADVISED_LOW	10000
#define ADVISED_HIGH	65535

static uint64_t taken(const struct route *route)
{
	return route->ports - route->reusable;
}

static uint64_t permille_of(uint64_t n, uint64_t permille)
{
	return (n * permille + 999) / 1000;
}

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
	tcphs_fmt_address(to, (uint8_t)route->key.to.family, route->key.to.address);
	SAY(f->command, "tcphs connections --address %s --peer-port %u", to, route->key.to.port);
}

/* Ports that servers here have, and that a wider range would let connect() take. */
static void list_reserved(const struct evidence *e, char *to, size_t size)
{
	const struct settings *s = &e->settings;
	const struct server *server;
	unsigned int port, n = 0;
	size_t i, len = 0;

	tally_each(&e->servers, server, i) {
		port = server->at.port;
		if (!server->listening || port < ADVISED_LOW ||
		    (port >= s->port_low && port <= s->port_high) ||
		    s->reserved[port / 8] & 1u << port % 8)
			continue;
		if (n++ == 4) {
			say(to + len, size - len, ",...");
			return;
		}
		say(to + len, size - len, "%s%u", n > 1 ? "," : "", port);
		len = strlen(to);
	}
	if (!n)
		say(to, size, "the ports of servers here");
}

static void advise_range(struct finding *f, const struct evidence *e)
{
	const struct settings *s = &e->settings;
	char reserve[48];

	if (s->port_low <= ADVISED_LOW && s->port_high >= ADVISED_HIGH)
		return;
	list_reserved(e, reserve, sizeof(reserve));
	SAY(f->setting, "net.ipv4.ip_local_port_range");
	SAY(f->present, "%u %u", s->port_low, s->port_high);
	SAY(f->advised, "%u %u, with ip_local_reserved_ports for %s first", ADVISED_LOW,
	    ADVISED_HIGH, reserve);
}

/* TIME_WAITs that connect() may take over help at once, where the kernel would do it. */
static void advise(struct finding *f, const struct evidence *e, const struct route *route)
{
	const struct settings *s = &e->settings;
	const struct destination *d = tally_find(&e->destinations, &route->key.to);
	bool plain = d && d->plain && d->plain * 2 >= d->established;
	bool loopback = place_is_loopback(&route->key.to) || place_is_loopback(&route->key.from);

	if (route->time_wait <= route->ports / 2) {
		advise_range(f, e);
		return;
	}
	if (s->known[SETTING_TIMESTAMPS] && !s->value[SETTING_TIMESTAMPS])
		finding_setting(f, e, SETTING_TIMESTAMPS,
				"1; without them no TIME-WAIT may be taken over");
	else if (plain)
		advise_range(f, e);
	else if (s->value[SETTING_TW_REUSE] == 0)
		finding_setting(f, e, SETTING_TW_REUSE, "%s", loopback ? "2" : "1");
	else if (s->value[SETTING_TW_REUSE] == 2 && !loopback)
		finding_setting(f, e, SETTING_TW_REUSE, "1; 2 is for loopback alone");
	else
		advise_range(f, e);
}

/* Connects without a port to a destination that has few: others hold them. */
static bool is_held_by_others(const struct evidence *e, const struct route *route,
			      uint64_t available)
{
	return e->live && route->no_port && !share(taken(route), PORTS_WARNING, available);
}

/* Of a unit or container only its own were looked at: who the others are is not known. */
static bool is_unknown(const struct evidence *e, const struct route *route, uint64_t available)
{
	return e->owned && is_held_by_others(e, route, available);
}

static const char *cause_of(const struct evidence *e, const struct route *route,
			    uint64_t available)
{
	if (is_unknown(e, route, available))
		return "All that connect() may choose from were taken, and few of them by these connections: the others are those of other units, from this address to this one, open or in TIME-WAIT; or, whatever the destination, of an application that calls bind() before connect(). tcphs doctor without --unit and --container says which.";
	if (!e->live)
		return "All that connect() may choose from were taken: by connections from this address to this one, open or in TIME-WAIT; or, whatever the destination, by an application that calls bind() before connect(). Events do not say which; a look does, while it lasts.";
	if (route->time_wait > route->ports / 2)
		return "Each connection from one address to one address and port needs a local port of its own, and TIME-WAIT keeps it for a minute more. Connections that are kept open and used again are the cure; more addresses on either side help, too.";
	return "Each connection from one address to one address and port needs a local port of its own. These are open: a pool that leaks, or too much for one address; more addresses on either side help, or more ports.";
}

static void name_use(const struct evidence *e, struct finding *f, const struct route *route,
		     uint64_t available)
{
	if (e->live)
		SAY(f->more,
		    "%llu of %llu port%s in use%s, %llu by TIME-WAIT, %llu of which may be used again",
		    (ull)route->ports, (ull)available, tcphs_plural(available),
		    e->owned ? " by what was looked at" : "",
		    (ull)route->time_wait,
		    (ull)route->reusable);
}

static void exhausted(const struct evidence *e, struct report *r, const struct route *route,
		      uint64_t available)
{
	bool critical = route->no_port || taken(route) >= available;
	struct finding *f = report_add(r, critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
				       "ports-exhausted",
				       route->no_port ? "connects that found no free port" :
							"local ports in use",
				       route->no_port ? route->no_port : taken(route),
				       route->no_port ? 1 : permille_of(available, PORTS_WARNING));

	name_route(f, route);
	name_use(e, f, route, available);
	SAY(f->cause, "%s", cause_of(e, route, available));
	if (e->live && !is_unknown(e, route, available))
		advise(f, e, route);
}

/* connect() tries every second port first, and only then the others (__inet_hash_connect()). */
static void half_used(const struct evidence *e, struct report *r, const struct route *route,
		      uint64_t available)
{
	struct finding *f = report_add(r, SEVERITY_NOTICE, "ports-half-used", "local ports in use",
				       taken(route), permille_of(available, PORTS_SLOW));

	name_route(f, route);
	name_use(e, f, route, available);
	SAY(f->cause,
	    "connect() tries every second port first. More than half are in use to this destination, so it tries most of these %llu in vain before it comes to the others: that makes each connect() slow.",
	    (ull)available / 2);
	advise(f, e, route);
}

/* ---- ports that bind() holds ------------------------------------------------------ */

/* How many of an address's connections go where most of them go. */
static uint64_t largest(const struct evidence *e, const struct source *s)
{
	const struct route *route;
	uint64_t most = 0;
	size_t i;

	tally_each(&e->routes, route, i)
		if (!memcmp(&route->key.from, &s->at, sizeof(s->at)) && route->ports > most)
			most = route->ports;
	return most;
}

/*
 * connect() lets destinations share ports, bind() does not: where hardly any port is in
 * use twice, though there is more than one destination, they were bound.
 */
static bool is_bound(const struct evidence *e, const struct source *s)
{
	return s->connections &&
	       (s->connections - s->ports) * 1000 <= s->connections * SHARED_PERMILLE &&
	       !share(largest(e, s), ONE_PERMILLE, s->connections);
}

static const struct source *source_of(const struct evidence *e, const struct route *route)
{
	return tally_find(&e->sources, &route->key.from);
}

static void held(const struct evidence *e, struct report *r, const struct source *s,
		 uint64_t available, uint64_t no_port)
{
	bool critical = no_port || s->ports >= available;
	struct finding *f = report_add(r, critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
				       "ports-held-by-bind",
				       "local ports of one address that no two connections share",
				       s->ports, permille_of(available, PORTS_WARNING));
	char from[TCPHS_ADDRESS_LEN], host[HOST_LEN];

	tcphs_fmt_address(from, (uint8_t)s->at.family, s->at.address);
	fmt_host(host, &s->at);
	f->kind = "address";
	f->place = s->at;
	SAY(f->object, "address %s", from);
	finding_owner(f, &s->owner);
	SAY(f->more,
	    "of %llu; %llu connection%s to all destinations, to one at most %llu; connects without a port %llu",
	    (ull)available, (ull)s->connections, tcphs_plural(s->connections), (ull)largest(e, s),
	    (ull)no_port);
	SAY(f->cause,
	    "The application binds an address with port 0 before connect(). bind() does not know the destination, so each connection takes a port for itself, and when all are taken bind() fails (EADDRINUSE), and connect() of others too. Set IP_BIND_ADDRESS_NO_PORT on the socket before bind(), as HAProxy and nginx do.");
	SAY(f->command, "ss -tnp src %s", host);
}

static void held_by_others(const struct evidence *e, struct report *r, const struct route *route,
			   uint64_t available)
{
	struct finding *f = report_add(r, SEVERITY_CRITICAL, "ports-held-by-bind",
				       "connects that found no free port", route->no_port, 1);
	const struct source *s = source_of(e, route);

	name_route(f, route);
	SAY(f->more,
	    "%llu of %llu port%s in use to this destination, %llu to all from this address",
	    (ull)route->ports, (ull)available, tcphs_plural(available), s ? (ull)s->ports : 0);
	SAY(f->cause,
	    "The ports are not taken by connections to this destination. connect() uses no port that a bind() holds, for whatever destination, nor those of listeners: find who binds before connect(), and set IP_BIND_ADDRESS_NO_PORT there. Or this socket has a range of its own (IP_LOCAL_PORT_RANGE).");
	SAY(f->command, "ss -tanp sport ge :%u and sport le :%u", e->settings.port_low,
	    e->settings.port_high);
}

/* ---- the check ------------------------------------------------------------------- */

static void judge_route(const struct evidence *e, struct report *r, const struct route *route,
			uint64_t available)
{
	const struct source *s = source_of(e, route);

	if (is_held_by_others(e, route, available)) {
		/* Told of the address, where it is known who holds them. */
		if (s && share(s->ports, PORTS_WARNING, available) && is_bound(e, s))
			return;
		if (e->owned)
			exhausted(e, r, route, available);
		else
			held_by_others(e, r, route, available);
	} else if (route->no_port || (available && share(taken(route), PORTS_WARNING, available))) {
		exhausted(e, r, route, available);
	} else if (available && taken(route) * 1000 > available * PORTS_SLOW) {
		half_used(e, r, route, available);
	}
}

static uint64_t no_ports_from(const struct evidence *e, const struct source *s)
{
	const struct route *route;
	uint64_t sum = 0;
	size_t i;

	tally_each(&e->routes, route, i)
		if (!memcmp(&route->key.from, &s->at, sizeof(s->at)))
			sum += route->no_port;
	return sum;
}

/* Are there local ports left, for each destination and of each address? */
void check_ports(const struct evidence *e, struct report *r)
{
	uint64_t available = e->live ? settings_ephemeral(&e->settings) : 0;
	uint64_t most = 0, none = 0, distinct = 0;
	const struct route *route;
	const struct source *s;
	size_t i;

	tally_each(&e->sources, s, i) {
		if (s->ports > distinct)
			distinct = s->ports;
		if (available && share(s->ports, PORTS_WARNING, available) && is_bound(e, s))
			held(e, r, s, available, no_ports_from(e, s));
	}
	tally_each(&e->routes, route, i) {
		if (taken(route) > most)
			most = taken(route);
		none += route->no_port;
		judge_route(e, r, route, available);
	}
	if (e->live)
		report_saw(r, "of %llu in use to one destination at most %llu, from one address %llu; connects without one %llu",
			   (ull)available, (ull)most, (ull)distinct, (ull)none);
	else
		report_saw(r, "connects without one %llu; events do not say how many are in use",
			   (ull)none);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Ports that nobody has, and who asks for them. */
#include "evidence_ends.h"
#include "report.h"

#define SHUT_PORTS	20	/* reported one by one */
#define KNOCKERS	5	/* reported one by one */

static const char cause_of_knocks[] =
	"A scan, or a client of services that are gone: of a host that was here before, or whose address this machine has now. It costs no connection.";

static bool is_scan(const struct evidence *e, const struct knocker *k)
{
	return is_much(k->ports, KNOCKS, KNOCKS_PERMILLE, e->ends->ended);
}

static void knocked(struct report *r, const struct knocker *k)
{
	struct finding *f = report_add(r, SEVERITY_NOTICE, "closed-ports-tried",
				       "ports without a socket that one address asked for",
				       k->ports, KNOCKS);
	char peer[TCPHS_ADDRESS_LEN];

	f->place.netns = k->key.netns;
	finding_peer(f, (uint16_t)k->key.family, k->key.address, peer);
	SAY(f->more, "%llu SYN%s answered by RST, the last at port %u", (ull)k->resets,
	    tcphs_plural(k->resets),
	    k->local.port);
	SAY(f->cause, "%s", cause_of_knocks);
	SAY(f->command, "tcphs events -f --address %s --event rst-sent", peer);
}

static void knocked_by_many(struct report *r, uint64_t resets, uint64_t ports)
{
	struct finding *f = report_add(r, SEVERITY_NOTICE, "closed-ports-tried",
				       "SYNs to ports without a socket", resets, KNOCKS_OF_MANY);

	f->kind = "machine";
	SAY(f->object, "this network namespace");
	SAY(f->more, "from many addresses, at %llu port%s", (ull)ports, tcphs_plural(ports));
	SAY(f->cause, "%s", cause_of_knocks);
	SAY(f->command, "tcphs events -f --event rst-sent");
}

/* A port that is only one of those that scans asked for has no finding of its own. */
static bool is_of_scans(const struct evidence *e, const struct shut *shut)
{
	const struct knocker *k;
	uint64_t theirs = 0;
	size_t i;

	if (shut->resets < SHUT)
		return true;
	tally_each(&e->knockers, k, i)
		if (k->key.netns == shut->at.netns && is_scan(e, k) &&
		    k->used[shut->at.port / 8] & 1u << shut->at.port % 8)
			theirs += (k->resets + k->ports - 1) / k->ports;
	return shut->resets < SHUT + theirs;
}

static const char nobody[] = "SYNs answered by RST because no socket is there";
static const char cause_of_shut[] =
	"Somebody wants a service that does not run here, or not any more, or listens on another address only.";

static void wanted(struct report *r, const struct shut *shut)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "nobody-listens",
				       nobody, shut->resets, SHUT);
	char at[TCPHS_ENDPOINT_LEN], from[TCPHS_ENDPOINT_LEN];

	tcphs_fmt_endpoint(at, (uint8_t)shut->at.family, shut->at.address, shut->at.port);
	tcphs_fmt_endpoint(from, (uint8_t)shut->peer.family, shut->peer.address, shut->peer.port);
	f->kind = "port";
	f->place = shut->at;
	SAY(f->object, "port %s", at);
	SAY(f->more, "the last from %s", from);
	SAY(f->cause, "%s", cause_of_shut);
	SAY(f->command, "ss -ltnp sport = :%u", shut->at.port);
}

static void wanted_many(struct report *r, uint64_t ports, uint64_t resets)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "nobody-listens", nobody, resets,
				       SHUT);

	f->kind = "machine";
	SAY(f->object, "this network namespace");
	SAY(f->more, "at %llu port%s", (ull)ports, tcphs_plural(ports));
	SAY(f->cause, "%s", cause_of_shut);
	SAY(f->command, "tcphs events -f --event rst-sent");
}

static void judge_knockers(const struct evidence *e, struct report *r, uint64_t unexplained)
{
	uint64_t ports = e->shut.nr + e->shut.gone, n = 0;
	const struct knocker *k;
	size_t i;

	tally_each(&e->knockers, k, i)
		n += is_scan(e, k);
	if (n > KNOCKERS || (!n && is_much(unexplained, KNOCKS_OF_MANY, 10 * KNOCKS_PERMILLE,
					   e->ends->ended)))
		knocked_by_many(r, unexplained, ports);
	else
		tally_each(&e->knockers, k, i)
			if (is_scan(e, k))
				knocked(r, k);
}

/* Who knocks where nobody is? */
void check_shut_ports(const struct evidence *e, struct report *r)
{
	const struct shut *shut, *others = tally_others(&e->shut);
	uint64_t resets = others ? others->resets : 0, from_here = 0, explained = 0, ports = 0;
	size_t i;

	tally_each(&e->shut, shut, i) {
		resets += shut->resets;
		from_here += shut->from_here;
		if (is_of_scans(e, shut))
			continue;
		explained += shut->resets;
		ports++;
	}
	if (ports > SHUT_PORTS)
		wanted_many(r, ports, explained);
	else
		tally_each(&e->shut, shut, i)
			if (!is_of_scans(e, shut))
				wanted(r, shut);
	judge_knockers(e, r, resets - explained);
	report_saw(r, "ports %llu, SYNs of others %llu, of this machine %llu",
		   (ull)(e->shut.nr + e->shut.gone), (ull)resets, (ull)from_here);
}

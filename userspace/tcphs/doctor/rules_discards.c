/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel throws away at a listener before any queue: no event shows it. */
#include "report.h"

/* What the kernel counts, each for its own cause. */
static const struct {
	const char *counter;
	const char *what;
} causes[] = {
	{ "TcpExtTCPMD5NotFound", "no TCP MD5 signature, where one is due" },
	{ "TcpExtTCPMD5Unexpected", "a TCP MD5 signature that nobody expects" },
	{ "TcpExtTCPMD5Failure", "a wrong TCP MD5 signature: another password" },
	{ "TcpExtTCPAORequired", "no TCP-AO, where it is due" },
	{ "TcpExtTCPAOKeyNotFound", "a TCP-AO key that nobody has" },
	{ "TcpExtTCPAOBad", "a wrong TCP-AO signature" },
	{ "TcpExtTCPMinTTLDrop", "a TTL below IP_MINTTL (TTL security): not a neighbour" },
};

#define NR_CAUSES	(sizeof(causes) / sizeof(*causes))

/*
 * Segments thrown away, without those that are recorded: a third ACK without room is counted
 * twice, a SYN or ACK that comes too early and a RST for a request once.
 */
static uint64_t riddles(const struct server *s)
{
	uint64_t explained = s->counted.drops + s->acks_dropped + s->syns_again + s->deferred +
			s->reset + s->cut;

	return s->counted.discards > explained ? s->counted.discards - explained : 0;
}

static uint64_t grown(const struct evidence *e, size_t cause)
{
	return counters_grown(&e->counters, causes[cause].counter);
}

/* Of @n segments, how many are more than all counters of all sockets have together? */
static uint64_t unexplained(const struct evidence *e, uint64_t n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < NR_CAUSES; i++)
		sum += grown(e, i);
	return n > sum ? n - sum : 0;
}

/* Of several that grew nobody knows which this listener's are; a small one is hardly it. */
static void name_causes(const struct evidence *e, struct finding *f)
{
	char what[sizeof(f->cause)] = "", names[sizeof(f->command)] = "";
	uint64_t most = 0;
	size_t i, first, len;

	for (i = 0; i < NR_CAUSES; i++)
		if (grown(e, i) > most)
			most = grown(e, i);
	SAY(f->more, "nstat, of all sockets:");
	first = strlen(f->more);
	for (i = 0; i < NR_CAUSES; i++) {
		if (!grown(e, i))
			continue;
		len = strlen(f->more);
		say(f->more + len, sizeof(f->more) - len, "%s %s +%llu", len > first ? "," : "",
		    causes[i].counter, (ull)grown(e, i));
		if (grown(e, i) * 4 < most)
			continue;
		say(names + strlen(names), sizeof(names) - strlen(names), " %s", causes[i].counter);
		say(what + strlen(what), sizeof(what) - strlen(what), "%s%s",
		    *what ? "; or " : "", causes[i].what);
	}
	SAY(f->cause, "What came had %s. The kernel drops it without an answer, so that a client waits in vain.",
	    what);
	SAY(f->command, "nstat -az%s; tcpdump -nvi any port %u", names, f->place.port);
}

/* Does somebody on this machine connect there, and nobody answers? */
static bool is_in_vain(const struct evidence *e, const struct server *s)
{
	const struct destination *d;
	size_t i;

	tally_each(&e->destinations, d, i)
		if (d->connects && !d->established && evidence_is_here(e, &d->at) &&
		    evidence_server(e, &d->at) == s)
			return true;
	return false;
}

static void refused(const struct evidence *e, struct report *r, const struct server *s,
		    uint64_t n)
{
	uint64_t left = unexplained(e, n);
	bool named = left < n && left < DISCARDS;
	bool closed = !s->syns && !s->established && !s->cookies_sent && is_in_vain(e, s);
	struct finding *f;

	f = report_add(r, named || closed ? SEVERITY_WARNING : SEVERITY_NOTICE,
		       "segments-discarded", "segments thrown away before they reached a queue", n,
		       DISCARDS);
	finding_server(f, s);
	if (named) {
		name_causes(e, f);
	} else {
		SAY(f->more, "handshakes %llu; no counter of nstat that names a cause grew%s",
		    (ull)s->established, left < n ? " by so many" : "");
		SAY(f->cause, "%s",
		    closed ? "Nothing that comes for this listener reaches it: a socket filter (SO_ATTACH_FILTER, BPF) or an IPsec policy lets nothing through." :
			     "A socket filter (SO_ATTACH_FILTER, BPF), an IPsec policy, or segments that fit nothing, such as RSTs and a scan's.");
		SAY(f->command, "ss -ltnme sport = :%u", s->at.port);
	}
}

/* What is thrown away that no event shows? */
void check_discards(const struct evidence *e, struct report *r)
{
	const struct server *s;
	uint64_t n, all = 0;
	size_t i;

	if (!evidence_sees(e, HOOK_OF_REQUESTS)) {
		report_skip(r, "SYNs that come again and RSTs for requests are among it, and no hook shows them");
		return;
	}
	tally_each(&e->servers, s, i) {
		n = riddles(s);
		all += n;
		/* Where records were lost, there are more that had an event. */
		if (n >= DISCARDS && share(n, DISCARDS_PERMILLE, n + s->syns + s->cookies_sent) &&
		    !e->lost)
			refused(e, r, s, n);
	}
	report_saw(r, "at listeners, without an event of their own %llu", (ull)all);
}

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

/* "TcpExtTCPMD5NotFound +3, ..."; which of them grew most: NR_CAUSES: none */
static size_t name_counters(const struct evidence *e, char *to, size_t size)
{
	uint64_t grown, largest = 0;
	size_t i, most = NR_CAUSES, len = 0;

	*to = '\0';
	for (i = 0; i < NR_CAUSES; i++) {
		grown = counters_grown(&e->counters, causes[i].counter);
		if (!grown)
			continue;
		say(to + len, size - len, "%s%s +%llu", len ? ", " : "", causes[i].counter,
		    (ull)grown);
		len = strlen(to);
		if (grown > largest) {
			largest = grown;
			most = i;
		}
	}
	return most;
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
	char counters[160];
	size_t cause = name_counters(e, counters, sizeof(counters));
	bool closed = !s->syns && !s->established && !s->cookies_sent && is_in_vain(e, s);
	struct finding *f;

	f = report_add(r, cause < NR_CAUSES || closed ? SEVERITY_WARNING : SEVERITY_NOTICE,
		       "segments-discarded", "segments thrown away before they reached a queue", n,
		       DISCARDS);
	finding_server(f, s);
	if (cause < NR_CAUSES) {
		SAY(f->more, "nstat, of all sockets: %s", counters);
		SAY(f->cause, "What came had %s. The kernel drops it without an answer, so that a client waits in vain.",
		    causes[cause].what);
		SAY(f->command, "nstat -az %s; dmesg | tail", causes[cause].counter);
	} else {
		SAY(f->more, "handshakes %llu; no counter of nstat that names a cause grew",
		    (ull)s->established);
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

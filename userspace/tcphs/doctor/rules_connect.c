/* SPDX-License-Identifier: GPL-2.0 */
/* What goes wrong on the way to a connection: connect(), and lost segments. */
#include "evidence_dial.h"
#include "evidence_ends.h"
#include "report.h"

static bool is_failing(uint64_t n, uint64_t whole)
{
	return n >= FAILED &&
	       share(n, n >= FAILED_MANY ? MANY_PERMILLE : FAILED_PERMILLE, whole);
}

static bool is_lossy(uint64_t n, uint64_t whole)
{
	return n >= LOST && share(n, LOST_PERMILLE, whole);
}

static uint64_t most_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t all_failed(const struct destination *d)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i <= TCPHS_REASON_MAX; i++)
		sum += d->failed[i];
	return sum;
}

/* Those that began while we looked, and older ones that came to something in that time. */
static uint64_t attempts(const struct destination *d)
{
	return most_of(d->connects + d->older, d->established + all_failed(d));
}

static uint64_t given_up(const struct destination *d)
{
	return d->failed[TCPHS_REASON_CLOSED_BY_USER] + d->failed[TCPHS_REASON_DISCONNECT];
}

/*
 * Connects that were given up because another of the same process was faster. Nearly all
 * of them were, and hardly anything else went to where the others won: else it is chance
 * that something was established just then, as in a busy proxy.
 */
static uint64_t outrun(const struct evidence *e, const struct destination *d)
{
	const struct destination *winner = d->outrun ?
		tally_find(&e->destinations, &d->outrun_by) : NULL;

	if (!winner || !share(d->outrun, 900, given_up(d)) || winner->established > 3 * d->outrun)
		return 0;
	return given_up(d);
}

/* A recording does not know who waits at its end; a SYN that was sent again does. */
static uint64_t waiting(const struct evidence *e, const struct destination *d)
{
	if (e->live)
		return d->waiting;
	return d->resent > d->late ? d->resent - d->late : 0;
}

static uint64_t unanswered(const struct evidence *e, const struct destination *d)
{
	return d->failed[TCPHS_REASON_TIMEOUT] + given_up(d) - outrun(e, d) + waiting(e, d);
}

/* Everything that did not become a connection, and was meant to. */
static uint64_t failures(const struct evidence *e, const struct destination *d)
{
	return all_failed(d) - outrun(e, d) + waiting(e, d);
}

/* Some are answered: then the others are a warning. */
static enum severity severity_of(const struct destination *d)
{
	return share(d->established, WORKS_PERMILLE, attempts(d)) && d->established ?
	       SEVERITY_WARNING : SEVERITY_CRITICAL;
}

/* What a listener of this machine does to its clients is reported of that listener. */
static bool is_reported(const struct evidence *e, const struct report *r,
			const struct destination *d)
{
	return evidence_is_here(e, &d->at) && report_blames(r, evidence_server(e, &d->at));
}

/* ---- connects that fail ---------------------------------------------------------- */

struct failure {
	uint8_t reason;
	const char *name, *measure, *cause;
};

static const struct failure failure_of[] = {
	{ TCPHS_REASON_REFUSED, "connect-refused", "connects refused",
	  "The peer answers with RST: nothing listens on that port there, or a firewall rejects us with a RST." },
	{ TCPHS_REASON_ICMP_REFUSED, "connect-rejected", "connects refused by ICMP",
	  "ICMP says that the port or the protocol cannot be reached: a firewall rejects us. A host without a listener would have sent a RST." },
	{ TCPHS_REASON_ICMP_PROHIBITED, "connect-prohibited", "connects prohibited by ICMP",
	  "A firewall says by ICMP that this is administratively prohibited: the peer's, one on the way, or one of this machine for what goes out." },
	{ TCPHS_REASON_UNREACHABLE, "connect-unreachable", "connects that found no way",
	  "A router says by ICMP that it has no route, or the neighbour (the peer, or the gateway to it) does not answer ARP or neighbour discovery." },
	{ TCPHS_REASON_NO_ROUTE, "connect-no-route", "connects without a route",
	  "This machine's routing table has no way there; no SYN was sent. A default route is missing, an interface is down, or a route says unreachable." },
	{ TCPHS_REASON_NO_ADDRESS, "connect-no-address", "connects without a source address",
	  "This machine has no address to connect from: none of that family, none that is no longer tentative, or the one that the application wants has gone." },
	{ TCPHS_REASON_NOT_PERMITTED, "connect-not-permitted",
	  "connects that this machine forbids",
	  "This machine itself forbids it: a rule of its firewall for what goes out, a prohibit route, or a BPF program of the process's cgroup." },
	{ TCPHS_REASON_ADDRESS_IN_USE, "connect-address-in-use",
	  "connects from a port that was still in use",
	  "The application binds a local port before connect(), and an older connection has the same two addresses and ports, often in TIME-WAIT. Let connect() choose the port." },
	{ TCPHS_REASON_KILLED, "connect-killed", "connects that were killed",
	  "An administrator kills connections (ss -K)." },
	{ TCPHS_REASON_OTHER, "connect-failed", "connects that failed",
	  "The kernel gave an error that tcphs has no name for; the application's log or strace(1) has its errno." },
};

#define NR_FAILURES (sizeof(failure_of) / sizeof(failure_of[0]))

void connect_words(unsigned int reason, const char **name, const char **measure,
		   const char **cause)
{
	const struct failure *what = failure_of;

	/* The last is for all that have none of their own. */
	while (what + 1 < failure_of + NR_FAILURES && what->reason != reason)
		what++;
	*name = what->name;
	*measure = what->measure;
	*cause = what->cause;
}

static const char refused_here[] =
	"Nothing listens on that port of this machine, or only on others of its addresses.";
static const char refused_by_rule[] =
	"No RST of that port is on record: a firewall of this machine rejects with RST, or NAT leads these connects to another host or container, where nothing listens; if neither does, nothing listens here.";

/* The sidecar, the transparent proxy or the container that should take them is not there. */
static void led_astray(struct finding *f, const struct destination *d)
{
	char to[TCPHS_ENDPOINT_LEN];

	tcphs_fmt_endpoint(to, (uint8_t)d->led_to.family, d->led_to.address, d->led_to.port);
	SAY(f->cause,
	    "A NAT rule of this machine (REDIRECT, DNAT) leads these connects to %s, and nothing listens there: a sidecar, a transparent proxy or a container that does not run.",
	    to);
	SAY(f->command, "ss -ltnp sport = :%u; nft list ruleset", d->led_to.port);
}

/* A RST of no socket is of no unit and no container. */
static const char refused_unseen[] =
	"Nothing listens on that port of this machine, or only on others of its addresses; or a firewall of this machine rejects with RST, or NAT leads these connects to where nothing listens. tcphs doctor without --unit and --container says which.";

static void refused_at_home(struct finding *f, const struct evidence *e,
			    const struct destination *d)
{
	SAY(f->cause, "%s", d->vacant ? refused_here : e->owned ? refused_unseen :
								  refused_by_rule);
	if (!d->vacant)
		SAY(f->command, "ss -ltnp sport = :%u; nft list ruleset", d->at.port);
}

static void next_of_failure(const struct evidence *e, struct finding *f,
			    const struct destination *d, unsigned int reason)
{
	char address[TCPHS_ADDRESS_LEN];

	tcphs_fmt_address(address, (uint8_t)d->at.family, d->at.address);
	switch (reason) {
	case TCPHS_REASON_REFUSED:
		SAY(f->command, "%sss -ltn sport = :%u",
		    evidence_is_here(e, &d->at) ? "" : "at the peer: ", d->at.port);
		break;
	case TCPHS_REASON_NO_ROUTE:
		SAY(f->command, "ip route get %s; ip -br link", address);
		break;
	case TCPHS_REASON_NO_ADDRESS:
		SAY(f->command, "ip route get %s; ip -br address", address);
		break;
	case TCPHS_REASON_NOT_PERMITTED:
		SAY(f->command, "ip route get %s; nft list ruleset; bpftool cgroup tree", address);
		break;
	case TCPHS_REASON_ADDRESS_IN_USE:
		SAY(f->command, "tcphs connections --address %s --peer-port %u", address,
		    d->at.port);
		break;
	case TCPHS_REASON_KILLED:
	case TCPHS_REASON_OTHER:
		SAY(f->command, "tcphs events -f --address %s --event connect-failed", address);
		break;
	default:
		finding_next(f, e, &d->at);
	}
}

/* What has no name of its own counts as other. */
static uint64_t count_of(const struct destination *d, const struct failure *what)
{
	uint64_t n = d->failed[what->reason];
	unsigned int i;

	if (what->reason != TCPHS_REASON_OTHER)
		return n;
	n = all_failed(d) - given_up(d) - d->failed[TCPHS_REASON_TIMEOUT];
	for (i = 0; i < NR_FAILURES; i++)
		if (failure_of[i].reason != TCPHS_REASON_OTHER)
			n -= d->failed[failure_of[i].reason];
	return n;
}

static void failing(const struct evidence *e, struct report *r, const struct destination *d,
		    const struct failure *what)
{
	uint64_t n = count_of(d, what);
	bool here = evidence_is_here(e, &d->at);
	struct finding *f;

	f = report_add(r, severity_of(d), what->name, what->measure, n, FAILED);
	finding_destination(f, d);
	SAY(f->more, "of %llu connect%s %llu established", (ull)attempts(d),
	    tcphs_plural(attempts(d)), (ull)d->established);
	SAY(f->cause, "%s", what->cause);
	next_of_failure(e, f, d, what->reason);
	if (what->reason != TCPHS_REASON_REFUSED)
		return;
	if (d->led_to.family)
		led_astray(f, d);
	else if (here)
		refused_at_home(f, e, d);
}

static const char *cause_of_silence(const struct evidence *e, const struct destination *d)
{
	if (evidence_is_here(e, &d->at))
		return "Nothing answers, though the address is this machine's: the listener's accept queue is full, or a firewall of this machine drops the SYN.";
	if (d->established)
		return "Some SYNs are not answered. The commonest cause is that the peer's accept queue is full: Linux then drops SYNs without a word, and the application there is too slow to accept. Else they are lost, or a firewall limits their rate.";
	return "Nothing answers our SYN: the host is down, a firewall drops it without a word, the answer takes a way on which it is lost; or the application there hangs and its accept queue is full, for then Linux drops SYNs without a word.";
}

static void silent(const struct evidence *e, struct report *r, const struct destination *d)
{
	uint64_t dropped = given_up(d) - outrun(e, d);
	char longest[TCPHS_DURATION_LEN], patience[TCPHS_DURATION_LEN];
	struct finding *f;
	size_t len;

	f = report_add(r, severity_of(d), "connect-timeout", "connects without an answer",
		       unanswered(e, d), FAILED);
	finding_destination(f, d);
	tcphs_fmt_duration(longest, d->longest, false);
	tcphs_fmt_duration(patience, d->patience, false);
	SAY(f->more, "of %llu connect%s %llu established; %llu timed out", (ull)attempts(d),
	    tcphs_plural(attempts(d)),
	    (ull)d->established, (ull)d->failed[TCPHS_REASON_TIMEOUT]);
	len = strlen(f->more);
	if (dropped) {
		say(f->more + len, sizeof(f->more) - len,
		    ", %llu given up by the application after %s at most", (ull)dropped, patience);
		len = strlen(f->more);
	}
	if (waiting(e, d) && e->live)
		say(f->more + len, sizeof(f->more) - len, ", %llu still wait, the longest for %s",
		    (ull)waiting(e, d), longest);
	else if (waiting(e, d))
		say(f->more + len, sizeof(f->more) - len, ", %llu still wait", (ull)waiting(e, d));
	SAY(f->cause, "%s", cause_of_silence(e, d));
	finding_next(f, e, &d->at);
}

/* Of a destination with enough failures, what makes a good part of them. */
static void judge(const struct evidence *e, struct report *r, const struct destination *d)
{
	uint64_t n = failures(e, d);
	const struct failure *what;

	if (unanswered(e, d) * 4 >= n && !is_reported(e, r, d))
		silent(e, r, d);
	for (what = failure_of; what < failure_of + NR_FAILURES; what++)
		if (count_of(d, what) * 4 >= n)
			failing(e, r, d, what);
}

/* ---- here one, there one ------------------------------------------------------------ */

/* Destinations with fewer failures than FAILED, and nothing else, of one process. */
struct sparse {
	struct {
		uint32_t pid;
		uint32_t netns;
		uint32_t boot;
	} key;				/* of the process, as in struct dialler */
	struct owner owner;
	struct place last;
	uint64_t destinations, failed, silent;
};

static void add_sparse(const struct evidence *e, struct report *r, struct tally *all,
		       const struct destination *d)
{
	struct sparse key = { .key = { d->owner.pid, d->at.netns, d->boot } };
	struct sparse *s = tally_get(all, &key.key);

	if (!s) {
		r->no_memory = true;
		return;
	}
	s->owner = d->owner;
	s->last = d->at;
	s->destinations++;
	s->failed += failures(e, d);
	s->silent += unanswered(e, d);
}

static const char *cause_of_sparse(const struct evidence *e, const struct sparse *s,
				   enum severity level)
{
	if (level > SEVERITY_NOTICE)
		return "Most connects of this process fail, each somewhere else: rather this machine's way out (route, firewall, NAT) than the peers.";
	if (s->destinations == 1)
		return e->live ? "Too few to say whether they always fail; --for looks longer." :
				 "Too few to say whether they always fail.";
	return "Who connects to many hosts finds some that are down: mail relays, crawlers, monitoring.";
}

static void judge_sparse(const struct evidence *e, struct report *r, const struct sparse *s)
{
	const struct dialler *who = tally_find(&e->diallers, &s->key);
	uint64_t established = who ? who->established : 0;
	enum severity level = SEVERITY_NOTICE;
	char last[TCPHS_ENDPOINT_LEN];
	struct finding *f;

	/* A refusal or two are everyday life; silence costs somebody minutes. */
	if (s->failed < FAILED && !s->silent)
		return;
	if (s->failed >= FAILED && !established)
		level = SEVERITY_CRITICAL;
	else if (s->failed >= FAILED && s->failed >= established)
		level = SEVERITY_WARNING;
	f = report_add(r, level, "connects-failing", "connects that failed",
		       s->failed, level == SEVERITY_NOTICE ? 1 : FAILED);
	f->kind = "process";
	f->place = s->last;
	if (!s->owner.known)
		SAY(f->object, "unknown processes");
	finding_owner(f, &s->owner);
	tcphs_fmt_endpoint(last, (uint8_t)s->last.family, s->last.address, s->last.port);
	SAY(f->more,
	    "to %llu destination%s, %llu of them without an answer, the last to %s; elsewhere %llu established",
	    (ull)s->destinations, tcphs_plural(s->destinations), (ull)s->silent, last,
	    (ull)established);
	SAY(f->cause, "%s", cause_of_sparse(e, s, level));
	finding_next(f, e, &s->last);
}

/* ---- the check ------------------------------------------------------------------- */

/* Does connect() succeed, and where does it not? */
void check_connects(const struct evidence *e, struct report *r)
{
	uint64_t connects = 0, established = 0, failed = 0, wait = 0, spare = 0, to = 0;
	struct tally sparse = TALLY_INIT(struct sparse, key);
	const struct destination *d;
	const struct route *route;
	const struct sparse *s;
	size_t i;

	/* Those that found no port are no try at a destination: they are the ports' finding. */
	tally_each(&e->routes, route, i) {
		connects += route->no_port;
		failed += route->no_port;
	}
	tally_each(&e->destinations, d, i) {
		to += attempts(d) || waiting(e, d);
		connects += attempts(d);
		established += d->established;
		failed += all_failed(d) - outrun(e, d);
		spare += outrun(e, d) + d->fell_back;
		wait += waiting(e, d);
		if (is_failing(failures(e, d), attempts(d)))
			judge(e, r, d);
		else if (failures(e, d) && !d->established && !d->old_acked &&
			 !is_reported(e, r, d))
			add_sparse(e, r, &sparse, d);
	}
	tally_each(&sparse, s, i)
		judge_sparse(e, r, s);
	tally_free(&sparse);
	/* Who waits for less, WAITING_NS, is in none of these figures. */
	report_saw(r, "%llu, established %llu, failed or given up %llu, needless as another came through %llu, waiting for an answer%s %llu; destinations %llu",
		   (ull)connects, (ull)established, (ull)failed, (ull)spare,
		   e->live ? " for 3 s and more" : "", (ull)wait, (ull)to);
}

/* ---- losses ---------------------------------------------------------------------- */

static void syns_lost(const struct evidence *e, struct report *r, const struct destination *d)
{
	uint64_t n = d->resent > d->old_acked ? d->resent - d->old_acked : 0;
	struct finding *f;

	/* Where nothing is answered at all, that is reported already. */
	if (!d->established || !is_lossy(n, attempts(d)) || is_reported(e, r, d) ||
	    is_failing(unanswered(e, d), attempts(d)))
		return;
	f = report_add(r, SEVERITY_WARNING, "syn-loss", "connects whose SYN was sent again", n,
		       LOST);
	finding_destination(f, d);
	SAY(f->more, "of %llu connect%s %llu established", (ull)attempts(d),
	    tcphs_plural(attempts(d)), (ull)d->established);
	SAY(f->cause,
	    "The peer drops SYNs because a queue of its listener is full, or the SYN or its answer is lost on the way. Each costs the client a second or more.");
	if (evidence_is_here(e, &d->at))
		SAY(f->command, "tcphs listeners --port %u", d->at.port);
	else
		SAY(f->command, "at the peer: tcphs doctor, or nstat -az TcpExtListenDrops");
}

static void synacks_lost(const struct evidence *e, struct report *r, const struct server *s)
{
	struct finding *f;

	/* They are sent again when the accept queue is full and when data are awaited, too. */
	if (s->overflows || s->deferred || !is_lossy(s->slow, s->established))
		return;
	f = report_add(r, SEVERITY_WARNING, "synack-loss",
		       "handshakes that needed the SYN+ACK again", s->slow, LOST);
	finding_server(f, s);
	SAY(f->more, "of %llu handshake%s; SYNs that came again %llu", (ull)s->established,
	    tcphs_plural(s->established),
	    (ull)s->syns_again);
	SAY(f->cause, "%s",
	    s->syns_again < s->slow && !evidence_sees(e, HOOK_OF_REQUESTS) ?
	    "Our SYN+ACK is lost on the way to the client, or its third ACK on the way to us, or they take longer than a second. Whom no SYN+ACK reaches sends the SYN again, which tcphs does not see on this kernel." :
	    s->syns_again >= s->slow ?
	    "Our SYN+ACK is lost on the way to the client, or takes longer than a second: the clients send their SYN again." :
	    "The client's third ACK is lost on the way to us, or takes longer than a second: the clients have our SYN+ACK, for they do not send their SYN again.");
	SAY(f->command, "tcphs events -f --local-port %u --event synack-retransmit,syn-duplicate",
	    s->at.port);
}

static void fins_lost(const struct evidence *e, struct report *r, const struct endings *x)
{
	struct finding *f;

	if (!is_lossy(x->fins_lost, x->fins))
		return;
	f = report_add(r, SEVERITY_NOTICE, "fin-loss", "FINs that were sent again", x->fins_lost,
		       LOST);
	finding_endings(f, e, x, NULL);
	SAY(f->more, "of %llu FIN%s; all of these were acknowledged in the end", (ull)x->fins,
	    tcphs_plural(x->fins));
	SAY(f->cause,
	    "The FIN or its ACK is lost on the way, or a host is so busy that it comes late. It costs nobody a connection, only time in FIN-WAIT-1 or LAST-ACK. Where SYNs are not lost too, a middlebox may forget connections before they are closed.");
	SAY(f->command, "tcphs events -f --%s-port %u --event fin-retransmit",
	    x->key.passive ? "local" : "peer", x->key.at.port);
}

/* Do the segments of handshakes and closes arrive? */
void check_loss(const struct evidence *e, struct report *r)
{
	uint64_t syns = 0, connects = 0, synacks = 0, established = 0, fins = 0, lost = 0;
	const struct destination *d;
	const struct endings *x;
	const struct server *s;
	size_t i;

	tally_each(&e->destinations, d, i) {
		syns += d->resent;
		connects += attempts(d);
		syns_lost(e, r, d);
	}
	tally_each(&e->servers, s, i) {
		synacks += s->slow;
		established += s->established;
		synacks_lost(e, r, s);
	}
	tally_each(&e->ends->endings, x, i) {
		fins += x->fins;
		lost += x->fins_lost;
		fins_lost(e, r, x);
	}
	report_saw(r,
		   "SYN sent again by %llu of %llu connect%s; SYN+ACK in %llu of %llu handshake%s; FIN in %llu of %llu close%s",
		   (ull)syns, (ull)connects, tcphs_plural(connects), (ull)synacks, (ull)established,
		   tcphs_plural(established), (ull)lost, (ull)fins, tcphs_plural(fins));
}

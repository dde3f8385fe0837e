/* SPDX-License-Identifier: GPL-2.0 */
/* The two queues of each listener. */
#include "report.h"

/* Who waits longer than that for accept() waits for the application, not for a burst. */
#define SLOW_NS		100000000ull

/* Below so many SYNs nobody can tell a flood; above, a flood leaves most unfinished. */
#define FLOOD_SYNS	20
#define FLOOD_PERMILLE	100
#define HALF_OPEN	10
#define HALF_PERMILLE	500

static void next_of_slow(struct finding *f, const struct server *s)
{
	if (s->owner.known)
		SAY(f->command, "top -H -p %u; cat /proc/%u/stack", s->owner.pid, s->owner.pid);
	else
		SAY(f->command, "ss -ltnp sport = :%u", s->at.port);
}

/* The backlog is what listen() asked for, somaxconn at most. */
static void advise_backlog(struct finding *f, const struct evidence *e, const struct server *s)
{
	uint64_t more = twice(s->limit ? s->limit : 1);

	if (e->settings.known[SETTING_SOMAXCONN] &&
	    e->settings.value[SETTING_SOMAXCONN] <= s->limit) {
		finding_setting(f, e, SETTING_SOMAXCONN,
				"%llu, and the same in the application's listen(), which has to call it again",
				(ull)more);
		return;
	}
	SAY(f->setting, "backlog of listen()");
	SAY(f->present, "%u", s->limit);
	SAY(f->advised, "%llu, in the application's configuration", (ull)more);
}

/* What the sockets of a server add up to. */
struct sum {
	struct tcphs_histogram wait;
	uint32_t waiting;
	uint32_t full;
};

static struct sum sum_of(const struct evidence *e, const struct server *s)
{
	const struct queue *q;
	struct sum sum = { 0 };
	size_t i;
	int b;

	tally_each(&e->queues, q, i) {
		if (memcmp(&q->at, &s->at, sizeof(s->at)))
			continue;
		sum.wait.count += q->wait.count;
		for (b = 0; b < TCPHS_HIST_BUCKETS; b++)
			sum.wait.bucket[b] += q->wait.bucket[b];
		if (q->wait.max_ns > sum.wait.max_ns)
			sum.wait.max_ns = q->wait.max_ns;
		if (q->waiting > sum.waiting)
			sum.waiting = q->waiting;
		/* The kernel lets one more in than the limit says. */
		sum.full += q->now && q->waiting > q->limit;
	}
	return sum;
}

static void why_full(struct finding *f, const struct evidence *e, const struct server *s,
		     const struct sum *sum)
{
	char p50[TCPHS_DURATION_LEN], p99[TCPHS_DURATION_LEN];
	uint64_t median = tcphs_hist_quantile(&sum->wait, 500);

	tcphs_fmt_duration(p50, median, false);
	tcphs_fmt_duration(p99, tcphs_hist_quantile(&sum->wait, 990), false);
	if (!s->accepted) {
		SAY(f->cause,
		    "The application accepted nothing in all this time: it hangs, or it does not call accept(). A longer queue would fill up too.");
		next_of_slow(f, s);
	} else if (median >= SLOW_NS) {
		SAY(f->cause,
		    "The application is too slow to accept: half of the connections waited %s or longer for accept(), the slowest of a hundred %s. A longer queue makes them wait longer.",
		    p50, p99);
		next_of_slow(f, s);
	} else {
		SAY(f->cause,
		    "Connections come in bursts that are longer than the queue: those that found room waited only %s (median) for accept().",
		    p50);
		SAY(f->command, "tcphs listeners --port %u", s->at.port);
		advise_backlog(f, e, s);
	}
}

static void overflowing(const struct evidence *e, struct report *r, const struct server *s,
			const struct sum *sum)
{
	struct finding *f = report_add(r, SEVERITY_CRITICAL, "accept-queue-overflow",
				       "SYNs and third ACKs that met a full accept queue",
				       s->overflows, 1);

	finding_server(f, s);
	if (s->sockets)
		SAY(f->more, "%llu accepted; now %u wait, room for %u", (ull)s->accepted,
		    sum->waiting, s->limit + 1);
	else
		SAY(f->more, "%llu accepted; room for %u", (ull)s->accepted, s->limit + 1);
	why_full(f, e, s, sum);
}

static void full(struct report *r, const struct server *s, const struct sum *sum)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "accept-queue-full",
				       "connections waiting for accept()", sum->waiting,
				       s->limit + 1);

	finding_server(f, s);
	SAY(f->more, "%llu accepted", (ull)s->accepted);
	SAY(f->cause,
	    "The accept queue is full: the next connection will be dropped. The application does not call accept(), or not often enough.");
	next_of_slow(f, s);
}

/* Does a connection meet a full accept queue? Then: because of listen(), or of accept()? */
void check_accept_queues(const struct evidence *e, struct report *r)
{
	uint64_t listeners = 0, accepted = 0, overflows = 0;
	const struct server *s;
	struct sum sum;
	size_t i;

	tally_each(&e->servers, s, i) {
		sum = sum_of(e, s);
		listeners += s->listening;
		accepted += s->accepted;
		overflows += s->overflows;
		if (s->overflows)
			overflowing(e, r, s, &sum);
		else if (sum.full)
			full(r, s, &sum);
	}
	if (e->live)
		report_saw(r, "listeners %llu, accepted %llu, overflows %llu",
			   (ull)listeners, (ull)accepted, (ull)overflows);
	else
		report_saw(r, "accepted %llu, overflows %llu", (ull)accepted, (ull)overflows);
}

static bool is_flood(uint64_t syns, const struct server *s)
{
	return syns >= FLOOD_SYNS && s->queued * 1000 < syns * FLOOD_PERMILLE;
}

static void dropping(const struct evidence *e, struct report *r, const struct server *s,
		     uint64_t syns)
{
	bool flood = is_flood(syns, s);
	bool cookies = e->settings.known[SETTING_SYNCOOKIES] &&
		       e->settings.value[SETTING_SYNCOOKIES];
	struct finding *f = report_add(r, SEVERITY_CRITICAL,
				       flood ? "syn-flood" : "syn-queue-overflow",
				       "SYNs dropped because of a full SYN queue", s->syns_dropped,
				       1);

	finding_server(f, s);
	SAY(f->more, "%llu SYNs, %llu finished handshakes; room for %u", (ull)syns,
	    (ull)s->queued, s->limit);
	SAY(f->cause, "%s %s",
	    flood ? "A SYN flood: hardly any of these SYNs becomes a connection." :
		    "More handshakes are under way than the SYN queue holds.",
	    cookies ? "SYN cookies were off when it happened." :
		      "SYN cookies are off, so that honest clients are dropped with the others.");
	SAY(f->command, "tcphs events -f --local-port %u --event syn-dropped", s->at.port);
	if (!cookies)
		finding_setting(f, e, SETTING_SYNCOOKIES, "1");
	else
		advise_backlog(f, e, s);
}

static void cookies_out(const struct evidence *e, struct report *r, const struct server *s,
			uint64_t syns)
{
	bool flood = is_flood(syns, s);
	struct finding *f = report_add(r, SEVERITY_WARNING,
				       flood ? "syn-flood" : "syn-queue-full",
				       "SYN cookies sent", s->cookies_sent, 1);

	finding_server(f, s);
	SAY(f->more, "%llu came back; %llu SYNs, %llu finished handshakes; room for %u",
	    (ull)s->cookies_valid, (ull)syns, (ull)s->queued, s->limit);
	SAY(f->command, "tcphs events -f --local-port %u --event syncookie-sent", s->at.port);
	if (e->settings.known[SETTING_SYNCOOKIES] && e->settings.value[SETTING_SYNCOOKIES] == 2) {
		SAY(f->cause,
		    "SYN cookies are sent for every SYN, as they are set to 2, which is for tests: connections lose options of theirs.");
		finding_setting(f, e, SETTING_SYNCOOKIES, "1");
	} else if (flood) {
		SAY(f->cause,
		    "A SYN flood: hardly any of these SYNs becomes a connection. SYN cookies keep the door open for honest clients; find out where the SYNs come from and stop them there.");
	} else {
		SAY(f->cause,
		    "More handshakes are under way than the SYN queue holds. SYN cookies help out, at the price of options that these connections go without.");
		advise_backlog(f, e, s);
	}
}

/* SYN+ACKs go out and no third ACK comes, in a queue that is still long enough. */
static void half_open(struct report *r, const struct server *s, uint64_t syns)
{
	struct finding *f;
	uint64_t unanswered = s->resent > s->slow ? s->resent - s->slow : 0;

	/* Those that had to wait for the accept queue or for data are no riddle. */
	if (s->overflows || s->deferred || unanswered < HALF_OPEN ||
	    !share(unanswered, HALF_PERMILLE, syns))
		return;
	f = report_add(r, SEVERITY_WARNING, "half-open",
		       "handshakes whose SYN+ACK was sent again and not answered", unanswered,
		       HALF_OPEN);
	finding_server(f, s);
	SAY(f->more, "%llu SYNs, %llu finished handshakes, %llu given up; room for %u", (ull)syns,
	    (ull)s->queued, (ull)s->expired, s->limit);
	SAY(f->cause,
	    "Most clients do not answer the SYN+ACK: a slow SYN flood or a scan with forged addresses, or our answers do not reach them (routing, firewall).");
	SAY(f->command, "tcphs connections --local-port %u --state syn-recv", s->at.port);
}

/* Is the SYN queue too short, or is somebody filling it? */
void check_syn_queues(const struct evidence *e, struct report *r)
{
	uint64_t all = 0, dropped = 0, sent = 0, syns;
	const struct server *s;
	size_t i;

	tally_each(&e->servers, s, i) {
		syns = s->syns + s->syns_dropped + s->cookies_sent;
		all += syns;
		dropped += s->syns_dropped;
		sent += s->cookies_sent;
		if (s->syns_dropped)
			dropping(e, r, s, syns);
		else if (s->cookies_sent)
			cookies_out(e, r, s, syns);
		else
			half_open(r, s, syns);
	}
	report_saw(r, "SYNs %llu, dropped %llu, answered by a SYN cookie %llu", (ull)all,
		   (ull)dropped, (ull)sent);
}

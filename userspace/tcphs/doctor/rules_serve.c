/* SPDX-License-Identifier: GPL-2.0 */
/* Is what was accepted also served? */
#include "evidence_ends.h"
#include "report.h"

static void count(struct finding *f, const struct endings *x)
{
	char longest[TCPHS_DURATION_LEN];

	tcphs_fmt_duration(longest, x->unserved.longest, false);
	SAY(f->more, "of %llu connection%s that were closed; the client waited %s at most",
	    (ull)x->first_fins, tcphs_plural(x->first_fins), longest);
}

/* Who does not accept does not read either, which is reported by then. */
static void judge_listener(const struct evidence *e, struct report *r, const struct endings *x)
{
	uint64_t n = x->unserved.count;
	bool much = n >= UNREAD_MANY && share(n, UNREAD_HALF_PERMILLE, x->first_fins);
	const struct server *s = tally_find(&e->servers, &x->key.at);
	struct finding *f;

	if (n < UNREAD || !share(n, UNREAD_PERMILLE, x->first_fins) ||
	    report_blames(r, s))
		return;
	f = report_add(r, much ? SEVERITY_CRITICAL : SEVERITY_WARNING, "requests-not-read",
		       "requests that were not read when the client gave up", n,
		       much ? UNREAD_MANY : UNREAD);
	if (s)
		finding_sockets(f, s, s->sockets, &x->unserved.owner);
	else
		finding_endings(f, e, x, &x->unserved.owner);
	count(f, x);
	SAY(f->cause,
	    "The process accepted these connections, and then neither read what had come nor sent anything until the client closed: it hangs (a lock, a database, a full disk), or its workers are too few or too slow for the patience of its clients. What it waits for its stack tells (gdb -p, jstack, py-spy).");
	SAY(f->command, "ss -tnp state close-wait sport = :%u; tcphs events -f --local-port %u --event fin-received",
	    x->key.at.port, x->key.at.port);
}

static void judge_destination(const struct evidence *e, struct report *r, const struct endings *x)
{
	struct finding *f;

	if (x->unserved.count < UNANSWERED ||
	    !share(x->unserved.count, UNREAD_HALF_PERMILLE, x->first_fins))
		return;
	f = report_add(r, SEVERITY_NOTICE, "no-answers",
		       "connections that we closed after nothing had come", x->unserved.count,
		       UNANSWERED);
	finding_endings(f, e, x, &x->unserved.owner);
	count(f, x);
	SAY(f->cause,
	    "The peer confirmed all that we sent, and sent nothing until we closed. If it should answer, its process hangs or is too slow, or forwards to one that is. Where only the client speaks (logs, metrics) it looks the same, and is meant.");
	SAY(f->command, "tcphs events -f --peer-port %u --event fin-sent", x->key.at.port);
}

/* Are requests read, and answered? */
void check_requests(const struct evidence *e, struct report *r)
{
	uint64_t unread = 0, unanswered = 0, fins = 0;
	const struct endings *x;
	size_t i;

	tally_each(&e->ends->endings, x, i) {
		fins += x->first_fins;
		if (x->key.passive) {
			unread += x->unserved.count;
			judge_listener(e, r, x);
		} else {
			unanswered += x->unserved.count;
			judge_destination(e, r, x);
		}
	}
	report_saw(r, "closed by FIN %llu; unread for 100 ms or more %llu, unanswered %llu",
		   (ull)fins, (ull)unread, (ull)unanswered);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The accept queue of each listening socket. */
#include <stdlib.h>

#include "report.h"

enum verdict { WELL, BURST, SLOW_NOW, FULL, OVERRUN, HUNG, NR_VERDICTS };

/* Sockets of one server that are judged alike; the worst stands for them. */
struct alike {
	const struct queue *worst;
	uint64_t sockets;
	uint64_t waiting, accepted, overflows, room;
	uint64_t long_waits, waits;
	uint64_t oldest;
};

/* Room of one: the kernel lets one more in than the limit says. */
static uint64_t room(const struct queue *q)
{
	return (uint64_t)q->limit + 1;
}

/* ---- judging one socket ------------------------------------------------------------ */

/* Connections that waited for LONG_NS or longer, or wait so long by now. */
static uint64_t long_waits(const struct queue *q)
{
	unsigned int b = tcphs_hist_bucket(LONG_NS - 1) + 1;
	uint64_t n = q->long_waits;

	for (; b < TCPHS_HIST_BUCKETS; b++)
		n += q->wait.bucket[b];
	return n;
}

/* Somebody waits, and has been waiting, and nobody is let in. */
static bool hangs(const struct evidence *e, const struct queue *q)
{
	if (q->cut_short >= HUNG_NS)
		return true;
	if (!e->live)
		return q->stalled && e->ended - q->stalled >= HUNG_NS;
	if (!q->now || !q->waiting)
		return false;
	if (q->oldest >= HUNG_NS && (!q->idle_known || q->idle >= HUNG_NS))
		return true;
	/* Of those who are older than the module nobody knows since when they wait. */
	return q->before && q->waiting_before && !q->accepted &&
	       (!q->oldest || q->oldest >= LONG_NS) && e->ended - e->began >= LOOK_NS;
}

/*
 * Would a longer queue help? Only where the application gets to its end between bursts,
 * and nobody would wait longer in it than for another SYN.
 */
static bool is_burst(const struct queue *q)
{
	uint64_t longest = q->oldest > q->wait.max_ns ? q->oldest : q->wait.max_ns;

	return q->emptied && q->waiting <= q->limit / 2 && 2 * longest <= LONG_NS;
}

static bool is_full(const struct queue *q)
{
	if (!q->now || !share(q->waiting, FULL_PERMILLE, room(q)))
		return false;
	return q->oldest >= QUEUE_MOMENT_NS ||
	       (q->before && share(q->waiting_before, FULL_PERMILLE, room(q)));
}

static enum verdict judge(const struct evidence *e, const struct queue *q)
{
	uint64_t slow = long_waits(q);

	if (hangs(e, q))
		return HUNG;
	if (q->overflows)
		return is_burst(q) ? BURST : OVERRUN;
	if (is_full(q))
		return FULL;
	return slow >= SLOW && share(slow, SLOW_PERMILLE, q->wait.count + q->long_waits) ?
	       SLOW_NOW : WELL;
}

static void add(struct alike *a, const struct queue *q)
{
	if (!a->worst || q->overflows > a->worst->overflows ||
	    (q->overflows == a->worst->overflows && q->waiting > a->worst->waiting))
		a->worst = q;
	a->sockets++;
	a->waiting += q->waiting;
	a->accepted += q->accepted;
	a->overflows += q->overflows;
	a->room += room(q);
	a->long_waits += long_waits(q);
	a->waits += q->wait.count + q->long_waits;
	if (q->oldest > a->oldest)
		a->oldest = q->oldest;
}

/* ---- reporting --------------------------------------------------------------------- */

/* One socket of a group is named by what it is one of. */
static void name(struct finding *f, const struct server *s, const struct alike *a)
{
	size_t len;

	finding_sockets(f, s, (uint32_t)a->sockets, &a->worst->owner);
	if (a->sockets < 2)
		return;
	len = strlen(f->object);
	say(f->object + len, sizeof(f->object) - len, " and others");
}

/* "together" where it is more than one socket's. */
static const char *together(const struct alike *a)
{
	return a->sockets > 1 ? "together " : "";
}

/*
 * What it does now says nothing of what has been. Who accepts is known of those that were
 * accepted; else it is who called listen(), and a child of it may be the one that should.
 */
static void ask_process(const struct evidence *e, struct finding *f, const struct server *s,
			const struct queue *q)
{
	unsigned int pid = q->owner.pid;

	if (!e->live || q->cut_short)
		SAY(f->command, "tcphs events -f --local-port %u --event accepted,syn-dropped,accept-overflow,unlisten",
		    s->at.port);
	else if (q->owner.known && q->accepted)
		SAY(f->command, "cat /proc/%u/stack /proc/%u/limits; ls /proc/%u/fd | wc -l", pid,
		    pid, pid);
	else if (q->owner.known)
		SAY(f->command, "ss -ltnp sport = :%u; cat /proc/%u/stack /proc/%u/limits; ls /proc/%u/fd | wc -l",
		    s->at.port, pid, pid, pid);
	else
		SAY(f->command, "ss -ltnp sport = :%u", s->at.port);
}

/* With tcp_abort_on_overflow the kernel resets whose third ACK finds no room. */
static void advise_no_abort(struct finding *f, const struct evidence *e, uint64_t aborted)
{
	size_t len = strlen(f->cause);

	if (!aborted)
		return;
	say(f->cause + len, sizeof(f->cause) - len,
	    " %llu of these clients were reset (tcp_abort_on_overflow); the others only come later.",
	    (ull)aborted);
	if (e->settings.value[SETTING_ABORT_ON_OVERFLOW])
		finding_setting(f, e, SETTING_ABORT_ON_OVERFLOW, "0");
}

static void tell_waiting(struct finding *f, const struct evidence *e, const struct alike *a)
{
	char oldest[TCPHS_DURATION_LEN], time[TCPHS_DURATION_LEN];
	char idle[TCPHS_DURATION_LEN + 64] = "";
	const struct queue *q = a->worst;

	tcphs_fmt_duration(oldest, a->oldest, false);
	if (q->cut_short) {
		tcphs_fmt_duration(time, q->cut_short, false);
		SAY(idle, "; none was accepted for %s, until the %s", time,
		    q->booted ? "machine was booted" : "listener closed");
	} else if (e->live && q->idle_known) {
		tcphs_fmt_duration(time, q->idle, false);
		SAY(idle, "; the last accept() %s ago", time);
	} else if (!e->live && q->stalled) {
		tcphs_fmt_duration(time, e->ended - q->stalled, false);
		SAY(idle, "; none was accepted for the last %s", time);
	}
	if (a->oldest)
		SAY(f->more, "%s%llu wait, room for %llu, the oldest for %s%s; %llu accepted, overflows %llu",
		    together(a), (ull)a->waiting, (ull)a->room, oldest, idle, (ull)a->accepted,
		    (ull)a->overflows);
	else
		SAY(f->more, "%s%llu wait, room for %llu%s; %llu accepted, overflows %llu",
		    together(a), (ull)a->waiting, (ull)a->room, idle, (ull)a->accepted,
		    (ull)a->overflows);
}

static void cause_of_hanging(struct finding *f, const struct queue *q)
{
	if (q->files_most && q->files >= q->files_most)
		SAY(f->cause,
		    "The process has %llu of %llu file descriptor%s open: accept() fails with EMFILE, and those who wait go on waiting. It leaks them, or needs more (LimitNOFILE, ulimit -n).",
		    (ull)q->files, (ull)q->files_most, tcphs_plural(q->files_most));
	else
		SAY(f->cause,
		    "The application does not call accept(): it hangs (a lock, a full disk, a name server, a stopped process), all of its workers are busy, or accept() fails. A longer queue would fill up too.");
}

static void hanging(const struct evidence *e, struct report *r, const struct server *s,
		    const struct alike *a, uint64_t aborted)
{
	struct finding *f = report_add(r, SEVERITY_CRITICAL, "accept-hangs",
				       "connections waiting, and none is accepted", a->waiting, 1);

	name(f, s, a);
	tell_waiting(f, e, a);
	cause_of_hanging(f, a->worst);
	ask_process(e, f, s, a->worst);
	advise_no_abort(f, e, aborted);
}

static bool is_serious(const struct alike *a)
{
	return a->overflows >= OVERFLOWS &&
	       share(a->overflows, OVERFLOWS_PERMILLE, a->overflows + a->accepted);
}

static void why_overrun(struct finding *f, const struct alike *a)
{
	const struct queue *q = a->worst;
	char longest[TCPHS_DURATION_LEN], often[32] = "once";

	if (q->emptied > 1)
		SAY(often, "%llu times", (ull)q->emptied);
	tcphs_fmt_duration(longest, q->oldest > q->wait.max_ns ? q->oldest : q->wait.max_ns,
			   false);
	if (!a->accepted && q->oldest && q->oldest < QUEUE_MOMENT_NS)
		SAY(f->cause,
		    "Connections come faster than the application accepts them, though nobody was seen to: those who wait came just now.");
	else if (!a->accepted)
		SAY(f->cause,
		    "The application accepted nothing in all this time: it hangs, or it is too slow to accept. A longer queue would fill up too.");
	else if (q->emptied)
		SAY(f->cause,
		    "The application is too slow to accept: it got to the end of its queue %s, but connections wait up to %s in it. A longer queue makes them wait longer.",
		    often, longest);
	else
		SAY(f->cause,
		    "The application is too slow to accept: it never gets to the end of its queue, in which connections wait up to %s. A longer queue makes them wait longer.",
		    longest);
}

static void overrun(const struct evidence *e, struct report *r, const struct server *s,
		    const struct alike *a, uint64_t aborted)
{
	struct finding *f = report_add(r, is_serious(a) || aborted ? SEVERITY_CRITICAL :
				       SEVERITY_WARNING, "accept-queue-overflow",
				       "SYNs and third ACKs that met a full accept queue",
				       a->overflows, is_serious(a) ? OVERFLOWS : 1);

	name(f, s, a);
	tell_waiting(f, e, a);
	why_overrun(f, a);
	ask_process(e, f, s, a->worst);
	advise_no_abort(f, e, aborted);
}

static void burst(const struct evidence *e, struct report *r, const struct server *s,
		  const struct alike *a, uint64_t aborted)
{
	bool serious = is_serious(a);
	char longest[TCPHS_DURATION_LEN];
	struct finding *f = report_add(r, aborted ? SEVERITY_CRITICAL : serious ?
				       SEVERITY_WARNING : SEVERITY_NOTICE,
				       "accept-queue-overflow",
				       "SYNs and third ACKs that met a full accept queue",
				       a->overflows, serious ? OVERFLOWS : 1);

	name(f, s, a);
	tell_waiting(f, e, a);
	tcphs_fmt_duration(longest, a->worst->wait.max_ns, false);
	SAY(f->cause,
	    "Connections come in bursts that are longer than the queue, and the application gets to its end in between: none that found room waited longer than %s. Those that found none come a second or more later.",
	    longest);
	SAY(f->command, "tcphs listeners --port %u", s->at.port);
	finding_backlog(f, e, a->worst->limit);
	advise_no_abort(f, e, aborted);
}

static void full(const struct evidence *e, struct report *r, const struct server *s,
		 const struct alike *a)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "accept-queue-full",
				       "connections waiting for accept()", a->waiting,
				       (a->room * FULL_PERMILLE + 999) / 1000);

	name(f, s, a);
	tell_waiting(f, e, a);
	SAY(f->cause,
	    "The accept queue is full or nearly so. Where it is, SYNs are dropped, and their connections come a second or more late. The application does not call accept(), or not often enough.");
	ask_process(e, f, s, a->worst);
}

static void slow(const struct evidence *e, struct report *r, const struct server *s,
		 const struct alike *a)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "accept-slow",
				       "connections that waited a second or longer for accept()",
				       a->long_waits, SLOW);

	name(f, s, a);
	tell_waiting(f, e, a);
	SAY(f->cause,
	    "The application is too slow to accept: connections are established and then wait. Nothing is dropped, for the queue is long; a longer one would not help.");
	ask_process(e, f, s, a->worst);
}

static void tell(const struct evidence *e, struct report *r, const struct server *s,
		 enum verdict v, const struct alike *a, uint64_t aborted)
{
	switch (v) {
	case HUNG:
		hanging(e, r, s, a, aborted);
		break;
	case OVERRUN:
		overrun(e, r, s, a, aborted);
		break;
	case BURST:
		burst(e, r, s, a, aborted);
		break;
	case FULL:
		full(e, r, s, a);
		break;
	case SLOW_NOW:
		slow(e, r, s, a);
		break;
	default:
		break;
	}
}

/* ---- all of them --------------------------------------------------------------------- */

/* A listener that closes takes along who waits for accept(), and handshakes under way. */
static void cut_off(const struct evidence *e, struct report *r, const struct server *s)
{
	uint64_t cut = s->cut + s->cut_waiting;
	struct finding *f;

	if (cut < CUT || !share(cut, OVERFLOWS_PERMILLE, cut + s->accepted))
		return;
	f = report_add(r, SEVERITY_WARNING, "accept-queue-cut",
		       "connections and handshakes that went with their listener", cut, CUT);
	finding_sockets(f, s, s->sockets, s->cutter.known ? &s->cutter : &s->owner);
	SAY(f->more, "%llu waited for accept() and were reset, %llu were in the SYN queue",
	    (ull)s->cut_waiting, (ull)s->cut);
	SAY(f->cause, "%s",
	    s->sockets ? "One socket of this address was closed, as in a reload, while the others go on. Close it when its queue is empty, hand it over, or let the kernel move what waits to the others." :
			 "The listener was closed while clients waited. Stop taking new ones first (load balancer), accept() those who wait, then close.");
	SAY(f->command, "tcphs events --local-port %u --event unlisten,rst-sent,request-reset",
	    s->at.port);
	if (s->sockets && !e->settings.value[SETTING_MIGRATE_REQ])
		finding_setting(f, e, SETTING_MIGRATE_REQ, "1");
}

static int by_place(const void *a, const void *b)
{
	const struct queue *x = *(const struct queue *const *)a;
	const struct queue *y = *(const struct queue *const *)b;
	int order = memcmp(&x->at, &y->at, sizeof(x->at));

	if (order)
		return order;
	if (x->key.boot != y->key.boot)
		return x->key.boot < y->key.boot ? -1 : 1;
	return x->key.conn < y->key.conn ? -1 : x->key.conn > y->key.conn;
}

/* The sockets of one place; returns how many they are. */
static size_t check_server(const struct evidence *e, struct report *r,
			   const struct queue *const *first, size_t left)
{
	struct alike alike[NR_VERDICTS] = { 0 };
	const struct server *s = tally_find(&e->servers, &first[0]->at);
	uint64_t aborted;
	size_t n;
	int v;

	for (n = 0; n < left && !memcmp(&first[n]->at, &first[0]->at, sizeof(first[0]->at)); n++)
		add(&alike[judge(e, first[n])], first[n]);
	if (!s)
		return n;
	aborted = s->aborted;
	for (v = NR_VERDICTS - 1; v > WELL; v--) {
		if (!alike[v].sockets)
			continue;
		tell(e, r, s, v, &alike[v], aborted);
		/* Told once. */
		aborted = 0;
	}
	return n;
}

static void check_queues(const struct evidence *e, struct report *r)
{
	const struct queue **sorted = calloc(e->queues.nr + 1, sizeof(*sorted)), *q;
	size_t i;

	if (!sorted) {
		r->no_memory = true;
		return;
	}
	tally_each(&e->queues, q, i)
		sorted[i] = q;
	qsort(sorted, e->queues.nr, sizeof(*sorted), by_place);
	for (i = 0; i < e->queues.nr; )
		i += check_server(e, r, sorted + i, e->queues.nr - i);
	free(sorted);
}

/* Does a connection meet a full accept queue, or wait in it? */
void check_accept_queues(const struct evidence *e, struct report *r)
{
	uint64_t listeners = 0, accepted = 0, overflows = 0, waiting = 0;
	const struct server *s;
	const struct queue *q;
	size_t i;

	check_queues(e, r);
	tally_each(&e->servers, s, i) {
		listeners += s->sockets;
		accepted += s->accepted;
		overflows += s->overflows;
		cut_off(e, r, s);
	}
	tally_each(&e->queues, q, i)
		waiting += q->now ? q->waiting : 0;
	if (e->live)
		report_saw(r, "sockets %llu, accepted %llu, waiting now %llu, overflows %llu",
			   (ull)listeners, (ull)accepted, (ull)waiting, (ull)overflows);
	else
		report_saw(r, "accepted %llu, overflows %llu", (ull)accepted, (ull)overflows);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The rules in their order, what they found, and the most urgent first. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "evidence_ends.h"
#include "report.h"

/* Of findings of the same severity, those of the rule that comes first are reported first. */
const struct rule rules[NR_RULES] = {
	{ "accept-queues", "accept queues", NULL, check_accept_queues },
	{ "requests", "requests", NULL, check_requests },
	{ "syn-queues", "SYN queues", NULL, check_syn_queues },
	{ "discards", "discarded segments", "what a listener threw away", check_discards },
	{ "connects", "connects", NULL, check_connects },
	{ "ports", "ephemeral ports", NULL, check_ports },
	{ "orphans", "orphans", NULL, check_orphans },
	{ "time-wait", "TIME-WAIT", NULL, check_time_wait },
	{ "close-wait", "CLOSE-WAIT", "who is in CLOSE-WAIT now", check_close_wait },
	{ "closing", "FIN-WAIT, LAST-ACK", "who is in these states now", check_closing },
	{ "loss", "handshake losses", NULL, check_loss },
	{ "data", "data", "whose data are not confirmed now", check_data },
	{ "deaths", "time-outs", NULL, check_deaths },
	{ "resets", "resets", NULL, check_resets },
	{ "strays", "strays", NULL, check_strays },
	{ "old-connections", "SYNs to old ones", NULL, check_old_connections },
	{ "shut-ports", "ports nobody has", NULL, check_shut_ports },
	{ "tcphs", "tcphs itself", NULL, check_tcphs },
	{ "closing-first", "who closes first", NULL, check_closing_first },
};

/* Behind all others: it is of another time. */
const struct rule rule_of_kept = { "kept", "before that", NULL, NULL };

/**
 * say - format a text
 * @to: gets it
 * @size: of @to; the text is cut to that
 * @fmt: as printf(3)
 */
void say(char *to, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to, size, fmt, ap);
	va_end(ap);
}

static size_t number_of(const struct rule *rule)
{
	return (size_t)(rule - rules);
}

/**
 * report_saw - what a rule looked at
 * @r: the report
 * @fmt: as printf(3)
 */
void report_saw(struct report *r, const char *fmt, ...)
{
	size_t i = number_of(r->rule);
	va_list ap;

	r->check[i].looked = true;
	va_start(ap, fmt);
	vsnprintf(r->check[i].saw, sizeof(r->check[i].saw), fmt, ap);
	va_end(ap);
}

/**
 * report_skip - a rule cannot look
 * @r: the report
 * @why: why not
 */
void report_skip(struct report *r, const char *why)
{
	SAY(r->check[number_of(r->rule)].saw, "%s", why);
}

/**
 * report_add - something is wrong
 * @r: the report
 * @level: how urgent it is
 * @name: of the finding
 * @measure: what the number counts
 * @value: the number
 * @threshold: the alarm begins there
 *
 * Return: the finding, for the rest.
 */
struct finding *report_add(struct report *r, enum severity level, const char *name,
			   const char *measure, uint64_t value, uint64_t threshold)
{
	struct finding *f = &r->spare, *more;

	if (r->nr == r->cap) {
		more = realloc(r->v, (r->cap ? 2 * r->cap : 8) * sizeof(*more));
		if (more) {
			r->cap = r->cap ? 2 * r->cap : 8;
			r->v = more;
		}
	}
	if (r->nr < r->cap)
		f = &r->v[r->nr++];
	else
		r->no_memory = true;
	*f = (struct finding){ .rule = r->rule ? r->rule : &rule_of_kept,
			       .severity = level, .name = name,
			       .measure = measure, .value = value, .threshold = threshold };
	return f;
}

static int by_urgency(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->kept != y->kept)
		return x->kept ? 1 : -1;
	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	if (x->kept && strcmp(x->name, y->name))
		return strcmp(x->name, y->name);
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return strcmp(x->object, y->object);
}

/* What it is about and nobody owns; NULL: somebody does. */
static const char *nobodys(const struct rule *rule)
{
	if (rule->check == check_strays)
		return "segments that belong to no connection";
	return rule->check == check_shut_ports ? "SYNs for ports where nobody listens" : NULL;
}

/**
 * report_make - judge
 * @r: the report
 * @e: the evidence, complete
 *
 * Return: 0 or -ENOMEM.
 */
int report_make(struct report *r, const struct evidence *e)
{
	char why[160];
	size_t i;

	*r = (struct report){ .check = calloc(NR_RULES, sizeof(*r->check)) };
	if (!r->check)
		return -ENOMEM;
	for (i = 0; i < NR_RULES; i++) {
		r->rule = &rules[i];
		if (rules[i].needs && !e->live) {
			SAY(why, "events alone do not say %s", rules[i].needs);
			report_skip(r, why);
			continue;
		}
		if (e->owned && nobodys(&rules[i])) {
			SAY(why, "%s are of no unit and no container", nobodys(&rules[i]));
			report_skip(r, why);
			continue;
		}
		rules[i].check(e, r);
	}
	/* Of events, of whatever time: that which they are of. */
	for (i = 0; i < r->nr && !e->live; i++) {
		if (r->v[i].lasting)
			continue;
		r->v[i].from = e->began;
		r->v[i].to = e->ended;
	}
	r->rule = NULL;
	judge_kept(e, r);
	if (r->nr)
		qsort(r->v, r->nr, sizeof(*r->v), by_urgency);
	return r->no_memory ? -ENOMEM : 0;
}

/**
 * report_free - give the memory back
 * @r: the report
 */
void report_free(struct report *r)
{
	free(r->v);
	free(r->check);
}

/**
 * report_worst - how bad is it?
 * @r: the report
 */
enum severity report_worst(const struct report *r)
{
	return r->nr ? r->v[0].severity : SEVERITY_NONE;
}

/**
 * report_exit - the exit status, for a script
 * @worst: the severity
 */
int report_exit(enum severity worst)
{
	if (worst == SEVERITY_CRITICAL)
		return DOCTOR_EXIT_CRITICAL;
	return worst == SEVERITY_WARNING ? DOCTOR_EXIT_WARNING : 0;
}

const char *severity_name(enum severity s)
{
	static const char *const names[] = { "none", "notice", "warning", "critical" };

	return names[s];
}

/* ---- what rules share ------------------------------------------------------------ */

bool share(uint64_t part, uint64_t permille, uint64_t whole)
{
	return part * 1000 >= whole * permille;
}

bool is_much(uint64_t n, uint64_t least, uint64_t permille, uint64_t whole)
{
	return n >= least && share(n, permille, whole);
}

/**
 * fmt_host - an address for ss(8), which takes what follows the last colon for a port
 * @buf: HOST_LEN bytes
 * @at: the address
 */
void fmt_host(char *buf, const struct place *at)
{
	char address[TCPHS_ADDRESS_LEN];

	tcphs_fmt_address(address, (uint8_t)at->family, at->address);
	say(buf, HOST_LEN, at->family == AF_INET6 ? "'[%s]'" : "%s", address);
}

/**
 * fmt_when - a time as --since and --until take it, which is one moment alone
 * @buf: WHEN_LEN bytes
 * @e: knows the clock
 * @time: CLOCK_MONOTONIC in ns
 */
void fmt_when(char *buf, const struct evidence *e, uint64_t time)
{
	time_t t = (time_t)(evidence_real(e, time) / 1000000000);
	struct tm tm;

	localtime_r(&t, &tm);
	if (!strftime(buf, WHEN_LEN, "%Y-%m-%dT%H:%M:%S%z", &tm))
		strcpy(buf, "?");
}

uint64_t twice(uint64_t n)
{
	uint64_t power = 1;

	while (power < 2 * n)
		power *= 2;
	return power;
}

/**
 * finding_owner - whose it is
 * @f: the finding; its object is named already
 * @owner: the process, if known
 */
void finding_owner(struct finding *f, const struct owner *owner)
{
	char text[TCPHS_OWNER_LEN];
	size_t len = strlen(f->object);

	f->owner = *owner;
	if (!owner->known)
		return;
	tcphs_fmt_owner(text, owner->comm, strlen(owner->comm), owner->pid);
	say(f->object + len, sizeof(f->object) - len, len ? ", %s" : "%s", text);
}

/**
 * finding_peer - it is about a peer, at whatever ports
 * @f: the finding
 * @family: AF_INET or AF_INET6
 * @address: its address
 * @text: gets that, TCPHS_ADDRESS_LEN bytes, to be typed
 */
void finding_peer(struct finding *f, uint16_t family, const uint8_t *address, char *text)
{
	tcphs_fmt_address(text, (uint8_t)family, address);
	f->kind = "peer";
	f->place.family = family;
	memcpy(f->place.address, address, sizeof(f->place.address));
	SAY(f->object, "peer %s", text);
}

/**
 * finding_machine - it is about all of a machine, or of a part
 * @f: the finding
 * @what: which
 */
void finding_machine(struct finding *f, const char *what)
{
	f->kind = "machine";
	SAY(f->object, "%s", what);
}

/**
 * finding_place - it is about an address and a port
 * @f: the finding
 * @kind: what is there
 * @at: where
 */
void finding_place(struct finding *f, const char *kind, const struct place *at)
{
	char text[TCPHS_ENDPOINT_LEN];

	f->kind = kind;
	f->place = *at;
	tcphs_fmt_endpoint(text, (uint8_t)at->family, at->address, at->port);
	SAY(f->object, "%s %s", kind, text);
}

/**
 * finding_server - it is about a listener
 * @f: the finding
 * @s: the listener
 */
void finding_server(struct finding *f, const struct server *s)
{
	finding_sockets(f, s, s->sockets, &s->owner);
}

/**
 * finding_sockets - it is about some of the sockets of a listener
 * @f: the finding
 * @s: the listener
 * @sockets: how many
 * @owner: of the one that stands for them
 */
void finding_sockets(struct finding *f, const struct server *s, uint32_t sockets,
		     const struct owner *owner)
{
	char text[TCPHS_SCOPED_LEN], device[TCPHS_SCOPE_LEN];
	size_t len;

	finding_place(f, "listener", &s->at);
	tcphs_fmt_device(device, s->at.ifindex, s->device);
	tcphs_fmt_scoped(text, (uint8_t)s->at.family, s->at.address, device, s->at.port);
	SAY(f->object, "listener %s", text);
	len = strlen(f->object);
	if (s->sockets > 1 && sockets < s->sockets)
		say(f->object + len, sizeof(f->object) - len, " (%u of %u socket%s)", sockets,
		    s->sockets, tcphs_plural(s->sockets));
	else if (s->sockets > 1)
		say(f->object + len, sizeof(f->object) - len, " (%u socket%s)", s->sockets,
		    tcphs_plural(s->sockets));
	finding_owner(f, owner);
}

/**
 * finding_destination - it is about where connects go
 * @f: the finding
 * @d: the destination
 */
void finding_destination(struct finding *f, const struct destination *d)
{
	finding_place(f, "peer", &d->at);
	finding_owner(f, &d->owner);
}

/**
 * finding_endings - it is about how connections end
 * @f: the finding
 * @e: knows the listener
 * @x: of a listener, or to a destination
 * @who: of a destination, who did it, where that is known; or NULL
 */
void finding_endings(struct finding *f, const struct evidence *e, const struct endings *x,
		     const struct owner *who)
{
	const struct server *s = x->key.passive ? tally_find(&e->servers, &x->key.at) : NULL;

	if (s) {
		finding_server(f, s);
		return;
	}
	finding_place(f, x->key.passive ? "listener" : "peer", &x->key.at);
	finding_owner(f, who && who->known ? who : &x->owner);
}

/**
 * finding_next - the next thing to type about where connects go
 * @f: the finding
 * @e: knows what is here
 * @peer: where they go
 */
void finding_next(struct finding *f, const struct evidence *e, const struct place *peer)
{
	char address[TCPHS_ADDRESS_LEN];

	if (evidence_is_here(e, peer)) {
		SAY(f->command, "ss -ltn sport = :%u; tcphs events -f --port %u", peer->port,
		    peer->port);
		return;
	}
	tcphs_fmt_address(address, (uint8_t)peer->family, peer->address);
	SAY(f->command, "ip route get %s; tcptraceroute %s %u", address, address, peer->port);
}

/**
 * report_blames - was anything wrong found at that listener?
 * @r: the report, as far as the rules before have come
 * @s: the listener; NULL: nobody known
 */
bool report_blames(const struct report *r, const struct server *s)
{
	size_t i;

	for (i = 0; s && i < r->nr; i++)
		if (r->v[i].severity > SEVERITY_NOTICE && !strcmp(r->v[i].kind, "listener") &&
		    !memcmp(&r->v[i].place, &s->at, sizeof(s->at)))
			return true;
	return false;
}

/**
 * finding_setting - what to set, where its present value is known
 * @f: the finding
 * @e: knows the present value, unless it is a recording
 * @s: the sysctl
 * @fmt: the value it should have, as printf(3)
 */
void finding_setting(struct finding *f, const struct evidence *e, enum setting s,
		     const char *fmt, ...)
{
	va_list ap;

	if (!e->settings.known[s])
		return;
	SAY(f->setting, "%s", setting_name(s));
	SAY(f->present, "%llu", (ull)e->settings.value[s]);
	va_start(ap, fmt);
	vsnprintf(f->advised, sizeof(f->advised), fmt, ap);
	va_end(ap);
}

/**
 * finding_backlog - a longer queue is advised, where the present one is known to be so long
 * @f: the finding
 * @e: knows somaxconn, unless it is a recording
 * @limit: of both queues of the listener
 */
void finding_backlog(struct finding *f, const struct evidence *e, uint32_t limit)
{
	uint64_t more = twice(limit ? limit : 1);

	if (!e->live)
		return;
	if (e->settings.known[SETTING_SOMAXCONN] &&
	    e->settings.value[SETTING_SOMAXCONN] <= limit) {
		finding_setting(f, e, SETTING_SOMAXCONN,
				"%llu, and the same in the application's listen(), which has to call it again",
				(ull)more);
		return;
	}
	SAY(f->setting, "backlog of listen()");
	SAY(f->present, "%u", limit);
	SAY(f->advised, "%llu, in the application's configuration", (ull)more);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs doctor: looks for a while and names what is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "doctor/files.h"
#include "hosts.h"
#include "netns.h"
#include "out_doctor.h"
#include "site.h"
#include "source.h"

#define NSEC_PER_SEC 1000000000ull

#define FOR_DEFAULT	(5 * NSEC_PER_SEC)

/* Those in which connections may be stuck. */
#define CLOSING_STATES	(1u << TCPHS_STATE_CLOSE_WAIT | 1u << TCPHS_STATE_FIN_WAIT1 | \
			 1u << TCPHS_STATE_FIN_WAIT2 | 1u << TCPHS_STATE_CLOSING | \
			 1u << TCPHS_STATE_LAST_ACK)

enum { OPT_STUCK = 0x80 };

/* A network namespace that is looked at. */
struct patient {
	uint32_t netns;			/* inode */
	int fd;				/* to enter it by; -1: we are in it */
	char name[NETNS_NAME_LEN];
	const char *host;		/* of several machines this one; or NULL */
	struct tcphs_session *session;	/* to ask there; NULL: its events alone are judged */
	bool own_session;
	struct evidence evidence;
};

struct doctor {
	struct cli *cli;
	uint64_t look;			/* ns */
	uint64_t stuck;			/* ns */
	bool past;			/* judge what both stores have of a time; else look */
	uint64_t oldest;		/* record of the ring */
	bool watch;
	bool progress;			/* somebody sits in front of it */
	struct source *source;
	int home;			/* our namespace */
	struct patient *patients;
	size_t nr_patients;
	struct tally strangers;		/* uint32_t: namespaces that were not looked at */
	struct patient *last;		/* whose event came last */
	uint64_t began;
	struct tables *tables;
	struct tcphs_listener_list all_listeners;
	struct tcphs_conn_list all_connections;
	enum severity worst;
	bool blind;			/* there was nothing to look at */
	bool no_memory;
};

/* ---- options --------------------------------------------------------------------- */

static uint64_t parse_duration(const struct cli *cli, const char *option, const char *arg)
{
	uint64_t ns;

	if (tcphs_duration_parse(arg, &ns) || !ns)
		cli_usage(cli, "--%s: '%s' is wrong; " TCPHS_DURATION_ALLOWED, option, arg);
	return ns;
}

static void parse(struct doctor *d, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "for",	required_argument,	NULL, 'd' },
		{ "watch",	no_argument,		NULL, 'w' },
		{ "stuck-after", required_argument,	NULL, OPT_STUCK },
		{ NULL,		0,			NULL, 0 },
	};
	struct cli *cli = d->cli;
	int c;

	while ((c = cli_next(cli, argc, argv, CLI_SHORTS "d:w", longs)) != -1) {
		if (c == 'd')
			d->look = parse_duration(cli, "for", optarg);
		else if (c == 'w')
			d->watch = true;
		else if (c == OPT_STUCK)
			d->stuck = parse_duration(cli, "stuck-after", optarg);
		else
			cli_option(cli, c, argv, longs);
	}
	cli_check(cli, argc, argv);
}

/* The clock of the events, which is not ours in a time namespace. */
static uint64_t now(const struct doctor *d)
{
	const struct tcphs_session *session = source_session(d->source);

	return session ? tcphs_session_now(session) : tcphs_now();
}

/* ---- namespaces ------------------------------------------------------------------ */

static struct patient *find_patient(struct doctor *d, uint32_t netns)
{
	size_t i;

	if (d->last && d->last->netns == netns)
		return d->last;
	for (i = 0; i < d->nr_patients; i++)
		if (d->patients[i].netns == netns)
			return d->last = &d->patients[i];
	return NULL;
}

static struct patient *add_patient(struct doctor *d, uint32_t netns)
{
	struct patient *p = realloc(d->patients, (d->nr_patients + 1) * sizeof(*p));

	d->last = NULL;
	if (!p) {
		d->no_memory = true;
		return NULL;
	}
	d->patients = p;
	p += d->nr_patients++;
	*p = (struct patient){ .netns = netns, .fd = -1 };
	evidence_init(&p->evidence, d->stuck);
	return p;
}

/* In the namespace of a patient, until leave(). False: that is not allowed. */
static bool enter(const struct patient *p)
{
	return p->fd < 0 || !netns_enter(p->fd);
}

static void leave(const struct doctor *d, const struct patient *p)
{
	if (p->fd >= 0 && netns_enter(d->home))
		abort();
}

/* Another namespace, if it is wanted and can be entered. */
static void admit(struct doctor *d, uint32_t netns)
{
	const struct tcphs_numbers *wanted = &d->cli->filter.netns;
	struct tcphs_error err = { 0 };
	struct patient *p;
	unsigned int i;

	if (find_patient(d, netns))
		return;
	for (i = 0; i < wanted->nr && wanted->v[i] != netns; i++)
		;
	if (wanted->nr && i == wanted->nr)
		return;
	p = add_patient(d, netns);
	if (!p)
		return;
	p->fd = netns_open(netns);
	netns_name(netns, p->name);
	if (p->fd >= 0 && enter(p)) {
		p->session = tcphs_open(&err);
		p->own_session = true;
		leave(d, p);
	}
}

/* Those with a listener or a connection; in our own there may be neither. */
static int admit_all(struct doctor *d, struct tcphs_error *err)
{
	struct tcphs_session *session = source_session(d->source);
	size_t i;

	if (tcphs_get_listeners(session, true, &d->all_listeners, err) ||
	    tcphs_get_connections(session, true, NULL, &d->all_connections, err))
		return -1;
	for (i = 0; i < d->all_listeners.nr; i++)
		admit(d, d->all_listeners.v[i].netns);
	for (i = 0; i < d->all_connections.nr; i++)
		admit(d, d->all_connections.v[i].netns);
	return 0;
}

/* Others than ours, where we may know. */
static void count_others(struct doctor *d)
{
	struct tcphs_session *session = source_session(d->source);
	uint32_t ours = d->patients->netns;
	struct tcphs_error err = { 0 };
	size_t i;

	if (!tcphs_get_listeners(session, true, &d->all_listeners, &err))
		for (i = 0; i < d->all_listeners.nr; i++)
			if (d->all_listeners.v[i].netns != ours)
				tally_get(&d->strangers, &d->all_listeners.v[i].netns);
	if (!err.code && !tcphs_get_connections(session, true, NULL, &d->all_connections, &err))
		for (i = 0; i < d->all_connections.nr; i++)
			if (d->all_connections.v[i].netns != ours)
				tally_get(&d->strangers, &d->all_connections.v[i].netns);
}

static void dismiss_all(struct doctor *d)
{
	struct patient *p;

	for (p = d->patients; p < d->patients + d->nr_patients; p++) {
		evidence_free(&p->evidence);
		if (p->own_session)
			tcphs_close(p->session);
		if (p->fd >= 0)
			close(p->fd);
	}
	free(d->patients);
	d->patients = NULL;
	d->nr_patients = 0;
	d->last = NULL;
	tally_free(&d->strangers);
}

/* ---- looking --------------------------------------------------------------------- */

static void on_record(void *arg, const struct tcphs_event *ev)
{
	struct doctor *d = arg;
	struct patient *p;

	/* A recording of several namespaces is judged as one: its places know where they are. */
	p = d->cli->read ? d->patients + site_host_number(ev->id.netns) :
			   find_patient(d, ev->id.netns);
	if (!p)
		tally_get(&d->strangers, &ev->id.netns);
	else
		evidence_event(&p->evidence, ev);
}

/* Of when the ring has nothing any more. */
static void on_kept(void *arg, const struct tcphs_event *ev)
{
	struct doctor *d = arg;
	struct patient *p = find_patient(d, ev->id.netns);

	if (!p)
		tally_get(&d->strangers, &ev->id.netns);
	else
		evidence_kept(&p->evidence, ev);
}

/* What is told now is of another machine than this one's. */
static bool is_elsewhere(const struct doctor *d, size_t i)
{
	const struct hosts *hosts = source_hosts(d->source);

	return hosts && hosts_current(hosts) != i;
}

/* Nobody knows of which namespace they were. */
static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct doctor *d = arg;
	size_t i;

	(void)cpu;
	for (i = 0; i < d->nr_patients; i++)
		if (!is_elsewhere(d, i))
			evidence_lost(&d->patients[i].evidence, count);
}

static void on_overwritten(void *arg, uint64_t count, uint64_t until)
{
	struct doctor *d = arg;
	size_t i;

	(void)until;
	for (i = 0; i < d->nr_patients; i++)
		if (!is_elsewhere(d, i))
			d->patients[i].evidence.overwritten += count;
}

/* A time that no one can judge. */
static void on_missing(void *arg, const struct tcphs_missing *missing)
{
	struct doctor *d = arg;
	size_t i;

	if (d->cli->json)
		event_json_missing(&d->cli->out, missing);
	else
		cli_say_missing(missing);
	for (i = 0; i < d->nr_patients; i++) {
		if (is_elsewhere(d, i))
			continue;
		d->patients[i].evidence.holes++;
		d->patients[i].evidence.missing += (uint64_t)missing->to - (uint64_t)missing->from;
	}
}

static void on_past(void *arg, const struct tcphs_event *ev)
{
	struct doctor *d = arg;

	if (!d->oldest || ev->time < d->oldest)
		d->oldest = ev->time;
}

static const struct tcphs_events_ops ops = {
	.record = on_record, .lost = on_lost, .kept = on_kept, .overwritten = on_overwritten,
	.missing = on_missing,
};

static const struct tcphs_events_ops past_ops = { .record = on_past };

static bool show_progress(void *arg)
{
	const struct doctor *d = arg;
	uint64_t so_far = now(d) - d->began, records = 0;
	size_t i;

	for (i = 0; i < d->nr_patients; i++)
		records += d->patients[i].evidence.records;
	if (d->progress)
		fprintf(stderr, "\rlooking: %llu of %llu s, %llu records \033[K",
			(ull)(so_far / NSEC_PER_SEC), (ull)(d->look / NSEC_PER_SEC),
			(ull)records);
	return true;
}

/* @states: 1 << state of the connections that count, 0: all */
static int get_tables(struct doctor *d, const struct patient *p, uint32_t states,
		      struct tcphs_error *err)
{
	struct tcphs_filter filter = d->cli->filter;
	struct tables *t = d->tables;

	/* The session is of its namespace. */
	filter.keys &= ~TCPHS_FILTER_BIT(NETNS);
	if (states) {
		filter.states = states;
		filter.keys |= TCPHS_FILTER_BIT(STATE);
	}
	if (tcphs_get_status(p->session, &t->status, err) ||
	    tcphs_get_listeners(p->session, false, &t->listeners, err) ||
	    tcphs_get_connections(p->session, false, &filter, &t->connections, err))
		return -1;
	cli_keep_listeners(d->cli, &t->listeners);
	return 0;
}

/* The files of those whose accept queue is not empty. */
static void look_at_files(struct evidence *e)
{
	struct queue *q;
	size_t i;

	tally_each(&e->queues, q, i)
		if (q->now && q->waiting && q->owner.known)
			files_read(q->owner.pid, q->owner.comm, &q->files, &q->files_most);
}

struct asking {
	const struct doctor *d;
	struct patient *p;
};

/* As the connections of the tables, it has to fit the filter. */
static void on_unacked(void *arg, const struct unacked *u)
{
	struct asking *a = arg;
	struct tcphs_filter filter = a->d->cli->filter;
	struct tcphs_conn_info c = {
		.family = u->family, .local_port = u->local_port, .peer_port = u->peer_port,
	};

	filter.keys &= ~TCPHS_FILTER_BIT(NETNS);
	memcpy(c.local, u->local, sizeof(c.local));
	memcpy(c.peer, u->peer, sizeof(c.peer));
	if (tcphs_filter_conn(&filter, &c))
		evidence_unacked(&a->p->evidence, u, a->p->netns);
}

static int look_before(struct doctor *d, struct patient *p, struct tcphs_error *err)
{
	struct evidence *e = &p->evidence;

	e->began = d->began;
	if (!p->session)
		return 0;
	if (enter(p)) {
		counters_read(&e->counters, false);
		leave(d, p);
	}
	if (get_tables(d, p, CLOSING_STATES, err))
		return -1;
	evidence_before(e, d->tables);
	return 0;
}

static int look_after(struct doctor *d, struct patient *p, struct tcphs_error *err)
{
	struct evidence *e = &p->evidence;
	struct settings settings;

	e->ended = now(d);
	if (!p->session)
		return 0;
	if (get_tables(d, p, 0, err))
		return -1;
	if (enter(p)) {
		counters_read(&e->counters, true);
		addresses_read(&e->addresses, p->netns);
		settings_read(&settings);
		e->data_known = unacked_read(on_unacked, &(struct asking){ d, p }, &e->open);
		leave(d, p);
	}
	evidence_after(e, d->tables, &settings);
	look_at_files(e);
	return 0;
}

/* False with no error: interrupted. */
static bool look_live(struct doctor *d, struct tcphs_error *err)
{
	uint64_t until = tcphs_now() + d->look;		/* by our own clock */
	size_t i;

	d->began = now(d);
	for (i = 0; i < d->nr_patients; i++)
		if (look_before(d, &d->patients[i], err))
			return false;
	if (source_follow(d->source, until, &ops, show_progress, d, err) ||
	    source_drain(d->source, &ops, d, err))
		return false;
	if (d->progress)
		fputs("\r\033[K", stderr);
	for (i = 0; i < d->nr_patients; i++)
		if (look_after(d, &d->patients[i], err))
			return false;
	return tcphs_now() >= until && !tcphs_stop_asked();
}

/* What is remembered, with the settings of now. */
static void look_back(struct doctor *d, struct tcphs_error *err)
{
	struct evidence *e;
	size_t i;

	source_drain(d->source, &ops, d, err);
	for (i = 0; i < d->nr_patients; i++)
		d->patients[i].evidence.clock = source_clock(d->source)->offset;
	for (i = 0; i < d->nr_patients && source_session(d->source); i++) {
		e = &d->patients[i].evidence;
		if (d->patients[i].session && enter(&d->patients[i])) {
			addresses_read(&e->addresses, d->patients[i].netns);
			settings_read(&e->settings);
			leave(d, &d->patients[i]);
		}
	}
}

/* Nothing happened, and had something, it would be there: that is a look, too. */
static bool is_covered(const struct doctor *d, const struct patient *p)
{
	const struct tcphs_status *st = &d->tables->status;
	uint64_t since = d->cli->filter.since_ns;

	if (!source_session(d->source))
		return source_goes_on(d->source) && !p->evidence.holes;
	/* Other namespaces than the initial one are not told. */
	return st->has_overwritten && now(d) - since <= st->ring_reach;
}

static void judge(struct doctor *d, struct patient *p)
{
	struct doctor_view view = { .e = &p->evidence, .netns = p->netns, .name = p->name,
				    .host = p->host,
				    .past = d->past && source_session(d->source),
				    .oldest = d->oldest, .now = now(d),
				    .all = d->cli->all_netns && p->netns,
				    .covered = is_covered(d, p),
				    .strangers = (unsigned int)d->strangers.nr };
	struct report report;

	d->blind |= doctor_is_blind(&view);
	if (report_make(&report, &p->evidence) || p->evidence.no_memory)
		d->no_memory = true;
	else if (d->cli->json)
		doctor_json(d->cli, &view, &report);
	else
		doctor_text(d->cli, &view, &report);
	if (report_worst(&report) > d->worst)
		d->worst = report_worst(&report);
	report_free(&report);
}

static void judge_between(struct doctor *d)
{
	enum severity worst = doctor_between(d->cli, source_hosts(d->source), &d->patients->evidence);

	if (worst > d->worst)
		d->worst = worst;
}

/* One after the other, by their numbers. */
static int admit_hosts(struct doctor *d)
{
	const struct hosts *hosts = source_hosts(d->source);
	struct patient *p;
	unsigned int i;

	for (i = 0; i < hosts_count(hosts); i++) {
		p = add_patient(d, 0);
		if (!p)
			break;
		p->host = hosts_name(hosts, i);
	}
	return 0;
}

static int admit_first(struct doctor *d, struct tcphs_error *err)
{
	struct tcphs_session *session = source_session(d->source);
	struct patient *p;

	if (session && tcphs_get_status(session, &d->tables->status, err))
		return -1;
	if (source_hosts(d->source))
		return admit_hosts(d);
	p = add_patient(d, session ? d->tables->status.netns : 0);
	if (!p)
		return 0;
	if (session)
		netns_name(p->netns, p->name);
	p->session = session;
	return session && d->cli->all_netns ? admit_all(d, err) : 0;
}

/* The first patient is us, whom a filter of namespaces may leave out. */
static bool is_wanted(const struct doctor *d, const struct patient *p)
{
	const struct tcphs_numbers *wanted = &d->cli->filter.netns;
	unsigned int i;

	if (!source_session(d->source) || !wanted->nr)
		return true;
	for (i = 0; i < wanted->nr; i++)
		if (wanted->v[i] == p->netns)
			return true;
	return false;
}

/* A look and what it means. @again: may there be another? */
static void examine(struct doctor *d, bool *again, struct tcphs_error *err)
{
	size_t i;

	*again = false;
	if (admit_first(d, err))
		return;
	if (source_session(d->source) && !d->past)
		*again = look_live(d, err);
	else
		look_back(d, err);
	if (d->no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return;
	}
	/* What is whole of a damaged recording is judged. */
	if (err->code)
		return;
	if (source_session(d->source) && !d->cli->all_netns)
		count_others(d);
	for (i = 0; i < d->nr_patients; i++)
		if (is_wanted(d, &d->patients[i]))
			judge(d, &d->patients[i]);
	if (source_hosts(d->source))
		judge_between(d);
	if (d->no_memory)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
}

static int examine_all(struct doctor *d, struct tcphs_error *err)
{
	bool clear = isatty(STDOUT_FILENO) && d->watch && !d->cli->json, again;

	/* What is past is past. */
	if (source_session(d->source) && !d->past &&
	    source_drain(d->source, &past_ops, d, err))
		return -1;
	do {
		examine(d, &again, err);
		dismiss_all(d);
		if (err->code)
			return -1;
		if (tcphs_buf_flush(&d->cli->out) || !d->watch)
			break;
		if (again && clear)
			tcphs_buf_str(&d->cli->out, "\033[H\033[2J");
		else if (again && !d->cli->json)
			tcphs_buf_newline(&d->cli->out);
	} while (again);
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct doctor d = {
		.cli = cli, .look = FOR_DEFAULT, .stuck = STUCK_NS,
		.strangers = { .key_size = sizeof(uint32_t), .entry_size = sizeof(uint32_t) },
	};
	struct tcphs_error err = { 0 };
	int ret;

	parse(&d, argc, argv);
	d.source = source_open(cli, &err);
	if (!d.source)
		return cli_fail(&err);
	d.past = tcphs_filter_has(&cli->filter, TCPHS_FILTER_SINCE) ||
		 tcphs_filter_has(&cli->filter, TCPHS_FILTER_UNTIL);
	d.progress = isatty(STDERR_FILENO);
	d.home = netns_home();
	d.tables = calloc(1, sizeof(*d.tables));
	if (d.tables)
		examine_all(&d, &err);
	else
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "no memory");

	ret = cli_finish(cli);
	if (err.code)
		ret = cli_fail(&err);
	if (!ret)
		ret = report_exit(d.worst);
	if (!ret && d.blind)
		ret = TCPHS_ERR_FAILED;
	if (d.tables) {
		tcphs_listener_list_free(&d.tables->listeners);
		tcphs_conn_list_free(&d.tables->connections);
	}
	tcphs_listener_list_free(&d.all_listeners);
	tcphs_conn_list_free(&d.all_connections);
	free(d.tables);
	if (d.home >= 0)
		close(d.home);
	source_close(d.source);
	return ret;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.help = "what is wrong, the most urgent first, and what to do about it",
	.usage =
		"  -d, --for TIME        look for so long (default 5s)\n"
		"  -w, --watch           look again and again, until Ctrl-C\n"
		"      --stuck-after TIME\n"
		"                        what stays longer in a state of the close is stuck\n"
		"                        (default 90s)\n"
		"With --since or --until that time is judged, and nothing looked at: what the\n"
		"ring has of it, and what is kept of before.\n"
		"Exit status: 0 nothing worse than a notice, 10 a warning, 20 something critical;\n"
		"1 also when there was no event to judge; others are those of every verb, see\n"
		"tcphs help.\n\n",
	.reads = true,
	.reads_several = true,
	.keeps = KEEPS_OF_A_TIME,
	/* What chooses some steps of a connection would hide the evidence. */
	.filters = TCPHS_FILTERS_LIFE | TCPHS_FILTER_BIT(NETNS) |
		   TCPHS_FILTER_BIT(SINCE) | TCPHS_FILTER_BIT(UNTIL),
	.run = run,
};

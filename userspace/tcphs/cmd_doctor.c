/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs doctor: looks for a while and names what is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor/look.h"
#include "hosts.h"
#include "out_doctor.h"
#include "site.h"
#include "source.h"

#define NSEC_PER_SEC 1000000000ull

#define FOR_DEFAULT	(5 * NSEC_PER_SEC)

enum { OPT_STUCK = 0x80, OPT_BY };

struct doctor {
	struct cli *cli;
	uint64_t time;			/* of a look, ns */
	uint64_t stuck;			/* ns */
	bool past;			/* judge what both stores have of a time; else look */
	struct tally oldest;		/* struct oldest: records of the ring */
	enum doctor_by by;
	bool watch;
	bool learning;			/* first which listeners are whose, see learn() */
	bool progress;			/* somebody sits in front of it */
	struct source *source;
	struct look look;
	uint64_t began;
	enum severity worst;
	bool blind;			/* there was nothing to look at */
};

/* Of what is looked at, the first that the ring has of a namespace. */
struct oldest {
	uint32_t netns;
	uint64_t time;
};

/* ---- options --------------------------------------------------------------------- */

static uint64_t parse_duration(const struct cli *cli, const char *option, const char *arg)
{
	uint64_t ns;

	if (tcphs_duration_parse(arg, &ns) || !ns)
		cli_usage(cli, "--%s: '%s' is wrong; " TCPHS_DURATION_ALLOWED, option, arg);
	return ns;
}

static enum doctor_by parse_by(const struct cli *cli, const char *arg)
{
	static const char *const words[DOCTOR_BYS] = { "", "unit", "container", "pod" };
	enum doctor_by by;

	for (by = DOCTOR_BY_UNIT; by < DOCTOR_BYS; by++)
		if (!strcmp(arg, words[by]))
			return by;
	cli_usage(cli, "--by: '%s' is wrong; allowed are unit, container, pod", arg);
}

static void parse(struct doctor *d, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "for",	required_argument,	NULL, 'd' },
		{ "watch",	no_argument,		NULL, 'w' },
		{ "by",		required_argument,	NULL, OPT_BY },
		{ "stuck-after", required_argument,	NULL, OPT_STUCK },
		{ NULL,		0,			NULL, 0 },
	};
	struct cli *cli = d->cli;
	int c;

	while ((c = cli_next(cli, argc, argv, CLI_SHORTS "d:w", longs)) != -1) {
		if (c == 'd')
			d->time = parse_duration(cli, "for", optarg);
		else if (c == 'w')
			d->watch = true;
		else if (c == OPT_STUCK)
			d->stuck = parse_duration(cli, "stuck-after", optarg);
		else if (c == OPT_BY)
			d->by = parse_by(cli, optarg);
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

/* ---- looking --------------------------------------------------------------------- */

static void on_record(void *arg, const struct tcphs_event *ev)
{
	struct doctor *d = arg;
	struct evidence *e;

	if (!look_concerns(&d->look, ev))
		return;
	if (!d->cli->read) {
		look_event(&d->look, ev);
		return;
	}
	/* A recording of several namespaces is judged as one: its places know where they are. */
	e = &d->look.patients[site_host_number(ev->id.netns)].evidence;
	if (!e->records)
		e->clock = source_clock(d->source)->offset;
	evidence_event(e, ev);
}

/* Of when the ring has nothing any more. */
static void on_kept(void *arg, const struct tcphs_event *ev)
{
	struct doctor *d = arg;

	if (look_concerns(&d->look, ev))
		look_kept(&d->look, ev);
}

/* What is reported now is of another machine than this one's. */
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
	for (i = 0; i < d->look.nr_patients; i++)
		if (!is_elsewhere(d, i))
			evidence_lost(&d->look.patients[i].evidence, count);
}

static void on_overwritten(void *arg, uint64_t count, uint64_t until)
{
	struct doctor *d = arg;
	size_t i;

	(void)until;
	for (i = 0; i < d->look.nr_patients; i++)
		if (!is_elsewhere(d, i))
			d->look.patients[i].evidence.overwritten += count;
}

/* A time that no one can judge. */
static void on_missing(void *arg, const struct tcphs_missing *missing)
{
	struct doctor *d = arg;
	struct evidence *e;
	size_t i;

	if (d->cli->json)
		event_json_missing(&d->cli->out, missing);
	else
		cli_say_missing(missing);
	for (i = 0; i < d->look.nr_patients; i++) {
		if (is_elsewhere(d, i))
			continue;
		e = &d->look.patients[i].evidence;
		e->holes++;
		e->missing += (uint64_t)missing->to - (uint64_t)missing->from;
	}
}

static void on_past(void *arg, const struct tcphs_event *ev)
{
	struct doctor *d = arg;
	struct oldest *o;

	if (!look_concerns(&d->look, ev))
		return;
	o = tally_get(&d->oldest, &ev->id.netns);
	if (o && (!o->time || ev->time < o->time))
		o->time = ev->time;
}

static uint64_t oldest_of(const struct doctor *d, uint32_t netns)
{
	const struct oldest *o = d->oldest.nr ? tally_find(&d->oldest, &netns) : NULL;

	return o ? o->time : 0;
}

static void on_boot(void *arg)
{
	struct doctor *d = arg;
	size_t i;

	/* Of several machines the sites tell cookies of one boot from those of another. */
	if (!source_hosts(d->source))
		belonging_boot(&d->look.belonging, d->look.belonging.boot + 1);
	for (i = 0; !d->learning && i < d->look.nr_patients; i++)
		if (!is_elsewhere(d, i))
			evidence_boot(&d->look.patients[i].evidence);
}

static const struct tcphs_events_ops ops = {
	.record = on_record, .lost = on_lost, .kept = on_kept, .overwritten = on_overwritten,
	.missing = on_missing,
};

static const struct tcphs_events_ops past_ops = { .record = on_past };

static void on_learn(void *arg, const struct tcphs_event *ev)
{
	struct doctor *d = arg;

	belonging_learn(&d->look.belonging, ev);
}

static const struct tcphs_events_ops learn_ops = { .record = on_learn };

static bool show_progress(void *arg)
{
	const struct doctor *d = arg;
	uint64_t so_far = now(d) - d->began, records = 0;
	size_t i;

	for (i = 0; i < d->look.nr_patients; i++)
		records += d->look.patients[i].evidence.records;
	if (d->progress)
		fprintf(stderr, "\rlooking: %llu of %llu s, %llu records \033[K",
			(ull)(so_far / NSEC_PER_SEC), (ull)(d->time / NSEC_PER_SEC),
			(ull)records);
	return true;
}

/* False with no error: interrupted. */
static bool look_live(struct doctor *d, struct tcphs_error *err)
{
	uint64_t until = tcphs_now() + d->time;		/* by our own clock */

	d->began = now(d);
	if (look_before(&d->look, d->began, err))
		return false;
	if (source_follow(d->source, until, &ops, show_progress, d, err) ||
	    source_drain(d->source, &ops, d, err))
		return false;
	if (d->progress)
		fputs("\r\033[K", stderr);
	if (look_after(&d->look, now(d), err))
		return false;
	return tcphs_now() >= until && !tcphs_stop_asked();
}

/* Which listeners are of the unit that is asked for, before anything happens at them. */
static int learn(struct doctor *d, struct tcphs_error *err)
{
	bool failed;

	if (d->look.session)
		return look_learn(&d->look, d->cli->all_netns, err);
	/* Out of a pipe that is known when it is seen. */
	if (!d->look.belonging.asked || !source_rewinds(d->source))
		return 0;
	d->learning = true;
	failed = source_drain(d->source, &learn_ops, d, err) || source_rewind(d->source, err);
	d->learning = false;
	belonging_boot(&d->look.belonging, 0);
	return failed ? -1 : 0;
}

/* What is remembered, with the settings of now. */
static void look_at_past(struct doctor *d, struct tcphs_error *err)
{
	struct evidence *e;
	int64_t clock;
	size_t i;

	if (learn(d, err))
		return;
	source_drain(d->source, &ops, d, err);
	clock = source_clock(d->source)->offset;
	for (i = 0; i < d->look.nr_patients; i++) {
		e = &d->look.patients[i].evidence;
		if (d->cli->read && e->records)
			e->set = (int64_t)((uint64_t)clock - (uint64_t)e->clock);
		e->clock = clock;
	}
	if (d->look.session)
		look_back(&d->look);
}

/*
 * Nothing happened, and had something, it would be there: that is a look, too. But not at a unit
 * that there is not, for its name may be misspelt.
 */
static bool is_covered(const struct doctor *d, const struct patient *p)
{
	const struct tcphs_status *st = &d->look.tables->status;

	if (!belonging_is_known(&d->look.belonging)) {
		source_read_names(d->source);
		if (!belonging_is_known(&d->look.belonging))
			return false;
	}
	if (!source_session(d->source))
		return source_goes_on(d->source) && !p->evidence.holes;
	/* Other namespaces than the initial one do not get it. */
	return st->has_overwritten && now(d) - source_since(d->source) <= st->ring_reach;
}

/* What was chosen by; a namespace that is looked at stands in the heading. */
static uint32_t filters_of(const struct doctor *d, const struct patient *p)
{
	return d->cli->filter.keys & (LOOK_FILTERS | (p->netns ? 0 : TCPHS_FILTER_BIT(NETNS)));
}

static void judge(struct doctor *d, struct patient *p)
{
	struct doctor_view view = { .e = &p->evidence, .netns = p->netns, .name = p->name,
				    .host = p->host, .by = d->by,
				    .filters = filters_of(d, p),
				    .past = d->past && source_session(d->source),
				    .oldest = oldest_of(d, p->netns), .now = now(d),
				    .all = d->cli->all_netns && p->netns,
				    .covered = is_covered(d, p),
				    .shut = source_session(d->source) && !d->past && !p->session,
				    .strangers = (unsigned int)d->look.strangers.nr };
	struct report report;

	d->blind |= doctor_is_blind(&view);
	if (report_make(&report, &p->evidence) || p->evidence.no_memory)
		d->look.no_memory = true;
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
	enum severity worst = doctor_between(d->cli, source_hosts(d->source),
					     &d->look.patients->evidence);

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
		p = look_add(&d->look, 0);
		if (!p)
			break;
		p->host = hosts_name(hosts, i);
	}
	return 0;
}

static int admit(struct doctor *d, struct tcphs_error *err)
{
	if (source_hosts(d->source))
		return admit_hosts(d);
	if (d->look.session)
		return look_admit(&d->look, d->cli->all_netns, err);
	look_add(&d->look, 0);
	return 0;
}

/* A look and what it means. @again: may there be another? */
static void examine(struct doctor *d, bool *again, struct tcphs_error *err)
{
	size_t i;

	*again = false;
	if (admit(d, err))
		return;
	if (source_session(d->source) && !d->past)
		*again = look_live(d, err);
	else
		look_at_past(d, err);
	if (d->look.no_memory || d->look.belonging.no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return;
	}
	/* What is whole of a damaged recording is judged. */
	if (err->code)
		return;
	if (source_session(d->source) && !d->cli->all_netns)
		look_count_others(&d->look);
	for (i = 0; i < d->look.nr_patients; i++)
		if (look_wants(&d->look, &d->look.patients[i]))
			judge(d, &d->look.patients[i]);
	if (source_hosts(d->source))
		judge_between(d);
	if (d->look.no_memory)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
}

static int examine_all(struct doctor *d, struct tcphs_error *err)
{
	bool clear = isatty(STDOUT_FILENO) && d->watch && !d->cli->json, again;

	/* What is past is past. */
	if (source_session(d->source) && !d->past &&
	    (learn(d, err) || source_drain(d->source, &past_ops, d, err)))
		return -1;
	do {
		examine(d, &again, err);
		look_dismiss(&d->look);
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
		.cli = cli, .time = FOR_DEFAULT, .stuck = STUCK_NS,
		.oldest = TALLY_INIT(struct oldest, netns),
	};
	struct tcphs_error err = { 0 };
	int ret;

	parse(&d, argc, argv);
	d.source = source_open(cli, &err);
	if (!d.source)
		return cli_fail(&err);
	source_on_boot(d.source, on_boot, &d);
	d.past = tcphs_filter_has(&cli->filter, TCPHS_FILTER_SINCE) ||
		 tcphs_filter_has(&cli->filter, TCPHS_FILTER_UNTIL);
	d.progress = isatty(STDERR_FILENO);
	if (look_init(&d.look, source_session(d.source), &cli->filter, d.stuck))
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "no memory");
	else
		examine_all(&d, &err);

	ret = cli_finish(cli);
	if (err.code)
		ret = cli_fail(&err);
	if (!ret)
		ret = report_exit(d.worst);
	if (!ret && d.blind)
		ret = TCPHS_ERR_FAILED;
	look_free(&d.look);
	tally_free(&d.oldest);
	source_close(d.source);
	return ret;
}

/* Those that each event answers. */
#define EARLY	(TCPHS_FILTERS_LIFE | TCPHS_FILTER_BIT(NETNS) | TCPHS_FILTER_BIT(SINCE) | \
		 TCPHS_FILTER_BIT(UNTIL))

const struct verb verb_doctor = {
	.name = "doctor",
	.help = "what is wrong, the most urgent first, and what to do about it",
	.usage =
		"  -d, --for TIME        look for so long (default 5s)\n"
		"  -w, --watch           look again and again, until Ctrl-C\n"
		"      --by unit|container|pod\n"
		"                        findings of one together; JSON has all three\n"
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
	.filters = LOOK_FILTERS | EARLY,
	.early = EARLY,
	.run = run,
};

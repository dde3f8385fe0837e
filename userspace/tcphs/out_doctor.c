/* SPDX-License-Identifier: GPL-2.0 */
/* What the doctor says: findings, the most urgent first, then what was looked at. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "columns.h"
#include "container.h"
#include "doctor/words.h"
#include "out_doctor.h"
#include "site.h"

#define WIDTH		80
#define INDENT		10
#define SAME_AT_MOST	5	/* findings of one name, in text */

static enum tcphs_tone tone_of(enum severity s)
{
	switch (s) {
	case SEVERITY_CRITICAL:
		return TCPHS_TONE_BAD;
	case SEVERITY_WARNING:
		return TCPHS_TONE_WARN;
	default:
		return TCPHS_TONE_CLOSE;
	}
}

/* As wide as is read well, and as whoever looks at it has room for. */
static size_t width(void)
{
	size_t limit = columns_of_terminal();

	return limit && limit < WIDTH ? limit : WIDTH;
}

/* A text in lines, each indented; the first after a label. */
static void paragraph(struct cli *cli, const char *label, const char *text)
{
	tcphs_buf_printf(&cli->out, "  %s%-*s%s", cli_bold(cli), INDENT - 2, label,
			 cli_plain(cli));
	cli_fold(&cli->out, text, width(), INDENT, INDENT);
}

static void next_step(char *text, size_t size, const struct cli *cli, const struct doctor_view *v,
		      const char *command)
{
	const struct finding_place place = {
		.reads = (const char *const *)cli->reads, .nr = cli->nr_reads, .past = v->past,
		.netns = v->netns ? netns_path(v->netns) : NULL,
	};

	finding_command(text, size, command, &place);
}

/* Of what its owner is part. */
static void whose_text(struct cli *cli, const struct finding *f)
{
	const struct tcphs_cgroup_names *names = cli_cgroup_names(cli, f->owner.cgroup);
	char text[TCPHS_UNIT_LEN + TCPHS_CONTAINER_LEN + TCPHS_POD_LEN + 32] = "";
	size_t len = container_words(text, sizeof(text), names);

	if (*names->pod)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%spod %s",
					len ? ", " : "", names->pod);
	if (len)
		paragraph(cli, "in", text);
}

/**
 * doctor_finding_text - one thing that is wrong, for people
 * @cli: where to
 * @v: what was seen
 * @f: the finding
 */
void doctor_finding_text(struct cli *cli, const struct doctor_view *v, const struct finding *f)
{
	struct finding_words words[FINDING_WORDS];
	size_t nr = finding_words(f, v->e, words), i;
	char netns[NETNS_NAME_LEN + 8] = "";

	/* A recording of all namespaces is judged as one. */
	if (!v->netns && !v->host && cli->all_netns && f->place.netns)
		SAY(netns, ", netns %u", f->place.netns);
	else if (v->host && site_has_others(f->place.netns))
		SAY(netns, ", netns %u", site_inode(f->place.netns));
	cli_line(cli, INDENT, "%s%-*s%s%s%s%s: %s%s", cli_tone(cli, tone_of(f->severity)),
		 INDENT, severity_word(f->severity), cli_plain(cli), cli_bold(cli), f->name,
		 cli_plain(cli), f->object, netns);
	whose_text(cli, f);
	for (i = 0; i < nr; i++) {
		if (!strcmp(words[i].label, FINDING_NEXT))
			next_step(words[i].text, sizeof(words[i].text), cli, v, f->command);
		paragraph(cli, words[i].label, words[i].text);
	}
	tcphs_buf_newline(&cli->out);
}

/* "": it has none, or it is not known. */
static const char *group_of(const struct cli *cli, const struct doctor_view *v,
			    const struct finding *f)
{
	const struct tcphs_cgroup_names *names = cli_cgroup_names(cli, f->owner.cgroup);

	switch (v->by) {
	case DOCTOR_BY_UNIT:
		return names->unit;
	case DOCTOR_BY_CONTAINER:
		return names->container;
	case DOCTOR_BY_POD:
		return names->pod;
	default:
		return "";
	}
}

static void say_more(struct cli *cli, const struct finding *last, size_t n)
{
	if (n <= SAME_AT_MOST)
		return;
	cli_line(cli, INDENT, "%*s... and %zu more of %s; --json has all", INDENT, "",
		 n - SAME_AT_MOST, last->name);
	tcphs_buf_newline(&cli->out);
}

/* Those of a group, the most urgent first. */
static void group_text(struct cli *cli, const struct doctor_view *v, const struct report *r,
		       const char *group)
{
	const struct finding *f, *same = NULL;
	size_t n = 0;

	for (f = r->v; f < r->v + r->nr; f++) {
		if (strcmp(group_of(cli, v, f), group))
			continue;
		if (same && (strcmp(same->name, f->name) || same->severity != f->severity)) {
			say_more(cli, same, n);
			n = 0;
		}
		same = f;
		if (++n <= SAME_AT_MOST)
			doctor_finding_text(cli, v, f);
	}
	say_more(cli, same, n);
}

/* Was it shown with one before? */
static bool is_shown(const struct cli *cli, const struct doctor_view *v, const struct report *r,
		     const struct finding *f)
{
	const struct finding *before;

	for (before = r->v; before < f; before++)
		if (!strcmp(group_of(cli, v, before), group_of(cli, v, f)))
			return true;
	return false;
}

static void findings_text(struct cli *cli, const struct doctor_view *v, const struct report *r)
{
	static const char *const heads[DOCTOR_BYS] = { "", "UNIT", "CONTAINER", "POD" };
	const char *group, *name;
	const struct finding *f;
	int len;

	if (!r->nr)
		return;
	for (f = r->v; f < r->v + r->nr; f++) {
		if (is_shown(cli, v, r, f))
			continue;
		group = group_of(cli, v, f);
		name = *group ? group : heads[v->by];
		len = v->by == DOCTOR_BY_CONTAINER ? container_shown(name) : (int)strlen(name);
		if (v->by && !cli->no_header)
			cli_line(cli, 2, "%s%s %.*s%s", cli_bold(cli), *group ? heads[v->by] : "NO",
				 len, name, cli_plain(cli));
		group_text(cli, v, r, group);
	}
}

static void checks_text(struct cli *cli, const struct report *r, bool looked, const char *heading)
{
	bool any = false;
	size_t i;

	for (i = 0; i < NR_RULES; i++) {
		if (r->check[i].looked != looked)
			continue;
		if (!any && !cli->no_header)
			tcphs_buf_printf(&cli->out, "%s%s%s\n", cli_bold(cli), heading,
					 cli_plain(cli));
		any = true;
		cli_line(cli, 23, "  %-20s %s", rules[i].title, r->check[i].saw);
	}
}

/**
 * doctor_is_blind - was there nothing to look at?
 * @v: the view; then that nothing was found means nothing
 */
bool doctor_is_blind(const struct doctor_view *v)
{
	const struct evidence *e = v->e;

	if (e->records || e->kept_records || v->covered || v->shut)
		return false;
	return !e->live || (v->filters && !e->found);
}

/* " in what --port and --unit let through"; "": all of it was looked at. */
static void of_what(char *to, size_t size, const struct doctor_view *v, const char *in)
{
	uint32_t left = v->filters;
	size_t len = 0;
	int key;

	*to = '\0';
	for (; left && len < size; left &= left - 1) {
		key = __builtin_ctz(left);
		len += (size_t)snprintf(to + len, size - len, "%s--%s", !len ? in :
					left & (left - 1) ? ", " : " and ",
					tcphs_filter_name((enum tcphs_filter_key)key));
	}
	if (len && len < size)
		snprintf(to + len, size - len, " let%s through",
			 v->filters & (v->filters - 1) ? "" : "s");
}

/* A machine on which nothing happens has nothing wrong either: say so, and where to look. */
static void nothing_wrong(struct cli *cli, const struct doctor_view *v)
{
	char looked[TCPHS_DURATION_LEN], past[TCPHS_DURATION_LEN], ring[160] = "", what[160];
	const struct evidence *e = v->e;

	of_what(what, sizeof(what), v, " in what ");
	if (v->shut) {
		cli_line(cli, 0, "%s%s; all else was not looked at, as no process is in this namespace any more.",
			 e->records ? "Nothing wrong in its events" : "Nothing happened in it",
			 what);
		return;
	}
	if (!e->live && !e->records && v->covered) {
		cli_line(cli, 0, "Nothing happened%s in that time, so nothing was wrong.", what);
		return;
	}
	if (!e->live && !e->records) {
		cli_line(cli, 0, "Nothing to judge: %s has no event that fits.",
			 v->past ? "the ring" : "the recording");
		return;
	}
	if (doctor_is_blind(v)) {
		tcphs_fmt_duration(looked, e->ended - e->began, cli->utf8);
		of_what(what, sizeof(what), v, "");
		cli_line(cli, 0, "Nothing to judge: no listener and no connection is what %s, and nothing happened in these %s.",
			 what, looked);
		return;
	}
	if (e->records || !e->live) {
		cli_line(cli, 0, "%sNothing wrong%s%s%s.", cli_tone(cli, TCPHS_TONE_GOOD),
			 cli_plain(cli), what,
			 e->kept_records ? " in what the ring has of that time" : "");
		return;
	}
	if (v->oldest && v->oldest < v->now) {
		tcphs_fmt_duration(past, v->now - v->oldest, cli->utf8);
		/* Also for who types it half a minute later. */
		SAY(ring, " The oldest event that the ring has of %s is %s old: %s --since %llum",
		    v->filters ? "that" : "this namespace", past,
		    v->filters || v->all ? "add" : "tcphs doctor",
		    (ull)((v->now - v->oldest) / 60000000000ull + 2));
	}
	tcphs_fmt_duration(looked, e->ended - e->began, cli->utf8);
	cli_line(cli, 0, "%sNothing wrong%s%s, but nothing happened%s in these %s either.%s",
		 cli_tone(cli, TCPHS_TONE_GOOD), cli_plain(cli), what, *what ? " there" : "", looked,
		 ring);
}

static void heading(struct cli *cli, const struct doctor_view *v)
{
	char number[NETNS_NAME_LEN];

	if (cli->no_header || !(v->all || v->host))
		return;
	if (v->host) {
		cli_line(cli, 2, "%sHOST %s%s", cli_bold(cli), v->host, cli_plain(cli));
		return;
	}
	if (!*v->name)
		netns_number(v->netns, number);
	cli_line(cli, 2, "%sNETWORK NAMESPACE %s%s", cli_bold(cli), *v->name ? v->name : number,
		 cli_plain(cli));
}

/* Namespaces that are well have a line. */
static bool is_brief(const struct doctor_view *v, const struct report *r)
{
	return (v->all || v->host) && !r->nr;
}

static const char *source_of(const struct doctor_view *v)
{
	if (v->shut)
		return " of its events alone";
	return v->past ? " of what the ring has" : v->e->live ? "" : " of a recording";
}

/* What was judged for itself, and of which time nothing else is known. */
static void kept_text(struct cli *cli, const struct doctor_view *v)
{
	char from[WHEN_LEN], to[WHEN_LEN];

	if (!v->e->kept_records)
		return;
	fmt_when(from, v->e, v->e->kept_from);
	fmt_when(to, v->e, v->e->kept_to);
	cli_line(cli, 23, "  %-20s %llu event%s of %s to %s are kept, of what went wrong alone",
		 rule_of_kept.title, (ull)v->e->kept_records, tcphs_plural(v->e->kept_records),
		 from, to);
}

/**
 * doctor_text - for people
 * @cli: where to, in which colours
 * @v: what was seen
 * @r: what it means
 */
void doctor_text(struct cli *cli, const struct doctor_view *v, const struct report *r)
{
	char looked[TCPHS_DURATION_LEN], head[256], what[160];

	heading(cli, v);
	if (report_worst(r) < SEVERITY_WARNING)
		nothing_wrong(cli, v);
	if (report_worst(r) < SEVERITY_WARNING || is_brief(v, r))
		tcphs_buf_newline(&cli->out);
	if (is_brief(v, r))
		return;
	findings_text(cli, v, r);
	tcphs_fmt_duration(looked, v->e->ended - v->e->began, cli->utf8);
	of_what(what, sizeof(what), v, ": what ");
	SAY(head, "LOOKED AT (%s%s%s)", looked, source_of(v), what);
	checks_text(cli, r, true, head);
	kept_text(cli, v);
	checks_text(cli, r, false, "NOT LOOKED AT");
	if (v->strangers)
		cli_line(cli, 23, "  %-20s %u not looked at: tcphs doctor --all-netns",
			 "other namespaces", v->strangers);
	if (v->all || v->host)
		tcphs_buf_newline(&cli->out);
}

static void begin_json(struct tcphs_json *j, struct cli *cli, const struct doctor_view *v,
		       uint32_t netns)
{
	tcphs_json_begin(j, &cli->out);
	if (netns)
		tcphs_json_netns(j, site_inode(netns));
	if (v->host)
		tcphs_json_str(j, "host", v->host);
}

/**
 * doctor_finding_json - one thing that is wrong, for programs
 * @cli: where to
 * @v: what was seen
 * @f: the finding
 */
void doctor_finding_json(struct cli *cli, const struct doctor_view *v, const struct finding *f)
{
	struct tcphs_json j;
	char next[sizeof(((struct finding_words *)NULL)->text)];

	begin_json(&j, cli, v, v->netns ? v->netns : f->place.netns);
	tcphs_json_str(&j, "finding", f->name);
	tcphs_json_str(&j, "severity", severity_name(f->severity));
	tcphs_json_str(&j, "check", f->rule->name);
	tcphs_json_str(&j, "object", f->kind);
	tcphs_json_str(&j, "name", f->object);
	if (f->place.family)
		tcphs_json_address(&j, "address", (uint8_t)f->place.family, f->place.address);
	if (f->place.port)
		tcphs_json_u64(&j, "port", f->place.port);
	if (f->owner.known) {
		tcphs_json_u64(&j, "pid", f->owner.pid);
		tcphs_json_str(&j, "comm", f->owner.comm);
		if (f->owner.cgroup)
			tcphs_json_u64(&j, "cgroup_id", SITE_CGROUP_ID(f->owner.cgroup));
		cli_json_cgroup(cli, &j, f->owner.cgroup);
	}
	if (f->from) {
		tcphs_json_moment(&j, "from", evidence_real(v->e, f->from));
		tcphs_json_moment(&j, "to", evidence_real(v->e, f->to));
	}
	if (v->past)
		tcphs_json_str(&j, "store", f->kept ? "kept" : "ring");
	tcphs_json_u64(&j, "value", f->value);
	tcphs_json_u64(&j, "threshold", f->threshold);
	tcphs_json_str(&j, "measure", f->measure);
	if (*f->more)
		tcphs_json_str(&j, "more", f->more);
	tcphs_json_str(&j, "cause", f->cause);
	if (*f->command) {
		next_step(next, sizeof(next), cli, v, f->command);
		tcphs_json_str(&j, "command", next);
	}
	if (*f->setting) {
		tcphs_json_str(&j, "setting", f->setting);
		if (*f->present)
			tcphs_json_str(&j, "present", f->present);
		tcphs_json_str(&j, "advised", f->advised);
	}
	tcphs_json_end(&j);
}

static void check_json(struct cli *cli, const struct doctor_view *v, const struct report *r,
		       size_t i)
{
	struct tcphs_json j;

	begin_json(&j, cli, v, v->netns);
	tcphs_json_str(&j, "check", rules[i].name);
	tcphs_json_bool(&j, "looked", r->check[i].looked);
	tcphs_json_str(&j, r->check[i].looked ? "saw" : "why", r->check[i].saw);
	tcphs_json_end(&j);
}

/* Of what it is said. */
static void filters_json(struct tcphs_json *j, const struct doctor_view *v)
{
	uint32_t left = v->filters;

	if (!left)
		return;
	tcphs_json_open(j, "filters", '[');
	for (; left; left &= left - 1)
		tcphs_json_str(j, NULL, tcphs_filter_name((enum tcphs_filter_key)__builtin_ctz(left)));
	tcphs_json_close(j, ']');
}

/* A notice about tcphs says nothing of what was to be judged. */
static bool is_unknown(const struct doctor_view *v, const struct report *r)
{
	return doctor_is_blind(v) ? report_worst(r) < SEVERITY_WARNING : v->shut && !r->nr;
}

/**
 * doctor_json - for programs: each finding, each check, and a last line that sums up
 * @cli: where to
 * @v: what was seen
 * @r: what it means
 */
void doctor_json(struct cli *cli, const struct doctor_view *v, const struct report *r)
{
	const struct evidence *e = v->e;
	struct tcphs_json j;
	size_t i;

	for (i = 0; i < r->nr; i++)
		doctor_finding_json(cli, v, &r->v[i]);
	for (i = 0; i < NR_RULES; i++)
		check_json(cli, v, r, i);
	begin_json(&j, cli, v, v->netns);
	tcphs_json_str(&j, "worst", is_unknown(v, r) ? "unknown" : severity_name(report_worst(r)));
	tcphs_json_u64(&j, "findings", r->nr);
	tcphs_json_u64(&j, "looked_ns", e->ended - e->began);
	tcphs_json_bool(&j, "recording", !v->netns);
	if (v->past)
		tcphs_json_bool(&j, "past", true);
	filters_json(&j, v);
	tcphs_json_u64(&j, "records", e->records);
	if (v->past)
		tcphs_json_u64(&j, "kept_records", e->kept_records);
	tcphs_json_u64(&j, "lost", e->lost);
	if (!v->all && v->netns)
		tcphs_json_u64(&j, "netns_not_looked_at", v->strangers);
	tcphs_json_end(&j);
}

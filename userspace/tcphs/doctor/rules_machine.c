/* SPDX-License-Identifier: GPL-2.0 */
/* Limits of the whole machine or namespace, and tcphs's own health. */
#include "report.h"

#define LIMIT_WARNING	800	/* permille */
#define ORPHANS_WARNING	500	/* a peer that retransmits counts as two or four */
#define ORPHANS_CRITICAL 900
#define TABLE_WARNING	900

static void machine(struct finding *f, const char *what)
{
	f->kind = "machine";
	SAY(f->object, "%s", what);
}

static uint64_t permille_of(uint64_t n, uint64_t permille)
{
	return (n * permille + 999) / 1000;
}

static void orphaned(const struct evidence *e, struct report *r, uint64_t orphans, uint64_t limit)
{
	bool ended = e->out_of_memory;
	bool critical = ended || share(orphans, ORPHANS_CRITICAL, limit);
	struct finding *f = report_add(r, critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
				       "orphans",
				       ended ? "connections reset for too many orphans or too little memory" :
					       "connections that no process holds any more",
				       ended ? e->out_of_memory : orphans,
				       ended ? 1 : permille_of(limit, ORPHANS_WARNING));

	machine(f, "this machine, all namespaces");
	if (limit)
		SAY(f->more, "%llu orphans of %llu allowed", (ull)orphans, (ull)limit);
	SAY(f->cause,
	    "Applications closed these connections and the peers do not let them end (FIN-WAIT-1, LAST-ACK, CLOSING). Beyond the limit the kernel resets them.");
	SAY(f->command, "ss -tn state fin-wait-1; cat /proc/net/sockstat");
	finding_setting(f, e, SETTING_MAX_ORPHANS, "%llu, if there is memory for them",
			(ull)twice(limit ? limit : 1));
}

/* Are there more orphans than the kernel bears? */
void check_orphans(const struct evidence *e, struct report *r)
{
	bool known = e->settings.known[SETTING_MAX_ORPHANS];
	uint64_t limit = known ? e->settings.value[SETTING_MAX_ORPHANS] : 0;
	uint64_t orphans = e->settings.orphans;

	if (e->out_of_memory || (known && limit && share(orphans, ORPHANS_WARNING, limit)))
		orphaned(e, r, orphans, limit);
	if (!e->live)
		report_saw(r, "reset %llu; how many there are is not in a recording",
			   (ull)e->out_of_memory);
	else if (known)
		report_saw(r, "%llu of %llu allowed, reset %llu", (ull)orphans, (ull)limit,
			   (ull)e->out_of_memory);
	else
		report_saw(r, "%llu, reset %llu; the limit is seen in the initial network namespace alone",
			   (ull)orphans, (ull)e->out_of_memory);
}

/* Is there room for TIME_WAIT? */
void check_time_wait(const struct evidence *e, struct report *r)
{
	uint64_t now = e->after.state[TCPHS_STATE_TIME_WAIT], limit = e->after.tw_limit;
	bool over = e->time_wait_full;
	struct finding *f;

	if (over || (e->live && limit && share(now, LIMIT_WARNING, limit))) {
		f = report_add(r, over ? SEVERITY_CRITICAL : SEVERITY_WARNING, "time-wait-full",
			       over ? "connections that got no TIME-WAIT" :
				      "connections in TIME-WAIT",
			       over ? e->time_wait_full : now,
			       over ? 1 : permille_of(limit, LIMIT_WARNING));
		machine(f, "this network namespace");
		if (e->live)
			SAY(f->more, "%llu in TIME-WAIT of %llu allowed", (ull)now, (ull)limit);
		SAY(f->cause, "%s",
		    over ? "The limit is reached: connections end without TIME-WAIT, so that late segments may meet a new connection with the same ports." :
			   "The limit is near; beyond it connections end without TIME-WAIT. Short connections that this machine closes first make it.");
		SAY(f->command, "tcphs connections --state time-wait");
		finding_setting(f, e, SETTING_MAX_TW_BUCKETS, "%llu",
				(ull)twice(limit ? limit : 1));
	}
	if (e->live)
		report_saw(r, "%llu of %llu allowed, left out %llu", (ull)now,
			   (ull)limit, (ull)e->time_wait_full);
	else
		report_saw(r, "left out %llu; how many there are is not in a recording",
			   (ull)e->time_wait_full);
}

/* ---- tcphs ------------------------------------------------------------------------- */

/* The most that the module takes, see "modinfo tcphs". */
#define RING_MAX	(1u << 20)
#define TABLE_MAX	(1u << 22)

/* The module loaded anew, with one parameter larger and the @other as it is. */
static void advise_parameter(struct finding *f, const char *name, uint64_t present,
			     uint64_t most, const char *other, uint64_t as_it_is)
{
	uint64_t advised = twice(present) < most ? twice(present) : most;

	if (advised <= present)
		return;
	SAY(f->setting, "tcphs %s", name);
	SAY(f->present, "%llu", (ull)present);
	SAY(f->advised, "%llu", (ull)advised);
	SAY(f->command, "modprobe -r tcphs; modprobe tcphs %s=%llu %s=%llu", name, (ull)advised,
	    other, (ull)as_it_is);
}

static void lost(const struct evidence *e, struct report *r)
{
	struct finding *f = report_add(r, SEVERITY_WARNING, "records-lost",
				       "records overwritten before they were read", e->lost, 1);

	machine(f, "tcphs");
	SAY(f->more, "%llu read", (ull)e->records);
	SAY(f->cause,
	    "More happened than the ring holds between two reads: what is counted from events here is less than what there was.");
	if (e->live)
		advise_parameter(f, "ring_records", e->after.ring_records, RING_MAX,
				 "table_size", e->after.table_limit);
}

static void table(const struct evidence *e, struct report *r)
{
	const struct tcphs_status *st = &e->after;
	uint64_t untracked = st->untracked - e->before.untracked;
	struct finding *f;

	if (!untracked && !share(st->table_used, TABLE_WARNING, st->table_limit))
		return;
	f = report_add(r, SEVERITY_WARNING, "table-full",
		       untracked ? "connections without a place in the table" :
				   "places of the table in use",
		       untracked ? untracked : st->table_used,
		       untracked ? 1 : permille_of(st->table_limit, TABLE_WARNING));
	machine(f, "tcphs");
	SAY(f->more, "%u of %u places in use", st->table_used, st->table_limit);
	SAY(f->cause,
	    "Connections that find no place are told without owner and times, and are not counted in their states.");
	advise_parameter(f, "table_size", st->table_limit, TABLE_MAX,
			 "ring_records", st->ring_records);
}

static void name_hooks(struct finding *f, const struct tcphs_hook *first, unsigned int nr)
{
	machine(f, "tcphs");
	SAY(f->more, "%s: %s%s", first->name, first->shows, nr > 1 ? ", and others" : "");
	SAY(f->command, "tcphs status");
}

/* This does not change while the module is loaded: it is worth knowing, and no alarm. */
static unsigned int missing_hooks(const struct tcphs_status *st, struct report *r)
{
	const struct tcphs_hook *h, *first = NULL;
	unsigned int missing = 0;
	struct finding *f;

	for (h = st->hook; h < st->hook + st->nhooks; h++) {
		if (h->active)
			continue;
		missing++;
		first = first ? first : h;
	}
	if (!missing)
		return 0;
	f = report_add(r, SEVERITY_NOTICE, "hooks-missing", "hooks missing on this kernel",
		       missing, 1);
	name_hooks(f, first, missing);
	SAY(f->cause, "What these hooks show cannot be seen on this kernel, and is not judged here.");
	return missing;
}

static unsigned int deaf_hooks(const struct tcphs_status *st, struct report *r)
{
	const struct tcphs_hook *h, *first = NULL;
	unsigned int deaf = 0;
	uint64_t missed = 0;
	struct finding *f;

	for (h = st->hook; h < st->hook + st->nhooks; h++) {
		if (!h->active || !h->missed)
			continue;
		deaf++;
		missed += h->missed;
		first = first ? first : h;
	}
	if (!deaf)
		return 0;
	f = report_add(r, SEVERITY_WARNING, "hooks-deaf", "steps that hooks did not see", missed, 1);
	name_hooks(f, first, deaf);
	SAY(f->cause,
	    "These hooks are attached and do not fire: this kernel does what they wait for in another way. What they show is not judged here; please report it with the version of the kernel.");
	return deaf;
}

/* Does tcphs see everything? */
void check_tcphs(const struct evidence *e, struct report *r)
{
	unsigned int missing, deaf;

	if (e->lost)
		lost(e, r);
	if (!e->live) {
		report_saw(r, "records %llu, lost %llu", (ull)e->records, (ull)e->lost);
		return;
	}
	table(e, r);
	missing = missing_hooks(&e->after, r);
	deaf = deaf_hooks(&e->after, r);
	report_saw(r, "records %llu, lost %llu; table %u of %u; hooks %u, missing %u, deaf %u",
		   (ull)e->records, (ull)e->lost, e->after.table_used, e->after.table_limit,
		   e->after.nhooks, missing, deaf);
}

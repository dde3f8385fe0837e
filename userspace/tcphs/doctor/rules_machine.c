/* SPDX-License-Identifier: GPL-2.0 */
/* Limits of the whole machine or namespace, and tcphs's own health. */
#include "report.h"

static uint64_t permille_of(uint64_t n, uint64_t permille)
{
	return (n * permille + 999) / 1000;
}

static bool is_serious(const struct evidence *e, uint64_t n)
{
	return n >= ENDED && share(n, ENDED_PERMILLE, e->connects_ended);
}

/* How many orphans there are, and what TCP has in its queues: of now, and of no other time. */
static bool knows_now(const struct evidence *e)
{
	return e->live && e->settings.sockstat_known;
}

static bool lacks_memory(const struct evidence *e)
{
	return knows_now(e) && e->settings.memory_known &&
	       e->settings.memory >= e->settings.memory_pressure;
}

/* What orphans are reset for: both have one error, and dmesg a line for each. */
enum shortage { SHORT_OF_NOTHING, SHORT_OF_ORPHANS, SHORT_OF_MEMORY, SHORT_OF_EITHER };

static enum shortage shortage(const struct evidence *e, uint64_t limit)
{
	if (!e->out_of_memory)
		return SHORT_OF_NOTHING;
	if (lacks_memory(e))
		return SHORT_OF_MEMORY;
	if (limit && share(e->settings.orphans, ORPHANS_ENOUGH, limit))
		return SHORT_OF_ORPHANS;
	return SHORT_OF_EITHER;
}

/* Those that end sooner are fewer; only then more of them help. */
static void advise_orphans(struct finding *f, const struct evidence *e)
{
	uint64_t retries = e->settings.value[SETTING_ORPHAN_RETRIES];

	if (!retries || retries > 3)
		finding_setting(f, e, SETTING_ORPHAN_RETRIES,
				"3 (0 is 8): an orphan then ends after seconds instead of minutes");
	else
		finding_setting(f, e, SETTING_MAX_ORPHANS, "%llu, if there is memory for them",
				(ull)twice(e->settings.value[SETTING_MAX_ORPHANS]));
}

static void orphaned(const struct evidence *e, struct report *r, enum shortage s, uint64_t limit)
{
	uint64_t ended = s == SHORT_OF_NOTHING ? 0 : e->out_of_memory;
	uint64_t orphans = e->settings.orphans;
	struct finding *f = report_add(r, is_serious(e, ended) ? SEVERITY_CRITICAL :
				       SEVERITY_WARNING, "orphans",
				       ended ? "connections reset for too many orphans or too little memory" :
					       "connections that no process holds any more",
				       ended ? ended : orphans,
				       is_serious(e, ended) ? ENDED : ended ? 1 :
				       permille_of(limit, ORPHANS_WARNING));

	finding_machine(f, "this machine, all namespaces");
	if (limit)
		SAY(f->more,
		    "%llu orphan%s of %llu allowed; one whose peer does not answer counts as two or four",
		    (ull)orphans, tcphs_plural(orphans), (ull)limit);
	SAY(f->cause,
	    "Applications closed these connections and the peers do not let them end (FIN-WAIT-1, LAST-ACK, CLOSING). Beyond the limit the kernel resets them, data and all.%s",
	    s == SHORT_OF_EITHER ? " Or TCP had too little memory: dmesg says which." : "");
	SAY(f->command, "ss -tn state fin-wait-1; dmesg | grep -E 'orphaned sockets|tcp_mem'");
	advise_orphans(f, e);
}

static void memory(const struct evidence *e, struct report *r, uint64_t ended)
{
	const struct settings *s = &e->settings;
	struct finding *f = report_add(r, is_serious(e, ended) ? SEVERITY_CRITICAL :
				       SEVERITY_WARNING, "tcp-memory",
				       ended ? "connections reset for too little memory" :
					       "pages that TCP has in its queues",
				       ended ? ended : s->memory,
				       is_serious(e, ended) ? ENDED : ended ? 1 :
				       s->memory_pressure);

	finding_machine(f, "this machine, all namespaces");
	SAY(f->more, "%llu page%s in use, pressure from %llu, %llu at the most", (ull)s->memory,
	    tcphs_plural(s->memory),
	    (ull)s->memory_pressure, (ull)s->memory_most);
	SAY(f->cause,
	    "TCP's send and receive queues take more memory than tcp_mem gives them: applications do not read, or peers do not. Under pressure windows shrink; at the limit data are dropped and orphans reset.");
	SAY(f->command, "ss -tmnpO | grep -E 'skmem:\\(r[1-9]|,w[1-9]'; cat /proc/net/sockstat; dmesg | grep tcp_mem");
	SAY(f->setting, "net.ipv4.tcp_mem");
	SAY(f->present, "%llu %llu %llu", (ull)s->memory_low, (ull)s->memory_pressure,
	    (ull)s->memory_most);
	SAY(f->advised, "more, if the queues are as long as they should be and the machine has it");
}

/* Are there more orphans than the kernel bears, or more data in its queues? */
void check_orphans(const struct evidence *e, struct report *r)
{
	const struct settings *s = &e->settings;
	bool known = knows_now(e) && s->known[SETTING_MAX_ORPHANS];
	uint64_t limit = known ? s->value[SETTING_MAX_ORPHANS] : 0;
	enum shortage lack = shortage(e, limit);

	if (lack == SHORT_OF_MEMORY)
		memory(e, r, e->out_of_memory);
	else if (lacks_memory(e))
		memory(e, r, 0);
	if (lack == SHORT_OF_ORPHANS || lack == SHORT_OF_EITHER ||
	    (limit && share(s->orphans, ORPHANS_WARNING, limit)))
		orphaned(e, r, lack == SHORT_OF_MEMORY ? SHORT_OF_NOTHING : lack, limit);

	if (!e->live)
		report_saw(r, "reset %llu; events do not say how many there are",
			   (ull)e->out_of_memory);
	else if (known)
		report_saw(r, "%llu of %llu allowed, reset %llu; TCP's memory %llu of %llu page%s",
			   (ull)s->orphans, (ull)limit, (ull)e->out_of_memory, (ull)s->memory,
			   (ull)s->memory_most, tcphs_plural(s->memory_most));
	else
		report_saw(r, "%llu, reset %llu; the limit is seen in the initial network namespace alone",
			   (ull)s->orphans, (ull)e->out_of_memory);
}

/* ---- TIME_WAIT --------------------------------------------------------------------- */

/* Of the setting, which is known also where what has been is judged; the module's limit is not. */
static void advise_buckets(struct finding *f, const struct evidence *e)
{
	finding_setting(f, e, SETTING_MAX_TW_BUCKETS, "%llu",
			(ull)twice(e->settings.value[SETTING_MAX_TW_BUCKETS]));
}

/* The peer goes on, and is answered by RST: that costs connections. */
static void cut_half(const struct evidence *e, struct report *r)
{
	struct finding *f = report_add(r, is_serious(e, e->half_closed_full) ? SEVERITY_CRITICAL :
				       SEVERITY_WARNING, "time-wait-full",
				       "connections cut off in FIN-WAIT-2", e->half_closed_full,
				       is_serious(e, e->half_closed_full) ? ENDED : 1);

	finding_machine(f, "this network namespace");
	SAY(f->more, "%llu more ended without TIME-WAIT",
	    (ull)(e->time_wait_full - e->half_closed_full));
	SAY(f->cause,
	    "The limit of TIME-WAIT buckets is reached, and connections that this machine closed and the peer has not need one too: they are forgotten, and what the peer still sends is answered by RST.");
	SAY(f->command, "nstat -az TcpExtTCPTimeWaitOverflow; tcphs connections --state time-wait");
	advise_buckets(f, e);
}

static void no_bucket(const struct evidence *e, struct report *r, uint64_t now, uint64_t limit)
{
	bool over = e->time_wait_full;
	bool serious = is_serious(e, e->time_wait_full);
	struct finding *f = report_add(r, serious ? SEVERITY_WARNING : SEVERITY_NOTICE,
				       "time-wait-full",
				       over ? "connections that got no TIME-WAIT" :
					      "connections in TIME-WAIT or, without an owner, FIN-WAIT-2",
				       over ? e->time_wait_full : now,
				       serious ? ENDED : over ? 1 :
				       permille_of(limit, LIMIT_WARNING));

	finding_machine(f, "this network namespace");
	if (e->live)
		SAY(f->more, "%llu bucket%s of %llu allowed", (ull)now, tcphs_plural(now),
		    (ull)limit);
	SAY(f->cause, "%s",
	    over ? "The limit is reached: connections end without TIME-WAIT, so that late segments may meet a new connection with the same ports. No connection is lost by it." :
		   "The limit is near; beyond it connections end without TIME-WAIT. Short connections that this machine closes first make it.");
	SAY(f->command, "nstat -az TcpExtTCPTimeWaitOverflow; tcphs connections --state time-wait");
	advise_buckets(f, e);
}

/* Is there room for TIME_WAIT? */
void check_time_wait(const struct evidence *e, struct report *r)
{
	uint64_t limit = e->after.tw_limit;
	uint64_t now = e->settings.sockstat_known ? e->settings.time_wait :
		       e->after.state[TCPHS_STATE_TIME_WAIT];

	if (e->half_closed_full)
		cut_half(e, r);
	else if (e->time_wait_full || (e->live && limit && share(now, LIMIT_WARNING, limit)))
		no_bucket(e, r, now, limit);
	if (e->live)
		report_saw(r, "buckets %llu of %llu allowed, left out %llu", (ull)now,
			   (ull)limit, (ull)e->time_wait_full);
	else
		report_saw(r, "left out %llu; events do not say how many there are",
			   (ull)e->time_wait_full);
}

/* ---- tcphs ------------------------------------------------------------------------- */

/* The most that the module takes: MiB a CPU, and entries. See "modinfo tcphs". */
#define RING_MIB_MAX	2048
#define TABLE_MAX	(1u << 26)

/* The module loaded anew with one parameter larger; the others are as modprobe.d has them. */
static void advise_parameter(struct finding *f, const char *name, uint64_t present, uint64_t most)
{
	uint64_t advised = twice(present) < most ? twice(present) : most;

	if (advised <= present)
		return;
	SAY(f->setting, "tcphs %s", name);
	SAY(f->present, "%llu", (ull)present);
	SAY(f->advised, "%llu; loaded anew, it forgets what it remembers", (ull)advised);
	SAY(f->command, "modprobe -r tcphs; modprobe tcphs %s=%llu", name, (ull)advised);
}

static void lost(const struct evidence *e, struct report *r)
{
	/* The counters of the module know what was in them, and are looked at. */
	struct finding *f = report_add(r, e->live ? SEVERITY_NOTICE : SEVERITY_WARNING,
				       "records-lost",
				       "records overwritten before they were read", e->lost, 1);

	finding_machine(f, "tcphs");
	SAY(f->more, "%llu read", (ull)e->records);
	SAY(f->cause, "%s",
	    e->live ? "More happened than the ring holds between two reads: the numbers of listeners are right, those of connects, resets and losses are less than what there was." :
		      "Events are missing: what is counted here is less than what there was.");
	if (e->live && e->settings.ring_known)
		advise_parameter(f, "ring_mib", e->settings.ring_mib,
				 (uint64_t)RING_MIB_MAX * e->after.ring_cpus);
}

/* Why most of those that were not followed were not; TCPHS_REFUSED_UNSPEC: none was. */
static unsigned int main_refusal(const struct evidence *e)
{
	unsigned int i, which = TCPHS_REFUSED_UNSPEC;
	uint64_t most = 0, nr;

	for (i = 1; i <= TCPHS_REFUSED_MAX; i++) {
		nr = e->after.refused[i] - e->before.refused[i];
		if (nr > most) {
			most = nr;
			which = i;
		}
	}
	return which;
}

static void table(const struct evidence *e, struct report *r)
{
	const struct tcphs_status *st = &e->after;
	unsigned int why = main_refusal(e);
	uint64_t untracked = st->untracked - e->before.untracked;
	struct finding *f;

	if (!untracked && !share(st->table_used, TABLE_WARNING, st->table_limit))
		return;
	f = report_add(r, SEVERITY_WARNING, "table-full",
		       untracked ? "connections without a place in the table" :
				   "places of the table in use",
		       untracked ? untracked : st->table_used,
		       untracked ? 1 : permille_of(st->table_limit, TABLE_WARNING));
	finding_machine(f, "tcphs");
	SAY(f->more, "%u of %u places in use%s%s", st->table_used, st->table_limit,
	    why ? "; " : "", why ? tcphs_refused_help(why) : "");
	SAY(f->cause,
	    "Connections that find no place are reported without owner and times, and are not counted in their states.");
	/* A larger table has no more at hand, and its chains are as long. */
	if (why == TCPHS_REFUSED_MEMORY || why == TCPHS_REFUSED_BUCKET)
		SAY(f->command, "tcphs events | grep untracked");
	else
		advise_parameter(f, "table_size", st->table_limit, TABLE_MAX);
}

static void name_hooks(struct finding *f, const struct tcphs_hook *first, unsigned int nr)
{
	finding_machine(f, "tcphs");
	f->lasting = true;
	SAY(f->more, "%s: %s%s", first->name, first->shows, nr > 1 ? ", and others" : "");
	SAY(f->command, "tcphs status --report");
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

/* An alarm of now, and of what has been worth knowing. */
static unsigned int deaf_hooks(const struct evidence *e, struct report *r)
{
	const struct tcphs_status *st = &e->after;
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
	f = report_add(r, e->live ? SEVERITY_WARNING : SEVERITY_NOTICE, "hooks-deaf",
		       "steps that hooks did not see", missed, 1);
	name_hooks(f, first, deaf);
	SAY(f->cause,
	    "These hooks are attached and do not fire: this kernel does what they wait for in another way. What they show is not judged here; please report it with the version of the kernel.");
	return deaf;
}

/* Does tcphs see everything? */
void check_tcphs(const struct evidence *e, struct report *r)
{
	char not_there[TCPHS_DURATION_LEN];
	unsigned int missing, deaf;

	if (e->lost)
		lost(e, r);
	/* What they don't show is not on record either; of a recording nobody knows. */
	missing = missing_hooks(&e->after, r);
	deaf = deaf_hooks(e, r);
	if (!e->live && e->holes) {
		tcphs_fmt_duration(not_there, e->missing, false);
		report_saw(r, "records %llu, lost %llu; times of which nothing is recorded %u, together %s",
			   (ull)e->records, (ull)e->lost, e->holes, not_there);
		return;
	}
	if (!e->live && e->after.nhooks) {
		report_saw(r, "records %llu, lost %llu, among the oldest overwritten %llu; hooks %u, missing %u, deaf %u",
			   (ull)e->records, (ull)e->lost, (ull)e->overwritten, e->after.nhooks,
			   missing, deaf);
		return;
	}
	if (!e->live) {
		report_saw(r, "records %llu, lost %llu, among the oldest overwritten %llu",
			   (ull)e->records, (ull)e->lost, (ull)e->overwritten);
		return;
	}
	table(e, r);
	report_saw(r, "records %llu, lost %llu; table %u of %u; hooks %u, missing %u, deaf %u",
		   (ull)e->records, (ull)e->lost, e->after.table_used, e->after.table_limit,
		   e->after.nhooks, missing, deaf);
}

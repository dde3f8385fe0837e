/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcphs lives: one line a connection, those that ended in the order in which they did, then
 * those that are open.
 *
 * Lines are written as lives end, so the memory holds those that are open at one time and
 * no others. What is open now the module says: of what it does not have, the end was
 * overwritten, unless it came while the two were asked one after the other.
 */
#include <errno.h>
#include <stdlib.h>

#include "hosts.h"
#include "open_lives.h"
#include "out_journal.h"
#include "site.h"
#include "source.h"

/* So many may be open at a time; of more, those go that had no event for longest. */
#define OPEN_MAX	(1u << 20)
/* So many open ones are put in order at a time. */
#define SORT_MAX	(1u << 14)

/* What only events have, and so no connection of which there is none. */
#define OF_EVENTS	(TCPHS_FILTER_BIT(EVENT) | TCPHS_FILTER_BIT(FAILED) | \
			 TCPHS_FILTER_BIT(SINCE) | TCPHS_FILTER_BIT(UNTIL))

struct sorted {
	struct tcphs_conn_life life;
	enum life_end end;
	uint64_t until, age;
};

struct lives_cmd {
	struct cli *cli;
	bool follow;
	struct source *source;
	struct life_view view;
	bool to_journal;
	struct journal *journal;	/* instead of lines; NULL: lines */
	struct tcphs_filter filter;	/* what one event must fit, by @clock */
	int64_t clock;
	uint64_t older_than;		/* and the life itself, ns */
	struct open_lives open;
	uint64_t from;			/* what ended before is not shown */
	uint64_t last;			/* the latest event there is, ns */
	uint64_t pulled;		/* when the kernel was asked for them */
	uint64_t *hole;			/* of each machine, the latest event before a loss */
	uint64_t lost, given_up;
	uint64_t older, older_until;	/* overwritten before the first look: how many, and when (ns) */
	struct sorted *sorted;
	size_t nr_sorted;
	bool no_memory;
};

/* ---- lines -------------------------------------------------------------------- */

static bool old_enough(const struct lives_cmd *cmd, const struct life_line *line)
{
	uint64_t until = line->end == LIFE_ENDED ? line->life->last : line->until;

	return !cmd->older_than || (line->life->known & TCPHS_LIFE_BEGIN &&
				    until >= line->life->begin + cmd->older_than);
}

/* What has not ended will be an entry when it has. */
static void write_entry(struct lives_cmd *cmd, const struct life_line *line)
{
	if (line->end == LIFE_ENDED)
		life_journal(cmd->journal, line->life,
			     cli_cgroup_names(cmd->cli, line->life->id.cgroup),
			     source_clock(cmd->source)->offset);
}

static void print(struct lives_cmd *cmd, const struct life_line *life)
{
	const struct hosts *hosts = source_hosts(cmd->source);
	struct life_line line = *life;

	if (!old_enough(cmd, life))
		return;
	if (hosts)
		line.other = hosts_other_end(hosts, &life->life->id);
	if (cmd->journal)
		write_entry(cmd, &line);
	else if (cmd->cli->json)
		life_json(cmd->cli, &line, source_clock(cmd->source)->offset,
			  source_shift(cmd->source));
	else
		life_text(&cmd->view, &cmd->cli->out, &line);
}

static int by_begin(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	if (x->life.begin != y->life.begin)
		return x->life.begin < y->life.begin ? -1 : 1;
	return x->life.id.conn < y->life.id.conn ? -1 : x->life.id.conn > y->life.id.conn;
}

static void print_sorted(struct lives_cmd *cmd)
{
	struct life_line line;
	size_t i;

	if (cmd->nr_sorted)
		qsort(cmd->sorted, cmd->nr_sorted, sizeof(*cmd->sorted), by_begin);
	for (i = 0; i < cmd->nr_sorted; i++) {
		line = (struct life_line){ &cmd->sorted[i].life, cmd->sorted[i].end,
					   cmd->sorted[i].until, cmd->sorted[i].age, NULL };
		print(cmd, &line);
	}
	cmd->nr_sorted = 0;
}

/* One that has no end, to be printed behind those that have. */
static void put_aside(struct lives_cmd *cmd, const struct tcphs_conn_life *life, enum life_end end,
		      uint64_t until, uint64_t age)
{
	if (!cmd->sorted)
		cmd->sorted = calloc(SORT_MAX, sizeof(*cmd->sorted));
	if (!cmd->sorted) {
		cmd->no_memory = true;
		return;
	}
	if (cmd->nr_sorted == SORT_MAX)
		print_sorted(cmd);
	cmd->sorted[cmd->nr_sorted++] = (struct sorted){ *life, end, until, age };
}

/* ---- events ------------------------------------------------------------------- */

/* Those that were quiet for longest give way; what is known of them is shown. */
static void make_place(struct lives_cmd *cmd)
{
	struct open_life *o;
	uint64_t limit;
	uint32_t i;

	if (open_lives_count(&cmd->open) < OPEN_MAX)
		return;
	if (open_lives_quiet_since(&cmd->open, OPEN_MAX / 8, &limit)) {
		cmd->no_memory = true;
		return;
	}
	for (i = 0; i < cmd->open.nr; i++) {
		o = &cmd->open.v[i];
		if (!o->used || o->life.last > limit)
			continue;
		if (o->wanted && !cmd->follow)
			print(cmd, &(struct life_line){ &o->life, LIFE_LOST, o->life.last, 0, NULL });
		open_lives_remove(&cmd->open, i);
		cmd->given_up++;
	}
}

/* Times mean something by the clock of a source, and --older-than is of the whole life. */
static void take_filter(struct lives_cmd *cmd)
{
	cmd->clock = source_clock(cmd->source)->offset;
	cmd->filter = cmd->cli->filter;
	if (tcphs_filter_has(&cmd->filter, TCPHS_FILTER_OLDER_THAN))
		cmd->older_than = cmd->filter.older_than;
	cmd->filter.keys &= ~TCPHS_FILTER_BIT(OLDER_THAN);
}

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct lives_cmd *cmd = arg;
	struct open_life *o;
	uint32_t i;

	if (cmd->clock != source_clock(cmd->source)->offset)
		take_filter(cmd);
	if (ev->time > cmd->last)
		cmd->last = ev->time;
	if (!ev->id.conn || cmd->no_memory)
		return;
	i = open_lives_find(&cmd->open, &ev->id);
	if (i != HASH_NONE) {
		tcphs_conn_life_add(&cmd->open.v[i].life, ev);
	} else {
		if (!tcphs_event_is_alive(ev))
			return;
		make_place(cmd);
		i = open_lives_add(&cmd->open, ev);
		if (i == HASH_NONE) {
			cmd->no_memory = true;
			return;
		}
	}
	o = &cmd->open.v[i];
	o->wanted = o->wanted || source_fits(&cmd->filter, ev);
	if (o->life.end == TCPHS_EV_UNSPEC)
		return;
	if (o->wanted && o->life.last >= cmd->from)
		print(cmd, &(struct life_line){ &o->life, LIFE_ENDED, 0, 0, NULL });
	open_lives_remove(&cmd->open, i);
}

/* Whose what is told now is, and whose a life. */
static unsigned int current(const struct lives_cmd *cmd)
{
	const struct hosts *hosts = source_hosts(cmd->source);

	return hosts ? hosts_current(hosts) : 0;
}

static unsigned int host_of(const struct tcphs_conn_life *life)
{
	return site_host_number(life->id.netns);
}

/* What was open then is over, and nothing that comes is of it, whatever its number. */
static void on_boot(void *arg)
{
	struct lives_cmd *cmd = arg;
	const struct open_life *o;
	uint32_t i;

	for (i = 0; i < cmd->open.nr && !cmd->no_memory; i++) {
		o = &cmd->open.v[i];
		if (!o->used || host_of(&o->life) != current(cmd))
			continue;
		if (o->wanted && !cmd->follow)
			put_aside(cmd, &o->life, LIFE_LOST, o->life.last, 0);
		open_lives_remove(&cmd->open, i);
	}
	print_sorted(cmd);
	cmd->hole[current(cmd)] = 0;
}

/* What is printed from here on may lack what was lost. */
static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct lives_cmd *cmd = arg;

	cmd->lost += count;
	cmd->hole[current(cmd)] = cmd->last;
	if (cmd->cli->json)
		event_json_lost(&cmd->cli->out, cpu, count);
}

static void say_older(struct lives_cmd *cmd)
{
	char when[CLI_MOMENT_LEN];

	if (!cmd->older)
		return;
	cli_moment(when, real_time(source_clock(cmd->source)->offset, cmd->older_until));
	cli_say("tcphs: %llu older event%s, of before %s, overwritten by newer ones; of lives that began before then, steps may be missing",
		(unsigned long long)cmd->older, tcphs_plural(cmd->older), when);
	cmd->older = 0;
}

/* The kernel's come first and in one; a recording has them where they lie, maybe many. */
static void on_overwritten(void *arg, uint64_t count, uint64_t until)
{
	struct lives_cmd *cmd = arg;

	cmd->older += count;
	if (until > cmd->older_until)
		cmd->older_until = until;
	if (source_session(cmd->source))
		say_older(cmd);
}

static void on_missing(void *arg, const struct tcphs_missing *missing)
{
	struct lives_cmd *cmd = arg;

	cmd->hole[current(cmd)] = cmd->last;
	if (cmd->cli->json)
		event_json_missing(&cmd->cli->out, missing);
	else
		cli_say_missing(missing);
}

static const struct tcphs_events_ops text_ops = {
	.record = on_event, .lost = on_lost, .overwritten = on_overwritten, .missing = on_missing,
};

static const struct tcphs_events_ops json_ops = {
	.record = on_event, .lost = on_lost, .missing = on_missing,
};

/* ---- what is open ------------------------------------------------------------- */

static bool conn_fits(const struct lives_cmd *cmd, const struct tcphs_conn_info *c)
{
	return !(cmd->filter.keys & OF_EVENTS) && tcphs_filter_conn(&cmd->filter, c);
}

/* Its socket is closed, and that was an event. */
static bool has_ended(const struct tcphs_conn_info *c)
{
	return c->state == TCPHS_STATE_TIME_WAIT || c->state == TCPHS_STATE_CLOSE;
}

/* What of it the events do not have, or do not have any more. */
static void complete(struct tcphs_conn_life *life, const struct tcphs_conn_life *now)
{
	life->state = now->state;
	if (!(life->known & TCPHS_LIFE_BEGIN))
		life->begin = now->begin;
	if (!(life->known & TCPHS_LIFE_HANDSHAKE))
		life->handshake = now->handshake;
	life->known |= now->known & (TCPHS_LIFE_BEGIN | TCPHS_LIFE_HANDSHAKE);
	if (now->flags & TCPHS_F_OWNER) {
		life->id.pid = now->id.pid;
		life->id.cgroup = now->id.cgroup;
		memcpy(life->id.comm, now->id.comm, sizeof(life->id.comm));
		memcpy(life->id.thread, now->id.thread, sizeof(life->id.thread));
	}
	life->flags |= now->flags;
}

static int on_conn(void *arg, const struct tcphs_conn_info *c)
{
	struct lives_cmd *cmd = arg;
	uint64_t now = tcphs_session_now(source_session(cmd->source));
	struct tcphs_conn_life life, known;
	bool wanted = conn_fits(cmd, c);
	uint32_t i;

	if (has_ended(c))
		return tcphs_stop_asked() ? -EINTR : 0;
	tcphs_conn_life_of(&life, c, now);
	i = open_lives_find(&cmd->open, &life.id);
	if (i != HASH_NONE) {
		known = cmd->open.v[i].life;
		complete(&known, &life);
		wanted = wanted || cmd->open.v[i].wanted;
		cmd->open.v[i].reported = true;
		life = known;
	} else if (life.begin > cmd->pulled || cmd->cli->kept) {
		/* It began since, or is none that went wrong. */
		wanted = false;
	}
	if (wanted)
		put_aside(cmd, &life, LIFE_OPEN, now, c->age);
	return cmd->no_memory ? -ENOMEM : tcphs_stop_asked() ? -EINTR : 0;
}

/* What has come since the first look: the ends of those that are open no more. */
static void on_late(void *arg, const struct tcphs_event *ev)
{
	struct lives_cmd *cmd = arg;
	uint32_t i = ev->id.conn ? open_lives_find(&cmd->open, &ev->id) : HASH_NONE;

	if (i != HASH_NONE && !cmd->open.v[i].reported)
		on_event(cmd, ev);
}

/* Those that nobody has said anything of, to the end of what there is. */
static void put_rest_aside(struct lives_cmd *cmd, bool events_only)
{
	const struct tcphs_conn_life *life;
	uint64_t hole;
	bool goes_on;
	uint32_t i;

	for (i = 0; i < cmd->open.nr; i++) {
		life = &cmd->open.v[i].life;
		if (!cmd->open.v[i].used || cmd->open.v[i].reported || !cmd->open.v[i].wanted)
			continue;
		hole = cmd->hole[host_of(life)];
		goes_on = events_only && (!hole || life->last > hole);
		put_aside(cmd, life, goes_on ? LIFE_OPEN : LIFE_LOST,
			  goes_on ? cmd->last : life->last, 0);
	}
}

static int show_open(struct lives_cmd *cmd, struct tcphs_error *err)
{
	static const struct tcphs_events_ops late = { .record = on_late, .lost = on_lost };
	struct tcphs_session *session = source_session(cmd->source);
	struct tcphs_filter filter = cmd->filter;
	/* What a command's connections did is all that is asked about. */
	bool ask = session && !cmd->cli->command;

	/* The others fit some of its events, perhaps, and not what it is now. */
	filter.keys &= cmd->cli->verb->early;
	if (ask && (tcphs_each_connection(session, cmd->cli->all_netns, &filter, on_conn, cmd, err) ||
			source_drain(cmd->source, &late, cmd, err))) {
		if (tcphs_stop_asked())
			memset(err, 0, sizeof(*err));
		return tcphs_stop_asked() ? 0 : -1;
	}
	put_rest_aside(cmd, !ask);
	print_sorted(cmd);
	return 0;
}

/* ---- the verb ----------------------------------------------------------------- */

static void parse(struct lives_cmd *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "follow",	no_argument,		NULL, 'f' },
		{ "output",	required_argument,	NULL, 'o' },
		{ "journal",	no_argument,		NULL, 'J' },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = cli_next(cmd->cli, argc, argv, CLI_SHORTS "fo:", longs)) != -1) {
		if (c == 'f')
			cmd->follow = true;
		else if (c == 'o')
			cli_columns(cmd->cli, optarg);
		else if (c == 'J')
			cmd->to_journal = true;
		else
			cli_option(cmd->cli, c, argv, longs);
	}
	cli_check(cmd->cli, argc, argv);
	life_view_init(&cmd->view, cmd->cli);
}

/* After each round: what was written goes out. */
static bool on_round(void *arg)
{
	struct lives_cmd *cmd = arg;

	return !tcphs_buf_flush(&cmd->cli->out) && !cmd->no_memory &&
	       !(cmd->journal && journal_failed(cmd->journal, NULL));
}

static int read_lives(struct lives_cmd *cmd, struct tcphs_error *err)
{
	bool text = !cmd->cli->json && !cmd->journal, since = tcphs_filter_has(&cmd->filter, TCPHS_FILTER_SINCE);
	const struct tcphs_events_ops *ops = cmd->cli->json ? &json_ops : &text_ops;
	struct tcphs_session *session = source_session(cmd->source);
	/* Nothing is there of what a command will do. */
	bool from_nothing = cmd->follow && cmd->cli->command;

	if (session)
		cmd->pulled = tcphs_session_now(session);
	if (cmd->follow && !since)
		cmd->from = cmd->pulled;
	if (!from_nothing &&
	    source_keep_last(cmd->source, SIZE_MAX, text ? life_view_measure : NULL, &cmd->view,
			     err))
		return -1;
	if (text)
		table_head(&cmd->view.table, &cmd->cli->out);
	/* What comes out of a pipe is shown as it comes. */
	if (cmd->follow || !session)
		return source_follow(cmd->source, 0, ops, on_round, cmd, err);
	return source_drain(cmd->source, ops, cmd, err);
}

static void say_what_is_missing(struct lives_cmd *cmd)
{
	say_older(cmd);
	if (cmd->lost && !cmd->cli->json)
		cli_say("tcphs: %llu event%s overwritten before being read; steps and ends may be missing",
			(unsigned long long)cmd->lost, tcphs_plural(cmd->lost));
	if (cmd->given_up)
		cli_say("tcphs: more than %u connections were open at once; %llu without an event for longest were given up",
			OPEN_MAX, (unsigned long long)cmd->given_up);
}

static int open_all(struct lives_cmd *cmd, struct tcphs_error *err)
{
	const struct hosts *hosts;

	cmd->source = source_open(cmd->cli, err);
	if (!cmd->source)
		return -1;
	hosts = source_hosts(cmd->source);
	cmd->hole = calloc(hosts ? hosts_count(hosts) : 1, sizeof(*cmd->hole));
	if (!cmd->hole) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	source_on_boot(cmd->source, on_boot, cmd);
	/* Which columns there are, the recording says, too. */
	life_view_init(&cmd->view, cmd->cli);
	life_view_clock(&cmd->view, source_clock(cmd->source));
	take_filter(cmd);
	if (!cmd->to_journal)
		return 0;
	cmd->cli->to_file = true;
	cmd->journal = journal_open(err);
	return cmd->journal ? 0 : -1;
}

static void close_all(struct lives_cmd *cmd)
{
	open_lives_free(&cmd->open);
	free(cmd->sorted);
	free(cmd->hole);
	journal_close(cmd->journal);
	source_close(cmd->source);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct lives_cmd cmd = { .cli = cli };
	struct tcphs_error err = { 0 };
	int failed, ret;

	parse(&cmd, argc, argv);
	if (open_all(&cmd, &err)) {
		close_all(&cmd);
		return cli_fail(&err);
	}
	failed = read_lives(&cmd, &err);
	if (!failed && !cmd.follow && !tcphs_stop_asked())
		failed = show_open(&cmd, &err);
	if (!failed && cmd.journal && journal_failed(cmd.journal, &err))
		failed = -1;
	if (!failed && cmd.no_memory) {
		tcphs_error_set(&err, TCPHS_ERR_FAILED, "no memory");
		failed = -1;
	}
	ret = cli_finish(cli);
	say_what_is_missing(&cmd);
	if (failed)
		ret = cli_fail(&err);
	close_all(&cmd);
	return ret;
}

const struct verb verb_lives = {
	.name = "lives",
	.help = "one line a connection: who, how long, how much, how it ended",
	.usage =
		"  -f, --follow          each connection as it ends from now on (with --since:\n"
		"                        from then on), until Ctrl-C\n"
		"  -o, --output NAME,... these columns, or all; help lists them, with those of\n"
		"                        tcplife: PID,COMM,LADDR,LPORT,RADDR,RPORT,TX_KB,RX_KB,MS\n"
		"      --journal         each that has ended as an entry of systemd's journal\n",
	.reads = true,
	.reads_several = true,
	.runs = true,
	.keeps = KEEPS,
	.lives = true,
	.early = TCPHS_FILTERS_END,
	.filters = TCPHS_FILTERS_EVENT,
	.run = run,
};

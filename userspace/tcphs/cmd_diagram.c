/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs diagram: a connection as the drawing of its two lifelines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "columns.h"
#include "diagram/album.h"
#include "diagram/waits.h"
#include "hash.h"
#include "hosts.h"
#include "site.h"
#include "source.h"
#include "whole_file.h"

/* While the connection to follow has not come, keep so many events of others. */
#define WAITING_MAX	65536

/* Of those that fit so many are drawn, unless the user says how many. */
#define DRAWN_MAX	10

struct diagram {
	struct cli *cli;
	bool last, follow, absolute;
	uint64_t conn;			/* 0: not named */
	const char *svg;		/* file, NULL: none */
	bool to_stdout;			/* it is - */
	bool force;			/* it may be there already */
	struct source *source;
	struct tcphs_album album;
	uint64_t lost;
	uint64_t hole;			/* time of the event before which the last of them lie */
	bool hole_open;			/* it did not come yet */
	bool torn;			/* something was drawn that is older */
	uint64_t end;			/* the last event there is, ns */

	/* the events, where they can't be read a second time */
	struct tcphs_event *ev;
	uint32_t nr, cap;
	uint32_t *boot;			/* before these of them the machine was booted */
	uint32_t nr_boots, boots_cap;
	bool again;			/* it is the second time */

	/* following */
	uint64_t since;			/* connections that began before are not meant */
	uint32_t life;			/* that is drawn, TCPHS_NO_LIFE: none yet */
	uint64_t drawn;			/* the order of its last event that is in the picture */
	bool waits;			/* it was said that TIME-WAIT is waited for */
	struct tcphs_picture picture;
	struct tcphs_canvas canvas;
	size_t rows;			/* that were written as JSON */
};

/* ---- what the user wants ---------------------------------------------------- */

static uint64_t parse_conn(const struct cli *cli, const char *arg)
{
	uint64_t conn;

	if (tcphs_conn_parse(arg, &conn))
		cli_usage(cli, "'%s' is no connection; it is a hexadecimal number, as ss -e prints it after sk:",
			  arg);
	return conn;
}

static uint32_t parse_limit(const struct cli *cli, const char *arg)
{
	size_t limit = cli_count(cli, "limit", arg);

	return limit && limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
}

static void check(const struct diagram *d)
{
	const struct cli *cli = d->cli;

	if (!d->conn && !d->last && !d->album.limit && !d->follow && !cli->filter.keys && !cli->command)
		cli_usage(cli, "which connection? its CONN (tcphs events), or --last, or a filter such as --port 443");
}

static void parse(struct diagram *d, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "last",	no_argument,		NULL, 'l' },
		{ "follow",	no_argument,		NULL, 'f' },
		{ "limit",	required_argument,	NULL, 'n' },
		{ "absolute",	no_argument,		NULL, 'a' },
		{ "ascii",	no_argument,		NULL, 'x' },
		{ "svg",	required_argument,	NULL, 's' },
		{ "force",	no_argument,		NULL, 'F' },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = cli_next(d->cli, argc, argv, CLI_SHORTS "lfn:a", longs)) != -1) {
		if (c == 'l')
			d->last = true;
		else if (c == 'f')
			d->follow = true;
		else if (c == 'n')
			d->album.limit = parse_limit(d->cli, optarg);
		else if (c == 'a')
			d->absolute = true;
		else if (c == 'x')
			d->cli->utf8 = false;
		else if (c == 's')
			d->svg = optarg;
		else if (c == 'F')
			d->force = true;
		else
			cli_option(d->cli, c, argv, longs);
	}
	if (optind < argc) {
		d->conn = parse_conn(d->cli, argv[optind++]);
		cli_gave(d->cli, CLI_CONN);
	}
	cli_check(d->cli, argc, argv);
	check(d);
	d->to_stdout = d->svg && !strcmp(d->svg, "-");
	/* A socket that connects again keeps its number: the newest is meant. */
	if (d->conn || d->last)
		d->album.limit = 1;
	else if (!d->album.limit)
		d->album.limit = DRAWN_MAX;
}

static struct tcphs_canvas_style style_of(const struct diagram *d)
{
	unsigned int width = columns_of_terminal();
	struct tcphs_canvas_style style = {
		/* What every terminal has. */
		.width = width ? width : 80,
		.utf8 = d->cli->utf8,
		.absolute = d->absolute,
		.heading = !d->cli->no_header,
		.netns = d->cli->all_netns ? cli_netns(d->cli) : NULL,
		.bold = cli_bold(d->cli),
		.plain = cli_plain(d->cli),
	};
	unsigned int i;

	for (i = 0; i <= TCPHS_TONE_CLOSE; i++)
		style.tone[i] = cli_tone(d->cli, i);
	return style;
}

static bool wanted(const struct diagram *d, const struct tcphs_event *ev)
{
	return (!d->conn || ev->id.conn == d->conn) && source_fits(&d->cli->filter, ev);
}

/* ---- one picture ------------------------------------------------------------ */

static int make_picture(struct diagram *d, uint32_t life, struct tcphs_picture *p)
{
	struct tcphs_session *session = source_session(d->source);
	int err = tcphs_album_picture(&d->album, life, d->cli->utf8 || d->cli->json || d->svg,
				      session ? tcphs_session_now(session) : d->end, p);

	if (!err && session)
		waits_draw(p);
	return err;
}

/* As it was when the connection began; it may have been set since. */
static struct tcphs_clock clock_of(const struct diagram *d, uint32_t life)
{
	struct tcphs_clock clock = *source_clock(d->source);

	clock.offset = d->album.lives.life[life].clock;
	return clock;
}

static int no_memory(struct tcphs_error *err)
{
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return -1;
}

static int write_to(const struct diagram *d, uint32_t life, const struct tcphs_picture *p, int fd,
		    struct tcphs_error *err)
{
	struct tcphs_clock clock = clock_of(d, life);
	struct tcphs_buf out;
	int failed;

	failed = tcphs_buf_init(&out, fd);
	if (!failed)
		failed = tcphs_picture_svg(p, &clock, d->absolute,
					   d->cli->all_netns ? cli_netns(d->cli) : NULL, &out);
	if (!failed)
		failed = tcphs_buf_flush(&out);
	tcphs_buf_free(&out);
	if (failed)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot write %.200s: %s", d->svg,
				strerror(-failed));
	return failed ? -1 : 0;
}

static int write_svg(const struct diagram *d, uint32_t life, const struct tcphs_picture *p,
		     struct tcphs_error *err)
{
	struct whole_file file;

	if (d->to_stdout)
		return write_to(d, life, p, STDOUT_FILENO, err);
	if (whole_file_begin(&file, d->svg, d->force, 0644, err))
		return -1;
	if (!write_to(d, life, p, file.fd, err))
		return whole_file_end(&file, err);
	whole_file_drop(&file);
	return -1;
}

static void print_text(struct diagram *d, uint32_t life, const struct tcphs_picture *p)
{
	struct tcphs_canvas_style style = style_of(d);
	struct tcphs_clock clock = clock_of(d, life);

	tcphs_canvas_begin(&d->canvas, p, &style, &clock, &d->cli->out);
	tcphs_canvas_rows(&d->canvas);
	tcphs_canvas_end(&d->canvas);
}

/* Of several machines: the other end is one of them, and it has nothing of this. */
static void say_absent(const struct diagram *d, const struct tcphs_picture *p)
{
	const struct hosts *hosts = source_hosts(d->source);
	const struct tcphs_end *here = &p->end[!p->end[TCPHS_LEFT].seen];
	char end[TCPHS_ENDPOINT_LEN];
	int host;

	if (!hosts || p->self || (p->end[TCPHS_LEFT].seen && p->end[TCPHS_RIGHT].seen))
		return;
	host = hosts_at(hosts, here->id.family, here->id.peer, p->start);
	if (host < 0)
		return;
	tcphs_fmt_endpoint(end, here->id.family, here->id.peer, here->id.peer_port);
	tcphs_buf_flush(&d->cli->out);
	cli_say("tcphs: %s, who has %s and recorded then, has nothing of this connection on record",
		hosts_name(hosts, (unsigned int)host), end);
}

static int draw(struct diagram *d, uint32_t life, bool first, struct tcphs_error *err)
{
	struct tcphs_picture p;
	int failed = 0;

	d->torn |= d->hole_open || d->album.lives.life[life].begin < d->hole;
	if (make_picture(d, life, &p)) {
		failed = no_memory(err);
	} else if (d->svg) {
		failed = write_svg(d, life, &p, err);
	} else if (d->cli->json) {
		tcphs_picture_json_head(&p, &d->cli->out);
		tcphs_picture_json_rows(&p, 0, &d->cli->out);
	} else {
		if (!first)
			tcphs_buf_newline(&d->cli->out);
		print_text(d, life, &p);
	}
	if (!failed)
		say_absent(d, &p);
	tcphs_picture_free(&p);
	return failed;
}

/* ---- those that fit --------------------------------------------------------- */

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct diagram *d = arg;

	(void)cpu;
	d->lost += count;
	d->hole_open = true;
}

/* What is drawn from before has to say so. */
static void on_missing(void *arg, const struct tcphs_missing *missing)
{
	struct diagram *d = arg;

	cli_say_missing(missing);
	d->hole_open = true;
}

static void see_hole(struct diagram *d, const struct tcphs_event *ev)
{
	if (d->hole_open)
		d->hole = ev->time;
	d->hole_open = false;
}

static void store(struct diagram *d, const struct tcphs_event *ev)
{
	if (array_grow(&d->ev, d->nr + 1, &d->cap, sizeof(*d->ev)))
		d->album.no_memory = true;
	else
		d->ev[d->nr++] = *ev;
}

static void cut_lives(struct diagram *d)
{
	struct tcphs_lives *l = &d->album.lives;
	uint32_t i;

	for (i = 0; i < l->lives; i++)
		l->life[i].cut |= site_host_number(l->life[i].id.netns) ==
				  hosts_current(source_hosts(d->source));
}

static void on_boot(void *arg)
{
	struct diagram *d = arg;

	/* Of several machines the others go on, and their sites tell connections of two boots apart. */
	if (!source_hosts(d->source)) {
		tcphs_lives_boot(&d->album.lives);
		if (d->again || source_rewinds(d->source))
			return;
		if (array_grow(&d->boot, d->nr_boots + 1, &d->boots_cap, sizeof(*d->boot)))
			d->album.no_memory = true;
		else
			d->boot[d->nr_boots++] = d->nr;
	} else if (!d->again) {
		cut_lives(d);
	}
}

/* What lives that begin keep of the events. */
static void follow_source(struct diagram *d)
{
	d->album.lives.clock = source_clock(d->source)->offset;
	d->album.lives.shift = source_shift(d->source);
}

/* The first time: which lives there are, and which are wanted. */
static void on_first(void *arg, const struct tcphs_event *ev)
{
	struct diagram *d = arg;
	uint32_t life;

	follow_source(d);
	see_hole(d, ev);
	if (ev->time > d->end)
		d->end = ev->time;
	if (d->album.no_memory)
		return;
	if (!source_rewinds(d->source))
		store(d, ev);
	life = tcphs_album_see(&d->album, ev);
	/* Without a filter a SYN that met no socket is no connection. */
	if (life != TCPHS_NO_LIFE && wanted(d, ev) && (ev->id.conn || d->cli->filter.keys))
		d->album.lives.life[life].wanted = true;
}

/* The second time: the events of those that are drawn. */
static void on_second(void *arg, const struct tcphs_event *ev)
{
	struct diagram *d = arg;

	tcphs_album_keep(&d->album, ev);
}

static int read_again(struct diagram *d, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_second };
	uint32_t i, boot = 0;

	d->again = true;
	tcphs_lives_restart(&d->album.lives);
	if (source_rewinds(d->source))
		return source_rewind(d->source, err) ||
		       source_drain(d->source, &ops, d, err) ? -1 : 0;
	for (i = 0; i < d->nr; i++) {
		for (; boot < d->nr_boots && d->boot[boot] <= i; boot++)
			tcphs_lives_boot(&d->album.lives);
		on_second(d, &d->ev[i]);
	}
	return 0;
}

/* The module knows more than its records hold. */
static int ask_for_owners(struct diagram *d, struct tcphs_error *err)
{
	struct tcphs_session *session = source_session(d->source);
	struct tcphs_listener_list list = { 0 };
	int failed;

	if (!session || !d->album.nr_met)
		return 0;
	failed = tcphs_get_listeners(session, d->cli->all_netns, &list, err);
	if (!failed)
		tcphs_album_owners(&d->album, &list);
	tcphs_listener_list_free(&list);
	return failed;
}

static int draw_chosen(struct diagram *d, struct tcphs_error *err)
{
	uint32_t i;

	if (!d->album.nr_chosen && d->cli->command) {
		cli_say("tcphs: the command made no TCP connection%s",
			d->cli->all_netns ? "" : " in this network namespace; -A shows those of all");
		return 0;
	}
	if (!d->album.nr_chosen) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"no such connection on record; tcphs events shows what is");
		return -1;
	}
	if (d->svg && d->album.total > 1 && d->album.limit > 1) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"%u connections fit, --svg takes one: name its CONN, or add --last",
				d->album.total);
		return -1;
	}
	for (i = 0; i < d->album.nr_chosen; i++)
		if (draw(d, d->album.chosen[i], !i, err))
			return -1;
	if (d->album.total > d->album.nr_chosen && d->album.limit > 1)
		cli_say("tcphs: %u connection%s fit, the newest %u are drawn; --limit 0 draws all",
			d->album.total, tcphs_plural(d->album.total), d->album.nr_chosen);
	return 0;
}

static int draw_all(struct diagram *d, struct tcphs_error *err)
{
	static const struct tcphs_events_ops first = {
		.record = on_first, .lost = on_lost, .missing = on_missing,
	};

	if (source_drain(d->source, &first, d, err))
		return -1;
	if (d->album.no_memory || tcphs_album_choose(&d->album))
		return no_memory(err);
	if (read_again(d, err) || ask_for_owners(d, err))
		return -1;
	return d->album.no_memory ? no_memory(err) : draw_chosen(d, err);
}

/* ---- as it happens ---------------------------------------------------------- */

/* Is it one of those there are, the newest that fits or that was named? The next new one else. */
static bool is_choosing(const struct diagram *d)
{
	return d->life == TCPHS_NO_LIFE && (d->last || d->conn);
}

/* Which of them is known when they are all read, however many events of others there are. */
static void on_candidate(struct diagram *d, const struct tcphs_event *ev)
{
	uint32_t life;

	if (d->album.no_memory)
		return;
	store(d, ev);
	life = tcphs_album_see(&d->album, ev);
	if (life != TCPHS_NO_LIFE && ev->id.conn && wanted(d, ev))
		d->album.lives.life[life].wanted = true;
}

static void on_followed(void *arg, const struct tcphs_event *ev)
{
	struct diagram *d = arg;
	uint32_t life;
	int err;

	follow_source(d);
	if (is_choosing(d)) {
		on_candidate(d, ev);
		return;
	}
	if (d->life != TCPHS_NO_LIFE && !tcphs_lives_concern(&d->album.lives, d->life, ev))
		return;
	if (d->life == TCPHS_NO_LIFE && d->album.lives.nr >= WAITING_MAX)
		tcphs_lives_clear(&d->album.lives);
	life = tcphs_lives_see(&d->album.lives, ev, &err);
	if (life != TCPHS_NO_LIFE)
		err = tcphs_lives_keep(&d->album.lives, life, ev);
	d->album.no_memory |= err;
	if (d->life == TCPHS_NO_LIFE && life != TCPHS_NO_LIFE && ev->id.conn && wanted(d, ev) &&
	    d->album.lives.life[life].begin >= d->since)
		d->life = life;
}

/* The events there were: all, or what may be of the one that was chosen. */
static void keep_candidates(struct diagram *d)
{
	struct tcphs_lives *l = &d->album.lives;
	uint32_t i, life;

	tcphs_lives_restart(l);
	for (i = 0; i < d->nr && !d->album.no_memory; i++) {
		life = tcphs_lives_find(l, &d->ev[i]);
		if (life == TCPHS_NO_LIFE ||
		    (d->life != TCPHS_NO_LIFE && !tcphs_lives_concern(l, d->life, &d->ev[i])))
			continue;
		d->album.no_memory = tcphs_lives_keep(l, life, &d->ev[i]) != 0;
	}
	free(d->ev);
	d->ev = NULL;
	d->nr = 0;
	d->cap = 0;
}

static void choose_newest(struct diagram *d)
{
	if (tcphs_lives_choose(&d->album.lives, 1, &d->life, NULL) < 0)
		d->album.no_memory = true;
	/* What is named may still come; and the next one may be the other end of one that is there. */
	if (d->life == TCPHS_NO_LIFE && d->nr >= WAITING_MAX) {
		tcphs_lives_clear(&d->album.lives);
		d->nr = 0;
	} else if (d->life != TCPHS_NO_LIFE || !d->conn) {
		keep_candidates(d);
	}
	d->last = false;
}

static bool only_time_wait_is_left(struct diagram *d)
{
	unsigned int side, waiting = 0;
	const struct tcphs_end *end;

	for (side = 0; side < 2; side++) {
		end = &d->picture.end[side];
		waiting += end->socket && end->state == TCPHS_STATE_TIME_WAIT;
		if (end->socket && end->state != TCPHS_STATE_TIME_WAIT &&
		    end->state != TCPHS_STATE_CLOSE)
			return false;
	}
	return waiting;
}

/* It may last a minute in which nothing is drawn. */
static void say_that_it_waits(struct diagram *d)
{
	if (d->waits || !only_time_wait_is_left(d))
		return;
	d->waits = true;
	tcphs_buf_flush(&d->cli->out);
	cli_say("tcphs: closed; waiting for the end of TIME-WAIT, Ctrl-C ends");
}

static void draw_rows(struct diagram *d, bool first)
{
	struct tcphs_canvas_style style = style_of(d);
	struct tcphs_clock clock = clock_of(d, d->life);

	if (d->cli->json) {
		if (first)
			tcphs_picture_json_head(&d->picture, &d->cli->out);
		tcphs_picture_json_rows(&d->picture, d->rows, &d->cli->out);
		d->rows = d->picture.nr;
		return;
	}
	if (first)
		tcphs_canvas_begin(&d->canvas, &d->picture, &style, &clock, &d->cli->out);
	tcphs_canvas_rows(&d->canvas);
}

/* Adds what is new of the connection, and draws it. False: nothing more can come. */
static bool draw_news(struct diagram *d)
{
	const struct tcphs_kept **kept;
	const struct tcphs_event **ev;
	bool first = !d->picture.begun;
	size_t nr, i;

	kept = tcphs_lives_events(&d->album.lives, d->life, d->drawn, &nr);
	ev = calloc(nr + 1, sizeof(*ev));
	if (!kept || !ev) {
		d->album.no_memory = true;
		nr = 0;
	}
	for (i = 0; i < nr; i++)
		ev[i] = &kept[i]->ev;
	if (nr) {
		d->drawn = kept[nr - 1]->order;
		d->picture.shift = d->album.lives.life[d->life].shift;
		d->album.no_memory |= tcphs_picture_add(&d->picture, ev, nr) != 0;
		draw_rows(d, first);
	}
	free(ev);
	free(kept);
	if (tcphs_lives_over(&d->album.lives, d->life))
		return false;
	say_that_it_waits(d);
	return true;
}

static bool on_idle(void *arg)
{
	struct diagram *d = arg;
	bool more = true;

	if (is_choosing(d))
		choose_newest(d);
	if (d->life != TCPHS_NO_LIFE) {
		if (!d->picture.begun)
			d->life = tcphs_lives_lead(&d->album.lives, d->life);
		more = draw_news(d);
	}
	return !tcphs_buf_flush(&d->cli->out) && more && !d->album.no_memory;
}

static int follow(struct diagram *d, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_followed, .lost = on_lost };

	d->since = source_session(d->source) ? tcphs_session_now(source_session(d->source)) : 0;
	tcphs_picture_init(&d->picture, d->cli->utf8 || d->cli->json);
	d->picture.cgroups = d->album.cgroups;
	if (source_follow(d->source, 0, &ops, on_idle, d, err))
		return -1;
	/* What came between the last round and its end. */
	if (d->life != TCPHS_NO_LIFE)
		draw_news(d);
	if (d->picture.begun && !d->cli->json)
		tcphs_canvas_end(&d->canvas);
	tcphs_picture_free(&d->picture);
	if (!d->album.no_memory)
		return 0;
	return no_memory(err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct diagram d = { .cli = cli, .life = TCPHS_NO_LIFE };
	struct tcphs_error err = { 0 };
	int failed, ret;

	tcphs_album_init(&d.album, 0);
	parse(&d, argc, argv);
	d.source = source_open(cli, &err);
	if (!d.source)
		return cli_fail(&err);
	d.album.cgroups = cli->cgroups;
	source_on_boot(d.source, on_boot, &d);
	failed = d.follow ? follow(&d, &err) : draw_all(&d, &err);
	ret = cli_finish(cli);
	if (d.lost && (d.torn || d.follow))
		cli_say("tcphs: %llu event%s overwritten before being read; steps may be missing",
			(unsigned long long)d.lost, tcphs_plural(d.lost));
	if (failed)
		ret = cli_fail(&err);
	tcphs_album_free(&d.album);
	free(d.ev);
	free(d.boot);
	source_close(d.source);
	return ret;
}

const struct verb verb_diagram = {
	.name = "diagram",
	.words = " [CONN]",
	.help = "one connection drawn as two lifelines, handshake to TIME-WAIT",
	.usage =
		"  CONN                  its number: CONN of tcphs events, sk: of ss -e\n"
		"  -l, --last            the newest of those that fit\n"
		"  -n, --limit N         the newest N of them; 0: all (default 10)\n"
		"  -f, --follow          draw as it happens: CONN, the newest with --last, or\n"
		"                        else the next new one that fits; ends with it, or Ctrl-C\n"
		"  -a, --absolute        raw sequence numbers, not relative to the ISN\n"
		"      --ascii           no box characters\n"
		"      --svg FILE        write the drawing of one connection as SVG (-: standard\n"
		"                        output)\n"
		"      --force           replace FILE if it is there\n",
	.reads = true,
	.reads_several = true,
	.runs = true,
	.keeps = KEEPS,
	.lives = true,
	.filters = TCPHS_FILTERS_EVENT,
	.run = run,
};

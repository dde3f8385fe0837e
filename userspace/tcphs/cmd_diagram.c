/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs diagram: a connection as the drawing of its two lifelines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "columns.h"
#include "diagram/lives.h"
#include "diagram/picture.h"
#include "hosts.h"
#include "source.h"

/* While the connection to follow has not come, keep so many events of others. */
#define WAITING_MAX	65536

/* Of those that fit so many are drawn, unless the user says how many. */
#define DRAWN_MAX	10

/* So many lives of a recording are known at a time: what a day holds would fill the memory. */
#define LIVES_MAX	(1u << 18)

struct listener {
	struct tcphs_ident id;		/* cookie, and owner with @flags */
	uint32_t flags;			/* TCPHS_F_OWNER */
};

struct diagram {
	struct cli *cli;
	bool last, follow, absolute;
	uint32_t limit;			/* pictures */
	uint64_t conn;			/* 0: not named */
	const char *svg;		/* file, NULL: none */
	bool to_stdout;			/* it is - */
	bool force;			/* it may be there already */
	struct source *source;
	struct tcphs_lives lives;
	uint64_t lost;
	uint64_t hole;			/* time of the event before which the last of them lie */
	bool hole_open;			/* it did not come yet */
	bool torn;			/* something was drawn that is older */
	uint64_t end;			/* the last event there is, ns */
	bool no_memory;

	/* the events, where they can't be read a second time */
	struct tcphs_event *ev;
	size_t nr, cap;

	/* what is drawn of them */
	bool *drawn_life;		/* of each life, whether its events are kept */
	uint32_t *chosen;
	uint32_t nr_chosen, total, forgotten;
	uint32_t lives_max;		/* so many lives may be known now */
	struct listener *listener;	/* that their segments met, by cookie */
	size_t nr_listeners;

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

	if (!d->conn && !d->last && !d->limit && !d->follow && !cli->filter.keys && !cli->command)
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
			d->limit = parse_limit(d->cli, optarg);
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
		d->limit = 1;
	else if (!d->limit)
		d->limit = DRAWN_MAX;
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

static int by_cookie(const void *a, const void *b)
{
	const struct listener *x = a, *y = b;

	if (x->id.netns != y->id.netns)
		return x->id.netns < y->id.netns ? -1 : 1;
	return x->id.conn < y->id.conn ? -1 : x->id.conn > y->id.conn;
}

static void name_listeners(const struct diagram *d, struct tcphs_picture *p)
{
	struct listener key, *found;
	unsigned int side;

	for (side = 0; side < 2; side++) {
		key.id.conn = p->end[side].listener.conn;
		key.id.netns = p->end[side].id.netns;
		found = key.id.conn && d->nr_listeners ?
			bsearch(&key, d->listener, d->nr_listeners, sizeof(key), by_cookie) : NULL;
		if (found)
			tcphs_picture_listener(p, &found->id, found->flags);
	}
}

/* Where the first of the steps is that stand behind those left out; @nr: there are none. */
static size_t find_gap(struct diagram *d, uint32_t life, const struct tcphs_kept **kept, size_t nr,
		       uint32_t *left_out)
{
	uint32_t member[TCPHS_MEMBERS_MAX];
	size_t members = tcphs_lives_members(&d->lives, life, member), i, at = nr;
	const struct tcphs_lifeline *line;

	*left_out = 0;
	for (i = 0; i < members; i++) {
		line = &d->lives.life[member[i]];
		*left_out += line->left_out;
		if (!line->left_out)
			continue;
		while (at && kept[at - 1]->order > d->lives.kept[line->half].order)
			at--;
	}
	return at;
}

static int add_events(struct diagram *d, uint32_t life, struct tcphs_picture *p)
{
	const struct tcphs_kept **kept;
	const struct tcphs_event **ev;
	size_t nr, i, gap;
	uint32_t left_out;
	int err;

	kept = tcphs_lives_events(&d->lives, life, 0, &nr);
	ev = calloc(nr + 1, sizeof(*ev));
	err = kept && ev ? 0 : -ENOMEM;
	for (i = 0; !err && i < nr; i++)
		ev[i] = &kept[i]->ev;
	gap = err ? 0 : find_gap(d, life, kept, nr, &left_out);
	if (!err)
		err = tcphs_picture_add(p, ev, gap);
	if (!err && gap < nr) {
		err = tcphs_picture_gap(p, left_out);
		if (!err)
			err = tcphs_picture_add(p, ev + gap, nr - gap);
	}
	free(ev);
	free(kept);
	return err;
}

static int make_picture(struct diagram *d, uint32_t life, struct tcphs_picture *p)
{
	int err;

	tcphs_picture_init(p, d->cli->utf8 || d->cli->json || d->svg);
	err = add_events(d, life, p);
	name_listeners(d, p);
	if (!err && !tcphs_lives_over(&d->lives, life))
		err = tcphs_picture_end(p, source_session(d->source) ?
					tcphs_session_now(source_session(d->source)) : d->end);
	return err;
}

static int no_memory(struct tcphs_error *err)
{
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return -1;
}

static int write_svg(const struct diagram *d, const struct tcphs_picture *p,
		     struct tcphs_error *err)
{
	int fd = d->to_stdout ? STDOUT_FILENO : cli_create(d->svg, d->force, 0666, err);
	struct tcphs_buf out;
	int failed;

	if (fd < 0)
		return -1;
	failed = tcphs_buf_init(&out, fd);
	if (!failed)
		failed = tcphs_picture_svg(p, source_clock(d->source), d->absolute,
					   d->cli->all_netns ? cli_netns(d->cli) : NULL, &out);
	if (!failed)
		failed = tcphs_buf_flush(&out);
	if (!d->to_stdout && close(fd) && !failed)
		failed = -errno;
	tcphs_buf_free(&out);
	if (failed)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot write %.200s: %s", d->svg,
				strerror(-failed));
	return failed ? -1 : 0;
}

static void print_text(struct diagram *d, const struct tcphs_picture *p)
{
	struct tcphs_canvas_style style = style_of(d);

	tcphs_canvas_begin(&d->canvas, p, &style, source_clock(d->source), &d->cli->out);
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

	d->torn |= d->hole_open || d->lives.life[life].begin < d->hole;
	if (make_picture(d, life, &p)) {
		failed = no_memory(err);
	} else if (d->svg) {
		failed = write_svg(d, &p, err);
	} else if (d->cli->json) {
		tcphs_picture_json_head(&p, &d->cli->out);
		tcphs_picture_json_rows(&p, 0, &d->cli->out);
	} else {
		if (!first)
			tcphs_buf_newline(&d->cli->out);
		print_text(d, &p);
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
	size_t cap = d->cap ? d->cap * 2 : 1024;
	struct tcphs_event *more;

	if (d->nr == d->cap) {
		more = reallocarray(d->ev, cap, sizeof(*more));
		if (!more) {
			d->no_memory = true;
			return;
		}
		d->ev = more;
		d->cap = cap;
	}
	d->ev[d->nr++] = *ev;
}

static void make_place(struct diagram *d)
{
	int64_t forgotten;

	if (d->lives.lives < d->lives_max)
		return;
	forgotten = tcphs_lives_forget(&d->lives, LIVES_MAX / 2, d->limit);
	if (forgotten < 0)
		d->no_memory = true;
	else
		d->forgotten += (uint32_t)forgotten;
	/* What is to be drawn stays, however much that is. */
	while (d->lives.lives >= d->lives_max / 2 + d->lives_max / 4)
		d->lives_max *= 2;
}

/* The first time: which lives there are, and which are wanted. */
static void on_first(void *arg, const struct tcphs_event *ev)
{
	struct diagram *d = arg;
	uint32_t life;
	int err;

	see_hole(d, ev);
	if (ev->time > d->end)
		d->end = ev->time;
	if (d->no_memory)
		return;
	if (!source_rewinds(d->source))
		store(d, ev);
	make_place(d);
	life = tcphs_lives_see(&d->lives, ev, &err);
	d->no_memory |= err;
	/* Without a filter a SYN that met no socket is no connection. */
	if (life != TCPHS_NO_LIFE && wanted(d, ev) && (ev->id.conn || d->cli->filter.keys))
		d->lives.life[life].wanted = true;
}

/* Who has the listener: whom its accept() served last, before that who called listen(). */
static void meet_listener(struct diagram *d, const struct tcphs_event *ev)
{
	bool accepts = ev->type == TCPHS_EV_ACCEPTED && ev->flags & TCPHS_F_QUEUE;
	struct listener key = { .flags = ev->flags & TCPHS_F_OWNER }, *found;

	if (!key.flags || !d->nr_listeners || (ev->type != TCPHS_EV_LISTEN && !accepts))
		return;
	key.id = ev->id;
	if (accepts)
		key.id.conn = ev->queue.listener;
	found = bsearch(&key, d->listener, d->nr_listeners, sizeof(key), by_cookie);
	if (found)
		*found = key;
}

/* The second time: the events of those that are drawn. */
static void on_second(void *arg, const struct tcphs_event *ev)
{
	struct diagram *d = arg;
	uint32_t life;

	meet_listener(d, ev);
	life = tcphs_lives_find(&d->lives, ev);
	if (life != TCPHS_NO_LIFE && d->drawn_life[life] && !d->no_memory)
		d->no_memory = tcphs_lives_keep(&d->lives, life, ev);
}

static int read_again(struct diagram *d, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_second };
	size_t i;

	tcphs_lives_restart(&d->lives);
	if (source_rewinds(d->source))
		return source_rewind(d->source, err) ||
		       source_drain(d->source, &ops, d, err) ? -1 : 0;
	for (i = 0; i < d->nr; i++)
		on_second(d, &d->ev[i]);
	return 0;
}

static void add_listener(struct diagram *d, const struct tcphs_lifeline *life)
{
	struct tcphs_ident *id = &d->listener[d->nr_listeners].id;

	if (!life->listener)
		return;
	id->conn = life->listener;
	id->netns = life->id.netns;
	d->nr_listeners++;
}

/* Marks every life of the chosen pictures, and notes their listeners. */
static int mark_chosen(struct diagram *d)
{
	uint32_t member[TCPHS_MEMBERS_MAX], i;
	size_t nr, k, kept = 0;

	d->drawn_life = calloc(d->lives.lives + 1, sizeof(*d->drawn_life));
	d->listener = calloc((size_t)d->nr_chosen * TCPHS_MEMBERS_MAX + 1, sizeof(*d->listener));
	if (!d->drawn_life || !d->listener)
		return -ENOMEM;
	for (i = 0; i < d->nr_chosen; i++) {
		nr = tcphs_lives_members(&d->lives, d->chosen[i], member);
		for (k = 0; k < nr; k++) {
			d->drawn_life[member[k]] = true;
			add_listener(d, &d->lives.life[member[k]]);
		}
	}
	qsort(d->listener, d->nr_listeners, sizeof(*d->listener), by_cookie);
	for (k = 0; k < d->nr_listeners; k++)
		if (!kept || by_cookie(&d->listener[kept - 1], &d->listener[k]))
			d->listener[kept++] = d->listener[k];
	d->nr_listeners = kept;
	return 0;
}

static int choose(struct diagram *d)
{
	uint32_t most = d->limit < d->lives.lives ? d->limit : d->lives.lives;
	int64_t nr;

	d->chosen = calloc(most + 1, sizeof(*d->chosen));
	if (!d->chosen || d->no_memory)
		return -ENOMEM;
	nr = tcphs_lives_choose(&d->lives, most, d->chosen, &d->total);
	if (nr < 0)
		return -ENOMEM;
	d->nr_chosen = (uint32_t)nr;
	d->total += d->forgotten;
	return mark_chosen(d);
}

/* The module knows more than its records hold. */
static int ask_for_owners(struct diagram *d, struct tcphs_error *err)
{
	struct tcphs_session *session = source_session(d->source);
	struct tcphs_listener_list list = { 0 };
	struct listener key, *found;
	const struct tcphs_owner *owner;
	int failed;
	size_t i;

	if (!session || !d->nr_listeners)
		return 0;
	failed = tcphs_get_listeners(session, d->cli->all_netns, &list, err);
	for (i = 0; !failed && i < list.nr; i++) {
		owner = &list.v[i].owner;
		key.id.conn = list.v[i].conn;
		key.id.netns = list.v[i].netns;
		found = bsearch(&key, d->listener, d->nr_listeners, sizeof(key), by_cookie);
		if (!found || !owner->known)
			continue;
		found->flags = TCPHS_F_OWNER;
		found->id.pid = owner->pid;
		memset(found->id.comm, 0, sizeof(found->id.comm));
		memset(found->id.thread, 0, sizeof(found->id.thread));
		memcpy(found->id.comm, owner->comm, strnlen(owner->comm, sizeof(found->id.comm)));
		memcpy(found->id.thread, owner->thread,
		       strnlen(owner->thread, sizeof(found->id.thread)));
	}
	tcphs_listener_list_free(&list);
	return failed;
}

static int draw_chosen(struct diagram *d, struct tcphs_error *err)
{
	uint32_t i;

	if (!d->nr_chosen && d->cli->command) {
		cli_say("tcphs: the command made no TCP connection%s",
			d->cli->all_netns ? "" : " in this network namespace; -A shows those of all");
		return 0;
	}
	if (!d->nr_chosen) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"no such connection on record; tcphs events shows what is");
		return -1;
	}
	if (d->svg && d->total > 1 && d->limit > 1) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"%u connections fit, --svg takes one: name its CONN, or add --last",
				d->total);
		return -1;
	}
	for (i = 0; i < d->nr_chosen; i++)
		if (draw(d, d->chosen[i], !i, err))
			return -1;
	if (d->total > d->nr_chosen && d->limit > 1)
		cli_say("tcphs: %u connection%s fit, the newest %u are drawn; --limit 0 draws all",
			d->total, tcphs_plural(d->total), d->nr_chosen);
	return 0;
}

static int draw_all(struct diagram *d, struct tcphs_error *err)
{
	static const struct tcphs_events_ops first = {
		.record = on_first, .lost = on_lost, .missing = on_missing,
	};

	if (source_drain(d->source, &first, d, err))
		return -1;
	if (choose(d))
		return no_memory(err);
	if (read_again(d, err) || ask_for_owners(d, err))
		return -1;
	return d->no_memory ? no_memory(err) : draw_chosen(d, err);
}

/* ---- as it happens ---------------------------------------------------------- */

static void on_followed(void *arg, const struct tcphs_event *ev)
{
	struct diagram *d = arg;
	uint32_t life;
	int err;

	if (d->life != TCPHS_NO_LIFE && !tcphs_lives_concern(&d->lives, d->life, ev))
		return;
	if (d->life == TCPHS_NO_LIFE && d->lives.nr >= WAITING_MAX)
		tcphs_lives_clear(&d->lives);
	life = tcphs_lives_see(&d->lives, ev, &err);
	if (life != TCPHS_NO_LIFE)
		err = tcphs_lives_keep(&d->lives, life, ev);
	d->no_memory |= err;
	if (d->life != TCPHS_NO_LIFE || life == TCPHS_NO_LIFE || !ev->id.conn || !wanted(d, ev))
		return;
	/* The newest of those there are is known when they are all read. */
	d->lives.life[life].wanted = true;
	if (!d->last && !d->conn && d->lives.life[life].begin >= d->since)
		d->life = life;
}

/* Of those there are: the newest that fits, or the newest of the one that was named. */
static void choose_newest(struct diagram *d)
{
	d->last = false;
	if (tcphs_lives_choose(&d->lives, 1, &d->life, NULL) < 0)
		d->no_memory = true;
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

	if (d->cli->json) {
		if (first)
			tcphs_picture_json_head(&d->picture, &d->cli->out);
		tcphs_picture_json_rows(&d->picture, d->rows, &d->cli->out);
		d->rows = d->picture.nr;
		return;
	}
	if (first)
		tcphs_canvas_begin(&d->canvas, &d->picture, &style, source_clock(d->source),
				   &d->cli->out);
	tcphs_canvas_rows(&d->canvas);
}

/* Adds what is new of the connection, and draws it. False: nothing more can come. */
static bool draw_news(struct diagram *d)
{
	const struct tcphs_kept **kept;
	const struct tcphs_event **ev;
	bool first = !d->picture.begun;
	size_t nr, i;

	kept = tcphs_lives_events(&d->lives, d->life, d->drawn, &nr);
	ev = calloc(nr + 1, sizeof(*ev));
	if (!kept || !ev) {
		d->no_memory = true;
		nr = 0;
	}
	for (i = 0; i < nr; i++)
		ev[i] = &kept[i]->ev;
	if (nr) {
		d->drawn = kept[nr - 1]->order;
		d->no_memory |= tcphs_picture_add(&d->picture, ev, nr) != 0;
		draw_rows(d, first);
	}
	free(ev);
	free(kept);
	if (tcphs_lives_over(&d->lives, d->life))
		return false;
	say_that_it_waits(d);
	return true;
}

static bool on_idle(void *arg)
{
	struct diagram *d = arg;
	bool more = true;

	if (d->last || (d->conn && d->life == TCPHS_NO_LIFE))
		choose_newest(d);
	if (d->life != TCPHS_NO_LIFE) {
		if (!d->picture.begun)
			d->life = tcphs_lives_lead(&d->lives, d->life);
		more = draw_news(d);
	}
	return !tcphs_buf_flush(&d->cli->out) && more && !d->no_memory;
}

static int follow(struct diagram *d, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { .record = on_followed, .lost = on_lost };

	d->since = source_session(d->source) ? tcphs_session_now(source_session(d->source)) : 0;
	tcphs_picture_init(&d->picture, d->cli->utf8 || d->cli->json);
	if (source_follow(d->source, 0, &ops, on_idle, d, err))
		return -1;
	/* What came between the last round and its end. */
	if (d->life != TCPHS_NO_LIFE)
		draw_news(d);
	if (d->picture.begun && !d->cli->json)
		tcphs_canvas_end(&d->canvas);
	tcphs_picture_free(&d->picture);
	if (!d->no_memory)
		return 0;
	return no_memory(err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct diagram d = { .cli = cli, .life = TCPHS_NO_LIFE,
			     .lives_max = LIVES_MAX };
	struct tcphs_error err = { 0 };
	int failed, ret;

	parse(&d, argc, argv);
	d.source = source_open(cli, &err);
	if (!d.source)
		return cli_fail(&err);
	failed = d.follow ? follow(&d, &err) : draw_all(&d, &err);
	ret = cli_finish(cli);
	if (d.lost && (d.torn || d.follow))
		cli_say("tcphs: %llu event%s overwritten before being read; steps may be missing",
			(unsigned long long)d.lost, tcphs_plural(d.lost));
	if (failed)
		ret = cli_fail(&err);
	tcphs_lives_free(&d.lives);
	free(d.ev);
	free(d.drawn_life);
	free(d.chosen);
	free(d.listener);
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

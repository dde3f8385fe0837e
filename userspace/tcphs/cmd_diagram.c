/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs diagram: a connection as the drawing of its two lifelines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lives.h"
#include "picture.h"
#include "source.h"

/* While the connection to follow has not come, keep so many events of others. */
#define WAITING_MAX	65536

/* So many events a follower draws at once; the rest it draws right after. */
#define STEPS_MAX	512

struct diagram {
	struct cli *cli;
	bool last, follow, absolute;
	uint64_t conn;			/* 0: not named */
	const char *svg;		/* file, NULL: none */
	bool to_stdout;			/* it is - */
	bool force;			/* it may be there already */
	struct source *source;
	struct tcphs_lives lives;
	uint64_t lost;
	bool no_memory;

	/* following */
	uint64_t since;			/* connections that began before are not meant */
	uint32_t life;			/* that is drawn, TCPHS_NO_LIFE: none yet */
	uint32_t drawn;			/* its last event that is in the picture */
	struct tcphs_picture picture;
	struct tcphs_canvas canvas;
	size_t rows;			/* that were written as JSON */
};

/* ---- what the user wants ---------------------------------------------------- */

static uint64_t parse_conn(const struct cli *cli, const char *arg)
{
	const char *digits = strncmp(arg, "sk:", 3) ? arg : arg + 3;
	uint64_t conn;
	char *end;

	errno = 0;
	conn = strtoull(digits, &end, 16);
	if (errno || *end || !strchr("0123456789abcdefABCDEF", *digits) || !conn)
		cli_usage(cli, "'%s' is no connection; it is a hexadecimal number, as ss -e prints it after sk:",
			  arg);
	return conn;
}

static void check(const struct diagram *d)
{
	const struct cli *cli = d->cli;

	if (d->svg && d->follow)
		cli_usage(cli, "--svg needs the whole picture; it does not go with --follow");
	if (d->svg && cli->json)
		cli_usage(cli, "--svg or --json, not both");
	if (!d->conn && !d->last && !d->follow && !cli->filter.keys)
		cli_usage(cli, "which connection? its CONN (tcphs events), or --last, or a filter such as --port 443");
}

static void parse(struct diagram *d, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_LONGS,
		{ "last",	no_argument,		NULL, 'l' },
		{ "follow",	no_argument,		NULL, 'f' },
		{ "absolute",	no_argument,		NULL, 'a' },
		{ "ascii",	no_argument,		NULL, 'x' },
		{ "svg",	required_argument,	NULL, 's' },
		{ "force",	no_argument,		NULL, 'F' },
		{ NULL,		0,			NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, CLI_SHORTS "lfa", longs, NULL)) != -1) {
		if (c == 'l')
			d->last = true;
		else if (c == 'f')
			d->follow = true;
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
	if (optind < argc)
		d->conn = parse_conn(d->cli, argv[optind++]);
	cli_no_arguments(d->cli, argc, argv);
	d->to_stdout = d->svg && !strcmp(d->svg, "-");
	check(d);
}

/* COLUMNS, as shells set it; the terminal; or what every terminal has. */
static unsigned int columns(void)
{
	const char *text = getenv("COLUMNS");
	struct winsize size;
	int n = text ? atoi(text) : 0;

	if (n <= 0 && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		n = size.ws_col;
	return n > 0 ? (unsigned int)n : 80;
}

static struct tcphs_canvas_style style_of(const struct diagram *d)
{
	struct tcphs_canvas_style style = {
		.width = columns(),
		.utf8 = d->cli->utf8,
		.absolute = d->absolute,
		.heading = !d->cli->no_header,
		.netns = d->cli->all_netns,
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
	return (!d->conn || ev->id.conn == d->conn) && tcphs_filter_event(&d->cli->filter, ev);
}

/* ---- one picture ------------------------------------------------------------ */

/* A recording has an end of its own. */
static uint64_t now(const struct diagram *d)
{
	return source_session(d->source) ? tcphs_now() : d->lives.ev[d->lives.nr - 1].time;
}

static int make_picture(const struct diagram *d, uint32_t life, struct tcphs_picture *p)
{
	const struct tcphs_event **ev;
	uint32_t i = TCPHS_NO_LIFE;
	size_t nr = 0;
	int err;

	ev = malloc(d->lives.nr * sizeof(*ev));
	if (!ev)
		return -ENOMEM;
	while ((i = tcphs_lives_next(&d->lives, life, i)) != TCPHS_NO_LIFE)
		ev[nr++] = &d->lives.ev[i];
	tcphs_picture_init(p, d->cli->utf8 || d->cli->json || d->svg);
	err = tcphs_picture_add(p, ev, nr);
	free(ev);
	if (!err && !tcphs_lives_over(&d->lives, life))
		err = tcphs_picture_end(p, now(d));
	return err;
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
					   d->cli->all_netns, &out);
	if (!failed)
		failed = tcphs_buf_flush(&out);
	if (!d->to_stdout && close(fd) && !failed)
		failed = -errno;
	tcphs_buf_free(&out);
	if (failed)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "tcphs: cannot write %.200s: %s", d->svg,
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

static int draw(struct diagram *d, uint32_t life, bool first, struct tcphs_error *err)
{
	struct tcphs_picture p;
	int failed = 0;

	if (make_picture(d, life, &p)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "tcphs: no memory");
		failed = -1;
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
	tcphs_picture_free(&p);
	return failed;
}

/* ---- those that fit --------------------------------------------------------- */

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct diagram *d = arg;

	if (tcphs_lives_add(&d->lives, ev))
		d->no_memory = true;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct diagram *d = arg;

	(void)cpu;
	d->lost += count;
}

static const struct tcphs_events_ops collect = { on_event, on_lost };

/* Marks the lives that lead a picture one event of which fits; how many, and the last. */
static uint32_t mark(const struct diagram *d, bool *chosen, uint32_t *last)
{
	const struct tcphs_lives *l = &d->lives;
	uint32_t i, life, nr = 0;

	for (i = 0; i < l->nr; i++) {
		/* Without a filter a SYN that met no socket is no connection. */
		if (!wanted(d, &l->ev[i]) || (!l->ev[i].id.conn && !d->cli->filter.keys))
			continue;
		life = tcphs_lives_lead(l, l->life_of[i]);
		if (chosen[life])
			continue;
		chosen[life] = true;
		if (!nr++ || life > *last)
			*last = life;
	}
	return nr;
}

static int draw_marked(struct diagram *d, bool *chosen, struct tcphs_error *err)
{
	uint32_t last = TCPHS_NO_LIFE, i, nr = mark(d, chosen, &last);
	bool first = true;

	if (!nr) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"tcphs: no such connection on record; tcphs events shows what is");
		return -1;
	}
	if (d->last)
		return draw(d, last, true, err);
	if (d->svg && nr > 1) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"tcphs: %u connections fit, --svg takes one: name its CONN, or add --last",
				nr);
		return -1;
	}
	for (i = 0; i < d->lives.lives; i++) {
		if (!chosen[i])
			continue;
		if (draw(d, i, first, err))
			return -1;
		first = false;
	}
	return 0;
}

static int draw_all(struct diagram *d, struct tcphs_error *err)
{
	bool *chosen;
	int failed;

	if (source_drain(d->source, &collect, d, err))
		return -1;
	chosen = calloc(d->lives.lives + 1, sizeof(*chosen));
	if (!chosen || d->no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "tcphs: no memory");
		failed = -1;
	} else {
		failed = draw_marked(d, chosen, err);
	}
	free(chosen);
	return failed;
}

/* ---- as it happens ---------------------------------------------------------- */

static void on_followed(void *arg, const struct tcphs_event *ev)
{
	struct diagram *d = arg;
	uint32_t life;

	if (d->life != TCPHS_NO_LIFE && !tcphs_lives_same_pair(&d->lives, d->life, ev))
		return;
	if (d->life == TCPHS_NO_LIFE && d->lives.nr >= WAITING_MAX)
		tcphs_lives_clear(&d->lives);
	on_event(d, ev);
	if (d->life != TCPHS_NO_LIFE || !ev->id.conn || !wanted(d, ev) || !d->lives.nr)
		return;
	/* The newest of those there are is known when they are all read. */
	if (d->last)
		return;
	life = d->lives.life_of[d->lives.nr - 1];
	if (d->conn || d->lives.life[life].begin >= d->since)
		d->life = life;
}

static void choose_last(struct diagram *d)
{
	bool *chosen = calloc(d->lives.lives + 1, sizeof(*chosen));

	d->last = false;
	if (chosen)
		mark(d, chosen, &d->life);
	else
		d->no_memory = true;
	free(chosen);
}

/* Adds what is new of the connection, and draws it. False: nothing more can come. */
static bool draw_news(struct diagram *d)
{
	const struct tcphs_event *ev[STEPS_MAX];
	struct tcphs_canvas_style style = style_of(d);
	bool first = !d->picture.begun;
	uint32_t i = TCPHS_NO_LIFE;
	size_t nr = 0;

	while (nr < STEPS_MAX &&
	       (i = tcphs_lives_next(&d->lives, d->life, i)) != TCPHS_NO_LIFE) {
		if (!first && i <= d->drawn)
			continue;
		ev[nr++] = &d->lives.ev[i];
		d->drawn = i;
	}
	if (!nr)
		return true;
	if (tcphs_picture_add(&d->picture, ev, nr))
		d->no_memory = true;
	if (d->cli->json) {
		if (first)
			tcphs_picture_json_head(&d->picture, &d->cli->out);
		tcphs_picture_json_rows(&d->picture, d->rows, &d->cli->out);
		d->rows = d->picture.nr;
	} else {
		if (first)
			tcphs_canvas_begin(&d->canvas, &d->picture, &style,
					   source_clock(d->source), &d->cli->out);
		tcphs_canvas_rows(&d->canvas);
	}
	return nr == STEPS_MAX || !tcphs_lives_over(&d->lives, d->life);
}

static bool on_idle(void *arg)
{
	struct diagram *d = arg;
	bool more = true;

	if (d->last)
		choose_last(d);
	if (d->life != TCPHS_NO_LIFE) {
		if (!d->picture.begun)
			d->life = tcphs_lives_lead(&d->lives, d->life);
		more = draw_news(d);
	}
	return !tcphs_buf_flush(&d->cli->out) && more && !d->no_memory;
}

static int follow(struct diagram *d, struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = { on_followed, on_lost };

	d->since = source_session(d->source) ? tcphs_now() : 0;
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
	tcphs_error_set(err, TCPHS_ERR_FAILED, "tcphs: no memory");
	return -1;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct diagram d = { .cli = cli, .life = TCPHS_NO_LIFE };
	struct tcphs_error err = { 0 };
	int failed, ret;

	parse(&d, argc, argv);
	d.source = source_open(cli, &err);
	if (!d.source)
		return cli_fail(&err);
	failed = d.follow ? follow(&d, &err) : draw_all(&d, &err);
	ret = cli_finish(cli);
	if (d.lost)
		fprintf(stderr, "tcphs: %llu events were overwritten before they were read; steps may be missing\n",
			(unsigned long long)d.lost);
	if (failed)
		ret = cli_fail(&err);
	tcphs_lives_free(&d.lives);
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
		"  -f, --follow          draw as it happens: CONN, the newest with --last, or else\n"
		"                        the next new one that fits; ends with it, or with Ctrl-C\n"
		"  -a, --absolute        raw sequence numbers, not relative to the ISN\n"
		"      --ascii           no box characters\n"
		"      --svg FILE        write the drawing of one connection as SVG; -: to standard\n"
		"                        output\n"
		"      --force           replace FILE if it is there\n",
	.reads = true,
	.lives = true,
	.filters = TCPHS_FILTERS_EVENT,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: snapshots, keys and the screen, one after the other. */
#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "keys.h"
#include "options.h"
#include "terminal.h"
#include "view.h"

#define NSEC_PER_SEC	1000000000ull
#define WAITING_DELAY	1.0	/* how often a module that is gone is looked for */
#define PULSE		NSEC_PER_SEC
#define KEEP_ROWS	4096	/* of the connections, at least, in order */

/**
 * struct top - everything
 * @opt: the command line; its ui lives on
 * @src: where snapshots come from
 * @model: what is known
 * @view: how it is painted
 * @due: when the next snapshot is to be taken
 * @pulse: when the counters are to be looked at again, between two of them
 * @done: how many were
 * @hangup: the terminal is gone
 */
struct top {
	struct options opt;
	struct top_source src;
	struct top_model model;
	struct view view;
	uint64_t due;
	uint64_t pulse;
	unsigned long done;
	bool hangup;
};

static void catch_signals(void)
{
	static const int sig[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	size_t i;

	for (i = 0; i < sizeof(sig) / sizeof(*sig); i++)
		tcphs_stop_on(sig[i]);
}

static struct timespec until(uint64_t due)
{
	uint64_t now = tcphs_now();
	uint64_t left = due > now ? due - now : 0;

	return (struct timespec){ (time_t)(left / NSEC_PER_SEC), (long)(left % NSEC_PER_SEC) };
}

static uint64_t ns(double seconds)
{
	return (uint64_t)(seconds * (double)NSEC_PER_SEC);
}

/* A slow refresh must not be followed by a burst of them. */
static void set_due(struct top *t, uint64_t now)
{
	double delay = t->opt.ui.delay;

	if (!t->model.valid && delay > WAITING_DELAY)
		delay = WAITING_DELAY;
	t->due += ns(delay);
	if (t->due < now || t->due > now + ns(delay))
		t->due = now + ns(delay);
}

static int snapshot(struct top *t)
{
	uint64_t now = tcphs_now();
	int ret;

	ret = model_refresh(&t->model, &t->src, t->opt.ui.screen, t->opt.ui.all_netns, now);
	t->opt.ui.refresh = false;
	/* One that took longer than the delay is over only now. */
	set_due(t, tcphs_now());
	return ret;
}

static int arrange(struct top *t, size_t keep)
{
	struct ui *ui = &t->opt.ui;
	size_t nr;
	const struct table_column *col = &table_columns(ui->screen, &nr)[ui->sort[ui->screen]];

	return model_arrange(&t->model, ui->screen, col->compare, ui_descending(ui), keep);
}

static bool finished(const struct top *t)
{
	return tcphs_stop_asked() || t->hangup || t->opt.ui.quit ||
	       (t->opt.iterations && t->done >= t->opt.iterations);
}

/* ---- batch ------------------------------------------------------------------------ */

static int run_batch(struct top *t)
{
	bool utf8 = tcphs_utf8() && !t->opt.ascii;
	struct timespec left;
	struct tcphs_buf out;
	int ret;

	ret = tcphs_buf_init(&out, STDOUT_FILENO);
	while (!ret) {
		ret = arrange(t, 0);
		if (ret)
			break;
		if (t->opt.json)
			batch_json(&out, &t->model, &t->opt.ui);
		else
			batch_text(&out, &t->model, &t->opt.ui, utf8);
		ret = tcphs_buf_flush(&out);
		if (ret || finished(t))
			break;
		left = until(t->due);
		ppoll(NULL, 0, &left, NULL);
		if (tcphs_stop_asked())
			break;
		snapshot(t);
		t->done++;
	}
	if (ret == -EINTR)
		fputs("tcphs-top: ended while nobody took the output; the rest of it is lost\n",
		      stderr);
	else if (ret && ret != -EPIPE)
		fprintf(stderr, "tcphs-top: %s\n", strerror(-ret));
	tcphs_buf_free(&out);
	return ret ? TCPHS_ERR_FAILED : TCPHS_ERR_NONE;
}

/* ---- terminal ----------------------------------------------------------------------- */

static void resize(struct top *t)
{
	int height, width;

	getmaxyx(stdscr, height, width);
	view_resize(&t->view, &t->model, width > 0 ? (unsigned int)width : 0,
		    height > 0 ? (unsigned int)height : 0);
}

static int paint(struct top *t)
{
	struct ui *ui = &t->opt.ui;
	size_t rows, keep;
	int ret;

	resize(t);
	rows = layout_rows(&t->view.layout);
	ui_clamp(ui, rows, model_total(&t->model, ui->screen));
	keep = ui->offset[ui->screen] + rows;
	ret = arrange(t, keep < KEEP_ROWS ? KEEP_ROWS : keep);
	if (ret)
		return ret;
	view_paint(&t->view, &t->model, ui);
	if (ui->repaint)
		clearok(stdscr, TRUE);
	ui->repaint = false;
	refresh();
	return 0;
}

/* Until a key, a signal, or the next snapshot. */
static void wait_for_input(struct top *t)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec left = until(t->due < t->pulse ? t->due : t->pulse);

	if (ppoll(&in, 1, t->opt.ui.paused ? NULL : &left, NULL) > 0 &&
	    (in.revents & (POLLHUP | POLLERR | POLLNVAL)))
		t->hangup = true;
}

static void take_keys(struct top *t)
{
	struct ui *ui = &t->opt.ui;
	size_t rows = layout_rows(&t->view.layout);
	enum ui_action action;
	int key, ch;

	while ((key = getch()) != ERR) {
		action = keys_action(ui->mode, key, &ch);
		ui_apply(ui, action, ch, rows, model_total(&t->model, ui->screen));
		if (ui->quit || ui->refresh)
			break;
	}
}

static void update(struct top *t)
{
	uint64_t now = tcphs_now();

	if (t->due > now + ns(t->opt.ui.delay))
		t->due = now + ns(t->opt.ui.delay);
	if (!t->opt.ui.paused && now >= t->due) {
		snapshot(t);
		t->done++;
		t->pulse = now + PULSE;
	} else if (!t->opt.ui.paused && now >= t->pulse) {
		t->pulse = now + PULSE;
		if (model_pulse(&t->model, &t->src, now))
			set_due(t, now);
	} else if (t->opt.ui.refresh) {
		model_switch(&t->model, &t->src, t->opt.ui.screen, t->opt.ui.all_netns, now);
		t->opt.ui.refresh = false;
	}
}

static int start_curses(struct top *t)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fputs("tcphs-top: standard input and output must be a terminal; "
		      "without one use --batch\n", stderr);
		return -ENOTTY;
	}
	set_escdelay(25);
	if (!newterm(NULL, stdout, stdin)) {
		fprintf(stderr, "tcphs-top: terminal type '%s' is not known; set TERM, "
			"or use --batch\n", term ? term : "");
		return -ENOTTY;
	}
	if (!terminal_can_move()) {
		endwin();
		fprintf(stderr, "tcphs-top: a terminal of type '%s' has no cursor that can be moved; "
			"set TERM, or use --batch\n", term ? term : "");
		return -ENOTTY;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	view_start(&t->view, !no_color || !*no_color, tcphs_utf8() && !t->opt.ascii);
	return 0;
}

static int run_terminal(struct top *t)
{
	int ret = start_curses(t);

	if (ret)
		return TCPHS_ERR_USAGE;
	for (;;) {
		ret = paint(t);
		if (ret || finished(t))
			break;
		wait_for_input(t);
		take_keys(t);
		if (!finished(t))
			update(t);
	}
	/* terminals without a second screen keep this one: leave a clean last line */
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
	if (ret)
		fprintf(stderr, "tcphs-top: %s\n", strerror(-ret));
	return ret ? TCPHS_ERR_FAILED : TCPHS_ERR_NONE;
}

static int run(struct top *t)
{
	int ret = TCPHS_ERR_FAILED;
	char line[ERROR_LINE];

	source_live(&t->src);
	model_init(&t->model);
	t->due = tcphs_now();
	if (snapshot(t)) {
		ret = error_print("tcphs-top", &t->model.why);
	} else {
		t->done = 1;
		if (version_line(line, "tcphs-top", t->model.now.version))
			fprintf(stderr, "%s\n", line);
		catch_signals();
		ret = t->opt.batch ? run_batch(t) : run_terminal(t);
		t->src.close(&t->src);
	}
	model_free(&t->model);
	return ret;
}

int main(int argc, char **argv)
{
	struct top *t;
	int ret = TCPHS_ERR_NONE;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	t = calloc(1, sizeof(*t));
	if (!t) {
		fputs("tcphs-top: no memory\n", stderr);
		return TCPHS_ERR_FAILED;
	}
	switch (options_parse(&t->opt, argc, argv)) {
	case OPTIONS_RUN:
		ret = run(t);
		break;
	case OPTIONS_HELP:
		options_help();
		break;
	case OPTIONS_VERSION:
		puts("tcphs-top " TCPHS_VERSION);
		break;
	case OPTIONS_WRONG:
		ret = TCPHS_ERR_USAGE;
	}
	free(t);
	return fflush(stdout) && !ret ? TCPHS_ERR_FAILED : ret;
}

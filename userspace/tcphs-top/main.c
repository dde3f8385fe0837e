// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: snapshots, keys and the screen, one after the other. */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "control.h"
#include "extract.h"
#include "options.h"
#include "play.h"
#include "save.h"
#include "terminal.h"
#include "view.h"

#define NSEC_PER_SEC	1000000000ull
#define WAITING_DELAY	1.0	/* how often a module that is gone is looked for */
#define PULSE		NSEC_PER_SEC
#define CONNS_MOST	20000		/* that a screen is made of */

/**
 * struct top - everything
 * @opt: the command line; its ui lives on
 * @src: where snapshots come from
 * @model: what is known
 * @view: how it is painted
 * @play: of a recording, where it is
 * @played: when it was moved on last, by our own clock
 * @stood: it was paused then
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
	struct play play;
	uint64_t played;
	bool stood;
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

/* What was then, in a recording; else now. */
static uint64_t at(const struct top *t)
{
	return t->src.play ? t->play.at : tcphs_now();
}

/* Where the recording is by now, or where it was sent to. */
static void play(struct top *t)
{
	struct ui *ui = &t->opt.ui;
	uint64_t now = tcphs_now(), to = t->play.at;
	struct tcphs_error err = { 0 };
	double ns_a_step = ui->delay * NSEC_PER_SEC * ui->speed;

	if (!t->src.play)
		return;
	if (*ui->jump)
		play_when(ui->jump, t->play.at, t->play.first, &to);
	else if (ui->step < 0)
		to -= -ui->step * ns_a_step < (double)to ? (uint64_t)(-ui->step * ns_a_step) : to;
	else if (ui->step)
		to += (uint64_t)(ui->step * ns_a_step);
	else if (!t->stood && !ui->paused && !t->play.ended)
		to += (uint64_t)((double)(now - t->played) * ui->speed);
	/* Who steps wants to look. */
	ui->paused |= ui->step != 0;
	ui->refresh |= ui->step || *ui->jump;
	ui->step = 0;
	*ui->jump = '\0';
	t->played = now;
	t->stood = ui->paused;
	/* Of one that is damaged what is whole was played. */
	if (to != t->play.at && (play_move(&t->play, to, &err) || err.code)) {
		ui_say(ui, true, "%.200s", err.text);
		if (t->opt.batch)
			fprintf(stderr, "tcphs-top: %s\n", err.text);
	}
	ui->ended = t->play.ended;
}

static int snapshot(struct top *t)
{
	uint64_t now = at(t);
	int ret;

	ret = model_refresh(&t->model, &t->src, t->opt.ui.screen, t->opt.ui.all_netns, now);
	t->opt.ui.refresh = false;
	/* One that took longer than the delay is over only now. */
	set_due(t, tcphs_now());
	return ret;
}

static bool finished(const struct top *t)
{
	return tcphs_stop_asked() || t->hangup || t->opt.ui.quit ||
	       (t->opt.iterations && t->done >= t->opt.iterations);
}

/* ---- batch ------------------------------------------------------------------------ */

static int run_batch(struct top *t)
{
	struct timespec left;
	struct tcphs_buf out;
	int ret;

	if (t->opt.ui.all_netns && !t->opt.ui.playing)
		netns_show_names();
	ret = tcphs_buf_init(&out, STDOUT_FILENO);
	while (!ret) {
		ret = model_arrange(&t->model, t->opt.ui.screen, ui_sorted(&t->opt.ui)->compare,
				    ui_descending(&t->opt.ui), 0);
		if (ret)
			break;
		if (t->opt.json)
			batch_json(&out, &t->model, &t->opt.ui);
		else
			batch_text(&out, &t->model, &t->opt.ui);
		ret = tcphs_buf_flush(&out);
		if (ret || finished(t))
			break;
		left = until(t->due);
		ppoll(NULL, 0, &left, NULL);
		if (tcphs_stop_asked())
			break;
		play(t);
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

/* What was just painted, and says how that went. */
static void save(struct top *t)
{
	struct ui *ui = &t->opt.ui;
	int ret = save_screen(&t->view.paint, ui->save);

	if (ret)
		ui_say(ui, true, "%.120s: %s", ui->save, strerror(-ret));
	else
		ui_say(ui, false, "saved in %.120s", ui->save);
	*ui->save = '\0';
}

static void copy(struct top *t)
{
	struct ui *ui = &t->opt.ui;

	terminal_copy(ui->copy);
	ui_say(ui, false, "copied, if the terminal takes it: %.120s", ui->copy);
	*ui->copy = '\0';
}

/* What is marked, or else what is under the cursor. */
static void record(struct top *t)
{
	struct ui *ui = &t->opt.ui;
	struct tcphs_error err = { 0 };
	struct marks one = { .nr = 0 };
	uint64_t events = 0;

	if (!ui_seen(ui)->marks.nr)
		control_mark(ui, &t->model, &one);
	if (!t->model.valid)
		ui_say(ui, true, "the module is not there");
	else if (extract(&t->src, ui->all_netns, ui_seen(ui)->marks.nr ? &ui_seen(ui)->marks : &one,
			 &t->model.filter, ui->record, &events, &err))
		ui_say(ui, true, "%.200s", err.text);
	else
		ui_say(ui, false, "%llu event%s in %.120s; tcphs diagram --read shows them",
		       (unsigned long long)events, tcphs_plural(events), ui->record);
	marks_free(&one);
	*ui->record = '\0';
}

static int paint(struct top *t)
{
	struct ui *ui = &t->opt.ui;
	unsigned int width, height;
	int ret;

	terminal_size(&width, &height);
	ret = view_resize(&t->view, &t->model, ui, width, height);
	if (!ret)
		ret = control_settle(ui, &t->model, layout_rows(&t->view.layout));
	if (ret)
		return ret;
	view_paint(&t->view, &t->model, ui);
	if (*ui->save) {
		save(t);
		view_paint(&t->view, &t->model, ui);
	}
	terminal_put(&t->view.paint, ui->repaint);
	ui->repaint = false;
	return 0;
}

/* Until a key, a signal, or the next snapshot. */
static void wait_for_input(struct top *t)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t look = model_due(&t->model, t->opt.ui.screen);
	uint64_t next = t->due < t->pulse ? t->due : t->pulse;
	struct timespec left = until(look < next ? look : next);

	if (ppoll(&in, 1, t->opt.ui.paused ? NULL : &left, NULL) > 0 &&
	    (in.revents & (POLLHUP | POLLERR | POLLNVAL)))
		t->hangup = true;
}

static void take_keys(struct top *t)
{
	struct ui *ui = &t->opt.ui;
	enum ui_action action;
	struct key key;
	int arg;

	while (terminal_key(&key)) {
		action = key.mouse ? view_mouse(&t->view, ui, &key, &arg) :
				     keys_action(ui->mode, key.code, &arg);
		control_apply(ui, &t->model, action, arg, view_rows(&t->view, ui),
			      view_total(&t->view, &t->model, ui));
		if (action == UI_COPY && ui->mode == UI_TABLE)
			view_line(&t->view, ui, ui->copy, sizeof(ui->copy));
		if (*ui->copy)
			copy(t);
		if (*ui->record)
			record(t);
		if (ui->quit || ui->refresh || *ui->save || *ui->jump || ui->step)
			break;
	}
}

static void update(struct top *t)
{
	uint64_t now = tcphs_now();

	play(t);
	if (t->due > now + ns(t->opt.ui.delay))
		t->due = now + ns(t->opt.ui.delay);
	if (!t->opt.ui.paused && now >= t->due) {
		snapshot(t);
		t->done++;
		t->pulse = now + PULSE;
	} else if (t->opt.ui.refresh ||
		   (!t->opt.ui.paused && now >= model_due(&t->model, t->opt.ui.screen))) {
		model_switch(&t->model, &t->src, t->opt.ui.screen, t->opt.ui.all_netns, at(t));
		t->opt.ui.refresh = false;
	} else if (!t->opt.ui.paused && now >= t->pulse) {
		t->pulse = now + PULSE;
		if (model_pulse(&t->model, &t->src, at(t)))
			set_due(t, now);
	}
}

static int run_terminal(struct top *t)
{
	const char *no_color = getenv("NO_COLOR");
	int ret;

	if (terminal_start(!no_color || !*no_color, !t->opt.no_mouse))
		return TCPHS_ERR_USAGE;
	view_start(&t->view, t->model.style.utf8);
	for (;;) {
		ret = paint(t);
		if (ret || finished(t))
			break;
		wait_for_input(t);
		take_keys(t);
		if (!finished(t))
			update(t);
	}
	terminal_end();
	view_free(&t->view);
	if (ret)
		fprintf(stderr, "tcphs-top: %s\n", strerror(-ret));
	return ret ? TCPHS_ERR_FAILED : TCPHS_ERR_NONE;
}

static int run(struct top *t)
{
	struct tcphs_error err = { 0 };
	int ret = TCPHS_ERR_FAILED;
	char line[ERROR_LINE];

	if (t->opt.read && play_open(&t->play, t->opt.read, &err))
		return error_print("tcphs-top", &err);
	t->played = tcphs_now();
	if (t->opt.read)
		play_source(&t->play, &t->src);
	else
		source_live(&t->src);
	model_init(&t->model);
	t->model.style.utf8 = tcphs_utf8() && !t->opt.ascii;
	t->model.style.recorded = t->opt.read;
	t->opt.ui.all_asked |= t->play.all_netns;
	t->model.conns_most = t->opt.batch ? 0 : CONNS_MOST;
	control_filter(&t->opt.ui, &t->model, t->opt.ui.filter, NULL);
	t->due = tcphs_now();
	if (snapshot(t)) {
		ret = error_print("tcphs-top", &t->model.why);
	} else {
		t->done = 1;
		if (version_line(line, "tcphs-top", t->model.now.version))
			fprintf(stderr, "%s\n", line);
		catch_signals();
		ret = t->opt.batch ? run_batch(t) : run_terminal(t);
		model_end(&t->model, &t->src);
		t->src.close(&t->src);
	}
	model_free(&t->model);
	if (t->opt.read)
		play_close(&t->play);
	ui_free(&t->opt.ui);
	return ret;
}

int main(int argc, char **argv)
{
	struct top *t;
	int ret = TCPHS_ERR_NONE;

	tcphs_keep_standard_files();
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

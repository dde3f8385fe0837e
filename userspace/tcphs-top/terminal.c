// SPDX-License-Identifier: GPL-2.0
/* Curses sends what has changed since the last screen, and nothing else. */
#include <curses.h>
#include <stdlib.h>
#include <unistd.h>

#include "palette.h"
#include "terminal.h"
#include "terminfo.h"

static bool colors;

static void set_pair(int pair, const struct palette_tone *t, int background)
{
	int fg = t->fg, bg = t->bg;

	if (COLORS >= 1 << 24) {
		fg = t->fg_rgb;
		bg = t->bg_rgb;
	} else if (COLORS >= 256) {
		fg = t->fg256;
		bg = t->bg256;
	}
	if (fg < 0 && background >= 0)
		fg = COLOR_WHITE;
	init_extended_pair(pair, fg, bg < 0 ? background : bg);
}

static void start_colors(bool wanted)
{
	int background = -1, i;

	colors = wanted && has_colors() && start_color() == OK && COLOR_PAIRS > PAINT_TONES;
	if (!colors)
		return;
	if (use_default_colors() != OK)
		background = COLOR_BLACK;
	for (i = 1; i < PAINT_TONES; i++)
		set_pair(i, &palette[i], background);
}

/**
 * terminal_start - take it over
 * @color: are colours wanted?
 * @mouse: is the mouse?
 *
 * Return: 0, or -1: the error was printed.
 */
int terminal_start(bool color, bool mouse)
{
	const char *term = getenv("TERM");
	SCREEN *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fputs("tcphs-top: standard input and output must be a terminal; "
		      "without one use --batch\n", stderr);
		return -1;
	}
	set_escdelay(25);
	screen = newterm(NULL, stdout, stdin);
	if (!screen || !terminfo_can_move()) {
		if (screen)
			endwin();
		if (screen)
			fprintf(stderr, "tcphs-top: a terminal of type '%s' has no cursor that can be moved; "
				"set TERM, or use --batch\n", term ? term : "");
		else
			fprintf(stderr, "tcphs-top: terminal type '%s' is not known; set TERM, "
				"or use --batch\n", term ? term : "");
		return -1;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	start_colors(color);
	if (mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		mouseinterval(0);
	}
	return 0;
}

/**
 * terminal_end - give it back
 */
void terminal_end(void)
{
	/* terminals without a second screen keep this one: leave a clean last line */
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
}

/**
 * terminal_size - how large it is now
 * @width: gets the columns
 * @height: gets the lines
 */
void terminal_size(unsigned int *width, unsigned int *height)
{
	int h, w;

	getmaxyx(stdscr, h, w);
	*width = w > 0 ? (unsigned int)w : 0;
	*height = h > 0 ? (unsigned int)h : 0;
}

static void set_tone(const struct paint_cell *c)
{
	const struct palette_tone *t = &palette[c->tone];
	attr_t chosen = c->chosen ? A_REVERSE : 0;

	if (colors)
		attr_set(t->color_attr ^ chosen, (short)c->tone, NULL);
	else
		attr_set(t->mono_attr ^ chosen, 0, NULL);
}

/* Cells beside each other that look alike go out as one text. */
static void put_line(const struct paint *p, unsigned int y)
{
	const struct paint_cell *c = p->cell + (size_t)y * p->width;
	char text[512];
	unsigned int x = 0, from;
	size_t len, bytes;

	while (x < p->width) {
		from = x;
		len = 0;
		set_tone(&c[x]);
		do {
			bytes = strlen(c[x].text);
			memcpy(text + len, c[x].text, bytes);
			len += bytes;
			x++;
		} while (x < p->width && c[x].tone == c[from].tone &&
			 c[x].chosen == c[from].chosen && len + PAINT_CELL < sizeof(text));
		mvaddnstr((int)y, (int)from, text, (int)len);
	}
}

/**
 * terminal_put - shows cells
 * @p: the cells
 * @anew: send all of them, also what is there already
 */
void terminal_put(const struct paint *p, bool anew)
{
	unsigned int y;

	for (y = 0; y < p->height; y++)
		put_line(p, y);
	if (anew)
		clearok(stdscr, TRUE);
	refresh();
}

static bool take_mouse(struct key *key)
{
	MEVENT ev;

	if (getmouse(&ev) != OK)
		return false;
	key->x = ev.x < 0 ? 0 : (unsigned int)ev.x;
	key->y = ev.y < 0 ? 0 : (unsigned int)ev.y;
	key->mouse = ev.bstate & BUTTON4_PRESSED ? KEY_WHEEL_UP :
		     ev.bstate & BUTTON5_PRESSED ? KEY_WHEEL_DOWN : KEY_CLICK;
	return true;
}

/**
 * terminal_key - what was pressed
 * @key: gets it
 *
 * Return: false: nothing.
 */
bool terminal_key(struct key *key)
{
	int code;

	for (;;) {
		code = getch();
		if (code == ERR)
			return false;
		*key = (struct key){ .code = code };
		if (code != KEY_MOUSE || take_mouse(key))
			return true;
	}
}

/* Three bytes are four letters. */
static void put_base64(const unsigned char *s, size_t len)
{
	static const char letter[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits;
	size_t i, k, n;

	for (i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		bits = (uint32_t)s[i] << 16 | (n > 1 ? (uint32_t)s[i + 1] << 8 : 0) |
		       (n > 2 ? s[i + 2] : 0);
		for (k = 0; k < 4; k++)
			putchar(k <= n ? letter[bits >> (18 - 6 * k) & 63] : '=');
	}
}

/**
 * terminal_copy - text for the clipboard of whoever sits at the terminal, by OSC 52
 * @text: the text
 */
void terminal_copy(const char *text)
{
	fputs("\033]52;c;", stdout);
	put_base64((const unsigned char *)text, strlen(text));
	fputc('\a', stdout);
	fflush(stdout);
}

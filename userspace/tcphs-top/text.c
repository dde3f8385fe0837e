// SPDX-License-Identifier: GPL-2.0
/* Every buffer in here has TEXT_LEN bytes. */
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "text.h"

/* Three significant digits and a letter: 10.2k, 102k, 1.02M. */
static void scaled(char *buf, double v)
{
	static const char unit[] = "kMGTPE";
	int i = 0;

	v /= 1000;
	while (v >= 999.5 && unit[i + 1]) {
		v /= 1000;
		i++;
	}
	snprintf(buf, TEXT_LEN, "%.*f%c", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, unit[i]);
}

/**
 * text_count - a number in at most five cells
 * @buf: gets it
 * @v: the number
 */
void text_count(char *buf, uint64_t v)
{
	if (v < 100000)
		snprintf(buf, TEXT_LEN, "%u", (unsigned int)v);
	else
		scaled(buf, (double)v);
}

/**
 * text_rate - a rate in at most five cells; 0 is nothing, not merely little
 * @buf: gets it
 * @v: the rate, not negative
 */
void text_rate(char *buf, double v)
{
	if (!(v > 0))
		strcpy(buf, "0");
	else if (v < 0.05)
		strcpy(buf, "<0.1");
	else if (v < 999.95)
		snprintf(buf, TEXT_LEN, "%.1f", v);
	else if (v < 9999.5)
		snprintf(buf, TEXT_LEN, "%.0f", v);
	else
		scaled(buf, v);
}

/**
 * text_signed_rate - a change in at most six cells
 * @buf: gets it
 * @v: the change
 */
void text_signed_rate(char *buf, double v)
{
	double size = v < 0 ? -v : v;

	if (size < 0.05) {
		strcpy(buf, "0");
		return;
	}
	buf[0] = v < 0 ? '-' : '+';
	text_rate(buf + 1, size);
}

/**
 * text_duration - a duration in at most six cells
 * @buf: gets it
 * @ns: the duration
 * @utf8: may the µ be one?
 */
void text_duration(char *buf, uint64_t ns, bool utf8)
{
	char *blank;

	tcphs_fmt_duration(buf, ns, utf8);
	blank = strchr(buf, ' ');
	if (blank)
		memmove(blank, blank + 1, strlen(blank));
}

/**
 * text_seconds - seconds without needless digits: 2, 0.5
 * @buf: gets it
 * @s: how many
 */
void text_seconds(char *buf, double s)
{
	size_t len = (size_t)snprintf(buf, TEXT_LEN, "%.1f", s);

	if (len > 2 && !strcmp(buf + len - 2, ".0"))
		buf[len - 2] = '\0';
}

/* Where the cell number @n of @s begins. */
static char *cell(char *s, size_t n)
{
	for (; *s; s++) {
		if ((*s & 0xc0) == 0x80)
			continue;
		if (!n--)
			break;
	}
	return s;
}

static void elide(char *s, size_t width, size_t tail, bool utf8)
{
	const char *dots = utf8 ? "\342\200\246" : "~";
	size_t had = tcphs_text_width(s);
	char rest[TEXT_LEN];

	snprintf(rest, sizeof(rest), "%s%s", dots, cell(s, had - tail));
	s = cell(s, width - tail - 1);
	memcpy(s, rest, strlen(rest) + 1);
}

/**
 * text_fit - shortens from the middle, sparing what follows the last ':' or '['
 * @s: a port or a pid is at its end; TEXT_LEN bytes
 * @width: cells it may have
 * @utf8: may the dots be one character?
 */
void text_fit(char *s, unsigned int width, bool utf8)
{
	const char *colon = strrchr(s, ':');
	const char *end = strrchr(s, '[');
	size_t tail;

	if (tcphs_text_width(s) <= width)
		return;
	if (!width) {
		*s = '\0';
		return;
	}
	if (colon && (!end || colon > end))
		end = colon;
	tail = end ? tcphs_text_width(end) : 0;
	elide(s, width, tail < width ? tail : 0, utf8);
}

/**
 * text_fit_end - shortens at the end
 * @s: TEXT_LEN bytes or more
 * @width: cells it may have
 * @utf8: may the dots be one character?
 */
void text_fit_end(char *s, unsigned int width, bool utf8)
{
	if (tcphs_text_width(s) <= width)
		return;
	if (!width)
		*s = '\0';
	else
		elide(s, width, 0, utf8);
}

/**
 * text_line - as many words as fit a line
 * @s: the text
 * @width: cells that the line has; a word that is longer is cut by whoever paints it
 *
 * Return: bytes, with the blanks behind them; 0: there are no more.
 */
size_t text_line(const char *s, unsigned int width)
{
	const char *end = s;
	size_t cells = 0, i, n;

	for (;;) {
		for (i = 0, n = 0; end[i] && end[i] != ' '; i++)
			n += (end[i] & 0xc0) != 0x80;
		if (cells + n > width && end != s)
			return (size_t)(end - s);
		end += i;
		cells += n;
		for (; *end == ' '; end++)
			cells++;
		if (!*end)
			return (size_t)(end - s);
	}
}

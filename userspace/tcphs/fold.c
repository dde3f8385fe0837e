/* SPDX-License-Identifier: GPL-2.0 */
/* Lines that are wider than whoever looks at them has room for go on in the next, indented. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "columns.h"

/* Columns of @len bytes: neither the rest of a character counts nor a change of colour. */
static size_t columns_of(const char *text, size_t len)
{
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		if (*text == '\033') {
			while (text < end && *text != 'm')
				text++;
			text += text < end;
			continue;
		}
		n += (*text++ & 0xc0) != 0x80;
	}
	return n;
}

static bool is_unit(const char *word, size_t len)
{
	static const char *const units[] = { "ns", "us", "\302\265s", "ms", "s", "B", "KiB", "MiB",
					     "GiB", "TiB", "PiB", "EiB" };
	size_t i;

	/* Behind a list of sizes stands a comma. */
	while (len && strchr(",.;:)", word[len - 1]))
		len--;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (len == strlen(units[i]) && !memcmp(word, units[i], len))
			return true;
	return false;
}

static bool is_number(const char *word)
{
	word += *word == '=';
	return *word >= '0' && *word <= '9';
}

/* Bytes of the next word, with the number that belongs to it and its unit: waited 3.13 ms */
static size_t word_len(const char *text)
{
	size_t len = strcspn(text, "\n "), more;

	if (isalpha((unsigned char)*text) && text[len] == ' ' && is_number(text + len + 1)) {
		text += len + 1;
		more = word_len(text);
		return len + 1 + more;
	}
	if (!is_number(text) || text[len] != ' ')
		return len;
	more = strcspn(text + len + 1, "\n ");
	return is_unit(text + len + 1, more) ? len + 1 + more : len;
}

/**
 * cli_fold - text in lines that fit
 * @out: where to
 * @text: words; each \n is a new line, at the end too one is written
 * @limit: columns, 0: any number
 * @column: where in its line the text begins
 * @indent: of the lines behind the first
 */
void cli_fold(struct tcphs_buf *out, const char *text, size_t limit, size_t column, size_t indent)
{
	size_t blanks, len, width;
	bool first = true;	/* word of its line */

	while (*text) {
		blanks = strspn(text, " ");
		text += blanks;
		len = word_len(text);
		width = columns_of(text, len);
		if (*text == '\n' || (!first && limit && column + blanks + width > limit && len)) {
			text += *text == '\n';
			tcphs_buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
			continue;
		}
		if (!len)
			break;
		tcphs_buf_printf(out, "%*s", (int)blanks, "");
		tcphs_buf_mem(out, text, len);
		column += blanks + width;
		text += len;
		first = false;
	}
	tcphs_buf_newline(out);
}

/**
 * cli_line - a line that fits
 * @cli: where to
 * @indent: of what goes on in the next line
 * @fmt: of printf(), 1 KiB at the most
 */
void cli_line(struct cli *cli, size_t indent, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cli_fold(&cli->out, text, columns_of_terminal(), 0, indent);
}

/* Of the terminal that messages go to; 0: they go elsewhere, and are one line each. */
static unsigned int columns_of_messages(void)
{
	const char *text = getenv("COLUMNS");
	int n = text ? atoi(text) : 0;
	struct winsize size;

	if (!isatty(STDERR_FILENO))
		return 0;
	if (n <= 0 && !ioctl(STDERR_FILENO, TIOCGWINSZ, &size))
		n = size.ws_col;
	return n > 0 ? (unsigned int)n : 0;
}

/**
 * cli_say - a message for the user, on standard error
 * @fmt: of printf(), without a newline, 4 KiB at the most
 */
void cli_say(const char *fmt, ...)
{
	struct tcphs_buf out;
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (tcphs_buf_init(&out, STDERR_FILENO))
		return;
	cli_fold(&out, text, columns_of_messages(), 0, 2);
	tcphs_buf_flush(&out);
	tcphs_buf_free(&out);
}

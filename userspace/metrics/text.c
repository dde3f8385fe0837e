/* SPDX-License-Identifier: GPL-2.0 */
/* Families, samples and labels as text. */
#include <stdio.h>

#include "text.h"

#define NSEC_PER_SEC 1000000000ull
#define USEC_PER_SEC 1000000ull

typedef unsigned long long ull;

/**
 * labels_clear - no labels
 * @l: the set
 */
void labels_clear(struct labels *l)
{
	l->len = 0;
	l->text[0] = '\0';
}

/* An escaped character takes two. Bytes beyond ASCII stay: names are whatever users give. */
static size_t escape(char *p, size_t room, const char *value)
{
	size_t len = 0;

	for (; *value && len + 2 < room; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			p[len++] = '\\';
		p[len++] = *value == '\n' ? 'n' : *value;
	}
	return len;
}

/**
 * labels_plain - what labels_add() makes of a value
 * @p: the value; what is no printable ASCII becomes '?'
 * @len: of it
 *
 * Both formats want UTF-8, and a process may call itself anything. What is the same then has
 * to be one label set: whoever sums by values sums by these.
 */
void labels_plain(char *p, size_t len)
{
	for (; len--; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
}

/**
 * labels_add - one label more
 * @l: the set
 * @name: its name, a literal
 * @value: its value, escaped here; what is no printable ASCII becomes '?'
 *
 * An empty value is none: the label is left out.
 */
void labels_add(struct labels *l, const char *name, const char *value)
{
	size_t room = sizeof(l->text) - l->len, n;
	int head;

	if (!*value)
		return;
	head = snprintf(l->text + l->len, room, "%s%s=\"", l->len ? "," : "", name);
	if (head < 0 || (size_t)head + 4 > room) {
		l->text[l->len] = '\0';
		return;
	}
	n = escape(l->text + l->len + head, room - (size_t)head - 2, value);
	labels_plain(l->text + l->len + head, n);
	l->len += (size_t)head + n;
	l->text[l->len++] = '"';
	l->text[l->len] = '\0';
}

/**
 * labels_u64 - one label more, of a number
 * @l: the set
 * @name: its name, a literal
 * @value: its value
 */
void labels_u64(struct labels *l, const char *name, uint64_t value)
{
	char text[TCPHS_U64_LEN];

	tcphs_fmt_u64(text, value);
	labels_add(l, name, text);
}

/**
 * text_family - the lines that describe a metric; samples of it follow
 * @t: the writer
 * @id: which
 */
void text_family(struct text *t, enum family_id id)
{
	static const char *const types[] = { "gauge", "counter", "histogram" };
	const struct family *f = &families[id];
	const char *suffix = t->format == METRICS_TEXT && f->type == COUNTER ? "_total" : "";

	t->family = f;
	tcphs_buf_printf(t->out, "# HELP %s%s %s\n", f->name, suffix, f->help);
	tcphs_buf_printf(t->out, "# TYPE %s%s %s\n", f->name, suffix, types[f->type]);
	if (f->unit && t->format == METRICS_OPENMETRICS)
		tcphs_buf_printf(t->out, "# UNIT %s %s\n", f->name, f->unit);
}

static void name(struct text *t, const char *suffix, const struct labels *l)
{
	tcphs_buf_printf(t->out, "%s%s", t->family->name, suffix);
	if (l && l->len)
		tcphs_buf_printf(t->out, "{%s}", l->text);
	tcphs_buf_char(t->out, ' ');
}

/* A decimal fraction without what means nothing. */
static void put_fraction(struct tcphs_buf *out, uint64_t seconds, unsigned int ns)
{
	char text[40];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "%llu.%09u", (ull)seconds, ns);
	while (text[len - 1] == '0' && text[len - 2] != '.')
		len--;
	tcphs_buf_mem(out, text, len);
}

static void put_seconds(struct tcphs_buf *out, uint64_t ns)
{
	put_fraction(out, ns / NSEC_PER_SEC, (unsigned int)(ns % NSEC_PER_SEC));
}

/**
 * text_u64 - a sample
 * @t: the writer, in a family
 * @l: its labels, or NULL
 * @value: the number
 */
void text_u64(struct text *t, const struct labels *l, uint64_t value)
{
	name(t, "", l);
	tcphs_buf_u64(t->out, value);
	tcphs_buf_newline(t->out);
}

/**
 * text_seconds - a sample
 * @t: the writer, in a family
 * @l: its labels, or NULL
 * @ns: nanoseconds; what is written is seconds
 */
void text_seconds(struct text *t, const struct labels *l, uint64_t ns)
{
	name(t, "", l);
	put_seconds(t->out, ns);
	tcphs_buf_newline(t->out);
}

/**
 * text_ratio - a sample
 * @t: the writer, in a family
 * @l: its labels, or NULL
 * @part: of @whole
 * @whole: 0: the ratio is 0
 */
void text_ratio(struct text *t, const struct labels *l, uint64_t part, uint64_t whole)
{
	name(t, "", l);
	tcphs_buf_printf(t->out, "%.6g\n", whole ? (double)part / (double)whole : 0.0);
}

static void put_created(struct text *t, const struct labels *l, uint64_t created)
{
	if (!created || t->format != METRICS_OPENMETRICS)
		return;
	name(t, "_created", l);
	put_seconds(t->out, created);
	tcphs_buf_newline(t->out);
}

/**
 * text_counter - a sample of a counter, and when it began
 * @t: the writer, in a family
 * @l: its labels, or NULL
 * @value: the number
 * @created: CLOCK_REALTIME, ns; 0: not known
 */
void text_counter(struct text *t, const struct labels *l, uint64_t value, uint64_t created)
{
	name(t, "_total", l);
	tcphs_buf_u64(t->out, value);
	tcphs_buf_newline(t->out);
	put_created(t, l, created);
}

/**
 * text_counter_seconds - the same of time
 * @t: the writer, in a family
 * @l: its labels, or NULL
 * @ns: nanoseconds; what is written is seconds
 * @created: CLOCK_REALTIME, ns; 0: not known
 */
void text_counter_seconds(struct text *t, const struct labels *l, uint64_t ns, uint64_t created)
{
	name(t, "_total", l);
	put_seconds(t->out, ns);
	tcphs_buf_newline(t->out);
	put_created(t, l, created);
}

static void put_bucket(struct text *t, const struct labels *l, const char *le, uint64_t value)
{
	struct labels with = *l;

	labels_add(&with, "le", le);
	name(t, "_bucket", &with);
	tcphs_buf_u64(t->out, value);
	tcphs_buf_newline(t->out);
}

/* Of what is in a bucket: its middle. Of the last, which has no end, its beginning. */
static uint64_t middle(unsigned int i)
{
	uint64_t low = i ? tcphs_hist_upper(i - 1) : 0;

	return i == TCPHS_HIST_BUCKETS - 1 ? low : low + (tcphs_hist_upper(i) - low) / 2;
}

/**
 * steps_make - the module's buckets, which are finer, as those that are exported
 * @steps: at which powers of two of 1024 ns these end
 * @bucket: TCPHS_HIST_BUCKETS of them
 * @n: gets how many values each has, and how many are larger
 */
void steps_make(const struct steps *steps, const uint64_t *bucket, uint64_t *n)
{
	unsigned int i = 0, e;

	for (e = steps->first; e <= steps->last; e += steps->step, n++)
		/* Bucket 4 * e is the last one below 2^e. */
		for (*n = 0; i <= 4 * e; i++)
			*n += bucket[i];
	for (*n = 0; i < TCPHS_HIST_BUCKETS; i++)
		*n += bucket[i];
}

/**
 * steps_sum_us - what the values add up to, at most an eighth off
 * @bucket: TCPHS_HIST_BUCKETS of the module's
 *
 * Return: microseconds; it grows with each value.
 */
uint64_t steps_sum_us(const uint64_t *bucket)
{
	uint64_t ns = 0, us = 0;
	unsigned int i;

	/* Nanoseconds of all of them might overflow; what is less than 1 us adds up, too. */
	for (i = 0; i < TCPHS_HIST_BUCKETS; i++) {
		us += bucket[i] * (middle(i) / 1000);
		ns += bucket[i] * (middle(i) % 1000);
	}
	return us + ns / 1000;
}

/**
 * text_histogram - all samples of a histogram
 * @t: the writer, in a family
 * @l: its labels
 * @steps: where its buckets end
 * @n: of steps_make()
 * @sum_us: of all values, microseconds
 * @created: CLOCK_REALTIME, ns; 0: not known
 */
void text_histogram(struct text *t, const struct labels *l, const struct steps *steps,
		    const uint64_t *n, uint64_t sum_us, uint64_t created)
{
	uint64_t seen = 0;
	char le[32];
	unsigned int e;

	for (e = steps->first; e <= steps->last; e += steps->step) {
		seen += *n++;
		snprintf(le, sizeof(le), "%.12g", (double)(1024ull << e) / 1e9);
		put_bucket(t, l, le, seen);
	}
	seen += *n;
	put_bucket(t, l, "+Inf", seen);
	name(t, "_sum", l);
	/* As nanoseconds it would not fit: 300 million TIME_WAITs of a minute are 600 years. */
	put_fraction(t->out, sum_us / USEC_PER_SEC, (unsigned int)(sum_us % USEC_PER_SEC) * 1000);
	tcphs_buf_newline(t->out);
	name(t, "_count", l);
	tcphs_buf_u64(t->out, seen);
	tcphs_buf_newline(t->out);
	put_created(t, l, created);
}

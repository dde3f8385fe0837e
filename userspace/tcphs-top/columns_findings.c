// SPDX-License-Identifier: GPL-2.0
/* Columns of the doctor's findings. */
#include <stdio.h>

#include "columns_of.h"

static const struct finding *row_f(const void *row)
{
	return &((const struct top_finding *)row)->is;
}

static uint32_t netns_of(const void *row)
{
	return ((const struct top_finding *)row)->netns;
}

static int cmp_netns(const void *a, const void *b, const struct top_style *style __unused)
{
	return CMP(netns_of(a), netns_of(b));
}

static int cmp_severity(const void *a, const void *b, const struct top_style *style __unused)
{
	return CMP(row_f(b)->severity, row_f(a)->severity);
}

static int cmp_name(const void *a, const void *b, const struct top_style *style __unused)
{
	return strcmp(row_f(a)->name, row_f(b)->name);
}

static int cmp_object(const void *a, const void *b, const struct top_style *style __unused)
{
	return strcmp(row_f(a)->object, row_f(b)->object);
}

static int cmp_value(const void *a, const void *b, const struct top_style *style __unused)
{
	return CMP(row_f(a)->value, row_f(b)->value);
}

static int cmp_measure(const void *a, const void *b, const struct top_style *style __unused)
{
	return strcmp(row_f(a)->measure, row_f(b)->measure);
}

static int cmp_check(const void *a, const void *b, const struct top_style *style __unused)
{
	return strcmp(row_f(a)->rule->name, row_f(b)->rule->name);
}

static enum table_tone txt_severity(const void *row, char *buf,
				    const struct top_style *style __unused)
{
	static const enum table_tone tone[] = { TABLE_DIM, TABLE_PLAIN, TABLE_WARN, TABLE_BAD };

	strcpy(buf, severity_word(row_f(row)->severity));
	return tone[row_f(row)->severity];
}

static enum table_tone txt_netns(const void *row, char *buf, const struct top_style *style)
{
	return columns_netns(netns_of(row), buf, style);
}

static enum table_tone txt_name(const void *row, char *buf, const struct top_style *style __unused)
{
	snprintf(buf, TEXT_LEN, "%s", row_f(row)->name);
	return TABLE_PLAIN;
}

static enum table_tone txt_object(const void *row, char *buf, const struct top_style *style __unused)
{
	snprintf(buf, TEXT_LEN, "%.90s", row_f(row)->object);
	return TABLE_PLAIN;
}

static enum table_tone txt_value(const void *row, char *buf, const struct top_style *style __unused)
{
	text_count(buf, row_f(row)->value);
	return TABLE_PLAIN;
}

static enum table_tone txt_check(const void *row, char *buf, const struct top_style *style __unused)
{
	snprintf(buf, TEXT_LEN, "%s", row_f(row)->rule->title);
	return TABLE_DIM;
}

static enum table_tone txt_measure(const void *row, char *buf,
				   const struct top_style *style __unused)
{
	snprintf(buf, TEXT_LEN, "%s", row_f(row)->measure);
	return TABLE_DIM;
}

const struct table_column columns_findings[] = {
	{ "SEVERITY", "severity", "how urgent it is; the most urgent on top",
	  8, 8, 8, 0, .compare = cmp_severity, .text = txt_severity },
	{ "NETNS", "netns", "network namespace",
	  10, 12, 31, 1, .all_netns = true, .compare = cmp_netns, .text = txt_netns },
	{ "FINDING", "finding", "what is wrong; the cause of that under the cursor is below",
	  14, 24, 34, 0, .compare = cmp_name, .text = txt_name },
	{ "OBJECT", "object", "whose it is",
	  14, 24, 90, 0, .compare = cmp_object, .text = txt_object },
	{ "VALUE", "value", "how much",
	  5, 5, 8, 4, .right = true, .big_first = true, .compare = cmp_value, .text = txt_value },
	{ "OF WHAT", "measure", "what that number counts",
	  12, 24, 80, 3, .compare = cmp_measure, .text = txt_measure },
	{ "CHECK", "check", "the rule that found it",
	  8, 14, 20, 2, .compare = cmp_check, .text = txt_check },
};

const size_t columns_nr_findings = COUNT(columns_findings);
_Static_assert(COUNT(columns_findings) <= LAYOUT_COLUMNS_MAX, "raise it");

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two text formats: that of Prometheus 0.0.4, which the textfile collector reads, and
 * OpenMetrics 1.0, which has units and when counters began.
 */
#ifndef TCPHS_METRICS_TEXT_H
#define TCPHS_METRICS_TEXT_H

#include "family.h"
#include "metrics.h"

struct text {
	struct tcphs_buf *out;
	enum metrics_format format;
	const struct family *family;
};

/* "netns=\"4026531840\",state=\"listen\"" */
struct labels {
	char text[768];
	size_t len;
};

void labels_clear(struct labels *l);
void labels_plain(char *p, size_t len);
void labels_add(struct labels *l, const char *name, const char *value);
void labels_u64(struct labels *l, const char *name, uint64_t value);

void text_family(struct text *t, enum family_id id);
void text_u64(struct text *t, const struct labels *l, uint64_t value);
void text_seconds(struct text *t, const struct labels *l, uint64_t ns);
void text_ratio(struct text *t, const struct labels *l, uint64_t part, uint64_t whole);
/* @created: CLOCK_REALTIME, ns; 0: not known */
void text_counter(struct text *t, const struct labels *l, uint64_t value, uint64_t created);
void text_counter_seconds(struct text *t, const struct labels *l, uint64_t ns, uint64_t created);

/* Buckets as they are exported: each ends at a power of two of 1024 ns. */
struct steps {
	unsigned int first, last, step;	/* exponents */
};

#define STEPS(first, last, step)	(((last) - (first)) / (step) + 1)

/* So many values in each, and in one more all that are larger; they can be added up. */
void steps_make(const struct steps *steps, const uint64_t *bucket, uint64_t *n);
uint64_t steps_sum_us(const uint64_t *bucket);	/* of all values, about */
void text_histogram(struct text *t, const struct labels *l, const struct steps *steps,
		    const uint64_t *n, uint64_t sum_us, uint64_t created);

#endif /* TCPHS_METRICS_TEXT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module knows, as metrics for Prometheus: "tcphs metrics" and tcphs-exporter.
 *
 *	family.c	every metric: its name, what it is, its labels
 *	text.c		the two text formats
 *	collect.c	asks the module, and adds up
 *	spaces.c	network namespaces: their counters
 *	places.c	listeners: their queues and counters
 *	ports.c		connections: local ports, CLOSE_WAIT, who waits for accept()
 *	container.c	what a namespace is called
 *	write.c		what was added up -> text
 *	alerts.c	alert rules, of the doctor's thresholds
 *
 * How many label sets there are is bounded; what has no set of its own is summed up in one
 * whose labels are "other". Who has one keeps it, so that no counter goes back.
 */
#ifndef TCPHS_METRICS_H
#define TCPHS_METRICS_H

#include "output.h"

#define METRICS_LIMIT_DEFAULT	200
#define METRICS_LIMIT_MAX	10000

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };

struct metrics;

struct metrics *metrics_new(unsigned int limit);	/* NULL: no memory */
void metrics_free(struct metrics *m);
int metrics_collect(struct metrics *m, bool all_netns, struct tcphs_error *err);
const char *metrics_module(const struct metrics *m);	/* its version, of the last answer */
void metrics_write(struct metrics *m, enum metrics_format format, struct tcphs_buf *out);

/* The rest of an exporter's own: lines of metrics, after those of metrics_write(). */
struct metrics_exporter {
	uint64_t started;		/* CLOCK_REALTIME, ns */
	uint64_t collections, errors;
	uint64_t requests, refused;	/* HTTP; answered by a 4xx or 5xx */
};
void metrics_write_exporter(const struct metrics_exporter *x, enum metrics_format format,
			    struct tcphs_buf *out);
void metrics_end(enum metrics_format format, struct tcphs_buf *out);

void metrics_rules(struct tcphs_buf *out);

#endif /* TCPHS_METRICS_H */

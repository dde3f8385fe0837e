/* SPDX-License-Identifier: GPL-2.0 */
/* What happened in the last minutes, kept while the program runs. */
#ifndef TOP_SERIES_H
#define TOP_SERIES_H

#include "internal.h"

#define SERIES_SPAN	300	/* seconds */

enum series_what {
	SERIES_HANDSHAKES,	/* completed, of either role */
	SERIES_FAILURES,	/* of all causes */
	SERIES_OVERFLOWS,	/* SYNs and third ACKs that met a full accept queue */

	SERIES_WHATS
};

struct series_sample {
	uint64_t second;	/* CLOCK_MONOTONIC */
	uint64_t count[SERIES_WHATS];
	uint64_t failure[TCPHS_REASON_MAX + 1];
};

/**
 * struct series - the counters as they were, the first look in each second
 * @load: of the module that counted
 * @newest: the last look, which may be of the same second as the newest in @sample
 * @nr: how many are in @sample
 * @head: where the next one goes
 * @sample: the oldest is overwritten
 */
struct series {
	uint64_t load;
	struct series_sample newest;
	unsigned int nr;
	unsigned int head;
	struct series_sample sample[SERIES_SPAN + 1];
};

void series_forget(struct series *s);
void series_add(struct series *s, const struct tcphs_status *st, uint64_t now);
size_t series_busiest(const double *of, uint8_t *reason);
unsigned int series_failures(const struct series *s, double *count);
double series_read(const struct series *s, enum series_what what, unsigned int seconds, double *v,
		   size_t nr);

#endif /* TOP_SERIES_H */

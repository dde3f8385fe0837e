/* SPDX-License-Identifier: GPL-2.0 */
/* What happened in each of the last seconds, kept while the program runs. */
#ifndef TOP_SERIES_H
#define TOP_SERIES_H

#include "internal.h"

#define SERIES_SECONDS	600
#define SERIES_FAILURES	300	/* seconds of which failures are told by cause */

enum series_what {
	SERIES_HANDSHAKES,
	SERIES_FAILED,
	SERIES_OVERFLOWS,

	SERIES
};

struct series_counts {
	uint64_t v[SERIES];
	uint64_t failure[TCPHS_REASON_MAX + 1];
};

/**
 * struct series - the seconds
 * @known: there is a snapshot to compare with
 * @load: of the module that it is of
 * @second: that it is of, the newest one
 * @first: of which something is known
 * @last: what was counted then
 * @v: a second, by its number modulo SERIES_SECONDS
 * @failure: by cause, by its number modulo SERIES_FAILURES
 */
struct series {
	bool known;
	uint64_t load;
	uint64_t second;
	uint64_t first;
	struct series_counts last;
	float v[SERIES][SERIES_SECONDS];
	float failure[SERIES_FAILURES][TCPHS_REASON_MAX + 1];
};

void series_forget(struct series *s);
void series_add(struct series *s, const struct tcphs_status *st, uint64_t now);
unsigned int series_length(const struct series *s, unsigned int most);
void series_read(const struct series *s, enum series_what what, unsigned int seconds, double *v,
		 size_t nr);
size_t series_failures(const struct series *s, uint8_t *reason, double *count,
		       unsigned int *seconds);

#endif /* TOP_SERIES_H */

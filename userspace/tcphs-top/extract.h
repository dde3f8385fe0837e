/* SPDX-License-Identifier: GPL-2.0 */
/* What is on record of some rows, as a recording. */
#ifndef TOP_EXTRACT_H
#define TOP_EXTRACT_H

#include "marks.h"
#include "source.h"

int extract(struct top_source *src, bool all_netns, const struct marks *marks,
	    const struct tcphs_filter *seen, const char *name, uint64_t *events,
	    struct tcphs_error *err);

#endif /* TOP_EXTRACT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* A filter as a line: the options of tcphs, with or without the dashes before them. */
#ifndef TOP_FILTER_LINE_H
#define TOP_FILTER_LINE_H

#include "internal.h"

/* Those that mean something to one of the screens. */
#define FILTER_LINE_KEYS	(TCPHS_FILTERS_EVENT & \
				 ~(TCPHS_FILTER_BIT(SINCE) | TCPHS_FILTER_BIT(UNTIL)))

int filter_line_parse(struct tcphs_filter *f, const char *line, struct tcphs_error *err);
size_t filter_line_complete(const char *line, size_t at, char *add, size_t add_size,
			    char *words, size_t words_size);
bool filter_line_put(char *line, size_t size, enum tcphs_filter_key key, const char *arg);

#endif /* TOP_FILTER_LINE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* A filter's argument as a user writes it: also what only the tools have names for. */
#ifndef TCPHS_FILTER_WORD_H
#define TCPHS_FILTER_WORD_H

#include "internal.h"

int filter_word(struct tcphs_filter *filter, enum tcphs_filter_key key, const char *arg,
		struct tcphs_error *err);

#endif /* TCPHS_FILTER_WORD_H */

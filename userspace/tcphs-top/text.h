/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers that fit a narrow column, and text that is cut to one. */
#ifndef TOP_TEXT_H
#define TOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_LEN	96	/* enough for any cell */

void text_count(char *buf, uint64_t v);
void text_rate(char *buf, double v);
void text_signed_rate(char *buf, double v);
void text_duration(char *buf, uint64_t ns, bool utf8);
void text_seconds(char *buf, double s);
void text_fit(char *s, unsigned int width, bool utf8);
size_t text_line(const char *s, unsigned int width);
void text_fit_end(char *s, unsigned int width, bool utf8);

#endif /* TOP_TEXT_H */

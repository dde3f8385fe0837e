/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal: the file that calls curses. */
#ifndef TOP_TERMINAL_H
#define TOP_TERMINAL_H

#include "keys.h"
#include "paint.h"

int terminal_start(bool color, bool mouse);
void terminal_end(void);
void terminal_size(unsigned int *width, unsigned int *height);
void terminal_put(const struct paint *p, bool anew);
bool terminal_key(struct key *key);
void terminal_copy(const char *text);

#endif /* TOP_TERMINAL_H */

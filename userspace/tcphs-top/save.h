/* SPDX-License-Identifier: GPL-2.0 */
/* A screen as a file of text. */
#ifndef TOP_SAVE_H
#define TOP_SAVE_H

#include "paint.h"

int save_create(const char *name);
int save_screen(const struct paint *p, const char *name);

#endif /* TOP_SAVE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Which key does what. */
#ifndef TOP_KEYS_H
#define TOP_KEYS_H

#include "ui.h"

/* A line of the help screen. */
struct keys_help {
	const char *keys;
	const char *does;
};

/* A label of the line at the bottom. */
struct keys_label {
	const char *key;
	const char *label;
};

enum ui_action keys_action(enum ui_mode mode, int key, int *ch);
const struct keys_help *keys_help(size_t *nr);
const struct keys_label *keys_labels(enum ui_mode mode, size_t *nr);

#endif /* TOP_KEYS_H */

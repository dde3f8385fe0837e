/* SPDX-License-Identifier: GPL-2.0 */
/* Keys that need to know the rows, and what a refresh does to the cursor. */
#ifndef TOP_CONTROL_H
#define TOP_CONTROL_H

#include "model.h"
#include "ui.h"

#define CONTROL_ROWS	4096	/* at least so many of a table are in order */

void control_apply(struct ui *ui, struct top_model *m, enum ui_action action, int arg,
		   size_t rows, size_t total);
void control_mark(const struct ui *ui, const struct top_model *m, struct marks *marks);
int control_filter(struct ui *ui, struct top_model *m, const char *words,
		   struct tcphs_error *err);
int control_settle(struct ui *ui, struct top_model *m, size_t rows);

#endif /* TOP_CONTROL_H */

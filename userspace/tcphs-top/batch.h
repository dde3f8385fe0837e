/* SPDX-License-Identifier: GPL-2.0 */
/* The same without a terminal: plain text, or JSON. */
#ifndef TOP_BATCH_H
#define TOP_BATCH_H

#include "output.h"
#include "ui.h"

void batch_text(struct tcphs_buf *out, const struct top_model *m, const struct ui *ui);
void batch_json(struct tcphs_buf *out, const struct top_model *m, const struct ui *ui);

#endif /* TOP_BATCH_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs-top as its main() has it, without a terminal. */
#ifndef TOP_DRIVE_H
#define TOP_DRIVE_H

#include "../../userspace/tcphs-top/control.h"
#include "../../userspace/tcphs-top/view.h"

static struct {
	struct ui ui;
	struct top_model m;
	struct view v;
	uint64_t now;
} top;

static inline void show(void)
{
	view_resize(&top.v, &top.m, &top.ui, top.v.paint.width, top.v.paint.height);
	control_settle(&top.ui, &top.m, layout_rows(&top.v.layout));
	view_paint(&top.v, &top.m, &top.ui);
}

#endif /* TOP_DRIVE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* tcphs record --directory. */
#ifndef TCPHS_RECORD_BOX_H
#define TCPHS_RECORD_BOX_H

#include "cli.h"
#include "box.h"

#define RECORD_OLDER_LEN 64

const char *record_older(char *buf, uint64_t count);
int record_box(struct cli *cli, struct tcphs_box_how *how, bool ends, uint64_t duration,
	       struct tcphs_error *err);

#endif /* TCPHS_RECORD_BOX_H */

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCPHS_OUT_DOCTOR_H
#define TCPHS_OUT_DOCTOR_H

#include "cli.h"
#include "doctor/report.h"

void doctor_text(struct cli *cli, const struct evidence *e, const struct report *r);
void doctor_json(struct tcphs_buf *out, const struct evidence *e, const struct report *r);

#endif /* TCPHS_OUT_DOCTOR_H */

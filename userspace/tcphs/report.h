/* SPDX-License-Identifier: GPL-2.0 */
/* What is sent with a bug. */
#ifndef TCPHS_REPORT_H
#define TCPHS_REPORT_H

struct cli;
struct tcphs_status;

void report_print(struct cli *cli, const struct tcphs_status *st);

#endif /* TCPHS_REPORT_H */

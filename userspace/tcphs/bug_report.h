/* SPDX-License-Identifier: GPL-2.0 */
/* What is sent with a bug. */
#ifndef TCPHS_BUG_REPORT_H
#define TCPHS_BUG_REPORT_H

struct cli;
struct tcphs_status;

void bug_report_print(struct cli *cli, const struct tcphs_status *st);

#endif /* TCPHS_BUG_REPORT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Lives as entries of systemd's journal; tcphs(8) documents the fields. */
#ifndef TCPHS_OUT_JOURNAL_H
#define TCPHS_OUT_JOURNAL_H

#include "cli.h"
#include "conn_life.h"

struct journal;

struct journal *journal_open(struct tcphs_error *err);
void journal_close(struct journal *journal);
void life_journal(struct journal *journal, const struct tcphs_conn_life *life,
		  const struct tcphs_cgroup_names *names, int64_t clock);
bool journal_failed(const struct journal *journal, struct tcphs_error *err);

#endif /* TCPHS_OUT_JOURNAL_H */

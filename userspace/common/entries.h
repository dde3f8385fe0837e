/* SPDX-License-Identifier: GPL-2.0 */
/* How full the module's table is: a status has the entries of its own namespace. */
#ifndef TCPHS_ENTRIES_H
#define TCPHS_ENTRIES_H

#include "internal.h"

/* Of all namespaces, for whom we may know; else those of the status. */
uint32_t entries_of_all(struct tcphs_session *s, const struct tcphs_status *st);

#endif /* TCPHS_ENTRIES_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Who was refused an entry. */
#ifndef _TCPHS_REFUSED_H
#define _TCPHS_REFUSED_H

#include <linux/types.h>

void tcphs_refused_add(u64 cookie);
bool tcphs_refused_maybe(u64 cookie);

#endif /* _TCPHS_REFUSED_H */

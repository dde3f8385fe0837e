/* SPDX-License-Identifier: GPL-2.0 */
/* The words that /proc uses for the numbers of the contract. */
#ifndef _TCPHS_NAMES_H
#define _TCPHS_NAMES_H

#include <linux/tcphs.h>

extern const char *const tcphs_state_names[TCPHS_STATE_MAX + 1];
extern const char *const tcphs_event_names[TCPHS_EV_MAX + 1];
extern const char *const tcphs_reason_names[TCPHS_REASON_MAX + 1];
extern const char *const tcphs_role_names[TCPHS_ROLE_MAX + 1];
extern const char *const tcphs_refused_names[TCPHS_REFUSED_MAX + 1];

#endif /* _TCPHS_NAMES_H */

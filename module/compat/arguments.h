/* SPDX-License-Identifier: GPL-2.0 */
/* What the arguments of hooked functions are, looked at when they are called. */
#ifndef _TCPHS_COMPAT_ARGUMENTS_H
#define _TCPHS_COMPAT_ARGUMENTS_H

#include <linux/types.h>

/* As many as a call hands over to be looked at: one more than any of our functions says. */
#define TCPHS_ARGUMENTS 4

const char *tcphs_arguments_of(const char *function);
bool tcphs_arguments_fit(const char *takes, const unsigned long argument[]);

#endif /* _TCPHS_COMPAT_ARGUMENTS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Errors for the user: one line, and the exit status it leads to. */
#include <stdarg.h>
#include <stdio.h>

#include "tcphs_lib.h"

/**
 * tcphs_error_set - leave an error for the user
 * @err: where; may be NULL
 * @code: the exit status it leads to
 * @fmt: one line without a newline
 */
void tcphs_error_set(struct tcphs_error *err, enum tcphs_err code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

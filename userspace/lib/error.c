/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong: a number, and a sentence for people. */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

/**
 * tcphs_error_set - say what went wrong
 * @err: where; may be NULL
 * @code: the kind of it
 * @fmt: one sentence without a newline
 */
void tcphs_error_set(struct tcphs_error *err, enum tcphs_err code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	err->code = code;
	err->error = 0;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

/**
 * tcphs_strerror - the kind of an error in words
 * @code: the kind
 */
const char *tcphs_strerror(enum tcphs_err code)
{
	switch (code) {
	case TCPHS_ERR_NONE:
		return "no error";
	case TCPHS_ERR_FAILED:
		return "the system refused";
	case TCPHS_ERR_USAGE:
		return "a word that is not known";
	case TCPHS_ERR_NOT_LOADED:
		return "the kernel module is not loaded";
	case TCPHS_ERR_PERMISSION:
		return "not permitted";
	case TCPHS_ERR_VERSION:
		return "of another version";
	case TCPHS_ERR_DAMAGED:
		return "the recording is damaged or has no end";
	case TCPHS_ERR_RELOADED:
		return "the kernel module was loaded anew in the meantime";
	}
	return "an unknown error";
}

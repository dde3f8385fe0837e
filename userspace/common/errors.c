/* SPDX-License-Identifier: GPL-2.0 */
/* Errors of the library as lines on the terminal, and as exit status. */
#include <stdio.h>
#include <string.h>

#include "output.h"

/**
 * error_line - an error as a line for the user
 * @line: ERROR_LINE bytes
 * @tool: who says so
 * @err: the error
 */
const char *error_line(char *line, const char *tool, const struct tcphs_error *err)
{
	snprintf(line, ERROR_LINE, "%s: %s", tool, err->text);
	return line;
}

/**
 * error_status - the exit status that an error leads to, as the man pages promise it
 * @err: the error
 */
int error_status(const struct tcphs_error *err)
{
	switch (err->code) {
	case TCPHS_ERR_NONE:
	case TCPHS_ERR_RELOADED:
		return TCPHS_ERR_FAILED;
	default:
		return err->code;
	}
}

/**
 * error_print - show the user an error
 * @tool: who says so
 * @err: the error
 *
 * Return: the exit status it leads to.
 */
int error_print(const char *tool, const struct tcphs_error *err)
{
	char line[ERROR_LINE];

	fprintf(stderr, "%s\n", error_line(line, tool, err));
	return error_status(err);
}

/**
 * version_line - that module and tool are not of one version, as a line for the user
 * @line: ERROR_LINE bytes
 * @tool: who says so
 * @module: the version of the module that is loaded
 *
 * Return: @line, or NULL: they are.
 */
const char *version_line(char *line, const char *tool, const char *module)
{
	if (!strcmp(module, TCPHS_VERSION))
		return NULL;
	snprintf(line, ERROR_LINE,
		 "%s: the module that is loaded is %.64s, this tool %s; install both from one version and load the module anew",
		 tool, module, TCPHS_VERSION);
	return line;
}

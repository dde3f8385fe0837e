/* SPDX-License-Identifier: GPL-2.0 */
/* The command line. */
#ifndef TOP_OPTIONS_H
#define TOP_OPTIONS_H

#include "ui.h"

/**
 * struct options - what the command line says
 * @ui: how to begin
 * @batch: no terminal
 * @json: and JSON
 * @ascii: no other characters
 * @no_mouse: clicks are the terminal's own
 * @read: a recording, NULL: the module
 * @iterations: refreshes after which it ends; 0: never
 */
struct options {
	struct ui ui;
	bool batch;
	bool json;
	bool ascii;
	bool no_mouse;
	const char *read;
	unsigned long iterations;
};

/* What is to be done next. */
enum options_next {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_WRONG,		/* the error was printed */
};

enum options_next options_parse(struct options *o, int argc, char **argv);
void options_help(void);

#endif /* TOP_OPTIONS_H */

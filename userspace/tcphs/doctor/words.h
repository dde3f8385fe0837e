/* SPDX-License-Identifier: GPL-2.0 */
/* A finding as people read it: paragraphs, each with its label. */
#ifndef TCPHS_DOCTOR_WORDS_H
#define TCPHS_DOCTOR_WORDS_H

#include "report.h"

#define FINDING_WORDS	6
#define FINDING_NEXT	"next"		/* the label of what to type */

struct finding_words {
	const char *label;		/* "": it goes on */
	char text[480];
};

size_t finding_words(const struct finding *f, const struct evidence *e,
		     struct finding_words words[FINDING_WORDS]);
void finding_command(char *text, size_t size, const char *command, const char *const *reads,
		     size_t nr, bool past);
const char *severity_word(enum severity s);	/* CRITICAL */

#endif /* TCPHS_DOCTOR_WORDS_H */

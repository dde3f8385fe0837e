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

/* Where a command is to look. */
struct finding_place {
	const char *const *reads;	/* recordings that were judged */
	size_t nr;			/* of them; 0: it was this machine */
	bool past;			/* what has been there was judged */
	const char *netns;		/* of another namespace than ours its file; NULL: ours */
};

void finding_command(char *text, size_t size, const char *command,
		     const struct finding_place *place);
const char *severity_word(enum severity s);	/* CRITICAL */

#endif /* TCPHS_DOCTOR_WORDS_H */

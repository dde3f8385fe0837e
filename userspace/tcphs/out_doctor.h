/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCPHS_OUT_DOCTOR_H
#define TCPHS_OUT_DOCTOR_H

#include "cli.h"
#include "doctor/report.h"

/* What is looked at, and where that ends. */
/* What of their owners brings findings together. */
enum doctor_by { DOCTOR_BY_NOTHING, DOCTOR_BY_UNIT, DOCTOR_BY_CONTAINER, DOCTOR_BY_POD, DOCTOR_BYS };

struct doctor_view {
	const struct evidence *e;
	uint32_t netns;			/* inode; 0: a recording */
	const char *name;		/* of it; "": none */
	const char *host;		/* of several machines this one; NULL: there is but one */
	enum doctor_by by;		/* in text */
	uint32_t filters;		/* 1 << enum tcphs_filter_key: it is of what these let through */
	bool all;			/* it is one of several */
	bool past;			/* what both stores have of what has been is judged */
	bool covered;			/* where it has no event, there was none */
	bool shut;			/* a look, at a namespace that nobody can enter */
	uint64_t oldest;		/* record that the ring has of it, ns; 0: not known */
	uint64_t now;			/* on the same clock */
	unsigned int strangers;		/* namespaces that were not looked at */
};

bool doctor_is_blind(const struct doctor_view *v);

void doctor_finding_text(struct cli *cli, const struct doctor_view *v, const struct finding *f);
void doctor_finding_json(struct cli *cli, const struct doctor_view *v, const struct finding *f);
/* What two machines have to do with each other; what is wrong there. */
struct hosts;
enum severity doctor_between(struct cli *cli, const struct hosts *hosts, const struct evidence *e);
void doctor_text(struct cli *cli, const struct doctor_view *v, const struct report *r);
void doctor_json(struct cli *cli, const struct doctor_view *v, const struct report *r);

#endif /* TCPHS_OUT_DOCTOR_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of who connects, and of connects that one of several was enough for. */
#ifndef TCPHS_DOCTOR_EVIDENCE_DIAL_H
#define TCPHS_DOCTOR_EVIDENCE_DIAL_H

#include "evidence.h"

/* A process that connects. */
struct dialler {
	struct {
		uint32_t pid;
		uint32_t netns;
		uint32_t boot;		/* numbers of processes come again after one */
	} key;
	struct owner owner;
	uint64_t connects;
	uint64_t established;
	struct place won;		/* the last that was established */
	uint64_t won_began, won_at;	/* ns; 0: it has begun another since */
};

/* Connects of a process to a port that failed, and nothing else was tried since. */
struct fallback {
	struct {
		uint32_t pid;
		uint32_t netns;
		uint32_t port;
	} key;
	struct place from;		/* where they failed */
	uint64_t failed_at;		/* ns, the last */
	uint32_t count;
	uint32_t reason;
};

#endif /* TCPHS_DOCTOR_EVIDENCE_DIAL_H */

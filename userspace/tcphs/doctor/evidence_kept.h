/* SPDX-License-Identifier: GPL-2.0 */
/* What went wrong in a time of which nothing else is remembered. */
#ifndef TCPHS_DOCTOR_EVIDENCE_KEPT_H
#define TCPHS_DOCTOR_EVIDENCE_KEPT_H

#include "evidence.h"

enum way {
	WAY_NONE,
	WAY_ACCEPT_QUEUE,
	WAY_SYN_QUEUE,
	WAY_SYN_COOKIE,
	WAY_LISTENER_CLOSED,
	WAY_HALF_OPEN,
	WAY_HANDSHAKE_RESET,
	WAY_CONNECT_TIMEOUT,
	WAY_CONNECT_GIVEN_UP,
	WAY_CONNECT_FAILED,		/* for a reason that has words of its own */
	WAY_NO_PORT,
	WAY_NO_MEMORY,
	WAY_TIME_WAIT_FULL,
	WAY_TIMED_OUT,
	WAY_RESET_BY_US,
	WAY_RESET_BY_PEER,
	WAY_NOBODY,
	WAY_MET_OLD,
	WAY_SYN_LOST,
	WAY_SYNACK_LOST,
	WAY_FIN_LOST,
	NR_WAYS
};

struct mishap {
	struct {
		struct place at;	/* a listener, or a peer; family 0: the namespace */
		uint16_t way;
		uint8_t reason;		/* of WAY_CONNECT_FAILED */
		uint8_t passive;	/* 1: @at is a listener */
	} key;
	struct owner owner;
	uint64_t count;
	uint64_t first, last;		/* CLOCK_MONOTONIC, ns */
};

#endif /* TCPHS_DOCTOR_EVIDENCE_KEPT_H */

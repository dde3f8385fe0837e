// SPDX-License-Identifier: GPL-2.0
/* The contract with user space: sizes and offsets, and the kernel's numbers. */
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/tcphs.h>
#include <net/tcp_states.h>
#include "table/who.h"

static_assert(sizeof(struct tcphs_event) == TCPHS_EVENT_SIZE);
static_assert(sizeof(struct tcphs_ident) == 104);
static_assert(sizeof(struct tcphs_queue) == 24);
static_assert(sizeof(struct tcphs_agreed) == 24);
static_assert(sizeof(struct tcphs_life) == 36);
static_assert(sizeof(struct tcphs_resend) == 24);
static_assert(sizeof(struct tcphs_half) == 24);
static_assert(sizeof(struct tcphs_prefix) == 20);
static_assert(sizeof(struct tcphs_block) == 32);
static_assert(offsetof(struct tcphs_event, type) == 24);
static_assert(offsetof(struct tcphs_event, seq) == 28);
static_assert(offsetof(struct tcphs_event, flags) == 36);
static_assert(offsetof(struct tcphs_event, id) == 48);
static_assert(offsetof(struct tcphs_event, queue) == 152);
static_assert(offsetof(struct tcphs_ident, local_port) == 40);
static_assert(offsetof(struct tcphs_ident, netns) == 56);
static_assert(offsetof(struct tcphs_ident, cgroup) == 64);
static_assert(offsetof(struct tcphs_ident, role) == 52);
static_assert(offsetof(struct tcphs_ident, comm) == 72);

/* What a record begins with is copied in one piece. */
#define SAME_PLACE(member) \
	static_assert(offsetof(struct tcphs_who, member) == offsetof(struct tcphs_ident, member))
SAME_PLACE(conn);
SAME_PLACE(local);
SAME_PLACE(peer);
SAME_PLACE(local_port);
SAME_PLACE(peer_port);
SAME_PLACE(isn);
SAME_PLACE(peer_isn);
SAME_PLACE(role);
SAME_PLACE(family);
SAME_PLACE(generation);
static_assert(offsetof(struct tcphs_who, owner) == offsetof(struct tcphs_ident, netns));

static_assert((int)TCPHS_STATE_ESTABLISHED == TCP_ESTABLISHED);
static_assert((int)TCPHS_STATE_SYN_SENT == TCP_SYN_SENT);
static_assert((int)TCPHS_STATE_SYN_RECV == TCP_SYN_RECV);
static_assert((int)TCPHS_STATE_FIN_WAIT1 == TCP_FIN_WAIT1);
static_assert((int)TCPHS_STATE_FIN_WAIT2 == TCP_FIN_WAIT2);
static_assert((int)TCPHS_STATE_TIME_WAIT == TCP_TIME_WAIT);
static_assert((int)TCPHS_STATE_CLOSE == TCP_CLOSE);
static_assert((int)TCPHS_STATE_CLOSE_WAIT == TCP_CLOSE_WAIT);
static_assert((int)TCPHS_STATE_LAST_ACK == TCP_LAST_ACK);
static_assert((int)TCPHS_STATE_LISTEN == TCP_LISTEN);
static_assert((int)TCPHS_STATE_CLOSING == TCP_CLOSING);

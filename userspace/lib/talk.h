/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session, and how the kernel is asked; errors are left in words. */
#ifndef TCPHS_TALK_H
#define TCPHS_TALK_H

#include <errno.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "internal.h"

#define RECV_SIZE	(64 * 1024)
/* Ten attributes of a filter and their headers. */
#define FILTER_SIZE	(TCPHS_FILTER_LIST * (3 * 2 + 4 + sizeof(struct tcphs_prefix)) + 128)

struct tcphs_session {
	struct mnl_socket *data;
	struct mnl_socket *bell;
	int records;		/* /proc/tcphs_records, -1: events come by netlink */
	uint64_t reading;	/* which cursors are read on there; 0: none */
	struct tcphs_family family;
	uint32_t seq;
	uint64_t load;		/* TCPHS_A_STATUS_LOAD, 0: not known */
	char module[sizeof(((struct tcphs_status *)NULL)->version)];
	int64_t clock;		/* CLOCK_REALTIME - CLOCK_MONOTONIC of the kernel, ns */
	char extack[sizeof(((struct tcphs_ack *)NULL)->text)];	/* of the last request */
	int64_t shift;		/* of its CLOCK_MONOTONIC from that of this process */
	char recv[RECV_SIZE] __attribute__((aligned(8)));
};

/* Takes one message of an answer: 0, or a negative errno. */
typedef int (*answer_fn)(void *arg, const void *msg, size_t len);

/* All return @error. */
int tcphs_fail(struct tcphs_error *err, int error);
int tcphs_fail_errno(struct tcphs_error *err, const char *what, int error);
int tcphs_fail_permission(struct tcphs_error *err, int error, const char *extack);
int tcphs_fail_not_loaded(struct tcphs_error *err);

struct nlmsghdr *tcphs_put_request(struct tcphs_session *s, void *buf, uint16_t type,
				   uint16_t flags, uint8_t cmd, uint8_t version);
struct nlmsghdr *tcphs_put_get(struct tcphs_session *s, void *buf, uint8_t cmd);
struct nlmsghdr *tcphs_put_dump(struct tcphs_session *s, void *buf, uint8_t cmd);
int tcphs_talk(struct tcphs_session *s, const struct nlmsghdr *nlh, answer_fn fn, void *arg,
	       struct tcphs_error *err);
struct mnl_socket *tcphs_open_socket(struct tcphs_error *err);
void tcphs_put_filter(struct nlmsghdr *nlh, uint16_t type, const struct tcphs_filter *f);
void tcphs_open_records(struct tcphs_session *s);
void tcphs_close_records(struct tcphs_session *s);

#endif /* TCPHS_TALK_H */

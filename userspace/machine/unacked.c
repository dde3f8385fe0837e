/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks sock_diag(7): first for every open connection without its tcp_info, which costs
 * little; then for that of those whose data were sent again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hash.h"
#include "internal.h"
#include "settings.h"
#include "unacked.h"

#define MESSAGE_MAX	65536
#define TIMER_RETRANSMIT 1	/* idiag_timer; a shut window has another */
#define RESENDS		2

#define STATES (1u << TCPHS_STATE_ESTABLISHED | 1u << TCPHS_STATE_CLOSE_WAIT)

struct reading {
	int fd;
	uint32_t sequence;
	uint8_t *message;
	struct inet_diag_msg *suspects;
	uint32_t nr, cap;
	bool no_memory;
	uint64_t open;
	uint64_t rto_max_ms;
	const struct unacked_ops *ops;
	void *arg;
};

/**
 * unacked_since - how long ago were the data sent first?
 * @rto_us: the time to the next resend, which doubles each time
 * @backoff: how often it has
 * @last_sent_ms: ago, the last time
 * @rto_max_ms: it does not become longer than that
 *
 * One that is as long as it may be does not say with which it began: the least is taken.
 *
 * Return: ns, about.
 */
uint64_t unacked_since(uint32_t rto_us, unsigned int backoff, uint32_t last_sent_ms,
		       uint64_t rto_max_ms)
{
	uint64_t rto = backoff < 32 ? rto_us >> backoff : 0, us = 0;

	if (!rto || (rto_us >= rto_max_ms * 1000 && rto < RTO_MIN_MS * 1000))
		rto = RTO_MIN_MS * 1000;
	for (; backoff && rto < rto_us; backoff--) {
		us += rto;
		rto *= 2;
	}
	return (us + backoff * (uint64_t)rto_us) * 1000 + last_sent_ms * 1000000ull;
}

static bool ask(struct reading *r, uint16_t flags, uint8_t family, uint32_t states, bool info,
		const struct inet_diag_sockid *id)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} m = {
		.header = { .nlmsg_len = sizeof(m), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = ++r->sequence },
		.request = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP,
			     .idiag_ext = info ? 1 << (INET_DIAG_INFO - 1) : 0,
			     .idiag_states = states },
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (id)
		m.request.id = *id;
	return sendto(r->fd, &m, sizeof(m), 0, (struct sockaddr *)&kernel, sizeof(kernel)) ==
	       sizeof(m);
}

static bool is_suspect(const struct inet_diag_msg *msg)
{
	return msg->idiag_wqueue && msg->idiag_timer == TIMER_RETRANSMIT &&
	       msg->idiag_retrans >= RESENDS;
}

static struct unacked ends_of(const struct inet_diag_msg *msg)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *src = (const uint8_t *)msg->id.idiag_src;
	const uint8_t *dst = (const uint8_t *)msg->id.idiag_dst;
	bool v4 = msg->idiag_family == AF_INET;
	struct unacked u = {
		.conn = (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0],
		.local_port = ntohs(msg->id.idiag_sport), .peer_port = ntohs(msg->id.idiag_dport),
		.ifindex = msg->id.idiag_if, .bytes = msg->idiag_wqueue,
	};

	/* IPv4 over an IPv6 socket is IPv4. */
	if (!v4 && !memcmp(src, mapped, sizeof(mapped))) {
		v4 = true;
		src += sizeof(mapped);
		dst += sizeof(mapped);
	}
	u.family = v4 ? AF_INET : AF_INET6;
	memcpy(u.local, src, v4 ? 4 : 16);
	memcpy(u.peer, dst, v4 ? 4 : 16);
	return u;
}

/* One of the dump; false: it is over. */
static bool take(struct reading *r, const struct nlmsghdr *h)
{
	const struct inet_diag_msg *msg = NLMSG_DATA(h);
	struct unacked u;

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*msg)))
		return true;
	u = ends_of(msg);
	if (!r->ops->wants(r->arg, &u))
		return true;
	r->open++;
	if (!is_suspect(msg))
		return true;
	r->no_memory = array_grow(&r->suspects, r->nr + 1, &r->cap, sizeof(*r->suspects));
	if (r->no_memory)
		return false;
	r->suspects[r->nr++] = *msg;
	return true;
}

/* True: it was read to its end. */
static bool dump(struct reading *r, uint8_t family)
{
	const struct nlmsghdr *h;
	ssize_t n;
	int len;

	if (!ask(r, NLM_F_DUMP, family, STATES, false, NULL))
		return false;
	while ((n = recv(r->fd, r->message, MESSAGE_MAX, 0)) > 0) {
		len = (int)n;
		for (h = (void *)r->message; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len))
			if (h->nlmsg_seq == r->sequence && !take(r, h))
				return h->nlmsg_type == NLMSG_DONE && !r->no_memory;
	}
	return false;
}

/* False: it is gone, or its data are confirmed by now. */
static bool info_of(struct reading *r, const struct inet_diag_msg *suspect, struct tcp_info *info)
{
	const struct nlmsghdr *h = (void *)r->message;
	const struct inet_diag_msg *msg = NLMSG_DATA(h);
	const struct rtattr *a;
	ssize_t n;
	int len;

	if (!ask(r, 0, suspect->idiag_family, STATES, true, &suspect->id))
		return false;
	n = recv(r->fd, r->message, MESSAGE_MAX, 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*msg)) || h->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    h->nlmsg_seq != r->sequence || !is_suspect(msg))
		return false;
	len = (int)(n - (ssize_t)NLMSG_LENGTH(sizeof(*msg)));
	for (a = (void *)(msg + 1); RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type != INET_DIAG_INFO)
			continue;
		memset(info, 0, sizeof(*info));
		memcpy(info, RTA_DATA(a), RTA_PAYLOAD(a) < sizeof(*info) ? RTA_PAYLOAD(a) :
		       sizeof(*info));
		return true;
	}
	return false;
}

/* With what was sent first so long ago. */
static struct unacked found(const struct reading *r, const struct inet_diag_msg *msg,
			    const struct tcp_info *info)
{
	struct unacked u = ends_of(msg);

	u.since = unacked_since(info->tcpi_rto, info->tcpi_backoff, info->tcpi_last_data_sent,
				r->rto_max_ms);
	return u;
}

static bool begin(struct reading *r, uint64_t rto_max_ms, time_t patience)
{
	struct timeval most = { .tv_sec = patience };

	*r = (struct reading){ .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG),
			       .rto_max_ms = rto_max_ms };
	if (r->fd < 0)
		return false;
	setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	r->message = malloc(MESSAGE_MAX);
	return r->message;
}

static void end(struct reading *r)
{
	free(r->suspects);
	free(r->message);
	if (r->fd >= 0)
		close(r->fd);
}

/**
 * unacked_read - connections whose data were sent again and are not confirmed
 * @rto_max_ms: the longest time-out here
 * @ops: which are looked at, and who gets what is found
 * @arg: first argument of both
 * @open: gets the number of open connections that are looked at
 *
 * Return: 0; -ENOMEM; -EOPNOTSUPP: it can't be asked.
 */
int unacked_read(uint64_t rto_max_ms, const struct unacked_ops *ops, void *arg, uint64_t *open)
{
	struct tcp_info info;
	struct unacked u;
	struct reading r;
	bool done = begin(&r, rto_max_ms, 5);
	uint32_t i;
	int ret;

	r.ops = ops;
	r.arg = arg;
	done = done && dump(&r, AF_INET) && dump(&r, AF_INET6);
	for (i = 0; done && i < r.nr; i++) {
		if (!info_of(&r, &r.suspects[i], &info))
			continue;
		u = found(&r, &r.suspects[i], &info);
		ops->each(arg, &u);
	}
	*open = r.open;
	ret = r.no_memory ? -ENOMEM : done ? 0 : -EOPNOTSUPP;
	end(&r);
	return ret;
}

/**
 * unacked_of - what one connection sent again, and is not confirmed
 * @id: which; its cookie has to be the socket's
 * @ifindex: of the device that it is bound to, without which the kernel does not find it; 0: none
 * @rto_max_ms: the longest time-out here
 * @u: gets it
 *
 * Return: is there any?
 */
bool unacked_of(const struct tcphs_ident *id, uint32_t ifindex, uint64_t rto_max_ms,
		struct unacked *u)
{
	struct inet_diag_msg msg = {
		.idiag_family = (uint8_t)id->family,
		.id = {
			.idiag_sport = htons(id->local_port), .idiag_dport = htons(id->peer_port),
			.idiag_if = ifindex,
			.idiag_cookie = { (uint32_t)id->conn, (uint32_t)(id->conn >> 32) },
		},
	};
	struct tcp_info info;
	struct reading r;
	bool waits;

	memcpy(msg.id.idiag_src, id->local, sizeof(msg.id.idiag_src));
	memcpy(msg.id.idiag_dst, id->peer, sizeof(msg.id.idiag_dst));
	waits = begin(&r, rto_max_ms, 1) && info_of(&r, &msg, &info);
	if (waits)
		*u = found(&r, NLMSG_DATA(r.message), &info);
	end(&r);
	return waits;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sock_diag(7) of a kernel in which data wait for an ACK, for the tools: takes the place of what
 * is sent to the kernel that this runs on, and of its answers.
 *
 * With FAKE=stuck:N it has 3N connections over IPv4, of which N sent their data again, and N/7
 * over IPv6, all of which did. The first 2003 of them have a peer each, 10.1.0.0 and so on, at
 * port 443, the rest have 192.168.100.200 at port 8443; the last has the cookie of one in the
 * tables of fake_kernel.c. The peer of those over IPv6 is fe80::2, seen by device 1.
 * Linked with --wrap=sendto,--wrap=recv.
 */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define IN_TABLE	0x1a
#define WITH_PEERS	2003

/* The linker has one of each, and looks for the other. */
__typeof__(sendto) __real_sendto, __wrap_sendto;
__typeof__(recv) __real_recv, __wrap_recv;

static struct {
	struct nlmsghdr header;
	struct inet_diag_req_v2 request;
} asked;
static bool answers;		/* what is received next is ours */
static unsigned int next;	/* of the dump */

static unsigned int stuck(void)
{
	const char *env = getenv("FAKE");

	return env && !strncmp(env, "stuck:", 6) ? (unsigned int)strtoul(env + 6, NULL, 10) : 0;
}

ssize_t __wrap_sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
		      socklen_t size)
{
	if (!stuck() || len != sizeof(asked) ||
	    ((const struct nlmsghdr *)data)->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return __real_sendto(fd, data, len, flags, to, size);
	memcpy(&asked, data, sizeof(asked));
	answers = true;
	next = 0;
	return (ssize_t)len;
}

/* The first of a family are those that are stuck. */
static struct inet_diag_msg connection(uint8_t family, unsigned int i)
{
	bool v6 = family == AF_INET6, waits = v6 || i < stuck();
	struct inet_diag_msg m = {
		.idiag_family = family, .idiag_state = 1, .idiag_timer = waits,
		.idiag_retrans = waits ? 5 : 0, .idiag_wqueue = waits ? 11 : 0,
	};
	static const uint8_t first[16] = { 0xfe, 0x80, [15] = 1 };
	static const uint8_t second[16] = { 0xfe, 0x80, [15] = 2 };
	uint8_t local[16] = { 10, 0, 0, 1 }, peer[16] = { 192, 168, 100, 200 };

	m.id.idiag_sport = htons((uint16_t)(1024 + i));
	m.id.idiag_dport = htons(v6 || i >= WITH_PEERS ? 8443 : 443);
	m.id.idiag_cookie[0] = !v6 && i == stuck() - 1 ? IN_TABLE : 0x10000 + i;
	m.id.idiag_cookie[1] = v6;
	if (v6) {
		m.id.idiag_if = 1;
		memcpy(local, first, sizeof(local));
		memcpy(peer, second, sizeof(peer));
	} else if (i < WITH_PEERS) {
		peer[0] = 10;
		peer[1] = 1;
		peer[2] = (uint8_t)(i >> 8);
		peer[3] = (uint8_t)i;
	}
	memcpy(m.id.idiag_src, local, sizeof(local));
	memcpy(m.id.idiag_dst, peer, sizeof(peer));
	return m;
}

static size_t put(uint8_t *to, uint16_t type, uint8_t family, unsigned int i)
{
	struct inet_diag_msg m = connection(family, i);
	struct nlmsghdr h = { .nlmsg_len = NLMSG_LENGTH(sizeof(m)), .nlmsg_type = type,
			      .nlmsg_flags = NLM_F_MULTI, .nlmsg_seq = asked.header.nlmsg_seq };

	memcpy(to, &h, sizeof(h));
	memcpy(to + NLMSG_HDRLEN, &m, sizeof(m));
	return h.nlmsg_len;
}

static ssize_t dump(uint8_t *to, size_t size)
{
	uint8_t family = asked.request.sdiag_family;
	unsigned int nr = family == AF_INET ? 3 * stuck() : stuck() / 7;
	size_t len = 0;

	for (; next < nr && size - len > 4096; next++)
		len += put(to + len, SOCK_DIAG_BY_FAMILY, family, next);
	if (!len)
		len = put(to, NLMSG_DONE, family, 0);
	return (ssize_t)len;
}

/* Sent five times in the last twelve seconds. */
static ssize_t info(uint8_t *to)
{
	const struct inet_diag_sockid *id = &asked.request.id;
	struct tcp_info info = { .tcpi_rto = 6400000, .tcpi_backoff = 5,
				 .tcpi_last_data_sent = 6000 };
	struct rtattr a = { .rta_len = RTA_LENGTH(sizeof(info)), .rta_type = INET_DIAG_INFO };
	size_t len = put(to, SOCK_DIAG_BY_FAMILY, asked.request.sdiag_family,
			 (uint16_t)(ntohs(id->idiag_sport) - 1024));

	/* What is bound to a device is not found without it. */
	if (id->idiag_if != ((struct inet_diag_msg *)NLMSG_DATA(to))->id.idiag_if) {
		((struct nlmsghdr *)to)->nlmsg_type = NLMSG_ERROR;
		return (ssize_t)len;
	}
	memcpy(to + len, &a, sizeof(a));
	memcpy(to + len + RTA_LENGTH(0), &info, sizeof(info));
	len += a.rta_len;
	((struct nlmsghdr *)to)->nlmsg_len = (uint32_t)len;
	return (ssize_t)len;
}

ssize_t __wrap_recv(int fd, void *data, size_t len, int flags)
{
	if (!answers)
		return __real_recv(fd, data, len, flags);
	if (asked.header.nlmsg_flags & NLM_F_DUMP)
		return dump(data, len);
	answers = false;
	return info(data);
}

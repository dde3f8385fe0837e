/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to the module on a bare netlink socket, byte by byte: for tests that
 * must not depend on the library that the tools use.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tcphs.h>

#define GET	(NLM_F_REQUEST | NLM_F_ACK)
#define DUMP	(NLM_F_REQUEST | NLM_F_DUMP)

struct request {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	char attrs[1000];
};

static inline void begin(struct request *r, __u16 family, __u16 flags, __u8 cmd)
{
	memset(r, 0, sizeof(*r));
	r->nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	r->nl.nlmsg_type = family;
	r->nl.nlmsg_flags = flags;
	r->nl.nlmsg_seq = 7;
	r->genl.cmd = cmd;
	r->genl.version = TCPHS_GENL_VERSION;
}

static inline struct nlattr *put(struct request *r, __u16 type, const void *data, __u16 len)
{
	struct nlattr *nla = (void *)((char *)r + r->nl.nlmsg_len);

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	memcpy(nla + 1, data, len);
	r->nl.nlmsg_len += NLA_ALIGN(nla->nla_len);
	return nla;
}

/* What was put since then lies in @nest. */
static inline void end_nest(struct request *r, struct nlattr *nest)
{
	nest->nla_len = (char *)r + r->nl.nlmsg_len - (char *)nest;
}

/* A nest that holds one attribute, or with @type 0 nothing. */
static inline void put_nest(struct request *r, __u16 nest_type, __u16 type,
			    const void *data, __u16 len)
{
	struct nlattr *nest = put(r, nest_type | NLA_F_NESTED, NULL, 0);

	if (type)
		put(r, type, data, len);
	end_nest(r, nest);
}

static inline void put_cursor(struct request *r, __u32 cpu, __u64 next)
{
	struct nlattr *nest = put(r, TCPHS_A_EVENT_CURSOR | NLA_F_NESTED, NULL, 0);

	put(r, TCPHS_A_CURSOR_CPU, &cpu, sizeof(cpu));
	put(r, TCPHS_A_CURSOR_NEXT, &next, sizeof(next));
	end_nest(r, nest);
}

static inline int open_netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), one = 1;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (fd < 0 || connect(fd, (void *)&kernel, sizeof(kernel)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)))
		return -1;
	return fd;
}

/* The attribute of that type among the @len bytes at @attrs, or NULL. */
static inline struct nlattr *find_attr(void *attrs, size_t len, __u16 type)
{
	size_t at = 0;

	while (at + NLA_HDRLEN <= len) {
		struct nlattr *nla = (void *)((char *)attrs + at);

		if ((nla->nla_type & NLA_TYPE_MASK) == type)
			return nla;
		at += NLA_ALIGN(nla->nla_len);
	}
	return NULL;
}

/* The number of the family, and of its group of bells; -1: no module. */
static inline int find_family(int fd, __u32 *group)
{
	static char buf[16 * 1024] __attribute__((aligned(8)));
	struct nlmsghdr *nl = (void *)buf;
	char *attrs = buf + NLMSG_LENGTH(GENL_HDRLEN);
	struct nlattr *id, *groups, *nla;
	struct request r;
	ssize_t n;

	begin(&r, GENL_ID_CTRL, NLM_F_REQUEST, CTRL_CMD_GETFAMILY);
	put(&r, CTRL_ATTR_FAMILY_NAME, TCPHS_FAMILY_NAME, sizeof(TCPHS_FAMILY_NAME));
	if (send(fd, &r, r.nl.nlmsg_len, 0) < 0)
		return -1;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) || nl->nlmsg_type != GENL_ID_CTRL)
		return -1;
	n = nl->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	id = find_attr(attrs, n, CTRL_ATTR_FAMILY_ID);
	groups = find_attr(attrs, n, CTRL_ATTR_MCAST_GROUPS);
	if (!id || !groups)
		return -1;
	/* There is one group, the first of the nest. */
	nla = find_attr(groups + 1, groups->nla_len - NLA_HDRLEN, 1);
	nla = nla ? find_attr(nla + 1, nla->nla_len - NLA_HDRLEN, CTRL_ATTR_MCAST_GRP_ID) : NULL;
	if (!nla)
		return -1;
	memcpy(group, nla + 1, sizeof(*group));
	return *(__u16 *)(id + 1);
}

#endif /* REQUEST_H */

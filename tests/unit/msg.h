/* SPDX-License-Identifier: GPL-2.0 */
/* Builds netlink messages as the module would, right and wrong ones. */
#ifndef MSG_H
#define MSG_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/tcphs.h>

struct msg {
	size_t len;
	uint8_t data[65536] __attribute__((aligned(8)));
};

static inline void msg_bytes(struct msg *m, const void *p, size_t len)
{
	memcpy(m->data + m->len, p, len);
	m->len += len;
	while (m->len % 4)
		m->data[m->len++] = 0;
	memcpy(m->data, &(uint32_t){ (uint32_t)m->len }, 4);
}

static inline void msg_start(struct msg *m, uint16_t type, uint16_t flags)
{
	struct nlmsghdr nlh = { .nlmsg_type = type, .nlmsg_flags = flags };

	m->len = 0;
	msg_bytes(m, &nlh, sizeof(nlh));
}

static inline void msg_genl(struct msg *m, uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = TCPHS_GENL_VERSION };

	msg_start(m, type, flags);
	msg_bytes(m, &genl, sizeof(genl));
}

static inline void msg_attr(struct msg *m, uint16_t type, const void *p, size_t len)
{
	struct nlattr nla = { .nla_len = (uint16_t)(sizeof(nla) + len), .nla_type = type };

	msg_bytes(m, &nla, sizeof(nla));
	if (len)
		msg_bytes(m, p, len);
}

static inline void msg_u8(struct msg *m, uint16_t type, uint8_t v)
{
	msg_attr(m, type, &v, sizeof(v));
}

static inline void msg_u16(struct msg *m, uint16_t type, uint16_t v)
{
	msg_attr(m, type, &v, sizeof(v));
}

static inline void msg_u32(struct msg *m, uint16_t type, uint32_t v)
{
	msg_attr(m, type, &v, sizeof(v));
}

static inline void msg_u64(struct msg *m, uint16_t type, uint64_t v)
{
	msg_attr(m, type, &v, sizeof(v));
}

static inline void msg_str(struct msg *m, uint16_t type, const char *s)
{
	msg_attr(m, type, s, strlen(s) + 1);
}

static inline size_t msg_nest(struct msg *m, uint16_t type)
{
	size_t at = m->len;

	msg_attr(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

static inline void msg_nest_end(struct msg *m, size_t at)
{
	uint16_t len = (uint16_t)(m->len - at);

	memcpy(m->data + at, &len, sizeof(len));
}

#endif /* MSG_H */

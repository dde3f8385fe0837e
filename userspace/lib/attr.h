/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink attributes: a walk over them, and tables of those that are known.
 *
 * A table says of each attribute where its value goes, how large that place is and
 * what kind of value it is; one loop does the rest. Whatever the bytes are, nothing
 * outside the message is read. Unknown attributes are skipped, since a newer module
 * may append some; a known one of the wrong length makes all of it -EBADMSG.
 */
#ifndef TCPHS_ATTR_H
#define TCPHS_ATTR_H

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ATTR_ALIGN(n) (((n) + 3u) & ~(size_t)3u)

struct attr_walk {
	const uint8_t *p;
	const uint8_t *end;
};

struct attr {
	unsigned int type;
	size_t len;
	const uint8_t *data;
};

/* 1: @a is the next attribute; 0: the end; -EBADMSG: what follows is none. */
static inline int tcphs_walk_next(struct attr_walk *w, struct attr *a)
{
	size_t left = (size_t)(w->end - w->p);
	struct nlattr nla;

	if (left < sizeof(nla))
		return left ? -EBADMSG : 0;
	memcpy(&nla, w->p, sizeof(nla));
	if (nla.nla_len < sizeof(nla) || nla.nla_len > left)
		return -EBADMSG;

	a->type = nla.nla_type & NLA_TYPE_MASK;
	a->len = nla.nla_len - sizeof(nla);
	a->data = w->p + sizeof(nla);
	/* The padding of the last one may be cut off. */
	w->p += ATTR_ALIGN(nla.nla_len) < left ? ATTR_ALIGN(nla.nla_len) : left;
	return 1;
}

static inline void tcphs_walk_nest(struct attr_walk *w, const struct attr *a)
{
	w->p = a->data;
	w->end = a->data + a->len;
}

enum attr_kind {
	ATTR_FIXED = 1,		/* a number, or another thing whose length is known beforehand */
	ATTR_FLAG,		/* a bool: the attribute is there or not, and has no value */
	ATTR_STRING,		/* cut where there is no more room, always terminated */
	ATTR_NEST,		/* attributes within, for a function of their own */
};

/**
 * struct attr_known - an attribute that is not skipped
 * @kind: enum attr_kind; 0: it is none
 * @at: where its value goes, of the struct that is filled
 * @size: of that place
 * @present: a bool of the same struct that says it was there, 0: there is none
 * @nest: with ATTR_NEST, takes what is within to @size bytes at @to
 */
struct attr_known {
	uint8_t kind;
	uint32_t at;
	uint32_t size;
	uint32_t present;
	int (*nest)(const struct attr *a, void *to, size_t size);
};

/* What may come in one place, by type. */
struct attr_table {
	const struct attr_known *known;
	size_t nr;
};

#define ATTR_TABLE(known)	{ known, sizeof(known) / sizeof((known)[0]) }

#define PLACE(type, member) \
	.at = offsetof(struct type, member), .size = sizeof(((struct type *)NULL)->member)
#define TO(type, member)	{ ATTR_FIXED, PLACE(type, member) }
#define TO_FLAG(type, member)	{ ATTR_FLAG, PLACE(type, member) }
#define TO_STRING(type, member)	{ ATTR_STRING, PLACE(type, member) }
#define TO_NEST(type, member, decode)	{ ATTR_NEST, PLACE(type, member), .nest = decode }
/* A zero that was sent is told apart from none. */
#define TO_TOLD(type, member, has) \
	{ ATTR_FIXED, PLACE(type, member), .present = offsetof(struct type, has) }
/* The whole struct, for what goes into more than one member of it. */
#define TO_ALL(type, decode)	{ ATTR_NEST, .size = sizeof(struct type), .nest = decode }

/* The attributes of a message: those after its header and @extra bytes more. */
int tcphs_walk_message(struct attr_walk *w, const void *msg, size_t len, size_t extra);
int tcphs_walk_genl(struct attr_walk *w, const void *msg, size_t len);

/* One attribute, all of a walk, all within one, a generic netlink message: 0 or -EBADMSG. */
int tcphs_decode_attr(const struct attr_table *t, const struct attr *a, void *to);
int tcphs_decode_all(const struct attr_table *t, struct attr_walk *w, void *to);
int tcphs_decode_nest(const struct attr_table *t, const struct attr *nest, void *to);
int tcphs_decode_message(const struct attr_table *t, const void *msg, size_t len, void *to,
			 size_t size);

#endif /* TCPHS_ATTR_H */

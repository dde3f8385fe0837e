/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Netlink attributes into structs, by tables: no socket, no allocation. */
#include <linux/genetlink.h>

#include "attr.h"

/**
 * tcphs_walk_message - begin with the attributes of a message
 * @w: the walk
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @extra: of a header behind it
 *
 * Return: 0 or -EBADMSG.
 */
int tcphs_walk_message(struct attr_walk *w, const void *msg, size_t len, size_t extra)
{
	struct nlmsghdr nlh;

	if (len < sizeof(nlh))
		return -EBADMSG;
	memcpy(&nlh, msg, sizeof(nlh));
	if (nlh.nlmsg_len > len || nlh.nlmsg_len < sizeof(nlh) + extra)
		return -EBADMSG;
	w->p = (const uint8_t *)msg + sizeof(nlh) + extra;
	w->end = (const uint8_t *)msg + nlh.nlmsg_len;
	return 0;
}

/**
 * tcphs_walk_genl - begin with the attributes of a generic netlink message
 * @w: the walk
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 *
 * Return: 0 or -EBADMSG.
 */
int tcphs_walk_genl(struct attr_walk *w, const void *msg, size_t len)
{
	return tcphs_walk_message(w, msg, len, GENL_HDRLEN);
}

/* Ends at the first NUL, at the end of the attribute or where @size is full. */
static void get_string(const struct attr *a, char *out, size_t size)
{
	size_t n = strnlen((const char *)a->data, a->len);

	if (n >= size)
		n = size - 1;
	memcpy(out, a->data, n);
	out[n] = '\0';
}

/**
 * tcphs_decode_attr - take one attribute
 * @t: what is known
 * @a: the attribute
 * @to: the struct that the table is about
 *
 * Return: 0 or -EBADMSG.
 */
int tcphs_decode_attr(const struct attr_table *t, const struct attr *a, void *to)
{
	const struct attr_known *k;
	uint8_t *at;

	if (a->type >= t->nr || !t->known[a->type].kind)
		return 0;
	k = &t->known[a->type];
	at = (uint8_t *)to + k->at;
	switch (k->kind) {
	case ATTR_FIXED:
		if (a->len != k->size)
			return -EBADMSG;
		memcpy(at, a->data, k->size);
		break;
	case ATTR_FLAG:
		if (a->len)
			return -EBADMSG;
		*(bool *)at = true;
		break;
	case ATTR_STRING:
		get_string(a, (char *)at, k->size);
		break;
	case ATTR_NEST:
		return k->nest(a, at, k->size);
	}
	if (k->present)
		*(bool *)((uint8_t *)to + k->present) = true;
	return 0;
}

/**
 * tcphs_decode_all - take what is left of a walk
 * @t: what is known
 * @w: where the walk is
 * @to: the struct that the table is about
 *
 * Return: 0 or -EBADMSG.
 */
int tcphs_decode_all(const struct attr_table *t, struct attr_walk *w, void *to)
{
	struct attr a;
	int err;

	while ((err = tcphs_walk_next(w, &a)) > 0) {
		err = tcphs_decode_attr(t, &a, to);
		if (err)
			return err;
	}
	return err;
}

/**
 * tcphs_decode_nest - take what is within an attribute
 * @t: what is known
 * @nest: the attribute
 * @to: the struct that the table is about
 *
 * Return: 0 or -EBADMSG.
 */
int tcphs_decode_nest(const struct attr_table *t, const struct attr *nest, void *to)
{
	struct attr_walk w;

	tcphs_walk_nest(&w, nest);
	return tcphs_decode_all(t, &w, to);
}

/**
 * tcphs_decode_message - take all of a generic netlink message
 * @t: what is known
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @to: the struct that the table is about; what is not there is zero
 * @size: of it
 *
 * Return: 0 or -EBADMSG.
 */
int tcphs_decode_message(const struct attr_table *t, const void *msg, size_t len, void *to,
			 size_t size)
{
	struct attr_walk w;
	int err;

	memset(to, 0, size);
	err = tcphs_walk_genl(&w, msg, len);
	return err ? err : tcphs_decode_all(t, &w, to);
}

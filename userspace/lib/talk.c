/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests and answers: generic netlink over libmnl. The kernel sends only what was asked
 * for, so the socket of requests cannot overrun.
 */
#include "talk.h"

/**
 * tcphs_fail - an errno beside the words that are there already
 * @err: the words; may be NULL
 * @error: the errno, negative
 *
 * Return: it.
 */
int tcphs_fail(struct tcphs_error *err, int error)
{
	if (err)
		err->error = error;
	return error;
}

/**
 * tcphs_fail_errno - what the system refused
 * @err: gets the words
 * @what: what was tried, or the kernel's own words
 * @error: the errno, negative
 *
 * Return: it.
 */
int tcphs_fail_errno(struct tcphs_error *err, const char *what, int error)
{
	tcphs_error_set(err, TCPHS_ERR_FAILED, "%s: %s", what, strerror(-error));
	return tcphs_fail(err, error);
}

/**
 * tcphs_fail_not_loaded - there is no module
 * @err: gets the words
 *
 * Return: -ENOENT.
 */
int tcphs_fail_not_loaded(struct tcphs_error *err)
{
	tcphs_error_set(err, TCPHS_ERR_NOT_LOADED,
			"the kernel module is not loaded; load it with: modprobe tcphs");
	return tcphs_fail(err, -ENOENT);
}

/**
 * tcphs_fail_permission - it is there, and not for everyone
 * @err: gets the words
 * @error: the errno, negative
 * @extack: the kernel's own words, or ""
 *
 * Return: @error.
 */
int tcphs_fail_permission(struct tcphs_error *err, int error, const char *extack)
{
	tcphs_error_set(err, TCPHS_ERR_PERMISSION, "not permitted: %s",
			*extack ? extack :
			"run as root, or with CAP_NET_ADMIN in this network namespace");
	return tcphs_fail(err, error);
}

/* What the kernel refused, in words that help. */
static int fail_ack(struct tcphs_error *err, const struct tcphs_ack *ack)
{
	switch (ack->error) {
	case -EPERM:
	case -EACCES:
		return tcphs_fail_permission(err, ack->error, ack->text);
	case -ENOENT:
		if (!*ack->text)
			return tcphs_fail_not_loaded(err);
		break;
	case -EPROTONOSUPPORT:
		/* It is being unloaded (netlink_dump_start()). */
		return tcphs_fail_not_loaded(err);
	case -EOPNOTSUPP:
		if (!*ack->text) {
			tcphs_error_set(err, TCPHS_ERR_VERSION,
					"the module does not know this request; reinstall module and tools from one version");
			return tcphs_fail(err, ack->error);
		}
		break;
	}
	return tcphs_fail_errno(err, *ack->text ? ack->text : "the module refused", ack->error);
}

/**
 * tcphs_put_request - begin a request of the session
 * @s: the session; its answers will be known by the number
 * @buf: gets it
 * @type: of the family that is asked
 * @flags: NLM_F_ACK or NLM_F_DUMP
 * @cmd: the command
 * @version: of the protocol
 */
struct nlmsghdr *tcphs_put_request(struct tcphs_session *s, void *buf, uint16_t type,
				    uint16_t flags, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++s->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

/**
 * tcphs_put_get - begin to ask the module for one thing
 * @s: the session
 * @buf: gets the request
 * @cmd: the command
 */
struct nlmsghdr *tcphs_put_get(struct tcphs_session *s, void *buf, uint8_t cmd)
{
	return tcphs_put_request(s, buf, s->family.id, NLM_F_ACK, cmd, TCPHS_GENL_VERSION);
}

/**
 * tcphs_put_dump - begin to ask the module for all of a kind
 * @s: the session
 * @buf: gets the request
 * @cmd: the command
 */
struct nlmsghdr *tcphs_put_dump(struct tcphs_session *s, void *buf, uint8_t cmd)
{
	return tcphs_put_request(s, buf, s->family.id, NLM_F_DUMP, cmd, TCPHS_GENL_VERSION);
}

/* One datagram of an answer: 1: more follows, 0: that was all, or an error. */
static int take(struct tcphs_session *s, size_t n, answer_fn fn, void *arg, int *answer,
		struct tcphs_error *err)
{
	const struct nlmsghdr *nlh = (const void *)s->recv;
	int left = (int)n;
	struct tcphs_ack ack;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		/* The rest of an answer that was given up. */
		if (nlh->nlmsg_seq != s->seq)
			continue;

		if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
			if (tcphs_decode_ack(nlh, (size_t)left, &ack))
				return tcphs_fail_errno(err, "a malformed answer of the kernel",
						  -EBADMSG);
			if (ack.error)
				strcpy(s->extack, ack.text);
			return ack.error ? fail_ack(err, &ack) : 0;
		}
		if (nlh->nlmsg_type < NLMSG_MIN_TYPE || *answer)
			continue;
		*answer = fn(arg, nlh, (size_t)left);
	}
	return 1;
}

/* A million that are left need not be read, nor is the kernel to look for them. */
static void give_up(struct tcphs_session *s)
{
	mnl_socket_close(s->data);
	s->data = NULL;
}

/**
 * tcphs_talk - send a request and hand every message of the answer on, until that fails
 * @s: the session
 * @nlh: the request
 * @fn: gets the messages
 * @arg: its first argument
 * @err: why not
 *
 * What is left of an answer that @fn gave up is not asked for; the session goes on.
 */
int tcphs_talk(struct tcphs_session *s, const struct nlmsghdr *nlh, answer_fn fn, void *arg,
		struct tcphs_error *err)
{
	int answer = 0, more = 1;
	ssize_t n;

	s->extack[0] = '\0';
	if (!s->data)
		s->data = tcphs_open_socket(err);
	if (!s->data)
		return -EIO;
	if (mnl_socket_sendto(s->data, nlh, nlh->nlmsg_len) < 0)
		return tcphs_fail_errno(err, "cannot send to the kernel", -errno);

	while (more > 0 && !answer) {
		n = mnl_socket_recvfrom(s->data, s->recv, sizeof(s->recv));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return tcphs_fail_errno(err, "cannot receive from the kernel",
					  n ? -errno : -EPIPE);
		more = take(s, (size_t)n, fn, arg, &answer, err);
	}
	if (more > 0)
		give_up(s);
	if (more < 0)
		return more;
	if (answer)
		return tcphs_fail_errno(err, answer == -EBADMSG ?
				  "an answer of the module does not fit this tool" :
				  "cannot keep the answer", answer);
	return 0;
}

/**
 * tcphs_open_socket - a generic netlink socket
 * @err: why not
 *
 * Return: for mnl_socket_close(), or NULL.
 */
struct mnl_socket *tcphs_open_socket(struct tcphs_error *err)
{
	struct mnl_socket *sock;
	int on = 1;

	sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock) {
		tcphs_fail_errno(err, "cannot open a netlink socket", -errno);
		return NULL;
	}
	/* Kernels without these only say less about an error. */
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		tcphs_fail_errno(err, "cannot bind a netlink socket", -errno);
		mnl_socket_close(sock);
		return NULL;
	}
	return sock;
}

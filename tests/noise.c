// SPDX-License-Identifier: GPL-2.0
/*
 * Noise: requests that are random, or right ones with bytes of them changed, cut off,
 * nested in each other, several in one datagram; and reads of the files in /proc of
 * any size from anywhere. Several processes at once. Every answer must be an error
 * or well-formed.
 *
 * usage: noise SEED REQUESTS
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "draw.h"
#include "request.h"

#define TALKERS		3
#define FILES_SHARE	16	/* of so many requests one is of a file */
#define NEST_DEPTH	4
#define BUNDLE		8192	/* bytes sent at once, at most */

struct tally {
	unsigned long requests, granted, refused, ignored, bytes, bad;
};

static struct tally *tally;	/* this process's */
static __u16 family;

static void bad(const char *what, long value)
{
	if (tally->bad++ < 7)
		printf("bad %s: %ld\n", what, value);
}

static void fill(void *data, size_t len)
{
	__u8 *byte = data;

	while (len--)
		*byte++ = draw(4) ? draw(256) : draw(3);
}

/* Attributes inside each other, of whatever is at hand. */
static void put_garbage(struct request *r, unsigned int depth)
{
	unsigned int count = 1 + draw(4);
	struct nlattr *nest;
	__u8 bytes[64];

	while (count-- && r->nl.nlmsg_len < sizeof(*r) - 2 * sizeof(bytes)) {
		if (depth && draw(2)) {
			nest = put(r, draw(12) | (draw(3) ? NLA_F_NESTED : 0), NULL, 0);
			put_garbage(r, depth - 1);
			end_nest(r, nest);
		} else {
			fill(bytes, sizeof(bytes));
			put(r, draw(16) | (draw(9) ? 0 : draw(0x10000)), bytes, draw(sizeof(bytes)));
		}
	}
}

static void make_good(struct request *r)
{
	__u8 cmd = 1 + draw(TCPHS_CMD_EVENT_GET), bytes[64];
	__u32 mask = draw(1 << 12);

	begin(r, family, cmd == TCPHS_CMD_STATUS_GET ? GET : DUMP, cmd);
	if (cmd == TCPHS_CMD_CONN_GET)
		put(r, TCPHS_A_CONN_STATES, &mask, sizeof(mask));
	if (cmd == TCPHS_CMD_EVENT_GET) {
		put_cursor(r, draw(3), draw(2) ? draw(199) : 0);
		put_cursor(r, draw(3), draw(199));
	}
	if (cmd > TCPHS_CMD_LISTENER_GET && !draw(3)) {
		fill(bytes, sizeof(bytes));
		put_nest(r, cmd == TCPHS_CMD_CONN_GET ? TCPHS_A_CONN_FILTER : TCPHS_A_EVENT_FILTER,
			 draw(__TCPHS_A_FILTER_MAX), bytes, draw(sizeof(bytes)) & ~1U);
	}
	if (cmd != TCPHS_CMD_STATUS_GET && !draw(7))
		put(r, TCPHS_A_EVENT_ALL_NETNS, NULL, 0);
}

/* Anything but the family: the others did not ask for this. */
static void mutate(struct request *r)
{
	const unsigned int type = offsetof(struct nlmsghdr, nlmsg_type);
	unsigned int times = 1 + draw(5), at;

	while (times--) {
		switch (draw(4)) {
		case 0:
			r->nl.nlmsg_len = draw(9) ? draw(r->nl.nlmsg_len + 9) : draw(~0U);
			break;
		case 1:
			((__u16 *)r->attrs)[draw(32)] = draw(0x10000);
			break;
		default:
			at = draw(draw(2) ? 64 : sizeof(*r));
			if (at != type && at != type + 1)
				((__u8 *)r)[at] ^= 1 << draw(8);
		}
	}
}

/* Random from the second header on, or from the first attribute. */
static void make_random(struct request *r)
{
	make_good(r);
	fill(draw(2) ? (void *)&r->genl : (void *)r->attrs, 4 + draw(200));
	r->nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + draw(300);
	r->nl.nlmsg_flags = draw(2) ? DUMP : NLM_F_REQUEST | draw(0x10000);
}

static void make(struct request *r)
{
	switch (draw(5)) {
	case 0:
		make_random(r);
		break;
	case 1:
		begin(r, family, draw(2) ? GET : DUMP, draw(9));
		put_garbage(r, NEST_DEPTH);
		break;
	case 2:
		make_good(r);
		break;
	default:
		make_good(r);
		mutate(r);
	}
}

static bool is_nest(__u8 cmd, __u16 type)
{
	switch (cmd) {
	case TCPHS_CMD_STATUS_GET:
		return type == TCPHS_A_STATUS_HOOK || type == TCPHS_A_STATUS_STATE ||
		       type == TCPHS_A_STATUS_EVENT || type == TCPHS_A_STATUS_FAILURE ||
		       type == TCPHS_A_STATUS_HIST;
	case TCPHS_CMD_LISTENER_GET:
		return type == TCPHS_A_LISTENER_WAIT;
	}
	return false;
}

static void check_attrs(__u8 cmd, const char *attrs, size_t len, bool inside)
{
	const struct nlattr *nla;
	size_t step;
	__u16 type;

	while (len) {
		nla = (const void *)attrs;
		if (len < NLA_HDRLEN || nla->nla_len < NLA_HDRLEN || nla->nla_len > len) {
			bad("length of an attribute", len);
			return;
		}
		type = nla->nla_type & NLA_TYPE_MASK;
		if (!inside && is_nest(cmd, type))
			check_attrs(cmd, attrs + NLA_HDRLEN, nla->nla_len - NLA_HDRLEN, true);
		if (!inside && cmd == TCPHS_CMD_EVENT_GET && type == TCPHS_A_EVENT_RECORD &&
		    nla->nla_len != NLA_HDRLEN + sizeof(struct tcphs_event))
			bad("length of a record", nla->nla_len);
		step = NLA_ALIGN(nla->nla_len);
		if (step >= len)
			return;
		attrs += step;
		len -= step;
	}
}

static void check_answer(const struct nlmsghdr *nl)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nl);
	int error = 0;

	if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE) {
		if (nl->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
			bad("length of a verdict", nl->nlmsg_len);
		else
			memcpy(&error, NLMSG_DATA(nl), sizeof(error));
		if (error > 0 || error < -4095)
			bad("error", error);
		*(error ? &tally->refused : &tally->granted) += 1;
		return;
	}
	/* Where a wrong length made another header of our bytes. */
	if (nl->nlmsg_type == GENL_ID_CTRL)
		return;
	if (nl->nlmsg_type != family || nl->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN)) {
		bad("type of an answer", nl->nlmsg_type);
		return;
	}
	if (genl->cmd < TCPHS_CMD_STATUS_GET || genl->cmd > TCPHS_CMD_EVENT_GET)
		bad("command of an answer", genl->cmd);
	check_attrs(genl->cmd, (const char *)genl + GENL_HDRLEN,
		    nl->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), false);
}

/* The kernel answers before send() returns, so what is not there won't come. */
static void hear(int fd)
{
	static char buf[128 * 1024] __attribute__((aligned(8)));
	bool silent = true;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *nl = (void *)buf;
		int left = n;

		silent = false;
		tally->bytes += n;
		for (; NLMSG_OK(nl, (unsigned int)left); nl = NLMSG_NEXT(nl, left))
			check_answer(nl);
		if (left > 0)
			bad("bytes behind an answer", left);
	}
	tally->ignored += silent;
}

/* One request, or several in a row as one datagram; cut off anywhere. */
static void say(int fd)
{
	static char bundle[BUNDLE] __attribute__((aligned(8)));
	unsigned int count = draw(3) ? 1 : 1 + draw(7);
	size_t len = 0, step;
	struct request r;

	while (count-- && len + sizeof(r) <= sizeof(bundle)) {
		make(&r);
		memcpy(bundle + len, &r, sizeof(r));
		step = NLMSG_ALIGN(r.nl.nlmsg_len);
		len += step && step <= sizeof(r) ? step : sizeof(r);
		tally->requests++;
	}
	if (!draw(7))
		len = 1 + draw(len);
	/* A refusal to send is an answer. */
	if (send(fd, bundle, len, 0) < 0)
		tally->refused++;
}

static void be_talker(unsigned long requests)
{
	int fd = open_netlink();

	while (fd >= 0 && tally->requests < requests) {
		say(fd);
		/* Now and then nobody waits for the answer. */
		if (draw(61)) {
			hear(fd);
			continue;
		}
		close(fd);
		fd = open_netlink();
	}
	if (fd < 0)
		bad("netlink socket", errno);
}

/* All of a file, a piece of some size at a time: lines of text. */
static void read_all(int fd)
{
	static char buf[70001];
	char last = '\n';
	size_t size;
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while (size = 1 + draw(draw(3) ? 4099 : sizeof(buf)), (n = read(fd, buf, size)) > 0) {
		if (memchr(buf, '\0', n))
			bad("a zero byte in a file", n);
		last = buf[n - 1];
		tally->bytes += n;
	}
	if (n < 0)
		bad("read", errno);
	if (last != '\n')
		bad("the end of a file", last);
}

/* What files are not made for; whether it works is not the point. */
static void misuse(int fd)
{
	static char buf[4099];
	struct pollfd p = { .fd = fd, .events = draw(0x10000) };
	void *map;

	switch (draw(7)) {
	case 0:
		tally->refused += lseek(fd, (long)draw(~0U) << draw(32), draw(6)) < 0;
		break;
	case 1:
		tally->refused += pread(fd, buf, draw(sizeof(buf)), (long)draw(~0U) << draw(32)) < 0;
		break;
	case 2:
		tally->refused += write(fd, buf, draw(sizeof(buf))) < 0;
		break;
	case 3:
		tally->refused += ioctl(fd, draw(~0U), buf) < 0;
		break;
	case 4:
		poll(&p, 1, 0);
		break;
	case 5:
		map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED)
			bad("a file was mapped", 1);
		break;
	default:
		tally->refused += read(fd, (void *)(unsigned long)draw(4096), draw(sizeof(buf))) < 0;
	}
}

static void be_reader(unsigned long requests)
{
	static const char *const files[] = { "/proc/tcphs", "/proc/tcphs_events" };
	int fd = -1;

	while (tally->requests < requests) {
		if (fd < 0 || !draw(11)) {
			close(fd);
			fd = open(files[draw(2)], draw(5) ? O_RDONLY : O_RDWR);
			/* As root one may open for writing what cannot be written. */
			if (fd < 0 && errno != EACCES && errno != EIO)
				bad("open", errno);
		} else if (draw(5)) {
			misuse(fd);
		} else {
			read_all(fd);
		}
		tally->requests++;
	}
}

int main(int argc, char **argv)
{
	struct tally sum = { }, *tallies;
	unsigned long requests;
	int i, fd, id, status, failed = 0;
	__u32 group;

	if (argc != 3) {
		fputs("usage: noise SEED REQUESTS\n", stderr);
		return 2;
	}
	requests = strtoul(argv[2], NULL, 10);
	fd = open_netlink();
	id = find_family(fd, &group);
	if (id < 0) {
		fputs("noise: no module\n", stderr);
		return 3;
	}
	family = id;
	tallies = mmap(NULL, (TALKERS + 1) * sizeof(*tallies), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i <= TALKERS; i++) {
		if (fork())
			continue;
		tally = &tallies[i];
		draw_seed(strtoul(argv[1], NULL, 10) * (TALKERS + 1) + i);
		if (i < TALKERS)
			be_talker((requests - requests / FILES_SHARE) / TALKERS + 1);
		else
			be_reader(requests / FILES_SHARE);
		return tally->bad != 0;
	}
	while (wait(&status) > 0)
		failed |= status;
	for (i = 0; i <= TALKERS; i++) {
		sum.requests += tallies[i].requests;
		sum.granted += tallies[i].granted;
		sum.refused += tallies[i].refused;
		sum.ignored += tallies[i].ignored;
		sum.bytes += tallies[i].bytes;
	}
	printf("requests %lu\ngranted %lu\nrefused %lu\nignored %lu\nbytes %lu\n", sum.requests,
	       sum.granted, sum.refused, sum.ignored, sum.bytes);
	return failed != 0;
}

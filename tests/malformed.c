// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that are wrong in every way there is: each is refused with the errno
 * and the words it deserves, or ignored where netlink ignores, and nothing that
 * a reader can see has changed by it. Raw sockets, so that every byte is ours.
 *
 * All of it runs in a network namespace of its own, with a listener, an open
 * connection and a refused one, where nothing happens but what is asked here.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "request.h"

#define SNAPSHOT_MAX	(256 * 1024)
#define SILENCE		1	/* the kernel gave no answer at all */

struct answer {
	int error;		/* 0, a negative errno or SILENCE */
	char text[128];		/* what extack said */
	size_t len;
	char *data;		/* attributes, volatile ones zeroed; or NULL */
};

static pid_t loader;

/* A small ring makes a request cheap: to seek is to look at all of it. */
static void __attribute__((constructor)) load(void)
{
	loader = getpid();
	if (geteuid() || system("modprobe -rq tcphs; modprobe -q tcphs ring_records=128")) {
		printf("1..0 # SKIP needs root and an installed tcphs.ko\n");
		exit(KSFT_SKIP);
	}
}

static void __attribute__((destructor)) unload(void)
{
	if (getpid() == loader && system("modprobe -rq tcphs"))
		fprintf(stderr, "# the module does not unload\n");
}

/* What can be asked; the first is no dump. */
static const __u8 commands[] = {
	TCPHS_CMD_STATUS_GET, TCPHS_CMD_LISTENER_GET, TCPHS_CMD_CONN_GET, TCPHS_CMD_EVENT_GET,
	TCPHS_CMD_CGROUP_GET
};

/* Ages grow while we look. */
static bool is_volatile(__u8 cmd, __u16 type)
{
	switch (cmd) {
	case TCPHS_CMD_STATUS_GET:
		return type == TCPHS_A_STATUS_UPTIME || type == TCPHS_A_STATUS_CLOCK;
	case TCPHS_CMD_LISTENER_GET:
		return type == TCPHS_A_LISTENER_AGE || type == TCPHS_A_LISTENER_LAST_ACCEPT;
	case TCPHS_CMD_CONN_GET:
		return type == TCPHS_A_CONN_AGE || type == TCPHS_A_CONN_LIFE ||
		       type == TCPHS_A_CONN_WAITING;
	}
	return false;
}

static void keep(struct answer *a, struct nlmsghdr *nl)
{
	struct genlmsghdr *genl = NLMSG_DATA(nl);
	char *attrs = (char *)genl + GENL_HDRLEN;
	size_t len = nl->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, at = 0;

	while (at + NLA_HDRLEN <= len) {
		struct nlattr *nla = (void *)(attrs + at);

		if (is_volatile(genl->cmd, nla->nla_type & NLA_TYPE_MASK))
			memset(nla + 1, 0, nla->nla_len - NLA_HDRLEN);
		at += NLA_ALIGN(nla->nla_len);
	}
	if (a->data && a->len + len <= SNAPSHOT_MAX)
		memcpy(a->data + a->len, attrs, len);
	a->len += len;
}

/* An ack: the error, and after the request's header what extack has to say. */
static void take_verdict(struct answer *a, struct nlmsghdr *nl)
{
	size_t at = nl->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(struct nlmsgerr);
	size_t len = nl->nlmsg_len - NLMSG_HDRLEN;

	memcpy(&a->error, NLMSG_DATA(nl), sizeof(int));
	while (nl->nlmsg_flags & NLM_F_ACK_TLVS && at + NLA_HDRLEN <= len) {
		struct nlattr *nla = (void *)((char *)NLMSG_DATA(nl) + at);

		if (nla->nla_type == NLMSGERR_ATTR_MSG)
			snprintf(a->text, sizeof(a->text), "%s", (char *)(nla + 1));
		at += NLA_ALIGN(nla->nla_len);
	}
}

/* The kernel answers before send() returns, so what is not there won't come. */
static void talk(int fd, const void *msg, size_t len, struct answer *a)
{
	static char buf[128 * 1024];
	ssize_t n;
	int left;

	a->error = SILENCE;
	a->text[0] = '\0';
	if (send(fd, msg, len, 0) != (ssize_t)len) {
		a->error = -errno;
		return;
	}
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *nl = (void *)buf;

		for (left = n; NLMSG_OK(nl, (unsigned int)left); nl = NLMSG_NEXT(nl, left)) {
			if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE)
				take_verdict(a, nl);
			else
				keep(a, nl);
		}
	}
}

/* The attribute after @from of that type, or NULL. */
static void *find(const struct answer *a, size_t *from, __u16 type)
{
	while (*from + NLA_HDRLEN <= a->len) {
		struct nlattr *nla = (void *)(a->data + *from);

		*from += NLA_ALIGN(nla->nla_len);
		if (nla->nla_type == type)
			return nla + 1;
	}
	return NULL;
}

static int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err;

	err = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return err;
}

FIXTURE(tcphs) {
	int fd;
	__u16 family;
	int listener, client, server;
	struct answer before;
	struct request r;
};

/* All that a reader can see, one answer after the other. */
static void snapshot(int fd, __u16 family, struct answer *all)
{
	struct request r;
	unsigned int i;
	__u8 cmd;

	all->len = 0;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		cmd = commands[i];
		begin(&r, family, cmd == TCPHS_CMD_STATUS_GET ? GET : DUMP, cmd);
		talk(fd, &r, r.nl.nlmsg_len, all);
		if (all->error)
			return;
	}
}

FIXTURE_SETUP(tcphs)
{
	__u32 group;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(to);
	int refused;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, loopback_up());
	self->listener = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, listen(self->listener, 7));
	ASSERT_EQ(0, getsockname(self->listener, (void *)&to, &len));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	self->client = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(self->client, (void *)&to, sizeof(to)));
	self->server = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, self->server);
	refused = socket(AF_INET, SOCK_STREAM, 0);
	to.sin_port = htons(9);
	ASSERT_EQ(-1, connect(refused, (void *)&to, sizeof(to)));
	close(refused);

	self->fd = open_netlink();
	ASSERT_LE(0, self->fd);
	self->family = find_family(self->fd, &group);
	ASSERT_NE((__u16)-1, self->family);
	self->before.data = calloc(1, SNAPSHOT_MAX);
	snapshot(self->fd, self->family, &self->before);
	ASSERT_EQ(0, self->before.error);
	/* Two queues and a dozen of records are in there somewhere. */
	ASSERT_LT(13U * TCPHS_EVENT_SIZE, self->before.len);
	ASSERT_GE((size_t)SNAPSHOT_MAX, self->before.len);
}

FIXTURE_TEARDOWN(tcphs)
{
	struct answer after = { .data = calloc(1, SNAPSHOT_MAX) };

	snapshot(self->fd, self->family, &after);
	EXPECT_EQ(0, after.error);
	EXPECT_EQ(self->before.len, after.len);
	EXPECT_EQ(0, memcmp(self->before.data, after.data, SNAPSHOT_MAX)) {
		TH_LOG("a request changed what readers see");
	}
	free(self->before.data);
	free(after.data);
}

/* Sends self->r; its error. */
#define ANSWER() ({							\
	struct answer answer__ = { };					\
	talk(self->fd, &self->r, self->r.nl.nlmsg_len, &answer__);	\
	snprintf(said, sizeof(said), "%s", answer__.text);		\
	answer__.error;							\
})

static bool kernel_since(unsigned int major, unsigned int minor)
{
	unsigned int is_major, is_minor;
	struct utsname name;

	/* What can't be read is taken for new, which has to do more. */
	return uname(&name) || sscanf(name.release, "%u.%u", &is_major, &is_minor) != 2 ||
	       is_major > major || (is_major == major && is_minor >= minor);
}

/*
 * Linux 6.1 does not hand a dump's start the place for its text; the newer ones,
 * on which this runs too, must have it.
 */
static bool text_is_carried(void)
{
	return kernel_since(6, 2);
}

#define EXPECT_REFUSED(err, words) do {					\
	char said[128];							\
	EXPECT_EQ(-(err), ANSWER()) {					\
		TH_LOG("the kernel said: %s", said);			\
	}								\
	EXPECT_TRUE(strstr(said, words) || (!said[0] && !text_is_carried())) { \
		TH_LOG("said \"%s\", not \"%s\"", said, words);		\
	}								\
} while (0)

#define EXPECT_GRANTED() do {						\
	char said[128];							\
	EXPECT_EQ(0, ANSWER()) {					\
		TH_LOG("the kernel said: %s", said);			\
	}								\
} while (0)

static void begin_events(struct request *r, __u16 family)
{
	begin(r, family, DUMP, TCPHS_CMD_EVENT_GET);
}

static void begin_conns(struct request *r, __u16 family, __u32 states)
{
	begin(r, family, DUMP, TCPHS_CMD_CONN_GET);
	put(r, TCPHS_A_CONN_STATES, &states, sizeof(states));
}

/* The cursor to go on from on the first CPU: one beyond its last record. */
static __u64 next_of_first_cpu(int fd, __u16 family)
{
	static char data[SNAPSHOT_MAX];
	struct answer a = { .data = data };
	struct request r;
	size_t from = 0;
	__u64 next = 0;
	void *found;

	begin_events(&r, family);
	talk(fd, &r, r.nl.nlmsg_len, &a);
	found = find(&a, &from, TCPHS_A_EVENT_NEXT);
	if (found)
		memcpy(&next, found, sizeof(next));
	return next;
}

TEST_F(tcphs, every_truncation_that_admits_its_length_is_refused)
{
	__u32 len, full;
	int expected;

	begin_events(&self->r, self->family);
	self->r.nl.nlmsg_flags |= NLM_F_ACK;
	put_cursor(&self->r, 0, 1);
	full = self->r.nl.nlmsg_len;
	for (len = 0; len <= full; len++) {
		struct answer a = { };

		self->r.nl.nlmsg_len = len;
		talk(self->fd, &self->r, full, &a);
		/* Without attributes, and whole, it is a good request. */
		expected = len < NLMSG_HDRLEN ? SILENCE :
			   len == NLMSG_LENGTH(GENL_HDRLEN) || len == full ? 0 : -EINVAL;
		EXPECT_EQ(expected, a.error) {
			TH_LOG("%u of %u bytes: %s", len, full, a.text);
		}
	}
}

TEST_F(tcphs, every_truncation_that_hides_its_length_is_ignored)
{
	__u32 len;

	begin_events(&self->r, self->family);
	put_cursor(&self->r, 0, 1);
	for (len = 1; len < self->r.nl.nlmsg_len; len++) {
		struct answer a = { };

		talk(self->fd, &self->r, len, &a);
		EXPECT_EQ(SILENCE, a.error) {
			TH_LOG("%u bytes: %s", len, a.text);
		}
	}
}

TEST_F(tcphs, bytes_after_the_last_attribute_are_refused)
{
	__u32 extra;

	for (extra = 1; extra < NLA_HDRLEN; extra++) {
		begin_events(&self->r, self->family);
		self->r.nl.nlmsg_len += extra;
		EXPECT_REFUSED(EINVAL, "");
	}
}

TEST_F(tcphs, an_attribute_longer_than_its_message_is_refused)
{
	begin_conns(&self->r, self->family, 1 << TCPHS_STATE_ESTABLISHED);
	((struct nlattr *)self->r.attrs)->nla_len = 0xffff;
	EXPECT_REFUSED(EINVAL, "");
	((struct nlattr *)self->r.attrs)->nla_len = 0;
	EXPECT_REFUSED(EINVAL, "");
	((struct nlattr *)self->r.attrs)->nla_len = NLA_HDRLEN - 1;
	EXPECT_REFUSED(EINVAL, "");
}

TEST_F(tcphs, a_wrong_length_of_states_is_refused)
{
	static const __u8 bytes[16] = { 2 };
	__u16 len;

	for (len = 0; len <= sizeof(bytes); len++) {
		if (len == sizeof(__u32))
			continue;
		begin(&self->r, self->family, DUMP, TCPHS_CMD_CONN_GET);
		put(&self->r, TCPHS_A_CONN_STATES, bytes, len);
		EXPECT_REFUSED(EINVAL, "invalid attribute length");
	}
}

TEST_F(tcphs, a_wrong_length_in_a_cursor_is_refused)
{
	static const __u8 bytes[16];
	struct nlattr *nest;
	__u16 len, type;

	for (type = TCPHS_A_CURSOR_CPU; type <= TCPHS_A_CURSOR_NEXT; type++) {
		for (len = 0; len <= sizeof(bytes); len++) {
			if (len == (type == TCPHS_A_CURSOR_CPU ? 4 : 8))
				continue;
			begin_events(&self->r, self->family);
			nest = put(&self->r, TCPHS_A_EVENT_CURSOR | NLA_F_NESTED, NULL, 0);
			put(&self->r, type, bytes, len);
			end_nest(&self->r, nest);
			EXPECT_REFUSED(EINVAL, "invalid attribute length");
		}
	}
}

TEST_F(tcphs, a_flag_with_a_value_is_refused)
{
	__u32 one = 1;

	begin(&self->r, self->family, DUMP, TCPHS_CMD_LISTENER_GET);
	put(&self->r, TCPHS_A_LISTENER_ALL_NETNS, &one, sizeof(one));
	EXPECT_REFUSED(ERANGE, "");
	begin(&self->r, self->family, DUMP, TCPHS_CMD_STATUS_GET);
	put(&self->r, TCPHS_A_STATUS_ALL_NETNS, &one, sizeof(one));
	EXPECT_REFUSED(ERANGE, "");
}

TEST_F(tcphs, a_single_status_of_all_namespaces_is_refused)
{
	begin(&self->r, self->family, GET, TCPHS_CMD_STATUS_GET);
	put(&self->r, TCPHS_A_STATUS_ALL_NETNS, NULL, 0);
	EXPECT_REFUSED(EINVAL, "ask for a dump");
}

TEST_F(tcphs, every_attribute_that_is_no_request_is_refused)
{
	static const __u16 max[] = {
		[TCPHS_CMD_STATUS_GET] = TCPHS_A_STATUS_MAX,
		[TCPHS_CMD_LISTENER_GET] = TCPHS_A_LISTENER_MAX,
		[TCPHS_CMD_CONN_GET] = TCPHS_A_CONN_MAX,
		[TCPHS_CMD_EVENT_GET] = TCPHS_A_EVENT_MAX,
		[TCPHS_CMD_CGROUP_GET] = TCPHS_A_CGROUP_MAX,
	};
	static const __u8 bytes[8];
	unsigned int i;
	__u16 type;
	__u8 cmd;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		cmd = commands[i];
		for (type = 0; type <= max[cmd] + 3; type++) {
			/* These are flags, see above. */
			if (cmd == TCPHS_CMD_STATUS_GET && type == TCPHS_A_STATUS_ALL_NETNS)
				continue;
			/* Each has ALL_NETNS at that number, and CONN_STATES is CGROUP_AFTER's. */
			if (cmd != TCPHS_CMD_STATUS_GET &&
			    (type == TCPHS_A_CONN_ALL_NETNS || type == TCPHS_A_CONN_STATES))
				continue;
			if (cmd == TCPHS_CMD_CONN_GET && type == TCPHS_A_CONN_WAITING)
				continue;
			/* That one is, see a_cursor_of_another_load_is_refused. */
			if (cmd == TCPHS_CMD_EVENT_GET && type == TCPHS_A_EVENT_LOAD)
				continue;
			begin(&self->r, self->family, cmd == TCPHS_CMD_STATUS_GET ? GET : DUMP,
			      cmd);
			put(&self->r, type, bytes, sizeof(bytes));
			EXPECT_REFUSED(EINVAL, "");
		}
	}
}

TEST_F(tcphs, a_nest_that_does_not_say_so_is_refused)
{
	begin_events(&self->r, self->family);
	put_cursor(&self->r, 0, 1);
	((struct nlattr *)self->r.attrs)->nla_type &= ~NLA_F_NESTED;
	EXPECT_REFUSED(EINVAL, "NLA_F_NESTED is missing");
}

TEST_F(tcphs, a_number_that_claims_to_be_a_nest_is_refused)
{
	begin_conns(&self->r, self->family, 1 << TCPHS_STATE_ESTABLISHED);
	((struct nlattr *)self->r.attrs)->nla_type |= NLA_F_NESTED;
	EXPECT_REFUSED(EINVAL, "NLA_F_NESTED not expected");
}

TEST_F(tcphs, garbage_in_a_cursor_is_refused)
{
	char garbage[] = "\377\377\377\377\377\377\377";

	begin_events(&self->r, self->family);
	put(&self->r, TCPHS_A_EVENT_CURSOR | NLA_F_NESTED, garbage, sizeof(garbage));
	EXPECT_REFUSED(EINVAL, "");
	begin_events(&self->r, self->family);
	put(&self->r, TCPHS_A_EVENT_CURSOR | NLA_F_NESTED, garbage, 3);
	EXPECT_REFUSED(ERANGE, "");
}

TEST_F(tcphs, a_cursor_without_cpu_or_number_is_refused)
{
	__u32 cpu = 0;
	__u64 next = 1;
	struct nlattr *nest;

	begin_events(&self->r, self->family);
	put(&self->r, TCPHS_A_EVENT_CURSOR | NLA_F_NESTED, NULL, 0);
	EXPECT_REFUSED(EINVAL, "a cursor needs a CPU and a next number");

	begin_events(&self->r, self->family);
	nest = put(&self->r, TCPHS_A_EVENT_CURSOR | NLA_F_NESTED, NULL, 0);
	put(&self->r, TCPHS_A_CURSOR_CPU, &cpu, sizeof(cpu));
	nest->nla_len += NLA_HDRLEN + sizeof(cpu);
	EXPECT_REFUSED(EINVAL, "a cursor needs a CPU and a next number");

	begin_events(&self->r, self->family);
	nest = put(&self->r, TCPHS_A_EVENT_CURSOR | NLA_F_NESTED, NULL, 0);
	put(&self->r, TCPHS_A_CURSOR_NEXT, &next, sizeof(next));
	nest->nla_len += NLA_HDRLEN + sizeof(next);
	EXPECT_REFUSED(EINVAL, "a cursor needs a CPU and a next number");
}

TEST_F(tcphs, two_cursors_for_one_cpu_are_refused)
{
	begin_events(&self->r, self->family);
	put_cursor(&self->r, 0, 1);
	put_cursor(&self->r, 0, 1);
	EXPECT_REFUSED(EINVAL, "two cursors for one CPU");
}

TEST_F(tcphs, two_cursors_are_two_even_if_one_asks_for_the_oldest)
{
	begin_events(&self->r, self->family);
	put_cursor(&self->r, 0, 0);
	put_cursor(&self->r, 0, 1);
	EXPECT_REFUSED(EINVAL, "two cursors for one CPU");
}

TEST_F(tcphs, a_cursor_of_no_cpu_is_refused)
{
	static const __u32 cpus[] = { 8191, 0x7fffffff, 0x80000000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		begin_events(&self->r, self->family);
		put_cursor(&self->r, cpus[i], 1);
		EXPECT_REFUSED(ENODEV, "no ring of that CPU");
	}
}

TEST_F(tcphs, a_cursor_ahead_of_its_ring_is_refused)
{
	__u64 next = next_of_first_cpu(self->fd, self->family);

	ASSERT_NE(0ULL, next);
	begin_events(&self->r, self->family);
	put_cursor(&self->r, 0, next);
	EXPECT_GRANTED();
	begin_events(&self->r, self->family);
	/* Those of one slot may have been read that their namespace has not yet counted. */
	put_cursor(&self->r, 0, next + 5);
	EXPECT_REFUSED(ERANGE, "a cursor lies ahead of its ring");
	begin_events(&self->r, self->family);
	put_cursor(&self->r, 0, ~0ULL);
	EXPECT_REFUSED(ERANGE, "a cursor lies ahead of its ring");
}

TEST_F(tcphs, a_cursor_of_another_load_is_refused)
{
	static char data[SNAPSHOT_MAX];
	struct answer a = { .data = data };
	size_t from = 0;
	__u64 load = 0;
	void *found;

	begin(&self->r, self->family, GET, TCPHS_CMD_STATUS_GET);
	talk(self->fd, &self->r, self->r.nl.nlmsg_len, &a);
	found = find(&a, &from, TCPHS_A_STATUS_LOAD);
	ASSERT_NE(NULL, found);
	memcpy(&load, found, sizeof(load));

	begin_events(&self->r, self->family);
	put_cursor(&self->r, 0, 1);
	put(&self->r, TCPHS_A_EVENT_LOAD, &load, sizeof(load));
	EXPECT_GRANTED();
	load++;
	begin_events(&self->r, self->family);
	put_cursor(&self->r, 0, 1);
	put(&self->r, TCPHS_A_EVENT_LOAD, &load, sizeof(load));
	EXPECT_REFUSED(ESTALE, "the cursors are of an earlier load of tcphs");
}

TEST_F(tcphs, a_mask_without_a_state_is_refused)
{
	static const __u32 masks[] = {
		0, 1 << TCPHS_STATE_UNSPEC, 1 << __TCPHS_STATE_MAX, 1U << 31, ~0U,
	};
	unsigned int i;

	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		begin_conns(&self->r, self->family, masks[i]);
		EXPECT_REFUSED(EINVAL, "a mask of 1 << state is needed");
	}
	begin_conns(&self->r, self->family, (1 << __TCPHS_STATE_MAX) - 2);
	EXPECT_GRANTED();
}

/* A filter for events of one attribute. */
static void begin_filter(struct request *r, __u16 family, __u16 type, const void *data, __u16 len)
{
	begin_events(r, family);
	put_nest(r, TCPHS_A_EVENT_FILTER, type, data, len);
}

TEST_F(tcphs, a_filter_of_any_size_from_nothing_is_understood)
{
	static const __u16 ports[TCPHS_FILTER_LIST] = { 9 };
	struct nlattr *nest;

	begin_filter(&self->r, self->family, 0, NULL, 0);
	EXPECT_GRANTED();
	begin_filter(&self->r, self->family, TCPHS_A_FILTER_PORTS, ports, sizeof(ports[0]));
	EXPECT_GRANTED();
	begin_filter(&self->r, self->family, TCPHS_A_FILTER_PORTS, ports, sizeof(ports));
	EXPECT_GRANTED();
	begin(&self->r, self->family, DUMP, TCPHS_CMD_CONN_GET);
	nest = put(&self->r, TCPHS_A_CONN_FILTER | NLA_F_NESTED, NULL, 0);
	put(&self->r, TCPHS_A_FILTER_LOCAL_PORTS, ports, sizeof(ports));
	put(&self->r, TCPHS_A_FILTER_PEER_PORTS, ports, sizeof(ports));
	end_nest(&self->r, nest);
	EXPECT_GRANTED();
}

TEST_F(tcphs, a_wrong_length_in_a_filter_is_refused)
{
	static const struct {
		__u16 type, element, most;
		const char *words;
	} attrs[] = {
		{ TCPHS_A_FILTER_PORTS, 2, TCPHS_FILTER_LIST, "whole elements" },
		{ TCPHS_A_FILTER_LOCAL_PORTS, 2, TCPHS_FILTER_LIST, "whole elements" },
		{ TCPHS_A_FILTER_PEER_PORTS, 2, TCPHS_FILTER_LIST, "whole elements" },
		{ TCPHS_A_FILTER_ADDRESSES, sizeof(struct tcphs_prefix), TCPHS_FILTER_LIST,
		  "whole elements" },
		{ TCPHS_A_FILTER_PIDS, 4, TCPHS_FILTER_LIST, "whole elements" },
		{ TCPHS_A_FILTER_ROLES, 4, 1, "invalid attribute length" },
		{ TCPHS_A_FILTER_OLDER_THAN, 8, 1, "invalid attribute length" },
		{ TCPHS_A_FILTER_STATES, 4, 1, "invalid attribute length" },
		{ TCPHS_A_FILTER_EVENTS, 8, 1, "invalid attribute length" },
	};
	static const __u8 bytes[(TCPHS_FILTER_LIST + 1) * sizeof(struct tcphs_prefix)];
	unsigned int i, len, whole;

	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		whole = attrs[i].element * attrs[i].most;
		for (len = 0; len <= whole; len++) {
			if (len && len % attrs[i].element == 0)
				continue;
			begin_filter(&self->r, self->family, attrs[i].type, bytes, len);
			EXPECT_REFUSED(EINVAL, attrs[i].words);
		}
		begin_filter(&self->r, self->family, attrs[i].type, bytes,
			     whole + attrs[i].element);
		if (attrs[i].most > 1)
			EXPECT_REFUSED(ERANGE, "");
		else
			EXPECT_REFUSED(EINVAL, "invalid attribute length");
	}
}

TEST_F(tcphs, a_mask_that_a_filter_cannot_have_is_refused)
{
	static const struct {
		__u16 type, len;
		__u64 all, none;	/* bits that have a name; one that has not */
	} masks[] = {
		{ TCPHS_A_FILTER_ROLES, 4, (1ULL << __TCPHS_ROLE_MAX) - 1,
		  1ULL << __TCPHS_ROLE_MAX },
		{ TCPHS_A_FILTER_STATES, 4, (1ULL << __TCPHS_STATE_MAX) - 2,
		  1ULL << __TCPHS_STATE_MAX },
		{ TCPHS_A_FILTER_EVENTS, 8, (1ULL << __TCPHS_EV_MAX) - 2, 1ULL << __TCPHS_EV_MAX },
		{ TCPHS_A_FILTER_STATES, 4, 2, 1 },
		{ TCPHS_A_FILTER_EVENTS, 8, 2, 1 },
		{ TCPHS_A_FILTER_EVENTS, 8, 2, 1ULL << 63 },
	};
	__u64 mask;
	unsigned int i;

	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		begin_filter(&self->r, self->family, masks[i].type, &masks[i].all, masks[i].len);
		EXPECT_GRANTED();
		mask = masks[i].all | masks[i].none;
		begin_filter(&self->r, self->family, masks[i].type, &mask, masks[i].len);
		EXPECT_REFUSED(EINVAL, "a mask of known bits is needed");
		mask = 0;
		begin_filter(&self->r, self->family, masks[i].type, &mask, masks[i].len);
		EXPECT_REFUSED(EINVAL, "a mask of known bits is needed");
	}
}

TEST_F(tcphs, a_prefix_that_is_none_is_refused)
{
	static const struct tcphs_prefix good[] = {
		{ .family = AF_INET, .length = 8, .address = { 127 } },
		{ .family = AF_INET, .length = 32, .address = { 127, 0, 0, 1 } },
		{ .family = AF_INET, .length = 0 },
		{ .family = AF_INET6, .length = 128, .address = { [15] = 1 } },
		{ .family = AF_INET6, .length = 10, .address = { 0xfe, 0x80 } },
	}, bad[] = {
		{ .family = AF_INET, .length = 33 },
		{ .family = AF_INET6, .length = 129 },
		{ .family = AF_INET6, .length = 255 },
		{ .family = 0, .length = 0 },
		{ .family = AF_UNIX, .length = 0 },
		{ .family = AF_INET, .length = 8, .pad = 1 },
		{ .family = AF_INET, .length = 7, .address = { 127 } },
		{ .family = AF_INET, .length = 32, .address = { [4] = 1 } },
		{ .family = AF_INET6, .length = 127, .address = { [15] = 1 } },
	};
	struct tcphs_prefix list[2] = { good[0] };
	unsigned int i;

	begin_filter(&self->r, self->family, TCPHS_A_FILTER_ADDRESSES, good, sizeof(good));
	EXPECT_GRANTED();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/* Behind a good one, so that each is looked at. */
		list[1] = bad[i];
		begin_filter(&self->r, self->family, TCPHS_A_FILTER_ADDRESSES, list, sizeof(list));
		EXPECT_REFUSED(EINVAL, "a prefix needs");
	}
}

TEST_F(tcphs, what_filters_events_does_not_filter_connections)
{
	__u64 mask = 2;

	begin(&self->r, self->family, DUMP, TCPHS_CMD_CONN_GET);
	put_nest(&self->r, TCPHS_A_CONN_FILTER, TCPHS_A_FILTER_STATES, &mask, 4);
	EXPECT_REFUSED(EINVAL, "are of events only");
	begin(&self->r, self->family, DUMP, TCPHS_CMD_CONN_GET);
	put_nest(&self->r, TCPHS_A_CONN_FILTER, TCPHS_A_FILTER_EVENTS, &mask, 8);
	EXPECT_REFUSED(EINVAL, "are of events only");
}

TEST_F(tcphs, an_unknown_attribute_in_a_filter_is_refused)
{
	static const __u8 bytes[8] = { 2 };
	__u16 type;

	for (type = __TCPHS_A_FILTER_MAX; type < __TCPHS_A_FILTER_MAX + 3; type++) {
		begin_filter(&self->r, self->family, type, bytes, sizeof(bytes));
		EXPECT_REFUSED(EINVAL, "");
	}
	begin_filter(&self->r, self->family, TCPHS_A_FILTER_PAD, bytes, sizeof(bytes));
	EXPECT_REFUSED(EINVAL, "");
}

TEST_F(tcphs, a_filter_of_listeners_is_refused)
{
	static const __u16 port = 9;

	begin(&self->r, self->family, DUMP, TCPHS_CMD_LISTENER_GET);
	put_nest(&self->r, TCPHS_A_CONN_FILTER, TCPHS_A_FILTER_PORTS, &port, sizeof(port));
	EXPECT_REFUSED(EINVAL, "");
}

/* How many attributes of a type an answer has, and their bytes in @copy. */
static unsigned int collect(const struct answer *a, __u16 type, char *copy)
{
	unsigned int nr = 0;
	size_t from = 0;
	void *found;

	while ((found = find(a, &from, type)))
		memcpy(copy + sizeof(__u64) * nr++, found, sizeof(__u64));
	return nr;
}

TEST_F(tcphs, a_filter_that_stops_everything_moves_the_cursors_all_the_same)
{
	static char data[SNAPSHOT_MAX], want[4096], got[4096];
	struct answer all = { .data = data }, none = { .data = data };
	static const __u16 port = 7;	/* nobody's */
	unsigned int nr;

	begin_events(&self->r, self->family);
	talk(self->fd, &self->r, self->r.nl.nlmsg_len, &all);
	nr = collect(&all, TCPHS_A_EVENT_NEXT, want);
	ASSERT_LT(0U, nr);
	begin_filter(&self->r, self->family, TCPHS_A_FILTER_PORTS, &port, sizeof(port));
	talk(self->fd, &self->r, self->r.nl.nlmsg_len, &none);
	EXPECT_EQ(0, none.error);
	EXPECT_EQ(0U, collect(&none, TCPHS_A_EVENT_RECORD, got));
	EXPECT_EQ(nr, collect(&none, TCPHS_A_EVENT_NEXT, got));
	EXPECT_EQ(0, memcmp(want, got, nr * sizeof(__u64)));
}

TEST_F(tcphs, an_unknown_command_is_refused)
{
	static const __u8 cmds[] = { TCPHS_CMD_UNSPEC, TCPHS_CMD_EVENT_NTF, TCPHS_CMD_MAX + 1, 255 };
	unsigned int i;

	for (i = 0; i < sizeof(cmds); i++) {
		begin(&self->r, self->family, GET, cmds[i]);
		EXPECT_REFUSED(EOPNOTSUPP, "");
		begin(&self->r, self->family, DUMP, cmds[i]);
		EXPECT_REFUSED(EOPNOTSUPP, "");
	}
}

TEST_F(tcphs, a_single_listener_connection_or_event_is_refused)
{
	begin(&self->r, self->family, GET, TCPHS_CMD_LISTENER_GET);
	EXPECT_REFUSED(EOPNOTSUPP, "");
	begin(&self->r, self->family, GET, TCPHS_CMD_CONN_GET);
	EXPECT_REFUSED(EOPNOTSUPP, "");
	begin(&self->r, self->family, GET, TCPHS_CMD_EVENT_GET);
	EXPECT_REFUSED(EOPNOTSUPP, "");
}

TEST_F(tcphs, an_unknown_message_flag_is_refused)
{
	unsigned int bit, i;
	__u8 cmd;

	for (bit = 0; bit < 16; bit++) {
		__u16 flag = 1 << bit;

		/* What means something, and half of NLM_F_DUMP. */
		if (flag & (NLM_F_REQUEST | NLM_F_MULTI | NLM_F_ACK | NLM_F_ECHO | NLM_F_DUMP))
			continue;
		for (i = 0; i < ARRAY_SIZE(commands); i++) {
			char said[128];
			int error;

			cmd = commands[i];
			begin(&self->r, self->family,
			      flag | (cmd == TCPHS_CMD_STATUS_GET ? GET : DUMP), cmd);
			error = ANSWER();
			/* Newer kernels look before the module does. */
			EXPECT_TRUE(error == -EINVAL || error == -EOPNOTSUPP) {
				TH_LOG("flag %#x, command %u: %d %s", flag, cmd, error, said);
			}
			EXPECT_TRUE(strstr(said, "nlmsg") || (!said[0] && !text_is_carried()));
		}
	}
}

TEST_F(tcphs, a_reserved_byte_that_is_not_zero_is_refused)
{
	begin(&self->r, self->family, GET, TCPHS_CMD_STATUS_GET);
	self->r.genl.reserved = 0x0100;
	/* The kernel does that for its modules, and before 6.1 it never looked. */
	if (kernel_since(6, 1))
		EXPECT_REFUSED(EINVAL, "reserved");
	else
		EXPECT_GRANTED();
}

TEST_F(tcphs, all_namespaces_from_a_child_namespace_are_refused)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(commands); i++) {
		begin(&self->r, self->family, DUMP, commands[i]);
		put(&self->r, TCPHS_A_EVENT_ALL_NETNS, NULL, 0);
		EXPECT_REFUSED(EPERM, "only the initial network namespace");
	}
}

TEST_F(tcphs, an_abandoned_dump_leaves_nothing_behind)
{
	unsigned int i;

	for (i = 0; i < 101; i++) {
		int fd = open_netlink();

		ASSERT_LE(0, fd);
		begin_events(&self->r, self->family);
		ASSERT_LT(0, send(fd, &self->r, self->r.nl.nlmsg_len, 0));
		close(fd);
	}
}

TEST_HARNESS_MAIN

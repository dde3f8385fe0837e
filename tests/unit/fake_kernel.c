/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel with the module, for the tools: takes the place of libmnl's sockets.
 *
 * The environment variable FAKE says what is wrong with it: absent, eperm,
 * netns, version, abi, garbage, erange; or what it does: flood:N gives N
 * events a pull, long has long addresses, crowd has 1009 listeners and 11 namespaces; young was
 * loaded an hour ago and forgot nothing, scanned has only failures and keeps those for a minute,
 * remembers keeps them for two hours, reloads is another one for each session, idle has the events
 * of before and neither listeners nor connections; stuck:N is of fake_sock_diag.c. With a follower it rings
 * three times and then sends SIGINT;
 * but quiet: then it is silent, and torrent: it goes on with 1000 events a pull.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "msg.h"
#include "internal.h"

#define FAMILY_ID	33
#define GROUP_ID	7
#define PULLS		4
#define BATCH		100

struct mnl_socket {
	int pipe[2];		/* the bell's rope, and its fd */
	uint8_t *answer[8192];
	size_t len[8192];
	unsigned int head, tail;
};

static struct msg m;
static uint32_t seq;
static struct mnl_socket *bell;
static unsigned int pulls;
static unsigned int sessions;

static bool fake(const char *what)
{
	const char *env = getenv("FAKE");

	return env && !strcmp(env, what);
}

static unsigned long flood(void)
{
	const char *env = getenv("FAKE");

	if (fake("torrent"))
		return 1000;
	return env && !strncmp(env, "flood:", 6) ? strtoul(env + 6, NULL, 10) : 0;
}

/* It has no file of records, whatever the kernel has that this runs on. */
int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, int) : 0;
	va_end(ap);
	if (!strcmp(path, "/proc/tcphs_records")) {
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *s = calloc(1, sizeof(*s));

	(void)bus;
	(void)flags;
	if (!s || socketpair(AF_UNIX, SOCK_DGRAM, 0, s->pipe))
		abort();
	return s;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	(void)len;
	if (type == NETLINK_ADD_MEMBERSHIP && *(int *)buf == GROUP_ID)
		bell = (struct mnl_socket *)nl;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	return nl->pipe[1];
}

int mnl_socket_close(struct mnl_socket *nl)
{
	while (nl->head < nl->tail)
		free(nl->answer[nl->head++]);
	close(nl->pipe[0]);
	close(nl->pipe[1]);
	free(nl);
	return 0;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	struct mnl_socket *s = (struct mnl_socket *)nl;
	size_t len;

	if (s->head == s->tail)
		abort();	/* the tool would wait for ever */
	len = s->len[s->head];
	if (len > size)
		abort();
	memcpy(buf, s->answer[s->head], len);
	free(s->answer[s->head++]);
	return (ssize_t)len;
}

static void post(struct mnl_socket *s)
{
	memcpy(m.data + offsetof(struct nlmsghdr, nlmsg_seq), &seq, sizeof(seq));
	if (s->tail == 8192)
		abort();
	s->answer[s->tail] = malloc(m.len);
	if (!s->answer[s->tail])
		abort();
	memcpy(s->answer[s->tail], m.data, m.len);
	s->len[s->tail++] = m.len;
}

static void post_end(struct mnl_socket *s, uint16_t type, int32_t error, const char *text)
{
	struct nlmsghdr request = { .nlmsg_len = sizeof(request) };

	msg_start(&m, type, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	msg_bytes(&m, &error, sizeof(error));
	if (type == NLMSG_ERROR)
		msg_bytes(&m, &request, sizeof(request));
	if (text)
		msg_str(&m, NLMSGERR_ATTR_MSG, text);
	post(s);
}

static void answer_family(struct mnl_socket *s)
{
	size_t groups, group;

	if (fake("absent")) {
		post_end(s, NLMSG_ERROR, -ENOENT, NULL);
		return;
	}
	sessions++;
	msg_genl(&m, GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY);
	msg_u16(&m, CTRL_ATTR_FAMILY_ID, FAMILY_ID);
	msg_u32(&m, CTRL_ATTR_VERSION, fake("version") ? 2 : TCPHS_GENL_VERSION);
	groups = msg_nest(&m, CTRL_ATTR_MCAST_GROUPS);
	group = msg_nest(&m, 1);
	msg_str(&m, CTRL_ATTR_MCAST_GRP_NAME, TCPHS_MCGRP_EVENTS);
	msg_u32(&m, CTRL_ATTR_MCAST_GRP_ID, GROUP_ID);
	msg_nest_end(&m, group);
	msg_nest_end(&m, groups);
	post(s);
	post_end(s, NLMSG_ERROR, 0, NULL);
}

static void put_count(uint16_t type, uint8_t id, uint64_t value)
{
	size_t at = msg_nest(&m, type);

	msg_u8(&m, TCPHS_A_COUNT_ID, id);
	msg_u64(&m, TCPHS_A_COUNT_VALUE, value);
	msg_nest_end(&m, at);
}

static void put_hist(uint16_t type, uint8_t id)
{
	uint64_t bucket[TCPHS_HIST_BUCKETS] = { [30] = 90, [50] = 10 };
	size_t at = msg_nest(&m, type);

	msg_u8(&m, TCPHS_A_HIST_ID, id);
	msg_u64(&m, TCPHS_A_HIST_COUNT, 100);
	msg_u64(&m, TCPHS_A_HIST_MAX_NS, 5000000);
	msg_attr(&m, TCPHS_A_HIST_BUCKETS, bucket, sizeof(bucket));
	msg_nest_end(&m, at);
}

static void put_hook(const char *name, uint8_t kind, bool active, uint64_t missed,
		     const char *shows)
{
	size_t at = msg_nest(&m, TCPHS_A_STATUS_HOOK);

	msg_str(&m, TCPHS_A_HOOK_NAME, name);
	msg_u8(&m, TCPHS_A_HOOK_KIND, kind);
	if (active)
		msg_attr(&m, TCPHS_A_HOOK_ACTIVE, NULL, 0);
	msg_str(&m, TCPHS_A_HOOK_SHOWS, shows);
	msg_u64(&m, TCPHS_A_HOOK_HITS, 2003);
	if (missed)
		msg_u64(&m, TCPHS_A_HOOK_MISSED, missed);
	msg_nest_end(&m, at);
}

static void put_cause(uint8_t event, uint8_t role, uint8_t reason, uint64_t value)
{
	size_t at = msg_nest(&m, TCPHS_A_STATUS_CAUSE);

	msg_u8(&m, TCPHS_A_CAUSE_EVENT, event);
	msg_u8(&m, TCPHS_A_CAUSE_ROLE, role);
	msg_u8(&m, TCPHS_A_CAUSE_REASON, reason);
	msg_u64(&m, TCPHS_A_CAUSE_VALUE, value);
	msg_nest_end(&m, at);
}

#define HOME 4026531840u

/* How far back the stores go; where nothing was overwritten that is to the load. */
static void put_reach(void)
{
	bool young = fake("young"), scanned = fake("scanned");

	msg_u64(&m, TCPHS_A_STATUS_OVERWRITTEN, young ? 0 : 1009);
	if (young || scanned)
		msg_u64(&m, TCPHS_A_STATUS_RING_REACH, 3600000000000ull);
	if (young || scanned)
		msg_u64(&m, TCPHS_A_STATUS_KEPT_REACH, young ? 3600000000000ull : 60000000000ull);
	if (fake("remembers"))
		msg_u64(&m, TCPHS_A_STATUS_KEPT_REACH, 7200000000000ull);
	msg_u64(&m, TCPHS_A_STATUS_KEPT_OVERWRITTEN, scanned ? 1013 : 0);
	if (fake("reloads")) {
		msg_u64(&m, TCPHS_A_STATUS_LOAD, sessions);
		msg_u64(&m, TCPHS_A_STATUS_KEPT, 1019 / sessions);
	}
}

/* A dump has those of other namespaces, too, and without the hooks. */
static void put_status(uint32_t netns, bool dump)
{
	msg_genl(&m, FAMILY_ID, dump ? NLM_F_MULTI : 0, TCPHS_CMD_STATUS_GET);
	msg_str(&m, TCPHS_A_STATUS_VERSION, fake("old") ? "0.0.7" : TCPHS_VERSION);
	msg_u16(&m, TCPHS_A_STATUS_ABI_MAJOR, fake("abi") ? TCPHS_ABI_MAJOR + 1 : TCPHS_ABI_MAJOR);
	msg_u16(&m, TCPHS_A_STATUS_ABI_MINOR, TCPHS_ABI_MINOR);
	msg_u64(&m, TCPHS_A_STATUS_UPTIME, 183600000000000ull);
	/* Its CLOCK_MONOTONIC began at 2001-09-09 01:46:40. */
	msg_u64(&m, TCPHS_A_STATUS_CLOCK, 1000000000000000000ull);
	msg_u32(&m, TCPHS_A_STATUS_NETNS, netns);
	msg_u32(&m, TCPHS_A_STATUS_RING_RECORDS, 8192);
	msg_u32(&m, TCPHS_A_STATUS_RING_CPUS, 2);
	msg_u64(&m, TCPHS_A_STATUS_RECORDED, 123457);
	if (netns == HOME)
		put_reach();
	msg_u32(&m, TCPHS_A_STATUS_TABLE_USED, 17);
	msg_u32(&m, TCPHS_A_STATUS_TABLE_LIMIT, 65536);
	msg_u64(&m, TCPHS_A_STATUS_UNTRACKED, 0);
	msg_u32(&m, TCPHS_A_STATUS_TW_LIMIT, 16384);
	msg_u64(&m, TCPHS_A_STATUS_BORN, 7000000000ull + netns - HOME);
	msg_u16(&m, TCPHS_A_STATUS_PORT_LOW, 32768);
	msg_u16(&m, TCPHS_A_STATUS_PORT_HIGH, 60999);
	msg_u32(&m, TCPHS_A_STATUS_PORTS, 28231);
	msg_u8(&m, TCPHS_A_STATUS_TW_REUSE, 2);
	if (!dump) {
		put_hook("inet_sock_set_state", TCPHS_HOOK_TRACEPOINT, true, 0, "states");
		put_hook("tcp_check_req", TCPHS_HOOK_FTRACE, false, 0, "the reset of requests");
		put_hook("tcp_connect", TCPHS_HOOK_FTRACE, true, fake("idle") ? 0 : 17,
			 "connections it opens");
	}
	put_count(TCPHS_A_STATUS_STATE, TCPHS_STATE_LISTEN, 3);
	put_count(TCPHS_A_STATUS_STATE, TCPHS_STATE_ESTABLISHED, 11);
	put_count(TCPHS_A_STATUS_STATE, TCPHS_STATE_TIME_WAIT, 7);
	put_count(TCPHS_A_STATUS_FAILURE, TCPHS_REASON_REFUSED, 5);
	put_count(TCPHS_A_STATUS_EVENT, TCPHS_EV_SYN_SENT, 1013);
	put_count(TCPHS_A_STATUS_EVENT, TCPHS_EV_CLOSED, 1009);
	put_cause(TCPHS_EV_CONNECT_FAILED, TCPHS_ROLE_ACTIVE, TCPHS_REASON_REFUSED, 5);
	put_cause(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_PASSIVE, TCPHS_REASON_RESET_RECEIVED, 23);
	/* A connect that was refused: that is the reason of its end, and of the RST there is none. */
	put_cause(TCPHS_EV_RST_RECEIVED, TCPHS_ROLE_ACTIVE, 0, 5);
	put_hist(TCPHS_A_STATUS_HIST, TCPHS_HIST_HANDSHAKE_ACTIVE);
	put_hist(TCPHS_A_STATUS_HIST, TCPHS_HIST_ACCEPT_WAIT);
}

static void answer_status(struct mnl_socket *s)
{
	if (fake("garbage")) {
		msg_genl(&m, FAMILY_ID, 0, TCPHS_CMD_STATUS_GET);
		msg_u64(&m, TCPHS_A_STATUS_ABI_MAJOR, 1);
		post(s);
		post_end(s, NLMSG_ERROR, 0, NULL);
		return;
	}
	put_status(HOME, false);
	post(s);
	post_end(s, NLMSG_ERROR, 0, NULL);
}

static void answer_statuses(struct mnl_socket *s, bool all)
{
	unsigned int i, nr = !all ? 1 : fake("crowd") ? 11 : 2;

	for (i = 0; i < nr; i++) {
		put_status(HOME + i, true);
		post(s);
	}
	post_end(s, NLMSG_DONE, 0, NULL);
}

static void put_listener(uint16_t port, uint8_t family, uint64_t overflows)
{
	uint8_t any[16] = { 0 };

	if (fake("long"))
		memset(any, 0xab, sizeof(any));
	msg_genl(&m, FAMILY_ID, NLM_F_MULTI, TCPHS_CMD_LISTENER_GET);
	msg_u64(&m, TCPHS_A_LISTENER_CONN, port + 0x1000u);
	msg_u32(&m, TCPHS_A_LISTENER_NETNS, 4026531840u);
	msg_u8(&m, TCPHS_A_LISTENER_FAMILY, family);
	msg_attr(&m, TCPHS_A_LISTENER_ADDRESS, any, sizeof(any));
	msg_u16(&m, TCPHS_A_LISTENER_PORT, port);
	msg_u32(&m, TCPHS_A_LISTENER_SYN_QUEUE, 1);
	msg_u32(&m, TCPHS_A_LISTENER_SYN_MAX, 17);
	msg_u32(&m, TCPHS_A_LISTENER_SYN_LIMIT, 128);
	msg_u32(&m, TCPHS_A_LISTENER_ACCEPT_QUEUE, overflows ? 512 : 3);
	msg_u32(&m, TCPHS_A_LISTENER_ACCEPT_MAX, overflows ? 512 : 5);
	msg_u32(&m, TCPHS_A_LISTENER_ACCEPT_LIMIT, 511);
	msg_u64(&m, TCPHS_A_LISTENER_ACCEPTED, 1201);
	msg_u64(&m, TCPHS_A_LISTENER_OVERFLOWS, overflows);
	if (overflows) {
		msg_u32(&m, TCPHS_A_LISTENER_PID, 123);
		msg_u64(&m, TCPHS_A_LISTENER_CGROUP, 104729);
		msg_str(&m, TCPHS_A_LISTENER_COMM, fake("long") ? "quince-characte" : "ngi\"nx");
		put_hist(TCPHS_A_LISTENER_WAIT, 0);
	}
}

static void answer_listeners(struct mnl_socket *s)
{
	uint16_t port;

	for (port = 2001; fake("crowd") && port < 2001 + 1007; port++) {
		put_listener(port, AF_INET, port == 2503 ? 29 : 0);
		post(s);
	}
	if (!fake("idle")) {
		put_listener(443, AF_INET6, 19);
		post(s);
		put_listener(22, AF_INET, 0);
		post(s);
	}
	post_end(s, NLMSG_DONE, 0, NULL);
}

static void put_conn(uint64_t conn, uint8_t state, uint64_t age, bool adopted)
{
	uint8_t local[16] = { 10, 0, 0, 1 }, peer[16] = { 192, 168, 100, 200 };

	if (fake("long")) {
		memset(local, 0xab, sizeof(local));
		memset(peer, 0xcd, sizeof(peer));
	}
	msg_genl(&m, FAMILY_ID, NLM_F_MULTI, TCPHS_CMD_CONN_GET);
	msg_u64(&m, TCPHS_A_CONN_CONN, conn);
	msg_u32(&m, TCPHS_A_CONN_NETNS, 4026531840u);
	msg_u8(&m, TCPHS_A_CONN_FAMILY, fake("long") ? AF_INET6 : AF_INET);
	msg_u8(&m, TCPHS_A_CONN_ROLE, adopted ? TCPHS_ROLE_UNKNOWN : TCPHS_ROLE_PASSIVE);
	msg_u8(&m, TCPHS_A_CONN_STATE, state);
	msg_attr(&m, TCPHS_A_CONN_LOCAL, local, sizeof(local));
	msg_u16(&m, TCPHS_A_CONN_LOCAL_PORT, 443);
	msg_attr(&m, TCPHS_A_CONN_PEER, peer, sizeof(peer));
	msg_u16(&m, TCPHS_A_CONN_PEER_PORT, (uint16_t)(40000 + conn));
	msg_u64(&m, TCPHS_A_CONN_AGE, age);
	msg_u64(&m, TCPHS_A_CONN_LIFE, age + 3600000000000ull);
	if (adopted) {
		msg_attr(&m, TCPHS_A_CONN_ADOPTED, NULL, 0);
		return;
	}
	msg_u64(&m, TCPHS_A_CONN_HANDSHAKE, 123456);
	msg_u32(&m, TCPHS_A_CONN_ISN, 4000000000u);
	msg_u32(&m, TCPHS_A_CONN_PEER_ISN, 5);
	msg_u32(&m, TCPHS_A_CONN_PID, 123);
	msg_str(&m, TCPHS_A_CONN_COMM, "nginx");
	msg_u64(&m, TCPHS_A_CONN_CGROUP, 104729);
}

/* In the accept queue of the first listener. */
static void answer_waiting(struct mnl_socket *s)
{
	put_conn(0x1c, TCPHS_STATE_ESTABLISHED, 4000000000ull, false);
	msg_u64(&m, TCPHS_A_CONN_WAITING, 4000000000ull);
	msg_u64(&m, TCPHS_A_CONN_LISTENER, 443 + 0x1000u);
	post(s);
	post_end(s, NLMSG_DONE, 0, NULL);
}

static void answer_conns(struct mnl_socket *s, uint32_t mask)
{
	if (fake("idle"))
		mask = 0;
	if (mask & 1u << TCPHS_STATE_ESTABLISHED) {
		put_conn(0x1a, TCPHS_STATE_ESTABLISHED, 5000000, false);
		post(s);
	}
	if (mask & 1u << TCPHS_STATE_CLOSE_WAIT) {
		put_conn(0x1b, TCPHS_STATE_CLOSE_WAIT, 7200000000000ull, true);
		post(s);
	}
	post_end(s, NLMSG_DONE, 0, NULL);
}

static void put_cgroup(struct mnl_socket *s, uint64_t id, uint64_t number, const char *path)
{
	msg_genl(&m, FAMILY_ID, NLM_F_MULTI, TCPHS_CMD_CGROUP_GET);
	msg_u64(&m, TCPHS_A_CGROUP_ID, id);
	msg_str(&m, TCPHS_A_CGROUP_PATH, path);
	msg_u64(&m, TCPHS_A_CGROUP_NUMBER, number);
	post(s);
}

#define CONTAINER_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void answer_cgroups(struct mnl_socket *s, bool all)
{
	static bool asked;

	/* Of the family that it had before it was loaded anew. */
	if (fake("absent") || (fake("anew") && !asked)) {
		asked = true;
		post_end(s, NLMSG_ERROR, -ENOENT, NULL);
		return;
	}
	if (fake("anew") && all)
		put_cgroup(s, 15485863, 1, "/system.slice/one.service");
	if (fake("back") && all)
		put_cgroup(s, 15485867, 1, "/system.slice/other.service");
	put_cgroup(s, 7919, 1, "/user.slice/user-1000.slice/user@1000.service/app.slice/get\\x2dit.service");
	put_cgroup(s, 104729, 2, "/system.slice/docker-" CONTAINER_ID ".scope");
	post_end(s, NLMSG_DONE, 0, NULL);
}

static struct tcphs_event event(uint64_t number, uint64_t time, uint8_t type, uint8_t old_state,
				uint8_t new_state)
{
	return (struct tcphs_event){
		.number = number, .time = time, .type = type,
		.old_state = old_state, .new_state = new_state,
		.flags = TCPHS_F_ISN | TCPHS_F_DURATION,
		.duration = 123456,
		.id = {
			.conn = 0x1a2b, .local = { 10, 0, 0, 1 }, .peer = { 192, 168, 100, 200 },
			.local_port = 40001, .peer_port = 443, .netns = 4026531840u,
			.isn = 4000000000u, .peer_isn = 17, .role = TCPHS_ROLE_ACTIVE,
			.family = AF_INET, .pid = 4711, .comm = "cu\033rl",
		},
	};
}

static uint16_t batch_cpu;

static void put_record(struct tcphs_event ev)
{
	ev.cpu = batch_cpu;
	if (fake("long")) {
		ev.id.family = AF_INET6;
		memset(ev.id.local, 0xab, sizeof(ev.id.local));
		memset(ev.id.peer, 0xcd, sizeof(ev.id.peer));
	}
	msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
}

static void start_batch(uint32_t cpu, uint64_t lost)
{
	batch_cpu = (uint16_t)cpu;
	msg_genl(&m, FAMILY_ID, NLM_F_MULTI, TCPHS_CMD_EVENT_GET);
	msg_u32(&m, TCPHS_A_EVENT_CPU, cpu);
	msg_u64(&m, TCPHS_A_EVENT_LOST, lost);
}

static void end_batch(struct mnl_socket *s, uint64_t next)
{
	msg_u64(&m, TCPHS_A_EVENT_NEXT, next);
	post(s);
}

/* The life of one connection, its steps on two CPUs. */
static void put_story(struct mnl_socket *s, uint64_t t)
{
	struct tcphs_event ev;

	start_batch(0, 0);
	ev = event(1, t, TCPHS_EV_SYN_SENT, TCPHS_STATE_CLOSE, TCPHS_STATE_SYN_SENT);
	ev.flags = TCPHS_F_ISN | TCPHS_F_SEQ | TCPHS_F_OWNER;
	ev.id.cgroup = 7919;
	ev.seq = ev.id.isn;
	put_record(ev);
	ev = event(2, t + 2000, TCPHS_EV_FIN_SENT, TCPHS_STATE_ESTABLISHED, TCPHS_STATE_FIN_WAIT1);
	ev.flags |= TCPHS_F_SEQ | TCPHS_F_ACK | TCPHS_F_PEER_ISN;
	ev.seq = ev.id.isn + 100;
	ev.ack = ev.id.peer_isn + 201;
	put_record(ev);
	ev = event(3, t + 4000, TCPHS_EV_CLOSED, TCPHS_STATE_FIN_WAIT1, TCPHS_STATE_CLOSE);
	ev.flags |= TCPHS_F_LIFE | TCPHS_F_TIME_WAIT_AHEAD;
	ev.life = (struct tcphs_life){
		.bytes_sent = 99, .bytes_received = 204800, .handshake_us = 123, .retransmits = 1,
		.closer = TCPHS_CLOSER_LOCAL, .srtt_us = 457, .min_rtt_us = 211,
		.closing_retransmits = 1,
	};
	put_record(ev);
	end_batch(s, 3);

	start_batch(1, 7);
	ev = event(8, t + 1000, TCPHS_EV_ESTABLISHED, TCPHS_STATE_SYN_SENT,
		   TCPHS_STATE_ESTABLISHED);
	ev.flags |= TCPHS_F_SEQ | TCPHS_F_ACK | TCPHS_F_PEER_ISN | TCPHS_F_AGREED;
	ev.seq = ev.id.isn + 1;
	ev.ack = ev.id.peer_isn + 1;
	ev.agreed = (struct tcphs_agreed){ .window = 65535, .mss = 1460, .options = 0x805,
					   .snd_wscale = 7, .rcv_wscale = 8, .retransmits = 2 };
	put_record(ev);
	ev = event(9, t + 3000, TCPHS_EV_ACCEPT_OVERFLOW, TCPHS_STATE_SYN_RECV,
		   TCPHS_STATE_SYN_RECV);
	ev.flags = TCPHS_F_QUEUE | TCPHS_F_SEQ | TCPHS_F_UNTRACKED;
	ev.seq = 77;
	ev.reason = TCPHS_REASON_ACCEPT_QUEUE_FULL;
	ev.id.family = AF_INET6;
	ev.id.peer[15] = 1;
	ev.queue = (struct tcphs_queue){ 0xfff, 1, 128, 512, 511 };
	put_record(ev);
	end_batch(s, 9);
}

static void put_flood(struct mnl_socket *s, unsigned long n, uint64_t t)
{
	static const uint8_t steps[] = { TCPHS_EV_FIN_SENT, TCPHS_EV_FIN_RECEIVED,
					 TCPHS_EV_FIN_ACKED, TCPHS_EV_TIME_WAIT };
	struct tcphs_event ev;
	unsigned long i, k;

	for (i = 0; i < n; i += BATCH) {
		start_batch(i / BATCH % 2, 0);
		for (k = 0; k < BATCH; k++) {
			ev = event(i + k + 1, t + (i + k) * 100, steps[k % 4],
				   TCPHS_STATE_ESTABLISHED, TCPHS_STATE_FIN_WAIT1);
			ev.flags |= TCPHS_F_SEQ | TCPHS_F_ACK | TCPHS_F_PEER_ISN | TCPHS_F_OWNER;
			/* Ten steps each, of four connections at a time. */
			ev.id.conn += (i + k) / 40 * 4 + k % 4;
			ev.id.local_port = (uint16_t)ev.id.conn;
			ev.seq = (tcphs_event_from_peer(&ev) ? ev.id.peer_isn : ev.id.isn) + 101;
			ev.ack = (tcphs_event_from_peer(&ev) ? ev.id.isn : ev.id.peer_isn) + 2001;
			put_record(ev);
		}
		end_batch(s, i + BATCH);
	}
}

/* A follower that has not heard the bell finds nothing new. */
static bool is_news(void)
{
	char ding[4];

	return !bell || !pulls ||
	       ((pulls < PULLS || fake("torrent")) &&
		recv(bell->pipe[1], ding, sizeof(ding), MSG_PEEK | MSG_DONTWAIT) < 0);
}

static void answer_events(struct mnl_socket *s)
{
	uint64_t t;

	if (!is_news()) {
		post_end(s, NLMSG_DONE, 0, NULL);
		return;
	}
	t = 1000000000ull * ++pulls;
	if (fake("erange") && pulls > 1) {
		post_end(s, NLMSG_DONE, -ERANGE, "cursor is ahead of the ring");
		return;
	}
	if (fake("unload") && pulls > 1) {
		post_end(s, NLMSG_ERROR, -ENOENT, NULL);
		return;
	}
	if (flood())
		put_flood(s, flood(), t);
	else if (!fake("empty") && !(fake("idle") && pulls > 1))
		put_story(s, t);
	post_end(s, NLMSG_DONE, 0, NULL);

	if (bell && (pulls < PULLS || fake("torrent")) && send(bell->pipe[0], "ding", 4, 0) < 0)
		abort();
	if (bell && pulls == PULLS && !fake("quiet") && !fake("torrent"))
		kill(getpid(), SIGINT);
}

/* 0: one that the module refuses. */
static uint32_t conn_mask(const struct nlmsghdr *nlh)
{
	uint32_t known = (2u << TCPHS_STATE_MAX) - 2, mask = known;
	struct nlattr *a;

	mnl_attr_for_each(a, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(a) == TCPHS_A_CONN_STATES)
			mask = mnl_attr_get_u32(a);
	return mask & ~known ? 0 : mask;
}

static bool wants_waiting(const struct nlmsghdr *nlh)
{
	struct nlattr *a;

	mnl_attr_for_each(a, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(a) == TCPHS_A_CONN_WAITING)
			return true;
	return false;
}

static bool wants_all_netns(const struct nlmsghdr *nlh)
{
	struct nlattr *a;

	mnl_attr_for_each(a, nlh, GENL_HDRLEN)
		if (!mnl_attr_get_payload_len(a))
			return true;
	return false;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *buf, size_t len)
{
	const struct nlmsghdr *nlh = buf;
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct mnl_socket *s = (struct mnl_socket *)nl;

	if (!mnl_nlmsg_ok(nlh, (int)len))
		abort();
	s->head = 0;
	s->tail = 0;
	seq = nlh->nlmsg_seq;
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		answer_family(s);
	else if (fake("eperm"))
		post_end(s, NLMSG_ERROR, -EPERM, NULL);
	else if (fake("netns") && wants_all_netns(nlh))
		post_end(s, NLMSG_ERROR, -EPERM, "only the initial network namespace sees all");
	else if (genl->cmd == TCPHS_CMD_STATUS_GET && nlh->nlmsg_flags & NLM_F_DUMP)
		answer_statuses(s, wants_all_netns(nlh));
	else if (genl->cmd == TCPHS_CMD_STATUS_GET)
		answer_status(s);
	else if (genl->cmd == TCPHS_CMD_LISTENER_GET)
		answer_listeners(s);
	else if (genl->cmd == TCPHS_CMD_CONN_GET && wants_waiting(nlh))
		answer_waiting(s);
	else if (genl->cmd == TCPHS_CMD_CONN_GET && !conn_mask(nlh))
		post_end(s, NLMSG_ERROR, -EINVAL, "a mask of 1 << state is needed");
	else if (genl->cmd == TCPHS_CMD_CONN_GET)
		answer_conns(s, conn_mask(nlh));
	else if (genl->cmd == TCPHS_CMD_CGROUP_GET)
		answer_cgroups(s, wants_all_netns(nlh));
	else if (genl->cmd == TCPHS_CMD_EVENT_GET)
		answer_events(s);
	else
		abort();
	return (ssize_t)len;
}

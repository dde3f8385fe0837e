// SPDX-License-Identifier: GPL-2.0
/*
 * A reader of events that trusts nothing: every record must say what a whole one
 * would say, and every hole in the numbers of a CPU must have been reported, with
 * its exact size.
 *
 * It reads until SIGTERM, once more, and then says what it found. What is wrong it
 * says at once, so that it may be killed at any time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "request.h"

#define MAX_CPUS	32
#define MAX_LISTENERS	131	/* a few for each CPU */
#define LIVES		(1 << 16)
#define WORDS		23	/* lines about what is wrong, at most */

struct cpu {
	bool known;
	__u64 first;		/* number that the reading began with */
	__u64 next;		/* number that comes now */
	__u64 read, lost;
	__u64 time;		/* of the last record */
};

/* Sums that a test wants to know, of all records and for each listener. */
static const struct {
	const char *name;
	__u8 type, reason;	/* reason 0: any */
	bool syn_queue_full;
} sums[] = {
	{ .name = "syn-received", .type = TCPHS_EV_SYN_RECEIVED },
	{ .name = "syn-dropped", .type = TCPHS_EV_SYN_DROPPED },
	{ .name = "dropped-accept-queue", .type = TCPHS_EV_SYN_DROPPED,
	  .reason = TCPHS_REASON_ACCEPT_QUEUE_FULL },
	{ .name = "dropped-both-queues", .type = TCPHS_EV_SYN_DROPPED,
	  .reason = TCPHS_REASON_ACCEPT_QUEUE_FULL, .syn_queue_full = true },
	{ .name = "dropped-syn-queue", .type = TCPHS_EV_SYN_DROPPED,
	  .reason = TCPHS_REASON_SYN_QUEUE_FULL },
	{ .name = "dropped-backlog", .type = TCPHS_EV_SYN_DROPPED,
	  .reason = TCPHS_REASON_SYN_BACKLOG },
	{ .name = "cookie-sent", .type = TCPHS_EV_SYNCOOKIE_SENT },
	{ .name = "cookie-valid", .type = TCPHS_EV_ACCEPT_QUEUED,
	  .reason = TCPHS_REASON_SYNCOOKIE },
	{ .name = "cookie-bad", .type = TCPHS_EV_RST_SENT, .reason = TCPHS_REASON_BAD_COOKIE },
	{ .name = "rst-sent", .type = TCPHS_EV_RST_SENT },
	{ .name = "accept-queued", .type = TCPHS_EV_ACCEPT_QUEUED },
	{ .name = "accept-overflow", .type = TCPHS_EV_ACCEPT_OVERFLOW },
	{ .name = "syn-sent", .type = TCPHS_EV_SYN_SENT },
};

#define NR_SUMS (sizeof(sums) / sizeof(sums[0]))

static struct cpu cpus[MAX_CPUS];
static struct {
	__u64 cookie, sum[NR_SUMS];
} listeners[MAX_LISTENERS];
static __u64 total[NR_SUMS], untracked;
static struct tcphs_event lives[LIVES];
static unsigned int nr_bad;
static __u32 netns;
static volatile sig_atomic_t stopped;
static struct {
	unsigned int pace;	/* ms of sleep after every datagram */
	bool once, never;
} opt;

static void bad(const char *fmt, ...)
{
	va_list ap;

	if (nr_bad++ >= WORDS)
		return;
	va_start(ap, fmt);
	printf("bad ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

static bool is_zero(const void *p, size_t len)
{
	const char *byte = p;

	while (len && !*byte)
		byte++, len--;
	return !len;
}

/* How much of the detail the flags declare; the rest must be zero. */
static size_t declared_detail(const struct tcphs_event *ev)
{
	switch (ev->flags & (TCPHS_F_QUEUE | TCPHS_F_AGREED | TCPHS_F_LIFE | TCPHS_F_RESEND |
			     TCPHS_F_HALF | TCPHS_F_IDLE)) {
	case 0:
		return 0;
	case TCPHS_F_RESEND:
		return offsetof(struct tcphs_resend, pad);
	case TCPHS_F_HALF:
		return offsetof(struct tcphs_half, pad);
	case TCPHS_F_AGREED:
		return offsetof(struct tcphs_agreed, pad);
	case TCPHS_F_IDLE:
		return sizeof(ev->idle);
	case TCPHS_F_QUEUE:
	case TCPHS_F_LIFE:
		return sizeof(ev->queue);
	}
	bad("cpu %u number %llu: two details, flags %#x", ev->cpu, ev->number, ev->flags);
	return sizeof(ev->queue);
}

static void check_bytes(const struct tcphs_event *ev)
{
	size_t detail = declared_detail(ev);
	const char *what = NULL;

	if (!ev->type || ev->type > TCPHS_EV_MAX)
		what = "type";
	else if (ev->old_state > TCPHS_STATE_MAX || ev->new_state > TCPHS_STATE_MAX)
		what = "state";
	else if (ev->reason > TCPHS_REASON_MAX)
		what = "reason";
	else if (ev->flags & ~TCPHS_F_ALL)
		what = "flags";
	else if (ev->id.role > TCPHS_ROLE_MAX)
		what = "role";
	else if (ev->id.family != AF_INET && ev->id.family != AF_INET6)
		what = "family";
	else if (ev->id.netns != netns)
		what = "namespace";
	else if (!(ev->flags & TCPHS_F_DURATION) && ev->duration)
		what = "duration";
	else if (!(ev->flags & TCPHS_F_SEQ) && ev->seq)
		what = "seq";
	else if (!(ev->flags & TCPHS_F_ACK) && ev->ack)
		what = "ack";
	else if (!(ev->flags & TCPHS_F_ISN) && ev->id.isn)
		what = "isn";
	else if (!(ev->flags & TCPHS_F_PEER_ISN) && ev->id.peer_isn)
		what = "peer_isn";
	else if (!(ev->flags & TCPHS_F_OWNER) && (ev->id.pid || !is_zero(ev->id.comm, 2 * TCPHS_COMM_LEN)))
		what = "owner";
	else if (!(ev->flags & TCPHS_F_ICMP) && (ev->icmp_type || ev->icmp_code))
		what = "icmp";
	else if (ev->id.family == AF_INET &&
		 (!is_zero(ev->id.local + 4, 12) || !is_zero(ev->id.peer + 4, 12)))
		what = "address";
	else if (!is_zero((char *)&ev->queue + detail, sizeof(ev->queue) - detail))
		what = "detail";
	if (what)
		bad("cpu %u number %llu type %u: %s", ev->cpu, ev->number, ev->type, what);
}

/* What a life has once reported stays what it is: half of another's record would not fit. */
static void check_life(const struct tcphs_event *ev)
{
	struct tcphs_event *seen;
	const char *what = NULL;

	if (!ev->id.conn)
		return;
	seen = &lives[(ev->id.conn * 31 + ev->id.generation) % LIVES];
	if (seen->id.conn != ev->id.conn || seen->id.generation != ev->id.generation) {
		*seen = *ev;
		return;
	}
	if (seen->id.family != ev->id.family || seen->id.local_port != ev->id.local_port ||
	    seen->id.peer_port != ev->id.peer_port ||
	    memcmp(seen->id.local, ev->id.local, sizeof(ev->id.local)) ||
	    memcmp(seen->id.peer, ev->id.peer, sizeof(ev->id.peer)))
		what = "address";
	else if (seen->flags & ev->flags & TCPHS_F_ISN && seen->id.isn != ev->id.isn)
		what = "isn";
	else if (seen->flags & ev->flags & TCPHS_F_PEER_ISN && seen->id.peer_isn != ev->id.peer_isn)
		what = "peer_isn";
	if (what)
		bad("cpu %u number %llu: the %s of %llx.%u is another than in cpu %u number %llu",
		    ev->cpu, ev->number, what, ev->id.conn, ev->id.generation, seen->cpu,
		    seen->number);
	*seen = *ev;
}

static __u64 *sums_of_listener(__u64 cookie)
{
	unsigned int i;

	for (i = 0; i < MAX_LISTENERS; i++) {
		if (listeners[i].cookie && listeners[i].cookie != cookie)
			continue;
		listeners[i].cookie = cookie;
		return listeners[i].sum;
	}
	bad("more than %u listeners", MAX_LISTENERS);
	return NULL;
}

static void add_up(const struct tcphs_event *ev)
{
	bool queue = ev->flags & TCPHS_F_QUEUE;
	__u64 *of_listener = NULL;
	unsigned int i;

	if ((ev->type == TCPHS_EV_SYN_SENT || ev->type == TCPHS_EV_SYN_RECEIVED) &&
	    ev->flags & TCPHS_F_UNTRACKED)
		untracked++;
	for (i = 0; i < NR_SUMS; i++) {
		if (sums[i].type != ev->type || (sums[i].reason && sums[i].reason != ev->reason))
			continue;
		if (sums[i].syn_queue_full && ev->queue.syn_queue <= ev->queue.syn_limit)
			continue;
		total[i]++;
		if (queue && !of_listener)
			of_listener = sums_of_listener(ev->queue.listener);
		if (of_listener)
			of_listener[i]++;
	}
}

static void take_record(unsigned int nr, const struct tcphs_event *ev)
{
	struct cpu *cpu = &cpus[nr];

	if (ev->number != cpu->next)
		bad("cpu %u: number %llu, expected %llu", nr, ev->number, cpu->next);
	if (ev->cpu != nr)
		bad("cpu %u number %llu: says it is of cpu %u", nr, ev->number, ev->cpu);
	if (ev->time < cpu->time)
		bad("cpu %u number %llu: earlier than the one before", nr, ev->number);
	cpu->next = ev->number + 1;
	cpu->time = ev->time;
	cpu->read++;
	check_bytes(ev);
	check_life(ev);
	add_up(ev);
}

/* One message: a CPU, what it lost, its records, where to go on. */
static void take_message(struct nlmsghdr *nl)
{
	size_t len = nl->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), at = 0;
	char *attrs = (char *)nl + NLMSG_LENGTH(GENL_HDRLEN);
	__u64 value, lost = 0, next = 0;
	struct cpu *cpu = NULL;
	struct tcphs_event ev;
	__u32 nr = 0;

	while (at + NLA_HDRLEN <= len) {
		struct nlattr *nla = (void *)(attrs + at);

		if (nla->nla_len < NLA_HDRLEN || nla->nla_len > len - at) {
			bad("an attribute of %u bytes where %zu are left", nla->nla_len, len - at);
			return;
		}
		memcpy(&value, nla + 1, nla->nla_len == NLA_HDRLEN + 8 ? 8 : 0);
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case TCPHS_A_EVENT_CPU:
			memcpy(&nr, nla + 1, sizeof(nr));
			if (nr >= MAX_CPUS) {
				bad("cpu %u", nr);
				return;
			}
			cpu = &cpus[nr];
			break;
		case TCPHS_A_EVENT_LOST:
			lost = value;
			break;
		case TCPHS_A_EVENT_RECORD:
			if (!cpu || nla->nla_len != NLA_HDRLEN + sizeof(ev)) {
				bad("a record of %u bytes, or of no cpu", nla->nla_len);
				return;
			}
			memcpy(&ev, nla + 1, sizeof(ev));
			if (!cpu->known) {
				cpu->first = ev.number - lost;
				cpu->next = cpu->first;
				cpu->known = true;
			}
			cpu->next += lost;
			cpu->lost += lost;
			lost = 0;
			take_record(nr, &ev);
			break;
		case TCPHS_A_EVENT_NEXT:
			next = value;
			break;
		}
		at += NLA_ALIGN(nla->nla_len);
	}
	if (!cpu || !next) {
		bad("a message without cpu or cursor");
		return;
	}
	if (!cpu->known) {
		cpu->first = next - lost;
		cpu->next = cpu->first;
		cpu->known = true;
	}
	cpu->next += lost;
	cpu->lost += lost;
	if (cpu->next != next)
		bad("cpu %u: to go on at %llu, expected %llu", nr, next, cpu->next);
	cpu->next = next;
}

static void request_events(int fd, __u16 family)
{
	struct request r;
	unsigned int i;

	begin(&r, family, DUMP, TCPHS_CMD_EVENT_GET);
	for (i = 0; i < MAX_CPUS; i++)
		if (cpus[i].known)
			put_cursor(&r, i, cpus[i].next);
	if (send(fd, &r, r.nl.nlmsg_len, 0) < 0)
		bad("send: %s", strerror(errno));
}

static void pause_ms(unsigned int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static void pull(int fd, __u16 family)
{
	static char buf[128 * 1024] __attribute__((aligned(8)));
	struct nlmsghdr *nl;
	int error, left;
	ssize_t n;

	request_events(fd, family);
	for (;;) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			bad("recv: %s", strerror(errno));
			return;
		}
		left = n;
		for (nl = (void *)buf; NLMSG_OK(nl, (unsigned int)left); nl = NLMSG_NEXT(nl, left)) {
			if (nl->nlmsg_type == family) {
				take_message(nl);
				continue;
			}
			memcpy(&error, NLMSG_DATA(nl), sizeof(error));
			if (error)
				bad("refused: %s", strerror(-error));
			return;
		}
		if (opt.pace && !stopped)
			pause_ms(opt.pace);
	}
}

static void report(void)
{
	__u64 read = 0, lost = 0;
	unsigned int i, k;

	for (i = 0; i < MAX_CPUS; i++) {
		const struct cpu *cpu = &cpus[i];

		if (!cpu->known)
			continue;
		if (cpu->first + cpu->read + cpu->lost != cpu->next)
			bad("cpu %u: read %llu and lost %llu from %llu to %llu", i, cpu->read,
			    cpu->lost, cpu->first, cpu->next);
		printf("cpu %u first %llu next %llu\n", i, cpu->first, cpu->next);
		read += cpu->read;
		lost += cpu->lost;
	}
	printf("read %llu\nlost %llu\nuntracked %llu\n", read, lost, untracked);
	for (k = 0; k < NR_SUMS; k++)
		printf("sum %s %llu\n", sums[k].name, total[k]);
	for (i = 0; i < MAX_LISTENERS && listeners[i].cookie; i++)
		for (k = 0; k < NR_SUMS; k++)
			printf("listener %llx %s %llu\n", listeners[i].cookie, sums[k].name,
			       listeners[i].sum[k]);
	printf("bad %u\n", nr_bad);
}

/* Asks, subscribes, and leaves whatever comes where it is. */
static int never_read(int fd, __u16 family)
{
	request_events(fd, family);
	printf("ready\n");
	while (!stopped)
		pause();
	return 0;
}

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static __u32 own_netns(void)
{
	char link[64] = "";

	if (readlink("/proc/self/ns/net", link, sizeof(link) - 1) < 0)
		return 0;
	return strtoul(strchr(link, '[') + 1, NULL, 10);
}

static int usage(void)
{
	fputs("usage: reader [--pace MS] [--once | --never]\n", stderr);
	return 2;
}

static int read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pace", required_argument, NULL, 'p' },
		{ "once", no_argument, NULL, 'o' },
		{ "never", no_argument, NULL, 'n' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'p':
			opt.pace = strtoul(optarg, NULL, 10);
			break;
		case 'o':
			opt.once = true;
			break;
		case 'n':
			opt.never = true;
			break;
		default:
			return usage();
		}
	}
	return optind < argc ? usage() : 0;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct pollfd bell = { .events = POLLIN };
	int data, family;
	char ring[4096];
	__u32 group;

	if (read_options(argc, argv))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGTERM, &sa, NULL);
	netns = own_netns();
	data = open_netlink();
	bell.fd = open_netlink();
	family = find_family(data, &group);
	if (family < 0 || setsockopt(bell.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				     sizeof(group))) {
		fputs("reader: no module\n", stderr);
		return 3;
	}
	if (opt.never)
		return never_read(data, family);
	pull(data, family);
	printf("ready\n");
	while (!opt.once && !stopped) {
		if (poll(&bell, 1, 1000) > 0)
			while (recv(bell.fd, ring, sizeof(ring), MSG_DONTWAIT) > 0)
				;
		pull(data, family);
	}
	if (!opt.once)
		pull(data, family);
	report();
	return nr_bad != 0;
}

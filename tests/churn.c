// SPDX-License-Identifier: GPL-2.0
/*
 * Connections on all CPUs at once, for a while: pairs of a server on one CPU and a
 * client on the next that connect, accept and close in every way. An honest client:
 * whom nobody answers gives up and tries again.
 *
 * Says how many connections the clients made and how many they gave up, and how
 * many the servers accepted. With --hold the servers live on until stdin ends, so
 * that one can look at their listeners.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PAIRS	64
#define PATIENCE_MS	1900

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* How a connection ends: it is the byte that the client sends first. */
enum ending { RESET, CLIENT_FIRST, SERVER_FIRST, NR_ENDINGS };

/* Shared by all processes; each adds to its own. */
struct tally {
	unsigned long connected, given_up, accepted;
};

static struct {
	const char *address;
	unsigned int port, pairs, seconds, backlog;
	int cpu;		/* for all; -1: spread them */
	bool deaf;		/* accept nothing */
	bool hold;
} opt = { .address = "127.0.0.1", .seconds = 5, .backlog = 128, .cpu = -1 };

static struct tally *tallies;
static time_t end;
static int lifeline[2];		/* servers end when nobody holds its other side */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Where the CPU is away just now, another will do. */
static void stay_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(opt.cpu < 0 ? cpu : (unsigned int)opt.cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static socklen_t make_address(union address *a, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	if (strchr(opt.address, ':')) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		if (inet_pton(AF_INET6, opt.address, &a->v6.sin6_addr) != 1)
			die(opt.address);
		return sizeof(a->v6);
	}
	a->v4.sin_family = AF_INET;
	a->v4.sin_port = htons(port);
	if (inet_pton(AF_INET, opt.address, &a->v4.sin_addr) != 1)
		die(opt.address);
	return sizeof(a->v4);
}

static int open_listener(union address *a)
{
	socklen_t len = make_address(a, opt.port);
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (opt.port)
		opt.port++;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, &a->any, len) || getsockname(fd, &a->any, &len) || listen(fd, opt.backlog))
		die("churn: listen");
	return fd;
}

static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

/* Waits for the other to close; what comes before is thrown away. */
static void await_end(int fd)
{
	char byte;

	while (readable(fd, PATIENCE_MS) && recv(fd, &byte, 1, 0) > 0)
		;
}

static void serve_one(int fd)
{
	char how = RESET;

	if (!readable(fd, PATIENCE_MS) || recv(fd, &how, 1, 0) != 1 || how != SERVER_FIRST)
		await_end(fd);
	close(fd);
}

/* Until it is told that no client is left, and the queue is empty. */
static void serve(int listener, struct tally *tally)
{
	struct pollfd p[2] = {
		{ .fd = lifeline[0] },
		{ .fd = opt.deaf ? -1 : listener, .events = POLLIN },
	};
	int fd;

	while (poll(p, 2, -1) >= 0) {
		fd = opt.deaf ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			tally->accepted++;
			serve_one(fd);
		} else if (p[0].revents) {
			break;
		}
	}
}

/* Of loopback's many addresses, so that TIME_WAITs do not use up the ports. */
static void bind_client(int fd, const union address *server, unsigned int n)
{
	union address a = *server;
	int one = 1;

	if (a.any.sa_family != AF_INET || ntohl(a.v4.sin_addr.s_addr) >> 24 != 127)
		return;
	a.v4.sin_port = 0;
	a.v4.sin_addr.s_addr = htonl(0x7f000000 | (2 + n % 65521));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(fd, &a.any, sizeof(a.v4)))
		die("churn: bind");
}

static bool connects(int fd, const union address *server, socklen_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (!connect(fd, &server->any, len))
		return true;
	if (errno != EINPROGRESS || poll(&p, 1, PATIENCE_MS) <= 0)
		return false;
	return !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) && !error;
}

static void finish(int fd, enum ending how)
{
	static const struct linger now = { .l_onoff = 1 };
	char byte = how;

	if (how == RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	else
		send(fd, &byte, 1, MSG_NOSIGNAL);
	if (how == SERVER_FIRST)
		await_end(fd);
}

static void be_client(const union address *server, struct tally *tally)
{
	socklen_t len = server->any.sa_family == AF_INET ? sizeof(server->v4) : sizeof(server->v6);
	unsigned int n;

	for (n = 0; time(NULL) < end; n++) {
		int fd = socket(server->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
				0);

		if (fd < 0)
			die("churn: socket");
		bind_client(fd, server, n);
		if (connects(fd, server, len)) {
			tally->connected++;
			finish(fd, n % NR_ENDINGS);
		} else {
			tally->given_up++;
		}
		close(fd);
	}
}

static pid_t begin_process(unsigned int cpu)
{
	pid_t pid = fork();

	if (pid < 0)
		die("churn: fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(lifeline[1]);
		stay_on(cpu);
	}
	return pid;
}

/* Returns the client's pid. */
static pid_t begin_pair(unsigned int i, unsigned int cpus)
{
	union address server;
	int listener = open_listener(&server);
	pid_t client;

	if (!begin_process(i % cpus)) {
		serve(listener, &tallies[i]);
		exit(0);
	}
	close(listener);
	client = begin_process((i + 1) % cpus);
	if (!client) {
		be_client(&server, &tallies[i]);
		exit(0);
	}
	return client;
}

static unsigned int number(const char *text)
{
	char *rest;
	unsigned long n = strtoul(text, &rest, 10);

	if (*rest || !*text || n > 65535) {
		fprintf(stderr, "churn: %s is no number up to 65535\n", text);
		exit(2);
	}
	return n;
}

static void read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "address", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "pairs", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 's' },
		{ "backlog", required_argument, NULL, 'b' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "deaf", no_argument, NULL, 'd' },
		{ "hold", no_argument, NULL, 'h' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'a':
			opt.address = optarg;
			break;
		case 'p':
			opt.port = number(optarg);
			break;
		case 'n':
			opt.pairs = number(optarg);
			break;
		case 's':
			opt.seconds = number(optarg);
			break;
		case 'b':
			opt.backlog = number(optarg);
			break;
		case 'c':
			opt.cpu = number(optarg);
			break;
		case 'd':
			opt.deaf = true;
			break;
		case 'h':
			opt.hold = true;
			break;
		default:
			fputs("usage: churn [--address A] [--port P] [--pairs N] [--seconds S] [--backlog B] [--cpu N] [--deaf] [--hold]\n",
			      stderr);
			exit(2);
		}
	}
}

static void say_tally(void)
{
	struct tally sum = { };
	unsigned int i;

	for (i = 0; i < opt.pairs; i++) {
		sum.connected += tallies[i].connected;
		sum.given_up += tallies[i].given_up;
		sum.accepted += tallies[i].accepted;
	}
	printf("connected %lu\ngiven-up %lu\naccepted %lu\n", sum.connected, sum.given_up,
	       sum.accepted);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_CONF), i;
	int status, failed = 0;
	pid_t clients[MAX_PAIRS];

	read_options(argc, argv);
	if (!opt.pairs)
		opt.pairs = cpus;
	if (opt.pairs > MAX_PAIRS)
		opt.pairs = MAX_PAIRS;
	tallies = mmap(NULL, MAX_PAIRS * sizeof(*tallies), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED || pipe2(lifeline, O_CLOEXEC))
		die("churn: no memory or no pipe");
	end = time(NULL) + opt.seconds;
	for (i = 0; i < opt.pairs; i++)
		clients[i] = begin_pair(i, cpus);
	for (i = 0; i < opt.pairs; i++) {
		waitpid(clients[i], &status, 0);
		failed |= status;
	}
	if (opt.hold) {
		say_tally();
		while (getchar() >= 0)
			;
	}
	close(lifeline[1]);
	while (wait(&status) > 0)
		failed |= status;
	if (!opt.hold)
		say_tally();
	return !!failed;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Makes TCP connections to itself over loopback and says exactly what it did:
 * a JSON object for each connection, then one that begins with "listener".
 *
 * One thread plays both ends, so every step has happened, on both of them,
 * before the next. It takes the name of the end it plays: the owner of a
 * connection is reported by its comm too. No two connections share an address, or
 * with IPv6 a port, so that nobody meets another's TIME_WAIT.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_PARALLEL	1999
#define MAX_BYTES	4099
#define WAIT_SECONDS	30

enum kind { BY_CLIENT, BY_SERVER, RST_BY_CLIENT, RST_BY_SERVER, REFUSED, NR_KINDS };

static const char *const kinds[NR_KINDS] = {
	"client", "server", "client-rst", "server-rst", "refused",
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct connection {
	int client, server;		/* fds */
	unsigned int index;
	enum kind kind;
	bool half;			/* shutdown() first, then close() */
	unsigned int client_bytes, server_bytes;
	unsigned int late_bytes;	/* of these, after the other's FIN */
	uint64_t client_cookie, server_cookie;
	union address from;		/* the client's */
	uint16_t port;			/* the client's */
};

static struct {
	unsigned int connections, refused, parallel;
	int family;
	bool mapped, pause;
	uint16_t port, first_port;
	enum kind mix[16];
	unsigned int mix_len;
} opt = { .parallel = 1, .family = AF_INET, .first_port = 10007 };

static int listener;
static uint16_t server_port, closed_port;

static void die(const char *fmt, ...)
{
	va_list ap;
	int err = errno;

	fputs("traffic: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (err)
		fprintf(stderr, " (%s)", strerror(err));
	fputs("\n", stderr);
	exit(1);
}

static void play(const char *who)
{
	prctl(PR_SET_NAME, who);
}

/* Address N of this machine; 0 is the server's. */
static socklen_t make_address(union address *a, unsigned int n, uint16_t port)
{
	uint32_t v4 = htonl(0x7f000001 + n);

	memset(a, 0, sizeof(*a));
	if (opt.family == AF_INET) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		a->v4.sin_addr.s_addr = v4;
		return sizeof(a->v4);
	}
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(port);
	if (opt.mapped) {
		a->v6.sin6_addr.s6_addr[10] = a->v6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(a->v6.sin6_addr.s6_addr + 12, &v4, sizeof(v4));
	} else {
		a->v6.sin6_addr = in6addr_loopback;
	}
	return sizeof(a->v6);
}

static uint16_t port_of(const union address *a)
{
	return ntohs(a->any.sa_family == AF_INET ? a->v4.sin_port : a->v6.sin6_port);
}

static void local_address(int fd, union address *a)
{
	socklen_t len = sizeof(*a);

	if (getsockname(fd, &a->any, &len))
		die("getsockname");
}

static uint64_t cookie(int fd)
{
	uint64_t v;
	socklen_t len = sizeof(v);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &v, &len))
		die("SO_COOKIE");
	return v;
}

static int new_socket(void)
{
	struct timeval limit = { .tv_sec = WAIT_SECONDS };
	int fd = socket(opt.family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		die("setsockopt");
	return fd;
}

static uint16_t bind_server(int fd, uint16_t port)
{
	union address a;
	socklen_t len = make_address(&a, 0, port);

	if (bind(fd, &a.any, len))
		die("bind to port %u", port);
	local_address(fd, &a);
	return port_of(&a);
}

/* The port is chosen by connect() if the address is the connection's own. */
static void bind_client(int fd, unsigned int index)
{
	bool own_address = opt.family == AF_INET || opt.mapped;
	union address a;
	socklen_t len = make_address(&a, index + 1, own_address ? 0 : opt.first_port + index);
	int one = 1;

	if (own_address &&
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)))
		die("IP_BIND_ADDRESS_NO_PORT");
	if (bind(fd, &a.any, len))
		die("bind the client of connection %u", index);
}

static void connect_client(struct connection *c)
{
	bool refused = c->kind == REFUSED;
	union address to;
	socklen_t len = make_address(&to, 0, refused ? closed_port : server_port);
	int err;

	play("traffic-client");
	c->client = new_socket();
	bind_client(c->client, c->index);
	err = connect(c->client, &to.any, len) ? errno : 0;
	if (err != (refused ? ECONNREFUSED : 0)) {
		errno = err;
		die("connection %u, connect", c->index);
	}
}

static void describe_client(struct connection *c)
{
	local_address(c->client, &c->from);
	c->port = port_of(&c->from);
	c->client_cookie = cookie(c->client);
}

/* Takes one connection from the accept queue and gives it to whose it is. */
static void accept_one(struct connection *batch, unsigned int nr)
{
	union address from;
	socklen_t len = sizeof(from);
	unsigned int i;
	int fd;

	play("traffic-server");
	fd = accept4(listener, &from.any, &len, SOCK_CLOEXEC);
	if (fd < 0)
		die("accept");
	for (i = 0; i < nr; i++)
		if (batch[i].server < 0 && !memcmp(&from, &batch[i].from, len))
			break;
	if (i == nr)
		die("accept() gave a connection that nobody made");
	batch[i].server = fd;
	batch[i].server_cookie = cookie(fd);
}

static void transfer(int from, int to, unsigned int bytes)
{
	static char buf[MAX_BYTES];

	if (send(from, buf, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
		die("send %u bytes", bytes);
	if (recv(to, buf, bytes, MSG_WAITALL) != (ssize_t)bytes)
		die("receive %u bytes", bytes);
}

/* What is not acknowledged yet a reset would turn into something never sent. */
static void await_ack(int from, int to)
{
	time_t deadline = time(NULL) + WAIT_SECONDS;
	int one = 1, left = 1;

	while (left) {
		if (setsockopt(to, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one)) ||
		    ioctl(from, SIOCOUTQ, &left))
			die("waiting for an ACK");
		if (time(NULL) > deadline)
			die("no ACK");
	}
}

static void expect_end(int fd, int error)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	if (error ? n >= 0 || errno != error : n != 0)
		die("the other end does not see the end: recv() returned %zd", n);
}

static void open_batch(struct connection *batch, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		connect_client(&batch[i]);
		describe_client(&batch[i]);
	}
	for (i = 0; i < nr; i++)
		accept_one(batch, nr);
	for (i = 0; i < nr; i++) {
		transfer(batch[i].client, batch[i].server, batch[i].client_bytes);
		await_ack(batch[i].client, batch[i].server);
		transfer(batch[i].server, batch[i].client, batch[i].server_bytes);
		await_ack(batch[i].server, batch[i].client);
	}
}

static bool client_first(const struct connection *c)
{
	return c->kind == BY_CLIENT || c->kind == RST_BY_CLIENT;
}

static bool by_reset(const struct connection *c)
{
	return c->kind == RST_BY_CLIENT || c->kind == RST_BY_SERVER;
}

static void close_first(struct connection *c)
{
	static const struct linger now = { .l_onoff = 1 };
	int *fd = client_first(c) ? &c->client : &c->server;

	if (c->half) {
		if (shutdown(*fd, SHUT_WR))
			die("shutdown");
		return;
	}
	if (by_reset(c) && setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)))
		die("SO_LINGER");
	close(*fd);
	*fd = -1;
}

static void close_second(struct connection *c)
{
	int first = client_first(c) ? c->client : c->server;
	int second = client_first(c) ? c->server : c->client;

	expect_end(second, by_reset(c) ? ECONNRESET : 0);
	if (c->late_bytes) {
		transfer(second, first, c->late_bytes);
		*(client_first(c) ? &c->server_bytes : &c->client_bytes) += c->late_bytes;
	}
	close(second);
	if (c->half) {
		expect_end(first, 0);
		close(first);
	}
}

static void print_address(const char *key, const union address *a)
{
	char text[INET6_ADDRSTRLEN];

	if (opt.mapped)
		inet_ntop(AF_INET, a->v6.sin6_addr.s6_addr + 12, text, sizeof(text));
	else if (opt.family == AF_INET6)
		inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof(text));
	printf("\"%s\":\"%s\",", key, text);
}

static void print_connection(const struct connection *c)
{
	union address server;

	make_address(&server, 0, 0);
	printf("{\"connection\":%u,\"kind\":\"%s\",\"late_bytes\":%u,", c->index,
	       kinds[c->kind], c->late_bytes);
	print_address("client", &c->from);
	printf("\"client_port\":%u,", c->port);
	print_address("server", &server);
	printf("\"server_port\":%u,\"client_bytes\":%u,\"server_bytes\":%u,",
	       c->kind == REFUSED ? closed_port : server_port, c->client_bytes, c->server_bytes);
	printf("\"client_conn\":\"%llx\",\"server_conn\":\"%llx\"}\n",
	       (unsigned long long)c->client_cookie, (unsigned long long)c->server_cookie);
}

/* Tells a test that it may look, and waits until it has. */
static void pause_for_test(const char *where)
{
	char line[16];

	if (!opt.pause)
		return;
	fprintf(stderr, "%s\n", where);
	if (!fgets(line, sizeof(line), stdin))
		die("the test went away at \"%s\"", where);
}

static void one_batch(unsigned int first, unsigned int nr)
{
	static struct connection batch[MAX_PARALLEL];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		unsigned int index = first + i;
		enum kind kind = opt.mix[index % opt.mix_len];
		bool half = kind <= BY_SERVER && index / opt.mix_len % 2;

		batch[i] = (struct connection) {
			.index = index,
			.client = -1,
			.server = -1,
			.kind = kind,
			.half = half,
			.late_bytes = half ? index % 13 : 0,
			.client_bytes = 1 + index * 7 % MAX_BYTES,
			.server_bytes = 1 + index * 11 % MAX_BYTES,
		};
	}
	open_batch(batch, nr);
	pause_for_test("open");
	for (i = 0; i < nr; i++)
		close_first(&batch[i]);
	pause_for_test("half-closed");
	for (i = 0; i < nr; i++)
		close_second(&batch[i]);
	for (i = 0; i < nr; i++)
		print_connection(&batch[i]);
}

static void one_refused(unsigned int index)
{
	struct connection c = { .index = index, .kind = REFUSED };

	connect_client(&c);
	describe_client(&c);
	close(c.client);
	print_connection(&c);
}

static void run(void)
{
	unsigned int done = 0, nr, i;
	int closed = new_socket();

	play("traffic-server");
	listener = new_socket();
	server_port = bind_server(listener, opt.port);
	if (listen(listener, opt.parallel))
		die("listen");
	closed_port = bind_server(closed, 0);

	while (done < opt.connections) {
		nr = opt.connections - done;
		if (nr > opt.parallel)
			nr = opt.parallel;
		one_batch(done, nr);
		done += nr;
	}
	for (i = 0; i < opt.refused; i++)
		one_refused(opt.connections + i);
	pause_for_test("done");
	printf("{\"listener\":\"%llx\",\"pid\":%d,\"server_port\":%u,\"closed_port\":%u}\n",
	       (unsigned long long)cookie(listener), getpid(), server_port, closed_port);
	close(listener);
	close(closed);
}

static void parse_family(const char *arg)
{
	opt.mapped = !strcmp(arg, "mapped");
	if (opt.mapped || !strcmp(arg, "6"))
		opt.family = AF_INET6;
	else if (strcmp(arg, "4"))
		die("--family is 4, 6 or mapped");
}

static void parse_mix(char *arg)
{
	char *word;
	int k;

	opt.mix_len = 0;
	for (word = strtok(arg, ","); word; word = strtok(NULL, ",")) {
		for (k = 0; k < REFUSED && strcmp(word, kinds[k]); k++)
			;
		if (k == REFUSED || opt.mix_len == sizeof(opt.mix) / sizeof(opt.mix[0]))
			die("--close is some of client,server,client-rst,server-rst");
		opt.mix[opt.mix_len++] = k;
	}
}

static unsigned int parse_number(const char *arg, unsigned int min, unsigned int max)
{
	char *end;
	unsigned long v = strtoul(arg, &end, 10);

	if (*end || end == arg || v < min || v > max) {
		errno = 0;
		die("%s: a number from %u to %u is needed", arg, min, max);
	}
	return v;
}

static const char usage[] =
	"usage: traffic [OPTION]...\n"
	"  --connections N   (0)\n"
	"  --refused N       and so many to a port where nobody listens (0)\n"
	"  --parallel N      so many open at once (1)\n"
	"  --family F        4, 6 or mapped (4)\n"
	"  --port N          of the server (any free one)\n"
	"  --first-port N    of the first client, IPv6 only (10007)\n"
	"  --close MIX       who closes, in turn (client,server,client-rst,server-rst)\n"
	"  --pause           say \"open\", \"half-closed\" and \"done\" on stderr and wait for a\n"
	"                    line on stdin each time, so that a test can look\n";

/* Both ends of a connection may be held by one process. */
static void need_descriptors(unsigned int n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= n)
		return;
	limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("no %u descriptors", n);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "connections",	required_argument,	NULL, 'n' },
		{ "refused",		required_argument,	NULL, 'r' },
		{ "parallel",		required_argument,	NULL, 'k' },
		{ "family",		required_argument,	NULL, 'f' },
		{ "port",		required_argument,	NULL, 'p' },
		{ "first-port",		required_argument,	NULL, 'P' },
		{ "close",		required_argument,	NULL, 'c' },
		{ "pause",		no_argument,		NULL, 'w' },
		{ NULL,			0,			NULL, 0 },
	};
	char all[] = "client,server,client-rst,server-rst";
	int c;

	parse_mix(all);
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'n')
			opt.connections = parse_number(optarg, 0, 50000);
		else if (c == 'r')
			opt.refused = parse_number(optarg, 0, 50000);
		else if (c == 'k')
			opt.parallel = parse_number(optarg, 1, MAX_PARALLEL);
		else if (c == 'f')
			parse_family(optarg);
		else if (c == 'p')
			opt.port = parse_number(optarg, 0, UINT16_MAX);
		else if (c == 'P')
			opt.first_port = parse_number(optarg, 1, UINT16_MAX);
		else if (c == 'c')
			parse_mix(optarg);
		else if (c == 'w')
			opt.pause = true;
		else
			goto wrong;
	}
	if (optind < argc || !opt.mix_len)
		goto wrong;
	need_descriptors(2 * opt.parallel + 16);
	run();
	if (fflush(stdout))
		die("write");
	return 0;

wrong:
	fputs(usage, stderr);
	return 2;
}

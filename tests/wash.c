// SPDX-License-Identifier: GPL-2.0
/*
 * What washes everything else out of a ring that has no lanes: good connections to many
 * services, so that each lane gets its part, and segments from nobody, each of which is answered
 * by a RST. A program of C, for an emulated CPU takes ten times as long for Python.
 *
 * usage: wash good COUNT | wash strangers COUNT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "draw.h"

#define SERVICES 307
#define BACKLOG 31
#define SEED 13

static void die(const char *what)
{
	fputs("wash: ", stderr);
	perror(what);
	exit(1);
}

static int new_socket(int type, int protocol)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		die("socket");
	return fd;
}

static void listen_all(int *listener, struct sockaddr_in *service)
{
	struct rlimit limit = { SERVICES + 64, SERVICES + 64 };
	socklen_t len = sizeof(*service);
	int i;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("limit of descriptors");
	for (i = 0; i < SERVICES; i++) {
		listener[i] = new_socket(SOCK_STREAM, 0);
		service[i] = (struct sockaddr_in) { .sin_family = AF_INET };
		inet_pton(AF_INET, "127.0.13.1", &service[i].sin_addr);
		if (bind(listener[i], (struct sockaddr *)&service[i], len) ||
		    listen(listener[i], BACKLOG) ||
		    getsockname(listener[i], (struct sockaddr *)&service[i], &len))
			die("service");
	}
}

/* The client closes first, so nothing waits but its TIME_WAIT. */
static void good(unsigned long count)
{
	static struct sockaddr_in service[SERVICES];
	static int listener[SERVICES];
	unsigned long i;

	listen_all(listener, service);
	for (i = 0; i < count; i++) {
		int client = new_socket(SOCK_STREAM, 0), server;

		if (connect(client, (struct sockaddr *)&service[i % SERVICES], sizeof(*service)))
			die("connect");
		server = accept(listener[i % SERVICES], NULL, NULL);
		if (server < 0)
			die("accept");
		close(client);
		close(server);
	}
}

static uint32_t add_up(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (; len; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	return sum;
}

/* Between two ends of this machine, of which neither has a socket. */
static void strangers(unsigned long count)
{
	int fd = new_socket(SOCK_RAW, IPPROTO_TCP);
	struct sockaddr_in to = { .sin_family = AF_INET };

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	draw_seed(SEED);
	for (; count; count--) {
		struct tcphdr tcp = {
			.source = htons(1024 + draw(58976)), .dest = htons(2 + draw(898)),
			.seq = draw_bits(), .ack_seq = draw_bits(), .doff = sizeof(tcp) / 4,
			.ack = 1, .window = htons(500),
		};
		uint32_t sum = IPPROTO_TCP + sizeof(tcp) + 2 * add_up(&to.sin_addr, 4) +
			       add_up(&tcp, sizeof(tcp));

		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		tcp.check = htons(~sum);
		if (sendto(fd, &tcp, sizeof(tcp), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			die("sendto");
	}
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (count && !strcmp(argv[1], "good"))
		good(count);
	else if (count && !strcmp(argv[1], "strangers"))
		strangers(count);
	else {
		fputs("usage: wash good COUNT | wash strangers COUNT\n", stderr);
		return 2;
	}
	return 0;
}

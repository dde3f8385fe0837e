// SPDX-License-Identifier: GPL-2.0
/*
 * The work that everything is compared with: connect, accept, close, both ends
 * on this machine, one after another. Run on a CPU whose clock advances a
 * nanosecond an instruction (tests/vm/run --icount), so the time is the number
 * of instructions, everybody's on that CPU.
 *
 * loop CONNECTIONS [READER-PID]
 *
 * Prints instructions a connection. A reader's work that is still to be done when the loop
 * ends is waited for and added.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Nanoseconds a process has run so far. */
static uint64_t cpu_time(const char *pid)
{
	char path[64];
	uint64_t ns;
	FILE *file;

	if (!pid)
		return 0;
	snprintf(path, sizeof(path), "/proc/%s/schedstat", pid);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%" SCNu64, &ns) != 1)
		die(path);
	fclose(file);
	return ns;
}

/* Until the reader has not run for a quarter of a second. */
static uint64_t settled(const char *pid)
{
	struct timespec pause = { .tv_nsec = 250000000 };
	uint64_t last, ns = cpu_time(pid);

	do {
		last = ns;
		nanosleep(&pause, NULL);
		ns = cpu_time(pid);
	} while (ns > last + 200000);
	return ns;
}

static int listen_on(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)addr, &len))
		die("listen");
	return fd;
}

static void one(int listener, const struct sockaddr_in *from, const struct sockaddr_in *to)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), server;

	if (client < 0 || bind(client, (const struct sockaddr *)from, sizeof(*from)) ||
	    connect(client, (const struct sockaddr *)to, sizeof(*to)))
		die("connect");
	server = accept(listener, NULL, NULL);
	if (server < 0)
		die("accept");
	close(client);
	close(server);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	/* An address of its own for each: what is left of another is not in the way. */
	struct sockaddr_in from = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f010001 + ((getpid() & 0x7fff) << 8)),
	};
	const char *reader = argc > 2 ? argv[2] : NULL;
	int i, connections, listener;
	uint64_t start, took;

	if (argc < 2)
		return 2;
	connections = atoi(argv[1]);
	listener = listen_on(&to);
	settled(reader);
	start = now();
	for (i = 0; i < connections; i++)
		one(listener, &from, &to);
	took = now() - start;
	if (reader) {
		uint64_t then = cpu_time(reader);

		took += settled(reader) - then;
	}
	printf("%" PRIu64 "\n", took / connections);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * As many connections as a server has: opens them over loopback, both ends in this process,
 * and holds them.
 *
 * many CONNECTIONS PORT
 *
 * Says "open" when they are there and waits for a line; then all of them end by a RST.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* To each address so many, above the ports that servers use. */
#define PORTS		50000
#define FIRST_PORT	15000

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int begin(struct sockaddr_in *from)
{
	const struct linger hard = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)) ||
	    bind(fd, (struct sockaddr *)from, sizeof(*from)))
		die("many: bind");
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct rlimit files;
	int i, connections, listener, fd;

	if (argc != 3)
		return 2;
	connections = atoi(argv[1]);
	files.rlim_cur = 2 * (rlim_t)connections + 64;
	files.rlim_max = files.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &files))
		die("many: files");
	to.sin_port = htons(atoi(argv[2]));
	listener = begin(&to);
	if (listen(listener, 16))
		die("many: listen");
	for (i = 0; i < connections; i++) {
		from.sin_addr.s_addr = htonl(0x7f010001 + i / PORTS);
		from.sin_port = htons(FIRST_PORT + i % PORTS);
		fd = begin(&from);
		if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
			die("many: connect");
		if (accept(listener, NULL, NULL) < 0)
			die("many: accept");
	}
	puts("open");
	fflush(stdout);
	return getchar() == EOF;
}

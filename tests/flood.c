// SPDX-License-Identifier: GPL-2.0
/*
 * A SYN flood: segments from nobody, as fast as they go, over loopback. Raw
 * sockets, so that each has an address of its own that nobody answers for. Now and
 * then an ACK is among them that claims to bring a SYN cookie back.
 *
 * Says how many of each it sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "draw.h"

#define BATCH	31
#define ACKS	17	/* every so many segments */

struct segment {
	struct tcphdr tcp;
	uint8_t mss[4];
} __attribute__((packed));

struct packet4 {
	struct iphdr ip;
	struct segment s;
} __attribute__((packed));

struct packet6 {
	struct ip6_hdr ip;
	struct segment s;
} __attribute__((packed));

static union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} to;
static bool v6;
static uint16_t port;
static unsigned long long syns, acks;

static uint32_t add_up(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	return sum;
}

/* @addresses: both, as they lie in the header. */
static void fill_segment(struct segment *s, const void *addresses, size_t len, bool ack)
{
	static const uint8_t mss[4] = { TCPOPT_MAXSEG, TCPOLEN_MAXSEG, 1460 >> 8, 1460 & 0xff };
	uint32_t sum = IPPROTO_TCP + sizeof(*s);

	memset(s, 0, sizeof(*s));
	s->tcp.source = htons(1024 + draw_bits() % 64512);
	s->tcp.dest = htons(port);
	s->tcp.seq = draw_bits();
	s->tcp.ack_seq = ack ? draw_bits() : 0;
	s->tcp.doff = sizeof(*s) / 4;
	s->tcp.syn = !ack;
	s->tcp.ack = ack;
	s->tcp.window = htons(64240);
	memcpy(s->mss, mss, sizeof(mss));
	sum = add_up(add_up(sum, addresses, len), s, sizeof(*s));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	s->tcp.check = htons(~sum);
}

/* From 198.18.0.0/15, which is for such things (RFC 2544). */
static size_t fill4(struct packet4 *p, bool ack)
{
	p->ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
		.saddr = htonl(0xc6120000 | (draw_bits() & 0x1ffff)), .daddr = to.v4.sin_addr.s_addr,
	};
	fill_segment(&p->s, &p->ip.saddr, 8, ack);
	return sizeof(*p);
}

/* From 2001:2::/48, likewise (RFC 5180). */
static size_t fill6(struct packet6 *p, bool ack)
{
	uint32_t low = draw_bits();

	memset(&p->ip, 0, sizeof(p->ip));
	p->ip.ip6_vfc = 6 << 4;
	p->ip.ip6_plen = htons(sizeof(p->s));
	p->ip.ip6_nxt = IPPROTO_TCP;
	p->ip.ip6_hlim = 64;
	memcpy(p->ip.ip6_src.s6_addr, "\x20\x01\x00\x02", 4);
	memcpy(p->ip.ip6_src.s6_addr + 12, &low, sizeof(low));
	p->ip.ip6_dst = to.v6.sin6_addr;
	fill_segment(&p->s, &p->ip.ip6_src, 32, ack);
	return sizeof(*p);
}

static void flood(int fd, unsigned int seconds)
{
	static union {
		struct packet4 v4;
		struct packet6 v6;
	} packets[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr msgs[BATCH];
	time_t end = time(NULL) + seconds;
	unsigned long long turn = 0;
	int i, n;

	while (time(NULL) < end) {
		bool ack[BATCH];

		memset(msgs, 0, sizeof(msgs));
		for (i = 0; i < BATCH; i++) {
			ack[i] = ++turn % ACKS == 0;
			iov[i].iov_base = &packets[i];
			iov[i].iov_len = v6 ? fill6(&packets[i].v6, ack[i]) :
					      fill4(&packets[i].v4, ack[i]);
			msgs[i].msg_hdr.msg_iov = &iov[i];
			msgs[i].msg_hdr.msg_iovlen = 1;
			msgs[i].msg_hdr.msg_name = &to;
			msgs[i].msg_hdr.msg_namelen = v6 ? sizeof(to.v6) : sizeof(to.v4);
		}
		n = sendmmsg(fd, msgs, BATCH, 0);
		for (i = 0; i < n; i++)
			*(ack[i] ? &acks : &syns) += 1;
		if (n < 0 && errno != ENOBUFS && errno != EPERM)
			break;
	}
	if (!syns || time(NULL) < end) {
		perror("flood: sendmmsg");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int fd, one = 1;

	if (argc != 4) {
		fputs("usage: flood ADDRESS PORT SECONDS\n", stderr);
		return 2;
	}
	v6 = strchr(argv[1], ':');
	port = strtoul(argv[2], NULL, 10);
	draw_seed(port + v6);
	to.any.sa_family = v6 ? AF_INET6 : AF_INET;
	if (inet_pton(to.any.sa_family, argv[1], v6 ? (void *)&to.v6.sin6_addr :
		      (void *)&to.v4.sin_addr) != 1) {
		fprintf(stderr, "flood: %s is no address\n", argv[1]);
		return 2;
	}
	fd = socket(to.any.sa_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &one, sizeof(one)))) {
		perror("flood: raw socket");
		return 1;
	}
	flood(fd, strtoul(argv[3], NULL, 10));
	printf("syns %llu\nacks %llu\n", syns, acks);
	return 0;
}

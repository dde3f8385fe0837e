/* SPDX-License-Identifier: GPL-2.0 */
/* What no record has is the same in all packets: TTL, and 0 for the rest. */
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

#include "headers.h"

#define TTL 64

/* RFC 1071; @len is even. */
static uint32_t sum_of(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (; len; p += 2, len -= 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	return sum;
}

static uint16_t checksum(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Both are for SYNs alone. Their bytes, a multiple of four. */
static uint32_t put_options(const struct header *h, uint8_t *p)
{
	uint32_t len = 0;

	if (h->sack) {
		p[len++] = TCPOPT_NOP;
		p[len++] = TCPOPT_NOP;
		p[len++] = TCPOPT_SACK_PERMITTED;
		p[len++] = TCPOLEN_SACK_PERMITTED;
	}
	if (h->wscale != WSCALE_UNKNOWN) {
		p[len++] = TCPOPT_NOP;
		p[len++] = TCPOPT_WINDOW;
		p[len++] = TCPOLEN_WINDOW;
		p[len++] = h->wscale;
	}
	return len;
}

static uint32_t put_tcp(const struct header *h, uint8_t *p)
{
	struct tcphdr th = {
		.th_sport = htons(h->source_port), .th_dport = htons(h->destination_port),
		.th_seq = htonl(h->seq), .th_ack = htonl(h->flags & TH_ACK ? h->ack : 0),
		.th_flags = h->flags, .th_win = htons(h->window),
	};
	size_t address = h->family == AF_INET6 ? 16 : 4;
	uint32_t len = sizeof(th) + put_options(h, p + sizeof(th));

	th.th_off = (len / 4) & 15;
	memcpy(p, &th, sizeof(th));
	th.th_sum = checksum(sum_of(p, len) + sum_of(h->source, address) +
			     sum_of(h->destination, address) + IPPROTO_TCP + len);
	memcpy(p, &th, sizeof(th));
	return len;
}

static uint32_t put_ipv4(const struct header *h, uint8_t *p)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = TTL, .protocol = IPPROTO_TCP };
	uint32_t len = sizeof(ip) + put_tcp(h, p + sizeof(ip));

	ip.tot_len = htons((uint16_t)len);
	memcpy(&ip.saddr, h->source, sizeof(ip.saddr));
	memcpy(&ip.daddr, h->destination, sizeof(ip.daddr));
	ip.check = checksum(sum_of(&ip, sizeof(ip)));
	memcpy(p, &ip, sizeof(ip));
	return len;
}

static uint32_t put_ipv6(const struct header *h, uint8_t *p)
{
	struct ip6_hdr ip = {
		.ip6_flow = htonl(6u << 28), .ip6_nxt = IPPROTO_TCP, .ip6_hlim = TTL,
	};
	uint32_t len = put_tcp(h, p + sizeof(ip));

	ip.ip6_plen = htons((uint16_t)len);
	memcpy(&ip.ip6_src, h->source, sizeof(ip.ip6_src));
	memcpy(&ip.ip6_dst, h->destination, sizeof(ip.ip6_dst));
	memcpy(p, &ip, sizeof(ip));
	return (uint32_t)sizeof(ip) + len;
}

/**
 * header_put - a segment as a packet
 * @h: what it says
 * @packet: gets it
 *
 * Return: its bytes.
 */
uint32_t header_put(const struct header *h, uint8_t packet[HEADER_MAX])
{
	return h->family == AF_INET6 ? put_ipv6(h, packet) : put_ipv4(h, packet);
}

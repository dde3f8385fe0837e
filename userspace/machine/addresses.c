/* SPDX-License-Identifier: GPL-2.0 */
/* Asks for the addresses of the interfaces. */
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "addresses.h"

static void add(struct tally *addresses, const struct sockaddr *sa, uint32_t netns)
{
	struct address key = { .family = sa->sa_family, .netns = netns };

	if (sa->sa_family == AF_INET)
		memcpy(key.address, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(key.address, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	else
		return;
	tally_get(addresses, &key);
}

/**
 * addresses_read - those of the interfaces
 * @addresses: gets them
 * @netns: inode of the namespace that we run in
 */
void addresses_read(struct tally *addresses, uint32_t netns)
{
	struct ifaddrs *all, *a;

	if (getifaddrs(&all))
		return;
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_addr)
			add(addresses, a->ifa_addr, netns);
	freeifaddrs(all);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A resolver that knows "two.test": an address that no machine has, then one that all have.
 * Linked with --wrap=getaddrinfo.
 */
#include <netdb.h>
#include <string.h>

/* The linker has one, and looks for the other. */
__typeof__(getaddrinfo) __real_getaddrinfo, __wrap_getaddrinfo;

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
		       struct addrinfo **all)
{
	int err;

	if (strcmp(host, "two.test"))
		return __real_getaddrinfo(host, port, hints, all);
	err = __real_getaddrinfo("192.0.2.1", port, hints, all);
	return err ? err : __real_getaddrinfo("127.0.0.1", port, hints, &(*all)->ai_next);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machine this is, in words that stay the same from one boot to the next. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"

#define UUID_LEN 36

/* "3f2c9a1e-...", as the kernel has it. */
static void parse_uuid(const char *text, uint8_t uuid[16])
{
	unsigned int i, byte;

	for (i = 0; i < 16; i++) {
		text += *text == '-';
		if (sscanf(text, "%2x", &byte) != 1) {
			memset(uuid, 0, 16);
			return;
		}
		uuid[i] = (uint8_t)byte;
		text += 2;
	}
}

/**
 * tcphs_host_here - this machine, since it was booted
 * @host: gets it
 */
void tcphs_host_here(struct tcphs_host *host)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[UUID_LEN + 1] = "";

	memset(host, 0, sizeof(*host));
	if (fd >= 0 && read(fd, text, UUID_LEN) == UUID_LEN)
		parse_uuid(text, host->boot);
	if (fd >= 0)
		close(fd);
	if (gethostname(host->name, sizeof(host->name) - 1))
		host->name[0] = '\0';
}

/**
 * tcphs_host_known - can it be told from others?
 * @host: the machine
 */
bool tcphs_host_known(const struct tcphs_host *host)
{
	static const uint8_t none[sizeof(host->boot)];

	return memcmp(host->boot, none, sizeof(none));
}

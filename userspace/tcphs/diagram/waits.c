// SPDX-License-Identifier: GPL-2.0
#include <sys/stat.h>

#include "picture.h"
#include "settings.h"
#include "unacked.h"
#include "waits.h"

/* sock_diag(7) tells of the namespace that we run in. */
static bool is_here(const struct tcphs_ident *id)
{
	struct stat st;

	return !stat("/proc/self/ns/net", &st) && (uint32_t)st.st_ino == id->netns;
}

/**
 * waits_draw - what its sides have sent in vain so far
 * @p: the picture, as it is now
 */
void waits_draw(struct tcphs_picture *p)
{
	const struct tcphs_end *end;
	struct settings settings;
	struct unacked u;
	unsigned int side;

	if (!tcphs_picture_open(p))
		return;
	settings_read(&settings);
	for (side = 0; side < (p->self ? 1 : 2); side++) {
		end = &p->end[side];
		if (end->socket && is_here(&end->id) &&
		    unacked_of(&end->id, end->ifindex, settings_rto_max(&settings), &u))
			tcphs_picture_waits(p, side, u.bytes, u.since);
	}
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of data that nobody confirms. */
#include "evidence_parts.h"

static void merge_silent(void *into, const void *entry)
{
	const struct silent *s = entry;
	struct silent *sum = into;

	sum->connections += s->connections;
	sum->bytes += s->bytes;
}

void data_init(struct evidence *e)
{
	e->silent = (struct tally)TALLY_INIT(struct silent, peer, .limit = PEERS_MOST,
					     .merge = merge_silent);
}

/**
 * evidence_unacked - data of an open connection are not confirmed
 * @e: the evidence
 * @u: which, and for how long
 * @netns: inode of its namespace
 */
void evidence_unacked(struct evidence *e, const struct unacked *u, uint32_t netns)
{
	struct place peer = place_of(u->family, u->peer, 0, netns);
	struct silent *s;

	if (u->since < SILENT_NS)
		return;
	e->unconfirmed++;
	s = evidence_get(e, &e->silent, &peer);
	if (!s)
		return;
	s->connections++;
	s->bytes += u->bytes;
	if (u->since < s->longest)
		return;
	s->longest = u->since;
	s->local = place_of(u->family, u->local, u->local_port, netns);
	s->port = u->peer_port;
}

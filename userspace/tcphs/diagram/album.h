/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pictures of chosen connections. Whoever has the events goes over them twice: the first time
 * says which lives there are and which are wanted, the second time their events are kept.
 */
#ifndef TCPHS_ALBUM_H
#define TCPHS_ALBUM_H

#include "lives.h"
#include "picture.h"

struct tcphs_met;			/* a listener that a segment met */

/**
 * struct tcphs_album - the connections
 * @lives: all there are; who reads marks those that are wanted
 * @limit: pictures, the newest
 * @chosen: the lives that lead them
 * @nr_chosen: how many
 * @total: so many fit
 * @cgroups: what those of the owners are called; NULL: nobody knows
 * @no_memory: something could not be remembered
 * @forgotten: of @total, those whose events nobody has any more
 * @lives_max: so many lives may be known now
 * @drawn: of each life, whether its events are kept
 * @met: listeners that their segments met, by cookie
 * @nr_met: how many
 */
struct tcphs_album {
	struct tcphs_lives lives;
	uint32_t limit;
	uint32_t *chosen;
	uint32_t nr_chosen, total;
	struct tcphs_cgroups *cgroups;
	bool no_memory;

	/* private */
	uint32_t forgotten;
	uint32_t lives_max;
	bool *drawn;
	struct tcphs_met *met;
	size_t nr_met;
};

void tcphs_album_init(struct tcphs_album *a, uint32_t limit);
void tcphs_album_free(struct tcphs_album *a);
uint32_t tcphs_album_see(struct tcphs_album *a, const struct tcphs_event *ev);
int tcphs_album_choose(struct tcphs_album *a);
void tcphs_album_keep(struct tcphs_album *a, const struct tcphs_event *ev);
void tcphs_album_owners(struct tcphs_album *a, const struct tcphs_listener_list *list);
int tcphs_album_picture(struct tcphs_album *a, uint32_t life, bool utf8, uint64_t now,
			struct tcphs_picture *p);

#endif /* TCPHS_ALBUM_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* What the files evidence*.c share, and nobody else needs. */
#ifndef TCPHS_DOCTOR_EVIDENCE_PARTS_H
#define TCPHS_DOCTOR_EVIDENCE_PARTS_H

#include <sys/socket.h>

#include "evidence.h"

/* Entries of one kind that are told apart; those with least to report make room. */
#define PEERS_MOST	16384
/* Listeners that the module knows at the most. */
#define QUEUES_MOST	16384

static inline struct place place_of(uint8_t family, const uint8_t *address, uint16_t port,
				    uint32_t netns)
{
	struct place at = { .port = port, .family = family, .netns = netns };

	memcpy(at.address, address, sizeof(at.address));
	return at;
}

static inline struct place local_of(const struct tcphs_ident *id)
{
	return place_of(id->family, id->local, id->local_port, id->netns);
}

static inline struct place peer_of(const struct tcphs_ident *id)
{
	return place_of(id->family, id->peer, id->peer_port, id->netns);
}

static inline void raise(uint64_t *value, uint64_t least)
{
	if (*value < least)
		*value = least;
}

static inline bool is_reset(const struct tcphs_event *ev)
{
	return ev->type == TCPHS_EV_RST_SENT || ev->type == TCPHS_EV_RST_RECEIVED;
}

/* evidence.c */
void own(struct owner *o, uint32_t pid, const void *comm, uint64_t cgroup);
void *evidence_get(struct evidence *e, struct tally *t, const void *key);	/* NULL: no memory */
/*
 * Is this end a listener's child? Where its beginning was not seen: if somebody listens
 * there, or if only its port is one that servers have, see there.
 */
bool evidence_is_passive(const struct evidence *e, uint8_t role, const struct place *local,
			 const struct place *peer);

/* evidence_queue.c */
void queue_init(struct evidence *e);
void queue_before(struct evidence *e, const struct tables *t);
void queue_event(struct evidence *e, const struct tcphs_event *ev, const struct place *local);
void queue_after(struct evidence *e, const struct tables *t);
void queue_boot(struct evidence *e);

/* evidence_connect.c */
void connect_init(struct evidence *e);
void connect_event(struct evidence *e, const struct tcphs_event *ev, const struct place *peer);
void connect_no_port(struct evidence *e, const struct tcphs_event *ev);
void connect_after(struct evidence *e, const struct tcphs_conn_info *c,
		   const struct place *local, const struct place *peer);

/* evidence_dial.c */
void dial_init(struct evidence *e);
void dial_event(struct evidence *e, struct destination *d, const struct tcphs_event *ev);
void dial_boot(struct evidence *e);

/* evidence_data.c */
void data_init(struct evidence *e);

/* evidence_kept.c */
void kept_init(struct evidence *e);

/* evidence_ends.c */
void ends_init(struct evidence *e);
void ends_free(struct evidence *e);
void ends_event(struct evidence *e, const struct tcphs_event *ev, const struct place *local,
		const struct place *peer);
/* Does it answer a segment of a connection that is not there, and no SYN? */
bool ends_is_stray(const struct tcphs_event *ev);
void ends_boot(struct evidence *e);
bool ends_met_old(const struct evidence *e, uint64_t conn);

/* evidence_close.c */
void close_init(struct evidence *e);
void close_before(struct evidence *e, const struct tables *t);
void close_reset(struct resets *r, const struct tcphs_event *ev);
void close_nobody(struct evidence *e, const struct tcphs_event *ev);
void close_after(struct evidence *e, const struct tcphs_conn_info *c,
		 const struct place *local, const struct place *peer);

void resets_merge(struct resets *into, const struct resets *r);

#endif /* TCPHS_DOCTOR_EVIDENCE_PARTS_H */

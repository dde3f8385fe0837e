/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recordings of several machines, read as one.
 *
 * All of them are read once to learn whose they are, which connections have both ends on
 * record, and from the segments of these how far the clocks are apart. Then their events come
 * in one order, by the clock of the first one, each with the number of its site (site.h) for
 * its network namespace. Times are ns since the epoch: the clock's offset is 0.
 *
 * A machine is told from others by the number of its boot, which recordings have: several
 * files of one are one host, and what is in two of them comes once.
 */
#ifndef TCPHS_HOSTS_H
#define TCPHS_HOSTS_H

#include "conn_life.h"
#include "host_pair.h"

struct hosts;

struct hosts *hosts_open(char *const *names, unsigned int nr, struct tcphs_cgroups *cgroups,
			 struct tcphs_error *err);
void hosts_close(struct hosts *h);

unsigned int hosts_count(const struct hosts *h);
const char *hosts_name(const struct hosts *h, unsigned int host);
bool hosts_all_netns(const struct hosts *h);
/* From the first event to the last one; false: there is none. */
bool hosts_span(const struct hosts *h, struct tcphs_span *span);

void hosts_rewind(struct hosts *h);
/*
 * The next event, loss or hole, for @ops. 1: there is more. 0: that was all; or -1 with @err
 * set, of what is damaged after all the rest.
 */
int hosts_read(struct hosts *h, const struct tcphs_events_ops *ops, void *arg,
	       struct tcphs_error *err);
/* Whose the latest was. */
unsigned int hosts_current(const struct hosts *h);
/* And is that the first event of another boot of it? */
bool hosts_booted(const struct hosts *h);

/* The other end of a connection, and its host; NULL: it is not on record. */
const struct tcphs_ident *hosts_other_end(const struct hosts *h, const struct tcphs_ident *id);
/* A host that has this address and recorded at that time; -1: none. */
int hosts_at(const struct hosts *h, uint8_t family, const uint8_t *address, uint64_t time);

/* Pairs with a connection, or the attempt of one. The first host has the smaller number. */
const struct host_pair *hosts_pairs(const struct hosts *h, unsigned int *nr);
/* There are more connections than there is room for: of the later ones nothing is known here. */
bool hosts_full(const struct hosts *h);
/* Did something of this host's get lost? */
uint64_t hosts_lost(const struct hosts *h, unsigned int host);

#endif /* TCPHS_HOSTS_H */

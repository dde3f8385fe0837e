/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording as a source: what was there at a time of it. Its times are CLOCK_REALTIME, so
 * that they go on from one boot to the next. Of a boot whose clock was behind they go on at
 * once, until it is set.
 */
#ifndef TOP_PLAY_H
#define TOP_PLAY_H

#include "hash.h"
#include "open_lives.h"
#include "reboots.h"
#include "source.h"
#include "tally.h"

/**
 * struct play_reader - events in their order, up to a time
 * @name: of the recording
 * @fd: of its file or directory
 * @recording: it
 * @cgroups: get the names that it has; NULL: nobody wants them
 * @reboots: of the machine, as far as it was read
 * @clock: what made time of day of what was read last
 * @offset: and what makes times of it: @clock, if it is not behind
 * @behind: it is
 * @last: the latest time so far
 * @item: those of a piece that are to come
 * @next: the first of them
 * @nr: how many
 * @cap: room in @item
 * @end: there are no more
 * @no_memory: something is missing
 */
struct play_item;
struct play_reader {
	const char *name;
	int fd;
	struct tcphs_recording *recording;
	struct tcphs_cgroups *cgroups;
	struct reboots reboots;
	int64_t clock, offset;
	bool behind;
	uint64_t last;
	struct play_item *item;
	size_t next, nr, cap;
	bool end;
	bool no_memory;
};

/**
 * struct play - a recording, and where it is
 * @name: file or directory
 * @at: all up to then has happened, ns
 * @first: of its events, ns
 * @all_netns: it is of all namespaces
 * @ended: there is nothing after @at
 * @turn: another number after each jump back: what was read is void
 * @boots: how often the machine was booted up to @at
 * @reader: of what follows
 * @status: what the events up to @at come to
 * @open: lives that go on
 * @listeners: struct tcphs_listener, as far as events show them
 * @time_wait: those in TIME_WAIT, as far as their begin is recorded
 */
struct play {
	const char *name;
	uint64_t at;
	uint64_t first;
	bool all_netns;
	bool ended;
	unsigned int turn;
	unsigned int boots;
	struct play_reader reader;
	struct tcphs_status status;
	struct open_lives open;
	struct tally listeners;
	struct hash time_wait;
};

int play_open(struct play *p, const char *name, struct tcphs_error *err);
void play_close(struct play *p);
void play_source(struct play *p, struct top_source *src);
const struct tcphs_host *play_host(const struct top_feed *feed);
int play_when(const char *text, uint64_t at, uint64_t first, uint64_t *to);
int play_move(struct play *p, uint64_t to, struct tcphs_error *err);

/* play_tables.c */
void play_begin(struct play *p);
void play_boot(struct play *p);
void play_event(struct play *p, const struct tcphs_event *ev);
void play_status(const struct play *p, struct tcphs_status *st);
int play_listeners(const struct play *p, struct tcphs_listener_list *list);
int play_connections(const struct play *p, const struct tcphs_filter *filter,
		     struct tcphs_conn_list *list);
void play_forget(struct play *p);

#endif /* TOP_PLAY_H */

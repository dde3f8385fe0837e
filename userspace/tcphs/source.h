/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the events of a verb come from: the kernel, of a command with -- COMMAND, or with
 * --read a recording. A verb that reads events knows no difference.
 */
#ifndef TCPHS_SOURCE_H
#define TCPHS_SOURCE_H

#include "cli.h"

struct source;

/*
 * Opens the recording that cli->read names, or a session with the module. A command
 * (cli->command) is not run yet: that do the first source_keep_last(), source_drain() or
 * source_follow(), which end with it and leave its exit status in cli->status. Only
 * events that the user's filter (cli->filter) lets through come out of it. A verb
 * about whole lives (verb->lives), or with some in verb->early, gets every event that these
 * let through, and judges by the others itself: one event of many may fit, and the other
 * end of a connection may have other addresses, where NAT stands between them.
 * NULL on error.
 */
struct source *source_open(struct cli *cli, struct tcphs_error *err);
void source_close(struct source *s);

/* A recording has no listeners, connections or status to ask for: NULL then. */
struct tcphs_session *source_session(const struct source *s);

/* The machine they are of; of a recording as far as it has been read. */
const struct tcphs_host *source_host(const struct source *s);

/* Those whose recordings are read as one; NULL: there is but one. */
struct hosts;
const struct hosts *source_hosts(const struct source *s);

/* As tcphs_filter_event(), of an event that a source gave: --netns is of its own machine. */
bool source_fits(const struct tcphs_filter *filter, const struct tcphs_event *ev);

/* Of the kernel, asked for a time: what it must remember of, so that nothing is an answer. */
uint64_t source_since(const struct source *s);

/* Names of cgroups, of all of a directory; nothing is read of it afterwards. */
void source_read_names(struct source *s);

/* A directory of recordings reports times of which it knows nothing; one file does not. */
bool source_goes_on(const struct source *s);

/*
 * Whoever follows what goes on, lives or a queue, asks to be told when the machine was booted:
 * of what was before, nothing does. Cookies and process IDs come again then, and
 * CLOCK_MONOTONIC begins anew, so a constant is added to the times of each boot but the first:
 * they go on behind those of the boot before, and within a boot they are as far apart as ever.
 */
void source_on_boot(struct source *s, void (*booted)(void *arg), void *arg);
uint64_t source_shift(const struct source *s);

/*
 * Times of events as time of day: the recording's clock, or this machine's. When that
 * is set while events are followed, or was while they were recorded, it is another from
 * the next event on.
 */
const struct tcphs_clock *source_clock(const struct source *s);

/*
 * Before source_drain() or source_follow(), which then begin with the last @keep
 * events of those there are now. @look (may be NULL) sees each of them, in no
 * order, to measure columns. 0, or -1 with @err set.
 */
int source_keep_last(struct source *s, size_t keep,
		     void (*look)(void *arg, const struct tcphs_event *ev), void *arg,
		     struct tcphs_error *err);

/*
 * Can source_drain() be called a second time, after source_rewind(), and give the same
 * events? That of a recording that is a file, and of a command; what else the kernel has may
 * be overwritten.
 */
bool source_rewinds(const struct source *s);
int source_rewind(struct source *s, struct tcphs_error *err);

/* All there is now, in time order, oldest first. 0, or -1 with @err set. */
int source_drain(struct source *s, const struct tcphs_events_ops *ops, void *arg,
		 struct tcphs_error *err);

/*
 * What is there, then what comes, until SIGINT (Ctrl-C), SIGTERM or SIGHUP, until
 * nobody reads our output, or until @until (CLOCK_MONOTONIC, ns; 0: no end). The end of a recording ends
 * it too. @idle (may be NULL) is called after each round, at least once a second;
 * it flushes output and may end the loop by returning false. 0, or -1 with @err
 * set after the events that came before the error.
 */
int source_follow(struct source *s, uint64_t until, const struct tcphs_events_ops *ops,
		  bool (*idle)(void *arg), void *arg, struct tcphs_error *err);

#endif /* TCPHS_SOURCE_H */

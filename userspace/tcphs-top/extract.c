// SPDX-License-Identifier: GPL-2.0
/*
 * What lets a row through is often known of some steps alone: a SYN has no owner yet. So a first
 * look finds out which connections are meant, a second one writes whatever they did.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "extract.h"
#include "filter_line.h"
#include "hash.h"
#include "output.h"
#include "play.h"
#include "recording.h"
#include "save.h"
#include "site.h"

/**
 * struct extract - what is meant
 * @filter: one of them lets it through
 * @group: of those that are groups, what is @seen
 * @nr: how many
 * @seen: what the screen was made of
 * @conns: hashes of the connections; those who share one are taken for one
 * @failed: without memory
 * @src: where from
 * @feed: the look that is under way
 * @boot: of the machine, the next event's, from 0: cookies come again after one
 * @told: so many of them the recorder knows
 * @recorder: gets them
 * @names: of a recording what its cgroups are called in that boot
 * @events: how many it got
 */
struct extract {
	struct tcphs_filter *filter;
	bool *group;
	uint32_t nr;
	const struct tcphs_filter *seen;
	struct hash conns;
	bool failed;
	struct top_source *src;
	struct top_feed *feed;
	uint32_t boot, told;
	struct tcphs_recorder *recorder;
	struct tcphs_cgroups *names;
	uint64_t events;
};

static uint64_t key_of(const struct extract *x, const struct tcphs_event *ev)
{
	return hash_mix(hash_mix(ev->id.conn, ev->id.netns), x->boot);
}

static bool is_meant(const struct extract *x, const struct tcphs_event *ev)
{
	uint32_t i;

	for (i = 0; i < x->nr; i++)
		if (tcphs_filter_event(&x->filter[i], ev) &&
		    (!x->group[i] || tcphs_filter_event(x->seen, ev)))
			return true;
	return false;
}

static bool is_known(const struct extract *x, const struct tcphs_event *ev)
{
	return ev->id.conn && hash_next(&x->conns, key_of(x, ev), HASH_NONE) != HASH_NONE;
}

static void find(void *arg, const struct tcphs_event *ev)
{
	struct extract *x = arg;

	if (!ev->id.conn || is_known(x, ev) || !is_meant(x, ev))
		return;
	if (hash_reserve(&x->conns, 1))
		x->failed = true;
	else
		hash_add(&x->conns, key_of(x, ev), 0);
}

/* Whose what follows is. */
static void tell_host(struct extract *x)
{
	struct tcphs_host host;

	if (x->told == x->boot + 1)
		return;
	x->told = x->boot + 1;
	if (x->src->play)
		host = *play_host(x->feed);
	else
		tcphs_host_here(&host);
	tcphs_recorder_host(x->recorder, &host);
}

/* The number that it had in its boot, with its name. */
static uint64_t cgroup_of(struct extract *x, uint64_t number)
{
	const struct tcphs_cgroup *cgroup;

	if (!x->src->play)
		return number;
	cgroup = x->names && x->src->cgroups ? tcphs_cgroups_find(x->src->cgroups, number) : NULL;
	if (cgroup)
		tcphs_cgroups_add(x->names, SITE_CGROUP_ID(number), cgroup->path);
	return SITE_CGROUP_ID(number);
}

static void put(struct extract *x, const struct tcphs_event *ev, bool kept)
{
	struct tcphs_event own = *ev;

	if (!is_known(x, ev) && !is_meant(x, ev))
		return;
	tell_host(x);
	own.id.cgroup = cgroup_of(x, ev->id.cgroup);
	tcphs_recorder_kept(x->recorder, kept);
	tcphs_recorder_event(x->recorder, &own);
	x->events++;
}

static void put_event(void *arg, const struct tcphs_event *ev)
{
	put(arg, ev, false);
}

static void put_kept(void *arg, const struct tcphs_event *ev)
{
	put(arg, ev, true);
}

static void put_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct extract *x = arg;

	tell_host(x);
	tcphs_recorder_lost(x->recorder, cpu, count);
}

static void put_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	struct extract *x = arg;

	tell_host(x);
	tcphs_recorder_older(x->recorder, cpu, count, time);
}

static void nothing(void *arg, uint32_t cpu, uint64_t count)
{
	(void)arg;
	(void)cpu;
	(void)count;
}

/* All that there is, by a feed of its own. */
static int look(struct extract *x, struct top_source *src, bool all_netns,
		const struct tcphs_events_ops *ops, struct tcphs_error *err)
{
	struct top_feed *feed = src->feed(src, all_netns, err);
	int ret;

	if (!feed)
		return -ENOMEM;
	x->feed = feed;
	x->boot = 0;
	while ((ret = src->next(src, feed, ops, x, err)) > 0)
		x->boot++;
	src->feed_free(src, feed);
	return ret;
}

static int write_file(struct extract *x, struct top_source *src, bool all_netns, int fd,
		      struct tcphs_error *err)
{
	static const struct tcphs_events_ops ops = {
		.record = put_event, .kept = put_kept, .lost = put_lost, .older = put_older,
	};
	struct tcphs_recording_info info = { .all_netns = all_netns, .cgroups = src->cgroups };
	uint64_t now;
	int ret;

	info.clock_offset = src->clock(src, &now);
	if (src->play)
		info.cgroups = x->names = tcphs_cgroups_new();
	x->recorder = tcphs_recorder_new(tcphs_write_to, &fd, &info);
	if (!x->recorder)
		return -ENOMEM;
	ret = look(x, src, all_netns, &ops, err);
	if (!ret)
		ret = tcphs_recorder_end(x->recorder);
	tcphs_recorder_free(x->recorder);
	if (!ret && !x->events) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "nothing is on record of it");
		ret = -ENOENT;
	}
	return ret;
}

static int choose(struct extract *x, struct top_source *src, const struct marks *marks,
		  struct tcphs_error *err)
{
	uint32_t i;

	x->filter = calloc(marks->nr, sizeof(*x->filter));
	x->group = calloc(marks->nr, sizeof(*x->group));
	if (!x->filter || !x->group)
		return -ENOMEM;
	for (i = 0; i < marks->nr; i++) {
		/* Of some rows no connection is known. */
		if (!marks->v[i].words || !*marks->v[i].words)
			continue;
		if (filter_line_parse(&x->filter[x->nr], marks->v[i].words, err))
			return -EINVAL;
		x->group[x->nr] = marks->v[i].group;
		tcphs_filter_cgroups(&x->filter[x->nr++], src->cgroups);
	}
	if (x->nr)
		return 0;
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no connection is known of it");
	return -ENOENT;
}

/**
 * extract - writes what is on record of some rows: all events of the connections that are meant
 * @src: where from
 * @all_netns: of every network namespace
 * @marks: the rows, and groups of them
 * @seen: of a group no more than this lets through
 * @name: of a file that is not there yet
 * @events: gets how many were written
 * @err: why not
 *
 * Return: 0, or a negative errno; then there is no such file.
 */
int extract(struct top_source *src, bool all_netns, const struct marks *marks,
	    const struct tcphs_filter *seen, const char *name, uint64_t *events,
	    struct tcphs_error *err)
{
	static const struct tcphs_events_ops finding = {
		.record = find, .kept = find, .lost = nothing,
	};
	struct extract x = { .seen = seen, .src = src };
	int ret = choose(&x, src, marks, err), fd;

	if (!ret)
		ret = look(&x, src, all_netns, &finding, err);
	if (!ret && x.failed)
		ret = -ENOMEM;
	if (!ret) {
		fd = save_create(name);
		ret = fd < 0 ? fd : write_file(&x, src, all_netns, fd, err);
		if (fd >= 0 && close(fd) && !ret)
			ret = -errno;
		if (fd >= 0 && ret)
			unlink(name);
	}
	if (ret && !*err->text)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "%.120s: %s", name, strerror(-ret));
	*events = x.events;
	hash_free(&x.conns);
	tcphs_cgroups_free(x.names);
	free(x.group);
	free(x.filter);
	return ret;
}

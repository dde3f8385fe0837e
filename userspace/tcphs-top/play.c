// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "output.h"
#include "play.h"
#include "recording.h"

/* An event, or that some were lost. */
struct play_item {
	struct tcphs_event ev;
	uint64_t lost;
	bool kept;
	bool booted;		/* right before it; not said yet */
};

struct top_feed {
	struct play_reader reader;
};

/* ---- events up to a time ------------------------------------------------------------- */

static struct play_item *one_more(struct play_reader *r)
{
	size_t cap = r->cap ? 2 * r->cap : 512;
	struct play_item *more;

	if (r->nr == r->cap) {
		more = reallocarray(r->item, cap, sizeof(*more));
		if (!more) {
			r->no_memory = true;
			return NULL;
		}
		r->item = more;
		r->cap = cap;
	}
	more = &r->item[r->nr++];
	more->lost = 0;
	more->kept = false;
	more->booted = false;
	return more;
}

/* Ages and waits are differences of times: these do not go back at a boot. */
static uint64_t time_of(struct play_reader *r, uint64_t time, bool booted)
{
	int64_t clock = tcphs_recording_info(r->recording)->clock_offset;
	uint64_t real = (uint64_t)real_time(clock, time), least;

	if (booted || clock != r->clock) {
		least = booted ? r->last : (uint64_t)real_time(r->offset, time);
		r->behind = (booted || r->behind) && real < least;
		r->offset = r->behind ? (int64_t)(least - time) : clock;
		r->clock = clock;
	}
	real = (uint64_t)real_time(r->offset, time);
	if (real > r->last)
		r->last = real;
	return real;
}

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct play_reader *r = arg;
	const struct tcphs_recording_info *info = tcphs_recording_info(r->recording);
	struct play_item *t = one_more(r);

	if (!t)
		return;
	t->ev = *ev;
	t->booted = reboots_event(&r->reboots, info, ev->time);
	t->ev.time = time_of(r, ev->time, t->booted);
	t->ev.id.cgroup = reboots_cgroup(&r->reboots, info, ev->id.cgroup);
}

static void on_kept(void *arg, const struct tcphs_event *ev)
{
	struct play_reader *r = arg;

	on_event(arg, ev);
	if (!r->no_memory)
		r->item[r->nr - 1].kept = true;
}

/* Told where the next event is. */
static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct play_item *t = one_more(arg);

	(void)cpu;
	if (t)
		t->lost = count;
}

static void on_cgroup(void *arg, uint64_t id, const char *path)
{
	struct play_reader *r = arg;
	const struct tcphs_recording_info *info = tcphs_recording_info(r->recording);

	/* Without memory it has no name. */
	if (r->cgroups)
		tcphs_cgroups_add(r->cgroups, reboots_cgroup(&r->reboots, info, id), path);
}

static const struct tcphs_events_ops ops = {
	.record = on_event, .kept = on_kept, .lost = on_lost, .cgroup = on_cgroup,
};

static void reader_close(struct play_reader *r)
{
	if (r->recording)
		tcphs_recording_close(r->recording);
	if (r->fd >= 0)
		close(r->fd);
	free(r->item);
	*r = (struct play_reader){ .name = r->name, .fd = -1 };
}

static bool interrupted(void *arg)
{
	(void)arg;
	return tcphs_stop_asked();
}

static int reader_open(struct play_reader *r, const char *name, struct tcphs_error *err)
{
	*r = (struct play_reader){ .name = name, .fd = open(name, O_RDONLY | O_CLOEXEC) };
	if (r->fd < 0) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot open %.200s: %s", name,
				strerror(errno));
		return -1;
	}
	r->recording = tcphs_recording_open(r->fd, name, interrupted, NULL, err);
	if (r->recording)
		return 0;
	reader_close(r);
	return -1;
}

/* Something is there to come, or nothing more does. */
static int fill(struct play_reader *r, struct tcphs_error *err)
{
	int more = 1;

	while (r->next == r->nr && more > 0 && !r->end) {
		r->next = r->nr = 0;
		more = tcphs_recording_read(r->recording, &ops, r, err);
	}
	if (r->no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	r->end |= more <= 0;
	/* What is whole of a damaged one is shown. */
	if (more < 0 && r->next == r->nr && err->code != TCPHS_ERR_DAMAGED)
		return -1;
	return 0;
}

/* As @next of a source. */
static int reader_next(struct play_reader *r, uint64_t until, const struct tcphs_events_ops *to,
		       void *arg, struct tcphs_error *err)
{
	struct play_item *t;

	for (;;) {
		if (fill(r, err))
			return -EIO;
		if (r->next == r->nr)
			return 0;
		t = &r->item[r->next];
		if (!t->lost && t->ev.time > until)
			return 0;
		if (t->booted) {
			t->booted = false;
			return 1;
		}
		r->next++;
		if (t->lost && to->lost)
			to->lost(arg, 0, t->lost);
		else if (!t->lost)
			(t->kept && to->kept ? to->kept : to->record)(arg, &t->ev);
	}
}

/* ---- where it is ---------------------------------------------------------------------- */

static void on_played(void *arg, const struct tcphs_event *ev)
{
	play_event(arg, ev);
}

static const struct tcphs_events_ops played = { .record = on_played };

/**
 * play_open - a recording, at its first event
 * @p: the player
 * @name: of the file or directory; it must stay
 * @err: why not
 *
 * Return: 0, or -1.
 */
int play_open(struct play *p, const char *name, struct tcphs_error *err)
{
	const struct play_item *t;

	*p = (struct play){ .name = name };
	play_begin(p);
	if (reader_open(&p->reader, name, err))
		return -1;
	p->reader.cgroups = tcphs_cgroups_new();
	do {
		if (fill(&p->reader, err)) {
			play_close(p);
			return -1;
		}
		t = p->reader.next < p->reader.nr ? &p->reader.item[p->reader.next] : NULL;
		if (t && t->lost)
			p->reader.next++;
	} while (t && t->lost);
	if (!t) {
		/* Unless what would have followed is damaged. */
		if (!err->code)
			tcphs_error_set(err, TCPHS_ERR_FAILED, "%.200s has no event", name);
		play_close(p);
		return -1;
	}
	p->first = p->at = t->ev.time;
	p->all_netns = tcphs_recording_info(p->reader.recording)->all_netns;
	return play_move(p, p->at, err);
}

/**
 * play_close - gives the memory back
 * @p: the player
 */
void play_close(struct play *p)
{
	tcphs_cgroups_free(p->reader.cgroups);
	reader_close(&p->reader);
	play_forget(p);
}

/**
 * play_move - on to another time, or back
 * @p: the player
 * @to: CLOCK_REALTIME, ns; before the first event it is that
 * @err: why not
 *
 * Back is from the beginning again. Behind the last event nothing is: it stays there.
 *
 * Return: 0, or -1.
 */
int play_move(struct play *p, uint64_t to, struct tcphs_error *err)
{
	struct play_reader again;
	int more;

	if (to < p->first)
		to = p->first;
	if (to < p->at) {
		if (reader_open(&again, p->name, err))
			return -1;
		again.cgroups = p->reader.cgroups;
		reader_close(&p->reader);
		p->reader = again;
		play_forget(p);
		play_begin(p);
		p->turn++;
	}
	p->at = to;
	while ((more = reader_next(&p->reader, to, &played, p, err)) > 0)
		play_boot(p);
	if (more)
		return -1;
	p->ended = p->reader.end && p->reader.next == p->reader.nr;
	return 0;
}

/**
 * play_when - the time that somebody means
 * @text: +5m and -30s are from @at, a time of day is the next one from @first on
 * @at: where the recording is, CLOCK_REALTIME, ns
 * @first: and where it begins
 * @to: gets the time
 *
 * Return: 0, or -EINVAL.
 */
int play_when(const char *text, uint64_t at, uint64_t first, uint64_t *to)
{
	struct tcphs_span span = { (int64_t)first, (int64_t)at };
	struct tcphs_when when;
	uint64_t ns;

	if (*text == '+' || *text == '-') {
		if (tcphs_duration_parse(text + 1, &ns))
			return -EINVAL;
		*to = *text == '+' ? at + ns : at > ns ? at - ns : 0;
		return 0;
	}
	/* How long ago would be from today. */
	if (tcphs_when_parse(text, &when) || when.kind == TCPHS_WHEN_AGE)
		return -EINVAL;
	*to = (uint64_t)tcphs_when_resolve(&when, (int64_t)at, &span);
	return 0;
}

/* ---- the source ------------------------------------------------------------------------ */

static int p_open(struct top_source *src, struct tcphs_error *err)
{
	(void)src;
	(void)err;
	return 0;
}

static int p_status(struct top_source *src, struct tcphs_status *st, struct tcphs_error *err)
{
	(void)err;
	play_status(src->play, st);
	return 0;
}

static int p_listeners(struct top_source *src, bool all_netns, struct tcphs_listener_list *list,
		       struct tcphs_error *err)
{
	(void)all_netns;
	if (!play_listeners(src->play, list))
		return 0;
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return -ENOMEM;
}

static int p_connections(struct top_source *src, bool all_netns, const struct tcphs_filter *filter,
			 struct tcphs_conn_list *list, struct tcphs_error *err)
{
	(void)all_netns;
	if (!play_connections(src->play, filter, list))
		return 0;
	tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return -ENOMEM;
}

static struct top_feed *p_feed(struct top_source *src, bool all_netns, struct tcphs_error *err)
{
	struct top_feed *feed = calloc(1, sizeof(*feed));

	(void)all_netns;
	if (feed && !reader_open(&feed->reader, src->play->name, err))
		return feed;
	if (!feed)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	free(feed);
	return NULL;
}

static int p_next(struct top_source *src, struct top_feed *feed,
		  const struct tcphs_events_ops *to, void *arg, struct tcphs_error *err)
{
	return reader_next(&feed->reader, src->play->at, to, arg, err);
}

static void p_feed_free(struct top_source *src, struct top_feed *feed)
{
	(void)src;
	reader_close(&feed->reader);
	free(feed);
}

/**
 * play_host - whose the last events are
 * @feed: that gave them
 */
const struct tcphs_host *play_host(const struct top_feed *feed)
{
	return &tcphs_recording_info(feed->reader.recording)->host;
}

static int64_t p_clock(struct top_source *src, uint64_t *now)
{
	*now = src->play->at;
	return 0;
}

static void p_close(struct top_source *src)
{
	(void)src;
}

/**
 * play_source - reads what was there at the time at which the recording is
 * @p: the player
 * @src: gets the functions
 */
void play_source(struct play *p, struct top_source *src)
{
	*src = (struct top_source){
		.open = p_open,
		.status = p_status,
		.listeners = p_listeners,
		.connections = p_connections,
		.feed = p_feed,
		.next = p_next,
		.feed_free = p_feed_free,
		.clock = p_clock,
		.close = p_close,
		.cgroups = p->reader.cgroups,
		.play = p,
	};
}

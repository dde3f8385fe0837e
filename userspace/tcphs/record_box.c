/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcphs record --directory: a recorder that goes on, whatever happens. The module may go
 * and come back, and the disk; what it lost meanwhile is in the recording.
 *
 * As long as the disk takes nothing, nothing is pulled: the ring of the module has more
 * room than we, and counts what it overwrites. So does it for a recorder that was killed:
 * the next one goes on with its cursors.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "box.h"
#include "record_box.h"

#define NSEC_PER_SEC	1000000000ull
#define FLUSH_NS	NSEC_PER_SEC
/* From one state to the next: what a new recorder has to read of what is there already. */
#define STATE_NS	(10 * NSEC_PER_SEC)
#define STATE_EVENTS	65536
#define CURSORS_MAX	4000		/* that a piece has room for */
/* Between two looks at what is kept, of which each brings all; it may take a 20th of the time. */
#define KEPT_NS		(10 * NSEC_PER_SEC)
#define KEPT_PART	20

/* Which record it is. */
struct key {
	uint64_t time, number;
	uint32_t netns, cpu;
};

struct keys {
	struct key *v;
	size_t nr, cap;
	bool no_memory;
};

struct record_box {
	struct cli *cli;
	struct tcphs_box *box;
	const char *name;		/* of it */
	struct box_place last;		/* where the one before us was */
	struct tcphs_session *session;
	struct tcphs_events *events;
	struct tcphs_clock clock;
	int64_t written_clock;
	uint64_t until;			/* CLOCK_MONOTONIC, 0: without an end */
	uint64_t flushed, stated;	/* when, CLOCK_MONOTONIC */
	uint64_t since_state;		/* events */
	uint64_t load;			/* of the module */
	uint32_t netns;
	uint32_t filtered;		/* tcphs_filter_hash() */
	struct tcphs_resume cursors[CURSORS_MAX];

	struct keys known;		/* of what was written; nothing where a cursor says that */

	/* --kept */
	struct keys seen;		/* of this look */
	uint64_t oldest;		/* of this look */
	uint64_t came;			/* into the store until the first look */
	uint64_t written;		/* since then */
	uint64_t missed;		/* what was overwritten in between, as far as reported */
};

static bool is_over(const struct record_box *rb)
{
	return tcphs_stop_asked() || (rb->until && tcphs_now() >= rb->until);
}

static bool interrupted(void *arg)
{
	(void)arg;
	return tcphs_stop_asked();
}

/* A second, or less when it is to end. */
static void nap(const struct record_box *rb)
{
	uint64_t now = tcphs_now(), left = NSEC_PER_SEC;

	if (rb->until)
		left = rb->until <= now ? 0 : rb->until - now < left ? rb->until - now : left;
	if (!tcphs_stop_asked())
		poll(NULL, 0, (int)(left / 1000000) + 1);
}

/* ---- what is known ---------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->netns != y->netns)
		return x->netns < y->netns ? -1 : 1;
	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static void add_key(struct keys *keys, const struct key *key)
{
	size_t cap = keys->cap ? keys->cap * 2 : 1024;
	struct key *more = keys->v;

	if (keys->nr == keys->cap) {
		more = reallocarray(keys->v, cap, sizeof(*more));
		if (!more) {
			keys->no_memory = true;
			return;
		}
		keys->v = more;
		keys->cap = cap;
	}
	more[keys->nr++] = *key;
}

static struct key key_of(const struct tcphs_event *ev)
{
	return (struct key){ ev->time, ev->number, ev->id.netns, ev->cpu };
}

static void on_written(void *arg, const struct tcphs_event *ev)
{
	struct record_box *rb = arg;
	struct key key = key_of(ev);

	add_key(&rb->known, &key);
}

static bool is_known(const struct record_box *rb, const struct tcphs_event *ev)
{
	struct key key = key_of(ev);

	return rb->known.nr && bsearch(&key, rb->known.v, rb->known.nr, sizeof(key), by_key);
}

static void on_oldest(void *arg, const struct tcphs_event *ev)
{
	struct record_box *rb = arg;

	if (ev->time < rb->oldest)
		rb->oldest = ev->time;
}

static void sort_keys(struct keys *keys)
{
	if (keys->nr)
		qsort(keys->v, keys->nr, sizeof(*keys->v), by_key);
}

/* What a recorder before us has written of what is still kept. */
static int know_written(struct record_box *rb)
{
	static const struct tcphs_events_ops written = { .record = on_written };
	int fd = open(rb->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tcphs_error err = { 0 };
	struct tcphs_recording *r;

	rb->oldest = UINT64_MAX;
	tcphs_events_visit(rb->events, on_oldest, rb);
	r = fd < 0 || rb->oldest == UINT64_MAX ? NULL :
	    tcphs_recording_open(fd, rb->name, NULL, NULL, &err);
	if (r) {
		tcphs_recording_window(r, rb->clock.offset + (int64_t)rb->oldest, INT64_MAX);
		while (tcphs_recording_read(r, &written, rb, &err) > 0)
			;
	}
	tcphs_recording_close(r);
	if (fd >= 0)
		close(fd);
	sort_keys(&rb->known);
	return rb->known.no_memory ? -ENOMEM : 0;
}

/* ---- what is written ------------------------------------------------------------------- */

static void follow_clock(struct record_box *rb)
{
	if (rb->written_clock == rb->clock.offset)
		return;
	rb->written_clock = rb->clock.offset;
	tcphs_box_clock(rb->box, rb->written_clock);
}

static void on_record(void *arg, const struct tcphs_event *ev)
{
	struct record_box *rb = arg;

	if (is_known(rb, ev)) {
		tcphs_box_pass(rb->box, ev);
		return;
	}
	follow_clock(rb);
	rb->since_state++;
	tcphs_box_event(rb->box, ev);
}

/* The ring has it no longer. */
static void on_kept(void *arg, const struct tcphs_event *ev)
{
	struct record_box *rb = arg;

	if (is_known(rb, ev))
		return;
	follow_clock(rb);
	rb->since_state++;
	tcphs_box_kept(rb->box, ev);
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct record_box *rb = arg;

	tcphs_box_lost(rb->box, cpu, count);
}

static void on_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	struct record_box *rb = arg;

	tcphs_box_older(rb->box, cpu, count, time);
}

static const struct tcphs_events_ops ops = {
	.record = on_record, .lost = on_lost, .kept = on_kept, .older = on_older,
};

static void put_state(struct record_box *rb, uint32_t what, uint64_t time, uint64_t since,
		      size_t cursors)
{
	const struct piece_state state = {
		.time = time, .since = since, .what = what, .load = rb->load, .netns = rb->netns,
		.filtered = rb->filtered, .nr = (uint32_t)cursors,
	};

	follow_clock(rb);
	tcphs_box_state(rb->box, &state, rb->cursors);
}

static void note_state(struct record_box *rb)
{
	size_t nr = tcphs_events_settled(rb->events, rb->cursors, CURSORS_MAX);

	put_state(rb, BOX_GOES_ON, tcphs_events_horizon(rb->events), 0, nr);
	rb->stated = tcphs_now();
	rb->since_state = 0;
}

/* After each round. False: the disk takes nothing. */
static bool on_round(void *arg)
{
	struct record_box *rb = arg;
	uint64_t now = tcphs_now();

	if (now - rb->stated >= STATE_NS || rb->since_state >= STATE_EVENTS)
		note_state(rb);
	if (now - rb->flushed < FLUSH_NS && !tcphs_box_error(rb->box))
		return true;
	rb->flushed = now;
	return !tcphs_box_flush(rb->box);
}

/* ---- the disk -------------------------------------------------------------------------- */

static void wait_for_disk(struct record_box *rb)
{
	int err = tcphs_box_error(rb->box);

	cli_say("tcphs: cannot write to %s: %s; the ring keeps what it can", rb->name,
		strerror(-err));
	while (!is_over(rb) && tcphs_box_flush(rb->box))
		nap(rb);
	if (!tcphs_box_error(rb->box))
		cli_say("tcphs: writes to %s again", rb->name);
}

/* ---- the module ------------------------------------------------------------------------ */

/* Gone, or already another one. */
static bool is_gone(const struct tcphs_error *err)
{
	return err->code == TCPHS_ERR_NOT_LOADED || err->code == TCPHS_ERR_RELOADED;
}

/*
 * Is it the module that the recorder before us read, and did it look for the same? Cursors of
 * another filter stand behind what that one stopped.
 */
static bool goes_on(const struct record_box *rb)
{
	const struct piece_state *state = &rb->last.state;

	return rb->last.nr && state->load == rb->load && state->netns == rb->netns &&
	       state->filtered == rb->filtered;
}

static int resume(struct record_box *rb)
{
	size_t i;
	int err = 0;

	for (i = 0; i < rb->last.nr && !err; i++)
		err = tcphs_events_resume(rb->events, &rb->last.cursor[i]);
	return err;
}

/* Which module this is, and the time there: CLOCK_MONOTONIC, ns. */
static uint64_t meet_module(struct record_box *rb, const struct tcphs_status *st)
{
	rb->load = st->load;
	rb->netns = rb->cli->all_netns ? 0 : st->netns;
	rb->clock.offset = tcphs_session_clock(rb->session);
	return tcphs_session_now(rb->session);
}

/*
 * The first look: what there is, and from when on that is all. The cursors are written
 * before any event: whoever comes after us counts from there. With a filter there are none yet;
 * who comes after us then begins anew, and leaves out what is there.
 */
static int begin(struct record_box *rb, uint32_t what, struct tcphs_error *err)
{
	struct tcphs_status *st = malloc(sizeof(*st));
	bool resumes;
	uint64_t now, since;
	int ret = st ? tcphs_get_status(rb->session, st, err) : -ENOMEM;

	if (ret)
		goto out;
	now = meet_module(rb, st);
	since = st->has_overwritten && st->ring_reach < now ? now - st->ring_reach : now;
	resumes = goes_on(rb);
	if (resumes) {
		since = rb->last.state.time;
		ret = resume(rb);
	}
	if (!ret)
		ret = tcphs_events_pull(rb->session, rb->events, err);
	if (ret)
		goto out;
	/* Written by one that looked for something else, or at what is kept alone. */
	rb->known.nr = 0;
	if (!resumes && rb->last.state.load == rb->load)
		ret = know_written(rb);
	if (ret)
		goto out;
	put_state(rb, what, since, since,
		  tcphs_events_settled(rb->events, rb->cursors, CURSORS_MAX));
	/* And up to when all is recorded: the first round says it. */
	rb->stated = 0;
	rb->last.nr = 0;
	rb->last.state.load = 0;
out:
	free(st);
	if (ret && !err->code)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
	return ret;
}

static void close_session(struct record_box *rb)
{
	tcphs_events_free(rb->events);
	tcphs_close(rb->session);
	rb->events = NULL;
	rb->session = NULL;
}

/* A session, as soon as there is a module. False: it is over, or with @err set. */
static bool open_session(struct record_box *rb, uint32_t what, struct tcphs_error *err)
{
	enum tcphs_kept_mode mode = what == BOX_BEGINS ? TCPHS_KEPT_TOO : TCPHS_KEPT_NOT;
	bool warned = false;

	for (;;) {
		*err = (struct tcphs_error){ 0 };
		rb->session = cli_session(err);
		rb->events = tcphs_events_new(rb->cli->all_netns, mode, &rb->cli->filter);
		if (rb->events)
			tcphs_events_count(rb->events);
		if (rb->session && rb->events && !begin(rb, what, err))
			return true;
		close_session(rb);
		if (!is_gone(err))
			return false;
		if (!warned)
			cli_say("tcphs: the module is not loaded; waiting for it");
		warned = true;
		*err = (struct tcphs_error){ 0 };
		tcphs_box_flush(rb->box);
		if (is_over(rb))
			return false;
		nap(rb);
	}
}

/* Until it is over, or the module goes: then true. */
static bool follow(struct record_box *rb, struct tcphs_error *err)
{
	const struct tcphs_follow how = {
		.ops = &ops, .round = on_round, .interrupted = interrupted, .arg = rb,
		.until = rb->until, .output = -1, .clock = &rb->clock,
	};

	do {
		if (tcphs_follow(rb->session, rb->events, &how, err))
			return is_gone(err);
		if (tcphs_box_error(rb->box))
			wait_for_disk(rb);
	} while (!is_over(rb));
	return false;
}

static int record(struct record_box *rb, struct tcphs_error *err)
{
	uint32_t what = BOX_BEGINS;
	bool gone = true;
	uint64_t horizon;

	while (gone && open_session(rb, what, err)) {
		gone = follow(rb, err);
		horizon = tcphs_events_horizon(rb->events);
		if (gone)
			put_state(rb, BOX_GONE, horizon, 0, 0);
		else
			note_state(rb);
		close_session(rb);
		what = BOX_BACK;
	}
	return err->code ? -1 : 0;
}

/* ---- what is kept ---------------------------------------------------------------------- */

static void on_seen(void *arg, const struct tcphs_event *ev)
{
	struct record_box *rb = arg;
	struct key key = key_of(ev);

	add_key(&rb->seen, &key);
	if (is_known(rb, ev))
		return;
	rb->written++;
	follow_clock(rb);
	tcphs_box_event(rb->box, ev);
}

/*
 * What came into the store and was not seen: it was overwritten before. @st is from before
 * the look, so nothing is missed that is only late; and of all namespaces.
 */
static void miss(struct record_box *rb, const struct tcphs_status *st)
{
	uint64_t came = st->kept - rb->came;

	if (!rb->cli->all_netns || rb->cli->filter.keys || !st->has_overwritten ||
	    came <= rb->written + rb->missed)
		return;
	tcphs_box_lost(rb->box, TCPHS_NO_CPU, came - rb->written - rb->missed);
	rb->missed = came - rb->written;
}

/* Between two looks the module may have gone and come back: its store began anew, and its counts. */
static bool is_another(const struct record_box *rb, uint32_t what, const struct tcphs_status *st)
{
	return what == BOX_GOES_ON && st->load != rb->load;
}

/* @what: BOX_GOES_ON, or with what it begins */
static int look_at_kept(struct record_box *rb, uint32_t what, struct tcphs_error *err)
{
	static const struct tcphs_events_ops kept = { .record = on_seen };
	struct tcphs_status *st = malloc(sizeof(*st));
	uint64_t now;
	int ret = -1;

	rb->session = tcphs_open(err);
	rb->events = tcphs_events_new(rb->cli->all_netns, TCPHS_KEPT_ONLY, &rb->cli->filter);
	if (!rb->session)
		goto out;
	if (!st || !rb->events) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		goto out;
	}
	ret = tcphs_get_status(rb->session, st, err);
	if (!ret && is_another(rb, what, st)) {
		put_state(rb, BOX_GONE, rb->stated, 0, 0);
		what = BOX_BACK;
	}
	if (!ret)
		ret = tcphs_events_pull(rb->session, rb->events, err);
	/* What comes while it is looked at for the first time may be in it. */
	if (!ret && what != BOX_GOES_ON)
		ret = tcphs_get_status(rb->session, st, err);
	if (ret)
		goto out;
	now = meet_module(rb, st);
	if (what == BOX_BEGINS)
		know_written(rb);
	if (what != BOX_GOES_ON)
		put_state(rb, what, now, st->has_overwritten && st->kept_reach < now ?
			  now - st->kept_reach : now, 0);
	rb->seen.nr = 0;
	tcphs_events_emit_all(rb->events, &kept, rb);
	if (what == BOX_GOES_ON) {
		miss(rb, st);
	} else {
		rb->came = st->kept;
		rb->written = 0;
		rb->missed = 0;
	}
	put_state(rb, BOX_GOES_ON, now, 0, 0);
	rb->stated = now;
	if (rb->seen.no_memory || rb->known.no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		ret = -1;
		goto out;
	}
	sort_keys(&rb->seen);
	free(rb->known.v);
	rb->known = rb->seen;
	rb->seen = (struct keys){ 0 };
out:
	free(st);
	close_session(rb);
	return ret;
}

/* Till the next look, or the end. */
static void wait_for_look(const struct record_box *rb, uint64_t took)
{
	uint64_t until = tcphs_now() + (took * KEPT_PART > KEPT_NS ? took * KEPT_PART : KEPT_NS);

	while (!is_over(rb) && tcphs_now() < until)
		nap(rb);
}

static int record_kept(struct record_box *rb, struct tcphs_error *err)
{
	uint32_t what = BOX_BEGINS;
	bool there = true, last;
	uint64_t began;

	do {
		began = tcphs_now();
		/* What was kept before it is asked to end is looked at then. */
		last = is_over(rb);
		*err = (struct tcphs_error){ 0 };
		if (!look_at_kept(rb, what, err)) {
			there = true;
			what = BOX_GOES_ON;
		} else if (is_gone(err)) {
			if (there)
				cli_say("tcphs: the module is not loaded; waiting for it");
			if (what == BOX_GOES_ON) {
				put_state(rb, BOX_GONE, rb->stated, 0, 0);
				what = BOX_BACK;
			}
			there = false;
			*err = (struct tcphs_error){ 0 };
		} else {
			return -1;
		}
		if (tcphs_box_flush(rb->box))
			wait_for_disk(rb);
		if (!there)
			nap(rb);
		else if (!last)
			wait_for_look(rb, tcphs_now() - began);
	} while (!last);
	return 0;
}

/* ---- the whole of it ------------------------------------------------------------------- */

static void tell(const struct record_box *rb, bool failed)
{
	char size[TCPHS_BYTES_LEN], older[RECORD_OLDER_LEN];
	struct tcphs_box_totals t;
	struct tcphs_json j;

	tcphs_box_totals(rb->box, &t);
	/* It did not begin: why not is all there is to say. */
	if (failed && !t.files)
		return;
	if (rb->cli->json) {
		tcphs_json_begin(&j, &rb->cli->out);
		tcphs_json_str(&j, "directory", rb->name);
		tcphs_json_u64(&j, "events", t.events);
		tcphs_json_u64(&j, "lost", t.lost);
		tcphs_json_u64(&j, "overwritten", t.older);
		tcphs_json_u64(&j, "unwritten", t.unwritten);
		tcphs_json_u64(&j, "files", t.files);
		tcphs_json_u64(&j, "bytes", t.bytes);
		tcphs_json_end(&j);
		return;
	}
	tcphs_fmt_bytes(size, t.bytes);
	cli_say("tcphs: %llu event%s, %llu lost,%s %llu not written, %s in %llu file%s",
		(unsigned long long)t.events, tcphs_plural(t.events), (unsigned long long)t.lost,
		record_older(older, t.older), (unsigned long long)t.unwritten, size,
		(unsigned long long)t.files, tcphs_plural(t.files));
}

/**
 * record_box - keep a directory of recordings, until it is to end
 * @cli: what of
 * @how: the directory, and its bounds
 * @ends: after @duration; else when the user says so
 * @duration: ns
 * @err: why not
 *
 * Return: 0, or -1 with @err set.
 */
int record_box(struct cli *cli, struct tcphs_box_how *how, bool ends, uint64_t duration,
	       struct tcphs_error *err)
{
	struct record_box *rb = calloc(1, sizeof(*rb));
	int ret = -1, error;

	if (!rb) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	rb->cli = cli;
	rb->name = how->directory;
	rb->filtered = tcphs_filter_hash(&cli->filter);
	rb->until = ends ? tcphs_now() + duration : 0;
	tcphs_clock_init(&rb->clock);
	rb->written_clock = rb->clock.offset;
	how->info = (struct tcphs_recording_info){
		.clock_offset = rb->written_clock, .all_netns = cli->all_netns,
		.cgroups = cli_cgroups(cli),
	};
	tcphs_host_here(&how->info.host);
	rb->box = tcphs_box_open(how, err);
	if (rb->box && !tcphs_box_last(rb->box, &rb->last)) {
		ret = cli->kept ? record_kept(rb, err) : record(rb, err);
		error = tcphs_box_end(rb->box);
		if (error && !ret) {
			tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot write to %.256s: %s",
					rb->name, strerror(-error));
			ret = -1;
		}
		tell(rb, ret);
	}
	tcphs_box_close(rb->box);
	free(rb->last.cursor);
	free(rb->known.v);
	free(rb->seen.v);
	free(rb);
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "hosts.h"
#include "pairs.h"
#include "site.h"

enum item_kind { ITEM_EVENT, ITEM_LOST, ITEM_OLDER, ITEM_MISSING };

struct item {
	enum item_kind kind;
	uint32_t boot;
	int64_t key;			/* it comes then */
	union {
		struct tcphs_event ev;
		struct { uint64_t count, time; uint32_t cpu; } hole;
		struct tcphs_missing missing;
	};
};

/* A recording. */
struct feed {
	struct hosts *h;
	const char *name;
	int file;
	struct stat id;
	struct tcphs_recording *recording;
	uint32_t boot;			/* whose what was read last is; NONE: not known yet */
	struct item *item;
	uint32_t nr, cap, next;
	int64_t key;			/* of the latest item */
	bool over;
	struct tcphs_error err;		/* why it ended */
};

/* A hole that was told, and of which recording. */
struct told {
	const struct feed *feed;
	struct item item;
};

struct hosts {
	struct feed *feed;
	unsigned int nr_feeds;
	struct boots boots;
	struct host_ends ends;
	struct pairs pairs;
	struct tcphs_cgroups *cgroups;	/* get what the recordings call them */
	bool learning, all_netns, no_memory;
	unsigned int current;
	bool booted;			/* the last item is the first event of another boot */
	/* Those at the place of the last one, where copies have the same. */
	struct told *told;
	uint32_t nr_told, told_cap;
};

/* Whose what is read of a recording now is. */
static uint32_t boot_of(struct feed *f)
{
	struct boots *boots = &f->h->boots;
	uint32_t boot = boots_find(boots, f->boot, tcphs_recording_info(f->recording), f->name);

	if (f->h->learning && boot != f->boot && boot < boots->nr_boots) {
		boots->boot[boot].feeds++;
		if (f->boot != NONE)
			boots_follow(boots, f->boot, boot);
	}
	f->h->no_memory |= boots->no_memory;
	return f->boot = boot;
}

/* By the clock of the first. */
static int64_t time_of(const struct hosts *h, uint32_t boot, uint64_t time)
{
	return pairs_common_time(&h->pairs, boot, boot_time(&h->boots.boot[boot], time));
}

static void learn(struct hosts *h, uint32_t boot, const struct tcphs_event *ev)
{
	struct boot *b = &h->boots.boot[boot];
	int64_t time = boot_time(b, ev->time);

	if (time < b->first)
		b->first = time;
	if (time > b->last)
		b->last = time;
	host_ends_learn(&h->ends, boot, ev, time);
	h->no_memory |= h->ends.no_memory;
}

/* ---- recordings --------------------------------------------------------------------- */

static struct item *new_item(struct feed *f, enum item_kind kind, int64_t key)
{
	struct item *item;

	if (array_grow(&f->item, f->nr + 1, &f->cap, sizeof(*f->item))) {
		f->h->no_memory = true;
		return NULL;
	}
	if (key > f->key)
		f->key = key;
	item = &f->item[f->nr++];
	item->kind = kind;
	item->boot = f->boot;
	item->key = f->key;
	return item;
}

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct feed *f = arg;
	uint32_t boot = boot_of(f);
	struct item *item;

	if (f->h->no_memory)
		return;
	if (f->h->learning) {
		learn(f->h, boot, ev);
		return;
	}
	item = new_item(f, ITEM_EVENT, time_of(f->h, boot, ev->time));
	if (item)
		item->ev = *ev;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct feed *f = arg;
	uint32_t boot = boot_of(f);
	struct item *item;

	if (f->h->no_memory)
		return;
	if (f->h->learning) {
		f->h->boots.boot[boot].lost += count;
		return;
	}
	item = new_item(f, ITEM_LOST, f->key);
	if (item) {
		item->hole.cpu = cpu;
		item->hole.count = count;
	}
}

static void on_older(void *arg, uint32_t cpu, uint64_t count, uint64_t time)
{
	struct feed *f = arg;
	uint32_t boot = boot_of(f);
	struct item *item;

	if (f->h->no_memory)
		return;
	if (f->h->learning) {
		boots_gap(&f->h->boots, boot, INT64_MIN, boot_time(&f->h->boots.boot[boot], time));
		return;
	}
	item = new_item(f, ITEM_OLDER, f->key);
	if (item) {
		item->hole.cpu = cpu;
		item->hole.count = count;
		item->hole.time = (uint64_t)time_of(f->h, boot, time);
	}
}

static void on_missing(void *arg, const struct tcphs_missing *missing)
{
	struct feed *f = arg;
	uint32_t boot = boot_of(f);
	struct item *item;

	if (f->h->no_memory)
		return;
	if (f->h->learning) {
		boots_gap(&f->h->boots, boot, missing->from, missing->to);
		return;
	}
	item = new_item(f, ITEM_MISSING, f->key);
	if (!item)
		return;
	item->missing = *missing;
	item->missing.from = pairs_common_time(&f->h->pairs, boot, missing->from);
	item->missing.to = pairs_common_time(&f->h->pairs, boot, missing->to);
}

static void on_cgroup(void *arg, uint64_t id, const char *path)
{
	struct feed *f = arg;

	if (f->h->cgroups && tcphs_cgroups_add(f->h->cgroups, SITE_CGROUP(boot_of(f), id), path))
		f->h->no_memory = true;
}

static const struct tcphs_events_ops feed_ops = {
	.record = on_event, .lost = on_lost, .older = on_older, .missing = on_missing,
	.cgroup = on_cgroup,
};

static void read_feed(struct feed *f)
{
	int more = tcphs_recording_read(f->recording, &feed_ops, f, &f->err);

	f->over = more <= 0;
	if (more >= 0)
		memset(&f->err, 0, sizeof(f->err));
}

/* By another name, too: it would be read to no end, or be taken for another machine's. */
static int refuse_same(const struct hosts *h, const struct feed *f, struct tcphs_error *err)
{
	const struct feed *o;

	for (o = h->feed; o < f; o++) {
		if (o->id.st_dev != f->id.st_dev || o->id.st_ino != f->id.st_ino)
			continue;
		tcphs_error_set(err, TCPHS_ERR_USAGE, "%.128s and %.128s are the same recording",
				o->name, f->name);
		return -1;
	}
	return 0;
}

static int open_feed(struct hosts *h, struct feed *f, const char *name, struct tcphs_error *err)
{
	*f = (struct feed){ .h = h, .name = name, .file = -1, .boot = NONE, .key = INT64_MIN };
	if (!strcmp(name, "-")) {
		tcphs_error_set(err, TCPHS_ERR_USAGE,
				"several recordings are read twice, and what comes out of a pipe is not there then: --read wants names of files");
		return -1;
	}
	f->file = open(name, O_RDONLY | O_CLOEXEC);
	if (f->file < 0 || fstat(f->file, &f->id)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot open %.256s: %s", name, strerror(errno));
		return -1;
	}
	if (refuse_same(h, f, err))
		return -1;
	f->recording = tcphs_recording_open(f->file, name, NULL, NULL, err);
	if (!f->recording)
		return -1;
	if (!tcphs_recording_seekable(f->recording)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED,
				"%.128s: cannot be read twice, which several recordings need", name);
		return -1;
	}
	return 0;
}

/* What is wrong with one of them is reported when it is read the second time. */
static int learn_all(struct hosts *h, struct tcphs_error *err)
{
	struct feed *f;

	h->learning = true;
	for (f = h->feed; f < h->feed + h->nr_feeds; f++) {
		while (!f->over && !h->no_memory && !tcphs_stop_asked())
			read_feed(f);
		h->all_netns |= tcphs_recording_info(f->recording)->all_netns;
	}
	h->learning = false;
	if (tcphs_stop_asked()) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "ended before all recordings were read");
		return -1;
	}
	if (h->no_memory || h->boots.no_memory || pairs_compare(&h->pairs)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	hosts_rewind(h);
	return 0;
}

/**
 * hosts_open - recordings of several machines, or of one
 * @names: of the files; must stay
 * @nr: how many
 * @cgroups: gets the names of theirs; must stay; or NULL
 * @err: why not
 *
 * Return: for hosts_close(), or NULL.
 */
struct hosts *hosts_open(char *const *names, unsigned int nr, struct tcphs_cgroups *cgroups,
			 struct tcphs_error *err)
{
	struct hosts *h = calloc(1, sizeof(*h));

	if (h)
		h->feed = calloc(nr, sizeof(*h->feed));
	if (!h || !h->feed) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		free(h);
		return NULL;
	}
	h->cgroups = cgroups;
	h->pairs = (struct pairs){ .boots = &h->boots, .ends = &h->ends };
	for (; h->nr_feeds < nr; h->nr_feeds++)
		if (open_feed(h, &h->feed[h->nr_feeds], names[h->nr_feeds], err)) {
			h->nr_feeds++;
			hosts_close(h);
			return NULL;
		}
	if (learn_all(h, err)) {
		hosts_close(h);
		return NULL;
	}
	return h;
}

/**
 * hosts_close - the end of it
 * @h: of hosts_open(), or NULL
 */
void hosts_close(struct hosts *h)
{
	uint32_t i;

	if (!h)
		return;
	site_forget_all();
	for (i = 0; i < h->nr_feeds; i++) {
		tcphs_recording_close(h->feed[i].recording);
		if (h->feed[i].file >= 0)
			close(h->feed[i].file);
		free(h->feed[i].item);
	}
	pairs_free(&h->pairs);
	host_ends_free(&h->ends);
	boots_free(&h->boots);
	free(h->feed);
	free(h->told);
	free(h);
}

/* ---- all in one order --------------------------------------------------------------- */

/* The recording whose next item comes first; NULL: there is none any more. */
static struct feed *first_feed(struct hosts *h)
{
	struct feed *f, *first = NULL;

	for (f = h->feed; f < h->feed + h->nr_feeds; f++) {
		while (f->next == f->nr && !f->over && !h->no_memory) {
			f->nr = f->next = 0;
			read_feed(f);
		}
		if (f->next < f->nr && (!first || f->item[f->next].key < first->item[first->next].key))
			first = f;
	}
	return first;
}

/* Another recording of the same machine had it. */
static bool came_already(struct hosts *h, const struct item *item)
{
	struct boot *b = &h->boots.boot[item->boot];
	const struct tcphs_event *ev = &item->ev;
	struct same *s;

	if (b->feeds < 2)
		return false;
	if (b->now != ev->time)
		b->nr_same = 0;
	b->now = ev->time;
	for (s = b->same; s < b->same + b->nr_same; s++)
		if (s->number == ev->number && s->netns == ev->id.netns && s->cpu == ev->cpu)
			return true;
	if (array_grow(&b->same, b->nr_same + 1, &b->same_cap, sizeof(*b->same)))
		h->no_memory = true;
	else
		b->same[b->nr_same++] = (struct same){ ev->number, ev->id.netns, ev->cpu };
	return false;
}

static void tell_event(struct hosts *h, const struct item *item, const struct tcphs_events_ops *ops,
		       void *arg)
{
	const struct boot *b = &h->boots.boot[item->boot];
	struct host *host = &h->boots.host[b->host];
	struct tcphs_event ev = item->ev;
	int64_t time;

	if (came_already(h, item))
		return;
	h->booted = host->told != NONE && host->told != item->boot;
	time = time_of(h, item->boot, ev.time);
	/* How far a clock is ahead may be another from one moment to the next. */
	if (host->told == NONE || time > host->last)
		host->last = time;
	host->told = item->boot;
	ev.time = (uint64_t)host->last;
	if (h->boots.nr_hosts > 1)
		ev.id.netns = site_of(b->host, item->boot, h->boots.host[b->host].name, ev.id.netns);
	if (!ev.id.netns)
		h->no_memory |= h->boots.nr_hosts > 1;
	if (ev.id.cgroup)
		ev.id.cgroup = SITE_CGROUP(item->boot, ev.id.cgroup);
	ops->record(arg, &ev);
}

static bool is_same_hole(const struct item *a, const struct item *b)
{
	if (a->kind != b->kind || a->boot != b->boot)
		return false;
	if (a->kind == ITEM_MISSING)
		return a->missing.from == b->missing.from && a->missing.to == b->missing.to &&
		       a->missing.why == b->missing.why;
	return a->hole.cpu == b->hole.cpu && a->hole.count == b->hole.count &&
	       (a->kind == ITEM_LOST || a->hole.time == b->hole.time);
}

/*
 * Another recording has it, too, right behind the same event: it is a copy, or the same frames
 * of a directory. What two recorders missed is of neither the other's.
 */
static bool told_already(struct hosts *h, const struct feed *f, const struct item *item)
{
	struct told *t;

	if (h->nr_told && h->told->item.key != item->key)
		h->nr_told = 0;
	for (t = h->told; t < h->told + h->nr_told; t++)
		if (t->feed != f && is_same_hole(&t->item, item))
			return true;
	if (array_grow(&h->told, h->nr_told + 1, &h->told_cap, sizeof(*h->told)))
		h->no_memory = true;
	else
		h->told[h->nr_told++] = (struct told){ f, *item };
	return false;
}

static void tell(struct hosts *h, const struct feed *f, const struct item *item,
		 const struct tcphs_events_ops *ops, void *arg)
{
	if (item->kind != ITEM_EVENT && told_already(h, f, item))
		return;
	h->current = h->boots.boot[item->boot].host;
	h->booted = false;
	switch (item->kind) {
	case ITEM_EVENT:
		tell_event(h, item, ops, arg);
		break;
	case ITEM_LOST:
		if (ops->lost)
			ops->lost(arg, item->hole.cpu, item->hole.count);
		break;
	case ITEM_OLDER:
		tcphs_tell_older(ops, arg, item->hole.cpu, item->hole.count, item->hole.time);
		break;
	case ITEM_MISSING:
		if (ops->missing)
			ops->missing(arg, &item->missing);
		break;
	}
}

/**
 * hosts_read - the next item
 * @h: the recordings
 * @ops: called for it
 * @arg: what with
 * @err: why not
 *
 * Return: 1: there is more, 0: that was all, -1: with @err set, what is whole has been emitted.
 */
int hosts_read(struct hosts *h, const struct tcphs_events_ops *ops, void *arg,
	       struct tcphs_error *err)
{
	struct feed *f = first_feed(h);

	if (f && !h->no_memory) {
		tell(h, f, &f->item[f->next++], ops, arg);
		return 1;
	}
	if (h->no_memory) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return -1;
	}
	for (f = h->feed; f < h->feed + h->nr_feeds; f++) {
		if (!f->err.code)
			continue;
		*err = f->err;
		return -1;
	}
	return 0;
}

/**
 * hosts_rewind - begin again with the first event
 * @h: the recordings
 */
void hosts_rewind(struct hosts *h)
{
	struct feed *f;
	uint32_t i;

	for (f = h->feed; f < h->feed + h->nr_feeds; f++) {
		f->nr = f->next = 0;
		f->key = INT64_MIN;
		f->over = false;
		memset(&f->err, 0, sizeof(f->err));
		/* All of them can: that was asked. */
		f->over = tcphs_recording_rewind(f->recording, &f->err);
	}
	for (i = 0; i < h->boots.nr_boots; i++)
		h->boots.boot[i].nr_same = 0;
	for (i = 0; i < h->boots.nr_hosts; i++)
		h->boots.host[i].told = NONE;
	h->nr_told = 0;
}

/* ---- what is known ------------------------------------------------------------------ */

/**
 * hosts_count - how many machines
 * @h: the recordings
 */
unsigned int hosts_count(const struct hosts *h)
{
	return h->boots.nr_hosts;
}

/**
 * hosts_name - what a machine is called
 * @h: the recordings
 * @host: its number
 */
const char *hosts_name(const struct hosts *h, unsigned int host)
{
	return h->boots.host[host].name;
}

/**
 * hosts_all_netns - are there several network namespaces in a recording?
 * @h: the recordings
 */
bool hosts_all_netns(const struct hosts *h)
{
	return h->all_netns;
}

/**
 * hosts_current - the host of the last item
 * @h: the recordings
 */
unsigned int hosts_current(const struct hosts *h)
{
	return h->current;
}

/**
 * hosts_booted - was the host of the last item booted right before it?
 * @h: the recordings
 */
bool hosts_booted(const struct hosts *h)
{
	return h->booted;
}

/**
 * hosts_span - from the first event to the last
 * @h: the recordings
 * @span: gets it
 */
bool hosts_span(const struct hosts *h, struct tcphs_span *span)
{
	bool any = false;
	int64_t time;
	uint32_t i;

	for (i = 0; i < h->boots.nr_boots; i++) {
		if (h->boots.boot[i].first > h->boots.boot[i].last)
			continue;
		time = pairs_common_time(&h->pairs, i, h->boots.boot[i].first);
		if (!any || time < span->begin)
			span->begin = time;
		time = pairs_common_time(&h->pairs, i, h->boots.boot[i].last);
		if (!any || time > span->end)
			span->end = time;
		any = true;
	}
	return any;
}

/**
 * hosts_other_end - the other end of a connection
 * @h: the recordings
 * @id: one of it, as hosts_read() gave it
 *
 * Return: who that is; its namespace is a number of a site. NULL: it is not on record.
 */
const struct tcphs_ident *hosts_other_end(const struct hosts *h, const struct tcphs_ident *id)
{
	static struct tcphs_ident found;
	uint32_t boot = site_boot(id->netns);
	struct tcphs_ident raw = *id;
	const struct end *e, *o;
	const struct boot *b;

	raw.netns = site_inode(id->netns);
	if (h->boots.nr_hosts < 2)
		return NULL;
	e = host_ends_find(&h->ends, boot, &raw);
	o = e && e->other != NONE ? &h->ends.end[e->other] : NULL;
	if (!o)
		return NULL;
	found = o->id;
	b = &h->boots.boot[o->boot];
	found.netns = site_of(b->host, o->boot, h->boots.host[b->host].name, o->id.netns);
	return &found;
}

/**
 * hosts_at - who has an address
 * @h: the recordings
 * @family: of the address
 * @address: of 16 bytes
 * @time: when, as events have it
 *
 * Return: the number of the host that recorded then; -1: none, or several have it.
 */
int hosts_at(const struct hosts *h, uint8_t family, const uint8_t *address, uint64_t time)
{
	uint32_t boot = pairs_boot_at(&h->pairs, family, address, (int64_t)time);

	return boot == NONE ? -1 : (int)h->boots.boot[boot].host;
}

/**
 * hosts_pairs - what two of them have to do with each other
 * @h: the recordings
 * @nr: gets how many
 */
const struct host_pair *hosts_pairs(const struct hosts *h, unsigned int *nr)
{
	*nr = h->pairs.nr_results;
	return h->pairs.result;
}

/**
 * hosts_full - are there more connections than can be compared?
 * @h: the recordings
 */
bool hosts_full(const struct hosts *h)
{
	return h->ends.full;
}

/**
 * hosts_lost - records that a host's recorder missed
 * @h: the recordings
 * @host: its number
 */
uint64_t hosts_lost(const struct hosts *h, unsigned int host)
{
	uint64_t lost = 0;
	uint32_t i;

	for (i = 0; i < h->boots.nr_boots; i++)
		if (h->boots.boot[i].host == host)
			lost += h->boots.boot[i].lost;
	return lost;
}

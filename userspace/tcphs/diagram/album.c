// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "album.h"

/* So many lives are known at a time: what a day holds would fill the memory. */
#define LIVES_MAX	(1u << 18)

struct tcphs_met {
	struct tcphs_ident id;		/* cookie, and owner with @flags */
	uint32_t flags;			/* TCPHS_F_OWNER */
	uint32_t boot;			/* cookies come again */
};

/**
 * tcphs_album_init - nothing is known yet
 * @a: the album
 * @limit: pictures, the newest of those that are wanted
 */
void tcphs_album_init(struct tcphs_album *a, uint32_t limit)
{
	*a = (struct tcphs_album){ .limit = limit, .lives_max = LIVES_MAX };
}

/**
 * tcphs_album_free - gives the memory back
 * @a: the album
 */
void tcphs_album_free(struct tcphs_album *a)
{
	tcphs_lives_free(&a->lives);
	free(a->drawn);
	free(a->chosen);
	free(a->met);
	*a = (struct tcphs_album){ .limit = a->limit, .lives_max = LIVES_MAX };
}

static void make_place(struct tcphs_album *a)
{
	int64_t forgotten;

	if (a->lives.lives < a->lives_max)
		return;
	forgotten = tcphs_lives_forget(&a->lives, LIVES_MAX / 2, a->limit);
	if (forgotten < 0)
		a->no_memory = true;
	else
		a->forgotten += (uint32_t)forgotten;
	/* What is to be drawn stays, however much that is. */
	while (a->lives.lives >= a->lives_max / 2 + a->lives_max / 4)
		a->lives_max *= 2;
}

/**
 * tcphs_album_see - the first time
 * @a: the album
 * @ev: the event; they come in time order
 *
 * Return: the life that it is of; TCPHS_NO_LIFE: of none, or no memory.
 */
uint32_t tcphs_album_see(struct tcphs_album *a, const struct tcphs_event *ev)
{
	uint32_t life;
	int err;

	make_place(a);
	life = tcphs_lives_see(&a->lives, ev, &err);
	a->no_memory |= err;
	return life;
}

/* ---- which of them ---------------------------------------------------------- */

static int by_cookie(const void *a, const void *b)
{
	const struct tcphs_met *x = a, *y = b;

	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	if (x->id.netns != y->id.netns)
		return x->id.netns < y->id.netns ? -1 : 1;
	return x->id.conn < y->id.conn ? -1 : x->id.conn > y->id.conn;
}

static void add_listener(struct tcphs_album *a, const struct tcphs_lifeline *life)
{
	struct tcphs_ident *id = &a->met[a->nr_met].id;

	if (!life->listener)
		return;
	a->met[a->nr_met].boot = life->boot;
	id->conn = life->listener;
	id->netns = life->id.netns;
	a->nr_met++;
}

/* Marks every life of the chosen pictures, and notes their listeners. */
static int mark_chosen(struct tcphs_album *a)
{
	uint32_t member[TCPHS_MEMBERS_MAX], i;
	size_t nr, k, kept = 0;

	a->drawn = calloc(a->lives.lives + 1, sizeof(*a->drawn));
	a->met = calloc((size_t)a->nr_chosen * TCPHS_MEMBERS_MAX + 1, sizeof(*a->met));
	if (!a->drawn || !a->met)
		return -ENOMEM;
	for (i = 0; i < a->nr_chosen; i++) {
		nr = tcphs_lives_members(&a->lives, a->chosen[i], member);
		for (k = 0; k < nr; k++) {
			a->drawn[member[k]] = true;
			add_listener(a, &a->lives.life[member[k]]);
		}
	}
	qsort(a->met, a->nr_met, sizeof(*a->met), by_cookie);
	for (k = 0; k < a->nr_met; k++)
		if (!kept || by_cookie(&a->met[kept - 1], &a->met[k]))
			a->met[kept++] = a->met[k];
	a->nr_met = kept;
	return 0;
}

/**
 * tcphs_album_choose - of those that are wanted the newest
 * @a: the album
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_album_choose(struct tcphs_album *a)
{
	uint32_t most = a->limit < a->lives.lives ? a->limit : a->lives.lives;
	int64_t nr;

	a->chosen = calloc(most + 1, sizeof(*a->chosen));
	if (!a->chosen || a->no_memory)
		return -ENOMEM;
	nr = tcphs_lives_choose(&a->lives, most, a->chosen, &a->total);
	if (nr < 0)
		return -ENOMEM;
	a->nr_chosen = (uint32_t)nr;
	a->total += a->forgotten;
	return mark_chosen(a);
}

/* ---- their events ------------------------------------------------------------ */

/* Who has the listener: whom its accept() served last, before that who called listen(). */
static void meet_listener(struct tcphs_album *a, const struct tcphs_event *ev)
{
	bool accepts = ev->type == TCPHS_EV_ACCEPTED && ev->flags & TCPHS_F_QUEUE;
	struct tcphs_met key = { .flags = ev->flags & TCPHS_F_OWNER, .boot = a->lives.boot };
	struct tcphs_met *found;

	if (!key.flags || !a->nr_met || (ev->type != TCPHS_EV_LISTEN && !accepts))
		return;
	key.id = ev->id;
	if (accepts)
		key.id.conn = ev->queue.listener;
	found = bsearch(&key, a->met, a->nr_met, sizeof(key), by_cookie);
	if (found)
		*found = key;
}

/**
 * tcphs_album_keep - the second time, after tcphs_lives_restart()
 * @a: the album
 * @ev: the event; they come in the order of the first time
 */
void tcphs_album_keep(struct tcphs_album *a, const struct tcphs_event *ev)
{
	uint32_t life;

	meet_listener(a, ev);
	life = tcphs_lives_find(&a->lives, ev);
	if (life != TCPHS_NO_LIFE && a->drawn[life] && !a->no_memory)
		a->no_memory = tcphs_lives_keep(&a->lives, life, ev);
}

/**
 * tcphs_album_owners - the module knows more than its records hold
 * @a: the album
 * @list: listeners, with those who have them
 */
void tcphs_album_owners(struct tcphs_album *a, const struct tcphs_listener_list *list)
{
	struct tcphs_met key = { .boot = a->lives.boot }, *found;
	const struct tcphs_owner *owner;
	size_t i;

	for (i = 0; a->nr_met && i < list->nr; i++) {
		owner = &list->v[i].owner;
		key.id.conn = list->v[i].conn;
		key.id.netns = list->v[i].netns;
		found = bsearch(&key, a->met, a->nr_met, sizeof(key), by_cookie);
		if (!found || !owner->known)
			continue;
		found->flags = TCPHS_F_OWNER;
		found->id.pid = owner->pid;
		found->id.cgroup = owner->cgroup;
		memset(found->id.comm, 0, sizeof(found->id.comm));
		memset(found->id.thread, 0, sizeof(found->id.thread));
		memcpy(found->id.comm, owner->comm, strnlen(owner->comm, sizeof(found->id.comm)));
		memcpy(found->id.thread, owner->thread,
		       strnlen(owner->thread, sizeof(found->id.thread)));
	}
}

/* ---- one picture ------------------------------------------------------------- */

static void name_listeners(const struct tcphs_album *a, uint32_t life, struct tcphs_picture *p)
{
	struct tcphs_met key = { .boot = a->lives.life[life].boot }, *found;
	unsigned int side;

	for (side = 0; side < 2; side++) {
		key.id.conn = p->end[side].listener.conn;
		key.id.netns = p->end[side].id.netns;
		found = key.id.conn && a->nr_met ?
			bsearch(&key, a->met, a->nr_met, sizeof(key), by_cookie) : NULL;
		if (found)
			tcphs_picture_listener(p, &found->id, found->flags);
	}
}

/* Where the first of the steps is that stand behind those left out; @nr: there are none. */
static size_t find_gap(struct tcphs_album *a, uint32_t life, const struct tcphs_kept **kept, size_t nr,
		       uint32_t *left_out)
{
	uint32_t member[TCPHS_MEMBERS_MAX];
	size_t members = tcphs_lives_members(&a->lives, life, member), i, at = nr;
	const struct tcphs_lifeline *line;

	*left_out = 0;
	for (i = 0; i < members; i++) {
		line = &a->lives.life[member[i]];
		*left_out += line->left_out;
		if (!line->left_out)
			continue;
		while (at && kept[at - 1]->order > a->lives.kept[line->half].order)
			at--;
	}
	return at;
}

static int add_events(struct tcphs_album *a, uint32_t life, struct tcphs_picture *p)
{
	const struct tcphs_kept **kept;
	const struct tcphs_event **ev;
	size_t nr, i, gap;
	uint32_t left_out;
	int err;

	kept = tcphs_lives_events(&a->lives, life, 0, &nr);
	ev = calloc(nr + 1, sizeof(*ev));
	err = kept && ev ? 0 : -ENOMEM;
	for (i = 0; !err && i < nr; i++)
		ev[i] = &kept[i]->ev;
	gap = err ? 0 : find_gap(a, life, kept, nr, &left_out);
	if (!err)
		err = tcphs_picture_add(p, ev, gap);
	if (!err && gap < nr) {
		err = tcphs_picture_gap(p, left_out);
		if (!err)
			err = tcphs_picture_add(p, ev + gap, nr - gap);
	}
	free(ev);
	free(kept);
	return err;
}

/**
 * tcphs_album_picture - what is kept of a connection, both ends
 * @a: the album
 * @life: that leads the picture
 * @utf8: in its notes
 * @now: it is drawn as it is then, unless it is over, CLOCK_MONOTONIC in ns
 * @p: gets it; free it also when that failed
 *
 * Return: 0, or -ENOMEM.
 */
int tcphs_album_picture(struct tcphs_album *a, uint32_t life, bool utf8, uint64_t now,
			struct tcphs_picture *p)
{
	uint32_t cut;
	int err;

	tcphs_picture_init(p, utf8);
	p->cgroups = a->cgroups;
	p->shift = a->lives.life[life].shift;
	err = add_events(a, life, p);
	name_listeners(a, life, p);
	cut = tcphs_lives_cut(&a->lives, life);
	if (!err && cut != TCPHS_NO_LIFE)
		err = tcphs_picture_cut(p, &a->lives.life[cut].id);
	else if (!err && !tcphs_lives_over(&a->lives, life))
		err = tcphs_picture_end(p, now);
	return err;
}

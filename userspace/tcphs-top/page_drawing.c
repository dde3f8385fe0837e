// SPDX-License-Identifier: GPL-2.0
/* The connection that tcphs diagram would draw, and what is new of it. */
#include <errno.h>
#include <stdlib.h>

#include "diagram/waits.h"
#include "hash.h"
#include "page.h"

/* Which of them are of the connection is known when all are there. */
static void store(struct page_drawing *d, const struct tcphs_event *ev)
{
	if (array_grow(&d->ev, d->nr + 1, &d->cap, sizeof(*d->ev)))
		d->album.no_memory = true;
	else
		d->ev[d->nr++] = *ev;
}

static void on_first(struct page *p, const struct tcphs_event *ev)
{
	struct page_drawing *d = &p->drawing;
	uint32_t life;

	/* A socket that connects again keeps its number: the newest is meant. */
	if (!d->nr)
		tcphs_album_init(&d->album, 1);
	if (d->album.no_memory)
		return;
	store(d, ev);
	life = tcphs_album_see(&d->album, ev);
	if (life != TCPHS_NO_LIFE && ev->id.conn == p->conn)
		d->album.lives.life[life].wanted = true;
}

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct page *p = arg;
	struct page_drawing *d = &p->drawing;
	uint32_t life;
	int err = 0;

	if (!d->chosen) {
		on_first(p, ev);
		return;
	}
	if (d->life == TCPHS_NO_LIFE ? ev->id.conn != p->conn :
	    !tcphs_lives_concern(&d->album.lives, d->life, ev))
		return;
	life = tcphs_lives_see(&d->album.lives, ev, &err);
	if (life != TCPHS_NO_LIFE && !err)
		err = tcphs_lives_keep(&d->album.lives, life, ev);
	if (d->life == TCPHS_NO_LIFE)
		d->life = life;
	d->album.no_memory |= err != 0;
}

const struct tcphs_events_ops page_drawing_ops = { .record = on_event };

/**
 * page_drawing_boot - the machine was booted, of which all is
 * @d: the drawing
 */
void page_drawing_boot(struct page_drawing *d)
{
	tcphs_lives_boot(&d->album.lives);
	if (d->chosen)
		return;
	if (array_grow(&d->boot, d->nr_boots + 1, &d->boots_cap, sizeof(*d->boot)))
		d->album.no_memory = true;
	else
		d->boot[d->nr_boots++] = d->nr;
}

/* As they came. */
static void keep_all(struct page_drawing *d)
{
	uint32_t i, boot = 0;

	for (i = 0; i < d->nr; i++) {
		for (; boot < d->nr_boots && d->boot[boot] <= i; boot++)
			tcphs_lives_boot(&d->album.lives);
		tcphs_album_keep(&d->album, &d->ev[i]);
	}
}

static int choose(struct page *p, struct top_source *src)
{
	struct page_drawing *d = &p->drawing;
	struct tcphs_listener_list list = { 0 };
	struct tcphs_error err = { 0 };

	d->life = TCPHS_NO_LIFE;
	if (!d->nr)
		return 0;
	if (tcphs_album_choose(&d->album))
		return -ENOMEM;
	d->chosen = true;
	d->album.cgroups = src->cgroups;
	if (d->album.nr_chosen)
		d->life = d->album.chosen[0];
	tcphs_lives_restart(&d->album.lives);
	keep_all(d);
	free(d->ev);
	d->ev = NULL;
	d->nr = d->cap = 0;
	/* Who has the listener the module knows, where records do not. */
	if (src->listeners && !src->listeners(src, p->all, &list, &err))
		tcphs_album_owners(&d->album, &list);
	tcphs_listener_list_free(&list);
	return 0;
}

/**
 * page_drawing_update - the picture of what there is now
 * @p: the page
 * @src: where it is from
 *
 * Return: 0, or -ENOMEM.
 */
int page_drawing_update(struct page *p, struct top_source *src)
{
	struct page_drawing *d = &p->drawing;
	uint64_t now;

	if (d->album.no_memory || (!d->chosen && choose(p, src)))
		return -ENOMEM;
	if (d->life == TCPHS_NO_LIFE)
		return 0;
	if (d->drawn)
		tcphs_picture_free(&d->picture);
	d->life = tcphs_lives_lead(&d->album.lives, d->life);
	src->clock(src, &now);
	d->drawn = true;
	if (tcphs_album_picture(&d->album, d->life, p->utf8, now, &d->picture) ||
	    d->album.no_memory)
		return -ENOMEM;
	/* Of what is recorded nobody can be asked. */
	if (src->look_before)
		waits_draw(&d->picture);
	return 0;
}

/**
 * page_drawing_free - gives the memory back
 * @d: the drawing
 */
void page_drawing_free(struct page_drawing *d)
{
	if (d->drawn)
		tcphs_picture_free(&d->picture);
	tcphs_album_free(&d->album);
	free(d->ev);
	free(d->boot);
	*d = (struct page_drawing){ .life = TCPHS_NO_LIFE };
}

/* SPDX-License-Identifier: GPL-2.0 */
/* What is opened in place of a table: the drawing of a connection, or all about a listener. */
#ifndef TOP_PAGE_H
#define TOP_PAGE_H

#include "diagram/album.h"
#include "source.h"

#define PAGE_SPAN	300	/* seconds of which the depth of the queues is kept */
#define PAGE_OVERFLOWS	7	/* of which it is known by whom */

enum page_what {
	PAGE_NONE,
	PAGE_DRAWING,
	PAGE_LISTENER,
};

/* The most that was seen in a second. */
struct page_depth {
	uint64_t second;
	uint32_t syn;
	uint32_t accept;
};

/**
 * struct page_listener - what is remembered of a listener while its page is open
 * @depth: of its queues, the latest at @newest
 * @nr_depth: how many there are
 * @newest: of them
 * @overflow: events of segments that met a full accept queue, the latest first
 * @nr_overflow: how many are in it
 * @overflows: that there were, as far as the records go
 */
struct page_listener {
	struct page_depth depth[PAGE_SPAN];
	unsigned int nr_depth;
	unsigned int newest;
	struct tcphs_event overflow[PAGE_OVERFLOWS];
	unsigned int nr_overflow;
	uint64_t overflows;
};

/**
 * struct page_drawing - a connection, both ends
 * @ev: the events, until it is known which of them are of it
 * @nr: how many
 * @cap: room in @ev
 * @boot: before these of them, by index, the machine was booted
 * @nr_boots: how many
 * @boots_cap: room in @boot
 * @chosen: that is known
 * @album: what is kept
 * @life: that leads the picture; TCPHS_NO_LIFE: nothing is on record
 * @picture: of it
 * @drawn: there is one
 */
struct page_drawing {
	struct tcphs_event *ev;
	uint32_t nr, cap;
	uint32_t *boot;
	uint32_t nr_boots, boots_cap;
	bool chosen;
	struct tcphs_album album;
	uint32_t life;
	struct tcphs_picture picture;
	bool drawn;
};

/**
 * struct page - what is open
 * @what: it is
 * @conn: of which connection or listener
 * @stale: another one was open at the last refresh
 * @feed: events, NULL: none was read yet
 * @all: of all namespaces
 * @utf8: may what is written have characters beyond ASCII?
 * @listener: in PAGE_LISTENER
 * @drawing: in PAGE_DRAWING
 */
struct page {
	enum page_what what;
	uint64_t conn;
	bool stale;
	struct top_feed *feed;
	bool all;
	bool utf8;
	struct page_listener listener;
	struct page_drawing drawing;
};

void page_open(struct page *p, enum page_what what, uint64_t conn);
int page_refresh(struct page *p, struct top_source *src, bool all,
		 const struct tcphs_listener_list *list, uint64_t now, struct tcphs_error *err);
void page_stop(struct page *p, struct top_source *src);
double page_depths(const struct page_listener *l, bool syn, unsigned int seconds, double *v,
		   size_t nr);

/* page_drawing.c */
extern const struct tcphs_events_ops page_drawing_ops;
void page_drawing_boot(struct page_drawing *d);
int page_drawing_update(struct page *p, struct top_source *src);
void page_drawing_free(struct page_drawing *d);

#endif /* TOP_PAGE_H */

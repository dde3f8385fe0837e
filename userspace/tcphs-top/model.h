/* SPDX-License-Identifier: GPL-2.0 */
/* What is known, and what follows from two snapshots of it. No terminal in here. */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include "ended.h"
#include "examine.h"
#include "page.h"
#include "peers.h"
#include "play.h"
#include "screens.h"
#include "series.h"
#include "source.h"
#include "tail.h"
#include "tree.h"

/**
 * struct top_quantiles - how long something took
 * @known: there has been a value
 * @fresh: and one of them since the last refresh
 * @p50: of the values since the last refresh that had any, ns
 * @p99: likewise
 */
struct top_quantiles {
	bool known;
	bool fresh;
	uint64_t p50;
	uint64_t p99;
};

/* A listener with its rates, all a second. */
struct top_listener {
	const struct tcphs_listener *is;
	double accepts;
	double overflows;
	double drops;
	struct top_quantiles wait;
};

/*
 * One dump of the listeners; @row belongs to @list.v, by index. Those that the filter lets
 * through have their index in @pass: of the others, too, rates are known when it is another.
 */
struct top_listeners {
	struct tcphs_listener_list list;
	struct top_listener *row;
	uint32_t *pass;
	size_t passed;
	size_t cap;
	uint64_t at;
	bool valid;
};

/**
 * struct top_style - how cells are written
 * @utf8: are there characters beyond ASCII?
 * @recorded: namespaces are of another time, perhaps of another machine: they have no names here
 * @clock: CLOCK_REALTIME - CLOCK_MONOTONIC of events, ns
 * @now: that CLOCK_MONOTONIC, ns
 * @cgroups: what they are called; NULL: nobody knows
 */
struct top_style {
	bool utf8;
	bool recorded;
	int64_t clock;
	uint64_t now;
	struct tcphs_cgroups *cgroups;
};

/* Is row @a to come before @b (< 0)? They point at the rows of model_row(). */
typedef int (*top_compare_fn)(const void *a, const void *b, const struct top_style *style);

/**
 * struct top_model - everything there is to show
 * @valid: there is a snapshot, and the module is there
 * @since_load: rates are averages since the module was loaded, for there is
 *	nothing to compare with yet
 * @at: when the snapshot was taken, CLOCK_MONOTONIC
 * @seconds: what rates were divided by
 * @gone_at: when the module was first missed, 0: it is there
 * @why: the words for it
 * @now: the snapshot
 * @entries: of the table; with those of other namespaces where these are shown
 * @state_rate: net change a second
 * @event_rate: events a second
 * @failure_rate: failures a second
 * @untracked_rate: connections and listeners without an entry, a second
 * @refused_rate: the same for each cause
 * @handshake: TCPHS_HIST_HANDSHAKE_ACTIVE and _PASSIVE
 * @handshake_rate: completed a second
 * @listeners: the newest dump
 * @listeners_before: the one before it
 * @conns: the newest dump
 * @conns_valid: it belongs to the snapshot
 * @conns_most: more are not fetched, 0: all are
 * @conns_cut: so it is a part
 * @conns_all: of so many, without the filter
 * @style: how cells are written
 * @filter: what is wanted
 * @feed: events, once one of the screens that are made of them was shown; or NULL
 * @feed_all: of all namespaces
 * @feed_void: they are to be read anew
 * @events_at: when they were last read
 * @tail: the last of them
 * @peers: who was at the other end
 * @ended: lives that ended
 * @examine: the doctor's findings
 * @page: what is open in place of the table
 * @turn: of a recording, as it was when it was read last
 * @boots: likewise
 * @pulse: the counters of this second, for @series alone
 * @series: what failed in the last minutes
 * @tree: how they are grouped
 * @order: row numbers of the screen that model_arrange() was asked for, and those of groups
 * @kept: how many of them are in order
 * @order_cap: room in @order
 * @arranged: what model_arrange() was last asked for; void when @compare is NULL
 */
struct top_model {
	bool valid;
	bool since_load;
	uint64_t at;
	double seconds;
	uint64_t gone_at;
	struct tcphs_error why;

	struct tcphs_status now;
	uint32_t entries;
	double state_rate[TCPHS_STATE_MAX + 1];
	double event_rate[TCPHS_EV_MAX + 1];
	double failure_rate[TCPHS_REASON_MAX + 1];
	double untracked_rate;
	double refused_rate[TCPHS_REFUSED_MAX + 1];
	struct top_quantiles handshake[2];
	double handshake_rate[2];

	struct top_listeners listeners;
	struct top_listeners listeners_before;
	struct tcphs_conn_list conns;
	bool conns_valid;
	size_t conns_most;
	bool conns_cut;
	uint64_t conns_all;

	struct top_style style;
	struct tcphs_filter filter;
	struct top_feed *feed;
	bool feed_all;
	bool feed_void;
	uint64_t events_at;
	struct tail tail;
	struct peers peers;
	struct ended ended;
	struct examine examine;
	struct page page;
	unsigned int turn;
	unsigned int boots;
	struct tcphs_status pulse;
	struct series series;

	struct tree tree;
	uint32_t *order;
	size_t kept;
	size_t order_cap;
	struct {
		enum top_screen screen;
		top_compare_fn compare;
		bool invert;
		bool tree;
	} arranged;
};

/* What model_alerts() says. */
/* As long as the longest: a hook and what it shows are 192 bytes at most. */
#define TOP_ALERT_LEN	256

struct top_alert {
	bool bad;		/* else it is merely worth knowing */
	char text[TOP_ALERT_LEN];
};

void model_init(struct top_model *m);
void model_free(struct top_model *m);
int model_refresh(struct top_model *m, struct top_source *src, enum top_screen screen,
		  bool all_netns, uint64_t now);
int model_switch(struct top_model *m, struct top_source *src, enum top_screen screen,
		 bool all_netns, uint64_t now);
int model_pulse(struct top_model *m, struct top_source *src, uint64_t now);
uint64_t model_due(const struct top_model *m, enum top_screen screen);
void model_end(struct top_model *m, struct top_source *src);
void model_filter(struct top_model *m, const struct tcphs_filter *filter);
size_t model_alerts(const struct top_model *m, struct top_alert *out, size_t max);
size_t model_failures(const struct top_model *m, uint8_t *reason);

const struct top_listener *model_listener(const struct top_model *m, uint64_t conn);

/* rows.c */
size_t model_rows(const struct top_model *m, enum top_screen screen);
size_t model_total(const struct top_model *m, enum top_screen screen);
const void *model_at(const struct top_model *m, enum top_screen screen, uint32_t n);
bool model_is_tree(const struct top_model *m, enum top_screen screen);
int model_arrange(struct top_model *m, enum top_screen screen, top_compare_fn compare,
		  bool invert, size_t keep);
const void *model_row(const struct top_model *m, enum top_screen screen, size_t i);
uint64_t model_key(enum top_screen screen, const void *row);
size_t model_place(const struct top_model *m, enum top_screen screen, top_compare_fn compare,
		   bool invert, uint64_t key);

#endif /* TOP_MODEL_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* The doctor's findings, live: one look after the other, as tcphs doctor --watch has them. */
#ifndef TOP_EXAMINE_H
#define TOP_EXAMINE_H

#include "doctor/look.h"
#include "doctor/words.h"
#include "source.h"

#define EXAMINE_LOOK	5000000000ull	/* ns, that of tcphs doctor */

/**
 * struct top_finding - what is wrong
 * @is: the finding
 * @netns: where
 * @words: what is said of it
 * @nr_words: how many paragraphs
 */
struct top_finding {
	struct finding is;
	uint32_t netns;
	struct finding_words words[FINDING_WORDS];
	size_t nr_words;
};

/**
 * struct examine - what is looked at, and what the look before found
 * @feed: events, NULL: nobody looks
 * @all: every namespace
 * @stale: what is wanted has changed
 * @read: of a recording its name; NULL: it is this machine
 * @filter: whose connections count
 * @early: what of that each event answers
 * @look: the one that is under way
 * @first: events before that are of before the first look, ns
 * @since: the look began then, by the caller's clock, ns
 * @judged: there is a look that is over
 * @ended: when it was, by the same clock, ns
 * @v: what it found, the most urgent first
 * @nr: how many
 * @cap: room in @v
 * @took: how long it was, ns
 * @records: events that it saw
 * @lost: and did not
 * @shut: namespaces that nobody can enter, as no process is there: of these it saw events alone
 */
struct examine {
	struct top_feed *feed;
	bool all;
	bool stale;
	const char *read;
	struct tcphs_filter filter, early;
	struct look look;
	uint64_t first;
	uint64_t since;
	bool judged;
	uint64_t ended;
	struct top_finding *v;
	size_t nr, cap;
	uint64_t took;
	uint64_t records;
	uint64_t lost;
	unsigned int shut;
};

int examine_refresh(struct examine *x, struct top_source *src, bool all,
		    const struct tcphs_filter *filter, uint64_t now, struct tcphs_error *err);
void examine_stop(struct examine *x, struct top_source *src);
void examine_forget(struct examine *x, struct top_source *src);
uint64_t examine_due(const struct examine *x);

#endif /* TOP_EXAMINE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A table that grows up to a limit: entries found by a key. Beyond the limit those that
 * were asked for least often go, their sums into one entry that stands for the others.
 */
#ifndef TCPHS_TALLY_H
#define TCPHS_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

struct tally {
	size_t key_size;	/* the first bytes of an entry, without holes */
	size_t entry_size;
	size_t limit;		/* 0: none */
	void (*merge)(void *into, const void *entry);	/* adds up sums; NULL: none to add */
	size_t nr;
	uint32_t cap;
	uint8_t *entries;
	uint32_t *uses;		/* how often each was asked for */
	struct hash hash;	/* key -> its place */
	uint64_t gone;		/* entries that made room */
	uint8_t *others;	/* what they add up to, @gone of them or fewer peers */
};

#define TALLY_INIT(type, key, ...) \
	{ .key_size = sizeof(((type *)NULL)->key), .entry_size = sizeof(type), __VA_ARGS__ }

/*
 * The entry of a key, found or made; all but the key is zero in a new one. It is good
 * until the next tally_get(). NULL: no memory.
 */
void *tally_get(struct tally *t, const void *key);
void *tally_find(const struct tally *t, const void *key);	/* NULL: none */
void *tally_at(const struct tally *t, size_t i);
void tally_keep(struct tally *t, const void *entry);		/* it never makes room */
const void *tally_others(const struct tally *t);		/* NULL: all are there */
void tally_free(struct tally *t);

#define tally_each(t, entry, i) \
	for (i = 0; i < (t)->nr && ((entry) = tally_at(t, i), 1); i++)

#endif /* TCPHS_TALLY_H */

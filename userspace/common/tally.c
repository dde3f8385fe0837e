/* SPDX-License-Identifier: GPL-2.0 */
/* An array of entries, and the hash table that finds them. */
#include <stdlib.h>
#include <string.h>

#include "tally.h"

#define KEEP	UINT32_MAX

/**
 * tally_at - an entry by its place
 * @t: the table
 * @i: less than @t->nr
 */
void *tally_at(const struct tally *t, size_t i)
{
	return t->entries + i * t->entry_size;
}

static uint64_t hash_of(const struct tally *t, const void *key)
{
	return hash_bytes(t->hash.seed, key, t->key_size);
}

/* The number of the entry with this key, or HASH_NONE. */
static uint32_t index_of(const struct tally *t, const void *key, uint64_t hash)
{
	uint32_t node = HASH_NONE;

	while ((node = hash_next(&t->hash, hash, node)) != HASH_NONE)
		if (!memcmp(tally_at(t, t->hash.node[node].value), key, t->key_size))
			return t->hash.node[node].value;
	return HASH_NONE;
}

/**
 * tally_find - the entry of a key
 * @t: the table
 * @key: @t->key_size bytes
 */
void *tally_find(const struct tally *t, const void *key)
{
	uint32_t i = index_of(t, key, hash_of(t, key));

	return i == HASH_NONE ? NULL : tally_at(t, i);
}

static int grow(struct tally *t)
{
	uint32_t cap = t->cap;

	/* Both arrays have room for as many. */
	if (array_grow(&t->entries, (uint32_t)t->nr + 1, &cap, t->entry_size))
		return -1;
	cap = t->cap;
	if (array_grow(&t->uses, (uint32_t)t->nr + 1, &cap, sizeof(*t->uses)))
		return -1;
	t->cap = cap;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Half of the entries have been asked for as often as that, or less. */
static uint32_t median(const struct tally *t)
{
	uint32_t *sorted = malloc(t->nr * sizeof(*sorted)), m = 1;

	if (!sorted)
		return m;
	memcpy(sorted, t->uses, t->nr * sizeof(*sorted));
	qsort(sorted, t->nr, sizeof(*sorted), by_number);
	m = sorted[t->nr / 2];
	free(sorted);
	return m;
}

/* Half of the entries go, all of the more important half stay: in the order they have. */
static void make_room(struct tally *t)
{
	size_t kept = 0, least = t->nr / 2, i;
	uint32_t bar = median(t);

	for (i = 0; i < t->nr; i++) {
		if (t->uses[i] == KEEP || t->uses[i] > bar || !least) {
			memmove(tally_at(t, kept), tally_at(t, i), t->entry_size);
			/* What was seen long ago counts for less. */
			t->uses[kept++] = t->uses[i] == KEEP ? KEEP : t->uses[i] / 2 + 1;
			continue;
		}
		if (t->merge)
			t->merge(t->others, tally_at(t, i));
		t->gone++;
		least--;
	}
	t->nr = kept;
	hash_clear(&t->hash);
	for (i = 0; i < t->nr; i++)
		hash_add(&t->hash, hash_of(t, tally_at(t, i)), (uint32_t)i);
}

/* Is there room for one more entry? */
static bool has_room(struct tally *t)
{
	if (t->limit && t->nr >= t->limit) {
		if (!t->others)
			t->others = calloc(1, t->entry_size);
		if (!t->others)
			return false;
		make_room(t);
	}
	return !grow(t) && !hash_reserve(&t->hash, 1);
}

/**
 * tally_get - the entry of a key, made if need be
 * @t: the table
 * @key: @t->key_size bytes
 */
void *tally_get(struct tally *t, const void *key)
{
	uint32_t i = t->nr ? index_of(t, key, hash_of(t, key)) : HASH_NONE;
	void *entry;

	if (i != HASH_NONE) {
		if (t->uses[i] < KEEP - 1)
			t->uses[i]++;
		return tally_at(t, i);
	}
	if (!has_room(t))
		return NULL;
	entry = tally_at(t, t->nr);
	memset(entry, 0, t->entry_size);
	memcpy(entry, key, t->key_size);
	t->uses[t->nr] = 1;
	hash_add(&t->hash, hash_of(t, key), (uint32_t)t->nr++);
	return entry;
}

/**
 * tally_keep - an entry is not to make room for others
 * @t: the table
 * @entry: of it
 */
void tally_keep(struct tally *t, const void *entry)
{
	t->uses[(size_t)((const uint8_t *)entry - t->entries) / t->entry_size] = KEEP;
}

/**
 * tally_others - what the entries that made room add up to
 * @t: the table
 *
 * Return: an entry without a key; NULL: none had to.
 */
const void *tally_others(const struct tally *t)
{
	return t->gone ? t->others : NULL;
}

/**
 * tally_free - give the memory back
 * @t: the table; empty and usable after that
 */
void tally_free(struct tally *t)
{
	free(t->entries);
	free(t->uses);
	hash_free(&t->hash);
	free(t->others);
	t->entries = NULL;
	t->uses = NULL;
	t->others = NULL;
	t->nr = 0;
	t->cap = 0;
	t->gone = 0;
}

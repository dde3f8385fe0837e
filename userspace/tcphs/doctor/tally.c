/* SPDX-License-Identifier: GPL-2.0 */
/* A hash table with open addressing over an array. */
#include <stdlib.h>
#include <string.h>

#include "tally.h"

#define KEEP	UINT32_MAX

/* FNV-1a */
static uint32_t hash(const void *key, size_t size)
{
	const uint8_t *p = key;
	uint32_t h = 2166136261u;

	while (size--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

/**
 * tally_at - an entry by its place
 * @t: the table
 * @i: less than @t->nr
 */
void *tally_at(const struct tally *t, size_t i)
{
	return t->entries + i * t->entry_size;
}

/* The slot of a key, or the free one where it belongs. The table is never full. */
static uint32_t *slot_of(const struct tally *t, const void *key)
{
	size_t mask = 2 * t->cap - 1;
	size_t i = hash(key, t->key_size) & mask;

	while (t->slots[i] && memcmp(tally_at(t, t->slots[i] - 1), key, t->key_size))
		i = (i + 1) & mask;
	return &t->slots[i];
}

/**
 * tally_find - the entry of a key
 * @t: the table
 * @key: @t->key_size bytes
 */
void *tally_find(const struct tally *t, const void *key)
{
	uint32_t slot = t->nr ? *slot_of(t, key) : 0;

	return slot ? tally_at(t, slot - 1) : NULL;
}

static void fill_slots(struct tally *t)
{
	size_t i;

	for (i = 0; i < t->nr; i++)
		*slot_of(t, tally_at(t, i)) = (uint32_t)i + 1;
}

static int grow(struct tally *t)
{
	size_t cap = t->cap ? 2 * t->cap : 16;
	uint32_t *slots = calloc(2 * cap, sizeof(*slots)), *uses;
	uint8_t *entries;

	entries = realloc(t->entries, cap * t->entry_size);
	if (entries)
		t->entries = entries;
	uses = realloc(t->uses, cap * sizeof(*uses));
	if (uses)
		t->uses = uses;
	if (!slots || !entries || !uses) {
		free(slots);
		return -1;
	}
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
	fill_slots(t);
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
	memset(t->slots, 0, 2 * t->cap * sizeof(*t->slots));
	fill_slots(t);
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
	return t->nr < t->cap || !grow(t);
}

/**
 * tally_get - the entry of a key, made if need be
 * @t: the table
 * @key: @t->key_size bytes
 */
void *tally_get(struct tally *t, const void *key)
{
	uint32_t *slot = t->cap ? slot_of(t, key) : NULL;
	void *entry;

	if (slot && *slot) {
		if (t->uses[*slot - 1] < KEEP - 1)
			t->uses[*slot - 1]++;
		return tally_at(t, *slot - 1);
	}
	if (!has_room(t))
		return NULL;
	slot = slot_of(t, key);
	entry = tally_at(t, t->nr);
	t->uses[t->nr] = 1;
	t->nr++;
	*slot = (uint32_t)t->nr;
	memset(entry, 0, t->entry_size);
	memcpy(entry, key, t->key_size);
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
	free(t->slots);
	free(t->others);
	t->entries = NULL;
	t->uses = NULL;
	t->slots = NULL;
	t->others = NULL;
	t->nr = 0;
	t->cap = 0;
	t->gone = 0;
}

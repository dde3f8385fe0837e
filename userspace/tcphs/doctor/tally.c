/* SPDX-License-Identifier: GPL-2.0 */
/* A hash table with open addressing over an array. */
#include <stdlib.h>
#include <string.h>

#include "tally.h"

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

static int grow(struct tally *t)
{
	size_t cap = t->cap ? 2 * t->cap : 16, i;
	uint32_t *slots = calloc(2 * cap, sizeof(*slots));
	uint8_t *entries = realloc(t->entries, cap * t->entry_size);

	if (entries)
		t->entries = entries;
	if (!slots || !entries) {
		free(slots);
		return -1;
	}
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
	for (i = 0; i < t->nr; i++)
		*slot_of(t, tally_at(t, i)) = (uint32_t)i + 1;
	return 0;
}

/**
 * tally_get - the entry of a key, made if need be
 * @t: the table
 * @key: @t->key_size bytes
 */
void *tally_get(struct tally *t, const void *key)
{
	uint32_t *slot;
	void *entry;

	if (t->nr == t->cap && grow(t))
		return tally_find(t, key);
	slot = slot_of(t, key);
	if (*slot)
		return tally_at(t, *slot - 1);
	entry = tally_at(t, t->nr++);
	*slot = (uint32_t)t->nr;
	memset(entry, 0, t->entry_size);
	memcpy(entry, key, t->key_size);
	return entry;
}

/**
 * tally_free - give the memory back
 * @t: the table; empty and usable after that
 */
void tally_free(struct tally *t)
{
	free(t->entries);
	free(t->slots);
	t->entries = NULL;
	t->slots = NULL;
	t->nr = 0;
	t->cap = 0;
}

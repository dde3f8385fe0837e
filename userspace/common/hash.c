/* SPDX-License-Identifier: GPL-2.0 */
/* Buckets of nodes that hang behind each other, the newest first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "hash.h"

#define BUCKETS_LEAST	32

/**
 * array_grow - room for more elements
 * @array: where the pointer to the array is kept
 * @nr: how many there must be room for
 * @cap: how many there is room for
 * @size: of one
 *
 * An array whose pointer was moved and whose @cap was not is only larger than known.
 *
 * Return: 0, or -ENOMEM.
 */
int array_grow(void *array, uint32_t nr, uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 64;
	void *p;

	if (nr <= *cap)
		return 0;
	if (nr > UINT32_MAX / 2)
		return -ENOMEM;
	while (want < nr)
		want *= 2;
	memcpy(&p, array, sizeof(p));
	p = reallocarray(p, want, size);
	if (!p)
		return -ENOMEM;
	memcpy(array, &p, sizeof(p));
	*cap = want;
	return 0;
}

/**
 * hash_seed - a number that nobody outside knows
 *
 * Return: it; never 0.
 */
uint64_t hash_seed(void)
{
	struct timespec now;
	uint64_t seed;

	/* Right after the boot there may be nothing random yet. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		seed = hash_mix((uintptr_t)&now, (uint64_t)now.tv_nsec);
	}
	return seed | 1;
}

/**
 * hash_bytes - the hash of a key
 * @seed: of the table
 * @data: the key, without holes
 * @size: of it
 */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t size)
{
	const uint8_t *p = data;
	uint64_t h = seed ^ size, part;

	for (; size >= sizeof(part); p += sizeof(part), size -= sizeof(part)) {
		memcpy(&part, p, sizeof(part));
		h = hash_mix(h, part + seed);
	}
	part = 0;
	memcpy(&part, p, size);
	return hash_mix(h, part + seed);
}

static void into_bucket(struct hash *h, uint32_t i)
{
	uint32_t *at = &h->bucket[h->node[i].hash & (h->buckets - 1)];

	h->node[i].next = *at;
	*at = i;
}

/* Twice as many buckets as nodes. */
static int make_buckets(struct hash *h, uint32_t nodes)
{
	uint32_t buckets = h->buckets ? h->buckets : BUCKETS_LEAST, i, *bucket;

	if (nodes * 2 <= h->buckets)
		return 0;
	while (buckets < nodes * 2)
		buckets *= 2;
	bucket = reallocarray(NULL, buckets, sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	memset(bucket, 0xff, buckets * sizeof(*bucket));
	free(h->bucket);
	h->bucket = bucket;
	h->buckets = buckets;
	for (i = 0; i < h->nr; i++)
		into_bucket(h, i);
	return 0;
}

/**
 * hash_reserve - room for more
 * @h: the table
 * @nr: how many hash_add() may follow
 *
 * Return: 0, or -ENOMEM.
 */
int hash_reserve(struct hash *h, uint32_t nr)
{
	if (!h->seed)
		h->seed = hash_seed();
	return array_grow(&h->node, h->nr + nr, &h->cap, sizeof(*h->node)) ||
	       make_buckets(h, h->nr + nr) ? -ENOMEM : 0;
}

/**
 * hash_add - lead from a hash to a number
 * @h: a table that there is room in, see hash_reserve()
 * @hash: the hash
 * @value: the number
 */
void hash_add(struct hash *h, uint64_t hash, uint32_t value)
{
	h->node[h->nr] = (struct hash_node){ .hash = hash, .value = value };
	into_bucket(h, h->nr++);
}

/**
 * hash_next - where a hash leads
 * @h: the table
 * @hash: the hash
 * @i: HASH_NONE for the newest node; or a node, for the next older one
 *
 * Return: the number of a node with this hash, or HASH_NONE.
 */
uint32_t hash_next(const struct hash *h, uint64_t hash, uint32_t i)
{
	if (!h->buckets)
		return HASH_NONE;
	i = i == HASH_NONE ? h->bucket[hash & (h->buckets - 1)] : h->node[i].next;
	for (; i != HASH_NONE; i = h->node[i].next) {
		if (h->work)
			++*h->work;
		if (h->node[i].hash == hash)
			return i;
	}
	return HASH_NONE;
}

static void out_of_bucket(struct hash *h, uint32_t i)
{
	uint32_t *at = &h->bucket[h->node[i].hash & (h->buckets - 1)];

	while (*at != i)
		at = &h->node[*at].next;
	*at = h->node[i].next;
}

/**
 * hash_remove - forget a node
 * @h: the table
 * @i: its number; the last node has it then
 */
void hash_remove(struct hash *h, uint32_t i)
{
	uint32_t last = --h->nr;

	out_of_bucket(h, i);
	if (i == last)
		return;
	out_of_bucket(h, last);
	h->node[i] = h->node[last];
	into_bucket(h, i);
}

/**
 * hash_clear - forget all, keep the memory and the seed
 * @h: the table
 */
void hash_clear(struct hash *h)
{
	h->nr = 0;
	if (h->buckets)
		memset(h->bucket, 0xff, h->buckets * sizeof(*h->bucket));
}

/**
 * hash_free - give the memory back
 * @h: the table, empty then
 */
void hash_free(struct hash *h)
{
	free(h->node);
	free(h->bucket);
	*h = (struct hash){ .nr = 0 };
}

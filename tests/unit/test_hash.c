/* SPDX-License-Identifier: GPL-2.0 */
/* The hash table of the tools: what leads where, and what strangers can do to it. */
#include <stdlib.h>

#include "hash.h"
#include "tap.h"

#define MANY 20011

static struct hash h;

static void put(uint64_t hash, uint32_t value)
{
	if (hash_reserve(&h, 1))
		abort();
	hash_add(&h, hash, value);
}

/* The numbers that a hash leads to, the newest first. */
static unsigned int values(uint64_t hash, uint32_t *value, unsigned int max)
{
	uint32_t i = HASH_NONE;
	unsigned int nr = 0;

	while (nr < max && (i = hash_next(&h, hash, i)) != HASH_NONE)
		value[nr++] = h.node[i].value;
	return nr;
}

static void test_ways(void)
{
	uint32_t value[4], i;
	int found = 0;

	ok(hash_next(&h, 17, HASH_NONE) == HASH_NONE, "an empty table leads nowhere");
	put(17, 3);
	put(19, 5);
	put(17, 7);
	ok(values(17, value, 4) == 2 && value[0] == 7 && value[1] == 3,
	   "two with one hash, the newer first");
	for (i = 0; i < MANY; i++)
		put(1000 + i, i);
	for (i = 0; i < MANY; i++)
		found += values(1000 + i, value, 4) == 1 && value[0] == i;
	equal(found, MANY, "it grows, and all are found");
	ok(values(17, value, 4) == 2 && value[0] == 7, "in the order they had");
	hash_clear(&h);
	ok(!values(17, value, 4), "cleared, it is empty");
	put(17, 11);
	ok(values(17, value, 4) == 1 && value[0] == 11, "and goes on");
	hash_free(&h);
	ok(!h.nr && !h.node && !h.bucket, "in the end there is nothing left");
}

/* What is taken out is gone, and nothing else is. */
static void test_remove(void)
{
	uint32_t value[4], i, node, good = 0, gone = 0;

	put(17, 3);
	put(17, 5);
	put(17, 7);
	for (i = 0; i < MANY; i++)
		put(1000 + i, i);
	for (i = 0; i < MANY; i++) {
		node = hash_next(&h, 1000 + i, HASH_NONE);
		if (i % 3)
			hash_remove(&h, node);
	}
	for (i = 0; i < MANY; i++) {
		good += values(1000 + i, value, 4) == 1 && value[0] == i;
		gone += !values(1000 + i, value, 4);
	}
	equal(good, (MANY + 2) / 3, "of many, those that were not taken out are found");
	equal(gone, MANY - (MANY + 2) / 3, "and no others");
	hash_remove(&h, hash_next(&h, 17, hash_next(&h, 17, HASH_NONE)));
	ok(values(17, value, 4) == 2 && value[0] + value[1] != 15, "one of three with one hash goes alone");
	equal(h.nr, 2 + (MANY + 2) / 3, "its place is free");
	hash_free(&h);
}

static uint64_t network(uint32_t i)
{
	const uint32_t key[5] = { [1] = i << 12 };

	return hash_bytes(h.seed, key, sizeof(key));
}

/* Keys that differ in one byte, as addresses of one network do, and are found at once. */
static void test_work(void)
{
	uint64_t work = 0;
	uint32_t i, value[4];
	int found = 0;

	put(0, 0);
	hash_clear(&h);
	h.work = &work;
	for (i = 0; i < MANY; i++)
		put(network(i), i);
	for (i = 0; i < MANY; i++)
		found += values(network(i), value, 4) == 1;
	equal(found, MANY, "keys that are nearly alike have hashes of their own");
	/* Each is looked at once for its number and once more for the end of its bucket. */
	ok(work < 4ull * MANY, "and few of them share a bucket");
	printf("# %.2f nodes a search\n", (double)work / MANY);
	hash_free(&h);
}

static void test_seed(void)
{
	uint64_t a = hash_seed(), b = hash_seed();

	ok(a && b && a != b, "two tables have two seeds");
	ok(hash_bytes(a, "12345678", 8) != hash_bytes(b, "12345678", 8),
	   "with which one key has two hashes");
	ok(hash_bytes(a, "1234567", 7) != hash_bytes(a, "1234567", 8), "a longer key is another");
}

int main(void)
{
	plan(16);
	test_ways();
	test_remove();
	test_work();
	test_seed();
	return tap_done();
}

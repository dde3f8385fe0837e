/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one hash table of the tools: hashes of 64 bits lead to numbers, of elements of
 * arrays that are the caller's. Several may have the same hash; whoever asks compares
 * the elements themselves.
 *
 * It has a seed, since addresses, ports and ISNs are what strangers like.
 */
#ifndef TCPHS_HASH_H
#define TCPHS_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_NONE UINT32_MAX

struct hash_node {
	uint64_t hash;
	uint32_t value;
	uint32_t next;		/* in the bucket */
};

/* All zero is an empty table. */
struct hash {
	struct hash_node *node;
	uint32_t nr, cap;
	uint32_t *bucket;	/* first node of each, a power of two of them */
	uint32_t buckets;
	uint64_t seed;		/* nobody outside can know which share a bucket */
	uint64_t *work;		/* counts the nodes that are looked at; NULL: nobody asks */
};

/* 0, or -ENOMEM. Before the first hash is made: it makes the seed. */
int hash_reserve(struct hash *h, uint32_t nr);
void hash_add(struct hash *h, uint64_t hash, uint32_t value);
uint32_t hash_next(const struct hash *h, uint64_t hash, uint32_t i);
void hash_remove(struct hash *h, uint32_t i);
void hash_clear(struct hash *h);
void hash_free(struct hash *h);

uint64_t hash_seed(void);
uint64_t hash_bytes(uint64_t seed, const void *data, size_t size);

/* What of two numbers makes a third that tells nothing of them. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)(a ^ 0xa0761d6478bd642full) * (b ^ 0xe7037ed1a0b428dbull);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* At least @nr elements of @size bytes in @array (where its pointer is): 0, or -ENOMEM. */
int array_grow(void *array, uint32_t nr, uint32_t *cap, size_t size);

#endif /* TCPHS_HASH_H */

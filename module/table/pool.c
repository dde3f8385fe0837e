// SPDX-License-Identifier: GPL-2.0
/*
 * Objects for contexts that can't allocate.
 *
 * Taking and giving back is a pointer swap on this CPU's magazine; a worker in
 * process context keeps the common store between half of its target and twice that. The
 * target is the reserve, or more when much is in use.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "compat/workqueue.h"
#include "table/pool.h"
#include "table/share.h"

#define MAGAZINE_MAX 32U
#define BULK 16U
#define TARGET_MAX 65536U	/* but for a larger reserve */

struct tcphs_magazine {
	void *head;
	unsigned int count;
};

/* The first word of a free object links it. */
static inline void **link_of(void *object)
{
	return object;
}

static void push(void **list, void *object)
{
	*link_of(object) = *list;
	*list = object;
}

static void *pop(void **list)
{
	void *object = *list;

	if (object)
		*list = *link_of(object);
	return object;
}

static unsigned int target(struct tcphs_pool *pool)
{
	return max(pool->reserve, min(tcphs_pool_used(pool) / 4, TARGET_MAX));
}

/* Some at once, for how fast they are made is how fast a burst may be. Returns how many. */
static unsigned int add_some(struct tcphs_pool *pool, unsigned int count)
{
	unsigned int total = atomic_read(&pool->nr_total), i;
	void *objects[BULK];
	unsigned long flags;

	count = min3(count, BULK, pool->limit - min(total, pool->limit));
	/* All of them or none, which newer kernels say by a bool. */
	if (!count || !kmem_cache_alloc_bulk(pool->cache, GFP_KERNEL | __GFP_NOWARN, count, objects))
		return 0;
	atomic_add(count, &pool->nr_total);
	raw_spin_lock_irqsave(&pool->lock, flags);
	for (i = 0; i < count; i++)
		push(&pool->free, objects[i]);
	WRITE_ONCE(pool->nr_free, pool->nr_free + count);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return count;
}

static void *take_free(struct tcphs_pool *pool)
{
	unsigned long flags;
	void *object;

	raw_spin_lock_irqsave(&pool->lock, flags);
	object = pop(&pool->free);
	if (object)
		WRITE_ONCE(pool->nr_free, pool->nr_free - 1);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return object;
}

static void drop_one(struct tcphs_pool *pool, void *object)
{
	kmem_cache_free(pool->cache, object);
	atomic_dec(&pool->nr_total);
}

/**
 * tcphs_pool_fill() - have objects at hand for a context that can't wait for them
 * @pool: the pool
 * @count: so many besides those that lie on CPUs; fewer where the limit or memory ends
 *
 * Context: process, may sleep.
 */
void tcphs_pool_fill(struct tcphs_pool *pool, unsigned int count)
{
	unsigned int there;

	/* Two at once would make more than the limit. */
	mutex_lock(&pool->filling);
	while ((there = READ_ONCE(pool->nr_free)) < count && add_some(pool, count - there))
		cond_resched();
	mutex_unlock(&pool->filling);
}

static void work(struct work_struct *ws)
{
	struct tcphs_pool *pool = container_of(ws, struct tcphs_pool, worker);
	void *object;

	tcphs_pool_fill(pool, target(pool));
	if (READ_ONCE(pool->nr_free) <= 2 * target(pool))
		return;
	while (READ_ONCE(pool->nr_free) > target(pool) && (object = take_free(pool))) {
		drop_one(pool, object);
		cond_resched();
	}
}

static void kick(struct irq_work *iw)
{
	struct tcphs_pool *pool = container_of(iw, struct tcphs_pool, kick);

	queue_work(tcphs_unbound_wq, &pool->worker);
}

/* Under the lock. What is in use changes only where a magazine is filled or emptied. */
static void note_scarcity(struct tcphs_pool *pool)
{
	bool scarce = tcphs_share_scarce(tcphs_pool_used(pool), pool->limit);

	if (scarce != pool->scarce)
		WRITE_ONCE(pool->scarce, scarce);
}

static void refill(struct tcphs_pool *pool, struct tcphs_magazine *mag)
{
	unsigned int left;
	void *object;

	raw_spin_lock(&pool->lock);
	while (mag->count < pool->magazine && (object = pop(&pool->free))) {
		push(&mag->head, object);
		mag->count++;
		WRITE_ONCE(pool->nr_free, pool->nr_free - 1);
	}
	left = pool->nr_free;
	note_scarcity(pool);
	raw_spin_unlock(&pool->lock);
	if (left < target(pool) / 2 && atomic_read(&pool->nr_total) < pool->limit)
		irq_work_queue(&pool->kick);
}

static void spill(struct tcphs_pool *pool, struct tcphs_magazine *mag)
{
	unsigned int now;

	raw_spin_lock(&pool->lock);
	while (mag->count > pool->magazine) {
		push(&pool->free, pop(&mag->head));
		mag->count--;
		WRITE_ONCE(pool->nr_free, pool->nr_free + 1);
	}
	now = pool->nr_free;
	note_scarcity(pool);
	raw_spin_unlock(&pool->lock);
	if (now > 2 * target(pool))
		irq_work_queue(&pool->kick);
}

/**
 * tcphs_pool_get() - take an object
 * @pool: of this kind of object
 *
 * Context: any, interrupts off. Takes pool->lock for a magazine of objects.
 * Return: an object whose bytes are whatever they were, or NULL when the store
 * is empty; more are made in the background up to the pool's limit.
 */
void *tcphs_pool_get(struct tcphs_pool *pool)
{
	struct tcphs_magazine *mag = this_cpu_ptr(pool->magazines);
	void *object;

	if (unlikely(!mag->head))
		refill(pool, mag);
	object = pop(&mag->head);
	if (object)
		mag->count--;
	return object;
}

/**
 * tcphs_pool_used() - objects in use, and those that CPUs have put by
 * @pool: the pool
 *
 * Context: any.
 */
unsigned int tcphs_pool_used(const struct tcphs_pool *pool)
{
	unsigned int total = atomic_read(&pool->nr_total);

	return total - min(READ_ONCE(pool->nr_free), total);
}

/**
 * tcphs_pool_is_full() - may no more objects be made
 * @pool: the pool
 *
 * Context: any.
 */
bool tcphs_pool_is_full(const struct tcphs_pool *pool)
{
	return atomic_read(&pool->nr_total) >= pool->limit;
}

/**
 * tcphs_pool_put() - give an object back
 * @pool: that it came from
 * @object: nobody may look at it any more
 *
 * Context: any, interrupts off.
 */
void tcphs_pool_put(struct tcphs_pool *pool, void *object)
{
	struct tcphs_magazine *mag = this_cpu_ptr(pool->magazines);

	push(&mag->head, object);
	if (unlikely(++mag->count > 2 * pool->magazine))
		spill(pool, mag);
}

/**
 * tcphs_pool_init() - make a pool and fill its reserve
 * @pool: to set up
 * @name: of the slab cache
 * @size: of an object, at least a pointer
 * @reserve: free objects to keep at hand
 * @limit: objects at the most, in use or not
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tcphs_pool_init(struct tcphs_pool *pool, const char *name, size_t size,
		    unsigned int reserve, unsigned int limit)
{
	pool->cache = kmem_cache_create(name, size, 0, SLAB_HWCACHE_ALIGN, NULL);
	if (!pool->cache)
		return -ENOMEM;
	pool->magazines = alloc_percpu(struct tcphs_magazine);
	if (!pool->magazines) {
		kmem_cache_destroy(pool->cache);
		return -ENOMEM;
	}
	raw_spin_lock_init(&pool->lock);
	mutex_init(&pool->filling);
	pool->free = NULL;
	pool->nr_free = 0;
	atomic_set(&pool->nr_total, 0);
	pool->limit = limit;
	pool->scarce = false;
	pool->reserve = min(reserve, limit);
	/* What lies in other CPUs' magazines, twice that each, is out of reach: keep it small. */
	pool->magazine = clamp(limit / (64 * num_possible_cpus()), 1U, MAGAZINE_MAX);
	init_irq_work(&pool->kick, kick);
	INIT_WORK(&pool->worker, work);

	tcphs_pool_fill(pool, pool->reserve);
	if (pool->nr_free == pool->reserve)
		return 0;
	tcphs_pool_exit(pool);
	return -ENOMEM;
}

/**
 * tcphs_pool_exit() - free a pool
 * @pool: with every object given back
 *
 * Context: process, may sleep. No tcphs_pool_get() or _put() may run.
 */
void tcphs_pool_exit(struct tcphs_pool *pool)
{
	void *object;
	int cpu;

	irq_work_sync(&pool->kick);
	cancel_work_sync(&pool->worker);
	for_each_possible_cpu(cpu) {
		struct tcphs_magazine *mag = per_cpu_ptr(pool->magazines, cpu);

		while ((object = pop(&mag->head)))
			drop_one(pool, object);
	}
	while ((object = take_free(pool)))
		drop_one(pool, object);
	WARN_ON_ONCE(atomic_read(&pool->nr_total));
	free_percpu(pool->magazines);
	kmem_cache_destroy(pool->cache);
}

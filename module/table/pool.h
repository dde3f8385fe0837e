/* SPDX-License-Identifier: GPL-2.0 */
/* Objects for contexts that can't allocate. */
#ifndef _TCPHS_POOL_H
#define _TCPHS_POOL_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct tcphs_pool {
	/* What every CPU reads each time does not lie beside what one of them writes. */
	struct kmem_cache *cache;
	struct tcphs_magazine __percpu *magazines;
	unsigned int limit;
	unsigned int reserve;		/* free objects the worker aims at */
	unsigned int magazine;		/* objects a CPU takes at once */
	bool scarce;			/* tcphs_share_scarce() */

	/* Once for a magazine. */
	raw_spinlock_t lock ____cacheline_aligned_in_smp;	/* protects free and nr_free */
	void *free;
	unsigned int nr_free;
	atomic_t nr_total;		/* allocated, in use or not */
	struct irq_work kick;		/* starts the worker from any context */
	struct work_struct worker;
	struct mutex filling;
};

int tcphs_pool_init(struct tcphs_pool *pool, const char *name, size_t size,
		    unsigned int reserve, unsigned int limit);
void tcphs_pool_exit(struct tcphs_pool *pool);
void tcphs_pool_fill(struct tcphs_pool *pool, unsigned int count);
void *tcphs_pool_get(struct tcphs_pool *pool);
unsigned int tcphs_pool_used(const struct tcphs_pool *pool);
bool tcphs_pool_is_full(const struct tcphs_pool *pool);
void tcphs_pool_put(struct tcphs_pool *pool, void *object);

/* Is there a line to draw between who may have more and who may not? Context: any. */
static inline bool tcphs_pool_is_scarce(const struct tcphs_pool *pool)
{
	return READ_ONCE(pool->scarce);
}

#endif /* _TCPHS_POOL_H */

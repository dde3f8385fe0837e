/* SPDX-License-Identifier: GPL-2.0 */
/* Objects for contexts that can't allocate. */
#ifndef _TCPHS_POOL_H
#define _TCPHS_POOL_H

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct tcphs_pool {
	struct kmem_cache *cache;
	struct tcphs_magazine __percpu *magazines;
	raw_spinlock_t lock;		/* protects free and nr_free */
	void *free;
	unsigned int nr_free;
	atomic_t nr_total;		/* allocated, in use or not */
	unsigned int limit;
	unsigned int reserve;		/* free objects the worker aims at */
	unsigned int magazine;		/* objects a CPU takes at once */
	struct irq_work kick;		/* starts the worker from any context */
	struct work_struct worker;
};

int tcphs_pool_init(struct tcphs_pool *pool, const char *name, size_t size,
		    unsigned int reserve, unsigned int limit);
void tcphs_pool_exit(struct tcphs_pool *pool);
void tcphs_pool_fill(struct tcphs_pool *pool, unsigned int count);
void *tcphs_pool_get(struct tcphs_pool *pool);
unsigned int tcphs_pool_used(const struct tcphs_pool *pool);
bool tcphs_pool_is_full(const struct tcphs_pool *pool);
void tcphs_pool_put(struct tcphs_pool *pool, void *object);

#endif /* _TCPHS_POOL_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* The listener table. */
#ifndef _TCPHS_LISTENER_H
#define _TCPHS_LISTENER_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/tcphs.h>
#include "store/stats.h"
#include "table/who.h"

struct sock;
struct tcphs_net;
struct tcphs_owner;

#define TCPHS_LISTENERS	32768U	/* at the most */

struct tcphs_listener {
	struct hlist_node node;		/* RCU, by cookie */
	struct list_head entry;		/* RCU, of all listeners, the oldest first */
	unsigned long number;		/* grows along that list, from 1 */
	struct rcu_head rcu;
	refcount_t refs;		/* the table, and each request and queued child */
	struct tcphs_net *tn;
	u16 share;			/* whose it is: share.c */
	struct sock *sk;		/* good for RCU readers that found this in the table */
	struct tcphs_who id;		/* its owner called listen() */
	struct tcphs_owner __rcu *acceptor;	/* who called accept() last, if another; counted */
	u64 born;
	u32 discards_before;		/* sk_drops when it began */
	u32 backlog;			/* the limit of its queues that was recorded last */
	bool gone;			/* not in the table: sk must not be touched */
	u32 syn_max;
	u32 accept_max;
	atomic64_t last_accept;		/* ns, 0: none */
	atomic64_t drops;		/* SYNs and third ACKs, of which there are records */
	atomic64_t overflows;
	atomic64_t cookies_sent;
	atomic64_t cookies_valid;
	atomic64_t wait_max;
	atomic64_t wait[TCPHS_HIST_BUCKETS];	/* all together: accepted */
};

/* What a reader sees of one listener. */
struct tcphs_listener_view {
	u32 syn_queue;
	u32 syn_limit;
	u32 accept_queue;
	u32 accept_limit;
	u32 group;			/* sockets of its SO_REUSEPORT group, 0: none */
	u64 discards;			/* segments of every kind */
	struct tcphs_histogram wait;
};

int tcphs_listener_init(void);
void tcphs_listener_exit(void);
struct tcphs_listener *tcphs_listener_lookup(u64 cookie);
unsigned long tcphs_listener_last(void);
struct tcphs_listener *tcphs_listener_next(const struct tcphs_listener *listener,
					   const struct tcphs_net *tn);
struct tcphs_listener *tcphs_listener_find(const struct sock *sk);
struct tcphs_listener *tcphs_listener_get(struct tcphs_listener *listener);
void tcphs_listener_put(struct tcphs_listener *listener);
void tcphs_listener_reserve(unsigned int count);
void tcphs_listener_unreserve(void);
void tcphs_listener_open(struct sock *sk,
			 void (*record)(const struct tcphs_listener *l, u64 now));
void tcphs_listener_close(struct sock *sk,
			  void (*record)(const struct tcphs_listener *l, u64 now));
void tcphs_listener_backlog(struct sock *sk, int backlog,
			    void (*record)(const struct tcphs_listener *l, u64 now));
void tcphs_listener_accepted(struct tcphs_listener *listener, struct tcphs_owner *owner);
void tcphs_listener_forget_leaving(void);
void tcphs_listener_marks(struct tcphs_listener *listener, const struct tcphs_queue *queue);
void tcphs_listener_depths(struct tcphs_queue *queue, const struct sock *listener);
void tcphs_listener_put_depths(struct tcphs_event *ev, const struct sock *listener);
void tcphs_listener_count(struct tcphs_queue *queue, struct tcphs_listener *listener,
			  const struct sock *sk, u32 syn_queue, u32 accept_queue);
void tcphs_listener_queues(struct tcphs_event *ev, struct tcphs_listener *listener,
			   const struct sock *sk, u32 syn_queue, u32 accept_queue);
void tcphs_listener_waited(struct tcphs_listener *listener, u64 ns, unsigned int index, u64 now);
void tcphs_listener_look(const struct tcphs_listener *listener,
			 struct tcphs_listener_view *view);

#endif /* _TCPHS_LISTENER_H */

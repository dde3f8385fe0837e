/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private types of tcphs.ko, and what each file offers to the others.
 *
 * Direction of calls: main -> adopt, hooks, netlink, procfs, netns
 *		       hooks -> entries -> probe_* -> drop, conn, listener -> event, owner -> ring, stats
 *					   probe_* -> deaf
 *		       netlink, procfs -> filter, conn, listener, ring, stats (readers)
 *
 * The section. Every handler runs its work with interrupts off and the lock of
 * the connection's bucket held. That one step makes the entry, this CPU's ring
 * and this CPU's counters its own, in process context and in softirq, and also
 * on PREEMPT_RT, where softirqs are preemptible: the locks are raw, and
 * nothing inside allocates, sleeps or formats.
 */
#ifndef _TCPHS_INTERNAL_H
#define _TCPHS_INTERNAL_H

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/netns/generic.h>
#include <linux/tcphs.h>

struct genl_family;
struct inet_timewait_sock;
struct request_sock;
struct sk_buff;
struct sock;
struct sockaddr;
struct tcphs_net;
struct tracepoint;

/* pool.c: objects for contexts that can't allocate */

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

/* owner.c: the names of who connected, accepted or listened */

struct tcphs_owner {
	refcount_t refs;
	u32 pid;		/* thread group, in the initial PID namespace */
	u8 comm[TCPHS_COMM_LEN];	/* the process's */
	u8 thread[TCPHS_COMM_LEN];	/* the thread's, if it is another; else zero */
	struct rcu_head rcu;
};

int tcphs_owner_init(void);
void tcphs_owner_exit(void);
struct tcphs_owner *tcphs_owner_now(void);
struct tcphs_owner *tcphs_owner_get(struct tcphs_owner *owner);
void tcphs_owner_put(struct tcphs_owner *owner);

/* stats.c: counters of a namespace, a CPU each */

struct tcphs_histogram {
	u64 count;
	u64 max;
	u64 bucket[TCPHS_HIST_BUCKETS];
};

/* Written with interrupts off by the CPU it belongs to. */
struct tcphs_stats {
	u64 recorded;			/* numbers this namespace's records */
	u64 refused[TCPHS_REFUSED_MAX + 1];	/* entries */
	s64 states[TCPHS_STATE_MAX + 1];	/* may be negative: summed over CPUs */
	u64 events[TCPHS_EV_MAX + 1];
	u64 failures[TCPHS_REASON_MAX + 1];
};

/*
 * Histograms of a namespace. They are large, so in all but the initial one CPUs share a
 * few of them.
 */
struct tcphs_durations {
	struct {
		atomic64_t max;
		atomic64_t bucket[TCPHS_HIST_BUCKETS];
	} hist[TCPHS_HIST_MAX + 1];
};

/* What all CPUs have counted. */
struct tcphs_sum {
	struct tcphs_stats all;
	u64 untracked;			/* the sum of all.refused */
	struct tcphs_histogram hist[TCPHS_HIST_MAX + 1];
};

unsigned int tcphs_hist_index(u64 ns);
u64 tcphs_hist_quantile(const struct tcphs_histogram *hist, unsigned int percent);
int tcphs_stats_init(struct tcphs_net *tn);
void tcphs_stats_exit(struct tcphs_net *tn);
bool tcphs_stats_any(const struct tcphs_net *tn, bool listeners);
void tcphs_stats_sum(const struct tcphs_net *tn, struct tcphs_sum *sum);

/* bell.c: the doorbell of a view */

struct tcphs_bell {
	int armed;			/* a reader waits: the next record rings */
	struct net *net;		/* whose multicast group it rings in */
	struct irq_work pull;
	struct delayed_work ring;
};

extern struct tcphs_bell tcphs_bell_all;

void tcphs_bell_init(struct tcphs_bell *bell, struct net *net);
void tcphs_bell_exit(struct tcphs_bell *bell);
void tcphs_bell_pull(struct tcphs_bell *bell);
void tcphs_bell_silence(void);

/* share.c: who holds how much of the tables */

#define TCPHS_SHARES	1024U
#define TCPHS_SHARE_ROOT 0U

int tcphs_share_init(void);
void tcphs_share_exit(void);
u16 tcphs_share_of_net(const struct net *net);
u16 tcphs_share_of(const struct tcphs_net *tn, const struct sock *sk);
void tcphs_share_count(u16 share, int by);
unsigned int tcphs_share_held(u16 share);

/* Is so much of a table in use that only who holds little may have more? */
static inline bool tcphs_share_scarce(unsigned int used, unsigned int limit)
{
	return used >= limit - limit / 8;
}

/* What of a scarce table is left for who holds so little. */
static inline bool tcphs_share_modest(u16 share, unsigned int held, unsigned int used,
				      unsigned int limit)
{
	return held < limit / 32 + 1 &&
	       (used < limit - limit / 16 || share == TCPHS_SHARE_ROOT);
}

/* netns.c */

struct tcphs_net {
	struct net *net;
	u32 inum;
	u64 born;			/* older records of this inode are not ours */
	u16 share;			/* whose its sockets are; 0: each its user's */
	bool leaving;			/* its end has come, and it has entries */
	struct tcphs_stats __percpu *stats;
	struct tcphs_durations *durations;	/* mask + 1 of them */
	unsigned int durations_mask;
	struct tcphs_bell bell;
};

extern unsigned int tcphs_net_id;

int tcphs_netns_init(void);
void tcphs_netns_exit(void);

static inline struct tcphs_net *tcphs_net(const struct net *net)
{
	return net_generic(net, tcphs_net_id);
}

/* ring.c, ring.h: knows records, not TCP */

struct tcphs_cursor {
	const struct tcphs_net *tn;	/* NULL: every namespace */
	unsigned int cpu;
	u64 next;			/* number of the next record of the view */
	u64 pos;			/* place in the ring, valid once sought */
	u64 end;			/* where reading stops */
	u64 last;			/* one namespace: number of the record before the end */
	u64 lost;			/* not yet reported */
	bool given;			/* a reader named this CPU */
};

extern unsigned int tcphs_ring_records;

int tcphs_ring_init(void);
void tcphs_ring_exit(void);
bool tcphs_ring_exists(unsigned int cpu);
int tcphs_ring_seek(struct tcphs_cursor *cursor);
bool tcphs_ring_read(struct tcphs_cursor *cursor, struct tcphs_event *ev);
void tcphs_ring_totals(unsigned int *cpus, u64 *overwritten);

/*
 * Who a connection is. What comes before @owner lies as in struct tcphs_ident
 * (abi_check.c), and is copied into each record as it is.
 */
struct tcphs_who {
	u64 conn;
	u8 local[16];
	u8 peer[16];
	u16 local_port;
	u16 peer_port;
	u32 netns;
	u32 isn;
	u32 peer_isn;
	u8 role;
	u8 family;
	u16 generation;
	u32 pid;
	struct tcphs_owner *owner;	/* counted reference, or NULL */
	u32 flags;			/* TCPHS_F_* that every record of it carries */
	u32 ifindex;			/* bound to, or scope of a link-local address */
};

/* conn.c: the connection table */

/* struct tcphs_conn.marks */
#define TCPHS_C_QUEUED		BIT(0)	/* in its listener's accept queue */
#define TCPHS_C_FIN_SENT	BIT(1)
#define TCPHS_C_FIN_RECEIVED	BIT(2)
#define TCPHS_C_FIN_ACKED	BIT(3)
#define TCPHS_C_RST_SENT	BIT(4)
#define TCPHS_C_RST_RECEIVED	BIT(5)
#define TCPHS_C_OPEN_END	BIT(6)	/* in CLOSE, its closed record still owed */
#define TCPHS_C_SCRATCH		BIT(7)	/* not in the table: there was no room */
#define TCPHS_C_TOMB		BIT(8)	/* left before it could be adopted */
#define TCPHS_C_COOKIE		BIT(9)	/* first seen at its third ACK: SYN cookie */
#define TCPHS_C_LIFE		BIT(10)	/* life is complete */
#define TCPHS_C_FASTOPEN	BIT(11)	/* a child since its SYN: TCP Fast Open */
#define TCPHS_C_CHILD		BIT(12)	/* was put into the accept queue */
#define TCPHS_C_HALF		BIT(13)	/* half_seq is known */
#define TCPHS_C_BUCKET_DUE	BIT(14)	/* the socket should become a bucket */
#define TCPHS_C_DISMISSED	BIT(15)	/* a bucket that goes, and not by its timer */
#define TCPHS_C_JOINED		BIT(16)	/* a subflow that MPTCP takes in; its request goes next */
#define TCPHS_C_TOLD		BIT(17)	/* a connect() that is about to fail, and that is told */

struct tcphs_conn {
	struct hlist_node node;
	struct tcphs_net *tn;
	struct tcphs_listener *listener;	/* counted reference, or NULL */
	struct tcphs_who id;
	u64 born;		/* first step, ns */
	u64 since;		/* entered this state, ns */
	u64 mark;		/* entered the accept queue, sent FIN, its ACK came, or left a state, ns */
	struct tcphs_life life;	/* complete once the socket is gone */
	u32 marks;		/* TCPHS_C_* */
	u8 state;		/* enum tcphs_state */
	u8 old_state;		/* state that CLOSE followed */
	u8 hint;		/* enum tcphs_reason of an end that may follow */
	u8 resends;		/* of the SYN, SYN+ACK or FIN in this state */
	u16 share;		/* whose it is: share.c */
	u8 icmp_type;		/* of the last ICMP error, 0: there was none */
	u8 icmp_code;
	u32 data;		/* bytes that came in the handshake; in SYN-SENT: the SYN that the
				 * own firewall dropped, from 1; of a bucket: seq of its RST, or
				 * the task that wants it; in LAST_ACK: segments sent before,
				 * resends apart
				 */
	union {
		u32 half_seq;	/* where the other half stood at the first FIN */
		u32 copies_failed;	/* of a request that moves: tcphs_copies_failed() before */
	};
	u32 serial;		/* grows towards the head of its bucket */
	union {
		u64 half_total;	/* the same as half_seq, counted from the beginning */
		const struct request_sock *original;	/* of a request that moves, not to touch */
	};
};

/* One handler's stay in the table. */
struct tcphs_section {
	unsigned long irqflags;
	u64 cookie;
	u64 now;
	struct tcphs_conn *conn;	/* NULL: not in the table */
};

/* Buckets that lie TCPHS_LOCKS apart share a lock. */
#define TCPHS_LOCKS 1024U

struct tcphs_table {
	struct hlist_head *buckets;
	unsigned int mask;
	struct {
		raw_spinlock_t lock;
	} ____cacheline_aligned_in_smp locks[TCPHS_LOCKS];
};

extern struct tcphs_table tcphs_table;
extern unsigned int tcphs_table_size;

static inline u64 tcphs_now(void)
{
	return ktime_get_mono_fast_ns();
}

/*
 * From @since to @now, ns. While the clock is set right, the one that may be read in any
 * context steps back between CPUs: what then looks like less than nothing was nothing.
 */
static inline u64 tcphs_elapsed(u64 since, u64 now)
{
	return now > since ? now - since : 0;
}

int tcphs_conn_init(void);
void tcphs_conn_exit(void);
struct tcphs_conn *tcphs_conn_add(struct tcphs_section *s, struct tcphs_net *tn,
				  const struct sock *sk, u8 state, bool birth);
void tcphs_conn_refuse(u64 cookie);
bool tcphs_conn_refused(u64 cookie);
void tcphs_conn_reserve(unsigned int count);
void tcphs_conn_remove(struct tcphs_section *s);
void tcphs_conn_set_listener(struct tcphs_section *s, const struct sock *sk);
void tcphs_conn_forget_leaving(void (*last_words)(struct tcphs_section *s));
void tcphs_conn_sweep_tombs(void);
unsigned int tcphs_conn_count(const struct tcphs_sum *sum);

int tcphs_conn_walk_bucket(unsigned long bucket, u32 below,
			   int (*fn)(const struct tcphs_conn *conn, void *arg), void *arg);

/* listener.c: the listener table */

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
	u32 backlog;			/* the limit of its queues that was told last */
	bool gone;			/* not in the table: sk must not be touched */
	u32 syn_max;
	u32 accept_max;
	atomic64_t accepted;
	atomic64_t last_accept;		/* ns, 0: none */
	atomic64_t drops;		/* SYNs and third ACKs, of which there are records */
	atomic64_t overflows;
	atomic64_t cookies_sent;
	atomic64_t cookies_valid;
	atomic64_t wait_max;
	atomic64_t wait[TCPHS_HIST_BUCKETS];
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
void tcphs_listener_open(struct sock *sk, bool adopted);
void tcphs_listener_close(struct sock *sk);
void tcphs_listener_backlog(struct sock *sk, int backlog);
void tcphs_listener_accepted(struct tcphs_listener *listener, struct tcphs_owner *owner);
void tcphs_listener_forget_leaving(void);
void tcphs_listener_marks(struct tcphs_listener *listener, const struct tcphs_queue *queue);
void tcphs_listener_queues(struct tcphs_event *ev, struct tcphs_listener *listener,
			   const struct sock *sk, u32 syn_queue, u32 accept_queue);
void tcphs_listener_waited(struct tcphs_listener *listener, u64 ns, u64 now);
void tcphs_listener_look(const struct tcphs_listener *listener,
			 struct tcphs_listener_view *view);

/* drop.c, drop.h: what full queues make a listener drop */

int tcphs_drop_init(void);
void tcphs_drop_exit(void);
void tcphs_drop_forget_netns(const struct tcphs_net *tn);

/* who.c: kernel objects -> identity and records */

void tcphs_who_from_sock(struct tcphs_who *id, const struct sock *sk);
void tcphs_who_from_req(struct tcphs_who *id, const struct request_sock *req);
void tcphs_who_handshake(struct tcphs_who *id, const struct request_sock *req);
void tcphs_who_from_tw(struct tcphs_who *id, const struct inet_timewait_sock *tw);
void tcphs_who_from_skb(struct tcphs_who *id, const struct sk_buff *skb);
void tcphs_who_owner(struct tcphs_who *id);
void tcphs_who_peer(struct tcphs_who *id, const struct sockaddr *peer);
void tcphs_queue_look(struct tcphs_queue *queue, const struct sock *listener);
void tcphs_event_queue(struct tcphs_event *ev, const struct sock *listener);

/* hooks.c, entries.c, returns.c: names and pointers only */

struct tcphs_hook {
	const char *name;
	u8 kind;			/* enum tcphs_hook_kind */
	bool required;
	bool refused;			/* what it would do can't be done right on this kernel */
	bool active;			/* READ_ONCE: who reads is there before it and after */
	const char *shows;		/* what is lost without it */
	const char *with;		/* a hook that fires only after this one, or NULL */
	void *handler;
	unsigned long __percpu *hits;
	atomic_long_t missed;		/* proved not to have fired */
	union {
		struct tracepoint *tracepoint;
		unsigned long function;
	};
};

#define TCPHS_TRACEPOINT(tp, fn, need, what) \
	{ .name = #tp, .kind = TCPHS_HOOK_TRACEPOINT, .required = need, .handler = fn, \
	  .shows = what }
#define TCPHS_ENTRY(func, fn, need, what, ...) \
	{ .name = func, .kind = TCPHS_HOOK_FTRACE, .required = need, .handler = fn, \
	  .shows = what, __VA_ARGS__ }

int tcphs_hooks_init(void);
void tcphs_hooks_exit(void);
struct tcphs_hook *tcphs_hook_next(unsigned int *table, unsigned int *row);
int tcphs_hook_missing(const struct tcphs_hook *hook, int err);
void tcphs_hooks_count(unsigned int *active, unsigned int *missing, unsigned int *deaf);
int tcphs_entries_init(void);
void tcphs_entries_exit(void);
int tcphs_returns_init(void);
void tcphs_returns_exit(void);
u64 tcphs_returns_missed(const struct tcphs_hook *hook);

/* First of all in the handler of a tracepoint; of a function entries.c does it. */
static inline void tcphs_hook_hit(void *data)
{
	const struct tcphs_hook *hook = data;

	this_cpu_inc(*hook->hits);
}

/* deaf.c: hooks that are attached and do not fire */

int tcphs_deaf_init(void);
void tcphs_deaf_exit(void);
void tcphs_deaf_watch(void);
void tcphs_deaf_proved(const char *name, u64 cookie, u64 since);
u64 tcphs_deaf_hits(const struct tcphs_hook *hook);
u64 tcphs_deaf_missed(const struct tcphs_hook *hook);

/* probe/: handlers, and their rows of the hook table (end: no name) */

extern struct tcphs_hook tcphs_hooks_listen[];
extern struct tcphs_hook tcphs_hooks_request[];
extern struct tcphs_hook tcphs_hooks_accept[];
extern struct tcphs_hook tcphs_hooks_move[];
extern struct tcphs_hook tcphs_hooks_mptcp[];
extern struct tcphs_hook tcphs_hooks_open[];
extern struct tcphs_hook tcphs_hooks_close[];
extern struct tcphs_hook tcphs_hooks_challenge[];
extern struct tcphs_hook tcphs_hooks_resend[];
extern struct tcphs_hook tcphs_hooks_state[];
extern struct tcphs_hook tcphs_hooks_icmp[];
extern struct tcphs_hook tcphs_hooks_unsent[];

void tcphs_move_by_ack(struct tcphs_section *s, const struct sock *to);
bool tcphs_move_done(struct tcphs_section *s, const struct request_sock *req);
void tcphs_unsent(struct tcphs_section *s, const struct sock *sk, const struct sockaddr *peer,
		  u8 old_state, u8 reason, u32 flags);
u8 tcphs_icmp_reason(const struct tcphs_conn *conn);
void tcphs_icmp_put(struct tcphs_event *ev, const struct tcphs_conn *conn);
u8 tcphs_error_reason(const struct tcphs_conn *conn, int err);
void tcphs_open_simultaneous(const struct sock *sk);
void tcphs_open_established(const struct sock *sk, u8 old_state);
void tcphs_open_failed(const struct sock *sk);
void tcphs_close_fin_sent(const struct sock *sk, u8 old_state, u8 new_state);
void tcphs_close_fin_received(const struct sock *sk, u8 old_state, u8 new_state);
void tcphs_close_fin_acked(const struct sock *sk, u8 old_state, u8 new_state);
void tcphs_close_closed(const struct sock *sk, u8 old_state);
void tcphs_close_enter_bucket(struct tcphs_section *s, const struct inet_timewait_sock *tw);
void tcphs_challenge_tell(struct tcphs_section *s, const struct sk_buff *skb, u8 reason);

/* probe/mptcp.c: which connections MPTCP's sockets stand for */

#if IS_ENABLED(CONFIG_MPTCP)
int tcphs_mptcp_init(void);
void tcphs_mptcp_exit(void);
u64 tcphs_mptcp_accepted(const struct sock *sk);
void tcphs_mptcp_forget(u64 conn);
#else
static inline u64 tcphs_mptcp_accepted(const struct sock *sk)
{
	return 0;
}

static inline void tcphs_mptcp_forget(u64 conn)
{
}
#endif

/* adopt.c: sockets that were there before */

extern bool tcphs_adopting;

void tcphs_adopt_all(void);
struct tcphs_conn *tcphs_adopt(struct tcphs_section *s, const struct sock *sk, u8 state);
void tcphs_adopt_missed(struct tcphs_section *s, const struct inet_timewait_sock *tw);

/* filter.c: what a reader wants to see */

/* Zeroed, it lets everything through. */
struct tcphs_filter {
	u64 events;			/* mask of 1 << type, 0: any */
	u64 older_than;			/* ns */
	u32 states;			/* mask of 1 << state, 0: any */
	u32 roles;			/* mask of 1 << role, 0: any */
	u8 nr_ports;
	u8 nr_local_ports;
	u8 nr_peer_ports;
	u8 nr_pids;
	u8 nr_addresses;
	u16 ports[TCPHS_FILTER_LIST];
	u16 local_ports[TCPHS_FILTER_LIST];
	u16 peer_ports[TCPHS_FILTER_LIST];
	u32 pids[TCPHS_FILTER_LIST];
	struct tcphs_prefix addresses[TCPHS_FILTER_LIST];
};

extern const struct nla_policy tcphs_filter_policy[TCPHS_A_FILTER_MAX + 1];

int tcphs_filter_parse(struct tcphs_filter *f, struct nlattr *nest, bool events,
		       struct netlink_ext_ack *extack);
bool tcphs_filter_event(const struct tcphs_filter *f, const struct tcphs_event *ev);
bool tcphs_filter_conn(const struct tcphs_filter *f, const struct tcphs_conn *conn, u64 now);

/* netlink.c, dump.c */

extern struct genl_family tcphs_genl_family;
extern const struct nla_policy tcphs_nl_cursor_policy[];

int tcphs_netlink_init(void);
void tcphs_netlink_exit(void);
int tcphs_nl_check_flags(const struct nlmsghdr *nlh, struct netlink_ext_ack *extack);
int tcphs_nl_put_hist(struct sk_buff *skb, int attr, u8 id, const struct tcphs_histogram *hist);
int tcphs_nl_listeners_start(struct netlink_callback *cb);
int tcphs_nl_listeners(struct sk_buff *skb, struct netlink_callback *cb);
int tcphs_nl_conns_start(struct netlink_callback *cb);
int tcphs_nl_conns(struct sk_buff *skb, struct netlink_callback *cb);
int tcphs_nl_events_start(struct netlink_callback *cb);
int tcphs_nl_events(struct sk_buff *skb, struct netlink_callback *cb);
int tcphs_nl_done(struct netlink_callback *cb);

/* procfs.c, procfs_events.c */

void *tcphs_procfs_open(struct file *file, const struct seq_operations *seq_ops, size_t size);
int tcphs_procfs_release(struct inode *inode, struct file *file);
int tcphs_procfs_init(void);
void tcphs_procfs_exit(void);
int tcphs_procfs_events_init(void);
void tcphs_procfs_events_exit(void);

/* main.c */

extern u64 tcphs_loaded;	/* CLOCK_MONOTONIC, ns */
extern u64 tcphs_load_id;	/* random: another one each time */

#endif /* _TCPHS_INTERNAL_H */

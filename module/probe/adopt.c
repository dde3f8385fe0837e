// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that were there before the module. After the hooks are live the
 * kernel's tables are walked once and whatever is not yet known is entered,
 * marked as adopted: what came before is not invented.
 *
 * A hook may meet a socket before the walk does. It then adopts it in the state
 * that its step shows, and the walk leaves it alone. The reverse race is closed
 * by unhashing: a full socket or request is taken out of the tables before its
 * last hook, so the walk can't find it after that. Only a TIME_WAIT bucket is
 * taken out after (inet_twsk_kill()); during the walk its last hook leaves a
 * tombstone for the walk to find.
 */
#include <linux/rwsem.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>
#include "compat/sock.h"
#include "probe/adopt.h"
#include "probe/probe.h"
#include "store/net.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/listener.h"
#include "table/who.h"

static bool adopting = true;

/* The FINs that must have gone before, and whose was first: RFC 9293, figure 5. */
static void adopt_fins(struct tcphs_conn *conn, u8 state)
{
	switch (state) {
	case TCPHS_STATE_FIN_WAIT1:
		conn->marks |= TCPHS_C_FIN_SENT;
		conn->life.closer = TCPHS_CLOSER_LOCAL;
		break;
	case TCPHS_STATE_FIN_WAIT2:
		conn->marks |= TCPHS_C_FIN_SENT | TCPHS_C_FIN_ACKED;
		conn->life.closer = TCPHS_CLOSER_LOCAL;
		break;
	case TCPHS_STATE_CLOSE_WAIT:
		conn->marks |= TCPHS_C_FIN_RECEIVED;
		conn->life.closer = TCPHS_CLOSER_PEER;
		break;
	case TCPHS_STATE_LAST_ACK:
		conn->marks |= TCPHS_C_FIN_SENT | TCPHS_C_FIN_RECEIVED;
		conn->life.closer = TCPHS_CLOSER_PEER;
		break;
	case TCPHS_STATE_CLOSING:
		conn->marks |= TCPHS_C_FIN_SENT | TCPHS_C_FIN_RECEIVED;
		conn->life.closer = TCPHS_CLOSER_BOTH;
		break;
	}
}

/**
 * tcphs_adopt() - enter a socket whose beginning was not seen
 * @s: section without an entry; gets one
 * @sk: full socket
 * @state: enum tcphs_state it is in
 *
 * Context: inside a section, any.
 * Return: the entry, never NULL (see tcphs_conn_add()).
 */
struct tcphs_conn *tcphs_adopt(struct tcphs_section *s, const struct sock *sk, u8 state)
{
	struct tcphs_conn *conn = tcphs_conn_add(s, tcphs_net(sock_net(sk)), sk, state, false);

	tcphs_who_from_sock(&conn->id, sk);
	conn->id.role = tcphs_sk_is_child(sk) ? TCPHS_ROLE_PASSIVE : TCPHS_ROLE_ACTIVE;
	conn->id.flags |= TCPHS_F_ADOPTED;
	adopt_fins(conn, state);
	return conn;
}

/**
 * tcphs_adopt_missed() - a bucket ended that the walk may still be about to find
 * @s: section without the bucket's entry
 * @tw: the bucket
 *
 * Context: inside a section.
 */
void tcphs_adopt_missed(struct tcphs_section *s, const struct inet_timewait_sock *tw)
{
	if (!READ_ONCE(adopting) || s->conn || !check_net(twsk_net(tw)))
		return;
	tcphs_conn_add(s, tcphs_net(twsk_net(tw)), NULL, TCPHS_STATE_CLOSE, false);
	s->conn->marks |= TCPHS_C_TOMB;
}

static void adopt_bucket(struct tcphs_section *s, const struct inet_timewait_sock *tw)
{
	u8 state = tw->tw_substate == TCP_FIN_WAIT2 ? TCPHS_STATE_FIN_WAIT2 :
						      TCPHS_STATE_TIME_WAIT;
	struct tcphs_conn *conn = tcphs_conn_add(s, tcphs_net(twsk_net(tw)), NULL, state, false);

	tcphs_who_from_tw(&conn->id, tw);
	conn->id.flags |= TCPHS_F_ADOPTED | TCPHS_F_BUCKET;
}

static void adopt_request(struct tcphs_section *s, const struct request_sock *req)
{
	struct net *net = read_pnet(&inet_rsk(req)->ireq_net);
	struct tcphs_conn *conn;

	/* Its first SYN+ACK is to come, and records it (first_synack()). */
	if (!tcp_rsk(req)->snt_synack)
		return;
	conn = tcphs_conn_add(s, tcphs_net(net), req->rsk_listener, TCPHS_STATE_SYN_RECV, false);
	tcphs_who_handshake(&conn->id, req);
	conn->id.flags |= TCPHS_F_ADOPTED;
	conn->listener = tcphs_listener_get(tcphs_listener_find(req->rsk_listener));
}

/* A socket may have left buckets: each is one of its own. */
static struct tcphs_section *enter_hashed(struct sock *sk)
{
	u64 cookie = tcphs_cookie_make(sk);

	return sk->sk_state == TCP_TIME_WAIT ? tcphs_time_wait_enter(inet_twsk(sk)) :
					       tcphs_conn_enter(cookie);
}

/*
 * Of any kind: request, bucket or full socket. In its hash bucket, locked.
 *
 * Buckets are still there when their namespace has been left (see netns.c), and
 * whoever adopted one then would do so for good: its end makes no tomb. A namespace
 * that is alive here is left only after a grace period, that is, after this section.
 */
static void adopt_hashed(struct sock *sk)
{
	struct tcphs_section *s = enter_hashed(sk);

	if (!s->conn && check_net(sock_net(sk))) {
		if (sk->sk_state == TCP_TIME_WAIT)
			adopt_bucket(s, inet_twsk(sk));
		else if (sk->sk_state == TCP_NEW_SYN_RECV)
			adopt_request(s, inet_reqsk(sk));
		else if (sk->sk_protocol == IPPROTO_TCP && sk->sk_state != TCP_CLOSE)
			tcphs_adopt(s, sk, sk->sk_state);
	}
	tcphs_conn_leave(s);
}

/* Longer chains than that are not seen in a table that the kernel hashes with a secret. */
#define CHAIN	64U

static void walk_connections(struct inet_hashinfo *hashinfo)
{
	struct hlist_nulls_node *node;
	struct sock *sk;
	unsigned int i;

	for (i = 0; i <= hashinfo->ehash_mask; i++) {
		struct inet_ehash_bucket *head = &hashinfo->ehash[i];
		spinlock_t *lock = inet_ehash_lockp(hashinfo, i);

		cond_resched();
		if (hlist_nulls_empty(&head->chain))
			continue;
		tcphs_conn_reserve(CHAIN);
		spin_lock_bh(lock);
		sk_nulls_for_each(sk, node, &head->chain)
			adopt_hashed(sk);
		spin_unlock_bh(lock);
	}
}

static unsigned int counted;

static void count_listener(struct sock *sk)
{
	counted++;
}

/* In its hash bucket, locked. */
static void adopt_listener(struct sock *sk)
{
	if (sk->sk_protocol == IPPROTO_TCP && sk->sk_state == TCP_LISTEN)
		tcphs_listener_open(sk, NULL);
}

static void walk_listeners(struct inet_hashinfo *hashinfo)
{
	unsigned int i;

	for (i = 0; i <= hashinfo->lhash2_mask; i++) {
		struct inet_listen_hashbucket *head = &hashinfo->lhash2[i];

		/* Thousands may share a port (SO_REUSEPORT), and a lock lets nobody make more. */
		counted = 0;
		spin_lock(&head->lock);
		tcphs_each_listener(head, count_listener);
		spin_unlock(&head->lock);
		tcphs_listener_reserve(counted);

		spin_lock(&head->lock);
		tcphs_each_listener(head, adopt_listener);
		spin_unlock(&head->lock);
		cond_resched();
	}
}

static void walk(struct inet_hashinfo *hashinfo)
{
	/* Requests look for their listener, so listeners come first. */
	walk_listeners(hashinfo);
	walk_connections(hashinfo);
}

/**
 * tcphs_adopt_all() - enter every TCP socket of every namespace
 *
 * Context: process, may sleep; the hooks are active.
 */
void tcphs_adopt_all(void)
{
	struct inet_hashinfo *shared = tcphs_hashinfo(&init_net);
	struct net *net;

	/* Whoever was behind a hook when it came has been there to the end. */
	synchronize_rcu();
	walk(shared);
	down_read(&net_rwsem);
	for_each_net(net)
		if (tcphs_hashinfo(net) != shared)
			walk(tcphs_hashinfo(net));
	up_read(&net_rwsem);

	tcphs_listener_unreserve();
	WRITE_ONCE(adopting, false);
	/* Sections that still saw it true have ended. */
	synchronize_rcu();
	tcphs_conn_sweep_tombs();
}

// SPDX-License-Identifier: GPL-2.0
/* What events come to: the tables that the module had then, as far as events show them. */
#include <errno.h>
#include <stdlib.h>

#include "play.h"

/**
 * play_begin - nothing happened yet
 * @p: the player
 */
void play_begin(struct play *p)
{
	p->status = (struct tcphs_status){ .abi_major = TCPHS_ABI_MAJOR };
	strcpy(p->status.version, TCPHS_VERSION);
	p->listeners = (struct tally)TALLY_INIT(struct tcphs_listener, conn, .limit = 0);
	p->boots = 0;
}

/**
 * play_forget - gives the memory of the tables back
 * @p: the player
 */
void play_forget(struct play *p)
{
	open_lives_free(&p->open);
	p->open = (struct open_lives){ .nr = 0 };
	tally_free(&p->listeners);
	hash_free(&p->time_wait);
}

/**
 * play_boot - the machine was booted
 * @p: the player
 *
 * What was counted stays. What was open is over, and nothing that comes is of it: cookies come
 * again.
 */
void play_boot(struct play *p)
{
	play_forget(p);
	p->boots++;
}

static void count_duration(struct tcphs_histogram *h, uint64_t ns)
{
	h->bucket[tcphs_hist_bucket(ns)]++;
	h->count++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

/* The end of one that began before the recording did is the end of none that was counted. */
static void count_time_wait(struct hash *h, const struct tcphs_event *ev)
{
	uint64_t hash;
	uint32_t i;

	if (ev->type != TCPHS_EV_TIME_WAIT && ev->type != TCPHS_EV_TIME_WAIT_END)
		return;
	/* Without memory it is not counted. */
	if (hash_reserve(h, 1))
		return;
	hash = hash_mix(hash_mix(ev->id.conn, h->seed),
			(uint64_t)ev->id.netns << 16 | ev->id.generation);
	i = hash_next(h, hash, HASH_NONE);
	if (ev->type == TCPHS_EV_TIME_WAIT && i == HASH_NONE)
		hash_add(h, hash, 0);
	else if (ev->type == TCPHS_EV_TIME_WAIT_END && i != HASH_NONE)
		hash_remove(h, i);
}

static void count(struct tcphs_status *st, const struct tcphs_event *ev)
{
	if (ev->type <= TCPHS_EV_MAX)
		st->event[ev->type]++;
	if (tcphs_event_failed(ev) && ev->reason <= TCPHS_REASON_MAX)
		st->failure[ev->reason]++;
	if (ev->type == TCPHS_EV_ESTABLISHED && ev->flags & TCPHS_F_DURATION)
		count_duration(&st->hist[ev->id.role == TCPHS_ROLE_PASSIVE ?
					 TCPHS_HIST_HANDSHAKE_PASSIVE :
					 TCPHS_HIST_HANDSHAKE_ACTIVE], ev->duration);
}

/* ---- lives ------------------------------------------------------------------------------ */

static void follow(struct play *p, const struct tcphs_event *ev)
{
	uint32_t i = ev->id.conn ? open_lives_find(&p->open, &ev->id) : HASH_NONE;

	if (i != HASH_NONE)
		open_lives_event(&p->open, i, ev);
	else if (ev->id.conn && tcphs_event_is_alive(ev))
		i = open_lives_add(&p->open, ev);
	if (i != HASH_NONE && p->open.v[i].life.end != TCPHS_EV_UNSPEC)
		open_lives_remove(&p->open, i);
}

static void owner_of(struct tcphs_owner *o, const struct tcphs_ident *id)
{
	o->known = true;
	o->pid = id->pid;
	memcpy(o->comm, id->comm, TCPHS_COMM_LEN);
	memcpy(o->thread, id->thread, TCPHS_COMM_LEN);
	o->cgroup = id->cgroup;
}

static void conn_of(struct tcphs_conn_info *c, const struct open_life *o, uint64_t now)
{
	const struct tcphs_conn_life *life = &o->life;

	*c = (struct tcphs_conn_info){
		.conn = life->id.conn, .generation = life->id.generation, .state = life->state,
		.role = life->id.role, .family = life->id.family, .netns = life->id.netns,
		.local_port = life->id.local_port, .peer_port = life->id.peer_port,
		.isn = life->id.isn, .peer_isn = life->id.peer_isn, .ifindex = life->ifindex,
		.age = now - o->entered, .life = now - life->begin,
		.has_isn = life->flags & TCPHS_F_ISN, .has_peer_isn = life->flags & TCPHS_F_PEER_ISN,
		.adopted = life->known & TCPHS_LIFE_NO_BEGIN,
		.has_handshake = life->known & TCPHS_LIFE_HANDSHAKE, .handshake = life->handshake,
	};
	memcpy(c->local, life->id.local, sizeof(c->local));
	memcpy(c->peer, life->id.peer, sizeof(c->peer));
	if (life->flags & TCPHS_F_OWNER)
		owner_of(&c->owner, &life->id);
	if (!(life->known & TCPHS_LIFE_BEGIN))
		c->life = c->age;
}

/**
 * play_connections - those that had begun and had not ended
 * @p: the player
 * @filter: which
 * @list: gets them
 *
 * Return: 0, or -ENOMEM.
 */
int play_connections(const struct play *p, const struct tcphs_filter *filter,
		     struct tcphs_conn_list *list)
{
	struct tcphs_conn_info *more;
	uint32_t i;

	list->nr = 0;
	if (list->cap < open_lives_count(&p->open)) {
		more = reallocarray(list->v, open_lives_count(&p->open), sizeof(*more));
		if (!more)
			return -ENOMEM;
		list->v = more;
		list->cap = open_lives_count(&p->open);
	}
	for (i = 0; i < p->open.nr; i++) {
		if (!p->open.v[i].used)
			continue;
		conn_of(&list->v[list->nr], &p->open.v[i], p->at);
		list->nr += tcphs_filter_conn(filter, &list->v[list->nr]);
	}
	return 0;
}

/* ---- listeners -------------------------------------------------------------------------- */

static void queue_of(struct tcphs_listener *l, const struct tcphs_queue *q)
{
	l->syn_queue = q->syn_queue;
	l->syn_limit = q->syn_limit;
	l->accept_queue = q->accept_queue;
	l->accept_limit = q->accept_limit;
	if (l->syn_max < l->syn_queue)
		l->syn_max = l->syn_queue;
	if (l->accept_max < l->accept_queue)
		l->accept_max = l->accept_queue;
}

/* Its address is that of whom it serves, until it is known better. */
static void listener_event(struct play *p, const struct tcphs_event *ev)
{
	bool own = ev->type == TCPHS_EV_LISTEN || ev->type == TCPHS_EV_UNLISTEN ||
		   ev->type == TCPHS_EV_BACKLOG_CHANGED;
	uint64_t conn = own ? ev->id.conn : ev->queue.listener;
	struct tcphs_listener *l;

	if (!(ev->flags & TCPHS_F_QUEUE) || !conn)
		return;
	l = tally_get(&p->listeners, &conn);
	if (!l)
		return;
	if (own || !l->port) {
		l->family = ev->id.family;
		l->netns = ev->id.netns;
		l->port = ev->id.local_port;
		l->ifindex = own ? ev->ifindex : 0;
		memcpy(l->address, ev->id.local, sizeof(l->address));
	}
	queue_of(l, &ev->queue);
	/* No longer in the list, whoever asks. */
	if (ev->type == TCPHS_EV_UNLISTEN)
		l->port = 0;
	if (own && ev->flags & TCPHS_F_OWNER)
		owner_of(&l->listens, &ev->id);
	if ((ev->type == TCPHS_EV_ACCEPTED || (own && !l->owner.known)) && ev->flags & TCPHS_F_OWNER)
		owner_of(&l->owner, &ev->id);
	if (ev->type == TCPHS_EV_ACCEPTED) {
		l->accepted++;
		if (ev->flags & TCPHS_F_DURATION)
			count_duration(&l->wait, ev->duration);
	}
	if (ev->type == TCPHS_EV_SYN_DROPPED || ev->type == TCPHS_EV_ACCEPT_OVERFLOW) {
		l->drops++;
		l->overflows += ev->reason == TCPHS_REASON_ACCEPT_QUEUE_FULL;
	}
}

/**
 * play_listeners - those that events have shown, and that did not close
 * @p: the player
 * @list: gets them
 *
 * Return: 0, or -ENOMEM.
 */
int play_listeners(const struct play *p, struct tcphs_listener_list *list)
{
	const struct tcphs_listener *l;
	struct tcphs_listener *more;
	size_t i;

	list->nr = 0;
	if (list->cap < p->listeners.nr) {
		more = reallocarray(list->v, p->listeners.nr, sizeof(*more));
		if (!more)
			return -ENOMEM;
		list->v = more;
		list->cap = p->listeners.nr;
	}
	tally_each(&p->listeners, l, i)
		if (l->port)
			list->v[list->nr++] = *l;
	return 0;
}

/* ---- all ---------------------------------------------------------------------------------- */

/**
 * play_event - something happened
 * @p: the player
 * @ev: what; its time is CLOCK_REALTIME
 */
void play_event(struct play *p, const struct tcphs_event *ev)
{
	count(&p->status, ev);
	count_time_wait(&p->time_wait, ev);
	follow(p, ev);
	listener_event(p, ev);
}

/**
 * play_status - counters and states of then
 * @p: the player
 * @st: gets them
 */
void play_status(const struct play *p, struct tcphs_status *st)
{
	const struct tcphs_conn_life *life;
	uint32_t i;

	*st = p->status;
	st->uptime = p->at - p->first;
	st->load = p->turn + 1;
	st->state[TCPHS_STATE_TIME_WAIT] = p->time_wait.nr;
	/* TIME_WAIT is no more of a life. */
	for (i = 0; i < p->open.nr; i++) {
		life = &p->open.v[i].life;
		if (p->open.v[i].used && life->state <= TCPHS_STATE_MAX &&
		    life->state != TCPHS_STATE_TIME_WAIT)
			st->state[life->state]++;
	}
}

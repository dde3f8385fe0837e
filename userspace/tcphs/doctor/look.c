// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "entries.h"
#include "files.h"
#include "look.h"

/* Those in which connections may be stuck. */
#define CLOSING_STATES	(1u << TCPHS_STATE_CLOSE_WAIT | 1u << TCPHS_STATE_FIN_WAIT1 | \
			 1u << TCPHS_STATE_FIN_WAIT2 | 1u << TCPHS_STATE_CLOSING | \
			 1u << TCPHS_STATE_LAST_ACK)

/**
 * look_init - nobody is looked at yet
 * @l: the look
 * @session: with the module, which is in our own namespace; NULL: it is a recording
 * @filter: of the user; it is needed until look_free()
 * @stuck: what stays longer than that in a state of the close is stuck, ns
 *
 * Return: 0, or -ENOMEM.
 */
int look_init(struct look *l, struct tcphs_session *session, const struct tcphs_filter *filter,
	      uint64_t stuck)
{
	*l = (struct look){
		.session = session, .filter = filter, .stuck = stuck, .home = netns_home(),
		.strangers = { .key_size = sizeof(uint32_t), .entry_size = sizeof(uint32_t) },
		.tables = calloc(1, sizeof(*l->tables)),
	};
	belonging_init(&l->belonging, filter);
	return l->tables ? 0 : -ENOMEM;
}

/**
 * look_free - gives back what look_init() and those behind it took
 * @l: the look
 */
void look_free(struct look *l)
{
	look_dismiss(l);
	belonging_free(&l->belonging);
	if (l->tables) {
		tcphs_listener_list_free(&l->tables->listeners);
		tcphs_conn_list_free(&l->tables->connections);
		free(l->tables);
		l->tables = NULL;
	}
	tcphs_listener_list_free(&l->listeners);
	tcphs_conn_list_free(&l->connections);
	if (l->home >= 0)
		close(l->home);
	l->home = -1;
}

/* ---- namespaces ------------------------------------------------------------------ */

/**
 * look_find - a namespace that is looked at
 * @l: the look
 * @netns: its inode
 *
 * Return: the patient, until the next look_add(); or NULL.
 */
struct patient *look_find(struct look *l, uint32_t netns)
{
	size_t i;

	if (l->last && l->last->netns == netns)
		return l->last;
	for (i = 0; i < l->nr_patients; i++)
		if (l->patients[i].netns == netns)
			return l->last = &l->patients[i];
	return NULL;
}

/**
 * look_add - one more that is looked at
 * @l: the look
 * @netns: its inode
 *
 * Return: the patient, who has no session yet; NULL: no memory.
 */
struct patient *look_add(struct look *l, uint32_t netns)
{
	struct patient *p = realloc(l->patients, (l->nr_patients + 1) * sizeof(*p));

	l->last = NULL;
	if (!p) {
		l->no_memory = true;
		return NULL;
	}
	l->patients = p;
	p += l->nr_patients++;
	*p = (struct patient){ .netns = netns, .fd = -1 };
	evidence_init(&p->evidence, l->stuck);
	p->evidence.owned = l->belonging.asked;
	return p;
}

/* In the namespace of a patient, until leave(). False: that is not allowed. */
static bool enter(const struct patient *p)
{
	return p->fd < 0 || !netns_enter(p->fd);
}

static void leave(const struct look *l, const struct patient *p)
{
	if (p->fd >= 0 && netns_enter(l->home))
		abort();
}

/* Another namespace, if it is wanted and can be entered. */
static void admit(struct look *l, uint32_t netns)
{
	const struct tcphs_numbers *wanted = &l->filter->netns;
	struct tcphs_error err = { 0 };
	struct patient *p;
	unsigned int i;

	if (look_find(l, netns))
		return;
	for (i = 0; i < wanted->nr && wanted->v[i] != netns; i++)
		;
	if (wanted->nr && i == wanted->nr)
		return;
	p = look_add(l, netns);
	if (!p)
		return;
	p->fd = netns_open(netns);
	netns_name(netns, p->name);
	if (p->fd >= 0 && enter(p)) {
		p->session = tcphs_open(&err);
		p->own_session = true;
		leave(l, p);
	}
}

/* Those with a listener or a connection; in our own there may be neither. */
static int admit_all(struct look *l, struct tcphs_error *err)
{
	size_t i;

	if (tcphs_get_listeners(l->session, true, &l->listeners, err) ||
	    tcphs_get_connections(l->session, true, NULL, &l->connections, err))
		return -1;
	for (i = 0; i < l->listeners.nr; i++)
		admit(l, l->listeners.v[i].netns);
	for (i = 0; i < l->connections.nr; i++)
		admit(l, l->connections.v[i].netns);
	return 0;
}

/**
 * look_admit - our own namespace, and perhaps all others
 * @l: the look, with a session
 * @all: those, too
 * @err: why not
 *
 * Return: 0, or -1.
 */
int look_admit(struct look *l, bool all, struct tcphs_error *err)
{
	struct patient *p;

	if (tcphs_get_status(l->session, &l->tables->status, err))
		return -1;
	p = look_add(l, l->tables->status.netns);
	if (!p)
		return 0;
	netns_name(p->netns, p->name);
	p->session = l->session;
	return all ? admit_all(l, err) : 0;
}

/**
 * look_dismiss - nobody is looked at any more
 * @l: the look
 */
void look_dismiss(struct look *l)
{
	struct patient *p;

	for (p = l->patients; p < l->patients + l->nr_patients; p++) {
		evidence_free(&p->evidence);
		if (p->own_session)
			tcphs_close(p->session);
		if (p->fd >= 0)
			close(p->fd);
	}
	free(l->patients);
	l->patients = NULL;
	l->nr_patients = 0;
	l->last = NULL;
	tally_free(&l->strangers);
}

/**
 * look_wants - is a patient to be judged?
 * @l: the look
 * @p: the patient; our own namespace is always one, and a filter may leave it out
 */
bool look_wants(const struct look *l, const struct patient *p)
{
	const struct tcphs_numbers *wanted = &l->filter->netns;
	unsigned int i;

	if (!l->session || !wanted->nr)
		return true;
	for (i = 0; i < wanted->nr; i++)
		if (wanted->v[i] == p->netns)
			return true;
	return false;
}

/**
 * look_count_others - namespaces beside ours, where we may know, are strangers
 * @l: the look, with a session
 */
void look_count_others(struct look *l)
{
	uint32_t ours = l->patients->netns;
	struct tcphs_error err = { 0 };
	size_t i;

	if (!tcphs_get_listeners(l->session, true, &l->listeners, &err))
		for (i = 0; i < l->listeners.nr; i++)
			if (l->listeners.v[i].netns != ours)
				tally_get(&l->strangers, &l->listeners.v[i].netns);
	if (!err.code && !tcphs_get_connections(l->session, true, NULL, &l->connections, &err))
		for (i = 0; i < l->connections.nr; i++)
			if (l->connections.v[i].netns != ours)
				tally_get(&l->strangers, &l->connections.v[i].netns);
}

/* ---- events ------------------------------------------------------------------------ */

/**
 * look_concerns - is it of the unit or container that is asked for?
 * @l: the look
 * @ev: an event; they come in time order
 */
bool look_concerns(struct look *l, const struct tcphs_event *ev)
{
	return belonging_fits(&l->belonging, ev);
}

/**
 * look_learn - which listeners are of the unit or container that is asked for
 * @l: the look, with a session
 * @all: of every namespace
 * @err: why that is not known
 *
 * What is past is judged with those of now; look_before() knows its own.
 *
 * Return: 0, or -1.
 */
int look_learn(struct look *l, bool all, struct tcphs_error *err)
{
	size_t i;

	if (!l->belonging.asked)
		return 0;
	if (tcphs_get_listeners(l->session, all, &l->listeners, err))
		return -1;
	for (i = 0; i < l->listeners.nr; i++)
		if (tcphs_filter_listener(&l->belonging.filter, &l->listeners.v[i]))
			belonging_listener(&l->belonging, &l->listeners.v[i]);
	return 0;
}

/**
 * look_event - something happened
 * @l: the look
 * @ev: what
 */
void look_event(struct look *l, const struct tcphs_event *ev)
{
	struct patient *p = look_find(l, ev->id.netns);

	if (!p)
		tally_get(&l->strangers, &ev->id.netns);
	else
		evidence_event(&p->evidence, ev);
}

/**
 * look_kept - something happened when the ring has nothing any more
 * @l: the look
 * @ev: what
 */
void look_kept(struct look *l, const struct tcphs_event *ev)
{
	struct patient *p = look_find(l, ev->id.netns);

	if (!p)
		tally_get(&l->strangers, &ev->id.netns);
	else
		evidence_kept(&p->evidence, ev);
}

/* ---- tables ------------------------------------------------------------------------ */

static void keep_listeners(const struct tcphs_filter *filter, struct tcphs_listener_list *list)
{
	size_t i, kept = 0;

	for (i = 0; i < list->nr; i++)
		if (tcphs_filter_listener(filter, &list->v[i]))
			list->v[kept++] = list->v[i];
	list->nr = kept;
}

/* @states: 1 << state of the connections that count, 0: all */
static int get_tables(struct look *l, const struct patient *p, uint32_t states,
		      struct tcphs_error *err)
{
	struct tcphs_filter filter = *l->filter;
	struct tables *t = l->tables;

	/* The session is of its namespace. */
	filter.keys &= ~TCPHS_FILTER_BIT(NETNS);
	if (states) {
		filter.states = states;
		filter.keys |= TCPHS_FILTER_BIT(STATE);
	}
	if (tcphs_get_status(p->session, &t->status, err) ||
	    tcphs_get_listeners(p->session, false, &t->listeners, err) ||
	    tcphs_get_connections(p->session, false, &filter, &t->connections, err))
		return -1;
	keep_listeners(l->filter, &t->listeners);
	return 0;
}

/* The files of those whose accept queue is not empty. */
static void look_at_files(struct evidence *e)
{
	struct queue *q;
	size_t i;

	tally_each(&e->queues, q, i)
		if (q->now && q->waiting && q->owner.known)
			files_read(q->owner.pid, q->owner.comm, &q->files, &q->files_most);
}

struct asking {
	const struct look *l;
	struct patient *p;
	struct tcphs_filter ends;	/* what of the user's is about these */
	struct tally theirs;		/* cookies: of who is asked for */
};

/* Sockets have ends, and whose they are is in the tables. */
static void find_theirs(struct asking *a)
{
	const struct tcphs_conn_list *list = &a->l->tables->connections;
	size_t i;

	for (i = 0; a->l->belonging.asked && i < list->nr; i++)
		if (!tally_get(&a->theirs, &list->v[i].conn))
			a->p->evidence.no_memory = true;
}

/* As the connections of the tables, it has to fit the filter. */
static bool is_wanted(void *arg, const struct unacked *u)
{
	const struct asking *a = arg;
	struct tcphs_conn_info c = {
		.family = u->family, .local_port = u->local_port, .peer_port = u->peer_port,
		.ifindex = u->ifindex, .netns = a->p->netns,
	};

	if (a->l->belonging.asked && !tally_find(&a->theirs, &u->conn))
		return false;
	memcpy(c.local, u->local, sizeof(c.local));
	memcpy(c.peer, u->peer, sizeof(c.peer));
	return tcphs_filter_conn(&a->ends, &c);
}

static void on_unacked(void *arg, const struct unacked *u)
{
	struct asking *a = arg;

	evidence_unacked(&a->p->evidence, u, a->p->netns);
}

static void ask_for_data(struct look *l, struct patient *p, uint64_t rto_max_ms)
{
	static const struct unacked_ops ops = { .wants = is_wanted, .each = on_unacked };
	struct asking a = { .l = l, .p = p, .ends = *l->filter };
	struct evidence *e = &p->evidence;
	int err;

	a.theirs = (struct tally){ .key_size = sizeof(uint64_t), .entry_size = sizeof(uint64_t) };
	a.ends.keys &= TCPHS_FILTERS_LIFE;
	find_theirs(&a);
	err = unacked_read(rto_max_ms, &ops, &a, &e->open);
	e->data_known = !err;
	e->no_memory |= err == -ENOMEM;
	tally_free(&a.theirs);
}

static int before(struct look *l, struct patient *p, uint64_t now, struct tcphs_error *err)
{
	struct evidence *e = &p->evidence;
	size_t i;

	e->began = now;
	if (!p->session)
		return 0;
	if (enter(p)) {
		counters_read(&e->counters, false);
		leave(l, p);
	}
	if (get_tables(l, p, CLOSING_STATES, err))
		return -1;
	evidence_before(e, l->tables);
	for (i = 0; i < l->tables->listeners.nr; i++)
		belonging_listener(&l->belonging, &l->tables->listeners.v[i]);
	return 0;
}

static int after(struct look *l, struct patient *p, uint64_t now, struct tcphs_error *err)
{
	struct evidence *e = &p->evidence;
	struct settings settings = { .ports_known = false };

	e->ended = now;
	if (!p->session)
		return 0;
	if (get_tables(l, p, 0, err))
		return -1;
	/* Who fills the table may be in any of them. */
	l->tables->status.table_used = entries_of_all(p->session, &l->tables->status);
	if (enter(p)) {
		counters_read(&e->counters, true);
		addresses_read(&e->addresses, p->netns);
		settings_read(&settings);
		ask_for_data(l, p, settings_rto_max(&settings));
		leave(l, p);
	}
	evidence_after(e, l->tables, &settings);
	look_at_files(e);
	return 0;
}

/**
 * look_before - the look begins
 * @l: the look, of patients that have no evidence yet
 * @now: on the clock of the events, ns
 * @err: why not
 *
 * Return: 0, or -1.
 */
int look_before(struct look *l, uint64_t now, struct tcphs_error *err)
{
	size_t i;

	for (i = 0; i < l->nr_patients; i++)
		if (before(l, &l->patients[i], now, err))
			return -1;
	return 0;
}

/**
 * look_after - and ends: the evidence is complete
 * @l: the look
 * @now: on the clock of the events, ns
 * @err: why not
 *
 * Return: 0, or -1.
 */
int look_after(struct look *l, uint64_t now, struct tcphs_error *err)
{
	size_t i;

	for (i = 0; i < l->nr_patients; i++)
		if (after(l, &l->patients[i], now, err))
			return -1;
	return 0;
}

/**
 * look_back - what is remembered is judged with the addresses, settings and hooks of now
 * @l: the look, after look_admit()
 */
void look_back(struct look *l)
{
	struct patient *p;

	for (p = l->patients; p < l->patients + l->nr_patients; p++) {
		evidence_hooks(&p->evidence, &l->tables->status);
		if (!p->session || !enter(p))
			continue;
		addresses_read(&p->evidence.addresses, p->netns);
		settings_read(&p->evidence.settings);
		leave(l, p);
	}
}

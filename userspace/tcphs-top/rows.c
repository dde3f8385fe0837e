// SPDX-License-Identifier: GPL-2.0
/* The rows of each screen, in order. */
#include <errno.h>
#include <stdlib.h>

#include "hash.h"
#include "model.h"

/**
 * model_rows - rows of a screen
 * @m: the model
 * @screen: which
 */
size_t model_rows(const struct top_model *m, enum top_screen screen)
{
	if (!m->valid)
		return 0;
	switch (screen) {
	case TOP_LISTENERS:
		return m->listeners.valid ? m->listeners.passed : 0;
	case TOP_CONNECTIONS:
		return m->conns_valid ? m->conns.nr : 0;
	case TOP_PEERS:
		return peers_count(&m->peers);
	case TOP_EVENTS:
		return m->tail.nr;
	case TOP_DOCTOR:
		return m->examine.nr;
	default:
		return m->ended.nr;
	}
}

/**
 * model_is_tree - are the rows of a screen shown in groups?
 * @m: the model
 * @screen: which
 */
bool model_is_tree(const struct top_model *m, enum top_screen screen)
{
	return m->tree.style && m->tree.style->by && tree_has(screen);
}

/**
 * model_total - lines of a screen: its rows, and the groups that they are in
 * @m: the model
 * @screen: which
 */
size_t model_total(const struct top_model *m, enum top_screen screen)
{
	bool laid = m->arranged.compare && m->arranged.tree && m->arranged.screen == screen;

	return laid && m->valid ? m->kept : model_rows(m, screen);
}

/**
 * model_at - a row by its number, in no order
 * @m: the model
 * @screen: which
 * @n: less than model_rows()
 */
const void *model_at(const struct top_model *m, enum top_screen screen, uint32_t n)
{
	switch (screen) {
	case TOP_LISTENERS:
		return &m->listeners.row[m->listeners.pass[n]];
	case TOP_CONNECTIONS:
		return &m->conns.v[n];
	case TOP_PEERS:
		return peers_at(&m->peers, n);
	case TOP_EVENTS:
		return tail_at(&m->tail, n);
	case TOP_DOCTOR:
		return &m->examine.v[n];
	default:
		return ended_at(&m->ended, n);
	}
}

/**
 * model_row - a row, after model_arrange() for the same screen
 * @m: the model
 * @screen: which
 * @i: its place
 *
 * Returns NULL for the line of a group, see tree_at(), or what the screen has rows of: a struct top_listener, tcphs_conn_info, top_peer,
 * tcphs_event, tcphs_conn_life or top_finding.
 */
const void *model_row(const struct top_model *m, enum top_screen screen, size_t i)
{
	return i < m->kept && !(m->order[i] & TREE_GROUP) ? model_at(m, screen, m->order[i]) : NULL;
}

struct sorting {
	const struct top_model *m;
	enum top_screen screen;
	top_compare_fn compare;
	int sign;
};

/* Equals stay where they are from one refresh to the next. */
static int compare_cookies(const struct top_model *m, enum top_screen screen,
			   uint32_t x, uint32_t y)
{
	uint64_t a, b;

	/* The others have an order of their own. */
	if (screen != TOP_CONNECTIONS)
		return 0;
	a = m->conns.v[x].conn;
	b = m->conns.v[y].conn;
	return (a > b) - (a < b);
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const uint32_t *x = a, *y = b;
	const struct sorting *s = arg;
	int order = s->compare(model_at(s->m, s->screen, *x), model_at(s->m, s->screen, *y),
			       &s->m->style);

	if (order)
		return order * s->sign;
	order = compare_cookies(s->m, s->screen, *x, *y);
	return order ? order : (*x > *y) - (*x < *y);
}

/* Lets the row at @i of a heap sink below those that come later in order. */
static void sink(uint32_t *heap, size_t nr, size_t i, struct sorting *s)
{
	uint32_t row = heap[i];
	size_t child;

	for (; (child = 2 * i + 1) < nr; i = child) {
		if (child + 1 < nr && compare_rows(&heap[child], &heap[child + 1], s) < 0)
			child++;
		if (compare_rows(&row, &heap[child], s) >= 0)
			break;
		heap[i] = heap[child];
	}
	heap[i] = row;
}

/*
 * The first @keep of @nr, in order. They are a heap with the last of them on top: of the
 * others most are compared with that one and with no other.
 */
static void sort_first(uint32_t *v, size_t nr, size_t keep, struct sorting *s)
{
	size_t i;

	if (keep < nr) {
		for (i = keep / 2; i--;)
			sink(v, keep, i, s);
		for (i = keep; i < nr; i++) {
			if (compare_rows(&v[i], &v[0], s) >= 0)
				continue;
			v[0] = v[i];
			sink(v, keep, 0, s);
		}
	}
	qsort_r(v, keep, sizeof(*v), compare_rows, s);
}

static bool is_arranged(const struct top_model *m, const struct sorting *s)
{
	return m->arranged.compare == s->compare && m->arranged.screen == s->screen &&
	       m->arranged.invert == (s->sign < 0) &&
	       m->arranged.tree == model_is_tree(s->m, s->screen);
}

/**
 * model_arrange - puts the rows of a screen in order
 * @m: the model
 * @screen: which
 * @compare: the order
 * @invert: the other way round
 * @keep: rows that are needed, from the first one; 0: all
 */
int model_arrange(struct top_model *m, enum top_screen screen, top_compare_fn compare,
		  bool invert, size_t keep)
{
	struct sorting s = { m, screen, compare, invert ? -1 : 1 };
	size_t nr = model_rows(m, screen);
	bool tree = model_is_tree(m, screen);
	uint32_t *bigger;
	size_t i;

	if (nr >= TREE_GROUP)
		nr = TREE_GROUP - 1;
	if (!keep || keep > nr || tree)
		keep = nr;
	if (is_arranged(m, &s) && (tree || m->kept >= keep))
		return 0;
	m->kept = 0;
	m->arranged.compare = NULL;
	if (nr > m->order_cap) {
		bigger = reallocarray(m->order, nr, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		m->order = bigger;
		m->order_cap = nr;
	}
	for (i = 0; i < nr; i++)
		m->order[i] = (uint32_t)i;
	if (nr)
		sort_first(m->order, nr, keep, &s);
	m->kept = keep;
	if (tree && tree_lay(m, screen, nr))
		return -ENOMEM;
	m->arranged.tree = tree;
	m->arranged.screen = screen;
	m->arranged.compare = compare;
	m->arranged.invert = invert;
	return 0;
}

static uint64_t peer_key(const struct top_peer *p)
{
	uint64_t a, b;

	memcpy(&a, p->key.address, sizeof(a));
	memcpy(&b, p->key.address + sizeof(a), sizeof(b));
	return hash_mix(hash_mix(a, b), (uint64_t)p->key.netns << 32 | p->key.family) | 1;
}

/* The same finding of the next look. */
static uint64_t finding_key(const struct top_finding *f)
{
	uint64_t key = hash_bytes(f->netns, f->is.name, strlen(f->is.name));

	return hash_bytes(key, f->is.object, strlen(f->is.object)) | 1;
}

/**
 * model_key - which row it is, also after the next refresh
 * @screen: which
 * @row: of model_row(), or NULL
 *
 * Return: never 0 for a row that is there; 0: there is none.
 */
uint64_t model_key(enum top_screen screen, const void *row)
{
	const struct tcphs_conn_info *conn;
	const struct tcphs_conn_life *life;
	const struct tcphs_event *ev;

	if (!row)
		return 0;
	switch (screen) {
	case TOP_LISTENERS:
		return ((const struct top_listener *)row)->is->conn;
	case TOP_CONNECTIONS:
		conn = row;
		/* A socket may have more than one, and each that it opens has an ISN from its SYN on. */
		return hash_mix(hash_mix(conn->conn, conn->generation),
				conn->role == TCPHS_ROLE_ACTIVE ? conn->isn : 0) | 1;
	case TOP_PEERS:
		return peer_key(row);
	case TOP_EVENTS:
		ev = row;
		return hash_mix(hash_mix(ev->time, ev->id.conn), ev->type) | 1;
	case TOP_DOCTOR:
		return finding_key(row);
	default:
		life = row;
		return hash_mix(life->id.conn, life->last) | 1;
	}
}

/**
 * model_place - where a row will be when model_arrange() is asked for an order
 * @m: the model
 * @screen: which
 * @compare: the order
 * @invert: the other way round
 * @key: of model_key()
 *
 * Nothing is put in order for it: of a million rows each is looked at once.
 *
 * Return: its place, or SIZE_MAX.
 */
size_t model_place(const struct top_model *m, enum top_screen screen, top_compare_fn compare,
		   bool invert, uint64_t key)
{
	struct sorting s = { m, screen, compare, invert ? -1 : 1 };
	size_t nr = model_rows(m, screen), before = 0;
	uint32_t at, i;

	for (at = 0; at < nr && model_key(screen, model_at(m, screen, at)) != key; at++)
		;
	if (at >= nr)
		return SIZE_MAX;
	for (i = 0; i < nr; i++)
		before += compare_rows(&i, &at, &s) < 0;
	return before;
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "columns_of.h"
#include "container.h"
#include "filter_line.h"
#include "output.h"

/* Who a row belongs to; @comm is NULL where nobody knows. */
struct whose {
	const void *comm;
	uint32_t pid;
	uint64_t cgroup;
};

static struct whose of_list(const struct tcphs_owner *o)
{
	return o->known ? (struct whose){ o->comm, o->pid, o->cgroup } : (struct whose){ 0 };
}

static struct whose of_ident(uint32_t flags, const struct tcphs_ident *id)
{
	return flags & TCPHS_F_OWNER ? (struct whose){ id->comm, id->pid, id->cgroup } :
				       (struct whose){ 0 };
}

static struct whose owner_of(enum top_screen screen, const void *row)
{
	const struct tcphs_event *ev = row;
	const struct tcphs_conn_life *life = row;

	switch (screen) {
	case TOP_LISTENERS:
		return of_list(&((const struct top_listener *)row)->is->owner);
	case TOP_CONNECTIONS:
		return of_list(&((const struct tcphs_conn_info *)row)->owner);
	case TOP_EVENTS:
		return of_ident(ev->flags, &ev->id);
	default:
		return of_ident(life->flags, &life->id);
	}
}

/**
 * tree_has - can the rows of a screen be grouped?
 * @screen: which
 */
bool tree_has(enum top_screen screen)
{
	return screen != TOP_PEERS && screen != TOP_DOCTOR;
}

/**
 * tree_by_name - by what they are
 * @by: of struct tree_style
 */
const char *tree_by_name(enum tree_by by)
{
	static const char *const names[TREE_BYS] = { "none", "owner", "unit", "container" };

	return names[by];
}

/**
 * tree_is_closed - are its rows not shown?
 * @style: what was closed and opened
 * @key: of the group
 */
bool tree_is_closed(const struct tree_style *style, uint64_t key)
{
	return style->closed != marks_has(&style->other, key);
}

static const char *name_of(const struct top_model *m, struct whose o, enum tree_by by)
{
	const struct tcphs_cgroup_names *names = columns_names(o.cgroup, &m->style);

	return by == TREE_UNIT ? names->unit : names->container;
}

/* Never 0, which is no key of a row either. */
static uint64_t key_of(const struct top_model *m, struct whose o, enum tree_by by)
{
	const char *name;

	if (by == TREE_OWNER)
		return o.comm ? hash_bytes(o.pid, o.comm, strnlen(o.comm, TCPHS_COMM_LEN)) | 1 : 1;
	name = name_of(m, o, by);
	return hash_bytes(by, name, strlen(name)) | 1;
}

static void add_listener(struct tree_group *g, const struct top_listener *l)
{
	g->syn += l->is->syn_queue;
	g->syn_limit += l->is->syn_limit;
	g->accept += l->is->accept_queue;
	g->accept_limit += l->is->accept_limit;
	g->overflows += l->is->overflows;
	g->drops += l->is->drops;
	g->accepts += l->accepts;
}

static void add(struct tree_group *g, enum top_screen screen, const void *row)
{
	const struct tcphs_conn_info *conn = row;
	const struct tcphs_conn_life *life = row;

	g->rows++;
	switch (screen) {
	case TOP_LISTENERS:
		add_listener(g, row);
		break;
	case TOP_CONNECTIONS:
		if (conn->state <= TCPHS_STATE_MAX)
			g->state[conn->state]++;
		break;
	case TOP_EVENTS:
		g->failed += tcphs_event_failed(row);
		break;
	default:
		g->failed += life_failed(life);
		g->sent += life->bytes_sent;
		g->received += life->bytes_received;
	}
}

static int gather(struct top_model *m, enum top_screen screen, uint32_t *of, size_t nr)
{
	struct tally *groups = &m->tree.groups;
	struct tree_group *g;
	const void *row;
	uint64_t key;
	size_t i;

	for (i = 0; i < nr; i++) {
		row = model_at(m, screen, m->order[i]);
		key = key_of(m, owner_of(screen, row), m->tree.style->by);
		g = tally_get(groups, &key);
		if (!g)
			return -ENOMEM;
		if (!g->rows)
			g->first = m->order[i];
		add(g, screen, row);
		of[i] = (uint32_t)(((uint8_t *)g - groups->entries) / sizeof(*g));
	}
	return 0;
}

/* Groups stand in the order of their first rows, and rows in their own below them. */
static size_t lay(struct top_model *m, uint32_t *line, const uint32_t *of, size_t nr)
{
	struct tally *groups = &m->tree.groups;
	struct tree_group *g;
	uint32_t at = 0;
	size_t i;

	for (i = 0; i < groups->nr; i++) {
		g = tally_at(groups, i);
		line[at++] = TREE_GROUP | (uint32_t)i;
		g->end = at;
		at += tree_is_closed(m->tree.style, g->key) ? 0 : g->rows;
	}
	for (i = 0; i < nr; i++) {
		g = tally_at(groups, of[i]);
		if (!tree_is_closed(m->tree.style, g->key))
			line[g->end++] = m->order[i];
	}
	return at;
}

/**
 * tree_lay - makes lines of the rows in order
 * @m: the model; gets lines in place of rows
 * @screen: which
 * @nr: rows, all of them in order
 *
 * Return: 0, or -ENOMEM.
 */
int tree_lay(struct top_model *m, enum top_screen screen, size_t nr)
{
	uint32_t *of = malloc((nr + 1) * sizeof(*of)), *line = NULL;

	tally_free(&m->tree.groups);
	m->tree.groups = (struct tally)TALLY_INIT(struct tree_group, key);
	if (of && !gather(m, screen, of, nr))
		line = malloc((nr + m->tree.groups.nr + 1) * sizeof(*line));
	if (line) {
		m->kept = lay(m, line, of, nr);
		free(m->order);
		m->order = line;
		m->order_cap = nr + m->tree.groups.nr;
	}
	free(of);
	return line ? 0 : -ENOMEM;
}

/**
 * tree_at - the group that a line is of
 * @m: the model
 * @line: number of the line
 *
 * Return: NULL: it is a row, or there is none.
 */
const struct tree_group *tree_at(const struct top_model *m, size_t line)
{
	if (line >= m->kept || !(m->order[line] & TREE_GROUP))
		return NULL;
	return tally_at(&m->tree.groups, m->order[line] & ~TREE_GROUP);
}

/**
 * tree_of_row - the group that a row is in
 * @m: the model
 * @screen: which
 * @row: the row
 */
const struct tree_group *tree_of_row(const struct top_model *m, enum top_screen screen,
				     const void *row)
{
	uint64_t key = key_of(m, owner_of(screen, row), m->tree.style->by);

	return tally_find(&m->tree.groups, &key);
}

/**
 * tree_place - the line of a row or of a group
 * @m: the model, arranged
 * @screen: which
 * @key: of it
 *
 * Return: of a row that is not shown that of its group; SIZE_MAX: it is not there.
 */
size_t tree_place(const struct top_model *m, enum top_screen screen, uint64_t key)
{
	size_t nr = model_rows(m, screen), i;
	const struct tree_group *g = NULL;
	const void *row;

	for (i = 0; i < m->kept; i++) {
		g = tree_at(m, i);
		if (g ? g->key == key : model_key(screen, model_row(m, screen, i)) == key)
			return i;
	}
	for (i = 0, g = NULL; i < nr && !g; i++) {
		row = model_at(m, screen, (uint32_t)i);
		if (model_key(screen, row) == key)
			g = tree_of_row(m, screen, row);
	}
	for (i = 0; g && i < m->kept; i++)
		if (tree_at(m, i) == g)
			return i;
	return SIZE_MAX;
}

/**
 * tree_name - whose rows they are
 * @m: the model
 * @screen: which
 * @g: the group
 * @buf: gets it, TEXT_LEN bytes
 */
void tree_name(const struct top_model *m, enum top_screen screen, const struct tree_group *g,
	       char *buf)
{
	struct whose o = owner_of(screen, model_at(m, screen, g->first));
	enum tree_by by = m->tree.style->by;
	const char *name;

	if (by == TREE_OWNER) {
		if (o.comm)
			tcphs_fmt_owner(buf, o.comm, TCPHS_COMM_LEN, o.pid);
		else
			strcpy(buf, "no owner known");
		return;
	}
	name = name_of(m, o, by);
	if (*name)
		snprintf(buf, TEXT_LEN, "%.*s", by == TREE_CONTAINER ? container_shown(name) :
			 TEXT_LEN - 1, name);
	else
		snprintf(buf, TEXT_LEN, "no %s", tree_by_name(by));
}

/* Those that should be brief first. */
static void states(const struct tree_group *g, char *buf, size_t size)
{
	const uint32_t last = 1u << TCPHS_STATE_ESTABLISHED | 1u << TCPHS_STATE_TIME_WAIT;
	char name[TCPHS_NAME_LEN];
	size_t len = 0;
	unsigned int i, round;

	for (round = 0; round < 2; round++)
		for (i = 0; i <= TCPHS_STATE_MAX && len < size; i++)
			if (g->state[i] && (last >> i & 1) == round)
				len += (size_t)snprintf(buf + len, size - len, "%s%u %s",
							len ? ", " : ": ", g->state[i],
							tcphs_state_name(i, name));
}

/**
 * tree_sums - what its rows come to
 * @screen: which
 * @g: the group
 * @buf: gets it
 * @size: of @buf
 */
void tree_sums(enum top_screen screen, const struct tree_group *g, char *buf, size_t size)
{
	char sent[TCPHS_BYTES_LEN], received[TCPHS_BYTES_LEN], rate[TEXT_LEN];
	const char *s = tcphs_plural(g->rows);
	size_t len;

	switch (screen) {
	case TOP_LISTENERS:
		text_rate(rate, g->accepts);
		snprintf(buf, size, "%u listener%s: accept %llu/%llu, SYN %llu/%llu, %s/s accepted, %llu overflow%s, %llu drop%s",
			 g->rows, s, (unsigned long long)g->accept,
			 (unsigned long long)g->accept_limit, (unsigned long long)g->syn,
			 (unsigned long long)g->syn_limit, rate,
			 (unsigned long long)g->overflows, tcphs_plural(g->overflows),
			 (unsigned long long)g->drops, tcphs_plural(g->drops));
		break;
	case TOP_CONNECTIONS:
		len = (size_t)snprintf(buf, size, "%u connection%s", g->rows, s);
		states(g, buf + len, size - len);
		break;
	case TOP_EVENTS:
		snprintf(buf, size, "%u event%s: %u failure%s", g->rows, s, g->failed,
			 tcphs_plural(g->failed));
		break;
	default:
		tcphs_fmt_bytes(sent, g->sent);
		tcphs_fmt_bytes(received, g->received);
		snprintf(buf, size, "%u %s: %u failed, sent %s, received %s", g->rows,
			 g->rows == 1 ? "life" : "lives", g->failed, sent, received);
	}
}

/**
 * tree_words - the filter that lets its rows through
 * @m: the model
 * @screen: which
 * @g: the group
 * @words: gets it, "": none does
 * @size: of @words
 */
void tree_words(const struct top_model *m, enum top_screen screen, const struct tree_group *g,
		char *words, size_t size)
{
	struct whose o = owner_of(screen, model_at(m, screen, g->first));
	enum tree_by by = m->tree.style->by;
	const char *name;
	char pid[16];

	*words = '\0';
	if (by == TREE_OWNER && o.comm) {
		snprintf(pid, sizeof(pid), "%u", o.pid);
		filter_line_put(words, size, TCPHS_FILTER_PID, pid);
	} else if (by != TREE_OWNER) {
		name = name_of(m, o, by);
		if (*name)
			filter_line_put(words, size, by == TREE_UNIT ? TCPHS_FILTER_UNIT :
					TCPHS_FILTER_CONTAINER, name);
	}
}

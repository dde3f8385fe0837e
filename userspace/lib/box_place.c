/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the module's rings a recorder stands: what its last state says, and what came
 * after it.
 *
 * The recorder keeps it while it writes, and each file begins with it; the one that comes
 * after it reckons the same from what it finds there. So it does not matter at which byte
 * the recorder was killed: what is in the file has been passed, and nothing else.
 *
 * Records are numbered as cursors are: each takes one, and so does each that is lost. What
 * the ring had no longer (PIECE_KEPT) takes none. With a filter what was stopped takes some as
 * well, nobody knows how many: there the last record is remembered.
 */
#include <stdlib.h>

#include "recording.h"

/**
 * tcphs_place_state - the recorder says where it is
 * @p: the place
 * @state: with the number of cursors
 * @cursors: these
 */
void tcphs_place_state(struct box_place *p, const struct piece_state *state,
		       const struct tcphs_resume *cursors)
{
	struct tcphs_resume *more = p->cursor;

	p->state = *state;
	p->nr = 0;
	if (state->nr > p->cap) {
		more = reallocarray(p->cursor, state->nr, sizeof(*more));
		if (!more) {
			p->no_memory = true;
			return;
		}
		p->cursor = more;
		p->cap = state->nr;
	}
	p->nr = state->nr;
	if (p->nr)
		memcpy(p->cursor, cursors, p->nr * sizeof(*cursors));
}

/* Of a CPU that has come up since the last state all is written, from its first record on. */
static struct tcphs_resume *add(struct box_place *p, uint32_t cpu)
{
	size_t cap = p->cap ? p->cap * 2 : 16;
	struct tcphs_resume *more = p->cursor;

	if (p->nr == p->cap) {
		more = reallocarray(p->cursor, cap, sizeof(*more));
		if (!more) {
			p->no_memory = true;
			return NULL;
		}
		p->cursor = more;
		p->cap = cap;
	}
	p->cursor[p->nr] = (struct tcphs_resume){ .next = 1, .cpu = cpu };
	return &p->cursor[p->nr++];
}

/* Or of the last record emitted, see struct tcphs_resume. NULL: nobody knows, there is no state. */
static struct tcphs_resume *cursor_of(struct box_place *p, uint32_t cpu)
{
	size_t i;

	/* Mostly they stand there by their number. */
	if (cpu < p->nr && p->cursor[cpu].cpu == cpu)
		return &p->cursor[cpu];
	for (i = 0; i < p->nr; i++)
		if (p->cursor[i].cpu == cpu)
			return &p->cursor[i];
	return p->nr ? add(p, cpu) : NULL;
}

/**
 * tcphs_place_lost - records of a CPU were lost
 * @p: the place
 * @cpu: whose; TCPHS_NO_CPU: no file has them, and the state that stands with that counts them
 * @count: how many
 */
void tcphs_place_lost(struct box_place *p, uint32_t cpu, uint64_t count)
{
	struct tcphs_resume *cursor;

	if (p->state.filtered || cpu == TCPHS_NO_CPU)
		return;
	cursor = cursor_of(p, cpu);
	if (cursor)
		cursor->next += count;
}

/**
 * tcphs_place_older - likewise, and had been before the very first look
 * @p: the place
 * @cpu: whose, or TCPHS_NO_CPU
 * @count: how many
 */
void tcphs_place_older(struct box_place *p, uint32_t cpu, uint64_t count)
{
	struct tcphs_resume *c;

	tcphs_place_lost(p, cpu, count);
	for (c = p->cursor; c < p->cursor + p->nr; c++)
		if (cpu != TCPHS_NO_CPU && c->cpu == (cpu | TCPHS_RESUME_OLDER))
			c->next -= count < c->next ? count : c->next;
}

/**
 * tcphs_place_event - one more
 * @p: the place
 * @ev: the event, of the ring
 */
void tcphs_place_event(struct box_place *p, const struct tcphs_event *ev)
{
	struct tcphs_resume *cursor = cursor_of(p, ev->cpu);

	if (cursor && !p->state.filtered)
		cursor->next++;
	if (!cursor || !p->state.filtered)
		return;
	cursor = cursor_of(p, ev->cpu | TCPHS_RESUME_TOLD);
	if (cursor)
		*cursor = tcphs_resume_emitted(ev);
}

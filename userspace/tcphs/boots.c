/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boots.h"
#include "cli.h"

static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

/* Whoever wrote the recording: it stands in columns and in JSON. */
static void clean(char *name)
{
	for (; name && *name; name++)
		if (*name <= ' ' || *name >= 127 || *name == '"' || *name == '\\')
			*name = '?';
}

static bool is_taken(const struct boots *s, const char *name)
{
	uint32_t i;

	for (i = 0; i < s->nr_hosts; i++)
		if (!strcmp(s->host[i].name, name))
			return true;
	return false;
}

/*
 * The machine of a boot. In one directory that of the boot before, which has the same name;
 * else two of one name are two, and told apart by the recording's.
 */
static uint32_t host_of(struct boots *s, uint32_t latest, const struct tcphs_host *id,
			const char *file)
{
	const char *name = *id->name ? id->name : base_name(file);
	char *copy = NULL;

	if (latest != NONE && !strcmp(s->boot[latest].id.name, id->name))
		return s->boot[latest].host;
	if (is_taken(s, name))
		name = base_name(file);
	if (is_taken(s, name))
		name = file;
	copy = strndup(name, NETNS_NAME_LEN - 1);
	clean(copy);
	if (!copy || array_grow(&s->host, s->nr_hosts + 1, &s->hosts_cap, sizeof(*s->host))) {
		s->no_memory = true;
		free(copy);
		return 0;
	}
	s->host[s->nr_hosts] = (struct host){ .name = copy, .told = NONE };
	return s->nr_hosts++;
}

static uint32_t new_boot(struct boots *s, uint32_t latest,
			 const struct tcphs_recording_info *info, const char *file)
{
	struct boot *b;

	if (array_grow(&s->boot, s->nr_boots + 1, &s->boots_cap, sizeof(*s->boot))) {
		s->no_memory = true;
		return 0;
	}
	b = &s->boot[s->nr_boots];
	*b = (struct boot){ .id = info->host, .base = info->clock_offset, .way = NONE,
			    .first = INT64_MAX, .last = INT64_MIN };
	b->host = host_of(s, latest, &info->host, file);
	return s->nr_boots++;
}

static bool is_of(const struct boot *b, const struct tcphs_host *id)
{
	return !memcmp(b->id.boot, id->boot, sizeof(id->boot));
}

/**
 * boots_find - whose what is read of a recording now is
 * @s: those that are known, to which a new one is added
 * @latest: whose was before it in the same recording; NONE: it is the first
 * @info: what the recording says of it; one that says nothing is of a machine of its own
 * @file: the recording's name
 *
 * Return: its number; with @s->no_memory set, none that is new.
 */
uint32_t boots_find(struct boots *s, uint32_t latest, const struct tcphs_recording_info *info,
		    const char *file)
{
	uint32_t i;

	if (latest != NONE && is_of(&s->boot[latest], &info->host))
		return latest;
	for (i = 0; tcphs_host_known(&info->host) && i < s->nr_boots; i++)
		if (is_of(&s->boot[i], &info->host))
			return i;
	return new_boot(s, latest, info, file);
}

/**
 * boots_follow - in a recording one boot comes right behind another
 * @s: those that are known
 * @before: whose was before
 * @after: whose is next
 *
 * Of two machines that says nothing.
 */
void boots_follow(struct boots *s, uint32_t before, uint32_t after)
{
	if (s->boot[before].host != s->boot[after].host)
		return;
	if (array_grow(&s->step, s->nr_steps + 1, &s->steps_cap, sizeof(*s->step))) {
		s->no_memory = true;
		return;
	}
	s->step[s->nr_steps++] = (struct boot_step){ before, after };
	s->boot[after].follows = true;
}

/**
 * boots_gap - of a time not all is on record
 * @s: those that are known
 * @boot: of which one
 * @from: when it begins, time of day by the boot's own clock
 * @to: and ends
 */
void boots_gap(struct boots *s, uint32_t boot, int64_t from, int64_t to)
{
	struct boot *b = &s->boot[boot];

	if (array_grow(&b->gap, b->nr_gaps + 1, &b->gaps_cap, sizeof(*b->gap)))
		s->no_memory = true;
	else
		b->gap[b->nr_gaps++] = (struct gap){ from, to };
}

static bool has_events(const struct boot *b)
{
	return b->first <= b->last;
}

/*
 * The next of a machine: none that is not in line yet must come before it, and of two that may
 * the one whose clock says so. Where recordings contradict each other the clock alone is asked.
 */
static uint32_t next_in_line(const struct boots *s, uint32_t host, const uint32_t *waits_for)
{
	const struct boot *b, *next;
	uint32_t i, best = NONE;

	for (i = 0; i < s->nr_boots; i++) {
		b = &s->boot[i];
		if (b->host != host || waits_for[i] == NONE)
			continue;
		next = best == NONE ? NULL : &s->boot[best];
		if (!next || !waits_for[i] > !waits_for[best] ||
		    (!waits_for[i] == !waits_for[best] && b->begin < next->begin))
			best = i;
	}
	return best;
}

static void line_up_host(struct boots *s, uint32_t host, uint32_t *waits_for)
{
	int64_t end = INT64_MIN;
	struct boot *b;
	uint32_t i, n;

	while ((i = next_in_line(s, host, waits_for)) != NONE) {
		b = &s->boot[i];
		if (has_events(b)) {
			b->shift = end == INT64_MIN || b->begin >= end ? 0 :
				   (int64_t)((uint64_t)end - (uint64_t)b->begin);
			end = (int64_t)((uint64_t)b->end + (uint64_t)b->shift);
		}
		waits_for[i] = NONE;
		for (n = 0; n < s->nr_steps; n++)
			if (s->step[n].before == i && waits_for[s->step[n].after] != NONE)
				waits_for[s->step[n].after]--;
	}
}

/**
 * boots_line_up - the boots of each machine one behind the other
 * @s: all of them, with @begin and @end of each; gets the shift of each
 *
 * Return: 0, or -ENOMEM.
 */
int boots_line_up(struct boots *s)
{
	uint32_t *waits_for = calloc(s->nr_boots + 1, sizeof(*waits_for)), i;

	if (!waits_for)
		return -ENOMEM;
	for (i = 0; i < s->nr_steps; i++)
		waits_for[s->step[i].after]++;
	for (i = 0; i < s->nr_hosts; i++)
		line_up_host(s, i, waits_for);
	free(waits_for);
	return 0;
}

/**
 * boots_free - the end of it
 * @s: all of them
 */
void boots_free(struct boots *s)
{
	uint32_t i;

	for (i = 0; i < s->nr_hosts; i++)
		free((char *)s->host[i].name);
	for (i = 0; i < s->nr_boots; i++) {
		free(s->boot[i].same);
		free(s->boot[i].gap);
	}
	free(s->host);
	free(s->step);
	free(s->boot);
}

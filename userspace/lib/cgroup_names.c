/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a cgroup is to people: a systemd unit, a container, a pod. All of it lies in its path,
 * as those name it who make them.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define ID_LEN	64	/* hexadecimal digits of a container's number */
#define UID_LEN	36	/* of a pod, with dashes */

/* One name between slashes. */
struct part {
	const char *p;
	size_t len;
};

static bool ends_with(const struct part *part, const char *end)
{
	size_t len = strlen(end);

	return part->len > len && !memcmp(part->p + part->len - len, end, len);
}

static bool begins_with(const struct part *part, const char *begin)
{
	size_t len = strlen(begin);

	return part->len > len && !memcmp(part->p, begin, len);
}

static bool is(const struct part *part, const char *text)
{
	return part->len == strlen(text) && !memcmp(part->p, text, part->len);
}

static void copy(char *to, size_t size, const char *p, size_t len)
{
	if (len >= size)
		return;
	memcpy(to, p, len);
	to[len] = '\0';
}

/* systemd.unit(5): other names are of somebody else, or made to look like one. */
static bool is_name(const char *p, size_t len)
{
	for (; len; len--, p++)
		if (!isalnum((unsigned char)*p) && !strchr(":-_.\\@", *p))
			return false;
	return true;
}

/*
 * The unit of a process as systemctl status has it: the first in the path that is no slice; of
 * a user's manager, the first below it. What a unit makes below itself is its own.
 */
static void learn_unit(struct tcphs_cgroup_names *names, struct part part)
{
	static const char *const ends[] = {
		".service", ".scope", ".socket", ".mount", ".swap", NULL
	};
	bool manager = !strncmp(names->unit, "user@", 5);
	unsigned int i;

	if (*names->unit && !manager)
		return;
	/* Names that could be something else's have it in front. */
	if (part.len && *part.p == '_') {
		part.p++;
		part.len--;
	}
	for (i = 0; ends[i]; i++)
		if (ends_with(&part, ends[i]) && is_name(part.p, part.len) &&
		    !(manager && is(&part, "init.scope"))) {
			copy(names->unit, sizeof(names->unit), part.p, part.len);
			return;
		}
}

/* So many hexadecimal digits, and no more, somewhere in it. */
static const char *find_id(const struct part *part)
{
	size_t i, run = 0;

	for (i = 0; i <= part->len; i++) {
		if (i < part->len && isxdigit((unsigned char)part->p[i])) {
			run++;
			continue;
		}
		if (run == ID_LEN)
			return part->p + i - run;
		run = 0;
	}
	return NULL;
}

/* systemd writes \x2d for a dash, and so on. */
static void copy_unescaped(char *to, size_t size, const char *p, size_t len)
{
	unsigned int byte;
	size_t i, n = 0;

	for (i = 0; i < len && n + 1 < size; n++) {
		if (len - i >= 4 && p[i] == '\\' && p[i + 1] == 'x' &&
		    sscanf(p + i + 2, "%2x", &byte) == 1 && (isalnum((int)byte) || byte == '-')) {
			to[n] = (char)byte;
			i += 4;
		} else {
			to[n] = p[i++];
		}
	}
	to[n] = '\0';
}

/* Docker, containerd, CRI-O and podman number theirs; LXC and systemd-nspawn name them. */
static void learn_container(struct tcphs_cgroup_names *names, const struct part *part,
			    const struct part *before)
{
	static const char lxc[] = "lxc.payload.", nspawn[] = "systemd-nspawn@";
	const char *id = find_id(part);
	size_t len = part->len;

	/* Who watches over a container is not in it: crio-conmon-…, libpod-conmon-…. */
	if (id && (id - part->p < 7 || memcmp(id - 7, "conmon-", 7))) {
		copy(names->container, sizeof(names->container), id, ID_LEN);
	} else if (begins_with(part, lxc)) {
		len -= sizeof(lxc) - 1;
		if (is_name(part->p + sizeof(lxc) - 1, len))
			copy(names->container, sizeof(names->container), part->p + sizeof(lxc) - 1,
			     len);
	} else if (is(before, "lxc") && is_name(part->p, len)) {
		copy(names->container, sizeof(names->container), part->p, len);
	} else if (begins_with(part, nspawn) && ends_with(part, ".service") &&
		   is_name(part->p, len)) {
		copy_unescaped(names->container, sizeof(names->container),
			       part->p + sizeof(nspawn) - 1,
			       len - (sizeof(nspawn) - 1) - (sizeof(".service") - 1));
	}
}

/* pod0b2d…, kubepods-besteffort-pod0b2d….slice: with dashes, or _ for systemd; or 32 digits. */
static void learn_pod(struct tcphs_cgroup_names *names, const struct part *part)
{
	size_t i, len = part->len;
	const char *p = NULL;
	char uid[UID_LEN + 1];

	if (ends_with(part, ".slice"))
		len -= sizeof(".slice") - 1;
	if (begins_with(part, "pod"))
		p = part->p + 3;
	for (i = 0; !p && begins_with(part, "kubepods-") && i + 4 < len; i++)
		if (!memcmp(part->p + i, "-pod", 4))
			p = part->p + i + 4;
	if (!p)
		return;
	len -= (size_t)(p - part->p);
	if (len != UID_LEN && len != 32)
		return;
	for (i = 0; i < len; i++) {
		bool dash = len == UID_LEN && (i == 8 || i == 13 || i == 18 || i == 23);

		if (dash ? p[i] != '-' && p[i] != '_' : !isxdigit((unsigned char)p[i]))
			return;
		uid[i] = dash ? '-' : p[i];
	}
	copy(names->pod, sizeof(names->pod), uid, len);
}

/**
 * tcphs_cgroup_parse - what a cgroup is to people
 * @path: from the root of the hierarchy; up to a line's end
 * @names: gets it; "" for what it is not
 *
 * Of containers in containers it is the innermost one.
 */
void tcphs_cgroup_parse(const char *path, struct tcphs_cgroup_names *names)
{
	struct part part = { path, 0 }, before = { path, 0 };

	*names = (struct tcphs_cgroup_names){ "", "", "" };
	for (;; before = part, part.p += part.len) {
		part.p += strspn(part.p, "/");
		part.len = strcspn(part.p, "/\n");
		if (!part.len)
			return;
		learn_unit(names, part);
		learn_container(names, &part, &before);
		learn_pod(names, &part);
	}
}

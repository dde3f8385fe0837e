/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads prototypes in /sys/kernel/btf/vmlinux. Only what that takes: the format is in
 * <linux/btf.h> and the kernel's Documentation/bpf/btf.rst. Kinds that are newer than this
 * end the reading; then nothing is said of any function.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/btf.h>

#include "btf.h"

/* Newer than the header of the oldest Debian. */
enum { KIND_FLOAT = 16, KIND_DECL_TAG, KIND_TYPE_TAG, KIND_ENUM64 };

#define DEEPEST	12

static unsigned int kind_of(const struct btf_type *t)
{
	return t->info >> 24 & 0x1f;
}

static unsigned int vlen_of(const struct btf_type *t)
{
	return t->info & 0xffff;
}

/* Return: bytes that follow a type, -1: nobody knows. */
static long tail_of(const struct btf_type *t)
{
	switch (kind_of(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return 12;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case KIND_ENUM64:
		return 12L * vlen_of(t);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8L * vlen_of(t);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case KIND_FLOAT:
	case KIND_TYPE_TAG:
		return 0;
	default:
		return -1;
	}
}

/* Files of sysfs do not have their size before they are read. */
static bool read_all(struct btf *btf, FILE *f)
{
	size_t room = 1 << 20, n;
	uint8_t *more;

	do {
		room *= 2;
		more = realloc(btf->data, room);
		if (!more)
			return false;
		btf->data = more;
		n = fread(btf->data + btf->size, 1, room - btf->size, f);
		btf->size += n;
	} while (btf->size == room);
	return !ferror(f);
}

static const struct btf_type *type_at(const struct btf *btf, size_t at)
{
	return (const struct btf_type *)(btf->data + at);
}

/* Return: the type of this number, NULL: none, or void. */
static const struct btf_type *type_of(const struct btf *btf, uint32_t number)
{
	return number && number <= btf->nr ? type_at(btf, btf->at[number]) : NULL;
}

static bool find_types(struct btf *btf, size_t at, size_t end)
{
	size_t room = 0, *more;
	long tail;

	while (end - at >= sizeof(struct btf_type)) {
		tail = tail_of(type_at(btf, at));
		if (tail < 0 || (size_t)tail > end - at - sizeof(struct btf_type))
			return false;
		if (btf->nr + 1 >= room) {
			room = room ? 2 * room : 1 << 16;
			more = realloc(btf->at, room * sizeof(*more));
			if (!more)
				return false;
			btf->at = more;
		}
		btf->at[++btf->nr] = at;
		at += sizeof(struct btf_type) + (size_t)tail;
	}
	return at == end;
}

static bool parse(struct btf *btf)
{
	const struct btf_header *h = (const struct btf_header *)btf->data;
	size_t body;

	if (btf->size < sizeof(*h) || h->magic != 0xeb9f || h->hdr_len < sizeof(*h) ||
	    h->hdr_len > btf->size || h->hdr_len % 4 || h->type_off % 4)
		return false;
	body = btf->size - h->hdr_len;
	if (h->type_off > body || h->type_len > body - h->type_off ||
	    h->str_off > body || h->str_len > body - h->str_off || !h->str_len)
		return false;
	btf->strings = (const char *)btf->data + h->hdr_len + h->str_off;
	btf->strings_size = h->str_len;
	if (btf->strings[h->str_len - 1])
		return false;
	return find_types(btf, h->hdr_len + h->type_off,
			  (size_t)h->hdr_len + h->type_off + h->type_len);
}

/**
 * btf_read() - the type information of a file
 * @btf: gets it; to be freed whatever is returned
 * @file: /sys/kernel/btf/vmlinux
 *
 * Return: is there any that can be read.
 */
bool btf_read(struct btf *btf, const char *file)
{
	FILE *f = fopen(file, "re");
	bool good;

	memset(btf, 0, sizeof(*btf));
	if (!f)
		return false;
	good = read_all(btf, f) && parse(btf);
	fclose(f);
	if (!good)
		btf->nr = 0;
	return good;
}

/**
 * btf_free() - forget what btf_read() gave
 * @btf: of btf_read()
 */
void btf_free(struct btf *btf)
{
	free(btf->data);
	free(btf->at);
}

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	return t->name_off < btf->strings_size ? btf->strings + t->name_off : "";
}

struct text {
	char *end;
	size_t room;
};

static void add(struct text *to, const char *a, const char *b)
{
	int n = snprintf(to->end, to->room, "%s%s", a, b);

	if (n < 0)
		return;
	if ((size_t)n >= to->room)
		n = (int)to->room - 1;
	to->end += n;
	to->room -= (size_t)n;
}

/* As in C, but that a pointer to a function is a pointer. */
static void add_type(const struct btf *btf, struct text *to, uint32_t number, int depth)
{
	const struct btf_type *t = type_of(btf, number);

	if (!t || depth > DEEPEST) {
		add(to, "void", "");
		return;
	}
	switch (kind_of(t)) {
	case BTF_KIND_PTR:
		add_type(btf, to, t->type, depth + 1);
		add(to, to->end[-1] == '*' ? "*" : " *", "");
		break;
	case BTF_KIND_CONST:
		add(to, "const ", "");
		add_type(btf, to, t->type, depth + 1);
		break;
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case KIND_TYPE_TAG:
		add_type(btf, to, t->type, depth + 1);
		break;
	case BTF_KIND_STRUCT:
		add(to, "struct ", name_of(btf, t));
		break;
	case BTF_KIND_UNION:
		add(to, "union ", name_of(btf, t));
		break;
	case BTF_KIND_FWD:
		add(to, t->info >> 31 ? "union " : "struct ", name_of(btf, t));
		break;
	case BTF_KIND_ENUM:
	case KIND_ENUM64:
		add(to, "enum ", name_of(btf, t));
		break;
	case BTF_KIND_FUNC_PROTO:
		add(to, "function", "");
		break;
	default:
		add(to, *name_of(btf, t) ? name_of(btf, t) : "?", "");
	}
}

static void add_prototype(const struct btf *btf, struct text *to, const struct btf_type *proto)
{
	const struct btf_param *p = (const struct btf_param *)(proto + 1);
	unsigned int i, n = vlen_of(proto);

	add_type(btf, to, proto->type, 0);
	add(to, " (", "");
	for (i = 0; i < n; i++) {
		if (i)
			add(to, ", ", "");
		/* The last one without a type is what "..." has. */
		if (!p[i].type)
			add(to, "...", "");
		else
			add_type(btf, to, p[i].type, 0);
	}
	add(to, n ? ")" : "void)", "");
}

/**
 * btf_prototype() - how a function is called
 * @btf: of btf_read()
 * @name: the function's, or a tracepoint's, whose functions get its data first
 * @tracepoint: is it that
 * @text: gets the types of what it returns and takes, cut off where it does not fit
 * @size: of @text
 *
 * Return: is there such a function.
 */
bool btf_prototype(const struct btf *btf, const char *name, bool tracepoint,
		   char *text, size_t size)
{
	struct text to = { text, size };
	const struct btf_type *t;
	const char *prefix = "";
	uint32_t i;

	if (tracepoint)
		prefix = "btf_trace_";
	for (i = 1; i <= btf->nr; i++) {
		t = type_of(btf, i);
		if (kind_of(t) != (tracepoint ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC) ||
		    strncmp(name_of(btf, t), prefix, strlen(prefix)) ||
		    strcmp(name_of(btf, t) + strlen(prefix), name))
			continue;
		t = type_of(btf, t->type);
		if (tracepoint && t && kind_of(t) == BTF_KIND_PTR)
			t = type_of(btf, t->type);
		if (!t || kind_of(t) != BTF_KIND_FUNC_PROTO)
			return false;
		add_prototype(btf, &to, t);
		return true;
	}
	return false;
}

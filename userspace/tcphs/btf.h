/* SPDX-License-Identifier: GPL-2.0 */
/* How the running kernel says its functions are called: its type information (BTF). */
#ifndef TCPHS_BTF_H
#define TCPHS_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf {
	uint8_t *data;
	size_t size;
	const char *strings;
	size_t strings_size;
	size_t *at;		/* of each type, an offset in data; the first is 1 */
	uint32_t nr;
};

bool btf_read(struct btf *btf, const char *file);
void btf_free(struct btf *btf);
bool btf_prototype(const struct btf *btf, const char *name, bool tracepoint,
		   char *text, size_t size);

#endif /* TCPHS_BTF_H */

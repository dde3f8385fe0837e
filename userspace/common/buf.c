/* SPDX-License-Identifier: GPL-2.0 */
/* A buffer in front of write(): one system call for many lines. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "output.h"

#define BUF_SIZE (64 * 1024)

/**
 * tcphs_buf_init - an empty buffer
 * @b: the buffer
 * @fd: where it goes; -1: nowhere, it grows
 */
int tcphs_buf_init(struct tcphs_buf *b, int fd)
{
	*b = (struct tcphs_buf){ .fd = fd, .cap = BUF_SIZE, .data = malloc(BUF_SIZE) };

	return b->data ? 0 : -ENOMEM;
}

/**
 * tcphs_buf_free - give the memory back, write nothing
 * @b: the buffer
 */
void tcphs_buf_free(struct tcphs_buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}

/**
 * tcphs_buf_flush - write what is there
 * @b: the buffer
 *
 * Return: 0, or the first error since the beginning.
 */
int tcphs_buf_flush(struct tcphs_buf *b)
{
	size_t done;

	if (b->fd < 0)
		return b->err;
	if (!b->err)
		b->err = tcphs_write_all(b->fd, b->data, b->len, &done);
	b->len = 0;
	return b->err;
}

/**
 * tcphs_buf_make_room - the slow path of tcphs_buf_room()
 * @b: the buffer
 * @n: bytes that must fit, at most 2 * TCPHS_BUF_SLACK
 */
void tcphs_buf_make_room(struct tcphs_buf *b, size_t n)
{
	char *bigger;

	if (b->fd >= 0) {
		tcphs_buf_flush(b);
		return;
	}
	bigger = realloc(b->data, b->cap * 2 + n);
	if (bigger) {
		b->data = bigger;
		b->cap = b->cap * 2 + n;
	} else {
		b->err = -ENOMEM;
		b->len = 0;
	}
}

/**
 * tcphs_buf_mem - append bytes
 * @b: the buffer
 * @src: the bytes
 * @n: how many
 */
void tcphs_buf_mem(struct tcphs_buf *b, const void *src, size_t n)
{
	const char *from = src;
	size_t part;

	while (n) {
		part = n < TCPHS_BUF_SLACK ? n : TCPHS_BUF_SLACK;
		memcpy(tcphs_buf_room(b, part), from, part);
		b->len += part;
		from += part;
		n -= part;
	}
}

/**
 * tcphs_buf_printf - for whatever is not printed once an event
 * @b: the buffer
 * @fmt: as printf(3); cut at TCPHS_BUF_SLACK
 */
void tcphs_buf_printf(struct tcphs_buf *b, const char *fmt, ...)
{
	char *to = tcphs_buf_room(b, TCPHS_BUF_SLACK);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(to, TCPHS_BUF_SLACK, fmt, ap);
	va_end(ap);
	if (n > 0)
		b->len += n < TCPHS_BUF_SLACK ? (size_t)n : TCPHS_BUF_SLACK - 1;
}

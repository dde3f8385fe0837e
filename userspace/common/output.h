/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the tools write.
 *
 *	errors.c	what went wrong
 *	standard_files.c	where to, if it is closed
 *	stop.c		an end by a signal, and writing that it can interrupt
 *	buf.c json.c	a write buffer, and JSON lines on top of it
 *	json_things.c	what the module reports, as JSON
 */
#ifndef TCPHS_OUTPUT_H
#define TCPHS_OUTPUT_H

#include "internal.h"

/* ---- errors (errors.c) ---------------------------------------------------------- */

/*
 * The library's numbers are the exit status of the tools, but for the one that it has
 * beyond those.
 */
#define ERROR_LINE	(sizeof(((struct tcphs_error *)NULL)->text) + 8)
const char *error_line(char *line, const char *tool, const struct tcphs_error *err);
int error_status(const struct tcphs_error *err);
int error_print(const char *tool, const struct tcphs_error *err);
const char *version_line(char *line, const char *tool, const char *module);

/* ---- standard input, output and error (standard_files.c) ------------------------- */

void tcphs_keep_standard_files(void);

/* ---- an end that is asked for (stop.c) --------------------------------------------- */

void tcphs_stop_on(int sig);
int tcphs_stop_asked(void);
int tcphs_write_all(int fd, const void *data, size_t len, size_t *done);
int tcphs_write_to(void *fd, const void *data, size_t len, size_t *done);	/* a tcphs_write_fn */

/* ---- output (buf.c, json.c) ------------------------------------------------------ */

/*
 * A buffer in front of write(). It never writes part of a line while a line
 * fits. With @fd -1 it grows instead (tests). The first error sticks in @err
 * and everything after it is thrown away.
 */
struct tcphs_buf {
	char *data;
	size_t len;
	size_t cap;
	int fd;
	int err;		/* 0 or a negative errno */
};

#define TCPHS_BUF_SLACK 4096	/* no single piece is larger */

int tcphs_buf_init(struct tcphs_buf *b, int fd);
void tcphs_buf_free(struct tcphs_buf *b);
int tcphs_buf_flush(struct tcphs_buf *b);	/* 0, or the sticking error */
void tcphs_buf_make_room(struct tcphs_buf *b, size_t n);
void tcphs_buf_mem(struct tcphs_buf *b, const void *src, size_t n);
void tcphs_buf_printf(struct tcphs_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A place for @n more bytes (at most TCPHS_BUF_SLACK); tcphs_buf_commit() takes them. */
static inline char *tcphs_buf_room(struct tcphs_buf *b, size_t n)
{
	if (b->cap - b->len < n)
		tcphs_buf_make_room(b, n);
	return b->data + b->len;
}

static inline void tcphs_buf_commit(struct tcphs_buf *b, const char *end)
{
	b->len = (size_t)(end - b->data);
}

static inline void tcphs_buf_char(struct tcphs_buf *b, char c)
{
	*tcphs_buf_room(b, 1) = c;
	b->len++;
}

static inline void tcphs_buf_str(struct tcphs_buf *b, const char *s)
{
	tcphs_buf_mem(b, s, strlen(s));
}

static inline void tcphs_buf_u64(struct tcphs_buf *b, uint64_t v)
{
	tcphs_buf_commit(b, tcphs_fmt_u64(tcphs_buf_room(b, TCPHS_U64_LEN), v));
}

static inline void tcphs_buf_hex(struct tcphs_buf *b, uint64_t v)
{
	tcphs_buf_commit(b, tcphs_fmt_hex(tcphs_buf_room(b, TCPHS_U64_LEN), v));
}

/* Takes a line and ends it: the place where a full buffer may be written out. */
static inline void tcphs_buf_commit_line(struct tcphs_buf *b, char *end)
{
	*end++ = '\n';
	tcphs_buf_commit(b, end);
	if (b->cap - b->len < 2 * TCPHS_BUF_SLACK)
		tcphs_buf_make_room(b, 2 * TCPHS_BUF_SLACK);
}

static inline void tcphs_buf_newline(struct tcphs_buf *b)
{
	tcphs_buf_commit_line(b, tcphs_buf_room(b, 1));
}

/*
 * JSON: @key is NULL inside an array. Keys are literals of ours and are not
 * escaped; values are.
 */
struct tcphs_json {
	struct tcphs_buf *out;
	bool comma;		/* the next thing needs one before it */
};

void tcphs_json_begin(struct tcphs_json *j, struct tcphs_buf *out);	/* { of a line */
void tcphs_json_end(struct tcphs_json *j);				/* } and newline */
void tcphs_json_open(struct tcphs_json *j, const char *key, char bracket);	/* '{' or '[' */
void tcphs_json_close(struct tcphs_json *j, char bracket);			/* '}' or ']' */
void tcphs_json_u64(struct tcphs_json *j, const char *key, uint64_t v);
void tcphs_json_i64(struct tcphs_json *j, const char *key, int64_t v);
void tcphs_json_bool(struct tcphs_json *j, const char *key, bool v);
void tcphs_json_str(struct tcphs_json *j, const char *key, const char *s);
void tcphs_json_bytes(struct tcphs_json *j, const char *key, const void *s, size_t len);
void tcphs_json_hex(struct tcphs_json *j, const char *key, uint64_t v);	/* "1f" */
void tcphs_json_moment(struct tcphs_json *j, const char *key, int64_t ns);	/* CLOCK_REALTIME */
void tcphs_json_address(struct tcphs_json *j, const char *key, uint8_t family,
			const uint8_t *address);
/* pid, comm and, where it has one, thread; nothing of one that is not known. */
void tcphs_json_owner(struct tcphs_json *j, const char *prefix, const struct tcphs_owner *owner);

/* Their fields, into an object that is open (json_things.c) */
void tcphs_json_histogram(struct tcphs_json *j, const char *key, const struct tcphs_histogram *h);
void tcphs_json_cgroup(struct tcphs_json *j, struct tcphs_cgroups *cgroups, uint64_t id);
void tcphs_json_netns(struct tcphs_json *j, uint32_t inode);
void tcphs_json_conn(struct tcphs_json *j, const struct tcphs_conn_info *c);
void tcphs_json_listener(struct tcphs_json *j, const struct tcphs_listener *l);
void tcphs_json_status(struct tcphs_json *j, const struct tcphs_status *st);

/* For whoever writes the rest by hand: at most so many bytes for each of @len. */
#define TCPHS_JSON_ESCAPED 6
char *tcphs_json_escape(char *p, const void *s, size_t len);

#endif /* TCPHS_OUTPUT_H */

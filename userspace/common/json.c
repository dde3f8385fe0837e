/* SPDX-License-Identifier: GPL-2.0 */
/* JSON lines, written field by field. Every string that leaves here is valid UTF-8. */
#include <stdio.h>
#include <time.h>

#include "put.h"
#include "output.h"
#include "site.h"

static void key_of(struct tcphs_json *j, const char *key)
{
	size_t len;
	char *p;

	if (!key) {
		if (j->comma)
			tcphs_buf_char(j->out, ',');
		j->comma = true;
		return;
	}
	len = strlen(key);
	p = tcphs_buf_room(j->out, len + 4);
	if (j->comma)
		*p++ = ',';
	*p++ = '"';
	memcpy(p, key, len);
	p += len;
	*p++ = '"';
	*p++ = ':';
	tcphs_buf_commit(j->out, p);
	j->comma = true;
}

/**
 * tcphs_json_begin - the object of a line begins
 * @j: the writer
 * @out: where to
 */
void tcphs_json_begin(struct tcphs_json *j, struct tcphs_buf *out)
{
	*j = (struct tcphs_json){ .out = out };
	tcphs_buf_char(out, '{');
}

/**
 * tcphs_json_end - the object and its line end
 * @j: the writer
 */
void tcphs_json_end(struct tcphs_json *j)
{
	tcphs_buf_char(j->out, '}');
	tcphs_buf_newline(j->out);
}

/**
 * tcphs_json_open - an object or array inside begins
 * @j: the writer
 * @key: its name, or NULL inside an array
 * @bracket: '{' or '['
 */
void tcphs_json_open(struct tcphs_json *j, const char *key, char bracket)
{
	key_of(j, key);
	tcphs_buf_char(j->out, bracket);
	j->comma = false;
}

/**
 * tcphs_json_close - it ends
 * @j: the writer
 * @bracket: '}' or ']'
 */
void tcphs_json_close(struct tcphs_json *j, char bracket)
{
	tcphs_buf_char(j->out, bracket);
	j->comma = true;
}

/**
 * tcphs_json_u64 - a number
 * @j: the writer
 * @key: its name, or NULL
 * @v: the value
 */
void tcphs_json_u64(struct tcphs_json *j, const char *key, uint64_t v)
{
	key_of(j, key);
	tcphs_buf_u64(j->out, v);
}

/**
 * tcphs_json_i64 - a number that may be negative
 * @j: the writer
 * @key: its name, or NULL
 * @v: the value
 */
void tcphs_json_i64(struct tcphs_json *j, const char *key, int64_t v)
{
	key_of(j, key);
	if (v < 0)
		tcphs_buf_char(j->out, '-');
	tcphs_buf_u64(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/**
 * tcphs_json_bool - true or false
 * @j: the writer
 * @key: its name, or NULL
 * @v: the value
 */
void tcphs_json_bool(struct tcphs_json *j, const char *key, bool v)
{
	key_of(j, key);
	tcphs_buf_str(j->out, v ? "true" : "false");
}

/**
 * tcphs_json_hex - a cookie as ss prints it
 * @j: the writer
 * @key: its name
 * @v: the value
 */
void tcphs_json_hex(struct tcphs_json *j, const char *key, uint64_t v)
{
	key_of(j, key);
	tcphs_buf_char(j->out, '"');
	tcphs_buf_hex(j->out, v);
	tcphs_buf_char(j->out, '"');
}

/**
 * tcphs_json_moment - a time of day in UTC: 2026-11-28T03:12:30.000000000Z
 * @j: the writer
 * @key: its name
 * @ns: CLOCK_REALTIME, ns; may be of before 1970
 */
void tcphs_json_moment(struct tcphs_json *j, const char *key, int64_t ns)
{
	int64_t second = ns / 1000000000, rest = ns % 1000000000;
	time_t t = (time_t)(rest < 0 ? second - 1 : second);
	struct tm tm = { 0 };
	char text[48];
	size_t len;

	gmtime_r(&t, &tm);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%09dZ", (int)(rest < 0 ? rest + 1000000000 : rest));
	tcphs_json_str(j, key, text);
}

/**
 * tcphs_json_address - an address without its port
 * @j: the writer
 * @key: its name
 * @family: AF_INET or AF_INET6
 * @address: its 16 bytes
 */
void tcphs_json_address(struct tcphs_json *j, const char *key, uint8_t family,
			const uint8_t *address)
{
	char *p;

	key_of(j, key);
	p = tcphs_buf_room(j->out, TCPHS_ADDRESS_LEN + 2);
	*p++ = '"';
	p = tcphs_fmt_address(p, family, address);
	*p++ = '"';
	tcphs_buf_commit(j->out, p);
}

/* The length of the UTF-8 sequence at @s, or 0 where there is none. */
static size_t utf8_len(const uint8_t *s, size_t left)
{
	uint32_t c, least;
	size_t n, i;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	c = s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	least = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

static char *put_escaped(char *p, uint8_t c)
{
	static const char digit[] = "0123456789abcdef";

	*p++ = '\\';
	if (c == '"' || c == '\\') {
		*p++ = (char)c;
		return p;
	}
	p = PUT(p, "u00");
	*p++ = digit[c >> 4];
	*p++ = digit[c & 15];
	return p;
}

/*
 * One character of the @left bytes at @s, or one byte that belongs to none:
 * at most TCPHS_JSON_ESCAPED bytes. Sets @n to how many it took.
 */
static inline char *put_char(char *p, const uint8_t *s, size_t left, size_t *n)
{
	*n = 1;
	if (*s >= 0x20 && *s < 0x7f && *s != '"' && *s != '\\') {
		*p++ = (char)*s;
		return p;
	}
	*n = utf8_len(s, left);
	/* U+0080 to U+009F are control characters, to a terminal too. */
	if (*n == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		return put_escaped(p, s[1]);
	if (*n) {
		memcpy(p, s, *n);
		return p + *n;
	}
	*n = 1;
	return put_escaped(p, *s);
}

/**
 * tcphs_json_owner - who connected, accepted or listened
 * @j: the writer
 * @prefix: before each key
 * @owner: nothing is written of one that is not known
 */
void tcphs_json_owner(struct tcphs_json *j, const char *prefix, const struct tcphs_owner *owner)
{
	char key[32];

	if (!owner->known)
		return;
	snprintf(key, sizeof(key), "%spid", prefix);
	tcphs_json_u64(j, key, owner->pid);
	snprintf(key, sizeof(key), "%scgroup_id", prefix);
	if (owner->cgroup)
		tcphs_json_u64(j, key, SITE_CGROUP_ID(owner->cgroup));
	snprintf(key, sizeof(key), "%scomm", prefix);
	tcphs_json_str(j, key, owner->comm);
	snprintf(key, sizeof(key), "%sthread", prefix);
	if (*owner->thread)
		tcphs_json_str(j, key, owner->thread);
}

/**
 * tcphs_json_escape - what stands between the quotes of a string
 * @p: TCPHS_JSON_ESCAPED * @len bytes; no terminator is written
 * @s: any bytes
 * @len: how many
 */
char *tcphs_json_escape(char *p, const void *s, size_t len)
{
	const uint8_t *c = s;
	size_t n;

	for (; len; c += n, len -= n)
		p = put_char(p, c, len, &n);
	return p;
}

/**
 * tcphs_json_bytes - a string of any bytes
 * @j: the writer
 * @key: its name, or NULL
 * @s: the bytes
 * @len: how many
 *
 * Valid UTF-8 goes out as it is; a control character, or a byte that belongs to no
 * valid sequence, as \u00XX.
 */
void tcphs_json_bytes(struct tcphs_json *j, const char *key, const void *s, size_t len)
{
	const uint8_t *c = s;
	size_t n;
	char *p;

	key_of(j, key);
	tcphs_buf_char(j->out, '"');
	for (; len; c += n, len -= n) {
		p = tcphs_buf_room(j->out, TCPHS_JSON_ESCAPED);
		tcphs_buf_commit(j->out, put_char(p, c, len, &n));
	}
	tcphs_buf_char(j->out, '"');
}

/**
 * tcphs_json_str - a string
 * @j: the writer
 * @key: its name, or NULL
 * @s: the value
 */
void tcphs_json_str(struct tcphs_json *j, const char *key, const char *s)
{
	tcphs_json_bytes(j, key, s, strlen(s));
}

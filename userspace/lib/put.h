/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text in a hurry, for what is written several times an event.
 *
 * Nothing here ends its text with a NUL, and whoever calls has room to spare:
 * pieces are copied whole and numbers written two digits at once, without a
 * loop. What lies beyond the end the next piece overwrites.
 */
#ifndef TCPHS_PUT_H
#define TCPHS_PUT_H

#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) char *tcphs_put_mem(char *p, const void *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

/* Appends a literal. */
#define PUT(p, s) tcphs_put_mem(p, s, sizeof(s) - 1)

/* Text that is known beforehand: a copy of constant size is a few vector moves. */
struct tcphs_piece {
	char text[47];
	uint8_t len;
};

static inline char *tcphs_put_piece(char *p, const struct tcphs_piece *piece)
{
	memcpy(p, piece->text, sizeof(piece->text));
	return p + piece->len;
}

static inline char *tcphs_put_str(char *p, const char *s)
{
	return tcphs_put_mem(p, s, strlen(s));
}

extern const char tcphs_pairs[201];	/* 00 to 99 */

static inline char *tcphs_put_pair(char *p, unsigned int v)
{
	memcpy(p, &tcphs_pairs[v * 2], 2);
	return p + 2;
}

/* Less than 10000, as most numbers here are. */
static inline char *tcphs_put_small(char *p, unsigned int v)
{
	if (v < 10) {
		*p = (char)('0' + v);
		return p + 1;
	}
	if (v < 100)
		return tcphs_put_pair(p, v);
	if (v < 1000) {
		*p = (char)('0' + v / 100);
		return tcphs_put_pair(p + 1, v % 100);
	}
	p = tcphs_put_pair(p, v / 100);
	return tcphs_put_pair(p, v % 100);
}

/*
 * More digits than that come out of a fraction, two at a time: it is a fixed-point number
 * whose first two digits lie before the point, and times 100 the next two do. With 57 bits
 * behind the point that is exact for up to ten digits.
 */
#define TCPHS_POINT	57
/* What makes such a fraction of @v, which is less than 100 * @unit. */
#define TCPHS_FRACTION(v, unit)	((v) * ((1ull << TCPHS_POINT) / (unit) + 1))

static inline char *tcphs_put_first(char *p, uint64_t fraction)
{
	return tcphs_put_pair(p, (unsigned int)(fraction >> TCPHS_POINT));
}

/* The next two digits; @fraction moves on. */
static inline char *tcphs_put_next(char *p, uint64_t *fraction)
{
	*fraction = (*fraction & ((1ull << TCPHS_POINT) - 1)) * 100;
	return tcphs_put_first(p, *fraction);
}

/* Six digits, with zeros before them. */
static inline char *tcphs_put_6(char *p, uint32_t v)
{
	uint64_t fraction = TCPHS_FRACTION((uint64_t)v, 10000);

	p = tcphs_put_first(p, fraction);
	p = tcphs_put_next(p, &fraction);
	return tcphs_put_next(p, &fraction);
}

/* Eight. */
static inline char *tcphs_put_8(char *p, uint32_t v)
{
	uint64_t fraction = TCPHS_FRACTION((uint64_t)v, 1000000);

	p = tcphs_put_first(p, fraction);
	p = tcphs_put_next(p, &fraction);
	p = tcphs_put_next(p, &fraction);
	return tcphs_put_next(p, &fraction);
}

/* Nine. */
static inline char *tcphs_put_9(char *p, uint32_t v)
{
	uint64_t fraction = TCPHS_FRACTION((uint64_t)v, 100000000);

	*p++ = (char)('0' + (fraction >> TCPHS_POINT));
	p = tcphs_put_next(p, &fraction);
	p = tcphs_put_next(p, &fraction);
	p = tcphs_put_next(p, &fraction);
	return tcphs_put_next(p, &fraction);
}

char *tcphs_put_large(char *p, uint64_t v);	/* 10000 and more */

static inline char *tcphs_put_u64(char *p, uint64_t v)
{
	return v < 10000 ? tcphs_put_small(p, (unsigned int)v) : tcphs_put_large(p, v);
}

#endif /* TCPHS_PUT_H */

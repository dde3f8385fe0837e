/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text in a hurry, for what is written several times an event.
 *
 * Nothing here ends its text with a NUL, and whoever calls has room to spare:
 * pieces are copied whole and large numbers written eight digits at once, since
 * that takes no loop. What lies beyond the end the next piece overwrites.
 */
#ifndef TCPHS_PUT_H
#define TCPHS_PUT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Appends a literal. */
#define PUT(p, s) (memcpy(p, s, sizeof(s) - 1), (p) + sizeof(s) - 1)

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
	size_t n = strlen(s);

	memcpy(p, s, n);
	return p + n;
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

#define TCPHS_ASCII8 0x3030303030303030ull

/*
 * The eight digits of @v < 10^8 as bytes, the first one lowest. A number is cut
 * into two of four digits, these into four of two and these into eight, all
 * parts in one multiplication: by 1 / 100 as 5243 / 2^19 and by 1 / 10 as
 * 103 / 2^10, which are exact for four and two digits.
 */
static inline uint64_t tcphs_digits8(uint32_t v)
{
	uint64_t x = (uint64_t)(v % 10000) << 32 | v / 10000, q;

	q = (x * 5243 >> 19) & 0x0000007f0000007full;
	x = (x << 16) - q * ((100 << 16) - 1);
	q = (x * 103 >> 10) & 0x000f000f000f000full;
	return (x << 8) - q * ((10 << 8) - 1);
}

static inline void tcphs_store8(char *p, uint64_t x)
{
	x = htole64(x);
	memcpy(p, &x, sizeof(x));
}

char *tcphs_put_large(char *p, uint64_t v);	/* 10000 and more */

static inline char *tcphs_put_u64(char *p, uint64_t v)
{
	return v < 10000 ? tcphs_put_small(p, (unsigned int)v) : tcphs_put_large(p, v);
}

#endif /* TCPHS_PUT_H */

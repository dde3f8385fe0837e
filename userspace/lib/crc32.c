/* SPDX-License-Identifier: GPL-2.0 */
/* CRC-32 as in IEEE 802.3, zip and zlib, eight bytes at a time ("slicing by 8"). */
#include <endian.h>

#include "tcphs_lib.h"

#define POLYNOMIAL 0xedb88320u

/* [k][b]: what the byte b does to the checksum when k more bytes follow. */
static uint32_t table[8][256];

static void make_table(void)
{
	uint32_t i, bit, v;
	int k;

	for (i = 0; i < 256; i++) {
		for (v = i, bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
		table[0][i] = v;
	}
	for (i = 0; i < 256; i++)
		for (k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

/**
 * tcphs_crc32 - the checksum of more bytes
 * @crc: of the bytes before, 0: there are none
 * @data: the bytes
 * @len: how many
 */
uint32_t tcphs_crc32(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v;

	if (!table[0][1])
		make_table();
	crc = ~crc;
	for (; len >= sizeof(v); p += sizeof(v), len -= sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		v = le64toh(v) ^ crc;
		crc = table[7][v & 0xff] ^ table[6][v >> 8 & 0xff] ^
		      table[5][v >> 16 & 0xff] ^ table[4][v >> 24 & 0xff] ^
		      table[3][v >> 32 & 0xff] ^ table[2][v >> 40 & 0xff] ^
		      table[1][v >> 48 & 0xff] ^ table[0][v >> 56];
	}
	for (; len; p++, len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return ~crc;
}

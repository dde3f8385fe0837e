// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a recording. Few mutations keep a checksum, so each input is read
 * as it is, with the checksums that it should have had, and with these packed into frames
 * with an index that says whatever the input does.
 */
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "sink.h"

/* Documentation/recording.md has these. */
#define HEAD_LEN	40
#define HEAD_CRC	36
#define PIECE_LEN	16
#define PIECE_LENGTH	4
#define PIECE_NUMBER	8
#define PIECE_CRC	12

/* Half a byte at a time: the polynomial times 0 to 15. */
static uint32_t crc_of(uint32_t crc, const uint8_t *p, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	for (crc = ~crc; len--; p++) {
		crc = crc >> 4 ^ table[(crc ^ *p) & 15];
		crc = crc >> 4 ^ table[(crc ^ *p >> 4) & 15];
	}
	return ~crc;
}

static void repair(uint8_t *data, size_t len)
{
	uint32_t crc, length, number = 0;

	if (len < HEAD_LEN)
		return;
	crc = crc_of(0, data, HEAD_CRC);
	memcpy(data + HEAD_CRC, &crc, sizeof(crc));
	for (data += HEAD_LEN, len -= HEAD_LEN; len > PIECE_LEN; number++) {
		memcpy(&length, data + PIECE_LENGTH, sizeof(length));
		if (length > len - PIECE_LEN)
			break;
		memcpy(data + PIECE_NUMBER, &number, sizeof(number));
		crc = crc_of(crc_of(0, data, PIECE_CRC), data + PIECE_LEN, length);
		memcpy(data + PIECE_CRC, &crc, sizeof(crc));
		data += PIECE_LEN + length;
		len -= PIECE_LEN + length;
	}
}

/* The index entry of Documentation/recording.md. */
struct entry {
	uint32_t skippable, size;
	uint8_t magic[8];
	uint64_t start, first, last;
	int64_t clock, file_first, file_last;
	uint32_t events, bytes, flags, crc;
};

/* What the bytes say of the frame that ends behind @len, as an entry that is taken on trust. */
static size_t put_entry(uint8_t *to, uint64_t start, const uint8_t *data, size_t len)
{
	struct entry e = {
		.skippable = 0x184d2a5e, .size = sizeof(e) - 8,
		.magic = { 0x89, 't', 'c', 'p', 'h', 's', 'i', '\n' }, .start = start,
		.last = UINT32_MAX, .flags = TCPHS_ABI_MAJOR << 16,
	};

	if (len >= 2 * HEAD_LEN)
		memcpy(&e.first, data + len - HEAD_LEN, HEAD_LEN);
	if (len)
		e.flags ^= data[len - 1];
	e.crc = crc_of(0, e.magic, sizeof(e) - 8 - sizeof(e.crc));
	memcpy(to, &e, sizeof(e));
	return sizeof(e);
}

static void read_bytes(const uint8_t *data, size_t len);

/* In two frames, an entry behind each. */
static void read_packed(const uint8_t *data, size_t len)
{
	size_t half = len / 2, cap = 2 * ZSTD_compressBound(len) + 2 * sizeof(struct entry);
	uint8_t *packed = malloc(cap);
	size_t n, start;

	must(packed != NULL, "no memory");
	n = ZSTD_compress(packed, cap, data, half, 1);
	n += put_entry(packed + n, 0, data, half);
	start = n;
	n += ZSTD_compress(packed + n, cap - n, data + half, len - half, 1);
	n += put_entry(packed + n, len % 7 ? start : len, data, len);
	read_bytes(packed, n);
	free(packed);
}

static void read_recording(int fd)
{
	struct tcphs_error err = { .text = "" };
	struct tcphs_recording *r;
	size_t records;

	r = tcphs_recording_open(fd, "fuzz", NULL, NULL, &err);
	if (!r) {
		must(err.code && *err.text, "refused without a word");
		return;
	}
	while (tcphs_recording_read(r, &sink_ops, NULL, &err) > 0)
		;
	records = sink.records;
	/* What was read once is read the same again. */
	if (!tcphs_recording_rewind(r, &err)) {
		sink.records = 0;
		while (tcphs_recording_read(r, &sink_ops, NULL, &err) > 0)
			;
		must(sink.records == records, "the second reading differs");
	}
	/* A part of it is no more than that. */
	tcphs_recording_window(r, 0, INT64_MAX / 2);
	if (!tcphs_recording_rewind(r, &err)) {
		sink.records = 0;
		while (tcphs_recording_read(r, &sink_ops, NULL, &err) > 0)
			;
		must(sink.records <= records, "a part has more than the whole");
	}
	tcphs_recording_close(r);
	sink_end();
}

static void read_bytes(const uint8_t *data, size_t len)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, data, len, 0) == (ssize_t)len &&
	     !lseek(fd, 0, SEEK_SET), "no file");
	read_recording(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	must(copy != NULL, "no memory");
	memcpy(copy, data, len);
	read_bytes(copy, len);
	repair(copy, len);
	read_bytes(copy, len);
	read_packed(copy, len);
	free(copy);
	return 0;
}

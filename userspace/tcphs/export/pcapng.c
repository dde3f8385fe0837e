/* SPDX-License-Identifier: GPL-2.0 */
/* The blocks of a pcapng file. */
#include "pcapng.h"

enum {
	BLOCK_SECTION	= 0x0a0d0d0a,
	BLOCK_INTERFACE	= 1,
	BLOCK_PACKET	= 6,	/* enhanced */

	OPTION_END	= 0,
	OPTION_COMMENT	= 1,
	SECTION_APPLICATION	= 4,	/* shb_userappl */
	INTERFACE_NAME	= 2,	/* if_name */
	INTERFACE_DESCRIPTION	= 3,	/* if_description */
	INTERFACE_TSRESOL	= 9,	/* if_tsresol */
	PACKET_FLAGS	= 2,	/* epb_flags */

	BYTE_ORDER_MAGIC	= 0x1a2b3c4d,
	LINKTYPE_RAW	= 101,	/* what the first four bits say: IPv4 or IPv6 */
	DIRECTION_INBOUND	= 1,
	DIRECTION_OUTBOUND	= 2,
	TSRESOL_NS	= 9,	/* 10^-9 s */
};

/* Lengths in bytes, without the padding to four. */
struct option {
	uint16_t code;
	uint16_t len;
	const void *value;
};

static uint32_t padded(uint32_t len)
{
	return (len + 3) & ~3u;
}

static void put_padded(struct tcphs_buf *out, const void *data, uint32_t len)
{
	tcphs_buf_mem(out, data, len);
	tcphs_buf_mem(out, "\0\0\0", padded(len) - len);
}

static struct option text(uint16_t code, const char *value)
{
	size_t len = strlen(value);

	return (struct option){ code, (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX), value };
}

static uint32_t options_len(const struct option *options, unsigned int nr)
{
	uint32_t len = 4;	/* their end */
	unsigned int i;

	for (i = 0; i < nr; i++)
		len += 4 + padded(options[i].len);
	return len;
}

static void put_options(struct tcphs_buf *out, const struct option *options, unsigned int nr)
{
	static const struct { uint16_t code, len; } end = { OPTION_END, 0 };
	unsigned int i;

	for (i = 0; i < nr; i++) {
		tcphs_buf_mem(out, &options[i].code, sizeof(options[i].code));
		tcphs_buf_mem(out, &options[i].len, sizeof(options[i].len));
		put_padded(out, options[i].value, options[i].len);
	}
	tcphs_buf_mem(out, &end, sizeof(end));
}

/* A block begins with its type and length, and ends with its length. */
static void put_block(struct tcphs_buf *out, uint32_t type, const void *fixed, uint32_t fixed_len,
		      const void *data, uint32_t data_len, const struct option *options,
		      unsigned int nr)
{
	uint32_t len = 12 + fixed_len + padded(data_len) + options_len(options, nr);

	tcphs_buf_mem(out, &type, sizeof(type));
	tcphs_buf_mem(out, &len, sizeof(len));
	tcphs_buf_mem(out, fixed, fixed_len);
	put_padded(out, data, data_len);
	put_options(out, options, nr);
	tcphs_buf_mem(out, &len, sizeof(len));
}

/**
 * pcapng_section - the beginning of a file
 * @out: where to
 * @application: what wrote it, with its version
 * @comment: about all of it
 */
void pcapng_section(struct tcphs_buf *out, const char *application, const char *comment)
{
	static const struct {
		uint32_t magic;
		uint16_t major, minor;
		int32_t len[2];		/* 64 bits of -1: not known, until the end of the file */
	} fixed = { BYTE_ORDER_MAGIC, 1, 0, { -1, -1 } };
	const struct option options[] = {
		text(OPTION_COMMENT, comment), text(SECTION_APPLICATION, application),
	};

	put_block(out, BLOCK_SECTION, &fixed, sizeof(fixed), "", 0, options, 2);
}

/**
 * pcapng_interface - an interface, which stands before its first packet
 * @out: where to
 * @name: of it
 * @description: what it is
 */
void pcapng_interface(struct tcphs_buf *out, const char *name, const char *description)
{
	static const struct {
		uint16_t link, reserved;
		uint32_t snaplen;	/* 0: packets are not cut */
	} fixed = { .link = LINKTYPE_RAW };
	static const uint8_t resolution = TSRESOL_NS;
	const struct option options[] = {
		text(INTERFACE_NAME, name), text(INTERFACE_DESCRIPTION, description),
		{ INTERFACE_TSRESOL, 1, &resolution },
	};

	put_block(out, BLOCK_INTERFACE, &fixed, sizeof(fixed), "", 0, options, 3);
}

/**
 * pcapng_packet - a packet
 * @out: where to
 * @packet: it
 */
void pcapng_packet(struct tcphs_buf *out, const struct pcapng_packet *packet)
{
	const uint32_t fixed[] = {
		packet->interface, (uint32_t)(packet->time >> 32), (uint32_t)packet->time,
		packet->len, packet->len,
	};
	uint32_t flags = packet->outbound ? DIRECTION_OUTBOUND : DIRECTION_INBOUND;
	const struct option options[] = {
		text(OPTION_COMMENT, packet->comment), { PACKET_FLAGS, sizeof(flags), &flags },
	};

	put_block(out, BLOCK_PACKET, fixed, sizeof(fixed), packet->data, packet->len, options, 2);
}

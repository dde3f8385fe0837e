/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages and blocks of events, whose records are not copied, and the ends of answers. */
#include "attr.h"
#include "internal.h"

#define RECORD_LEN (sizeof(struct nlattr) + sizeof(struct tcphs_event))

_Static_assert(ATTR_ALIGN(RECORD_LEN) == RECORD_LEN, "records follow each other without padding");

/*
 * Is a whole record next? Nearly all of a dump is a run of them, so they have a
 * way of their own; whatever is no such record tcphs_walk_next() looks at.
 */
static inline bool at_record(const struct attr_walk *w)
{
	static const struct nlattr record = {
		.nla_len = RECORD_LEN,
		.nla_type = TCPHS_A_EVENT_RECORD,
	};

	return (size_t)(w->end - w->p) >= RECORD_LEN && !memcmp(w->p, &record, sizeof(record));
}

static inline uint32_t skip_records(struct attr_walk *w)
{
	uint32_t nr = 0;

	for (; at_record(w); w->p += RECORD_LEN)
		nr++;
	return nr;
}

static inline char *copy_records(struct attr_walk *w, char *to, size_t stride)
{
	for (; at_record(w); w->p += RECORD_LEN, to += stride)
		memcpy(to, w->p + sizeof(struct nlattr), sizeof(struct tcphs_event));
	return to;
}

/* What stands beside the records. */
struct beside {
	uint64_t lost;
	uint64_t next;
	uint32_t cpu;
	uint8_t kept;
	bool has_next, has_cpu;
};

static int decode_beside(const struct attr *a, struct beside *to)
{
	static const struct attr_known known[] = {
		[TCPHS_A_EVENT_CPU]	= TO_TOLD(beside, cpu, has_cpu),
		[TCPHS_A_EVENT_LOST]	= TO(beside, lost),
		[TCPHS_A_EVENT_NEXT]	= TO_TOLD(beside, next, has_next),
		[TCPHS_A_EVENT_KEPT]	= TO(beside, kept),
	};
	static const struct attr_table table = ATTR_TABLE(known);

	return tcphs_decode_attr(&table, a, to);
}

/**
 * tcphs_decode_batch - one message of the answer to TCPHS_CMD_EVENT_GET
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: what it says; points into @msg
 */
int tcphs_decode_batch(const void *msg, size_t len, struct tcphs_batch *out)
{
	struct beside beside = { .cpu = 0 };
	struct attr_walk w;
	struct attr a;
	int err;

	memset(out, 0, sizeof(*out));
	err = tcphs_walk_genl(&w, msg, len);
	if (err)
		return err;
	out->attrs = w.p;
	out->attrs_len = (size_t)(w.end - w.p);

	for (;;) {
		out->nr += skip_records(&w);
		err = tcphs_walk_next(&w, &a);
		if (err <= 0)
			break;
		/* A record whose header has flags, or that is none. */
		if (a.type == TCPHS_A_EVENT_RECORD) {
			err = a.len == sizeof(struct tcphs_event) ? 0 : -EBADMSG;
			out->nr++;
		} else {
			err = decode_beside(&a, &beside);
		}
		if (err)
			return err;
	}
	out->cpu = beside.cpu;
	out->lost = beside.lost;
	out->next = beside.next;
	out->kept = beside.kept;
	return err ? err : beside.has_cpu && beside.has_next ? 0 : -EBADMSG;
}

/**
 * tcphs_decode_block - one block of /proc/tcphs_records
 * @data: where it begins
 * @len: bytes that may be read
 * @out: what it says; points into @data
 *
 * Return: bytes it takes, 0: it is none.
 */
size_t tcphs_decode_block(const void *data, size_t len, struct tcphs_batch *out)
{
	struct tcphs_block block;

	if (len < sizeof(block))
		return 0;
	memcpy(&block, data, sizeof(block));
	if (block.nr > (len - sizeof(block)) / sizeof(struct tcphs_event))
		return 0;
	*out = (struct tcphs_batch){
		.cpu = block.cpu, .nr = block.nr, .lost = block.lost, .next = block.next,
		.kept = block.kept, .records = (const char *)data + sizeof(block),
	};
	return sizeof(block) + block.nr * sizeof(struct tcphs_event);
}

static void copy_block(const struct tcphs_batch *batch, char *to, size_t stride)
{
	const char *from = batch->records;
	uint32_t i;

	for (i = 0; i < batch->nr; i++, to += stride, from += sizeof(struct tcphs_event))
		memcpy(to, from, sizeof(struct tcphs_event));
}

static void copy_attrs(const struct tcphs_batch *batch, char *to, size_t stride)
{
	struct attr_walk w = {
		.p = batch->attrs,
		.end = (const uint8_t *)batch->attrs + batch->attrs_len,
	};
	struct attr a;

	for (;;) {
		to = copy_records(&w, to, stride);
		if (tcphs_walk_next(&w, &a) <= 0)
			break;
		if (a.type != TCPHS_A_EVENT_RECORD)
			continue;
		memcpy(to, a.data, sizeof(struct tcphs_event));
		to += stride;
	}
}

/**
 * tcphs_batch_copy - the records of a batch
 * @batch: from tcphs_decode_batch() or tcphs_decode_block(); what it points to is still there
 * @out: room for @batch->nr elements that begin with a struct tcphs_event
 * @stride: size of one
 *
 * In a message they stand on four-byte boundaries only, hence the copy.
 */
void tcphs_batch_copy(const struct tcphs_batch *batch, void *out, size_t stride)
{
	if (batch->records)
		copy_block(batch, out, stride);
	else
		copy_attrs(batch, out, stride);
}

static void decode_extack(struct attr_walk *w, struct tcphs_ack *out)
{
	static const struct attr_known known[] = {
		[NLMSGERR_ATTR_MSG] = TO_STRING(tcphs_ack, text),
	};
	static const struct attr_table table = ATTR_TABLE(known);

	/* A cut extack is no reason to hide the error it belongs to. */
	tcphs_decode_all(&table, w, out);
}

/**
 * tcphs_decode_ack - NLMSG_ERROR or NLMSG_DONE
 * @msg: the message, from its struct nlmsghdr on
 * @len: bytes that may be read
 * @out: the error, 0 for none, and the kernel's words about it
 */
int tcphs_decode_ack(const void *msg, size_t len, struct tcphs_ack *out)
{
	struct nlmsghdr nlh, request;
	int32_t error = 0;
	struct attr_walk w;
	size_t skip;

	memset(out, 0, sizeof(*out));
	if (tcphs_walk_message(&w, msg, len, 0))
		return -EBADMSG;
	memcpy(&nlh, msg, sizeof(nlh));

	/* An NLMSG_DONE without a number is the plain end of a dump. */
	if ((size_t)(w.end - w.p) < sizeof(error))
		return nlh.nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, w.p, sizeof(error));
	if (error > 0)
		return nlh.nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	out->error = error;
	w.p += sizeof(error);
	if (!(nlh.nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;

	if (nlh.nlmsg_type == NLMSG_ERROR) {
		if ((size_t)(w.end - w.p) < sizeof(request))
			return 0;
		memcpy(&request, w.p, sizeof(request));
		skip = sizeof(request);
		if (!(nlh.nlmsg_flags & NLM_F_CAPPED))
			skip = ATTR_ALIGN((size_t)request.nlmsg_len);
		if (skip > (size_t)(w.end - w.p))
			return 0;
		w.p += skip;
	}
	decode_extack(&w, out);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as events, into both formats that tcphs export writes: the blocks of pcapng must
 * be whole, JSON must have no control character. The bytes before each event say how the
 * clock was set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/packets.h"
#include "export/trace.h"

struct input {
	int64_t clock;
	struct tcphs_event ev;
};

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

static uint32_t word(const struct tcphs_buf *b, size_t at)
{
	uint32_t v;

	must(at + sizeof(v) <= b->len, "a block that is cut off");
	memcpy(&v, b->data + at, sizeof(v));
	return v;
}

/* Draft draft-ietf-opsawg-pcapng: type, length, content, length. */
static size_t blocks_of(const struct tcphs_buf *b)
{
	size_t at = 0, packets = 0;
	uint32_t len;

	while (at < b->len) {
		len = word(b, at + 4);
		must(len >= 12 && len % 4 == 0 && len <= b->len - at, "the length of a block");
		must(word(b, at + len - 4) == len, "the length behind a block");
		packets += word(b, at) == 6;
		at += len;
	}
	return packets;
}

static void to_pcapng(const struct input *in, size_t nr)
{
	struct tcphs_buf out;
	struct packets *p;
	size_t i;

	must(!tcphs_buf_init(&out, -1), "no memory");
	p = packets_new(&out, netns_number);
	must(p != NULL, "no memory");
	for (i = 0; i < nr; i++) {
		if (in[i].clock % 5 == 0)
			packets_lost(p, in[i].ev.number);
		packets_event(p, &in[i].ev, in[i].clock);
	}
	must(!packets_end(p), "no end");
	must(blocks_of(&out) == packets_counts(p)->packets, "as many packets as are counted");
	must(packets_counts(p)->packets + packets_counts(p)->numberless <= nr * SEGMENTS_MAX,
	     "a segment that nobody reported of");
	packets_free(p);
	tcphs_buf_free(&out);
}

static void to_trace(const struct input *in, size_t nr)
{
	struct tcphs_buf out;
	struct trace *t;
	size_t i;

	must(!tcphs_buf_init(&out, -1), "no memory");
	t = trace_new(&out, netns_number);
	must(t != NULL, "no memory");
	for (i = 0; i < nr; i++) {
		if (in[i].clock % 5 == 0)
			trace_lost(t, in[i].ev.number);
		trace_event(t, &in[i].ev, in[i].clock);
	}
	must(!trace_end(t, nr ? in[0].ev.time : 0), "no end");
	for (i = 0; i < out.len; i++)
		must((uint8_t)out.data[i] >= ' ' || out.data[i] == '\n', "a control character");
	trace_free(t);
	tcphs_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t nr = len / sizeof(struct input);
	struct input *in = calloc(nr + 1, sizeof(*in));

	must(in != NULL, "no memory");
	memcpy(in, data, nr * sizeof(*in));
	to_pcapng(in, nr);
	to_trace(in, nr);
	free(in);
	return 0;
}

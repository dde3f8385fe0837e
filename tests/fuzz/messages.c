// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as what the kernel sends: a datagram of netlink messages, or what is read of
 * a file, goes through every decoder, and what they let pass through the merge of the CPUs and out as text
 * and as JSON. Whatever was sent, no byte of it may do more to a terminal than be
 * read, and no record may get lost on the way.
 */
#include <linux/netlink.h>

#include "sink.h"

static void must_end(const char *s, size_t size)
{
	must(memchr(s, '\0', size) != NULL, "a string without an end");
}

static void decode_tables(const void *msg, size_t len)
{
	static struct tcphs_status status;
	static struct tcphs_listener listener;
	static struct tcphs_conn_info conn;
	static struct tcphs_family family;
	static struct tcphs_ack ack;
	unsigned int i;

	if (!tcphs_decode_status(msg, len, &status)) {
		must(status.nhooks <= TCPHS_HOOKS_MAX, "too many hooks");
		must_end(status.version, sizeof(status.version));
		for (i = 0; i < status.nhooks; i++) {
			must_end(status.hook[i].name, sizeof(status.hook[i].name));
			must_end(status.hook[i].shows, sizeof(status.hook[i].shows));
		}
		for (i = 0; i <= TCPHS_HIST_MAX; i++)
			tcphs_hist_quantile(&status.hist[i], 990);
	}
	if (!tcphs_decode_listener(msg, len, &listener)) {
		must_end(listener.owner.comm, sizeof(listener.owner.comm));
		must(tcphs_hist_quantile(&listener.wait, 500) <=
		     tcphs_hist_quantile(&listener.wait, 999), "quantiles fall");
	}
	if (!tcphs_decode_conn(msg, len, &conn))
		must_end(conn.owner.comm, sizeof(conn.owner.comm));
	tcphs_decode_family(msg, len, &family);
	tcphs_decode_ack(msg, len, &ack);
	must_end(ack.text, sizeof(ack.text));
	must(ack.error <= 0, "an error above zero");
}

/* Records that a message adds; the rest of it is looked at too. */
static size_t take_message(struct tcphs_events *evs, const uint8_t *msg, size_t len)
{
	struct tcphs_batch batch;

	decode_tables(msg, len);
	if (tcphs_decode_batch(msg, len, &batch))
		return 0;
	must(!tcphs_events_add(evs, &batch), "no memory");
	return batch.nr;
}

/* As what is read of /proc/tcphs_records. */
static size_t take_blocks(struct tcphs_events *evs, const uint8_t *data, size_t len)
{
	struct tcphs_batch batch;
	size_t records = 0, size;

	while (len && (size = tcphs_decode_block(data, len, &batch))) {
		must(size <= len, "a block of more bytes than there are");
		must(!tcphs_events_add(evs, &batch), "no memory");
		records += batch.nr;
		data += size;
		len -= size;
	}
	return records;
}

/* As the tools walk through a datagram. */
static size_t take_datagram(struct tcphs_events *evs, const uint8_t *data, size_t len)
{
	size_t records = 0, step;
	struct nlmsghdr nlh;

	while (len >= sizeof(nlh)) {
		memcpy(&nlh, data, sizeof(nlh));
		records += take_message(evs, data, len);
		if (nlh.nlmsg_len < sizeof(nlh) || nlh.nlmsg_len > len)
			break;
		step = NLMSG_ALIGN(nlh.nlmsg_len);
		if (step >= len)
			break;
		data += step;
		len -= step;
	}
	return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tcphs_events *evs = tcphs_events_new(true, TCPHS_KEPT_NOT, NULL);
	size_t records;

	must(evs != NULL, "no memory");
	/* What one half of the input brings may be out before the other comes. */
	records = take_datagram(evs, data, len / 2);
	tcphs_events_begin(evs, 0);
	tcphs_events_emit(evs, &sink_ops, NULL);
	records += take_datagram(evs, data, len);
	records += take_blocks(evs, data, len);
	tcphs_events_emit_all(evs, &sink_ops, NULL);
	must(sink.records == records && !tcphs_events_held(evs), "records were lost on the way");
	sink_end();
	tcphs_events_free(evs);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages, right and wrong, through the decoders. Each is copied to a heap
 * block of exactly its size first, so that the ASan build of this test sees
 * the first byte read beyond it.
 */
#include <errno.h>

#include "msg.h"
#include "tap.h"
#include "internal.h"

static struct tcphs_status status;
static struct tcphs_listener listener;
static struct tcphs_conn_info conn;
static struct tcphs_batch batch;
static struct tcphs_family family;
static struct tcphs_ack ack;

/* A batch points into its message, so that message stays until the next one. */
static uint8_t *block;

static const void *exact(const void *data, size_t len)
{
	free(block);
	block = malloc(len ? len : 1);
	if (!block)
		abort();
	memcpy(block, data, len);
	return block;
}

static void decode_all(const void *data, size_t len)
{
	struct tcphs_event *records;
	const void *msg = exact(data, len);

	tcphs_decode_status(msg, len, &status);
	tcphs_decode_listener(msg, len, &listener);
	tcphs_decode_conn(msg, len, &conn);
	tcphs_decode_family(msg, len, &family);
	tcphs_decode_ack(msg, len, &ack);
	if (tcphs_decode_batch(msg, len, &batch) || !batch.nr)
		return;
	records = calloc(batch.nr, sizeof(*records));
	if (!records)
		abort();
	tcphs_batch_copy(&batch, records, sizeof(*records));
	free(records);
}

static void make_count(struct msg *m, uint16_t type, uint8_t id, uint64_t value)
{
	size_t at = msg_nest(m, type);

	msg_u8(m, TCPHS_A_COUNT_ID, id);
	msg_u64(m, TCPHS_A_COUNT_VALUE, value);
	msg_nest_end(m, at);
}

static void make_hist(struct msg *m, uint16_t type, uint8_t id)
{
	uint64_t bucket[TCPHS_HIST_BUCKETS] = { [17] = 5 };
	size_t at = msg_nest(m, type);

	msg_u8(m, TCPHS_A_HIST_ID, id);
	msg_u64(m, TCPHS_A_HIST_COUNT, 5);
	msg_u64(m, TCPHS_A_HIST_MAX_NS, 12345);
	msg_attr(m, TCPHS_A_HIST_BUCKETS, bucket, sizeof(bucket));
	msg_nest_end(m, at);
}

static void make_hook(struct msg *m, const char *name, bool active)
{
	size_t at = msg_nest(m, TCPHS_A_STATUS_HOOK);

	msg_str(m, TCPHS_A_HOOK_NAME, name);
	msg_u8(m, TCPHS_A_HOOK_KIND, TCPHS_HOOK_FTRACE);
	msg_attr(m, TCPHS_A_HOOK_REQUIRED, NULL, 0);
	if (active)
		msg_attr(m, TCPHS_A_HOOK_ACTIVE, NULL, 0);
	else
		msg_attr(m, TCPHS_A_HOOK_UNUSABLE, NULL, 0);
	msg_str(m, TCPHS_A_HOOK_SHOWS, "something");
	if (active) {
		msg_u64(m, TCPHS_A_HOOK_HITS, 1000003);
		msg_u64(m, TCPHS_A_HOOK_MISSED, 7);
	}
	msg_nest_end(m, at);
}

static void make_status(struct msg *m)
{
	msg_genl(m, 30, 0, TCPHS_CMD_STATUS_GET);
	msg_str(m, TCPHS_A_STATUS_VERSION, "1.2.3");
	msg_u16(m, TCPHS_A_STATUS_ABI_MAJOR, 1);
	msg_u64(m, TCPHS_A_STATUS_UPTIME, 7000000000ull);
	msg_u32(m, TCPHS_A_STATUS_NETNS, 4026531840u);
	msg_u64(m, TCPHS_A_STATUS_OVERWRITTEN, 0);
	make_hook(m, "tcp_conn_request", true);
	make_hook(m, "tcp_check_req", false);
	make_count(m, TCPHS_A_STATUS_STATE, TCPHS_STATE_ESTABLISHED, 41);
	make_count(m, TCPHS_A_STATUS_STATE, 250, 1);
	make_count(m, TCPHS_A_STATUS_EVENT, TCPHS_EV_UNLISTEN, 43);
	make_count(m, TCPHS_A_STATUS_FAILURE, TCPHS_REASON_OTHER, 47);
	make_count(m, TCPHS_A_STATUS_REFUSED, TCPHS_REFUSED_SHARE, 53);
	make_count(m, TCPHS_A_STATUS_REFUSED, 250, 1);
	make_hist(m, TCPHS_A_STATUS_HIST, TCPHS_HIST_TIME_WAIT);
	make_hist(m, TCPHS_A_STATUS_HIST, 99);
	msg_u32(m, 1000, 5);
}

static void test_status(void)
{
	static struct msg m;
	int i;

	make_status(&m);
	ok(!tcphs_decode_status(exact(m.data, m.len), m.len, &status), "a status");
	same(status.version, "1.2.3", "its version");
	ok(status.uptime == 7000000000ull && status.netns == 4026531840u, "its numbers");
	ok(status.has_overwritten, "a zero that was told is told apart from none");
	ok(status.nhooks == 2 && status.hook[0].active && !status.hook[1].active &&
	   !status.hook[0].unusable && status.hook[1].unusable &&
	   status.hook[1].required && !strcmp(status.hook[1].name, "tcp_check_req"), "its hooks");
	ok(status.hook[0].has_hits && status.hook[0].hits == 1000003 &&
	   status.hook[0].missed == 7 && !status.hook[1].has_hits && !status.hook[1].missed,
	   "how often they fired and missed, where that is told");
	ok(status.state[TCPHS_STATE_ESTABLISHED] == 41 && status.event[TCPHS_EV_UNLISTEN] == 43 &&
	   status.failure[TCPHS_REASON_OTHER] == 47 &&
	   status.refused[TCPHS_REFUSED_SHARE] == 53, "its counters; unknown ones are skipped");
	ok(status.hist[TCPHS_HIST_TIME_WAIT].bucket[17] == 5 &&
	   status.hist[TCPHS_HIST_TIME_WAIT].max_ns == 12345, "its histograms");

	for (i = 0; i < 2 * TCPHS_HOOKS_MAX; i++)
		make_hook(&m, "a name that is much longer than the sixty-four bytes there are for it",
			  true);
	ok(!tcphs_decode_status(exact(m.data, m.len), m.len, &status) &&
	   status.nhooks == TCPHS_HOOKS_MAX, "more hooks than there is room for");
	ok(strlen(status.hook[5].name) == sizeof(status.hook[5].name) - 1, "a name too long is cut");

	msg_genl(&m, 30, 0, TCPHS_CMD_STATUS_GET);
	ok(tcphs_decode_status(exact(m.data, m.len), m.len, &status) == -EBADMSG,
	   "a status without an ABI version");
	msg_u32(&m, TCPHS_A_STATUS_ABI_MAJOR, 1);
	ok(tcphs_decode_status(exact(m.data, m.len), m.len, &status) == -EBADMSG,
	   "a number of the wrong length");
}

static void test_listener(void)
{
	uint8_t address[16] = { 10, 0, 0, 1 };
	static struct msg m;

	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_LISTENER_GET);
	msg_u8(&m, TCPHS_A_LISTENER_FAMILY, AF_INET);
	msg_attr(&m, TCPHS_A_LISTENER_ADDRESS, address, sizeof(address));
	msg_u16(&m, TCPHS_A_LISTENER_PORT, 80);
	msg_attr(&m, TCPHS_A_LISTENER_COMM, "0123456789abcdefghij", 20);
	msg_u64(&m, TCPHS_A_LISTENER_DISCARDS, 23);
	msg_u64(&m, TCPHS_A_LISTENER_LAST_ACCEPT, 99);
	make_hist(&m, TCPHS_A_LISTENER_WAIT, 0);
	ok(!tcphs_decode_listener(exact(m.data, m.len), m.len, &listener), "a listener");
	ok(listener.port == 80 && listener.address[0] == 10 && listener.wait.count == 5, "its values");
	ok(!listener.has_age && !listener.owner.known, "what is absent is not known");
	ok(listener.discards == 23 && listener.has_idle && listener.idle == 99, "its last accept()");
	same(listener.owner.comm, "0123456789abcdef", "a name without terminator, too long, is cut");
	msg_attr(&m, TCPHS_A_LISTENER_ADDRESS, address, 4);
	ok(tcphs_decode_listener(exact(m.data, m.len), m.len, &listener) == -EBADMSG,
	   "an address of four bytes");
	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_LISTENER_GET);
	msg_u8(&m, TCPHS_A_LISTENER_FAMILY, 1);
	ok(tcphs_decode_listener(exact(m.data, m.len), m.len, &listener) == -EBADMSG,
	   "an unknown address family");
}

static void test_conn(void)
{
	static struct msg m;

	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_CONN_GET);
	msg_u8(&m, TCPHS_A_CONN_FAMILY, AF_INET6);
	msg_u64(&m, TCPHS_A_CONN_CONN, 0x1234567890ull);
	msg_u8(&m, TCPHS_A_CONN_STATE, TCPHS_STATE_CLOSE_WAIT);
	msg_attr(&m, TCPHS_A_CONN_ADOPTED, NULL, 0);
	msg_u32(&m, TCPHS_A_CONN_ISN, 0);
	msg_u64(&m, TCPHS_A_CONN_WAITING, 4321);
	msg_u64(&m, TCPHS_A_CONN_LISTENER, 0x77);
	ok(!tcphs_decode_conn(exact(m.data, m.len), m.len, &conn), "a connection");
	ok(conn.conn == 0x1234567890ull && conn.state == TCPHS_STATE_CLOSE_WAIT, "its values");
	ok(conn.adopted && !conn.mapped, "its flags");
	ok(conn.waiting == 4321 && conn.listener == 0x77, "how long it waits, and for whom");
	ok(conn.has_isn && !conn.has_peer_isn && !conn.has_handshake, "an ISN of 0 is one");
	msg_u8(&m, TCPHS_A_CONN_MAPPED, 0);
	ok(tcphs_decode_conn(exact(m.data, m.len), m.len, &conn) == -EBADMSG,
	   "a flag with a value");
}

static void test_batch(void)
{
	struct tcphs_event ev = { .number = 1 }, out[2];
	static struct msg m;

	msg_genl(&m, 30, NLM_F_MULTI, TCPHS_CMD_EVENT_GET);
	msg_u32(&m, TCPHS_A_EVENT_CPU, 3);
	msg_u64(&m, TCPHS_A_EVENT_LOST, 7);
	msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
	ev.number = 2;
	msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
	ok(tcphs_decode_batch(exact(m.data, m.len), m.len, &batch) == -EBADMSG,
	   "a batch without the next cursor");
	msg_u64(&m, TCPHS_A_EVENT_NEXT, 99);
	ok(!tcphs_decode_batch(exact(m.data, m.len), m.len, &batch), "a batch");
	ok(batch.cpu == 3 && batch.lost == 7 && batch.next == 99 && batch.nr == 2, "its values");
	tcphs_batch_copy(&batch, out, sizeof(out[0]));
	ok(out[0].number == 1 && out[1].number == 2, "its records");
	msg_attr(&m, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev) - 1);
	ok(tcphs_decode_batch(exact(m.data, m.len), m.len, &batch) == -EBADMSG,
	   "a record that is a byte short");
}

static void test_block(void)
{
	struct {
		struct tcphs_block block;
		struct tcphs_event ev[2];
		struct tcphs_block next;
	} data = {
		.block = { .cpu = 3, .nr = 2, .lost = 7, .next = 99, .kept = 1 },
		.ev = { { .number = 1 }, { .number = 2 } },
	};
	const size_t size = sizeof(data.block) + sizeof(data.ev);
	struct tcphs_event out[2];

	equal(tcphs_decode_block(exact(&data, sizeof(data)), sizeof(data), &batch), size, "a block");
	ok(batch.cpu == 3 && batch.lost == 7 && batch.next == 99 && batch.nr == 2 && batch.kept,
	   "its values");
	tcphs_batch_copy(&batch, out, sizeof(out[0]));
	ok(out[0].number == 1 && out[1].number == 2, "its records");
	equal(tcphs_decode_block(exact(&data.next, sizeof(data.next)), sizeof(data.next), &batch),
	      sizeof(data.next), "one without records");
	ok(!batch.nr && !batch.kept, "which has none");
	ok(!tcphs_decode_block(exact(&data, size - 1), size - 1, &batch), "a byte is missing");
	ok(!tcphs_decode_block(exact(&data, sizeof(data.block) - 1), sizeof(data.block) - 1, &batch),
	   "of its head, too");
	data.block.nr = UINT32_MAX;
	ok(!tcphs_decode_block(exact(&data, sizeof(data)), sizeof(data), &batch),
	   "more records than there are bytes");
}

static void test_family(void)
{
	static struct msg m;
	size_t groups, group;

	msg_genl(&m, GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY);
	msg_u16(&m, CTRL_ATTR_FAMILY_ID, 31);
	msg_u32(&m, CTRL_ATTR_VERSION, 1);
	groups = msg_nest(&m, CTRL_ATTR_MCAST_GROUPS);
	group = msg_nest(&m, 1);
	msg_str(&m, CTRL_ATTR_MCAST_GRP_NAME, "other");
	msg_u32(&m, CTRL_ATTR_MCAST_GRP_ID, 4);
	msg_nest_end(&m, group);
	group = msg_nest(&m, 2);
	msg_u32(&m, CTRL_ATTR_MCAST_GRP_ID, 5);
	msg_str(&m, CTRL_ATTR_MCAST_GRP_NAME, TCPHS_MCGRP_EVENTS);
	msg_nest_end(&m, group);
	msg_nest_end(&m, groups);
	ok(!tcphs_decode_family(exact(m.data, m.len), m.len, &family), "a family");
	ok(family.id == 31 && family.version == 1 && family.group == 5, "its numbers");
}

static void test_ack(void)
{
	struct nlmsghdr request = { .nlmsg_len = 28 };
	int32_t error = -EPERM;
	static struct msg m;

	msg_start(&m, NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED);
	msg_bytes(&m, &error, 4);
	msg_bytes(&m, &request, sizeof(request));
	msg_str(&m, NLMSGERR_ATTR_MSG, "not here");
	tcphs_decode_ack(exact(m.data, m.len), m.len, &ack);
	ok(ack.error == -EPERM && !strcmp(ack.text, "not here"), "an error with a capped request");

	msg_start(&m, NLMSG_ERROR, NLM_F_ACK_TLVS);
	msg_bytes(&m, &error, 4);
	msg_bytes(&m, &request, sizeof(request));
	msg_bytes(&m, "twelve bytes", 12);
	msg_str(&m, NLMSGERR_ATTR_MSG, "nor there");
	tcphs_decode_ack(exact(m.data, m.len), m.len, &ack);
	same(ack.text, "nor there", "an error with the whole request");

	request.nlmsg_len = 0xfffffff0;
	msg_start(&m, NLMSG_ERROR, NLM_F_ACK_TLVS);
	msg_bytes(&m, &error, 4);
	msg_bytes(&m, &request, sizeof(request));
	tcphs_decode_ack(exact(m.data, m.len), m.len, &ack);
	ok(ack.error == -EPERM && !*ack.text, "an error whose request lies about its length");

	error = -ERANGE;
	msg_start(&m, NLMSG_DONE, NLM_F_MULTI | NLM_F_ACK_TLVS);
	msg_bytes(&m, &error, 4);
	msg_str(&m, NLMSGERR_ATTR_MSG, "cursor ahead");
	tcphs_decode_ack(exact(m.data, m.len), m.len, &ack);
	ok(ack.error == -ERANGE && !strcmp(ack.text, "cursor ahead"), "a dump that ends in an error");

	msg_start(&m, NLMSG_DONE, NLM_F_MULTI);
	ok(!tcphs_decode_ack(exact(m.data, m.len), m.len, &ack) && !ack.error,
	   "a dump that ends without a number");
	msg_start(&m, NLMSG_ERROR, 0);
	ok(tcphs_decode_ack(exact(m.data, m.len), m.len, &ack) == -EBADMSG,
	   "an error without a number");
}

/* Each length from none to all, with and without a header that admits it. */
static void test_truncated(void)
{
	static struct msg m;
	uint32_t short_len;
	size_t len;

	make_status(&m);
	for (len = 0; len < m.len; len++)
		decode_all(m.data, len);
	for (len = sizeof(struct nlmsghdr); len < m.len; len++) {
		short_len = (uint32_t)len;
		memcpy(m.data, &short_len, sizeof(short_len));
		decode_all(m.data, len);
	}
	ok(1, "a status cut at each byte reads nothing beyond");
}

/* One byte after the other set to what hurts most, then random ones. */
static void test_garbage(void)
{
	static const uint8_t bad[] = { 0x00, 0x01, 0x03, 0x7f, 0x80, 0xff };
	static struct msg m, orig;
	struct tcphs_event ev = { 0 };
	size_t i, k;
	int round;

	make_status(&orig);
	msg_u32(&orig, TCPHS_A_EVENT_CPU, 3);
	msg_attr(&orig, TCPHS_A_EVENT_RECORD, &ev, sizeof(ev));
	for (i = 0; i < 700; i++) {
		for (k = 0; k < sizeof(bad); k++) {
			m = orig;
			m.data[i] = bad[k];
			decode_all(m.data, m.len);
		}
	}
	ok(1, "each byte spoiled");

	srand(20);
	for (round = 0; round < 20000; round++) {
		m.len = (size_t)rand() % 400;
		for (i = 0; i < m.len; i++)
			m.data[i] = rand() % 4 ? (uint8_t)(rand() % 16) : (uint8_t)rand();
		if (m.len >= 4)
			memcpy(m.data, &(uint32_t){ (uint32_t)m.len }, 4);
		decode_all(m.data, m.len);
	}
	ok(1, "20,000 messages of noise");
}

int main(void)
{
	plan(49);
	test_status();
	test_listener();
	test_conn();
	test_batch();
	test_block();
	test_family();
	test_ack();
	test_truncated();
	test_garbage();
	free(block);
	return tap_done();
}

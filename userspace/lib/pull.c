/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events that are new. They come out of /proc/tcphs_records, which costs a third of what
 * netlink does; where that can't be opened, or refuses, netlink is asked, which has words
 * for what is wrong.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "talk.h"

/**
 * tcphs_open_records - try to open the file of records
 * @s: the session, which goes without when it can't
 */
void tcphs_open_records(struct tcphs_session *s)
{
	s->records = open("/proc/tcphs_records", O_RDWR | O_CLOEXEC);
}

/**
 * tcphs_close_records - from now on events come by netlink
 * @s: the session
 */
void tcphs_close_records(struct tcphs_session *s)
{
	if (s->records >= 0)
		close(s->records);
	s->records = -1;
}

static void put_cursors(struct nlmsghdr *nlh, const struct tcphs_events *evs)
{
	struct nlattr *nest;
	uint64_t next;
	uint32_t cpu;
	size_t i;

	for (i = 0; i < tcphs_events_cpus(evs); i++) {
		if (!tcphs_events_cursor(evs, i, &cpu, &next))
			continue;
		nest = mnl_attr_nest_start(nlh, TCPHS_A_EVENT_CURSOR);
		mnl_attr_put_u32(nlh, TCPHS_A_CURSOR_CPU, cpu);
		mnl_attr_put_u64(nlh, TCPHS_A_CURSOR_NEXT, next);
		mnl_attr_nest_end(nlh, nest);
	}
}

/* All that is new. NULL without memory, else for free(). */
static struct nlmsghdr *make_request(struct tcphs_session *s, const struct tcphs_events *evs)
{
	/* A cursor takes 4 + 8 + 12 bytes. */
	void *buf = calloc(1, 256 + FILTER_SIZE + tcphs_events_cpus(evs) * 24);
	const struct tcphs_filter *filter = tcphs_events_filter(evs);
	struct nlmsghdr *nlh;

	if (!buf)
		return NULL;
	nlh = tcphs_put_dump(s, buf, TCPHS_CMD_EVENT_GET);
	if (tcphs_events_all_netns(evs))
		mnl_attr_put(nlh, TCPHS_A_EVENT_ALL_NETNS, 0, NULL);
	if (filter)
		tcphs_put_filter(nlh, TCPHS_A_EVENT_FILTER, filter);
	put_cursors(nlh, evs);
	if (tcphs_events_kept(evs))
		mnl_attr_put_u8(nlh, TCPHS_A_EVENT_KEPT, tcphs_events_kept(evs));
	/* Numbers begin anew when the module is loaded anew. */
	if (s->load && tcphs_events_cpus(evs))
		mnl_attr_put_u64(nlh, TCPHS_A_EVENT_LOAD, s->load);
	return nlh;
}

/* ---- the file -------------------------------------------------------------------- */

/* Its reading goes on by itself, as long as nobody else has begun one. */
static bool begin_reading(struct tcphs_session *s, struct tcphs_events *evs)
{
	struct nlmsghdr *nlh;
	size_t len;
	bool begun;

	if (s->reading && *tcphs_events_reading(evs) == s->reading)
		return true;
	nlh = make_request(s, evs);
	if (!nlh)
		return false;
	len = mnl_nlmsg_get_payload_len(nlh) - GENL_HDRLEN;
	begun = write(s->records, mnl_nlmsg_get_payload_offset(nlh, GENL_HDRLEN), len) ==
		(ssize_t)len;
	free(nlh);
	/* A name that no other has. */
	s->reading = begun ? tcphs_now() : 0;
	*tcphs_events_reading(evs) = s->reading;
	return begun;
}

static bool take_blocks(struct tcphs_events *evs, const char *data, size_t len)
{
	struct tcphs_batch batch;
	size_t size;

	for (; len; data += size, len -= size) {
		size = tcphs_decode_block(data, len, &batch);
		if (!size || tcphs_events_add(evs, &batch))
			return false;
	}
	return true;
}

static bool read_blocks(struct tcphs_session *s, struct tcphs_events *evs)
{
	ssize_t n;

	for (;;) {
		n = read(s->records, s->recv, sizeof(s->recv));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !take_blocks(evs, s->recv, (size_t)n))
			return !n;
	}
}

/* False: what is still missing has to come by netlink. */
static bool pull_records(struct tcphs_session *s, struct tcphs_events *evs)
{
	if (s->records < 0)
		return false;
	tcphs_events_begin(evs, tcphs_session_now(s));
	if (!begin_reading(s, evs))
		return false;
	if (read_blocks(s, evs)) {
		tcphs_events_end(evs, true);
		return true;
	}
	tcphs_close_records(s);
	s->reading = 0;
	tcphs_events_end(evs, false);
	return false;
}

/* ---- netlink --------------------------------------------------------------------- */

static int take_batch(void *arg, const void *msg, size_t len)
{
	struct tcphs_batch batch;
	int err;

	err = tcphs_decode_batch(msg, len, &batch);
	return err ? err : tcphs_events_add(arg, &batch);
}

/**
 * tcphs_events_pull - fetch every record that is new
 * @s: the session
 * @evs: the cursors, and the queues that get the records
 * @err: why not
 */
int tcphs_events_pull(struct tcphs_session *s, struct tcphs_events *evs, struct tcphs_error *err)
{
	struct nlmsghdr *nlh;
	int ret;

	if (pull_records(s, evs))
		return 0;
	nlh = make_request(s, evs);
	if (!nlh)
		return tcphs_fail_errno(err, "no memory", -ENOMEM);
	tcphs_events_begin(evs, tcphs_session_now(s));
	ret = tcphs_talk(s, nlh, take_batch, evs, err);
	tcphs_events_end(evs, !ret);
	if (ret == -ERANGE || ret == -ESTALE) {
		tcphs_error_set(err, TCPHS_ERR_RELOADED,
				"the module was loaded anew in the meantime; start again");
		tcphs_fail(err, ret);
	}
	free(nlh);
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program of somebody else: it has tcphs.h and libtcphs.a and knows nothing of what is
 * behind them. What the module tells comes from fake_kernel.c, as netlink messages.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tcphs.h>

#include "tap.h"

#define NETNS	4026531840u
#define REPEAT	1009

static struct tcphs_error err;

static struct tcphs_session *open_as(const char *what)
{
	setenv("FAKE", what, 1);
	memset(&err, 0, sizeof(err));
	return tcphs_open(&err);
}

/* ---- what is there ---------------------------------------------------------------- */

static void test_status(void)
{
	struct tcphs_status *st = calloc(1, sizeof(*st));
	struct tcphs_session *s = open_as("");

	ok(s && st && !tcphs_get_status(s, st, &err), "the status");
	same(st->version, TCPHS_VERSION, "its version");
	same(tcphs_session_module(s), TCPHS_VERSION, "which the session knows");
	ok(st->netns == NETNS && st->state[TCPHS_STATE_ESTABLISHED] == 11 &&
	   st->event[TCPHS_EV_SYN_SENT] == 1013, "its numbers and counters");
	ok(st->nhooks == 3 && !st->hook[1].active && st->hook[2].missed == 17, "its hooks");
	ok(tcphs_hist_quantile(&st->hist[TCPHS_HIST_ACCEPT_WAIT], 500) ==
	   tcphs_hist_upper(30), "its histograms, in quantiles");
	ok(tcphs_session_clock(s) == 1000000000000000000, "and the clock of events");
	tcphs_close(s);
	free(st);
}

static int count_waiting(void *conns, const struct tcphs_conn_info *c)
{
	((struct tcphs_conn_list *)conns)->nr += c->listener == 0x11bb && c->waiting == 4000000000;
	return 0;
}

static int enough(void *nr, const struct tcphs_conn_info *c)
{
	(void)c;
	++*(int *)nr;
	return -ECANCELED;
}

static void test_tables(void)
{
	struct tcphs_listener_list listeners = { 0 };
	struct tcphs_filter *filter = tcphs_filter_new();
	struct tcphs_session *s = open_as("");
	struct tcphs_conn_list conns = { 0 };
	int told = 0;
	char text[TCPHS_ENDPOINT_LEN], name[TCPHS_NAME_LEN];

	ok(!tcphs_get_listeners(s, false, &listeners, &err) && listeners.nr == 2, "listeners");
	ok(listeners.v[0].owner.known && listeners.v[0].owner.pid == 123 &&
	   !listeners.v[1].owner.known, "and whose they are, where that is told");
	ok(!tcphs_get_connections(s, false, NULL, &conns, &err) && conns.nr == 2, "connections");
	tcphs_fmt_endpoint(text, conns.v[0].family, conns.v[0].peer, conns.v[0].peer_port);
	same(text, "192.168.100.200:40026", "an address as text");
	same(tcphs_state_name(conns.v[0].state, name), "ESTABLISHED", "a state as text");
	ok(!tcphs_filter_parse(filter, TCPHS_FILTER_STATE, "CLOSE_WAIT", &err) &&
	   !tcphs_get_connections(s, false, filter, &conns, &err) && conns.nr == 1 &&
	   conns.v[0].state == TCPHS_STATE_CLOSE_WAIT && conns.v[0].adopted,
	   "those that a filter lets through");
	ok(tcphs_filter_parse(filter, TCPHS_FILTER_PORT, "no port", &err) == -EINVAL &&
	   err.code == TCPHS_ERR_USAGE && !strncmp(err.text, "'no port' is wrong; ", 20),
	   "a wrong word is an error, with what would be right");
	conns.nr = 0;
	ok(!tcphs_each_waiting(s, false, count_waiting, &conns, &err) && conns.nr == 1,
	   "those that wait for accept()");
	ok(tcphs_each_connection(s, false, NULL, enough, &told, &err) == -ECANCELED && told == 1,
	   "who has enough is told of no more");
	ok(!tcphs_get_connections(s, false, NULL, &conns, &err) && conns.nr == 2,
	   "and the session goes on");
	tcphs_filter_free(filter);
	tcphs_listener_list_free(&listeners);
	tcphs_conn_list_free(&conns);
	tcphs_close(s);
}

/* ---- what goes wrong -------------------------------------------------------------- */

static void test_errors(void)
{
	struct tcphs_listener_list list = { 0 };
	struct tcphs_session *s;
	int code, differ = 0;

	ok(!open_as("absent") && err.code == TCPHS_ERR_NOT_LOADED && err.error == -ENOENT,
	   "no module");
	ok(!open_as("eperm") && err.code == TCPHS_ERR_PERMISSION && err.error == -EPERM,
	   "no permission");
	ok(!open_as("abi") && err.code == TCPHS_ERR_VERSION && err.error == -EPROTO,
	   "another version");
	ok(!open_as("garbage") && err.code == TCPHS_ERR_FAILED && err.error == -EBADMSG,
	   "an answer that breaks the contract");
	ok(!tcphs_open(NULL), "and nobody has to ask why");
	s = open_as("netns");
	ok(s && !*tcphs_session_extack(s), "a session");
	ok(tcphs_get_listeners(s, true, &list, &err) == -EPERM &&
	   err.code == TCPHS_ERR_PERMISSION, "that may not see all namespaces");
	same(tcphs_session_extack(s), "only the initial network namespace sees all",
	     "keeps the kernel's own words");
	ok(!tcphs_get_listeners(s, false, &list, &err) && !*tcphs_session_extack(s),
	   "until it asks again");
	tcphs_listener_list_free(&list);
	tcphs_close(s);
	for (code = TCPHS_ERR_NONE; code <= TCPHS_ERR_RELOADED; code++)
		differ += !!strcmp(tcphs_strerror(code), tcphs_strerror(code + 1));
	equal(differ, TCPHS_ERR_RELOADED + 1, "each kind of error has words of its own");
}

/* ---- events ----------------------------------------------------------------------- */

struct seen {
	uint64_t events, lost, last;
	unsigned int rounds;
	bool disorder;
};

static void on_event(void *arg, const struct tcphs_event *ev)
{
	struct seen *seen = arg;

	seen->events++;
	seen->disorder |= ev->time < seen->last;
	seen->last = ev->time;
}

static void on_lost(void *arg, uint32_t cpu, uint64_t count)
{
	struct seen *seen = arg;

	seen->lost += cpu == 1 ? count : 0;
}

static const struct tcphs_events_ops ops = { .record = on_event, .lost = on_lost };

static void test_pull(void)
{
	struct tcphs_session *s = open_as(""), *other = tcphs_open(&err);
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	struct seen seen = { 0 };

	ok(!tcphs_events_pull(s, evs, &err) && tcphs_events_held(evs) == 5, "events are pulled");
	tcphs_events_emit_all(evs, &ops, &seen);
	ok(seen.events == 5 && !seen.disorder, "and told in time order, of two CPUs");
	equal(seen.lost, 7, "and how many were lost");
	tcphs_close(s);
	ok(!tcphs_events_pull(other, evs, &err), "a second session knows nothing of the first");
	tcphs_events_free(evs);
	tcphs_close(other);

	s = open_as("");
	evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	setenv("FAKE", "erange", 1);
	ok(tcphs_events_pull(s, evs, &err) == -ERANGE && err.code == TCPHS_ERR_RELOADED,
	   "a module that was loaded anew");
	tcphs_events_free(evs);
	tcphs_close(s);
}

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static bool is_end(void *arg)
{
	(void)arg;
	return ended;
}

static bool on_round(void *arg)
{
	struct seen *seen = arg;

	seen->rounds++;
	return true;
}

static bool one_round(void *arg)
{
	on_round(arg);
	return false;
}

static void test_follow(void)
{
	struct tcphs_events *evs = tcphs_events_new(false, TCPHS_KEPT_NOT, NULL);
	struct tcphs_session *s = open_as("");
	struct seen seen = { 0 };
	struct tcphs_clock clock = { .offset = tcphs_session_clock(s) };
	struct tcphs_follow how = { .ops = &ops, .round = on_round, .interrupted = is_end,
				    .arg = &seen, .output = -1, .clock = &clock };

	signal(SIGINT, on_signal);
	ok(!tcphs_follow(s, evs, &how, &err), "events are followed until a signal comes");
	ok(ended && seen.rounds >= 3, "in rounds");
	ok(seen.events >= 3 * 5 && !seen.disorder && !tcphs_events_held(evs),
	   "each has its events, and none stays behind");
	seen = (struct seen){ 0 };
	how.round = one_round;
	ok(!tcphs_follow(s, evs, &how, &err) && seen.rounds == 1, "or until the program says so");
	seen = (struct seen){ 0 };
	how.round = on_round;
	how.until = tcphs_now() + 1000000;
	ended = 0;
	ok(!tcphs_follow(s, evs, &how, &err) && tcphs_now() >= how.until, "or until some time");
	tcphs_events_free(evs);
	tcphs_close(s);
}

/* ---- recordings ------------------------------------------------------------------- */

static int to_fd(void *fd, const void *data, size_t len, size_t *done)
{
	ssize_t n = write(*(int *)fd, data, len);

	*done = n < 0 ? 0 : (size_t)n;
	return n < 0 ? -errno : 0;
}

static int to_nowhere(void *arg, const void *data, size_t len, size_t *done)
{
	(void)arg;
	(void)data;
	(void)len;
	(void)done;
	return -ENOSPC;
}

static int read_all(int fd, struct seen *seen, int64_t *clock)
{
	struct tcphs_recording *r;
	int more;

	lseek(fd, 0, SEEK_SET);
	r = tcphs_recording_open(fd, "a file", NULL, NULL, &err);
	if (!r)
		return -1;
	do
		more = tcphs_recording_read(r, &ops, seen, &err);
	while (more > 0);
	*clock = tcphs_recording_info(r)->clock_offset;
	tcphs_recording_close(r);
	return more;
}

static void test_recording(void)
{
	const struct tcphs_recording_info info = { .clock_offset = 4711 };
	int fd = memfd_create("recording", 0);
	struct tcphs_recorder *r = tcphs_recorder_new(to_fd, &fd, &info);
	struct tcphs_event ev = { .type = TCPHS_EV_LISTEN };
	struct seen seen = { 0 };
	int64_t clock = 0;
	unsigned int i;

	for (i = 0; i < REPEAT; i++) {
		ev.time = i;
		tcphs_recorder_event(r, &ev);
	}
	tcphs_recorder_lost(r, 1, 13);
	ok(!tcphs_recorder_end(r), "a recording is written");
	ok((off_t)tcphs_recorder_bytes(r) == lseek(fd, 0, SEEK_CUR), "by the program's callback");
	tcphs_recorder_free(r);
	ok(!read_all(fd, &seen, &clock) && seen.events == REPEAT && !seen.disorder &&
	   seen.lost == 13 && clock == 4711, "and read by others");
	seen = (struct seen){ 0 };
	ok(!ftruncate(fd, lseek(fd, 0, SEEK_END) - 1) && read_all(fd, &seen, &clock) == -1 &&
	   err.code == TCPHS_ERR_DAMAGED && seen.events == REPEAT,
	   "of one that was cut off all that is whole");
	close(fd);

	r = tcphs_recorder_new(to_nowhere, NULL, &info);
	ok(tcphs_recorder_flush(r) == -ENOSPC && !tcphs_recorder_bytes(r),
	   "what the callback fails with sticks");
	tcphs_recorder_free(r);
}

/* outsider [follow]: the fake kernel's bell rings for the first one that pulls. */
int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "follow")) {
		plan(5);
		test_follow();
		return tap_done();
	}
	plan(37);
	test_status();
	test_tables();
	test_errors();
	test_recording();
	test_pull();
	return tap_done();
}

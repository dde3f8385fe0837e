/* SPDX-License-Identifier: GPL-2.0 */
/* What is remembered between two collections, so that no counter goes back; and names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "container.h"
#include "collect.h"
#include "tap.h"

#define HOME	4026531840u
#define SECOND	1000000000ull

static struct metrics *m;
static int64_t clock_set;	/* by so many seconds */

static void begin(void)
{
	m->now += SECOND;
	m->clock = (1700000000ll + clock_set) * (int64_t)SECOND;
	m->status.netns = HOME;
	spaces_begin(m);
	places_begin(m);
	ports_begin(m);
}

static void end(void)
{
	spaces_end(m);
	places_end(m);
	ports_end(m);
	tally_free(&m->old_spaces);
	tally_free(&m->old_places);
	tally_free(&m->old_ears);
}

static void space(uint32_t netns, uint64_t born, uint64_t syns)
{
	struct tcphs_status *st = calloc(1, sizeof(*st));

	if (!st)
		abort();
	st->netns = netns;
	st->born = born;
	st->recorded = syns;
	st->event[TCPHS_EV_SYN_SENT] = syns;
	st->state[TCPHS_STATE_ESTABLISHED] = 3;
	st->port_low = 32768;
	st->port_high = 60999;
	st->tw_reuse = 2;
	spaces_take(m, st);
	free(st);
}

static void listener(uint32_t netns, uint16_t port, uint64_t conn, uint64_t accepted,
		     uint64_t overflows)
{
	struct tcphs_listener l = {
		.conn = conn, .accepted = accepted, .overflows = overflows, .netns = netns,
		.port = port, .family = AF_INET, .accept_limit = 9, .accept_queue = 5,
	};

	l.wait.bucket[40] = accepted;
	places_take(m, &l);
}

static const struct place *at(uint16_t port)
{
	struct spot spot = { .port = port, .family = AF_INET, .netns = HOME };
	const struct place *p = tally_find(&m->places, &spot);

	return p && p->named ? p : NULL;
}

static uint64_t accepted(uint16_t port)
{
	return at(port) ? at(port)->served.accepted : 0;
}

static void test_restart(void)
{
	uint64_t created;

	m = metrics_new(10);
	begin();
	space(HOME, 5, 1);
	listener(HOME, 80, 1, 100, 7);
	listener(HOME, 80, 2, 50, 0);
	end();
	equal(accepted(80), 150, "sockets of one address and port are one listener");
	equal(at(80)->sockets, 2, "of two sockets");
	equal(at(80)->fill * 10, at(80)->room * 5, "as full as the fullest");
	created = at(80)->created;
	begin();
	space(HOME, 5, 1);
	listener(HOME, 80, 2, 53, 0);
	end();
	equal(accepted(80), 153, "one of a group closes: its counts stay");
	begin();
	space(HOME, 5, 1);
	end();
	ok(at(80) && !at(80)->sockets, "it closes: it is there for a while, with no socket");
	begin();
	space(HOME, 5, 1);
	listener(HOME, 80, 9, 4, 1);
	end();
	equal(accepted(80), 157, "it is started anew: the counts go on");
	equal(at(80)->served.overflows, 8, "of each kind");
	equal(at(80)->served.wait[WAIT_STEPS] + at(80)->served.wait[1] + at(80)->served.wait[0], 157,
	      "waits, too");
	equal(at(80)->created, created, "since when they did");
	m->now += 301 * SECOND;
	begin();
	space(HOME, 5, 1);
	end();
	m->now += 301 * SECOND;
	begin();
	space(HOME, 5, 1);
	end();
	ok(!at(80), "when nobody came back it goes");
	metrics_free(m);
}

static void bound(uint32_t ifindex, const char *device)
{
	struct tcphs_listener l = { .conn = ifindex, .netns = HOME, .port = 80, .family = AF_INET,
				    .ifindex = ifindex };

	snprintf(l.device, sizeof(l.device), "%s", device);
	places_take(m, &l);
}

/* How often a label set of a metric that each of them has is there. */
static int times(const char *labels)
{
	struct tcphs_buf out;
	const char *at;
	int n = 0;

	if (tcphs_buf_init(&out, -1))
		abort();
	m->up = true;
	metrics_write(m, METRICS_TEXT, &out);
	tcphs_buf_char(&out, '\0');
	for (at = out.data; (at = strstr(at, "tcphs_listener_sockets{")); at++)
		n += !strncmp(at + strlen("tcphs_listener_sockets{"), labels, strlen(labels));
	tcphs_buf_free(&out);
	return n;
}

static void test_odd_devices(void)
{
	m = metrics_new(10);
	begin();
	space(HOME, 5, 1);
	bound(3, "a\xc3\xa9");
	bound(4, "a\xc3\xa8");
	bound(5, "4");
	bound(6, "");
	bound(7, "6");
	end();
#define DEVICE "netns=\"4026531840\",address=\"0.0.0.0\",port=\"80\",device="
	ok(times(DEVICE "\":3\"") == 1 && times(DEVICE "\":4\"") == 1,
	   "devices whose names would look the same have numbers");
	ok(times(DEVICE "\"4\"") == 1 && times(DEVICE "\":6\"") == 1 &&
	   times(DEVICE "\"6\"") == 1, "which are told from names that are numbers");
	metrics_free(m);
}

static void container_listens(uint64_t born, uint64_t conn, uint64_t nr)
{
	begin();
	space(HOME, 5, 1);
	space(HOME + 1, born, 1);
	if (conn)
		listener(HOME + 1, 80, conn, nr, 0);
	end();
}

/* The kernel gives the number of a namespace that is gone to the next one. */
static void test_other_container(void)
{
	const struct place *p;

	m = metrics_new(10);
	container_listens(6, 1, 1000);
	container_listens(7 * SECOND, 2, 3);
	p = tally_at(&m->places, 0);
	ok(m->places.nr == 1 && p->served.accepted == 3,
	   "a listener in another namespace of that number begins anew");
	container_listens(9 * SECOND, 0, 0);
	equal(m->places.nr, 0, "and nothing is told of one in that of before");
	metrics_free(m);
}

/* A tunnel that is made anew has another number and the same name. */
static void test_devices(void)
{
	m = metrics_new(10);
	begin();
	space(HOME, 5, 1);
	bound(3, "tun0");
	bound(4, "tun1");
	end();
	begin();
	space(HOME, 5, 1);
	bound(7, "tun0");
	end();
	equal(m->places.nr, 2, "of a device that another took the place of nothing is told");
	ok(((struct place *)tally_at(&m->places, 0))->at.ifindex == 7 &&
	   ((struct place *)tally_at(&m->places, 1))->at.ifindex == 4,
	   "of one that is closed it is, for a while");
	metrics_free(m);
}

static void test_others(void)
{
	uint16_t port;

	m = metrics_new(3);
	begin();
	space(HOME, 5, 1);
	for (port = 1; port <= 5; port++)
		listener(HOME, port, port, 10 * port, port == 2);
	end();
	ok(at(2) && at(5) && at(4), "label sets go to who overflows, then to who accepts most");
	equal(m->other_places.served.accepted, 40, "the others are summed");
	equal(m->unnamed_places, 2, "and counted");
	begin();
	space(HOME, 5, 1);
	for (port = 1; port <= 4; port++)
		listener(HOME, port, port, 10 * port + 1, 1);
	end();
	equal(m->other_places.served.accepted, 42, "the sum goes on");
	m->now += 301 * SECOND;
	begin();
	space(HOME, 5, 1);
	for (port = 1; port <= 4; port++)
		listener(HOME, port, port, 10 * port + 2, 1);
	end();
	m->now += 301 * SECOND;
	begin();
	space(HOME, 5, 1);
	for (port = 1; port <= 4; port++)
		listener(HOME, port, port, 10 * port + 4, 1);
	end();
	equal(m->unnamed_places, 1, "one has gone: another gets its label set");
	equal(m->other_places.served.accepted + accepted(1) + accepted(3), 48,
	      "and nothing is counted twice, or lost");
	ok(m->other_places.served.accepted >= 42, "the sum does not go back");
	metrics_free(m);
}

static void test_spaces(void)
{
	m = metrics_new(2);
	begin();
	space(HOME, 5, 11);
	space(HOME + 1, 6, 13);
	space(HOME + 2, 7, 17);
	space(HOME + 3, 8, 19);
	end();
	ok(spaces_of(m, HOME) && spaces_of(m, HOME + 1) && !spaces_of(m, HOME + 2),
	   "as many namespaces as there may be have label sets");
	equal(m->other_spaces.counts.event[TCPHS_EV_SYN_SENT], 36, "the others are summed");
	equal(m->other_spaces.state[TCPHS_STATE_ESTABLISHED], 6, "what there is now, too");
	begin();
	space(HOME, 5, 11);
	space(HOME + 1, 6, 13);
	space(HOME + 3, 8 + 5 * SECOND, 2);
	end();
	equal(m->other_spaces.counts.event[TCPHS_EV_SYN_SENT], 38,
	      "one goes, one is another of that number: the sum does not go back");
	begin();
	space(HOME, 5, 11);
	space(HOME + 1, 6 + 5 * SECOND, 1);
	end();
	ok(spaces_of(m, HOME + 1)->born > 1700000000ull * SECOND + 5 * SECOND,
	   "a number that comes again begins anew, and says so");
	metrics_free(m);
}

static void test_clock(void)
{
	uint64_t born;

	m = metrics_new(2);
	begin();
	space(HOME, 5, 11);
	space(HOME + 1, 6, 13);
	space(HOME + 2, 7, 17);
	end();
	born = spaces_of(m, HOME + 1)->born;
	clock_set = -3600;
	begin();
	space(HOME, 5, 11);
	space(HOME + 2, 7, 19);
	space(HOME + 1, 6, 13);
	end();
	clock_set = 0;
	ok(spaces_of(m, HOME + 1) && !spaces_of(m, HOME + 2),
	   "when the clock is set who has a label set keeps it");
	ok(spaces_of(m, HOME + 1) && spaces_of(m, HOME + 1)->born == born,
	   "and its counters began when they did");
	equal(m->other_spaces.counts.event[TCPHS_EV_SYN_SENT], 19,
	      "what the others counted before is not counted again");
	metrics_free(m);
}

static void conn(uint8_t role, uint8_t state, uint16_t port, uint8_t peer, uint64_t age)
{
	struct tcphs_conn_info c = {
		.netns = HOME, .family = AF_INET, .role = role, .state = state, .age = age,
		.local_port = port, .peer_port = 443, .local = { 10, 0, 0, 1 },
		.peer = { 10, 0, 0, peer }, .owner = { .known = true, .pid = 1, .comm = "app" },
	};

	ports_take(m, &c);
}

static void test_ports(void)
{
	const struct source *s;
	const struct holder *h;

	m = metrics_new(10);
	begin();
	space(HOME, 5, 1);
	conn(TCPHS_ROLE_ACTIVE, TCPHS_STATE_ESTABLISHED, 40001, 2, 0);
	conn(TCPHS_ROLE_ACTIVE, TCPHS_STATE_ESTABLISHED, 40002, 2, 0);
	conn(TCPHS_ROLE_ACTIVE, TCPHS_STATE_ESTABLISHED, 40002, 3, 0);
	conn(TCPHS_ROLE_ACTIVE, TCPHS_STATE_TIME_WAIT, 40003, 2, 0);
	conn(TCPHS_ROLE_ACTIVE, TCPHS_STATE_ESTABLISHED, 1024, 2, 0);
	conn(TCPHS_ROLE_PASSIVE, TCPHS_STATE_ESTABLISHED, 40004, 2, 0);
	conn(TCPHS_ROLE_PASSIVE, TCPHS_STATE_CLOSE_WAIT, 80, 4, 59 * SECOND);
	conn(TCPHS_ROLE_PASSIVE, TCPHS_STATE_CLOSE_WAIT, 80, 4, 90 * SECOND);
	conn(TCPHS_ROLE_PASSIVE, TCPHS_STATE_CLOSE_WAIT, 80, 4, 7200 * SECOND);
	end();
	s = tally_at(&m->sources, 0);
	equal(s->ports, 3, "ports of an address: different ones of the range, of connect()");
	equal(s->worst, 3, "and those to one destination");
	h = tally_at(&m->holders, 0);
	ok(m->holders.nr == 1 && h->older[0] == 2 && h->older[1] == 2 && h->older[2] == 1 &&
	   h->older[3] == 1, "CLOSE_WAIT by age");
	metrics_free(m);
}

static void holder(const char *comm)
{
	struct tcphs_conn_info c = {
		.netns = HOME, .family = AF_INET, .role = TCPHS_ROLE_PASSIVE,
		.state = TCPHS_STATE_CLOSE_WAIT, .age = 61 * SECOND, .owner = { .known = comm },
	};

	if (comm)
		snprintf(c.owner.comm, sizeof(c.owner.comm), "%s", comm);
	ports_take(m, &c);
}

/* Prometheus takes nothing at all of a page that has a label set twice. */
static void test_names(void)
{
	const struct holder *h;

	m = metrics_new(10);
	begin();
	space(HOME, 5, 1);
	holder("app\x01");
	holder("app\x02");
	holder("app?");
	holder("\xc3");
	holder("");
	holder(NULL);
	holder("0123456789abcde");
	end();
	equal(m->holders.nr, 3, "names that look the same have one label set");
	h = tally_at(&m->holders, 0);
	ok(!strcmp(h->key.comm, "app?") && h->older[0] == 3, "and all of their connections");
	h = tally_at(&m->holders, 1);
	ok(!strcmp(h->key.comm, "?") && h->older[0] == 3, "as those that have no name");
	h = tally_at(&m->holders, 2);
	ok(!strcmp(h->key.comm, "0123456789abcde"), "the longest name is whole");
	metrics_free(m);
}

static const char *container(const char *cgroup)
{
	static char name[SPACE_NAME];

	strcpy(name, "none");
	container_of_cgroup(cgroup, name, sizeof(name));
	return name;
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_containers(void)
{
	same(container("0::/system.slice/docker-" ID ".scope\n"), "0123456789ab", "Docker, systemd");
	same(container("12:cpu:/docker/" ID "\n11:pids:/docker/" ID "\n"), "0123456789ab",
	     "Docker, cgroupfs");
	same(container("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope\n"),
	     "0123456789ab", "containerd");
	same(container("0::/kubepods/burstable/pod1/crio-" ID "\n"), "0123456789ab", "CRI-O");
	same(container("0::/machine.slice/libpod-" ID ".scope/container\n"), "0123456789ab", "podman");
	same(container("0::/lxc.payload.web-1/system.slice/nginx.service\n"), "web-1", "LXC");
	same(container("0::/machine.slice/systemd-nspawn@deb.service/payload\n"), "deb", "nspawn");
	same(container("0::/system.slice/nginx.service\n"), "none", "none");
	same(container("0::/x/" ID "0\n"), "none", "a longer number is none");
}

/* Ten thousand TIME_WAITs a second, for two days. */
static void test_long_sum(void)
{
	static const struct steps octaves = { 4, 27, 1 };
	uint64_t bucket[TCPHS_HIST_BUCKETS] = { 0 }, n[STEPS(4, 27, 1) + 1], sum;
	unsigned int minute = tcphs_hist_bucket(60 * SECOND);
	struct labels labels = { .len = 0 };
	struct tcphs_buf out;
	struct text t = { .out = &out, .format = METRICS_TEXT };
	const char *line;

	bucket[minute] = 1728000000;
	steps_make(&octaves, bucket, n);
	sum = steps_sum_us(bucket);
	if (tcphs_buf_init(&out, -1))
		abort();
	text_family(&t, F_TIME_WAIT);
	text_histogram(&t, &labels, &octaves, n, sum, 0);
	tcphs_buf_char(&out, '\0');
	line = strstr(out.data, "_sum ");
	ok(line && strtod(line + 5, NULL) > 1728000000.0 * 50 &&
	   strtod(line + 5, NULL) < 1728000000.0 * 70, "a sum of centuries does not wrap");
	tcphs_buf_free(&out);
}

/* Every process that is here is in a container. */
bool __wrap_container_of_process(uint32_t pid, char *name, size_t size);
bool __wrap_container_of_process(uint32_t pid, char *name, size_t size)
{
	(void)pid;
	snprintf(name, size, "of-pid");
	return true;
}

static const char *name_by(const struct tcphs_owner *owner)
{
	static char name[SPACE_NAME];

	m = metrics_new(10);
	m->cgroups = tcphs_cgroups_new();
	tcphs_cgroups_add(m->cgroups, 7, "/system.slice/docker-" ID ".scope");
	tcphs_cgroups_add(m->cgroups, 8, "/system.slice/nginx.service");
	begin();
	space(HOME, 5, 1);
	space(HOME + 1, 6, 1);
	spaces_person(m, HOME + 1, owner);
	end();
	strcpy(name, spaces_of(m, HOME + 1)->name);
	tcphs_cgroups_free(m->cgroups);
	metrics_free(m);
	return name;
}

static void test_names_of_spaces(void)
{
	struct tcphs_owner o = { .known = true, .pid = (uint32_t)getpid(), .cgroup = 7 };

	strcpy(o.comm, "gone");
	same(name_by(&o), "0123456789ab", "a namespace is called as the container of who was in it");
	o.cgroup = 8;
	same(name_by(&o), "", "not as that of whoever has the number of its process now");
	strcpy(o.comm, "test_metrics");
	same(name_by(&o), "of-pid", "of who is there still /proc says it");
}

int main(void)
{
	plan(51);
	test_names_of_spaces();
	test_long_sum();
	test_restart();
	test_devices();
	test_other_container();
	test_odd_devices();
	test_others();
	test_spaces();
	test_clock();
	test_ports();
	test_names();
	test_containers();
	return tap_done();
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Events as the module tells them, and the drawings that they become. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lives.h"
#include "picture.h"
#include "tap.h"
#include "told.h"

/* ---- drawing ---------------------------------------------------------------- */

static struct tcphs_buf out;

static const char *drawn(void)
{
	tcphs_buf_char(&out, '\0');
	return out.data;
}

static uint32_t device;	/* that sockets are bound to */

static void collect(struct tcphs_lives *lives, const struct told *t, size_t nr)
{
	struct tcphs_event ev;
	size_t i;

	for (i = 0; i < nr; i++) {
		ev = event_of(&t[i]);
		ev.ifindex = ev.id.conn ? device : 0;
		tcphs_lives_add(lives, &ev);
	}
}

static void make(struct tcphs_picture *p, struct tcphs_lives *lives, uint32_t life, bool utf8)
{
	const struct tcphs_kept **kept;
	const struct tcphs_event *ev[64];
	size_t nr, i;

	kept = tcphs_lives_events(lives, life, 0, &nr);
	for (i = 0; i < nr; i++)
		ev[i] = &kept[i]->ev;
	tcphs_picture_init(p, utf8);
	tcphs_picture_add(p, ev, nr);
	free(kept);
	if (!tcphs_lives_over(lives, life))
		tcphs_picture_end(p, p->last + 1500000000);
}

static struct tcphs_canvas_style style_of(bool utf8, unsigned int width)
{
	return (struct tcphs_canvas_style){
		.width = width, .utf8 = utf8, .heading = true,
		.tone = { "", "", "", "", "" }, .bold = "", .plain = "",
	};
}

static const char *draw(const struct told *t, size_t nr, bool utf8, unsigned int width,
			bool absolute)
{
	struct tcphs_canvas_style style = style_of(utf8, width);
	struct tcphs_clock clock = { 0 };
	struct tcphs_lives lives = { 0 };
	struct tcphs_picture p;
	struct tcphs_canvas c;

	style.absolute = absolute;
	collect(&lives, t, nr);
	make(&p, &lives, tcphs_lives_lead(&lives, 0), utf8);
	out.len = 0;
	tcphs_canvas_begin(&c, &p, &style, &clock, &out);
	tcphs_canvas_rows(&c);
	tcphs_canvas_end(&c);
	tcphs_picture_free(&p);
	tcphs_lives_free(&lives);
	return drawn();
}

#define COUNT(a)	(sizeof(a) / sizeof(a[0]))

#include "drawings.h"

static const struct {
	const char *name;		/* of its file as SVG */
	const char *story;
	const struct told *told;
	size_t nr;
	const char *wide, *narrow;	/* in 80 columns, in 40 (NULL: not looked at) */
	bool adopted, restored, v6, self;
} drawing[] = {
#define DRAWING(stream)	.name = #stream, .told = stream, .nr = COUNT(stream)
	{ DRAWING(loopback), .story = "both ends, half-close, TIME-WAIT",
	  .wide = loopback_drawn, .narrow = loopback_narrow },
	{ DRAWING(client), .story = "a client: SYN resent, ACK and FIN in one",
	  .wide = client_drawn, .narrow = client_narrow },
	{ DRAWING(server), .story = "a server, its ACK of the FIN told by the close", .wide = server_drawn },
	{ DRAWING(in_vain), .story = "data that nobody confirms", .wide = in_vain_drawn },
	{ DRAWING(closed_in_vain), .story = "and a FIN behind them", .wide = closed_in_vain_drawn },
	{ DRAWING(refused), .story = "refused", .wide = refused_drawn },
	{ DRAWING(expired), .story = "a request that expires", .wide = expired_drawn },
	{ DRAWING(crossing), .story = "FINs that cross",
	  .wide = crossing_drawn, .narrow = crossing_narrow },
	{ DRAWING(overflow), .story = "a full accept queue, and RST", .wide = overflow_drawn },
	{ DRAWING(lost), .story = "a SYN lost, one dropped, one taken",
	  .wide = lost_drawn, .narrow = lost_narrow },
	{ DRAWING(cookie), .story = "a SYN cookie", .wide = cookie_drawn },
	{ DRAWING(fastopen), .story = "Fast Open", .wide = fastopen_drawn },
	{ DRAWING(gave_up), .story = "connect() given up", .wide = gave_up_drawn },
	{ DRAWING(dropped), .story = "a SYN that a listener drops", .wide = dropped_drawn },
	{ DRAWING(late_accept), .story = "notes beside a segment on its way", .wide = late_accept_drawn },
	{ DRAWING(met), .story = "another's SYN meets it", .wide = met_drawn },
	{ DRAWING(meets), .story = "it meets an older one", .wide = meets_drawn },
	{ DRAWING(met_and_came), .story = "it meets an older one of an end that is here, too",
	  .wide = met_and_came_drawn },
	{ DRAWING(put_back), .story = "put back with TCP_REPAIR", .wide = put_back_drawn,
	  .restored = true },
	{ DRAWING(moved), .story = "put back beside its other end", .wide = moved_drawn },
	{ DRAWING(nat), .story = "NAT between two ends", .wide = nat_drawn, .narrow = nat_narrow },
	{ DRAWING(nat_refused), .story = "NAT to where nobody listens",
	  .wide = nat_refused_drawn },
	{ DRAWING(self), .story = "connected to itself",
	  .wide = self_drawn, .narrow = self_narrow, .self = true },
	{ DRAWING(adopted), .story = "older than the module", .wide = adopted_drawn, .adopted = true },
	{ DRAWING(refused), .story = "addresses too long to stand side by side",
	  .wide = long_drawn, .narrow = long_narrow, .v6 = true },
};

static const char *draw_one(size_t i, unsigned int width)
{
	const char *text;

	is_adopted = drawing[i].adopted;
	is_restored = drawing[i].restored;
	is_v6 = drawing[i].v6;
	is_self = drawing[i].self;
	text = draw(drawing[i].told, drawing[i].nr, false, width, false);
	is_adopted = false;
	is_restored = false;
	is_v6 = false;
	is_self = false;
	return text;
}

static void test_drawings(void)
{
	char name[128];
	size_t i;

	for (i = 0; i < COUNT(drawing); i++) {
		same(draw_one(i, 80), drawing[i].wide, drawing[i].story);
		if (!drawing[i].narrow)
			continue;
		snprintf(name, sizeof(name), "%s, in 40 columns", drawing[i].story);
		same(draw_one(i, 40), drawing[i].narrow, name);
	}
}

/* The widest line in columns; 0 where a byte is not ASCII and should be. */
static size_t widest(const char *text, bool ascii)
{
	size_t n = 0, most = 0;

	for (; *text; text++) {
		if (ascii && (unsigned char)*text > 0x7e)
			return 0;
		n = *text == '\n' ? 0 : n + ((*text & 0xc0) != 0x80);
		most = n > most ? n : most;
	}
	return most;
}

static void test_widths(void)
{
	static const unsigned int width[] = { 40, 41, 63, 64, 71, 80, 99, 100, 131, 199 };
	size_t i, most;
	int good = 1, ascii = 1;

	for (i = 0; i < COUNT(width); i++) {
		most = widest(draw(crossing, COUNT(crossing), true, width[i], true), false);
		good &= most <= width[i] && most > width[i] - 12;
		most = widest(draw(lost, COUNT(lost), false, width[i], i & 1), true);
		ascii &= most && most <= width[i];
	}
	ok(good, "a drawing is as wide as it may be, at ten widths");
	ok(ascii, "without UTF-8 every character is ASCII");
	equal(widest(draw(lost, COUNT(lost), true, 7, false), false) > 40, 0,
	      "what is narrower than 40 columns gets 40");
}

/* Each end in a call of its own, as a follower may get them. */
static void test_follow(void)
{
	struct tcphs_canvas_style style = style_of(false, 80);
	struct tcphs_clock clock = { 0 };
	const struct tcphs_event *ev;
	struct tcphs_lives lives = { 0 };
	struct tcphs_picture p;
	struct tcphs_canvas c;
	uint32_t i;

	collect(&lives, crossing, COUNT(crossing));
	tcphs_picture_init(&p, false);
	out.len = 0;
	for (i = 0; i < lives.nr; i++) {
		ev = &lives.kept[i].ev;
		tcphs_picture_add(&p, &ev, 1);
		if (!i)
			tcphs_canvas_begin(&c, &p, &style, &clock, &out);
		tcphs_canvas_rows(&c);
	}
	same(drawn(), followed_drawn, "drawn event by event");
	tcphs_picture_free(&p);
	tcphs_lives_free(&lives);
}

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID	"0b2d0f3a-4c5d-6e7f-8091-a2b3c4d5e6f7"
#define LONG	"a-unit-whose-name-is-longer-than-a-line-of-the-heading-may-be-and-so-ends-in-dots-"
#define POD	"/kubepods.slice/kubepods-pod0b2d0f3a_4c5d_6e7f_8091_a2b3c4d5e6f7.slice/"

/* Whose the ends are by cgroup: of what is on record, the listener where nobody accepted. */
static void test_whose(void)
{
	static const struct {
		uint64_t id;
		const char *path, *whose, *pod;
	} cgroup[] = {
		{ 7919, "/system.slice/nginx.service", "nginx.service", "" },
		{ 7927, "/system.slice/docker-" ID ".scope", "container 0123456789ab", "" },
		{ 7933, "/lxc.payload.web-1/system.slice/cron.service",
		  "cron.service, container web-1", "" },
		{ 7937, POD "crio-" ID ".scope", "container 0123456789ab", "pod " UID },
		{ 7949, "/" LONG LONG ".service", LONG "a-unit-who...", "" },
		{ 7951, "/", "", "" },
		{ 7963, NULL, "", "" },		/* nobody knows it */
		{ 0, NULL, "", "" },
	};
	char line[TCPHS_HEADING_LINES][TCPHS_HEADING_LEN];
	struct tcphs_cgroups *known = tcphs_cgroups_new();
	struct tcphs_lives lives = { 0 };
	struct tcphs_picture p;
	struct tcphs_end *end = p.end;
	size_t i;

	for (i = 0; i < COUNT(cgroup); i++)
		if (cgroup[i].path)
			tcphs_cgroups_add(known, cgroup[i].id, cgroup[i].path);
	collect(&lives, loopback, COUNT(loopback));
	make(&p, &lives, 0, true);
	p.cgroups = known;
	for (i = 0; i < COUNT(cgroup); i++) {
		end->id.cgroup = cgroup[i].id;
		tcphs_heading(&p, TCPHS_LEFT, NULL, line);
		same(line[3], cgroup[i].whose, "its unit or container");
		same(line[4], cgroup[i].pod, "and its pod");
		same(line[5], "conn a", "above its number");
	}
	end->id.cgroup = 7937;
	out.len = 0;
	tcphs_picture_json_head(&p, &out);
	ok(strstr(drawn(), "\"cgroup_id\":7937,\"cgroup\":\"" POD "crio-" ID ".scope\",\"unit\":\"crio-"
		  ID ".scope\",\"container\":\"" ID "\",\"pod\":\"" UID "\"}"), "JSON: the same, whole");
	end->flags &= ~TCPHS_F_OWNER;
	end->listener = end->id;
	end->listener_flags = TCPHS_F_OWNER;
	end->id.cgroup = 7919;
	tcphs_heading(&p, TCPHS_LEFT, NULL, line);
	same(line[4], "pod " UID, "where nobody accepted, those of the listener");
	out.len = 0;
	tcphs_picture_json_head(&p, &out);
	ok(strstr(drawn(), "\"listener_unit\":\"crio-" ID ".scope\",\"listener_container\":\"" ID
		  "\",\"listener_pod\":\"" UID "\""), "JSON: those of the listener are called so");
	end->seen = false;
	tcphs_heading(&p, TCPHS_LEFT, NULL, line);
	same(line[3], "", "who is not seen has none");
	p.cgroups = NULL;
	end->seen = true;
	tcphs_heading(&p, TCPHS_LEFT, NULL, line);
	same(line[3], "", "nor has anybody where none are known");
	tcphs_cgroups_free(known);
	tcphs_picture_free(&p);
	tcphs_lives_free(&lives);
}

static int count_of(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text++;
		n++;
	}
	return n;
}

static void test_formats(void)
{
	struct tcphs_clock clock = { 0 };
	struct tcphs_lives lives = { 0 };
	struct tcphs_picture p;
	const char *text;

	collect(&lives, loopback, COUNT(loopback));
	make(&p, &lives, 0, true);
	out.len = 0;
	tcphs_picture_json_head(&p, &out);
	tcphs_picture_json_rows(&p, 0, &out);
	text = drawn();
	equal(count_of(text, "\n"), p.nr + 1, "JSON: a line for the ends, one for each step");
	equal(count_of(text, "\"part\":\"departs\""), 4, "JSON: what has two told ends departs");
	equal(count_of(text, "\"part\":\"arrives\""), 4, "and arrives");
	ok(strstr(text, "\"flags\":[\"fin\",\"ack\"],\"seq\":4000000079,\"ack\":179"),
	   "JSON: numbers as on the wire");
	ok(strstr(text, "\"data\":{\"left_bytes\":78,\"right_bytes\":161,"), "JSON: the bytes");

	out.len = 0;
	tcphs_picture_svg(&p, &clock, false, NULL, &out);
	text = drawn();
	ok(strstr(text, "cu&lt;r&amp;l[209]"), "SVG: names of processes are escaped");
	equal(count_of(text, "<path "), 7 + 3, "SVG: a head for each segment, three for the data");
	ok(strstr(text, "FIN+ACK seq 199 ack 80</text>"), "SVG: labels are text");
	ok(strstr(text, "prefers-color-scheme: dark"), "SVG: colours for the dark");
	tcphs_picture_free(&p);
	tcphs_lives_clear(&lives);
	collect(&lives, lost, COUNT(lost));
	make(&p, &lives, 0, true);
	out.len = 0;
	tcphs_picture_svg(&p, &clock, false, NULL, &out);
	equal(count_of(drawn(), "d=\"M-6 -6L6 6M-6 6L6 -6\""), 2, "SVG: a cross for each SYN that did not get there");
	tcphs_picture_free(&p);
	tcphs_lives_free(&lives);
}

static uint32_t see(struct tcphs_lives *l, const struct tcphs_event *ev)
{
	int err;

	return tcphs_lives_see(l, ev, &err);
}

/* The same cookie and generation once more, when TIME_WAIT is over, or its end is not on record. */
static void test_lives_again(const struct tcphs_event *of)
{
	static const uint8_t steps[] = { TCPHS_EV_SYN_SENT, TCPHS_EV_ESTABLISHED, TCPHS_EV_CLOSED,
					 TCPHS_EV_TIME_WAIT_END };
	struct tcphs_event ev[3 * sizeof(steps)];
	uint32_t first[3 * sizeof(steps)], i, nr = 0;
	struct tcphs_lives l = { 0 };
	bool same = true;

	for (i = 0; i < 3 * sizeof(steps); i++) {
		if (i == 2 * sizeof(steps) - 1)
			continue;
		ev[nr] = *of;
		ev[nr].type = steps[i % sizeof(steps)];
		ev[nr].old_state = i % sizeof(steps) ? TCPHS_STATE_ESTABLISHED : TCPHS_STATE_CLOSE;
		ev[nr].id.isn += i / (uint32_t)sizeof(steps);
		ev[nr].flags |= steps[i % sizeof(steps)] == TCPHS_EV_CLOSED ? TCPHS_F_TIME_WAIT_AHEAD : 0;
		ev[nr].time += nr;
		first[nr] = see(&l, &ev[nr]);
		nr++;
	}
	equal(l.lives, 3, "a socket that connects three times has three lives");
	ok(first[3] == 0 && first[4] == 1 && first[6] == 1 && first[7] == 2 && first[10] == 2,
	   "each with its own steps");
	ok(l.life[0].id.isn + 2 == l.life[2].id.isn, "and its own numbers");
	tcphs_lives_restart(&l);
	for (i = 0; i < nr; i++)
		same &= tcphs_lives_find(&l, &ev[i]) == first[i];
	ok(same, "and the second time it is the same");
	tcphs_lives_free(&l);
}

static void test_lives(void)
{
	struct tcphs_lives l = { 0 };
	struct tcphs_event ev;
	uint32_t i, life;

	collect(&l, lost, COUNT(lost));
	equal(l.lives, 2, "two ends; the SYN that met no socket is the client's");
	ok(tcphs_lives_belong(&l, 0, 1), "they belong together");
	equal(tcphs_lives_lead(&l, 1), 0, "the one that opened leads");
	ok(!tcphs_lives_over(&l, 0), "it goes on");

	/* Again the same addresses, with other ISNs. */
	ev = event_of(&lost[0]);
	ev.id.conn = 0xc;
	ev.id.isn++;
	ev.seq++;
	life = see(&l, &ev);
	equal(life, 2, "another connection between the same addresses");
	ok(!tcphs_lives_belong(&l, life, 1) && !tcphs_lives_belong(&l, life, 0),
	   "is of another picture");
	ev.id.generation = 1;
	equal(see(&l, &ev), 3, "the same socket again is another life");
	ev.type = TCPHS_EV_CONNECT_FAILED;
	equal(see(&l, &ev), 3, "that goes on");
	ok(tcphs_lives_over(&l, 3), "and ends");
	test_lives_again(&ev);

	/* Enough lives to make new buckets, twice. */
	for (i = 0; i < 5003; i++) {
		ev.id.conn = 0x1000 + i;
		ev.id.local_port = (uint16_t)(1024 + i);
		see(&l, &ev);
	}
	equal(l.lives, 4 + 5003, "5,003 more");
	ev = event_of(&lost[0]);
	equal(see(&l, &ev), 0, "the first is still found");
	tcphs_lives_clear(&l);
	collect(&l, loopback, COUNT(loopback));
	ok(l.lives == 2 && tcphs_lives_over(&l, 0), "cleared, it is as new");
	tcphs_lives_free(&l);
}

/* A RST of a closed port, for an ACK that nobody wanted. */
static struct tcphs_event stray(void)
{
	return (struct tcphs_event){
		.time = 1, .type = TCPHS_EV_RST_SENT, .old_state = TCPHS_STATE_CLOSE,
		.new_state = TCPHS_STATE_CLOSE, .reason = TCPHS_REASON_NO_SOCKET,
		.flags = TCPHS_F_SEQ, .seq = 4711,
		.id = { .local = { 10, 0, 0, 2 }, .peer = { 10, 0, 0, 1 }, .local_port = 443,
			.peer_port = 40001, .family = AF_INET },
	};
}

/* What fits into one ring. */
#define MANY	131072

/* Looks at every life once, as a drawing with a filter does. */
static uint64_t work_of(struct tcphs_lives *l)
{
	uint32_t i;

	for (i = 0; i < l->lives; i++)
		tcphs_lives_lead(l, i);
	return l->work;
}

/* For each event a few nodes are looked at, whatever strangers send. */
static void test_work(void)
{
	static const char *const story[] = {
		"131,072 RSTs of one pair", "RSTs that answer SYNs of one pair",
		"dropped SYNs of one pair", "dropped SYNs of one ISN",
		"connections of one pair", "requests of one ISN", "connections of the kernel's",
	};
	static const uint32_t lives[] = { 1, 1, MANY, MANY, MANY, MANY, MANY };
	struct tcphs_event ev;
	unsigned int kind;
	char name[128];
	uint32_t i;

	for (kind = 0; kind < COUNT(story); kind++) {
		struct tcphs_lives l = { 0 };

		for (i = 0; i < MANY; i++) {
			ev = stray();
			ev.time += i;
			if (kind == 1) {
				ev.flags = TCPHS_F_SEQ | TCPHS_F_ACK;
				ev.seq = 0;
				ev.ack = i * 7919;
			} else if (kind > 1) {
				ev.type = kind < 4 ? TCPHS_EV_SYN_DROPPED : TCPHS_EV_SYN_RECEIVED;
				ev.flags = TCPHS_F_PEER_ISN;
				ev.id.peer_isn = kind == 3 || kind == 5 ? 17 : i;
				ev.id.conn = kind < 4 ? 0 : i + 1;
				ev.flags |= ev.id.conn ? TCPHS_F_ISN : 0;
				ev.id.isn = i * 104729;
			}
			if (kind == 3 || kind > 4) {
				ev.id.peer[1] = (uint8_t)(i >> 16);
				ev.id.peer_port = (uint16_t)i;
			}
			see(&l, &ev);
		}
		snprintf(name, sizeof(name), "%s: %u lives", story[kind], lives[kind]);
		equal(l.lives, lives[kind], name);
		snprintf(name, sizeof(name), "%s: no more work for many than for few", story[kind]);
		/* Of one ISN at most WALK_MAX are looked at, for each life. */
		ok(work_of(&l) < (uint64_t)MANY * (kind == 3 || kind == 5 ? 200 : 24), name);
		printf("# %.1f nodes an event\n", (double)l.work / MANY);
		tcphs_lives_free(&l);
	}
}

static void test_choice(void)
{
	struct tcphs_lives l = { 0 };
	uint32_t chosen[8], total, i;
	struct tcphs_event ev;

	/* Seven connections with one stray RST after them. */
	for (i = 0; i < 7; i++) {
		ev = event_of(&refused[0]);
		ev.time += i;
		ev.id.conn += i;
		ev.id.local_port += (uint16_t)i;
		total = see(&l, &ev);
		l.life[total].wanted = true;
	}
	ev = stray();
	ev.time = UINT64_MAX / 2;
	ev.id.peer_port++;
	ev.id.local_port++;
	i = see(&l, &ev);
	l.life[i].wanted = true;
	equal(tcphs_lives_choose(&l, 1, chosen, &total), 1, "one is chosen");
	equal(chosen[0], 6, "a connection before a stray RST that came later");
	equal(total, 8, "of eight");
	equal(tcphs_lives_choose(&l, 8, chosen, &total), 8, "or all of them");
	ok(chosen[0] == 0 && chosen[7] == i, "the oldest first");
	equal(tcphs_lives_forget(&l, 3, 2), 5, "of those that are forgotten five were wanted");
	equal(tcphs_lives_choose(&l, 8, chosen, &total), 3, "three are left");
	equal(l.life[chosen[0]].id.conn, 0xa + 5, "the older ones are gone");
	tcphs_lives_free(&l);
}

static void test_steps(void)
{
	struct tcphs_lives l = { 0 };
	struct tcphs_event ev = stray();
	const struct tcphs_kept **kept;
	uint32_t i;
	size_t nr;

	for (i = 0; i < 1009; i++) {
		ev.seq = i;
		tcphs_lives_add(&l, &ev);
	}
	kept = tcphs_lives_events(&l, 0, 0, &nr);
	equal(nr, 2 * TCPHS_LIFE_STEPS, "of 1,009 steps the first and the last are kept");
	equal(l.life[0].left_out, 1009 - 2 * TCPHS_LIFE_STEPS, "it is known how many are not");
	ok(kept[0]->ev.seq == 0 && kept[TCPHS_LIFE_STEPS - 1]->ev.seq == TCPHS_LIFE_STEPS - 1 &&
	   kept[TCPHS_LIFE_STEPS]->ev.seq == 1009 - TCPHS_LIFE_STEPS && kept[nr - 1]->ev.seq == 1008,
	   "in their order");
	equal(l.nr, 2 * TCPHS_LIFE_STEPS, "and the memory does not grow");
	free(kept);
	tcphs_lives_free(&l);
}

static void test_nat(void)
{
	struct tcphs_lives l = { 0 };
	struct tcphs_event ev;
	uint32_t other;

	collect(&l, nat, COUNT(nat));
	equal(tcphs_lives_lead(&l, 1), 0, "ISNs that agree crosswise are of one connection");
	/* The client's number by chance, from somewhere else. */
	ev = event_of(&nat[1]);
	ev.id.conn = 0xd;
	ev.id.isn++;
	ev.id.peer[3] = 77;
	other = see(&l, &ev);
	ok(!tcphs_lives_belong(&l, 0, other), "one of them, and no common address, is chance");
	ev.id.conn = 0xe;
	ev.id.isn--;
	other = see(&l, &ev);
	ok(tcphs_lives_belong(&l, 0, other), "both are not, though NAT changed both addresses");
	tcphs_lives_free(&l);
}

/* No record says what an open connection has sent in vain: who draws it asks. */
static void test_waits(void)
{
	struct tcphs_canvas_style style = style_of(false, 80);
	struct tcphs_clock clock = { 0 };
	struct tcphs_lives lives = { 0 };
	struct tcphs_picture p;
	struct tcphs_canvas c;
	const char *text;

	device = 7;
	collect(&lives, lost, COUNT(lost));
	device = 0;
	make(&p, &lives, 0, false);
	ok(p.end[TCPHS_LEFT].ifindex == 7 && p.end[TCPHS_RIGHT].ifindex == 7,
	   "the device is known without which the kernel does not find it");
	tcphs_picture_waits(&p, TCPHS_LEFT, 5, 10200000000ull);
	out.len = 0;
	tcphs_canvas_begin(&c, &p, &style, &clock, &out);
	tcphs_canvas_rows(&c);
	tcphs_canvas_end(&c);
	text = strstr(drawn(), " 4.500300");
	same(text ? text : "", " 4.500300  +1.50 s              |<===== open for 1.50 s now =====>|\n"
	     "                                | 5 B not confirmed for about     |\n"
	     "                                | 10.2 s                          |\n",
	     "an open connection shows what it has sent in vain");
	out.len = 0;
	tcphs_picture_json_rows(&p, p.nr - 1, &out);
	ok(strstr(drawn(), "\"open\":true") && strstr(drawn(), "\"left_waiting_bytes\":5,"
		  "\"left_waiting_ns\":10200000000") && !strstr(drawn(), "right_waiting"),
	   "so does its JSON");
	tcphs_picture_free(&p);
	tcphs_lives_clear(&lives);
	collect(&lives, loopback, COUNT(loopback));
	make(&p, &lives, 0, false);
	tcphs_picture_waits(&p, TCPHS_LEFT, 5, 10200000000ull);
	ok(!tcphs_picture_open(&p), "of one that is closed nothing waits");
	tcphs_picture_free(&p);
	tcphs_lives_free(&lives);
}

/* What TCP_REPAIR put back, of which no handshake says which connection it is. */
static void test_put_back(void)
{
	const struct told *again = moved;
	struct tcphs_lives l = { 0 };
	struct tcphs_event ev;
	uint32_t life;

	while (!again->again)
		again++;
	collect(&l, moved, COUNT(moved));
	ok(l.lives == 3 && tcphs_lives_belong(&l, 2, 1) && !tcphs_lives_belong(&l, 2, 0),
	   "what is put back where it was taken out has the other end that it had");
	equal(tcphs_lives_lead(&l, 2), 0, "and is of the same picture");
	ok(tcphs_lives_over(&l, 2) == tcphs_lives_over(&l, 0), "which ends with it");
	tcphs_lives_clear(&l);

	/* It was elsewhere before. */
	collect(&l, server, 3);
	ev = event_of(again);
	life = see(&l, &ev);
	ok(tcphs_lives_belong(&l, life, 0), "the other end alone is enough, as long as it is open");
	tcphs_lives_clear(&l);
	collect(&l, server, COUNT(server));
	life = see(&l, &ev);
	ok(!tcphs_lives_belong(&l, life, 0), "one that has closed is another connection's");
	tcphs_lives_clear(&l);
	collect(&l, client, COUNT(client));
	life = see(&l, &ev);
	equal(l.life[life].flags, 0, "and so is one that was not taken out");
	tcphs_lives_free(&l);
}

/* FINs cross while nothing of what was sent before ours is confirmed. */
static void test_crossing_data(void)
{
	static const struct told told[] = {
		L_SYN, L_ESTABLISHED(100000),
		{ E(L, 200000, FIN_SENT, ESTABLISHED, FIN_WAIT1), NUMBERS(101, 1) },
		{ E(L, 250000, FIN_RECEIVED, FIN_WAIT1, CLOSING), NUMBERS(1, 1) },
		{ E(L, 350000, FIN_ACKED, CLOSING, TIME_WAIT), NUMBERS(2, 102) },
		{ E(L, 350000, TIME_WAIT, CLOSING, TIME_WAIT), NUMBERS(102, 2) },
		{ E(L, 350000, CLOSED, CLOSING, TIME_WAIT), LIFE(100, 0, 4), .duration = 350000 },
	};
	const char *text = draw(told, COUNT(told), true, 120, false);

	ok(strstr(text, "ACK seq 102 ack 2"), "the ACK of a FIN that crosses comes behind our own FIN");
	ok(!strstr(text, "ACK seq 2 ack 2"), "whatever the peer has confirmed so far");
}

/* A listener, or who is in SYN-RECV, resets what an older connection sent: that ends nothing. */
static void test_stray(void)
{
#define OPENED	R_SYN(0), { E(R, 400, RST_SENT, LISTEN, LISTEN), WHY(BAD_SEGMENT), SEQ(300000), \
			    .nobody = true }, R_ESTABLISHED(760)
	static const struct told open[] = { OPENED };
	static const struct told timed_out[] = {
		OPENED,
		{ E(R, 7780000, CLOSED, ESTABLISHED, CLOSE), WHY(TIMEOUT), LIFE(41, 0, 0),
		  .duration = 7780000 },
	};
	static const struct told stays[] = {
		R_SYN(0), { E(R, 400, RST_SENT, SYN_RECV, SYN_RECV), WHY(BAD_SEGMENT), SEQ(300000) },
		R_ESTABLISHED(760),
	};
	const char *text = draw(open, COUNT(open), true, 120, false);

	ok(strstr(text, "RST seq 300000") && strstr(text, "open for 1.50 s now"),
	   "a connection goes on whose listener resets what is not of it");
	text = draw(timed_out, COUNT(timed_out), true, 120, false);
	ok(strstr(text, "41 B") && strstr(text, tcphs_reason_words(TCPHS_REASON_TIMEOUT)),
	   "its data are drawn, and the reason why it ends later");
	text = draw(stays, COUNT(stays), true, 120, false);
	ok(strstr(text, "RST seq 300000") && strstr(text, "open for 1.50 s now"),
	   "so does one that resets it itself, in SYN-RECV");
#undef OPENED
}

static void test_again(void)
{
	struct tcphs_lives l = { 0 };
	struct tcphs_event ev;
	int same = 1, err;
	size_t i;

	/* The server alone: what was dropped comes before its life. */
	for (i = 2; i < COUNT(lost); i++) {
		ev = event_of(&lost[i]);
		if (lost[i].side == R)
			tcphs_lives_see(&l, &ev, &err);
	}
	equal(l.lives, 2, "a SYN that was dropped, and what came of its resend");
	ok(tcphs_lives_belong(&l, 1, 0), "belong together");
	tcphs_lives_restart(&l);
	for (i = 2; i < COUNT(lost); i++) {
		ev = event_of(&lost[i]);
		if (lost[i].side == R)
			same &= tcphs_lives_lead(&l, tcphs_lives_find(&l, &ev)) == 1;
	}
	ok(same, "and are found a second time");
	ev = stray();
	ev.id.peer_port = 1;
	ok(tcphs_lives_find(&l, &ev) == TCPHS_NO_LIFE, "what was not seen the first time is not");
	tcphs_lives_free(&l);
}

/* ---- for eyes, and for svg.py ------------------------------------------------- */

static int write_file(const char *directory, const char *name, const char *ending)
{
	char path[256];
	FILE *file;
	int bad;

	snprintf(path, sizeof(path), "%s/%s.%s", directory, name, ending);
	file = fopen(path, "w");
	if (!file)
		return -1;
	bad = fwrite(out.data, 1, out.len, file) != out.len;
	return fclose(file) || bad ? -1 : 0;
}

static int write_drawings(const char *directory)
{
	struct tcphs_clock clock = { 0 };
	struct tcphs_picture p;
	size_t i;

	for (i = 0; i < COUNT(drawing); i++) {
		struct tcphs_lives lives = { 0 };
		char name[64];

		is_adopted = drawing[i].adopted;
		is_restored = drawing[i].restored;
		is_v6 = drawing[i].v6;
		is_self = drawing[i].self;
		snprintf(name, sizeof(name), "%s%s", drawing[i].name, is_v6 ? "_long" : "");
		collect(&lives, drawing[i].told, drawing[i].nr);
		make(&p, &lives, tcphs_lives_lead(&lives, 0), true);
		out.len = 0;
		tcphs_picture_svg(&p, &clock, false, NULL, &out);
		if (write_file(directory, name, "svg"))
			return 1;
		tcphs_picture_free(&p);
		tcphs_lives_free(&lives);
	}
	is_adopted = false;
	is_v6 = false;
	is_self = false;
	return 0;
}

/* So much later, and with other ISNs. */
static void record_event(struct tcphs_recorder *r, struct tcphs_event ev, uint32_t later_us)
{
	ev.time += later_us * 1000ull;
	if (ev.flags & TCPHS_F_ISN)
		ev.id.isn += later_us;
	if (ev.flags & TCPHS_F_PEER_ISN)
		ev.id.peer_isn += later_us;
	if (ev.flags & TCPHS_F_SEQ && ev.seq)
		ev.seq += later_us;
	if (ev.flags & TCPHS_F_ACK)
		ev.ack += later_us;
	tcphs_recorder_event(r, &ev);
}

/*
 * For diagram.sh: connections that are refused, one that is open, one socket that
 * connects twice, a listener's full queue, and as many strangers as fit into a ring.
 */
static void record_all(struct tcphs_recorder *r)
{
	struct tcphs_event ev;
	uint32_t i, k;

	ev = event_of(&(struct told){ E(R, 0, LISTEN, CLOSE, LISTEN), WHY(NONE) });
	ev.id.conn = 7;
	ev.id.pid = 4711;
	memcpy(ev.id.comm, "shop", 5);
	ev.flags = TCPHS_F_OWNER;
	record_event(r, ev, 0);
	record_event(r, event_of(&dropped[0]), 1);
	for (i = 0; i < 13; i++) {
		for (k = 0; k < COUNT(refused); k++) {
			ev = event_of(&refused[k]);
			ev.id.conn = 0x100 + i;
			ev.id.local_port += (uint16_t)(1 + i);
			ev.id.peer_port = 81;
			record_event(r, ev, 1000000 + i * 10000);
		}
	}
	for (i = 0; i < 2; i++) {
		for (k = 0; k < COUNT(gave_up); k++) {
			ev = event_of(&gave_up[k]);
			ev.id.conn = 0x200;
			ev.id.generation = (uint16_t)i;
			ev.id.peer_port = (uint16_t)(82 + i);
			record_event(r, ev, 3000000 + i * 3000000);
		}
	}
	for (i = 0; i < 3; i++) {
		ev = event_of(&loopback[i * 2]);
		ev.id.local_port = 40500;
		ev.id.peer_port = 84;
		if (loopback[i * 2].side == L && loopback[i * 2].us < 5000)
			record_event(r, ev, 10000000);
	}
	for (i = 0; i < MANY; i++) {
		ev = stray();
		ev.time = 12000000000ull + i;
		ev.seq = i;
		record_event(r, ev, 0);
	}
	/* The last word is of something else. */
	ev.time = 16000000000ull;
	ev.id.local_port = 9;
	record_event(r, ev, 0);
}

static int write_recording(const char *directory)
{
	const struct tcphs_recording_info info = { .clock_offset = 0 };
	struct tcphs_recorder *r;
	char path[256];
	int fd, bad;

	snprintf(path, sizeof(path), "%s/recording", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	r = fd < 0 ? NULL : tcphs_recorder_new(tcphs_write_to, &fd, &info);
	if (!r)
		return 1;
	record_all(r);
	bad = tcphs_recorder_end(r);
	tcphs_recorder_free(r);
	return close(fd) || bad;
}

/*
 * test_picture [DIRECTORY]: with one it tests nothing, and writes there the drawings as
 * SVG, and a recording
 */
int main(int argc, char **argv)
{
	setenv("TZ", "UTC", 1);
	tzset();
	tcphs_buf_init(&out, -1);
	if (argc > 1)
		return write_drawings(argv[1]) || write_recording(argv[1]);
	plan(25 + 4 + 7 + 3 + 1 + 29 + 10 + 12 + 14 + 8 + 4 + 4 + 6 + 3 + 4 + 2 + 3);
	test_drawings();
	test_widths();
	test_follow();
	test_whose();
	test_formats();
	test_lives();
	test_work();
	test_choice();
	test_steps();
	test_nat();
	test_waits();
	test_put_back();
	test_again();
	test_crossing_data();
	test_stray();
	tcphs_buf_free(&out);
	return tap_done();
}

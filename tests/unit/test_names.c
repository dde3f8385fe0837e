/* SPDX-License-Identifier: GPL-2.0 */
/* Every number has a name, no two the same, and ss's words are understood. */
#include "tap.h"
#include "internal.h"

typedef const char *(*name_fn)(unsigned int, char *);

static int all_named(name_fn name, unsigned int from, unsigned int max)
{
	char buf[TCPHS_NAME_LEN], buf2[TCPHS_NAME_LEN];
	unsigned int i, k;

	for (i = from; i <= max; i++) {
		if (name(i, buf)[0] == '?')
			return 0;
		for (k = from; k < i; k++)
			if (!strcmp(name(i, buf), name(k, buf2)))
				return 0;
	}
	return 1;
}

/* On a line of the man page there is no room for more. */
static int all_explained(const char *(*help)(unsigned int), unsigned int from, unsigned int max,
			 size_t width)
{
	for (; from <= max; from++)
		if (!help(from) || !*help(from) || strlen(help(from)) > width)
			return 0;
	return !help(max + 1);
}

static uint32_t mask_of(const char *list)
{
	uint32_t mask = 0;
	char bad[72];

	return tcphs_states_parse(list, &mask, bad, sizeof(bad)) ? 0 : mask;
}

int main(void)
{
	char buf[TCPHS_NAME_LEN], bad[8];
	uint32_t mask;

	plan(30);
	ok(all_named(tcphs_state_name, 1, TCPHS_STATE_MAX), "every state has a name of its own");
	ok(all_named(tcphs_state_key, 1, TCPHS_STATE_MAX), "every state has a key of its own");
	ok(all_explained(tcphs_event_help, 1, TCPHS_EV_MAX, 52), "every event is explained");
	ok(all_explained(tcphs_reason_help, 0, TCPHS_REASON_MAX, 52), "and every reason");
	ok(all_explained(tcphs_refused_help, 1, TCPHS_REFUSED_MAX, 70), "and every refusal");
	ok(all_named(tcphs_event_name, 1, TCPHS_EV_MAX), "every event has a name of its own");
	ok(all_named(tcphs_reason_name, 0, TCPHS_REASON_MAX), "every reason has one");
	ok(all_named(tcphs_role_name, 0, TCPHS_ROLE_MAX), "every role has one");
	ok(all_named(tcphs_closer_name, 0, TCPHS_CLOSER_MAX), "every closer has one");
	ok(all_named(tcphs_hist_name, 0, TCPHS_HIST_MAX), "every histogram has one");
	ok(all_named(tcphs_hook_kind_name, 0, TCPHS_HOOK_KIND_MAX), "every kind of hook has one");
	ok(all_named(tcphs_refused_name, 1, TCPHS_REFUSED_MAX), "every cause of a refusal has one");
	ok(all_named(tcphs_option_name, 0, TCPHS_OPTION_BITS - 1), "every option has one");
	same(tcphs_event_name(200, buf), "?200", "an unknown event shows its number");
	same(tcphs_state_name(4294967295u, buf), "?4294967295", "so does the largest number");
	same(tcphs_state_key(0, buf), "none", "no state is told as such");
	same(tcphs_event_name(TCPHS_EV_SYNACK_RETRANSMIT, buf), "synack-retransmit", "an event");
	same(tcphs_reason_name(TCPHS_REASON_ACCEPT_QUEUE_FULL, buf), "accept-queue-full",
	     "a reason");

	equal(mask_of("established"), 1u << TCPHS_STATE_ESTABLISHED, "one state");
	equal(mask_of("time-wait,close-wait"),
	      1u << TCPHS_STATE_TIME_WAIT | 1u << TCPHS_STATE_CLOSE_WAIT, "two states");
	equal(mask_of("FIN-WAIT-1"), 1u << TCPHS_STATE_FIN_WAIT1, "in upper case");
	equal(mask_of("all"), 0xffe, "all");
	equal(mask_of("connected"),
	      0xffe & ~(1u << TCPHS_STATE_CLOSE | 1u << TCPHS_STATE_LISTEN), "connected");
	equal(mask_of("synchronized"), mask_of("connected") & ~(1u << TCPHS_STATE_SYN_SENT),
	      "synchronized");
	equal(mask_of("bucket"), 1u << TCPHS_STATE_SYN_RECV | 1u << TCPHS_STATE_TIME_WAIT,
	      "bucket");
	equal(mask_of("big"), 0xffe & ~mask_of("bucket"), "big");
	ok(tcphs_states_parse("established,nonsense-word", &mask, bad, sizeof(bad)) < 0,
	   "a wrong word is refused");
	same(bad, "nonsens", "and named, as far as it fits");
	ok(!mask_of("") && !mask_of("none") && !mask_of("established,") && !mask_of("establish"),
	   "neither nothing nor half a word is a state");
	ok(mask_of("ESTAB,TIME_WAIT,SYN-RECV,finwait2") ==
	   (1u << TCPHS_STATE_ESTABLISHED | 1u << TCPHS_STATE_TIME_WAIT |
	    1u << TCPHS_STATE_SYN_RECV | 1u << TCPHS_STATE_FIN_WAIT2) && !mask_of("-"),
	   "as ss prints them, and as the kernel spells them");
	return tap_done();
}

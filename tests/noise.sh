#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Requests and reads that make no sense, by several at once and with traffic under
# way: an error or a well-formed answer to each, and the module works as before.

. "$(dirname "$0")/lib.sh"

requests=30011
[[ -z ${TCPHS_TEST_LONG-} ]] || requests=$((1000003 / patience))

# churn_for_ever: connections as long as the noise lasts
churn_for_ever() {
	while :; do
		"$here/churn" --pairs 1 --seconds 3 >/dev/null 2>&1
		sleep 1
	done
}

makes_no_harm() {
	"$here/noise" "$seed" "$requests" >"$tmp/noise" 2>&1 || { cat "$tmp/noise"; return 1; }
}

# said WORD: the number behind it
said() {
	sed -n "s/^$1 //p" "$tmp/noise"
}

all_kinds_of_answers() {
	cat "$tmp/noise"
	(($(said requests) >= requests && $(said granted) > 97 && $(said refused) > 997 &&
	  $(said bytes) > 1000003))
}

still_works() {
	"$here/traffic" --connections 7 --close client-rst >/dev/null || return
	events_json "$tmp/events" || return
	nothing_lost "$tmp/events" && summary_agrees "$tmp/events"
}

start 5
need_command jq python3
seed=${SEED:-$RANDOM}
say "$requests requests, seed $seed"
sysctl -qw net.ipv4.tcp_max_tw_buckets=0
load ring_records=256
mark_dmesg
churn_for_ever &
started+=("$!")
check "nothing but errors and well-formed answers" makes_no_harm
stop "${started[0]}"
say "$(xargs <"$tmp/noise")"
check "requests were granted, refused and answered at length" all_kinds_of_answers
check "the kernel does not complain" kernel_is_quiet \
	"bucket table overflow|SYN flooding|netlink: .*noise|callbacks suppressed"
check "the module goes" unload
load
check "and works when it comes back" still_works
ktap_finished

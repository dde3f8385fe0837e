#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# One event has one time of day, whoever asks and whenever: when the clock is set while
# events are followed or recorded, and in a time namespace.

. "$(dirname "$0")/lib.sh"

port=7001

began=() ended=()	# of each port, by the clock of that moment

# refuse: a connect that is refused, one event of which is looked for
refuse() {
	port=$((port + 1))
	began[port]=$EPOCHSECONDS
	! curl -s "http://127.0.0.1:$port/" || return
	ended[port]=$EPOCHSECONDS
}

# at FILE PORT: time of day of its connect-failed, seconds since the epoch
at() {
	date -d "$(jq -r "select(.event == \"connect-failed\" and .peer_port == $2).at" "$1")" +%s
}

has_failed() {
	grep -q "\"event\":\"connect-failed\".*\"peer_port\":$2," "$1"
}

# right FILE PORT WHAT: it has the time of day at which it was
right() {
	local at

	at=$(at "$1" "$2")
	((at >= began[$2] && at <= ended[$2])) ||
		{ echo "$3: $at, and not ${began[$2]} to ${ended[$2]}"; return 1; }
}

same_each_time() {
	refuse
	tcphs events >"$tmp/first" && tcphs events -j >"$tmp/first.json" || return
	tcphs events >"$tmp/second" && tcphs events -j >"$tmp/second.json" || return
	cmp "$tmp/first" "$tmp/second" && cmp "$tmp/first.json" "$tmp/second.json" &&
	tcphs record -d 0s "$tmp/copy" 2>/dev/null &&
	diff "$tmp/first" <(tcphs events --read "$tmp/copy") &&
	right "$tmp/first.json" "$port" "time of day"
}

# failed_in SECONDS OPTION: ports of the connect-failed of the recording since or until then
failed_in() {
	tcphs events -j --read "$tmp/rec" "$2" "$(date -d "@$1" "+%F %T")" |
		jq 'select(.event == "connect-failed").peer_port'
}

# Sets the clock a day forward and at the end back again, as NTP might do it in one step.
over_a_step() {
	local follower recorder reader before after wrong=0

	background "$tmp/follow" tcphs events -f -j -n 0
	follower=$!
	background "$tmp/log" tcphs record -n 0 "$tmp/rec"
	recorder=$!
	background "$tmp/text" tcphs events -f -n 0
	reader=$!
	wait_until 10 grep -q TIME "$tmp/text" || return
	wait_until 10 test -s "$tmp/rec" || return
	refuse
	before=$port
	wait_until 10 has_failed "$tmp/follow" "$before" || return
	date -s "@$((EPOCHSECONDS + 86400))" >/dev/null
	refuse
	after=$port
	wait_until 10 has_failed "$tmp/follow" "$after" || return
	wait_until 10 grep -q ":$after .*connect-failed\|connect-failed.*:$after " "$tmp/text" || return
	stop "$recorder"
	stop "$follower"
	stop "$reader"
	tcphs events -j --read "$tmp/rec" >"$tmp/read" || wrong=1
	right "$tmp/follow" "$before" "followed, before" &&
	right "$tmp/follow" "$after" "followed, after" &&
	right "$tmp/read" "$before" "recorded, before" &&
	right "$tmp/read" "$after" "recorded, after" &&
	same "$(grep -c -- "^--- $(date +%F) " "$tmp/text")" 1 "lines with the new day" &&
	same "$(tcphs events --read "$tmp/rec" | grep -c '^--- ')" 2 "days in the recording" &&
	same "$(failed_in "$((began[after] - 43200))" --since)" "$after" "recorded, --since" &&
	same "$(failed_in "$((began[after] - 43200))" --until)" "$before" "recorded, --until" ||
		wrong=1
	date -s "@$((EPOCHSECONDS - 86400))" >/dev/null
	return "$wrong"
}

# There CLOCK_MONOTONIC is another.
in_a_time_namespace() {
	local shift

	for shift in 100000 -1; do
		background "$tmp/there" unshare --time --monotonic "$shift" --boottime "$shift" \
			tcphs events -f -j -n 1
		wait_until 10 test -s "$tmp/there" || return
		refuse
		wait_until 10 has_failed "$tmp/there" "$port" || return
		stop "${started[-1]}"
		right "$tmp/there" "$port" "shifted by $shift" || return
		same "$(jq -c '[.time, .at]' "$tmp/there" | tail -1)" \
			"$(tcphs events -j | jq -c '[.time, .at]' | tail -1)" "the same event" || return
	done
}

# The doctor judges the same failures there as here.
doctor_in_a_time_namespace() {
	local shift doctor failed='"check":"connects","looked":true,"saw":"[1-9][0-9]*, established 0, failed or given up [1-9]'

	for shift in 100000 -1; do
		refuse
		unshare --time --monotonic "$shift" --boottime "$shift" \
			tcphs doctor -j --since 60s --port "$port" >"$tmp/past"
		grep -q "$failed" "$tmp/past" || { echo "$shift, --since:"; cat "$tmp/past"; return 1; }
		background "$tmp/look" unshare --time --monotonic "$shift" --boottime "$shift" \
			tcphs doctor -j -d 1s
		doctor=${started[-1]}
		while kill -0 "$doctor" 2>/dev/null; do
			refuse
		done
		grep -q "$failed" "$tmp/look" || { echo "$shift, --for:"; cat "$tmp/look"; return 1; }
	done
}

start 5
need_command jq curl
load ring_records=8192
check "an event has the same time each time, and in a recording" same_each_time
check "the clock is set while events are followed and recorded" over_a_step
if unshare --time true 2>/dev/null; then
	check "in a time namespace times are the same" in_a_time_namespace
	check "the doctor judges the same there" doctor_in_a_time_namespace
else
	ktap_test_skip "no time namespaces"
	ktap_test_skip "no time namespaces"
fi
check "the kernel has nothing to complain about" kernel_is_quiet
ktap_finished

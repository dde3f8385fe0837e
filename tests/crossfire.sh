#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Connections on every CPU at once into small rings, and readers that follow, that
# dawdle, that are killed at any moment, that never read: each record is whole, each
# hole in the numbers of a CPU is reported, and the reports are exact.

. "$(dirname "$0")/lib.sh"

seconds=${TCPHS_TEST_LONG:+61}
seconds=$((${seconds:-13} * longer))
fast='' slow=''

# The ones whose end is looked at.
ready() {
	grep -qx ready "$tmp/fast" && grep -qx ready "$tmp/slow" && grep -qx ready "$tmp/never"
}

begin_readers() {
	background "$tmp/fast" "$here/reader"
	fast=$!
	background "$tmp/slow" "$here/reader" --pace $((patience == 1 ? 97 : 2999))
	slow=$!
	background "$tmp/never" "$here/reader" --never
	wait_until 20 ready || die "no reader: $(cat "$tmp"/{fast,slow,never})"
}

# Begun again and again, and killed after a time that nobody knows.
mortals() {
	local pid=''

	trap 'kill -KILL $pid 2>/dev/null; exit' TERM
	while :; do
		"$here/reader" --pace $((RANDOM % 13)) >>"$tmp/mortal" 2>&1 &
		pid=$!
		sleep "0.$((RANDOM % 900 + 100))"
		kill -KILL $pid
		wait $pid 2>/dev/null
		echo >>"$tmp/mortals"
	done
}

# word FILE WORD: the number behind it
word() {
	sed -n "s/^$2 //p" "$1"
}

# Whatever the connections of the end still have to tell is reported.
settles() {
	local before

	before=$(tcphs status -j | jq .ring.recorded)
	sleep 0.5
	[[ $(tcphs status -j | jq .ring.recorded) == "$before" ]]
}

nothing_is_bad() {
	! grep -h '^bad [^0]' "$1" && [[ $2 == mortal || $(word "$1" bad) == 0 ]]
}

# What it read and what it lost is all there was, of each CPU from the first on.
adds_up() {
	local file=$1

	grep '^cpu' "$file"
	! grep -E '^cpu [0-9]+ first ([02-9]|1[0-9])' "$file" || return
	same $(($(word "$file" read) + $(word "$file" lost))) "$recorded" "read and lost" &&
		same "$(awk '$1 == "cpu" { sum += $6 - 1 } END { print sum }' "$file")" "$recorded" \
			"to go on after"
}

same_ends() {
	diff <(grep ^cpu "$tmp/fast") <(grep ^cpu "$tmp/slow")
}

every_cpu_wrote() {
	grep ^cpu "$tmp/fast"
	same "$(awk '$1 == "cpu" && $6 > 97' "$tmp/fast" | wc -l)" "$(nproc)" "CPUs that wrote"
}

traffic_worked() {
	cat "$tmp/churn4" "$tmp/churn6"
	(($(word "$tmp/churn4" connected) > 97 && $(word "$tmp/churn6" connected) > 97))
}

start 11
need_command jq
RANDOM=$((seed = ${SEED:-$RANDOM}))
say "$(nproc) CPUs, $seconds s, seed $seed"
# No TIME_WAIT: its end would be reported a minute after all else is.
sysctl -qw net.ipv4.tcp_max_tw_buckets=0 net.ipv4.ip_local_port_range="10007 60013"
# Small enough for a slow kernel to overwrite what a slow reader has not read.
load ring_records=$((patience == 1 ? 1024 : 64))
mark_dmesg
begin_readers
mortals &
started+=("$!")
background "$tmp/churn4" "$here/churn" --seconds "$seconds"
churn=$!
"$here/churn" --seconds "$seconds" --address ::1 >"$tmp/churn6" 2>&1 || die "$(<"$tmp/churn6")"
wait "$churn" || die "$(<"$tmp/churn4")"
stop "${started[3]}"
wait_until 20 settles || say "records go on coming"
stop "$fast"
stop "$slow"
recorded=$(tcphs status -j | jq .ring.recorded)
say "$recorded records; fast: read $(word "$tmp/fast" read), lost $(word "$tmp/fast" lost);" \
	"slow: read $(word "$tmp/slow" read), lost $(word "$tmp/slow" lost)"
check "connections were made over IPv4 and IPv6" traffic_worked
check "every CPU wrote" every_cpu_wrote
check "who follows finds no hole that was not reported, and no torn record" \
	nothing_is_bad "$tmp/fast" fast
check "who dawdles neither" nothing_is_bad "$tmp/slow" slow
check "who dawdles loses records" test "$(word "$tmp/slow" lost)" -gt 997
check "what the one read and lost is what was written" adds_up "$tmp/fast"
check "what the other read and lost too" adds_up "$tmp/slow"
check "both come to the same end" same_ends
check "some were killed" test "$(wc -l <"$tmp/mortals")" -gt 3
check "nor did they find anything wrong before" nothing_is_bad "$tmp/mortal" mortal
check "the kernel does not complain" kernel_is_quiet "bucket table overflow|SYN flooding"
ktap_finished

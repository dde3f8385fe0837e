#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 997 connections over each of IPv4, IPv6 and v4-mapped IPv6, ended in every way
# there is: each step of each life is reported exactly once, with the right numbers.
# Witnesses: the program that made them, the kernel's own counters, and ss.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

connections=997
refused=31
held=61
families=(ipv4 ipv6 mapped)
topics=(order reasons identity isns numbers owner times life queues)

declare -A option=([ipv4]=4 [ipv6]=6 [mapped]=mapped)

# Each family keeps to one CPU. An emulated one may stand still for long: then a delayed
# ACK of one is overtaken by the last ACK of another, and its answer is a RST that nobody
# planned.
declare -A cpu=([ipv4]=0 [ipv6]=1 [mapped]=0)

# traffic NAME OPTION…: what it did goes to NAME.did
traffic() {
	local name=$1

	shift
	taskset -c "${cpu[$name]}" "$here/traffic" "$@" >"$tmp/$name.did" 2>"$tmp/$name.error" ||
		die "traffic failed: $(<"$tmp/$name.error")"
}

# did NAME KIND…: how many connections traffic made of these kinds
did() {
	local name=$1 kinds

	shift
	kinds=$(IFS='|'; echo "$*")
	grep -cE "\"kind\":\"($kinds)\"" "$tmp/$name.did"
}

counter() {
	difference "$tmp/before.$1" "$tmp/after.$1" "$2"
}

# Opened, accepted, refused, reset: what the kernel counted is what was done.
kernel_agrees() {
	local name=$1 resets wrong=0

	resets=$(did "$name" client-rst server-rst)
	same "$(counter "$name" TcpActiveOpens)" $((connections + refused)) ActiveOpens || wrong=1
	same "$(queued "$tmp/before.$name" "$tmp/after.$name")" $connections PassiveOpens || wrong=1
	same "$(counter "$name" TcpAttemptFails)" $refused AttemptFails || wrong=1
	same "$(counter "$name" TcpEstabResets)" $((2 * resets)) EstabResets || wrong=1
	same "$(counter "$name" TcpOutRsts)" $((resets + refused)) OutRsts || wrong=1
	return $wrong
}

# reported TEXT: events in which it stands
reported() {
	grep -c "$1" "$tmp/events"
}

events_agree() {
	local wrong=0

	same "$(reported '"event":"syn-sent"')" "$(counter all TcpActiveOpens)" syn-sent || wrong=1
	same "$(reported '"event":"accept-queued"')" "$(queued "$tmp/before.all" "$tmp/after.all")" accept-queued || wrong=1
	same "$(reported '"event":"connect-failed"')" "$(counter all TcpAttemptFails)" connect-failed || wrong=1
	same "$(reported '"event":"closed","old":"established"')" "$(counter all TcpEstabResets)" \
		"closed while established" || wrong=1
	same "$(reported '"event":"rst-sent"')" "$(counter all TcpOutRsts)" rst-sent || wrong=1
	same "$(reported '"event":"[a-z]*-retransmit"')" "$(counter all TcpRetransSegs)" \
		"sent again" || wrong=1
	return $wrong
}

# table_is STATES: the tables agree; TIME_WAIT of earlier rounds aside, these
# states are what there is
table_is() {
	wait_until 10 tables_agree || return
	same "$(cut -d' ' -f1 "$tmp/tcphs" | grep -v time-wait | sort | uniq -c |
		tr -s ' \n' '  ')" "$1" states
}

# reached WORD: traffic --pause got there
reached() {
	grep -qx "$1" "$tmp/pauses"
}

# checkpoint NAME WORD STATES: look while traffic pauses at WORD
checkpoint() {
	wait_until 60 reached "$2" || die "traffic does not come to '$2': $(<"$tmp/pauses")"
	check "$1: connections are those of ss when $2" table_is "$3"
	echo go >&7
}

# A round of connections that are all there at once. 31 of the 61 are closed by
# FIN, the others by RST, so that half of the way they are in no state at all.
held_round() {
	local name=$1

	mkfifo "$tmp/go.$name"
	: >"$tmp/pauses"
	taskset -c "${cpu[$name]}" "$here/traffic" --connections $held --parallel $held --pause \
		--family "${option[$name]}" <"$tmp/go.$name" >"$tmp/$name-held.did" 2>"$tmp/pauses" &
	started+=("$!")
	exec 7>"$tmp/go.$name"
	checkpoint "$name" open " $((2 * held)) established "
	checkpoint "$name" half-closed " 31 close-wait 31 fin-wait-2 "
	checkpoint "$name" "done" ""
	exec 7>&-
	wait "${started[-1]}" || die "traffic failed: $(<"$tmp/pauses")"
}

counted_round() {
	local name=$1

	counters "$tmp/before.$name"
	traffic "$name" --connections $connections --parallel 13 --refused $refused \
		--family "${option[$name]}" --first-port 20011
	wait_until 10 tables_agree
	counters "$tmp/after.$name"
}

# no_problem NAME TOPIC: that lives.py found
no_problem() {
	! grep "^$1[^ ]* $2: " "$tmp/problems"
}

compare() {
	python3 "$here/lives.py" "$@" >"$tmp/problems" 2>&1
	grep -q '^compared [1-9]' "$tmp/problems" || die "lives.py: $(tail -n 1 "$tmp/problems")"
}

time_wait_is_over() {
	! ss -Htan | grep -q TIME-WAIT
}

table_is_empty() {
	same "$(tcphs connections -j)" "" "connections" &&
	same "$(awk '$1 == "table" { print $3 }' /proc/tcphs)" 0 "/proc/tcphs, connections" &&
	same "$(awk '$1 == "state" && $3' /proc/tcphs)" "" "/proc/tcphs, states"
}

# time_wait_ended: as often as the kernel counted it, all because time was up
time_wait_ended() {
	same "$(reported '"event":"time-wait-end".*"reason":"expired"')" "$(counter all TcpExtTW)" \
		time-wait-end && ! grep '^[^ ]* \(order\|time-wait\): ' "$tmp/problems"
}

# patient ROUTE: what goes there is not sent again for a while
patient() {
	# shellcheck disable=SC2086 # words of the route
	ip $1 rto_min 9s || die "ip refuses a retransmission timeout: $1"
}

start $((${#families[@]} * (4 + ${#topics[@]}) + 8))
need_command python3 ss nstat jq
(($(nproc) > 1)) || cpu[ipv6]=0
load ring_records=131072
# Nobody may take over another's TIME_WAIT, and nothing but a SYN or its answer is sent
# again because the machine is slow.
sysctl -qw net.ipv4.tcp_tw_reuse=0 net.ipv4.tcp_early_retrans=0
for address in 127.0.0.0/8 127.0.0.1; do
	patient "route change local $address dev lo table local proto kernel scope host src 127.0.0.1"
done
ip -6 route del local ::1 dev lo table local
patient "-6 route add local ::1 dev lo table local proto kernel"

watch_stillborn
counters "$tmp/before.all"

for name in "${families[@]}"; do
	held_round "$name"
done
for name in "${families[@]}"; do
	counted_round "$name"
	check "$name: the kernel's counters are what was done" kernel_agrees "$name"
done
check "the connections left are those of ss, in TIME_WAIT" wait_until 30 settled

wait_until 120 time_wait_is_over || say "TIME_WAIT does not end"
check "in the end the table is empty" table_is_empty
counters "$tmp/after.all"
events_json "$tmp/events"
check "no record is lost" nothing_lost "$tmp/events"
check "as many events of each kind as the kernel counted" events_agree
check "/proc/tcphs counts the events that are reported" summary_agrees "$tmp/events"

names=("${families[@]/%/.did}" "${families[@]/%/-held.did}")
compare --ended "$tmp/events" "${names[@]/#/$tmp/}"
for name in "${families[@]}"; do
	for topic in "${topics[@]}"; do
		check "$name: $topic of every step of every life" no_problem "$name" "$topic"
	done
done
check "every TIME_WAIT ends once, after a minute" time_wait_ended
check "no event that nobody caused" no_problem all strangers
check "each CPU numbers its records from 1 without holes" no_problem all records
ktap_finished

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# On a kernel that is only looked at: it loads with every hook, 211 connections over each
# family are reported step by step as they were made and as the kernel counts them, and it
# unloads and leaves nothing.

. "$(dirname "$0")/lib.sh"

connections=211
refused=31

# reported TEXT: events in which it stands
reported() {
	grep -c "$1" "$tmp/events"
}

counter() {
	difference "$tmp/before" "$tmp/after" "$1"
}

# What interleaving softirqs forbid (PREEMPT_RT from 6.18 on) is missing by design.
every_hook_is_there() {
	same "$(tcphs status -j |
		jq -r '.hooks[] | select(.active | not).name' | grep -vx tcp_conn_request)" "" missing &&
		! deaf_hooks | grep .
}

kernel_counts_the_same() {
	same "$(reported '"event":"syn-sent"')" "$(counter TcpActiveOpens)" syn-sent &&
	same "$(reported '"event":"accept-queued"')" "$(queued "$tmp/before" "$tmp/after")" accept-queued &&
	same "$(reported '"event":"connect-failed"')" "$(counter TcpAttemptFails)" connect-failed &&
	same "$(reported '"event":"rst-sent"')" "$(counter TcpOutRsts)" rst-sent
}

# Each step of each life, nobody else's, and the numbers of all records.
lives_are_told() {
	python3 "$here/lives.py" "$tmp/events" "$tmp/"ipv4.did "$tmp/"ipv6.did "$tmp/"mapped.did >"$tmp/lives"
	head -n 20 "$tmp/lives"
	same "$(wc -l <"$tmp/lives")" 1 "lines of lives.py" && grep -q '^compared [1-9]' "$tmp/lives"
}

goes() {
	unload && nothing_is_left
}

start 7
need_command python3 jq nstat ss
load ring_records=131072
tell_kernel
sysctl -qw net.ipv4.tcp_tw_reuse=0 net.ipv4.tcp_early_retrans=0
watch_stillborn
counters "$tmp/before"
for family in ipv4 ipv6 mapped; do
	# On one CPU: see exactly_once.sh.
	taskset -c 0 "$here/traffic" --connections $connections --parallel 13 --refused $refused \
		--family "${family#ipv}" >"$tmp/$family.did" 2>"$tmp/error" || die "traffic failed: $(<"$tmp/error")"
done
wait_until 30 settled
counters "$tmp/after"
events_json "$tmp/events"
check "no record is lost" nothing_lost "$tmp/events"
check "every hook is there, and none is deaf" every_hook_is_there
check "the kernel counts the same" kernel_counts_the_same
check "/proc/tcphs counts the events that are reported" summary_agrees "$tmp/events"
check "each step of each connection is reported once, with its numbers" lives_are_told
check "it goes and leaves nothing" goes
check "the kernel does not complain" kernel_is_quiet
ktap_finished

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# One ACK from nowhere, as a port scan sends it: to a listener and to a closed
# port. It is answered by RST with its numbers, reported once, and counted by nstat.

. "$(dirname "$0")/lib.sh"

need_command jq python3

stray() { # ADDRESS REASON STATE [listen]
	local reason=$2

	counters "$tmp/before"
	python3 strays.py "$1" 7331 "${@:4}" || return
	counters "$tmp/after"
	same "$(difference "$tmp/before" "$tmp/after" TcpOutRsts)" 1 TcpOutRsts || return
	# Jiffies begin five minutes before 0, the time of the last cookie at 0: when the
	# two meet, the kernel takes any ACK to a new listener for a late cookie.
	(($(difference "$tmp/before" "$tmp/after" TcpExtSyncookiesFailed) == 0)) || reason=bad-cookie
	events_json "$tmp/events"
	same "$(jq -c 'select(.event == "rst-sent" and .local == "'"$1"'" and
		.reason == "'"$reason"'") | [.local_port, .peer_port, .seq, .old, .new]' "$tmp/events")" \
		"[7331,4243,2003,\"$3\",\"$3\"]" rst-sent
}

start 5
load
tell_kernel
for address in 127.0.0.1 ::1; do
	check "an ACK from nowhere to a listener is answered by RST ($address)" \
		stray "$address" bad-segment listen listen
	check "an ACK from nowhere to a closed port is answered by RST ($address)" \
		stray "$address" no-socket closed
done
check "the kernel does not complain" kernel_is_quiet
ktap_finished

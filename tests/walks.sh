#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Readers that come in the middle of something: a list that changes while it is reported, a
# crowd that was there before the module, names that are not for a terminal, records in
# a file that goes on.

. "$(dirname "$0")/lib.sh"

walk() {
	python3 "$here/walks.py" "$1"
}

group_is_adopted() {
	local count

	unload
	mkfifo "$tmp/go"
	walk group <>"$tmp/go" >"$tmp/group" &
	started+=("$!")
	wait_until 20 test -s "$tmp/group" || return
	count=$(<"$tmp/group")
	load || return
	same "$(tcphs listeners -j | jq -s "[.[] | select(.reuseport_group == $count)] | length")" \
		"$count" "listeners of the group" &&
	same "$(tcphs status -j | jq .table.untracked)" 0 "not followed"
	count=$?
	stop "${started[-1]}"
	return $count
}

records() {
	python3 "$here/records.py" "$1"
}

unload_under_reader() {
	records unloaded && load
}

start 12
need_command python3 jq
load ring_records=4096 table_size=1024
check "listeners that close while netlink lists them take no other away" walk netlink
check "nor in /proc/tcphs" walk proc
check "connections of one bucket that take several messages are reported once each" walk bucket
check "what a process is called is no command to a terminal" walk name
check "behind a short name nothing of a longer one is reported" walk rest
check "/proc/tcphs_records has what netlink has, to the byte" records same
check "who has read it to the end goes on from there" records goes-on
check "what was overwritten meanwhile is counted as lost, once" records lost
check "it refuses what netlink refuses, and whoever may not ask" records refused
check "who holds it open does not keep the module" unload_under_reader
check "listeners that share a port are all adopted" group_is_adopted
check "the kernel does not complain" kernel_is_quiet
ktap_finished

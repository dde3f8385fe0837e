#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A table that is nearly full of connections, a million of them where there are 16 GiB:
# none is left out, whether tcphs was there before them or comes later; whoever reads finds
# what he asks for, /proc/tcphs costs what it costs without them, and the module goes.

network=initial
. "$(dirname "$0")/lib.sh"

port=7001

opened() {
	grep -qx open "$tmp/many" || ! kill -0 "${started[-1]}" 2>/dev/null
}

# timed WHAT COMMAND…: its output is "$tmp/out", and how long it took is said in the end
timed() {
	local begin=${EPOCHREALTIME/./} status=0

	"${@:2}" >"$tmp/out" || status=$?
	took=$((${EPOCHREALTIME/./} - begin))
	echo "$1: $((took / 1000)) ms" >>"$tmp/times"
	return "$status"
}

# The least of three, microseconds.
summary_takes() {
	local least='' i

	for i in 1 2 3; do
		timed "/proc/tcphs, $1" cat /proc/tcphs || return
		[[ $least ]] && ((least <= took)) || least=$took
	done
	took=$least
}

open_many() {
	mkfifo "$tmp/go"
	exec 7<>"$tmp/go"
	"$here/many" "$connections" $port <&7 >"$tmp/many" 2>&1 &
	started+=("$!")
	timed "$connections connections opened" wait_until $((900 * patience)) opened
	cat "$tmp/many"
	grep -qx open "$tmp/many"
}

all_are_followed() {
	local used untracked

	read -r used untracked < <(tcphs status -j | jq -r '"\(.table.used) \(.table.untracked)"')
	same "$untracked" 0 untracked && same "$used" $((2 * connections)) used
}

summary_costs_the_same() {
	summary_takes "with them" && echo "$before µs, now $took µs" && ((took < 3 * before + 30000))
}

all_are_listed() {
	timed "tcphs connections, all of them" tcphs connections -j &&
		same "$(wc -l <"$tmp/out")" $((2 * connections)) lines
}

filtered() {
	timed "tcphs connections, one port" tcphs connections -j --port 15007 &&
		same "$(wc -l <"$tmp/out")" $((2 * ((connections + 49992) / 50000))) lines &&
		timed "ss, the same" ss -Htan "( sport = 15007 or dport = 15007 )" &&
		same "$(wc -l <"$tmp/out")" $((2 * ((connections + 49992) / 50000))) "lines of ss"
}

another_sees_none() {
	local status

	ip netns add "$tmp_name" || return
	timed "tcphs connections of another namespace" ip netns exec "$tmp_name" tcphs connections -j &&
		same "$(wc -l <"$tmp/out")" 0 lines &&
		timed "tcphs events of another namespace" ip netns exec "$tmp_name" tcphs events -j &&
		same "$(wc -l <"$tmp/out")" 0 events
	status=$?
	ip netns del "$tmp_name"
	return $status
}

top_shows() {
	timed "tcphs-top, one look at listeners" tcphs-top -b -n 1 -j -L &&
		grep -q "\"port\":$port" "$tmp/out" &&
		timed "tcphs-top, one look at connections" tcphs-top -b -n 1 -j -C && [[ -s $tmp/out ]]
}

# What nobody can see is not fetched, and that is said.
top_stays_usable() {
	local terminal=(script -qec "stty cols 80 rows 24; TERM=xterm-256color tcphs-top -C -n 5 -d 0.1" /dev/null)

	timed "tcphs-top, five refreshes of its screen of connections" "${terminal[@]}" </dev/null &&
		grep -q 'brief states first' "$tmp/out"
}

goes() {
	timed "unload" modprobe -r tcphs && ! loaded
}

adopts() {
	timed "load, and adopt them" modprobe tcphs && all_are_followed
}

table_is_empty() {
	[[ $(tcphs status -j | jq .table.used) == 0 ]]
}

all_end() {
	echo >&7
	wait "${started[-1]}" && wait_until $((60 * patience)) table_is_empty
}

start 12
need_command jq ss script
tmp_name=tcphs-$$
# Seven eighths of the table are for one user, and two ends are two entries.
connections=$(awk '$1 == "MemTotal:" { print int($2 / 16 / 8 * 7 / 2) - 509 }' /proc/meminfo)
((connections < 500009)) || connections=500009
sysctl -qw fs.nr_open=2097152 fs.file-max=4194304
load
mark_dmesg
summary_takes "without connections"
before=$took
check "$connections connections open, two entries each" open_many
check "each has its entry" all_are_followed
check "/proc/tcphs costs what it costs without them" summary_costs_the_same
check "all are listed" all_are_listed
check "those of one port are, as ss has them" filtered
check "another namespace sees none of it" another_sees_none
check "tcphs-top shows them" top_shows
check "its screen is made of some of them" top_stays_usable
check "the module goes" goes
check "it comes again and adopts all" adopts
check "they end" all_end
check "the kernel does not complain" kernel_is_quiet
unload
while IFS= read -r line; do
	say "$line"
done <"$tmp/times"
ktap_finished

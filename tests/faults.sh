#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Memory that is not there: every allocation of loading, of reading the files and of
# netlink fails once in turn, and those that refill what the hooks live on fail all
# together. It ends in a clean error or in a connection that is counted as not
# followed, and nothing is lost of what the kernel gave.

network=initial
. "$(dirname "$0")/lib.sh"
. "$here/vm/verdict.sh"

failslab=/sys/kernel/debug/failslab
connections=1009	# two sockets each: more than the 1,024 entries that lie ready for this table
listeners=409
everywhere=(require-start 0 require-end 0xffffffffffffffff reject-start 0 reject-end 0)

# set_fault NAME VALUE…
set_fault() {
	while (($#)); do
		echo "$2" >"$failslab/$1" || return
		shift 2
	done
}

# shellcheck disable=SC2317 # called when the test ends
no_faults() {
	set_fault probability 0 times 0 cache-filter N "${everywhere[@]}"
}

# starve CACHE: from now on there is no memory for its objects
starve() {
	echo 1 >"/sys/kernel/slab/$1/failslab" &&
		set_fault "${everywhere[@]}" ignore-gfp-wait N verbose 0 cache-filter Y interval 1 \
			times -1 probability 100
}

feed() {
	no_faults
	echo 0 >"/sys/kernel/slab/$1/failslab"
}

untracked() {
	tcphs status -j | jq .table.untracked
}

reached() {
	grep -qx "$1" "$tmp/at"
}

opened_or_failed() {
	reached open || ! kill -0 "${started[-1]}" 2>/dev/null
}

# open_many: connections that stay until finish_many
open_many() {
	rm -f "$tmp/go"
	mkfifo "$tmp/go"
	exec 7<>"$tmp/go"
	"$here/traffic" --connections $connections --parallel $connections --pause \
		--close client-rst,server-rst <&7 >"$tmp/did" 2>"$tmp/at" &
	started+=("$!")
	wait_until 120 opened_or_failed
	reached open || { cat "$tmp/at"; return 1; }
}

finish_many() {
	echo go >&7
	echo go >&7
	echo go >&7
	wait "${started[-1]}"
}

# births CONDITION: first steps of connections
births() {
	jq -c "select(.event == \"syn-sent\" or .event == \"syn-received\") | select($1)" \
		"$tmp/events" | wc -l
}

# A CPU that finds no entry at a connection's birth counts it; another, which still had
# some put by, may follow it from a later step on.
hungry_hooks_count() {
	local used missed late

	starve tcphs_conn && open_many || return
	used=$(tcphs status -j | jq .table.used)
	missed=$(untracked)
	late=$(tcphs connections -j | jq -c 'select(.adopted)' | wc -l)
	echo "$used followed, $late of them since a later step, $missed not from the first"
	finish_many || return
	events_json "$tmp/events"
	((missed > 0)) || return
	same $((used - late + missed)) $((2 * connections)) "followed or counted" &&
		same "$(births '.untracked == true')" "$missed" "births reported as untracked" &&
		same "$(births '.untracked != true')" $((used - late)) "births reported" &&
		nothing_lost "$tmp/events"
}

fed_hooks_follow() {
	local before after

	before=$(untracked)
	feed tcphs_conn
	# The workers' last look found no memory; the next connection makes them look again.
	"$here/traffic" --connections 7 --close client-rst >/dev/null && open_many || return
	after=$(untracked)
	finish_many && same "$after" "$before" "counted as untracked"
}

hold_listeners() {
	python3 -c '
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print("listening", flush=True)
sys.stdin.readline()' $listeners <&7 >"$tmp/at" 2>&1 &
	started+=("$!")
	wait_until 20 reached listening || { cat "$tmp/at"; return 1; }
}

hungry_listeners_count() {
	local before known missed

	before=$(tcphs listeners -j | wc -l)
	missed=$(untracked)
	starve tcphs_listener && hold_listeners || return
	known=$(($(tcphs listeners -j | wc -l) - before))
	missed=$(($(untracked) - missed))
	echo "$known known, $missed not"
	echo go >&7
	wait "${started[-1]}"
	feed tcphs_listener
	((missed > 0)) && same $((known + missed)) $listeners "known or counted"
}

reported() {
	jq -s 'map(if .event == "lost" then .lost else 1 end) | add' "$tmp/followed"
}

all_is_reported() {
	[[ $(reported) == "$1" ]]
}

recorded() {
	tcphs status -j | jq .ring.recorded
}

# The message that wakes a reader needs memory too; what fails is tried again.
bell_rings_later() {
	local before

	background "$tmp/followed" tcphs events -f -n 0 -j
	wait_until 10 reader_waits || return
	python3 "$here/faults.py" --aim ring && set_fault cache-filter N interval 1 times 3 \
		probability 100 || return
	before=$(recorded)
	"$here/traffic" --connections 7 --close client-rst >/dev/null || return
	wait_until 10 all_is_reported $(($(recorded) - before)) || { reported; return 1; }
	same "$(<$failslab/times)" 0 "failures left"
	no_faults
}

nothing_leaks() {
	! kernel_leaks | grep .
}

start 8
need_command python3 jq
[[ -e $failslab/times && -e /proc/self/fail-nth ]] || skip_all "needs a kernel with FAILSLAB"
at_end+=(no_faults)
! loaded || unload || die "somebody uses the module"

tell_all < <(python3 "$here/faults.py" load 2>&1)

load ring_records=4096 table_size=65536
"$here/traffic" --connections 101 --close client-rst >/dev/null || die "no traffic"
tell_all < <(python3 "$here/faults.py" open netlink 2>&1)
unload

load ring_records=65536 table_size=32768
check "without memory for entries, connections are counted as not followed" hungry_hooks_count
check "with memory again they are followed" fed_hooks_follow
check "without memory for listeners, they are counted" hungry_listeners_count
check "a reader is woken although the first messages find no memory" bell_rings_later
unload
check "none of it is lost" nothing_leaks
ktap_finished

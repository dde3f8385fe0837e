#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module goes whenever it is told to, with traffic under way and readers in
# every interface; they learn that it went. Only a dump that is half read keeps
# it, and only until its reader goes on or away. 53 times, 13 in a quick run and 211 in a
# long one (26 on a debug kernel, where each takes twenty seconds), and
# nothing is left.

. "$(dirname "$0")/lib.sh"

cycles=53 seconds=1400
[[ -z ${TCPHS_TEST_QUICK-} ]] || cycles=13
[[ -z ${TCPHS_TEST_LONG-} ]] || cycles=$((211 / patience)) seconds=3100

# hold HOW: a holder, ready
hold() {
	rm -f "$tmp/go"
	mkfifo "$tmp/go"
	exec 7<>"$tmp/go"
	: >"$tmp/held"
	python3 "$here/holders.py" "$1" <&7 >"$tmp/held" 2>&1 &
	started+=("$!")
	wait_until 20 grep -qx ready "$tmp/held" || { cat "$tmp/held"; return 1; }
}

# let_go: the holder tries what it holds, and ends
let_go() {
	echo go >&7
	wait_until 10 gone "${started[-1]}" || { echo "the holder does not end"; return 1; }
}

gone() {
	! kill -0 "$1" || [[ $(cut -d' ' -f3 "/proc/$1/stat") == Z ]]
}

holder_says() {
	let_go || return
	tail -n +2 "$tmp/held" >"$tmp/reported"
	diff "$tmp/reported" - || return
}

goes_at_once() {
	local begin=$SECONDS

	unload && same "$((SECONDS - begin <= 10))" 1 "unloaded within 10 s"
}

open_files_do_not_keep_it() {
	load ring_records=4096
	hold proc && goes_at_once && holder_says <<-END
		/proc/tcphs: EIO
		/proc/tcphs_events: EIO
	END
}

subscribers_do_not_keep_it() {
	load ring_records=4096
	hold socket && goes_at_once && holder_says <<-END
		socket: ENOENT
	END
}

some_records() {
	"$here/traffic" --connections 211 --close client-rst,server-rst >/dev/null
}

half_a_dump_keeps_it() {
	load ring_records=8192
	some_records || return
	hold dump || return
	! timeout 5 modprobe -r tcphs 2>"$tmp/refusal" || { echo "unloaded"; return 1; }
	grep -i "in use" "$tmp/refusal" || { cat "$tmp/refusal"; return 1; }
	same "$(</sys/module/tcphs/refcnt)" 1 references &&
	tcphs status >/dev/null && let_go && goes_at_once
}

follower_is_reported() {
	local pid status

	load ring_records=4096
	tcphs events -f -n 0 >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	started+=("$pid")
	wait_until 10 reader_waits && goes_at_once || return
	wait_until 5 gone "$pid" || { echo "it does not end"; return 1; }
	wait "$pid"
	status=$?
	cat "$tmp/err"
	same $status 3 "status" && grep -q "not loaded" "$tmp/err" &&
		same "$(wc -l <"$tmp/err")" 1 "lines of error"
}

# again COMMAND…: for ever, until this shell ends
again() {
	while :; do
		"$@"
	done
}

follow() {
	timeout 20 tcphs events -f >/dev/null 2>>"$tmp/follow.err"
	echo $? >>"$tmp/follow.status"
	# While the module is away that is all it does.
	nap 0.5
}

look() {
	cat /proc/tcphs /proc/tcphs_events >/dev/null 2>&1
	tcphs connections >/dev/null 2>&1
	nap 0.7
}

run_traffic() {
	"$here/traffic" --connections 97 --parallel 13 --refused 3 --family "$1" \
		--first-port "$2" >/dev/null 2>>"$tmp/traffic.err"
	nap 0.5
}

begin_all() {
	local job

	for job in "run_traffic mapped 1" "run_traffic 6 20011" follow look \
		"python3 $here/holders.py all"; do
		# shellcheck disable=SC2086 # a command and its arguments
		again $job </dev/null &
		crowd+=("$!")
	done
}

# children PID: of it and theirs
family_of() {
	local child

	for child in $(pgrep -P "$1"); do
		family_of "$child"
	done
	echo "$1"
}

end_all() {
	local pid

	for pid in "${crowd[@]}"; do
		# shellcheck disable=SC2046 # several numbers
		kill -STOP "$pid" 2>/dev/null && kill -KILL $(family_of "$pid") 2>/dev/null
	done
	wait "${crowd[@]}" 2>/dev/null
	crowd=()
}

# comes_and_goes: loads and unloads; says how often it did
comes_and_goes() {
	local begin=$SECONDS

	for ((done = 0; done < cycles && SECONDS - begin < seconds; done++)); do
		nice -n -19 modprobe tcphs ring_records=64 table_size=1024 || return
		# Now and then it stays long enough to be found working.
		((done % 7)) || nap 0.3
		# Readers hold it again and again, and rmmod is there sooner than modprobe.
		wait_until 10 nice -n -19 rmmod tcphs || {
			echo "after $done times it does not unload: $(</sys/module/tcphs/refcnt)"
			return 1
		}
	done
}

# What readers may say: the module is away, or (a shell's timeout) went on.
readers_are_told() {
	[[ -s $tmp/follow.status ]] || { echo "no reader came to an end"; return 1; }
	! grep -vxE '3|124' "$tmp/follow.status" | sort | uniq -c | grep . &&
		! grep -v "not loaded" "$tmp/follow.err"
}

# stuck FILE: processes of ours that can't be woken, now
stuck() {
	ps -eo stat,pid,comm | awk '$1 ~ /^D/ && /modprobe|rmmod|tcphs|traffic|cat|python/ {
		print $2, $3 }' | sort >"$1"
}

# To wait a moment for a lock is not to be stuck.
nobody_is_stuck() {
	stuck "$tmp/stuck"
	wait_until 20 nobody_is_still_stuck || { cat "$tmp/stuck"; return 1; }
}

nobody_is_still_stuck() {
	stuck "$tmp/now"
	comm -12 "$tmp/stuck" "$tmp/now" >"$tmp/still"
	mv "$tmp/still" "$tmp/stuck"
	[[ ! -s $tmp/stuck ]]
}

traffic_works() {
	same "$(<"$tmp/traffic.err")" "" "errors of traffic" &&
		"$here/traffic" --connections 31 >/dev/null
}

start 12
need_command python3 ps pgrep
crowd=()
at_end+=(end_all)
sysctl -qw net.ipv4.tcp_max_tw_buckets=4096

check "open files in /proc do not keep it and then give EIO" open_files_do_not_keep_it
check "a subscribed socket does not keep it and then finds no family" subscribers_do_not_keep_it
check "a dump half read keeps it until its reader goes on" half_a_dump_keeps_it
check "tcphs events -f ends with status 3 and one line" follower_is_reported

mark_dmesg
done=0
some_records
note_memory
begin_all
check "it comes and goes under traffic and readers" comes_and_goes
say "$done times"
check "often enough" same "$done" "$cycles" "loads and unloads"
check "nobody is stuck" nobody_is_stuck
end_all
check "readers learnt of it each time" readers_are_told
check "traffic did not notice" traffic_works
check "slabs, files and hooks are gone" nothing_is_left
# A load needs 200 KiB of slab, 20 KiB of rings and 10 KiB a CPU of counters. What
# traffic leaves behind in TIME_WAIT is a few MiB.
check "memory is given back" wait_until 10 memory_is_given_back $((4096 + 20 * done)) \
	$((64 + 5 * done))
check "the kernel does not complain" kernel_is_quiet
ktap_finished

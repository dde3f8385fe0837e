#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything that may come and go, at random and at once: the module, CPUs, network
# namespaces, the limit of TIME_WAIT, readers killed in the middle; with connections
# on all CPUs all the while. CHAOS_SECONDS says how long, SEED repeats the dice (not
# what the machine makes of them).

network=initial
. "$(dirname "$0")/lib.sh"

seconds=${TCPHS_TEST_LONG:+120}
seconds=${CHAOS_SECONDS:-$((${seconds:-31} * longer))}

a_moment() {
	sleep "0.$((RANDOM % 800 + 100))"
}

# Who does something, over and over: how often it worked is said at the end.
over_and_over() { # NAME FUNCTION
	RANDOM=$((seed + $(cksum <<<"$1" | cut -d' ' -f1) % 32749))
	while [[ -e $tmp/go ]]; do
		! "$2" >>"$tmp/$1.log" 2>&1 || echo >>"$tmp/$1"
		a_moment
	done
}

times() {
	wc -l 2>/dev/null <"$tmp/$1" || echo 0
}

load_and_unload() {
	modprobe tcphs ring_records=$((64 << RANDOM % 7)) table_size=$((64 << RANDOM % 9)) || return
	a_moment
	a_moment
	modprobe -r tcphs
}

# CPU 0 stays: x86 can't be without.
cpu_goes_and_comes() {
	local cpu=/sys/devices/system/cpu/cpu$((1 + RANDOM % ($(nproc --all) - 1)))/online

	echo 0 >"$cpu" || return
	a_moment
	echo 1 >"$cpu"
}

# A namespace that dies with connections, TIME_WAITs and a listener in it.
namespace_lives() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare --net -- sh -c 'ip link set lo up; sysctl -qw net.ipv4.tcp_max_tw_buckets=$3
		"$1/churn" --pairs 1 --seconds 7 & sleep "$2"; kill -KILL $!' - \
		"$here" "0.$((RANDOM % 900 + 50))" $((RANDOM % 200))
}

time_wait_fills() {
	sysctl -qw net.ipv4.tcp_max_tw_buckets=$((RANDOM % 3 ? RANDOM % 499 : 16384))
}

readers_come_and_go() {
	local pid

	case $((RANDOM % 4)) in
	0)	timeout -s KILL "0.$((RANDOM % 900 + 100))" tcphs events -f -j >/dev/null ;;
	1)	timeout -s KILL "0.$((RANDOM % 900 + 100))" "$here/reader" --pace 7 ;;
	2)	cat /proc/tcphs /proc/tcphs_events >/dev/null ;;
	3)	tcphs connections -j >/dev/null ;;
	esac
}

connections_go_on() {
	"$here/churn" --seconds 3 "$@" >>"$tmp/tally"
}

connections6_go_on() {
	connections_go_on --address ::1
}

# The server for tasks that a busy CPU lets starve: 6.12 counts it as one of them, and
# warns of a CPU that goes while it is at work ("Dying CPU not properly vacated!").
fair_servers() { # NANOSECONDS
	local runtime

	for runtime in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
		[[ ! -e $runtime ]] || echo "$1" >"$runtime"
	done
}

put_back() {
	local online

	for online in /sys/devices/system/cpu/cpu*/online; do
		[[ $(<"$online") == 1 ]] || echo 1 >"$online"
	done
	sysctl -qw net.ipv4.tcp_max_tw_buckets="$tw_before"
	fair_servers "$server_before"
}

end_all() {
	rm -f "$tmp/go"
	wait
	started=()
}

jobs=(module cpus namespaces time_wait readers churn4 churn6)

all_happened() {
	local job

	for job in "${jobs[@]}"; do
		echo "$job: $(times "$job") times"
	done
	for job in "${jobs[@]}"; do
		(($(times "$job"))) || { tail -n 3 "$tmp/$job.log"; return 1; }
	done
}

connections_were_made() {
	awk -v least=$((997 / patience)) '$1 == "connected" { n += $2 }
		END { print n " connections"; exit n < least }' "$tmp/tally"
}

it_works() {
	load
	"$here/traffic" --connections 31 --close client-rst,server-rst >/dev/null || return
	events_json "$tmp/events" || return
	# TIME_WAITs of before may be ending.
	nothing_lost "$tmp/events" && summary_agrees "$tmp/events" time-wait-end &&
		same "$(count_events "$tmp/events" closed)" 62 "connections closed" || return
	unload
}

need_command ip python3 jq
start 7
seed=${SEED:-$RANDOM}
say "$seconds s on $(nproc) CPUs, seed $seed"
tw_before=$(sysctl -n net.ipv4.tcp_max_tw_buckets)
server_before=$(cat /sys/kernel/debug/sched/fair_server/cpu0/runtime 2>/dev/null)
at_end+=(put_back)
fair_servers 0
ip link set lo up
load
unload
note_memory
mark_dmesg
: >"$tmp/go"
functions=(load_and_unload cpu_goes_and_comes namespace_lives time_wait_fills
	readers_come_and_go connections_go_on connections6_go_on)
for i in "${!jobs[@]}"; do
	over_and_over "${jobs[i]}" "${functions[i]}" </dev/null &
	started+=("$!")
done
sleep "$seconds"
end_all
put_back
check "all of it happened" all_happened
check "connections were made all the while" connections_were_made
say "$(times module) loads, $(times cpus) CPUs off and on," \
	"$(times namespaces) namespaces, $(times readers) readers"
check "the module goes" eval '! loaded || unload'
check "nothing of it is left" nothing_is_left
# What TIME_WAITs and the kernel's own caches keep is some MiB; what a load takes
# would be as much for each of them.
check "memory is given back" wait_until 30 memory_is_given_back \
	$((8192 + 10 * $(times module))) $((1024 + 10 * $(times module)))
check "it works as on the first day" it_works
# What it says of CPUs that go and come, and of tables that are to be full.
expected="bucket table overflow|SYN flooding|smpboot|Booting SMP|is now offline|APIC: Stale IRR"
expected+="|no longer affine|select_fallback_rq: .* suppressed|Fair server enabled"
check "the kernel does not complain" kernel_is_quiet "$expected"
ktap_finished

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Network namespaces and users without privileges see nothing that is not theirs;
# the initial namespace sees all when it asks; a namespace that goes is reported and
# leaves nothing to its successor.

network=initial
. "$(dirname "$0")/lib.sh"

one=tcphs-one-$$
two=tcphs-two-$$
declare -A connections=([$one]=11 [$two]=17)
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)

within() {
	ip netns exec "$@"
}

make_namespaces() {
	local ns

	at_end+=(remove_namespaces)
	for ns in $one $two; do
		ip netns add "$ns" || die "no namespace"
		ip -n "$ns" link set lo up
	done
}

remove_namespaces() {
	ip netns del $one 2>/dev/null
	ip netns del $two 2>/dev/null
}

inode() {
	within "$1" stat -Lc %i /proc/self/ns/net
}

# A listener and its connections, left open until the test says go. On one CPU: emulated
# ones may stand still for long, and a delayed ACK that another CPU's last ACK overtakes
# is answered by a RST, which ends a TIME_WAIT.
open_traffic() {
	local ns=$1 fd=$2

	mkfifo "$tmp/go.$ns"
	eval "exec $fd<>\"\$tmp/go.$ns\""
	within "$ns" taskset -c 0 "$here/traffic" --close client,server \
		--connections "${connections[$ns]}" --parallel "${connections[$ns]}" --pause \
		<"$tmp/go.$ns" >"$tmp/did.$ns" 2>"$tmp/at.$ns" &
	started+=("$!")
	wait_until 30 grep -qx open "$tmp/at.$ns" || die "no traffic: $(<"$tmp/at.$ns")"
}

# only_netns INODE COMMAND…: there is output, all of it of that namespace
only_netns() {
	local inode=$1

	shift
	"$@" >"$tmp/look" || return
	[[ -s $tmp/look ]] || { echo "nothing from $*"; return 1; }
	same "$(jq .netns "$tmp/look" | sort -u)" "$inode" "namespaces reported by $*"
}

sees_its_own_only() {
	local ns=$1 id verb

	id=$(inode "$ns")
	for verb in events connections listeners status; do
		only_netns "$id" within "$ns" tcphs $verb -j || return
	done
	same "$(within "$ns" tcphs listeners -j | wc -l)" 1 listeners &&
	same "$(within "$ns" tcphs connections -j | wc -l)" $((2 * connections[$ns])) connections &&
	same "$(within "$ns" tcphs status -j | jq .states.established)" \
		$((2 * connections[$ns])) "established in status"
}

proc_shows_its_own_only() {
	local ns=$1

	within "$ns" cat /proc/tcphs >"$tmp/proc" || return
	same "$(awk '$1 == "tcphs" { print $6 }' "$tmp/proc")" "$(inode "$ns")" netns &&
	same "$(awk '$1 == "table" { print $3 }' "$tmp/proc")" $((2 * connections[$ns])) connections &&
	same "$(grep -c '^listener' "$tmp/proc")" 1 listeners &&
	! grep overwritten "$tmp/proc" &&
	same "$(within "$ns" cat /proc/tcphs_events | wc -l)" \
		"$(within "$ns" tcphs events -j | wc -l)" "lines of /proc/tcphs_events"
}

initial_sees_none() {
	local verb

	for verb in events connections listeners; do
		tcphs $verb -j | jq -c "select(.netns == $(inode $one) or .netns == $(inode $two))" |
			grep . && return 1
	done
	return 0
}

numbers_have_no_holes() {
	within "$1" tcphs events -j | jq -sc 'group_by(.cpu)[] | map(.number)' >"$tmp/numbers"
	[[ -s $tmp/numbers ]] || { echo "no events"; return 1; }
	! jq -c 'select(. != [range(1; length + 1)])' "$tmp/numbers" | grep .
}

all_sees_both() {
	local verb

	for verb in events connections listeners; do
		tcphs $verb -A -j | jq .netns | sort -u >"$tmp/look"
		same "$(grep -cx "$(inode $one)\|$(inode $two)" "$tmp/look")" 2 "namespaces of $verb" ||
			return
	done
}

# refused STATUS WORDS COMMAND…: one line of error
refused() {
	local status=$1 words=$2

	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	same $? "$status" "status of $*" && same "$(wc -l <"$tmp/err")" 1 lines &&
		{ grep -F "$words" "$tmp/err" || { cat "$tmp/err"; return 1; }; }
}

child_may_not_see_all() {
	local verb

	for verb in events connections listeners; do
		refused 4 "not permitted" within $one tcphs $verb -A || return
	done
}

user_may_not_ask() {
	local verb

	for verb in status events connections listeners; do
		refused 4 "not permitted" "${nobody[@]}" tcphs "$verb" || return
	done
	refused 4 "not permitted" "${nobody[@]}" tcphs events -f
}

user_may_read_the_summary() {
	"${nobody[@]}" cat /proc/tcphs >"$tmp/look" && grep -q '^table' "$tmp/look"
}

user_may_not_read_events() {
	! "${nobody[@]}" cat /proc/tcphs_events >"$tmp/look" 2>&1 &&
		grep "Permission denied\|not permitted" "$tmp/look"
}

# Root of a user namespace is root of its network namespace and of no other.
container_root_sees_its_own() {
	"${nobody[@]}" unshare --user --map-root-user --net sh -c '
		tcphs status -j && tcphs events -j && tcphs connections -j && tcphs listeners -j' \
		>"$tmp/look" 2>"$tmp/err" || { cat "$tmp/err"; return 1; }
	same "$(wc -l <"$tmp/look")" 1 "lines: status alone" &&
	same "$(jq -c '[.table.used, .ring.recorded, .ring.overwritten]' "$tmp/look")" \
		"[0,0,null]" "what it sees"
}

container_root_may_not_see_all() {
	refused 4 "not permitted" \
		"${nobody[@]}" unshare --user --map-root-user --net tcphs events -A
}

finish_traffic() {
	echo go >&7
	echo go >&7
	echo go >&7
	wait_until 30 gone_from $one
}

# Nothing but TIME_WAIT is left there.
gone_from() {
	[[ $(within "$1" ss -Htan | cut -d' ' -f1 | sort -u) == TIME-WAIT ]]
}

# One for each connection, for ss and for tcphs; else what has ended others is shown.
table_is_its_time_waits() {
	same "$(within $one ss -Htan state time-wait | wc -l)" "${connections[$one]}" "TIME_WAITs of ss" &&
	same "$(within $one tcphs connections -j --state time-wait | wc -l)" "${connections[$one]}" \
		entries && return
	within $one tcphs events -j | jq -c 'select(.event | IN("rst-sent", "rst-received",
		"time-wait-end")) | [.event, .reason, .local, .peer, .old, .new]'
	return 1
}

# Its TIME_WAITs end with it, and are told to the initial namespace.
end_is_reported() {
	wait_until 20 ends_are "${connections[$one]}"
}

ends_are() {
	same "$(tcphs events -A -j | jq -c "select(.netns == $one_inode and
		.event == \"time-wait-end\" and .reason == \"netns-exit\")" | wc -l)" \
		"$1" "time-wait-end by netns-exit"
}

each_life_has_one_end() {
	tcphs events -A -j | jq -c "select(.netns == $one_inode and .event == \"time-wait-end\") |
		.conn" | sort | uniq -d >"$tmp/look"
	same "$(<"$tmp/look")" "" "connections whose TIME_WAIT ended twice"
}

nothing_is_left_of_it() {
	same "$(tcphs connections -A -j | jq -c "select(.netns == $one_inode)" | wc -l)" 0 connections &&
	same "$(tcphs listeners -A -j | jq -c "select(.netns == $one_inode)" | wc -l)" 0 listeners
}

# Inode numbers are handed out lowest first, so one of the next has the old one.
successor_sees_nothing() {
	local i

	for ((i = 0; i < 31; i++)); do
		ip netns add "tcphs-next-$$-$i" || return
	done
	for ((i = 0; i < 31; i++)); do
		if [[ $(inode "tcphs-next-$$-$i") == "$one_inode" ]]; then
			successor=tcphs-next-$$-$i
			break
		fi
	done
	[[ $successor ]] || { echo "SKIP: inode $one_inode was not given again"; return 0; }
	same "$(within "$successor" tcphs events -j | wc -l)" 0 "events of the successor" &&
	same "$(within "$successor" cat /proc/tcphs_events | wc -l)" 0 "lines of /proc/tcphs_events" &&
	same "$(within "$successor" tcphs status -j | jq -c '[.ring.recorded, .table.used]')" \
		"[0,0]" "its counters"
}

# What it does itself it sees, numbered from 1.
successor_sees_its_own() {
	[[ $successor ]] || return 0
	ip -n "$successor" link set lo up
	within "$successor" "$here/traffic" --connections 3 >/dev/null || return
	numbers_have_no_holes "$successor" &&
		only_netns "$one_inode" within "$successor" tcphs events -j
}

# What listens in a namespace that only a process holds, in a cgroup such as Docker makes.
container=3fd9a1c07b52
cgroup=/sys/fs/cgroup/docker-${container}0123456789abcdef0123456789abcdef0123456789abcdef0123.scope

open_container() {
	at_end+=(remove_container)
	mkdir "$cgroup" || die "no cgroup"
	# shellcheck disable=SC2016 # for the inner shell
	background "$tmp/container" sh -c 'echo $$ >"$1/cgroup.procs"; exec unshare --net python3 -c "
import signal, socket
s = socket.create_server((\"0.0.0.0\", 7103))
signal.pause()"' sh "$cgroup"
	container_pid=$!
	wait_until 30 container_listens || die "no container: $(<"$tmp/container")"
}

remove_container() {
	[[ ! -d $cgroup ]] || { stop "$container_pid" KILL; wait_until 10 rmdir "$cgroup"; }
}

container_listens() {
	tcphs listeners -A -j | grep '"port":7103,'
}

# What these two are called, or else their numbers. What tests before this one left may be
# there, too.
names_of_namespaces() { # VERB
	tcphs "$1" -A -H -o NETNS | grep -xe $one -e $two -e "$(inode $one)" -e "$(inode $two)" |
		sort -u | xargs
}

# The same in JSON, beside their numbers.
names_in_json() { # VERB
	tcphs "$1" -A -j | jq -r "select(.netns == $(inode $one) or .netns == $(inode $two)).netns_name" |
		sort -u | xargs
}

namespaces_have_names() {
	local verb

	same "$(names_of_namespaces connections)" "$one $two" "namespaces of connections" &&
	same "$(tcphs listeners -A -H -o NETNS,LISTENER | awk '/:7103$/ { print $1 }')" $container container &&
	same "$(tcphs listeners -j --netns $container | jq .port)" 7103 "port by the container's name" &&
	same "$(names_of_namespaces events)" "$one $two" "namespaces of events" || return
	for verb in connections listeners events lives; do
		same "$(names_in_json $verb)" "$one $two" "namespaces of $verb in JSON" || return
	done
	same "$(tcphs doctor -A -j -d 100ms | jq -r "select(.netns == $(inode $one)).netns_name" | sort -u)" \
		$one "namespace of the doctor" &&
	! within $one tcphs events -j | grep netns_name || return
	# Out of a cgroup like that it is known by its process.
	echo "$container_pid" >/sys/fs/cgroup/cgroup.procs
	same "$(tcphs listeners -A -H -o NETNS,LISTENER | awk '/:7103$/ { print $1 }')" \
		"python3[$container_pid]" process
}

# One that Docker still has when the last process is gone.
sandbox=/run/docker/netns/tcphs-box-$$

keep_sandbox() {
	at_end+=(remove_sandbox)
	mkdir -p "${sandbox%/*}" && : >"$sandbox" &&
		mount --bind "/proc/$container_pid/ns/net" "$sandbox"
}

remove_sandbox() {
	umount "$sandbox" && rm "$sandbox"
}

sandbox_has_a_name() {
	same "$(tcphs events -A -j | jq -r 'select(.local_port == 7103).netns_name' | sort -u)" \
		"${sandbox##*/}" "of its events" &&
	same "$(tcphs events -j --netns "${sandbox##*/}" | jq -r .event | sort | xargs)" \
		"listen unlisten" "events by that name"
}

remove_successors() {
	local i

	for ((i = 0; i < 31; i++)); do
		ip netns del "tcphs-next-$$-$i" 2>/dev/null
	done
}

start 24
need_command ip setpriv unshare jq python3 ss taskset
load ring_records=16384
mark_dmesg
make_namespaces
successor=''
at_end+=(remove_successors)
open_traffic $one 7
open_traffic $two 8

for ns in $one $two; do
	check "a namespace sees its own connections only (${connections[$ns]})" sees_its_own_only "$ns"
	check "/proc/tcphs shows its own only (${connections[$ns]})" proc_shows_its_own_only "$ns"
	check "the numbers of its events have no holes (${connections[$ns]})" numbers_have_no_holes "$ns"
done
check "the initial namespace does not see them unasked" initial_sees_none
check "the initial namespace sees both with -A" all_sees_both
open_container
check "it has names for them: of ip-netns(8), of a container, of a process" namespaces_have_names
keep_sandbox || die "no sandbox"
remove_container
check "and for one that has no process any more, as Docker keeps it" sandbox_has_a_name
check "a child namespace may not see all" child_may_not_see_all
check "a user may not ask: status 4 and one line" user_may_not_ask
check "a user may read /proc/tcphs" user_may_read_the_summary
check "a user may not read /proc/tcphs_events" user_may_not_read_events
check "root of a container sees its own, which is nothing" container_root_sees_its_own
check "root of a container may not see all" container_root_may_not_see_all

one_inode=$(inode $one)
check "the traffic of one comes to its end" finish_traffic
check "its table is its TIME_WAITs, one for each connection" table_is_its_time_waits
ip netns del $one
check "with a namespace end its TIME_WAITs, each for that reason" end_is_reported
check "none of them ends twice" each_life_has_one_end
check "nothing of it is left in the table" nothing_is_left_of_it
check "a namespace with its inode does not see its records" successor_sees_nothing
check "it sees its own, numbered from 1" successor_sees_its_own
check "the kernel does not complain" kernel_is_quiet
ktap_finished

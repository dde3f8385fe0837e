#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Real connections of every kind, filtered by each filter: as ss filters them, as
# Python filters the JSON of everything, in the tool and in the kernel alone.

. "$(dirname "$0")/lib.sh"

populate() {
	mkfifo "$tmp/go"
	exec 7<>"$tmp/go"
	# Not by background(), whose processes have nothing to read.
	python3 "$here/population.py" <&7 >"$tmp/population" 2>&1 &
	started+=("$!")
	wait_until 30 grep -q '^old' "$tmp/population" || die "no connections: $(<"$tmp/population")"
	server=$(sed -n 's/^old //p' "$tmp/population")
	# The first are to be older than the others by more than it takes to make those.
	wait_until 30 old_enough || die "time stands still"
	echo >&7
	wait_until 60 grep -qx new "$tmp/population" || die "stuck: $(<"$tmp/population")"
	wait_until 30 tables_agree || die "ss and tcphs do not agree"
}

# All 14 ends of the first connections.
old_enough() {
	[[ $(tcphs connections -j | jq -s 'map(select(.age_ns > 1e9)) | length') == 14 ]]
}

# "LOCAL PEER" of what ss shows of the connections, and tcphs
ends_of_ss() {
	ss -Htan "$@" | awk '{ print $(NF - 1), $NF }' | sed -E 's/\[::ffff:([0-9.]+)\]/\1/g' | sort
}

ends_of_tcphs() {
	tcphs connections -j "$@" | jq -r '
		def endpoint($a; $p): if $a | contains(":") then "[\($a)]:\($p)" else "\($a):\($p)" end;
		"\(endpoint(.local; .local_port)) \(endpoint(.peer; .peer_port))"' | sort
}

# as_ss COUNT "OPTIONS OF TCPHS" STATE [EXPRESSION OF SS]: the same, so many
as_ss() {
	local count=$1 state=$3 options

	read -ra options <<<"$2"
	shift 3
	diff <(ends_of_ss state "$state" "$@") <(ends_of_tcphs "${options[@]}") &&
	same "$(ends_of_tcphs "${options[@]}" | wc -l)" "$count" "connections of ${options[*]}"
}

ages() {
	diff <(tcphs connections -j | jq -r .conn | sort) \
		<(tcphs connections -j --older-than 0s | jq -r .conn | sort) &&
	same "$(tcphs connections -j --older-than 1h | wc -l)" 0 "an hour old" &&
	same "$(tcphs connections -j --older-than 1s --local-port 8080 --state established |
		wc -l)" 7 "old on one port"
}

listeners_are() {
	local want=$1

	shift
	same "$(tcphs listeners -j "$@" | jq .port | xargs)" "$want" "listeners of $*"
}

listeners() {
	listeners_are "8080 8081 8082 8084 8085" &&
	listeners_are "8080 8082" --port 8082,8080,9 &&
	listeners_are "8081" --local-port 8081 --comm filter-server &&
	listeners_are "8080 8082 8085" --address 127.0.0.0/8 &&
	listeners_are "8084" --address :: &&
	listeners_are "8080 8081 8082 8084 8085" --pid "$server" &&
	listeners_are "" --pid 1 &&
	listeners_are "8080 8081 8082 8084 8085" --older-than 1s &&
	listeners_are "" --older-than 1h
}

# From outside, a namespace is one of many.
namespace() {
	local inode outside=(nsenter --net=/proc/1/ns/net)

	inode=$(stat -Lc %i /proc/self/ns/net)
	"${outside[@]}" tcphs connections -j -s big --netns "$inode" | jq -r .conn | sort >"$tmp/outside"
	tcphs connections -j -s big | jq -r .conn | sort | diff "$tmp/outside" - &&
	same "$("${outside[@]}" tcphs listeners -j --netns "/proc/$server/ns/net" | wc -l)" 5 \
		"listeners from outside" &&
	"${outside[@]}" tcphs events -j --netns "$inode" | jq .netns | uniq >"$tmp/outside" &&
	same "$(<"$tmp/outside")" "$inode" "namespaces of events" &&
	{ tcphs events --netns "$inode" 2>"$tmp/err"; same $? 4 "status from within"; }
}

follow() {
	background "$tmp/followed" tcphs events -f -j -n 0 --event connect-failed --peer-port 9
	wait_until 10 grep -q 'tcphs' "/proc/$!/comm" || return
	# Refused until it is reported: the reader may not have begun when the first one is.
	wait_until 20 refused_is_reported || return
	curl -s "http://127.0.0.1:8083/"
	refused_is_reported
	stop $!
	! grep -v '"event":"connect-failed".*"peer_port":9,' "$tmp/followed"
}

refused_is_reported() {
	curl -s "http://127.0.0.1:9/"
	sleep 0.2
	grep connect-failed "$tmp/followed"
}

refuses() {
	local words=$1

	shift
	tcphs "$@" >"$tmp/out" 2>"$tmp/err"
	same $? 2 "status of tcphs $*" && same "$(wc -l <"$tmp/err")" 1 "lines" &&
	grep -F -e "$words" "$tmp/err"
}

wrong_ones() {
	refuses "1 to 65535" events --port 0 &&
	refuses "10.0.0.0/8" connections --address 10.0.0.0/33 &&
	refuses "close-wait" connections --state close-weit &&
	refuses "syn-sent" events --event syn &&
	refuses "means nothing here" connections --event syn-sent &&
	refuses "means nothing here" listeners --peer-port 80 &&
	refuses "means nothing here" status --port 80
}

start 121
need_command jq ss python3 curl
load ring_records=8192
populate
check "a state and a local port, as ss" as_ss 7 "--state established --local-port 8080" \
	established '( sport = :8080 )'
check "a peer's port, as ss" as_ss 11 "--peer-port 8082" connected '( dport = :8082 )'
check "a port of either end, as ss" as_ss 22 "--port 8082" connected \
	'( sport = :8082 or dport = :8082 )'
check "an address, as ss" as_ss 22 "--address 127.0.0.2" connected \
	'( src 127.0.0.2 or dst 127.0.0.2 )'
check "an IPv6 address, as ss" as_ss 10 "--address ::1" connected 'src [::1]'
check "a v4-mapped address, as ss" as_ss 6 "--port 8084 --address ::ffff:127.0.0.1" connected \
	'( sport = :8084 or dport = :8084 )'
check "two states, as ss" as_ss 6 "--state fin-wait-2,close-wait" fin-wait-2 state close-wait
check "a group of states, as ss" as_ss 58 "--state big" big exclude listening
check "connections of an age" ages
check "listeners" listeners
check "a network namespace" namespace
check "wrong filters" wrong_ones
tell_all < <(python3 "$here/filters.py" connections "$server")
tell_all < <(python3 "$here/filters.py" events "$server")
tell_all < <(python3 "$here/filters.py" kernel "$server")
tcphs record "$tmp/recording" -d 0s 2>"$tmp/err" || die "no recording: $(<"$tmp/err")"
tell_all < <(python3 "$here/filters.py" recording "$server" "$tmp/recording")
check "a reader that follows with a filter" follow
echo >&7
check "every object is as its schema says" objects_fit
check "the kernel has nothing to complain about" kernel_is_quiet
ktap_finished

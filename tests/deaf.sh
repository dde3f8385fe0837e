#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A hook that is attached and never fires, as when the kernel was built without a
# call of its function: what connections do proves it, and status says so. Each
# hook of which that can be proved is made deaf in turn. A healthy one is never
# called deaf, and fired as often as the kernel's own counter says. One whose function is
# called with other arguments than it takes is unusable from its first call on, and said to be.

network=initial
. "$(dirname "$0")/lib.sh"

connections=17

# say_deaf FILE: "NAME MISSED" of each, as /proc/tcphs tells ...
deaf_in_proc() {
	awk '$1 == "hook-deaf" { print $2, $4 }' /proc/tcphs
}

# ... and the tool.
deaf_in_status() {
	tcphs status -j | jq -r '.hooks[] | select(.missed > 0) | "\(.name) \(.missed)"'
}

# connect [OPTION]…: connections that the client closes first
connect() {
	"$here/traffic" --connections "$connections" --close client "$@" >"$tmp/did"
}

# Peers that never close leave the client in FIN_WAIT2, as a bucket for a second.
abandon() {
	with_sysctl net.ipv4.tcp_fin_timeout 1 python3 "$here/abandon.py" "$connections"
}

# Every SYN is answered by a SYN cookie.
connect_by_cookie() {
	with_sysctl net.ipv4.tcp_syncookies 2 connect
}

# with_sysctl NAME VALUE COMMAND…
with_sysctl() {
	local name=$1 old status

	old=$(sysctl -n "$name")
	sysctl -qw "$name=$2"
	shift 2
	"$@"
	status=$?
	sysctl -qw "$name=$old"
	return "$status"
}

# proved NAME MISSED COMMAND…: with that hook deaf, COMMAND makes it known
proved() {
	local name=$1 missed=$2

	shift 2
	load "deaf=$name"
	"$@" && reported "$name" "$missed"
}

# reported NAME MISSED
reported() {
	local name=$1 missed=$2

	same "$(deaf_in_proc)" "$name $missed" "/proc/tcphs" || return
	same "$(deaf_in_status)" "$name $missed" "status" || return
	same "$(hits "$name")" 0 "hits" || return
	tcphs status | grep -F "deaf $name ("
}

# Those that are called on the way to another hook: each CPU may have been
# between the two when the hooks came.
proved_by_another() {
	proved "$1" $((connections - $(getconf _NPROCESSORS_CONF))) connect
}

# A FIN_WAIT2 that begins while its socket is locked ends as a socket; the kernel counts
# the buckets it makes.
proved_by_buckets() {
	local made

	load "deaf=$1"
	counters "$tmp/before"
	abandon || return
	counters "$tmp/after"
	made=$(($(difference "$tmp/before" "$tmp/after" TcpExtTW) +
		$(difference "$tmp/before" "$tmp/after" TcpExtTWKilled)))
	echo "$made buckets"
	((made > connections / 2)) && reported "$1" "$made"
}

# How the kernel calls what puts a bucket into its hash table.
hashdance() {
	tcphs status -j | jq -r '.hooks[].name | select(startswith("inet_twsk_hashdance"))'
}

healthy() {
	connect && connect --family 6 && connect --family mapped && abandon && connect_by_cookie
}

healthy_is_not_deaf() {
	same "$(deaf_in_proc)" "" "/proc/tcphs" &&
	same "$(deaf_in_status)" "" "status" &&
	same "$(awk '$1 == "hooks" { print $6, $7 }' /proc/tcphs)" "deaf 0" "hooks" &&
	same "$(unusable)" "" "unusable"
}

# unusable: the hooks of which that is reported
unusable() {
	tcphs status -j | jq -r '.hooks[] | select(.unusable).name'
}

# With that hook's arguments one place later no handler reads them; the others go on.
unusable_is_reported() {
	load "shifted=$1"
	connect && same "$(unusable)" "$1" status &&
	same "$(awk '$1 == "hook-unusable" { print $2 }' /proc/tcphs)" "$1" "/proc/tcphs" &&
	same "$(hits "$1")" 0 hits &&
	same "$(awk '$1 == "hooks" { print $4, $5 }' /proc/tcphs)" \
		"missing $((1 + $(wc -w <<<"$always_missing")))" hooks &&
	tcphs status | grep -F "unusable $1 ("
}

# The handshakes are in a namespace of their own; hits are reported here, of all.
hits_agree() {
	same "$(hits tcp_connect)" "$(difference "$tmp/before" "$tmp/after" TcpActiveOpens)" \
		"calls of tcp_connect"
}

inside_tells_no_hits() {
	unshare --net tcphs status -j | jq -e '[.hooks[] | has("hits")] | any | not'
}

# fill_and_empty [OPTION]…: three times as many connections at once as there is room for
fill_and_empty() {
	sysctl -qw net.ipv4.tcp_max_tw_buckets=4096
	"$here/traffic" --connections 211 --parallel 211 "$@" >"$tmp/did" || return
	((0 < $(tcphs status -j | jq .table.untracked))) || { echo "there was room for all"; return 1; }
}

# No connection without an entry, nor what it leaves behind, is taken for one that no
# hook has seen.
no_room_is_not_deaf() {
	load table_size=64
	fill_and_empty --close client-rst,server-rst && fill_and_empty --close client || return
	abandon && clear_network && connect && connect_by_cookie && healthy_is_not_deaf
}

# And what begins when there is room again proves as before.
proves_when_there_is_room_again() {
	load table_size=64 deaf=tcp_get_cookie_sock
	fill_and_empty --close client-rst,server-rst && same "$(deaf_in_proc)" "" deaf || return
	connect_by_cookie && reported tcp_get_cookie_sock "$connections"
}

missing_hooks() {
	awk '$1 == "hook-missing" { print $2 }' /proc/tcphs
}

# Looked for inside an instruction it can't be hooked; what comes after it in the table
# is, and what is required refuses the load by its own name.
missing_is_named() {
	local name=$1

	load "missing=$name"
	same "$(missing_hooks | grep -vxF "$always_missing")" "$name" "/proc/tcphs" &&
	same "$(tcphs status -j | jq -r '.hooks[] | select(.active | not).name')" \
		"$(missing_hooks)" status &&
		connect && dmesg_since_mark | grep -F "tcphs: cannot hook $name (error "
}

required_is_named() {
	! loaded || unload
	mark_dmesg
	! modprobe tcphs "missing=$1" 2>/dev/null || { echo "it loads"; return 1; }
	same "$(dmesg_since_mark | grep -c "tcphs: cannot hook .* which shows ")" 1 "hooks named" &&
		dmesg_since_mark | grep -F "tcphs: cannot hook $1 (error " && nothing_is_left
}

# Copies that a compiler made, as the kernel's list of symbols knows them and the log.
copies_are_named() {
	! loaded || unload
	mark_dmesg
	load
	dmesg_since_mark | sed -n 's/.*tcphs: there is \([^ ]*\) as well as .*/\1/p' | sort >"$tmp/named"
	tcphs status -j | jq -r '.hooks[] | select(.kind == "ftrace").name' >"$tmp/hooks"
	awk 'NR == FNR { hook[$1]; next }
		match($3, /\.(isra|constprop|part)\.0$/) && substr($3, 1, RSTART - 1) in hook { print $3 }' \
		"$tmp/hooks" /proc/kallsyms | sort >"$tmp/there"
	diff "$tmp/there" "$tmp/named"
}

refuses_an_unknown_one() {
	! modprobe tcphs deaf=tcp_conect 2>/dev/null &&
	dmesg_since_mark | grep -F 'tcphs: deaf=tcp_conect refused: there is no such hook'
}

# Up to 6.3 MPTCP calls inet_listen() with a socket inside of its own, and that is an argument as
# good as others, though no hook has been called before.
mptcp_listens_first() {
	load
	python3 - >"$tmp/port" <<'END' || return
import socket

held = []
for backlog in 3, 5, 7:
    try:
        held.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262))
    except OSError:
        break
    held[-1].bind(("127.0.0.1", 0))
    held[-1].listen(backlog)
s = socket.create_server(("127.0.0.1", 0), backlog=7)
s.listen(13)
print(s.getsockname()[1])
END
	same "$(tcphs status -j | jq -r '.hooks[] | select(.unusable).name')" "" unusable &&
		same "$(tcphs events -j --local-port "$(<"$tmp/port")" --event backlog-changed |
			jq .accept_limit)" 13 "backlog-changed"
}

# Then the callback is called with preemption off, and a reference that is the last one may not
# be put there on PREEMPT_RT.
icmp_is_traced_by_others() {
	local tracing=/sys/kernel/tracing expected=''

	[[ $(uname -v) != *PREEMPT_RT* ]] || expected='tcp_v4_err tcp_v6_err '
	modprobe tun 2>/dev/null
	load
	printf 'tcp_v4_err\ntcp_v6_err\n' >"$tracing/set_ftrace_filter" &&
		echo function >"$tracing/current_tracer" || return
	python3 "$here/stories.py" --traced >"$tmp/told" 2>&1
	echo nop >"$tracing/current_tracer"
	echo >"$tracing/set_ftrace_filter"
	cat "$tmp/told"
	same "$(grep -c ^pass "$tmp/told")" "$(python3 "$here/stories.py" --count --traced)" passed &&
		same "$(deaf_hooks | awk '{ print $2 }' | tr '\n' ' ')" "$expected" "deaf hooks" || return
	# Not by unload(), which takes any deaf hook for a failure.
	wait_until 10 removed
}

start 26
need_faults
load
name=$(hashdance)
always_missing=$(missing_hooks)
# Where softirqs of a CPU interleave (PREEMPT_RT from 6.18 on), that is refused by design.
same "${always_missing:-tcp_conn_request}" tcp_conn_request "missing" || die "hooks are missing"
# The first: what others leave in TIME_WAIT would be counted as well, a minute later.
check "deaf for TIME_WAIT buckets: the end of each proves it" \
	proved_by_buckets "$name"

load
counters "$tmp/before"
healthy || die "the traffic failed"
counters "$tmp/after"
check "no hook that fires is called deaf" healthy_is_not_deaf
check "tcp_connect fired as often as the kernel counts active opens" hits_agree
check "another namespace gets no hits" inside_tells_no_hits
unload
check "a hook that is none can't be made deaf" refuses_an_unknown_one

check "deaf for connect(): each connection that is established proves it" \
	proved tcp_connect "$connections" connect
check "deaf for requests: the first SYN+ACK of each proves it" \
	proved inet_csk_reqsk_queue_hash_add "$connections" connect
check "deaf for SYN+ACKs: each child proves it" \
	proved tcp_make_synack "$connections" connect
check "deaf for children: each that is established proves it" \
	proved inet_csk_complete_hashdance "$connections" connect
check "deaf for accept(): each close proves it" \
	proved security_sock_graft "$connections" connect
check "deaf for state changes: each accept() proves it" \
	proved inet_sock_set_state "$connections" connect
check "deaf for listen(): each request proves it" \
	proved inet_hash "$connections" connect
check "deaf for valid cookies: each child proves it" \
	proved tcp_get_cookie_sock "$connections" connect_by_cookie
check "deaf for children of cookies: each that is established proves it" \
	proved inet_csk_reqsk_queue_add "$connections" connect_by_cookie
unload
check "no room is not deaf" no_room_is_not_deaf
check "after a time without room, each connection proves again" proves_when_there_is_room_again
unload
mark_dmesg
check "a function that can't be hooked is named, and no other" missing_is_named tcp_check_req
check "nor is a tracepoint" missing_is_named tcp_retransmit_synack
unload
check "one that is required refuses the load by its name" required_is_named tcp_connect
check "copies of hooked functions are named" copies_are_named
for function in inet_csk_complete_hashdance tcp_v4_connect; do
	check "$function() called with other arguments is unusable, and said to be" \
		unusable_is_reported $function
done
check "ICMP errors whose function another tracer follows" icmp_is_traced_by_others
check "listen() of MPTCP before any other makes no hook unusable" mptcp_listens_first
unload
for function in tcp_conn_request tcp_check_req; do
	[[ $function != "$always_missing" ]] || {
		ktap_test_pass "$function() is refused here, and said to be"
		continue
	}
	check "deaf for $function(): the requests or children after it prove it" \
		proved_by_another $function
done
ktap_finished

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A hook that is attached and never fires, as when the kernel was built without a
# call of its function: what connections do proves it, and status says so. Each
# hook of which that can be proved is made deaf in turn. A healthy one is never
# called deaf, and fired as often as the kernel's own counter says.

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
	"$@" && told "$name" "$missed"
}

# told NAME MISSED
told() {
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
	((made > connections / 2)) && told "$1" "$made"
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
	same "$(awk '$1 == "hooks" { print $6, $7 }' /proc/tcphs)" "deaf 0" "hooks"
}

# The handshakes are in a namespace of their own; hits are told here, of all.
hits_agree() {
	same "$(hits tcp_connect)" "$(difference "$tmp/before" "$tmp/after" TcpActiveOpens)" \
		"calls of tcp_connect"
}

inside_tells_no_hits() {
	unshare --net tcphs status -j | jq -e '[.hooks[] | has("hits")] | any | not'
}

refuses_an_unknown_one() {
	! modprobe tcphs deaf=tcp_conect 2>/dev/null &&
	dmesg_since_mark | grep -F 'tcphs: deaf=tcp_conect refused: there is no such hook'
}

start 16
load
name=$(hashdance)
# The first: what others leave in TIME_WAIT would be counted as well, a minute later.
check "deaf for TIME_WAIT buckets: the end of each proves it" \
	proved_by_buckets "$name"

load
counters "$tmp/before"
healthy || die "the traffic failed"
counters "$tmp/after"
check "no hook that fires is called deaf" healthy_is_not_deaf
check "tcp_connect fired as often as the kernel counts active opens" hits_agree
check "another namespace is told no hits" inside_tells_no_hits
unload
check "a hook that is none can't be made deaf" refuses_an_unknown_one

check "deaf for connect(): each connection that is established proves it" \
	proved tcp_connect "$connections" connect
check "deaf for requests: each child proves it" \
	proved inet_csk_reqsk_queue_hash_add "$connections" connect
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
for function in tcp_conn_request tcp_make_synack tcp_check_req; do
	check "deaf for $function(): the requests or children after it prove it" \
		proved_by_another $function
done
ktap_finished

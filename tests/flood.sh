#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A SYN flood from addresses that nobody has, with SYN cookies and without, over
# IPv4 and IPv6 at once, while honest clients connect. What each listener dropped,
# how often it overflowed and what cookies it saw are the kernel's own counts; the
# table keeps to its bound; when it is over nothing has stayed.

. "$(dirname "$0")/lib.sh"

seconds=$((10 * patience))
here4=192.0.2.1
here6=2001:db8::1
holds=()	# descriptors that keep listeners open
flooders=()	# processes of flood_from

# Answers to the flood leave by a device that swallows them. Nothing waits in TIME_WAIT.
make_network() {
	modprobe dummy numdummies=0 && ip link add nowhere type dummy &&
		ip address add $here4/32 dev nowhere &&
		ip address add $here6/128 dev nowhere nodad &&
		ip link set nowhere up &&
		ip route add 198.18.0.0/15 dev nowhere &&
		ip route add 2001:2::/48 dev nowhere &&
		sysctl -qw net.ipv4.tcp_max_syn_backlog=4096 net.core.somaxconn=4096 \
			net.ipv4.tcp_synack_retries=1 net.ipv4.tcp_max_tw_buckets=0
}

# honest NAME OPTION…: a pair of churn whose listener stays, and whose client's tally
# goes to a file
honest() {
	local name=$1 hold

	shift
	rm -f "$tmp/hold"
	mkfifo "$tmp/hold"
	"$here/churn" --pairs 1 --hold --seconds $((seconds + 1)) "$@" <"$tmp/hold" >"$tmp/$name" \
		2>&1 &
	started+=("$!")
	exec {hold}>"$tmp/hold"
	holds+=("$hold")
}

let_listeners_go() {
	local hold

	for hold in "${holds[@]}"; do
		exec {hold}>&-
	done
	holds=()
	wait
	started=()
}

listening() {
	[[ $(tcphs listeners -j | wc -l) == "$1" ]]
}

# No honest client is on its way and no request of the flood is left. What waits for the
# deaf one waits for ever.
calm() {
	grep -q ^accepted "$tmp/honest4" && grep -q ^accepted "$tmp/honest6" &&
		grep -q ^accepted "$tmp/deaf" &&
		[[ $(tcphs listeners -j | jq -s 'map(.syn_queue) | add') == 0 ]] &&
		[[ -z $(tcphs connections -j | jq 'select(.local_port != 8103 and .peer_port != 8103)') ]]
}

# The table's use, again and again, until it is killed.
watch_table() {
	while :; do
		awk '$1 == "table" { print $3, $5 }' /proc/tcphs
		sleep 0.1
	done
}

# flood_from CPU ADDRESS PORT
flood_from() {
	background "$tmp/flood$1-$3" taskset -c "$1" "$here/flood" "$2" "$3" "$seconds"
	flooders+=("${started[-1]}")
}

# flood BACKLOG: the flood of this time, from its beginning until it is calm again. Every
# CPU brings segments to the first listener.
flood() {
	local cpu pid watcher

	flooders=()
	counters "$tmp/before"
	honest honest4 --address $here4 --port 8101 --backlog "$1"
	honest honest6 --address $here6 --port 8102 --backlog "$1"
	honest deaf --address $here4 --port 8103 --backlog 3 --deaf
	wait_until 10 listening 3 || die "nobody listens"
	background "$tmp/table" watch_table
	watcher=${started[-1]}
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		flood_from $cpu $here4 8101
	done
	flood_from $((cpu - 1)) $here6 8102
	for pid in "${flooders[@]}"; do
		wait "$pid" || die "$(cat "$tmp"/flood[0-9]*)"
	done
	say "sent by each: $(cat "$tmp"/flood[0-9]* | xargs)"
	wait_until 30 calm || say "it does not become calm: $(tcphs listeners)"
	stop "$watcher"
	counters "$tmp/after"
	tcphs listeners -j >"$tmp/listeners" || die "no listeners"
	ss -Hltnme >"$tmp/sockets" || die "no listeners for ss"
	"$here/reader" --once >"$tmp/events"
	say "clients over IPv4: $(xargs <"$tmp/honest4"), over IPv6: $(xargs <"$tmp/honest6")"
}

counts_are_the_kernels() { # HOW SYNCOOKIES BACKLOG
	load ring_records=524288 table_size=65536
	sysctl -qw net.ipv4.tcp_syncookies="$2"
	flood "$3"
	tell_all < <(python3 "$here/flood.py" "$tmp"/{before,after,listeners,events,sockets} 2>&1 |
		sed "s/^\(pass\|fail\)/& $1,/")
	check "$1, nothing is lost or torn" nothing_amiss
}

# grown COUNTER
grown() {
	difference "$tmp/before" "$tmp/after" "TcpExt$1"
}

# reported WORD…: the number behind it, of the reader
reported() {
	sed -n "s/^$* //p" "$tmp/events"
}

nothing_amiss() {
	grep '^bad' "$tmp/events"
	[[ $(reported bad) == 0 && $(reported lost) == 0 ]]
}

connected() {
	cat "$tmp/$1"
	(($(sed -n 's/^connected //p' "$tmp/$1") > 7))
}

table_keeps_its_bound() {
	local used limit

	read -r used limit < <(sort -n "$tmp/table" | tail -n 1)
	echo "$used of $limit"
	((used > 0 && used <= limit && limit == $1))
}

untracked_agree() {
	echo "$(reported untracked) untracked"
	same "$(tcphs status -j | jq .table.untracked)" "$(reported untracked)" untracked &&
		(($(reported untracked) > 997 / patience))
}

table_is_empty() {
	[[ $(tcphs status -j | jq .table.used) == 0 && -z $(tcphs listeners -j) ]]
}

need_command python3 jq nstat ss taskset
start 41
make_network || die "no network"
load
unload
note_memory
mark_dmesg

counts_are_the_kernels "with cookies" 1 127
check "with cookies, it was a flood" test "$(grown TCPReqQFullDoCookies)" -gt $((997 / patience))
check "with cookies, honest clients of IPv4 get in" connected honest4
check "with cookies, honest clients of IPv6 get in" connected honest6
check "with cookies, the table keeps its bound" table_keeps_its_bound 65536
let_listeners_go

counts_are_the_kernels "without cookies" 0 127
check "without cookies, it was a flood" test "$(grown TCPReqQFullDrop)" -gt $((997 / patience))
let_listeners_go
check "without cookies, the table empties" wait_until 30 table_is_empty

# A table that the requests of some seconds do not fit in, few as they are on a slow kernel.
small=$((patience == 1 ? 509 : 67))
load ring_records=524288 table_size=$small
flood 4096
check "in a small table, it keeps its bound" table_keeps_its_bound $small
check "in a small table, who has no room is counted" untracked_agree
check "in a small table, nothing is lost or torn" nothing_amiss
let_listeners_go
check "in a small table, it empties" wait_until 30 table_is_empty

unload
check "slabs are gone" slabs_are_gone
# An entry for each SYN would be some tens of MiB; what the kernel itself keeps of its
# requests is a few.
check "memory is where it was" wait_until 10 memory_is_given_back 4096 4096
check "the kernel does not complain" kernel_is_quiet "Possible SYN flooding|bucket table overflow"
ktap_finished

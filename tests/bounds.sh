#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who fills the tables leaves room for others: what a user or a namespace can take of the
# listeners and of the connections has a bound, so has what lies in one bucket, and
# what was refused is counted by cause. Who is alone may have nearly all.

network=initial
. "$(dirname "$0")/lib.sh"

nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
many=30011	# listeners: more than seven eighths of 32,768
few=211

# refused CAUSE: so many, as status tells
refused() {
	tcphs status -j | jq ".table.refused.$1"
}

used() {
	tcphs status -j | jq .table.used
}

# hold NAME COMMAND…: sockets are there until let_go NAME
hold() {
	local name=$1

	shift
	mkfifo "$tmp/go.$name"
	exec {fd}<>"$tmp/go.$name"
	"$@" <"$tmp/go.$name" >"$tmp/at.$name" 2>&1 &
	started+=("$!")
	holder[$name]=$! door[$name]=$fd
	wait_until 240 grep -qxE 'ready|open' "$tmp/at.$name" || { cat "$tmp/at.$name"; return 1; }
}

let_go() {
	printf 'go\ngo\ngo\n' >&"${door[$1]}"
	wait "${holder[$1]}"
}

# traffic AS…: opens that many connections and waits
open_connections() {
	"$here/traffic" --connections "$1" --parallel "$1" --pause --close client-rst,server-rst \
		"${@:2}" 2>&1
}
export -f open_connections
export here

# listeners_of NUMBERS: those of bounds.py, as text: jq would take a minute for thirty thousand
listeners_of() {
	tcphs listeners -H -o LISTENER | grep -c "^127\.0\.[$1]\.1:"
}

# All that were refused are counted, and why.
one_user_is_bounded() {
	local known

	hold many "${nobody[@]}" python3 "$here/bounds.py" listeners $many 2 || return
	known=$(listeners_of 23)
	echo "$known known, $(refused share) refused"
	((known >= 28000 && known < many)) && same $((known + $(refused share))) $many "known or refused" &&
		same "$(tcphs status -j | jq .table.untracked)" "$(refused share)" "untracked"
}

others_have_room() {
	local before

	before=$(refused share)
	hold few python3 "$here/bounds.py" listeners $few 9 || return
	same "$(listeners_of 9)" $few "listeners of root" && same "$(refused share)" "$before" refused
}

summary_says_so() {
	same "$(awk '$1 == "refused" && $3 { print $2, $3 }' /proc/tcphs)" "share $(refused share)" /proc/tcphs &&
	tcphs status | grep -E '^ +share +[0-9]+'
}

all_go() {
	let_go few && let_go many && wait_until 10 no_listener
}

no_listener() {
	same "$(listeners_of 0-9)" 0 listeners
}

# Of 512 entries, 448 are for anybody.
one_alone_has_most() {
	load table_size=512 ring_records=16384
	hold all bash -c 'open_connections 307' || return
	used
	(($(used) > 400 && $(used) <= 448)) || return
	let_go all
}

# The others: 14 sockets of root's, less than a 32nd.
connections_leave_room() {
	local before

	load table_size=512 ring_records=16384
	hold crowd "$@" || return
	echo "$(used) used, $(refused share) refused here"
	before=$(tcphs status -j | jq .table.untracked)
	hold mine bash -c 'open_connections 7 --first-port 29001' || return
	same "$(tcphs status -j | jq .table.untracked)" "$before" "untracked" && let_go mine && let_go crowd
}

by_a_user() {
	connections_leave_room "${nobody[@]}" bash -c 'open_connections 307'
}

by_a_namespace() {
	connections_leave_room "${nobody[@]}" unshare --user --map-root-user --net \
		bash -c 'ip link set lo up; open_connections 307'
}

# 1,024 buckets, of which one is to have 71.
bucket_is_bounded() {
	load table_size=2048 ring_records=16384
	hold suited python3 "$here/bounds.py" suited 71 1024 || return
	echo "$(used) used, $(refused bucket) refused"
	# One of the other ends may have met the bucket as well.
	(($(refused bucket) >= 7 && $(refused bucket) <= 9)) &&
		same $(($(used) + $(refused bucket))) 142 "used or refused" && let_go suited
}

start 10
need_command jq python3 setpriv unshare
declare -A holder door
ulimit -n 40000 || skip_all "needs many files"
clear_network
load
mark_dmesg
check "a user's listeners have a bound, and what is refused is counted" one_user_is_bounded
check "another's $few are all known" others_have_room
check "/proc/tcphs and status say how many were refused, and why" summary_says_so
check "they go" all_go
check "who is alone may have seven eighths of the connections" one_alone_has_most
check "a user who fills the table leaves room" by_a_user
check "so does a namespace that a user made" by_a_namespace
check "a bucket that is filled on purpose has a bound" bucket_is_bounded
check "no hook is called deaf by what was refused" eval '! deaf_hooks | grep .'
check "the kernel does not complain" kernel_is_quiet "SYN flooding"
ktap_finished

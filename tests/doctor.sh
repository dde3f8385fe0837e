#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All that tcphs doctor can find is made to happen, and a healthy twin of each in
# which it must stay silent; see trouble.py.

. "$(dirname "$0")/lib.sh"

need_command jq python3 nstat ss ip nft nsenter sysctl
modprobe tun 2>/dev/null
[[ -c /dev/net/tun ]] || skip_all "needs /dev/net/tun"

# What somebody who sits in front of it sees, and nobody else.
shows_progress() {
	python3 -c 'import pty, sys
sys.exit(pty.spawn(sys.argv[1:]) >> 8)' tcphs doctor --for 2s </dev/null >"$tmp/seen" ||
		{ cat "$tmp/seen"; return 1; }
	grep -q $'\rlooking: 1 of 2 s' "$tmp/seen" && grep -q "Nothing wrong" "$tmp/seen"
}

# complains STATUS WORDS COMMAND…: one line of error with these words
complains() {
	local expected=$1 words=$2

	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	same $? "$expected" "status of $*" && cat "$tmp/err" &&
	same "$(wc -l <"$tmp/err")" 1 "lines of error" &&
	grep -qF -e "$words" "$tmp/err"
}

usage_is_wrong() {
	complains 2 "allowed is a number of seconds" tcphs doctor --for soon &&
	complains 2 "allowed is a number of seconds" tcphs doctor --for 0s &&
	complains 2 "allowed is a number of seconds" tcphs doctor --stuck-after -1s &&
	complains 2 "surplus" tcphs doctor surplus &&
	complains 2 "--for" tcphs doctor --nonsense
}

not_loaded() {
	complains 3 "modprobe tcphs" tcphs doctor
}

# A hook that does not fire is reported, with as many misses as status knows.
deaf_hook() {
	load deaf=tcp_connect
	"$here/traffic" --connections 31 --close client >/dev/null || return
	tcphs doctor -j --for 100ms >"$tmp/out"
	same $? 10 "exit status" &&
	same "$(jq -c 'select(.finding == "hooks-deaf") | [.severity, .value]' "$tmp/out")" \
		"$(tcphs status -j | jq -c '["warning", ([.hooks[].missed // 0] | add)]')" finding &&
	jq 'select(.finding == "hooks-deaf") | .value > 0' "$tmp/out" | grep -x true
}

read -r troubles small < <(python3 "$here/trouble.py" --count) || exit 1
start $((troubles + small + 7))
check "a wrong option is reported in one line" usage_is_wrong
check "without the module: status 3 and one line" not_loaded
load ring_records=131072
mark_dmesg
tell_all < <(python3 "$here/trouble.py" 2>&1)
check "progress is shown on a terminal" shows_progress
events_json "$tmp/events"
check "no record is lost" nothing_lost "$tmp/events"
load ring_records=64 table_size=64
# Elsewhere, so that no TIME_WAIT of before ends while losses are counted.
# shellcheck disable=SC2016 # for the inner shell
tell_all < <(unshare --net sh -c 'ip link set lo up && exec python3 "$1" --small' sh \
	"$here/trouble.py" 2>&1)
check "a hook that does not fire is reported" deaf_hook
check "every object is as its schema says" objects_fit
check "the kernel does not complain" \
	kernel_is_quiet "Possible SYN flooding|too many orphaned sockets|bucket table overflow|tun: Universal"
ktap_finished

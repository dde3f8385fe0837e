#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every step that a TCP connection can take, made to happen by a peer that sends
# exactly the segments which that needs; see stories.py. S1 to S16 are the rows
# of the table in Documentation/stories.md.

. "$(dirname "$0")/lib.sh"

need_command python3 ip jq
modprobe tun 2>/dev/null
[[ -c /dev/net/tun ]] || skip_all "needs /dev/net/tun"
stories=$(python3 "$here/stories.py" --count) || exit 1
full=$(python3 "$here/stories.py" --count --full-table) || exit 1
start $((stories + full + 6))
load ring_records=131072
mark_dmesg
tell_all < <(python3 "$here/stories.py" 2>&1)
tcphs events -j >"$tmp/events" || die "tcphs events failed"
check "no record is lost" nothing_lost "$tmp/events"
check "each hook gets the arguments that it takes" \
	same "$(tcphs status -j | jq -r '.hooks[] | select(.unusable).name')" "" unusable
check "no life takes a step that TCP has not" python3 "$here/model.py" "$tmp/events"
check "every object is as its schema says" objects_fit
# What is left takes a place in the table, and gives it back at any time.
ss -HK >/dev/null 2>&1
clear_network
load table_size=64 ring_records=16384
tell_all < <(python3 "$here/stories.py" --full-table 2>&1)
check "no hook is called deaf where there was no room" same "$(deaf_hooks)" "" deaf
check "the kernel does not complain" \
	kernel_is_quiet "Possible SYN flooding|too many orphaned sockets|sctp: Hash tables|tun: Universal|\
ip_local_port_range: prefer different parity|net_ratelimit: [0-9]+ callbacks suppressed"
ktap_finished

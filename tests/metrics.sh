#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A real Prometheus scrapes tcphs-exporter: what it sees and what alarms it; see metrics.py.

network=initial
. "$(dirname "$0")/lib.sh"

need_command tcphs-exporter prometheus promtool python3 ip nft ss nstat
need_faults

start $(($(python3 "$here/metrics.py" --count) + 1))
clear_network
load
mark_dmesg
tell_all < <(python3 "$here/metrics.py" 2>&1)
check "the kernel does not complain" \
	kernel_is_quiet "Possible SYN flooding|too many orphaned sockets|out of memory -- consider tuning tcp_mem|bucket table overflow"
ktap_finished

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same connections seen by tcpdump: ISNs, FINs and RSTs in the events have
# the numbers they had on the wire, and came in the order of the wire. So do the packets that
# are rebuilt of them.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

connections=197
refused=17
families=(4 6 mapped)
topics=(isns fins rsts order strangers)

listens() {
	grep -q 'listening on lo' "$tmp/tcpdump"
}

# Segments reach tcpdump in their order: after this one it has had them all.
captured_the_last_word() {
	grep -q "the last word" "$tmp/capture"
}

captured_all() {
	grep -qx '0 packets dropped by kernel' "$tmp/tcpdump" || { cat "$tmp/tcpdump"; return 1; }
}

only_time_wait() {
	! ss -Htan | grep -vE '^(TIME-WAIT|LISTEN)'
}

traffic() {
	"$here/traffic" --connections $connections --refused $refused --parallel 11 \
		--family "$1" --first-port 20011 >/dev/null || die "traffic failed"
}

no_problem() {
	! grep "^$1: " "$tmp/problems"
}

# Rebuilt for other tools: all of it, or what one end has seen.
is_rebuilt() { # VIEW [OPTION]...
	tcphs export --pcapng "$tmp/pcapng" --force "${@:2}" 2>"$tmp/said" || { cat "$tmp/said"; return 1; }
	python3 "$here/rebuilt.py" "$1" "$tmp/pcapng" "$tmp/capture" >"$tmp/problems" 2>&1 ||
		{ cat "$tmp/problems"; return 1; }
	say "$1: $(tail -n 1 "$tmp/problems")"
	tail -n 1 "$tmp/problems" | grep -q '^compared [1-9]' &&
		same "$(head -n -1 "$tmp/problems")" "" problems
}

start $((${#topics[@]} + 5))
need_command tcpdump python3 ss
load ring_records=32768

# In immediate mode a segment is tcpdump's at once; -U writes it at once.
background "$tmp/tcpdump" tcpdump -i lo -n -s 128 -B 65536 --immediate-mode -U \
	-w "$tmp/capture" "tcp or udp port 9"
tcpdump=$!
wait_until 30 listens || die "tcpdump does not listen: $(<"$tmp/tcpdump")"
for family in "${families[@]}"; do
	traffic "$family"
done
wait_until 10 only_time_wait || die "connections are left: $(ss -Htan | head -n 5)"
echo "the last word" >/dev/udp/127.0.0.1/9
wait_until 30 captured_the_last_word || die "tcpdump does not write: $(<"$tmp/tcpdump")"
stop "$tcpdump" INT

events_json "$tmp/events"
python3 "$here/capture.py" "$tmp/events" "$tmp/capture" >"$tmp/problems" 2>&1
tail -n 1 "$tmp/problems" | grep '^compared [1-9]' >"$tmp/summary" ||
	die "capture.py: $(tail -n 1 "$tmp/problems")"
say "$(<"$tmp/summary")"
check "tcpdump saw every segment" captured_all
for topic in "${topics[@]}"; do
	check "$topic are those of the capture" no_problem "$topic"
done
check "no record is lost" nothing_lost "$tmp/events"
check "the packets of an export are those of the capture, each once" is_rebuilt both
check "so are those of the ends that connected" is_rebuilt active --role active
check "so are those of the ends that listened" is_rebuilt passive --role passive
ktap_finished

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A recording made while things happen is what a reader saw; it ends when it should,
# tells what was lost, survives a full disk and damage, and overwrites nothing.

. "$(dirname "$0")/lib.sh"

record() {
	tcphs record -d 0s "$@" 2>"$tmp/err"
}

# What was recorded from the first SYN on is what the ring holds in the end.
same_as_live() {
	local recorder

	background "$tmp/recorder" tcphs record "$tmp/live"
	recorder=$!
	wait_until 10 test -s "$tmp/live" || return
	"$here/traffic" --connections 211 --refused 7 >/dev/null || return
	curl -s "http://127.0.0.1:9/"
	wait_until 30 has_all || { cat "$tmp/recorder"; return 1; }
	stop "$recorder"
	events_json "$tmp/ring"
	tcphs events -j --read "$tmp/live" >"$tmp/read" || return
	diff <(sort "$tmp/ring") <(sort "$tmp/read") | head -5
	((PIPESTATUS[0] == 0)) || return
	same "$(jq .time "$tmp/read" | sort -nc 2>&1)" "" "order of time" &&
	grep -E "^tcphs: $(wc -l <"$tmp/read") events, 0 lost, " "$tmp/recorder"
}

has_all() {
	tcphs events -j --read "$tmp/live" 2>/dev/null | grep '"event":"connect-failed".*"peer_port":9,'
}

# It is written while it goes on, and has no end then.
has_no_end_yet() {
	local recorder

	background "$tmp/recorder" tcphs record "$tmp/endless"
	recorder=$!
	wait_until 10 test -s "$tmp/endless" || return
	tcphs events -j --read "$tmp/endless" >/dev/null 2>"$tmp/err"
	same $? 6 "status" || return
	stop "$recorder" TERM
	grep "has no end: it was cut off, or is still being written" "$tmp/err" &&
	tcphs events -j --read "$tmp/endless" >/dev/null
}

ends_by_itself() {
	local began=$EPOCHREALTIME

	tcphs record -d 1s -j "$tmp/second" >"$tmp/reported" || return
	awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a >= 1) }' &&
	same "$(jq .bytes "$tmp/reported")" "$(stat -c %s "$tmp/second")" "bytes" &&
	same "$(jq .events "$tmp/reported")" "$(tcphs events -j -r "$tmp/second" | wc -l)" "events"
}

text_is_the_same() {
	record "$tmp/text" || return
	diff <(tcphs events -H) <(tcphs events -H --read "$tmp/text") &&
	diff <(tcphs events -H -n 13) <(tcphs events -H -n 13 --read "$tmp/text")
}

# The part of a recording that a filter takes out is what the filter shows.
parts() {
	record "$tmp/whole" &&
	tcphs record --read "$tmp/whole" --event closed,connect-failed "$tmp/part" 2>"$tmp/err" &&
	diff <(tcphs events -j --read "$tmp/part") \
		<(tcphs events -j --read "$tmp/whole" --event closed,connect-failed) &&
	(($(tcphs events -j --read "$tmp/part" --failed --peer-port 9 | wc -l) == 1))
}

overwrites_nothing() {
	local before

	record "$tmp/precious" || return
	before=$(sha256sum "$tmp/precious")
	! record "$tmp/precious" && grep -- "--force replaces it" "$tmp/err" &&
	same "$(sha256sum "$tmp/precious")" "$before" "the file" &&
	same "$(stat -c %a "$tmp/precious")" 600 "who may read it" &&
	record --force --event listen "$tmp/precious" &&
	(($(stat -c %s "$tmp/precious") < $(stat -c %s "$tmp/whole")))
}

unmount() {
	! mountpoint -q "$tmp/small" || umount "$tmp/small"
}

disk_is_full() {
	mkdir "$tmp/small"
	at_end+=(unmount)
	mount -t tmpfs -o size=64k tcphs-small "$tmp/small" || return
	record "$tmp/small/file"
	same $? 1 "status" &&
	grep "cannot write $tmp/small/file: No space left on device" "$tmp/err"
}

# Cut off, or a bit turned, at a few places: what lies before comes out.
damaged() {
	local size at whole

	size=$(stat -c %s "$tmp/whole")
	whole=$(tcphs events -j --read "$tmp/whole" | wc -l)
	for at in 41 1009 $((size / 2)) $((size - 1)); do
		head -c "$at" "$tmp/whole" >"$tmp/damaged"
		is_damaged "was cut off" "$whole" || return
		cp "$tmp/whole" "$tmp/damaged"
		printf '\xa5' | dd of="$tmp/damaged" bs=1 seek="$at" conv=notrunc status=none
		is_damaged "is damaged" "$whole" || return
	done
}

# is_damaged WORDS EVENTS: and of EVENTS no more come out, and none that is not there
is_damaged() {
	tcphs events -j --read "$tmp/damaged" >"$tmp/out" 2>"$tmp/err"
	same $? 6 "status" && same "$(wc -l <"$tmp/err")" 1 "lines of error" &&
	{ grep -E "$1.* at byte [0-9]+; what comes before it is whole" "$tmp/err" ||
		{ cat "$tmp/err"; return 1; }; } &&
	(($(wc -l <"$tmp/out") <= $2)) &&
	cmp "$tmp/out" <(tcphs events -j --read "$tmp/whole" | head -n "$(wc -l <"$tmp/out")")
}

other_verbs_refuse() {
	local verb

	for verb in status connections listeners; do
		! tcphs "$verb" --read "$tmp/whole" 2>"$tmp/err" && grep "a recording holds events" "$tmp/err" ||
			return
	done
}

# A ring that overflows: a reader with a filter is reported the same losses and comes to
# the same cursors.
losses() {
	local from wanted got

	from=$(python3 "$here/cursor.py")
	"$here/traffic" --connections 211 >/dev/null || return
	wait_until 30 no_life_is_left || return
	wanted=$(python3 "$here/cursor.py" --count "$from")
	got=$(python3 "$here/cursor.py" --port 9 --count "$from")
	((${wanted#* } > 0)) || { echo "nothing was lost: $wanted"; return 1; }
	same "$got" "0 ${wanted#* }" "records and losses with a filter" &&
	same "$(python3 "$here/cursor.py" --port 9 "$from")" "$(python3 "$here/cursor.py" "$from")" \
		"the cursors" &&
	same "$(python3 "$here/cursor.py" --count "$(python3 "$here/cursor.py" --port 9)")" "0 0" \
		"what is left after a filter"
}

no_life_is_left() {
	! tcphs connections -j | grep .
}

# A recorder that was stopped meanwhile: events and losses are all there was.
losses_are_recorded() {
	local recorder before after

	before=$(tcphs status -j | jq .ring.recorded)
	background "$tmp/recorder" tcphs record -n 0 "$tmp/lossy"
	recorder=$!
	wait_until 10 test -s "$tmp/lossy" || return
	# It sleeps now, with nothing new to wake it.
	wait_until 10 grep -q 'poll' "/proc/$recorder/wchan"
	kill -STOP "$recorder"
	"$here/traffic" --connections 211 >/dev/null || return
	wait_until 30 no_life_is_left || return
	kill -CONT "$recorder"
	after=$(tcphs status -j | jq .ring.recorded)
	wait_until 20 is_recorded $((after - before)) || { sum; return 1; }
	stop "$recorder"
	tcphs events -j --read "$tmp/lossy" | grep -q '"event":"lost"' &&
	is_recorded $((after - before))
}

sum() {
	tcphs events -j --read "$tmp/lossy" 2>/dev/null |
		jq -n 'reduce inputs as $e (0; . + if $e.event == "lost" then $e.lost else 1 end)'
}

is_recorded() {
	[[ $(sum) == "$1" ]]
}

start 14
need_command jq curl nsenter
# No TIME_WAIT, whose end would come between two readings.
sysctl -qw net.ipv4.tcp_max_tw_buckets=0
load ring_records=8192
check "what was recorded is what was there" same_as_live
check "a recording that goes on can be read, and has no end" has_no_end_yet
check "a recording ends when its time is over" ends_by_itself
check "as text it looks like the live one" text_is_the_same
check "a filter takes a part out" parts
check "a file that is there is not overwritten" overwrites_nothing
check "a full disk is reported" disk_is_full
check "a damaged recording gives what is whole" damaged
check "verbs that show no events refuse a recording" other_verbs_refuse
unload
check "a recording needs no module" tcphs events -H --read "$tmp/whole"
# The ring is everybody's: what ends elsewhere would be a loss between two readings.
clear_network nsenter --net=/proc/1/ns/net
load ring_records=64
check "losses and cursors are the same with a filter" losses
check "what a recorder lost is in the recording" losses_are_recorded
unload
check "without the module nothing is recorded" bash -c "! tcphs record '$tmp/none' && [[ ! -e $tmp/none ]]"
check "the kernel has nothing to complain about" kernel_is_quiet
ktap_finished

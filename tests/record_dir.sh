#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A directory that tcphs record keeps: every record that the module counted is in it or is
# counted there as lost, once, whoever is killed, filled up or unloaded meanwhile.

. "$(dirname "$0")/lib.sh"

box=''		# its directory
recorder=''	# pid
earlier=0	# records of an earlier load of the module

# keep: a recorder of $box, which has begun when this returns
keep() {
	background "$tmp/recorder" tcphs record --directory "$box" --size 1M --keep 50
	recorder=$!
	wait_until 20 reader_waits
}

# crash: the recorder has no time for anything
crash() {
	stop "$recorder" KILL
	wait_until 20 nobody_waits
}

nobody_waits() {
	! reader_waits
}

# reported: "EVENTS LOST MISSING" of the directory
reported() {
	tcphs events -j --read "$box" 2>"$tmp/err" | awk -F '"lost":' '
		/"event":"lost"/ { lost += $2; next }
		/"event":"missing"/ { missing++; next }
		{ events++ }
		END { print events + 0, lost + 0, missing + 0 }'
}

recorded() {
	tcphs status -j | jq .ring.recorded
}

# all_told: what is there and what was lost are all that was recorded, in this load and before
all_told() {
	local events lost missing want

	want=$(($(recorded) + earlier))
	read -r events lost missing < <(reported)
	same $((events + lost)) "$want" "events $events and losses $lost (missing $missing)"
}

nothing_twice() {
	tcphs events -j --read "$box" | grep -v -e '"event":"lost"' -e '"event":"missing"' |
		grep -oE '"cpu":[0-9]+,"number":[0-9]+' | sort | uniq -d | head -3 >"$tmp/twice"
	! grep . "$tmp/twice"
}

no_life_is_left() {
	! tcphs connections -j | grep .
}

traffic() {
	"$here/traffic" --connections "$1" --refused 7 >/dev/null && wait_until 60 no_life_is_left
}

as_it_happens() {
	box=$tmp/live
	keep
	traffic 101 || return
	wait_until 20 all_told || { cat "$tmp/recorder"; return 1; }
	same "$(stat -c %a "$box" "$box"/*.zst | sort -u | xargs)" "600 700" "who may read it"
}

second_is_refused() {
	tcphs record --directory "$box" -d 1s 2>"$tmp/err"
	same $? 1 "status" && grep "another tcphs record keeps it" "$tmp/err"
}

# It is killed in the middle of everything, and begun again: also before it has written
# anything, and with what it had written first.
killed_and_back() {
	local i traffic

	background "$tmp/traffic" "$here/traffic" --connections 907 --refused 7
	traffic=$!
	for i in 1 2 3; do
		nap "0.$((RANDOM % 400 + 100))"
		crash
		keep
	done
	for i in 1 2 3 4 5 6 7; do
		crash
		background "$tmp/recorder" tcphs record --directory "$box" --size 1M --keep 50
		recorder=$!
		nap "0.0$((RANDOM % 90 + 10))"
	done
	crash
	keep
	wait "$traffic"
	wait_until 60 no_life_is_left || return
	wait_until 20 all_told || return
	nothing_twice || { cat "$tmp/twice"; return 1; }
}

# What it lost is known to the record although nobody was there to see it.
overrun_while_dead() {
	local lost

	crash
	traffic 167 || return
	keep
	wait_until 20 all_told && nothing_twice || return
	read -r _ lost _ < <(reported)
	((lost > 0)) || { echo "the ring was not too small"; return 1; }
}

unmount() {
	! mountpoint -q "$tmp/small" || umount -l "$tmp/small"
}

# The ring keeps what it can while the disk takes nothing.
disk_is_full() {
	mkdir "$tmp/small"
	at_end+=(unmount)
	mount -t tmpfs -o size=3m tcphs-small "$tmp/small" || return
	box=$tmp/small/box
	keep
	wait_until 20 all_told || return
	head -c 4m /dev/zero >"$tmp/small/filler" 2>/dev/null
	traffic 211 || return
	wait_until 20 grep "cannot write to $box: No space left on device" "$tmp/recorder" || return
	traffic 101 || return
	rm "$tmp/small/filler"
	wait_until 20 grep "writes to $box again" "$tmp/recorder" || return
	traffic 53 || return
	wait_until 20 all_told && nothing_twice || return
	stop "$recorder"
	all_told
}

within_bounds() {
	local size

	for size in $(stat -c %s "$tmp"/*/*.zst "$box"/*.zst); do
		((size <= 1 << 20)) || { echo "a file of $size bytes"; return 1; }
	done
}

# The module goes and comes back: the recorder waits for it.
module_goes() {
	box=$tmp/gone
	keep
	traffic 31 || return
	wait_until 20 all_told || return
	earlier=$(recorded)
	unload || return
	wait_until 20 grep "the module is not loaded" "$tmp/recorder" || return
	load ring_records=512
	wait_until 20 reader_waits || return
	traffic 31 || return
	wait_until 20 all_told || return
	stop "$recorder"
	tcphs events -j --read "$box" | grep '"event":"missing","why":"no-module"' >"$tmp/missing"
	same "$(wc -l <"$tmp/missing")" 1 "times without a module"
}

# A time is asked for: what is there of it, and what is not.
asked_for() {
	local since until

	since=$(jq -r .from "$tmp/missing")
	until=$(jq -r .to "$tmp/missing")
	tcphs events -j --read "$box" --since "$since" --until "$until" >"$tmp/part" || return
	jq -e --arg since "$since" --arg until "$until" \
		'select(.event != "missing" and .event != "lost") | .at >= $since and .at <= $until' \
		"$tmp/part" >"$tmp/times"
	! grep false "$tmp/times" && grep '"why":"no-module"' "$tmp/part" &&
	tcphs events --read "$box" --since "$until" | grep "refused" >/dev/null &&
	tcphs diagram --read "$box" --last --failed --since "$until" | grep "CLOSED" >/dev/null || return
	tcphs doctor --read "$box" --since "$until" >"$tmp/doctor" 2>"$tmp/err"
	grep "LOOKED AT" "$tmp/doctor" &&
	tcphs doctor --read "$box" --since "$since" --until "$until" 2>&1 |
		grep "nothing is known from .*: the module was not loaded"
}

# What is kept is written once, however often it is looked at.
kept_alone() {
	local i

	for i in 1 2 3; do
		traffic $((i * 7)) || return
		tcphs record --directory "$tmp/kept" --kept -d 0s 2>"$tmp/err" || return
	done
	diff <(tcphs events -j --kept | sort) \
		<(tcphs events -j --read "$tmp/kept" | grep -v '"event":"missing"' | sort) | head -5
	((PIPESTATUS[0] == 0)) && tcphs events --read "$tmp/kept" | grep refused >/dev/null
}

is_no_directory() {
	mkdir "$tmp/empty"
	! tcphs events --read "$tmp/empty" 2>"$tmp/err" &&
		grep "is a directory without a recording of tcphs record" "$tmp/err" &&
	same "$(wc -l <"$tmp/err")" 1 "lines of error" &&
	! tcphs record --directory /proc/none -d 0s 2>"$tmp/err" &&
	same "$(wc -l <"$tmp/err")" 1 "lines of error"
}

# A service, which is nobody, goes on behind what root has recorded by hand.
owner_has_files() {
	mkdir "$tmp/owned" && chown 65534:65534 "$tmp/owned" &&
	tcphs record --directory "$tmp/owned" -d 0s 2>"$tmp/err" &&
	same "$(stat -c '%u:%g %a' "$tmp/owned"/*.rec.zst)" "65534:65534 600" "owner and mode"
}

start 12
need_command jq
# No TIME_WAIT, whose end would come between two readings.
sysctl -qw net.ipv4.tcp_max_tw_buckets=0
clear_network nsenter --net=/proc/1/ns/net
load ring_records=512
check "all that happens is there, or counted as lost" as_it_happens
check "a second recorder is refused" second_is_refused
check "killed and begun again, it has everything once" killed_and_back
check "what was lost while nobody recorded is counted" overrun_while_dead
stop "$recorder"
# From here on what was recorded before is not asked for.
load ring_records=512
check "a full disk loses only what the ring can't keep, counted" disk_is_full
check "no file is larger than was said" within_bounds
load ring_records=512
check "the module goes and comes back" module_goes
check "a time is found, and what is missing is reported" asked_for
check "what went wrong alone, once" kept_alone
check "files belong to whom the directory belongs to" owner_has_files
check "what is no directory of recordings is reported in a line" is_no_directory
check "the kernel has nothing to complain about" kernel_is_quiet
ktap_finished

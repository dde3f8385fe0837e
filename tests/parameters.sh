#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Module parameters: wrong ones are refused in words, small ones are kept to. A
# table that is full and a ring that is overrun are reported, to the last connection
# and the last record. Without ftrace the module says what to do.

network=initial
. "$(dirname "$0")/lib.sh"

connections=199

# refused WORDS PARAMETER=VALUE...: not loaded, and the log says why
refused() {
	local words=$1

	shift
	mark_dmesg
	! modprobe tcphs "$@" 2>/dev/null || { echo "$* is not refused"; return 1; }
	! loaded || { echo "loaded with $*"; return 1; }
	dmesg_since_mark | grep -F -e "$words" || { echo "log:"; dmesg_since_mark; return 1; }
}

# More than half of the memory is not for records.
wrong_rings() {
	local value store memory

	memory=$(($(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo) / 1024))

	for store in ring kept; do
		for value in 1048577 1048576 4294967295; do
			refused "tcphs: ${store}_mib=$value refused: 1 to $((memory / 2)) is needed" \
				${store}_mib=$value || return
		done
	done
}

# Each may have half of the memory. Both of them would, and before that somebody is killed.
both_rings() {
	local half killed

	half=$(awk '$1 == "MemTotal:" { print int($2 / 2048) }' /proc/meminfo)
	killed=$(awk '$1 == "oom_kill" { print $2 }' /proc/vmstat)
	refused "tcphs: ring_mib=$half and kept_mib=$half refused: " ring_mib="$half" kept_mib="$half" &&
		same "$(awk '$1 == "oom_kill" { print $2 }' /proc/vmstat)" "$killed" "killed for want of memory"
}

# An entry of 192 bytes for each connection: not more than half of the memory for them either.
largest_table() {
	awk '$1 == "MemTotal:" { print int($2 * 1024 / 2 / 192) }' /proc/meminfo
}

wrong_tables() {
	local value most

	most=$(largest_table)
	for value in 1 63 $((most + 1)) 1073741824 4294967295; do
		refused "tcphs: table_size=$value refused: 64 to $most is needed" \
			table_size="$value" || return
	done
}

no_numbers() {
	local value

	for value in many -1 1.5 4294967296 '' 64x; do
		refused "invalid for parameter \`ring_mib'" "ring_mib=$value" || return
		refused "invalid for parameter \`kept_mib'" "kept_mib=$value" || return
		refused "invalid for parameter \`table_size'" "table_size=$value" || return
	done
}

# parameters_are RING_MIB KEPT_MIB TABLE_SIZE: and a slot takes 232 bytes
parameters_are() {
	local cpus

	cpus=$(grep -c ^processor /proc/cpuinfo)
	same "$(</sys/module/tcphs/parameters/ring_mib)" "$1" ring_mib &&
	same "$(</sys/module/tcphs/parameters/kept_mib)" "$2" kept_mib &&
	same "$(</sys/module/tcphs/parameters/table_size)" "$3" table_size &&
	same "$(tcphs status -j | jq -c '[.ring.records_per_cpu, .kept.records_per_cpu, .table.limit]')" \
		"[$(($1 * 1048576 / cpus / 232)),$(($2 * 1048576 / cpus / 232)),$3]" status
}

# What is in the module's file of the kernel that it is for, changed by a letter: behind the
# release, which a kernel whose symbols have versions does not compare.
of_another_kernel_is_refused() {
	local file=$tmp/tcphs.ko

	! loaded || unload
	LC_ALL=C sed 's/\(vermagic=[^ ]* SM\)P/\1Q/' "$(modinfo -n tcphs)" >"$file"
	mark_dmesg
	! insmod "$file" 2>"$tmp/insmod" || { rmmod tcphs; echo "it loads"; return 1; }
	grep -i "invalid module format\|exec format error" "$tmp/insmod" &&
		same "$(dmesg_since_mark | grep -c "tcphs: version magic '.* SMQ .*' should be '")" 1 "lines that say why"
}

bounds_are_kept() {
	load ring_mib=1 kept_mib=3 table_size=64
	parameters_are 1 3 64 || return
	load ring_mib=67 kept_mib=1 table_size="$(largest_table)"
	parameters_are 67 1 "$(largest_table)"
}

# A 1024th of the memory, half as much, 4 MiB at least; a connection for each 16 KiB.
defaults_are_sane() {
	local kib mib

	kib=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
	mib=$((kib / 1048576))
	load
	parameters_are $((mib > 4 ? mib : 4)) $((mib > 8 ? mib / 2 : 4)) $((kib / 16))
}

parameters_are_read_only() {
	! echo 128 2>/dev/null >/sys/module/tcphs/parameters/ring_mib &&
	! echo 128 2>/dev/null >/sys/module/tcphs/parameters/kept_mib &&
	! echo 128 2>/dev/null >/sys/module/tcphs/parameters/table_size
}

reached() {
	grep -qx "$1" "$tmp/at"
}

# Two sockets a connection: 398 where 64 have room.
overfill() {
	mkfifo "$tmp/go"
	exec 7<>"$tmp/go"
	"$here/traffic" --connections $connections --parallel $connections --pause \
		--close client-rst,server-rst <&7 >"$tmp/did" 2>"$tmp/at" &
	started+=("$!")
	wait_until 60 reached open || die "traffic does not open its connections"
}

# Each CPU keeps some free entries for itself, so a table this small may refuse
# while the other CPU has a few: at most 64 are used, and every socket counts.
table_is_full() {
	used=$(tcphs connections -j | wc -l)
	((used >= 1 && used <= 64)) &&
	same "$(tcphs status -j | jq -c '[.table.used, .table.untracked]')" \
		"[$used,$((2 * connections - used))]" "used and untracked"
}

# births FLAG: first steps that carry the flag or don't
births() {
	jq -c "select((.event == \"syn-sent\" or .event == \"syn-received\") and
		(.untracked == true) == $1) | .conn" "$tmp/events" | wc -l
}

untracked_are_told() {
	events_json "$tmp/events"
	same "$(births false)" "$used" "births with an entry" &&
	same "$(births true)" $((2 * connections - used)) "births without" &&
	same "$(jq -c 'select(.event == "established" and .role == "active")' "$tmp/events" | wc -l)" \
		$connections "active connections established" &&
	nothing_lost "$tmp/events"
}

table_empties() {
	echo go >&7
	echo go >&7
	echo go >&7
	wait "${started[-1]}" || return
	wait_until 10 no_entry || { tcphs connections; return 1; }
}

no_entry() {
	[[ $(tcphs status -j | jq .table.used) == 0 && $(tcphs connections -j) == "" ]]
}

# After that there is room again.
room_is_back() {
	local before

	before=$(tcphs status -j | jq .table.untracked)
	"$here/traffic" --connections 7 --close client-rst >/dev/null || return
	same "$(tcphs status -j | jq .table.untracked)" "$before" untracked
}

recorded() {
	tcphs status -j | jq .ring.recorded
}

# A reader that knows how far it came: what it then reads and what it is reported it
# lost is what was written since.
overrun_is_reported() {
	local before after read lost

	python3 "$here/cursor.py" "$@" >"$tmp/cursor" || return
	before=$(recorded)
	"$here/traffic" --connections 101 --close client-rst,server-rst --refused 13 >/dev/null || return
	after=$(recorded)
	python3 "$here/cursor.py" "$@" "$(<"$tmp/cursor")" --count >"$tmp/counted" || return
	read -r read lost <"$tmp/counted"
	echo "read $read, lost $lost"
	((read > 0 && lost > 0)) && same $((read + lost)) $((after - before)) "read + lost"
}

# Records of both CPUs, as many as written says; and then more on the one whose part
# of an answer is made last than its ring holds.
# All of one service, whose records lie in one lane and overwrite one another.
written=0
write_on_both() {
	taskset -c 0 "$here/traffic" --connections 11 --port 20011 --close client-rst >/dev/null &&
		taskset -c 1 "$here/traffic" --connections 7 --port 20011 --close client-rst >/dev/null || return
	written=$(recorded)
}

overrun_the_last() {
	taskset -c 1 "$here/traffic" --connections 41 --port 20011 --close client-rst >/dev/null
}

# Who has no cursor begins at the oldest record, and which that is, is known when it asks.
overtaken_reader_is_reported() {
	local read lost

	write_on_both || return
	mkfifo "$tmp/answer"
	exec 8<>"$tmp/answer"
	python3 "$here/cursor.py" --pause --count <&8 >"$tmp/counted" 2>"$tmp/at" &
	started+=("$!")
	wait_until 10 grep -qx asked "$tmp/at" || { cat "$tmp/at"; return 1; }
	overrun_the_last || return
	echo go >&8
	wait "${started[-1]}" || { cat "$tmp/at"; return 1; }
	read -r read lost <"$tmp/counted"
	echo "read $read, lost $lost"
	((read > 0 && lost > 0)) && same $((read + lost)) "$written" "read + lost"
}

overtaken_cat_is_reported() {
	write_on_both || return
	exec 9</proc/tcphs_events
	dd bs=1 count=1 <&9 >"$tmp/cat" 2>/dev/null && overrun_the_last && cat <&9 >>"$tmp/cat"
	exec 9<&-
	grep ^lost "$tmp/cat" &&
		same "$(awk -F 'records=' '{ n += /^lost/ ? $2 : 1 } END { print n }' "$tmp/cat")" \
			"$written" "read + lost"
}

# The same by the tool, stopped while the ring is overrun.
stopped_reader_is_reported() {
	local before after tcphs

	tcphs events -f -n 0 -j >"$tmp/followed" &
	tcphs=$!
	started+=("$tcphs")
	wait_until 10 reader_waits || return
	sleep 1
	kill -STOP $tcphs
	before=$(recorded)
	"$here/traffic" --connections 101 --close client-rst,server-rst --refused 13 >/dev/null || return
	after=$(recorded)
	kill -CONT $tcphs
	wait_until 10 all_is_reported $((after - before)) || {
		reported
		echo "of $((after - before)) were reported"
		return 1
	}
	stop $tcphs
	grep '"event":"lost"' "$tmp/followed"
}

reported() {
	jq -s 'map(if .event == "lost" then .lost else 1 end) | add' "$tmp/followed"
}

all_is_reported() {
	[[ $(reported) == "$1" ]]
}

ftrace_on() {
	[[ ! -e /proc/sys/kernel/ftrace_enabled ]] || echo 1 >/proc/sys/kernel/ftrace_enabled
}

without_ftrace_it_says_so() {
	local status=0

	if ! echo 0 2>/dev/null >/proc/sys/kernel/ftrace_enabled; then
		say "nobody can switch off ftrace of this kernel"
		same "$(</proc/sys/kernel/ftrace_enabled)" 1 ftrace_enabled
		return
	fi
	refused "is kernel.ftrace_enabled 0? Set it to 1 and load again" ring_records=64 || status=1
	ftrace_on
	return $status
}

ftrace_stays_on() {
	load ring_records=64
	! echo 0 2>/dev/null >/proc/sys/kernel/ftrace_enabled || { echo "not refused"; return 1; }
	same "$(</proc/sys/kernel/ftrace_enabled)" 1 ftrace_enabled
}

still_records() {
	local before

	before=$(recorded)
	"$here/traffic" --connections 1 >/dev/null || return
	(($(recorded) > before))
}

start 22
used=0
need_command jq python3 ss
at_end+=(ftrace_on)
! loaded || unload || die "somebody uses the module"
check "a ring of no allowed size is refused" wrong_rings
check "rings that take all memory together are refused before anybody is killed" both_rings
check "a table of no allowed size is refused" wrong_tables
check "what is no number is refused" no_numbers
check "a module for another kernel is refused, in one line" of_another_kernel_is_refused
check "the bounds are allowed and shown" bounds_are_kept
check "the defaults are shown" defaults_are_sane
check "they can't be changed afterwards" parameters_are_read_only

clear_network
load table_size=64 ring_records=16384
mark_dmesg
overfill
check "a full table counts whom it had no room for" table_is_full
say "$used entries of 64 used"
check "without an entry events are reported too, and marked" untracked_are_told
check "a full table empties" table_empties
check "then it has room again" room_is_back
check "the kernel does not complain about a full table" kernel_is_quiet

load ring_records=64
mark_dmesg
check "who comes late learns how many records it lost" overrun_is_reported
check "also of all namespaces" overrun_is_reported --all-netns
check "a stopped tcphs reports the same" stopped_reader_is_reported
check "the kernel does not complain about a small ring" kernel_is_quiet
unload
load ring_records=256
check "who has no cursor learns what it was too late for" overtaken_reader_is_reported
unload
# What is kept is not lost: of that a little.
load ring_records=256 kept_records=256
check "so is cat" overtaken_cat_is_reported
unload

check "with ftrace off the module is refused, and says what to do" without_ftrace_it_says_so
check "with the module loaded ftrace stays on" ftrace_stays_on
check "and the module goes on recording" still_records
ktap_finished

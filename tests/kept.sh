#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kept store: 97 connections that went wrong in 13 ways are still whole when good
# connections, strangers' RSTs and another namespace have washed everything else out
# of the ring; and what one writes costs the others of either store their share and no more.

network=initial
. "$(dirname "$0")/lib.sh"

failures=97
many=${TCPHS_TEST_LONG:+200003}
many=${many:-1511}
tenants=(tcphs-{one,two,three,four,five}-$$)

remove_tenants() {
	local ns

	for ns in "${tenants[@]}"; do
		ip netns del "$ns" 2>/dev/null
	done
}

inode() {
	ip netns exec "$1" stat -Lc %i /proc/self/ns/net
}

# Every step of those that went wrong. An emulated CPU takes a minute for what jq would do
# with all lines, five times.
lives_of() {
	tcphs events -j |
		LC_ALL=C grep -F -f <(sed -E 's/^([0-9a-f]+) .*/"conn":"\1"/' "$tmp/failed")
}

kept_lost() {
	tcphs status -j | jq .kept.overwritten
}

# Nothing of them is left in the ring, so it is the kept store that has them.
ring_forgot() {
	local conn way known

	known=$(python3 "$here/cursor.py" --conns | sort -u)
	while read -r conn way; do
		! grep -qx "$conn" <<<"$known" || { echo "$way $conn is still in the ring"; return 1; }
	done <"$tmp/failed"
}

# Nothing was lost of the kept store, then.
good_leave_no_trace() {
	all_are_as_before && same "$(kept_lost)" 0 "lost of what was kept"
}

all_are_as_before() {
	lives_of >"$tmp/now"
	[[ -s $tmp/now ]] && diff "$tmp/before" "$tmp/now" | head -n 5 && cmp -s "$tmp/before" "$tmp/now"
}

# Each has a beginning, an end, and 13 ways have 13 different stories.
all_ways_are_there() {
	same "$(wc -l <"$tmp/failed")" $failures connections &&
	same "$(cut -d' ' -f2 "$tmp/failed" | sort -u | wc -l)" 13 ways &&
	same "$(grep -cE '"event":"(closed|connect-failed)"' "$tmp/before")" $failures ends &&
	same "$(grep -cE '"event":"(syn-sent|syn-received)"' "$tmp/before")" $failures beginnings
}

drawings_are_whole() {
	local conn way

	while read -r conn way; do
		tcphs diagram --conn "$conn" >"$tmp/drawing" || return
		! grep -q 'not recorded\|overwritten' "$tmp/drawing" ||
			{ echo "$way"; cat "$tmp/drawing"; return 1; }
		[[ -s $tmp/drawing ]] || { echo "$way: no drawing"; return 1; }
	done < <(awk '!seen[$2]++' "$tmp/failed")
}

# Of both stores nothing comes twice, and all of it in the order of time.
one_stream() {
	tcphs events -j | jq -r 'select(.event != "lost") | "\(.time) \(.cpu) \(.netns) \(.number)"' \
		>"$tmp/stream"
	[[ -s $tmp/stream ]] &&
	same "$(cut -d ' ' -f 2- "$tmp/stream" | sort | uniq -d | wc -l)" 0 twice &&
	cut -d ' ' -f 1 "$tmp/stream" | sort -nc
}

# What cat reads is the same stream, holes and all. Nobody writes meanwhile.
# What others left in TIME_WAIT ends at any time.
nothing_came_meanwhile() {
	tcphs events -j >"$tmp/reported" && cat /proc/tcphs_events >"$tmp/proc" &&
		tcphs events -j | cmp - "$tmp/reported"
}

proc_is_the_same() {
	wait_until 90 nothing_came_meanwhile &&
		python3 "$here/kept.py" same "$tmp/reported" "$tmp/proc"
}

# refused OPTION...: what the doctor says of the connects that were refused, and of when
refused() {
	tcphs doctor -j "$@" >"$tmp/doctor" 2>"$tmp/reach"
	jq -c --arg from "$began" --arg to "$ended" 'select(.finding == "connect-refused" and .port == 1) |
		[.store, .severity, .value, .from >= $from and .to <= $to]' "$tmp/doctor"
}

# Of a time of which only what went wrong is kept, nobody says how bad it was beside the good.
doctor_judges_what_is_kept() {
	local both

	both=$(grep -c ' refused$' "$tmp/failed")
	same "$(refused --since "$began")" "[\"kept\",\"notice\",$both,true]" "refused, --since" &&
	grep -q 'the ring has everything since .* only what went wrong is kept' "$tmp/reach" &&
	same "$(jq -c 'select(.store == "kept" and .severity == "critical")' "$tmp/doctor")" "" \
		"critical ones" &&
	same "$(refused --since "$began" --until "$ended")" "[\"kept\",\"notice\",$both,true]" \
		"refused, --since and --until" &&
	same "$(refused --since "$ended")" "" "refused later" &&
	same "$(refused --until "$began")" "" "refused before"
}

# Whatever is in it, something of it was notable.
kept_alone() {
	tcphs events -j --kept >"$tmp/kept" && [[ -s $tmp/kept ]] || return
	! grep '"event":"lost"' "$tmp/kept" &&
		jq -s 'map(select(.conn != "0")) | group_by(.conn) | map(select(any(
			(.reason // "expired") != "expired" or
			(.event | test("rst|retransmit|failed|listen|duplicate"))) | not)) |
			if length == 0 then empty else .[0] end' "$tmp/kept" >"$tmp/good" &&
		head -n 30 "$tmp/good" && [[ ! -s $tmp/good ]]
}

# of NAMESPACE: records that are there
of() {
	tcphs events -A -j --netns "$(inode "$1")" | grep -vc '"event":"lost"'
}

# A lane is sure of a 16th of the ring: 32 of 512 records of a CPU.
small_one_stays() {
	local before ns

	ip netns exec "${tenants[0]}" taskset -c 0 "$here/traffic" --connections 1 --close client-rst \
		>/dev/null || return
	before=$(of "${tenants[0]}")
	((before > 5)) || { echo "$before records"; return 1; }
	# By a hash of 8 two may share a lane; another one then does not.
	for ns in "${tenants[@]:1}"; do
		ip netns exec "$ns" taskset -c 0 "$here/traffic" --connections 211 --close client-rst \
			>/dev/null || return
		echo "$ns wrote $(ip netns exec "$ns" tcphs status -j | jq .ring.recorded)," \
			"${tenants[0]} has $(of "${tenants[0]}") of $before"
		if [[ $(of "${tenants[0]}") == "$before" ]]; then
			return
		fi
		ip netns exec "${tenants[0]}" taskset -c 0 "$here/traffic" --connections 1 \
			--close client-rst >/dev/null || return
		before=$(of "${tenants[0]}")
	done
	return 1
}

# Alone on its CPU somebody may have nearly all of it, as if there were no lanes. What is
# counted is slots: accept-queued and established share one.
one_alone_has_all() {
	local held

	ip netns exec "${tenants[0]}" taskset -c 1 "$here/traffic" --connections 211 --close client-rst \
		>/dev/null || return
	held=$(tcphs events -A -j --netns "$(inode "${tenants[0]}")" |
		grep -vE '"event":"(lost|accept-queued)"' | jq -r 'select(.cpu == 1) | .cpu' | wc -l)
	echo "$held of 512"
	((held > 512 - 2 * 4 - 32 && held <= 512))
}

# The last ones of a namespace may be gone while older ones are there: a user's records share a
# lane with those of the namespaces that this user makes.
newest_lost_are_told() {
	local user=(setpriv --reuid 1013 --regid 1013 --clear-groups taskset -c 0) recorded told

	taskset -c 0 "$here/traffic" --connections 1 >/dev/null &&
	"${user[@]}" "$here/traffic" --connections 3 >/dev/null &&
	recorded=$(tcphs status -j | jq .ring.recorded) &&
	"${user[@]}" unshare -Urn sh -c "ip link set lo up && exec '$here/traffic' --connections 211" \
		>/dev/null &&
	tcphs events -j >"$tmp/events" || return
	told=$(jq -s 'group_by(.cpu) | map(map(if .event == "lost" then .lost else 1 end) + [
		map(select(.event != "lost"))[0].number - 1] | add) | add' "$tmp/events")
	same "$told" "$recorded" "records that are there, lost, or before the oldest" &&
		same "$(tcphs status -j | jq .ring.recorded)" "$recorded" recorded && proc_is_the_same
}

# What only the kept record of a step knows is said also while the ring has that step, too.
lost_beginnings_are_said() {
	local conn first

	taskset -c 0 python3 "$here/kept.py" late 211 >"$tmp/late" && tcphs events -j >"$tmp/events" || return
	python3 "$here/cursor.py" --conns >"$tmp/known"
	while read -r conn; do
		first=$(grep -m 1 "\"conn\":\"$conn\"" "$tmp/events")
		echo "$first"
		grep -qx "$conn" "$tmp/known" && [[ $first != *'"syn-'* ]] &&
			jq -e .earlier_lost <<<"$first" || return
	done <"$tmp/late"
	same "$(wc -l <"$tmp/late")" 2 ends && proc_is_the_same
}

# How far back they go: what is younger is there.
reach_is_reported() {
	local ring kept

	read -r ring kept < <(tcphs status -j | jq -r '"\(.ring.reach_ns) \(.kept.reach_ns)"')
	echo "ring $ring, kept $kept"
	((ring < kept)) && grep -E '^ring .* reach [0-9]+ s$' /proc/tcphs &&
		grep -E '^kept .* reach [0-9]+ s$' /proc/tcphs
}

start 18
need_faults
need_command python3 nft jq ss
at_end+=(remove_tenants)
for ns in "${tenants[@]}"; do
	ip netns add "$ns" || die "no namespace"
	ip -n "$ns" link set lo up || die "no lo"
done

# More than go into TIME_WAIT here: one that is left out would be notable.
sysctl -qw net.ipv4.tcp_max_tw_buckets=524288
load ring_records=2048 kept_records=8192 table_size=1048576
mark_dmesg
began=$(date -u +%FT%T.%NZ)
python3 "$here/kept.py" fail $failures >"$tmp/failed" || die "kept.py: $?"
ended=$(date -u +%FT%T.%NZ)
lives_of >"$tmp/before"
check "97 connections went wrong in 13 ways" all_ways_are_there
for cpu in 0 1; do
	taskset -c $cpu "$here/wash" good "$many" || die "no good connections"
done
check "when good connections have washed the ring out they are whole" good_leave_no_trace
check "and no longer in the ring" ring_forgot
"$here/wash" strangers "$many" || die "no strangers"
check "a stranger's RSTs leave them whole" all_are_as_before
ip netns exec "${tenants[0]}" "$here/wash" strangers "$many" || die "no strangers there"
ip netns exec "${tenants[0]}" "$here/traffic" --refused $((many / 10)) --close client-rst --connections $((many / 10)) >/dev/null
check "so does what goes wrong in another namespace" all_are_as_before
check "they can be drawn, from the first SYN to the end" drawings_are_whole
check "both stores are one stream without duplicates" one_stream
check "/proc/tcphs_events is that stream too" proc_is_the_same
check "the kept store alone has no good lives" kept_alone
check "the doctor judges what is kept, for what it is" doctor_judges_what_is_kept
check "how far back each store goes is said" reach_is_reported
check "the kernel does not complain" kernel_is_quiet
unload

# The end of a TIME_WAIT is a record, and may come at any time.
clear_network
load ring_records=512 kept_records=512
check "of a namespace whose newest records are gone these are told as lost" newest_lost_are_told
check "who writes little keeps it when another floods the ring" small_one_stays
check "who is alone has all of it" one_alone_has_all
check "a life whose beginning was lost says so while the ring has its end" lost_beginnings_are_said
check "/proc/tcphs_events has small stores as one stream, and says what is in neither" proc_is_the_same
check "the kernel does not complain about small stores" kernel_is_quiet
ktap_finished

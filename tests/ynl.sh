#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own YNL client, which knows nothing of tcphs but the specification,
# reads status, listeners, connections and events; it sees what tcphs shows.

network=initial
. "$(dirname "$0")/lib.sh"

connections=17
specs=$here/../Documentation/netlink/specs
[[ -e $specs/tcphs.yaml ]] || specs=$here/../../../../Documentation/netlink/specs
ynl=${LINUX_SRC:-$here/../../../..}/tools/net/ynl
schema=${LINUX_SRC:-$here/../../../..}/Documentation/netlink/genetlink-legacy.yaml

# That the specification keeps the schema is asked once, by schema_is_kept: for an emulated
# CPU it is most of a request's work.
client=(python3 "$ynl/cli.py" --spec "$specs/tcphs.yaml" --no-schema --output-json)

# ynl FILE OPTION…: one request; the answer goes to FILE
ynl() {
	local file=$1

	shift
	"${client[@]}" "$@" >"$file" 2>"$tmp/ynl.error" || { cat "$file" "$tmp/ynl.error"; return 1; }
}

schema_is_kept() {
	python3 - "$specs/tcphs.yaml" "$schema" <<-'END'
		import sys, jsonschema, yaml
		spec, schema = (yaml.safe_load(open(path)) for path in sys.argv[1:])
		jsonschema.validate(spec, schema)
	END
}

# same_json FILE-OF-YNL FILTER FILE-OF-TCPHS FILTER: both filters give the same
same_json() {
	jq -cS "$2" "$1" >"$tmp/by-ynl" || return
	jq -cS "$4" "$3" >"$tmp/by-tcphs" || return
	[[ -s $tmp/by-ynl ]] || { echo "nothing to compare"; return 1; }
	diff "$tmp/by-ynl" "$tmp/by-tcphs"
}

# Numbers of the specification and words of the tool meet in the order of both.
status_agrees() {
	ynl "$tmp/ynl" --do status-get || return
	tcphs status -j >"$tmp/tool"
	same_json "$tmp/ynl" '[.version, ."abi-major", ."abi-minor", .netns, ."ring-records",
			."ring-cpus", .recorded, .overwritten, ."table-used", ."table-limit",
			.untracked, ."tw-limit", [.state[].value], [.event[].value],
			([.failure[].value] | add), [.hist[] | [.count, ."max-ns"]],
			[.hook[] | [.name, .kind, .required == true, .active == true, .missed // 0]]]' \
		"$tmp/tool" '[.version, .abi_major, .abi_minor, .netns, .ring.records_per_cpu,
			.ring.cpus, .ring.recorded, .ring.overwritten, .table.used, .table.limit,
			.table.untracked, .time_wait_limit,
			([.states] | map([.established, ."syn-sent", ."syn-recv", ."fin-wait-1",
				."fin-wait-2", ."time-wait", .closed, ."close-wait", ."last-ack",
				.listen, .closing]) | .[]),
			[.events[]], ([.failures[]] | add),
			[(.handshakes.active, .handshakes.passive, .accept_wait, .time_wait) |
				[.count, .max_ns]],
			[.hooks[] | [.name, .kind, .required, .active, .missed]]]'
}

buckets_add_up() {
	same "$(jq -c '[.hist[] | (.buckets | length)] | unique' "$tmp/ynl")" "[129]" buckets &&
	same "$(jq -c '[.hist[] | (.buckets | add)]' "$tmp/ynl")" \
		"$(jq -c '[.hist[].count]' "$tmp/ynl")" "sums of buckets"
}

listeners_agree() {
	ynl "$tmp/ynl" --dump listener-get || return
	tcphs listeners -j >"$tmp/tool"
	same_json "$tmp/ynl" 'sort_by(.port)[] | [.port, .netns, .family, .pid, .comm,
			."syn-queue", ."syn-max", ."syn-limit", ."accept-queue", ."accept-max",
			."accept-limit", .accepted, .overflows, .drops, .discards, .wait.count, .wait."max-ns"]' \
		"$tmp/tool" '[.port, .netns, {ipv4: 2, ipv6: 10}[.family], .pid, .comm,
			.syn_queue, .syn_queue_max, .syn_queue_limit, .accept_queue,
			.accept_queue_max, .accept_queue_limit, .accepted, .accept_overflows,
			.syn_drops, .discards, .accept_wait.count, .accept_wait.max_ns]'
}

# What identifies a connection, whatever its age.
conn_of_ynl='[.generation, .netns, .role, ."local-port", ."peer-port", .isn, ."peer-isn", .pid, .comm]'
conn_of_tool='[.generation, .netns, .role, .local_port, .peer_port, .isn, .peer_isn, .pid, .comm]'

# conns_agree STATES OF-THE-TOOL: both with the same choice of states
conns_agree() {
	ynl "$tmp/ynl" --dump conn-get --json "$1" || return
	tcphs connections -j --state "$2" >"$tmp/tool"
	same_json "$tmp/ynl" "sort_by(.\"local-port\", .\"peer-port\")[] | $conn_of_ynl" \
		<(jq -s 'sort_by(.local_port, .peer_port)[]' "$tmp/tool") "$conn_of_tool"
}

event_of_ynl='[.time, .cpu, .number, .generation, .netns, .type, .role, ."local-port", ."peer-port",
	if .flags | index("isn") then .isn else null end,
	if .flags | index("peer-isn") then ."peer-isn" else null end,
	if .flags | index("seq") then .seq else null end,
	if .flags | index("duration") then .duration else null end,
	if .reason == "none" then null else .reason end,
	if .flags | index("owner") then .pid else null end]'
event_of_tool='[.time, .cpu, .number, .generation, .netns, .event, .role, .local_port, .peer_port,
	.isn, .peer_isn, .seq, .duration_ns, .reason, .pid]'

events_agree() {
	ynl "$tmp/ynl" --dump event-get || return
	tcphs events -j >"$tmp/tool"
	same_json <(jq '[.[].record[]?] | sort_by(.cpu, .number)[]' "$tmp/ynl") "$event_of_ynl" \
		<(jq -s 'sort_by(.cpu, .number)[]' "$tmp/tool") "$event_of_tool"
}

# From the seventh last record of each CPU on.
cursors_are_kept() {
	local cursors

	ynl "$tmp/ynl" --dump event-get || return
	jq '[group_by(.cpu)[] | (map(.next) | max) as $stop |
		{cpu: .[0].cpu, next: ([$stop - 7, 1] | max), $stop}]' "$tmp/ynl" >"$tmp/cursors"
	cursors=$(jq -c '{cursor: map({cpu, next})}' "$tmp/cursors")
	ynl "$tmp/ynl" --dump event-get --json "$cursors" || return
	same_json "$tmp/ynl" '[group_by(.cpu)[] | [.[].record[]?.number]]' \
		"$tmp/cursors" '[.[] | [range(.next; .stop)]]'
}

# refused WORDS ERRNO OPTION…: the client shows the kernel's reason. Linux 6.1 hands
# the start of a dump no place for words; it has the number alone.
refused() {
	local words=$1

	[[ $(printf '%s\n' 6.2 "$(uname -r)" | sort -V | head -n 1) == 6.2 ]] || words="error: -$2"
	shift 2
	! ynl "$tmp/ynl" "$@" >"$tmp/refused" || { echo "not refused"; return 1; }
	grep -F "$words" "$tmp/refused" || { cat "$tmp/refused"; return 1; }
}

# subscribed PID: a generic netlink socket of it has a group
subscribed() {
	awk -v pid="$1" '$2 == 16 && $3 == pid && $4 != "00000000" { yes = 1 } END { exit !yes }' \
		/proc/net/netlink
}

# The doorbell: subscribed, asked, then something happens. Who asks before may have the
# end of a TIME_WAIT ring while nobody hears it; asking must be quick, too.
bell_rings() {
	background "$tmp/bell" "${client[@]}" --subscribe events --sleep 11
	wait_until 60 subscribed "${started[-1]}" || { cat "$tmp/bell"; return 1; }
	python3 "$here/cursor.py" >/dev/null || return
	"$here/traffic" --refused 1 >/dev/null || return
	wait "${started[-1]}"
	grep -q '"name": "event-ntf"' "$tmp/bell" || { cat "$tmp/bell"; return 1; }
}

# The example of the documentation runs until it is ended.
example_tells_all() {
	tcphs events -j | jq -c '[.time, .local_port, .peer_port]' | sort >"$tmp/by-tcphs"
	[[ -s $tmp/by-tcphs ]] || return
	background "$tmp/example" python3 "$specs/../events.py" "$ynl" "$specs/tcphs.yaml"
	wait_until 60 example_told
}

example_told() {
	cat "$tmp/example"
	[[ ! $(awk '{ print "[" $1 "," $3 "," $4 "]" }' "$tmp/example" | sort | comm -13 - "$tmp/by-tcphs") ]]
}

start 12
need_command python3 jq ss
[[ -e $ynl/cli.py && -e $schema ]] || skip_all "LINUX_SRC has no tools/net/ynl"
python3 -c 'import jsonschema, yaml' 2>/dev/null || skip_all "python3 lacks jsonschema or yaml"
clear_network
load ring_records=16384
"$here/traffic" --refused 5 >/dev/null || die "traffic failed"

mkfifo "$tmp/go"
exec 7<>"$tmp/go"
"$here/traffic" --connections $connections --parallel $connections --pause \
	<&7 >"$tmp/did" 2>"$tmp/paused" &
started+=("$!")
wait_until 30 grep -qx open "$tmp/paused" || die "traffic does not open its connections"

check "the specification keeps the kernel's schema" schema_is_kept
check "status is that of tcphs" status_agrees
check "histograms are whole" buckets_add_up
check "listeners are those of tcphs" listeners_agree
check "connections are those of tcphs" conns_agree '{}' all
check "a choice of states is that of tcphs" \
	conns_agree '{"states": ["established", "close-wait"]}' established,close-wait
check "events are those of tcphs" events_agree
check "events from a cursor on are those and no others" cursors_are_kept
check "a cursor ahead of its ring is refused, in words" \
	refused "ahead of its ring" 34 --dump event-get --json '{"cursor": {"cpu": 0, "next": 1000000007}}'
check "no state at all is refused, in words" \
	refused "a mask of 1 << state" 22 --dump conn-get --json '{"states": 0}'
check "the doorbell rings" bell_rings
check "the example shows the events that tcphs has" example_tells_all
ktap_finished

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the tool tcphs owes its users: exit statuses, one clear line for an error, JSON
# that programs can rely on, no colour and no heading where none is wanted.

network=initial
. "$(dirname "$0")/lib.sh"

verbs=(status events connections listeners)

# exits STATUS COMMAND…: output to $tmp/out, errors to $tmp/err
exits() {
	local expected=$1

	shift
	"$@" >"$tmp/out" 2>"$tmp/err"
	same $? "$expected" "status of $*" || { cat "$tmp/err"; return 1; }
}

# complains STATUS WORDS COMMAND…: nothing but one line, with these words in it
complains() {
	local status=$1 words=$2

	shift 2
	exits "$status" "$@" &&
	same "$(wc -l <"$tmp/err")" 1 "lines of error of $*" &&
	same "$(wc -c <"$tmp/out")" 0 "bytes of output of $*" &&
	{ grep -F -e "$words" "$tmp/err" || { cat "$tmp/err"; return 1; }; }
}

every_verb() {
	local verb

	for verb in "${verbs[@]}"; do
		"$@" "$verb" || return
	done
}

not_loaded() {
	complains 3 "modprobe tcphs" tcphs "$1"
}

unknown_option() {
	complains 2 "--nonsense" tcphs "$1" --nonsense
}

one_word_too_many() {
	complains 2 "surplus" tcphs "$1" surplus
}

usage_is_wrong() {
	complains 2 "nonsense" tcphs nonsense &&
	complains 2 "nonsense" tcphs connections --state nonsense &&
	complains 2 "seven" tcphs events --last seven &&
	complains 2 "-1" tcphs events --last -1 &&
	complains 2 "pink" tcphs status --color=pink &&
	complains 2 "--all-netns" tcphs status -A &&
	exits 2 tcphs
}

help_is_given() {
	exits 0 tcphs "$1" --help &&
	same "$(wc -c <"$tmp/err")" 0 "bytes of error" &&
	grep -q "^Usage: tcphs $1" "$tmp/out"
}

# json_has FILTER COMMAND…: every line is an object for which the filter holds
json_has() {
	local filter=$1

	shift
	exits 0 "$@" || return
	[[ -s $tmp/out ]] || { echo "no output of $*"; return 1; }
	same "$(jq -sc 'length' "$tmp/out")" "$(wc -l <"$tmp/out")" "objects and lines" || return
	! jq -c "select($filter | not)" "$tmp/out" | grep .
}

json_of_status() {
	json_has '(.version | type == "string") and .uptime_ns > 0 and .netns > 0 and
		(.hooks | length > 0) and .ring.records_per_cpu > 0 and .ring.recorded > 0 and
		.table.limit > 0 and (.states | length == 11) and (.failures | length >= 18) and
		(.events | length >= 25) and .handshakes.active.count > 0 and
		.handshakes.passive.p50_ns > 0 and .accept_wait.p99_ns > 0 and
		(.time_wait.max_ns | type == "number")' tcphs status --json
}

# What is sent with a bug: each hook, how the kernel calls its function where it says so of
# others, and nothing that must not leave this machine.
report_is_complete() {
	local name

	exits 0 tcphs status --report || return
	for name in $(tcphs status -j | jq -r '.hooks[].name'); do
		grep -q "^  $name: " "$tmp/out" || { echo "no $name"; return 1; }
	done
	grep -qF "$(uname -r) $(uname -m)" "$tmp/out" && grep -q ' ring_mib=' "$tmp/out" || return
	[[ ! -e /sys/kernel/btf/vmlinux ]] ||
		same "$(grep -A 1 '^  tcp_connect: ' "$tmp/out" | tail -n 1 | xargs)" "int (struct sock *)" prototype
}

report_tells_no_secrets() {
	! grep -wE "[0-9a-f]{12,}|[0-9]+(\.[0-9]+){3}|[0-9a-f]*::[0-9a-f]*|([0-9a-f]+:){4,}|$(uname -n)" "$tmp/out"
}

json_of_events() {
	json_has '.time > 0 and (.cpu | type == "number") and .number > 0 and
		(.conn | type == "string") and .generation == 0 and .netns > 0 and
		(.event | test("^[a-z-]+$")) and (.old | test("^[a-z0-9?-]+$")) and
		(.new | test("^[a-z0-9?-]+$")) and (.local | type == "string") and
		(.local_port | type == "number") and (.peer | type == "string") and
		(.peer_port | type == "number") and .family == "ipv4" and
		(.role | IN("active", "passive", "listener", "unknown"))' tcphs events --json &&
	json_has 'if .event == "established" then .isn != null and .peer_isn != null and
		.duration_ns > 0 and .mss > 0 and (.options | type == "array") else true end' \
		tcphs events --json
}

# As a program that reads a file and goes back in it: head puts back what it read too much.
proc_is_a_file() {
	local file lines

	for file in /proc/tcphs /proc/tcphs_events; do
		lines=$(wc -l <"$file")
		((lines > 7)) || { echo "$file has $lines lines"; return 1; }
		head -n 1 "$file" >"$tmp/head" 2>"$tmp/err" &&
		tail -n 3 "$file" >"$tmp/tail" 2>>"$tmp/err" &&
		{ head -n 2 && head -n 1; } <"$file" >"$tmp/twice" 2>>"$tmp/err" &&
		less "$file" >"$tmp/less" 2>>"$tmp/err" || return
		cat "$tmp/err"
		same "$(wc -c <"$tmp/err")" 0 "bytes of error of $file" &&
		same "$(wc -l <"$tmp/tail")" 3 "lines of tail" &&
		same "$(sed -n '1{s/uptime [0-9]*//;p}' "$tmp/twice")" \
			"$(sed -n '1{s/uptime [0-9]*//;p}' "$tmp/head")" "first line of $file" &&
		same "$(sed -n '3{s/reach [0-9]* s//;p}' "$tmp/twice")" \
			"$(sed -n '3{s/reach [0-9]* s//;p}' "$tmp/less")" \
			"line after the second of $file" || return
	done
}

json_of_connections() {
	# For later, when TIME_WAIT is over.
	tcphs connections -j >"$tmp/connections" || return
	# Adopted ones are of another test.
	json_has '(.conn | type == "string") and .state == "time-wait" and .age_ns > 0 and
		.life_ns >= .age_ns and (.local | startswith("127.0.0.")) and
		(.adopted or .handshake_ns > 0 and .isn != null and .peer_isn != null)' tcphs connections --json --state time-wait
}

json_of_listeners() {
	json_has '(.address | type == "string") and .port > 0 and .pid > 0 and
		.comm == "traffic-server" and .age_ns > 0 and .accept_queue_limit == 31 and
		.syn_queue == 0 and .accepted > 0 and .accept_wait.count == .accepted' \
		tcphs listeners --json
}

# Signals must find the tool waiting, so wait until it has reported the past.
signal_ends_follow() {
	local signal=$1 tcphs status

	tcphs events -f >"$tmp/out" 2>"$tmp/err" &
	tcphs=$!
	started+=("$tcphs")
	wait_until 10 grep -q listen "$tmp/out" || { echo "it tells nothing"; return 1; }
	kill -s "$signal" $tcphs
	wait_until 5 gone $tcphs || { echo "it does not end"; return 1; }
	wait $tcphs
	status=$?
	same $status 0 "status after SIG$signal" && same "$(<"$tmp/err")" "" errors
}

gone() {
	! kill -0 "$1" || [[ $(cut -d' ' -f3 "/proc/$1/stat") == Z ]]
}

# A background job of a script ignores SIGINT unless reported otherwise.
interrupt_ends_follow() {
	local status

	timeout --preserve-status -s INT 3 tcphs events -f >"$tmp/out" 2>"$tmp/err"
	status=$?
	same $status 0 "status after SIGINT" && same "$(<"$tmp/err")" "" errors &&
		grep -q syn-sent "$tmp/out"
}

follow_tells_what_is_new() {
	background "$tmp/followed" tcphs events -f -n 0 --json
	wait_until 10 reader_waits || return
	"$here/traffic" --refused 3 >/dev/null || return
	wait_until 10 tells_refusals || { cat "$tmp/followed"; return 1; }
	stop "${started[-1]}"
}

tells_refusals() {
	same "$(grep -c '"event":"connect-failed".*"reason":"refused"' "$tmp/followed")" 3 refusals
}

full_disk() {
	tcphs "$1" >/dev/full 2>"$tmp/err"
	same $? 1 "status of $1" &&
	same "$(wc -l <"$tmp/err")" 1 "lines of error of $1" &&
	grep -q "No space left" "$tmp/err"
}

closed_pipe() {
	{ tcphs "$1" 2>"$tmp/err"; echo $? >"$tmp/status"; } | head -n 1 >/dev/null
	# It had written all before that, or noticed, or SIGPIPE ended it.
	grep -xE '0|1|141' "$tmp/status" || { echo "status of $1: $(<"$tmp/status")"; return 1; }
	same "$(<"$tmp/err")" "" "errors of $1"
}

# in_terminal COMMAND…: what it says to a terminal
in_terminal() {
	python3 -c 'import os, pty, sys
os.environ["TERM"] = "xterm"
sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$@" </dev/null >"$tmp/seen"
}

no_colour_where_none_is_wanted() {
	in_terminal tcphs events
	grep -q $'\033\\[3' "$tmp/seen" || { echo "no colour on a terminal"; return 1; }
	in_terminal env NO_COLOR=1 tcphs events && ! grep $'\033' "$tmp/seen" || return
	in_terminal tcphs events --color=never && ! grep $'\033' "$tmp/seen" || return
	tcphs events >"$tmp/seen" && ! grep $'\033' "$tmp/seen" || return
	tcphs events --color=always >"$tmp/seen" && grep -q $'\033\\[3' "$tmp/seen"
}

# in_between A B C: B is one of what lies between A and C
in_between() {
	(($1 <= $2 && $2 <= $3 || $1 >= $2 && $2 >= $3))
}

# What there is may grow or shrink between two calls: TIME_WAIT ends.
no_heading_where_none_is_wanted() {
	local heading='^(TIME|CONN|LISTENER|STATE)' verb lines

	for verb in events connections listeners; do
		exits 0 tcphs "$verb" || return
		same "$(grep -cE "$heading" "$tmp/out")" 1 "headings of $verb" || return
		lines=$(wc -l <"$tmp/out")
		exits 0 tcphs "$verb" -H || return
		! grep -E "$heading" "$tmp/out" || return
		lines+=" $(($(wc -l <"$tmp/out") + 1))"
		exits 0 tcphs "$verb" || return
		# shellcheck disable=SC2086 # two numbers
		in_between $lines "$(wc -l <"$tmp/out")" || { echo "lines of $verb: $lines"; return 1; }
	done
	exits 0 tcphs status -H && ! grep -E '^(STATES|FAILED|EVENTS)' "$tmp/out"
}

last_is_counted() {
	same "$(tcphs events -H -n 5 | wc -l)" 5 "lines of --last 5" &&
	same "$(tcphs events -j -n 0 | wc -l)" 0 "lines of --last 0"
}

half_close_is_whole() {
	local bytes port

	read -r bytes port < <(python3 "$here/large.py") || return
	half_closes() {
		tcphs events -j --port "$port" | jq -r 'select(.half_close_bytes) |
			"\(.event) \(.half_close_bytes)"' | sort | tr '\n' ' '
	}
	same "$(half_closes)" "fin-received $bytes fin-sent $bytes " "bytes while half closed"
}

# /proc/tcphs for programs: a line for each counter, also where it is 0, and times in one
# unit.
summary_is_for_programs() {
	local kind

	tcphs status -j >"$tmp/status" && cat /proc/tcphs >"$tmp/summary" || return
	for kind in event failure; do
		diff <(jq -r ".${kind}s | keys[]" "$tmp/status" | sort) \
			<(awk -v kind=$kind '$1 == kind { print $2 }' "$tmp/summary" | sort) || return
	done
	same "$(grep -Eo ' (p50|p90|p99|max) +[0-9]+ [a-z]+' "$tmp/summary" | grep -v -- '-queue\|limit' |
		awk '{ print $3 }' | sort -u)" us "unit" &&
	same "$(awk '$1 == "tcphs" { print $(NF - 1), $NF }' "$tmp/summary")" "format 2" "format"
}

# of OBJECTS COMMAND…: those of a schema, with a word behind a dash, to be found by objects_fit
of() {
	local objects=$1

	shift
	"$@" -j >"$tmp/printed/$objects" 2>"$tmp/err"
	# The status of doctor says what is wrong.
	[[ -s $tmp/printed/$objects ]] || { echo "$*: nothing"; cat "$tmp/err"; return 1; }
	found+=("${objects%-*}" "$tmp/printed/$objects")
}

# Of every verb, live and out of a recording, and of tcphs-top.
objects_of_all() {
	local from options found=(connections "$tmp/connections")

	mkdir "$tmp/printed" &&
	of record tcphs record --force -d 0s "$tmp/rec" &&
	of listeners tcphs listeners && of status tcphs status &&
	of top-1 tcphs-top -b -n 2 -d 0.1 && of top-2 tcphs-top -bC -n 1 || return
	for from in live recorded; do
		options=()
		[[ $from == live ]] || options=(--read "$tmp/rec")
		of "events-$from" tcphs events "${options[@]}" &&
		of "lives-$from" tcphs lives "${options[@]}" &&
		of "diagram-$from" tcphs diagram --limit 0 "${options[@]}" &&
		of "export-$from" tcphs export --force --pcapng "$tmp/pcapng" "${options[@]}" || return
	done
	of doctor-live tcphs doctor -d 1s && of doctor-past tcphs doctor --read "$tmp/rec" &&
	objects_fit "${found[@]}"
}

start 30
need_command jq python3
! loaded || unload || die "somebody uses the module"
check "without the module: status 3 and one line" every_verb not_loaded
check "help is given without the module" every_verb help_is_given
load ring_records=4096
# A listener that stays, and connections that come to rest in TIME_WAIT.
mkfifo "$tmp/go"
exec 7<>"$tmp/go"
"$here/traffic" --connections 31 --parallel 31 --close client,server --pause \
	<&7 >"$tmp/did" 2>"$tmp/paused" &
started+=("$!")
echo go >&7
echo go >&7
wait_until 30 grep -qx 'done' "$tmp/paused" || die "traffic does not come to its end"

# TIME_WAIT lasts a minute, and a slow kernel needs that for the checks that follow.
check "files in /proc seek as head, tail and less expect" proc_is_a_file
check "connections have their fields in JSON" json_of_connections
check "an unknown option: status 2 and one line" every_verb unknown_option
check "a word too many: status 2 and one line" every_verb one_word_too_many
check "wrong values: status 2 and one line" usage_is_wrong
check "status has its fields in JSON" json_of_status
check "the report has each hook" report_is_complete
check "and no address, of a host or of memory" report_tells_no_secrets
check "events have their fields in JSON" json_of_events
check "listeners have their fields in JSON" json_of_listeners
check "every object is as its schema says" objects_of_all
check "SIGTERM ends --follow in peace" signal_ends_follow TERM
check "/proc/tcphs has every counter and one unit of time" summary_is_for_programs
check "SIGINT ends --follow in peace" interrupt_ends_follow
check "--follow shows what is new" follow_tells_what_is_new
for verb in "${verbs[@]}"; do
	check "$verb: a full disk is an error" full_disk "$verb"
done
for verb in "${verbs[@]}"; do
	check "$verb: a reader that has seen enough is none" closed_pipe "$verb"
done
check "colour on a terminal only, and NO_COLOR is honoured" no_colour_where_none_is_wanted
check "-H leaves out the heading" no_heading_where_none_is_wanted
check "--last counts" last_is_counted
stop "${started[0]}"
check "more bytes than a sequence number can count are counted" half_close_is_whole
check "nothing of all this keeps the module" unload
ktap_finished

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tcphs lives has one line for each connection, and each says what was done. Witnesses: the
# program that made them, ss for those that are open, and tcplife(8) where it runs.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

connections=97
refused=7
held=17

# traffic NAME OPTION…: what it did goes to NAME.did
traffic() {
	local name=$1

	shift
	"$here/traffic" "$@" >"$tmp/$name.did" 2>"$tmp/$name.error" ||
		die "traffic failed: $(<"$tmp/$name.error")"
}

# count_resent: segments sent again since counters() was asked before
count_resent() {
	counters "$tmp/after"
	resent=$(difference "$tmp/before" "$tmp/after" TcpRetransSegs)
}

# compare WORDS…: of tcplife.py
compare() {
	RESENT=$resent python3 "$here/tcplife.py" "$@"
}

# hold CONNECTIONS: so many that stay open, until let_go
hold() {
	mkfifo "$tmp/go"
	: >"$tmp/pauses"
	"$here/traffic" --connections "$1" --parallel "$1" --pause --first-port 30011 \
		<"$tmp/go" >"$tmp/held.did" 2>"$tmp/pauses" &
	started+=("$!")
	exec 7>"$tmp/go"
	wait_until 30 grep -qx open "$tmp/pauses" || die "traffic opens none: $(<"$tmp/pauses")"
}

let_go() {
	echo go >&7
	wait_until 30 grep -qx half-closed "$tmp/pauses" || die "traffic does not close"
	echo go >&7
	wait_until 30 grep -qx 'done' "$tmp/pauses" || die "traffic does not end"
	echo go >&7
	exec 7>&-
	wait "${started[-1]}" || die "traffic failed: $(<"$tmp/pauses")"
	rm "$tmp/go"
}

lives() {
	tcphs lives -j "$@" >"$tmp/lives"
}

open_ones() {
	jq -r 'select(.conn and (.end | not)) | "\(.state) \(.local):\(.local_port) \(.peer):\(.peer_port) \(.conn)"' "$1"
}

# What is open is what ss has, and its history is that of a handshake.
open_is_what_ss_has() {
	lives && diff <(ss_table | grep -v ^time-wait) <(open_ones "$tmp/lives" | sort) &&
	same "$(jq -r 'select(.conn and (.end | not)) | .history' "$tmp/lives" | sort | uniq -c | xargs)" \
		"$((2 * held)) ShA" "histories of open ones"
}

all_were_followed() {
	same "$(wc -l <"$tmp/followed")" $((2 * (connections + held) + refused)) "lives that ended"
}

as_followed() {
	wait_until 10 all_were_followed && lives &&
	diff <(grep '"ended"' "$tmp/lives") "$tmp/followed"
}

as_recorded() {
	lives &&
	tcphs record "$tmp/all.rec" -d 0s 2>"$tmp/said" &&
	tcphs lives -j --read "$tmp/all.rec" >"$tmp/read" &&
	diff "$tmp/lives" "$tmp/read" &&
	tcphs lives -H -o conn,history,end --read "$tmp/all.rec" | tr -s ' ' >"$tmp/text" &&
	diff "$tmp/text" <(jq -r '"\(.conn) \(.history) \(.reason // .end)"' "$tmp/lives")
}

# The options that choose, each against what the whole has.
filters_choose() {
	local port

	port=$(sed -n 's/.*"listener".*"server_port":\([0-9]*\).*/\1/p' "$tmp/held.did")
	lives --failed &&
	same "$(wc -l <"$tmp/lives")" "$(grep -cE '"reason":"(refused|linger|reset-received)"' "$tmp/followed")" failed &&
	lives --local-port "$port" &&
	same "$(wc -l <"$tmp/lives")" $held "of that listener" &&
	lives --event accepted --port "$port" &&
	same "$(wc -l <"$tmp/lives")" $held "accepted there" &&
	lives --older-than 1h &&
	same "$(wc -l <"$tmp/lives")" 0 "older than an hour" &&
	lives --older-than 1us &&
	same "$(wc -l <"$tmp/lives")" "$(wc -l <"$tmp/followed")" "older than 1 µs"
}

# The one that failed of each pair, or both, with the same in all fields.
journal_has_what_failed() {
	lives --failed &&
	wait_until 20 same_length "$tmp/lives" "$tmp/entries" &&
	python3 "$here/journal.py" same "$tmp/entries" "$tmp/lives" &&
	objects_fit journal "$tmp/entries"
}

both_wait() {
	(($(awk '$2 == 16 && $4 != "00000000"' /proc/net/netlink | wc -l) == 2))
}

same_length() {
	[[ $(wc -l <"$1") == "$(wc -l <"$2")" ]]
}

no_journal_is_said() {
	rm /run/systemd/journal/socket
	! tcphs lives --failed --journal 2>"$tmp/said" &&
	grep -qF "/run/systemd/journal/socket: the journal does not take entries" "$tmp/said"
}

# Of what the small ring has no more.
torn_lives_say_so() {
	counters "$tmp/before"
	hold $held
	"$here/traffic" --connections $connections --parallel 13 --refused $refused \
		--first-port 40009 >"$tmp/small.did" || return
	lives || return
	open_ones "$tmp/lives" | sort >"$tmp/open"
	ss_table | grep -v ^time-wait >"$tmp/ss"
	let_go
	count_resent
	comm -23 "$tmp/ss" "$tmp/open" >"$tmp/absent"
	same "$(wc -l <"$tmp/absent")" 0 "open ones that are absent" &&
	compare torn "$tmp/lives" "$tmp/small.did" "$tmp/held.did"
}

peer_runs() {
	local pid=$1

	[[ $(cat "/proc/$pid/wchan" 2>/dev/null) == *poll* ]]
}

start 10
need_command python3 ss nstat jq
load ring_records=32768
# Nobody may take over another's TIME_WAIT.
sysctl -qw net.ipv4.tcp_tw_reuse=0 net.ipv4.tcp_early_retrans=0
peer=''
if command -v tcplife-libbpf >/dev/null && [[ -e /sys/kernel/btf/vmlinux ]]; then
	env --default-signal=INT tcplife-libbpf >"$tmp/peer" 2>"$tmp/peer.error" &
	peer=$!
	started+=("$peer")
	wait_until 20 peer_runs "$peer" || peer=''
fi
background "$tmp/followed" tcphs lives -f -j
follower=${started[-1]}
wait_until 10 reader_waits || die "tcphs lives -f does not wait"
background "$tmp/entries" python3 "$here/journal.py" take
wait_until 10 test -S /run/systemd/journal/socket || die "there is no journal"
background "$tmp/journal" tcphs lives -f --failed --journal
journal=${started[-1]}
wait_until 10 both_wait || die "tcphs lives --journal does not wait"
counters "$tmp/before"
traffic all --connections $connections --parallel 13 --refused $refused
hold $held
check "what is open is what ss has" open_is_what_ss_has
let_go
count_resent
lives || die "tcphs lives failed"
check "each life is what was done, and none is missing" \
	compare did "$tmp/lives" "$tmp/all.did" "$tmp/held.did"
check "--follow shows the same as they end" as_followed
stop "$follower"
check "a recording has the same" as_recorded
check "every object is as its schema says" objects_fit lives "$tmp/lives"
check "filters choose lives" filters_choose
check "the journal has what failed, as it ended" journal_has_what_failed
stop "$journal"
check "and where there is none, that is said" no_journal_is_said
if [[ $peer ]]; then
	# Where BPF runs already, for whatever an interrupt came into, the kernel leaves it out.
	missed=$(awk '/^recursion_misses/ { n += $2 } END { print n + 0 }' "/proc/$peer"/fdinfo/*)
	stop "$peer" INT
	lives
	check "tcplife has the same" compare peer "$tmp/lives" "$tmp/peer" "$missed"
else
	ktap_test_skip "tcplife has the same: it does not run here"
fi
load ring_records=64 kept_records=16
check "where records are overwritten, lives say so" torn_lives_say_so
ktap_finished

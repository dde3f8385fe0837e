#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tcphs-top on a terminal, against the loaded module: what its screens show
# is what the kernel has, and it survives the module's coming and going.

network=initial
. "$(dirname "$0")/lib.sh"

need_command tmux python3 jq

window=top
screen() { tmux -L "$tmp_name" capture-pane -p -t "$window"; }
shows() { screen | grep -qE "$1"; }
key() { tmux -L "$tmp_name" send-keys -t "$window" "$1"; }
end_tmux() { tmux -L "$tmp_name" kill-server 2>/dev/null; }
gone() { ! tmux -L "$tmp_name" has-session -t top 2>/dev/null; }

# A listener with a backlog of 5, 3 connections that wait in its accept queue
# and 7 that python holds at both ends; it stays until it is stopped.
hold_connections() {
	echo $BASHPID >"$cgroups/held.service/cgroup.procs" || return
	exec python3 - <<'END'
import signal, socket
s = socket.socket()
s.bind(("127.0.0.1", 7919))
s.listen(5)
held = []
for i in range(7):
    held.append(socket.create_connection(("127.0.0.1", 7919)))
    held.append(s.accept()[0])
for i in range(3):
    held.append(socket.create_connection(("127.0.0.1", 7919)))
open("/tmp/held", "w").close()
signal.pause()
END
}

# keys FILTER: of the objects that come in, down to the innermost
keys() {
	jq -cS "$1 | [paths(scalars) | map(if type == \"number\" then \"[]\" else . end) | join(\".\")] |
		unique"
}

# What only tcphs-top knows has names of its own, and nothing is missing.
same_keys() {
	tcphs-top -b -n 1 -j -L >"$tmp/listeners" && tcphs-top -b -n 1 -j -C >"$tmp/conns" &&
	same "$(keys 'del(.time_ns, .rates, .alerts, .listeners)' <"$tmp/listeners")" \
		"$(tcphs status -j | keys .)" "status" &&
	same "$(keys '.listeners[0] | del(.rates)' <"$tmp/listeners")" \
		"$(tcphs listeners -j --port 7919 | keys .)" "a listener" &&
	same "$(jq .connections[] "$tmp/conns" | keys . | sort)" \
		"$(tcphs connections -j | keys . | sort)" "connections"
}

# What the doctor says of the listener, whose three wait for nobody.
finding() { tcphs doctor -j | jq -rs 'map(select(.finding and .port == 7919)) | .[0].finding // ""'; }

# Of python's own ends of what it accepted, all that is on record and nothing else.
recorded() {
	local conns

	conns=$(tcphs connections -j --local-port 7919 --comm python3 --state established |
		jq -r .conn | sort)
	[[ $conns ]] && same "$(events_of "$conns" --read "$tmp/held.rec")" "$(events_of "$conns")" events &&
		same "$(tcphs events -j --read "$tmp/held.rec" | jq -r '.conn // empty' | sort -u)" \
			"$conns" connections
}

# events_of CONNECTIONS OPTION…
events_of() {
	tcphs events -j "${@:2}" | jq -c --arg conns "$1" \
		'select(.conn as $conn | $conns | split("\n") | index($conn)) | [.time, .conn, .event]'
}

# The listener is seen with its queue, beneath the states, above the keys.
is_whole() { shows '^ESTABLISHED +[0-9]' && shows '7919 .*/5' && shows '^F1Help'; }
for_each_size() {
	local size

	for size in 40x10 80x24 200x50; do
		tmux -L "$tmp_name" resize-window -t "$window" -x "${size%x*}" -y "${size#*x}"
		check "$1 $size" wait_until 10 is_whole
	done
}

leave_cgroups() {
	rmdir "$cgroups/held.service" 2>/dev/null
	umount "$cgroups"
}

# The segments of a drawing, however wide it is.
segments() { grep -oE '(SYN|ACK|FIN|RST)[A-Z+]* seq [0-9]+( ack [0-9]+)?' | sort; }
same_drawing() {
	local conn
	conn=$(screen | sed -En 's/^Connection ([0-9a-f]+)$/\1/p')
	[[ $conn ]] && same "$(screen | segments)" "$(tcphs diagram "$conn" | segments)" "segments of $conn"
}

start 31
tmp_name=tcphs-$$
cgroups=$tmp/cgroup
mkdir "$cgroups"
mount -t cgroup2 none "$cgroups" || die "no cgroups"
at_end+=(leave_cgroups end_tmux)
mkdir "$cgroups/held.service" || die "no cgroup"
export LC_ALL=C.UTF-8
rm -f /tmp/held
load
background "$tmp/python" hold_connections
holder=$!
wait_until 60 test -e /tmp/held || die "python: $(<"$tmp/python")"

check "objects of JSON have the same keys as those of tcphs" same_keys
tmux -L "$tmp_name" -f /dev/null new-session -d -s top -x 120 -y 40 'tcphs-top -d 0.3' ||
	die "tmux does not start"
check "the listener is on the first screen with its queue and limit" \
	wait_until 30 shows '127\.0\.0\.1:7919.*python3.*3/5'
check "the states on screen are those of ss" \
	wait_until 10 shows "ESTABLISHED +$(ss -Htan state established | wc -l) "
key Tab
check "Tab shows the connections with their owner" \
	wait_until 10 shows 'ESTABLISHED.*127\.0\.0\.1:7919.*python3'
key 3
check "3 shows the peer, which is this machine" wait_until 10 shows '^127\.0\.0\.1 .* [0-9]'
key 4
check "4 shows the events as they were" wait_until 10 shows 'accepted .*127\.0\.0\.1:7919'
key 6
found=$(finding)
check "6 shows what the doctor finds: ${found:-nothing}" \
	wait_until 30 shows "^CRITICAL +${found:-nothing} .*listener 127\.0\.0\.1:7919"
key Enter
check "Enter leads to its listener" wait_until 10 shows '^127\.0\.0\.1:7919 .*3/5'
key Enter
check "and to the page of that, with its queue" \
	wait_until 10 shows '^accept queue +3 of 5, most [0-9]'
check "and its owner" wait_until 10 shows '^accepts +python3\['
key Escape
key 2
key "\\"
key C-u
key 'state established local-port 7919'
key Enter
check "a filter leaves one end of each" wait_until 10 shows '1-10 of 10'
key t
check "t: under their owner, with their sum" \
	wait_until 10 shows '^. python3\[[0-9]+\] +7 connections: 7 ESTABLISHED'
check "and those that nobody accepted" \
	wait_until 10 shows '^. no owner known +3 connections: 3 ESTABLISHED'
key t
check "t: by unit" wait_until 10 shows '^. held\.service +7 connections: 7 ESTABLISHED'
key '*'
check "*: closed" wait_until 10 shows '1-2 of 2'
key /
key held
key Enter
key W
key C-u
key "$tmp/held.rec"
key Enter
wait_until 20 shows "events? in $tmp/held.rec"
check "W: their connections as a recording, from their SYNs on" recorded
key t
key t
key Enter
check "Enter shows a connection as it went" wait_until 10 shows 'SYN\+ACK seq 0 ack 1'
check "with the segments that tcphs diagram draws" same_drawing
key Escape
key "\\"
key C-u
key Enter
key 1
check "and back" wait_until 10 shows 'ACCEPT QUEUE'
# What has happened until now takes a while to play, however slow the machine.
"$here/traffic" --connections 1 >/dev/null || die traffic
tcphs record "$tmp/night" --duration 1s >/dev/null 2>&1 || die "tcphs record"
window=play
tmux -L "$tmp_name" new-session -d -s play -x 120 -y 40 "tcphs-top --read $tmp/night -d 0.3" ||
	die "tmux does not start"
check "a recording is played from its beginning" wait_until 20 shows 'recorded; .* 1x  20'
key T
key +1h
key Enter
check "at its end it has the connections of now" \
	wait_until 20 shows "ESTABLISHED +$(ss -Htan state established | wc -l) "
check "and the listener, with its queue" wait_until 10 shows '127\.0\.0\.1:7919 .*/5'
for_each_size "of a recording, at"
key q
window=top
for_each_size "live, at"
tmux -L "$tmp_name" resize-window -t top -x 120 -y 40
modprobe -r tcphs
check "it says so when the module is unloaded" wait_until 10 shows 'waiting for tcphs'
modprobe tcphs
check "it goes on when the module is back" wait_until 20 shows '127\.0\.0\.1:7919.*3/5'
key q
check "q ends it" wait_until 10 gone
stop "$holder"
ktap_finished

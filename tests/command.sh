#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tcphs VERB -- COMMAND: exactly the connections of a command and of what descends from it,
# whatever else goes on. What curl says of its own ports is compared with what is shown.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

port=8083
url=http://127.0.0.1:$port/
connections=2003
[[ ! ${TCPHS_TEST_LONG-} ]] || connections=10007

serve() {
	cat >"$tmp/nginx.conf" <<END
daemon off;
error_log $tmp/nginx.error;
pid $tmp/nginx.pid;
events { worker_connections 251; }
http {
	access_log off;
	server {
		listen 127.0.0.1:$port;
		location / { return 200 "tcphs\n"; }
	}
}
END
	background "$tmp/nginx" nginx -c "$tmp/nginx.conf"
	wait_until 60 curl -sf "$url" || die "nginx does not answer: $(<"$tmp/nginx")"
}

# What others do meanwhile: processes, each of which connects. To start a curl takes a quarter of
# a second of an emulated CPU.
make_noise() {
	background "$tmp/noise" python3 -c '
import os, socket, sys, time

with open("/proc/self/comm", "w") as comm:
    comm.write("noise")
while True:
    if not os.fork():
        with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while client.recv(4096):
                pass
        os._exit(0)
    os.wait()
    time.sleep(0.1)' $port
	wait_until 20 is_heard
}

is_heard() {
	tcphs events --comm noise | grep syn-sent
}

# A curl that writes its port to a file.
cat_port='curl -s -o /dev/null -w %{local_port}\\n '$url' >>'

# shown: ports of those that connected
shown() {
	jq -r 'select(.event == "syn-sent").local_port' "$tmp/out" | sort
}

events_of() {
	: >"$tmp/ports"
	tcphs events -j -- "$@" >"$tmp/out" 2>"$tmp/err" || { cat "$tmp/err"; return 1; }
}

one_curl() {
	events_of sh -c "$cat_port $tmp/ports" || return
	same "$(shown)" "$(sort "$tmp/ports")" "ports" &&
	same "$(jq -r .event "$tmp/out" | grep -c '^accepted$')" 1 "other ends" &&
	same "$(jq -r '.local_port, .peer_port' "$tmp/out" | sort -u)" \
		"$(printf '%s\n' "$(<"$tmp/ports")" $port | sort)" "ports of all events"
}

draws_both_ends() {
	tcphs diagram -j -- curl -s -o /dev/null "$url" >"$tmp/out" 2>"$tmp/err" ||
		{ cat "$tmp/err"; return 1; }
	tcphs diagram --ascii -- curl -s "$url" >"$tmp/drawing" || return
	same "$(head -n 1 "$tmp/drawing")" tcphs "the output of the command, before all else" &&
	grep -q "curl" "$tmp/drawing" && grep -q "SYN" "$tmp/drawing" && grep -q "nginx" "$tmp/drawing"
}

descendants() {
	# A child, one in the background, one that the shell does not wait for and one whose
	# parent is gone before it connects.
	events_of sh -c "
		sh -c '$cat_port $tmp/ports'
		$cat_port $tmp/ports &
		wait
		(setsid sh -c '$cat_port $tmp/ports; : >$tmp/left' &)
		bash -c '$cat_port $tmp/ports; $cat_port $tmp/ports'
		until test -e $tmp/left; do sleep 0.05; done" || return
	same "$(wc -l <"$tmp/ports")" 5 "connections of curl" &&
	same "$(shown)" "$(sort "$tmp/ports")" "ports"
}

status_is() { # STATUS COMMAND...
	tcphs events -- "${@:2}" >"$tmp/out" 2>"$tmp/err"
	same $? "$1" "status of ${*:2}"
}

statuses() {
	status_is 0 true && status_is 43 sh -c 'exit 43' && status_is 7 curl -s http://127.0.0.1:9/ &&
	grep -q connect-failed "$tmp/out" &&
	status_is 137 sh -c 'kill -KILL $$' && status_is 126 / &&
	status_is 127 no-such-command && grep "cannot run no-such-command: No such file" "$tmp/err"
}

# Neither a file nor a part of one, and what was there is what it was.
nothing_is_recorded() {
	local name

	mkdir "$tmp/folder" && echo precious >"$tmp/folder/old" || return
	for name in new old; do
		tcphs record --force "$tmp/folder/$name" -- no-such-command 2>"$tmp/err"
		same $? 127 status && same "$(wc -l <"$tmp/err")" 1 lines || return
	done
	same "$(ls "$tmp/folder"; cat "$tmp/folder/old")" $'old\nprecious' "the folder" &&
	tcphs record --force "$tmp/folder/old" -- curl -s http://127.0.0.1:9/ 2>"$tmp/err"
	same $? 7 status &&
	same "$(tcphs events --read "$tmp/folder/old" --event connect-failed -j | wc -l)" 1 "failed" &&
	same "$(ls "$tmp/folder")" old "the folder"
}

# Nobody of the command's calls connect(), and whoever does is somebody else.
a_server() {
	# shellcheck disable=SC2016 # for the inner shell
	background "$tmp/clients" bash -c 'for ((n = 0; n < 7; )); do
		curl -sf -o /dev/null "$1" && n=$((n + 1)); done; : >"$2"' \
		bash "http://127.0.0.1:$((port + 1))/" "$tmp/served"
	# shellcheck disable=SC2016 # for the inner shell
	tcphs events -j -- bash -c 'python3 -m http.server -b 127.0.0.1 "$1" &
		until test -e "$2"; do sleep 0.1; done; kill $!; wait; exit 43' \
		bash $((port + 1)) "$tmp/served" >"$tmp/out" 2>"$tmp/err"
	same $? 43 "status" &&
	same "$(grep -c '"event":"accepted"' "$tmp/out")" 7 "accepted" &&
	same "$(grep -c '"event":"syn-received"' "$tmp/out")" 7 "SYNs" &&
	same "$(jq -r 'select(.event == "listen").local_port' "$tmp/out")" $((port + 1)) "listener"
}

many() {
	tcphs record --force "$tmp/record" -- "$here/traffic" --connections $connections >/dev/null 2>"$tmp/err" ||
		{ cat "$tmp/err"; return 1; }
	tcphs events -j --read "$tmp/record" >"$tmp/out" || return
	same "$(grep -c '"event":"syn-sent"' "$tmp/out")" $connections "connections" &&
	same "$(tcphs lives -j --read "$tmp/record" | grep -c '"role":"active".*"end":"closed"')" $connections "lives" &&
	! grep '"lost":' "$tmp/out" && ! grep '"comm":"noise"' "$tmp/out"
}

ends_by_signal() {
	local pid

	# shellcheck disable=SC2016 # for the inner shell
	background "$tmp/out" tcphs events -f -- sh -c 'trap "exit 41" TERM; echo runs; while :; do sleep 0.1; done'
	pid=$!
	wait_until 20 grep -q runs "$tmp/out" || return
	kill "$pid"
	wait "$pid"
	same $? 41 "status"
}

reader_leaves() {
	local status

	# What comes of the second curl meets a pipe that nobody reads.
	# shellcheck disable=SC2016 # for the inner shell
	tcphs events -f -H -- sh -c 'curl -s -o /dev/null "$1"
		until test -e "$2"; do sleep 0.1; done
		curl -s -o /dev/null "$1"; : >"$3"; exit 43' sh "$url" "$tmp/unread" "$tmp/went_on" |
		{ read -r line; exec <&-; echo "$line" >"$tmp/unread"; }
	status=${PIPESTATUS[0]}
	same "$status" 43 "status" && grep -q syn-sent "$tmp/unread" && test -e "$tmp/went_on"
}

# Another one listens already: so forks are heard of there, by numbers of elsewhere.
other_numbers() {
	# shellcheck disable=SC2016 # for the inner shell
	background "$tmp/listener" tcphs events -f -- sh -c ': >"$1"; exec sleep 1000' sh "$tmp/listens"
	wait_until 20 test -e "$tmp/listens" || return
	unshare --pid --fork --mount-proc tcphs events -- true >"$tmp/out" 2>"$tmp/err"
	same $? 4 "status" && grep "initial PID namespace" "$tmp/err"
}

as_it_happens() {
	# The command itself waits for what is shown of it.
	# shellcheck disable=SC2016,SC2094 # for the inner shell, which reads what is written
	timeout $((20 * patience)) tcphs events -f -H -- sh -c 'curl -s -o /dev/null "$1"
		until grep -q established "$2"; do sleep 0.1; done' sh "$url" "$tmp/live" >"$tmp/live"
}

# The module goes while it runs.
# shellcheck disable=SC2119 # its parameters are the module's
survives_the_module() {
	tcphs events -- sh -c 'modprobe -r tcphs; sleep 2; exit 43' >"$tmp/out" 2>"$tmp/err"
	same $? 43 "status" && cat "$tmp/err" && grep -q "not loaded" "$tmp/err" && load
}

makes_none() {
	tcphs diagram -- true 2>"$tmp/err" && grep "the command made no TCP connection" "$tmp/err"
}

refuses() {
	! tcphs events --since 5m -- true 2>"$tmp/err" && grep "since does not go with COMMAND" "$tmp/err" &&
	! tcphs doctor -- true 2>"$tmp/err" && grep "means nothing here" "$tmp/err" &&
	! tcphs events -- 2>"$tmp/err" && grep "a command is missing" "$tmp/err"
}

start 15
need_command curl nginx jq python3
# shellcheck disable=SC2119 # its parameters are the module's
load
serve
make_noise
check "a command's connection is shown with its other end, and no other" one_curl
check "its drawing comes after its own output, with both ends" draws_both_ends
check "children are followed, and whoever outlives his parent" descendants
check "its exit status is passed on" statuses
check "of a command that cannot be run no file is made, and none is replaced" nothing_is_recorded
check "a server's connections are shown from their SYN on" a_server
check "$connections connections of a command are recorded, and no other" many
check "events are shown while it runs" as_it_happens
check "whoever reads may leave: the command goes on, and its status is passed on" reader_leaves
check "SIGTERM ends the command, and then the tool" ends_by_signal
check "in another PID namespace it says that it can't be followed" other_numbers
check "how it ends is reported also when the module is gone" survives_the_module
check "a command without a connection is no failure" makes_none
check "what goes with no command is refused" refuses
check "the kernel does not complain" kernel_is_quiet
unload
ktap_finished

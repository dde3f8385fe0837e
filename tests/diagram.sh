#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tcphs diagram (row S17): connections on loopback and between two namespaces,
# drawn from each end and from both, compared step by step with what tcpdump saw.

network=initial
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

port=24007

make_namespaces() {
	local side number=0

	for side in left right; do
		number=$((number + 1))
		ip netns add $side && ip -n $side link set lo up || return
		[[ $side == left ]] || ip -n left link add wire type veth peer name wire netns right ||
			return
		ip -n $side addr add 10.97.0.$number/24 dev wire 2>/dev/null
	done
	ip -n left addr add 10.97.0.1/24 dev wire && ip -n left link set wire up &&
		ip -n right link set wire up
}

remove_namespaces() {
	ip netns del left
	ip netns del right
} 2>/dev/null

listens() {
	grep -q "listening on $1" "$tmp/tcpdump-$1"
}

# capture DEVICE FILE
capture() {
	background "$tmp/tcpdump-$1" ip netns exec left tcpdump -i "$1" -n -s 128 -B 16384 \
		--immediate-mode -U -w "$tmp/$2" "tcp or udp port 9"
	wait_until 30 listens "$1" || die "tcpdump does not listen: $(<"$tmp/tcpdump-$1")"
}

# refuse [PORT]: a connection that has its whole life behind it
refuse() {
	! ip netns exec left bash -c "exec 3<>/dev/tcp/127.0.0.1/${1:-$port}" 2>/dev/null
}

last_is_the_newest() {
	refuse $((port + 1)) && refuse $((port + 2)) || return
	tcphs diagram -A --last -j | head -n 1 >"$tmp/drawn"
	same "$(jq .right.port "$tmp/drawn")" $((port + 2)) "port of the newest" || return
	tcphs diagram -A --last --port $((port + 1)) -j | head -n 1 >"$tmp/drawn"
	same "$(jq .right.port "$tmp/drawn")" $((port + 1)) "port of the newest that fits"
}

by_number() {
	local conn

	conn=$(tcphs events -A -j --port $((port + 1)) | jq -r 'select(.conn != "0").conn' | head -n 1)
	tcphs diagram -A "$conn" -j >"$tmp/drawn" || return
	same "$(head -n 1 "$tmp/drawn" | jq -r .left.conn)" "$conn" "the number drawn" || return
	same "$(tcphs diagram -A "sk:$conn" -j)" "$(<"$tmp/drawn")" "with sk: before it"
}

failed_is_whole() {
	tcphs diagram -A --failed --port $((port + 1)) -j >"$tmp/drawn" || return
	same "$(jq -r '.left_state // empty' "$tmp/drawn" | paste -sd' ')" \
		"closed syn-sent closed" "states of the connection that failed"
}

refusal_is_reported() {
	tcphs diagram -A --port "$1" -j 2>/dev/null | grep 'connect() failed'
}

recorded() {
	local at=$((port + 3))

	background "$tmp/errors" tcphs record "$tmp/record" -A
	wait_until 10 test -s "$tmp/record" || return
	refuse $at
	wait_until 10 refusal_is_reported $at || return
	# It has no names of namespaces.
	tcphs diagram -A --port $at -j | sed 's/,"netns_name":"left"//g' >"$tmp/live" || return
	stop "${started[-1]}"
	tcphs diagram --read "$tmp/record" --port $at -j >"$tmp/drawn" || return
	diff "$tmp/live" "$tmp/drawn"
}

# It waits when it has something to be woken by: a socket for the bell, beside the other.
is_waiting() {
	(($(readlink /proc/"$1"/fd/* | grep -c socket:) > 1))
}

gone() {
	[[ ! -d /proc/$1 || $(cut -d' ' -f3 "/proc/$1/stat") == Z ]]
}

followed() {
	local at=$((port + 4)) pid

	tcphs diagram -A --follow --port $at >"$tmp/drawn" 2>"$tmp/errors" &
	pid=$!
	started+=("$pid")
	wait_until 10 is_waiting $pid || return
	refuse $((at + 1))
	refuse $at
	wait_until 15 gone $pid || { echo "it goes on"; cat "$tmp/drawn"; return 1; }
	wait $pid || { cat "$tmp/errors"; return 1; }
	same "$(grep -c 'SYN seq 0' "$tmp/drawn")" 1 "SYNs drawn" &&
		grep 'connect() failed' "$tmp/drawn" && ! grep $((at + 1)) "$tmp/drawn"
}

waits() {
	grep 'waiting for the end of TIME-WAIT' "$tmp/errors"
}

# A minute is long enough to say what it waits for.
followed_to_time_wait() {
	local at=$((port + 6)) pid

	ip netns exec left tcphs diagram --follow --port $at >"$tmp/drawn" 2>"$tmp/errors" &
	pid=$!
	started+=("$pid")
	wait_until 10 is_waiting $pid || return
	ip netns exec left python3 - $at <<-'END' || return
		import socket, sys
		listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		client = socket.create_connection(listener.getsockname())
		server = listener.accept()[0]
		client.close()
		server.recv(1)
		server.close()
	END
	wait_until 15 waits || { cat "$tmp/drawn" "$tmp/errors"; return 1; }
	stop "$pid"
	same "$(grep -c TIME-WAIT "$tmp/errors")" 1 "times it is said" &&
		grep 'TIME-WAIT' "$tmp/drawn"
}

# Taken out with TCP_REPAIR and put back in another socket, beside its other end.
put_back_is_one() {
	local at=$((port + 7))

	ip netns exec left python3 - $at <<-'END' || return
		import socket, struct, sys
		REPAIR, QUEUE, SEQ = 19, 20, 21
		RECV, SEND = 1, 2
		def option(s, name, value):
		    s.setsockopt(socket.IPPROTO_TCP, name, value)
		listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		client = socket.create_connection(listener.getsockname())
		server = listener.accept()[0]
		client.send(b"a" * 37)
		assert server.recv(100) == b"a" * 37
		ends = client.getsockname(), client.getpeername()
		option(client, REPAIR, 1)
		stood = {}
		for queue in RECV, SEND:
		    option(client, QUEUE, queue)
		    stood[queue] = client.getsockopt(socket.IPPROTO_TCP, SEQ) & 0xffffffff
		client.close()
		again = socket.socket()
		again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		option(again, REPAIR, 1)
		again.bind(ends[0])
		for queue, seq in stood.items():
		    option(again, QUEUE, queue)
		    again.setsockopt(socket.IPPROTO_TCP, SEQ, struct.pack("I", seq))
		again.connect(ends[1])
		option(again, REPAIR, 0)
		server.send(b"b" * 23)
		assert again.recv(100) == b"b" * 23
		again.send(b"c" * 5)
		assert server.recv(100) == b"c" * 5
		again.close()
		assert server.recv(1) == b""
		server.close()
	END
	wait_until 10 sh -c "ip netns exec left tcphs events -j --port $at --event time-wait | grep -q ." ||
		return
	ip netns exec left tcphs diagram -j --port $at >"$tmp/drawn" &&
	same "$(grep -c '"left":' "$tmp/drawn")" 1 "drawings" &&
		same "$(jq -r '.left_state // empty' "$tmp/drawn" | paste -sd' ')" \
			"closed syn-sent established closed established fin-wait-1 fin-wait-2 time-wait" "left" &&
		same "$(jq -r '.right_state // empty' "$tmp/drawn" | paste -sd' ')" \
			"listen syn-recv established close-wait last-ack closed" "right" &&
		same "$(jq -c 'select(.data).data | [.left_bytes, .right_bytes]' "$tmp/drawn" | paste -sd' ')" \
			"[37,0] [5,23]" "bytes" &&
		ip netns exec left tcphs diagram --port $at >"$tmp/drawn" &&
		grep "FIN+ACK seq 43 ack 24 " "$tmp/drawn" && ! grep "not seen from here" "$tmp/drawn"
}

tells_what_waits() {
	ip netns exec left tcphs diagram --port $((port + 8)) >"$tmp/drawn" &&
		grep ' 5 B not confirmed for about' "$tmp/drawn"
}

# The peer gets nothing any more; the socket has what ss says.
unconfirmed() {
	local at=$((port + 8))

	ip netns exec left python3 - $at <<-'END' &
		import socket, subprocess, sys, time
		listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		client = socket.create_connection(listener.getsockname())
		server = listener.accept()[0]
		subprocess.run(["nft", "-f", "-"], check=True, text=True, input="""
		table ip unconfirmed { chain in { type filter hook input priority 0;
		tcp dport %s drop; }; }""" % sys.argv[1])
		client.send(b"hello")
		time.sleep(600)
	END
	started+=("$!")
	wait_until 20 tells_what_waits || { cat "$tmp/drawn"; return 1; }
	ip netns exec left tcphs diagram -j --port $at >"$tmp/drawn"
	same "$(jq -c 'select(.data.open).data | [.left_waiting_bytes, .right_waiting_bytes]' "$tmp/drawn")" \
		"[$(ip netns exec left ss -Htn "dport = :$at" | awk '{ print $3 }'),null]" "bytes" &&
		same "$(jq 'select(.data.open).data.left_waiting_ns > 200000000' "$tmp/drawn")" true "time"
}

# By the address that the client calls, and by the one that answers: the same picture.
by_either_address() {
	tcphs diagram -A --last --address 127.0.9.9 -j | head -n 1 >"$tmp/drawn"
	same "$(tcphs diagram -A --last --port "$(jq .right.port "$tmp/drawn")" -j | head -n 1)" \
		"$(<"$tmp/drawn")" "drawn by the server's port" &&
		same "$(jq .translated "$tmp/drawn")" true "translated"
}

# wide COLUMNS LIMIT: as wide as that, less what a shorter state leaves at the right
wide() {
	local widest

	COLUMNS=$1 LC_ALL=C.UTF-8 tcphs diagram -A --last >"$tmp/drawn" || return
	widest=$(LC_ALL=C.UTF-8 wc -L <"$tmp/drawn")
	((widest <= $2 && widest > $2 - 13)) ||
		{ echo "$widest columns, limit $2"; cat "$tmp/drawn"; return 1; }
}

refuses() {
	tcphs diagram "${@:2}" >"$tmp/drawn" 2>"$tmp/errors"
	same $? "$1" "status of ${*:2}" && same "$(wc -l <"$tmp/errors")" 1 "lines of error" &&
		same "$(wc -c <"$tmp/drawn")" 0 "bytes drawn"
}

usage() {
	refuses 2 && refuses 2 xyz && refuses 2 0 && refuses 2 --last --follow --svg "$tmp/svg" &&
		refuses 2 --last --json --svg "$tmp/svg" && refuses 2 1 2 && refuses 1 7fffffff &&
		refuses 1 -A --last --svg "$tmp/nowhere/svg" && refuses 1 -A --address 127.0.0.1 --svg "$tmp/svg" &&
		refuses 2 --last --force && refuses 2 --last --limit few
}

need_command tcpdump python3 jq ip tc nft
at_end+=(remove_namespaces)
drawings=$(python3 "$here/diagram.py" --count) || exit 1
start $((drawings + 16))
load ring_records=65536
make_namespaces || die "no namespaces"
capture lo loopback
capture wire wire
tell_all < <(python3 "$here/diagram.py" "$tmp" 2>&1)
check "--last is the newest of those that fit" last_is_the_newest
check "a connection is found by its number" by_number
check "what a filter finds is drawn whole" failed_is_whole
check "a recording is drawn as it was live" recorded
check "--follow draws the next that fits, to its end" followed
check "--follow says that it waits for TIME-WAIT" followed_to_time_wait
check "TCP_REPAIR: what is put back beside its other end is one connection" put_back_is_one
check "what an open connection has sent in vain is told" unconfirmed
check "NAT: either address finds both" by_either_address
check "40 columns, and not less" wide 7 40
check "64 columns" wide 64 64
check "80 columns, where no number is given" wide '' 80
check "200 columns, and not more" wide 1000 200
check "wrong usage is reported in one line" usage
events_json "$tmp/events" -A
check "no record is lost" nothing_lost "$tmp/events"
check "every object is as its schema says" objects_fit
ktap_finished
